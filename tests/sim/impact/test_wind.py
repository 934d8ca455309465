"""Hours of wind above a threshold beside sums by hand, random hours and counted ones; the fit; and laws that they obey."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import wind as slow
from twin.sim.impact import wind

TWELVE = np.arange(0.0, 360.0, 30.0)
CLIMATE = wind.Climate(
    np.array([5.5, 6.5, 8.0, 7.5, 5.5, 6.0, 9.0, 14.0, 14.0, 10.0, 7.0, 6.0]) / 100.0,
    np.array([6.0, 6.2, 6.8, 6.4, 5.6, 5.8, 7.0, 8.2, 8.4, 7.6, 6.6, 6.0]),
    np.array([2.0, 2.1, 2.2, 2.2, 2.0, 1.9, 2.0, 2.1, 2.1, 2.0, 1.9, 1.9]),
)
FACTORS = np.random.default_rng(4).uniform(0.0, 1.6, (40, 12))


def test_one_distribution_gives_the_known_share() -> None:
    climate = wind.Climate(np.array([1.0]), np.array([4.6]), np.array([1.9]))
    found = wind.exceedance(np.array([[1.0], [0.5], [0.0]]), np.ones((1, 1)), climate, 5.0)
    assert 100.0 * found[0] == pytest.approx(30.99, abs=0.005)
    assert found[1] == pytest.approx(math.exp(-((10.0 / 4.6) ** 1.9)), rel=1e-12)
    assert found[2] == 0.0


def test_the_kernel_is_the_sum_by_hand() -> None:
    of = wind.weights(np.arange(0.0, 360.0, 22.5), np.arange(0.0, 360.0, 90.0))
    rng = np.random.default_rng(1)
    climate = wind.Climate(rng.dirichlet(np.ones(16)), rng.uniform(3, 9, 16), rng.uniform(1.5, 2.5, 16))
    factors = rng.uniform(0.0, 1.5, (30, 4))
    assert wind.exceedance(factors, of, climate, 5.0) == pytest.approx(slow.exceedance(factors, of, climate, 5.0), rel=1e-12)


def test_what_is_not_known_is_nan_and_stays_with_its_point() -> None:
    factors = FACTORS.copy()
    factors[3, 5] = np.nan
    found = wind.exceedance(factors, np.eye(12), CLIMATE, 5.0)
    assert np.isnan(found[3])
    assert np.isfinite(np.delete(found, 3)).all()


def test_random_hours_come_to_the_same() -> None:
    direction, speed = slow.drawn(CLIMATE, TWELVE, 400_000, seed=11)
    exact = wind.exceedance(FACTORS, np.eye(12), CLIMATE, 5.0)
    found = wind.hours_above(FACTORS, TWELVE, direction, speed, 5.0)
    spread = np.sqrt(exact * (1.0 - exact) / len(speed))
    assert np.abs(found - exact).max() < 4.5 * spread.max()
    assert np.abs((found - exact) / np.maximum(spread, 1e-9)).mean() < 1.2


def test_hours_are_counted_as_one_by_one() -> None:
    rng = np.random.default_rng(2)
    direction, speed = rng.uniform(0.0, 360.0, 900), rng.weibull(1.9, 900) * 6.0
    direction[::50] = np.nan
    for first in (0.0, 15.0):
        directions = TWELVE + first
        found = wind.hours_above(FACTORS[:6], directions, direction, speed, 5.0)
        assert found == pytest.approx(slow.counted(FACTORS[:6], directions, direction, speed, 5.0), abs=1e-12)


@pytest.mark.parametrize("step", [0.0, 0.1, 1.0])
def test_the_fit_finds_the_distribution_that_hours_were_drawn_from(step: float) -> None:
    speed = 6.4 * np.random.default_rng(8).weibull(2.05, 200_000)
    if step:
        speed = (speed / step).round() * step
    assert wind.resolution(speed) == step
    k, a = wind.fit(speed, step)
    assert k == pytest.approx(2.05, rel=0.02)
    assert a == pytest.approx(6.4, rel=0.02)


def test_too_few_hours_fit_nothing() -> None:
    assert math.isnan(wind.fit(np.array([1.0, 2.0]), 1.0)[0])
    assert math.isnan(wind.fit(np.empty(0), 0.0)[0])
    assert math.isnan(wind.fit(np.full(100, 7.0), 1.0)[0])


def test_directions_that_are_missing_are_named() -> None:
    assert len(wind.gaps(TWELVE)) == 0
    assert wind.gaps(np.delete(TWELVE, [4, 11])).tolist() == [120.0, 330.0]
    assert np.isnan(wind.gaps(np.array([0.0, 30.0, 77.0, 200.0]))).all()
    assert len(wind.gaps(np.round(np.arange(16) * 22.5, 3))) == 0


def test_each_sector_has_the_nearest_direction_or_half_of_two() -> None:
    of = wind.weights(np.arange(0.0, 360.0, 10.0), TWELVE)
    assert of.sum(axis=1) == pytest.approx(np.ones(36))
    assert of[1].argmax() == 0
    assert of[2].argmax() == 1
    assert of[35].argmax() == 0
    halves = wind.weights(np.array([15.0]), TWELVE)[0]
    assert halves[:2].tolist() == [0.5, 0.5]


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 2.0), st.floats(0.1, 20.0), st.integers(0, 11))
def test_more_wind_and_lower_thresholds_never_give_fewer_hours(factor: float, threshold: float, turn: int) -> None:
    one = np.full((1, 12), factor)
    here = wind.exceedance(one, np.eye(12), CLIMATE, threshold)[0]
    assert 0.0 <= here <= CLIMATE.share.sum() + 1e-12
    assert wind.exceedance(one * 1.1, np.eye(12), CLIMATE, threshold)[0] >= here
    assert wind.exceedance(one, np.eye(12), CLIMATE, threshold * 1.1)[0] <= here
    # twice the wind over twice the threshold is the same, and so is the compass turned with what stands on it
    assert wind.exceedance(2.0 * one, np.eye(12), CLIMATE, 2.0 * threshold)[0] == pytest.approx(here, rel=1e-12, abs=1e-300)
    turned = wind.Climate(*(np.roll(part, turn) for part in CLIMATE))
    rolled = wind.exceedance(np.roll(FACTORS, turn, axis=1), np.eye(12), turned, threshold)
    assert rolled == pytest.approx(wind.exceedance(FACTORS, np.eye(12), CLIMATE, threshold), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(-5, 5))
def test_a_plane_stays_a_plane_between_points(a: float, b: float, c: float) -> None:
    points = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0], [5.0, 5.0]])
    triangles = np.array([[0, 1, 2], [1, 3, 2]], np.int32)
    at = np.random.default_rng(0).uniform(0.0, 5.0, (20, 2))
    of = np.where(at.sum(axis=1) <= 5.0, 0, 1).astype(np.int64)
    values = points @ [a, b] + c
    assert wind.between(points, triangles, values, at, of) == pytest.approx(at @ [a, b] + c, abs=1e-9)
    assert np.isnan(wind.between(points, triangles, values, at, np.full(20, -1))).all()
    assert wind.kept_triangles(points, triangles, 5.0).tolist() == [False, False]
    assert wind.kept_triangles(points, triangles, 7.5).all()
