"""What people do one after the other: stages, and which comes next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.sim.model import (
    STAGE_CHOOSE,
    STAGE_END,
    STAGE_LEAVE,
    STAGE_PASS,
    STAGE_QUEUE,
    STAGE_STAY,
    Choices,
    Journeys,
    Queues,
)

_KINDS = (STAGE_END, STAGE_PASS, STAGE_STAY, STAGE_LEAVE, STAGE_QUEUE, STAGE_CHOOSE)


class Stages(NamedTuple):
    """All stages of all journeys in one table.

    Attributes
    ----------
    goal : (S,) int32
        Goal of each; -1 where a journey has ended, and for a choice.
    kind : (S,) int8
        `STAGE_PASS` and its like.
    what : (S,) int32
        Row of `Queues` or of `Choices`; -1 for other kinds.
    until : (S,) float64
        Time at which a stay ends [s].
    wait : (S,) float64
        How long each stands still where it has passed [s].
    next : (S,) int32
        Stage that follows; an end follows itself.
    first : (J,) int32
        Where each journey begins.
    """

    goal: NDArray[np.int32]
    kind: NDArray[np.int8]
    what: NDArray[np.int32]
    until: NDArray[np.float64]
    wait: NDArray[np.float64]
    next: NDArray[np.int32]
    first: NDArray[np.int32]


def stages_of(journeys: Journeys, goals: int, queues: Queues | None = None, choices: Choices | None = None) -> Stages:
    """The table of some journeys.

    Parameters
    ----------
    journeys : Journeys
        Rows of stages; what follows an end does not count.
    goals : int
        How many goals there are.
    queues : Queues, optional
    choices : Choices, optional

    Raises
    ------
    ParameterError
        When the arrays do not fit together, a stage is of no known kind or at no goal, or choices lead only to each other.
    """
    goal, kind = np.asarray(journeys.goal, np.int32), np.asarray(journeys.kind, np.int8)
    until = np.asarray(journeys.until, np.float64)
    wait = np.zeros(goal.shape) if journeys.wait is None else np.asarray(journeys.wait, np.float64)
    if goal.ndim != 2 or not goal.shape == kind.shape == until.shape == wait.shape:
        raise ParameterError(
            f"`goal`, `kind` and `until` of the journeys have shapes {goal.shape}, {kind.shape} and {until.shape}",
            hint="each is (journeys, stages)",
        )
    kind = np.where(np.logical_or.accumulate(kind == STAGE_END, axis=1), STAGE_END, kind)
    used = kind != STAGE_END
    if not np.isin(kind, _KINDS).all():
        raise ParameterError("a stage of a journey is neither passed, stayed at nor left by")
    counts = {STAGE_QUEUE: 0 if queues is None else len(queues.goal), STAGE_CHOOSE: 0 if choices is None else len(choices.rule)}
    names = {STAGE_QUEUE: "queue", STAGE_CHOOSE: "choice"}
    for number, name in names.items():
        wrong = (kind == number) & ((goal < 0) | (goal >= counts[number]))
        if wrong.any():
            j, k = (int(index) for index in np.argwhere(wrong)[0])
            raise ParameterError(f"stage {k} of journey {j} is {name} {goal[j, k]}, of the {counts[number]} there are")
    at_goal = used & (kind != STAGE_QUEUE) & (kind != STAGE_CHOOSE)
    wrong = at_goal & ((goal < 0) | (goal >= goals))
    if wrong.any():
        j, k = (int(index) for index in np.argwhere(wrong)[0])
        raise ParameterError(f"stage {k} of journey {j} is goal {goal[j, k]}, of the {goals} goals there are")
    if np.isnan(until[used & (kind == STAGE_STAY)]).any():
        raise ParameterError("`until` of a stay is not a number", hint="give the time at which it ends, or inf")
    if not (wait[used] >= 0).all():
        raise ParameterError("`wait` of a stage is not a time", hint="give seconds, 0 for no waiting")
    rows, width = goal.shape
    # every row ends in a stage that follows itself, so nobody walks past its last one
    column = np.full((rows, 1), -1)
    what = np.where((kind == STAGE_QUEUE) | (kind == STAGE_CHOOSE), goal, -1)
    goal = np.where(at_goal, goal, -1)
    if queues is not None and len(queues.goal):
        goal = np.where(kind == STAGE_QUEUE, queues.goal[np.clip(what, 0, len(queues.goal) - 1)], goal)
    own = np.arange(rows * (width + 1), dtype=np.int32).reshape(rows, width + 1)
    following = own + 1
    following[:, width] = own[:, width]
    following[:, :width] = np.where(used, following[:, :width], own[:, :width])
    stages = Stages(
        np.ascontiguousarray(np.hstack([goal, column]).ravel(), np.int32),
        np.ascontiguousarray(np.hstack([kind, column * -STAGE_END]).ravel(), np.int8),
        np.ascontiguousarray(np.hstack([what, column]).ravel(), np.int32),
        np.hstack([until, np.full((rows, 1), np.inf)]).ravel(),
        np.hstack([wait, np.zeros((rows, 1))]).ravel(),
        following.ravel(),
        np.ascontiguousarray(own[:, 0]),
    )
    if choices is not None:
        _check_choices(choices, stages, rows)
    return stages


def _check_choices(choices: Choices, stages: Stages, journeys: int) -> None:
    """Refuse choices that point nowhere, weigh nothing, or only lead to each other."""
    for c in range(len(choices.rule)):
        rows = slice(choices.start[c], choices.start[c + 1])
        options, weight = choices.journey[rows], choices.weight[rows]
        if not len(options) or options.min() < 0 or options.max() >= journeys:
            raise ParameterError(f"choice {c} is between journeys {options.tolist()}, of the {journeys} there are")
        if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.sum() > 0):
            raise ParameterError(f"the weights of choice {c} are {weight.tolist()}", hint="give numbers of which one is positive")
        if (stages.kind[stages.first[options]] == STAGE_CHOOSE).any():
            raise ParameterError(f"choice {c} leads to another choice at once", hint="give the options of both in one")
