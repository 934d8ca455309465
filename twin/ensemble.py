"""Many runs of one scenario with different seeds: median, 5-95 %, and what is within noise."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from twin.assess import (
    after_crowd,
    asked_ground,
    asked_of,
    assess,
    before_crowd,
    in_order,
    looked_at,
    walked_on,
    with_figures,
    with_impacts,
)
from twin.checkpoints import Checkpoints, checked
from twin.errors import InterruptedRunError, ParameterError, ResultError, ScenarioError
from twin.geo.city import City
from twin.geo.given import city_of
from twin.impacts.walked import Seen, Walked
from twin.population import expected_people
from twin.progress import Bar, progress_bar
from twin.result import Result
from twin.run import Prepared, as_scenario, checked_seed, load_city, prepare, run_prepared
from twin.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDE_BY_SIDE_BELOW = 20_000
"""Crowds smaller than this run side by side, each on one core; larger ones one after the other on all cores."""


@dataclass(frozen=True, eq=False)
class Run:
    """One run of an ensemble: its figures, its whole result if that is kept, and what it saw on ground that impacts ask about."""

    figures: dict[str, float]
    partial: bool
    result: Result | None
    series: pd.DataFrame | None = None
    highest: xr.Dataset | None = None
    seen: Seen | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble:
    """Figures over seeds.

    Parameters
    ----------
    figures : DataFrame
        One row a seed (index ``seed``), one column a figure key.
    first : Result
        The whole result of the first seed.
    partial : bool
        True when it was interrupted before all seeds were done.
    series : mapping of int to DataFrame
        `Result.series` of each seed.
    highest : mapping of int to Dataset
        ``density_max`` and ``walkable`` of each seed, on the cells where anybody came.
    """

    figures: pd.DataFrame
    first: Result
    partial: bool = False
    series: Mapping[int, pd.DataFrame] = field(default_factory=dict)
    highest: Mapping[int, xr.Dataset] = field(default_factory=dict)

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(int(seed) for seed in self.figures.index)

    def summary(self) -> pd.DataFrame:
        """One row a figure: ``median``, ``p5``, ``p95``, ``seeds``; a figure that some seed lacks (NaN) is NaN.

        Where some seed never got there (inf), ``p5`` and ``p95`` are the least and the most.
        """
        never = np.isinf(self.figures.to_numpy(np.float64)).any(axis=0)
        # between a time and never there is nothing to interpolate: the least and the most are given
        known = self.figures.loc[:, ~never]
        table = pd.DataFrame({
            "median": self.figures.median(skipna=False),
            "p5": pd.concat([known.quantile(0.05), self.figures.loc[:, never].min()]),
            "p95": pd.concat([known.quantile(0.95), self.figures.loc[:, never].max()]),
            "seeds": len(self.figures),
        }).loc[self.figures.columns]  # fmt: skip
        lacking = self.figures.isna().any()
        table.loc[lacking, ["p5", "p95"]] = float("nan")
        return table

    @cached_property
    def _aligned(self) -> xr.Dataset:
        """Highest densities (seed, level, y, x) on the cells of all seeds; 0 where a seed has nobody."""
        if not self.highest:
            raise ResultError("the ensemble holds no densities by seed", hint="run it again with twin.ensemble")
        parts = xr.align(*self.highest.values(), join="outer")
        both = xr.concat([part.fillna(0.0) for part in parts], dim=pd.Index(list(self.highest), name="seed"))
        return both.sortby("y", ascending=False)

    @property
    def walkable(self) -> xr.DataArray:
        """Floor (level, y, x) that any seed covers."""
        return self._aligned["walkable"].astype(bool).any("seed")

    def density(self, statistic: Literal["mean", "median", "p95"] = "mean") -> xr.DataArray:
        """Highest density of each place over the run, summed up over the seeds (level, y, x) [1/m2].

        Parameters
        ----------
        statistic : {"mean", "median", "p95"}
            ``"p95"`` is what 95 % of the seeds stay below.

        Raises
        ------
        ParameterError
            When there is no such statistic.
        ResultError
            When the densities of the seeds were not kept.
        """
        highest = self._aligned["density_max"]
        if statistic not in ("mean", "median", "p95"):
            raise ParameterError(f"there is no statistic `{statistic}`", hint="one of mean, median, p95")
        if statistic == "mean":
            made = highest.mean("seed", dtype=np.float64)
        else:
            # there is no NaN: NumPy's quantile is twenty times as fast as that which looks for some
            made = highest.reduce(np.quantile, dim="seed", q=0.5 if statistic == "median" else 0.95)
        return made.assign_attrs(units="m-2", long_name=f"highest crowd density, {statistic} of {len(self.highest)} seeds")

    def exceedance(self, limit_per_m2: float | None = None) -> xr.DataArray:
        """Share of the seeds in which each place is denser than a limit at some moment (level, y, x).

        With few seeds this is coarse: none of 5 leaves up to 45 % possible, none of 60 up to 5 % (1 - 0.05^(1/n), at 95 %).

        Parameters
        ----------
        limit_per_m2 : float, optional
            By default that of the scenario [1/m2].

        Raises
        ------
        ParameterError
            When the limit is not above 0, or the scenario has none.
        ResultError
            When the densities of the seeds were not kept.
        """
        if limit_per_m2 is None:
            limit_per_m2 = next((figure.limit for figure in self.first.figures if figure.key == "density_max"), None)
        if limit_per_m2 is None or not limit_per_m2 > 0:
            raise ParameterError(f"a limit of {limit_per_m2!r} people per m2 is not possible", hint="give a number above 0")
        over = (self._aligned["density_max"] > limit_per_m2).mean("seed")
        return over.assign_attrs(
            units="1", long_name=f"share of {len(self.highest)} seeds above the limit", limit_per_m2=float(limit_per_m2)
        )

    def places(
        self, limit_per_m2: float | None = None, *, count: int = 5, within_m: float = 3.0, city: City | None = None
    ) -> gpd.GeoDataFrame:
        """The places that are densest on average over the seeds, and how likely a limit is exceeded there.

        Parameters
        ----------
        limit_per_m2 : float, optional
            By default that of the scenario [1/m2].
        count : int
        within_m : float
            A place is what lies so near to its densest cell: from seed to seed a jam moves a little [m].
        city : City, optional
            To name the places.

        Returns
        -------
        GeoDataFrame
            ``rank``, ``place``, ``level``, ``density_mean`` and ``density_p95`` (over the seeds, of the highest within reach
            [1/m2]), ``probability`` (share of the seeds above the limit), ``seeds``.

        Raises
        ------
        ParameterError, ResultError
            As `exceedance`.
        """
        from twin.impacts.crowding import hotspots

        limit = float(self.exceedance(limit_per_m2).attrs["limit_per_m2"])
        highest = self._aligned["density_max"]
        mean = self.density("mean")
        fields = xr.Dataset({"density_max": mean, "density_max_time": xr.zeros_like(mean)}, attrs=dict(self.first.fields.attrs))
        found = hotspots(fields, city, count=count).drop(columns=["time_s", "density_per_m2"])
        rows = []
        for level, shape in zip(found["level"], found.geometry, strict=True):
            near = np.hypot(highest["x"] - shape.x, highest["y"] - shape.y) <= within_m
            top = highest.sel(level=level).where(near).max(("y", "x")).to_numpy().astype(np.float64)
            rows.append((float(top.mean()), float(np.quantile(top, 0.95)), float((top > limit).mean()), len(top)))
        figures = pd.DataFrame(rows, columns=["density_mean", "density_p95", "probability", "seeds"], index=found.index)
        return found.join(figures)[["rank", "place", "level", "density_mean", "density_p95", "probability", "seeds", "geometry"]]

    def plot_series(
        self,
        column: str = "present",
        *,
        band: tuple[float, float] = (0.05, 0.95),
        ax: Axes | None = None,
        language: Literal["en", "nl"] = "en",
    ) -> Axes:
        """The median of a series over the seeds, and the band in which a share of them lies.

        Parameters
        ----------
        column : str
            Of `Result.series`: ``present``, ``left``, ``exit_<name>``, ``area_<name>``, ...
        band : (float, float)
            Lower and upper share of the seeds.
        ax : matplotlib.axes.Axes, optional
        language : {"en", "nl"}

        Raises
        ------
        ParameterError
            When there is no such column, or the band is none.
        ResultError
            When the series of the seeds were not kept.
        """
        from twin.plots.seeds import plot_band

        return plot_band(self, column, band=band, ax=ax, language=language)

    def plot_map(
        self,
        statistic: Literal["mean", "median", "p95", "exceedance"] = "mean",
        *,
        limit: float | None = None,
        language: Literal["en", "nl"] = "en",
        **options: Any,
    ) -> Axes:
        """A map of the highest density over the seeds, or of the probability that a limit is exceeded.

        Parameters
        ----------
        statistic : {"mean", "median", "p95", "exceedance"}
        limit : float, optional
            Of ``"exceedance"``; by default that of the scenario [1/m2].
        language : {"en", "nl"}
        **options
            ``level``, ``city``, ``ax``, ``bounds``, ``classes``, ... of `Result.plot_map`.

        Raises
        ------
        ParameterError, ResultError
            As `density`, `exceedance` and `Result.plot_map`.
        """
        from twin.plots.seeds import plot_statistic

        return plot_statistic(self, statistic, limit=limit, language=language, **options)

    def __repr__(self) -> str:
        state = ", partial" if self.partial else ""
        return f"<Ensemble: {len(self.figures)} seeds, {len(self.figures.columns)} figures{state}>"

    def _repr_html_(self) -> str:
        from twin.plots.cards import ensemble_card

        return ensemble_card(self)


def ensemble(
    scenario: Scenario | str | Path,
    *,
    seeds: int | Iterable[int] | None = None,
    baseline: bool = False,
    city: City | None = None,
    progress: bool | None = None,
    checkpoints: Checkpoints | None = None,
) -> Ensemble:
    """Run a scenario with several seeds.

    Parameters
    ----------
    scenario : Scenario or path
    seeds : int or iterable of int, optional
        How many (counted from the scenario's seed), or which; by default the scenario's ``crowd.seeds``.
    baseline : bool
    city : City, optional
    progress : bool, optional
    checkpoints : Checkpoints, optional
        As in `twin.run`; runs that are done are not run again.

    Returns
    -------
    Ensemble
        The first run whole, and the figures of all.

    Raises
    ------
    ParameterError
        When there is no seed, or one twice.
    ScenarioError
        When nobody walks in it: then nothing differs by seed.
    InterruptedRunError
        On Ctrl-C before anything ran; later, what was done is given back as partial.
    """
    scenario = as_scenario(scenario)
    checked(checkpoints)
    chosen = pick_seeds(scenario, seeds)
    if asked_of(scenario) and not scenario.has_crowd:
        raise ScenarioError("nobody walks in this scenario, so nothing differs by seed", hint="use twin.run or twin.compare")
    city = load_city(scenario) if city is None else city_of(city)
    prepared = prepare(scenario, baseline=baseline, city=city)
    impacts = assess(scenario, prepared.changed, area=city.bounds, keys=before_crowd(scenario))
    with progress_bar(scenario.crowd.duration_s * len(chosen), f"{len(chosen)} seeds", progress) as bar:
        runs = run_tasks([(prepared, seed) for seed in chosen], bar, keep=[0], checkpoints=checkpoints)
    gathered = gather(runs, chosen)
    if gathered is None:
        raise InterruptedRunError("interrupted before the first run had begun")
    late = after_crowd(scenario)
    if late:
        people = people_of_runs(scenario, chosen, runs)
        impacts = in_order(impacts, assess(scenario, prepared.changed, area=city.bounds, keys=late, crowd=people))
    return replace(gathered, figures=with_figures(gathered.figures, impacts), first=with_impacts(gathered.first, impacts))


def pick_seeds(scenario: Scenario, seeds: int | Iterable[int] | None) -> tuple[int, ...]:
    """The seeds meant by a number, a list or nothing."""
    if seeds is None:
        seeds = scenario.crowd.seeds
    if isinstance(seeds, Iterable):
        chosen = tuple(checked_seed(seed) for seed in seeds)
    else:
        chosen = tuple(range(scenario.crowd.seed, scenario.crowd.seed + checked_seed(seeds)))
    if not chosen or len(set(chosen)) != len(chosen):
        raise ParameterError("an ensemble needs at least one seed, each once", hint="for example seeds=5, or seeds=[1, 2, 3]")
    return chosen


def run_tasks(
    tasks: Sequence[tuple[Prepared, int]],
    bar: Bar,
    *,
    keep: Sequence[int],
    when_kept: Callable[[list[Result]], None] | None = None,
    checkpoints: Checkpoints | None = None,
) -> list[Run | None]:
    """Run several prepared sides with their seeds; small crowds side by side, one a core.

    Parameters
    ----------
    tasks : sequence of (Prepared, seed)
    bar : Bar
    keep : sequence of int
        Tasks whose whole result is kept.
    when_kept : callable, optional
        Called with those results on this thread as soon as they are there, while the other tasks go on.
    checkpoints : Checkpoints, optional

    Returns
    -------
    list of Run or None
        None for what had not begun when the user interrupted; what was under way is partial.
    """
    cores = os.cpu_count() or 1
    small = all(expected_people(side.scenario, side.changed) < SIDE_BY_SIDE_BELOW for side, _ in tasks)
    workers = min(cores, len(tasks)) if small else 1

    grounds = {id(side): asked_ground(side.scenario, side.changed.city) for side, _ in tasks}

    def one(k: int) -> Run | None:
        side, seed = tasks[k]
        over = grounds[id(side)]
        if bar.stopped:
            return None
        parallel = False if workers > 1 else None
        record = k in keep or over is not None
        result = run_prepared(side, seed=seed, bar=bar, parallel=parallel, record=record, checkpoints=checkpoints)
        if result.partial:
            bar.stopped = True
        figures = {figure.key: figure.value for figure in result.figures}
        highest = result.fields[["density_max", "walkable"]].load()
        whole = result if k in keep else None
        return Run(figures, result.partial, whole, result.series, highest, looked_at(result, over))

    def tell(runs: Sequence[Run | None]) -> None:
        results = [run.result for run in runs if run is not None and run.result is not None]
        if when_kept is not None and len(results) == len(keep):
            when_kept(results)

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(one, k) for k in range(len(tasks))]
        try:
            tell([futures[k].result() for k in keep])
            wait(futures)
        except KeyboardInterrupt:
            bar.stopped = True  # every run ends its step and gives back what it has
        except BaseException:
            # whatever it was, the other runs must not go on to their end before it is told
            bar.stopped = True
            raise
        return [future.result() for future in futures]


def people_of_runs(scenario: Scenario, seeds: Sequence[int], runs: Sequence[Run | None]) -> Walked:
    """Where people were in all runs of one side."""
    pairs = [(seed, run) for seed, run in zip(seeds, runs, strict=True) if run is not None]
    return walked_on(scenario, [(seed, run.seen) for seed, run in pairs], partial=any(run.partial for _, run in pairs))


def gather(runs: Sequence[Run | None], seeds: Sequence[int]) -> Ensemble | None:
    """The runs of one side; None when not even the first had begun."""
    first = runs[0]
    if first is None or first.result is None:
        return None
    rows = {seed: run.figures for seed, run in zip(seeds, runs, strict=True) if run is not None and not run.partial}
    whole = len(rows) == len(seeds)
    figures = pd.DataFrame.from_dict(rows or {seeds[0]: first.figures}, orient="index")
    figures.index.name = "seed"
    done = {seed: run for seed, run in zip(seeds, runs, strict=True) if run is not None and seed in rows}
    done = done or {seeds[0]: first}
    series = {seed: run.series for seed, run in done.items() if run.series is not None}
    highest = {seed: run.highest for seed, run in done.items() if run.highest is not None}
    return Ensemble(figures, first.result, partial=not whole, series=series, highest=highest)
