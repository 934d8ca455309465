"""How many people there are, and how many have gone where."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.reporters.look import Look


class NumbersReporter:
    """Counts people: present, waiting, gone, and by exit.

    Parameters
    ----------
    stride : int
    exits : tuple of int
        Goals by which people leave.
    """

    def __init__(self, stride: int, exits: tuple[int, ...]) -> None:
        self.stride, self.exits = stride, exits
        self.rows: list[list[float]] = []
        self.passed: list[NDArray[np.int64]] = []

    def begin(self, look: Look) -> None:
        """The first moment is one of the series."""
        self.report(look)

    def report(self, look: Look) -> None:
        """Count the present moment."""
        crowd = look.crowd
        by_exit = [int(np.count_nonzero(crowd.exit_goal == goal)) for goal in self.exits]
        self.rows.append([look.time, crowd.present, crowd.waiting, crowd.left, *by_exit])
        self.passed.append(crowd.passed.sum(axis=0, dtype=np.int64))
