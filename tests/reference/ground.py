"""Slow twins of the kernels of moving ground: walls one by one, facades part by part, and creep step by step."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.sim.impact.pit.behind_wall import SHAPES, Moved, Walls, corner_factor, profile
from twin.sim.impact.pit.damage import Lines, deep_beam


def moves(points: NDArray[np.float64], walls: Walls, ratio: float) -> Moved:
    """As `ground_moves`, with shapely's distances."""
    ends = walls.start + walls.along * walls.length[:, None]
    pit = shapely.Polygon(walls.start)
    settlement, horizontal = np.zeros(len(points)), np.zeros((len(points), 2))
    for n, point in enumerate(points):
        here = shapely.Point(point)
        if pit.contains(here) and pit.exterior.distance(here) > 1e-9:
            settlement[n], horizontal[n] = np.nan, np.nan
            continue
        found, ways = [], []
        lines = [shapely.LineString([walls.start[w], ends[w]]) for w in range(len(walls.length))]
        for g, (begin, end) in enumerate(pairwise(walls.first)):
            w = min(range(begin, end), key=lambda k: lines[k].distance(here))
            run, out = (point - walls.start[w]) @ walls.along[w], (point - walls.start[w]) @ walls.outward[w]
            away = lines[w].distance(here)
            low, high = -np.inf if w == begin else 0.0, np.inf if w == end - 1 else walls.length[w]
            at = walls.since[w] + np.clip(run, low, high)
            x = min([np.inf, *([at] if walls.held[g, 0] else []), *([walls.whole[g] - at] if walls.held[g, 1] else [])])
            value = walls.largest[w] * corner_factor(np.array([x]), walls.whole[g], walls.depth[w])[0]
            value *= profile(SHAPES[walls.shape[w]], np.array([away / walls.depth[w]]))[0]
            value *= np.clip(1.0 + 2.0 * min(out, 0.0) / walls.depth[w], 0.0, 1.0)
            way = np.zeros(2)
            for k in range(begin, end):
                near = lines[k].distance(here)
                to = np.array(shapely.shortest_line(here, lines[k]).coords[-1]) - point
                way += ((away + 1e-9) / (near + 1e-9)) ** 8 * (to / near if near > 1e-9 else -walls.outward[k])
            found.append(value)
            ways.append(way)
        settlement[n] = max(found)
        mixed = sum((value**4 * way for value, way in zip(found, ways, strict=True)), np.zeros(2))
        size = np.hypot(*mixed)
        horizontal[n] = ratio * settlement[n] * mixed / size if size > 0.0 else 0.0
    return Moved(settlement, horizontal)


def strains(lines: Lines, cut_mm: float) -> NDArray[np.float64]:
    """The largest tensile strain of each facade, (F,), as `strained`."""
    out = np.zeros(len(lines.height))
    for f in range(len(out)):
        part = slice(lines.first[f], lines.first[f + 1])
        x, v, u = lines.along[part], lines.settlement[part], lines.stretch[part]
        ground = v if lines.ground is None else lines.ground[part]
        fine = np.unique(np.concatenate([x, *_crossings(x, ground, cut_mm)]))
        inside = fine[np.interp(fine, x, ground) >= cut_mm - 1e-9]
        if len(inside) < 2:
            continue
        low, high = inside[0], inside[-1]
        bends = v[1:-1] - np.array([np.interp(x[k], x[[k - 1, k + 1]], v[[k - 1, k + 1]]) for k in range(1, len(x) - 1)])
        shown = (x[1:-1] > low) & (x[1:-1] < high)
        most = max([1e-9, *np.abs(bends[shown])])
        turned = [(at, np.sign(bend)) for at, bend in zip(x[1:-1][shown], bends[shown], strict=True) if abs(bend) >= 0.02 * most]
        cuts = [(a + b) / 2 for (a, left), (b, right) in pairwise(turned) if left != right]
        for a, b in zip([low, *cuts], [*cuts, high], strict=True):
            if b - a <= 1e-9:
                continue
            at = np.concatenate([[a], x[(x > a) & (x < b)], [b]])
            s = np.interp(at, x, v)
            off = s - np.interp(at, [a, b], s[[0, -1]])
            stretch = (np.interp(b, x, u) - np.interp(a, x, u)) / (b - a) / 1000.0
            hogs = -off.min() > off.max()
            ratio = np.abs(off).max() if hogs else off.max()
            beam = deep_beam(ratio / (b - a) / 1000.0, b - a, lines.height[f], lines.e_over_g[f], stretch, hogging=bool(hogs))
            out[f] = max(out[f], float(beam.bending_total), float(beam.diagonal_total))
    return out


def _crossings(x: NDArray[np.float64], v: NDArray[np.float64], cut: float) -> list[list[float]]:
    steps = zip(x, x[1:], v, v[1:], strict=False)
    return [[a + (cut - p) / (q - p) * (b - a)] for a, b, p, q in steps if (p >= cut) != (q >= cut)]


def crept(stress: float, held: float, rr: float, cr: float, ca: float, days: float, steps: int = 200_000) -> float:
    """Creep strain by its rate, a little further at each of many moments."""
    moments = np.r_[0.0, np.geomspace(1e-6, days, steps)]
    first = ca / math.log(10.0) * (stress / held) ** ((cr - rr) / ca)
    strain = 0.0
    for step in np.diff(moments):
        half = strain + 0.5 * step * first * 10.0 ** (-strain / ca)
        strain += step * first * 10.0 ** (-half / ca)
    return strain
