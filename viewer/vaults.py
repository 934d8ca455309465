"""Barrel vaults over outlines, as closed spaces."""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from viewer import shapes

STRIPS = 12
"""The curve of a vault is drawn as so many straight pieces across its span."""
SPRINGING = 0.45
"""Height at which a vault springs where it is not known, as a share of its crown: the middle of the usual, an estimate [1]."""


def barrel(
    outline: BaseGeometry, floor: float, crown: float, azimuth_deg: float, springing: float = math.nan
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The space below a barrel vault: upright walls up to where it springs, and an elliptic arch from there.

    Parameters
    ----------
    outline : shapely geometry
    floor : float
        [m]
    crown, springing : float
        Heights above the floor [m]; NaN for the usual springing.
    azimuth_deg : float
        Direction of the span, from one springing to the other, from north clockwise.
    """
    low = springing if math.isfinite(springing) and 0.0 <= springing < crown else SPRINGING * crown
    turn = math.radians(azimuth_deg)
    across = np.array([math.sin(turn), math.cos(turn)])
    along = np.array([across[1], -across[0]])
    parts: list[tuple[NDArray[np.float64], NDArray[np.int32]]] = []
    for polygon in shapes.polygons(outline):
        corners = shapely.get_coordinates(polygon)
        s, t = corners @ across, corners @ along
        middle, half = (s.min() + s.max()) / 2, max(float(np.ptp(s)) / 2, 1e-6)
        edges = middle - half * np.cos(np.pi * np.arange(STRIPS + 1) / STRIPS)
        whole = _noded(polygon, edges, (t.min() - 1.0, t.max() + 1.0), across, along)
        for piece in whole:
            flat, faces = shapes.triangulate(piece)
            rise = np.clip(1.0 - ((flat @ across - middle) / half) ** 2, 0.0, 1.0)
            top = floor + low + (crown - low) * np.sqrt(rise)
            parts += [(np.column_stack([flat, top]), faces), (np.column_stack([flat, np.full(len(flat), floor)]), faces[:, ::-1])]
            parts.append(_walls(piece, polygon, flat, top, floor))
    return shapes.join(parts) if parts else (np.empty((0, 3)), np.empty((0, 3), np.int32))


def _noded(
    polygon: shapely.Polygon, edges: NDArray[np.float64], reach: tuple[float, float], across: NDArray[np.float64],
    along: NDArray[np.float64],
) -> list[shapely.Polygon]:  # fmt: skip
    """The parts of a polygon between lines at right angles to the span."""
    lines = [shapely.LineString([edge * across + end * along for end in reach]) for edge in edges[1:-1]]
    net = shapely.node(shapely.union_all([polygon.boundary, *lines]))
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(net)))
    inside = shapely.contains(polygon, shapely.point_on_surface(found))
    return [one for one, there in zip(found.tolist(), inside.tolist(), strict=True) if there]


def _walls(
    piece: shapely.Polygon, whole: shapely.Polygon, flat: NDArray[np.float64], top: NDArray[np.float64], floor: float
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Walls below the edges of a part that are edges of the whole."""
    height = {(round(x, 9), round(y, 9)): float(z) for (x, y), z in zip(flat.tolist(), top.tolist(), strict=True)}
    turned = shapely.geometry.polygon.orient(piece)
    first, second = [], []
    for ring in (turned.exterior, *turned.interiors):
        xy = shapely.get_coordinates(ring)
        middle = shapely.points((xy[1:] + xy[:-1]) / 2)
        outer = shapely.distance(middle, whole.boundary) < 1e-6
        first.append(xy[:-1][outer])
        second.append(xy[1:][outer])
    one, two = np.concatenate(first), np.concatenate(second)
    tops = [np.array([height[round(x, 9), round(y, 9)] for x, y in ends.tolist()]) for ends in (one, two)]
    low = np.full(len(one), floor)
    return shapes.curtain(one, two, low, low, *tops)
