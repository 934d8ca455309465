"""The ring of a vaulted cellar where a section cuts it: brick between the room and the ground above."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely

from twin.plots.course import Course

LEAST_ACROSS = 0.02
"""A line that goes along a barrel cuts its ring as if it went across by this share."""


def ring_over(room: Any, row: Any, course: Course) -> tuple[Any, dict[str, Any]] | None:
    """The ring over a room, as thick as stated at right angles to the vault, and its measures; None where that is not known.

    Parameters
    ----------
    room : shapely geometry
        What the line cuts of the cellar: distance and height [m].
    row : Series or mapping
        Of the cellar: ``vault_m``, and ``span_azimuth_deg`` (across the barrel; without it the line counts as across).
    course : Course

    Returns
    -------
    (geometry, dict) or None
        Only what lies over the room: the walls that it stands on are not known.
    """
    ring, cover, turn = (_number(row.get(name)) for name in ("vault_m", "cover_m", "span_azimuth_deg"))
    if not ring > 0:
        return None
    made = []
    for part in shapely.get_parts(room):
        if part.geom_type != "Polygon":
            continue
        west, low, east, high = part.bounds
        # what is seen obliquely is drawn out: the ring is laid on as it is across the barrel, and drawn out with the room
        share = _across(course, 0.5 * (west + east), turn)
        laid = shapely.transform(part, lambda at, by=share: at * np.array([by, 1.0])).buffer(ring, quad_segs=16)
        laid = shapely.transform(laid, lambda at, by=share: at / np.array([by, 1.0]))
        over = shapely.intersection(laid, shapely.box(west, 0.5 * (low + high), east, high + 2.0 * ring))
        made.append(shapely.difference(over, part))
    if not made:
        return None
    floor, crown = room.bounds[1], room.bounds[3]
    return shapely.union_all(made), {"layer": "cellars", "ring_m": ring, "cover_m": cover, "floor_m": floor, "crown_m": crown}


def _across(course: Course, at: float, turn: float) -> float:
    """How much of the line goes across the barrel there."""
    if not math.isfinite(turn):
        return 1.0
    leg = course.planes[int(np.clip(np.searchsorted(course.offsets, at, side="right") - 1, 0, len(course.planes) - 1))]
    span = np.array([math.sin(math.radians(turn)), math.cos(math.radians(turn))])
    return max(abs(float(leg.along @ span)), LEAST_ACROSS)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float | np.number) and math.isfinite(value) else math.nan
