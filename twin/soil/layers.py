"""Layers of the ground in one set of columns, whether a cone, a borehole or a person tells them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import GeometryError, ParameterError
from twin.geo.subsurface import sounding_profile
from twin.sim.impact.soil import layering
from twin.sim.impact.soil.cone import ZONES
from twin.soil.classes import ANISOTROPY, RECOMPRESSION, SOURCE, ZONE_CLASSES, values_of
from twin.soil.interpret import FROM_THE_GROUND_M, PEAT_RF_PERCENT, interpret, zones_of
from twin.soil.water import Row, name_of, number, water_table

LAYER_COLUMNS: dict[str, str] = {
    "top_m": "float64", "bottom_m": "float64", "top_z_m": "float64", "bottom_z_m": "float64", "thickness_m": "float64",
    "soil_class": "str", "description": "str", "zone": "uint8", "ic": "float64", "ic_low": "float64", "ic_high": "float64",
    "qc_MPa": "float64", "unit_weight_kn_m3": "float64", "saturated_kn_m3": "float64", "modulus_MPa": "float64",
    "modulus_low_MPa": "float64", "modulus_high_MPa": "float64", "cr": "float64", "cr_low": "float64", "cr_high": "float64",
    "rr": "float64", "c_alpha": "float64", "k_h_m_d": "float64", "k_h_low_m_d": "float64", "k_h_high_m_d": "float64",
    "k_v_m_d": "float64", "k_v_low_m_d": "float64", "k_v_high_m_d": "float64", "records": "int64", "merged": "str",
    "source": "str", "estimated": "bool",
}  # fmt: skip
"""Columns of a table of layers with their types.

Depths ``top_m`` and ``bottom_m`` count from the ground, ``top_z_m`` and ``bottom_z_m`` in the vertical datum. ``unit_weight_kn_m3``
is that above the water. ``ic_low`` and ``ic_high`` are the 10th and 90th percentile. ``merged`` says what was swallowed.
"""

K_FACTOR = 10.0
"""A permeability from a cone is good to a factor of this each way."""


def layers_of(
    sounding: Row, *, least_m: float = 0.3, least_soft_m: float = 0.1, window_m: float = 0.15,
    peat_above_rf_percent: float | None = PEAT_RF_PERCENT, **how: Any,
) -> pd.DataFrame:  # fmt: skip
    """Layers that a sounding tells, from the top down.

    Those of a borehole are its own, with weight, stiffness and permeability by the class of their soil (`twin.soil.classes`, all
    estimates). Those of a cone are made of its zones: a median filter, stretches of one zone, and thin ones joined to the neighbour
    that they are most like; stiffness, weight and permeability are the cone's, compression ratios by class.

    Parameters
    ----------
    sounding : Series or mapping
        A row of ``City.soundings``.
    least_m, least_soft_m : float
        Thinnest layer, and thinnest soft seam between sand, of a cone [m].
    window_m : float
        Of the median filter [m].
    peat_above_rf_percent : float, optional
        See `twin.soil.interpret`.
    **how
        Further keywords of `twin.soil.interpret`.

    Returns
    -------
    DataFrame
        Columns `LAYER_COLUMNS`. Stretches in which nothing was measured or described have the class ``""``. The modulus of a cone
        is the harmonic mean of its records with the 10th and 90th percentile; its permeability the arithmetic mean along and the
        harmonic mean across. ``attrs`` has ``id``, ``kind``, ``assumptions`` and ``findings``; heights in the datum are NaN where
        that of the ground is not known.

    Raises
    ------
    GeometryError
        When it tells of no layers.
    ParameterError
        When a parameter is out of its range.
    """
    name = name_of(sounding)
    for key, value in (("least_m", least_m), ("least_soft_m", least_soft_m), ("window_m", window_m)):
        if not 0 <= number(value) <= 10:
            raise ParameterError(f"`{key}` {value!r} is not possible", where=name, hint="0 to 10 m")
    surface = number(sounding.get("surface_m"))
    if str(sounding.get("kind")) == "cpt":
        table = interpret(sounding, peat_above_rf_percent=peat_above_rf_percent, **how)
        return _of_cone(table, surface, peat_above_rf_percent, least_m, least_soft_m, window_m)
    return _of_borehole(sounding, surface, name)


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A table of layers with all its columns; what a row lacks is missing."""
    empty = {"float64": math.nan, "str": "", "uint8": 0, "int64": 0, "bool": True}
    columns: dict[str, Any] = {}
    for key, kind in LAYER_COLUMNS.items():
        values = [row.get(key, empty[kind]) for row in rows]
        columns[key] = pd.array(values, dtype="str") if kind == "str" else np.array(values, dtype=kind)
    return pd.DataFrame(columns)


def by_class(soil_class: str) -> dict[str, Any]:
    """What a layer is taken to be by its class; nothing where it has none."""
    values = values_of(soil_class)
    if values is None:
        return {}
    k, cr = values.k, values.cr
    return {
        "unit_weight_kn_m3": values.moist.value, "saturated_kn_m3": values.saturated.value,
        "modulus_low_MPa": values.modulus.low, "modulus_MPa": values.modulus.value, "modulus_high_MPa": values.modulus.high,
        "cr_low": cr.low, "cr": cr.value, "cr_high": cr.high, "rr": RECOMPRESSION * cr.value, "c_alpha": values.creep * cr.value,
        "k_h_low_m_d": k.low, "k_h_m_d": k.value, "k_h_high_m_d": k.high, "k_v_low_m_d": k.low / ANISOTROPY,
        "k_v_m_d": k.value / ANISOTROPY, "k_v_high_m_d": k.high / ANISOTROPY, "source": SOURCE, "estimated": True,
    }  # fmt: skip


def fused(layers: pd.DataFrame) -> pd.DataFrame:
    """Layers of which neighbours of one class are one; stretches that tell nothing are left out.

    Weights and indices are means by thickness, moduli and the permeability across harmonic ones.
    """
    groups: list[list[dict[str, Any]]] = []
    plain = pd.DataFrame({key: layers[key].array for key in LAYER_COLUMNS})
    for row in plain.to_dict("records"):
        if not row["soil_class"]:
            continue
        above = groups[-1][-1] if groups else None
        if above and above["soil_class"] == row["soil_class"] and abs(above["bottom_m"] - row["top_m"]) <= 0.01:
            groups[-1].append({str(key): value for key, value in row.items()})
        else:
            groups.append([{str(key): value for key, value in row.items()}])
    return frame_of([_as_one(group) for group in groups])


def _as_one(group: list[dict[str, Any]]) -> dict[str, Any]:
    """One layer of some that lie on each other."""
    if len(group) == 1:
        return group[0]
    weight = np.array([layer["thickness_m"] for layer in group])
    row = dict(group[0])
    for key, kind in LAYER_COLUMNS.items():
        if kind == "float64" and key not in ("top_m", "top_z_m"):
            across = key.startswith(("modulus", "k_v"))
            row[key] = layering.means([layer[key] for layer in group], weight)[2 if across else 0]
    row |= {"bottom_m": group[-1]["bottom_m"], "bottom_z_m": group[-1]["bottom_z_m"], "thickness_m": float(weight.sum())}
    row["records"] = sum(layer["records"] for layer in group)
    for key in ("description", "merged", "source"):
        row[key] = "; ".join(dict.fromkeys(layer[key] for layer in group if layer[key]))
    return row


def _levels(top: float, bottom: float, surface: float) -> dict[str, Any]:
    return {
        "top_m": top, "bottom_m": bottom, "top_z_m": surface - top, "bottom_z_m": surface - bottom, "thickness_m": bottom - top,
    }  # fmt: skip


def _of_borehole(sounding: Row, surface: float, name: str) -> pd.DataFrame:
    profile = sounding_profile(sounding)
    if not len(profile):
        raise GeometryError("the sounding tells of no layers", where=name)
    rows: list[dict[str, Any]] = []
    findings: list[str] = []
    end = 0.0
    for layer in profile.to_dict("records"):
        top, bottom = float(layer["top_m"]), float(layer["bottom_m"])
        if top > end + 0.01:
            rows.append(_levels(end, top, surface) | {"description": "not described"})
        elif top < end - 0.01:
            findings.append(f"the layer from {top:g} m lies in the one above it, down to {end:g} m; what is double is left out")
        top = end if rows and abs(top - end) <= 0.01 else max(top, end)
        if bottom <= top:
            continue
        told = layer.get("description") or layer.get("soil") or ""
        rows.append(by_class(layer["soil_class"]) | _levels(top, bottom, surface)
                    | {"soil_class": layer["soil_class"], "description": str(told)})  # fmt: skip
        end = bottom
    water = water_table(sounding)
    found = frame_of(rows)
    found.attrs |= {
        "id": name, "kind": str(sounding.get("kind")), "assumptions": [f"weights, stiffness and permeability by {SOURCE}"],
        "findings": [*water.doubts, *findings], "water_depth_m": water.depth_m, "water_from": water.source,
        "water_stated": water.stated,
    }  # fmt: skip
    return found


def _of_cone(
    table: pd.DataFrame, surface: float, peat_rf: float | None, least: float, soft: float, window: float
) -> pd.DataFrame:
    depth = table["depth_m"].to_numpy(np.float64)
    kind = zones_of(table, peat_rf, window)[1]
    # what was not measured is no part of a layer, though a median over it is something
    kind = np.where(np.isnan(table["qt_MPa"].to_numpy()), 0, kind).astype(np.uint8)
    raw = layering.runs(depth, kind)
    index = np.where(table["zone_from"].to_numpy() == "SBT", table["isbt"], table["ic"])
    heavy = layering.weights(depth)
    of_raw = layering.members(raw, depth)
    mean = [layering.quantile(index[of_raw == k], heavy[of_raw == k], 0.5) for k in range(len(raw.top))]
    layers = layering.merge(raw, np.nan_to_num(np.array(mean), nan=3.0), least, soft)
    if not len(layers.top):
        raise GeometryError(
            "not one soil can be told: resistance and friction are not both there in two records", where=table.attrs["id"]
        )
    member = layering.members(layers, depth)
    rows = [_cone_layer(table, layers, k, member == k, index, heavy, surface) for k in range(len(layers.top))]
    first, attrs = float(layers.top[0]), dict(table.attrs)
    attrs["assumptions"] = [
        *attrs["assumptions"], f"layers of at least {least:g} m; compression ratios by {SOURCE}",
        f"permeability good to a factor of {K_FACTOR:g} each way",
    ]  # fmt: skip
    if first > FROM_THE_GROUND_M:
        rows.insert(0, _levels(0.0, first, surface) | {"description": "not measured"})
    elif first > 0:
        rows[0] |= _levels(0.0, rows[0]["bottom_m"], surface)
        attrs["assumptions"].append(f"the first layer is taken to begin at the ground, {first:.2f} m above the first record")
    found = frame_of(rows)
    found.attrs |= {**attrs, "kind": "cpt"}
    return found


def _cone_layer(
    table: pd.DataFrame, layers: layering.Layers, k: int, mine: Any, index: Any, heavy: Any, surface: float
) -> dict[str, Any]:
    zone = int(layers.zone[k])
    row = _levels(float(layers.top[k]), float(layers.bottom[k]), surface) | {"zone": zone, "soil_class": ZONE_CLASSES[zone]}
    if zone == 0:
        return row | {"description": "not measured"}
    names = ("qc_MPa", "unit_weight_kn_m3", "modulus_MPa", "k_m_d")
    column = {key: table[key].to_numpy(np.float64)[mine] for key in names}
    weight, values = heavy[mine], values_of(ZONE_CLASSES[zone])
    assert values is not None
    along, _, across = layering.means(column["k_m_d"], weight)
    saturated = layering.means(column["unit_weight_kn_m3"], weight)[0]
    others = [(thick, ZONES[z].split(":")[0]) for z, thick in enumerate(layers.parts[k]) if z != zone and thick > 0.004]
    swallowed = [f"{thick:.2f} m {name}" for thick, name in others]
    return by_class(ZONE_CLASSES[zone]) | row | {
        "description": ZONES[zone],
        "ic": layering.quantile(index[mine], weight, 0.5), "ic_low": layering.quantile(index[mine], weight, 0.1),
        "ic_high": layering.quantile(index[mine], weight, 0.9), "qc_MPa": layering.means(column["qc_MPa"], weight)[1],
        "saturated_kn_m3": saturated, "unit_weight_kn_m3": saturated - values.saturated.value + values.moist.value,
        "modulus_MPa": layering.means(column["modulus_MPa"], weight)[2],
        "modulus_low_MPa": layering.quantile(column["modulus_MPa"], weight, 0.1),
        "modulus_high_MPa": layering.quantile(column["modulus_MPa"], weight, 0.9),
        "k_h_m_d": along, "k_h_low_m_d": along / K_FACTOR, "k_h_high_m_d": along * K_FACTOR,
        "k_v_m_d": across, "k_v_low_m_d": across / K_FACTOR, "k_v_high_m_d": across * K_FACTOR,
        "records": int(np.isfinite(column["qc_MPa"]).sum()), "merged": ", ".join(swallowed),
        "source": "cone (Robertson 2009, 2010)", "estimated": True,
    }  # fmt: skip
