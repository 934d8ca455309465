"""glTF 2.0 in its binary form (.glb), written from the packed arrays: one mesh and one node a layer.

What is known of each object goes with it, see `viewer.backends.glb_metadata`.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from twin.errors import OutputError
from viewer.backends.figures import Drawn, Mesh, Strokes, meshes, strokes
from viewer.backends.glb_buffer import ARRAY_BUFFER, ELEMENT_BUFFER, FLOAT, UINT8, UINT32, Buffer
from viewer.backends.glb_metadata import FEATURES, METADATA, Tables
from viewer.backends.image import write_bytes
from viewer.backends.pack import to_linear
from viewer.scene import Scene

UNLIT = "KHR_materials_unlit"


class Corners(NamedTuple):
    """What a mesh is made of, y up; `triangle` is the row of the layer that each corner is of."""

    position: NDArray[np.float32]
    normal: NDArray[np.float32]
    colour: NDArray[np.uint8]
    order: NDArray[np.uint32]
    triangle: NDArray[np.int64]


def _corners(mesh: Mesh, *, smooth: bool) -> Corners:
    """Three corners a triangle, so that faces stay flat; round things share their corners instead, and stay small."""
    vertices, triangles, colours = mesh
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1)
    keep = np.flatnonzero(length > 1e-9)
    triangles, normal, length, colours = triangles[keep], normal[keep], length[keep], colours[keep]
    if smooth:
        used, inverse = np.unique(triangles, return_inverse=True)
        index = inverse.reshape(-1, 3)
        total = np.zeros((len(used), 3))
        for k in range(3):
            np.add.at(total, index[:, k], normal)
        size = np.linalg.norm(total, axis=1, keepdims=True)
        normals = np.where(size > 1e-12, total / np.maximum(size, 1e-12), [0.0, 0.0, 1.0])
        corners, source = vertices[used], np.empty(len(used), np.int64)
        source[index.ravel()] = np.repeat(np.arange(len(keep)), 3)
    else:
        normals = np.repeat(normal / length[:, None], 3, axis=0)
        corners, source = vertices[triangles.ravel()], np.repeat(np.arange(len(keep)), 3)
        index = np.arange(len(corners)).reshape(-1, 3)
    return Corners(_y_up(corners), _y_up(normals), _linear(colours[source]), index.ravel().astype(np.uint32), keep[source])


def _linear(colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours as glTF wants them, in four bytes so that they are aligned, (N, 4)."""
    linear = np.rint(255 * to_linear(np.arange(256))).astype(np.uint8)[colour]
    return np.column_stack([linear, np.full(len(linear), 255, np.uint8)])


def _y_up(xyz: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.column_stack([xyz[:, 0], xyz[:, 2], -xyz[:, 1]]).astype(np.float32)


def encode_glb(scene: Scene, time: float | None = None) -> bytes:
    """The visible layers of a scene at one moment as a GLB; of a comparison what is there after the change.

    Parameters
    ----------
    scene : Scene
    time : float, optional
        Moment of people and fields [s]; by default the scene's. The format holds one moment only.

    Returns
    -------
    bytes
        Coordinates relative to `Scene.origin` in metres, y up; ``asset.extras`` says where the origin lies.

    Raises
    ------
    OutputError
        When nothing is visible, or what was made cannot be read back.
    """
    scene = scene.shown()
    moment = scene.time if time is None else float(time)
    made = _Document()
    for drawn in meshes(scene, moment):
        made.add_mesh(drawn)
    for one in strokes(scene):
        made.add_strokes(one)
    if not made.nodes:
        raise OutputError("there is nothing to write: no layer of the scene is visible")
    document = made.document(scene.title or "scene", _extras(scene, moment))
    encoded = _chunks(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY), b"".join(made.buffer.parts))
    _read_back(encoded, made.triangles)
    return encoded


class _Document:
    """What becomes the JSON part."""

    def __init__(self) -> None:
        self.buffer = Buffer()
        self.tables = Tables(self.buffer)
        self.nodes: list[dict[str, Any]] = []
        self.meshes: list[dict[str, Any]] = []
        self.materials: list[dict[str, Any]] = []
        self.used: set[str] = set()
        self.triangles = 0

    def add_mesh(self, drawn: Drawn) -> None:
        """A layer of triangles."""
        corners = _corners(drawn.mesh, smooth=drawn.name in ("trees", "people"))
        if not len(corners.order):
            return
        self.triangles += len(corners.order) // 3
        attributes = {
            **self._placed(corners.position, corners.colour),
            "NORMAL": self.buffer.add(corners.normal, "VEC3", FLOAT, ARRAY_BUFFER),
        }
        primitive: dict[str, Any] = {"attributes": attributes, "material": len(self.materials), "mode": 4}
        primitive["indices"] = self.buffer.add(corners.order, "SCALAR", UINT32, ELEMENT_BUFFER)
        if drawn.owner is not None:
            self._know(primitive, drawn.name, drawn.label, drawn.attributes, drawn.owner[corners.triangle])
        self.materials.append(_material(drawn.label, drawn.opacity, water=drawn.name.startswith("water")))
        self._add(drawn.name, drawn.label, primitive)

    def add_strokes(self, one: Strokes) -> None:
        """A layer of dots or lines."""
        attributes = self._placed(_y_up(one.places), _linear(one.colours))
        primitive: dict[str, Any] = {"attributes": attributes, "material": len(self.materials), "mode": 1 if one.lines else 0}
        if one.attributes:
            self._know(primitive, one.name, one.label, one.attributes, np.arange(len(one.places)))
        self.used.add(UNLIT)
        self.materials.append({"name": one.label, "pbrMetallicRoughness": {"metallicFactor": 0.0}, "extensions": {UNLIT: {}}})
        self._add(one.name, one.label, primitive)

    def _placed(self, position: NDArray[np.float32], colour: NDArray[np.uint8]) -> dict[str, int]:
        low, high = (edge.astype(float).tolist() for edge in (position.min(axis=0), position.max(axis=0)))
        return {
            "POSITION": self.buffer.add(position, "VEC3", FLOAT, ARRAY_BUFFER, min=low, max=high),
            "COLOR_0": self.buffer.add(colour, "VEC4", UINT8, ARRAY_BUFFER, normalized=True),
        }

    def _know(
        self, primitive: dict[str, Any], name: str, label: str, attributes: Mapping[str, Sequence[Any]], row: NDArray[np.integer]
    ) -> None:
        """Say of each corner which object it is of, and what is known of those."""
        table = self.tables.add(name, label, attributes)
        if table is None:
            return
        count = int(self.tables.tables[table]["count"])
        # Corners know no integers of 32 bits; floats hold them up to 16 million.
        numbers = np.where((row >= 0) & (row < count), row, count).astype(np.float32)
        primitive["attributes"]["_FEATURE_ID_0"] = self.buffer.add(numbers, "SCALAR", FLOAT, ARRAY_BUFFER)
        feature = {"featureCount": count, "attribute": 0, "propertyTable": table, "nullFeatureId": count}
        primitive["extensions"] = {FEATURES: {"featureIds": [feature]}}
        self.used |= {FEATURES, METADATA}

    def _add(self, name: str, label: str, primitive: dict[str, Any]) -> None:
        self.meshes.append({"name": name, "primitives": [primitive]})
        self.nodes.append({"name": label, "mesh": len(self.meshes) - 1})

    def document(self, title: str, extras: dict[str, Any]) -> dict[str, Any]:
        """The whole of it."""
        more: dict[str, Any] = {"extensionsUsed": sorted(self.used)} if self.used else {}
        if METADATA in self.used:
            more["extensions"] = {METADATA: self.tables.extension()}
        return {
            "asset": {"version": "2.0", "generator": "stadstwin", "extras": extras},
            **more,
            "scene": 0,
            "scenes": [{"name": title, "nodes": list(range(len(self.nodes)))}],
            "nodes": self.nodes,
            "meshes": self.meshes,
            "materials": self.materials,
            "buffers": [{"byteLength": self.buffer.size}],
            "bufferViews": self.buffer.views,
            "accessors": self.buffer.accessors,
        }


def _material(label: str, opacity: float, *, water: bool) -> dict[str, Any]:
    surface: dict[str, Any] = {
        "baseColorFactor": [1.0, 1.0, 1.0, float(opacity)],
        "metallicFactor": 0.0,
        "roughnessFactor": 0.25 if water else 0.9,
    }
    material: dict[str, Any] = {"name": label, "pbrMetallicRoughness": surface, "doubleSided": True}
    if opacity < 1.0:
        material["alphaMode"] = "BLEND"
    return material


def _extras(scene: Scene, time: float) -> dict[str, Any]:
    return {
        "title": scene.title,
        "subtitle": scene.subtitle,
        "crs": scene.crs,
        "origin": list(scene.origin),
        "axes": "x east, y up, z south; metres relative to origin",
        "in_crs": "east = origin[0] + x, north = origin[1] - z, height = origin[2] + y",
        "time_s": time,
        "time_note": "One moment only: people and fields over time are in the HTML scene.",
        "credits": list(scene.credits),
        "notes": list(scene.notes),
    }


def _chunks(document: bytes, binary: bytes) -> bytes:
    document += b" " * (-len(document) % 4)
    length = 12 + 8 + len(document) + 8 + len(binary)
    if length >= 2**32:
        raise OutputError("the scene is too large for a GLB (4 GiB)", hint="show fewer layers")
    head = struct.pack("<4sII", b"glTF", 2, length)
    return head + struct.pack("<I4s", len(document), b"JSON") + document + struct.pack("<I4s", len(binary), b"BIN\0") + binary


def _read_back(encoded: bytes, expected: int) -> None:
    import trimesh

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = trimesh.load(io.BytesIO(encoded), file_type="glb", process=False)
        count = sum(len(part.faces) for part in loaded.geometry.values() if isinstance(part, trimesh.Trimesh))
    except Exception as error:  # whatever another reader stumbles over, the file is not good
        raise OutputError(f"the GLB that was made cannot be read back: {error}") from error
    if count != expected:
        raise OutputError(f"the GLB that was made reads back with {count} triangles instead of {expected}")


def write_glb(scene: Scene, path: str | Path) -> Path:
    """Write the scene at its moment as a GLB.

    Raises
    ------
    OutputError
        When it cannot be written or read back.
    """
    return write_bytes(Path(path), encode_glb(scene))
