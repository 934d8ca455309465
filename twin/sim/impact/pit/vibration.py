"""Vibration of driving piles and sheet piles into the ground, against what buildings bear by SBR-A.

Predictors are those of TRL report 429 (Hiller and Crabb 2000), which BS 5228-2 table E.1 has too: a vibrated pile sends ``v = k_v /
x^delta``, one that is hit ``v = k_p sqrt(W) / r^1.3`` with the distance r from its toe. They predict the resultant of the ground;
SBR-A judges the largest component of the foundation, so the comparison is on the safe side.

Limits are those of SBR Trillingsrichtlijn A 2017: ``V = V_kar / (gamma_t gamma_s gamma_v)``. The curves of categories 1 and 2 over
frequency and gamma_t of structures were found in two sources. gamma_s, gamma_v, the values of top floors and those of foundations
on loose sand have one, and the guideline itself was not read: look them up before a permit rests on them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

VIBRATED = {0.5: 60.0, 0.33: 126.0, 0.05: 266.0}
"""k_v by the chance that it is exceeded."""

STAGES = {"steady": 1.4, "all": 1.3, "start and stop": 1.2}
"""delta by what the vibrator does."""

HIT = {"soft": 1.0, "medium": 1.5, "dense": 3.0, "refusal": 5.0}
"""k_p by ground: soft or loose, stiff or medium dense, very stiff or dense, and where the pile goes no further."""

VIBRATED_RANGE_M = (1.0, 100.0)
"""Distances that the formula of vibrated piles was fitted to [m]."""

HIT_RANGE_M = (1.0, 111.0)
"""Distances along the ground, for piles that are hit [m]; depths of the toe went from 1 to 27 m."""

FREQUENCIES_HZ = (10.0, 50.0, 100.0)
STRUCTURE = {1: (20.0, 40.0, 50.0), 2: (5.0, 15.0, 20.0)}
"""V_kar at `FREQUENCIES_HZ`, straight between them, at the foundation or ground floor [mm/s]. 1: concrete or timber frames, 2:
masonry. The third category of earlier editions is now category 2 with a sensitive condition."""

TOP_FLOOR = {1: 40.0, 2: 15.0}
"""V_kar at the top floor [mm/s]; one source."""

KINDS = {"short": 1.0, "repeated": 1.5, "continuous": 2.5}
"""gamma_t of structures: a single blow, piles that are hit, piles that are vibrated."""

KINDS_FOUNDATION = {"short": 1.0, "repeated": 1.6, "continuous": 2.0}
"""gamma_t of foundations on sand that may settle; one source."""

CONDITIONS = {"normal": 1.0, "sensitive": 1.7}
"""gamma_s; a monument, or a building in a poor state, is sensitive; one source."""

MEASUREMENTS = {"indicative": 1.6, "limited": 1.4, "extensive": 1.0}
"""gamma_v by how it is measured; a prediction takes that of the measurement that is planned; one source."""


class Limit(NamedTuple):
    """What a building may have.

    Attributes
    ----------
    characteristic, allowed : float
        V_kar, and that over the factors [mm/s].
    factor : float
    """

    characteristic: float
    allowed: float
    factor: float


def of_vibrated(distance_m: NDArray[np.float64], exceeded: float = 0.05, stage: str = "all") -> NDArray[np.float64]:
    """Peak particle velocity beside a pile that is vibrated.

    Parameters
    ----------
    distance_m : (N,) float64
        Along the ground; below 1 m it counts as that [m].
    exceeded : float
        Chance that it is more, one of `VIBRATED`.
    stage : str
        One of `STAGES`.

    Returns
    -------
    (N,) float64
        [mm/s]
    """
    return VIBRATED[exceeded] * np.maximum(distance_m, VIBRATED_RANGE_M[0]) ** -STAGES[stage]


def of_hit(distance_m: NDArray[np.float64], toe_m: float, energy_j: float, ground: str = "medium") -> NDArray[np.float64]:
    """Peak particle velocity beside a pile that is hit.

    Parameters
    ----------
    distance_m : (N,) float64
        Along the ground; below 1 m it counts as that [m].
    toe_m : float
        Depth of the toe [m].
    energy_j : float
        Of a blow [J]; fitted to 1.5 to 85 kJ.
    ground : str
        One of `HIT`.

    Returns
    -------
    (N,) float64
        [mm/s]
    """
    away = np.hypot(np.maximum(distance_m, HIT_RANGE_M[0]), toe_m)
    return HIT[ground] * math.sqrt(energy_j) * away**-1.3


def limit(
    category: int, frequency_hz: float, *, kind: str = "continuous", condition: str = "normal", measurement: str = "indicative",
    place: str = "ground floor",
) -> Limit:  # fmt: skip
    """What the structure of a building may have (SBR-A 2017).

    Parameters
    ----------
    category : {1, 2}
        See `STRUCTURE`.
    frequency_hz : float
        Of the vibration; of vibrators for sheet piles 25 to 40 Hz is common [Hz].
    kind, condition, measurement : str
        Keys of `KINDS`, `CONDITIONS` and `MEASUREMENTS`.
    place : {"ground floor", "top floor"}

    Returns
    -------
    Limit
    """
    factor = KINDS[kind] * CONDITIONS[condition] * MEASUREMENTS[measurement]
    if place == "top floor":
        value = TOP_FLOOR[category]
    else:
        value = float(np.interp(frequency_hz, FREQUENCIES_HZ, STRUCTURE[category]))
    return Limit(value, value / factor, factor)


def foundation_limit(
    *, depth_factor: float = 1.0, kind: str = "continuous", condition: str = "normal", measurement: str = "indicative"
) -> Limit:
    """What a foundation on sand that may settle may have (SBR-A 2017, one source): 10 mm/s times a factor for its depth.

    Parameters
    ----------
    depth_factor : float
        C_D of the guideline, 1 to 2. How it follows from the depth was not found in a second source; 1 is on the safe side.
    kind, condition, measurement : str
        As in `limit`; gamma_t is that of `KINDS_FOUNDATION`.

    Returns
    -------
    Limit
    """
    factor = KINDS_FOUNDATION[kind] * CONDITIONS[condition] * MEASUREMENTS[measurement]
    value = 10.0 * min(max(depth_factor, 1.0), 2.0)
    return Limit(value, value / factor, factor)


def safe_from_vibrated(allowed_mm_s: float, exceeded: float = 0.05, stage: str = "all") -> float:
    """Distance from which a limit is met beside a pile that is vibrated [m]; beyond 100 m the formula is stretched."""
    return (VIBRATED[exceeded] / allowed_mm_s) ** (1.0 / STAGES[stage])


def safe_from_hit(allowed_mm_s: float, toe_m: float, energy_j: float, ground: str = "medium") -> float:
    """Distance along the ground from which a limit is met beside a pile that is hit [m]; 0 where it is met everywhere."""
    away = (HIT[ground] * math.sqrt(energy_j) / allowed_mm_s) ** (1.0 / 1.3)
    return math.sqrt(max(away * away - toe_m * toe_m, 0.0))
