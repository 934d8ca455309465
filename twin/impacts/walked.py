"""Where people were on one side of a scenario, as far as an impact asks for it: all seeds, once a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from twin.geo.walkable import STREET

if TYPE_CHECKING:
    import xarray as xr
    from shapely.geometry.base import BaseGeometry

    from twin.result import Result


class Seen(NamedTuple):
    """What one run saw of the people on some ground.

    Parameters
    ----------
    places : DataFrame or None
        ``x``, ``y`` [m], ``time_s``: one moment of each second; None where nobody is followed one by one.
    density : DataArray or None
        (time, y, x), where `places` is None [1/m2].
    interval_s : float
        Between moments [s].
    """

    places: pd.DataFrame | None
    density: xr.DataArray | None
    interval_s: float


@dataclass(frozen=True, eq=False)
class Walked:
    """What all runs of one side saw.

    Parameters
    ----------
    seen : mapping of int to Seen
        By seed.
    clock_start : str
        Clock time at which runs begin; empty where it is not known.
    partial : bool
        Whether a run was interrupted.
    """

    seen: Mapping[int, Seen] = field(default_factory=dict)
    clock_start: str = ""
    partial: bool = False


def seen_of(result: Result, over: BaseGeometry, level: str = STREET) -> Seen:
    """What a run saw of the people on some ground.

    Parameters
    ----------
    result : Result
    over : shapely geometry
        In the CRS of the city.
    level : str
        Of the floor.
    """
    recording = result.recording
    if not len(recording):
        return _density_of(result, level)
    rate = recording.frame_rate
    levels = "level" in recording.columns
    wanted = ["frame", "x", "y", *(["level"] if levels else [])]
    west, south, east, north = shapely.bounds(over)
    shapely.prepare(over)
    found, step = [], max(1, round(rate))
    for part in recording.chunks(wanted):
        near = (part["x"] >= west) & (part["x"] <= east) & (part["y"] >= south) & (part["y"] <= north)
        if rate > 1.0:  # who is seen ten times in a second weighs once
            near &= part["frame"] % step == 0
        if levels:
            near &= part["level"].astype(str) == level
        rows = part[near]
        found.append(rows[shapely.contains_xy(over, rows["x"].to_numpy(np.float64), rows["y"].to_numpy(np.float64))])
    rows = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=wanted)
    table = pd.DataFrame({
        "x": rows["x"].to_numpy(np.float64), "y": rows["y"].to_numpy(np.float64),
        "time_s": rows["frame"].to_numpy(np.float64) / rate,
    })  # fmt: skip
    return Seen(table, None, step / rate)


def _density_of(result: Result, level: str) -> Seen:
    """The density field: the only thing that a continuum of people leaves."""
    if "density" not in result.fields:
        return Seen(None, None, float("nan"))
    density = result.fields["density"]
    levels = [str(one) for one in density["level"].to_numpy()] if "level" in density.dims else []
    if levels:
        density = density.isel(level=levels.index(level) if level in levels else 0)
    times = density["time"].to_numpy().astype(np.float64)
    interval = float(np.median(np.diff(times))) if len(times) > 1 else float("nan")
    if not float(density.max(skipna=True) if density.size else 0.0) > 0.0:  # nobody came: there is nothing to spread over cells
        return Seen(pd.DataFrame({name: np.empty(0) for name in ("x", "y", "time_s")}), None, interval)
    return Seen(None, density, interval)


def together(seen: Mapping[int, Seen]) -> tuple[pd.DataFrame, float]:
    """Places of all seeds in one table, each seed at its own time, and how far apart in time seeds are put [s]."""
    tables = [one.places for one in seen.values() if one.places is not None]
    last = max((float(table["time_s"].max()) for table in tables if len(table)), default=0.0)
    apart = float(np.ceil(last / 3600.0) + 1.0) * 3600.0
    moved = [table.assign(time_s=table["time_s"] + k * apart) for k, table in enumerate(tables)]
    none = pd.DataFrame({name: np.empty(0) for name in ("x", "y", "time_s")})
    return (pd.concat(moved, ignore_index=True) if moved else none), apart


def walked(seen: Sequence[tuple[int, Seen | None]], clock_start: str | None, *, partial: bool = False) -> Walked:
    """What runs saw, by seed; runs that saw nothing are left out."""
    return Walked({seed: one for seed, one in seen if one is not None}, clock_start or "", partial)
