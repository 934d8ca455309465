"""Rays among triangles, against every triangle one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.reference.sunlight import hits
from twin.sim.impact import rays


def box(low: tuple[float, float, float], high: tuple[float, float, float]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A closed box, faces counter-clockwise seen from outside."""
    x, y, z = zip(low, high, strict=True)
    corners = np.array([(x[i & 1], y[(i >> 1) & 1], z[i >> 2]) for i in range(8)])
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    return corners, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], np.int32)


def boxes(seed: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    rng = np.random.default_rng(seed)
    parts, faces = [], []
    for k in range(count):
        low = np.append(rng.uniform(0, 60, 2), 0.0)
        corners, triangles = box(tuple(low), tuple(low + rng.uniform(3, 12, 3)))
        parts.append(corners)
        faces.append(triangles + 8 * k)
    return np.concatenate(parts), np.concatenate(faces)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.floats(0.5, 40))
def test_first_hits_are_those_of_all_triangles(seed: int, count: int, cell: float) -> None:
    vertices, faces = boxes(seed, count)
    rng = np.random.default_rng(seed)
    points, way = rng.uniform(-10, 75, (20, 3)), rng.standard_normal((20, 3))
    way[:3, 2] = 0.0
    way[3] = (0.0, 0.0, 1.0)
    way[4] = (1.0, 0.0, 0.0)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    distance, which = rays.first_hits(rays.triangles(vertices, faces, cell), points, way, 1000.0)
    for n in range(20):
        expected = hits(vertices[faces], points[n], way[n])
        assert distance[n] == pytest.approx(expected.min(), rel=1e-9)
        assert (which[n] < 0) == np.isinf(expected.min())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_sun_is_where_nothing_stands_before_it(seed: int, count: int) -> None:
    vertices, faces = boxes(seed, count)
    rng = np.random.default_rng(seed)
    points = np.column_stack([rng.uniform(0, 70, (15, 2)), rng.uniform(0, 6, 15)])
    normals = np.tile([0.0, -1.0, 0.0], (15, 1))
    ways = [(a, h) for a in (-1.2, 0.0, 0.9, 2.5) for h in (0.2, 0.7, -0.1)]
    sun = np.array([[np.sin(a) * np.cos(h), -np.cos(a) * np.cos(h), np.sin(h)] for a, h in ways])
    lit = rays.in_sun(rays.triangles(vertices, faces), points, normals, sun)
    for n in range(15):
        for s in range(len(sun)):
            free = np.isinf(hits(vertices[faces], points[n], sun[s]).min())
            assert lit[n, s] == (free and sun[s, 2] > 0 and normals[n] @ sun[s] > 0)


def test_depth_tells_inside_from_outside_also_of_solids_that_touch() -> None:
    one, faces = box((0, 0, 0), (5, 5, 5))
    two, _ = box((5, 0, 0), (10, 5, 5))
    among = rays.triangles(np.concatenate([one, two]), np.concatenate([faces, faces + 8]))
    points = np.array([[2.0, 2.1, 1.0], [7.0, 2.1, 1.0], [5.05, 2.1, 1.0], [12.0, 2.0, 1.0], [2.0, 2.1, 6.0], [2.0, 2.1, -1.0]])
    assert rays.depth_at(among, points).tolist() == [1, 1, 1, 0, 0, 0]


def test_without_triangles_nothing_is_met() -> None:
    empty = rays.triangles(np.empty((0, 3)), np.empty((0, 3), np.int32))
    distance, which = rays.first_hits(empty, np.zeros((2, 3)), np.array([[0, 0, 1.0], [1.0, 0, 0]]), 10.0)
    assert np.isinf(distance).all()
    assert which.tolist() == [-1, -1]
    assert rays.in_sun(empty, np.zeros((1, 3)), np.array([[0, 0, 1.0]]), np.array([[0.0, 0.6, 0.8]])).all()


def test_points_on_a_wall_lie_on_the_lattice_once_a_triangle() -> None:
    along, up = np.array([[0.0, 10, 10], [0, 10, 0]]), np.array([[0.0, 0, 9], [0, 9, 9]])
    triangle, place = rays.wall_points(along, up, 2.0, 0.75, 3.0, 1000)
    expected = {(2.0 * i, 0.75 + 3 * j) for i in range(6) for j in range(3)}
    assert {(float(a), float(b)) for a, b in place} == expected
    assert set(triangle.tolist()) == {0, 1}
    assert len(rays.wall_points(along, up, 2.0, 0.75, 3.0, 4)[0]) == 4
