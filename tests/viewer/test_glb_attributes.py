"""What a GLB says of each object, and what the Khronos validator says of it."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import twin
from tests.validator import problems
from viewer import compose
from viewer.backends.glb import encode_glb
from viewer.scene import AnnotationLayer, LineLayer, MeshLayer, PointLayer, Scene, VolumeLayer

EXTENSION = "EXT_structural_metadata"
SQUARE = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])


def _parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    size = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + size]), content[28 + size :]


def _bytes(document: dict[str, Any], binary: bytes, view: int) -> bytes:
    entry = document["bufferViews"][view]
    assert entry["byteOffset"] % 8 == 0
    return binary[entry["byteOffset"] : entry["byteOffset"] + entry["byteLength"]]


def _column(document: dict[str, Any], binary: bytes, name: str, column: str) -> list[Any]:
    """The values of a column, None where there is none."""
    metadata = document["extensions"][EXTENSION]
    table = next(one for one in metadata["propertyTables"] if one["class"] == name)
    kind, where = metadata["schema"]["classes"][name]["properties"][column], table["properties"][column]
    content = _bytes(document, binary, where["values"])
    if kind["type"] == "STRING":
        ends = np.frombuffer(_bytes(document, binary, where["stringOffsets"]), "<u4").tolist()
        values: list[Any] = [content[a:b].decode() for a, b in pairwise(ends)]
    elif kind["type"] == "BOOLEAN":
        values = np.unpackbits(np.frombuffer(content, np.uint8), count=table["count"], bitorder="little").astype(bool).tolist()
    else:
        values = np.frombuffer(content, {"FLOAT64": "<f8", "INT32": "<i4"}[kind["componentType"]]).tolist()
    assert len(values) == table["count"]
    return [None if "noData" in kind and value == kind["noData"] else value for value in values]


def _table_scene() -> Scene:
    attributes = {
        "id": ["a", "b", "c"],
        "height_m": [12.1, None, float("nan")],
        "floors": [3, None, 2],
        "listed": [True, False, True],
        "owner's name": ["Ås", "", None],
        "owner_s name": ["x", "y", "z"],
        "built": [{"year": 1890}, None, None],
        "nothing": [None, None, None],
        "large": [2**40, 1, 2],
    }
    owner = np.array([2, -1], np.int32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    layer = MeshLayer("houses", "Houses", SQUARE, faces, np.zeros((2, 3), np.uint8), owner, attributes)
    return Scene("t", (layer,), ())


def test_a_table_holds_every_kind_of_value_as_it_was() -> None:
    document, binary = _parts(encode_glb(_table_scene()))
    assert document["extensionsUsed"] == ["EXT_mesh_features", EXTENSION]
    expected = {
        "id": ["a", "b", "c"],
        "height_m": [12.1, None, None],
        "floors": [3, None, 2],
        "listed": [True, False, True],
        "owner_s_name": ["Ås", None, None],
        "owner_s_name_2": ["x", "y", "z"],
        "built": ['{"year":1890}', None, None],
        "large": [2.0**40, 1.0, 2.0],
    }
    properties = document["extensions"][EXTENSION]["schema"]["classes"]["houses"]["properties"]
    assert set(properties) == set(expected)
    assert properties["owner_s_name"]["name"] == "owner's name"
    for name, values in expected.items():
        assert _column(document, binary, "houses", name) == values, name


def test_every_corner_says_which_object_it_is_of() -> None:
    document, binary = _parts(encode_glb(_table_scene()))
    primitive = document["meshes"][0]["primitives"][0]
    accessor = document["accessors"][primitive["attributes"]["_FEATURE_ID_0"]]
    numbers = np.frombuffer(_bytes(document, binary, accessor["bufferView"]), "<f4")
    feature = primitive["extensions"]["EXT_mesh_features"]["featureIds"][0]
    assert feature == {"featureCount": 3, "attribute": 0, "propertyTable": 0, "nullFeatureId": 3}
    assert numbers.tolist() == [2.0] * 3 + [3.0] * 3


def test_the_heights_of_the_buildings_are_those_of_the_scene(scene: Scene) -> None:
    document, binary = _parts(encode_glb(scene))
    layer = scene.layer("buildings")
    assert isinstance(layer, MeshLayer)
    assert _column(document, binary, "buildings", "height_m") == layer.attributes["height_m"]
    assert _column(document, binary, "buildings", "use") == layer.attributes["use"]


def test_it_says_how_to_get_back_to_the_map(scene: Scene) -> None:
    extras = _parts(encode_glb(scene))[0]["asset"]["extras"]
    assert extras["in_crs"] == "east = origin[0] + x, north = origin[1] - z, height = origin[2] + y"


def _every_kind(scene: Scene) -> Scene:
    """A scene with a layer of each kind, all visible."""
    faces = np.array([[0, 1, 2], [0, 2, 3], [0, 2, 1]], np.int32)
    colours = np.full((3, 3), 90, np.uint8)
    more = (
        VolumeLayer("soil", "Soil", SQUARE, faces, colours, np.zeros(3, np.int32), {"id": ["s"], "kind": ["peat"]}, opacity=0.5),
        PointLayer("sensors", "Sensors", SQUARE[:2], np.full((2, 3), 200, np.uint8), 8.0, {"id": ["p", "q"], "value": [1.5, None]}),
        PointLayer("bare", "Bare", SQUARE[:2], np.full((2, 3), 200, np.uint8), 8.0, {}),
        LineLayer("line", "Line", (SQUARE, SQUARE[:1]), (200, 30, 30)),
        AnnotationLayer("remark", "Remark", SQUARE[:1], SQUARE[2:3], ("here",)),
        LineLayer("none", "None", (), (0, 0, 0)),
    )
    return replace(scene, layers=(*(replace(layer, visible=True) for layer in scene.layers), *more))


def test_the_validator_finds_nothing_in_any_kind_of_layer(scene: Scene, tmp_path: Path) -> None:
    content = encode_glb(_every_kind(scene))
    (tmp_path / "all.glb").write_bytes(content)
    assert problems(tmp_path / "all.glb") == []
    names = {mesh["name"]: mesh["primitives"][0]["mode"] for mesh in _parts(content)[0]["meshes"]}
    assert names["sensors"] == 0
    assert names["line"] == names["remark"] == 1
    assert "none" not in names
    (tmp_path / "table.glb").write_bytes(encode_glb(_table_scene()))
    assert problems(tmp_path / "table.glb") == []


def test_the_validator_sees_what_is_wrong(scene: Scene, tmp_path: Path) -> None:
    content = encode_glb(_table_scene()).replace(b'"componentType":5125', b'"componentType":5126')
    (tmp_path / "bad.glb").write_bytes(content)
    assert any(one["severity"] == 0 for one in problems(tmp_path / "bad.glb"))


def test_the_validator_finds_nothing_in_the_sample(tmp_path: Path) -> None:
    city = twin.read_city(Path(__file__).parents[2] / "data" / "samples" / "district")
    (tmp_path / "district.glb").write_bytes(encode_glb(compose(city)))
    assert problems(tmp_path / "district.glb") == []


def test_of_a_comparison_what_is_there_afterwards_is_written(scene: Scene) -> None:
    faces = np.array([[0, 1, 2]], np.int32)
    sides = tuple(MeshLayer(side, side, SQUARE, faces, np.zeros((1, 3), np.uint8), side=side) for side in ("before", "after"))
    document, _ = _parts(encode_glb(Scene("t", sides, ())))
    assert [mesh["name"] for mesh in document["meshes"]] == ["after"]


@pytest.mark.parametrize("empty", [{}, {"id": []}])
def test_objects_of_which_nothing_is_known_have_no_table(empty: dict[str, list[Any]]) -> None:
    owner, faces = np.zeros(1, np.int32), np.array([[0, 1, 2]], np.int32)
    layer = MeshLayer("m", "M", SQUARE, faces, np.zeros((1, 3), np.uint8), owner, empty)
    document, _ = _parts(encode_glb(Scene("t", (layer,), ())))
    assert "extensionsUsed" not in document
