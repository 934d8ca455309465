"""`explore()` of geopandas works on the frames as they are: nothing in a column that JSON does not know."""

from __future__ import annotations

import json
import re

import pytest

from twin.geo.city import City
from twin.result import Result

pytest.importorskip("folium", reason="needs the extra `explore`")
pytest.importorskip("mapclassify", reason="needs the extra `explore`")


def test_every_layer_of_the_sample_is_explored(sample: City) -> None:
    for name, frame in sample.layers.items():
        if len(frame):
            html = frame.head(40).explore().get_root().render()
            assert "leaflet" in html
            data = re.search(r"_add\((\{.*?\})\);\n", html)
            assert data, name
            assert json.loads(data[1])["type"] == "FeatureCollection"


def test_buildings_by_height_and_streets_by_surface(sample: City) -> None:
    assert "height_m" in sample.buildings.head(60).explore("height_m", cmap="viridis").get_root().render()
    assert "wharf" in sample.roads.explore("surface").get_root().render()


def test_what_a_run_found_is_explored(result: Result) -> None:
    for frame in result.features.values():
        if len(frame) and not frame.geometry.is_empty.all():
            assert "leaflet" in frame.explore().get_root().render()
