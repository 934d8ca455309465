"""The ring of a vaulted cellar where a section cuts it: brick between the room and the ground above."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.plots.course import Course
from twin.plots.cutting import crossed

if TYPE_CHECKING:
    from twin.geo.city import City

STEPS = 48
LEAST_SPRINGING_M, SPRINGING_SHARE = 0.05, 0.45
"""Of a vault of which only the crown is known; see `twin.geo.vaults`."""


def rings(city: City, course: Course) -> list[tuple[str, Any, str, str, dict[str, Any]]]:
    """Id, shape, label, certainty and measures of the ring of each cellar that the line crosses and whose thickness is known.

    The ring is as thick as stated at right angles to the vault, which is part of a circle across the span; what of it lies beyond
    the room is the wall that it stands on, whose thickness is not known.
    """
    made = []
    for reach, row in crossed(city, "cellars", course):
        floor, crown, ring, turn = (_number(row.get(name)) for name in ("floor_m", "crown_m", "vault_m", "span_azimuth_deg"))
        if not (all(map(math.isfinite, (floor, crown, ring, turn))) and crown > 0 and ring > 0):
            continue
        across = np.array([np.sin(np.radians(turn)), np.cos(np.radians(turn))])
        spread = shapely.get_coordinates(row.geometry) @ across
        middle, half = 0.5 * (spread.min() + spread.max()), 0.5 * float(np.ptp(spread))
        spring = _number(row.get("springing_m"))
        if not math.isfinite(spring):
            spring = max(crown - half, SPRINGING_SHARE * crown, LEAST_SPRINGING_M)
        rise = min(crown - spring, half)
        if half < 0.1 or rise <= 0.0:
            continue
        radius = (rise**2 + half**2) / (2.0 * rise)
        centre = floor + crown - radius
        cover = _number(row.get("cover_m"))
        told: dict[str, Any] = {"layer": "cellars", "ring_m": ring, "cover_m": cover, "floor_m": floor}
        told |= {"crown_m": floor + crown, "span_m": 2 * half}
        sure = "guessed" if row.get("estimated") is True or str(row.get("estimated")) == "True" else "known"
        for start, end in reach:
            at = np.linspace(start, end, STEPS + 1)
            t = np.clip(course.at(at) @ across - middle, -half, half)
            inner, outer = (centre + np.sqrt(np.maximum(one**2 - t**2, 0.0)) for one in (radius, radius + ring))
            outline = np.concatenate([np.column_stack([at, inner]), np.column_stack([at, outer])[::-1]])
            made.append((str(row.name), shapely.make_valid(shapely.Polygon(outline)), "", sure, told))
    return made


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float | np.number) and math.isfinite(value) else math.nan
