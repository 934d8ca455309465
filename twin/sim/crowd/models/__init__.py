"""The models of walking there are, by name; one file each. `register_model` adds your own."""

from __future__ import annotations

import re
from typing import Any

from twin.errors import ParameterError, did_you_mean
from twin.sim.crowd.models.anticipation_velocity import AnticipationVelocity
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.models.continuum import ContinuumModel
from twin.sim.crowd.models.interface import Model, Preset, presets_of
from twin.sim.crowd.models.social_force import SocialForce

_OURS: dict[str, type] = {
    "collision-free-speed": CollisionFreeSpeed, "social-force": SocialForce, "anticipation-velocity": AnticipationVelocity,
}  # fmt: skip
_REGISTERED: dict[str, type] = {}
CONTINUUM = "continuum"
"""Name of the model in which people are a density; it has no kernel that moves persons."""

_NEEDED = ("check", "reach", "wall_reach", "move")


def model_names() -> tuple[str, ...]:
    """Names of the models that move persons, those that were registered last."""
    return (*_OURS, *_REGISTERED)


def all_names() -> tuple[str, ...]:
    """Names of all models: those that move persons, and the continuum."""
    return (*_OURS, CONTINUUM, *_REGISTERED)


def model_class(name: str) -> type:
    """The model of a name.

    Raises
    ------
    ParameterError
        When there is none.
    """
    found = ContinuumModel if name == CONTINUUM else _OURS.get(name) or _REGISTERED.get(name)
    if found is None:
        near = did_you_mean(name, all_names())
        raise ParameterError(f"there is no model `{name}`{near}", hint=f"there are {_told(all_names())}")
    return found


def has_parameter(name: str, parameter: str) -> bool:
    """Whether the model of a name has a parameter."""
    return parameter in model_class(name)._fields  # type: ignore[attr-defined]


def preset_named(name: str, preset: str | None = None) -> Preset:
    """Parameters that go together, and the radius of bodies they were chosen with.

    Parameters
    ----------
    name : str
        Of the model, one of `all_names`.
    preset : str, optional
        One of the model's; by default its first.

    Raises
    ------
    ParameterError
        When there is no such model or preset.
    """
    there = presets_of(model_class(name))
    if preset is None:
        return next(iter(there.values()))
    if preset not in there:
        near = did_you_mean(preset, there)
        raise ParameterError(f"the model `{name}` has no preset `{preset}`{near}", hint=f"there are {_told(there)}")
    return there[preset]


def model_named(name: str, preset: str | None = None, /, **parameters: float) -> Any:
    """A model with some of its parameters set, and checked.

    Parameters
    ----------
    name : str
        One of `all_names`.
    preset : str, optional
        Where the other parameters come from; by default the model's first preset, which are its defaults.
    **parameters : float
        By name.

    Raises
    ------
    ParameterError
        For a model, preset or parameter that there is not, or a value that is not possible.

    Returns
    -------
    Model or ContinuumModel
    """
    kind = model_class(name)
    known: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
    for key, value in parameters.items():
        if key not in known:
            raise ParameterError(
                f"`{key}` is not a parameter of the model `{name}`{did_you_mean(key, known)}", hint=f"there are {_told(known)}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ParameterError(f"`{key}` of the model `{name}` is {value!r}", hint="give a number")
    model: Model | ContinuumModel = preset_named(name, preset).model._replace(
        **{key: float(value) for key, value in parameters.items()}
    )
    model.check()
    return model


def register_model(name: str, model: type) -> None:
    """Let a model of your own be used by its name, in `simulate_crowd` and in scenarios.

    It is tried on a small crowd first, on one core and on all. A name that was registered before is taken over.

    Parameters
    ----------
    name : str
        Small letters, digits and hyphens; not that of a model that is here already.
    model : type
        A NamedTuple of parameters, all with defaults, with the methods of `twin.sim.crowd.models.interface.Model`.

    Raises
    ------
    ParameterError
        When the name cannot be used, something is missing, or the trial goes wrong; it says what.
    """
    if name in _OURS or name == CONTINUUM:
        raise ParameterError(f"`{name}` is a model that is here already", hint="give yours another name")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise ParameterError(f"`{name}` cannot be the name of a model", hint="use small letters and digits, and hyphens in between")
    fields = getattr(model, "_fields", None)
    if not (isinstance(model, type) and issubclass(model, tuple)) or fields is None:
        raise ParameterError(f"the model `{name}` is not a NamedTuple of its parameters", hint=_EXAMPLE)
    missing = [one for one in _NEEDED if not callable(getattr(model, one, None))]
    if missing:
        raise ParameterError(f"the model `{name}` has no {_told(missing)}", hint=_EXAMPLE)
    bare = [field for field in fields if field not in model._field_defaults]  # type: ignore[attr-defined]
    if bare:
        raise ParameterError(f"of the model `{name}`, {_told(bare)} has no default", hint="give every parameter one")
    from twin.sim.crowd.models.trial import try_out

    tried: Any = model()
    try_out(name, tried)
    _REGISTERED[name] = model


_EXAMPLE = "docs/models.md has a model in 25 lines"


def _told(names: Any) -> str:
    return ", ".join(f"`{one}`" for one in names)
