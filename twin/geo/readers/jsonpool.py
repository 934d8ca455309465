"""A pool of number nests: those taken out of the text, and those that came as lists after all."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.geo.kernels.jsonscan import COLUMNS, LEVELS
from twin.geo.readers.jsonarrays import NumberArrays


class Pool:
    """Number nests by row; `closed` puts them in one set of arrays.

    Parameters
    ----------
    arrays : NumberArrays
        Those of the text; rows count from 0.
    """

    def __init__(self, arrays: NumberArrays) -> None:
        self.arrays = arrays
        self._depths: list[int] = arrays.table[:, 0].tolist()
        self._numbers: list[int] = []
        self._sizes: tuple[list[int], ...] = tuple([] for _ in range(LEVELS))
        self._rows: list[list[int]] = []

    def add(self, nest: Any, depth: int) -> int:
        """Take a nest of lists; its row, or -1 when it is not lists of whole numbers at that depth.

        Parameters
        ----------
        nest : list
        depth : int
            How many lists there are around each number.
        """
        try:
            levels, numbers = _flatten(nest, depth)
        except TypeError:
            return -1
        if not set(map(type, numbers)) <= {int} or (numbers and (max(numbers) >= 2**62 or min(numbers) <= -(2**62))):
            return -1
        row = [depth, len(self._numbers), len(self._numbers) + len(numbers)]
        self._numbers += numbers
        for level in range(LEVELS):
            mine = self._sizes[level]
            more = levels[depth - 1 - level] if level < depth else []
            row += [len(mine), len(mine) + len(more)]
            mine += more
        self._rows.append(row)
        return len(self.arrays.table) + len(self._rows) - 1

    def numbers_of(self, row: int) -> NDArray[np.int64]:
        """All numbers of one nest."""
        own = row - len(self.arrays.table)
        if own < 0:
            return self.arrays.numbers_of(row)
        return np.array(self._numbers[self._rows[own][1] : self._rows[own][2]], dtype=np.int64)

    def sizes_of(self, row: int, level: int) -> NDArray[np.int32]:
        """Lengths of the lists of one nest at a level above its numbers."""
        own = row - len(self.arrays.table)
        if own < 0:
            return self.arrays.sizes_of(row, level)
        first, last = self._rows[own][3 + 2 * level : 5 + 2 * level]
        return np.array(self._sizes[level][first:last], dtype=np.int32)

    def row_of(self, value: Any, depth: int) -> int:
        """Row of a value of a document, mark or list; -1 when it is no nest of whole numbers at that depth."""
        row = self.arrays.number(value)
        if row >= 0:
            return row if self._depths[row] == depth else -1
        return self.add(value, depth) if isinstance(value, list) else -1

    def as_lists(self, value: Any) -> Any:
        """The lists that a mark stands for; any other value as it is."""
        row = self.arrays.number(value)
        if row < 0:
            return value
        arrays = self.arrays
        items: list[Any] = arrays.numbers_of(row).tolist()
        for level in range(int(arrays.table[row, 0])):
            if level >= LEVELS:
                return items
            lists, start = [], 0
            for size in arrays.sizes_of(row, level).tolist():
                lists.append(items[start : start + size])
                start += size
            items = lists
        return items[0]

    def closed(self) -> NumberArrays:
        """All nests in one set of arrays."""
        if not self._rows:
            return self.arrays
        arrays = self.arrays
        rows = np.array(self._rows, dtype=np.int64).reshape(-1, COLUMNS)
        rows[:, 1:3] += len(arrays.numbers)
        for level in range(LEVELS):
            rows[:, 3 + 2 * level : 5 + 2 * level] += len(arrays.sizes[level])
        return NumberArrays(
            np.concatenate([arrays.numbers, np.array(self._numbers, dtype=np.int64)]),
            tuple(
                np.concatenate([sizes, np.array(more, dtype=np.int32)])
                for sizes, more in zip(arrays.sizes, self._sizes, strict=True)
            ),
            np.concatenate([arrays.table, rows]),
            arrays.mark,
        )


def _flatten(nest: Any, depth: int) -> tuple[list[list[int]], list[Any]]:
    """Lengths of the lists of each level from the top, and what is in the innermost; TypeError when a level is not lists."""
    current: list[Any] = [nest]
    levels = []
    for _ in range(depth):
        if not set(map(type, current)) <= {list}:
            raise TypeError
        levels.append(list(map(len, current)))
        current = list(chain.from_iterable(current))
    return levels, current


def spans(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.int64]:
    """All whole numbers from each start (K,) up to its stop (K,), one span after the other."""
    lengths = stops - starts
    total = int(lengths.sum())
    if not total:
        return np.empty(0, np.int64)
    ends = np.cumsum(lengths)
    return np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
