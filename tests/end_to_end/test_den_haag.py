"""A real city file, end to end: an event in a street of the Den Haag tile, by the command line."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

import twin
from twin.cli import main

pytestmark = pytest.mark.realdata

SCENARIO = """\
stadstwin: 1
title: Street party in Scheveningen
question: Can 600 people leave a street party when one end of the street is fenced off?
city: {city}
area: [78590, 457730, 78800, 457900]
changes:
  - id: party
    type: event
    in_baseline: true
    end_s: 10
    zones:
      - {{id: street, at: {{polygon: [[78640, 457790], [78730, 457822], [78727, 457830], [78637, 457798]]}}, present: 600}}
  - {{id: fence-east, type: fence, line: [[78722, 457800], [78745, 457860]], height_m: 2}}
crowd:
  duration_s: 240
  seeds: 2
  exits:
    east: {{line: [[78772, 457820], [78772, 457880]], width_m: 3}}
    west: {{line: [[78596, 457790], [78620, 457770]], width_m: 3}}
"""


@pytest.mark.slow
def test_event_in_a_street_of_den_haag(real_data: Path, tmp_path: Path) -> None:
    tile = real_data / "cityjson" / "DenHaag_01.city.json.zip"
    scenario = tmp_path / "party.yaml"
    scenario.write_text(SCENARIO.format(city=tile), encoding="utf-8")
    out = tmp_path / "out"
    assert main(["run", str(scenario), "--out", str(out)]) == 0

    baseline, variant = (twin.open_result(out / side) for side in ("baseline", "variant"))
    assert baseline.figure("people").value == variant.figure("people").value == 600
    assert baseline.figure("left").value > 580
    # the fence closes the short way east: fewer leave there
    assert variant.features["exits"].loc["east", "people"] < baseline.features["exits"].loc["east", "people"]
    assert variant.features["exits"]["people"].sum() == variant.figure("left").value

    city = twin.read_city(tile)
    walked = variant.trajectories.iloc[::7]
    people = gpd.points_from_xy(walked["x"], walked["y"])
    tree = shapely.STRtree(city.buildings.geometry.buffer(-0.01).to_numpy())
    assert len(tree.query(people, predicate="within")[0]) == 0

    report = (out / "report.html").read_text(encoding="utf-8")
    assert "no surface types" in report
    for name in ("before.png", "after.png", "scene.html", "scene.glb"):
        assert (out / name).stat().st_size > 50_000
    baseline.fields.close()
    variant.fields.close()


def test_validate_and_info_on_the_tile(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tile = real_data / "cityjson" / "DenHaag_01.city.json.zip"
    assert main(["info", str(tile)]) == 0
    told = capsys.readouterr().out
    assert "1,653 BuildingPart lod 2" in told
    assert "844 buildings" in told
    assert "EPSG:7415" in told
