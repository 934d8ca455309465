"""Uplift, underwater concrete and seepage at the toe of a wall: the published examples, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import ParameterError
from twin.sim.impact.pit import uplift as upl

CLAY = {"floor_m": 0.0, "top_m": [0.0, -4.0], "bottom_m": [-4.0, -10.0], "unit_weight_kn_m3": [17.0, 20.0], "tight": [True, False]}


def test_four_metres_of_clay_over_seven_and_a_half_of_water():
    found = upl.uplift(**CLAY, head_m=[np.nan, 3.5])
    assert found.lowest_factor == pytest.approx(68 / 75)
    assert found.highest_head_m[0] + 4.0 == pytest.approx(6.1818, abs=5e-5)
    assert found.highest_head_en_m[0] + 4.0 == pytest.approx(6.12)
    assert 1 / found.en_use[0] == pytest.approx(0.816)
    assert found.lower_by_m == pytest.approx(7.5 - 6.1818, abs=5e-5)
    assert found.worst == 0
    assert not found.ends_tight


def test_the_lowest_factor_of_all_tight_layers_governs():
    layers = {
        "top_m": [2.0, 0.0, -3.0, -3.5, -6.0], "bottom_m": [0.0, -3.0, -3.5, -6.0, -20.0],
        "unit_weight_kn_m3": [18.0, 15.0, 19.0, 16.0, 20.0], "tight": [False, True, False, True, False],
    }  # fmt: skip
    found = upl.uplift(floor_m=-1.0, **layers, head_m=[1.5, np.nan, 0.0, np.nan, 1.0])
    assert found.level_m == pytest.approx([-3.0, -6.0])
    assert found.weight_kpa == pytest.approx([30.0, 30.0 + 9.5 + 40.0])
    assert found.pressure_kpa == pytest.approx([30.0, 70.0])
    assert found.worst == 0
    # a floor below a tight layer leaves it out of the sum and of the checks
    deeper = upl.uplift(floor_m=-4.0, **layers, head_m=[1.5, np.nan, 0.0, np.nan, 1.0])
    assert deeper.level_m == pytest.approx([-6.0])
    assert deeper.weight_kpa == pytest.approx([32.0])


def test_water_in_a_flooded_pit_holds_the_floor_down():
    dry, wet = (upl.uplift(**CLAY, head_m=[np.nan, 3.5], water_in_pit_m=level) for level in (None, 3.5))
    assert wet.weight_kpa - dry.weight_kpa == pytest.approx(35.0)
    assert wet.lowest_factor == pytest.approx(103 / 75)
    assert upl.uplift(**CLAY, head_m=[np.nan, 3.5], water_in_pit_m=-2.0).lowest_factor == dry.lowest_factor


def test_a_head_below_the_base_does_not_press():
    found = upl.uplift(**CLAY, head_m=[np.nan, -5.0])
    assert found.lowest_factor == np.inf
    assert found.lower_by_m == 0.0


def test_without_a_tight_layer_below_the_floor_there_is_no_uplift():
    found = upl.uplift(**{**CLAY, "floor_m": -5.0}, head_m=[np.nan, 3.5])
    assert (len(found.factor), found.worst, found.lowest_factor) == (0, -1, np.inf)


def test_a_column_that_ends_in_a_tight_layer_says_so():
    found = upl.uplift(floor_m=0, top_m=[1], bottom_m=[-3], unit_weight_kn_m3=[17], tight=[True], head_m=[np.nan])
    assert found.ends_tight
    assert found.worst == -1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"top_m": [0.0, -3.0]}, "layers 1 and 2 overlap"),
        ({"top_m": [0.0, -4.5]}, "leave a gap: one ends at -4 m"),
        ({"bottom_m": [1.0, -10.0]}, "layer 1 is upside down"),
        ({"unit_weight_kn_m3": [17.0, 0.0]}, "`unit_weight_kn_m3` must be above 0"),
        ({"tight": [True]}, "as many tops"),
        ({"floor_m": 2.0}, "not within the layers"),
        ({"floor_m": -11.0}, "not within the layers"),
        ({"top_m": [np.nan, -4.0]}, "`top_m` must be a finite number"),
        ({"head_m": [np.nan, np.nan]}, "layer 2, below -4 m, lets water through and has no head"),
    ],
)
def test_bad_layers_are_refused(change, says):
    with pytest.raises(ParameterError, match=says):
        upl.uplift(**{**CLAY, "head_m": [np.nan, 3.5], **change})


@given(st.floats(0.5, 10), st.floats(12, 22), st.floats(0.1, 20), st.floats(1.0, 1.5))
def test_at_the_highest_head_the_factor_is_what_is_asked(thick, weight, over, asked):
    layers = {"floor_m": 0.0, "top_m": [0.0, -thick], "bottom_m": [-thick, -30], "unit_weight_kn_m3": [weight, 20], "tight": [1, 0]}
    first = upl.uplift(**layers, head_m=[np.nan, over - thick], overall_factor=asked)
    again = upl.uplift(**layers, head_m=[np.nan, first.highest_head_m[0]], overall_factor=asked)
    assert again.lowest_factor == pytest.approx(asked)
    design = upl.uplift(**layers, head_m=[np.nan, first.highest_head_en_m[0]])
    assert design.en_use[0] == pytest.approx(1.0)
    lowered = upl.uplift(**layers, head_m=[np.nan, over - thick - first.lower_by_m], overall_factor=asked)
    assert lowered.lowest_factor >= asked - 1e-9


def test_concrete_with_the_thickness_asked_just_holds():
    thick = upl.concrete_thickness_m(top_m=-5.0, head_m=0.5)
    assert thick == pytest.approx(11 * 5.5 / 12)
    assert upl.underwater_concrete(top_m=-5.0, thickness_m=thick, head_m=0.5).factor == pytest.approx(1.1)
    assert upl.concrete_thickness_m(top_m=-5.0, head_m=-6.0) == 0.0
    with pytest.raises(ParameterError, match="never holds"):
        upl.concrete_thickness_m(top_m=0, head_m=1, unit_weight_kn_m3=11.0)


def test_piles_help_concrete_no_more_than_the_soil_that_they_lift():
    given_ = {"top_m": -5.0, "thickness_m": 1.0, "head_m": 0.5, "pile_resistance_kn": 400.0, "area_per_pile_m2": 8.0}
    found = upl.underwater_concrete(**given_)
    assert (found.weight_kpa, found.pressure_kpa, found.resistance_kpa) == pytest.approx((23.0, 65.0, 50.0))
    assert found.factor == pytest.approx(73 / 65)
    assert found.en_use == pytest.approx(65 / (0.9 * 23 + 50 / 1.4))
    assert not found.soil_governs
    short = upl.underwater_concrete(**given_, pile_length_m=4.0, submerged_weight_kn_m3=9.0)
    assert short.soil_governs
    assert short.resistance_kpa == pytest.approx(36.0)
    assert short.en_use == pytest.approx(65 / (0.9 * 23 + 0.9 * 36))
    with pytest.raises(ParameterError, match="area_per_pile_m2"):
        upl.underwater_concrete(top_m=0, thickness_m=1, head_m=1, pile_resistance_kn=1)


def test_bond_and_harris():
    """Decoding Eurocode 7, the example of piping: seepage 9.2 kN against 31 kN; in total stress 40.6 against 62.4 kPa."""
    found = upl.hydraulic_balance(seepage_kn_m=9.2, weight_kn_m=31.0)
    assert found.en_use == pytest.approx(0.445, abs=5e-4)
    assert upl.hydraulic_total_stress(pore_pressure_kpa=40.6, total_stress_kpa=62.4) == pytest.approx(0.976, abs=5e-4)


def test_a_prism_of_one_soil_is_the_critical_gradient_over_the_gradient():
    found = upl.hydraulic_failure(head_difference_m=3.0, thickness_m=4.0, submerged_weight_kn_m3=10.0)
    assert found.factor == pytest.approx((10 / 10) / (3 / (3 + 2 * 4)))
    assert found.en_use == pytest.approx(1.5 / found.factor)
    assert found.weight_kn_m == pytest.approx(10 * 4 * 2)
    assert upl.hydraulic_failure(head_difference_m=0, thickness_m=4, submerged_weight_kn_m3=10).factor == np.inf


def test_a_light_layer_under_the_floor_governs():
    found = upl.hydraulic_failure(head_difference_m=3.0, thickness_m=[1.0, 3.0], submerged_weight_kn_m3=[3.0, 10.0])
    assert found.depth_m == 1.0
    assert found.factor == pytest.approx(0.3 / (3 / 11))


@given(st.floats(0.1, 8), st.floats(0.5, 10), st.floats(5, 12))
def test_more_head_is_never_safer_and_more_embedment_never_worse(head, deep, weight):
    one = upl.hydraulic_failure(head_difference_m=head, thickness_m=deep, submerged_weight_kn_m3=weight).factor
    assert upl.hydraulic_failure(head_difference_m=head + 1, thickness_m=deep, submerged_weight_kn_m3=weight).factor < one
    assert upl.hydraulic_failure(head_difference_m=head, thickness_m=deep + 1, submerged_weight_kn_m3=weight).factor > one


@given(floor=st.floats(-9.0, 2.0), water=st.floats(-12.0, 3.0), moist=st.floats(10.0, 21.0), wet=st.floats(10.0, 21.0))
def test_soil_above_the_water_is_never_taken_for_heavier_than_it_is(floor, water, moist, wet):
    top, bottom = np.array([2.0, -1.0, -4.0]), np.array([-1.0, -4.0, -10.0])
    dry, full = np.array([moist, 17.0, 18.0]), np.array([wet, 17.0, 20.0])
    found = upl.weights_below(
        floor_m=floor, water_m=water, top_m=top, bottom_m=bottom, unit_weight_kn_m3=dry, saturated_kn_m3=full
    )  # fmt: skip
    left = np.clip(np.minimum(top, floor) - bottom, 0.0, None)
    above = np.clip(np.minimum(top, floor) - np.maximum(bottom, water), 0.0, None)
    known = above * np.minimum(dry, full) + (left - above) * full
    assert found * left == pytest.approx(known, abs=1e-9)
    assert (found <= full + 1e-12).all()


@given(piles=st.floats(0.0, 200.0), head=st.floats(-3.0, 12.0))
def test_tension_piles_hold_by_a_factor_of_their_own(piles, head):
    found = upl.uplift(**CLAY, head_m=[np.nan, head], load_kpa=23.0, resistance_kpa=piles)
    as_weight = upl.uplift(**CLAY, head_m=[np.nan, head], load_kpa=23.0 + piles)
    assert found.weight_kpa[0] == pytest.approx(68.0 + 23.0)
    assert found.factor == pytest.approx(as_weight.factor)
    assert found.en_use[0] == pytest.approx(found.pressure_kpa[0] / (0.9 * 91.0 + piles / 1.4))
    assert found.en_use[0] >= as_weight.en_use[0]
    # at the highest heads it just holds
    at = upl.uplift(**CLAY, head_m=[np.nan, found.highest_head_en_m[0]], load_kpa=23.0, resistance_kpa=piles)
    assert at.en_use[0] == pytest.approx(1.0)
    at = upl.uplift(**CLAY, head_m=[np.nan, found.highest_head_m[0]], load_kpa=23.0, resistance_kpa=piles)
    assert at.factor[0] == pytest.approx(1.1)
