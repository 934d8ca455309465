"""How far a pit lowers the groundwater around it in each stage, and how much has to be pumped.

Both waters, the water table and the head under clay and peat, are worked out as drawdowns; see `twin.impacts.pit_field`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.geo.pits import Pit, PitStage
from twin.impacts.pit_field import OF_TIME, Surroundings, Water, formula, share_of, solved, through_walls
from twin.impacts.pit_soil import PitSoil
from twin.scenario.pit import PitAnalysis
from twin.sim.impact.pit import inflow

MOST_LENGTHS = 2.0
"""De Glee's formula for a round pit is not told where its radius is more than so many lengths of leakage."""

EMBEDDED_M = 0.5
"""So far a wall has to reach into clay or peat to close a pit: where that begins is known no better; an estimate [m]."""

TIGHT_WALL_D = 1000.0
"""Thickness over permeability of walls of concrete or piles that overlap [d]; an estimate: 0.8 m of 1e-8 m/s is 926 d."""

SHEET_M = 0.6
"""Width of a sheet pile, from joint to joint; an estimate [m]."""

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
    if not soil.parted:
        # the head under the pit is that of the only water, where concrete between walls does not part them
        only = kept if math.isnan(stage.head_m) or closed(pit, stage, soil) else min(kept, stage.head_m)
        return max(soil.water_m - max(only, soil.base_m), 0.0), 0.0
    upper = max(soil.water_m - max(kept, soil.base_m), 0.0)
    lowest = soil.head_m if math.isnan(stage.head_m) else stage.head_m
    if dug_m(pit, stage) < soil.aquitard[1] and not stage.concreted:
        lowest = min(lowest, kept)
    return upper, max(soil.head_m - lowest, 0.0)


def closed(pit: Pit, stage: PitStage, soil: PitSoil) -> bool:
    """Whether walls keep the upper water out: they reach `EMBEDDED_M` into clay or peat, or to the underside of concrete that lies
    in the pit between them, whatever lies deeper."""
    if pit.wall in ("", "slope", "soldier-pile") or math.isnan(pit.toe_m):
        return False
    if stage.concreted and pit.concrete_m > 0 and pit.toe_m <= stage.floor_m - pit.concrete_m + 1e-9:
        return True
    return soil.parted and pit.toe_m <= soil.aquitard[0] - EMBEDDED_M + 1e-9


def wall_d(pit: Pit, settings: PitAnalysis) -> float:
    """Thickness over permeability of a wall [d]."""
    return SHEET_M / (settings.joint_m_s * inflow.SECONDS) if pit.wall == "sheet-pile" else TIGHT_WALL_D


@dataclass(frozen=True, eq=False)
class Held:
    """A pit that is kept dry in a stage.

    Parameters
    ----------
    pit : Pit
    stage : PitStage
    soil : PitSoil
    days : float
        For how long water has been kept low [d].
    """

    pit: Pit
    stage: PitStage
    soil: PitSoil
    days: float


def alike(soils: Sequence[PitSoil]) -> bool:
    """Whether the ground under pits has the same waters, so that they can be worked out together."""
    return len({(one.parted, math.isnan(one.lower_m2_d)) for one in soils}) <= 1


def lowered(
    pit: Pit, stage: PitStage, soil: PitSoil, around: Surroundings, settings: PitAnalysis, days: float
) -> Lowered:
    """The water around a pit in a stage, after it has been kept low for some days."""
    return lowered_together([Held(pit, stage, soil, days)], around, settings)[0]


def lowered_together(held: Sequence[Held], around: Surroundings, settings: PitAnalysis) -> tuple[Lowered, ...]:
    """The water around pits that are open at the same time, and pump from the same ground: one a pit, with the same fields.

    Parameters
    ----------
    held : sequence of Held
        In ground that is `alike`.
    around : Surroundings
        Of the same pits, in that order.
    settings : PitAnalysis
    """
    uppers, lowers = [_upper(one, settings) for one in held], [_lower(one, settings) for one in held]
    fallen, far_grid = any(one.fall > 0.0 for one in lowers if one is not None), around.grid
    deep, far_deep = np.zeros(around.near.shape), np.zeros(far_grid.shape)
    top, far_top, from_below, from_above = deep, far_deep, np.zeros(len(held)), np.zeros(len(held))
    below = [one for one in lowers if one is not None]
    if fallen:
        deep, from_below = solved(around, below, None)
        far_deep = formula(around, below, far_grid)
    if fallen or any(max(falls(one.pit, one.stage, one.soil)) > 0.0 for one in held):
        top, from_above = solved(around, uppers, deep)
        far = formula(around, uppers, far_grid) + through_walls(around, uppers, from_above, far_grid)
        far_top = np.maximum(far_deep * share_of(uppers, around.far_nearest), far)
        if settings.canal:
            far_top = np.where(around.far_canal, 0.0, far_top)
    upper, lower = around.over(far_top, top), around.over(far_deep, deep)
    found = []
    for k, one in enumerate(held):
        up, down = falls(one.pit, one.stage, one.soil)
        under = max(down, float(deep[around.number == k].mean())) if (around.number == k).any() else down
        base = _through_the_base(one, under)
        total = float(from_above[k] + base + from_below[k])
        most = lowers[k] if lowers[k] is not None and from_below[k] > from_above[k] else uppers[k]
        found.append(Lowered(
            upper, lower, up, down, total, float(from_above[k]), base, float(from_below[k]),
            _by_formula(most, around.radius[k]) if total > 0.0 and most is not None else math.nan,
            wells_for(total, one.soil, down > 0.0 and lowers[k] is not None), one.days,
        ))  # fmt: skip
    return tuple(found)


def _upper(one: Held, settings: PitAnalysis) -> Water:
    up, _ = falls(one.pit, one.stage, one.soil)
    high = max(one.soil.water_m - one.soil.base_m, 0.01)
    wall = wall_d(one.pit, settings) / high if closed(one.pit, one.stage, one.soil) else 0.0
    return Water(one.soil.upper_m2_d, _leak(one.soil), settings.specific_yield / (one.days * OF_TIME), up, wall, settings.canal)


def _lower(one: Held, settings: PitAnalysis) -> Water | None:
    if not one.soil.parted or math.isnan(one.soil.lower_m2_d):
        return None
    _, down = falls(one.pit, one.stage, one.soil)
    return Water(one.soil.lower_m2_d, _leak(one.soil), settings.storativity / (one.days * OF_TIME), down)


def _leak(soil: PitSoil) -> float:
    return 0.0 if math.isinf(soil.resistance_d) else 1.0 / soil.resistance_d


def _through_the_base(one: Held, fallen_m: float) -> float:
    """What comes up through what is left of clay and peat [m3/d]."""
    left = one.soil.resistance_below(dug_m(one.pit, one.stage))
    if left <= 0.0 or one.stage.concreted:
        return 0.0
    return inflow.sealed_inflow(
        area_m2=float(one.pit.outline.area), head_below_m=one.soil.head_m - fallen_m, water_in_pit_m=one.stage.dry_to_m,
        base_resistance_d=left,
    ).base_m3_d  # fmt: skip


def _by_formula(most: Water, radius_m: float) -> float:
    if most.wall > 0.0 or most.fall <= 0.0 or radius_m >= MOST_LENGTHS * most.length:
        return math.nan
    return inflow.inflow_m3_d(
        drawdown_m=most.fall, pit_radius_m=radius_m, transmissivity_m2_d=most.flow, resistance_d=1.0 / (most.leak + most.stored)
    )


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
    """For how long water has been kept low when each stage ends [d].

    A stage whose end is not known lasts as long as is set, after the days that have gone before it.
    """
    found: dict[str, float] = {}
    begun, ran = None, 0.0
    for k, stage in enumerate(pit.stages):
        if begun is None and max(falls(pit, stage, soil)) > 0.0:
            begun = stage.starts
        end = end_of(pit, k)
        if begun is None:
            found[stage.id] = settings.pumping_days
            continue
        if end is not None:
            ran = float(max((end - begun).days + 1, 1))
        else:
            ran = (float((stage.starts - begun).days) if stage.starts is not None else ran) + settings.pumping_days
        found[stage.id] = ran
    return found


def end_of(pit: Pit, k: int) -> dt.date | None:
    """Last day of a stage: the one that is given, or that before the next one starts; None where neither is known."""
    if pit.stages[k].ends is not None:
        return pit.stages[k].ends
    later = pit.stages[k + 1].starts if k + 1 < len(pit.stages) else None
    return None if later is None else later - dt.timedelta(days=1)


def lasts_d(pit: Pit, k: int, settings: PitAnalysis) -> float:
    """How many days a stage lasts; as long as is set where that is not known [d]."""
    first, end = pit.stages[k].starts, end_of(pit, k)
    return settings.pumping_days if first is None or end is None else float(max((end - first).days + 1, 1))
