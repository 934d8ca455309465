"""Attributes of objects to typed columns."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.geo.readers.model import Findings

MAX_COLUMNS = 400
"""Attributes beyond the most frequent ones go together in one column of JSON text, `MORE`: a file in which each object
has names of its own would else make a table as large as their square."""

MORE = "more_attributes"
_SMALL = 2**53


def as_text(value: Any) -> str:
    """A nested value as JSON text; what is nested too deep to be one is cut off."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
    except (RecursionError, ValueError, TypeError):
        return "(not readable)"


def column(values: list[Any]) -> pd.Series[Any]:
    """A typed column of values as JSON has them; None is missing.

    Truth values give ``bool`` (``boolean`` where some are missing), whole numbers ``int64`` (``Int64``), numbers
    ``float64``, dates ``datetime64[s]``, times ``datetime64[us]`` (in UTC where they state their offset), and everything else
    text. What a column cannot hold as it was stated is said in its attributes, see `note_kinds`.
    """
    kinds = set(map(type, values))
    some_missing = type(None) in kinds
    kinds.discard(type(None))
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean" if some_missing else "bool")
    if kinds == {int} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pd.Series(values, dtype="Int64" if some_missing else "int64")
    if kinds and kinds <= {int, float} and all(type(v) is not int or abs(v) <= _SMALL for v in values):
        numbers = pd.Series([np.nan if value is None else value for value in values], dtype="float64")
        if float in kinds and _longest(numbers.to_numpy()) >= 2**63:
            numbers.attrs[ROUNDED] = True
        return numbers
    if kinds == {str}:
        dated = _dates(values)
        if dated is not None:
            return dated
    found = pd.Series([None if value is None else as_text(value) for value in values], dtype="str")
    if kinds and kinds <= {dict, list}:
        found.attrs[NESTED] = True
    elif kinds - {str}:
        found.attrs[MIXED] = _kinds(values, kinds)
    return found


def _longest(numbers: NDArray[np.float64]) -> float:
    """The largest size of the whole numbers among some; what stands for "unknown" in rasters is none."""
    size = np.abs(numbers)
    return float(np.max(size, where=(size == np.floor(size)) & (size < UNKNOWN), initial=0.0))


def _kinds(values: list[Any], kinds: set[type]) -> str:
    """That all values became text, and what they were."""
    if kinds <= {int, float}:
        return "whole numbers that do not fit in 64 bits, or beside fractions not in 53: all values are kept as text"
    counted = Counter(type(value) for value in values if value is not None)
    words = {str: "text", int: "whole number", float: "number", bool: "truth value", list: "list", dict: "object"}
    told = ", ".join(f"{words.get(kind, kind.__name__)} ({count})" for kind, count in counted.most_common())
    return f"values of several kinds, {told}: all are kept as text"


MIXED, ROUNDED = "mixed", "rounded"
"""Attributes of a column whose values are not held as they were stated: what they were, and whether digits may be lost."""

UNKNOWN = float(np.finfo(np.float32).max)
"""The largest number of 32 bits, which is stated for what is not known."""


def note_kinds(columns: Mapping[str, pd.Series[Any]], where: str, findings: Findings) -> None:
    """Note the columns that do not hold the values as they were stated, once each.

    Parameters
    ----------
    columns : mapping of str to Series
        As `typed` and `table` make them.
    where : str
        Layer or file, for the path of the finding.
    findings : Findings
    """
    for name, values in columns.items():
        path = f"{where} {name[:80]}"
        if MIXED in values.attrs:
            findings.add("attribute-kinds", "", f"{name[:80]!r} has {values.attrs[MIXED]}", severity="info", path=path)
        elif ROUNDED in values.attrs:
            message = f"{name[:80]!r} has numbers beyond 64 bits, kept to about 16 digits: a longer whole number is rounded"
            findings.add("attribute-digits", "", message, severity="info", path=path)


NESTED = "nested"
"""Attribute of a column whose texts stand for lists or objects; of a frame, the names of such columns."""


def nested_names(columns: Mapping[str, pd.Series[Any]]) -> list[str]:
    """Columns of which every value was a list or an object in the source."""
    return [name for name, values in columns.items() if values.attrs.get(NESTED)]


_DATE = re.compile(r"^(?!0000)\d{4}-\d{2}-\d{2}$", re.ASCII)
_TIME = re.compile(r"^(?!0000)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?$", re.ASCII)


def _dates(values: list[Any]) -> pd.Series[Any] | None:
    """Dates or times (RFC 3339) as such; None when not every value is one, or only some state their offset."""
    texts = [value for value in values if value is not None]
    if _DATE.match(texts[0]):
        pattern, kind = _DATE, "datetime64[s]"
    elif (first := _TIME.match(texts[0])) is not None:
        pattern, kind = _TIME, "datetime64[us, UTC]" if first[2] else "datetime64[us]"
    else:
        return None
    found = [pattern.match(text) for text in texts]
    if not all(found) or (pattern is _TIME and len({bool(one and one[2]) for one in found}) > 1):
        return None
    try:
        read = pd.to_datetime(pd.Series(values, dtype="str"), format="ISO8601", utc="UTC" in kind)
        return read.astype(kind)  # type: ignore[call-overload]  # pandas-stubs know a dtype by its literal name only
    except (ValueError, OverflowError):
        return None


def typed(records: Sequence[dict[str, Any]]) -> dict[str, pd.Series[Any]]:
    """A typed column for each attribute, in order of first appearance; the rarest together in `MORE`.

    Parameters
    ----------
    records : sequence of dict
        Attributes of each object.
    """
    counted: Counter[str] = Counter()
    for record in records:
        counted.update(record.keys())
    kept = counted
    if len(counted) > MAX_COLUMNS:
        kept = Counter(dict(counted.most_common(MAX_COLUMNS)))
    columns = {name: column([record.get(name) for record in records]) for name in counted if name in kept}
    if kept is not counted:
        rest = [{name: value for name, value in record.items() if name not in kept} for record in records]
        columns[_free(MORE, set(), {}, kept)] = column([as_text(more) if more else None for more in rest])
    return columns


def named(columns: dict[str, pd.Series[Any]], reserved: set[str]) -> dict[str, pd.Series[Any]]:
    """The columns under names that are free.

    Parameters
    ----------
    columns : dict of str to Series
    reserved : set of str
        Names that are ours: an attribute of such a name becomes ``NAME_attribute``.
    """
    found: dict[str, pd.Series[Any]] = {}
    for name, values in columns.items():
        found[_free(name, reserved, found, columns)] = values
    return found


def table(records: Sequence[dict[str, Any]], reserved: set[str]) -> dict[str, pd.Series[Any]]:
    """Columns by name, in order of first appearance; see `typed` and `named`."""
    return named(typed(records), reserved)


def _free(name: str, reserved: set[str], taken: dict[str, Any], later: Mapping[str, Any]) -> str:
    if name not in reserved and name not in taken:
        return name
    free = f"{name}_attribute"
    while free in reserved or free in taken or free in later:
        free += "_"
    return free
