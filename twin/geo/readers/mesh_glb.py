"""glTF 2.0 in its binary form: the triangles of each node, in metres, with what our own exports say of themselves.

Read here and not by a library: nothing but positions, indices and base colours is wanted, and no picture, no address
and no extension of an untrusted file shall be opened.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.readers.gltf_buffers import Buffers, entry, listed, whole
from twin.geo.readers.meshparts import (
    MAX_FACES,
    MeshFile,
    face_colours,
    rgba,
    semantic_of,
    stated_crs,
    stated_origin,
    triangle_rings,
)
from twin.geo.readers.model import Findings

MAX_NODES = 200_000
JSON_CHUNK, BINARY_CHUNK = b"JSON", b"BIN\0"
SUPPORTED = ("KHR_mesh_quantization", "KHR_materials_unlit", "KHR_texture_transform", "KHR_materials_specular")
"""Extensions that may be required without changing what is read here."""

LAYER_TYPES = {
    "buildings": "Building", "bridges": "Bridge", "water": "WaterBody", "green": "PlantCover", "ground": "TINRelief",
    "roads": "Road", "stairs": "GenericCityObject", "quay": "GenericCityObject", "other": "GenericCityObject",
}  # fmt: skip
"""Type of the layers of our own exports by the first word of their names. The others are drawn for the picture (people,
fields, what lies beyond), or hold many points as one mesh (trees, lamps): they are not read."""


def layer_type(layer: str) -> str:
    """Type of a layer of our own exports; empty for one that is not read."""
    return LAYER_TYPES.get(layer.split("_", 1)[0], "")


def parse(content: bytes, name: str, findings: Findings) -> MeshFile:
    """Read a GLB.

    Raises
    ------
    FormatError
        When the file is broken, compressed, or too large.
    """
    document, binary = _chunks(content, name)
    required = [one for one in listed(document, "extensionsRequired") if isinstance(one, str)]
    for one in required:
        if one not in SUPPORTED:
            hint = "export the file without compression" if "compression" in one or "draco" in one else None
            raise FormatError(f"the file needs the extension {one[:60]}, which is not readable", where=name, hint=hint)
    asset = document.get("asset")
    extras = asset.get("extras") if isinstance(asset, dict) else None
    ours = isinstance(asset, dict) and asset.get("generator") == "stadstwin" and isinstance(extras, dict)
    scene = _Scene(document, Buffers(document, binary, name, findings), name, findings, ours=ours)
    scene.walk()
    mesh = scene.mesh()
    if ours and isinstance(extras, dict):
        mesh.crs = stated_crs(extras.get("crs"), findings, name)
        mesh.origin = stated_origin(extras.get("origin"))
    return mesh


def _chunks(content: bytes, name: str) -> tuple[dict[str, Any], bytes]:
    """The document and the binary part."""
    if len(content) < 20:
        raise FormatError("the glTF ends within its header", where=name)
    _, version, length = struct.unpack_from("<4sII", content)
    if version != 2:
        raise FormatError(f"glTF {version} is not readable; 2 is", where=name)
    if length > len(content):
        raise FormatError(f"the file ends after {len(content)} of {length} bytes", where=name)
    position = 12
    found: dict[bytes, bytes] = {}
    while position + 8 <= length:
        size, kind = struct.unpack_from("<I4s", content, position)
        if position + 8 + size > length:
            raise FormatError("a chunk is longer than the file", where=name)
        found.setdefault(kind, content[position + 8 : position + 8 + size])
        position += 8 + size
    try:
        document = orjson.loads(found.get(JSON_CHUNK, b""))
    except orjson.JSONDecodeError as error:
        raise FormatError(f"its JSON is broken: {error.msg}", where=name) from None
    if not isinstance(document, dict):
        raise FormatError("its JSON is no object", where=name)
    return document, found.get(BINARY_CHUNK, b"")


Piece = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int32]]
"""Vertices (V, 3), triangles (T, 3) and the material (T,) of each, -1 for none."""


def material(primitive: dict[str, Any]) -> int:
    """Number of the material of a primitive, -1 for none."""
    found = whole(primitive.get("material"))
    return found if found < 2**31 else -1


class _Scene:
    """Nodes with their meshes, gathered one after the other."""

    def __init__(self, document: dict[str, Any], buffers: Buffers, name: str, findings: Findings, *, ours: bool) -> None:
        self.document, self.buffers, self.name, self.findings, self.ours = document, buffers, name, findings, ours
        self.nodes = listed(document, "nodes")
        self.meshes = listed(document, "meshes")
        self.materials = [entry(listed(document, "materials"), one) for one in range(len(listed(document, "materials")))]
        self.names: list[str] = []
        self.stated: list[dict[str, Any]] = []
        self.vertices: list[NDArray[np.float64]] = []
        self.triangles: list[NDArray[np.int64]] = []
        self.part: list[NDArray[np.int32]] = []
        self.material: list[NDArray[np.int32]] = []
        self.count, self.faces = 0, 0
        self.known: dict[int, Piece] = {}

    def walk(self) -> None:
        """Visit every node of the scene once, with its place."""
        stack = [(root, np.eye(4)) for root in reversed(self._roots())]
        seen: set[int] = set()
        while stack:
            number, above = stack.pop()
            node = entry(self.nodes, number)
            if not node:
                self.findings.add("node", "", f"node {str(number)[:12]} is not there", path=self.name)
                continue
            if number in seen:
                message = "the node is a child of two others, or of itself; taken once"
                self.findings.add("node", "", message, path=f"{self.name} nodes[{number}]")
                continue
            seen.add(number)
            place = above @ self._transform(node, number)
            if "mesh" in node:
                self._add(node, number, place)
            stack += [(child, place) for child in reversed(listed(node, "children"))]

    def _roots(self) -> list[Any]:
        scenes = listed(self.document, "scenes")
        if scenes:
            scene = entry(scenes, self.document.get("scene", 0)) or entry(scenes, 0)
            return listed(scene, "nodes")
        children = {child for node in self.nodes for child in listed(node, "children") if type(child) is int}
        return [number for number in range(len(self.nodes)) if number not in children]

    def _transform(self, node: dict[str, Any], number: int) -> NDArray[np.float64]:
        """Matrix of a node: as it is, or of its translation, rotation and scale."""
        matrix = _floats(node.get("matrix"), 16)
        if matrix is not None:
            return matrix.reshape(4, 4).T
        out = np.eye(4)
        rotation, scale = _floats(node.get("rotation"), 4), _floats(node.get("scale"), 3)
        if rotation is not None:
            length = float(np.linalg.norm(rotation))
            if length < 1e-6:
                message = "the rotation is no unit quaternion; not turned"
                self.findings.add("node", "", message, path=f"{self.name} nodes[{number}]")
            else:
                out[:3, :3] = _turn(rotation / length)
        if scale is not None:
            out[:3, :3] *= scale
        translation = _floats(node.get("translation"), 3)
        if translation is not None:
            out[:3, 3] = translation
        return out

    def _add(self, node: dict[str, Any], number: int, place: NDArray[np.float64]) -> None:
        mesh_number = whole(node["mesh"])
        mesh = entry(self.meshes, mesh_number)
        where = f"{self.name} nodes[{number}]"
        if not mesh:
            self.findings.add("node", "", "its mesh is not there; left out", severity="error", path=where)
            return
        layer = str(mesh.get("name", ""))
        if self.ours and (not layer_type(layer)):
            message = f"layer `{layer[:60]}` of the exported scene is for the picture; not read"
            self.findings.add("not-read", "", message, severity="info", path=where)
            return
        if mesh_number not in self.known:
            self.known[mesh_number] = self._primitives(mesh, mesh_number)
        vertices, triangles, material = self.known[mesh_number]
        self.faces += len(triangles)
        if self.faces > MAX_FACES or len(self.names) >= MAX_NODES:
            raise FormatError("too many triangles or nodes", where=self.name, hint="split the file")
        with np.errstate(over="ignore", invalid="ignore"):
            turned = np.linalg.det(place[:3, :3]) < 0
            self.vertices.append(vertices @ place[:3, :3].T + place[:3, 3])
        # A mirror turns the faces inside out.
        self.triangles.append((triangles[:, ::-1] if turned else triangles) + self.count)
        self.part.append(np.full(len(triangles), len(self.names), np.int32))
        self.material.append(material)
        self.count += len(vertices)
        self.names.append(str(node.get("name") or mesh.get("name") or "")[:200])
        told = {"id": layer, "type": layer_type(layer), "lod": ""} if self.ours else {}
        self.stated.append(told)

    def _primitives(self, mesh: dict[str, Any], number: int) -> Piece:
        """The primitives of a mesh as one."""
        found: list[Piece] = []
        count = 0
        for position, primitive in enumerate(listed(mesh, "primitives")):
            where = f"{self.name} meshes[{number}].primitives[{position}]"
            attributes = primitive.get("attributes") if isinstance(primitive, dict) else None
            if not isinstance(attributes, dict) or "POSITION" not in attributes:
                self.findings.add("primitive", "", "has no positions; left out", severity="error", path=where)
                continue
            mode = whole(primitive.get("mode"), 4)
            if mode not in (4, 5, 6):
                self.findings.add("not-read", "", "points and lines have no faces; not read", severity="info", path=where)
                continue
            vertices = self.buffers.numbers(attributes["POSITION"], 3)
            indices = self.buffers.numbers(primitive["indices"], 1) if "indices" in primitive else None
            if vertices is None or ("indices" in primitive and indices is None):
                continue
            order = np.arange(len(vertices)) if indices is None else np.nan_to_num(indices[:, 0], nan=-1.0).astype(np.int64)
            triangles = _triangles(order, mode)
            inside = ((triangles >= 0) & (triangles < len(vertices))).all(axis=1)
            if not inside.all():
                message = f"{int((~inside).sum())} triangles point to vertices that are not there; left out"
                self.findings.add("vertex-index", "", message, severity="error", path=where)
            # Only what is used, so that the limit on triangles limits the vertices too.
            used, again = np.unique(triangles[inside], return_inverse=True)
            found.append((vertices[used], again.reshape(-1, 3) + count, np.full(int(inside.sum()), material(primitive), np.int32)))
            count += len(used)
        if not found:
            return np.empty((0, 3)), np.empty((0, 3), np.int64), np.empty(0, np.int32)
        tables, triangle_tables, materials = zip(*found, strict=True)
        return np.concatenate(tables), np.concatenate(triangle_tables), np.concatenate(materials)

    def mesh(self) -> MeshFile:
        """All of it as one."""
        part = np.concatenate(self.part) if self.part else np.empty(0, np.int32)
        material = np.concatenate(self.material) if self.material else np.empty(0, np.int32)
        material = np.where(material < len(self.materials), material, -1).astype(np.int32)
        codes = np.array([*(semantic_of(str(one.get("name"))) for one in self.materials), 0], dtype=np.uint8)
        triangles = np.concatenate(self.triangles) if self.triangles else np.empty((0, 3), np.int64)
        return MeshFile(
            form="glTF 2.0 (binary)",
            vertices=np.concatenate(self.vertices) if self.vertices else np.empty((0, 3)),
            rings=triangle_rings(triangles),
            part=part,
            names=self.names,
            semantic=codes[material],
            # Our own exports keep their colours by vertex, for the picture.
            colour=None if self.ours else face_colours(material, [_base_colour(one) for one in self.materials]),
            stated=self.stated if self.ours else [],
            up="y",
            up_stated=True,
            unit_stated=True,
            where=lambda face: f"{self.name} triangle {face + 1}",
        )


def _floats(value: Any, count: int) -> NDArray[np.float64] | None:
    if not isinstance(value, list) or len(value) != count or not all(type(one) in (int, float) for one in value):
        return None
    return np.array(value, dtype=np.float64)


def _turn(quaternion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation matrix of a unit quaternion x, y, z, w."""
    x, y, z, w = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _triangles(order: NDArray[np.int64], mode: int) -> NDArray[np.int64]:
    """Triangles of a list (4), a strip (5) or a fan (6) of vertices."""
    if mode == 4:
        return order[: len(order) // 3 * 3].reshape(-1, 3)
    if len(order) < 3:
        return np.empty((0, 3), np.int64)
    if mode == 6:
        return np.column_stack([np.full(len(order) - 2, order[0]), order[1:-1], order[2:]])
    strip = np.column_stack([order[:-2], order[1:-1], order[2:]])
    # Every other triangle of a strip runs the other way round.
    strip[1::2] = strip[1::2][:, [1, 0, 2]]
    return strip


def _base_colour(material: dict[str, Any]) -> tuple[int, int, int, int]:
    """Base colour of a material, which glTF keeps linear, as sRGB (IEC 61966-2-1)."""
    surface = material.get("pbrMetallicRoughness")
    factor = _floats(surface.get("baseColorFactor"), 4) if isinstance(surface, dict) else None
    if factor is None:
        return 0, 0, 0, 0
    linear = np.clip(factor[:3], 0.0, 1.0)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = srgb.tolist()
    return rgba(red, green, blue, float(factor[3]))
