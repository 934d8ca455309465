"""Floors that come up: stress below a rectangle against Boussinesq's, and what swells."""

from __future__ import annotations

import numpy as np
import pytest

from twin.sim.impact.pit.heave import FIRM, PRANDTL, against_basal_heave, below_corner, heave


@pytest.mark.parametrize(("length", "width"), [(4.0, 2.0), (10.0, 10.0), (1.0, 8.0)])
def test_stress_below_a_corner_is_that_of_many_point_loads(length, width):
    count = 400
    x, y = (np.arange(count) + 0.5) * length / count, (np.arange(count) + 0.5) * width / count
    far = x[:, None] ** 2 + y[None] ** 2
    for depth in (1.0, 3.0, 10.0):
        point = 3.0 * depth**3 / (2.0 * np.pi * (far + depth**2) ** 2.5)
        known = point.sum() * length * width / count**2
        assert below_corner(length, width, np.array([depth]))[0] == pytest.approx(known, rel=1e-4)


def test_at_the_surface_a_corner_carries_a_quarter_and_far_below_it_is_a_point_load():
    assert below_corner(5.0, 3.0, np.array([1e-6]))[0] == pytest.approx(0.25)
    assert below_corner(5.0, 3.0, np.array([500.0]))[0] == pytest.approx(3.0 * 15.0 / (2.0 * np.pi * 500.0**2), rel=1e-3)
    assert (np.diff(below_corner(5.0, 3.0, np.linspace(0.01, 50, 200))) < 0).all()


def test_a_wide_pit_swells_by_its_whole_relief_and_layers_add_up():
    wide = heave(1e4, 1e4, 80.0, np.array([0.0]), np.array([5.0]), np.array([20_000.0]))
    assert wide[0] == pytest.approx(1000.0 * 80.0 * 5.0 / 20_000.0, rel=1e-3)
    whole = heave(40.0, 25.0, 80.0, np.array([0.0]), np.array([10.0]), np.array([20_000.0]), slices=400)
    parts = heave(40.0, 25.0, 80.0, np.array([0.0, 4.0]), np.array([4.0, 10.0]), np.array([20_000.0, 20_000.0]), slices=200)
    assert parts.sum() == pytest.approx(whole[0], rel=1e-4)
    assert 0.0 < parts[1] < 20.0 * 6.0 / 5.0


def test_soft_clay_under_a_deep_pit_does_not_hold():
    assert against_basal_heave(20.0, 16.0, 6.0) == pytest.approx(PRANDTL * 20.0 / 96.0)
    assert against_basal_heave(20.0, 16.0, 6.0, 10.0) < against_basal_heave(20.0, 16.0, 6.0) < FIRM
