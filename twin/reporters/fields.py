"""Fields on the floor, averaged over intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.reporters.look import Look
from twin.sim.crowd.measures import DensityGrid, count_people, density


class DensityReporter:
    """Averages the density over intervals.

    Parameters
    ----------
    grid : DensityGrid
    stride : int
        Steps between looks.
    interval : int
        Looks in an interval.

    Attributes
    ----------
    frames : list of (time, cells, values)
        End of each interval [s], flat indices of the cells in use, and their density [1/m2]: a city is mostly empty.
    highest : (L, H, W) float32
        Highest density so far [1/m2].
    highest_time : (L, H, W) float32
        When that was [s]; NaN where nobody came.
    """

    def __init__(self, grid: DensityGrid, stride: int, interval: int) -> None:
        self.grid, self.stride, self.interval = grid, stride, interval
        self.frames: list[tuple[float, NDArray[np.int64], NDArray[np.float32]]] = []
        self.highest = np.zeros(grid.area.shape, np.float32)
        self.highest_time = np.full(grid.area.shape, np.nan, np.float32)
        self._count = np.zeros(grid.area.shape)
        self._looks = 0

    def report(self, look: Look) -> None:
        """Count the present moment; the interval ends with its last look."""
        now = look.now
        count_people(now.x, now.y, now.level, self.grid.west, self.grid.north, self.grid.cell, self._count)
        self._looks += 1
        if self._looks == self.interval:
            self.close(look.time)

    def close(self, time: float) -> None:
        """End the interval now; does nothing when nothing was seen in it."""
        if not self._looks:
            return
        field = density(self.grid, self._count / self._looks)
        cells = np.flatnonzero(field)
        values = field.ravel()[cells]
        self.frames.append((time, cells, values))
        higher = values > self.highest.ravel()[cells]
        self.highest.ravel()[cells[higher]] = values[higher]
        self.highest_time.ravel()[cells[higher]] = time
        self._count[:] = 0.0
        self._looks = 0
