"""Floors of pits against the water below: soil above the water table, tension piles, and walls that hardly reach clay."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from tests.impacts.test_pit import LAYERS, _impact, _pit
from twin.geo.pits import Pit, PitStage


def test_soil_above_the_water_table_weighs_no_more_than_it_does() -> None:
    layers = [{**LAYERS[0], "bottom_m": 1.0}, LAYERS[1], LAYERS[2]]
    # floor at 4, water at 3: 1 m of 18 and 2 m of 20, then 4 m of clay of 16, over 10 x (3 + 3)
    stage = _impact(_pit(4.0), layers=layers).features["stages"].iloc[0]
    assert stage["uplift_factor"] == pytest.approx((18.0 + 40.0 + 64.0) / 60.0)
    # water kept at 2, 1 m below a floor at 3: 1 m of 18 and 1 m of 20
    kept = replace(_pit(3.0), stages=(PitStage("kept", 3.0, water_m=2.0),))
    assert _impact(kept, layers=layers).features["stages"]["uplift_factor"].iloc[0] == pytest.approx((18.0 + 20.0 + 64.0) / 60.0)
    # 1 m of water on a floor at 2: all below is wet, and the water weighs too
    wet = replace(_pit(2.0), stages=(PitStage("wet", 2.0, water_m=3.0),))
    assert _impact(wet, layers=layers).features["stages"]["uplift_factor"].iloc[0] == pytest.approx((10.0 + 20.0 + 64.0) / 60.0)


def test_tension_piles_hold_and_are_no_weight() -> None:
    stages = (PitStage("dug", -1.0, water_m=3.0), PitStage("poured", -1.0, concreted=True))
    pit = replace(_pit(-1.0), stages=stages, concrete_m=1.0, tension_kn_m2=28.0)
    stage = _impact(pit).features["stages"].iloc[1]
    # 23 of concrete and 1 m of clay of 16, with 28 of piles, against 10 x (3 + 3)
    assert stage["held_by"] == "concrete and soil"
    assert stage["uplift_factor"] == pytest.approx((23.0 + 16.0 + 28.0) / 60.0)
    assert stage["uplift_en"] == pytest.approx(60.0 / (0.9 * (23.0 + 16.0) + 28.0 / 1.4))
    # water above the concrete counts, and not where the concrete is
    flooded = replace(pit, stages=(stages[0], PitStage("poured", -1.0, water_m=0.0, concreted=True)))
    assert _impact(flooded).features["stages"]["uplift_factor"].iloc[1] == pytest.approx((10.0 + 23.0 + 16.0 + 28.0) / 60.0)


def test_a_toe_at_the_top_of_the_clay_does_not_close_a_pit() -> None:
    shut, at, above = (_impact(_pit(1.0, toe_m=toe)) for toe in (-0.5, -0.4, 0.5))
    flows = [one.features["stages"]["inflow_m3_d"].iloc[0] for one in (shut, at, above)]
    assert flows[1] == pytest.approx(flows[2])
    assert flows[0] < 0.5 * flows[1]
    told = [one.features["stages"]["toe_told"].iloc[0] for one in (shut, at, above)]
    assert told[0] == told[2] == ""
    assert told[1] == "the wall reaches 0.40 m into clay or peat: less than 0.5 m, so the pit counts as open below it"
    assert any("counts as open below it" in text for text in at.assumptions)
    assert math.isfinite(at.features["stages"]["seepage_factor"].iloc[0])


DEEP_CLAY = [{**LAYERS[0], "bottom_m": -10.0}, {**LAYERS[1], "bottom_m": -13.0}, {**LAYERS[2], "bottom_m": -30.0}]


def _poured(toe_m: float, **values: Any) -> Pit:
    """A pit in sand above clay from -10 to -13, dug in water and with a floor of concrete at 0.0."""
    stages = (PitStage("wet", 0.0, water_m=3.0), PitStage("poured", 0.0, concreted=True))
    return replace(_pit(0.0, toe_m=toe_m), **{"stages": stages, "concrete_m": 1.0, **values})


@pytest.mark.parametrize("toe_m", [-4.0, -9.6, -12.0])
def test_concrete_above_deeper_clay_holds_the_water_right_under_it_or_not(toe_m: float) -> None:
    stage = _impact(_poured(toe_m), layers=DEEP_CLAY).features["stages"].iloc[1]
    # 23 of concrete over 10 x (3 - (-1)): the sand under it is full of water that nothing pumps
    assert stage["held_by"] == "concrete"
    assert stage["uplift_factor"] == pytest.approx(23.0 / 40.0)
    assert stage["uplift_en"] == pytest.approx(40.0 / (0.9 * 23.0))
    assert stage["lower_head_by_m"] == pytest.approx(4.0 - 23.0 / 11.0)
    assert stage["relief"] == "concrete"


def test_of_concrete_and_the_soil_under_it_the_worse_counts() -> None:
    # piles of 60 hold the concrete: 83 over 40; the head of 12 below the clay has 23 + 9 x 20 + 3 x 16 + 60 over 10 x (12 + 13)
    held = _impact(_poured(-4.0, tension_kn_m2=60.0), layers=DEEP_CLAY, head_m=12.0).features["stages"].iloc[1]
    assert held["held_by"] == "concrete and soil"
    assert held["uplift_factor"] == pytest.approx((23.0 + 180.0 + 48.0 + 60.0) / 250.0)
    assert held["uplift_en"] == pytest.approx(250.0 / (0.9 * (23.0 + 180.0 + 48.0) + 60.0 / 1.4))
    # a head that is stated for what lies below the clay does nothing to the water above it
    stages = (PitStage("wet", 0.0, water_m=3.0), PitStage("poured", 0.0, head_m=-9.0, concreted=True))
    low = _impact(_poured(-4.0, stages=stages), layers=DEEP_CLAY).features["stages"].iloc[1]
    assert (low["held_by"], low["uplift_factor"]) == ("concrete", pytest.approx(23.0 / 40.0))
    # where layers end in the clay the head below is not known: the concrete falls short all the same, or nothing is said
    ended = [_impact(_poured(-4.0, tension_kn_m2=kn), layers=DEEP_CLAY[:2]).features["stages"].iloc[1] for kn in (0.0, 60.0)]
    assert ended[0]["uplift_factor"] == pytest.approx(23.0 / 40.0)
    assert math.isnan(ended[1]["uplift_factor"])


def test_concrete_between_walls_closes_a_pit_whatever_lies_deeper() -> None:
    toes = (-4.0, -1.0, -12.0, -0.9)
    above, at, into, over = (_impact(_poured(toe), layers=DEEP_CLAY).features["stages"].iloc[1] for toe in toes)
    same = {"inflow_m3_d": into["inflow_m3_d"], "drawdown_beside_m": into["drawdown_beside_m"]}
    for one in (above, at):
        assert {name: one[name] for name in same} == pytest.approx(same)
    assert above["drawdown_beside_m"] < 0.5
    # a toe above the underside of the concrete shuts nothing
    assert over["inflow_m3_d"] > 5.0 * into["inflow_m3_d"]
    short = _impact(_poured(-10.2), layers=DEEP_CLAY).features["stages"]["toe_told"]
    assert short.tolist()[1] == ""  # the concrete closes it, and not the clay
    assert "less than 0.5 m" in short.tolist()[0]
