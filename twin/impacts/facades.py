"""Points on facades, and how long the sun stands on them: rays among the triangles of the city.

A point lies 75 cm above a floor (the sill at which the norms of TNO are measured; floors are taken to be 3 m apart) and a few
centimetres outside the wall. Where a wall stands against another one, or within it, nobody looks out, and there is no point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import GeometryError
from twin.geo.mesh import SEMANTICS
from twin.geo.rasterize import STANDING, roots_of
from twin.sim.impact import rays

if TYPE_CHECKING:
    from twin.geo.city import City

SILL_M, STOREY_M = 0.75, 3.0
"""Height of a sill above its floor (usual where the norms of TNO are applied), and between floors (an estimate) [m]."""

OUTSIDE_M, AGAINST_M = 0.05, 0.6
"""How far a point lies outside its wall, and how near what stands before it must be to stand against it [m]."""

UPRIGHT = 0.1
"""Walls lean by less than this (upward part of their unit normal)."""

MOST_POINTS = 20_000_000
"""More points than this are refused: a spacing that does not fit the size of the city."""

_WALLS = [SEMANTICS[name] for name in ("Unknown", "WallSurface", "Window", "Door")]


@dataclass(frozen=True, eq=False)
class Facades:
    """Points on facades.

    Parameters
    ----------
    points : (N, 3) float64
        Relative to the origin of the city [m].
    normals : (N, 3) float64
        Outward.
    building : (N,) int32
        Row of ``city.buildings``.
    above_m : (N,) float64
        Height above the foot of the building [m].
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    building: NDArray[np.int32]
    above_m: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.points)

    def select(self, keep: NDArray[np.bool_]) -> Facades:
        return Facades(self.points[keep], self.normals[keep], self.building[keep], self.above_m[keep])

    def frame(self, city: City) -> gpd.GeoDataFrame:
        """The points as a table: ``building``, ``above_m``, ``azimuth_deg`` (that the facade looks to)."""
        places = self.points + city.origin
        azimuth = np.degrees(np.arctan2(self.normals[:, 0], self.normals[:, 1])) % 360.0
        ids = city.buildings.index.to_numpy()[self.building] if len(self) else np.empty(0, dtype=object)
        table = pd.DataFrame({
            "building": pd.Series(ids, dtype="str"), "above_m": self.above_m.astype(np.float64), "azimuth_deg": azimuth.round(3),
        })  # fmt: skip
        return gpd.GeoDataFrame(table, geometry=shapely.points(places), crs=city.crs)


def obstacles_of(city: City, *, windows: bool = True) -> rays.Triangles:
    """Everything of a city that stands above the ground, for rays, relative to its origin. Trees and the ground are not in it, nor
    what belongs to windows where that is not wanted."""
    mesh = city.surfaces
    if not len(mesh):
        return rays.triangles(np.empty((0, 3)), np.empty((0, 3), np.int32))
    chosen = np.isin(city.objects["layer"].to_numpy(), STANDING)[mesh.owner]
    if not windows:
        chosen &= mesh.semantic != SEMANTICS["Window"]
    return rays.triangles(mesh.vertices, mesh.triangles[chosen])


def facades_of(
    city: City, among: rays.Triangles, spacing: float, area: tuple[float, float, float, float] | None = None
) -> Facades:
    """Points on the facades of the buildings of a city.

    Parameters
    ----------
    city : City
    among : rays.Triangles
        From `obstacles_of`.
    spacing : float
        Between points along a facade [m].
    area : (west, south, east, north), optional
        Only in this part [m].

    Raises
    ------
    GeometryError
        When there would be too many points.
    """
    mesh = city.surfaces
    if not len(mesh):
        return Facades(np.empty((0, 3)), np.empty((0, 3)), np.empty(0, np.int32), np.empty(0))
    rows = city.buildings.index.get_indexer(pd.Index(roots_of(city))).astype(np.int32)
    built = rows[mesh.owner] >= 0
    of_wall = built & np.isin(mesh.semantic, _WALLS)
    chosen = np.flatnonzero(of_wall)
    corners = mesh.vertices[mesh.triangles[chosen]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(normal, axis=1)
    good = size > 1e-9
    normal = np.divide(normal, size[:, None], out=np.zeros_like(normal), where=good[:, None])
    good &= np.abs(normal[:, 2]) < UPRIGHT
    if area is not None:
        low, high = np.array(area[:2]) - city.origin[:2], np.array(area[2:]) - city.origin[:2]
        middle = corners.mean(axis=1)[:, :2]
        good &= ((middle >= low) & (middle <= high)).all(axis=1)
    chosen, corners, normal = chosen[good], corners[good], normal[good]
    building = rows[mesh.owner[chosen]]
    way = np.column_stack([-normal[:, 1], normal[:, 0]])
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-12)
    # walls in one plane share the lattice though their normals differ in the last digits
    way = way.round(6)
    along = np.einsum("tkj,tj->tk", corners[..., :2], way)
    foot = feet_of(city, rows)
    up = corners[..., 2] - foot[building][:, None]
    spans = (np.ptp(along, axis=1) / spacing + 1.0) * (np.ptp(up, axis=1) / STOREY_M + 1.0)
    most = int(spans.sum()) + len(spans)
    if most > MOST_POINTS:
        raise GeometryError(f"there would be some {most:,} points on facades", hint="give a larger spacing, or a smaller area")
    triangle, place = rays.wall_points(along, np.ascontiguousarray(up), spacing, SILL_M, STOREY_M, most)
    outward = normal[triangle]
    start = corners[triangle, 0]
    # from a corner of the triangle along it and up, in its own plane
    shift = place[:, 0] - along[triangle, 0]
    points = np.column_stack([start[:, :2] + shift[:, None] * way[triangle], place[:, 1] + foot[building[triangle]]])
    lean = -((points - start) * outward).sum(axis=1)
    points = points + (lean + OUTSIDE_M)[:, None] * outward
    _, first = np.unique(
        np.column_stack([building[triangle], (points * 100).round()]).astype(np.int64), axis=0, return_index=True
    )
    first.sort()
    found = Facades(points[first], outward[first], building[triangle][first], place[first, 1])
    return found.select(_looks_out(found, among))


def feet_of(city: City, rows: NDArray[np.int32]) -> NDArray[np.float64]:
    """Height of the foot of each building, relative to the origin [m]: as stated, else its lowest point."""
    count = len(city.buildings)
    stated = np.full(count, np.nan)
    if "ground_m" in city.buildings:
        stated = pd.to_numeric(city.buildings["ground_m"], errors="coerce").to_numpy(np.float64, na_value=np.nan) - city.origin[2]
    if np.isnan(stated).any():
        mesh = city.surfaces
        lowest = np.full(count, np.inf)
        of = rows[mesh.owner]
        np.minimum.at(lowest, of[of >= 0], mesh.vertices[mesh.triangles[of >= 0], 2].min(axis=1))
        stated = np.where(np.isnan(stated), np.where(np.isfinite(lowest), lowest, 0.0), stated)
    return stated


def _looks_out(found: Facades, among: rays.Triangles) -> NDArray[np.bool_]:
    """Points before which nothing stands right away, and that are not inside of something."""
    flat = found.normals.copy()
    flat[:, 2] = 0.0
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    distance, _ = rays.first_hits(among, found.points, flat, AGAINST_M)
    return ~np.isfinite(distance) & (rays.depth_at(among, found.points) <= 0)


def hours_on(
    facades: Facades, among: rays.Triangles, azimuth_deg: NDArray[np.float64], altitude_deg: NDArray[np.float64],
    seconds: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Hours of sun on points of facades.

    Parameters
    ----------
    facades : Facades
    among : rays.Triangles
    azimuth_deg, altitude_deg, seconds : (S,) float64
        Places of the sun [deg], and how long each counts [s].

    Returns
    -------
    (N,) float64
        With what stands around [h].
    (N,) float64
        As it would be if nothing stood around: what the direction of the facade allows [h].
    """
    azimuth, altitude = np.radians(azimuth_deg), np.radians(altitude_deg)
    sun = np.column_stack([np.cos(altitude) * np.sin(azimuth), np.cos(altitude) * np.cos(azimuth), np.sin(altitude)])
    hours = np.asarray(seconds, dtype=np.float64) / 3600.0
    free, lit = np.zeros(len(facades)), np.zeros(len(facades))
    step = max(1, 40_000_000 // max(1, len(sun)))
    for first in range(0, len(facades), step):
        part = slice(first, first + step)
        free[part] = (facades.normals[part] @ sun.T > 0.0) @ hours
        lit[part] = rays.in_sun(among, facades.points[part], facades.normals[part], sun) @ hours
    return lit, free
