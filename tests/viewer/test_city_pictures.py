"""What a city without a run looks like: nothing left out, nothing in the way, every colour explained. The scene as data."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image

from tests.osm_document import OsmDocument
from tests.places import comb
from twin.geo.city import City, read_city
from twin.geo.terrain import Terrain
from twin.grid import GridSpec
from viewer import style
from viewer.backends import overlay, places, sheet
from viewer.backends.camera import Camera
from viewer.backends.html import encode_html
from viewer.compose import compose
from viewer.floor import UNDER_M, land_kinds, only_land
from viewer.ground import Ground, border_of
from viewer.key import key_of
from viewer.no_height import PLATE_M
from viewer.scene import KeyEntry, LabelLayer, MeshLayer, Scene


def mesh(scene: Scene, name: str) -> MeshLayer:
    layer = scene.layer(name)
    assert isinstance(layer, MeshLayer)
    return layer


def plan_area(layer: MeshLayer) -> float:
    """Area of what faces up, in plan."""
    a, b, c = (layer.vertices[layer.triangles[:, k]] for k in range(3))
    return float(np.maximum(np.cross(b - a, c - a)[:, 2], 0.0).sum() / 2)


def hills(town: City, rise: float) -> City:
    """The town's footprints on a terrain of waves."""
    grid = GridSpec(town.bounds[0] - 40, town.bounds[3] + 40, 5.0, (60, 60))
    i, j = np.indices(grid.shape)
    heights = rise * np.sin((i + 0.7 * j) / 4)
    return City(town.crs, town.origin, {"buildings": town.buildings}, terrain=Terrain(grid, heights.astype(np.float32)))


@pytest.fixture(scope="module")
def partly(town: City) -> City:
    """A city of footprints, of which every third has no height and one has a height that is none."""
    frame = town.buildings.copy()
    frame.loc[frame.index[::3], "height_m"] = np.nan
    frame.loc[frame.index[1], "height_m"] = 0.0
    return City(town.crs, town.origin, {"buildings": frame})


def test_buildings_without_a_height_are_low_striped_plates(partly: City) -> None:
    scene = compose(partly)
    layer, known = mesh(scene, "buildings_no_height"), mesh(scene, "buildings")
    missing = ~(partly.buildings["height_m"] > 0).to_numpy()
    assert set(np.unique(layer.owner)) == set(np.flatnonzero(missing))
    assert set(np.unique(known.owner)) == set(np.flatnonzero(~missing))
    assert layer.attributes["id"] == known.attributes["id"] == list(partly.buildings.index)
    assert not layer.casts_shadow
    assert np.ptp(layer.vertices[:, 2]) < 1.0
    assert plan_area(layer) == pytest.approx(partly.buildings[missing].area.sum(), rel=1e-6)
    colours = {tuple(colour) for colour in np.unique(layer.colours, axis=0).tolist()}
    assert colours == {style.NO_HEIGHT, style.NO_HEIGHT_STRIPE}


def test_plates_of_odd_outlines_are_whole(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = shapely.Polygon([(0, 0), (30, 0), (30, 24), (0, 24)], holes=[[(8, 8), (8, 16), (20, 16), (20, 8)]])
    shapes = [ring, shapely.MultiPolygon([shapely.box(40, 0, 44, 4), shapely.box(50, 0, 50.3, 9)]), shapely.Polygon(), None]
    moved = [None if one is None else shapely.transform(one, lambda xy: xy + town.origin[:2]) for one in shapes]
    index = pd.Index(list("abcd"), name="id", dtype="str")
    frame = gpd.GeoDataFrame({"name": list("abcd")}, geometry=moved, crs=town.crs, index=index)
    city = City(town.crs, town.origin, {"buildings": frame})
    layer = mesh(compose(city), "buildings_no_height")
    assert plan_area(layer) == pytest.approx(ring.area + 16 + 2.7, rel=1e-9)
    assert set(np.unique(layer.owner)) == {0, 1}
    monkeypatch.delattr(shapely, "constrained_delaunay_triangles")
    assert plan_area(mesh(compose(city), "buildings_no_height")) == pytest.approx(plan_area(layer))


@pytest.mark.parametrize("rise", [0.0, 4.0])
def test_plates_follow_the_ground_and_no_hill_hides_them(partly: City, rise: float) -> None:
    city = replace(hills(partly, rise), layers=partly.layers)
    layer = mesh(compose(city), "buildings_no_height")
    a, b, c = (layer.vertices[layer.triangles[:, k]] for k in range(3))
    flat = np.cross(b - a, c - a)[:, 2] > 1e-9
    middle = ((a + b + c) / 3)[flat]
    over = middle[:, 2] - Ground(city).at(middle[:, :2])
    assert over.min() > 0.0
    assert over.max() < 2 * PLATE_M + 0.1


def test_a_striped_entry_explains_them_also_beside_the_legend_of_a_crowd(partly: City, scene: Scene) -> None:
    entry = KeyEntry("buildings_no_height", "Buildings, height not known", style.NO_HEIGHT, style.NO_HEIGHT_STRIPE)
    alone = compose(partly)
    assert entry in alone.key
    assert overlay.key_entries(alone) == alone.key
    assert overlay.key_entries(alone, 1) == (entry,)
    assert overlay.key_entries(alone.show_only("buildings", "ground")) == ()
    crowded = replace(scene, layers=(*scene.layers, alone.layer("buildings_no_height")), key=(*scene.key, entry))
    assert overlay.key_entries(crowded) == (entry,)
    assert overlay.key_entries(scene) == ()


@pytest.mark.parametrize("rise", [0.0, 6.0])
def test_the_edge_of_the_model_reaches_up_to_the_ground(town: City, rise: float) -> None:
    city = hills(town, rise)
    scene = compose(city)
    ground, around = mesh(scene, "ground"), mesh(scene, "surroundings")
    low, high = ground.vertices[:, :2].min(axis=0), ground.vertices[:, :2].max(axis=0)
    first, second = border_of([(ground.vertices, ground.triangles)], shapely.box(*low, *high))
    lengths = np.linalg.norm(second[:, :2] - first[:, :2], axis=1)
    assert lengths.sum() == pytest.approx(2 * (high - low).sum())
    tops = {tuple(point) for point in np.round(around.vertices, 6).tolist()}
    assert {tuple(point) for point in np.round(first, 6).tolist()} <= tops


def test_what_is_seen_through_a_crack_is_ground_not_sky(town: City) -> None:
    pit = shapely.transform(shapely.box(60, 12, 70, 20), lambda xy: xy + town.origin[:2])
    scene = compose(town, changes=[{"kind": "excavation", "polygon": pit, "level_z": 3.6, "height_m": 3.0}])
    around = mesh(scene, "surroundings")
    corners = around.vertices[around.triangles]
    under = corners[(corners[:, :, 2] < around.vertices[:, 2].min() + 1e-9).all(axis=1)]
    groups = ("street", "water", "green", "ground")
    others = [layer for layer in scene.layers if isinstance(layer, MeshLayer) and layer.group in groups]
    assert under[0, 0, 2] <= min(layer.vertices[:, 2].min() for layer in others) - UNDER_M + 0.4
    plan = shapely.union_all(shapely.polygons(under[:, :, :2]))
    west, south, east, north = (np.asarray(town.bounds) - np.tile(town.origin[:2], 2)).tolist()
    hole = shapely.transform(pit, lambda xy: xy - town.origin[:2])
    assert plan.intersection(hole).area < 0.01
    assert shapely.box(west, south, east, north).difference(plan).area == pytest.approx(hole.area, abs=0.01)


def all_in_frame(scene: Scene, name: str, size: tuple[int, int]) -> None:
    camera = Camera.of(scene.view(name), size)
    for layer in scene.layers:
        if isinstance(layer, MeshLayer) and layer.visible and layer.group not in ("ground", "surroundings"):
            pixels, depth = camera.project(layer.vertices[np.unique(layer.triangles)])
            assert (depth > 0).all(), layer.name
            assert ((pixels >= 0) & (pixels <= size)).all(), layer.name


def looks_from_the_south_west(scene: Scene) -> None:
    view = scene.view()
    east, north, up = np.subtract(view.eye, view.target)
    assert abs(math.degrees(math.atan2(east, north)) % 360 - 225) <= 30.5
    assert 30 < math.degrees(math.atan2(up, math.hypot(east, north))) < 52


def posts(town: City, count: int) -> City:
    places = [shapely.Point(town.origin[0] + 300.0 * k, town.origin[1] + 40.0 * (k % 3)) for k in range(count)]
    index = pd.Index([f"CPT{k}" for k in range(count)], name="id", dtype="str")
    frame = gpd.GeoDataFrame({"kind": "cpt", "depth_m": 20.5}, geometry=places, crs=town.crs, index=index)
    return City(town.crs, town.origin, {"soundings": frame})


@pytest.mark.parametrize("which", ["town", "partly", "hills", "one post", "posts"])
@pytest.mark.parametrize("size", [(1600, 900), (900, 1600)])
def test_the_first_view_has_the_whole_city_from_the_south_west(town: City, partly: City, which: str, size: tuple[int, int]) -> None:
    made = {"town": town, "partly": partly, "hills": hills(town, 8.0), "one post": posts(town, 1), "posts": posts(town, 5)}[which]
    scene = compose(made)
    assert [view.name for view in scene.views] == ["overview", "top"]
    looks_from_the_south_west(scene)
    all_in_frame(scene, "overview", size)
    all_in_frame(scene, "top", size)


def test_nothing_stands_between_the_camera_and_the_city(town: City) -> None:
    wall = shapely.transform(shapely.box(-40, -75, -38, 60), lambda xy: xy + town.origin[:2])
    high = gpd.GeoDataFrame({"height_m": [60.0], "ground_m": [3.6]}, geometry=[wall], index=["wall"], crs=town.crs)
    city = City(town.crs, town.origin, {"buildings": pd.concat([town.buildings, high])})
    scene = compose(city)
    eye = np.array(scene.view().eye)
    buildings = mesh(scene, "buildings")
    outside = (eye[:2] < buildings.vertices[:, :2].min(axis=0)).any()
    assert outside or eye[2] > buildings.vertices[:, 2].max()
    all_in_frame(scene, "overview", (1600, 900))


def test_a_city_on_a_height_is_looked_at_where_it_is(town: City) -> None:
    up = np.array([0.0, 0.0, 400.0])
    raised = replace(town, surfaces=replace(town.surfaces, vertices=town.surfaces.vertices + up))
    raised = City(town.crs, town.origin, {"buildings": town.buildings.iloc[:0]}, raised.surfaces, town.objects)
    scene = compose(raised)
    assert scene.view().target[2] == pytest.approx(410, abs=15)
    all_in_frame(scene, "overview", (1600, 900))


def test_the_sun_stands_beside_the_camera_of_a_city_and_where_it_did_for_a_run(town: City, scene: Scene) -> None:
    assert compose(town).sun_azimuth_deg == 160.0
    assert scene.sun_azimuth_deg == Scene("", (), ()).sun_azimuth_deg


def test_the_key_names_what_is_drawn_and_has_its_colours(town: City) -> None:
    scene = compose(town)
    labels = [entry.label for entry in scene.key]
    assert labels[0] == "Buildings"
    assert labels[-1] == "Ground"
    assert {"Squares", "Streets", "Wharves", "Water", "Trees", "Bridges", "Street furniture"} <= set(labels)
    assert len(labels) == len(set(labels))
    assert "Cellars" not in [entry.label for entry in overlay.key_entries(scene)]
    for entry in scene.key:
        layer = mesh(scene, entry.layer)
        if entry.layer not in ("buildings", "trees", "cellars", "furniture"):
            assert (layer.colours == entry.colour).all(axis=1).any(), entry
    assert key_of(()) == ()


def land(town: City, kinds: list[str | None]) -> City:
    x, y = town.origin[:2]
    areas = [shapely.box(x + 50 * k, y, x + 50 * (k + 1), y + 10 * (k + 1)) for k in range(len(kinds))]
    index = pd.Index([f"a{k}" for k in range(len(kinds))], name="id", dtype="str")
    frame = gpd.GeoDataFrame({"nr": range(len(kinds)), "DETAIL": kinds}, geometry=areas, crs=town.crs, index=index)
    return City(town.crs, town.origin, {"landuse": frame})


def test_land_use_is_drawn_where_there_is_nothing_else(town: City) -> None:
    city = land(town, ["town", "water", "wood", "wood"])
    assert only_land(city)
    assert land_kinds(city) == ["town", "water", "wood", "wood"]
    scene = compose(city)
    entries = [entry for entry in scene.key if entry.layer == "landuse"]
    # the kinds with most land first
    assert [(entry.label, entry.colour) for entry in entries] == [
        ("wood", style.LAND[0]), ("water", style.LAND[1]), ("town", style.LAND[2])
    ]  # fmt: skip
    assert plan_area(mesh(scene, "landuse")) == pytest.approx(50 * (10 + 20 + 30 + 40))
    beside = city.with_layer("buildings", town.buildings)
    assert "landuse" not in {layer.name for layer in compose(beside).layers}


def test_many_kinds_of_land_share_the_last_colour_and_say_so(town: City) -> None:
    scene = compose(land(town, [f"kind {k}" for k in range(11)]))
    entries = [entry for entry in scene.key if entry.layer == "landuse"]
    assert len(entries) == len(style.LAND)
    assert entries[-1].label == "kind 3 and 3 more kinds"


def test_land_of_which_nothing_is_told_is_land(town: City) -> None:
    scene = compose(land(town, [None, None, None]))
    assert [entry.label for entry in scene.key if entry.layer == "landuse"] == ["Land use"]


def test_bare_ground_has_the_colours_of_its_height(town: City) -> None:
    waves = hills(town, 6.0)
    city = City(town.crs, town.origin, {}, terrain=waves.terrain)
    scene = compose(city)
    ground = mesh(scene, "ground")
    assert {tuple(colour) for colour in np.unique(ground.colours, axis=0).tolist()} <= set(style.HEIGHTS)
    assert all(entry.label.startswith("Ground ") and entry.label.endswith(" m") for entry in scene.key)
    assert scene.key[-1].label.startswith("Ground below ")
    height = ground.vertices[ground.triangles][:, :, 2].mean(axis=1)
    rank = np.array([style.HEIGHTS.index(tuple(colour)) for colour in ground.colours.tolist()])
    for step in range(rank.max()):
        assert height[rank == step].max() <= height[rank == step + 1].min() + 1e-9
    # a surface model says more than the ground below it, where nothing else stands on it
    above = replace(city, dsm=replace(waves.terrain, height=waves.terrain.height + 20))
    assert all(entry.label.startswith("Surface") for entry in compose(above).key)


def test_few_points_have_their_names_and_how_deep_they_go(town: City) -> None:
    names = compose(posts(town, 3)).layer("point_names")
    assert isinstance(names, LabelLayer)
    assert names.texts == ("CPT0, 20.5 m deep", "CPT1, 20.5 m deep", "CPT2, 20.5 m deep")
    assert "point_names" not in {layer.name for layer in compose(posts(town, 13)).layers}


@pytest.mark.parametrize("size", [(1600, 900), (1200, 675), (640, 360), (900, 1400), (420, 900), (320, 200)])
@pytest.mark.parametrize("crowd_too", [False, True])
def test_panels_stay_on_the_picture_and_apart(
    town: City, scene: Scene, size: tuple[int, int], crowd_too: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes: list[tuple[float, float, float, float]] = []
    monkeypatch.setattr(sheet.Sheet, "panel", lambda _, box: boxes.append(tuple(box)))
    striped = KeyEntry("buildings", "Buildings, height not known", style.NO_HEIGHT, style.NO_HEIGHT_STRIPE)
    many = (striped, *(KeyEntry("buildings", f"Something with a rather long name, number {k}", (9, 9, 9)) for k in range(30)))
    one = replace(scene if crowd_too else compose(town), key=many, title="A city with a long name " * 3)
    one = replace(one, layers=tuple(layer for layer in one.layers if not isinstance(layer, LabelLayer)))
    grey = Image.new("RGB", size, (128, 128, 128))
    overlay.write_on(grey, one, one.time, Camera.of(one.view(), size))
    assert len(boxes) >= 2
    for k, (west, north, east, south) in enumerate(boxes):
        assert west >= 0
        assert north >= 0
        assert east <= size[0]
        assert south <= size[1]
        for other in boxes[:k]:
            assert not places.meet((west, north, east, south), other), (k, boxes)


def test_the_key_goes_where_it_hides_least(partly: City) -> None:
    scene, size = compose(partly), (800, 450)
    camera = Camera.of(scene.view(), size)
    noise = np.full((450, 800, 3), 128, np.uint8)
    noise[200:, :400] = np.random.default_rng(1).integers(0, 255, (250, 400, 3))
    written = np.asarray(overlay.write_on(Image.fromarray(noise), scene, 0.0, camera)).astype(int)
    changed = np.abs(written - noise).sum(axis=2) > 0
    assert changed[:, :400].any()
    # a credit line apart, the noise is left as it was
    assert not changed[200:420, :400].any()


def test_every_building_of_a_street_map_is_drawn(real_data: Path) -> None:
    city = read_city(real_data / "osm" / "planet_10.068,48.135_10.071,48.137.osm")
    scene = compose(city)
    drawn = [np.unique(mesh(scene, name).owner) for name in ("buildings", "buildings_no_height")]
    assert [len(rows) for rows in drawn] == [9, 23]
    assert sorted(np.concatenate(drawn).tolist()) == list(range(32))
    looks_from_the_south_west(scene)
    all_in_frame(scene, "overview", (1600, 900))


@pytest.mark.parametrize(
    "name",
    [
        "footprints/bubenec.gpkg", "cityjson/delft.json", "citygml/v2_Building_LOD3-EPSG25832.gml", "gtfs/cairns_gtfs.zip",
        "raster/dsm.tif",
    ],
)  # fmt: skip
def test_real_cities_are_whole_in_their_first_view(real_data: Path, name: str) -> None:
    scene = compose(read_city(real_data / name))
    looks_from_the_south_west(scene)
    all_in_frame(scene, "overview", (1600, 900))


def test_the_page_has_the_key_beside_its_layers(partly: City) -> None:
    scene = compose(partly)
    page = encode_html(scene).decode("utf-8")
    document = json.loads(page.split('<script id="scene-data" type="application/json">', 1)[1].split("</script>", 1)[0])
    assert [(entry["layer"], entry["label"]) for entry in document["key"]] == [(entry.layer, entry.label) for entry in scene.key]
    striped = next(entry for entry in document["key"] if entry["stripe"])
    assert striped["label"] == "Buildings, height not known"
    assert {entry["layer"] for entry in document["key"]} <= {layer["name"] for layer in document["layers"]}


@pytest.fixture
def mending(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Corners of each shape that GEOS is asked to make valid, which takes more than their square."""
    asked: list[int] = []
    made = shapely.make_valid

    def counted(shape: object, **options: object) -> object:
        asked.extend(shapely.get_num_coordinates(np.atleast_1d(shape)).tolist())
        return made(shape, **options)

    monkeypatch.setattr("shapely.make_valid", counted)
    return asked


@pytest.mark.parametrize("layer", ["roads", "green", "bridges", "stairs", "buildings"])
def test_a_shape_that_crosses_itself_everywhere_is_drawn_as_its_hull(town: City, mending: list[int], layer: str) -> None:
    tangle = comb(2_000, 40.0, town.bounds[0] + 150, town.bounds[1] + 10)
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    bow_tie = shapely.affinity.translate(bow_tie, town.bounds[0] + 210, town.bounds[1] + 10)
    ends = {"bottom_level": "wharf", "top_level": "street", "bottom_z_m": 0.9, "top_z_m": 3.6, "up_azimuth_deg": 0.0}
    heights = ends if layer == "stairs" else {"z_m": 5.0, "height_m": 0.0}
    rows = gpd.GeoDataFrame([heights] * 2, geometry=[tangle, bow_tie], crs=town.crs, index=pd.Index(["tangle", "tie"], name="id"))
    frame = rows if layer == "green" else pd.concat([town.layers[layer], rows])
    scene = compose(town.with_layer(layer, frame))
    assert max(mending, default=0) < 100
    for name in ("tangle", "tie"):
        known = [one for one in scene.layers if isinstance(one, MeshLayer) and name in one.attributes.get("id", ())]
        assert any((one.owner == one.attributes["id"].index(name)).any() for one in known)


def test_buildings_of_a_map_have_the_colours_that_it_states(tmp_path: Path) -> None:
    document = OsmDocument()
    for x in (0.0, 40.0):
        document.box(x, 0, x + 10, 10, {"building": "yes", "height": "9", "building:colour": "red", "roof:colour": "#00ff00"})
    document.box(80, 0, 90, 10, {"building": "yes", "height": "9"})
    path = tmp_path / "map.osm"
    path.write_text(document.text(), encoding="utf-8")
    for city in (read_city(path), read_city(path).without(["way/3"]), read_city(path).without(["way/2", "way/3"])):
        layer = mesh(compose(city), "buildings")
        owner = np.asarray(layer.owner)
        assert {tuple(one) for one in layer.colours[owner == 0].tolist()} == {(255, 0, 0), (0, 255, 0)}
        other = layer.colours[owner == 2]
        assert not len(other) or not {(255, 0, 0), (0, 255, 0)} & {tuple(one) for one in other.tolist()}


def test_the_ground_goes_on_below_a_deck_and_does_not_rise_to_it(tmp_path: Path) -> None:
    document = OsmDocument()
    document.way([(0, 0), (60, 0)], {"highway": "footway"})
    document.way([(0, 0), (0, 12)], {"highway": "steps", "step_count": "20"})
    document.way([(0, 12), (60, 12)], {"highway": "footway", "bridge": "yes", "layer": "1"})
    path = tmp_path / "map.osm"
    path.write_text(document.text(), encoding="utf-8")
    scene = compose(read_city(path))
    deck = mesh(scene, "bridges")
    assert deck.vertices[:, 2].min() == pytest.approx(3.4 - 0.6)
    floor = mesh(scene, "roads_level1")
    assert floor.vertices[:, 2].min() == pytest.approx(3.4, abs=0.05)
    ground = mesh(scene, "ground")
    assert np.abs(ground.vertices[:, 2]).max() == 0
    city = read_city(path)
    middle = shapely.Point(*(shapely.get_coordinates(city.bridges.geometry.iloc[0].centroid)[0] - city.origin[:2]))
    covered = [shapely.Polygon(ground.vertices[one][:, :2]).buffer(1e-6).contains(middle) for one in ground.triangles]
    assert any(covered)
