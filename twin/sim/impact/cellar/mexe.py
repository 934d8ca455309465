"""The modified MEXE method: an allowable axle load of a masonry arch from its shape and state (BA 16/97 with Amendment 2, ch. 3).

For the barrel alone, of spans up to 18 m. It rests on an elastic parabola with two pins and a load at the crown (Pippard), gives an
allowable load, and is not to be mixed with the load factor of a thrust line. Under shallow rings and deep ground (h > d) it may be
unconservative (cl. 6.17); h + d is then taken as no more than 2 d, which is the default here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

LARGEST_T = 70.0
SPANS_M, DEPTHS_M = (1.5, 18.0), (0.25, 1.8)
"""Spans, and ring and ground together, that the nomogram of the method has [m]."""
RING, GROUND = 1.0, 0.7
"""Barrel and fill factors of building brick and of well compacted ground: estimates, from memory of tables 3/1 and 3/2."""
JOINT_WIDTH, JOINT_DEPTH, MORTAR = 0.9, 0.9, 0.9
"""Joint factors of joints of 6 to 12.5 mm, not fully pointed, with loose mortar: estimates, from memory of tables 3/3 to 3/5."""
CONDITIONS = {"good": 0.9, "fair": 0.7, "poor": 0.4, "unknown": 0.6}
"""Condition factor by word: a choice; below 0.4 the method asks for repair or closure."""


class Mexe(NamedTuple):
    """What MEXE gives; arrays of the shape of what it was given.

    Parameters
    ----------
    pal_t : (N,) float64
        Provisional axle load [t].
    span_rise, profile, material, joint, condition : (N,) float64
        Factors [1].
    axle_t : (N,) float64
        Modified axle load: what it allows [t].
    limited : (N,) bool
        Whether h + d was cut to 2 d.
    shallow : (N,) bool
        Whether h > d: it may be unconservative.
    outside : (N,) bool
        Whether span or depth lie outside what the method is for.
    assumed : (N,) bool
        Whether the span/rise factor is a straight line where the method has a curve (span over rise above 4).
    """

    pal_t: NDArray[np.float64]
    span_rise: NDArray[np.float64]
    profile: NDArray[np.float64]
    material: NDArray[np.float64]
    joint: NDArray[np.float64]
    condition: NDArray[np.float64]
    axle_t: NDArray[np.float64]
    limited: NDArray[np.bool_]
    shallow: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    assumed: NDArray[np.bool_]


def provisional_axle_load(span: ArrayLike, depth: ArrayLike) -> NDArray[np.float64]:
    """``740 (d + h)^2 / L^1.3``, at most 70 t (fig. 3/1).

    Parameters
    ----------
    span, depth : (N,) float64
        L, and ring and ground together [m].
    """
    return np.minimum(740.0 * np.asarray(depth, np.float64) ** 2 / np.asarray(span, np.float64) ** 1.3, LARGEST_T)


def span_rise_factor(span: ArrayLike, rise: ArrayLike) -> NDArray[np.float64]:
    """1 up to a span of 4 rises, down to 0.6 at 8 (fig. 3/3). The method has a curve; a straight line is put for it here."""
    ratio = np.asarray(span, np.float64) / np.asarray(rise, np.float64)
    return np.clip(1.0 - 0.1 * (ratio - 4.0), 0.6, 1.0)


def profile_factor(rise: ArrayLike, quarter: ArrayLike) -> NDArray[np.float64]:
    """``2.3 ((rc - rq) / rc)^0.6``, 1 where the rise rq at the quarters is 0.75 rc or less (fig. 3/4)."""
    rise, quarter = np.asarray(rise, np.float64), np.asarray(quarter, np.float64)
    flat = np.maximum(rise - quarter, 0.0) / rise
    return np.where(quarter <= 0.75 * rise, 1.0, 2.3 * flat**0.6)


def quarter_rise(span: ArrayLike, rise: ArrayLike) -> NDArray[np.float64]:
    """Height of a circular intrados above the springing at the quarters of the span [m]."""
    span, rise = np.asarray(span, np.float64), np.asarray(rise, np.float64)
    radius = (rise**2 + (span / 2.0) ** 2) / (2.0 * rise)
    return np.sqrt(radius**2 - (span / 4.0) ** 2) - (radius - rise)


def mexe(
    span: ArrayLike, rise: ArrayLike, ring: ArrayLike, cover: ArrayLike, *, quarter: ArrayLike | None = None,
    barrel: ArrayLike = RING, fill: ArrayLike = GROUND, width: ArrayLike = JOINT_WIDTH, pointing: ArrayLike = JOINT_DEPTH,
    mortar: ArrayLike = MORTAR, condition: ArrayLike = CONDITIONS["unknown"], limit: bool = True,
) -> Mexe:  # fmt: skip
    """The axle load that MEXE allows.

    Parameters
    ----------
    span, rise, ring, cover : (N,) float64
        Of the intrados; thickness of the ring; ground above the crown with what is laid on it [m].
    quarter : (N,) float64, optional
        Rise at the quarters; by default that of a circle [m].
    barrel, fill : float
        Factors of ring and ground, weighted by their depths: ``Fm = (Fb d + Ff h) / (d + h)`` [1].
    width, pointing, mortar : float
        Joint factors, multiplied [1].
    condition : float
        By judgement, 0 to 1 [1].
    limit : bool
        Take h + d as no more than 2 d.
    """
    span, rise, ring, cover = (np.asarray(one, dtype=np.float64) for one in (span, rise, ring, cover))
    over = np.minimum(cover, ring) if limit else cover
    depth = ring + over
    pal = provisional_axle_load(span, depth)
    span_rise = span_rise_factor(span, rise)
    profile = profile_factor(rise, quarter_rise(span, rise) if quarter is None else quarter)
    material = (np.asarray(barrel, np.float64) * ring + np.asarray(fill, np.float64) * over) / depth
    joint = np.asarray(width, np.float64) * np.asarray(pointing, np.float64) * np.asarray(mortar, np.float64)
    state = np.asarray(condition, np.float64)
    outside = (span < SPANS_M[0]) | (span > SPANS_M[1]) | (depth < DEPTHS_M[0]) | (depth > DEPTHS_M[1])
    axle = pal * span_rise * profile * material * joint * state
    return Mexe(
        pal, span_rise, profile, material, joint, state, axle, over < cover, cover > ring, outside, span > 4.0 * rise + 1e-9
    )
