"""Which coordinate system a city gets, of files in one, in several, or in none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose
from pyproj import CRS

from twin.errors import CRSError
from twin.geo.city import City, read_city
from twin.geo.crs import is_plane, plane_for, require_metres, vertical
from twin.geo.readers.reproject import mover
from twin.geo.samples import sample_folder


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


@pytest.mark.parametrize(
    ("code", "turned"),
    [("EPSG/0/4326", True), ("EPSG/0/4258", True), ("EPSG/0/4258", False), ("OGC/0/CRS84", False), ("EPSG/0/3857", False)],
)
def test_cityjson_in_degrees_comes_to_metres(
    house: dict[str, Any], put: Callable[..., Path], code: str, turned: bool
) -> None:
    """In the order of the system, or in the other one where that alone lies in Europe; and in the plane of web maps."""
    from pyproj import Transformer

    plain = read_city(put(house))
    corners = np.array(house["vertices"]) * 0.001 + house["transform"]["translate"]
    name = code.replace("/0/", ":")
    x, y = Transformer.from_crs(28992, name, always_xy=True).transform(corners[:, 0], corners[:, 1])
    first, second = (y, x) if turned else (x, y)
    scale = 1e-3 if name == "EPSG:3857" else 1e-9
    table = np.column_stack([first / scale, second / scale, corners[:, 2] / 0.001]).round().astype(np.int64)
    house["vertices"] = table.tolist()
    house["transform"] = {"scale": [scale, scale, 0.001], "translate": [0, 0, 0]}
    house["metadata"] = {"referenceSystem": f"https://www.opengis.net/def/crs/{code}"}
    city = read_city(put(house, "degrees.city.json"), crs="EPSG:28992")
    mine, theirs = (
        np.unique((one.surfaces.vertices + one.origin).round(2), axis=0) for one in (city, plain)
    )
    assert_allclose(mine, theirs, atol=0.02)
    assert city.buildings.loc["house", "height_m"] == pytest.approx(10.0)
    assert read_city(put(house, "degrees.city.json")).crs.to_epsg() in (28992, 7415)


def test_cityjson_in_feet_comes_to_metres(house: dict[str, Any], put: Callable[..., Path]) -> None:
    house["transform"] = {"scale": [0.001] * 3, "translate": [986_000.0, 206_000.0, 10.0]}
    house["metadata"] = {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/2263"}
    city = read_city(put(house), crs="EPSG:32618")
    assert city.buildings.area.tolist() == pytest.approx([100 * 0.3048006096**2], rel=2e-3)
    assert city.quality.counts()["height-unit"] == 1
    assert is_plane(read_city(put(house)).crs)


def test_a_file_without_a_system_says_what_it_was_taken_for(
    house: dict[str, Any], put: Callable[..., Path], tmp_path: Path
) -> None:
    """Of every kind of file: in a plane that lies nowhere, or in the system that the caller names."""
    del house["metadata"]
    model = tmp_path / "box.obj"
    model.write_text("v 0 0 0\nv 4 0 0\nv 4 4 0\nv 0 4 0\nv 2 2 3\nf 1 2 5\nf 2 3 5\nf 3 4 5\nf 4 1 5\nf 4 3 2 1\n")
    for path in (put(house), model):
        for crs, taken in ((None, "taken as a local plane"), ("EPSG:7415", "taken as EPSG:7415, which was asked for")):
            messages = [one.message for one in read_city(path, crs=crs).quality.findings if one.code == "no-crs"]
            assert len(messages) == 1
            assert taken in messages[0]
            assert messages[0].count("taken as") == 1


def test_a_raster_that_names_its_heights_and_no_datum_lies_in_the_system_of_the_others(sample: City) -> None:
    folder = sample_folder()
    both = read_city([folder / "objects.city.json", folder / "terrain.tif"])
    assert both.terrain is not None
    np.testing.assert_array_equal(both.terrain.height, sample.terrain.height)
