"""Simple 3D Buildings: heights, parts, roofs, and what is left a footprint."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.osm_document import OsmDocument
from twin.geo.city import City, read_city
from twin.geo.mesh import SEMANTICS
from twin.geo.quality import check
from twin.geo.roofs import SHAPES
from twin.geo.topology import object_use, signed_volumes

Put = Callable[..., Path]
CENTIMETRE = 0.02
"""Nodes of OpenStreetMap lie on 1e-7 degree, 1.1 cm; relative error of a volume of 20 m x 10 m x 10 m."""


def read(put: Put, document: OsmDocument) -> City:
    return read_city(put(document.text(), "houses.osm"))


def house(put: Put, tags: dict[str, str], size: tuple[float, float] = (20.0, 10.0)) -> City:
    document = OsmDocument()
    document.box(0, 0, *size, {"building": "yes", **tags})
    return read(put, document)


def volumes(city: City) -> dict[str, float]:
    """Volume of each object with faces, all of which must be closed."""
    count = len(city.objects)
    assert object_use(city.surfaces, count).closed.all()
    found = signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), count)
    drawn = np.bincount(city.surfaces.owner, minlength=count) > 0
    return {str(city.objects.index[row]): float(found[row]) for row in np.flatnonzero(drawn)}


def heights(city: City, object_id: str = "way/1") -> list[float]:
    """Heights of the vertices of one object that differ by more than the centimetre of the nodes makes."""
    mesh = city.surfaces.select(city.surfaces.owner == city.objects.index.get_loc(object_id))
    z = np.unique(mesh.vertices[:, 2])
    return z[np.append(True, np.diff(z) > 0.03)].tolist()


@pytest.mark.parametrize(
    ("tags", "expected", "height_from"),
    [
        ({"height": "10"}, [0, 10], "height"),
        ({"height": "32 ft 10 in"}, [0, round(32 * 0.3048 + 0.254, 3)], "height"),
        ({"height": "10,5 m"}, [0, 10.5], "height"),
        ({"building:levels": "3"}, [0, 9], "building:levels"),
        ({"building:levels": "2.5"}, [0, 7.5], "building:levels"),
        ({"height": "very high", "building:levels": "2"}, [0, 6], "building:levels"),
        ({"height": "10", "min_height": "4"}, [4, 10], "height"),
        ({"height": "10", "building:min_level": "1"}, [3, 10], "height"),
        ({"building:levels": "4", "building:min_level": "2"}, [6, 12], "building:levels"),
        ({"height": "10", "roof:shape": "gabled", "roof:height": "4"}, [0, 6, 10], "height"),
        ({"height": "10", "roof:shape": "gabled", "roof:levels": "1"}, [0, 7, 10], "height"),
        ({"height": "10", "roof:shape": "gabled", "roof:angle": "45"}, [0, 5, 10], "height"),
        ({"height": "10", "roof:shape": "skillion", "roof:angle": "10", "roof:direction": "N"},
         [0, round(10 - 10 * math.tan(math.radians(10)), 3), 10], "height"),
        ({"building:levels": "2", "roof:shape": "hipped", "roof:height": "2.5"}, [0, 6, 8.5], "building:levels"),
        ({"building:levels": "2", "roof:shape": "gabled"}, [0, 6, 9], "building:levels"),
        ({"height": "4", "roof:shape": "gabled"}, [0, 2, 4], "height"),
        ({"height": "4", "roof:shape": "gabled", "roof:height": "9"}, [0, 4], "height"),
        ({"height": "9", "roof:height": "1", "roof:shape": "flat"}, [0, 9], "height"),
    ],
)  # fmt: skip
def test_heights(put: Put, tags: dict[str, str], expected: list[float], height_from: str) -> None:
    city = house(put, tags)
    assert_allclose(heights(city), expected, atol=0.015)
    assert city.buildings.loc["way/1", "height_from"] == height_from
    assert city.buildings.loc["way/1", "height_source"] == "geometry"
    assert next(iter(volumes(city).values())) > 0


def test_a_dome_without_height_is_half_a_sphere(put: Put) -> None:
    document = OsmDocument()
    ring = [(5 * math.cos(a), 5 * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 48, endpoint=False)]
    document.way(ring, {"building": "yes", "height": "20", "roof:shape": "dome"}, close=True)
    city = read(put, document)
    assert_allclose(heights(city)[1:-1:8], [15.0], atol=0.05)
    exact = math.pi * 25 * 15 + 2 / 3 * math.pi * 125
    # inside the sphere by the 48 corners and 8 rings
    assert_allclose(volumes(city)["way/1"], exact, rtol=0.01)
    assert volumes(city)["way/1"] < exact


@pytest.mark.parametrize("shape", sorted(SHAPES - {"flat"}))
def test_every_shape_is_closed_and_has_a_roof(put: Put, shape: str) -> None:
    city = house(put, {"height": "10", "roof:shape": shape, "roof:height": "4"})
    made = volumes(city)["way/1"]
    assert 1200 * (1 - CENTIMETRE) < made < 2000 * (1 + CENTIMETRE)
    assert {SEMANTICS[name] for name in ("GroundSurface", "WallSurface", "RoofSurface")} == set(city.surfaces.semantic.tolist())
    assert city.objects.loc["way/1", "lod"] == "2"
    assert not len(check(city))


def test_an_unknown_shape_is_flat_and_told(put: Put) -> None:
    city = house(put, {"height": "10", "roof:shape": "crosspitched"})
    finding = next(one for one in city.quality.findings if one.code == "roof-shape")
    assert finding.object_id == "way/1"
    assert "crosspitched" in finding.message
    assert_allclose(volumes(city)["way/1"], 2000, rtol=CENTIMETRE)


def test_a_roof_that_does_not_fit_its_footprint_is_flat_and_told(put: Put) -> None:
    document = OsmDocument()
    document.way(
        [(0, 0), (20, 0), (20, 4), (4, 4), (4, 16), (20, 16), (20, 20), (0, 20)],
        {"building": "yes", "height": "10", "roof:shape": "dome"},
        close=True,
    )
    city = read(put, document)
    assert "roof-shape" in city.quality.counts()
    assert_allclose(volumes(city)["way/1"], 2080, rtol=CENTIMETRE)


def test_tags_are_kept_as_they_are(put: Put) -> None:
    kept = {"building:colour": "#a0522d", "roof:material": "roof_tiles", "name": "<b>Huis</b>", "id": "x"}
    city = house(put, {"height": "10", **kept})
    row = city.buildings.loc["way/1"]
    assert row["building:colour"] == "#a0522d"
    assert row["roof:material"] == "roof_tiles"
    assert row["name"] == "<b>Huis</b>"
    assert row["id_attribute"] == "x"


@pytest.mark.parametrize(
    "tags",
    [
        {}, {"height": "high"}, {"height": "-3"}, {"height": "0"}, {"height": "5000"}, {"building:levels": "x"},
        {"building:levels": "0"}, {"min_height": "3"}, {"roof:shape": "gabled"}, {"height": "3", "min_height": "5"},
        {"building:levels": "1e9"},
    ],
)  # fmt: skip
def test_a_building_of_unknown_height_stays_a_footprint(put: Put, tags: dict[str, str]) -> None:
    city = house(put, tags)
    assert len(city.surfaces) == 0
    assert city.buildings.index.tolist() == ["way/1"]
    assert city.buildings.loc["way/1", "height_source"] == "unknown"
    assert_allclose(city.buildings.area, 200, rtol=CENTIMETRE)
    assert "height-unknown" in city.quality.counts()
    if tags and "roof:shape" not in tags and tags.keys() != {"min_height"} and tags != {"building:levels": "0"}:
        assert "osm-height" in city.quality.counts()


def test_parts_are_drawn_instead_of_the_outline(put: Put) -> None:
    document = OsmDocument()
    document.box(0, 0, 20, 10, {"building": "church", "height": "50", "name": "Dom"})
    document.box(0, 0, 8, 10, {"building:part": "yes", "height": "40", "roof:shape": "pyramidal", "roof:height": "6"})
    document.box(8, 0, 20, 10, {"building:part": "yes", "height": "12", "min_height": "3"})
    city = read(put, document)
    assert city.objects["parent"].to_dict() == {"way/1": "", "way/2": "way/1", "way/3": "way/1"}
    assert city.objects["type"].to_dict() == {"way/1": "Building", "way/2": "BuildingPart", "way/3": "BuildingPart"}
    made = volumes(city)
    assert set(made) == {"way/2", "way/3"}
    assert_allclose([made["way/2"], made["way/3"]], [80 * 34 + 80 * 6 / 3, 120 * 9], rtol=CENTIMETRE)
    # the row of the whole: 40 m high, name of the outline; the footprint is what stands on the ground
    assert city.buildings.index.tolist() == ["way/1"]
    assert_allclose(city.buildings.loc["way/1", "height_m"], 40)
    assert city.buildings.loc["way/1", "name"] == "Dom"
    hanging = city.surfaces.select(city.surfaces.owner == 2)
    assert SEMANTICS["OuterCeilingSurface"] in hanging.semantic
    assert SEMANTICS["GroundSurface"] not in hanging.semantic


def test_what_parts_leave_over_is_drawn_from_the_outline(put: Put) -> None:
    document = OsmDocument()
    document.box(0, 0, 20, 10, {"building": "yes", "height": "6", "roof:shape": "gabled"})
    document.box(0, 0, 5, 10, {"building:part": "yes", "height": "20"})
    city = read(put, document)
    made = volumes(city)
    assert_allclose([made["way/1"], made["way/2"]], [150 * 6, 50 * 20], rtol=CENTIMETRE)
    finding = next(one for one in city.quality.findings if one.code == "osm-part-cover")
    assert "75 %" in finding.message


def test_slivers_between_parts_and_outline_are_not_drawn(put: Put) -> None:
    document = OsmDocument()
    document.box(0, 0, 20, 10, {"building": "yes", "height": "6"})
    document.box(0.05, 0.05, 19.95, 9.95, {"building:part": "yes", "height": "20"})
    assert set(volumes(read(put, document))) == {"way/2"}


def test_a_part_without_height_takes_that_of_the_outline(put: Put) -> None:
    document = OsmDocument()
    document.box(0, 0, 20, 10, {"building": "yes", "height": "6"})
    document.box(0, 0, 10, 10, {"building:part": "yes", "height": "20"})
    document.box(10, 0, 20, 10, {"building:part": "yes"})
    city = read(put, document)
    assert_allclose(sum(volumes(city).values()), 100 * 20 + 100 * 6, rtol=CENTIMETRE)
    assert "osm-part-height" in city.quality.counts()


def test_a_relation_says_which_parts_belong_together(put: Put) -> None:
    document = OsmDocument()
    outline = document.box(0, 0, 20, 10, {"building": "yes", "height": "9"})
    inside = document.box(0, 0, 20, 10, {"building:part": "yes", "height": "9"})
    # hangs beyond the outline: only the relation says that it belongs to it
    beyond = document.box(20, 0, 26, 10, {"building:part": "yes", "height": "9", "min_height": "6"})
    document.relation([("way", outline, "outline"), ("way", inside, "part"), ("way", beyond, "part")], {"type": "building"})
    city = read(put, document)
    assert city.objects["parent"].tolist() == ["", "way/1", "way/1"]
    assert set(volumes(city)) == {"way/2", "way/3"}


def test_an_outline_without_tags_is_found_through_its_relation(put: Put) -> None:
    document = OsmDocument()
    outline = document.box(0, 0, 20, 10)
    part = document.box(0, 0, 20, 10, {"building:part": "yes", "height": "9"})
    document.relation(
        [("way", outline, "outline"), ("way", part, "part")], {"type": "building", "building": "yes", "name": "Hal"}
    )
    city = read(put, document)
    assert city.objects["parent"].to_dict() == {"relation/1": "", "way/2": "relation/1"}
    assert city.buildings.loc["relation/1", "name"] == "Hal"


def test_a_relation_with_missing_members_is_told(put: Put) -> None:
    document = OsmDocument()
    outline = document.box(0, 0, 20, 10, {"building": "yes", "height": "9"})
    document.relation([("way", outline, "outline"), ("way", 77, "part")], {"type": "building"})
    city = read(put, document)
    assert "osm-relation" in city.quality.counts()
    assert_allclose(volumes(city)["way/1"], 1800, rtol=CENTIMETRE)


def test_a_part_in_no_outline_is_a_building(put: Put) -> None:
    document = OsmDocument()
    document.box(0, 0, 20, 10, {"building:part": "yes", "height": "9"})
    city = read(put, document)
    assert city.objects["type"].tolist() == ["Building"]
    assert "osm-part" in city.quality.counts()


def test_a_multipolygon_has_its_courtyard(put: Put) -> None:
    document = OsmDocument()
    outer = document.box(0, 0, 30, 30)
    inner = document.box(10, 10, 20, 20)
    members = [("way", outer, "outer"), ("way", inner, "inner")]
    document.relation(members, {"type": "multipolygon", "building": "yes", "height": "10"})
    document.relation(members, {"type": "multipolygon", "building:part": "yes", "height": "14", "roof:shape": "gabled"})
    city = read(put, document)
    assert city.objects["parent"].to_dict() == {"relation/1": "", "relation/2": "relation/1"}
    # a gable across 30 m with its ridge cut by the courtyard: over the middle third the roof is on average 5/6 high
    assert_allclose(volumes(city)["relation/2"], 900 * (11 + 1.5) - 100 * (11 + 3 * 5 / 6), rtol=CENTIMETRE)
    assert_allclose(city.buildings.area, 800, rtol=CENTIMETRE)


def test_roofs_without_walls_do_not_stand_in_the_way(put: Put) -> None:
    city = house(put, {"building": "roof", "height": "5"})
    assert len(city.buildings) == 0
    assert city.other.index.tolist() == ["way/1"]
    assert_allclose(heights(city), [4.7, 5.0])


def test_what_is_underground_or_not_built_is_not_drawn(put: Put) -> None:
    document = OsmDocument()
    document.box(0, 0, 20, 10, {"building": "parking", "layer": "-1", "height": "6"})
    document.box(0, 20, 20, 30, {"building": "garage", "location": "underground", "building:levels": "2"})
    document.box(0, 40, 20, 50, {"building": "proposed", "height": "6"})
    document.box(0, 60, 20, 70, {"building": "no", "height": "6"})
    document.box(0, 80, 20, 90, {"building": "yes", "height": "6"})
    city = read(put, document)
    assert set(volumes(city)) == {"way/5"}
    assert city.other["kind"].to_dict() == {"way/1": "underground building", "way/2": "underground building"}
    text = next(one.message for one in city.quality.findings if one.code == "osm-not-read")
    assert "building=proposed (1)" in text
    assert "building=no (1)" in text


def test_direction_and_orientation_turn_the_ridge(put: Put) -> None:
    def ridge(tags: dict[str, str]) -> np.ndarray[Any, np.dtype[np.float64]]:
        city = house(put, {"height": "10", "roof:height": "4", "roof:shape": "gabled", **tags})
        top = city.surfaces.vertices[city.surfaces.vertices[:, 2] > 9.99]
        return np.ptp(top, axis=0)[:2]

    assert_allclose(ridge({}), [20, 0], atol=0.1)
    assert_allclose(ridge({"roof:orientation": "across"}), [0, 10], atol=0.1)
    assert_allclose(ridge({"roof:direction": "N"}), [20, 0], atol=0.1)
    assert_allclose(ridge({"roof:direction": "W"}), [0, 10], atol=0.1)


def test_terrain_lifts_buildings_with_their_parts(put: Put) -> None:
    from dataclasses import replace

    from twin.geo.readers.ground import lift
    from twin.geo.readers.model import Findings, ReadOptions
    from twin.geo.readers.osm import read as read_osm
    from twin.geo.readers.source import blob_of
    from twin.geo.terrain import Terrain
    from twin.grid import GridSpec

    document = OsmDocument()
    document.box(0, 0, 20, 10, {"building": "yes"})
    document.box(0, 0, 10, 10, {"building:part": "yes", "height": "20"})
    document.box(10, 0, 20, 10, {"building:part": "yes", "height": "20", "min_height": "5"})
    reading = read_osm(blob_of(put(document.text(), "h.osm")), ReadOptions())
    model = reading.objects
    assert model is not None
    assert model.relative
    low = np.floor((model.vertices + model.shift)[:, :2].min(axis=0)) - 50
    grid = GridSpec(west=float(low[0]), north=float(low[1]) + 200, cell=10.0, shape=(20, 20), crs="EPSG:7415")
    terrain = Terrain(grid, np.full((20, 20), 7.0, np.float32))
    lift(replace(model), terrain, Findings())
    assert sorted(set(np.round(model.vertices[:, 2], 3))) == [7, 12, 27]


def test_many_buildings_share_nothing(put: Put) -> None:
    document = OsmDocument()
    for number in range(40):
        document.box(10.0 * number, 0, 10.0 * (number + 1), 10, {"building": "yes", "building:levels": str(1 + number % 4)})
    made = volumes(read(put, document))
    assert_allclose(list(made.values()), [100 * 3 * (1 + number % 4) for number in range(40)], rtol=CENTIMETRE)


def colours(city: City, object_id: str, kind: str) -> set[tuple[int, ...]]:
    """Colours of the faces of one object with one meaning."""
    mesh = city.surfaces
    assert mesh.colour is not None
    mine = (mesh.owner == city.objects.index.get_loc(object_id)) & (mesh.semantic == SEMANTICS[kind])
    return set(map(tuple, mesh.colour[mine].tolist()))


def test_walls_and_roofs_have_the_colours_of_their_tags(put: Put) -> None:
    roof = {"roof:colour": "#00ff00", "roof:shape": "gabled", "roof:height": "3"}
    city = house(put, {"height": "10", "building:colour": "red", **roof})
    assert colours(city, "way/1", "WallSurface") == {(255, 0, 0, 255)}
    assert colours(city, "way/1", "RoofSurface") == {(0, 255, 0, 255)}
    assert colours(city, "way/1", "GroundSurface") == {(0, 0, 0, 0)}
    assert city.buildings.loc["way/1", "building:colour"] == "red"
    assert house(put, {"height": "10"}).surfaces.colour is None


def test_parts_have_the_colour_of_their_building_where_they_state_none(put: Put) -> None:
    document = OsmDocument()
    document.box(0, 0, 20, 10, {"building": "yes", "height": "10", "building:colour": "red"})
    document.box(0, 0, 10, 10, {"building:part": "yes", "height": "20", "building:colour": "blue"})
    document.box(10, 0, 20, 10, {"building:part": "yes", "height": "8", "roof:color": "white"})
    city = read(put, document)
    assert colours(city, "way/2", "WallSurface") == {(0, 0, 255, 255)}
    assert colours(city, "way/2", "RoofSurface") == {(0, 0, 0, 0)}
    assert colours(city, "way/3", "WallSurface") == {(255, 0, 0, 255)}
    assert colours(city, "way/3", "RoofSurface") == {(255, 255, 255, 255)}


def test_a_colour_that_is_none_is_told_once(put: Put) -> None:
    city = house(put, {"height": "10", "building:colour": "rainbow"})
    (told,) = [one for one in city.quality.findings if one.code == "osm-colour"]
    assert (told.object_id, told.path) == ("way/1", "building:colour")
    assert city.surfaces.colour is None
