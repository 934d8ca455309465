"""The water of all pits together: on which days they are open, how far it falls by all of them, what they pump, and what settles.

Falls of pits that are open at the same time are worked out on the same cells where their surroundings meet, each pit held at its
own level; beyond that they add up (both waters are linear). Settlement is that of the added fall: settlements by each pit alone do
not add up where the soil has carried the load before.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.pits import Pit
from twin.grid import GridSpec
from twin.impacts.pit_field import AROUND_M, Surroundings
from twin.impacts.pit_soil import PitSoil
from twin.impacts.pit_stages import Dug, settled_by
from twin.impacts.pit_water import Held, Lowered, alike, lowered_together
from twin.scenario.pit import PitAnalysis

Array = NDArray[np.float64]
Open = tuple[int | None, ...]
"""Number of the stage that each pit is in; None where it is not open."""

UNALIKE = ("Pits near each other have ground with other waters: their falls add up there, to no more than the most that one "
           "of them lowers.")  # fmt: skip
PUMPS_ON = ("Wells of a pit that pump more than it needs go on doing so beside other pits: falls of pits near it add up, which is "
            "the most that they can be.")  # fmt: skip
NO_DATES = "Stages without dates count as open at the same time as those of other pits."
EACH = ("Tables of stages are of each pit by itself; maps, buildings, trees, pipes and the water to be pumped are of all pits that "
        "are open at the same time. Settlement by water between pits is that of the ground at each, by distance.")  # fmt: skip

OVERLAP = ("Pits {one} and {other} overlap by {much:.0f} m2: the soil that they share is counted in both, and its water is held as "
           "the deeper one asks. Draw them apart, or as one pit with stages.")  # fmt: skip
LEAST_SHARED_M2 = 0.1
"""Pits that share less overlap by how exactly they were drawn [m2]."""


@dataclass(frozen=True, eq=False)
class AllWater:
    """The water around all pits.

    Parameters
    ----------
    upper, lower : (R, C) float64
        How far the water table and the head below fall, the most of all stages and days [m].
    settled : (R, C) float64
        By lowered water, the most of all days [mm].
    inflow_m3_d : float
        What all pits together pump on the worst day [m3/d].
    least_m3_d, most_m3_d : float
        The same in ground that lets `FACTOR` times less and more through [m3/d].
    wells : int
        How many wells that takes on the day on which most are needed.
    where : str
        In which stages the most is pumped.
    told : tuple of str
        What has to be known of it.
    """

    upper: Array
    lower: Array
    settled: Array
    inflow_m3_d: float
    least_m3_d: float
    most_m3_d: float
    wells: int
    where: str
    told: tuple[str, ...] = ()


FACTOR = 3.0
"""By which the ground may let more or less through, for the range of what is pumped; an estimate."""


def together(made: Sequence[Dug], grid: GridSpec, water: Sequence[Any], settings: PitAnalysis) -> AllWater:
    """The water around all pits on the days of their stages.

    Parameters
    ----------
    made : sequence of Dug
    grid : GridSpec
        Of the map.
    water : sequence of shapely geometry
        That keeps its level.
    settings : PitAnalysis
    """
    none = np.zeros(grid.shape)
    if not made:
        return AllWater(none, none, none, 0.0, 0.0, 0.0, 0, "")
    days = open_together(made)
    every = [_on(made, one, grid, water, settings) for one in days]
    pumped = [float(sum(found.inflow_m3_d for found in of.values())) for of, _, _ in every]
    k = int(np.argmax(pumped))
    worst = {n: made[n].pit.stages[stage].id for n, stage in enumerate(days[k]) if stage is not None}
    names = " and ".join(f"{stage} of {made[n].pit.id}" for n, stage in worst.items())
    where = f"in stage {names}" if len(worst) == 1 else f"in stages {names} together" if worst else ""
    least, most = _range(made, days[k], grid, water, settings) if pumped[k] > 0.0 else (0.0, 0.0)
    wells = max(sum(found.wells for found in of.values()) for of, _, _ in every)
    stages = [stage for one in made for stage in one.water]
    upper = np.maximum.reduce([*(up for _, up, _ in every), *(one.upper for one in stages)])
    lower = np.maximum.reduce([*(down for _, _, down in every), *(one.lower for one in stages)])
    if len(made) == 1:
        return AllWater(upper, lower, made[0].settled, pumped[k], least, most, wells, where)
    settled = np.maximum.reduce([_settled(made, grid, up, down, settings) for _, up, down in every])
    told = [EACH, *overlaps([one.pit for one in made])]
    if not all(_dated(one) for one in made):
        told.append(NO_DATES)
    if any(len(group) > 1 and _pumps_on(made, open_, group) for open_ in days for group in groups(made, open_)):
        told.append(PUMPS_ON)
    if any(not alike([made[n].soil for n in group]) for open_ in days for group in groups(made, open_)):
        told.append(UNALIKE)
    return AllWater(upper, lower, settled, pumped[k], least, most, wells, where, tuple(told))


def overlaps(pits: Sequence[Pit]) -> list[str]:
    """What is said of pits that cross, or of which one lies within another, up to their edges at the ground."""
    found = []
    for one, other in combinations(pits, 2):
        much = float(shapely.area(shapely.intersection(one.outline_at_top, other.outline_at_top)))
        if much > LEAST_SHARED_M2:
            found.append(OVERLAP.format(one=one.id, other=other.id, much=much))
    return found


def _dated(one: Dug) -> bool:
    return all(stage.starts is not None for stage in one.pit.stages)


def open_together(made: Sequence[Dug]) -> tuple[Open, ...]:
    """Which stages pits are in at the same time, on each day on which that changes; each once.

    Pits of which a stage has no date count as open always, in the stage that pumps most, and in that with the lowest water.
    """
    if len(made) == 1:
        return tuple((k,) for k in range(len(made[0].pit.stages)))
    dated = (stage.starts for one in made if _dated(one) for stage in one.pit.stages)
    starts: list[dt.date | None] = [*sorted({day for day in dated if day is not None})]
    found: dict[Open, None] = {}
    for day in starts or [None]:
        for pick in (_most_pumped, lambda one: one.lowest, _lowest_head):
            found[tuple(_stage_on(one, day) if _dated(one) else pick(one) for one in made)] = None
    return tuple(found)


def _most_pumped(one: Dug) -> int:
    return int(np.argmax([of.inflow_m3_d for of in one.water]))


def _lowest_head(one: Dug) -> int:
    return int(np.argmax([of.lower_m for of in one.water]))


def _stage_on(one: Dug, day: dt.date | None) -> int | None:
    """The stage of a day; a last one without an end goes on for as long as it is pumped."""
    assert day is not None
    found = one.pit.stage_on(day)
    if found is None:
        return None
    k = one.pit.stages.index(found)
    first = found.starts
    assert first is not None
    over = found.ends is None and k == len(one.pit.stages) - 1 and (day - first).days >= float(one.stages[k]["lasts_d"])
    return None if over else k


def groups(made: Sequence[Dug], open_: Open) -> list[list[int]]:
    """Pits that are open, those of which surroundings meet together."""
    left = [n for n, stage in enumerate(open_) if stage is not None]
    found = []
    while left:
        group, new = [], [left.pop(0)]
        while new:
            one = new.pop()
            group.append(one)
            new += [n for n in left if shapely.distance(made[one].pit.outline, made[n].pit.outline) < 2.0 * AROUND_M]
            left = [n for n in left if n not in new]
        found.append(sorted(group))
    return found


def _on(
    made: Sequence[Dug], open_: Open, grid: GridSpec, water: Sequence[Any], settings: PitAnalysis
) -> tuple[dict[int, Lowered], Array, Array]:
    """What each open pit does, and how far both waters fall by all of them."""
    upper, lower = np.zeros(grid.shape), np.zeros(grid.shape)
    of: dict[int, Lowered] = {}
    for group in groups(made, open_):
        alone = [made[n].water[open_[n] or 0] for n in group]
        found: Sequence[Lowered] = alone
        on = _pumps_on(made, open_, group)
        if len(group) > 1 and not on and alike([made[n].soil for n in group]):
            held = [_held(made[n], open_[n] or 0) for n in group]
            found = lowered_together(held, Surroundings([one.pit for one in held], grid, water), settings)
        of |= dict(zip(group, found, strict=True))
        # the water table also follows the head below
        most = math.inf if on else max(max(one.upper_m, one.lower_m) for one in alone)
        upper += _bounded([one.upper for one in found], [one.upper for one in alone], most)
        most = math.inf if on else max(one.lower_m for one in alone)
        lower += _bounded([one.lower for one in found], [one.lower for one in alone], most)
    return of, upper, lower


def _pumps_on(made: Sequence[Dug], open_: Open, group: Sequence[int]) -> bool:
    """Whether wells pump more than their pit needs: so much, and not down to a level that they keep."""
    return any(made[n].stages[open_[n] or 0]["wells_do"] in ("more", "most") for n in group)


def _bounded(found: Sequence[Array], alone: Sequence[Array], held_m: float) -> Array:
    """The fall by several pits: no less than by any of them alone, no more than by all of them added, nor than is held anywhere.

    Both hold for any number of pits that pump and put nothing in, by the principle of the maximum.
    """
    if len(alone) == 1:
        return alone[0]
    least, added = np.maximum.reduce(list(alone)), np.add.reduce(list(alone))
    jointly = found[0] if found[0] is found[-1] else added
    return np.clip(jointly, least, np.maximum(np.minimum(added, held_m), least))


def _held(one: Dug, k: int, soil: PitSoil | None = None) -> Held:
    return Held(one.pit, one.worked[k], soil or one.soil, one.water[k].days)


def _range(
    made: Sequence[Dug], open_: Open, grid: GridSpec, water: Sequence[Any], settings: PitAnalysis
) -> tuple[float, float]:
    """What is pumped where the ground lets a factor less, and more, through than it is taken to [m3/d]."""
    ends = []
    for factor in (1.0 / FACTOR, FACTOR):
        total = 0.0
        for group in groups(made, open_):
            held = [_held(made[n], open_[n] or 0, _loosened(made[n].soil, factor)) for n in group]
            jointly = alike([one.soil for one in held]) and not _pumps_on(made, open_, group)
            for part in [held] if jointly else [[one] for one in held]:
                found = lowered_together(part, Surroundings([one.pit for one in part], grid, water), settings)
                total += sum(one.inflow_m3_d for one in found)
        ends.append(total)
    return ends[0], ends[1]


def _loosened(soil: PitSoil, factor: float) -> PitSoil:
    return replace(
        soil, upper_m2_d=soil.upper_m2_d * factor, lower_m2_d=soil.lower_m2_d * factor, resistance_d=soil.resistance_d / factor
    )


def _settled(made: Sequence[Dug], grid: GridSpec, upper: Array, lower: Array, settings: PitAnalysis) -> Array:
    """By falls of both waters, with the ground at each pit by the inverse square of the distance to its edge [mm]."""
    total, weights = np.zeros(grid.shape), np.zeros(grid.shape)
    for one in made:
        middle, radius = one.pit.outline.centroid, float(np.sqrt(one.pit.outline.area / np.pi))
        away = np.hypot(grid.x[None, :] - middle.x, grid.y[:, None] - middle.y) - radius
        weight = 1.0 / np.maximum(away, grid.cell) ** 2
        fallen = upper if one.soil.parted else np.maximum(upper, lower)
        total += weight * settled_by(one.soil, fallen, lower, settings)
        weights += weight
    return total / weights
