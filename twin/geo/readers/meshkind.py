"""Which kind of mesh some bytes are; light, because every file that is read is asked."""

from __future__ import annotations

import struct

import numpy as np

FACET_BYTES = 50
"""A facet of a binary STL: normal and three corners as 12 float32, and two bytes of attributes."""

STL_HEAD_BYTES = 84
OBJ_WORDS = (b"v", b"vn", b"vt", b"f", b"o", b"g", b"s", b"usemtl", b"mtllib", b"vp", b"l", b"p")
"""Words that start the lines of a Wavefront OBJ."""

_BOM = b"\xef\xbb\xbf"
_LOOK = 16_384


def is_glb(head: bytes, name: str = "") -> bool:
    """glTF 2.0 in its binary form."""
    return head[:4] == b"glTF"


def is_ply(head: bytes, name: str = "") -> bool:
    """Polygon File Format (Stanford)."""
    return head[:3] == b"ply" and head[3:4] in (b"\n", b"\r") and b"format " in head


def is_stl_text(head: bytes, name: str = "") -> bool:
    """STL as text: a solid with its first facet (or none at all) near the start."""
    text = head.removeprefix(_BOM).lstrip()[:_LOOK].lower()
    return text.startswith(b"solid") and (b"facet" in text or b"endsolid" in text) and b"\0" not in text


def is_stl_binary(head: bytes, name: str = "") -> bool:
    """STL in binary: the size says so where all of it is here, else the facets do.

    Every facet of which all bytes are here has finite corners and a normal of length one or zero.
    """
    if len(head) < STL_HEAD_BYTES + FACET_BYTES:
        return False
    (count,) = struct.unpack_from("<I", head, 80)
    facets = (len(head) - STL_HEAD_BYTES) // FACET_BYTES
    if STL_HEAD_BYTES + FACET_BYTES * count == len(head):
        return True
    if not count or (count < facets and not name.endswith(".stl")):
        return False
    if name.endswith(".stl"):
        return True
    body = np.frombuffer(head, np.dtype([("xyz", "<f4", (4, 3)), ("more", "<u2")]), min(facets, count), STL_HEAD_BYTES)
    with np.errstate(all="ignore"):
        numbers = body["xyz"].astype(np.float64)
        length = np.linalg.norm(numbers[:, 0], axis=1)
        unit = (np.abs(length - 1.0) < 0.01) | (length == 0.0)
    return bool(np.isfinite(numbers).all() and unit.all() and (np.abs(numbers) < 1e9).all())


def is_obj(head: bytes, name: str = "") -> bool:
    """Wavefront OBJ: its lines start with its words, and one of the first of them is a vertex, or the name says so."""
    if b"\0" in head:
        return False
    lines = head.removeprefix(_BOM).split(b"\n")
    # The last line may be cut off.
    words = [line.split(None, 1)[0] for line in (lines[:-1] if len(lines) > 1 else lines) if line.strip()]
    words = [word for word in words if not word.startswith(b"#")]
    if name.endswith(".obj") and not words:
        return head.lstrip()[:1] == b"#"
    known = sum(word in OBJ_WORDS for word in words)
    return bool(words) and known >= 0.9 * len(words) and (words.count(b"v") > 0 or name.endswith(".obj"))
