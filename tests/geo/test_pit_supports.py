"""Struts from wall to wall, anchors outward and down."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from twin.geo.pit_supports import anchors, struts
from twin.geo.pits import Pit, PitSupport

LONG = shapely.box(100.0, 200.0, 140.0, 215.0)


def _pit(outline: shapely.Polygon) -> Pit:
    return Pit("pit", "Pit", outline, -6.0, 1.0, "sheet-pile", -12.0)


def test_struts_cross_the_shorter_side_as_often_as_they_should() -> None:
    found = struts(_pit(LONG), PitSupport("upper", "strut", 0.0, 5.0))
    assert found.shape == (8, 2, 3)
    assert np.sort(found[:, 0, 0]) == pytest.approx(102.5 + 5.0 * np.arange(8))
    assert np.abs(found[:, 1] - found[:, 0]) == pytest.approx(np.tile([0.0, 15.0, 0.0], (8, 1)), abs=1e-9)


@given(st.floats(0.0, 180.0), st.floats(2.0, 12.0))
def test_struts_turn_with_the_pit_and_end_at_its_walls(turn: float, spacing: float) -> None:
    outline = shapely.affinity.rotate(LONG, turn)
    found = struts(_pit(outline), PitSupport("upper", "strut", 0.0, spacing))
    assert len(found) == math.ceil(40.0 / spacing - 1e-6)
    ends = shapely.points(found[..., :2].reshape(-1, 2))
    assert shapely.distance(outline.boundary, ends).max() < 1e-6
    assert np.hypot(*(found[:, 1, :2] - found[:, 0, :2]).T) == pytest.approx(np.full(len(found), 15.0), abs=1e-6)


def test_a_pit_with_a_corner_inward_has_a_strut_in_each_part() -> None:
    u_shape = LONG.difference(shapely.box(110.0, 205.0, 130.0, 210.0))
    found = struts(_pit(u_shape), PitSupport("upper", "strut", 0.0, 10.0))
    lengths = np.hypot(*(found[:, 1, :2] - found[:, 0, :2]).T)
    assert sorted(lengths.round(6).tolist()) == [5.0, 5.0, 5.0, 5.0, 15.0, 15.0]


@given(st.booleans(), st.floats(0.0, 60.0))
def test_anchors_point_out_of_the_pit_and_down(turned: bool, angle: float) -> None:
    outline = LONG.reverse() if turned else LONG
    found = anchors(_pit(outline), PitSupport("upper", "anchor", 0.0, 5.0, length_m=10.0, angle_deg=angle))
    assert len(found) == 2 * (8 + 3)
    heads, ends = (shapely.points(found[:, k, :2]) for k in (0, 1))
    assert shapely.distance(LONG.boundary, heads).max() < 1e-9
    assert shapely.distance(LONG, ends) == pytest.approx(np.full(len(found), 10.0 * math.cos(math.radians(angle))), abs=1e-9)
    assert found[:, 1, 2] == pytest.approx(np.full(len(found), -10.0 * math.sin(math.radians(angle))))


def test_anchors_of_a_hole_point_into_what_stands() -> None:
    ring = LONG.difference(shapely.box(110.0, 205.0, 130.0, 210.0))
    found = anchors(_pit(ring), PitSupport("upper", "anchor", 0.0, 20.0, length_m=1.0, angle_deg=0.0))
    assert not shapely.contains(ring, shapely.points(found[:, 1, :2])).any()
