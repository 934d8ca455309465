"""What stands on a floor and is in the way of vehicles: trees, street furniture, walls and fences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

if TYPE_CHECKING:
    from twin.geo.city import City

TRUNK_M = 0.2
"""Radius of a trunk whose girth is not known [m]."""

RADIUS_M = {"lamp": 0.1, "bollard": 0.1, "antenna": 0.1, "sign": 0.1, "bench": 0.5, "bicycle": 0.5, "bin": 0.3}
"""Radius of the room that furniture takes, by the first of these words that its kind has [m]."""
OTHER_M = 0.3
WALL_M = 0.1
"""Half of the thickness of a wall or fence that is drawn as a line [m]."""

WALLS = ("wall", "fence", "hek", "muur", "barrier", "kerb_wall")


def standing_on(city: City) -> tuple[BaseGeometry, str]:
    """The room that is taken, in plan, and a sentence that tells what it is of."""
    shapes: list[BaseGeometry] = []
    trees, furniture, other = city.trees, city.furniture, city.other
    points = _points(trees)
    if len(points):
        girth = pd.to_numeric(trees["girth_m"], errors="coerce") if "girth_m" in trees else pd.Series(np.nan, index=trees.index)
        shapes += list(shapely.buffer(points, (girth / (2 * np.pi)).fillna(TRUNK_M).clip(0.05, 2.0).to_numpy(), quad_segs=2))
    pieces = _points(furniture)
    if len(pieces):
        told_kinds = furniture["kind"] if "kind" in furniture else pd.Series("", index=furniture.index)
        kinds = told_kinds.fillna("").astype(str).str.lower()
        radius = [next((size for word, size in RADIUS_M.items() if word in kind), OTHER_M) for kind in kinds]
        shapes += list(shapely.buffer(pieces, radius, quad_segs=2))
    if len(other) and "kind" in other:
        wall = other["kind"].fillna("").astype(str).str.lower().apply(lambda kind: any(word in kind for word in WALLS))
        shapes += list(shapely.buffer(shapely.force_2d(other.geometry[wall].to_numpy()), WALL_M, quad_segs=2, cap_style="flat"))
    some = len(points) + len(pieces)
    told = f"{len(points)} trees and {len(pieces)} pieces of furniture" if some else "nothing is known to stand there"
    return shapely.union_all(shapes) if shapes else shapely.Polygon(), told


def _points(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Points of a layer; empty ones for what is none."""
    found = [None if one is None or one.geom_type != "Point" else shapely.force_2d(one) for one in frame.geometry.to_numpy()]
    return np.array([shapely.Point() if one is None else one for one in found], dtype=object)
