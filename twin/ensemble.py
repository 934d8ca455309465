"""Many runs of one scenario with different seeds: median, 5-95 %, and what is within noise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from twin.errors import ParameterError
from twin.geo.city import City
from twin.result import Result
from twin.run import Prepared, prepare, progress_bar, run_prepared
from twin.scenario import Scenario


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
    scenario: Scenario,
    *,
    seeds: int | Iterable[int] | None = None,
    baseline: bool = False,
    city: City | None = None,
    progress: bool | None = None,
) -> Ensemble:
    """Run a scenario with several seeds.

    Parameters
    ----------
    scenario : Scenario
    seeds : int or iterable of int, optional
        How many (counted from the scenario's seed), or which; by default the scenario's ``crowd.seeds``.
    baseline : bool
    city : City, optional
    progress : bool, optional

    Raises
    ------
    ParameterError
        When there is no seed, or one twice.
    """
    chosen = pick_seeds(scenario, seeds)
    prepared = prepare(scenario, baseline=baseline, city=city)
    with progress_bar(scenario.crowd.duration_s * len(chosen), f"{len(chosen)} seeds", progress) as bar:
        return run_seeds(prepared, chosen, bar)


def pick_seeds(scenario: Scenario, seeds: int | Iterable[int] | None) -> tuple[int, ...]:
    """The seeds meant by a number, a list or nothing."""
    if seeds is None:
        seeds = scenario.crowd.seeds
    chosen = tuple(range(scenario.crowd.seed, scenario.crowd.seed + seeds)) if isinstance(seeds, int) else tuple(int(s) for s in seeds)
    if not chosen or len(set(chosen)) != len(chosen):
        raise ParameterError("an ensemble needs at least one seed, each once", hint="for example seeds=5, or seeds=[1, 2, 3]")
    return chosen


def run_seeds(prepared: Prepared, seeds: tuple[int, ...], bar: object) -> Ensemble:
    """Run what `prepare` made ready with each seed; stops after an interrupted one."""
    rows: dict[int, dict[str, float]] = {}
    first: Result | None = None
    partial = False
    for seed in seeds:
        result = run_prepared(prepared, seed=seed, bar=bar)  # type: ignore[arg-type]
        if first is None:
            first = result
        partial = result.partial
        if partial and rows:
            break
        rows[seed] = {figure.key: figure.value for figure in result.figures}
        if partial:
            break
    assert first is not None
    figures = pd.DataFrame.from_dict(rows, orient="index")
    figures.index.name = "seed"
    return Ensemble(figures, first, partial)
