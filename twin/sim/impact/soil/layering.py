"""Layers from the records of a cone penetration test: smooth, take runs of one zone, join runs that are too thin.

A layer keeps what it swallowed: how thick each zone in it was. Nothing is corrected for the cone that feels 5 to 15 of its
diameters ahead, so a seam of sand thinner than about half a metre looks softer than it is.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

SOFT_ZONES = (1, 2, 3)
"""Zones of which thin seams between sand are kept: they govern settlement and uplift."""

SAND_ZONES = (5, 6, 7, 8)

_ZONES = 10


class Layers(NamedTuple):
    """Layers from the top down.

    Attributes
    ----------
    top, bottom : (K,) float64
        Depths [m].
    zone : (K,) uint8
        The zone that is thickest in it; 0 where nothing was measured.
    parts : (K, 10) float64
        Thickness of each zone in it [m].
    """

    top: Values
    bottom: Values
    zone: NDArray[np.uint8]
    parts: Values


def median_filter(depth: ArrayLike, values: ArrayLike, window_m: float) -> Values:
    """Median of the records within half a window of each, which takes out spikes and keeps steps where they are.

    Parameters
    ----------
    depth : (N,) array_like
        Rising [m].
    values : (N,) array_like
        NaN does not count; a median of nothing is NaN.
    window_m : float
        [m]; 0 leaves the values as they are.
    """
    down, seen = np.asarray(depth, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if window_m <= 0 or len(down) < 3:
        return seen.copy()
    slack = 1e-9 + 0.5 * window_m
    first, last = np.searchsorted(down, down - slack), np.searchsorted(down, down + slack, side="right")
    # the same number above and below, else the ends of a profile lean to one side
    half = np.minimum(np.arange(len(down)) - first, last - 1 - np.arange(len(down)))
    reach = np.arange(-int(half.max(initial=0)), int(half.max(initial=0)) + 1)
    places = np.arange(len(down))[:, None] + reach
    inside = np.abs(reach)[None, :] <= half[:, None]
    near = np.where(inside, seen[np.clip(places, 0, len(down) - 1)], np.nan)
    some = np.isfinite(near).any(axis=1)
    found = np.full(len(down), np.nan)
    found[some] = np.nanmedian(near[some], axis=1)
    return found


def runs(depth: ArrayLike, zone: ArrayLike, longest_gap_m: float = 0.5) -> Layers:
    """Stretches of one zone; a record reaches half the way to its neighbours.

    Parameters
    ----------
    depth : (N,) array_like
        Rising [m].
    zone : (N,) array_like
        0 where nothing was measured.
    longest_gap_m : float
        Where nothing was measured over more than this, that is a layer of its own, of zone 0; else its neighbours meet in the
        middle [m].

    Returns
    -------
    Layers
        They lie on each other from the first to the last record that has a zone; none where fewer than two have.
    """
    down, kinds = np.asarray(depth, dtype=np.float64), np.asarray(zone).astype(np.int64)
    down, kinds = down[kinds > 0], kinds[kinds > 0]
    if len(down) < 2 or down[-1] <= down[0]:
        return Layers(np.empty(0), np.empty(0), np.empty(0, np.uint8), np.empty((0, _ZONES)))
    middle = 0.5 * (down[1:] + down[:-1])
    apart = np.diff(down) > longest_gap_m
    cuts = np.flatnonzero(apart | (kinds[1:] != kinds[:-1]))
    tops, bottoms, found = [down[0]], [], [kinds[0]]
    for cut in cuts.tolist():
        if apart[cut]:
            bottoms += [down[cut], down[cut + 1]]
            tops += [down[cut], down[cut + 1]]
            found += [0, kinds[cut + 1]]
        else:
            bottoms.append(middle[cut])
            tops.append(middle[cut])
            found.append(kinds[cut + 1])
    top, bottom = np.array(tops), np.array([*bottoms, down[-1]])
    kept = bottom > top
    kind = np.array(found, dtype=np.uint8)[kept]
    parts = np.zeros((len(kind), _ZONES))
    parts[np.arange(len(kind)), kind] = (bottom - top)[kept]
    return Layers(top[kept], bottom[kept], kind, parts)


def merge(layers: Layers, index: ArrayLike, least_m: float = 0.3, least_soft_m: float = 0.1) -> Layers:
    """Join layers that are too thin: the thinnest first, to the neighbour whose index is nearest.

    Where both neighbours are equally near the thicker one takes it, then the upper one. A joined layer has the zone that is
    thickest in it, and layers of one zone that touch are one. Soft seams between sand are kept from `least_soft_m` on. A layer
    in which nothing was measured joins nothing, and what lies between two such is left however thin it is.

    Parameters
    ----------
    layers : Layers
    index : (K,) array_like
        Mean Ic of each layer.
    least_m, least_soft_m : float
        Thinnest layer, and thinnest soft seam between sand [m].

    Returns
    -------
    Layers
        Of the same total thickness; joining them again changes nothing.
    """
    count = len(layers.top)
    if not count:
        return layers
    work = _Chain(layers, np.asarray(index, dtype=np.float64), least_m, least_soft_m)
    for k in range(count):
        work.offer(k)
    while (thin := work.thinnest()) is not None:
        near = work.open_neighbours(thin)
        if near:
            work.join(thin, min(near, key=lambda one: work.farness(thin, one)))
    return work.result()


class _Chain:
    """Layers as a chain from which links are taken, with a queue of those that may be too thin."""

    def __init__(self, layers: Layers, index: Values, least: float, soft: float) -> None:
        count = len(layers.top)
        self.top, self.bottom, self.parts = layers.top.copy(), layers.bottom.copy(), layers.parts.copy()
        self.zone, self.index = layers.zone.astype(np.int64), index.copy()
        self.up, self.down = list(range(-1, count - 1)), [*range(1, count), -1]
        self.alive, self.version = [True] * count, [0] * count
        self.least, self.soft = least, soft
        self.queue: list[tuple[float, int, int]] = []

    def thick(self, k: int) -> float:
        return float(self.bottom[k] - self.top[k])

    def offer(self, k: int) -> None:
        if k >= 0 and self.zone[k]:
            heapq.heappush(self.queue, (round(self.thick(k), 9), k, self.version[k]))

    def thinnest(self) -> int | None:
        while self.queue:
            thickness, k, version = heapq.heappop(self.queue)
            if self.alive[k] and version == self.version[k] and thickness < self.limit(k) - 1e-9:
                return k
        return None

    def limit(self, k: int) -> float:
        around = [self.up[k], self.down[k]]
        between = all(other >= 0 and self.zone[other] in SAND_ZONES for other in around)
        return min(self.least, self.soft) if between and self.zone[k] in SOFT_ZONES else self.least

    def open_neighbours(self, k: int) -> list[int]:
        return [one for one in (self.up[k], self.down[k]) if one >= 0 and self.zone[one]]

    def farness(self, k: int, other: int) -> tuple[float, float, bool]:
        """Less for the neighbour that takes it: that of the nearest index, the thicker, the upper."""
        return round(abs(float(self.index[k] - self.index[other])), 9), -round(self.thick(other), 9), other == self.down[k]

    def join(self, gone: int, into: int) -> None:
        """Let one layer take its neighbour, and then what has the same zone above and below."""
        share = self.thick(gone) / (self.thick(gone) + self.thick(into))
        self.index[into] += share * (self.index[gone] - self.index[into])
        self.parts[into] += self.parts[gone]
        self.top[into], self.bottom[into] = min(self.top[gone], self.top[into]), max(self.bottom[gone], self.bottom[into])
        thickest = self.parts[into].max()
        if self.parts[into, self.zone[into]] < thickest - 1e-9:
            self.zone[into] = int(self.parts[into].argmax())
        up, down = self.up[gone], self.down[gone]
        if up >= 0:
            self.down[up] = down
        if down >= 0:
            self.up[down] = up
        self.alive[gone] = False
        self.version[into] += 1
        for other in (self.up[into], self.down[into]):
            if other >= 0 and self.zone[other] == self.zone[into]:
                self.join(other, into)
                return
        for one in (into, self.up[into], self.down[into]):
            self.offer(one)

    def result(self) -> Layers:
        rows = [k for k, alive in enumerate(self.alive) if alive]
        return Layers(self.top[rows], self.bottom[rows], self.zone[rows].astype(np.uint8), self.parts[rows])


def members(layers: Layers, depth: ArrayLike) -> NDArray[np.int64]:
    """Which layer each record lies in; -1 outside, and for records on a boundary the lower one."""
    down = np.asarray(depth, dtype=np.float64)
    if not len(layers.top):
        return np.full(len(down), -1, dtype=np.int64)
    found = np.searchsorted(layers.top, down + 1e-9, side="right") - 1
    inside = (found >= 0) & (down <= layers.bottom[np.maximum(found, 0)] + 1e-9)
    return np.where(inside, found, -1)


def weights(depth: ArrayLike) -> Values:
    """How much of the ground each record stands for: half the way to its neighbours [m]."""
    down = np.asarray(depth, dtype=np.float64)
    if len(down) < 2:
        return np.ones(len(down))
    edges = np.concatenate([down[:1], 0.5 * (down[1:] + down[:-1]), down[-1:]])
    return np.maximum(np.diff(edges), 1e-9)


def quantile(values: ArrayLike, weight: ArrayLike, share: float) -> float:
    """A quantile of weighted values: the least one that this share of the weight is at or below; NaN without values."""
    seen, heavy = np.asarray(values, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    known = np.isfinite(seen) & (heavy > 0)
    if not known.any():
        return float("nan")
    order = np.argsort(seen[known], kind="stable")
    reached = np.cumsum(heavy[known][order])
    place = int(np.searchsorted(reached, share * reached[-1] * (1.0 - 1e-12)))
    return float(seen[known][order][min(place, len(order) - 1)])


def means(values: ArrayLike, weight: ArrayLike) -> tuple[float, float, float]:
    """Arithmetic, geometric and harmonic mean of weighted values above 0; NaN without any.

    Beside each other (water along layers) values add up by the first, on top of each other (water across layers, settlement)
    by the last.
    """
    seen, heavy = np.asarray(values, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    known = np.isfinite(seen) & (seen > 0) & (heavy > 0)
    if not known.any():
        return (float("nan"),) * 3
    part, given = heavy[known] / heavy[known].sum(), seen[known]
    return float(part @ given), float(np.exp(part @ np.log(given))), float(1.0 / (part @ (1.0 / given)))
