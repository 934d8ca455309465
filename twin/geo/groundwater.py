"""Groundwater levels: what a series of them says, and how it joins the tube it was measured in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from twin.geo.readers.model import Findings

LOW_SHARE, HIGH_SHARE = 0.05, 0.95
"""Shares of the levels that are lower than ``head_low_m`` and ``head_high_m``."""

LEVEL_COLUMNS = ("head_m", "head_low_m", "head_high_m", "levels", "first_level", "last_level")
"""What `level_columns` gives."""


def tube_id(well: str, tube_number: int | None) -> str:
    """Id of a row of ``wells``: a tube of a well."""
    return well if tube_number is None else f"{well}-{tube_number}"


def level_columns(levels: pd.Series[float]) -> dict[str, Any]:
    """Summary of a series of groundwater levels.

    Parameters
    ----------
    levels : Series of float64
        In the vertical datum, indexed by time [m].

    Returns
    -------
    dict
        ``head_m`` (median), ``head_low_m`` and ``head_high_m`` (5th and 95th percentile, linear between levels) [m]; ``levels``
        (their number), ``first_level`` and ``last_level`` (dates, ISO 8601). All levels weigh the same, so a period that was
        measured every hour weighs more than one that was measured twice a month.
    """
    known = levels[np.isfinite(levels.to_numpy(dtype=np.float64))]
    if not len(known):
        nothing = dict.fromkeys(("head_m", "head_low_m", "head_high_m"), float("nan"))
        return {**nothing, "levels": 0, "first_level": "", "last_level": ""}
    values = known.to_numpy(dtype=np.float64)
    low, middle, high = np.quantile(values, [LOW_SHARE, 0.5, HIGH_SHARE])
    return {
        "head_m": round(float(middle), 6),
        "head_low_m": round(float(low), 6),
        "head_high_m": round(float(high), 6),
        "levels": len(values),
        "first_level": known.index.min().date().isoformat(),
        "last_level": known.index.max().date().isoformat(),
    }


def joined_tubes(there: gpd.GeoDataFrame, more: gpd.GeoDataFrame, where: str, findings: Findings) -> gpd.GeoDataFrame:
    """Rows of the layer ``wells``, where two of the same tube become one.

    What one of the two lacks is taken from the other, so the levels of a dossier stand in the row of the tube that they were
    measured in, and its place is the well's. Where both state something the row that was there first is kept.

    Parameters
    ----------
    there, more : GeoDataFrame
        In one CRS; `there` is the first.
    where : str
        File of `more`, for messages.
    findings : Findings
    """
    if not len(there):
        return more
    both = more.index.intersection(there.index)
    crs = there.crs
    if len(both):
        mine, theirs = pd.DataFrame(there.loc[both]), pd.DataFrame(more.loc[both])
        for name in theirs.columns.intersection(mine.columns).difference(["geometry"]):
            differ = (
                mine[name].notna() & theirs[name].notna() & (mine[name].astype("str") != theirs[name].astype("str"))
            ).to_numpy()
            for key in both[differ]:
                message = f"`{name}` is stated twice and differs; the one in {where} is left out"
                findings.add("stated-twice", str(key), message, path=where)
        ours, others = (np.asarray(frame["geometry"].array, dtype=object) for frame in (mine, theirs))
        geometry = np.where(shapely.is_empty(ours), others, ours)
        filled = mine.drop(columns="geometry").combine_first(theirs.drop(columns="geometry")).reindex(both)
        whole = gpd.GeoDataFrame(filled, geometry=gpd.GeoSeries(geometry, index=both, crs=crs), crs=crs)
        order = there.index
        parts = [part for part in (there.drop(index=both), whole) if len(part)]
        there = gpd.GeoDataFrame(pd.concat(parts).reindex(order), geometry="geometry", crs=crs)
        more = more.drop(index=both)
    if not len(more):
        return there
    return gpd.GeoDataFrame(pd.concat([there, more]), geometry="geometry", crs=crs)
