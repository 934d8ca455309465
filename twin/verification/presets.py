"""Parameters of the model that cases can be run with."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from twin.errors import ParameterError, did_you_mean
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed

PRESETS: Mapping[str, CollisionFreeSpeed] = MappingProxyType(
    {"default": CollisionFreeSpeed(), "jupedsim": CollisionFreeSpeed(time_gap=1.0)}
)
"""``default`` is what the library uses; ``jupedsim`` has the defaults of JuPedSim's CollisionFreeSpeedModelV2."""


def check_preset(name: str) -> None:
    """See that there are parameters of a name.

    Raises
    ------
    ParameterError
        When there are none.
    """
    if name not in PRESETS:
        raise ParameterError(f"there is no preset `{name}`{did_you_mean(name, PRESETS)}", hint=f"there are: {', '.join(PRESETS)}")
