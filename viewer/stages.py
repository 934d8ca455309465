"""Stages of the work that a scene shows: what is there in each is a layer that says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twin.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    from viewer.layers import Layer
    from viewer.scene import Scene


@dataclass(frozen=True)
class SceneStage:
    """A stage of the work: a scene shows how it is when it is done.

    Parameters
    ----------
    name, label : str
    starts, ends : str
        First and last day, ``"2026-03-02"``; empty where they are not known.
    """

    name: str
    label: str
    starts: str = ""
    ends: str = ""


WHOLE_WORK = "Of the whole work, not of this stage"
OF_WHOLE_WORK = ("settlement_mm", "drawdown_m", "head_drawdown_m")
"""Legends of fields that are worked out for all stages together, so that a picture of one stage says so."""
NO_DESIGN = "Whether the walls of a pit stand is not worked out: that needs a geotechnical design"


def scene_at(scene: Scene, name: str) -> Scene:
    """See `viewer.Scene.at_stage`."""
    names = [stage.name for stage in scene.stages]
    if name not in names:
        hint = f"it has: {', '.join(names)}" if names else "nothing in it is done in stages"
        raise ParameterError(f"the scene has no stage `{name}`{did_you_mean(name, names)}", hint=hint)
    layers = tuple(_plain(layer) for layer in scene.layers if not layer.stages or name in layer.stages)
    legends = tuple(replace(one, note=WHOLE_WORK) if one.name in OF_WHOLE_WORK and not one.note else one for one in scene.legends)
    label = scene.stages[names.index(name)].label
    subtitle = f"{scene.subtitle}, stage of the work: {label}" if scene.subtitle else f"Stage of the work: {label}"
    return replace(scene, layers=layers, legends=legends, stages=(), stage=name, subtitle=subtitle)


def without_a_pit(scene: Scene) -> Scene:
    """A scene of one side where no pit is dug, without what is of pits alone: stages, what the ground does, the note on walls.

    A scene with a pit is given back as it is.
    """
    if any(layer.name.split("@")[0] == "pit" for layer in scene.layers):
        return scene
    layers = tuple(layer for layer in scene.layers if getattr(layer, "legend", "") not in OF_WHOLE_WORK)
    return replace(scene, layers=layers, stages=(), stage="", notes=tuple(note for note in scene.notes if note != NO_DESIGN))


def _plain(layer: Layer) -> Layer:
    """A layer of one stage under the name that it has in every stage."""
    if not layer.stages:
        return layer
    name = layer.name.replace(f"@{layer.stages[0]}", "", 1)
    return replace(layer, name=name, stages=())


def staged(by_stage: dict[str, list[Layer]]) -> list[Layer]:
    """Layers of all stages as those of one scene: what some stages have alike is one layer, with their names.

    Parameters
    ----------
    by_stage : dict of list of Layer
        Layers as they are in each stage, in the order of the stages; of one name each stage has one.
    """
    from viewer.sides import same

    stages = list(by_stage)
    names = dict.fromkeys(layer.name for layers in by_stage.values() for layer in layers)
    made: list[Layer] = []
    for name in names:
        kinds: list[tuple[Layer, list[str]]] = []
        for stage in stages:
            layer = next((one for one in by_stage[stage] if one.name == name), None)
            if layer is None:
                continue
            known = next((there for one, there in kinds if same(one, layer)), None)
            if known is None:
                kinds.append((layer, [stage]))
            else:
                known.append(stage)
        for layer, there in kinds:
            whole = len(there) == len(stages)
            made.append(layer if whole else replace(layer, name=f"{name}@{there[0]}", stages=tuple(there)))
    return made
