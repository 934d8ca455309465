"""Layers that somebody writes by hand: a list from the top down, looked at before anything is worked out with it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from twin.errors import GeometryError, ParameterError, did_you_mean
from twin.geo.soil import CLASSES, soil_class
from twin.soil.layers import by_class, frame_of
from twin.soil.water import number

TOLERANCE_M = 0.01
"""Layers may lie so much in each other, or apart [m]."""

RANGES: Mapping[str, tuple[float, float]] = {
    "unit_weight_kn_m3": (8.0, 26.0),
    "saturated_kn_m3": (9.81, 26.0),
    "modulus_MPa": (0.01, 10_000.0),
    "cr": (1e-6, 1.0),
    "rr": (1e-6, 1.0),
    "c_alpha": (0.0, 1.0),
    "k_h_m_d": (1e-9, 1e6),
    "k_v_m_d": (1e-9, 1e6),
    "k_m_d": (1e-9, 1e6),
}
"""What may be given of a layer beside its soil and levels, and between what; ``k_m_d`` is both permeabilities."""

LEVELS = ("soil", "top_m", "bottom_m", "thickness_m", "description")
DUTCH = ("grind", "zand", "leem", "klei", "veen")
"""Names of soils in Dutch, for slips of the pen."""


def layers_from(rows: Iterable[Mapping[str, Any]], *, surface_m: float | None = None, where: str | None = None) -> pd.DataFrame:
    """Layers of a list, from the top down, in the columns of `twin.soil.layers_of`.

    Parameters
    ----------
    rows : iterable of mapping
        Each with ``soil`` (a class, a name in Dutch or English, or a code of NEN 5104) and its levels in the vertical datum:
        ``top_m`` (of the first; that of others is the bottom of the one above), and ``bottom_m`` or ``thickness_m`` [m]. What of
        `RANGES` is given counts; the rest is by class, an estimate.
    surface_m : float, optional
        Height of the ground; by default the top of the first layer [m].
    where : str, optional
        What the list belongs to, for messages.

    Raises
    ------
    GeometryError
        When levels are upside down, layers overlap or leave a gap of more than 1 cm, or one has no thickness.
    ParameterError
        When a soil or a key is not known, or a value is out of its range.
    """
    found: list[dict[str, Any]] = []
    above = ""
    bottom = math.nan
    for place, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            message = f"layer {place} is {type(row).__name__}, no layer"
            raise ParameterError(message, where=where, hint="keys `soil`, `top_m`, `bottom_m`")
        name = f"layer {place} ({row.get('soil', 'no soil')})"
        _see_keys(row, name, where)
        kind = _kind(row, name, where)
        top, bottom = _levels(row, name, above, bottom, where)
        surface = top if not found and surface_m is None else (surface_m if surface_m is not None else found[0]["top_z_m"])
        described = str(row.get("description") or row["soil"])
        found.append(
            by_class(kind) | _given(row, name, where)
            | {"top_m": surface - top, "bottom_m": surface - bottom, "top_z_m": top, "bottom_z_m": bottom,
               "thickness_m": top - bottom, "soil_class": kind, "description": described}
        )  # fmt: skip
        above = name
    if not found:
        raise ParameterError("there are no layers", where=where, hint="a list from the top down: `soil`, `top_m`, `bottom_m`")
    if surface_m is not None and not abs(found[0]["top_z_m"] - surface_m) <= TOLERANCE_M:
        message = f"the first layer begins at {found[0]['top_z_m']:g} m, the ground is at {surface_m:g} m"
        raise GeometryError(message, where=where, hint="begin the list at the ground")
    table = frame_of(found)
    table.attrs |= {"id": where or "given", "kind": "given", "assumptions": [], "findings": []}
    return table


def _see_keys(row: Mapping[str, Any], name: str, where: str | None) -> None:
    known = [*LEVELS, *RANGES]
    for key in row:
        if key not in known:
            raise ParameterError(f"{name}: there is no `{key}`{did_you_mean(str(key), known)}", where=where, hint=", ".join(known))


def _kind(row: Mapping[str, Any], name: str, where: str | None) -> str:
    soil = str(row.get("soil") or "").strip()
    kind = soil if soil in CLASSES else soil_class(soil)
    if not kind:
        near = did_you_mean(soil, (*DUTCH, *CLASSES))
        told = f"{name}: soil `{soil}` is not known{near}" if soil else f"{name}: it has no `soil`"
        raise ParameterError(told, where=where, hint=f"{', '.join(CLASSES)}, or a code of NEN 5104")
    return kind


def _levels(row: Mapping[str, Any], name: str, above: str, end: float, where: str | None) -> tuple[float, float]:
    """Top and bottom of a layer below one that ends at `end`."""
    for key in ("top_m", "bottom_m", "thickness_m"):
        if key in row and math.isnan(number(row[key])):
            raise ParameterError(f"{name}: `{key}` {row[key]!r} is no number", where=where, hint="metres, in the vertical datum")
    top = number(row.get("top_m")) if "top_m" in row else end
    if math.isnan(top):
        raise ParameterError(f"{name}: it has no `top_m`", where=where, hint="give the height at which the first layer begins")
    if ("bottom_m" in row) == ("thickness_m" in row):
        told = "both `bottom_m` and `thickness_m`" if "bottom_m" in row else "neither `bottom_m` nor `thickness_m`"
        raise ParameterError(f"{name}: it has {told}", where=where, hint="give one of them")
    bottom = number(row["bottom_m"]) if "bottom_m" in row else top - number(row["thickness_m"])
    if bottom > top:
        raise GeometryError(
            f"{name}: its bottom ({bottom:g} m) lies above its top ({top:g} m)", where=where,
            hint="levels count upward in the vertical datum, so the bottom is the lower number",
        )  # fmt: skip
    if not top - bottom > 0:
        raise GeometryError(f"{name}: it has no thickness ({top:g} to {bottom:g} m)", where=where, hint="leave it out")
    if above and abs(top - end) > TOLERANCE_M:
        told = f"{above} ends at {end:g} m and {name} begins at {top:g} m"
        what = f"overlap by {top - end:.2f} m" if top > end else f"leave a gap of {end - top:.2f} m"
        raise GeometryError(f"two layers {what}: {told}", where=where, hint="layers lie on each other from the top down")
    return (end if above else top), bottom


def _given(row: Mapping[str, Any], name: str, where: str | None) -> dict[str, Any]:
    """What is given of a layer; a value that is given has no range around it."""
    values: dict[str, Any] = {}
    for key, (low, high) in RANGES.items():
        if key not in row:
            continue
        value = number(row[key])
        if not low <= value <= high:
            raise ParameterError(f"{name}: `{key}` {row[key]!r} is not possible", where=where, hint=f"{low:g} to {high:g}")
        for one in ("k_h_m_d", "k_v_m_d") if key == "k_m_d" else (key,):
            values[one] = value
            for end in ("low", "high"):
                ranged = {"modulus_MPa": f"modulus_{end}_MPa", "cr": f"cr_{end}"}.get(one, one.replace("_m_d", f"_{end}_m_d"))
                if ranged != one:
                    values[ranged] = value
    if "unit_weight_kn_m3" in values and "saturated_kn_m3" not in values:
        values["saturated_kn_m3"] = max(values["unit_weight_kn_m3"], 9.81)
    if values:
        values |= {"source": f"given: {', '.join(key for key in RANGES if key in row)}", "estimated": False}
    return values
