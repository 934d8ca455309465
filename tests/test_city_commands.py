"""``twin info``, ``validate`` and ``convert`` on cities, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from tests.geo.meshes import box
from twin.cli import main
from twin.geo.city import read_city


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """A corner of the sample as a CityJSON file."""
    path = tmp_path / "corner.city.json"
    assert main(["convert", "sample", str(path), "--clip", "136700", "455750", "136760", "455800"]) == 0
    return path


def _broken(part: Path, to: Path, count: int) -> list[str]:
    """Write a part in which that many buildings have a surface with a vertex that is not there; ids of the buildings."""
    document = json.loads(part.read_text())
    houses = [key for key, one in document["CityObjects"].items() if one["type"] == "Building" and one["geometry"]][:count]
    for house in houses:
        geometry = document["CityObjects"][house]["geometry"][0]
        shell = geometry["boundaries"][0] if geometry["type"] == "Solid" else geometry["boundaries"]
        shell[0] = [[0, 1, 10**9]]
    to.write_text(json.dumps(document))
    return houses


def test_convert_says_what_it_wrote(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    city = read_city(part)
    again = tmp_path / "again.city.json"
    assert main(["convert", str(part), str(again)]) == 0
    told = capsys.readouterr().out
    assert f"{again}: {len(city.objects)} objects" in told
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
        ([str(part), out, "--crs", "RD"], "give --crs EPSG:7415"),
        ([str(part), out, "--clip", "0", "0", "1", "1"], "nothing of the city lies in the area"),
        ([str(part), out, "--clip", "0", "0", "1", "1"], "the city reaches from 1366"),
        ([str(part), str(tmp_path / "a.parquet")], "say which, for example `--only buildings`"),
        ([str(part), str(tmp_path / "a.parquet"), "--only", "building"], "did you mean `buildings`?"),
        ([str(part), str(tmp_path / "a.parquet"), "--only", "gebouwen"], "there are: buildings, roads"),
        ([str(part), str(tmp_path / "a.parquet"), "--only", "stops"], "it has buildings"),
        ([str(part), str(tmp_path / "a.tif"), "--raster", "height"], "there are: terrain, dsm, canopy"),
        (["sample", str(tmp_path / "a.tif"), "--raster", "dsm"], "it has terrain: say `--raster terrain`"),
        ([str(part), str(tmp_path / "a.tif")], "twin convert CITY dtm.tif out.tif"),
        ([str(part), str(tmp_path / "no" / "a.gpkg")], "there is no folder"),
        ([str(part), str(tmp_path / "no" / "folder")], "there is no folder"),
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
    (house,) = _broken(part, part, 1)
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


def test_validate_writes_the_findings_of_all_files(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _broken(part, part, 1)
    utm, broken = tmp_path / "utm.city.json", tmp_path / "broken.city.json"
    assert main(["convert", str(part), str(utm), "--crs", "EPSG:25831"]) == 0
    broken.write_text('{"type": "CityJSON", ')
    files = [str(part), str(broken), str(utm)]
    capsys.readouterr()
    for name in ("found.gpkg", "found.csv", "found.json"):
        out = tmp_path / name
        assert main(["validate", *files, "--out", str(out)]) == 1
        assert "broken JSON" in capsys.readouterr().err
        rows = pd.DataFrame(json.loads(out.read_text())["findings"]) if name.endswith("json") else gpd.read_file(out)
        assert {str(part), str(broken)} <= set(rows["file"])
        assert rows.loc[rows["file"] == str(broken), "code"].tolist() == ["refused"]
        assert "broken JSON" in rows.loc[rows["code"] == "refused", "message"].iloc[0]
    document = json.loads((tmp_path / "found.json").read_text())
    name = read_city(part).name
    assert name
    assert document["city"] == ""
    assert [(one["file"], one["refused"]) for one in document["files"]] == [(files[0], False), (files[1], True), (files[2], False)]
    assert [one["city"] for one in document["files"]] == [name, "", name]
    main(["validate", str(part), "--out", str(tmp_path / "alone.json")])
    assert json.loads((tmp_path / "alone.json").read_text())["city"] == name
    places = gpd.read_file(tmp_path / "found.gpkg")
    x = places.geometry[~(places.geometry.is_empty | places.geometry.isna())].x
    assert x.between(100_000, 200_000).all(), "in the system of the first"
    # of a file that is refused alone there is a table too
    assert main(["validate", str(broken), "--out", str(tmp_path / "one.gpkg")]) == 1
    assert gpd.read_file(tmp_path / "one.gpkg")["code"].tolist() == ["refused"]
    # the findings never take the place of what is looked at
    before = part.read_bytes()
    (tmp_path / "part.json").write_bytes(before)
    assert main(["validate", str(tmp_path / "part.json"), "--out", str(tmp_path / "part.json")]) == 1
    assert (tmp_path / "part.json").read_bytes() == before


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


def test_a_source_is_not_replaced_by_what_is_made_of_it(
    part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = part.read_bytes()
    assert main(["convert", str(part), str(tmp_path / "folder")]) == 0
    (tmp_path / "link.city.json").symlink_to(part)
    monkeypatch.chdir(tmp_path)
    for files in (
        ["corner.city.json", "corner.city.json"], [str(part), "./corner.city.json"], ["folder", "corner.city.json", str(part)],
        ["link.city.json", "corner.city.json"], ["folder", "folder"], ["folder", "."], ["folder/city.toml", "folder"],
        ["folder", "folder/more"], ["folder", "folder/more.gpkg"],
    ):  # fmt: skip
        assert main(["convert", *files]) == 1, files
        told = capsys.readouterr().err
        assert "would take the place of its own source" in told
        assert "give a" in told
    assert main(["convert", "corner.city.json", "corner.city.json"]) == 1
    assert "for example corner-new.city.json" in capsys.readouterr().err
    assert part.read_bytes() == before
    assert not list((tmp_path / "folder").glob("more*"))


def test_a_scene_does_not_take_the_place_of_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    box(8, 8, 20).export(tmp_path / "tower.glb")
    before = (tmp_path / "tower.glb").read_bytes()
    (tmp_path / "link.glb").symlink_to(tmp_path / "tower.glb")
    assert main(["convert", str(tmp_path / "tower.glb"), str(tmp_path / "town")]) == 0
    monkeypatch.chdir(tmp_path)
    for files in (["tower.glb", "tower.glb"], ["link.glb", "./tower.glb"], ["tower.glb", "link.glb"], ["town", "town/tower.glb"]):
        assert main(["export", *files]) == 1, files
        assert "would take the place of its own source" in capsys.readouterr().err
    assert (tmp_path / "tower.glb").read_bytes() == before
    assert main(["export", "tower.glb", "scene.glb"]) == 0


def test_an_option_that_did_nothing_is_told_whole(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    houses = tmp_path / "my houses.gpkg"
    read_city(part).buildings[["height_m", "geometry"]].to_file(houses, layer="pand")
    capsys.readouterr()
    for command in (["info", str(houses)], ["convert", str(houses), str(tmp_path / "new.gpkg")]):
        assert main([*command, "--height", "hooghte", "--role", "x.tif=dsm", "--clip", "136700", "455750", "136760", "455800"]) == 0
        told = " ".join(capsys.readouterr().out.split())
        assert "the footprints have no column `hooghte`" in told
        assert "`x.tif` was said to be a raster of some kind, but no file has this name" in told
        again = f'twin validate "{houses}" --height hooghte --clip 136700 455750 136760 455800 --role x.tif=dsm'
        assert again in told
    for command in (["info", str(part)], ["convert", str(part), str(tmp_path / "same.city.json")]):
        assert main([*command, "--height", "hoogte"]) == 0
        assert "option-unused: --height hoogte had no effect" in capsys.readouterr().out


def test_many_findings_are_counted(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = tmp_path / "twice.city.json"
    for count in (2, 5):
        assert len(_broken(part, many, count)) == count
        assert main(["info", str(many)]) == 0
        told = " ".join(capsys.readouterr().out.split())
        assert told.count("found wrong error: vertex-index") == (2 if count == 2 else 0)
        assert ("5 vertex-index" in told) == (count == 5)


def test_a_system_that_is_not_made_for_the_place_is_refused(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "far.city.json"
    assert main(["convert", str(part), str(out), "--crs", "EPSG:32755"]) == 1
    told = capsys.readouterr().err
    assert "--crs EPSG:32755 is not made for this place" in told
    assert "52.1 N, 5.1 E" in told
    assert not out.exists()
    document = json.loads(part.read_text())
    document["metadata"]["referenceSystem"] = "https://www.opengis.net/def/crs/EPSG/0/32755"
    part.write_text(json.dumps(document))
    assert main(["convert", str(part), str(out), "--crs", "EPSG:32755"]) == 0
    assert "far-away" in capsys.readouterr().out or out.exists()


def test_a_scale_is_written_as_on_a_drawing(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(part), str(tmp_path / "corner.stl"), "--scale", "1:1000"]) == 0
    assert "mm at 1:1000, " in capsys.readouterr().out
    for text in ("1:0", "small", "0", "1000:", "-1"):
        with pytest.raises(SystemExit):
            main(["convert", str(part), str(tmp_path / "corner.stl"), f"--scale={text}"])
        assert "write 1:1000, or 0.001" in capsys.readouterr().err


def test_findings_are_refused_in_a_spreadsheet_before_anything_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.city.json").write_text("{")
    assert main(["validate", str(tmp_path / "broken.city.json"), "--out", str(tmp_path / "x.xlsx")]) == 1
    assert "are not written as .xlsx" in capsys.readouterr().err


def test_info_lists_the_ids_of_a_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "sample", "--ids", "roads"]) == 0
    told = capsys.readouterr().out
    assert "  deck-bridge-2: bridge, street\n" in told
    assert "attributes" not in told
    assert main(["info", "sample", "--ids", "stops"]) == 0
    assert "there is nothing in stops" in capsys.readouterr().out
    assert main(["info", "sample", "--ids", "road"]) == 1
    assert "did you mean `roads`?" in capsys.readouterr().err
