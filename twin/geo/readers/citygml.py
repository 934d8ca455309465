"""CityGML 2.0 and 3.0, and 1.0 as far as it is the same: read member by member, so that only what is made of it stays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import CRSError, FormatError
from twin.geo.city import Source
from twin.geo.crs import horizontal, short_name, vertical
from twin.geo.readers.citygml_appearance import Appearances
from twin.geo.readers.citygml_arrays import Surfaces, surfaces_of
from twin.geo.readers.citygml_attributes import text_of
from twin.geo.readers.citygml_geometry import Faces
from twin.geo.readers.citygml_names import GML, core_version, split
from twin.geo.readers.citygml_objects import Objects
from twin.geo.readers.citygml_skeletons import skeletons_of
from twin.geo.readers.citygml_versions import Versions, left_out
from twin.geo.readers.gml_crs import Stated, north_first, stated_system
from twin.geo.readers.model import Findings, ObjectModel, Reading, ReadOptions
from twin.geo.readers.source import Blob
from twin.geo.readers.stack import chosen, within
from twin.geo.readers.xml_kinds import what_xml

if TYPE_CHECKING:
    from lxml.etree import _Element
    from pyproj import CRS

BLOCK = 128 * 1024
"""Bytes that are given to the parser at a time."""

_MEMBERS = ("cityObjectMember", "featureMember", "appearanceMember", "versionMember", "versionTransitionMember")
_SRS = re.compile(rb"""srsName\s*=\s*(?:"([^"<]{1,200})"|'([^'<]{1,200})')""")
_FLAT = re.compile(rb"""srsDimension\s*=\s*["']\s*2""")

NOTES = {
    "terrain-intersection": "curves where objects meet the terrain are not read",
    "not-read-multicurve": "lines of objects that have surfaces are not drawn",
    "not-read-pointcloud": "point clouds inside objects are not read",
    "no-id": "objects have no id in the file; they are called by their kind and number",
    "attribute-skipped": "attributes with too much in them are left out",
    "dynamizer": "time series (dynamizers) are not read",
    "textures": "textures are not drawn; the surfaces keep their materials",
    "geometry-aside": "geometries that are in no level of detail (of addresses, groups, extensions) are not read",
}
"""What is told once for a file, by code."""


def read(blob: Blob, options: ReadOptions) -> Reading:
    """Read one CityGML document.

    Parameters
    ----------
    blob : Blob
        Content of the file; it is streamed.
    options : ReadOptions
        With the level of detail to take, ``"0"`` to ``"4"``; by default the highest of each object.

    Returns
    -------
    Reading
        Faces are not yet triangulated; the system may be geographic.

    Raises
    ------
    FormatError
        When it is not XML (with line and column), not CityGML, of a version that is not known, has a document type
        declaration, or has no geometry in the level of detail asked for.
    CRSError
        When the system is unknown, or the file is in several.
    """
    findings = Findings()
    stream = _Stream(blob, findings, options.lod)
    stream.read()
    objects, faces = stream.objects, stream.faces
    if objects is None or faces is None:
        raise FormatError("the file has no CityModel", where=blob.name)
    faces.finish()
    seen = objects.lods_seen
    if options.lod is not None and seen and options.lod not in seen:
        there = ", ".join(sorted(seen - {""})) or "none stated"
        raise FormatError(f"nothing in lod {options.lod!r}; the file has: {there}", where=blob.name)
    points = faces.numbers.points()
    systems = stream.systems()
    stated = _system(systems if len(systems) < 2 else _named(blob, systems), blob, findings)
    first_north = False
    if stated is not None:
        first_north, told = north_first(stated, points.xyz)
        if told:
            findings.add("axis-order", "", told, path="srsName")
    crs = None if stated is None else stated.crs
    degrees = crs is not None and horizontal(crs).is_geographic
    if faces.numbers.two_dimensional:
        message = f"{faces.numbers.two_dimensional} rings state no heights; they are drawn at height 0"
        findings.add("two-dimensional", "", message)
    surfaces = surfaces_of(faces, points, findings, swap=first_north, degrees=degrees)
    _tell_notes(objects.noted, stream.appearances, findings)
    for level, count in sorted(objects.left.items()):
        message = f"{count} geometries of lod {level or '(not stated)'} were not taken: another level of their objects is"
        findings.add("lod-left", "", message, severity="info", path=blob.name)
    gone = left_out(objects, stream.versions, datetime.now(UTC), findings)
    anchors, shapes = skeletons_of(faces, set(surfaces.owner.tolist()), surfaces.shift, findings, swap=first_north)
    model = _model(objects, faces, surfaces, stream.appearances)
    model.anchors, model.shapes = anchors, shapes
    model = chosen(model, gone)
    if options.clip is not None and (window := options.window(crs)) is not None:
        model = within(model, window)
    source = Source(blob.name, f"CityGML {stream.version}", sha256=blob.sha256)
    return Reading(source, crs, findings, model, name=stream.name)


class _Stream:
    """Gives the file to the parser, and what comes out of it to those who read it."""

    def __init__(self, blob: Blob, findings: Findings, lod: str | None) -> None:
        self.blob = blob
        self.findings = findings
        self.version = ""
        self.name = ""
        self.faces: Faces | None = None
        self.objects: Objects | None = None
        self.appearances = Appearances()
        self.versions = Versions()
        self._lod = lod
        self._root: _Element | None = None
        self._systems: set[bytes] = set()
        self._flat = False

    def read(self) -> None:
        """Read all members of the city."""
        from lxml import etree

        parser = etree.XMLPullParser(
            events=("end",),
            tag=[f"{{*}}{name}" for name in _MEMBERS],
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            remove_blank_text=True,
            collect_ids=False,
        )
        try:
            with self.blob.open() as stream:
                for block in self._blocks(iter(lambda: stream.read(BLOCK), b"")):
                    parser.feed(block)
                    for _, element in parser.read_events():
                        self._member(element)
            root = parser.close()
        except etree.XMLSyntaxError as error:
            raise self._broken(error) from None
        except LookupError as error:
            raise FormatError(f"the encoding of the XML is not known: {error}", where=self.blob.name) from None
        self._begin(root)
        self._top(root)

    def _broken(self, error: SyntaxError) -> FormatError:
        line, column = error.position if hasattr(error, "position") else (error.lineno or 0, 0)
        what = str(error.msg or "it ends too early").split(", line ")[0][:200]
        return FormatError(f"broken XML: {what}", where=f"{self.blob.name}:{line}:{column}")

    def _blocks(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks as they are, looked at for systems and dimensions, which any geometry may state."""
        before = b""
        for block in blocks:
            seam = before + block[:300]
            for part in (seam, block):
                if b"srsName" in part:
                    self._systems.update(one or other for one, other in _SRS.findall(part))
                if not self._flat and part.count(b"srsDimension") != part.count(b'srsDimension="3"'):
                    self._flat = _FLAT.search(part) is not None
            if len(self._systems) > 50:
                raise CRSError("states more than 50 coordinate reference systems", where=self.blob.name)
            if self._flat and self.faces is not None:
                self.faces.numbers.flat = True
            before = block[-300:]
            yield block

    def systems(self) -> list[str]:
        """Every ``srsName`` in the file, the one of the envelope first."""
        from html import unescape

        found = sorted({unescape(one.decode("utf-8", "replace")).strip() for one in self._systems} - {""})
        first = ""
        for envelope in () if self._root is None else self._root.iter("{*}Envelope"):
            first = envelope.get("srsName", "").strip()
            break
        return sorted(found, key=lambda one: (one != first, one))

    def _begin(self, root: _Element) -> None:
        """Look at the root when it is first seen."""
        if self._root is not None:
            return
        info = root.getroottree().docinfo
        if info.internalDTD is not None or info.doctype:
            what = "the file has a document type declaration, which CityGML has not: refused"
            raise FormatError(what, where=self.blob.name, hint="remove the <!DOCTYPE ...> if you trust the file")
        space, local = split(root.tag)
        self.version = core_version(space) if local == "CityModel" else ""
        if self.version not in ("1.0", "2.0", "3.0"):
            what = f"this is {what_xml(root.tag, root.nsmap)}"
            raise FormatError(what, where=self.blob.name, hint="readable are CityGML 1.0, 2.0 and 3.0")
        self._root = root
        gml = GML[1] if self.version == "3.0" else GML[0]
        self.faces = Faces(f"{{{gml}}}id", self.findings)
        self.faces.numbers.flat = self._flat
        self.objects = Objects(self.version, self.faces, self.appearances, self.findings, self._lod)

    def _member(self, element: _Element) -> None:
        if self._root is None:
            self._begin(element.getroottree().getroot())
        root = self._root
        assert root is not None
        assert self.objects is not None
        if element.getparent() is not root:
            return
        local = split(element.tag)[1]
        if local in ("cityObjectMember", "featureMember"):
            self.objects.member(element)
        elif local == "appearanceMember":
            self.appearances.add_all(element)
        else:
            self.versions.add(element)
        # what was read goes; the head of the file stays, and the open end of it
        element.clear()
        before = element.getprevious()
        while before is not None and split(before.tag)[1] in _MEMBERS:
            root.remove(before)
            before = element.getprevious()

    def _top(self, root: _Element) -> None:
        """What the model says of itself."""
        for child in root:
            space, local = split(child.tag)
            if space in GML and local == "name" and not self.name:
                self.name = text_of(child)


def _named(blob: Blob, systems: list[str]) -> list[str]:
    """Those of several systems that an element names, not just a comment; the file is read again for that, which is rare."""
    from lxml import etree

    named: set[str] = set()
    with blob.open() as stream:
        for _, element in etree.iterparse(stream, resolve_entities=False, no_network=True, load_dtd=False):
            named.add((element.get("srsName") or "").strip())
            element.clear()
    return [one for one in systems if one in named]


def _system(systems: list[str], blob: Blob, findings: Findings) -> Stated | None:
    """The one system of the file.

    Raises
    ------
    CRSError
        When there are several.
    """
    if not systems:
        message = "the file does not say in which coordinate reference system it is"
        findings.add("no-crs", "", message, path="srsName")
        return None
    stated = stated_system(systems[0], blob.name)
    for other in systems[1:]:
        also = stated_system(other, blob.name)
        if also.crs != stated.crs and not _same_plan(also.crs, stated.crs):
            what = f"a file is in one coordinate reference system: this has {stated.text[:80]!r} and {other[:80]!r}"
            raise CRSError(what, where=blob.name, hint="bring it into one system with a GIS first")
        if also.north_first != stated.north_first:
            what = f"axes are in different orders in {stated.text[:80]!r} and {other[:80]!r}"
            raise CRSError(what, where=blob.name, hint="bring it into one system with a GIS first")
        if vertical(stated.crs) is None:
            stated = also
    unit = horizontal(stated.crs).axis_info[0].unit_name.lower() if horizontal(stated.crs).axis_info else ""
    if "foot" in unit and vertical(stated.crs) is None:
        message = f"{short_name(stated.crs)} is in feet and states no unit of heights; they are taken as metres"
        findings.add("height-unit", "", message, path="srsName")
    return stated


def _same_plan(one: CRS, other: CRS) -> bool:
    """Whether two systems are the same on the map, and at most one of them has heights."""
    return horizontal(one) == horizontal(other) and (vertical(one) is None or vertical(other) is None)


def _tell_notes(noted: Counter[str], appearances: Appearances, findings: Findings) -> None:
    """Tell once what was not read, and how much of it there is."""
    counts = Counter(noted)
    counts["textures"] += appearances.textures
    for code, count in counts.items():
        if not count:
            continue
        if code in NOTES:
            findings.add(code, "", f"{NOTES[code]} ({count} in the file)", severity="info")
        else:
            # the name goes in the message: a code that the file may choose has no meaning, and there would be no end of them
            message = f"elements of the name `{code[:60]}` are not read ({count} in the file)"
            findings.add("not-read", "", message, severity="info")


def _model(objects: Objects, faces: Faces, surfaces: Surfaces, appearances: Appearances) -> ObjectModel:
    """The model of all objects."""
    face = surfaces.face
    like = np.arange(len(faces))
    like[list(faces.like)] = list(faces.like.values())
    colours = appearances.colours(faces.by_id(), len(faces)) if appearances.materials else None

    def path_of(surface: int) -> str:
        one = int(like[face[surface]])
        return f"line {objects.lines[int(surfaces.owner[surface])]} surface {faces.ids[one] or one}"

    return ObjectModel(
        ids=objects.ids,
        types=objects.types,
        parents=objects.parents,
        lods=objects.lods,
        attributes=objects.attributes,
        vertices=surfaces.vertices,
        shift=surfaces.shift,
        rings=surfaces.rings,
        owner=surfaces.owner,
        semantic=surfaces.semantic,
        path_of=path_of,
        kinds=_kinds(objects, faces, surfaces),
        colour=None if colours is None else colours[like[face]],
        surfaces=objects.surfaces,
        surface=_surface_rows(faces, like)[face] if objects.surfaces else None,
    )


def _surface_rows(faces: Faces, like: NDArray[np.int64]) -> NDArray[np.int32]:
    """Row of the attributes of each face of the file, (S,); -1 for none. A copy has those of what it is a copy of."""
    rows = np.full(len(faces), -1, dtype=np.int32)
    for first, last, row in faces.described:
        rows[first:last] = row
    return np.where(rows < 0, rows[like], rows)


def _kinds(objects: Objects, faces: Faces, surfaces: Surfaces) -> list[str]:
    """Type of geometry of each object: a solid only where all its faces bound one."""
    count = len(objects.ids)
    bounds = np.frombuffer(bytes(faces.bounds), dtype=np.uint8).astype(bool)[surfaces.face]
    loose = np.bincount(surfaces.owner[~bounds], minlength=count) > 0
    drawn = np.bincount(surfaces.owner, minlength=count) > 0
    surface = {"TINRelief": "CompositeSurface"}
    return [
        (faces.kinds.get(row, "MultiSurface") if not loose[row] else surface.get(objects.types[row], "MultiSurface"))
        if drawn[row] else ""
        for row in range(count)
    ]  # fmt: skip
