"""What a published case is: its set-up, what is asked of it, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Verdict: TypeAlias = Literal["pass", "fail", "known failure", "not applicable"]
"""``known failure``: it fails as the case says it will, and why is known."""


class Trial(NamedTuple):
    """What a case is run with.

    Attributes
    ----------
    preset : str
        Name of parameters of the model, or of another model, see `twin.verification.presets`.
    seed : int
    """

    preset: str = "default"
    seed: int = 1


@dataclass(frozen=True)
class Measure:
    """A value that was measured, and between which it must lie.

    Parameters
    ----------
    name : str
    value : float
        NaN where there is none, as when people got stuck; that lies nowhere.
    unit : str
        ``""`` for a pure number.
    low, high : float
        Both included; without either the value is told and not judged.
    digits : int
        Decimals to show.
    """

    name: str
    value: float
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    digits: int = 2

    @property
    def judged(self) -> bool:
        """Whether it has a bound."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    @property
    def holds(self) -> bool:
        """Whether it lies where it must."""
        return not self.judged or self.low <= self.value <= self.high

    def text(self) -> str:
        """The value with its unit."""
        return f"{self.value:,.{self.digits}f} {self.unit}".rstrip() if math.isfinite(self.value) else "none"

    def bounds(self) -> str:
        """Where it must lie, in words."""
        low, high = (f"{bound:,.{self.digits}f}" for bound in (self.low, self.high))
        if not self.judged:
            return ""
        if self.low == self.high:
            return low
        if math.isinf(self.high):
            return f"at least {low}"
        return f"at most {high}" if math.isinf(self.low) else f"{low} to {high}"


class Curve(NamedTuple):
    """A line of a chart: name, and x and y of its points, (K,) float64 each."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True)
class Chart:
    """Lines over the same axes.

    Parameters
    ----------
    curves : tuple of Curve
    x_label, y_label : str
        With units.
    """

    curves: tuple[Curve, ...]
    x_label: str
    y_label: str


@dataclass(frozen=True)
class Found:
    """What a run of a case gave.

    Parameters
    ----------
    measures : tuple of Measure
    chart : Chart, optional
    """

    measures: tuple[Measure, ...]
    chart: Chart | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """A stair between two levels of a site; the upper end of it belongs to both.

    Parameters
    ----------
    polygon : shapely polygon
        Its treads in plan [m].
    lower, upper : str
        Levels that it joins.
    up_azimuth_deg : float
        Where it goes up, degrees from north clockwise.
    """

    polygon: BaseGeometry
    lower: str
    upper: str
    up_azimuth_deg: float


@dataclass(frozen=True, eq=False)
class Site:
    """Where people walk in a case; what is drawn of it, and what is simulated.

    Parameters
    ----------
    floors : mapping of str to shapely polygon
        By level, without the stairs [m]. Levels are drawn side by side where they lie so in plan.
    exits : mapping of str to (shapely polygon, level)
    starts : mapping of str to (shapely polygon, level)
        Where people start: for the picture; a case places them itself.
    stairs : tuple of Run
    heights : mapping of str to float
        Of levels, above the lowest [m].
    lines : mapping of str to ((x0, y0, x1, y1), level)
        That people are counted at [m].
    areas : mapping of str to shapely polygon
        Where something is measured.
    lifts : tuple of ((shapely polygon, level), (shapely polygon, level))
        Where people step in, and where they step out.
    """

    floors: Mapping[str, BaseGeometry]
    exits: Mapping[str, tuple[BaseGeometry, str]] = field(default_factory=dict)
    starts: Mapping[str, tuple[BaseGeometry, str]] = field(default_factory=dict)
    stairs: tuple[Run, ...] = ()
    heights: Mapping[str, float] = field(default_factory=dict)
    lines: Mapping[str, tuple[tuple[float, float, float, float], str]] = field(default_factory=dict)
    areas: Mapping[str, BaseGeometry] = field(default_factory=dict)
    lifts: tuple[tuple[tuple[BaseGeometry, str], tuple[BaseGeometry, str]], ...] = ()


@dataclass(frozen=True, eq=False)
class Case:
    """A published case.

    Parameters
    ----------
    id : str
        Short and stable, ``rimea-1``.
    standard, number : str
        ``RiMEA 4.1.1`` and ``test 1``; ``number`` may be empty.
    title : str
        What it is about.
    setup : str
        What is built and who walks, in a sentence or two.
    criterion : str
        What must come of it, with its numbers; where a number is not that of the source, it says so.
    source : str
        Where that is published.
    run : callable, optional
        From a `Trial` to a `Found`; None for a case that does not apply.
    site : Site, optional
        To be drawn.
    seed : int
        Unless another is asked for.
    slow : bool
        Whether it takes more than about ten seconds.
    known_failure : str
        Why it fails, where that is known and said; it is then no reason for an exit code.
    not_applicable : str
        Why it is not run.
    """

    id: str
    standard: str
    number: str
    title: str
    setup: str
    criterion: str
    source: str
    run: Callable[[Trial], Found] | None
    site: Site | None = None
    seed: int = 1
    slow: bool = False
    known_failure: str = ""
    not_applicable: str = ""

    @property
    def name(self) -> str:
        """Standard and number."""
        return f"{self.standard} {self.number}".strip()


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a case.

    Parameters
    ----------
    case : Case
    trial : Trial
    found : Found, optional
        None for a case that was not run, or could not be.
    error : str
        What kept it from being run to its end.
    took_s : float
        How long it ran, on the clock [s].
    """

    case: Case
    trial: Trial
    found: Found | None = None
    error: str = ""
    took_s: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """Every judged value must lie where it must, and there must be one."""
        if self.case.run is None:
            return "not applicable"
        judged = [m for m in self.found.measures if m.judged] if self.found else []
        if judged and all(measure.holds for measure in judged):
            return "pass"
        return "known failure" if self.case.known_failure and not self.error else "fail"

    @property
    def why(self) -> str:
        """Why it was not run, could not be, or fails as is known; empty for the others."""
        known = self.case.known_failure if self.verdict == "known failure" else ""
        return self.error or self.case.not_applicable or known
