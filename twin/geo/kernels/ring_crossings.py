"""Sides of polygons that cross each other, counted up to a limit."""

from __future__ import annotations

import numpy as np

from twin.jit import njit

MAX_LOOKS = 200_000_000
"""Pairs of sides that are looked at; a polygon of more has "too many" crossings, for nobody can tell in time."""


@njit()
def count_crossings(sides, most):
    """Pairs of sides that meet other than at an end that both have; those that are the same side twice count too.

    Parameters
    ----------
    sides : (S, 4) float64
        Each as x, y of its start and of its end.
    most : int
        Counting ends beyond this: the answer is then ``most + 1``.

    Returns
    -------
    int, int
        Crossings, and pairs that were looked at.

    Notes
    -----
    A sweep over x: a pair is looked at when the sides overlap there.
    """
    count = len(sides)
    low, high = np.empty(count), np.empty(count)
    for s in range(count):
        low[s], high[s] = min(sides[s, 0], sides[s, 2]), max(sides[s, 0], sides[s, 2])
    order = np.argsort(low)
    found, looked = 0, 0
    for i in range(count):
        s = order[i]
        for j in range(i + 1, count):
            t = order[j]
            if low[t] > high[s]:
                break
            looked += 1
            if looked > MAX_LOOKS:
                return most + 1, looked
            if _meet(sides[s], sides[t]):
                found += 1
                if found > most:
                    return found, looked
    return found, looked


@njit()
def _meet(a, b):
    if min(a[1], a[3]) > max(b[1], b[3]) or min(b[1], b[3]) > max(a[1], a[3]):
        return False
    ends = 0
    for i in (0, 2):
        for j in (0, 2):
            if a[i] == b[j] and a[i + 1] == b[j + 1]:
                ends += 1
    if ends:
        return ends > 1
    d1 = (b[2] - b[0]) * (a[1] - b[1]) - (b[3] - b[1]) * (a[0] - b[0])
    d2 = (b[2] - b[0]) * (a[3] - b[1]) - (b[3] - b[1]) * (a[2] - b[0])
    d3 = (a[2] - a[0]) * (b[1] - a[1]) - (a[3] - a[1]) * (b[0] - a[0])
    d4 = (a[2] - a[0]) * (b[3] - a[1]) - (a[3] - a[1]) * (b[2] - a[0])
    return not ((d1 > 0 and d2 > 0) or (d1 < 0 and d2 < 0) or (d3 > 0 and d4 > 0) or (d3 < 0 and d4 < 0))
