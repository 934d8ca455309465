"""Flights of steps between levels, as meshes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from viewer import shapes
from viewer.ground import areas
from viewer.tables import number

if TYPE_CHECKING:
    from twin.geo.city import City


def stair_meshes(city: City) -> list[tuple[tuple[NDArray[np.float64], NDArray[np.int32]], Any]]:
    """Flights of steps, each a row of blocks down to below the foot."""
    frame = city.stairs
    if not len(frame):
        return []
    meshes = []
    for outline, (_, row) in zip(areas(frame.geometry.values, city), frame.iterrows(), strict=True):
        bottom, top = number(row, "bottom_z_m") - city.origin[2], number(row, "top_z_m") - city.origin[2]
        azimuth = math.radians(number(row, "up_azimuth_deg"))
        if outline is None or outline.is_empty or not (np.isfinite([bottom, top, azimuth]).all() and top > bottom):
            continue
        meshes.append((flight(outline, bottom, top, azimuth), row))
    return meshes


def flight(outline: BaseGeometry, bottom: float, top: float, azimuth: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Steps of about 0.17 m over an outline, climbing towards an azimuth [rad]."""
    up = np.array([math.sin(azimuth), math.cos(azimuth)])
    side = np.array([up[1], -up[0]])
    corners = shapely.get_coordinates(outline)
    low, high = float((corners @ up).min()), float((corners @ up).max())
    count = int(np.clip(round((top - bottom) / 0.17), 2, 60))
    reach = 1e4
    parts = []
    for step in range(count):
        near, far = low + (high - low) * step / count, low + (high - low) * (step + 1) / count
        box = shapely.Polygon(
            [near * up - reach * side, near * up + reach * side, far * up + reach * side, far * up - reach * side]
        )
        tread = shapely.intersection(outline, box)
        if not tread.is_empty:
            parts.append(shapes.prism(tread, bottom - 0.3, bottom + (top - bottom) * (step + 1) / count))
    return shapes.join(parts) if parts else (np.empty((0, 3)), np.empty((0, 3), np.int32))
