"""Stages of a pit in a scene: what is there in each, how one is chosen, and what keeps them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from twin.errors import ParameterError
from twin.geo.city import City
from twin.geo.pits import Pit, PitStage, PitSupport
from viewer.changes import ChangeShape
from viewer.compose import compose
from viewer.scene import FieldLayer, LabelLayer, Legend, LegendClass, MeshLayer, Scene, SceneStage
from viewer.sides import merged
from viewer.stages import WHOLE_WORK
from viewer.words import translate

STAGES = (
    PitStage("first", 2.0, dt.date(2026, 3, 2), dt.date(2026, 3, 15)),
    PitStage("wet", -2.0, dt.date(2026, 3, 16), water_m=1.0),
    PitStage("poured", -2.0, dt.date(2026, 4, 6), concreted=True),
)
SUPPORTS = (PitSupport("upper", "strut", 3.0, 6.0, first="first", last="wet"), PitSupport("lower", "strut", 0.0, 6.0, first="wet"))


def _change(town: City, name: str = "pit", west: float = 10.0, **other: Any) -> ChangeShape:
    x, y = (float(k) for k in town.origin[:2])
    given: dict[str, Any] = {"concrete_m": 1.0, "stages": STAGES, "supports": SUPPORTS, **other}
    outline = shapely.box(x + west, y + 10, x + west + 20, y + 20)
    pit = Pit(name, name, outline, -2.0, 4.0, "sheet-pile", -8.0, **given)
    return ChangeShape("excavation", name, pit.outline, 4.0, 6.0, pit)


@pytest.fixture(scope="module")
def staged(town: City) -> Scene:
    return compose(town, changes=[_change(town)])


def _mesh(scene: Scene, name: str) -> MeshLayer:
    layer = scene.layer(name)
    assert isinstance(layer, MeshLayer)
    return layer


def test_a_scene_has_the_stages_of_its_pit(staged: Scene) -> None:
    assert staged.stages == (
        SceneStage("first", "First", "2026-03-02", "2026-03-15"), SceneStage("wet", "Wet", "2026-03-16"),
        SceneStage("poured", "Poured", "2026-04-06"),
    )  # fmt: skip
    assert staged.stage == "poured"


@pytest.mark.parametrize(("stage", "floor", "struts", "others"), [
    ("first", 2.0, ["Struts `upper`"], set()),
    ("wet", -2.0, ["Struts `upper`", "Struts `lower`"], {"pit_lake"}),
    ("poured", -2.0, ["Struts `lower`"], {"pit_concrete"}),
])  # fmt: skip
def test_a_stage_has_its_floor_struts_water_and_concrete(
    town: City, staged: Scene, stage: str, floor: float, struts: list[str], others: set[str]
) -> None:
    scene = staged.at_stage(stage)
    assert scene.stage == stage
    assert scene.stages == ()
    assert not any(layer.stages for layer in scene.layers)
    assert _mesh(scene, "pit").vertices[:, 2].min() + town.origin[2] == pytest.approx(floor)
    assert _mesh(scene, "pit_supports").attributes["id"] == struts
    assert {layer.name for layer in scene.layers} & {"pit_lake", "pit_concrete"} == others
    assert _mesh(scene, "pit_wall").vertices[:, 2].min() + town.origin[2] == pytest.approx(-8.0)


def test_what_is_alike_in_stages_is_there_once(staged: Scene) -> None:
    assert [layer.name for layer in staged.layers].count("pit_wall") == 1
    assert staged.layer("pit_wall").stages == ()
    assert staged.layer("pit@first").stages == ("first",)


def test_water_stands_in_the_pit_up_to_its_level(town: City, staged: Scene) -> None:
    lake = _mesh(staged.at_stage("wet"), "pit_lake")
    heights = lake.vertices[:, 2] + town.origin[2]
    assert (heights.min(), heights.max()) == pytest.approx((-1.97, 1.0))
    assert 0.5 < lake.opacity < 1.0


def test_a_picture_a_cut_and_a_model_show_the_deepest_stage(town: City, staged: Scene) -> None:
    for scene in (staged.shown(), staged.cut("across")):
        assert scene.stage == "poured"
        assert _mesh(scene, "pit").vertices[:, 2].min() + town.origin[2] == pytest.approx(-2.0)
        assert "stage of the work: Poured" in scene.subtitle or "Stage of the work: Poured" in scene.subtitle


def test_a_stage_that_is_not_there_is_told(town: City, staged: Scene) -> None:
    with pytest.raises(ParameterError, match="no stage `frist`; did you mean `first`"):
        staged.at_stage("frist")
    with pytest.raises(ParameterError, match="no stage `first`"):
        compose(town).at_stage("first")


def test_a_pit_of_one_stage_has_no_stages(town: City) -> None:
    scene = compose(town, changes=[_change(town, stages=(PitStage("open", -2.0),), supports=())])
    assert scene.stages == ()
    assert scene.layer("pit").stages == ()


def test_a_pit_that_is_not_begun_is_not_dug(town: City) -> None:
    late = (PitStage("late", 1.0, dt.date(2026, 4, 1)), PitStage("later", -2.0, dt.date(2026, 5, 1)))
    scene = compose(town, changes=[_change(town), _change(town, "second", 40.0, stages=late, supports=(), concrete_m=0.0)])
    assert [stage.name for stage in scene.stages] == ["first", "wet", "late", "poured", "later"]
    assert scene.stage == "later"
    ids = _mesh(scene.at_stage("first"), "pit_wall").attributes["pit"]
    assert ids == ["pit"]
    layer = _mesh(scene.at_stage("first"), "pit")
    east = layer.vertices[layer.vertices[:, 0] > 35.0, 2] + town.origin[2]
    np.testing.assert_allclose(east, 4.0)
    # on the first of April the first pit is still wet
    assert "pit_lake" in [layer.name for layer in scene.at_stage("late").layers]


def test_stages_are_kept_in_a_file(staged: Scene, tmp_path: Path) -> None:
    found = Scene.load(staged.save(tmp_path / "pit.scene"))
    assert found.stages == staged.stages
    assert [(layer.name, layer.stages) for layer in found.layers] == [(layer.name, layer.stages) for layer in staged.layers]
    assert found.view("pit").section == "pit"


def test_both_sides_of_a_comparison_have_the_stages(town: City, staged: Scene) -> None:
    both = merged(compose(town), staged)
    assert both.stages == staged.stages
    after = both.on("after").at_stage("first")
    assert _mesh(after, "pit@after").vertices[:, 2].min() + town.origin[2] == pytest.approx(2.0)
    assert not [layer for layer in both.on("before").layers if layer.name.startswith("pit")]


def test_the_key_names_things_of_stages_without_them(staged: Scene) -> None:
    entries = {entry.layer for entry in staged.key}
    assert {"pit_supports", "pit_lake", "pit"} <= entries
    assert not any("@" in name for name in entries)


def test_what_stood_where_a_pit_is_dug_is_gone(town: City) -> None:
    tree = shapely.get_coordinates(town.trees.geometry.iloc[0])[0]
    change = replace(_change(town, stages=(), supports=()), polygon=shapely.Point(tree).buffer(3.0, cap_style="square"), pit=None)
    before, after = (_mesh(compose(town, changes=changes), "trees") for changes in ((), (change,)))
    assert before.owner is not None
    assert after.owner is not None
    assert set(before.owner.tolist()) - set(after.owner.tolist()) == {0}


def test_trees_that_are_felled_for_a_pit_have_no_mark_in_it(town: City) -> None:
    x, y = (float(k) for k in town.origin[:2])
    marks = [ChangeShape("felled", "Trees", shapely.Point(x + at, y + 15.0)) for at in (20.0, 60.0)]
    labels = compose(town, changes=[_change(town), *marks]).layer("labels")
    assert isinstance(labels, LabelLayer)
    assert labels.texts == ("Pit", "Trees")
    np.testing.assert_allclose(labels.points[1, :2], [60.0, 15.0])


def test_a_picture_of_a_stage_says_what_is_of_the_whole_work(staged: Scene) -> None:
    legend = Legend("settlement_mm", "Settlement of the ground", "mm", (LegendClass(1.0, 5.0, (250, 240, 200), ""),))
    other = replace(legend, name="density", note="Fruin 1971")
    shown = replace(staged, legends=(legend, other)).at_stage("first")
    assert [one.note for one in shown.legends] == [WHOLE_WORK, "Fruin 1971"]
    assert translate(WHOLE_WORK, "nl") != WHOLE_WORK


def _settled(scene: Scene, settles_mm: float) -> Scene:
    """A scene with a field of settlement and its legend."""
    values = np.full((1, 4, 4), settles_mm, np.float32)
    flat = np.zeros((4, 4), np.float32)
    field = FieldLayer("settlement", "Settlement", 0.0, 4.0, 1.0, flat, np.zeros(1), values, "settlement_mm")
    legend = Legend("settlement_mm", "Settlement of the ground", "mm", (LegendClass(1.0, 5.0, (250, 240, 200), ""),))
    return replace(scene, layers=(*scene.layers, field), legends=(legend,))


def test_the_side_without_a_pit_tells_nothing_of_one(town: City, staged: Scene) -> None:
    both = merged(_settled(compose(town), 0.0), _settled(staged, 12.0))
    before = both.on("before").shown()
    assert before.subtitle == "Without the changes"
    assert (before.legends, before.stages, before.stage) == ((), (), "")
    assert not [one for one in before.layers if isinstance(one, FieldLayer)]
    assert not [note for note in before.notes if "pit" in note]
    after = both.on("after").shown()
    assert after.subtitle == "With the changes, stage of the work: Poured"
    assert [one.name for one in after.legends] == ["settlement_mm"]
    assert [note for note in after.notes if "walls of a pit" in note]


def test_a_pit_that_is_there_without_the_changes_too_keeps_its_stages(town: City, staged: Scene) -> None:
    both = merged(_settled(staged, 8.0), _settled(compose(town, changes=[_change(town), _change(town, "second", 40.0)]), 12.0))
    before = both.on("before").shown()
    assert before.stage == "poured"
    assert [one.name for one in before.legends] == ["settlement_mm"]
