"""Drawdown by wells: published values, other programs, images, laws, the fast field beside the sum of wells."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from tests.reference import pit as reference
from twin.errors import GeometryError, ParameterError
from twin.sim.impact.pit import inflow, well_field
from twin.sim.impact.pit import wells as w

ONE = w.wells(x_m=0.0, y_m=0.0, discharge_m3_d=1000.0)
GROUND = {"transmissivity_m2_d": 500.0}


def test_theis_and_its_logarithm():
    given_ = {"distance_m": 100.0, "time_d": 1.0, "discharge_m3_d": 1000.0, "transmissivity_m2_d": 500.0, "storativity": 1e-4}
    assert float(w.well_function(5e-4)) == pytest.approx(7.024187, abs=5e-7)
    assert float(w.theis(**given_)) == pytest.approx(1.11793, abs=5e-6)
    assert float(w.cooper_jacob(**given_)) == pytest.approx(1.11815, abs=5e-6)
    assert float(w.theis(**{**given_, "time_d": 0.0})) == 0.0
    u = 0.01
    far = {**given_, "distance_m": math.sqrt(4 * 500 * u / 1e-4)}
    assert float(w.cooper_jacob(**far) / w.theis(**far)) == pytest.approx(1.0, abs=2.6e-3)


def test_thiem_and_de_glee():
    flow = {"distance_m": 100.0, "discharge_m3_d": 1000.0, "transmissivity_m2_d": 500.0}
    assert float(w.thiem(**flow, radius_of_influence_m=500.0)) == pytest.approx(0.5123, abs=5e-6)
    assert float(w.de_glee(**flow, resistance_d=200.0)) == pytest.approx(0.42155, abs=5e-6)
    assert w.thiem(**{**flow, "distance_m": 600.0}, radius_of_influence_m=500.0) == 0.0


def test_dupuit_of_four_wells():
    four = w.wells(x_m=[10, 10, -10, -10], y_m=[10, -10, 10, -10], discharge_m3_d=100.0)
    linear = w.drawdown_at(0.0, 0.0, four, transmissivity_m2_d=10 * 10, radius_of_influence_m=200.0)
    assert 10.0 - float(w.unconfined(linear, thickness_m=10.0)) == pytest.approx(8.140630, abs=5e-7)
    assert w.unconfined(20.0, thickness_m=10.0) == 10.0


@pytest.mark.parametrize(
    ("distance", "known"), [(10.0, 1.1366692249), (50.0, 0.6299057833), (100.0, 0.4215500023), (300.0, 0.1442934801)]
)
def test_de_glee_beside_timml(distance, known):
    """timml 6.9.0: ModelMaq(kaq=50, 10 m, c=200, semi), Well(Qw=1000, rw=0.1)."""
    found = w.de_glee(distance_m=distance, discharge_m3_d=1000.0, transmissivity_m2_d=500.0, resistance_d=200.0)
    assert float(found) == pytest.approx(known, rel=2e-7)


def test_three_wells_beside_timml():
    three = w.wells(x_m=[-30, 30, 0], y_m=[0, 0, 40], discharge_m3_d=[400.0, 600.0, 300.0])
    found = w.drawdown_at([0, 10, 100], [0, 10, -50], three, **GROUND, resistance_d=200.0)
    assert found == pytest.approx([0.9988217796, 1.0366231535, 0.5119817635], rel=2e-7)


def test_times_beside_ttim():
    """ttim 0.8.0: ModelMaq(kaq=50, 10 m, Saq=1e-5, tmin=1e-3, tmax=100), rw=0.01; its inversion is good to some 1e-7."""
    time = [0.01, 0.1, 1.0, 10.0]
    flow = {"discharge_m3_d": 1000.0, "transmissivity_m2_d": 500.0, "storativity": 1e-4, "time_d": time}
    assert w.theis(distance_m=10.0, **flow) == pytest.approx([1.1179340, 1.4843302, 1.8507909, 2.2172580], abs=2e-6)
    assert w.theis(distance_m=100.0, **flow) == pytest.approx([0.3927782, 0.7521815, 1.1179340, 1.4843302], abs=2e-6)
    leaky = {**flow, "resistance_d": 200.0}
    assert w.hantush(distance_m=10.0, **leaky) == pytest.approx([1.0476045, 1.1364865, 1.1366692, 1.1366692], abs=2e-6)
    assert w.hantush(distance_m=100.0, **leaky) == pytest.approx([0.3350151, 0.4213680, 0.4215500, 0.4215500], abs=2e-6)
    # half a day of pumping
    part = ONE._replace(stop_d=np.array([0.5]))
    found = [float(w.drawdown_at(10.0, 0.0, part, **GROUND, storativity=1e-4, time_d=t)) for t in (0.25, 0.6, 1.0, 5.0)]
    assert found == pytest.approx([1.6301576, 0.2851607, 0.1103170, 0.0167686], abs=2e-6)


@settings(max_examples=60, deadline=None)
@given(st.floats(-10, 2.5), st.floats(-5, 1.5))
def test_the_leaky_well_function_is_its_integral(log_u, log_rho):
    u, rho = 10.0**log_u, 10.0**log_rho
    assert float(w.leaky_well_function(u, rho)) == pytest.approx(reference.leaky_well_function(u, rho), rel=1e-8, abs=1e-12)


def test_the_leaky_well_function_has_both_limits():
    assert w.leaky_well_function([1e-3, 0.1], 0.0) == pytest.approx(special.exp1([1e-3, 0.1]))
    assert w.leaky_well_function(1e-3, 1e-7) == pytest.approx(special.exp1(1e-3), rel=1e-9)
    assert w.leaky_well_function(1e-12, 0.3) == pytest.approx(2 * special.k0(0.3), rel=1e-10)
    assert w.leaky_well_function(0.0, 0.3) == pytest.approx(2 * special.k0(0.3), rel=1e-14)


CANAL = w.Line(0.0, -1.0, 0.0, 1.0)


def test_a_canal_feeds_the_well():
    well = w.with_images(w.wells(x_m=50.0, y_m=0.0, discharge_m3_d=1000.0), (CANAL,))
    found = w.drawdown_at([0, 10, 25, 75, 100, 200], 0.0, well, **GROUND)
    assert found == pytest.approx([0, 0.12906, 0.34970, 0.51230, 0.34970, 0.16260], abs=5e-6)
    # what comes out of the canal is what is pumped
    y = np.sinh(np.linspace(-11, 11, 20_001))
    inflow_ = 500.0 * w.drawdown_at(1e-3, y, well, **GROUND) / 1e-3
    assert np.trapezoid(inflow_, y) == pytest.approx(1000.0, rel=2e-3)


def test_nothing_flows_through_a_wall():
    wall = w.Line(0.0, -1.0, 0.0, 1.0, canal=False)
    well = w.with_images(w.wells(x_m=50.0, y_m=10.0, discharge_m3_d=1000.0), (wall,))
    for given_ in ({"resistance_d": 300.0}, {"storativity": 1e-3, "time_d": 3.0}):
        left, right = (w.drawdown_at(x, 30.0, well, **GROUND, **given_) for x in (-0.5, 0.5))
        assert float(left) == pytest.approx(float(right), rel=1e-12)


def test_between_two_canals_it_is_the_closed_form():
    """By conformal mapping: s = Q / (4 pi T) ln((cosh Y - cos(X + X0)) / (cosh Y - cos(X - X0))), X = pi x / L, Y = pi y / L."""
    width, x0 = 120.0, 40.0
    lines = (CANAL, w.Line(width, 5.0, width, -3.0))
    well = w.with_images(w.wells(x_m=x0, y_m=0.0, discharge_m3_d=1000.0), lines)
    x, y = np.array([10.0, 60.0, 100.0, 30.0]), np.array([0.0, 20.0, -60.0, 100.0])
    big_x, big_y, big_0 = np.pi * x / width, np.pi * y / width, np.pi * x0 / width
    known = 1000 / (4 * np.pi * 500) * np.log((np.cosh(big_y) - np.cos(big_x + big_0)) / (np.cosh(big_y) - np.cos(big_x - big_0)))
    assert w.drawdown_at(x, y, well, **GROUND) == pytest.approx(known, abs=2e-5)
    assert w.drawdown_at([0.0, width], 13.0, well, **GROUND) == pytest.approx([0, 0], abs=2e-5)


def test_between_a_canal_and_a_wall():
    lines = (CANAL, w.Line(100.0, 0.0, 100.0, 1.0, canal=False))
    well = w.with_images(w.wells(x_m=30.0, y_m=0.0, discharge_m3_d=1000.0), lines)
    assert float(w.drawdown_at(0.0, 15.0, well, **GROUND)) == pytest.approx(0.0, abs=2e-5)
    near = w.drawdown_at([99.9, 100.1], 15.0, well, **GROUND)
    assert near[0] == pytest.approx(near[1], abs=1e-5)


def test_in_a_corner_there_are_three_images():
    well = w.with_images(w.wells(x_m=30.0, y_m=20.0, discharge_m3_d=1000.0), (CANAL, w.Line(0, 0, 1, 0, canal=False)))
    assert len(well.x_m) == 4
    assert float(w.drawdown_at(0.0, 50.0, well, **GROUND)) == pytest.approx(0.0, abs=1e-12)
    below, above = w.drawdown_at(20.0, [-0.1, 0.1], well, **GROUND)
    assert below == pytest.approx(above)


def test_boundaries_that_have_no_images_are_refused():
    with pytest.raises(GeometryError, match="both sides"):
        w.with_images(w.wells(x_m=[1, -1], y_m=0, discharge_m3_d=1), (CANAL,))
    with pytest.raises(GeometryError, match="parallel or at a right angle"):
        w.with_images(w.wells(x_m=1, y_m=5, discharge_m3_d=1), (CANAL, w.Line(0, 0, 1, 1)))
    with pytest.raises(GeometryError, match="do not lie between"):
        w.with_images(w.wells(x_m=-5, y_m=0, discharge_m3_d=1), (CANAL, w.Line(100, 0, 100, 1)))
    with pytest.raises(GeometryError, match="two places"):
        w.with_images(ONE, (w.Line(1, 1, 1, 1),))


def test_wells_and_ground_that_cannot_be_are_refused():
    for given_, says in (
        ({"x_m": math.nan}, "`x_m` must be a finite"),
        ({"radius_m": 0.0}, "`radius_m` must be above 0"),
        ({"start_d": 3.0, "stop_d": 2.0}, "well 1 stops at day 2"),
        ({"x_m": [1, 2], "y_m": [1, 2, 3]}, "one each, or one for all"),
    ):
        with pytest.raises(ParameterError, match=says):
            w.wells(**{"x_m": 0.0, "y_m": 0.0, "discharge_m3_d": 1.0, **given_})
    for given_, says in (
        ({}, "has no end"),
        ({"time_d": 1.0}, "`storativity` must be"),
        ({"time_d": 1.0, "storativity": 0.5}, "`storativity` must be"),
        ({"time_d": 1.0, "storativity": 0.1, "radius_of_influence_m": 5.0}, "leave it or `time_d` out"),
        ({"resistance_d": 1.0, "radius_of_influence_m": 5.0}, "ends by itself"),
        ({"resistance_d": -1.0}, "`resistance_d` must be above 0"),
    ):
        with pytest.raises(ParameterError, match=says):
            w.drawdown_at(1.0, 1.0, ONE, **GROUND, **given_)
    with pytest.raises(ParameterError, match="`transmissivity_m2_d`"):
        w.drawdown_at(1.0, 1.0, ONE, transmissivity_m2_d=0.0, resistance_d=1.0)


STATES = [
    {"radius_of_influence_m": 300.0},
    {"resistance_d": 200.0},
    {"storativity": 1e-3, "time_d": 2.5},
    {"storativity": 0.2, "time_d": 2.5, "resistance_d": 200.0},
]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(STATES), st.integers(1, 40), st.booleans(), st.integers(0, 2**32 - 1))
def test_the_field_is_the_sum_of_its_wells(state, count, alike, seed):
    rng = np.random.default_rng(seed)
    stops = np.where(rng.random(count) < 0.5, np.inf, rng.integers(1, 4, count))
    many = w.wells(
        x_m=rng.uniform(134_900, 135_200, count), y_m=rng.uniform(455_900, 456_150, count), stop_d=stops,
        discharge_m3_d=100.0 if alike else rng.uniform(-50, 200, count),
    )  # fmt: skip
    x, y = 135_000 + 2.0 * np.arange(50), 456_080 - 2.0 * np.arange(40)
    made = well_field.field(x, y, many, **GROUND, **state)
    known = w.drawdown_at(x[None, :], y[:, None], many, **GROUND, **state)
    assert np.abs(made.drawdown_m - known).max() <= made.error_m + 3e-7 * np.abs(known).max() + 1e-9
    assert made.error_m < 1e-5


def test_wells_that_balance_need_no_radius_in_a_field_either():
    rng = np.random.default_rng(1)
    for q in (100.0, rng.uniform(20, 90, 30)):
        many = w.with_images(w.wells(x_m=rng.uniform(5, 90, 30), y_m=rng.uniform(0, 90, 30), discharge_m3_d=q), (CANAL,))
        x = y = np.linspace(1, 99, 50)
        made = well_field.field(x, y, many, **GROUND)
        assert made.drawdown_m == pytest.approx(w.drawdown_at(x[None, :], y[:, None], many, **GROUND), abs=1e-5)


def test_a_field_is_the_same_to_the_bit_on_any_number_of_threads():
    rng = np.random.default_rng(2)
    many = w.wells(x_m=rng.uniform(0, 300, 20), y_m=rng.uniform(0, 300, 20), discharge_m3_d=rng.uniform(1, 9, 20))
    x, y = np.arange(301.0), np.arange(203.0)
    before = numba.get_num_threads()
    try:
        for state in STATES:
            made = []
            for threads in range(1, numba.config.NUMBA_NUM_THREADS + 1):
                numba.set_num_threads(threads)
                made.append(well_field.field(x, y, many, **GROUND, **state).drawdown_m.tobytes())
            assert len(set(made)) == 1
    finally:
        numba.set_num_threads(before)


def test_a_field_of_nothing():
    none = w.wells(x_m=[], y_m=[], discharge_m3_d=[])
    assert not well_field.field(np.arange(3.0), np.arange(2.0), none, **GROUND, resistance_d=1.0).drawdown_m.any()


@given(st.integers(0, 2**32 - 1), st.sampled_from(STATES))
@settings(max_examples=25, deadline=None)
def test_places_of_well_and_gauge_can_be_swapped_and_more_pumping_lowers_more(seed, state):
    a, b = np.random.default_rng(seed).uniform(-100, 100, (2, 2))
    there = w.drawdown_at(*b, w.wells(x_m=a[0], y_m=a[1], discharge_m3_d=70.0), **GROUND, **state)
    back = w.drawdown_at(*a, w.wells(x_m=b[0], y_m=b[1], discharge_m3_d=70.0), **GROUND, **state)
    assert float(there) == pytest.approx(float(back), rel=1e-12)
    double = w.drawdown_at(*b, w.wells(x_m=a[0], y_m=a[1], discharge_m3_d=140.0), **GROUND, **state)
    assert float(double) == pytest.approx(2 * float(there))


def test_sichardt():
    assert float(inflow.sichardt_radius_m(drawdown_m=4.0, k_m_s=1e-4)) == pytest.approx(120.0)
    assert float(inflow.sichardt_radius_m(drawdown_m=4.0, k_m_s=1e-4, trench=True)) == pytest.approx(80.0)
    with pytest.raises(ParameterError, match=r"if this is m/d, divide it by 86,400: 0.000116 m/s"):
        inflow.sichardt_radius_m(drawdown_m=4.0, k_m_s=10.0)
    # a French text: k 5e-4 m/s, H 10 m, h 7 m, r 0.15 m: R 201 m, 0.0111 m3/s
    radius = float(inflow.sichardt_radius_m(drawdown_m=3.0, k_m_s=5e-4))
    assert radius == pytest.approx(201, abs=0.5)
    found = inflow.inflow_m3_d(drawdown_m=3, pit_radius_m=0.15, k_m_d=5e-4 * 86400, thickness_m=10, radius_of_influence_m=radius)
    assert found / 86400 == pytest.approx(0.0111, abs=5e-5)


def test_other_radii():
    confined = float(inflow.confined_radius_m(transmissivity_m2_d=5e-4 * 86400, time_d=41.15, storativity=0.1))
    assert confined == pytest.approx(200, abs=0.1)
    later = inflow.phreatic_radius_m(k_m_d=10.0, thickness_m=10.0, time_d=[1.0, 4.0], porosity=0.19)
    assert later == pytest.approx([math.sqrt(1000), 2 * math.sqrt(1000)])
    assert inflow.equivalent_radius_m(area_m2=math.pi * 25, perimeter_m=10 * math.pi) == pytest.approx(5.0)
    by_area, by_edge = (inflow.equivalent_radius_m(area_m2=1.0, perimeter_m=4.0, by=by) for by in ("area", "perimeter"))
    assert by_area < 0.590 < by_edge
    with pytest.raises(ParameterError, match="cannot have"):
        inflow.equivalent_radius_m(area_m2=100.0, perimeter_m=10.0)


def test_what_flows_to_a_pit_lowers_it_by_what_was_asked():
    radius = 30.0
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = {"x_m": radius * np.cos(angle), "y_m": radius * np.sin(angle)}
    asked = {"drawdown_m": 2.0, "pit_radius_m": radius}
    for state in ({"radius_of_influence_m": 400.0}, {"resistance_d": 300.0}):
        total = inflow.inflow_m3_d(**asked, **GROUND, **state)
        many = w.wells(**ring, discharge_m3_d=total / 200)
        assert float(w.drawdown_at(0.0, 0.0, many, **GROUND, **state)) == pytest.approx(2.0)
        now = w.drawdown_at([0.0, 10.0], 0.0, many._replace(discharge_m3_d=many.discharge_m3_d / 3), **GROUND, **state)
        assert inflow.factor_for(now[:1], target_m=2.0) == pytest.approx(3.0)
    table = inflow.inflow_m3_d(**asked, k_m_d=10.0, thickness_m=12.0, radius_of_influence_m=400.0)
    many = w.wells(**ring, discharge_m3_d=table / 200)
    linear = w.drawdown_at(0.0, 0.0, many, transmissivity_m2_d=120.0, radius_of_influence_m=400.0)
    assert float(w.unconfined(linear, thickness_m=12.0)) == pytest.approx(2.0)
    assert float(linear) == pytest.approx(2.0 - 2.0**2 / 24.0)
    trench = inflow.trench_inflow_m2_d(drawdown_m=2.0, thickness_m=12.0, k_m_d=10.0, reach_m=100.0)
    assert trench == pytest.approx(10 * (144 - 100) / 200)


def test_inflow_that_cannot_be_is_refused():
    for given_, says in (
        ({}, "give a transmissivity"),
        ({"radius_of_influence_m": 5.0, "transmissivity_m2_d": 1.0}, "is within the pit"),
        ({"radius_of_influence_m": 50.0}, "a water table needs"),
        ({"radius_of_influence_m": 50.0, "k_m_d": 1.0, "thickness_m": 1.0}, "cannot be lowered by 2 m"),
    ):
        with pytest.raises(ParameterError, match=says):
            inflow.inflow_m3_d(drawdown_m=2.0, pit_radius_m=10.0, **given_)
    with pytest.raises(ParameterError, match="do not lower"):
        inflow.factor_for([1.0, 0.0], target_m=1.0)


def test_wells_that_are_needed():
    capacity = inflow.well_capacity_m3_d(radius_m=0.15, wet_length_m=5.0, k_m_s=2.25e-4)
    assert capacity == pytest.approx(2 * math.pi * 0.15 * 5 * 0.015 / 15 * 86400)
    assert inflow.wells_needed(discharge_m3_d=4.1 * capacity, capacity_m3_d=capacity) == 5
    assert inflow.wells_needed(discharge_m3_d=4 * capacity, capacity_m3_d=capacity) == 4
    with pytest.raises(ParameterError, match="m/d"):
        inflow.well_capacity_m3_d(radius_m=0.15, wet_length_m=5.0, k_m_s=10.0)


def test_a_sealed_pit():
    found = inflow.sealed_inflow(
        area_m2=1000.0, head_below_m=0.5, water_in_pit_m=-4.5, base_resistance_d=500.0, joints=100, water_outside_m=0.0,
        wet_bottom_m=-6.5, joint_m_s=1e-8, rain_m_d=0.01,
    )  # fmt: skip
    assert found.base_m3_d == pytest.approx(10.0)
    # a triangle of 4.5 m, and 2 m with the whole drop
    assert found.walls_m3_d == pytest.approx(100 * 1e-8 * 86400 * (4.5**2 / 2 + 2 * 4.5))
    assert found.rain_m3_d == 10.0
    assert found.total_m3_d == pytest.approx(found.base_m3_d + found.walls_m3_d + 10)
    tight = inflow.sealed_inflow(area_m2=10, head_below_m=1, water_in_pit_m=0, base_resistance_d=math.inf)
    assert tight.total_m3_d == 0.0
    with pytest.raises(ParameterError, match="joints need"):
        inflow.sealed_inflow(area_m2=10, head_below_m=1, water_in_pit_m=0, base_resistance_d=9, joints=4)
