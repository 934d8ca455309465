"""Nests of lists in a CityJSON document: boundaries, and values that belong to their surfaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from twin.geo.readers.jsonarrays import NumberArrays


def reaches_of(arrays: NumberArrays) -> list[list[int]]:
    """Of each nest of a document its depth, the length of its longest innermost list, and its least and greatest number."""
    table = arrays.table
    found = np.zeros((len(table), 4), dtype=np.int64)
    found[:, 0] = table[:, 0]
    # slices of nests follow each other, and those of empty ones have no length
    lists, numbers = np.flatnonzero(table[:, 4] > table[:, 3]), np.flatnonzero(table[:, 2] > table[:, 1])
    if len(lists):
        found[lists, 1] = np.maximum.reduceat(arrays.sizes[0], table[lists, 3])
    if len(numbers):
        found[numbers, 2] = np.minimum.reduceat(arrays.numbers, table[numbers, 1])
        found[numbers, 3] = np.maximum.reduceat(arrays.numbers, table[numbers, 1])
    rows: list[list[int]] = found.tolist()
    return rows


def surfaces_of(nest: Any, depth: int) -> Iterator[Any]:
    """Whatever stands at the level of surfaces."""
    if isinstance(nest, list):
        for part in nest:
            if depth:
                yield from surfaces_of(part, depth - 1)
            else:
                yield part


def _size(boundaries: Any, depth: int) -> int:
    """Number of surfaces in a part; what is not a list counts as one unsound surface."""
    if not isinstance(boundaries, list):
        return 1
    return sum(_size(part, depth - 1) for part in boundaries) if depth else len(boundaries)


NULL = -1
"""What null among numbers has become where they were taken out of the text."""


def spread_by_surface(values: Any, boundaries: Any, depth: int) -> list[int | None]:
    """Values by surface; null at any level stands for all surfaces under it; TypeError when they are not lists."""
    if values is None or values == NULL:
        return [None] * _size(boundaries, depth)
    if not isinstance(values, list):
        raise TypeError
    if depth == 0:
        return list(values)
    if not isinstance(boundaries, list):
        raise TypeError
    flat: list[int | None] = []
    for value, part in zip(values, boundaries, strict=False):
        flat += spread_by_surface(value, part, depth - 1)
    return flat
