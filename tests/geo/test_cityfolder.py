"""A city folder gives back what was saved, and nothing gets in or out of it that should not."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal

from twin.errors import CRSError, FormatError, MissingFileError, OutputError
from twin.geo.city import City, Finding, Quality, read_city
from twin.geo.terrain import Terrain
from twin.geo.writers.toml import dumps
from twin.grid import GridSpec

Put = Callable[..., Path]


def assert_same_city(a: City, b: City, *, exact: bool = True) -> None:
    assert a.crs == b.crs
    assert_array_equal(a.origin, b.origin)
    for name in a.layers:
        assert_geodataframe_equal(a.layers[name], b.layers[name], check_crs=True)
    assert_frame_equal(a.objects, b.objects)
    assert (a.sources, a.quality, a.name, a.date, a.synthetic) == (b.sources, b.quality, b.name, b.date, b.synthetic)
    assert (a.terrain is None) == (b.terrain is None)
    if a.terrain is not None and b.terrain is not None:
        assert a.terrain.grid == b.terrain.grid
        assert_array_equal(a.terrain.height, b.terrain.height)
    corners_a, corners_b = a.surfaces.vertices[a.surfaces.triangles], b.surfaces.vertices[b.surfaces.triangles]
    assert_array_equal(a.surfaces.owner, b.surfaces.owner)
    assert_array_equal(a.surfaces.semantic, b.surfaces.semantic)
    if exact:
        assert_array_equal(corners_a, corners_b)
    else:
        assert_allclose(corners_a, corners_b, atol=0.00051)


@pytest.fixture
def city(house: dict[str, Any], put: Put) -> City:
    """One house with terrain, and layers with columns of every kind."""
    read = read_city(put(house))
    points = gpd.GeoDataFrame(
        {
            "truth": [True, False, True],
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "whole": [1, -2, 2**40],
            "some": pd.array([1, None, 3], dtype="Int64"),
            "small": np.array([1, 2, 3], dtype="int16"),
            "half": np.array([0.1, 0.2, np.nan], dtype="float32"),
            "number": [0.1, np.nan, -1e300],
            "text": pd.array(["a 'quoted\" <b>", None, "é\n\t"], dtype="str"),
            "Text": pd.array(["x", "y", "z"], dtype="str"),
            "loose": pd.Series(["a", None, "b"], dtype="object").to_numpy(),
            "nested": pd.Series([{"q": [1.5, 2]}, None, [1, "two"]], dtype="object").to_numpy(),
            "fid": [7, 8, 9],
            "geom": [1.0, 2.0, 3.0],
            "with space; DROP TABLE": [1, 2, 3],
        },
        geometry=[shapely.Point(136000.123456789, 455001.5), shapely.Point(), shapely.Point(1, 2, 3)],
        index=pd.Index(["t1", "t2", "t3"], name="id", dtype="str"),
        crs=read.crs,
    )
    mixed = gpd.GeoDataFrame(
        {"z_m": [1.0, 2.0, np.nan]},
        geometry=[
            shapely.box(0, 0, 1, 1 / 3),
            shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)]),
            shapely.Polygon(),
        ],
        index=pd.Index(["w1", "w2", "w3"], name="id", dtype="str"),
        crs=read.crs,
    )
    height = np.arange(12, dtype=np.float32).reshape(3, 4) / 7
    height[0, 0] = np.nan
    terrain = Terrain(GridSpec(136000.25, 455003.5, 0.5, (3, 4), "EPSG:7415"), height)
    finding = Finding("code", "house", 'a "message" with <b> and\nlines', "info", "a.b[0]")
    with_layers = read.with_layer("trees", points).with_layer("water", mixed)
    return replace(with_layers, terrain=terrain, quality=Quality((finding,)), name='Wharf "A"', date="2026-04-27", synthetic=True)


def test_everything_comes_back(city: City, tmp_path: Path) -> None:
    folder = city.save(tmp_path / "out")
    again = read_city(folder)
    assert_same_city(city, again)
    assert_same_city(again, read_city(again.save(tmp_path / "second")))
    assert {path.name for path in folder.iterdir()} == {
        "city.toml", "objects.city.json", "buildings.gpkg", "trees.gpkg", "water.gpkg", "terrain.tif", "quality.json"
    }  # fmt: skip
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


BIG = 2**53 + 1


@pytest.mark.parametrize(
    "column",
    [
        pd.array([BIG, None, -(2**63)], dtype="Int64"),
        pd.array([None, None, None], dtype="Int64"),
        np.array([BIG, -BIG, 2**63 - 1]),
        np.array([BIG, 1, 2**64 - 1], dtype="uint64"),
        pd.array([BIG, None, 2**64 - 1], dtype="UInt64"),
        pd.array([1, None, 3], dtype="Int8"),
        pd.array([1, None, 2**32 - 1], dtype="UInt32"),
        pd.array([0.1, None, 1e300], dtype="Float64"),
        np.array([5e-324, np.inf, 0.1]),
        pd.array(["\0x\u2028é", None, "a\0"], dtype="str"),
        pd.array(["", None, "[1]"], dtype="str"),
        pd.Series(["\0", None, '"q"'], dtype="object").to_numpy(),
        pd.Series([{"a": BIG, "b": "\0"}, None, [1, "1", 1.5]], dtype="object").to_numpy(),
        pd.to_datetime(["2020-02-29T23:59:59.999999999", None, "1850-01-01"], format="ISO8601").to_numpy(),
    ],
)
def test_values_come_back_to_the_last_digit(city: City, tmp_path: Path, column: Any) -> None:
    trees = city.trees[["text", "geometry"]]
    trees.insert(0, "value", column)
    again = read_city(city.with_layer("trees", trees).save(tmp_path / "town"))
    assert_geodataframe_equal(trees, again.trees)
    assert [repr(one) for one in trees["value"].tolist()] == [repr(one) for one in again.trees["value"].tolist()]


def test_what_a_folder_cannot_keep_is_refused(city: City, tmp_path: Path) -> None:
    """Nothing is changed without a word: not in ids, not in values of columns of objects."""
    odd = city.trees.set_axis(pd.Index(["a\0", "b", "c"], name="id", dtype="str"))
    with pytest.raises(OutputError, match="ids of the layer came back as others") as caught:
        city.with_layer("trees", odd).save(tmp_path / "town")
    assert "NUL" in str(caught.value.hint)
    infinite = city.trees.assign(value=pd.Series([np.inf, "x", None], dtype="object").to_numpy())
    with pytest.raises(OutputError, match="values of column `value` came back as others"):
        city.with_layer("trees", infinite).save(tmp_path / "town")
    assert not (tmp_path / "town").exists()


def test_a_folder_that_reads_otherwise_is_not_written(city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison sees one digit of one value, one corner of a shape, and one cell of a raster."""
    trees = city.trees.assign(value=[1.0, 2.0, 3.0])
    good = city.with_layer("trees", trees)
    assert good.terrain is not None
    cells = good.terrain.height.copy()
    cells[1, 1] = np.nextafter(cells[1, 1], np.float32(9))
    moved = trees.set_geometry(trees.translate(1e-9))
    for other, message in (
        (good.with_layer("trees", trees.assign(value=[1.0, np.nextafter(2.0, 3.0), 3.0])), "column `value`"),
        (good.with_layer("trees", trees.assign(value=[1.0, np.nan, 3.0])), "column `value`"),
        (good.with_layer("trees", moved), "shapes of the layer"),
        (good.with_layer("trees", trees.iloc[:2]), "2 rows of 3"),
        (replace(good, terrain=Terrain(good.terrain.grid, cells)), "terrain came back with other heights"),
        (replace(good, terrain=None), "terrain came back with other heights"),
    ):
        monkeypatch.setattr("twin.geo.writers.cityfolder.read_again", lambda place, target, other=other: other)
        with pytest.raises(OutputError, match=message):
            good.save(tmp_path / "town")


def test_the_same_city_gives_the_same_bytes(city: City, tmp_path: Path) -> None:
    first, second = city.save(tmp_path / "first"), city.save(tmp_path / "second")
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_index_says_what_is_there(city: City, tmp_path: Path) -> None:
    index = tomllib.loads((city.save(tmp_path / "out") / "city.toml").read_text(encoding="utf-8"))
    assert index["crs"] == "EPSG:7415"
    assert index["synthetic"] is True
    assert index["origin"] == [136000.0, 455000.0, 0.0]
    assert len(index["extent"]) == 4
    assert all(len(entry["sha256"]) == 64 for entry in index["files"])


def test_vertices_move_less_than_half_a_millimetre(city: City, tmp_path: Path) -> None:
    turned = replace(city, surfaces=city.surfaces.translated((0.12345678, 1 / 3, -2 / 7)))
    once = read_city(turned.save(tmp_path / "a"))
    assert_same_city(turned, once, exact=False)
    assert_same_city(once, read_city(once.save(tmp_path / "b")))


def test_local_plane_comes_back(house: dict[str, Any], put: Put, tmp_path: Path) -> None:
    del house["metadata"]
    city = read_city(put(house))
    assert_same_city(city, read_city(city.save(tmp_path / "out")))


def test_empty_city_comes_back(city: City, tmp_path: Path) -> None:
    empty = City(city.crs, np.zeros(3))
    assert_same_city(empty, read_city(empty.save(tmp_path / "out")))


def test_types_that_cityjson_does_not_have(city: City, tmp_path: Path) -> None:
    odd = city.objects.assign(type="Cellar", layer="cellars", lod="2.5")
    odd_city = replace(city, objects=odd)
    assert_same_city(odd_city, read_city(odd_city.save(tmp_path / "out")))


def test_saving_again_replaces_a_city_folder_only(city: City, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    city.save(folder)
    smaller = city.without(["house"])
    smaller.save(folder)
    assert_same_city(smaller, read_city(folder))
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"not its own: notes.txt"):
        city.save(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match="not a city folder"):
        city.save(other)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="something else"):
        city.save(tmp_path / "file")


def test_nothing_half_written_stays(city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = city.save(tmp_path / "out")
    before = (folder / "city.toml").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("twin.geo.writers.cityfolder.dumps", full)
    with pytest.raises(OutputError, match="No space left"):
        city.save(folder)
    assert (folder / "city.toml").read_bytes() == before
    with pytest.raises(OutputError):
        city.save(tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["house.city.json", "out"]


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    path = folder / "city.toml"
    index = tomllib.loads(path.read_text(encoding="utf-8"))
    change(index)
    path.write_text(dumps(index), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["../secret.json", "/etc/passwd", "..", "", "a/b", "a\\b", "C:x", "sub/../../x"])
def test_no_path_leaves_the_folder(city: City, tmp_path: Path, name: str) -> None:
    folder = edit(city.save(tmp_path / "out"), lambda index: index["files"][0].__setitem__("path", name))
    with pytest.raises(FormatError, match="not the name of a file in the folder"):
        read_city(folder)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_refused(city: City, tmp_path: Path) -> None:
    folder = city.save(tmp_path / "out")
    (folder / "objects.city.json").rename(tmp_path / "elsewhere.json")
    (folder / "objects.city.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(FormatError, match="is a link"):
        read_city(folder)


def test_changed_and_missing_files_are_told(city: City, tmp_path: Path) -> None:
    folder = city.save(tmp_path / "out")
    path = folder / "objects.city.json"
    path.write_bytes(path.read_bytes().replace(b"house", b"hovel"))
    with pytest.raises(FormatError, match="checksum does not match") as caught:
        read_city(folder)
    assert caught.value.where == str(path)
    assert caught.value.hint
    path.rename(folder / "object.city.json")
    with pytest.raises(MissingFileError, match=r"lists `objects.city.json`.*did you mean `object.city.json`"):
        read_city(folder)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda i: i.__setitem__("format", "x"), FormatError, "not the index of a city folder"),
        (lambda i: i.__setitem__("format_version", 9), FormatError, "version 9"),
        (lambda i: i.__setitem__("crs", "EPSG:4326"), CRSError, "degrees"),
        (lambda i: i.__setitem__("crs", "PROJCS[nonsense"), CRSError, "not a coordinate reference system"),
        (lambda i: i.__setitem__("origin", [1.0, 2.0]), FormatError, "`origin` is not 3 numbers"),
        (lambda i: i.__setitem__("files", "x"), FormatError, "`files` is not"),
        (lambda i: i["files"][1].__setitem__("layer", "bildings"), FormatError, "did you mean `buildings`"),
        (lambda i: i["files"][1].__setitem__("kind", "program"), FormatError, "not a kind of file"),
        (lambda i: i["files"][1]["columns"][0].__setitem__("kind", "os.system"), FormatError, "not a kind of column"),
        (lambda i: i["files"][1]["columns"][0].__setitem__("stored", "nix"), FormatError, "cannot be read"),
        (lambda i: i["files"][-2].__setitem__("rows", 4000), FormatError, "is not the"),
        (lambda i: i["files"][1].__setitem__("rows", 7), FormatError, "holds 1 rows, not 7"),
    ],
)
def test_a_broken_index_is_told(
    city: City, tmp_path: Path, change: Callable[[dict[str, Any]], None], error: type[Exception], message: str
) -> None:
    folder = edit(city.save(tmp_path / "out"), change)
    with pytest.raises(error, match=message) as caught:
        read_city(folder)
    assert "out" in str(caught.value)


def test_what_only_looks_like_a_geopackage_is_refused(city: City, tmp_path: Path) -> None:
    folder = city.save(tmp_path / "out")
    elsewhere = b"<OGRVRTDataSource><OGRVRTLayer name='buildings'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>"
    (folder / "buildings.gpkg").write_bytes(elsewhere + b"</OGRVRTDataSource>" + b" " * 100)
    digest = hashlib.sha256((folder / "buildings.gpkg").read_bytes()).hexdigest()
    edit(folder, lambda index: index["files"][1].__setitem__("sha256", digest))
    with pytest.raises(FormatError, match="is not a GeoPackage"):
        read_city(folder)


def test_a_small_terrain_does_not_eat_memory(city: City, tmp_path: Path) -> None:
    def grow(index: dict[str, Any]) -> None:
        index["files"][-2] |= {"rows": 30_000, "columns": 30_000}

    with pytest.raises(FormatError, match="in so small a file is refused"):
        read_city(edit(city.save(tmp_path / "out"), grow))


def test_broken_toml_is_told(city: City, tmp_path: Path) -> None:
    folder = city.save(tmp_path / "out")
    (folder / "city.toml").write_text("format = [", encoding="utf-8")
    with pytest.raises(FormatError, match="broken TOML"):
        read_city(folder)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["DenHaag_01.city.json.zip", "delft.json", "delft_subset.city.jsonl"])
def test_real_cities_come_back(real_data: Path, tmp_path: Path, name: str) -> None:
    city = read_city(real_data / "cityjson" / name)
    once = read_city(city.save(tmp_path / "out"))
    assert len(once.surfaces) == len(city.surfaces)
    assert_allclose(once.surfaces.areas().sum(), city.surfaces.areas().sum(), rtol=1e-6)
    for layer in city.layers:
        assert_geodataframe_equal(city.layers[layer], once.layers[layer])
    assert_same_city(once, read_city(once.save(tmp_path / "again")))
