"""Whether the floor of a pit holds against the water below it: uplift of tight layers, underwater concrete, and seepage at the
toe of a wall.

Uplift (UPL) is a balance of total stress: the weight of all soil, water and concrete above the base of a tight layer, against the
pressure of the water in what lies below it. It is told both as an overall factor, of which 1.1 is asked, and by the partial
factors of EN 1997-1 (2.8; tables A.15 and A.16). Those are the recommended values of the EN: a national annex may have others.
Seepage (HYD) is the prism of Terzaghi, with the factors of EN 1997-1 (2.9b; table A.17). Friction along walls and arching in narrow
pits are left out, which is on the safe side. All of it is screening: it is no geotechnical design.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import ParameterError
from twin.sim.impact.pit.checked import finite, not_negative, positive

WATER_KN_M3 = 10.0
"""Unit weight of water in checks of uplift and seepage [kN/m3]."""

OVERALL_FACTOR = 1.1
"""What is asked of weight over pressure, where no partial factors are used."""

UPL_DESTABILISING, UPL_STABILISING = 1.0, 0.9
"""Partial factors on permanent actions, EN 1997-1 table A.15 (recommended values)."""

UPL_PILE = 1.4
"""Partial factor on the resistance of tension piles, EN 1997-1 table A.16 (recommended value)."""

HYD_DESTABILISING, HYD_STABILISING = 1.35, 0.9
"""Partial factors on permanent actions, EN 1997-1 table A.17 (recommended values)."""

GAP_M = 0.01
"""Layers that overlap or leave open more than this are refused [m]."""


class Uplift(NamedTuple):
    """Uplift of the floor of a pit, at each base of a tight layer below it.

    Attributes
    ----------
    level_m : (K,) float64
        Where it was looked at, falling; none where no tight layer lies below the floor [m].
    weight_kpa, pressure_kpa : (K,) float64
        Total stress by what lies above it, and pressure of the water below it [kPa].
    factor : (K,) float64
        Weight and resistance over pressure; inf where water stands no higher than the level.
    en_use : (K,) float64
        Design pressure over design weight and resistance by EN 1997-1 (2.8): holds up to 1.
    highest_head_m, highest_head_en_m : (K,) float64
        Heads at which it just holds, by the overall factor and by EN 1997-1 [m].
    lower_by_m : float
        By how much the head has to come down for the overall factor, at the worst level; 0 where it holds [m].
    worst : int
        Number of the level with the lowest factor; -1 where there is none.
    ends_tight : bool
        The column ends in a tight layer, so what lies below that was not looked at.
    """

    level_m: NDArray[np.float64]
    weight_kpa: NDArray[np.float64]
    pressure_kpa: NDArray[np.float64]
    factor: NDArray[np.float64]
    en_use: NDArray[np.float64]
    highest_head_m: NDArray[np.float64]
    highest_head_en_m: NDArray[np.float64]
    lower_by_m: float
    worst: int
    ends_tight: bool

    @property
    def lowest_factor(self) -> float:
        """The factor that governs; inf where no tight layer lies below the floor."""
        return float(self.factor[self.worst]) if self.worst >= 0 else np.inf


def uplift(
    *,
    floor_m: float,
    top_m: ArrayLike,
    bottom_m: ArrayLike,
    unit_weight_kn_m3: ArrayLike,
    tight: ArrayLike,
    head_m: ArrayLike,
    water_in_pit_m: float | None = None,
    load_kpa: float = 0.0,
    resistance_kpa: float = 0.0,
    overall_factor: float = OVERALL_FACTOR,
    water_kn_m3: float = WATER_KN_M3,
) -> Uplift:
    """Uplift of the floor of one stage.

    Parameters
    ----------
    floor_m : float
        Level that is dug to [m].
    top_m, bottom_m : (L,) array_like
        Layers from the top down, against each other [m].
    unit_weight_kn_m3 : (L,) array_like
        Of what lies below the floor: saturated below the water in the ground, and not above it, see `weights_below` [kN/m3].
    tight : (L,) array_like of bool
        Layers that let little water through.
    head_m : (L,) array_like
        Head of the water in each layer; NaN where it has none of its own, as in tight ones. A tight layer that has one lets it be
        used at the base of the tight layer above it [m].
    water_in_pit_m : float, optional
        Level of the water in the pit; what stands above the floor is weight [m].
    load_kpa : float
        What else lies on the floor, as concrete [kPa].
    resistance_kpa : float
        Characteristic resistance of tension piles, spread over the floor: it holds, and is no weight, so it is divided by a factor
        of its own (EN 1997-1 table A.16). They have to reach below the tight layer [kPa].
    overall_factor : float
        What is asked of weight over pressure.
    water_kn_m3 : float
        Unit weight of water [kN/m3].

    Returns
    -------
    Uplift

    Raises
    ------
    ParameterError
        For layers upside down, that overlap or leave gaps, for weights that are not positive, for a floor outside the column, and
        for a layer that lets water through below a tight one and has no head.

    Notes
    -----
    EN 1997-1:2004, 2.4.7.4, equation 2.8.
    """
    top, bottom, weight, shut, head = _column(top_m, bottom_m, unit_weight_kn_m3, tight, head_m)
    positive(overall_factor=overall_factor, water_kn_m3=water_kn_m3)
    not_negative(load_kpa=load_kpa, resistance_kpa=resistance_kpa)
    finite(floor_m=floor_m)
    if not bottom[-1] <= floor_m <= top[0] + GAP_M:
        raise ParameterError(
            f"the floor at {floor_m:g} m is not within the layers, which reach from {top[0]:g} to {bottom[-1]:g} m",
            hint="give layers down to below the floor",
        )
    flooded = 0.0 if water_in_pit_m is None else max(float(water_in_pit_m) - floor_m, 0.0) * water_kn_m3
    left = np.clip(np.minimum(top, floor_m) - bottom, 0.0, None)
    above = load_kpa + flooded + np.cumsum(left * weight)
    below = np.append(head[1:], np.nan)
    opens = np.append(~shut[1:], False)
    under = shut & (bottom < floor_m)
    missing = np.flatnonzero(under & opens & ~np.isfinite(below))
    if len(missing):
        raise ParameterError(
            f"layer {missing[0] + 2}, below {bottom[missing[0]]:g} m, lets water through and has no head",
            hint="give its head in `head_m`: it presses on the tight layer above it",
        )
    at = np.flatnonzero(under & np.isfinite(below))
    level, held = bottom[at], above[at]
    pressure = water_kn_m3 * np.maximum(below[at] - level, 0.0)
    with np.errstate(divide="ignore"):
        factor = np.where(pressure > 0, (held + resistance_kpa) / pressure, np.inf)
    design = UPL_STABILISING * held + resistance_kpa / UPL_PILE
    use = UPL_DESTABILISING * pressure / np.maximum(design, 1e-300)
    highest = level + (held + resistance_kpa) / (overall_factor * water_kn_m3)
    highest_en = level + design / (UPL_DESTABILISING * water_kn_m3)
    lower = float(np.max(below[at] - highest, initial=0.0))
    worst = int(np.argmin(factor)) if len(at) else -1
    return Uplift(level, held, pressure, factor, use, highest, highest_en, lower, worst, bool(under[-1]))


def weights_below(
    *, floor_m: float, water_m: float, top_m: ArrayLike, bottom_m: ArrayLike, unit_weight_kn_m3: ArrayLike,
    saturated_kn_m3: ArrayLike,
) -> NDArray[np.float64]:  # fmt: skip
    """Unit weight of what is left of each layer below a floor, (L,) float64: a mean over what lies above and below water [kN/m3].

    Parameters
    ----------
    floor_m, water_m : float
        Level that is dug to, and that of the water in the ground below it [m].
    top_m, bottom_m : (L,) array_like
        Layers from the top down [m].
    unit_weight_kn_m3, saturated_kn_m3 : (L,) array_like
        Above and below the water; of what is above it the lower of both counts, as clay may hold its water or lose it [kN/m3].
    """
    top, bottom, moist, wet = (np.asarray(v, np.float64) for v in (top_m, bottom_m, unit_weight_kn_m3, saturated_kn_m3))
    upper = np.minimum(top, floor_m)
    dry = np.clip(upper - np.maximum(bottom, water_m), 0.0, None)
    share = dry / np.maximum(upper - bottom, 1e-12)
    return np.where(upper > bottom, wet - np.clip(share, 0.0, 1.0) * np.maximum(wet - moist, 0.0), wet)


def _column(
    top_m: ArrayLike, bottom_m: ArrayLike, unit_weight_kn_m3: ArrayLike, tight: ArrayLike, head_m: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Layers as arrays, looked at."""
    top, bottom, weight, head = (np.atleast_1d(np.asarray(v, np.float64)) for v in (top_m, bottom_m, unit_weight_kn_m3, head_m))
    shut = np.atleast_1d(np.asarray(tight, np.bool_))
    if not len(top) or len({len(top), len(bottom), len(weight), len(shut), len(head)}) > 1:
        raise ParameterError("layers need as many tops, bottoms, unit weights, `tight` and heads, and at least one")
    finite(top_m=top, bottom_m=bottom)
    positive(unit_weight_kn_m3=weight)
    thin = np.flatnonzero(top <= bottom)
    if len(thin):
        raise ParameterError(f"layer {thin[0] + 1} is upside down: top {top[thin[0]]:g} m, bottom {bottom[thin[0]]:g} m")
    off = np.flatnonzero(np.abs(bottom[:-1] - top[1:]) > GAP_M)
    if len(off):
        k = int(off[0])
        what = "overlap" if bottom[k] < top[k + 1] else "leave a gap"
        raise ParameterError(f"layers {k + 1} and {k + 2} {what}: one ends at {bottom[k]:g} m, the next begins at {top[k + 1]:g} m")
    return top, bottom, weight, shut, head


class Concrete(NamedTuple):
    """Underwater concrete against the water below it, in the pumped-out pit.

    Attributes
    ----------
    weight_kpa, pressure_kpa : float
        Of the concrete, and of the water on its underside [kPa].
    resistance_kpa : float
        Of the piles, spread over the floor, no more than the soil that they can lift [kPa].
    factor : float
        Weight and resistance over pressure; the overall factor lets no part of the resistance be set aside.
    en_use : float
        Design pressure over design weight and resistance by EN 1997-1 (2.8): holds up to 1.
    soil_governs : bool
        The soil between the piles is lighter than what the piles could hold.
    """

    weight_kpa: float
    pressure_kpa: float
    resistance_kpa: float
    factor: float
    en_use: float
    soil_governs: bool


def underwater_concrete(
    *,
    top_m: float,
    thickness_m: float,
    head_m: float,
    unit_weight_kn_m3: float = 23.0,
    pile_resistance_kn: float = 0.0,
    area_per_pile_m2: float | None = None,
    pile_length_m: float | None = None,
    submerged_weight_kn_m3: float | None = None,
    water_kn_m3: float = WATER_KN_M3,
) -> Concrete:
    """Uplift of a floor of underwater concrete, with or without tension piles.

    Parameters
    ----------
    top_m, thickness_m : float
        Level of its top, and how thick it is [m].
    head_m : float
        Head of the water below it [m].
    unit_weight_kn_m3 : float
        Of plain concrete: 23 to 24; the lower is on the safe side [kN/m3].
    pile_resistance_kn : float
        Characteristic resistance of one pile in tension [kN].
    area_per_pile_m2 : float, optional
        Floor that each pile holds [m2].
    pile_length_m, submerged_weight_kn_m3 : float, optional
        Length of piles below the concrete and submerged unit weight of the soil there; both, or the lifting of the soil between
        the piles is not looked at [m] [kN/m3].
    water_kn_m3 : float
        Unit weight of water [kN/m3].

    Returns
    -------
    Concrete

    Raises
    ------
    ParameterError
        For sizes that are not positive, and for piles without an area.

    Notes
    -----
    EN 1997-1:2004, 2.4.7.4, equation 2.8. Bending and punching of the concrete are not looked at.
    """
    positive(thickness_m=thickness_m, unit_weight_kn_m3=unit_weight_kn_m3, water_kn_m3=water_kn_m3)
    not_negative(pile_resistance_kn=pile_resistance_kn)
    finite(top_m=top_m, head_m=head_m)
    weight = unit_weight_kn_m3 * thickness_m
    pressure = water_kn_m3 * max(head_m - (top_m - thickness_m), 0.0)
    piles, soil_governs = 0.0, False
    if pile_resistance_kn > 0:
        if area_per_pile_m2 is None:
            raise ParameterError("piles need `area_per_pile_m2`: the floor that each of them holds")
        positive(area_per_pile_m2=area_per_pile_m2)
        piles = pile_resistance_kn / area_per_pile_m2
    design = piles / UPL_PILE
    if piles > 0 and pile_length_m is not None and submerged_weight_kn_m3 is not None:
        positive(pile_length_m=pile_length_m, submerged_weight_kn_m3=submerged_weight_kn_m3)
        soil = pile_length_m * submerged_weight_kn_m3
        soil_governs = soil < piles or UPL_STABILISING * soil < design
        piles, design = min(piles, soil), min(design, UPL_STABILISING * soil)
    factor = (weight + piles) / pressure if pressure > 0 else np.inf
    use = UPL_DESTABILISING * pressure / (UPL_STABILISING * weight + design)
    return Concrete(weight, pressure, piles, float(factor), use, soil_governs)


def concrete_thickness_m(
    *, top_m: float, head_m: float, unit_weight_kn_m3: float = 23.0, overall_factor: float = OVERALL_FACTOR,
    water_kn_m3: float = WATER_KN_M3,
) -> float:  # fmt: skip
    """How thick underwater concrete without piles has to be, under a top at a given level [m].

    It grows downward, where water presses harder: weight gamma_c t against factor gamma_w (head - top + t).

    Raises
    ------
    ParameterError
        For concrete that is no heavier than the factor times water: no thickness holds.
    """
    positive(unit_weight_kn_m3=unit_weight_kn_m3, overall_factor=overall_factor, water_kn_m3=water_kn_m3)
    finite(top_m=top_m, head_m=head_m)
    gain = unit_weight_kn_m3 - overall_factor * water_kn_m3
    if gain <= 0:
        raise ParameterError(f"concrete of {unit_weight_kn_m3:g} kN/m3 never holds water of {overall_factor * water_kn_m3:g} kN/m3")
    return overall_factor * water_kn_m3 * max(head_m - top_m, 0.0) / gain


class Seepage(NamedTuple):
    """Hydraulic failure at the toe of a wall.

    Attributes
    ----------
    seepage_kn_m, weight_kn_m : float
        Force of the flow and submerged weight of the prism that governs, for each metre of wall [kN/m].
    factor : float
        Weight over force; inf without flow.
    en_use : float
        1.35 times the force over 0.9 times the weight: holds up to 1, which is a factor of 1.5.
    depth_m : float
        Height of that prism below the floor [m].
    """

    seepage_kn_m: float
    weight_kn_m: float
    factor: float
    en_use: float
    depth_m: float


def hydraulic_failure(
    *,
    head_difference_m: float,
    thickness_m: ArrayLike,
    submerged_weight_kn_m3: ArrayLike,
    outside_path_m: float | None = None,
    water_kn_m3: float = WATER_KN_M3,
) -> Seepage:
    """Seepage upward in the soil in front of a wall: the prism of Terzaghi, as wide as half its embedment.

    Parameters
    ----------
    head_difference_m : float
        Water outside above the water in the pit [m].
    thickness_m, submerged_weight_kn_m3 : (L,) array_like
        Layers from the floor down to the toe of the wall: thickness and submerged unit weight [m] [kN/m3].
    outside_path_m : float, optional
        Way of the water along the outside of the wall; by default head difference and embedment, as where soil outside is
        saturated up to its water level [m].
    water_kn_m3 : float
        Unit weight of water [kN/m3].

    Returns
    -------
    Seepage
        Of the prism down to the base of the layer with the lowest factor.

    Raises
    ------
    ParameterError
        For sizes that are not positive.

    Notes
    -----
    All head is lost evenly along the wall: the gradient in front of it is H / (H + 2 D). In narrow pits and in corners it is
    steeper than that. EN 1997-1:2004, 10.3 and equation 2.9b; Terzaghi and Peck, Soil Mechanics in Engineering Practice.
    """
    thick, weight = (np.atleast_1d(np.asarray(value, np.float64)) for value in (thickness_m, submerged_weight_kn_m3))
    if not len(thick) or len(thick) != len(weight):
        raise ParameterError("layers need as many thicknesses as submerged unit weights, and at least one")
    positive(thickness_m=thick, submerged_weight_kn_m3=weight, water_kn_m3=water_kn_m3)
    not_negative(head_difference_m=head_difference_m)
    embedment = float(thick.sum())
    outside = head_difference_m + embedment if outside_path_m is None else float(outside_path_m)
    not_negative(outside_path_m=outside)
    gradient = head_difference_m / (outside + embedment)
    depth, width = np.cumsum(thick), embedment / 2.0
    heavy, force = np.cumsum(thick * weight) * width, water_kn_m3 * gradient * depth * width
    k = int(np.argmin(heavy / np.maximum(force, 1e-300)))
    return hydraulic_balance(seepage_kn_m=float(force[k]), weight_kn_m=float(heavy[k]), depth_m=float(depth[k]))


def hydraulic_balance(*, seepage_kn_m: float, weight_kn_m: float, depth_m: float = np.nan) -> Seepage:
    """A force of seepage against a submerged weight, where both are known, as from a flow net.

    Raises
    ------
    ParameterError
        For a weight that is not positive or a force below 0.
    """
    positive(weight_kn_m=weight_kn_m)
    not_negative(seepage_kn_m=seepage_kn_m)
    factor = weight_kn_m / seepage_kn_m if seepage_kn_m > 0 else np.inf
    use = HYD_DESTABILISING * seepage_kn_m / (HYD_STABILISING * weight_kn_m)
    return Seepage(seepage_kn_m, weight_kn_m, factor, use, depth_m)


def hydraulic_total_stress(*, pore_pressure_kpa: float, total_stress_kpa: float) -> float:
    """The other form of the same check, in total stress at the toe: 1.35 u over 0.9 sigma, which holds up to 1.

    It is harder than that of forces, as hydrostatic pressure is multiplied as well: the two forms of EN 1997-1 (2.9a and 2.9b) do
    not agree. `hydraulic_failure` uses the latter.

    Raises
    ------
    ParameterError
        For a stress that is not positive.
    """
    positive(total_stress_kpa=total_stress_kpa)
    not_negative(pore_pressure_kpa=pore_pressure_kpa)
    return HYD_DESTABILISING * pore_pressure_kpa / (HYD_STABILISING * total_stress_kpa)
