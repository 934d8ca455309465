"""The Dutch large-scale base map: what its objects become, in every form that it comes in."""

from __future__ import annotations

import json
from typing import Any

import pytest
import shapely
from numpy.testing import assert_allclose

from tests.geo.bgt_map import SOUTH, WEST, Put, box, canal, collection, feature, gml, layers_of, object_gml, one
from twin.geo.city import read_city
from twin.geo.walkable import NOT_FOR_PEOPLE, make_walkable

EXPECTED = {
    "buildings": {"huis"},
    "roads": {"stoep", "kade", "werf", "brug", "overkant", "snelweg", "rail", "eiland", "plein", "steiger"},
    "bridges": {"dek"},
    "tunnels": {"tunnel"},
    "water": {"gracht"},
    "trees": {"boom"},
    "green": {"berm", "perk", "oever"},
    "furniture": {"lamp", "kolk"},
    "landuse": {"erf"},
    "other": {"pijler", "luifel", "muur"},
}


@pytest.mark.parametrize("form", ["rd", "rd stated", "degrees", "camel", "untyped", "gml"])
def test_every_form_gives_the_same_city(put: Put, form: str) -> None:
    items = canal()
    if form == "gml":
        path = put(gml(*(object_gml(item) for item in items)), "extract.gml")
    else:
        how: dict[str, Any] = {
            "rd": {}, "rd stated": {"crs": "urn:ogc:def:crs:EPSG::28992"}, "degrees": {"degrees": True}, "camel": {"camel": True},
            "untyped": {"kind_named": False},
        }[form]  # fmt: skip
        if form == "untyped":
            # what only a collection's name tells
            items = [item for item in items if item[0] not in ("paal", "put", "tunneldeel", "openbareruimtelabel")]
        path = put(json.dumps(collection(items, **how)), "map.geojson")
    city = read_city(path)
    expected = {layer: set(names) for layer, names in EXPECTED.items()}
    if form == "untyped":
        del expected["furniture"], expected["tunnels"]
    assert layers_of(city) == expected
    assert city.crs.to_epsg() == 28992
    assert city.sources[0].licence == "CC0-1.0"
    assert city.sources[0].credit == "BGT, PDOK"
    assert city.sources[0].date == "2024-02-05"
    assert_allclose(city.roads.loc["G0344.kade"].geometry.area, 360, rtol=1e-4)
    assert_allclose(city.roads.loc["G0344.kade"].geometry.bounds, box(0, 10, 60, 16).bounds, atol=0.01)
    surfaces = city.roads["surface"].to_dict()
    assert {key.removeprefix("G0344."): value for key, value in surfaces.items()} == {
        "stoep": "footway", "kade": "street", "werf": "footway", "brug": "street", "overkant": "pedestrian",
        "snelweg": "motorway", "rail": "railway", "eiland": "street", "plein": "square", "steiger": "footway",
    }  # fmt: skip
    levels = city.roads["level"]
    assert levels["G0344.werf"] == "level-1"
    assert levels["G0344.brug"] == "level1"
    assert (levels.drop(["G0344.werf", "G0344.brug", "G0344.steiger"]) == "street").all()
    assert city.buildings.loc["G0344.huis", "bronhouder"] == "G0344"
    if form != "untyped":
        assert city.furniture["height_m"].tolist() == [6.0, 0.0]
        text = next(found.message for found in city.quality.findings if found.code == "bgt-not-read")
        assert "openbareruimtelabel (1)" in text


def test_only_what_stands_there_now(put: Put) -> None:
    item = one("wegdeel", "weg", box(0, 0, 10, 10), functie="voetpad", fysiek_voorkomen="onverhard")
    versions = [feature(item) for _ in range(5)]
    versions[0]["properties"] |= {"tijdstip_registratie": "2018-01-01T00:00:00Z", "functie": "fietspad"}
    versions[1]["properties"] |= {"tijdstip_registratie": "2024-01-01T00:00:00Z", "eind_registratie": "2024-02-01T00:00:00Z"}
    versions[2]["properties"] |= {"lokaal_id": "G0344.oud", "termination_date": "2023-01-01"}
    versions[3]["properties"] |= {"lokaal_id": "G0344.plan", "plus_status": "plan"}
    versions[4]["properties"] |= {"tijdstip_registratie": "2021-01-01T00:00:00Z", "functie": "woonerf"}
    city = read_city(put(json.dumps({"type": "FeatureCollection", "features": versions}), "map.geojson"))
    assert city.roads.index.tolist() == ["G0344.weg"]
    assert city.roads.loc["G0344.weg", "functie"] == "woonerf"
    told = [one.message for one in city.quality.findings if one.code == "bgt-not-current"]
    assert "2 objects end-dated are left out" in told
    assert "1 objects with status plan are left out" in told
    assert city.quality.counts()["bgt-version"] == 1


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ({"links": [{"rel": "self", "href": "https://api.pdok.nl/lv/bgt/ogc/v1/collections/paal/items?f=json"}]}, "furniture"),
        ({"links": [{"rel": "self", "href": "https://x/collections/vegetatieobject_punt/items"}]}, "trees"),
        ({"name": "bgt_mast"}, "furniture"),
        ({"file": "bgt_bak.geojson"}, "furniture"),
        ({"file": "tunneldeel_V.geojson"}, "tunnels"),
    ],
)
def test_a_collection_tells_its_type(put: Put, source: dict[str, Any], kind: str) -> None:
    shape = box(0, 0, 10, 10) if kind == "tunnels" else shapely.Point(WEST, SOUTH)
    name = source.pop("file", "page.json")
    document = collection([one("paal", "x", shape)], kind_named=False) | source
    city = read_city(put(json.dumps(document), name))
    assert layers_of(city) == {kind: {"x"}}


@pytest.mark.parametrize(
    ("kind", "attributes", "layer", "surface"),
    [
        ("wegdeel", {"functie": "OV-baan", "fysiek_voorkomen": "gesloten verharding"}, "roads", "busway"),
        ("wegdeel", {"functie": "overweg", "fysiek_voorkomen": "gesloten verharding"}, "roads", "street"),
        ("wegdeel", {"functie": "spoorbaan", "fysiek_voorkomen": "half verhard"}, "roads", "railway"),
        ("wegdeel", {"functie": "baan voor vliegverkeer", "fysiek_voorkomen": "gesloten verharding"}, "roads", "runway"),
        ("wegdeel", {"functie": "rijbaan autoweg", "fysiek_voorkomen": "gesloten verharding"}, "roads", "motorway"),
        ("wegdeel", {"functie": "inrit", "fysiek_voorkomen": "open verharding"}, "roads", "driveway"),
        ("wegdeel", {"functie": "parkeervlak", "fysiek_voorkomen": "open verharding"}, "roads", "parking"),
        ("wegdeel", {"functie": "voetpad op trap", "fysiek_voorkomen": "gesloten verharding"}, "roads", "footway"),
        ("wegdeel", {"bgt_functie": "fietspad", "bgt_fysiekVoorkomen": "gesloten verharding"}, "roads", "cycleway"),
        ("ondersteunendwegdeel", {"functie": "berm", "fysiek_voorkomen": "half verhard"}, "roads", "verge"),
        ("ondersteunendwegdeel", {"functie": "berm", "fysiek_voorkomen": "onverhard"}, "green", ""),
        ("ondersteunendwegdeel", {"functie": "verkeerseiland", "fysiek_voorkomen": "groenvoorziening"}, "green", ""),
        ("onbegroeidterreindeel", {"fysiek_voorkomen": "zand"}, "roads", "unpaved"),
        ("onbegroeidterreindeel", {"fysiek_voorkomen": "erf"}, "landuse", ""),
        ("kunstwerkdeel", {"type": "perron"}, "roads", "footway"),
        ("kunstwerkdeel", {"type": "stuw"}, "other", ""),
        ("overigbouwwerk", {"type": "opslagtank"}, "buildings", ""),
        ("overigbouwwerk", {"type": "bassin"}, "water", ""),
        ("functioneelgebied", {"type": "kering"}, "landuse", ""),
        ("pand", {"level": -1}, "other", ""),
    ],
)
def test_surfaces_of_the_catalogue(put: Put, kind: str, attributes: dict[str, Any], layer: str, surface: str) -> None:
    city = read_city(put(json.dumps(collection([one(kind, "x", box(0, 0, 10, 10), **attributes)])), "map.geojson"))
    assert layers_of(city) == {layer: {"x"}}
    if layer == "roads":
        assert city.roads["surface"].tolist() == [surface]
        walked = surface not in NOT_FOR_PEOPLE
        if walked:
            assert_allclose(make_walkable(city).floors["street"].area, 100, rtol=1e-3)


def test_bad_features_are_told(put: Put) -> None:
    good = one("wegdeel", "goed", box(0, 0, 10, 10), functie="voetpad", fysiek_voorkomen="onverhard")
    features: list[Any] = [feature(good) for _ in range(8)]
    for number, changed in enumerate(features[1:], start=1):
        changed["properties"]["lokaal_id"] = f"G0344.{number}"
    features[1]["geometry"] = None
    features[2]["geometry"] = {"type": "Polygon", "coordinates": [[["a", 1]]]}
    features[3]["properties"]["relatieve_hoogteligging"] = "hoog"
    features[4]["properties"] = {"bronhouder": "G0344"}
    features[5]["geometry"] = json.loads(shapely.to_geojson(shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])))
    features[6]["properties"] |= {"lokaal_id": None}
    features[7] = 7
    del features[6]["id"]
    city = read_city(put(json.dumps({"type": "FeatureCollection", "features": features}), "map.geojson"))
    assert city.roads.index.tolist() == ["G0344.goed", "G0344.3", "G0344.5"]
    told = {"bgt-geometry": 3, "bgt-type": 2, "bgt-level": 1, "bgt-id": 1, "crs": 1, "attribute-kinds": 1}
    assert city.quality.counts() == told


def test_other_json_is_not_taken_for_the_map(put: Put) -> None:
    from twin.geo.readers.formats import FORMATS

    taken = next(known for known in FORMATS if known.name == "BGT").recognises
    city = b'{"type": "CityJSON", "CityObjects": {"a": {"attributes": {"bronhouder": "G1", "lokaalid": "G1.2"}}}}'
    assert not taken(city, "x.json")
    plain = b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "x"}}]}'
    assert not taken(plain, "bgt.geojson")
    solid = b'<CityModel xmlns:imgeo="http://www.geostandaarden.nl/imgeo/2.1"><lod1Solid/><imgeo:lokaalID/></CityModel>'
    assert not taken(solid, "city.gml")


def test_clip_and_merge(put: Put) -> None:
    path = put(json.dumps(collection(canal())), "map.geojson")
    clipped = read_city(path, clip=box(-5, -25, 12, 9).bounds)
    assert set(clipped.roads.index) == {"G0344.stoep"}
    both = read_city([path, put(json.dumps(collection([canal()[9]])), "more.geojson")])
    assert len(both.roads) == 10
    assert both.quality.counts()["duplicate-id"] == 1
