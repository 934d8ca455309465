"""What is kept of a crowd that flows: the same fields and numbers as of persons, from its density."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from twin.reporters.counts import NumbersReporter
from twin.reporters.fields import FieldReporter
from twin.reporters.look import Look
from twin.sim.crowd.measures import DensityGrid

LEAST_PER_M2 = 1e-3
"""Thinner densities are not kept: a trace of people runs far ahead of them."""


class Flow(Protocol):
    """What these reporters ask of a crowd."""

    gone: NDArray[np.float64]

    def seen(self) -> NDArray[np.float64]:
        """People to the square metre of each navigation cell, (L, H, W)."""


class GatheredDensity:
    """Sums of densities over some looks, by density cell.

    Parameters
    ----------
    grid : DensityGrid
    factor : int
        Navigation cells along the side of one of its cells.
    cell : float
        Side of a navigation cell [m].
    """

    def __init__(self, grid: DensityGrid, factor: int, cell: float) -> None:
        self.looks = 0
        self._factor, self._cell_m2 = factor, cell * cell
        self._area, self._sum = grid.area, np.zeros(grid.area.shape)

    def add(self, density: NDArray[np.float64]) -> None:
        """Take one look at a density by navigation cell, (L, H, W) [1/m2]."""
        f = self._factor
        levels, rows, columns = self._area.shape
        room = np.zeros((levels, rows * f, columns * f))
        room[:, : density.shape[1], : density.shape[2]] = density
        self._sum += room.reshape(levels, rows, f, columns, f).sum(axis=(2, 4)) * self._cell_m2
        self.looks += 1

    def spread(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Cells with people (M,), and the sum of their densities (M, 1) [1/m2]; begins anew."""
        with np.errstate(invalid="ignore", divide="ignore"):
            fields = np.where(self._area > 0, self._sum / self._area, 0.0).ravel()
        cells = np.flatnonzero(fields >= LEAST_PER_M2 * self.looks).astype(np.int32)
        self._sum[:] = 0.0
        self.looks = 0
        return cells, fields[cells][:, None]

    def state(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        return {"gathered_looks": np.array(self.looks), "gathered_sum": self._sum.copy()}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """The other way round.

        Raises
        ------
        KeyError, ValueError
            When it is not of such a grid.
        """
        if state["gathered_sum"].shape != self._sum.shape:
            raise ValueError("what was gathered is of another floor")
        self.looks, self._sum = int(state["gathered_looks"]), state["gathered_sum"].astype(np.float64)


class FlowFieldReporter(FieldReporter):
    """Density over intervals, its highest, exposure, and time above the planning limit.

    Parameters
    ----------
    grid, stride, interval, dt, rows
        As for `FieldReporter`.
    factor : int
    cell : float
        As for `GatheredDensity`.
    """

    def __init__(
        self, grid: DensityGrid, *, factor: int, cell: float, stride: int, interval: int, dt: float, rows: int | None = None
    ) -> None:
        super().__init__(grid, 0, stride=stride, interval=interval, dt=dt, rows=rows)
        self._flow = GatheredDensity(grid, factor, cell)
        self._gathered = self._flow

    def begin(self, look: Look) -> None:
        """Nothing is needed of the first moment."""

    def report(self, look: Look) -> None:
        """Take the present moment in; the interval ends with its last look."""
        flow: Any = look.crowd
        self._flow.add(flow.seen())
        if self._flow.looks == self.interval:
            self._end(look.time)


class FlowNumbersReporter(NumbersReporter):
    """Counts people of a density: present, waiting, gone, by exit, and in areas; parts of people are kept.

    Parameters
    ----------
    stride, exits
        As for `NumbersReporter`.
    areas : sequence of (K,) int64
        Flat navigation cells of each area.
    area_names : sequence of str
    cell : float
        Side of a navigation cell [m].
    """

    def __init__(
        self, stride: int, exits: Sequence[tuple[str, int]], *, areas: Sequence[NDArray[np.int64]] = (),
        area_names: Sequence[str] = (), cell: float,
    ) -> None:  # fmt: skip
        super().__init__(stride, exits, area_names=area_names)
        self._cells, self._cell_m2 = tuple(areas), cell * cell

    def report(self, look: Look) -> None:
        """Count the present moment."""
        flow: Any = look.crowd
        row: list[float] = [look.time, flow.present, flow.waiting, flow.left]
        row += [float(flow.gone[goal]) for goal in self._goals]
        if self._cells:
            density = flow.seen().ravel()
            row += [float(density[cells].sum()) * self._cell_m2 for cells in self._cells]
        self._rows.append(row)

    def restore(self, state: dict[str, NDArray[Any]], folder: object) -> None:
        """Go on after those rows.

        Raises
        ------
        KeyError, ValueError
            When they are not of this reporter.
        """
        if state["rows"].ndim != 2 or state["rows"].shape[1] != len(self._columns):
            raise ValueError("the numbers have other columns")
        self._rows = state["rows"].tolist()
