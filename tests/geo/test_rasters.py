"""Rasters of heights: what they are, units, nodata, tiles, holes, windows."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import CRS, Transformer

from twin.errors import CRSError, FormatError, GridError
from twin.geo import rasters as joining
from twin.geo.city import City
from twin.geo.holes import fill_holes
from twin.geo.rasters import merged_raster
from twin.geo.readers import raster as reading
from twin.geo.readers import read
from twin.geo.readers.model import Findings, Raster
from twin.geo.readers.options import read_options
from twin.geo.readers.raster_roles import role_by_name
from twin.geo.readers.source import blob_of

RD = "EPSG:28992"
NAN = np.nan


def city_of(path: Path | list[Path], **options: Any) -> City:
    return read(path if isinstance(path, list) else str(path), read_options(**options))


def codes(city: City) -> dict[str, int]:
    return city.quality.counts()


def put(
    path: Path, heights: Any, west: float = 136000, north: float = 455100, cell: float = 1.0, crs: Any = RD,
    transform: Any = None, driver: str = "GTiff", change: Any = None, **profile: Any,
) -> Path:  # fmt: skip
    bands = np.asarray(heights)
    bands = bands[None] if bands.ndim == 2 else bands
    place = transform or rasterio.Affine(cell, 0, west, 0, -cell, north)
    size = {"count": len(bands), "height": bands.shape[1], "width": bands.shape[2], "dtype": bands.dtype}
    with rasterio.open(path, "w", driver=driver, crs=crs, transform=place, **size, **profile) as file:
        file.write(bands)
        if change:
            change(file)
    return path


def waves(rows: int = 40, columns: int = 60, seed: int = 0) -> Any:
    return (5 + np.random.default_rng(seed).normal(size=(rows, columns))).astype(np.float32)


def test_on_its_own_grid_every_bit_stays(tmp_path: Path) -> None:
    heights = waves()
    city = city_of(put(tmp_path / "dtm.tif", heights))
    assert city.terrain is not None
    assert city.terrain.height.tobytes() == heights.tobytes()
    assert city.terrain.grid.bounds == (136000, 455060, 136060, 455100)
    assert city.terrain.name == "dtm.tif"
    assert "resampled" not in codes(city)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("ahn4_05m_dtm", "terrain"), ("M_31HZ1", "terrain"), ("R_31HZ1", "dsm"), ("2023_R5_10HZ2", "dsm"), ("M5_10HZ2", "terrain"),
        ("CDSM_KRbig", "canopy"), ("DSM_KRbig", "dsm"), ("DEM_KRbig", "terrain"), ("dgm1_32_280", "terrain"), ("landcover", ""),
        ("land_cover_2020", ""), ("ndsm", ""), ("chm", "canopy"), ("tile_12_7", None), ("modem", None), ("dom1", "dsm"),
        ("hillshade_dtm", ""),
    ],
)  # fmt: skip
def test_roles_by_name(name: str, role: str | None) -> None:
    assert role_by_name(name) == role


def test_what_a_raster_is(tmp_path: Path) -> None:
    path = put(tmp_path / "tile_1.tif", waves())
    city = city_of(path)
    assert city.terrain is not None
    assert "roles={'tile_1.tif': 'terrain'}" in next(f.message for f in city.quality.findings if f.code == "role-assumed")
    assert city_of(path, roles={"tile_1.tif": "dsm"}).dsm is not None
    assert city_of(path, roles={"tile_1": "canopy"}).canopy is not None
    described = put(tmp_path / "tile_2.tif", waves(), change=lambda file: file.set_band_description(1, "digital surface model DSM"))
    assert city_of(described).dsm is not None
    both = put(
        tmp_path / "both.tif", np.stack([waves(), waves(seed=1)]),
        change=lambda file: (file.set_band_description(1, "DSM"), file.set_band_description(2, "DTM")),
    )  # fmt: skip
    city = city_of(both)
    assert_array_equal(city.dsm.height, waves())
    assert_array_equal(city.terrain.height, waves(seed=1))


def test_land_cover_is_no_height(tmp_path: Path) -> None:
    path = put(tmp_path / "landcover.tif", waves())
    with pytest.raises(FormatError, match="not a raster of heights") as caught:
        city_of(path)
    assert "roles={'landcover.tif'" in str(caught.value.hint)
    put(tmp_path / "dtm.tif", waves())
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("landcover.tif", "dtm.tif"):
            archive.write(tmp_path / name, name)
    city = city_of(tmp_path / "all.zip")
    assert city.terrain is not None
    assert codes(city)["not-heights"] == city.quality.errors == 1


@pytest.mark.parametrize("photometric", ["RGB", "palette"])
def test_a_picture_is_no_height(tmp_path: Path, photometric: str) -> None:
    if photometric == "RGB":
        path = put(tmp_path / "x.tif", np.zeros((3, 8, 8), dtype=np.uint8), photometric="RGB")
    else:
        path = put(
            tmp_path / "x.tif", np.zeros((8, 8), dtype=np.uint8), change=lambda file: file.write_colormap(1, {0: (255, 0, 0, 255)})
        )
    with pytest.raises(FormatError, match="a picture"):
        city_of(path)


@pytest.mark.parametrize(
    ("heights", "profile", "expected"),
    [
        (np.array([[1.0, -9999.0]]), {"nodata": -9999.0}, [1.0, NAN]),
        (np.array([[1.0, -9999.0]]), {}, [1.0, NAN]),
        (np.array([[1.0, 3.4028234663852886e38]], dtype=np.float32), {"nodata": 3.4028234663852886e38}, [1.0, NAN]),
        (np.array([[1.0, -3.4028234663852886e38]], dtype=np.float32), {}, [1.0, NAN]),
        (np.array([[1.0, NAN]]), {"nodata": NAN}, [1.0, NAN]),
        (np.array([[1.0, np.inf]]), {}, [1.0, NAN]),
        (np.array([[7, -32768]], dtype=np.int16), {"nodata": -32768}, [7.0, NAN]),
        (np.array([[7, 255]], dtype=np.uint8), {"nodata": 255}, [7.0, NAN]),
        (np.array([[1.0, 30000.0]]), {}, [1.0, NAN]),
        (np.array([[-9999.0, -4.0]]), {"nodata": -9999.0}, [NAN, -4.0]),
    ],
)  # fmt: skip
def test_what_is_not_known(tmp_path: Path, heights: Any, profile: Any, expected: list[float]) -> None:
    city = city_of(put(tmp_path / "dtm.tif", heights, **profile))
    assert_array_equal(city.terrain.height[0], np.array(expected, dtype=np.float32))


def test_masks_in_the_file(tmp_path: Path) -> None:
    known = np.ones((40, 60), dtype=bool)
    known[3, 4] = False
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = put(tmp_path / "dsm.tif", waves(), change=lambda file: file.write_mask(known))
    assert_array_equal(np.isnan(city_of(path).dsm.height), np.zeros((40, 60), bool))
    assert codes(city_of(path))["holes-filled"] == 1
    edge = known.copy()
    edge[0] = False
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = put(tmp_path / "dsm2.tif", waves(), change=lambda file: file.write_mask(edge))
    assert_array_equal(np.isnan(city_of(path).dsm.height).any(axis=1), np.arange(40) == 0)


@pytest.mark.parametrize(
    ("unit", "scale", "offset", "stored", "metres"),
    [("ft", 1, 0, 100, 30.48), ("US survey foot", 1, 0, 3937, 1200), ("cm", 1, 0, 250, 2.5), ("", 0.01, -3.0, 250, -0.5),
     ("m", 0.1, 0, 25, 2.5),
     ("ft", 0.1, 10.0, 100, 6.096)],
)  # fmt: skip
def test_units_scale_and_offset(tmp_path: Path, unit: str, scale: float, offset: float, stored: int, metres: float) -> None:
    def change(file: Any) -> None:
        file.scales, file.offsets = (scale,), (offset,)
        if unit:
            file.units = (unit,)

    city = city_of(put(tmp_path / "dtm.tif", np.full((3, 3), stored, dtype=np.int16), change=change))
    assert_allclose(city.terrain.height, metres, rtol=1e-6)
    assert ("unit" in codes(city)) == (unit not in ("", "m"))


def test_heights_in_feet_by_their_vertical_system(tmp_path: Path) -> None:
    path = put(tmp_path / "dtm.tif", np.full((5, 5), 100.0, dtype=np.float32), west=500000, north=4_800_000, crs="EPSG:26910+6360")
    city = city_of(path)
    assert_allclose(city.terrain.height, 100 * 1200 / 3937, rtol=1e-6)
    assert city.crs.sub_crs_list[1].to_epsg() == 5703


def test_turned_and_oblong_cells_are_resampled_once(tmp_path: Path) -> None:
    # A plane comes out as a plane, whatever way the cells lie.
    cosine, sine = np.cos(np.radians(30)), np.sin(np.radians(30))
    turned = rasterio.Affine(cosine, 2 * sine, 136000, sine, -2 * cosine, 455000)
    columns, rows = np.meshgrid(np.arange(50) + 0.5, np.arange(40) + 0.5)
    x, y = turned.c + turned.a * columns + turned.b * rows, turned.f + turned.d * columns + turned.e * rows
    plane = (0.1 * (x - 136000) + 0.03 * (y - 455000)).astype(np.float32)
    city = city_of(put(tmp_path / "dtm.tif", plane, transform=turned))
    terrain = city.terrain
    assert terrain is not None
    assert codes(city)["resampled"] == 1
    assert_allclose(terrain.grid.cell, np.sqrt(2.0), rtol=0.01)
    expected = 0.1 * (terrain.grid.x[None, :] - 136000) + 0.03 * (terrain.grid.y[:, None] - 455000)
    inner = np.isfinite(terrain.height)
    assert inner.sum() * terrain.grid.cell**2 > 0.9 * 50 * 40 * 2
    off = np.abs(terrain.height - expected)[inner]
    # On the rim GDAL has cells on one side only.
    assert np.quantile(off, 0.8) < 1e-3
    assert off.max() < 0.15


def test_degrees_become_metres(tmp_path: Path) -> None:
    cell = 1e-5
    heights = (10 + 0.01 * np.mgrid[0:200, 0:200][1]).astype(np.float32)
    city = city_of(put(tmp_path / "dtm.tif", heights, west=5.12, north=52.09, cell=cell, crs="EPSG:4326"))
    assert city.crs.to_epsg() == 7415
    x, y = Transformer.from_crs(4326, 28992, always_xy=True).transform(5.12 + 100 * cell, 52.09 - 100 * cell)
    assert_allclose(city.terrain.at(np.array([x]), np.array([y])), [10 + 0.01 * 99.5], atol=0.02)


def test_tiles_have_no_seam(tmp_path: Path) -> None:
    whole = waves(40, 60)
    parts = [put(tmp_path / f"M_31HZ{n}.tif", whole[r : r + 20, c : c + 30], 136000 + c, 455100 - r)
             for n, (r, c) in enumerate([(0, 0), (0, 30), (20, 0), (20, 30)])]  # fmt: skip
    city = city_of(parts)
    assert_array_equal(city.terrain.height, whole)
    assert "resampled" not in codes(city)
    assert city.terrain.name == "M_31HZ0.tif and 3 more"
    moved = city_of(parts, crs="EPSG:32631").terrain
    alone = city_of(put(tmp_path / "dtm.tif", whole), crs="EPSG:32631").terrain
    assert_array_equal(moved.height, alone.height)


def test_overlapping_tiles_share_cells_and_the_first_wins(tmp_path: Path) -> None:
    first = np.full((4, 4), 1.0, dtype=np.float32)
    first[1, 3] = NAN
    one, two = put(tmp_path / "dtm_a.tif", first), put(tmp_path / "dtm_b.tif", np.full((4, 4), 2.0, dtype=np.float32), west=136003)
    assert city_of([one, two]).terrain.height[1].tolist() == [1, 1, 1, 2, 2, 2, 2]


def test_tiles_far_apart_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MAX_CELLS", 10_000)
    one, two = put(tmp_path / "dtm_a.tif", waves(4, 4)), put(tmp_path / "dtm_b.tif", waves(4, 4), west=137000, north=456000)
    with pytest.raises(GridError, match="904 x 1004 cells") as caught:
        city_of([one, two])
    assert "clip" in str(caught.value.hint)


def test_holes_are_filled_and_counted(tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:120, 0:200].astype(np.float32)
    plane = 2 + 0.05 * columns + 0.02 * rows
    holed = plane.copy()
    holed[20:40, 20:50] = NAN  # a house of 20 x 30 m
    holed[60:62, 60:190] = NAN  # a narrow canal
    holed[70:118, 100:199] = NAN  # a lake of 48 x 99 m: its middle is 24 m from the shore
    holed[100:, :10] = NAN  # reaches the edge
    city = city_of(put(tmp_path / "dtm.tif", holed))
    terrain = city.terrain
    assert terrain is not None
    assert_allclose(terrain.height[20:40, 20:50], plane[20:40, 20:50], atol=1e-4)
    assert_array_equal(np.isnan(terrain.height), (rows >= 100) & (columns < 10))
    assert_array_equal(terrain.height[np.isfinite(holed)], holed[np.isfinite(holed)])
    message = next(f.message for f in city.quality.findings if f.code == "holes-filled")
    assert message.startswith(f"3 holes with {20 * 30 + 2 * 130 + 48 * 99} cells")
    assert "200 cells (0.8%)" in next(f.message for f in city.quality.findings if f.code == "holes-left")


def test_a_wide_hole_stays_open() -> None:
    heights = np.zeros((200, 200), dtype=np.float32)
    heights[50:110, 50:110] = NAN
    assert fill_holes(heights, 1.0, 50.0).open == 3600
    assert fill_holes(heights, 0.5, 50.0).open == 0


@given(st.integers(0, 10_000), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(0.02, 0.4))
def test_a_plane_is_filled_exactly_and_nothing_known_changes(seed: int, east: float, south: float, part: float) -> None:
    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:25, 0:31]
    plane = (east * columns + south * rows).astype(np.float32)
    holed = plane.copy()
    holed[1:-1, 1:-1][chance.random((23, 29)) < part] = NAN
    filled = fill_holes(holed, 1.0, 1000.0)
    assert_allclose(filled.values, plane, atol=1e-4)
    known = np.isfinite(holed)
    assert filled.values[known].tobytes() == holed[known].tobytes()
    assert (filled.cells, filled.open) == ((~known).sum(), 0)


def test_only_the_window_of_a_clip_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "dtm.tif", waves(600, 600), driver="COG", blocksize=128)
    monkeypatch.setattr(reading, "MAX_CELLS", 80_000)
    with pytest.raises(FormatError, match="600 x 600 cells are more than can be read at once") as caught:
        city_of(path)
    assert "clip" in str(caught.value.hint)
    city = city_of(path, clip=(136100, 454700, 136150, 454760))
    assert city.sources[0].format == "Cloud Optimized GeoTIFF"
    part = reading.read(blob_of(path), read_options(clip=(136100, 454700, 136150, 454760))).rasters[0]
    assert part.values.shape == (262, 251), "100 m and a cell more on each side, and up to the edge"
    assert_array_equal(city.terrain.height, waves(600, 600)[340:400, 100:150])
    outside = reading.read(blob_of(path), read_options(clip=(0, 0, 10, 10)))
    assert (outside.rasters, [finding.code for finding in outside.findings.collected()]) == ([], ["outside"])


def test_a_building_on_the_edge_of_a_clip_has_its_height(tmp_path: Path) -> None:
    ground = np.zeros((200, 200), dtype=np.float32)
    surface = ground.copy()
    surface[80:120, 80:160] = 12.0
    files = [put(tmp_path / "dtm.tif", ground), put(tmp_path / "dsm.tif", surface), tmp_path / "panden.gpkg"]
    shape = shapely.box(136080, 454980, 136160, 455020)
    pyogrio.write_dataframe(gpd.GeoDataFrame(geometry=[shape], crs=RD), files[2])
    city = city_of(files, clip=(136000, 454900, 136085, 455100))
    assert city.buildings[["height_m", "height_source"]].to_numpy().tolist() == [[12.0, "dsm:dsm.tif"]]
    assert city.terrain.grid.bounds == (136000, 454900, 136085, 455100)


def test_strips_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "dtm.tif", waves(41, 60))
    monkeypatch.setattr(reading, "STRIP_CELLS", 500)
    assert_array_equal(city_of(path).terrain.height, waves(41, 60))


def test_ascii_grid(tmp_path: Path) -> None:
    text = "ncols 3\nnrows 2\nxllcorner 136000\nyllcorner 455000\ncellsize 2\nNODATA_value -9999\n1.5 2 3\n4 -9999 6\n"
    (tmp_path / "dtm.asc").write_text(text)
    (tmp_path / "dtm.prj").write_text(CRS.from_epsg(28992).to_wkt("WKT1_ESRI"))
    city = city_of(tmp_path / "dtm.asc")
    assert CRS(city.crs).to_epsg() == 28992
    assert_array_equal(city.terrain.height, np.array([[1.5, 2, 3], [4, NAN, 6]], dtype=np.float32))
    assert city.terrain.grid.bounds == (136000, 455000, 136006, 455004)
    (tmp_path / "dtm.asc").write_text(text.replace("ncols 3", "ncols 30000").replace("nrows 2", "nrows 2000"))
    with pytest.raises(FormatError, match="2000 x 30000 cells"):
        city_of(tmp_path / "dtm.asc")


def test_place_by_a_world_file_and_none(tmp_path: Path) -> None:
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        path = put(tmp_path / "dtm.tif", waves(), crs=None, transform=rasterio.Affine.identity())
    with pytest.raises(FormatError, match="where on the map"):
        city_of(path)
    path.with_suffix(".tfw").write_text("2.0\n0\n0\n-2.0\n136001\n455099\n")
    city = city_of(path)
    assert city.terrain.grid.bounds == (136000, 455020, 136120, 455100)
    assert codes(city)["no-crs"] == 1
    with pytest.raises(CRSError, match="does not say in which it is"):
        city_of([path, put(tmp_path / "dsm.tif", waves())])


def test_heights_in_two_datums_are_moved_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    heights = Raster("terrain", np.zeros((4, 5), dtype=np.float32), (1.0, 0.0, 0.0, 0.0, -1.0, 4.0), "dtm.tif")
    with pytest.raises(CRSError, match="cannot be brought exactly"):
        merged_raster([(heights, CRS("EPSG:28992+5621"))], CRS("EPSG:7415"), Findings())
    import twin.geo.readers.reproject as reproject

    monkeypatch.setattr(reproject, "mover", lambda *_: (lambda points: points + [0, 0, 1] * (2 + 0.5 * points[:, :1]), ""))
    moved = merged_raster([(heights, CRS("EPSG:28992+5621"))], CRS("EPSG:7415"), Findings())
    assert_allclose(moved.height, np.tile(2 + 0.5 * (np.arange(5) + 0.5), (4, 1)), rtol=1e-6)


@pytest.mark.realdata
def test_real_rasters(real_data: Path) -> None:
    folder = real_data / "raster"
    city = city_of([folder / "goteborg" / "DEM_KRbig.tif", folder / "goteborg" / "DSM_KRbig.tif"])
    with rasterio.open(folder / "goteborg" / "DEM_KRbig.tif") as file:
        assert city.terrain.height.tobytes() == file.read(1).tobytes()
    assert (city.crs.to_epsg(), city.terrain.grid.shape) == (3007, (223, 234))
    with pytest.raises(FormatError, match="not a raster of heights"):
        city_of(folder / "goteborg" / "landcover.tif")
    athens = city_of([folder / "athens" / "DSM.tif", folder / "athens" / "DEM.tif", folder / "athens" / "trees.gpkg"])
    assert athens.dsm.height.max() == np.float32(174.41543731689453)
    assert (np.nan_to_num(athens.dsm.height - athens.terrain.height) > -1.0).mean() > 0.99
    small = city_of(folder / "dsm.tif")
    assert (small.dsm is not None, small.crs.to_epsg()) == (True, 32651)
    assert city_of(folder / "test_dem.tif").terrain.grid.shape == (40, 20)
