"""The impacts that a scenario asks for, on one side of it or on both."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from twin.errors import TwinError
from twin.impacts.registry import IMPACTS, WITH_CROWD, check, ground, impact
from twin.impacts.site import Site
from twin.impacts.walked import Seen, Walked, seen_of, walked

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from twin.geo.city import City
    from twin.impact_result import ImpactResult
    from twin.progress import Bar
    from twin.result import Result
    from twin.scenario import Scenario
    from twin.scenario.apply import Changed


def asked_of(scenario: Scenario) -> dict[str, Any]:
    """Settings of the impacts that a scenario asks for, by key."""
    found = {key: getattr(scenario.analyses, key) for key in IMPACTS}
    return {key: settings for key, settings in found.items() if settings is not None}


def see_possible(scenario: Scenario, city: City) -> None:
    """See that what a scenario asks can be worked out of a city, before anything long is begun.

    Raises
    ------
    TwinError
        When it cannot; says which analysis.
    """
    for key, settings in asked_of(scenario).items():
        landmark = getattr(settings, "landmark", None)
        if landmark in _on_one_side(scenario) and landmark not in city.buildings.index:
            continue
        try:
            check(key)(city, settings)
        except TwinError as error:
            error.where = _where(error, key, settings)
            raise


def _where(error: TwinError, key: str, settings: Any) -> str:
    """Path in the scenario of an error of an impact, which says what of its settings it is about, if any."""
    if error.where and error.where not in type(settings).model_fields:
        return error.where
    return f"analyses.{key}" + (f".{error.where}" if error.where else "")


def assess(
    scenario: Scenario,
    changed: Changed,
    before: tuple[Changed, Mapping[str, ImpactResult]] | None = None,
    *,
    area: tuple[float, float, float, float] | None = None,
    bar: Bar | None = None,
    keys: Collection[str] | None = None,
    crowd: Walked | None = None,
) -> dict[str, ImpactResult]:
    """Work the impacts out.

    Parameters
    ----------
    scenario : Scenario
    changed : Changed
        The city with the changes of one side, and what they close.
    before : (Changed, mapping of str to ImpactResult), optional
        The side without the intervention: then only what it can reach is worked out anew.
    area : (west, south, east, north), optional
        Where the scenario names none: the same for both sides, though a change may make the city larger or smaller [m].
    bar : Bar, optional
        Advanced by 1 for each.
    keys : collection of str, optional
        Which of them; by default all.
    crowd : Walked, optional
        Where people were, for those that ask.

    Returns
    -------
    dict of str to ImpactResult
        In the order of the report; empty where nothing is asked.

    Raises
    ------
    TwinError
        When an impact cannot be worked out; says which.
    """
    made: dict[str, ImpactResult] = {}
    part = area if scenario.area is None else scenario.area
    some = _on_one_side(scenario)
    asked = asked_of(scenario)
    site = _site(changed, part, some, asked, crowd)
    other = None if before is None else _site(before[0], part, some, asked)
    for key, settings in asked.items():
        if keys is not None and key not in keys:
            continue
        known = None if before is None or other is None else (other, before[1][key])
        try:
            made[key] = impact(key)(site, settings, known)
        except TwinError as error:
            error.where = _where(error, key, settings)
            raise
        if bar is not None:
            bar.advance(1.0)
    return made


def _site(
    changed: Changed, area: tuple[float, float, float, float] | None, on_one_side: frozenset[str], asked: Mapping[str, Any],
    crowd: Walked | None = None,
) -> Site:  # fmt: skip
    altered = any(not change.in_baseline for change in changed.made)
    pits = tuple(one.pit for one in changed.obstacles if one.pit is not None)
    return Site(changed.city, area, changed.blocked(), altered, on_one_side, pits, changed.obstacles, crowd, asked)


def after_crowd(scenario: Scenario) -> frozenset[str]:
    """Keys of the impacts that come after the crowd of a scenario; none where nobody walks."""
    return WITH_CROWD.intersection(asked_of(scenario)) if scenario.has_crowd else frozenset()


def before_crowd(scenario: Scenario) -> frozenset[str]:
    """Keys of the other ones."""
    return frozenset(asked_of(scenario)) - after_crowd(scenario)


def asked_ground(scenario: Scenario, city: City) -> BaseGeometry | None:
    """The ground on which impacts ask where people were; None where none does."""
    asked = asked_of(scenario)
    found = [ground(key)(city, asked[key]) for key in sorted(after_crowd(scenario))]
    there = [one for one in found if one is not None and not one.is_empty]
    return shapely.union_all(there) if there else None


def looked_at(result: Result, over: BaseGeometry | None) -> Seen | None:
    """What a run saw on the ground that is asked for."""
    return None if over is None else seen_of(result, over)


def walked_on(scenario: Scenario, seen: Sequence[tuple[int, Seen | None]], *, partial: bool = False) -> Walked:
    """What all runs of one side saw, by seed."""
    return walked(seen, scenario.crowd.clock_start, partial=partial)


def paired(
    before: Mapping[str, ImpactResult], after: Mapping[str, ImpactResult]
) -> tuple[dict[str, ImpactResult], dict[str, ImpactResult]]:
    """Both sides with the same figures: what only one has, of a stage that is not there on the other, has no value on that."""
    sides: list[dict[str, ImpactResult]] = []
    for mine, other in ((before, after), (after, before)):
        made = dict(mine)
        for key in set(mine) & set(other):
            own = {figure.key for figure in mine[key].figures}
            lacking = [one for one in other[key].figures if one.key not in own]
            if lacking:
                none = [replace(one, value=float("nan"), note="not on this side", told="") for one in lacking]
                made[key] = replace(mine[key], figures=(*mine[key].figures, *none))
        sides.append(made)
    return sides[0], sides[1]


def in_order(*parts: Mapping[str, ImpactResult]) -> dict[str, ImpactResult]:
    """Impacts that were worked out one after the other, in the order of the report."""
    made = {key: one for part in parts for key, one in part.items()}
    return {key: made[key] for key in IMPACTS if key in made}


def _on_one_side(scenario: Scenario) -> frozenset[str]:
    """Buildings that a scenario adds or removes."""
    made = [change for change in scenario.changes if change.type == "building"]
    return frozenset(change.id if change.remove is None else change.remove for change in made)


def with_impacts(result: Result, impacts: Mapping[str, ImpactResult]) -> Result:
    """A result with impacts; their figures stand behind its own."""
    figures = [figure for figure in result.figures if not any(figure.key.startswith(f"{key}_") for key in impacts)]
    added = [figure for one in impacts.values() for figure in one.figures]
    return result.with_(figures=(*figures, *added), impacts=dict(impacts))


def with_figures(figures: pd.DataFrame, impacts: Mapping[str, ImpactResult]) -> pd.DataFrame:
    """Figures by seed with those of impacts, which are the same for every seed."""
    return figures.assign(**{figure.key: figure.value for one in impacts.values() for figure in one.figures})
