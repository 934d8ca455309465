"""Published cases as data and runners: what the simulations are held against.

A case says what is built, what must come of it, and where that is published; ``cases()`` lists them all, ``check(case)`` runs
one. A new field adds one module with a function ``cases()``, and one line of `_MODULES`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from importlib import import_module

from twin.errors import ParameterError, TwinError, did_you_mean
from twin.verification.case import Case, Chart, Curve, Found, Measure, Outcome, Run, Site, Trial
from twin.verification.presets import PRESETS, model_of

__all__ = [
    "PRESETS", "Case", "Chart", "Curve", "Found", "Measure", "Outcome", "Run", "Site", "Trial", "cases", "check", "chosen",
]  # fmt: skip

_MODULES = (
    "twin.verification.rimea",
    "twin.verification.rimea_crowds",
    "twin.verification.iso",
    "twin.verification.nist",
    "twin.verification.stairs",
    "twin.verification.eikonal",
    "twin.verification.equations",
    "twin.verification.side_by_side",
    "twin.verification.event",
    "twin.verification.sun",
    "twin.verification.green",
    "twin.verification.signal",
    "twin.verification.noise",
    "twin.verification.access",
    "twin.verification.wind",
    "twin.verification.heat",
    "twin.verification.rain",
    "twin.verification.soil",
    "twin.verification.ground_movement",
    "twin.verification.cellar",
    "twin.verification.pit",
)


def cases() -> tuple[Case, ...]:
    """Every case, in the order of the modules."""
    return tuple(case for name in _MODULES for case in import_module(name).cases())


def chosen(ids: Iterable[str]) -> tuple[Case, ...]:
    """Cases by name, in the order of the list of all. A name may be that of many: ``rimea`` is every ``rimea-...``.

    Raises
    ------
    ParameterError
        When there is none of a name.
    """
    every = cases()
    wanted: set[str] = set()
    for one in ids:
        mine = {case.id for case in every if case.id == one} or {case.id for case in every if case.id.startswith(f"{one}-")}
        if not mine:
            near = did_you_mean(one, [case.id for case in every])
            families = dict.fromkeys(case.id.partition("-")[0] for case in every)
            raise ParameterError(
                f"there is no case `{one}`{near}", hint=f"`twin verify --list` has them all; families: {', '.join(families)}"
            )
        wanted |= mine
    return tuple(case for case in every if case.id in wanted)


def check(case: Case, *, preset: str = "default", seed: int | None = None) -> Outcome:
    """Run a case.

    Parameters
    ----------
    case : Case
    preset : str
        Name of parameters of the model, or of another model.
    seed : int, optional
        By default that of the case.

    Raises
    ------
    ParameterError
        For a preset that is not there.
    """
    model_of(preset)
    trial = Trial(preset, case.seed if seed is None else seed)
    if case.run is None:
        return Outcome(case, trial)
    started = time.perf_counter()
    try:
        found = case.run(trial)
    except TwinError as error:
        return Outcome(case, trial, None, " ".join(str(error).split()), time.perf_counter() - started)
    return Outcome(case, trial, found, "", time.perf_counter() - started)
