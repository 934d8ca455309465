"""Cranes above and beside cellars: what the feet of each take of the cellars below, or how far off the nearest is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.impacts.cellar_capacity import cellar_capacity
from twin.scenario.cellars import CellarCrane, CellarsAnalysis
from twin.sim.impact.cellar.screen import screening_of

NEAR_M = 30.0
"""Cellars further from every foot than this are not asked whether a foot loads them [m]."""

COVER_M = 1.0
"""Taken where the cover of a cellar is not known, to see whether a foot may load it: an estimate [m]."""

BESIDE = "what a foot beside a cellar does to its wall is not looked at"


def cranes_of_side(settings: CellarsAnalysis, *, changed: bool) -> list[CellarCrane]:
    """The cranes that stand there, on the side with the changes or on that without."""
    return [one for one in settings.cranes if one.in_baseline or changed]


def feet_of_cranes(cranes: list[CellarCrane]) -> list[dict[str, Any]]:
    """Outriggers as `twin.impacts.cellar_capacity.cellar_capacity` takes them."""
    return [
        {"name": one.id, "outrigger_kn": one.outrigger_kn, "pad_m": one.pad_m, "at": at} for one in cranes for at in one.outriggers
    ]


def cranes_told(
    cranes: list[CellarCrane], cellars: gpd.GeoDataFrame, limit: float, options: Mapping[str, Any]
) -> gpd.GeoDataFrame:
    """One row a crane, whether or not a cellar is below it.

    Parameters
    ----------
    cranes : list of CellarCrane
    cellars : GeoDataFrame
        All of the city: a foot may stand outside the area that is looked at.
    limit : float
        Of the use factor [1].
    options : mapping
        Of `cellar_capacity`.

    Returns
    -------
    GeoDataFrame
        Feet (points) with ``outrigger_kn``, ``feet``, ``cellars`` (how many the feet load), ``cellar`` (the worst of these, else
        the nearest), ``nearest_m`` (from the middle of a foot to the nearest outline, 0 above one), ``use_factor``, ``use_low``,
        ``use_high``, ``screening`` (empty where no cellar is loaded) and ``told``.
    """
    rows = [_one(crane, cellars, limit, options) for crane in cranes]
    columns = ["outrigger_kn", "feet", "cellars", "cellar", "nearest_m", "use_factor", "use_low", "use_high", "screening", "told"]
    names = pd.Index([one.id for one in cranes], name="id", dtype="str")
    frame = pd.DataFrame(rows, columns=columns, index=names)
    kinds = {"cellar": "str", "screening": "str", "told": "str", "feet": "int64", "cellars": "int64"}
    shapes = [shapely.MultiPoint(one.outriggers) for one in cranes]
    return gpd.GeoDataFrame(frame.astype(kinds), geometry=shapes, crs=cellars.crs)


def _one(crane: CellarCrane, cellars: gpd.GeoDataFrame, limit: float, options: Mapping[str, Any]) -> dict[str, Any]:
    away = shapely.distance(np.asarray(cellars.geometry.array, dtype=object), shapely.MultiPoint(crane.outriggers))
    first = int(np.nanargmin(away))
    told: dict[str, Any] = {
        "outrigger_kn": crane.outrigger_kn, "feet": len(crane.outriggers), "cellars": 0, "cellar": str(cellars.index[first]),
        "nearest_m": float(away[first]), "use_factor": 0.0, "use_low": 0.0, "use_high": 0.0, "screening": "",
    }  # fmt: skip
    near = away <= NEAR_M
    found = cellar_capacity(cellars[near], cranes=feet_of_cranes([crane]), **options)
    cover = found["cover_m"].to_numpy(np.float64)
    reach = np.where(np.isnan(cover), COVER_M, cover) + 0.5 * crane.pad_m
    unknown = found["use_factor"].isna() & (away[near] <= reach)
    loaded = found[found["governing"].str.startswith("crane") | unknown]
    if not len(loaded):
        where = f"no cellar lies below its outriggers; the nearest, {told['cellar']}, is {away[first]:.1f} m from a foot"
        return told | {"told": f"{where}; {BESIDE}"}
    count, blind = len(loaded), int(loaded["use_factor"].isna().sum())
    use = loaded["use_factor"].to_numpy(np.float64)
    told |= {"cellars": count}
    if blind:
        # what is not known may be the worst
        told |= {"cellar": str(loaded.index[int(np.isnan(use).argmax())]), "screening": "not judged"}
        told |= dict.fromkeys(("use_factor", "use_low", "use_high"), np.nan)
        return told | {"told": f"{blind} of {count} cellars below its outriggers not judged"}
    at, most = int(use.argmax()), float(use.max())
    beyond = int((use > limit).sum())
    ends = {name: float(loaded[name].iloc[at]) for name in ("use_factor", "use_low", "use_high")}
    below = f"{count} cellar{'s' if count > 1 else ''} below its outriggers"
    said = f"{beyond} of {below} beyond the limit" if beyond else f"{below} within the limit"
    named = {"cellar": str(loaded.index[at]), "screening": str(screening_of(most / limit))}
    return told | ends | named | {"told": f"{said}; {BESIDE}"}
