"""glTF 2.0 in its binary form (.glb), written from the packed arrays: one mesh and one node a layer."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from twin.errors import OutputError
from viewer.backends.figures import Mesh, meshes
from viewer.backends.image import write_bytes
from viewer.backends.pack import to_linear
from viewer.scene import Scene

FLOAT, UINT32, UINT8 = 5126, 5125, 5121
ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963


class _Buffer:
    """The binary chunk: views aligned to four bytes, and the accessors on them."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, array: NDArray[Any], kind: str, component: int, target: int, **extra: Any) -> int:
        content = np.ascontiguousarray(array).tobytes()
        content += b"\0" * (-len(content) % 4)
        self.views.append({"buffer": 0, "byteOffset": self.size, "byteLength": array.nbytes, "target": target})
        self.accessors.append(
            {"bufferView": len(self.views) - 1, "componentType": component, "count": len(array), "type": kind, **extra}
        )
        self.parts.append(content)
        self.size += len(content)
        return len(self.accessors) - 1


Corners = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8], NDArray[np.uint32]]


def _corners(mesh: Mesh, *, smooth: bool) -> Corners:
    """Positions, normals, colours and indices, y up.

    Three corners a triangle, so that faces stay flat; round things share their corners instead, and stay small.
    """
    vertices, triangles, colours = mesh
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1)
    keep = length > 1e-9
    triangles, normal, length, colours = triangles[keep], normal[keep], length[keep], colours[keep]
    if smooth:
        used, inverse = np.unique(triangles, return_inverse=True)
        index = inverse.reshape(-1, 3)
        total = np.zeros((len(used), 3))
        for k in range(3):
            np.add.at(total, index[:, k], normal)
        size = np.linalg.norm(total, axis=1, keepdims=True)
        normals = np.where(size > 1e-12, total / np.maximum(size, 1e-12), [0.0, 0.0, 1.0])
        corners, colour = vertices[used], np.empty((len(used), 3), np.uint8)
        colour[index.ravel()] = np.repeat(colours, 3, axis=0)
    else:
        normals = np.repeat(normal / length[:, None], 3, axis=0)
        corners, colour = vertices[triangles.ravel()], np.repeat(colours, 3, axis=0)
        index = np.arange(len(corners)).reshape(-1, 3)
    # glTF wants linear colours, and four bytes a corner keep them aligned.
    linear = np.rint(255 * to_linear(np.arange(256))).astype(np.uint8)[colour]
    rgba = np.column_stack([linear, np.full(len(linear), 255, np.uint8)])
    return _y_up(corners), _y_up(normals), rgba, index.ravel().astype(np.uint32)


def _y_up(xyz: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.column_stack([xyz[:, 0], xyz[:, 2], -xyz[:, 1]]).astype(np.float32)


def encode_glb(scene: Scene, time: float | None = None) -> bytes:
    """The visible layers of a scene at one moment as a GLB.

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
    buffer = _Buffer()
    nodes: list[dict[str, Any]] = []
    gltf_meshes: list[dict[str, Any]] = []
    materials: list[dict[str, Any]] = []
    expected = 0
    for name, label, mesh, opacity in meshes(scene, moment):
        position, normal, colour, index = _corners(mesh, smooth=name in ("trees", "people"))
        if not len(index):
            continue
        expected += len(index) // 3
        low, high = (edge.astype(float).tolist() for edge in (position.min(axis=0), position.max(axis=0)))
        attributes = {
            "POSITION": buffer.add(position, "VEC3", FLOAT, ARRAY_BUFFER, min=low, max=high),
            "NORMAL": buffer.add(normal, "VEC3", FLOAT, ARRAY_BUFFER),
            "COLOR_0": buffer.add(colour, "VEC4", UINT8, ARRAY_BUFFER, normalized=True),
        }
        indices = buffer.add(index, "SCALAR", UINT32, ELEMENT_BUFFER)
        primitive = {"attributes": attributes, "indices": indices, "material": len(materials), "mode": 4}
        materials.append(_material(label, opacity, water=name.startswith("water")))
        gltf_meshes.append({"name": name, "primitives": [primitive]})
        nodes.append({"name": label, "mesh": len(gltf_meshes) - 1})
    if not nodes:
        raise OutputError("there is nothing to write: no layer of the scene is visible")
    document = {
        "asset": {"version": "2.0", "generator": "stadstwin", "extras": _extras(scene, moment)},
        "scene": 0,
        "scenes": [{"name": scene.title or "scene", "nodes": list(range(len(nodes)))}],
        "nodes": nodes,
        "meshes": gltf_meshes,
        "materials": materials,
        "buffers": [{"byteLength": buffer.size}],
        "bufferViews": buffer.views,
        "accessors": buffer.accessors,
    }
    encoded = _chunks(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY), b"".join(buffer.parts))
    _read_back(encoded, expected)
    return encoded


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
        count = sum(len(part.faces) for part in loaded.geometry.values())
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
