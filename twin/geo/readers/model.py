"""What every reader of objects makes of a file, before it becomes a City."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.geo.city import Finding, Source
from twin.geo.triangulate import Rings

if TYPE_CHECKING:
    from pyproj import CRS

MAX_FINDINGS_A_CODE = 1000
"""More findings of one kind than this are summed in one line: a broken file must not eat memory."""


class Findings:
    """Collects what is wrong; keeps the first of each kind and counts the others."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._count: Counter[tuple[str, str]] = Counter()

    def add(self, code: str, object_id: str, message: str, *, severity: str = "warning", path: str = "") -> None:
        """Note one finding; see `Finding` for the parameters."""
        self._count[code, severity] += 1
        if self._count[code, severity] <= MAX_FINDINGS_A_CODE:
            self._kept.append(Finding(code, object_id, message, severity, path))

    def absorb(self, other: Findings) -> None:
        """Take over what another has collected."""
        for finding in other._kept:
            kind = finding.code, finding.severity
            self._count[kind] += 1
            other._count[kind] -= 1
            if self._count[kind] <= MAX_FINDINGS_A_CODE:
                self._kept.append(finding)
        self._count.update(other._count)

    def collected(self) -> tuple[Finding, ...]:
        """All that was kept, and a line for each kind of which there were more."""
        more = tuple(
            Finding(code, "", f"{count - MAX_FINDINGS_A_CODE} more findings `{code}` are not listed", severity)
            for (code, severity), count in self._count.items()
            if count > MAX_FINDINGS_A_CODE
        )
        return tuple(self._kept) + more


@dataclass(slots=True)
class ObjectModel:
    """Objects with their attributes and their faces, as one file has them.

    Parameters
    ----------
    crs : pyproj.CRS or None
        None when the file states none.
    ids, types, parents, lods : list of str
        One entry an object; ``""`` for no parent or no geometry.
    attributes : list of dict
        As in the file.
    vertices : (V, 3) float64
        Coordinates without `shift` [m].
    shift : (3,) float64
        To be added to the vertices [m]; kept apart so that no digits are lost.
    rings : Rings
        Faces.
    owner : (S,) int32
        Object of each face.
    semantic : (S,) uint8
        Index into `twin.geo.mesh.SEMANTIC_NAMES` of each face.
    path_of : callable
        Path in the file of face number i, for messages.
    source : Source
        Where it came from.
    findings : Findings
        What was found wrong.
    anchors : dict of int to (3,) float64
        Points, without `shift`, that stand for objects without faces, by row [m].
    name, date : str
        Title and reference date of the file, or empty.
    """

    crs: CRS | None
    ids: list[str]
    types: list[str]
    parents: list[str]
    lods: list[str]
    attributes: list[dict[str, Any]]
    vertices: NDArray[np.float64]
    shift: NDArray[np.float64]
    rings: Rings
    owner: NDArray[np.int32]
    semantic: NDArray[np.uint8]
    path_of: Callable[[int], str]
    source: Source
    findings: Findings = field(default_factory=Findings)
    anchors: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    name: str = ""
    date: str = ""
