"""Baseline against variant: the difference, the limit each figure is judged by, and what is within noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from twin.assess import (
    after_crowd,
    asked_of,
    assess,
    before_crowd,
    in_order,
    paired,
    see_possible,
    with_figures,
    with_impacts,
)
from twin.checkpoints import Checkpoints, checked
from twin.ensemble import Run, gather, people_of_runs, pick_seeds, run_tasks
from twin.errors import InterruptedRunError, ScenarioError
from twin.geo.city import City
from twin.geo.given import city_of
from twin.progress import progress_bar
from twin.result import Figure, Result
from twin.run import Prepared, as_scenario, changed_city, load_city, prepare, without_crowd
from twin.scenario import Scenario
from twin.scenario.apply import Changed
from twin.scenario.read import told_with_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from twin.impact_result import ImpactResult


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure on both sides.

    Parameters
    ----------
    figure : Figure
        Of the variant: label, unit, limit and its source.
    baseline, variant : float
        Median over the seeds.
    baseline_range, variant_range : (float, float)
        5 and 95 % over the seeds.
    change : float
        Median over the seeds of variant minus baseline, seed by seed.
    change_range : (float, float)
        5 and 95 % of that.
    within_noise : bool or None
        True when those include 0: chance alone may make the difference. None with one seed: then nothing is known of
        chance. False when every run gave exactly the same on both sides.
    """

    figure: Figure
    baseline: float
    variant: float
    baseline_range: tuple[float, float]
    variant_range: tuple[float, float]
    change: float
    change_range: tuple[float, float]
    within_noise: bool | None

    @property
    def verdict(self) -> str:
        """Of the variant's median against the limit."""
        return replace(self.figure, value=self.variant).verdict

    @property
    def verdict_before(self) -> str:
        """Of the baseline's median against the same limit."""
        return replace(self.figure, value=self.baseline).verdict


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Two sides of a scenario.

    Parameters
    ----------
    baseline, variant : Result
        Of the first seed, whole.
    baseline_figures, variant_figures : DataFrame
        One row a seed, one column a figure.
    title, question : str
    partial : bool
        Whether some run was interrupted.
    """

    baseline: Result
    variant: Result
    baseline_figures: pd.DataFrame
    variant_figures: pd.DataFrame
    title: str = ""
    question: str = ""
    partial: bool = False

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds that both sides were run with."""
        return tuple(int(s) for s in self.variant_figures.index.intersection(self.baseline_figures.index))

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Figure by figure, in the order of the variant's."""
        return tuple(
            _difference(figure, self.baseline_figures, self.variant_figures)
            for figure in self.variant.figures
            if figure.key in self.baseline_figures
        )

    @cached_property
    def difference(self) -> xr.Dataset:
        """Variant minus baseline of ``density_max``, on the cells that either covers; NaN off both floors."""
        first, second = self.baseline.fields, self.variant.fields
        if not self.variant.has_crowd:
            return xr.Dataset(attrs=dict(first.attrs))
        cells = [f[["density_max", "walkable"]] for f in (first, second)]
        one, two = xr.align(*cells, join="outer", exclude={"time"})
        delta = two["density_max"].fillna(0.0) - one["density_max"].fillna(0.0)
        floor = one["walkable"].fillna(0).astype(bool) | two["walkable"].fillna(0).astype(bool)
        delta = delta.where(floor).sortby("y", ascending=False)
        delta.attrs = {"units": "m-2", "long_name": "change of the highest crowd density (variant minus baseline)"}
        return xr.Dataset({"density_max_change": delta}, attrs=dict(first.attrs))

    @property
    def impacts(self) -> dict[str, tuple[ImpactResult, ImpactResult, xr.Dataset]]:
        """Of each impact the baseline, the variant, and the difference of their fields (variant minus baseline)."""
        old, new = self.baseline.impacts, self.variant.impacts
        return {key: (old[key], new[key], new[key].difference(old[key])) for key in new if key in old}

    def table(self) -> pd.DataFrame:
        """One row a figure: label, unit, medians, ranges, change, ``within_noise``, limit, verdict, number of seeds."""
        rows = [
            {
                "figure": d.figure.key, "label": d.figure.label, "unit": d.figure.unit,
                "baseline": d.baseline, "variant": d.variant,
                "change": d.change, "change_p5": d.change_range[0], "change_p95": d.change_range[1],
                "within_noise": d.within_noise, "limit": d.figure.limit, "limit_source": d.figure.limit_source,
                "verdict": d.verdict, "seeds": len(self.seeds),
            }
            for d in self.differences
        ]  # fmt: skip
        return pd.DataFrame(rows).set_index("figure")

    def plot_map(
        self,
        variable: str = "density",
        *,
        side: Literal["difference", "baseline", "variant", "all"] = "difference",
        time: float | Literal["max", "mean"] | None = None,
        level: str | None = None,
        city: City | None = None,
        ax: Any = None,
        vmax: float | None = None,
        bounds: tuple[float, float, float, float] | None = None,
        labels: bool = True,
        language: Literal["en", "nl"] = "en",
        **options: Any,
    ) -> Any:
        """A map of a side or of the difference of the first seed, or all three beside each other.

        Parameters
        ----------
        variable : str
        side : {"difference", "baseline", "variant", "all"}
            The difference is variant minus baseline, on a scale with white at 0; where a side has nobody, its density is 0.
        time, level, city, bounds, labels, language
            As in `Result.plot_map`.
        ax : Axes, or three of them for ``side="all"``, optional
        vmax : float, optional
            End of the scale; of the difference, both ends.
        **options
            Of `Result.plot_map`, for a side.

        Returns
        -------
        Axes, or (3,) array of them for ``side="all"``

        Raises
        ------
        ParameterError
            When there is no such side, or as in `Result.plot_map`.
        """
        from twin.plots.map import plot_comparison

        return plot_comparison(
            self, variable, side=side, time=time, level=level, city=city, ax=ax, vmax=vmax, bounds=bounds, labels=labels,
            language=language, **options,
        )  # fmt: skip

    def plot_series(
        self,
        what: Literal["people", "density", "exits", "lines", "areas"] = "people",
        *,
        ax: Axes | None = None,
        language: Literal["en", "nl"] = "en",
    ) -> Axes:
        """A chart over time of the first seed: without the changes dashed, with them full.

        Parameters
        ----------
        what : {"people", "density", "exits", "lines", "areas"}
            As in `Result.plot_series`; of densities the highest anywhere.
        ax : matplotlib.axes.Axes, optional
        language : {"en", "nl"}

        Raises
        ------
        ParameterError, ResultError
            As in `Result.plot_series`.
        """
        from twin.plots.series import plot_both

        return plot_both(self, what, ax=ax, language=language)

    def __repr__(self) -> str:
        state = ", partial" if self.partial else ""
        return f"<Comparison {self.title!r}: {len(self.differences)} figures, {len(self.seeds)} seeds{state}>"

    def _repr_html_(self) -> str:
        from twin.plots.cards import comparison_card

        return comparison_card(self)

    def save(self, folder: str | Path) -> Path:
        """Write both results and the table of figures; ``baseline/`` and ``variant/`` open with `open_result`.

        Raises
        ------
        OutputError
            When the folder cannot be written.
        """
        from twin.result_io import write_text

        folder = Path(folder)
        self.baseline.save(folder / "baseline")
        self.variant.save(folder / "variant")
        write_text(folder / "comparison.csv", self.table().to_csv())
        return folder


def _difference(figure: Figure, baseline: pd.DataFrame, variant: pd.DataFrame) -> Difference:
    seeds = baseline.index.intersection(variant.index)
    one, two = baseline.loc[seeds, figure.key].to_numpy(float), variant.loc[seeds, figure.key].to_numpy(float)
    with np.errstate(invalid="ignore"):
        delta = two - one
    both = np.isinf(one) & np.isinf(two)
    delta[both] = 0.0  # reached on neither side: no difference
    low, high = _range(delta)
    noise: bool | None = bool(np.isnan(delta).any()) or (low <= 0.0 <= high)
    if figure.exact or (delta == 0.0).all():
        noise = False
    elif len(delta) < 2:
        noise = None
    return Difference(figure, _median(one), _median(two), _range(one), _range(two), _median(delta), (low, high), noise)


def _median(values: np.ndarray) -> float:
    """Median; inf stands for "not reached", NaN for "not known"."""
    return float(np.median(values)) if len(values) and not np.isnan(values).any() else float("nan")


def _range(values: np.ndarray) -> tuple[float, float]:
    if not len(values) or np.isnan(values).any():
        return float("nan"), float("nan")
    if not np.isfinite(values).all():
        return float(values.min()), float(values.max())
    return float(np.quantile(values, 0.05)), float(np.quantile(values, 0.95))


def compare(
    scenario: Scenario | str | Path,
    *,
    seeds: int | Iterable[int] | None = None,
    city: City | None = None,
    progress: bool | None = None,
    when_first: Callable[[Result, Result], None] | None = None,
    checkpoints: Checkpoints | None = None,
) -> Comparison:
    """Run a scenario without and with its intervention, with the same seeds.

    Parameters
    ----------
    scenario : Scenario or path
        With at least one change that is not ``in_baseline``.
    seeds : int or iterable of int, optional
        By default the scenario's ``crowd.seeds``, counted from its seed.
    city : City, optional
    progress : bool, optional
    when_first : callable, optional
        Called with the baseline and the variant of the first seed as soon as both are there, while the other seeds
        still run: time to draw them.
    checkpoints : Checkpoints, optional
        As in `twin.run`; runs that are done are not run again.

    Returns
    -------
    Comparison
        Both sides of the first seed whole, and the figures of all.

    Raises
    ------
    ScenarioError
        When there is no change to compare.
    InterruptedRunError
        On Ctrl-C before the variant has begun; carries the partial baseline.
    TwinError
        As `twin.run`.
    """
    scenario = as_scenario(scenario)
    if not scenario.has_variant:
        raise ScenarioError("there is nothing to compare: no change, or all are `in_baseline`", hint="use twin.run")
    checked(checkpoints)
    chosen = pick_seeds(scenario, seeds)
    city = load_city(scenario) if city is None else city
    asked = asked_of(scenario)
    if asked and not scenario.has_crowd:
        return _compare_city(scenario, city_of(city), progress, when_first)
    # both sides are made ready first: a mistake in either is told before anything runs
    sides = [prepare(scenario, baseline=baseline, city=city) for baseline in (True, False)]
    before, after = _impacts(scenario, city, sides[0].changed, sides[1].changed, progress)

    late = after_crowd(scenario)

    def ready(results: list[Result]) -> None:
        if when_first is not None and not late:
            when_first(with_impacts(results[0], before), with_impacts(results[1], after))

    # both sides of a seed next to each other: an interruption leaves something to compare
    tasks = [(side, seed) for seed in chosen for side in sides]
    with progress_bar(scenario.crowd.duration_s * len(tasks), "baseline and variant", progress) as bar:
        runs = run_tasks(tasks, bar, keep=[0, 1], when_kept=ready, checkpoints=checkpoints)
    baseline, variant = gather(runs[0::2], chosen), gather(runs[1::2], chosen)
    if baseline is None or variant is None:
        error = InterruptedRunError("interrupted before the variant was run", hint="run it again; fewer seeds are quicker")
        error.result = None if baseline is None else with_impacts(baseline.first, before)
        raise error
    if late:
        before, after = _late_impacts(scenario, city, sides, chosen, runs, (before, after), progress)
        if when_first is not None:
            when_first(with_impacts(baseline.first, before), with_impacts(variant.first, after))
    return Comparison(
        with_impacts(baseline.first, before), with_impacts(variant.first, after), with_figures(baseline.figures, before),
        with_figures(variant.figures, after), scenario.title, scenario.question, baseline.partial or variant.partial,
    )  # fmt: skip


def _impacts(
    scenario: Scenario, city: City, old: Changed, new: Changed, progress: bool | None
) -> tuple[dict[str, ImpactResult], dict[str, ImpactResult]]:
    """What is asked of the city without and with the changes."""
    keys = before_crowd(scenario)
    if not asked_of(scenario):
        return {}, {}
    with progress_bar(2 * len(keys), "impacts", progress, unit="impacts") as bar, told_with_lines(scenario):
        for side in (old, new):
            see_possible(scenario, side.city)
        before = assess(scenario, old, area=city.bounds, bar=bar, keys=keys)
        return paired(before, assess(scenario, new, (old, before), area=city.bounds, bar=bar, keys=keys))


def _late_impacts(
    scenario: Scenario, city: City, sides: Sequence[Prepared], seeds: tuple[int, ...], runs: Sequence[Run | None],
    done: tuple[Mapping[str, ImpactResult], Mapping[str, ImpactResult]], progress: bool | None,
) -> tuple[dict[str, ImpactResult], dict[str, ImpactResult]]:  # fmt: skip
    """The impacts that ask where people were, of all seeds, added to those that are `done`."""
    keys, old, new = after_crowd(scenario), sides[0].changed, sides[1].changed
    people = [people_of_runs(scenario, seeds, runs[k::2]) for k in (0, 1)]
    with progress_bar(2 * len(keys), "impacts", progress, unit="impacts") as bar, told_with_lines(scenario):
        before = assess(scenario, old, area=city.bounds, bar=bar, keys=keys, crowd=people[0])
        known = (old, before)
        after = assess(scenario, new, known, area=city.bounds, bar=bar, keys=keys, crowd=people[1])
    return paired(in_order(done[0], before), in_order(done[1], after))


def _compare_city(
    scenario: Scenario, city: City, progress: bool | None, when_first: Callable[[Result, Result], None] | None
) -> Comparison:
    """Both sides of a scenario in which nobody walks: impacts only, which chance plays no part in."""
    old, new = (changed_city(scenario, city, baseline=baseline) for baseline in (True, False))
    before, after = _impacts(scenario, city, old, new, progress)
    results = with_impacts(without_crowd(scenario, old), before), with_impacts(without_crowd(scenario, new), after)
    if when_first is not None:
        when_first(*results)
    nothing = pd.DataFrame(index=pd.Index([scenario.crowd.seed], name="seed"))
    return Comparison(
        results[0], results[1], with_figures(nothing, before), with_figures(nothing, after), scenario.title, scenario.question
    )
