"""Surfaces with a meaning that are part of another: a door in a wall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

PARENT = "parent"
"""Attribute of a semantic surface: the row, in the same table, of the one that it is part of."""

MAX_NESTING = 16
"""So deep a surface may be part of others."""


def link(stated: list[Any], rows: list[int], surfaces: list[dict[str, Any]]) -> int:
    """Give the surfaces of one geometry that are part of another the row of it; returns how many links make no sense.

    Parameters
    ----------
    stated : list
        Semantic surfaces as CityJSON has them, which point to each other by ``parent`` and ``children``.
    rows : list of int
        Row of each in `surfaces`, -1 for none; filled in for those that are linked.
    surfaces : list of dict
        Attributes by row; those of linked ones get their ``type``, as a parent may have no face that would tell it.
    """
    parents: dict[int, int] = {}
    wrong = 0
    for number, one in enumerate(stated):
        own = one if isinstance(one, dict) else {}
        below = own.get("children")
        pairs = [(child, number) for child in below] if isinstance(below, list) else []
        if own.get("parent") is not None:
            pairs.append((number, own["parent"]))
        for child, parent in pairs:
            if not (_is_place(child, stated) and _is_place(parent, stated)) or _is_within(parent, child, parents):
                wrong += 1
            elif child == number or child not in parents:
                # what a surface says of itself counts before what another says of it
                parents[child] = parent
    for number in sorted({*parents, *parents.values()}):
        if rows[number] < 0:
            surfaces.append({})
            rows[number] = len(surfaces) - 1
        surfaces[rows[number]]["type"] = stated[number].get("type")
    for child, parent in parents.items():
        surfaces[rows[child]][PARENT] = rows[parent]
    return wrong


def rows_moved(surfaces: Sequence[dict[str, Any]], by: int) -> list[dict[str, Any]]:
    """The same surfaces for a table in which they come so many rows later."""
    return [{**one, PARENT: one[PARENT] + by} if PARENT in one else one for one in surfaces]


def _is_place(number: Any, stated: list[Any]) -> bool:
    return type(number) is int and 0 <= number < len(stated) and isinstance(stated[number], dict)


def _is_within(one: int, other: int, parents: dict[int, int]) -> bool:
    """Whether a surface is another or part of it; True where that is too deep to tell."""
    for _ in range(MAX_NESTING):
        if one == other:
            return True
        if one not in parents:
            return False
        one = parents[one]
    return True
