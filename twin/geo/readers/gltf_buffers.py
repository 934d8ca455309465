"""Numbers out of the buffers of a glTF, within their bounds whatever the document says."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.readers.model import Findings

KINDS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
"""Component types of glTF 2.0, section 3.6.2.2."""

WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


MAX_VALUES = 400_000_000
"""Numbers taken out of the buffers of one file; primitives may share accessors, so the size of the file is no bound."""


def whole(value: Any, default: int = -1) -> int:
    """A number of the document that counts something; `default` for anything else."""
    return value if type(value) is int and value >= 0 else default


def listed(holder: Any, key: str) -> list[Any]:
    """A list of the document; empty when it is none."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, list) else []


def entry(rows: list[Any], number: Any) -> dict[str, Any]:
    """One object of a list of the document; empty when there is none of that number."""
    place = whole(number)
    row = rows[place] if 0 <= place < len(rows) else None
    return row if isinstance(row, dict) else {}


class Buffers:
    """Accessors of one document.

    Parameters
    ----------
    document : dict
        The JSON of the file.
    binary : bytes
        Its binary chunk.
    name : str
        Of the file, for messages.
    findings : Findings
        Learns of buffers that lie outside the file: those are not opened.
    """

    def __init__(self, document: dict[str, Any], binary: bytes, name: str, findings: Findings) -> None:
        self.accessors = listed(document, "accessors")
        self.views = listed(document, "bufferViews")
        self.name = name
        self.taken = 0
        self.buffers: list[bytes | None] = []
        for number, buffer in enumerate(listed(document, "buffers")):
            uri = buffer.get("uri") if isinstance(buffer, dict) else None
            if uri is None:
                self.buffers.append(binary if number == 0 else None)
            else:
                self.buffers.append(_embedded(uri))
            if self.buffers[-1] is None:
                message = "the buffer lies outside the file; such buffers are not opened"
                findings.add("external-buffer", "", message, severity="error", path=f"{name} buffers[{number}]")

    def numbers(self, number: Any, width: int) -> NDArray[np.float64] | None:
        """An accessor as (N, width) float64, normalised integers from -1 to 1; None when its buffer is outside the file.

        Raises
        ------
        FormatError
            When it is not of that width, or does not fit into its buffer.
        """
        accessor = entry(self.accessors, number)
        kind = KINDS.get(whole(accessor.get("componentType")), "")
        where = f"{self.name} accessors[{str(number)[:12]}]"
        if not kind or WIDTHS.get(str(accessor.get("type")), 0) != width:
            raise FormatError("is not an accessor of the kind that is needed here", where=where)
        if "sparse" in accessor or "bufferView" not in accessor:
            raise FormatError("sparse accessors are not readable", where=where, hint="export the file without them")
        view = entry(self.views, accessor["bufferView"])
        place = whole(view.get("buffer"))
        if not view or place >= len(self.buffers) or place < 0:
            raise FormatError("points to a buffer that is not there", where=where)
        content = self.buffers[place]
        if content is None:
            return None
        values = self._values(accessor, view, content, kind, width, where)
        if accessor.get("normalized") is True and kind != "<f4":
            return np.maximum(values / np.iinfo(np.dtype(kind)).max, -1.0)
        return values

    def _values(
        self, accessor: dict[str, Any], view: dict[str, Any], content: bytes, kind: str, width: int, where: str
    ) -> NDArray[np.float64]:
        count, start = whole(accessor.get("count")), whole(view.get("byteOffset"), 0) + whole(accessor.get("byteOffset"), 0)
        size = np.dtype(kind).itemsize * width
        stride = whole(view.get("byteStride"), 0) or size
        end = whole(view.get("byteOffset"), 0) + whole(view.get("byteLength"), 0)
        last = start + stride * (count - 1) + size
        if count < 0 or stride < size or (count and last > min(end, len(content))):
            raise FormatError(f"{count} values do not fit into the buffer", where=where)
        if not count:
            return np.empty((0, width))
        self.taken += count * width
        if self.taken > MAX_VALUES:
            raise FormatError("the file takes its buffers too many times", where=where, hint="split the file")
        table = np.ndarray((count, width), np.dtype(kind), content, start, (stride, np.dtype(kind).itemsize))
        with np.errstate(invalid="ignore"):
            return table.astype(np.float64)


def _embedded(uri: Any) -> bytes | None:
    """Content of a data URI; None for any other."""
    if not isinstance(uri, str) or not uri.startswith("data:") or ";base64," not in uri[:200]:
        return None
    try:
        return base64.b64decode(uri.split(";base64,", 1)[1], validate=True)
    except (binascii.Error, ValueError):
        return None
