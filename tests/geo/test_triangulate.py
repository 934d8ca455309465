"""Triangles cover their polygon exactly, look the same way, and faults are told."""

from __future__ import annotations

import math

import mapbox_earcut
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from twin.geo.ears import BROKEN_HOLES, EAR_HOLES, MAX_HOLES
from twin.geo.mesh import TriangleMesh
from twin.geo.topology import edge_use, signed_volumes
from twin.geo.triangulate import Rings, Triangulation, newell, triangulate


def rings_of(*polygons: list[list[int]]) -> Rings:
    rings = [ring for polygon in polygons for ring in polygon]
    return Rings(
        np.array([index for ring in rings for index in ring], dtype=np.int64),
        np.array([len(ring) for ring in rings], dtype=np.int64),
        np.array([len(polygon) for polygon in polygons], dtype=np.int64),
    )


def area_vectors(points: np.ndarray, cut: Triangulation, polygons: int) -> np.ndarray:
    a, b, c = (points[cut.triangles[:, k]] for k in range(3))
    total = np.zeros((polygons, 3))
    np.add.at(total, cut.polygon, 0.5 * np.cross(b - a, c - a))
    return total


def star(radii: list[float], turn: float = 0.0) -> np.ndarray:
    """A star-shaped polygon, counter-clockwise."""
    angles = turn + np.arange(len(radii)) * 2 * math.pi / len(radii)
    return np.column_stack([np.cos(angles), np.sin(angles)]) * np.array(radii)[:, None]


@st.composite
def lifted(draw: st.DrawFn) -> tuple[np.ndarray, Rings, float]:
    """A star-shaped polygon with up to three holes, lifted to a random plane: points, rings and its area."""
    size = st.floats(5.0, 20.0)
    outer = star(draw(st.lists(size, min_size=3, max_size=14)))
    if len(outer) == 3:
        outer = star([12.0, 12.0, 12.0])
    flat = [outer]
    inner_radius = 0.9 * min(np.linalg.norm(outer, axis=1)) * math.cos(math.pi / len(outer))
    for number in range(draw(st.integers(0, 3)) if inner_radius > 2 else 0):
        hole = star(draw(st.lists(st.floats(0.05, 0.3), min_size=3, max_size=7))) * inner_radius / 1.6
        centre = np.array([math.cos(number * 2 * math.pi / 3), math.sin(number * 2 * math.pi / 3)]) * inner_radius * 0.55
        flat.append(hole[::-1] + centre)
    area = sum(0.5 * float(np.sum(r[:, 0] * np.roll(r[:, 1], -1) - r[:, 1] * np.roll(r[:, 0], -1))) for r in flat)
    # An orthonormal basis of a random plane.
    normal = np.array([draw(st.floats(-1, 1)), draw(st.floats(-1, 1)), draw(st.floats(-1, 1))])
    normal = np.array([0.0, 0.0, 1.0]) if np.linalg.norm(normal) < 0.1 else normal / np.linalg.norm(normal)
    u = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    shift = np.array([draw(st.floats(-500, 500)) for _ in range(3)])
    points = np.concatenate(flat) @ np.stack([u, v]) + shift
    numbers = np.split(np.arange(len(points)), np.cumsum([len(r) for r in flat])[:-1])
    return points, rings_of([ring.tolist() for ring in numbers]), area


@given(lifted())
def test_triangles_cover_polygon_with_holes(polygon: tuple[np.ndarray, Rings, float]) -> None:
    points, rings, area = polygon
    cut = triangulate(points, rings)
    assert not set(cut.faults) - {"non-planar"}
    mesh = TriangleMesh(points, cut.triangles, np.zeros(len(cut.triangles), "i4"), np.zeros(len(cut.triangles), "u1"))
    assert_allclose(mesh.areas().sum(), area, rtol=1e-6)
    # All triangles look the way the polygon does, so their area vectors add up without loss.
    normal = newell(points[rings.indices], rings.sizes).sum(axis=0)
    assert_allclose(area_vectors(points, cut, 1)[0], normal, rtol=1e-6, atol=1e-6)
    assert (mesh.normals() @ normal > -1e-6 * area).all()


@given(st.lists(st.floats(0.2, 5.0), min_size=4, max_size=4), st.integers(0, 3))
def test_quads_are_cut_inside_also_when_concave(radii: list[float], turn: int) -> None:
    flat = np.roll(star(radii), turn, axis=0)
    points = np.column_stack([flat, np.zeros(4)])
    cut = triangulate(points, rings_of([[0, 1, 2, 3]]))
    expected = newell(points, np.array([4]))[0, 2]
    corners = points[cut.triangles]
    signed = 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
    assert (signed >= -1e-12).all()
    assert_allclose(signed.sum(), expected, rtol=1e-9)


def test_batch_equals_one_by_one() -> None:
    random = np.random.default_rng(4)
    polygons, points = [], np.empty((0, 3))
    for corners in random.integers(3, 9, size=200):
        flat = star(random.uniform(1, 4, corners).tolist(), float(random.uniform(0, 6)))
        start = len(points)
        points = np.vstack([points, np.column_stack([flat, np.full(corners, random.uniform(0, 9))])])
        polygons.append([list(range(start, start + corners))])
    together = triangulate(points, rings_of(*polygons))
    assert (np.diff(together.polygon) >= 0).all()
    for number, polygon in enumerate(polygons):
        alone = triangulate(points, rings_of(polygon))
        np.testing.assert_array_equal(together.triangles[together.polygon == number], alone.triangles)


def test_faults_are_told_and_the_rest_is_cut() -> None:
    points = np.array([[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0], [np.nan, 0, 0], [2, 0, 0], [4, 4, 1.0], [1, 1, 0], [2, 2, 0]])
    polygons = [
        [[0, 1, 2, 3, 0]],  # closed: mended
        [[0, 1]],  # too few
        [[0, 1, 4]],  # not a number
        [[0, 5, 1]],  # on a line
        [[0, 1, 6, 3]],  # bent
        [[0, 1, 2, 3], [7, 8]],  # a hole of two points
        [[0, 2, 1, 3]],  # a bow tie without net area
        [],
    ]
    cut = triangulate(points, rings_of(*polygons))
    faults = {code: rows.tolist() for code, rows in cut.faults.items()}
    assert faults["repeated-point"] == [0]
    assert faults["too-few-points"] == [1, 7]
    assert faults["not-finite"] == [2]
    assert faults["no-area"] == [3]
    assert faults["self-crossing"] == [6]
    assert faults["non-planar"] == [4]
    assert faults["hole-dropped"] == [5]
    assert np.unique(cut.polygon).tolist() == [0, 4, 5]
    areas = np.linalg.norm(area_vectors(points, cut, len(polygons)), axis=1)
    assert_allclose(areas[[0, 5]], 16.0)


def test_bow_tie_is_told() -> None:
    points = np.array([[0, 0, 0], [4, 0, 0], [-1, 3, 0], [4, 4, 0], [0, 4, 0.0]])
    cut = triangulate(points, rings_of([[0, 1, 2, 3, 4]]))
    assert "self-crossing" in cut.faults


@pytest.mark.parametrize("turn", [0.0, 0.3, 1.2])
@pytest.mark.parametrize(
    ("ring", "code"),
    [
        ([0, 2, 1, 3], "self-crossing"),
        ([0, 2, 2, 1, 3, 0], "self-crossing"),
        ([0, 4, 2, 1, 4, 3], "self-crossing"),  # the crossing is a corner
        ([0, 1, 2, 1], "no-area"),  # there and back
        ([0, 1, 2, 3, 2, 1], "no-area"),
        ([0, 1, 1, 0], "too-few-points"),
        ([0, 4, 2, 4], "no-area"),  # a line
        ([0, 2, 1, 3] * 17, "self-crossing"),
        ([0, 4, 2, 4] * 17, "no-area"),
    ],
)
def test_what_cancels_is_told_from_what_is_flat(ring: list[int], code: str, turn: float) -> None:
    square = np.array([[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0], [2, 2, 0.0]])
    c, s = np.cos(turn), np.sin(turn)
    points = square @ np.array([[1, 0, 0], [0, c, s], [0, -s, c]]) + [100.0, -50.0, 7.0]
    cut = triangulate(points, rings_of([[0, 1, 2]], [ring]))
    found = {one: rows.tolist() for one, rows in cut.faults.items() if one != "repeated-point"}
    assert found == {code: [1]}
    assert cut.polygon.tolist() == [0]


@pytest.mark.parametrize("far", [0.0, 1e6])
def test_volume_of_a_box_and_closedness(far: float) -> None:
    corners = np.array([[x, y, z] for z in (0, 5.0) for x, y in ((0, 0), (2, 0), (2, 3), (0, 3))]) + far
    faces = [[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]
    cut = triangulate(corners, rings_of(*faces))
    count = len(cut.triangles)
    mesh = TriangleMesh(corners, cut.triangles, np.zeros(count, "i4"), np.zeros(count, "u1"))
    use = edge_use(cut.triangles.astype(np.int64), mesh.owner, 1)
    assert use.closed.all()
    assert len(use.pairs) == 3 * count / 2
    assert_allclose(signed_volumes(mesh, np.zeros(count, dtype=np.int64), 1), 30.0)


def test_nothing_gives_nothing() -> None:
    cut = triangulate(np.empty((0, 3)), rings_of())
    assert len(cut.triangles) == 0
    assert cut.faults == {}


@given(st.integers(1, 4), st.integers(0, 3), st.booleans())
def test_corners_on_straight_edges_are_used(more: int, inner: int, hole: bool) -> None:
    """A block with extra corners on its straight edges, and a courtyard with some, closes: no corner is left out."""

    def ring(size: float, shift: float, extra: int) -> list[tuple[float, float]]:
        square = [(shift, shift), (shift + size, shift), (shift + size, shift + size), (shift, shift + size)]
        found = []
        for (x, y), (u, v) in zip(square, square[1:] + square[:1], strict=True):
            found += [(x + (u - x) * k / (extra + 1), y + (v - y) * k / (extra + 1)) for k in range(extra + 1)]
        return found

    import shapely

    from twin.geo.extrude import blocks
    from twin.geo.topology import object_use

    footprint = shapely.Polygon(ring(12.0, 0.0, more), [ring(4.0, 4.0, inner)] if hole else [])
    shape = np.array([footprint], dtype=object)
    mesh = blocks(shape, np.array([0.0]), np.array([5.0]), np.zeros(3))
    assert object_use(mesh, 1).closed.all()
    assert_allclose(signed_volumes(mesh, mesh.owner.astype(np.int64), 1), [footprint.area * 5.0])


def pierced(holes: list[tuple[float, float]], side: float) -> tuple[np.ndarray, Rings]:
    """A square with holes of 1 m at some places, tilted."""
    unit = np.array([(0, 0), (0, 1), (1, 1), (1, 0)], dtype=float)
    flat = np.concatenate([(unit * (side + 2))[::-1] - 1, *(unit + place for place in holes)])
    sizes = np.full(len(holes) + 1, 4)
    return np.column_stack([flat, 0.5 * flat[:, 0]]), Rings(np.arange(len(flat)), sizes, np.array([len(sizes)]))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Who was asked to cut a polygon of how many corners."""
    found: list[tuple[str, int]] = []
    earcut, delaunay = mapbox_earcut.triangulate_float64, shapely.constrained_delaunay_triangles

    def by_ears(corners: np.ndarray, ends: np.ndarray) -> np.ndarray:
        found.append(("earcut", len(corners)))
        return earcut(corners, ends)

    def by_geos(polygon: shapely.Polygon) -> shapely.Geometry:
        found.append(("geos", shapely.get_num_coordinates(polygon)))
        return delaunay(polygon)

    monkeypatch.setattr(mapbox_earcut, "triangulate_float64", by_ears)
    monkeypatch.setattr(shapely, "constrained_delaunay_triangles", by_geos)
    return found


@pytest.mark.parametrize(("count", "who"), [(EAR_HOLES, "earcut"), (EAR_HOLES + 1, "geos"), (1_600, "geos")])
def test_many_holes_are_cut_exactly(asked: list[tuple[str, int]], count: int, who: str) -> None:
    points, rings = pierced([(3.0 * (i % 40), 3.0 * (i // 40)) for i in range(count)], 120)
    cut = triangulate(points, rings)
    assert [one for one, _ in asked] == [who]
    assert not cut.faults
    area = (122**2 - count) * math.hypot(1, 0.5)
    vector = area_vectors(points, cut, 1)[0]
    assert_allclose(np.linalg.norm(vector), area)
    assert vector[2] * newell(points[:4], np.array([4]))[0, 2] > 0
    a, b, c = (points[cut.triangles[:, k]] for k in range(3))
    assert_allclose(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum(), area)
    if who == "geos":
        assert set(cut.triangles.ravel().tolist()) == set(range(len(points)))


def test_more_holes_than_can_be_cut_are_told(asked: list[tuple[str, int]]) -> None:
    points, rings = pierced([(3.0 * (i % 110), 3.0 * (i // 110)) for i in range(MAX_HOLES + 1)], 330)
    cut = triangulate(points, rings)
    assert not len(cut.triangles)
    assert cut.faults["too-many-holes"].tolist() == [0]
    assert "not-cut" not in cut.faults
    assert not len(cut.rings.indices)
    # the same hole again and again: neither of the two comes to an end with that
    points, rings = pierced([(5.0, 5.0)] * (BROKEN_HOLES + 1), 30)
    assert triangulate(points, rings).faults["not-cut"].tolist() == [0]
    assert not asked
    points, rings = pierced([(5.0, 5.0)] * BROKEN_HOLES, 30)
    assert triangulate(points, rings).faults["self-crossing"].tolist() == [0]
    assert [one for one, _ in asked] == ["earcut"]


def test_what_geos_stumbles_over_is_cut_by_its_ears(asked: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(_: object) -> None:
        raise shapely.GEOSException("no")

    monkeypatch.setattr(shapely, "constrained_delaunay_triangles", stumbles)
    points, rings = pierced([(3.0 * (i % 40), 3.0 * (i // 40)) for i in range(EAR_HOLES + 1)], 120)
    assert not triangulate(points, rings).faults
    assert len(asked) == 1
    points, rings = pierced([(3.0 * (i % 40), 3.0 * (i // 40)) for i in range(BROKEN_HOLES + 1)], 120)
    assert triangulate(points, rings).faults["not-cut"].tolist() == [0]
    assert len(asked) == 1
