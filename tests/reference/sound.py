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
