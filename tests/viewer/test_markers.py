"""What is only points, lines or a surface model is seen too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import viewer
from twin.geo.city import City, read_city


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "layer", "count"),
    [
        ("gtfs/cairns_gtfs.zip", "stops_points", 416),
        ("subsurface/example.gef", "soundings_points", 1),
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
