"""Unit weights from a cone penetration test, and the stresses in the ground that follow from them.

Sources: Robertson and Cabal (2010, CPT'10), Lengkeek, de Greef and Joosten (2018, CPT'18), Mayne (2014, CPT'14).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.sim.impact.soil.cone import ATMOSPHERE_KPA

Values = NDArray[np.float64]

WATER_KN_M3 = 9.81
"""Unit weight of water that the correlations were fitted with [kN/m3]."""

LEAST_KN_M3, MOST_KN_M3 = 10.5, 22.0
"""Unit weights that come from a cone are kept between these [kN/m3]."""

LEAST_RF = 0.05
"""A friction ratio below this counts as this [%]."""

_PASSES = 30


class Stresses(NamedTuple):
    """Vertical stresses at each record [kPa], and the unit weights that they come from [kN/m3]; all (N,) float64."""

    total: Values
    pore: Values
    effective: Values
    unit_weight: Values


def robertson_cabal(qt: ArrayLike, rf: ArrayLike, specific_gravity: float = 2.65) -> Values:
    """Unit weight by Robertson and Cabal (2010): gw (0.27 log Rf + 0.36 log(qt / pa) + 1.236) Gs / 2.65.

    Organic soils were not among its data.

    Parameters
    ----------
    qt : (N,) array_like
        Corrected cone resistance [MPa].
    rf : (N,) array_like
        Friction ratio [%].
    specific_gravity : float
        Of the grains.

    Returns
    -------
    (N,) float64
        [kN/m3]
    """
    cone, ratio = _logarithms(qt, rf)
    return _bounded(WATER_KN_M3 * (0.27 * ratio + 0.36 * (cone + 1.0) + 1.236) * specific_gravity / 2.65)


def lengkeek(qt: ArrayLike, rf: ArrayLike) -> Values:
    """Saturated unit weight by Lengkeek et al. (2018), of Dutch soils with peat: 19 - 4.12 log(5 / qt) / log(30 / Rf).

    Parameters
    ----------
    qt : (N,) array_like
        Corrected cone resistance [MPa].
    rf : (N,) array_like
        Friction ratio, below 30 [%].

    Returns
    -------
    (N,) float64
        [kN/m3]; NaN from 30 % on.
    """
    cone, ratio = _logarithms(qt, rf)
    room = np.log10(30.0) - ratio
    return _bounded(19.0 - 4.12 * (np.log10(5.0) - cone) / np.where(room > 0, room, np.nan))


def mayne(fs: ArrayLike, effective: ArrayLike, water_kn_m3: float = WATER_KN_M3) -> Values:
    """Unit weight by Mayne (2014): 1.95 gw (sigma'v0 / pa)^0.06 (fs / pa)^0.06; it needs the stress, so it is iterated.

    Parameters
    ----------
    fs : (N,) array_like
        Sleeve friction [MPa].
    effective : (N,) array_like
        Effective stress [kPa].
    water_kn_m3 : float
        [kN/m3]

    Returns
    -------
    (N,) float64
        [kN/m3]
    """
    sleeve, grains = 1000.0 * np.asarray(fs, dtype=np.float64), np.asarray(effective, dtype=np.float64)
    good = (sleeve > 0) & (grains > 0)
    product = np.where(good, sleeve, np.nan) * np.where(good, grains, np.nan) / ATMOSPHERE_KPA**2
    return _bounded(1.95 * water_kn_m3 * product**0.06)


def in_the_ground(depth: ArrayLike, unit_weight: ArrayLike, above_kn_m3: float, water_depth: float) -> Stresses:
    """Stresses under the weight of what lies above, in water at rest.

    A record weighs half the way to its neighbours. Above the first one the ground weighs `above_kn_m3`; where a weight is NaN
    it is that between its neighbours.

    Parameters
    ----------
    depth : (N,) array_like
        Below the ground, rising [m].
    unit_weight : (N,) array_like
        [kN/m3]
    above_kn_m3 : float
        [kN/m3]
    water_depth : float
        Depth of the water table; below 0 it stands over the ground [m].
    """
    down, weight = np.asarray(depth, dtype=np.float64), np.asarray(unit_weight, dtype=np.float64)
    known = np.isfinite(weight)
    weight = np.interp(down, down[known], weight[known]) if known.any() else np.full(down.shape, above_kn_m3)
    steps = np.diff(down) * 0.5 * (weight[1:] + weight[:-1])
    first = above_kn_m3 * down[:1] + WATER_KN_M3 * max(0.0, -water_depth)
    total = np.cumsum(np.concatenate([first, steps])) if len(down) else np.empty(0)
    pore = WATER_KN_M3 * np.maximum(0.0, down - water_depth)
    return Stresses(total, pore, total - pore, weight)


def iterated(
    depth: ArrayLike, weigh: Callable[[Values], Values], above_kn_m3: float, water_depth: float, tolerance: float = 1e-6
) -> Stresses:
    """Stresses with unit weights that depend on them, by repetition until no weight changes by more than `tolerance` [kN/m3].

    Parameters
    ----------
    depth, above_kn_m3, water_depth
        See `in_the_ground`.
    weigh : callable
        Unit weights of effective stresses.
    tolerance : float
        [kN/m3]
    """
    down = np.asarray(depth, dtype=np.float64)
    found = in_the_ground(down, np.full(down.shape, above_kn_m3), above_kn_m3, water_depth)
    for _ in range(_PASSES):
        following = in_the_ground(down, weigh(found.effective), above_kn_m3, water_depth)
        change = np.abs(following.unit_weight - found.unit_weight)
        found = following
        if not len(change) or float(change.max()) <= tolerance:
            break
    return found


def _logarithms(qt: ArrayLike, rf: ArrayLike) -> tuple[Values, Values]:
    """Logarithms of qt [MPa] and Rf [%]; NaN where there are none."""
    cone, ratio = np.asarray(qt, dtype=np.float64), np.asarray(rf, dtype=np.float64)
    good = (cone > 0) & (ratio > 0)
    return np.log10(np.where(good, cone, np.nan)), np.log10(np.where(good, np.maximum(ratio, LEAST_RF), np.nan))


def _bounded(weight: Values) -> Values:
    return np.clip(weight, LEAST_KN_M3, MOST_KN_M3)
