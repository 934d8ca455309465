"""The groundwater round a pit, of the result of its impact: surfaces below the street, and lines on the faces of the pit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from viewer import shapes, style
from viewer.cells import between_cells
from viewer.changes import PlacedChange
from viewer.pit_stages import stage_in
from viewer.pits import inner_rings
from viewer.scene import Layer, LineLayer, MeshLayer
from viewer.stages import SceneStage

if TYPE_CHECKING:
    from twin.result import Result

IMPACT, FIELD, DRAWDOWN = "pit", "groundwater_m", "drawdown_m"
NOW, BEFORE = "Groundwater level", "Groundwater level without the pit"
HEAD_FIELD, HEAD, HEAD_BEFORE = "head_drawdown_m", "Head below clay and peat", "Head below clay and peat without the pit"
MOST_CELLS = 8_000
"""A surface is drawn with no more cells than this; of a finer raster every so many are taken."""
LOWERED_M = 0.02
"""Water that is lowered less than this is not told from what it was [m]."""
OVER_FLOOR_M = 0.2
BANK_M = 2.0
"""The bank of open water, over which no groundwater is drawn: it slopes, so that the ground there may lie below it [m]."""
Heights = Callable[[NDArray[np.float64]], NDArray[np.float64]]
CONTOURS_M = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Drawdown of which lines are drawn [m]."""
DASH = 0.55
"""Share of each metre of a dashed line that is drawn."""


class Level(NamedTuple):
    """Where groundwater stands.

    Parameters
    ----------
    name, label : str
    west, north, cell : float
        As of a field, local [m].
    z : (H, W) float64
        In the middle of cells, local [m]; NaN where it is not known.
    """

    name: str
    label: str
    west: float
    north: float
    cell: float
    z: NDArray[np.float64]

    def at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Level at places (N, 2), in a straight line from cell to cell; NaN where it is not known."""
        return between_cells(self.z, self.west, self.north, self.cell, points)


def levels_of(result: Result | None, origin: NDArray[np.float64]) -> list[Level]:
    """Where the groundwater stands with the pit, and without it where that is another level; empty where no result tells."""
    impact = None if result is None else result.impacts.get(IMPACT)
    if impact is None or FIELD not in impact.fields:
        return []
    fields = impact.fields
    place, flip = _place(fields, origin)
    z = np.asarray(fields[FIELD], dtype=float) - origin[2]
    found = [Level("groundwater", NOW, *place, z[::-1] if flip else z)]
    if DRAWDOWN in fields:
        lowered = np.nan_to_num(np.asarray(fields[DRAWDOWN], dtype=float))
        if lowered.max(initial=0.0) > LOWERED_M:
            before = z + lowered
            found.append(Level("groundwater_before", BEFORE, *place, before[::-1] if flip else before))
    return found


def heads_of(result: Result | None, origin: NDArray[np.float64]) -> list[Level]:
    """How high water stands in a tube in the sand below clay and peat, with the pit and without it where that is another level.

    Empty where no result tells how far it falls, or nobody said how high it stood.
    """
    impact = None if result is None else result.impacts.get(IMPACT)
    if impact is None or HEAD_FIELD not in impact.fields:
        return []
    head = impact.settings.get("head_m")
    if head is None or not np.isfinite(head):
        return []
    fields = impact.fields
    lowered = np.asarray(fields[HEAD_FIELD], dtype=float)
    place, flip = _place(fields, origin)
    lowered = lowered[::-1] if flip else lowered
    before = np.where(np.isfinite(lowered), float(head) - origin[2], np.nan)
    found = [Level("groundwater_head", HEAD, *place, before - lowered)]
    if np.nanmax(lowered, initial=0.0) > LOWERED_M:
        found.append(Level("groundwater_head_before", HEAD_BEFORE, *place, before))
    return found


def _place(fields: Any, origin: NDArray[np.float64]) -> tuple[tuple[float, float, float], bool]:
    """West, north and size of cells of fields, and whether their rows go up."""
    x, y = np.asarray(fields["x"], float), np.asarray(fields["y"], float)
    cell = float(fields.attrs.get("cell_m", abs(x[1] - x[0]) if len(x) > 1 else 1.0))
    place = float(x.min() - cell / 2 - origin[0]), float(y.max() + cell / 2 - origin[1]), cell
    return place, len(y) > 1 and bool(y[1] > y[0])


def surface_layers(
    levels: Sequence[Level], pits: Sequence[PlacedChange], waters: Sequence[BaseGeometry] = (), height_at: Heights | None = None
) -> list[Layer]:
    """Surfaces of groundwater round pits: below the street, so hidden until it is cut open; and lines of equal drawdown.

    There are no surfaces in pits and open `waters`, which have a level of their own. Lines lie on the floor, of which `height_at`
    gives the height at places (N, 2), NaN where there is none; without it on the level that was before.
    """
    made: list[Layer] = []
    if not levels:
        return made
    there = shapely.box(*_bounds(levels[0]))
    near = [shape for shape in waters if shape.intersects(there)]
    wet = [shapely.buffer(shapely.intersection(shapes.sound(one), there), BANK_M) for one in near]
    holes = shapely.union_all([*(item.shape for item in pits), *wet])
    for level in levels:
        layer = _layer(level, holes)
        made += [layer] if layer is not None else []
    if len(levels) > 1:
        made += _contours(levels[0], levels[1], height_at or levels[1].at)
    return made


def head_layers(heads: Sequence[Level], pits: Sequence[PlacedChange]) -> list[Layer]:
    """Surfaces of the head below clay and peat round pits, hidden until the street is cut open; it goes on below canals."""
    holes = shapely.union_all([item.shape for item in pits])
    return [layer for layer in (_layer(level, holes) for level in heads) if layer is not None]


COLOURS = {
    NOW: style.GROUNDWATER, BEFORE: style.GROUNDWATER_BEFORE, HEAD: style.HEAD_OF_WATER, HEAD_BEFORE: style.HEAD_BEFORE,
}  # fmt: skip


def _layer(level: Level, holes: BaseGeometry) -> MeshLayer | None:
    vertices, triangles = _surface(level)
    if not holes.is_empty:
        vertices, triangles, _ = shapes.cut(vertices, triangles, holes)
    if not len(triangles):
        return None
    colours = np.tile(np.array(COLOURS[level.label], np.uint8), (len(triangles), 1))
    return MeshLayer(level.name, level.label, vertices, triangles, colours, group="underground", opacity=0.45, visible=False)


def _bounds(level: Level) -> tuple[float, float, float, float]:
    rows, columns = level.z.shape
    return level.west, level.north - rows * level.cell, level.west + columns * level.cell, level.north


def _surface(level: Level) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    rows, columns = level.z.shape
    step = max(1, int(np.ceil(np.sqrt(rows * columns / MOST_CELLS))))
    i, j = np.unique(np.append(np.arange(0, rows, step), rows - 1)), np.unique(np.append(np.arange(0, columns, step), columns - 1))
    x, y = np.meshgrid(level.west + (j + 0.5) * level.cell, level.north - (i + 0.5) * level.cell)
    z = level.z[np.ix_(i, j)]
    number = np.arange(z.size).reshape(z.shape)
    a, b, c, d = (part.ravel() for part in (number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]))
    triangles = np.concatenate([np.column_stack([a, d, c]), np.column_stack([a, c, b])])
    known = np.isfinite(z).ravel()
    triangles = triangles[known[triangles].all(axis=1)]
    return np.column_stack([x.ravel(), y.ravel(), np.nan_to_num(z).ravel()]), triangles.astype(np.int32)


def _contours(now: Level, before: Level, height_at: Heights) -> list[Layer]:
    """Lines of equal drawdown, hidden to begin with."""
    from contourpy import contour_generator

    lowered = before.z - now.z
    rows, columns = lowered.shape
    if min(rows, columns) < 2:
        return []
    x, y = now.west + (np.arange(columns) + 0.5) * now.cell, now.north - (np.arange(rows) + 0.5) * now.cell
    lines = contour_generator(x, y, np.ma.masked_invalid(lowered))
    paths = []
    for value in CONTOURS_M:
        for path in lines.lines(value):
            path = np.asarray(path, dtype=float)
            course = np.column_stack([path, np.asarray(height_at(path), dtype=float) + OVER_FLOOR_M])
            runs = np.split(course, np.flatnonzero(np.diff(np.isfinite(course[:, 2]))) + 1)
            paths += [run for run in runs if len(run) > 1 and np.isfinite(run[0, 2])]
    if not paths:
        return []
    told = ", ".join(f"{value:g}" for value in CONTOURS_M)
    return [LineLayer("drawdown_lines", f"Lines of equal drawdown: {told} m", tuple(paths), style.GROUNDWATER, 2.0, "results",
                      visible=False)]  # fmt: skip


def face_lines(levels: Sequence[Level], pits: Sequence[PlacedChange], stage: SceneStage | None) -> list[Layer]:
    """Lines on the faces of pits where groundwater stands behind them; dashed, where that is how it was before."""
    made: list[Layer] = []
    for level in levels:
        paths: list[NDArray[np.float64]] = []
        for item in pits:
            floor = item.z - item.height if item.pit is None else stage_in(item.pit, stage).floor_m
            usual = float(np.nan_to_num(level.at(shapely.get_coordinates(item.shape.centroid)), nan=floor)[0])
            for ring, behind in zip(inner_rings(item, usual), _behind(item, usual, level.cell), strict=True):
                paths += _above(np.column_stack([ring, level.at(behind)]), floor, item.z, dashed=level.label == BEFORE)
        if paths:
            colour = style.GROUNDWATER if level.label == NOW else style.GROUNDWATER_BEFORE
            name = "pit_water" if level.label == NOW else "pit_water_before"
            made.append(LineLayer(name, level.label, tuple(paths), colour, 3.0, group="change"))
    return made


def _behind(item: PlacedChange, z: float, cell: float) -> list[NDArray[np.float64]]:
    """Places a cell behind each of those of `inner_rings`: the raster has what is in the pit itself there."""
    out = []
    for ring in inner_rings(item, z):
        along = np.roll(ring, -1, axis=0) - np.roll(ring, 1, axis=0)
        outward = np.column_stack([along[:, 1], -along[:, 0]]) / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
        out.append(ring + (cell + 0.5) * outward)
    return out


def _above(path: NDArray[np.float64], floor: float, top: float, *, dashed: bool) -> list[NDArray[np.float64]]:
    """Stretches of a path between the floor and the top of a pit; parts of them, where it is dashed."""
    inside = np.isfinite(path[:, 2]) & (path[:, 2] > floor) & (path[:, 2] < top)
    pieces = [path[k : k + 2] for k in range(len(path) - 1) if inside[k] and inside[k + 1]]
    if not dashed:
        return pieces
    return [np.array([one[0], one[0] + DASH * (one[1] - one[0])]) for one in pieces]
