"""Drawdown by many wells on the cells of a grid, fast.

Steady flow by Thiem is a sum of logarithms: those of wells that pump the same are one logarithm of a product. All else is read from
a table over the square of the distance, by cubics between nodes that are spaced evenly within each doubling. Which cubic it is, is
in the bits of the number itself, so no logarithm is taken. The error of the table is measured when it is made.

Each row is worked out by one thread, wells in their order: the same to the bit on any number of threads.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange
from twin.sim.impact.pit.wells import Response, Wells, responses

BITS = 4
"""Each doubling of the square of the distance has 2 to this power of cubics."""

TOGETHER = 16
"""So many ratios of wells are multiplied before their logarithm is taken; more could leave the range of numbers."""

NEGLIGIBLE_M = 1e-7
"""A well is left out where it lowers the water by less than this [m]."""


class Field(NamedTuple):
    """Drawdown on a grid.

    Attributes
    ----------
    drawdown_m : (R, C) float32
        [m]
    error_m : float
        Greatest error of the tables together, on the safe side: that of each well at its worst distance, added up [m].
    """

    drawdown_m: NDArray[np.float32]
    error_m: float


def field(
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    pumped: Wells,
    *,
    transmissivity_m2_d: float,
    radius_of_influence_m: float | None = None,
    resistance_d: float | None = None,
    storativity: float | None = None,
    time_d: float | None = None,
) -> Field:
    """Drawdown by all wells together, at the centres of cells.

    Parameters
    ----------
    x_m, y_m : (C,) and (R,) float64
        Centres of columns and rows [m].
    pumped, transmissivity_m2_d, radius_of_influence_m, resistance_d, storativity, time_d
        As in `twin.sim.impact.pit.wells.drawdown_at`.

    Returns
    -------
    Field

    Raises
    ------
    ParameterError
        As `twin.sim.impact.pit.wells.responses`.
    """
    answer, history = responses(
        pumped, transmissivity_m2_d=transmissivity_m2_d, radius_of_influence_m=radius_of_influence_m, resistance_d=resistance_d,
        storativity=storativity, time_d=time_d,
    )  # fmt: skip
    out = np.zeros((len(y_m), len(x_m)), np.float32)
    if not out.size or not len(pumped.x_m):
        return Field(out, 0.0)
    x, y = (np.ascontiguousarray(part, dtype=np.float64) for part in (x_m, y_m))
    # near the origin, or squares lose what small distances are made of
    ox, oy = float(x[0]), float(y[0])
    wx, wy, hole = pumped.x_m - ox, pumped.y_m - oy, pumped.radius_m**2
    x, y = x - ox, y - oy
    q = np.array(pumped.discharge_m3_d, dtype=np.float64)
    if not math.isnan(answer.radius_m):
        order = np.lexsort((np.arange(len(q)), q))
        groups = _alike(q[order])
        if 4 * len(groups) <= len(q) + 12:
            _products(x, y, wx[order], wy[order], hole[order], groups, *_scaled(x, y, q[order][groups[:-1]], answer), out)
            return Field(out, 0.0)
    far = (np.maximum(np.abs(x[0] - wx), np.abs(x[-1] - wx)) + np.maximum(np.abs(y[0] - wy), np.abs(y[-1] - wy))) ** 2
    size = float(np.abs(q).max())
    tables = [_table(answer, k, float(hole.min()), float(far.max()), size) for k in range(len(answer.ages_d))]
    begins = np.cumsum([0, *(len(part.cubics) for part in tables)])[:-1] - tables[0].first
    reach = np.array([part.reach for part in tables])
    cubics = np.concatenate([part.cubics for part in tables])
    _tables(x, y, wx, wy, hole, q, begins[history], reach[history], cubics, out)
    worst = np.array([part.error for part in tables])
    return Field(out, float(np.abs(q) @ worst[history]))


def _alike(q: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where groups of wells that pump the same begin, and the end of the last; none larger than may be multiplied."""
    starts = [0]
    for k in range(1, len(q)):
        if q[k] != q[k - 1] or k - starts[-1] == TOGETHER:
            starts.append(k)
    return np.array([*starts, len(q)], np.int64)


def _scaled(
    x: NDArray[np.float64], y: NDArray[np.float64], q: NDArray[np.float64], answer: Response
) -> tuple[NDArray[np.float64], float, float]:
    """Factors of the logarithms, what ratios are scaled by, and the greatest that counts."""
    bounded = math.isfinite(answer.radius_m)
    # where wells balance, any distance will do
    reach = answer.radius_m**2 if bounded else float(np.hypot(np.ptp(x), np.ptp(y)) + 1.0) ** 2
    return -q / (4.0 * math.pi * answer.transmissivity_m2_d), 1.0 / reach, 1.0 if bounded else math.inf


@njit(parallel=True)
def _products(xs, ys, wx, wy, hole, groups, factor, scale, most, out):
    columns = out.shape[1]
    for row in prange(out.shape[0]):
        total, product = np.zeros(columns), np.empty(columns)
        for g in range(factor.shape[0]):
            product[:] = 1.0
            for k in range(groups[g], groups[g + 1]):
                dy2 = (ys[row] - wy[k]) ** 2
                x, least = wx[k], hole[k]
                for column in range(columns):
                    product[column] *= min(max((xs[column] - x) ** 2 + dy2, least) * scale, most)
            for column in range(columns):
                total[column] += factor[g] * math.log(product[column])
        for column in range(columns):
            out[row, column] = total[column]


class _Table(NamedTuple):
    cubics: NDArray[np.float64]
    first: int
    reach: float
    error: float


def _table(answer: Response, history: int, low: float, high: float, size: float) -> _Table:
    """Cubics of a response, from the square of one distance to that of another, and a last one that is 0 for what is beyond."""
    shift = 52 - BITS
    first = int(np.float64(low).view(np.int64)) >> shift
    last = int(np.float64(max(high, low)).view(np.int64)) >> shift
    nodes = (np.arange(first, last + 2, dtype=np.int64) << shift).view(np.float64)
    begin, step = nodes[:-1], np.diff(nodes)
    smooth = answer if math.isnan(answer.radius_m) else answer._replace(radius_m=math.inf)
    values = np.stack([smooth.at(begin + part * step, history) for part in (0.0, 1 / 3, 2 / 3, 1.0)])
    if math.isfinite(answer.radius_m):
        values -= smooth.at(answer.radius_m**2)
    a, b, c, d = values
    cubics = np.column_stack([
        a, -5.5 * a + 9.0 * b - 4.5 * c + d, 9.0 * a - 22.5 * b + 18.0 * c - 4.5 * d, -4.5 * a + 13.5 * b - 13.5 * c + 4.5 * d
    ])  # fmt: skip
    error = 0.0
    for part in (0.13, 0.5, 0.87):
        made = cubics[:, 0] + part * (cubics[:, 1] + part * (cubics[:, 2] + part * cubics[:, 3]))
        known = smooth.at(begin + part * step, history) - (smooth.at(answer.radius_m**2) if math.isfinite(answer.radius_m) else 0.0)
        error = max(error, float(np.abs(made - known).max()))
    end, reach, beyond = len(begin), float(nodes[-1]), 0.0
    if not math.isnan(answer.radius_m):
        reach = min(answer.radius_m**2, reach)
    else:
        felt = np.flatnonzero(np.abs(a) * size > NEGLIGIBLE_M)
        end = int(felt[-1]) + 1 if len(felt) else 0
        reach, beyond = float(nodes[end]), float(np.abs(a[end:]).max(initial=0.0))
    return _Table(np.concatenate([cubics[:end], np.zeros((1, 4))]), first, reach, error + beyond)


@njit(parallel=True)
def _tables(xs, ys, wx, wy, hole, q, begins, reach, cubics, out):
    columns = out.shape[1]
    shift, ones = np.int64(52 - BITS), np.int64(1023) << np.int64(52)
    mask, bits_ = (np.int64(1) << shift) - np.int64(1), np.int64(BITS)
    for row in prange(out.shape[0]):
        total, squared, part = np.zeros(columns), np.empty(columns), np.empty(columns)
        bits, parts = squared.view(np.int64), part.view(np.int64)
        for k in range(wx.shape[0]):
            dy2 = (ys[row] - wy[k]) ** 2
            x, least, far, pumped, begin = wx[k], hole[k], reach[k], q[k], begins[k]
            if dy2 >= far:
                continue
            for column in range(columns):
                squared[column] = min(max((xs[column] - x) ** 2 + dy2, least), far)
            # the number of the cubic; and where in it, as a number from 1 to 2 that is put together from bits
            for column in range(columns):
                parts[column] = ((bits[column] & mask) << bits_) | ones
                bits[column] = (bits[column] >> shift) + begin
            for column in range(columns):
                n, u = bits[column], part[column] - 1.0
                total[column] += pumped * (cubics[n, 0] + u * (cubics[n, 1] + u * (cubics[n, 2] + u * cubics[n, 3])))
        for column in range(columns):
            out[row, column] = total[column]
