"""Attributes of CityGML: numbers and units, generic ones, addresses, what extensions add."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.geo.gml import box, building, model, multi, polygon, solid
from twin.geo.city import City, read_city

Read = Callable[..., tuple[City, Any]]


@pytest.fixture
def read(put: Callable[..., Path]) -> Read:
    """The city of a building with some content, and the building's row."""

    def reading(content: str, version: str = "2.0") -> tuple[City, Any]:
        city = read_city(put(model(building(content), version=version), "a.gml"))
        return city, city.buildings.loc["house"]

    return reading


def test_attributes_of_the_standard_have_their_types(read: Read) -> None:
    city, row = read(
        "<gml:name>De Bastei</gml:name><gml:description> a  tower </gml:description><creationDate>2020-02-03</creationDate>"
        "<bldg:class>1000</bldg:class><bldg:function>1120</bldg:function><bldg:function>1150</bldg:function>"
        "<bldg:usage>0010</bldg:usage>"
        "<bldg:yearOfConstruction>1985</bldg:yearOfConstruction><bldg:roofType>1030</bldg:roofType>"
        "<bldg:measuredHeight uom='#m'>7.5</bldg:measuredHeight><bldg:storeysAboveGround>2</bldg:storeysAboveGround>"
        "<bldg:storeyHeightsAboveGround uom='m'>3.0 4.5</bldg:storeyHeightsAboveGround>"
    )
    assert (row["name"], row.description) == ("De Bastei", "a  tower")
    # "class" is a word of Python
    assert (row["class"], row.function, row.usage, row.roofType) == ("1000", "1120; 1150", "0010", "1030")
    assert (row.yearOfConstruction, row.measuredHeight, row.storeysAboveGround) == (1985, 7.5, 2)
    assert city.buildings["yearOfConstruction"].dtype == "int64"
    assert row.storeyHeightsAboveGround == "3.0 4.5"
    assert str(row.creationDate)[:10] == "2020-02-03"
    assert (row.height_m, row.height_source) == (7.5, "attribute:measuredHeight")


@pytest.mark.parametrize(
    ("unit", "metres"),
    [("m", 10), ("#m", 10), ("urn:adv:uom:m", 10), ("urn:ogc:def:uom:UCUM::m", 10), ("urn:ogc:def:uom:EPSG::9001", 10), ("", 10),
     ("ft", 3.048), ("cm", 0.1), ("urn:ogc:def:uom:UCUM::[ft_i]", 3.048)],
)  # fmt: skip
def test_lengths_are_in_metres(read: Read, unit: str, metres: float) -> None:
    _, row = read(f"<bldg:measuredHeight uom='{unit}'>10</bldg:measuredHeight>")
    assert row.measuredHeight == pytest.approx(metres)
    assert "measuredHeight_uom" not in row


def test_a_unit_that_is_not_known_stays_with_its_value(read: Read) -> None:
    _, row = read("<x:demand uom='kWh'>10.5</x:demand><x:code>0013</x:code><x:listed>true</x:listed>")
    assert (row.demand, row.demand_uom, row.code, bool(row.listed)) == (10.5, "kWh", "0013", True)


@pytest.mark.parametrize("text", ["high", "1e999", "NaN", "1_0", ""])
def test_a_height_that_is_no_number_is_no_height(read: Read, text: str) -> None:
    storeys = f"<bldg:storeysAboveGround>{text}</bldg:storeysAboveGround>"
    _, row = read(f"<bldg:measuredHeight uom='m'>{text}</bldg:measuredHeight>{storeys}")
    assert row.height_source == "unknown"


def test_generic_attributes_of_version_2(read: Read) -> None:
    def one(kind: str, name: str, value: str, unit: str = "") -> str:
        return f"<gen:{kind}Attribute name='{name}'><gen:value{unit}>{value}</gen:value></gen:{kind}Attribute>"

    inner = one("int", "floor", "3") + one("string", "door", "b")
    _, row = read(
        one("string", "owner", "Stichting") + one("int", "rooms", "12") + one("double", "slope", "1.25")
        + one("date", "seen", "2021-05-06") + one("uri", "page", "https://example.org/")
        + one("measure", "heat", "80.5", " uom='W'") + one("int", "broken", "many")
        + one("string", "twice", "a") + one("string", "twice", "b")
        + f"<gen:genericAttributeSet name='flat'>{inner}</gen:genericAttributeSet>"
    )  # fmt: skip
    assert (row.owner, row.rooms, row.slope, str(row.seen)[:10], row.page) == (
        "Stichting", 12, 1.25, "2021-05-06", "https://example.org/",
    )  # fmt: skip
    assert (row.heat, row.heat_uom, row.broken, row.twice) == (80.5, "W", "many", "a; b")
    assert (row["flat.floor"], row["flat.door"]) == (3, "b")


def test_generic_attributes_of_version_3(read: Read) -> None:
    def one(kind: str, name: str, value: str) -> str:
        return f"<genericAttribute><gen:{kind}Attribute><gen:name>{name}</gen:name>{value}</gen:{kind}Attribute></genericAttribute>"

    _, row = read(
        one("String", "hash", "<gen:value>x1</gen:value>") + one("Double", "latitude", "<gen:value>52.09</gen:value>")
        + one("Measure", "area", "<gen:value uom='m2'>12</gen:value>"), "3.0"
    )  # fmt: skip
    assert (row.hash, row.latitude, row.area, row.area_uom) == ("x1", 52.09, 12, "m2")


def test_heights_of_version_3_say_from_where_to_where(read: Read) -> None:
    def height(high: str, value: str) -> str:
        return (
            f"<con:height><con:Height><con:highReference>{high}</con:highReference><con:lowReference>lowestGroundPoint"
            f"</con:lowReference><con:status>measured</con:status><con:value uom='m'>{value}</con:value></con:Height></con:height>"
        )

    _, row = read(height("highestRoofEdge", "9.25") + height("lowestEave", "6.5"), "3.0")
    assert (row.measuredHeight, row.height_lowestEave) == (9.25, 6.5)
    assert row.height_reference == "lowestGroundPoint to highestRoofEdge, measured"
    assert row.height_source == "attribute:measuredHeight"


def test_an_address_of_version_2(read: Read) -> None:
    _, row = read(
        "<bldg:address><Address><xalAddress><xAL:AddressDetails><xAL:Country><xAL:CountryName>Nederland</xAL:CountryName>"
        "<xAL:Locality Type='Town'><xAL:LocalityName>Utrecht</xAL:LocalityName><xAL:Thoroughfare Type='Street'>"
        "<xAL:ThoroughfareNumber>1</xAL:ThoroughfareNumber><xAL:ThoroughfareName>Domplein</xAL:ThoroughfareName></xAL:Thoroughfare>"
        "<xAL:PostalCode><xAL:PostalCodeNumber>3512 JC</xAL:PostalCodeNumber></xAL:PostalCode></xAL:Locality></xAL:Country>"
        "</xAL:AddressDetails></xalAddress></Address></bldg:address>"
        "<bldg:address><Address><xalAddress><xAL:AddressDetails><xAL:Address>Achter de Dom 2</xAL:Address></xAL:AddressDetails>"
        "</xalAddress></Address></bldg:address>"
    )
    assert row.address == "Domplein 1, 3512 JC Utrecht, Nederland; Achter de Dom 2"


def test_an_address_of_version_3(read: Read) -> None:
    _, row = read(
        "<bldg:address><Address><xalAddress><xAL:Address><xAL:Country><xAL:NameElement>Nederland</xAL:NameElement></xAL:Country>"
        "<xAL:Locality><xAL:NameElement>Utrecht</xAL:NameElement></xAL:Locality><xAL:Thoroughfare><xAL:NameElement>Domplein"
        "</xAL:NameElement><xAL:Number>1</xAL:Number></xAL:Thoroughfare><xAL:PostCode><xAL:Identifier>3512 JC</xAL:Identifier>"
        "</xAL:PostCode></xAL:Address></xalAddress></Address></bldg:address>", "3.0"
    )  # fmt: skip
    assert row.address == "Domplein 1, 3512 JC Utrecht, Nederland"


def test_references_to_other_registers(read: Read) -> None:
    _, row = read(
        "<externalReference><informationSystem>https://bag.example/</informationSystem><externalObject><name>0344100000012345</name>"
        "</externalObject></externalReference>"
    )
    assert (row.external_reference, row.external_system) == ("0344100000012345", "https://bag.example/")


def test_what_extensions_add_is_kept(read: Read) -> None:
    _, row = read(
        "<x:energyLabel>C</x:energyLabel><x:details><x:Details><x:areaFloor>55</x:areaFloor><x:kind>a</x:kind><x:kind>b</x:kind>"
        "</x:Details></x:details><x:pair><x:Pair><x:key>1</x:key></x:Pair></x:pair><x:pair><x:Pair><x:key>2</x:key></x:Pair></x:pair>"
        "<x:owner xlink:href='#someone'/><relatedTo><x:Relation><x:type>equal</x:type><x:to xlink:href='#other'/></x:Relation>"
        "</relatedTo>"
    )
    assert row.energyLabel == "C"
    assert row.details == '{"areaFloor": "55", "kind": ["a", "b"]}'
    assert row.pair == '[{"key": "1"}, {"key": "2"}]'
    assert row.owner == "someone"
    assert row.relatedTo == '{"to": "other", "type": "equal"}'


def test_a_value_with_too_much_in_it_is_counted_and_left_out(read: Read) -> None:
    city, row = read(f"<x:huge><x:Huge>{'<x:part>1</x:part>' * 600}</x:Huge></x:huge>" + "<x:deep>" * 60 + "1" + "</x:deep>" * 60)
    assert "huge" not in row
    assert "deep" not in row
    found = [one for one in city.quality.findings if one.code == "attribute-skipped"]
    assert len(found) == 1
    assert "(2 in the file)" in found[0].message


def test_time_series_of_walls_are_counted(read: Read) -> None:
    city, _ = read(
        "<boundary><con:WallSurface><gml:name>wall</gml:name><dynamizer><x:Dynamizer/></dynamizer></con:WallSurface></boundary>",
        "3.0",
    )
    assert city.quality.counts() == {"dynamizer": 1}


def test_attributes_of_walls_stay_with_their_faces(read: Read) -> None:
    def wall(key: str, name: str, *surfaces: str) -> str:
        return (
            f"<bldg:boundedBy><bldg:WallSurface><bldg:lod2MultiSurface>{multi(*surfaces)}</bldg:lod2MultiSurface><gml:name>{name}"
            f"</gml:name><gen:doubleAttribute name='tilt'><gen:value>{key}</gen:value></gen:doubleAttribute></bldg:WallSurface>"
            "</bldg:boundedBy>"
        )

    faces = box(0, 0, 0)
    inside = solid("a", "b", polygon(faces[2], "c"), polygon(faces[3]))
    city, _ = read(
        f"<bldg:lod2Solid>{inside}</bldg:lod2Solid>" + wall("1", "both", polygon(faces[0], "a"), polygon(faces[1], "b"))
        + wall("2", "linked", "c")
    )  # fmt: skip
    row = city.surfaces.polygons.row
    assert row is not None
    assert city.surface_table[["name", "tilt"]].to_numpy().tolist() == [["both", 1.0], ["linked", 2.0]]
    assert sorted(row.tolist()) == [-1, 0, 0, 1]
    assert not len(city.quality)


def test_markup_in_text_stays_text(read: Read) -> None:
    _, row = read("<gml:name>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#233;</gml:name>")
    assert row["name"] == "<script>alert(1)</script> & é"
