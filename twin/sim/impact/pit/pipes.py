"""What settlement does to pipes and cables: slope, curvature and horizontal strain along their lines. No verdict: limits are the
owner's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Along(NamedTuple):
    """Movement along a line, each (K,) float64.

    Attributes
    ----------
    settlement : (K,) float64
        [mm]
    slope : (K,) float64
        Change of settlement over distance [mm/m].
    curvature : (K,) float64
        Change of slope over distance; above 0 where the line hangs through [1/km].
    strain : (K,) float64
        Horizontal strain along the line; above 0 where it is stretched [mm/m].
    """

    settlement: NDArray[np.float64]
    slope: NDArray[np.float64]
    curvature: NDArray[np.float64]
    strain: NDArray[np.float64]


def along(distance_m: NDArray[np.float64], settlement_mm: NDArray[np.float64], stretch_mm: NDArray[np.float64]) -> Along:
    """Slope, curvature and strain along a line that follows the ground.

    Parameters
    ----------
    distance_m : (K,) float64
        Along the line, growing, at least three points [m].
    settlement_mm, stretch_mm : (K,) float64
        Downwards, and horizontally in the direction of the line [mm].

    Returns
    -------
    Along
    """
    slope = np.gradient(settlement_mm, distance_m)
    return Along(
        np.asarray(settlement_mm, np.float64), slope, -np.gradient(slope, distance_m), np.gradient(stretch_mm, distance_m)
    )


def resampled(
    line: NDArray[np.float64], step_m: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Points along a line, no further apart than a step: distances (K,), places (K, 2) and directions (K, 2).

    Parameters
    ----------
    line : (P, 2) float64
        [m]
    step_m : float
        [m]
    """
    points = np.asarray(line, np.float64)
    length = np.hypot(*np.diff(points, axis=0).T)
    points, length = points[np.r_[True, length > 0.0]], length[length > 0.0]
    at = np.r_[0.0, np.cumsum(length)]
    distance = np.linspace(0.0, at[-1], max(int(np.ceil(at[-1] / step_m)), 2) + 1)
    places = np.column_stack([np.interp(distance, at, points[:, k]) for k in (0, 1)])
    part = np.clip(np.searchsorted(at, distance, side="right") - 1, 0, len(length) - 1)
    return distance, places, (np.diff(points, axis=0) / length[:, None])[part]
