"""Files of OpenStreetMap that libosmium does not read as they are, written anew for it.

Those are answers of the Overpass API in JSON, and files of editors (JOSM) in which new objects have ids below zero and
deleted ones are only marked. Both are small: they are gone through object by object.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from twin.errors import FormatError
from twin.geo.readers.json_errors import broken_json
from twin.geo.readers.model import Findings
from twin.geo.readers.osm_elements import NEGATIVE, id_of, not_history, told

MAX_ID = NEGATIVE
"""Ids of OpenStreetMap are far below this (2026: 2**34)."""
MAX_TAG = 65_000
"""Longest key or value that libosmium takes [bytes]; the database allows 255 characters."""
MAX_EDITED_BYTES = 1024**3
"""A file with ids below zero or not in order that is larger than this is not rewritten."""
_KINDS = ("node", "way", "relation")


class Record(NamedTuple):
    """One object as any of the formats has it."""

    kind: str
    id: int
    version: int
    tags: dict[str, str]
    place: tuple[float, float] | None = None
    refs: tuple[int, ...] = ()
    members: tuple[tuple[str, int, str], ...] = ()


def rewritten(records: Iterator[Record], target: Path, name: str) -> None:
    """Write objects as PBF; ids below zero become ones from `NEGATIVE` on.

    Raises
    ------
    FormatError
        When an object cannot be one of OpenStreetMap.
    """
    import osmium
    from osmium.osm import mutable

    with told(name):
        writer = osmium.SimpleWriter(str(target))
        try:
            for one in records:
                if abs(one.id) >= MAX_ID:
                    raise FormatError(f"{one.id} is not an id of OpenStreetMap", where=f"{name} {one.kind}/{one.id}")
                common: dict[str, Any] = {"id": shifted(one.id), "version": one.version, "tags": one.tags, "visible": True}
                if one.kind == "node":
                    writer.add_node(mutable.Node(location=one.place, **common))
                elif one.kind == "way":
                    writer.add_way(mutable.Way(nodes=[shifted(ref) for ref in one.refs], **common))
                else:
                    members = [(kind[0], shifted(ref), role) for kind, ref, role in one.members]
                    writer.add_relation(mutable.Relation(members=members, **common))
        finally:
            writer.close()


def shifted(number: int) -> int:
    """An id without a sign."""
    return number if number >= 0 else NEGATIVE - number


def put_in_order(path: Path, form: str, target: Path, name: str, findings: Findings) -> None:
    """Write a file anew with its objects in the order of their kinds and ids; all of it is in memory for that.

    Of two objects with one id the newest version is kept.

    Raises
    ------
    FormatError
        When it is too large for that, broken, or a history.
    """
    import osmium

    if path.stat().st_size > MAX_EDITED_BYTES:
        what = "the objects of the file are not in the order of their ids, and it is too large to sort here"
        raise FormatError(what, where=name, hint="sort it first: osmium sort")
    with told(name):
        _note_doubles(path, form, name, findings)
        merger = osmium.MergeInputReader()
        merger.add_buffer(path.read_bytes(), form)
        writer = osmium.SimpleWriter(str(target))
        try:
            merger.apply(writer, simplify=True)
        finally:
            writer.close()


def _note_doubles(path: Path, form: str, name: str, findings: Findings) -> None:
    """Note the tagged objects that are there twice."""
    import osmium

    tagged = osmium.filter.EmptyTagFilter()
    file = osmium.io.File(str(path), form)
    for kind, entity in zip(_KINDS, (osmium.osm.NODE, osmium.osm.WAY, osmium.osm.RELATION), strict=True):
        seen: set[int] = set()
        last = (0, 0)
        with osmium.io.Reader(file, entity) as reader:
            for one in osmium.OsmFileIterator(reader, tagged):
                last = not_history(one, last, name)
                if one.id in seen:
                    message = "the object is there twice; its newest version is taken"
                    findings.add("duplicate-id", id_of(kind, one.id), message, severity="error", path=name)
                seen.add(one.id)


def of_json(content: bytes, name: str, findings: Findings) -> Iterator[Record]:
    """Objects of an answer of the Overpass API in JSON.

    Raises
    ------
    FormatError
        When it is broken JSON, or Overpass says that the answer is not whole.
    """
    import orjson

    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise broken_json(error, content, name) from None
    elements = document.get("elements") if isinstance(document, dict) else None
    if not isinstance(elements, list):
        raise FormatError("`elements` is missing or not a list", where=name)
    remark = document.get("remark")
    if isinstance(remark, str) and "error" in remark.lower():
        raise FormatError(f"Overpass gave up: {remark[:200]}", where=name, hint="ask for a smaller area or a longer timeout")
    inline = _Inline(elements)
    for number, element in enumerate(elements):
        record = _of_element(element, inline)
        if record is None:
            message = "the element is not a node, way or relation with an id, or lacks its nodes or place; left out"
            findings.add("osm-element", _named(element), message, severity="error", path=f"elements[{number}]")
        else:
            yield from inline.made
            inline.made.clear()
            yield record


class _Inline:
    """Nodes and ways that ``out geom;`` only draws, without ids of their own for the nodes."""

    FIRST = 2**50

    def __init__(self, elements: list[Any]) -> None:
        self.made: list[Record] = []
        self._number: dict[tuple[float, float], int] = {}
        self._ways = {one["id"] for one in elements if isinstance(one, dict) and one.get("type") == "way" and _whole(one.get("id"))}

    def nodes(self, holders: Any, refs: list[int] | None) -> tuple[int, ...] | None:
        """Ids of the nodes of a line that is drawn; `refs` where they are stated."""
        if not isinstance(holders, list):
            return None if refs is None else tuple(refs)
        found: list[int] = []
        for place, holder in enumerate(holders):
            point = _place(holder)
            stated = refs[place] if refs is not None and len(refs) == len(holders) else None
            if point is None:
                found.append(self.FIRST - 1 if stated is None else stated)
                continue
            known = stated if stated is not None else self._number.setdefault(point, self.FIRST + len(self._number))
            self.made.append(Record("node", known, 0, {}, point))
            found.append(known)
        return tuple(found)

    def way(self, number: int, holders: Any) -> None:
        """A way that only a relation draws."""
        if number not in self._ways and isinstance(holders, list):
            self._ways.add(number)
            refs = self.nodes(holders, None) or ()
            self.made.append(Record("way", number, 0, {}, refs=refs))


def _named(element: Any) -> str:
    if isinstance(element, dict) and isinstance(element.get("type"), str) and type(element.get("id")) is int:
        return f"{element['type'][:20]}/{element['id']}"
    return ""


def _whole(value: Any) -> bool:
    return type(value) is int and abs(value) < MAX_ID


def _of_element(element: Any, inline: _Inline) -> Record | None:
    if not isinstance(element, dict) or element.get("type") not in _KINDS or not _whole(element.get("id")):
        return None
    given = element.get("tags", {})
    if not isinstance(given, dict):
        return None
    tags = {key: value for key, value in given.items() if isinstance(value, str) and _fits(key) and _fits(value)}
    tags = {key: value for key, value in tags.items() if key}
    version = element.get("version", 0)
    version = version if type(version) is int and 0 <= version < 2**31 else 0
    kind, number = element["type"], element["id"]
    if kind == "node":
        place = _place(element)
        return None if place is None else Record(kind, number, version, tags, place)
    if kind == "way":
        listed = element.get("nodes")
        stated = [ref for ref in listed if _whole(ref)] if isinstance(listed, list) else None
        refs = inline.nodes(element.get("geometry"), stated)
        return None if refs is None else Record(kind, number, version, tags, refs=refs)
    members = element.get("members")
    if not isinstance(members, list):
        return None
    kept = []
    for one in members:
        if isinstance(one, dict) and one.get("type") in _KINDS and _whole(one.get("ref")):
            role = one.get("role", "")
            kept.append((one["type"], one["ref"], role if isinstance(role, str) and _fits(role) else ""))
            if one["type"] == "way":
                inline.way(one["ref"], one.get("geometry"))
    return Record(kind, number, version, tags, members=tuple(kept))


def _fits(text: str) -> bool:
    try:
        return len(text.encode()) <= MAX_TAG and "\0" not in text
    except UnicodeEncodeError:
        return False


def _place(holder: Any) -> tuple[float, float] | None:
    if not isinstance(holder, dict):
        return None
    lon, lat = holder.get("lon"), holder.get("lat")
    if not isinstance(lon, int | float) or not isinstance(lat, int | float):
        return None
    return (float(lon), float(lat)) if abs(lon) <= 180 and abs(lat) <= 90 else None


def of_xml(path: Path, name: str, findings: Findings) -> Iterator[Record]:
    """Objects of an XML file, streamed; those marked as deleted are left out and counted.

    Raises
    ------
    FormatError
        When it is broken, or too large for a file of an editor.
    """
    from lxml import etree

    if path.stat().st_size > MAX_EDITED_BYTES:
        raise FormatError("ids below zero in a file this large", where=name, hint="number the objects anew: osmium renumber")
    deleted = 0
    try:
        with path.open("rb") as stream:
            parser = etree.iterparse(
                stream, events=("end",), tag=_KINDS, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
            )
            for number, (_, element) in enumerate(parser):
                if not number and element.getroottree().docinfo.internalDTD is not None:
                    raise FormatError("XML entities are not supported", where=name)
                if element.get("action") == "delete" or element.get("visible") == "false":
                    deleted += 1
                else:
                    yield _of_xml_element(element, name)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise FormatError(f"broken XML: {str(error)[:200]}", where=name) from None
    if deleted:
        message = f"{deleted} objects are marked as deleted; left out"
        findings.add("osm-deleted", "", message, severity="info", path=name)


def _of_xml_element(element: Any, name: str) -> Record:
    kind = str(element.tag)
    try:
        number, version = int(element.get("id", "")), max(int(element.get("version") or 0), 0)
        tags = {str(tag.get("k", "")): str(tag.get("v", "")) for tag in element.iterchildren("tag")}
        if kind == "node":
            place = (float(element.get("lon", "nan")), float(element.get("lat", "nan")))
            return Record(kind, number, version, tags, place if abs(place[0]) <= 180 and abs(place[1]) <= 90 else None)
        refs = tuple(int(nd.get("ref", "")) for nd in element.iterchildren("nd"))
        members = tuple(
            (str(one.get("type", "")), int(one.get("ref", "")), str(one.get("role", ""))) for one in element.iterchildren("member")
        )
    except ValueError as error:
        raise FormatError(f"a number is none: {str(error)[:100]}", where=f"{name}:{element.sourceline}") from None
    return Record(kind, number, version, tags, None, refs, tuple(one for one in members if one[0] in _KINDS))


def edited(path: Path) -> bool:
    """Whether an XML file was saved by an editor that only marks what is deleted (JOSM)."""
    with path.open("rb") as stream:
        head = stream.read(2048)
    return b"JOSM" in head.split(b"<node", 1)[0]
