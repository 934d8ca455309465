"""One run: load, change, discretize, walk, measure. Draws nothing."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely
import xarray as xr
from shapely.geometry.base import BaseGeometry

from twin.assess import (
    after_crowd,
    asked_ground,
    asked_of,
    assess,
    before_crowd,
    in_order,
    looked_at,
    see_possible,
    walked_on,
    with_impacts,
)
from twin.checkpoints import Checkpoints, checked
from twin.discretize import Ground, discretize
from twin.errors import GeometryError, MissingFileError, ParameterError, ScenarioError, StairError, WalkableError, did_you_mean
from twin.field_dataset import density_factor
from twin.geo.city import City, read_city
from twin.geo.crs import short_name
from twin.geo.given import city_of
from twin.impacts.crowding import judged_with_people
from twin.population import Destinations, check_level, find_destinations, populate
from twin.progress import Bar, progress_bar
from twin.provenance import versions
from twin.result import Result
from twin.scenario import (
    Change,
    ClosureChange,
    CrowdSettings,
    EventChange,
    ExcavationChange,
    FenceChange,
    Scenario,
    read_scenario,
)
from twin.scenario.apply import Changed, apply_changes, locate, see_area
from twin.scenario.read import told_with_lines
from twin.sim.crowd.models import CONTINUUM, model_class
from twin.sim.crowd.models.interface import presets_of
from twin.simulate import simulate, step_s

if TYPE_CHECKING:
    from twin.impact_result import ImpactResult

Box = tuple[float, float, float, float]

_NOBODY = {"id": "int32", "frame": "int32", "x": "float32", "y": "float32", "z": "float32", "level": "str"}

MODEL_ASSUMPTIONS = (
    "People walk by {walking}. Their free speed is {speed:.2f} m/s on average (standard deviation {spread:.2f}; Weidmann 1993).",
    "{ways}.",
    "Density is a mean over {interval:g} s{blur}, on cells of {cell:g} m.",
)


WALKING: Mapping[str, str] = MappingProxyType({
    "collision-free-speed": "the collision-free speed model V2 (Tordeux et al. 2016)",
    "social-force": "the social force model with contact forces (Helbing et al. 2000)",
    "anticipation-velocity": "the anticipation velocity model (Xu et al. 2021)",
    CONTINUUM: "the continuum model (Hughes 2002, with the fundamental diagram of Weidmann 1993): as a density, nobody is followed",
})  # fmt: skip


def _walking(crowd: CrowdSettings) -> str:
    """The model of walking in words, with what is set of it."""
    set_ = dict(crowd.model_parameters)
    headway = getattr(crowd.walking_model(), "time_gap", None)
    told = WALKING.get(crowd.model, f"the model `{crowd.model}`, which is not one of this library's")
    presets = presets_of(model_class(crowd.model))
    if len(presets) > 1:
        told += f", preset {crowd.preset or next(iter(presets))}"
    if headway is not None:
        told += f" with a headway of {headway:g} s"
        set_.pop("time_gap", None)
    return told + (f" ({', '.join(f'{name} {value:g}' for name, value in set_.items())})" if set_ else "")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A side of a scenario made ready: changed, discretized, with the ways found. The same for every seed.

    Parameters
    ----------
    scenario : Scenario
    changed : Changed
    ground : Ground
    destinations : Destinations
    baseline : bool
        Whether it is the side without the intervention.
    """

    scenario: Scenario
    changed: Changed
    ground: Ground
    destinations: Destinations
    baseline: bool = False


def load_city(scenario: Scenario) -> City:
    """Read the city that a scenario is about.

    Raises
    ------
    MissingFileError
        When it is not there; paths are relative to the scenario file.
    GeometryError
        When there is nothing in it.
    """
    places = city_places(scenario)
    city = read_city(places[0] if len(places) == 1 else places, lod=scenario.lod)
    try:
        _ = city.bounds
    except GeometryError as error:
        raise GeometryError(error.what, where=", ".join(place.name for place in places), hint=error.hint) from None
    return city


def city_places(scenario: Scenario) -> list[Path]:
    """The files and folders that the city of a scenario is read from.

    Raises
    ------
    MissingFileError
        When one is not there.
    """
    with told_with_lines(scenario):
        return [_city_place(name, scenario, k) for k, name in enumerate(scenario.city)]


def _city_place(name: str, scenario: Scenario, number: int) -> Path:
    if name == "sample":
        from twin.geo.samples import sample_folder

        return sample_folder()
    path = Path(name).expanduser()
    if not path.is_absolute() and scenario.source is not None:
        path = scenario.source.parent / path
    if not path.exists():
        where = "city" if len(scenario.city) == 1 else f"city[{number}]"
        near = did_you_mean(path.name, (one.name for one in path.parent.iterdir())) if path.parent.is_dir() else ""
        raise MissingFileError(f"there is no `{path}`{near}", where=where, hint="paths are relative to the scenario file")
    return path


def prepare(scenario: Scenario, *, baseline: bool = False, city: City | None = None) -> Prepared:
    """Make one side of a scenario ready to run.

    Parameters
    ----------
    scenario : Scenario
    baseline : bool
        Take only the changes that are there without the intervention.
    city : City, optional
        Already read; by default the scenario's.
    """
    city = load_city(scenario) if city is None else city_of(city)
    changes = scenario.baseline_changes() if baseline else scenario.changes
    with told_with_lines(scenario):
        see_area(city, scenario.area)
        changed = apply_changes(city, changes)
        ground = _floor_of(scenario, changed)
        _check_levels(changes, ground, scenario)
        prepared = Prepared(scenario, changed, ground, find_destinations(scenario, changed, ground), baseline)
        _counting_lines(prepared)  # a line or an area that counts nothing is told before anything runs
        _counting_areas(prepared)
        return prepared


def _floor_of(scenario: Scenario, changed: Changed) -> Ground:
    """The floor of the changed city; what is wrong with it is told with the key of the scenario that brings it."""
    area = None if scenario.area is None else shapely.box(*scenario.area)
    try:
        return discretize(
            changed.city, cell=scenario.crowd.navigation_cell_m, area=area, obstacles=changed.blocked(),
            terrain_speeds=scenario.crowd.terrain_speeds,
        )  # fmt: skip
    except WalkableError as error:
        key = "city" if area is None or isinstance(error, StairError) else "area"
        error.where = f"{key}, {error.where}" if error.where else key
        raise


def _check_levels(changes: Sequence[Change], ground: Ground, scenario: Scenario) -> None:
    """See that a level a change names is one of the floor: on another it would stand in nobody's way."""
    if scenario.area is not None:
        return  # a level may lie outside it, and so may what stands there
    for change in changes:
        where = f"changes[{change.id}]"
        named: list[tuple[str | None, str]] = []
        if isinstance(change, FenceChange):
            named = [(change.level, f"{where}.level")]
        elif isinstance(change, ClosureChange):
            named = [(change.at.level, f"{where}.at.level")]
        elif isinstance(change, ExcavationChange):
            named = [(change.outline.level, f"{where}.outline.level")]
        elif isinstance(change, EventChange):
            named = [(stage.at.level, f"{where}.stages[{stage.id}].at.level") for stage in change.stages]
        for level, path in named:
            if level is not None:
                check_level(level, ground, path)


def run(
    scenario: Scenario | str | Path,
    *,
    baseline: bool = False,
    seed: int | None = None,
    city: City | None = None,
    progress: bool | None = None,
    checkpoints: Checkpoints | None = None,
) -> Result:
    """Run a scenario with its changes (or, with `baseline`, without its intervention).

    Parameters
    ----------
    scenario : Scenario or path
    baseline : bool
        Take only the changes that are marked ``in_baseline``.
    seed : int, optional
        By default the scenario's.
    city : City, optional
        Already read; by default the scenario's.
    progress : bool, optional
        Show a progress bar; by default only on a terminal.
    checkpoints : Checkpoints, optional
        Keep the run now and then, so that it can be resumed with the same result: ``twin.Checkpoints("folder", every_s=60)``.

    Returns
    -------
    Result
        Marked as partial when the run was interrupted (Ctrl-C).

    Raises
    ------
    TwinError
        When the city cannot be read, a change cannot be made, somebody starts where nobody can stand, or a goal
        cannot be reached; or when the checkpoint that is resumed is of another run.
    """
    scenario = as_scenario(scenario)
    checked(checkpoints)
    chosen = scenario.crowd.seed if seed is None else checked_seed(seed)
    asked = asked_of(scenario)
    if asked and not scenario.has_crowd:
        base = load_city(scenario) if city is None else city_of(city)
        changed = changed_city(scenario, base, baseline=baseline)
        result = without_crowd(scenario, changed)
        return with_impacts(result, _impacts(scenario, changed, base.bounds, progress))
    base = load_city(scenario) if city is None else city_of(city)
    prepared = prepare(scenario, baseline=baseline, city=base)
    impacts = _impacts(scenario, prepared.changed, base.bounds, progress) if asked else {}
    with progress_bar(scenario.crowd.duration_s, "baseline" if baseline else "run", progress) as bar:
        result = run_prepared(prepared, seed=chosen, bar=bar, checkpoints=checkpoints)
    late = after_crowd(scenario)
    if late:
        over = asked_ground(scenario, prepared.changed.city)
        people = walked_on(scenario, [(chosen, looked_at(result, over))], partial=result.partial)
        with progress_bar(len(late), "impacts", progress, unit="impacts") as bar, told_with_lines(scenario):
            impacts = in_order(
                impacts, assess(scenario, prepared.changed, area=base.bounds, bar=bar, keys=late, crowd=people)
            )
    return with_impacts(result, impacts)


def _impacts(scenario: Scenario, changed: Changed, area: Box, progress: bool | None) -> dict[str, ImpactResult]:
    """What is asked of a side and needs no crowd; `area` is that of the city before any change."""
    keys = before_crowd(scenario)
    with progress_bar(len(keys), "impacts", progress, unit="impacts") as bar, told_with_lines(scenario):
        see_possible(scenario, changed.city)
        return assess(scenario, changed, area=area, bar=bar, keys=keys)


def as_scenario(given: Scenario | str | Path) -> Scenario:
    """A scenario, or the one in a file.

    Raises
    ------
    ParameterError
        When it is neither.
    """
    if isinstance(given, str | Path):
        return read_scenario(given)
    if not isinstance(given, Scenario):
        raise ParameterError(f"a scenario is needed, not {type(given).__name__}", hint="use twin.read_scenario(path)")
    return given


def checked_seed(seed: Any) -> int:
    """A seed as a whole number from 0 to 2**31 - 1.

    Raises
    ------
    ParameterError
        When it is not.
    """
    try:
        value = -1 if isinstance(seed, bool) else operator.index(seed)
    except TypeError:
        value = -1
    if not 0 <= value < 2**31:
        raise ParameterError(f"{seed!r} is not a seed", hint="give a whole number from 0 to 2147483647")
    return value


def run_prepared(
    prepared: Prepared, *, seed: int, bar: Bar | None = None, parallel: bool | None = None, record: bool = True,
    checkpoints: Checkpoints | None = None,
) -> Result:  # fmt: skip
    """Run what `prepare` made ready; `parallel` as in `Crowd`, `record` as in `simulate`, `checkpoints` as in `run`."""
    scenario, ground, city = prepared.scenario, prepared.ground, prepared.changed.city
    with told_with_lines(scenario):
        population = populate(scenario, prepared.changed, ground, seed=seed, destinations=prepared.destinations)
        lines, areas = _counting_lines(prepared), _counting_areas(prepared)
    started = time.perf_counter()
    keeper = None
    if checkpoints is not None:
        keeper = checkpoints.of(scenario, baseline=prepared.baseline, seed=seed, dt=step_s(scenario.crowd))
    with told_with_lines(scenario):
        result = simulate(
            ground, population, scenario.crowd, analysis=scenario.analyses.crowding, seed=seed, lines=lines, areas=areas,
            city=city, bar=bar, parallel=parallel, record=record, keeper=keeper,
        )  # fmt: skip
    crowd = scenario.crowd
    assumptions = [
        text.format(
            walking=_walking(crowd), ways=_ways(crowd), speed=crowd.speed_mean_m_s, spread=crowd.speed_sd_m_s,
            blur="" if crowd.model == CONTINUUM else " and over about a metre (Gaussian of 0.7 m)",
            interval=crowd.field_interval_s, cell=density_factor(crowd) * crowd.navigation_cell_m,
        )
        for text in MODEL_ASSUMPTIONS
    ]  # fmt: skip
    provenance = {
        **result.provenance,
        **_told_of(scenario, prepared.changed, seed, started),
        "assumptions": [*ground.assumptions, *assumptions],
        "remarks": [*_remarks(prepared), *result.provenance["remarks"]],
    }
    return result.with_(figures=judged_with_people(result.figures), provenance=provenance)


def _told_of(scenario: Scenario, changed: Changed, seed: int, started: float) -> dict[str, Any]:
    """Where a result comes from: the scenario, its changes, the city and what it was read from, versions."""
    city = changed.city
    return {
        "title": scenario.title,
        "question": scenario.question,
        "scenario_file": scenario.source.name if scenario.source else "",
        "scenario": scenario.text,
        "seed": seed,
        "clock_start": scenario.crowd.clock_start,
        "changes": [{"id": c.id, "type": c.type, "label": c.label or c.id} for c in changed.made],
        "city": {"name": city.name, "synthetic": city.synthetic, "crs": short_name(city.crs)},
        "sources": [
            {"name": s.name, "format": s.format, "licence": s.licence, "credit": s.credit, "sha256": s.sha256} for s in city.sources
        ],
        "quality": city.quality.counts(),
        "wall_time_s": round(time.perf_counter() - started, 3),
        **versions(),
    }


def without_crowd(scenario: Scenario, changed: Changed) -> Result:
    """The result of a side on which nobody walks: it has no fields and no figures of a crowd, only where it comes from."""
    people = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _NOBODY.items()})
    people.attrs["frame_rate"] = 1.0
    told = _told_of(scenario, changed, scenario.crowd.seed, time.perf_counter())
    told |= {"assumptions": [], "remarks": [], "time_s": 0.0}
    about = {"crs": short_name(changed.city.crs)}
    return Result(xr.Dataset(attrs=about), people, {}, pd.DataFrame({"time_s": pd.Series(dtype="float64")}), (), told)


def changed_city(scenario: Scenario, city: City, *, baseline: bool = False) -> Changed:
    """The city of one side of a scenario; errors say where in its file.

    Raises
    ------
    ScenarioError
        When a change cannot be made.
    """
    with told_with_lines(scenario):
        see_area(city, scenario.area)
        return apply_changes(city, scenario.baseline_changes() if baseline else scenario.changes)


def _ways(crowd: CrowdSettings) -> str:
    """How people find their way, in a sentence."""
    share, every = (0.0, math.inf) if crowd.avoid_jams is None else (crowd.avoid_jams.share, crowd.avoid_jams.every_s)
    if crowd.model == CONTINUUM and crowd.avoid_jams is None:
        model: Any = crowd.walking_model()
        share, every = model.informed, model.ways_every
    if share == 0.0 or every == math.inf:
        return "Everybody takes the quickest way to an exit on foot and does not turn back for a jam"
    if share == 1.0:
        return f"Everybody knows where it is crowded, and takes the quickest way as it looks every {every:g} s"
    return (
        f"{100 * share:g} % of the people know where it is crowded, and take the quickest way as it looks every "
        f"{every:g} s; the others take the quickest way on foot and do not turn back for a jam"
    )


def _counting_lines(prepared: Prepared) -> dict[str, tuple[shapely.LineString, str]]:
    lines: dict[str, tuple[shapely.LineString, str]] = {}
    ground = prepared.ground
    for line in prepared.scenario.crowd.lines:
        where = f"crowd.lines[{line.id}]"
        check_level(line.level, ground, f"{where}.level")
        shape = shapely.LineString(line.line)
        if _untouched(prepared) and ground.walkable.floors[line.level].intersection(shape).length < 0.1:
            raise ScenarioError(
                f"the line `{line.id}` does not cross the floor of level `{line.level}`",
                where=where,
                hint="draw it across a street that people can walk on",
            )
        lines[line.id] = (shape, line.level)
    return lines


def _counting_areas(prepared: Prepared) -> dict[str, tuple[BaseGeometry, str]]:
    """Zones of events and the areas of the scenario."""
    ground, found = prepared.ground, prepared.destinations
    areas = {name: (place.shape, place.level) for name, place in found.places.items() if found.kinds[name] == "zone"}
    for name, given in prepared.scenario.crowd.areas.items():
        where = f"crowd.areas.{name}"
        if name in areas:
            raise ScenarioError(f"the name `{name}` is used twice, at {found.where[name]} too", where=where)
        place = locate(given, prepared.changed.city, where)
        check_level(place.level, ground, where)
        if _untouched(prepared) and not ground.walkable.floors[place.level].intersection(place.shape).area > 0.01:
            raise ScenarioError(
                f"the area `{name}` has no floor of level `{place.level}`", where=where, hint="draw it where people can walk"
            )
        areas[name] = (place.shape, place.level)
    return areas


def _untouched(prepared: Prepared) -> bool:
    """Whether a place for counting must be on the floor: a change may close a counted street."""
    return prepared.baseline or not prepared.scenario.has_variant


def _remarks(prepared: Prepared) -> list[str]:
    """What is allowed but hardly meant; the report prints it beside the assumptions."""
    crowd = prepared.scenario.crowd
    told = []
    for event in prepared.changed.events:
        for zone in event.zones:
            until = event.end_s if zone.stay_until_s is None else zone.stay_until_s
            if until >= crowd.duration_s:
                told.append(
                    f"The run ends after {crowd.duration_s:g} s, before people leave zone `{zone.id}` ({until:g} s): "
                    "nobody of it leaves."
                )
    arrivals = [*crowd.flows, *(a for event in prepared.changed.events for a in event.arrivals)]
    late = [a.id for a in arrivals if a.profile is None and a.from_s >= crowd.duration_s]
    told += [f"The people of `{name}` are due only after the run ends: nobody of them comes." for name in late]
    limit = prepared.scenario.analyses.crowding.evacuation_limit_s
    if limit is not None and limit > crowd.duration_s:
        told.append(f"The run of {crowd.duration_s:g} s is shorter than the evacuation limit of {limit:g} s: that is not judged.")
    return told


__all__ = ["Prepared", "load_city", "prepare", "run", "run_prepared"]
