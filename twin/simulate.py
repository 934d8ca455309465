"""The loop: a population walks over a floor, reporters look, and what they kept becomes a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.checkpoints import Keeper
from twin.discretize import Ground
from twin.errors import ScenarioError
from twin.field_dataset import density_factor, field_dataset
from twin.flow_crowd import STEP_S, FlowCrowd
from twin.geo.city import City
from twin.impacts.crowding import areas_frame, crowding_figures, exits_frame, floor_frame, hotspots, lines_frame
from twin.impacts.stalls import crush_remarks, stall_remarks, stalled_frame
from twin.population import Population
from twin.progress import Bar, Quiet
from twin.reporters import FieldReporter, Look, NumbersReporter, Reporter, TrajectoryReporter
from twin.reporters.flow import FlowFieldReporter, FlowNumbersReporter
from twin.result import Figure, Result
from twin.scenario.model import CrowdingAnalysis, CrowdSettings
from twin.sim.crowd.counts import Areas, make_areas
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.measures import density_grid
from twin.sim.crowd.models import CONTINUUM

SERIES_INTERVAL_S = 1.0

Lines: TypeAlias = Mapping[str, tuple[shapely.LineString, str]]
Shapes: TypeAlias = Mapping[str, tuple[BaseGeometry, str]]


def step_s(crowd: CrowdSettings) -> float:
    """Step of the model that people walk by [s]; the continuum has its own."""
    return STEP_S if crowd.model == CONTINUUM else crowd.dt_s


def simulate(
    ground: Ground,
    population: Population,
    crowd: CrowdSettings,
    *,
    analysis: CrowdingAnalysis,
    seed: int,
    lines: Mapping[str, tuple[shapely.LineString, str]] | None = None,
    areas: Mapping[str, tuple[BaseGeometry, str]] | None = None,
    city: City | None = None,
    bar: Bar | None = None,
    parallel: bool | None = None,
    record: bool = True,
    keeper: Keeper | None = None,
) -> Result:
    """Let a population walk, and measure it: the loop itself.

    Parameters
    ----------
    lines, areas : mapping of name to (shape, level), optional
        Where people are counted, in the CRS of the city.
    record : bool
        Without it the result has no trajectories.
    keeper : Keeper, optional
        Writes checkpoints, and begins at the last one.
    """
    lines, areas = lines or {}, areas or {}
    paths = TrajectoryReporter(
        max(1, round(crowd.frame_interval_s / crowd.dt_s)), dt=crowd.dt_s, origin=ground.origin, levels=ground.levels,
        crs=ground.grid.crs or "",
    )  # fmt: skip
    exits = [(population.goal_names[goal], goal) for goal in population.exits]
    model: Crowd | FlowCrowd
    fields: FieldReporter
    numbers: NumbersReporter
    if crowd.model == CONTINUUM:
        model, fields, numbers = _flow(ground, population, crowd, exits, lines=lines, areas=areas, parallel=parallel)
        reporters: tuple[Reporter, ...] = (fields, numbers)
    else:
        model, fields, numbers = _persons(ground, population, crowd, exits, seed=seed, lines=lines, areas=areas, parallel=parallel)
        reporters = (paths, fields, numbers) if record else (fields, numbers)
    partial = _loop(model, round(crowd.duration_s / model.dt), reporters, bar or Quiet(), keeper)
    return _assemble(ground, population, model, crowd, analysis, paths, fields, numbers, lines, areas, city, partial)


def _persons(
    ground: Ground, population: Population, crowd: CrowdSettings, exits: Sequence[tuple[str, int]], *, seed: int, lines: Lines,
    areas: Shapes, parallel: bool | None,
) -> tuple[Crowd, FieldReporter, NumbersReporter]:  # fmt: skip
    """A crowd of persons, and what looks at it."""
    ends = [shapely.get_coordinates(line)[[0, -1]] for line, _ in lines.values()]
    model = Crowd(
        ground.floor,
        population.goals,
        population.journeys,
        population.people,
        crowd.walking_model(),
        dt=crowd.dt_s,
        seed=seed,
        routes=population.routes,
        graph=population.graph,
        lines=np.array([(points - ground.origin).ravel() for points in ends]) if ends else None,
        line_level=np.array([ground.level_number(level) for _, level in lines.values()], np.int32) if ends else None,
        doors=population.facilities.doors,
        exit_hours=population.facilities.exit_hours,
        queues=population.facilities.queues,
        choices=population.facilities.choices,
        rides=population.rides,
        profile_speed=population.profile_speed,
        informed=population.informed,
        rethink_s=None if crowd.avoid_jams is None else crowd.avoid_jams.every_s,
        parallel=parallel,
    )
    second = max(1, round(SERIES_INTERVAL_S / crowd.dt_s))
    floor = ground.floor
    cells = density_grid(floor.mask, floor.west, floor.north, floor.cell, density_factor(crowd))
    fields = FieldReporter(
        cells, len(population.people.x), stride=second, interval=max(1, round(crowd.field_interval_s / (second * crowd.dt_s))),
        dt=crowd.dt_s, motion=crowd.fields,
    )  # fmt: skip
    numbers = NumbersReporter(
        second, exits, lines=tuple(lines), areas=_local_areas(ground, areas), area_names=tuple(areas),
        rides=population.ride_names,
    )  # fmt: skip
    return model, fields, numbers


def _flow(
    ground: Ground, population: Population, crowd: CrowdSettings, exits: Sequence[tuple[str, int]], *, lines: Lines, areas: Shapes,
    parallel: bool | None,
) -> tuple[FlowCrowd, FlowFieldReporter, FlowNumbersReporter]:  # fmt: skip
    """A crowd that flows, and what looks at it."""
    if lines:
        hint = "count in areas, or choose a model that follows persons (docs/models.md)"
        raise ScenarioError("the model `continuum` counts nobody over lines", where="crowd.lines", hint=hint)
    model = FlowCrowd(ground, population, crowd, parallel=parallel)
    floor, factor, second = ground.floor, density_factor(crowd), max(1, round(SERIES_INTERVAL_S / model.dt))
    fields = FlowFieldReporter(
        density_grid(floor.mask, floor.west, floor.north, floor.cell, factor), factor=factor, cell=floor.cell, stride=second,
        interval=max(1, round(crowd.field_interval_s / (second * model.dt))), dt=model.dt,
    )  # fmt: skip
    cells = [np.ravel_multi_index(tuple(ground.cells(shape, level).T), floor.mask.shape) for shape, level in areas.values()]
    return model, fields, FlowNumbersReporter(second, exits, areas=cells, area_names=tuple(areas), cell=floor.cell)


def _local_areas(ground: Ground, areas: Mapping[str, tuple[BaseGeometry, str]]) -> Areas:
    rings = [
        [shapely.get_coordinates(ring) - ground.origin for ring in shapely.get_rings(shapely.get_parts(shape))]
        for shape, _ in areas.values()
    ]
    return make_areas(rings, [ground.level_number(level) for _, level in areas.values()])


def _loop(model: Crowd | FlowCrowd, steps: int, reporters: Sequence[Reporter], bar: Bar, keeper: Keeper | None) -> bool:
    """Walk to the end; True when interrupted. What was reported up to then stays."""
    if keeper is not None and keeper.begin(model, reporters):
        bar.advance(model.time)
    else:
        look = Look(model)
        for reporter in reporters:
            reporter.begin(look)
    strides = [reporter.stride for reporter in reporters]
    stops = strides if keeper is None else [*strides, keeper.stride]
    # the numbers of the moment at which the last person has left belong to the series
    numbers = [reporter.stride for reporter in reporters if isinstance(reporter, NumbersReporter)]
    try:
        while model.step < steps:
            if model.step and model.finished and all(model.step % stride == 0 for stride in numbers):
                bar.advance((steps - model.step) * model.dt)
                break
            if bar.stopped:
                return True
            ahead = min(min(stride - model.step % stride for stride in stops), steps - model.step)
            model.advance(ahead)
            look = Look(model)
            for reporter in reporters:
                if model.step % reporter.stride == 0:
                    reporter.report(look)
            if keeper is not None and model.step % keeper.stride == 0:
                keeper.keep(model, reporters)
            bar.advance(ahead * model.dt)
        if keeper is not None:
            # a run that is resumed after its end has nothing left to do
            keeper.keep(model, reporters)
    except KeyboardInterrupt:
        return True
    return False


def _assemble(
    ground: Ground, population: Population, model: Crowd | FlowCrowd, crowd: CrowdSettings, analysis: CrowdingAnalysis,
    paths: TrajectoryReporter, kept: FieldReporter, numbers: NumbersReporter,
    lines: Mapping[str, tuple[shapely.LineString, str]], areas: Mapping[str, tuple[BaseGeometry, str]], city: City | None,
    partial: bool,
) -> Result:  # fmt: skip
    names = [population.goal_names[goal] for goal in population.exits]
    series = numbers.close()
    fields = field_dataset(ground, kept, kept.close(model.time), crowd)
    crs = ground.grid.crs
    spots = hotspots(fields, city)
    people = population.people
    figures: tuple[Figure, ...] = crowding_figures(
        fields, series, people=len(people.x), exit_time=model.exit_time, start_time=people.start, analysis=analysis,
        spots=spots, finished=model.finished, ran_s=model.time, interval_s=fields.attrs["interval_s"],
    )  # fmt: skip
    exits = exits_frame({n: (population.places[n].shape, population.places[n].level) for n in names}, series, crs)
    on_floor = {
        name: (line, level, float(ground.walkable.floors[level].intersection(line).length)) for name, (line, level) in lines.items()
    }
    counted = lines_frame(on_floor, series, crs)
    floors = ground.walkable.floors
    filled = areas_frame(
        {name: (shape, level, float(floors[level].intersection(shape).area)) for name, (shape, level) in areas.items()}, series, crs
    )
    for name, row in counted.iterrows():
        figures += (
            Figure(
                f"flow_{name}", f"Peak flow at {name}", float(row["peak_per_m_min"]), "people/(m min)", 82.0,
                "Guide to Safety at Sports Grounds (Green Guide), level ground", "lower", 0, f"width {row['width_m']:.1f} m",
            ),
        )  # fmt: skip
    doors = (population.facilities.names or {}).get("doors", ())
    stalled = stalled_frame(model.watch, ground, doors=doors, goals=population.goal_names, rides=population.ride_names)
    note = "wanted to go on, and came no half metre further in a minute"
    stuck = float(len(stalled))
    figures += (Figure("stalled", "People who could not get on", stuck, "people", digits=0, note=note, headline=True),)
    remarks = [*crush_remarks(model.watch, ground, city), *stall_remarks(stalled, city)]
    features = {
        "exits": exits, "lines": counted, "areas": filled, "hotspots": spots, "stalled": stalled, "floor": floor_frame(floors, crs),
    }  # fmt: skip
    recording: Any = paths.close()  # a result takes a recording in the place of its table
    about = {"time_s": model.time, "crs": crs or "", "remarks": remarks}
    return Result(fields, recording, features, series, figures, about, partial)
