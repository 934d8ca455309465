"""Trees beside a pit, and pipes that follow the ground."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.sim.impact.pit.pipes import along, resampled
from twin.sim.impact.pit.trees import lost_reach, roots_cut, thirsty

BOX = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])


def test_a_tree_suffers_when_it_drew_on_water_that_falls_while_it_grows():
    depth, fall = np.array([1.0, 3.0, 1.0]), np.array([0.5, 0.5, 0.1])
    assert thirsty(depth, fall, 4.0, (5, 6), 0.4).tolist() == [True, False, False]
    assert not thirsty(depth, fall, 4.0, (11, 12), 0.4).any()
    assert not thirsty(depth, fall, 1.0, (5,), 0.4).any()


def test_moisture_from_below_goes_out_of_reach():
    found = lost_reach(np.array([1.0, 1.0, 3.0, 1.0]), np.array([0.0, 0.25, 0.5, 5.0]), 0.25)
    assert found == pytest.approx([0.0, 0.2, 0.0, 0.4])


def test_a_straight_edge_cuts_half_and_a_corner_a_quarter():
    trees = np.array([[5.0, -1e-9], [-1e-9, -1e-9], [5, 5], [30, 30]])
    assert roots_cut(trees, np.array([2.0, 2.0, 2.0, 3.0]), BOX) == pytest.approx([0.5, 0.25, 1.0, 0.0], abs=1e-6)
    assert roots_cut(trees[:1], np.zeros(1), BOX)[0] == 0.0


@settings(max_examples=60, deadline=None)
@given(x=st.floats(-8, 18), y=st.floats(-8, 18), radius=st.floats(0.5, 12), back=st.booleans())
def test_roots_cut_are_the_area_that_lies_in_the_pit(x, y, radius, back):
    ring = np.array([[0.0, 0], [10, 0], [10, 4], [4, 4], [4, 10], [0, 10]])
    known = shapely.Point(x, y).buffer(radius, quad_segs=64).intersection(shapely.Polygon(ring)).area / (np.pi * radius**2)
    found = roots_cut(np.array([[x, y]]), np.array([radius]), ring[::-1] if back else ring, samples=720)[0]
    assert found == pytest.approx(known, abs=0.01)


def test_a_parabola_has_an_even_curvature_and_a_stretched_pipe_an_even_strain():
    x = np.linspace(0.0, 20.0, 41)
    found = along(x, 10.0 - 0.05 * (x - 10.0) ** 2, 0.3 * x)
    assert found.curvature[2:-2] == pytest.approx(0.1)
    assert found.slope[1:-1] == pytest.approx(-0.1 * (x[1:-1] - 10.0))
    assert found.strain == pytest.approx(0.3)


def test_points_along_a_line_are_even():
    distance, places, direction = resampled(np.array([[0.0, 0], [3, 0], [3, 0], [3, 4]]), 0.5)
    assert distance == pytest.approx(np.arange(15) * 0.5)
    assert places[-1] == pytest.approx([3, 4])
    assert direction[0] == pytest.approx([1, 0])
    assert direction[-1] == pytest.approx([0, 1])
