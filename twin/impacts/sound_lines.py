"""Lines that sound: cut into pieces, each of which stands for the sound of its metres.

A piece is no longer than twice the distance from its middle to the nearest facade. What comes of it is taken along the way from
its middle, but spreads as from a line: energy goes with the angle that the piece is seen under. So in the open pieces of any length
are exact, and what else differs along a piece (air, ground, what stands between) does so by little. Off walls it spreads as from a
point.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray
from scipy.spatial import KDTree

from twin.impacts.site import Window
from twin.impacts.sound_paths import Heard, Paths
from twin.sim.impact import network, noise

LEAST_M = 4.0
"""Pieces are not cut shorter than this [m]."""

STRAIGHT = 0.9
"""What is from end to end less than this part of its length is no straight piece, and cut."""


class Piece(NamedTuple):
    """A piece of a line: its ends and its middle, in the system of the city, and its length [m]."""

    start: tuple[float, float]
    end: tuple[float, float]
    middle: tuple[float, float]
    long: float


def pieces_of(line: shapely.LineString, places: NDArray[np.float64], most_m: float) -> list[Piece]:
    """Cut a line.

    Parameters
    ----------
    line : LineString
    places : (N, 2) float64
        Pieces are no longer than twice the distance of their middle to the nearest of these, or than `LEAST_M`; bent ones are cut
        too [m].
    most_m : float
        Nor longer than this [m].
    """
    count = max(int(np.ceil(line.length / most_m - 1e-9)), 1)
    stops = np.linspace(0.0, line.length, count + 1)
    todo = list(pairwise(stops))
    tree = KDTree(places) if len(places) else None
    made: list[tuple[float, float]] = []
    while todo:
        first, last = todo.pop()
        middle = 0.5 * (first + last)
        long = last - first
        if long > LEAST_M:
            bent = line.interpolate(first).distance(line.interpolate(last)) < STRAIGHT * long
            near = np.inf if tree is None else float(tree.query(shapely.get_coordinates(line.interpolate(middle))[0])[0])
            if bent or long > max(2.0 * near, LEAST_M):
                todo += [(first, middle), (middle, last)]
                continue
        made.append((first, last))
    made.sort()
    at = shapely.get_coordinates(shapely.line_interpolate_point(line, np.array([[a, 0.5 * (a + b), b] for a, b in made]).ravel()))
    return [
        Piece(tuple(at[3 * k]), tuple(at[3 * k + 2]), tuple(at[3 * k + 1]), float(b - a)) for k, (a, b) in enumerate(made)
    ]


def of_pieces(paths: Paths, pieces: Sequence[Piece], above_m: float, through: noise.Air, reach_m: float) -> Heard:
    """What comes of pieces of a line together, for an energy of 1 on each metre; those outside the city are left out."""
    pieces = _within(paths, pieces)
    if not pieces:
        bands = len(through.wavelength_m)
        return Heard(Window(0, 0, 0, 0), np.empty((0, 0, bands), np.float32), np.zeros((len(paths.places), bands)))
    around = _around(paths, pieces, reach_m)
    over = paths.over(around)
    inside = around.cut(Window(0, paths.grid.rows, 0, paths.grid.columns)) or Window(0, 0, 0, 0)
    total = np.zeros((*inside.shape, len(through.wavelength_m)), np.float32)
    known = np.zeros(inside.shape, dtype=bool)
    before = np.zeros((len(paths.places), len(through.wavelength_m)))
    for piece in pieces:
        heard = paths.of_point(*piece.middle, above_m, None, through, reach_m=reach_m, over=over, ends=(piece.start, piece.end))
        before += piece.long * heard.before
        window = heard.window
        if not heard.share.size:
            continue
        part = window.inside(inside).cells
        there = np.isfinite(heard.share[..., 0])
        total[part] += np.where(there[..., None], np.float32(piece.long) * heard.share, np.float32(0.0))
        known[part] |= there
    total[~known] = np.nan
    return Heard(inside, total, before)


def cells_heard(paths: Paths, pieces: Sequence[Piece], reach_m: float) -> int:
    """How many cells of the grid `of_pieces` keeps shares of."""
    pieces = _within(paths, pieces)
    if not pieces:
        return 0
    inside = _around(paths, pieces, reach_m).cut(Window(0, paths.grid.rows, 0, paths.grid.columns))
    return 0 if inside is None else inside.size


def _within(paths: Paths, pieces: Sequence[Piece]) -> list[Piece]:
    """Those whose middle is in the city."""
    west, south, east, north = paths.site.city.bounds
    return [one for one in pieces if west <= one.middle[0] < east and south < one.middle[1] <= north]


def _around(paths: Paths, pieces: Sequence[Piece], reach_m: float) -> Window:
    """The part of the city that pieces reach, in the numbers of the grid."""
    grid = paths.grid
    x, y = np.array([piece.middle for piece in pieces]).T
    column, row = (x - grid.west) / grid.cell - 0.5, (grid.north - y) / grid.cell - 0.5
    box = Window(round(row.min()), round(row.max()) + 1, round(column.min()), round(column.max()) + 1)
    return box.grown(int(np.ceil(reach_m / grid.cell))).cut(paths.site.all_of(grid)) or box


def centre_line(shape: shapely.Geometry) -> shapely.LineString:
    """The middle line of a road that is drawn as an area: the longest way between points that are as far from either side.

    A line is its own; of several parts the longest counts.
    """
    parts = shapely.get_parts(shapely.force_2d(shape))
    if shapely.get_type_id(parts[0]) == 1:
        merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))
        return max(merged, key=lambda one: one.length)
    area = max(parts, key=lambda one: one.area)
    wide = 2.0 * area.area / max(area.length, 1e-9)
    ring = shapely.get_coordinates(shapely.segmentize(area.boundary, max(0.5 * wide, 1.0)))
    ring = np.unique(ring.round(3), axis=0)
    found = network.ridges(ring)
    links, at = found.ends, found.points
    inner = shapely.contains_properly(area, shapely.points(at))
    links = links[inner[links].all(axis=1)] if len(links) else links
    if not len(links):
        box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(area))[:4]
        sides = [(box[0] + box[1], box[2] + box[3]), (box[1] + box[2], box[3] + box[0])]
        return max((shapely.LineString([0.5 * a, 0.5 * b]) for a, b in sides), key=lambda one: one.length)
    return _straight_ends(shapely.simplify(shapely.LineString(at[_longest(at, links)]), 0.25), 0.75 * wide)


def _straight_ends(line: shapely.LineString, cut: float) -> shapely.LineString:
    """A middle line runs into a corner at either end: it goes straight on instead."""
    if line.length < 6.0 * cut:
        return line
    stops = shapely.get_coordinates(shapely.line_interpolate_point(line, np.array([cut, 3.0 * cut, -3.0 * cut, -cut])))
    inner = shapely.get_coordinates(shapely.ops.substring(line, cut, line.length - cut))
    first, last = stops[0] + 0.4 * (stops[0] - stops[1]), stops[3] + 0.4 * (stops[3] - stops[2])
    return shapely.LineString(np.vstack([first, inner, last]))


def _longest(at: NDArray[np.float64], links: NDArray[np.int64]) -> list[int]:
    """Vertices of the longest shortest way in a graph: the farthest from anywhere, and the farthest from that."""
    long = network.lengths(network.Links(at, links))
    part = network.parts(len(at), links)
    weight = np.bincount(part[links[:, 0]], weights=long)
    tails, heads = np.concatenate([links, links[:, ::-1]]).T
    cost = np.concatenate([long, long])
    start = int(links[part[links[:, 0]] == weight.argmax()][0, 0])
    for _ in range(2):
        ways = network.shortest(len(at), tails, heads, cost, np.array([start]))
        first, start = start, int(np.where(np.isfinite(ways.cost), ways.cost, -1.0).argmax())
    way = [start]
    while way[-1] != first:
        way.append(int(ways.before[way[-1]]))
    return way
