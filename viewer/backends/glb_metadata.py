"""Attributes of objects in a GLB: ids at the corners (EXT_mesh_features) and tables (EXT_structural_metadata).

Numbers that people read are doubles, so that a height of 12.1 m is not 12.100000381. A value that is not there is the
column's `noData`; a column without any value is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from viewer.backends.glb_buffer import Buffer

FEATURES, METADATA = "EXT_mesh_features", "EXT_structural_metadata"
NO_NUMBER = -1.7976931348623157e308
NO_INTEGER = -(2**31)
NO_TEXT = ""


class Tables:
    """The schema and the tables of a file."""

    def __init__(self, buffer: Buffer) -> None:
        self.buffer = buffer
        self.classes: dict[str, Any] = {}
        self.tables: list[dict[str, Any]] = []

    def add(self, name: str, label: str, attributes: Mapping[str, Sequence[Any]]) -> int | None:
        """Add the attributes of a layer; gives the number of its table, None where nothing is known of its objects."""
        count = len(next(iter(attributes.values()), ()))
        described: dict[str, Any] = {}
        columns: dict[str, Any] = {}
        for title, values in attributes.items() if count else ():
            column = self._column(values)
            if column is None:
                continue
            key = _unique(title, described)
            described[key] = {"name": title, **column[0]}
            columns[key] = column[1]
        if not columns:
            return None
        key = _unique(name, self.classes)
        self.classes[key] = {"name": label, "properties": described}
        self.tables.append({"name": label, "class": key, "count": count, "properties": columns})
        return len(self.tables) - 1

    def extension(self) -> dict[str, Any]:
        """The extension of the document."""
        return {"schema": {"id": "stadstwin", "classes": self.classes}, "propertyTables": self.tables}

    def _column(self, values: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """What a column is and where it lies; None where no value is known."""
        known = [value for value in values if not _is_missing(value)]
        if not known:
            return None
        whole = len(known) == len(values)
        if all(isinstance(value, bool | np.bool_) for value in known) and whole:
            bits = np.packbits(np.array(values, dtype=bool), bitorder="little")
            return {"type": "BOOLEAN"}, {"values": self.buffer.view(bits.tobytes())}
        numbers = all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in known)
        if numbers and all(isinstance(value, int | np.integer) and abs(int(value)) < 2**31 for value in known):
            integers = np.array([NO_INTEGER if _is_missing(value) else int(value) for value in values], "<i4")
            kind = {"type": "SCALAR", "componentType": "INT32"}
            return {**kind, **({} if whole else {"noData": NO_INTEGER})}, {"values": self.buffer.view(integers.tobytes())}
        if numbers:
            doubles = np.array([NO_NUMBER if _is_missing(value) else float(value) for value in values], "<f8")
            kind = {"type": "SCALAR", "componentType": "FLOAT64"}
            return {**kind, **({} if whole else {"noData": NO_NUMBER})}, {"values": self.buffer.view(doubles.tobytes())}
        return self._texts(["" if _is_missing(value) else _text(value) for value in values], whole)

    def _texts(self, texts: list[str], whole: bool) -> tuple[dict[str, Any], dict[str, Any]] | None:
        content = [text.encode("utf-8", "replace") for text in texts]
        if not any(content):
            return None
        offsets = np.cumsum([0, *(len(one) for one in content)]).astype("<u4")
        where = {"values": self.buffer.view(b"".join(content)), "stringOffsets": self.buffer.view(offsets.tobytes())}
        return {"type": "STRING", **({} if whole else {"noData": NO_TEXT})}, {**where, "stringOffsetType": "UINT32"}


def _is_missing(value: Any) -> bool:
    if value is None:
        return True
    # not a number, an infinite one, and what pandas writes for no time
    if isinstance(value, float | np.floating):
        return not np.isfinite(value)
    return not isinstance(value, str) and str(value) in ("NaT", "<NA>")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list | tuple):
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode("utf-8")
    return str(value)


def _unique(title: str, taken: Mapping[str, Any]) -> str:
    """A name by the rules of the schema: letters, digits and underscores."""
    key = re.sub(r"[^a-zA-Z0-9_]", "_", title) or "_"
    key = f"_{key}" if key[0].isdigit() else key
    number, first = 2, key
    while key in taken:
        key, number = f"{first}_{number}", number + 1
    return key
