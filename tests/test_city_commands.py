"""``twin info``, ``validate`` and ``convert`` on cities, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest

from twin.cli import main
from twin.geo.city import read_city


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """A corner of the sample as a CityJSON file."""
    path = tmp_path / "corner.city.json"
    assert main(["convert", "sample", str(path), "--clip", "136700", "455750", "136760", "455800"]) == 0
    return path


def test_convert_says_what_it_wrote(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    city = read_city(part)
    assert main(["convert", str(part), str(part)]) == 0
    told = capsys.readouterr().out
    assert f"{part}: {len(city.objects)} objects" in told
    assert "read back and compared" in told
    for name in ("seq.city.jsonl", "folder"):
        assert main(["convert", str(part), str(tmp_path / name)]) == 0
        again = read_city(tmp_path / name)
        assert set(again.objects.index) == set(city.objects.index)
        assert again.surfaces.areas().sum() == pytest.approx(city.surfaces.areas().sum(), rel=1e-6)


def test_several_files_become_one(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.city.json"
    assert main(["convert", "sample", str(other), "--clip", "136760", "455750", "136800", "455800"]) == 0
    both = tmp_path / "both.city.json"
    assert main(["convert", str(part), str(other), str(both)]) == 0
    expected = set(read_city(part).buildings.index) | set(read_city(other).buildings.index)
    assert set(read_city(both).buildings.index) == expected
    assert "duplicate-id" in capsys.readouterr().out


def test_mistakes_are_told_in_a_line(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.city.json")
    for arguments, words in (
        ([str(part), str(tmp_path / "out.dwg")], "no writer knows the suffix '.dwg'"),
        ([str(part), str(tmp_path / "out.glb")], "twin export"),
        ([str(tmp_path / "corner.city.jsn"), out], "did you mean `corner.city.json`?"),
        ([str(part), out, "--crs", "EPSG:4326"], "coordinates in degrees"),
        ([str(part), out, "--crs", "RD"], "not a coordinate reference system"),
        ([str(part), out, "--clip", "0", "0", "1", "1"], "nothing of the city lies in the area"),
        ([str(part), out, "--clip", "9", "0", "1", "1"], "has no area"),
        ([str(part), out, "--lod", "4"], "nothing in lod '4'"),
        ([str(part), out, "--role", "dsm"], "not of the form FILE=ROLE"),
        ([str(part), out, "--role", "a.tif=height"], "is not what a raster can be"),
        ([str(part), out, "--scale", "0.001"], "--scale is not an option of CityJSON 2.0"),
    ):
        assert main(["convert", *arguments]) == 1, arguments
        caught = capsys.readouterr()
        assert words in caught.err
        assert "Traceback" not in caught.err
    assert not Path(out).exists()
    with pytest.raises(SystemExit):
        main(["convert", str(part)])


def test_a_part_in_another_system(part: Path, tmp_path: Path) -> None:
    out = tmp_path / "utm.city.json"
    assert main(["convert", str(part), str(out), "--crs", "EPSG:25831"]) == 0
    city, before = read_city(out), read_city(part)
    assert city.crs.to_epsg() == 25831
    # UTM shrinks by at most 0.4 in a thousand, and so does RD by a tenth
    assert city.buildings.area.sum() == pytest.approx(before.buildings.area.sum(), rel=2e-3)


def test_validate_writes_its_findings(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(part.read_text())
    house = next(key for key, one in document["CityObjects"].items() if one["type"] == "Building")
    geometry = document["CityObjects"][house]["geometry"][0]
    shell = geometry["boundaries"][0] if geometry["type"] == "Solid" else geometry["boundaries"]
    shell[0] = [[0, 1, 10**9]]
    part.write_text(json.dumps(document))
    out = tmp_path / "found.gpkg"
    assert main(["validate", str(part), "--out", str(out)]) == 1
    told = capsys.readouterr().out
    assert "vertex-index" in told
    assert "a surface names a vertex that is not there" in told
    frame = gpd.read_file(out)
    assert house in set(frame.object_id)
    assert frame.severity.eq("error").any()
    for name in ("found.csv", "found.json"):
        assert main(["validate", str(part), "--out", str(tmp_path / name)]) == 1
        assert (tmp_path / name).stat().st_size > 100
    assert main(["validate", str(part), "--out", str(tmp_path / "found.xls")]) == 1
    assert "are not written as .xls" in capsys.readouterr().err
    assert main(["validate", str(part), str(part), "--out", str(out)]) == 1
    assert "findings of one file" in capsys.readouterr().err


def test_convert_with_repairs(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(part.read_text())
    solids = [one for one in document["CityObjects"].values() if one.get("geometry") and one["geometry"][0]["type"] == "Solid"]
    geometry = solids[0]["geometry"][0]
    geometry["boundaries"][0] = [[ring[::-1] for ring in face] for face in geometry["boundaries"][0]]
    part.write_text(json.dumps(document))
    capsys.readouterr()
    assert main(["validate", str(part)]) == 0
    assert "inside-out" in capsys.readouterr().out
    out = tmp_path / "mended.city.json"
    assert main(["convert", str(part), str(out), "--repair"]) == 0
    assert "repaired: 1 objects" in capsys.readouterr().out
    assert main(["validate", str(out)]) == 0
    assert "inside-out" not in capsys.readouterr().out


@pytest.mark.realdata
def test_info_of_real_files(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("cityjson/delft.json", "osm/West-Oakland.osm.bz2", "subsurface/GMW000000036287.xml", "gtfs/cairns_gtfs.zip")
    assert main(["info", *(str(real_data / name) for name in files)]) == 0
    told = capsys.readouterr().out
    for words in (
        "160 Building lod 1", "NAP height", "measuredHeight", "-0.45 to 16.85 m", "ODbL-1.0", "© OpenStreetMap contributors",
        "layer              416 stops", "wells", "EPSG:32755",
    ):  # fmt: skip
        assert words in told, words


def test_a_model_to_print_says_its_size(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "corner.stl"
    assert main(["convert", str(part), str(out), "--scale", "0.002"]) == 0
    told = capsys.readouterr().out
    assert "mm at 1:500, " in told
    assert "closed solid" in told
    assert out.stat().st_size > 10_000
    assert main(["convert", str(part), str(tmp_path / "corner.obj")]) == 0
    again, city = read_city(tmp_path / "corner.obj"), read_city(part)
    assert again.crs == city.crs
    assert set(again.buildings.index) == set(city.buildings.index)
