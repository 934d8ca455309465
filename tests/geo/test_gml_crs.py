"""Which system a ``srsName`` means, and which axis comes first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyproj import CRS, Transformer

from tests.geo.gml import EAST, NORTH, box, building, house, model, multi, polygon
from twin.errors import CRSError
from twin.geo.city import City, read_city
from twin.geo.crs import authority_code, parse, short_name, vertical
from twin.geo.readers.gml_crs import north_first, stated_system

Read = Callable[..., City]


@pytest.fixture
def read(put: Callable[..., Path]) -> Read:
    return lambda text, **options: read_city(put(text, "crs.gml"), **options)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EPSG:28992", "EPSG:28992"),
        ("urn:ogc:def:crs:EPSG::7415", "EPSG:7415"),
        ("urn:ogc:def:crs:EPSG:6.12:3068", "EPSG:3068"),
        ("http://www.opengis.net/def/crs/EPSG/0/6697", "EPSG:6697"),
        ("http://www.opengis.net/gml/srs/epsg.xml#31467", "EPSG:31467"),
        ("urn:ogc:def:crs,crs:EPSG::25832,crs:EPSG::5783", "EPSG:25832+5783"),
        ("urn:ogc:def:crs,crs:EPSG:6.12:3068,crs:EPSG:6.12:5783", "EPSG:3068+5783"),
        ("urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH", "EPSG:25832+7837"),
        ("urn:adv:crs:DE_DHDN_3GK4*DE_DHHN92_NH", "EPSG:31468+5783"),
        ("urn:adv:crs:ETRS89_UTM33", "EPSG:25833"),
        ("EPSG:25832*DE_DHHN2016_NH", "EPSG:25832+7837"),
        ("EPSG:25832*EPSG:7837", "EPSG:25832+7837"),
        ("epsg:25832+7837", "EPSG:25832+7837"),
    ],
)
def test_the_ways_to_name_a_system(text: str, code: str) -> None:
    assert authority_code(text) == code
    crs = parse(text)
    assert len(crs.sub_crs_list or [crs]) == (2 if "+" in code or code in ("EPSG:7415", "EPSG:6697") else 1)


@pytest.mark.parametrize(
    "text", ["a*b", "*", "EPSG:25832*", "EPSG:25832*EPSG:25832", "urn:adv:crs:X*Y", "EPSG:25832+5783+7837", "../etc/passwd",
             "urn:ogc:def:crs,crs:EPSG::1,crs:EPSG::2,crs:EPSG::3", "EPSG:999999*DE_DHHN92_NH", "x" * 1000],
)  # fmt: skip
def test_what_is_not_a_system_is_told(text: str) -> None:
    with pytest.raises(CRSError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("urn:ogc:def:crs:EPSG::4326", True), ("EPSG:4326", False), ("http://www.opengis.net/def/crs/EPSG/0/6697", True),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", False), ("urn:ogc:def:crs:EPSG::25832", False), ("urn:ogc:def:crs:EPSG::31467", True),
        ("EPSG:31467", False), ("urn:adv:crs:DE_DHDN_3GK4*DE_DHHN92_NH", False),
        ("urn:ogc:def:crs,crs:EPSG::31468,crs:EPSG::5783", True),
        ("http://www.opengis.net/gml/srs/epsg.xml#4326", False),
    ],
)  # fmt: skip
def test_the_axis_that_comes_first(text: str, expected: bool) -> None:
    assert stated_system(text, "a.gml").north_first is expected


def test_a_writer_that_mixed_up_the_axes_is_found_out() -> None:
    east_first = np.array([[4_490_655.5, 5_322_005.28, 548.47]])
    stated = stated_system("urn:ogc:def:crs:EPSG::31468", "a.gml")
    turned, told = north_first(stated, east_first)
    assert turned is False
    assert "east first" in told
    assert north_first(stated, east_first[:, [1, 0, 2]]) == (True, "")
    # what cannot be judged stays as it is stated
    assert north_first(stated, np.full((1, 3), np.nan)) == (True, "")
    assert north_first(stated, np.array([[1e300, -1e300, 0.0]])) == (True, "")


def degrees(order: str, srs: str) -> str:
    """The cube of ten metres with its corners in degrees."""
    to_degrees = Transformer.from_crs(28992, 4258, always_xy=True)
    faces = []
    for face in box(0, 0, 1):
        longitude, latitude = to_degrees.transform([x for x, _, _ in face], [y for _, y, _ in face])
        pairs = zip(latitude, longitude, strict=True) if order == "lat" else zip(longitude, latitude, strict=True)
        faces.append([(a, b, z) for (a, b), (_, _, z) in zip(pairs, face, strict=True)])
    return model(building(f"<bldg:lod1MultiSurface>{multi(*map(polygon, faces))}</bldg:lod1MultiSurface>"), srs=srs)


@pytest.mark.parametrize(
    ("order", "srs"), [("lat", "urn:ogc:def:crs:EPSG::4258"), ("lon", "EPSG:4258"), ("lon", "urn:ogc:def:crs:EPSG::4258")]
)
def test_degrees_become_metres(read: Read, order: str, srs: str) -> None:
    city = read(degrees(order, srs))
    assert short_name(city.crs) == "EPSG:7415"
    np.testing.assert_allclose(city.buildings.total_bounds, [EAST, NORTH, EAST + 10, NORTH + 10], atol=2e-3)
    assert city.surfaces.areas().sum() == pytest.approx(600, rel=1e-3)
    assert city.buildings.loc["house", "ground_m"] == 1
    # faces still look outward
    up = city.surfaces.normals()[:, 2]
    high = city.surfaces.vertices[city.surfaces.triangles][:, :, 2].mean(axis=1) > 10.9
    assert (up[high] > 0.99).all()
    assert ("axis-order" in city.quality.counts()) == (order == "lon" and srs.startswith("urn"))


def test_north_first_in_metres(read: Read) -> None:
    gauss = Transformer.from_crs(28992, 31467, always_xy=True)
    x, y = gauss.transform(EAST, NORTH)
    faces = [[(y + b - NORTH, x + a - EAST, c) for a, b, c in face] for face in box(0, 0, 1)]
    text = model(building(f"<bldg:lod1MultiSurface>{multi(*map(polygon, faces))}</bldg:lod1MultiSurface>"),
                 srs="urn:ogc:def:crs:EPSG::31467")  # fmt: skip
    city = read(text)
    np.testing.assert_allclose(city.buildings.total_bounds, [x, y, x + 10, y + 10], atol=1e-6)


def test_the_system_may_stand_on_the_geometry_only(read: Read) -> None:
    text = model(house(), srs=None).replace("<gml:MultiSurface>", '<gml:MultiSurface srsName="EPSG:28992" srsDimension="3">')
    assert short_name(read(text).crs) == "EPSG:28992"


def test_a_file_without_a_system_is_a_local_plane(read: Read) -> None:
    city = read(model(house(), srs=None))
    assert city.quality.counts() == {"no-crs": 1}
    assert city.crs.is_engineering


def test_several_systems_are_refused(read: Read) -> None:
    text = model(house()).replace("<gml:MultiSurface>", '<gml:MultiSurface srsName="EPSG:25832">', 1)
    with pytest.raises(CRSError, match=r"one coordinate reference system: this has 'urn:ogc:def:crs:EPSG::7415' and 'EPSG:25832'"):
        read(text)


def test_one_system_spelt_twice_is_one(read: Read) -> None:
    text = model(house()).replace("<gml:MultiSurface>", "<gml:MultiSurface srsName = 'EPSG:7415'>")
    assert short_name(read(text).crs) == "EPSG:7415"
    # the plan alone is the same plan
    text = model(house()).replace("<gml:MultiSurface>", '<gml:MultiSurface srsName="EPSG:28992">')
    assert short_name(read(text).crs) == "EPSG:7415"


def test_a_system_in_a_comment_is_none(read: Read) -> None:
    text = model(house()).replace("<gml:MultiSurface>", '<!-- srsName="EPSG:25832" --><gml:MultiSurface>')
    assert short_name(read(text).crs) == "EPSG:7415"


def test_an_unknown_system_is_told_with_its_place(read: Read) -> None:
    with pytest.raises(CRSError, match=r"crs\.gml srsName: 'moon' is not a coordinate reference system"):
        read(model(house(), srs="moon"))


def test_heights_in_feet_are_told(read: Read) -> None:
    faces = [[(x + 846_000, y - 255_000, z) for x, y, z in face] for face in box(0, 0, 1)]
    city = read(model(building(f"<bldg:lod1MultiSurface>{multi(*map(polygon, faces))}</bldg:lod1MultiSurface>"), srs="EPSG:2263"))
    assert "height-unit" in city.quality.counts()
    assert city.crs.axis_info[0].unit_name == "metre"


@pytest.mark.parametrize("place", ["posList", "MultiSurface", "Polygon"])
def test_rings_of_two_dimensions_lie_at_height_0(read: Read, place: str) -> None:
    flat = " ".join(f"{x} {y}" for x, y, _ in [*box(0, 0, 0)[1], box(0, 0, 0)[1][0]])
    shape = f"<gml:exterior><gml:LinearRing><gml:posList>{flat}</gml:posList></gml:LinearRing></gml:exterior>"
    shape = f"<gml:Polygon>{shape}</gml:Polygon>"
    text = model(building(f"<bldg:lod0FootPrint>{multi(shape)}</bldg:lod0FootPrint>"))
    city = read(text.replace(f"<gml:{place}>", f'<gml:{place} srsDimension="2">'))
    assert city.buildings.loc["house"].geometry.area == pytest.approx(100)
    assert city.quality.counts()["two-dimensional"] == 1


def test_vertical_datum_of_a_german_file(read: Read) -> None:
    text = model(house()).replace("urn:ogc:def:crs:EPSG::7415", "urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH")
    found = vertical(read(text).crs)
    assert found is not None
    assert found == CRS.from_epsg(7837)
