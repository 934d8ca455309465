"""A planned building from a mesh: where it stands, how it is turned, and what the city knows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.geo.meshes import box, gabled, glb
from tests.places import SOUTH, WEST, town
from twin.errors import FormatError, GeometryError, MissingFileError, ParameterError
from twin.geo.city import City, read_city
from twin.geo.mesh import SEMANTICS
from twin.geo.placed import add_model, outline, place_mesh, turned
from twin.geo.quality import check
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

AT = (WEST + 10.0, SOUTH + 12.0)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A gabled house of 8 by 12 m, 9 m high, ridge along its +y."""
    path = tmp_path / "house.stl"
    path.write_bytes(gabled().export(file_type="stl"))
    return path


def triangles_of(city: City, prefix: str) -> np.ndarray:
    rows = np.flatnonzero([name.startswith(prefix) for name in city.objects.index])
    mine = np.isin(city.surfaces.owner, rows)
    return city.surfaces.vertices[city.surfaces.triangles[mine]] + city.origin


@pytest.mark.parametrize(
    ("azimuth", "where"),
    [(0.0, (0.0, 1.0)), (90.0, (1.0, 0.0)), (180.0, (0.0, -1.0)), (-90.0, (-1.0, 0.0)), (45.0, (np.sqrt(0.5), np.sqrt(0.5)))],
)
def test_azimuth_is_where_the_model_looks(azimuth: float, where: tuple[float, float]) -> None:
    assert_allclose(turned(np.array([[0.0, 1.0, 5.0]]), azimuth), [[*where, 5.0]], atol=1e-12)


@given(st.floats(-720, 720), st.floats(-100, 100), st.floats(-100, 100))
def test_turning_is_a_rotation_clockwise(azimuth: float, x: float, y: float) -> None:
    """Complex numbers as the peer: clockwise by a is a product with exp(-ia)."""
    expected = complex(x, y) * np.exp(-1j * np.radians(azimuth))
    assert_allclose(turned(np.array([[x, y, 0.0]]), azimuth)[0, :2], [expected.real, expected.imag], atol=1e-9)


def test_a_house_stands_on_the_ground_where_it_shall(house: Path) -> None:
    before = town()
    city = before.with_model(house, id="plan", at=AT, azimuth_deg=90.0)
    row = city.buildings.loc["plan"]
    assert row["ground_m"] == pytest.approx(2.0)
    assert row["roof_m"] == pytest.approx(11.0)
    assert row["height_m"] == pytest.approx(9.0)
    assert row["height_source"] == "model:house.stl"
    assert row["type"] == "Building"
    # turned by a quarter: 12 m east-west, 8 m north-south
    assert row.geometry.bounds == pytest.approx((AT[0] - 6, AT[1] - 4, AT[0] + 6, AT[1] + 4))
    assert row.geometry.area == pytest.approx(96.0)
    assert city.sources[-1].sha256
    assert city.sources[-1].name == "house.stl"
    assert "house" in city.buildings.index
    assert len(before.buildings) == 1
    mine = city.surfaces.owner == city.objects.index.get_loc("plan")
    areas = city.surfaces.areas()[mine]
    kinds = city.surfaces.semantic[mine]
    assert areas[kinds == SEMANTICS["RoofSurface"]].sum() == pytest.approx(120.0)
    assert areas[kinds == SEMANTICS["GroundSurface"]].sum() == pytest.approx(96.0)
    ridge = triangles_of(city, "plan").reshape(-1, 3)
    ridge = ridge[ridge[:, 2] > 10.9]
    assert np.ptp(ridge[:, 0]) == pytest.approx(12.0)
    assert np.ptp(ridge[:, 1]) == pytest.approx(0.0, abs=1e-6)
    assert not {"open-solid", "inside-out"} & set(check(city).counts())


def test_the_lowest_ground_along_the_outline_carries_it(house: Path) -> None:
    city = town()
    grid = GridSpec(WEST, SOUTH + 60, 1.0, (60, 60), "EPSG:28992")
    # rises 10 cm a metre to the east, from 0 at the west edge
    slope = np.broadcast_to((np.arange(60) + 0.5) * 0.1, (60, 60)).astype(np.float32)
    city = replace(city, terrain=Terrain(grid, slope))
    row = city.with_model(house, id="plan", at=AT).buildings.loc["plan"]
    assert row["ground_m"] == pytest.approx((10 - 4) * 0.1, abs=1e-3)
    assert city.with_model(house, id="plan", at=AT, ground_m=7.5).buildings.loc["plan"]["roof_m"] == pytest.approx(16.5)


def test_height_given_anchor_and_scale(tmp_path: Path) -> None:
    part = box(4.0, 4.0, 10.0, (100.0, 0.0, -2.0))
    path = tmp_path / "deep.ply"
    path.write_bytes(part.export(file_type="ply"))
    city = town().with_model(path, id="a", at=(*AT, 20.0), scale=0.5)
    row = city.buildings.loc["a"]
    assert (row["ground_m"], row["roof_m"], row["height_m"]) == pytest.approx((20.0, 25.0, 5.0))
    assert row.geometry.centroid.coords[0] == pytest.approx(AT)
    assert row.geometry.area == pytest.approx(4.0)
    # by its own origin: 100 units of half a metre to the east of it, and 1 m down into the ground
    city = town().with_model(path, id="a", at=AT, scale=0.5, anchor="origin")
    row = city.buildings.loc["a"]
    assert row.geometry.centroid.coords[0] == pytest.approx((AT[0] + 50.0, AT[1]))
    assert (row["ground_m"], row["roof_m"]) == pytest.approx((2.0, 6.0))
    assert triangles_of(city, "a")[..., 2].min() == pytest.approx(1.0)


def test_parts_of_a_glb_become_parts(tmp_path: Path) -> None:
    path = glb(tmp_path / "tower.glb", {"shaft": box(10, 10, 30), "wing": box(20, 8, 6)})
    city = town().with_model(path, id="plan", at=AT, azimuth_deg=30)
    added = city.objects.loc[[name.startswith("plan") for name in city.objects.index]]
    assert added["type"].to_dict() == {"plan": "Building", "plan-shaft": "BuildingPart", "plan-wing": "BuildingPart"}
    assert city.buildings.loc["plan"].geometry.area == pytest.approx(180.0, rel=1e-4)
    assert "plan-wing" not in city.buildings.index
    assert len(city.without("plan").objects) == 0


def test_up_can_be_said(tmp_path: Path) -> None:
    lying = gabled()
    lying.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0]))
    path = tmp_path / "lying.obj"
    path.write_text(lying.export(file_type="obj"))
    assert town().with_model(path, id="a", at=AT).buildings.loc["a"]["height_m"] == pytest.approx(12.0)
    assert town().with_model(path, id="a", at=AT, up="y").buildings.loc["a"]["height_m"] == pytest.approx(9.0)


def test_saved_and_read_again(house: Path, tmp_path: Path) -> None:
    city = town().with_model(house, id="plan", at=AT, azimuth_deg=12.5)
    again = read_city(city.save(tmp_path / "city"))
    for name in ("ground_m", "roof_m", "height_m", "azimuth_deg"):
        assert again.buildings.loc["plan"][name] == pytest.approx(city.buildings.loc["plan"][name], abs=2e-3)
    assert again.buildings.loc["plan"]["height_source"] == "model:house.stl"
    assert len(again.surfaces) == len(city.surfaces)


def test_meshes_in_memory() -> None:
    solid = gabled()
    for given_mesh in (solid, (solid.vertices, solid.faces), trimesh.Scene(solid)):
        model = place_mesh(given_mesh, AT, azimuth_deg=90, id="plan")
        assert model.relative
        assert model.ids == ["plan"]
        used = model.vertices[model.rings.indices] + model.shift
        assert_allclose(used.min(axis=0), [AT[0] - 6, AT[1] - 4, 0.0], atol=1e-9)
        assert_allclose(used.max(axis=0), [AT[0] + 6, AT[1] + 4, 9.0], atol=1e-9)
    assert not place_mesh(solid, (*AT, 3.0)).relative
    own = place_mesh(town().with_buildings(town().buildings.rename(index={"house": "b"})).surfaces, AT)
    assert len(own.owner) == 12


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        ({"at": (1.0,)}, ParameterError, "not a place"),
        ({"at": (1.0, float("nan"))}, ParameterError, "not a place"),
        ({"at": "here"}, ParameterError, "not a place"),
        ({"scale": 0.0}, ParameterError, "not a scale"),
        ({"scale": -1.0}, ParameterError, "not a scale"),
        ({"azimuth_deg": float("inf")}, ParameterError, "not a direction"),
        ({"anchor": "orgin"}, ParameterError, "did you mean `origin`?"),
        ({"up": "x"}, ParameterError, "give y or z"),
        ({"ground_m": float("nan")}, ParameterError, "not a height"),
        ({"id": "house"}, GeometryError, "already has an object `house`"),
        ({"scale": 1000.0}, GeometryError, "9000 m high: too high"),
        ({"scale": 0.001}, GeometryError, "0.009 m high: too low"),
    ],
)
def test_what_cannot_be_is_told(house: Path, change: dict[str, Any], kind: type[Exception], told: str) -> None:
    with pytest.raises(kind) as caught:
        town().with_model(house, **{"id": "plan", "at": AT, **change})
    assert told in str(caught.value)


def test_files_that_cannot_be_used_are_told(house: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"did you mean `house.stl`"):
        town().with_model(tmp_path / "huose.stl", id="a", at=AT)
    (tmp_path / "x.obj").write_text("v 0 0 0\n")
    with pytest.raises(FormatError, match="holds no faces"):
        town().with_model(tmp_path / "x.obj", id="a", at=AT)
    (tmp_path / "wall.obj").write_text("v 0 0 0\nv 5 0 0\nv 5 0 3\nv 0 0 3\nf 1 2 3 4\n")
    with pytest.raises(GeometryError, match="no area on the map"):
        town().with_model(tmp_path / "wall.obj", id="a", at=AT)
    (tmp_path / "nan.obj").write_text("v nan 0 0\nv 5 0 0\nv 5 0 3\nf 1 2 3\n")
    with pytest.raises(GeometryError, match="no triangles that can be drawn"):
        town().with_model(tmp_path / "nan.obj", id="a", at=AT)
    with pytest.raises(ParameterError, match="a mesh is needed, not int"):
        place_mesh(3, AT)


def test_without_terrain_the_ground_is_assumed_and_told(house: Path) -> None:
    city = add_model(replace(town(), terrain=None), house, id="a", at=AT)
    assert city.buildings.loc["a"]["ground_m"] == 2.0
    assert city.quality.counts()["ground-assumed"] == 1


# --- outlines


def _rings(inner: float, outer: float, height: float) -> trimesh.Trimesh:
    """A block with a court: four boxes that overlap in the corners."""
    width = outer - inner
    parts = []
    for x, y, w, d in ((0, inner + width / 2, 2 * outer, width), (0, -inner - width / 2, 2 * outer, width),
                       (inner + width / 2, 0, width, 2 * outer), (-inner - width / 2, 0, width, 2 * outer)):  # fmt: skip
        parts.append(box(w, d, height, (x, y, 0)))
    return trimesh.util.concatenate(parts)


def test_a_court_stays_a_hole() -> None:
    shape = outline(np.asarray(_rings(5, 8, 4).vertices), np.asarray(_rings(5, 8, 4).faces, np.int32))
    assert shape.area == pytest.approx(16**2 - 10**2, rel=1e-6)
    assert len(shape.interiors) == 1


@pytest.mark.parametrize("opened", [False, True])
def test_outline_of_a_sphere_from_above_or_open(opened: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    ball = trimesh.creation.icosphere(subdivisions=4, radius=10.0)
    faces = np.asarray(ball.faces, np.int32)
    if opened:
        faces = faces[ball.triangles_center[:, 2] > 0]
    shape = outline(np.asarray(ball.vertices), faces)
    assert shape.area == pytest.approx(np.pi * 100, rel=0.01)
    # and of very many triangles by a raster of 5 cm, which covers a little more
    monkeypatch.setattr("twin.geo.readers.footprints.MAX_EXACT", 10)
    twice = np.concatenate([faces, faces[:, ::-1]])
    coarse = outline(np.asarray(ball.vertices), twice)
    assert shapely.hausdorff_distance(coarse, shape) < 0.2


def test_triangles_in_any_order_give_one_valid_outline(put: Callable[..., Path]) -> None:
    chance = np.random.default_rng(4)
    points = chance.uniform(0, 30, (300, 3))
    shape = outline(points, np.arange(300, dtype=np.int32).reshape(-1, 3))
    assert shape.is_valid
    peer = shapely.union_all(shapely.polygons(points[:, :2].reshape(-1, 3, 2)))
    assert shapely.symmetric_difference(shape, peer).area < 0.01 * peer.area
