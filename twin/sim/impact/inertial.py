"""Water that flows over a city: the shallow water equations without advection, on a grid.

The local-inertial scheme of Bates, Horritt and Fewtrell (2010, doi:10.1016/j.jhydrol.2010.03.027) with the weighting of de Almeida
et al. (2012, doi:10.1029/2011WR011570): flow through each side of a cell from the slope of the water there and the flow that was,
with friction by Manning taken partly at the end of the step, so that thin water stays stable. Steps are as long as waves allow
where water flows.
Flow is no faster than the wave in it (Froude number 1, as in Adams et al. 2017, doi:10.5194/gmd-10-1645-2017): where ground drops
steeply the scheme has no measure of its own. What would leave a cell is scaled down to what is in it, so depths are never below 0
and no water is lost.

All loops gather: the same to the bit on any number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange

GRAVITY = 9.81
WALL, WATER, OUTSIDE = 0, 1, 2
"""Kinds of cells that are no ground: what nothing passes; open water, which takes what reaches it; and what lies beyond the area,
which does so too."""

THETA, COURANT = 0.8, 0.7
"""Weight of the flow at a side itself against its neighbours, and part of the longest step that waves allow (de Almeida et al.)."""

LONGEST_S = 5.0
DRY_M = 1e-9
SLOW_M = 0.02
"""Longest step [s]; water thinner than the second does not flow, and of water thinner than the third no speed is told [m]."""

RAIN, SOAKED, SEWER, INTO_WATER, LEFT = range(5)


@dataclass(frozen=True, eq=False)
class Ground:
    """What water flows over, with a ring of cells around that are `WALL` or `OUTSIDE`.

    Parameters
    ----------
    z : (R, C) float64
        Height; of open water its level [m].
    kind : (R, C) uint8
        `WALL`, `WATER`, `OUTSIDE`, or a number from 3 on for a kind of ground.
    supply : (R, C) float64
        How much of the rain on one cell each gets: 1, and what runs off roofs beside it.
    manning : (K,) float64
        Roughness by kind [s m^(-1/3)].
    soak, sewer : (K,) float64
        What goes into the soil and into sewers, by kind, while there is water [m/s].
    cell : float
        [m]
    """

    z: NDArray[np.float64]
    kind: NDArray[np.uint8]
    supply: NDArray[np.float64]
    manning: NDArray[np.float64]
    soak: NDArray[np.float64]
    sewer: NDArray[np.float64]
    cell: float


@dataclass(eq=False)
class Flood:
    """The state of a flood, changed by `advance`.

    Parameters
    ----------
    depth : (R, C) float64
        [m]
    flow_x, flow_y : (R, C) float64
        Flow through the west and north side of each cell, to the east and south [m2/s].
    peak, peak_time, speed : (R, C) float64
        Largest depth so far [m], when [s], and largest speed [m/s].
    volumes : (R, 5) float64
        Rain, what soaked away, went into sewers, into open water, and left the area, by row [m3].
    time, steps : float, int
        Since the start [s].
    """

    depth: NDArray[np.float64]
    flow_x: NDArray[np.float64]
    flow_y: NDArray[np.float64]
    peak: NDArray[np.float64]
    peak_time: NDArray[np.float64]
    speed: NDArray[np.float64]
    volumes: NDArray[np.float64]
    time: float = 0.0
    steps: int = 0
    _spare: tuple[NDArray[np.float64], ...] = field(default=(), repr=False)

    def volume(self, what: int) -> float:
        """One of the volumes over all rows [m3]."""
        return math.fsum(self.volumes[:, what])


def dry(ground: Ground, depth: NDArray[np.float64] | None = None) -> Flood:
    """The state at the start: dry, or with some depths [m]."""
    h = np.zeros(ground.z.shape) if depth is None else np.array(depth, dtype=np.float64)
    h[ground.kind <= OUTSIDE] = 0.0
    rest = [np.zeros(h.shape) for _ in range(5)]
    spare = tuple(np.zeros(h.shape) for _ in range(3))
    return Flood(h, rest[0], rest[1], h.copy(), rest[2], rest[3], np.zeros((h.shape[0], 5)), _spare=spare)


def advance(
    ground: Ground, flood: Flood, until_s: float, rain_m_s: float = 0.0, *, theta: float = THETA, courant: float = COURANT,
    froude: float = 1.0,
) -> Flood:  # fmt: skip
    """Let water flow until a time, in place.

    Parameters
    ----------
    ground : Ground
    flood : Flood
    until_s : float
        [s]
    rain_m_s : float
        Rain until then [m/s].
    theta, courant : float
    froude : float
        Greatest Froude number; inf for no limit.

    Returns
    -------
    Flood
        The same.
    """
    flows_x, flows_y, share = flood._spare
    time, steps = _advance(
        ground.z, ground.kind, ground.supply, ground.manning**2, ground.soak, ground.sewer, float(ground.cell), flood.depth,
        flood.flow_x, flood.flow_y, flows_x, flows_y, share, flood.peak, flood.peak_time, flood.speed, flood.volumes,
        float(flood.time), float(until_s), float(rain_m_s), float(theta), float(courant), float(froude),
    )  # fmt: skip
    flood.time, flood.steps = time, flood.steps + steps
    return flood


@njit(inline="always")
def _inverse_cube_root(x):
    """1 over the cube root of a positive number, to rounding: a first guess from its exponent, then Newton's method."""
    root = np.int64(6142909891733356544 - np.float64(x).view(np.int64) // 3).view(np.float64)
    third = x / 3.0
    for _ in range(4):
        root *= 4.0 / 3.0 - third * (root * root * root)
    return root


@njit(inline="always")
def _through(q, sides, across, h_a, h_b, z_a, z_b, friction, cell, dt, theta, froude):
    """Flow through a side from cell a to cell b after a step [m2/s], and how deep it is there [m]."""
    level_a, level_b = z_a + h_a, z_b + h_b
    deep = max(level_a, level_b) - max(z_a, z_b)
    if deep <= DRY_M:
        return 0.0, 0.0
    push = theta * q + 0.5 * (1.0 - theta) * sides - GRAVITY * deep * dt * (level_b - level_a) / cell
    size = math.sqrt(q * q + across * across)
    if size > 0.0:
        root = _inverse_cube_root(deep)
        push /= 1.0 + GRAVITY * dt * friction * size * (root * root * root) * (root * root) * (root * root)
    if push * push > froude * froude * GRAVITY * (deep * deep * deep):
        push = math.copysign(froude * deep * math.sqrt(GRAVITY * deep), push)
    return push, deep


@njit(parallel=True)
def _advance(
    z, kind, supply, friction, soak, sewer, cell, h, qx, qy, nx, ny, share, peak, peak_time, speed, volumes, time, until, rain,
    theta, courant, froude,
):  # fmt: skip
    """As `advance`."""
    rows, columns = h.shape
    # the deepest flow through a side in each row: waves are no faster there, however deep the water in a hollow is
    deepest = np.zeros(rows)
    for row in prange(rows):
        r = np.int64(row)
        most = 0.0
        for c in range(columns):
            if kind[r, c] != WALL:
                level = z[r, c] + h[r, c]
                if c > 0 and kind[r, c - 1] != WALL:
                    most = max(most, max(level, z[r, c - 1] + h[r, c - 1]) - max(z[r, c], z[r, c - 1]))
                if r > 0 and kind[r - 1, c] != WALL:
                    most = max(most, max(level, z[r - 1, c] + h[r - 1, c]) - max(z[r, c], z[r - 1, c]))
        deepest[r] = most
    steps = 0
    while time < until:
        dt = LONGEST_S
        highest = deepest.max()
        if highest > 0.0:
            dt = min(dt, courant * cell / math.sqrt(GRAVITY * highest))
        last = time + dt >= until
        dt = until - time if last else dt
        for row in prange(rows):
            r = np.int64(row)
            most = 0.0
            for c in range(columns):
                here = kind[r, c]
                x, y = 0.0, 0.0
                if here != WALL:
                    if c > 0 and kind[r, c - 1] != WALL and h[r, c] + h[r, c - 1] > 0.0:
                        beside = qx[r, c - 1] + (qx[r, c + 1] if c + 1 < columns else 0.0)
                        across = (qy[r, c - 1] + qy[r, c])
                        if r + 1 < rows:
                            across += qy[r + 1, c - 1] + qy[r + 1, c]
                        rough = 0.5 * (friction[here] + friction[kind[r, c - 1]])
                        x, deep = _through(
                            qx[r, c], beside, 0.25 * across, h[r, c - 1], h[r, c], z[r, c - 1], z[r, c], rough, cell, dt, theta,
                            froude,
                        )  # fmt: skip
                        most = max(most, deep)
                    if r > 0 and kind[r - 1, c] != WALL and h[r, c] + h[r - 1, c] > 0.0:
                        beside = qy[r - 1, c] + (qy[r + 1, c] if r + 1 < rows else 0.0)
                        across = (qx[r - 1, c] + qx[r, c])
                        if c + 1 < columns:
                            across += qx[r - 1, c + 1] + qx[r, c + 1]
                        rough = 0.5 * (friction[here] + friction[kind[r - 1, c]])
                        y, deep = _through(
                            qy[r, c], beside, 0.25 * across, h[r - 1, c], h[r, c], z[r - 1, c], z[r, c], rough, cell, dt, theta,
                            froude,
                        )  # fmt: skip
                        most = max(most, deep)
                nx[r, c] = x
                ny[r, c] = y
            deepest[r] = most
        for row in prange(rows):
            r = np.int64(row)
            for c in range(columns):
                east = nx[r, c + 1] if c + 1 < columns else 0.0
                south = ny[r + 1, c] if r + 1 < rows else 0.0
                out = (max(east, 0.0) + max(-nx[r, c], 0.0)) + (max(south, 0.0) + max(-ny[r, c], 0.0))
                there = h[r, c] * cell
                share[r, c] = there / (dt * out) if dt * out > there else 1.0
        for row in prange(rows):
            r = np.int64(row)
            fell, soaked, drained, taken, left = 0.0, 0.0, 0.0, 0.0, 0.0
            for c in range(columns):
                here = kind[r, c]
                west, north, east, south = nx[r, c], ny[r, c], 0.0, 0.0
                if c > 0:
                    west *= share[r, c - 1] if west > 0.0 else share[r, c]
                if r > 0:
                    north *= share[r - 1, c] if north > 0.0 else share[r, c]
                if c + 1 < columns:
                    east = nx[r, c + 1]
                    east *= share[r, c] if east > 0.0 else share[r, c + 1]
                if r + 1 < rows:
                    south = ny[r + 1, c]
                    south *= share[r, c] if south > 0.0 else share[r + 1, c]
                qx[r, c] = west
                qy[r, c] = north
                if here == WALL:
                    continue
                came = dt / cell * ((west - east) + (north - south))
                wet = rain * dt * supply[r, c]
                fell += wet
                if here == WATER:
                    taken += came + wet
                    continue
                if here == OUTSIDE:
                    left += came + wet
                    continue
                deep = max(h[r, c] + came, 0.0) + wet
                gone = min(deep, soak[here] * dt)
                soaked += gone
                deep -= gone
                gone = min(deep, sewer[here] * dt)
                drained += gone
                deep -= gone
                h[r, c] = deep
                if deep > peak[r, c]:
                    peak[r, c] = deep
                    peak_time[r, c] = time + dt
                if deep >= SLOW_M:
                    u, v = west + east, north + south
                    known = 2.0 * speed[r, c] * deep
                    if u * u + v * v > known * known:
                        speed[r, c] = 0.5 * math.sqrt(u * u + v * v) / deep
            area = cell * cell
            volumes[r, RAIN] += fell * area
            volumes[r, SOAKED] += soaked * area
            volumes[r, SEWER] += drained * area
            volumes[r, INTO_WATER] += taken * area
            volumes[r, LEFT] += left * area
        time = until if last else time + dt
        steps += 1
    return time, steps
