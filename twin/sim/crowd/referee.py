"""Who is let through: doors and exits by their hours and capacity, queues by their servers, choices by their rule.

Few ask at any moment, so this is plain Python, person after person in an order that does not depend on how the rows happen
to be sorted: by how long each has asked, then by person.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.rng import stream, uniform
from twin.sim.crowd.queues import Lines
from twin.sim.crowd.rides import Carriage
from twin.sim.crowd.state import ASK_CHOICE, ASK_DOOR, ASK_LEAVE, ASK_LINK, ASK_QUEUE
from twin.sim.model import (
    CHOOSE_LEAST_CROWDED,
    CHOOSE_NEAREST,
    CHOOSE_WEIGHTED,
    STAGE_CHOOSE,
    Choices,
    Doors,
    Hours,
    Queues,
    Rides,
)

if TYPE_CHECKING:
    from twin.sim.crowd.engine import Crowd

_LOT = stream("crowd/choice")


def always_open(count: int) -> Hours:
    """Hours of what is never shut and lets through as many as come."""
    return Hours(np.full(count, np.inf), np.full((count, 1), -np.inf), np.full((count, 1), np.inf))


def checked_hours(hours: Hours | None, count: int, name: str) -> Hours:
    """Hours of so many doors or exits, with arrays that fit.

    Raises
    ------
    ParameterError
        When they do not, when a capacity is negative, or when something closes before it opens.
    """
    if hours is None:
        return always_open(count)
    per_s = np.asarray(hours.per_s, np.float64)
    opens, closes = (np.asarray(times, np.float64) for times in (hours.opens, hours.closes))
    if per_s.shape != (count,) or opens.shape != closes.shape or opens.ndim != 2 or len(opens) != count:
        raise ParameterError(f"the hours of the {name} have shapes {per_s.shape}, {opens.shape} and {closes.shape}, for {count}")
    bad = np.flatnonzero(~(per_s >= 0))
    if len(bad):
        raise ParameterError(f"the capacity of {name} {int(bad[0])} is {per_s[bad[0]]}", hint="give people a second, 0 or more")
    if (closes < opens).any():
        raise ParameterError(f"one of the {name} closes before it opens")
    return Hours(per_s, opens, closes)


class Passage:
    """Doors of one kind: which are open, and how many may pass each still.

    Parameters
    ----------
    hours : Hours

    Attributes
    ----------
    open : (M,) bool
        By the clock and by hand.
    guarded : (M,) bool
        Which ask for a referee: those that are shut or let through only some.
    """

    def __init__(self, hours: Hours) -> None:
        self.hours = hours
        self.credit = np.zeros(len(hours.per_s))
        self.by_hand = np.zeros(len(hours.per_s), np.int8)
        self.open = np.ones(len(hours.per_s), np.bool_)
        always = (hours.opens == -np.inf) & (hours.closes == np.inf)
        self._never_guarded = bool(np.isinf(hours.per_s).all() and always.any(axis=1).all())
        self.look_at_clock(0.0)

    @property
    def unguarded(self) -> bool:
        """Whether none is ever shut or lets through only some, as far as the clock and hands have said."""
        return self._never_guarded and not self.by_hand.any()

    def look_at_clock(self, now: float) -> bool:
        """Look at the clock; True when something has opened or closed."""
        on_time = ((self.hours.opens <= now + 1e-9) & (now + 1e-9 < self.hours.closes)).any(axis=1)
        state: NDArray[np.bool_] = np.where(self.by_hand == 0, on_time, self.by_hand > 0)
        changed = bool((state != self.open).any())
        self.credit[~state] = 0.0
        self.open = state
        self.guarded = ~state | np.isfinite(self.hours.per_s)
        return changed

    def take_open(self, state: NDArray[np.bool_]) -> None:
        """Have what was open at an earlier moment open again."""
        self.open = state.copy()
        self.guarded = ~self.open | np.isfinite(self.hours.per_s)

    def earn(self, dt: float) -> None:
        """Let a step's worth of people more through; what nobody used is kept for one person only."""
        rate = np.where(np.isfinite(self.hours.per_s), self.hours.per_s, 0.0) * dt
        self.credit = np.where(self.open, np.minimum(self.credit + rate, 1.0 + rate), 0.0)

    def lets(self, m: int) -> bool:
        """Whether one more may pass now; takes the place when so."""
        if not self.open[m]:
            return False
        if math.isinf(self.hours.per_s[m]):
            return True
        if self.credit[m] < 1.0 - 1e-9:
            return False
        self.credit[m] -= 1.0
        return True


class Referee:
    """Looks after who asks for something.

    Parameters
    ----------
    doors : Doors
    exits : Hours
        Of every goal.
    queues : Queues, optional
    choices : Choices, optional
    seed : int
    rides : Rides, optional
    """

    def __init__(
        self, doors: Doors, exits: Hours, queues: Queues | None, choices: Choices | None, seed: int, rides: Rides | None = None
    ) -> None:
        self.doors, self.exits = Passage(doors.hours), Passage(exits)
        self.lines = Lines(queues, seed) if queues is not None and len(queues.goal) else None
        self.choices, self.seed = choices, seed
        self.carriage = None if rides is None else Carriage(rides, seed)

    def look_at_clock(self, now: float) -> bool:
        """Look at the clock; True when a door or an exit has opened or closed."""
        doors = self.doors.look_at_clock(now)
        return self.exits.look_at_clock(now) or doors

    @property
    def idle(self) -> bool:
        """Whether there is nothing to look after but choices."""
        return self.lines is None and self.carriage is None and self.doors.unguarded and self.exits.unguarded

    def decide(self, crowd: Crowd, happened: bool) -> None:
        """Answer everybody who asks after a step; nobody does unless something `happened`."""
        self.doors.earn(crowd.dt)
        self.exits.earn(crowd.dt)
        if self.carriage is not None:
            self.carriage.earn(crowd.step, crowd.dt)
        store = crowd.store
        if happened:
            a, rows = store.arrays, store.rows_with_news()
            rows = rows[a["ask"][rows] != 0]
            order = np.lexsort((a["person"][rows], a["since"][rows]))
            for i in rows[order]:
                number, kind = divmod(int(a["ask"][i]), 8)
                if kind == ASK_DOOR and self.doors.lets(number):
                    crowd.let_through(int(i))
                elif kind == ASK_LEAVE and self.exits.lets(number):
                    a["left_goal"][i] = number
                elif kind == ASK_QUEUE and self.lines is not None:
                    self.lines.join(crowd, int(i), number)
                elif kind == ASK_LINK and self.carriage is not None and self.carriage.lets(number):
                    self.carriage.board(crowd, int(i), number)
                elif kind == ASK_CHOICE:
                    self.choose(crowd, int(i), number)
        if self.lines is not None:
            self.lines.serve(crowd)
        if self.carriage is not None:
            self.carriage.get_off(crowd)

    def choose(self, crowd: Crowd, i: int, c: int) -> None:
        """Send who stands in row i along one of the journeys of a choice."""
        assert self.choices is not None
        rows = slice(self.choices.start[c], self.choices.start[c + 1])
        options, weight = self.choices.journey[rows], self.choices.weight[rows].astype(np.float64)
        first = crowd.stages.first[options]
        goal = crowd.stages.goal[first]
        a = crowd.store.arrays
        node, ways = a["node"][i], a["ways"][i]
        seconds = np.where(goal >= 0, crowd.routes.time[ways + np.maximum(goal, 0), max(node, 0)], 0.0)
        can = (weight > 0) & np.isfinite(seconds)
        open_ = can & np.where(goal >= 0, self.exits.open[np.maximum(goal, 0)], True)
        if open_.any():
            can = open_
        if not can.any():
            return  # it stands until something opens
        rule = self.choices.rule[c]
        if rule == CHOOSE_NEAREST:
            pick = int(np.argmin(np.where(can, seconds, np.inf)))
        elif rule == CHOOSE_LEAST_CROWDED:
            bound = np.array([crowd.bound_for(int(stage)) for stage in first], np.float64)
            pick = int(np.argmin(np.where(can, (bound + 1.0) / np.maximum(weight, 1e-12), np.inf)))
        elif rule == CHOOSE_WEIGHTED:
            edges = np.cumsum(np.where(can, weight, 0.0))
            lot = uniform(self.seed, _LOT, int(a["person"][i]), int(a["stage"][i]) + 4096 * crowd.step)
            pick = int(np.searchsorted(edges, lot * edges[-1], side="right"))
        else:
            raise ParameterError(f"there is no rule {int(rule)} of choice")
        crowd.send_row(i, int(first[pick]))

    def choose_again(self, crowd: Crowd) -> None:
        """Let everybody choose anew who is on the way to an exit that is closed and came from a choice."""
        if self.choices is None:
            return
        stages, a, n = crowd.stages, crowd.store.arrays, crowd.store.n
        forks = np.flatnonzero(stages.kind == STAGE_CHOOSE)
        for fork in forks:
            c = int(stages.what[fork])
            options = stages.first[self.choices.journey[self.choices.start[c] : self.choices.start[c + 1]]]
            goal = stages.goal[options]
            shut = options[(goal >= 0) & ~self.exits.open[np.maximum(goal, 0)]]
            if len(shut) and len(shut) < len(options):
                bound = np.isin(a["stage"][:n], shut)
                a["stage"][:n][bound], a["calm"][:n][bound] = fork, 0
