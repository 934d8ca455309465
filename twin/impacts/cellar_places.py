"""Stages and stalls above cellars: what each takes of the cellars below, and how heavy it may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.geo.walkable import STREET
from twin.impacts.cellar_capacity import cellar_capacity
from twin.impacts.site import Site
from twin.sim.impact.cellar.screen import screening_of

MOST_KN_M2 = 50.0
"""No larger load is told to be within: nothing that people put up weighs so much, and then masonry crushes or walls give way, which
is not looked at: a choice [kN/m2]."""


def stages_on_street(site: Site) -> gpd.GeoDataFrame:
    """Stages and stalls of a side as far as they stand on the street, by id, with ``load_kn_m2`` (NaN where it is not stated)."""
    rows = [one for one in site.made if one.kind == "stage" and one.level == STREET]
    shapes = np.array([one.shape for one in rows], dtype=object)
    if len(shapes) and len(site.city.buildings):
        houses = shapely.force_2d(site.city.buildings.geometry.to_numpy())
        near = np.unique(shapely.STRtree(houses).query(shapes, predicate="intersects")[1])
        if len(near):
            shapes = shapely.difference(shapes, shapely.union_all(houses[near]))
    kept = [k for k, shape in enumerate(shapes) if shape.area > 0]
    names = _names([rows[k].label for k in kept])
    frame = pd.DataFrame({"load_kn_m2": np.array([rows[k].load_kn_m2 for k in kept], dtype=np.float64)}, index=names)
    frame.index.name = "id"
    return gpd.GeoDataFrame(frame, geometry=[_areas(shapes[k]) for k in kept], crs=site.city.crs)


def _names(labels: list[str]) -> list[str]:
    """Each once: a second `stall` is `stall (2)`."""
    return [f"{one} ({labels[: k + 1].count(one)})" if labels[:k].count(one) else one for k, one in enumerate(labels)]


def _areas(shape: shapely.Geometry) -> shapely.Geometry:
    """What of a shape has an area."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def places_of(
    stages: gpd.GeoDataFrame, cellars: gpd.GeoDataFrame, limit: float, options: Mapping[str, Any]
) -> gpd.GeoDataFrame:
    """What each stage takes of the cellars below it, and the largest load that stays within a limit.

    What a load takes of a vault grows in proportion to it, as long as it stands there alone.

    Parameters
    ----------
    stages : GeoDataFrame
        As of `stages_on_street`.
    cellars : GeoDataFrame
    limit : float
        Of the use factor [1].
    options : mapping
        Of `cellar_capacity`.

    Returns
    -------
    GeoDataFrame
        ``load_kn_m2``, ``area_m2``, ``cellars`` (how many below), ``cellar`` (the worst), ``use_factor``, ``use_low``,
        ``use_high``, ``largest_kn_m2`` (largest load within the limit, and no more than `MOST_KN_M2`), ``largest_low_kn_m2`` (the
        same, were the vaults as weak as they may be), ``screening``.
    """
    rows: list[dict[str, Any]] = []
    for name, row in stages.iterrows():
        below = cellars[cellars.intersects(row.geometry)]
        load = float(row["load_kn_m2"])
        told: dict[str, Any] = {
            "load_kn_m2": load, "area_m2": float(row.geometry.area), "cellars": len(below), "cellar": "", "use_factor": np.nan,
            "use_low": np.nan, "use_high": np.nan, "largest_kn_m2": np.nan, "largest_low_kn_m2": np.nan, "screening": "within",
        }  # fmt: skip
        if len(below):
            one = gpd.GeoDataFrame({"load_kn_m2": [1.0]}, index=[name], geometry=[row.geometry], crs=stages.crs)
            found = cellar_capacity(below, stages=one, **options)
            touched = found[~(found["governing"] == "own weight") | found["use_factor"].isna()]
            told |= _worst(touched, load, limit) if len(touched) else {"cellars": 0}
        rows.append(told)
    columns = [
        "load_kn_m2", "area_m2", "cellars", "cellar", "use_factor", "use_low", "use_high", "largest_kn_m2", "largest_low_kn_m2",
        "screening",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns, index=stages.index).astype({"cellar": "str", "screening": "str", "cellars": int})
    return gpd.GeoDataFrame(frame, geometry=stages.geometry.to_numpy(), crs=stages.crs)


def _worst(found: gpd.GeoDataFrame, load: float, limit: float) -> dict[str, Any]:
    """Of one place, from what 1 kN/m2 takes of the cellars below."""
    each = found["use_factor"].to_numpy(np.float64)
    count = {"cellars": len(found)}
    if np.isnan(each).any():
        return count | {"cellar": str(found.index[int(np.isnan(each).argmax())]), "screening": "not judged"}
    at = int(each.argmax())
    one, high = float(each[at]), float(found["use_high"].max())
    told = count | {
        "cellar": str(found.index[at]), "largest_kn_m2": min(limit / one if one > 0 else np.inf, MOST_KN_M2),
        "largest_low_kn_m2": min(limit / high if high > 0 else np.inf, MOST_KN_M2),
    }  # fmt: skip
    if np.isnan(load):
        return told | {"screening": "not judged"}
    low = float(found["use_low"].iloc[at])
    use = {"use_factor": load * one, "use_low": load * low, "use_high": load * high}
    return told | use | {"screening": str(screening_of(load * one / limit))}
