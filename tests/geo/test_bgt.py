"""The Dutch large-scale base map: GeoJSON of its API and GML of its downloads."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose
from pyproj import Transformer

from twin.errors import CRSError, FormatError, TwinError
from twin.geo.city import City, read_city
from twin.geo.readers.gml_planar import ARC_TOLERANCE_M, arc
from twin.geo.walkable import NOT_FOR_PEOPLE, make_walkable

Put = Callable[..., Path]
WEST, SOUTH = 136_600.0, 455_800.0
"""A place by Utrecht's Oudegracht in RD New [m]."""


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def one(kind: str, name: str, shape: shapely.Geometry, **attributes: Any) -> tuple[str, str, shapely.Geometry, dict[str, Any]]:
    return kind, f"G0344.{name}", shape, attributes


Object = tuple[str, str, shapely.Geometry, dict[str, Any]]


def canal() -> list[Object]:
    """Two quays along a canal, a bridge over it, a wharf at the water, and what stands there."""
    return [
        one("pand", "huis", box(0, 0, 10, 8), identificatie_bag_pnd="0344100000000001"),
        one("wegdeel", "stoep", box(0, 8, 60, 10), functie="voetpad", fysiek_voorkomen="open verharding"),
        one("wegdeel", "kade", box(0, 10, 60, 16), functie="rijbaan lokale weg", fysiek_voorkomen="open verharding"),
        one("wegdeel", "werf", box(0, 16, 60, 19), functie="voetpad", fysiek_voorkomen="open verharding", level=-1),
        one("waterdeel", "gracht", box(0, 19, 60, 35), type="waterloop", level=-1),
        one("overbruggingsdeel", "dek", box(25, 16, 33, 35), type="dek", hoort_bij_type_overbrugging="brug", level=1),
        one("overbruggingsdeel", "pijler", box(28, 26, 30, 27), type="pijler", hoort_bij_type_overbrugging="brug"),
        one("wegdeel", "brug", box(25, 16, 33, 35), functie="rijbaan lokale weg", fysiek_voorkomen="gesloten verharding", level=1),
        one("wegdeel", "overkant", box(0, 35, 60, 45), functie="voetgangersgebied", fysiek_voorkomen="open verharding"),
        one("wegdeel", "snelweg", box(100, 0, 120, 45), functie="rijbaan autosnelweg", fysiek_voorkomen="gesloten verharding"),
        one("spoor", "rail", shapely.LineString(box(0, 60, 60, 61).exterior.coords[1:3]), functie="tram"),
        one("ondersteunendwegdeel", "berm", box(60, 0, 70, 45), functie="berm", fysiek_voorkomen="groenvoorziening"),
        one("ondersteunendwegdeel", "eiland", box(70, 0, 72, 45), functie="verkeerseiland", fysiek_voorkomen="open verharding"),
        one("onbegroeidterreindeel", "plein", box(0, 45, 60, 50), fysiek_voorkomen="open verharding"),
        one("onbegroeidterreindeel", "erf", box(0, -20, 10, 0), fysiek_voorkomen="erf"),
        one("begroeidterreindeel", "perk", box(80, 0, 90, 10), fysiek_voorkomen="groenvoorziening"),
        one("ondersteunendwaterdeel", "oever", box(80, 20, 90, 30), type="oever, slootkant"),
        one("kunstwerkdeel", "steiger", box(40, 19, 44, 21), type="steiger", level=-1),
        one("overigbouwwerk", "luifel", box(50, 0, 55, 5), type="overkapping"),
        one("scheiding", "muur", shapely.LineString([(WEST, SOUTH + 19), (WEST + 60, SOUTH + 19)]), type="kademuur"),
        one("vegetatieobject", "boom", shapely.Point(WEST + 20, SOUTH + 12), plus_type="boom"),
        one("paal", "lamp", shapely.Point(WEST + 22, SOUTH + 9), plus_type="lichtmast"),
        one("put", "kolk", shapely.Point(WEST + 24, SOUTH + 9), plus_type="kolk"),
        one("tunneldeel", "tunnel", box(130, 0, 150, 10), level=-1),
        one("openbareruimtelabel", "naam", shapely.Point(WEST + 20, SOUTH + 12), tekst="Oudegracht"),
    ]


def feature(item: Object, *, degrees: bool = False, kind_named: bool = True, camel: bool = False) -> dict[str, Any]:
    """One object as the API writes it."""
    kind, name, shape, given = item
    properties: dict[str, Any] = {
        "bronhouder": "G0344",
        "creation_date": "2014-05-01T00:00:00Z",
        "eind_registratie": None,
        "in_onderzoek": False,
        "lokaal_id": name,
        "lv_publicatiedatum": "2024-02-05T10:00:00Z",
        "plus_status": "geenWaarde",
        "relatieve_hoogteligging": given.get("level", 0),
        "status": "bestaand",
        "termination_date": None,
        "tijdstip_registratie": "2020-03-01T12:00:00Z",
        **{key: value for key, value in given.items() if key != "level"},
    }
    if kind_named:
        properties["featuretype"] = kind
    if camel:
        renamed = {}
        for key, value in properties.items():
            first, *rest = key.split("_")
            renamed[first + "".join(word.capitalize() for word in rest)] = value
        properties = renamed
    if degrees:
        to_degrees = Transformer.from_crs(28992, 4326, always_xy=True)
        shape = shapely.transform(shape, lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1])))
    geometry = json.loads(shapely.to_geojson(shape))
    return {"type": "Feature", "id": f"uuid-{name}", "properties": properties, "geometry": geometry}


def collection(items: list[Object], *, crs: str | None = None, **how: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "FeatureCollection", "features": [feature(item, **how) for item in items]}
    if crs:
        found["crs"] = {"type": "name", "properties": {"name": crs}}
    return found


CITYGML = {
    "wegdeel": ("tra:TrafficArea", "Wegdeel"), "ondersteunendwegdeel": ("tra:AuxiliaryTrafficArea", "OndersteunendWegdeel"),
    "pand": ("bui:BuildingPart", "Grondvlak"), "spoor": ("tra:Railway", "Spoor"), "waterdeel": ("imgeo:Waterdeel", "Waterdeel"),
    "overbruggingsdeel": ("bri:BridgeConstructionElement", "Overbruggingsdeel"), "tunneldeel": ("tun:TunnelPart", "Tunneldeel"),
    "begroeidterreindeel": ("veg:PlantCover", "BegroeidTerreindeel"), "put": ("imgeo:Put", "Put"),
    "onbegroeidterreindeel": ("imgeo:OnbegroeidTerreindeel", "OnbegroeidTerreindeel"),
    "ondersteunendwaterdeel": ("imgeo:OndersteunendWaterdeel", "OndersteunendWaterdeel"),
    "kunstwerkdeel": ("imgeo:Kunstwerkdeel", "OverigeConstructie"),
    "overigbouwwerk": ("imgeo:OverigBouwwerk", "OverigeConstructie"), "scheiding": ("imgeo:Scheiding", "OverigeConstructie"),
    "vegetatieobject": ("veg:SolitaryVegetationObject", "VegetatieObject"),
    "paal": ("imgeo:Paal", "Paal"), "openbareruimtelabel": ("imgeo:OpenbareRuimteLabel", "X"),
}  # fmt: skip
"""Class and name of the geometry of each type in the extract of the download service."""

IN_GML = {
    "wegdeel": {"functie": "tra:function", "fysiek_voorkomen": "tra:surfaceMaterial"},
    "ondersteunendwegdeel": {"functie": "tra:function", "fysiek_voorkomen": "tra:surfaceMaterial"},
    "spoor": {"functie": "tra:function"},
    "begroeidterreindeel": {"fysiek_voorkomen": "veg:class"},
    "onbegroeidterreindeel": {"fysiek_voorkomen": "imgeo:bgt-fysiekVoorkomen"},
    "waterdeel": {"type": "wat:class"},
    "ondersteunendwaterdeel": {"type": "wat:class"},
    "overbruggingsdeel": {"type": "bri:class", "hoort_bij_type_overbrugging": "imgeo:hoortBijTypeOverbrugging"},
    "pand": {"identificatie_bag_pnd": "imgeo:identificatieBAGPND"},
}
"""Names of attributes by type; ``imgeo:bgt-type``, ``imgeo:plus-type`` for others."""

SPACES = 'xmlns:xlink="http://www.w3.org/1999/xlink" ' + " ".join(
    f'xmlns:{short}="http://www.opengis.net/{path}"'
    for short, path in {
        "gml": "gml", "bri": "citygml/bridge/2.0", "bui": "citygml/building/2.0", "tra": "citygml/transportation/2.0",
        "tun": "citygml/tunnel/2.0", "veg": "citygml/vegetation/2.0", "wat": "citygml/waterbody/2.0",
    }.items()
)  # fmt: skip


def ring_gml(ring: Any) -> str:
    numbers = " ".join(f"{x:.3f} {y:.3f}" for x, y in ring.coords)
    return f'<gml:LinearRing><gml:posList srsDimension="2">{numbers}</gml:posList></gml:LinearRing>'


def shape_gml(shape: shapely.Geometry) -> str:
    system = 'srsName="urn:ogc:def:crs:EPSG::28992"'
    if shape.geom_type == "Point":
        return f"<gml:Point {system}><gml:pos>{shape.x:.3f} {shape.y:.3f}</gml:pos></gml:Point>"
    if shape.geom_type == "LineString":
        numbers = " ".join(f"{x:.3f} {y:.3f}" for x, y in shape.coords)
        return f"<gml:LineString {system}><gml:posList>{numbers}</gml:posList></gml:LineString>"
    return f"<gml:Polygon {system}><gml:exterior>{ring_gml(shape.exterior)}</gml:exterior></gml:Polygon>"


def object_gml(item: Object, *, drawn: str | None = None, more: str = "", registered: str = "2020-03-01T12:00:00.000") -> str:
    """One object as the download service writes it."""
    kind, name, shape, given = item
    element, place = CITYGML[kind]
    names = IN_GML.get(kind, {})
    own = []
    for key, value in given.items():
        if key != "level":
            tag = names.get(key) or {"type": "imgeo:bgt-type", "plus_type": "imgeo:plus-type"}.get(key, f"imgeo:{key}")
            own.append(f'<{tag} codeSpace="http://www.geostandaarden.nl/imgeo/def/2.1#X">{value}</{tag}>')
    return (
        f'<cityObjectMember><{element} gml:id="b-{name}">'
        "<creationDate>2014-05-01</creationDate>"
        "<imgeo:LV-publicatiedatum>2024-02-05T10:00:00.000</imgeo:LV-publicatiedatum>"
        f"<imgeo:relatieveHoogteligging>{given.get('level', 0)}</imgeo:relatieveHoogteligging>"
        "<imgeo:inOnderzoek>false</imgeo:inOnderzoek>"
        f"<imgeo:tijdstipRegistratie>{registered}</imgeo:tijdstipRegistratie>"
        "<imgeo:identificatie><imgeo:NEN3610ID><imgeo:namespace>NL.IMGeo</imgeo:namespace>"
        f"<imgeo:lokaalID>{name}</imgeo:lokaalID></imgeo:NEN3610ID></imgeo:identificatie>"
        "<imgeo:bronhouder>G0344</imgeo:bronhouder><imgeo:bgt-status>bestaand</imgeo:bgt-status>"
        f"<imgeo:plus-status>geenWaarde</imgeo:plus-status>{more}{''.join(own)}"
        f"<imgeo:geometrie2d{place}>{drawn or shape_gml(shape)}</imgeo:geometrie2d{place}>"
        f"</{element}></cityObjectMember>"
    )


def gml(*objects: str) -> str:
    start = f'<CityModel xmlns="http://www.opengis.net/citygml/2.0" xmlns:imgeo="http://www.geostandaarden.nl/imgeo/2.1" {SPACES}>'
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + start + "\n".join(objects) + "</CityModel>"


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


def layers_of(city: City) -> dict[str, set[str]]:
    return {
        name: {str(one).removeprefix("G0344.") for one in frame.index}
        for name, frame in city.layers.items()
        if len(frame) and name != "stairs"
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


def test_the_floor_has_the_levels_of_the_map(put: Put) -> None:
    city = read_city(put(json.dumps(collection(canal())), "map.geojson"))
    walkable = make_walkable(city)
    assert set(walkable.levels) == {"street", "level1", "level-1"}
    street = walkable.floors["street"]
    assert street.contains(shapely.Point(WEST + 30, SOUTH + 13))
    assert not street.intersects(box(101, 1, 119, 44))
    assert not street.intersects(box(26, 21, 32, 30))
    # the deck meets both quays; the wharf along the quay's wall does not
    bridge = [stair for stair in walkable.stairs if stair.upper == "level1"]
    assert [round(stair.up[1]) for stair in bridge] == [1, -1]
    # of each strip the upper 1.5 m is floor of the deck, the rest of the street
    assert_allclose(walkable.floors["level1"].area, 8 * (19 - 2 * 2.5), rtol=0.01)
    assert_allclose(walkable.floors["level-1"].intersection(box(0, 16, 60, 19)).area, 180, rtol=0.01)


def test_decks_over_a_street_do_not_join_it(put: Put) -> None:
    items = [
        one("wegdeel", "onder", box(0, 0, 100, 10), functie="rijbaan lokale weg", fysiek_voorkomen="open verharding"),
        one("wegdeel", "over", box(40, -30, 50, 40), functie="rijbaan lokale weg", fysiek_voorkomen="open verharding", level=1),
        one("wegdeel", "oprit", box(40, 40, 50, 80), functie="rijbaan lokale weg", fysiek_voorkomen="open verharding"),
        one("wegdeel", "rail", box(40, -60, 50, -30), functie="spoorbaan", fysiek_voorkomen="onverhard"),
    ]
    city = read_city(put(json.dumps(collection(items)), "map.geojson"))
    assert city.stairs.index.tolist() == ["G0344.over#joint-1"]
    row = city.stairs.iloc[0]
    assert_allclose(row["up_azimuth_deg"], 180)
    assert_allclose(row.geometry.bounds, box(40, 36, 50, 40).bounds, atol=0.05)
    assert len(make_walkable(city).stairs) == 1


def test_tunnels_lead_up_to_the_street(put: Put) -> None:
    items = [
        one("wegdeel", "weg", box(0, 0, 40, 6), functie="fietspad", fysiek_voorkomen="gesloten verharding"),
        one("wegdeel", "tunnel", box(40, 0, 90, 6), functie="fietspad", fysiek_voorkomen="gesloten verharding", level=-1),
    ]
    city = read_city(put(json.dumps(collection(items)), "map.geojson"))
    row = city.stairs.iloc[0]
    assert (row["bottom_level"], row["top_level"]) == ("level-1", "street")
    assert_allclose(row["up_azimuth_deg"], 270)
    walkable = make_walkable(city)
    assert walkable.floors["street"].intersection(walkable.floors["level-1"]).area == pytest.approx(1.5 * 6, rel=0.05)


@pytest.mark.parametrize(("wall", "joined"), [("kademuur", 0), ("hek", 0), (None, 1)])
def test_walls_close_an_edge(put: Put, wall: str | None, joined: int) -> None:
    items = [
        one("wegdeel", "weg", box(0, 0, 40, 6), functie="fietspad", fysiek_voorkomen="gesloten verharding"),
        one("wegdeel", "dek", box(40, 0, 90, 6), functie="fietspad", fysiek_voorkomen="gesloten verharding", level=1),
    ]
    if wall:
        line = shapely.LineString([(WEST + 40, SOUTH), (WEST + 40, SOUTH + 6)])
        items.append(one("scheiding", "muur", line, type=wall))
    assert len(read_city(put(json.dumps(collection(items)), "map.geojson")).stairs) == joined


def test_a_wharf_along_a_quay_is_not_reached_from_it(put: Put) -> None:
    items = [
        one("wegdeel", "kade", box(0, 0, 60, 6), functie="voetpad", fysiek_voorkomen="open verharding"),
        one("wegdeel", "werf", box(0, 6, 60, 9), functie="voetpad", fysiek_voorkomen="open verharding", level=-1),
    ]
    assert len(read_city(put(json.dumps(collection(items)), "map.geojson")).stairs) == 0


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


def curved(start: tuple[float, float], middle: tuple[float, float], end: tuple[float, float]) -> str:
    """A half moon: an arc and the line back."""
    points = [(WEST + x, SOUTH + y) for x, y in (start, middle, end)]
    text = " ".join(f"{x} {y}" for x, y in points)
    back = f"{points[2][0]} {points[2][1]} {points[0][0]} {points[0][1]}"
    return (
        "<gml:Polygon><gml:exterior><gml:Ring><gml:curveMember><gml:Curve><gml:segments>"
        f"<gml:Arc><gml:posList>{text}</gml:posList></gml:Arc>"
        f"<gml:LineStringSegment><gml:posList>{back}</gml:posList></gml:LineStringSegment>"
        "</gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior></gml:Polygon>"
    )


def test_arcs_are_drawn_within_a_centimetre(put: Put) -> None:
    item = one("wegdeel", "bocht", box(0, 0, 1, 1), functie="voetpad", fysiek_voorkomen="open verharding")
    other = one("wegdeel", "over", box(0, 0, 1, 1), functie="fietspad", fysiek_voorkomen="open verharding")
    document = gml(
        object_gml(item, drawn=curved((0, 0), (10, 10), (20, 0))), object_gml(other, drawn=curved((20, 0), (10, -10), (0, 0)))
    )
    city = read_city(put(document, "bgt_wegdeel.gml"))
    half = math.pi * 100 / 2
    area = city.roads.area
    assert_allclose(area, [half, half], rtol=2e-3)
    assert (area < half).all()
    # chords of at most 2 acos(1 - 0.01 / 10) each
    ring = shapely.get_coordinates(city.roads.geometry.iloc[0].exterior)
    chords = np.hypot(*np.diff(ring, axis=0).T)
    assert chords[chords < 19].max() <= 2 * math.sqrt(2 * 10 * ARC_TOLERANCE_M)


@pytest.mark.parametrize("turn", range(0, 360, 30))
def test_an_arc_is_the_same_both_ways(turn: int) -> None:
    a, b, c = (np.array([5 * math.cos(math.radians(turn + t)), 5 * math.sin(math.radians(turn + t))]) for t in (0, 100, 200))
    there, back = arc(a, b, c), arc(c, b, a)
    assert (there == back[::-1]).all()
    assert (there[0] == a).all()
    assert (there[-1] == c).all()
    assert_allclose(np.hypot(*there.T), 5, rtol=1e-9)
    middles = (there[1:] + there[:-1]) / 2
    assert (5 - np.hypot(*middles.T)).max() <= ARC_TOLERANCE_M * 1.001
    turned = np.unwrap(np.arctan2(there[:, 1], there[:, 0]))
    assert_allclose(abs(turned[-1] - turned[0]), math.radians(200))


def test_arcs_that_are_none() -> None:
    a, b, c = np.array([0.0, 0.0]), np.array([1.0, 0.0]), np.array([2.0, 0.0])
    assert arc(a, b, c).tolist() == [[0, 0], [2, 0]]
    assert np.isfinite(arc(a, a, a)).all()
    assert len(arc(np.array([0.0, 0.0]), np.array([5e5, 5e5]), np.array([1e6, 0.0]))) <= 721


RING = "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>{}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
WHOLE = [
    ("<gml:Circle><gml:posList>{0} {1} {2} {3} {4} {5}</gml:posList></gml:Circle>", math.pi * 100),
    ("<gml:CircleByCenterPoint><gml:pos>{6} {1}</gml:pos><gml:radius>10</gml:radius></gml:CircleByCenterPoint>", math.pi * 100),
    ("<gml:ArcString><gml:posList>{0} {1} {2} {3} {4} {5} {2} {7} {0} {1}</gml:posList></gml:ArcString>", math.pi * 100),
]


@pytest.mark.parametrize(("segment", "area"), WHOLE)
def test_circles(put: Put, segment: str, area: float) -> None:
    item = one("wegdeel", "rond", box(0, 0, 1, 1), functie="voetpad", fysiek_voorkomen="open verharding")
    numbers = (WEST, SOUTH, WEST + 10, SOUTH + 10, WEST + 20, SOUTH, WEST + 10, SOUTH - 10)
    drawn = (
        "<gml:Surface><gml:patches><gml:PolygonPatch><gml:exterior><gml:Ring><gml:curveMember><gml:Curve><gml:segments>"
        + segment.format(*numbers)
        + "</gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior></gml:PolygonPatch></gml:patches></gml:Surface>"
    )
    city = read_city(put(gml(object_gml(item, drawn=drawn)), "extract.gml"))
    assert_allclose(city.roads.area, area, rtol=2e-3)


def test_surfaces_in_parts_and_with_holes(put: Put) -> None:
    hole = f"<gml:Polygon><gml:exterior>{ring_gml(box(0, 0, 10, 10).exterior)}</gml:exterior>" + (
        f"<gml:interior>{ring_gml(box(2, 2, 4, 4).exterior)}</gml:interior></gml:Polygon>"
    )
    parts = "".join(f"<gml:surfaceMember>{part}</gml:surfaceMember>" for part in (hole, shape_gml(box(20, 0, 25, 5))))
    item = one("pand", "huis", box(0, 0, 1, 1), identificatie_bag_pnd="0344100000000001")
    more = (
        "<imgeo:nummeraanduidingreeks><imgeo:Nummeraanduidingreeks><imgeo:nummeraanduidingreeks><imgeo:Label>"
        "<imgeo:tekst>12-14</imgeo:tekst><imgeo:positie><imgeo:Labelpositie><imgeo:plaatsingspunt>"
        "<gml:Point><gml:pos>1 2</gml:pos></gml:Point></imgeo:plaatsingspunt><imgeo:hoek>0.0</imgeo:hoek>"
        "</imgeo:Labelpositie></imgeo:positie></imgeo:Label></imgeo:nummeraanduidingreeks></imgeo:Nummeraanduidingreeks>"
        "</imgeo:nummeraanduidingreeks>"
    )
    text = gml(object_gml(item, drawn=f"<gml:MultiSurface>{parts}</gml:MultiSurface>", more=more))
    city = read_city(put(text, "bgt_pand.gml"))
    assert_allclose(city.buildings.area, 96 + 25)
    row = city.buildings.iloc[0]
    assert row["identificatieBAGPND"] == "0344100000000001"
    assert row["tekst"] == "12-14"


def test_the_simpler_schema(put: Put) -> None:
    text = (
        '<gml:FeatureCollection xmlns:imgeo-s="http://www.geostandaarden.nl/imgeo/2.1/simple/gml31" '
        'xmlns:gml="http://www.opengis.net/gml"><gml:featureMember><imgeo-s:Wegdeel gml:id="b1">'
        "<imgeo-s:objectBeginTijd>2014-01-17</imgeo-s:objectBeginTijd>"
        "<imgeo-s:identificatie.namespace>NL.IMGeo</imgeo-s:identificatie.namespace>"
        "<imgeo-s:identificatie.lokaalID>G0344.weg</imgeo-s:identificatie.lokaalID>"
        "<imgeo-s:tijdstipRegistratie>2014-03-12T10:07:55.000</imgeo-s:tijdstipRegistratie>"
        "<imgeo-s:bronhouder>G0344</imgeo-s:bronhouder><imgeo-s:relatieveHoogteligging>1</imgeo-s:relatieveHoogteligging>"
        "<imgeo-s:bgt-status>bestaand</imgeo-s:bgt-status><imgeo-s:bgt-functie>voetpad</imgeo-s:bgt-functie>"
        "<imgeo-s:bgt-fysiekVoorkomen>open verharding</imgeo-s:bgt-fysiekVoorkomen>"
        f"<imgeo-s:geometrie2d>{curved((0, 0), (10, 10), (20, 0))}</imgeo-s:geometrie2d>"
        "</imgeo-s:Wegdeel></gml:featureMember></gml:FeatureCollection>"
    )
    city = read_city(put(text, "light.gml"))
    assert city.roads[["surface", "level"]].to_numpy().tolist() == [["footway", "level1"]]
    assert city.roads.index.tolist() == ["G0344.weg"]


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        ('<gml:MultiSurface><gml:surfaceMember xlink:href="#x"/></gml:MultiSurface>', "xlink"),
        (RING.format("1 2 3 x"), "no numbers"),
        (RING.format("1 2 3"), "no positions in 2"),
        (RING.format("1 2 3 4 1 2"), "fewer than three different"),
        ("<gml:Polygon/>", "one outer ring"),
        ("<gml:MultiSurface/>", "empty"),
        ("<gml:Solid/>", "no geometry that is read"),
        ("<gml:Point><gml:pos>nan 1</gml:pos></gml:Point>", "not finite"),
        ("<gml:MultiGeometry>" + "<gml:geometryMember><gml:MultiGeometry>" * 40 + "</gml:MultiGeometry></gml:geometryMember>" * 40
         + "</gml:MultiGeometry>", "nested too deep"),
    ],
)  # fmt: skip
def test_a_bad_geometry_costs_its_object_only(put: Put, drawn: str, message: str) -> None:
    good = one("wegdeel", "goed", box(0, 0, 10, 10), functie="voetpad", fysiek_voorkomen="onverhard")
    bad = one("wegdeel", "fout", box(0, 0, 10, 10), functie="voetpad", fysiek_voorkomen="onverhard")
    city = read_city(put(gml(object_gml(good), object_gml(bad, drawn=drawn)), "extract.gml"))
    assert city.roads.index.tolist() == ["G0344.goed"]
    finding = next(found for found in city.quality.findings if found.code == "bgt-geometry")
    assert finding.object_id == "G0344.fout"
    assert message in finding.message
    assert finding.path.startswith("extract.gml:")


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
    assert city.quality.counts() == {"bgt-geometry": 3, "bgt-type": 2, "bgt-level": 1, "bgt-id": 1, "crs": 1}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('{"type": "FeatureCollection", "x": "bronhouder", "bronhouder": 1, "lokaal_id": 2}', FormatError, "`features` is missing"),
        ('{"type": "FeatureCollection", "bronhouder": 1, "lokaal_id": 2, ', FormatError, "broken JSON"),
        ('{"type": "FeatureCollection", "bronhouder": 1, "lokaal_id": 2, "crs": {"properties": {"name": "x"}}, "features": []}',
         CRSError, "not a coordinate reference system"),
        (gml("<cityObjectMember>")[:-10], FormatError, "not a known|broken XML"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused(put: Put, text: str, error: type[TwinError], message: str) -> None:
    text = text.replace("<cityObjectMember>", "<cityObjectMember><imgeo:lokaalID>")
    with pytest.raises(error, match=message):
        read_city(put(text, "map.geojson"))


def test_entities_are_refused(put: Put) -> None:
    text = gml(object_gml(canal()[1])).replace("<CityModel", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><CityModel', 1)
    with pytest.raises(FormatError, match="document type"):
        read_city(put(text, "extract.gml"))


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


@pytest.mark.parametrize("seed", range(40))
def test_any_damage_is_told(put: Put, seed: int) -> None:
    chance = random.Random(seed)
    items = canal()
    whole = gml(*(object_gml(item) for item in items)) if seed % 2 else json.dumps(collection(items))
    content = bytearray(whole.encode())
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(content))
        if chance.random() < 0.3:
            del content[place : place + chance.randint(1, 200)]
        else:
            content[place] = chance.randrange(256)
    path = put(bytes(content), "any.gml" if seed % 2 else "any.geojson")
    told: TwinError | None = None
    try:
        city = read_city(path)
        assert np.isfinite(city.surfaces.vertices).all()
        assert city.summary()
    except TwinError as error:
        told = error
    if told is not None:
        assert told.what
        assert told.where


ODD: list[Any] = [
    None, True, -1, 10**20, 1.5, "", "x" * 3000, [], {}, [[]], [1, 2], {"type": "Point"}, "\ud800", "<script>", "NaN", 1e308,
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


@pytest.mark.parametrize("seed", range(30))
def test_any_mutation_reads_or_is_told(put: Put, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    document = collection(canal())
    for _ in range(chance.randint(1, 6)):
        *path, last = chance.choice(places(document))
        holder: Any = document
        for key in path:
            holder = holder[key]
        holder[last] = chance.choice(ODD)
    told: TwinError | None = None
    try:
        city = read_city(put(json.dumps(document), "any.geojson"))
        again = read_city(city.save(tmp_path / "out"))
        assert {name: len(one) for name, one in again.layers.items()} == {name: len(one) for name, one in city.layers.items()}
    except TwinError as error:
        told = error
    if told is not None:
        assert told.what
        assert told.where
