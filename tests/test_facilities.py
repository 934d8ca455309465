"""Doors, hours, queues, kinds of people and company, from the words of a scenario to what people do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import twin
from tests.places import SOUTH, WEST, box_of, town
from twin.errors import ScenarioError
from twin.population.kinds import Kinds
from twin.result import Result
from twin.scenario import scenario_from_text
from twin.scenario.facilities import Company
from twin.scenario.model import CrowdSettings

WEST_SIDE, EAST_SIDE = box_of(1, 2, 12, 58), box_of(58, 0, 60, 60)


def line_of(*points: tuple[float, float]) -> str:
    return str([[WEST + x, SOUTH + y] for x, y in points])


def run(flow: str, crowd: str = "", people: int = 40, duration: int = 200, **how: Any) -> Result:
    """People of the west of the town walk to its east, past the house in the middle."""
    text = f"""\
title: Facilities
crowd:
  duration_s: {duration}
  exits: {{east: {{polygon: {EAST_SIDE}}}, north: {{polygon: {box_of(0, 59, 20, 60)}}}}}
  flows:
    - {{id: all, at: {{polygon: {WEST_SIDE}}}, people: {people}, from_s: 0, until_s: 5, {flow}}}
{crowd}"""
    return twin.run(scenario_from_text(text), city=town(), progress=False, **how)


def test_a_door_that_opens_late_and_lets_through_so_many_a_minute() -> None:
    doors = f"  doors: [{{id: gate, line: {line_of((40, 0), (40, 60))}, capacity_per_min: 60, open_s: [[60, 1000]]}}]\n"
    lines = f"  lines: [{{id: gate, line: {line_of((41, 0), (41, 60))}}}]\n"
    result = run("to: {east: 1}", doors + lines)
    series = result.series.set_index("time_s")
    assert series.loc[series.index <= 60, "left"].max() == 0
    assert result.figure("left").value == 40
    # one a second, from the opening on
    assert series.index[series["left"] == 40][0] >= 60 + 39


def test_an_exit_has_hours_and_capacity() -> None:
    result = run("to: {east: 1}", "  exit_hours: {east: {capacity_per_min: 30}}\n")
    left = result.series.set_index("time_s")["left"]
    between = left[(left > 0) & (left < 40)]
    assert np.polyfit(between.index, between, 1)[0] == pytest.approx(0.5, rel=0.05)


def test_people_choose_again_when_an_exit_closes() -> None:
    result = run("choice: nearest", "  exit_hours: {north: {open_s: [[0, 1]]}}\n")
    last = result.series.iloc[-1]
    assert (last["exit_north"], last["exit_east"]) == (0, 40)
    both = run("choice: least-crowded", duration=150).series.iloc[-1]
    assert abs(both["exit_north"] - both["exit_east"]) <= 2


def test_a_queue_on_the_way_is_stood_in() -> None:
    queue = f"  queues: [{{id: bar, line: {line_of((20, 10), (10, 10))}, servers: 2, service_s: 6, service_spread: 0}}]\n"
    result = run("via: [bar], to: {east: 1}", queue, people=20)
    left = result.series.set_index("time_s")["left"]
    assert left.iloc[-1] == 20
    # two servers at six seconds: a third of a person a second
    between = left[(left > 2) & (left < 18)]
    assert np.polyfit(between.index, between, 1)[0] == pytest.approx(1 / 3, rel=0.15)


def test_who_takes_its_time_starts_later() -> None:
    soon, late = run("to: {east: 1}"), run("to: {east: 1}, pre_movement_s: [50, 80]")
    gain = late.figure("evacuation").value - soon.figure("evacuation").value
    assert 30.0 < gain < 80.0


def test_companies_walk_together() -> None:
    result = run("to: {east: 1}, group_size: {4: 1}", people=24)
    assert result.figure("left").value == 24
    for moment in (10, 25):
        now = result.trajectories[result.trajectories["frame"] == moment]
        for _, group in now.groupby(now["id"] // 4):
            assert np.hypot(*(group[["x", "y"]] - group[["x", "y"]].mean()).to_numpy().T).max() < 3.5


def test_kinds_are_drawn_by_share() -> None:
    crowd = CrowdSettings.model_validate({
        "types": {"adult": {"share": 3}, "old": {"share": 1, "speed_mean_m_s": 0.8, "speed_sd_m_s": 0.1, "radius_m": 0.25}}
    })  # fmt: skip
    kind = Kinds(crowd, 1).of(Company(), "all", 4000, "crowd.flows[0]")
    old = kind.radius == 0.25
    assert old.mean() == pytest.approx(0.25, abs=0.03)
    assert kind.speed[old].mean() == pytest.approx(0.8, abs=0.02)
    assert kind.speed[~old].mean() == pytest.approx(1.34, abs=0.03)
    only = Kinds(crowd, 1).of(Company.model_validate({"types": {"old": 1}}), "all", 100, "crowd.flows[0]")
    assert (only.radius == 0.25).all()
    with pytest.raises(ScenarioError, match="`older` is not a type of people"):
        Kinds(crowd, 1).of(Company.model_validate({"types": {"older": 1}}), "all", 10, "crowd.flows[0]")


def test_sizes_of_companies_are_drawn_by_share() -> None:
    together = Kinds(CrowdSettings(), 1).together(Company.model_validate({"group_size": {1: 1, 2: 2, 3: 1}}), "all", 3000)
    sizes = np.bincount(np.bincount(together[together >= 0]))
    assert sizes[3] == pytest.approx(sizes[2] / 2, rel=0.2)
    assert set(np.flatnonzero(sizes)) <= {1, 2, 3}


@pytest.mark.parametrize(
    ("crowd", "message"),
    [
        (f"  doors: [{{id: g, line: {line_of((1, 1), (1, 1))}}}]", "these are the same"),
        (f"  doors: [{{id: g, line: {line_of((1, 1), (1, 5))}, level: cellar}}]", "there is no level `cellar`"),
        (f"  doors: [{{id: g, line: {line_of((1, 1), (1, 5))}, open_s: [[9, 3]]}}]", "closes .* before it opens"),
        ("  exit_hours: {eest: {capacity_per_min: 3}}", "`eest` is not the name of an exit"),
        (f"  queues: [{{id: east, line: {line_of((1, 1), (1, 5))}}}]", "the name `east` is used twice"),
        ("  types: {old: {share: 0}}", "share"),
    ],
)
def test_what_cannot_be_is_refused_in_words(crowd: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        run("to: {east: 1}", crowd + "\n")
