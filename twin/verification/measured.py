"""Measured people walked again: the corridor and the exits of laboratory experiments, as set-ups that a model can be put in.

The corridor is that of Zhang, Klingsch, Schadschneider & Seyfried 2011 (J. Stat. Mech. P06004, arXiv:1102.4766): 1.8 m wide
and 8 m long, with an entrance and an exit of some width, which bring about a density between them. The narrow exit is that of
Adrian, Seyfried & Sieben 2020 (doi:10.1098/rsif.2019.0871), run ``040_c_56_h-``. Densities are by Voronoi cells and speeds
over 0.6 s, as the measured ones are. Set-ups are laid side by side on one floor, each a piece of its own, so that one run
does them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import affinity

from twin.discretize import discretize_area
from twin.measures import fundamental_diagram, voronoi
from twin.rng import normals
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.models.interface import Model
from twin.sim.crowd.state import GONE_RADIUS
from twin.sim.crowd.wayfinding import find_routes
from twin.sim.model import STAGE_LEAVE, Goals, Journeys, People
from twin.verification.scenes import CELL_M, lattice

SPEED_M_S = (1.55, 0.18)
"""Free speed of those who walked in the corridor, mean and standard deviation: 42 of them alone (Zhang et al. 2011)."""

CORRIDOR_M = 1.8
MEASURED_CORRIDOR: tuple[tuple[float, float, float, float], ...] = (
    (0.50, 1.80, 0.495, 1.337),
    (0.60, 1.80, 0.542, 1.391),
    (0.70, 1.80, 0.673, 1.344),
    (1.00, 1.80, 1.140, 1.211),
    (1.45, 1.80, 1.555, 1.008),
    (1.80, 1.80, 1.683, 0.965),
    (1.80, 1.20, 2.045, 0.666),
    (1.80, 0.95, 2.447, 0.441),
    (1.80, 0.70, 3.060, 0.342),
)  # fmt: skip
"""Width of entrance and exit [m], density [1/m2] and speed [m/s], measured between them in the steady state."""

MEASURED_FLOW: dict[float, float] = {0.50: 2.30, 0.70: 2.35, 0.95: 1.84}
"""Specific flow by the width of the exit [1/(m s)]."""

LEAST_FLOW_OPEN = 1.61
"""Specific flow out of the corridor with its whole width open [1/(m s)]: it was not saturated."""

_FRAME_S = 0.1
_APART_M = 20.0
_STRIP_M = 1.2
_MEASURED_IN = shapely.box(0.0, -2.0, CORRIDOR_M, 0.0)
_CORRIDOR = shapely.box(0.0, -4.0, CORRIDOR_M, 4.0)


@dataclass(frozen=True)
class Setup:
    """People who start in a box and leave past a line.

    Parameters
    ----------
    area, leave_by : shapely Polygon
        Floor, and where they have left [m].
    start : tuple of float
        West, south, east and north of where they start [m].
    people : int
    line : tuple of float
        x0, y0, x1, y1 of the line they are counted at [m].
    first, last : int
        Of the passages between which the flow is steady.
    width : float
        What a specific flow is relative to [m].
    corridor : bool
        Whether density and speed are measured in the corridor as well.
    entrance : float
        Width of the entrance of the corridor [m].
    """

    area: shapely.Polygon
    leave_by: shapely.Polygon
    start: tuple[float, float, float, float]
    people: int
    line: tuple[float, float, float, float]
    first: int
    last: int
    width: float
    corridor: bool = False
    entrance: float = CORRIDOR_M


class Found(NamedTuple):
    """What came of a set-up.

    Attributes
    ----------
    flow : float
        Specific, between the passages of the set-up; NaN when there were fewer [1/(m s)].
    passed : int
        People past the line at the end.
    density : float
        In the corridor; NaN for another set-up [1/m2].
    speed : float
        [m/s]
    """

    flow: float
    passed: int
    density: float
    speed: float


def corridor(entrance: float, leave: float, people: int = 150) -> Setup:
    """The corridor from y = 4 to y = -4 between an entrance four metres before it and an exit at its end, both [m] wide."""
    half_in, half_out, middle = 0.5 * entrance, 0.5 * leave, 0.5 * CORRIDOR_M
    waiting = (middle - 3.0, 8.1, middle + 3.0, 16.1)
    parts = [
        shapely.box(*waiting), shapely.box(middle - half_in, 7.99, middle + half_in, 8.11), shapely.box(-1.0, 4.0, 2.8, 8.0),
        shapely.box(0.0, -4.001, CORRIDOR_M, 4.001), shapely.box(middle - half_out, -4.11, middle + half_out, -3.99),
        shapely.box(-1.0, -8.0, 2.8, -4.1),
    ]  # fmt: skip
    return Setup(
        shapely.union_all(parts), shapely.box(-1.0, -8.0, 2.8, -7.0), waiting, people, (0.0, -1.0, CORRIDOR_M, -1.0),
        int(0.35 * people), int(0.8 * people), leave, corridor=True, entrance=entrance,
    )  # fmt: skip


def narrow_exit() -> Setup:
    """75 people before an exit 0.5 m wide and 0.95 m long."""
    neck = [(-0.4, 0.01), (-0.25, -0.15), (-0.25, -1.11), (0.25, -1.11), (0.25, -0.15), (0.4, 0.01)]
    area = shapely.union_all([shapely.box(-2.8, 0.0, 2.8, 8.0), shapely.Polygon(neck), shapely.box(-2.0, -4.0, 2.0, -1.1)])
    return Setup(area, shapely.box(-2, -4, 2, -3), (-2.6, 0.0, 2.6, 6.1), 75, (-0.25, -0.5, 0.25, -0.5), 10, 65, 0.5)


def door(width: float) -> Setup:
    """180 people in a room of 10 x 10 m with a door in a wall 0.3 m thick."""
    low, high = 5.0 - 0.5 * width, 5.0 + 0.5 * width
    area = shapely.union_all([shapely.box(0, 0, 10, 10), shapely.box(9.99, low, 10.31, high), shapely.box(10.3, 1, 14, 9)])
    return Setup(area, shapely.box(13, 1, 14, 9), (0.0, 0.0, 10.0, 10.0), 180, (10.15, low, 10.15, high), 30, 150, width)


class Battery:
    """Set-ups side by side on one floor.

    Parameters
    ----------
    setups : sequence of Setup
    seeds : sequence of int
        Of each set-up: its starting places, free speeds and, by the first, the creeping.
    """

    def __init__(self, setups: Sequence[Setup], seeds: Sequence[int]) -> None:
        self.setups, self.seeds = tuple(setups), tuple(seeds)
        self.offset = _APART_M * np.arange(len(self.setups))
        self.first = np.cumsum([0, *(setup.people for setup in self.setups)])
        self.of = np.repeat(np.arange(len(self.setups)), np.diff(self.first))
        pairs = list(zip(self.setups, self.seeds, self.offset, strict=True))
        self.points = np.vstack([lattice(s.start, s.people, seed=seed) + np.array([dx, 0.0]) for s, seed, dx in pairs])
        self.deviate = np.concatenate([normals(seed, "speed", s.people) for s, seed, _ in pairs])
        self.lines = np.array([np.array(s.line) + np.array([dx, 0.0, dx, 0.0]) for s, _, dx in pairs])
        self.ground = discretize_area(shapely.MultiPolygon([affinity.translate(s.area, dx) for s, _, dx in pairs]), cell=CELL_M)
        cells = np.vstack([self.ground.cells(affinity.translate(s.leave_by, dx), "floor") for s, _, dx in pairs])
        self.goals = Goals(np.array([0, len(cells)]), cells)
        self.routes = find_routes(self.ground.floor, self.goals)

    def crowd(
        self, model: Model, *, radius: float, speed: tuple[float, float] = SPEED_M_S, dt: float = 0.05, company: int = 1
    ) -> Crowd:
        """Everybody at the start; free speeds normal, clipped to 0.5-2.2 m/s; neighbours in companies of so many."""
        count = len(self.points)
        strips = np.lexsort((self.points[:, 1], np.floor(self.points[:, 0] / _STRIP_M), self.of))
        group = np.empty(count, np.int32)
        group[strips] = np.arange(count) // company
        people = People(
            self.points[:, 0].copy(), self.points[:, 1].copy(), np.zeros(count, np.int32), np.zeros(count),
            np.zeros(count, np.int32), np.clip(speed[0] + speed[1] * self.deviate, 0.5, 2.2), np.full(count, radius),
            group=group if company > 1 else None,
        )  # fmt: skip
        journeys = Journeys(np.zeros((1, 1), np.int32), np.full((1, 1), STAGE_LEAVE, np.int8), np.full((1, 1), np.inf))
        return Crowd(
            self.ground.floor, self.goals, journeys, people, model, dt=dt, seed=self.seeds[0], routes=self.routes, lines=self.lines,
        )  # fmt: skip

    def run(
        self,
        model: Model,
        *,
        radius: float,
        speed: tuple[float, float] = SPEED_M_S,
        dt: float = 0.05,
        duration: float = 180.0,
        company: int = 1,
    ) -> tuple[Found, ...]:
        """Let everybody walk, and measure each set-up."""
        crowd = self.crowd(model, radius=radius, speed=speed, dt=dt, company=company)
        steps = max(1, round(_FRAME_S / dt))
        with_corridor = np.array([setup.corridor for setup in self.setups])[self.of]
        own = np.arange(len(self.of)), self.of
        passed, seen = [], []
        while not crowd.finished and crowd.time < duration - 1e-9:
            crowd.advance(steps)
            passed.append(np.add.reduceat(crowd.passed[own].sum(axis=1), self.first[:-1]))
            now, n = crowd.store.arrays, crowd.store.n
            person, y = now["person"][:n], now["y"][:n]
            rows = with_corridor[person] & (y > -4.0) & (y < 2.0) & (now["body"][:n] != GONE_RADIUS)
            seen.append(np.column_stack([person[rows], np.full(rows.sum(), len(passed)), now["x"][:n][rows], y[rows]]))
        counts, table = np.array(passed), np.vstack(seen)
        who = self.of[table[:, 0].astype(np.int64)]
        return tuple(
            _found(setup, counts[:, k], table[who == k] - [0.0, 0.0, self.offset[k], 0.0], steps * dt)
            for k, setup in enumerate(self.setups)
        )


def _found(setup: Setup, passed: NDArray[np.int64], table: NDArray[np.float64], frame_s: float) -> Found:
    """Flow of a set-up, and what is seen in its corridor while it is steady."""
    nothing = float("nan")
    if passed[-1] < setup.last:
        return Found(nothing, int(passed[-1]), nothing, nothing)
    begin, end = int(np.argmax(passed >= setup.first)), int(np.argmax(passed >= setup.last))
    flow = (setup.last - setup.first) / ((end - begin) * frame_s) / setup.width
    if not setup.corridor:
        return Found(flow, int(passed[-1]), nothing, nothing)
    steady = table[(table[:, 1] > begin) & (table[:, 1] <= end + 1) & (table[:, 2] > 0.0) & (table[:, 2] < CORRIDOR_M)]
    data = pd.DataFrame({"id": steady[:, 0].astype(int), "frame": steady[:, 1].astype(int), "x": steady[:, 2], "y": steady[:, 3]})
    now_and_then = data[data["frame"] % 10 == 0]
    cells, step = voronoi(now_and_then, _CORRIDOR), max(1, round(0.3 / frame_s))
    diagram = fundamental_diagram(data, _MEASURED_IN, cells=cells, frame_step=step, frame_rate=1.0 / frame_s)
    return Found(flow, int(passed[-1]), float(diagram["density"].mean()), float(diagram["speed"].mean()))


class Figures(NamedTuple):
    """Means over the seeds of a battery.

    Attributes
    ----------
    speed : (9,) float64
        At the densities of `MEASURED_CORRIDOR`, between those that the corridor had; NaN above them [m/s].
    flow : dict of float to float
        Specific, by the width of the exit; NaN when people got stuck [1/(m s)].
    stuck : int
        Set-ups in which not everybody who is counted came past the line.
    """

    speed: NDArray[np.float64]
    flow: dict[float, float]
    stuck: int


def figures_of(setups: Sequence[Setup], found: Sequence[Found]) -> Figures:
    """What some set-ups come to, beside what was measured; those that are the same count with their mean."""
    by_setup: dict[Setup, list[Found]] = {}
    for setup, one in zip(setups, found, strict=True):
        by_setup.setdefault(setup, []).append(one)
    curve, flow = [], {}
    for setup, ones in by_setup.items():
        mean = np.mean(np.array(ones), axis=0)
        if setup.corridor and np.isfinite(mean[2]):
            curve.append((mean[2], mean[3]))
        narrowest = setup.width < CORRIDOR_M or setup.entrance == CORRIDOR_M
        if narrowest:
            flow[setup.width] = float(mean[0])
    points = np.array(sorted(curve)).reshape(-1, 2)
    wanted = np.array([density for _, _, density, _ in MEASURED_CORRIDOR])
    speed = np.full(len(wanted), np.nan)
    if len(points):
        speed = np.interp(wanted, points[:, 0], points[:, 1])
        speed[wanted > 1.02 * points[-1, 0]] = np.nan
    return Figures(speed, flow, sum(not np.isfinite(one.flow) for one in found))
