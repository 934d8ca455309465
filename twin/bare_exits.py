"""Which exit each person of a bare crowd takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError, UnreachableError, did_you_mean
from twin.rng import uniforms
from twin.sim.model import (
    CHOOSE_LEAST_CROWDED,
    CHOOSE_NEAREST,
    STAGE_CHOOSE,
    STAGE_LEAVE,
    Choices,
    Journeys,
)

EXAMPLE = "give numbers from 0, not all of them 0, such as to={'west': 45, 'north': 20}"
RULES = {"nearest": CHOOSE_NEAREST, "least-crowded": CHOOSE_LEAST_CROWDED}


class Ways(NamedTuple):
    """Journeys of a bare crowd.

    Attributes
    ----------
    journeys : Journeys
        One to each exit; then, when people choose, the one that begins with the choice.
    choices : Choices or None
    journey : (N,) int32
        Of each person.
    """

    journeys: Journeys
    choices: Choices | None
    journey: NDArray[np.int32]


def choose_exits(to: Any, choice: str | None, names: Sequence[str], seconds: NDArray[np.float32], seed: int) -> Ways:
    """The journeys that `simulate_crowd` is asked for.

    Parameters
    ----------
    to : mapping of str to float, sequence of str, or None
        Shares by exit, or the exit of each person; None for all exits alike.
    choice : {"nearest", "least-crowded"}, optional
        Rule by which people choose among these exits when they set out.
    names : sequence of str
        Of the exits.
    seconds : (E, N) float32
        Time on foot from each start to each exit; infinite where there is no way [s].
    seed : int

    Raises
    ------
    ParameterError
        For exits or a rule that are not there, shares that are none, or a list that is not as long as there are people.
    UnreachableError
        When somebody cannot reach the exit it is sent to.
    """
    exits, count = seconds.shape
    rows: list[tuple[int, int]] = [(e, STAGE_LEAVE) for e in range(exits)]
    shares = None
    if isinstance(to, Mapping):
        shares = _shares(to, names)
        picked = _drawn(np.where(np.isfinite(seconds), shares[:, None], 0.0), seed)
    elif to is not None:
        picked = _one_each(to, names, count)
    else:
        picked = np.argmin(seconds, axis=0).astype(np.int32)
    choices = None
    if choice is not None:
        if choice not in RULES:
            meant = did_you_mean(str(choice), RULES)
            raise ParameterError(f"`choice` is {choice!r}{meant}", hint=f"it is one of: {', '.join(RULES)}")
        if to is not None and shares is None:
            raise ParameterError("`to` names the exit of each person, and `choice` lets them choose", hint="give one of them")
        weight = np.ones(exits) if shares is None else shares
        open_ = np.flatnonzero(weight > 0.0).astype(np.int32)
        choices = Choices(np.array([RULES[choice]], np.int8), np.array([0, len(open_)], np.int64), open_, weight[open_])
        rows.append((0, STAGE_CHOOSE))
        lost = np.flatnonzero(~np.isfinite(seconds[open_]).any(axis=0))
        picked = np.full(count, exits, np.int32)
    else:
        lost = np.flatnonzero(~np.isfinite(seconds[picked, np.arange(count)]))
    if len(lost):
        raise UnreachableError(f"{len(lost)} people cannot reach the exit they are sent to, the first being person {lost[0]}")
    goal, kind = np.array(rows, np.int32).reshape(-1, 2).T
    journeys = Journeys(goal[:, None].copy(), kind[:, None].astype(np.int8), np.full((len(rows), 1), np.inf))
    return Ways(journeys, choices, picked)


def _number(name: Any, names: Sequence[str]) -> int:
    if str(name) not in names:
        raise ParameterError(f"there is no exit `{name}`{did_you_mean(str(name), names)}", hint=f"there are: {', '.join(names)}")
    return list(names).index(str(name))


def _shares(to: Mapping[Any, Any], names: Sequence[str]) -> NDArray[np.float64]:
    """Share of each exit, (E,)."""
    out = np.zeros(len(names))
    for name, share in to.items():
        number = _number(name, names)
        if not (isinstance(share, int | float) and math.isfinite(share) and share >= 0):
            raise ParameterError(f"the share of exit `{name}` is {share!r}", hint=EXAMPLE)
        out[number] = share
    if not out.sum() > 0:
        raise ParameterError("nobody goes to any exit", hint=EXAMPLE)
    return out


def _one_each(to: Any, names: Sequence[str], count: int) -> NDArray[np.int32]:
    if isinstance(to, str):
        return np.full(count, _number(to, names), np.int32)
    try:
        given = [str(name) for name in to]
    except TypeError:
        raise ParameterError("`to` names no exits", hint="give shares by exit, or the exit of each person") from None
    if len(given) != count:
        raise ParameterError(f"`to` names {len(given)} exits for {count} people", hint="give the exit of each person, or shares")
    known = {name: _number(name, names) for name in dict.fromkeys(given)}
    return np.array([known[name] for name in given], np.int32).reshape(count)


def _drawn(weight: NDArray[np.float64], seed: int) -> NDArray[np.int32]:
    """An exit for each person by lot, in proportion to its weights (E, N); the first where it has none."""
    edges = np.cumsum(weight, axis=0)
    lots = uniforms(seed, "to", weight.shape[1]) * edges[-1]
    found: NDArray[np.int32] = np.minimum((lots >= edges).sum(axis=0), len(weight) - 1).astype(np.int32)
    return np.where(edges[-1] > 0.0, found, np.argmax(weight.sum(axis=1))).astype(np.int32)
