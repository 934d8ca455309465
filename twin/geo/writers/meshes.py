"""What the writers of meshes share: marks that let a file be read as the same city again, and reading back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import OutputError, TwinError
from twin.geo.city import City
from twin.geo.crs import short_name
from twin.geo.mesh import TriangleMesh
from twin.geo.readers.meshfile import parse
from twin.geo.readers.meshparts import MeshFile
from twin.geo.readers.model import Findings
from twin.geo.readers.source import blob_of
from twin.geo.writers.atomic import write_bytes, written_file

LENGTH_TOLERANCE_M = 0.001
AREA_TOLERANCE = 1e-3
"""What is read back may differ by this length [m], and by this part of the whole area."""


NO_AREA_M2 = 1e-8


def chosen_triangles(city: City, layers: tuple[str, ...] | None) -> TriangleMesh:
    """The triangles of some layers (all by default), ordered by object and then by what they are.

    Raises
    ------
    OutputError
        When there are none.
    """
    mesh = city.surfaces
    if layers is not None:
        known = city.objects["layer"].isin(layers).to_numpy()
        mesh = mesh.select(known[mesh.owner]) if len(mesh) else mesh
    # Slivers without area say nothing, and readers call them faults.
    sliver = mesh.areas() <= NO_AREA_M2 if len(mesh) else np.zeros(0, dtype=bool)
    if sliver.any():
        mesh = mesh.select(~sliver)
    if not len(mesh):
        raise OutputError("there is nothing to write: the city has no triangles", hint="give buildings a height first")
    codes = np.zeros(len(mesh), np.int64) if mesh.colour is None else colour_codes(mesh.colour)
    order = np.lexsort((codes, mesh.semantic, mesh.owner))
    colour = None if mesh.colour is None else mesh.colour[order]
    return TriangleMesh(mesh.vertices, mesh.triangles[order], mesh.owner[order], mesh.semantic[order], colour=colour)


def colour_codes(colour: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Colours (N, 4) as one number each: red, green and blue; -1 where none is stated."""
    parts = colour.astype(np.int64)
    return np.where(parts[:, 3] > 0, (parts[:, 0] << 16) | (parts[:, 1] << 8) | parts[:, 2], -1)


def about(city: City) -> dict[str, Any]:
    """Where and how large a mesh is, for a comment in its file."""
    told: dict[str, Any] = {"up": "z", "unit": "m", "origin": [float(value) for value in city.origin]}
    if city.crs.to_authority() is not None:
        told["crs"] = short_name(city.crs)
    if city.name:
        told["name"] = city.name
    return told


def about_objects(city: City) -> list[dict[str, str]]:
    """Id, type, parent and level of detail of each object, for comments in a file."""
    table = city.objects
    columns = [table.index.astype(str), *(table[name].astype(str) for name in ("type", "parent", "lod"))]
    keys = ("id", "type", "parent", "lod")
    return [{key: value for key, value in zip(keys, row, strict=True) if value} for row in zip(*columns, strict=True)]


def read_back(path: Path) -> MeshFile:
    """What a reader makes of a file that was made.

    Raises
    ------
    OutputError
        When it cannot be read.
    """
    try:
        return parse(blob_of(path), Findings())
    except TwinError as error:
        raise OutputError(f"what was made cannot be read back: {error.what}", where=path.name) from error


def write_triangles(path: Path, mesh: TriangleMesh, content: bytes, beside: Mapping[Path, bytes] | None = None) -> Path:
    """Write the file of a mesh, once it has been seen to read back as those triangles.

    Parameters
    ----------
    path : Path
    mesh : TriangleMesh
        What the file holds.
    content : bytes
        The file.
    beside : mapping of Path to bytes, optional
        Files that go with it; they are written first, so that the file never names what is not there.

    Raises
    ------
    OutputError
        When it cannot be written, or does not read back the same.
    """
    with written_file(path) as place:
        place.write_bytes(content)
        see_the_same(read_back(place), mesh.vertices, mesh.triangles, path.name)
        for other, more in (beside or {}).items():
            write_bytes(other, more)
    return path


def see_the_same(found: MeshFile, vertices: NDArray[np.float64], triangles: NDArray[np.int32], name: str) -> None:
    """See that a file holds the triangles that were written: their number, their bounds and their area.

    Raises
    ------
    OutputError
        When it does not.
    """
    count = len(found.rings.counts)
    if count != len(triangles):
        raise OutputError(f"what was made reads back with {count} triangles instead of {len(triangles)}", where=name)
    theirs = found.vertices[found.rings.indices].reshape(-1, 3, 3)
    mine = vertices[triangles]
    for edge in (np.min, np.max):
        if not np.allclose(edge(theirs, axis=(0, 1)), edge(mine, axis=(0, 1)), rtol=0, atol=LENGTH_TOLERANCE_M):
            raise OutputError("what was made reads back with other bounds", where=name)
    areas = [float(np.linalg.norm(np.cross(t[:, 1] - t[:, 0], t[:, 2] - t[:, 0]), axis=1).sum() / 2) for t in (theirs, mine)]
    if not abs(areas[0] - areas[1]) <= AREA_TOLERANCE * areas[1] + 1e-9:
        raise OutputError(f"what was made reads back with {areas[0]:.3f} m2 instead of {areas[1]:.3f} m2", where=name)
