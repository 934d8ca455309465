"""Triangles cut by a plane: areas add up, outlines close, and what is open has no inside."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from viewer import shapes
from viewer.clip import Plane, clip, compacted, faces_of, lowest_line

angles = st.floats(0, 2 * np.pi)
SLANTED = st.tuples(angles, st.floats(-1.2, 1.2), st.floats(-4, 4))


def _plane(turn: float, tilt: float, offset: float) -> Plane:
    normal = np.array([np.cos(turn) * np.cos(tilt), np.sin(turn) * np.cos(tilt), np.sin(tilt)])
    return Plane.of(tuple(offset * normal), tuple(normal))


def _areas(vertices: NDArray[np.float64], triangles: NDArray[np.int32]) -> NDArray[np.float64]:
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


@given(st.integers(0, 10_000), SLANTED)
def test_both_halves_are_the_whole(seed: int, where: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(seed)
    vertices = rng.uniform(-5, 5, (30, 3))
    triangles = rng.integers(0, 30, (40, 3)).astype(np.int32)
    plane = _plane(*where)
    behind, before = clip(vertices, triangles, plane), clip(vertices, triangles, plane, keep_before=True)
    total = np.bincount(behind.source, _areas(behind.vertices, behind.triangles), minlength=40)
    total += np.bincount(before.source, _areas(before.vertices, before.triangles), minlength=40)
    np.testing.assert_allclose(total, _areas(vertices, triangles), rtol=1e-9, atol=1e-9)
    assert (plane.before(behind.vertices[behind.triangles.ravel()]) <= 1e-9).all()
    assert (plane.before(before.vertices[before.triangles.ravel()]) >= -1e-9).all()


@given(st.integers(0, 10_000), SLANTED)
def test_what_is_kept_faces_as_it_did(seed: int, where: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(seed)
    vertices = rng.uniform(-5, 5, (9, 3))
    triangles = np.arange(9, dtype=np.int32).reshape(-1, 3)
    cut = clip(vertices, triangles, _plane(*where))
    normals = np.cross(vertices[triangles[:, 1]] - vertices[triangles[:, 0]], vertices[triangles[:, 2]] - vertices[triangles[:, 0]])
    for triangle, source in zip(cut.triangles, cut.source, strict=True):
        a, b, c = cut.vertices[triangle]
        assert np.cross(b - a, c - a) @ normals[source] >= -1e-9


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(1, 8), st.floats(0.05, 0.95)), min_size=3, max_size=9), angles, st.floats(-3, 3))
def test_a_prism_is_cut_in_the_rectangles_over_where_the_plane_meets_its_outline(
    corners: list[tuple[float, float]], turn: float, offset: float
) -> None:
    around = np.cumsum([1.0, *(share for _, share in corners)])[:-1]
    around = 2 * np.pi * (around - around[0]) / (around[-1] - around[0] + 0.7)
    outline = shapely.Polygon([(r * np.cos(a), r * np.sin(a)) for (r, _), a in zip(corners, around, strict=True)])
    if not outline.is_valid or outline.area < 1.0:
        return
    vertices, triangles = shapes.prism(outline, 2.0, 5.0)
    plane = _plane(turn, 0.0, offset)
    cut = clip(vertices, triangles, plane)
    line = shapely.LineString([plane.normal[:2] * plane.offset + along * plane.right[:2] for along in (-50, 50)])
    expected = 3.0 * shapely.intersection(line, outline).length
    assert faces_of(plane.flat(cut.segments)).area == pytest.approx(expected, abs=2e-3)


def test_a_corner_in_the_plane_does_not_open_the_outline() -> None:
    vertices, triangles = shapes.prism(shapely.box(0, 0, 4, 4), 0.0, 3.0)
    for offset, expected in ((0.0, 0.0), (2.0, 12.0), (4.0, 12.0)):
        plane = Plane.of((offset, 0, 0), (1, 0, 0))
        assert faces_of(plane.flat(clip(vertices, triangles, plane).segments)).area == pytest.approx(expected)
    diagonal = Plane.of((0, 0, 0), (1, -1, 0))
    assert faces_of(diagonal.flat(clip(vertices, triangles, diagonal).segments)).area == pytest.approx(3 * np.hypot(4, 4), abs=1e-3)


def _outline(*points: tuple[float, float]) -> NDArray[np.float64]:
    return np.array([[a, b] for a, b in pairwise(points)], dtype=float)


def test_a_house_without_a_floor_is_closed_at_its_foot_and_a_wall_is_not() -> None:
    house = _outline((0, 0), (0, 5), (3, 8), (6, 5), (6, 0))
    assert faces_of(house).area == pytest.approx(6 * 5 + 9)
    curved_wall = _outline((0, 0), (1, 2), (1.5, 4), (1, 6), (0, 8))
    assert faces_of(curved_wall).area == 0
    assert faces_of(house, upright=False).area == 0  # as seen from above it is a wall along three sides


def test_walls_within_a_thing_and_rooms_in_it() -> None:
    left, right = _outline((0, 0), (0, 3), (2, 3), (2, 0), (0, 0)), _outline((2, 0), (2, 3), (5, 3), (5, 0), (2, 0))
    assert faces_of(np.concatenate([left, right])).area == pytest.approx(15)
    room = _outline((1, 1), (1, 2), (1.5, 2), (1.5, 1), (1, 1))
    assert faces_of(np.concatenate([left, room])).area == pytest.approx(6 - 0.5)
    assert faces_of(np.empty((0, 2, 2))).is_empty


@given(st.integers(0, 10_000))
def test_the_lowest_line_is_the_lowest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.sort(rng.integers(0, 30, (12, 2)), axis=1).astype(float)
    x[:, 1] += x[:, 1] == x[:, 0]
    segments = np.stack([x, rng.uniform(0, 5, (12, 2))], axis=-1)
    line, source = lowest_line(segments[:, ::-1] if seed % 2 else segments)
    assert (np.diff(line[:, 0]) >= -1e-9).all()
    assert len(source) == len(line) - 1
    for at in rng.uniform(line[0, 0], line[-1, 0], 20):
        here = [np.interp(at, *pair.T) for pair in segments if pair[0, 0] < at < pair[1, 0]]
        steps = np.abs(line[:, 0] - at).min() < 1e-3
        if here and not steps:
            assert np.interp(at, *line.T) == pytest.approx(min(here), abs=2e-3)
    assert lowest_line(np.empty((0, 2, 2)))[0].shape == (0, 2)


def test_axes_of_a_plane_are_those_of_who_looks_at_it() -> None:
    from_south = Plane.of((0, 7, 0), (0, -2, 0))
    np.testing.assert_allclose(from_south.right, [1, 0, 0])
    np.testing.assert_allclose(from_south.up, [0, 0, 1])
    from_above = Plane.of((0, 0, 3), (0, 0, 1))
    np.testing.assert_allclose(from_above.up, [0, 1, 0])
    points = np.array([[1.0, 7.0, 2.0], [3.0, 7.0, -1.0]])
    np.testing.assert_allclose(from_south.placed(from_south.flat(points)), points)


def test_only_the_corners_that_are_used_are_kept() -> None:
    vertices, triangles = compacted(np.arange(15.0).reshape(5, 3), np.array([[4, 1, 2]], np.int32))
    np.testing.assert_array_equal(vertices, [[3, 4, 5], [6, 7, 8], [12, 13, 14]])
    np.testing.assert_array_equal(triangles, [[2, 0, 1]])
