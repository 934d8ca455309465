"""Distances of all pairs of people, frame by frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange


def widest_pair(start: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Greatest distance of two people of one frame [m]; 0 without any."""
    return float(np.sqrt(_widest(start, x, y).max(initial=0.0)))


def pair_counts(
    start: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64], edges: NDArray[np.float64]
) -> tuple[NDArray[np.int64], int]:
    """Pairs by class of distance, and all pairs.

    Parameters
    ----------
    start : (F + 1,) int64
        First row of each frame.
    x, y : (N,) float64
        [m]
    edges : (K + 1,) float64
        Ends of the classes, evenly spread from 0; a class holds its upper end and not its lower one [m].
    """
    counts = _counts(start, x, y, edges)
    size = np.diff(start)
    return counts.sum(axis=0), int((size * (size - 1) // 2).sum())


@njit(parallel=True)
def _widest(start, x, y):
    out = np.zeros(start.shape[0] - 1)
    for f in prange(start.shape[0] - 1):
        most = 0.0
        for i in range(start[f], start[f + 1]):
            for j in range(i + 1, start[f + 1]):
                most = max(most, (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2)
        out[f] = most
    return out


@njit(parallel=True)
def _counts(start, x, y, edges):
    classes = edges.shape[0] - 1
    blocks = min(64, start.shape[0] - 1)
    # a row a block of frames, so that no two threads write the same
    out = np.zeros((max(blocks, 1), max(classes, 0)), np.int64)
    if classes < 1:
        return out
    width = edges[1] - edges[0]
    for b in prange(blocks):
        for f in range(b * (start.shape[0] - 1) // blocks, (b + 1) * (start.shape[0] - 1) // blocks):
            for i in range(start[f], start[f + 1]):
                for j in range(i + 1, start[f + 1]):
                    d = np.sqrt((x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2)
                    k = min(int(d / width), classes - 1)
                    # the ends as they are stored decide, not a quotient
                    while k > 0 and d <= edges[k]:
                        k -= 1
                    while k < classes and d > edges[k + 1]:
                        k += 1
                    if k < classes and d > edges[k]:
                        out[b, k] += 1
    return out
