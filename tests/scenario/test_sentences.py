"""Every mistake that a key of a scenario can hold is told in plain words, with what is wanted and an example."""

from __future__ import annotations

import copy
import json
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from twin.errors import ScenarioError
from twin.scenario import scenario_from_text
from twin.scenario.model import Scenario
from twin.scenario.sentences import bare, example, spot, wanted

EVENT = {"id": "party", "type": "event", "zones": [{"id": "square", "at": "x", "present": 1}]}
SECTORS = [{"direction_deg": angle, "frequency_percent": 25, "k": 2, "a_m_s": 5} for angle in (0, 90, 180, 270)]
WIND = {"factors": "a.csv", "reference_m": 60, "climate": {"file": "c.csv", "height_m": 60, "source": "x"}}
PIT = {
    "id": "a", "type": "excavation", "outline": "x", "bottom_m": -3.5, "wall": {"toe_m": -9}, "concrete": {"thickness_m": 1},
    "supports": [{"id": "a", "level_m": 2}], "wells": [{"id": "a", "at": [0, 0]}],
    "stages": [{"id": "first", "floor_m": 0}, {"id": "second", "floor_m": -3.5}],
}  # fmt: skip
WHERE: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "Scenario": ({}, ()),
    "CrowdSettings": ({"crowd": {}}, ("crowd",)),
    "Analyses": ({"analyses": {}}, ("analyses",)),
    "CrowdingAnalysis": ({"analyses": {"crowding": {}}}, ("analyses", "crowding")),
    "SunAnalysis": ({"analyses": {"sun": {}}}, ("analyses", "sun")),
    "SightAnalysis": ({"analyses": {"sight": {"landmark": "tower"}}}, ("analyses", "sight")),
    "NoiseAnalysis": ({"analyses": {"noise": {"sources": [{"id": "a", "at": "x", "level_db": 90}]}}}, ("analyses", "noise")),
    "SoundSource": (
        {"analyses": {"noise": {"sources": [{"id": "a", "at": "x", "level_db": 90}]}}}, ("analyses", "noise", "sources", 0)
    ),
    "SoundLimit": (
        {"analyses": {"noise": {"sources": [{"id": "a", "at": "x", "level_db": 90}], "table": [
            {"hours": ["07:00", "23:00"], "dba": 80, "dbc": 95}
        ]}}}, ("analyses", "noise", "table", 0)
    ),
    "SoundLine": (
        {"analyses": {"noise": {"lines": [{"id": "a", "along": [[0, 0], [1, 1]], "power_db_m": 90}]}}},
        ("analyses", "noise", "lines", 0)
    ),
    "Road": (
        {"analyses": {"noise": {"roads": [{"id": "a", "at": "x", "per_hour": {"light": [1, 1, 1]}}]}}},
        ("analyses", "noise", "roads", 0)
    ),
    "SolarAnalysis": ({"analyses": {"solar": {}}}, ("analyses", "solar")),
    "AccessAnalysis": ({"analyses": {"access": {"to": ["x"]}}}, ("analyses", "access")),
    "WindAnalysis": ({"analyses": {"wind": WIND}}, ("analyses", "wind")),
    "WindClimate": ({"analyses": {"wind": WIND}}, ("analyses", "wind", "climate")),
    "WindSector": (
        {"analyses": {"wind": {**WIND, "climate": {"sectors": SECTORS, "height_m": 60, "source": "x"}}}},
        ("analyses", "wind", "climate", "sectors", 0)
    ),
    "WindPlace": (
        {"analyses": {"wind": {**WIND, "places": [{"at": "x", "activity": "sitting"}]}}}, ("analyses", "wind", "places", 0)
    ),
    "HeatAnalysis": ({"analyses": {"heat": {}}}, ("analyses", "heat")),
    "RainAnalysis": ({"analyses": {"rain": {}}}, ("analyses", "rain")),
    "RoutesAnalysis": ({"analyses": {"routes": {"stations": ["x"]}}}, ("analyses", "routes")),
    "Way": ({"analyses": {"routes": {"stations": ["x"], "routes": [{"id": "a", "start": "x", "end": "y"}]}}},
            ("analyses", "routes", "routes", 0)),
    "Vehicle": ({"analyses": {"routes": {"stations": ["x"], "vehicle": {"width_m": 2}}}}, ("analyses", "routes", "vehicle")),
    "PitAnalysis": ({"changes": [PIT], "analyses": {"pit": {}}}, ("analyses", "pit")),
    "SoilLayer": ({"changes": [PIT], "analyses": {"pit": {"layers": [{"soil": "sand", "top_m": 2, "bottom_m": -9}]}}},
                  ("analyses", "pit", "layers", 0)),
    "CellarsAnalysis": ({"analyses": {"cellars": {}}}, ("analyses", "cellars")),
    "CellarVehicle": ({"analyses": {"cellars": {"vehicles": [{"id": "a", "vehicle": "van"}]}}},
                      ("analyses", "cellars", "vehicles", 0)),
    "CellarCrane": ({"analyses": {"cellars": {"cranes": [{"id": "a", "outriggers": [[0, 0]], "outrigger_kn": 9}]}}},
                    ("analyses", "cellars", "cranes", 0)),
    "GreenAnalysis": ({"analyses": {"green": {}}}, ("analyses", "green")),
    "SignalAnalysis": ({"analyses": {"signal": {}}}, ("analyses", "signal")),
    "Antenna": ({"analyses": {"signal": {"antennas": [{"id": "a", "at": [0, 0], "height_m": 8}]}}},
                ("analyses", "signal", "antennas", 0)),
    "AntennaChange": ({"changes": [{"id": "a", "type": "antenna", "at": [0, 0], "height_m": 8}]}, ("changes", 0)),
    "SkyAnalysis": ({"analyses": {"sky": {}}}, ("analyses", "sky")),
    "Line": ({"crowd": {"lines": [{"id": "a", "line": [[0, 0], [1, 1]]}]}}, ("crowd", "lines", 0)),
    "Door": ({"crowd": {"doors": [{"id": "a", "line": [[0, 0], [1, 1]]}]}}, ("crowd", "doors", 0)),
    "Queue": ({"crowd": {"queues": [{"id": "a", "line": [[0, 0], [1, 1]]}]}}, ("crowd", "queues", 0)),
    "Lift": ({"crowd": {"lifts": [{"id": "a", "at": "x", "to": "y"}]}}, ("crowd", "lifts", 0)),
    "Escalator": ({"crowd": {"escalators": [{"id": "a", "at": "x", "to": "y"}]}}, ("crowd", "escalators", 0)),
    "JamAvoidance": ({"crowd": {"avoid_jams": {}}}, ("crowd", "avoid_jams")),
    "OpenHours": ({"crowd": {"exit_hours": {"north": {}}}}, ("crowd", "exit_hours", "north")),
    "PersonType": ({"crowd": {"types": {"adult": {}}}}, ("crowd", "types", "adult")),
    "ClosureChange": ({"changes": [{"id": "a", "type": "closure", "at": "x"}]}, ("changes", 0)),
    "Place": ({"changes": [{"id": "a", "type": "closure", "at": {}}]}, ("changes", 0, "at")),
    "FenceChange": ({"changes": [{"id": "a", "type": "fence", "line": [[0, 0], [1, 1]]}]}, ("changes", 0)),
    "BuildingChange": ({"changes": [{"id": "a", "type": "building", "remove": "x"}]}, ("changes", 0)),
    "PavingChange": ({"changes": [{"id": "a", "type": "paving", "at": "x", "surface": "paved"}]}, ("changes", 0)),
    "TreesChange": ({"changes": [{"id": "a", "type": "trees", "remove": ["x"]}]}, ("changes", 0)),
    "ExcavationChange": ({"changes": [PIT]}, ("changes", 0)),
    "RetainingWall": ({"changes": [PIT]}, ("changes", 0, "wall")),
    "Support": ({"changes": [PIT]}, ("changes", 0, "supports", 0)),
    "UnderwaterConcrete": ({"changes": [PIT]}, ("changes", 0, "concrete")),
    "DewateringWell": ({"changes": [PIT]}, ("changes", 0, "wells", 0)),
    "ConstructionStage": ({"changes": [PIT]}, ("changes", 0, "stages", 0)),
    "EventChange": ({"changes": [EVENT]}, ("changes", 0)),
    "Zone": ({"changes": [EVENT]}, ("changes", 0, "zones", 0)),
    "Stage": ({"changes": [{**EVENT, "stages": [{"id": "a", "at": "x"}]}]}, ("changes", 0, "stages", 0)),
    "Arrivals": ({"crowd": {"flows": [{"id": "a", "at": "x", "people": 1}]}}, ("crowd", "flows", 0)),
}
MISTAKES = (
    "tien", "", "10,5", "2024-04-27", "60 s", 123, -5, 1.5, 1.0, 1e400, True, None, [], [1, 2], ["a"], [True, True], [[1, 2, 3]],
    {"a": 1}, {"north": True}, {}, "x" * 2000,
)  # fmt: skip
TRUTH = next(k for k, value in enumerate(MISTAKES) if value is True)
NOT_OURS = (
    "should be", "Input", "valid ", "unable to", "instance of", "pydantic", "literal", "None", "True", "False", "tuple", "dict",
)  # fmt: skip


def _parts() -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = [Scenario]
    for part in found:
        stack = [field.annotation for field in part.model_fields.values()]
        while stack:
            kind, _ = bare(stack.pop())
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                if kind not in found:
                    found.append(kind)
            else:
                stack += get_args(kind)
    return found


FIELDS = [
    pytest.param(part, key, id=f"{part.__name__}.{key}")
    for part in _parts()
    for key in part.model_fields
    if (part, key) not in ((Scenario, "source"), (Scenario, "text"))
]


def _told(part: type[BaseModel], key: str, value: Any) -> ScenarioError | None:
    """What is said of a scenario with a value under a key; None when it is accepted."""
    document, way = WHERE[part.__name__]
    document = copy.deepcopy({"title": "Plan", **document})
    node: Any = document
    for step in way:
        node = node[step]
    node[key] = value
    try:
        scenario_from_text(json.dumps(document))
    except ScenarioError as error:
        return error
    return None


def test_every_part_of_a_scenario_is_looked_at() -> None:
    assert {part.__name__ for part in _parts()} == set(WHERE)


@pytest.mark.parametrize(("part", "key"), FIELDS)
def test_a_mistake_is_told_in_our_words(part: type[BaseModel], key: str) -> None:
    told = {k: _told(part, key, value) for k, value in enumerate(MISTAKES)}
    errors = [error for error in told.values() if error is not None]
    assert errors
    for error in errors:
        assert not [word for word in NOT_OURS if word in str(error)], error
        assert str(error.where).startswith("scenario:1"), error
        if error.what.startswith(f"`{key}` is ") and "two changes" not in str(error):
            assert error.hint is not None or key in ("city", "model"), error
    kind = bare(part.model_fields[key].annotation)[0]
    assert kind is bool or told[TRUTH] is not None
    assert kind is not int or all(told[MISTAKES.index(value)] is not None for value in (1.5, "10,5"))


@pytest.mark.parametrize(("part", "key"), FIELDS)
def test_the_example_can_be_used(part: type[BaseModel], key: str) -> None:
    error = _told(part, key, YAML(typ="safe", pure=True).load(example(part, key))[key])
    assert wanted(part, key)
    # a rule of several keys may stand against it, but not what the key takes
    assert error is None or any(word in str(error) for word in ("give", "a building", "belongs to", "is not below")), error


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("crowd: {exits: noord}", "`exits` is a group of names with a place each, not `noord`"),
        ("crowd: {exits: noord}", "\n  for example `exits: {north: exit-north}`"),
        ("crowd: {flows: [{id: a, at: x, people: tien}]}", "`people` is a whole number from 1 to 2000000, not `tien`"),
        ("crowd: {flows: [{id: a, at: x, people: 10,5}]}", "decimals are written with a point"),
        ("crowd: {flows: [{id: a, at: x, people: 1.000}]}", "write whole numbers without a point, thousands too"),
        ("crowd: {flows: [{id: a, at: x, people: true}]}", "not `true`"),
        ("crowd: {flows: [{id: a, at: x, people:5}]}", "write `key: value`, with a colon and a space after it"),
        ("crowd:\n  duration_s: 10,5", "decimals are written with a point, and thousands without any sign"),
        ("crowd:\n  duration_s: [60]", "`duration_s` is a number of seconds, above 0 and at most 86400, not a list of 1"),
        ("crowd:\n  clock_start: 25:00", '`clock_start` is a clock time, "hh:mm" in quotes, not `25:00`'),
        ("changes: [{id: a, type: building, remove: 123}]", '`remove` is a text: write it in quotes, "123"'),
        ("changes: {id: a, type: closure, at: x}", "`changes` is a list of changes, each begun with `-`"),
        ("changes: [noord]", "`changes` is a list of changes"),
        ("changes: [{id: a, type: closing, at: x}]", "did you mean `closure`?\n  there are antenna, building, closure"),
        ("changes: [{id: a, type: event, in_baseline: ja, zones: []}]", "`in_baseline` is `true` or `false`, not `ja`"),
        ("changes: [{id: a, type: closure, at: [1, 2, 3]}]", "`at` is a place: the id of an object of the city"),
        ("changes: [{id: a, type: closure, at: {point: [1, 2, 3]}}]", "`point` is [x, y], not a list of 3"),
        ("changes: [{id: a, type: closure, at: {point: [1]}}]", "`point` is [x, y], not a list of 1"),
        ("analyses:\n  sun: {days: [\"2026-02-30\"]}", "`2026-02-30` is not a day: write year, month and day, such as 2026-02-19"),
        ("analyses:\n  sun: {days: [2026-02-19, 2026-02-19]}", "a day is given twice"),
        ("analyses:\n  sun: {norm: tno-lite}", "`norm` is one of `tno-light`, `tno-strict`, not `tno-lite`"),
        ("analyses:\n  zon: {}", "`zon` is not a key of `analyses`"),
        ("area: [1, 2, 3]", "`area` is four numbers, [west, south, east, north], not a list of 3"),
        ("crowd:\n  model: social-forces", "no model `social-forces`; did you mean `social-force`?\n  there are `coll"),
        ("crowd:\n  model: 5", '`model` is a text: write it in quotes, "5"\n  for example `model: social-force`'),
        ("crowd: {preset: jupedsm}", "has no preset `jupedsm`; did you mean `jupedsim`?\n  there are `event`, `jupedsim`"),
        ("crowd: {model: social-force, preset: event}", "the model `social-force` has no preset `event`\n  there are `default`"),
        ("crowd: {model_parameters: 5}", "names of parameters with a number each, not `5`\n  for example `model_para"),
        ("crowd: {model_parameters: {strength: hoog}}", "`model_parameters` is a group of names of parameters with a number each"),
        ("crowd: {model_parameters: {stregth: 3}}", "of the model `collision-free-speed`; did you mean `strength`?"),
        ("crowd: {model: social-force, model_parameters: {mass: -1}}", "`mass` of the social force model is -1"),
        ("crowd: {model: social-force, time_gap_s: 1}", "no headway in the model `social-force`: leave out `time_gap_s`"),
        ("crowd: {time_gap_s: 1, model_parameters: {time_gap: 1}}", "give either `time_gap_s` or `time_gap` in `model_parameters`"),
    ],
)
def test_what_a_planner_types(line: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario_from_text(f"title: Plan\n{line}\n")
    assert told in str(caught.value)
    number = 1 + len(line.splitlines())
    assert str(caught.value.where).startswith(f"scenario:{number} ")


def test_a_name_may_be_that_of_a_type_of_change() -> None:
    place = spot(("crowd", "exits", "event", "width_m"))
    assert (place.key, place.path) == ("width_m", ("crowd", "exits", "event", "width_m"))
    place = spot(("changes", 0, "event", "zones", 1, "present"))
    assert (place.key, place.path) == ("present", ("changes", 0, "zones", 1, "present"))


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('title: T\ncity: "C:\\data\\delft.json"\n', 2, "write `/` instead of `\\`: \"C:/data/delft.json\"; or use single quotes"),
        ('title: T\ncity: "C:\\Users\\x.json"\n', 2, "write `/` instead of `\\`"),
        ('title: T\ncity: "C:\\temp\\new.json"\n', 2, "write `/` or use single quotes"),
        ('title: T\ncity: "C:\\data\\"\n', 2, "write `/` instead of `\\`"),
        ("title: Feest: mag het?\n", 1, 'put the text in quotes: title: "Feest: mag het?"'),
        ("title: T\nquestion: Mag \"het\": ja?\n", 2, "put the text in quotes: question: 'Mag \"het\": ja?'"),
        ("title: T\ncity: sample\ntitle: U\n", 3, "the key `title` is given twice, in line 1 too\n  give each key once"),
        ("title: T\ncrowd:\n  seed: 1\n   seeds: 3\n", 4, "indented further"),
        ("title: T\ncrowd:\n  seed: 1\n seeds: 3\n", 4, "not in line with the others"),
        ("title: T\n\tcity: x\n", 2, "indent with spaces, not with tabs"),
        ("title: @home\n", 1, "put the text in quotes"),
        ("title: *important*\n", 1, "put the text in quotes"),
        ("title: 'It's'\n", 1, "put the whole text in one pair of quotes"),
        ("title: T\ncity:sample\n", 2, "with a colon and a space after it"),
        ("title: T\ncity: [a, b\ncrowd: {}\n", 2, "end it with `]`"),
        ("title: T\ncrowd: {seed: 1\n", 2, "end it with `}`"),
        ("title: 'T\ncity: x\n", 1, "close it with the same kind of quote"),
        ("title: T\n---\ntitle: U\n", 2, "leave out that line"),
        ("title: T\nanalyses: {sun: {days: [2026-02-30]}}\n", 2, "`2026-02-30` is not a day: write year, month and day"),
    ],
)
def test_text_that_is_not_yaml_is_told_with_what_to_type(text: str, line: int, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario_from_text(text)
    assert told in str(caught.value)
    assert str(caught.value.where).startswith(f"scenario:{line}")


@pytest.mark.parametrize(
    ("analyses", "told"),
    [
        ("{shadow: {}}", "`shadow` is not a key of `analyses`: that is in `sun`\n  write `sun:`"),
        ("{Flood: {}}", "that is in `rain`"),
        ("{heat: {hours: [9]}}", '`hours` are clock times in quotes, not the number 9\n  write "09:00"'),
        ("{heat: {hours: [90]}}", 'not the number 90\n  for example `hours: ["12:00"'),
    ],
)
def test_other_names_and_plain_numbers_are_understood(analyses: str, told: str) -> None:
    with pytest.raises(ScenarioError) as found:
        scenario_from_text(f"stadstwin: 1\ntitle: x\nquestion: y\ncity: sample\nanalyses: {analyses}")
    assert told in str(found.value).replace(" (and 1 more)", "")


def test_all_that_is_wrong_is_told_each_with_its_line() -> None:
    pit = "    watr_m: 3\n    cell_m: 99\n    pumping_days: -1\n"
    text = f"stadstwin: 1\ntitle: x\nquestion: y\ncity: sample\nanalyses:\n  pit:\n{pit}"
    with pytest.raises(ScenarioError) as found:
        scenario_from_text(text)
    first, *rest = str(found.value).splitlines()
    assert first == "scenario:7 analyses.pit.watr_m: `watr_m` is not a key of `pit`; did you mean `water_m`?"
    assert [line.strip().split(": ")[0] for line in rest[1:]] == [
        "scenario:8 analyses.pit.cell_m", "scenario:9 analyses.pit.pumping_days",
    ]  # fmt: skip
    assert "not `99`" in rest[1]


def test_the_ground_of_a_pit_is_in_layers() -> None:
    with pytest.raises(ScenarioError, match="the ground is in `layers`"):
        scenario_from_text("stadstwin: 1\ntitle: x\nquestion: y\ncity: sample\nanalyses: {pit: {soil: []}}")
