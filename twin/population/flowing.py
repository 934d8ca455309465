"""A population as the continuum model takes it: densities that stand from the start, and sources that people come out of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.discretize import Ground
from twin.errors import ScenarioError
from twin.population.placing import Population
from twin.sim.crowd.continuum_sources import Sources
from twin.sim.crowd.footing import nodes_of
from twin.sim.crowd.measures import DensityGrid, density_grid
from twin.sim.crowd.spread import spread_over_floor
from twin.sim.model import STAGE_LEAVE, STAGE_STAY

BIN_S = 10.0
"""People of one goal who enter within this time come out of one source, evenly over it."""

AT_ONCE_S = 2.0
"""Who is no further than this from a zone is in it."""

_HINT = "leave that out, or choose a model that follows persons (docs/models.md)"


@dataclass(frozen=True, eq=False)
class Waiting:
    """People who stand until they set out.

    Parameters
    ----------
    until : float
        [s]
    cells : (K,) int32
        Flat indices of the navigation cells they stand on.
    density : (K,) float64
        [1/m2]
    """

    until: float
    cells: NDArray[np.int32]
    density: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flowing:
    """What the continuum model starts with.

    Parameters
    ----------
    sources : Sources
    placed : list of (goal, density (L, H, W) float64)
        On the floor at time 0 [1/m2].
    waiting : tuple of Waiting
        Standing where they are until their source begins.
    mean_speed : float
        Of the people on a free flat floor [m/s].
    """

    sources: Sources
    placed: list[tuple[int, NDArray[np.float64]]]
    waiting: tuple[Waiting, ...]
    mean_speed: float


def flowing(population: Population, ground: Ground, *, jam: float) -> Flowing:
    """Persons as densities and sources.

    Parameters
    ----------
    population : Population
    ground : Ground
    jam : float
        Density at which nobody moves [1/m2]; nobody is put closer.

    Raises
    ------
    ScenarioError
        For what the continuum model does not know: queues, doors, lifts, choices, companies, ways without steps, journeys other
        than to an exit, at once or after a stay where people are.
    """
    _check_facilities(population)
    goal, begin, stays = _goal_and_begin(population, ground)
    floor, people = ground.floor, population.people
    grid = density_grid(floor.mask, floor.west, floor.north, floor.cell, 1)
    if not len(people.x):
        return Flowing(Sources.none(), [], (), 1.34)
    standing = [(np.flatnonzero((goal == g) & (begin == 0.0) & ~stays), int(g)) for g in np.unique(goal)]
    placed = []
    for rows, g in standing:
        if len(rows):
            density = np.zeros(floor.mask.size)
            cells, share = _spread(population, ground, grid, rows, g, jam)
            density[cells] = share
            placed.append((g, density.reshape(floor.mask.shape)))
    sources: list[tuple[float, float, float, int, NDArray[np.int32]]] = []
    waiting = []
    later = np.flatnonzero((begin > 0.0) | stays)
    bins = np.where(stays[later], -1.0 - begin[later], np.floor(begin[later] / BIN_S))
    for g in np.unique(goal[later]):
        for slot in np.unique(bins[goal[later] == g]):
            rows = later[(goal[later] == g) & (bins == slot)]
            cells, density = _spread(population, ground, grid, rows, int(g), jam)
            sources.append((float(len(rows)), float(begin[rows].min()), float(begin[rows].max()), int(g), cells))
            if stays[rows[0]]:
                waiting.append(Waiting(float(begin[rows[0]]), cells, density))
    return Flowing(_sources_of(sources, floor.mask.shape), placed, tuple(waiting), float(people.desired_speed.mean()))


def _check_facilities(population: Population) -> None:
    known = population.facilities
    company = population.people.group is not None and bool((population.people.group >= 0).any())
    for what, given in (
        ("doors", known.doors is not None), ("queues", known.queues is not None), ("choices of an exit", known.choices is not None),
        ("lifts and escalators", population.rides is not None), ("people who take no steps", population.profile_speed is not None),
        ("companies", company),
    ):  # fmt: skip
        if given:
            raise ScenarioError(f"the model `continuum` knows no {what}", where="crowd.model", hint=_HINT)


def _goal_and_begin(population: Population, ground: Ground) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.bool_]]:
    """Of each person its exit, when it sets out [s], and whether it is there before."""
    people, journeys = population.people, population.journeys
    kind, at, until = journeys.kind[people.journey], journeys.goal[people.journey], journeys.until[people.journey]
    begin = people.start if people.go is None else np.maximum(people.start, people.go)
    stays = np.zeros(len(begin), np.bool_) if people.go is None else people.go > people.start
    first = np.zeros(len(begin), np.int64)
    rows = np.arange(len(begin))
    if kind.shape[1] > 1:
        stand = kind[:, 0] == STAGE_STAY
        node = nodes_of(ground.floor, population.routes, people.x, people.y, people.level)
        # at the edge of a zone the nearest cell may lie outside it
        inside = population.routes.time[at[stand, 0], node[stand]] <= AT_ONCE_S
        if not inside.all():
            what = "people walk to a zone and stay there, which the model `continuum` does not know"
            raise ScenarioError(what, where="crowd.model", hint=_HINT)
        begin = np.where(stand, np.maximum(begin, until[:, 0]), begin)
        stays |= stand
        first[stand] = 1
    if not (kind[rows, first] == STAGE_LEAVE).all():
        what = "people go by way of other places than their exit, which the model `continuum` does not know"
        raise ScenarioError(what, where="crowd.model", hint=_HINT)
    return at[rows, first].astype(np.int32), begin, stays


def _spread(
    population: Population, ground: Ground, grid: DensityGrid, rows: NDArray[np.int64], goal: int, jam: float
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Cells that some people are spread over, those from which their exit can be reached, and the density on each [1/m2]."""
    people, floor = population.people, ground.floor
    _, height, width = floor.mask.shape
    column = np.clip(((people.x[rows] - floor.west) / floor.cell).astype(np.int64), 0, width - 1)
    row = np.clip(((floor.north - people.y[rows]) / floor.cell).astype(np.int64), 0, height - 1)
    flat, count = np.unique((people.level[rows] * height + row) * width + column, return_counts=True)
    cells, fields = spread_over_floor(grid, flat.astype(np.int32), count[:, None].astype(np.float64))
    node = population.routes.node.ravel()[cells]
    reach = (node >= 0) & np.isfinite(population.routes.time[goal, np.maximum(node, 0)])
    order = np.argsort(cells[reach], kind="stable")
    cells, density = cells[reach][order], fields[reach, 0][order]
    total = density.sum() * floor.cell**2
    if total > 0:
        density = density * (len(rows) / total)
    # the last of them stand closer than in a jam only where there is no other room
    return cells, np.minimum(density, jam)


def _sources_of(rows: list[tuple[float, float, float, int, NDArray[np.int32]]], shape: tuple[int, ...]) -> Sources:
    if not rows:
        return Sources.none()
    people, begin, end, goal, cells = zip(*rows, strict=True)
    places = np.stack(np.unravel_index(np.concatenate(cells), shape), axis=1).astype(np.int32)
    start = np.cumsum([0, *(len(one) for one in cells)]).astype(np.int64)
    return Sources(np.array(people), np.array(begin), np.array(end), np.array(goal, np.int32), start, places)
