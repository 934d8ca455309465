"""How many people are inside areas, and how many have crossed lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit

MOST_STRIPS = 256
"""Strips of an area at most: a point is held against the edges of its own strip only."""


class Areas(NamedTuple):
    """Areas by level, their edges sorted into strips from south to north.

    Attributes
    ----------
    level : (A,) int32
    box : (A, 4) float64
        West, south, east, north [m].
    strips : (A + 1,) int64
        First strip of each area.
    first : (S + 1,) int64
        First row of `edges` of each strip.
    edges : (E, 4) float64
        x0, y0, x1, y1 of the edges that come into a strip; an edge stands in each strip it comes into [m].
    """

    level: NDArray[np.int32]
    box: NDArray[np.float64]
    strips: NDArray[np.int64]
    first: NDArray[np.int64]
    edges: NDArray[np.float64]


def make_areas(rings: Sequence[Sequence[NDArray[np.float64]]], level: Sequence[int]) -> Areas:
    """Prepare areas to count in.

    Parameters
    ----------
    rings : sequence of sequence of (N, 2) float64
        Closed rings of each area, outer ones and holes alike: a point is inside by the even-odd rule [m].
    level : sequence of int
    """
    boxes, strips, counts, edges = [], [0], [np.zeros(1, np.int64)], [np.empty((0, 4))]
    for area in rings:
        pieces = np.concatenate([np.hstack([ring[:-1], ring[1:]]) for ring in area] or [np.zeros((1, 4))])
        west, east = pieces[:, [0, 2]].min(), pieces[:, [0, 2]].max()
        south, north = pieces[:, [1, 3]].min(), pieces[:, [1, 3]].max()
        number = int(min(max(1, len(pieces) // 2), MOST_STRIPS))
        low = _strip_of(np.minimum(pieces[:, 1], pieces[:, 3]), south, north, number)
        high = _strip_of(np.maximum(pieces[:, 1], pieces[:, 3]), south, north, number)
        times = high - low + 1
        which = np.repeat(np.arange(len(pieces)), times)
        strip = low[which] + np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
        order = np.argsort(strip, kind="stable")
        boxes.append((west, south, east, north))
        strips.append(strips[-1] + number)
        counts.append(np.bincount(strip, minlength=number))
        edges.append(pieces[which[order]])
    return Areas(
        np.asarray(level, np.int32), np.array(boxes, np.float64).reshape(-1, 4), np.array(strips, np.int64),
        np.cumsum(np.concatenate(counts)).astype(np.int64), np.ascontiguousarray(np.concatenate(edges)),
    )  # fmt: skip


def _strip_of(y: NDArray[np.float64], south: float, north: float, number: int) -> NDArray[np.int64]:
    # as in the kernel: the same arithmetic puts a point and the end of an edge at its height into the same strip
    height = max((north - south) / number, 1e-12)
    return np.minimum(((y - south) / height).astype(np.int64), number - 1)


def count_inside(areas: Areas, x: NDArray[np.float64], y: NDArray[np.float64], level: NDArray[np.int32]) -> NDArray[np.int64]:
    """People in each area, (A,); of a point on an edge either may be said."""
    out = np.zeros(len(areas.level), np.int64)
    _count_inside(areas, x, y, level, out)
    return out


@njit()
def _count_inside(areas, x, y, level, out):
    for a in range(areas.level.shape[0]):
        west, south, east, north = areas.box[a, 0], areas.box[a, 1], areas.box[a, 2], areas.box[a, 3]
        number = areas.strips[a + 1] - areas.strips[a]
        height = max((north - south) / number, 1e-12)
        for i in range(x.shape[0]):
            if level[i] != areas.level[a] or not (west <= x[i] <= east and south <= y[i] <= north):
                continue
            strip = areas.strips[a] + min(int((y[i] - south) / height), number - 1)
            inside = False
            for e in range(areas.first[strip], areas.first[strip + 1]):
                y0, y1 = areas.edges[e, 1], areas.edges[e, 3]
                if (y0 <= y[i]) != (y1 <= y[i]):
                    x0, x1 = areas.edges[e, 0], areas.edges[e, 2]
                    if x[i] < x0 + (y[i] - y0) / (y1 - y0) * (x1 - x0):
                        inside = not inside
            if inside:
                out[a] += 1


@njit()
def count_passed(passed):
    """Of crossings by person, line and direction (N, M, 2): by line (M, 3) to the right, to the left, and people who crossed."""
    people, lines = passed.shape[0], passed.shape[1]
    out = np.zeros((lines, 3), np.int64)
    for i in range(people):
        for m in range(lines):
            right, left = passed[i, m, 0], passed[i, m, 1]
            out[m, 0] += right
            out[m, 1] += left
            if right + left > 0:
                out[m, 2] += 1
    return out
