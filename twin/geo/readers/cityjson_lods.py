"""Levels of detail of CityJSON: which there are, which is taken, and what is said of the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from twin.errors import FormatError
from twin.geo.readers.model import Findings

_Shape = TypeVar("_Shape")

LODS = ("0", "1", "2", "3", *(f"{whole}.{part}" for whole in range(4) for part in range(4)))
"""Levels of detail of CityJSON 2.0 (Biljecki et al. 2016)."""


def lod_text(value: Any) -> str:
    """Level of detail as text: ``"2.2"``; numbers of version 1.0 are spelt the same."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return f"{value:g}"
    return ""


def lod_rank(lod: str) -> tuple[float, str]:
    """Order of levels of detail; what is none comes first."""
    try:
        return float(lod), lod
    except ValueError:
        return -1.0, lod


def check_lod(lod: str | None, seen: set[str], file: str) -> None:
    """See that a file has something in the level of detail asked for.

    Raises
    ------
    FormatError
        When it has not; lists those there are.
    """
    if lod is not None and seen and lod not in seen:
        there = ", ".join(sorted(seen - {""}, key=lod_rank)) or "none stated"
        raise FormatError(f"nothing in lod {lod!r}; the file has: {there}", where=file)


def note_left(left: dict[str, int], file: str, findings: Findings) -> None:
    """Note the geometries that were not taken, by level of detail; forgets them."""
    for level, count in sorted(left.items()):
        message = f"{count} geometries of lod {level or '(not stated)'} were not taken: another level of their objects is"
        findings.add("lod-left", "", message, severity="info", path=file)
    left.clear()


def note_lod(stated: Any, object_id: str, path: str, findings: Findings) -> None:
    """Note a geometry without a proper level of detail."""
    if stated is None:
        findings.add("lod", object_id, "the geometry states no lod", severity="info", path=path)
    else:
        findings.add("lod", object_id, f"{str(stated)[:40]!r} is not a level of detail of CityJSON", path=path)


def best_filled(
    usable: Sequence[tuple[str, _Shape]], filled: Callable[[_Shape], bool], asked: str | None
) -> tuple[list[tuple[str, _Shape]], list[tuple[str, _Shape]]]:
    """Geometries without those of levels that have no surface, as far as such a level would be taken.

    Parameters
    ----------
    usable : sequence of (str, shape)
        Geometries of one object, each with its level of detail.
    filled : callable
        Whether a geometry has a surface; asked from the highest level down to the first that has one.
    asked : str, optional
        The one level that was asked for.

    Returns
    -------
    kept, empty : list of (str, shape)
        All are kept where none has a surface.
    """
    levels = sorted({level for level, _ in usable}, key=lod_rank, reverse=True)
    empty: set[str] = set()
    for level in levels if asked is None else [asked]:
        if any(filled(shape) for one, shape in usable if one == level):
            break
        empty.add(level)
    kept = [one for one in usable if one[0] not in empty]
    return (kept, [one for one in usable if one[0] in empty]) if kept else (list(usable), [])
