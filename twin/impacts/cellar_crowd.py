"""The crowd of all seeds as a load on cellars, and the use of one cellar over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from twin.impacts.cellar_loads import course
from twin.impacts.walked import Walked, together
from twin.plots.words import clock

MOST_MOMENTS = 600
"""Of longer courses this many moments are kept, each the worst of its part."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """The crowd of one side.

    Parameters
    ----------
    given : DataFrame, DataArray or None
        As `cellar_capacity` takes it; seeds one after the other.
    seeds : tuple of int
    apart_s : float
        Time between the starts of seeds in `given` [s].
    clock_start : str
    nobody : bool
        Whether people walked, but none of them above a cellar.
    told : str
        What was used.
    interval_s : float
        Between moments [s].
    """

    given: pd.DataFrame | xr.DataArray | None = None
    seeds: tuple[int, ...] = ()
    apart_s: float = float("inf")
    clock_start: str = ""
    nobody: bool = False
    told: str = "No crowd is looked at."
    interval_s: float = float("nan")

    def seed_at(self, moment: float) -> int | None:
        """The seed of a moment of `given`."""
        if np.isnan(moment) or not self.seeds:
            return None
        return self.seeds[min(int(moment // self.apart_s), len(self.seeds) - 1)] if np.isfinite(self.apart_s) else self.seeds[0]

    def second_of(self, moment: float) -> float:
        """Time since the start of its run [s]."""
        return float(moment % self.apart_s) if np.isfinite(self.apart_s) else float(moment)


def crowd_of(walked: Walked | None) -> Crowd:
    """The crowd of one side: where people stood, once a second; the density where nobody is followed."""
    if walked is None or not walked.seen:
        return Crowd()
    seeds = tuple(walked.seen)
    of = f"{len(seeds)} runs" if len(seeds) > 1 else "one run"
    cut = " A run was interrupted: what came after that is not known." if walked.partial else ""
    if all(one.places is None for one in walked.seen.values()):
        first = next(iter(walked.seen.values()))
        if first.density is None:
            return Crowd()
        told = (
            f"The crowd is that of the density field of the first run, every {first.interval_s:g} s: a worse second between is not "
            f"seen, and people are spread over whole cells.{cut}"
        )
        return Crowd(first.density, seeds[:1], clock_start=walked.clock_start, told=told, interval_s=first.interval_s)
    table, apart = together(walked.seen)
    interval = max(one.interval_s for one in walked.seen.values())
    told = (
        f"The crowd is that of {of}: where people stood every {interval:g} s, and of all these moments and runs the one that is "
        f"worst for each cellar.{cut}"
    )
    if not len(table):
        return Crowd(None, seeds, apart, walked.clock_start, True, f"In {of} nobody came above a cellar.{cut}")
    return Crowd(table, seeds, apart, walked.clock_start, False, told, interval)


def course_of(
    found: gpd.GeoDataFrame, cellars: gpd.GeoDataFrame, crowd: Crowd, options: Mapping[str, Any]
) -> gpd.GeoDataFrame:
    """What the crowd takes over time of the cellar of which it takes most, in the run in which that is: a row a moment.

    Returns
    -------
    GeoDataFrame
        Points with ``cellar``, ``seed``, ``time_s``, ``when`` and ``use_crowd``.
    """
    use = found["use_crowd"].to_numpy(np.float64) if "use_crowd" in found else np.empty(0)
    rows = pd.DataFrame({"cellar": [], "seed": [], "time_s": [], "when": [], "use_crowd": []})
    point: Any = []
    if crowd.given is not None and (np.nan_to_num(use) > 0.0).any():
        at = int(np.nanargmax(use))
        times, uses = course(cellars.iloc[[at]], crowd.given, **options)
        runs = np.floor_divide(times, crowd.apart_s) if np.isfinite(crowd.apart_s) else np.zeros(len(times))
        mine = runs == runs[int(np.nanargmax(uses))]
        seed = crowd.seed_at(float(times[mine][0]))
        seconds, uses = np.array([crowd.second_of(float(one)) for one in times[mine]]), uses[mine]
        kept = _thinned(uses)
        rows = pd.DataFrame({
            "cellar": str(found.index[at]), "seed": seed, "time_s": seconds[kept],
            "when": [clock(one, crowd.clock_start, exact=True) for one in seconds[kept]], "use_crowd": uses[kept],
        })  # fmt: skip
        point = [cellars.geometry.iloc[at].representative_point()] * len(rows)
    return gpd.GeoDataFrame(rows.astype({"cellar": "str", "when": "str"}), geometry=point, crs=cellars.crs)


def _thinned(uses: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Rows to keep: all, or the worst of each part."""
    if len(uses) <= MOST_MOMENTS:
        return np.arange(len(uses))
    parts = np.array_split(np.arange(len(uses)), MOST_MOMENTS)
    return np.array([part[int(np.nan_to_num(uses[part]).argmax())] for part in parts])
