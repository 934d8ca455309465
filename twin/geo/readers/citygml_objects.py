"""Objects of CityGML: what each is, which it is a part of, its attributes, and where its geometry stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from twin.geo.mesh import SEMANTIC_NAMES, SEMANTICS
from twin.geo.readers.citygml_appearance import Appearances
from twin.geo.readers.citygml_attributes import Attributes, address_text, text_of
from twin.geo.readers.citygml_faces import TEMPLATE, Placing
from twin.geo.readers.citygml_geometry import Faces
from twin.geo.readers.citygml_names import (
    CITYGML,
    HREF,
    KEEP_NAME,
    RELIEF_NOT_READ,
    ROAD_AREAS,
    ROAD_PARTS,
    ROAD_TYPES,
    Memo,
    Role,
    Rule,
    Shape,
    object_type,
    rule_of,
    shape_of,
    split,
    surface_code,
)
from twin.geo.readers.model import Findings
from twin.geo.readers.surface_links import PARENT

if TYPE_CHECKING:
    from lxml.etree import _Element

_PROPERTY, _GEOMETRY = Role.PROPERTY, Role.GEOMETRY
_ROAD_CODES = frozenset(SEMANTICS[name] for name in ROAD_AREAS)

Job = tuple[int, int, "_Element", int, Rule, list[int]]
"""A property that holds geometry: when it is taken (surfaces with a meaning first, so that solids find what they link to),
row of its object, the element, what its faces mean, what it is, and, in a list, the row of the attributes of its surface,
which may be read later. A plain tuple: there is one for each wall."""

_NO_ATTRIBUTES = [-1]

Levels = dict[str, list[Job]]
"""The geometries of one object, or of a road with its parts, by level of detail."""


class Objects:
    """All objects of a file, by row.

    Parameters
    ----------
    version : str
        Of CityGML.
    faces : Faces
        Takes the geometry.
    findings : Findings
    lod : str or None
        Level of detail to take; the highest of each object by default.

    Attributes
    ----------
    ids, types, parents, lods : list of str
    attributes : list of dict
    surfaces : list of dict
        Attributes of boundary surfaces and openings that have some.
    lods_seen : set of str
        Levels of detail that anything in the file is in.
    noted : Counter
        What was not read, by code: told once for the file.
    left : Counter
        Geometries that were not taken, by level of detail.
    """

    def __init__(self, version: str, faces: Faces, appearances: Appearances, findings: Findings, lod: str | None) -> None:
        self.ids = faces.ids_of_rows
        self.types: list[str] = []
        self.parents: list[str] = []
        self.lods: list[str] = []
        self.lines: list[int] = []
        self.attributes: list[dict[str, Any]] = []
        self.surfaces: list[dict[str, Any]] = []
        self.lods_seen: set[str] = set()
        self.left: Counter[str] = Counter()
        self.noted: Counter[str] = Counter()
        self._areas_are_parts = version < "3"
        self._faces = faces
        self._appearances = appearances
        self._findings = findings
        self._lod = lod
        self._rules = Memo(rule_of)
        self._types = Memo(object_type)
        self._codes = Memo(surface_code)
        self._values = Attributes(self.noted)
        self._known: set[str] = set()
        self._jobs: dict[int, Levels] = {}
        self._skeletons: dict[int, dict[str, list[_Element]]] = {}
        self._group: dict[int, int] = {}
        self._up: list[int] = []

    def member(self, element: _Element) -> None:
        """Read one member of the city with everything that is part of it."""
        for child in element:
            if isinstance(child.tag, str):
                self._top(child)
        for row, levels in self._jobs.items():
            if levels:
                self._take(row, levels)
        for row, lines in self._skeletons.items():
            self._take_lines(row, lines)
        self._values.close()
        self._faces.settle(element)
        self._faces.forget()
        self._jobs.clear()
        self._skeletons.clear()
        self._group.clear()

    def _top(self, element: _Element) -> None:
        space, local = split(element.tag)
        if local == "ReliefFeature" and space.startswith(CITYGML):
            self._relief(element)
        elif local == "Appearance" and space.startswith(CITYGML):
            self._appearances.add(element)
        elif local in ("Version", "VersionTransition"):
            self.noted[local] += 1
        else:
            self._object(element, self._types[element.tag] or f"+{local}", -1)

    def _relief(self, element: _Element) -> None:
        """The parts of a relief; each has the attributes of the whole that it does not state itself."""
        shared: dict[str, Any] = {}
        parts: list[_Element] = []
        for child in element:
            rule = self._rules[child.tag]
            if rule.local == "reliefComponent":
                parts += list(child)
            elif rule.local != "lod":
                self._attribute(shared, child, rule)
        self._values.close()
        for part in parts:
            local = split(part.tag)[1]
            if local in RELIEF_NOT_READ:
                message = f"{local} is not read; the terrain of this object is left out"
                self._findings.add("not-read-relief", part.get(self._faces.id_name, ""), message, severity="error")
                continue
            row = self._object(part, "TINRelief", -1)
            if row >= 0:
                self.attributes[row] = {**shared, **self.attributes[row]}

    def _object(self, element: _Element, kind: str, parent: int, semantic: int = 0, group: int = -1) -> int:
        """Read an object; returns its row, or -1 when it is left out."""
        row = len(self.ids)
        local = split(element.tag)[1]
        key = element.get(self._faces.id_name, "")
        if not key:
            key = f"{self.ids[parent]}/{local}-{row}" if parent >= 0 else f"{local}-{row}"
            self.noted["no-id"] += 1
        if key in self._known:
            message = "a second object with this id; left out"
            self._findings.add("duplicate-id", key, message, severity="error", path=f"line {element.sourceline}")
            return -1
        self._known.add(key)
        self.ids.append(key)
        self.types.append(kind)
        self.parents.append(self.ids[parent] if parent >= 0 else "")
        self.lods.append("")
        self.lines.append(int(element.sourceline or 0))
        self._up.append(parent)
        group = row if group < 0 else group
        self._group[row] = group
        levels = self._jobs.setdefault(group, {})
        record: dict[str, Any] = {}
        self.attributes.append(record)
        if local in KEEP_NAME or local in ROAD_PARTS or local in ROAD_AREAS:
            record["citygml_type"] = local
        rules = self._rules
        for child in element:
            rule = rules[child.tag]
            role = rule.role
            if role is _PROPERTY:
                try:
                    first = child[0]
                except IndexError:
                    self._simple(record, child, rule)
                else:
                    self._property(record, row, kind, child, first, rule)
            elif role is _GEOMETRY:
                order = 0 if semantic else 2 if rule.solid else 1
                if rule.lines:
                    self._skeletons.setdefault(row, {}).setdefault(rule.lod, []).append(child)
                else:
                    job = order, row, child, rule.semantic or semantic, rule, _NO_ATTRIBUTES
                    levels.setdefault(rule.lod or _stated_lod(element), []).append(job)
            else:
                self._attribute(record, child, rule)
        return row

    def _property(self, record: dict[str, Any], row: int, kind: str, element: _Element, first: _Element, rule: Rule) -> None:
        """A property with elements in it: boundary surfaces, parts, or a value with a structure."""
        code = self._codes[first.tag]
        if code:
            levels = self._jobs[self._group[row]]
            one: _Element | None = first
            while one is not None:
                code = self._codes[one.tag]
                if code in _ROAD_CODES and self._areas_are_parts:
                    self._object(one, kind, row, code, self._group[row])
                else:
                    self._surface(one, row, code, levels, absorb=code in _ROAD_CODES)
                one = one.getnext()
            return
        if shape_of(first.tag) is not Shape.OTHER:
            self.noted["geometry-aside"] += 1
            return
        if self._types[first.tag]:
            parent = -1 if rule.local == "groupMember" else row
            for part in element:
                self._object(part, self._types[part.tag] or f"+{split(part.tag)[1]}", parent)
            return
        local = split(first.tag)[1]
        if rule.standard and kind in ROAD_TYPES and local in ROAD_PARTS:
            self._object(first, kind, row, ROAD_PARTS[local], self._group[row])
        elif rule.standard and rule.local == "externalReference":
            self._values.external(record, element)
        elif self._is_new_object(first):
            self._object(first, f"+{local}", row)
        else:
            self._values.nested(record, rule.local, element)

    def _is_new_object(self, element: _Element) -> bool:
        """Whether an element of a name that is not known holds geometry in a level of detail, as an object does."""
        return any(self._rules[child.tag].role is Role.GEOMETRY and len(child) for child in element)

    def _surface(
        self, element: _Element, row: int, code: int, levels: Levels, *, absorb: bool = False, parent: int = -1
    ) -> None:
        """A boundary surface or an opening; its geometry is its object's, with a meaning.

        An opening, and a surface that has one, has a row of attributes in any case: so the one can tell the other.
        """
        rules = self._rules
        record: dict[str, Any] = {}
        place = [-1]
        for child in (element[0],) if len(element) == 1 else element:
            rule = rules[child.tag]
            role = rule.role
            if role is _GEOMETRY:
                if not rule.lines:
                    levels.setdefault(rule.lod, []).append((0, row, child, code, rule, place))
                else:
                    self.noted["not-read-multicurve"] += 1
            elif role is _PROPERTY and len(child) and (inner := self._codes[child[0].tag]):
                if place[0] < 0:
                    place[0] = len(self.surfaces)
                    self.surfaces.append(record)
                for opening in child:
                    self._surface(opening, row, inner, levels, parent=place[0])
            elif role is not Role.SKIP:
                self._attribute(self.attributes[row] if absorb else record, child, rule)
        if PARENT in record:
            record[f"{PARENT}_attribute"] = record.pop(PARENT)
        if place[0] >= 0 or parent >= 0:
            record["type"] = SEMANTIC_NAMES[code]
        if parent >= 0:
            record[PARENT] = parent
        if record and place[0] < 0:
            place[0] = len(self.surfaces)
            self.surfaces.append(record)

    def _simple(self, record: dict[str, Any], element: _Element, rule: Rule) -> None:
        """An element without others in it: text, or a link."""
        if element.text is None and element.get(HREF) is not None:
            # what CityJSON calls the members of a group
            self._values.reference(record, "members" if rule.local == "groupMember" else rule.local, element)
        else:
            self._values.simple(record, rule.local, element, standard=rule.standard)

    def _attribute(self, record: dict[str, Any], element: _Element, rule: Rule) -> None:
        role = rule.role
        values = self._values
        if role is Role.TEXT or (role is _PROPERTY and not len(element)):
            self._simple(record, element, rule)
        elif role is Role.GENERIC:
            values.generic(record, element, rule.local)
        elif role is Role.ADDRESS:
            values.put(record, "address", address_text(element))
        elif role is Role.APPEARANCE:
            self._appearances.add_all(element)
        elif role is Role.HEIGHT:
            values.height(record, element)
        elif role is Role.PROPERTY:
            values.nested(record, rule.local, element)
        elif role is Role.NOTE:
            self.noted[rule.local] += 1

    def _take(self, group: int, levels: Levels) -> None:
        """Take the geometry of one object, or of a road with its parts, in the level of detail wanted."""
        self.lods_seen.update(levels)
        if len(levels) > 1:
            levels = self._without_empty(group, levels)
        wanted = self._wanted(levels)
        for jobs in levels.values() if len(levels) > 1 else ():
            for _, row, element, _, rule, _ in jobs:
                if rule.implicit and rule.lod != wanted:
                    self._implicit(row, element, place=False)
        if len(levels) > 1:
            self.left.update({lod: len(jobs) for lod, jobs in levels.items() if lod != wanted})
        chosen = levels.get(wanted)
        if not chosen:
            message = f"the object has no lod {self._lod}"
            self._findings.add("lod-absent", self.ids[group], message, severity="info", path=f"line {self.lines[group]}")
            return
        chosen.sort(key=_ORDER)
        if self.types[group] in ROAD_TYPES:
            covered = self._covered({job[1] for job in chosen})
            chosen = [job for job in chosen if job[1] not in covered]
        take, lods = self._faces.take, self.lods
        start, middle = len(self._faces), -1
        for order, row, element, semantic, rule, place in chosen:
            lods[row] = wanted
            if order and middle < 0:
                middle = len(self._faces)
            if rule.implicit:
                self._implicit(row, element)
            else:
                take(element, row, semantic, place[0])
        if start < middle < len(self._faces):
            self._faces.twins.append((start, middle, len(self._faces)))

    def _without_empty(self, group: int, levels: Levels) -> Levels:
        """Levels of detail without those that hold nothing, as far as they would be taken; each is told."""
        kept = dict(levels)
        while len(kept) > 1 and (wanted := self._wanted(kept)) in kept and not any(_holds(job[2]) for job in kept[wanted]):
            del kept[wanted]
            message = f"its geometry of lod {wanted or '(not stated)'} has no surface that can be drawn; not taken"
            self._findings.add("lod-empty", self.ids[group], message, path=f"line {self.lines[group]}")
        return kept if any(_holds(job[2]) for job in kept[max(kept)]) else levels

    def _wanted(self, levels: Iterable[str]) -> str:
        return max(levels) if self._lod is None else self._lod

    def _take_lines(self, row: int, levels: dict[str, list[_Element]]) -> None:
        """Lines stand for an object only where it has no surfaces."""
        if self.lods[row]:
            self.noted["not-read-multicurve"] += 1
            return
        self.lods_seen.update(levels)
        wanted = self._wanted(levels)
        for element in levels.get(wanted, ()):
            self.lods[row] = wanted
            self._faces.take_lines(element, row)

    def _covered(self, rows: set[int]) -> set[int]:
        """Rows of roads and sections whose parts have surfaces of their own, which cover the same ground."""
        covered: set[int] = set()
        for row in rows:
            up = self._up[row]
            while up >= 0 and up not in covered:
                if up in rows:
                    covered.add(up)
                up = self._up[up]
        return covered

    def _implicit(self, row: int, element: _Element, *, place: bool = True) -> None:
        """A prototype placed at a point; one of a level of detail that is not taken may still be placed elsewhere."""
        for implicit in element:
            parts = {split(child.tag)[1]: child for child in implicit}
            shape = parts.get("relativeGMLGeometry", parts.get("relativeGeometry"))
            if not place:
                if shape is not None and len(shape):
                    self._faces.take(shape, TEMPLATE)
                continue
            if "libraryObject" in parts:
                name = text_of(parts["libraryObject"])
                message = f"its shape is in the file {name[:80]!r}, which is not opened; the object is a point"
                self._findings.add("library-object", self.ids[row], message, path=f"line {implicit.sourceline}")
            at = parts.get("referencePoint")
            point = " ".join(at.itertext()) if at is not None else ""
            if point.strip():
                self._faces.points.append((row, point))
            matrix = text_of(parts["transformationMatrix"]) if "transformationMatrix" in parts else ""
            if shape is None:
                continue
            first = len(self._faces)
            key = shape.get(HREF, "").removeprefix("#")
            if not key:
                self._faces.take(shape, TEMPLATE)
            last = len(self._faces)
            if not point.strip():
                message = "a prototype without a reference point; left out"
                self._findings.add("implicit", self.ids[row], message, severity="error", path=f"line {implicit.sourceline}")
                continue
            self._faces.place(Placing(row, first, last, key, matrix, point, int(implicit.sourceline or 0)))


def _holds(element: _Element) -> bool:
    """Whether anything is written or linked below an element: a geometry without is empty."""
    return any((one.text is not None and one.text.strip()) or one.get(HREF) for one in element.iter())


def _stated_lod(element: _Element) -> str:
    """Level of detail of a relief, which an element of its own states."""
    stated = next((text_of(one) for one in element if split(one.tag)[1] == "lod"), "")
    return stated if stated in ("0", "1", "2", "3", "4") else ""


_ORDER = itemgetter(0)
