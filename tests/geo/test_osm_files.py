"""Files of OpenStreetMap in all their formats; broken, incomplete and hostile ones."""

from __future__ import annotations

import bz2
import gzip
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.geo.damage import damaged, read_or_told
from tests.osm_document import OsmDocument
from twin.errors import FormatError
from twin.geo.city import City, read_city
from twin.geo.quality import check
from twin.geo.topology import object_use, signed_volumes

Put = Callable[..., Path]


def town() -> OsmDocument:
    """A house with a part, a courtyard, a street with a bridge, water, a tree, a lamp."""
    document = OsmDocument()
    document.box(0, 0, 20, 10, {"building": "yes", "height": "6", "name": "Huis & hof"})
    document.box(0, 0, 8, 10, {"building:part": "yes", "height": "12", "roof:shape": "hipped", "roof:height": "3"})
    outer, inner = document.box(30, 0, 60, 30), document.box(40, 10, 50, 20)
    document.way([(-10, -10), (20, -10)], {"highway": "residential"})
    document.way([(20, -10), (40, -10)], {"highway": "residential", "bridge": "yes"})
    document.way([(30, -40), (30, 40)], {"waterway": "canal"})
    document.node(-3, -3, natural="tree", height="8")
    document.node(-4, -4, highway="street_lamp")
    members = [("way", outer, "outer"), ("way", inner, "inner")]
    document.relation(members, {"type": "multipolygon", "building": "yes", "building:levels": "3"})
    document.relation([("way", 1, "outline"), ("way", 2, "part")], {"type": "building"})
    document.relation([("way", 5, "")], {"type": "route", "route": "bus"})
    return document


def facts(city: City) -> dict[str, Any]:
    """What two readings of one map must share."""
    return {
        "objects": sorted(city.objects.index),
        "layers": {name: sorted(frame.index) for name, frame in city.layers.items() if len(frame)},
        "area": round(float(sum(frame.area.sum() for frame in city.layers.values())), 2),
        "triangles": len(city.surfaces),
        "findings": city.quality.counts(),
    }


def to_json(document: OsmDocument, *, inline: bool = False) -> dict[str, Any]:
    """The document as the Overpass API gives it: ``out body; >; out skel qt;`` or ``out geom;``."""
    place = {}
    nodes, others = [], []
    for text in document.nodes + document.ways + document.relations:
        kind, number = re.match(r'<(\w+) id="(-?\d+)"', text).groups()
        pairs = re.findall(r'<tag k="([^"]*)" v="([^"]*)"', text)
        element: dict[str, Any] = {"type": kind, "id": int(number)}
        if pairs:
            element["tags"] = {key: value.replace("&amp;", "&") for key, value in pairs}
        if kind == "node":
            lat, lon = re.search(r'lat="([\d.-]+)" lon="([\d.-]+)"', text).groups()
            element |= {"lat": float(lat), "lon": float(lon)}
            place[int(number)] = {"lat": float(lat), "lon": float(lon)}
            nodes.append(element)
        elif kind == "way":
            element["nodes"] = [int(ref) for ref in re.findall(r'<nd ref="(-?\d+)"', text)]
            others.append(element)
        else:
            found = re.findall(r'<member type="(\w+)" ref="(-?\d+)" role="(\w*)"', text)
            element["members"] = [{"type": kind, "ref": int(ref), "role": role} for kind, ref, role in found]
            others.append(element)
    if inline:
        nodes = [node for node in nodes if "tags" in node]
        lines = {one["id"]: [place[ref] for ref in one["nodes"]] for one in others if one["type"] == "way"}
        for one in others:
            if one["type"] == "way":
                one["geometry"] = lines[one["id"]]
                del one["nodes"]
            else:
                for member in one["members"]:
                    member["geometry"] = lines[member["ref"]]
        others = [one for one in others if "tags" in one]
    head = {"version": 0.6, "generator": "Overpass API 0.7.62", "osm3s": {"copyright": "ODbL"}}
    return {**head, "elements": [*reversed(others), *nodes]}


def pbf(put: Put, text: str) -> bytes:
    import osmium

    source = put(text, "source.osm")
    target = source.with_name("target.osm.pbf")
    writer = osmium.SimpleWriter(str(target), overwrite=True)
    for one in osmium.FileProcessor(str(source)):
        writer.add(one)
    writer.close()
    return target.read_bytes()


@pytest.fixture
def expected(put: Put) -> dict[str, Any]:
    city = read_city(put(town().text(), "town.osm"))
    found = facts(city)
    assert found["objects"] == ["relation/1", "way/1", "way/2"]
    assert set(found["layers"]) == {"buildings", "roads", "streets", "stairs", "bridges", "water", "trees", "furniture"}
    assert city.sources[0].format == "OSM XML 0.6"
    assert city.sources[0].licence == "ODbL-1.0"
    assert city.sources[0].credit == "© OpenStreetMap contributors"
    assert len(city.sources[0].sha256) == 64
    return found


@pytest.mark.parametrize("name", ["xml", "gz", "bz2", "pbf", "pbf.gz", "json", "inline", "unsorted", "backwards"])
def test_every_format_gives_the_same_city(put: Put, expected: dict[str, Any], name: str) -> None:
    document = town()
    text = document.text()
    content: Any = {
        "xml": lambda: text.replace("\n", "\r\n"),
        "gz": lambda: gzip.compress(text.encode()),
        "bz2": lambda: bz2.compress(text.encode()),
        "pbf": lambda: pbf(put, text),
        "pbf.gz": lambda: gzip.compress(pbf(put, text)),
        "json": lambda: json.dumps(to_json(document)),
        "inline": lambda: json.dumps(to_json(document, inline=True)),
        "unsorted": lambda: shuffled(document, 3),
        "backwards": lambda: shuffled(document, None),
    }[name]()
    city = read_city(put(content, "anything.bin" if name != "json" else "answer.json"))
    assert facts(city) == expected


def shuffled(document: OsmDocument, seed: int | None) -> str:
    """Objects in any order, or relations first and nodes last."""
    parts = document.nodes + document.ways + document.relations
    if seed is None:
        parts.reverse()
    else:
        random.Random(seed).shuffle(parts)
    return '<osm version="0.6">' + "".join(parts) + "</osm>"


def test_an_editors_file_has_ids_below_zero(put: Put, expected: dict[str, Any]) -> None:
    text = re.sub(r'( id="| ref=")(\d+)', r"\1-\2", town().text()).replace('version="0.6">', 'version="0.6" generator="JOSM">', 1)
    text = text.replace(' version="1"', "")
    text = text.replace("</osm>", '<way id="99" version="3" action="delete"><nd ref="-1"/><tag k="building" v="yes"/></way></osm>')
    found = facts(read_city(put(text, "edit.osm")))

    def negative(names: list[str]) -> list[str]:
        return sorted(re.sub(r"/(\d)", r"/-\1", name) for name in names)

    assert sorted(found["objects"]) == negative(expected["objects"])
    assert found["layers"] == {layer: negative(names) for layer, names in expected["layers"].items()}
    assert found["area"] == expected["area"]
    assert found["findings"] == expected["findings"] | {"osm-deleted": 1}


def test_deleted_objects_are_left_out_and_counted(put: Put, expected: dict[str, Any]) -> None:
    more = '<node id="800" version="2" visible="false"/><way id="900" version="2" visible="false"><tag k="building" v="yes"/></way>'
    found = facts(read_city(put(town().text().replace("</osm>", f"{more}</osm>"), "town.osm")))
    assert found["findings"].pop("osm-deleted") == 1
    assert found == expected


def test_missing_nodes_cost_only_what_needs_them(put: Put) -> None:
    document = OsmDocument()
    document.box(0, 0, 20, 10, {"building": "yes", "height": "6"})
    document.way([(0, 20), (10, 20), (20, 20), (30, 20), (40, 20)], {"highway": "footway"})
    document.way([(0, 30), (10, 30), (20, 30)], {"highway": "footway"})
    gone = {document.node(0, 0), document.node(20, 20), document.node(0, 30)}
    document.nodes = [text for text in document.nodes if int(re.search(r'id="(\d+)"', text)[1]) not in gone]
    city = read_city(put(document.text(), "cut.osm"))
    assert city.streets.geometry.geom_type.to_dict() == {"way/2": "MultiLineString", "way/3": "LineString"}
    assert_allclose(city.streets.length, [20, 10], rtol=1e-3)
    told = {one.object_id: one for one in city.quality.findings if one.code == "osm-incomplete"}
    assert set(told) == {"way/1", "way/2", "way/3"}
    assert "1 of its 5 nodes" in told["way/2"].message
    assert len(city.buildings) == 0
    assert any(one.object_id == "way/1" and one.severity == "error" for one in city.quality.findings)


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda d: d.relations.append(d.relations.pop().replace('ref="1"', 'ref="77"')), "1 of the 2 ways"),
        (lambda d: d.ways.pop(), "1 of the 2 ways"),
        (lambda d: d.ways.append(d.ways.pop().replace('<nd ref="3"/>', "", 1)), "do not close"),
        (lambda d: d.relations.append(re.sub("<member[^>]*>", "", d.relations.pop())), "has no ways"),
    ],
)
def test_a_multipolygon_that_does_not_close_is_left_out(
    put: Put, break_it: Callable[[OsmDocument], object], message: str
) -> None:
    document = OsmDocument()
    first = document.way([(0, 0), (20, 0), (20, 10)])
    second = document.way([(20, 10), (0, 10), (0, 0)])
    members = [("way", first, "outer"), ("way", second, "outer")]
    document.relation(members, {"type": "multipolygon", "building": "yes", "height": "9"})
    whole = read_city(put(document.text(), "whole.osm"))
    assert_allclose(whole.buildings.area, 200, rtol=3e-3)
    break_it(document)
    city = read_city(put(document.text(), "broken.osm"))
    assert len(city.buildings) == 0
    finding = next(one for one in city.quality.findings if one.code == "osm-multipolygon")
    assert finding.object_id == "relation/1"
    assert finding.severity == "error"
    assert message in finding.message


def test_a_way_that_crosses_itself_is_mended_and_told(put: Put) -> None:
    document = OsmDocument()
    document.way([(0, 0), (10, 10), (10, 0), (0, 10)], {"building": "yes", "height": "3"}, close=True)
    document.way([(30, 0), (40, 0), (30, 0)], {"building": "yes", "height": "3"}, close=True)
    document.way([(50, 0), (60, 0), (60, 10)], {"building": "yes", "height": "3"})
    city = read_city(put(document.text(), "bow.osm"))
    assert city.buildings.index.tolist() == ["way/1"]
    assert_allclose(city.buildings.area, 50, rtol=5e-3)
    # the two halves touch in a point, yet share no wall
    assert object_use(city.surfaces, 1).closed.all()
    assert_allclose(signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), 1), 150, rtol=5e-3)
    told = {one.object_id: one.severity for one in city.quality.findings if one.code == "osm-area"}
    assert told == {"way/1": "warning", "way/2": "error", "way/3": "error"}


def test_doubles_are_told_and_the_newer_one_wins(put: Put) -> None:
    document = town()
    document.ways.append(document.ways[0].replace('version="1"', 'version="2"').replace('v="6"', 'v="60"'))
    city = read_city(put(document.text(), "double.osm"))
    finding = next(one for one in city.quality.findings if one.code == "duplicate-id")
    assert finding.object_id == "way/1"
    assert city.buildings.loc["way/1", "height"] == "60"


def test_histories_and_changes_are_refused(put: Put) -> None:
    document = town()
    document.ways.insert(1, document.ways[0].replace('version="1"', 'version="2"'))
    for text in (document.text(), '<osmChange version="0.6"><create/></osmChange>'):
        with pytest.raises(FormatError, match="changes or several versions"):
            read_city(put(text, "history.osm"))


@pytest.mark.parametrize("text", ['<osm version="0.6"/>', '<osm version="0.6"><node id="1" lat="52" lon="5"/></osm>',
                                  '{"osm3s": {}, "generator": "Overpass API", "elements": []}'])  # fmt: skip
def test_an_extract_with_nothing_in_it(put: Put, text: str) -> None:
    city = read_city(put(text, "empty.osm"))
    assert city.quality.counts() == {"osm-empty": 1}
    assert not any(len(frame) for frame in city.layers.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<osm version="0.6"><node', "broken"),
        ('<osm version="0.6"><node id="x" lat="1" lon="2"/></osm>', "broken"),
        ('<osm version="0.6"><node id="1" lat="1" lon="500"/></osm>', "coordinate"),
        ('<osm version="0.5"></osm>', "version 0.5"),
        ("<osm></osm>", "without version"),
        ('<osm version="0.6"><way id="1"><nd ref="1"/><tag k="a" v="' + "x" * 70_000 + '"/></way></osm>', "too long"),
        ('<osm version="0.6">' + "<a>" * 50, "broken"),
        ('<!DOCTYPE o [<!ENTITY a "b">]><osm version="0.6"><way id="1"><tag k="a" v="&a;"/></way></osm>', "entities"),
        ('<?xml version="1.0"?><!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/passwd">]><osm version="0.6">&a;</osm>', "entities"),
        ('{"osm3s": {}, "elements": [', "broken JSON"),
        ('{"osm3s": {}, "elements": {}}', "not a list"),
        ('{"osm3s": {}, "elements": [], "remark": "runtime error: Query timed out"}', "Overpass gave up"),
    ],
)
def test_a_broken_file_is_refused(put: Put, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_city(put(text, "broken.osm"))
    assert "broken.osm" in str(caught.value)


def test_entities_of_an_editors_file_are_refused_too(put: Put) -> None:
    start = '<?xml version="1.0"?><!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    text = start + '<osm version="0.6" generator="JOSM"><node id="-1" lat="52" lon="5"><tag k="name" v="&b;"/></node></osm>'
    with pytest.raises(FormatError, match="entities"):
        read_city(put(text, "bomb.osm"))


def test_broken_elements_of_overpass_are_told(put: Put) -> None:
    document = to_json(town())
    document["elements"] += [7, {"type": "area", "id": 3}, {"type": "node", "id": 1e30}, {"type": "way", "id": 2**80},
                             {"type": "node", "id": 5000, "lat": 500, "lon": 0}, {"type": "way", "id": 5001}]  # fmt: skip
    city = read_city(put(json.dumps(document), "answer.json"))
    assert city.quality.counts()["osm-element"] == 6
    told = [one for one in city.quality.findings if one.code == "osm-element"]
    assert {one.object_id for one in told} >= {"node/5000", "way/5001"}


def test_nodes_off_the_earth(put: Put) -> None:
    document = town()
    document.nodes.append('<node id="700" version="1" lat="95" lon="5"><tag k="natural" v="tree"/></node>')
    city = read_city(put(document.text(), "off.osm"))
    assert city.quality.counts()["osm-location"] == 1
    assert np.isfinite(city.surfaces.vertices).all()


def test_crs_and_clip_are_followed(put: Put) -> None:
    path = put(town().text(), "town.osm")
    whole = read_city(path)
    assert whole.crs.to_epsg() == 7415
    utm = read_city(path, crs="EPSG:32631")
    assert utm.crs.to_epsg() == 32631
    assert_allclose(utm.buildings.area, whole.buildings.area, rtol=2e-3)
    west, south, _, north = whole.buildings.loc[["relation/1"]].total_bounds
    clipped = read_city(path, clip=(west, south, west + 60, north))
    assert clipped.buildings.index.tolist() == ["relation/1"]


def test_a_city_of_osm_can_be_saved_and_read_again(put: Put, tmp_path: Path) -> None:
    city = read_city(put(town().text(), "town.osm"))
    assert not [one for one in check(city).findings if one.severity == "error"]
    again = read_city(city.save(tmp_path / "saved"))
    assert len(again.objects) == len(city.objects)
    assert {name: len(frame) for name, frame in again.layers.items()} == {name: len(frame) for name, frame in city.layers.items()}


@pytest.mark.parametrize("seed", range(60))
def test_any_damage_to_the_bytes_is_told(put: Put, seed: int) -> None:
    chance = random.Random(seed)
    document = town()
    kind = seed % 3
    content = [document.text().encode(), pbf(put, document.text()), json.dumps(to_json(document)).encode()][kind]
    city = read_or_told(put(damaged(content, chance, cut=100), "any.osm"))
    assert city is None or np.isfinite(city.surfaces.vertices).all()


ODD = [
    "", "-1", "0", "1e308", "nan", "x" * 300, "999999999999", "&#10;", "10'6&quot;", "&lt;script&gt;", "1;2", "-5", "../..",
]  # fmt: skip
KEYS = [
    "building", "building:part", "height", "min_height", "roof:shape", "roof:height", "roof:direction", "layer", "bridge", "tunnel",
    "highway", "width", "lanes", "natural", "waterway", "type", "area", "level", "geometry", "id", "kind", "surface", "z_m",
    "building:levels", "building:min_level", "roof:angle", "roof:levels", "step_count", "count", "place", "amenity",
]  # fmt: skip
WORDS = [
    *ODD, "yes", "no", "gabled", "dome", "onion", "steps", "footway", "motorway", "tree_row", "canal", "square", "3", "45",
    "multipolygon",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_any_tags_are_read_or_told(put: Put, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    document = town()
    for pieces in (document.nodes, document.ways, document.relations):
        for number, text in enumerate(pieces):
            if chance.random() < 0.5:
                tags = {chance.choice(KEYS): chance.choice(WORDS) for _ in range(chance.randint(1, 5))}
                drawn = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
                pieces[number] = re.sub(r"(</\w+>)$", drawn + r"\1", text)
    city = read_city(put(document.text(), "odd.osm"))
    assert np.isfinite(city.surfaces.vertices).all()
    assert city.summary()
    check(city)
    again = read_city(city.save(tmp_path / "out"))
    assert len(again.objects) == len(city.objects)
