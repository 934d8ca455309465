"""The arch of a vault as voussoirs: joints, weights with their true centroids, and the conditions on the thrust in it.

A strip of the barrel of 1 m along the cellar. Places are across the span from its middle, heights above the springing; the left
springing is joint 0. Assumed is what Heyman assumes (*The Stone Skeleton*, 1995): no tension, no sliding, and no crushing unless a
strength is given. Abutments do not move. The ground does not push back sideways: that only helps, and is left out.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

BRICKWORK_KN_M3, FILL_KN_M3 = 20.0, 18.0
"""Unit weights where none is given: estimates, within the 18 to 20 and 17 to 20 that are usual for brickwork and sand [kN/m3]."""
JOINTS = 31
STRIPS = 12
BOX = 1.0e3
"""No thrust counts that is larger than this many times the dead load: so each programme is bounded."""
CHORDS = (0.0, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0)
"""Thrusts, as parts of that which crushes the whole ring, between which the limit of crushing is taken as straight."""
_GAUSS_X, _GAUSS_W = np.polynomial.legendre.leggauss(6)


class Arch(NamedTuple):
    """An arch, 1 m along the barrel; or many of them, along leading axes.

    Parameters
    ----------
    inner, outer : (..., J, 2) float64
        Ends of the joints on the intrados and the extrados, from left to right: place and height [m].
    weight : (..., J - 1) float64
        Of what lies between two joints, with the ground above it [kN/m].
    centroid : (..., J - 1) float64
        Place of that weight [m].
    strips : (..., S + 1) float64
        Edges of the strips that live loads are given for, rising [m].
    """

    inner: NDArray[np.float64]
    outer: NDArray[np.float64]
    weight: NDArray[np.float64]
    centroid: NDArray[np.float64]
    strips: NDArray[np.float64]

    @property
    def span(self) -> NDArray[np.float64]:
        """Between the springings, inside, (...) [m]."""
        return np.asarray(self.inner[..., -1, 0] - self.inner[..., 0, 0])

    @property
    def dead(self) -> NDArray[np.float64]:
        """Weight of all of it, (...) [kN/m]."""
        return np.asarray(self.weight.sum(axis=-1))


class Circle(NamedTuple):
    """The circle of a vault: radius of its intrados [m], height of its centre above the springing [m], half its angle [rad]."""

    radius: NDArray[np.float64]
    centre: NDArray[np.float64]
    half: NDArray[np.float64]


class Rows(NamedTuple):
    """Conditions on the thrust: ``a @ (H, V, M) + dead + factor * live @ q >= 0`` in each row.

    H, V and M are the thrust at the left springing as parts of the dead load (M also by the span); the last six rows are the box.

    Parameters
    ----------
    a : (..., M, 3) float64
    dead : (..., M) float64
    live : (..., M, S) float64
        Per kPa on each strip.
    joint : (M,) int64
        That the row is of; -1 for the box.
    """

    a: NDArray[np.float64]
    dead: NDArray[np.float64]
    live: NDArray[np.float64]
    joint: NDArray[np.int64]


def circle_of(span: ArrayLike, rise: ArrayLike) -> Circle:
    """Circle through both springings and the crown; a rise of more than half the span is taken as half.

    Parameters
    ----------
    span, rise : (...) float64
        Of the intrados [m].
    """
    span = np.asarray(span, np.float64)
    rise = np.minimum(np.asarray(rise, np.float64), span / 2.0)
    radius = (rise**2 + (span / 2.0) ** 2) / (2.0 * rise)
    half = np.where(rise < span / 2.0, np.arcsin(np.minimum(1.0, span / 2.0 / radius)), np.pi / 2.0)
    return Circle(radius, rise - radius, half)


def segment(
    span: ArrayLike, rise: ArrayLike, ring: ArrayLike, *, cover: ArrayLike | None = 0.0, backing: ArrayLike = 0.0,
    joints: int = JOINTS, strips: int = STRIPS, brickwork: ArrayLike = BRICKWORK_KN_M3, fill: ArrayLike = FILL_KN_M3,
) -> Arch:  # fmt: skip
    """The arch of a circular vault, with radial joints; of many, where arrays are given.

    Radial cuts are those of Milankovitch; by them the thinnest semicircle has t/R 0.1075 (see Alexakis and Makris 2013).

    Parameters
    ----------
    span, rise, ring : (...) float64
        Of the intrados, and thickness [m].
    cover : (...) float64, optional
        Ground above the crown, level on top [m]; None for a bare ring.
    backing : (...) float64
        Height above the springing up to which the haunches are solid: the arch springs from where its extrados comes above it [m].
    joints, strips : int
    brickwork, fill : (...) float64
        Unit weights [kN/m3].

    Returns
    -------
    Arch
    """
    span, rise, ring, backing, brickwork, fill = np.broadcast_arrays(
        *(np.asarray(one, np.float64) for one in (span, rise, ring, backing, brickwork, fill))
    )
    circle = circle_of(span, rise)
    inside, outside = circle.radius, circle.radius + ring
    backed = np.arccos(np.clip((backing - circle.centre) / outside, -1.0, 1.0))
    half = np.where(backing > 0.0, np.maximum(np.minimum(circle.half, backed), 0.05), circle.half)
    angle = half[..., None] * np.linspace(-1.0, 1.0, joints)
    turned = np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    up = np.stack([np.zeros_like(circle.centre), circle.centre], axis=-1)[..., None, :]
    inner, outer = inside[..., None, None] * turned + up, outside[..., None, None] * turned + up
    step = np.diff(angle, axis=-1)
    middle = 0.5 * (angle[..., 1:] + angle[..., :-1])
    own = (brickwork * 0.5 * (outside**2 - inside**2))[..., None] * step
    reach = (2.0 / 3.0) * (outside**3 - inside**3) / (outside**2 - inside**2)
    weight, moment = own, own * reach[..., None] * np.sin(step / 2.0) / (step / 2.0) * np.sin(middle)
    if cover is not None:
        above, leaning = _ground(middle, step, outside[..., None], (outside + np.asarray(cover, np.float64))[..., None])
        weight, moment = weight + fill[..., None] * above, moment + fill[..., None] * leaning
    end = outer[..., -1, 0]
    return Arch(inner, outer, weight, moment / weight, end[..., None] * np.linspace(-1.0, 1.0, strips + 1))


def _ground(
    middle: NDArray[np.float64], step: NDArray[np.float64], outside: NDArray[np.float64], level: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area between the extrados and a level above the centre, between joints, and its moment about the middle [m2], [m3]."""
    area, moment = np.zeros_like(middle), np.zeros_like(middle)
    for place, share in zip(_GAUSS_X, _GAUSS_W, strict=True):
        at = middle + 0.5 * step * place
        x, fall = outside * np.sin(at), outside * np.cos(at)
        piece = (level - fall) * fall * share * 0.5 * step
        area += piece
        moment += piece * x
    return area, moment


def upright_semicircle(ring: float, *, joints: int = 401) -> Arch:
    """A bare semicircle of radius 1 in its middle line, cut upright; its thinnest is 0.1095 and not 0.1075.

    Only to tell the two apart. The cuts end where the intrados does; the last joint is the level one of the springing.
    """
    inside, outside = 1.0 - ring / 2.0, 1.0 + ring / 2.0
    x = inside * np.sin(np.linspace(-np.pi / 2, np.pi / 2, joints - 2)[1:-1])
    low, high = np.sqrt(inside**2 - x**2), np.sqrt(outside**2 - x**2)
    inner = np.concatenate([[(-inside, 0.0)], np.column_stack([x, low]), [(inside, 0.0)]])
    outer = np.concatenate([[(-outside, 0.0)], np.column_stack([x, high]), [(outside, 0.0)]])
    area = _below(outside, np.concatenate([[-outside], x, [outside]])) - _below(inside, np.concatenate([[-inside], x, [inside]]))
    first = _moment(outside, np.concatenate([[-outside], x, [outside]])) - _moment(inside, np.concatenate([[-inside], x, [inside]]))
    return Arch(inner, outer, area, first / area, np.linspace(-outside, outside, STRIPS + 1))


def _below(radius: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    share = np.clip(x / radius, -1.0, 1.0)
    return np.diff(0.5 * radius**2 * (np.arcsin(share) + share * np.sqrt(1.0 - share**2)))


def _moment(radius: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.diff(-np.maximum(radius**2 - x**2, 0.0) ** 1.5 / 3.0)


def parabola(span: float, rise: float, thickness: float, dead: float, *, joints: int = 65, strips: int = STRIPS) -> Arch:
    """A parabola with upright joints under a dead load that is uniform along the span: cases with answers in closed form.

    Parameters
    ----------
    span, rise, thickness : float
        Of the middle line; the thickness is upright [m].
    dead : float
        [kN/m2]
    joints, strips : int
    """
    x = np.linspace(-span / 2.0, span / 2.0, joints)
    z = rise * (1.0 - (2.0 * x / span) ** 2)
    inner, outer = np.column_stack([x, z - thickness / 2.0]), np.column_stack([x, z + thickness / 2.0])
    edges = np.linspace(x[0], x[-1], strips + 1)
    return Arch(inner, outer, dead * np.diff(x), 0.5 * (x[1:] + x[:-1]), edges)


def strip_share(arch: Arch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of 1 kPa on each strip what stands left of each joint: force (..., J, S) [kN/m] and place of it (..., J, S) [m].

    A live load stands on the extrados, so left of a joint is left of its upper end.
    """
    low, high = arch.strips[..., None, :-1], arch.strips[..., None, 1:]
    end = np.minimum(np.maximum(arch.outer[..., 0][..., None], low), high)
    return end - low, 0.5 * (end + low)


def summed_left(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums up to each joint, (..., J), of values between joints, (..., J - 1)."""
    return np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)


def rows_of(arch: Arch, *, zone: float = 1.0, strength: float = math.inf) -> Rows:
    """Conditions that the thrust stays in the ring at every joint (the safe theorem, Heyman 1966).

    The thrust passes a joint between its ends when it turns one way about one end and the other way about the other; both are
    linear in the thrust at the springing and in the loads. With a strength f the zone that it may use is t/2 - N/(2f) from the
    middle, N its part along the ring: the curve is replaced by chords (`CHORDS`), on the safe side.

    Parameters
    ----------
    arch : Arch
    zone : float
        Part of the thickness that the thrust may use [1].
    strength : float
        Of the masonry in compression [kPa].
    """
    span, dead = arch.span[..., None], arch.dead[..., None]
    middle, across = 0.5 * (arch.inner + arch.outer), arch.outer - arch.inner
    x, z = middle[..., 0], middle[..., 1]
    thickness = np.hypot(across[..., 0], across[..., 1])
    east, up = across[..., 0] / thickness, across[..., 1] / thickness
    force, place = strip_share(arch)
    left, turning = summed_left(arch.weight), summed_left(arch.weight * arch.centroid)
    turn = np.stack([(z - z[..., :1]) / span, (x[..., :1] - x) / span, np.ones_like(x)], axis=-1)
    turn_dead = (left * x - turning) / (span * dead)
    turn_live = force * (x[..., None] - place) / (span * dead)[..., None]
    along = np.stack([up, -east, np.zeros_like(x)], axis=-1)
    along_dead, along_live = east * left / dead, east[..., None] * force / dead[..., None]
    half = zone * thickness / (2.0 * span)
    steps = [(half, np.zeros_like(half))]
    if math.isfinite(strength):
        crush, steps = strength * thickness / dead, []
        for low, high in pairwise(CHORDS):
            # the limit N (t - N/f) / 2 at both ends of a chord; N as a part of what crushes the ring
            slope = half * ((high - high**2) - (low - low**2)) / (high - low)
            steps.append((slope, half * crush * (low - low**2) - slope * low * crush))
    a, constant, live = [], [], []
    for slope, rest in steps:
        for sign in (1.0, -1.0):
            a.append(sign * turn + slope[..., None] * along)
            constant.append(sign * turn_dead + slope * along_dead + rest)
            live.append(sign * turn_live + slope[..., None] * along_live)
    lead = x.shape[:-1]
    a.append(np.broadcast_to(np.concatenate([np.eye(3), -np.eye(3)]), (*lead, 6, 3)))
    constant.append(np.full((*lead, 6), BOX))
    live.append(np.zeros((*lead, 6, force.shape[-1])))
    joint = np.concatenate([np.tile(np.arange(x.shape[-1]), 2 * len(steps)), np.full(6, -1)]).astype(np.int64)
    return Rows(np.concatenate(a, axis=-2), np.concatenate(constant, axis=-1), np.concatenate(live, axis=-2), joint)
