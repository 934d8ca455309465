"""What is only points, lines or a surface model is seen too."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from PIL import Image

import viewer
from twin.geo.city import City, read_city
from viewer.backends.camera import Camera
from viewer.markers import LARGEST_NAMED
from viewer.scene import LabelLayer, MeshLayer


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "layer", "count"),
    [
        ("gtfs/cairns_gtfs.zip", "stops_points", 416),
        ("subsurface/example.gef", "soundings_points", None),
        ("subsurface/GMW000000036287.xml", "wells_points", None),
        ("network/test_road.shp", "streets_lines", None),
    ],
)
def test_points_and_lines_alone_are_drawn(real_data: Path, tmp_path: Path, name: str, layer: str, count: int | None) -> None:
    city = read_city(real_data / name)
    scene = viewer.compose(city)
    drawn = scene.layer(layer)
    assert drawn.visible
    assert count is None or len(drawn.attributes["id"]) == count
    assert set(np.unique(drawn.owner)) == set(range(len(drawn.attributes["id"])))
    picture = tmp_path / "x.png"
    viewer.screenshot(scene, picture, size=(320, 180))
    pixels = np.asarray(Image.open(picture).convert("RGB"), dtype=int)
    # the colour of the layer, lit or in shade, is somewhere in the picture
    hue = drawn.colours[0].astype(int)
    near = np.abs(pixels / np.maximum(pixels.max(axis=2, keepdims=True), 1) - hue / hue.max()).max(axis=2) < 0.12
    assert near.sum() > 20


@pytest.mark.realdata
def test_a_surface_model_alone_is_drawn(real_data: Path, tmp_path: Path) -> None:
    city = read_city(real_data / "raster" / "athens" / "DSM.tif")
    assert city.bounds[2] - city.bounds[0] == pytest.approx(400)
    picture = tmp_path / "x.png"
    viewer.screenshot(viewer.compose(city), picture, size=(320, 180))
    pixels = np.asarray(Image.open(picture).convert("L"), dtype=int)
    assert pixels[60:150, 60:260].std() > 12


def test_they_stay_hidden_in_a_city_with_buildings(sample: City) -> None:
    scene = viewer.compose(sample)
    markers = [layer for layer in scene.layers if layer.name.endswith(("_points", "_lines"))]
    assert {layer.name for layer in markers} >= {"soundings_points", "sensors_points"}
    assert not any(layer.visible for layer in markers)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["cairns_gtfs.zip", "nyc_subway_gtfs.zip"])
def test_stops_of_a_whole_city_are_discs_and_the_busiest_are_named(real_data: Path, name: str) -> None:
    city = read_city(real_data / "gtfs" / name)
    scene = viewer.compose(city)
    layer, names = scene.layer("stops_points"), scene.layer("point_names")
    assert isinstance(layer, MeshLayer)
    assert isinstance(names, LabelLayer)
    reach = max(city.bounds[2] - city.bounds[0], city.bounds[3] - city.bounds[1])
    assert np.ptp(layer.vertices[:, 2]) < reach / 500
    camera = Camera.of(scene.view(), (1280, 720))
    assert layer.owner is not None
    for row in range(0, len(city.stops), 25):
        pixels, _ = camera.project(layer.vertices[np.unique(layer.triangles[layer.owner == row])])
        assert 3 < np.ptp(pixels[:, 0]) < 25
        assert np.ptp(pixels[:, 1]) < 25
    assert len(names.texts) == LARGEST_NAMED
    assert city.stops.loc[city.stops["departures_day_total"].idxmax(), "name"] == names.texts[0]
    pixels, _ = camera.project(names.points)
    gaps = np.linalg.norm(pixels[:, None] - pixels, axis=2)[np.triu_indices(len(pixels), 1)]
    assert gaps.min() > 20


def test_many_stops_of_which_nothing_is_known_have_no_names() -> None:
    places = [shapely.Point(136_000 + 300 * k, 455_000) for k in range(20)]
    frame = gpd.GeoDataFrame({"name": [f"Stop {k}" for k in range(20)]}, geometry=places, crs="EPSG:7415")
    frame.index = frame.index.astype(str)
    city = City(frame.crs, np.array([136_000.0, 455_000.0, 0.0]), {"stops": frame})
    assert "point_names" not in {layer.name for layer in viewer.compose(city).layers}
    counted = city.with_layer("stops", frame.assign(departures_day=range(20)))
    names = viewer.compose(counted).layer("point_names")
    assert isinstance(names, LabelLayer)
    assert names.texts == ("Stop 19", "Stop 17", "Stop 15", "Stop 13", "Stop 11")
