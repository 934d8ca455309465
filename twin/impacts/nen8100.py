"""Nuisance and danger of wind by NEN 8100:2006: classes, and what each is worth for what people do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean

NUISANCE_M_S, DANGER_M_S = 5.0, 15.0
"""Hourly mean speeds at the height of people that are counted [m/s]."""

BORDERS_PERCENT = (2.5, 5.0, 10.0, 20.0)
CLASSES = ("A", "B", "C", "D", "E")
"""By the share of hours above 5 m/s: A below 2.5 %, B below 5, C below 10, D below 20, E above."""

DANGER_PERCENT = (0.05, 0.3)
DANGERS = ("none", "limited risk", "dangerous")
"""By the share of hours above 15 m/s."""

RATINGS = ("good", "moderate", "poor")
BY_ACTIVITY: Mapping[str, tuple[int, ...]] = MappingProxyType({
    "traversing": (0, 0, 0, 1, 2), "strolling": (0, 0, 1, 2, 2), "sitting": (0, 1, 2, 2, 2),
})  # fmt: skip
"""Which of `RATINGS` classes A to E are, by what people do: pass through (doorlopen), stroll (slenteren), sit for long (langdurig
zitten)."""

SOURCE = "NEN 8100:2006, Windhinder en windgevaar in de gebouwde omgeving; a standard that the municipality may ask for, no law"

_Number = TypeVar("_Number", bound=np.floating)


def comfort_class(p5_percent: NDArray[_Number] | float) -> NDArray[np.int8]:
    """Class of nuisance: 0 to 4 for A to E, -1 where the share is NaN.

    Parameters
    ----------
    p5_percent : (...) float
        Hours above 5 m/s [%].
    """
    given = np.asarray(p5_percent, dtype=np.float64)
    return np.where(np.isnan(given), -1, np.digitize(given, BORDERS_PERCENT)).astype(np.int8)


def danger_class(p15_percent: NDArray[_Number] | float) -> NDArray[np.int8]:
    """Danger: 0 to 2 for none, limited risk and dangerous, -1 where the share is NaN.

    Parameters
    ----------
    p15_percent : (...) float
        Hours above 15 m/s [%].
    """
    given = np.asarray(p15_percent, dtype=np.float64)
    return np.where(np.isnan(given), -1, np.digitize(given, DANGER_PERCENT)).astype(np.int8)


def rating(classes: NDArray[np.int8], activity: str) -> NDArray[np.int8]:
    """What classes are worth for an activity: 0 to 2 for good, moderate and poor, -1 where there is none.

    Parameters
    ----------
    classes : (...) int8
        From `comfort_class`.
    activity : {"traversing", "strolling", "sitting"}

    Raises
    ------
    ParameterError
        When there is no such activity.
    """
    if activity not in BY_ACTIVITY:
        raise ParameterError(f"there is no activity `{activity}`{did_you_mean(activity, BY_ACTIVITY)}", hint=", ".join(BY_ACTIVITY))
    table = np.array([*BY_ACTIVITY[activity], -1], dtype=np.int8)
    return np.asarray(table[classes])
