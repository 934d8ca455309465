"""One run: load, change, discretize, walk, measure. Draws nothing."""

from __future__ import annotations

import datetime
import operator
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.discretize import Ground, discretize, discretize_area
from twin.errors import MissingFileError, ParameterError, ScenarioError, StartError, UnreachableError, did_you_mean
from twin.geo.city import City, read_city
from twin.geo.crs import short_name
from twin.impacts.crowding import crowding_figures, exits_frame, hotspots, lines_frame
from twin.population import Destinations, Population, find_destinations, populate
from twin.reporters import DensityReporter, FrameReporter, NumbersReporter, Reporter
from twin.result import Figure, Result
from twin.rng import normals
from twin.scenario import Scenario, read_scenario
from twin.scenario.apply import Changed, apply_changes
from twin.scenario.model import CrowdingAnalysis, CrowdSettings
from twin.scenario.read import told_with_lines
from twin.sim.crowd.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.engine import Crowd, nodes_of
from twin.sim.crowd.measures import density_grid, level_of_service
from twin.sim.crowd.wayfinding import find_routes
from twin.sim.model import STAGE_LEAVE, Goals, Journeys, People
from twin.variables import variable

if TYPE_CHECKING:
    from rich.progress import Progress

SERIES_INTERVAL_S = 1.0

MODEL_ASSUMPTIONS = (
    "People walk by the collision-free speed model V2 (Tordeux et al. 2016) with a headway of {time_gap:g} s and a free speed of "
    "{speed:.2f} m/s on average (standard deviation {spread:.2f}; Weidmann 1993).",
    "Everybody takes the quickest way to an exit on foot and does not turn back for a jam.",
    "Density is a mean over {interval:g} s and over about a metre (Gaussian of 0.7 m), on cells of {cell:g} m.",
)


class Bar(Protocol):
    """What a run tells its progress to, and where it hears that it must stop."""

    stopped: bool

    def advance(self, seconds: float) -> None:
        """Some more seconds of the simulated time are done."""


class _Quiet:
    stopped = False

    def advance(self, seconds: float) -> None:
        """Nobody watches."""


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
    """
    if scenario.city == "sample":
        from twin.geo.samples import sample_folder

        return read_city(sample_folder())
    path = Path(scenario.city).expanduser()
    if not path.is_absolute() and scenario.source is not None:
        path = scenario.source.parent / path
    if not path.exists():
        where = f"{scenario.source}: city" if scenario.source else "city"
        raise MissingFileError(f"there is no `{path}`", where=where, hint="paths are relative to the scenario file")
    return read_city(path, lod=scenario.lod)


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
    if city is not None and not isinstance(city, City):
        raise ParameterError(f"a city is needed, not {type(city).__name__}", hint="use twin.read_city(path)")
    city = load_city(scenario) if city is None else city
    changes = scenario.baseline_changes() if baseline else scenario.changes
    with told_with_lines(scenario):
        changed = apply_changes(city, changes)
        area = None if scenario.area is None else shapely.box(*scenario.area)
        ground = discretize(changed.city, cell=scenario.crowd.navigation_cell_m, area=area, obstacles=changed.blocked())
        prepared = Prepared(scenario, changed, ground, find_destinations(scenario, changed, ground), baseline)
        _counting_lines(prepared)  # a line that counts nothing is told before anything runs
        return prepared


def run(
    scenario: Scenario | str | Path,
    *,
    baseline: bool = False,
    seed: int | None = None,
    city: City | None = None,
    progress: bool | None = None,
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

    Returns
    -------
    Result
        Marked as partial when the run was interrupted (Ctrl-C).

    Raises
    ------
    TwinError
        When the city cannot be read, a change cannot be made, somebody starts where nobody can stand, or a goal
        cannot be reached.
    """
    scenario = as_scenario(scenario)
    chosen = scenario.crowd.seed if seed is None else checked_seed(seed)
    prepared = prepare(scenario, baseline=baseline, city=city)
    with progress_bar(scenario.crowd.duration_s, "baseline" if baseline else "run", progress) as bar:
        return run_prepared(prepared, seed=chosen, bar=bar)


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


def run_prepared(prepared: Prepared, *, seed: int, bar: Bar | None = None, parallel: bool | None = None) -> Result:
    """Run what `prepare` made ready; `parallel` as in `Crowd`."""
    scenario, ground, city = prepared.scenario, prepared.ground, prepared.changed.city
    with told_with_lines(scenario):
        population = populate(scenario, prepared.changed, ground, seed=seed, destinations=prepared.destinations)
        lines = _counting_lines(prepared)
    started = time.perf_counter()
    result = simulate(
        ground, population, scenario.crowd, analysis=scenario.analyses.crowding, seed=seed, lines=lines, city=city, bar=bar,
        parallel=parallel,
    )  # fmt: skip
    crowd = scenario.crowd
    assumptions = [
        text.format(
            time_gap=crowd.time_gap_s, speed=crowd.speed_mean_m_s, spread=crowd.speed_sd_m_s, interval=crowd.field_interval_s,
            cell=_density_factor(crowd) * crowd.navigation_cell_m,
        )
        for text in MODEL_ASSUMPTIONS
    ]  # fmt: skip
    provenance = {
        "title": scenario.title,
        "question": scenario.question,
        "scenario_file": scenario.source.name if scenario.source else "",
        "scenario": scenario.text,
        "seed": seed,
        "changes": [{"id": c.id, "type": c.type, "label": c.label or c.id} for c in prepared.changed.made],
        "remarks": _remarks(prepared),
        "assumptions": [*ground.assumptions, *assumptions],
        "city": {"name": city.name, "synthetic": city.synthetic, "crs": short_name(city.crs)},
        "sources": [
            {"name": s.name, "format": s.format, "licence": s.licence, "credit": s.credit, "sha256": s.sha256} for s in city.sources
        ],
        "quality": city.quality.counts(),
        "wall_time_s": round(time.perf_counter() - started, 3),
        **_versions(),
    }
    return replace(result, provenance={**provenance, **result.provenance})


def _counting_lines(prepared: Prepared) -> dict[str, tuple[shapely.LineString, str]]:
    lines: dict[str, tuple[shapely.LineString, str]] = {}
    ground = prepared.ground
    for line in prepared.scenario.crowd.lines:
        where = f"crowd.lines[{line.id}]"
        if line.level not in ground.levels:
            raise ScenarioError(
                f"there is no level `{line.level}`", where=where, hint=f"the levels are: {', '.join(ground.levels)}"
            )
        shape = shapely.LineString(line.line)
        untouched = prepared.baseline or not prepared.scenario.has_variant  # a change may close a counted street
        if untouched and ground.walkable.floors[line.level].intersection(shape).length < 0.1:
            raise ScenarioError(
                f"the line `{line.id}` does not cross the floor of level `{line.level}`",
                where=where,
                hint="draw it across a street that people can walk on",
            )
        lines[line.id] = (shape, line.level)
    return lines


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
        told.append(
            f"The run of {crowd.duration_s:g} s is shorter than the evacuation limit of {limit:g} s: that is not judged."
        )
    return told


def simulate(
    ground: Ground,
    population: Population,
    crowd: CrowdSettings,
    *,
    analysis: CrowdingAnalysis,
    seed: int,
    lines: Mapping[str, tuple[shapely.LineString, str]] | None = None,
    city: City | None = None,
    bar: Bar | None = None,
    parallel: bool | None = None,
) -> Result:
    """Let a population walk, and measure it: the loop itself."""
    lines = lines or {}
    ends = [shapely.get_coordinates(line)[[0, -1]] for line, _ in lines.values()]
    model = Crowd(
        ground.floor,
        population.goals,
        population.journeys,
        population.people,
        CollisionFreeSpeed(time_gap=crowd.time_gap_s),
        dt=crowd.dt_s,
        seed=seed,
        routes=population.routes,
        lines=np.array([(points - ground.origin).ravel() for points in ends]) if ends else None,
        line_level=np.array([ground.level_number(level) for _, level in lines.values()], np.int32) if ends else None,
        parallel=parallel,
    )
    second = max(1, round(SERIES_INTERVAL_S / crowd.dt_s))
    floor = ground.floor
    cells = density_grid(floor.mask, floor.west, floor.north, floor.cell, _density_factor(crowd))
    frames = FrameReporter(max(1, round(crowd.frame_interval_s / crowd.dt_s)))
    fields = DensityReporter(cells, second, max(1, round(crowd.field_interval_s / (second * crowd.dt_s))))
    numbers = NumbersReporter(second, population.exits)
    partial = _loop(model, round(crowd.duration_s / crowd.dt_s), (frames, fields, numbers), bar or _Quiet())
    fields.close(model.time)
    return _assemble(ground, population, model, crowd, analysis, frames, fields, numbers, lines, city, partial)


def _loop(model: Crowd, steps: int, reporters: Sequence[Reporter], bar: Bar) -> bool:
    """Walk to the end; True when interrupted. What was reported up to then stays."""
    for reporter in reporters:
        if not isinstance(reporter, DensityReporter):
            reporter.report(model)
    strides = [reporter.stride for reporter in reporters]
    # the numbers of the moment at which the last person has left belong to the series
    numbers = [reporter.stride for reporter in reporters if isinstance(reporter, NumbersReporter)]
    try:
        while model.step < steps:
            if bar.stopped:
                return True
            ahead = min(min(stride - model.step % stride for stride in strides), steps - model.step)
            model.advance(ahead)
            for reporter in reporters:
                if model.step % reporter.stride == 0:
                    reporter.report(model)
            bar.advance(ahead * model.dt)
            if model.finished and all(model.step % stride == 0 for stride in numbers):
                bar.advance((steps - model.step) * model.dt)
                break
    except KeyboardInterrupt:
        return True
    return False


def _assemble(
    ground: Ground, population: Population, model: Crowd, crowd: CrowdSettings, analysis: CrowdingAnalysis,
    frames: FrameReporter, density: DensityReporter, numbers: NumbersReporter,
    lines: Mapping[str, tuple[shapely.LineString, str]], city: City | None, partial: bool,
) -> Result:  # fmt: skip
    names = [population.goal_names[goal] for goal in population.exits]
    columns = ["time_s", "present", "waiting", "left", *(f"exit_{name}" for name in names)]
    series = pd.DataFrame(numbers.rows, columns=columns)
    fields = _fields(ground, density, crowd)
    crs = ground.grid.crs
    spots = hotspots(fields, city)
    people = population.people
    figures: tuple[Figure, ...] = crowding_figures(
        fields, series, people=len(people.x), exit_time=model.exit_time, start_time=people.start, analysis=analysis,
        spots=spots, finished=model.finished, ran_s=model.time, interval_s=density.interval * density.stride * crowd.dt_s,
    )  # fmt: skip
    passed = np.stack(numbers.passed) if numbers.passed else np.zeros((0, len(lines), 2), np.int64)
    exits = exits_frame({n: (population.places[n].shape, population.places[n].level) for n in names}, series, crs)
    on_floor = {
        name: (line, level, float(ground.walkable.floors[level].intersection(line).length)) for name, (line, level) in lines.items()
    }
    counted = lines_frame(on_floor, passed, series, crs)
    for name, row in counted.iterrows():
        figures += (
            Figure(
                f"flow_{name}", f"Peak flow at {name}", float(row["peak_per_m_min"]), "people/(m min)", 82.0,
                "Guide to Safety at Sports Grounds (Green Guide), level ground", "lower", 0, f"width {row['width_m']:.1f} m",
            ),
        )  # fmt: skip
    features = {"exits": exits, "lines": counted, "hotspots": spots}
    trajectories = _trajectories(ground, frames, crowd)
    return Result(fields, trajectories, features, series, figures, {"time_s": model.time, "crs": crs or ""}, partial)


def _density_factor(crowd: CrowdSettings) -> int:
    return max(1, round(crowd.density_cell_m / crowd.navigation_cell_m))


def _fields(ground: Ground, density: DensityReporter, crowd: CrowdSettings) -> xr.Dataset:
    """The density over time, cropped to where anybody came, with a margin of five cells."""
    grid = ground.grid.coarsen(_density_factor(crowd))
    shape = density.grid.area.shape
    used: NDArray[np.bool_] = np.asarray(np.isfinite(density.highest_time).any(axis=0), dtype=np.bool_)
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    if len(rows):
        r = slice(max(0, rows[0] - 5), min(shape[1], rows[-1] + 6))
        c = slice(max(0, columns[0] - 5), min(shape[2], columns[-1] + 6))
    else:
        r, c = slice(0, min(2, shape[1])), slice(0, min(2, shape[2]))
    window = np.zeros((len(density.frames), shape[0], r.stop - r.start, c.stop - c.start), np.float32)
    for k, (_, cells, values) in enumerate(density.frames):
        level, row, column = np.unravel_index(cells, shape)
        inside = (row >= r.start) & (row < r.stop) & (column >= c.start) & (column < c.stop)
        window[k, level[inside], row[inside] - r.start, column[inside] - c.start] = values[inside]
    factor = _density_factor(crowd)
    height = _coarse_height(ground, factor)[:, r, c]
    walkable = (density.grid.area > 0)[:, r, c]
    highest = density.highest[:, r, c]
    return xr.Dataset(
        {
            "density": variable("density").array(window),
            "density_max": variable("density_max").array(highest),
            "density_max_time": variable("density_max_time").array(density.highest_time[:, r, c]),
            "level_of_service": variable("level_of_service").array(level_of_service(highest), scheme="walkway"),
            "walkable": variable("walkable").array(walkable),
            "floor_height": variable("floor_height").array(np.where(walkable, height, np.nan)),
        },
        coords={
            "time": variable("time").array(np.array([t for t, _, _ in density.frames])),
            "level": list(ground.levels),
            "y": variable("y").array(grid.y[r]),
            "x": variable("x").array(grid.x[c]),
        },
        attrs={"crs": ground.grid.crs or "", "cell_m": grid.cell, "interval_s": density.interval * density.stride * crowd.dt_s},
    )


def _coarse_height(ground: Ground, factor: int) -> NDArray[np.float32]:
    """Mean floor height of the navigation cells in each density cell."""
    mask, height = ground.floor.mask, ground.floor.height
    levels, rows, columns = mask.shape
    down, across = -(-rows // factor), -(-columns // factor)
    weight = np.zeros((levels, down * factor, across * factor), np.float32)
    total = np.zeros_like(weight)
    weight[:, :rows, :columns] = mask
    total[:, :rows, :columns] = np.where(mask, height, 0.0)
    blocks = (levels, down, factor, across, factor)
    count = weight.reshape(blocks).sum(axis=(2, 4))
    return np.divide(total.reshape(blocks).sum(axis=(2, 4)), count, out=np.zeros_like(count), where=count > 0)


def _trajectories(ground: Ground, frames: FrameReporter, crowd: CrowdSettings) -> pd.DataFrame:
    shots = frames.snapshots
    sizes = [len(shot.id) for shot in shots]

    def column(name: str, dtype: str) -> NDArray[Any]:
        parts = [getattr(shot, name) for shot in shots]
        return np.concatenate(parts).astype(dtype) if parts else np.empty(0, dtype)

    frame = pd.DataFrame({
        "id": column("id", "int32"),
        "frame": np.repeat(np.arange(len(shots), dtype=np.int32), sizes),
        "x": column("x", "float64") + ground.origin[0],
        "y": column("y", "float64") + ground.origin[1],
        "z": column("z", "float32"),
        "level": pd.Categorical.from_codes(column("level", "int8"), categories=pd.Index(list(ground.levels))),
    })  # fmt: skip
    frame.attrs = {"frame_rate": 1.0 / (frames.stride * crowd.dt_s), "crs": ground.grid.crs or ""}
    return frame


def _versions() -> dict[str, Any]:
    import numba

    from twin import __version__

    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": {
            "stadstwin": __version__, "python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__,
            "platform": platform.system(),
        },
    }  # fmt: skip


class _RichBar:
    stopped = False

    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress, self._task = progress, task

    def advance(self, seconds: float) -> None:
        self._progress.advance(self._task, seconds)


@contextmanager
def progress_bar(total_s: float, label: str, show: bool | None) -> Iterator[Bar]:
    """A bar on a terminal's standard error; nothing in a library, a pipe or a notebook."""
    if not (sys.stderr.isatty() if show is None else show):
        yield _Quiet()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f} of {task.total:.0f} s simulated"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _RichBar(progress, progress.add_task(label, total=total_s))


def simulate_crowd(
    area: BaseGeometry,
    *,
    starts: NDArray[np.float64] | Sequence[tuple[float, float]],
    exits: Mapping[str, BaseGeometry] | BaseGeometry,
    model: str = "collision-free-speed",
    duration: float = 300.0,
    dt: float = 0.05,
    seed: int = 1,
    start_times: NDArray[np.float64] | None = None,
    desired_speed: float | NDArray[np.float64] | None = None,
    cell: float = 0.25,
    progress: bool | None = None,
    **settings: Any,
) -> Result:
    """Let people walk out of any area: no city needed.

    Parameters
    ----------
    area : shapely Polygon or MultiPolygon
        Floor; holes are obstacles [m].
    starts : (N, 2) float64
        Where people start [m].
    exits : mapping of str to shapely polygon or line, or one of them
        Areas, or edges of the area; everybody takes the nearest on foot.
    model : {"collision-free-speed"}
    duration, dt : float
        [s]
    seed : int
        Of the desired speeds.
    start_times : (N,) float64, optional
        When each enters [s]; by default all at 0.
    desired_speed : float or (N,) float64, optional
        [m/s]; by default normal, 1.34 and 0.26, clipped to 0.5-2.2 (Weidmann 1993).
    cell : float
        Side of a navigation cell [m].
    progress : bool, optional
    **settings
        Any other field of `twin.scenario.model.CrowdSettings`: ``time_gap_s``, ``radius_m``, ``frame_interval_s``, ...

    Returns
    -------
    Result
        With one level, ``floor``.

    Raises
    ------
    ParameterError
        For an unknown model or setting, or arrays that do not fit together.
    StartError, UnreachableError
        When somebody starts off the floor, or cannot reach an exit.
    """
    if model != "collision-free-speed":
        raise ParameterError(f"there is no model `{model}`", hint="there is: collision-free-speed")
    for name in settings:
        if name not in SETTINGS_OF_A_BARE_CROWD:
            known = (*SETTINGS_OF_A_BARE_CROWD, "duration", "dt", "seed", "cell", "start_times", "desired_speed")
            raise ParameterError(
                f"`{name}` is not a setting of simulate_crowd{did_you_mean(name, known)}", hint=f"there are: {', '.join(known)}"
            )
    crowd = _settings({"duration_s": duration, "dt_s": dt, "seed": seed, "navigation_cell_m": cell, **settings})
    points = _coordinates(starts)
    named = _named_exits(exits)
    for name, shape in named.items():
        if isinstance(shape, BaseGeometry) and "Line" in shape.geom_type:
            # an edge: whoever comes within a cell of it has left
            named[name] = shape.buffer(cell)
    if not named:
        raise ParameterError("there is no exit", hint="give exits={'north': polygon}")
    ground = discretize_area(area, cell=cell)
    population = _simple_population(ground, points, named, crowd, start_times, desired_speed)
    with progress_bar(crowd.duration_s, "crowd", progress) as bar:
        result = simulate(ground, population, crowd, analysis=CrowdingAnalysis(), seed=seed, bar=bar)
    return replace(result, provenance={"seed": seed, "model": model, **_versions(), **result.provenance})


SETTINGS_OF_A_BARE_CROWD = (
    "density_cell_m", "field_interval_s", "frame_interval_s", "radius_m", "speed_mean_m_s", "speed_sd_m_s", "time_gap_s",
)  # fmt: skip
"""Fields of `CrowdSettings` that `simulate_crowd` takes by keyword."""


def _coordinates(starts: Any) -> NDArray[np.float64]:
    """Points as an array (N, 2): of numbers, shapely points, or a GeoSeries."""
    try:
        items = [starts] if isinstance(starts, BaseGeometry) else list(starts)
        if items and all(isinstance(item, BaseGeometry) for item in items):
            return np.asarray(shapely.get_coordinates(items), dtype=np.float64)
        points = np.asarray(items, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError("`starts` are not points", hint="give an (N, 2) array of x and y, or shapely points") from None
    points = points.reshape(-1, 2) if points.size == 0 else points
    if points.ndim != 2 or points.shape[1] != 2:
        raise ParameterError(f"`starts` has shape {points.shape}", hint="give an (N, 2) array of x and y")
    return points


def _named_exits(exits: Any) -> dict[str, BaseGeometry]:
    if isinstance(exits, BaseGeometry):
        return {"exit": exits}
    pairs = exits.items() if hasattr(exits, "items") else enumerate(exits) if isinstance(exits, list | tuple) else ()
    named = {str(name): shape for name, shape in pairs}
    if any(not isinstance(shape, BaseGeometry) for shape in named.values()):
        raise ParameterError("`exits` are not shapely shapes", hint="give exits={'north': polygon}, or a GeoSeries")
    return named


def _settings(values: dict[str, Any]) -> CrowdSettings:
    from pydantic import ValidationError

    try:
        return CrowdSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ParameterError(f"`{name}`: {first['msg']}", hint=f"there are: {', '.join(CrowdSettings.model_fields)}") from None


def _simple_population(
    ground: Ground, points: NDArray[np.float64], exits: Mapping[str, BaseGeometry], crowd: CrowdSettings,
    start_times: NDArray[np.float64] | None, desired_speed: float | NDArray[np.float64] | None,
) -> Population:  # fmt: skip
    from twin.population import SPEED_RANGE_M_S
    from twin.scenario.apply import Located

    count = len(points)
    cells = [ground.cells(shape, "floor") for shape in exits.values()]
    for name, here in zip(exits, cells, strict=True):
        if not len(here):
            raise UnreachableError(f"exit `{name}` has no floor", hint="an exit is a polygon that overlaps the area")
    goals = Goals(np.cumsum([0, *(len(c) for c in cells)]).astype(np.int64), np.concatenate(cells))
    routes = find_routes(ground.floor, goals)
    inside = shapely.contains_xy(ground.walkable.floors["floor"], points[:, 0], points[:, 1])
    if not inside.all():
        i = int(np.flatnonzero(~inside)[0])
        raise StartError(f"start {i} at ({points[i, 0]:.2f}, {points[i, 1]:.2f}) is outside the area")
    node = nodes_of(ground.floor, routes, points[:, 0].copy(), points[:, 1].copy(), np.zeros(count, np.int32))
    if (node < 0).any():
        i = int(np.flatnonzero(node < 0)[0])
        raise StartError(f"start {i} at ({points[i, 0]:.2f}, {points[i, 1]:.2f}) is in a gap too narrow to stand in")
    time_to = routes.time[:, node]
    lost = ~np.isfinite(time_to).any(axis=0)
    if lost.any():
        i = int(np.flatnonzero(lost)[0])
        raise UnreachableError(f"from start {i} at ({points[i, 0]:.2f}, {points[i, 1]:.2f}) no exit can be reached")
    start = np.zeros(count) if start_times is None else np.asarray(start_times, dtype=np.float64)
    if desired_speed is None:
        speed = np.clip(crowd.speed_mean_m_s + crowd.speed_sd_m_s * normals(crowd.seed, "speed", count), *SPEED_RANGE_M_S)
    else:
        given = np.asarray(desired_speed, dtype=np.float64)
        if given.shape not in ((), (count,)):
            raise ParameterError(f"`desired_speed` has shape {given.shape}, not ({count},)")
        speed = np.broadcast_to(given, (count,)).copy()
    if start.shape != (count,):
        raise ParameterError(f"`start_times` has shape {start.shape}, not ({count},)")
    order = np.argsort(start, kind="stable")
    journeys = Journeys(
        np.arange(len(exits), dtype=np.int32)[:, None],
        np.full((len(exits), 1), STAGE_LEAVE, np.int8),
        np.full((len(exits), 1), np.inf),
    )
    people = People(
        points[order, 0].copy(), points[order, 1].copy(), np.zeros(count, np.int32), start[order],
        np.argmin(time_to, axis=0).astype(np.int32)[order], speed[order], np.full(count, crowd.radius_m),
    )  # fmt: skip
    places = {name: Located(shape, "floor") for name, shape in exits.items()}
    return Population(
        people, goals, journeys, routes, tuple(exits), tuple(range(len(exits))), places, ("people",), np.zeros(count, np.int32)
    )


__all__ = ["Prepared", "load_city", "prepare", "run", "run_prepared", "simulate", "simulate_crowd"]
