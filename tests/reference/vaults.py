"""Areas and volumes below vaults, from textbook formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence


def arc_area(span: float, rise: float) -> float:
    """Area of a segment of a circle over a chord; a semicircle when the rise is half of it."""
    radius = rise / 2.0 + span**2 / (8.0 * rise)
    angle = 2.0 * math.acos((radius - rise) / radius)
    return 0.5 * radius**2 * (angle - math.sin(angle))


def polygon_volume(t: Sequence[float], height: Sequence[float], length: float) -> float:
    """Volume below a broken line, one trapezium after another, over a length."""
    area = 0.0
    for k in range(len(t) - 1):
        area += (float(t[k + 1]) - float(t[k])) * (float(height[k]) + float(height[k + 1])) / 2.0
    return area * length
