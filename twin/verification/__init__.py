"""Published cases as data and runners: what the simulations are held against.

A case says what is measured, between which values it must lie, and where that is published. ``cases()`` lists them all;
``check(case)`` runs one. A new field adds one module and one line of `_MODULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from twin.errors import ParameterError, did_you_mean

_MODULES = ("twin.verification.crowd",)


@dataclass(frozen=True)
class Case:
    """A published case.

    Parameters
    ----------
    id : str
        Short and stable, ``crowd/rimea-1``.
    title : str
        The set-up in one line.
    quantity, unit : str
        What is measured; ``"1"`` for a pure number.
    low, high : float
        Between which the value must lie, both included.
    source : str
        Where that is published, with its number.
    measure : callable
        Runs the case and gives the value.
    slow : bool
        Whether it takes more than about ten seconds.
    note : str
        What one should know about the set-up or the tolerance.
    """

    id: str
    title: str
    quantity: str
    unit: str
    low: float
    high: float
    source: str
    measure: Callable[[], float]
    slow: bool = False
    note: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Parameters
    ----------
    case : Case
    value : float
        In the unit of the case.
    """

    case: Case
    value: float

    @property
    def passed(self) -> bool:
        """Whether the value lies in the range; NaN never does."""
        return self.case.low <= self.value <= self.case.high


def cases() -> tuple[Case, ...]:
    """Every case, in the order of the modules."""
    return tuple(case for name in _MODULES for case in import_module(name).CASES)


def find_case(case_id: str) -> Case:
    """Look a case up.

    Raises
    ------
    ParameterError
        When there is none of that name.
    """
    known = {case.id: case for case in cases()}
    if case_id not in known:
        raise ParameterError(f"there is no case `{case_id}`{did_you_mean(case_id, known)}")
    return known[case_id]


def check(case: Case) -> Outcome:
    """Run a case."""
    return Outcome(case, float(case.measure()))
