"""STL, binary and as text: triangles without units, names only in the text form."""

from __future__ import annotations

import io
import struct

import numpy as np
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.readers.meshkind import FACET_BYTES, STL_HEAD_BYTES
from twin.geo.readers.meshparts import MAX_FACES, MAX_PARTS, MeshFile, triangle_rings, welded_exactly
from twin.geo.readers.model import Findings

MAX_LINE_BYTES = 4096


def parse_binary(content: bytes, name: str, findings: Findings) -> MeshFile:
    """Read a binary STL.

    Raises
    ------
    FormatError
        When the file is not as long as its header says.
    """
    count = struct.unpack_from("<I", content, 80)[0] if len(content) >= STL_HEAD_BYTES else 0
    there = (len(content) - STL_HEAD_BYTES) // FACET_BYTES
    if count > there:
        raise FormatError(f"the header promises {count} facets, the file ends after {max(there, 0)}", where=name)
    if count > MAX_FACES:
        raise FormatError(f"{count} facets are too many", where=name, hint="split the file")
    rest = len(content) - STL_HEAD_BYTES - FACET_BYTES * count
    if rest:
        findings.add("trailing-bytes", "", f"{rest} bytes after the last facet; ignored", path=name)
    kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("more", "<u2")])
    facets = np.frombuffer(content, kind, count, STL_HEAD_BYTES)
    with np.errstate(invalid="ignore"):
        corners = facets["corners"].astype(np.float64).reshape(-1, 3)
    return _mesh("STL (binary)", corners, np.zeros(count, np.int32), [""], name)


def parse_text(content: bytes, name: str, findings: Findings) -> MeshFile:
    """Read an STL as text; each solid is a part.

    Raises
    ------
    FormatError
        When there are too many facets or solids, or the file ends before its last solid does.
    """
    corners: list[tuple[float, float, float]] = []
    part: list[int] = []
    names: list[str] = []
    facet: list[tuple[float, float, float]] = []
    whole = True
    stream = io.BytesIO(content)
    for number, raw in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES), b""), start=1):
        words = raw.split()
        if not words:
            continue
        word = words[0].lower()
        if word == b"vertex":
            facet.append(_corner(words, number, name, findings))
        elif word == b"endfacet":
            if len(facet) == 3:
                corners += facet
                part.append(max(len(names) - 1, 0))
            else:
                message = f"the facet has {len(facet)} corners, not 3; left out"
                findings.add("face", "", message, severity="error", path=f"{name}:{number}")
            facet = []
        elif word == b"facet":
            if facet:
                message = "the facet before this one does not end; left out"
                findings.add("face", "", message, severity="error", path=f"{name}:{number}")
            facet = []
        elif word == b"endsolid":
            whole = True
        elif word == b"solid":
            whole = False
            names.append(raw.strip()[5:].decode("utf-8", "replace").strip()[:200])
        if len(part) > MAX_FACES or len(names) > MAX_PARTS:
            raise FormatError("too many facets or solids", where=name, hint="split the file")
    if facet:
        findings.add("face", "", "the last facet does not end; left out", severity="error", path=name)
    if not whole:
        raise FormatError("ends too early: the last solid has no `endsolid`", where=name, hint="download or export it again")
    table = np.array(corners, dtype=np.float64).reshape(-1, 3)
    return _mesh("STL (text)", table, np.array(part, np.int32), names or [""], name)


def _corner(words: list[bytes], number: int, name: str, findings: Findings) -> tuple[float, float, float]:
    try:
        return float(words[1]), float(words[2]), float(words[3])
    except (ValueError, IndexError):
        message = "the vertex is not three numbers; its facet is left out"
        findings.add("vertex", "", message, severity="error", path=f"{name}:{number}")
        return (float("nan"),) * 3


def _mesh(form: str, corners: NDArray[np.float64], part: NDArray[np.int32], names: list[str], file: str) -> MeshFile:
    # Corners at the same place are one vertex, so that neighbours know each other.
    vertices, number = welded_exactly(corners)
    return MeshFile(
        form=form,
        vertices=vertices,
        rings=triangle_rings(number.reshape(-1, 3)),
        part=part,
        names=names,
        semantic=np.zeros(len(part), np.uint8),
        where=lambda face: f"{file} facet {face + 1}",
    )
