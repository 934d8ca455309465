"""A new building is named and whole in the pictures that a council looks at; a landmark too; panels hide neither."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
import trimesh
from PIL import Image

from twin.geo.city import City
from twin.result import Result
from viewer.added import corners_of, names_of
from viewer.backends import overlay, places, sheet
from viewer.backends.camera import Camera
from viewer.compose import compose
from viewer.scene import LabelLayer, MeshLayer, Scene

SIZE = (1280, 720)
SCENARIO = """
stadstwin: 1
title: A tower
city: sample
changes:
  - {id: plan-tower, type: building, label: Toren, footprint: [[0, 0], [9, 0], [9, 9]], height_m: 60}
crowd: {duration_s: 10}
"""


def with_tower(town: City, x: float = 60.0, y: float = 12.0, height: float = 60.0) -> City:
    shape = shapely.transform(shapely.box(x, y, x + 16, y + 16), lambda xy: xy + town.origin[:2])
    return town.with_buildings(gpd.GeoDataFrame({"height_m": [height]}, geometry=[shape], index=["plan-tower"], crs=town.crs))


def labels(scene: Scene, name: str) -> tuple[str, ...]:
    layer = scene.layer(name)
    assert isinstance(layer, LabelLayer)
    return layer.texts


def pixels_of(scene: Scene, view: str, size: tuple[int, int] = SIZE) -> np.ndarray:
    points = corners_of(scene.layers, ["plan-tower"])["plan-tower"]
    pixels, depth = Camera.of(scene.view(view), size).project(points)
    assert (depth > 0).all()
    return pixels


@pytest.mark.parametrize("place", [(60.0, 12.0), (2.0, 8.0), (120.0, -36.0)])
@pytest.mark.parametrize("size", [SIZE, (700, 1400)])
def test_the_whole_of_a_new_building_is_in_the_overview(
    town: City, crowd: Result, place: tuple[float, float], size: tuple[int, int]
) -> None:
    scene = compose(with_tower(town, *place), crowd, added_buildings=["plan-tower"])
    assert [view.name for view in scene.views] == ["overview", "top", "close", "eye", "changes"]
    for view in ("overview", "changes"):
        pixels = pixels_of(scene, view, size)
        assert (pixels[:, 1] > 0.06 * size[1]).all(), "no room for its name"
        assert ((pixels > 0) & (pixels < size)).all()


def test_the_view_of_the_changes_is_there_without_a_run_too(town: City) -> None:
    scene = compose(with_tower(town), added_buildings=["plan-tower"])
    assert [view.name for view in scene.views] == ["overview", "top", "changes"]
    assert [view.name for view in compose(with_tower(town)).views] == ["overview", "top"]
    pixels = pixels_of(scene, "changes")
    assert ((pixels > 0) & (pixels < SIZE)).all()
    assert np.ptp(pixels[:, 1]) > 0.4 * SIZE[1]


@pytest.mark.parametrize(
    ("added", "kept", "text"),
    [
        (["plan-tower"], "", "Plan tower"), (["plan-tower"], SCENARIO, "Toren"), ({"plan-tower": "A tower"}, SCENARIO, "A tower"),
        ({"plan-tower": ""}, SCENARIO, "Toren"), ({"plan-tower": ""}, "", "Plan tower"), (["plan-tower"], "not: [a", "Plan tower"),
    ],
)  # fmt: skip
def test_a_new_building_has_its_label_over_its_roof(town: City, crowd: Result, added: Any, kept: str, text: str) -> None:
    result = replace(crowd, provenance={"scenario": kept})
    scene = compose(with_tower(town), result, added_buildings=added)
    assert labels(scene, "building_names") == (text,)
    layer = scene.layer("building_names")
    assert isinstance(layer, LabelLayer)
    top = corners_of(scene.layers, ["plan-tower"])["plan-tower"][:, 2].max()
    assert 0 < layer.points[0, 2] - top < 3
    assert names_of([], result) == {}


def test_a_new_building_from_a_model_is_named_and_whole_too(town: City, crowd: Result, tmp_path: Path) -> None:
    box = trimesh.creation.box(extents=(14.0, 14.0, 70.0))
    box.export(tmp_path / "tower.stl")
    at = (float(town.origin[0]) + 70.0, float(town.origin[1]) + 20.0)
    city = town.with_model(tmp_path / "tower.stl", id="plan-tower", at=at)
    scene = compose(city, crowd, added_buildings=["plan-tower"])
    assert labels(scene, "building_names") == ("Plan tower",)
    assert np.ptp(corners_of(scene.layers, ["plan-tower"])["plan-tower"][:, 2]) == pytest.approx(70.0)
    for view in ("overview", "changes"):
        pixels = pixels_of(scene, view)
        assert ((pixels > 0) & (pixels < SIZE)).all()


def test_what_is_not_drawn_has_no_name(town: City, crowd: Result) -> None:
    scene = compose(town, crowd, added_buildings=["plan-tower"])
    assert "building_names" not in {layer.name for layer in scene.layers}
    assert "changes" not in {view.name for view in scene.views}


def test_a_tower_beside_the_crowd_is_not_cut_off(town: City, crowd: Result) -> None:
    scene = compose(with_tower(town, 70.0, 12.0, 90.0), crowd)
    pixels = pixels_of(scene, "overview")
    assert ((pixels > 0) & (pixels < SIZE)).all()


def test_counting_lines_are_named_on_their_floor(town: City, crowd: Result) -> None:
    middle = (town.bounds[0] + town.bounds[2]) / 2
    line = shapely.LineString([(middle, town.origin[1] + 15), (middle, town.origin[1] + 25)])
    frame = gpd.GeoDataFrame({"level": ["street"]}, geometry=[line], index=["bridge-3"], crs=town.crs)
    scene = compose(town, replace(crowd, features={"lines": frame}))
    layer = scene.layer("line_names")
    assert isinstance(layer, LabelLayer)
    assert layer.texts == ("Bridge 3",)
    assert layer.points[0] == pytest.approx([middle - town.origin[0], 20.0, 3.6 + 2.5], abs=0.2)


@pytest.mark.parametrize("view", ["overview", "changes"])
@pytest.mark.parametrize("size", [SIZE, (900, 900)])
def test_no_panel_hides_the_tower_or_a_name(
    town: City, crowd: Result, view: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = compose(with_tower(town), crowd, added_buildings=["plan-tower"], title="May a tower be built here?", subtitle="With it")
    boxes: list[places.Box] = []
    monkeypatch.setattr(sheet.Sheet, "panel", lambda _, box: boxes.append(tuple(box)))
    camera = Camera.of(scene.view(view), size)
    overlay.write_on(Image.new("RGB", size, (128, 128, 128)), scene, scene.time, camera)
    pixels = pixels_of(scene, view, size)
    tower = (*pixels.min(axis=0).tolist(), *(pixels.min(axis=0) + np.ptp(pixels, axis=0) / 2).tolist())
    # the first panel is the scale, the second the title, the third the name of the tower
    assert not places.meet(boxes[1], tower)
    for k, box in enumerate(boxes):
        for other in boxes[:k]:
            assert not places.meet(box, other)


def test_panels_leave_the_crowd_in_sight(town: City, crowd: Result) -> None:
    scene = compose(town, crowd)
    camera = Camera.of(scene.view(), SIZE)
    seen = places.sights(Image.new("RGB", SIZE), scene, scene.time, camera, ())
    x, y = np.median(seen.crowd, axis=0)
    over, beside = (x - 50, y - 30, x + 50, y + 30), (2.0, 2.0, 102.0, 62.0)
    assert seen.best([over, beside], [], SIZE) == beside
    assert seen.best([over, beside], [beside], SIZE) == over
    assert isinstance(scene.layer("buildings"), MeshLayer)
