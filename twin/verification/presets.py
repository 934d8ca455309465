"""Models and parameters that cases can be run with."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from twin.errors import ParameterError, did_you_mean
from twin.sim.crowd.models import model_named, model_names
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.models.interface import Model

PRESETS: Mapping[str, CollisionFreeSpeed] = MappingProxyType(
    {"default": CollisionFreeSpeed(), "jupedsim": CollisionFreeSpeed(time_gap=1.0)}
)
"""``default`` is what the library uses; ``jupedsim`` has the defaults of JuPedSim's CollisionFreeSpeedModelV2."""


def model_of(name: str) -> Model:
    """The model of a preset, or of its own name with its defaults.

    Raises
    ------
    ParameterError
        When there is none of that name.
    """
    if name in PRESETS:
        return PRESETS[name]
    known = (*PRESETS, *model_names())
    if name not in known:
        raise ParameterError(f"there is no preset `{name}`{did_you_mean(name, known)}", hint=f"there are: {', '.join(known)}")
    return model_named(name)
