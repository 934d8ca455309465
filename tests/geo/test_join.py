"""A city folder and files, or two folders, as one city."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.testing import assert_allclose

from tests.geo.test_surface_links import DOOR_IN_WALL, semantics_of
from twin.errors import CRSError
from twin.geo.city import City, read_city
from twin.geo.readers.surface_links import PARENT
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

Put = Callable[..., Path]


def renamed(house: dict[str, Any], name: str, east_mm: int = 0) -> dict[str, Any]:
    """The house under another name, some way to the east."""
    other = copy.deepcopy(house)
    other["CityObjects"] = {name: other["CityObjects"]["house"]}
    other["vertices"] = [[x + east_mm, y, z] for x, y, z in other["vertices"]]
    return other


@pytest.fixture
def folder(house: dict[str, Any], put: Put, tmp_path: Path) -> Path:
    """A city folder with a house, and flat ground at 2 m round it."""
    semantics_of(house).update(surfaces=DOOR_IN_WALL, values=[[0, 1, 2, 2, 3, 4]])
    city = read_city(put(house))
    grid = GridSpec(135_950.0, 455_100.0, 1.0, (150, 150), "EPSG:7415")
    ground = Terrain(grid, np.full((150, 150), 2.0, dtype=np.float32))
    return replace(city, terrain=ground).save(tmp_path / "town")


def corners(city: City, object_id: str) -> np.ndarray[Any, Any]:
    mesh = city.surfaces
    rows = mesh.owner == city.objects.index.get_loc(object_id)
    return np.unique(mesh.vertices[mesh.triangles[rows]].reshape(-1, 3) + city.origin, axis=0)


def test_a_folder_and_a_file(folder: Path, house: dict[str, Any], put: Put) -> None:
    semantics_of(house).update(surfaces=DOOR_IN_WALL, values=[[0, 1, 2, 2, 3, 4]])
    file = put(renamed(house, "shed", 20_000), "shed.city.json")
    alone, city = read_city(file), read_city([folder, file])
    assert city.objects.index.tolist() == ["house", "shed"]
    assert sorted(city.buildings.index) == ["house", "shed"]
    assert_allclose(corners(city, "house"), corners(read_city(folder), "house"))
    assert_allclose(corners(city, "shed"), corners(alone, "shed"))
    assert [source.name for source in city.sources] == ["house.city.json", "shed.city.json"]
    assert city.terrain is not None
    assert np.nanmax(city.terrain.height) == 2.0
    doors = city.surface_table[city.surface_table["type"] == "Door"]
    assert len(doors) == 2
    assert doors[PARENT].nunique() == 2
    assert (city.surface_table.loc[doors[PARENT], "type"] == "WallSurface").all()


@pytest.mark.parametrize("folder_first", [True, False])
def test_what_is_named_first_is_kept(folder: Path, house: dict[str, Any], put: Put, folder_first: bool) -> None:
    house["CityObjects"]["house"]["attributes"]["name"] = "file"
    file = put(house, "new.city.json")
    city = read_city([folder, file] if folder_first else [file, folder])
    assert city.objects.index.tolist() == ["house"]
    assert city.buildings["name"].tolist() == ["Huis" if folder_first else "file"]
    assert len(city.surfaces) == 12


def test_rows_stand_on_the_ground_of_the_folder(folder: Path, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"height_m": [6.0], "geometry": [shapely.box(136_030, 455_020, 136_036, 455_026)]},
        index=pd.Index(["new"], name="id"), crs="EPSG:28992",
    )  # fmt: skip
    frame.to_file(tmp_path / "buildings.gpkg")
    city = read_city([folder, tmp_path / "buildings.gpkg"])
    new = city.buildings[city.buildings["height_m"] == 6.0].iloc[0]
    assert new["ground_m"] == pytest.approx(2.0)
    assert len(city.surfaces) == 12 + 12
    assert "ground-assumed" not in city.quality.counts()


def test_files_in_degrees_come_to_the_system_of_the_folder(folder: Path, tmp_path: Path) -> None:
    tree = gpd.GeoDataFrame({"height": [9.0], "geometry": [shapely.Point(136_030, 455_030)]}, crs="EPSG:28992").to_crs(4326)
    tree.to_file(tmp_path / "trees.geojson")
    city = read_city([folder, tmp_path / "trees.geojson"], clip=(136_020, 455_020, 136_040, 455_040))
    assert_allclose([city.trees.geometry.iloc[0].x, city.trees.geometry.iloc[0].y], [136_030, 455_030], atol=0.01)
    assert len(city.buildings) == 0


def test_two_folders(folder: Path, house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    other = read_city(put(renamed(house, "shed", 500_000))).save(tmp_path / "other")
    city = read_city([folder, other])
    assert city.objects.index.tolist() == ["house", "shed"]
    assert_allclose(corners(city, "shed")[:, 0].min(), 136_500.0)
    again = read_city(city.save(tmp_path / "both"))
    assert_allclose(corners(again, "shed"), corners(city, "shed"))
    house["metadata"]["referenceSystem"] = "https://www.opengis.net/def/crs/EPSG/0/25832"
    elsewhere = read_city(put(house)).save(tmp_path / "elsewhere")
    with pytest.raises(CRSError, match="town is in EPSG:7415, elsewhere in EPSG:25832"):
        read_city([folder, elsewhere])


def test_a_file_without_a_system_is_refused(folder: Path, house: dict[str, Any], put: Put) -> None:
    del house["metadata"]
    with pytest.raises(CRSError, match=r"x\.city\.json does not say"):
        read_city([folder, put(house, "x.city.json")])


def test_two_grounds_are_told(folder: Path, house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    city = read_city(put(renamed(house, "shed", 20_000)))
    grid = GridSpec(135_950.0, 455_100.0, 1.0, (150, 150), "EPSG:7415")
    other = replace(city, terrain=Terrain(grid, np.full((150, 150), 7.0, dtype=np.float32))).save(tmp_path / "other")
    both = read_city([folder, other])
    assert both.terrain is not None
    assert np.nanmax(both.terrain.height) == 2.0
    assert both.quality.counts()["raster-left"] == 1
