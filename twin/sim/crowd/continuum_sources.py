"""Where the people of the continuum come from and where they leave, as nodes of the floor."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import ParameterError, StartError, UnreachableError
from twin.sim.crowd.wayfinding import Routes
from twin.sim.model import Goals


class Sources(NamedTuple):
    """Where people come from.

    Attributes
    ----------
    people : (S,) float64
        How many come out of each.
    begin, end : (S,) float64
        When the first and the last come [s]; all at once where they are equal. Who finds no room waits.
    goal : (S,) int32
        Where they are bound for.
    start : (S + 1,) int64
        First row of `cells` of each source.
    cells : (M, 3) int32
        Level, row and column of the cells in which they appear: more where there is more room.
    """

    people: NDArray[np.float64]
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    goal: NDArray[np.int32]
    start: NDArray[np.int64]
    cells: NDArray[np.int32]

    @classmethod
    def none(cls) -> Sources:
        """Nobody comes."""
        nothing = np.empty(0)
        return cls(nothing, nothing, nothing, np.empty(0, np.int32), np.zeros(1, np.int64), np.empty((0, 3), np.int32))

    def due(self, time: float) -> NDArray[np.float64]:
        """How many should have come out of each by a time, (S,) float64."""
        lasting = self.end - self.begin
        share = np.where(self.begin <= time, 1.0, 0.0)
        return self.people * np.divide(time - self.begin, lasting, out=share, where=lasting > 0).clip(0.0, 1.0)


def checked_sources(sources: Sources, goals: int) -> Sources:
    """Arrays of the right types and shapes.

    Raises
    ------
    ParameterError
        Where they do not fit together.
    """
    count = len(sources.people)
    dtypes = ("f8", "f8", "f8", "i4", "i8", "i4")
    checked = Sources(*[np.ascontiguousarray(value, dtype) for value, dtype in zip(sources, dtypes, strict=True)])
    for name, size in (("people", count), ("begin", count), ("end", count), ("goal", count), ("start", count + 1)):
        if getattr(checked, name).shape != (size,):
            raise ParameterError(f"`{name}` of the sources has shape {getattr(checked, name).shape}, not ({size},)")
    if checked.cells.ndim != 2 or checked.cells.shape[1] != 3:
        raise ParameterError(f"`cells` of the sources have shape {checked.cells.shape}", hint="rows are level, row and column")
    if checked.start[0] != 0 or checked.start[-1] != len(checked.cells) or (np.diff(checked.start) < 1).any():
        raise ParameterError("`start` of the sources does not give every source some of the cells")
    for name in ("people", "begin", "end"):
        if not np.isfinite(getattr(checked, name)).all():
            raise ParameterError(f"`{name}` of the sources is not a finite number everywhere")
    if (checked.people < 0).any() or (checked.end < checked.begin).any():
        raise ParameterError("`people` of the sources may not be negative, nor `end` before `begin`")
    wrong = np.flatnonzero((checked.goal < 0) | (checked.goal >= goals))
    if len(wrong):
        s = int(wrong[0])
        raise ParameterError(f"source {s} is bound for goal {checked.goal[s]}, of the {goals} goals there are")
    return checked


def nodes_of_sources(sources: Sources, routes: Routes, jam: float, area: float) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """First row of each source, and the nodes they open on.

    Raises
    ------
    StartError
        When people would appear off the floor, or more at once than find room.
    UnreachableError
        When they cannot reach their goal.
    """
    inside = (sources.cells >= 0) & (sources.cells < np.array(routes.node.shape))
    outside: NDArray[np.bool_] = np.asarray(~inside.all(axis=1))
    at = np.where(outside[:, None], 0, sources.cells)
    off = np.flatnonzero(outside | (routes.node[at[:, 0], at[:, 1], at[:, 2]] < 0))
    if len(off):
        s = int(np.searchsorted(sources.start, off[0], side="right")) - 1
        raise StartError(
            f"{len(off)} cells in which people would appear are off the floor",
            where=f"source {s}, cell {tuple(sources.cells[off[0]].tolist())}",
            hint="move the start out of buildings, water and closed parts",
        )
    start, nodes = unique_nodes(sources.start, sources.cells, routes.node)
    for s, goal in enumerate(sources.goal):
        mine = nodes[start[s] : start[s + 1]]
        lost = np.count_nonzero(~np.isfinite(routes.time[goal, mine]))
        if lost:
            raise UnreachableError(
                f"people of source {s} cannot reach goal {goal} from {lost} of its {len(mine)} cells",
                hint="open a way to it, or send them elsewhere",
            )
        most = jam * area * len(mine)
        if sources.begin[s] == sources.end[s] and sources.people[s] > most:
            raise StartError(
                f"{sources.people[s]:.0f} people at once do not fit on {area * len(mine):.0f} m2",
                where=f"source {s}",
                hint=f"at most {most:.0f} do: give more room, or let them come over a time",
            )
    return start, nodes


def checked_density(density: ArrayLike, goal: int, routes: Routes, present: NDArray[np.float64], jam: float) -> NDArray[np.float64]:
    """People to be placed on each node, (K,) float64 [1/m2]; raises as `Continuum.place` tells."""
    more = np.asarray(density, np.float64)
    if more.shape != routes.node.shape:
        raise ParameterError(f"`density` has shape {more.shape}, the floor {routes.node.shape}")
    if not 0 <= goal < len(routes.time):
        raise ParameterError(f"goal {goal} is not one of the {len(routes.time)} goals there are")
    if not (np.isfinite(more).all() and (more >= 0).all()):
        raise ParameterError("`density` is negative or no finite number somewhere")
    off = np.argwhere((more > 0) & (routes.node < 0))
    if len(off):
        raise StartError(
            f"people would stand on {len(off)} cells off the floor",
            where=f"cell {tuple(off[0].tolist())}",
            hint="give 0 where there is no floor",
        )
    out = by_node(routes.node, more, len(present))
    highest = float((out + present).max(initial=0.0))
    if highest > jam:
        raise StartError(f"people would stand at {highest:.2f} /m2, and in a jam at {jam:g}", hint="spread them further")
    lost = np.count_nonzero((out > 0) & ~np.isfinite(routes.time[goal]))
    if lost:
        raise UnreachableError(
            f"people would be placed on {lost} cells from which nothing leads to goal {goal}",
            hint="open a way to it, or send them elsewhere",
        )
    return out


def unique_nodes(
    start: NDArray[np.int64], cells: NDArray[np.int32], node: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Nodes of sets of cells, each once a set and rising: first row of each set and the nodes; cells off the floor have none."""
    sets = []
    for low, high in pairwise(start):
        mine = np.unique(node[tuple(cells[low:high].T)])
        sets.append(mine[mine >= 0])
    sizes = [len(mine) for mine in sets]
    return np.cumsum([0, *sizes]).astype(np.int64), np.concatenate([np.empty(0, np.int32), *sets]).astype(np.int32)


def one_way(neighbour: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Links that lead one way only: at a portal a node may have neighbours on both levels on one side, and knows one of them.

    Parameters
    ----------
    neighbour : (K, 4) int32
        As in `RouteGraph`.

    Returns
    -------
    links : (M, 3) int64
        Node, direction, and the node it leads to.
    come : (K, 4) int32
        The neighbours from which people come: those without these links.
    """
    found, come = [np.empty((0, 3), np.int64)], neighbour.copy()
    for direction, back in enumerate((1, 0, 3, 2)):
        there = np.flatnonzero(neighbour[:, direction] >= 0)
        to = neighbour[there, direction]
        alone = neighbour[to, back] != there
        found.append(np.stack([there[alone], np.full(alone.sum(), direction), to[alone]], axis=1))
        come[there[alone], direction] = -1
    return np.concatenate(found), come


def some_goals(goals: Goals, chosen: NDArray[np.int64]) -> Goals:
    """Only the goals of these numbers."""
    cells = [goals.cells[goals.start[g] : goals.start[g + 1]] for g in chosen]
    return Goals(np.cumsum([0, *(len(rows) for rows in cells)]).astype(np.int64), np.concatenate(cells))


def by_node(node: NDArray[np.int32], values: ArrayLike, count: int) -> NDArray[np.float64]:
    """Values of cells (L, H, W) as those of nodes, (count,) float64; of a portal, that of its lower level."""
    out = np.zeros(count)
    floor = node >= 0
    # where two cells write, the last one wins
    out[node[floor][::-1]] = np.asarray(values)[floor][::-1]
    return out
