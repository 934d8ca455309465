"""Terrain as triangles: within the error at every cell, without holes or overlaps, and not many more than the greedy way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay

from tests.reference import terrain_mesh as slow
from twin.errors import GeometryError, ParameterError
from twin.geo.kernels.tin_cover import covered
from twin.geo.kernels.tin_errors import worst_cells
from twin.geo.mesh import SEMANTICS
from twin.geo.terrain import Terrain
from twin.geo.tin import TerrainMesh, terrain_mesh
from twin.grid import GridSpec


def terrain(heights: np.ndarray, cell: float = 2.0) -> Terrain:
    return Terrain(GridSpec(136000.0, 455000.0, cell, heights.shape, "EPSG:7415"), heights.astype(np.float32))


def hills(rows: int, columns: int, seed: int, roughness: float = 1.0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    waves = sum(
        chance.normal() * np.sin(x * chance.uniform(0, 0.6) + y * chance.uniform(0, 0.6) + chance.uniform(0, 6)) for _ in range(5)
    )
    return np.asarray(3 * waves + roughness * chance.normal(size=(rows, columns)))


def planes_under(mesh: TerrainMesh, ground: Terrain) -> np.ndarray:
    """Height of the mesh at the middle of each cell by shapely and plane geometry, NaN where no triangle is: (R, C)."""
    corners = mesh.vertices[mesh.triangles]
    tree = shapely.STRtree(shapely.polygons(corners[:, :, :2]))
    x, y = np.meshgrid(ground.grid.x, ground.grid.y)
    points = shapely.points(x.ravel(), y.ravel())
    cell, triangle = tree.query(points, predicate="intersects")
    a, b, c = (corners[triangle, k] for k in range(3))
    normal = np.cross(b - a, c - a)
    z = a[:, 2] - ((x.ravel()[cell] - a[:, 0]) * normal[:, 0] + (y.ravel()[cell] - a[:, 1]) * normal[:, 1]) / normal[:, 2]
    low, high = np.full(x.size, np.inf), np.full(x.size, -np.inf)
    np.minimum.at(low, cell, z)
    np.maximum.at(high, cell, z)
    covers = np.isfinite(low)
    assert np.abs(high - low)[covers].max() < 1e-5, "triangles that meet in a cell have one height there"
    return np.where(covers, low, np.nan).reshape(x.shape)


def check(mesh: TerrainMesh, ground: Terrain, error_m: float) -> None:
    known = np.isfinite(ground.height)
    under = planes_under(mesh, ground)
    off = np.abs(under - ground.height)
    assert np.nanmax(off, initial=0.0) <= error_m + 1e-6
    assert not (np.isfinite(under) & ~known).any(), "an unknown cell is covered"
    assert mesh.uncovered == (known & np.isnan(under)).sum()
    assert mesh.error_m <= error_m
    assert_allclose(mesh.error_m, np.nanmax(off, initial=0.0), atol=1e-6)


@given(
    st.integers(2, 16),
    st.integers(2, 16),
    st.integers(0, 10_000),
    st.sampled_from([0.05, 0.5, 2.0]),
    st.sampled_from([0.0, 0.05, 0.4]),
)
def test_the_error_holds_at_every_known_cell(rows: int, columns: int, seed: int, error_m: float, unknown: float) -> None:
    heights = hills(rows, columns, seed)
    chance = np.random.default_rng(seed)
    heights[chance.random(heights.shape) < unknown] = np.nan
    if not np.isfinite(heights).any():
        heights[0, 0] = 1.0
    ground = terrain(heights)
    mesh = terrain_mesh(ground, error_m)
    if len(mesh):
        check(mesh, ground, error_m)
        assert (mesh.packed(np.zeros(3), 0).normals()[:, 2] > 0).all()
    if not unknown:
        a, b, c = (mesh.vertices[mesh.triangles[:, k], :2] for k in range(3))
        area = 0.5 * ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
        assert_allclose(area.sum(), (rows - 1) * (columns - 1) * 4.0, rtol=1e-9)
        assert mesh.uncovered == 0


@given(st.integers(3, 9), st.integers(3, 9), st.integers(0, 10_000), st.booleans())
def test_kernels_equal_their_slow_twin(rows: int, columns: int, seed: int, gaps: bool) -> None:
    chance = np.random.default_rng(seed)
    height = chance.normal(size=(rows, columns))
    if gaps:
        height[chance.random(height.shape) < 0.2] = np.nan
    cells = np.unique(
        np.concatenate([[0, columns - 1, (rows - 1) * columns, rows * columns - 1], chance.integers(0, rows * columns, 5)])
    )
    points = np.column_stack(np.divmod(cells, columns))
    triangles = Delaunay(points.astype(float)).simplices.astype(np.int64)
    error, cell = worst_cells(points, triangles, height)
    expected = slow.worst_cells(points, triangles, height)
    assert_allclose(error, expected, atol=1e-12)
    assert ((cell >= 0) == (expected > 0)).all()
    seen, largest = covered(points, triangles, height)
    whole = Delaunay(points.astype(float)).find_simplex(np.argwhere(np.ones_like(height)).astype(float)) >= 0
    assert seen.ravel()[whole].all()
    if not gaps:
        assert_allclose(largest, expected.max(initial=0.0), atol=1e-12)


def test_not_many_more_triangles_than_one_by_one() -> None:
    for seed in range(3):
        heights = hills(30, 30, seed, roughness=0.1).astype(np.float32).astype(float)
        assert len(terrain_mesh(terrain(heights), 1.0)) <= 1.1 * slow.greedy(heights, 1.0)


def test_a_plane_is_two_triangles() -> None:
    y, x = np.mgrid[0:50, 0:70]
    mesh = terrain_mesh(terrain(0.25 * x + 0.5 * y), 0.01)
    assert (len(mesh), len(mesh.vertices), mesh.error_m, mesh.uncovered) == (2, 4, 0.0, 0)
    packed = mesh.packed(np.array([136000.0, 455000.0, 0.0]), 3, SEMANTICS["GroundSurface"])
    assert packed.owner.tolist() == [3, 3]
    assert_allclose(packed.areas().sum(), 98 * 138 * np.sqrt(1 + 0.125**2 + 0.25**2))


def test_voids_are_left_out() -> None:
    heights = hills(60, 60, 1, roughness=0.2)
    heights[20:40, 25:50] = np.nan
    heights[0:10, 0:10] = np.nan
    heights[50, 50] = np.nan
    ground = terrain(heights)
    mesh = terrain_mesh(ground, 0.3)
    check(mesh, ground, 0.3)
    assert mesh.uncovered == 0


def test_a_lone_cell_has_no_triangle_and_is_counted() -> None:
    heights = np.full((7, 7), np.nan)
    heights[1:3, 1:3] = 1.0
    heights[5, 5] = 2.0
    mesh = terrain_mesh(terrain(heights), 0.1)
    assert (len(mesh), mesh.uncovered) == (2, 1)


@pytest.mark.parametrize("error_m", [0.0, -1.0, np.nan, np.inf, 1e-6])
def test_errors_that_cannot_be(error_m: float) -> None:
    with pytest.raises(ParameterError, match="cannot be asked for"):
        terrain_mesh(terrain(np.zeros((4, 4))), error_m)


def test_terrains_without_triangles() -> None:
    with pytest.raises(GeometryError, match="1 x 4 cells"):
        terrain_mesh(terrain(np.zeros((1, 4))), 0.1)
    with pytest.raises(GeometryError, match="no height"):
        terrain_mesh(terrain(np.full((4, 4), np.nan)), 0.1)


def test_the_same_terrain_gives_the_same_triangles() -> None:
    ground = terrain(hills(50, 50, 7))
    one, two = terrain_mesh(ground, 0.4), terrain_mesh(ground, 0.4)
    assert_array_equal(one.vertices, two.vertices)
    assert_array_equal(one.triangles, two.triangles)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "error_m", "most"),
    [("goteborg/DEM_KRbig.tif", 0.5, 1900), ("goteborg/DEM_KRbig.tif", 0.1, 8500),
     ("athens/DEM.tif", 0.5, 1800), ("athens/DEM.tif", 0.1, 9500)],
)  # fmt: skip
def test_real_terrain(real_data: Path, name: str, error_m: float, most: int) -> None:
    with rasterio.open(real_data / "raster" / name) as file:
        heights = file.read(1).astype(np.float32)
    ground = Terrain(GridSpec(0.0, 0.0, 1.0, heights.shape), heights)
    mesh = terrain_mesh(ground, error_m)
    check(mesh, ground, error_m)
    assert mesh.uncovered == 0
    assert len(mesh) < most < 0.11 * 2 * heights.size
    # A peer: scipy on the same vertices.
    points = np.column_stack([mesh.vertices[:, 0], mesh.vertices[:, 1]])
    x, y = np.meshgrid(ground.grid.x, ground.grid.y)
    peer = LinearNDInterpolator(points, mesh.vertices[:, 2])(x, y)
    assert np.quantile(np.abs(peer - heights), 0.999) <= error_m
