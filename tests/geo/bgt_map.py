"""A small piece of the Dutch large-scale base map, as the API writes it and as the download service does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from twin.geo.city import City

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


def layers_of(city: City) -> dict[str, set[str]]:
    return {
        name: {str(one).removeprefix("G0344.") for one in frame.index}
        for name, frame in city.layers.items()
        if len(frame) and name != "stairs"
    }
