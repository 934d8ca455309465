"""Wavefront OBJ: an object for each object of the city, a material for each kind of surface."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.geo.city import City
from twin.geo.mesh import SEMANTIC_NAMES, TriangleMesh
from twin.geo.writers.meshes import about, about_objects, chosen_triangles, colour_codes, write_triangles

COLOURS = {
    "Unknown": (0.75, 0.75, 0.75),
    "GroundSurface": (0.55, 0.53, 0.50),
    "WallSurface": (0.86, 0.79, 0.68),
    "RoofSurface": (0.70, 0.34, 0.26),
    "Window": (0.45, 0.62, 0.75),
    "Door": (0.45, 0.30, 0.20),
    "WaterSurface": (0.35, 0.55, 0.70),
    "TrafficArea": (0.68, 0.66, 0.63),
}
"""Diffuse colours (sRGB, 0 to 1) by semantic surface; the others look like `Unknown`."""

ROWS_AT_ONCE = 50_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def write_obj(city: City, path: str | Path, *, layers: tuple[str, ...] | None = None) -> Path:
    """Write the triangles of a city as OBJ, with an ``.mtl`` of the same name beside it.

    Coordinates are metres relative to the origin of the city, z upward, to a tenth of a millimetre. Comments state the CRS,
    the origin and the type of each object: `twin.read_city` makes the same objects of it again, other programs skip them.
    Rows without triangles (points, lines) and the terrain raster are not in it.

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
    path = Path(path)
    mesh = chosen_triangles(city, layers)
    library = path.with_suffix(".mtl")
    return write_triangles(path, mesh, obj_bytes(city, mesh, library.name), {library: mtl_bytes(mesh)})


def obj_bytes(city: City, mesh: TriangleMesh, library: str) -> bytes:
    """The OBJ of triangles that are ordered by object and semantic, as text in UTF-8."""
    lines = [
        "# Made by Stadstwin: metres, z upward (north is +y), relative to the origin below\n",
        f"# stadstwin {json.dumps(about(city))}\n",
        f"mtllib {library}\n",
    ]
    for start in range(0, len(mesh.vertices), ROWS_AT_ONCE):
        rows = mesh.vertices[start : start + ROWS_AT_ONCE]
        lines.append("v %.4f %.4f %.4f\n" * len(rows) % tuple(rows.ravel().tolist()))
    material = _materials(mesh)
    change = np.flatnonzero((np.diff(mesh.owner) != 0) | (np.diff(material, axis=0) != 0).any(axis=1)) + 1
    objects = about_objects(city)
    owner = -1
    for start, stop in zip([0, *change.tolist()], [*change.tolist(), len(mesh)], strict=True):
        if mesh.owner[start] != owner:
            owner = int(mesh.owner[start])
            told = objects[owner]
            lines.append(f"# stadstwin {json.dumps(told)}\no {_CONTROL.sub('_', told['id'])}\n")
        lines.append(f"usemtl {_name(*material[start].tolist())}\n")
        corners = (mesh.triangles[start:stop].astype(np.int64) + 1).ravel().tolist()
        lines.append("f %d %d %d\n" * (stop - start) % tuple(corners))
    return "".join(lines).encode("utf-8", "replace")


def mtl_bytes(mesh: TriangleMesh) -> bytes:
    """Materials of the kinds of surfaces that there are."""
    lines = ["# Made by Stadstwin: a material for each kind of surface\n"]
    for semantic, colour in np.unique(_materials(mesh), axis=0).tolist():
        red, green, blue = COLOURS.get(SEMANTIC_NAMES[semantic], COLOURS["Unknown"])
        if colour >= 0:
            red, green, blue = ((colour >> bits & 255) / 255 for bits in (16, 8, 0))
        lines.append(f"newmtl {_name(semantic, colour)}\nKd {red:.4f} {green:.4f} {blue:.4f}\n")
    return "".join(lines).encode()


def _materials(mesh: TriangleMesh) -> NDArray[np.int64]:
    """Kind of surface and colour (-1 for none) of each triangle, (T, 2)."""
    colour = np.full(len(mesh), -1, np.int64) if mesh.colour is None else colour_codes(mesh.colour)
    return np.column_stack([mesh.semantic.astype(np.int64), colour])


def _name(semantic: int, colour: int) -> str:
    return SEMANTIC_NAMES[semantic] + (f"_{colour:06x}" if colour >= 0 else "")
