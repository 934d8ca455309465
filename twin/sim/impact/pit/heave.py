"""How far the floor of a pit comes up when the soil above it is taken away, and whether soft clay holds it: a first look.

The weight that is taken away is a load upwards on the floor; below its middle it becomes less with depth by elasticity (Boussinesq
1885, over a rectangle: Newmark 1935, Fadum 1948). The soil swells by its modulus of unloading, which is several times that of
loading (3 to 5 is common: an estimate, give your own). In clay it swells as slowly as it consolidates, see `consolidation`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

PRANDTL = 2.0 + math.pi
"""Bearing factor of a long strip at the surface; that of a pit is this at least (Bjerrum and Eide 1956 have 5.1 to 9 by its
shape)."""

FIRM = 1.5
"""Below this factor against heave the curves of `behind_wall` do not hold."""


def below_corner(length_m: float, width_m: float, depth_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vertical stress below the corner of a rectangle under an even load, as a share of the load.

    Parameters
    ----------
    length_m, width_m : float
        [m]
    depth_m : (N,) float64
        Above 0 [m].

    Returns
    -------
    (N,) float64
        0 to 1/4.
    """
    z = np.asarray(depth_m, np.float64)
    first, second = length_m**2 + z**2, width_m**2 + z**2
    third = np.sqrt(length_m**2 + width_m**2 + z**2)
    area = length_m * width_m
    return (np.arctan2(area, z * third) + area * z / third * (1.0 / first + 1.0 / second)) / (2.0 * math.pi)


def heave(
    length_m: float, width_m: float, relief_kpa: float, top_m: NDArray[np.float64], bottom_m: NDArray[np.float64],
    unloading_kpa: NDArray[np.float64], slices: int = 40,
) -> NDArray[np.float64]:  # fmt: skip
    """How far each layer lifts the middle of the floor in the end.

    Parameters
    ----------
    length_m, width_m : float
        Of the pit [m].
    relief_kpa : float
        Effective weight that is taken away above the floor [kPa].
    top_m, bottom_m : (L,) float64
        Of layers, as depths below the floor [m].
    unloading_kpa : (L,) float64
        Constrained modulus of unloading [kPa].
    slices : int
        Of each layer.

    Returns
    -------
    (L,) float64
        Upwards [mm].
    """
    top, bottom = np.asarray(top_m, np.float64), np.asarray(bottom_m, np.float64)
    thick = (bottom - top) / slices
    depth = top[:, None] + (np.arange(slices) + 0.5) * thick[:, None]
    share = 4.0 * below_corner(length_m / 2.0, width_m / 2.0, depth)
    return 1000.0 * relief_kpa * share.sum(axis=1) * thick / unloading_kpa


def against_basal_heave(
    strength_kpa: float, unit_weight_kn_m3: float, depth_m: float, surcharge_kpa: float = 0.0, factor: float = PRANDTL
) -> float:
    """Factor against soft clay that comes up under the walls (Bjerrum and Eide 1956): ``N su / (gamma H + q)``.

    Parameters
    ----------
    strength_kpa : float
        Undrained shear strength below the floor [kPa].
    unit_weight_kn_m3, depth_m : float
        Of the soil beside the pit [kN/m3], and depth of the pit [m].
    surcharge_kpa : float
        On the ground beside it [kPa].
    factor : float
        N; `PRANDTL` is on the safe side.

    Returns
    -------
    float
        See `FIRM`.
    """
    return factor * strength_kpa / (unit_weight_kn_m3 * depth_m + surcharge_kpa)
