"""Small cities made by hand, where the right answer is plain."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from twin.geo.city import City
from twin.geo.terrain import Terrain
from twin.grid import GridSpec
from twin.scenario import Scenario, scenario_from_text

CRS = pyproj.CRS("EPSG:28992")
WEST, SOUTH = 136_000.0, 455_000.0


def frame(rows: dict[str, dict[str, Any]]) -> gpd.GeoDataFrame:
    """A layer from rows by id; each has a ``geometry`` in metres from the south-west corner."""
    made = gpd.GeoDataFrame.from_dict(rows, orient="index", geometry="geometry", crs=CRS)
    made["geometry"] = made.geometry.translate(WEST, SOUTH)
    made.index.name = "id"
    return made


def two_levels(**stair: Any) -> City:
    """A wharf at +1 in the south and a street at +4 in the north, 40 m wide, joined by one stair of 6 m.

    A bridge deck at +4 leads from the street over the wharf to the south edge.
    """
    run = {
        "geometry": shapely.box(10, 10, 13, 16), "bottom_level": "wharf", "top_level": "street", "bottom_z_m": 1.0,
        "top_z_m": 4.0, "up_azimuth_deg": 0.0, **stair,
    }  # fmt: skip
    return City(
        crs=CRS,
        origin=np.array([WEST, SOUTH, 0.0]),
        layers={
            "roads": frame({
                "street": {"surface": "street", "level": "street", "z_m": 4.0, "geometry": shapely.box(0, 10, 40, 24)},
                "deck": {"surface": "bridge", "level": "street", "z_m": 4.0, "geometry": shapely.box(28, 0, 34, 10)},
                "wharf": {"surface": "wharf", "level": "wharf", "z_m": 1.0, "geometry": shapely.box(0, 0, 40, 10)},
            }),
            "stairs": frame({"stair": run}),
        },
        name="two levels",
    )  # fmt: skip


def town(size: float = 60.0) -> City:
    """A square town without surface types: one building in the middle, flat ground at +2."""
    middle = shapely.box(size / 2 - 8, size / 2 - 8, size / 2 + 8, size / 2 + 8)
    grid = GridSpec(WEST, SOUTH + size, 1.0, (int(size), int(size)), "EPSG:28992")
    return City(
        crs=CRS,
        origin=np.array([WEST, SOUTH, 0.0]),
        layers={"buildings": frame({"house": {"ground_m": 2.0, "height_m": 9.0, "geometry": middle}})},
        terrain=Terrain(grid, np.full(grid.shape, 2.0, np.float32)),
        name="town",
    )


def at(x: float, y: float) -> list[float]:
    """A point in metres from the corner, in the CRS."""
    return [WEST + x, SOUTH + y]


def box_of(x0: float, y0: float, x1: float, y1: float) -> list[list[float]]:
    """A box as a scenario writes it."""
    return [at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)]


def town_scenario(changes: str = "", crowd: str = "", people: int = 120) -> Scenario:
    """People on the west side of the house leave to the east."""
    return scenario_from_text(f"""\
title: Town
question: Do they get round the house?
changes:
  - id: party
    type: event
    in_baseline: true
    zones: [{{id: west, at: {{polygon: {box_of(2, 20, 16, 40)}}}, present: {people}}}]
{changes}
crowd:
  duration_s: 150
  seeds: 2
  exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}
  lines: [{{id: north-side, line: [{at(30, 38)}, {at(30, 60)}]}}]
{crowd}
""")


NORTH_CLOSED = f"  - {{id: works, type: closure, at: {{polygon: {box_of(20, 37, 40, 60)}}}}}"


def comb(corners: int, size: float = 100.0, west: float = WEST, south: float = SOUTH) -> shapely.Polygon:
    """A ring that zigzags up and then across: a quarter of the square of its corners are crossings."""
    number = np.arange(corners // 2)
    up = np.column_stack([number % 2, number / len(number)])
    return shapely.Polygon(np.concatenate([up, up[:, ::-1]]) * size + [west, south])
