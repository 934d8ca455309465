"""The thrust line of one arch: how much more of a live load it can be shown to carry, where it would hinge, how thin it could be.

By the safe theorem: a thrust within the ring at every joint proves that the arch stands. The largest factor on the live load for
which there is one is that of the mechanism too, as long as hinging governs: sliding and crushing are looked at after, and flagged.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.sim.impact.cellar.arch import Arch, Rows, rows_of, strip_share, summed_left
from twin.sim.impact.cellar.solve import solved

CRUSHING = 0.10
"""Part of the thrust that crushes the whole ring from which crushing may govern: a hinge then takes a tenth of the ring [1]."""
FRICTION = 0.6
"""Friction of joints, from which sliding may govern: an estimate for masonry [1]."""
WEAK_KPA = 3000.0
"""Strength by which crushing is flagged where none is given: an estimate for old brick in lime mortar [kPa]."""


class Thrust(NamedTuple):
    """The thrust in an arch.

    Parameters
    ----------
    factor : float
        Largest factor on the live load; inf when no load of that pattern makes it hinge, 0 when it is not shown to stand [1].
    use : float
        1 / factor; inf when it is not shown to stand [1].
    stands : bool
        Whether it is shown to stand under its own weight.
    horizontal, vertical : float
        Thrust at the left springing under dead load and `factor` times the live load [kN/m].
    line : (J, 2) float64
        Where the thrust passes the joints [m].
    eccentricity : (J,) float64
        From the middle, outward, over the thickness [1].
    normal, shear : (J,) float64
        Along and across the ring [kN/m].
    hinges : tuple of (int, bool)
        Joint, and whether on the extrados.
    crushing, sliding : bool
        Whether that could govern instead: more than `CRUSHING` of the strength, a steeper thrust than `FRICTION`.
    """

    factor: float
    use: float
    stands: bool
    horizontal: float
    vertical: float
    line: NDArray[np.float64]
    eccentricity: NDArray[np.float64]
    normal: NDArray[np.float64]
    shear: NDArray[np.float64]
    hinges: tuple[tuple[int, bool], ...]
    crushing: bool
    sliding: bool


class _End(NamedTuple):
    least: float
    v: NDArray[np.float64]
    tight: NDArray[np.int64]


def _programme(a: NDArray[np.float64], fourth: NDArray[np.float64], b: NDArray[np.float64]) -> _End:
    g = np.ascontiguousarray(np.vstack([a.T, fourth]))
    basis, inverse, y = np.empty(4, np.int64), np.empty((4, 4)), np.empty(4)
    least = float(solved(g, np.ascontiguousarray(b, dtype=np.float64), basis, inverse, y))
    return _End(least, b[basis] @ inverse[:, :3], basis[y > 1e-12])


def slack(rows: Rows, q: NDArray[np.float64] | None = None) -> _End:
    """The thrust that keeps farthest from every limit, and by how much it lacks: below 0 the arch stands."""
    load = rows.dead if q is None else rows.dead + rows.live @ q
    return _programme(rows.a, np.ones(len(load)), -load)


def stands(arch: Arch, q: NDArray[np.float64] | None = None, *, zone: float = 1.0, strength: float = math.inf) -> bool:
    """Whether an arch is shown to stand under its weight, and a live load (S,) [kPa]."""
    return slack(rows_of(arch, zone=zone, strength=strength), q).least < -1e-12


def geometric_factor(arch: Arch, q: NDArray[np.float64] | None = None, *, most: float = 1e4) -> float:
    """Thickness over the least that holds the thrust line under the same loads: below 1 it is not shown to stand.

    Heyman (1982) asks for 2 of arches of bridges.
    """
    def holds(part: float) -> bool:
        return stands(arch, q, zone=part)

    low, high = 1.0 / most, 4.0
    if not holds(high):
        return 0.0
    if holds(low):
        return most
    return 1.0 / _least(holds, low, high)


def _least(holds: Callable[[float], bool], low: float, high: float, *, steps: int = 40) -> float:
    for _ in range(steps):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def thinnest(made: Callable[[float], Arch], low: float, high: float) -> float:
    """The least thickness with which an arch stands under its own weight, its weights made anew for each [m]."""
    return _least(lambda ring: stands(made(ring)), low, high)


def load_factor(arch: Arch, q: NDArray[np.float64], *, strength: float = math.inf) -> Thrust:
    """Largest factor on a live load, with the thrust line in that state.

    Parameters
    ----------
    arch : Arch
    q : (S,) float64
        On each strip [kPa].
    strength : float
        In compression [kPa]; without one the masonry does not crush, and it is flagged where that may be untrue (`WEAK_KPA`).
    """
    q = np.asarray(q, dtype=np.float64)
    rows = rows_of(arch, strength=strength)
    rest = slack(rows)
    if rest.least >= -1e-12:
        return _state(arch, q, 0.0, rest.v, (), strength)._replace(stands=False, use=math.inf, factor=0.0)
    if not q.any():
        return _state(arch, q, 0.0, rest.v, (), strength)._replace(factor=math.inf, use=0.0)
    end = _programme(rows.a, rows.dead, -(rows.live @ q))
    if np.isnan(end.least):
        return _state(arch, q, 0.0, rest.v, (), strength)._replace(factor=math.nan, use=math.nan)
    if end.least <= 0.0 or (rows.joint[end.tight] < 0).any():
        # only the box ends it: no load of that pattern is too much
        return _state(arch, q, 0.0, rest.v, (), strength)._replace(factor=math.inf, use=0.0)
    count = len(arch.outer)
    hinges = sorted((int(rows.joint[row]), bool((row // count) % 2 == 0)) for row in end.tight)
    return _state(arch, q, 1.0 / end.least, end.v / end.least, tuple(dict.fromkeys(hinges)), strength)


def _state(
    arch: Arch, q: NDArray[np.float64], factor: float, v: NDArray[np.float64], hinges: tuple[tuple[int, bool], ...], strength: float
) -> Thrust:
    """Forces at the joints with the thrust `v` at the springing."""
    span, dead = float(arch.span), float(arch.dead)
    horizontal, vertical, moment = v[0] * dead, v[1] * dead, v[2] * dead * span
    middle, across = 0.5 * (arch.inner + arch.outer), arch.outer - arch.inner
    thickness = np.hypot(across[:, 0], across[:, 1])
    normal = across / thickness[:, None]
    force, place = strip_share(arch)
    load = factor * q * force
    left = summed_left(arch.weight) + load.sum(axis=1)
    turning = summed_left(arch.weight * arch.centroid) + (load * place).sum(axis=1)
    upward = vertical - left
    along = horizontal * normal[:, 1] - upward * normal[:, 0]
    sideways = horizontal * normal[:, 0] + upward * normal[:, 1]
    turn = (
        moment + (middle[0, 0] - middle[:, 0]) * vertical + (middle[:, 1] - middle[0, 1]) * horizontal
        + left * middle[:, 0] - turning
    )  # fmt: skip
    off = -turn / np.where(along == 0.0, np.nan, along)
    kpa = strength if math.isfinite(strength) else WEAK_KPA
    return Thrust(
        factor, 1.0 / factor if factor > 0.0 else 0.0, True, float(horizontal), float(vertical), middle + off[:, None] * normal,
        off / thickness, along, sideways, hinges, bool((along > CRUSHING * kpa * thickness).any()),
        bool((np.abs(sideways) > FRICTION * np.abs(along)).any()),
    )  # fmt: skip
