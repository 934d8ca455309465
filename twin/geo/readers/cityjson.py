"""CityJSON 1.0, 1.1 and 2.0, and CityJSONSeq (one feature a line)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from twin.errors import CRSError, FormatError
from twin.geo.city import Source
from twin.geo.crs import parse, require_metres
from twin.geo.readers.cityjson_objects import Entry, build_model, note_templates
from twin.geo.readers.model import Findings, Reading, ReadOptions
from twin.geo.readers.source import Blob

if TYPE_CHECKING:
    from pyproj import CRS

_VERSION = re.compile(r"^(\d+)\.(\d+)(\.\d+)?$")
_BOM = b"\xef\xbb\xbf"
FARTHEST_M = 1e8
"""No projected coordinate on Earth is larger [m]."""


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read one CityJSON document or sequence.

    Parameters
    ----------
    blob : Blob
        Content of the file.
    options : ReadOptions
        With the level of detail to take, spelt as in the file; by default the highest of each object.

    Returns
    -------
    Reading
        Faces are not yet triangulated.

    Raises
    ------
    FormatError
        When it is not JSON (with line and column), not CityJSON, of a version that is not known, or has no geometry
        in the level of detail asked for.
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
    entries: list[Entry] = []
    tables: list[NDArray[np.float64]] = []
    count = 0
    for line, document in chain([(1, header)], documents):
        where = f"{blob.name}:{line}" if line > 1 else blob.name
        if document is not header:
            _check_feature(document, where)
        count += _collect(document, where, count, entries, tables, findings)
    note_templates(header.get("geometry-templates"), findings)
    vertices = _scaled(tables, scale, shift, blob.name, findings)
    title = metadata.get("title")
    contact = metadata.get("pointOfContact")
    credit = contact.get("contactName") if isinstance(contact, dict) else None
    licence = metadata.get("license", metadata.get("licence"))
    date = _text(metadata.get("referenceDate"))
    source = Source(blob.name, f"{kind} {version}".strip(), _text(licence), _text(credit), blob.sha256, date)
    model = build_model(entries, vertices, shift, findings, lod=options.lod, file=blob.name)
    return Reading(source, crs, findings, model, name=_text(title), date=date)


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
    entries: list[Entry],
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
        if not isinstance(root, str) or root not in objects:
            message = f"the feature's id {str(root)[:80]!r} is not one of its objects"
            findings.add("feature-id", _text(root), message, path=f"{where} id")
    table = _vertex_table(vertices, where, findings)
    tables.append(table)
    for object_id, content in objects.items():
        if not isinstance(content, dict) or not isinstance(content.get("type"), str):
            message = "the object has no type; left out"
            findings.add("object-type", object_id, message, severity="error", path=f"CityObjects.{object_id}")
            continue
        entries.append(Entry(object_id, content, first_vertex, len(table)))
    return len(table)


def _scaled(
    tables: list[NDArray[np.float64]],
    scale: NDArray[np.float64],
    shift: NDArray[np.float64],
    name: str,
    findings: Findings,
) -> NDArray[np.float64]:
    """All vertices in metres, without the shift; NaN for those that lie nowhere on Earth."""
    if not tables:
        return np.empty((0, 3))
    with np.errstate(over="ignore", invalid="ignore"):
        vertices = np.concatenate(tables) * scale
        far = (np.abs(vertices + shift) > FARTHEST_M).any(axis=1)
    if far.any():
        first = int(np.flatnonzero(far)[0])
        message = f"{int(far.sum())} vertices are further than {FARTHEST_M:g} m from the origin of the CRS; not used"
        findings.add("vertex", "", message, severity="error", path=f"{name} vertices[{first}]")
        vertices[far] = np.nan
    return vertices


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
