"""What people do one after the other: stages, and which comes next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.sim.model import STAGE_END, STAGE_LEAVE, STAGE_PASS, STAGE_STAY, Journeys


class Stages(NamedTuple):
    """All stages of all journeys in one table.

    Attributes
    ----------
    goal : (S,) int32
        Goal of each; -1 where a journey has ended.
    kind : (S,) int8
        `STAGE_PASS`, `STAGE_STAY`, `STAGE_LEAVE` or `STAGE_END`.
    until : (S,) float64
        Time at which a stay ends [s].
    next : (S,) int32
        Stage that follows; an end follows itself.
    first : (J,) int32
        Where each journey begins.
    """

    goal: NDArray[np.int32]
    kind: NDArray[np.int8]
    until: NDArray[np.float64]
    next: NDArray[np.int32]
    first: NDArray[np.int32]


def stages_of(journeys: Journeys, goals: int) -> Stages:
    """The table of some journeys.

    Parameters
    ----------
    journeys : Journeys
        Rows of stages; what follows an end does not count.
    goals : int
        How many goals there are.

    Raises
    ------
    ParameterError
        When the arrays do not fit together, or a stage is of no known kind or at no goal.
    """
    goal, kind = np.asarray(journeys.goal, np.int32), np.asarray(journeys.kind, np.int8)
    until = np.asarray(journeys.until, np.float64)
    if goal.ndim != 2 or not goal.shape == kind.shape == until.shape:
        raise ParameterError(
            f"`goal`, `kind` and `until` of the journeys have shapes {goal.shape}, {kind.shape} and {until.shape}",
            hint="each is (journeys, stages)",
        )
    kind = np.where(np.logical_or.accumulate(kind == STAGE_END, axis=1), STAGE_END, kind)
    used = kind != STAGE_END
    if not np.isin(kind, (STAGE_END, STAGE_PASS, STAGE_STAY, STAGE_LEAVE)).all():
        raise ParameterError("a stage of a journey is neither passed, stayed at nor left by")
    wrong = used & ((goal < 0) | (goal >= goals))
    if wrong.any():
        j, k = (int(index) for index in np.argwhere(wrong)[0])
        raise ParameterError(f"stage {k} of journey {j} is goal {goal[j, k]}, of the {goals} goals there are")
    if np.isnan(until[used & (kind == STAGE_STAY)]).any():
        raise ParameterError("`until` of a stay is not a number", hint="give the time at which it ends, or inf")
    rows, width = goal.shape
    # every row ends in a stage that follows itself, so nobody walks past its last one
    column = np.full((rows, 1), -1)
    goal = np.where(used, goal, -1)
    number = np.arange(rows * (width + 1), dtype=np.int32).reshape(rows, width + 1)
    following = number + 1
    following[:, width] = number[:, width]
    following[:, :width] = np.where(used, following[:, :width], number[:, :width])
    return Stages(
        np.ascontiguousarray(np.hstack([goal, column]).ravel(), np.int32),
        np.ascontiguousarray(np.hstack([kind, column * -STAGE_END]).ravel(), np.int8),
        np.hstack([until, np.full((rows, 1), np.inf)]).ravel(),
        following.ravel(),
        np.ascontiguousarray(number[:, 0]),
    )
