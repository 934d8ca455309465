"""GeoPackage, GeoParquet and GeoTIFF of a city: whole or not at all, and read back as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import rasterio
import shapely
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import CRS

from twin.errors import OutputError
from twin.geo.city import City, Source
from twin.geo.crs import local_plane
from twin.geo.readers import read
from twin.geo.readers.options import read_options
from twin.geo.terrain import Terrain
from twin.geo.writers import geopackage, geoparquet, geotiff, write
from twin.geo.writers.geopackage import write_geopackage
from twin.geo.writers.geoparquet import write_geoparquet
from twin.geo.writers.geotiff import write_geotiff
from twin.grid import GridSpec

RD = CRS.from_epsg(7415)
SOURCES = (Source("a.gml", "CityGML 3.0", "CC-BY-4.0", "© A"), Source("b.osm", "OSM", "ODbL-1.0", "© OpenStreetMap contributors"))


def city_of(path: Path, **options: Any) -> City:
    return read(str(path), read_options(**options))


def made(crs: CRS = RD) -> City:
    shapes = [
        shapely.MultiPolygon([shapely.box(0, 0, 5, 5), shapely.box(9, 9, 12, 12)]),
        shapely.box(20, 20, 30, 30).difference(shapely.box(22, 22, 23, 23)),
    ]
    columns = {
        "height_m": [3.5, np.nan], "storeys": pd.array([2, None], dtype="Int64"), "listed": pd.array([True, None], dtype="boolean"),
        "flat": [True, False],
        "built": pd.to_datetime(["1650-01-01", None]), "seen": pd.to_datetime(["2024-02-29T10:00:00.123Z"] * 2),
        "Name": ["Huis 'één'", None], "name": ["lower", "case"], "fid": [7, 8], "nested": [{"a": [1, 2]}, None],
        "kind": pd.Categorical(["a", "b"]), "small": np.array([1, 2], dtype="uint8"),
        "single": np.array([0.1, 0.2], dtype="float32"),
    }  # fmt: skip
    ids = pd.Index(["NL.1", "NL.2"], name="id", dtype="str")
    buildings = gpd.GeoDataFrame(columns, index=ids, geometry=shapes, crs=crs)
    point = gpd.GeoDataFrame(
        {"height_m": [6.0]}, index=pd.Index(["t"], name="id", dtype="str"), geometry=[shapely.Point(1, 2)], crs=crs
    )
    heights = (1 + np.random.default_rng(0).normal(size=(300, 700))).astype(np.float32)
    heights[5, 7:90] = np.nan
    terrain = Terrain(GridSpec(-10.5, 200.25, 0.5, (300, 700)), heights)
    return City(
        crs, np.zeros(3), {"buildings": buildings, "trees": point}, terrain=terrain, dsm=replace(terrain, height=heights + 1),
        name="Proef", date="2025-01-02", sources=SOURCES, synthetic=True,
    )  # fmt: skip


@pytest.mark.parametrize("crs", [RD, CRS(3007), local_plane()])
def test_geopackage_and_back(tmp_path: Path, crs: CRS) -> None:
    path = write_geopackage(made(crs), tmp_path / "a.gpkg")
    assert [tuple(one) for one in pyogrio.list_layers(path)] == [("buildings", "Unknown"), ("trees", "Point")]
    city = city_of(path)
    before, after = made(crs).buildings, city.buildings
    assert city.crs == crs or crs.to_authority() is None
    assert after.index.tolist() == ["buildings-NL.1", "buildings-NL.2"] or after.index.tolist() == before.index.tolist()
    assert (after.geometry.to_numpy() == before.geometry.to_numpy()).all()
    assert after.geometry.geom_type.tolist() == ["MultiPolygon", "Polygon"]
    assert after["storeys"].tolist()[0] == 2
    assert pd.isna(after["storeys"].iloc[1])
    assert [str(after[name].dtype) for name in ("storeys", "listed")] == ["Int64", "boolean"]
    assert str(after["flat"].dtype) == "bool"
    assert after["built"].iloc[0] == pd.Timestamp("1650-01-01")
    assert after["seen"].iloc[0] == pd.Timestamp("2024-02-29T10:00:00.123Z")
    assert (after["Name"].iloc[0], after["name_2"].tolist()) == ("Huis 'één'", ["lower", "case"])
    assert json.loads(after["nested"].iloc[0]) == {"a": [1, 2]}
    assert_allclose(after["single"], [0.1, 0.2], rtol=1e-7)
    assert (city.name, city.date, city.sources[0].licence) == ("Proef", "2025-01-02", "CC-BY-4.0; ODbL-1.0")
    assert city.sources[0].credit == "© A; © OpenStreetMap contributors"


def test_the_same_city_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = write_geopackage(made(), tmp_path / "a.gpkg"), write_geopackage(made(), tmp_path / "b.gpkg")
    assert one.read_bytes() == two.read_bytes()
    assert write_geoparquet(made(), tmp_path / "a.parquet", layer="buildings").read_bytes() == (
        write_geoparquet(made(), tmp_path / "b.parquet", layer="buildings").read_bytes()
    )


def test_geoparquet_file_and_folder(tmp_path: Path) -> None:
    folder = write_geoparquet(made(), tmp_path / "out")
    assert sorted(one.name for one in folder.iterdir()) == ["buildings.parquet", "trees.parquet"]
    footer = pq.read_schema(folder / "buildings.parquet").metadata
    assert json.loads(footer[b"stadstwin"])["licence"] == "CC-BY-4.0; ODbL-1.0"
    geo = json.loads(footer[b"geo"])
    assert (geo["version"], "bbox" in geo["columns"]["geometry"]["covering"]) == ("1.1.0", True)
    back = gpd.read_parquet(folder / "buildings.parquet")
    assert back.crs == RD
    assert (back.geometry.to_numpy() == made().buildings.geometry.to_numpy()).all()
    assert str(back["storeys"].dtype) == "Int64"
    assert back["id"].tolist() == ["NL.1", "NL.2"]
    city = city_of(folder / "trees.parquet")
    assert city.trees["height_m"].tolist() == [6.0]
    assert city.sources[0].credit.startswith("© A")
    with pytest.raises(OutputError, match="has one layer, the city 2") as caught:
        write_geoparquet(made(), tmp_path / "a.parquet")
    assert "layer='buildings'" in str(caught.value.hint)
    with pytest.raises(OutputError, match="did you mean `trees`"):
        write_geoparquet(made(), tmp_path / "a.parquet", layer="tree")
    with pytest.raises(OutputError, match="something with this name"):
        write_geoparquet(made(), folder)
    part = city_of(folder / "buildings.parquet", clip=(18, 18, 40, 40))
    assert len(part.buildings) == 1


@pytest.mark.parametrize("raster", ["terrain", "dsm"])
def test_geotiff_and_back(tmp_path: Path, raster: str) -> None:
    path = write_geotiff(made(), tmp_path / "out.tif", raster=raster)
    with rasterio.open(path) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert (file.descriptions, file.units, file.block_shapes, file.overviews(1)) == ((raster,), ("m",), [(512, 512)], [2])
    city = city_of(path)
    before, after = getattr(made(), raster), getattr(city, raster)
    assert after.grid.gdal_transform() == before.grid.gdal_transform()
    known = np.isfinite(before.height)
    assert after.height[known].tobytes() == before.height[known].tobytes()
    assert city.crs == RD
    assert (city.sources[0].licence, city.date) == ("CC-BY-4.0; ODbL-1.0", "") or city.sources[0].date == "2025-01-02"


def test_a_plane_without_a_place_keeps_its_grid(tmp_path: Path) -> None:
    city = city_of(write_geotiff(made(local_plane()), tmp_path / "a.tif"))
    assert city.crs.to_authority() is None
    assert city.terrain.grid.gdal_transform() == made().terrain.grid.gdal_transform()


def test_what_is_not_there_is_not_written(tmp_path: Path) -> None:
    bare = City(RD, np.zeros(3))
    for writer in (write_geopackage, write_geoparquet):
        with pytest.raises(OutputError, match="no layer of the city has rows"):
            writer(bare, tmp_path / "a.gpkg")
    with pytest.raises(OutputError, match="has no terrain"):
        write_geotiff(bare, tmp_path / "a.tif")
    with pytest.raises(OutputError, match="has no canopy") as caught:
        write_geotiff(made(), tmp_path / "a.tif", raster="canopy")
    assert "it has terrain, dsm" in str(caught.value.hint)
    with pytest.raises(OutputError, match="did you mean `terrain`"):
        write_geotiff(made(), tmp_path / "a.tif", raster="terain")
    with pytest.raises(OutputError, match="there is no folder"):
        write_geopackage(made(), tmp_path / "nowhere" / "a.gpkg")
    (tmp_path / "folder.gpkg").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_geopackage(made(), tmp_path / "folder.gpkg")
    assert [one.name for one in tmp_path.iterdir()] == ["folder.gpkg"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.iloc[:1], "1 rows came back of 2"),
        (lambda frame: frame.assign(geometry=frame.geometry.translate(0.002)), "differ by more than a millimetre"),
        (lambda frame: frame.assign(geometry=[None, frame.geometry.iloc[1]]), "geometries are missing"),
        (lambda frame: frame.drop(columns="height_m"), "column `height_m` is missing"),
        (lambda frame: frame.assign(height_m=[3.5, 1.0]), "column `height_m` has other gaps"),
        (lambda frame: frame.assign(height_m=[3.6, np.nan]), "column `height_m` has 1 other values"),
        (lambda frame: frame.assign(small=["1", "2"]), "column `small` is str, not uint8"),
        (lambda frame: frame.assign(seen=frame["seen"] + pd.Timedelta("1s")), "column `seen` has 2 other values"),
    ],
)  # fmt: skip
def test_what_comes_back_otherwise_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, message: str
) -> None:
    (tmp_path / "a.gpkg").write_text("older")
    original = geopackage._write

    def damaged(layers: dict[str, gpd.GeoDataFrame], place: Path, said: dict[str, str]) -> None:
        original({**layers, "buildings": change(layers["buildings"])}, place, said)

    monkeypatch.setattr(geopackage, "_write", damaged)
    with pytest.raises(OutputError, match=message):
        write_geopackage(made(), tmp_path / "a.gpkg")
    assert (tmp_path / "a.gpkg").read_text() == "older"
    assert [one.name for one in tmp_path.iterdir()] == ["a.gpkg"]


def test_a_raster_that_comes_back_otherwise_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = geotiff._write

    def damaged(heights: Terrain, city: City, place: Path, raster: str) -> None:
        wrong = heights.height.copy()
        wrong[0, 0] = np.nextafter(wrong[0, 0], np.float32(9))
        original(replace(heights, height=wrong), city, place, raster)

    monkeypatch.setattr(geotiff, "_write", damaged)
    with pytest.raises(OutputError, match="heights are others"):
        write_geotiff(made(), tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())


def test_the_sample_survives(sample: City, tmp_path: Path) -> None:
    city = city_of(write_geopackage(sample, tmp_path / "sample.gpkg"))
    for name, frame in sample.layers.items():
        if len(frame):
            assert len(city.layers[name]) == len(frame), name
            assert_allclose(city.layers[name].total_bounds, frame.total_bounds, atol=1e-6)
    assert_array_equal(np.sort(city.buildings["height_m"]), np.sort(sample.buildings["height_m"]))
    assert set(city.buildings["height_source"]) == set(sample.buildings["height_source"])
    assert city.sources[0].licence == "CC0-1.0"


def test_suffixes_do_not_collide() -> None:
    every = [*geopackage.SUFFIXES, *geoparquet.SUFFIXES, *geotiff.SUFFIXES]
    assert len(set(every)) == len(every)


def test_ids_come_back_as_they_were(tmp_path: Path) -> None:
    """Short ones, whole numbers, and one id in two layers."""
    city = replace(made(), layers={})
    frames = {}
    for name in ("streets", "trees", "bridges"):
        shape = {"streets": shapely.LineString([(136_000, 455_000), (136_010, 455_000)]), "trees": shapely.Point(136_000, 455_000)}
        found = shape.get(name, shapely.box(136_000, 455_000, 136_005, 455_005))
        frames[name] = gpd.GeoDataFrame({"geometry": [found, found]}, index=pd.Index(["un", "4018193"], name="id"), crs=city.crs)
    for name, frame in frames.items():
        city = city.with_layer(name, frame)
    write_geopackage(city, tmp_path / "a.gpkg")
    again = city_of(tmp_path / "a.gpkg")
    for name in frames:
        assert again.layers[name].index.tolist() == ["un", "4018193"]
        assert "id_attribute" not in again.layers[name]


def test_a_system_without_one_code_comes_back(tmp_path: Path) -> None:
    crs = CRS.from_user_input("EPSG:6691+6695")
    assert crs.to_authority() is None
    shape = gpd.GeoDataFrame({"geometry": [shapely.Point(500_000, 3_950_000)]}, index=pd.Index(["t"], name="id"), crs=crs)
    city = City(crs=crs, origin=np.zeros(3), layers={"trees": shape})
    for name in ("a.gpkg", "a.parquet"):
        write(city, tmp_path / name)
        again = city_of(tmp_path / name)
        assert again.crs == crs
    assert pyogrio.read_info(tmp_path / "a.gpkg")["crs"] == "EPSG:6691"


def test_text_that_a_geopackage_cuts_off_is_refused(tmp_path: Path) -> None:
    city = made()
    odd = city.with_layer("buildings", city.buildings.assign(odd=["a\0b", "c"]))
    with pytest.raises(OutputError, match="column `odd` has 1 other values") as caught:
        write_geopackage(odd, tmp_path / "a.gpkg")
    assert "NUL" in str(caught.value.hint)
    assert not list(tmp_path.iterdir())
    write_geoparquet(odd, tmp_path / "b.parquet", layer="buildings")
    assert city_of(tmp_path / "b.parquet").buildings["odd"].tolist() == ["a\0b", "c"]
