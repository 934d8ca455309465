"""Faces of CityGML to the flat arrays of an object model: rings opened, prototypes placed, what is broken emptied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.kernels.numbers import numbers_of
from twin.geo.mesh import Rings
from twin.geo.readers.citygml_faces import TEMPLATE, FaceTable, Placing
from twin.geo.readers.citygml_numbers import Points
from twin.geo.readers.citygml_skeletons import FARTHEST_M
from twin.geo.readers.model import MAX_FINDINGS_A_CODE, Findings

MAX_PLACED = 20_000_000
"""Points of all placed prototypes together: more is an attack, or needs another program."""


class Surfaces(NamedTuple):
    """All faces to be drawn.

    Parameters
    ----------
    vertices : (V, 3) float64
        Without `shift`, x east (or longitude) first.
    shift : (3,) float64
    rings : Rings
    owner : (S,) int32
        Row of each face.
    semantic : (S,) uint8
    face : (S,) int64
        Which face of the file each is, or is placed from.
    """

    vertices: NDArray[np.float64]
    shift: NDArray[np.float64]
    rings: Rings
    owner: NDArray[np.int32]
    semantic: NDArray[np.uint8]
    face: NDArray[np.int64]


def spans(first: NDArray[np.int64], size: NDArray[np.int64], turned: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Whole numbers from each `first`, `size` of them, one span after the other; backward where `turned`."""
    total = int(size.sum())
    step = np.arange(total) - np.repeat(np.cumsum(size) - size, size)
    if turned is not None and turned.any():
        back = np.repeat(turned, size)
        step = np.where(back, np.repeat(size, size) - 1 - step, step)
    return np.repeat(first, size) + step


@dataclass(slots=True)
class _Table:
    """Rings and faces of a file as arrays; `size` is that of the opened ring."""

    xyz: NDArray[np.float64]
    first: NDArray[np.int64]
    size: NDArray[np.int64]
    row: NDArray[np.int32]
    semantic: NDArray[np.uint8]
    first_ring: NDArray[np.int64]
    ring_count: NDArray[np.int64]
    flip: NDArray[np.bool_]

    def rings(self, faces: NDArray[np.int64]) -> Rings:
        """Rings of some faces; indices are rows of `xyz`."""
        counts = self.ring_count[faces]
        ring = spans(self.first_ring[faces], counts)
        size = self.size[ring]
        return Rings(spans(self.first[ring], size, np.repeat(self.flip[faces], counts)), size, counts)


def surfaces_of(faces: FaceTable, points: Points, findings: Findings, *, swap: bool, degrees: bool) -> Surfaces:
    """Faces to be drawn, with the vertices that they use.

    Parameters
    ----------
    faces : FaceTable
        Finished.
    points : Points
        Of its rings; changed.
    findings : Findings
    swap : bool
        Whether the file has north (or latitude) first.
    degrees : bool
        Whether it is in degrees.
    """
    xyz = points.xyz
    ring_count = np.array(faces.ring_count, dtype=np.int64)
    first_ring = np.array(faces.first_ring, dtype=np.int64)
    row = np.array(faces.row, dtype=np.int32)
    tell = _Teller(faces, row, findings)
    size, loose = _opened(points)
    face_of, ring = np.repeat(np.arange(len(row)), ring_count), spans(first_ring, ring_count)
    own = np.ones(len(row), dtype=bool)
    own[list(faces.like)] = False
    bad, loose = (np.bincount(face_of[wrong[ring]], minlength=len(row)) > 0 for wrong in (points.bad, loose))
    tell("coordinates", bad & own, "coordinates that are not numbers, or not whole points; the surface is left out", "error")
    tell("ring-not-closed", loose & own, "a ring does not end where it starts; taken as if it did", "warning")
    ring_count[bad] = 0
    row[_twins(faces, xyz, points.first, size, row)] = TEMPLATE
    flip = np.frombuffer(bytes(faces.flip), dtype=np.uint8).astype(bool)
    flip[list(faces.outward)] = list(faces.outward.values())
    semantic = np.frombuffer(bytes(faces.semantic), dtype=np.uint8)
    table = _Table(xyz, points.first, size, row, semantic, first_ring, ring_count, flip)
    world = np.flatnonzero(row != TEMPLATE)
    rings = table.rings(world)
    placed = _placed(faces, table, findings, degrees=degrees)
    vertices = np.concatenate([xyz, *(one.vertices for one in placed)]) if placed else xyz
    if swap:
        vertices[:, :2] = vertices[:, 1::-1].copy()
    all_rings = Rings(
        np.concatenate([rings.indices, *(one.indices for one in placed)]),
        np.concatenate([rings.sizes, *(one.sizes for one in placed)]),
        np.concatenate([rings.counts, *(one.counts for one in placed)]),
    )
    owner = np.concatenate([row[world], *(np.full(len(one.counts), one.row, np.int32) for one in placed)])
    face = np.concatenate([world, *(one.face for one in placed)])
    _drop_far(vertices, findings)
    shift = np.zeros(3)
    finite = np.isfinite(vertices).all(axis=1)
    if not degrees and finite.any():
        shift[:2] = np.floor(vertices[finite, :2].min(axis=0))
    return Surfaces(vertices - shift, shift, all_rings, owner, semantic[face], face)


def _twins(
    faces: FaceTable, xyz: NDArray[np.float64], first: NDArray[np.int64], size: NDArray[np.int64], row: NDArray[np.int32]
) -> list[int]:
    """Faces of solids that stand among the semantic surfaces of their object too, written out twice instead of linked.

    `first` and `size` are those of the rings.
    """
    found: list[int] = []

    def corners(face: int) -> tuple[int, frozenset[tuple[float, ...]]]:
        if not faces.ring_count[face]:
            return -1 - face, frozenset()
        ring = faces.first_ring[face]
        points = xyz[first[ring] : first[ring] + size[ring]]
        return int(row[face]), frozenset(map(tuple, points.tolist()))

    for start, middle, end in faces.twins:
        there = {corners(face) for face in range(start, middle)}
        found += [face for face in range(middle, end) if corners(face) in there]
    return found


class _Teller:
    """Notes findings about many faces: the first ones by name, the others by number."""

    def __init__(self, faces: FaceTable, row: NDArray[np.int32], findings: Findings) -> None:
        self._faces, self._row, self._findings = faces, row, findings

    def __call__(self, code: str, which: NDArray[np.bool_], message: str, severity: str) -> None:
        found = np.flatnonzero(which)
        for face in found[:MAX_FINDINGS_A_CODE].tolist():
            row = int(self._row[face])
            owner = self._faces.ids_of_rows[row] if row >= 0 else ""
            self._findings.add(code, owner, message, severity=severity, path=f"surface {self._faces.ids[face] or face}")
        for _ in range(len(found) - MAX_FINDINGS_A_CODE):
            self._findings.add(code, "", message, severity=severity)


def _opened(points: Points) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Number of points of each ring without the last one, which repeats the first; and which rings are not closed."""
    size = points.size.copy()
    loose = np.zeros(len(size), dtype=bool)
    filled = np.flatnonzero(size > 1)
    first = points.xyz[points.first[filled]]
    last = points.xyz[points.first[filled] + size[filled] - 1]
    closed = (first == last).all(axis=1)
    size[filled[closed]] -= 1
    loose[filled] = ~closed & np.isfinite(first).all(axis=1) & np.isfinite(last).all(axis=1)
    return size, loose


def _drop_far(vertices: NDArray[np.float64], findings: Findings) -> None:
    far = (np.abs(vertices) > FARTHEST_M).any(axis=1)
    if far.any():
        message = f"{int(far.sum())} vertices are further than {FARTHEST_M:g} m from the origin of the CRS; not used"
        findings.add("vertex", "", message, severity="error")
        vertices[far] = np.nan


class _Placed(NamedTuple):
    row: int
    vertices: NDArray[np.float64]
    indices: NDArray[np.int64]
    sizes: NDArray[np.int64]
    counts: NDArray[np.int64]
    face: NDArray[np.int64]


def _placed(faces: FaceTable, table: _Table, findings: Findings, *, degrees: bool) -> list[_Placed]:
    """Prototypes where they are placed; indices go on after the vertices of the file."""
    out: list[_Placed] = []
    start = len(table.xyz)
    known: dict[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.float64], Rings]] = {}
    for placing, which in faces.placed():
        name = faces.ids_of_rows[placing.row]
        if degrees:
            message = "a prototype in metres cannot be placed in a system in degrees; the object is a point"
            findings.add("implicit", name, message, severity="error", path=f"line {placing.line}")
            continue
        matrix, point = _placement(placing)
        if matrix is None or point is None:
            message = "the placement of a prototype is not a matrix of 16 numbers and a point; left out"
            findings.add("implicit", name, message, severity="error", path=f"line {placing.line}")
            continue
        key = which.start, which.stop
        if key not in known:
            some = np.arange(*key)
            rings = table.rings(some)
            known[key] = some, table.xyz[rings.indices], rings
        some, shape, rings = known[key]
        if start - len(table.xyz) + len(shape) > MAX_PLACED:
            findings.add("template-limit", name, "too many placed prototypes; left out", severity="error")
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            vertices = shape @ matrix[:3, :3].T + matrix[:3, 3] + point
        out.append(_Placed(placing.row, vertices, np.arange(start, start + len(shape)), rings.sizes, rings.counts, some))
        start += len(shape)
    return out


def _placement(placing: Placing) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Matrix (4, 4), row by row as CityGML has it, and point of reference (3,); None for what is not one."""
    values, ends, _ = numbers_of(f"{placing.matrix}\0{placing.point}\0".encode(), 2)
    matrix, point = values[: ends[0]], values[ends[0] :]
    if not placing.matrix:
        matrix = np.eye(4).ravel()
    sound = len(matrix) == 16 and np.isfinite(matrix).all()
    return (matrix.reshape(4, 4) if sound else None), (point if len(point) == 3 and np.isfinite(point).all() else None)
