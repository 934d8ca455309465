"""Settlement of a column of soil when the water in it falls: stresses, strains, and how long it takes.

A fall of the water takes away what it carried: the effective stress rises by the unit weight of water times the fall, below the new
level; between the levels it rises from nothing. Under an aquitard the water has a head of its own; through the aquitard the
pressure goes straight from one to the other, as it does in the end. The weight of the soil is taken as it was, which is a little
too much: soil that drains becomes lighter (`drained_is_lighter`). Above the water level there is no suction.

The column is cut in slices of half a metre at most, since the logarithm of a mean is not the mean of logarithms. Strains:

- NEN-Bjerrum (NEN 9997-1; Bjerrum 1967): ``RR log(sp / s0) + CR log(s1 / sp)``, with the part beyond the preconsolidation stress
  sp, which is at least what the lowest water level of the past has brought about. With creep it is the isotache model in linear
  strain (Den Haan 1994; NEN-Bjerrum in D-Settlement): the rate of creep is Ca / (ln(10) t0) on the line through sp, with t0 one
  day, and falls tenfold with each Ca of creep; it is tenfold with each ``Ca / (CR - RR)`` more of the logarithm of stress. Solved
  for a step, creep up to t is ``Ca log(1 + t / t0 (s1 / sp)^((CR - RR) / Ca))``. Long after the step that makes ``RR log(sp / s0) +
  CR log(s1 / sp) + Ca log(t / t0)`` in all. What would have crept without the step is subtracted: a fall of nothing settles
  nothing.
- Koppejan (1948): ``(1 / Cp + log t / Cs) ln(sp / s0) + (1 / C'p + log t / C's) ln(s1 / sp)``, t in days.
- Linear: ``(s1 - s0) / M``.

log is of base 10. Pressures are in kPa, levels in the datum, upwards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WATER_KN_M3 = 10.0
"""Unit weight of water here [kN/m3]."""

LEAST_KPA = 1.0
"""Effective stress is taken as this at least: at the surface and in peat below water it would be nothing, of which there is no
logarithm."""

METHODS = ("bjerrum", "koppejan", "linear")

_DAY_S = 86400.0


class Column(NamedTuple):
    """Layers of soil from top to bottom, each (L,) float64. NaN where a layer does not have a value.

    Attributes
    ----------
    top, bottom : (L,) float64
        Each bottom is the next top [m].
    dry, saturated : (L,) float64
        Unit weight above and below water [kN/m3].
    rr, cr, ca : (L,) float64
        Reloading and compression ratio, and secondary compression, of the logarithm of base 10.
    m : (L,) float64
        Constrained modulus [kPa].
    cp, cs, cp1, cs1 : (L,) float64
        Koppejan: primary and secular before, and C'p and C's beyond the preconsolidation stress.
    ocr, pop : (L,) float64
        Preconsolidation stress over the stress now, and above it [kPa]; the larger of the two holds.
    cv : (L,) float64
        Coefficient of consolidation [m2/s]; NaN is at once.
    """

    top: NDArray[np.float64]
    bottom: NDArray[np.float64]
    dry: NDArray[np.float64]
    saturated: NDArray[np.float64]
    rr: NDArray[np.float64]
    cr: NDArray[np.float64]
    ca: NDArray[np.float64]
    m: NDArray[np.float64]
    cp: NDArray[np.float64]
    cs: NDArray[np.float64]
    cp1: NDArray[np.float64]
    cs1: NDArray[np.float64]
    ocr: NDArray[np.float64]
    pop: NDArray[np.float64]
    cv: NDArray[np.float64]


class Water(NamedTuple):
    """Water in a column, at N places or moments.

    Attributes
    ----------
    phreatic : (N,) float64
        Level of the water table [m].
    head : (N,) float64, optional
        Of the aquifer below the aquitard [m]; without it the water stands still everywhere.
    aquitard_top, aquitard_bottom : float
        Levels between which the pressure goes from one to the other [m].
    """

    phreatic: NDArray[np.float64]
    head: NDArray[np.float64] | None = None
    aquitard_top: float = np.nan
    aquitard_bottom: float = np.nan


class Settled(NamedTuple):
    """What a column settles.

    Attributes
    ----------
    total : (N,) float64
        [m]
    layers : (N, L) float64
        Of each layer [m].
    """

    total: NDArray[np.float64]
    layers: NDArray[np.float64]


class Slices(NamedTuple):
    """A column in slices.

    Attributes
    ----------
    middle, thickness : (S,) float64
        [m]
    layer : (S,) int64
        Which layer each is of.
    """

    middle: NDArray[np.float64]
    thickness: NDArray[np.float64]
    layer: NDArray[np.int64]


def column(top: NDArray[np.float64], bottom: NDArray[np.float64], **values: NDArray[np.float64]) -> Column:
    """Make a column; what is not given is NaN.

    Unit weights are 17 and 19 kN/m3 then, the soil is normally consolidated, and before its preconsolidation stress Koppejan's
    values are four times those beyond it, as some programs have it: estimates.
    """
    given = {name: np.asarray(value, np.float64) for name, value in values.items()}
    fallback = {"dry": 17.0, "saturated": 19.0, "ocr": 1.0, "pop": 0.0}
    count = len(np.atleast_1d(top))
    for name in Column._fields[2:]:
        full = np.broadcast_to(given.get(name, np.nan), count)
        given[name] = np.where(np.isnan(full), fallback.get(name, np.nan), full)
    for before, beyond in (("cp", "cp1"), ("cs", "cs1")):
        given[before] = np.where(np.isnan(given[before]), 4.0 * given[beyond], given[before])
    return Column(top=np.asarray(top, np.float64), bottom=np.asarray(bottom, np.float64), **given)


def sliced(of: Column, most_m: float = 0.5) -> Slices:
    """Cut each layer in equal slices that are no thicker than this [m]."""
    thick = of.top - of.bottom
    count = np.maximum(np.ceil(thick / most_m - 1e-9), 1.0).astype(np.int64)
    layer = np.repeat(np.arange(len(thick)), count)
    thickness = (thick / count)[layer]
    nth = np.arange(len(layer)) - np.repeat(np.cumsum(count) - count, count)
    return Slices(of.top[layer] - (nth + 0.5) * thickness, thickness, layer)


def pore_pressure(z: NDArray[np.float64], water: Water) -> NDArray[np.float64]:
    """Pressure of the water at levels, (N, S) float64 [kPa].

    Parameters
    ----------
    z : (S,) float64
        [m]
    water : Water
    """
    phreatic = np.asarray(water.phreatic, np.float64)[:, None]
    above = WATER_KN_M3 * np.maximum(phreatic - z, 0.0)
    if water.head is None:
        return above
    top, bottom = water.aquitard_top, water.aquitard_bottom
    at_top = WATER_KN_M3 * np.maximum(phreatic - top, 0.0)
    head = np.asarray(water.head, np.float64)[:, None]
    at_bottom = WATER_KN_M3 * np.maximum(head - bottom, 0.0)
    part = np.clip((top - z) / (top - bottom), 0.0, 1.0)
    below = WATER_KN_M3 * np.maximum(head - z, 0.0)
    return np.where(z >= top, above, np.where(z <= bottom, below, at_top + part * (at_bottom - at_top)))


def total_stress(of: Column, slices: Slices, phreatic: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight of the soil above the middle of each slice, (N, S) float64 [kPa]: dry above the water, saturated below."""
    high, low = slices.middle + slices.thickness / 2.0, slices.middle - slices.thickness / 2.0
    level = np.asarray(phreatic, np.float64)[:, None]
    dry, saturated = of.dry[slices.layer], of.saturated[slices.layer]

    def weight(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
        wet = np.clip(level - bottom, 0.0, top - bottom)
        return dry * (top - bottom - wet) + saturated * wet

    whole = weight(high, low)
    return np.cumsum(whole, axis=1) - whole + weight(high, slices.middle)


def effective_stress(
    of: Column, slices: Slices, water: Water, *, weighed_at: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Effective vertical stress in the middle of each slice, (N, S) float64, `LEAST_KPA` at least [kPa].

    Parameters
    ----------
    of : Column
    slices : Slices
    water : Water
    weighed_at : (N,) float64, optional
        Water table up to which the soil is saturated, where that is another than that of the pressures [m].
    """
    wet = water.phreatic if weighed_at is None else weighed_at
    return np.maximum(total_stress(of, slices, wet) - pore_pressure(slices.middle, water), LEAST_KPA)


def bjerrum_strain(
    before: NDArray[np.float64], after: NDArray[np.float64], held: NDArray[np.float64], rr: NDArray[np.float64],
    cr: NDArray[np.float64], ca: NDArray[np.float64] | float = 0.0, days: float = 1.0,
) -> NDArray[np.float64]:  # fmt: skip
    """Strain by NEN-Bjerrum; see the module.

    Parameters
    ----------
    before, after, held : float64
        Effective stress, and preconsolidation stress [kPa].
    rr, cr, ca : float64
        Ratios; without `ca` there is no creep.
    days : float
        Since the step [d]; up to one day there is none either.

    Returns
    -------
    float64
        Compression is positive.
    """
    held = np.maximum(held, before)
    plain = rr * np.log10(np.minimum(after, held) / before) + cr * np.log10(np.maximum(after, held) / held)
    if days <= 1.0:
        return plain
    creeps = np.asarray(ca, np.float64) > 0.0
    rate = np.where(creeps, ca, 1.0)
    steep = (cr - rr) / rate * np.log(10.0)

    def crept(stress: NDArray[np.float64]) -> NDArray[np.float64]:
        # log(1 + exp(a)), where a may be hundreds
        return rate * np.logaddexp(0.0, np.log(days) + steep * np.log10(stress / held)) / np.log(10.0)

    # unloading swells, and what it keeps from creeping is not heave
    return np.where(creeps & (after > before), rr * np.log10(after / before) + crept(after) - crept(before), plain)


def koppejan_strain(
    before: NDArray[np.float64], after: NDArray[np.float64], held: NDArray[np.float64], cp: NDArray[np.float64],
    cs: NDArray[np.float64], cp1: NDArray[np.float64], cs1: NDArray[np.float64], days: float = 1.0,
) -> NDArray[np.float64]:  # fmt: skip
    """Strain by Koppejan; see the module. Arguments as in `bjerrum_strain`; `cp1` and `cs1` hold beyond the preconsolidation
    stress."""
    held = np.maximum(held, before)
    log = np.log10(max(days, 1.0))
    first = (1.0 / np.asarray(cp) + log / np.asarray(cs)) * np.log(np.minimum(after, held) / before)
    return first + (1.0 / cp1 + log / cs1) * np.log(np.maximum(after, held) / held)


def settlement(
    of: Column, before: Water, after: Water, *, lowest: NDArray[np.float64] | None = None, method: str = "bjerrum",
    days: float | None = None, drains: str = "both", most_m: float = 0.5, drained_is_lighter: bool = False,
) -> Settled:  # fmt: skip
    """What a column settles when its water falls.

    Parameters
    ----------
    of : Column
    before, after : Water
        With the same number of places.
    lowest : (N,) float64, optional
        Lowest water table of the past: up to there the ground has been loaded before [m].
    method : {"bjerrum", "koppejan", "linear"}
        Layers without values of the method are linear.
    days : float, optional
        Since the fall [d]: with creep, and as far as layers with a `cv` have consolidated. Without it: the end, without creep.
    drains : {"both", "one"}
        Sides to which each layer drains.
    most_m : float
        Thickness of slices at most [m].
    drained_is_lighter : bool
        Whether soil that drains weighs less.

    Returns
    -------
    Settled
        Below 0 where the water rises.
    """
    slices = sliced(of, most_m)
    first = effective_stress(of, slices, before)
    last = effective_stress(of, slices, after, weighed_at=None if drained_is_lighter else before.phreatic)
    value = {name: getattr(of, name)[slices.layer] for name in Column._fields[4:14]}
    held = np.maximum(first * value["ocr"], first + value["pop"])
    if lowest is not None:
        past = before._replace(phreatic=np.minimum(lowest, before.phreatic))
        held = np.maximum(held, effective_stress(of, slices, past, weighed_at=before.phreatic))
    time = 1.0 if days is None else days
    strain = (last - first) / value["m"]
    if method == "bjerrum":
        rr, cr, ca = (np.nan_to_num(value[name]) for name in ("rr", "cr", "ca"))
        strain = np.where(np.isnan(value["cr"]), strain, bjerrum_strain(first, last, held, rr, cr, ca, time))
    elif method == "koppejan":
        other = koppejan_strain(first, last, held, value["cp"], value["cs"], value["cp1"], value["cs1"], time)
        strain = np.where(np.isnan(value["cp1"]), strain, other)
    layers = np.add.reduceat(strain * slices.thickness, np.searchsorted(slices.layer, np.arange(len(of.top))), axis=1)
    if days is not None:
        path = (of.top - of.bottom) / (2.0 if drains == "both" else 1.0)
        late = np.isfinite(of.cv)
        factor = time_factor(np.where(late, of.cv, 1.0), days * _DAY_S, path)
        layers = layers * np.where(late, consolidated(factor), 1.0)
    return Settled(layers.sum(axis=1), layers)


def time_factor(
    cv_m2_s: NDArray[np.float64], time_s: NDArray[np.float64] | float, path_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Time factor ``cv t / d^2`` of a layer that water leaves over a path d (half of it where it drains to both sides)."""
    return np.asarray(cv_m2_s, np.float64) * time_s / np.asarray(path_m, np.float64) ** 2


def consolidated(factor: NDArray[np.float64], terms: int = 60) -> NDArray[np.float64]:
    """Degree of consolidation under a stress that is the same all over (Terzaghi 1923), exact.

    ``1 - sum 2 / M^2 exp(-M^2 T)`` with ``M = pi (2 m + 1) / 2``; below a factor of 0.05 the series of mirror images, which is
    ``2 sqrt(T / pi)`` to 1e-8 there.

    Parameters
    ----------
    factor : float64
        Time factor, not below 0.
    terms : int

    Returns
    -------
    float64
        0 to 1.
    """
    late = np.maximum(np.asarray(factor, np.float64), 0.0)
    m = np.pi * (np.arange(terms) + 0.5)
    series = 1.0 - (2.0 / m**2 * np.exp(-(m**2) * late[..., None])).sum(axis=-1)
    return np.where(late < 0.05, 2.0 * np.sqrt(late / np.pi), series)


def consolidated_in_two_parts(factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degree of consolidation by the usual two formulas: ``sqrt(4 T / pi)``, and one term of the series from where that is less.

    Parameters
    ----------
    factor : float64
        Time factor.

    Returns
    -------
    float64
        Within 0.001 of `consolidated`.
    """
    late = np.maximum(np.asarray(factor, np.float64), 0.0)
    return np.minimum(np.sqrt(4.0 * late / np.pi), 1.0 - 8.0 / np.pi**2 * np.exp(-(np.pi**2) * late / 4.0))
