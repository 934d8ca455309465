"""The bridge from polygons to arrays: City and changes to the floor of the crowd, once a run."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from twin.errors import GridError, WalkableError
from twin.geo.city import City
from twin.geo.paving import ground_speeds
from twin.geo.valid import TOO_MANY, mended
from twin.geo.walkable import STREET, Stair, Walkable, make_walkable
from twin.grid import GridSpec
from twin.sim.floor import Chain, Portals, Slopes, build_floor
from twin.sim.grade import grades, slopes_of
from twin.sim.model import Floor

STAIR_UP_M_S, STAIR_DOWN_M_S, FLAT_M_S = 0.61, 0.69, 1.34
STAIR_SPEED_FACTOR = 0.5 * (STAIR_UP_M_S + STAIR_DOWN_M_S) / FLAT_M_S
"""Speed on stairs relative to the flat: the mean of 0.61 m/s up and 0.69 m/s down, in plan (Weidmann 1993), over 1.34."""

STAIR_UP_DOWN = (STAIR_DOWN_M_S - STAIR_UP_M_S) / (STAIR_DOWN_M_S + STAIR_UP_M_S)
"""By how much, relative to that mean, people are slower up and faster down; in proportion to how straight up they walk."""

MAX_FLOOR_CELLS = 60_000_000

WORTH_TELLING = 0.01
"""The report says that people are slower on slopes and soft ground when these are at least this part of the floor."""

_RASTERIZING = threading.Lock()


@dataclass(frozen=True, eq=False)
class Ground:
    """The floor of a run as arrays, and how they lie in the city.

    Parameters
    ----------
    grid : GridSpec
        Of the navigation cells, in the CRS of the city.
    origin : (2,) float64
        What local coordinates are relative to [m].
    levels : tuple of str
        Names of the levels, in the order of the arrays.
    walkable : Walkable
        The polygons it was made from.
    floor : Floor
    assumptions : tuple of str
    stairs : int
        The first so many of the floor's slopes are stairs; the others are streets that rise.
    """

    grid: GridSpec
    origin: NDArray[np.float64]
    levels: tuple[str, ...]
    walkable: Walkable
    floor: Floor
    assumptions: tuple[str, ...] = field(default_factory=tuple)
    stairs: int = 0

    def level_number(self, name: str) -> int:
        """Place of a level in the arrays.

        Raises
        ------
        WalkableError
            When there is no such level.
        """
        if name not in self.levels:
            raise WalkableError(f"there is no level `{name}`", hint=f"the levels are: {', '.join(self.levels)}")
        return self.levels.index(name)

    def cells(self, shape: BaseGeometry, level: str) -> NDArray[np.int32]:
        """Floor cells of a level whose centre lies in a shape (or that a small shape touches), (K, 3) int32."""
        number = self.level_number(level)
        mask = self.floor.mask[number]
        inside = _burn([(shape, 1)], self.grid).astype(bool) & mask
        if not inside.any():
            inside = _burn([(shape, 1)], self.grid, touched=True).astype(bool) & mask
        rows, columns = np.nonzero(inside)
        return np.stack([np.full(len(rows), number), rows, columns], axis=1).astype(np.int32)

    def steps(self) -> NDArray[np.bool_]:
        """Where stairs are, on both levels that each joins, (L, H, W) bool."""
        on: NDArray[np.bool_] = (self.floor.sloping >= 0) & (self.floor.sloping < self.stairs)
        return on if on.size else np.zeros(self.floor.mask.shape, np.bool_)

    def local(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates in the CRS (N, 2) as local ones."""
        return np.asarray(points, dtype=np.float64) - self.origin


def discretize(
    city: City,
    *,
    cell: float = 0.5,
    area: BaseGeometry | None = None,
    obstacles: Mapping[str, BaseGeometry] | None = None,
    terrain_speeds: bool = True,
) -> Ground:
    """Make the arrays of the floor of a city.

    Parameters
    ----------
    city : City
    cell : float
        Side of a navigation cell [m].
    area : shapely geometry, optional
        Part of the city to work in.
    obstacles : mapping of str to shapely geometry, optional
        What is not floor, by level.
    terrain_speeds : bool
        Whether people are slower uphill (`twin.sim.grade`) and on grass, sand and the like (`twin.geo.paving`); on stairs they
        always are.

    Raises
    ------
    WalkableError
        When nothing is left to stand on.
    GridError
        When the area is too large for the cell.
    """
    walkable = make_walkable(city, area=area, obstacles=obstacles)
    return _to_arrays(walkable, cell, city.origin[:2].copy(), str(city.crs.to_string()), city, terrain_speeds)


def discretize_area(area: BaseGeometry, *, cell: float = 0.25) -> Ground:
    """Make the arrays of a bare polygon: one level, ``floor``, at height 0.

    Raises
    ------
    WalkableError
        When the area is empty or not a polygon.
    """
    if not isinstance(area, BaseGeometry) or area.is_empty or area.geom_type not in ("Polygon", "MultiPolygon"):
        raise WalkableError("the area to walk in is not a polygon", hint="give a shapely Polygon or MultiPolygon in metres")
    sound = mended(area)
    if sound is None:
        raise WalkableError(f"the area to walk in is not valid: {TOO_MANY}", hint="draw it anew, without sides that cross")
    walkable = Walkable({"floor": shapely.force_2d(sound)}, {})
    return _to_arrays(walkable, cell, np.zeros(2), None, None)


def _to_arrays(
    walkable: Walkable, cell: float, origin: NDArray[np.float64], crs: str | None, city: City | None, terrain_speeds: bool = False
) -> Ground:
    levels = walkable.levels
    bounds = np.array([shape.bounds for shape in walkable.floors.values()])
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    grid = GridSpec.from_bounds((low[0], low[1], high[0], high[1]), cell, crs=crs, margin=2 * cell)
    if grid.rows * grid.columns * len(levels) > MAX_FLOOR_CELLS:
        raise GridError(
            f"the floor would have {grid.rows} x {grid.columns} cells on {len(levels)} levels",
            hint="give `area: [west, south, east, north]` in the scenario, or a larger crowd.navigation_cell_m",
        )
    mask = np.stack([_burn([(shape, 1)], grid) for shape in walkable.floors.values()]).astype(bool)
    portals = _portals(walkable, levels, grid, mask)
    height = np.stack([_heights(walkable, name, grid, mask[i], city) for i, name in enumerate(levels)])
    slopes = _steps(walkable, grid, mask, portals.cells)
    stairs = len(slopes.tilt)
    speed = np.where(slopes.cells >= 0, np.float32(STAIR_SPEED_FACTOR), np.float32(1.0))
    assumptions = walkable.assumptions
    if terrain_speeds and city is not None:
        flat = mask & (slopes.cells < 0)
        slopes = _slow_down(speed, slopes, walkable, grid, flat, height, city)
        slow = float((speed[flat] < 1.0).mean()) if flat.any() else 0.0
        if slow >= WORTH_TELLING:
            assumptions += (
                f"People are slower on {slow:.0%} of the floor beside stairs, which rises 3 % or more (Tobler 1993) or is soft "
                "(de Gruchy and others 2017); `terrain_speeds: false` leaves that out.",
            )
    floor = build_floor(
        west=grid.west - origin[0],
        north=grid.north - origin[1],
        cell=cell,
        mask=mask,
        chains=_chains(walkable, levels, origin),
        height=height,
        speed=speed,
        portals=portals,
        slopes=slopes if len(slopes.tilt) else None,
    )
    return Ground(grid, origin, levels, walkable, floor, assumptions, stairs)


def _burn(shapes: Sequence[tuple[BaseGeometry, float]], grid: GridSpec, *, touched: bool = False) -> NDArray[np.float32]:
    """A raster with the value of the last shape that covers the centre of each cell; 0 elsewhere."""
    shapes = [(shape, value) for shape, value in shapes if not shape.is_empty]
    if not shapes:
        return np.zeros(grid.shape, np.float32)
    # rasterio changes the list of warning filters for a moment, which threads share
    with _RASTERIZING:
        return rasterize(
            shapes, out_shape=grid.shape, transform=Affine(*grid.gdal_transform()), dtype="float32", all_touched=touched
        )


def _portals(walkable: Walkable, levels: tuple[str, ...], grid: GridSpec, mask: NDArray[np.bool_]) -> Portals:
    cells = np.full(mask.shape, -1, np.int16)
    pairs, ups = [], []
    for p, stair in enumerate(walkable.stairs):
        lower, upper = levels.index(stair.lower), levels.index(stair.upper)
        shared = _burn([(stair.portal, 1)], grid).astype(bool) & mask[lower] & mask[upper]
        cells[lower][shared] = p
        cells[upper][shared] = p
        pairs.append((lower, upper))
        ups.append(stair.up)
    if not pairs:
        return Portals.none((mask.shape[0], mask.shape[1], mask.shape[2]))
    return Portals(cells, np.array(pairs, np.int32), np.array(ups, np.float64))


def _steps(walkable: Walkable, grid: GridSpec, mask: NDArray[np.bool_], portal: NDArray[np.int16]) -> Slopes:
    """Cells of the floor that are part of a stair with steps, and how it makes people slower up than down."""
    out = np.full(mask.shape, -1, np.int16)
    tilt: list[list[float]] = []
    for stair in walkable.stairs:
        if stair.steps:
            on = _burn([(stair.polygon, 1)], grid).astype(bool)
            lower, upper = walkable.levels.index(stair.lower), walkable.levels.index(stair.upper)
            out[lower][on & mask[lower]] = len(tilt)
            out[upper][on & mask[upper] & (portal[upper] >= 0)] = len(tilt)
            tilt.append([-STAIR_UP_DOWN * stair.up[0], -STAIR_UP_DOWN * stair.up[1]])
    return Slopes(out, np.array(tilt, np.float64).reshape(-1, 2))


def _slow_down(
    speed: NDArray[np.float32], stairs: Slopes, walkable: Walkable, grid: GridSpec, flat: NDArray[np.bool_],
    height: NDArray[np.float32], city: City,
) -> Slopes:  # fmt: skip
    """Lower `speed` where streets rise and where the ground is soft; the slopes of stairs and of streets together.

    `flat` says which cells are floor without steps.
    """
    grade = np.stack([grades(height[k], flat[k], grid.cell) for k in range(len(flat))], axis=1)
    number, factor, tilt = slopes_of(grade)
    cells, on = stairs.cells.copy(), number >= 0
    # rounded as they are, there are at most 61 x 61 different grades: numbers of 16 bits hold them beside the stairs
    cells[on] = len(stairs.tilt) + number[on]
    speed[on] *= factor[number[on]]
    roads = city.roads
    if len(roads):
        soft = ground_speeds(roads)
        level = roads["level"].fillna(STREET).astype(str) if "level" in roads else pd.Series(STREET, index=roads.index)
        for k, name in enumerate(walkable.levels):
            rows = np.flatnonzero((level.to_numpy() == name) & np.array([g is not None for g in roads.geometry]))
            if (soft[rows] != 1.0).any():
                burnt = _burn([(shapely.force_2d(roads.geometry.iloc[i]), soft[i]) for i in rows], grid)
                there = flat[k] & (burnt > 0.0)
                speed[k][there] *= burnt[there]
    return Slopes(cells, np.concatenate([stairs.tilt, tilt]))


def _heights(
    walkable: Walkable, level: str, grid: GridSpec, mask: NDArray[np.bool_], city: City | None
) -> NDArray[np.float32]:
    out = np.zeros(grid.shape, np.float32)
    if city is not None:
        rows, columns = np.nonzero(mask)
        out[rows, columns] = city.ground_at(grid.x[columns], grid.y[rows])
    given = _burn([(shape, i + 1) for i, (shape, _) in enumerate(walkable.heights.get(level, []))], grid).astype(int)
    values = np.array([0.0, *(z for _, z in walkable.heights.get(level, []))], np.float32)
    covered = given > 0
    out[covered] = values[given[covered]]
    for stair in walkable.stairs:
        if level not in (stair.lower, stair.upper):
            continue
        part = stair.polygon if level == stair.lower else stair.portal
        on = _burn([(part, 1)], grid, touched=True).astype(bool) & mask
        rows, columns = np.nonzero(on)
        out[rows, columns] = _stair_height(stair, grid.x[columns], grid.y[rows])
    out[~mask] = 0.0
    return out


def _stair_height(stair: Stair, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    along = shapely.get_coordinates(stair.polygon) @ np.array(stair.up)
    bottom, top = along.min(), along.max()
    share = np.clip((x * stair.up[0] + y * stair.up[1] - bottom) / (top - bottom), 0.0, 1.0)
    return stair.bottom_z_m + share * (stair.top_z_m - stair.bottom_z_m)


def _chains(walkable: Walkable, levels: tuple[str, ...], origin: NDArray[np.float64]) -> list[Chain]:
    """Walls by level: the edge of the floor, but for the ends of portals, where one walks on along the other level."""
    chains: list[Chain] = []
    for number, name in enumerate(levels):
        edge = shapely.boundary(walkable.floors[name])
        for stair in walkable.stairs:
            if name not in (stair.lower, stair.upper):
                continue
            other = walkable.floors[stair.upper if name == stair.lower else stair.lower]
            # what lies inside the other level's floor is no wall there; a sliver inward keeps the flanks
            open_end = other.buffer(-0.05).intersection(stair.portal.buffer(0.1, join_style="mitre"))
            edge = edge.difference(open_end)
        for line in shapely.get_parts(shapely.line_merge(edge) if edge.geom_type == "MultiLineString" else edge):
            points = shapely.get_coordinates(line)
            closed = len(points) > 3 and bool((points[0] == points[-1]).all())
            if closed:
                points = points[:-1]
            if len(points) >= 2:
                chains.append(Chain(number, points - origin, closed))
    return chains
