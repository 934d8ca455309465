"""How much a pit takes out of the ground, and what carries it away.

A slope of the sides moves the outline outward by so much for each metre up, with mitred corners. The area then grows as
A + P d + c d2 while no edge of the outline vanishes and none runs into another: Simpson's rule (the prismoid) is exact for it.
Where that changes, `integrate` closes in on the height at which it does.

Against ground that is no plane the volume is worked out by cells (second order in their size), or by triangles (exact for ground
and sides that are triangles).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import GeometryError, ParameterError
from twin.jit import njit, prange
from twin.sim.impact.pit.checked import positive

SAND_BULKING = 0.88
"""Volume in the ground over volume on the lorry, sand and gravel: 0.80 to 0.93, mean 0.88 to 0.89 (CROW, Handboek Zandboek)."""

ROUNDING = 1e-11
"""A piece of which the volume is known to this, of the whole, is not halved again: rounding alone must not halve pieces."""

SLACK_M = 1e-9
"""Faces of a slope overlap by this, so that no place between two of them is in neither [m]."""


def prismoid(bottom_m2: float, middle_m2: float, top_m2: float, height_m: float) -> float:
    """Volume between two levels, from the areas at both and half way: h / 6 (A1 + 4 Am + A2) [m3]."""
    return height_m / 6.0 * (bottom_m2 + 4.0 * middle_m2 + top_m2)


class Section(NamedTuple):
    """How the area of a ring grows when its edges move outward by d, with mitred corners: area + perimeter d + mitre d2.

    Attributes
    ----------
    area_m2, perimeter_m : float
        [m2] [m]
    mitre : float
        Sum of the tangents of half the turns at the corners.
    until_m : float
        Distance at which the first edge vanishes; inf for a convex ring. Others may run into each other before that [m].
    """

    area_m2: float
    perimeter_m: float
    mitre: float
    until_m: float

    def at(self, distance_m: float) -> float:
        """Area at a distance [m2]."""
        return self.area_m2 + self.perimeter_m * distance_m + self.mitre * distance_m**2


def section(ring: NDArray[np.float64]) -> Section:
    """How a ring grows.

    Parameters
    ----------
    ring : (N, 2) float64
        Corners, anticlockwise, the first not repeated [m].

    Raises
    ------
    GeometryError
        For fewer than three corners, edges without length, a ring that turns back on itself or runs clockwise.
    """
    corners = np.asarray(ring, np.float64)
    if len(corners) < 3:
        raise GeometryError(f"an outline needs at least three corners, not {len(corners)}")
    after = np.roll(corners, -1, axis=0)
    along = after - corners
    length = np.hypot(*along.T)
    if not (np.isfinite(length).all() and (length > 0).all()):
        raise GeometryError("an outline has an edge without length, or a corner that is no number")
    way = along / length[:, None]
    before = np.roll(way, 1, axis=0)
    cross = before[:, 0] * way[:, 1] - before[:, 1] * way[:, 0]
    half = np.tan(0.5 * np.arctan2(cross, (before * way).sum(axis=1)))
    if (np.abs(half) > 1e6).any():
        raise GeometryError("an outline turns back on itself")
    origin = corners[0]
    here, there = corners - origin, after - origin
    area = 0.5 * float(np.sum(here[:, 0] * there[:, 1] - there[:, 0] * here[:, 1]))
    if area <= 0:
        raise GeometryError("an outline has no area, or runs clockwise")
    # an edge grows by the tangents at both its ends
    growth = half + np.roll(half, -1)
    shrinking = growth < -1e-12
    until = float(np.min(length[shrinking] / -growth[shrinking], initial=math.inf))
    return Section(area, float(length.sum()), float(half.sum()), until)


def integrate(area_m2: Callable[[float], float], low_m: float, high_m: float, *, depth: int = 30) -> float:
    """Volume between two levels of something whose area is a parabola of height, piece by piece.

    Parameters
    ----------
    area_m2 : callable
        Area at a height [m2].
    low_m, high_m : float
        Levels [m].
    depth : int
        How often a piece may be halved while the area is not on one parabola over it.

    Returns
    -------
    float
        [m3]

    Raises
    ------
    ParameterError
        When the levels are upside down.
    """
    if not high_m >= low_m:
        raise ParameterError(f"levels are upside down: {low_m:g} m is above {high_m:g} m")
    middle = 0.5 * (low_m + high_m)
    ends = area_m2(low_m), area_m2(middle), area_m2(high_m)
    return _piece(area_m2, low_m, high_m, ends, ROUNDING * max(map(abs, ends)) * (high_m - low_m), depth)


def _piece(
    area: Callable[[float], float], low: float, high: float, at: tuple[float, float, float], most: float, depth: int
) -> float:
    middle = 0.5 * (low + high)
    left, right = area(0.5 * (low + middle)), area(0.5 * (middle + high))
    a, m, b = at
    # a parabola through three of them says what the other two are
    off = max(abs((3.0 * a + 6.0 * m - b) / 8.0 - left), abs((3.0 * b + 6.0 * m - a) / 8.0 - right))
    if off * (high - low) <= most or depth == 0:
        return prismoid(a, left, m, middle - low) + prismoid(m, right, b, high - middle)
    return _piece(area, low, middle, (a, left, m), most, depth - 1) + _piece(area, middle, high, (m, right, b), most, depth - 1)


class Edges(NamedTuple):
    """Edges of the floor of a pit, outside on their right, with the bisectors at their ends.

    Attributes
    ----------
    x, y, y_end, dx, dy, length : (E,) float64
        Where each begins, the y of where it ends, its direction, and how long it is [m].
    start, end : (E,) float64
        How far the face of the slope reaches beyond both ends of the edge, for each metre away from it.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    y_end: NDArray[np.float64]
    dx: NDArray[np.float64]
    dy: NDArray[np.float64]
    length: NDArray[np.float64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]


def edges(rings: list[NDArray[np.float64]]) -> Edges:
    """Edges of rings that have the pit on their left: outer rings anticlockwise, holes clockwise.

    Raises
    ------
    GeometryError
        For a ring with fewer than three corners or with an edge without length.
    """
    parts = []
    for ring in rings:
        corners = np.asarray(ring, np.float64)
        along = np.roll(corners, -1, axis=0) - corners
        length = np.hypot(*along.T)
        if len(corners) < 3 or not (length > 0).all():
            raise GeometryError("an outline needs three corners and no edge without length")
        way = along / length[:, None]
        before = np.roll(way, 1, axis=0)
        cross = before[:, 0] * way[:, 1] - before[:, 1] * way[:, 0]
        half = np.tan(0.5 * np.arctan2(cross, (before * way).sum(axis=1)))
        parts.append(np.column_stack([corners, np.roll(corners[:, 1], -1), way, length, half, np.roll(half, -1)]))
    return Edges(*(np.ascontiguousarray(column) for column in np.concatenate(parts).T))


def pit_surface(x: NDArray[np.float64], y: NDArray[np.float64], floor: Edges, floor_m: float, rise: float) -> NDArray[np.float64]:
    """Height of the floor and of the slopes of a pit over the centres of cells.

    Parameters
    ----------
    x, y : (C,) and (R,) float64
        Centres of columns and rows [m].
    floor : Edges
        Of the floor.
    floor_m : float
        Level of it [m].
    rise : float
        How much the slope rises for each metre outward.

    Returns
    -------
    (R, C) float64
        [m]
    """
    out = np.empty((len(y), len(x)))
    _surface(x, y, *floor, floor_m, rise, out)
    return out


@njit(parallel=True)
def _surface(xs, ys, ex, ey, ey_end, dx, dy, length, start, end, floor_m, rise, out):
    for row in prange(out.shape[0]):
        for column in range(out.shape[1]):
            px, py = xs[column], ys[row]
            winding, nearest = 0, np.inf
            for k in range(len(ex)):
                ox, oy = px - ex[k], py - ey[k]
                right = ox * dy[k] - oy * dx[k]
                if (ey[k] <= py) != (ey_end[k] <= py):
                    if dy[k] > 0.0 and right < 0.0:
                        winding += 1
                    elif dy[k] < 0.0 and right > 0.0:
                        winding -= 1
                if 0.0 <= right < nearest:
                    along = ox * dx[k] + oy * dy[k]
                    if -start[k] * right - SLACK_M <= along <= length[k] + end[k] * right + SLACK_M:
                        nearest = right
            out[row, column] = floor_m if winding != 0 else floor_m + rise * nearest


def between_surfaces(
    ground_m: NDArray[np.float64],
    pit_m: NDArray[np.float64],
    levels_m: NDArray[np.float64],
    cell_m: float,
    share: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Volume between a pit and the ground above it, by layers, from cells.

    Parameters
    ----------
    ground_m, pit_m : (R, C) float64
        Heights at the centres of cells; NaN where nothing is dug or known [m].
    levels_m : (K,) float64
        Levels between layers, rising [m].
    cell_m : float
        Side of a cell [m].
    share : (R, C) float64, optional
        How much of each cell is dug, for upright sides.

    Returns
    -------
    (K + 1,) float64
        Below the first level, between each two, and above the last [m3].
    """
    upper = np.maximum(ground_m, pit_m)
    weight = np.where(np.isfinite(upper), 1.0 if share is None else share, 0.0) * cell_m**2
    upper, lower = np.nan_to_num(upper), np.where(weight > 0, np.nan_to_num(pit_m, posinf=0.0), 0.0)
    below = [float(np.sum(weight * np.maximum(np.minimum(upper, level) - lower, 0.0))) for level in levels_m]
    total = float(np.sum(weight * (upper - lower)))
    return np.diff(np.array([0.0, *below, total]))


def between_triangles(
    ground: NDArray[np.float64], pit: NDArray[np.float64], levels_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Volume between a pit and the ground above it, by layers, from triangles; exact but for rounding.

    Parameters
    ----------
    ground, pit : (T, 3, 3) and (P, 3, 3) float64
        Corners of triangles: x, y and z from an origin nearby. Seen from above those of each do not overlap [m].
    levels_m : (K,) float64
        Levels between layers, rising [m].

    Returns
    -------
    (K + 1,) float64
        Below the first level, between each two, and above the last [m3].
    """
    caps = np.append(np.asarray(levels_m, np.float64), np.inf)
    found = np.zeros((len(ground), len(caps)))
    if len(ground) and len(pit):
        _over_triangles(np.ascontiguousarray(ground), np.ascontiguousarray(pit), caps, found)
    return np.diff(np.concatenate([[0.0], found.sum(axis=0)]))


@njit()
def _cut(polygon, count, a, b, c, out):
    """The part of a convex polygon in which a x + b y + c is not below 0."""
    kept = 0
    for k in range(count):
        j = (k + 1) % count
        here, there = a * polygon[k, 0] + b * polygon[k, 1] + c, a * polygon[j, 0] + b * polygon[j, 1] + c
        if here >= 0.0:
            out[kept] = polygon[k]
            kept += 1
        if (here > 0.0 and there < 0.0) or (here < 0.0 and there > 0.0):
            part = here / (here - there)
            out[kept, 0] = polygon[k, 0] + part * (polygon[j, 0] - polygon[k, 0])
            out[kept, 1] = polygon[k, 1] + part * (polygon[j, 1] - polygon[k, 1])
            kept += 1
    return kept


@njit()
def _under(polygon, count, a, b, c):
    """Integral of a x + b y + c over a convex polygon."""
    total = 0.0
    for k in range(1, count - 1):
        twice = (polygon[k, 0] - polygon[0, 0]) * (polygon[k + 1, 1] - polygon[0, 1]) - (polygon[k, 1] - polygon[0, 1]) * (
            polygon[k + 1, 0] - polygon[0, 0]
        )
        x = (polygon[0, 0] + polygon[k, 0] + polygon[k + 1, 0]) / 3.0
        y = (polygon[0, 1] + polygon[k, 1] + polygon[k + 1, 1]) / 3.0
        total += 0.5 * abs(twice) * (a * x + b * y + c)
    return total


@njit()
def _plane(t):
    """Slopes and constant of the plane through a triangle, and twice its area in plan."""
    x1, y1, z1 = t[1, 0] - t[0, 0], t[1, 1] - t[0, 1], t[1, 2] - t[0, 2]
    x2, y2, z2 = t[2, 0] - t[0, 0], t[2, 1] - t[0, 1], t[2, 2] - t[0, 2]
    twice = x1 * y2 - x2 * y1
    if twice == 0.0:
        return 0.0, 0.0, 0.0, 0.0
    a, b = (z1 * y2 - z2 * y1) / twice, (x1 * z2 - x2 * z1) / twice
    return a, b, t[0, 2] - a * t[0, 0] - b * t[0, 1], twice


@njit()
def _over_triangles(ground, pit, caps, out):
    for i in range(ground.shape[0]):
        t = ground[i]
        ga, gb, gc, around = _plane(t)
        if around == 0.0:
            continue
        one, two, three = np.empty((12, 2)), np.empty((12, 2)), np.empty((12, 2))
        west, east = min(t[0, 0], t[1, 0], t[2, 0]), max(t[0, 0], t[1, 0], t[2, 0])
        south, north = min(t[0, 1], t[1, 1], t[2, 1]), max(t[0, 1], t[1, 1], t[2, 1])
        for j in range(pit.shape[0]):
            p = pit[j]
            if max(p[0, 0], p[1, 0], p[2, 0]) <= west or min(p[0, 0], p[1, 0], p[2, 0]) >= east:
                continue
            if max(p[0, 1], p[1, 1], p[2, 1]) <= south or min(p[0, 1], p[1, 1], p[2, 1]) >= north:
                continue
            pa, pb, pc, turn = _plane(p)
            if turn == 0.0:
                continue
            count = 3
            for k in range(3):
                one[k, 0], one[k, 1] = p[k, 0], p[k, 1]
            for k in range(3):
                m = (k + 1) % 3
                sign = 1.0 if around > 0.0 else -1.0
                a, b = -sign * (t[m, 1] - t[k, 1]), sign * (t[m, 0] - t[k, 0])
                count = _cut(one, count, a, b, -a * t[k, 0] - b * t[k, 1], two)
                one, two = two, one
            count = _cut(one, count, ga - pa, gb - pb, gc - pc, two)
            if count < 3:
                continue
            for k in range(caps.shape[0]):
                cap = caps[k]
                if cap == np.inf:
                    out[i, k] += _under(two, count, ga - pa, gb - pb, gc - pc)
                    continue
                # what of the pit lies below the cap: up to the ground where that is lower, else up to the cap
                m = _cut(two, count, -pa, -pb, cap - pc, one)
                low = _cut(one, m, -ga, -gb, cap - gc, three)
                out[i, k] += _under(three, low, ga - pa, gb - pb, gc - pc)
                high = _cut(one, m, ga, gb, gc - cap, three)
                out[i, k] += _under(three, high, -pa, -pb, cap - pc)


class Trips(NamedTuple):
    """How often lorries drive away full; each also comes empty.

    Attributes
    ----------
    by_mass, by_volume : int
        So that none is too heavy, and so that none is too full.
    mass_t, loose_m3 : float
        What is carried away, and how much room that takes [t] [m3].
    """

    by_mass: int
    by_volume: int
    mass_t: float
    loose_m3: float

    @property
    def needed(self) -> int:
        """The greater of both."""
        return max(self.by_mass, self.by_volume)

    @property
    def movements(self) -> int:
        """There and back."""
        return 2 * self.needed

    @property
    def governed_by(self) -> str:
        """``"mass"`` or ``"volume"``."""
        return "volume" if self.by_volume > self.by_mass else "mass"


def trips(
    *, volume_m3: float, payload_t: float, body_m3: float, density_t_m3: float = 1.8, bulking: float = SAND_BULKING
) -> Trips:
    """How often lorries drive to carry soil away.

    Parameters
    ----------
    volume_m3 : float
        In the ground [m3].
    payload_t, body_m3 : float
        What one lorry carries, and what it holds [t] [m3].
    density_t_m3 : float
        Of the soil in the ground; the default is an estimate for moist sand [t/m3].
    bulking : float
        Volume in the ground over volume on the lorry. Sand and gravel 0.80 to 0.93, mean 0.88 (CROW, Handboek Zandboek).

    Raises
    ------
    ParameterError
        For a volume below 0, other values that are not positive, and a bulking above 1.
    """
    positive(payload_t=payload_t, body_m3=body_m3, density_t_m3=density_t_m3, bulking=bulking)
    if not (math.isfinite(volume_m3) and volume_m3 >= 0):
        raise ParameterError(f"`volume_m3` must not be below 0, not {volume_m3:g}")
    if bulking > 1:
        raise ParameterError(
            f"`bulking` is volume in the ground over volume on the lorry, at most 1, not {bulking:g}",
            hint=f"soil that grows {bulking:g} times as large has a bulking of {1 / bulking:.3g}",
        )
    mass, loose = volume_m3 * density_t_m3, volume_m3 / bulking
    return Trips(_full(mass / payload_t), _full(loose / body_m3), mass, loose)


def _full(loads: float) -> int:
    """Whole loads; rounding makes no lorry."""
    return math.ceil(loads - 1e-9 * max(1.0, loads))
