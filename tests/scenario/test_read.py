"""Scenario files: what is read, and what an error says."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.errors import MissingFileError, ScenarioError
from twin.scenario import read_scenario, scenario_from_text
from twin.sim.crowd.models.anticipation_velocity import AnticipationVelocity
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.models.social_force import SocialForce

GOOD = """\
stadstwin: 1
title: Test
city: sample
changes:
  - id: party
    type: event
    in_baseline: true
    zones: [{id: square, at: place-square, present: 10}]
    arrivals:
      - {id: west, at: exit-west, people: 5, until_s: 60}
  - id: closed
    type: closure
    at: bridge-2
crowd:
  duration_s: 60
  exits: {north: exit-north}
"""


def _error(text: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        scenario_from_text(text)
    return caught.value


def test_good_scenario_is_read_and_frozen() -> None:
    scenario = scenario_from_text(GOOD)
    assert scenario.title == "Test"
    assert [change.type for change in scenario.changes] == ["event", "closure"]
    assert scenario.has_variant
    assert [change.id for change in scenario.baseline_changes()] == ["party"]
    assert scenario.text == GOOD
    with pytest.raises(ValueError, match="frozen"):
        scenario.title = "other"


def test_two_numbers_stand_for_a_point() -> None:
    (short,) = scenario_from_text(GOOD.replace("at: bridge-2", "at: [136873.5, 455842]")).changes[1:]
    (long,) = scenario_from_text(GOOD.replace("at: bridge-2", "at: {point: [136873.5, 455842]}")).changes[1:]
    assert short == long
    assert "`[x, y]`" in str(_error(GOOD.replace("at: bridge-2", "at: [136873.5, x]")))


def test_misspelt_key_names_line_path_and_nearest_key() -> None:
    error = _error(GOOD.replace("arrivals:", "arrival:"))
    assert "`arrival` is not a key of `event`; did you mean `arrivals`?" in str(error)
    assert ":9" in str(error)
    assert "changes[0].arrival" in str(error)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("type: closure", "type: closing", "did you mean `closure`?"),
        ("    type: closure\n", "", "lacks `type`"),
        ("title: Test\n", "", "lacks `title`"),
        ("duration_s: 60", "duration_s: -60", "a number of seconds, above 0 and at most 86400, not `-60`"),
        ("duration_s: 60", "duration_s: .nan", "not `nan`"),
        ("people: 5", "people: 5, profile: [[0, 1], [10, 1]]", "either `people` or `profile`"),
        ("id: closed", "id: party", "two changes have the id `party`"),
        ("at: bridge-2", "at: {object: bridge-2, point: [1, 2]}", "`object` and `point`"),
        ("at: bridge-2", "at: {polygon: [[0, 0], [1, 1]]}", "at least 3"),
        ("stadstwin: 1", "stadstwin: 2", "1"),
        ("crowd:\n", "crowd:\n  seed: -1\n", "a whole number from 0 to 2147483647"),
    ],
)
def test_mistakes_are_told(old: str, new: str, told: str) -> None:
    assert old in GOOD
    error = _error(GOOD.replace(old, new))
    assert told in str(error)
    assert error.where is not None


def test_broken_yaml_names_the_line() -> None:
    error = _error(GOOD.replace("city: sample", "city: [sample"))
    assert ":" in str(error.where)


def test_duplicate_keys_are_refused() -> None:
    assert "title" in str(_error(GOOD.replace("title: Test", "title: Test\ntitle: Other")))


def test_no_object_is_made_from_yaml_tags(tmp_path: Path) -> None:
    target = tmp_path / "made"
    text = GOOD.replace("title: Test", f"title: !!python/object/apply:os.mkdir [{target}]")
    with pytest.raises(ScenarioError):
        scenario_from_text(text)
    assert not target.exists()


def test_alias_bomb_does_not_grow() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 12)]
    with pytest.raises(ScenarioError):
        scenario_from_text("\n".join(lines) + "\ntitle: *a11\n")


def test_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "kings_day.yaml").write_text(GOOD)
    with pytest.raises(MissingFileError, match=r"kings_day\.yaml"):
        read_scenario(tmp_path / "kings_dya.yaml")


def test_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text("#" * 6_000_000)
    with pytest.raises(ScenarioError):
        read_scenario(path)


def test_settings_can_be_replaced_and_are_checked() -> None:
    scenario = scenario_from_text(GOOD)
    assert scenario.with_crowd(duration_s=30.0).crowd.duration_s == 30.0
    with pytest.raises(ValueError, match="duration_s"):
        scenario.with_crowd(duration_s=0.0)


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("{}", CollisionFreeSpeed()),
        ("{time_gap_s: 0.7, model_parameters: {strength: 5}}", CollisionFreeSpeed(time_gap=0.7, strength=5.0)),
        ("{preset: event}", CollisionFreeSpeed()),
        ("{preset: jupedsim, time_gap_s: 0.8}", CollisionFreeSpeed.presets()["jupedsim"].model._replace(time_gap=0.8)),
        ("{model: anticipation-velocity}", AnticipationVelocity()),
        ("{model: anticipation-velocity, time_gap_s: 0.8}", AnticipationVelocity(time_gap=0.8)),
        ("{model: social-force, model_parameters: {reaction_time: 0.4}}", SocialForce(reaction_time=0.4)),
    ],
)
def test_a_scenario_says_how_people_walk(written: str, model: object) -> None:
    scenario = scenario_from_text(f"title: Plan\ncrowd: {written}\n")
    assert scenario.crowd.walking_model() == model
    assert scenario.with_crowd(duration_s=30.0).crowd.walking_model() == model


def test_bodies_are_as_wide_as_the_preset_has_them_unless_said_otherwise() -> None:
    presets = CollisionFreeSpeed.presets()
    scenario = scenario_from_text("title: Plan\n")
    assert scenario.crowd.body_radius_m == presets["event"].radius
    assert scenario.with_crowd(preset="jupedsim").crowd.body_radius_m == presets["jupedsim"].radius
    assert scenario.with_crowd(model="social-force").crowd.body_radius_m == 0.2
    assert scenario.with_crowd(radius_m=0.22).with_crowd(preset="jupedsim").crowd.body_radius_m == 0.22


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"type": "CityJSON", "version": "2.0"}', "data (CityJSON)"),
        (b"\xef\xbb\xbf  " + b'{"type": "FeatureCollection", "features": []}', "data (GeoJSON)"),
        (b'<?xml version="1.0"?><osm version="0.6">', "data (OpenStreetMap)"),
        (b"PK\x03\x04" + bytes(40), "data (an archive)"),
        (b"\x1f\x8b\x08" + bytes(40), "data (an archive)"),
        (b"LASF" + bytes(300), "data (point clouds"),
    ],
)
def test_data_is_told_from_a_scenario_before_it_is_read_as_one(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "city.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path)
    assert told in str(caught.value)
    assert "twin info city.yaml" in str(caught.value)


def test_a_scenario_may_be_json(tmp_path: Path) -> None:
    path = tmp_path / "scenario.json"
    path.write_text('{"title": "Plan", "crowd": {"duration_s": 30}}')
    assert read_scenario(path).title == "Plan"


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(GOOD)
    with pytest.raises(ScenarioError, match=r"is a folder(?s:.*)plan\.yaml"):
        read_scenario(tmp_path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lod: 2.2", '`lod` is a text: write it in quotes, "2.2"'),
        ("city: {path: x}", "`city` is a path, or a list of paths"),
        ("city: []", "not an empty list"),
        ("title: [Plan]", "`title` is one text here, not a list"),
    ],
)
def test_a_text_is_asked_for(line: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario_from_text(f"{line}\n" if line.startswith("title") else f"title: Plan\n{line}\n")
    assert told in str(caught.value)
