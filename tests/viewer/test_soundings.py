"""Soundings and wells by themselves: columns to scale in a block of ground, with a grid, depths and a key of the soil."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from twin.geo.city import City, read_city
from viewer import style
from viewer.backends.camera import Camera
from viewer.backends.names import placed_names
from viewer.backends.sheet import Sheet
from viewer.compose import compose
from viewer.scene import LabelLayer, MeshLayer, Scene
from viewer.soundings import UNKNOWN, columns_of, only_soundings

SIZE = (1280, 720)
LAYERS = [
    {"top_m": 0.5, "bottom_m": 2.0, "soil": "Ks2", "description": "clay"},
    {"top_m": 2.0, "bottom_m": 3.0, "soil": "Zg1", "description": "sand"},
    {"top_m": 3.0, "bottom_m": 4.0, "soil": "Zs1", "description": "more sand"},
]


def borehole(town: City, depth: float = 5.0, apart: float = 0.0, count: int = 1) -> City:
    places = [shapely.Point(town.origin[0] + apart * k, town.origin[1]) for k in range(count)]
    scale = depth / 5.0
    layers = [{**one, "top_m": scale * one["top_m"], "bottom_m": scale * one["bottom_m"]} for one in LAYERS]
    row = {"kind": "borehole", "surface_m": 1.25, "depth_m": depth, "profile": json.dumps({"layers": layers})}
    index = pd.Index([f"B{k}" for k in range(count)], name="id", dtype="str")
    return City(town.crs, town.origin, {"soundings": gpd.GeoDataFrame([row] * count, geometry=places, crs=town.crs, index=index)})


def mesh(scene: Scene, name: str) -> MeshLayer:
    layer = scene.layer(name)
    assert isinstance(layer, MeshLayer)
    return layer


def texts(scene: Scene, name: str) -> tuple[str, ...]:
    layer = scene.layer(name)
    assert isinstance(layer, LabelLayer)
    return layer.texts


def test_a_borehole_is_a_column_to_scale_with_its_layers_and_a_key(town: City) -> None:
    scene = compose(borehole(town))
    column = mesh(scene, "soundings_points")
    assert column.vertices[:, 2].max() == pytest.approx(1.25)
    assert column.vertices[:, 2].min() == pytest.approx(1.25 - 5.0)
    # what is not described is not left out and not made up
    assert column.attributes["soil"] == [UNKNOWN, "Clay", "Sand", "Sand", UNKNOWN]
    assert column.attributes["top_m"] == [0.0, 0.5, 2.0, 3.0, 4.0]
    assert column.attributes["description"] == [None, "clay", "sand", "more sand", None]
    entries = [(entry.label, entry.colour) for entry in scene.key if entry.layer == "soundings_points"]
    assert entries == [(name, style.SOILS[name]) for name in (UNKNOWN, "Clay", "Sand")]
    assert {"Ground", "Grid, lines 1 m apart"} <= {entry.label for entry in scene.key}
    assert texts(scene, "point_names") == ("B0, 5 m deep",)
    assert texts(scene, "depths") == ("0 m", "−1 m", "−2 m", "−3 m", "−4 m", "−5 m")


@pytest.mark.parametrize("depth", [0.8, 1.7, 5.0, 15.06, 153.0])
def test_the_column_is_large_and_not_hidden_by_the_ground(town: City, depth: float) -> None:
    scene = compose(borehole(town, depth))
    camera = Camera.of(scene.view(), SIZE)
    column, block = mesh(scene, "soundings_points"), mesh(scene, "ground")
    pixels, _ = camera.project(column.vertices)
    assert np.ptp(pixels[:, 1]) > 0.25 * SIZE[1]
    for name in ("soundings_points", "ground", "section", "section_floor"):
        pixels, _ = camera.project(mesh(scene, name).vertices)
        assert ((pixels > 0) & (pixels < SIZE)).all(), name
    # the line from its foot to the eye leaves the block through the cut, not through the ground
    foot = np.array([*column.vertices[:, :2].mean(axis=0), column.vertices[:, 2].min()])
    eye = np.array(scene.view().eye)
    level = block.vertices[0, 2]
    at = foot + (eye - foot) * (level - foot[2]) / (eye[2] - foot[2])
    ground = shapely.union_all(shapely.polygons(block.vertices[block.triangles][:, :, :2]))
    path = shapely.LineString([foot[:2], at[:2]])
    assert path.intersection(ground).length < 1e-6 * depth


def test_depths_stand_beside_their_lines_not_one_on_the_other(town: City) -> None:
    scene = compose(borehole(town))
    names = placed_names(Sheet(SIZE), scene, Camera.of(scene.view(), SIZE), [])
    marks = [name for name in names if name.words.endswith("m") and "deep" not in name.words]
    assert len(marks) == 6
    for name in marks:
        assert name.box[2] < name.place[0]
        assert (name.box[1] + name.box[3]) / 2 == pytest.approx(name.place[1])
    assert all(one.box[3] < other.box[1] for one, other in itertools.pairwise(marks))


def test_several_boreholes_stand_in_one_block_unless_they_are_far_apart(town: City) -> None:
    near = borehole(town, apart=12.0, count=3)
    scene = compose(near)
    assert only_soundings(near)
    assert texts(scene, "point_names") == ("B0, 5 m deep", "B1, 5 m deep", "B2, 5 m deep")
    columns, ground = mesh(scene, "soundings_points"), mesh(scene, "ground")
    assert set(columns.attributes["id"]) == {"B0", "B1", "B2"}
    # nothing lies over them or before them, and their squares are at their feet
    assert (ground.vertices[:, :2].max(axis=0) > columns.vertices[:, :2].max(axis=0)).all()
    plan = shapely.union_all(shapely.polygons(ground.vertices[ground.triangles][:, :, :2]))
    assert not plan.intersects(shapely.MultiPoint(columns.vertices[:, :2]).convex_hull)
    assert not plan.intersects(shapely.box(*(columns.vertices[:, :2].min(axis=0) - 2), *columns.vertices[:, :2].max(axis=0)))
    assert mesh(scene, "grid").vertices[:, 2].min() < columns.vertices[:, 2].min()
    pixels, _ = Camera.of(scene.view(), SIZE).project(columns.vertices)
    assert np.ptp(pixels[:, 1]) > 0.1 * SIZE[1]
    far = borehole(town, apart=400.0, count=3)
    assert not only_soundings(far)
    assert "section" not in {layer.name for layer in compose(far).layers}
    beside = near.with_layer("trees", town.trees)
    assert not only_soundings(beside)


def test_none_is_left_out_because_its_depth_is_not_known(town: City) -> None:
    city = borehole(town, apart=12.0, count=2)
    frame = city.soundings.copy()
    frame.loc["B1", ["depth_m", "profile"]] = [np.nan, None]
    city = city.with_layer("soundings", frame)
    assert len(columns_of(city)) == 1
    assert not only_soundings(city)
    assert len(mesh(compose(city), "soundings_points").attributes["id"]) == 2


@pytest.mark.parametrize("profile", [None, "not json", json.dumps({"depth_m": [0.0, 1.0], "qc_MPa": [1.0, 2.0]})])
def test_a_sounding_without_layers_is_one_piece(town: City, profile: str | None) -> None:
    city = borehole(town)
    city = city.with_layer("soundings", city.soundings.assign(profile=profile, kind="cpt"))
    scene = compose(city)
    assert mesh(scene, "soundings_points").attributes["id"] == ["B0"]
    assert [entry.label for entry in scene.key if entry.layer == "soundings_points"] == ["Soundings"]


def test_tubes_of_a_well_stand_side_by_side_with_their_filters(town: City) -> None:
    rows = [
        {"well": "GMW1", "surface_m": 2.0, "filter_top_m": top, "filter_bottom_m": top - 1.0, "tube_number": k}
        for k, top in enumerate((0.5, -2.0))
    ]
    places = [shapely.Point(*town.origin[:2])] * 2
    index = pd.Index(["GMW1-1", "GMW1-2"], name="id", dtype="str")
    wells = gpd.GeoDataFrame(rows, geometry=places, crs=town.crs, index=index)
    scene = compose(City(town.crs, town.origin, {"wells": wells}))
    tubes = mesh(scene, "wells_points")
    assert tubes.attributes["part"] == ["Tube", "Filter"] * 2
    assert tubes.vertices[:, 2].min() == pytest.approx(-3.0)
    assert texts(scene, "point_names") == ("GMW1",)
    assert [entry.label for entry in scene.key if entry.layer == "wells_points"] == ["Tube", "Filter"]
    assert tubes.owner is not None
    first, second = (tubes.vertices[np.unique(tubes.triangles[tubes.owner // 2 == k])][:, 0] for k in range(2))
    assert first.max() < second.min()
    unknown = wells.assign(filter_top_m=np.nan)
    assert not only_soundings(replace(City(town.crs, town.origin, {"wells": unknown})))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("B38B2152.gef", {"Clay"}), ("BHR000000175723.xml", {"Clay", "Peat"}), ("example_bore.gef", {UNKNOWN, "Sand", "Clay"}),
        ("DP14+074_MB_KR.xml", {"Sand", "Clay"}),
        ("CPT000000115243.xml", {UNKNOWN, "Sand", "Clay", "Loam", "Peat"}), ("example.gef", {UNKNOWN, "Sand", "Clay", "Loam"}),
        ("GMW000000036287.xml", {"Tube", "Filter"}),
    ],
)  # fmt: skip
def test_real_soundings_have_their_layers_in_the_key(real_data: Path, name: str, kinds: set[str]) -> None:
    scene = compose(read_city(real_data / "subsurface" / name))
    assert {entry.label for entry in scene.key if entry.layer in ("soundings_points", "wells_points")} == kinds
    assert len(texts(scene, "depths")) > 4


def test_ground_of_unknown_height_is_as_high_as_the_other(town: City) -> None:
    city = borehole(town, apart=5.0, count=3)
    frame = city.soundings.copy()
    frame.loc["B1", "surface_m"] = np.nan
    assert [column.z for column in columns_of(city.with_layer("soundings", frame))] == [1.25, 1.25, 1.25]
    assert [column.z for column in columns_of(city.with_layer("soundings", frame.assign(surface_m=np.nan)))] == [0.0, 0.0, 0.0]


def test_soundings_of_a_city_stand_below_its_streets(sample: City) -> None:
    scene = compose(sample)
    columns = mesh(scene, "soundings_soil")
    assert not columns.visible
    assert columns.group == "underground"
    assert {"cpt-1", "borehole-1"} == set(columns.attributes["id"])
    cone = [soil for soil, name in zip(columns.attributes["soil"], columns.attributes["id"], strict=True) if name == "cpt-1"]
    assert {"Sand", "Clay", "Peat"} <= set(cone)
    tops = {name: max(top for top, one in zip(columns.attributes["bottom_m"], columns.attributes["id"], strict=True) if one == name)
            for name in ("cpt-1", "borehole-1")}  # fmt: skip
    assert tops == pytest.approx({"cpt-1": 25.0, "borehole-1": 15.0}, abs=0.1)
    ground = float(sample.soundings.loc["cpt-1", "surface_m"])
    assert columns.vertices[:, 2].max() + sample.origin[2] == pytest.approx(ground, abs=0.01)
    assert texts(scene, "soundings_names") == ("cpt-1, 25 m deep (CPT, interpreted)", "borehole-1, 15 m deep (borehole)")
    # where the ground is opened they are seen, with their names
    opened = scene.see_through()
    assert opened.layer("soundings_soil").visible
    assert opened.layer("soundings_names").visible
