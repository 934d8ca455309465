"""Wrong input of what is below the street: told before a run, with what, where and what to do; never a traceback, never mended."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import twin
from tests.geo.test_soundings import CPT
from twin.cli import main
from twin.geo.samples import sample_folder
from twin.impacts.cellar_capacity import cellar_capacity
from twin.soil import SoilModel

Said = pytest.CaptureFixture[str]

GARAGE = yaml.safe_load((sample_folder().parent / "wharf_garage.yaml").read_text(encoding="utf-8"))
PLAIN = ("supports", "wells", "stages", "wall")
SQUARE = [[136836, 455822], [136864, 455822], [136864, 455874], [136836, 455874]]


def validated(path: Path, said: Said) -> tuple[int, str]:
    code = main(["validate", str(path)])
    told = said.readouterr()
    text = told.out + told.err
    assert "Traceback" not in text
    return code, text


def pit_file(folder: Path, pit: dict[str, Any], analysis: dict[str, Any]) -> Path:
    """The garage beside the wharf with something of it changed; None takes a key away."""
    change = {key: value for key, value in {**copy.deepcopy(GARAGE["changes"][0]), **pit}.items() if value is not None}
    settings = {"water_m": 0.7, "head_m": 0.5, "foundation": "shallow", **analysis}
    text = {"stadstwin": 1, "title": "t", "city": "sample", "changes": [change], "analyses": {"pit": settings}}
    path = folder / "pit.yaml"
    path.write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
    return path


def bare(**pit: Any) -> dict[str, Any]:
    return {**dict.fromkeys(PLAIN), **pit}


def stages(*rows: tuple[str, float, str]) -> dict[str, Any]:
    return {"supports": None, "stages": [{"id": name, "floor_m": floor, "starts": day} for name, floor, day in rows]}


def stage(**given: Any) -> dict[str, Any]:
    return {"supports": None, "stages": [{"id": "deep", "floor_m": -2.6, **given}]}


SAND, CLAY = {"soil": "sand", "top_m": 4.7, "bottom_m": -2.0}, {"soil": "clay", "top_m": -2.0, "bottom_m": -4.0}
DEEP = {"soil": "sand", "top_m": -4.0, "bottom_m": -20.0}


@pytest.mark.parametrize(("pit", "analysis", "told"), [
    (bare(outline={"polygon": [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]}), {}, "self-intersection"),
    (bare(outline={"polygon": [[x + 1000, y] for x, y in SQUARE]}), {}, "lies outside the city"),
    (bare(outline={"polygon": [[x + 250, y] for x, y in SQUARE]}), {}, "% of the pit lies outside the city"),
    (bare(outline={"polygon": [[136836, 455822], [136864, 455822], [136850, 455822]]}), {}, "the polygon is not valid"),
    (bare(outline={"polygon": SQUARE[:2]}), {}, "at least 3 points"),
    (bare(outline={"polygon": [[5.12, 52.09], [5.121, 52.09], [5.121, 52.091]]}), {}, "are these coordinates in its CRS?"),
    (bare(bottom_m=30.0), {}, "is not below the ground there"),
    (stages(("a", 2.9, "2026-04-01"), ("b", -2.6, "2026-03-01")), {}, "starts on 2026-03-01, before stage `a`"),
    (stages(("a", 0.1, "2026-03-01"), ("b", 2.9, "2026-04-01"), ("c", -2.6, "2026-05-01")), {}, "stages go down"),
    (stage(floor_m=-1.0), {}, "give one depth"),
    (stage(water_m=9.0), {}, "the water in stage `deep` (9 m) is above the ground there"),
    (stage(head_m=9.0), {}, "keeps a head of 9 m, and the head there is 0.5 m"),
    ({"wall": {"kind": "sheet-pile", "toe_m": -1.0}}, {}, "the toe of the wall (-1 m) is not below the floor"),
    ({"supports": [{"id": "high", "level_m": 30.0}]}, {}, "`high` lies at 30 m, above the ground"),
    ({"concrete": {"thickness_m": -1.0}}, {}, "`thickness_m` is a number of metres, above 0"),
    ({"wells": [{"id": "w", "at": [136900, 455850]}]}, {}, "well `w` stands 36.0 m outside the pit"),
    ({"wells": [{"id": "w", "at": [139900, 455850]}]}, {}, "lies outside the city"),
    ({}, {"layers": [SAND, {**CLAY, "top_m": -1.0}, DEEP]}, "two layers overlap by 1.00 m"),
    ({}, {"layers": [SAND, {**CLAY, "top_m": -2.5}, DEEP]}, "two layers leave a gap of 0.50 m"),
    ({}, {"layers": [{**SAND, "top_m": -2.0, "bottom_m": 4.7}]}, "lies above its top"),
    ({}, {"layers": [{"soil": "sand", "top_m": 4.0, "thickness_m": -3.0}]}, "`thickness_m` is a number of metres, above 0"),
    ({}, {"layers": [{**SAND, "bottom_m": float("nan")}]}, "`bottom_m` is a number of metres, not `nan`"),
    ({}, {"layers": [{**SAND, "bottom_m": -1.0}]}, "the ground is known down to -1.00 m only"),
    ({}, {"layers": [{**SAND, "soil": "snad"}]}, "did you mean `sand`?"),
    ({}, {"layers": [DEEP, CLAY, SAND]}, "two layers overlap by 18.00 m"),
    ({}, {"layers": [{**SAND, "top_m": 0.0, "bottom_m": -20.0}]}, "4.7 m below the ground at pit `garage`"),
    ({}, {"layers": [{**SAND, "top_m": 45.0, "bottom_m": -20.0}]}, "40.3 m above the ground at pit `garage`"),
    ({}, {"water_m": 12.0}, "the water table (12 m) is above the ground at pit `garage`"),
    ({}, {"head_m": 40.0}, "the head of the water (40 m) is 35.3 m above the ground"),
    ({}, {"lowest_m": 3.0}, "the lowest water table of the past (3 m) is above the one of now (0.7 m)"),
])  # fmt: skip
def test_a_wrong_pit_is_told_before_a_run(
    tmp_path: Path, capsys: Said, pit: dict[str, Any], analysis: dict[str, Any], told: str
) -> None:
    path = pit_file(tmp_path, pit, analysis)
    code, text = validated(path, capsys)
    assert code != 0
    assert told in text
    assert "pit.yaml" in text.splitlines()[0]


def test_a_pit_that_is_right_is_valid(tmp_path: Path, capsys: Said) -> None:
    assert validated(pit_file(tmp_path, {}, {"layers": [SAND, CLAY, DEEP]}), capsys)[0] == 0
    beside = {"wells": [{"id": "w", "at": [136870, 455850]}]}
    assert validated(pit_file(tmp_path, beside, {}), capsys)[0] == 0, "a well beside the pit is no mistake"


def test_pits_that_overlap_are_warned_of(tmp_path: Path, capsys: Said) -> None:
    path = pit_file(tmp_path, {}, {"layers": [SAND, CLAY, DEEP]})
    text = yaml.safe_load(path.read_text(encoding="utf-8"))
    crossing = {"polygon": [[136860, 455830], [136880, 455830], [136880, 455860], [136860, 455860]]}
    text["changes"].append({"id": "second", "type": "excavation", "label": "Second", "outline": crossing, "bottom_m": -2.6})
    path.write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
    code, said = validated(path, capsys)
    assert code == 0, said
    assert f"warning: Pits {text['changes'][0]['id']} and second overlap by" in said


PLACE, LEVEL = "#XYID= 31000, 136000.5, 456000.25", "#ZID= 31000, 2.5"
HEAD = CPT.split("#EOH=")[0]


def without(word: str) -> Callable[[str], str]:
    return lambda text: "\n".join(line for line in text.split("\n") if word not in line)


@pytest.mark.parametrize(("change", "told"), [
    (lambda text: text.replace(PLACE, "#XYID= 31000, 5.12, 52.09"), "`#XYID= 31000, 5.12, 52.09` places the sounding in degrees"),
    (lambda text: text.replace(PLACE, "#XYID= 0, 52.09, 5.12"), "in degrees under a system in metres (0)"),
    (lambda text: text.replace(PLACE, "#XYID= 4258, 45.12, 12.09"), "not in the Netherlands, in either order"),
    (lambda text: text.replace(PLACE, "#XYID= 31000, 456000.25, 136000.5"), "x and y are swapped"),
    (lambda text: text.replace(PLACE, "#XYID= 31000, 0, 0"), "is outside the Dutch grid"),
    (lambda text: text.replace("136000.5", "nan"), "does not say where the sounding stands"),
    (lambda text: text.replace(f"{LEVEL}\n", ""), "there is no `#ZID`"),
    (lambda text: text.replace(LEVEL, "#ZID= 31000, -9999"), "`#ZID= 31000, -9999` is no height of the ground"),
    (lambda text: text.replace(LEVEL, "#ZID= 32001, 2.5"), "above TAW (`#ZID`), not above NAP"),
    (without("COLUMNINFO"), "there are no lines `#COLUMNINFO`"),
    (lambda text: text.replace("#COLUMNINFO= 3,", "#COLUMNINFO= 2,"), "two lines `#COLUMNINFO` are of column 2"),
    (lambda text: text.replace("#EOH=", "#COLUMNSEPARATOR= ;\n#EOH="), "`#COLUMNSEPARATOR= ;` is stated, and no record holds"),
    (lambda text: without("COLUMNVOID")(text).replace("-9999", "-8888"), "-8888 MPa or the like, which cannot be"),
    (lambda text: text.replace("1.5 3.0 0.06 60", "0.7 3.0 0.06 60"), "do not go down in 1 places (record 4 is at 0.7 m"),
    (lambda text: text.replace("1.5 3.0 0.06 60", "-1.5 3.0 0.06 60"), "is at -1.5 m, above the ground"),
    (lambda text: f"{HEAD}#EOH=\n", "has no records"),
    (lambda text: f"{HEAD}#EOH=\n0.5 -9999 -9999 -9999\n", "nothing was measured"),
    (lambda text: text.replace("1.0 2.0 0.02", "1.0 two 0.02"), "record 2 holds 'two', which is no number"),
    (lambda text: text.replace("1.0 2.0 0.02", "1,0 2,0 0,02"), "write numbers with a point"),
    (lambda text: text.replace("1.0 2.0 0.02 0", "1.0 2.0 0.02 0 9"), "hold more values than the 4 columns"),
    (lambda text: text.replace("2.0 4.0 0.04", "2.0 4000 0.04"), "4000 MPa or the like"),
    (lambda text: text.replace("#EOH=\n", ""), "there is no line `#EOH=`"),
    (lambda text: text.encode("utf-16"), "UTF-16"),
    (lambda text: text + "3.0 4.0 0.04 0\n" * 500_001, "more than 500000 records"),
])  # fmt: skip
def test_a_wrong_cone_test_is_an_error(tmp_path: Path, capsys: Said, change: Callable[[str], Any], told: str) -> None:
    content = change(CPT)
    path = tmp_path / "s1.gef"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    code, text = validated(path, capsys)
    assert code != 0
    assert told in text
    assert "s1.gef" in text


def test_voids_and_signs_of_depths_are_respected(tmp_path: Path, capsys: Said) -> None:
    other = CPT.replace("-9999", "-8888")
    path = tmp_path / "s1.gef"
    path.write_text(other, encoding="utf-8")
    assert validated(path, capsys)[0] == 0
    assert twin.read_city(path).soundings.iloc[0]["profile"]["qc_MPa"] == [None, 2.0, 3.0, 4.0]
    upward = HEAD + "#EOH=\n-0.5 -9999 -9999 0\n-1.0 2.0 0.02 0\n-1.5 3.0 0.06 0\n"
    path.write_text(upward, encoding="utf-8")
    code, text = validated(path, capsys)
    assert code == 0
    assert "all depths are below 0" in text


@pytest.mark.parametrize("place", ["4258, 5.12, 52.09", "4326, 52.09, 5.12"])
def test_a_place_that_is_stated_in_degrees_becomes_metres(tmp_path: Path, place: str) -> None:
    """The place is where the Dutch grid has that longitude and latitude: 5.12, 52.09 is by the Dom of Utrecht, as pyproj has it."""
    from pyproj import Transformer

    path = tmp_path / "s1.gef"
    path.write_text(CPT.replace(PLACE, f"#XYID= {place}"), encoding="utf-8")
    city = twin.read_city(path)
    spot = city.soundings.geometry.iloc[0]
    x, y = Transformer.from_crs(4258, 28992, always_xy=True).transform(5.12, 52.09)
    assert (spot.x, spot.y) == pytest.approx((x, y), abs=2.0)
    assert city.crs.to_epsg() == 7415


def test_a_cone_without_a_level_makes_no_ground_and_the_run_says_so(tmp_path: Path, capsys: Said) -> None:
    """Its layers are never put at 0 m; validate fails and names file, key and what to do, and so do the assumptions of a run."""
    from twin.impacts.pit_soil import _told_of_left_out

    (tmp_path / "s1.gef").write_text(CPT.replace(f"{LEVEL}\n", "").replace(PLACE, "#XYID= 31000, 136850, 455850"), encoding="utf-8")
    path = pit_file(tmp_path, {}, {})
    text = path.read_text(encoding="utf-8").replace("city: sample", f"city: [{sample_folder()}, s1.gef]")
    path.write_text(text, encoding="utf-8")
    code, said = validated(path, capsys)
    assert code != 0
    assert "surface-unknown 77/S1 (s1.gef): there is no `#ZID`" in said
    assert "Give the height: `#ZID= 31000, HEIGHT`" in said
    city = twin.read_city([sample_folder(), tmp_path / "s1.gef"])
    model = SoilModel.from_city(city)
    assert "77/S1" not in model.ids
    assert "77/S1 (s1.gef): the height of the ground is not known" in _told_of_left_out(model, city)[0]


REGISTER = """<?xml version="1.0"?>{doctype}
<dispatchDataResponse xmlns="http://www.broservices.nl/xsd/dscpt/1.1"><dispatchDocument><CPT_O>
<broId>CPT1</broId><deliveredLocation><pos srsName="urn:ogc:def:crs:EPSG::28992">{place}</pos></deliveredLocation>
<deliveredVerticalPosition>{level}</deliveredVerticalPosition>
<conePenetrometerSurvey><cptResult><values>{values}</values></cptResult></conePenetrometerSurvey>
</CPT_O></dispatchDocument></dispatchDataResponse>"""
NAP = '<offset uom="m">2.5</offset><verticalDatum>NAP</verticalDatum>'
RECORD = ",".join(["1.0", "-999999", "-999999", "2.5", *["-999999"] * 21]) + ";"


@pytest.mark.parametrize(("given", "told"), [
    ({}, ""),
    ({"place": "5.12 52.09"}, "is in degrees, where EPSG:28992 (`srsName`) counts in metres"),
    ({"place": "456000 136000"}, "x and y are swapped"),
    ({"level": ""}, "does not state the height of the ground (`deliveredVerticalPosition`)"),
    ({"level": NAP.replace("NAP", "TAW")}, "above TAW, not above NAP"),
    ({"values": RECORD.replace("2.5", "two")}, "are not 25 numbers"),
    ({"values": RECORD.replace("2.5", "2500")}, "2500 MPa or the like, which cannot be"),
    ({"values": RECORD.replace("2.5", "-999999")}, "nothing was measured"),
    ({"doctype": '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]>', "place": "&c;"}, "document type"),
])  # fmt: skip
def test_a_wrong_document_of_the_register_is_an_error(tmp_path: Path, capsys: Said, given: dict[str, str], told: str) -> None:
    parts = {"doctype": "", "place": "136000 456000", "level": NAP, "values": RECORD, **given}
    path = tmp_path / "cpt.xml"
    path.write_text(REGISTER.format(**parts), encoding="utf-8")
    code, text = validated(path, capsys)
    assert (code != 0) == bool(told)
    assert told in text


def cellar(name: str = "k1", east: float = 0.0, **properties: Any) -> dict[str, Any]:
    x, y = 136840 + east, 455700
    ring = [[x, y], [x + 5, y], [x + 5, y + 10], [x, y + 10], [x, y]]
    measures = {"floor_m": 1.2, "crown_m": 2.2, "vault_m": 0.25, **properties}
    return {
        "type": "Feature", "id": name, "properties": {key: value for key, value in measures.items() if value is not None},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }  # fmt: skip


def cellar_files(folder: Path, *cellars: dict[str, Any]) -> tuple[Path, Path]:
    """A file of cellars, and a scenario about them in the sample."""
    crs = {"type": "name", "properties": {"name": "EPSG:28992"}}
    source, scenario = folder / "werfkelders.geojson", folder / "cellars.yaml"
    source.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": list(cellars)}), encoding="utf-8")
    text = {
        "stadstwin": 1, "title": "t", "city": [str(sample_folder()), source.name],
        "analyses": {"cellars": {"vehicles": [{"id": "engine", "vehicle": "fire engine"}]}},
    }  # fmt: skip
    scenario.write_text(yaml.safe_dump(text), encoding="utf-8")
    return source, scenario


@pytest.mark.parametrize(("measures", "told"), [
    ({"vault_m": -0.25}, "`vault_m` is -0.25 m: a vault is thicker than 0 m"),
    ({"vault_m": 0.0}, "`vault_m` is 0 m"),
    ({"vault_m": 2.25}, "a vault is at most 2 m thick"),
    ({"crown_m": 0.0}, "`crown_m` is 0 m"),
    ({"crown_m": -2.2}, "`crown_m` is -2.2 m"),
    ({"crown_m": "high"}, "`crown_m` is 'high', which is no number"),
    ({"crown_m": None, "cover_m": -0.5}, "`cover_m` is -0.5 m"),
    ({"crown_m": None, "dekking": 0.0}, "`dekking` is 0 m"),
    ({"crown_m": None, "floor_m": 4.0, "top_m": 3.0}, "the floor (4 m) is not below the top of the vault (3 m)"),
    ({"crown_m": None, "floor_m": None, "floor_depth_m": 2.0, "cover_m": 2.5}, "leave no room above the floor, 2 m below"),
    ({"crown_m": None, "floor_m": 2.4, "cover_m": 2.5}, "leaves no room below the vault"),
    ({"floor_m": None, "floor_depth_m": 0.0}, "`floor_depth_m` is 0 m"),
    ({"springing_m": 2.5}, "the springing (2.5 m) is not below the crown (2.2 m)"),
    ({"springing_m": -0.5}, "`springing_m` is -0.5 m"),
    ({"span_azimuth_deg": "north"}, "`span_azimuth_deg` is 'north', which is no number"),
    ({"span_azimuth_deg": 4000.0}, "a direction is from 0 to 360 degrees"),
    ({"backing_m": -0.5}, "backing_m is from 0 to 3"),
])  # fmt: skip
def test_a_measure_of_a_cellar_that_cannot_be_is_an_error_and_it_is_not_judged(
    tmp_path: Path, capsys: Said, measures: dict[str, Any], told: str
) -> None:
    source, scenario = cellar_files(tmp_path, cellar(**measures), cellar("k2", 8.0))
    for path in (source, scenario):
        code, text = validated(path, capsys)
        assert code != 0
        assert "cellar-measure werfkelders-k1" in " ".join(text.split())
        assert told in text
    city = twin.read_city([sample_folder(), source])
    wrong, right = city.cellars.loc["werfkelders-k1"], city.cellars.loc["werfkelders-k2"]
    assert told in wrong["measure_faults"]
    assert not wrong["estimated"]
    assert np.isnan(wrong["cover_m"])
    assert "werfkelders-k1" not in city.objects.index
    assert not right["measure_faults"]
    found = cellar_capacity(city.cellars.loc[["werfkelders-k1", "werfkelders-k2"]], vehicles="fire engine")
    assert found["screening"].tolist()[0] == "not judged"
    assert told in found["reasons"].iloc[0]
    assert found["use_factor"].notna().tolist() == [False, True]


@pytest.mark.parametrize(("cellars", "told", "code"), [
    ((cellar(condition="godo"),), "`condition` is 'godo', which is not understood and taken as unknown; did you mean `good`?", 0),
    ((cellar(foundation="strip"),), "`foundation` is 'strip', which is not understood", 0),
    ((cellar(owner_class="state"),), "`owner_class` is 'state', which is not understood", 0),
    ((cellar(use="kantoor"),), "`use` is 'kantoor', which is not understood", 0),
    ((cellar(rings=12),), "`rings` is '12', which cannot be", 0),
    ((cellar(inspected="last year"),), "`inspected` is 'last year', which is no date", 0),
    ((cellar(vault_m=None, gewelfdikte=-0.3),), "`gewelfdikte` is -0.3 m", 1),
    ((cellar(), cellar("k2", 2.0)), "its outline overlaps that of cellar", 0),
    ((cellar(), cellar("k1", 8.0)), "2 cellars have", 1),
    (({**cellar(), "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [5, 5], [5, 0], [0, 5], [0, 0]]]}},),
     "the outline of the cellar is not a valid polygon", 1),
])  # fmt: skip
def test_what_else_is_wrong_with_cellars_is_told(
    tmp_path: Path, capsys: Said, cellars: tuple[dict[str, Any], ...], told: str, code: int
) -> None:
    found, text = validated(cellar_files(tmp_path, *cellars)[0], capsys)
    assert found == code
    assert told in text


def test_voids_of_cellars_are_unknown_and_a_cover_that_does_not_add_up_is_told(tmp_path: Path) -> None:
    source, _ = cellar_files(tmp_path, cellar(crown_m=-999, vault_m=-9999.0), cellar("k2", 8.0, cover_m=2.0))
    city = twin.read_city([sample_folder(), source])
    assert city.cellars.loc["werfkelders-k1", "estimated_columns"] == "crown_m, vault_m"
    assert [one.object_id for one in city.quality.findings if one.code == "cellar-sum"] == ["werfkelders-k2"]
    assert "cellar-measure" not in city.quality.counts()


def test_names_of_owners_are_not_repeated(tmp_path: Path) -> None:
    source, _ = cellar_files(tmp_path, cellar(eigenaar="J. Canary", condition="goed"))
    assert "Canary" not in str(twin.read_city(source).quality)
