"""Measures between points that were clicked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Point = tuple[float, float, float]
TOOLS = ("distance", "height", "area")


@dataclass(frozen=True)
class Measures:
    """What a list of points measures.

    Parameters
    ----------
    length : float
        Along the line through all points [m].
    plan_length : float
        The same in plan [m].
    rise : float
        Height of the last point above the first [m].
    area : float
        Of the polygon, on the plane that fits it best [m2].
    plan_area : float
        The same in plan [m2].
    perimeter : float
        [m]
    """

    length: float
    plan_length: float
    rise: float
    area: float
    plan_area: float
    perimeter: float


def measure(points: Sequence[Point]) -> Measures:
    """Measure a line, and with three points or more a polygon; zeros where there is too little."""
    if len(points) < 2:
        return Measures(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    p = np.array(points, dtype=np.float64)
    steps = np.diff(p, axis=0)
    length = float(np.linalg.norm(steps, axis=1).sum())
    plan = float(np.hypot(steps[:, 0], steps[:, 1]).sum())
    rise = float(p[-1, 2] - p[0, 2])
    if len(points) < 3:
        return Measures(length, plan, rise, 0.0, 0.0, 0.0)
    # Newell's vector: its length is twice the area on the plane that fits best, its z twice the area in plan
    rel = p - p[0]
    vector = np.cross(rel, np.roll(rel, -1, axis=0)).sum(axis=0)
    closing = float(np.linalg.norm(p[0] - p[-1]))
    return Measures(length, plan, rise, float(np.linalg.norm(vector)) / 2, abs(float(vector[2])) / 2, length + closing)
