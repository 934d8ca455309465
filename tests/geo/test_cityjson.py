"""CityJSON 1.0, 1.1, 2.0 and sequences: what is read from a document."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from twin.errors import CRSError, FormatError
from twin.geo.city import City, read_city, stream_city
from twin.geo.mesh import SEMANTICS
from twin.geo.topology import object_use, signed_volumes

Put = Callable[..., Path]


def volumes(city: City) -> np.ndarray:
    return signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), len(city.objects))


def codes(city: City) -> set[str]:
    return set(city.quality.counts())


def geometry_of(document: dict[str, Any]) -> dict[str, Any]:
    geometry: dict[str, Any] = document["CityObjects"]["house"]["geometry"][0]
    return geometry


def test_a_cube(house: dict[str, Any], put: Put) -> None:
    city = read_city(put(house))
    assert city.crs.to_epsg() == 7415
    assert city.name == "one house"
    assert len(city.surfaces) == 12
    assert_allclose(volumes(city), [1000.0])
    assert object_use(city.surfaces, 1).closed.all()
    assert_array_equal(np.unique(city.surfaces.semantic), sorted(SEMANTICS[f"{k}Surface"] for k in ("Ground", "Wall", "Roof")))
    normals = city.surfaces.normals()
    assert_allclose(normals[city.surfaces.semantic == SEMANTICS["RoofSurface"]], [[0, 0, 1]] * 2)
    row = city.buildings.loc["house"]
    assert_allclose([row.ground_m, row.roof_m, row.height_m], [1.5, 11.5, 10.0])
    assert row.height_source == "geometry"
    assert_allclose(row.geometry.area, 100.0)
    assert_allclose(row.geometry.bounds, (136000, 455000, 136010, 455010))
    assert row.storeys == 3
    assert city.buildings["storeys"].dtype == "int64"
    assert city.objects.loc["house"].tolist() == ["Building", "buildings", "", "2.2", "Solid"]
    assert len(city.quality) == 0
    assert city.sources[0].format == "CityJSON 2.0"
    assert len(city.sources[0].sha256) == 64


def test_versions_spell_things_differently(house: dict[str, Any], put: Put) -> None:
    newest = read_city(put(house))
    house["version"] = "1.0"
    house["metadata"] = {"referenceSystem": "urn:ogc:def:crs:EPSG::7415"}
    geometry_of(house)["lod"] = 2.2
    oldest = read_city(put(house))
    assert_array_equal(oldest.surfaces.vertices, newest.surfaces.vertices)
    assert oldest.objects.lod.tolist() == ["2.2"]
    assert oldest.crs == newest.crs
    house["metadata"] = {"crs": {"epsg": 7415}}
    del house["transform"]
    house["vertices"] = [[x / 1000 + 136000, y / 1000 + 455000, z / 1000 + 1.5] for x, y, z in house["vertices"]]
    plain = read_city(put(house))
    assert_allclose(plain.surfaces.vertices, newest.surfaces.vertices, atol=1e-9)


@pytest.mark.parametrize("header", [True, False])
def test_a_sequence_of_features(house: dict[str, Any], put: Put, header: bool) -> None:
    first = {key: house[key] for key in ("type", "version", "transform", "metadata")}
    lines = [json.dumps({**first, "CityObjects": {}, "vertices": []})] if header else []
    for name in ("a", "b"):
        feature = {"type": "CityJSONFeature", "id": name, "CityObjects": {name: house["CityObjects"]["house"]}}
        lines.append(json.dumps({**feature, "vertices": [[x, y + 20000 * (name == "b"), z] for x, y, z in house["vertices"]]}))
    city = read_city(put("\n".join(lines) + "\n", "two.city.jsonl"))
    assert city.buildings.index.tolist() == ["a", "b"]
    assert len(city.surfaces) == 24
    if header:
        assert_allclose(volumes(city), [1000.0, 1000.0])
        assert not codes(city)
    else:
        assert {"no-header", "no-crs"} <= codes(city)


@pytest.mark.parametrize(
    ("kind", "wrap"),
    [
        ("MultiSurface", lambda faces: faces),
        ("CompositeSurface", lambda faces: faces),
        ("Solid", lambda faces: [faces]),
        ("MultiSolid", lambda faces: [[faces]]),
        ("CompositeSolid", lambda faces: [[faces]]),
    ],
)
def test_kinds_of_geometry(house: dict[str, Any], put: Put, kind: str, wrap: Callable[[Any], Any]) -> None:
    geometry = geometry_of(house)
    faces = geometry["boundaries"][0]
    geometry |= {"type": kind, "boundaries": wrap(faces)}
    geometry["semantics"]["values"] = wrap([0, 1, 2, 2, 2, 2])
    city = read_city(put(house))
    assert_allclose(volumes(city), [1000.0])
    assert np.bincount(city.surfaces.semantic).tolist() == [0, 2, 8, 2]


def test_inner_shell_is_a_cavity(house: dict[str, Any], put: Put) -> None:
    inner = [[x // 2 + 2500, y // 2 + 2500, z // 2 + 2500] for x, y, z in house["vertices"]]
    house["vertices"] += inner
    geometry = geometry_of(house)
    shell = [[[index + 8 for index in reversed(ring)] for ring in face] for face in geometry["boundaries"][0]]
    geometry["boundaries"].append(shell)
    geometry["semantics"]["values"].append(None)
    city = read_city(put(house))
    assert_allclose(volumes(city), [1000.0 - 125.0])
    assert (city.surfaces.semantic == 0).sum() == 12


def test_a_face_with_a_hole(house: dict[str, Any], put: Put) -> None:
    house["vertices"] += [[2000, 2000, 10000], [2000, 8000, 10000], [8000, 8000, 10000], [8000, 2000, 10000]]
    geometry_of(house)["boundaries"][0][1].append([8, 9, 10, 11])
    city = read_city(put(house))
    roof = city.surfaces.semantic == SEMANTICS["RoofSurface"]
    assert_allclose(city.surfaces.areas()[roof].sum(), 100 - 36)


def test_highest_lod_by_default_and_any_by_name(house: dict[str, Any], put: Put) -> None:
    low = {"type": "MultiSurface", "lod": "0", "boundaries": [[[0, 1, 2, 3]]]}
    house["CityObjects"]["house"]["geometry"].insert(0, low)
    path = put(house)
    assert read_city(path).objects.lod.tolist() == ["2.2"]
    ground = read_city(path, lod="0")
    assert ground.objects.lod.tolist() == ["0"]
    assert len(ground.surfaces) == 2
    assert ground.buildings.height_source.tolist() == ["attribute:measuredHeight"]
    assert ground.buildings.height_m.tolist() == [9.0]
    with pytest.raises(FormatError, match=r"nothing in lod '1.3'; the file has: 0, 2.2"):
        read_city(path, lod="1.3")
    for wrong in (True, float("nan"), [2]):
        with pytest.raises(FormatError, match="lod is text"):
            read_city(path, lod=wrong)


def test_a_level_of_detail_may_be_a_number(house: dict[str, Any], put: Put) -> None:
    low = {"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2, 3]]]}
    house["CityObjects"]["house"]["geometry"].insert(0, low)
    path = put(house)
    for level, spelled in ((2, "2"), (2.0, "2"), (np.int64(2), "2"), (2.2, "2.2"), (np.float32(2.2), "2.2")):
        assert read_city(path, lod=level).objects.lod.tolist() == [spelled]
        assert next(iter(stream_city(path, lod=level))).objects.lod.tolist() == [spelled]


def test_parts_belong_to_their_building(house: dict[str, Any], put: Put) -> None:
    part = house["CityObjects"].pop("house")
    house["CityObjects"] = {
        "whole": {"type": "Building", "children": ["part", "gone"], "attributes": {"year": 1650}},
        "part": {**part, "type": "BuildingPart", "parents": ["whole"]},
        "lost": {"type": "BuildingPart", "parents": ["nobody"]},
    }
    city = read_city(put(house))
    assert city.buildings.index.tolist() == ["whole", "lost"]
    assert city.objects.parent.tolist() == ["", "whole", ""]
    assert_allclose(city.buildings.loc["whole"].geometry.area, 100.0)
    assert city.buildings.loc["lost"].geometry.is_empty
    assert {"child", "parent"} == codes(city)
    assert len(city.without(["whole"]).objects) == 1


def test_circle_of_parents_ends(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"] = {
        "a": {"type": "BuildingPart", "parents": ["b"]},
        "b": {"type": "BuildingPart", "parents": ["a"]},
    }
    assert len(read_city(put(house)).objects) == 2


def test_objects_without_geometry_are_kept(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"]["plan"] = {"type": "Building"}
    city = read_city(put(house))
    assert city.objects.loc["plan", "lod"] == ""
    assert city.buildings.loc["plan"].height_source == "unknown"


def test_attributes_are_typed_and_never_replace_ours(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"]["other"] = {"type": "Building", "attributes": {"open": True, "code": "x"}}
    house["CityObjects"]["house"]["attributes"] = {
        "geometry": "<script>", "id": "mine", "height_m": 3.5, "type": "villa", "open": False,
        "nested": {"b": [1, None], "a": "é"}, "storeys": 3, "code": 7,
    }  # fmt: skip
    city = read_city(put(house))
    row = city.buildings.loc["house"]
    assert row.geometry.geom_type == "Polygon"
    assert row.height_m == 10.0
    assert row.type == "Building"
    assert row["geometry_attribute"] == "<script>"
    assert row["height_m_attribute"] == 3.5
    assert row["type_attribute"] == "villa"
    assert row["id_attribute"] == "mine"
    assert json.loads(row["nested"]) == {"b": [1, None], "a": "é"}
    assert city.buildings["open"].dtype == "bool" or str(city.buildings["open"].dtype) == "boolean"
    assert str(city.buildings["storeys"].dtype) == "Int64"
    assert city.buildings["code"].tolist() == ["7", "x"]


def test_types_go_to_their_layers(house: dict[str, Any], put: Put) -> None:
    flat = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2, 3]]]}
    expected = {
        "Road": "roads", "TransportSquare": "roads", "Railway": "roads", "WaterBody": "water", "PlantCover": "green",
        "Bridge": "bridges", "Tunnel": "tunnels", "CityFurniture": "furniture", "LandUse": "landuse",
        "GenericCityObject": "other", "+NoiseBuilding": "buildings", "+Thing": "other",
        "SolitaryVegetationObject": "trees",
    }  # fmt: skip
    house["CityObjects"] = {kind: {"type": kind, "geometry": [flat]} for kind in expected}
    house["CityObjects"]["Road"]["attributes"] = {"relatievehoogteligging": "-1", "function": "voetpad"}
    city = read_city(put(house))
    assert dict(city.objects.layer) == expected
    for kind, layer in expected.items():
        assert kind in city.layers[layer].index
    road = city.roads.loc["Road"]
    assert (road.level, road.surface, road.z_m) == ("level-1", "footway", 1.5)
    assert city.roads.loc["TransportSquare"].surface == "square"
    assert city.water.loc["WaterBody"].z_m == 1.5
    assert city.trees.loc["SolitaryVegetationObject"].geometry.coords[0] == (136005.0, 455005.0)


def test_ground_seen_from_its_edge_gives_way_to_the_rest(house: dict[str, Any], put: Put) -> None:
    geometry_of(house)["semantics"]["values"] = [[1, 1, 0, 2, 2, 2]]
    city = read_city(put(house))
    assert_allclose(city.buildings.area, [100.0])


def test_a_point_is_the_place_of_its_object(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"]["tree"] = {
        "type": "SolitaryVegetationObject",
        "attributes": {"height": 7},
        "geometry": [{"type": "MultiPoint", "lod": "1", "boundaries": [6]}],
    }
    city = read_city(put(house))
    assert len(city.quality) == 0
    tree = city.trees.loc["tree"]
    assert tree.geometry.coords[0] == (136010.0, 455010.0)
    assert (tree.z_m, tree.height_m) == (11.5, 7.0)


def test_terrain_is_exact_on_its_triangles(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"] = {
        "ground": {
            "type": "TINRelief",
            "geometry": [{"type": "CompositeSurface", "lod": "2", "boundaries": [[[0, 1, 2]], [[0, 2, 3]]]}],
        }
    }
    # A plane that rises 0.1 m a metre to the east and 0.2 m a metre to the north.
    house["vertices"] = [[x, y, x // 10 + y // 5] for x, y in ((0, 0), (40000, 0), (40000, 30000), (0, 30000))]
    city = read_city(put(house))
    assert city.terrain is not None
    assert city.terrain.grid.shape == (30, 40)
    x, y = city.terrain.grid.west + np.arange(40) + 0.5, city.terrain.grid.north - np.arange(30) - 0.5
    plane = 1.5 + 0.1 * (x - 136000)[None, :] + 0.2 * (y - 455000)[:, None]
    assert_allclose(city.terrain.height, plane, atol=1e-5)
    assert city.objects.layer.tolist() == ["terrain"]


def test_several_files_become_one_city(house: dict[str, Any], put: Put) -> None:
    first = put(house, "first.city.json")
    house["CityObjects"]["second"] = house["CityObjects"]["house"]
    house["transform"]["translate"][0] += 100
    second = put(house, "second.city.json")
    city = read_city([first, second])
    assert city.buildings.index.tolist() == ["house", "second"]
    assert_allclose(volumes(city), [1000.0, 1000.0])
    assert_allclose(city.buildings.loc["second"].geometry.bounds[0], 136100.0)
    assert [source.name for source in city.sources] == ["first.city.json", "second.city.json"]
    assert city.quality.counts() == {"duplicate-id": 1}
    del house["metadata"]["referenceSystem"]
    with pytest.raises(CRSError, match="share one coordinate reference system"):
        read_city([first, put(house, "third.city.json")])


def test_files_in_other_systems_are_brought_into_one(house: dict[str, Any], put: Put) -> None:
    first = put(house, "first.city.json")
    house["CityObjects"] = {"second": house["CityObjects"]["house"]}
    house["metadata"]["referenceSystem"] = "https://www.opengis.net/def/crs/EPSG/0/28992"
    flat = put(house, "flat.city.json")
    city = read_city([flat, first])
    # the same plane, one of them with a vertical datum: that one wins
    assert city.crs.to_epsg() == 7415
    assert_allclose(city.buildings.loc["second"].geometry.bounds, city.buildings.loc["house"].geometry.bounds)
    assert "no vertical datum" in city.quality.to_frame().set_index("code").loc["crs", "message"]
    # UTM zone 31 on ETRS89, for the same place
    house["metadata"]["referenceSystem"] = "https://www.opengis.net/def/crs/EPSG/0/25831"
    house["transform"]["translate"] = [646_000.0, 5_772_000.0, 1.5]
    utm = read_city([first, put(house, "utm.city.json")])
    assert utm.crs.to_epsg() == 7415
    assert_allclose(utm.buildings.loc["second"].geometry.area, 100.0, rtol=2e-3)
    assert 130_000 < utm.buildings.loc["second"].geometry.bounds[0] < 140_000
    again = read_city(put(house, "utm.city.json"), crs="EPSG:7415")
    assert_allclose(again.buildings.geometry.iloc[0].bounds, utm.buildings.loc["second"].geometry.bounds)
