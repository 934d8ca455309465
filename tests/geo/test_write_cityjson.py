"""CityJSON that is written is valid, the same every time, and reads back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal

from twin.errors import OutputError
from twin.geo.city import City, read_city
from twin.geo.topology import signed_volumes
from twin.geo.writers import write
from twin.geo.writers.cityjson import cityjson_bytes, write_cityjson

Put = Callable[..., Path]


def geometries(document: dict[str, Any]) -> list[str]:
    return [g["type"] for item in document["CityObjects"].values() for g in item.get("geometry", [])]


def volumes(city: City) -> np.ndarray:
    return signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), len(city.objects))


def test_a_solid_stays_a_solid(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    house["CityObjects"]["house"]["children"] = ["porch"]
    flat = {"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2, 3]]]}
    house["CityObjects"]["porch"] = {"type": "BuildingInstallation", "parents": ["house"], "geometry": [flat]}
    city = read_city(put(house))
    path = write_cityjson(city, tmp_path / "out.city.json")
    written = json.loads(path.read_bytes())
    assert geometries(written) == ["Solid", "MultiSurface"]
    assert written["CityObjects"]["porch"]["parents"] == ["house"]
    assert written["CityObjects"]["house"]["children"] == ["porch"]
    assert written["CityObjects"]["house"]["attributes"]["name"] == "Huis"
    assert written["metadata"]["referenceSystem"] == "https://www.opengis.net/def/crs/EPSG/0/7415"
    again = read_city(path)
    assert_allclose(volumes(again), volumes(city))
    assert again.objects.equals(city.objects)
    assert again.buildings.columns.tolist() == city.buildings.columns.tolist()
    assert_array_equal(again.surfaces.semantic, city.surfaces.semantic)
    assert cityjson_bytes(again) == path.read_bytes()


def test_cavities_and_separate_pieces(house: dict[str, Any], put: Put) -> None:
    faces = house["CityObjects"]["house"]["geometry"][0]["boundaries"][0]
    house["vertices"] += [[x // 2 + 2500, y // 2 + 2500, z // 2 + 2500] for x, y, z in house["vertices"]]
    inner = [[[index + 8 for index in reversed(ring)] for ring in face] for face in faces]
    house["CityObjects"]["house"]["geometry"] = [{"type": "Solid", "lod": "2", "boundaries": [faces, inner]}]
    hollow = read_city(put(house))
    written = json.loads(cityjson_bytes(hollow))["CityObjects"]["house"]["geometry"][0]
    assert written["type"] == "Solid"
    assert [len(shell) for shell in written["boundaries"]] == [6, 6]
    house["vertices"][8:] = [[x + 20000, y, z] for x, y, z in house["vertices"][:8]]
    outer = [[[index + 8 for index in ring] for ring in face] for face in faces]
    house["CityObjects"]["house"]["geometry"] = [{"type": "MultiSolid", "lod": "2", "boundaries": [[faces], [outer]]}]
    two = read_city(put(house))
    assert geometries(json.loads(cityjson_bytes(two))) == ["MultiSolid"]
    assert_allclose(volumes(two), [2000.0])


def test_slivers_do_not_survive_rounding(house: dict[str, Any], put: Put) -> None:
    house["transform"]["scale"] = [1e-5] * 3
    house["vertices"] = [[x * 100, y * 100, z * 100] for x, y, z in house["vertices"]] + [[500000, 10, 0]]
    geometry = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 8]], [[0, 1, 2]]]}
    house["CityObjects"]["house"]["geometry"] = [geometry]
    city = read_city(put(house))
    assert len(city.surfaces) == 2
    written = json.loads(cityjson_bytes(city))
    assert len(written["CityObjects"]["house"]["geometry"][0]["boundaries"]) == 1
    assert len(written["vertices"]) == 3


def test_lod_and_type_that_cityjson_does_not_know(house: dict[str, Any], put: Put) -> None:
    city = read_city(put(house))
    city = City(city.crs, city.origin, surfaces=city.surfaces, objects=city.objects.assign(type="Cellar", lod=""))
    written = json.loads(cityjson_bytes(city))["CityObjects"]["house"]
    assert written["type"] == "GenericCityObject"
    assert written["geometry"][0]["lod"] == "1"


def test_rows_without_triangles_are_written_too(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    city = read_city(put(house))

    def frame(object_id: str, shape: Any, **columns: Any) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(columns, geometry=[shape], index=pd.Index([object_id], dtype="str"), crs=city.crs)

    ring = shapely.box(136000, 455000, 136020, 455020).difference(shapely.box(136005, 455005, 136010, 455010))
    city = city.with_layer("trees", frame("tree", shapely.Point(136003, 455004), z_m=[2.5], height_m=[8.0]))
    city = city.with_layer("roads", frame("road", ring, level=["street"], z_m=[1.25]))
    city = city.with_layer("pits", frame("pit", shapely.box(136000, 455000, 136001, 455001), status=["planned"]))
    city = city.with_layer("utilities", frame("pipe", shapely.LineString([(136000, 455000), (136009, 455000)]), dn=[300]))
    path = write(city, tmp_path / "out.city.json")
    again = read_city(path)
    assert again.quality.counts() == {}
    assert json.loads(path.read_bytes())["CityObjects"]["pipe"]["geometry"][0]["type"] == "MultiLineString"
    assert again.trees.geometry.iloc[0].coords[0] == (136003.0, 455004.0)
    assert again.trees.z_m.tolist() == [2.5]
    assert again.trees.height_m.tolist() == [8.0]
    assert_allclose(again.roads.area, [400 - 25])
    assert again.roads.z_m.tolist() == [1.25]
    assert again.utilities.dn.tolist() == [300]
    assert again.pits.status.tolist() == ["planned"]
    assert cityjson_bytes(city) == path.read_bytes()
    assert write(city, tmp_path / "folder").is_dir()
    with pytest.raises(OutputError, match=r"no writer knows the suffix '.dwg'"):
        write(city, tmp_path / "out.dwg")


def test_each_object_states_its_extent(house: dict[str, Any], put: Put) -> None:
    objects, geometry = house["CityObjects"], house["CityObjects"]["house"]["geometry"]
    house["vertices"] += [[x + 20000, y, z - 3000] for x, y, z in house["vertices"]] + [[50000, 0, 7000]]
    moved = json.loads(json.dumps(geometry).replace("boundaries", "taken"))
    moved[0]["boundaries"] = [[[[number + 8 for number in ring] for ring in face] for face in moved[0].pop("taken")[0]]]
    objects["annex"] = {"type": "BuildingPart", "geometry": moved, "parents": ["house"]}
    objects["house"]["children"] = ["annex"]
    objects["hall"] = {"type": "Building", "children": ["room"]}
    objects["room"] = {"type": "BuildingRoom", "geometry": moved, "parents": ["hall"]}
    objects["lamp"] = {"type": "CityFurniture", "geometry": [{"type": "MultiPoint", "lod": "1", "boundaries": [16]}]}
    objects["town"] = {"type": "CityObjectGroup", "children": ["house", "lamp"]}
    objects["plan"] = {"type": "Building"}
    written = json.loads(cityjson_bytes(read_city(put(house))))["CityObjects"]
    one, other = [136020, 455000, -1.5, 136030, 455010, 8.5], [136000, 455000, 1.5, 136010, 455010, 11.5]
    assert {name: content.get("geographicalExtent") for name, content in written.items()} == {
        "house": [*other[:2], -1.5, 136030, *other[4:]],
        "annex": one,
        "hall": one,
        "room": one,
        "lamp": [136050, 455000, 8.5] * 2,
        "town": None,
        "plan": None,
    }


def test_parts_of_each_other_have_the_extent_of_their_own(house: dict[str, Any], put: Put) -> None:
    """A city that was put together may have circles and long chains of parts."""
    city = read_city(put(house))
    names = [f"p{number}" for number in range(3000)]
    rows = pd.DataFrame(
        {"type": "BuildingPart", "layer": "buildings", "parent": [*names[1:], "house"], "lod": "", "geometry": ""}, index=names
    )
    objects = pd.concat([city.objects, rows.astype("str")])
    objects.index.name = "id"
    written = json.loads(cityjson_bytes(replace(city, objects=objects)))["CityObjects"]
    assert [one for one in written.values() if "geographicalExtent" in one] == [written["house"]]
    objects.loc["house", "parent"] = "p7"
    written = json.loads(cityjson_bytes(replace(city, objects=objects)))["CityObjects"]
    assert [one for one in written.values() if "geographicalExtent" in one] == [written["house"]]


def test_folder_that_is_not_there(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        write_cityjson(read_city(put(house)), tmp_path / "nowhere" / "out.city.json")


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name",
    [
        "cityjson/hollow_solid.city.json",
        "cityjson/msol.json",
        "cityjson/delft_subset.city.jsonl",
        "cityjson/delft.json",
        "cityjson/geom_temp.city.jsonl",
        "cityjson/hierarchy.city.json",
        "cityjson/DH_01_subs.city.json",
        "cityjson_conformance/cityobject_all_types.city.json",
        "cityjson_conformance/cityjson_fake_complete.city.json",
    ],
)
def test_written_files_are_valid(real_data: Path, name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((real_data / "cityjson" / "cityjson.min.schema.json").read_bytes())
    city = read_city(real_data / name)
    written = json.loads(cityjson_bytes(city))
    # The whole delft.json takes the validator a minute; each kind of object once will do.
    if len(written["CityObjects"]) > 100:
        kinds = {item["type"]: key for key, item in reversed(written["CityObjects"].items())}
        written["CityObjects"] = {key: written["CityObjects"][key] for key in kinds.values()}
    found = [error.message[:300] for error in jsonschema.Draft7Validator(schema).iter_errors(written)]
    assert found == []


@pytest.mark.parametrize(
    "ring",
    [
        [(0, 0), (10, 0), (10.0002, 0), (10, 10), (0, 10)],
        [(0, 0), (10, 0), (10, 10), (5, 10), (5, 15), (5.0002, 10), (0, 10)],
        [(0, 0), (10, 0), (10, 10), (10.0002, 20), (10.0004, 10), (0, 10)],
        [(0, 0), (10, 0), (10, 5), (20, 5), (10, 5.0004), (10, 10), (0, 10)],
        [(0, 0), (5, 0), (5, 5), (5.0003, 0), (10, 0), (10, 10), (0, 10)],
    ],
)
@pytest.mark.parametrize("name", ["x.city.json", "x.city.jsonl", "folder"])
def test_what_is_thinner_than_a_millimetre_does_no_harm(put: Callable[..., Path], tmp_path: Path, ring: Any, name: str) -> None:
    geometry = {"type": "MultiSurface", "lod": "2", "boundaries": [[list(range(len(ring)))]]}
    document = {
        "type": "CityJSON", "version": "2.0", "transform": {"scale": [1e-6] * 3, "translate": [136_000, 455_000, 0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"},
        "CityObjects": {"road": {"type": "Road", "geometry": [geometry]}},
        "vertices": [[round(x * 1e6), round(y * 1e6), 0] for x, y in ring],
    }  # fmt: skip
    city = read_city(put(document))
    write(city, tmp_path / name)
    again = read_city(tmp_path / name)
    assert again.surfaces.areas().sum() == pytest.approx(city.surfaces.areas().sum(), abs=0.05)
