"""Radio signal of antennas in streets: path loss by 3GPP TR 38.901, with the line of sight that the city leaves.

The formulas are those of TR 38.901 (V17), table 7.4.1-1, for urban micro cells in street canyons ("umi") and urban macro cells
("uma"), 0.5 to 100 GHz, from 10 m to 5 km: with a line of sight two slopes that meet at the breakpoint, without one what is more
of that and a steeper slope. The breakpoint is 4 h'B h'U f / c, where h' are the heights of both ends above an environment of 1 m:
for receivers up to 13 m the report has no other. Chances of a line of sight are those of table 7.4.2-1. Slow and fast fading is
not in it; `SHADOW_FADING` is the spread of the first.

Nearer than 10 m the formulas say nothing: there the loss is that at 10 m. Where ends stand on ground of other heights, the way
between them has that rise, and heights of antenna and receiver are above the ground at their foot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.jit import njit, prange
from twin.sim.impact import sight
from twin.sim.impact.shadow import Surface

LIGHT_M_S = 3.0e8
"""Speed of light as TR 38.901 has it [m/s]."""

ENVIRONMENT_M = 1.0
"""Effective height of the environment, for receivers up to 13 m [m]."""

NEAREST_M, FARTHEST_M = 10.0, 5000.0
"""Between which distances on the map the formulas hold [m]."""

MODELS = ("umi", "uma")
SHADOW_FADING: Mapping[str, tuple[float, float]] = MappingProxyType({"umi": (4.0, 7.82), "uma": (4.0, 6.0)})
"""Standard deviation of the loss around that of the formulas, with a line of sight and without one [dB]."""

HEIGHTS: Mapping[str, float] = MappingProxyType({"umi": 10.0, "uma": 25.0})
"""Height of the antennas that the formulas were made for [m]."""

NO_SIGNAL = np.float32(-200.0)
"""What is told where nothing is received [dBm]: no antenna is near enough."""


class Link(NamedTuple):
    """What antennas and receivers have in common.

    Parameters
    ----------
    model : {"umi", "uma"}
    frequency_ghz : float
    receiver_m : float
        Height above the surface of who receives [m].
    """

    model: str = "umi"
    frequency_ghz: float = 3.5
    receiver_m: float = 1.5


class Antenna(NamedTuple):
    """An antenna that sends alike to all sides.

    Parameters
    ----------
    row, column : float
        Where it is; whole numbers are middles of cells [cells].
    cell : (int, int)
        Cell from whose middle it is looked: its own, or one beside it where its own is built on.
    z_m : float
        In the datum of the surface [m].
    height_m : float
        Above the ground at its foot [m].
    power_dbm : float
        What it sends, by the same measure as what is received [dBm].
    """

    row: float
    column: float
    cell: tuple[int, int]
    z_m: float
    height_m: float
    power_dbm: float


def breakpoint_m(frequency_ghz: float, antenna_m: float, receiver_m: float = 1.5) -> float:
    """Distance on the map at which the loss along a line of sight turns steeper [m]; heights are above the ground [m]."""
    heights = (antenna_m - ENVIRONMENT_M) * (receiver_m - ENVIRONMENT_M)
    return 4.0 * heights * frequency_ghz * 1e9 / LIGHT_M_S


def free_space(frequency_ghz: float, distance_m: ArrayLike) -> NDArray[np.float64]:
    """Loss in free space [dB] over distances in space [m]."""
    return np.asarray(20.0 * np.log10(4.0 * math.pi * np.asarray(distance_m, np.float64) * frequency_ghz * 1e9 / LIGHT_M_S))


def path_loss(
    link: Link, distance_m: ArrayLike, antenna_m: float, visible: ArrayLike, rise_m: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Loss between an antenna and receivers.

    Parameters
    ----------
    link : Link
    distance_m : (...) float
        On the map [m].
    antenna_m : float
        Above the ground at its foot, more than 1 [m].
    visible : (...) bool
        Whether there is a line of sight.
    rise_m : (...) float, optional
        From the receivers to the antenna; by default as on level ground [m].

    Returns
    -------
    (...) float64
        [dB]; infinite beyond 5 km.
    """
    up = antenna_m - link.receiver_m if rise_m is None else rise_m
    flat, seen, rise = np.broadcast_arrays(
        np.asarray(distance_m, np.float64), np.asarray(visible, np.bool_), np.asarray(up, np.float64)
    )
    turn, band = breakpoint_m(link.frequency_ghz, antenna_m, link.receiver_m), 20.0 * math.log10(link.frequency_ghz)
    out = np.empty(flat.size, np.float64)
    _losses(flat.ravel(), rise.ravel(), seen.ravel(), link.model == "uma", turn, band, link.receiver_m, out)
    return out.reshape(flat.shape)


def los_probability(model: str, distance_m: ArrayLike, receiver_m: float = 1.5) -> NDArray[np.float64]:
    """Chance of a line of sight where nothing is known of the city, 0 to 1, by distances on the map [m]."""
    far = np.maximum(np.asarray(distance_m, np.float64), 18.0)
    chance = 18.0 / far + np.exp(-far / (36.0 if model == "umi" else 63.0)) * (1.0 - 18.0 / far)
    if model == "uma" and receiver_m > 13.0:
        more = ((min(receiver_m, 23.0) - 13.0) / 10.0) ** 1.5
        chance = chance * (1.0 + more * 1.25 * (far / 100.0) ** 3 * np.exp(-far / 150.0))
        chance = np.where(np.asarray(distance_m) <= 18.0, 1.0, chance)
    return np.asarray(chance)


def reach_m(link: Link, antenna_m: float, most_db: float) -> float:
    """How far the loss along a line of sight stays within a bound, on level ground [m]; at least 10 m, at most 5 km."""
    low, high = NEAREST_M, FARTHEST_M
    if float(path_loss(link, high, antenna_m, True)) <= most_db:
        return high
    while high - low > 0.1:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if float(path_loss(link, middle, antenna_m, True)) <= most_db else (low, middle)
    return high


def received(
    of: Surface, antenna: Antenna, link: Link, reach: int
) -> tuple[tuple[slice, slice], NDArray[np.float32], NDArray[np.bool_]]:
    """What is received of an antenna around it.

    Parameters
    ----------
    of : Surface
        Ground and what stands on it.
    antenna : Antenna
    link : Link
    reach : int
        How far it is looked [cells]. What is found does not depend on how much of the city the surface shows beyond that.

    Returns
    -------
    cells : (slice, slice)
        Part of the surface within reach.
    signal : (r, c) float32
        Of that part [dBm]; `NO_SIGNAL` where the surface is unknown or further than `reach`.
    visible : (r, c) bool
        Whether there is a line of sight.
    """
    rows, columns = of.shape
    i, j = antenna.cell
    cells = slice(max(0, i - reach), min(rows, i + reach + 1)), slice(max(0, j - reach), min(columns, j + reach + 1))
    part = of._replace(rows=np.ascontiguousarray(of.rows[cells]))
    row, column = i - cells[0].start, j - cells[1].start
    visible = sight.viewshed(part, row, column, antenna.z_m, link.receiver_m, reach=reach)
    signal = np.empty(part.shape, np.float32)
    turn = breakpoint_m(link.frequency_ghz, antenna.height_m, link.receiver_m)
    _receive(
        part.rows, visible, antenna.row - cells[0].start, antenna.column - cells[1].start, antenna.z_m - link.receiver_m, of.cell,
        reach * of.cell, link.model == "uma", turn, 20.0 * math.log10(link.frequency_ghz), link.receiver_m, antenna.power_dbm,
        NO_SIGNAL, signal,
    )  # fmt: skip
    return cells, signal, visible


@njit(inline="always")
def _loss(flat, rise, seen, macro, turn, band, receiver):
    """Loss [dB] at a distance on the map [m]; `band` is 20 lg of the frequency in GHz, `turn` the breakpoint [m]."""
    if flat > 5000.0:
        return np.inf
    near = max(flat, 10.0)
    way = 0.5 * np.log10(near * near + rise * rise)
    if macro:
        free = 28.0 + band + (22.0 * way if near <= turn else 40.0 * way - 9.0 * np.log10(turn * turn + rise * rise))
        steep = 13.54 + 39.08 * way + band - 0.6 * (receiver - 1.5)
    else:
        free = 32.4 + band + (21.0 * way if near <= turn else 40.0 * way - 9.5 * np.log10(turn * turn + rise * rise))
        steep = 22.4 + 35.3 * way + 1.065 * band - 0.3 * (receiver - 1.5)
    return free if seen else max(free, steep)


@njit(parallel=True)
def _losses(flat, rise, seen, macro, turn, band, receiver, out):
    for k in prange(flat.size):
        out[k] = _loss(flat[k], rise[k], seen[k], macro, turn, band, receiver)


@njit(parallel=True)
def _receive(z, seen, row, column, eye, cell, reach, macro, turn, band, receiver, power, nothing, out):
    """`eye` is the height of the antenna less that of a receiver above its surface [m]."""
    rows, columns = z.shape
    for i in prange(rows):
        down = (np.float64(np.int64(i)) - row) * cell
        for j in range(columns):
            right = (j - column) * cell
            flat = np.sqrt(down * down + right * right)
            if flat > reach or z[i, j] < -1e30:
                out[i, j] = nothing
            else:
                lost = _loss(flat, eye - z[i, j] * cell, seen[i, j], macro, turn, band, receiver)
                out[i, j] = max(power - lost, nothing)
