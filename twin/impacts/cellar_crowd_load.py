"""How heavy a crowd is on each cellar over time [kN/m2]: on the mean of its plan, and on the worst spot as the check has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.impacts.cellar_crowd import MOST_MOMENTS, Crowd
from twin.impacts.cellar_loads import pressures
from twin.plots.words import clock
from twin.sim.impact.cellar.loads import REFERENCE_KN_M2
from twin.variables import variable

REFERENCE_SOURCE = (
    f"{REFERENCE_KN_M2:g} kN/m2 is what EN 1991-1-1 table 6.2 has for large crowds (category C5); a reference for the load, and "
    "not what a vault carries"
)

COLUMNS = ("crowd_kn_m2", "crowd_spot_kn_m2", "crowd_when_s", "crowd_when", "crowd_seed")
"""What the table of cellars has of it: highest mean over the plan, highest on a spot; when and in which run the mean is."""


class CrowdLoad(NamedTuple):
    """The crowd as a load.

    Parameters
    ----------
    columns : DataFrame
        `COLUMNS` for each cellar; NaN where it is not known, 0 where nobody came [kN/m2], [s].
    fields : Dataset
        ``cellar_crowd_load`` and ``cellar_crowd_spot`` (time, seed, cellar) [kN/m2]; empty where nobody came above any cellar.
    """

    columns: pd.DataFrame
    fields: xr.Dataset


def crowd_load(cellars: gpd.GeoDataFrame, crowd: Crowd, options: Mapping[str, Any]) -> CrowdLoad | None:
    """The crowd of one side as a load on its cellars.

    Parameters
    ----------
    cellars : GeoDataFrame
        N rows.
    crowd : Crowd
    options : mapping
        See `twin.impacts.cellar_loads.Settings`; `crowd_factor` counts, as in the check.

    Returns
    -------
    CrowdLoad or None
        None where no crowd is looked at.
    """
    if crowd.nobody:
        return CrowdLoad(_columns(cellars, np.zeros(len(cellars)), np.zeros(len(cellars))), xr.Dataset())
    if crowd.given is None:
        return None
    times, mean, spot = pressures(cellars, crowd.given, **options)
    at = np.where(np.isfinite(mean).any(axis=1), np.nan_to_num(mean, nan=-1.0).argmax(axis=1), 0)
    rows = np.arange(len(cellars))
    highest = mean[rows, at]
    came = np.nan_to_num(highest) > 0.0
    moments = [float(times[k]) if there else float("nan") for k, there in zip(at, came, strict=True)]
    top = np.where(np.isnan(highest), np.nan, np.max(np.nan_to_num(spot), axis=1))
    columns = _columns(
        cellars, highest, top, [crowd.second_of(one) for one in moments], crowd.clock_start, [crowd.seed_at(one) for one in moments]
    )
    return CrowdLoad(columns, _over_time(cellars, crowd, times, {"cellar_crowd_load": mean, "cellar_crowd_spot": spot}))


def _columns(
    cellars: gpd.GeoDataFrame, mean: NDArray[np.float64], spot: NDArray[np.float64], when: list[float] | None = None,
    clock_start: str = "", seeds: list[int | None] | None = None,
) -> pd.DataFrame:  # fmt: skip
    seconds = np.full(len(cellars), np.nan) if when is None else np.array(when)
    words = ["" if np.isnan(one) else clock(float(one), clock_start, exact=True) for one in seconds]
    of = [pd.NA if one is None else one for one in (seeds if seeds is not None else [None] * len(cellars))]
    values = (mean, spot, seconds, pd.array(words, dtype="str"), pd.array(of, dtype="Int64"))
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)), index=cellars.index)


def _over_time(
    cellars: gpd.GeoDataFrame, crowd: Crowd, times: NDArray[np.float64], loads: Mapping[str, NDArray[np.float64]]
) -> xr.Dataset:
    """Loads by time since the start of each run; moments at which nobody is above any cellar have none."""
    run = np.floor_divide(times, crowd.apart_s).astype(np.int64) if np.isfinite(crowd.apart_s) else np.zeros(len(times), np.int64)
    second = times - run * crowd.apart_s if np.isfinite(crowd.apart_s) else times
    if isinstance(crowd.given, xr.DataArray):
        axis, slot = second, np.arange(len(second))
    else:
        step = max(1.0, crowd.interval_s) if np.isfinite(crowd.interval_s) else 1.0
        slot = np.floor(second / step + 1e-9).astype(np.int64)
        axis = step * np.arange(int(slot.max()) + 1)
    shape = (len(axis), len(crowd.seeds), len(cellars))
    part = np.arange(len(axis)) * MOST_MOMENTS // len(axis) if len(axis) > MOST_MOMENTS else np.arange(len(axis))
    first = np.flatnonzero(np.diff(part, prepend=-1))
    made = {}
    for name, values in loads.items():
        whole = np.zeros(shape, np.float32)
        whole[slot, run] = values.T
        made[name] = variable(name).array(np.maximum.reduceat(whole, first, axis=0))
    ids = np.array([str(one) for one in cellars.index])
    coords = {"time": ("time", axis[first], {"units": "s", "long_name": "time since the start of the run"})}
    return xr.Dataset(made, coords={**coords, "seed": np.array(crowd.seeds, np.int64), "cellar": ids})
