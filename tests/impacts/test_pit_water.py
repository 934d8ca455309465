"""The water of pits: relief wells, several pits together, wells that are stated, and how long it is kept low."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.impacts.test_pit import LAYERS, _impact, _pit
from twin.geo.pits import PitStage


def _stage(found: Any, name: str) -> Any:
    return found.features["stages"].set_index("stage").loc[name]


def test_relief_wells_count_in_water_settlement_and_damage() -> None:
    pit = _pit(1.0)
    eased, without = _impact(pit, head_m=6.0), _impact(pit, head_m=6.0, relieve=False)
    row = eased.features["stages"].iloc[0]
    # 1 m of sand of 20 and 3 m of clay of 16 kN/m3 over water that may press up to 68 / 11 m above -3 m
    asked = 6.0 - (-3.0 + 68.0 / 11.0)
    assert row["lower_head_by_m"] == pytest.approx(asked)
    assert row["relief_m"] == row["head_drawdown_m"] == pytest.approx(asked, abs=1.1e-3)
    assert row["relief_m"] >= asked
    assert row["relief"] == "relieved"
    assert eased.figure("pit_uplift").value == pytest.approx(68.0 / 90.0)
    assert eased.figure("pit_uplift").verdict == "falls short"
    assert eased.figure("pit_uplift_relieved").value == pytest.approx(1.1, abs=1e-3)
    assert eased.figure("pit_uplift_relieved").verdict == "meets"
    assert "lowered by relief wells by 2.82 m in stage stage-0: counted in water" in eased.figure("pit_inflow").note
    # the same as where the planner states that head
    stated = _impact(replace(pit, stages=(replace(pit.stages[0], head_m=6.0 - row["relief_m"]),)), head_m=6.0)
    for name in ("inflow_m3_d", "head_drawdown_m", "settlement_water_mm"):
        assert row[name] == pytest.approx(stated.features["stages"].iloc[0][name]), name
    assert np.array_equal(eased.fields["settlement_mm"], stated.fields["settlement_mm"], equal_nan=True)
    last = without.features["stages"].iloc[0]
    assert (last["relief"], last["relief_m"], last["head_drawdown_m"]) == ("off", 0.0, 0.0)
    assert row["inflow_m3_d"] > 50.0 * last["inflow_m3_d"]
    assert row["settlement_water_mm"] > last["settlement_water_mm"] + 1.0
    assert without.figure("pit_uplift_relieved").verdict == "falls short"


def test_a_head_that_is_stated_is_taken_as_stated() -> None:
    pit = _pit(1.0)
    found = _impact(replace(pit, stages=(replace(pit.stages[0], head_m=5.0),)), head_m=6.0)
    row = found.features["stages"].iloc[0]
    assert (row["relief"], row["relief_m"], row["head_drawdown_m"]) == ("stated", 0.0, pytest.approx(1.0))
    assert "`head_m` that is stated for stage stage-0 leaves that much" in found.figure("pit_lower_head").note


def test_relief_wells_go_no_lower_than_what_is_dug_to_and_say_so() -> None:
    peat = [LAYERS[0], {**LAYERS[1], "soil": "peat", "saturated_kn_m3": 10.5}, LAYERS[2]]
    found = _impact(_pit(-1.0), layers=peat)
    row = found.features["stages"].iloc[0]
    assert (row["relief"], row["relief_m"]) == ("capped", pytest.approx(4.0))  # from a head of 3 m to a floor at -1 m
    assert found.figure("pit_uplift_relieved").verdict == "falls short"
    assert "which is not enough" in found.figure("pit_lower_head").note


def test_a_layer_above_the_clay_that_presses_too_is_not_relieved() -> None:
    clay = {"soil": "clay", "saturated_kn_m3": 16.0, "cr": 0.1, "rr": 0.02, "k_m_d": 0.001}
    layers = [{**LAYERS[0], "bottom_m": 0.0}, {**clay, "bottom_m": -0.3}, {**LAYERS[0], "top_m": -0.3, "bottom_m": -1.0},
              {**clay, "bottom_m": -4.0}, LAYERS[2]]  # fmt: skip
    found = _impact(_pit(0.5), layers=layers, head_m=8.0)
    row = found.features["stages"].iloc[0]
    # below -4 m: 0.5 m of sand, 0.3 m of clay, 0.7 m of sand and 3 m of clay; wells do not lower the water under the seam
    assert row["relief_m"] == pytest.approx(8.0 - (-4.0 + (0.5 * 20 + 0.3 * 16 + 0.7 * 20 + 3.0 * 16) / 11.0), abs=1.1e-3)
    assert row["relief"] == "part"
    assert row["uplift_factor_relieved"] == pytest.approx((0.5 * 20 + 0.3 * 16) / 33.0)


def test_what_is_not_known_of_a_floor_is_not_relieved() -> None:
    row = _impact(_pit(2.0), layers=LAYERS[:2]).features["stages"].iloc[0]
    assert (row["relief"], row["relief_m"]) == ("", 0.0)
    assert math.isnan(row["uplift_factor_relieved"])


def test_concrete_is_not_relieved_and_one_water_neither() -> None:
    poured = replace(_pit(-4.0), stages=(PitStage("poured", -4.0, concreted=True),), concrete_m=1.5)
    found = _impact(poured)
    assert _stage(found, "poured")["relief"] == "concrete"
    assert "thicken it or hold it down" in found.figure("pit_inflow").note
    seam = [{**LAYERS[0], "bottom_m": 0.0}, {**LAYERS[1], "bottom_m": -0.3}, {**LAYERS[2], "top_m": -0.3}]
    one = _impact(_pit(0.2), layers=seam)
    assert one.features["stages"]["relief"].tolist() == ["one water"]
    assert "nothing parts that water" in one.figure("pit_inflow").note
