"""How often the wind is faster than a threshold, from factors by direction and the wind climate: sums over Weibull distributions.

Of the hours in which the wind comes from sector s a share exp(-(U / A_s)^k_s) is faster than U. Where the local speed is the factor
g times that of the reference, it is faster than a threshold t in those hours in which the reference is faster than t / g. Shares of
sectors, times how often the wind comes from each, add up.

No flow is worked out here: the factors come from a wind tunnel or from CFD.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange

FIT_FROM_M_S, FIT_UNTIL = 4.0, 0.99
"""A distribution is fitted from this speed [m/s] up to the one that this part of the hours stays below (Wieringa and Rijkoort 1983,
Windklimaat van Nederland, formula 5.18): lower speeds have another course, and are of no concern to nuisance or danger."""


class Climate(NamedTuple):
    """How often the wind comes from each sector, and how fast it is then, at the place and height that factors refer to.

    Attributes
    ----------
    share : (S,) float64
        Of all hours.
    scale : (S,) float64
        A of Weibull [m/s].
    shape : (S,) float64
        k of Weibull.
    """

    share: NDArray[np.float64]
    scale: NDArray[np.float64]
    shape: NDArray[np.float64]


def gaps(directions_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Directions that are missing between others that are whole steps apart, (M,) [deg]; NaN where they are not.

    Parameters
    ----------
    directions_deg : (D,) float64
        Rising, from 0 up to 360, which is not in it.
    """
    if len(directions_deg) < 2:
        return np.array([np.nan])
    apart = np.diff(directions_deg, append=directions_deg[0] + 360.0)
    step = float(apart.min())
    count = round(360.0 / step)
    if abs(count * step - 360.0) > 0.05 * count:
        return np.array([np.nan])
    there = (directions_deg - directions_deg[0]) / 360.0 * count
    if np.abs(there - there.round()).max() > 0.05:
        return np.array([np.nan])
    missing = np.setdiff1d(np.arange(count), there.round().astype(np.int64) % count)
    return np.asarray((directions_deg[0] + missing * 360.0 / count) % 360.0)


def weights(sectors_deg: NDArray[np.float64], directions_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Which directions of factors stand for each sector of the climate: the nearest, or half of each of two as near.

    Parameters
    ----------
    sectors_deg : (S,) float64
    directions_deg : (D,) float64
        Evenly round.

    Returns
    -------
    (S, D) float64
        Each row sums to 1.
    """
    away = np.abs((sectors_deg[:, None] - directions_deg[None, :] + 180.0) % 360.0 - 180.0)
    near = away <= away.min(axis=1, keepdims=True) + 1e-6
    made: NDArray[np.float64] = near / near.sum(axis=1, keepdims=True)
    return made


def exceedance(
    factors: NDArray[np.float64], of_sector: NDArray[np.float64], climate: Climate, threshold_m_s: float
) -> NDArray[np.float64]:
    """Share of all hours in which the local wind is faster than a threshold.

    Parameters
    ----------
    factors : (N, D) float64
        Local speed over that of the reference, by direction; NaN where nothing is known.
    of_sector : (S, D) float64
        From `weights`.
    climate : Climate
    threshold_m_s : float
        [m/s]

    Returns
    -------
    (N,) float64
        0 to 1; NaN where a factor is.
    """
    made = np.empty(len(factors))
    _exceedance(
        np.ascontiguousarray(factors, dtype=np.float64), np.ascontiguousarray(of_sector), climate.share, climate.scale,
        climate.shape, threshold_m_s, made,
    )  # fmt: skip
    return made


@njit(parallel=True)
def _exceedance(factors, of_sector, share, scale, shape, threshold, out):
    sectors, directions = of_sector.shape
    for i in prange(len(factors)):
        row = np.int64(i)
        total = 0.0
        for s in range(sectors):
            part = 0.0
            for d in range(directions):
                weight = of_sector[s, d]
                if weight > 0.0:
                    factor = factors[row, d]
                    if factor > 0.0:
                        part += weight * np.exp(-((threshold / (factor * scale[s])) ** shape[s]))
                    elif factor != 0.0:
                        part = np.nan
            total += share[s] * part
        out[row] = total


def sector_of(direction_deg: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Which of so many sectors, the first round north, a direction lies in, (N,); of two as near the one further clockwise."""
    step = 360.0 / count
    return np.floor((direction_deg / step + 0.5) % count).astype(np.int64) % count


def hours_above(
    factors: NDArray[np.float64], directions_deg: NDArray[np.float64], direction_deg: NDArray[np.float64],
    speed_m_s: NDArray[np.float64], threshold_m_s: float,
) -> NDArray[np.float64]:  # fmt: skip
    """Share of hours in which the local wind is faster than a threshold, by counting them.

    Parameters
    ----------
    factors : (N, D) float64
    directions_deg : (D,) float64
        Evenly round, from any first one on.
    direction_deg, speed_m_s : (H,) float64
        Of the reference, hour by hour [deg, m/s]; a direction may be NaN where it is calm.
    threshold_m_s : float

    Returns
    -------
    (N,) float64
    """
    known = np.isfinite(direction_deg)
    of = sector_of(direction_deg[known] - directions_deg[0], len(directions_deg))
    speed = speed_m_s[known]
    made = np.zeros(len(factors))
    for d in range(len(directions_deg)):
        rising = np.sort(speed[of == d])
        factor = factors[:, d]
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = np.where(factor > 0.0, threshold_m_s / factor, np.where(factor == 0.0, np.inf, np.nan))
        above = len(rising) - np.searchsorted(rising, needed, side="right")
        made += np.where(np.isnan(needed), np.nan, above)
    return np.asarray(made / max(len(speed_m_s), 1))


def resolution(speed_m_s: NDArray[np.float64]) -> float:
    """What speeds were rounded to: 1, 0.5 or 0.1 m/s, or 0 when to nothing [m/s]."""
    for step in (1.0, 0.5, 0.1):
        if np.abs(speed_m_s - (speed_m_s / step).round() * step).max(initial=0.0) < 1e-6:
            return step
    return 0.0


def fit(speed_m_s: NDArray[np.float64], step_m_s: float) -> tuple[float, float]:
    """Shape and scale of the Weibull distribution of speeds, by least squares in ln(-ln(share above)) over ln(speed).

    Parameters
    ----------
    speed_m_s : (H,) float64
        Of the hours of one sector [m/s].
    step_m_s : float
        What they were rounded to, from `resolution`: shares are counted between the values that there are [m/s].

    Returns
    -------
    (k, A) : tuple of float
        NaN when fewer than three speeds can be told apart.
    """
    rising = np.sort(speed_m_s)
    if not len(rising):
        return float("nan"), float("nan")
    top = float(np.quantile(rising, FIT_UNTIL))
    each = max(0.5, step_m_s)
    first = FIT_FROM_M_S - 0.5 * step_m_s
    edges = first + each * np.arange(max(0, int(np.ceil((top + each - first) / each))) + 1)
    above = (len(rising) - np.searchsorted(rising, edges, side="right")) / len(rising)
    good = (above > 0.0) & (above < 1.0)
    good[1:] &= above[:-1] > 1.0 - FIT_UNTIL
    if good.sum() < 3:
        return float("nan"), float("nan")
    x, y = np.log(edges[good]), np.log(-np.log(above[good]))
    x_mean, y_mean = x.mean(), y.mean()
    k = float(((x - x_mean) * (y - y_mean)).sum() / ((x - x_mean) ** 2).sum())
    return k, float(np.exp(x_mean - y_mean / k)) if k > 0.0 else float("nan")


def kept_triangles(points: NDArray[np.float64], triangles: NDArray[np.int32], longest_m: float) -> NDArray[np.bool_]:
    """Triangles none of whose edges is longer than some length, (T,).

    Parameters
    ----------
    points : (N, 2) float64
        [m]
    triangles : (T, 3) int32
        Their corners among the points.
    longest_m : float
        [m]
    """
    corners = points[triangles]
    edges = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)
    return np.asarray(edges.max(axis=1, initial=0.0) <= longest_m)


def between(
    points: NDArray[np.float64], triangles: NDArray[np.int32], values: NDArray[np.float64], at: NDArray[np.float64],
    of: NDArray[np.int64],
) -> NDArray[np.float64]:  # fmt: skip
    """Values between points, linear in each triangle.

    Parameters
    ----------
    points : (N, 2) float64
        [m]
    triangles : (T, 3) int32
    values : (N,) float64
        At the points.
    at : (M, 2) float64
        [m]
    of : (M,) int64
        Triangle that each place lies in, -1 for none.

    Returns
    -------
    (M,) float64
        NaN where there is no triangle.
    """
    made = np.full(len(at), np.nan)
    inside = of >= 0
    corner = triangles[of[inside]]
    a, b, c = (points[corner[:, k]] for k in range(3))
    to = at[inside] - a
    one, two = b - a, c - a
    area = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    u = (to[:, 0] * two[:, 1] - to[:, 1] * two[:, 0]) / area
    v = (one[:, 0] * to[:, 1] - one[:, 1] * to[:, 0]) / area
    u, v = np.clip(u, 0.0, 1.0), np.clip(v, 0.0, 1.0)
    first = values[corner[:, 0]]
    made[inside] = first + u * (values[corner[:, 1]] - first) + v * (values[corner[:, 2]] - first)
    return made
