"""What a crowd is given, looked at once: arrays that fit together, steps and people that are possible."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError, StartError, UnreachableError
from twin.sim.crowd.referee import always_open, checked_hours
from twin.sim.crowd.stages import Stages
from twin.sim.crowd.wayfinding import Routes
from twin.sim.model import STAGE_CHOOSE, STAGE_END, Doors, Floor, Goals, People


def check_step(dt: float, fastest: float, smallest_radius: float) -> None:
    """Refuse a step that is no step, or one in which somebody walks through somebody."""
    if not (math.isfinite(dt) and dt > 0):
        raise ParameterError(f"a step of {dt} s is not possible", hint="give a positive number of seconds")
    if dt * fastest > 2.0 * smallest_radius:
        raise ParameterError(
            f"in a step of {dt:g} s somebody walks {dt * fastest:.2f} m, further than people are wide",
            hint=f"use dt of at most {2.0 * smallest_radius / fastest:.2f} s; 0.05 s is usual",
        )


def lost_by(model: object, rows: dict[str, NDArray[Any]], count: int, time: float) -> ParameterError:
    """What to raise when a model gave people a velocity that is no number: how many, who first, where it was last listed."""
    gone = np.flatnonzero(~np.isfinite(rows["x"][:count] + rows["y"][:count]))
    i = int(gone[np.argmin(rows["person"][gone])])
    return ParameterError(
        f"the model {type(model).__name__} gives {len(gone)} people a velocity that is not a finite number, at {time:.2f} s",
        where=f"person {rows['person'][i]} near ({rows['built_x'][i]:.1f}, {rows['built_y'][i]:.1f})",
        hint="less extreme parameters or a shorter step; in a model of your own, see that nothing is divided by 0",
    )


def checked_routes(routes: Routes, floor: Floor, goals: Goals, profiles: int) -> Routes:
    """Routes that are of this floor and to these goals, for each profile."""
    count = (len(goals.start) - 1) * profiles
    if routes.node.shape != floor.mask.shape or len(routes.time) != count or len(routes.direction) != count:
        raise ParameterError(
            f"the routes are to {len(routes.time)} goals on a floor of {routes.node.shape} cells, "
            f"not to {count} on {floor.mask.shape}",
            hint="find them with the same floor, goals and profiles",
        )
    return routes


def checked_lines(
    lines: NDArray[np.float64] | None, level: NDArray[np.int32] | None
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Lines (M, 4) and their levels (M,)."""
    ends = np.empty((0, 4)) if lines is None else np.ascontiguousarray(lines, np.float64)
    levels = np.zeros(len(ends), np.int32) if level is None else np.ascontiguousarray(level, np.int32)
    if ends.ndim != 2 or ends.shape[1] != 4 or levels.shape != (len(ends),):
        raise ParameterError(f"`lines` have shape {ends.shape} and `line_level` {levels.shape}", hint="they are (M, 4) and (M,)")
    if not np.isfinite(ends).all():
        raise ParameterError("a line that people are counted at has an end that is not a finite number")
    return ends, levels


def checked_people(people: People, journeys: int) -> People:
    """People as contiguous arrays of one length, with values that are possible."""
    count = len(people.x)
    dtypes = ("f8", "f8", "i4", "f8", "i4", "f8", "f8", "f8", "i4", "i4")
    arrays: list[NDArray[Any] | None] = []
    for name, value, dtype in zip(people._fields, people, dtypes, strict=True):
        if value is None:
            arrays.append(None)
            continue
        array = np.ascontiguousarray(value, dtype=dtype)
        if array.shape != (count,):
            raise ParameterError(f"`{name}` of the people has shape {array.shape}, not ({count},)")
        if dtype == "f8" and not np.isfinite(array).all():
            raise ParameterError(f"`{name}` of person {int(np.flatnonzero(~np.isfinite(array))[0])} is not a finite number")
        arrays.append(array)
    checked = People(*arrays)  # type: ignore[arg-type]
    if (checked.radius <= 0).any() or (checked.desired_speed < 0).any():
        raise ParameterError("radii must be positive and desired speeds not negative")
    if (np.diff(checked.start) < 0).any():
        raise ParameterError("`start` of the people must rise: order them by the time at which they enter")
    if count and not (checked.journey.min() >= 0 and checked.journey.max() < journeys):
        raise ParameterError(f"`journey` of the people points past the {journeys} journeys there are")
    return checked


def checked_doors(doors: Doors | None) -> Doors:
    """Doors whose arrays fit together."""
    if doors is None:
        return Doors(np.empty((0, 4)), np.empty(0, np.int32), always_open(0))
    line, level = np.ascontiguousarray(doors.line, np.float64), np.ascontiguousarray(doors.level, np.int32)
    if line.ndim != 2 or line.shape[1] != 4 or level.shape != (len(line),):
        shapes = f"`line` of the doors has shape {line.shape} and `level` {level.shape}"
        raise ParameterError(shapes, hint="they are (M, 4) and (M,)")
    if not np.isfinite(line).all():
        raise ParameterError("a door has an end that is not a finite number")
    return Doors(line, level, checked_hours(doors.hours, len(line), "doors"))


def check_starts(people: People, nodes: NDArray[np.int32]) -> None:
    """Refuse people who would start off the floor; `nodes` are those that they start on, -1 for none."""
    off = np.flatnonzero(nodes < 0)
    if len(off):
        i = int(off[0])
        raise StartError(
            f"{len(off)} people would start off the floor",
            where=f"person {i} at ({people.x[i]:.1f}, {people.y[i]:.1f})",
            hint="move the start out of buildings, water and closed parts",
        )


def check_ways(
    journey: NDArray[np.int32], stages: Stages, routes: Routes, nodes: NDArray[np.int32], ways_row: NDArray[np.int32]
) -> None:
    """Refuse people who cannot reach the goals of their journey, as far as the first choice, from the nodes that they start on."""
    for j, first in enumerate(stages.first):
        here = journey == j
        mine, ways = nodes[here], ways_row[here]
        for stage in range(first, len(stages.kind)):
            goal, kind = stages.goal[stage], stages.kind[stage]
            if kind in (STAGE_END, STAGE_CHOOSE):
                break
            lost = ~np.isfinite(routes.time[ways + goal, mine])
            if lost.any():
                raise UnreachableError(
                    f"{int(lost.sum())} people of journey {j} cannot reach goal {int(goal)}",
                    hint="open a way to it, or send them elsewhere",
                )
