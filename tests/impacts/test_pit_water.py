"""The water of pits: relief wells, several pits together, wells that are stated, and how long it is kept low."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.impacts.places import SOUTH, WEST, plain
from tests.impacts.test_pit import LAYERS, _impact, _pit, _settings, _town
from twin.geo.city import City
from twin.geo.pits import NAN, Pit, PitStage, PitWell
from twin.grid import GridSpec
from twin.impacts.pit import _level, analyse
from twin.impacts.pit_field import Surroundings, Water, solved
from twin.impacts.pit_green import season
from twin.impacts.pit_soil import soil_model, soil_of
from twin.impacts.pit_stages import BY_WELLS, dig, settled_by
from twin.impacts.pit_together import NO_DATES, PUMPS_ON, UNALIKE, _bounded, overlaps, together
from twin.impacts.site import Site

DAY = dt.date(2026, 3, 2)


def _stage(found: Any, name: str) -> Any:
    return found.features["stages"].set_index("stage").loc[name]


def test_relief_wells_count_in_water_settlement_and_damage() -> None:
    pit = _pit(1.0)
    eased, without = _impact(pit, head_m=6.0), _impact(pit, head_m=6.0, relieve=False)
    row = eased.features["stages"].iloc[0]
    # 1 m of sand of 20 and 3 m of clay of 16 kN/m3 over water that may press up to 68 / 11 m above -3 m
    asked = 6.0 - (-3.0 + 68.0 / 11.0)
    assert row["lower_head_by_m"] == pytest.approx(asked)
    assert row["relief_m"] == row["head_drawdown_m"] == pytest.approx(asked, abs=0.011)
    assert row["relief_m"] >= asked
    assert row["relief"] == "relieved"
    assert eased.figure("pit_uplift").value == pytest.approx(68.0 / 90.0)
    assert eased.figure("pit_uplift").verdict == "falls short"
    assert eased.figure("pit_uplift_relieved").value == pytest.approx(1.1, abs=2e-3)
    assert eased.figure("pit_uplift_relieved").verdict == "meets"
    use = eased.features["stages"]["uplift_en_relieved"].max()
    assert f"use {use:.2f} by the partial factors of EN 1997-1" in eased.figure("pit_uplift_relieved").note
    assert row["uplift_en_relieved"] == pytest.approx(1.0 / (0.9 * row["uplift_factor_relieved"]))
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
    assert row["relief_m"] == pytest.approx(8.0 - (-4.0 + (0.5 * 20 + 0.3 * 16 + 0.7 * 20 + 3.0 * 16) / 11.0), abs=0.011)
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


def _both(*pits: Pit, city: City | None = None, **given: Any) -> Any:
    return analyse(Site(_town() if city is None else city, pits=pits), _settings(**given))


def _box(name: str, west: float, south: float, east: float, north: float, floor: float, **given: Any) -> Pit:
    shape = shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)
    return replace(_pit(floor), id=name, outline=shape, **given)


FALLS = ("drawdown_m", "head_drawdown_m")


@pytest.mark.parametrize("wall", [{"wall": "", "toe_m": NAN, "supports": ()}, {}])
def test_two_halves_of_a_pit_draw_as_much_as_the_whole(wall: dict[str, Any]) -> None:
    whole = _both(_box("whole", 60, 60, 100, 90, -4.0, **wall))
    halves = _both(_box("west", 60, 60, 80, 90, -4.0, **wall), _box("east", 80, 60, 100, 90, -4.0, **wall))
    # far away each half counts as round: what comes from beyond 200 m differs by some percent
    for name in FALLS:
        assert halves.fields[name].to_numpy() == pytest.approx(whole.fields[name].to_numpy(), rel=0.03, abs=0.02), name
    assert halves.figure("pit_inflow").value == pytest.approx(whole.figure("pit_inflow").value, rel=0.03)
    water = [one.features["buildings"].loc["far", "settlement_water_mm"] for one in (whole, halves)]
    assert water[1] == pytest.approx(water[0], rel=0.02)


@pytest.mark.parametrize("second", [(40, 60, 60, 80), (65, 65, 85, 75)], ids=["against", "within"])
@pytest.mark.parametrize("floor", [-2.0, 2.0])
def test_a_pit_against_or_within_another_takes_no_water_away(second: tuple[int, int, int, int], floor: float) -> None:
    """What flows through a pit that is let go has to be pumped by the one beside it: two pits pump no less than one."""
    given = {"layers": [{"soil": "sand", "top_m": 5.0, "bottom_m": -30.0}], "head_m": None}
    one, other = _box("one", 60, 60, 90, 80, 0.0, toe_m=-4.0), _box("other", *second, floor, toe_m=-4.0)
    each = [_both(pit, **given).figure("pit_inflow").value for pit in (one, other)]
    assert _both(one, other, **given).figure("pit_inflow").value >= max(each) * (1.0 - 1e-3)


def test_pits_that_are_far_from_each_other_add_up() -> None:
    pits = _box("west", 10, 10, 40, 40, -4.0), _box("east", 280, 10, 310, 40, -4.0)
    leaky = {"city": plain(320, 5.0), "resistance_d": 5.0, "cell_m": 5.0}
    each = [_both(one, **leaky) for one in pits]
    both = _both(*pits, **leaky)
    for name in FALLS:
        added = sum(one.fields[name].to_numpy() for one in each)
        assert both.fields[name].to_numpy() == pytest.approx(added, abs=0.02), name
    assert both.figure("pit_inflow").value == pytest.approx(sum(one.figure("pit_inflow").value for one in each), rel=0.01)
    assert "together" in both.figure("pit_inflow").note
    assert NO_DATES in both.assumptions


def test_a_pit_below_which_another_keeps_the_head_lower_puts_no_water_in() -> None:
    deep, shallow = _box("deep", 60, 60, 90, 80, -8.0), _box("shallow", 96, 62, 112, 78, -3.2)
    alone, both = _both(deep), _both(deep, shallow)
    assert (both.fields["head_drawdown_m"] >= alone.fields["head_drawdown_m"] - 1e-4).all()
    there = {"x": WEST + 103.0, "y": SOUTH + 71.0}
    assert float(alone.fields["head_drawdown_m"].sel(there)) > 6.2, "lower than the floor of the other"


def _dated(pit: Pit, first: dt.date, last: dt.date) -> Pit:
    return replace(pit, stages=(replace(pit.stages[0], starts=first, ends=last),))


def test_pits_count_together_on_the_days_on_which_both_are_open() -> None:
    west, east = _box("west", 20, 60, 40, 80, -4.0), _box("east", 110, 60, 130, 80, -4.0)
    apart = DAY + dt.timedelta(days=200)
    first = _dated(west, DAY, DAY + dt.timedelta(days=89))
    later, meanwhile = (_dated(east, start, start + dt.timedelta(days=89)) for start in (apart, DAY))
    alone = [_both(one).figure("pit_inflow").value for one in (first, later)]
    one_by_one, at_once = _both(first, later), _both(first, meanwhile)
    assert one_by_one.figure("pit_inflow").value == pytest.approx(max(alone))
    assert max(alone) < at_once.figure("pit_inflow").value < sum(alone)
    assert at_once.figure("pit_inflow").note.startswith("in stages stage-0 of west and stage-0 of east together")
    low = np.maximum(*(_both(one).fields["head_drawdown_m"].to_numpy() for one in (first, later)))
    assert one_by_one.fields["head_drawdown_m"].to_numpy() == pytest.approx(low)
    assert NO_DATES not in at_once.assumptions
    last = _dated(east, apart, apart)
    forever = replace(first, stages=(replace(first.stages[0], ends=None),))
    assert _both(forever, last).figure("pit_inflow").note.startswith("in stage stage-0 of"), "pumped for 90 days, not for ever"


def test_settlement_is_that_of_the_added_fall_and_of_both_walls() -> None:
    # soil that has carried 1 m of fall before hardly settles by either alone, and much by both
    pits = _box("west", 20, 60, 40, 80, -3.2), _box("east", 110, 60, 130, 80, -3.2)
    past = {"lowest_m": 0.0, "canal": False}
    each, both = [_both(one, **past) for one in pits], _both(*pits, **past)
    soil = soil_of(pits[0], _town(), soil_model(_town(), _settings()), _settings())
    upper, lower = (both.fields[name].to_numpy().astype(np.float64) for name in FALLS)
    by_hand = settled_by(soil, upper, lower, _settings(**past))
    buildings = both.features["buildings"]
    there = {"x": WEST + 75.0, "y": SOUTH + 71.0}
    row, column = both.fields.indexes["y"].get_loc(there["y"]), both.fields.indexes["x"].get_loc(there["x"])
    assert float(both.fields["settlement_mm"].sel(there)) == pytest.approx(by_hand[row, column], abs=0.1)
    added = sum(float(one.fields["settlement_mm"].sel(there)) for one in each)
    assert by_hand[row, column] != pytest.approx(added, rel=0.02)
    parts = buildings["settlement_wall_mm"] + buildings["settlement_water_mm"]
    assert buildings.loc["far", "settlement_mm"] == pytest.approx(parts["far"], abs=0.05)


def test_walls_of_two_pits_beside_a_house_settle_it_by_both() -> None:
    pits = _box("west", 80, 60, 91, 80, -1.0, settlement_mm=20.0), _box("east", 103, 60, 108, 80, -1.0, settlement_mm=20.0)
    house = _both(*pits).features["buildings"].loc["near"]
    assert house["settlement_mm"] == pytest.approx(house["settlement_wall_mm"] + house["settlement_water_mm"], abs=0.05)
    each = [_both(one).features["buildings"].loc["near", "settlement_wall_mm"] for one in pits]
    assert house["settlement_wall_mm"] > max(each) + 1.0


def test_pits_in_ground_with_other_waters_add_up_to_no_more_than_is_held() -> None:
    held = [np.array([[4.0, 3.0, 1.0]]), np.array([[2.0, 3.0, 4.0]])]
    assert _bounded(held, held, 4.0).tolist() == [[4.0, 4.0, 4.0]]
    assert _bounded(held, held, 9.0).tolist() == [[6.0, 6.0, 5.0]]


def test_what_the_ground_may_let_through_more_or_less_is_told_unless_it_is_given() -> None:
    figure = _impact(_pit(-4.0), canal=False, storativity=1e-7).figure("pit_inflow")
    assert "if the ground lets 3 times less or more through" in figure.note
    low, high = (float(part.replace(",", "")) for part in figure.note.split("; ")[-1].split(" m3/d")[0].split(" to "))
    assert (low, high) == (pytest.approx(figure.value / 3.0, rel=0.02), pytest.approx(3.0 * figure.value, rel=0.02))
    assert "3 times less or more" not in _impact(_pit(-4.0), transmissivity_m2_d=170.0).figure("pit_inflow").note


def _wells(*m3_per_day: float) -> tuple[PitWell, ...]:
    return tuple(PitWell(f"well-{k}", WEST + 65.0 + 5.0 * k, SOUTH + 70.0, much) for k, much in enumerate(m3_per_day))


def test_wells_that_pump_too_little_are_told_not_to_keep_the_pit_dry() -> None:
    pit = _pit(-4.0)
    needed = _impact(pit).figure("pit_inflow").value
    found = _impact(replace(pit, wells=_wells(40.0, 60.0)))
    assert found.figure("pit_wells_capacity").value == pytest.approx(100.0 / needed)
    assert found.figure("pit_wells_capacity").verdict == "falls short"
    assert "cannot keep stage stage-0 dry: they pump 100 of" in found.figure("pit_inflow").note
    assert found.figure("pit_inflow").value == pytest.approx(needed), "what is needed is told of a dry pit"
    assert "the scenario has 2" in found.figure("pit_wells").note
    some = _impact(replace(pit, wells=_wells(40.0, NAN)))
    assert "1 of 2 wells of the scenario pump 40 m3/d; the others" in some.figure("pit_inflow").note
    assert some.features["wells"]["m3_per_day"].tolist() == [40.0, pytest.approx(needed - 40.0)]
    assert math.isnan(some.figure("pit_wells_capacity").value)


def test_wells_that_pump_more_lower_the_head_by_more() -> None:
    pit = _pit(-4.0)
    kept = _impact(pit, canal=False).features["stages"].iloc[0]
    needed = kept["inflow_m3_d"]
    found = _impact(replace(pit, wells=_wells(needed, 0.5 * needed)), canal=False)
    row = found.features["stages"].iloc[0]
    assert (row["wells_do"], row["needed_m3_d"]) == ("more", pytest.approx(needed))
    assert found.figure("pit_inflow").value == row["inflow_m3_d"] == pytest.approx(1.5 * needed, rel=0.01)
    # what comes from below is linear in the fall; what comes from above hardly counts here
    assert row["head_drawdown_m"] == pytest.approx(1.5 * kept["head_drawdown_m"], rel=0.05)
    assert row["settlement_water_mm"] > kept["settlement_water_mm"] + 1.0
    assert found.figure("pit_wells_capacity").verdict == "meets"
    most = _impact(replace(pit, wells=_wells(1e6)), canal=False).features["stages"].iloc[0]
    assert (most["wells_do"], most["head_drawdown_m"]) == ("most", pytest.approx(23.0))  # 3 m to the last layer at -20 m
    above = _impact(replace(_pit(1.0, toe_m=-2.0), wells=_wells(500.0))).features["stages"].iloc[0]
    assert (above["wells_do"], above["head_drawdown_m"]) == ("unknown", 0.0)


def test_wells_do_not_hide_the_seepage_at_the_toe_unless_they_keep_the_head_below_the_floor() -> None:
    pit = replace(_pit(-4.0), wells=_wells(NAN))
    judged = _impact(pit)
    # from a head of 3 m to a floor at -4 m around a toe at -8 m, in sand of 20 kN/m3 (by default of its class)
    weight = float(soil_of(pit, _town(), soil_model(_town(), _settings()), _settings()).layers["saturated_kn_m3"].iloc[-1]) - 10.0
    assert judged.figure("pit_seepage").value == pytest.approx(weight / (10.0 * 7.0 / (7.0 + 2.0 * 4.0)))
    low = _impact(replace(pit, stages=(replace(pit.stages[0], head_m=-4.5),)))
    assert math.isnan(low.figure("pit_seepage").value)
    assert low.figure("pit_seepage").note == "not judged: wells keep the head below the floor"
    assert low.features["stages"]["seepage_told"].tolist() == [BY_WELLS]
    # water that flows under a wall which hangs above the clay is not that which wells lower
    deep = [{**LAYERS[0], "bottom_m": -9.0}, {**LAYERS[1], "bottom_m": -12.0}, {**LAYERS[2], "bottom_m": -30.0}]
    hangs = replace(_pit(0.0, toe_m=-2.0), stages=(PitStage("open", 0.0, head_m=-1.0),), wells=_wells(NAN))
    assert _impact(hangs, layers=deep).figure("pit_seepage").value > 0.0


def test_a_head_that_is_stated_counts_where_there_is_one_water() -> None:
    sand = {"layers": [{**LAYERS[0], "bottom_m": -20.0}]}
    kept, lower = (_impact(_pit(0.0, stages=(PitStage("open", 0.0, head_m=head),)), **sand) for head in (NAN, -2.0))
    assert lower.features["stages"]["drawdown_m"].tolist() == [5.0]
    assert kept.features["stages"]["drawdown_m"].tolist() == [3.0]
    assert lower.figure("pit_seepage").note == "not judged: wells keep the head below the floor"


def test_a_stage_without_an_end_is_pumped_after_those_before_it() -> None:
    stages = (PitStage("first", 2.0, DAY, DAY + dt.timedelta(days=99)), PitStage("last", -4.0, DAY + dt.timedelta(days=100)))
    found = _impact(_pit(-4.0, stages=stages), pumping_days=60.0)
    table = found.features["stages"]
    assert table["days"].tolist() == [100.0, 160.0]
    assert table["lasts_d"].tolist() == [100.0, 60.0]
    told = [text for text in found.assumptions if "has no end" in text]
    assert told == ["Stage last has no end: it is taken to last 60 days (`pumping_days`), after those before it."]
    # a stage in between ends where the next one starts
    open_ = _impact(_pit(-4.0, stages=(replace(stages[0], ends=None), stages[1])), pumping_days=60.0).features["stages"]
    assert open_["days"].tolist() == [100.0, 160.0]
    assert open_["lasts_d"].tolist() == [100.0, 60.0]


def test_what_a_pit_does_that_is_there_anyway_is_not_done_by_the_changes() -> None:
    town, pit = _town(), _pit(1.0)
    there, none = Site(town, pits=(pit,)), Site(town)
    of_both = analyse(replace(there, changed=True), _settings(), (there, analyse(there, _settings())))
    of_one = analyse(replace(there, changed=True), _settings(), (none, analyse(none, _settings())))
    assert not any(figure.of_changes for figure in of_both.figures)
    assert all(figure.of_changes for figure in of_one.figures)
    assert not any(figure.of_changes for figure in analyse(there, _settings()).figures)
    assert all(figure.of_changes for figure in analyse(none, _settings()).figures)


def test_wells_that_pump_more_go_on_beside_another_pit() -> None:
    needed = _both(_box("west", 20, 60, 40, 80, -4.0)).figure("pit_inflow").value
    busy = _box("west", 20, 60, 40, 80, -4.0, wells=_wells(1.5 * needed))
    other = _box("east", 110, 60, 130, 80, -4.0)
    each = [_both(one) for one in (busy, other)]
    both = _both(busy, other)
    for name in FALLS:
        added = sum(one.fields[name].to_numpy() for one in each)
        inside = both.fields["settlement_mm"].isnull().to_numpy()
        assert both.fields[name].to_numpy()[~inside] == pytest.approx(added[~inside], abs=1e-4), name
    assert both.figure("pit_inflow").value == pytest.approx(sum(one.figure("pit_inflow").value for one in each))
    assert PUMPS_ON in both.assumptions


def test_a_floor_on_which_no_water_presses_any_more_holds_with_wells() -> None:
    pit = _pit(1.0)
    found = _impact(replace(pit, wells=_wells(20_000.0)), head_m=6.0)
    assert found.figure("pit_uplift").verdict == "falls short"
    assert (found.figure("pit_uplift_relieved").value, found.figure("pit_uplift_relieved").verdict) == (10.0, "meets")
    assert "no water presses on any floor" in found.figure("pit_uplift_relieved").note


def test_a_head_that_is_lowered_below_layers_that_end_in_clay_is_said_not_to_be_counted() -> None:
    pit = _pit(1.0)
    stated = replace(pit, stages=(replace(pit.stages[0], head_m=1.0),))
    told = _impact(stated, layers=LAYERS[:2]).assumptions
    assert any("The layers end in clay or peat: what the lowered head below that gives" in text for text in told)
    assert not any("The layers end in clay or peat" in text for text in _impact(stated).assumptions)


@settings(max_examples=8, deadline=None)
@given(first=st.floats(0.2, 8.0), second=st.floats(0.2, 8.0), gap=st.floats(1.0, 120.0), long=st.floats(20.0, 2000.0))
def test_two_pits_in_one_field_keep_to_the_principle_of_the_maximum(first: float, second: float, gap: float, long: float) -> None:
    pits = [_box("west", 20, 20, 40, 40, -4.0), _box("east", 40.0 + gap, 20, 60.0 + gap, 40, -4.0)]
    grid = GridSpec(WEST, SOUTH + 60.0, 10.0, (6, 20), None)
    waters = [Water(100.0, 100.0 / long**2, 0.0, fall) for fall in (first, second)]
    none = [replace(one, fall=0.0) for one in waters]
    around = Surroundings(pits, grid, [])
    both, flow = solved(around, waters, None)
    west, flow_west = solved(around, [waters[0], none[1]], None)
    east, flow_east = solved(around, [none[0], waters[1]], None)
    assert (both >= np.maximum(west, east) - 1e-6).all()
    assert (both <= np.minimum(west + east, max(first, second)) + 1e-6).all()
    assert flow.sum() <= flow_west.sum() + flow_east.sum() + 1e-6
    assert flow.sum() >= max(flow_west.sum(), flow_east.sum()) - 1e-3 * flow.sum()
    assert (flow >= 0.0).all()


def test_pits_of_which_only_one_has_clay_below_are_bounded_and_said() -> None:
    given, city = _settings(canal=False), _town()
    sand = _settings(canal=False, layers=[{**LAYERS[0], "bottom_m": -20.0}])
    grid = Site(city).grid(2.0)
    pits = _box("west", 20, 60, 40, 80, -4.0), _box("east", 110, 60, 130, 80, -2.0)
    made = [dig(pit, soil_of(pit, city, soil_model(city, one), one), grid, [], one, None)
            for pit, one in zip(pits, (given, sand), strict=True)]  # fmt: skip
    found = together(made, grid, [], given)
    assert UNALIKE in found.told
    alone = [one.water[0] for one in made]
    assert (found.upper <= np.minimum(alone[0].upper + alone[1].upper, 7.0) + 1e-6).all()
    assert (found.upper >= np.maximum(alone[0].upper, alone[1].upper) - 1e-6).all()
    assert found.lower == pytest.approx(alone[0].lower)
    assert found.inflow_m3_d == pytest.approx(sum(one.inflow_m3_d for one in alone))
    assert found.least_m3_d < found.inflow_m3_d < found.most_m3_d
    assert np.isfinite(found.settled).all()


def test_houses_and_trees_lose_the_water_that_all_pits_take() -> None:
    bare = {"wall": "", "toe_m": NAN, "supports": ()}
    pits = _box("west", 60, 100, 90, 120, 1.0, **bare), _box("east", 60, 30, 90, 50, 1.0, **bare)
    dry = {"canal": False, "water_m": 4.2, "relieve": False}
    both, each = _both(*pits, **dry), [_both(one, **dry) for one in pits]
    tree = {"x": WEST + 75.0, "y": SOUTH + 70.0}  # between both: it lacks water by both together
    trees = both.features["trees"]
    (fallen,) = trees.loc[trees.geometry.x == tree["x"], "fall_m"]
    assert fallen == pytest.approx(float(both.fields["drawdown_m"].sel(tree, method="nearest")), abs=0.1)
    assert fallen > max(float(one.fields["drawdown_m"].sel(tree, method="nearest")) for one in each) + 0.05
    house = both.features["buildings"].loc["near", "fall_m"]
    assert house > max(one.features["buildings"].loc["near", "fall_m"] for one in each) + 0.05


def test_maps_of_a_pit_are_of_the_most_of_all_stages() -> None:
    """A first stage lowers the head by 7 m, a later one the water table a little more and the head hardly."""
    first, later = PitStage("deep", 2.0, head_m=-4.0), PitStage("later", 0.9, head_m=2.99)
    pit = _pit(0.9, toe_m=0.5, stages=(first, later))
    found, each = _impact(pit), [_impact(replace(pit, stages=(one,))) for one in (first, later)]
    assert found.features["stages"]["head_drawdown_m"].tolist() == [pytest.approx(7.0), pytest.approx(0.01)]
    assert float(found.fields["head_drawdown_m"].max()) == pytest.approx(7.0, abs=0.1), "at the edge of the pit"
    for name in FALLS:
        most = np.maximum(*(one.fields[name].to_numpy() for one in each))
        assert found.fields[name].to_numpy() == pytest.approx(most, abs=1e-5), name
    assert found.fields["groundwater_m"].to_numpy() == pytest.approx(3.0 - found.fields["drawdown_m"].to_numpy(), abs=1e-5)
    both = _both(pit, _box("east", 130, 60, 140, 70, 4.0))
    assert (both.fields["head_drawdown_m"] >= found.fields["head_drawdown_m"] - 1e-5).all()
    # houses read the same map
    fall = [one.features["buildings"]["fall_m"] for one in (found, *each)]
    assert (fall[0] >= np.maximum(fall[1], fall[2]) - 1e-5).all()


def test_trees_lack_water_for_as_long_as_any_stage_keeps_it_low() -> None:
    days = [DAY + dt.timedelta(days=n) for n in (0, 9, 10, 99)]
    stages = (PitStage("deep", 1.0, days[0], days[1]), PitStage("less", 2.0, days[2], days[3]))
    soil = soil_of(_pit(1.0), _town(), soil_model(_town(), _settings()), _settings())
    made = dig(_pit(1.0, wall="", toe_m=NAN, stages=stages), soil, Site(_town()).grid(2.0), [], _settings(), None)
    assert season(made)[0] == pytest.approx(100.0 / 7.0)


UNKNOWN = ("pit_damage", "pit_damaged", "pit_settlement", "pit_wooden", "pit_trees_dry")


def test_what_a_head_gives_that_is_lowered_below_layers_that_end_in_clay_is_not_known() -> None:
    """With sand below the same pit pumps and settles much: without layers there nothing of that may be told as 0 or as met."""
    layers = [LAYERS[0], {**LAYERS[1], "bottom_m": -20.0}]
    pit = _pit(3.0, settlement_mm=1.0, stages=(PitStage("open", 3.0, head_m=-4.0),))
    found = _impact(pit, layers=layers, water_m=2.9)
    for key in (*UNKNOWN, "pit_inflow", "pit_pumped", "pit_wells", "pit_wells_capacity"):
        figure = found.figure(key)
        assert math.isnan(figure.value), key
        assert figure.verdict == ("" if figure.limit is None else "not known")
        assert figure.note.startswith("not known: the head is lowered in stage open under layers that end in clay"), key
    known = _impact(pit, layers=[*layers, {**LAYERS[2], "top_m": -20.0, "bottom_m": -30.0}], water_m=2.9)
    assert known.figure("pit_settlement").value > 10.0
    assert known.figure("pit_inflow").value > 100.0


def test_what_wells_lower_that_pump_from_a_layer_that_is_not_known_is_not_known() -> None:
    pit = replace(_pit(2.0, settlement_mm=1.0), wells=_wells(500.0))
    found = _impact(pit)
    assert found.features["stages"]["wells_do"].tolist() == ["unknown"]
    for key in UNKNOWN:
        figure = found.figure(key)
        assert math.isnan(figure.value), key
        assert figure.verdict == ("" if figure.limit is None else "not known")
        assert "from a layer that is not known" in figure.note, key
    assert any("pump more than stage stage-0 needs" in text for text in found.assumptions)
    assert found.figure("pit_inflow").value > 0.0, "what is needed is known"


def test_damage_beyond_the_limit_stays_told_where_water_is_not_known() -> None:
    given = {"settlement_mm": 300.0, "stages": (PitStage("open", -2.0, head_m=-4.0),)}
    found = _impact(_pit(-2.0, **given), layers=[LAYERS[0], {**LAYERS[1], "bottom_m": -20.0}])
    assert found.figure("pit_damage").verdict == "exceeds"
    assert found.figure("pit_damaged").value > 0.0
    assert "it may be worse: the head is lowered" in found.figure("pit_damage").note
    assert math.isnan(found.figure("pit_settlement").value)


def test_pits_that_overlap_are_told_and_the_deeper_holds_what_they_share() -> None:
    deep, within = _box("deep", 60, 60, 90, 80, -4.0), _box("within", 65, 65, 85, 75, 1.0)
    grid = Site(_town()).grid(2.0)
    one_way, other_way = Surroundings([deep, within], grid, []), Surroundings([within, deep], grid, [])
    assert (one_way.number == 0).sum() == (other_way.number == 1).sum() == one_way.pit.sum()
    (text,) = overlaps([deep, within])
    assert text.startswith("Pits deep and within overlap by 200 m2")
    assert overlaps([deep, _box("against", 90, 60, 100, 80, 0.0)]) == []
    assert text in _both(deep, within).assumptions


def test_the_water_table_without_pits_is_that_of_the_nearest() -> None:
    city, grid = _town(), Site(_town()).grid(2.0)
    pits = _box("west", 20, 60, 40, 80, 4.0), _box("east", 110, 60, 130, 80, 4.0)
    soils = [soil_of(pit, city, soil_model(city, one), one)
             for pit, one in zip(pits, (_settings(), _settings(water_m=2.0)), strict=True)]  # fmt: skip
    made = [dig(pit, soil, grid, [], _settings(), None) for pit, soil in zip(pits, soils, strict=True)]
    level = _level(Site(city), _settings(), made, None, grid)
    middle = WEST + 75.0
    assert (level[:, grid.x < middle] == 3.0).all()
    assert (level[:, grid.x > middle] == 2.0).all()
