"""A city written as CityJSON comes back as it was, whatever format it came from: our own columns are no one else's."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import jsonschema
import numpy as np
import pandas as pd
import pytest
import shapely

import twin
from tests.geo.conftest import CUBE_FACES
from twin.errors import FormatError
from twin.geo.city import City, read_city
from twin.geo.readers.object_types import ABOUT
from twin.geo.writers import write

Put = Callable[..., Path]
SUFFIXES = (".city.json", ".city.jsonl")
REAL = (
    "osm/West-Oakland.osm.bz2", "raster/goteborg/buildings.shp", "gtfs/cairns_gtfs.zip", "subsurface/cpt.gef",
    "citygml/53394517_bldg_6697_2_op_CityGML2.gml", "cityjson/montreal_noise.json", "cityjson/delft.json",
    "footprints/bubenec.gpkg", "footprints/PropertyMap.shp",
)  # fmt: skip


def differences(one: City, other: City) -> list[str]:
    """What two cities have differently, row by row and column by column."""
    found = [] if one.crs == other.crs else ["crs"]
    if set(one.objects.index) != set(other.objects.index) or len(one.surfaces) != len(other.surfaces):
        found.append("objects")
    for name, mine in one.layers.items():
        theirs = other.layers[name]
        if set(mine.index) != set(theirs.index):
            found.append(f"{name}: {sorted(set(mine.index) ^ set(theirs.index))[:3]}")
            continue
        theirs = theirs.reindex(mine.index)
        for column in mine.columns:
            if column == "geometry":
                here, there = (shapely.force_2d(np.asarray(frame.geometry.array, dtype=object)) for frame in (mine, theirs))
                filled = ~(shapely.is_empty(here) | shapely.is_missing(here))
                apart = shapely.hausdorff_distance(here[filled], there[filled])
                area = shapely.area(shapely.symmetric_difference(here[filled], there[filled]))
                # an outline is made again from its faces, which have the same edges to a few millimetres
                apart = np.where(shapely.area(here[filled]) > 0, area / shapely.length(here[filled]).clip(0.1), apart)
                if (apart > 0.003).any() or (shapely.has_z(mine.geometry.array) != shapely.has_z(theirs.geometry.array)).any():
                    found.append(f"{name}.geometry: {np.nanmax(apart)}")
            elif column not in theirs:
                if mine[column].notna().any():
                    found.append(f"{name}.{column} is gone")
            elif not same(mine[column], theirs[column]):
                found.append(f"{name}.{column}")
    return found


def same(one: pd.Series[Any], other: pd.Series[Any]) -> bool:
    both = one.isna() & other.isna()
    if pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(other):
        return bool((both | ((one.astype(float) - other.astype(float)).abs() < 0.002)).all())
    if pd.api.types.is_datetime64_any_dtype(other):
        return bool((pd.to_datetime(one).dt.tz_localize(None) == other.dt.tz_localize(None))[~both].all())
    return bool((both | (one.astype(str) == other.astype(str))).all())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_sample_comes_back(sample: City, tmp_path: Path, suffix: str) -> None:
    write(sample, tmp_path / f"x{suffix}")
    again = read_city(tmp_path / f"x{suffix}")
    assert differences(sample, again) == []
    assert sorted(again.roads["level"].unique()) == sorted(sample.roads["level"].unique())


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", REAL)
def test_real_files_come_back(real_data: Path, tmp_path: Path, name: str, suffix: str) -> None:
    city = read_city(real_data / name)
    write(city, tmp_path / f"x{suffix}")
    assert differences(city, read_city(tmp_path / f"x{suffix}")) == []


def test_unknown_stays_unknown(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    city = read_city(put(house))
    box = shapely.box(136_100, 455_000, 136_110, 455_010)
    columns = {"height_m": [np.nan], "ground_m": [np.nan], "roof_m": [np.nan], "height_source": ["unknown"], "type": ["Building"]}
    bare = gpd.GeoDataFrame({**columns, "geometry": [box]}, index=pd.Index(["bare"], name="id"), crs=city.crs)
    city = city.with_layer("buildings", gpd.GeoDataFrame(pd.concat([city.buildings, bare]), crs=city.crs))
    write(city, tmp_path / "x.city.json")
    again = read_city(tmp_path / "x.city.json")
    assert np.isnan(again.buildings.loc["bare", "ground_m"])
    assert np.isnan(again.buildings.loc["bare", "height_m"])
    assert again.buildings.loc["bare", "height_source"] == "unknown"
    assert again.buildings["height_m"].dtype == np.float64
    assert again.objects.index.tolist() == ["house"]
    assert again.buildings.loc["bare"].geometry.equals(box)


def test_a_geometry_that_was_changed_since_counts(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    """Somebody makes the house higher in another program, which keeps our metadata and attributes."""
    write(read_city(put(house)), tmp_path / "x.city.json")
    document = json.loads((tmp_path / "x.city.json").read_text())
    assert ABOUT in document["metadata"]
    top = max(z for _, _, z in document["vertices"])
    document["vertices"] = [[x, y, z + 5000 if z == top else z] for x, y, z in document["vertices"]]
    changed = read_city(put(document, "changed.city.json"))
    assert changed.buildings.loc["house", "height_m"] == pytest.approx(15.0)
    assert changed.buildings.loc["house", "roof_m"] == pytest.approx(16.5)


@pytest.mark.parametrize("stated", [1, "x", [], {"version": 9}, {"crs": "nonsense"}, {"crs": 5}, {"crs": "PROJCRS["}])
def test_odd_words_about_ourselves_do_no_harm(house: dict[str, Any], put: Put, stated: Any) -> None:
    house["metadata"][ABOUT] = stated
    house["CityObjects"]["house"]["attributes"] |= {"stadstwin_row": 5, "stadstwin_own": "no", "level": {"a": 1}, "ground_m": "low"}
    city = read_city(put(house))
    assert city.objects.index.tolist() == ["house"]
    assert city.buildings.loc["house", "height_m"] == pytest.approx(10.0)


def test_columns_of_others_are_not_ours(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"]["house"] |= {"type": "Road"}
    house["CityObjects"]["house"]["geometry"][0] |= {"type": "MultiSurface", "boundaries": [[[0, 1, 2, 3]]], "semantics": None}
    house["CityObjects"]["house"]["attributes"] = {"level": "top", "surface": "mud"}
    city = read_city(put(house))
    assert city.roads.loc["house", ["level", "surface"]].tolist() == ["street", "street"]
    assert city.roads.loc["house", ["level_attribute", "surface_attribute"]].tolist() == ["top", "mud"]


def test_objects_among_attributes_stay_objects(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    kept = {"noise": {"value": 43.1, "uom": "dB"}, "list": [1, [2, "x"]], "text": "[not json", "odd": '{"b":1,"a":2}'}
    house["CityObjects"]["house"]["attributes"] = kept
    write(read_city(put(house)), tmp_path / "x.city.json")
    written = json.loads((tmp_path / "x.city.json").read_text())["CityObjects"]["house"]["attributes"]
    assert {name: written[name] for name in kept} == kept


def test_a_system_of_heights_without_a_code_comes_back(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    from pyproj import CRS

    city = read_city(put(house))
    crs = CRS.from_user_input("EPSG:6691+6695")
    frames = {name: frame.set_crs(crs, allow_override=True) for name, frame in city.layers.items()}
    moved = replace(city, crs=crs, layers=frames)
    write(moved, tmp_path / "x.city.json")
    assert read_city(tmp_path / "x.city.json").crs == crs


def test_rows_with_one_id_twice_are_told(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    city = read_city(put(house))
    tree = gpd.GeoDataFrame(
        {"height_m": [5.0, 6.0], "geometry": [shapely.Point(136_000, 455_000), shapely.Point(136_001, 455_000)]},
        index=pd.Index(["a", "b"], name="id"), crs=city.crs,
    )  # fmt: skip
    write(city.with_layer("trees", tree), tmp_path / "x.city.json")
    document = json.loads((tmp_path / "x.city.json").read_text())
    document["CityObjects"]["b"]["attributes"]["stadstwin_row"] = "a"
    again = read_city(put(document, "y.city.json"))
    assert again.trees.index.tolist() == ["a"]
    assert again.quality.counts()["duplicate-id"] == 1


def test_a_file_of_rows_only(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    city = read_city(put(house)).without(["house"])
    tree = gpd.GeoDataFrame({"geometry": [shapely.Point(136_000, 455_000, 7.0)]}, index=pd.Index(["t"], name="id"), crs=city.crs)
    write(city.with_layer("trees", tree), tmp_path / "x.city.json")
    again = read_city(tmp_path / "x.city.json")
    assert len(again.objects) == 0
    assert again.trees.geometry["t"].z == 7.0
    with pytest.raises(FormatError):
        read_city(tmp_path / "x.city.json", lod="9")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_attributes_of_the_source_with_our_names_are_kept(house: dict[str, Any], put: Put, tmp_path: Path, suffix: str) -> None:
    stated = {"type": "villa", "id": "17", "height_m": 8.5, "ground_m": 1.0, "roof_m": 3, "height_source": "guess"}
    house["CityObjects"]["house"]["attributes"] = stated
    of_tree = {"height_m": "tall", "z_m": -1.0, "kind": "oak", "level": 2}
    house["CityObjects"]["tree"] = {"type": "SolitaryVegetationObject", "attributes": of_tree}
    house["CityObjects"]["tree"]["geometry"] = [{"type": "MultiSurface", "lod": "1", "boundaries": CUBE_FACES}]
    city = read_city(put(house))
    write(city, tmp_path / f"x{suffix}")
    again = read_city(tmp_path / f"x{suffix}")
    for frame, other in ((city.buildings, again.buildings), (city.trees, again.trees)):
        assert sorted(other.columns) == sorted(frame.columns)
        for column in frame.columns.drop("geometry"):
            assert same(frame[column], other[column]), column
    assert again.buildings.loc["house", "height_m"] == pytest.approx(10.0)
    assert again.buildings.loc["house", "height_m_attribute"] == 8.5
    write(again, tmp_path / f"y{suffix}")
    assert differences(again, read_city(tmp_path / f"y{suffix}")) == []


def test_texts_that_look_like_lists_stay_texts(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    kept = {"val3dity": "[]", "pair": "[1, 2]", "object": '{"a": 1}'}
    house["CityObjects"]["house"]["attributes"] = kept
    geometry = house["CityObjects"]["house"]["geometry"][0]
    geometry["semantics"]["surfaces"][1] |= {"codes": [1, 2], "text": "[1]"}
    write(read_city(put(house)), tmp_path / "x.city.json")
    written = json.loads((tmp_path / "x.city.json").read_text())["CityObjects"]["house"]
    assert {name: written["attributes"][name] for name in kept} == kept
    (roof,) = [one for one in written["geometry"][0]["semantics"]["surfaces"] if one["type"] == "RoofSurface"]
    assert (roof["codes"], roof["text"]) == ([1, 2], "[1]")


def test_members_point_to_their_group(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    house["CityObjects"]["group"] = {"type": "CityObjectGroup", "children": ["house"]}
    house["CityObjects"]["house"]["parents"] = ["group"]
    city = read_city(put(house))
    write(city, tmp_path / "x.city.json")
    written = json.loads((tmp_path / "x.city.json").read_text())["CityObjects"]
    assert written["house"]["parents"] == ["group"]
    assert written["group"]["children"] == ["house"]
    write(city, tmp_path / "x.city.jsonl")
    assert set(read_city(tmp_path / "x.city.jsonl").objects.index) == {"house", "group"}


def test_two_geometries_of_one_level_are_no_solid(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    geometry = house["CityObjects"]["house"]["geometry"]
    geometry.append({"type": "MultiSurface", "lod": "2.2", "boundaries": [[[0, 1, 2, 3]]]})
    write(read_city(put(house)), tmp_path / "x.city.json")
    (written,) = json.loads((tmp_path / "x.city.json").read_text())["CityObjects"]["house"]["geometry"]
    assert (written["type"], len(written["boundaries"])) == ("MultiSurface", 7)


@pytest.mark.parametrize(("kind", "boundaries"), [("MultiPoint", [0, 1]), ("MultiLineString", [[0, 1], [2, 3]])])
def test_points_and_lines_keep_their_level(house: dict[str, Any], put: Put, tmp_path: Path, kind: str, boundaries: Any) -> None:
    house["CityObjects"]["house"]["geometry"] = [{"type": kind, "lod": "2", "boundaries": boundaries}]
    write(read_city(put(house)), tmp_path / "x.city.json")
    (written,) = json.loads((tmp_path / "x.city.json").read_text())["CityObjects"]["house"]["geometry"]
    assert (written["type"], written["lod"]) == (kind, "2")


def test_an_address_is_an_address_again(house: dict[str, Any], put: Put, tmp_path: Path, real_data: Path) -> None:
    import jsonschema

    place = {"type": "MultiPoint", "lod": "0", "boundaries": [0]}
    house["CityObjects"]["house"]["address"] = [{"City": "Utrecht", "number": 7, "location": place}, {"City": "Elsewhere"}]
    city = read_city(put(house))
    write(city, tmp_path / "x.city.json")
    document = json.loads((tmp_path / "x.city.json").read_text())
    jsonschema.validate(document, json.loads((real_data / "cityjson" / "cityjson.min.schema.json").read_text()))
    written = document["CityObjects"]["house"]
    assert [one["City"] for one in written["address"]] == ["Utrecht", "Elsewhere"]
    point = document["vertices"][written["address"][0]["location"]["boundaries"][0]]
    assert [p * 0.001 + t for p, t in zip(point, document["transform"]["translate"], strict=True)] == [136_000.0, 455_000.0, 1.5]
    assert "address" not in written["attributes"]
    assert read_city(tmp_path / "x.city.json").buildings["address"].tolist() == city.buildings["address"].tolist()
    write(city, tmp_path / "x.city.jsonl")
    assert read_city(tmp_path / "x.city.jsonl").buildings["address"].tolist() == city.buildings["address"].tolist()


def test_declared_extensions_are_kept(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    house["extensions"] = {"Noise": {"url": "https://x.org/noise.ext.json", "version": "1.0"}, "odd": {"url": 5}}
    write(read_city(put(house)), tmp_path / "x.city.json")
    written = json.loads((tmp_path / "x.city.json").read_text())
    assert written["extensions"] == {"Noise": {"url": "https://x.org/noise.ext.json", "version": "1.0"}}


@pytest.mark.parametrize(
    ("kind", "boundaries", "wkt"),
    [
        ("MultiPoint", [0], "POINT (136010 455000)"),
        ("MultiPoint", [0, 1], "MULTIPOINT (136010 455000, 136011 455000)"),
        ("MultiLineString", [[0, 1, 2]], "LINESTRING (136010 455000, 136011 455000, 136010 455001)"),
    ],
)
def test_templates_of_points_and_lines(house: dict[str, Any], put: Put, kind: str, boundaries: Any, wkt: str) -> None:
    template = {"type": kind, "lod": "1", "boundaries": boundaries}
    house["geometry-templates"] = {"templates": [template], "vertices-templates": [[0, 0, 0], [1, 0, 0], [0, 1, 0]]}
    instance = {"type": "GeometryInstance", "template": 0, "boundaries": [1]}
    house["CityObjects"]["lamp"] = {"type": "GenericCityObject", "geometry": [instance]}
    city = read_city(put(house))
    assert shapely.force_2d(city.other.geometry["lamp"]).equals(shapely.from_wkt(wkt))
    assert [one for one in city.quality.findings if one.severity == "error"] == []
    house["geometry-templates"]["templates"][0]["boundaries"] = [9] if kind == "MultiPoint" else [[9, 1]]
    assert "templates" in read_city(put(house)).quality.counts()


def extended(house: dict[str, Any]) -> dict[str, Any]:
    """The house and an object of an extension, with members beside their attributes."""
    house["extensions"] = {"X": {"url": "https://x.org/x.ext.json", "version": "1.0"}}
    house["+X"] = {"root": 5}
    house["CityObjects"]["house"] |= {"+number": 7, "+ground_m": 1.5, "height_m": 3}
    house["CityObjects"]["house"]["attributes"] |= {"+inside": {"uom": "dB", "value": 9}}
    house["CityObjects"]["foo"] = {
        "type": "+Foo", "+bar": {"v": [1, 2]}, "plain": "text", "attributes": {"+baz": 3, "+number": 8}, "+list": ["a"],
    }  # fmt: skip
    house["CityObjects"]["part"] = {"type": "BuildingPart", "parents": ["house"], "+number": 9, "attributes": {"+number": 10}}
    return house


@pytest.mark.parametrize("name", ["out.city.json", "out.city.jsonl", "folder"])
def test_members_of_objects_stay_beside_their_attributes(house: dict[str, Any], put: Put, tmp_path: Path, name: str) -> None:
    city = read_city(put(extended(house)))
    assert city.buildings.loc["house", "+number_member"] == 7
    twin.write_city(city, tmp_path / name)
    again = read_city(tmp_path / name)
    path = tmp_path / "again.city.json"
    twin.write_city(again, path)
    written = json.loads(path.read_text())
    for object_id, stated in extended(house)["CityObjects"].items():
        one = written["CityObjects"][object_id]
        # a city folder keeps what is nested as text
        flat = {key for key in stated if name != "folder" or not isinstance(stated[key], dict | list)}
        beside = {key: stated[key] for key in flat - {"type", "geometry", "attributes", "parents"}}
        assert {key: one.get(key) for key in beside} == beside
        inside = {key: value for key, value in stated["attributes"].items() if name != "folder" or not isinstance(value, dict)}
        assert {key: one["attributes"].get(key) for key in inside} == inside
        assert not {"+bar", "+list", "plain", "+number_member"} & one["attributes"].keys()
    assert written["+X"] == {"root": 5}


def test_members_of_objects_of_two_files_are_known(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    first = put(extended(house), "a.city.json")
    house["CityObjects"] = {"other": {**house["CityObjects"]["house"], "+more": True}}
    city = read_city([first, put(house, "b.city.json")])
    path = tmp_path / "both.city.json"
    twin.write_city(city, path)
    written = json.loads(path.read_text())["CityObjects"]
    assert written["other"]["+more"] is True
    assert written["foo"]["+bar"] == {"v": [1, 2]}


def test_members_of_objects_agree_with_the_schema(house: dict[str, Any], put: Put, tmp_path: Path, real_data: Path) -> None:
    schema = json.loads((real_data / "cityjson" / "cityjson.min.schema.json").read_text())
    path = tmp_path / "out.city.json"
    twin.write_city(read_city(put(extended(house))), path)
    jsonschema.validate(json.loads(path.read_text()), schema)
