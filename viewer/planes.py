"""Where to cut a city open: planes through what there is to see below the street."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from viewer.changes import PlacedChange
from viewer.ground import local
from viewer.scene import Layer, MeshLayer, Section

if TYPE_CHECKING:
    from twin.geo.city import City

WIDTH_M = (45.0, 110.0)
"""A view of a cut shows at least and at most so much of it [m]."""


def sections_of(
    city: City, layers: Sequence[Layer], placed: Sequence[PlacedChange], hot: NDArray[np.float64] | None
) -> tuple[Section, ...]:
    """Planes across and along what matters most, and one that takes the street off the cellars.

    What matters is an excavation, else the cellar that is nearest to the crowd (or to the middle of all cellars), else the busiest
    place, else the middle of the city. Across is at right angles to the water or street beside it, so that a canal is cut where it
    is narrow.

    Parameters
    ----------
    city : City
    layers : sequence of Layer
        Of the scene.
    placed : sequence of PlacedChange
    hot : (3,) float64, optional
        The busiest place, local.
    """
    west, south, east, north = city.bounds
    x, y = city.origin[:2]
    middle = np.array([(west + east) / 2 - x, (south + north) / 2 - y])
    pit = next((item.shape for item in placed if item.kind == "excavation"), None)
    cellars = [shape for shape in local(city.cellars.geometry.values, city) if shape is not None] if len(city.cellars) else []
    where = middle
    if pit is not None:
        where = shapely.get_coordinates(pit.centroid)[0]
    elif cellars:
        spots = shapely.get_coordinates(shapely.centroid(np.array(cellars)))
        goal = spots.mean(axis=0) if hot is None else hot[:2]
        where = spots[np.hypot(*(spots - goal).T).argmin()]
    elif hot is not None:
        where = hot[:2]
    along = _along(city, pit, where)
    across = np.array([along[1], -along[0]])
    reach = min(east - west, north - south)
    if pit is not None:
        reach = min(reach, 3.0 * float(np.hypot(*np.diff(np.reshape(pit.bounds, (2, 2)), axis=0)[0])))
    width = float(np.clip(reach, *WIDTH_M))
    point = (float(where[0]), float(where[1]), 0.0)
    beside = point if pit is None else _through_cellar(pit, cellars, along, point)
    found = [
        Section("across", "Cross-section", beside, (float(along[0]), float(along[1]), 0.0), width),
        Section("along", "Long section", point, (float(across[0]), float(across[1]), 0.0), width),
    ]
    if pit is not None:
        found.append(pit_section(pit, cellars))
    level = _inside_cellars(layers)
    if level is not None:
        found.append(Section("below", "Below the street", (point[0], point[1], level), (0.0, 0.0, 1.0), 1.6 * width))
    return tuple(found)


def _through_cellar(
    pit: shapely.Geometry, cellars: Sequence[shapely.Geometry], along: NDArray[np.float64], point: tuple[float, float, float]
) -> tuple[float, float, float]:
    """A place in a pit such that the plane across goes through a cellar beside it as well, where there is one."""
    middle = np.array(point[:2])
    reach = 0.4 * float(np.ptp(shapely.get_coordinates(pit) @ along))
    near = sorted((one for one in cellars if one.distance(pit) < WIDTH_M[0]), key=pit.distance)
    for cellar in near:
        shift = float((shapely.get_coordinates(cellar.centroid)[0] - middle) @ along)
        moved = middle + shift * along
        if abs(shift) <= reach and pit.contains(shapely.Point(moved)):
            return (float(moved[0]), float(moved[1]), point[2])
    return point


PIT = "pit"
"""Name of the section that opens a pit along its long side, and of the view of it."""
BEFORE_MIDDLE = 0.12
"""The plane through a pit lies this share of its width before its middle, so that what spans it is seen [1]."""
SUN_AZIMUTH_DEG = 215.0


def pit_section(pit: shapely.Geometry, cellars: Sequence[shapely.Geometry]) -> Section:
    """The plane along a pit that leaves the cellars beside it, if there are any, or else the faces that the sun is on."""
    middle = shapely.get_coordinates(pit.centroid)[0]
    along = _long_side(pit)
    normal = np.array([along[1], -along[0]])
    near = [one for one in cellars if one.distance(pit) < WIDTH_M[0]]
    sun = np.array([np.sin(np.radians(SUN_AZIMUTH_DEG)), np.cos(np.radians(SUN_AZIMUTH_DEG))])
    toward = sun
    if near:
        spots = shapely.get_coordinates(shapely.centroid(np.array(near))) - middle
        beside = spots @ normal
        # cellars at the ends of the pit are cut by any plane, those at its sides are to stay
        if abs(beside.mean()) > 3.0:
            toward = -beside.mean() * normal
    normal = normal if normal @ toward >= 0 else -normal
    across = shapely.get_coordinates(pit) @ normal
    point = middle + BEFORE_MIDDLE * float(np.ptp(across)) * normal
    long = float(np.ptp(shapely.get_coordinates(pit) @ along))
    width = float(np.clip(2.2 * long, *WIDTH_M))
    return Section(PIT, "Excavation pit", (float(point[0]), float(point[1]), 0.0), (float(normal[0]), float(normal[1]), 0.0), width)


def _along(city: City, pit: shapely.Geometry | None, where: NDArray[np.float64]) -> NDArray[np.float64]:
    """Direction of the water (else of the pit, else north) near a place, towards the south, (2,)."""
    direction = np.array([0.0, -1.0])
    waters = [shape for shape in local(city.water.geometry.values, city) if shape is not None] if len(city.water) else []
    spot = shapely.Point(where)
    if waters:
        nearest = min(waters, key=spot.distance)
        part = shapely.intersection(nearest, shapely.buffer(spot, spot.distance(nearest) + 40.0))
        if not part.is_empty and part.area > 1.0:
            direction = _long_side(part)
    elif pit is not None:
        direction = _long_side(pit)
    return -direction if direction[1] > 0 else direction


def _long_side(shape: shapely.Geometry) -> NDArray[np.float64]:
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    sides = np.diff(corners, axis=0)
    if len(sides) < 2:
        return np.array([0.0, -1.0])
    longest = sides[np.hypot(*sides.T).argmax()]
    return np.asarray(longest / max(float(np.hypot(*longest)), 1e-9))


def _inside_cellars(layers: Sequence[Layer]) -> float | None:
    """A height within most cellars, a little below their middle; None where there are none."""
    meshes = [one for one in layers if isinstance(one, MeshLayer) and one.name.startswith("cellars") and len(one.triangles)]
    if not meshes:
        return None
    heights = np.concatenate([one.vertices[np.unique(one.triangles), 2] for one in meshes])
    low, high = np.quantile(heights, [0.1, 0.9])
    return float(low + 0.45 * (high - low))
