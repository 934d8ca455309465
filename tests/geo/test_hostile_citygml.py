"""Broken and hostile CityGML: a bad object is skipped and counted, a bad file is refused with a reason; never a crash."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.geo.gml import (
    EAST,
    NORTH,
    bounded,
    box,
    building,
    house,
    model,
    multi,
    numbers,
    polygon,
    ring,
    solid,
)  # fmt: skip
from twin.errors import FormatError, TwinError
from twin.geo.city import City, read_city
from twin.geo.readers.citygml import read as read_citygml
from twin.geo.readers.model import ReadOptions
from twin.geo.readers.source import Blob

Put = Callable[..., Path]
Read = Callable[..., City]


@pytest.fixture
def read(put: Put) -> Read:
    return lambda text, **options: read_city(put(text, "bad.gml"), **options)


def answer(path: Path) -> City | str:
    """The city, or what an error of ours says is wrong."""
    try:
        return read_city(path)
    except TwinError as error:
        return error.what


def codes(city: City) -> dict[str, int]:
    return city.quality.counts()


def one_polygon(text: str) -> str:
    """A sound house, and a building of one ring with this text."""
    shape = f"<gml:exterior><gml:LinearRing><gml:posList>{text}</gml:posList></gml:LinearRing></gml:exterior>"
    shape = f"<gml:Polygon>{shape}</gml:Polygon>"
    return model(house(), building(f"<bldg:lod1MultiSurface>{multi(shape)}</bldg:lod1MultiSurface>", key="bad"))


GOOD = numbers([*box(0, 0, 0)[1], box(0, 0, 0)[1][0]])


@pytest.mark.parametrize(
    ("text", "code", "triangles"),
    [
        ("", "too-few-points", 0),
        ("   ", "too-few-points", 0),
        ("1 2 3", "too-few-points", 0),
        (GOOD + " 7", "coordinates", 0),
        (GOOD + " 7 8", "coordinates", 0),
        (GOOD.replace("10.0", "ten", 1), "coordinates", 0),
        (GOOD.replace("10.0", "1O.0", 1), "coordinates", 0),
        (GOOD.replace(" ", ","), "coordinates", 0),
        (GOOD.replace("10.0", "NaN", 1), "not-finite", 0),
        (GOOD.replace("10.0", "INF", 1), "not-finite", 0),
        (GOOD.replace("10.0", "1e400", 1), "not-finite", 0),
        (GOOD.replace("10.0", "1e30", 1), "not-finite", 0),
        (GOOD.replace("10.0", "9" * 5000, 1), "coordinates", 0),
        (numbers(box(0, 0, 0)[1]), "ring-not-closed", 2),
        (numbers([*box(0, 0, 0)[1][:2], box(0, 0, 0)[1][0]]), "too-few-points", 0),
        (numbers([(EAST + k, NORTH, 1.0) for k in range(4)]), "no-area", 0),
        ("&#x31; " + GOOD, "coordinates", 0),
        ("٣ ٤ ٥ " + GOOD, "coordinates", 0),
    ],
)
def test_a_bad_ring_is_left_out_and_counted(read: Read, text: str, code: str, triangles: int) -> None:
    city = read(one_polygon(text))
    assert code in codes(city)
    assert len(city.surfaces) == 12 + triangles
    found = next(one for one in city.quality.findings if one.code == code)
    assert found.object_id == "bad"
    assert found.severity == ("warning" if triangles else "error")
    assert found.path


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ("<gml:Polygon/>", "too-few-points"),
        ("<gml:Polygon><gml:exterior/></gml:Polygon>", "too-few-points"),
        ("<gml:Polygon><gml:exterior><gml:LinearRing/></gml:exterior></gml:Polygon>", "too-few-points"),
        ("<gml:Sphere/>", "geometry"),
        ("<x:Polygon/>", "geometry"),
        ("<gml:Polygon><gml:exterior><gml:Ring><gml:curveMember xlink:href='#c'/></gml:Ring></gml:exterior></gml:Polygon>",
         "curve"),
        (f"<gml:Polygon><gml:exterior><gml:Ring><gml:curveMember><gml:Curve><gml:segments><gml:Arc><gml:posList>{GOOD}</gml:posList>"
         "</gml:Arc></gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior></gml:Polygon>", "curve"),
        ("<gml:surfaceMember><gml:Nothing/></gml:surfaceMember>", "geometry"),
    ],
)  # fmt: skip
def test_a_bad_geometry_is_left_out_and_counted(read: Read, shape: str, code: str) -> None:
    city = read(model(house(), building(f"<bldg:lod1MultiSurface>{multi(shape)}</bldg:lod1MultiSurface>", key="bad")))
    assert code in codes(city)
    assert len(city.surfaces) >= 12


@pytest.mark.parametrize("href", ["other.gml#p", "http://example.org/x.gml#p", "file:///etc/passwd", "p", "../up.gml", ""])
def test_links_out_of_the_file_are_not_followed(read: Read, tmp_path: Path, href: str) -> None:
    (tmp_path / "other.gml").write_text(model(house()), encoding="utf-8")
    more = f'<gml:MultiSurface><gml:surfaceMember xlink:href="{href}"/></gml:MultiSurface>'
    more = f"<bldg:lod2MultiSurface>{more}</bldg:lod2MultiSurface>"
    city = read(model(house(), building(more, key="bad")))
    assert len(city.surfaces) == 12
    assert codes(city) == ({"xlink-external": 1} if href else {})


def test_dangling_links_are_told(read: Read) -> None:
    city = read(model(house(), building(f"<bldg:lod2Solid>{solid('house-0', 'gone', 'house-1')}</bldg:lod2Solid>", key="bad")))
    assert codes(city) == {"xlink-dangling": 1}
    assert "'gone'" in city.quality.findings[0].message
    assert np.bincount(city.surfaces.owner).tolist() == [12, 4]


def test_links_in_a_circle_end(read: Read) -> None:
    def group(key: str, *others: str) -> str:
        return multi(*others).replace("<gml:MultiSurface>", f'<gml:MultiSurface gml:id="{key}">')

    circle = (
        f"<bldg:lod1MultiSurface>{group('a', 'b', 'a')}</bldg:lod1MultiSurface>"
        f"<bldg:lod2MultiSurface>{group('b', 'a', 'c', polygon(box(0, 0, 0)[1]))}</bldg:lod2MultiSurface>"
        f"<bldg:lod3MultiSurface>{group('c', 'a', 'b', 'c')}</bldg:lod3MultiSurface>"
    )
    outside = building(f"<bldg:lod2MultiSurface>{multi('a')}</bldg:lod2MultiSurface>", key="x")
    for text in (model(building(circle)), model(building(circle), outside)):
        city = read(text)
        assert len(city.objects) in (1, 2)


def test_links_that_multiply_are_stopped(read: Read) -> None:
    """A file of some 100 kB that asks for 4 million faces."""
    faces = multi(*[polygon(box(0, 0, 0)[1])] * 1000).replace("<gml:MultiSurface>", '<gml:MultiSurface gml:id="all">')
    users = [building(f"<bldg:lod2MultiSurface>{multi('all')}</bldg:lod2MultiSurface>", key=f"u{k}") for k in range(4000)]
    start = time.monotonic()
    blob = Blob.of_bytes("many.gml", model(building(f"<bldg:lod2MultiSurface>{faces}</bldg:lod2MultiSurface>"), *users).encode())
    reading = read_citygml(blob, ReadOptions())
    assert reading.objects is not None
    assert len(reading.objects.owner) < 200_000
    assert "xlink-limit" in {one.code for one in reading.findings.collected()}
    assert time.monotonic() - start < 60


BOMB = "".join(
    ['<!DOCTYPE CityModel [<!ENTITY a "1234567890">']
    + [f'<!ENTITY {new} "{f"&{old};" * 50}">' for old, new in ("ab", "bc", "cd")] + ["]>"]
)  # fmt: skip


@pytest.mark.parametrize(
    "before",
    [
        BOMB,
        '<!DOCTYPE CityModel SYSTEM "http://example.org/evil.dtd">',
        '<!DOCTYPE CityModel [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE CityModel [<!ENTITY % x SYSTEM "file:///etc/passwd">%x;]>',
        '<!DOCTYPE CityModel [<!ATTLIST CityModel x CDATA "y">]>',
        "<!DOCTYPE CityModel>",
    ],
)
def test_a_document_type_is_refused(read: Read, before: str) -> None:
    for use in ("", "&d;", "&x;"):
        with pytest.raises(FormatError, match=r"document type declaration|broken XML"):
            read(model(house(more=f"<gml:name>{use}</gml:name>"), before=before))


def test_entities_that_are_not_declared_are_broken_xml(read: Read) -> None:
    with pytest.raises(FormatError, match=r"bad\.gml:\d+:\d+: broken XML"):
        read(model(house(more="<gml:name>&secret;</gml:name>")))


def test_nothing_is_included(read: Read, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="secret.txt" parse="text"/>'
    city = read(model(house(more=f"<x:note>{include}</x:note>")))
    assert "secret" not in city.buildings.to_csv().replace("secret.txt", "")


@pytest.mark.parametrize("depth", [100, 250, 300, 100_000])
@pytest.mark.parametrize("element", ["x:a", "gml:surfaceMember", "gml:Solid", "bldg:consistsOfBuildingPart", "bldg:boundedBy"])
def test_deep_nesting_ends_in_an_answer(put: Put, depth: int, element: str) -> None:
    inner = f"<{element}>" * depth + f"</{element}>" * depth
    found = answer(put(model(house(more=f"<bldg:lod3MultiSurface>{inner}</bldg:lod3MultiSurface>{inner}")), "deep.gml"))
    if isinstance(found, str):
        assert depth > 200
        assert "broken XML" in found
    else:
        assert len(found.objects)


@pytest.mark.parametrize("kind", ["oriented", "parts", "openings"])
def test_deep_nesting_of_what_is_known_ends_in_an_answer(read: Read, kind: str) -> None:
    inner = polygon(box(0, 0, 0)[1])
    for k in range(110):
        if kind == "oriented":
            inner = f"<gml:OrientableSurface orientation='-'><gml:baseSurface>{inner}</gml:baseSurface></gml:OrientableSurface>"
        elif kind == "parts":
            inner = f"<bldg:BuildingPart gml:id='p{k}'>{inner if k else ''}</bldg:BuildingPart>"
            inner = f"<bldg:consistsOfBuildingPart>{inner}</bldg:consistsOfBuildingPart>"
        else:
            inner = f"<bldg:boundedBy><bldg:WallSurface>{inner if k else ''}</bldg:WallSurface></bldg:boundedBy>"
    more = f"<bldg:lod2MultiSurface>{multi(inner)}</bldg:lod2MultiSurface>" if kind == "oriented" else inner
    city = read(model(building(more)))
    assert len(city.objects) == (111 if kind == "parts" else 1)
    assert len(city.surfaces) == (2 if kind == "oriented" else 0)


def test_a_million_attributes_are_read(put: Put) -> None:
    many = "".join(f"<x:a{k % 200_000}>1</x:a{k % 200_000}>" for k in range(400_000)) + "<bldg:function>1</bldg:function>" * 600_000
    start = time.monotonic()
    reading = read_citygml(Blob.of_bytes("many.gml", model(house(more=many)).encode()), ReadOptions())
    assert time.monotonic() - start < 60
    assert reading.objects is not None
    assert len(reading.objects.attributes[0]) == 200_001
    assert len(reading.objects.attributes[0]["function"]) == 600_000 * 3 - 2


def test_a_million_attributes_of_xml_are_an_answer(put: Put) -> None:
    text = model(house()).replace("<bldg:Building ", "<bldg:Building " + " ".join(f'a{k}="1"' for k in range(200_000)) + " ", 1)
    found = answer(put(text, "many.gml"))
    assert "broken XML" in found if isinstance(found, str) else len(found.objects) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<CityModel/>", "a CityModel in XML with no namespace"),
        (b'<CityModel xmlns="http://www.citygml.org/citygml/1/0/0"/>', "is not CityGML 1.0, 2.0 or 3.0"),
        (b'<CityModel xmlns="http://www.opengis.net/citygml/4.0"/>', "citygml/4.0"),
        (b'<c:CityModel xmlns:c="http://www.opengis.net/citygml/2.0" xmlns:i="http://www.geostandaarden.nl/imgeo/2.1"/>', "IMGeo"),
        (b'<kml xmlns="http://www.opengis.net/kml/2.2"/>', "KML"),
        (b'<LandXML xmlns="http://www.landxml.org/schema/LandXML-1.2"/>', "LandXML"),
        (b'<core:IndoorFeatures xmlns:core="http://www.opengis.net/indoorgml/1.0/core"/>', "IndoorGML"),
        (b'<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs"/>', "a collection of features in GML"),
        (b'<?xml version="1.0"?><!-- hello --><anything/>', "XML with the root <anything>"),
        (b"<", "XML"),
        (b"<!---->", "XML"),
        (b'<a xmlns:b="\xff"/>', "XML with the root <a>"),
    ],
)
def test_what_is_not_citygml_is_named(put: Put, content: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_city(put(content, "mystery.gml"))


@pytest.mark.parametrize("cut", [0.3, 0.9, 0.999])
def test_a_file_that_ends_too_early_is_refused_with_the_line(put: Put, cut: float) -> None:
    text = model(house()).replace("><", ">\n<").encode()
    with pytest.raises(FormatError, match=r"bad\.gml:\d+:\d+: broken XML"):
        read_city(put(text[: int(len(text) * cut)], "bad.gml"))


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-8", "windows-1252"])
def test_encodings(put: Put, encoding: str) -> None:
    text = model(house(more="<gml:name>Oud Zuilén</gml:name>")).replace('encoding="UTF-8"', f'encoding="{encoding}"')
    city = read_city(put(text.encode(encoding), "enc.gml"))
    assert city.buildings.loc["house", "name"] == "Oud Zuilén"


def test_an_unknown_encoding_is_refused(put: Put) -> None:
    with pytest.raises(FormatError, match=r"enc\.gml"):
        read_city(put(model(house()).replace("UTF-8", "Klingon"), "enc.gml"))


def test_a_second_object_with_an_id_is_left_out(read: Read) -> None:
    city = read(model(house(), house()))
    assert codes(city) == {"duplicate-id": 1}
    assert len(city.surfaces) == 12


def test_objects_without_ids_are_called_by_their_kind(read: Read) -> None:
    text = model(house().replace(' gml:id="house"', ""), building(key="b").replace(' gml:id="b"', ""))
    city = read(text)
    assert list(city.objects.index) == ["Building-0", "Building-1"]
    assert codes(city) == {"no-id": 1}


def test_a_model_without_members_is_an_empty_city(read: Read) -> None:
    assert len(read(model()).objects) == 0


PIECES = ["", "#", "#house-0", "NaN", "1e400", "-1", "0 0 0", "<gml:Polygon/>", "<gml:pos>1 2 3</gml:pos>", "<!-- -->",
          "<![CDATA[x]]>", "lod9Solid", "lod2Solid", "gml:id", "&lt;", "<x:y/>", "urn:ogc:def:crs:EPSG::4326", 'srsDimension="2"',
          "-", "\0", "é"]  # fmt: skip


def rich() -> str:
    """A document with something of everything."""
    hole = ring([(EAST + 1, NORTH + 1, 11), (EAST + 1, NORTH + 2, 11), (EAST + 2, NORTH + 2, 11)], "interior")
    lamp = (
        '<frn:CityFurniture gml:id="lamp"><frn:lod1ImplicitRepresentation><ImplicitGeometry>'
        f"<transformationMatrix>1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1</transformationMatrix>"
        f"<relativeGMLGeometry>{multi(polygon(box(0, 0, 0)[1]))}</relativeGMLGeometry>"
        f"<referencePoint><gml:Point><gml:pos>{EAST} {NORTH} 1</gml:pos></gml:Point></referencePoint></ImplicitGeometry>"
        "</frn:lod1ImplicitRepresentation></frn:CityFurniture>"
    )
    more = (
        "<gml:name>n</gml:name><bldg:measuredHeight uom='m'>3</bldg:measuredHeight>"
        "<gen:intAttribute name='a'><gen:value>1</gen:value></gen:intAttribute>"
        "<terminationDate>2900-01-01</terminationDate><x:a><x:B><x:c>1</x:c></x:B></x:a>"
        + bounded(box(0, 0, 1), "w", lod=3)
    )
    text = model(house(more=more), house("next", west=20), lamp)
    return text.replace("</gml:exterior></gml:Polygon>", f"</gml:exterior>{hole}</gml:Polygon>", 1)


@given(st.integers(0, 10**9))
def test_whatever_is_changed_in_a_document_there_is_an_answer(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    chance = random.Random(seed)
    text = rich()
    for _ in range(chance.randint(1, 4)):
        at, size = chance.randrange(len(text)), chance.choice([0, 1, 1, 3, 20, 200])
        piece = chance.choice([*PIECES, text[(other := chance.randrange(len(text))) : other + chance.choice([5, 50, 500])]])
        text = text[:at] + piece + text[at + size :]
    path = tmp_path_factory.mktemp("m") / "m.gml"
    path.write_text(text, encoding="utf-8", errors="replace")
    found = answer(path)
    assert found if isinstance(found, str) else np.isfinite(found.surfaces.vertices).all()


@given(st.integers(0, 10**9))
def test_whatever_numbers_and_names_are_changed_there_is_an_answer(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Documents that stay XML: words are replaced by other words of the document."""
    chance = random.Random(seed)
    text = rich()
    words = re.findall(r"[\w.#:-]+", text)
    for _ in range(chance.randint(1, 3)):
        old, new = chance.choice(words), chance.choice([*words, "0", "NaN", "x"])
        text = re.sub(rf"(?<![\w.#:-]){re.escape(old)}(?![\w.#:-])", lambda _, new=new: new, text, count=chance.choice([0, 1, 2]))
    path = tmp_path_factory.mktemp("m") / "m.gml"
    path.write_text(text, encoding="utf-8")
    found = answer(path)
    assert found if isinstance(found, str) else np.isfinite(found.surfaces.vertices).all()


@given(st.binary(max_size=200))
def test_any_bytes_behind_the_root_give_an_answer(content: bytes) -> None:
    start = model().split("</CityModel>")[0].encode()
    for text in (start + content, start + content + b"</CityModel>"):
        with suppress(TwinError):
            read_citygml(Blob.of_bytes("x.gml", text), ReadOptions())
