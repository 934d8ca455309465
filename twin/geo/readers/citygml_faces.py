"""The table of all faces of a CityGML file: a row a face, in columns."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from twin.geo.readers.citygml_numbers import RingNumbers
from twin.geo.readers.model import Findings

TEMPLATE = -1
"""Row of the faces of a prototype: they are drawn where it is placed, not where they are."""


class Placing(NamedTuple):
    """A prototype to be placed: the faces from `first` up to `last`, or those of the surface with id `key`."""

    row: int
    first: int
    last: int
    key: str
    matrix: str
    point: str
    line: int


Named = tuple[int, int, bool]
"""Faces of a surface with an id, from the first up to the last, and whether they are turned by what stands around it."""


class FaceTable:
    """All faces of a file; rings are numbered as they come.

    Parameters
    ----------
    id_name : str
        Full name of the attribute that is the id of a geometry.
    findings : Findings

    Attributes
    ----------
    numbers : RingNumbers
        Coordinates of the rings.
    ids_of_rows : list of str
        Ids of the objects.
    row, semantic, first_ring, ring_count : (S,) of int
        Object of each face, what it means, its first ring and how many it has.
    flip, bounds : (S,) of bool
        Whether it is turned round where it stands, and whether it bounds a solid.
    ids : list of str or None
        Id of each face.
    groups : list
        Id of each surface of several faces, its first face, the one after its last, and whether it is turned where it stands.
    outward : dict of int to bool
        Whether a face is turned in the solid that it bounds, where that is other than where it stands.
    placings : list of Placing
    points, lines : list of (int, str)
        Positions of points and of lines, with the object that has them.
    kinds : dict of int to str
        Type of geometry of the objects that have solids.
    like : dict of int to int
        The face that a face is a copy of.
    twins : list of (int, int, int)
        Faces of one object: where its semantic surfaces start, where other geometry starts, where that ends.
    described : list of (int, int, int)
        The first face of a surface that has attributes, the one after its last, and the row of the attributes.
    """

    def __init__(self, id_name: str, findings: Findings) -> None:
        self.id_name = id_name
        self.findings = findings
        self.numbers = RingNumbers()
        self.ids_of_rows: list[str] = []
        self.row = array("i")
        self.semantic = bytearray()
        self.first_ring = array("q")
        self.ring_count = array("i")
        self.flip = bytearray()
        self.bounds = bytearray()
        self.ids: list[str | None] = []
        self.groups: list[tuple[str, int, int, bool]] = []
        self.outward: dict[int, bool] = {}
        self.placings: list[Placing] = []
        self.points: list[tuple[int, str]] = []
        self.lines: list[tuple[int, str]] = []
        self.kinds: dict[int, str] = {}
        self.like: dict[int, int] = {}
        self.twins: list[tuple[int, int, int]] = []
        self.described: list[tuple[int, int, int]] = []

    def __len__(self) -> int:
        return len(self.row)

    def tell(self, code: str, row: int, message: str, line: int, severity: str = "error") -> None:
        """Note a finding about an object at a line of the file."""
        owner = self.ids_of_rows[row] if row >= 0 else ""
        self.findings.add(code, owner, message, severity=severity, path=f"line {line}")

    def by_id(self) -> dict[str, Named]:
        """Faces by the id of the surface that they are or are part of."""
        # a polygon as it is written is not turned: what is turned about it is what stands around it
        found = {key: (face, face + 1, bool(self.flip[face])) for face, key in enumerate(self.ids) if key is not None}
        found.update((key, (first, last, turned)) for key, first, last, turned in self.groups)
        return found

    def place(self, placing: Placing) -> None:
        """Note a prototype to be placed."""
        self.placings.append(placing)

    def placed(self) -> Iterator[tuple[Placing, range]]:
        """Each prototype with its faces, when all of the file is read."""
        known = self.by_id() if any(placing.key for placing in self.placings) else {}
        for placing in self.placings:
            first, last = known.get(placing.key, (0, 0, False))[:2] if placing.key else (placing.first, placing.last)
            if first == last:
                message = f"there is no geometry with the id {placing.key[:120]!r} to be placed here; left out"
                self.tell("xlink-dangling", placing.row, message, placing.line)
                continue
            yield placing, range(first, last)
