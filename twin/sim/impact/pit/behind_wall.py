"""How far the ground behind the wall of a pit settles, along a line and around a whole pit.

Curves are given over the distance from the wall in depths of the pit, as a share of the largest settlement. That largest settlement
is not worked out here: it follows from a design of the wall, which this is not. `expected_settlement` has ranges by kind of wall
for a first look; they are estimates.

- Concave (Hsieh and Ou 1998, for walls that are held): half of the largest at the wall, the largest at half a depth, a tenth of it
  at two depths, nothing from four. The tenth is not in the text of the paper that could be read; a program's fit for this curve and
  the spandrel both have it.
- Spandrel (Ou et al. 1993; Hsieh and Ou 1998, where the wall bends before it is held): straight over the square root of the
  distance. Its four coefficients have one source; the two lines meet at two depths and end at four, which is all that could be
  checked.
- Sand and stiff clay (Clough and O'Rourke 1990; UFC 3-220-20, 2025, equation 2-5): triangles up to two and three depths.
- Soft to medium clay (Clough and O'Rourke 1990): the largest up to 0.75 depths, then a line to nothing at two. UFC 3-220-20
  (equation 2-6) lets that line end at 1.5 depths; the wider one is kept here.

Around corners the settlement is less, by the complementary error function of Roboski and Finno (2006, Canadian Geotechnical Journal
43, 43-58, clay in Chicago; the formula itself has one source). That holds for corners at which the pit turns by 30 degrees or more;
walls that turn less go on as one, and where a corner of ground stands out into the pit nothing holds it back. The ground around a
pit takes the largest of what its walls give: not their sum, so it never exceeds that of a wall. Peck's envelopes for pits (1969)
are left out, since no second source of the curves was found, and so are those of CIRIA C760, which are for stiff clay and are read
from graphs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

from twin.jit import njit, prange

SHAPES = ("concave", "spandrel", "sand", "stiff clay", "soft clay")
REACHES = (4.0, 4.0, 2.0, 3.0, 2.0)
"""Where each of `SHAPES` ends [depths of the pit]."""

_LONGEST = 8.0
"""Longer walls have the corners of one that is so long [depths]: the data that the formula was fitted to go from 1 to 8."""

_FADES = 0.5
"""Behind the line of a wall its effect fades to nothing within this [depths], so that nothing jumps where that line is crossed."""

_CORNER = math.cos(math.radians(30.0))
"""Cosine of the least turn that makes a corner; that turn is an estimate."""

_SPANDREL = ((1.0, 0.636), (0.342, 0.171))


class Expected(NamedTuple):
    """The largest settlement that may be expected behind a wall, an estimate [mm]."""

    low: float
    middle: float
    high: float


WALLS = {"diaphragm": (0.075, 0.17, 0.30), "sheet-pile": (0.15, 0.50, 1.00)}
"""Largest settlement by kind of wall, in soft ground, low, middle and high [% of the depth]. An estimate: walls move 0.15 to 0.3
and 0.3 to 1 % of the depth, and the ground settles by 0.5 to 1 of that. UFC 3-220-20 has 1 % in soft to medium clay where heave of
the floor is far off, and 2 % behind flexible walls where it is not."""

FREE_WALLS = {"diaphragm": (0.17, 0.35, 0.70), "sheet-pile": (0.50, 1.00, 2.00)}
"""The same behind walls that nothing holds but the ground they stand in (cantilevers). An estimate, about twice `WALLS`: its middle
is what is high behind walls that are held. CIRIA C580 (Gaba et al. 2003; C760 has it too) has 0.35 % of the depth at low, and 0.1 %
at high support stiffness, in stiff clay: that is the middle of walls of concrete here, and has one source. The 2 % is that of UFC
3-220-20 behind flexible walls."""

HIGHEST_FREE_M = {"diaphragm": 5.0, "sheet-pile": 4.0}
"""Walls that stand free are not estimated above this [m]: 3 to 4.5 m is usual for free sheet piles (10 to 15 feet, so builders of
them in the United States); the limits are estimates. In soft ground even less stands without a design."""


class Walls(NamedTuple):
    """Walls of a pit, in the order of its outline, anticlockwise, from a corner on.

    Attributes
    ----------
    start, along, outward : (W, 2) float64
        First point [m], direction, and the direction away from the pit.
    length, depth, largest : (W,) float64
        [m], [m], and the largest settlement behind it [mm].
    shape : (W,) int64
        Index of `SHAPES`.
    since : (W,) float64
        From the corner at which it, or the first of the walls that go on as one with it, begins [m].
    first : (G + 1,) int64
        Where each group of walls that go on as one begins, and the number of walls.
    held : (G, 2) bool
        Whether the ground is held at the first and the last corner of each group.
    whole : (G,) float64
        Length of each group [m].
    """

    start: NDArray[np.float64]
    along: NDArray[np.float64]
    outward: NDArray[np.float64]
    length: NDArray[np.float64]
    depth: NDArray[np.float64]
    largest: NDArray[np.float64]
    shape: NDArray[np.int64]
    since: NDArray[np.float64]
    first: NDArray[np.int64]
    held: NDArray[np.bool_]
    whole: NDArray[np.float64]


class Moved(NamedTuple):
    """How the ground moves.

    Attributes
    ----------
    settlement : (N,) float64
        Downwards [mm].
    horizontal : (N, 2) float64
        Towards the pit, east and north [mm].
    """

    settlement: NDArray[np.float64]
    horizontal: NDArray[np.float64]


def expected_settlement(wall: str, depth_m: float, *, held: bool = True) -> Expected:
    """The largest settlement behind a kind of wall: an estimate, for a first look.

    Parameters
    ----------
    wall : str
        Key of `WALLS`.
    depth_m : float
        Of the pit [m].
    held : bool
        Whether struts or anchors hold it; else by `FREE_WALLS`, up to `HIGHEST_FREE_M`.

    Returns
    -------
    Expected
        NaN of a free wall that is too high for an estimate.
    """
    if not held and depth_m > HIGHEST_FREE_M[wall] + 1e-9:
        return Expected(math.nan, math.nan, math.nan)
    return Expected(*(10.0 * part * depth_m for part in (WALLS if held else FREE_WALLS)[wall]))


def profile(shape: str, ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Settlement behind a long wall, as a share of the largest.

    Parameters
    ----------
    shape : str
        One of `SHAPES`.
    ratio : (N,) float64
        Distance from the wall over the depth of the pit, not below 0.

    Returns
    -------
    (N,) float64
        0 to 1.
    """
    if shape == "concave":
        return np.interp(ratio, (0.0, 0.5, 2.0, 4.0), (0.5, 1.0, 0.1, 0.0))
    if shape == "spandrel":
        root = np.sqrt(np.asarray(ratio, np.float64))
        lines = [high - slope * root for high, slope in _SPANDREL]
        return np.where(np.asarray(ratio) <= 2.0, lines[0], np.maximum(lines[1], 0.0))
    ends = {"sand": (0.0, 2.0), "stiff clay": (0.0, 3.0), "soft clay": (0.75, 2.0)}[shape]
    return np.interp(ratio, ends, (1.0, 0.0))


def corner_factor(from_corner_m: NDArray[np.float64], length_m: float, depth_m: float) -> NDArray[np.float64]:
    """What is left of the settlement near a corner of the pit (Roboski and Finno 2006).

    ``1 - erfc(2.8 (x + A) / (L / 2 - A)) / 2`` with ``A = L (0.015 + 0.035 ln(He / L))``.

    Parameters
    ----------
    from_corner_m : (N,) float64
        Distance along the wall from the nearer corner; below 0 beyond it [m].
    length_m, depth_m : float
        Of the wall, and of the pit [m]. Of a longer wall than 8 depths the corners are those of one that is so long, and a shorter
        one than its depth has the offset of one as long as that.

    Returns
    -------
    (N,) float64
        0 to 1.
    """
    length = min(length_m, _LONGEST * depth_m)
    offset = length * (0.015 + 0.035 * math.log(min(depth_m / length, 1.0)))
    return 1.0 - 0.5 * erfc(2.8 * (np.asarray(from_corner_m, np.float64) + offset) / (0.5 * length - offset))


def merged(ring: NDArray[np.float64], touch_m: float = 1e-6) -> NDArray[np.float64]:
    """An outline without points that lie on the line between their neighbours: a wall in pieces is one wall.

    Parameters
    ----------
    ring : (P, 2) float64
        Not closed [m].
    touch_m : float
        How far off the line a point may lie [m].

    Returns
    -------
    (W, 2) float64
    """
    points = [tuple(point) for point in np.asarray(ring, np.float64)]
    changed = True
    while changed and len(points) > 3:
        changed = False
        for k in range(len(points)):
            (ax, ay), (bx, by), (cx, cy) = points[k - 1], points[k], points[(k + 1) % len(points)]
            across = math.hypot(cx - ax, cy - ay)
            off = abs((cx - ax) * (by - ay) - (cy - ay) * (bx - ax))
            if off <= touch_m * max(across, touch_m):
                del points[k]
                changed = True
                break
    return np.array(points, np.float64)


def walls_of(
    ring: NDArray[np.float64], depth_m: float | NDArray[np.float64], largest_mm: float | NDArray[np.float64], shape: str = "concave"
) -> Walls:
    """Walls of a pit from its outline.

    Parameters
    ----------
    ring : (P, 2) float64
        Outline, either way round, closed or not [m].
    depth_m, largest_mm : float or (W,) float64
        Of each wall, or of all: depth of the pit, and largest settlement [m], [mm]. As arrays they follow the merged outline,
        anticlockwise.
    shape : str
        One of `SHAPES`.

    Returns
    -------
    Walls
    """
    points = np.asarray(ring, np.float64)
    if np.array_equal(points[0], points[-1]):
        points = points[:-1]
    points = merged(points)
    x, y = (points - points[0]).T
    if np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) < 0.0:
        points = points[::-1]
    count = len(points)
    depth, largest = (np.broadcast_to(np.asarray(one, np.float64), count) for one in (depth_m, largest_mm))
    step = np.roll(points, -1, axis=0) - points
    length = np.hypot(step[:, 0], step[:, 1])
    along = step / length[:, None]
    last = np.roll(along, 1, axis=0)
    turns = np.flatnonzero((last * along).sum(axis=1) < _CORNER)
    # begun at a corner, so that walls that go on as one stand together
    order = np.roll(np.arange(count), -int(turns[0]) if len(turns) else 0)
    points, along, length, depth, largest = (one[order].copy() for one in (points, along, length, depth, largest))
    first = np.append((turns - turns[0]) if len(turns) else 0, count).astype(np.int64)
    last = np.roll(along, 1, axis=0)
    sharp = (last[:, 0] * along[:, 1] - last[:, 1] * along[:, 0] > 0.0) & bool(len(turns))
    since = np.cumsum(length) - length
    since -= np.repeat(since[first[:-1]], np.diff(first))
    held = np.column_stack([sharp[first[:-1]], sharp[first[1:] % count]])
    outward, kind = np.column_stack([along[:, 1], -along[:, 0]]), np.full(count, SHAPES.index(shape), np.int64)
    return Walls(points, along, outward, length, depth, largest, kind, since, first, held, np.add.reduceat(length, first[:-1]))


def ground_moves(points: NDArray[np.float64], walls: Walls, horizontal_ratio: float = 0.75) -> Moved:
    """How the ground around a pit moves: at each point what the wall gives that gives most; of walls that go on as one the nearest.

    What a wall gives falls with the distance from it, near corners by `corner_factor`, which goes on falling beyond them.
    Directions towards walls that give about as much are mixed, so that the movement turns without a jump at a corner.

    Parameters
    ----------
    points : (N, 2) float64
        [m]
    walls : Walls
    horizontal_ratio : float
        Horizontal movement over settlement; an estimate, 0.5 to 1 is common.

    Returns
    -------
    Moved
        NaN inside the pit.
    """
    places = np.ascontiguousarray(points, np.float64)
    settlement, horizontal = np.zeros(len(places)), np.zeros((len(places), 2))
    if len(places):
        # only what depends on the point is left to the loop over points
        longest = np.minimum(np.repeat(walls.whole, np.diff(walls.first)), _LONGEST * walls.depth)
        offset = longest * (0.015 + 0.035 * np.log(np.minimum(walls.depth / longest, 1.0)))
        steep = 2.8 / (0.5 * longest - offset)
        reach = 4.0 * walls.depth.max()
        box = np.concatenate([walls.start.min(axis=0) - reach, walls.start.max(axis=0) + reach])
        _ground_moves(
            places, walls.start, walls.along, walls.outward, walls.length, walls.depth, walls.largest, walls.shape, walls.since,
            walls.first, walls.held, offset, steep, walls.whole, float(horizontal_ratio), box, settlement, horizontal,
        )  # fmt: skip
    return Moved(settlement, horizontal)


def tunnel_trough(
    offset_m: NDArray[np.float64], diameter_m: float, volume_loss: float, inflection_m: float
) -> NDArray[np.float64]:
    """Settlement above a bored tunnel (Peck 1969; O'Reilly and New 1982). Not for the walls of a pit: nothing is lost there.

    ``V / (sqrt(2 pi) i) exp(-y^2 / 2 i^2)``, where V is the volume loss times the section of the tunnel.

    Parameters
    ----------
    offset_m : (N,) float64
        From the axis [m].
    diameter_m, inflection_m : float
        Of the tunnel, and distance from the axis to the point of inflection [m].
    volume_loss : float
        Share of the section, 0.01 for 1 %.

    Returns
    -------
    (N,) float64
        [mm]
    """
    volume = volume_loss * math.pi * diameter_m**2 / 4.0
    shape = np.exp(-0.5 * (np.asarray(offset_m, np.float64) / inflection_m) ** 2)
    return 1000.0 * volume / (math.sqrt(2.0 * math.pi) * inflection_m) * shape


@njit()
def _share(shape, ratio):
    """As `profile`, of one number."""
    if shape == 0:
        if ratio < 0.5:
            return 0.5 + ratio
        return max(1.0 - 0.6 * (ratio - 0.5) if ratio < 2.0 else 0.05 * (4.0 - ratio), 0.0)
    if shape == 1:
        root = math.sqrt(ratio)
        near, far = _SPANDREL
        return near[0] - near[1] * root if ratio <= 2.0 else max(far[0] - far[1] * root, 0.0)
    if shape == 2:
        return max(1.0 - ratio / 2.0, 0.0)
    if shape == 3:
        return max(1.0 - ratio / 3.0, 0.0)
    return min(max((2.0 - ratio) / 1.25, 0.0), 1.0)


@njit()
def _towards(px, py, start, along, outward, length, k):
    """Direction from a point to the nearest point of a wall, and how far that is."""
    qx, qy = px - start[k, 0], py - start[k, 1]
    run = qx * along[k, 0] + qy * along[k, 1]
    out = qx * outward[k, 0] + qy * outward[k, 1]
    past = run if run < 0.0 else max(run - length[k], 0.0)
    away = math.sqrt(out * out + past * past)
    if away <= 1e-9:
        return -outward[k, 0], -outward[k, 1], away
    return -(out * outward[k, 0] + past * along[k, 0]) / away, -(out * outward[k, 1] + past * along[k, 1]) / away, away


@njit(parallel=True)
def _ground_moves(
    points, start, along, outward, length, depth, largest, shape, since, first, held, offset, steep, whole, ratio, box, settlement,
    horizontal,
):
    """As `ground_moves`."""
    for i in prange(points.shape[0]):
        px, py = points[i, 0], points[i, 1]
        if px < box[0] or py < box[1] or px > box[2] or py > box[3]:
            settlement[i], horizontal[i, 0], horizontal[i, 1] = 0.0, 0.0, 0.0
            continue
        inside, nearest = False, np.inf
        most, total_x, total_y = 0.0, 0.0, 0.0
        for g in range(first.shape[0] - 1):
            # the nearest wall of those that go on as one
            w, squared, run, out = first[g], np.inf, 0.0, 0.0
            for k in range(first[g], first[g + 1]):
                qx, qy = px - start[k, 0], py - start[k, 1]
                end_y = start[k, 1] + length[k] * along[k, 1]
                if (start[k, 1] > py) != (end_y > py) and qx < along[k, 0] * qy / along[k, 1]:
                    inside = not inside
                this_run = qx * along[k, 0] + qy * along[k, 1]
                this_out = qx * outward[k, 0] + qy * outward[k, 1]
                this_past = this_run if this_run < 0.0 else max(this_run - length[k], 0.0)
                this = this_out * this_out + this_past * this_past
                if this < squared:
                    w, squared, run, out = k, this, this_run, this_out
            away = math.sqrt(squared)
            nearest = min(nearest, away)
            if away >= 4.0 * depth[w]:
                continue
            if w > first[g]:
                run = max(run, 0.0)
            if w < first[g + 1] - 1:
                run = min(run, length[w])
            at = since[w] + run
            from_corner = min(at if held[g, 0] else np.inf, whole[g] - at if held[g, 1] else np.inf)
            part = 1.0 - 0.5 * math.erfc(steep[w] * (from_corner + offset[w]))
            found = largest[w] * part * _share(shape[w], away / depth[w])
            if out < 0.0:
                found *= max(1.0 + out / (_FADES * depth[w]), 0.0)
            most = max(most, found)
            weight = found * found * found * found
            for k in range(first[g], first[g + 1]):
                way_x, way_y, near = _towards(px, py, start, along, outward, length, k)
                # in a dent two walls of a group are as near
                share = ((away + 1e-9) / (near + 1e-9)) ** 8
                total_x += weight * share * way_x
                total_y += weight * share * way_y
        if inside and nearest > 1e-9:
            settlement[i], horizontal[i, 0], horizontal[i, 1] = np.nan, np.nan, np.nan
            continue
        settlement[i] = most
        size = math.hypot(total_x, total_y)
        scale = ratio * most / size if size > 0.0 else 0.0
        horizontal[i, 0], horizontal[i, 1] = scale * total_x, scale * total_y
