"""Sound by octave bands: their frequencies, weights, absorption by air, and sums of levels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

BANDS_HZ = (63, 125, 250, 500, 1000, 2000, 4000, 8000)
"""Nominal midband frequencies of the octave bands [Hz]."""

EXACT_HZ = tuple(1000.0 * 10.0 ** (0.3 * k) for k in range(-4, 4))
"""Exact midband frequencies (IEC 61260-1) [Hz]."""

SPEED_M_S = 340.0
"""Speed of sound that wavelengths are taken at, as in the cases of ISO/TR 17534-4 [m/s]."""

REFERENCE_PA, HOT_K, TRIPLE_K = 101_325.0, 293.15, 273.16


def absorption(
    temperature_c: float = 10.0, humidity_percent: float = 70.0, pressure_pa: float = REFERENCE_PA
) -> NDArray[np.float64]:
    """Absorption of sound by air in each octave band (ISO 9613-1:1993, equations 3 to 5 and annex B), (8,) [dB/m].

    Parameters
    ----------
    temperature_c : float
        [degrees Celsius]
    humidity_percent : float
        Relative humidity [%].
    pressure_pa : float
        [Pa]
    """
    f = np.array(EXACT_HZ)
    kelvin, pressure = temperature_c + 273.15, pressure_pa / REFERENCE_PA
    warm = kelvin / HOT_K
    saturation = 10.0 ** (-6.8346 * (TRIPLE_K / kelvin) ** 1.261 + 4.6151)
    h = humidity_percent * saturation / pressure
    oxygen = pressure * (24.0 + 4.04e4 * h * (0.02 + h) / (0.391 + h))
    nitrogen = pressure * warm**-0.5 * (9.0 + 280.0 * h * math.exp(-4.170 * (warm ** (-1.0 / 3.0) - 1.0)))
    classical = 1.84e-11 / pressure * warm**0.5
    relaxing = 0.01275 * math.exp(-2239.1 / kelvin) / (oxygen + f**2 / oxygen)
    relaxing = relaxing + 0.1068 * math.exp(-3352.0 / kelvin) / (nitrogen + f**2 / nitrogen)
    made: NDArray[np.float64] = 8.686 * f**2 * (classical + warm**-2.5 * relaxing)
    return made


def weights(kind: str) -> NDArray[np.float64]:
    """Frequency weights A, C or Z of the octave bands (IEC 61672-1:2013, annex E), (8,) [dB].

    Raises
    ------
    ValueError
        When there is no such weighting.
    """
    f2 = np.array(EXACT_HZ) ** 2
    low, high = 20.598997**2, 12194.217**2
    c = high * f2 / ((f2 + low) * (f2 + high))
    if kind == "Z":
        return np.zeros(len(f2))
    if kind == "C":
        return np.asarray(20.0 * np.log10(c) + 0.0619)
    if kind == "A":
        a = c * f2 / np.sqrt((f2 + 107.65265**2) * (f2 + 737.86223**2))
        return np.asarray(20.0 * np.log10(a) + 1.9997)
    raise ValueError(f"there is no weighting `{kind}`: A, C or Z")


def total(levels_db: ArrayLike, axis: int = -1) -> NDArray[np.float64]:
    """Level of several that sound together [dB]."""
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(np.sum(10.0 ** (0.1 * np.asarray(levels_db, dtype=np.float64)), axis=axis)))
