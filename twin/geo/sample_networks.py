"""Mains under the streets of the embedded sample, and the sensors that watch it."""

from __future__ import annotations

from typing import Any

import numpy as np
from shapely.geometry import LineString, Point

from twin.geo.sample_furnish import in_block, make_pit, square_block
from twin.geo.sample_plan import DECK_Z, DISTRICT, Plan, crossing_lines

MAINS = {
    # kind: offset from the middle of the street [m], diameter [m], cover [m], material
    "sewer": (0.0, 0.5, 1.8, "concrete"),
    "water": (1.6, 0.16, 1.0, "ductile iron"),
    "gas": (-1.6, 0.11, 0.8, "polyethylene"),
}


def make_utilities(plan: Plan) -> dict[str, dict[str, Any]]:
    """Sewer, water and gas under the streets away from the canal, where no cellar is in the way.

    Lines with ``kind``, ``diameter_m``, ``cover_m`` (ground above the pipe), ``material`` and ``estimated``.
    """
    axes: dict[str, LineString] = {}
    for west, east in zip(plan.columns[:-1], plan.columns[1:], strict=True):
        if west.name != "w1":
            pairs = zip(west.east.coords, east.west.coords, strict=True)
            axes[f"{west.name}-{east.name}"] = LineString([((a + c) / 2, b) for (a, b), (c, _) in pairs])
    for column in plan.columns:
        for crossing in column.crossings:
            if crossing.surface == "street" and crossing.name.startswith("street"):
                ends = zip(*(line.coords for line in crossing_lines(column, crossing)), strict=True)
                points = [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in ends]
                axes[f"{crossing.name}-{column.name}"] = LineString(points)
    rows: dict[str, dict[str, Any]] = {}
    for name, axis in axes.items():
        for kind, (offset, diameter, cover, material) in MAINS.items():
            line = (axis.offset_curve(offset) if offset else axis).intersection(DISTRICT)
            points = [(round(x, 2), round(y, 2)) for x, y in line.coords]
            rows[f"{kind}-{name}"] = {
                "geometry": LineString(points), "kind": kind, "diameter_m": diameter, "cover_m": cover,
                "material": material, "estimated": True,
            }  # fmt: skip
    return rows


def make_sensors(plan: Plan) -> dict[str, dict[str, Any]]:
    """Counters of people, observation wells beside the pit and a settlement mark on the tower.

    Points with ``kind``, ``quantity``, ``unit`` and ``z_m``.
    """
    outline, street = make_pit(plan)
    west, _, east, north = outline.bounds
    middle = outline.centroid.y
    square, yard = square_block(plan), square_block(plan, "church")
    x, y = in_block(square, 0.08, 0.5)
    ground = round(float(plan.height(np.array(x), np.array(y))), 2)
    bridge_y = plan.bridges["bridge-2"][0]
    found = {
        "counter-square": (Point(x, y), "counter", "people passing", "1/min", round(ground + 4.0, 2)),
        "counter-bridge-2": (Point(plan.canal.at(bridge_y, 9.0)), "counter", "people passing", "1/min", DECK_Z + 3.5),
        "well-1": (Point(round(west - 5.0, 2), round(middle, 2)), "observation well", "head", "m", street),
        "well-2": (Point(round(east + 5.0, 2), round(middle, 2)), "observation well", "head", "m", street),
        "vibration-1": (
            Point(round((west + east) / 2, 2), round(north + 0.2, 2)),
            "vibration",
            "velocity",
            "mm/s",
            street,
        ),
        "settlement-tower": (Point(in_block(yard, 0.03, 0.5)), "settlement", "settlement", "mm", ground),
    }
    return {
        name: {"geometry": place, "kind": kind, "quantity": quantity, "unit": unit, "z_m": z_m}
        for name, (place, kind, quantity, unit, z_m) in found.items()
    }
