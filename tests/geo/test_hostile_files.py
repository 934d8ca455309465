"""Vector files, rasters and point clouds of careless and hostile writers: a City or an error, nothing read elsewhere, no crash."""

from __future__ import annotations

import json
import random
import resource
import socket
import sqlite3
import struct
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import laspy
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import rasterio
import shapely

from twin.errors import FormatError, TwinError
from twin.geo.city import City
from twin.geo.readers import raster, read
from twin.geo.readers.options import read_options
from twin.geo.readers.source import blob_of

RD = "EPSG:28992"


def city_of(path: Path | list[Path], **options: Any) -> City:
    return read(path if isinstance(path, list) else str(path), read_options(**options))


@pytest.fixture
def visits() -> Iterator[list[str]]:
    """What is asked of a web server on this machine while a test runs; its port is the first entry."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)
    seen = [str(server.getsockname()[1])]
    done = threading.Event()

    def listen() -> None:
        while not done.is_set():
            try:
                visitor, _ = server.accept()
            except TimeoutError:
                continue
            seen.append(visitor.recv(200).decode("latin-1"))
            visitor.close()

    thread = threading.Thread(target=listen)
    thread.start()
    yield seen
    done.set()
    thread.join()
    server.close()


def geotiff(path: Path, rows: int = 30, columns: int = 40, **profile: Any) -> Path:
    heights = (3 + np.arange(rows * columns, dtype=np.float32).reshape(rows, columns) % 7)[None]
    place = rasterio.Affine(1, 0, 136000, 0, -1, 455000)
    size = {"count": 1, "height": rows, "width": columns, "dtype": "float32"}
    with rasterio.open(path, "w", driver="GTiff", crs=RD, transform=place, **size, **profile) as file:
        file.write(heights)
    return path


def vrt(source: str, more: str = "", band: str = "", dataset: str = "", kind: str = "SimpleSource", relative: str = "1") -> str:
    return (
        f'<VRTDataset rasterXSize="40" rasterYSize="30"{dataset}><SRS>EPSG:28992</SRS>'
        f"<GeoTransform>136000, 1, 0, 455000, 0, -1</GeoTransform>{more}"
        f'<VRTRasterBand dataType="Float32" band="1"{band}><{kind}>'
        f'<SourceFilename relativeToVRT="{relative}">{source}</SourceFilename><SourceBand>1</SourceBand>'
        f'<SrcRect xOff="0" yOff="0" xSize="40" ySize="30"/><DstRect xOff="0" yOff="0" xSize="40" ySize="30"/>'
        f"</{kind}></VRTRasterBand></VRTDataset>"
    )


def read_or_told(path: Path) -> City | None:
    """The city, or None when an error said what is wrong."""
    told: TwinError | None = None
    try:
        return city_of(path)
    except TwinError as error:
        told = error
    assert told.what
    assert told.where
    return None


def test_a_plain_vrt_is_a_mosaic(tmp_path: Path) -> None:
    geotiff(tmp_path / "tile.tif")
    (tmp_path / "dtm.vrt").write_text(vrt("tile.tif"))
    city, alone = city_of(tmp_path / "dtm.vrt"), city_of(tmp_path / "tile.tif")
    assert city.terrain is not None
    assert city.terrain.height.tobytes() == alone.terrain.height.tobytes()
    assert city.sources[0].format == "GDAL virtual raster"
    part = city_of(tmp_path / "dtm.vrt", clip=(136010, 454980, 136020, 454990))
    assert part.terrain.grid.shape == (10, 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (lambda port: vrt(f"/vsicurl/http://127.0.0.1:{port}/x.tif", relative="0"), "not a file in the folder"),
        (lambda port: vrt(f"/vsicurl/http://127.0.0.1:{port}/x.tif"), "not a file in the folder"),
        (lambda port: vrt(f"http://127.0.0.1:{port}/x.tif"), "not a file in the folder"),
        (lambda port: vrt("../secret.tif"), "out of the folder"),
        (lambda port: vrt("a/../../secret.tif"), "out of the folder"),
        (lambda port: vrt("/etc/passwd", relative="0"), "not a file in the folder"),
        (lambda port: vrt("/etc/passwd"), "not a file in the folder"),
        (lambda port: vrt("link.tif"), "a link out of the folder"),
        (lambda port: vrt("other.vrt"), "neither a GeoTIFF nor"),
        (lambda port: vrt("missing.tif"), "not there"),
        (lambda port: vrt("&lt;VRTDataset/&gt;"), "not a file in the folder"),
        (lambda port: vrt("tile.tif", band=' subClass="VRTDerivedRasterBand"'), "attribute `subClass`"),
        (lambda port: vrt("tile.tif", dataset=' subClass="VRTWarpedDataset"'), "attribute `subClass`"),
        (lambda port: vrt("tile.tif", more="<PixelFunctionCode>import os</PixelFunctionCode>"), "element `PixelFunctionCode`"),
        (lambda port: vrt("tile.tif", more="<OverviewList>2</OverviewList>"), "element `OverviewList`"),
        (lambda port: vrt("tile.tif", kind="KernelFilteredSource"), "element `KernelFilteredSource`"),
        (lambda port: vrt("tile.tif").replace("<SourceBand>", "<OpenOptions/><SourceBand>"), "OpenOptions"),
        (lambda port: '<!DOCTYPE a [<!ENTITY b SYSTEM "/etc/passwd">]>' + vrt("&b;"), "no known format|XML|document type"),
        (lambda port: "<VRTDataset rasterXSize='9' rasterYSize='9'><!DOCTYPE a></VRTDataset>", "broken XML"),
        (lambda port: vrt("tile.tif").replace('rasterXSize="40"', 'rasterXSize="2000000000"'), "cells"),
        (lambda port: "<VRTDataset>" + "<a>" * 5000, "broken XML"),
    ],
)  # fmt: skip
def test_a_vrt_leads_nowhere(tmp_path: Path, visits: list[str], text: Callable[[str], str], message: str) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    geotiff(tmp_path / "secret.tif")
    geotiff(folder / "tile.tif")
    (folder / "link.tif").symlink_to(tmp_path / "secret.tif")
    (folder / "other.vrt").write_text(vrt("tile.tif"))
    (folder / "dtm.vrt").write_text(text(visits[0]))
    with pytest.raises(FormatError, match=message):
        city_of(folder / "dtm.vrt")
    assert len(visits) == 1


@pytest.mark.parametrize("suffix", [".ovr", ".aux.xml"])
def test_side_cars_of_a_raster_are_not_followed(tmp_path: Path, visits: list[str], suffix: str) -> None:
    """Without our settings GDAL asks the server for the overviews that these name."""
    path = geotiff(tmp_path / "dtm.tif")
    address = f"/vsicurl/http://127.0.0.1:{visits[0]}/x"
    far = vrt(f"{address}.tif", relative="0")
    if suffix == ".aux.xml":
        entry = f'<MDI key="OVERVIEW_FILE">{address}.ovr</MDI>'
        far = f'<PAMDataset><Metadata domain="OVERVIEWS">{entry}</Metadata></PAMDataset>'
    Path(f"{path}{suffix}").write_text(far)
    with raster._opened(blob_of(path), path) as (file, _):
        assert file.overviews(1) == []
    assert np.isfinite(city_of(path).terrain.height).all()
    assert len(visits) == 1


def test_a_mask_beside_a_raster_is_told(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "dtm.tif")
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, "r+") as file:
        file.write_mask(np.arange(30 * 40).reshape(30, 40) > 5)
    assert (tmp_path / "dtm.tif.msk").exists()
    assert "mask-beside" in city_of(path).quality.counts()


def test_json_that_gdal_would_run_or_fetch(tmp_path: Path, visits: list[str]) -> None:
    address = f"http://127.0.0.1:{visits[0]}/x.geojson"
    pipeline = {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read /vsicurl/{address} ! write x"}
    texts = [
        json.dumps({**pipeline, "features": [], "x": {"type": "FeatureCollection"}}),
        json.dumps({"type": "FeatureCollection", "features": [], "links": [{"rel": "next", "href": address}]}),
        json.dumps({"type": "FeatureCollection", "crs": {"type": "link", "properties": {"href": address}}, "features": []}),
        json.dumps({"type": "FeatureCollection", "features": [], "stac_version": "1.0.0", "assets": {"a": {"href": address}}}),
    ]
    for number, text in enumerate(texts):
        path = tmp_path / f"a{number}.geojson"
        path.write_text(text)
        city = read_or_told(path)
        assert city is None or not any(len(frame) for frame in city.layers.values())
    assert len(visits) == 1


@pytest.mark.parametrize("name", ["x.vrt", "x.gpkg", "x.shp", "x.geojson"])
def test_virtual_vector_formats_are_not_read(tmp_path: Path, visits: list[str], name: str) -> None:
    source = f"<SrcDataSource>/vsicurl/http://127.0.0.1:{visits[0]}/x.gpkg</SrcDataSource>"
    (tmp_path / name).write_text(f'<OGRVRTDataSource><OGRVRTLayer name="buildings">{source}</OGRVRTLayer></OGRVRTDataSource>')
    with pytest.raises(FormatError, match="this is XML"):
        city_of(tmp_path / name)
    assert len(visits) == 1


def geopackage(path: Path) -> Path:
    frame = gpd.GeoDataFrame({"height": [3.0, 4.0]}, geometry=[shapely.box(0, 0, 5, 5), shapely.box(9, 9, 12, 12)], crs=RD)
    pyogrio.write_dataframe(frame, path, layer="buildings")
    return path


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE VIEW more AS SELECT * FROM buildings", "`more` is a view"),
        ("CREATE VIEW more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n", "`more` is a view"),
        ("CREATE VIRTUAL TABLE x USING fts5(a)", "`x` is a virtual table"),
        ("ALTER TABLE gpkg_contents RENAME TO c; CREATE VIEW gpkg_contents AS SELECT * FROM c", "is a view"),
        ("DROP TABLE gpkg_contents", "broken"),
        ("DROP TABLE buildings", "broken|no layer"),
        ("UPDATE gpkg_ogr_contents SET feature_count = 1000000000000", ""),
        ("UPDATE gpkg_geometry_columns SET srs_id = 77", ""),
        ("UPDATE buildings SET geom = x'00'", ""),
        ("UPDATE buildings SET geom = zeroblob(100000)", ""),
    ],
)  # fmt: skip
def test_geopackages_that_run_or_lie(tmp_path: Path, sql: str, message: str) -> None:
    path = geopackage(tmp_path / "a.gpkg")
    base = sqlite3.connect(path)
    for name, count in (("ST_IsEmpty", 1), ("ST_MinX", 1), ("ST_MaxX", 1), ("ST_MinY", 1), ("ST_MaxY", 1)):
        base.create_function(name, count, lambda *_: 0)
    base.executescript(sql)
    base.commit()
    base.close()
    if message:
        with pytest.raises(TwinError, match=message):
            city_of(path)
        return
    read_or_told(path)


def test_a_geopackage_that_is_open_elsewhere(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "a.gpkg")
    (tmp_path / "a.gpkg-wal").write_bytes(b"x")
    with pytest.raises(FormatError, match="another program"):
        city_of(path)


def test_a_plain_database_is_no_geopackage(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "a.gpkg")
    base.execute("CREATE TABLE x (a)")
    base.commit()
    base.close()
    with pytest.raises(FormatError, match="SQLite file that is not a GeoPackage"):
        city_of(tmp_path / "a.gpkg")


def test_parquet_that_swells_or_has_no_geometry(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "a.parquet")
    with pytest.raises(FormatError, match="not a GeoParquet"):
        city_of(tmp_path / "a.parquet")
    geo = json.dumps(
        {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}}}
    )
    swollen = pa.table({"geometry": pa.array([b""] * 40_000_000, type=pa.binary())}).replace_schema_metadata({"geo": geo})
    pq.write_table(swollen, tmp_path / "b.parquet", compression="zstd")
    del swollen
    tracemalloc.start()
    with pytest.raises(FormatError, match="40000000 rows in"):
        city_of(tmp_path / "b.parquet")
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_rasters_that_swell(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "dtm.tif", 30, 40)
    content = bytearray(path.read_bytes())
    # Tags 256 and 257: width and height.
    first = struct.unpack_from("<I", content, 4)[0]
    for number in range(struct.unpack_from("<H", content, first)[0]):
        place = first + 2 + 12 * number
        if struct.unpack_from("<H", content, place)[0] in (256, 257):
            struct.pack_into("<HII", content, place + 2, 4, 1, 19_000)
    path.write_bytes(bytes(content))
    with pytest.raises(FormatError):
        city_of(path)
    profile = {"height": 60_000, "width": 6_000, "count": 1, "dtype": "float32", "SPARSE_OK": True, "tiled": True}
    place = rasterio.Affine(1, 0, 136000, 0, -1, 455000)
    rasterio.open(tmp_path / "sparse_dtm.tif", "w", driver="GTiff", crs=RD, transform=place, **profile).close()
    with pytest.raises(FormatError, match="60000 x 6000 cells in a file of"):
        city_of(tmp_path / "sparse_dtm.tif")
    one_block = {**profile, "height": 20_000, "width": 20_000, "tiled": False, "blockysize": 20_000, "compress": "deflate"}
    rasterio.open(tmp_path / "block_dtm.tif", "w", driver="GTiff", crs=RD, transform=place, **one_block).close()
    with pytest.raises(FormatError, match="blocks of 1600 MB"):
        city_of(tmp_path / "block_dtm.tif", clip=(136000, 454990, 136010, 455000))


def cloud(path: Path, points: int = 400) -> Path:
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.scales, header.offsets = [0.01] * 3, [136000.0, 455000.0, 0.0]
    las = laspy.LasData(header)
    chance = np.random.default_rng(1)
    las.x, las.y, las.z = 136000 + 20 * chance.random(points), 455000 + 20 * chance.random(points), chance.random(points)
    las.classification = np.full(points, 2)
    las.write(path)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: struct.pack_into("<I", c, 96, 2**31), "no room"),
        (lambda c: struct.pack_into("<I", c, 100, 2**32 - 1), "no room"),
        (lambda c: struct.pack_into("<Q", c, 247, 10**15), "ends too early: it states 1000000000000000 points"),
        (lambda c: struct.pack_into("<QI", c, 235, 100, 2**32 - 1), "extended records beyond"),
        (lambda c: struct.pack_into("<H", c, 105, 1), "cannot be"),
        (lambda c: struct.pack_into("<B", c, 104, 63), "cannot be"),
        (lambda c: struct.pack_into("<BB", c, 24, 9, 9), "LAS 9.9"),
        (lambda c: struct.pack_into("<d", c, 179, np.nan), "bounds that cannot be"),
        (lambda c: struct.pack_into("<d", c, 179, 1e300), "bounds that cannot be"),
        (lambda c: c.__delitem__(slice(200, None)), "ends in its header"),
        (lambda c: c.__delitem__(slice(-1000, None)), "ends too early"),
    ],
)  # fmt: skip
def test_headers_of_clouds_that_lie(tmp_path: Path, change: Callable[[bytearray], Any], message: str) -> None:
    path = cloud(tmp_path / "a.las")
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(bytes(content))
    with pytest.raises(FormatError, match=message):
        city_of(path)


def test_a_packed_cloud_that_states_too_many_points(tmp_path: Path) -> None:
    path = cloud(tmp_path / "a.laz")
    content = bytearray(path.read_bytes())
    struct.pack_into("<Q", content, 247, 10**12)
    path.write_bytes(bytes(content))
    with pytest.raises(FormatError, match="1000000000000 points in"):
        city_of(path)
    struct.pack_into("<Q", content, 247, 100_000)
    path.write_bytes(bytes(content))
    with pytest.raises(FormatError):
        city_of(path)


def vectors(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        frame = gpd.GeoDataFrame(
            {"height": [3.0, 4.0], "name": ["a", "b"]}, geometry=[shapely.box(0, 0, 5, 5), shapely.box(9, 9, 12, 12)], crs=RD
        )
        if name.endswith(".parquet"):
            frame.to_parquet(folder / name)
        else:
            pyogrio.write_dataframe(frame, folder / name)
        return folder / name

    return make


KINDS: dict[str, Callable[[Path], Path]] = {
    "gpkg": vectors("houses.gpkg"), "shp": vectors("houses.shp"), "fgb": vectors("houses.fgb"),
    "parquet": vectors("houses.parquet"),
    "geojson": vectors("houses.geojson"),
    "tif": lambda folder: geotiff(folder / "dtm.tif"),
    "tif-deflate": lambda folder: geotiff(folder / "dtm.tif", compress="deflate", tiled=True, blockxsize=16, blockysize=16),
    "las": lambda folder: cloud(folder / "a.las"), "laz": lambda folder: cloud(folder / "a.laz"),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("seed", range(25))
def test_any_damage_is_read_or_told(tmp_path: Path, kind: str, seed: int) -> None:
    chance = random.Random(f"{kind}{seed}")
    path = KINDS[kind](tmp_path)
    victim = chance.choice(sorted(tmp_path.glob(f"{path.stem}.[!pc]*"))) if kind == "shp" else path
    content = bytearray(victim.read_bytes())
    for _ in range(chance.randint(1, 12)):
        # The beginning is where counts and places are.
        place = chance.randrange(min(len(content), chance.choice([120, 600, len(content)])))
        match chance.randrange(5):
            case 0:
                del content[place : place + chance.randint(1, 300)]
            case 1:
                content[place : place + 4] = struct.pack("<I", chance.choice([0, 1, 2**31 - 1, 2**32 - 1, chance.randrange(2**32)]))
            case 2:
                content[place : place + 8] = struct.pack("<d", chance.choice([np.nan, np.inf, 1e308, -1.0, 0.0]))
            case _:
                content[place] = chance.randrange(256)
        if len(content) < 16:
            break
    victim.write_bytes(bytes(content))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    city = read_or_told(path)
    if city is not None:
        assert np.isfinite(city.surfaces.vertices).all()
        assert city.summary()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000, "half a gigabyte for a few kilobytes"


@pytest.mark.parametrize("layer", ["buildings", "streets", "utilities", "pits"])
def test_shapes_that_go_nowhere_are_read_and_drawn(tmp_path: Path, layer: str) -> None:
    import viewer

    x, y = 136_700.0, 455_700.0
    point = shapely.LineString([(x, y), (x, y)])
    lines = [point, shapely.MultiLineString([point, shapely.LineString([(x, y), (x + 9, y)])])]
    flat = shapely.Polygon([(x, y), (x, y), (x, y), (x, y)])
    areas = [flat, shapely.Polygon([(x, y), (x + 5, y), (x + 9, y), (x, y)]), shapely.box(x, y, x + 9, y + 9)]
    shapes = lines if layer in ("streets", "utilities") else areas
    frame = gpd.GeoDataFrame({"diameter": [0.3] * len(shapes)}, geometry=shapes, crs=RD)
    frame.to_file(tmp_path / "odd.gpkg", layer="odd")
    with rasterio.open(
        tmp_path / "dtm.tif", "w", driver="GTiff", width=40, height=40, count=1, dtype="float32", crs=RD,
        transform=rasterio.Affine(1.0, 0.0, x - 10, 0.0, -1.0, y + 20),
    ) as raster_file:  # fmt: skip
        raster_file.write(np.full((1, 40, 40), 3.0, dtype=np.float32))
    city = city_of([tmp_path / "odd.gpkg", tmp_path / "dtm.tif"], layer={"odd": layer})
    assert len(city.layers[layer]) == len(shapes)
    viewer.compose(city)
