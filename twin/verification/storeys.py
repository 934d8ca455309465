"""A building of three storeys with rooms along corridors, as in RiMEA's test 8."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.verification.case import Run, Site, Trial
from twin.verification.single import EAST
from twin.verification.walking import crowd_in, last_out, walk

_ROOM, _WALL, _DOOR = (1.9, 3.0), 0.1, 1.0
_ROWS = {"ground": (9, 8, 8, 11), "first": (11, 8, 8, 11), "second": (11, 8, 8, 11)}
_APART = 34.0


def _rows(west: float, counts: tuple[int, int, int, int]) -> tuple[list[BaseGeometry], list[BaseGeometry]]:
    """Floor and rooms of a storey: two corridors 2 m wide with a row of rooms on either side, joined in the east."""
    depth = _ROOM[1]
    corridors = (depth + _WALL, 3 * depth + 4 * _WALL + 2.0)
    rooms, parts = [], []
    for row, count in enumerate(counts):
        base = corridors[row // 2]
        south = base - _WALL - depth if row % 2 == 0 else base + 2.0 + _WALL
        for k in range(count):
            x = west + k * (_ROOM[0] + _WALL)
            room = shapely.box(x, south, x + _ROOM[0], south + depth)
            edge = base if row % 2 == 0 else base + 2.0
            parts.append(shapely.box(x + 0.45, edge - 2 * _WALL, x + 0.45 + _DOOR, edge + 2 * _WALL))
            rooms.append(room)
    parts += [shapely.box(west, y, west + 24.0, y + 2.0) for y in corridors]
    parts.append(shapely.box(west + 22.0, corridors[0], west + 24.0, corridors[1] + 2.0))
    return [*rooms, *parts], rooms


def _building() -> Site:
    floors: dict[str, BaseGeometry] = {}
    starts: dict[str, tuple[BaseGeometry, str]] = {}
    stairs: list[Run] = []
    middle = 2 * _ROOM[1] + 2 * _WALL + 2.0
    for storey, (name, counts) in enumerate(_ROWS.items()):
        west = -storey * _APART
        parts, rooms = _rows(west, counts)
        if storey < 2:  # the stair from above comes in from the west, past the rooms, into the corridor between them
            parts.append(shapely.box(west - 2.0, 3.1, west, 5.1))
        if storey == 0:
            parts.append(shapely.box(24.0, middle - 0.5, 26.0, middle + 0.5))
        floors[name] = shapely.union_all(parts)
        starts |= {f"{name} {k}": (room, name) for k, room in enumerate(rooms)}
    names = list(_ROWS)
    for storey in range(2):
        west = -storey * _APART
        upper = -(storey + 1) * _APART + 24.0
        stairs.append(Run(shapely.box(upper, 3.1, west - 2.0, 5.1), names[storey], names[storey + 1], 360.0 - EAST))
    exits = {"exit": (shapely.box(25.0, middle - 0.5, 26.0, middle + 0.5), "ground")}
    return Site(floors, exits, starts, tuple(stairs), {"ground": 0.0, "first": 3.5, "second": 7.0})


STOREYS = _building()
"""Storeys lie beside each other in plan, so that all can be seen: the ground floor is that in the east."""


def clearing_times(trial: Trial, speeds: tuple[float, ...]) -> list[float]:
    """When the last of four people a room is out, by walking speed [s]."""
    points, levels = [], []
    for room, level in STOREYS.starts.values():
        x, y = room.centroid.x, room.centroid.y
        points += [(x + dx, y + dy) for dx in (-0.45, 0.45) for dy in (-0.6, 0.6)]
        levels += [level] * 4
    times = []
    for speed in speeds:
        crowd = crowd_in(STOREYS, trial, np.array(points), level=levels, speed=speed)
        walk(crowd, 1800.0)
        times.append(last_out(crowd))
    return times
