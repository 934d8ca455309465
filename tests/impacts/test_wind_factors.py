"""Factors of the wind in every format, and what can be wrong with each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.impacts.factor_files import FOUR, HEAD, geotiff, grid_csv
from tests.impacts.places import CRS, SOUTH, WEST
from twin.errors import CRSError, FormatError, MissingFileError, ParameterError, TwinError
from twin.impacts.wind_factors import limits, read_factors


def _same(one: Any, other: Any) -> None:
    a, b = (np.lexsort(f.xy.round(1).T) for f in (one, other))
    assert one.xy[a] == pytest.approx(other.xy[b], abs=0.02)
    assert one.values[a] == pytest.approx(other.values[b], abs=1e-6)
    assert one.directions_deg.tolist() == other.directions_deg.tolist()


def test_every_format_says_the_same(tmp_path: Path) -> None:
    wide = read_factors(grid_csv(tmp_path / "wide.csv", lambda x, y: round(0.1 + 0.01 * x, 3), 20.0), target=CRS)
    assert len(wide) == 9
    assert wide.directions_deg.tolist() == FOUR.tolist()
    table = pd.DataFrame(wide.xy, columns=["x", "y"])
    long = pd.concat([table.assign(direction=angle, factor=wide.values[:, k]) for k, angle in enumerate((360, 90, 180, 270))])
    long.sample(frac=1.0, random_state=3).to_csv(tmp_path / "long.csv", index=False)
    _same(read_factors(tmp_path / "long.csv"), wide)
    columns = {f"factor_{int(angle):03d}": wide.values[:, k] for k, angle in enumerate(FOUR)}
    points = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*wide.xy.T), crs="EPSG:28992")
    points.to_file(tmp_path / "points.gpkg")
    points.to_crs(4326).to_file(tmp_path / "points.geojson")
    _same(read_factors(tmp_path / "points.gpkg", target=CRS), wide)
    _same(read_factors(tmp_path / "points.geojson", target=CRS), wide)
    lonlat = points.to_crs(4326)
    pd.DataFrame({"lon": lonlat.geometry.x, "lat": lonlat.geometry.y, **columns}).to_csv(tmp_path / "degrees.csv", index=False)
    _same(read_factors(tmp_path / "degrees.csv", target=CRS), wide)
    text = table.assign(**columns).to_csv(index=False, sep=";", decimal=",")
    (tmp_path / "dutch.csv").write_text(text, encoding="utf-8-sig")
    _same(read_factors(tmp_path / "dutch.csv"), wide)
    x, y = np.unique(wide.xy[:, 0]), np.unique(wide.xy[:, 1])
    order = np.lexsort((wide.xy[:, 0], wide.xy[:, 1]))
    cube = wide.values[order].T.reshape(4, 3, 3)
    coords = {"direction": FOUR, "y": y, "x": x}
    array = xr.DataArray(cube, dims=("direction", "y", "x"), coords=coords, name="factor", attrs={"crs": "EPSG:28992"})
    array.to_dataset().to_netcdf(tmp_path / "grid.nc", engine="h5netcdf")
    _same(read_factors(tmp_path / "grid.nc", target=CRS), wide)
    geotiff(tmp_path / "grid.tif", cube[:, ::-1], x, y, ["0", "90", "180", "270"])
    found = read_factors(tmp_path / "grid.tif", target=CRS)
    _same(found, wide)
    assert found.raster is not None
    assert found.raster.shape == (3, 3)
    geotiff(tmp_path / "mute.tif", cube[:, ::-1], x, y, None)
    _same(read_factors(tmp_path / "mute.tif", target=CRS, directions=(0, 90, 180, 270)), wide)
    with pytest.raises(FormatError, match="band 1"):
        read_factors(tmp_path / "mute.tif", target=CRS)
    with pytest.raises(FormatError, match="4 bands"):
        read_factors(tmp_path / "mute.tif", directions=(0, 90, 180))


@pytest.mark.parametrize(("text", "told"), [
    ("", "empty"),
    ("x,y\n1,2\n", "neither a column a direction"),
    ("a,b,0,90,180,270\n1,2,1,1,1,1\n", "no columns `x` and `y`"),
    (HEAD.replace(",270", "") + "1,2,1,1,1\n", "lacks direction 270"),
    ("x,y,0,90,180,271\n1,2,1,1,1,1\n", "do not go evenly round"),
    ("x,y,0,90,180,270,360\n1,2,1,1,1,1,1\n", "direction 0 twice"),
    ("x,y,0,90,180,390\n1,2,1,1,1,1\n", "390 is no direction"),
    (HEAD + "1,2,1,1,,1\n", r"\(1.0, 2.0\) lacks direction 180"),
    (HEAD + "1,2,1,1,-0.1,1\n", "below 0"),
    (HEAD + "1,2,1,1,55,1\n", "factor of 55.*\n.*unit: percent"),
    (HEAD + "1,2,1,1,veel,1\n", "row 1 of column `180` is `veel`"),
    (HEAD + "1,,1,1,1,1\n", "row 1 has no coordinates"),
    (HEAD + "1,2,1,1,1,1\n1,2,1,1,1,1\n", "is there twice"),
    (HEAD + "1,2,,,,\n", "no factors"),
    ("x,y,direction,factor\n1,2,0,1\n1,2,90,1\n1,2,180,1\n1,2,180,1\n1,2,270,1\n", "direction 180 twice"),
    (HEAD + "1,2,1,1,1,1,7\n", "more than its 6 columns.*\n.*decimals have a point"),
    (HEAD.replace(",", ";") + "1;2;1;1;1;1;;7\n", "more than its 6 columns"),
    ("x,y,direction,factor\n1,2,,1\n", "row 1 has no direction"),
    ("x,y,direction,factor\n1,2,-30,1\n", "-30 is no direction"),
])  # fmt: skip
def test_what_is_wrong_with_a_table_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=told) as caught:
        read_factors(path)
    assert caught.value.where == "f.csv"


def test_what_is_wrong_with_other_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_factors(tmp_path / "none.csv")
    for name in ("a.xyz", "a.gpkg", "a.tif", "a.nc"):
        told = "no format" if name == "a.xyz" else "cannot be read"
        (tmp_path / name).write_bytes(b"not what it says")
        with pytest.raises(FormatError, match=told):
            read_factors(tmp_path / name)
    (tmp_path / "latin.csv").write_bytes("x,y,0,90,180,270,naam\n1,2,1,1,1,1,caf\xe9\n".encode("latin-1"))
    with pytest.raises(FormatError, match="UTF-8"):
        read_factors(tmp_path / "latin.csv")
    lines = gpd.GeoDataFrame({"0": [1.0]}, geometry=gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 1 1)"]), crs=28992)
    lines.to_file(tmp_path / "lines.gpkg")
    with pytest.raises(FormatError, match="LineString and not only points"):
        read_factors(tmp_path / "lines.gpkg")
    two = np.array([0.0, 5.0])
    geotiff(tmp_path / "utm.tif", np.ones((4, 2, 2)), two, two, ["0", "90", "180", "270"], "EPSG:32631")
    with pytest.raises(CRSError, match="gdalwarp"):
        read_factors(tmp_path / "utm.tif", target=CRS)
    with pytest.raises(CRSError, match="EPSG:28992"):
        read_factors(grid_csv(tmp_path / "ok.csv"), crs="Rijksdriehoek", target=CRS)


def test_rows_may_end_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(("\ufeff" + HEAD.replace(",", ";") + "1,5;2;0,5;0,6;0,7;0,8;\r\n3;4;1;1;1;1;\r\n").encode())
    found = read_factors(path)
    assert found.xy.tolist() == [[1.5, 2.0], [3.0, 4.0]]
    assert found.values.tolist() == [[0.5, 0.6, 0.7, 0.8], [1.0] * 4]


def test_no_file_leads_to_another_or_swells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = np.array([0.0, 5.0])
    bands = ["0", "90", "180", "270"]
    geotiff(tmp_path / "other.tif", np.ones((4, 2, 2)), two, two, bands)
    sources = "".join(
        f'<VRTRasterBand dataType="Float64" band="{k + 1}"><Description>{name}</Description><SimpleSource><SourceFilename>'
        f"{tmp_path}/other.tif</SourceFilename><SourceBand>{k + 1}</SourceBand></SimpleSource></VRTRasterBand>"
        for k, name in enumerate(bands)
    )
    place = "<GeoTransform>-2.5, 5, 0, 7.5, 0, -5</GeoTransform>"
    virtual = f'<VRTDataset rasterXSize="2" rasterYSize="2">{place}{sources}</VRTDataset>'
    (tmp_path / "virtual.tif").write_text(virtual, encoding="utf-8")
    with pytest.raises(FormatError, match="cannot be read"):
        read_factors(tmp_path / "virtual.tif")
    columns = {name: [0.5] for name in bands}
    points = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy([WEST], [SOUTH]), crs="EPSG:28992")
    points.to_file(tmp_path / "other.geojson")
    layer = f'<OGRVRTLayer name="other"><SrcDataSource>{tmp_path}/other.geojson</SrcDataSource></OGRVRTLayer>'
    for name in ("virtual.geojson", "virtual.gpkg", "virtual.shp"):
        (tmp_path / name).write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>", encoding="utf-8")
        with pytest.raises(FormatError, match="not what its name says"):
            read_factors(tmp_path / name)
    assert len(read_factors(tmp_path / "other.geojson", target=CRS)) == 1
    points.to_file(tmp_path / "two.gpkg", layer="a")
    points.to_file(tmp_path / "two.gpkg", layer="b")
    with pytest.raises(FormatError, match="2 layers: a, b"):
        read_factors(tmp_path / "two.gpkg")
    coords = {"direction": FOUR, "y": two, "x": two}
    cube = xr.DataArray(np.ones((4, 2, 2)), dims=("direction", "y", "x"), coords=coords, name="factor").to_dataset()
    cube.assign_coords(direction=["N", "E", "S", "W"]).to_netcdf(tmp_path / "words.nc", engine="h5netcdf")
    with pytest.raises(FormatError, match="no numbers"):
        read_factors(tmp_path / "words.nc")
    cube.assign_coords(x=[0.0, np.nan]).to_netcdf(tmp_path / "hole.nc", engine="h5netcdf")
    with pytest.raises(FormatError, match="cells of different sizes"):
        read_factors(tmp_path / "hole.nc")
    cube.to_netcdf(tmp_path / "large.nc", engine="h5netcdf")
    monkeypatch.setattr(limits, "MOST_VALUES", 15)
    monkeypatch.setattr(limits, "MOST_BYTES", 10)
    monkeypatch.setattr(xr.Dataset, "load", lambda self: pytest.fail("its values were read"))
    for name in ("large.nc", "other.tif"):
        with pytest.raises(FormatError, match="more than 15 values"):
            read_factors(tmp_path / name)
    for name in ("other.geojson", "two.gpkg"):
        with pytest.raises(FormatError, match="GB"):
            read_factors(tmp_path / name)
    with pytest.raises(FormatError, match="GB"):
        read_factors(grid_csv(tmp_path / "large.csv"))


def test_percents_and_speeds_are_factors_too(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + "1,2,50,60,70,80\n", encoding="utf-8")
    assert read_factors(path, unit="percent").values.tolist() == [[0.5, 0.6, 0.7, 0.8]]
    assert read_factors(path, unit="m_s", reference_m_s=100.0).values.tolist() == [[0.5, 0.6, 0.7, 0.8]]
    with pytest.raises(ParameterError, match="reference_m_s"):
        read_factors(path, unit="m_s")


def test_numbers_that_a_raster_keeps_small_are_scaled(tmp_path: Path) -> None:
    import rasterio

    two = np.array([0.0, 5.0])
    geotiff(tmp_path / "small.tif", np.full((4, 2, 2), 55.0), two, two, ["0", "90", "180", "270"])
    with rasterio.open(tmp_path / "small.tif", "r+") as file:
        file.scales = (0.01,) * 4
    assert read_factors(tmp_path / "small.tif").values == pytest.approx(np.full((4, 4), 0.55))


def test_every_error_of_a_file_is_ours() -> None:
    assert issubclass(FormatError, TwinError)
