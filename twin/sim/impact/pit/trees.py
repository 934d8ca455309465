"""What a pit does to trees: roots that are cut, and water that falls out of their reach.

There is no agreed limit for either. The measures here are estimates for a first look, and all of them may be given: a tree may
suffer when the water table falls by more than 0.25 m for more than two weeks while it grows, and it drew on that water before. By
itself the water beside a tree goes up and down by some 0.1 m in a day. The circle of roots is twelve times the trunk (the common
rule of BS 5837).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FALL_M = 0.25
WEEKS = 2.0
GROWS = (4, 9)
"""First and last month in which trees grow, both included."""

ROOTS_M = 1.25
"""Depth of roots; 1 to 1.5 m is common [m]."""

RISE_M = {"sand": 0.4, "gravel": 0.1, "loam": 1.0, "clay": 1.0, "peat": 0.5}
"""How far water rises above its table in soil [m]; an estimate."""

CIRCLE = 12.0
"""Radius of the circle of roots over the diameter of the trunk."""


def thirsty(
    depth_to_water_m: NDArray[np.float64], fall_m: NDArray[np.float64], weeks: float, months: tuple[int, ...],
    rise_m: NDArray[np.float64] | float, roots_m: NDArray[np.float64] | float = ROOTS_M,
) -> NDArray[np.bool_]:  # fmt: skip
    """Trees that may suffer from a fall of the water table.

    Parameters
    ----------
    depth_to_water_m, fall_m : (N,) float64
        From the surface to the water table before, and how far it falls [m].
    weeks : float
        How long it stays low.
    months : tuple of int
        In which of the year, 1 to 12.
    rise_m, roots_m : (N,) float64 or float
        How far water rises above its table, see `RISE_M`, and depth of the roots [m].

    Returns
    -------
    (N,) bool
    """
    depth = np.asarray(depth_to_water_m, np.float64)
    grows = any(GROWS[0] <= month <= GROWS[1] for month in months)
    drew = depth <= np.asarray(roots_m, np.float64) + rise_m
    return drew & (np.asarray(fall_m, np.float64) > FALL_M) & (grows and weeks > WEEKS)


def lost_reach(
    depth_to_water_m: NDArray[np.float64], fall_m: NDArray[np.float64], rise_m: NDArray[np.float64] | float,
    roots_m: NDArray[np.float64] | float = ROOTS_M,
) -> NDArray[np.float64]:  # fmt: skip
    """How much of the roots' depth loses the moisture that rises from below, (N,) float64, 0 to 1. Arguments as in `thirsty`."""
    depth, roots = np.asarray(depth_to_water_m, np.float64), np.asarray(roots_m, np.float64)
    before = np.clip(roots - depth + rise_m, 0.0, roots)
    after = np.clip(roots - depth - fall_m + rise_m, 0.0, roots)
    return (before - after) / roots


def roots_cut(
    trees: NDArray[np.float64], radius_m: NDArray[np.float64], ring: NDArray[np.float64], samples: int = 48
) -> NDArray[np.float64]:
    """Share of the circle of roots of each tree that a pit takes.

    Parameters
    ----------
    trees : (N, 2) float64
        Places of the trunks [m].
    radius_m : (N,) float64
        Of the circle: `CIRCLE` times the diameter of the trunk, or that of the crown where that is all there is [m].
    ring : (P, 2) float64
        Outline of the pit, either way round, not closed [m].
    samples : int
        Rays round each tree, along which lengths inside the pit are exact.

    Returns
    -------
    (N,) float64
        0 to 1.
    """
    angle = 2.0 * np.pi * (np.arange(samples) + 0.5) / samples
    way = np.column_stack([np.cos(angle), np.sin(angle)])
    start, step = np.asarray(ring, np.float64), np.roll(ring, -1, axis=0) - ring
    out = np.zeros(len(trees))
    for n, (place, radius) in enumerate(zip(np.asarray(trees, np.float64), np.asarray(radius_m, np.float64), strict=True)):
        if radius <= 0.0:
            continue
        to = start - place
        across = way[:, :1] * step[None, :, 1] - way[:, 1:] * step[None, :, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            far = (to[None, :, 0] * step[None, :, 1] - to[None, :, 1] * step[None, :, 0]) / across
            part = (to[None, :, 0] * way[:, 1:] - to[None, :, 1] * way[:, :1]) / across
        # a point on an edge belongs to that edge alone, so that each crossing counts once
        hit = (across != 0.0) & (part >= 0.0) & (part < 1.0) & (far > 0.0)
        # of a ray, twice the area within a crossing is its distance squared; it turns in or out at each
        area = np.where(hit, np.sign(across) * np.minimum(np.where(hit, far, 0.0), radius) ** 2, 0.0).sum(axis=1)
        out[n] = abs(area.mean()) / radius**2
    return np.clip(out, 0.0, 1.0)
