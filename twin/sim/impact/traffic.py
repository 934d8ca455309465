"""Sound power of road traffic by octave bands: CNOSSOS-EU, annex II of Directive 2002/49/EC, section 2.2 and appendix F.

Method of Directive (EU) 2015/996, coefficients as amended by Delegated Directive (EU) 2021/1226: tables F-1 (rolling and
propulsion), F-3 (junctions) and F-4 (road surfaces, of which those for speeds in towns are here). Studded tyres are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CLASSES = ("light", "medium", "heavy", "moped", "motorcycle")
"""Categories 1, 2, 3, 4a and 4b: cars and vans; medium heavy with two axles; three axles and more; up to and above 50 cc."""

REFERENCE_KM_H, WARM_C = 70.0, 20.0
SLOWEST_KM_H, FASTEST_KM_H = 20.0, 130.0
"""Between these the method holds; what is slower or faster counts as these."""

ROLLING_A = np.array([
    [83.1, 89.2, 87.7, 93.1, 100.1, 96.7, 86.8, 76.2],
    [88.7, 93.2, 95.7, 100.9, 101.7, 95.1, 87.8, 83.6],
    [91.7, 96.2, 98.2, 104.9, 105.1, 98.5, 91.1, 85.6],
])  # fmt: skip
ROLLING_B = np.array([
    [30.0, 41.5, 38.9, 25.7, 32.5, 37.2, 39.0, 40.0],
    [30.0, 35.8, 32.6, 23.8, 30.1, 36.2, 38.3, 40.1],
    [30.0, 33.5, 31.3, 25.4, 31.8, 37.1, 38.6, 40.6],
])  # fmt: skip
PROPULSION_A = np.array([
    [97.9, 92.5, 90.7, 87.2, 84.7, 88.0, 84.4, 77.1],
    [105.5, 100.2, 100.5, 98.7, 101.0, 97.8, 91.2, 85.0],
    [108.8, 104.2, 103.5, 102.9, 102.6, 98.5, 93.8, 87.5],
    [93.0, 93.0, 93.5, 95.3, 97.2, 100.4, 95.8, 90.9],
    [99.9, 101.9, 96.7, 94.4, 95.2, 94.7, 92.1, 88.6],
])  # fmt: skip
PROPULSION_B = np.array([
    [-1.3, 7.2, 7.7, 8.0, 8.0, 8.0, 8.0, 8.0],
    [-1.9, 4.7, 6.4, 6.5, 6.5, 6.5, 6.5, 6.5],
    [0.0, 3.0, 4.6, 5.0, 5.0, 5.0, 5.0, 5.0],
    [4.2, 7.4, 9.8, 11.6, 15.7, 18.9, 20.3, 20.6],
    [3.2, 5.9, 11.9, 11.6, 11.5, 12.6, 11.1, 12.0],
])  # fmt: skip
"""Coefficients of table F-1: classes by bands from 63 Hz to 8 kHz [dB]; rolling has none for two-wheelers."""

JUNCTIONS: Mapping[str, NDArray[np.float64]] = MappingProxyType({
    "crossing": np.array([[-4.5, 5.5], [-4.0, 9.0], [-4.0, 9.0], [0.0, 0.0], [0.0, 0.0]]),
    "roundabout": np.array([[-4.4, 3.1], [-2.3, 6.7], [-2.3, 6.7], [0.0, 0.0], [0.0, 0.0]]),
})  # fmt: skip
"""Table F-3: what a crossing with lights or a roundabout adds to rolling and to propulsion of each class, right at it [dB]."""

JUNCTION_M = 100.0
"""Beyond this a junction adds nothing [m]."""

_WARMTH = np.array([0.08, 0.04, 0.04])


class Surface(NamedTuple):
    """What a road surface adds to a class: alpha in each band, and beta with the speed (table F-4) [dB]."""

    alpha: NDArray[np.float64]
    beta: NDArray[np.float64]
    title: str
    speeds_km_h: tuple[float, float]


def _surface(title: str, speeds: tuple[float, float], *rows: tuple[float, ...]) -> Surface:
    """Rows of the classes light, medium and heavy: alpha in eight bands, then beta."""
    table = np.array(rows)
    return Surface(table[:, :8], table[:, 8], title, speeds)


_NOTHING = (0.0,) * 9
SURFACES: Mapping[str, Surface] = MappingProxyType({
    "reference": _surface("reference surface (dense asphalt and stone mastic)", (30.0, 130.0), _NOTHING, _NOTHING, _NOTHING),
    "sma-nl5": _surface("SMA-NL5", (40.0, 80.0), (10.3, -0.9, 0.9, 1.8, -1.8, -2.7, -2.0, -1.3, -1.6), _NOTHING, _NOTHING),
    "sma-nl8": _surface("SMA-NL8", (40.0, 80.0), (6.0, 0.3, 0.3, 0.0, -0.6, -1.2, -0.7, -0.7, -1.4), _NOTHING, _NOTHING),
    "bricks-herringbone": _surface(
        "hard elements in herringbone", (30.0, 60.0), (27.0, 16.2, 14.7, 6.1, 3.0, -1.0, 1.2, 4.5, 2.5),
        (29.5, 20.0, 17.6, 8.0, 6.2, -1.0, 3.1, 5.2, 2.5), (29.4, 21.2, 18.2, 8.4, 5.6, -1.0, 3.0, 5.8, 2.5),
    ),
    "bricks": _surface(
        "hard elements not in herringbone", (30.0, 60.0), (31.4, 19.7, 16.8, 8.4, 7.2, 3.3, 7.8, 9.1, 2.9),
        (34.0, 23.6, 19.8, 10.5, 11.7, 8.2, 12.2, 10.0, 2.9), (33.8, 24.7, 20.4, 10.9, 10.9, 6.8, 12.0, 10.8, 2.9),
    ),
    "quiet-bricks": _surface(
        "quiet hard elements", (30.0, 60.0), (26.8, 13.7, 11.9, 3.9, -1.8, -5.8, -2.7, 0.2, -1.7),
        (9.2, 5.7, 4.8, 2.3, 4.4, 5.1, 5.4, 0.9, 0.0), (9.1, 6.6, 5.2, 2.6, 3.9, 3.9, 5.2, 1.1, 0.0),
    ),
    "thin-layer-a": _surface(
        "thin layer A", (40.0, 130.0), (10.4, 0.7, -0.6, -1.2, -3.0, -4.8, -3.4, -1.4, -2.9),
        (13.8, 5.4, 3.9, -0.4, -1.8, -2.1, -0.7, -0.2, 0.5), (14.1, 6.1, 4.1, -0.4, -1.8, -2.1, -0.7, -0.2, 0.3),
    ),
    "thin-layer-b": _surface(
        "thin layer B", (40.0, 130.0), (6.8, -1.2, -1.2, -0.3, -4.9, -7.0, -4.8, -3.2, -1.8),
        (13.8, 5.4, 3.9, -0.4, -1.8, -2.1, -0.7, -0.2, 0.5), (14.1, 6.1, 4.1, -0.4, -1.8, -2.1, -0.7, -0.2, 0.5),
    ),
})  # fmt: skip
"""Road surfaces by name."""


def vehicle_power(
    speed_km_h: NDArray[np.float64], surface: Surface, temperature_c: float = WARM_C, gradient_percent: float = 0.0,
    junction: tuple[str, float] | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """Sound power of one vehicle of each class, (5, 8) [dB re 1 pW].

    Parameters
    ----------
    speed_km_h : (5,) float64
        Of each class [km/h].
    surface : Surface
    temperature_c : float
        Of the air [degrees Celsius].
    gradient_percent : float
        Upwards in the direction of travel [%].
    junction : (str, float), optional
        Which of `JUNCTIONS`, and how far off it is [m].
    """
    v = np.clip(np.asarray(speed_km_h, dtype=np.float64), SLOWEST_KM_H, FASTEST_KM_H)
    lg = np.log10(v[:3] / REFERENCE_KM_H)
    worn = surface.alpha + surface.beta[:, None] * lg[:, None]
    rolling = ROLLING_A + ROLLING_B * lg[:, None] + worn + (_WARMTH * (WARM_C - temperature_c))[:, None]
    propulsion = PROPULSION_A + PROPULSION_B * ((v - REFERENCE_KM_H) / REFERENCE_KM_H)[:, None]
    propulsion[:3] += np.minimum(surface.alpha, 0.0)
    propulsion += _gradient(v, gradient_percent)[:, None]
    if junction is not None:
        near = max(1.0 - abs(junction[1]) / JUNCTION_M, 0.0)
        more = JUNCTIONS[junction[0]] * near
        rolling += more[:3, :1]
        propulsion += more[:, 1:]
    energy = 10.0 ** (0.1 * propulsion)
    energy[:3] += 10.0 ** (0.1 * rolling)
    return np.asarray(10.0 * np.log10(energy))


def _gradient(v: NDArray[np.float64], s: float) -> NDArray[np.float64]:
    """What a slope adds to propulsion (equations 2.2.13 to 2.2.16), (5,) [dB]."""
    up, down = min(12.0, s), min(12.0, -s)
    light = down - 6.0 if s < -6.0 else (up - 2.0) / 1.5 * v[0] / 100.0 if s > 2.0 else 0.0
    medium = (down - 4.0) / 0.7 * (v[1] - 20.0) / 100.0 if s < -4.0 else up * v[1] / 100.0 if s > 0.0 else 0.0
    heavy = (down - 4.0) / 0.5 * (v[2] - 10.0) / 100.0 if s < -4.0 else up / 0.8 * v[2] / 100.0 if s > 0.0 else 0.0
    return np.array([light, medium, heavy, 0.0, 0.0])


def line_energy(
    per_hour: NDArray[np.float64], speed_km_h: NDArray[np.float64], surface: Surface, temperature_c: float = WARM_C,
    gradient_percent: float = 0.0, junction: tuple[str, float] | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """Sound power of a metre of road, (8,): 10 lg of it is in dB re 1 pW (equation 2.2.1).

    Parameters
    ----------
    per_hour : (5,) float64
        Vehicles of each class in both directions together; on a slope half of them go up.
    speed_km_h, surface, temperature_c, gradient_percent, junction
        As `vehicle_power`.
    """
    v = np.clip(np.asarray(speed_km_h, dtype=np.float64), SLOWEST_KM_H, FASTEST_KM_H)
    ways = (gradient_percent, -gradient_percent) if gradient_percent else (0.0,)
    each = [10.0 ** (0.1 * vehicle_power(v, surface, temperature_c, way, junction)) for way in ways]
    mean = np.mean(each, axis=0)
    made: NDArray[np.float64] = ((np.asarray(per_hour, dtype=np.float64) / (1000.0 * v))[:, None] * mean).sum(axis=0)
    return made


def day_evening_night(day: NDArray[np.float64], evening: NDArray[np.float64], night: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy of Lden from those of 7 to 19, 19 to 23 and 23 to 7 o'clock (Directive 2002/49/EC, annex I)."""
    made: NDArray[np.float64] = (12.0 * day + 4.0 * 10.0**0.5 * evening + 8.0 * 10.0 * night) / 24.0
    return made
