"""PLY (Stanford), as text and in binary of either byte order, with polygons and what is said of each face."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.mesh import SEMANTIC_NAMES
from twin.geo.readers.meshparts import (
    MAX_FACES,
    MAX_PARTS,
    MeshFile,
    polygon_rings,
    stated_crs,
    stated_origin,
    without_bad_corners,
)
from twin.geo.readers.model import Findings

MAX_HEADER_BYTES = 64 * 1024**2
MARK = b"comment stadstwin "
TYPES = {
    b"char": "i1", b"int8": "i1", b"uchar": "u1", b"uint8": "u1", b"short": "i2", b"int16": "i2", b"ushort": "u2",
    b"uint16": "u2", b"int": "i4", b"int32": "i4", b"uint": "u4", b"uint32": "u4", b"float": "f4", b"float32": "f4",
    b"double": "f8", b"float64": "f8",
}  # fmt: skip
"""Number types of PLY by name, as NumPy's."""


@dataclass(slots=True)
class _Property:
    name: str
    kind: str
    count_kind: str = ""
    """Type of the length of a list; empty for a plain number."""


@dataclass(slots=True)
class _Element:
    name: str
    count: int
    properties: list[_Property] = field(default_factory=list)

    @property
    def lists(self) -> bool:
        return any(one.count_kind for one in self.properties)


@dataclass(slots=True)
class _Table:
    """Rows of one element: columns of numbers by name, and lists as flat values with the length of each."""

    columns: dict[str, NDArray[Any]]
    lists: dict[str, tuple[NDArray[Any], NDArray[np.int64]]]


def parse(content: bytes, name: str, findings: Findings) -> MeshFile:
    """Read a PLY.

    Raises
    ------
    FormatError
        When the header is broken, or the file ends before what the header promises.
    """
    head, order, elements, notes = _header(content, name)
    tables: dict[str, _Table] = {}
    position = head
    rows = iter(content[head:].split(b"\n")) if order == "" else iter(())
    for element in elements:
        if not element.properties or not element.count:
            continue
        where = f"{name} element {element.name}"
        if order == "":
            table = _text_table(element, rows, where)
        else:
            table, position = _binary_table(element, content, position, order, where)
        tables.setdefault(element.name, table)
    return _mesh(tables, notes, name, findings)


def _header(content: bytes, name: str) -> tuple[int, str, list[_Element], list[bytes]]:
    """Where the rows begin, the byte order (empty for text), the elements and our own notes."""
    end = content.find(b"end_header", 0, MAX_HEADER_BYTES)
    stop = content.find(b"\n", end)
    if end < 0 or stop < 0:
        raise FormatError("the header of the PLY has no end", where=name)
    order: str | None = None
    elements: list[_Element] = []
    notes: list[bytes] = []
    for number, raw in enumerate(io.BytesIO(content[:end]), start=1):
        words = raw.split()
        where = f"{name}:{number}"
        if words[:1] == [b"format"] and len(words) >= 2:
            order = {b"ascii": "", b"binary_little_endian": "<", b"binary_big_endian": ">"}.get(words[1])
        elif words[:1] == [b"element"]:
            if len(words) != 3 or not words[2].isdigit() or len(words[2]) > 15:
                raise FormatError("an element has a name and a count", where=where)
            elements.append(_Element(words[1].decode("ascii", "replace"), int(words[2])))
        elif words[:1] == [b"property"]:
            if not elements:
                raise FormatError("a property comes before any element", where=where)
            elements[-1].properties.append(_property(words, where))
        elif raw.startswith(MARK):
            notes.append(raw[len(MARK) :])
    if order is None:
        raise FormatError("the header does not say whether it is text or binary", where=name)
    return stop + 1, order, elements, notes


def _property(words: list[bytes], where: str) -> _Property:
    if len(words) == 3 and words[1] in TYPES:
        return _Property(words[2].decode("ascii", "replace"), TYPES[words[1]])
    if len(words) == 5 and words[1] == b"list" and words[2] in TYPES and words[3] in TYPES and TYPES[words[2]][0] in "iu":
        return _Property(words[4].decode("ascii", "replace"), TYPES[words[3]], TYPES[words[2]])
    raise FormatError(f"{b' '.join(words)[:60]!r} is not a property", where=where)


def _short(element: _Element, there: int, where: str) -> FormatError:
    return FormatError(f"the header promises {element.count} rows, the file ends after {there}", where=where)


def _binary_table(element: _Element, content: bytes, position: int, order: str, where: str) -> tuple[_Table, int]:
    """Rows of an element from `position` on, and where the next element begins."""
    sizes = _list_sizes(element, content, position, order, where)
    fields: list[Any] = []
    for number, one in enumerate(element.properties):
        if one.count_kind:
            fields.append((f"{number}n", order + one.count_kind))
            fields.append((str(number), order + one.kind, (sizes[number],)))
        else:
            fields.append((str(number), order + one.kind))
    kind = np.dtype(fields)
    there = (len(content) - position) // kind.itemsize
    if there >= element.count:
        rows = np.frombuffer(content, kind, element.count, position)
        if all((rows[f"{number}n"] == size).all() for number, size in sizes.items()):
            columns, lists = {}, {}
            for number, one in enumerate(element.properties):
                values = rows[str(number)].copy()
                if one.count_kind:
                    lists[one.name] = (values.reshape(-1), np.full(element.count, sizes[number], np.int64))
                else:
                    columns[one.name] = values
            return _Table(columns, lists), position + kind.itemsize * element.count
    if not sizes:
        raise _short(element, there, where)
    return _uneven_table(element, content, position, order, where)


def _list_sizes(element: _Element, content: bytes, position: int, order: str, where: str) -> dict[int, int]:
    """Length of each list of the first row, by property."""
    sizes: dict[int, int] = {}
    for number, one in enumerate(element.properties):
        if one.count_kind:
            kind = np.dtype(order + one.count_kind)
            if position + kind.itemsize > len(content):
                raise _short(element, 0, where)
            size = int(np.frombuffer(content, kind, 1, position)[0])
            position += kind.itemsize
            if size < 0 or position + size * np.dtype(one.kind).itemsize > len(content):
                raise _short(element, 0, where)
            sizes[number] = size
            position += size * np.dtype(one.kind).itemsize
        else:
            position += np.dtype(one.kind).itemsize
    return sizes


def _uneven_table(element: _Element, content: bytes, position: int, order: str, where: str) -> tuple[_Table, int]:
    """Rows whose lists differ in length, one by one; each takes at least a byte, so the file bounds their number."""
    kinds = [
        (np.dtype(order + one.kind), np.dtype(order + one.count_kind) if one.count_kind else None) for one in element.properties
    ]
    values: list[list[Any]] = [[] for _ in kinds]
    lengths: list[list[int]] = [[] for _ in kinds]
    for row in range(element.count):
        for number, (kind, count_kind) in enumerate(kinds):
            size = 1
            if count_kind is not None:
                if position + count_kind.itemsize > len(content):
                    raise _short(element, row, where)
                size = int(np.frombuffer(content, count_kind, 1, position)[0])
                position += count_kind.itemsize
            if size < 0 or position + size * kind.itemsize > len(content):
                raise _short(element, row, where)
            lengths[number].append(size)
            values[number].append(content[position : position + size * kind.itemsize])
            position += size * kind.itemsize
    columns: dict[str, NDArray[Any]] = {}
    lists: dict[str, tuple[NDArray[Any], NDArray[np.int64]]] = {}
    for one, (kind, count_kind), some, size_of in zip(element.properties, kinds, values, lengths, strict=True):
        flat = np.frombuffer(b"".join(some), kind)
        if count_kind is None:
            columns[one.name] = flat
        else:
            lists[one.name] = (flat, np.array(size_of, np.int64))
    return _Table(columns, lists), position


def _text_table(element: _Element, rows: Any, where: str) -> _Table:
    """Rows of an element from lines of text."""
    values: list[list[float]] = [[] for _ in element.properties]
    lengths: list[list[int]] = [[] for _ in element.properties]
    for row in range(element.count):
        words = next((words for words in (line.split() for line in rows) if words), None)
        if words is None:
            raise _short(element, row, where)
        place = 0
        try:
            for number, one in enumerate(element.properties):
                size = 1
                if one.count_kind:
                    size, place = int(words[place]), place + 1
                if size < 0 or place + size > len(words):
                    raise ValueError
                lengths[number].append(size)
                values[number] += [float(word) for word in words[place : place + size]]
                place += size
        except (ValueError, IndexError):
            raise FormatError(f"row {row + 1} is not as the header says", where=where) from None
    columns: dict[str, NDArray[Any]] = {}
    lists: dict[str, tuple[NDArray[Any], NDArray[np.int64]]] = {}
    for one, some, size_of in zip(element.properties, values, lengths, strict=True):
        if one.count_kind:
            lists[one.name] = (np.array(some, np.float64), np.array(size_of, np.int64))
        else:
            columns[one.name] = np.array(some, np.float64)
    return _Table(columns, lists)


def _whole(numbers: NDArray[Any], low: int, high: int) -> NDArray[np.int64]:
    """Numbers as whole ones; -1 for those that are not within the range."""
    with np.errstate(invalid="ignore"):
        values = np.asarray(numbers, dtype=np.float64)
    good = (values >= low) & (values <= high)
    return np.where(good, values, -1).astype(np.int64)


def _mesh(tables: dict[str, _Table], notes: list[bytes], name: str, findings: Findings) -> MeshFile:
    vertex = tables.get("vertex")
    if vertex is None or not all(axis in vertex.columns for axis in "xyz"):
        raise FormatError("the PLY has no vertices with x, y and z", where=name)
    with np.errstate(invalid="ignore"):
        vertices = np.column_stack([vertex.columns[axis].astype(np.float64) for axis in "xyz"])
    face = tables.get("face")
    if face is None and "tristrips" in tables:
        raise FormatError("the PLY holds triangle strips, which are not readable", where=name, hint="save it with faces")
    lists = {} if face is None else face.lists
    corners = next((lists[one] for one in ("vertex_indices", "vertex_index") if one in lists), None)
    if face is None or corners is None:
        raise FormatError("the PLY holds points without faces", where=name, hint="a point cloud is read as .las or .laz")
    if len(corners[1]) > MAX_FACES:
        raise FormatError(f"{len(corners[1])} faces are too many", where=name, hint="split the file")
    rings = polygon_rings(_whole(corners[0], 0, 2**40), corners[1])
    keep = without_bad_corners(rings, len(vertices), findings, name)
    number = np.flatnonzero(keep)
    rings = polygon_rings(rings.indices[np.repeat(keep, rings.sizes)], rings.sizes[keep])
    semantic = np.zeros(len(keep), np.int64)
    if "semantic" in face.columns:
        semantic = np.maximum(_whole(face.columns["semantic"], 0, len(SEMANTIC_NAMES) - 1), 0)
    owner = np.zeros(len(keep), np.int64)
    if "owner" in face.columns:
        owner = np.maximum(_whole(face.columns["owner"], 0, MAX_PARTS), 0)
    about, objects = _notes(notes)
    parts, part = np.unique(owner[keep], return_inverse=True)
    stated = [objects[one] if one < len(objects) else {} for one in parts.tolist()]
    return MeshFile(
        form="PLY",
        vertices=vertices,
        rings=rings,
        part=part.astype(np.int32),
        names=["" if len(parts) == 1 else str(one) for one in parts.tolist()],
        semantic=semantic[keep].astype(np.uint8),
        colour=_colours(face, keep),
        stated=stated if any(stated) else [],
        semantics_stated="semantic" in face.columns,
        up_stated=about.get("up") == "z",
        unit_stated=about.get("unit") == "m",
        crs=stated_crs(about.get("crs"), findings, name),
        origin=stated_origin(about.get("origin")),
        where=lambda one: f"{name} face {number[one] + 1}",
    )


def _colours(face: _Table, keep: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    """Colour of each face, where the file has any; those of vertices are not read."""
    if not all(one in face.columns for one in ("red", "green", "blue")):
        return None
    parts = [np.maximum(_whole(face.columns[one], 0, 255), 0) for one in ("red", "green", "blue")]
    opacity = np.maximum(_whole(face.columns["alpha"], 0, 255), 0) if "alpha" in face.columns else np.full(len(keep), 255)
    return np.column_stack([*parts, opacity])[keep].astype(np.uint8)


def _notes(notes: list[bytes]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What this library wrote in comments: of the file, and of each owner in order."""
    about: dict[str, Any] = {}
    objects: list[dict[str, Any]] = []
    for note in notes:
        try:
            told = orjson.loads(note)
        except orjson.JSONDecodeError:
            continue
        if isinstance(told, dict) and isinstance(told.get("id"), str):
            objects.append(told)
        elif isinstance(told, dict) and not about:
            about = told
    return about, objects
