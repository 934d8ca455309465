"""The ways of sound on a site: what comes of a point to the cells of the grid and to places before facades."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.grid import GridSpec
from twin.impacts.facades import Facades, facades_of, obstacles_of
from twin.impacts.site import Site, Window, part_of, windows
from twin.impacts.sound_sources import BEHIND, direction
from twin.impacts.sound_walls import CityWalls, walls_of
from twin.scenario.apply import locate
from twin.scenario.noise import NoiseAnalysis, SoundSource
from twin.sim.impact import noise, rays, reflect

if TYPE_CHECKING:
    from twin.geo.city import City

BEFORE_M = 1.5
"""How far a place before a facade lies from the wall, or half as far as what stands opposite [m]: levels are those of the sound
that comes to the facade, without what the facade itself sends back."""


Ends = tuple[tuple[float, float], tuple[float, float]]
"""Of a straight piece of a line, in the system of the city [m]."""


WALL_M = 200.0
"""Half of the longest wall that is looked for where something is heard [m]."""

LINE_REFLECTIONS = 2.0
"""What walls send back of pieces of lines is looked for within this many times `reflection_near_m` of them."""


@dataclass(frozen=True, eq=False)
class Heard:
    """What comes of a source: shares of the energy of each octave band, see `twin.sim.impact.noise`.

    Parameters
    ----------
    window : Window
        The cells of the grid that it reaches.
    share : (R, C, 8) float32
        In the window.
    before : (N, 8) float64
        Before facades; 0 out of reach.
    """

    window: Window
    share: NDArray[np.float32]
    before: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Paths:
    """A site made ready for sound.

    Parameters
    ----------
    site : Site
    settings : NoiseAnalysis
    grid : GridSpec
    facades : Facades
        Points on facades.
    places : (N, 3) float64
        Places before them, in the system of the city [m].
    walls : CityWalls, optional
        What sends sound back, if that counts.
    """

    site: Site
    settings: NoiseAnalysis
    grid: GridSpec
    facades: Facades
    places: NDArray[np.float64]
    walls: CityWalls | None

    @classmethod
    def of(cls, site: Site, settings: NoiseAnalysis) -> Paths:
        """Facades, places before them, and walls of a site."""
        city = site.city
        among = obstacles_of(city)
        facades = facades_of(city, among, settings.facade_spacing_m, _heard_in(city, settings, site.area))
        walls = walls_of(city, settings) if settings.reflections else None
        return cls(site, settings, site.grid(settings.cell_m), facades, _before(city, facades, among), walls)

    def over(self, window: Window) -> tuple[Window, noise.Place]:
        """What sound meets in a window, kept for many points."""
        relief = self.site.relief(self.grid, window, trees=False)
        return window, noise.Place(relief.surface, relief.ground, float(self.grid.cell))

    def of_point(
        self, x: float, y: float, above_m: float, source: SoundSource | None = None, through: noise.Air | None = None, *,
        reach_m: float | None = None, over: tuple[Window, noise.Place] | None = None, ends: Ends | None = None,
    ) -> Heard:  # fmt: skip
        """What comes of a point; `above_m` is over the ground, or the roof or deck there [m]; `source` tells its directions.

        With `ends` it is the middle of a straight piece of a line between them, of which 1 is the energy of all of it.
        """
        settings, grid = self.settings, self.grid
        through = air_of(settings) if through is None else through
        reach_m = settings.reach_m if reach_m is None else reach_m
        column, row = (x - grid.west) / grid.cell - 0.5, (grid.north - y) / grid.cell - 0.5
        reach = int(np.ceil(reach_m / grid.cell))
        at = Window(round(row), round(row) + 1, round(column), round(column) + 1)
        around = at.grown(reach).cut(self.site.all_of(grid)) or at
        place = self.over(around)[1] if over is None else _part(*over, around)
        lattice = part_of(grid, around)
        own = min(max(at.top - around.top, 0), around.shape[0] - 1), min(max(at.left - around.left, 0), around.shape[1] - 1)
        height = _top(place.surface, own) + above_m
        exact = (x - lattice.west) / lattice.cell - 0.5, (lattice.north - y) / lattice.cell - 0.5, height
        walls = None if self.walls is None else self.walls.on(place, lattice)
        before = self._to_facades(place, lattice, (x, y), exact, source, through, walls, reach_m, ends)
        whole = Window(0, grid.rows, 0, grid.columns)
        inside = around.cut(whole)
        if inside is None:
            return Heard(Window(0, 0, 0, 0), np.empty((0, 0, before.shape[1]), np.float32), before)
        share = noise.transfer_map(place, *own, height, settings.receiver_m, through)
        top, left = inside.top - around.top, inside.left - around.left
        part = share[top : top + inside.shape[0], left : left + inside.shape[1]]
        cells = part_of(grid, inside)
        made = part if part.size == share.size else part.copy()
        if source is not None:
            _turn(made, cells, source, (x, y))
        if ends is not None:
            z = place.surface[top : top + inside.shape[0], left : left + inside.shape[1]] + (settings.receiver_m - height)
            from_cell = lattice.x[own[1]], lattice.y[own[0]]  # that the map was walked from
            made *= _as_line(ends, from_cell, cells.x[None, :], cells.y[:, None], z).astype(np.float32)[..., None]
        if settings.map_reflections and walls is not None and len(walls.ends):
            back_m = LINE_REFLECTIONS * settings.reflection_near_m if ends else reach_m
            near = np.hypot(cells.x[None, :] - x, cells.y[:, None] - y) <= back_m
            _off_walls(made, near, place, (top, left), exact, settings, through, walls, _facing(source))
        return Heard(inside, made, before)

    def _to_facades(
        self, place: noise.Place, lattice: GridSpec, at: tuple[float, float], source_at: tuple[float, float, float],
        source: SoundSource | None, through: noise.Air, walls: reflect.Walls | None, reach_m: float, between: Ends | None,
    ) -> NDArray[np.float64]:  # fmt: skip
        """Shares before facades, (N, 8); 0 out of reach."""
        spots = self.places
        out = np.zeros((len(spots), len(through.wavelength_m)))
        near = np.hypot(spots[:, 0] - at[0], spots[:, 1] - at[1]) <= reach_m
        asked = spots[near]
        column, row = (asked[:, 0] - lattice.west) / lattice.cell - 0.5, (lattice.north - asked[:, 1]) / lattice.cell - 0.5
        ends = np.column_stack([column, row, asked[:, 2]])
        found = noise.transfer_to(place, source_at, ends, through)
        if source is not None:
            sent = direction(source, np.degrees(np.arctan2(asked[:, 0] - at[0], asked[:, 1] - at[1])))
            found = found if sent is None else found * sent
        if between is not None:
            found = found * _as_line(between, at, asked[:, 0], asked[:, 1], asked[:, 2] - source_at[2])[:, None]
        if walls is not None:
            normals = self.facades.normals[near][:, :2] * (1.0, -1.0)
            normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
            near_m = self.settings.reflection_near_m
            back = np.hypot(asked[:, 0] - at[0], asked[:, 1] - at[1]) <= (LINE_REFLECTIONS * near_m if between else reach_m)
            own = reflect.Own(self.facades.building[near][back].astype(np.int32), np.ascontiguousarray(normals[back]))
            found[back] += reflect.reflected_to(place, source_at, ends[back], through, walls, near_m, own, _facing(source))
        out[near] = found
        return out


def _heard_in(
    city: City, settings: NoiseAnalysis, area: tuple[float, float, float, float] | None
) -> tuple[float, float, float, float] | None:
    """The part of an area in which something is heard, None for all of a city: of a large one most facades are out of reach."""
    from twin.impacts.traffic import line_of

    boxes = [
        shapely.buffer(locate(one.at, city, f"analyses.noise.sources[{k}].at").shape.envelope, settings.reach_m, join_style="mitre")
        for k, one in enumerate(settings.sources)
    ]
    lines = [shapely.LineString(one.along) for one in settings.lines]
    lines += [line_of(one, city, f"analyses.noise.roads[{k}]") for k, one in enumerate(settings.roads)]
    boxes += [shapely.box(*shapely.bounds(one)).buffer(settings.road_reach_m, join_style="mitre") for one in lines]
    west, south, east, north = shapely.bounds(shapely.union_all(boxes))
    # a wall is taken by the middles of its triangles
    box = west - WALL_M, south - WALL_M, east + WALL_M, north + WALL_M
    whole = city.bounds
    if area is None and all(mine <= its for mine, its in zip(box[:2], whole[:2], strict=True)) and (
        all(mine >= its for mine, its in zip(box[2:], whole[2:], strict=True))
    ):
        return None
    within = whole if area is None else area
    low = max(box[0], within[0]), max(box[1], within[1])
    return (*low, max(min(box[2], within[2]), low[0]), max(min(box[3], within[3]), low[1]))


def energy_on(
    grid: GridSpec, windows: Sequence[Window], shares: Sequence[NDArray[np.float32]], energies: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Energy of sources together on each cell of a grid, and where something is known."""
    energy, known = np.zeros(grid.shape), np.zeros(grid.shape, dtype=bool)
    for window, share, sent in zip(windows, shares, energies, strict=True):
        part = energy[window.cells]
        made = np.zeros(part.size)
        noise.powers(share.reshape(-1, share.shape[2]), sent, made)
        there = np.isfinite(made).reshape(part.shape)
        part[there] += made.reshape(part.shape)[there]
        known[window.cells] |= there
    return energy, known


def _part(window: Window, place: noise.Place, wanted: Window) -> noise.Place:
    """A part of what is kept, or all of it."""
    cells = wanted.inside(window).cells
    surface, ground = (np.ascontiguousarray(one[cells]) for one in (place.surface, place.ground))
    return noise.Place(surface, ground, place.cell)


def _as_line(
    ends: Ends, point: tuple[float, float], x: NDArray[Any], y: NDArray[Any], rise: NDArray[Any]
) -> NDArray[np.float64]:
    """Sound of a straight piece of a line against that of all its energy in one point: by the angle that it is seen under."""
    (ax, ay), (bx, by) = ends
    long = math.hypot(bx - ax, by - ay)
    if long < 0.05:  # a ring has no direction: it sounds as a point
        return np.ones(np.broadcast(x, y, rise).shape)
    ux, uy = (bx - ax) / long, (by - ay) / long
    along = (x - ax) * ux + (y - ay) * uy
    off = np.maximum(np.hypot((x - ax) * -uy + (y - ay) * ux, rise), 0.05)
    seen = np.arctan((long - along) / off) + np.arctan(along / off)
    squared = np.maximum((x - point[0]) ** 2 + (y - point[1]) ** 2 + rise**2, 1.0)
    return np.asarray(seen / (off * long) * squared)


def air_of(settings: NoiseAnalysis, source_factor: float | None = None) -> noise.Air:
    """The air and the ground of an analysis."""
    return noise.air(settings.temperature_c, settings.humidity_percent, settings.ground_factor, source_factor)


def _off_walls(
    made: NDArray[np.float32], near: NDArray[np.bool_], place: noise.Place, corner: tuple[int, int],
    source_at: tuple[float, float, float], settings: NoiseAnalysis, through: noise.Air, walls: reflect.Walls,
    facing: reflect.Facing | None,
) -> None:  # fmt: skip
    """Adds what walls send back to the shares of a map."""
    rows, columns = np.nonzero(np.isfinite(made[..., 0]) & near)
    heights = place.surface[rows + corner[0], columns + corner[1]] + settings.receiver_m
    ends = np.column_stack([columns + corner[1], rows + corner[0], heights]).astype(np.float64)
    found = reflect.reflected_to(place, source_at, ends, through, walls, settings.reflection_near_m, None, facing)
    made[rows, columns] += found.astype(np.float32)


def _turn(share: NDArray[np.float32], lattice: GridSpec, source: SoundSource, at: tuple[float, float]) -> None:
    """Take from shares what a source does not send that way."""
    for window in windows(lattice, most_cells=1_000_000):
        rows, columns = window.cells
        sent = direction(source, np.degrees(np.arctan2(lattice.x[None, columns] - at[0], lattice.y[rows, None] - at[1])))
        if sent is not None:
            part = share[rows, columns]
            np.multiply(part, sent, out=part, casting="same_kind")


def _facing(source: SoundSource | None) -> reflect.Facing | None:
    if source is None or source.facing_deg is None or source.rejection_db == 0.0:
        return None
    return reflect.Facing(float(np.radians(source.facing_deg)), source.rejection_db * np.array(BEHIND))


def _top(surface: NDArray[np.float32], own: tuple[int, int]) -> float:
    top = float(surface[own])
    return top if np.isfinite(top) else 0.0


def _before(city: City, facades: Facades, among: rays.Triangles) -> NDArray[np.float64]:
    """Places before facades, (N, 3), in the system of the city [m]."""
    if not len(facades):
        return np.empty((0, 3))
    flat = facades.normals.copy()
    flat[:, 2] = 0.0
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    opposite, _ = rays.first_hits(among, facades.points, flat, 2.0 * BEFORE_M)
    away: NDArray[Any] = np.minimum(BEFORE_M, 0.5 * np.where(np.isfinite(opposite), opposite, 1e9))
    return np.asarray(facades.points + away[:, None] * flat + city.origin)
