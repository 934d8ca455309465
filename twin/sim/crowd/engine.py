"""The crowd: who is present, sorted by cell; neighbours listed with a skin; one step after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.sim.crowd.checkpoint import State, restore, state_of
from twin.sim.crowd.checks import (
    check_starts,
    check_step,
    check_ways,
    checked_doors,
    checked_lines,
    checked_people,
    checked_routes,
    lost_by,
)
from twin.sim.crowd.entries import Entries
from twin.sim.crowd.footing import heights_of, nodes_of
from twin.sim.crowd.groups import groups_of, keep_together
from twin.sim.crowd.intend import intend
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.models.interface import Model, clearance_of, notes_of, substeps_of, top_speed_of
from twin.sim.crowd.neighbours import admit
from twin.sim.crowd.queues import checked_queues
from twin.sim.crowd.referee import Referee, checked_hours
from twin.sim.crowd.rides import checked_rides, lobbies_of
from twin.sim.crowd.settle import let_in_by, settle
from twin.sim.crowd.stages import stages_of
from twin.sim.crowd.state import GONE_RADIUS, Step
from twin.sim.crowd.store import SKIN_M, Store
from twin.sim.crowd.surroundings import cell_of
from twin.sim.crowd.tiles import make_tiles
from twin.sim.crowd.watch import LOOK_S, Watch
from twin.sim.crowd.wayfinding import RouteGraph, Routes
from twin.sim.crowd.ways import Ways
from twin.sim.model import Choices, Doors, Floor, Goals, Hours, Journeys, People, Queues, Rides, Snapshot

ENTRY_INTERVAL_S = 0.2
"""How often those who wait at a source look whether their place is free."""

WAYS_M = 0.05
"""What people want is asked again before anybody has walked this far: each step at the usual step, each fourth at 0.01 s."""

OPEN_WAYS_M = 0.42
"""Who is calm, on open floor and on a way that hardly turns, is asked again before people on average have walked this far."""

PARALLEL_FROM = 1000
"""Number of people present from which one run uses all cores."""


class Crowd:
    """A crowd that walks.

    Parameters
    ----------
    floor : Floor
    goals : Goals
    journeys : Journeys
    people : People
        Rows in the order in which they enter; coordinates relative to the same origin as the floor.
    model : Model, optional
        Of how people walk; by default the collision-free speed model.
    dt : float
        Step [s].
    seed : int
        Of the places people choose in a zone.
    routes : Routes, optional
        From an earlier call to `find_routes`, or to `profile_routes` with the same floor, goals, profiles and rides.
    graph : RouteGraph, optional
        Of the floor, when it is there already.
    lines : (M, 4) float64, optional
        x0, y0, x1, y1 of lines across which passages are counted [m].
    line_level : (M,) int32, optional
    doors : Doors, optional
        Lines on the floor that are shut at times or let through only so many.
    exit_hours : Hours, optional
        Of every goal, when it lets people out, and how many.
    queues : Queues, optional
    choices : Choices, optional
    rides : Rides, optional
        Escalators and lifts.
    profile_speed : (P, K) float32, optional
        Factor on the desired speed at each node of the ways, by which each profile finds its own; 0 where it cannot go. One
        profile, with the speeds of the floor, by default.
    informed : (N,) bool, optional
        Who knows of jams and looks for ways round them, with `rethink_s`; everybody by default.
    rethink_s : float, optional
        How often they look [s]. Nobody does by default.
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
    ways_row : (N,) int32
        First row of the routes that each goes by.
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
        model: Model | None = None,
        *,
        dt: float = 0.05,
        seed: int = 1,
        routes: Routes | None = None,
        graph: RouteGraph | None = None,
        lines: NDArray[np.float64] | None = None,
        line_level: NDArray[np.int32] | None = None,
        doors: Doors | None = None,
        exit_hours: Hours | None = None,
        queues: Queues | None = None,
        choices: Choices | None = None,
        rides: Rides | None = None,
        profile_speed: NDArray[np.float32] | None = None,
        informed: NDArray[np.bool_] | None = None,
        rethink_s: float | None = None,
        parallel: bool | None = None,
    ) -> None:
        self.floor, self.goals = floor, goals
        self.journeys = journeys
        count_goals = len(goals.start) - 1
        queues = None if queues is None else checked_queues(queues, count_goals)
        rides = None if rides is None else checked_rides(rides)
        self.stages = stages_of(journeys, count_goals, queues, choices)
        self.people = checked_people(people, len(self.stages.first))
        self.doors = checked_doors(doors)
        self.referee = Referee(self.doors, checked_hours(exit_hours, count_goals, "exits"), queues, choices, int(seed), rides)
        self.places = np.empty((0, 2)) if queues is None else queues.place
        self.model: Model = CollisionFreeSpeed() if model is None else model
        self.model.check()
        self.dt, self.seed, self.step = float(dt), int(seed), 0
        self._ask_everybody()
        count = len(self.people.x)
        self._parallel = parallel
        self._mode = int(bool(parallel))
        self._radius = float(self.people.radius.max()) if count else 0.2
        fastest = top_speed_of(self.model, float(self.people.desired_speed.max(initial=0.0)))
        self._alike = not count or bool((self.people.radius == self.people.radius[0]).all())
        self._parts, self._clearance = substeps_of(self.model, self.dt), clearance_of(self.model)
        check_step(self.dt, fastest, float(self.people.radius.min()) if count else self._radius)
        wall_reach = self.model.wall_reach(self._radius)
        if max(wall_reach, self._radius) > floor.bucket_reach:
            raise ParameterError(
                f"people or their repulsion by walls reach {max(wall_reach, self._radius):.2f} m",
                hint=f"the floor is prepared for at most {floor.bucket_reach:g} m: smaller people or a model of shorter range fit",
            )
        if routes is not None:
            routes = checked_routes(routes, floor, goals, 1 if profile_speed is None else len(profile_speed))
        self.ways = Ways(
            floor, goals, self.doors, routes=routes, graph=graph,
            profile_speed=profile_speed, rides=rides, rethink_s=rethink_s, threads=1 if parallel is False else None,
        )  # fmt: skip
        self.ways_row = self.ways.first_row(self.people.profile, informed, count)
        mean_step = max(float(self.people.desired_speed.mean()) if count else 0.0, 1e-9) * self.dt
        self._intend_stride = max(1, int(WAYS_M / (max(fastest, 1e-9) * self.dt)))
        self._open_stride = max(1, int(OPEN_WAYS_M / mean_step))
        self._rethink_stride = 0 if rethink_s is None else max(1, round(rethink_s / self.dt))
        self._start_node = nodes_of(floor, self.routes, self.people.x, self.people.y, self.people.level)
        check_starts(self.people, self._start_node)
        check_ways(self.people.journey, self.stages, self.routes, self._start_node, self.ways_row)
        self._first_stage = self.stages.first[self.people.journey]
        # who starts in the zone where it will stay keeps its place; who comes from elsewhere is given one
        first = self.stages.goal[self._first_stage]
        bound = first >= 0
        at_home = np.zeros(count, np.bool_)
        at_home[bound] = self.routes.time[self.ways_row[bound] + first[bound], self._start_node[bound]] == 0.0
        self._home = np.empty((0, 2))
        if at_home.any():
            self._home = np.where(at_home[:, None], np.column_stack([self.people.x, self.people.y]), np.nan)

        self.exit_time = np.full(count, np.nan)
        self.exit_goal = np.full(count, -1, np.int32)
        self.lines, self.line_level = checked_lines(lines, line_level)
        self.passed = np.zeros((count, len(self.lines), 2), np.int32)
        self._tiles = make_tiles(
            floor, self.routes.node, goals, np.vstack([self.lines, self.doors.line]),
            np.concatenate([self.line_level, self.doors.level]), wall_reach=wall_reach, stride=self._radius + fastest * self.dt,
            entries=None if rides is None else rides.links.entry_cells,
        )  # fmt: skip
        # lists must hold until the last part of a step begins
        self._listed_m = max(0.5 * SKIN_M - fastest * self.dt * (1.0 - 1.0 / self._parts), 0.0)
        reach = np.vectorize(self.model.reach, otypes=[np.float64])
        reaches = reach(self.people.radius, self._radius, self.people.desired_speed) if count else np.empty(0)
        self.store = Store(floor, reaches, notes_of(self.model))
        height = heights_of(floor, self.people.x, self.people.y, self.people.level)
        self.entries = Entries(self.people, self._first_stage, self._start_node, height, change=rides is not None)
        group = self.people.group
        self._groups = None if group is None else groups_of(group, self.people.desired_speed)
        self._group_of = np.empty(0, np.int32) if self._groups is None else self._groups.of
        self.watch = Watch(count)
        self._watch_stride = max(1, round(LOOK_S / self.dt))
        self._entry_stride = max(1, round(ENTRY_INTERVAL_S / self.dt))
        self._lobbies = lobbies_of(None if rides is None else rides.links, self.routes.node)
        self.ways.shut_doors(~self.referee.doors.open)
        self.waiting_ids = np.empty(0, np.int32)
        self.next_id = 0
        self.stale = True
        self._call_due()
        self._build()  # whoever is there from the start is there at time 0

    # --- what one may ask

    @property
    def routes(self) -> Routes:
        """The ways of the moment."""
        return self.ways.routes

    @property
    def time(self) -> float:
        """Time since the start [s]."""
        return self.step * self.dt

    @property
    def present(self) -> int:
        """People on the floor."""
        return len(self.store.here())

    @property
    def waiting(self) -> int:
        """People who are due but find their place taken."""
        return len(self.waiting_ids)

    @property
    def riding(self) -> int:
        """People on an escalator or in a lift."""
        return 0 if self.referee.carriage is None else len(self.referee.carriage.aboard)

    @property
    def left(self) -> int:
        """People who have left."""
        return int(np.count_nonzero(self.exit_goal >= 0))

    @property
    def finished(self) -> bool:
        """Whether everybody has come and gone."""
        return self.next_id == len(self.people.x) and not len(self.waiting_ids) and self.present == 0 and not self.riding

    def snapshot(self) -> Snapshot:
        """Who is where now, ordered by id."""
        now, here = self.store.arrays, self.store.here()
        x, y, level = now["x"][here], now["y"][here], now["level"][here]
        z = heights_of(self.floor, x, y, level)
        speed = np.hypot(now["vx"][here], now["vy"][here])
        return Snapshot(self.time, now["person"][here], x, y, z, level, speed, now["pressure"][here])

    # --- what one may do

    def advance(self, steps: int = 1) -> None:
        """Take a number of steps."""
        for _ in range(steps):
            self._step()

    def _call_due(self) -> None:
        """Those whose time has come wait at their place."""
        due = int(np.searchsorted(self.people.start, self.time + 1e-9, side="right"))
        if due > self.next_id:
            self.waiting_ids = np.concatenate([self.waiting_ids, np.arange(self.next_id, due, dtype=np.int32)])
            self.next_id = due
        self.stale |= len(self.waiting_ids) > 0

    def state(self) -> State:
        """Everything that changes while the crowd walks, as plain arrays: what a checkpoint keeps."""
        return state_of(self)

    def restore(self, state: State) -> None:
        """Go on from a state that `state` gave of a crowd made from the same input; then all is the same to the bit.

        Raises
        ------
        ParameterError
            When the state is of another crowd.
        """
        restore(self, state)

    def send(self, people: NDArray[np.int64] | list[int], journey: int) -> None:
        """Let people who are present go on with another journey, from its beginning.

        Raises
        ------
        ParameterError
            When there is no such journey.
        """
        if not 0 <= journey < len(self.stages.first):
            raise ParameterError(f"there is no journey {journey}, of the {len(self.stages.first)} there are")
        for row in np.flatnonzero(np.isin(self.store.arrays["person"][: self.store.n], people)):
            self.send_row(int(row), int(self.stages.first[journey]))

    def open_door(self, door: int, open_: bool | None = True) -> None:
        """Open or shut a door by hand from now on; None leaves it to the clock again."""
        self.referee.doors.by_hand[door] = 0 if open_ is None else 1 if open_ else -1
        self._told()

    def open_exit(self, goal: int, open_: bool | None = True) -> None:
        """Open or shut an exit by hand from now on; None leaves it to the clock again."""
        self.referee.exits.by_hand[goal] = 0 if open_ is None else 1 if open_ else -1
        self._told()

    def send_row(self, row: int, stage: int) -> None:
        """Give who stands in a row of the store another stage."""
        now = self.store.arrays
        if now["slot"][row] >= 0 and self.referee.lines is not None:
            self.referee.lines.leave(self, row)
        now["stage"][row], now["since"][row], now["calm"][row] = stage, np.nan, 0

    def let_through(self, row: int) -> None:
        """Let who asked at a door go where it was going."""
        dt = self.dt / self._parts
        let_in_by(self.store.present(), row, dt, self.floor, self._tiles, self.lines, self.line_level, self.passed)

    def keep_for_later(self, row: int) -> None:
        """Take who stands in a row of the store off the floor, to come back at the same stage."""
        now = self.store.arrays
        self.entries.stage[now["person"][row]] = now["stage"][row]
        self.store.remove(np.array([row]))

    def bring_back(self, person: int, x: float, y: float, level: int) -> None:
        """Let somebody wait at a place until there is room to enter."""
        at = np.array([x]), np.array([y]), np.array([level], np.int32)
        node = int(nodes_of(self.floor, self.routes, *at)[0])
        self.entries.put(person, x, y, level, node, float(heights_of(self.floor, *at)[0]))
        self.waiting_ids = np.sort(np.append(self.waiting_ids, np.int32(person))).astype(np.int32)
        self.stale = True

    def now(self, part: int = 0) -> Step:
        """What a model is told of a part of the coming step."""
        dt = self.dt / self._parts
        return Step(dt, self.time + part * dt, self.seed, self._radius, self._alike, bool(self._mode))

    def bound_for(self, stage: int) -> int:
        """How many people present are at a stage."""
        now, n = self.store.arrays, self.store.n
        return int(np.count_nonzero((now["stage"][:n] == stage) & (now["body"][:n] != GONE_RADIUS)))

    def _told(self) -> None:
        """See what is open now."""
        if self.referee.look_at_clock(self.time):
            self.ways.shut_doors(~self.referee.doors.open)
            self.referee.choose_again(self)
            self._ask_everybody()

    def _ask_everybody(self) -> None:
        """Have everybody asked what it wants in the coming step: ways have changed, also of who is calm."""
        self.asked = -(1 << 30)

    def _step(self) -> None:
        if not self.referee.idle:
            self._told()
        if self._rethink_stride and self.step and self.step % self._rethink_stride == 0:
            self.ways.rethink(self)
            self._ask_everybody()
        if self.step % self._entry_stride == 0:
            self._call_due()
        # rows stand where they are between two builds, and so does what everybody wants
        everybody = self.stale or self.step - self.asked >= self._open_stride
        wanting = everybody or self.step % self._intend_stride == 0
        if self.stale:
            self._build()
        n, now = self.store.n, self.store.arrays
        happened = False
        if n:
            if wanting:
                self.asked = self.step if everybody else self.asked
                self._intend(everybody)
            for part in range(self._parts):
                self._move(part)
                self._settle(part)
            furthest, happened = self.store.news()
            if not furthest < np.inf:
                raise lost_by(self.model, now, n, self.time)
            self.stale = furthest > self._listed_m**2
        if happened or not self.referee.idle:
            self.referee.decide(self, happened)
        if happened:
            rows = self.store.rows_with_news()
            gone = rows[now["left_goal"][rows] >= 0]
            person = now["person"][gone]
            self.exit_goal[person] = now["left_goal"][gone]
            self.exit_time[person] = (self.step + 1) * self.dt
            self.store.remove(gone)
        self.step += 1
        if self.step % self._watch_stride == 0:
            self.watch.look(self)

    def _intend(self, everybody: bool = True) -> None:
        crowd, routes = self.store.present(), self.routes
        intend[self._mode](
            crowd, everybody, self.time, self.seed, self.floor, self._tiles, routes.time, routes.direction, self.goals, self.stages,
            self.places, self._first_stage, self._home, self._group_of, self._lobbies, self.ways.taken,
            self.store.arrays["left_goal"],
        )  # fmt: skip
        if self._groups is not None:
            keep_together[self._mode](crowd, self._groups, self.store.row_of, self.store.near(), routes.time)

    def _move(self, part: int) -> None:
        self.model.move(self.store.present(), self.store.near(), self.floor, self.now(part))

    def _settle(self, part: int) -> None:
        now, dt, referee = self.store.arrays, self.dt / self._parts, self.referee
        settle[self._mode](
            self.store.present(), self.time + part * dt, dt, part == self._parts - 1, self._clearance, self.floor, self._tiles,
            self.routes.time, self.stages, self.lines, self.line_level, self.doors.line, self.doors.level, referee.doors.guarded,
            referee.exits.guarded, self._lobbies, self.ways.taken, now["built_x"], now["built_y"], self.passed,
            now["left_goal"], self.store.moved2, self.store.events,
        )  # fmt: skip

    def cell_of(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of a point, kept on the grid."""
        row, column = cell_of(self.floor, x, y)
        return int(row), int(column)

    # --- bookkeeping

    def _build(self) -> None:
        self.store.sort(self._mode)
        if len(self.waiting_ids) and self._enter():
            self.store.sort(self._mode)
        if self._parallel is None:
            self._mode = int(self.store.n >= PARALLEL_FROM)
        self.store.list_neighbours(self._mode)
        if self._groups is not None:
            self.store.index_people()
        self.stale = False

    def _enter(self) -> int:
        """Let those in whose place is free; they come behind the others in the arrays."""
        people, enter, store = self.people, self.entries, self.store
        now = store.arrays
        taken = np.zeros(len(self.waiting_ids), np.bool_)
        let_in = int(
            admit(
                self.waiting_ids, now["x"], now["y"], now["level"], now["z"], now["radius"], store.n, store.start, *store.grid,
                enter.x, enter.y, enter.level, enter.height, people.radius, taken,
            )
        )  # fmt: skip
        if not let_in:
            return 0
        ids = self.waiting_ids[taken]
        self.waiting_ids = self.waiting_ids[~taken]
        rows = store.add(let_in)
        now = store.arrays
        now["person"][rows] = ids
        for name, value in (
            ("x", enter.x[ids]), ("y", enter.y[ids]), ("level", enter.level[ids]), ("radius", people.radius[ids]),
            ("desired", people.desired_speed[ids]), ("stage", enter.stage[ids]), ("node", enter.node[ids]),
            ("heading_x", 0.0), ("heading_y", 0.0), ("vx", 0.0), ("vy", 0.0), ("slot", -1), ("since", np.nan),
            ("hold", 0.0 if people.go is None else people.go[ids]), ("ways", self.ways_row[ids]),
        ):  # fmt: skip
            now[name][rows] = value
        return let_in
