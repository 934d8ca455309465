"""A crowd without a city: any shapely area will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.bare_exits import choose_exits
from twin.discretize import Ground, discretize_area
from twin.errors import ParameterError, StartError, UnreachableError, did_you_mean
from twin.population import Population
from twin.progress import progress_bar
from twin.provenance import versions
from twin.result import Result
from twin.rng import normals
from twin.scenario.model import CrowdingAnalysis, CrowdSettings
from twin.sim.crowd.footing import nodes_of
from twin.sim.crowd.models import CONTINUUM, model_named
from twin.sim.crowd.neighbours import CONTACT
from twin.sim.crowd.wayfinding import build_graph, solve
from twin.sim.model import Goals, People
from twin.simulate import simulate

if TYPE_CHECKING:
    pass


def simulate_crowd(
    area: BaseGeometry,
    *,
    starts: NDArray[np.float64] | Sequence[tuple[float, float]],
    exits: Mapping[str, BaseGeometry] | BaseGeometry,
    model: str = "collision-free-speed",
    preset: str | None = None,
    model_parameters: Mapping[str, float] | None = None,
    duration: float = 300.0,
    dt: float = 0.05,
    seed: int = 1,
    start_times: NDArray[np.float64] | None = None,
    desired_speed: float | NDArray[np.float64] | None = None,
    cell: float = 0.25,
    lines: Mapping[str, shapely.LineString] | None = None,
    areas: Mapping[str, BaseGeometry] | None = None,
    to: Mapping[str, float] | Sequence[str] | str | None = None,
    choice: str | None = None,
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
        Areas, or edges of the area; everybody takes the nearest on foot unless `to` or `choice` say otherwise.
    model : str
        Of walking: ``collision-free-speed``, ``social-force``, ``anticipation-velocity``, ``continuum``, or one you
        registered.
    preset : str, optional
        Parameters of the model that go together: ``event`` (the default) or ``jupedsim`` of ``collision-free-speed``.
    model_parameters : mapping of str to float, optional
        Parameters of the model by name that differ from the preset, see docs/models.md.
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
    lines : mapping of str to shapely LineString, optional
        Straight lines across which people are counted: `Result.flow`, `Result.n_t`.
    areas : mapping of str to shapely polygon, optional
        In which people are counted: `Result.occupancy`.
    to : mapping of str to float, or sequence of str, optional
        Shares by exit, by lot among the exits that a person can reach; or the exit of each person, (N,); or one for all.
    choice : {"nearest", "least-crowded"}, optional
        How people choose among the exits (of `to`, with its shares as weights) when they set out, and anew when one closes.
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
        For an unknown model, setting or exit, or arrays that do not fit together.
    StartError, UnreachableError
        When somebody starts off the floor, or where another does (unless `start_times` are given: then it waits), or cannot
        reach an exit.
    """
    parameters = dict(model_parameters or {})
    model_named(model, preset, **parameters)
    for name in settings:
        if name not in SETTINGS_OF_A_BARE_CROWD:
            known = (*SETTINGS_OF_A_BARE_CROWD, *_BY_NAME)
            raise ParameterError(
                f"`{name}` is not a setting of simulate_crowd{did_you_mean(name, known)}", hint=f"there are: {', '.join(known)}"
            )
    given = {"model": model, "preset": preset, "model_parameters": parameters, "duration_s": duration, "dt_s": dt, "seed": seed}
    crowd = _settings({**given, "navigation_cell_m": cell, **settings})
    points = _coordinates(starts)
    named = _named_exits(exits)
    for name, shape in named.items():
        if isinstance(shape, BaseGeometry) and "Line" in shape.geom_type:
            # an edge: whoever comes within a cell of it has left
            named[name] = shape.buffer(cell)
    if not named:
        raise ParameterError("there is no exit", hint="give exits={'north': polygon}")
    ground = discretize_area(area, cell=cell)
    counted = _counted(lines, "lines", ground), _counted(areas, "areas", ground)
    population = _simple_population(ground, points, named, crowd, start_times, desired_speed, to, choice)
    with progress_bar(crowd.duration_s, "crowd", progress) as bar:
        result = simulate(
            ground, population, crowd, analysis=CrowdingAnalysis(), seed=seed, bar=bar, lines=counted[0], areas=counted[1]
        )
    walked = {"seed": seed, "model": model, "choice": choice, "preset": preset, "model_parameters": parameters}
    return result.with_(provenance={**walked, **versions(), **result.provenance})


SETTINGS_OF_A_BARE_CROWD = (
    "avoid_jams", "density_cell_m", "field_interval_s", "fields", "frame_interval_s", "radius_m", "speed_mean_m_s", "speed_sd_m_s",
    "time_gap_s",
)  # fmt: skip
"""Fields of `CrowdSettings` that `simulate_crowd` takes by keyword."""

_BY_NAME = (
    "preset", "model_parameters", "duration", "dt", "seed", "cell", "start_times", "desired_speed", "lines", "areas", "to",
    "choice",
)  # fmt: skip


_ARGUMENTS = {"duration_s": "duration", "dt_s": "dt", "navigation_cell_m": "cell"}
"""Arguments of `simulate_crowd` that are settings of another name."""


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


def _counted(given: Mapping[str, Any] | None, what: str, ground: Ground) -> dict[str, tuple[Any, str]]:
    """Lines or areas to count at, on the one level there is."""
    if given is not None and not hasattr(given, "items"):
        raise ParameterError(f"`{what}` have no names", hint=f"give {what}={{'door': shape}}")
    floor = ground.walkable.floors["floor"]
    for name, shape in (given or {}).items():
        if what == "lines" and not (isinstance(shape, shapely.LineString) and shapely.get_num_coordinates(shape) == 2):
            raise ParameterError(f"the line `{name}` is no straight line", hint="give a shapely LineString of two points")
        polygon = isinstance(shape, shapely.Polygon | shapely.MultiPolygon) and shape.is_valid and shape.area > 0
        if what == "areas" and not polygon:
            raise ParameterError(f"the area `{name}` is no valid polygon", hint="give a shapely Polygon or MultiPolygon")
        on_floor = floor.intersection(shape)
        if not (on_floor.length if what == "lines" else on_floor.area) > 0.01:
            raise ParameterError(f"`{name}` of the {what} does not lie on the floor", hint="draw it where people can walk")
    return {str(name): (shape, "floor") for name, shape in (given or {}).items()}


def _settings(values: dict[str, Any]) -> CrowdSettings:
    from pydantic import ValidationError

    try:
        return CrowdSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        raise ParameterError(f"`{_ARGUMENTS.get(name, name)}` is {first['input']!r}", hint=f"it should be {said}") from None


def _check_apart(points: NDArray[np.float64], radius: float) -> None:
    """Refuse people who all start at once, some of them in each other."""
    from scipy.spatial import cKDTree

    if len(points) < 2:
        return
    contact = CONTACT * 2.0 * radius
    apart, other = cKDTree(points).query(points, k=2, distance_upper_bound=contact, workers=-1)
    close = np.flatnonzero(apart[:, 1] < contact)
    if len(close):
        i = int(close[0])
        # of two at one point either may be named first
        j = int(other[i, 1] if other[i, 1] != i else other[i, 0])
        raise StartError(
            f"{len(close)} people start closer than bodies of radius {radius:g} m fit: {i} and {j} are "
            f"{np.hypot(*(points[i] - points[j])):.2f} m apart",
            where=f"({points[i, 0]:.2f}, {points[i, 1]:.2f})",
            hint=f"put them {contact:.2f} m apart or more, or give start_times: who comes when its place is taken waits",
        )


def _simple_population(
    ground: Ground, points: NDArray[np.float64], exits: Mapping[str, BaseGeometry], crowd: CrowdSettings,
    start_times: NDArray[np.float64] | None, desired_speed: float | NDArray[np.float64] | None, to: Any, choice: str | None,
) -> Population:  # fmt: skip
    from twin.population import SPEED_RANGE_M_S
    from twin.population.facilities import Facilities
    from twin.population.kinds import informed
    from twin.scenario.apply import Located

    count = len(points)
    cells = [ground.cells(shape, "floor") for shape in exits.values()]
    for name, here in zip(exits, cells, strict=True):
        if not len(here):
            raise UnreachableError(f"exit `{name}` has no floor", hint="an exit is a polygon that overlaps the area")
    goals = Goals(np.cumsum([0, *(len(c) for c in cells)]).astype(np.int64), np.concatenate(cells))
    graph = build_graph(ground.floor)
    routes = solve(graph, goals)
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
    if start_times is None and crowd.model != CONTINUUM:
        _check_apart(points, crowd.body_radius_m)
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
    ways = choose_exits(to, choice, tuple(exits), time_to, crowd.seed)
    people = People(
        points[order, 0].copy(), points[order, 1].copy(), np.zeros(count, np.int32), start[order],
        ways.journey[order], speed[order], np.full(count, crowd.body_radius_m),
    )  # fmt: skip
    places = {name: Located(shape, "floor") for name, shape in exits.items()}
    knows = None if crowd.avoid_jams is None else informed(crowd, crowd.seed, "people", count)[order]
    return Population(
        people, goals, ways.journeys, routes, tuple(exits), tuple(range(len(exits))), places, ("people",),
        np.zeros(count, np.int32),
        facilities=Facilities(choices=ways.choices), graph=graph, informed=knows,
    )  # fmt: skip
