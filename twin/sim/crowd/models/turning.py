"""How people turn towards a new direction, in models in which that takes time: the unit vector follows de/dt = (e' - e) / tau."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit

ABOUT = -0.98
"""Cosine of the angle from which on somebody turns about: first by a right angle, since straight back leads to no side."""


@njit(inline="always")
def turned(hx, hy, tx, ty, part):
    """Unit vector so far from where one faces, h, to where one wants to, t, both unit vectors.

    Who faces nowhere yet looks there at once; who should look straight back turns to its right.
    """
    if hx == 0.0 and hy == 0.0:
        return tx, ty
    if hx * tx + hy * ty < ABOUT:
        if hx * ty - hy * tx > 0.0:
            tx, ty = -hy, hx
        else:
            tx, ty = hy, -hx
    ux, uy = hx + part * (tx - hx), hy + part * (ty - hy)
    norm = np.sqrt(ux * ux + uy * uy)
    return ux / norm, uy / norm


def turned_plain(heading: NDArray[np.float64], target: NDArray[np.float64], part: float) -> NDArray[np.float64]:
    """The same, for one person: (2,) each."""
    if not heading.any():
        return target
    if heading @ target < ABOUT:
        left = np.array([-heading[1], heading[0]])
        target = left if left @ target > 0.0 else -left
    between = heading + part * (target - heading)
    return between / np.hypot(*between)
