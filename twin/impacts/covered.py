"""Which cells of a grid something covers, kept small: a bit for each cell of the box around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """Cells of a grid.

    Parameters
    ----------
    top, left, rows, columns : int
        The box around them [cells].
    bits : (n,) uint8
        Of the cells of that box, row by row.
    width : int
        Columns of the grid.
    """

    top: int
    left: int
    rows: int
    columns: int
    bits: NDArray[np.uint8]
    width: int

    @classmethod
    def nothing(cls) -> Self:
        """No cell at all."""
        return cls(0, 0, 0, 0, np.empty(0, np.uint8), 1)

    @classmethod
    def of(cls, part: tuple[slice, slice], covered: NDArray[np.bool_], width: int) -> Self:
        """The cells of a part of a grid that are covered, as that part says.

        Parameters
        ----------
        part : (slice, slice)
            Rows and columns of the grid.
        covered : (r, c) bool
        width : int
            Columns of the grid.
        """
        rows, columns = (np.flatnonzero(covered.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return cls.nothing()
        box = covered[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        top, left = int(part[0].start + rows[0]), int(part[1].start + columns[0])
        return cls(top, left, box.shape[0], box.shape[1], np.packbits(box), width)

    def cells(self) -> NDArray[np.int64]:
        """Their numbers, row by row through the grid, (n,), rising."""
        here = np.flatnonzero(np.unpackbits(self.bits, count=self.rows * self.columns))
        row, column = np.divmod(here, max(self.columns, 1))
        return (row + self.top) * self.width + column + self.left


class Sets(Sequence[NDArray[np.int64]]):
    """Cells that are unpacked when they are looked at, for `twin.sim.impact.cover.greedy`."""

    def __init__(self, of: Sequence[Covered]) -> None:
        self._of = of

    def __len__(self) -> int:
        return len(self._of)

    @overload
    def __getitem__(self, number: int) -> NDArray[np.int64]: ...
    @overload
    def __getitem__(self, number: slice) -> Sets: ...
    def __getitem__(self, number: int | slice) -> NDArray[np.int64] | Sets:
        return Sets(self._of[number]) if isinstance(number, slice) else self._of[number].cells()
