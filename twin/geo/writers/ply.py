"""PLY in binary: one mesh with the object and the kind of surface of each face."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from twin.geo.city import City
from twin.geo.mesh import TriangleMesh
from twin.geo.writers.meshes import about, about_objects, chosen_triangles, write_triangles

VERTEX = np.dtype([("xyz", "<f8", 3)])
FACE = np.dtype([("count", "u1"), ("corners", "<i4", 3), ("owner", "<i4"), ("semantic", "u1")])
COLOUR = ("red", "green", "blue", "alpha")


def write_ply(city: City, path: str | Path, *, layers: tuple[str, ...] | None = None) -> Path:
    """Write the triangles of a city as binary PLY (little-endian).

    Coordinates are metres relative to the origin of the city, z upward, in double precision. Each face has its ``owner``, the
    place of its object in the comments of the header, its ``semantic``, an index into `twin.geo.mesh.SEMANTIC_NAMES`, and its
    colour where the city has any.

    Parameters
    ----------
    city : City
    path : str or Path
    layers : tuple of str, optional
        Layers to write; all by default.

    Raises
    ------
    OutputError
        When there is nothing to write, it cannot be written, or it does not read back the same.
    """
    mesh = chosen_triangles(city, layers)
    return write_triangles(Path(path), mesh, ply_bytes(city, mesh))


def ply_bytes(city: City, mesh: TriangleMesh) -> bytes:
    """The PLY of some triangles of a city."""
    # Only the objects that have triangles, so that the header is no longer than need be.
    owners, owner = np.unique(mesh.owner, return_inverse=True)
    objects = about_objects(city)
    comments = [about(city), *(objects[row] for row in owners.tolist())]
    header = [
        "ply",
        "format binary_little_endian 1.0",
        "comment made by Stadstwin: metres, z upward (north is +y), relative to the origin",
        *(f"comment stadstwin {json.dumps(told)}" for told in comments),
        f"element vertex {len(mesh.vertices)}",
        "property double x",
        "property double y",
        "property double z",
        f"element face {len(mesh)}",
        "property list uchar int vertex_indices",
        "property int owner",
        "property uchar semantic",
        *(f"property uchar {one}" for one in COLOUR if mesh.colour is not None),
        "end_header",
    ]
    kind = FACE if mesh.colour is None else np.dtype([*FACE.descr, ("colour", "u1", 4)])
    faces = np.empty(len(mesh), kind)
    if mesh.colour is not None:
        faces["colour"] = mesh.colour
    faces["count"], faces["corners"] = 3, mesh.triangles
    faces["owner"], faces["semantic"] = owner, mesh.semantic
    vertices = np.empty(len(mesh.vertices), VERTEX)
    vertices["xyz"] = mesh.vertices
    return ("\n".join(header) + "\n").encode("ascii") + vertices.tobytes() + faces.tobytes()
