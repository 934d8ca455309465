"""Which coordinate system a city gets, of files in one, in several, or in none."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS

from twin.errors import CRSError
from twin.geo.city import read_city
from twin.geo.crs import is_plane, plane_for, require_metres, vertical
from twin.geo.readers.reproject import mover


@pytest.mark.parametrize(
    ("code", "place", "expected"),
    [
        ("EPSG:4326", (5.12, 52.09), 7415),
        ("EPSG:4258", (5.12, 52.09), 7415),
        ("EPSG:4326", (10.0, 51.0), 32632),
        ("EPSG:4258", (10.0, 51.0), 25832),
        ("EPSG:4269", (-75.0, 40.0), 26918),
        ("EPSG:4326", (151.0, -33.0), 32756),
        ("EPSG:4326", (179.9, 10.0), 32660),
        ("EPSG:4326", (-179.9, 10.0), 32601),
        ("EPSG:3857", (14.4, 50.1), 32633),
    ],
)
def test_the_plane_of_a_place_is_on_the_datum_of_its_file(code: str, place: tuple[float, float], expected: int) -> None:
    assert plane_for(*place, CRS.from_user_input(code)).to_epsg() == expected


def test_heights_keep_their_datum() -> None:
    plane = plane_for(139.7, 35.7, CRS.from_epsg(6697))
    assert plane.sub_crs_list[0].to_epsg() == 6691
    part = vertical(plane)
    assert part is not None
    assert part.to_epsg() == 6695


@pytest.mark.parametrize("code", [4326, 3857, 4978, 2992, 4979])
def test_what_is_no_plane_in_metres(code: int) -> None:
    crs = CRS.from_epsg(code)
    assert not is_plane(crs)
    with pytest.raises(CRSError):
        require_metres(crs)


@pytest.mark.parametrize("code", [7415, 28992, 25832, 3007, 2154, 5555])
def test_planes_in_metres(code: int) -> None:
    assert is_plane(CRS.from_epsg(code))


def test_known_points_are_moved_to_where_they_are() -> None:
    # the Dom tower: RD 136777, 455855 (see the published coordinates of its spire)
    move, told = mover(CRS.from_epsg(4326), CRS.from_epsg(7415), "x")
    assert move is not None
    assert "accurate to about 1 m" in told
    assert "no vertical datum" in told
    x, y, z = move(np.array([[5.12148, 52.09066, 5.4]]))[0]
    assert abs(x - 136777) < 15
    assert abs(y - 455855) < 15
    assert z == 5.4


def test_heights_between_datums_are_not_guessed() -> None:
    with pytest.raises(CRSError, match="the grid between the two vertical datums is not installed"):
        mover(CRS.from_epsg(4979), CRS.from_epsg(7415), "x")


def test_a_mix_with_a_file_without_a_system_is_refused(tmp_path: Path) -> None:
    square = gpd.GeoDataFrame({"height": [9.0]}, geometry=[shapely.box(136700, 455800, 136710, 455810)])
    with pytest.warns(UserWarning, match="crs"):
        square.to_file(tmp_path / "nowhere.gpkg")
    square.set_crs(28992).to_file(tmp_path / "pand.gpkg")
    assert read_city(tmp_path / "pand.gpkg").crs.to_epsg() == 28992
    with pytest.raises(CRSError, match=r"pand.gpkg is in EPSG:28992, nowhere.gpkg does not say in which it is"):
        read_city([tmp_path / "pand.gpkg", tmp_path / "nowhere.gpkg"])


def test_a_clip_of_files_in_several_systems_needs_one_named(tmp_path: Path) -> None:
    square = gpd.GeoDataFrame({"height": [9.0]}, geometry=[shapely.box(136700, 455800, 136710, 455810)], crs=28992)
    square.to_file(tmp_path / "a.gpkg")
    square.translate(30, 0).to_frame("geometry").assign(height=5.0).to_crs(25831).to_file(tmp_path / "b.gpkg")
    both = [tmp_path / "a.gpkg", tmp_path / "b.gpkg"]
    box = (136690, 455790, 136720, 455820)
    with pytest.raises(CRSError, match="several systems"):
        read_city(both, clip=box)
    city = read_city(both, clip=box, crs="EPSG:28992")
    assert len(city.buildings) == 1
    assert len(read_city(both).buildings) == 2


@pytest.mark.realdata
def test_each_source_says_of_which_layers_it_is(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "raster" / "goteborg"
    names = ("buildings.shp", "DSM_KRbig.tif", "DEM_KRbig.tif", "CDSM_KRbig.tif")
    city = read_city([folder / name for name in names])
    assert [source.name for source in city.sources] == list(names)
    assert [source.layers for source in city.sources] == [("buildings",), ("dsm",), ("terrain",), ("canopy",)]
    assert all(len(source.sha256) == 64 for source in city.sources)
    again = read_city(city.save(tmp_path / "gbg"))
    assert again.sources == city.sources
    assert again.dsm is not None
    assert again.canopy is not None
    delft = read_city(real_data / "cityjson" / "delft.json").sources[0].layers
    assert set(delft) == {"bridges", "buildings", "green", "landuse", "other", "roads", "water"}
