"""Who has stopped getting on, and where people are pressed together beyond what is survivable: said, with where and why."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.sim.crowd.state import ASK_DOOR, ASK_LEAVE, ASK_LINK, GONE_RADIUS
from twin.sim.model import STAGE_CHOOSE, STAGE_END

if TYPE_CHECKING:
    from twin.sim.crowd.engine import Crowd

LOOK_S = 5.0
"""How often the crowd is looked at."""

STALLED_S = 60.0
"""Who wants to go on and has not come `STALLED_M` further in this time is told."""

STALLED_M = 0.5

CRUSH_PER_M2 = 8.0
"""Beyond this people cannot be counted on to survive: the limit of what the models say anything about."""

JAM_PER_M2 = 3.0

_CIRCLE_M = 1.0


class Stall(NamedTuple):
    """Somebody who cannot get on.

    Attributes
    ----------
    person : int
    x, y : float
        Local [m].
    level : int
    since : float
        When it last came further [s].
    why : str
        ``no way``, ``end of journey``, ``door``, ``exit``, ``ride``, ``choice``, ``narrow``, ``jam`` or ``blocked``.
    number : int
        Of the door, exit, ride or choice; -1 for the others.
    density : float
        People within a metre, to the square metre [1/m2].
    """

    person: int
    x: float
    y: float
    level: int
    since: float
    why: str
    number: int
    density: float


class Crush(NamedTuple):
    """The closest that people have been pressed together.

    Attributes
    ----------
    density : float
        [1/m2]
    time : float
        [s]
    x, y : float
        Local [m].
    level : int
    """

    density: float
    time: float
    x: float
    y: float
    level: int


class Watch:
    """Looks at a crowd every few seconds.

    Parameters
    ----------
    people : int
        How many there are in all.

    Attributes
    ----------
    stalled : dict of int to Stall
        Everybody who has been stalled, by person, as it was when first seen.
    crush : Crush or None
        Where and when the density was highest, if it went beyond `CRUSH_PER_M2`.
    """

    def __init__(self, people: int) -> None:
        self.stalled: dict[int, Stall] = {}
        self.crush: Crush | None = None
        self._place = np.full((people, 2), np.nan, np.float32)
        self._since = np.zeros(people)

    def look(self, crowd: Crowd) -> None:
        """Compare where everybody is with where it last was when it had come further."""
        a, n = crowd.store.arrays, crowd.store.n
        here = np.flatnonzero(a["body"][:n] != GONE_RADIUS)
        person = a["person"][here]
        at = np.column_stack([a["x"][here], a["y"][here]])
        stands = (a["standing"][here] != 0) & (a["ask"][here] & 7 != ASK_LINK)  # who waits for a ride would rather be on it
        wants = ~stands & (a["slot"][here] < 0) & (a["hold"][here] <= crowd.time)
        known = np.isfinite(self._place[person, 0])
        moved = np.hypot(*(at - np.where(known[:, None], self._place[person], np.inf)).T) > STALLED_M
        on = ~known | moved | ~wants
        self._place[person[on]] = at[on]
        self._since[person[on]] = crowd.time
        for q in np.flatnonzero(~on & (crowd.time - self._since[person] >= STALLED_S)):
            if int(person[q]) not in self.stalled:
                self.stalled[int(person[q])] = self._explain(crowd, int(here[q]))
        self._press(crowd, here)

    def _explain(self, crowd: Crowd, i: int) -> Stall:
        a = crowd.store.arrays
        stage = a["stage"][i]
        kind, goal = crowd.stages.kind[stage], crowd.stages.goal[stage]
        number, ask = divmod(int(a["ask"][i]), 8)
        density = _density(a["x"], a["y"], a["level"], crowd.store.n, i)
        row, column = crowd.cell_of(a["x"][i], a["y"][i])
        why = "blocked"
        if kind == STAGE_END:
            why, number = "end of journey", -1
        elif kind == STAGE_CHOOSE:
            why, number = "choice", int(crowd.stages.what[stage])
        elif ask == ASK_DOOR:
            why = "door"
        elif ask == ASK_LEAVE:
            why = "exit"
        elif ask == ASK_LINK:
            why = "ride"
        elif a["node"][i] < 0 or not math.isfinite(crowd.routes.time[a["ways"][i] + goal, a["node"][i]]):
            why, number = "no way", -1
        elif density >= JAM_PER_M2:
            why, number = "jam", -1
        elif crowd.floor.distance[a["level"][i], row, column] < a["radius"][i]:
            why, number = "narrow", -1
        else:
            number = -1
        return Stall(
            int(a["person"][i]), float(a["x"][i]), float(a["y"][i]), int(a["level"][i]), float(self._since[a["person"][i]]), why,
            number, density,
        )  # fmt: skip

    def _press(self, crowd: Crowd, here: NDArray[np.int64]) -> None:
        """Look for the densest place: more people within the reach of a person's list than fit there."""
        a, n = crowd.store.arrays, crowd.store.n
        listed = a["number"][:n]
        # a circle of a metre holds so many people at the limit; who has fewer neighbours cannot be beyond it
        many = here[listed[here] + 1 >= CRUSH_PER_M2 * math.pi * _CIRCLE_M**2]
        if not len(many):
            return
        near = crowd.store.near()
        for i in many[np.argsort(-listed[many], kind="stable")][:64]:
            rows = near.row[near.first[i] : near.first[i] + near.number[i]]
            inside = np.hypot(a["x"][rows] - a["x"][i], a["y"][rows] - a["y"][i]) <= _CIRCLE_M
            density = (1.0 + float(np.count_nonzero(inside & (a["body"][rows] != GONE_RADIUS)))) / (math.pi * _CIRCLE_M**2)
            if density > CRUSH_PER_M2 and (self.crush is None or density > self.crush.density):
                self.crush = Crush(density, crowd.time, float(a["x"][i]), float(a["y"][i]), int(a["level"][i]))

    def state(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        whys = np.array([stall.why for stall in self.stalled.values()], dtype="U16")
        rest = [(s.person, s.x, s.y, s.level, s.since, s.number, s.density) for s in self.stalled.values()]
        crush = np.array([] if self.crush is None else [*self.crush], np.float64)
        numbers = np.array(rest, np.float64).reshape(-1, 7)
        return {
            "watch_place": self._place, "watch_since": self._since, "watch_why": whys, "watch_stalled": numbers,
            "watch_crush": crush,
        }  # fmt: skip

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """The other way round."""
        self._place, self._since = state["watch_place"].copy(), state["watch_since"].copy()
        self.stalled = {
            int(p): Stall(int(p), float(x), float(y), int(level), float(since), str(why), int(number), float(density))
            for (p, x, y, level, since, number, density), why in zip(state["watch_stalled"], state["watch_why"], strict=True)
        }
        crush = state["watch_crush"]
        self.crush = None
        if len(crush):
            density, time, x, y, level = crush.tolist()
            self.crush = Crush(density, time, x, y, int(level))


def _density(x: NDArray[np.float64], y: NDArray[np.float64], level: NDArray[np.int32], n: int, i: int) -> float:
    """People within a metre of person i, itself included, to the square metre [1/m2]."""
    inside = (level[:n] == level[i]) & (np.hypot(x[:n] - x[i], y[:n] - y[i]) <= _CIRCLE_M)
    return float(np.count_nonzero(inside)) / (math.pi * _CIRCLE_M**2)
