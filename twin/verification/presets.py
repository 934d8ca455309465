"""Models and parameters that cases can be run with."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from twin.errors import ParameterError, did_you_mean
from twin.sim.crowd.models import model_named, model_names, preset_named
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.models.interface import Model, Preset

_NAMED = CollisionFreeSpeed.presets()
PRESETS: Mapping[str, Preset] = MappingProxyType({"default": _NAMED["event"], **_NAMED})
"""``default`` is what the library uses; the others are the presets of the collision-free speed model."""


def radius_of(name: str) -> float:
    """Radius of bodies with a preset, or with a model of that name [m]."""
    found: Preset = PRESETS[name] if name in PRESETS else preset_named(name)
    return found.radius


def model_of(name: str) -> Model:
    """The model of a preset, or of its own name with its defaults.

    Raises
    ------
    ParameterError
        When there is none of that name.
    """
    if name in PRESETS:
        model: Model = PRESETS[name].model
        return model
    known = (*PRESETS, *model_names())
    if name not in known:
        raise ParameterError(f"there is no preset `{name}`{did_you_mean(name, known)}", hint=f"there are: {', '.join(known)}")
    named: Model = model_named(name)
    return named
