"""Stiffness, permeability and strength from a normalised cone penetration test.

All are correlations of Robertson (2009; Guide to cone penetration testing, 6th ed., 2015): first estimates, the permeability
good to an order of magnitude. Resistances in MPa, stresses in kPa; NaN stays NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.sim.impact.soil.cone import ATMOSPHERE_KPA

Values = NDArray[np.float64]

SAND_BELOW, FINE_ABOVE = 2.6, 2.2
"""Young's modulus holds for Ic below the first; the constrained modulus is that of fine soil for Ic above the second."""

GRAVITY_M_S2 = 9.81


def _power(ic: ArrayLike) -> Values:
    return np.asarray(10.0 ** (0.55 * np.asarray(ic, dtype=np.float64) + 1.68))


def constrained_modulus(qn: ArrayLike, qtn: ArrayLike, ic: ArrayLike) -> Values:
    """Constrained modulus M of first vertical loading [MPa].

    M = qn min(Qtn, 14) where Ic > 2.2, and 0.0188 * 10^(0.55 Ic + 1.68) qn below (Robertson 2009).

    Parameters
    ----------
    qn : (N,) array_like
        Net cone resistance [MPa].
    qtn, ic : (N,) array_like
        See `twin.sim.impact.soil.cone.normalise`.
    """
    index = np.asarray(ic, dtype=np.float64)
    factor = np.where(index > FINE_ABOVE, np.minimum(np.asarray(qtn, dtype=np.float64), 14.0), 0.0188 * _power(index))
    return np.where(np.isnan(index), np.nan, factor * np.asarray(qn, dtype=np.float64))


def young_modulus(qn: ArrayLike, ic: ArrayLike) -> Values:
    """Young's modulus of sand at a strain of about 0.1 % [MPa]: 0.015 * 10^(0.55 Ic + 1.68) qn; NaN where Ic is 2.6 or more."""
    index = np.asarray(ic, dtype=np.float64)
    return np.where(index < SAND_BELOW, 0.015 * _power(index) * np.asarray(qn, dtype=np.float64), np.nan)


def permeability(ic: ArrayLike) -> Values:
    """Permeability [m/s], to an order of magnitude.

    10^(0.952 - 3.04 Ic) up to an Ic of 3.27, 10^(-4.52 - 1.37 Ic) above (Robertson 2010); Ic counts as 1 below 1, as 4 above 4.
    """
    index = np.clip(np.asarray(ic, dtype=np.float64), 1.0, 4.0)
    return np.asarray(10.0 ** np.where(index <= 3.27, 0.952 - 3.04 * index, -4.52 - 1.37 * index))


def shear_wave_velocity(qn: ArrayLike, ic: ArrayLike) -> Values:
    """Velocity of shear waves [m/s]: sqrt(10^(0.55 Ic + 1.68) qn / pa) (Robertson 2009)."""
    return np.asarray(np.sqrt(_power(ic) * 1000.0 * np.asarray(qn, dtype=np.float64) / ATMOSPHERE_KPA))


def shear_modulus(velocity: ArrayLike, unit_weight: ArrayLike) -> Values:
    """Shear modulus at very small strain, G0 = rho Vs^2 [MPa], of Vs [m/s] and the unit weight [kN/m3]."""
    speed = np.asarray(velocity, dtype=np.float64)
    return np.asarray(np.asarray(unit_weight, dtype=np.float64) / GRAVITY_M_S2 * speed**2 / 1000.0)


def overconsolidation(qt1: ArrayLike, ic: ArrayLike) -> Values:
    """Overconsolidation ratio of fine soil, 0.25 Qt1^1.25 (Robertson 2009); NaN where Ic is below 2.6."""
    index, cone = np.asarray(ic, dtype=np.float64), np.asarray(qt1, dtype=np.float64)
    return np.where(index >= SAND_BELOW, 0.25 * np.maximum(cone, 0.0) ** 1.25, np.nan)


def relative_density(qtn: ArrayLike, ic: ArrayLike) -> Values:
    """Relative density of sand, sqrt(Qtn / 350), at most 1; NaN where Ic is 2.6 or more."""
    index, cone = np.asarray(ic, dtype=np.float64), np.asarray(qtn, dtype=np.float64)
    return np.where(index < SAND_BELOW, np.sqrt(np.clip(cone / 350.0, 0.0, 1.0)), np.nan)


def undrained_strength(qn: ArrayLike, ic: ArrayLike, cone_factor: float) -> Values:
    """Undrained shear strength of fine soil, qn / Nkt [kPa]; NaN where Ic is below 2.6. Nkt is 14 to 18 as a rule."""
    index = np.asarray(ic, dtype=np.float64)
    return np.where(index >= SAND_BELOW, 1000.0 * np.asarray(qn, dtype=np.float64) / cone_factor, np.nan)
