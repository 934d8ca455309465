"""Where the decks and tunnels of a flat map meet the street: strips that belong to both levels, so that people can go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.geo.walkable import NOT_FOR_PEOPLE, STREET

STRIP_M = 4.0
"""Depth of a strip, from the common edge into the deck or tunnel [m]."""
LEAST_DEPTH_M = 2.0
"""A shorter deck has no room for a strip: its upper 1.5 m would be all of it [m]."""
LEAST_EDGE_M = 0.8
"""Surfaces with less edge in common do not lead into each other [m]."""
TOUCH_M = 0.02
"""Surfaces this near to each other touch: coordinates of the map are in millimetres, arcs are drawn by chords [m]."""
WALL_M, WALLED_PART = 0.3, 0.5
"""An edge of which more than this part has a wall within this distance [m] is closed."""
OVER_PART = 0.05
"""A surface that lies over or under more than this part of the other crosses it, and does not end there."""

Surface = tuple[str, BaseGeometry, dict[str, Any]]
"""Id, polygon, columns ``level`` and ``surface`` of the layer ``roads``."""


def joints(roads: Sequence[Surface], walls: Sequence[BaseGeometry] = ()) -> dict[str, tuple[BaseGeometry, dict[str, Any]]]:
    """Rows of the layer ``stairs`` where surfaces of another level end at the street.

    Parameters
    ----------
    roads : sequence of (id, polygon, columns)
        In metres.
    walls : sequence of shapely geometry
        Quay walls, fences and the like: nobody goes on where one stands along the edge.

    Returns
    -------
    dict of str to (polygon, columns)
        Level strips at the height of the ground (``z_from_ground``).
    """
    people = [one for one in roads if one[2].get("surface") not in NOT_FOR_PEOPLE]
    street = [one for one in people if one[2]["level"] == STREET]
    others = [one for one in people if one[2]["level"] != STREET]
    if not street or not others:
        return {}
    tree = shapely.STRtree([one[1] for one in street])
    barrier = shapely.buffer(shapely.union_all(list(walls)), WALL_M) if walls else shapely.Polygon()
    shapely.prepare(barrier)
    found: dict[str, tuple[BaseGeometry, dict[str, Any]]] = {}
    for object_id, shape, columns in others:
        near = tree.query(shapely.buffer(shape, TOUCH_M), predicate="intersects")
        count = 0
        for number in sorted(near.tolist()):
            made = _joint(shape, str(columns["level"]), street[number][1], barrier)
            if made is not None:
                count += 1
                found[f"{object_id}#joint-{count}"] = made
    return found


def _joint(
    shape: BaseGeometry, level: str, street: BaseGeometry, barrier: BaseGeometry
) -> tuple[BaseGeometry, dict[str, Any]] | None:
    """The strip of a deck or tunnel along the edge that it has in common with a street; None where it does not end there."""
    if shape.intersection(street).area > OVER_PART * min(shape.area, street.area):
        return None
    edge = shape.boundary.intersection(shapely.buffer(street, TOUCH_M))
    if edge.length < LEAST_EDGE_M or edge.intersection(barrier).length > WALLED_PART * edge.length:
        return None
    strip = shape.intersection(shapely.buffer(edge, STRIP_M))
    strips = [one for one in shapely.get_parts(strip) if one.geom_type == "Polygon" and one.distance(edge) < TOUCH_M]
    if not strips:
        return None
    strip = max(strips, key=lambda one: one.area)
    inward = np.array(strip.centroid.coords[0]) - np.array(edge.centroid.coords[0])
    length = float(np.hypot(*inward))
    if length < 0.1:
        return None
    inward /= length
    depth = float(np.ptp(shapely.get_coordinates(strip) @ inward))
    if depth < LEAST_DEPTH_M:
        return None
    above = not level.startswith("level-")
    if not above and edge.length > float(np.ptp(shapely.get_coordinates(shape) @ inward)):
        # along its side, as a wharf below a quay: a tunnel comes up at its end
        return None
    up = inward if above else -inward
    return strip, {
        "kind": "joint",
        "bottom_level": STREET if above else level,
        "top_level": level if above else STREET,
        "bottom_z_m": 0.0,
        "top_z_m": 0.0,
        "up_azimuth_deg": float(np.degrees(np.arctan2(up[0], up[1])) % 360.0),
        "z_from_ground": True,
    }
