"""Nested boundaries and semantics of CityJSON to flat arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.mesh import SEMANTICS, Rings
from twin.geo.readers.model import Findings

DEPTH = {"MultiSurface": 0, "CompositeSurface": 0, "Solid": 1, "MultiSolid": 2, "CompositeSolid": 2}
"""Levels of lists above the list of surfaces, by type of geometry."""

NOT_READ = {
    "MultiPoint": "points are not drawn yet",
    "MultiLineString": "lines are not drawn yet",
    "GeometryInstance": "geometry templates are not read yet",
}


class Piece(NamedTuple):
    """One geometry of one object, in the order of the flat arrays."""

    row: int
    object_id: str
    number: int
    kind: str
    first_vertex: int
    vertices: int
    geometry: dict[str, Any]


@dataclass(slots=True)
class FlatGeometry:
    """Collects the faces of many geometries; `finish` makes arrays of them."""

    findings: Findings
    surfaces: list[Any] = field(default_factory=list)
    codes: list[Any] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    _ends: NDArray[np.int64] | None = None

    def add(self, piece: Piece) -> None:
        """Take the faces of one geometry, or note why they cannot be taken."""
        boundaries = piece.geometry.get("boundaries")
        depth = DEPTH[piece.kind]
        try:
            found = _surfaces(boundaries, depth)
        except TypeError:
            found = None
        if found is None or not _sound(found):
            found = self._mend(piece, boundaries, depth)
        if not found:
            return
        if not all(found):
            self._note_empty(piece, boundaries, depth)
        self.surfaces += found
        self.codes += self._semantics(piece, len(found), depth)
        self.pieces.append(piece)
        self.lengths.append(len(found))

    def _note_empty(self, piece: Piece, boundaries: Any, depth: int) -> None:
        for path, surface in _walk(boundaries, depth, ""):
            if surface == []:
                where = f"CityObjects.{piece.object_id}.geometry[{piece.number}].boundaries{path}"
                message = "the surface has no ring; left out"
                self.findings.add("too-few-points", piece.object_id, message, severity="error", path=where)

    def _mend(self, piece: Piece, boundaries: Any, depth: int) -> list[Any]:
        """Keep the faces that are lists of rings of whole numbers; an unsound one becomes an empty face."""
        kept: list[Any] = []
        for path, surface in _walk(boundaries, depth, ""):
            if _sound([surface]):
                kept.append(surface)
                continue
            where = f"CityObjects.{piece.object_id}.geometry[{piece.number}].boundaries{path}"
            message = "this is not a list of rings of vertex numbers; left out"
            self.findings.add("boundary", piece.object_id, message, severity="error", path=where)
            kept.append([])
        return kept

    def _semantics(self, piece: Piece, count: int, depth: int) -> list[int]:
        semantics = piece.geometry.get("semantics")
        if not isinstance(semantics, dict) or semantics.get("values") is None:
            return [0] * count
        where = f"CityObjects.{piece.object_id}.geometry[{piece.number}].semantics"
        known = semantics.get("surfaces")
        if not isinstance(known, list):
            self.findings.add("semantics", piece.object_id, "semantics without a list of surfaces; ignored", path=where)
            return [0] * count
        code_of: dict[int | None, int] = {
            number: SEMANTICS.get(str(surface.get("type")), 0) if isinstance(surface, dict) else 0
            for number, surface in enumerate(known)
        }
        code_of[None] = 0
        try:
            values = _values(semantics["values"], piece.geometry["boundaries"], depth)
            codes = [code_of[value] for value in values]
        except (TypeError, KeyError):
            self.findings.add(
                "semantics", piece.object_id, "values point to surfaces that are not there; ignored", path=where
            )
            return [0] * count
        if len(codes) != count:
            message = f"{len(codes)} values for {count} surfaces; those without one are taken as unknown"
            self.findings.add("semantics", piece.object_id, message, path=where)
            codes = (codes + [0] * count)[:count]
        return codes

    def finish(self) -> tuple[Rings, NDArray[np.int32], NDArray[np.uint8]]:
        """Rings, owner and semantic code of each face; a face with a vertex that is not there is emptied."""
        rings = list(chain.from_iterable(self.surfaces))
        counts = np.fromiter(map(len, self.surfaces), np.int64, len(self.surfaces))
        sizes = np.fromiter(map(len, rings), np.int64, len(rings))
        indices = np.fromiter(chain.from_iterable(rings), np.int64, int(sizes.sum()))
        lengths = np.array(self.lengths, dtype=np.int64)
        face_piece = np.repeat(np.arange(len(self.pieces)), lengths)
        ring_face = np.repeat(np.arange(len(counts)), counts)
        index_ring = np.repeat(np.arange(len(sizes)), sizes)
        first = np.array([piece.first_vertex for piece in self.pieces], dtype=np.int64)
        there = np.array([piece.vertices for piece in self.pieces], dtype=np.int64)
        of = face_piece[ring_face[index_ring]] if len(indices) else np.empty(0, np.int64)
        outside = (indices < 0) | (indices >= there[of])
        flat = Rings(indices + first[of], sizes, counts)
        if outside.any():
            flat = self._without_outside(flat, outside, indices, ring_face, index_ring)
        rows = np.array([piece.row for piece in self.pieces], dtype=np.int32)
        return flat, rows[face_piece], np.array(self.codes, dtype=np.uint8)

    def _without_outside(
        self,
        flat: Rings,
        outside: NDArray[np.bool_],
        indices: NDArray[np.int64],
        ring_face: NDArray[np.int64],
        index_ring: NDArray[np.int64],
    ) -> Rings:
        bad_index = np.flatnonzero(outside)
        faces, at = np.unique(ring_face[index_ring[bad_index]], return_index=True)
        for face, position in zip(faces.tolist(), bad_index[at].tolist(), strict=True):
            piece = self.piece_of(face)
            message = f"vertex {indices[position]} is not there: there are {piece.vertices}; the surface is left out"
            self.findings.add("vertex-index", piece.object_id, message, severity="error", path=self.path_of(face))
        gone = np.zeros(len(flat.counts), dtype=bool)
        gone[faces] = True
        keep_ring = ~gone[ring_face]
        return Rings(flat.indices[keep_ring[index_ring]], flat.sizes[keep_ring], np.where(gone, 0, flat.counts))

    def _place(self, face: int) -> tuple[Piece, int]:
        if self._ends is None or len(self._ends) != len(self.lengths):
            self._ends = np.cumsum(self.lengths)
        number = int(np.searchsorted(self._ends, face, side="right"))
        return self.pieces[number], face - int(self._ends[number]) + self.lengths[number]

    def piece_of(self, face: int) -> Piece:
        """The geometry that a face is of."""
        return self._place(face)[0]

    def path_of(self, face: int) -> str:
        """Path in the file of a face, such as ``CityObjects.a.geometry[0].boundaries[0][3]``."""
        piece, within = self._place(face)
        path = _locate(piece.geometry.get("boundaries"), DEPTH[piece.kind], within)
        return f"CityObjects.{piece.object_id}.geometry[{piece.number}].boundaries{path}"


def _surfaces(boundaries: Any, depth: int) -> list[Any]:
    """The surfaces of boundaries that are nested as they should be; TypeError when they are not."""
    for _ in range(depth):
        boundaries = list(chain.from_iterable(boundaries))
    if not isinstance(boundaries, list):
        raise TypeError
    return boundaries


_LISTS = {list}
_NUMBERS = {int}


def _sound(surfaces: list[Any]) -> bool:
    """Whether each surface is a list of lists of whole numbers that fit a machine word."""
    if not set(map(type, surfaces)) <= _LISTS:
        return False
    rings = list(chain.from_iterable(surfaces))
    if not set(map(type, rings)) <= _LISTS:
        return False
    numbers = list(chain.from_iterable(rings))
    return set(map(type, numbers)) <= _NUMBERS and (not numbers or (max(numbers) < 2**62 and min(numbers) > -(2**62)))


def _walk(boundaries: Any, depth: int, path: str) -> Iterator[tuple[str, Any]]:
    """Each surface with its path; what is not a list counts as one unsound surface."""
    if not isinstance(boundaries, list):
        yield path, boundaries
        return
    for number, item in enumerate(boundaries):
        if depth:
            yield from _walk(item, depth - 1, f"{path}[{number}]")
        else:
            yield f"{path}[{number}]", item


def _size(boundaries: Any, depth: int) -> int:
    """Number of surfaces in a part, counted as `_walk` does."""
    if not isinstance(boundaries, list):
        return 1
    return sum(_size(part, depth - 1) for part in boundaries) if depth else len(boundaries)


def _locate(boundaries: Any, depth: int, within: int) -> str:
    """Path of the surface with number `within`."""
    if not isinstance(boundaries, list):
        return ""
    if depth == 0:
        return f"[{within}]"
    for number, part in enumerate(boundaries):
        size = _size(part, depth - 1)
        if within < size:
            return f"[{number}]" + _locate(part, depth - 1, within)
        within -= size
    return ""


def _values(values: Any, boundaries: Any, depth: int) -> list[int | None]:
    """Semantic values by surface; null at any level stands for all surfaces under it."""
    if values is None:
        return [None] * len(_surfaces(boundaries, depth))
    if depth == 0:
        return list(values)
    flat: list[int | None] = []
    for value, part in zip(values, boundaries, strict=False):
        flat += _values(value, part, depth - 1)
    return flat
