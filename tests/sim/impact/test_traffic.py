"""Sound power of traffic: the directive's formulas by hand, and what must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sim.impact import traffic
from twin.sim.impact.acoustics import weights

REFERENCE = traffic.SURFACES["reference"]


def _a(power: np.ndarray) -> float:
    return 10.0 * math.log10(float((10.0 ** (0.1 * (power + weights("A")))).sum()))


def test_a_car_at_the_reference_is_the_sum_of_its_coefficients() -> None:
    car = traffic.vehicle_power(np.full(5, 70.0), REFERENCE)[0]
    assert car[4] == pytest.approx(10.0 * math.log10(10.0**10.01 + 10.0**8.47))
    assert car[0] == pytest.approx(10.0 * math.log10(10.0**8.31 + 10.0**9.79))
    motorcycle = traffic.vehicle_power(np.full(5, 70.0), REFERENCE)[4]
    assert motorcycle == pytest.approx(traffic.PROPULSION_A[4])


def test_by_hand_at_another_speed_warmth_slope_and_surface() -> None:
    """A heavy vehicle at 50 km/h up 4 % on bricks in herringbone at 10 degrees, 500 Hz."""
    made = traffic.vehicle_power(np.full(5, 50.0), traffic.SURFACES["bricks-herringbone"], 10.0, 4.0)[2, 3]
    lg = math.log10(50.0 / 70.0)
    rolling = 104.9 + 25.4 * lg + 8.4 + 2.5 * lg + 0.04 * 10.0
    propulsion = 102.9 + 5.0 * (50.0 - 70.0) / 70.0 + 4.0 / 0.8 * 0.5
    assert made == pytest.approx(10.0 * math.log10(10.0 ** (rolling / 10.0) + 10.0 ** (propulsion / 10.0)))


@pytest.mark.parametrize(
    ("slope", "added"), [(-15.0, 6.0), (-7.0, 1.0), (-6.0, 0.0), (0.0, 0.0), (2.0, 0.0), (5.0, 1.4), (20.0, 14.0 / 3.0)]
)
def test_slopes_of_cars(slope: float, added: float) -> None:
    assert traffic._gradient(np.full(5, 70.0), slope)[0] == pytest.approx(added)


def test_a_junction_ends_at_100_m() -> None:
    v = np.full(5, 40.0)
    far = traffic.vehicle_power(v, REFERENCE)
    assert traffic.vehicle_power(v, REFERENCE, junction=("crossing", 100.0)) == pytest.approx(far)
    at = traffic.vehicle_power(v, REFERENCE, junction=("crossing", 0.0))
    rolling = 100.1 + 32.5 * math.log10(40.0 / 70.0) - 4.5
    propulsion = 84.7 + 8.0 * (40.0 - 70.0) / 70.0 + 5.5
    assert at[0, 4] == pytest.approx(10.0 * math.log10(10.0 ** (rolling / 10.0) + 10.0 ** (propulsion / 10.0)))
    assert at[3:] == pytest.approx(far[3:])


def test_a_stream_is_vehicles_by_the_metre() -> None:
    counts, v = np.array([1000.0, 0, 0, 0, 0]), np.full(5, 70.0)
    made = 10.0 * np.log10(traffic.line_energy(counts, v, REFERENCE))
    assert made == pytest.approx(traffic.vehicle_power(v, REFERENCE)[0] + 10.0 * math.log10(1000.0 / 70_000.0))
    slow = traffic.line_energy(counts, np.full(5, 5.0), REFERENCE)
    assert slow == pytest.approx(traffic.line_energy(counts, np.full(5, 20.0), REFERENCE))
    up, down = (traffic.vehicle_power(v, REFERENCE, gradient_percent=s)[0] for s in (8.0, -8.0))
    both = traffic.line_energy(counts, v, REFERENCE, gradient_percent=8.0) * 70.0
    assert both == pytest.approx(0.5 * (10.0 ** (0.1 * up) + 10.0 ** (0.1 * down)))


def test_lden_of_a_steady_sound_is_6_4_db_more() -> None:
    steady = np.array([1e6])
    assert 10.0 * math.log10(float(traffic.day_evening_night(steady, steady, steady)[0]) / 1e6) == pytest.approx(6.4, abs=0.01)


@given(st.lists(st.floats(0.0, 5000.0), min_size=5, max_size=5), st.floats(20.0, 120.0), st.sampled_from(sorted(traffic.SURFACES)))
def test_counts_add_up(counts: list[float], speed: float, surface: str) -> None:
    """Energy is linear in counts, and twice as many are 3 dB more."""
    v, laid = np.full(5, speed), traffic.SURFACES[surface]
    every = traffic.line_energy(np.array(counts), v, laid)
    each = sum(traffic.line_energy(np.where(np.arange(5) == k, counts, 0.0), v, laid) for k in range(5))
    assert every == pytest.approx(each, rel=1e-9)
    assert traffic.line_energy(2.0 * np.array(counts), v, laid) == pytest.approx(2.0 * every)


def test_bricks_are_louder_and_thin_layers_are_not() -> None:
    by_name = {name: _a(traffic.vehicle_power(np.full(5, 50.0), one)[0]) for name, one in traffic.SURFACES.items()}
    order = ["bricks", "bricks-herringbone", "reference", "thin-layer-a", "thin-layer-b"]
    assert sorted(order, key=lambda name: -by_name[name]) == order
