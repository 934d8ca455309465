"""Slow twins of the kernels of radio signal: TR 38.901 in NumPy, cell by cell, and covers by looking at every choice."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np


def loss_38901(
    model: str, ghz: float, flat: float, antenna: float, receiver: float, seen: bool, rise: float | None = None
) -> float:
    """Table 7.4.1-1 of TR 38.901, for one receiver [dB]; nearer than 10 m that of 10 m."""
    rise = antenna - receiver if rise is None else rise
    flat = max(flat, 10.0)
    space = math.hypot(flat, rise)
    turn = 4.0 * (antenna - 1.0) * (receiver - 1.0) * ghz * 1e9 / 3e8
    log = math.log10
    if model == "uma":
        one = 28.0 + 22.0 * log(space) + 20.0 * log(ghz)
        two = 28.0 + 40.0 * log(space) + 20.0 * log(ghz) - 9.0 * log(turn**2 + rise**2)
        hidden = 13.54 + 39.08 * log(space) + 20.0 * log(ghz) - 0.6 * (receiver - 1.5)
    else:
        one = 32.4 + 21.0 * log(space) + 20.0 * log(ghz)
        two = 32.4 + 40.0 * log(space) + 20.0 * log(ghz) - 9.5 * log(turn**2 + rise**2)
        hidden = 35.3 * log(space) + 22.4 + 21.3 * log(ghz) - 0.3 * (receiver - 1.5)
    free = one if flat <= turn else two
    return free if seen else max(free, hidden)


def greedy_slowly(sets: Sequence[set[int]], covered: set[int], wanted: int, most: int, least: int = 1) -> list[tuple[int, int]]:
    """Which sets are chosen and what each adds, by looking at all of them each time."""
    done, chosen = set(covered), []
    while len(done) < wanted and len(chosen) < most:
        gains = [len(one - done) for one in sets]
        best = int(np.argmax(gains)) if gains else -1
        if best < 0 or gains[best] < max(least, 1):
            break
        chosen.append((best, gains[best]))
        done |= sets[best]
    return chosen


def most_covered(sets: Sequence[set[int]], count: int) -> int:
    """How many elements the best choice of so many sets covers."""
    choices = itertools.combinations(sets, min(count, len(sets)))
    return max(len(set().union(*choice)) for choice in choices)
