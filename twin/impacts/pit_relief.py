"""Relief wells: by how much the head below clay and peat is lowered so that the floor of a stage does not come up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from twin.geo.pits import PitStage
from twin.impacts.pit_soil import PitSoil

FAR_M = 1000.0
"""A head so much higher lifts the floor by what lies below clay and peat, whatever else presses [m]."""

STEP_M = 0.01
"""Relief is rounded up to this, so that what is asked is met, and told as it is counted [m]."""

WORDS: Mapping[str, str] = MappingProxyType({
    "": "",
    "relieved": "lowered by relief wells by {by:.2f} m in stage {stage}: counted in water, settlement and damage",
    "capped": "lowered by relief wells by {by:.2f} m in stage {stage}, down to its floor, which is not enough: counted so far in "
              "water, settlement and damage",
    "part": "lowered by relief wells by {by:.2f} m in stage {stage}, which is not enough, as a layer above the clay and peat "
            "presses too: counted so far in water, settlement and damage",
    "stated": "the `head_m` that is stated for stage {stage} leaves that much to be lowered: it is not in water, settlement and "
              "damage",
    "off": "the head that would have to be lowered is not in water, settlement and damage: state `head_m` of that stage, or set "
           "`relieve: true`",
    "concrete": "the concrete of stage {stage} is made not to need that: thicken it or hold it down; relief wells below it are not "
                "worked out, so it is not in water, settlement and damage",
    "one water": "nothing parts that water from the water table, so relief wells are not worked out for stage {stage}: it is not "
                 "in water, settlement and damage",
})  # fmt: skip
"""What is said of each way in which a head is, or is not, lowered; keys are those of the column ``relief`` of stages."""


@dataclass(frozen=True)
class Relief:
    """What relief wells do in a stage.

    Parameters
    ----------
    stage : PitStage
        With the head that they keep; as it was where there are none.
    by_m : float
        How far they lower the head; 0 where there are none [m].
    how : str
        Key of `WORDS`: empty where nothing has to be lowered, or where that is not known.
    """

    stage: PitStage
    by_m: float
    how: str


def relief(
    stage: PitStage, soil: PitSoil, dug_m: float, floor_of: Callable[[PitStage], Mapping[str, Any]], *, wanted: bool = True
) -> Relief:
    """Relief wells of a stage: they lower the head below as far as the floor asks, and no further than what is dug to.

    Parameters
    ----------
    stage : PitStage
    soil : PitSoil
    dug_m : float
        Level that is dug to [m in the vertical datum].
    floor_of : callable
        Whether the floor of a stage holds, with ``lower_head_by_m`` (NaN where that is not known) and ``held_by``.
    wanted : bool
        Whether there may be such wells.

    Returns
    -------
    Relief
    """
    floor = floor_of(stage)
    if not float(floor["lower_head_by_m"]) > 0.0:
        return Relief(stage, 0.0, "")
    if not math.isnan(stage.head_m):
        return Relief(stage, 0.0, "stated")
    if not wanted:
        return Relief(stage, 0.0, "off")
    if str(floor["held_by"]).startswith("concrete"):
        return Relief(stage, 0.0, "concrete")
    if not soil.parted:
        return Relief(stage, 0.0, "one water")
    # what presses from above the clay and peat is not lowered with the head below: only what that head itself asks for counts
    high = soil.head_m + FAR_M
    own = float(floor_of(replace(stage, head_m=high))["lower_head_by_m"]) - FAR_M
    room = max(soil.head_m - dug_m, 0.0)
    by = min(math.ceil(max(own, 0.0) / STEP_M - 1e-6) * STEP_M, room)
    kept = replace(stage, head_m=soil.head_m - by) if by > 0.0 else stage
    left = float(floor_of(kept)["lower_head_by_m"]) > 1e-9
    return Relief(kept, by, "relieved" if not left else "capped" if by >= room else "part")


def told_of(how: str, stage: str, by_m: float) -> str:
    """What is said of a stage; nothing where nothing has to be lowered."""
    return WORDS[how].format(stage=stage, by=by_m)
