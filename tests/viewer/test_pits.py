"""Excavations: faces in the layers of the nearest borehole, and the groundwater on them."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from twin.geo.city import City
from twin.soil import SoilModel
from viewer import style
from viewer.compose import compose
from viewer.key import areas
from viewer.scene import LineLayer, MeshLayer, Scene, Section

PIT = shapely.box(136_100.0, 454_970.0, 136_112.0, 454_980.0)
TOP, DEEP = 3.6, 3.0
LAYERS = [
    {"top_m": 0.0, "bottom_m": 1.0, "soil": "made ground"},
    {"top_m": 1.0, "bottom_m": 2.2, "soil": "clay"},
    {"top_m": 2.5, "bottom_m": 9.0, "soil": "sand"},
]


def _scene(town: City, away: float = 20.0, head: float | None = 2.0) -> Scene:
    spot = shapely.Point(136_106.0 + away, 454_975.0)
    rows = [{"kind": "borehole", "surface_m": TOP, "profile": json.dumps({"layers": LAYERS})}]
    ids = pd.Index(["borehole-1"], name="id", dtype="str")
    layers = {**town.layers, "soundings": gpd.GeoDataFrame(rows, geometry=[spot], crs=town.crs, index=ids)}
    if head is not None:
        layers["wells"] = gpd.GeoDataFrame([{"head_m": head}], geometry=[spot], crs=town.crs, index=ids)
    change = {"kind": "excavation", "label": "Pit", "polygon": PIT, "level_z": TOP, "height_m": DEEP}
    return compose(replace(town, layers=layers), changes=[change])


def _pit(scene: Scene) -> MeshLayer:
    layer = scene.layer("pit")
    assert isinstance(layer, MeshLayer)
    return layer


def test_faces_have_the_layers_of_the_borehole_and_their_areas(town: City) -> None:
    pit = _pit(_scene(town))
    # between 2.2 and 2.5 m the borehole says nothing, and the model gives that to the clay
    assert pit.attributes["soil"] == ["Made ground", "Clay", "Sand", "Sand"]
    assert pit.attributes["sounding"] == ["borehole-1"] * 4
    assert pit.attributes["certainty"] == ["known"] * 4
    np.testing.assert_allclose(pit.attributes["top_m"], [3.6, 2.6, 1.1, 0.6])
    assert pit.owner is not None
    size = np.bincount(pit.owner, areas(pit))
    around = PIT.length
    np.testing.assert_allclose(size, [around * 1.02, around * 1.5, around * 0.5, PIT.area], rtol=1e-6)
    colours = {row: tuple(pit.colours[pit.owner == row][0]) for row in range(4)}
    assert colours[1] == style.SOILS["Clay"]
    assert colours[2] == style.SOILS["Sand"]


def test_layers_rise_and_fall_between_soundings(town: City) -> None:
    rows, spots = [], [(136_090.0, 454_975.0), (136_122.0, 454_975.0)]
    for clay in (1.0, 2.0):
        profile = [{"top_m": 0.0, "bottom_m": clay, "soil": "made ground"}, {"top_m": clay, "bottom_m": 9.0, "soil": "clay"}]
        rows.append({"kind": "borehole", "surface_m": TOP, "profile": json.dumps({"layers": profile})})
    ids = pd.Index(["b-1", "b-2"], name="id", dtype="str")
    soundings = gpd.GeoDataFrame(rows, geometry=[shapely.Point(spot) for spot in spots], crs=town.crs, index=ids)
    city = replace(town, layers={**town.layers, "soundings": soundings})
    change = {"kind": "excavation", "label": "Pit", "polygon": PIT, "level_z": TOP, "height_m": DEEP}
    scene = compose(city, changes=[change])
    pit = _pit(scene)
    assert pit.owner is not None
    used = np.unique(pit.triangles[pit.owner == pit.attributes["soil"].index("Clay")])
    corners = pit.vertices[used]
    model = SoilModel.from_city(city)
    for x, y in shapely.get_coordinates(PIT)[:-1]:
        at = np.hypot(corners[:, 0] + town.origin[0] - x, corners[:, 1] + town.origin[1] - y) < 1e-6
        wanted = float(model.column(x, y)["bottom_z_m"].iloc[0])
        assert corners[at, 2].max() + town.origin[2] == pytest.approx(wanted, abs=0.005)
    west, east = (corners[np.abs(corners[:, 0] + town.origin[0] - x) < 1e-6, 2].max() for x in (136_100.0, 136_112.0))
    assert west - east > 0.2


def test_where_the_model_ends_nothing_is_described(town: City) -> None:
    shallow = [{"top_m": 0.0, "bottom_m": 1.0, "soil": "clay"}]
    rows = [{"kind": "borehole", "surface_m": TOP, "profile": json.dumps({"layers": shallow})}]
    ids = pd.Index(["b-1"], name="id", dtype="str")
    soundings = gpd.GeoDataFrame(rows, geometry=[PIT.centroid], crs=town.crs, index=ids)
    change = {"kind": "excavation", "label": "Pit", "polygon": PIT, "level_z": TOP, "height_m": DEEP}
    pit = _pit(compose(replace(town, layers={**town.layers, "soundings": soundings}), changes=[change]))
    assert pit.attributes["soil"] == ["Clay", "Not described", "Not described"]
    assert pit.attributes["bottom known"][1:] == ["", ""]


def test_what_is_far_away_says_nothing(town: City) -> None:
    scene = _scene(town, away=400.0)
    assert _pit(scene).attributes["soil"] == ["Not described", "Not described"]
    assert "pit_water" not in [layer.name for layer in scene.layers]


@pytest.mark.parametrize(("head", "drawn"), [(2.0, True), (0.3, False), (5.0, False), (float("nan"), False)])
def test_groundwater_is_a_line_on_the_faces(town: City, head: float, drawn: bool) -> None:
    scene = _scene(town, head=head)
    assert ("pit_water" in [layer.name for layer in scene.layers]) == drawn
    if drawn:
        line = scene.layer("pit_water")
        assert isinstance(line, LineLayer)
        np.testing.assert_allclose(line.paths[0][:, 2], head)


def test_the_key_names_the_soil(town: City) -> None:
    labels = [entry.label for entry in _scene(town).key]
    assert [label for label in labels if label in ("Made ground", "Clay", "Sand")] == ["Made ground", "Clay", "Sand"]


def test_a_cut_through_a_pit_has_no_ground_in_it(town: City) -> None:
    scene = _scene(town)
    assert [section.name for section in scene.sections][:2] == ["across", "along"]
    middle = Section("m", "M", (0.0, -25.0, 0.0), (0.0, -1.0, 0.0))
    cut = scene.cut(middle)
    with_pit, soil = cut.layer("cut_ground"), cut.layer("cut_soil")
    assert isinstance(soil, MeshLayer)
    without = compose(town).cut(middle).layer("cut_ground")
    assert isinstance(with_pit, MeshLayer)
    assert isinstance(without, MeshLayer)
    deeper = without.vertices[:, 2].min() - with_pit.vertices[:, 2].min()
    wide = np.ptp(without.vertices[:, 0])
    assert areas(without).sum() + deeper * wide - areas(with_pit).sum() - areas(soil).sum() == pytest.approx(12.0 * DEEP, abs=0.6)
