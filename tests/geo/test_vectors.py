"""Vector files: formats, systems, ids, repairs, and which layer of a city their rows become."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from numpy.testing import assert_allclose
from pyproj import CRS, Transformer

from twin.errors import CRSError, FormatError, ParameterError
from twin.geo.city import City
from twin.geo.readers import read
from twin.geo.readers.options import read_options
from twin.geo.readers.vector_layers import layer_by_name
from twin.geo.topology import signed_volumes

RD = "EPSG:28992"
A, B = shapely.box(136000, 455000, 136010, 455020), shapely.box(136020, 455000, 136030, 455010)
BOW_TIE = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
EIGHT = shapely.Polygon([(0, 0), (10, 0), (10, 10), (5, 5), (10, 20), (0, 20), (5, 5), (0, 0)])
"""Touches itself in a point: not valid, and its area is not in doubt."""


def city_of(path: Path | list[Path], **options: Any) -> City:
    return read(path if isinstance(path, list) else str(path), read_options(**options))


def codes(city: City) -> dict[str, int]:
    return city.quality.counts()


def houses(**columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[A, B], crs=RD)


def write(frame: gpd.GeoDataFrame, path: Path, **more: Any) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        pyogrio.write_dataframe(frame, path, **more)
    return path


@pytest.mark.parametrize("name", ["houses.gpkg", "houses.shp", "houses.fgb", "houses.parquet", "houses.geojson"])
def test_every_format_gives_the_same_city(tmp_path: Path, name: str) -> None:
    frame = houses(height=[10.0, 5.0], naam=["één", "twee"], nr=pd.array([1, 2], dtype="int32"))
    city = city_of(write(frame, tmp_path / name))
    assert CRS(city.crs).to_epsg() == 28992
    rows = city.buildings.sort_values("height", ascending=False)
    assert rows["height_m"].tolist() == [10.0, 5.0]
    assert rows["naam"].tolist() == ["één", "twee"]
    assert rows["nr"].tolist() == [1, 2]
    assert set(rows["height_source"]) == {"attribute:height"}
    assert [shape.equals(other) for shape, other in zip(rows.geometry, [A, B], strict=True)] == [True, True]
    assert_allclose(np.sort(signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), 2)), [500.0, 2000.0])
    assert city.sources[0].sha256


def test_shapefile_in_a_zip_brings_its_siblings(tmp_path: Path) -> None:
    write(houses(height=[10.0, 5.0]), tmp_path / "houses.shp")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf", "prj", "cpg"):
            archive.write(tmp_path / f"houses.{suffix}", f"folder/houses.{suffix}")
    city = city_of(tmp_path / "all.zip")
    assert city.buildings["height_m"].tolist() == [10.0, 5.0]
    assert "not-read" not in codes(city)


def test_shapefile_without_siblings(tmp_path: Path) -> None:
    path = write(houses(height=[10.0, 5.0]), tmp_path / "houses.shp")
    for suffix in (".shx", ".dbf", ".prj"):
        path.with_suffix(suffix).unlink()
    city = city_of(path)
    assert codes(city)["sibling-missing"] == 3
    assert codes(city)["no-crs"] == 1
    assert city.crs.to_authority() is None
    assert len(city.buildings) == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["houses.cpg", "houses.shp"], "nothing is written beside the file"


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".fgb", ".parquet"])
def test_a_file_without_a_system_is_told(tmp_path: Path, suffix: str) -> None:
    """And what it was taken for: a plane that lies nowhere, or the system that was asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pyogrio says the same
        path = write(houses(height=[10.0, 5.0]).set_crs(None, allow_override=True), tmp_path / f"houses{suffix}")
    path.with_suffix(".prj").unlink(missing_ok=True)
    for crs, taken in ((None, "local plane"), ("EPSG:28992", "EPSG:28992, which was asked for")):
        city = city_of(path, crs=crs)
        found = [one for one in city.quality.findings if one.code == "no-crs"]
        assert len(found) == 1
        assert found[0].severity == "warning"
        assert found[0].path == path.name
        assert taken in found[0].message
        assert ("local plane" in found[0].message) == (crs is None)
        assert (city.crs.to_epsg() == 28992) == (crs is not None)
        siblings = [one.message for one in city.quality.findings if one.code == "sibling-missing"]
        assert len(siblings) == (1 if suffix == ".shp" else 0)
        assert all("houses.prj" in one for one in siblings)


def test_layers_of_which_none_states_a_system_are_told_once(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    frame = houses(height=[10.0, 5.0]).set_crs(None, allow_override=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pyogrio says the same
        write(frame, path, layer="buildings")
        write(frame, path, layer="landuse")
    city = city_of(path)
    assert codes(city)["no-crs"] == 1
    assert (len(city.buildings), len(city.landuse)) == (2, 2)


def test_table_of_attributes_in_utf8_that_does_not_say_so(tmp_path: Path) -> None:
    path = write(houses(naam=["Öppen mark", "żółw"], height=[1.0, 2.0]), tmp_path / "houses.shp", encoding="UTF-8")
    path.with_suffix(".cpg").unlink()
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = 0
    path.with_suffix(".dbf").write_bytes(bytes(table))
    assert city_of(path).buildings["naam"].tolist() == ["Öppen mark", "żółw"]


def geojson(*shapes: Any, crs: str | None = None, **columns: Any) -> str:
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(shape),
            "properties": {key: values[n] for key, values in columns.items()},
        }
        for n, shape in enumerate(shapes)
    ]  # fmt: skip
    head: dict[str, Any] = {"type": "FeatureCollection"}
    if crs:
        head["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps({**head, "features": features})


@pytest.mark.parametrize("crs", ["urn:ogc:def:crs:EPSG::28992", "EPSG:28992", "http://www.opengis.net/def/crs/EPSG/0/28992"])
def test_geojson_says_its_system(tmp_path: Path, crs: str) -> None:
    (tmp_path / "a.geojson").write_text(geojson(A, B, crs=crs, height=[3, 4]))
    city = city_of(tmp_path / "a.geojson")
    assert city.buildings.geometry.iloc[0].equals(A)
    assert CRS(city.crs).to_epsg() == 28992


def test_geojson_without_a_system_is_in_degrees(tmp_path: Path) -> None:
    x, y = Transformer.from_crs(28992, 4326, always_xy=True).transform(*np.array(A.exterior.coords).T)
    (tmp_path / "houses.geojson").write_text(geojson(shapely.Polygon(np.column_stack([x, y])), height=["12,5 m"]))
    city = city_of(tmp_path / "houses.geojson")
    assert city.crs.to_epsg() == 7415, "geographic files in the Netherlands become RD New + NAP"
    assert_allclose(city.buildings.geometry.iloc[0].area, 200.0, rtol=1e-4)
    assert city.buildings["height_m"].tolist() == [12.5]


def test_geojson_with_metres_and_no_system_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(geojson(A, height=[3]))
    with pytest.raises(CRSError, match="136010, 455020 are not degrees") as caught:
        city_of(tmp_path / "a.geojson")
    assert '"crs": {"type": "name"' in str(caught.value.hint)


@pytest.mark.parametrize("separator", ["\n", "\n\x1e"])
def test_one_feature_a_line(tmp_path: Path, separator: str) -> None:
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "id": f"pand-{n:05}",
                "properties": {"n": n},
                "geometry": {"type": "Point", "coordinates": [5.1, 52.0]},
            }
        )
        for n in range(3)
    ]
    (tmp_path / "boom.geojsonl").write_text(separator.strip("\n") + separator.join(lines))
    city = city_of(tmp_path / "boom.geojsonl")
    assert city.trees.index.tolist() == ["pand-00000", "pand-00001", "pand-00002"]
    assert city.trees["n"].tolist() == [0, 1, 2]


def test_layers_are_told_by_name_and_geometry(tmp_path: Path) -> None:
    path = tmp_path / "stad.gpkg"
    for number, (name, shape) in enumerate(
        {
            "BAG_pand": A, "wegen": shapely.LineString([(0, 0), (9, 0)]), "wegvlakken": B, "road_surface": B, "Gewässer": B,
            "bomen": shapely.Point(1, 1), "lichtmasten": shapely.Point(2, 2), "contours": shapely.LineString([(0, 0), (5, 5)]),
            "gracht": shapely.LineString([(0, 0), (9, 9)]),
        }.items()
    ):  # fmt: skip
        write(gpd.GeoDataFrame({"n": [number]}, geometry=[shape], crs=RD), path, layer=name, append=number > 0)
    city = city_of(path)
    found = {name: len(frame) for name, frame in city.layers.items() if len(frame)}
    assert found == {"buildings": 1, "streets": 1, "roads": 1, "water": 1, "trees": 1, "furniture": 1, "other": 3}
    unknown = {f.path for f in city.quality.findings if f.code == "layer-unknown"}
    assert unknown == {"stad.gpkg:contours", "stad.gpkg:wegvlakken"}
    again = city_of(path, layer={"contours": "utilities", "stad.gpkg:wegvlakken": "landuse"})
    assert (len(again.utilities), len(again.landuse), len(again.other)) == (1, 1, 1)
    with pytest.raises(ParameterError, match="did you mean `landuse`"):
        read_options(layer={"contours": "land_use"})


def test_tags_of_openstreetmap_say_what_a_row_is(tmp_path: Path) -> None:
    line = shapely.LineString([(5.1, 52.0), (5.2, 52.0)])
    square = shapely.box(5.1, 52.0, 5.101, 52.001)
    shapes = [square, line, shapely.Point(5.1, 52), square, line, square]
    columns = {
        "building": ["yes", None, None, None, None, None],
        "highway": [None, "footway", None, None, None, "pedestrian"],
        "natural": [None, None, "tree", "water", None, None],
        "building:levels": ["4", None, None, None, None, None],
    }
    (tmp_path / "export.geojson").write_text(geojson(*shapes, **columns))
    city = city_of(tmp_path / "export.geojson")
    found = {name: len(frame) for name, frame in city.layers.items() if len(frame)}
    assert found == {"buildings": 1, "streets": 1, "trees": 1, "water": 1, "roads": 1, "other": 1}
    assert city.streets["kind"].tolist() == ["footway"]
    assert city.buildings[["height_m", "height_source"]].to_numpy().tolist() == [[12.0, "storeys:building:levels"]]


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("bag:pand", "buildings"), ("Gebaeude", "buildings"), ("Häuser_2024", "buildings"), ("buildingFootprints", "buildings"),
        ("bus_stops", "stops"), ("Straßen", "roads"), ("opp_water", "water"), ("treehouse_area", None), ("existing_trees", "trees"),
        ("Peilbuizen", "wells"), ("landUse", "landuse"), ("werfkelders", "cellars"), ("plots", None), ("", None),
    ],
)  # fmt: skip
def test_words_of_layers(name: str, layer: str | None) -> None:
    assert layer_by_name(name) == layer


def test_ids_are_unique_and_readable(tmp_path: Path) -> None:
    write(houses(identificatie=["0344100000000001", "0344100000000002"], fid_2=[1, 1], height=[1.0, 2.0]), tmp_path / "panden.gpkg")
    assert city_of(tmp_path / "panden.gpkg").buildings.index.tolist() == ["0344100000000001", "0344100000000002"]
    write(houses(id=[7, 8], height=[1.0, 2.0]), tmp_path / "a.shp")
    assert city_of(tmp_path / "a.shp").buildings.index.tolist() == ["a-7", "a-8"]
    write(houses(id=[7, 7], height=[1.0, 2.0]), tmp_path / "b.shp")
    both = city_of([tmp_path / "a.shp", tmp_path / "b.shp"])
    assert both.buildings.index.tolist() == ["a-7", "a-8", "b-1", "b-2"]
    assert both.buildings["id_attribute"].tolist() == [7, 8, 7, 7]


def test_two_layers_of_a_file_may_number_their_rows_alike(tmp_path: Path) -> None:
    for number, name in enumerate(["plots", "buildings"]):
        frame = houses(identificatie=["0344100000000001", "0344100000000002"], storey_count=[3.0, 4.0])
        write(frame, tmp_path / "a.gpkg", layer=name, append=number > 0)
    city = city_of(tmp_path / "a.gpkg")
    assert len(city.other) == len(city.buildings) == 2
    assert set(city.other.index).isdisjoint(city.buildings.index)


def test_the_same_object_in_another_layer_of_another_file_is_left_out(tmp_path: Path) -> None:
    for name in ("plots.gpkg", "buildings.gpkg"):
        write(houses(identificatie=["0344100000000001", "0344100000000002"], height=[3.0, 4.0]), tmp_path / name)
    city = city_of([tmp_path / "plots.gpkg", tmp_path / "buildings.gpkg"], layer={"plots": "other"})
    assert (len(city.other), len(city.buildings), codes(city)["duplicate-id"]) == (2, 0, 2)


def test_repairs_are_counted_and_guesses_are_not_made(tmp_path: Path) -> None:
    shapes = [EIGHT, BOW_TIE, shapely.Polygon(), None, shapely.box(20, 0, 30, 10)]
    frame = gpd.GeoDataFrame({"height": [3.0] * 5}, geometry=shapes, crs=RD)
    city = city_of(write(frame, tmp_path / "houses.gpkg"))
    assert_allclose(city.buildings.geometry.area.sort_values(), [0.0, 100.0, EIGHT.area])
    assert {key: codes(city)[key] for key in ("repaired", "invalid", "footprint-invalid", "no-geometry")} == {
        "repaired": 1, "invalid": 1, "footprint-invalid": 1, "no-geometry": 1,
    }  # fmt: skip
    assert any("2 rows have no geometry" in finding.message for finding in city.quality.findings)
    assert len(city.objects) == 2, "blocks on the sound ones"
    assert city.buildings.geometry.geom_type.tolist().count("MultiPolygon") == 1


def test_outlines_in_space_lose_their_z_and_keep_their_height(tmp_path: Path) -> None:
    roof = shapely.force_3d(np.array([A, B], dtype=object), 12.5)
    city = city_of(write(gpd.GeoDataFrame({"n": [1, 2]}, geometry=roof, crs=RD), tmp_path / "gebouwen.gpkg"))
    assert not city.buildings.geometry.has_z.any()
    assert city.buildings["outline_z_m"].tolist() == [12.5, 12.5]
    assert city.buildings["height_source"].tolist() == ["unknown", "unknown"], "without a ground the height is not known"


def test_dates_are_dates(tmp_path: Path) -> None:
    text = geojson(
        A, B, crs=RD, when=["2024-02-29", None], at=["2024-01-01T10:00:00Z", "2024-01-01T12:00:00+01:00"], no=["2024-02-29", "x"]
    )
    (tmp_path / "a.geojson").write_text(text)
    rows = city_of(tmp_path / "a.geojson").other
    assert rows["when"].iloc[0] == pd.Timestamp("2024-02-29")
    assert pd.isna(rows["when"].iloc[1])
    assert rows["at"].tolist() == [pd.Timestamp("2024-01-01T10:00Z"), pd.Timestamp("2024-01-01T11:00Z")]
    assert rows["no"].tolist() == ["2024-02-29", "x"]


def test_nested_values_become_text(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(geojson(A, B, crs=RD, tags=[{"a": [1]}, None]))
    assert city_of(tmp_path / "a.geojson").other["tags"].iloc[0] == '{"a": [1]}'


@pytest.mark.parametrize("name", ["houses.gpkg", "houses.fgb", "houses.shp", "houses.parquet", "houses.geojson"])
def test_a_clip_takes_what_touches_it(tmp_path: Path, name: str) -> None:
    path = write(houses(height=[10.0, 5.0]), tmp_path / name)
    city = city_of(path, clip=(135990, 454990, 136005, 455005))
    assert city.buildings["height"].tolist() == [10.0]


def test_layers_in_two_systems_come_together(tmp_path: Path) -> None:
    write(houses(height=[10.0, 5.0]), tmp_path / "a.gpkg", layer="houses")
    write(houses(n=[1, 2]).to_crs(32631), tmp_path / "a.gpkg", layer="plots", append=True)
    city = city_of(tmp_path / "a.gpkg")
    assert_allclose(city.other.geometry.iloc[0].centroid.coords[0], A.centroid.coords[0], atol=0.01)


def test_collections_are_taken_apart(tmp_path: Path) -> None:
    mixed = shapely.GeometryCollection([shapely.Point(0, 0), shapely.GeometryCollection([shapely.LineString([(0, 0), (1, 1)])])])
    (tmp_path / "a.geojson").write_text(geojson(mixed, n=[7]))
    rows = city_of(tmp_path / "a.geojson").other
    assert sorted(rows.geometry.geom_type) == ["LineString", "Point"]
    assert rows["n"].tolist() == [7, 7]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "FeatureCollection"}', "not a FeatureCollection with `features`"),
        ('{"type": "FeatureCollection", "features": [', r"a.geojson:1:\d+: broken JSON"),
        ('{"type": "Feature", "geometry": null}\n{"type": "Feature", nonsense}', r"a.geojson:2:\d+: broken JSON"),
        ('{"type": "FeatureCollection", "features": ' + "[" * 5000, "broken JSON"),
        ('{"type": "FeatureCollection", "features": [0], "crs": {"type": "link", "properties": {"href": "/x"}}}', "not a named"),
        ('{"type": "FeatureCollection", "features": [0], "crs": {"properties": {"name": "EPSG:9"}}}', "not a reg"),
    ],
)  # fmt: skip
def test_broken_geojson(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.geojson").write_text(text)
    with pytest.raises((FormatError, CRSError), match=message):
        city_of(tmp_path / "a.geojson")


def test_bad_features_are_left_out_and_counted(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [5.0, 52.0]}
    features = [
        {"type": "Feature", "properties": None, "geometry": point}, 7, None, {"type": "Point"},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": ["a", "b"]}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1e308, 1e308]}, "properties": {}},
    ]  # fmt: skip
    (tmp_path / "a.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": RD}}, "features": features})
    )
    city = city_of(tmp_path / "a.geojson")
    assert len(city.other) == 1
    assert codes(city)["feature"] == 3
    assert codes(city)["geometry"] == 2


@pytest.mark.realdata
def test_bubenec(real_data: Path) -> None:
    city = city_of(real_data / "footprints" / "bubenec.gpkg")
    assert city.crs.to_epsg() == 32633
    assert (len(city.buildings), len(city.streets), len(city.other)) == (144, 35, 551)
    stored = pyogrio.read_dataframe(real_data / "footprints" / "bubenec.gpkg", layer="buildings")
    # Web Mercator stretches by 1 / cos(latitude): Prague is at 50.1 degrees north.
    ratio = stored.geometry.area.sum() / city.buildings.geometry.area.sum()
    assert_allclose(ratio, 1 / np.cos(np.radians(50.105)) ** 2, rtol=2e-3)
    assert_allclose(city.buildings.geometry.area.sum(), stored.to_crs(5514).geometry.area.sum(), rtol=1e-3)
    assert set(city.buildings["height_source"]) == {"unknown"}
    assert (len(city.surfaces), codes(city)["height-unknown"]) == (0, 144)


@pytest.mark.realdata
def test_property_map(real_data: Path) -> None:
    city = city_of(real_data / "footprints" / "PropertyMap.shp")
    assert city.buildings.index.tolist() == ["A", "B", "C"], "its `uuid`, not the number of the row"
    assert city.buildings["height_m"].tolist() == [5.0, 10.0, 10.0]
    assert city.buildings["height_source"].unique().tolist() == ["attribute:height"]
    volumes = signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), 3)
    assert_allclose(volumes, city.buildings.geometry.area * city.buildings["height_m"], rtol=1e-6)


@pytest.mark.realdata
def test_other_real_files(real_data: Path) -> None:
    water = city_of(real_data / "raster" / "opp_water.shp")
    assert (len(water.water), water.crs.to_epsg()) == (14, 28992)
    assert water.water["OWMNAAM"].str.contains("Rijnkanaal").any()
    assert str(water.water["GELDIG_B"].dtype).startswith("datetime64")
    streets = city_of(real_data / "network" / "test_road.shp")
    assert (len(streets.streets), streets.crs.to_epsg()) == (244, 3008)
    land = city_of(real_data / "footprints" / "landuse_testdata.shp")
    assert len(land.landuse) == 67
    assert "ÖPMARK" in set(land.landuse["DETALJTYP"])
    tiles = city_of(real_data / "raster" / "ellipsis_tiles.geojson")
    assert (len(tiles.other), tiles.crs.to_epsg()) == (1407, 28992)
    crowns = city_of(real_data / "raster" / "athens" / "trees.gpkg")
    assert len(crowns.green) == 6


@pytest.mark.parametrize("crs", [None, "urn:ogc:def:crs:OGC:1.3:CRS84", RD])
def test_a_collection_without_features_adds_nothing(tmp_path: Path, crs: str | None) -> None:
    """A query that finds nothing answers so: it must not stop what other files hold."""
    empty = tmp_path / "empty.geojson"
    empty.write_text(geojson(crs=crs))
    alone = city_of(empty)
    assert not any(len(frame) for frame in alone.layers.values())
    assert codes(alone) == {"no-features": 1}
    panden = write(houses(height=[10.0, 5.0]), tmp_path / "panden.gpkg")
    for files in ([panden, empty], [empty, panden]):
        city = city_of(files)
        assert (len(city.buildings), CRS(city.crs).to_epsg()) == (2, 28992)
        assert "no-features" in codes(city)
        clipped = city_of(files, clip=(135990, 454990, 136005, 455005))
        assert len(clipped.buildings) == 1
    folder = city_of(panden).save(tmp_path / "town")
    assert len(city_of([folder, empty]).buildings) == 2


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".fgb", ".parquet"])
def test_a_file_without_rows_is_told(tmp_path: Path, suffix: str) -> None:
    none = houses(height=[10.0, 5.0]).iloc[:0]
    empty = tmp_path / f"empty{suffix}"
    if suffix == ".parquet":
        none.to_parquet(empty)
    else:
        pyogrio.write_dataframe(none, empty, geometry_type="Polygon")
    city = city_of(empty)
    assert codes(city) == {"no-features": 1}
    assert [one.path for one in city.quality.findings] == [empty.name]
    panden = write(houses(height=[10.0, 5.0]), tmp_path / "panden.gpkg")
    assert codes(city_of([panden, empty]))["no-features"] == 1
    assert "no-features" not in codes(city_of(panden))
    assert "no-features" not in codes(city_of([panden, empty], clip=(135990, 454990, 136005, 455005)))


def test_of_two_layers_one_may_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    write(houses(height=[10.0, 5.0]), path, layer="buildings")
    pyogrio.write_dataframe(houses(height=[10.0, 5.0]).iloc[:0], path, layer="landuse", geometry_type="Polygon")
    assert "no-features" not in codes(city_of(path))


def test_city_models_without_objects_are_told(tmp_path: Path) -> None:
    json_file, gml = tmp_path / "none.city.json", tmp_path / "none.gml"
    transform = {"scale": [0.001] * 3, "translate": [0, 0, 0]}
    json_file.write_text(
        json.dumps({"type": "CityJSON", "version": "2.0", "transform": transform, "CityObjects": {}, "vertices": []})
    )
    gml.write_text('<CityModel xmlns="http://www.opengis.net/citygml/2.0"></CityModel>')
    for path in (json_file, gml):
        assert codes(city_of(path))["no-features"] == 1
