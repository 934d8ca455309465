"""Point clouds to rasters: classes, cells, units, systems, windows."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from laspy.vlrs.known import WktCoordinateSystemVlr
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import CRS, Transformer

from twin.errors import FormatError
from twin.geo.city import City
from twin.geo.ground_filter import ground_cells
from twin.geo.readers import pointcloud, raster_units, read
from twin.geo.readers.options import read_options
from twin.geo.readers.pointcloud_grid import Accumulator, plan_for
from twin.geo.readers.source import blob_of


def city_of(path: Path | list[Path], **options: Any) -> City:
    return read(path if isinstance(path, list) else str(path), read_options(**options))


def put(path: Path, xyz: Any, kinds: Any, crs: str | None = "EPSG:28992", scale: float = 0.001, **flags: Any) -> Path:
    xyz = np.asarray(xyz, dtype=float)
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.scales, header.offsets = [scale] * 3, np.floor(xyz.min(axis=0))
    if crs:
        header.vlrs.append(WktCoordinateSystemVlr(CRS(crs).to_wkt()))
        header.global_encoding.wkt = True
    las = laspy.LasData(header)
    las.x, las.y, las.z = xyz.T
    las.classification = np.asarray(kinds, dtype=np.uint8)
    for name, values in flags.items():
        las[name] = values
    las.write(path)
    return path


def scene(seed: int = 0, points: int = 12_000) -> tuple[Any, Any]:
    """Ground rising to the east, a house of 8 m, a tree of 6 m over it; 40 x 30 m."""
    chance = np.random.default_rng(seed)
    x, y = 136000 + 40 * chance.random(points), 455000 + 30 * chance.random(points)
    z = 1 + 0.05 * (x - 136000)
    kinds = np.full(points, 2)
    house = (x > 136010) & (x < 136020) & (y > 455010) & (y < 455020)
    z[house], kinds[house] = 9.0, 6
    tree = (np.hypot(x - 136030, y - 455015) < 3) & (chance.random(points) < 0.5)
    z[tree], kinds[tree] = z[tree] + 6.0, 5
    return np.column_stack([x, y, z]), kinds


@pytest.mark.parametrize("name", ["ahn.las", "ahn.laz"])
def test_terrain_surface_and_trees(tmp_path: Path, name: str) -> None:
    city = city_of(put(tmp_path / name, *scene()))
    terrain, dsm, canopy = city.terrain, city.dsm, city.canopy
    assert terrain is not None
    assert dsm is not None
    assert canopy is not None
    # 10 points a m2: half a metre would hold 2.5 points, so 1 m.
    assert terrain.grid.cell == 1.0
    x, y = np.meshgrid(terrain.grid.x, terrain.grid.y)
    inside = (x > 136001) & (x < 136039) & (y > 455001) & (y < 455029)
    assert np.abs(terrain.height - (1 + 0.05 * (x - 136000)))[inside].max() < 0.05, "the hole under the house is filled"
    house = (np.abs(x - 136015) < 4.5) & (np.abs(y - 455015) < 4.5)
    assert_allclose(dsm.height[house], 9.0, atol=2e-3)
    crown = np.hypot(x - 136030, y - 455015) < 2
    assert_allclose(canopy.height[crown], 6.0, atol=0.1)
    assert np.isnan(canopy.height[house]).all()
    assert city.sources[0].format == ("LAS 1.4" if name == "ahn.las" else "LAZ 1.4")
    only = city_of(tmp_path / name, roles={name: "dsm"})
    assert (only.terrain, only.canopy, only.dsm is None) == (None, None, False)


def test_noise_withheld_and_lone_points_do_not_count(tmp_path: Path) -> None:
    xyz, kinds = scene()
    strange = np.array(
        [[136005.5, 455005.5, 300.0], [136006.5, 455005.5, -50.0], [136007.5, 455005.5, 80.0], [136035.25, 455035.25, 90.0]]
    )
    withheld = np.zeros(len(xyz) + 4, dtype=bool)
    withheld[-2] = True
    # a bird beside the cloud is alone in its cell, and its neighbours know better
    around = np.array([[136035.25 + dx, 455035.25 + dy, 2.0] for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy])
    points = np.concatenate([xyz, strange, around])
    path = put(
        tmp_path / "a.laz", points, np.concatenate([kinds, [7, 18, 1, 1], np.full(8, 2)]),
        withheld=np.concatenate([withheld, np.zeros(8, dtype=bool)]),
    )  # fmt: skip
    city = city_of(path)
    assert np.nanmax(city.dsm.height) < 11
    assert np.nanmin(city.terrain.height) > 0.9
    counts = city.quality.counts()
    assert counts["outliers"] == counts["noise"] == 1
    assert "3 points are noise or withheld" in next(f.message for f in city.quality.findings if f.code == "noise")


def test_without_classes_the_ground_is_filtered(tmp_path: Path) -> None:
    xyz, kinds = scene()
    city = city_of(put(tmp_path / "a.las", xyz, np.zeros_like(kinds)))
    assert "Zhang et al. 2003" in next(f.message for f in city.quality.findings if f.code == "no-ground-class")
    x, y = np.meshgrid(city.terrain.grid.x, city.terrain.grid.y)
    inside = (x > 136002) & (x < 136038) & (y > 455002) & (y < 455028)
    off = np.abs(city.terrain.height - (1 + 0.05 * (x - 136000)))[inside]
    assert off.max() < 0.3
    assert city.canopy is None


@given(st.integers(2, 25), st.integers(2, 25), st.floats(3.0, 40.0), st.floats(0.0, 0.2))
def test_the_filter_takes_off_houses_and_keeps_slopes(wide: int, tall: int, height: float, slope: float) -> None:
    # Up to its last step the filter keeps what is within 2.5 m of the ground on the uphill side.
    assume(height > 2.6 + slope * (wide + 2))
    rows, columns = np.mgrid[0:60, 0:60]
    surface = (slope * columns).astype(np.float32)
    house = (np.abs(rows - 30) <= tall / 2) & (np.abs(columns - 30) <= wide / 2)
    surface[house] += np.float32(height)
    surface[5, 5] = np.nan
    ground = ground_cells(surface, 1.0)
    assert not ground[house].any()
    assert not ground[5, 5]
    assert ground[~house].sum() >= 0.97 * (~house).sum()


@given(st.integers(0, 1000), st.integers(1, 7))
def test_pieces_give_what_the_whole_gives(seed: int, pieces: int) -> None:
    """Law: the order and the size of the pieces do not matter (sums of ground within rounding)."""
    xyz, kinds = scene(seed, 500)
    plan = plan_for(np.array([xyz.min(axis=0), xyz.max(axis=0)]), len(xyz), CRS(28992), None, "a")
    assert plan is not None
    one, many = Accumulator(plan), Accumulator(plan)
    none = np.zeros(len(xyz), dtype=bool)
    one.add(*xyz.T, kinds.astype(np.uint8), none)
    for part in np.array_split(np.random.default_rng(seed).permutation(len(xyz)), pieces):
        many.add(*xyz[part].T, kinds[part].astype(np.uint8), none[part])
    assert one.used == many.used == len(xyz), "no point falls off the edge"
    assert_array_equal(one.surface()[0], many.surface()[0])
    assert_allclose(one.ground(), many.ground(), rtol=1e-6)
    # The slow way: one cell after another.
    dsm, ground = one.surface()[0], one.ground()
    assert ground is not None
    column, row = np.floor((xyz[:, 0] - plan.west) / plan.dx).astype(int), np.floor((plan.north - xyz[:, 1]) / plan.dy).astype(int)
    for r, c in {(r, c) for r, c in zip(row.tolist(), column.tolist(), strict=True)}:
        here = (row == r) & (column == c)
        assert dsm[r, c] == np.float32(xyz[here, 2].max())
        soil = xyz[here & (kinds == 2), 2]
        assert np.isnan(ground[r, c]) if not len(soil) else abs(ground[r, c] - soil.mean()) < 1e-4


def test_pieces_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "a.laz", *scene())
    whole = city_of(path)
    monkeypatch.setattr(pointcloud, "AT_ONCE", 777)
    assert_array_equal(city_of(path).dsm.height, whole.dsm.height)


def test_feet_become_metres(tmp_path: Path) -> None:
    xyz, kinds = scene()
    forth = Transformer.from_crs("EPSG:26910", "EPSG:2285", always_xy=True)
    x, y = forth.transform(xyz[:, 0] - 136000 + 550_000, xyz[:, 1] - 455000 + 5_270_000)
    feet = put(tmp_path / "a.las", np.column_stack([x, y, xyz[:, 2] / 0.3048006096]), kinds, crs="EPSG:2285")
    city = city_of(feet)
    assert city.crs.to_epsg() == 26910
    assert "unit" in city.quality.counts()
    assert_allclose(np.nanpercentile(city.dsm.height, 95), 9.0, atol=0.02)
    at = city.dsm.at(np.array([550_015.0]), np.array([5_270_015.0]))
    assert_allclose(at, [9.0], atol=0.02)


def test_a_cloud_in_degrees(tmp_path: Path) -> None:
    xyz, kinds = scene()
    x, y = Transformer.from_crs(28992, 4326, always_xy=True).transform(xyz[:, 0], xyz[:, 1])
    city = city_of(put(tmp_path / "a.las", np.column_stack([x, y, xyz[:, 2]]), kinds, crs="OGC:CRS84", scale=1e-7))
    assert city.crs.to_epsg() == 7415
    assert_allclose(city.dsm.at(np.array([136015.0]), np.array([455015.0])), [9.0], atol=0.02)


def test_a_clip_by_points_and_no_points(tmp_path: Path) -> None:
    path = put(tmp_path / "a.las", *scene())
    city = city_of(path, clip=(136008, 455008, 136022, 455022))
    assert city.dsm.grid.shape <= (15, 15)
    assert_allclose(city.dsm.at(np.array([136015.0]), np.array([455015.0])), [9.0], atol=2e-3)
    reading = pointcloud.read(blob_of(path), read_options(clip=(0, 0, 5, 5)))
    assert [finding.code for finding in reading.findings.collected()] == ["outside"]


def test_a_header_with_bounds_that_are_too_small(tmp_path: Path) -> None:
    path = put(tmp_path / "a.las", *scene())
    content = bytearray(path.read_bytes())
    struct.pack_into("<d", content, 179, 136020.0)
    path.write_bytes(bytes(content))
    finding = next(f for f in city_of(path).quality.findings if f.code == "beyond")
    assert finding.severity == "error"
    assert "beyond the bounds that the header states" in finding.message


def test_a_cut_laz_is_told(tmp_path: Path) -> None:
    path = put(tmp_path / "a.laz", *scene())
    content = path.read_bytes()
    (tmp_path / "b.laz").write_bytes(content[: len(content) // 2])
    with pytest.raises(FormatError, match=r"b\.laz"):
        city_of(tmp_path / "b.laz")


@pytest.mark.realdata
def test_real_clouds(real_data: Path) -> None:
    folder = real_data / "pointcloud"
    autzen = city_of(folder / "autzen_trim.laz")
    las = laspy.read(folder / "autzen_trim.laz")
    assert autzen.crs.to_epsg() == 32610
    crs = las.header.parse_crs()
    x, y = Transformer.from_crs(crs, 32610, always_xy=True).transform(np.asarray(las.x), np.asarray(las.y))
    z, kinds = np.asarray(las.z) * 0.3048, np.asarray(las.classification)
    ground = kinds == 2
    assert_allclose(np.nanmax(autzen.dsm.height), z.max(), atol=6)
    here = autzen.terrain.at(x[ground], y[ground])
    known = np.isfinite(here)
    assert known.mean() > 0.9
    assert np.median(np.abs(here - z[ground])[known]) < 0.1
    assert np.quantile(np.abs(here - z[ground])[known], 0.95) < 0.6
    ripple = city_of(folder / "ripple.las")
    assert {"no-crs", "no-ground-class"} <= set(ripple.quality.counts())
    minimal = city_of([folder / "pointcloud.las", real_data / "footprints" / "PropertyMap.shp"], layer={"PropertyMap": "buildings"})
    # The heights of its footprints (5, 10 and 10 m on ground at 1 m) are those of its points.
    assert_allclose(minimal.buildings["roof_max_m"] - minimal.buildings["ground_m"], minimal.buildings["height_m"], atol=0.01)
    copc = city_of(folder / "simple.copc.laz")
    assert copc.sources[0].format == "COPC 1.4"
    assert "US survey" not in copc.crs.name
    assert_allclose(np.nanmax(copc.dsm.height), 586.38 * 1200 / 3937, atol=1.0)


@pytest.mark.realdata
def test_the_octree_finds_what_reading_all_finds(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = real_data / "pointcloud" / "simple.copc.laz"
    box = (636000.0, 849000.0, 638000.0, 852000.0)
    monkeypatch.setattr(raster_units, "MARGIN_M", 0.0)
    las = laspy.read(path)
    x, y = np.asarray(las.x), np.asarray(las.y)
    header = las.header
    plan = plan_for(np.array([header.mins, header.maxs]), header.point_count, header.parse_crs(), box, "a")
    assert plan is not None
    # All points of the cells that the box touches.
    inside = ((x >= plan.west) & (x < plan.east) & (y >= plan.south) & (y <= plan.north)).sum()
    for at_once in (2_000_000, 100):
        monkeypatch.setattr(pointcloud, "AT_ONCE", at_once)
        reading = pointcloud.read(blob_of(path), read_options(clip=box))
        message = next(f.message for f in reading.findings.collected() if f.code == "gridded")
        assert message.startswith(f"{inside} points were put in cells")
