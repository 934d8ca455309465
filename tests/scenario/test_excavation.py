"""A pit as a scenario tells it: walls, slopes, stages, struts, concrete and wells; and what cannot be one."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from tests.places import at, box_of, town
from twin.cli import main
from twin.errors import ScenarioError, TwinError
from twin.geo.pits import Pit, pit_of
from twin.geo.samples import sample_folder
from twin.scenario import scenario_from_text
from twin.scenario.apply import apply_changes
from twin.scenario.excavation import ExcavationChange

STAGES = [
    {"id": "dry", "floor_m": 0.0, "starts": "2026-03-02"},
    {"id": "wet", "floor_m": -4.0, "starts": "2026-03-16", "water_m": 0.5},
    {"id": "floor", "floor_m": -4.0, "starts": "2026-04-06", "ends": "2026-04-24", "concreted": True},
]
DESIGN: dict[str, Any] = {
    "id": "pit", "type": "excavation", "bottom_m": -4.0, "outline": {"polygon": box_of(20, 20, 30, 30)},
    "wall": {"kind": "diaphragm", "toe_m": -11.0, "settlement_mm": 12}, "concrete": {"thickness_m": 1.0, "tension_kn_m2": 30},
    "supports": [{"id": "upper", "level_m": 0.5, "installed": "dry"}, {"id": "lower", "level_m": -2.0, "removed": "wet"}],
    "wells": [{"id": "w1", "at": at(22, 22)}, {"id": "w2", "at": at(28, 28), "m3_per_day": 120}], "stages": STAGES,
}  # fmt: skip


def _change(**other: Any) -> ExcavationChange:
    given = {**DESIGN, **other}
    text = json.dumps({"title": "Pit", "changes": [{key: value for key, value in given.items() if value is not None}]})
    (change,) = scenario_from_text(text).changes
    assert isinstance(change, ExcavationChange)
    return change


def _pit(**other: Any) -> Pit:
    changed = apply_changes(town(), (_change(**other),))
    return pit_of(changed.city.pits.loc["pit"], "pit")


def test_the_city_has_the_pit_as_it_was_told() -> None:
    pit = _pit()
    assert (pit.wall, pit.toe_m, pit.settlement_mm, pit.concrete_m, pit.tension_kn_m2) == ("diaphragm", -11.0, 12.0, 1.0, 30.0)
    assert [one.id for one in pit.stages] == ["dry", "wet", "floor"]
    assert [one.ends for one in pit.stages] == [dt.date(2026, 3, 15), dt.date(2026, 4, 5), dt.date(2026, 4, 24)]
    assert [one.dry_to_m for one in pit.stages] == [0.0, 0.5, -4.0]
    assert math.isnan(pit.wells[0].m3_per_day)
    assert pit.wells[1].m3_per_day == 120.0
    assert pit_of(pit.columns(), "pit") == pit


def test_struts_are_there_from_when_they_are_put_in() -> None:
    pit = _pit()
    assert {one.id: [part.id for part in pit.supports_in(one.id)] for one in pit.stages} == {
        "dry": ["upper"], "wet": ["upper", "lower"], "floor": ["upper"],
    }  # fmt: skip
    with pytest.raises(TwinError, match="there is no stage `roof`"):
        pit.supports_in("roof")


@pytest.mark.parametrize(("day", "stage"), [
    ("2026-03-01", None), ("2026-03-02", "dry"), ("2026-03-15", "dry"), ("2026-03-16", "wet"), ("2026-04-24", "floor"),
    ("2026-04-25", None),
])  # fmt: skip
def test_a_day_has_its_stage(day: str, stage: str | None) -> None:
    found = _pit().stage_on(dt.date.fromisoformat(day))
    assert (None if found is None else found.id) == stage


def test_a_pit_of_a_floor_alone_is_open_from_the_start() -> None:
    pit = _pit(wall=None, concrete=None, supports=None, wells=None, stages=None)
    assert [(one.id, one.floor_m) for one in pit.stages] == [("open", -4.0)]
    assert (pit.wall, math.isinf(pit.slope), pit.outline_at_top.equals(pit.outline)) == ("", True, True)


def test_a_slope_makes_the_pit_wider_at_the_ground() -> None:
    pit = _pit(wall=None, concrete=None, supports=None, stages=None, slope_1_in=1.5)
    wide = 10.0 + 2 * 1.5 * pit.depth_m
    assert pit.outline_at_top.area == pytest.approx(wide**2)
    assert pit.wall == "slope"
    changed = apply_changes(town(), (_change(wall=None, concrete=None, supports=None, stages=None, slope_1_in=1.5),))
    (obstacle,) = changed.obstacles
    assert obstacle.outline is not None
    assert obstacle.outline.equals(pit.outline_at_top)


def test_faces_that_slope_lie_as_far_aside_as_they_are_high() -> None:
    pit = Pit("p", "P", shapely.box(0, 0, 40, 25), -6.0, 0.0, slope=1 / 1.5)
    there = np.array([[20.0, 12.0], [20.0, -3.0], [-8.9, -8.9], [-4.5, 10.0], [-9.1, 0.0], [44.5, 29.5]])
    assert pit.aside(there) == pytest.approx([0.0, 3.0, 9.0, 4.5, np.inf, 4.5], abs=9.0 / 64)
    assert pit.aside(there)[[0, 1, 3]].tolist() == [0.0, 3.0, 4.5]


@pytest.mark.parametrize(("other", "told"), [
    ({"wall": {"toe_m": -4.5}}, "the toe of the wall (-4.5 m) is not below the concrete (-5 m)"),
    ({"wall": {"toe_m": -4.0}, "concrete": None, "stages": STAGES[:2]}, "the toe of the wall (-4 m) is not below the floor (-4 m)"),
    ({"slope_1_in": 1.5}, "give either a `wall`, or `slope_1_in`"),
    ({"wall": None, "stages": None}, "struts and anchors hold a wall: give `wall` too"),
    ({"stages": [{"id": "a", "floor_m": -4}, {"id": "a", "floor_m": -4}], "supports": None}, "two of `stages` are called `a`"),
    ({"stages": [*STAGES[:2], {**STAGES[2], "starts": "2026-03-10"}]}, "stage `floor` starts on 2026-03-10, before stage `wet`"),
    ({"stages": [{"id": "a", "floor_m": -3}], "supports": None}, "the deepest stage `a` digs to -3 m, and `bottom_m` is -4"),
    ({"stages": [{"id": "a", "floor_m": -2}, {"id": "b", "floor_m": -1}, {"id": "c", "floor_m": -4}], "supports": None},
     "the floor of `b` (-1 m) is higher than that of `a` (-2 m)"),
    ({"concrete": None}, "a stage is `concreted`: give `concrete` too"),
    ({"supports": [{"id": "low", "level_m": -5}]}, "`low` lies at -5 m, which is not between the floor and the ground"),
    ({"supports": [{"id": "early", "level_m": -2, "installed": "dry"}]}, "whose floor is still above it (0 m)"),
    ({"supports": [{"id": "x", "level_m": -2, "installed": "roof"}]}, "is `roof`, which is no stage: give one of `dry`, `wet`"),
    ({"stages": [{**STAGES[0], "ends": "2026-02-02"}, *STAGES[1:]]}, "it ends (2026-02-02) before it starts (2026-03-02)"),
    ({"stages": [{**STAGES[0], "starts": "2026-02-30"}, *STAGES[1:]]}, "`2026-02-30` is not a day"),
    ({"top_m": -4.5}, "the bottom (-4 m) is not below the top (-4.5 m)"),
    ({"top_m": -1.0}, "above the top of the pit (-1 m)"),
    ({"concrete": {"thickness_m": -1}}, "`thickness_m` is a number of metres, above 0"),
])  # fmt: skip
def test_what_cannot_be_a_pit(other: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        _change(**other)
    assert told in str(caught.value)


@pytest.mark.parametrize(("other", "told"), [
    ({"wells": [{"id": "far", "at": at(900, 22)}]}, "wells[0].at"),
    ({"outline": {"polygon": box_of(900, 900, 910, 910)}}, "outline"),
    ({"supports": [{"id": "high", "level_m": 60.0}], "stages": None}, "`high` lies at 60 m, above the ground there"),
    ({"stages": [{"id": "up", "floor_m": 50.0}, {"id": "down", "floor_m": -4.0}], "supports": None, "concrete": None},
     "the floor of stage `up` (50 m) is above the ground there"),
])  # fmt: skip
def test_what_does_not_fit_the_city(other: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        _pit(**other)
    assert told in str(caught.value)


@pytest.mark.parametrize(("row", "told"), [
    ({"bottom_m": None}, "its bottom or its top is not known"),
    ({"bottom_m": 3.0}, "its bottom \\(3 m\\) is not below its top \\(1 m\\)"),
    ({"stages": "[1]"}, "its stages, supports or wells cannot be read"),
    ({"stages": "no JSON"}, "cannot be read"),
    ({"supports": '[{"id": "a", "colour": "red"}]'}, "cannot be read"),
    ({"stages": '[{"id": "a", "floor_m": -1, "starts": "soon"}]'}, "cannot be read"),
])  # fmt: skip
def test_a_row_that_is_no_pit_is_told(row: dict[str, Any], told: str) -> None:
    with pytest.raises(TwinError, match=told):
        pit_of({"bottom_m": -1.0, "top_m": 1.0, "geometry": shapely.box(0, 0, 1, 1), **row}, "p")


@pytest.mark.parametrize(("toe", "doubted"), [(-5.1, True), (-5.9, True), (-6.0, False), (-9.0, False)])
def test_a_wall_that_hardly_goes_below_the_floor_is_doubted(toe: float, doubted: bool) -> None:
    told = _change(wall={"kind": "sheet-pile", "toe_m": toe}).doubts()
    assert len(told) == doubted
    assert all("a geotechnical design must say how deep it goes" in line for line in told)


def test_validate_warns_of_a_wall_that_hardly_goes_below_the_floor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (sample_folder().parent / "wharf_garage.yaml").read_text(encoding="utf-8")
    path = tmp_path / "garage.yaml"
    path.write_text(text.replace("toe_m: -9.5", "toe_m: -2.7"), encoding="utf-8")
    assert main(["validate", str(path)]) == 0
    told = capsys.readouterr()
    assert "warning: the toe of the wall of `garage` (-2.7 m) is only 0.1 m below what is dug (-2.6 m)" in told.err
    assert "valid" in told.out
