"""Solids round one edge: they stand in each other just where their outlines in plan overlap."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from twin.geo.city import read_city
from twin.geo.kernels.crossing import crossing_faces
from twin.geo.quality import check
from twin.geo.quality_edges import crossing_at_edges
from twin.geo.topology import edge_use, quantised, signed_volumes, welded

Put = Callable[..., Path]

AXIS = np.array([3.0, -2.0, 6.0]) / 7.0
"""Direction of the edge that all wedges have in common."""


def outline(start: int, width: int, radius: float) -> np.ndarray:
    """Corners (3, 2) of a wedge in plan, from the edge outward; angles in degrees."""
    angles = np.radians([start, start + width])
    return np.concatenate([[(0.0, 0.0)], radius * np.column_stack([np.cos(angles), np.sin(angles)])])


def wedges(plans: list[np.ndarray], turned: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """Blocks of 4 m over outlines, on a slant: points and triangles; the faces of one of them look inward."""
    floor = np.cross(AXIS, [0.0, 0.0, 1.0]) / np.linalg.norm(np.cross(AXIS, [0.0, 0.0, 1.0]))
    points, triangles = [], []
    for number, plan in enumerate(plans):
        flat = plan[:, :1] * floor + plan[:, 1:] * np.cross(AXIS, floor)
        corners = np.concatenate([flat, flat + 4.0 * AXIS]) + np.array([100.0, 200.0, 3.0])
        faces = [(0, 2, 1), (3, 4, 5)]
        for k, n in ((0, 1), (1, 2), (2, 0)):
            faces += [(k, n, n + 3), (k, n + 3, k + 3)]
        points.append(corners)
        triangles.append((np.array(faces)[:, ::-1] if number == turned else np.array(faces)) + 6 * number)
    return np.concatenate(points), np.concatenate(triangles)


def found(points: np.ndarray, triangles: np.ndarray) -> int:
    """Triangles at edges in which the solids stand in each other."""
    first, number = welded(quantised(points))
    triangles, owner = number[triangles], np.zeros(len(triangles), np.int32)
    return int(crossing_at_edges(points[first], triangles, owner, edge_use(triangles, owner, 1))[0])


some = st.lists(st.tuples(st.integers(0, 35), st.integers(1, 17)), min_size=2, max_size=4)


@given(some, st.permutations([1.0, 1.5, 2.5, 4.0]))
def test_wedges_round_an_edge(angles: list[tuple[int, int]], radii: list[float]) -> None:
    plans = [outline(10 * start, 10 * width, radius) for (start, width), radius in zip(angles, radii, strict=False)]
    shapes = [shapely.Polygon(plan) for plan in plans]
    overlap = any(shapely.intersection(one, other).area > 1e-3 for one, other in combinations(shapes, 2))
    assert (found(*wedges(plans)) > 0) == overlap
    # of a piece that looks inward it is not said
    assert found(*wedges(plans, turned=0)) == 0


def test_what_overlaps_by_less_than_a_millimetre_touches() -> None:
    for width, expected in ((89.96, 0), (90.04, 0), (90.5, 4)):
        assert found(*wedges([outline(0, width, 2.0), outline(90, 60, 1.0)])) == expected


@pytest.mark.parametrize(
    ("second", "told"),
    [
        # inside the house, with an edge of it: no face goes through another
        ([[[0, 4, 2]], [[0, 10, 4]], [[0, 2, 10]], [[2, 4, 10]]], {"self-intersection": 1}),
        # outside, against the same edge
        ([[[0, 8, 4]], [[0, 4, 9]], [[0, 9, 8]], [[4, 8, 9]]], {}),
    ],
)
def test_two_solids_that_share_an_edge(house: dict[str, Any], put: Put, second: Any, told: dict[str, int]) -> None:
    geometry = house["CityObjects"]["house"]["geometry"][0]
    house["vertices"] += [[-9000, -1000, 4000], [-1000, -9000, 4000], [5000, 1000, 4000]]
    del geometry["semantics"]
    geometry |= {"type": "MultiSolid", "boundaries": [geometry["boundaries"], [second]]}
    city = read_city(put(house))
    mesh = city.surfaces
    assert (signed_volumes(mesh, mesh.polygons.nest[mesh.polygons.polygon, 0].astype(np.int64), 2) > 0).all()
    assert crossing_faces(mesh.vertices, mesh.triangles.astype(np.int64), np.array([0, len(mesh)]), 1000).tolist() == [0]
    assert check(city).counts() == told
