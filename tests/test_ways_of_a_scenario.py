"""Who cannot take stairs, lifts, escalators and jams, from the words of a scenario to what people do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

import twin
from tests.places import at, box_of, town, two_levels
from twin.discretize import discretize
from twin.errors import ParameterError, ScenarioError, UnreachableError
from twin.geo.city import City
from twin.result import Result
from twin.scenario import Scenario, scenario_from_text

WHARF, STREET = f"{{polygon: {box_of(1, 1, 6, 9)}, level: wharf}}", f"{{polygon: {box_of(1, 17, 6, 23)}, level: street}}"
ENTRY = f"{{polygon: {box_of(20, 4, 22, 6)}, level: wharf}}"
LANDING = f"{{polygon: {box_of(20, 20, 22, 22)}, level: street}}"
WHEELS = "  types: {walker: {share: 1}, wheelchair: {share: 1, steps_free: true, speed_mean_m_s: 0.9}}\n"


def scenario(crowd: str = "", flow: str = "", *, people: int = 20, up: bool = True, changes: str = "") -> Scenario:
    """People of the wharf go up to the street, or down."""
    start, end = (WHARF, STREET) if up else (STREET, WHARF)
    return scenario_from_text(f"""\
title: Ways
{changes}
crowd:
  duration_s: 400
  exits: {{end: {end}}}
  flows:
    - {{id: all, at: {start}, people: {people}, from_s: 0, until_s: 5, {flow}}}
{crowd}""")


def run(*args: Any, city: City | None = None, **how: Any) -> Result:
    return twin.run(scenario(*args, **how), city=two_levels() if city is None else city, progress=False)


def last(result: Result) -> pd.Series[Any]:
    return result.series.iloc[-1]


def lift(**more: Any) -> str:
    given = {"ride_s": 10, "every_s": 20, "seats": 5, **more}
    return f"  lifts: [{{id: lift, at: {ENTRY}, to: {LANDING}, {', '.join(f'{k}: {v}' for k, v in given.items())}}}]\n"


def escalator(**more: Any) -> str:
    given = {"ride_s": 10, **more}
    return f"  escalators: [{{id: moving, at: {ENTRY}, to: {LANDING}, {', '.join(f'{k}: {v}' for k, v in given.items())}}}]\n"


def on_stairs(result: Result) -> set[int]:
    """Who was ever seen on the stair."""
    seen = result.trajectories
    here = shapely.contains_xy(shapely.box(*at(10, 10.5), *at(13, 14.5)), seen["x"], seen["y"])
    return set(seen["id"][here])


def test_who_takes_no_steps_takes_the_lift_and_the_others_what_is_quicker() -> None:
    result = run(WHEELS + lift())
    end = last(result)
    stairs = on_stairs(result)
    assert end["left"] == 20
    assert 3 < len(stairs) < 17
    assert end["ride_lift"] == 20 - len(stairs)
    assert 1 < result.series["riding"].max() <= 5  # its seats
    assert run(WHEELS + lift(seats=2)).series["riding"].max() == 2
    assert (result.series[["present", "waiting", "riding", "left"]].sum(axis=1) <= 20).all()
    assert len(on_stairs(run("  types: {walker: {share: 1}}\n" + lift()))) == 20


def test_without_a_lift_who_takes_no_steps_is_told_what_to_do() -> None:
    with pytest.raises(UnreachableError) as caught:
        run(WHEELS)
    message = str(caught.value)
    assert "people of `all` cannot reach `end` without taking stairs" in message
    assert "crowd.lifts" in message
    assert "scenario:" in message
    with pytest.raises(UnreachableError, match="without taking stairs"):
        run(WHEELS + escalator())
    assert last(run("  types: {walker: {share: 1}, wheelchair: {share: 1}}\n"))["left"] == 20


def test_company_stays_with_who_takes_no_steps() -> None:
    types = "  types: {walker: {share: 3}, wheelchair: {share: 1, steps_free: true}}\n"
    result = run(types + lift(seats=12), "group_size: {4: 1}")
    stairs = on_stairs(result)
    assert 0 < len(stairs) < 20
    for first in range(0, 20, 4):
        assert len(stairs & set(range(first, first + 4))) in (0, 4)


def test_a_ramp_and_the_end_of_a_bridge_are_no_steps() -> None:
    assert last(run(WHEELS, city=two_levels(kind="joint")))["left"] == 20
    low = {"roads": {"street": 1.4, "wharf": 1.0}}
    city = two_levels(top_z_m=1.4)
    roads = city.roads.copy()
    roads["z_m"] = [low["roads"].get(str(name), 1.4) for name in roads.index]
    gentle = City(city.crs, city.origin, layers={**city.layers, "roads": roads}, name="ramp")
    assert last(run(WHEELS, city=gentle))["left"] == 20
    assert not discretize(gentle).steps().any()
    steps = discretize(two_levels()).steps()
    assert steps.sum() * 0.25 == pytest.approx(18 + 4.5, abs=1.5)  # the upper end on both levels
    assert (discretize(two_levels()).floor.speed[steps] < 0.5).all()


def test_a_lift_leaves_every_so_often_with_so_many() -> None:
    only = "  types: {wheelchair: {steps_free: true}}\n"
    for every, seats, ride in ((20, 5, 10), (40, 5, 10), (20, 2, 10), (20, 5, 30)):
        result = run(only + lift(every_s=every, seats=seats, ride_s=ride), "pre_movement_s: [0, 0]", people=10)
        carried = result.series.set_index("time_s")["ride_lift"]
        rises = carried.index[carried.diff() > 0]
        assert carried.diff().max() == seats
        assert np.allclose(rises % every, 0.0)
        assert last(result)["left"] == 10
        # on the street as soon as the first have ridden
        seen = result.trajectories
        up = seen.loc[seen["level"] == "street", "frame"].min() * 1.0
        assert up - rises[0] == pytest.approx(ride, abs=1.5)


def test_a_lift_goes_both_ways_unless_it_does_not() -> None:
    only = "  types: {wheelchair: {steps_free: true}}\n"
    assert last(run(only + lift(), up=False))["ride_lift"] == 20
    with pytest.raises(UnreachableError, match="without taking stairs"):
        run(only + lift(both_ways="false"), up=False)


def test_an_escalator_has_a_capacity_and_a_direction() -> None:
    closed = f"changes: [{{id: works, type: closure, at: {{polygon: {box_of(9, 11, 14, 14)}, level: wharf}}}}]"
    result = run(escalator(capacity_per_min=30), changes=closed)
    carried = result.series.set_index("time_s")["ride_moving"]
    between = carried[(carried > 1) & (carried < 19)]
    assert last(result)["left"] == 20
    assert np.polyfit(between.index, between, 1)[0] == pytest.approx(0.5, rel=0.1)
    slow = run(escalator(capacity_per_min=30, ride_s=60), changes=closed)
    assert slow.figure("evacuation").value - result.figure("evacuation").value == pytest.approx(50, abs=3)
    with pytest.raises(UnreachableError, match="nothing walkable leads there"):
        run(escalator(), up=False, changes=closed)


def test_a_change_may_stand_in_the_way_of_a_lift() -> None:
    works = f"changes: [{{id: works, type: closure, at: {{polygon: {box_of(19, 19, 23, 23)}}}}}]"
    result = run(lift(), changes=works)
    assert "ride_lift" not in result.series
    assert last(result)["left"] == 20


@pytest.mark.parametrize(
    ("crowd", "message"),
    [
        (lift() + escalator().replace("moving", "lift"), "the name `lift` is used twice"),
        (lift().replace("level: wharf", "level: cellar"), "there is no level `cellar`"),
        (lift().replace(LANDING, ENTRY), "`at` and `to` of `lift` lie over each other"),
        (lift().replace(LANDING, f"{{polygon: {box_of(20, 20, 22, 22)}, level: wharf}}"), "`to` of `lift` has no floor"),
        (lift(seats=0), "`seats` is a whole number from 1 to 1000"),
        (lift(ride_s=1), "`ride_s` is a number of seconds from 2 to 3600"),
        (escalator(capacity_per_min=0), "`capacity_per_min` is a number"),
        ("  avoid_jams: {share: 0}\n", "`share` is a number"),
        ("  avoid_jams: {every_s: 0.5}\n", "`every_s` is a number of seconds from 1 to 3600"),
    ],
)
def test_what_cannot_be_is_refused_in_words(crowd: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        run(crowd)
    assert "scenario:" in str(caught.value)


# --- jams

RING = shapely.box(0, 0, 40, 20).difference(shapely.box(4, 3, 36, 17)).difference(shapely.box(18, 0, 19, 2.2))
"""A short way in the south with a neck of 0.8 m, and a longer one in the north."""


def past_the_neck(**more: Any) -> tuple[Result, set[int]]:
    random = np.random.default_rng(1)
    starts = np.column_stack([random.uniform(0.4, 3.0, 250), random.uniform(0.4, 2.6, 250)])
    result = twin.simulate_crowd(
        RING, starts=starts, start_times=np.sort(random.uniform(0, 80, 250)), exits={"east": shapely.box(37, 0, 40, 2)},
        duration=160, progress=False, **more,
    )  # fmt: skip
    seen = result.trajectories
    return result, set(seen["id"][seen["y"] > 16.5])


def test_who_knows_of_a_jam_goes_round_it() -> None:
    alone, nobody = past_the_neck()
    assert not nobody
    counts = {}
    for share, every in ((1.0, 5.0), (0.3, 5.0), (1.0, 100.0)):
        result, north = past_the_neck(avoid_jams={"share": share, "every_s": every})
        counts[share, every] = len(north)
        # who looks but once, after 100 s, comes too late to gain by it
        assert last(result)["left"] >= last(alone)["left"] + (12 if every == 5.0 else -5)
    assert counts[1.0, 5.0] > 25
    assert 5 < counts[0.3, 5.0] < counts[1.0, 5.0]
    assert counts[1.0, 100.0] != counts[1.0, 5.0]
    with pytest.raises(ParameterError, match="avoid_jams"):
        past_the_neck(avoid_jams={"share": 2.0})


def test_a_scenario_says_who_goes_round_jams() -> None:
    city = town()
    text = """\
title: Jams
crowd:
  duration_s: 20
  exits: {east: {polygon: %s}}
  flows: [{id: all, at: {polygon: %s}, people: 5, until_s: 1}]
  avoid_jams: %s
"""
    for given, told in (("{share: 0.3}", "30 % of the people know where it is crowded"), ("{every_s: 5}", "looks every 5 s")):
        filled = text % (box_of(58, 0, 60, 60), box_of(1, 2, 12, 58), given)
        result = twin.run(scenario_from_text(filled), city=city, progress=False)
        assert any(told in sentence for sentence in result.provenance["assumptions"])
    plain = twin.run(scenario_from_text(filled.replace("  avoid_jams: {every_s: 5}\n", "")), city=city, progress=False)
    assert any("does not turn back for a jam." in sentence for sentence in plain.provenance["assumptions"])


def test_whoever_rides_has_no_speed_while_it_is_away() -> None:
    result = run("  types: {wheelchair: {steps_free: true}}\n" + lift())
    assert float(result.fields["mean_speed"].max()) < 2.3
