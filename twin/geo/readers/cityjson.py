"""CityJSON 1.0, 1.1 and 2.0, and CityJSONSeq (one feature a line)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from twin.errors import CRSError, FormatError
from twin.geo.city import Source
from twin.geo.crs import parse, require_metres
from twin.geo.readers.cityjson_geometry import DEPTH, NOT_READ, FlatGeometry, Piece
from twin.geo.readers.model import Findings, ObjectModel
from twin.geo.readers.source import Blob

if TYPE_CHECKING:
    from pyproj import CRS

NAME = "CityJSON"
SUFFIXES = (".city.json", ".city.jsonl", ".json", ".jsonl")
_VERSION = re.compile(r"^(\d+)\.(\d+)(\.\d+)?$")
_BOM = b"\xef\xbb\xbf"


def recognises(head: bytes, name: str) -> bool:
    """Whether the first bytes look like CityJSON; JSON of another kind is told apart by `read`."""
    text = head.removeprefix(_BOM).lstrip()
    return text[:1] == b"{" and (b'"CityJSON' in head or b'"CityObjects"' in head or name.lower().endswith(SUFFIXES))


@dataclass(slots=True)
class _Entry:
    """One object of the file with the part of the vertex table that it may use."""

    object_id: str
    content: dict[str, Any]
    first_vertex: int
    vertices: int


def read(blob: Blob, *, lod: str | None = None) -> ObjectModel:
    """Read one CityJSON document or sequence.

    Parameters
    ----------
    blob : Blob
        Content of the file.
    lod : str, optional
        Level of detail to take, spelt as in the file; by default the highest of each object.

    Returns
    -------
    ObjectModel
        Faces are not yet triangulated.

    Raises
    ------
    FormatError
        When it is not JSON (with line and column), not CityJSON, of a version that is not known, or has no geometry
        in `lod`.
    CRSError
        When the CRS is unknown or not in metres.
    """
    findings = Findings()
    content = blob.content
    if content.startswith(_BOM):
        content = content[len(_BOM) :]
        findings.add("byte-order-mark", "", "the file starts with a byte order mark; ignored", severity="info")
    documents = _documents(content, blob.name)
    header = next(documents)[1]
    kind, version = _check_header(header, blob.name, findings)
    scale, shift = _transform(header, blob.name, version, findings)
    metadata = header.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    crs = _crs(metadata, blob.name)
    if crs is None:
        message = "the file does not say in which coordinate reference system it is; taken as a local plane in metres"
        findings.add("no-crs", "", message, path="metadata.referenceSystem")
    entries: list[_Entry] = []
    tables: list[NDArray[np.float64]] = []
    count = 0
    for line, document in chain([(1, header)], documents):
        where = f"{blob.name}:{line}" if line > 1 else blob.name
        if document is not header:
            _check_feature(document, where)
        count += _collect(document, where, count, entries, tables, findings)
    if "geometry-templates" in header:
        findings.add("templates", "", "geometry templates are not read yet", severity="info", path="geometry-templates")
    vertices = np.concatenate(tables) * scale if tables else np.empty((0, 3))
    title = metadata.get("title")
    contact = metadata.get("pointOfContact")
    credit = contact.get("contactName") if isinstance(contact, dict) else None
    licence = metadata.get("license", metadata.get("licence"))
    date = _text(metadata.get("referenceDate"))
    source = Source(blob.name, f"{kind} {version}".strip(), _text(licence), _text(credit), blob.sha256, date)
    return _model(entries, vertices, shift, crs, source, findings, lod=lod, name=_text(title), date=date)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _json(text: bytes, name: str, line: int = 0) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"{name}:{error.lineno + max(line - 1, 0)}:{error.colno}"
        raise FormatError(f"broken JSON: {error.msg}", where=where) from None


def _documents(content: bytes, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The document, or each line of a sequence with its number."""
    stripped = content.lstrip()
    if not stripped:
        raise FormatError("the file is empty", where=name)
    before = content[: len(content) - len(stripped)].count(b"\n")
    end = stripped.find(b"\n")
    first: Any = None
    if end > 0:
        try:
            first = orjson.loads(stripped[:end])
        except orjson.JSONDecodeError:
            first = None
    if first is None:
        first, rest = _json(content, name), b""
    else:
        rest = stripped[end + 1 :]
    if not isinstance(first, dict):
        raise FormatError(f"the file holds a {type(first).__name__}, not a CityJSON object", where=name)
    yield before + 1, first
    for number, line in enumerate(rest.split(b"\n"), start=before + 2):
        if line.strip():
            yield number, _json(line, name, number)


def _check_header(header: dict[str, Any], name: str, findings: Findings) -> tuple[str, str]:
    kind = header.get("type")
    if kind == "CityJSONFeature":
        message = "features without a header line; coordinates are taken as they are unless the feature has a transform"
        findings.add("no-header", "", message)
        return "CityJSONSeq", ""
    if kind is None and "CityObjects" in header:
        raise FormatError('the file has no `type`; "type": "CityJSON" is required', where=name)
    if kind != "CityJSON":
        found = f"JSON of type {kind!r}" if isinstance(kind, str) else "JSON without a type"
        hint = "GeoJSON is not readable as a city yet" if kind in ("FeatureCollection", "Feature") else None
        raise FormatError(f"this is {found}, not CityJSON", where=name, hint=hint)
    version = header.get("version")
    match = _VERSION.match(version) if isinstance(version, str) else None
    if match is None:
        raise FormatError(f"the version {version!r} of CityJSON is not one", where=name, hint="give 1.0, 1.1 or 2.0")
    major, minor = int(match[1]), int(match[2])
    if major < 1:
        hint = "upgrade it first: cjio FILE upgrade save NEW.city.json"
        raise FormatError(f"CityJSON {version} is not readable yet; 1.0, 1.1 and 2.0 are", where=name, hint=hint)
    if major > 2:
        raise FormatError(f"CityJSON {version} is not known; 1.0, 1.1 and 2.0 are", where=name)
    if (major, minor) not in ((1, 0), (1, 1), (2, 0)):
        findings.add("version", "", f"version {version} is not known; read as {major}.x", path="version")
    return "CityJSON", f"{major}.{minor}"


def _check_feature(document: Any, where: str) -> None:
    if not isinstance(document, dict) or document.get("type") != "CityJSONFeature":
        raise FormatError("this line is not a CityJSONFeature", where=where)


def _three(value: Any) -> NDArray[np.float64] | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    if not all(type(number) in (int, float) and math.isfinite(number) for number in value):
        return None
    return np.array(value, dtype=np.float64)


def _transform(
    header: dict[str, Any], name: str, version: str, findings: Findings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    transform = header.get("transform")
    if transform is None:
        if version != "1.0":
            message = "no `transform`, which is required; coordinates are taken as they are"
            findings.add("no-transform", "", message, path="transform")
        return np.ones(3), np.zeros(3)
    scale = _three(transform.get("scale")) if isinstance(transform, dict) else None
    translate = _three(transform.get("translate")) if isinstance(transform, dict) else None
    if scale is None or translate is None or not (scale != 0).all():
        raise FormatError("`transform` needs a scale and a translate of three finite numbers", where=name)
    return scale, translate


def _crs(metadata: dict[str, Any], name: str) -> CRS | None:
    stated = metadata.get("referenceSystem")
    old = metadata.get("crs")
    if stated is None and isinstance(old, dict) and old.get("epsg") is not None:
        stated = f"EPSG:{old['epsg']}"
    if stated is None or stated == "":
        return None
    if not isinstance(stated, str):
        raise CRSError("the coordinate reference system is not text", where=f"{name} metadata.referenceSystem")
    try:
        crs = parse(stated)
    except CRSError as error:
        raise CRSError(error.what, where=f"{name} metadata.referenceSystem", hint=error.hint) from None
    return require_metres(crs, where=name)


def _collect(
    document: dict[str, Any],
    where: str,
    first_vertex: int,
    entries: list[_Entry],
    tables: list[NDArray[np.float64]],
    findings: Findings,
) -> int:
    """Take the objects and vertices of one document; return the number of its vertices."""
    objects, vertices = document.get("CityObjects"), document.get("vertices")
    if not isinstance(objects, dict):
        raise FormatError("`CityObjects` is missing or not an object", where=where)
    if not isinstance(vertices, list):
        raise FormatError("`vertices` is missing or not a list", where=where)
    if document["type"] == "CityJSONFeature":
        root = document.get("id")
        if root not in objects:
            message = f"the feature's id {root!r} is not one of its objects"
            findings.add("feature-id", _text(root), message, path=f"{where} id")
    table = _vertex_table(vertices, where, findings)
    tables.append(table)
    for object_id, content in objects.items():
        if not isinstance(content, dict) or not isinstance(content.get("type"), str):
            message = "the object has no type; left out"
            findings.add("object-type", object_id, message, severity="error", path=f"CityObjects.{object_id}")
            continue
        entries.append(_Entry(object_id, content, first_vertex, len(table)))
    return len(table)


def _vertex_table(vertices: list[Any], where: str, findings: Findings) -> NDArray[np.float64]:
    """Vertices (V, 3) as in the file; a row that is not three numbers becomes NaN, and is noted."""
    if not vertices:
        return np.empty((0, 3))
    if set(map(type, vertices)) == {list} and set(map(len, vertices)) == {3}:
        flat = list(chain.from_iterable(vertices))
        if set(map(type, flat)) <= {int, float}:
            return np.array(flat, dtype=np.float64).reshape(-1, 3)
    rows = [_three(vertex) for vertex in vertices]
    for number, row in enumerate(rows):
        if row is None:
            message = f"vertex {number} is not three numbers; surfaces that use it are left out"
            findings.add("vertex", "", message, severity="error", path=f"{where} vertices[{number}]")
    return np.array([np.full(3, np.nan) if row is None else row for row in rows])


def lod_text(value: Any) -> str:
    """Level of detail as text: ``"2.2"``; numbers of version 1.0 are spelt the same."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return f"{value:g}"
    return ""


def _lod_rank(lod: str) -> tuple[float, str]:
    try:
        return float(lod), lod
    except ValueError:
        return -1.0, lod


def _model(
    entries: list[_Entry],
    vertices: NDArray[np.float64],
    shift: NDArray[np.float64],
    crs: CRS | None,
    source: Source,
    findings: Findings,
    *,
    lod: str | None,
    name: str,
    date: str,
) -> ObjectModel:
    flat = FlatGeometry(findings)
    lods: list[str] = []
    seen: set[str] = set()
    unique: dict[str, _Entry] = {}
    for entry in entries:
        if entry.object_id in unique:
            findings.add("duplicate-id", entry.object_id, "a second object with this id; left out", severity="error")
        else:
            unique[entry.object_id] = entry
    for row, entry in enumerate(unique.values()):
        lods.append(_add_geometries(flat, row, entry, lod, seen, findings))
    if lod is not None and seen and lod not in seen:
        there = ", ".join(sorted(seen - {""}, key=_lod_rank)) or "none stated"
        raise FormatError(f"nothing in lod {lod!r}; the file has: {there}", where=source.name)
    rings, owner, semantic = flat.finish()
    drawn = set(owner.tolist())
    anchors = {row: found for row, entry in enumerate(unique.values()) if row not in drawn
               for found in _anchor(entry, vertices)}  # fmt: skip
    return ObjectModel(
        crs=crs,
        ids=list(unique),
        types=[entry.content["type"] for entry in unique.values()],
        parents=_parents(unique, findings),
        lods=lods,
        attributes=[_attributes(entry, findings) for entry in unique.values()],
        vertices=vertices,
        shift=shift,
        rings=rings,
        owner=owner,
        semantic=semantic,
        path_of=flat.path_of,
        source=source,
        findings=findings,
        anchors=anchors,
        name=name,
        date=date,
    )


def _attributes(entry: _Entry, findings: Findings) -> dict[str, Any]:
    attributes = entry.content.get("attributes")
    if attributes is None:
        return {}
    if not isinstance(attributes, dict):
        path = f"CityObjects.{entry.object_id}.attributes"
        findings.add("attributes", entry.object_id, "the attributes are not an object; ignored", path=path)
        return {}
    return attributes


def _add_geometries(
    flat: FlatGeometry, row: int, entry: _Entry, lod: str | None, seen: set[str], findings: Findings
) -> str:
    """Take the geometries of one object in the level of detail wanted; return that level."""
    geometries = entry.content.get("geometry")
    if not geometries:
        return ""
    root = f"CityObjects.{entry.object_id}.geometry"
    if not isinstance(geometries, list):
        findings.add("geometry", entry.object_id, "the geometry is not a list; left out", severity="error", path=root)
        return ""
    usable: list[tuple[str, Piece]] = []
    for number, geometry in enumerate(geometries):
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        if kind in DEPTH:
            level = lod_text(geometry.get("lod"))
            piece = Piece(row, entry.object_id, number, kind, entry.first_vertex, entry.vertices, geometry)
            usable.append((level, piece))
            if not level:
                findings.add("lod", entry.object_id, "the geometry states no lod", severity="info", path=f"{root}[{number}]")
        elif kind in NOT_READ:
            code = "not-read-" + str(kind).lower()
            findings.add(code, entry.object_id, f"{kind}: {NOT_READ[kind]}", path=f"{root}[{number}]")
        else:
            message = f"{str(kind)[:60]!r} is not a type of geometry; left out"
            findings.add("geometry", entry.object_id, message, severity="error", path=f"{root}[{number}]")
    if not usable:
        return ""
    levels = {level for level, _ in usable}
    seen |= levels
    wanted = max(levels, key=_lod_rank) if lod is None else lod
    taken = [piece for level, piece in usable if level == wanted]
    for piece in taken:
        flat.add(piece)
    if not taken:
        findings.add("lod-absent", entry.object_id, f"the object has no lod {lod}", severity="info", path=root)
        return ""
    return wanted


def _anchor(entry: _Entry, vertices: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The point of an object that is only a point, or a template placed at one; else nothing."""
    geometries = entry.content.get("geometry")
    for geometry in geometries if isinstance(geometries, list) else []:
        if isinstance(geometry, dict) and geometry.get("type") in ("MultiPoint", "GeometryInstance"):
            numbers = geometry.get("boundaries")
            if isinstance(numbers, list) and len(numbers) == 1 and type(numbers[0]) is int and 0 <= numbers[0] < entry.vertices:
                point = vertices[entry.first_vertex + numbers[0]]
                if np.isfinite(point).all():
                    return [point]
    return []


def _parents(entries: dict[str, _Entry], findings: Findings) -> list[str]:
    """Parent of each object, from ``parents``, or from ``children`` of the other where that is missing."""
    found: dict[str, str] = {}
    for object_id, entry in entries.items():
        children = entry.content.get("children", entry.content.get("members"))
        if not isinstance(children, list) or entry.content["type"] == "CityObjectGroup":
            continue
        for child in children:
            if isinstance(child, str) and child in entries:
                found.setdefault(child, object_id)
            else:
                message = f"child {str(child)[:80]!r} is not in the file"
                findings.add("child", object_id, message, path=f"CityObjects.{object_id}.children")
    for object_id, entry in entries.items():
        stated = entry.content.get("parents")
        if not isinstance(stated, list) or not stated:
            continue
        if isinstance(stated[0], str) and stated[0] in entries and stated[0] != object_id:
            found[object_id] = stated[0]
        else:
            message = f"parent {str(stated[0])[:80]!r} is not in the file"
            findings.add("parent", object_id, message, path=f"CityObjects.{object_id}.parents")
    return [found.get(object_id, "") for object_id in entries]
