"""Scenarios that cannot be run: what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

import twin
from tests.places import at, box_of, frame, town, town_scenario, two_levels
from twin.errors import (
    GeometryError,
    MissingFileError,
    ParameterError,
    ScenarioError,
    StairError,
    StartError,
    TwinError,
    UnreachableError,
    WalkableError,
)
from twin.scenario import scenario_from_text


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("zones: [{id: a, at: {polygon: HOUSE}, present: 5}]", StartError, "in building `house`"),
        ("zones: [{id: a, at: {polygon: SMALL}, present: 500}]", StartError, "do not fit"),
        ("zones: [{id: a, at: hose, present: 5}]", ScenarioError, "did you mean `house`?"),
        ("zones: [{id: a, at: {point: [0, 0]}, present: 5}]", ScenarioError, "outside the city"),
        ("zones: [{id: a, at: {polygon: OPEN, level: roof}, present: 5}]", ScenarioError, "no level `roof`"),
        ("zones: [{id: a, at: {polygon: OPEN}, present: 5, exits: {est: 1}}]", ScenarioError, "did you mean `east`?"),
        ("arrivals: [{id: a, at: {polygon: OPEN}, people: 3, to: {wst: 1}}]", ScenarioError, "`wst` is not the name"),
        ("arrivals: [{id: a, at: {polygon: HOUSE}, people: 3}]", StartError, "in building `house`"),
    ],
)
def test_people_that_cannot_be_placed_are_told(text: str, kind: type[TwinError], told: str) -> None:
    for name, shape in (("HOUSE", box_of(24, 24, 36, 36)), ("SMALL", box_of(2, 2, 6, 6)), ("OPEN", box_of(2, 2, 16, 16))):
        text = text.replace(name, str(shape))
    scenario = scenario_from_text(f"""\
title: Wrong
changes: [{{id: party, type: event, {text}}}]
crowd: {{duration_s: 10, exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}}}
""")
    with pytest.raises(kind, match="changes\\[party\\]") as caught:
        twin.run(scenario, city=town(), progress=False)
    assert told in str(caught.value)


def test_errors_of_places_name_the_line() -> None:
    scenario = town_scenario("  - {id: shut, type: closure, at: hose}")
    with pytest.raises(ScenarioError) as caught:
        twin.compare(scenario, city=town(), progress=False)
    line = next(k for k, text in enumerate(scenario.text.splitlines(), 1) if "hose" in text)
    assert caught.value.where == f"scenario:{line} changes[shut].at"
    crossed = [at(20, 40), at(30, 50), at(30, 40), at(20, 50)]
    with pytest.raises(ScenarioError, match="its sides do not cross"):
        twin.compare(town_scenario(f"  - {{id: x, type: closure, at: {{polygon: {crossed}}}}}"), city=town(), progress=False)


def test_place_outside_the_area_is_told() -> None:
    scenario = scenario_from_text(town_scenario().text + f"\narea: {[*at(0, 0), *at(50, 60)]}\n")
    with pytest.raises(UnreachableError, match="outside the `area`"):
        twin.run(scenario, city=town(), progress=False)


def test_exit_nobody_can_reach_is_told_with_both_names() -> None:
    wall = f"  - {{id: wall, type: fence, line: [{at(50, -1)}, {at(50, 61)}]}}"
    with pytest.raises(UnreachableError) as caught:
        twin.compare(town_scenario(wall), city=town(), progress=False)
    assert "120 people of `west` cannot reach `east`" in str(caught.value)


def test_counting_line_off_the_floor_is_told() -> None:
    line = f"  lines: [{{id: nowhere, line: [{at(24, 30)}, {at(36, 30)}]}}]"
    scenario = scenario_from_text(town_scenario().text.split("  lines:")[0] + line + "\n")
    with pytest.raises(ScenarioError, match="`nowhere` does not cross the floor"):
        twin.run(scenario, city=town(), progress=False)


def test_exit_inside_a_building_is_told() -> None:
    scenario = scenario_from_text(f"""\
title: Wrong
crowd:
  exits: {{inside: {{polygon: {box_of(25, 25, 35, 35)}}}}}
  flows: [{{id: f, at: {{polygon: {box_of(2, 2, 8, 8)}}}, people: 4}}]
""")
    with pytest.raises(UnreachableError, match="in building `house`"):
        twin.run(scenario, city=town(), progress=False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("{id: x, type: building, remove: hous}", "did you mean `house`?"),
        (f"{{id: x, type: excavation, outline: {{polygon: {box_of(2, 44, 10, 52)}}}, bottom_m: 5}}", "not below the ground"),
        (f"{{id: house, type: building, footprint: {box_of(42, 4, 50, 12)}, height_m: 5}}", "house"),
        (f"{{id: x, type: building, footprint: {[at(2, 2), at(8, 8), at(2, 8), at(8, 2)]}, height_m: 5}}", "x"),
    ],
)
def test_changes_that_cannot_be_made_are_told(change: str, told: str) -> None:
    with pytest.raises((ScenarioError, GeometryError)) as caught:
        twin.compare(town_scenario(f"  - {change}"), city=town(), progress=False)
    assert told in str(caught.value)


def test_natural_mistakes_in_types_are_told(tmp_path: Path) -> None:
    scenario = town_scenario(people=5)
    for wrong in ("1", -1, 1.5, True):
        with pytest.raises(ParameterError, match="not a seed"):
            twin.run(scenario, city=town(), seed=wrong)
    assert twin.ensemble(scenario, seeds=np.int64(1), city=town(), progress=False).seeds == (1,)
    with pytest.raises(ParameterError, match="a scenario is needed"):
        twin.run({"title": "x"})
    with pytest.raises(ParameterError, match="is not a city"):
        twin.run(scenario, city="sample")
    (tmp_path / "town.yaml").write_text(scenario.text)
    assert twin.run(tmp_path / "town.yaml", city=town(), progress=False).figure("people").value == 5
    assert len(town().without("house").buildings) == 0


def test_missing_city_is_told(tmp_path: Path) -> None:
    scenario = scenario_from_text("title: x\ncity: nowhere.city.json\n", source=tmp_path / "s.yaml")
    with pytest.raises(MissingFileError, match="nowhere"):
        twin.run(scenario)


@pytest.mark.parametrize(
    ("corners", "told"),
    [
        ((2, -8, 6, -4), "it lies in water `canal`"),
        ((2, 26, 6, 28), "it lies in green `garden`, which is no floor"),
        ((22, 26, 26, 28), "it lies on a railway, which is not for people"),
        ((32, 26, 36, 28), "nothing that people walk on (street, square, path) is there on level `street`"),
        ((12, 18, 16, 22), "it lies in the closure `works`"),
    ],
)
def test_why_a_place_has_no_floor_speaks_of_an_area_only_when_there_is_one(
    corners: tuple[float, float, float, float], told: str
) -> None:
    base = two_levels()
    roads = pd.concat([
        base.roads, frame({"rails": {"surface": "railway", "level": "street", "z_m": 4.0, "geometry": shapely.box(20, 25, 28, 30)}})
    ])  # fmt: skip
    city = (
        base.with_layer("roads", roads)
        .with_layer("water", frame({"canal": {"geometry": shapely.box(0, -10, 40, 0)}}))
        .with_layer("green", frame({"garden": {"kind": "garden", "geometry": shapely.box(0, 25, 10, 30)}}))
    )
    text = f"""\
title: Wrong
changes: [{{id: works, type: closure, at: {{polygon: {box_of(10, 17, 18, 23)}}}}}]
crowd: {{exits: {{a: {{polygon: {box_of(*corners)}}}}}}}
"""
    with pytest.raises(UnreachableError) as caught:
        twin.run(scenario_from_text(text), city=city, progress=False)
    assert told in str(caught.value)
    assert "`area`" not in str(caught.value)


def test_a_city_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "Delft.city.json").write_text("{}")
    path = tmp_path / "plan.yaml"
    path.write_text("title: Plan\nquestion: Why?\ncity: delft.city.jsn\n")
    with pytest.raises(MissingFileError, match=r"did you mean `Delft\.city\.json`") as caught:
        twin.run(path, progress=False)
    assert caught.value.where == f"{path}:3 city"
    path.write_text("title: Plan\ncity:\n  - sample\n  - trees.gpkg\n")
    with pytest.raises(MissingFileError) as caught:
        twin.run(path, progress=False)
    assert caught.value.where == f"{path}:4 city[1]"


def test_a_stair_without_its_level_is_told_with_the_line_of_the_city() -> None:
    scenario = scenario_from_text("title: Plan\nquestion: Why?\ncity: sample\n")
    with pytest.raises(StairError, match="level `quay` is not a level of the city") as caught:
        twin.run(scenario, city=two_levels(bottom_level="quay"), progress=False)
    assert caught.value.where == "scenario:3 city, stair `stair`"
    nowhere = scenario_from_text(f"title: Plan\narea: {[*at(40.5, 24.5), *at(600, 600)]}\n")
    with pytest.raises(WalkableError, match="nothing is left to stand on") as lost:
        twin.run(nowhere, city=two_levels(), progress=False)
    assert lost.value.where == "scenario:2 area"


@pytest.mark.parametrize(
    "change",
    [
        f"type: fence, line: [{at(2, 12)}, {at(8, 12)}], level: warf",
        f"type: closure, at: {{polygon: {box_of(2, 2, 6, 6)}, level: warf}}",
        f"type: excavation, bottom_m: -3, outline: {{polygon: {box_of(2, 2, 6, 6)}, level: warf}}",
    ],
)
def test_a_change_on_a_level_that_is_not_there_would_do_nothing(change: str) -> None:
    scenario = scenario_from_text(f"title: Plan\nchanges:\n  - {{id: shut, {change}}}\n")
    with pytest.raises(ScenarioError, match="there is no level `warf`; did you mean `wharf`") as caught:
        twin.run(scenario, city=two_levels(), progress=False)
    assert str(caught.value.where).startswith("scenario:3 changes[shut].")
