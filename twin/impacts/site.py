"""Where an impact is worked out: a city and a part of it, looked at window by window.

A window is a part of the grid with a margin around it, as wide as what happens there reaches. Windows are laid so that no more
than some cells are in memory at once; after a change only those are looked at in which heights changed, or which that reaches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.geo.crs import short_name
from twin.geo.rasterize import Relief, rasterize
from twin.grid import GridSpec
from twin.sim.impact import shadow
from twin.variables import variable

if TYPE_CHECKING:
    import xarray as xr
    from shapely.geometry.base import BaseGeometry

    from twin.geo.city import City

MOST_CELLS = 36_000_000
"""Cells of one window with its margin, at most: some twenty bytes each are in memory at once."""


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
    def cells(self) -> tuple[slice, slice]:
        """To index arrays of the grid with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, cells: int) -> Window:
        """The window with a margin; it may lie beyond the grid."""
        return Window(self.top - cells, self.bottom + cells, self.left - cells, self.right + cells)

    def cut(self, other: Window) -> Window | None:
        """What is in both, if anything."""
        made = Window(
            max(self.top, other.top), min(self.bottom, other.bottom), max(self.left, other.left), min(self.right, other.right)
        )
        return made if made.top < made.bottom and made.left < made.right else None


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
    """

    city: City
    area: tuple[float, float, float, float] | None = None
    obstacles: Mapping[str, BaseGeometry] = field(default_factory=dict)

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

    def heights(self) -> tuple[float, float]:
        """Least and greatest height of anything [m], to the ten metres around: the same for sides that hardly differ."""
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


def windows(grid: GridSpec, margin: int, most_cells: int = MOST_CELLS) -> Iterator[Window]:
    """Windows that cover a grid once, so that each with its margin has no more than some cells (or one row of windows has).

    Parameters
    ----------
    grid : GridSpec
    margin : int
        On each side [cells].
    most_cells : int
    """
    side = max(256, int(most_cells**0.5) - 2 * margin)
    if (grid.rows + 2 * margin) * (grid.columns + 2 * margin) <= most_cells:
        side = max(grid.shape)
    for top in range(0, grid.rows, side):
        for left in range(0, grid.columns, side):
            yield Window(top, min(top + side, grid.rows), left, min(left + side, grid.columns))


def changed_windows(before: Site, after: Site, grid: GridSpec, *, trees: bool = True) -> list[tuple[Window, float, float]]:
    """Where heights of two sites differ: the box of each patch of cells, with the least and the greatest height in it.

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
    from scipy.ndimage import find_objects, label

    found: list[tuple[Window, float, float]] = []
    one, two = before.all_of(grid), after.all_of(grid)  # what comes or goes at the edge makes a city larger or smaller
    whole = Window(
        min(one.top, two.top), max(one.bottom, two.bottom), min(one.left, two.left), max(one.right, two.right)
    )
    lattice = GridSpec(grid.west, grid.north, grid.cell, whole.shape, grid.crs)
    for part in windows(lattice, 0):
        window = Window(part.top + whole.top, part.bottom + whole.top, part.left + whole.left, part.right + whole.left)
        old, new = before.relief(grid, window, trees=trees), after.relief(grid, window, trees=trees)
        pairs = [
            (old.surface, new.surface), (old.ground, new.ground), (old.crown_base, new.crown_base), (old.crown_top, new.crown_top)
        ]  # fmt: skip
        differs = np.zeros(window.shape, dtype=bool)
        for was, now in pairs:
            differs |= ~((was == now) | (np.isnan(was) & np.isnan(now)))
        labels, _ = label(differs, structure=np.ones((3, 3)))
        for box in find_objects(labels):
            heights: list[NDArray[Any]] = [raster[box][differs[box]] for pair in pairs for raster in pair]
            every = np.concatenate(heights)
            rows, columns = box
            patch = Window(rows.start + window.top, rows.stop + window.top, columns.start + window.left, columns.stop + window.left)
            found.append((patch, float(np.nanmin(every)), float(np.nanmax(every))))
    return found


def with_surface(site: Site, fields: xr.Dataset, cell: float) -> tuple[xr.Dataset, NDArray[np.bool_]]:
    """Fields with the surface that they are of (``surface_height``, ``on_ground``), and where that is open ground."""
    grid = site.grid(cell)
    relief = site.relief(grid, Window(0, grid.rows, 0, grid.columns), trees=False)
    ground = np.isfinite(relief.surface) & (relief.building < 0)
    surface: dict[str, NDArray[Any]] = {"surface_height": relief.surface, "on_ground": ground.astype(np.uint8)}
    return fields.assign({name: variable(name).array(values) for name, values in surface.items()}), ground


def surface_of(
    relief: Relief, corner: tuple[int, int], range_m: tuple[float, float], lift_m: NDArray[np.float32] | None = None
) -> shadow.Surface:
    """Heights of a window made ready for the kernels; `range_m` are those of `Site.heights`, `lift_m` as in `shadow.surface`."""
    crowns = shadow.Crowns(relief.crown_base, relief.crown_top) if relief.has_trees else None
    return shadow.surface(relief.surface, relief.grid.cell, crowns, corner=corner, range_m=range_m, lift_m=lift_m)


def reach_of(range_m: tuple[float, float], lowest_deg: float, cell: float) -> int:
    """How far what is so high can be in the way of rays that rise by an angle [cells]."""
    return math.ceil((range_m[1] - range_m[0]) / math.tan(math.radians(lowest_deg)) / cell) + 2


def reached(before: Site, after: Site, grid: GridSpec, lowest_deg: float, *, trees: bool) -> list[Window]:
    """Windows of a grid in which a change can be felt by rays that rise by an angle or more: all around what came or went."""
    lowest = min(before.heights()[0], after.heights()[0])
    whole = Window(0, grid.rows, 0, grid.columns)
    felt = []
    for patch, _, highest in changed_windows(before, after, grid, trees=trees):
        near = patch.grown(reach_of((lowest, highest), lowest_deg, grid.cell)).cut(whole)
        if near is not None:
            felt.append(near)
    return joined(felt)


def reliefs(
    site: Site, grid: GridSpec, todo: list[Window], margin: int, *, trees: bool
) -> Iterator[tuple[Window, Relief, tuple[Window, Window]]]:
    """Heights of windows with a margin: the window with it, its relief, and the cells that count, in the grid and in that."""
    whole = site.all_of(grid)
    for part in todo:
        around = part.grown(margin).cut(whole)
        core = None if around is None else part.cut(around)
        if around is None or core is None:
            continue
        inner = Window(core.top - around.top, core.bottom - around.top, core.left - around.left, core.right - around.left)
        yield around, site.relief(grid, around, trees=trees), (core, inner)


def joined(patches: list[Window]) -> list[Window]:
    """Windows that touch or overlap as one around both, until none do."""
    left = list(patches)
    done = False
    while not done:
        done = True
        for i in range(len(left)):
            for j in range(i + 1, len(left)):
                if left[i].grown(1).cut(left[j]) is not None:
                    a, b = left[i], left.pop(j)
                    left[i] = Window(min(a.top, b.top), max(a.bottom, b.bottom), min(a.left, b.left), max(a.right, b.right))
                    done = False
                    break
            if not done:
                break
    return left
