"""Faces of CityGML: polygons with their rings, taken from elements of GML; links between them followed within the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lxml.etree import XPath

from twin.geo.readers.citygml_faces import FaceTable, Named
from twin.geo.readers.citygml_names import HREF, Memo, Position, Shape, position_of, shape_of, split
from twin.geo.readers.citygml_numbers import delaunay
from twin.geo.readers.citygml_rings import joined, lines_of, odd_ring
from twin.geo.readers.model import Findings

if TYPE_CHECKING:
    from lxml.etree import _Element

SPARE_COPIES = 100_000
COPIES_A_FACE = 4
"""A file may use its faces again through links this often: more is an attack, or a mistake that costs all memory."""

_ASIDE = frozenset(
    ("name", "description", "metaDataProperty", "identifier", "boundedBy", "appearance", "stopLines", "breakLines", "maxLength",
     "controlPoint")
)  # fmt: skip
"""What may stand in a geometry and is none that has faces."""

FEW = 4
"""Links in a group that are followed one by one; more are asked for at once."""



_POLYGON, _WRAPPER, _GROUP, _SOLID = Shape.POLYGON, Shape.WRAPPER, Shape.GROUP, Shape.SOLID
_LIST, _ONE = Position.LIST, Position.ONE


def _several(solid: _Element) -> str:
    """What solids of which this is not the first are together."""
    holder = next((split(up.tag)[1] for up in solid.iterancestors() if split(up.tag)[1].endswith("Solid")), "")
    return "CompositeSolid" if holder == "CompositeSolid" else "MultiSolid"


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
    surface : int
        Row of its attributes there; -1 for none.
    key : str
        Id of the surface.
    line : int
        In the file.
    """

    row: int
    semantic: int
    solid: bool
    flip: bool
    surface: int
    key: str
    line: int


class Faces(FaceTable):
    """Takes faces from elements of GML.

    Parameters
    ----------
    id_name : str
        Full name of the attribute that is the id of a geometry.
    findings : Findings
    """

    def __init__(self, id_name: str, findings: Findings) -> None:
        super().__init__(id_name, findings)
        # bound once: they are called for every face
        self._columns = (
            self.row.append, self.semantic.append, self.first_ring.append, self.ring_count.append, self.flip.append,
            self.bounds.append, self.ids.append,
        )  # fmt: skip
        self._texts = self.numbers.texts
        space = id_name[1:].partition("}")[0]
        names = {"g": space, "x": HREF[1:].partition("}")[0]}
        self._bare_links = XPath("g:surfaceMember[not(*)]/@x:href", namespaces=names, smart_strings=False)
        self._shapes = Memo(shape_of)
        self._positions = Memo(position_of)
        self._local: dict[str, Named] = {}
        self._later: list[Use] = []
        self._never: list[Use] = []
        self._copied: dict[tuple[int, int], int] = {}
        self._copies = 0
        self._row, self._semantic, self._solid, self._flip, self._surface = 0, 0, False, False, -1

    def take(self, element: _Element, row: int, semantic: int = 0, surface: int = -1) -> None:
        """Take all faces below a property of an object, such as ``lod2Solid``.

        `surface` is the row of the attributes of the surface that they are of; -1 for none.
        """
        self._row, self._semantic, self._solid, self._flip, self._surface = row, semantic, False, False, surface
        first = len(self.row)
        self._walk(element)
        if surface >= 0:
            self.described.append((first, len(self.row), surface))

    def take_lines(self, element: _Element, row: int) -> None:
        """Take all lines below an element."""
        self.lines += [(row, text) for text in lines_of(element)]

    # What follows is what reading spends its time on: elements are asked for no more than is needed.

    def _walk(self, element: _Element) -> None:
        """Take the faces of what is inside a property or a geometry."""
        shapes = self._shapes
        count = len(element)
        if not count:
            self._refer(element)
            return
        # an iterator over the children of an element costs more than an only child
        for child in (element[0],) if count == 1 else element:
            shape = shapes[child.tag]
            if shape is _WRAPPER:
                inside = len(child)
                if not inside:
                    self._refer(child)
                elif inside == 1 and shapes[(inner := child[0]).tag] is _POLYGON:
                    self._polygon(inner)
                else:
                    self._walk(child)
            elif shape is _POLYGON:
                self._polygon(child)
            elif shape is _GROUP:
                first = len(self.row)
                if len(child) < FEW or not self._links(child):
                    self._walk(child)
                key = child.get(self.id_name)
                if key is not None:
                    self._name(key, first, len(self.row))
            else:
                self._rare(child, shape)

    def _links(self, group: _Element) -> bool:
        """Follow the links of a group that holds nothing else, as the shell of a solid often does; False for any other."""
        if len(group[0]):
            return False
        links = self._bare_links(group)
        if len(links) != len(group):
            return False
        local, row, semantic = self._local, self._row, self._semantic
        for href in links:
            found = local.get(href[1:])
            if found is not None and self._solid and found[1] - found[0] == 1 and href[0] == "#":
                # the usual case made short: a wall of the same object that bounds no solid yet
                face = found[0]
                if self.row[face] == row and not self.bounds[face] and not (found[2] or self._flip or self.flip[face] or semantic):
                    self.bounds[face] = True
                    continue
            self._follow(href, group)
        return True

    def _rare(self, element: _Element, shape: Shape) -> None:
        if shape in (_SOLID, Shape.ORIENTED, Shape.TIN):
            flip, solid, first = self._flip, self._solid, len(self.row)
            if shape is _SOLID:
                self._solid = True
                self.kinds[self._row] = _several(element) if self._row in self.kinds else "Solid"
            elif shape is Shape.ORIENTED:
                self._flip ^= element.get("orientation") == "-"
            self._walk(element)
            self._flip, self._solid = flip, solid
            if shape is Shape.TIN and first == len(self.row):
                self._tin(element)
            key = element.get(self.id_name)
            if key is not None:
                self._name(key, first, len(self.row))
        elif shape is Shape.POINT:
            self.points.append((self._row, " ".join(element.itertext())))
        elif shape is Shape.CURVE:
            self.take_lines(element, self._row)
        elif isinstance(element.tag, str):
            self._strange(element)

    def _name(self, key: str, first: int, last: int) -> None:
        self._local[key] = first, last, self._flip
        self.groups.append((key, first, last, self._flip))

    def _tin(self, element: _Element) -> None:
        """A network of triangles of which only the points are stated."""
        places = [place for place in element if split(place.tag)[1] == "controlPoint"]
        texts = [one.text or "" for place in places for one in place.iter("{*}pos", "{*}posList")]
        points, triangles = delaunay(" ".join(texts))
        line = int(element.sourceline or 0)
        if not len(triangles):
            self._tell("geometry", "a Tin without triangles or points that make some; left out", line)
        if any(split(one.tag)[1] in ("breakLines", "stopLines") for one in element):
            self._tell("tin-lines", "break lines of a Tin of points are not heeded", line, "warning")
        for triangle in triangles.tolist():
            self.row.append(self._row)
            self.semantic.append(self._semantic)
            self.first_ring.append(self.numbers.done + len(self._texts))
            self.ring_count.append(1)
            self.flip.append(self._flip)
            self.bounds.append(False)
            self.ids.append(None)
            corners = [*triangle, triangle[0]]
            self._texts.append(" ".join(map(repr, points[corners].ravel().tolist())))

    def _strange(self, element: _Element) -> None:
        name = split(element.tag)[1]
        if name in _ASIDE:
            return
        message = f"{name[:60]!r} is not a geometry that is read; left out"
        self._tell("geometry", message, int(element.sourceline or 0))

    def _tell(self, code: str, message: str, line: int, severity: str = "error") -> None:
        self.tell(code, self._row, message, line, severity)

    def _polygon(self, element: _Element) -> None:
        texts = self._texts
        first = len(texts)
        for side in (element[0],) if len(element) == 1 else element:
            try:
                ring = side[0]
                place = ring[0]
            except IndexError:
                continue
            position = self._positions[place.tag]
            if position is _LIST:
                text = place.text or ""
            elif position is _ONE:
                text = joined(ring)
            else:
                odd = odd_ring(ring, place, self.numbers, self._tell)
                if odd is None:
                    continue
                text = odd
            if self.numbers.flat:
                self.numbers.note_dimension(place)
            texts.append(text)
        row, semantic, first_ring, ring_count, flip, bounds, ids = self._columns
        key = element.get(self.id_name)
        if key is not None:
            face = len(self.row)
            self._local[key] = face, face + 1, self._flip
        ids(key)
        row(self._row)
        semantic(self._semantic)
        first_ring(self.numbers.done + first)
        rings = len(texts) - first
        ring_count(rings)
        flip(self._flip)
        bounds(self._solid)
        if not rings:
            self._tell("too-few-points", "the surface has no ring; left out", int(element.sourceline or 0))

    def _refer(self, element: _Element) -> None:
        """Follow a link to a surface, now or when it is there."""
        href = element.get(HREF)
        if href:
            self._follow(href, element)

    def _follow(self, href: str, element: _Element) -> None:
        key = href[1:]
        found = self._local.get(key)
        if href[:1] != "#":
            message = f"{href[:120]!r} is outside this file and is not followed; left out"
            self._tell("xlink-external", message, int(element.sourceline or 0))
        elif found is None:
            line = int(element.sourceline or 0)
            self._later.append(Use(self._row, self._semantic, self._solid, self._flip, self._surface, key, line))
        else:
            self._share(*found)

    def _share(self, first: int, last: int, turned: bool, line: int = 0) -> None:
        """Use faces that are there: those of the same object are not doubled, another object has a copy of its own.

        `turned` is whether they were turned round where they stand, by what stands around them.
        """
        row, turned = self._row, turned ^ self._flip
        if self._copies + last - first > SPARE_COPIES + COPIES_A_FACE * (len(self.row) - self._copies):
            self._tell("xlink-limit", "surfaces are used again too often; this use is left out", line)
            return
        for face in range(first, last):
            flip = bool(self.flip[face]) ^ turned
            if self.row[face] != row:
                known = self._copied.get((row, face))
                if known is None:
                    self._copied[row, face] = len(self.row)
                    self._copy(face, flip)
                    continue
                face = known
            if not self._solid:
                self.semantic[face] = self.semantic[face] or self._semantic
                if self._surface >= 0:
                    self.described.append((face, face + 1, self._surface))
            elif self.bounds[face]:
                # the wall between two solids: once for each of them
                self._copy(face, flip)
            else:
                self.bounds[face] = True
                # which side is outside the solid says better
                if flip != self.flip[face]:
                    self.outward[face] = flip

    def _copy(self, face: int, flip: bool) -> None:
        self._copies += 1
        self.like[len(self.row)] = self.like.get(face, face)
        self.row.append(self._row)
        self.semantic.append(self._semantic or self.semantic[face])
        self.first_ring.append(self.first_ring[face])
        self.ring_count.append(self.ring_count[face])
        self.flip.append(flip)
        self.bounds.append(self._solid)
        self.ids.append(None)

    def _as(self, use: Use) -> None:
        self._row, self._semantic, self._solid, self._flip, self._surface = use.row, use.semantic, use.solid, use.flip, use.surface

    def settle(self, member: _Element | None) -> None:
        """Follow the links that were not there yet: in what was read of a member of the city, else in the rest of it."""
        tried: set[tuple[int, str]] = set()
        elements: dict[str, _Element] | None = None
        while self._later:
            use = self._later.pop()
            self._as(use)
            found = self._local.get(use.key)
            if found is not None:
                self._share(*found, use.line)
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
        if shape is _POLYGON:
            self._polygon(element)
        elif shape in (_GROUP, _SOLID, Shape.ORIENTED):
            self._walk(element)
            self._name(use.key, first, len(self.row))
        else:
            self._never.append(use)
        self._copies += len(self.row) - first

    def forget(self) -> None:
        """A member of the city is read: its ids are looked up again only for links between members."""
        self._local.clear()
        self._copied.clear()
        self.numbers.flush_if_many()

    def finish(self) -> None:
        """Follow the links between members; those that lead nowhere are noted."""
        self.numbers.flush()
        if self._never:
            self._local = self.by_id()
        self._later, self._never = self._never[::-1], []
        self.settle(None)
        for use in self._never:
            self._as(use)
            self._tell("xlink-dangling", f"there is no surface with the id {use.key[:120]!r}; left out", use.line)
