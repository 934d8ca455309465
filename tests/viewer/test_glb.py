"""GLB: valid, placed, complete; and export by suffix."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from twin.errors import OutputError
from viewer.backends import glb
from viewer.backends.figures import meshes
from viewer.backends.glb import encode_glb
from viewer.export import export
from viewer.scene import MeshLayer, Scene


def _parts(content: bytes) -> tuple[dict, bytes]:
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size, kind = struct.unpack_from("<I4s", content, 12)
    assert kind == b"JSON"
    assert size % 4 == 0
    document = json.loads(content[20 : 20 + size])
    binary_size, kind = struct.unpack_from("<I4s", content, 20 + size)
    assert kind == b"BIN\0"
    return document, content[28 + size : 28 + size + binary_size]


def test_structure_is_what_the_specification_asks(scene: Scene) -> None:
    document, binary = _parts(encode_glb(scene))
    assert document["asset"]["version"] == "2.0"
    assert document["buffers"][0]["byteLength"] == len(binary)
    end = 0
    for view in document["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] >= end
        assert view.get("target", 34962) in (34962, 34963)
        end = view["byteOffset"] + view["byteLength"]
    assert end <= len(binary)
    for mesh in document["meshes"]:
        primitive = mesh["primitives"][0]
        position = document["accessors"][primitive["attributes"]["POSITION"]]
        view = document["bufferViews"][position["bufferView"]]
        xyz = np.frombuffer(binary, "<f4", 3 * position["count"], view["byteOffset"]).reshape(-1, 3)
        np.testing.assert_array_equal(xyz.min(axis=0), np.float32(position["min"]))
        np.testing.assert_array_equal(xyz.max(axis=0), np.float32(position["max"]))
        index = document["accessors"][primitive["indices"]]
        view = document["bufferViews"][index["bufferView"]]
        numbers = np.frombuffer(binary, "<u4", index["count"], view["byteOffset"])
        assert numbers.max() < position["count"]
        normal = document["accessors"][primitive["attributes"]["NORMAL"]]
        assert normal["count"] == position["count"]
        view = document["bufferViews"][normal["bufferView"]]
        length = np.linalg.norm(np.frombuffer(binary, "<f4", 3 * normal["count"], view["byteOffset"]).reshape(-1, 3), axis=1)
        np.testing.assert_allclose(length, 1.0, atol=1e-4)


def test_it_says_where_it_lies_and_that_time_is_not_in_it(scene: Scene) -> None:
    extras = _parts(encode_glb(scene))[0]["asset"]["extras"]
    assert extras["crs"] == "EPSG:7415"
    assert extras["origin"] == [136000.0, 455000.0, 0.0]
    assert extras["title"] == scene.title
    assert extras["credits"] == ["Test town (CC0-1.0)"]
    assert "Synthetic" in extras["notes"][0]
    assert extras["time_s"] == scene.time
    assert "One moment" in extras["time_note"]


def test_another_reader_finds_every_triangle_in_its_place(scene: Scene) -> None:
    content = encode_glb(scene, 5.0)
    loaded = trimesh.load(io.BytesIO(content), file_type="glb", process=False)
    drawn = {name: mesh for name, _, mesh, *_ in meshes(scene, 5.0)}
    assert set(loaded.geometry) == set(drawn)
    assert "cellars" not in loaded.geometry
    buildings = loaded.geometry["buildings"]
    x, up, z = buildings.bounds[0]
    low, high = drawn["buildings"][0].min(axis=0), drawn["buildings"][0].max(axis=0)
    np.testing.assert_allclose([x, up, z], [low[0], low[2], -high[1]], atol=1e-3)
    # turned, not mirrored: faces still look outward
    water = loaded.geometry["water"]
    assert (water.face_normals[:, 1] > 0.99).all()
    people = loaded.geometry["people"]
    assert people.bounds[1][1] == pytest.approx(3.6 + 1.75, abs=1e-3)
    assert len(loaded.geometry["density_street"].faces) % 2 == 0


def test_colours_are_linear(scene: Scene) -> None:
    document, binary = _parts(encode_glb(scene))
    names = [mesh["name"] for mesh in document["meshes"]]
    accessor = document["accessors"][document["meshes"][names.index("water")]["primitives"][0]["attributes"]["COLOR_0"]]
    view = document["bufferViews"][accessor["bufferView"]]
    rgba = np.frombuffer(binary, np.uint8, 4, view["byteOffset"])
    srgb = np.array([92, 134, 148]) / 255
    np.testing.assert_allclose(rgba[:3] / 255, ((srgb + 0.055) / 1.055) ** 2.4, atol=0.003)
    assert rgba[3] == 255


def test_nothing_visible_is_refused(scene: Scene) -> None:
    with pytest.raises(OutputError, match="nothing to write"):
        encode_glb(scene.show_only())


def test_degenerate_triangles_are_left_out() -> None:
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [2, 0, 0]])
    triangles = np.array([[0, 1, 2], [0, 1, 3], [1, 1, 2]], np.int32)
    layer = MeshLayer("m", "M", vertices, triangles, np.zeros((3, 3), np.uint8))
    content = encode_glb(Scene("t", (layer,), ()))
    loaded = trimesh.load(io.BytesIO(content), file_type="glb", process=False)
    assert len(loaded.geometry["m"].faces) == 1


def test_what_does_not_read_back_is_not_kept(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = glb._corners

    def short(mesh: glb.Mesh, *, smooth: bool) -> glb.Corners:
        corners = real(mesh, smooth=smooth)
        return corners._replace(order=corners.order[:-1])

    monkeypatch.setattr(glb, "_corners", short)
    with pytest.raises(OutputError):
        export(scene, tmp_path / "x.glb")
    assert not list(tmp_path.iterdir())


def test_export_goes_by_suffix(scene: Scene, tmp_path: Path) -> None:
    assert export(scene, tmp_path / "a.GLB").stat().st_size > 10_000
    with pytest.raises(OutputError, match=r"cannot be written as `\.xyz`") as caught:
        export(scene, tmp_path / "a.xyz")
    assert caught.value.hint is not None
    assert ".html" in caught.value.hint
    with pytest.raises(OutputError, match=r"USDZ \(\.usdz\) cannot be written yet"):
        export(scene, tmp_path / "a.usdz")
    with pytest.raises(OutputError, match="cannot be written as `scene`"):
        export(scene, str(tmp_path / "scene"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.GLB"]


def test_another_moment_moves_the_people(scene: Scene) -> None:
    early, late = encode_glb(scene, 0.0), encode_glb(replace(scene, time=19.0))
    assert early != late
    assert encode_glb(scene) == encode_glb(scene)
