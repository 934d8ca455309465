"""Days of construction noise: day values, and budgets that lie in one another."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.sim.impact.pit.noise_days import DAYS, LEVELS_DB, allowed_days, budget, day_level


def test_a_day_of_ten_hours_at_eighty_decibels():
    found = day_level(np.array([80.0]), np.array([10.0]))
    assert found == pytest.approx(79.21, abs=5e-3)
    assert allowed_days(float(found)) == 5


def test_levels_add_by_energy_and_impulses_count_more():
    assert day_level(np.array([70.0, 70.0]), np.array([12.0, 12.0])) == pytest.approx(70.0 + 10 * math.log10(2))
    assert day_level(np.array([70.0]), np.array([12.0]), np.array([True])) == pytest.approx(75.0)
    days = day_level(np.array([[70.0, 60.0], [60.0, 50.0]]), np.array([6.0, 12.0]))
    assert days.shape == (2,)
    assert days[0] - days[1] == pytest.approx(10.0)
    assert day_level(np.array([70.0]), np.array([0.0])) == -math.inf


@pytest.mark.parametrize(
    ("level", "days"), [(50, math.inf), (60, math.inf), (60.1, 50), (65, 50), (70.5, 15), (75, 15), (80, 5), (80.1, 0)]
)
def test_days_by_level(level, days):
    assert allowed_days(level) == days


def test_a_loud_day_takes_from_every_budget_below_it():
    found = budget(np.array([79.2] * 5 + [66.0] * 20 + [55.0] * 100))
    assert found.used.tolist() == [25, 25, 5, 5, 0]
    assert found.left.tolist() == [25, 5, 10, 0, 0]
    assert not found.exceeded
    assert budget(np.array([79.2] * 6)).exceeded
    assert budget(np.array([81.0])).exceeded
    assert not budget(np.zeros(0)).exceeded
    assert len(DAYS) == len(LEVELS_DB)
