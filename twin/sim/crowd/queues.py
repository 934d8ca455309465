"""Lines of people before a counter: first come, first served, each in a place of its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.rng import stream, uniform
from twin.sim.model import Queues

if TYPE_CHECKING:
    from twin.sim.crowd.engine import Crowd

AT_PLACE_M = 0.75
"""Who is this near to its place is there: service begins."""

_SERVICE = stream("crowd/service")


def checked_queues(queues: Queues, goals: int) -> Queues:
    """Queues whose arrays fit together.

    Raises
    ------
    ParameterError
        When they do not, or nobody could ever be served.
    """
    count = len(queues.goal)
    start = np.asarray(queues.start, np.int64)
    place = np.ascontiguousarray(queues.place, np.float64).reshape(-1, 2)
    if start.shape != (count + 1,) or (np.diff(start) < 1).any() or start[-1] != len(place):
        raise ParameterError("every queue needs at least one place to stand", hint="`start` points to the first place of each")
    servers = np.asarray(queues.servers, np.int32)
    service, spread = np.asarray(queues.service_s, np.float64), np.asarray(queues.spread, np.float64)
    for name, values, good in (
        ("servers", servers, servers >= 1), ("service_s", service, np.isfinite(service) & (service >= 0)),
        ("spread", spread, (spread >= 0) & (spread <= 1)), ("goal", np.asarray(queues.goal), None),
    ):  # fmt: skip
        if values.shape != (count,):
            raise ParameterError(f"`{name}` of the queues has shape {values.shape}, not ({count},)")
        if good is not None and not good.all():
            q = int(np.flatnonzero(~good)[0])
            raise ParameterError(f"`{name}` of queue {q} is {values[q]}")
    if count and not (np.min(queues.goal) >= 0 and np.max(queues.goal) < goals):
        raise ParameterError(f"a queue is at a goal that is not one of the {goals} there are")
    return Queues(np.asarray(queues.goal, np.int32), start, place, servers, service, spread)


class Lines:
    """Who stands in which queue.

    Attributes
    ----------
    members : list of list of int
        Of each queue, the people in it in the order in which they came.
    until : list of dict of int to float
        Of each queue, when the service of whom ends [s].
    served : list of int
        Of each queue, how many have been.
    """

    def __init__(self, queues: Queues, seed: int) -> None:
        self.queues, self.seed = queues, seed
        self.members: list[list[int]] = [[] for _ in queues.goal]
        self.until: list[dict[int, float]] = [{} for _ in queues.goal]
        self.served = [0 for _ in queues.goal]

    def join(self, crowd: Crowd, row: int, queue: int) -> None:
        """Take who stands in a row of the crowd into a queue."""
        self.members[queue].append(int(crowd.store.arrays["person"][row]))
        crowd.store.arrays["slot"][row] = self._slot(queue, len(self.members[queue]) - 1)

    def state(self) -> dict[str, NDArray[Any]]:
        """Who stands where, as plain arrays."""
        out: dict[str, NDArray[Any]] = {"queue_served": np.array(self.served, np.int64)}
        for q, (line, until) in enumerate(zip(self.members, self.until, strict=True)):
            out[f"queue_{q}"] = np.array([(person, until.get(person, np.nan)) for person in line], np.float64).reshape(-1, 2)
        return out

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """The other way round."""
        self.served = [int(count) for count in state["queue_served"]]
        for q in range(len(self.members)):
            rows = state[f"queue_{q}"]
            self.members[q] = [int(person) for person, _ in rows]
            self.until[q] = {int(person): float(end) for person, end in rows if end == end}

    def leave(self, crowd: Crowd, row: int) -> None:
        """Let who stands in a row of the crowd out of its queue before its turn."""
        a = crowd.store.arrays
        person = int(a["person"][row])
        a["slot"][row] = -1
        for q, line in enumerate(self.members):
            if person in line:
                line.remove(person)
                self.until[q].pop(person, None)
                self._move_up(crowd, q)

    def _move_up(self, crowd: Crowd, queue: int) -> None:
        row_of = crowd.store.rows_by_person()
        for k, person in enumerate(self.members[queue]):
            crowd.store.arrays["slot"][row_of[person]] = self._slot(queue, k)

    def serve(self, crowd: Crowd) -> None:
        """Begin services at the counter and end those that are over; the others move up."""
        if not any(self.members):
            return
        a = crowd.store.arrays
        row_of = crowd.store.rows_by_person()
        now = crowd.time + crowd.dt
        for q, line in enumerate(self.members):
            done = [person for person, end in self.until[q].items() if end <= now + 1e-9]
            for person in done:
                del self.until[q][person]
                line.remove(person)
                self.served[q] += 1
                i = row_of[person]
                a["slot"][i] = -1
                crowd.send_row(int(i), int(crowd.stages.next[a["stage"][i]]))
            if done:
                self._move_up(crowd, q)
            for person in line[: self.queues.servers[q]]:
                i = row_of[person]
                x, y = self.queues.place[a["slot"][i]]
                if person not in self.until[q] and math.hypot(a["x"][i] - x, a["y"][i] - y) < AT_PLACE_M:
                    self.until[q][person] = now + self._service(q, person)

    def _slot(self, queue: int, k: int) -> int:
        first, last = self.queues.start[queue], self.queues.start[queue + 1]
        return int(min(first + k, last - 1))

    def _service(self, queue: int, person: int) -> float:
        """Seconds at the counter."""
        mean, spread = self.queues.service_s[queue], self.queues.spread[queue]
        if spread < 0.05:
            return float(mean)
        # Erlang's distribution of k parts has the coefficient of variation 1 / sqrt(k)
        parts = max(1, round(1.0 / spread**2))
        logs = sum(math.log1p(-uniform(self.seed, _SERVICE, person, 64 * queue + part)) for part in range(min(parts, 64)))
        return float(-mean * logs / min(parts, 64))
