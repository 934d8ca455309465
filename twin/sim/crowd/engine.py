"""The crowd: who is present, sorted by cell; neighbours listed with a skin; one step after the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError, StartError, UnreachableError
from twin.jit import njit
from twin.sim.crowd.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.kernels import (
    GONE,
    admit,
    find_neighbours,
    reorder,
    sort_by_cell,
    step_people,
    what_happened,
)
from twin.sim.crowd.surroundings import near_nodes
from twin.sim.crowd.wayfinding import Routes, find_routes
from twin.sim.model import STAGE_END, STAGE_LEAVE, STAGE_PASS, STAGE_STAY, Floor, Goals, Journeys, People, Snapshot

SKIN_M = 0.4
"""Neighbours this much beyond a person's reach are listed, so a list holds until somebody has moved half of it."""

ENTRY_INTERVAL_S = 0.2
"""How often those who wait at a source look whether their place is free."""

PARALLEL_FROM = 1000
"""Number of people present from which one run uses all cores."""

_FIELDS: tuple[tuple[str, str], ...] = (
    ("person", "i4"), ("x", "f8"), ("y", "f8"), ("level", "i4"), ("stage", "i4"), ("radius", "f8"), ("desired", "f8"),
    ("reach", "f8"), ("journey", "i4"), ("home_x", "f8"), ("home_y", "f8"),
)  # fmt: skip


class Crowd:
    """A crowd that walks.

    Parameters
    ----------
    floor : Floor
    goals : Goals
    journeys : Journeys
    people : People
        Rows in the order in which they enter; coordinates relative to the same origin as the floor.
    model : CollisionFreeSpeed
    dt : float
        Step [s].
    seed : int
        Of the places people choose in a zone.
    routes : Routes, optional
        From an earlier call to `find_routes` with the same floor and goals.
    lines : (M, 4) float64, optional
        x0, y0, x1, y1 of lines across which passages are counted [m].
    line_level : (M,) int32, optional
    parallel : bool, optional
        Use all cores; by default while a thousand people or more are present. The result is the same to the bit.

    Attributes
    ----------
    step : int
        Steps done; ``time = step * dt``.
    exit_time : (N,) float64
        When each left [s]; NaN for who has not.
    exit_goal : (N,) int32
        Goal each left by; -1 for who has not.
    passed : (N, M, 2) int32
        Times each crossed each line to its right and to its left.

    Raises
    ------
    ParameterError
        For a step or parameter out of range, or arrays that do not fit together.
    StartError
        When somebody would start off the floor.
    UnreachableError
        When somebody cannot reach a goal of its journey.
    """

    def __init__(
        self,
        floor: Floor,
        goals: Goals,
        journeys: Journeys,
        people: People,
        model: CollisionFreeSpeed | None = None,
        *,
        dt: float = 0.05,
        seed: int = 1,
        routes: Routes | None = None,
        lines: NDArray[np.float64] | None = None,
        line_level: NDArray[np.int32] | None = None,
        parallel: bool | None = None,
    ) -> None:
        self.floor, self.goals = floor, goals
        self.journeys = _checked_journeys(journeys, len(goals.start) - 1)
        self.people = _checked_people(people, self.journeys)
        self.model = CollisionFreeSpeed() if model is None else model
        self.model.check()
        self.dt, self.seed, self.step = float(dt), int(seed), 0
        count = len(self.people.x)
        self._parallel = parallel
        self._mode = int(bool(parallel))
        radius = float(self.people.radius.max()) if count else 0.2
        if count:
            _check_step(self.dt, float(self.people.desired_speed.max()), float(self.people.radius.min()))
        else:
            _check_step(self.dt, 0.0, radius)
        self._wall_reach = self.model.wall_reach(radius)
        if self._wall_reach > floor.bucket_reach or radius > floor.bucket_reach:
            raise ParameterError(
                f"people or their repulsion by walls reach {max(self._wall_reach, radius):.2f} m",
                hint=f"the floor is prepared for at most {floor.bucket_reach:g} m: use a smaller radius or wall_range",
            )
        self.routes = find_routes(floor, goals) if routes is None else _checked_routes(routes, floor, goals)
        nodes = nodes_of(floor, self.routes, self.people.x, self.people.y, self.people.level)
        self._check_starts(nodes)
        self._check_ways(nodes)
        # who starts in the zone where it will stay keeps its place; who comes from elsewhere is given one
        first = self.journeys.goal[self.people.journey, 0]
        bound = first >= 0
        at_home = np.zeros(count, np.bool_)
        at_home[bound] = self.routes.time[first[bound], nodes[bound]] == 0.0
        self._home_x = np.where(at_home, self.people.x, np.nan)
        self._home_y = np.where(at_home, self.people.y, np.nan)

        self.exit_time = np.full(count, np.nan)
        self.exit_goal = np.full(count, -1, np.int32)
        self._lines, self._line_level = _checked_lines(lines, line_level)
        self.passed = np.zeros((count, len(self._lines), 2), np.int32)

        reach = np.vectorize(self.model.reach, otypes=[np.float64])
        self._reach = reach(self.people.radius, radius, self.people.desired_speed) if count else np.empty(0)
        self._side = float(self._reach.max(initial=1.0)) + SKIN_M
        self._rows = math.ceil(floor.mask.shape[1] * floor.cell / self._side) + 1
        self._columns = math.ceil(floor.mask.shape[2] * floor.cell / self._side) + 1
        self._start = np.zeros(self._rows * self._columns + 1, np.int32)
        self._height = _heights(floor, self.people.x, self.people.y, self.people.level)
        self._entry_stride = max(1, round(ENTRY_INTERVAL_S / self.dt))
        self._waiting = np.empty(0, np.int32)
        self._next = 0
        self._count = 0
        self._now: dict[str, NDArray[Any]] = {}
        self._spare: dict[str, NDArray[Any]] = {}
        self._start_node = nodes
        self._speed: NDArray[np.float64] = np.zeros(0)
        self._node: NDArray[np.int32] = np.zeros(0, np.int32)
        self._neighbours: NDArray[np.int32] = np.zeros((0, 0), np.int32)
        self._allocate(64)
        self._stale = True
        self._call_due()
        self._build()  # whoever is there from the start is there at time 0

    # --- what one may ask

    @property
    def time(self) -> float:
        """Time since the start [s]."""
        return self.step * self.dt

    @property
    def present(self) -> int:
        """People on the floor."""
        return int(np.count_nonzero(self._now["x"][: self._count] < 0.5 * GONE))

    @property
    def waiting(self) -> int:
        """People who are due but find their place taken."""
        return len(self._waiting)

    @property
    def left(self) -> int:
        """People who have left."""
        return int(np.count_nonzero(self.exit_goal >= 0))

    @property
    def finished(self) -> bool:
        """Whether everybody has come and gone."""
        return self._next == len(self.people.x) and not len(self._waiting) and self.present == 0

    def snapshot(self) -> Snapshot:
        """Who is where now, ordered by id."""
        now = self._now
        here = np.flatnonzero(now["x"][: self._count] < 0.5 * GONE)
        here = here[np.argsort(now["person"][here], kind="stable")]
        x, y, level = now["x"][here], now["y"][here], now["level"][here]
        z = _heights(self.floor, x, y, level)
        return Snapshot(self.time, now["person"][here], x, y, z, level, self._speed[here])

    # --- what one may do

    def advance(self, steps: int = 1) -> None:
        """Take a number of steps."""
        for _ in range(steps):
            self._step()

    def _call_due(self) -> None:
        """Those whose time has come wait at their place."""
        due = int(np.searchsorted(self.people.start, self.time + 1e-9, side="right"))
        if due > self._next:
            self._waiting = np.concatenate([self._waiting, np.arange(self._next, due, dtype=np.int32)])
            self._next = due
        self._stale |= len(self._waiting) > 0

    def _step(self) -> None:
        if self.step % self._entry_stride == 0:
            self._call_due()
        if self._stale:
            self._build()
        n, now, new = self._count, self._now, self._spare
        if n:
            step_people[self._mode](
                n, self.time, self.dt, self.seed, self.floor, self.routes.node, self.routes.time, self.routes.direction,
                self.goals, self.journeys, self.model, self._wall_reach,
                now["person"], now["x"], now["y"], now["level"], now["stage"], now["radius"], now["desired"], now["reach"],
                now["journey"], now["home_x"], now["home_y"], self._neighbours, self._neighbour_count,
                self._lines, self._line_level,
                new["x"], new["y"], new["level"], new["stage"], self._node, self._speed, self._moved2, self._built_x, self._built_y,
                self.passed, self._left_goal,
            )  # fmt: skip
            for name in ("x", "y", "level", "stage"):
                now[name], new[name] = new[name], now[name]
            leaving, furthest = what_happened(n, self._left_goal, self._moved2)
            if leaving:
                gone = np.flatnonzero(self._left_goal[:n] >= 0)
                person = now["person"][gone]
                self.exit_goal[person] = self._left_goal[gone]
                self.exit_time[person] = (self.step + 1) * self.dt
                now["x"][gone] = GONE
            self._stale = furthest > (0.5 * SKIN_M) ** 2
        self.step += 1

    # --- bookkeeping

    def _allocate(self, capacity: int) -> None:
        """Room for so many people present; keeps what is there."""

        def grown(old: NDArray[Any] | None, dtype: str) -> NDArray[Any]:
            new = np.zeros(capacity, dtype)
            if old is not None:
                new[: len(old)] = old
            return new

        for name, dtype in _FIELDS:
            for store in (self._now, self._spare):
                store[name] = grown(store.get(name), dtype)
        self._speed, self._spare_speed = grown(self._speed, "f8"), np.zeros(capacity)
        self._node, self._spare_node = grown(self._node, "i4"), np.zeros(capacity, np.int32)
        # the rest is filled anew whenever the lists are built
        self._z, self._clear = np.zeros(capacity), np.zeros(capacity)
        self._moved2, self._built_x, self._built_y = np.zeros(capacity), np.zeros(capacity), np.zeros(capacity)
        self._order = np.zeros(capacity, np.int32)
        self._left_goal = np.full(capacity, -1, np.int32)
        self._neighbour_count = np.zeros(capacity, np.int32)
        self._neighbours = np.zeros((capacity, max(24, self._neighbours.shape[1])), np.int32)

    def _sort(self) -> None:
        now, to = self._now, self._spare
        grid = (self.floor.west, self.floor.north, self._side, self._rows, self._columns)
        alive = int(sort_by_cell(self._count, now["x"], now["y"], *grid, self._start, self._order))
        arrays: list[Any] = [store[name] for store in (now, to) for name, _ in _FIELDS]
        reorder[self._mode](
            alive, self._order, self.floor,
            *arrays, self._node, self._spare_node, self._speed, self._spare_speed, self._z, self._clear,
        )  # fmt: skip
        self._now, self._spare = to, now
        self._node, self._spare_node = self._spare_node, self._node
        self._speed, self._spare_speed = self._spare_speed, self._speed
        self._count = alive
        if self._parallel is None:
            self._mode = int(alive >= PARALLEL_FROM)

    def _build(self) -> None:
        self._sort()
        if len(self._waiting) and self._enter():
            self._sort()
        n, now = self._count, self._now
        grid = (self.floor.west, self.floor.north, self._side, self._rows, self._columns)
        while n:
            find_neighbours[self._mode](
                n, now["x"], now["y"], now["level"], self._z, self._clear, now["reach"], SKIN_M, self.floor, *grid,
                self._start, self._neighbours, self._neighbour_count,
            )  # fmt: skip
            most = int(self._neighbour_count[:n].max())
            if most <= self._neighbours.shape[1]:
                break
            self._neighbours = np.zeros((len(now["x"]), max(most + 4, 2 * self._neighbours.shape[1])), np.int32)
        self._built_x[:n] = now["x"][:n]
        self._built_y[:n] = now["y"][:n]
        self._stale = False

    def _enter(self) -> int:
        """Let those in whose place is free; they come behind the others in the arrays."""
        people, now, n = self.people, self._now, self._count
        taken = np.zeros(len(self._waiting), np.bool_)
        grid = (self.floor.west, self.floor.north, self._side, self._rows, self._columns)
        let_in = int(
            admit(
                self._waiting, now["x"], now["y"], now["level"], self._z, now["radius"], n, self._start, *grid,
                people.x, people.y, people.level, self._height, people.radius, taken,
            )
        )  # fmt: skip
        if not let_in:
            return 0
        ids = self._waiting[taken]
        self._waiting = self._waiting[~taken]
        if n + let_in > len(now["x"]):
            self._allocate(max(2 * len(now["x"]), n + let_in))
            now = self._now
        rows = slice(n, n + let_in)
        now["person"][rows] = ids
        now["stage"][rows] = 0
        for name, source in (
            ("x", people.x), ("y", people.y), ("level", people.level), ("radius", people.radius),
            ("desired", people.desired_speed), ("reach", self._reach), ("journey", people.journey),
            ("home_x", self._home_x), ("home_y", self._home_y),
        ):  # fmt: skip
            now[name][rows] = source[ids]
        self._speed[rows] = 0.0
        self._node[rows] = self._start_node[ids]
        self._count = n + let_in
        return let_in

    def _check_starts(self, nodes: NDArray[np.int32]) -> None:
        off = np.flatnonzero(nodes < 0)
        if len(off):
            i = int(off[0])
            raise StartError(
                f"{len(off)} people would start off the floor",
                where=f"person {i} at ({self.people.x[i]:.1f}, {self.people.y[i]:.1f})",
                hint="move the start out of buildings, water and closed parts",
            )

    def _check_ways(self, nodes: NDArray[np.int32]) -> None:
        for j in range(len(self.journeys.goal)):
            mine = nodes[self.people.journey == j]
            for goal, kind in zip(self.journeys.goal[j], self.journeys.kind[j], strict=True):
                if kind == STAGE_END:
                    break
                lost = ~np.isfinite(self.routes.time[goal, mine])
                if lost.any():
                    raise UnreachableError(
                        f"{int(lost.sum())} people of journey {j} cannot reach goal {int(goal)}",
                        hint="open a way to it, or send them elsewhere",
                    )


def _check_step(dt: float, fastest: float, smallest_radius: float) -> None:
    if not (math.isfinite(dt) and dt > 0):
        raise ParameterError(f"a step of {dt} s is not possible", hint="give a positive number of seconds")
    if dt * fastest > 2.0 * smallest_radius:
        raise ParameterError(
            f"in a step of {dt:g} s somebody walks {dt * fastest:.2f} m, further than people are wide",
            hint=f"use dt of at most {2.0 * smallest_radius / fastest:.2f} s; 0.05 s is usual",
        )


def _checked_journeys(journeys: Journeys, goals: int) -> Journeys:
    """Arrays of the right type that end every row with `STAGE_END`, so that nobody walks past its last stage."""
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
    rows = len(goal)
    return Journeys(
        np.hstack([goal, np.full((rows, 1), -1, np.int32)]),
        np.hstack([kind, np.full((rows, 1), STAGE_END, np.int8)]),
        np.hstack([until, np.full((rows, 1), np.inf)]),
    )


def _checked_routes(routes: Routes, floor: Floor, goals: Goals) -> Routes:
    count = len(goals.start) - 1
    if routes.node.shape != floor.mask.shape or len(routes.time) != count or len(routes.direction) != count:
        raise ParameterError(
            f"the routes are to {len(routes.time)} goals on a floor of {routes.node.shape} cells, "
            f"not to {count} on {floor.mask.shape}",
            hint="find them with the same floor and goals",
        )
    return routes


def _checked_lines(
    lines: NDArray[np.float64] | None, level: NDArray[np.int32] | None
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    ends = np.empty((0, 4)) if lines is None else np.ascontiguousarray(lines, np.float64)
    levels = np.zeros(len(ends), np.int32) if level is None else np.ascontiguousarray(level, np.int32)
    if ends.ndim != 2 or ends.shape[1] != 4 or levels.shape != (len(ends),):
        raise ParameterError(f"`lines` have shape {ends.shape} and `line_level` {levels.shape}", hint="they are (M, 4) and (M,)")
    if not np.isfinite(ends).all():
        raise ParameterError("a line that people are counted at has an end that is not a finite number")
    return ends, levels


def _checked_people(people: People, journeys: Journeys) -> People:
    count = len(people.x)
    dtypes = ("f8", "f8", "i4", "f8", "i4", "f8", "f8")
    arrays = []
    for name, value, dtype in zip(people._fields, people, dtypes, strict=True):
        array = np.ascontiguousarray(value, dtype=dtype)
        if array.shape != (count,):
            raise ParameterError(f"`{name}` of the people has shape {array.shape}, not ({count},)")
        if dtype == "f8" and not np.isfinite(array).all():
            raise ParameterError(f"`{name}` of person {int(np.flatnonzero(~np.isfinite(array))[0])} is not a finite number")
        arrays.append(array)
    checked = People(*arrays)
    if (checked.radius <= 0).any() or (checked.desired_speed < 0).any():
        raise ParameterError("radii must be positive and desired speeds not negative")
    if (np.diff(checked.start) < 0).any():
        raise ParameterError("`start` of the people must rise: order them by the time at which they enter")
    if count and not (checked.journey.min() >= 0 and checked.journey.max() < len(journeys.goal)):
        raise ParameterError(f"`journey` of the people points past the {len(journeys.goal)} journeys there are")
    return checked


def nodes_of(
    floor: Floor, routes: Routes, x: NDArray[np.float64], y: NDArray[np.float64], level: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Node of the floor at each point, (N,) int32; -1 for points off the floor.

    A point at the edge of the floor, whose cell has its centre off it, gets the nearest node that no wall hides.
    """
    out: NDArray[np.int32] = _nodes(floor, routes.node, x, y, level)
    return out


@njit()
def _nodes(floor, node, x, y, level):
    out = np.empty(x.shape[0], np.int32)
    _levels, rows, columns = floor.mask.shape
    for i in range(x.shape[0]):
        inside = (
            floor.west <= x[i] < floor.west + columns * floor.cell
            and floor.north - rows * floor.cell < y[i] <= floor.north
            and 0 <= level[i] < floor.mask.shape[0]
        )
        out[i] = near_nodes(floor, node, level[i], x[i], y[i])[0] if inside else -1
    return out


@njit()
def _heights(floor, x, y, level):
    """Height of the floor under points: bilinear over the cells of the level."""
    out = np.empty(x.shape[0])
    _levels, rows, columns = floor.mask.shape
    for i in range(x.shape[0]):
        fx = (x[i] - floor.west) / floor.cell - 0.5
        fy = (floor.north - y[i]) / floor.cell - 0.5
        c0, r0 = int(np.floor(fx)), int(np.floor(fy))
        fx -= c0
        fy -= r0
        total = weights = 0.0
        for a in range(2):
            for b in range(2):
                r, c = min(max(r0 + a, 0), rows - 1), min(max(c0 + b, 0), columns - 1)
                if floor.mask[level[i], r, c]:
                    w = (fy if a else 1.0 - fy) * (fx if b else 1.0 - fx)
                    total += w * floor.height[level[i], r, c]
                    weights += w
        if weights > 1e-6:
            out[i] = total / weights
        else:
            out[i] = floor.height[level[i], min(max(r0, 0), rows - 1), min(max(c0, 0), columns - 1)]
    return out
