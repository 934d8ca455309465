"""The embedded sample: a made-up district round a Utrecht-like canal, the same on every machine.

``python -m twin.geo.samples`` writes it to ``data/samples/district`` of the checkout, or to a folder that is named.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

import twin
from twin.errors import MissingFileError
from twin.geo import crs as crs_module
from twin.geo.city import City, Source
from twin.geo.sample_build import (
    build_bridge,
    build_cellar,
    build_coping,
    build_quay,
    build_stair,
    build_surface,
    build_water,
    terrain_heights,
)
from twin.geo.sample_canal import SIDES
from twin.geo.sample_layers import District, frame, layer_rows, make_district
from twin.geo.sample_plan import HEIGHT_M, SOUTH_WEST, WIDTH_M, Dice, make_plan
from twin.geo.sample_solids import Solids
from twin.geo.terrain import Terrain
from twin.geo.writers.cityjson import with_kinds
from twin.grid import GridSpec

NAME = "Sample district (synthetic)"
LICENCE = "CC0-1.0"
DATE = "2026-01-01"
SEED = 1122
LOD = "2"
TERRAIN_CELL_M = 1.0


def make_sample(seed: int = SEED) -> City:
    """Make the sample district; the same for the same seed on any platform.

    Parameters
    ----------
    seed : int
        Decides the canal's bend, plots, roofs, trees and cellars; the layout of the streets hardly changes.

    Returns
    -------
    City
        About 600 x 500 m in RD New + NAP (EPSG:7415). All of it is made up; the measures of canal, wharf and
        cellars are those known of Utrecht.
    """
    dice = Dice(seed)
    district = make_district(make_plan(dice), dice)
    solids, objects = _build(district)
    crs = crs_module.parse("EPSG:7415")
    west, south = SOUTH_WEST
    grid = GridSpec(
        west,
        south + HEIGHT_M,
        TERRAIN_CELL_M,
        (round(HEIGHT_M / TERRAIN_CELL_M), round(WIDTH_M / TERRAIN_CELL_M)),
        "EPSG:7415",
    )
    heights = terrain_heights(district.plan, district.water, district.stairs, TERRAIN_CELL_M)
    city = City(
        crs=crs,
        origin=np.array([west, south, 0.0]),
        layers={name: frame(rows, crs) for name, rows in layer_rows(district).items()},
        surfaces=solids.mesh(),
        objects=objects,
        terrain=Terrain(grid, heights),
        sources=(Source("twin.geo.samples", f"generated with seed {seed}", LICENCE, date=DATE),),
        name=NAME,
        synthetic=True,
        date=DATE,
    )
    return with_kinds(city)


def _build(district: District) -> tuple[Solids, pd.DataFrame]:
    """Triangles of everything that has a shape, and the table of objects they belong to."""
    solids = Solids()
    ids: list[str] = []
    table: list[dict[str, str]] = []

    def row(name: str, kind: str, layer: str) -> int:
        ids.append(name)
        table.append({"type": kind, "layer": layer, "parent": "", "lod": LOD})
        return len(ids) - 1

    plan = district.plan
    for house in district.houses:
        owner = row(house.id, "Building", "buildings")
        solids.house(owner, house.ring, house.extras, house.roof, house.ground_m, house.eaves_m, house.ridge_m)
    solids.tower(row(district.tower.id, "Building", "buildings"), district.tower.stages, district.tower.apex)
    for bridge in district.bridges:
        build_bridge(solids, row(bridge.id, "Bridge", "bridges"), plan, bridge)
    build_water(solids, row("canal", "WaterBody", "water"), district.water)
    for surface in district.surfaces:
        if surface.surface != "bridge":  # the deck belongs to the bridge
            build_surface(solids, row(surface.id, "Road", "roads"), surface, plan)
    for name, side in SIDES.items():
        owner = row(f"quay-{name}", "OtherConstruction", "other")
        build_quay(solids, owner, plan, side, district.stairs, district.cellars)
        build_coping(solids, owner, plan, side, district.stairs, district.bridges)
    for cellar in district.cellars:
        build_cellar(solids, row(cellar.id, "OtherConstruction", "cellars"), plan, cellar)
    for wall in district.garden_walls:
        owner = row(wall.id, "OtherConstruction", "other")
        for part in shapely.get_parts(wall.polygon):
            solids.slab(owner, part, wall.bottom_m, wall.top_m, ("RoofSurface", "WallSurface", "GroundSurface"))
    for stair in district.stairs:
        build_stair(solids, row(stair.id, "OtherConstruction", "stairs"), plan, stair)
    return solids, pd.DataFrame(table, index=pd.Index(ids, name="id", dtype="str"))


def sample_folder() -> Path:
    """Folder of the shipped sample: in the installed package, or in the checkout it runs from.

    Raises
    ------
    MissingFileError
        When it is in neither place.
    """
    package = Path(twin.__file__).resolve().parent
    for folder in (package / "data" / "samples" / "district", package.parent / "data" / "samples" / "district"):
        if (folder / "city.toml").is_file():
            return folder
    raise MissingFileError(
        "the embedded sample is not there",
        where=str(package.parent / "data" / "samples" / "district"),
        hint="install the package again, or write the sample with: python -m twin.geo.samples",
    )


def write_sample(folder: str | Path, seed: int = SEED) -> Path:
    """Make the sample and write it as a city folder."""
    return make_sample(seed).save(folder)


if __name__ == "__main__":
    checkout = Path(twin.__file__).resolve().parent.parent / "data" / "samples" / "district"
    write_sample(sys.argv[1] if len(sys.argv) > 1 else checkout)
