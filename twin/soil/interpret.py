"""A cone penetration test as soil, record by record, with what had to be assumed."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import GeometryError, ParameterError, did_you_mean
from twin.geo.subsurface import sounding_profile
from twin.sim.impact.soil import cone, stiffness, stresses
from twin.sim.impact.soil.layering import median_filter
from twin.soil.classes import ZONE_CLASSES
from twin.soil.water import Row, WaterTable, name_of, number, water_table

Values = NDArray[np.float64]
Zones = NDArray[np.uint8]

UNIT_WEIGHTS = ("lengkeek", "robertson-cabal", "mayne")

OVERBURDEN_KN_M3 = 18.0
"""Unit weight of ground in which nothing was measured [kN/m3]; an estimate."""

FROM_THE_GROUND_M = 0.5
"""A test that starts deeper than this says nothing of what lies above [m]."""

AREA_RATIO = 0.8
"""Net area ratio of a cone that does not state it; as a rule 0.70 to 0.85."""

PEAT_RF_PERCENT, PEAT_QT_MPA = 5.0, 1.0
"""A soft soil with a friction ratio above the first and a resistance below the second is taken for peat, which the chart has among
clay where it is Dutch; after the table of friction ratios in use in the Netherlands (peat 5 to 10 %, soft clay 4 to 6 %)."""

DIFFERS = 0.2
"""A stated friction ratio that is off by more than this share is told."""

SECONDS_A_DAY = 86_400.0


class _Settings(NamedTuple):
    unit_weight: str | float
    area_ratio: float | None
    overburden: float
    peat_rf: float | None
    cone_factor: float | None


def interpret(
    sounding: Row, *, water_m: float | None = None, water_depth_m: float | None = None, unit_weight: str | float = "lengkeek",
    area_ratio: float | None = None, overburden_kn_m3: float = OVERBURDEN_KN_M3,
    peat_above_rf_percent: float | None = PEAT_RF_PERCENT, cone_factor: float | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Soil behaviour type, stresses and first estimates of stiffness and permeability of a cone penetration test.

    Parameters
    ----------
    sounding : Series or mapping
        A row of ``City.soundings`` of kind ``"cpt"``.
    water_m, water_depth_m : float, optional
        Water table in the vertical datum, or below the ground [m]; see `twin.soil.water.water_table` for what counts without.
    unit_weight : {"lengkeek", "robertson-cabal", "mayne"} or float
        Correlation, or one unit weight for all [kN/m3].
    area_ratio : float, optional
        Net area ratio of the cone; by default that of the file, else 0.8. It matters only with pore pressures.
    overburden_kn_m3 : float
        Unit weight of what lies above the first record [kN/m3].
    peat_above_rf_percent : float, optional
        Soft soil with a higher friction ratio and less than 1 MPa is taken for peat [%]; None goes by the chart alone.
    cone_factor : float, optional
        Nkt, 14 to 18 as a rule; without it no undrained strength is told.

    Returns
    -------
    DataFrame
        One row a record: ``depth_m``, ``z_m`` [m]; ``qc_MPa``, ``fs_MPa``, ``u2_MPa``, ``qt_MPa``, ``qn_MPa``; ``rf_percent``;
        ``unit_weight_kn_m3``; ``total_stress_kPa``, ``pore_pressure_kPa``, ``effective_stress_kPa``; ``qtn``, ``qt1``,
        ``fr_percent``, ``bq``, ``n``, ``ic``, ``isbt``; ``zone`` (0 to 9), ``zone_name``, ``zone_from`` (SBTn, or SBT where more
        than half of the stress is assumed), ``soil_class``; ``modulus_MPa``, ``young_MPa``, ``g0_MPa``, ``vs_m_s``, ``k_m_d``,
        ``ocr``, ``relative_density``, ``su_kPa``; ``flags``. What does not apply is NaN. ``attrs`` has ``assumptions`` and
        ``findings`` (lists of sentences), ``water_depth_m``, ``water_from``, ``area_ratio``.

    Raises
    ------
    GeometryError
        When it is no cone penetration test, or has no cone resistance above 0 in a unit of pressure.
    ParameterError
        When a parameter is out of its range.
    """
    settings = _Settings(unit_weight, area_ratio, overburden_kn_m3, peat_above_rf_percent, cone_factor)
    name = name_of(sounding)
    _see_settings(settings, name)
    water = water_table(sounding, water_m=water_m, water_depth_m=water_depth_m)
    frame = sounding_profile(sounding)
    _see_cone(sounding, frame, name)
    assumptions, findings = [f"water table {water.source}"], list(water.doubts)
    qc, fs, u2, measured = _measured(sounding, frame, findings)
    ratio = _area_ratio(sounding, settings.area_ratio)
    qt = _corrected(frame, qc, u2, ratio, assumptions)
    rf = cone.friction_ratio(qt, fs)
    _compare_ratios(frame, rf, findings)
    depth = frame["depth_m"].to_numpy(np.float64)
    state = _stresses(depth, qt, fs, rf, settings, water, assumptions)
    table = pd.DataFrame({"depth_m": depth, "z_m": frame["z_m"], "qc_MPa": qc, "fs_MPa": fs, "u2_MPa": u2, "qt_MPa": qt})
    table["rf_percent"] = rf
    _classify(table, state, settings, assumptions)
    _estimate(table, settings.cone_factor)
    table["flags"] = _flags(table, qc, fs, measured)
    table.attrs |= {
        "id": name, "assumptions": assumptions, "findings": findings, "water_depth_m": water.depth_m,
        "water_from": water.source, "water_stated": water.stated, "area_ratio": ratio,
    }  # fmt: skip
    return table


def _see_settings(settings: _Settings, name: str) -> None:
    if isinstance(settings.unit_weight, str):
        if settings.unit_weight not in UNIT_WEIGHTS:
            known = ", ".join(f'"{one}"' for one in UNIT_WEIGHTS)
            raise ParameterError(
                f"there is no unit weight by `{settings.unit_weight}`{did_you_mean(settings.unit_weight, UNIT_WEIGHTS)}",
                where=name, hint=f"{known}, or a number of kN/m3",
            )  # fmt: skip
    elif not 8 <= number(settings.unit_weight) <= 26:
        raise ParameterError(f"a unit weight of {settings.unit_weight!r} kN/m3 is no soil", where=name, hint="10 to 22 as a rule")
    if not 8 <= number(settings.overburden) <= 26:
        raise ParameterError(f"an overburden of {settings.overburden!r} kN/m3 is no soil", where=name, hint="16 to 20 as a rule")
    if settings.area_ratio is not None and not 0.1 <= number(settings.area_ratio) <= 1:
        raise ParameterError(f"an area ratio of {settings.area_ratio!r} is not possible", where=name, hint="0.70 to 0.85 as a rule")
    if settings.cone_factor is not None and not 5 <= number(settings.cone_factor) <= 40:
        raise ParameterError(f"a cone factor of {settings.cone_factor!r} is not possible", where=name, hint="14 to 18 as a rule")
    if settings.peat_rf is not None and not number(settings.peat_rf) > 0:
        raise ParameterError(f"peat above {settings.peat_rf!r} % is not possible", where=name, hint="5 % as a rule, or None")


def _see_cone(sounding: Row, frame: pd.DataFrame, name: str) -> None:
    if str(sounding.get("kind")) != "cpt":
        hint = "`layers_of` has the layers of a borehole"
        raise GeometryError(f"it is a {sounding.get('kind')}, no cone penetration test", where=name, hint=hint)
    if "qc_MPa" in frame and np.isfinite(frame["qc_MPa"].to_numpy(np.float64)).any():
        return
    other = [column for column in frame if str(column).startswith("coneResistance")]
    if other:
        raise GeometryError(
            f"the cone resistance is in `{other[0]}`, which is no pressure, so it says nothing of the soil", where=name,
            hint="correct the unit of the column in the file (`#COLUMNINFO`), MPa as a rule",
        )  # fmt: skip
    raise GeometryError("it has no cone resistance", where=name)


def _measured(sounding: Row, frame: pd.DataFrame, findings: list[str]) -> tuple[Values, Values, Values, NDArray[np.bool_]]:
    """qc, fs, u2 with what is not above 0 void, and which records lie below the predrilled part."""
    qc, fs, u2 = (frame[key].to_numpy(np.float64).copy() for key in ("qc_MPa", "fs_MPa", "u2_MPa"))
    depth, predrilled = frame["depth_m"].to_numpy(np.float64), number(sounding.get("predrilled_m"))
    below = np.ones(len(depth), dtype=bool)
    if predrilled > 0:
        below = depth >= predrilled - 0.011
        lost = int((np.isfinite(qc) & ~below).sum())
        if lost:
            findings.append(f"{lost} records lie above the predrilled depth of {predrilled:g} m; left out")
        for values in (qc, fs, u2):
            values[~below] = np.nan
    for key, values in (("qc", qc), ("fs", fs)):
        bad = values <= 0
        if bad.any():
            findings.append(f"{int(bad.sum())} records have {key} at or below 0; void")
            values[bad] = np.nan
    if not np.isfinite(qc).any():
        raise GeometryError("no record has a cone resistance above 0", where=name_of(sounding))
    if np.nanmax(qc) > 200:
        findings.append(f"qc is up to {np.nanmax(qc):.0f} MPa, more than a cone can take: is it in another unit?")
    if np.isfinite(fs / qc).any() and np.nanmedian(fs / qc) > 0.5:
        findings.append("the friction is half of the resistance and more: are the columns in one unit?")
    return qc, fs, u2, below


def _area_ratio(sounding: Row, given: float | None) -> float:
    """What is given, else what GEF (MEASUREMENTVAR 3) or BRO states, else the usual."""
    stated = (number(sounding.get(key)) for key in ("MEASUREMENTVAR_3", "coneSurfaceQuotient"))
    return float(given) if given is not None else next((value for value in stated if 0.1 <= value <= 1), math.nan)


def _corrected(frame: pd.DataFrame, qc: Values, u2: Values, ratio: float, assumptions: list[str]) -> Values:
    if not np.isfinite(u2).any():
        if "qt_MPa" in frame:
            assumptions.append("qt is that of the file")
            stated = frame["qt_MPa"].to_numpy(np.float64)
            return np.where(np.isfinite(qc) & (stated > 0), stated, qc)
        assumptions.append("qt = qc, as there is no pore pressure u2: too low in soft clay and peat, by up to some tens of percent")
        return qc
    if math.isnan(ratio):
        ratio = AREA_RATIO
        assumptions.append(f"net area ratio of the cone {ratio:g}, as the file does not state it")
    qt = cone.corrected(qc, u2, ratio)
    return np.where(qt > 0, qt, np.nan)


def _compare_ratios(frame: pd.DataFrame, rf: Values, findings: list[str]) -> None:
    stated = frame["rf_percent"].to_numpy(np.float64)
    both = np.isfinite(stated) & np.isfinite(rf) & (stated > 0)
    off = both & (np.abs(np.where(both, stated, 1.0) / np.where(both, rf, 1.0) - 1.0) > DIFFERS)
    if off.sum() > 0.1 * max(1, both.sum()):
        findings.append(
            f"the stated friction ratio is off by more than {100 * DIFFERS:.0f} % from 100 fs / qt in {int(off.sum())} of "
            f"{int(both.sum())} records; 100 fs / qt is used"
        )


def _stresses(
    depth: Values, qt: Values, fs: Values, rf: Values, settings: _Settings, water: WaterTable, assumptions: list[str]
) -> stresses.Stresses:
    """Stresses at all records; NaN above the first in which anything was measured."""
    known = np.flatnonzero(np.isfinite(qt))
    first = int(known[0]) if len(known) else 0
    rows = slice(first, None)
    if depth[first] > FROM_THE_GROUND_M:
        assumptions.append(
            f"the ground above {depth[first]:.2f} m, of which nothing was measured, weighs {settings.overburden:g} kN/m3"
        )
    chosen = settings.unit_weight
    if chosen == "mayne":
        found = stresses.iterated(
            depth[rows], lambda effective: stresses.mayne(fs[rows], effective), settings.overburden, water.depth_m
        )
    else:
        if chosen == "lengkeek":
            weight = stresses.lengkeek(qt, rf)
        elif chosen == "robertson-cabal":
            weight = stresses.robertson_cabal(qt, rf)
        else:
            weight = np.full(len(depth), float(chosen))
        found = stresses.in_the_ground(depth[rows], weight[rows], settings.overburden, water.depth_m)
    assumptions.append(f"unit weight by {chosen}" if isinstance(chosen, str) else f"unit weight {chosen:g} kN/m3, given")
    assumptions.append("pore pressure at rest, hydrostatic from the water table on")
    if (found.effective <= 0).any():
        assumptions.append("where the effective stress is not above 0 nothing is normalised: does the water stand so high?")
    nothing = np.full(first, np.nan)
    return stresses.Stresses(*(np.concatenate([nothing, part]) for part in found))


def _classify(table: pd.DataFrame, state: stresses.Stresses, settings: _Settings, assumptions: list[str]) -> None:
    table["unit_weight_kn_m3"] = state.unit_weight
    table["total_stress_kPa"], table["pore_pressure_kPa"], table["effective_stress_kPa"] = state.total, state.pore, state.effective
    qt, fs = table["qt_MPa"].to_numpy(), table["fs_MPa"].to_numpy()
    found = cone.normalise(qt, fs, state.total, state.effective, state.pore, table["u2_MPa"].to_numpy())
    names = ("qn_MPa", "qtn", "qt1", "fr_percent", "ic", "n", "bq")
    for key, part in zip(names, found, strict=True):
        table[key] = part
    table["isbt"] = cone.behaviour_index(qt, table["rf_percent"].to_numpy())
    depth = table["depth_m"].to_numpy()
    known = np.flatnonzero(np.isfinite(qt))
    start = depth[known[0]] if len(known) else 0.0
    assumed = settings.overburden * start if start > FROM_THE_GROUND_M else 0.0
    unsure = assumed > 0.5 * np.where(np.isfinite(state.total), state.total, np.inf)
    if unsure.any():
        assumptions.append(
            f"down to {depth[unsure].max():.2f} m more than half of the stress is assumed: the zone there is by SBT "
            "(Robertson 2010), without stresses"
        )
    table["zone_from"] = pd.array(np.where(unsure, "SBT", "SBTn"), dtype="str")
    table["zone"], kinds = zones_of(table, settings.peat_rf)
    table["zone_name"] = pd.array([cone.ZONES[zone] for zone in table["zone"]], dtype="str")
    table["soil_class"] = pd.array([ZONE_CLASSES[kind] for kind in kinds.tolist()], dtype="str")
    moved = int((kinds != table["zone"].to_numpy()).sum())
    if moved:
        least = f"Rf above {settings.peat_rf:g} % and qt below {PEAT_QT_MPA:g} MPa"
        assumptions.append(f"{moved} records of soft soil with {least} are taken for peat")


def zones_of(table: pd.DataFrame, peat_rf: float | None, window_m: float = 0.0) -> tuple[Zones, Zones]:
    """Zone of each record by the chart, and with soft soil of much friction as peat (2).

    Parameters
    ----------
    table : DataFrame
        See `interpret`.
    peat_rf : float, optional
        [%]
    window_m : float
        Of a median filter on the logarithms of what the zones come from [m].
    """
    depth = table["depth_m"].to_numpy(np.float64)

    def smooth(name: str) -> Values:
        values = table[name].to_numpy(np.float64)
        if window_m <= 0:
            return values
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(10.0 ** median_filter(depth, np.log10(np.where(values > 0, values, np.nan)), window_m))

    qtn, fr, qt, rf = (smooth(name) for name in ("qtn", "fr_percent", "qt_MPa", "rf_percent"))
    with np.errstate(invalid="ignore", divide="ignore"):
        index = np.hypot(3.47 - np.log10(qtn), np.log10(fr) + 1.22)
    plain = cone.zones_by_index(cone.behaviour_index(qt, rf))
    zone = np.where(table["zone_from"].to_numpy() == "SBT", plain, cone.zones(qtn, fr, index)).astype(np.uint8)
    if peat_rf is None:
        return zone, zone
    soft = np.isin(zone, (1, 2, 3, 4)) & (rf > peat_rf) & (qt < PEAT_QT_MPA)
    return zone, np.where(soft, 2, zone).astype(np.uint8)


def _estimate(table: pd.DataFrame, cone_factor: float | None) -> None:
    qn, qtn, qt1, ic = (table[key].to_numpy(np.float64) for key in ("qn_MPa", "qtn", "qt1", "ic"))
    table["modulus_MPa"] = stiffness.constrained_modulus(qn, qtn, ic)
    table["young_MPa"] = stiffness.young_modulus(qn, ic)
    table["vs_m_s"] = stiffness.shear_wave_velocity(qn, ic)
    table["g0_MPa"] = stiffness.shear_modulus(table["vs_m_s"], table["unit_weight_kn_m3"])
    table["k_m_d"] = stiffness.permeability(ic) * SECONDS_A_DAY
    table["ocr"] = stiffness.overconsolidation(qt1, ic)
    table["relative_density"] = stiffness.relative_density(qtn, ic)
    table["su_kPa"] = np.nan if cone_factor is None else stiffness.undrained_strength(qn, ic, cone_factor)


def _flags(table: pd.DataFrame, qc: Values, fs: Values, measured: NDArray[np.bool_]) -> Any:
    """What is the matter with each record, in words; empty as a rule."""
    told = (
        (~measured, "predrilled"),
        (measured & np.isnan(qc), "no resistance"),
        (measured & np.isfinite(qc) & np.isnan(fs), "no friction"),
        (np.isfinite(qc) & np.isfinite(fs) & np.isnan(table["ic"].to_numpy()), "not normalised"),
        ((table["zone_from"].to_numpy() == "SBT") & np.isfinite(qc), "stress assumed"),
    )
    words = [[word for rows, word in told if rows[k]] for k in range(len(table))]
    return pd.array([", ".join(one) for one in words], dtype="str")
