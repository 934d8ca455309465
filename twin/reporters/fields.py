"""Fields on the floor: over intervals, at their highest, and over the whole run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.reporters.look import Look
from twin.sim.crowd.measures import DENSE_PER_M2, DensityGrid
from twin.sim.crowd.spread import EAST, EVERYBODY, MOVING, NORTH, SPEED, SQUARE, Gathered
from twin.sim.model import Snapshot
from twin.sparse_fields import SparseFields
from twin.spool import Spool

MOTION = {"speed": ("mean_speed", "speed_variance"), "pressure": ("crowd_pressure",)}
"""Variables over time by the word that switches them on."""


_KEPT = ("density_max", "density_max_time", "pressure_max", "pressure_max_time", "exposure", "time_dense")


class FieldReporter:
    """Density over intervals and, if asked, what the movement of people tells; the highest values; exposure.

    A moment counts for the stride before it: a run of 60 s that is looked at each second has looks at 1, 2, ..., 60 s.

    Parameters
    ----------
    grid : DensityGrid
    people : int
        Everybody who may ever be seen.
    stride : int
        Steps between looks.
    interval : int
        Looks in an interval.
    dt : float
        Of a step [s].
    motion : sequence of {"speed", "pressure"}
        What is kept beside the density.
    rows : int, optional
        Cells of intervals in memory; more lie in a file. By default `twin.spool.ROWS_IN_MEMORY`.

    Attributes
    ----------
    seconds : float
        Between two looks [s].
    times : list of float
        End of each interval [s].
    density_max, density_max_time : (L, H, W) float32
        Highest density so far [1/m2] and when that was [s], NaN where nobody came.
    pressure_max, pressure_max_time : (L, H, W) float32
        The same of the crowd pressure [1/s2]; empty when it is not asked for.
    exposure : (L, H, W) float64
        Person-seconds a square metre [s/m2].
    time_dense : (L, H, W) float32
        Time at more than `DENSE_PER_M2` [s].
    """

    keeps = "fields"

    def __init__(
        self, grid: DensityGrid, people: int, *, stride: int, interval: int, dt: float, motion: Sequence[str] = (),
        rows: int | None = None,
    ) -> None:  # fmt: skip
        self.grid, self.stride, self.interval = grid, stride, interval
        self.times: list[float] = []
        shape = grid.area.shape
        self.density_max, self.density_max_time = np.zeros(shape, np.float32), np.full(shape, np.nan, np.float32)
        kept = shape if "pressure" in motion else (0, 0, 0)
        self.pressure_max, self.pressure_max_time = np.zeros(kept, np.float32), np.full(kept, np.nan, np.float32)
        self.exposure, self.time_dense = np.zeros(shape), np.zeros(shape, np.float32)
        self.seconds = stride * dt
        self._names = ("density", *(name for word, names in MOTION.items() if word in motion for name in names))
        self._gathered: Any = Gathered(grid, people, motion=bool(motion))
        columns = [("frame", pa.int32()), ("cell", pa.int32()), *((name, pa.float32()) for name in self._names)]
        self._spool = Spool(pa.schema(columns), "fields.parquet", split=self._names, rising=("frame", "cell"), rows=rows)

    @property
    def rows_in_memory(self) -> int:
        """Cells of intervals that are not in a file."""
        return self._spool.rows_in_memory

    def begin(self, look: Look) -> None:
        """Where everybody is before the first look."""
        now = look.now
        self._gathered.remember(now.id, now.x, now.y)

    def report(self, look: Look) -> None:
        """Take the present moment in; the interval ends with its last look."""
        now: Snapshot = look.now
        self._gathered.add(now.id, now.x, now.y, now.level, self.seconds)
        if self._gathered.looks == self.interval:
            self._end(look.time)

    def state(self, folder: Path) -> dict[str, NDArray[Any]]:
        """The highest values and sums so far, the interval that has begun, and intervals that are not in files of the folder."""
        return {
            "times": np.array(self.times), **{name: getattr(self, name) for name in _KEPT}, **self._gathered.state(),
            **self._spool.state(folder),
        }  # fmt: skip

    def restore(self, state: dict[str, NDArray[Any]], folder: Path) -> None:
        """Go on after those.

        Raises
        ------
        KeyError, ValueError, OSError
            When they are not of this reporter, or a file is not there.
        """
        if state["times"].ndim != 1:
            raise ValueError("the ends of the intervals are no list")
        self.times = state["times"].tolist()
        for name in _KEPT:
            own: NDArray[Any] = getattr(self, name)
            if state[name].shape != own.shape:
                raise ValueError(f"`{name}` has another shape")
            own[:] = state[name]
        self._gathered.restore(state)
        self._spool.restore(state, folder)

    def close(self, time: float) -> SparseFields:
        """End the interval now; what was kept of all of them.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        if self._gathered.looks:
            self._end(time)
        return SparseFields(self._spool.close(), self._names, len(self.times), self.grid.area.shape)

    def _end(self, time: float) -> None:
        looks = self._gathered.looks
        cells, sums = self._gathered.spread()
        values = _fields_of(sums, looks, self._names)
        density = values["density"]
        self._spool.add({"frame": np.full(len(cells), len(self.times), np.int32), "cell": cells, **values})
        self.times.append(time)
        _keep_highest(self.density_max, self.density_max_time, cells, density, time)
        if "crowd_pressure" in values:
            _keep_highest(self.pressure_max, self.pressure_max_time, cells, values["crowd_pressure"], time)
        self.exposure.ravel()[cells] += sums[:, EVERYBODY] * self.seconds
        self.time_dense.ravel()[cells[density > DENSE_PER_M2]] += np.float32(looks * self.seconds)


def _keep_highest(
    highest: NDArray[np.float32], when: NDArray[np.float32], cells: NDArray[np.int32], values: NDArray[np.float32], time: float
) -> None:
    higher = values > highest.ravel()[cells]
    highest.ravel()[cells[higher]] = values[higher]
    when.ravel()[cells[higher]] = time


def _fields_of(sums: NDArray[np.float64], looks: int, names: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """The variables of an interval from what was gathered in it, cell by cell."""
    out = {"density": sums[:, EVERYBODY] / looks}
    if len(names) > 1:
        with np.errstate(invalid="ignore", divide="ignore"):
            mean, square = sums[:, SPEED] / sums[:, MOVING], sums[:, SQUARE] / sums[:, MOVING]
            drift2 = (sums[:, EAST] / sums[:, MOVING]) ** 2 + (sums[:, NORTH] / sums[:, MOVING]) ** 2
        # rounding may leave a hair below zero
        out["mean_speed"] = mean
        out["speed_variance"] = np.maximum(square - mean**2, 0.0)
        out["crowd_pressure"] = np.nan_to_num(out["density"] * np.maximum(square - drift2, 0.0), nan=0.0)
    return {name: out[name].astype(np.float32) for name in names}
