"""How many people there are, how many have gone where, and how many are in which area."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.reporters.look import Look
from twin.sim.crowd.counts import Areas, count_inside, count_passed


class NumbersReporter:
    """Counts people: present, waiting, gone, by exit, across lines, in areas and carried by lifts and escalators.

    Parameters
    ----------
    stride : int
    exits : mapping of name to goal, as pairs
        Goals by which people leave.
    lines : sequence of str
        Names of the lines of the crowd, in their order.
    areas : Areas
    area_names : sequence of str
    rides : sequence of str
        Names of the rides of the crowd, in their order; those of one name are counted together.
    """

    keeps = "numbers"

    def __init__(
        self, stride: int, exits: Sequence[tuple[str, int]], *, lines: Sequence[str] = (), areas: Areas | None = None,
        area_names: Sequence[str] = (), rides: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.stride = stride
        self._goals = tuple(goal for _, goal in exits)
        self._areas, self._lines = areas, len(lines)
        self._rides = [[k for k, other in enumerate(rides) if other == name] for name in dict.fromkeys(rides)]
        self._columns = [
            "time_s", "present", "waiting", "left", *(f"exit_{name}" for name, _ in exits),
            *(f"line_{name}_{what}" for name in lines for what in ("right", "left", "people")),
            *(f"area_{name}" for name in area_names), *(["riding"] if rides else []),
            *(f"ride_{name}" for name in dict.fromkeys(rides)),
        ]  # fmt: skip
        self._rows: list[list[float]] = []

    def begin(self, look: Look) -> None:
        """The first moment is one of the series."""
        self.report(look)

    def report(self, look: Look) -> None:
        """Count the present moment."""
        crowd = look.crowd
        row: list[float] = [look.time, crowd.present, crowd.waiting, crowd.left]
        row += [int(np.count_nonzero(crowd.exit_goal == goal)) for goal in self._goals]
        if self._lines:
            row += count_passed(crowd.passed).ravel().tolist()
        if self._areas is not None and len(self._areas.level):
            now = look.now
            row += count_inside(self._areas, now.x, now.y, now.level).tolist()
        if self._rides and crowd.referee.carriage is not None:
            carried = crowd.referee.carriage.carried
            row += [crowd.riding, *(int(carried[numbers].sum()) for numbers in self._rides)]
        self._rows.append(row)

    def state(self, folder: Path) -> dict[str, NDArray[Any]]:
        """The rows so far."""
        return {"rows": np.array(self._rows, np.float64).reshape(-1, len(self._columns))}

    def restore(self, state: dict[str, NDArray[Any]], folder: Path) -> None:
        """Go on after those rows.

        Raises
        ------
        ValueError
            When they are not of this reporter.
        """
        if state["rows"].ndim != 2 or state["rows"].shape[1] != len(self._columns):
            raise ValueError("the numbers have other columns")
        self._rows = [[time, *map(int, counts)] for time, *counts in state["rows"].tolist()]

    def close(self) -> pd.DataFrame:
        """One row a moment: ``time_s``, ``present``, ``waiting``, ``left``, and the columns of exits, lines, areas and rides."""
        return pd.DataFrame(self._rows, columns=self._columns)
