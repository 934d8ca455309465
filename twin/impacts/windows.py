"""Windows as a city has them, and the point of each at which the sun is looked at.

Where a source has windows as surfaces (CityGML and CityJSON of LoD3, IFC) they are known one by one; elsewhere facades have points
at even distances (`twin.impacts.facades`). Panes, frames and bars of one window are surfaces of their own: those that face one way
and touch, or nearly, are one window. Its point is in the middle of its width on the sill, which is where the norms of TNO are
measured: its lower edge, or 75 cm above that where the window is so high that it comes down to the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.mesh import SEMANTICS
from twin.geo.rasterize import roots_of
from twin.impacts.facades import AGAINST_M, OUTSIDE_M, SILL_M, Facades, feet_of, obstacles_of
from twin.sim.impact import rays

if TYPE_CHECKING:
    from twin.geo.city import City

LEAST_M = 0.3
"""Narrower or lower than this is a bar, a frame or the side of an opening, and no window [m]."""
TOUCH_M, ALIKE = 0.08, 0.95
"""Surfaces nearer than this that face one way (cosine of the angle between them) are of one window [m]."""
FLAT = 0.95
"""Surfaces that look up by more than this (upward part of their unit normal) are no windows of a facade or a pitched roof."""
TO_THE_FLOOR_M = 2.0
"""Windows higher than this come down to the floor [m]: an estimate, as floors are not known."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of buildings.

    Parameters
    ----------
    at : Facades
        The point of each, outside of it.
    width_m, height_m : (N,) float64
        Of what it fills of its facade [m].
    number : (N,) int64
        Of each in its building, by facing, from below and then by place: those that are left out have one too, so a change that
        hides one gives no other a new number.
    left_out : int
        Windows before which something stands right away, or that lie inside of something.
    """

    at: Facades
    width_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    number: NDArray[np.int64]
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.at)

    def frame(self, city: City) -> gpd.GeoDataFrame:
        """The windows as a table: ``window`` (building and number), ``building``, ``above_m``, ``azimuth_deg``, ``width_m`` and
        ``height_m``."""
        frame = self.at.frame(city)
        names = [f"{building}/{number}" for building, number in zip(frame["building"], self.number, strict=True)]
        frame.insert(0, "window", pd.Series(names, dtype="str"))
        frame["width_m"], frame["height_m"] = self.width_m.round(3), self.height_m.round(3)
        return frame


def windows_of(city: City, among: rays.Triangles, area: tuple[float, float, float, float] | None = None) -> Windows:
    """The windows of the buildings of a city.

    Parameters
    ----------
    city : City
    among : rays.Triangles
        From `twin.impacts.facades.obstacles_of`.
    area : (west, south, east, north), optional
        Only those whose point lies in this part [m].

    Returns
    -------
    Windows
        Of walls and of roofs; none where the city has no surfaces that are windows.
    """
    mesh = city.surfaces
    none = Windows(Facades(np.empty((0, 3)), np.empty((0, 3)), np.empty(0, np.int32), np.empty(0)), np.empty(0), np.empty(0),
                   np.empty(0, np.int64))  # fmt: skip
    if not len(mesh):
        return none
    rows = city.buildings.index.get_indexer(pd.Index(roots_of(city))).astype(np.int32)
    chosen = np.flatnonzero((mesh.semantic == SEMANTICS["Window"]) & (rows[mesh.owner] >= 0))
    corners = mesh.vertices[mesh.triangles[chosen]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(normal, axis=1)
    # what looks down is the top of an opening, and what looks straight up a sill, or a flat light that the norms are not about
    good = (size > 1e-9) & (normal[:, 2] > -0.1 * size) & (normal[:, 2] < FLAT * size)
    if not good.any():
        return none
    chosen, corners, normal = chosen[good], corners[good], normal[good] / size[good][:, None]
    building = rows[mesh.owner[chosen]]
    of = _together(corners, normal, building)
    return _points(city, among, corners, normal * size[good][:, None], building, of, rows, area)


def _together(corners: NDArray[np.float64], normal: NDArray[np.float64], building: NDArray[np.int32]) -> NDArray[np.int64]:
    """Which window each triangle is of, (T,): those of one building that face one way and touch."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    low, high = corners.min(axis=1) - 0.5 * TOUCH_M, corners.max(axis=1) + 0.5 * TOUCH_M
    boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    one, two = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    touch = (one < two) & (building[one] == building[two]) & ((normal[one] * normal[two]).sum(axis=1) > ALIKE)
    touch &= (low[one, 2] <= high[two, 2]) & (low[two, 2] <= high[one, 2])
    one, two = one[touch], two[touch]
    pairs = coo_matrix((np.ones(len(one), np.int8), (one, two)), shape=(len(corners), len(corners)))
    return np.asarray(connected_components(pairs, directed=False)[1], dtype=np.int64)


def _points(
    city: City, among: rays.Triangles, corners: NDArray[np.float64], normal: NDArray[np.float64], building: NDArray[np.int32],
    of: NDArray[np.int64], rows: NDArray[np.int32], area: tuple[float, float, float, float] | None,
) -> Windows:  # fmt: skip
    """The point of each window, and how large it is; `normal` as long as twice the area of its triangle."""
    count = int(of.max()) + 1
    whole = np.column_stack([np.bincount(of, normal[:, k], count) for k in range(3)])
    facing = whole / np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-12)
    # across lies level in the window, upward goes up in it
    level = np.column_stack([-facing[:, 1], facing[:, 0], np.zeros(count)])
    across = level / np.linalg.norm(level, axis=1, keepdims=True)
    upward = np.cross(facing, across)
    spans = []
    for direction in (across, upward, facing):
        along = np.einsum("tkj,tj->tk", corners, direction[of])
        least, most = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(least, of, along.min(axis=1))
        np.maximum.at(most, of, along.max(axis=1))
        spans.append((least, most))
    (left, right), (foot, top), (_, front) = spans
    width, height = right - left, top - foot
    large = (width >= LEAST_M) & (height >= LEAST_M)
    sill = foot + np.where(height > TO_THE_FLOOR_M, SILL_M, 0.02)
    places = (
        (0.5 * (left + right))[:, None] * across + sill[:, None] * upward + (front + OUTSIDE_M)[:, None] * facing
    )[large]  # fmt: skip
    owner = np.zeros(count, np.int32)
    owner[of] = building
    owner = owner[large]
    azimuth = np.round(np.degrees(np.arctan2(facing[large][:, 0], facing[large][:, 1])) % 360.0)
    order = np.lexsort([places[:, 1], places[:, 0], places[:, 2].round(1), azimuth, owner])
    number = (1 + np.arange(len(order)) - np.searchsorted(owner[order], owner[order])).astype(np.int64)
    if area is not None:
        # whole windows, with the numbers that they have in the whole city
        x, y = (places[order, :2] + city.origin[:2]).T
        inside = (x >= area[0]) & (x <= area[2]) & (y >= area[1]) & (y <= area[3])
        order, number = order[inside], number[inside]
    above = places[:, 2] - feet_of(city, rows)[owner]
    found = Facades(places[order], facing[large][order], owner[order], above[order])
    distance, _ = rays.first_hits(among, found.points, found.normals, AGAINST_M)
    # a sill over a window is a surface that looks up with nothing under it: it makes no inside
    walls = obstacles_of(city, windows=False)
    free = ~np.isfinite(distance) & (rays.depth_at(walls, found.points) <= 0)
    wide, high = width[large][order], height[large][order]
    return Windows(found.select(free), wide[free], high[free], number[free], int((~free).sum()))
