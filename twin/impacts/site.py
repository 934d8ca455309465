"""Where an impact is worked out: a city and a part of it, looked at window by window.

A window is a part of the grid with as much around it as can be in the way of its rays: far off only what is high can, and how high
the city is at most is known block by block (`twin.geo.skyline`). Windows are laid so that no more than some cells are in memory at
once; after a change only those are looked at in which heights changed, or which that reaches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.crs import short_name
from twin.geo.differing import where_heights_differ
from twin.geo.on_earth import OnEarth, where_on_earth
from twin.geo.rasterize import Relief, rasterize
from twin.geo.skyline import Skyline, skyline
from twin.grid import GridSpec
from twin.sim.impact import shadow
from twin.variables import variable

if TYPE_CHECKING:
    import xarray as xr
    from shapely.geometry.base import BaseGeometry

    from twin.geo.city import City
    from twin.geo.pits import Pit
    from twin.impacts.walked import Walked
    from twin.scenario.apply import Obstacle

MOST_CELLS = 36_000_000
"""Cells of one window with what stands around it, at most: some thirty bytes each are in memory at once."""

FAIR_CELLS, FAIR_MORE = 9_000_000, 1.15
"""Windows of more cells than this are halved too where what stands around both halves adds so much at most."""

LEAST_SHARE = 1 / 6
"""Of the cells of a window with what stands around it are its own, at least: among mountains memory gives way, not time."""

MANY = 2000
"""More patches than these are not told apart."""

_SLACK = 2


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a grid: cells from `top` to `bottom` and from `left` to `right`, the last ones exclusive."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.bottom - self.top, self.right - self.left

    @property
    def size(self) -> int:
        """How many cells it has."""
        return (self.bottom - self.top) * (self.right - self.left)

    @property
    def cells(self) -> tuple[slice, slice]:
        """To index arrays of the grid with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, cells: int) -> Window:
        """The window with a margin; it may lie beyond the grid."""
        return Window(self.top - cells, self.bottom + cells, self.left - cells, self.right + cells)

    def over(self, other: Window) -> Window:
        """The least window that holds both."""
        return Window(
            min(self.top, other.top), max(self.bottom, other.bottom), min(self.left, other.left), max(self.right, other.right)
        )

    def inside(self, other: Window) -> Window:
        """It in the numbers of another window that holds it."""
        return Window(self.top - other.top, self.bottom - other.top, self.left - other.left, self.right - other.left)

    def halves(self) -> tuple[Window, Window]:
        """It in two, across its longer side."""
        rows, columns = self.shape
        if rows >= columns:
            middle = self.top + rows // 2
            return Window(self.top, middle, self.left, self.right), Window(middle, self.bottom, self.left, self.right)
        middle = self.left + columns // 2
        return Window(self.top, self.bottom, self.left, middle), Window(self.top, self.bottom, middle, self.right)

    def cut(self, other: Window) -> Window | None:
        """What is in both, if anything."""
        made = Window(
            max(self.top, other.top), min(self.bottom, other.bottom), max(self.left, other.left), min(self.right, other.right)
        )
        return made if made.top < made.bottom and made.left < made.right else None


class Reach(NamedTuple):
    """How far off something can be in the way of rays, for each metre that it is higher [m].

    Parameters
    ----------
    far : float
        In any direction.
    north, east, south, west : float
        Towards each side: what stands to the north is in the way of rays that rise to the north.
    near_m : float
        As near as this everything counts, however low it is [m].
    """

    far: float
    north: float
    east: float
    south: float
    west: float
    near_m: float = 0.0

    @classmethod
    def all_round(cls, lowest_deg: float) -> Reach:
        """Of rays in all directions that rise by an angle or more [deg]."""
        return cls(*[1.0 / math.tan(math.radians(lowest_deg))] * 5)

    def over(self, other: Reach) -> Reach:
        """The further of both, to each side."""
        return Reach(*map(max, self, other))

    @classmethod
    def within(cls, near_m: float) -> Reach:
        """Of what is looked at so far off and no further [m]."""
        return cls(0.0, 0.0, 0.0, 0.0, 0.0, near_m)

    @classmethod
    def towards(cls, azimuth_deg: NDArray[np.float64], altitude_deg: NDArray[np.float64]) -> Reach:
        """Of rays to some places of the sky [deg]."""
        run = 1.0 / np.tan(np.radians(np.atleast_1d(altitude_deg)))
        x, y = run * np.sin(np.radians(azimuth_deg)), run * np.cos(np.radians(azimuth_deg))
        return cls(*(float(one.max(initial=0.0)) for one in (run, y, x, -y, -x)))


@dataclass(frozen=True, eq=False)
class Site:
    """A city and the part of it that is looked at.

    Parameters
    ----------
    city : City
    area : (west, south, east, north), optional
        By default the whole city [m]. What stands around it counts all the same.
    obstacles : mapping of str to shapely geometry
        What is closed for who walks or drives, by level: closures, fences, stages, pits. They are in no layer of the city.
    changed : bool
        Whether it is the side with the intervention, for what is given a file a side.
    on_one_side : frozenset of str
        Buildings that a scenario adds or removes: that one of them is not there is no mistake.
    pits : tuple of Pit
        Excavations, as they are built.
    made : tuple of Obstacle
        What `obstacles` are: stages with their loads, fences, closures.
    crowd : Walked, optional
        Where people were, for impacts that come after the crowd.
    asked : mapping of str to Any
        Settings of the impacts that are asked for, by their keys.
    """

    city: City
    area: tuple[float, float, float, float] | None = None
    obstacles: Mapping[str, BaseGeometry] = field(default_factory=dict)
    changed: bool = False
    on_one_side: frozenset[str] = frozenset()
    pits: tuple[Pit, ...] = ()
    made: tuple[Obstacle, ...] = ()
    crowd: Walked | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    _found: dict[tuple[Any, ...], Any] = field(default_factory=dict, init=False, repr=False)

    def once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What was worked out of this site before, or is now; `key` says what it is."""
        if key not in self._found:
            self._found[key] = make()
        return self._found[key]

    def grid(self, cell: float) -> GridSpec:
        """The cells of the area, on whole multiples of their size."""
        bounds = self.city.bounds if self.area is None else self.area
        return GridSpec.from_bounds(bounds, cell, crs=short_name(self.city.crs))

    def all_of(self, grid: GridSpec) -> Window:
        """The cells of the whole city, in the numbers of a grid: beyond them nothing is known."""
        west, south, east, north = self.city.bounds
        return Window(
            int(np.floor((grid.north - north) / grid.cell + 1e-6)), int(np.ceil((grid.north - south) / grid.cell - 1e-6)),
            int(np.floor((west - grid.west) / grid.cell + 1e-6)), int(np.ceil((east - grid.west) / grid.cell - 1e-6)),
        )  # fmt: skip

    def relief(self, grid: GridSpec, window: Window, *, trees: bool = True) -> Relief:
        """Heights in a window."""
        part = part_of(grid, window)
        return rasterize(self.city, grid.cell, bounds=part.bounds, trees=trees)

    def skyline(self, cell: float) -> Skyline:
        """Bounds of the heights of the city, block by block, for cells of a size."""
        made: Skyline = self.once(("skyline", cell), lambda: skyline(self.city, cell))
        return made

    def around(self, grid: GridSpec, part: Window, reach: Reach) -> Window:
        """A part of the city with all that can be in the way of rays from its surface.

        Parameters
        ----------
        grid : GridSpec
        part : Window
            Within the city.
        reach : Reach
            Of the rays.
        """
        whole = self.all_of(grid)
        if part == whole:
            return whole
        near = part.grown(math.ceil(reach.near_m / grid.cell) + _SLACK)
        if reach.far == 0.0:
            return near.cut(whole) or part
        known = self.skyline(grid.cell)
        blocks = known.grid
        west, south, east, north = part_of(grid, part).bounds
        edge_x = blocks.west + blocks.cell * np.arange(blocks.columns + 1)
        edge_y = blocks.north - blocks.cell * np.arange(blocks.rows + 1)
        to_west, to_east = west - edge_x[1:], edge_x[:-1] - east
        to_south, to_north = south - edge_y[:-1], edge_y[1:] - north
        gap_x, gap_y = np.maximum(0.0, np.maximum(to_west, to_east)), np.maximum(0.0, np.maximum(to_south, to_north))
        low = float(known.low[np.ix_(gap_y == 0.0, gap_x == 0.0)].min())
        rise = np.maximum(0.0, known.high + shadow.step_of_crowns(self.heights(), grid.cell) - low)
        gaps = (
            (np.hypot(gap_y[:, None], gap_x), reach.far), (to_north[:, None], reach.north), (to_east, reach.east),
            (to_south[:, None], reach.south), (to_west, reach.west),
        )  # fmt: skip
        there = np.all([gap <= rise * run + _SLACK * grid.cell for gap, run in gaps], axis=0)
        rows, columns = (np.flatnonzero(there.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return part
        seen = Window(
            math.floor((grid.north - edge_y[rows[0]]) / grid.cell), math.ceil((grid.north - edge_y[rows[-1] + 1]) / grid.cell),
            math.floor((edge_x[columns[0]] - grid.west) / grid.cell), math.ceil((edge_x[columns[-1] + 1] - grid.west) / grid.cell),
        )  # fmt: skip
        return seen.over(near).cut(whole) or part

    def heights(self) -> tuple[float, float]:
        """Least and greatest height of anything [m], to the ten metres around: the same for sides that hardly differ."""
        made: tuple[float, float] = self.once(("heights",), self._heights)
        return made

    def continues(self, before: Site) -> bool:
        """Whether what was worked out of another site is right here too where no change reaches: its crowns are told apart by the
        same heights, and its sun stands in the same places."""
        return before.heights() == self.heights() and before._place() == self._place()

    def _place(self) -> OnEarth | None:
        place: OnEarth | None = self.once(("place",), lambda: where_on_earth(self.city))
        return place

    def _heights(self) -> tuple[float, float]:
        from twin.geo.trees import trees_of

        found: list[float] = []
        for raster in (self.city.terrain, self.city.dsm):
            if raster is not None and np.isfinite(raster.height).any():
                found += [float(np.nanmin(raster.height)), float(np.nanmax(raster.height))]
        if len(self.city.surfaces):
            z = self.city.surfaces.vertices[:, 2] + self.city.origin[2]
            found += [float(z.min()), float(z.max())]
        trees = trees_of(self.city)
        if len(trees):
            foot = np.where(np.isnan(trees.foot_m), self.city.ground_at(*trees.xy.T), trees.foot_m)
            found.append(float((foot + trees.height_m).max()))
        if self.city.canopy is not None and np.isfinite(self.city.canopy.height).any():
            found.append(max(found, default=0.0) + float(np.nanmax(self.city.canopy.height)))
        known = [one for one in found if np.isfinite(one)] or [0.0]
        return float(np.floor(min(known) / 10.0) * 10.0), float(np.ceil(max(known) / 10.0) * 10.0)


def part_of(grid: GridSpec, window: Window) -> GridSpec:
    """The grid of a window."""
    return GridSpec(
        grid.west + window.left * grid.cell, grid.north - window.top * grid.cell, grid.cell, window.shape, grid.crs
    )


def corner_of(grid: GridSpec, window: Window) -> tuple[int, int]:
    """Row and column of the first cell of a window, counted from the origin of the CRS: the same for every grid of such cells."""
    return round(-grid.north / grid.cell) + window.top, round(grid.west / grid.cell) + window.left


def windows(grid: GridSpec, most_cells: int | None = None) -> Iterator[Window]:
    """Windows that cover a grid once and have no more than some cells, by default `FAIR_CELLS`."""
    most = FAIR_CELLS if most_cells is None else most_cells
    waiting = [Window(0, grid.rows, 0, grid.columns)]
    while waiting:
        window = waiting.pop()
        if window.size <= most:
            yield window
        else:
            waiting += window.halves()[::-1]


def changed_windows(before: Site, after: Site, grid: GridSpec, *, trees: bool = True) -> list[tuple[Window, float, float]]:
    """Where heights of two sites differ: the box of each patch of cells, with the least and the greatest height in it.

    It is worked out once for a pair of sites, and only where the cities are not made of the same.

    Parameters
    ----------
    before, after : Site
        Of one area.
    grid : GridSpec
    trees : bool
        Whether crowns count.

    Returns
    -------
    list of (Window, float, float)
        In the numbers of the grid; heights of either side, crowns included [m].
    """
    # the sites themselves are in the key, so they cannot be taken for others
    found: list[tuple[Window, float, float]] = after.once(
        ("changed", before, grid, trees), lambda: _changed(before, after, grid, trees)
    )
    return found


def _changed(before: Site, after: Site, grid: GridSpec, trees: bool) -> list[tuple[Window, float, float]]:
    from scipy.ndimage import find_objects, label

    found: list[tuple[Window, float, float]] = []
    # what comes or goes at the edge makes a city larger or smaller
    whole = before.all_of(grid).over(after.all_of(grid))
    boxes = where_heights_differ(before.city, after.city, grid.cell, trees=trees)
    near = [whole]
    if boxes is not None:
        outlines = (
            Window(
                math.floor((grid.north - north) / grid.cell) - 1, math.ceil((grid.north - south) / grid.cell) + 1,
                math.floor((west - grid.west) / grid.cell) - 1, math.ceil((east - grid.west) / grid.cell) + 1,
            ).cut(whole) for west, south, east, north in boxes
        )  # fmt: skip
        near = joined([one for one in outlines if one is not None])
    for place in near:
        for part in windows(part_of(grid, place)):
            window = Window(part.top + place.top, part.bottom + place.top, part.left + place.left, part.right + place.left)
            old, new = before.relief(grid, window, trees=trees), after.relief(grid, window, trees=trees)
            pairs = [
                (old.surface, new.surface), (old.ground, new.ground), (old.crown_base, new.crown_base),
                (old.crown_top, new.crown_top),
            ]  # fmt: skip
            differs = np.zeros(window.shape, dtype=bool)
            for was, now in pairs:
                differs |= ~((was == now) | (np.isnan(was) & np.isnan(now)))
            labels, _ = label(differs, structure=np.ones((3, 3)))
            for box in find_objects(labels):
                heights: list[NDArray[Any]] = [raster[box][differs[box]] for pair in pairs for raster in pair]
                every = np.concatenate(heights)
                rows, columns = box
                top, left = window.top, window.left
                patch = Window(rows.start + top, rows.stop + top, columns.start + left, columns.stop + left)
                found.append((patch, float(np.nanmin(every)), float(np.nanmax(every))))
    return found


def with_surface(
    site: Site, fields: xr.Dataset, cell: float, grid: GridSpec | None = None
) -> tuple[xr.Dataset, NDArray[np.bool_]]:
    """Fields with the surface that they are of (``surface_height``, ``on_ground``), and where that is open ground; `grid` is
    theirs where it is not that of the site."""
    grid = site.grid(cell) if grid is None else grid
    surface, ground = np.empty(grid.shape, np.float32), np.empty(grid.shape, np.bool_)
    for window in windows(grid):
        relief = site.relief(grid, window, trees=False)
        surface[window.cells] = relief.surface
        ground[window.cells] = np.isfinite(relief.surface) & (relief.building < 0)
    named: dict[str, NDArray[Any]] = {"surface_height": surface, "on_ground": ground.view(np.uint8)}
    return fields.assign({name: variable(name).array(values) for name, values in named.items()}), ground


def surface_of(
    relief: Relief, corner: tuple[int, int], range_m: tuple[float, float], lift_m: NDArray[np.float32] | None = None
) -> shadow.Surface:
    """Heights of a window made ready for the kernels; `range_m` are those of `Site.heights`, `lift_m` as in `shadow.surface`."""
    crowns = shadow.Crowns(relief.crown_base, relief.crown_top) if relief.has_trees else None
    return shadow.surface(relief.surface, relief.grid.cell, crowns, corner=corner, range_m=range_m, lift_m=lift_m)


def reached(before: Site, after: Site, grid: GridSpec, reach: Reach, *, trees: bool) -> list[Window]:
    """Windows of a grid in which a change can be felt by rays: all around what came or went, as far as they reach.

    Where these with what stands around them are more work than the whole grid, it is that.
    """
    lowest = min(float(site.skyline(grid.cell).low.min()) for site in (before, after))
    lowest -= shadow.step_of_crowns(after.heights(), grid.cell)
    whole = Window(0, grid.rows, 0, grid.columns)
    felt = []
    for patch, _, highest in changed_windows(before, after, grid, trees=trees):
        # who looks north feels what stands there, so it is felt to the south of that
        far = (max((highest - lowest) * run, reach.near_m) for run in (reach.north, reach.east, reach.south, reach.west))
        north, east, south, west = (math.ceil(one / grid.cell) + _SLACK for one in far)
        near = Window(patch.top - south, patch.bottom + north, patch.left - east, patch.right + west).cut(whole)
        if near is not None:
            felt.append(near)
    some = joined(felt)
    work, all_work = (sum(around.size for _, around in parts(after, grid, todo, reach)) for todo in (some, all_windows(grid)))
    return some if work < all_work else all_windows(grid)


def all_windows(grid: GridSpec) -> list[Window]:
    """A whole grid as what is to be worked out."""
    return [Window(0, grid.rows, 0, grid.columns)]


def parts(site: Site, grid: GridSpec, todo: list[Window], reach: Reach) -> Iterator[tuple[Window, Window]]:
    """What is to be worked out of a city, in windows that are small enough: each, and it with what stands around it.

    Parameters
    ----------
    site : Site
    grid : GridSpec
    todo : list of Window
        What of them lies beyond the city is left out.
    reach : Reach
        Of the rays.
    """
    whole = site.all_of(grid)
    waiting = todo[::-1]
    while waiting:
        part = waiting.pop().cut(whole)
        if part is None:
            continue
        around = site.around(grid, part, reach)
        if around.size <= min(FAIR_CELLS, MOST_CELLS) or part.size < LEAST_SHARE * around.size:
            yield part, around
            continue
        halves = part.halves()
        if around.size > MOST_CELLS or sum(site.around(grid, half, reach).size for half in halves) <= FAIR_MORE * around.size:
            waiting += halves[::-1]
        else:
            yield part, around


def reliefs(
    site: Site, grid: GridSpec, todo: list[Window], reach: Reach, *, trees: bool
) -> Iterator[tuple[Window, Relief, tuple[Window, Window]]]:
    """Heights of windows with what stands around: that window, its relief, and the cells that count, in the grid and in that."""
    for core, around in parts(site, grid, todo, reach):
        yield around, site.relief(grid, around, trees=trees), (core, core.inside(around))


def joined(patches: list[Window]) -> list[Window]:
    """Windows that touch or overlap as one around both, until none do; very many as one around all."""
    from scipy.sparse.csgraph import connected_components

    boxes = np.array([(one.top, one.left, -one.bottom, -one.right) for one in patches], dtype=np.int64).reshape(-1, 4)
    if len(boxes) > MANY:
        boxes = boxes.min(axis=0, keepdims=True)
    while True:
        top, left, bottom, right = boxes.T * np.array([[1], [1], [-1], [-1]])
        meets = (top[:, None] <= bottom) & (top <= bottom[:, None]) & (left[:, None] <= right) & (left <= right[:, None])
        count, which = connected_components(meets, directed=False) if len(boxes) else (0, np.empty(0, np.int64))
        if count == len(boxes):
            return [Window(*map(int, one)) for one in zip(top, bottom, left, right, strict=True)]
        merged = np.full((count, 4), np.iinfo(np.int64).max)
        np.minimum.at(merged, which, boxes)
        boxes = merged
