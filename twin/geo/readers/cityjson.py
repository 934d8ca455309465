"""CityJSON 0.8 to 2.0, and CityJSONSeq (one feature a line, with or without a header line)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from twin.errors import CRSError, FormatError
from twin.geo.city import Source
from twin.geo.crs import horizontal, parse, require_metres, same, short_name, vertical
from twin.geo.readers.cityjson_appearance import Appearance
from twin.geo.readers.cityjson_lods import check_lod, note_left
from twin.geo.readers.cityjson_members import OBJECT_MEMBERS, Members
from twin.geo.readers.cityjson_objects import Entry, build_model
from twin.geo.readers.cityjson_templates import Templates
from twin.geo.readers.cityjson_textures import Textures
from twin.geo.readers.cityjson_themes import Themes
from twin.geo.readers.cityjson_vertices import check_scale, in_metres, in_units_of, taken_table, transform_of, vertex_table
from twin.geo.readers.gml_crs import north_first, stated_system
from twin.geo.readers.jsonarrays import Documents, documents
from twin.geo.readers.jsonpool import Pool
from twin.geo.readers.model import Findings, ObjectModel, Reading, ReadOptions
from twin.geo.readers.object_types import ABOUT, OWN
from twin.geo.readers.own_rows import taken_apart
from twin.geo.readers.source import Blob
from twin.geo.readers.stack import stacked, within

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

_VERSION = re.compile(r"^(\d+)\.(\d+)(\.\d+)?$")
_VERSIONS = ((0, 8), (0, 9), (1, 0), (1, 1), (2, 0))
_BOM = b"\xef\xbb\xbf"
CHUNK_BYTES = 16 * 1024**2
"""A sequence is read in pieces of about this size, so that memory holds one piece and what was made of the others."""


LINE_BYTES = 512 * 1024**2
"""A longer line of a sequence is refused, before it fills the memory."""


class Header:
    """What the first document of a file says for all that follow.

    Parameters
    ----------
    content : dict
        The document: CityJSON, or a feature without a header line.
    name : str
        Of the file.
    findings : Findings
    folder : Path, optional
        Where the file lies, and pictures beside it.

    Raises
    ------
    FormatError
        When it is not CityJSON, of a version that is not known, or has no usable transform.
    CRSError
        When the CRS is unknown or not in metres.
    """

    def __init__(self, content: dict[str, Any], name: str, findings: Findings, folder: Path | None = None) -> None:
        self.content = content
        self.kind, self.version = _check_header(content, name, findings)
        self.scale, self.shift = transform_of(content, name, self.version, findings)
        self.stated_scale = self.scale
        if not self.scale.all():
            # as long as no coordinates use it, it does no harm
            self.scale = np.ones(3)
            message = f"the scale of `transform` is {self.stated_scale.tolist()}; no coordinates use it"
            findings.add("zero-scale", "", message, path="transform.scale")
        metadata = content.get("metadata")
        self.metadata: dict[str, Any] = metadata if isinstance(metadata, dict) else {}
        self.name = name
        self._turned: bool | None = None
        self.crs = _crs(self.metadata, name)
        units = {axis.unit_name.lower() for axis in horizontal(self.crs).axis_info} if self.crs is not None else set()
        if self.crs is not None and any("foot" in unit for unit in units) and vertical(self.crs) is None:
            message = f"{short_name(self.crs)} is in feet and states no unit of heights; they are taken as metres"
            findings.add("height-unit", "", message, path="metadata.referenceSystem")
        told = self.metadata.pop(ABOUT, None)
        self.own = isinstance(told, dict)
        if isinstance(told, dict) and self.crs is not None:
            self.crs = _whole_system(self.crs, told.get("crs"))
        if self.crs is None:
            message = "the file does not say in which coordinate reference system it is"
            findings.add("no-crs", "", message, path="metadata.referenceSystem")
        self.appearance = Appearance(content.get("appearance"), findings)
        self.materials = self.appearance.count
        self.textures = Textures(content.get("appearance"), folder, findings)
        self.members = Members()
        self.extensions = content.get("extensions")
        self.extra = {key: value for key, value in content.items() if key.startswith("+") and not _too_deep(value)}
        if _too_deep(self.metadata):
            findings.add("metadata", "", "the metadata are nested too deep to be kept", path="metadata")
            self.metadata = {}

    def east_first(
        self, vertices: NDArray[np.float64], findings: Findings
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Vertices and shift with longitude before latitude; those of a plane have east first as they are."""
        if self.crs is None or not horizontal(self.crs).is_geographic:
            return vertices, self.shift
        if self._turned is None:
            stated = stated_system(str(self.metadata["referenceSystem"]), self.name)
            self._turned, told = north_first(stated, vertices + self.shift)
            if told:
                findings.add("axis-order", "", told, path="metadata.referenceSystem")
        return (vertices[:, [1, 0, 2]], self.shift[[1, 0, 2]]) if self._turned else (vertices, self.shift)

    def source(self, blob: Blob) -> Source:
        """Provenance as the header states it."""
        contact = self.metadata.get("pointOfContact")
        credit = contact.get("contactName") if isinstance(contact, dict) else None
        licence = self.metadata.get("license", self.metadata.get("licence"))
        form = f"{self.kind} {self.version}".strip()
        return Source(blob.name, form, _text(licence), _text(credit), blob.sha256, _text(self.metadata.get("referenceDate")))

    @property
    def themes(self) -> tuple[Themes, Themes]:
        """Themes of materials and of pictures."""
        return self.appearance.themes, self.textures.themes

    def note_themes(self, findings: Findings) -> None:
        """Note where one of several themes was taken."""
        for themes in self.themes:
            themes.note(findings)

    def about(self) -> dict[str, Any]:
        """Metadata and extensions as the file has them, and the names of its themes and of members of its objects."""
        found: dict[str, Any] = {"metadata": self.metadata} if self.metadata else {}
        if isinstance(self.extensions, dict) and self.extensions:
            found["extensions"] = self.extensions
        themes = {one.what: one.names() for one in self.themes if one.names()}
        if themes:
            found["themes"] = themes
        if self.members.columns:
            found[OBJECT_MEMBERS] = dict(self.members.columns)
        return {**found, **self.extra}


MAX_NESTED = 60
"""Properties that are nested deeper than this are not kept."""


def _too_deep(value: Any) -> bool:
    """Whether lists and objects are nested more than `MAX_NESTED` deep."""
    level = [value]
    for _ in range(MAX_NESTED):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


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
    models: list[ObjectModel] = []
    header = None
    for header, model in parts(blob, options, findings):
        # of a long sequence only what lies near the clip stays in memory
        models.append(within(model, options.window(header.crs)) if options.clip is not None else model)
    if header is None:
        raise FormatError("the file is empty", where=blob.name)
    return reading_of(header, stacked(models, findings), blob, findings)


def reading_of(header: Header, model: ObjectModel, blob: Blob, findings: Findings) -> Reading:
    """What a file, or a piece of it, holds: its objects, and the rows that stand in a file of ours as objects."""
    source = header.source(blob)
    title = _text(header.metadata.get("title"))
    objects: ObjectModel | None = model
    layers: dict[str, gpd.GeoDataFrame] = {}
    if header.own:
        objects, layers = taken_apart(model, header.crs, blob.name, findings)
    return Reading(
        source, header.crs, findings, objects, layers=layers, name=title, date=source.date, metadata=header.about(),
        ready=header.own,
    )


def parts(
    blob: Blob, options: ReadOptions, findings: Findings, *, apart: bool = False
) -> Iterator[tuple[Header, ObjectModel]]:
    """The header and the objects of a file, piece by piece: one for a document, several for a long sequence.

    Parameters
    ----------
    blob, options
        As `read`.
    findings : Findings
        Gets what is found.
    apart : bool
        Whether each piece is for itself, so that what was not taken of it is told with it and not at the end.

    Raises
    ------
    FormatError, CRSError
        As `read`.
    """
    header: Header | None = None
    templates: Templates | None = None
    left: dict[str, int] = {}
    seen: set[str] = set()
    for text in _pieces(blob, findings):
        entries: list[Entry] = []
        tables: list[NDArray[np.float64]] = []
        count = 0
        for number, (content, line) in enumerate(zip(text, text.lines(), strict=True)):
            where = blob.name
            if header is None:
                if not isinstance(content, dict):
                    raise FormatError(f"the file holds a {type(content).__name__}, not a CityJSON object", where=blob.name)
                header = Header(content, blob.name, findings, blob.path.parent if blob.plain else None)
                templates = Templates(content.get("geometry-templates"), text.arrays, header.appearance, findings)
            else:
                where = f"{blob.name}:{line}"
                _check_feature(content, where)
            _note_repeated(text, number, content, findings)
            count += _collect(content, where, count, entries, tables, text, header, findings)
        if header is None or templates is None:
            raise FormatError("the file is empty", where=blob.name)
        vertices = in_metres(tables, header.scale, header.shift, blob.name, findings)
        vertices, shift = header.east_first(vertices, findings)
        model = build_model(
            entries, vertices, shift, findings, arrays=text.arrays, templates=templates, appearance=header.appearance,
            textures=header.textures, lod=options.lod, left=left, seen=seen, members=header.members,
        )  # fmt: skip
        if header.own:
            for one in model.attributes:
                one[OWN] = True
        if apart:
            note_left(left, blob.name, findings)
            header.note_themes(findings)
        yield header, model
    check_lod(options.lod, seen, blob.name)
    note_left(left, blob.name, findings)
    if header is not None:
        header.note_themes(findings)


def _pieces(blob: Blob, findings: Findings) -> Iterator[Documents]:
    """The text of a file with its number arrays taken out: all of it, or a sequence in pieces of whole lines."""
    with blob.open() as stream:
        first = stream.read(CHUNK_BYTES)
        bom = first.startswith(_BOM)
        if bom:
            findings.add("byte-order-mark", "", "the file starts with a byte order mark; ignored", severity="info")
            first = first[len(_BOM) :]
        if len(first) >= CHUNK_BYTES - len(_BOM) and _is_sequence(first):
            yield from _lines(stream, first, blob.name)
            return
    if len(first) < CHUNK_BYTES - len(_BOM):
        yield documents(first, blob.name)
        return
    content = blob.content
    blob.forget()
    yield documents(content[len(_BOM) :] if bom else content, blob.name)


def _is_sequence(text: bytes) -> bool:
    """Whether the first line is a value for itself and there are more."""
    end = text.find(b"\n")
    if end < 0:
        return False
    try:
        list(documents(text[:end], ""))
    except FormatError:
        return False
    return bool(text[end:].strip())


def _lines(stream: BinaryIO, first: bytes, name: str) -> Iterator[Documents]:
    line, rest = 1, first
    while True:
        end = rest.rfind(b"\n") + 1
        if end:
            piece, rest = rest[:end], rest[end:]
            if piece.strip():
                yield documents(piece, name, first_line=line)
            line += piece.count(b"\n")
        more = stream.read(CHUNK_BYTES)
        if not more:
            break
        rest += more
        if len(rest) > LINE_BYTES:
            message = f"the line is longer than {LINE_BYTES // 1024**2} MB; a sequence has one feature a line"
            raise FormatError(message, where=f"{name}:{line}", hint="split the feature, or write a CityJSON document")
    if rest.strip():
        yield documents(rest, name, first_line=line)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


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
    if version is None:
        raise FormatError("the file states no `version` of CityJSON", where=name, hint='write "version": "2.0", or which it is')
    if not isinstance(version, str):
        kind = "a number" if isinstance(version, int | float) and not isinstance(version, bool) else "no text"
        hint = 'write "version": "2.0", with quotes'
        raise FormatError(f"`version` is {kind}; CityJSON states it as text", where=name, hint=hint)
    match = _VERSION.match(version)
    if match is None:
        raise FormatError(f"the version {version!r} of CityJSON is not one", where=name, hint="give 0.8, 0.9, 1.0, 1.1 or 2.0")
    major, minor = int(match[1]), int(match[2])
    if major > 2 or (major, minor) < _VERSIONS[0]:
        raise FormatError(f"CityJSON {version} is not known; 0.8 to 2.0 are", where=name)
    if (major, minor) not in _VERSIONS:
        findings.add("version", "", f"version {version} is not known; read as {major}.x", path="version")
    return "CityJSON", f"{major}.{minor}"


def _check_feature(document: Any, where: str) -> None:
    if not isinstance(document, dict) or document.get("type") != "CityJSONFeature":
        raise FormatError("this line is not a CityJSONFeature", where=where)


def _whole_system(crs: CRS, stated: object) -> CRS:
    """The system that a file of ours names beside the plane that CityJSON can name, if it is the same on the map."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError as ProjError

    try:
        whole = CRS.from_wkt(stated) if isinstance(stated, str) else crs
    except ProjError:
        return crs
    return whole if same(horizontal(whole), horizontal(crs)) else crs


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
    flat = horizontal(crs)
    # degrees, feet and a plane that stretches are brought into metres with the city; what is no place on a map is not
    return crs if flat.is_geographic or flat.is_projected else require_metres(crs, where=name)


def _collect(
    document: dict[str, Any],
    where: str,
    first_vertex: int,
    entries: list[Entry],
    tables: list[NDArray[np.float64]],
    text: Documents,
    header: Header,
    findings: Findings,
) -> int:
    """Take the objects and vertices of one document; return the number of its vertices."""
    objects, vertices = document.get("CityObjects"), document.get("vertices")
    if not isinstance(objects, dict):
        raise FormatError("`CityObjects` is missing or not an object", where=where)
    taken = text.arrays.number(vertices)
    if not isinstance(vertices, list) and taken < 0:
        raise FormatError("`vertices` is missing or not a list", where=where)
    if document["type"] == "CityJSONFeature":
        root = document.get("id")
        if not isinstance(root, str) or root not in objects:
            message = f"the feature's id {str(root)[:80]!r} is not one of its objects"
            findings.add("feature-id", _text(root), message, path=f"{where} id")
    first_material, materials = 0, header.materials
    first_texture = (0, 0)
    if document["type"] == "CityJSONFeature" and "appearance" in document:
        first_material = header.appearance.add(document["appearance"], findings)
        materials = header.appearance.count - first_material
        first_texture = header.textures.add(document["appearance"], findings)
    table = taken_table(text, taken) if taken >= 0 else None
    if table is None:
        table = vertex_table(Pool(text.arrays).as_lists(vertices), where, findings)
    own = document["type"] == "CityJSONFeature" and document.get("transform") is not None and document is not header.content
    if own and len(table):
        table = in_units_of(header.scale, header.shift, header.version, document, table, where, findings)
    elif len(table):
        check_scale(header.stated_scale, where)
    tables.append(table)
    for object_id, content in objects.items():
        if not object_id:
            message = "an object without an id; left out"
            findings.add("object-id", "", message, severity="error", path="CityObjects")
            continue
        if not isinstance(content, dict) or not isinstance(content.get("type"), str):
            message = "the object has no type; left out"
            findings.add("object-type", object_id, message, severity="error", path=f"CityObjects.{object_id}")
            continue
        entries.append(Entry(object_id, content, first_vertex, len(table), first_material, materials, first_texture))
    return len(table)


def _note_repeated(text: Documents, number: int, document: dict[str, Any], findings: Findings) -> None:
    """Note the ids that stand more than once in one document; a JSON parser keeps the last of them without a word."""
    objects = document.get("CityObjects")
    if not isinstance(objects, dict):
        return
    lost = text.keys(number) - len(objects)
    if lost <= 0:
        return
    for object_id, times in text.repeated(number).items():
        message = f"{times} objects of one document have this id; the last is kept, as JSON readers do"
        findings.add("duplicate-id", object_id, message, severity="error", path=f"CityObjects.{object_id}")
        lost -= times - 1
    if lost > 0:
        message = f"`CityObjects` stands more than once in one document; the last is kept, and {lost} objects of others are lost"
        findings.add("duplicate-id", "", message, severity="error", path="CityObjects")
