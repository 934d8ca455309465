"""Levels of detail: the best one that has something to draw is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.geo.conftest import CUBE_FACES
from tests.geo.gml import box, building, model, multi, polygon, solid
from twin.geo.city import read_city

Put = Callable[..., Path]

EMPTY: list[dict[str, Any]] = [
    {"type": "Solid", "boundaries": []},
    {"type": "Solid", "boundaries": [[]]},
    {"type": "MultiSurface", "boundaries": [[]]},
    {"type": "MultiSurface", "boundaries": [[[0, 1]]]},
    {"type": "MultiSurface", "boundaries": [[[0, 1, 99]], [[7, 6, -1]]]},
    {"type": "MultiSurface", "boundaries": [[[0, 1, "2"]]]},
    {"type": "MultiSurface", "boundaries": None},
    {"type": "MultiSolid", "boundaries": "none"},
    {"type": "GeometryInstance", "template": 5, "boundaries": [0]},
]


@pytest.mark.parametrize("empty", EMPTY)
def test_an_empty_level_does_not_hide_a_full_one(house: dict[str, Any], put: Put, empty: dict[str, Any]) -> None:
    full = house["CityObjects"]["house"]["geometry"]
    full[0]["lod"] = "1.2"
    levels = {} if empty["type"] == "GeometryInstance" else {"lod": "2.2"}
    if not levels:
        full[0]["lod"] = ""
    full.append(empty | levels)
    city = read_city(put(house))
    assert city.surfaces.areas().sum() == pytest.approx(600)
    if levels:
        assert city.objects["lod"].tolist() == ["1.2"]
        told = [one for one in city.quality.findings if one.code == "lod-empty"]
        assert [(one.object_id, one.path) for one in told] == [("house", "CityObjects.house.geometry[1]")]
        assert "lod-left" not in city.quality.counts()


def test_the_next_best_level_is_taken_and_only_full_ones_are_said_to_be_left(house: dict[str, Any], put: Put) -> None:
    shapes = house["CityObjects"]["house"]["geometry"]
    for lod, boundaries in (("1.2", [CUBE_FACES]), ("3.0", [[]]), ("3.1", [[]])):
        shapes.append({"type": "Solid", "lod": lod, "boundaries": boundaries})
    city = read_city(put(house))
    assert city.objects["lod"].tolist() == ["2.2"]
    assert city.quality.counts() == {"lod-empty": 2, "lod-left": 1}
    asked = read_city(put(house), lod="1.2")
    assert asked.objects["lod"].tolist() == ["1.2"]
    assert set(asked.quality.counts()) == {"lod-left"}
    none = read_city(put(house), lod="3.1")
    assert none.surfaces.areas().sum() == 0
    assert none.quality.counts()["lod-absent"] == 1
    assert none.quality.counts()["lod-empty"] == 1


def test_points_stand_where_all_surfaces_are_empty(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"]["tree"] = {
        "type": "SolitaryVegetationObject",
        "geometry": [
            {"type": "MultiPoint", "lod": "0", "boundaries": [1]},
            {"type": "MultiSurface", "lod": "2", "boundaries": []},
        ],
    }
    city = read_city(put(house))
    assert city.trees.geometry.x.tolist() == [136010.0]
    assert city.quality.counts() == {"lod-empty": 1}


def test_an_object_of_which_all_levels_are_empty_has_no_geometry(house: dict[str, Any], put: Put) -> None:
    shapes = house["CityObjects"]["house"]["geometry"]
    shapes[:] = [{"type": "Solid", "lod": lod, "boundaries": [[]]} for lod in ("1.2", "2.2")]
    city = read_city(put(house))
    assert not len(city.surfaces)
    assert "no-geometry" in city.quality.counts() or "no-geometry" in {one.code for one in city.check().findings}


@pytest.mark.parametrize(
    "empty",
    ["<bldg:lod2Solid/>", "<bldg:lod2Solid>\n</bldg:lod2Solid>", f"<bldg:lod2MultiSurface>{multi()}</bldg:lod2MultiSurface>"],
)
def test_an_empty_level_of_citygml_does_not_hide_a_full_one(put: Put, empty: str) -> None:
    low = f"<bldg:lod1Solid>{solid(*map(polygon, box(0, 0, 0)))}</bldg:lod1Solid>"
    path = put(model(building(low, empty)), "house.gml")
    city = read_city(path)
    assert city.objects["lod"].tolist() == ["1"]
    assert city.surfaces.areas().sum() == pytest.approx(600)
    assert city.quality.counts() == {"lod-empty": 1}
    asked = read_city(path, lod="2")
    assert not len(asked.surfaces)
    assert asked.quality.counts()["lod-absent"] == 1
