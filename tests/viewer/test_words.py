"""Names for people: titles from files, labels from ids."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twin.geo.city import City, Source
from viewer.compose import compose
from viewer.words import readable_id, readable_label, title_of


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("den_haag.city.json", "Den haag"), ("DenHaag_01.city.json.zip!DenHaag_01.city.json", "Den Haag 01"),
        ("ParkingGarage_CityGML3.0_LOD2_with_XLinks.gml", "Parking Garage CityGML3.0 LOD2 with XLinks"),
        ("planet_10.068,48.135_10.071,48.137.osm", "Planet 10.068,48.135 10.071,48.137"), ("simple.copc.laz", "Simple"),
        ("West-Oakland.osm.bz2", "West-Oakland"), ("B38B2152.gef", "B38B2152"), ("some/where/gb", "Gb"), (".json", ".json"),
    ],
)  # fmt: skip
def test_a_title_from_a_file_has_its_words_and_its_own_dots_but_no_suffix(town: City, file: str, title: str) -> None:
    city = replace(town, sources=(Source(file, "x", "", ""),), name="")
    assert title_of(city) == compose(city).title == title


def test_a_city_with_a_name_has_it_in_place_of_a_file_name(town: City) -> None:
    city = replace(town, sources=(Source("DenHaag_01.city.json.zip!DenHaag_01.city.json", "x", "", ""),))
    assert title_of(city) == "Test town"
    assert title_of(city, "DenHaag_01.city.json.zip") == "Test town"
    assert title_of(city, "May the bridge be closed?") == "May the bridge be closed?"
    assert title_of(replace(city, name=""), "DenHaag_01.city.json.zip") == "Den Haag 01"
    assert title_of(replace(city, name="", sources=())) == "City"
    assert compose(city).credits == ("DenHaag_01.city.json.zip",)


def test_ids_are_read_as_words_and_labels_stay_as_they_are() -> None:
    assert [readable_id(name) for name in ("plan-tower", "bridge_3", "NL.IMBAG.Pand.05", "--")] == [
        "Plan tower", "Bridge 3", "NL.IMBAG.Pand.05", "--"
    ]  # fmt: skip
    labels = {"stage": "Stage", "bridge-2": "Bridge 2", "Bridge closed": "Bridge closed", "": ""}
    assert {name: readable_label(name) for name in labels} == labels
