"""The ways of vehicles over cellars as a table: what each takes, what the rule says, and whether there is a way round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.impacts.cellar_ways import Drive, Round, places_of, way_round
from twin.impacts.site import Site
from twin.scenario.cellars import CellarsAnalysis

COLUMNS = (
    "vehicle", "axle_t", "weight_t", "rule", "length_m", "time_min", "cellars", "cellar", "use_factor", "beyond", "not_judged",
    "round", "round_m", "round_min", "told",
)  # fmt: skip

RULE = "2 t on an axle, 3.5 t, 2.30 m"


def ways_told(
    site: Site, cellars: gpd.GeoDataFrame, drives: Sequence[Drive], alone: Mapping[str, pd.Series[float]],
    beyond: Mapping[str, NDArray[np.bool_]], settings: CellarsAnalysis,
) -> gpd.GeoDataFrame:  # fmt: skip
    """One row a vehicle.

    Parameters
    ----------
    site : Site
    cellars : GeoDataFrame
    drives : sequence of Drive
    alone : mapping of str to Series
        Use factor of each cellar, by vehicle.
    beyond : mapping of str to (E,) bool
        Streets that each vehicle should keep off.
    settings : CellarsAnalysis

    Returns
    -------
    GeoDataFrame
        Lines with ``vehicle``, ``axle_t``, ``weight_t``, ``rule`` (allowed, not allowed, exempt; empty where no cellar is below),
        ``length_m``, ``time_min``, ``cellars`` (how many below), ``cellar`` (the worst), ``use_factor``, ``beyond`` and
        ``not_judged`` (how many), ``round`` (not needed, found, none, or empty where no way is asked), ``round_m``, ``round_min``,
        ``told``.
    """
    shapes = np.asarray(cellars.geometry.array, dtype=object)
    rows: list[dict[str, Any]] = []
    lines = []
    for drive in drives:
        one = drive.settings
        below = np.ones(len(cellars), bool)
        if drive.corridor is not None:
            below = shapely.intersects(shapes, shapely.buffer(drive.corridor, max(drive.axles.width, 0.5) / 2))
        use = alone[one.id].to_numpy(np.float64)[below]
        far, unknown = int((use > settings.use_limit).sum()), int(np.isnan(use).sum())
        worst = int(np.nanargmax(use)) if np.isfinite(use).any() or np.isinf(use).any() else -1
        told: dict[str, Any] = {
            "id": one.id, "vehicle": drive.street.name, "axle_t": drive.heaviest_t, "weight_t": drive.axles.weight_t,
            "rule": drive.rule if below.any() else "", "length_m": drive.length_m, "time_min": drive.time_min,
            "cellars": int(below.sum()), "cellar": "" if worst < 0 else str(cellars.index[below][worst]),
            "use_factor": np.nan if worst < 0 else float(use[worst]), "beyond": far, "not_judged": unknown,
            "round": "", "round_m": np.nan, "round_min": np.nan,
        }  # fmt: skip
        if one.start is not None:
            told |= _round(site, drive, beyond[one.id], needed=far + unknown > 0)
        told["told"] = _sentence(told, drive, settings)
        rows.append(told)
        lines.append(shapely.LineString() if drive.line is None else drive.line)
    frame = pd.DataFrame(rows, columns=["id", *COLUMNS]).set_index("id")
    for name in ("vehicle", "rule", "cellar", "round", "told"):
        frame[name] = frame[name].astype("str")
    for name in ("cellars", "beyond", "not_judged"):
        frame[name] = frame[name].astype("int64")
    return gpd.GeoDataFrame(frame, geometry=lines, crs=cellars.crs)


def _round(site: Site, drive: Drive, beyond: NDArray[np.bool_], *, needed: bool) -> dict[str, Any]:
    if not needed:
        return {"round": "not needed"}
    found: Round | None = way_round(site, drive, beyond, places_of(site, drive.settings, 0))
    if found is None:
        return {"round": "none"}
    return {"round": "found", "round_m": found.length_m, "round_min": found.time_min}


def _sentence(row: Mapping[str, Any], drive: Drive, settings: CellarsAnalysis) -> str:
    """The way in a sentence."""
    parts = [] if not drive.told else [drive.told]
    if row["cellars"] == 0:
        return "; ".join([*parts, "no cellar lies below its way"])
    where = "wherever it may come" if drive.corridor is None else "on its way"
    count = row["cellars"]
    if not np.isnan(row["use_factor"]):
        far = f"{row['beyond']} of {count} cellars {where} beyond the limit"
        parts.append(far if row["beyond"] else f"all {count} cellars {where} within")
    if row["not_judged"]:
        parts.append(f"{row['not_judged']} of {count} not judged")
    if row["rule"] == "not allowed":
        parts.append(f"not allowed above cellars without an exemption ({RULE})")
    elif row["rule"] == "exempt":
        parts.append("exempt from the rule, which does not make vaults stronger")
    if row["round"] == "found":
        parts.append(f"a way round what is beyond: {row['round_m']:.0f} m, {row['round_min']:.1f} min")
    elif row["round"] == "none":
        parts.append("no way round what is beyond the limit")
    return "; ".join(parts)
