"""What a column cannot hold as it was stated is told, once a column."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twin.geo.city import City, Finding, read_city
from twin.geo.readers.columns import note_kinds, typed
from twin.geo.readers.model import Findings

Put = Callable[..., Path]


def told(values: list[Any]) -> list[tuple[str, str]]:
    findings = Findings()
    note_kinds(typed([{"a": value} for value in values]), "buildings", findings)
    return [(one.code, one.message) for one in findings.collected()]


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, None], [1, 2.5], ["a", "b"], ["1", "2"], [True, False], [None], [1e300, 1.0], [-3.4028234663852886e38, 2.0],
        [2**63 - 1, 1], [[1], {"b": 2}], [0.5, 1e17], [float(2**62)],
    ],
)  # fmt: skip
def test_what_a_column_holds_as_it_is_is_not_told(values: list[Any]) -> None:
    assert told(values) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, "x", 2, None], "several kinds, whole number (2), text (1)"),
        ([True, 1], "several kinds, truth value (1), whole number (1)"),
        (["x", {"b": 1}], "several kinds, text (1), object (1)"),
        ([1.5, "x"], "several kinds, number (1), text (1)"),
        ([2**63, 1], "do not fit in 64 bits"),
        ([2**53 + 1, 0.5], "beside fractions not in 53"),
    ],
)
def test_a_column_that_becomes_text_is_told(values: list[Any], words: str) -> None:
    ((code, message),) = told(values)
    assert code == "attribute-kinds"
    assert message.startswith("'a' has ")
    assert words in message


def test_numbers_that_may_have_lost_digits_are_told() -> None:
    ((code, message),) = told([1e22, 5])
    assert code == "attribute-digits"
    assert "about 16 digits" in message


def of_columns(city: City) -> list[Finding]:
    return [one for one in city.quality.findings if one.code in ("attribute-kinds", "attribute-digits")]


def test_mixed_attributes_of_a_file_are_told_once_a_column(house: dict[str, Any], put: Put) -> None:
    objects = house["CityObjects"]
    for number in range(5):
        objects[f"h{number}"] = copy.deepcopy(objects["house"])
        objects[f"h{number}"]["attributes"] = {"mix": number if number else "x", "plain": number}
        objects[f"p{number}"] = {"type": "BuildingPart", "parents": [f"h{number}"], "attributes": {"mix": number or "x"}}
    objects["house"]["geometry"][0]["semantics"]["surfaces"][1]["slope"] = 12
    objects["house"]["geometry"][0]["semantics"]["surfaces"][2]["slope"] = "steep"
    text = json.dumps(house).replace('"plain": 4', '"plain": 123456789012345678901234567890')
    city = read_city(put(text))
    assert sorted((one.code, one.path, one.severity) for one in of_columns(city)) == [
        ("attribute-digits", "buildings plain", "info"),
        ("attribute-kinds", "buildings mix", "info"),
        ("attribute-kinds", "parts mix", "info"),
        ("attribute-kinds", "surfaces slope", "info"),
    ]
    assert city.buildings["mix"].tolist()[1:] == ["x", "1", "2", "3", "4"]


def test_mixed_properties_of_geojson_are_told(put: Put) -> None:
    shape = {"type": "Polygon", "coordinates": [[[5.1, 52.1], [5.101, 52.1], [5.101, 52.101], [5.1, 52.1]]]}
    features = [{"type": "Feature", "properties": {"building": "yes", "mix": one}, "geometry": shape} for one in (1, "x")]
    city = read_city(put({"type": "FeatureCollection", "features": features}, "pand.geojson"))
    assert [(one.code, one.path) for one in of_columns(city)] == [("attribute-kinds", "pand.geojson mix")]
