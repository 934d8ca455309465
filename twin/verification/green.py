"""Green: rings of trees whose share of the view is known, walls that hide them, and a wood whose cover is known."""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.sim.impact import green, shadow
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

INNER_M, OUTER_M, BASE_M, TOP_M, EYE_M = 20.0, 30.0, 4.0, 12.0, 1.6
"""The ring: crowns between two distances and two heights, and the eye in its middle."""


def _round(radius: float) -> shapely.Polygon:
    return shapely.Point(0, 0).buffer(radius, quad_segs=32)


_TREES = {"crowns": shapely.difference(_round(OUTER_M), _round(INNER_M))}
_RING = Site({"plain": _round(40.0)}, areas=_TREES)
_WALLED = Site({"plain": shapely.difference(_round(40.0), shapely.difference(_round(11.0), _round(10.0)))}, areas=_TREES)
_WOOD = Site({"plain": shapely.box(-100, -100, 100, 100)}, areas={"wood": _round(30.0)})


def _angle(height: float, away: float) -> float:
    """Over the horizon [deg]."""
    return math.degrees(math.atan2(height - EYE_M, away))


def _from_the_middle(cell: float, wall_m: float = 0.0, wall_at: float = 10.0) -> float:
    """Green view index in the middle of the ring, perhaps behind a round wall."""
    size = 2 * math.ceil(36.0 / cell) + 1
    y, x = (np.mgrid[:size, :size] - size // 2) * cell
    away = np.hypot(x, y)
    z = np.where((away >= wall_at) & (away < wall_at + 1.0), wall_m, 0.0)
    there = (away >= INNER_M) & (away < OUTER_M)
    low, high = (np.where(there, height, np.nan).astype(np.float32) for height in (BASE_M, TOP_M))
    of = shadow.surface(z, cell, shadow.Crowns(low, high))
    middle: NDArray[np.bool_] = np.zeros(z.shape, bool)
    middle[size // 2, size // 2] = True
    return float(green.green_view(of, middle, 64, eye_m=EYE_M)[size // 2, size // 2])


def _ring(trial: Trial) -> Found:
    known = (_angle(TOP_M, INNER_M) - _angle(BASE_M, OUTER_M)) / green.FIELD_DEG
    cells = (2.0, 1.0, 0.5, 0.25)
    found = [_from_the_middle(cell) for cell in cells]
    measures = [Measure("by the angles", known, "", digits=4)]
    for cell, one in zip(cells, found, strict=True):
        bound = 0.005 if cell <= 1.0 else math.inf
        measures.append(Measure(f"cells of {cell:g} m: {one:.4f}, error", abs(one - known), "", -math.inf, bound, 4))
    errors = np.abs(np.array(found) - known)
    return Found(tuple(measures), Chart((Curve("error", np.array(cells), errors),), "cell (m)", "error of the green view index"))


def _walls(trial: Trial) -> Found:
    """Walls of several heights at 10 m, before the trees; and one behind them."""
    heights = np.array([2.0, 3.0, 4.0, 5.0, 6.0, 8.0])
    found, known = [], []
    for height in heights:
        foot = max(_angle(BASE_M, OUTER_M), _angle(float(height), 10.0))
        known.append(max(_angle(TOP_M, INNER_M) - foot, 0.0) / green.FIELD_DEG)
        found.append(_from_the_middle(0.5, float(height)))
    measures = [
        Measure(f"wall of {h:g} m: {one:.4f}, error", abs(one - right), "", -math.inf, 0.008, 4)
        for h, one, right in zip(heights, found, known, strict=True)
    ]
    behind = _from_the_middle(0.5, 30.0, 31.0) - _from_the_middle(0.5)
    measures.append(Measure("wall of 30 m behind the trees: difference", behind, "", 0.0, 0.0, 4))
    curves = Curve("found", heights, np.array(found)), Curve("by the angles", heights, np.array(known))
    return Found(tuple(measures), Chart(curves, "height of the wall (m)", "green view index"))


def _cover(trial: Trial) -> Found:
    """A round wood of 30 m: what share of a circle round its middle it covers, and of one at the edge of what is known."""
    y, x = np.mgrid[-100:101, -100:101]
    wood, known = np.hypot(x, y) <= 30.0, np.ones(x.shape, bool)
    measures = []
    for radius in (50.0, 75.0, 100.0):
        share = float(green.share_within(wood, known, radius)[100, 100])
        off = abs(share - (30.0 / radius) ** 2)
        measures.append(Measure(f"within {radius:g} m: {share:.4f}, error", off, "", -math.inf, 0.002, 4))
    half = float(green.share_within(wood[:, 100:], known[:, 100:], 75.0)[100, 0])
    measures.append(Measure(f"half of it, at an edge: {half:.4f}, error", abs(half - 0.16), "", -math.inf, 0.003, 4))
    return Found(tuple(measures))


def cases() -> tuple[Case, ...]:
    """What of trees is seen, from within and from above."""
    return (
        Case("green-ring", "Green", "ring", "The share of the view that a ring of trees fills",
             "Crowns from 4 to 12 m high, 20 to 30 m away all round; eye at 1.6 m, a view of 60 degrees, 64 directions.",
             "(atan(10.4 / 20) - atan(2.4 / 30)) / 60 degrees, within 0.005 on cells of at most 1 m (the bound is ours).",
             "Known answer; the index is that of Yang et al. 2009 (doi:10.1016/j.landurbplan.2008.12.004)", _ring, _RING),
        Case("green-wall", "Green", "wall", "What is left of it behind a wall",
             "The same with a round wall 10 m away, 2 to 8 m high, on cells of 0.5 m; and one behind the trees.",
             "The part above the wall, within 0.008 (the bound is ours): none above 6.8 m; a wall behind hides nothing.",
             "Known answer: angles over the horizon", _walls, _WALLED),
        Case("green-cover", "Green", "cover", "Canopy cover round a place",
             "A round wood of 30 m radius, cells of 1 m.",
             "(30 / R)2 round its middle, within 0.002; the same at an edge, within 0.003 (the bounds are ours).",
             "Known answer: areas of circles", _cover, _WOOD),
    )  # fmt: skip
