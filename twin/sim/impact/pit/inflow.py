"""How much has to be pumped to keep a pit dry: radius of influence, the well that a pit is, wells that are needed, sealed pits.

Metres and days, but for the rules of Sichardt, which hold for k in metres a second: keys say which. All of it is an estimate of an
order: for a permit a pumping test and a design are asked.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from twin.errors import ParameterError
from twin.sim.impact.pit.checked import not_negative, positive
from twin.sim.impact.pit.wells import leakage_length_m

SECONDS = 86_400.0
"""In a day."""

SICHARDT_WELL, SICHARDT_TRENCH = 3000.0, 2000.0
"""Factors of Sichardt's rule for flow to a well and to a trench [s^0.5 m^-0.5]."""

MOST_K_M_S = 0.1
"""Ground that lets more through than this is no ground, but a k in metres a day [m/s]."""


def _k_in_seconds(k_m_s: float) -> None:
    positive(k_m_s=k_m_s)
    if k_m_s > MOST_K_M_S:
        raise ParameterError(
            f"k of {k_m_s:g} m/s is more than that of gravel; the rules of Sichardt hold for metres a second",
            hint=f"if this is m/d, divide it by 86,400: {k_m_s / SECONDS:.3g} m/s",
        )


def sichardt_radius_m(*, drawdown_m: ArrayLike, k_m_s: float, trench: bool = False) -> NDArray[np.float64]:
    """Radius of influence by Sichardt: 3000 s sqrt(k), for a trench 2000 s sqrt(k) [m].

    A rule without derivation; it says nothing of time, recharge or leakage. Authors take it from the middle of a pit or from its
    edge: `reach_m` adds it to the edge, which gives the larger.

    Raises
    ------
    ParameterError
        For a k that is not positive or looks like metres a day, and a drawdown below 0.
    """
    _k_in_seconds(k_m_s)
    not_negative(drawdown_m=drawdown_m)
    return np.asarray((SICHARDT_TRENCH if trench else SICHARDT_WELL) * np.asarray(drawdown_m, np.float64) * math.sqrt(k_m_s))


def confined_radius_m(*, transmissivity_m2_d: float, time_d: ArrayLike, storativity: float) -> NDArray[np.float64]:
    """Where Cooper and Jacob's drawdown is 0 after a time: sqrt(2.25 T t / S) [m].

    Raises
    ------
    ParameterError
        For values that are not positive.
    """
    positive(transmissivity_m2_d=transmissivity_m2_d, time_d=time_d, storativity=storativity)
    return np.asarray(np.sqrt(2.25 * transmissivity_m2_d * np.asarray(time_d) / storativity))


def phreatic_radius_m(*, k_m_d: float, thickness_m: float, time_d: ArrayLike, porosity: float) -> NDArray[np.float64]:
    """The same for a water table, by Aravin and Numerov: sqrt(1.9 k H t / n), with the porosity that drains [m].

    Raises
    ------
    ParameterError
        For values that are not positive.
    """
    positive(k_m_d=k_m_d, thickness_m=thickness_m, time_d=time_d, porosity=porosity)
    return np.asarray(np.sqrt(1.9 * k_m_d * thickness_m * np.asarray(time_d) / porosity))


def equivalent_radius_m(*, area_m2: float, perimeter_m: float, by: Literal["area", "perimeter"] = "area") -> float:
    """Radius of the well that a pit is: of a circle of its area, or of its perimeter where it is slender [m].

    For a square of side a they are 0.564 a and 0.637 a; with one head along its edge it draws as a well of 0.590 a, its logarithmic
    capacity, which lies between them.

    Raises
    ------
    ParameterError
        For sizes that are not positive, or an area that no outline of that perimeter has.
    """
    positive(area_m2=area_m2, perimeter_m=perimeter_m)
    if 4.0 * math.pi * area_m2 > perimeter_m**2 * (1.0 + 1e-9):
        raise ParameterError(f"an outline of {perimeter_m:g} m cannot have {area_m2:g} m2")
    return math.sqrt(area_m2 / math.pi) if by == "area" else perimeter_m / (2.0 * math.pi)


def reach_m(*, radius_of_influence_m: float, pit_radius_m: float) -> float:
    """Radius of influence from the middle of a pit, when that of a rule counts from its edge [m]."""
    return radius_of_influence_m + pit_radius_m


def inflow_m3_d(
    *,
    drawdown_m: float,
    pit_radius_m: float,
    transmissivity_m2_d: float | None = None,
    radius_of_influence_m: float | None = None,
    resistance_d: float | None = None,
    k_m_d: float | None = None,
    thickness_m: float | None = None,
) -> float:
    """What flows to a pit as a circle, when its water is lowered by so much, in steady flow.

    Confined by Thiem (a transmissivity and a radius), under a leaking layer by De Glee (a transmissivity and a resistance: wells
    in a ring, the drawdown in its middle, where it is least), or a water table by Dupuit (k, thickness and a radius).

    Parameters
    ----------
    drawdown_m : float
        In the pit [m].
    pit_radius_m, radius_of_influence_m : float
        From the middle of the pit [m].
    transmissivity_m2_d, resistance_d, k_m_d, thickness_m : float
        [m2/d] [d] [m/d] [m]

    Returns
    -------
    float
        [m3/d]

    Raises
    ------
    ParameterError
        For values that are not positive, sets of them that make no problem, a radius of influence within the pit, and a water table
        that is lowered below the base of the aquifer.
    """
    positive(pit_radius_m=pit_radius_m)
    not_negative(drawdown_m=drawdown_m)
    if transmissivity_m2_d is not None and resistance_d is not None and radius_of_influence_m is None:
        length = leakage_length_m(transmissivity_m2_d=transmissivity_m2_d, resistance_d=resistance_d)
        return 2.0 * math.pi * transmissivity_m2_d * drawdown_m / float(special.k0(pit_radius_m / length))
    if radius_of_influence_m is None or resistance_d is not None:
        raise ParameterError(
            "give a transmissivity with either `resistance_d` or `radius_of_influence_m`, or k, thickness and a radius"
        )
    if not radius_of_influence_m > pit_radius_m:
        raise ParameterError(f"the radius of influence, {radius_of_influence_m:g} m, is within the pit, {pit_radius_m:g} m",
                             hint="count it from the edge of the pit: see `reach_m`")  # fmt: skip
    log = math.log(radius_of_influence_m / pit_radius_m)
    if transmissivity_m2_d is not None:
        positive(transmissivity_m2_d=transmissivity_m2_d)
        return 2.0 * math.pi * transmissivity_m2_d * drawdown_m / log
    if k_m_d is None or thickness_m is None:
        raise ParameterError("a water table needs `k_m_d` and `thickness_m`")
    positive(k_m_d=k_m_d, thickness_m=thickness_m)
    if drawdown_m > thickness_m:
        raise ParameterError(f"water of {thickness_m:g} m above the base of the aquifer cannot be lowered by {drawdown_m:g} m")
    return math.pi * k_m_d * (thickness_m**2 - (thickness_m - drawdown_m) ** 2) / log


def trench_inflow_m2_d(*, drawdown_m: float, thickness_m: float, k_m_d: float, reach_m: float) -> float:
    """What flows to one side of a long trench, for each metre of it: k (H2 - h2) / (2 L) [m2/d].

    Raises
    ------
    ParameterError
        For values that are not positive, and a drawdown of more than the thickness.
    """
    positive(thickness_m=thickness_m, k_m_d=k_m_d, reach_m=reach_m)
    not_negative(drawdown_m=drawdown_m)
    if drawdown_m > thickness_m:
        raise ParameterError(f"water of {thickness_m:g} m above the base of the aquifer cannot be lowered by {drawdown_m:g} m")
    return k_m_d * (thickness_m**2 - (thickness_m - drawdown_m) ** 2) / (2.0 * reach_m)


def factor_for(drawdown_m: ArrayLike, *, target_m: ArrayLike) -> float:
    """By how much all discharges have to be multiplied, so that each place gets at least its target.

    Parameters
    ----------
    drawdown_m : (K,) array_like
        What the wells do at places in the pit now, as from `wells.drawdown_at`. For a water table give those of constant
        transmissivity, and as target s - s2 / (2 H), which is s before `wells.unconfined` [m].
    target_m : (K,) array_like or float
        What is asked there [m].

    Raises
    ------
    ParameterError
        When a place is not lowered at all.
    """
    now, asked = np.broadcast_arrays(np.asarray(drawdown_m, np.float64), np.asarray(target_m, np.float64))
    not_negative(target_m=asked)
    if not (now[asked > 0] > 0).all():
        raise ParameterError("these wells do not lower the water everywhere in the pit", hint="add wells, or move them nearer")
    return float(np.max(asked[asked > 0] / now[asked > 0], initial=0.0))


def well_capacity_m3_d(*, radius_m: float, wet_length_m: float, k_m_s: float) -> float:
    """Most that a well takes before its filter runs: 2 pi r L sqrt(k) / 15, k in m/s (Sichardt 1928) [m3/d].

    The gradient at the wall of the hole is then 1 / (15 sqrt(k)).

    Raises
    ------
    ParameterError
        For values that are not positive, and a k that looks like metres a day.
    """
    positive(radius_m=radius_m, wet_length_m=wet_length_m)
    _k_in_seconds(k_m_s)
    return 2.0 * math.pi * radius_m * wet_length_m * math.sqrt(k_m_s) / 15.0 * SECONDS


def wells_needed(*, discharge_m3_d: float, capacity_m3_d: float) -> int:
    """How many wells a discharge takes.

    Raises
    ------
    ParameterError
        For a capacity that is not positive or a discharge below 0.
    """
    positive(capacity_m3_d=capacity_m3_d)
    not_negative(discharge_m3_d=discharge_m3_d)
    return math.ceil(discharge_m3_d / capacity_m3_d * (1.0 - 1e-9))


class Sealed(NamedTuple):
    """Inflow to a pit within walls that reach a tight layer, or on underwater concrete.

    Attributes
    ----------
    base_m3_d, walls_m3_d, rain_m3_d : float
        Through the layer below, through the joints of the walls, and rain that falls in [m3/d].
    """

    base_m3_d: float
    walls_m3_d: float
    rain_m3_d: float

    @property
    def total_m3_d(self) -> float:
        """All of it [m3/d]."""
        return self.base_m3_d + self.walls_m3_d + self.rain_m3_d


def sealed_inflow(
    *,
    area_m2: float,
    head_below_m: float,
    water_in_pit_m: float,
    base_resistance_d: float,
    joints: int = 0,
    water_outside_m: float | None = None,
    wet_bottom_m: float | None = None,
    joint_m_s: float | None = None,
    rain_m_d: float = 0.0,
) -> Sealed:
    """Inflow to a sealed pit.

    Parameters
    ----------
    area_m2 : float
        Of the pit [m2].
    head_below_m, water_in_pit_m : float
        Head below the tight layer, and level of the water in the pit [m].
    base_resistance_d : float
        Thickness of the tight layer over its vertical k; inf for concrete that lets nothing through [d].
    joints : int
        Joints between sheet piles around the pit.
    water_outside_m, wet_bottom_m : float, optional
        Water outside the walls, and down to where water reaches the joints from outside and can leave them inside [m].
    joint_m_s : float, optional
        Inverse joint resistance rho: discharge of a metre of joint for each metre of head, as told by the maker or measured
        (EN 12063, annex E) [m/s].
    rain_m_d : float
        [m/d]

    Raises
    ------
    ParameterError
        For values that are not positive, and joints without what they need.
    """
    positive(area_m2=area_m2)
    not_negative(joints=joints, rain_m_d=rain_m_d)
    if not base_resistance_d > 0:
        raise ParameterError(f"`base_resistance_d` must be above 0, not {base_resistance_d:g}")
    base = area_m2 * max(head_below_m - water_in_pit_m, 0.0) / base_resistance_d
    walls = 0.0
    if joints:
        if water_outside_m is None or wet_bottom_m is None or joint_m_s is None:
            raise ParameterError("joints need `water_outside_m`, `wet_bottom_m` and `joint_m_s`")
        not_negative(joint_m_s=joint_m_s)
        inside = max(water_in_pit_m, wet_bottom_m)
        drop = max(water_outside_m - inside, 0.0)
        # pressure over what is dry inside grows from 0 to the drop, and stays that below the water in the pit
        walls = joints * joint_m_s * SECONDS * drop * (0.5 * drop + inside - wet_bottom_m)
    return Sealed(base, walls, rain_m_d * area_m2)
