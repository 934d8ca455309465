"""What a mesh file holds, before it is a part of a city: faces by named part, and what the file says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import CRSError
from twin.geo.crs import parse, require_metres
from twin.geo.mesh import SEMANTICS, Rings
from twin.geo.readers.model import Findings

if TYPE_CHECKING:
    from pyproj import CRS

MAX_FACES = 20_000_000
"""More faces than this are refused: some 2 GB in memory."""

MAX_PARTS = 1_000_000
FARTHEST_M = 1e8
"""No projected coordinate on Earth is larger [m]."""


@dataclass(slots=True)
class MeshFile:
    """Faces of a file by part.

    Parameters
    ----------
    form : str
        Name of the format, for people.
    vertices : (V, 3) float64
        As in the file, without `origin`; NaN for what is no number.
    rings : Rings
        Faces.
    part : (S,) int32
        Part of each face.
    names : list of str
        Of the parts; ``""`` for one without a name.
    semantic : (S,) uint8
        Index into `SEMANTIC_NAMES`; 0 where the file does not say.
    colour : (S, 4) uint8 or None
        Red, green, blue and opacity of each face; opacity 0 where the file states none.
    stated : list of dict
        What the file says of each part that is an object of a city: ``id``, ``type``, ``parent``, ``lod``; or nothing.
    semantics_stated : bool
        Whether the file would say what each face is, so that 0 means that nobody knows.
    up : {"z", "y"}
        Axis that points upward.
    up_stated, unit_stated : bool
        Whether the format or the file says so.
    crs : pyproj.CRS or None
        Where the file says in which system it is.
    origin : (3,) float64
        To be added to the vertices, z up [m].
    where : callable
        Place in the file of face number i.
    """

    form: str
    vertices: NDArray[np.float64]
    rings: Rings
    part: NDArray[np.int32]
    names: list[str]
    semantic: NDArray[np.uint8]
    colour: NDArray[np.uint8] | None = None
    stated: list[dict[str, Any]] = field(default_factory=list)
    semantics_stated: bool = False
    up: str = "z"
    up_stated: bool = False
    unit_stated: bool = False
    crs: CRS | None = None
    origin: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    where: Callable[[int], str] = field(default=lambda face: f"face {face + 1}")

    def upright(self, up: str | None = None) -> None:
        """Turn the vertices so that z points upward; `up` ("y" or "z") overrules what is assumed."""
        if (up or self.up) == "y":
            x, y, z = self.vertices.T
            self.vertices = np.column_stack([x, -z, y])
        self.up = "z"


def triangle_rings(triangles: NDArray[np.int64]) -> Rings:
    """Triangles (T, 3) as polygons."""
    count = len(triangles)
    return Rings(triangles.reshape(-1).astype(np.int64), np.full(count, 3, np.int64), np.ones(count, np.int64))


def polygon_rings(indices: NDArray[np.int64], sizes: NDArray[np.int64]) -> Rings:
    """Polygons without holes from their corners, one after the other."""
    return Rings(indices.astype(np.int64), sizes.astype(np.int64), np.ones(len(sizes), np.int64))


def welded_exactly(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distinct rows of (N, 3) in order of first appearance, and which of them each row is; NaNs are alike."""
    import pandas as pd

    number = np.zeros(len(corners), dtype=np.int64)
    for axis in range(3):
        codes, values = pd.factorize(corners[:, axis])
        number = pd.factorize(number * (len(values) + 1) + codes + 1)[0].astype(np.int64)
    first = np.zeros(int(number.max()) + 1 if len(number) else 0, dtype=np.int64)
    first[number[::-1]] = np.arange(len(number))[::-1]
    return corners[first], number


def without_bad_corners(rings: Rings, vertices: int, findings: Findings, name: str) -> NDArray[np.bool_]:
    """Which faces (S,) have three corners or more, all of them vertices that are there; the others are noted.

    One ring a face.
    """
    few = np.asarray(rings.sizes < 3)
    if few.any():
        message = f"{int(few.sum())} faces have fewer than three corners; left out"
        findings.add("too-few-points", "", message, severity="error", path=f"{name} face {int(np.flatnonzero(few)[0]) + 1}")
    bad_corner = (rings.indices < 0) | (rings.indices >= vertices)
    if not bad_corner.any():
        return ~few
    of = np.repeat(np.arange(len(rings.sizes)), rings.sizes)
    keep = np.bincount(of, weights=bad_corner, minlength=len(rings.sizes)) == 0
    first = int(np.flatnonzero(~keep)[0])
    message = f"{int((~keep).sum())} faces point to vertices that are not there: there are {vertices}; left out"
    findings.add("vertex-index", "", message, severity="error", path=f"{name} face {first + 1}")
    return np.asarray(keep & ~few)


def far_away(vertices: NDArray[np.float64], findings: Findings, name: str) -> NDArray[np.float64]:
    """Vertices with NaN for those that are nowhere on Earth."""
    with np.errstate(invalid="ignore"):
        bad = np.asarray(~(np.abs(vertices) <= FARTHEST_M).all(axis=1))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        message = f"{int(bad.sum())} vertices are not finite or beyond {FARTHEST_M:g} m; faces that use them are left out"
        findings.add("vertex", "", message, severity="error", path=f"{name} vertex {first + 1}")
        vertices = np.where(bad[:, None], np.nan, vertices)
    return vertices


def stated_crs(text: Any, findings: Findings, name: str) -> CRS | None:
    """The system that a file says it is in; None with a finding when that cannot be used."""
    if not isinstance(text, str) or ":" not in text:
        return None
    try:
        return require_metres(parse(text))
    except CRSError as error:
        findings.add("crs", "", f"the system that the file states cannot be used: {error.what}", path=name)
        return None


def stated_origin(value: Any) -> NDArray[np.float64]:
    """Three finite numbers; zeros when the file states no such origin."""
    if isinstance(value, list) and len(value) == 3 and all(type(one) in (int, float) for one in value):
        origin = np.array(value, dtype=np.float64)
        if (np.abs(origin) <= FARTHEST_M).all():
            return origin
    return np.zeros(3)


def semantic_of(word: str) -> int:
    """Code of a semantic surface by the name of a material (with a colour behind it or not), 0 when it is none."""
    return SEMANTICS.get(word.split("_", 1)[0], 0)


def rgba(red: float, green: float, blue: float, opacity: float = 1.0) -> tuple[int, int, int, int]:
    """Colour of parts from 0 to 1 as bytes; opacity 0 when they are no such numbers."""
    parts = np.array([red, green, blue, opacity], dtype=np.float64)
    if not np.isfinite(parts).all():
        return 0, 0, 0, 0
    r, g, b, a = np.rint(255 * np.clip(parts, 0.0, 1.0)).astype(int).tolist()
    # Nothing is so transparent that it is not there: 0 would mean that no colour is stated.
    return r, g, b, max(a, 1)


def face_colours(material: NDArray[np.int32], colours: list[tuple[int, int, int, int]]) -> NDArray[np.uint8] | None:
    """Colour of each face (S, 4) by its material, -1 for none; None when no colour is stated at all."""
    palette = np.array([*colours, (0, 0, 0, 0)], dtype=np.uint8)
    found = palette[material]
    return found if found[:, 3].any() else None
