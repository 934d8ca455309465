"""Walls, supports, concrete and wells of a pit: where they are, which stage has them, closed so that a cut is not hollow."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
import trimesh

from twin.geo.city import City
from twin.geo.pits import WALLS, Pit, PitStage, PitSupport, PitWell
from viewer import style
from viewer.changes import ChangeShape, PlacedChange
from viewer.compose import compose
from viewer.key import areas
from viewer.pit_structure import structure_layers
from viewer.scene import MeshLayer, SceneStage, Section

OUTLINE = shapely.box(0.0, 0.0, 24.0, 12.0)
STAGES = (PitStage("first", 1.0), PitStage("deep", -3.0), PitStage("poured", -3.0, concreted=True))
SUPPORTS = (PitSupport("upper", "strut", 2.0, 6.0), PitSupport("lower", "strut", -1.0, 6.0, last="deep"))


PIT = Pit(
    "pit", "Pit", OUTLINE, -3.0, 4.0, "sheet-pile", -9.0, concrete_m=0.8, stages=STAGES, supports=SUPPORTS,
    wells=(PitWell("w", 3.0, 3.0),),
)  # fmt: skip


def _pit(wall: str = "sheet-pile", **other: Any) -> Pit:
    return replace(PIT, wall=wall, **other)


def _drawn(pit: Pit, stage: str | None = None) -> dict[str, MeshLayer]:
    item = PlacedChange("excavation", "Pit", pit.outline_at_top, pit.top_m, pit.depth_m, pit)
    return {layer.name: layer for layer in structure_layers([item], None if stage is None else SceneStage(stage, stage))}


def _mesh(layer: MeshLayer) -> trimesh.Trimesh:
    return trimesh.Trimesh(layer.vertices, layer.triangles, process=False)


def test_all_that_holds_a_pit_is_there_and_named() -> None:
    layers = _drawn(_pit())
    assert list(layers) == ["pit_wall", "pit_supports", "pit_concrete", "pit_wells"]
    assert layers["pit_wall"].attributes["id"] == ["Sheet pile wall"]
    assert layers["pit_wall"].attributes["what"] == ["13.0 m deep"]
    assert layers["pit_supports"].attributes["id"] == ["Struts `upper`"]
    assert layers["pit_wells"].attributes["what"] == ["as much as the levels ask for"]


@pytest.mark.parametrize("wall", [one for one in WALLS if one != "slope"])
def test_a_wall_goes_from_its_toe_to_above_the_ground_outside_the_pit(wall: str) -> None:
    layer = _drawn(_pit(wall))["pit_wall"]
    low, high = layer.vertices[:, 2].min(), layer.vertices[:, 2].max()
    assert low == -9.0
    assert 4.2 < high < 4.8
    inside = shapely.contains(shapely.buffer(OUTLINE, -0.05), shapely.points(layer.vertices[:, :2]))
    assert not inside.any()


@pytest.mark.parametrize(("wall", "thick"), [("diaphragm", 0.8), ("sheet-pile", None)])
def test_a_wall_is_closed(wall: str, thick: float | None) -> None:
    mesh = _mesh(_drawn(_pit(wall))["pit_wall"])
    mesh.merge_vertices()
    assert mesh.is_watertight
    if thick is not None:
        inner, outer = (shapely.buffer(OUTLINE, 0.03 + k * thick, join_style="mitre").area for k in (0, 1))
        assert mesh.volume == pytest.approx((outer - inner) * (4.3 + 9.0), rel=1e-6)


@pytest.mark.parametrize(("stage", "names", "concrete"), [
    ("first", ["Struts `upper`"], False), ("deep", ["Struts `upper`", "Struts `lower`"], False),
    ("poured", ["Struts `upper`"], True), (None, ["Struts `upper`"], True),
])  # fmt: skip
def test_a_stage_has_what_is_there_by_then(stage: str | None, names: list[str], concrete: bool) -> None:
    layers = _drawn(_pit(), stage)
    assert layers["pit_supports"].attributes["id"] == names
    assert ("pit_concrete" in layers) is concrete


def test_before_its_strut_a_stage_has_none() -> None:
    stages = (PitStage("first", 3.0), PitStage("deep", -3.0))
    assert "pit_supports" not in _drawn(_pit(stages=stages), "first")


def test_struts_lie_at_their_level_from_wall_to_wall() -> None:
    layer = _drawn(_pit(), "first")["pit_supports"]
    spot = layer.vertices
    assert np.abs(spot[:, 2] - 2.0).max() <= 0.31
    assert (spot[:, 0].min(), spot[:, 0].max()) == pytest.approx((0.05, 23.95))
    assert (spot[:, 1].min(), spot[:, 1].max()) == pytest.approx((0.0, 12.0), abs=0.06)


def test_anchors_go_into_the_ground_behind() -> None:
    anchors = (PitSupport("row", "anchor", 2.0, 4.0, length_m=12.0, angle_deg=30.0),)
    spot = _drawn(_pit(supports=anchors, stages=(PitStage("deep", -3.0),)))["pit_supports"].vertices
    assert spot[:, 2].min() == pytest.approx(2.0 - 12.0 * math.sin(math.radians(30.0)), abs=0.2)
    assert spot[:, 0].min() == pytest.approx(-12.0 * math.cos(math.radians(30.0)), abs=0.2)


def test_concrete_fills_the_pit_below_its_floor() -> None:
    mesh = _mesh(_drawn(_pit())["pit_concrete"])
    assert mesh.bounds[:, 2] == pytest.approx([-3.8, -3.02])
    assert mesh.volume == pytest.approx(23.94 * 11.94 * 0.78, rel=1e-6)


def test_a_pit_of_which_nothing_is_known_has_nothing() -> None:
    assert _drawn(Pit("pit", "Pit", OUTLINE, -3.0, 4.0, stages=(PitStage("open", -3.0),))) == {}
    assert structure_layers([PlacedChange("excavation", "Pit", OUTLINE, 4.0, 7.0)]) == []


def test_faces_that_slope_reach_from_the_floor_to_the_ground(town: City) -> None:
    x, y = (float(k) for k in town.origin[:2])
    floor, stages = shapely.box(x + 10, y + 10, x + 30, y + 20), (PitStage("open", -2.0),)
    pit = Pit("pit", "Pit", floor, -2.0, 4.0, "slope", slope=1 / 1.5, stages=stages)
    scene = compose(town, changes=[ChangeShape("excavation", "Pit", pit.outline_at_top, 4.0, 6.0, pit)])
    layer = scene.layer("pit")
    assert isinstance(layer, MeshLayer)
    assert layer.owner is not None
    height = layer.vertices[:, 2] + town.origin[2]
    top, low = layer.vertices[height > 3.9], layer.vertices[height < -1.9]
    assert np.ptp(top[:, :2], axis=0) == pytest.approx([38.0, 28.0], abs=0.1)
    assert np.ptp(low[:, :2], axis=0) == pytest.approx([20.0, 10.0], abs=0.1)


def test_the_floor_of_a_pit_with_concrete_is_concrete(town: City) -> None:
    x, y = (float(k) for k in town.origin[:2])
    pit = Pit("pit", "Pit", shapely.box(x + 10, y + 10, x + 30, y + 20), -2.0, 4.0, "diaphragm", -8.0, concrete_m=1.0,
              stages=(PitStage("open", -2.0),))  # fmt: skip
    scene = compose(town, changes=[ChangeShape("excavation", "Pit", pit.outline, 4.0, 6.0, pit)])
    layer = scene.layer("pit")
    assert isinstance(layer, MeshLayer)
    assert layer.owner is not None
    assert layer.attributes["soil"][-1] == "Underwater concrete"
    assert tuple(layer.colours[layer.owner == len(layer.attributes["id"]) - 1][0]) == style.CONCRETE
    assert scene.layer("pit_wall").label == "Walls of the pit"


def test_a_cut_goes_through_walls_and_concrete(town: City) -> None:
    x, y = (float(k) for k in town.origin[:2])
    pit = Pit("pit", "Pit", shapely.box(x + 10, y + 10, x + 30, y + 20), -2.0, 4.0, "diaphragm", -8.0, concrete_m=1.0,
              stages=(PitStage("open", -2.0),))  # fmt: skip
    scene = compose(town, changes=[ChangeShape("excavation", "Pit", pit.outline, 4.0, 6.0, pit)])
    cut = scene.cut(Section("across", "Across", (0.0, 15.0, 0.0), (0.0, -1.0, 0.0)))
    wall, concrete = cut.layer("pit_wall_cut"), cut.layer("pit_concrete_cut")
    assert isinstance(wall, MeshLayer)
    assert isinstance(concrete, MeshLayer)
    assert areas(wall).sum() == pytest.approx(2 * 0.8 * 12.3, rel=1e-3)
    assert areas(concrete).sum() == pytest.approx(19.94 * 0.98, rel=1e-3)
