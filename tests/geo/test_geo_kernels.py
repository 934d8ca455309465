"""Kernels of the city model against their slow twins and a law."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from tests.reference import crossing as slow_crossing
from tests.reference import tin as slow_tin
from tests.reference import triangulate as slow_faces
from twin.geo.city import read_city
from twin.geo.crs import local_plane
from twin.geo.kernels.crossing import crossing_faces
from twin.geo.mesh import Rings
from twin.geo.readers.source import blob_of, members_of
from twin.geo.readers.tin import terrain_from_triangles
from twin.geo.triangulate import Triangulation, newell, triangulate


def area_vectors(points: np.ndarray, cut: Triangulation, polygons: int) -> np.ndarray:
    a, b, c = (points[cut.triangles[:, k]] for k in range(3))
    total = np.zeros((polygons, 3))
    np.add.at(total, cut.polygon, 0.5 * np.cross(b - a, c - a))
    return total


def compare(points: np.ndarray, rings: Rings) -> None:
    """Same faults, same mended rings, same areas as the slow way; triangles and quadrilaterals cut the same."""
    fast, slow = triangulate(points, rings), slow_faces.triangulate(points, rings)
    assert set(fast.faults) == set(slow.faults)
    for code, faces in fast.faults.items():
        assert_array_equal(faces, slow.faults[code])
    for mine, theirs in zip(fast.rings, slow.rings, strict=True):
        assert_array_equal(mine, theirs)
    count = len(rings.counts)
    assert_allclose(area_vectors(points, fast, count), area_vectors(points, slow, count), atol=1e-9)
    corners = np.zeros(count, dtype=np.int64)
    filled = fast.rings.counts > 0
    if filled.any():
        start = (np.cumsum(fast.rings.counts) - fast.rings.counts)[filled]
        corners[filled] = np.add.reduceat(fast.rings.sizes, start)
    small = (corners <= 4)[fast.polygon]
    assert_array_equal(fast.triangles[small], slow.triangles[(corners <= 4)[slow.polygon]])
    assert_array_equal(np.bincount(fast.polygon, minlength=count), np.bincount(slow.polygon, minlength=count))


corners = st.tuples(*[st.integers(0, 8)] * 3)


def places(count: int, reach: float) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(np.float64, (count, 3), elements=st.floats(-reach, reach, width=32))


lattice = hnp.arrays(np.float64, (12, 3), elements=st.integers(0, 3).map(float))


@given(lattice, st.lists(st.lists(st.integers(0, 11), max_size=7), max_size=8))
def test_any_polygons_are_cut_as_the_slow_way_does(points: np.ndarray, polygons: list[list[int]]) -> None:
    sizes = np.array([len(one) for one in polygons], dtype=np.int64)
    rings = Rings(np.array([i for one in polygons for i in one], dtype=np.int64), sizes, np.ones(len(polygons), np.int64))
    fast = triangulate(points, rings)
    slow = slow_faces.triangulate(points, rings)
    assert set(fast.faults) == set(slow.faults)
    for code, faces in fast.faults.items():
        assert_array_equal(faces, slow.faults[code])


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name",
    ["delft.json", "3-20-DELFSHAVEN.city.json", "rotterdam_subset.json", "extension.city.jsonl", "hollow_solid.city.json"],
)
def test_real_faces_are_cut_as_the_slow_way_does(real_data: Path, name: str) -> None:
    points, rings = faces_of(real_data / "cityjson" / name)
    compare(points, rings)


def faces_of(path: Path) -> tuple[np.ndarray, Rings]:
    from twin.geo.readers.formats import format_of
    from twin.geo.readers.model import ReadOptions

    blob = blob_of(path)
    blob = next(members_of(blob)) if blob.members else blob
    reading = format_of(blob).read(blob, ReadOptions())
    assert reading.objects is not None
    return np.where(np.isfinite(reading.objects.vertices), reading.objects.vertices, 0.0), reading.objects.rings


@pytest.mark.realdata
def test_triangles_cover_the_area_of_their_polygon_in_every_real_file(real_data: Path) -> None:
    seen = 0
    for folder in ("cityjson", "cityjson_conformance", "cityjson_invalid", "citygml"):
        for path in sorted((real_data / folder).iterdir()):
            try:
                if not len(read_city(path).surfaces):
                    continue
            except ValueError:
                continue
            points, rings = faces_of(path)
            cut = triangulate(points, rings)
            kept = np.flatnonzero(cut.rings.counts)
            if not len(kept):
                continue
            vectors = newell(points[cut.rings.indices], cut.rings.sizes)
            start = (np.cumsum(cut.rings.counts) - cut.rings.counts)[kept]
            # a hole is taken off, whichever way its ring runs
            outer = np.repeat(vectors[start], cut.rings.counts[kept], axis=0)
            along = np.sign(np.einsum("ij,ij->i", vectors, outer))[:, None] * vectors
            whole = 2 * vectors[start] - np.add.reduceat(along, start)
            found = area_vectors(points, cut, len(rings.counts))[kept]
            crossed = np.isin(kept, cut.faults.get("self-crossing", []))
            assert_allclose(found[~crossed], whole[~crossed], rtol=1e-6, atol=1e-4)
            seen += len(kept)
    assert seen > 90_000


def test_a_star_that_winds_twice_is_not_cut_like_a_fan() -> None:
    angles = np.arange(5) * 4 * np.pi / 5
    points = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(5)])
    cut = triangulate(points, Rings(np.arange(5), np.array([5]), np.array([1])))
    assert "self-crossing" in cut.faults


@settings(max_examples=40)
@given(st.integers(3, 40), st.floats(0.5, 50.0), st.floats(-400, 400))
def test_regular_polygons_are_fans_of_the_right_area(corners: int, radius: float, shift: float) -> None:
    angles = np.arange(corners) * 2 * np.pi / corners
    points = np.column_stack([radius * np.cos(angles) + shift, radius * np.sin(angles), np.full(corners, shift)])
    cut = triangulate(points, Rings(np.arange(corners), np.array([corners]), np.array([1])))
    assert len(cut.triangles) == corners - 2
    expected = 0.5 * corners * radius**2 * np.sin(2 * np.pi / corners)
    assert_allclose(area_vectors(points, cut, 1)[0], [0, 0, expected], rtol=1e-9, atol=1e-9)


# --- terrain


@settings(max_examples=30)
@given(places(9, 20), st.lists(corners, min_size=1, max_size=12))
def test_ground_is_draped_as_the_slow_way_does(points: np.ndarray, triangles: list[tuple[int, int, int]]) -> None:
    faces = np.array(triangles, dtype=np.int32)
    fast, slow = (one(points, faces, local_plane()) for one in (terrain_from_triangles, slow_tin.terrain_from_triangles))
    assert fast is not None
    assert slow is not None
    assert fast.grid == slow.grid
    same = np.isnan(fast.height) == np.isnan(slow.height)
    # a cell on an edge may fall either way by rounding
    assert same.mean() > 0.98
    both = np.isfinite(fast.height) & np.isfinite(slow.height)
    assert_allclose(fast.height[both], slow.height[both], atol=1e-3)


def test_a_plane_is_draped_exactly() -> None:
    points = np.array([[0.0, 0.0, 1.0], [10.0, 0.0, 3.0], [10.0, 10.0, 6.0], [0.0, 10.0, 4.0]])
    terrain = terrain_from_triangles(points, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32), local_plane())
    assert terrain is not None
    x, y = np.meshgrid(terrain.grid.x, terrain.grid.y)
    assert_allclose(terrain.height, 1.0 + 0.2 * x + 0.3 * y, atol=1e-5)


# --- faces that cross


@settings(max_examples=60)
@given(places(9, 5), st.lists(corners, min_size=4, max_size=10))
def test_crossing_faces_are_found_as_the_slow_way_does(points: np.ndarray, triangles: list[tuple[int, int, int]]) -> None:
    faces = np.array(triangles, dtype=np.int64)
    start = np.array([0, len(faces)])
    assert crossing_faces(points, faces, start, 1000).tolist() == [slow_crossing.crossing(points, faces)]


BOX = np.array([[0, 3, 2], [0, 2, 1], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4], [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6],
                [3, 0, 4], [3, 4, 7]])  # fmt: skip


def boxes(*low_high: tuple[list[float], list[float]]) -> tuple[np.ndarray, np.ndarray]:
    """Corners and outward triangles of boxes."""
    unit = np.array([[x ^ (y & 1), y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], dtype=float)
    points = [np.add(low, unit * np.subtract(high, low)) for low, high in low_high]
    # corners of two boxes in one place are one, as they are after welding
    distinct, number = np.unique(np.concatenate(points), axis=0, return_inverse=True)
    faces = np.concatenate([BOX + 8 * k for k in range(len(points))])
    return distinct, number.reshape(-1)[faces].astype(np.int64)


# not just the tolerance itself, where rounding decides
ties = st.sampled_from([0.0, 2.5, 5.0, 7.5, 10.0, -5.0, 0.0008, 0.0012, 5.0012, 12.0])
steps = st.one_of(ties, st.integers(-1_200, 1_200).map(lambda n: n / 100))
sides = st.sampled_from([(10.0, 10.0, 10.0), (5.0, 5.0, 5.0), (5.0, 20.0, 10.0), (30.0, 2.5, 7.5)])


@settings(max_examples=25)
@given(st.tuples(steps, steps, steps), sides)
def test_boxes_go_through_each_other_when_their_volumes_share_and_their_faces_meet(
    offset: tuple[float, float, float], size: tuple[float, float, float]
) -> None:
    low, high = np.array(offset), np.add(offset, size)
    points, faces = boxes(([0, 0, 0], [10, 10, 10]), (low, high))
    (found,) = crossing_faces(points, faces, np.array([0, len(faces)]), 1000)
    assert found == slow_crossing.crossing(points, faces)
    common = np.minimum(high, 10) - np.maximum(low, 0)
    if (common <= 0.001).any():
        assert found == 0
    inside = (low > 0.002).all() and (high < 9.998).all()
    same = (abs(low) < 0.002).all() and (abs(high - 10) < 0.002).all()
    if (common > 0.01).all() and not inside and not same and not ((low < -0.002).all() and (high > 10.002).all()):
        assert found > 0


@pytest.mark.parametrize(
    "offset", [(5, 5, 0), (5, 5, 0.001), (5, 5, 5), (5, 0, 0), (0, 0, 5), (2.5, 2.5, 0), (2.5, 5, 0), (0, 5, 2.5)]
)
def test_solids_cut_alike_go_through_each_other(offset: tuple[float, float, float]) -> None:
    points, faces = boxes(([0, 0, 0], [10, 10, 10]), (list(offset), np.add(offset, 10).tolist()))
    assert crossing_faces(points, faces, np.array([0, 24]), 1000)[0] > 0


@pytest.mark.parametrize("offset", [(10, 0, 0), (10, 5, 0), (10, 10, 0), (10, 2.5, 5), (0, 0, 10), (10.001, 5, 0), (10, 10, 10)])
def test_solids_side_by_side_do_not(offset: tuple[float, float, float]) -> None:
    points, faces = boxes(([0, 0, 0], [10, 10, 10]), (list(offset), np.add(offset, 10).tolist()))
    assert crossing_faces(points, faces, np.array([0, 24]), 1000)[0] == 0


@pytest.mark.parametrize(("top", "crossed"), [(1.0, 3), (0.0, 2), (-0.5, 0)])
def test_a_face_through_the_diagonal_of_another(top: float, crossed: int) -> None:
    """The edge between the two halves of a leaning square lies in the other face; a ridge that only touches is none."""
    near = [[0, 0, 0], [4, 0, 0], [2, 2, -1.0], [2, -2, top]]
    points = np.array([*near, [-9, -9, 0], [9, -9, 0], [0, 9, 0], [0, 9, 5], [1, 9, 5], [0, 9, 6]])
    faces = np.array([[0, 1, 2], [1, 0, 3], [4, 5, 6], [7, 8, 9]])
    found = crossing_faces(points, faces, np.array([0, 4]), 1000)[0]
    assert found == slow_crossing.crossing(points, faces) == crossed


def test_objects_are_looked_at_one_by_one() -> None:
    one = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [1, 1, -1], [1, 1, 1], [2, 2, 1.0]])
    through = np.array([[0, 1, 2], [3, 4, 5], [0, 1, 2], [3, 4, 5]])
    apart = np.array([[0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2]])
    faces = np.concatenate([through, apart])
    assert crossing_faces(one, faces, np.array([0, 4, 8]), 1000).tolist() == [4, 0]
    assert crossing_faces(one, faces, np.array([0, 4, 8]), 3).tolist() == [-1, -1]
