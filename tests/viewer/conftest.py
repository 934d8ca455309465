"""A small made-up town on a canal, and a made-up crowd in it, to draw."""

from __future__ import annotations

import os

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

from twin.errors import RenderingError
from twin.geo.city import City, Source
from twin.geo.crs import parse
from twin.geo.mesh import TriangleMesh
from twin.geo.terrain import Terrain
from twin.grid import GridSpec
from twin.result import Result
from twin.variables import variable
from viewer.backends import probe
from viewer.compose import compose
from viewer.scene import Scene

CRS = parse("EPSG:7415")
X, Y, STREET_Z, WHARF_Z, WATER_Z = 136_000.0, 455_000.0, 3.6, 0.9, 0.5
EVIL = "</script><img src=x onerror=alert(1)>"


def _frame(rows: list[dict[str, object]], shapes: list[object], ids: list[str]) -> gpd.GeoDataFrame:
    moved = [shapely.transform(shape, lambda xy: xy + np.array([X, Y])) for shape in shapes]
    return gpd.GeoDataFrame(rows, geometry=moved, crs=CRS, index=pd.Index(ids, name="id", dtype="str"))


def _gable(x: float, y: float, width: float, depth: float, wall: float, ridge: float) -> tuple[np.ndarray, list[tuple]]:
    corners = [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]
    low = [(*c, STREET_Z) for c in corners]
    high = [(*c, STREET_Z + wall) for c in corners]
    top = [(x + width / 2, y, STREET_Z + ridge), (x + width / 2, y + depth, STREET_Z + ridge)]
    faces = [((a, (a + 1) % 4, 4 + (a + 1) % 4), 2) for a in range(4)] + [((a, 4 + (a + 1) % 4, 4 + a), 2) for a in range(4)]
    faces += [((4, 5, 8), 2), ((6, 7, 9), 2)]
    faces += [((5, 6, 9), 3), ((5, 9, 8), 3), ((7, 4, 8), 3), ((7, 8, 9), 3), ((0, 2, 1), 1), ((0, 3, 2), 1)]
    return np.array(low + high + top), faces


def _houses(columns: int, rng: np.random.Generator) -> tuple[list[dict], list, list, TriangleMesh]:
    """Rows of gabled houses with party walls; the last block has footprints only."""
    rows, shapes, ids, vertices, triangles, owner, semantic = [], [], [], [], [], [], []
    count = 0
    for band, y in enumerate((-62.0, -50.0, 38.0, 50.0)):
        x = 2.0
        while x < columns * 6.0:
            width, wall = rng.uniform(5.0, 8.0), rng.uniform(6.0, 12.0)
            if int(x) % 60 < 8:
                x += 8.0
            points, faces = _gable(x, y, width, 11.5, wall, wall + rng.uniform(2.0, 4.5))
            name = f"house-{band}-{len(ids)}"
            shapes.append(shapely.box(x, y, x + width, y + 11.5))
            rows.append(
                {
                    "height_m": float(points[:, 2].max() - STREET_Z),
                    "ground_m": STREET_Z,
                    "roof_m": float(points[:, 2].max()),
                    "type": "Building",
                    "use": EVIL if not ids else "dwelling",
                }
            )
            vertices.append(points)
            triangles += [[count + k for k in face] for face, _ in faces]
            semantic += [code for _, code in faces]
            owner += [len(ids)] * len(faces)
            ids.append(name)
            count += len(points)
            x += width
    mesh = TriangleMesh(np.concatenate(vertices), np.array(triangles), np.array(owner), np.array(semantic))
    return rows, shapes, ids, mesh


def make_town(columns: int = 24) -> City:
    rng = np.random.default_rng(7)
    rows, shapes, ids, mesh = _houses(columns, rng)
    objects = pd.DataFrame({"type": "Building", "layer": "buildings", "parent": "", "lod": "2"}, index=pd.Index(ids, name="id"))
    long = columns * 6.0 + 10.0
    rows.append({"height_m": 38.0, "ground_m": STREET_Z, "roof_m": STREET_Z + 38.0, "type": "Building", "use": "tower"})
    shapes.append(shapely.box(long * 0.62, 20.0, long * 0.62 + 9.0, 29.0))
    ids = [*ids, "tower"]
    bridge = shapely.box(long * 0.45, -7.0, long * 0.45 + 7.0, 7.0)
    street = [shapely.box(0, 7, long, 38), shapely.box(0, -38.5, long, -10)]
    stair = shapely.box(long * 0.3, -10.0, long * 0.3 + 6.0, -8.0)
    roads = _frame(
        [
            {"surface": "square", "level": "street", "z_m": STREET_Z},
            {"surface": "street", "level": "street", "z_m": STREET_Z},
            {"surface": "wharf", "level": "wharf", "z_m": WHARF_Z},
        ],
        [*street, shapely.box(0, -10, long, -6)],
        ["square", "street-south", "wharf-south"],
    )
    trees_at = [shapely.Point(x, y) for x in np.arange(8, long, 11.0) for y in (10.0, -13.0) if abs(x - long * 0.47) > 8]
    layers = {
        "buildings": _frame(rows, shapes, ids),
        "roads": roads,
        "water": _frame([{"z_m": WATER_Z}], [shapely.box(0, -6, long, 7)], ["canal"]),
        "bridges": _frame([{"level": "street", "z_m": STREET_Z, "underside_z_m": 2.9}], [bridge], ["bridge"]),
        "stairs": _frame(
            [
                {
                    "bottom_level": "wharf",
                    "top_level": "street",
                    "bottom_z_m": WHARF_Z,
                    "top_z_m": STREET_Z,
                    "up_azimuth_deg": 90.0,
                }
            ],
            [stair],
            ["stair"],
        ),
        "trees": _frame(
            [{"height_m": 8.0 + i % 4, "crown_diameter_m": 5.0} for i in range(len(trees_at))],
            trees_at,
            [f"tree-{i}" for i in range(len(trees_at))],
        ),
        "furniture": _frame(
            [{"kind": "lamp", "height_m": 4.5}] * 5,
            [shapely.Point(x, 14.0) for x in np.linspace(5, long - 5, 5)],
            [f"lamp-{i}" for i in range(5)],
        ),
        "cellars": _frame([{"floor_m": 0.9, "crown_m": 2.1}], [shapely.box(20, -17, 25, -10)], ["cellar"]),
    }
    grid = GridSpec(X - 20, Y + 90, 5.0, (36, int(long / 5) + 8))
    terrain = Terrain(grid, np.full(grid.shape, STREET_Z - 0.02, np.float32))
    source = Source("made-up", "generated", "CC0-1.0", "Test town")
    return City(CRS, np.array([X, Y, 0.0]), layers, mesh, objects, terrain, (source,), name="Test town", synthetic=True)


def make_result(city: City, people: int = 300, frames: int = 20) -> Result:
    """People drifting over the square and a wharf, and the density they make."""
    rng = np.random.default_rng(3)
    west, south, east, north = city.bounds
    middle = (west + east) / 2
    x0 = middle + rng.normal(0, 13, people)
    y0 = Y + np.clip(rng.normal(22, 5, people), 8, 37)
    wharf = np.arange(people) % 10 == 0
    y0[wharf], x0[wharf] = Y - 8.0, rng.uniform(west + 25, east - 25, wharf.sum())
    level = np.where(wharf, "wharf", "street")
    z = np.where(wharf, WHARF_Z, STREET_Z)
    rows = [
        pd.DataFrame({"id": np.arange(people), "frame": 10 * k, "x": x0 + 0.12 * k, "y": y0, "level": level, "z": z})
        for k in range(frames)
    ]
    table = pd.concat(rows, ignore_index=True)
    table.attrs["frame_rate"] = 10.0
    x = np.arange(west + 0.5, east, 1.0)
    y = np.arange(north - 0.5, south, -1.0)
    density = np.zeros((3, 2, len(y), len(x)), np.float32)
    for step in range(3):
        for level in range(2):
            mine = wharf if level else ~wharf
            hist = np.histogram2d(
                -y0[mine], x0[mine] + step, bins=[np.append(-y - 0.5, -y[-1] + 0.5), np.append(x - 0.5, x[-1] + 0.5)]
            )[0]
            density[step, level] = hist * (1 + 0.2 * step)
    height = np.stack([np.full((len(y), len(x)), STREET_Z), np.full((len(y), len(x)), WHARF_Z)])
    time = np.array([frames / 3, 2 * frames / 3, float(frames)])
    fields = xr.Dataset(
        {"density": variable("density").array(density), "floor_height": variable("floor_height").array(height)},
        coords={"time": time, "level": ["street", "wharf"], "y": y, "x": x},
    )
    return Result(fields, table, {}, pd.DataFrame())


@pytest.fixture(scope="session")
def opengl() -> None:
    """Something to draw with: in CI there has to be."""
    try:
        probe.prepare()
    except RenderingError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def town() -> City:
    return make_town()


@pytest.fixture(scope="session")
def crowd(town: City) -> Result:
    return make_result(town)


@pytest.fixture(scope="session")
def scene(town: City, crowd: Result) -> Scene:
    closed = {
        "kind": "closure",
        "label": "Bridge closed",
        "polygon": town.bridges.geometry.iloc[0],
        "level_z": STREET_Z,
    }
    stage = {
        "kind": "stage",
        "label": "Stage",
        "polygon": shapely.box(X + 40, Y + 30, X + 50, Y + 36),
        "level_z": STREET_Z,
    }
    pit = {
        "kind": "excavation",
        "label": "Pit",
        "polygon": shapely.box(X + 100, Y - 30, X + 112, Y - 20),
        "level_z": STREET_Z,
        "height_m": 3.0,
    }
    return compose(
        town,
        crowd,
        title="King's Day on the square",
        subtitle="Variant: the bridge is closed",
        changes=[closed, stage, pit],
        clock_start="14:30",
    )
