"""Stages of the pits of a scene, and what each pit is like in one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from twin.geo.pits import Pit, PitStage
from viewer.changes import PlacedChange
from viewer.stages import SceneStage
from viewer.words import readable_label

NOT_BEGUN = ""
"""Name of the stage of a pit that is not dug yet."""


def stages_of(pits: Sequence[PlacedChange]) -> tuple[SceneStage, ...]:
    """Stages of pits in the order of their first days, or else of the scenario; those of one name are one.

    Empty where no pit has more than one.
    """
    found: dict[str, SceneStage] = {}
    for item in pits:
        for stage in item.pit.stages if item.pit is not None else ():
            starts, ends = ("" if day is None else day.isoformat() for day in (stage.starts, stage.ends))
            found.setdefault(stage.id, SceneStage(stage.id, readable_label(stage.id), starts, ends))
    if len(found) < 2:
        return ()
    stages = list(found.values())
    return tuple(sorted(stages, key=lambda one: one.starts) if all(one.starts for one in stages) else stages)


def deepest(pits: Sequence[PlacedChange], stages: Sequence[SceneStage]) -> str:
    """Name of the stage with most dug, the last of them; empty where there are no stages."""
    depths = [sum(item.pit.top_m - stage_in(item.pit, one).floor_m for item in pits if item.pit is not None) for one in stages]
    return stages[max(range(len(stages)), key=lambda k: (round(depths[k], 3), k))].name if stages else ""


def stage_in(pit: Pit, stage: SceneStage | None) -> PitStage:
    """A pit in a stage of the scene.

    Its own stage of that name, else the one of the day on which the stage of the scene begins, else the last of its deepest ones.
    """
    found = next((one for one in pit.stages if stage is not None and one.id == stage.name), None)
    if found is not None:
        return found
    dated = [one for one in pit.stages if one.starts is not None]
    if stage is not None and stage.starts and dated:
        day = dt.date.fromisoformat(stage.starts)
        begun = [one for one in dated if one.starts is not None and one.starts <= day]
        return begun[-1] if begun else PitStage(NOT_BEGUN, pit.top_m)
    lowest = min(one.floor_m for one in pit.stages)
    return [one for one in pit.stages if one.floor_m <= lowest + 1e-9][-1]


def has_concrete(pit: Pit, now: PitStage) -> bool:
    """Whether the underwater concrete lies in a pit; of one that does not say when, it does in the deepest stages."""
    if pit.concrete_m <= 0.0:
        return False
    return now.concreted or (not any(one.concreted for one in pit.stages) and now.floor_m <= pit.bottom_m + 1e-6)
