"""Soundings of the embedded sample: a cone penetration test and a borehole at the planned pit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from shapely.geometry import Point

from twin.geo.sample_furnish import make_pit
from twin.geo.sample_plan import Dice, Plan

LAYERS: tuple[tuple[str, float, float, float, float], ...] = (
    # soil, bottom [m above the datum], cone resistance at top and at bottom [MPa], friction ratio [%]
    ("made ground: sand with rubble", 1.6, 3.0, 5.0, 1.2),
    ("clay, silty", -0.4, 0.6, 0.9, 3.8),
    ("peat, clayey", -1.1, 0.3, 0.4, 7.0),
    ("sand, fine, silty", -4.5, 4.0, 8.0, 1.0),
    ("sand, medium", -14.0, 10.0, 19.0, 0.7),
    ("sand, coarse, gravelly", -22.0, 17.0, 26.0, 0.5),
)
"""An old town on river deposits: what is usual for the area, not a measurement."""
WATER_TABLE_Z = 0.7


def make_soundings(plan: Plan, dice: Dice) -> dict[str, dict[str, Any]]:
    """A CPT and a borehole beside the pit, with their profiles as JSON.

    The CPT's profile holds ``depth_m``, ``qc_mpa`` and ``fs_mpa`` (lists of one length), the borehole's ``layers``
    from the top down; both ``water_table_m`` in the vertical datum.
    """
    outline, surface = make_pit(plan)
    west, _south, east, _north = outline.bounds
    middle = outline.centroid
    cpt, borehole = Point(round(west - 3.0, 1), round(middle.y, 1)), Point(round(east + 3.0, 1), round(middle.y, 1))
    return {
        "cpt-1": {
            "geometry": cpt, "kind": "cpt", "surface_m": surface, "depth_m": 25.0,
            "profile": json.dumps(_cpt(surface, 25.0, dice)),
        },
        "borehole-1": {
            "geometry": borehole, "kind": "borehole", "surface_m": surface, "depth_m": 15.0,
            "profile": json.dumps(_borehole(surface, 15.0)),
        },
    }  # fmt: skip


def _cpt(surface: float, depth: float, dice: Dice) -> dict[str, Any]:
    depths = np.round(np.arange(0.2, depth + 0.01, 0.2), 2)
    resistance, friction = [], []
    for n, below in enumerate(depths):
        z = surface - float(below)
        top = surface
        for _, bottom, first, last, ratio in LAYERS:
            if z >= bottom or bottom == LAYERS[-1][1]:
                share = (top - z) / (top - bottom)
                cone = (first + share * (last - first)) * dice.uniform("cpt", 0.82, 1.18, n)
                resistance.append(round(cone, 2))
                friction.append(round(cone * ratio / 100.0, 4))
                break
            top = bottom
    return {"depth_m": depths.tolist(), "qc_mpa": resistance, "fs_mpa": friction, "water_table_m": WATER_TABLE_Z}


def _borehole(surface: float, depth: float) -> dict[str, Any]:
    layers = []
    top = surface
    for soil, bottom, *_ in LAYERS:
        end = max(bottom, round(surface - depth, 2))
        if end < top:
            layers.append({"top_m": top, "bottom_m": end, "soil": soil})
        top = end
    return {"layers": layers, "water_table_m": WATER_TABLE_Z}
