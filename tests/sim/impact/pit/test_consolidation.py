"""Settlement of columns of soil: known answers, laws of stress and strain, and consolidation in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import ground as reference
from twin.sim.impact.pit.consolidation import (
    LEAST_KPA,
    Water,
    bjerrum_strain,
    column,
    consolidated,
    consolidated_in_two_parts,
    effective_stress,
    koppejan_strain,
    pore_pressure,
    settlement,
    sliced,
    time_factor,
)

NONE = np.array([0.0])
SOIL = column(
    np.array([2.0, 0.0, -4.0]), np.array([0.0, -4.0, -9.0]), dry=[17, 11, 15], saturated=[19, 11.5, 15], rr=[np.nan, 0.04, 0.02],
    cr=[np.nan, 0.2, 0.08], ca=[np.nan, 0.02, 0.005], m=[20_000, np.nan, np.nan], ocr=[np.nan, 1.5, 1.3],
)  # fmt: skip


def _water(*levels):
    return Water(np.array(levels, np.float64))


@pytest.mark.parametrize(
    ("thick", "ratio", "before", "after", "known"),
    [(3, 0.25, 40, 60, 132.068), (2, 0.2, 5.75, 25.75, 260.4), (1, 0.075, 8.25, 38.25, 49.96), (3, 0.2, 13.25, 43.25, 308.26),
     (0.5, 0.075, 4.125, 14.125, 20.0)],
)  # fmt: skip
def test_primary_settlement_of_published_layers(thick, ratio, before, after, known):
    found = 1000.0 * thick * bjerrum_strain(before, after, 0.0, 0.0, ratio)
    assert found == pytest.approx(known, abs=0.06)


def test_below_the_preconsolidation_stress_the_soil_is_stiffer():
    known = 0.02 * np.log10(50 / 40) + 0.25 * np.log10(60 / 50)
    assert bjerrum_strain(40.0, 60.0, 50.0, 0.02, 0.25) == pytest.approx(known)
    assert bjerrum_strain(40.0, 45.0, 50.0, 0.02, 0.25) == pytest.approx(0.02 * np.log10(45 / 40))
    assert bjerrum_strain(60.0, 40.0, 60.0, 0.02, 0.25) == pytest.approx(-0.02 * np.log10(60 / 40))


@pytest.mark.parametrize(("days", "known"), [(1, 48.656), (100, 72.984), (1e4, 97.312)])
def test_koppejan(days, known):
    assert 3000.0 * koppejan_strain(40.0, 60.0, 40.0, 100.0, 400.0, 25.0, 100.0, days) == pytest.approx(known, abs=6e-4)


@pytest.mark.parametrize("stress", [30.0, 49.0, 60.0])
def test_creep_is_the_solution_of_its_rate(stress):
    rr, cr, ca, days = 0.03, 0.2, 0.02, 3000.0
    before, held = 25.0, 50.0
    known = rr * np.log10(stress / before) + reference.crept(stress, held, rr, cr, ca, days)
    known -= reference.crept(before, held, rr, cr, ca, days)
    assert bjerrum_strain(before, stress, held, rr, cr, ca, days) == pytest.approx(known, rel=1e-4)


def test_long_after_a_step_creep_goes_on_by_its_ratio_in_each_tenfold_of_time():
    at = [float(bjerrum_strain(10.0, 60.0, 30.0, 0.03, 0.2, 0.01, days)) for days in (100.0, 1e4)]
    assert at[1] - at[0] == pytest.approx(0.02, rel=1e-3)
    assert at[0] == pytest.approx(0.03 * np.log10(3) + 0.2 * np.log10(2) + 0.01 * 2, rel=2e-3)


def test_where_nothing_changes_nothing_creeps():
    assert bjerrum_strain(40.0, 40.0, 40.0, 0.03, 0.2, 0.02, 1e4) == 0.0
    near = bjerrum_strain(40.0, 40.0 + 1e-6, 40.0, 0.03, 0.2, 0.02, 1e4)
    assert 0.0 < near < 1e-8


def test_stress_rises_between_the_levels_and_below_them():
    of = column(np.array([0.0]), np.array([-7.0]), m=[1000.0])
    slices = sliced(of, 0.5)
    rise = effective_stress(of, slices, _water(-3.0), weighed_at=np.array([-1.0])) - effective_stress(of, slices, _water(-1.0))
    known = 10.0 * np.clip(-1.0 - slices.middle, 0.0, 2.0)
    np.testing.assert_allclose(rise[0], known, atol=1e-12)
    half = column(np.array([0.0, -3.0]), np.array([-3.0, -7.0]), m=[np.inf, 1000.0])
    assert settlement(half, _water(-1.0), _water(-3.0), method="linear").total == pytest.approx([0.080])


def test_through_an_aquitard_the_pressure_goes_straight():
    water = Water(np.array([-1.0]), np.array([1.0]), -4.0, -8.0)
    found = pore_pressure(np.array([0.0, -3.0, -4.0, -6.0, -8.0, -10.0]), water)
    np.testing.assert_allclose(found[0], [0, 20, 30, 60, 90, 110])
    still = pore_pressure(np.array([-2.0, -6.0, -9.0]), Water(np.array([-1.0]), np.array([-1.0]), -4.0, -8.0))
    np.testing.assert_allclose(still, pore_pressure(np.array([-2.0, -6.0, -9.0]), _water(-1.0)))


def test_a_fall_of_the_head_alone_loads_the_aquitard_straight_and_all_below_it_fully():
    of = column(np.array([0.0, -4.0, -8.0]), np.array([-4.0, -8.0, -10.0]), m=[1e4, 1e3, 1e5])
    levels = np.array([-1.0])
    before, after = Water(levels, levels, -4.0, -8.0), Water(levels, levels - 2.0, -4.0, -8.0)
    found = settlement(of, before, after, method="linear").layers[0]
    np.testing.assert_allclose(found, [0.0, 4 * 10 / 1e3, 2 * 20 / 1e5], rtol=1e-12)


def test_slices_are_even_and_thin():
    slices = sliced(SOIL, 0.5)
    assert slices.thickness.max() <= 0.5
    assert np.bincount(slices.layer, slices.thickness) == pytest.approx([2, 4, 5])
    assert (np.diff(slices.middle) < 0).all()
    coarse, fine = (settlement(SOIL, _water(1.0), _water(-1.0), most_m=step).total[0] for step in (0.5, 0.05))
    assert coarse == pytest.approx(fine, rel=5e-3)


@settings(max_examples=60, deadline=None)
@given(fall=st.floats(0, 6), more=st.floats(0.01, 3), level=st.floats(-2, 2), method=st.sampled_from(["bjerrum", "linear"]))
def test_laws_of_a_fall(fall, more, level, method):
    """Nothing for no fall, more for a further one, none of less than a lowest level of the past makes it more."""
    of = SOIL if method == "bjerrum" else SOIL._replace(m=np.full(3, 2000.0))
    falls = np.array([0.0, fall, fall + more])
    before, after = Water(np.full(3, level)), Water(level - falls)
    found = settlement(of, before, after, method=method)
    assert found.total[0] == 0.0
    assert 0.0 <= found.total[1] <= found.total[2]
    np.testing.assert_allclose(found.layers.sum(axis=1), found.total)
    past = settlement(of, before, after, method=method, lowest=np.full(3, level - 1.0)).total
    assert (past <= found.total + 1e-12).all()
    lighter = settlement(of, before, after, method=method, drained_is_lighter=True).total
    assert (lighter <= found.total + 1e-12).all()


def test_the_past_makes_the_first_part_of_a_fall_small():
    before, after = _water(1.0), _water(0.0)
    soil = SOIL._replace(ocr=np.ones(3))
    fresh = settlement(soil, before, after).total[0]
    known = settlement(soil, before, after, lowest=np.array([-0.5])).total[0]
    assert known < 0.6 * fresh


def test_water_that_rises_swells_by_reloading():
    found = settlement(SOIL, _water(0.0), _water(1.0), days=1e4).total[0]
    assert -0.05 < found < 0.0


def test_stress_is_never_nothing():
    of = column(np.array([0.0]), np.array([-3.0]), dry=[10.0], saturated=[10.0], cr=[0.2], rr=[0.02])
    assert effective_stress(of, sliced(of), _water(0.0)).min() == LEAST_KPA
    assert np.isfinite(settlement(of, _water(0.0), _water(-1.0)).total).all()


def test_koppejan_falls_back_to_four_times_its_values_and_to_linear():
    of = column(np.array([0.0, -2.0]), np.array([-2.0, -4.0]), cp1=[25.0, np.nan], cs1=[100.0, np.nan], m=[np.nan, 1000.0])
    assert of.cp[0] == 100.0
    found = settlement(of, _water(-1.0), _water(-3.0), method="koppejan", days=100.0)
    assert np.isfinite(found.layers).all()
    assert found.layers[0, 1] > 0.0


@pytest.mark.parametrize(
    ("factor", "known"), [(0.05, 0.252313), (0.197, 0.500338), (0.2827, 0.596320), (0.848, 0.899979), (1.0, 0.931260)]
)
def test_degree_of_consolidation(factor, known):
    assert consolidated(np.array([factor]))[0] == pytest.approx(known, abs=6e-7)


def test_a_known_layer_after_some_hours():
    """100 m2/year, 10,000 s, 0.5 m."""
    assert consolidated(time_factor(100 / (365 * 86400), 1e4, 0.5)) == pytest.approx(0.402, abs=5e-4)


def test_consolidation_grows_from_nothing_to_all_and_the_two_formulas_are_near():
    factor = np.linspace(0.0, 4.0, 4001)
    exact = consolidated(factor)
    assert exact[0] == 0.0
    assert (np.diff(exact) > 0.0).all()
    assert exact[-1] == pytest.approx(1.0, abs=1e-4)
    assert np.abs(exact - consolidated_in_two_parts(factor)).max() < 1e-3
    assert np.abs(exact - consolidated(factor, 500)).max() < 1e-7


def test_a_layer_with_a_coefficient_takes_its_time():
    slow = SOIL._replace(cv=np.array([np.nan, 1e-8, 1e-8]), ca=np.full(3, np.nan))
    ends = settlement(slow, _water(1.0), _water(-1.0)).layers[0]
    soon = settlement(slow, _water(1.0), _water(-1.0), days=60.0)
    part = consolidated(time_factor(1e-8, 60 * 86400.0, np.array([2.0, 2.5])))
    np.testing.assert_allclose(soon.layers[0], ends * np.r_[1.0, part], rtol=1e-9)
    one = settlement(slow, _water(1.0), _water(-1.0), days=60.0, drains="one")
    assert one.total[0] < soon.total[0]
