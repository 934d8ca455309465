"""Real CityGML: counted by the standard library's XML, measured by hand."""

from __future__ import annotations

import json
import random
import re
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import FormatError, TwinError
from twin.geo.city import City, read_city
from twin.geo.crs import short_name
from twin.geo.mesh import SEMANTIC_NAMES, SEMANTICS
from twin.geo.readers.citygml import read as read_citygml
from twin.geo.readers.model import ReadOptions
from twin.geo.readers.source import blob_of
from twin.geo.topology import object_use, signed_volumes

pytestmark = pytest.mark.realdata

FILES = (
    "53394517_bldg_6697_2_op_CityGML2", "BuildingUnits_Storeys_xlink", "Building_CityGML3.0_with_Dynamizer_and_inline_Timeseries",
    "DenHaag_1BwBP", "JeffersonBuilding_CityGML3.0_LOD1_with_xAL3_CommonTypes",
    "ParkingGarage_CityGML3.0_LOD2_with_CityObjectRelations_and_XLinks",
    "Road_over_Bridge_CityGML3.0_LOD2_with_CityObjectRelations", "citygml3_roads_roundabout", "csol5",
    "dh_1", "historicalSuccession_CityGML_3.0_LOD2_Versioning", "ingolstadt_4018147",
    "ingolstadt_4018193", "ingolstadt_4018216", "msol2", "v2_Building_LOD0-EPSG25832", "v2_Building_LOD1-EPSG25832",
    "v2_Building_LOD2-EPSG25832", "v2_Building_LOD3-EPSG25832", "v2_Building_LOD4-EPSG25832", "v3_Building_LOD3-EPSG25832",
)  # fmt: skip

HOUSE = "GML_7b1a5a6f-ddad-4c3d-a507-3eb9ee0a8e68"
"""The example house of the standard: ten metres by five, eaves at 3 m, ridge at 5 m, so 200 m3."""


@pytest.fixture(scope="module")
def cities(real_data: Path) -> dict[str, City]:
    return {name: read_city(real_data / "citygml" / f"{name}.gml") for name in FILES}


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def root_of(real_data: Path, name: str) -> ElementTree.Element:
    return ElementTree.parse(real_data / "citygml" / f"{name}.gml").getroot()


def volumes(city: City) -> dict[str, float]:
    found = signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), len(city.objects))
    return dict(zip(city.objects.index, found.tolist(), strict=True))


def area(city: City, name: str) -> float:
    return float(city.surfaces.areas()[city.surfaces.semantic == SEMANTICS[name]].sum())


def faces(city: City) -> int:
    return len(city.surfaces.polygons.rings.counts)


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_and_nothing_is_left_out(cities: dict[str, City], name: str) -> None:
    city = cities[name]
    assert city.quality.errors == 0
    assert len(city.objects)
    assert len(city.surfaces)
    assert city.sources[0].format in ("CityGML 1.0", "CityGML 2.0", "CityGML 3.0")


# one level of detail, each polygon in one place
@pytest.mark.parametrize(
    "name",
    ["DenHaag_1BwBP", "dh_1", "ingolstadt_4018147", "ingolstadt_4018193", "ingolstadt_4018216", "msol2", "csol5",
     "citygml3_roads_roundabout", "ParkingGarage_CityGML3.0_LOD2_with_CityObjectRelations_and_XLinks", "v2_Building_LOD3-EPSG25832",
     "Road_over_Bridge_CityGML3.0_LOD2_with_CityObjectRelations", "Building_CityGML3.0_with_Dynamizer_and_inline_Timeseries",
     "JeffersonBuilding_CityGML3.0_LOD1_with_xAL3_CommonTypes", "v2_Building_LOD2-EPSG25832", "v2_Building_LOD1-EPSG25832"],
)  # fmt: skip
def test_each_polygon_is_there_once(real_data: Path, cities: dict[str, City], name: str) -> None:
    kinds = Counter(local(element.tag) for element in root_of(real_data, name).iter())
    assert faces(cities[name]) == kinds["Polygon"] + kinds["PolygonPatch"] + kinds["Triangle"]


@pytest.mark.parametrize("name", FILES)
def test_objects_are_those_of_the_file(real_data: Path, cities: dict[str, City], name: str) -> None:
    known = {
        "Building": "Building", "BuildingPart": "BuildingPart", "BuildingInstallation": "BuildingInstallation",
        "Room": "BuildingRoom", "BuildingRoom": "BuildingRoom", "BuildingUnit": "BuildingUnit", "Storey": "BuildingStorey",
        "BuildingFurniture": "BuildingFurniture", "Road": "Road", "Section": "Road", "Intersection": "Road",
        "TrafficSpace": "Road", "AuxiliaryTrafficSpace": "Road", "Bridge": "Bridge", "TINRelief": "TINRelief",
        "GenericCityObject": "GenericCityObject",
    }  # fmt: skip
    expected: Counter[str] = Counter()
    ended = False
    for member in root_of(real_data, name):
        if local(member.tag) != "cityObjectMember":
            continue
        names = [local(element.tag) for element in member.iter()]
        if "terminationDate" in names:
            ended = True
            continue
        expected.update(known[one] for one in names if one in known)
    assert Counter(cities[name].objects["type"]) == expected
    assert ended == (name.startswith("historical"))


@pytest.mark.parametrize(
    "name", ["DenHaag_1BwBP", "ingolstadt_4018216", "v2_Building_LOD4-EPSG25832", "v3_Building_LOD3-EPSG25832"]
)
def test_meanings_are_those_of_the_file(real_data: Path, cities: dict[str, City], name: str) -> None:
    """Faces by meaning, counted by the nearest boundary surface or opening above each polygon."""
    meaning = {name: name for name in SEMANTIC_NAMES} | {"WindowSurface": "Window", "DoorSurface": "Door"}
    expected: Counter[str] = Counter()

    def walk(element: ElementTree.Element, above: str) -> None:
        name = local(element.tag)
        if name in ("BuildingFurniture", "BuildingInstallation", "TINRelief"):
            above = "Unknown"
        above = meaning.get(name, above)
        expected[above] += name in ("Polygon", "Triangle")
        for child in element:
            walk(child, above)

    walk(root_of(real_data, name), "Unknown")
    rings, polygon, *_ = cities[name].surfaces.polygons
    semantic = np.zeros(len(rings.counts), dtype=int)
    semantic[polygon] = cities[name].surfaces.semantic
    found = Counter(SEMANTIC_NAMES[code] for code in semantic.tolist())
    # the room has copies of the openings that it shares with the house
    shared = {"Window": 0, "Door": 0}
    assert {key: count for key, count in found.items() if key not in shared} == {
        key: count for key, count in expected.items() if count and key not in shared
    }
    assert all(found[key] >= expected[key] for key in shared)


@pytest.mark.parametrize("lod", [1, 2])
def test_the_house_of_the_standard_is_200_cubic_metres(cities: dict[str, City], lod: int) -> None:
    city = cities[f"v2_Building_LOD{lod}-EPSG25832"]
    assert volumes(city)[HOUSE] == pytest.approx(200)
    assert object_use(city.surfaces, len(city.objects)).closed[0]
    assert city.objects.loc[HOUSE, ["lod", "geometry"]].tolist() == [str(lod), "Solid"]
    assert city.buildings.loc[HOUSE].geometry.area == pytest.approx(50)


def test_areas_of_the_house_of_the_standard(cities: dict[str, City]) -> None:
    """Walls: two of 10 by 3 m and two gables of 5 by 3 m with a triangle of 2 m; roof: two of 10 m by the slope."""
    city = cities["v2_Building_LOD2-EPSG25832"]
    assert area(city, "GroundSurface") == pytest.approx(50)
    assert area(city, "WallSurface") == pytest.approx(2 * 30 + 2 * (15 + 5))
    assert area(city, "RoofSurface") == pytest.approx(2 * 10 * np.hypot(2.5, 2))
    row = city.buildings.loc[HOUSE]
    assert (row.ground_m, row.roof_m, row.height_m, row.measuredHeight, row.height_source) == (112, 117, 5, 5, "geometry")
    assert (row["name"], row.function, row.roofType) == ("Example Building LOD2", "1000", "1030")
    assert (row.yearOfConstruction, row.storeysAboveGround, row.storeyHeightsAboveGround) == (1985, 1, 3.0)
    assert row.address == "Hermann-von-Helmholtz-Platz 1, 76344 Eggenstein-Leopoldshafen, Germany"
    assert city.crs.name == "ETRS89 / UTM zone 32N + DHHN92 height"


def test_footprint_and_roof_edge_of_the_house_of_the_standard(cities: dict[str, City]) -> None:
    row = cities["v2_Building_LOD0-EPSG25832"].buildings.loc[HOUSE]
    assert (row.ground_m, row.roof_m, row.geometry.area) == (112, 115, pytest.approx(50))


def test_the_same_house_in_versions_2_and_3_is_the_same(cities: dict[str, City]) -> None:
    old, new = cities["v2_Building_LOD4-EPSG25832"], cities["v3_Building_LOD3-EPSG25832"]
    assert sorted(old.objects["type"]) == sorted(new.objects["type"])
    np.testing.assert_allclose(sorted(volumes(old).values()), sorted(volumes(new).values()), atol=1e-9)
    assert Counter(old.surfaces.semantic.tolist()) == Counter(new.surfaces.semantic.tolist())
    assert old.buildings.loc[HOUSE, "address"] == new.buildings.loc[HOUSE, "address"]
    assert new.buildings.loc[HOUSE, "measuredHeight"] == 5


def test_a_room_in_it_is_a_solid_of_its_own(real_data: Path) -> None:
    """The room's solid links to its walls, turned round, and to the doors and windows of the house: put together by hand."""
    city = read_city(real_data / "citygml" / "v2_Building_LOD4-EPSG25832.gml")
    room = city.objects.index[city.objects["type"] == "BuildingRoom"][0]
    root = root_of(real_data, "v2_Building_LOD4-EPSG25832")
    gml, href = "{http://www.opengis.net/gml}", "{http://www.w3.org/1999/xlink}href"
    by_id = {element.get(f"{gml}id"): element for element in root.iter() if element.get(f"{gml}id")}
    shell = next(element for element in root.iter() if local(element.tag) == "Room").find(f".//{gml}CompositeSurface")
    assert shell is not None
    total = 0.0
    for member in shell:
        link = next(element.get(href) for element in member.iter() if element.get(href))
        turned = any(element.get("orientation") == "-" for element in member.iter())
        assert link is not None
        part = by_id[link[1:]]
        for polygon in [part] if local(part.tag) == "Polygon" else part.iter(f"{gml}Polygon"):
            for side in polygon:
                text = next(side.iter(f"{gml}posList")).text
                points = np.array((text or "").split(), dtype=float).reshape(-1, 3) - [458868.0, 5438343.0, 112.0]
                # the signed volume of the cone from the origin over a plane ring
                fan = np.cross(points[1:-2], points[2:-1]) @ points[0]
                total += float(fan.sum()) / 6 * (-1 if turned else 1)
    assert volumes(city)[room] == pytest.approx(total, rel=1e-9)
    assert total > 0


@pytest.mark.parametrize("name", ["DenHaag_1BwBP", "dh_1"])
def test_buildings_of_den_haag(real_data: Path, cities: dict[str, City], name: str) -> None:
    city = cities[name]
    parts = city.objects.index[city.objects["type"] == "BuildingPart"]
    assert len(parts) == 6
    assert set(city.objects.loc[parts, "parent"]) == {city.buildings.index[0]}
    assert all(volumes(city)[part] > 5 for part in parts)
    assert object_use(city.surfaces, len(city.objects)).closed.all()
    assert set(city.objects.loc[parts, "geometry"]) == {"Solid"}
    assert short_name(city.crs) == "EPSG:28992"
    # three materials a part: walls, roofs, ground
    colour = city.surfaces.colour
    assert colour is not None
    roofs = np.unique(colour[city.surfaces.semantic == SEMANTICS["RoofSurface"]], axis=0)
    assert roofs.tolist() == [[128, 0, 0, 255]]
    assert np.unique(colour[city.surfaces.semantic == SEMANTICS["WallSurface"]], axis=0).tolist() == [[235, 235, 235, 255]]


def test_den_haag_is_the_same_in_cityjson(real_data: Path) -> None:
    """The city published the same model in both formats: the same ids, volumes and attributes."""
    path = real_data / "cityjson" / "DenHaag_01.city.json.zip"
    with zipfile.ZipFile(path) as archive:
        theirs = json.loads(archive.read(archive.namelist()[0]))["CityObjects"]
    other = volumes(read_city(path))
    source = real_data / "citygml" / "DenHaag_1BwBP.gml"
    ours = read_citygml(blob_of(source), ReadOptions()).objects
    assert ours is not None
    found = volumes(read_city(source))
    for key, parent, kind, attributes in zip(ours.ids, ours.parents, ours.types, ours.attributes, strict=True):
        assert theirs[key]["type"] == kind
        assert theirs[key].get("parents", [""]) == [parent]
        assert {name: value for name, value in attributes.items() if name != "name"} == theirs[key].get("attributes", {})
        assert found[key] == pytest.approx(other[key], rel=1e-3)
    assert len(ours.ids) == 7


@pytest.mark.parametrize(
    ("name", "height", "volume"), [("4018147", 17.3, 1163), ("4018193", 11.739, 1402), ("4018216", 15.464, 4142)]
)
def test_buildings_of_ingolstadt(cities: dict[str, City], name: str, height: float, volume: float) -> None:
    city = cities[f"ingolstadt_{name}"]
    row = city.buildings.iloc[0]
    assert row.measuredHeight == pytest.approx(height)
    assert row.height_m == pytest.approx(row.measuredHeight, abs=0.01)
    found = volumes(city)[city.buildings.index[0]]
    # a hull with frames and reveals: about footprint times height, less the roof
    assert found == pytest.approx(volume, rel=0.01)
    assert 0.5 < found / (row.geometry.area * row.height_m) < 1.1
    assert city.surfaces.colour is not None
    assert short_name(city.crs) == "EPSG:32632"


def test_a_japanese_building_stands_where_it_should(cities: dict[str, City]) -> None:
    """JGD2011 with latitude first: in Shinjuku, as high as it says, closed and not inside out."""
    from pyproj import Transformer

    city = cities["53394517_bldg_6697_2_op_CityGML2"]
    row = city.buildings.iloc[0]
    x, y = row.geometry.centroid.coords[0]
    longitude, latitude = Transformer.from_crs(city.crs, 4326, always_xy=True).transform(x, y)
    assert (longitude, latitude) == (pytest.approx(139.7178, abs=1e-3), pytest.approx(35.6788, abs=1e-3))
    assert row.height_m == pytest.approx(row.measuredHeight, abs=0.05)
    assert row.ground_m == pytest.approx(34.506, abs=1e-3)
    assert list(volumes(city).values()) == [pytest.approx(42_632, rel=1e-3)]
    assert object_use(city.surfaces, 1).closed.all()
    assert row.address == "東京都新宿区霞ヶ丘町, 日本"
    assert row["建物ID"].startswith("13104-bldg-53")


def test_a_japanese_building_in_the_plane_of_its_own_datum(real_data: Path, cities: dict[str, City]) -> None:
    """JGD2011 stays JGD2011: no change of datum on the map, heights as they are."""
    city = read_city(real_data / "citygml" / "53394517_bldg_6697_2_op_CityGML2.gml", crs="EPSG:6691+6695")
    assert city.crs.name == "JGD2011 / UTM zone 54N + JGD2011 (vertical) height"
    told = next(one.message for one in city.quality.findings if one.code == "crs")
    assert told == f"reprojected from EPSG:6697 to {city.crs.name}, without loss"
    other = cities["53394517_bldg_6697_2_op_CityGML2"]
    assert city.buildings.iloc[0].ground_m == other.buildings.iloc[0].ground_m
    np.testing.assert_allclose(city.buildings.total_bounds, other.buildings.total_bounds, atol=0.01)


def test_the_american_building_stands_in_washington(cities: dict[str, City]) -> None:
    city = cities["JeffersonBuilding_CityGML3.0_LOD1_with_xAL3_CommonTypes"]
    row = city.buildings.iloc[0]
    assert short_name(city.crs) == "EPSG:32618"
    assert (row.latitude, row.measuredHeight) == (38.888649, 9.31)
    assert row.height_m == pytest.approx(9.31)
    # the Library of Congress building covers a block of some hundred metres
    assert 8_000 < row.geometry.area < 20_000


def test_streets_of_melbourne(real_data: Path, cities: dict[str, City]) -> None:
    city = cities["citygml3_roads_roundabout"]
    functions = Counter(e.text for e in root_of(real_data, "citygml3_roads_roundabout").iter() if local(e.tag) == "function")
    spaces = city.roads[city.roads["function"].notna()]
    assert Counter(spaces["function"]) == functions
    assert (city.roads["surface"] == "footway").sum() == functions["2"]
    assert (city.roads["surface"] == "parking").sum() == functions["7"]
    assert spaces.geometry.area.min() > 0
    assert short_name(city.crs) == "EPSG:32755"


def test_a_garage_has_each_way_once(cities: dict[str, City]) -> None:
    city = cities["ParkingGarage_CityGML3.0_LOD2_with_CityObjectRelations_and_XLinks"]
    roads = city.roads[city.roads["citygml_type"] == "Section"].geometry.area
    assert roads["section7"] == 0
    assert (city.objects.loc[city.objects["parent"] == "section7", "lod"] == "2").all()
    assert city.objects.loc["trafficspace2", "parent"] == "section7"
    surface = city.surfaces.areas()[city.surfaces.owner == city.objects.index.get_loc("section11")].sum()
    assert surface == pytest.approx(260.25, abs=0.01)


def test_a_road_lies_on_its_bridge(cities: dict[str, City]) -> None:
    city = cities["Road_over_Bridge_CityGML3.0_LOD2_with_CityObjectRelations"]
    assert city.objects.loc["id_bridge1", ["type", "geometry"]].tolist() == ["Bridge", "MultiSurface"]
    # 393.7008 by 196.8504 by 51.1811
    assert volumes(city)["id_bridge1"] == pytest.approx(393.7008 * 196.8504 * 51.1811, rel=1e-6)
    assert city.bridges.loc["id_bridge1", "z_m"] == pytest.approx(51.1811)


def test_the_present_state_of_a_block_in_lyon(cities: dict[str, City]) -> None:
    city = cities["historicalSuccession_CityGML_3.0_LOD2_Versioning"]
    assert list(city.buildings["name"]) == ["Building B", "Building C"]
    assert list(city.buildings.index) == ["BU_69381AL49_2015-01-01", "BU_69381AL50_2015-01-01"]
    ended = [one.object_id for one in city.quality.findings if one.code == "ended"]
    assert ended == ["BU_69381AL47_2000-01-01", "BU_69381AL49_2000-01-01"]
    assert all(volumes(city)[key] > 100 for key in city.objects.index[city.objects["type"] == "BuildingPart"])


def test_time_series_are_named(cities: dict[str, City]) -> None:
    city = cities["Building_CityGML3.0_with_Dynamizer_and_inline_Timeseries"]
    assert city.quality.counts()["dynamizer"] == 1
    assert city.crs.name == "DHDN / 3-degree Gauss-Kruger zone 4 + DHHN92 height"
    assert city.buildings.iloc[0].address == "Am Hang 15, 85665 Moosach, Germany"
    assert next(iter(volumes(city).values())) > 0


def test_storeys_share_the_walls_of_their_rooms(cities: dict[str, City]) -> None:
    """Inner measures: 12.8 by 10.8 by 2.8 m, seen from inside."""
    found = volumes(cities["BuildingUnits_Storeys_xlink"])
    assert found["storey1"] == pytest.approx(-12.8 * 10.8 * 2.8)
    assert found["storey2"] == pytest.approx(-12.8 * 10.8 * 2.8)
    assert found["building_unit_example_1"] == pytest.approx(13 * 11 * (6.25 + 3.75 / 2))


def test_a_level_of_detail_that_is_not_there_is_told(real_data: Path) -> None:
    with pytest.raises(FormatError, match="the file has: 0, 1, 2"):
        read_city(real_data / "citygml" / "53394517_bldg_6697_2_op_CityGML2.gml", lod="3")
    low = read_city(real_data / "citygml" / "53394517_bldg_6697_2_op_CityGML2.gml", lod="1")
    assert next(iter(volumes(low).values())) > 40_000


@settings(max_examples=25)
@given(st.integers(0, 10**9))
def test_real_files_with_words_changed_give_an_answer(real_data: Path, tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    chance = random.Random(seed)
    names = ["v2_Building_LOD2-EPSG25832", "v2_Building_LOD3-EPSG25832", "BuildingUnits_Storeys_xlink", "DenHaag_1BwBP"]
    name = chance.choice(names)
    text = (real_data / "citygml" / f"{name}.gml").read_text(encoding="utf-8")
    words = sorted(set(re.findall(r"[\w.#:-]+", text)))
    for _ in range(chance.randint(1, 4)):
        old, new = chance.choice(words), chance.choice([*words, "0", "NaN"])
        text = re.sub(rf"(?<![\w.#:-]){re.escape(old)}(?![\w.#:-])", new.replace("\\", ""), text, count=chance.choice([0, 1, 2]))
    path = tmp_path_factory.mktemp("m") / "m.gml"
    path.write_text(text, encoding="utf-8")
    try:
        city = read_city(path)
    except TwinError as error:
        told = str(error)
    else:
        told = repr(city)
        assert np.isfinite(city.surfaces.vertices).all()
    assert told
