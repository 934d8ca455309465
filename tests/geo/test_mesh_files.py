"""Meshes in: what is in a file is what another library (trimesh) put there, and what is not plain is told."""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import viewer
from tests.geo.meshes import box, chunks, gabled, glb, triangle
from twin.errors import FormatError, TwinError
from twin.geo.city import City, read_city
from twin.geo.mesh import SEMANTICS
from twin.geo.readers import meshkind
from twin.geo.readers.source import Blob
from twin.geo.topology import signed_volumes

Put = Callable[..., Path]

CONCAVE_OBJ = """\
# an L of 10 by 10 with a corner of 6 by 6 cut out, 3 m high: area 64, volume 192
v 0 0 0
v 10 0 0
v 10 4 0
v 4 4 0
v 4 10 0
v 0 10 0
v 0 0 3
v 10 0 3
v 10 4 3
v 4 4 3
v 4 10 3
v 0 10 3
f 6 5 4 3 2 1
f 7 8 9 10 11 12
f 1 2 8 7
f 2 3 9 8
f 3 4 10 9
f 4 5 11 10
f 5 6 12 11
f 6 1 7 12
"""


def volume(city: City) -> float:
    mesh = city.surfaces
    return float(signed_volumes(mesh, np.zeros(len(mesh), np.int64), 1)[0])


def semantic_area(city: City, name: str) -> float:
    mesh = city.surfaces
    return float(mesh.areas()[mesh.semantic == SEMANTICS[name]].sum())


@pytest.mark.parametrize("kind", ["stl", "stl_ascii", "ply", "ply_ascii", "obj"])
def test_a_house_of_each_kind(tmp_path: Path, kind: str) -> None:
    house = gabled()
    suffix = kind.split("_")[0]
    options = {"encoding": "ascii"} if kind == "ply_ascii" else {}
    content = house.export(file_type="stl_ascii" if kind == "stl_ascii" else suffix, **options)
    path = tmp_path / f"house.{suffix}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    city = read_city(path)
    assert len(city.surfaces) == len(house.faces) == 16
    assert volume(city) == pytest.approx(house.volume, rel=1e-6) == 8 * 12 * (6 + 1.5)
    row = city.buildings.loc["house"]
    assert (row["ground_m"], row["roof_m"], row["height_source"]) == (0.0, 9.0, "geometry")
    assert row.geometry.area == pytest.approx(96.0)
    assert row.geometry.bounds == pytest.approx((-4, -6, 4, 6))
    assert semantic_area(city, "RoofSurface") == pytest.approx(2 * 12 * 5.0)
    assert semantic_area(city, "GroundSurface") == pytest.approx(96.0)
    assert semantic_area(city, "WallSurface") == pytest.approx(2 * 12 * 6 + 2 * (8 * 6 + 8 * 3 / 2))
    assert city.quality.counts() == {"no-crs": 1, "unit-assumed": 1, "up-assumed": 1}
    assert city.crs.to_authority() is None
    assert len(city.sources[0].sha256) == 64


def test_glb_is_metres_with_y_up_and_its_nodes_are_parts(tmp_path: Path) -> None:
    path = glb(tmp_path / "tower.glb", {"shaft": box(10, 10, 30), "wing": box(20, 8, 6), "roof": box(12, 12, 2, (0, 0, 30))})
    city = read_city(path)
    assert city.objects["type"].to_dict() == {
        "tower": "Building", "tower-shaft": "BuildingPart", "tower-wing": "BuildingPart", "tower-roof": "BuildingPart",
    }  # fmt: skip
    assert set(city.objects["parent"]) == {"", "tower"}
    row = city.buildings.loc["tower"]
    assert (row["ground_m"], row["roof_m"]) == (0.0, 32.0)
    # 10 x 10 and 20 x 8 about the same centre share 10 x 8
    assert row.geometry.area == pytest.approx(100 + 160 - 80, rel=1e-6)
    assert volume(city) == pytest.approx(3000 + 960 + 288, rel=1e-6)
    assert "unit-assumed" not in city.quality.counts()


def test_parts_that_stand_side_by_side_are_buildings(tmp_path: Path) -> None:
    row = {f"house {number}": box(6, 10, 8, (6.0 * number, 0, 0)) for number in range(4)}
    city = read_city(glb(tmp_path / "street.glb", row))
    assert city.buildings.index.tolist() == list(row)
    assert_allclose(city.buildings.geometry.area, 60.0, rtol=1e-6)
    assert "side by side" in city.quality.findings[-1].message


def test_transforms_of_nodes_are_nested_and_a_mirror_keeps_faces_outward(tmp_path: Path) -> None:
    """Against trimesh's own reading of the same file."""
    house = gabled()
    house.apply_transform(np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]]))
    scene = trimesh.Scene()
    scene.add_geometry(house, node_name="a", geom_name="h")
    turn = trimesh.transformations.rotation_matrix(0.7, [0, 1, 0], [3, 0, 1])
    mirror = np.diag([-1.0, 1, 1, 1]) @ turn
    scene.graph.update(frame_from="a", frame_to="b", matrix=mirror, geometry="h")
    path = tmp_path / "two.glb"
    path.write_bytes(scene.export(file_type="glb"))
    peer = trimesh.load_scene(path).to_mesh()
    city = read_city(path)
    ours = city.surfaces.vertices[city.surfaces.triangles.ravel()] + city.origin
    theirs = peer.vertices[peer.faces.ravel()]
    assert_allclose(ours.min(axis=0), [theirs[:, 0].min(), -theirs[:, 2].max(), theirs[:, 1].min()], atol=1e-5)
    assert_allclose(ours.max(axis=0), [theirs[:, 0].max(), -theirs[:, 2].min(), theirs[:, 1].max()], atol=1e-5)
    assert volume(city) == pytest.approx(2 * 720, rel=1e-5)


def test_polygons_that_are_not_convex_keep_their_shape(put: Put) -> None:
    city = read_city(put(CONCAVE_OBJ, "ell.obj"))
    assert volume(city) == pytest.approx(192.0)
    assert city.buildings.geometry.iloc[0].area == pytest.approx(64.0)
    assert semantic_area(city, "RoofSurface") == pytest.approx(64.0)


def test_faces_that_look_inward_are_turned(tmp_path: Path) -> None:
    house = gabled()
    house.invert()
    path = tmp_path / "house.stl"
    path.write_bytes(house.export(file_type="stl"))
    city = read_city(path)
    assert volume(city) == pytest.approx(720.0)
    assert city.quality.counts()["inside-out"] == 1


def test_relative_numbers_groups_materials_and_continued_lines(put: Put, tmp_path: Path) -> None:
    (tmp_path / "house.mtl").write_text("newmtl brick\nKd 0.5 0.25 0\nnewmtl RoofSurface\nKd 1 0 0\n")
    text = """\
mtllib house.mtl
o body
usemtl brick
v 0 0 0
v 4 0 0
v 4 0 3
v 0 0 3
f -4//1 -3//1 \\
 -2/2/1 -1
o lid
usemtl RoofSurface
v 0 4 3
v 4 4 3
f 4 3 6 5
"""
    city = read_city(put(text, "house.obj"))
    assert city.objects.index.tolist() == ["house", "house-body", "house-lid"]
    assert semantic_area(city, "WallSurface") == pytest.approx(12.0)
    assert semantic_area(city, "RoofSurface") == pytest.approx(16.0)
    assert city.surfaces.colour is not None
    # RoofSurface says what the lid is; its colour is that of any roof
    assert {tuple(row) for row in city.surfaces.colour.tolist()} == {(128, 64, 0, 255), (0, 0, 0, 0)}


@pytest.mark.parametrize("name", ["../secret.mtl", "/etc/passwd", "..\\secret.mtl", "link.mtl", "C:secret.mtl", "", "none.mtl"])
def test_materials_outside_the_folder_are_not_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.mtl").write_text("newmtl a\nKd 1 0 0\n")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.mtl").symlink_to(tmp_path / "secret.mtl")
    path = folder / "x.obj"
    path.write_text(f"mtllib {name}\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 1\nf 1 2 3\n")
    city = read_city(path)
    assert city.quality.counts()["no-materials"] == 1
    assert city.surfaces.colour is None


def test_our_own_glb_says_where_it_is(sample: City, tmp_path: Path) -> None:
    path = viewer.export(viewer.compose(sample), tmp_path / "scene.glb")
    city = read_city(path)
    assert city.crs.to_epsg() == 7415
    assert city.buildings.loc["buildings"].geometry.area == pytest.approx(sample.buildings.geometry.union_all().area, rel=0.01)
    assert city.height_range[1] == pytest.approx(sample.height_range[1], abs=1e-3)
    assert city.terrain is not None
    chance = np.random.default_rng(1)
    x, y = chance.uniform(136_550, 137_050, 500), chance.uniform(455_650, 456_050, 500)
    theirs, ours = sample.ground_at(x, y), city.terrain.at(x, y)
    known = np.isfinite(ours)
    assert known.sum() > 100
    assert np.median(np.abs(ours - theirs)[known]) < 0.1


def test_millimetres_are_suspected(tmp_path: Path) -> None:
    house = gabled()
    house.apply_scale(1000.0)
    path = tmp_path / "mm.stl"
    path.write_bytes(house.export(file_type="stl"))
    assert "scale=0.001" in next(f.message for f in read_city(path).quality.findings if f.code == "unit-doubtful")


# --- broken

FACET = b"facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n"
PLY = b"ply\nformat binary_little_endian 1.0\n"
PLY_OF_A_POINT = PLY + b"element vertex 1\nproperty float x\nproperty float y\nproperty float z\nend_header\n" + b"\0" * 12
POINTS = {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}


@pytest.mark.parametrize(
    ("line", "code", "where"),
    [
        ("f 1 2 99", "vertex-index", "ell.obj"),
        ("f 1 2 0", "vertex-index", "ell.obj"),
        ("f 1 2 -99", "vertex-index", "ell.obj"),
        ("f 1 2 x", "face", "ell.obj:22"),
        ("f 1 2", "too-few-points", "ell.obj:22"),
        ("f 1 2 99999999999999999999999999", "vertex-index", "ell.obj"),
        ("f 1 1 1", "too-few-points", "ell.obj:22"),
        ("v a b c\nf 1 2 -1", "vertex", "ell.obj:22"),
        ("v nan 0 0\nf 1 2 -1", "vertex", "ell.obj"),
        ("v 1e300 0 0\nf 1 2 -1", "vertex", "ell.obj"),
        ("l 1 2 3", "not-read", "ell.obj"),
    ],
)
def test_a_bad_line_costs_itself_only(put: Put, line: str, code: str, where: str) -> None:
    city = read_city(put(CONCAVE_OBJ + line + "\n", "ell.obj"))
    assert volume(city) == pytest.approx(192.0)
    finding = next(finding for finding in city.quality.findings if finding.code == code)
    assert where in finding.path


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"v 0 0 0\nv 1 0 0\n", "x.obj", "holds no faces"),
        (b"v 0 0 0\n" + b"f " + b"1 " * 600_000, "x.obj", "longer than"),
        (b"solid x\nendsolid x\n", "x.stl", "holds no faces"),
        (b"solid x\n" + FACET + b"endsolid x\nsolid y\n" + FACET, "x.stl", "ends too early: the last solid has no `endsolid`"),
        (b"\0" * 80 + struct.pack("<I", 4_000_000_000) + b"\0" * 50, "x.stl", "promises 4000000000 facets, the file ends after 1"),
        (b"ply\nformat ascii 1.0\n", "x.ply", "has no end"),
        (b"ply\nformat ascii 1.0\nelement vertex 5\nproperty float x\nend_header\n1\n", "x.ply", "promises 5 rows"),
        (b"ply\nformat ascii 1.0\nelement vertex x\nend_header\n", "x.ply", "x.ply:3: an element has a name and a count"),
        (PLY + b"element vertex 999999999999\nproperty float x\nend_header\n1234", "x.ply", "rows, the file ends after 1"),
        (PLY + b"element face 1\nproperty list uint float vertex_index\nend_header\n\xff\xff\xff\xff", "x.ply", "promises 1 rows"),
        (PLY_OF_A_POINT, "x.ply", "points without faces"),
        (b"ply\nformat morse 1.0\nend_header\n", "x.ply", "text or binary"),
        (b"glTF", "x.glb", "ends within its header"),
        (struct.pack("<4sII", b"glTF", 1, 20) + b"\0" * 8, "x.glb", "glTF 1 is not readable"),
        (struct.pack("<4sII", b"glTF", 2, 99) + b"\0" * 8, "x.glb", "ends after 20 of 99"),
        (chunks(b"{"), "x.glb", "JSON is broken"),
        (chunks(b"[]"), "x.glb", "no object"),
        (chunks(b'{"a":' + b"[" * 100_000), "x.glb", "JSON is broken"),
        (chunks({"extensionsRequired": ["KHR_draco_mesh_compression"]}), "x.glb", "without compression"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_a_reason(put: Put, content: bytes, name: str, told: str) -> None:
    with pytest.raises(FormatError, match=None) as caught:
        read_city(put(content, name))
    assert told in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"accessors": [POINTS | {"count": 10**12}]}, "do not fit"),
        ({"accessors": [POINTS | {"byteOffset": 4}]}, "do not fit"),
        ({"accessors": [POINTS | {"bufferView": 9}]}, "not there"),
        ({"accessors": [{"componentType": 5126, "count": 10**12, "type": "VEC3"}]}, "sparse"),
        ({"accessors": [POINTS | {"componentType": 1}]}, "not an accessor"),
        ({"accessors": []}, "not an accessor"),
        ({"bufferViews": [{"buffer": 0, "byteLength": 36, "byteStride": 1}]}, "do not fit"),
        ({"bufferViews": [{"buffer": 0, "byteLength": 10**9}], "accessors": [POINTS | {"count": 9999}]}, "do not fit"),
        ({"buffers": [{"uri": "https://example.org/a.bin", "byteLength": 36}]}, "holds no faces"),
        ({"buffers": [{"uri": "../../secret.bin", "byteLength": 36}]}, "holds no faces"),
        ({"meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "mode": 1}]}]}, "holds no faces"),
    ],
)  # fmt: skip
def test_a_glb_that_lies_about_its_buffers_is_refused(put: Put, change: dict[str, Any], told: str) -> None:
    document, binary = triangle()
    with pytest.raises(FormatError) as caught:
        read_city(put(chunks({**document, **change}, binary), "x.glb"))
    assert told in str(caught.value)


def test_nodes_in_a_circle_end(put: Put) -> None:
    document, binary = triangle(children=[0, 1, 7, "a"])
    document["nodes"].append({"children": [0, 1]})
    city = read_city(put(chunks(document, binary), "x.glb"))
    assert len(city.surfaces) == 1
    assert city.quality.counts()["node"] >= 3


def test_endless_copies_of_a_mesh_are_refused(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.geo.readers.mesh_glb.MAX_NODES", 100)
    monkeypatch.setattr("twin.geo.readers.gltf_buffers.MAX_VALUES", 9_000)
    document, binary = triangle()
    document["nodes"] = [{"mesh": 0}] * 101
    document["scenes"] = [{"nodes": list(range(101))}]
    with pytest.raises(FormatError, match="too many triangles or nodes"):
        read_city(put(chunks(document, binary), "x.glb"))
    document["meshes"][0]["primitives"] *= 1001
    with pytest.raises(FormatError, match="takes its buffers too many times"):
        read_city(put(chunks(document, binary), "x.glb"))


def test_an_embedded_buffer_strips_and_short_indices(put: Put) -> None:
    import base64

    corners = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0], [10, 10, 0]], "<f4").tobytes()
    content = base64.b64encode(corners + bytes([0, 1, 2, 3])).decode()
    document, _ = triangle()
    document["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "mode": 5}]}]
    document["accessors"] = [
        {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
        {"bufferView": 0, "componentType": 5121, "count": 4, "type": "SCALAR", "byteOffset": 48},
    ]
    document["bufferViews"] = [{"buffer": 0, "byteLength": 52}]
    document["buffers"] = [{"byteLength": 52, "uri": f"data:application/octet-stream;base64,{content}"}]
    mesh = read_city(put(chunks(document), "x.glb")).surfaces
    # both triangles of the strip look the same way: south, once z is up
    assert_allclose(mesh.normals(), [[0, -1, 0]] * 2, atol=1e-9)
    assert mesh.areas().sum() == pytest.approx(100.0)


def test_degenerate_and_unfinished_facets_are_counted(put: Put) -> None:
    facet = "facet normal 0 0 1\nouter loop\n{}endloop\nendfacet\n"
    good = "vertex 0 0 0\nvertex 1 0 0\nvertex 0 1 1\n"
    text = "solid s\n" + facet.format(good) + facet.format("vertex 0 0 0\n" * 3) + facet.format("vertex 1 1\n" * 3)
    city = read_city(put(text + facet.format("vertex 0 0 0\n") + "facet normal 0 0 1\nvertex 0 0 0\nendsolid s\n", "s.stl"))
    assert len(city.surfaces) == 1
    counts = city.quality.counts()
    assert counts["too-few-points"] == 1
    assert counts["face"] == 2
    assert counts["vertex"] >= 3


@pytest.mark.parametrize("kind", ["stl", "stl_ascii", "ply", "ply_ascii", "glb"])
def test_a_file_that_was_cut_is_refused(put: Put, kind: str) -> None:
    """OBJ says nowhere how much there is of it, so a cut cannot be told there."""
    options = {"encoding": "ascii"} if kind == "ply_ascii" else {}
    ball = trimesh.Scene(trimesh.creation.icosphere(subdivisions=1))
    mesh = ball if kind == "glb" else ball.to_geometry()
    content = mesh.export(file_type="ply" if kind == "ply_ascii" else kind, **options)
    content = content.encode() if isinstance(content, str) else content
    assert len(read_city(put(content, f"x.{kind[:3]}")).surfaces) == 80
    for sixth in range(1, 6):
        with pytest.raises(FormatError):
            read_city(put(content[: len(content) * sixth // 6], f"x.{kind[:3]}"))


# --- told by content


def test_kinds_are_told_by_content_whatever_the_name(tmp_path: Path) -> None:
    rich = trimesh.creation.icosphere(subdivisions=4)
    for kind in ("stl", "stl_ascii", "ply", "obj"):
        content = rich.export(file_type=kind)
        path = tmp_path / f"{kind}.bin"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        assert read_city(path).sources[0].format.split()[0].rstrip(")") in ("STL", "PLY", "Wavefront")
    noise = random.Random(3).randbytes(8192)
    assert not meshkind.is_stl_binary(noise, "noise")
    assert not meshkind.is_obj(b"version 1\nfoo 2\n", "x.txt")


def base_files() -> list[tuple[str, bytes]]:
    house = gabled()
    files = [("x.stl", house.export(file_type="stl")), ("x.ply", house.export(file_type="ply"))]
    files += [("y.stl", house.export(file_type="stl_ascii").encode()), ("x.obj", house.export(file_type="obj").encode())]
    files += [("y.ply", house.export(file_type="ply", encoding="ascii")), ("x.glb", trimesh.Scene(house).export(file_type="glb"))]
    return files


FILES = base_files()


@given(st.integers(0, len(FILES) - 1), st.randoms(use_true_random=False))
def test_any_damage_reads_or_is_told(number: int, chance: random.Random) -> None:
    from twin.geo.readers.assemble import assemble
    from twin.geo.readers.formats import format_of
    from twin.geo.readers.model import ReadOptions

    name, content = FILES[number]
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(damaged))
        match chance.randrange(3):
            case 0:
                del damaged[place : place + chance.randint(1, 60)]
            case 1:
                damaged[place] = chance.randrange(256)
            case _:
                damaged[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 4)))
        if not damaged:
            break
    blob = Blob.of_bytes(name, bytes(damaged))
    told: str | None = ""
    city: City | None
    try:
        city = assemble([format_of(blob).read(blob, ReadOptions())], ReadOptions())
    except TwinError as error:
        city, told = None, error.where
    assert told if city is None else city.summary()
    assert city is None or np.isfinite(city.surfaces.vertices).all()


def test_uneven_lists_of_a_binary_ply(put: Put) -> None:
    head = b"ply\nformat binary_big_endian 1.0\nelement vertex 5\nproperty double x\nproperty double y\nproperty double z\n"
    head += b"element face 2\nproperty uchar red\nproperty list uchar int vertex_indices\nend_header\n"
    corners = np.array([[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0], [2, 2, 5]], ">f8").tobytes()
    faces = struct.pack(">BB4i", 7, 4, 0, 3, 2, 1) + struct.pack(">BB3i", 7, 3, 0, 1, 4)
    city = read_city(put(head + corners + faces, "p.ply"))
    assert len(city.surfaces) == 3
    assert city.surfaces.areas().sum() == pytest.approx(16 + 0.5 * 4 * np.hypot(2, 5))


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_packed_meshes(tmp_path: Path) -> None:
    import gzip
    import zipfile

    content = gabled().export(file_type="stl")
    (tmp_path / "house.stl.gz").write_bytes(gzip.compress(content))
    assert read_city(tmp_path / "house.stl.gz").buildings.index.tolist() == ["house"]
    with zipfile.ZipFile(tmp_path / "house.zip", "w") as archive:
        archive.writestr("deep/house.stl", content)
    assert read_city(tmp_path / "house.zip").buildings.index.tolist() == ["house"]
