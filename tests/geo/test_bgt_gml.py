"""The Dutch large-scale base map: shapes in the GML of its downloads."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose

from tests.geo.bgt_map import SOUTH, WEST, Put, box, gml, object_gml, one, ring_gml, shape_gml
from twin.geo.city import read_city
from twin.geo.readers.gml_planar import ARC_TOLERANCE_M, arc


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
