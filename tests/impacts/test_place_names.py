"""Places are called as people call them."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from tests.places import SOUTH, WEST, frame, town, two_levels
from twin.geo.city import City
from twin.impacts.place_names import name_of_place, speaks

GUID = "GUID_037C63DD-5B1D-4B5C-9F6A-3C6E0F5D2A11"


def _name(city: City, x: float, y: float) -> str:
    return name_of_place(city, shapely.Point(WEST + x, SOUTH + y), "street")


def _building(**columns: object) -> gpd.GeoDataFrame:
    return frame({GUID: {"ground_m": 2.0, "height_m": 9.0, "geometry": shapely.box(22, 22, 38, 38), **columns}})


@pytest.mark.parametrize(
    ("text", "for_people"),
    [
        ("place-square", True), ("bridge-2", True), ("Goethestraße", True), ("house-0001", True), ("Route 66", True),
        (GUID, False), ("{7F91F413-F839-48F6-A36A-E0F2F090C6B0}", False), ("way/25216931", False), ("DEBY_LOD2_5744682", False),
        ("b1105d28c-00ba-11e6-b420-2bdcc4ab5d7f", False), ("UUID_20544", False), ("0599100000661084", False), ("", False),
        (None, False), (float("nan"), False),
    ],
)  # fmt: skip
def test_what_is_for_people(text: object, for_people: bool) -> None:
    assert speaks(text) == for_people


def test_a_building_is_called_by_its_name_or_address_and_never_by_a_guid() -> None:
    base = town()
    for columns, told in (
        ({}, f"1 m from a building at ({WEST + 21:.0f}, {SOUTH + 30:.0f})"),
        ({"name": "Dom"}, "1 m from Dom"),
        ({"name": GUID, "address": "Domplein 1, 3512 JC Utrecht"}, "1 m from Domplein 1, 3512 JC Utrecht"),
        ({"addr:street": "Domplein", "addr:housenumber": "1"}, "1 m from Domplein 1"),
    ):
        assert _name(base.with_layer("buildings", _building(**columns)), 21, 30) == told
    assert _name(base, 21, 30) == "1 m from building house"


def test_a_building_without_a_name_is_placed_by_the_nearest_street_that_has_one() -> None:
    streets = frame({
        "way/25216931": {"name": "Goethestraße", "geometry": shapely.LineString([(0, 10), (60, 10)])},
        "way/25216932": {"geometry": shapely.LineString([(0, 20), (60, 20)])},
    })  # fmt: skip
    city = town().with_layer("buildings", _building()).with_layer("streets", streets)
    assert _name(city, 30, 21) == "1 m from a building, 11 m north of Goethestraße"
    assert _name(city, 21, 10.2) == "12 m from a building, at Goethestraße"


def test_a_road_without_a_name_is_told_by_its_kind() -> None:
    roads = frame({GUID: {"surface": "footway", "level": "street", "geometry": shapely.box(0, 0, 10, 10)}})
    city = two_levels().with_layer("roads", roads)
    assert _name(city, 5, 5) == f"a footway without a name at ({WEST + 5:.0f}, {SOUTH + 5:.0f})"
    water = frame({"Nieuwegracht": {"geometry": shapely.box(20, 20, 40, 40)}})
    assert _name(city.with_layer("water", water), 5, 5) == "a footway without a name, 21 m south-west of Nieuwegracht"
    square = frame({"place-square": {"kind": "place", "geometry": shapely.box(0, 0, 20, 20)}})
    assert _name(city.with_layer("landuse", square), 5, 5) == "place-square"


def test_without_a_city_a_place_is_its_coordinates() -> None:
    assert name_of_place(None, shapely.Point(1, 2), "floor") == "(1.0, 2.0)"


@pytest.mark.parametrize(("x", "y", "told"), [(-0.04, 0.0, "(0.0, 0.0)"), (136_840.04, -3.26, "(136840.0, -3.3)")])
def test_a_place_without_a_city_has_no_minus_before_0(x: float, y: float, told: str) -> None:
    assert name_of_place(None, shapely.Point(x, y), "street") == told
