"""Wind from files of factors: every format, what can be wrong with each, classes, maps, and before and after."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import twin
from tests.impacts.places import CRS, SOUTH, WEST, block, plain
from tests.reference.wind import drawn
from twin.errors import CRSError, FormatError, MissingFileError, ParameterError, ScenarioError, TwinError
from twin.impacts.nen8100 import comfort_class, danger_class, rating
from twin.impacts.site import Site
from twin.impacts.wind import _frame, analyse, possible, shares_of, spacing_of, wind_comfort, wind_points
from twin.impacts.wind_climate import climate_of, read_climate, read_knmi_hours, speed_ratio, wind_climate
from twin.impacts.wind_factors import limits, read_factors
from twin.plots.impact import plot_impact
from twin.report.impacts import impact_section
from twin.report.texts import ENGLISH
from twin.scenario import read_scenario, scenario_from_text
from twin.scenario.wind import WindAnalysis
from viewer.style import impact_legends

FOUR = np.array([0.0, 90.0, 180.0, 270.0])
CLIMATE = pd.DataFrame(
    {"direction_deg": FOUR, "frequency_percent": [20.0, 20.0, 25.0, 30.0], "k": 2.0, "a_m_s": [5.0, 6.0, 7.0, 8.0]}
)
HEAD = "x,y,0,90,180,270\n"


def _grid_csv(path: Path, factor: Any = 0.5, step: float = 5.0) -> Path:
    """A square of points on the plain, 10 to 50 m from its corner."""
    rows = []
    for x in np.arange(10.0, 50.1, step):
        for y in np.arange(10.0, 50.1, step):
            f = factor(x, y) if callable(factor) else factor
            rows.append(f"{WEST + x},{SOUTH + y},{f},{f},{f},{f}")
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def _settings(folder: Path, **more: Any) -> WindAnalysis:
    CLIMATE.to_csv(folder / "climate.csv", index=False)
    climate = {"file": "climate.csv", "height_m": 10, "source": "a test"}
    return WindAnalysis.model_validate({"factors": "now.csv", "reference_m": 10, "climate": climate, **more}).beside(folder)


# --- the standard


def test_classes_are_those_of_the_standard() -> None:
    assert comfort_class(np.array([0.0, 2.49, 2.5, 4.99, 5.0, 9.99, 10.0, 19.9, 20.0, 99.0, np.nan])).tolist() == [
        0, 0, 1, 1, 2, 2, 3, 3, 4, 4, -1,
    ]  # fmt: skip
    assert danger_class(np.array([0.0, 0.049, 0.06, 0.29, 0.3, np.nan])).tolist() == [0, 0, 1, 1, 2, -1]
    every = np.arange(5, dtype=np.int8)
    assert rating(every, "traversing").tolist() == [0, 0, 0, 1, 2]
    assert rating(every, "strolling").tolist() == [0, 0, 1, 2, 2]
    assert rating(every, "sitting").tolist() == [0, 1, 2, 2, 2]
    with pytest.raises(ParameterError, match=r"siting.*sitting"):
        rating(every, "siting")


# --- files of factors


def _same(one: Any, other: Any) -> None:
    a, b = (np.lexsort(f.xy.round(1).T) for f in (one, other))
    assert one.xy[a] == pytest.approx(other.xy[b], abs=0.02)
    assert one.values[a] == pytest.approx(other.values[b], abs=1e-6)
    assert one.directions_deg.tolist() == other.directions_deg.tolist()


def test_every_format_says_the_same(tmp_path: Path) -> None:
    wide = read_factors(_grid_csv(tmp_path / "wide.csv", lambda x, y: round(0.1 + 0.01 * x, 3), 20.0), target=CRS)
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
    _geotiff(tmp_path / "grid.tif", cube[:, ::-1], x, y, ["0", "90", "180", "270"])
    found = read_factors(tmp_path / "grid.tif", target=CRS)
    _same(found, wide)
    assert found.raster is not None
    assert found.raster.shape == (3, 3)
    _geotiff(tmp_path / "mute.tif", cube[:, ::-1], x, y, None)
    _same(read_factors(tmp_path / "mute.tif", target=CRS, directions=(0, 90, 180, 270)), wide)
    with pytest.raises(FormatError, match="band 1"):
        read_factors(tmp_path / "mute.tif", target=CRS)
    with pytest.raises(FormatError, match="4 bands"):
        read_factors(tmp_path / "mute.tif", directions=(0, 90, 180))


def _geotiff(path: Path, bands: Any, x: Any, y: Any, names: list[str] | None, crs: str = "EPSG:28992") -> None:
    import rasterio
    from rasterio.transform import Affine

    step = float(x[1] - x[0])
    place = Affine(step, 0.0, x.min() - step / 2, 0.0, -step, y.max() + step / 2)
    with rasterio.open(
        path, "w", driver="GTiff", count=len(bands), height=bands.shape[1], width=bands.shape[2], dtype="float64", crs=crs,
        transform=place, nodata=-9999.0,
    ) as file:  # fmt: skip
        file.write(np.where(np.isnan(bands), -9999.0, bands))
        for k, name in enumerate(names or ()):
            file.set_band_description(k + 1, name)


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
    _geotiff(tmp_path / "utm.tif", np.ones((4, 2, 2)), two, two, ["0", "90", "180", "270"], "EPSG:32631")
    with pytest.raises(CRSError, match="gdalwarp"):
        read_factors(tmp_path / "utm.tif", target=CRS)
    with pytest.raises(CRSError, match="EPSG:28992"):
        read_factors(_grid_csv(tmp_path / "ok.csv"), crs="Rijksdriehoek", target=CRS)


def test_rows_may_end_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(("\ufeff" + HEAD.replace(",", ";") + "1,5;2;0,5;0,6;0,7;0,8;\r\n3;4;1;1;1;1;\r\n").encode())
    found = read_factors(path)
    assert found.xy.tolist() == [[1.5, 2.0], [3.0, 4.0]]
    assert found.values.tolist() == [[0.5, 0.6, 0.7, 0.8], [1.0] * 4]


def test_no_file_leads_to_another_or_swells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = np.array([0.0, 5.0])
    bands = ["0", "90", "180", "270"]
    _geotiff(tmp_path / "other.tif", np.ones((4, 2, 2)), two, two, bands)
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
        read_factors(_grid_csv(tmp_path / "large.csv"))


def test_percents_and_speeds_are_factors_too(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + "1,2,50,60,70,80\n", encoding="utf-8")
    assert read_factors(path, unit="percent").values.tolist() == [[0.5, 0.6, 0.7, 0.8]]
    assert read_factors(path, unit="m_s", reference_m_s=100.0).values.tolist() == [[0.5, 0.6, 0.7, 0.8]]
    with pytest.raises(ParameterError, match="reference_m_s"):
        read_factors(path, unit="m_s")


# --- the climate


def test_hours_of_knmi_are_read_and_give_back_the_climate_they_are_of(tmp_path: Path) -> None:
    sectors = np.arange(0.0, 360.0, 30.0)
    rng = np.random.default_rng(1)
    share = rng.dirichlet(np.full(12, 20.0)) * 0.97
    known = pd.DataFrame({"direction_deg": sectors, "frequency_percent": 100.0 * share, "k": rng.uniform(1.8, 2.3, 12),
                          "a_m_s": rng.uniform(4.5, 7.0, 12)})  # fmt: skip
    direction, speed = drawn(climate_of(known), sectors, 120_000, seed=5)
    speed = np.where(np.isnan(direction), 0.0, speed.round())
    told = np.where(np.isnan(direction), 0, np.where(direction == 0.0, 360, direction))
    lines = ["# BRON: KONINKLIJK NEDERLANDS METEOROLOGISCH INSTITUUT", "# STN,YYYYMMDD,   HH,   DD,   FH,   FF,    T", "#"]
    lines += [f"  260,20010101,    1,{int(d):5d},{int(10 * v):5d},     ,   58" for d, v in zip(told, speed, strict=True)]
    lines += ["  260,20010102,    1,  990,   20,   20,   50", "  260,20010102,    2,     ,     ,     ,   50"]
    (tmp_path / "hours.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    hours = read_knmi_hours(tmp_path / "hours.txt")
    assert len(hours) == 120_001
    assert hours.attrs["hours_unknown"] == 1
    assert np.isnan(hours["direction_deg"].iloc[-1])
    assert hours["speed_m_s"].iloc[-1] == 2.0
    found = wind_climate(hours)
    assert found["frequency_percent"].to_numpy() == pytest.approx(known["frequency_percent"].to_numpy(), abs=0.3)
    assert found["a_m_s"].to_numpy() == pytest.approx(known["a_m_s"].to_numpy(), rel=0.05)
    assert found.attrs["above_5_percent"] == pytest.approx(found.attrs["above_5_fitted_percent"], abs=0.5)
    assert found.attrs["calm_percent"] == pytest.approx(3.0, abs=0.2)
    found.to_csv(tmp_path / "sectors.csv", index=False)
    again = read_climate(tmp_path / "sectors.csv")
    assert again.to_numpy() == pytest.approx(found[again.columns].to_numpy(), rel=1e-9)
    potential = "TIME IN GMT\nDATE,TIME, DD,QDD, UP,QUP\n19500301,01,  0,  2,  2,  2\n19500301,02,250,  2,  60,  2\n"
    (tmp_path / "pot.asc").write_text(potential, encoding="utf-8")
    assert read_knmi_hours(tmp_path / "pot.asc")["speed_m_s"].tolist() == [0.2, 6.0]


def test_a_climate_that_cannot_be_is_told(tmp_path: Path) -> None:
    for changed, told in (
        ({"k": 0.1}, "`k` of sector 1 is 0.1"), ({"frequency_percent": 0.2}, "0.8 % of the hours"),
        ({"frequency_percent": 30.0}, "120.0 %"),
        ({"direction_deg": [0.0, 90.0, 180.0, 280.0]}, "evenly round"), ({"a_m_s": np.nan}, "a_m_s"),
    ):  # fmt: skip
        CLIMATE.assign(**changed).to_csv(tmp_path / "c.csv", index=False)
        with pytest.raises(FormatError, match=told):
            read_climate(tmp_path / "c.csv")
    CLIMATE.drop(columns="k").to_csv(tmp_path / "c.csv", index=False)
    with pytest.raises(FormatError, match="no column `k`"):
        read_climate(tmp_path / "c.csv")
    (tmp_path / "h.txt").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(FormatError, match="DD"):
        read_knmi_hours(tmp_path / "h.txt")
    few = pd.DataFrame({"direction_deg": [10.0, 200.0], "speed_m_s": [5.0, 6.0]})
    with pytest.raises(ParameterError, match="too little to fit"):
        wind_climate(few)
    with pytest.raises(ParameterError, match="no column"):
        wind_climate(few.drop(columns="speed_m_s"))


def test_the_logarithmic_law_over_grass_gives_its_known_ratio() -> None:
    assert speed_ratio(60.0, 0.03) == pytest.approx(np.log(60 / 0.03) / np.log(10 / 0.03), rel=1e-12)
    assert speed_ratio(10.0, 0.03) == pytest.approx(1.0)
    assert speed_ratio(10.0, 1.0) < 1.0
    with pytest.raises(ParameterError, match="height_m"):
        speed_ratio(0.5, 1.0)


def test_a_climate_with_fewer_sectors_than_directions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("x,y," + ",".join(map(str, range(0, 360, 30))) + "\n1,2" + ",0.5" * 12 + "\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="none stands for 30, 60"):
        shares_of(read_factors(tmp_path / "f.csv"), CLIMATE)


# --- maps, places, before and after


def test_the_map_is_that_of_the_points_and_empty_beyond_them(tmp_path: Path) -> None:
    city = block(plain(60), "house", 28, 28, 33, 33, 10.0)
    factors = read_factors(_grid_csv(tmp_path / "now.csv", 0.8), target=city.crs)
    points = wind_points(factors, CLIMATE, crs=city.crs)
    expected = float((CLIMATE["frequency_percent"] * np.exp(-((5.0 / 0.8 / CLIMATE["a_m_s"]) ** 2))).sum())
    assert points["p5_percent"].to_numpy() == pytest.approx(np.full(len(points), expected), abs=1e-4)
    fields = wind_comfort(city, factors, CLIMATE, cell=1.0)["wind_p5"]
    x, y = fields["x"].to_numpy() - WEST, fields["y"].to_numpy() - SOUTH
    known = np.isfinite(fields.to_numpy())
    inside = (x[None, :] > 10) & (x[None, :] < 50) & (y[:, None] > 10) & (y[:, None] < 50)
    assert fields.to_numpy()[known] == pytest.approx(np.full(known.sum(), expected), abs=1e-3)
    # a cell with a point at its edge counts to it; no cell further out has a value
    beyond = (x[None, :] < 9) | (x[None, :] > 51) | (y[:, None] < 9) | (y[:, None] > 51)
    assert not known[np.broadcast_to(beyond, known.shape)].any()
    round_house = (abs(x[None, :] - 30.5) < 2.4) & (abs(y[:, None] - 30.5) < 2.4)
    assert not known[round_house].any(), "nothing is interpolated through a building"
    away = inside & ((abs(x[None, :] - 30.5) > 8) | (abs(y[:, None] - 30.5) > 8))
    assert known[away].all()
    alone = wind_comfort(city, factors, CLIMATE, cell=1.0, spacing_m=2.0)["wind_p5"]
    assert np.isfinite(alone.to_numpy()).sum() == len(factors) - 1, "further apart than allowed: only cells with a point"


def test_a_raster_has_its_own_cells_and_no_more(tmp_path: Path) -> None:
    city = plain(60)
    x, y = WEST + np.arange(12.5, 40.0, 5.0), SOUTH + np.arange(12.5, 40.0, 5.0)
    cube = np.full((4, 6, 6), 0.8)
    cube[:, 2, 3] = np.nan
    _geotiff(tmp_path / "now.tif", cube, x, y, ["0", "90", "180", "270"])
    fields = wind_comfort(city, read_factors(tmp_path / "now.tif", target=city.crs), CLIMATE)["wind_p5"]
    assert np.isfinite(fields.to_numpy()).sum() == 35 * 25


def test_before_and_after_and_what_falls_short(tmp_path: Path) -> None:
    before_city = plain(60)
    after_city = block(before_city, "tower", 24, 24, 31, 31, 40.0)
    _grid_csv(tmp_path / "now.csv", 0.35)
    _grid_csv(tmp_path / "tower.csv", lambda x, y: 1.2 if np.hypot(x - 35, y - 27) < 8 else 0.35)
    corners = ((32, 22), (42, 22), (42, 32), (32, 32))
    spot = {"polygon": [[WEST + x, SOUTH + y] for x, y in corners]}
    settings = _settings(tmp_path, variant="tower.csv", places=[{"at": spot, "activity": "sitting", "label": "Terrace"}])
    possible(before_city, settings)
    old = analyse(Site(before_city), settings)
    again = analyse(Site(before_city), settings, (Site(before_city), old))
    for name in ("wind_p5", "wind_p15"):
        assert np.array_equal(old.fields[name].to_numpy(), again.fields[name].to_numpy(), equal_nan=True)
    assert again.figure("wind_worse").value == 0.0
    assert len(again.features["worse"]) == 0
    new = analyse(Site(after_city, changed=True), settings, (Site(before_city), old))
    assert old.figure("wind_short").verdict == "meets"
    assert new.figure("wind_short").verdict == "exceeds"
    assert new.figure("wind_worse").value == new.figure("wind_short").value == 7.0 - 2.0, "two of the seven lie on the tower"
    assert new.figure("wind_places_short").value == 1.0
    assert new.features["places"].loc["Terrace", "rating"] == "poor"
    assert old.features["places"].loc["Terrace", "activity"] == "sitting"
    assert any("in a building" in told for told in new.assumptions)
    page = impact_section(new, {}, ENGLISH)
    assert "Terrace" in page
    assert "Where the class becomes worse" in page
    assert "poor" in page
    change = new.difference(old)["wind_p5_change"].to_numpy()
    assert np.nanmax(change) > 20.0
    for before in (None, old):
        ax = plot_impact(new, before=before, city=after_city)
        assert ax.images
    drawn_in = plot_impact(new, city=after_city, language="nl").figure
    legend = [text.get_text() for text in drawn_in.findobj() if hasattr(text, "get_text")]
    assert any("E: > 20" in text for text in legend)
    scene = impact_legends(new.classes_of("wind_p5"))[0]
    assert [item.label for item in scene.classes] == ["A", "B", "C", "D", "E"]
    part = analyse(Site(after_city, (WEST, SOUTH, WEST + 30, SOUTH + 30), changed=True), settings)
    assert len(part.features["points"]) == 21


def test_points_elsewhere_are_compared_with_the_map_and_new_ground_with_nothing(tmp_path: Path) -> None:
    _grid_csv(tmp_path / "now.csv", 0.35)
    moved = [(x, y) for x in (22.5, 27.5, 57.0) for y in (22.5, 27.5)]
    rows = [f"{WEST + x},{SOUTH + y},1,1,1,1" for x, y in moved]
    (tmp_path / "tower.csv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    settings = _settings(tmp_path, variant="tower.csv")
    before = Site(plain(60))
    old = analyse(before, settings)
    new = analyse(Site(plain(60), changed=True), settings, (before, old))
    assert new.figure("wind_worse").value == 4.0, "nothing was computed at 57 m without the changes"
    assert new.features["worse"]["before_class"].unique().tolist() == ["A"]
    assert "of 4 that were computed" in new.figure("wind_worse").note


def test_a_dangerous_place_does_for_nothing(tmp_path: Path) -> None:
    """Storms from one side: below 10 % of the hours above 5 m/s is good for passing through, yet in over 3 % it is above 15."""
    _grid_csv(tmp_path / "now.csv", lambda x, y: 1.0 if x == 25 else 0.1 if x < 40 else 0.9)
    spot = {"polygon": [[WEST + x, SOUTH + y] for x, y in ((20, 20), (30, 20), (30, 30), (20, 30))]}
    sectors = [{"direction_deg": d, "frequency_percent": f, "k": 1.5, "a_m_s": a}
               for d, f, a in zip((0, 90, 180, 270), (10, 30, 30, 30), (15.0, 0.5, 0.5, 0.5), strict=True)]
    climate = {"sectors": sectors, "height_m": 10, "source": "a test"}
    settings = _settings(tmp_path, climate=climate, places=[{"at": spot, "activity": "traversing", "label": "Passage"}])
    made = analyse(Site(plain(60)), settings)
    place = made.features["places"].loc["Passage"]
    assert (place["class"], place["rating"], place["danger"]) == ("C", "good", "dangerous")
    assert not place["meets"]
    assert place["short_percent"] == pytest.approx(100 / 3), "three of nine, those on the edge too"
    assert made.figure("wind_places_short").verdict == "exceeds"


def test_what_has_no_points_is_not_judged(tmp_path: Path) -> None:
    _grid_csv(tmp_path / "now.csv", 0.5)
    spot = {"polygon": [[WEST + x, SOUTH + y] for x, y in ((11, 11), (14, 11), (14, 14))]}
    made = analyse(Site(plain(60)), _settings(tmp_path, places=[{"at": spot, "activity": "sitting"}]))
    assert made.figure("wind_places_short").verdict == ""
    assert any("1 of 1 places have no point" in told for told in made.assumptions)
    assert "no factors here" in impact_section(made, {}, ENGLISH)
    with pytest.raises(FormatError, match="lie in buildings"):
        analyse(Site(block(plain(60), "hall", 5, 5, 55, 55, 8.0)), _settings(tmp_path))


def test_levels_do_not_make_points_lie_closer(tmp_path: Path) -> None:
    path = _grid_csv(tmp_path / "now.csv")
    one = read_factors(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    both = [lines[0] + ",level", *(f"{line},{level}" for line in lines[1:] for level in ("street", "wharf"))]
    path.write_text("\n".join(both), encoding="utf-8")
    assert spacing_of(read_factors(path)) == spacing_of(one) == 5.0


def test_a_class_is_that_of_the_share_that_is_told(tmp_path: Path) -> None:
    factors = read_factors(_grid_csv(tmp_path / "now.csv"))
    shares = shares_of(factors, CLIMATE)
    near = np.full_like(shares.p5, 2.499_99)
    told = _frame(replace(shares, p5=near), CRS)
    assert (told["p5_percent"] == 2.5).all()
    assert (told["class"] == "B").all()


def test_numbers_that_a_raster_keeps_small_are_scaled(tmp_path: Path) -> None:
    import rasterio

    two = np.array([0.0, 5.0])
    _geotiff(tmp_path / "small.tif", np.full((4, 2, 2), 55.0), two, two, ["0", "90", "180", "270"])
    with rasterio.open(tmp_path / "small.tif", "r+") as file:
        file.scales = (0.01,) * 4
    assert read_factors(tmp_path / "small.tif").values == pytest.approx(np.full((4, 4), 0.55))


def test_without_a_file_of_the_changes_nothing_is_claimed(tmp_path: Path) -> None:
    _grid_csv(tmp_path / "now.csv", 0.5)
    settings = _settings(tmp_path)
    old = analyse(Site(plain(60)), settings)
    new = analyse(Site(plain(60), changed=True), settings, (Site(plain(60)), old))
    assert any("not known" in told for told in new.assumptions)
    assert old.figure("wind_short").verdict == "exceeds"
    assert not any(figure.verdict for figure in new.figures)
    assert np.isnan(new.figure("wind_worse").value)
    assert new.figures[-1].key == "wind_worse", "of what nothing is judged a report tells the last"
    assert np.array_equal(old.fields["wind_p5"].to_numpy(), new.fields["wind_p5"].to_numpy(), equal_nan=True)


def test_factors_elsewhere_and_levels(tmp_path: Path) -> None:
    (tmp_path / "now.csv").write_text(HEAD + "5.1,52.1,1,1,1,1\n", encoding="utf-8")
    with pytest.raises(FormatError, match=r"outside the city.*\n.*crs"):
        possible(plain(60), _settings(tmp_path))
    spots = ((10, "1,1,1,1,wharf"), (10, "0.5,0.5,0.5,0.5,"), (20, "1,1,1,1,wharf"))
    rows = [f"{WEST + x},{SOUTH + 10},{rest}" for x, rest in spots]
    (tmp_path / "now.csv").write_text("x,y,0,90,180,270,level\n" + "\n".join(rows) + "\n", encoding="utf-8")
    made = analyse(Site(plain(60)), _settings(tmp_path))
    assert sorted(made.features["points"]["level"]) == ["street", "wharf", "wharf"]
    assert np.isfinite(made.fields["wind_p5"].to_numpy()).sum() == 2, "the street lies above the wharf"


# --- in a scenario


def test_files_stay_in_the_folder_of_the_scenario(tmp_path: Path) -> None:
    body = "title: Wind\nanalyses:\n  wind:\n    factors: {file}\n    reference_m: 10\n"
    body += "    climate: {{hours: h.txt, height_m: 10, source: x}}\n"
    for file in ("../now.csv", "/now.csv", "a/../../now.csv", "C:/now.csv"):
        with pytest.raises(ScenarioError, match="folder of the scenario"):
            scenario_from_text(body.format(file=file))
    (tmp_path / "s.yaml").write_text(body.format(file="now.csv"), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"there is no file `now.csv`") as caught:
        read_scenario(tmp_path / "s.yaml")
    assert "s.yaml:4 analyses.wind.factors" in str(caught.value.where)
    outside = tmp_path.parent / "elsewhere.csv"
    outside.write_text("x", encoding="utf-8")
    (tmp_path / "now.csv").symlink_to(outside)
    with pytest.raises(ScenarioError, match="outside the folder"):
        read_scenario(tmp_path / "s.yaml")


@pytest.mark.parametrize(("more", "told"), [
    ({"reference_m": 60}, "transfer"), ({"unit": "m_s"}, "reference_m_s"), ({"reference_m_s": 10}, "reference_m_s"),
    ({"climate": {"height_m": 10, "source": "x"}}, "one of `file`"),
])  # fmt: skip
def test_settings_that_do_not_go_together_are_told(tmp_path: Path, more: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        _settings(tmp_path, **more)


def test_the_sample_says_what_the_tower_does(tmp_path: Path) -> None:
    from twin.geo.samples import sample_folder

    both = twin.compare(sample_folder().parent / "wind_tower.yaml", progress=False)
    before, after, change = both.impacts["wind"]
    assert before.figure("wind_short").verdict == "meets"
    assert after.figure("wind_short").verdict == "exceeds"
    assert after.settings["file"] == "wind/tower.csv"
    assert before.settings["file"] == "wind/now.csv"
    assert float(change["wind_p5_change"].max()) > 10.0
    assert "square" in after.features["worse"].index
    assert any("made up" in told for told in after.assumptions)
    alone = twin.run(sample_folder().parent / "wind_tower.yaml", progress=False)
    assert alone.impacts["wind"].settings["file"] == "wind/tower.csv"
    alone.save(tmp_path / "out")
    assert len(twin.open_result(tmp_path / "out").impacts["wind"].features["points"]) == len(after.features["points"])


def test_every_error_of_a_file_is_ours() -> None:
    assert issubclass(FormatError, TwinError)
