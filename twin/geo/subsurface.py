"""The subsurface of a city as tables: profiles of soundings whatever their file had, layers, levels.

>>> import twin
>>> city = twin.read_city("sample")
>>> from twin.geo.subsurface import profiles
>>> sorted(profiles(city.soundings)["id"].unique())
['borehole-1', 'cpt-1']
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.errors import GeometryError
from twin.geo.soil import soil_class
from twin.geo.underground import cellars_frame, recognise_layer, utilities_frame

if TYPE_CHECKING:
    import geopandas as gpd

CPT_COLUMNS = ("depth_m", "z_m", "qc_MPa", "fs_MPa", "rf_percent", "u2_MPa")
"""Columns that every profile of a cone penetration test has, NaN where nothing was measured."""

LAYER_COLUMNS = ("top_m", "bottom_m", "top_z_m", "bottom_z_m", "soil", "soil_class", "code_system", "description")
"""Columns that every profile of a borehole or a soil face has."""

_OLD_NAMES = {"qc_mpa": "qc_MPa", "fs_mpa": "fs_MPa", "u2_mpa": "u2_MPa"}


def sounding_profile(row: Mapping[str, Any] | pd.Series[Any]) -> pd.DataFrame:
    """What one sounding measured or met, from the top down.

    Parameters
    ----------
    row : Series or mapping
        A row of ``City.soundings``.

    Returns
    -------
    DataFrame
        Of a cone penetration test one row a record: ``depth_m`` (below the ground) and ``z_m`` (in the vertical datum, NaN
        where the height of the ground is not known) [m], ``qc_MPa`` (cone resistance), ``fs_MPa`` (local friction),
        ``rf_percent`` (friction ratio; ``100 fs / qc`` where the file does not have it), ``u2_MPa`` (pore pressure), float64,
        and what else was measured. Of a borehole or a soil face one row a layer: ``top_m``, ``bottom_m`` (depths), ``top_z_m``,
        ``bottom_z_m`` (in the vertical datum) [m], ``soil`` (code or name as stated), ``soil_class`` (see
        `twin.geo.soil.CLASSES`), ``code_system``, ``description``, and what else is stated. Without rows when the sounding has
        no profile.

    Raises
    ------
    GeometryError
        When the profile is not one.
    """
    profile = _profile(row)
    surface = _number(row.get("surface_m"))
    if "layers" in profile or str(row.get("kind")) != "cpt":
        return _layers(profile.get("layers", []), surface)
    table = {_OLD_NAMES.get(name, name): values for name, values in profile.items() if isinstance(values, list)}
    depth = _column(table.pop("depth_m", []))
    found: dict[str, Any] = {"depth_m": depth, "z_m": surface - depth}
    for name, values in table.items():
        column = _column(values)
        if len(column) != len(depth):
            raise GeometryError(
                f"the profile has {len(depth)} depths and {len(column)} values of {name}", where=str(row.get("id", ""))
            )
        found[name] = column
    nothing = np.full(len(depth), np.nan)
    for name in CPT_COLUMNS:
        found.setdefault(name, nothing)
    if np.isnan(found["rf_percent"]).all():
        cone = np.where(found["qc_MPa"] > 0, found["qc_MPa"], np.nan)
        found["rf_percent"] = 100.0 * found["fs_MPa"] / cone
    frame = pd.DataFrame({name: found[name] for name in (*CPT_COLUMNS, *(n for n in found if n not in CPT_COLUMNS))})
    return frame.sort_values("depth_m", kind="stable", ignore_index=True)


def profiles(soundings: gpd.GeoDataFrame, kind: str = "") -> pd.DataFrame:
    """The profiles of many soundings below each other, with the ``id`` of each as the first column.

    Parameters
    ----------
    soundings : GeoDataFrame
        ``City.soundings``, or some of its rows.
    kind : {"", "cpt", "borehole", "soil-face"}
        Only soundings of this kind.
    """
    parts = []
    for key, row in soundings.iterrows():
        if not kind or row["kind"] == kind:
            profile = sounding_profile(row)
            profile.insert(0, "id", pd.Series([str(key)] * len(profile), dtype="str"))
            parts.append(profile)
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"id": pd.Series(dtype="str")})


def _profile(row: Mapping[str, Any] | pd.Series[Any]) -> dict[str, Any]:
    stated = row.get("profile")
    if isinstance(stated, str):
        try:
            stated = json.loads(stated)
        except (ValueError, RecursionError):
            raise GeometryError("the profile of the sounding is not JSON", where=str(row.get("id", ""))) from None
    if stated is None or (isinstance(stated, float) and np.isnan(stated)) or stated is pd.NA:
        return {}
    if not isinstance(stated, dict):
        raise GeometryError(f"the profile of the sounding is {type(stated).__name__}, not a table", where=str(row.get("id", "")))
    return stated


def _layers(layers: Any, surface: float) -> pd.DataFrame:
    """Layers by depth; those of the embedded sample state heights in the datum, downward, and are turned."""
    rows = [dict(layer) for layer in layers] if isinstance(layers, list) else []
    for layer in rows:
        top, bottom = _number(layer.get("top_m")), _number(layer.get("bottom_m"))
        if top > bottom:
            top, bottom = surface - top, surface - bottom
        soil = str(layer.get("soil") or "")
        made = str(layer.get("anthropogenic", "")).lower() in ("ja", "true", "yes")
        layer |= {"top_m": top, "bottom_m": bottom, "top_z_m": surface - top, "bottom_z_m": surface - bottom, "soil": soil}
        layer["soil_class"] = "made ground" if made else soil_class(soil) or soil_class(str(layer.get("description") or ""))
    names = dict.fromkeys([*LAYER_COLUMNS, *(name for layer in rows for name in layer)])
    frame = pd.DataFrame({name: [layer.get(name) for layer in rows] for name in names})
    for name in ("top_m", "bottom_m", "top_z_m", "bottom_z_m"):
        frame[name] = frame[name].astype("float64")
    for name in ("soil", "soil_class", "code_system", "description"):
        frame[name] = pd.array(["" if value is None else str(value) for value in frame[name]], dtype="str")
    return frame.sort_values(["top_m", "bottom_m"], kind="stable", ignore_index=True)


def _column(values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([_number(value) for value in values], dtype=np.float64)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float | np.number) and not isinstance(value, bool) else float("nan")


__all__ = ["CPT_COLUMNS", "LAYER_COLUMNS", "cellars_frame", "profiles", "recognise_layer", "sounding_profile", "utilities_frame"]
