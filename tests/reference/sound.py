"""Slow twin of the way of sound: the profile between two points, its taut string, and the formulas of CNOSSOS-EU one by one."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def profile(
    surface: NDArray[np.float64], cell: float, start: tuple[float, float], end: tuple[float, float]
) -> list[tuple[float, float, int, int]]:
    """Edges of the blocks between two places (column, row): distance, height, row and column; without the blocks of the ends."""
    way = math.dist(start, end)
    cuts = {0.0, 1.0}
    for a, b in zip(start, end, strict=True):
        if a != b:
            cuts |= {t for k in range(-2, max(surface.shape) + 2) if 0.0 < (t := (k + 0.5 - a) / (b - a)) < 1.0}
    edges = []
    stops = sorted(cuts)
    ends = {tuple(math.floor(v + 0.5) for v in place) for place in (start, end)}
    for one, two in pairwise(stops):
        if two - one < 1e-9:
            continue
        middle = 0.5 * (one + two)
        c, r = (math.floor(a + middle * (b - a) + 0.5) for a, b in zip(start, end, strict=True))
        if (c, r) in ends or not (0 <= r < surface.shape[0] and 0 <= c < surface.shape[1]):
            continue
        edges += [(cell * way * t, float(surface[r, c]), r, c) for t in (one, two)]
    return edges


def string(
    points: list[tuple[float, float]], source: tuple[float, float], receiver: tuple[float, float]
) -> list[tuple[float, float]]:
    """Places where the shortest way over some points bends: from the source always the steepest next one."""
    here, bends = source, []
    while True:
        ahead = [one for one in (*points, receiver) if one[0] > here[0] + 1e-9]
        steepest = max((one[1] - here[1]) / (one[0] - here[0]) for one in ahead)
        chosen = max(one for one in ahead if (one[1] - here[1]) / (one[0] - here[0]) >= steepest - 1e-12)
        if chosen == receiver:
            return bends
        bends.append(chosen)
        here = chosen


def level_change(
    source: tuple[float, float], receiver: tuple[float, float], bends: list[tuple[float, float]], base: float, floor: float,
    wavelength: float, absorption_db_m: float,
) -> float:  # fmt: skip
    """What comes of a power over hard ground, homogeneous air [dB]; `bends` is not empty where something is in between."""
    straight = math.dist(source, receiver)
    taken = 20.0 * math.log10(max(straight, 1.0)) + 11.0 + absorption_db_m * max(straight, 1.0)
    if not bends:
        return -(taken - 3.0)
    middle = sum(math.dist(a, b) for a, b in pairwise(bends))
    wide = (5.0 * wavelength / middle) ** 2 if middle > 0.3 else 0.0
    several = (1.0 + wide) / (1.0 / 3.0 + wide) if middle > 0.3 else 1.0

    def bent(a: tuple[float, float], b: tuple[float, float]) -> float:
        longer = math.dist(a, bends[0]) + middle + math.dist(bends[-1], b) - math.dist(a, b)
        return 10.0 * math.log10(3.0 + 40.0 / wavelength * several * longer)

    over = bent(source, receiver)
    up = bent((source[0], 2.0 * base - source[1]), receiver)
    down = bent(source, (receiver[0], 2.0 * floor - receiver[1]))
    ground = sum(-20.0 * math.log10(1.0 + (10.0 ** (3.0 / 20.0) - 1.0) * 10.0 ** (-(one - over) / 20.0)) for one in (up, down))
    return -(taken + min(over, 25.0) + ground)


def off_wall(
    surface: NDArray[np.float64], cell: float, source: tuple[float, float, float], receiver: tuple[float, float, float],
    wall: tuple[tuple[float, float], tuple[float, float]], outward: tuple[float, float], absorption: float, wavelength: float,
    absorption_db_m: float,
) -> float | None:  # fmt: skip
    """What comes of a power off a wall, over hard ground at 0 [dB]; None where nothing does. Places in columns and rows [cells]."""
    a, n = np.array(wall[0]), np.array(outward)
    s, r = np.array(source[:2]), np.array(receiver[:2])
    if (s - a) @ n <= 1e-6 or (r - a) @ n <= 1e-6:
        return None
    image = s - 2.0 * ((s - a) @ n) * n
    b = np.array(wall[1])
    part = np.linalg.solve(np.column_stack([r - image, a - b]), a - image)
    if not 0.0 <= part[1] <= 1.0:
        return None
    at = a + part[1] * (b - a)
    cells = [tuple(np.floor(at - deep * n + 0.5).astype(int)) for deep in (0.5, 1.0)]
    top = max(surface[y, x] for x, y in cells)
    edges: list[tuple[float, float]] = []
    way = 0.0
    ends = {tuple(np.floor(one + 0.5).astype(int)) for one in (s, r)}
    for start, end in ((s, at), (at, r)):
        cuts = {0.0, 1.0}
        for p, q in zip(start, end, strict=True):
            if p != q:
                cuts |= {t for k in range(-2, max(surface.shape) + 2) if 0.0 < (t := (k + 0.5 - p) / (q - p)) < 1.0}
        long = float(np.hypot(*(end - start)))
        for one, two in pairwise(sorted(cuts)):
            if two - one < 1e-9:
                continue
            x, y = np.floor(start + 0.5 * (one + two) * (end - start) + 0.5).astype(int)
            if (x, y) in ends or (np.array([x, y]) - a) @ n < 0.0:
                continue
            edges += [(cell * (way + t * long), float(surface[y, x])) for t in (one, two)]
        way += long
    met = cell * float(np.hypot(*(at - s)))
    first, last = (0.0, source[2]), (cell * way, receiver[2])
    inside = [one for one in edges if 0.0 < one[0] < last[0]]
    bends = string(inside, first, last)
    line = [first, *bends, last]
    if float(np.interp(met, *zip(*line, strict=True))) >= top:
        return None
    length = sum(math.dist(p, q) for p, q in pairwise(line))
    edge = (met, float(top))
    left = string([one for one in inside if one[0] < met], first, edge)
    right = string([one for one in inside if one[0] > met], edge, last)
    longer = sum(math.dist(p, q) for p, q in pairwise([first, *left, edge, *right, last])) - length
    level = level_change(first, last, bends, 0.0, 0.0, wavelength, absorption_db_m) + 10.0 * math.log10(1.0 - absorption)
    near = -40.0 / wavelength * longer
    return level - (10.0 * math.log10(3.0 + near) if near >= -2.0 else 0.0)
