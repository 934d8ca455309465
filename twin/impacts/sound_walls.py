"""Walls that send sound back: the sides of buildings, with what they keep of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.grid import GridSpec
from twin.scenario.noise import NoiseAnalysis
from twin.sim.impact import noise, reflect
from twin.sim.impact.acoustics import BANDS_HZ

if TYPE_CHECKING:
    from twin.geo.city import City

STRAIGHT_M = 0.3
"""Corners of footprints that lie within this of a straight side are no corners for sound: it is short against its waves [m]."""


@dataclass(frozen=True, eq=False)
class CityWalls:
    """Sides of buildings.

    Parameters
    ----------
    ends : (W, 2, 2) float64
        Either end, in the system of the city [m].
    normals : (W, 2) float64
        Outward.
    building : (W,) int32
        Row of ``city.buildings``.
    absorption : (W,) float64
        Share of the energy that it keeps.
    """

    ends: NDArray[np.float64]
    normals: NDArray[np.float64]
    building: NDArray[np.int32]
    absorption: NDArray[np.float64]

    def on(self, place: noise.Place, lattice: GridSpec) -> reflect.Walls:
        """Those that stand out over what is before them, in cells of a grid."""
        column = (self.ends[..., 0] - lattice.west) / lattice.cell - 0.5
        row = (lattice.north - self.ends[..., 1]) / lattice.cell - 0.5
        ends = np.ascontiguousarray(np.column_stack([column[:, 0], row[:, 0], column[:, 1], row[:, 1]]))
        normals = np.ascontiguousarray(self.normals * (1.0, -1.0))
        keep = reflect.exposed(place.surface, ends, normals)
        kept = np.repeat(self.absorption[keep, None], len(BANDS_HZ), axis=1)
        return reflect.Walls(ends[keep], normals[keep], self.building[keep], kept)


def walls_of(city: City, settings: NoiseAnalysis) -> CityWalls:
    """The sides of all buildings of a city, courtyards included."""
    buildings = city.buildings
    shapes = shapely.simplify(shapely.force_2d(np.asarray(buildings.geometry.to_numpy(), dtype=object)), STRAIGHT_M)
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    area = np.isin(shapely.get_type_id(parts), (3, 6)) & ~shapely.is_empty(parts)
    parts = shapely.orient_polygons(parts[area], exterior_cw=False)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    points, of_point = shapely.get_coordinates(rings, return_index=True)
    same = of_point[1:] == of_point[:-1]
    ends = np.stack([points[:-1], points[1:]], axis=1)[same]
    building = of_part[area][of_ring][of_point[:-1][same]].astype(np.int32)
    way = ends[:, 1] - ends[:, 0]
    long = np.hypot(way[:, 0], way[:, 1])
    good = long >= reflect.SMALLEST_M
    ends, building, way = ends[good], building[good], way[good] / long[good, None]
    normals = np.column_stack([way[:, 1], -way[:, 0]])
    use = buildings["use"].to_numpy(dtype=object) if "use" in buildings else np.full(len(buildings), None, dtype=object)
    kept = np.array([settings.absorption_by_use.get(one, settings.absorption) if isinstance(one, str) else settings.absorption
                     for one in use], dtype=np.float64)  # fmt: skip
    return CityWalls(ends, normals, building, kept[building])
