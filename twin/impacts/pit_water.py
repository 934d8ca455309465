"""How far a pit lowers the groundwater around it in each stage, and how much has to be pumped.

Both waters, the water table and the head under clay and peat, are worked out as drawdowns: steady flow by finite differences around
the pit, in which what is set free from the ground over the time of pumping counts as a leak, and De Glee's formula beyond. The pit
is held at the level that its stage asks for, and open water at its own.

As a leak counts what is set free over e^gamma = 1.78 times the time of pumping. With that the steady field of a well is that of
Theis after the time itself wherever the logarithm of Cooper and Jacob (1946) holds: K0(r / L) and half of E1(r2 S / 4 T t) both
become the logarithm of 1.5 sqrt(T t / S) / r. A single implicit step over the time itself falls short of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.ndimage import distance_transform_edt

from twin.geo.pits import Pit, PitStage
from twin.grid import GridSpec
from twin.impacts.pit_soil import PitSoil
from twin.impacts.rain_ground import burnt
from twin.scenario.pit import PitAnalysis
from twin.sim.impact.pit import inflow, seepage

AROUND_M = 200.0
"""Finite differences reach so far from the pit [m]."""

ACROSS, MOST_CELLS = 12, 500
"""A pit has so many cells across at least, where that makes no more than so many to a side."""

MOST_LENGTHS = 2.0
"""De Glee's formula for a round pit is not told where its radius is more than so many lengths of leakage."""

TIGHT_WALL_D = 1000.0
"""Thickness over permeability of walls of concrete or piles that overlap [d]; an estimate: 0.8 m of 1e-8 m/s is 926 d."""

SHEET_M = 0.6
"""Width of a sheet pile, from joint to joint; an estimate [m]."""

OF_TIME = math.exp(np.euler_gamma)
"""So many times the time of pumping, what is set free is a leak; see above."""

OF_OPEN = 1e6
"""Cells of a pit and of a canal hold their level up to their faces: water goes so many times as easily through them as through
ground."""

LEAST_EDGE_M = 1e-3
"""Walls let through so little that a fall at the edge of the cells of less than this is left out [m]."""

WELL_RADIUS_M, LEAST_FILTER_M, MOST_FILTER_M = 0.15, 1.0, 10.0
"""Of wells whose number is told; estimates [m]."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lowered:
    """The water around a pit in one stage.

    Parameters
    ----------
    upper, lower : (R, C) float64
        How far the water table and the head below have fallen around the pit, in it as at its edge; the lower is all 0 where
        nothing parts them [m].
    upper_m, lower_m : float
        How far at the pit [m].
    inflow_m3_d : float
        What comes into the pit and has to be pumped [m3/d].
    walls_m3_d, base_m3_d, open_m3_d : float
        Of that from the water table, through what is left of clay and peat, and from the water below [m3/d].
    formula_m3_d : float
        The largest of the three as De Glee has it for a round pit without a canal; NaN where nothing flows [m3/d].
    wells : int
        How many wells that takes.
    days : float
        For how long water has been kept low [d].
    """

    upper: Array
    lower: Array
    upper_m: float
    lower_m: float
    inflow_m3_d: float
    walls_m3_d: float
    base_m3_d: float
    open_m3_d: float
    formula_m3_d: float
    wells: int
    days: float


def dug_m(pit: Pit, stage: PitStage) -> float:
    """Level that is dug to: below the floor by the concrete that comes there [m in the vertical datum]."""
    deepest = math.isclose(stage.floor_m, pit.bottom_m, abs_tol=1e-6)
    return stage.floor_m - (pit.concrete_m if deepest else 0.0)


def falls(pit: Pit, stage: PitStage, soil: PitSoil) -> tuple[float, float]:
    """How far the water table and the head below are lowered at the pit [m]."""
    kept = stage.dry_to_m
    upper = max(soil.water_m - max(kept, soil.base_m), 0.0)
    if not soil.parted:
        return upper, 0.0
    lowest = soil.head_m if math.isnan(stage.head_m) else stage.head_m
    if dug_m(pit, stage) < soil.aquitard[1] and not stage.concreted:
        lowest = min(lowest, kept)
    return upper, max(soil.head_m - lowest, 0.0)


def closed(pit: Pit, stage: PitStage, soil: PitSoil) -> bool:
    """Whether walls keep the upper water out: they reach into clay or peat, or to concrete that lies in the pit."""
    if pit.wall in ("", "slope", "soldier-pile") or math.isnan(pit.toe_m):
        return False
    return pit.toe_m <= soil.aquitard[0] if soil.parted else stage.concreted and pit.concrete_m > 0


def wall_d(pit: Pit, settings: PitAnalysis) -> float:
    """Thickness over permeability of a wall [d]."""
    return SHEET_M / (settings.joint_m_s * inflow.SECONDS) if pit.wall == "sheet-pile" else TIGHT_WALL_D


class Surroundings:
    """The cells around a pit on which water is worked out, in line with those of a map.

    Parameters
    ----------
    pit : Pit
    grid : GridSpec
        Of the map.
    water : sequence of shapely geometry
        That keeps its level.
    """

    def __init__(self, pit: Pit, grid: GridSpec, water: list[Any]) -> None:
        west, south, east, north = pit.outline.bounds
        cell = grid.cell
        left, top = math.floor((west - AROUND_M - grid.west) / cell), math.floor((grid.north - north - AROUND_M) / cell)
        right, bottom = math.ceil((east + AROUND_M - grid.west) / cell), math.ceil((grid.north - south + AROUND_M) / cell)
        rows, columns = bottom - top, right - left
        area = float(pit.outline.area)
        # so many cells to each of the map that the shape of the pit counts
        parts = max(1, min(math.ceil(ACROSS * cell / math.sqrt(area)), MOST_CELLS // max(rows, columns)))
        self.near = GridSpec(
            grid.west + left * cell, grid.north - top * cell, cell / parts, (rows * parts, columns * parts), grid.crs
        )
        self.grid, self.corner, self.parts = grid, (top, left), parts
        self.pit = _cells_of(pit, self.near)
        self.canal, self.far_canal = (burnt(water, one) >= 0 for one in (self.near, grid))
        self.canal &= ~self.pit
        self.radius = math.sqrt(area / math.pi)
        self.x, self.y = pit.outline.centroid.x, pit.outline.centroid.y

    def distance(self, grid: GridSpec) -> Array:
        """From the middle of the pit, no less than its radius (R, C) [m]."""
        return np.maximum(np.hypot(grid.x[None, :] - self.x, grid.y[:, None] - self.y), self.radius)

    def over(self, far: Array, near: Array) -> Array:
        """Values of the map, those around the pit in their place, and within it those of its edge."""
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


@dataclass(frozen=True)
class _Water:
    """One of both waters: transmissivity [m2/d], what leaks and is set free (each 1 over days), and what stands at the pit [m]."""

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

    def formula(self, distance: Array, radius: float) -> Array:
        """De Glee around a round pit."""
        return np.asarray(self.fall * special.k0e(distance / self.length) / special.k0e(radius / self.length)
                          * np.exp((radius - distance) / self.length))  # fmt: skip

    def by_flow(self, distance: Array, flow: float) -> Array:
        """De Glee around a well that draws so much [m3/d]."""
        return np.asarray(flow / (2.0 * math.pi * self.flow) * special.k0(distance / self.length))


def _solved(around: Surroundings, of: _Water, other: Array | None) -> tuple[Array, float]:
    """Drawdown around the pit, where beyond what leaks the other water has fallen too, and what flows to the pit [m3/d]."""
    grid = around.near
    canal = around.canal & of.canal
    beyond = np.zeros(grid.shape) if other is None else other
    share = of.leak / (of.leak + of.stored)
    tight = of.wall > 0.0
    ring = np.ones(grid.shape, bool)
    ring[1:-1, 1:-1] = False
    far = around.distance(grid)
    if not tight:
        edge = np.maximum(of.formula(far, around.radius), beyond * share)
        return _with_edge(around, of, canal, beyond * share, np.where(ring, edge, np.nan))
    drawn, flow = _with_edge(around, of, canal, beyond * share, np.where(ring, beyond * share, np.nan))
    # how much comes through walls hardly depends on what falls far away, so once more is enough
    edge = of.by_flow(far, flow)
    if edge[ring].max() < LEAST_EDGE_M:
        return drawn, flow
    return _with_edge(around, of, canal, beyond * share, np.where(ring, np.maximum(edge, beyond * share), np.nan))


def _with_edge(
    around: Surroundings, of: _Water, canal: NDArray[np.bool_], above: Array, edge: Array
) -> tuple[Array, float]:
    """The same, with what falls at the edge of the cells given; NaN within."""
    grid = around.near
    fixed = np.where(around.pit, of.fall, np.where(canal, 0.0, edge))
    held = around.pit | canal
    walls = [around.pit[:, 1:] != around.pit[:, :-1], around.pit[1:] != around.pit[:-1]]
    ground = seepage.ground(
        cell_m=grid.cell, transmissivity_m2_d=np.where(held, OF_OPEN * of.flow, of.flow), shape=grid.shape, fixed_head_m=fixed,
        resistance_d=1.0 / (of.leak + of.stored), head_above_m=above, wall_east_d_m=walls[0] * of.wall,
        wall_south_d_m=walls[1] * of.wall,
    )  # fmt: skip
    drawn = seepage.steady(ground).head_m
    flow = 0.0
    sides = ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1]))
    for here, there in (*sides, *(pair[::-1] for pair in sides)):
        out = around.pit[here] & ~around.pit[there]
        # from the face to the middle of a cell of ground; where a canal lies against the pit from middle to middle
        whole = np.where(held[there][out], of.flow, 2.0 * of.flow)
        face = whole / (1.0 + whole * of.wall / grid.cell)
        flow += float((face * (of.fall - drawn[there][out])).sum())
    return np.maximum(drawn, 0.0), max(flow, 0.0)


def lowered(
    pit: Pit, stage: PitStage, soil: PitSoil, around: Surroundings, settings: PitAnalysis, days: float
) -> Lowered:
    """The water around a pit in a stage, after it has been kept low for some days."""
    up, down = falls(pit, stage, soil)
    leak = 0.0 if math.isinf(soil.resistance_d) else 1.0 / soil.resistance_d
    high = max(soil.water_m - soil.base_m, 0.01)
    shut = closed(pit, stage, soil)
    days_free = days * OF_TIME
    wall = wall_d(pit, settings) / high if shut else 0.0
    upper = _Water(soil.upper_m2_d, leak, settings.specific_yield / days_free, up, wall, settings.canal)
    lower = None if not soil.parted or math.isnan(soil.lower_m2_d) else _Water(
        soil.lower_m2_d, leak, settings.storativity / days_free, down
    )  # fmt: skip
    none, far_none = np.zeros(around.near.shape), np.zeros(around.grid.shape)
    deep, from_below, far_deep = none, 0.0, far_none
    if lower is not None and down > 0.0:
        deep, from_below = _solved(around, lower, None)
        far_deep = lower.formula(around.distance(around.grid), around.radius)
    top, from_above, far_top = none, 0.0, far_none
    if up > 0.0 or down > 0.0:
        top, from_above = _solved(around, upper, deep)
        share = upper.leak / (upper.leak + upper.stored)
        far_top = far_deep * share
        if not shut:
            far_top = np.maximum(far_top, upper.formula(around.distance(around.grid), around.radius))
        else:
            far_top = np.maximum(far_top, upper.by_flow(around.distance(around.grid), from_above))
        if settings.canal:
            far_top = np.where(around.far_canal, 0.0, far_top)
    base = 0.0
    left = soil.resistance_below(dug_m(pit, stage))
    if left > 0.0 and not stage.concreted:
        base = inflow.sealed_inflow(
            area_m2=float(pit.outline.area), head_below_m=soil.head_m - down, water_in_pit_m=stage.dry_to_m, base_resistance_d=left
        ).base_m3_d
    total = from_above + base + from_below
    most = lower if lower is not None and from_below > from_above else upper
    check = math.nan
    if total > 0.0 and most.wall == 0.0 and most.fall > 0.0 and around.radius < MOST_LENGTHS * most.length:
        check = inflow.inflow_m3_d(
            drawdown_m=most.fall, pit_radius_m=around.radius, transmissivity_m2_d=most.flow,
            resistance_d=1.0 / (most.leak + most.stored),
        )  # fmt: skip
    return Lowered(
        around.over(far_top, top), around.over(far_deep, deep), up, down, total, from_above, base, from_below, check,
        wells_for(total, soil, down > 0.0), days,
    )  # fmt: skip


def wells_for(discharge_m3_d: float, soil: PitSoil, below: bool) -> int:
    """How many wells a discharge takes by the rule of Sichardt; of less than a cubic metre a day none."""
    if discharge_m3_d < 1.0:
        return 0
    top = soil.aquitard[1] if below and soil.parted else soil.water_m
    bottom = float(soil.layers["bottom_z_m"].iloc[-1]) if below or not soil.parted else soil.base_m
    length = min(max(top - bottom, LEAST_FILTER_M), MOST_FILTER_M)
    flow = soil.lower_m2_d if below and soil.parted else soil.upper_m2_d
    k = min(flow / max(top - bottom, LEAST_FILTER_M) / inflow.SECONDS, inflow.MOST_K_M_S)
    each = inflow.well_capacity_m3_d(radius_m=WELL_RADIUS_M, wet_length_m=length, k_m_s=k)
    return inflow.wells_needed(discharge_m3_d=discharge_m3_d, capacity_m3_d=each)


def days_of(pit: Pit, soil: PitSoil, settings: PitAnalysis) -> dict[str, float]:
    """For how long water has been kept low when each stage ends; as long as is set where its days are not known [d]."""
    found, begun = {}, None
    for stage in pit.stages:
        if begun is None and max(falls(pit, stage, soil)) > 0.0:
            begun = stage.starts
        known = begun is not None and stage.ends is not None
        found[stage.id] = float(max((stage.ends - begun).days + 1, 1)) if known and begun and stage.ends else settings.pumping_days
    return found
