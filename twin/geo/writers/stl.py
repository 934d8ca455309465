"""STL for 3D printing: closed solids in millimetres, on a base."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.errors import OutputError
from twin.geo.city import City
from twin.geo.printable import STEP_MM, PrintModel, print_model
from twin.geo.solids import Solid, closed
from twin.geo.writers.atomic import written_file
from twin.geo.writers.meshes import read_back

FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("more", "<u2")])


def write_stl(
    city: City,
    path: str | Path,
    *,
    scale: float = 1 / 1000,
    base_mm: float = 3.0,
    margin_mm: float = 2.0,
    terrain: bool = True,
    layers: tuple[str, ...] = ("buildings", "bridges"),
    unite: bool | None = None,
) -> Path:
    """Write a city for a 3D printer as binary STL in millimetres; the parameters are those of `print_model`.

    Every solid in it is closed (each edge has two faces) and has a positive volume, which is seen by reading the file back.

    Raises
    ------
    OutputError
        When there is nothing to print, it cannot be written, or what was made is not closed.
    ParameterError
        When a measure cannot be printed.
    """
    model = print_model(
        city, scale=scale, base_mm=base_mm, margin_mm=margin_mm, terrain=terrain, layers=layers, unite=unite
    )
    return write_print_model(model, path)


def write_print_model(model: PrintModel, path: str | Path) -> Path:
    """Write what `print_model` made; for who wants to show its notes and its size too.

    Raises
    ------
    OutputError
        When it cannot be written, or what was made is not closed.
    """
    path = Path(path)
    with written_file(path) as place:
        place.write_bytes(stl_bytes(model))
        _see_closed(model, place, path.name)
    return path


def stl_bytes(model: PrintModel) -> bytes:
    """The solids one after the other; the header says the scale and the size."""
    corners = np.concatenate([vertices[triangles] for vertices, triangles in model.solids]) * STEP_MM
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    facets = np.zeros(len(corners), FACET)
    facets["normal"] = np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)
    facets["corners"] = corners
    width, depth, height = model.size_mm
    # Not "solid" at the start: that would be the text form.
    header = f"Stadstwin 1:{1 / model.scale:g}, millimetres, {width:.1f} x {depth:.1f} x {height:.1f} mm"
    return header.encode("ascii")[:80].ljust(80, b" ") + struct.pack("<I", len(facets)) + facets.tobytes()


def _see_closed(model: PrintModel, place: Path, name: str) -> None:
    """See that the file holds every solid as it was made, closed."""
    found = read_back(place)
    count = sum(len(triangles) for _, triangles in model.solids)
    if len(found.rings.counts) != count:
        raise OutputError(f"what was made reads back with {len(found.rings.counts)} triangles instead of {count}", where=name)
    corners = np.rint(found.vertices[found.rings.indices] / STEP_MM).astype(np.int64)
    start = 0
    for number, (vertices, triangles) in enumerate(model.solids):
        mine = corners[3 * start : 3 * (start + len(triangles))]
        start += len(triangles)
        if not np.array_equal(mine, vertices[triangles].reshape(-1, 3)):
            raise OutputError(f"solid {number + 1} reads back with other corners", where=name)
        if not closed(_soup(mine)):
            raise OutputError(f"solid {number + 1} of what was made is not closed", where=name)


def _soup(corners: NDArray[np.int64]) -> Solid:
    return corners, np.arange(len(corners)).reshape(-1, 3)
