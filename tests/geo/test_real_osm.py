"""Real extracts of OpenStreetMap, against GDAL's own reader of it."""

from __future__ import annotations

import bz2
import re
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from numpy.testing import assert_allclose

from twin.geo.city import City, read_city
from twin.geo.topology import object_use
from twin.geo.walkable import make_walkable

pytestmark = pytest.mark.realdata

FILES = {
    "oakland": "West-Oakland.osm.bz2",
    "kirchberg": "planet_10.068,48.135_10.071,48.137.osm",
    "hatfield": "sample.osm.pbf",
}


@pytest.fixture(scope="module")
def cities(real_data: Path) -> dict[str, City]:
    return {name: read_city(real_data / "osm" / file) for name, file in FILES.items()}


def by_gdal(path: Path, layer: str, folder: Path) -> gpd.GeoDataFrame:
    if path.suffix == ".bz2":
        plain = folder / path.stem
        plain.write_bytes(bz2.decompress(path.read_bytes()))
        path = plain
    pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": "NO"})
    try:
        return pyogrio.read_dataframe(path, layer=layer)
    finally:
        pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": None})


@pytest.mark.parametrize("name", sorted(FILES))
def test_streets_are_those_that_gdal_finds(cities: dict[str, City], real_data: Path, tmp_path: Path, name: str) -> None:
    city = cities[name]
    lines = by_gdal(real_data / "osm" / FILES[name], "lines", tmp_path)
    lines = lines[lines["highway"].notna()].to_crs(city.crs)
    assert city.streets.index.tolist() == [f"way/{one}" for one in lines["osm_id"]] or set(city.streets.index) == {
        f"way/{one}" for one in lines["osm_id"]
    }
    ours = city.streets.loc[[f"way/{one}" for one in lines["osm_id"]]]
    assert_allclose(ours.length, lines.length, rtol=1e-6)
    assert ours["kind"].tolist() == lines["highway"].tolist()


# the extract cuts rings open; GDAL warns of that
@pytest.mark.filterwarnings("ignore:Non closed ring")
@pytest.mark.parametrize(("name", "buildings"), [("oakland", 23), ("kirchberg", 32), ("hatfield", 2)])
def test_buildings_are_those_that_gdal_finds(
    cities: dict[str, City], real_data: Path, tmp_path: Path, name: str, buildings: int
) -> None:
    city = cities[name]
    areas = by_gdal(real_data / "osm" / FILES[name], "multipolygons", tmp_path)
    areas = areas[areas["building"].notna()].to_crs(city.crs)
    numbers = zip(areas["osm_way_id"], areas["osm_id"], strict=True)
    ids = [f"way/{way}" if isinstance(way, str) else f"relation/{one}" for way, one in numbers]
    assert len(city.buildings) == buildings
    assert set(city.buildings.index) == set(ids)
    valid = areas.is_valid.to_numpy()
    ours = city.buildings.loc[ids]
    # what is drawn stands on whole millimetres
    assert_allclose(ours.area[valid], areas.area[valid], rtol=2e-4)


def test_heights_of_kirchberg(cities: dict[str, City], real_data: Path) -> None:
    city = cities["kirchberg"]
    text = (real_data / "osm" / FILES["kirchberg"]).read_text(encoding="utf-8")
    ways = re.findall(r"<way .*?</way>", text, re.DOTALL)
    two = {f"way/{re.search('id=.([0-9]+)', way)[1]}" for way in ways if 'k="building:levels" v="2"' in way}
    drawn = city.objects.index[object_use(city.surfaces, len(city.objects)).closed]
    assert two >= set(drawn)
    assert len(drawn) == 9
    assert_allclose(city.buildings.loc[list(drawn), "height_m"], 6.0)
    assert city.quality.counts()["height-unknown"] == 32 - 9
    assert city.crs.to_epsg() == 32632


def test_what_is_cut_off_is_told(cities: dict[str, City]) -> None:
    told = {one.object_id: one.message for one in cities["kirchberg"].quality.findings if one.code == "osm-multipolygon"}
    assert set(told) == {"relation/14650", "relation/9204457", "relation/318560"}
    # the ministry in Berlin, whose ways are not in this extract of a village in Swabia
    assert "4 of the 4 ways" in told["relation/318560"]


def test_a_motorway_in_a_tunnel_is_no_floor(cities: dict[str, City]) -> None:
    city = cities["hatfield"]
    row = city.streets[city.streets["kind"] == "motorway"].iloc[0]
    assert (row["level"], row["tunnel"], row["lanes"], row["width_m"]) == ("level-1", True, 3, 9.0)
    walkable = make_walkable(city)
    assert "level-1" not in walkable.levels
    assert walkable.floors["street"].area > 20_000
    # buffers of 36 ways: no more than their length times their width and their round ends
    people = city.streets[city.streets["kind"] != "motorway"]
    assert walkable.floors["street"].area < (people.length * people["width_m"]).sum() * 1.05
    assert city.stops["mode"].tolist() == ["bus"] * 4


def test_railways_of_oakland(cities: dict[str, City]) -> None:
    city = cities["oakland"]
    rails = city.roads[city.roads["surface"] == "railway"]
    assert rails["kind"].tolist() == ["subway", "subway"]
    assert set(rails["level"]) == {"level1"}
    assert make_walkable(city).levels == ("street",)
    assert city.furniture["kind"].value_counts().to_dict()["traffic_signals"] == 4
