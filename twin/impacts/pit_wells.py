"""Wells of a pit that state what they pump: whether they keep it dry, and how far they lower the water where they pump more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from twin.geo.pits import Pit, PitStage
from twin.impacts.pit_field import Surroundings
from twin.impacts.pit_soil import PitSoil
from twin.impacts.pit_water import Lowered, closed, lowered
from twin.scenario.pit import PitAnalysis

NEAR, STEPS = 0.005, 4
"""A head is looked for until what is pumped is so near to what is stated, in so many steps at most."""

WORDS: Mapping[str, str] = MappingProxyType({
    "": "",
    "enough": "",
    "short": "the wells of the scenario cannot keep stage {stage} dry: they pump {stated:,.0f} of {needed:,.0f} m3/d; water, "
             "settlement and damage are told of a pit that is kept dry",
    "more": "the wells of the scenario pump more than stage {stage} needs ({needed:,.0f} m3/d): falls, settlement and damage are "
            "those of all that they pump",
    "most": "the wells of the scenario pump more than the ground gives in stage {stage}: the water is lowered to the bottom of the "
            "layers that are known, and no further",
    "unknown": "the wells of the scenario pump more than stage {stage} needs ({needed:,.0f} m3/d): from which layer is not known, "
               "so what that lowers is not worked out",
})  # fmt: skip
"""What is said of the wells in a stage; keys are those of the column ``wells_do``."""


@dataclass(frozen=True, eq=False)
class Pumped:
    """What wells do in a stage.

    Parameters
    ----------
    stage : PitStage
        With the head that they keep.
    water : Lowered
    needed_m3_d : float
        What has to be pumped for the level that is asked [m3/d].
    how : str
        Key of `WORDS`.
    """

    stage: PitStage
    water: Lowered
    needed_m3_d: float
    how: str


def stated_m3_d(pit: Pit) -> float:
    """What the wells of a pit pump; NaN unless there are some, and each of them states it [m3/d]."""
    return float(sum(well.m3_per_day for well in pit.wells)) if pit.wells else math.nan


def pumped(
    pit: Pit, stage: PitStage, soil: PitSoil, around: Surroundings, settings: PitAnalysis, days: float
) -> Pumped:
    """The water in a stage, as it is kept or as low as wells bring it that state to pump more than that needs.

    Wells pump from the water below clay and peat where that has to be lowered, and from the only water where there is one. What
    they pump is linear in the head that they keep, so it is found by a secant. They are off where nothing has to be lowered.
    """
    found, stated = lowered(pit, stage, soil, around, settings, days), stated_m3_d(pit)
    needed = found.inflow_m3_d
    if math.isnan(stated) or needed <= 0.0:
        return Pumped(stage, found, needed, "")
    if stated < needed * (1.0 - NEAR):
        return Pumped(stage, found, needed, "short")
    if stated <= needed * (1.0 + NEAR):
        return Pumped(stage, found, needed, "enough")
    below = soil.parted and found.lower_m > 0.0 and found.open_m3_d > 0.0
    alone = not soil.parted and found.upper_m > 0.0 and not closed(pit, stage, soil)
    if not below and not alone:
        return Pumped(stage, found, needed, "unknown")
    level, fall = (soil.head_m, found.lower_m) if below else (soil.water_m, found.upper_m)
    most = level - float(soil.layers["bottom_z_m"].iloc[-1])
    slope = needed / fall
    kept = stage
    for _ in range(STEPS):
        fall = min(fall + (stated - found.inflow_m3_d) / slope, most)
        kept = replace(stage, head_m=level - fall)
        before, found = found, lowered(pit, kept, soil, around, settings, days)
        if fall >= most or abs(found.inflow_m3_d / stated - 1.0) < NEAR:
            break
        step = fall - (before.lower_m if below else before.upper_m)
        slope = max((found.inflow_m3_d - before.inflow_m3_d) / step, 0.1 * slope) if step > 0.0 else slope
    least = found.inflow_m3_d < stated * (1.0 - NEAR)
    return Pumped(kept, found, needed, "most" if least and fall >= most else "more")


def told_of(how: str, stage: str, stated: float, needed: float) -> str:
    """What is said of the wells in a stage; nothing where they pump what is needed, or do not say what."""
    return WORDS[how].format(stage=stage, stated=stated, needed=needed)
