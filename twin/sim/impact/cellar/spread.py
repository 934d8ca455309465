"""How a load on the street spreads through the ground above a vault.

Four ways: ``2:1`` (half a metre on each side a metre down), ``1:1`` (45 degrees, as EN 1991-2 cl. 4.3.6 has it), ``30 deg``, and
``boussinesq`` (an elastic half-space, by integrals in closed form). Under thin cover 1:1 is the unsafe end, two or three times
below the others.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

SLOPES = {"2:1": 0.5, "1:1": 1.0, "30 deg": math.tan(math.radians(30.0))}
"""How much a load spreads to each side, per depth [1]."""
METHODS = (*SLOPES, "boussinesq")


def spread_width(size: ArrayLike, depth: ArrayLike, method: str = "2:1") -> NDArray[np.float64]:
    """Width over which a patch of a size spreads at a depth [m]; one of `SLOPES`."""
    return np.asarray(size, np.float64) + 2.0 * SLOPES[method] * np.asarray(depth, np.float64)


def point_stress(load: float, depth: ArrayLike, beside: ArrayLike) -> NDArray[np.float64]:
    """Upright stress under a point load: ``3 Q / (2 pi z^2) (1 + (r/z)^2)^-2.5`` (Boussinesq 1885) [kPa].

    Parameters
    ----------
    load : float
        [kN]
    depth, beside : float64
        z and r [m].
    """
    z, r = np.asarray(depth, np.float64), np.asarray(beside, np.float64)
    return np.asarray(3.0 * load / (2.0 * np.pi * z**2) * (1.0 + (r / z) ** 2) ** -2.5)


def circle_stress(pressure: float, radius: float, depth: ArrayLike) -> NDArray[np.float64]:
    """Stress under the middle of a loaded circle: ``q (1 - (1 + (R/z)^2)^-1.5)`` [kPa]."""
    return np.asarray(pressure * (1.0 - (1.0 + (radius / np.asarray(depth, np.float64)) ** 2) ** -1.5))


def corner_factor(m: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    """Stress under the corner of a loaded rectangle over its pressure; m and n are its sides over the depth (Newmark 1935).

    Odd in both, so that any rectangle is a sum of four.
    """
    m, n = np.asarray(m, np.float64), np.asarray(n, np.float64)
    root = np.sqrt(1.0 + m**2 + n**2)
    return np.asarray((np.arctan(m * n / root) + m * n / root * (1.0 / (1.0 + m**2) + 1.0 / (1.0 + n**2))) / (2.0 * np.pi))


def strip_stress(pressure: float, width: float, depth: ArrayLike, beside: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Stress under an endless strip: ``q / pi (a + sin a cos(a + 2 b))``, a the angle in which it is seen [kPa].

    Under its middle that is ``q / pi (2 t + sin 2 t)`` with ``t = arctan(B / 2z)``.

    Parameters
    ----------
    pressure : float
        [kPa]
    width : float
        B [m].
    depth, beside : float64
        z, and the distance from the middle [m].
    """
    z, x = np.asarray(depth, np.float64), np.asarray(beside, np.float64)
    left, right = np.arctan((x - width / 2.0) / z), np.arctan((x + width / 2.0) / z)
    return np.asarray(pressure / np.pi * ((right - left) + np.sin(right - left) * np.cos(right + left)))


def patch_stress(
    x: ArrayLike, y: ArrayLike, load: float, size: tuple[float, float], depth: ArrayLike, method: str = "2:1"
) -> NDArray[np.float64]:
    """Upright stress at a depth below the street around a loaded patch.

    Parameters
    ----------
    x, y : (...) float64
        From the middle of the patch [m].
    load : float
        [kN]
    size : (float, float)
        Of the patch along x and y [m].
    depth : (...) float64
        [m]
    method : str
        One of `METHODS`.

    Returns
    -------
    (...) float64
        [kPa]
    """
    x, y, depth = np.asarray(x, np.float64), np.asarray(y, np.float64), np.maximum(np.asarray(depth, np.float64), 1e-9)
    if method == "boussinesq":
        pressure = load / (size[0] * size[1])
        m = [(x + side * size[0] / 2.0) / depth for side in (1.0, -1.0)]
        n = [(y + side * size[1] / 2.0) / depth for side in (1.0, -1.0)]
        return pressure * (
            corner_factor(m[0], n[0]) - corner_factor(m[0], n[1]) - corner_factor(m[1], n[0]) + corner_factor(m[1], n[1])
        )
    wide, long = spread_width(size[0], depth, method), spread_width(size[1], depth, method)
    return np.where((np.abs(x) <= wide / 2.0) & (np.abs(y) <= long / 2.0), load / (wide * long), 0.0)


def left_of(x: ArrayLike, size: ArrayLike, depth: ArrayLike, method: str = "2:1") -> NDArray[np.float64]:
    """Part of a patch's load that arrives left of a place, at a depth [1]; x from the middle of the patch [m]."""
    x, size, depth = np.asarray(x, np.float64), np.asarray(size, np.float64), np.maximum(np.asarray(depth, np.float64), 1e-9)
    if method != "boussinesq":
        return np.clip(x / spread_width(size, depth, method) + 0.5, 0.0, 1.0)

    # the integral of the stress under a line load is 1/2 + (arctan(x/z) + x z / (x^2 + z^2)) / pi; that of it is this
    def twice(place: NDArray[np.float64]) -> NDArray[np.float64]:
        return place / 2.0 + place / np.pi * np.arctan(place / depth)

    return (twice(x + size / 2.0) - twice(x - size / 2.0)) / size


def strip_parts(
    edges: NDArray[np.float64], places: ArrayLike, size: float, depth: ArrayLike, method: str = "2:1"
) -> NDArray[np.float64]:
    """Part of a patch's load on each strip across the span; what goes beyond the last is the abutments'.

    Parameters
    ----------
    edges : (..., S + 1) float64
        Of the strips, rising [m].
    places : (..., T) float64
        Of the middle of the patch [m].
    size : float
        Of the patch across the span [m].
    depth : (...) float64
        Of the vault below the street [m].
    method : str
        One of `METHODS`.

    Returns
    -------
    (..., T, S) float64
        Sum to 1 at most [1].
    """
    at = np.asarray(edges, np.float64)[..., None, :] - np.asarray(places, np.float64)[..., :, None]
    return np.diff(left_of(at, size, np.asarray(depth, np.float64)[..., None, None], method), axis=-1)


def width_along(
    size: float, depth: ArrayLike, method: str = "2:1", *, pair: float = 0.0, room: ArrayLike = math.inf
) -> NDArray[np.float64]:
    """Width of vault, along the barrel, that carries one patch of a row [m].

    Two patches that spread into each other share a width of one and the distance between them. By Boussinesq it is the width
    over which the greatest stress would have to hold.

    Parameters
    ----------
    size : float
        Of the patch along the barrel [m].
    depth : (...) float64
        Of the vault below the street [m].
    method : str
    pair : float
        Distance to a second patch with the same load; 0 for none [m].
    room : (...) float64
        Length of vault there is [m]: no load spreads beyond the end of the cellar.

    Returns
    -------
    (...) float64
    """
    depth, room = np.asarray(depth, np.float64), np.asarray(room, np.float64)
    if method == "boussinesq":
        deep = np.maximum(depth, 1e-3)
        both = patch_stress(0.0, 0.0, 1.0, (size, size), deep, method)
        if pair > 0.0:
            both = both + patch_stress(0.0, pair, 1.0, (size, size), deep, method)
        return np.minimum(strip_stress(1.0 / size, size, deep) / both, room)
    wide = spread_width(size, depth, method)
    shared = (pair > 0.0) & (wide > pair)
    return np.where(shared, np.minimum(0.5 * (wide + pair), 0.5 * room), np.minimum(wide, room))


def smoothing(edges: NDArray[np.float64], depth: ArrayLike, method: str = "2:1") -> NDArray[np.float64]:
    """What 1 kPa on each strip of the street makes on each strip of the vault.

    People do not end where the vault does: what goes beyond an end comes back from the other side of it, so that the same
    everywhere stays the same everywhere, and no load is lost.

    Parameters
    ----------
    edges : (..., S + 1) float64
        [m]
    depth : (...) float64
        [m]
    method : str

    Returns
    -------
    (..., S, S) float64
        ``q_below = q_above @ out`` [1].
    """
    width = np.diff(edges, axis=-1)
    middle = 0.5 * (edges[..., 1:] + edges[..., :-1])
    deep = np.asarray(depth, np.float64)[..., None, None]
    first, last = edges[..., :1], edges[..., -1:]
    parts = np.zeros((*middle.shape, middle.shape[-1]))
    for source in (middle, 2.0 * first - middle, 2.0 * last - middle):
        parts += np.diff(left_of(edges[..., None, :] - source[..., :, None], width[..., :, None], deep, method), axis=-1)
    return parts * width[..., :, None] / width[..., None, :]
