"""Escalators and lifts: who steps on is gone from the floor until the ride is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.jit import njit
from twin.rng import stream, uniform
from twin.sim.model import Links, Rides

if TYPE_CHECKING:
    from twin.sim.crowd.engine import Crowd

_PLACE = stream("crowd/off the ride")


class Lobbies(NamedTuple):
    """Where people step onto links.

    Attributes
    ----------
    start : (M + 1,) int64
        First row of `cells` of each link.
    cells : (E, 3) int32
        Level, row and column of its entry cells.
    node : (E,) int32
        Node of each.
    link : (E,) int32
        Whose each is.
    """

    start: NDArray[np.int64]
    cells: NDArray[np.int32]
    node: NDArray[np.int32]
    link: NDArray[np.int32]


def lobbies_of(links: Links | None, node: NDArray[np.int32]) -> Lobbies:
    """The entry cells of links on a floor whose nodes are numbered so, (L, H, W) int32; none without links."""
    if links is None:
        return Lobbies(np.zeros(1, np.int64), np.empty((0, 3), np.int32), np.empty(0, np.int32), np.empty(0, np.int32))
    start, cells = np.asarray(links.entry_start, np.int64), np.ascontiguousarray(links.entry_cells, np.int32)
    link = np.repeat(np.arange(len(links.seconds)), np.diff(start)).astype(np.int32)
    return Lobbies(start, cells, node[tuple(cells.T)], link)


@njit()
def link_at(lobbies: Any, takes: Any, node: Any) -> Any:
    """Link that who stands on a node steps onto, when it does so at the entry cells that it `takes`, (E,) bool; -1 for none."""
    for e in range(lobbies.node.shape[0]):
        if lobbies.node[e] == node and takes[e]:
            return lobbies.link[e]
    return -1


def checked_rides(rides: Rides) -> Rides:
    """Rides whose arrays fit together.

    Raises
    ------
    ParameterError
        When they do not, or one carries nobody.
    """
    count = len(rides.links.seconds)
    ride, rate, every = (np.asarray(v, np.float64) for v in (rides.ride_s, rides.per_s, rides.every_s))
    seats = np.asarray(rides.seats, np.int32)
    for name, values, good, wanted in (
        ("ride_s", ride, np.isfinite(ride) & (ride >= 0), "give seconds, 0 or more"),
        ("per_s", rate, rate > 0, "give people a second, above 0"),
        ("every_s", every, np.isfinite(every) & (every >= 0), "give seconds, 0 for what runs without pause"),
        ("seats", seats, seats >= 1, "give 1 or more"),
    ):
        if values.shape != (count,):
            raise ParameterError(f"`{name}` of the rides has shape {values.shape}, not ({count},)")
        if not good.all():
            m = int(np.flatnonzero(~good)[0])
            raise ParameterError(f"`{name}` of ride {m} is {values[m]}", hint=wanted)
    allowed = None if rides.allowed is None else np.asarray(rides.allowed, np.bool_)
    if allowed is not None and (allowed.ndim != 2 or allowed.shape[1] != count):
        raise ParameterError(f"`allowed` of the rides has shape {allowed.shape}", hint=f"it is (profiles, {count})")
    return Rides(rides.links, ride, rate, every, seats, allowed)


class Carriage:
    """Who rides where, and who may step on now.

    Attributes
    ----------
    aboard : list of (float, int, int)
        When each gets off [s], person and link.
    carried : (M,) int64
        People who have stepped on each.
    """

    def __init__(self, rides: Rides, seed: int) -> None:
        self.rides, self.seed = rides, seed
        self.aboard: list[tuple[float, int, int]] = []
        self.carried = np.zeros(len(rides.ride_s), np.int64)
        self.credit = np.zeros(len(rides.ride_s))

    def earn(self, step: int, dt: float) -> None:
        """Let people on for a step: what departs now takes as many as it has seats for."""
        rides = self.rides
        pause = rides.every_s > 0
        stride = np.maximum(1, np.rint(rides.every_s / dt).astype(np.int64))
        departs = pause & ((step + 1) % stride == 0)
        rate = np.where(np.isfinite(rides.per_s), rides.per_s, 0.0) * dt
        running = np.minimum(self.credit + rate, np.maximum(1.0, rate))
        self.credit = np.where(pause, np.where(departs, rides.seats, 0.0), running)

    def lets(self, link: int) -> bool:
        """Whether one more may step on now; takes the place when so."""
        if self.rides.every_s[link] == 0 and np.isinf(self.rides.per_s[link]):
            return True
        if self.credit[link] < 1.0 - 1e-9:
            return False
        self.credit[link] -= 1.0
        return True

    def board(self, crowd: Crowd, row: int, link: int) -> None:
        """Take who stands in a row of the crowd aboard."""
        person = int(crowd.store.arrays["person"][row])
        self.aboard.append((crowd.time + crowd.dt + float(self.rides.ride_s[link]), person, link))
        self.carried[link] += 1
        crowd.keep_for_later(row)

    def get_off(self, crowd: Crowd) -> None:
        """Put those whose ride is over at the other end, where they wait until there is room."""
        now = crowd.time + crowd.dt
        over = sorted(ride for ride in self.aboard if ride[0] <= now + 1e-9)
        if not over:
            return
        self.aboard = [ride for ride in self.aboard if ride[0] > now + 1e-9]
        links, floor = self.rides.links, crowd.floor
        for _, person, link in over:
            first, last = int(links.exit_start[link]), int(links.exit_start[link + 1])
            lot = uniform(self.seed, _PLACE, person, crowd.step)
            level, row, column = links.exit_cells[first + min(int(lot * (last - first)), last - first - 1)]
            x, y = floor.west + (column + 0.5) * floor.cell, floor.north - (row + 0.5) * floor.cell
            crowd.bring_back(person, float(x), float(y), int(level))

    def state(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        aboard = np.array(self.aboard, np.float64).reshape(-1, 3)
        return {"rides_aboard": aboard, "rides_carried": self.carried, "rides_credit": self.credit}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """The other way round."""
        self.aboard = [(float(end), int(person), int(link)) for end, person, link in state["rides_aboard"]]
        self.carried, self.credit = state["rides_carried"].copy(), state["rides_credit"].copy()
