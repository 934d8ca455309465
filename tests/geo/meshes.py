"""Meshes for tests, made by trimesh: another library than the one under test."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

Z_UP_TO_Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])


def box(width: float, depth: float, height: float, at: tuple[float, float, float] = (0, 0, 0)) -> trimesh.Trimesh:
    """A box that stands on z = at[2] with its foot's centre at `at`."""
    mesh = trimesh.creation.box((width, depth, height))
    mesh.apply_translation((at[0], at[1], at[2] + height / 2))
    return mesh


def gabled(width: float = 8.0, depth: float = 12.0, eaves: float = 6.0, ridge: float = 9.0) -> trimesh.Trimesh:
    """A house with a gable roof whose ridge runs along y, on z = 0 around the origin."""
    w, d = width / 2, depth / 2
    vertices = [
        [-w, -d, 0], [w, -d, 0], [w, d, 0], [-w, d, 0], [-w, -d, eaves], [w, -d, eaves], [w, d, eaves], [-w, d, eaves],
        [0, -d, ridge], [0, d, ridge],
    ]  # fmt: skip
    faces = [
        [0, 2, 1], [0, 3, 2], [0, 1, 5], [0, 5, 4], [4, 5, 8], [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [6, 7, 9],
        [3, 0, 4], [3, 4, 7], [5, 6, 9], [5, 9, 8], [7, 4, 8], [7, 8, 9],
    ]  # fmt: skip
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert mesh.is_watertight
    assert mesh.volume > 0
    return mesh


def glb(path: Path, parts: dict[str, trimesh.Trimesh]) -> Path:
    """A GLB whose nodes are the parts, turned to y up as glTF wants."""
    scene = trimesh.Scene()
    for name, part in parts.items():
        turned = part.copy()
        turned.apply_transform(Z_UP_TO_Y_UP)
        scene.add_geometry(turned, node_name=name, geom_name=name)
    path.write_bytes(scene.export(file_type="glb"))
    return path


def chunks(document: dict[str, Any] | bytes, binary: bytes = b"") -> bytes:
    """A GLB of a document and a binary part."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def triangle(**node: Any) -> tuple[dict[str, Any], bytes]:
    """A document of one upright triangle of 10 m by 10 m (y up), and its buffer."""
    corners = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0]], "<f4").tobytes()
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, **node}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": len(corners)}],
        "buffers": [{"byteLength": len(corners)}],
    }
    return document, corners
