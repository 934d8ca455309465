"""Drawdown around pits that hold the groundwater low: on cells around all of them at once, and by De Glee's formula beyond.

Steady flow by finite differences, in which what is set free from the ground over the time of pumping counts as a leak. Each pit is
held at the level that it asks for, and open water at its own, up to the faces of their cells. A pit to which nothing would flow, as
others keep the water lower than it asks, is let go: it pumps, and does not put water in.

As a leak counts what is set free over e^gamma = 1.78 times the time of pumping. With that the steady field of a well is that of
Theis after the time itself wherever the logarithm of Cooper and Jacob (1946) holds: K0(r / L) and half of E1(r2 S / 4 T t) both
become the logarithm of 1.5 sqrt(T t / S) / r. A single implicit step over the time itself falls short of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import special
from scipy.ndimage import distance_transform_edt
from scipy.optimize import nnls

from twin.geo.pits import Pit
from twin.grid import GridSpec
from twin.impacts.rain_ground import burnt
from twin.sim.impact.pit import seepage

AROUND_M = 200.0
"""Finite differences reach so far from the pits [m]."""

ACROSS, MOST_CELLS = 12, 500
"""The smallest pit has so many cells across at least, where that makes no more than so many to a side of all."""

OF_TIME = math.exp(np.euler_gamma)
"""So many times the time of pumping, what is set free is a leak; see above."""

OF_OPEN = 1e6
"""Cells of a pit and of a canal hold their level up to their faces: water goes so many times as easily through them."""

LEAST_EDGE_M = 1e-3
"""A fall at the edge of the cells by what comes through walls is left out where it is less than this [m]."""

LEAST_FLOW = 1e-9
"""A pit is let go where more than this part of all that flows would flow out of it."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Water:
    """One of both waters at a pit.

    Parameters
    ----------
    flow : float
        Transmissivity [m2/d].
    leak, stored : float
        What leaks, and what is set free from the ground, for each metre of fall [1/d].
    fall : float
        How far it is lowered at the pit; 0 where it is not [m].
    wall : float
        Resistance of the walls that keep it out: thickness over k and over height of the aquifer; 0 without [d/m].
    canal : bool
        Whether open water feeds it.
    """

    flow: float
    leak: float
    stored: float
    fall: float
    wall: float = 0.0
    canal: bool = False

    @property
    def length(self) -> float:
        """Distance over which it recovers [m]."""
        return math.sqrt(self.flow / (self.leak + self.stored))

    def unit(self, distance: Array | float, radius: float) -> Array:
        """De Glee's drawdown around a round pit in which it is 1; distances are no less than its radius [m]."""
        near = np.asarray(distance, np.float64)
        return np.asarray(special.k0e(near / self.length) / special.k0e(radius / self.length)
                          * np.exp((radius - near) / self.length))  # fmt: skip


class Surroundings:
    """The cells around pits on which water is worked out, in line with those of a map.

    Parameters
    ----------
    pits : sequence of Pit
    grid : GridSpec
        Of the map.
    water : sequence of shapely geometry
        That keeps its level.
    """

    def __init__(self, pits: Sequence[Pit], grid: GridSpec, water: Sequence[Any]) -> None:
        west, south, east, north = shapely.total_bounds(np.array([pit.outline for pit in pits]))
        cell = grid.cell
        left, top = math.floor((west - AROUND_M - grid.west) / cell), math.floor((grid.north - north - AROUND_M) / cell)
        right, bottom = math.ceil((east + AROUND_M - grid.west) / cell), math.ceil((grid.north - south + AROUND_M) / cell)
        rows, columns = bottom - top, right - left
        area = min(float(pit.outline.area) for pit in pits)
        # so many cells to each of the map that the shape of a pit counts
        parts = max(1, min(math.ceil(ACROSS * cell / math.sqrt(area)), MOST_CELLS // max(rows, columns)))
        self.near = GridSpec(
            grid.west + left * cell, grid.north - top * cell, cell / parts, (rows * parts, columns * parts), grid.crs
        )
        self.grid, self.corner, self.parts = grid, (top, left), parts
        self.radius = [math.sqrt(float(pit.outline.area) / math.pi) for pit in pits]
        self.middle = [(float(pit.outline.centroid.x), float(pit.outline.centroid.y)) for pit in pits]
        self.number = np.full(self.near.shape, -1, np.int64)
        # of pits that overlap the deepest has the cells that they share
        for k in sorted(range(len(pits)), key=lambda k: -pits[k].bottom_m):
            self.number[_cells_of(pits[k], self.near)] = k
        self.pit = self.number >= 0
        self.nearest, self.far_nearest = self._nearest(self.near), self._nearest(grid)
        self.canal, self.far_canal = (burnt(list(water), one) >= 0 for one in (self.near, grid))
        self.canal &= ~self.pit

    def distance(self, k: int, grid: GridSpec) -> Array:
        """From the middle of a pit, no less than its radius (R, C) [m]."""
        x, y = self.middle[k]
        return np.maximum(np.hypot(grid.x[None, :] - x, grid.y[:, None] - y), self.radius[k])

    def _nearest(self, grid: GridSpec) -> NDArray[np.int64]:
        """Number of the pit whose edge is nearest to each cell, as if they were round."""
        if len(self.radius) == 1:
            return np.zeros(grid.shape, np.int64)
        return np.argmin([self.distance(k, grid) - radius for k, radius in enumerate(self.radius)], axis=0)

    def over(self, far: Array, near: Array) -> Array:
        """Values of the map, those around the pits in their place, and within them those of their edge."""
        out = far.copy()
        top, left = self.corner
        rows, columns = (count // self.parts for count in self.near.shape)
        near = near[tuple(distance_transform_edt(self.pit, return_distances=False, return_indices=True))]
        near = near.reshape(rows, self.parts, columns, self.parts).mean(axis=(1, 3))
        r0, r1, c0, c1 = max(top, 0), min(top + rows, far.shape[0]), max(left, 0), min(left + columns, far.shape[1])
        if r0 < r1 and c0 < c1:
            out[r0:r1, c0:c1] = near[r0 - top : r1 - top, c0 - left : c1 - left]
        return out


def _cells_of(pit: Pit, grid: GridSpec) -> NDArray[np.bool_]:
    found = burnt([pit.outline], grid) >= 0
    if not found.any():
        centre = pit.outline.representative_point()
        row, column = grid.index(np.array([centre.x]), np.array([centre.y]))
        found[row, column] = True
    return np.asarray(found)


def share_of(waters: Sequence[Water], nearest: NDArray[np.int64]) -> Array:
    """What part of a fall of the other water each cell follows in the end, by the ground of its nearest pit (R, C)."""
    return np.array([one.leak / (one.leak + one.stored) for one in waters])[nearest]


def formula(around: Surroundings, waters: Sequence[Water], grid: GridSpec) -> Array:
    """De Glee's drawdown by all pits that walls do not close, as strong as the falls at all of them ask together, and no less
    than by each alone (R, C) [m]."""
    some = [k for k, one in enumerate(waters) if one.fall > 0.0 and one.wall == 0.0]
    if not some:
        return np.zeros(grid.shape)
    falls = np.array([waters[k].fall for k in some])
    strong = falls
    if len(some) > 1:
        at = np.array([around.middle[k] for k in some])
        away = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
        each = [waters[k].unit(np.maximum(away[:, i], around.radius[k]), around.radius[k]) for i, k in enumerate(some)]
        strong, _ = nnls(np.column_stack(each), falls)
    out, least = np.zeros(grid.shape), np.zeros(grid.shape)
    for k, much in zip(some, strong, strict=True):
        one = waters[k].unit(around.distance(k, grid), around.radius[k])
        out += much * one
        least = np.maximum(least, waters[k].fall * one)
    return np.clip(out, least, max(falls.max(), 0.0))


def through_walls(around: Surroundings, waters: Sequence[Water], comes: Array, grid: GridSpec) -> Array:
    """De Glee's drawdown by what comes through the walls of pits (P,) [m3/d], as by wells in their middle (R, C) [m]."""
    out = np.zeros(grid.shape)
    for k, one in enumerate(waters):
        if one.wall > 0.0 and comes[k] > 0.0:
            out += comes[k] / (2.0 * math.pi * one.flow) * special.k0(around.distance(k, grid) / one.length)
    return out


def solved(around: Surroundings, waters: Sequence[Water], other: Array | None) -> tuple[Array, Array]:
    """Drawdown around pits in one water, where beyond what leaks the other water has fallen too, and what flows to each pit.

    Parameters
    ----------
    around : Surroundings
    waters : sequence of Water
        One a pit; ground between pits is that of the nearest.
    other : (R, C) float64 or None
        How far the other water has fallen [m].

    Returns
    -------
    drawdown : (R, C) float64
        [m]
    flow : (P,) float64
        [m3/d]
    """
    beyond = (np.zeros(around.near.shape) if other is None else other) * share_of(waters, around.nearest)
    edge = formula(around, waters, around.near)
    drawn, comes = _with_edge(around, waters, beyond, np.maximum(edge, beyond))
    # how much comes through walls hardly depends on what falls far away, so once more is enough
    more = through_walls(around, waters, comes, around.near)
    if max(more[0].max(), more[-1].max(), more[:, 0].max(), more[:, -1].max()) < LEAST_EDGE_M:
        return drawn, comes
    return _with_edge(around, waters, beyond, np.maximum(edge + more, beyond))


def _with_edge(around: Surroundings, waters: Sequence[Water], beyond: Array, edge: Array) -> tuple[Array, Array]:
    """The same, with what falls at the edge of the cells given."""
    grid = around.near
    flow, leak, stored = (
        np.array([getattr(one, name) for one in waters])[around.nearest] for name in ("flow", "leak", "stored")
    )
    ring = np.ones(grid.shape, bool)
    ring[1:-1, 1:-1] = False
    fed = around.canal & waters[0].canal
    resist = np.append([one.wall for one in waters], 0.0)[around.number]
    walls = [
        np.where(around.number[a] != around.number[b], np.maximum(resist[a], resist[b]), 0.0)
        for a, b in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1]))
    ]
    falls = np.array([one.fall if one.fall > 0.0 else math.nan for one in waters])
    while True:
        held = np.append(falls, math.nan)[around.number]
        fixed = np.where(np.isfinite(held), held, np.where(fed, 0.0, np.where(ring, edge, np.nan)))
        still = np.isfinite(held) | fed
        ground = seepage.ground(
            cell_m=grid.cell, transmissivity_m2_d=np.where(still, OF_OPEN * flow, flow), shape=grid.shape, fixed_head_m=fixed,
            resistance_d=1.0 / (leak + stored), head_above_m=beyond, wall_east_d_m=walls[0], wall_south_d_m=walls[1],
        )  # fmt: skip
        drawn = seepage.steady(ground).head_m
        comes = np.where(np.isfinite(falls), _flows(around, drawn, flow, still, walls, len(waters)), 0.0)
        if comes.min() >= -LEAST_FLOW * np.abs(comes).max():
            return np.maximum(drawn, 0.0), np.maximum(comes, 0.0)
        falls[int(np.argmin(comes))] = math.nan


def _flows(
    around: Surroundings, drawn: Array, flow: Array, still: NDArray[np.bool_], walls: Sequence[Array], count: int
) -> Array:
    """What flows from the ground to each pit (P,) [m3/d]."""
    total = np.zeros(count)
    for a, b, wall in ((np.s_[:, 1:], np.s_[:, :-1], walls[0]), (np.s_[1:], np.s_[:-1], walls[1])):
        # from the face to the middle of a cell of ground; where a canal lies against a pit from middle to middle
        both = still[a] & still[b]
        one, two = (np.where(still[c] & ~both, OF_OPEN * flow[c], flow[c]) for c in (a, b))
        face = 2.0 * one * two / (one + two)
        much = face / (1.0 + face * wall / around.near.cell) * (drawn[a] - drawn[b])
        for here, there, way in ((a, b, 1.0), (b, a, -1.0)):
            # from another pit too: what flows through one that is let go has to be pumped by the one beside it
            out = around.pit[here] & (around.number[there] != around.number[here])
            total += np.bincount(around.number[here][out], way * much[out], count)
    return total
