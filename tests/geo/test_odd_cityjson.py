"""CityJSON made to break a reader or a writer: it is read, refused or told, and nothing is lost or mixed up."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.testing import assert_allclose

from tests.geo.conftest import CUBE_FACES, CUBE_VERTICES
from twin.errors import CRSError, FormatError, GeometryError, OutputError, ParameterError
from twin.geo.city import City, read_city
from twin.geo.quality import check
from twin.geo.readers import cityjson
from twin.geo.readers.jsonarrays import documents
from twin.geo.topology import signed_volumes
from twin.geo.writers import write

Put = Callable[..., Path]


@pytest.mark.parametrize("text", ["[]", "{}", '""', "0 ", '{"a":[]}'])
@pytest.mark.parametrize("count", [1, 1000, 30_000])
def test_many_short_values_stay_within_their_buffer(text: str, count: int) -> None:
    whole = ('{"type":"CityJSON","version":"2.0"}' + text * count).encode()
    assert len(list(documents(whole, "x"))) == count + 1


def test_short_arrays_are_not_replaced_by_longer_marks(house: dict[str, Any]) -> None:
    semantics = '{"values":[0],' * 1 + ",".join('"values":[0]' for _ in range(20_000)) + "}"
    text = json.dumps(house).replace('"semantics": {', '"semantics": {' + semantics[1:-1] + ",", 1).encode()
    found = documents(text, "x")
    assert len(found.reduced) <= len(text) + 2
    list(found)


def test_brackets_in_texts_are_not_counted() -> None:
    text = ('{"type":"CityJSON","version":"2.0",' + ",".join('"vertices":["[["]' for _ in range(40_000)) + "}").encode()
    (found,) = documents(text, "x")
    assert found["vertices"] == ["[["]


def test_two_objects_of_one_id_in_a_document_are_told(house: dict[str, Any], put: Put) -> None:
    house["CityObjects"] = {"house": {"type": "Building", "attributes": {"name": "first"}}, **house["CityObjects"]}
    text = json.dumps(house)
    assert told_twice(put(text)) == []
    twice = text.replace(
        '"CityObjects": {', '"CityObjects": {"h\\u006fuse": {"type": "Bridge"}, "lamp": {"type": "CityFurniture"}, '
    )
    assert told_twice(put(twice)) == [("house", "2 objects of one document have this id; the last is kept, as JSON readers do")]
    assert read_city(put(twice)).objects["type"].to_dict() == {"house": "Building", "lamp": "CityFurniture"}
    lost = text.replace('"CityObjects": {', '"CityObjects": {"a": {"type": "Bridge"}, "b": {"type": "Road"}}, "CityObjects": {')
    ((object_id, message),) = told_twice(put(lost))
    assert not object_id
    assert "2 objects of others are lost" in message


def test_two_objects_of_one_id_in_a_feature_are_told(house: dict[str, Any], put: Put) -> None:
    vertices, objects = house["vertices"], house["CityObjects"]
    feature = json.dumps({"type": "CityJSONFeature", "id": "house", "CityObjects": objects, "vertices": vertices})
    twice = feature.replace('"CityObjects": {', '"CityObjects": {"house": {"type": "Building"}, ').replace("house", "shed")
    header = json.dumps({**house, "CityObjects": {}, "vertices": []})
    path = put(f"{header}\n{feature}\n{twice}\n", "city.city.jsonl")
    assert [one for one, _ in told_twice(path)] == ["shed"]


def told_twice(path: Path) -> list[tuple[str, str]]:
    """Objects of which a second one is told."""
    return [(one.object_id, one.message) for one in read_city(path).quality.findings if one.code == "duplicate-id"]


@pytest.mark.parametrize("value", ["\\u00400#99", "\\u00400#x", "\\u00400#0", "@0#0", "@0#", "\\u0040\\u0030\\u0023\\u0030"])
@pytest.mark.parametrize("key", ["vertices", "boundaries"])
def test_no_spelling_passes_for_an_array(house: dict[str, Any], put: Put, value: str, key: str) -> None:
    if key == "vertices":
        house["vertices"] = "HERE"
    else:
        house["CityObjects"]["house"]["geometry"][0]["boundaries"] = "HERE"
    path = put(json.dumps(house).replace("HERE", value))
    if key == "vertices":
        with pytest.raises(FormatError, match="`vertices` is missing"):
            read_city(path)
    else:
        assert len(read_city(path).surfaces) == 0


def test_a_face_that_crosses_itself_everywhere_is_read(house: dict[str, Any], put: Put) -> None:
    draw = random.Random(7)
    house["vertices"] = [[draw.randrange(20_000), draw.randrange(20_000), 0] for _ in range(900)]
    house["CityObjects"]["house"]["geometry"] = [{"type": "MultiSurface", "lod": "1", "boundaries": [[list(range(900))]]}]
    city = read_city(put(house))
    assert "self-crossing" in city.quality.counts()
    assert len(city.buildings) == 1


def test_templates_cannot_multiply_their_faces(house: dict[str, Any], put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    from twin.geo.readers import cityjson_templates

    monkeypatch.setattr(cityjson_templates, "MAX_VERTICES", 50_000)
    template = {"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2]]] * 2000}
    house["geometry-templates"] = {"templates": [template], "vertices-templates": [[0, 0, 0], [1, 0, 0], [0, 1, 0]]}
    for number in range(1000):
        instance = {"type": "GeometryInstance", "template": 0, "boundaries": [0]}
        house["CityObjects"][f"t{number}"] = {"type": "SolitaryVegetationObject", "geometry": [instance]}
    city = read_city(put(house))
    assert len(city.surfaces) == 12
    assert city.quality.counts()["template-limit"] == 1
    assert len(city.trees) == 1000


def test_a_long_chain_of_parents(house: dict[str, Any], put: Put) -> None:
    objects = {f"o{k}": {"type": "BuildingPart", "parents": [f"o{k - 1}"]} for k in range(1, 5000)}
    house["CityObjects"] |= {"o0": {"type": "Building"}, **objects}
    city = read_city(put(house))
    assert len(city.without(["o0"]).objects) == 1
    assert len(city.clip((136000, 455000, 136010, 455010)).objects) == 1


def test_circles_of_parents_and_objects_without_an_id(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    house["CityObjects"] |= {
        "self": {"type": "Building", "children": ["self"]},
        "a": {"type": "BuildingPart", "parents": ["b"]},
        "b": {"type": "BuildingPart", "parents": ["a"]},
        "": {"type": "Building"},
    }
    city = read_city(put(house))
    assert city.quality.counts() == {"object-id": 1, "parent": 1, "child": 1}
    assert sorted(city.objects.parent.tolist()).count("") == 3
    for name in ("x.city.json", "x.city.jsonl"):
        assert set(read_city(write(city, tmp_path / name)).objects.index) == {"house", "self", "a", "b"}


def test_huge_numbers_and_deep_nests(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    house["CityObjects"]["house"]["geometry"][0]["material"] = {"t": {"value": 18446744073709551615}}
    house["appearance"] = {"materials": [{"name": "m", "diffuseColor": [1, 0, 0]}]}
    deep = "[" * 600 + "]" * 600
    city = read_city(put(json.dumps({**house, "+x": "HERE"}).replace('"HERE"', deep)))
    assert city.surfaces.colour is None
    assert "+x" not in city.metadata
    write(city, tmp_path / "x.city.json")
    city.save(tmp_path / "folder")


def test_a_level_of_detail_that_only_a_later_piece_has(house: dict[str, Any], put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    header = {**house, "CityObjects": {}, "vertices": []}
    rows = []
    for name, lod in (("a", "2"), ("b", "1")):
        geometry = {**house["CityObjects"]["house"]["geometry"][0], "lod": lod}
        content = {name: {"type": "Building", "geometry": [geometry]}}
        rows.append({"type": "CityJSONFeature", "id": name, "CityObjects": content, "vertices": house["vertices"]})
    path = put("\n".join(map(json.dumps, [header, *rows])), "two.city.jsonl")
    monkeypatch.setattr(cityjson, "CHUNK_BYTES", 600)
    for lod, owner in (("2", "a"), ("1", "b")):
        city = read_city(path, lod=lod)
        assert city.objects.index[np.unique(city.surfaces.owner)].tolist() == [owner]
    with pytest.raises(FormatError, match="the file has: 1, 2"):
        read_city(path, lod="3")


def test_points_and_lines_are_written_with_their_heights(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    def put_in(name: str, kind: str, geometry: str, boundaries: Any) -> None:
        house["CityObjects"][name] = {"type": kind, "geometry": [{"type": geometry, "lod": "0", "boundaries": boundaries}]}

    put_in("lamp", "CityFurniture", "MultiPoint", [6])
    put_in("road", "Road", "MultiLineString", [[0, 1, 7]])
    city = read_city(put(house))
    pipe = gpd.GeoDataFrame(geometry=[shapely.LineString([(136001, 455001, -1), (136001, 455001, -3)])], crs=city.crs)
    city = city.with_layer("utilities", pipe.set_axis(pd.Index(["pipe"], dtype="str")))
    for name in ("x.city.json", "x.city.jsonl"):
        again = read_city(write(city, tmp_path / name))
        assert again.furniture.geometry.iloc[0].coords[0] == (136010.0, 455010.0)
        assert again.furniture.z_m.tolist() == [11.5]
        assert_allclose(shapely.get_coordinates(again.streets.geometry, include_z=True)[-1], [136000.0, 455010.0, 11.5])
        assert_allclose(shapely.get_coordinates(again.utilities.geometry, include_z=True)[:, 2], [-1.0, -3.0])


def test_a_city_without_triangles_and_a_thin_strip_are_written(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    house["vertices"] = [[0, 0, 0], [200_000, 0, 0], [200_000, 10, 0], [0, 10, 0]]
    house["transform"]["scale"] = [0.001, 0.00104, 0.001]
    strip = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2, 3]]]}
    house["CityObjects"] = {"r": {"type": "Road", "geometry": [strip]}}
    city = read_city(put(house))
    assert len(read_city(write(city, tmp_path / "x.city.json")).roads) == 1
    house["CityObjects"] = {}
    empty = read_city(put(house))
    assert len(read_city(write(empty, tmp_path / "y.city.json")).objects) == 0


def test_solids_side_by_side_are_sound(house: dict[str, Any], put: Put) -> None:
    house["vertices"] += [[x + 10_000, y, z] for x, y, z in CUBE_VERTICES]
    more = [[[index + 8 for index in ring] for ring in face] for face in CUBE_FACES]
    house["CityObjects"]["house"]["geometry"] = [{"type": "CompositeSolid", "lod": "2", "boundaries": [[CUBE_FACES], [more]]}]
    city = read_city(put(house))
    assert check(city).counts() == {}
    assert city.repaired() is city


def test_turned_pictures_turn_with_their_triangles(house: dict[str, Any], put: Put) -> None:
    city = read_city(put(house))
    mesh = city.surfaces
    uv = np.random.default_rng(3).random((12, 3, 2)).astype(np.float32)
    inward = replace(mesh, triangles=mesh.triangles[:, ::-1], outlines=None, texture=np.zeros(12, np.int32), uv=uv[:, ::-1])
    mended = replace(city, surfaces=inward).repaired().surfaces
    assert mended.uv is not None
    by_corner = {tuple(mesh.triangles[t].tolist()): uv[t] for t in range(12)}
    for triangle, places in zip(mended.triangles.tolist(), mended.uv, strict=True):
        rolled = [by_corner.get(tuple(triangle[k:] + triangle[:k])) for k in range(3)]
        (k,) = [k for k in range(3) if rolled[k] is not None]
        assert_allclose(np.roll(places, -k, axis=0), rolled[k])


def test_only_torn_polygons_fall_apart(house: dict[str, Any], put: Put) -> None:
    city = read_city(put(house))
    turn = np.zeros(12, dtype=bool)
    turn[0] = True
    from twin.geo.repair import _turned

    mesh = _turned(city.surfaces, turn)
    assert mesh.outlines is not None
    assert len(mesh.outlines.rings.counts) == 7


def test_changes_that_are_slips(house: dict[str, Any], put: Put) -> None:
    city = read_city(put(house))
    with pytest.raises(ParameterError, match="did you mean `height_m`"):
        city.change("house", hieght_m=3.0)
    with pytest.raises(ParameterError, match="both height_m and roof_m"):
        city.change("house", height_m=3.0, roof_m=9.0)
    with pytest.raises(ParameterError, match="not a shape"):
        city.change("house", geometry="POLYGON EMPTY")
    with pytest.raises(ParameterError, match="is not an id"):
        city.change(3, height_m=3.0)
    raised = city.change(["house", "house"], roof_m=31.5)
    assert raised.buildings.loc["house", ["ground_m", "roof_m", "height_m"]].tolist() == [1.5, 31.5, 30.0]
    assert_allclose(signed_volumes(raised.surfaces, raised.surfaces.owner.astype(np.int64), 1), [3000.0])


@pytest.mark.parametrize(
    ("keywords", "error", "told"),
    [
        ({"crs": "EPSG:5709"}, CRSError, "not a plane"),
        ({"crs": "EPGS:28992"}, CRSError, "did you mean `EPSG:28992`"),
        ({"crs": ["EPSG:7415"]}, CRSError, "not a coordinate reference system"),
        ({"roles": "dsm"}, ParameterError, "roles is a mapping"),
        ({"layer": ["a"]}, ParameterError, "layer is a mapping"),
        ({"height": 5}, ParameterError, "name of a column"),
    ],
)
def test_keywords_of_the_wrong_kind(house: dict[str, Any], put: Put, keywords: dict[str, Any], error: Any, told: str) -> None:
    with pytest.raises(error, match=told):
        read_city(put(house), **keywords)


def test_systems_as_people_write_them(house: dict[str, Any], put: Put) -> None:
    path = put(house)
    for crs in (7415, "7415", "EPSG:7415", "https://www.opengis.net/def/crs/EPSG/0/7415"):
        assert read_city(path, crs=crs).crs.to_epsg() == 7415
    with pytest.raises(ParameterError, match="is not a file"):
        read_city(5)
    with pytest.raises(ParameterError, match="is not a file"):
        read_city([None])
    assert read_city(path, roles={"hights.tif": "dsm"}).quality.counts() == {"option-unused": 1}
    with pytest.raises(OutputError, match="under the name of a file"):
        read_city(path).save(path.parent / "x.gpkg")
    (told,) = [one.message for one in read_city(path, crs="EPSG:32610").quality.findings if one.code == "far-away"]
    assert told == (
        "it lies at 52.1 N, 5.1 E, far outside the area of EPSG:32610 (0.0 N to 84.0 N, 126.0 W to 120.0 W): "
        "its coordinates mean little there"
    )


def test_a_building_is_not_placed_in_another_country(sample: City, tmp_path: Path) -> None:
    import trimesh

    trimesh.creation.box((10, 10, 30)).export(tmp_path / "box.stl")
    with pytest.raises(GeometryError, match="km outside the city"):
        sample.with_model(tmp_path / "box.stl", id="x", at=(0, 0))


def test_the_same_id_in_two_layers(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    city = read_city(put(house))
    index = pd.Index(["1"], dtype="str")
    road = gpd.GeoDataFrame({"surface": ["street"]}, geometry=[shapely.box(136020, 455000, 136030, 455010)], crs=city.crs)
    tree = gpd.GeoDataFrame({"species": ["oak"]}, geometry=[shapely.Point(136040, 455000)], crs=city.crs)
    city = city.with_layer("roads", road.set_axis(index)).with_layer("trees", tree.set_axis(index))
    again = read_city(write(city, tmp_path / "x.city.json"))
    assert len(again.roads) == 1
    assert len(again.trees) == 1
    assert "species" not in again.roads
    assert again.trees["species"].tolist() == ["oak"]
    assert sorted([*again.roads.index, *again.trees.index]) == ["1", "1"]


def test_upright_faces_alone_are_not_clipped_away(house: dict[str, Any], put: Put) -> None:
    fence = {"type": "MultiSurface", "lod": "1", "boundaries": [CUBE_FACES[2]]}
    house["CityObjects"]["fence"] = {"type": "GenericCityObject", "geometry": [fence]}
    city = read_city(put(house))
    assert "fence" in city.clip((135990, 454990, 136020, 455020)).objects.index
    assert "fence" not in city.clip((136000, 455005, 136020, 455020)).objects.index


def test_parts_move_with_their_whole_and_a_lamp_stays_on_its_house(house: dict[str, Any], put: Put) -> None:
    part = house["CityObjects"]["house"]
    house["CityObjects"]["house"] = {**part, "children": ["lamp", "dormer"]}
    house["CityObjects"]["lamp"] = {**part, "type": "CityFurniture", "parents": ["house"]}
    house["CityObjects"]["dormer"] = {**part, "type": "BuildingInstallation", "parents": ["house"]}
    house["CityObjects"]["bridge"] = {"type": "Bridge", "children": ["span"]}
    house["CityObjects"]["span"] = {**part, "type": "BridgePart", "parents": ["bridge"]}
    city = read_city(put(house))
    moved = city.change("bridge", geometry=shapely.box(136100, 455000, 136110, 455010))
    assert "span" not in moved.objects.index[np.unique(moved.surfaces.owner)]
    higher = city.change("house", height_m=30.0)
    assert "lamp" in higher.furniture.index
    assert higher.objects.loc["lamp", "parent"] == "house"
    assert "dormer" not in higher.objects.index


def test_features_have_transforms_and_materials_of_their_own(house: dict[str, Any], put: Put) -> None:
    header = {**house, "CityObjects": {}, "vertices": []}
    geometry = house["CityObjects"]["house"]["geometry"][0]
    rows = []
    for number, (name, material) in enumerate((("a", 1), ("b", 0))):
        content = {name: {"type": "Building", "geometry": [{**geometry, "material": {"t": {"value": material}}}]}}
        colour = {"materials": [{"name": "m", "diffuseColor": [1, number, 0]}]}
        row = {"type": "CityJSONFeature", "id": name, "CityObjects": content, "vertices": house["vertices"], "appearance": colour}
        shift = [136000.0 + 50 * number, 455000.0, 1.5]
        rows.append({**row, "transform": {"scale": [0.002, 0.001, 0.001], "translate": shift}})
    city = read_city(put("\n".join(map(json.dumps, [header, *rows])), "two.city.jsonl"))
    assert_allclose(city.buildings.loc["a"].geometry.bounds, (136000, 455000, 136020, 455010))
    assert_allclose(city.buildings.loc["b"].geometry.bounds, (136050, 455000, 136070, 455010))
    assert city.quality.counts() == {"material": 1}
    assert city.surfaces.colour is not None
    assert (city.surfaces.colour[city.surfaces.owner == 0, 3] == 0).all()
    assert (city.surfaces.colour[city.surfaces.owner == 1] == [255, 255, 0, 255]).all()


def test_surfaces_of_templates_keep_their_attributes(house: dict[str, Any], put: Put) -> None:
    semantics = {"surfaces": [{"type": "RoofSurface", "slope": 33}], "values": [0]}
    template = {"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2]]], "semantics": semantics}
    house["geometry-templates"] = {"templates": [template], "vertices-templates": [[0, 0, 0], [1, 0, 0], [0, 1, 0]]}
    for name in ("t", "u"):
        instance = {"type": "GeometryInstance", "template": 0, "boundaries": [0]}
        house["CityObjects"][name] = {"type": "SolitaryVegetationObject", "geometry": [instance]}
    city = read_city(put(house))
    assert city.surfaces.outlines is not None
    assert city.surfaces.outlines.row is not None
    assert city.surface_table["slope"].tolist() == [33]
    assert city.surfaces.outlines.row.tolist() == [-1] * 6 + [0, 0]


def test_features_have_pictures_of_their_own(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    places = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    header = {**house, "CityObjects": {}, "vertices": []}
    header["appearance"] = {"textures": [{"type": "PNG", "image": "a.png"}], "vertices-texture": places}
    values = [[[[0, 0, 1, 2, 3]]] + [[[None]]] * 5]
    geometry = {**house["CityObjects"]["house"]["geometry"][0], "texture": {"t": {"values": values}}}
    rows = []
    for name in ("plain", "own"):
        content = {name: {"type": "Building", "geometry": [geometry]}}
        rows.append({"type": "CityJSONFeature", "id": name, "CityObjects": content, "vertices": house["vertices"]})
    rows[1]["appearance"] = {
        "textures": [{"type": "PNG", "image": "b.png"}], "vertices-texture": [[0.5 * u, 0.5 * v] for u, v in places]
    }  # fmt: skip
    city = read_city(put("\n".join(map(json.dumps, [header, *rows])), "two.city.jsonl"))
    mesh = city.surfaces
    assert mesh.texture is not None
    assert mesh.uv is not None
    for owner, name, largest in ((0, "a.png", 1.0), (1, "b.png", 0.5)):
        mine = (mesh.owner == owner) & (mesh.texture >= 0)
        assert mine.sum() == 2
        assert {city.textures[one].name for one in mesh.texture[mine]} == {name}
        assert mesh.uv[mine].max() == largest


def test_solids_are_written_as_they_were_nested(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    house["vertices"] += [[x + 10_000, y, z] for x, y, z in CUBE_VERTICES]
    house["vertices"] += [[x // 2 + 2500, y // 2 + 2500, z // 2 + 2500] for x, y, z in CUBE_VERTICES]
    beside = [[[index + 8 for index in ring] for ring in face] for face in CUBE_FACES]
    inside = [[[index + 16 for index in reversed(ring)] for ring in face] for face in CUBE_FACES]
    for kind, boundaries in (
        ("CompositeSolid", [[CUBE_FACES], [beside]]),
        ("MultiSolid", [[CUBE_FACES, inside], [beside]]),
        ("Solid", [CUBE_FACES, inside]),
        ("Solid", [CUBE_FACES]),
    ):
        house["CityObjects"]["house"]["geometry"] = [{"type": kind, "lod": "2", "boundaries": boundaries}]
        path = write(read_city(put(house)), tmp_path / "x.city.json")
        document = json.loads(path.read_text())
        (geometry,) = document["CityObjects"]["house"]["geometry"]
        assert geometry["type"] == kind

        def placed(nest: Any, vertices: Any, shift: Any) -> Any:
            if isinstance(nest, list):
                return [placed(one, vertices, shift) for one in nest]
            return tuple(round(1000 * s + v) for v, s in zip(vertices[nest], shift, strict=True))

        mine = placed(geometry["boundaries"], document["vertices"], document["transform"]["translate"])
        assert mine == placed(boundaries, house["vertices"], house["transform"]["translate"])


@pytest.mark.parametrize(
    ("values", "walls"),
    [([None], 0), ([[0, 1, 2, 2, 2, 2]], 4), (None, 0), ([[None, None, 2, None, None, None]], 1)],
)
def test_null_stands_for_all_below_it(house: dict[str, Any], put: Put, values: Any, walls: int) -> None:
    house["CityObjects"]["house"]["geometry"][0]["semantics"]["values"] = values
    city = read_city(put(house))
    assert [one for one in city.quality.findings if one.code == "semantics"] == []
    assert int((city.surfaces.semantic == 2).sum()) == 2 * walls


@pytest.mark.parametrize(
    ("values", "walls"), [([None, [[0, 1, 2, 2, 2, 2]]], 4), ([[None], [[0, 1, 2, 2, 2, 2]]], 4), ([None, None], 0)]
)
def test_null_stands_for_a_whole_solid(house: dict[str, Any], put: Put, values: Any, walls: int) -> None:
    geometry = house["CityObjects"]["house"]["geometry"][0]
    house["vertices"] += [[x + 20_000, y, z] for x, y, z in CUBE_VERTICES]
    geometry["type"] = "MultiSolid"
    geometry["boundaries"] = [[CUBE_FACES], [[[[number + 8 for number in ring] for ring in face] for face in CUBE_FACES]]]
    geometry["semantics"]["values"] = values
    city = read_city(put(house))
    assert [one for one in city.quality.findings if one.code == "semantics"] == []
    assert int((city.surfaces.semantic == 2).sum()) == 2 * walls


@pytest.mark.parametrize(("lod", "written"), [("2.2", "2.2"), ("2.7", "2"), ("LOD2", "2"), ("", "1"), ("ten", "1"), ("12", "1")])
def test_a_level_of_detail_that_is_none_is_written_as_the_next(house: dict[str, Any], put: Put, lod: str, written: str) -> None:
    from twin.geo.writers.cityjson import cityjson_document

    city = read_city(put(house))
    named = replace(city, objects=city.objects.assign(lod=lod))
    assert cityjson_document(named)["CityObjects"]["house"]["geometry"][0]["lod"] == written


def test_a_collection_is_written_with_all_it_has(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    city = read_city(put(house))
    x, y = 136_100.0, 455_000.0
    inner = shapely.GeometryCollection([shapely.box(x, y, x + 3, y + 3), shapely.Point(x, y)])
    mixed = shapely.GeometryCollection([shapely.LineString([(x, y), (x + 5, y)]), inner])
    frame = gpd.GeoDataFrame({"geometry": [mixed]}, index=pd.Index(["odd"], name="id"), crs=city.crs)
    write(city.with_layer("green", frame), tmp_path / "x.city.json")
    written = json.loads((tmp_path / "x.city.json").read_text())["CityObjects"]["odd"]["geometry"]
    assert [one["type"] for one in written] == ["MultiSurface", "MultiLineString", "MultiPoint"]
    assert read_city(tmp_path / "x.city.json").green.geometry.area.tolist() == pytest.approx([9.0])
