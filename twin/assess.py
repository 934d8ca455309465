"""The impacts that a scenario asks for, on one side of it or on both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from twin.errors import TwinError
from twin.impacts.registry import IMPACTS, check, impact
from twin.impacts.site import Site

if TYPE_CHECKING:
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
    site = _site(changed, part, some)
    other = None if before is None else _site(before[0], part, some)
    for key, settings in asked_of(scenario).items():
        known = None if before is None or other is None else (other, before[1][key])
        try:
            made[key] = impact(key)(site, settings, known)
        except TwinError as error:
            error.where = _where(error, key, settings)
            raise
        if bar is not None:
            bar.advance(1.0)
    return made


def _site(changed: Changed, area: tuple[float, float, float, float] | None, on_one_side: frozenset[str]) -> Site:
    pits = tuple(one.pit for one in changed.obstacles if one.pit is not None)
    return Site(changed.city, area, changed.blocked(), any(not change.in_baseline for change in changed.made), on_one_side, pits)


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
