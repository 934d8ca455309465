"""What a model of walking must have, and what it may have."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from twin.errors import ParameterError
from twin.sim.crowd.state import Near, Present, Step
from twin.sim.model import Floor


class Model(Protocol):
    """A model: a NamedTuple of its parameters, all with defaults, that has these methods.

    It may also have what `presets_of`, `substeps_of`, `clearance_of`, `notes_of` and `top_speed_of` ask for.
    """

    def __iter__(self) -> Iterator[Any]:
        """The values of the parameters: a checkpoint knows a crowd by them."""

    def check(self) -> None:
        """Raise a ParameterError when a parameter is out of its range."""

    def reach(self, radius: float, other_radius: float, desired_speed: float) -> float:
        """Distance between two people beyond which the other does not matter to one with this desired speed [m]."""

    def wall_reach(self, radius: float) -> float:
        """Distance from a person's middle beyond which a wall does not matter [m]."""

    def move(self, crowd: Present, near: Near, floor: Floor, step: Step) -> None:
        """Write `next_vx` and `next_vy` of the first `n` rows of a crowd; nothing else that others read.

        Parameters
        ----------
        crowd : Present
        near : Near
            Who may matter to whom.
        floor : Floor
        step : Step
        """


class Preset(NamedTuple):
    """Parameters of a model that go together.

    Attributes
    ----------
    model : Model
    radius : float
        Of the bodies that they were chosen with [m].
    """

    model: Any
    radius: float


RADIUS_M = 0.2
"""Radius of bodies in models without presets."""


def presets_of(model: type) -> Mapping[str, Preset]:
    """Presets of a model by name: what ``model.presets()`` gives, the default first; else its defaults, called ``default``."""
    if hasattr(model, "presets"):
        found: Mapping[str, Preset] = model.presets()
        return found
    return {"default": Preset(model(), RADIUS_M)}


def substeps_of(model: Model, dt: float) -> int:
    """Parts that a step of `dt` is taken in: what ``model.substeps(dt)`` says, or 1."""
    parts = model.substeps(dt) if hasattr(model, "substeps") else 1
    if not (isinstance(parts, int) and parts >= 1):
        raise ParameterError(f"a step cannot be taken in {parts} parts", hint="`substeps` of a model gives a whole number from 1")
    return parts


def clearance_of(model: Model) -> float:
    """Part of the radius that people are kept from walls: ``model.clearance``, or 1.

    Nobody ever passes a wall; a part below 1 lets bodies be pressed against it first.
    """
    part = float(getattr(model, "clearance", 1.0))
    if not 0.0 < part <= 1.0:
        raise ParameterError(f"the clearance of a model is {part:g}", hint="give a part of the radius: above 0, at most 1")
    return part


def notes_of(model: Model) -> int:
    """Numbers that the model notes of everybody, in `Near.notes`: ``model.notes``, or 0."""
    count = getattr(model, "notes", 0)
    if not (isinstance(count, int) and count >= 0):
        raise ParameterError(f"a model cannot note {count} numbers of everybody", hint="`notes` is a whole number from 0")
    return count


def top_speed_of(model: Model, desired_speed: float) -> float:
    """Highest speed of somebody with a desired speed: what ``model.top_speed(desired_speed)`` says, or that speed [m/s]."""
    return float(model.top_speed(desired_speed)) if hasattr(model, "top_speed") else desired_speed


def check_positive(model: str, parameters: Mapping[str, Any]) -> None:
    """Raise a ParameterError for the first parameter that is not a positive finite number; `model` is what to call it."""
    for name, value in parameters.items():
        if not (math.isfinite(value) and value > 0):
            raise ParameterError(f"`{name}` of the {model} model is {value}", hint="give a positive number")
