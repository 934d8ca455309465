"""Wavefront OBJ with its materials: polygons keep their corners, whatever their number.

Read here and not by a library, because polygons that are not convex must not be cut as a fan, because no path of the
file may lead out of its folder, and because a fault must name its line.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson

from twin.errors import FormatError
from twin.geo.mesh import SEMANTICS
from twin.geo.readers.meshparts import (
    MAX_FACES,
    MAX_PARTS,
    MeshFile,
    face_colours,
    polygon_rings,
    rgba,
    semantic_of,
    stated_crs,
    stated_origin,
    without_bad_corners,
)
from twin.geo.readers.model import Findings

MAX_LINE_BYTES = 1_000_000
MARK = b"# stadstwin "
"""A comment that this library writes: JSON of the file as a whole (`crs`, `origin`, `up`) or of the object that follows."""

FAR = 2**40
"""No file has so many vertices."""

_CURVES = {b"l", b"p", b"curv", b"curv2", b"surf", b"cstype"}
_NO_NUMBER = (float("nan"),) * 3

Neighbour = Callable[[str], bytes | None]
"""Content of a file beside the one that is read, or None when there is none that may be opened."""


class _Parser:
    """State of reading one file: what the lines so far have said."""

    def __init__(self, name: str, findings: Findings, neighbour: Neighbour) -> None:
        self.name = name
        self.findings = findings
        self.neighbour = neighbour
        self.vertices: list[tuple[float, float, float]] = []
        self.indices: list[int] = []
        self.sizes: list[int] = []
        self.lines: list[int] = []
        self.part: list[int] = []
        self.material: list[int] = []
        self.names: list[tuple[str, str]] = []
        self.numbers: dict[tuple[str, str], int] = {}
        self.colours: dict[str, tuple[int, int, int, int]] = {}
        self.materials: dict[str, int] = {}
        self.stated: dict[int, dict[str, Any]] = {}
        self.about: dict[str, Any] = {}
        self.object, self.group, self.used = "", "", -1
        self.pending: dict[str, Any] = {}
        self.here = -1
        self.skipped = 0

    def line(self, number: int, raw: bytes) -> None:
        """Take one line."""
        words = raw.split()
        if not words:
            return
        match words[0]:
            case b"v":
                self.vertices.append(self.vertex(number, words))
            case b"f":
                self.face(number, words[1:])
            case b"o":
                self.object, self.group, self.here = _text(raw[2:]), "", -1
            case b"g":
                self.group, self.here = _text(raw[2:]), -1
            case b"usemtl":
                name = _text(raw[7:])
                self.used = self.materials.setdefault(name, len(self.materials))
            case b"mtllib":
                self.library(number, _text(raw[7:]))
            case b"#":
                if raw.startswith(MARK):
                    self.mark(raw[len(MARK) :])
            case word if word in _CURVES:
                self.skipped += 1
            case _:
                pass

    def vertex(self, number: int, words: list[bytes]) -> tuple[float, float, float]:
        try:
            return float(words[1]), float(words[2]), float(words[3])
        except (ValueError, IndexError):
            message = "the vertex is not three numbers; faces that use it are left out"
            self.findings.add("vertex", "", message, severity="error", path=f"{self.name}:{number}")
            return _NO_NUMBER

    def face(self, number: int, words: list[bytes]) -> None:
        if len(words) == 3:
            # Nearly all faces of large files: three plain numbers, or numbers with a texture behind a slash.
            try:
                a, b, c = (int(word.partition(b"/")[0]) for word in words)
            except ValueError:
                a = b = c = 0
            if 0 < a < FAR and 0 < b < FAR and 0 < c < FAR:
                self.add(number, [a - 1, b - 1, c - 1])
                return
        count = len(self.vertices)
        corners = []
        try:
            for word in words:
                one = int(word.split(b"/", 1)[0])
                # A negative number counts back from the last vertex so far; there is no number 0.
                corners.append(one - 1 if one > 0 else count + one if one < 0 and count + one >= 0 else -1)
        except ValueError:
            message = f"the face has {word[:20]!r} for a corner; left out"
            self.findings.add("face", "", message, severity="error", path=f"{self.name}:{number}")
            return
        if len(corners) < 3:
            message = f"the face has {len(corners)} corners; left out"
            self.findings.add("too-few-points", "", message, severity="error", path=f"{self.name}:{number}")
            return
        self.add(number, [min(corner, FAR) for corner in corners])

    def add(self, number: int, corners: list[int]) -> None:
        """Take a face of vertices counted from 0."""
        self.indices += corners
        self.sizes.append(len(corners))
        self.lines.append(number)
        self.part.append(self.here if self.here >= 0 else self.current())
        self.material.append(self.used)
        if len(self.sizes) > MAX_FACES:
            raise FormatError(f"more than {MAX_FACES} faces are too many", where=self.name, hint="split the file")

    def current(self) -> int:
        """Number of the part that faces belong to now."""
        if self.here < 0:
            key = self.object, self.group
            found = self.numbers.get(key)
            if found is None:
                found = self.numbers[key] = len(self.names)
                self.names.append(key)
                if len(self.names) > MAX_PARTS:
                    raise FormatError(f"more than {MAX_PARTS} groups are too many", where=self.name)
            self.here = found
            if self.pending:
                self.stated[found], self.pending = self.pending, {}
        return self.here

    def mark(self, text: bytes) -> None:
        try:
            told = orjson.loads(text)
        except orjson.JSONDecodeError:
            return
        if isinstance(told, dict) and isinstance(told.get("id"), str):
            self.pending = told
        elif isinstance(told, dict) and not self.about:
            self.about = told

    def library(self, number: int, file: str) -> None:
        content = self.neighbour(file)
        if content is None:
            message = f"the materials {file[:80]!r} are not in the folder of the file; read without colours"
            self.findings.add("no-materials", "", message, severity="info", path=f"{self.name}:{number}")
            return
        self.colours.update(materials_of(content))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()[:200]


def materials_of(content: bytes) -> dict[str, tuple[int, int, int, int]]:
    """Diffuse colour of each material of an MTL file; without those that state none."""
    colours: dict[str, tuple[int, int, int, int]] = {}
    name = ""
    for raw in io.BytesIO(content):
        words = raw.split()
        if words[:1] == [b"newmtl"]:
            name = _text(raw.strip()[6:])
        elif words[:1] == [b"Kd"] and len(words) >= 4:
            try:
                red, green, blue = (float(word) for word in words[1:4])
            except ValueError:
                continue
            # Our own materials are named after what a surface is: their colour says no more.
            if name not in SEMANTICS:
                colours[name] = rgba(red, green, blue)
    return colours


def parse(content: bytes, name: str, findings: Findings, neighbour: Neighbour) -> MeshFile:
    """Read an OBJ.

    Parameters
    ----------
    content : bytes
    name : str
        Of the file, for messages.
    findings : Findings
    neighbour : callable
        Gives the materials.

    Raises
    ------
    FormatError
        When a line is absurdly long or there are too many faces.
    """
    parser = _Parser(name, findings, neighbour)
    stream = io.BytesIO(content)
    number, before = 0, b""
    while True:
        raw = stream.readline(MAX_LINE_BYTES)
        if not raw:
            break
        number += 1
        if len(raw) >= MAX_LINE_BYTES or len(before) >= MAX_LINE_BYTES:
            raise FormatError(f"the line is longer than {MAX_LINE_BYTES} bytes", where=f"{name}:{number}")
        if before or b"\\" in raw:
            raw, before = before + raw.rstrip(b"\r\n"), b""
            if raw.endswith(b"\\") and not raw.startswith(b"#"):
                before = raw[:-1] + b" "
                continue
        parser.line(number, raw)
    if before:
        parser.line(number, before)
    if parser.skipped:
        message = f"{parser.skipped} lines, points and curves have no faces and were not read"
        findings.add("not-read", "", message, severity="info", path=name)
    return _mesh(parser)


def _mesh(parser: _Parser) -> MeshFile:
    vertices = np.array(parser.vertices, dtype=np.float64).reshape(-1, 3)
    rings = polygon_rings(np.array(parser.indices, np.int64), np.array(parser.sizes, np.int64))
    keep = without_bad_corners(rings, len(vertices), parser.findings, parser.name)
    sizes = rings.sizes[keep]
    rings = polygon_rings(rings.indices[np.repeat(keep, rings.sizes)], sizes)
    part = np.array(parser.part, np.int32)[keep]
    material = np.array(parser.material, np.int32)[keep]
    lines = np.array(parser.lines, np.int64)[keep]
    codes = np.array([*(semantic_of(one) for one in parser.materials), 0], dtype=np.uint8)
    colours = [parser.colours.get(one, (0, 0, 0, 0)) for one in parser.materials]
    up = parser.about.get("up")
    return MeshFile(
        form="Wavefront OBJ",
        vertices=vertices,
        rings=rings,
        part=part,
        names=_names(parser.names),
        semantic=codes[material],
        colour=face_colours(material, colours),
        stated=[parser.stated.get(one, {}) for one in range(len(parser.names))] if parser.stated else [],
        semantics_stated=bool(parser.stated),
        up="y" if up == "y" else "z",
        up_stated=up in ("y", "z"),
        unit_stated=parser.about.get("unit") == "m",
        crs=stated_crs(parser.about.get("crs"), parser.findings, parser.name),
        origin=stated_origin(parser.about.get("origin")),
        where=lambda face: f"{parser.name}:{lines[face]}",
    )


def _names(pairs: list[tuple[str, str]]) -> list[str]:
    """A name for each part: of its object, with the group where one object has several."""
    groups = Counter(owner for owner, _ in pairs)
    names = []
    for owner, group in pairs:
        if not owner:
            names.append(group)
        else:
            names.append(f"{owner}/{group}" if group and groups[owner] > 1 else owner)
    return names
