"""CityGML of buildings: faces once, with their meaning; parts, openings, levels of detail; links."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.geo.gml import (
    EAST,
    NORTH,
    bounded,
    box,
    building,
    house,
    link,
    members,
    model,
    multi,
    numbers,
    polygon,
    solid,
    turned,
)  # fmt: skip
from twin.errors import FormatError
from twin.geo.city import City, read_city
from twin.geo.mesh import SEMANTICS
from twin.geo.topology import object_use, signed_volumes

Put = Callable[..., Path]


@pytest.fixture
def read(put: Put) -> Callable[..., City]:
    def reading(text: str, **options: object) -> City:
        return read_city(put(text, "house.gml"), **options)

    return reading


Read = Callable[..., City]


def volume(city: City, key: str = "house") -> float:
    row = int(city.objects.index.get_loc(key))
    found = signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), len(city.objects))
    return float(found[row])


def closed(city: City, key: str = "house") -> bool:
    return bool(object_use(city.surfaces, len(city.objects)).closed[int(city.objects.index.get_loc(key))])


def area(city: City, name: str, key: str = "house") -> float:
    """Area of the faces of one meaning of an object [m2]."""
    mesh = city.surfaces
    chosen = (mesh.semantic == SEMANTICS.get(name, 0)) & (mesh.owner == city.objects.index.get_loc(key))
    return float(mesh.areas()[chosen].sum())


@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_a_solid_that_links_to_its_walls_is_there_once(read: Read, version: str) -> None:
    city = read(model(house(version=version), version=version))
    assert volume(city) == pytest.approx(1000)
    assert closed(city)
    assert area(city, "GroundSurface") == pytest.approx(100)
    assert area(city, "RoofSurface") == pytest.approx(100)
    assert area(city, "WallSurface") == pytest.approx(400)
    assert city.objects.loc["house"].tolist() == ["Building", "buildings", "", "2", "Solid"]
    assert city.sources[0].format == f"CityGML {version}"
    row = city.buildings.loc["house"]
    assert (row.ground_m, row.roof_m, row.height_source) == (1.0, 11.0, "geometry")
    assert row.geometry.bounds == (EAST, NORTH, EAST + 10, NORTH + 10)
    assert not len(city.quality)


def test_version_1_is_read_as_version_2(read: Read) -> None:
    text = model(house()).replace("/2.0", "/1.0")
    city = read(text)
    assert volume(city) == pytest.approx(1000)
    assert city.sources[0].format == "CityGML 1.0"


def test_links_lead_the_other_way_too(read: Read) -> None:
    """Surfaces stand in the solid, and the walls link to them."""
    faces = box(0, 0, 1)
    inside = f"<bldg:lod2Solid>{solid(*(polygon(face, f'p{k}') for k, face in enumerate(faces)))}</bldg:lod2Solid>"
    walls = "".join(
        f"<bldg:boundedBy><bldg:{kind}><bldg:lod2MultiSurface><gml:MultiSurface>{link(f'p{k}')}</gml:MultiSurface>"
        f"</bldg:lod2MultiSurface></bldg:{kind}></bldg:boundedBy>"
        for k, kind in enumerate(["GroundSurface", "RoofSurface"])
    )
    for parts in (inside + walls, walls + inside):
        city = read(model(building(parts)))
        assert volume(city) == pytest.approx(1000)
        assert closed(city)
        assert (area(city, "GroundSurface"), area(city, "RoofSurface"), area(city, "Unknown")) == pytest.approx((100, 100, 400))


def test_surfaces_written_out_twice_are_there_once(read: Read) -> None:
    faces = box(0, 0, 1)
    again = [face[2:] + face[:2] for face in faces]
    whole = f"<bldg:lod2Solid>{solid(*map(polygon, again))}</bldg:lod2Solid>"
    city = read(model(building(whole, bounded(faces, "w"))))
    assert len(city.surfaces) == 12
    assert closed(city)
    assert area(city, "Unknown") == 0


def test_the_solid_says_which_side_is_outside(read: Read) -> None:
    faces = box(0, 0, 1, inward=True)
    shell = solid(*(turned(f"house-{k}") for k in range(6)))
    city = read(model(building(f"<bldg:lod2Solid>{shell}</bldg:lod2Solid>", bounded(faces, "house"))))
    assert volume(city) == pytest.approx(1000)
    assert area(city, "RoofSurface") == pytest.approx(100)


def test_two_solids_have_the_wall_between_them_once_each(read: Read) -> None:
    left = [polygon(face, f"l{k}") for k, face in enumerate(box(0, 0, 0))]
    right = [polygon(face) for face in box(10, 0, 0)]
    # the east wall of the left one is the west wall of the right one, turned round
    right[5] = turned("l3")
    both = "".join(f"<gml:solidMember>{solid(*one)}</gml:solidMember>" for one in (left, right))
    city = read(model(building(f"<bldg:lod2Solid><gml:CompositeSolid>{both}</gml:CompositeSolid></bldg:lod2Solid>")))
    assert city.objects.loc["house", "geometry"] == "CompositeSolid"
    assert len(city.surfaces) == 24
    assert volume(city) == pytest.approx(2000)


def test_a_neighbour_has_a_copy_of_its_own_of_a_wall_that_it_shares(read: Read) -> None:
    left = f"<bldg:lod2Solid>{solid(*(polygon(face, f'l{k}') for k, face in enumerate(box(0, 0, 0))))}</bldg:lod2Solid>"
    right = [polygon(face) for face in box(10, 0, 0)]
    right[5] = turned("l3")
    second = building(f"<bldg:lod2Solid>{solid(*right)}</bldg:lod2Solid>", key="right")
    for order in ((building(left, key="left"), second), (second, building(left, key="left"))):
        city = read(model(*order))
        assert volume(city, "left") == pytest.approx(1000)
        assert volume(city, "right") == pytest.approx(1000)
        assert closed(city, "left")
        assert closed(city, "right")


def test_a_cavity_is_not_inside(read: Read) -> None:
    shell = solid(*map(polygon, box(0, 0, 0)), inner=[polygon(face) for face in box(3, 3, 3, 4, inward=True)])
    city = read(model(building(f"<bldg:lod2Solid>{shell}</bldg:lod2Solid>")))
    assert volume(city) == pytest.approx(1000 - 64)


def test_a_hole_is_not_wall(read: Read) -> None:
    faces = box(0, 0, 0)
    hole = [(EAST + 2, NORTH, 2.0), (EAST + 2, NORTH, 4.0), (EAST + 5, NORTH, 4.0), (EAST + 5, NORTH, 2.0)]
    window = (
        f"<bldg:opening><bldg:Window gml:id='w'><bldg:lod3MultiSurface>{multi(polygon(hole[::-1]))}</bldg:lod3MultiSurface>"
        "</bldg:Window></bldg:opening>"
    )
    wall = (
        f"<bldg:boundedBy><bldg:WallSurface><bldg:lod3MultiSurface>{multi(polygon(faces[2], holes=[hole]))}"
        f"</bldg:lod3MultiSurface>{window}</bldg:WallSurface></bldg:boundedBy>"
    )
    city = read(model(building(wall)))
    assert area(city, "WallSurface") == pytest.approx(100 - 6)
    assert area(city, "Window") == pytest.approx(6)


def test_openings_of_version_3(read: Read) -> None:
    face = box(0, 0, 0)[2]
    filling = (
        f"<con:fillingSurface><con:DoorSurface><lod3MultiSurface>{multi(polygon(face))}</lod3MultiSurface></con:DoorSurface>"
        "</con:fillingSurface>"
    )
    city = read(model(building(f"<boundary><con:WallSurface>{filling}</con:WallSurface></boundary>"), version="3.0"))
    assert area(city, "Door") == pytest.approx(100)


@pytest.mark.parametrize(
    "content",
    [
        "<gml:posList>{list}</gml:posList>",
        "<gml:posList>\n\t {list} \r\n</gml:posList>",
        "<gml:posList><!-- here -->{list}</gml:posList>",
        "<gml:posList><![CDATA[{list}]]></gml:posList>",
        "{pos}",
        "{points}",
        "<gml:coordinates>{tuples}</gml:coordinates>",
        '<gml:coordinates cs=";" ts="|" decimal=",">{odd}</gml:coordinates>',
    ],
)
def test_every_way_to_write_a_ring(read: Read, content: str) -> None:
    corners = box(0, 0, 0)[1]
    corners = [*corners, corners[0]]
    one = [f"{a} {b} {c}" for a, b, c in corners]
    text = content.format(
        list=numbers(corners),
        pos="".join(f"<gml:pos>{part}</gml:pos>" for part in one),
        points="".join(f"<gml:pointProperty><gml:Point><gml:pos>{part}</gml:pos></gml:Point></gml:pointProperty>" for part in one),
        tuples=" ".join(part.replace(" ", ",") for part in one),
        odd="|".join(part.replace(".", ",").replace(" ", ";") for part in one),
    )
    shape = f"<gml:Polygon><gml:exterior><gml:LinearRing>{text}</gml:LinearRing></gml:exterior></gml:Polygon>"
    city = read(model(building(f"<bldg:lod1MultiSurface>{multi(shape)}</bldg:lod1MultiSurface>")))
    assert city.surfaces.areas().sum() == pytest.approx(100)
    assert not len(city.quality)


@pytest.mark.parametrize(
    "shape",
    [
        "<gml:MultiSurface><gml:surfaceMembers>{0}{1}</gml:surfaceMembers></gml:MultiSurface>",
        "<gml:CompositeSurface><gml:surfaceMember><gml:CompositeSurface>{m}</gml:CompositeSurface></gml:surfaceMember></gml:CompositeSurface>",
        "<gml:Surface><gml:patches>{patch}</gml:patches></gml:Surface>",
        "<gml:PolyhedralSurface><gml:polygonPatches>{patch}</gml:polygonPatches></gml:PolyhedralSurface>",
        "<gml:MultiGeometry><gml:geometryMember>{0}</gml:geometryMember><gml:geometryMembers>{1}</gml:geometryMembers></gml:MultiGeometry>",
        "<gml:OrientableSurface orientation='-'><gml:baseSurface>{surface}</gml:baseSurface></gml:OrientableSurface>",
    ],
)
def test_every_way_to_hold_surfaces(read: Read, shape: str) -> None:
    one, two = (polygon(face) for face in box(0, 0, 0)[:2])
    patch = (one + two).replace("gml:Polygon", "gml:PolygonPatch")
    surface = f"<gml:CompositeSurface>{members(one, two)}</gml:CompositeSurface>"
    text = shape.format(one, two, m=members(one, two), patch=patch, surface=surface)
    city = read(model(building(f"<bldg:lod1MultiSurface>{text}</bldg:lod1MultiSurface>")))
    assert city.surfaces.areas().sum() == pytest.approx(200)
    up = city.surfaces.normals()[:, 2]
    assert sorted(np.unique(up).tolist()) == [-1, 1]
    assert not len(city.quality)


def test_a_turned_surface_looks_the_other_way(read: Read) -> None:
    up = polygon(box(0, 0, 0)[1])
    shape = f"<gml:OrientableSurface orientation='-'><gml:baseSurface>{up}</gml:baseSurface></gml:OrientableSurface>"
    city = read(model(building(f"<bldg:lod1MultiSurface>{multi(shape)}</bldg:lod1MultiSurface>")))
    assert city.surfaces.normals()[:, 2].tolist() == [-1, -1]


def levels() -> str:
    low = f"<bldg:lod1Solid>{solid(*map(polygon, box(0, 0, 0)))}</bldg:lod1Solid>"
    high = bounded(box(0, 0, 0, 6), "high")
    foot = f"<bldg:lod0FootPrint>{multi(polygon(box(0, 0, 0, 4)[0]))}</bldg:lod0FootPrint>"
    return model(building(low, high, foot), building(low, key="plain"))


def test_the_highest_level_of_each_object_is_taken(read: Read) -> None:
    city = read(levels())
    assert city.objects["lod"].to_dict() == {"house": "2", "plain": "1"}
    assert volume(city) == pytest.approx(216)
    assert city.objects["geometry"].to_dict() == {"house": "MultiSurface", "plain": "Solid"}
    assert city.quality.counts() == {"lod-left": 2}
    assert volume(city, "plain") == pytest.approx(1000)


def test_the_level_asked_for_is_taken(read: Read) -> None:
    city = read(levels(), lod="0")
    assert city.objects["lod"].to_dict() == {"house": "0", "plain": ""}
    assert area(city, "GroundSurface") == pytest.approx(16)
    assert city.quality.counts()["lod-absent"] == 1


def test_a_level_that_is_not_there_is_an_error_that_lists_those_that_are(read: Read) -> None:
    with pytest.raises(FormatError, match=r"nothing in lod '3'; the file has: 0, 1, 2"):
        read(levels(), lod="3")


def test_a_link_to_a_surface_of_another_level_is_followed(read: Read) -> None:
    low = f"<bldg:lod1MultiSurface>{multi(polygon(box(0, 0, 0)[1], 'roof'))}</bldg:lod1MultiSurface>"
    high = f"<bldg:lod2MultiSurface>{multi('roof')}</bldg:lod2MultiSurface>"
    city = read(model(building(low, high)))
    assert city.surfaces.areas().sum() == pytest.approx(100)
    assert city.objects.loc["house", "lod"] == "2"
    assert city.quality.counts() == {"lod-left": 1}


def test_parts_and_what_is_inside_keep_whose_they_are(read: Read) -> None:
    part = building(f"<bldg:lod2Solid>{solid(*map(polygon, box(0, 0, 0)))}</bldg:lod2Solid>", key="part", kind="bldg:BuildingPart")
    room = building(bounded(box(1, 1, 1, 8), "r", lod=4), kind="bldg:Room", key="room")
    chimney = building(f"<bldg:lod3Geometry>{multi(polygon(box(4, 4, 10, 1)[1]))}</bldg:lod3Geometry>",
                       kind="bldg:BuildingInstallation", key="chimney")  # fmt: skip
    wrapped = (("consistsOfBuildingPart", part), ("interiorRoom", room), ("outerBuildingInstallation", chimney))
    city = read(model(building(*(f"<bldg:{name}>{one}</bldg:{name}>" for name, one in wrapped))))
    assert city.objects["type"].to_dict() == {
        "house": "Building", "part": "BuildingPart", "room": "BuildingRoom", "chimney": "BuildingInstallation",
    }  # fmt: skip
    assert city.objects["parent"].to_dict() == {"house": "", "part": "house", "room": "house", "chimney": "house"}
    assert city.objects["lod"].to_dict() == {"house": "", "part": "2", "room": "4", "chimney": "3"}
    assert list(city.buildings.index) == ["house"]
    assert city.buildings.loc["house"].geometry.area == pytest.approx(100)


def test_objects_of_version_3_inside_a_building(read: Read) -> None:
    room = building(bounded(box(0, 0, 0), "r", "3.0"), kind="bldg:BuildingRoom", key="room")
    unit = '<bldg:BuildingUnit gml:id="unit"><bldg:buildingRoom xlink:href="#room"/></bldg:BuildingUnit>'
    storey = f'<bldg:Storey gml:id="storey"><lod2MultiSurface>{multi("r-0", "r-1")}</lod2MultiSurface></bldg:Storey>'
    column = building(f"<lod3Solid>{solid(*map(polygon, box(0, 0, 0, 1)))}</lod3Solid>",
                      kind="bldg:BuildingConstructiveElement", key="column")  # fmt: skip
    text = building(
        f"<bldg:buildingRoom>{room}</bldg:buildingRoom><bldg:buildingSubdivision>{unit}</bldg:buildingSubdivision>"
        f"<bldg:buildingSubdivision>{storey}</bldg:buildingSubdivision>"
        f"<bldg:buildingConstructiveElement>{column}</bldg:buildingConstructiveElement>"
    )
    city = read(model(text, version="3.0"))
    assert city.objects["type"].to_dict() == {
        "house": "Building", "room": "BuildingRoom", "unit": "BuildingUnit", "storey": "BuildingStorey",
        "column": "BuildingConstructiveElement",
    }  # fmt: skip
    assert area(city, "GroundSurface", "storey") == pytest.approx(100)
    assert volume(city, "column") == pytest.approx(1)


def test_footprint_and_roof_edge_give_a_height(read: Read) -> None:
    low, high = box(0, 0, 2)[0], box(0, 0, 2, 10)[1]
    text = (
        f"<bldg:lod0FootPrint>{multi(polygon(low))}</bldg:lod0FootPrint>"
        f"<bldg:lod0RoofEdge>{multi(polygon(high))}</bldg:lod0RoofEdge>"
    )
    row = read(model(building(text))).buildings.loc["house"]
    assert (row.ground_m, row.roof_m, row.geometry.area) == (2.0, 12.0, pytest.approx(100))
