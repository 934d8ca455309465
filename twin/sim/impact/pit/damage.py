"""What settlement does to buildings: each facade as a deep beam that is bent and sheared by the ground (Burland and Wroth 1974).

The ground moves as if the building were not there (greenfield) and the facade goes along: that is on the safe side, since a stiff
building bends less. A facade is split where the curve of settlement turns from sagging to hogging. Of each part the deflection
ratio is the greatest distance from its chord over its length, and the horizontal strain is how much longer it becomes. A beam of
height H gets from a deflection ratio D / L the strains (lambda = L / H, e = E / G)

    hogging (turns about its foot): bending D/L 12 lambda / (lambda^2 + 6 e), diagonal D/L 6 e / (lambda^2 + 6 e)
    sagging (turns about its middle): bending D/L 12 lambda / (2 lambda^2 + 3 e), diagonal D/L 3 e / (3 e + 2 lambda^2)

which are the general formulas with t = H, I = H^3 / 3 and t = H / 2, I = H^3 / 12. Horizontal strain is added to the first and
combined with the second in Mohr's circle (Mair, Taylor and Burland 1996; Boscardin and Cording 1989). Categories are Burland's, by
the larger. Beside it, the state of strain by angular distortion (Boscardin and Cording 1989: slope less tilt), and the relative
rotation by EN 1997-1 annex H: 1/500 is acceptable for many structures, half of it where they hog.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit, prange

CATEGORY_LIMITS = (0.0005, 0.00075, 0.0015, 0.003)
"""Tensile strain from which categories 1, 2, 3 and 4 begin (Boscardin and Cording 1989; Burland 1995). 4 stands for 4 and 5: strain
does not tell them apart."""

CATEGORIES = ("negligible", "very slight", "slight", "moderate", "severe to very severe")

CRACKS = (
    "hairline cracks, below 0.1 mm", "fine cracks up to 1 mm, in finishes", "cracks up to 5 mm, doors and windows may stick",
    "cracks of 5 to 15 mm, or several above 3 mm; masonry to be repaired", "cracks above 15 mm; walls lean, parts to be replaced",
)  # fmt: skip
"""What Burland's categories look like; widths as in Boone 2001, after Burland, Broms and de Mello 1977."""

E_OVER_G = {"masonry": 2.6, "masonry with openings": 9.5, "frame": 12.5}
"""Young's over shear modulus by kind of building. 2.6 is that of an isotropic material with Poisson's ratio 0.3 (Burland and Wroth
1974); with openings of 10 to 30 % of the wall 8 to 11 (Son and Cording 2007); that of frames is Burland and Wroth's 12.5, of which
there was no second source: an estimate."""

POISSON = 0.3

CUT_MM = 1.0
"""Where the ground settles less than this a building is left out of its beam: the common line of 1 mm, an estimate."""

ROTATION = 1.0 / 500.0
"""Relative rotation that is acceptable for many structures (EN 1997-1 annex H); half of it in hogging."""

MODES = ("none", "sagging, bending", "sagging, diagonal", "hogging, bending", "hogging, diagonal")


class Foundation(NamedTuple):
    """What a kind of foundation makes of the movement of the ground.

    Attributes
    ----------
    settlement, horizontal : float
        Share of the greenfield movement that the building goes along with.
    told : str
        What was assumed.
    """

    settlement: float
    horizontal: float
    told: str


FOUNDATIONS = {
    "shallow": Foundation(1.0, 1.0, "follows the ground as if the building were not there"),
    "piles below": Foundation(
        0.0, 1.0, "piles end below the ground that moves: the building stays, the ground beside it does not (drag on piles, "
        "pipes); horizontal movement of the ground is kept"
    ),
    "piles within": Foundation(1.0, 1.0, "piles end in the ground that moves: as if it stood on the ground"),
    "wooden piles": Foundation(
        1.0, 1.0, "as if it stood on the ground; heads of piles may fall dry and drag on piles may come on top: to be looked into"
    ),
    "unknown": Foundation(1.0, 1.0, "not known: as if it stood on the ground; to be looked into"),
}  # fmt: skip
"""Assumptions by kind of foundation. Whether piles end in ground that moves is for the user to say."""


class Lines(NamedTuple):
    """Facades as lines, each with two points or more, one after the other.

    Attributes
    ----------
    first : (F + 1,) int64
        Where the points of each line begin, and the number of all points.
    along : (K,) float64
        Distance along the line, growing [m].
    settlement : (K,) float64
        Downwards [mm].
    stretch : (K,) float64
        Horizontal movement in the direction of the line [mm].
    height : (F,) float64
        Of the building, from its foundation to its eaves [m].
    e_over_g : (F,) float64
    ground : (K,) float64, optional
        Settlement of the ground, by which ends of the line are left out; where it is not given that of the building [mm].
    """

    first: NDArray[np.int64]
    along: NDArray[np.float64]
    settlement: NDArray[np.float64]
    stretch: NDArray[np.float64]
    height: NDArray[np.float64]
    e_over_g: NDArray[np.float64]
    ground: NDArray[np.float64] | None = None


class Strained(NamedTuple):
    """What becomes of each facade; strains are of its worst part.

    Attributes
    ----------
    strain, bending, diagonal : (F,) float64
        Tensile strain: the larger of the two, that by bending and the diagonal one, with horizontal strain in both.
    horizontal : (F,) float64
        Mean horizontal strain of that part; below 0 where it is squeezed.
    deflection_ratio, length : (F,) float64
        Of that part; the length in m.
    mode : (F,) int64
        Index of `MODES`.
    settlement : (F,) float64
        The largest along the facade [mm].
    tilt : (F,) float64
        Difference of settlement of the two ends over the length.
    distortion, distorted : (F,) float64
        Greatest angular distortion (slope less tilt), and the strain by it.
    rotation : (F,) float64
        Relative rotation over what EN 1997-1 annex H accepts; above 1 it is not.
    """

    strain: NDArray[np.float64]
    bending: NDArray[np.float64]
    diagonal: NDArray[np.float64]
    horizontal: NDArray[np.float64]
    deflection_ratio: NDArray[np.float64]
    length: NDArray[np.float64]
    mode: NDArray[np.int64]
    settlement: NDArray[np.float64]
    tilt: NDArray[np.float64]
    distortion: NDArray[np.float64]
    distorted: NDArray[np.float64]
    rotation: NDArray[np.float64]


class Beam(NamedTuple):
    """Strains of a deep beam; each float64.

    Attributes
    ----------
    bending, diagonal : float64
        By the deflection alone.
    bending_total, diagonal_total : float64
        With horizontal strain, 0 at least.
    """

    bending: NDArray[np.float64]
    diagonal: NDArray[np.float64]
    bending_total: NDArray[np.float64]
    diagonal_total: NDArray[np.float64]


def deep_beam(
    deflection_ratio: NDArray[np.float64] | float, length_m: NDArray[np.float64] | float, height_m: NDArray[np.float64] | float,
    e_over_g: NDArray[np.float64] | float = 2.6, horizontal: NDArray[np.float64] | float = 0.0, *, hogging: bool = True,
) -> Beam:  # fmt: skip
    """Strains of a deep beam, see the module.

    Parameters
    ----------
    deflection_ratio : float64
        Greatest distance from the chord over the length.
    length_m, height_m : float64
        [m]
    e_over_g : float64
    horizontal : float64
        Horizontal strain; below 0 where the beam is squeezed.
    hogging : bool
        Or else sagging.

    Returns
    -------
    Beam
    """
    slender = np.asarray(length_m, np.float64) / height_m
    stiff = np.asarray(e_over_g, np.float64) * (6.0 if hogging else 3.0)
    under = slender**2 * (1.0 if hogging else 2.0) + stiff
    bending, diagonal = deflection_ratio * 12.0 * slender / under, deflection_ratio * stiff / under
    strain = np.asarray(horizontal, np.float64)
    total = strain * (1.0 - POISSON) / 2.0 + np.hypot(strain * (1.0 + POISSON) / 2.0, diagonal)
    return Beam(bending, diagonal, np.maximum(bending + strain, 0.0), np.maximum(total, 0.0))


def category(strain: NDArray[np.float64]) -> NDArray[np.int64]:
    """Burland's category by tensile strain, (N,) int64: 0 to 4, where 4 stands for 4 and 5. A limit belongs to the higher one."""
    return np.searchsorted(CATEGORY_LIMITS, np.asarray(strain, np.float64), side="right").astype(np.int64)


def strained(lines: Lines, cut_mm: float = CUT_MM) -> Strained:
    """What becomes of facades.

    Parameters
    ----------
    lines : Lines
    cut_mm : float
        See `CUT_MM`.

    Returns
    -------
    Strained
    """
    count = len(lines.height)
    out, mode = np.zeros((count, 11)), np.zeros(count, np.int64)
    if count:
        ground = lines.settlement if lines.ground is None else lines.ground
        x, v, u, height, stiff, g = (np.ascontiguousarray(part, np.float64) for part in (*lines[1:6], ground))
        _strained(np.ascontiguousarray(lines.first, np.int64), x, v, u, g, height, stiff, float(cut_mm), POISSON, out, mode)
    columns = [out[:, k].copy() for k in range(11)]
    named = dict(zip([name for name in Strained._fields if name != "mode"], columns, strict=True))
    return Strained(mode=mode, **named)


@njit()
def _at(x, values, first, last, where):
    """Value at a distance along a line, straight between points."""
    for k in range(first, last - 1):
        if where <= x[k + 1] or k == last - 2:
            part = (where - x[k]) / (x[k + 1] - x[k])
            return values[k] + part * (values[k + 1] - values[k])
    return values[first]


@njit()
def _ends(x, v, first, last, cut):
    """Where a line enters and leaves the ground that settles by `cut` or more; the second is not above the first when it never
    does."""
    low, high = np.inf, -np.inf
    for k in range(first, last):
        if v[k] >= cut:
            low, high = min(low, x[k]), max(high, x[k])
        if k + 1 < last and (v[k] >= cut) != (v[k + 1] >= cut):
            where = x[k] + (cut - v[k]) / (v[k + 1] - v[k]) * (x[k + 1] - x[k])
            low, high = min(low, where), max(high, where)
    return low, high


@njit()
def _bend(x, v, k):
    """How far a point lies below the line between its neighbours: above 0 in sagging."""
    part = (x[k] - x[k - 1]) / (x[k + 1] - x[k - 1])
    return v[k] - (v[k - 1] + part * (v[k + 1] - v[k - 1]))


@njit()
def _part(x, v, u, first, last, low, high, height, e, poisson, worst):
    """Strains of a part of a line between two distances; kept in `worst` when they are larger than what is there."""
    if high - low <= 1e-9:
        return 0
    length = high - low
    start, end = _at(x, v, first, last, low), _at(x, v, first, last, high)
    stretch = (_at(x, u, first, last, high) - _at(x, u, first, last, low)) / length / 1000.0
    sag, hog, slope = 0.0, 0.0, (end - start) / length
    turn, before_x, before_v = 0.0, low, start
    for k in range(first, last + 1):
        here_x, here_v = (x[k], v[k]) if k < last else (high, end)
        if k < last and (here_x <= low or here_x >= high):
            continue
        off = here_v - (start + slope * (here_x - low))
        sag, hog = max(sag, off), max(hog, -off)
        if here_x - before_x > 1e-9:
            turn = max(turn, abs((here_v - before_v) / (here_x - before_x) - slope))
        before_x, before_v = here_x, here_v
    hogs = hog > sag
    ratio = max(sag, hog) / length / 1000.0
    turn /= 1000.0
    slender = length / height
    stiff = e * (6.0 if hogs else 3.0)
    under = slender * slender * (1.0 if hogs else 2.0) + stiff
    bending, diagonal = ratio * 12.0 * slender / under, ratio * stiff / under
    bent = max(bending + stretch, 0.0)
    sheared = max(stretch * (1.0 - poisson) / 2.0 + math.hypot(stretch * (1.0 + poisson) / 2.0, diagonal), 0.0)
    worst[10] = max(worst[10], turn / (0.5 * ROTATION if hogs else ROTATION))
    strain = max(bent, sheared)
    if strain <= worst[0]:
        return -1
    worst[0], worst[1], worst[2], worst[3], worst[4], worst[5] = strain, bent, sheared, stretch, ratio, length
    return (3 if hogs else 1) + (0 if bent >= sheared else 1)


@njit(parallel=True)
def _strained(first, x, v, u, ground, height, e_over_g, cut, poisson, out, mode):
    """As `strained`."""
    for i in prange(height.shape[0]):
        f = np.int64(i)
        a, b = first[f], first[f + 1]
        worst = np.zeros(11)
        kind = 0
        for k in range(a, b):
            worst[6] = max(worst[6], v[k])
        worst[7] = (v[b - 1] - v[a]) / (x[b - 1] - x[a]) / 1000.0
        low, high = _ends(x, ground, a, b, cut)
        if high > low:
            # curvature of less than a fiftieth of the greatest turns nothing: it may be of the cells of a grid
            most = 1e-9
            for k in range(a + 1, b - 1):
                if x[k] > low and x[k] < high:
                    most = max(most, abs(_bend(x, v, k)))
            begun, sign, since = low, 0, low
            for k in range(a + 1, b - 1):
                if x[k] <= low or x[k] >= high:
                    continue
                bend = _bend(x, v, k)
                now = 0 if abs(bend) < 0.02 * most else (1 if bend > 0.0 else -1)
                if now == 0:
                    continue
                if sign != 0 and now != sign:
                    turn = 0.5 * (since + x[k])
                    made = _part(x, v, u, a, b, begun, turn, height[f], e_over_g[f], poisson, worst)
                    kind = made if made > 0 else kind
                    begun = turn
                sign, since = now, x[k]
            made = _part(x, v, u, a, b, begun, high, height[f], e_over_g[f], poisson, worst)
            kind = made if made > 0 else kind
            # slope less tilt, over all of it
            length = high - low
            tilt = (_at(x, v, a, b, high) - _at(x, v, a, b, low)) / length
            stretch = (_at(x, u, a, b, high) - _at(x, u, a, b, low)) / length / 1000.0
            for k in range(a, b - 1):
                if x[k + 1] > low and x[k] < high:
                    worst[8] = max(worst[8], abs((v[k + 1] - v[k]) / (x[k + 1] - x[k]) - tilt) / 1000.0)
            worst[9] = max(stretch * (1.0 - poisson) / 2.0 + math.hypot(stretch * (1.0 + poisson) / 2.0, 0.5 * worst[8]), 0.0)
        for k in range(11):
            out[f, k] = worst[k]
        mode[f] = kind
