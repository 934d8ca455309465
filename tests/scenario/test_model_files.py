"""A planned building from a mesh file in a scenario: what may be written, and what comes of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import shapely

import twin
from tests.geo.meshes import box, gabled, glb
from tests.places import at, town
from twin.errors import ScenarioError, StartError
from twin.scenario import Scenario, read_scenario, scenario_from_text
from twin.scenario.apply import apply_changes
from twin.scenario.changes import BuildingChange

TEXT = """\
title: Tower
changes:
  - id: party
    type: event
    in_baseline: true
    zones: [{{id: west, at: {{polygon: {west}}}, present: 60}}]
  - id: plan
    type: building
    {change}
crowd:
  duration_s: 120
  seeds: 1
  exits: {{east: {{polygon: {east}}}}}
"""


def _box(x0: float, y0: float, x1: float, y1: float) -> list[list[float]]:
    return [at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)]


def _text(change: str) -> str:
    return TEXT.format(change=change, west=_box(2, 20, 16, 40), east=_box(56, 0, 60, 60))


def _written(folder: Path, change: str) -> Path:
    path = folder / "tower.yaml"
    path.write_text(_text(change), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a tower of 6 by 18 m (y the long side) and 20 m, and one outside of it."""
    glb(tmp_path / "outside.glb", {"a": box(2, 2, 3)})
    inner = tmp_path / "plans"
    (inner / "models").mkdir(parents=True)
    glb(inner / "models" / "tower.glb", {"shaft": box(6, 18, 20), "roof": box(6, 6, 4, (0, 0, 20))})
    (inner / "house.stl").write_bytes(gabled().export(file_type="stl"))
    (inner / "link.glb").symlink_to(tmp_path / "outside.glb")
    (inner / "broken.glb").write_bytes(b"glTF")
    return inner


PLACE = f"at: {at(42, 44)}"


def test_a_model_stands_and_people_walk_round_it(folder: Path) -> None:
    scenario = read_scenario(_written(folder, f"model: models/tower.glb\n    {PLACE}\n    azimuth_deg: 90"))
    both = twin.compare(scenario, city=town(), progress=False)
    assert both.baseline.figure("left").value == both.variant.figure("left").value == 60
    tower = shapely.box(*at(42 - 9, 44 - 3), *at(42 + 9, 44 + 3))
    people = both.variant.trajectories
    inside = shapely.contains_xy(tower.buffer(-0.25), people["x"].to_numpy(), people["y"].to_numpy())
    assert not inside.any()
    sources = {source["name"]: source for source in both.variant.provenance["sources"]}
    checksum = hashlib.sha256((folder / "models" / "tower.glb").read_bytes()).hexdigest()
    assert sources["tower.glb"]["sha256"] == checksum
    assert "tower.glb" not in {source["name"] for source in both.baseline.provenance["sources"]}


def test_people_inside_the_model_are_told(folder: Path) -> None:
    scenario = read_scenario(_written(folder, f"model: models/tower.glb\n    at: {at(9, 30)}\n    scale: 4"))
    with pytest.raises(StartError, match="`west` has no floor"):
        twin.run(scenario, city=town(), progress=False)


def test_the_changed_city_has_the_model(folder: Path) -> None:
    change = f"model: house.stl\n    at: [{at(42, 44)[0]}, {at(42, 44)[1]}, 5.0]\n    scale: 2"
    scenario = read_scenario(_written(folder, change))
    city = apply_changes(town(), scenario.changes).city
    row = city.buildings.loc["plan"]
    assert (row["ground_m"], row["roof_m"]) == pytest.approx((5.0, 23.0))
    assert row.geometry.area == pytest.approx(4 * 96.0)
    added = scenario.changes[1]
    assert isinstance(added, BuildingChange)
    assert added.adds
    assert added.folder == folder
    with_crowd: Scenario = scenario.with_crowd(duration_s=5.0)
    assert "plan" in apply_changes(town(), with_crowd.changes).city.buildings.index
    assert np.isfinite(city.surfaces.vertices).all()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (f"model: ../outside.glb\n    {PLACE}", "no `..`"),
        (f"model: /etc/passwd\n    {PLACE}", "no `/` in front"),
        (f"model: C:\\outside.glb\n    {PLACE}", "no `/` in front"),
        (f"model: models\\..\\..\\outside.glb\n    {PLACE}", "no `..`"),
        (f"model: link.glb\n    {PLACE}", "lies outside the folder"),
        (f"model: hose.stl\n    {PLACE}", "did you mean `house.stl`?"),
        (f"model: models\n    {PLACE}", "there is no model `models`"),
        ("model: house.stl", "needs `at`"),
        (f"model: house.stl\n    {PLACE}\n    height_m: 5", "leave out `height_m`"),
        (f"model: house.stl\n    {PLACE}\n    remove: house", "or by `model` and `at`"),
        (f"footprint: {_box(40, 40, 44, 44)}\n    height_m: 3\n    azimuth_deg: 3", "`azimuth_deg` belongs to"),
        (f"remove: house\n    {PLACE}", "`at` belongs to"),
        ("model: house.stl\n    at: [1]", "[x, y] or [x, y, z]"),
        ("model: house.stl\n    at: [1, .nan]", "[x, y] or [x, y, z], not `nan`"),
        (f"model: house.stl\n    {PLACE}\n    scale: 0", "a number from 0.000001 to 1000000, not `0`"),
        (f"model: house.stl\n    {PLACE}\n    azimut_deg: 3", "did you mean `azimuth_deg`?"),
        (f"model: house.stl\n    {PLACE}\n    anchor: middle", "base-centre"),
    ],
)
def test_mistakes_are_told_with_their_line_before_anything_runs(folder: Path, change: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(_written(folder, change))
    assert told in str(caught.value)
    assert "tower.yaml:" in str(caught.value)
    number = int(str(caught.value).split("tower.yaml:")[1].split()[0].split(":")[0])
    assert 7 <= number <= 11


@pytest.mark.parametrize(
    ("change", "told", "key"),
    [
        (f"model: broken.glb\n    {PLACE}", "the model cannot be used", "model:"),
        ("model: house.stl\n    at: [0, 0]", "lies outside the city", "at: [0"),
        (f"model: house.stl\n    {PLACE}\n    scale: 1000", "too high", "id: plan"),
    ],
)
def test_models_that_cannot_be_placed_name_the_line(folder: Path, change: str, told: str, key: str) -> None:
    path = _written(folder, change)
    with pytest.raises(ScenarioError) as caught:
        twin.run(read_scenario(path), city=town(), progress=False)
    assert told in str(caught.value)
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if key in text)
    assert f"tower.yaml:{line} " in str(caught.value)


def test_a_scenario_without_a_file_looks_in_the_current_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    scenario = scenario_from_text(_text(f"model: house.stl\n    {PLACE}"))
    assert "plan" in apply_changes(town(), scenario.changes).city.buildings.index
