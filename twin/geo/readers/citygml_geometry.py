"""Faces of CityGML: polygons with their rings, taken from elements of GML; links between them followed within the file."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from twin.geo.readers.citygml_names import HREF, Position, Shape, position_of, shape_of, split
from twin.geo.readers.citygml_numbers import RingNumbers
from twin.geo.readers.model import Findings

if TYPE_CHECKING:
    from lxml.etree import _Element

SPARE_COPIES = 100_000
COPIES_A_FACE = 4
"""A file may use its faces again through links this often: more is an attack, or a mistake that costs all memory."""

_CURVED = ("Arc", "Circle", "CubicSpline", "BSpline", "Bezier", "Geodesic", "Clothoid")

TEMPLATE = -1
"""Row of the faces of a prototype: they are drawn where it is placed, not where they are."""


class Memo(dict[Any, Any]):
    """What a function says of each name, asked once."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, key: Any) -> Any:
        value = self[key] = self._function(key)
        return value


def _joined(ring: _Element) -> str:
    """Numbers of a ring whose positions are elements of their own."""
    try:
        return " ".join([position.text for position in ring])
    except TypeError:
        # one is empty, or holds another element
        return " ".join(ring.itertext())


class Use(NamedTuple):
    """A link to a surface that was not there yet.

    Parameters
    ----------
    row : int
        Object that uses it.
    semantic : int
        What it means there.
    solid, flip : bool
        Whether it bounds a solid, and whether it is turned round.
    key : str
        Id of the surface.
    line : int
        In the file.
    """

    row: int
    semantic: int
    solid: bool
    flip: bool
    key: str
    line: int


class Placing(NamedTuple):
    """A prototype to be placed: the faces from `first` up to `last`, or those of the surface with id `key`."""

    row: int
    first: int
    last: int
    key: str
    matrix: str
    point: str
    line: int


class Faces:
    """All faces of a file, in columns; rings are numbered as they come.

    Parameters
    ----------
    id_name : str
        Full name of the attribute that is the id of a geometry.
    findings : Findings
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
        self.ids: list[str | None] = []
        self.groups: list[tuple[str, int, int]] = []
        self.placings: list[Placing] = []
        self.points: list[tuple[int, str]] = []
        self.curves = 0
        self.like: dict[int, int] = {}
        self._shapes = Memo(shape_of)
        self._positions = Memo(position_of)
        self._local: dict[str, tuple[int, int]] = {}
        self._later: list[Use] = []
        self._never: list[Use] = []
        self._copied: dict[tuple[int, int], int] = {}
        self._bounding: set[int] = set()
        self._solids: list[tuple[int, int]] = []
        self._copies = 0
        self._use = Use(0, 0, False, False, "", 0)

    def __len__(self) -> int:
        return len(self.row)

    def take(self, element: _Element, row: int, semantic: int = 0, *, solid: bool = False) -> None:
        """Take all faces below a property of an object, such as ``lod2Solid``."""
        self._use = Use(row, semantic, solid, False, "", 0)
        self._walk(element)

    def _walk(self, element: _Element) -> None:
        shapes = self._shapes
        for child in element:
            shape = shapes[child.tag]
            if shape is Shape.POLYGON:
                self._polygon(child)
            elif shape is Shape.WRAPPER:
                if len(child):
                    self._walk(child)
                elif child.get(HREF):
                    self._refer(child)
            elif shape is Shape.GROUP or shape is Shape.SOLID:
                self._group(child, shape)
            elif shape is Shape.ORIENTED:
                self._oriented(child)
            elif shape is Shape.POINT:
                self.points.append((self._use.row, " ".join(child.itertext())))
            elif shape is Shape.CURVE:
                self.curves += 1
            elif isinstance(child.tag, str):
                self._strange(child)
        if not len(element) and element.get(HREF):
            self._refer(element)

    def _group(self, element: _Element, shape: Shape) -> None:
        first = len(self.row)
        self._walk(element)
        key = element.get(self.id_name)
        if key:
            self._name(key, first, len(self.row))
        if shape is Shape.SOLID and self._use.solid:
            self._solids.append((first, len(self.row)))

    def _name(self, key: str, first: int, last: int) -> None:
        self._local[key] = first, last
        self.groups.append((key, first, last))

    def _oriented(self, element: _Element) -> None:
        before = self._use
        if element.get("orientation") == "-":
            self._use = before._replace(flip=not before.flip)
        self._group(element, Shape.GROUP)
        self._use = before

    def _strange(self, element: _Element) -> None:
        name = split(element.tag)[1]
        if name in ("name", "description", "metaDataProperty", "identifier", "boundedBy"):
            return
        message = f"{name[:60]!r} is not a geometry that is read; left out"
        self._tell("geometry", message, int(element.sourceline or 0))

    def _tell(self, code: str, message: str, line: int, severity: str = "error") -> None:
        row = self._use.row
        owner = self.ids_of_rows[row] if row >= 0 else ""
        self.findings.add(code, owner, message, severity=severity, path=f"line {line}")

    def _polygon(self, element: _Element) -> None:
        numbers, positions = self.numbers, self._positions
        texts = numbers.texts
        first = len(texts)
        for side in element:
            # one ring a side; the quickest way there is what reading spends its time on
            if len(side):
                ring = side[0]
                if len(ring):
                    place = ring[0]
                    position = positions[place.tag]
                    if position is Position.LIST:
                        text = place.text or ""
                    elif position is Position.ONE:
                        text = _joined(ring)
                    else:
                        text = self._odd_ring(ring, place, position)
                    if numbers.flat:
                        numbers.note_dimension(place)
                    texts.append(text)
        use = self._use
        key = element.get(self.id_name)
        if key is not None:
            face = len(self.row)
            self._local[key] = face, face + 1
        self._append(use.row, use.semantic, numbers.done + first, len(texts) - first, use.flip, key)
        if first == len(texts):
            self._tell("too-few-points", "the surface has no ring; left out", int(element.sourceline or 0))

    def _append(self, row: int, semantic: int, first: int, rings: int, flip: bool | int, key: str | None) -> None:
        self.row.append(row)
        self.semantic.append(semantic)
        self.first_ring.append(first)
        self.ring_count.append(rings)
        self.flip.append(flip)
        self.ids.append(key)

    def _odd_ring(self, ring: _Element, place: _Element, position: Position) -> str:
        """Numbers of a ring that is not a list of positions."""
        return self._coordinates(place) if position is Position.COORDINATES else self._nested_ring(ring)

    def _coordinates(self, element: _Element) -> str:
        """Tuples as GML 2 has them: parted by `ts`, their numbers by `cs`."""
        comma, space, point = (element.get(name, default) for name, default in (("cs", ","), ("ts", " "), ("decimal", ".")))
        tuples = [one for one in (element.text or "").replace(space, " ").split() if one]
        numbers = [one.replace(comma, " ").replace(point, ".") for one in tuples]
        if numbers and len(numbers[0].split()) == 2:
            self.numbers.two_next()
        return " ".join(numbers)

    def _nested_ring(self, ring: _Element) -> str:
        """A ring of points or curves that are elements of their own."""
        curved = bent = False
        lists: list[str] = []
        for child in ring.iter():
            name = split(child.tag)[1]
            curved |= name.startswith(_CURVED)
            bent |= name == "OrientableCurve" or bool(child.get(HREF))
            if self._positions[child.tag] is not Position.NESTED:
                lists.append(child.text or "")
        line = int(ring.sourceline or 0)
        if bent:
            self._tell("curve", "a ring of links or turned curves is not read; left out", line)
            return ""
        if curved:
            self._tell("curve", "a curved edge is taken as straight between its points", line, "warning")
        return " ".join(lists)

    def _refer(self, element: _Element) -> None:
        """Follow a link to a surface, now or when it is there."""
        href = element.get(HREF, "")
        line = int(element.sourceline or 0)
        if href[:1] != "#":
            self._tell("xlink-external", f"{href[:120]!r} is outside this file and is not followed; left out", line)
            return
        found = self._local.get(href[1:])
        if found is None:
            self._later.append(self._use._replace(key=href[1:], line=line))
        else:
            self._share(found, self._use)

    def _share(self, found: tuple[int, int], use: Use) -> None:
        """Use faces that are there: those of the same object are not doubled, another object has a copy of its own."""
        for face in range(*found):
            if self.row[face] != use.row:
                known = self._copied.get((use.row, face))
                if known is None:
                    self._copied[use.row, face] = len(self.row)
                    self._copy(face, use)
                    continue
                face = known
            if not use.solid:
                self.semantic[face] = self.semantic[face] or use.semantic
            elif face in self._bounding or self._in_solid(face):
                # the wall between two solids: once for each of them
                self._copy(face, use)
            else:
                self._bounding.add(face)
                # which side is outside the solid says better
                self.flip[face] ^= use.flip

    def _in_solid(self, face: int) -> bool:
        at = bisect_right(self._solids, (face, len(self.row) + 1)) - 1
        return at >= 0 and self._solids[at][0] <= face < self._solids[at][1]

    def _copy(self, face: int, use: Use) -> None:
        self._copies += 1
        if self._copies > SPARE_COPIES + COPIES_A_FACE * (len(self.row) - self._copies):
            self._tell("xlink-limit", "surfaces are used again too often; this use is left out", use.line)
            return
        semantic = use.semantic or self.semantic[face]
        self.like[len(self.row)] = self.like.get(face, face)
        flip = self.flip[face] ^ use.flip
        self._append(use.row, semantic, self.first_ring[face], self.ring_count[face], flip, None)

    def settle(self, member: _Element | None) -> None:
        """Follow the links that were not there yet: in what was read of a member of the city, else in the rest of it."""
        tried: set[tuple[int, str]] = set()
        elements: dict[str, _Element] | None = None
        while self._later:
            use = self._later.pop()
            self._use = use
            found = self._local.get(use.key)
            if found is not None:
                self._share(found, use)
                continue
            if elements is None and member is not None:
                elements = {key: one for one in member.iter() if (key := one.get(self.id_name)) is not None}
            element = elements.get(use.key) if elements else None
            if element is None or (use.row, use.key) in tried:
                self._never.append(use)
                continue
            tried.add((use.row, use.key))
            self._elsewhere(element, use)

    def _elsewhere(self, element: _Element, use: Use) -> None:
        """Faces of a surface that is part of a level of detail that was not taken."""
        first = len(self.row)
        shape = self._shapes[element.tag]
        if shape is Shape.POLYGON:
            self._copies += 1
            self._polygon(element)
        elif shape in (Shape.GROUP, Shape.SOLID, Shape.ORIENTED):
            self._walk(element)
            self._copies += len(self.row) - first
            self._name(use.key, first, len(self.row))
        else:
            self._never.append(use)

    def forget(self) -> None:
        """A member of the city is read: its ids are looked up again only for links between members."""
        self._local.clear()
        self._copied.clear()
        self._bounding.clear()
        self._solids.clear()
        self.numbers.flush_if_many()

    def finish(self) -> None:
        """Follow the links between members; those that lead nowhere are noted."""
        self.numbers.flush()
        if self._never or any(placing.key for placing in self.placings):
            self._local = self.by_id()
        self._later, self._never = self._never[::-1], []
        self.settle(None)
        for use in self._never:
            self._use = use
            self._tell("xlink-dangling", f"there is no surface with the id {use.key[:120]!r}; left out", use.line)

    def by_id(self) -> dict[str, tuple[int, int]]:
        """Faces by the id of the surface that they are or are part of."""
        found = {key: (face, face + 1) for face, key in enumerate(self.ids) if key is not None}
        found.update((key, (first, last)) for key, first, last in self.groups)
        return found

    def place(self, placing: Placing) -> None:
        """Note a prototype to be placed."""
        self.placings.append(placing)

    def placed(self) -> Iterator[tuple[Placing, range]]:
        """Each prototype with its faces; call after `finish`."""
        for placing in self.placings:
            first, last = (placing.first, placing.last) if not placing.key else self._local.get(placing.key, (0, 0))
            if first == last:
                self._use = Use(placing.row, 0, False, False, "", 0)
                message = f"there is no geometry with the id {placing.key[:120]!r} to be placed here; left out"
                self._tell("xlink-dangling", message, placing.line)
                continue
            yield placing, range(first, last)
