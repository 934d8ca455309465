"""Values of tags as mappers write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.geo.readers import osm_tags
from twin.geo.readers.osm_colours import colour_of
from twin.geo.readers.osm_streets import layer_number, level_name, surface_of


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("12", 12.0), ("12 m", 12.0), ("3,5 m", 3.5), ("3.5m", 3.5), ("~8", 8.0), (".5", 0.5), ("12 ft", 3.6576), ("12'", 3.6576),
        ("10'6\"", 3.2004), ("10' 6\"", 3.2004), ("10 ft 6 in", 3.2004), ("10′6″", 3.2004), ("6\"", 0.1524), ("120 cm", 1.2),
        ("1 km", 1000.0), ("0.5 mi", 804.672), ("-2", -2.0), ("12 metres", 12.0), ("3 yd", 2.7432), (" 7 ", 7.0),
    ],
)  # fmt: skip
def test_lengths(text: str, metres: float) -> None:
    assert osm_tags.length_m(text) == pytest.approx(metres, abs=1e-12)


@pytest.mark.parametrize("text", ["", "high", "3;4", "3-4", "1e400", "nan", "inf", "12 parsecs", "1" * 500, "m", "'", "٣"])
def test_what_is_no_length(text: str) -> None:
    found = osm_tags.length_m(text)
    assert found is None or math.isfinite(found)
    if text != "٣":
        assert found is None


@pytest.mark.parametrize(
    ("text", "degrees"),
    [("N", 0.0), ("ssw", 202.5), ("90", 90.0), ("450", 90.0), ("-90", 270.0), ("45°", 45.0), ("up", None), (None, None)],
)
def test_directions(text: str | None, degrees: float | None) -> None:
    assert osm_tags.azimuth_deg(text) == degrees


def test_slopes_and_speeds() -> None:
    assert osm_tags.incline("8%") == pytest.approx(0.08)
    assert osm_tags.incline("-5°") == pytest.approx(-math.tan(math.radians(5)))
    assert osm_tags.incline("up") is None
    assert [osm_tags.climbs(text) for text in ("up", "down", "8%", "-3 %", "0", None, "yes")] == [1, -1, 1, -1, 0, 0, 0]
    assert osm_tags.speed_km_h("30 mph") == pytest.approx(48.28032)
    assert osm_tags.speed_km_h("50") == 50.0
    assert osm_tags.speed_km_h("walk") == 5.0
    assert osm_tags.speed_km_h("none") is None


def test_layers_and_levels() -> None:
    assert osm_tags.layer_of({"layer": "-1"}) == -1
    assert osm_tags.layer_of({"layer": "1.5"}) is None
    assert osm_tags.layer_of({"layer": "1000000"}) is None
    assert layer_number({"bridge": "yes"}) == 1
    assert layer_number({"bridge": "yes", "layer": "2"}) == 2
    assert layer_number({"tunnel": "yes"}) == -1
    assert layer_number({"tunnel": "building_passage"}) == 0
    assert layer_number({"bridge": "no"}) == 0
    assert [level_name(layer) for layer in (0, 1, -1)] == ["street", "level1", "level-1"]


@pytest.mark.parametrize(
    ("tags", "surface"),
    [
        ({"highway": "motorway"}, "motorway"),
        ({"highway": "trunk"}, "motorway"),
        ({"highway": "trunk", "sidewalk": "both"}, "street"),
        ({"highway": "trunk", "foot": "yes"}, "street"),
        ({"highway": "primary", "motorroad": "yes"}, "motorway"),
        ({"highway": "primary"}, "street"),
        ({"highway": "service", "service": "driveway"}, "driveway"),
        ({"highway": "steps"}, "footway"),
        ({"highway": "pedestrian"}, "pedestrian"),
        ({"highway": "an unknown word"}, "street"),
    ],
)
def test_surfaces(tags: dict[str, str], surface: str) -> None:
    assert surface_of(tags, tags["highway"]) == surface


@given(st.text(max_size=60))
def test_any_text_is_a_finite_value_or_none(text: str) -> None:
    numbers = osm_tags.length_m, osm_tags.number, osm_tags.angle_deg, osm_tags.azimuth_deg, osm_tags.incline, osm_tags.speed_km_h
    for parse in numbers:
        found = parse(text)
        assert found is None or math.isfinite(found)
    assert osm_tags.climbs(text) in (-1, 0, 1)
    assert osm_tags.layer_of({"layer": text}) in (None, *range(-20, 21))


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#00ff00", (0, 255, 0)), ("#FA0", (255, 170, 0)), ("red", (255, 0, 0)), ("Dark_Red", (139, 0, 0)),
        ("light grey", (211, 211, 211)), ("white;brown", (255, 255, 255)), (" black ", (0, 0, 0)),
        ("r", None), ("C0", None), ("0.5", None), ("#12", None), ("#12345g", None),
        ("tab:blue", None), ("", None), ("multicolour", None),
    ],
)  # fmt: skip
def test_colours(text: str, colour: tuple[int, int, int] | None) -> None:
    assert colour_of(text) == (None if colour is None else (*colour, 255))
