"""Many runs of one scenario with different seeds: median, 5-95 %, and what is within noise."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from twin.checkpoints import Checkpoints, checked
from twin.errors import InterruptedRunError, ParameterError
from twin.geo.city import City
from twin.population import expected_people
from twin.progress import Bar, progress_bar
from twin.result import Result
from twin.run import Prepared, as_scenario, checked_seed, prepare, run_prepared
from twin.scenario import Scenario

SIDE_BY_SIDE_BELOW = 20_000
"""Crowds smaller than this run side by side, each on one core; larger ones one after the other on all cores."""


@dataclass(frozen=True, eq=False)
class Run:
    """One run of an ensemble: its figures, and its whole result if that is kept."""

    figures: dict[str, float]
    partial: bool
    result: Result | None


@dataclass(frozen=True, eq=False)
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
    """

    figures: pd.DataFrame
    first: Result
    partial: bool = False

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(int(seed) for seed in self.figures.index)

    def summary(self) -> pd.DataFrame:
        """One row a figure: ``median``, ``p5``, ``p95``, ``seeds``; a figure that some seed lacks (NaN) is NaN."""
        table = pd.DataFrame({
            "median": self.figures.median(skipna=False),
            "p5": self.figures.quantile(0.05),
            "p95": self.figures.quantile(0.95),
            "seeds": len(self.figures),
        })  # fmt: skip
        lacking = self.figures.isna().any()
        table.loc[lacking, ["p5", "p95"]] = float("nan")
        return table


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

    Raises
    ------
    ParameterError
        When there is no seed, or one twice.
    InterruptedRunError
        On Ctrl-C before anything ran; later, what was done is given back as partial.
    """
    scenario = as_scenario(scenario)
    checked(checkpoints)
    chosen = pick_seeds(scenario, seeds)
    prepared = prepare(scenario, baseline=baseline, city=city)
    with progress_bar(scenario.crowd.duration_s * len(chosen), f"{len(chosen)} seeds", progress) as bar:
        runs = run_tasks([(prepared, seed) for seed in chosen], bar, keep=[0], checkpoints=checkpoints)
    gathered = gather(runs, chosen)
    if gathered is None:
        raise InterruptedRunError("interrupted before the first run had begun")
    return gathered


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

    def one(k: int) -> Run | None:
        side, seed = tasks[k]
        if bar.stopped:
            return None
        parallel = False if workers > 1 else None
        result = run_prepared(side, seed=seed, bar=bar, parallel=parallel, record=k in keep, checkpoints=checkpoints)
        if result.partial:
            bar.stopped = True
        figures = {figure.key: figure.value for figure in result.figures}
        return Run(figures, result.partial, result if k in keep else None)

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


def gather(runs: Sequence[Run | None], seeds: Sequence[int]) -> Ensemble | None:
    """The runs of one side; None when not even the first had begun."""
    first = runs[0]
    if first is None or first.result is None:
        return None
    rows = {seed: run.figures for seed, run in zip(seeds, runs, strict=True) if run is not None and not run.partial}
    whole = len(rows) == len(seeds)
    figures = pd.DataFrame.from_dict(rows or {seeds[0]: first.figures}, orient="index")
    figures.index.name = "seed"
    return Ensemble(figures, first.result, partial=not whole)
