"""Wharf cellars in a scenario: a quay with two cellars below, people, a stage, vehicles and a pit, before and after."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from tests.impacts.places import SOUTH, WEST, box, frame, plain
from twin.assess import see_possible
from twin.compare import Comparison
from twin.errors import ParameterError, ScenarioError
from twin.geo.city import City
from twin.impact_result import ImpactResult
from twin.impacts.cellar_capacity import LABEL, cellar_capacity
from twin.impacts.cellars import analyse, possible
from twin.impacts.cellars_report import by_name
from twin.impacts.site import Site
from twin.report.cellars import cellar_tables
from twin.report.impacts import impact_section
from twin.report.texts import ENGLISH
from twin.scenario import scenario_from_text
from twin.scenario.cellars import CellarsAnalysis
from twin.scenario.routes import VEHICLES

MEASURES = {
    "floor_m": -0.6, "crown_m": 2.0, "vault_m": 0.22, "cover_m": 0.38, "span_azimuth_deg": 90.0, "springing_m": 0.8,
    "condition": "good", "estimated": False, "estimated_columns": "",
}  # fmt: skip


def at(x: float, y: float) -> list[float]:
    return [WEST + x, SOUTH + y]


def corners(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [at(west, south), at(east, south), at(east, north), at(west, north)]


def quay(**changes: object) -> City:
    """A quay of 8 m above two cellars, a canal south of it, and a street round the back."""
    roads = {
        "quay": {"surface": "street", "geometry": box(0, 20, 120, 28)},
        "back": {"surface": "street", "geometry": box(0, 80, 120, 86)},
        "west": {"surface": "street", "geometry": box(0, 20, 6, 86)},
        "east": {"surface": "street", "geometry": box(114, 20, 120, 86)},
    }
    cellars = {
        "a": {**MEASURES, **changes, "geometry": box(40, 20, 45, 29)}, "b": {**MEASURES, "geometry": box(60, 20, 64, 29)},
    }  # fmt: skip
    made = plain(120).with_layer("roads", frame(roads)).with_layer("cellars", frame(cellars))
    return made.with_layer("water", frame({"canal": {"geometry": box(0, 0, 120, 16)}}))


@pytest.fixture(scope="module")
def city() -> City:
    return quay()


EVENT = f"""\
  - id: party
    type: event
    zones: [{{id: front, at: {{polygon: {corners(38, 21, 43, 27)}}}, present: 50}}]
    stages:
      - {{id: stage, at: {{polygon: {corners(60, 21, 62, 24)}}}, load_kn_m2: 6}}
      - {{id: tent, at: {{polygon: {corners(80, 21, 84, 24)}}}}}
    exits: {{east: 100}}
    end_s: 5
"""
CROWD = f"""\
crowd:
  duration_s: 12
  seeds: 2
  clock_start: "16:00"
  flows: [{{id: few, at: {{polygon: {corners(61, 22, 63, 27)}}}, people: 4, from_s: 0, until_s: 1, to: {{east: 100}}}}]
  exits: {{east: {{polygon: {corners(112, 21, 119, 27)}}}}}
"""


SHUT = f"  - {{id: works, type: closure, at: {{polygon: {corners(70, 30, 75, 32)}}}}}\n"
"""A change that is in nobody's way."""


def asked(text: str = "{}", changes: str = EVENT, crowd: str = CROWD) -> twin.Scenario:
    return scenario_from_text(f"stadstwin: 1\ntitle: Quay\ncity: quay\nchanges:\n{changes}{crowd}analyses:\n  cellars: {text}\n")


def of_city(text: str, changes: str = SHUT) -> twin.Scenario:
    """Without anybody who walks."""
    return asked(text, changes, "")


VEHICLES_TEXT = f"""
    vehicles:
      - {{id: fire, vehicle: fire engine, start: {{point: {at(3, 24)}}}, end: {{point: {at(117, 24)}}}}}
      - {{id: sweeper, axles_t: [1, 2], distances_m: [0, 2], line: [{at(30, 24)}, {at(50, 24)}], in_baseline: false}}
"""


@pytest.fixture(scope="module")
def both(city: City) -> Comparison:
    return twin.compare(asked(VEHICLES_TEXT), city=city, progress=False)


def impact(both: Comparison) -> ImpactResult:
    return both.variant.impacts["cellars"]


def test_the_use_is_that_of_the_screening_called_by_hand(both: Comparison, city: City) -> None:
    found = impact(both).features["cellars"]
    cellars = city.layers["cellars"]
    people = cellar_capacity(cellars, crowd=both.variant)
    again = cellar_capacity(cellars, crowd=both.variant.trajectories)
    assert people["use_crowd"].to_numpy() == pytest.approx(again["use_crowd"].to_numpy())
    # of all seeds the worst: the first one alone asks no more
    assert (found["use_crowd"] >= people["use_crowd"] - 1e-9).all()
    one = twin.compare(asked(VEHICLES_TEXT), city=city, seeds=1, progress=False).variant
    assert one.impacts["cellars"].features["cellars"]["use_crowd"].to_numpy() == pytest.approx(people["use_crowd"].to_numpy())
    stage = gpd.GeoDataFrame({"load_kn_m2": [6.0]}, index=["stage"], geometry=[box(60, 21, 62, 24)], crs=cellars.crs)
    by_hand = cellar_capacity(cellars, vehicles="fire engine", stages=stage)
    assert found["use_stage"].to_numpy() == pytest.approx(by_hand["use_stage"].to_numpy())
    assert found["use_vehicle"].to_numpy() == pytest.approx(by_hand["use_vehicle"].to_numpy())
    assert (found["label"] == LABEL).all()
    assert found["governing"].tolist() == ["vehicle: fire", "vehicle: fire"]


def test_what_the_event_adds_is_told_beside_what_is_there_without(both: Comparison) -> None:
    before, after = both.baseline.impacts["cellars"], impact(both)
    assert {one.key for one in before.figures} == {one.key for one in after.figures}
    assert np.isnan(before.figure("cellars_way_sweeper").value)
    assert np.isnan(before.figure("cellars_place_stage").value)
    assert after.figure("cellars_place_stage").value == pytest.approx(after.features["places"].loc["stage", "use_factor"])
    assert before.figure("cellars_crowd").value < after.figure("cellars_crowd").value
    assert after.figure("cellars_crowd").limit == 1.0
    low = after.features["cellars"]["confidence"] == "low"
    assert after.figure("cellars_low").value == low.sum()
    assert "cellars_way_fire" in both.table().index
    assert {"cellars_place_stage", "cellars_way_sweeper"} <= set(both.table().index)
    assert np.isfinite(both.impacts["cellars"][2]["cellar_use_change"]).any()
    assert any("2 runs" in one and "every 1 s" in one for one in after.assumptions)


def test_the_course_of_the_worst_cellar_has_its_worst_second(both: Comparison) -> None:
    course, found = impact(both).features["course"], impact(both).features["cellars"]
    assert course["use_crowd"].max() == pytest.approx(found["use_crowd"].max(), rel=1e-5)
    assert course["cellar"].unique().tolist() == [str(found["use_crowd"].idxmax())]
    assert course["when"].iloc[0].startswith("16:00:")
    assert course["seed"].isin([1, 2]).all()


def test_a_vehicle_loads_only_what_it_comes_over(both: Comparison, city: City) -> None:
    ways = impact(both).features["ways"]
    assert ways.loc["sweeper", "cellars"] == 1
    assert ways.loc["sweeper", "cellar"] == "a"
    assert ways.loc["fire", ["cellars", "rule"]].tolist() == [2, "exempt"]
    only = twin.compare(
        asked(f"{{vehicles: [{{id: v, vehicle: lorry, line: [{at(30, 24)}, {at(50, 24)}]}}]}}"), city=city, seeds=1, progress=False
    )
    found = impact(only).features["cellars"]
    assert found.loc["a", "use_vehicle"] > 1
    assert found.loc["b", "use_vehicle"] == 0
    assert found.loc["b", "method"] == "thrust line"
    assert impact(only).features["ways"].loc["v", "rule"] == "not allowed"


def test_a_way_round_is_found_where_there_is_one(both: Comparison, city: City) -> None:
    ways = impact(both).features["ways"]
    assert ways.loc["fire", "use_factor"] > 1
    assert ways.loc["fire", "round"] == "found"
    assert ways.loc["fire", "round_m"] > ways.loc["fire", "length_m"] + 50
    streets = impact(both).features["streets"]
    assert (streets["rule_fire"] == "exempt").any()
    assert streets["use_factor"].max() == pytest.approx(ways["use_factor"].max())
    between = f"{{vehicles: [{{id: v, vehicle: fire engine, start: {{point: {at(3, 24)}}}, end: {{point: {at(52, 24)}}}}}]}}"
    shut = f"  - {{id: works, type: closure, at: {{polygon: {corners(70, 20, 75, 28)}}}}}\n"
    found = impact(twin.compare(of_city(between, shut), city=city, progress=False))
    assert found.features["ways"].loc["v", "round"] == "none"
    assert "no way round" in found.features["ways"].loc["v", "told"]
    # a lorry heeds the rule, and takes the long way by itself
    lorry = between.replace("fire engine", "lorry").replace(str(at(52, 24)), str(at(117, 24)))
    kept = impact(twin.compare(of_city(lorry), city=city, progress=False)).features["ways"].loc["v"]
    assert kept["cellars"] == 0
    assert kept["round"] == "not needed"
    assert kept["length_m"] > 200


def test_places_of_stages_and_the_largest_load(both: Comparison) -> None:
    places = impact(both).features["places"]
    assert places.loc["stage", "cellar"] == "b"
    row = places.loc["stage"]
    assert row["largest_kn_m2"] == pytest.approx(min(50.0, 6.0 / row["use_factor"]))
    assert row["use_low"] <= row["use_factor"] <= row["use_high"]
    assert places.loc["tent", "cellars"] == 0  # no cellar below: nothing to judge
    weightless = asked(changes=EVENT.replace("load_kn_m2: 6", "load_kn_m2: 0.001"))
    figure = impact(twin.compare(weightless, city=quay(), progress=False)).figure("cellars_place_stage")
    assert "use below 0.01 at 0.001 kN/m2" in figure.told
    assert "use below 0.01 at 0.001 kN/m2" in figure.note


@given(st.floats(0.1, 40.0))
@settings(max_examples=10, deadline=None)
def test_what_a_stage_takes_grows_with_its_load(load: float) -> None:
    cellars = quay().layers["cellars"]
    stage = gpd.GeoDataFrame({"load_kn_m2": [load]}, geometry=[box(40, 21, 42, 26)], crs=cellars.crs)
    one, same = (cellar_capacity(cellars, stages=stage.assign(load_kn_m2=kn)) for kn in (1.0, load))
    assert same.loc["a", "use_stage"] == pytest.approx(load * one.loc["a", "use_stage"], rel=1e-4)


def test_without_a_load_the_cellar_below_is_not_judged(city: City) -> None:
    changes = EVENT.replace(", load_kn_m2: 6", "")
    found = impact(twin.compare(asked(changes=changes), city=city, seeds=1, progress=False))
    assert found.features["cellars"].loc["b", "screening"] == "not judged"
    assert found.features["places"].loc["stage", "screening"] == "not judged"
    assert found.features["places"].loc["stage", "largest_kn_m2"] > 0
    assert found.figure("cellars_not_judged").value == 1
    assert found.figure("cellars_not_judged").verdict == "exceeds"
    x, y = WEST + 62, SOUTH + 24
    assert float(found.fields["cellar_screening"].sel(x=x, y=y, method="nearest")) == 4
    assert np.isnan(found.fields["cellar_use"].sel(x=x, y=y, method="nearest"))


def test_the_raster_is_the_use_of_the_cellar_below(both: Comparison) -> None:
    found = impact(both)
    for name, x in (("a", 42.0), ("b", 61.0)):
        here = found.fields["cellar_use"].sel(x=WEST + x, y=SOUTH + 24, method="nearest")
        assert float(here) == pytest.approx(found.features["cellars"].loc[name, "use_factor"], rel=1e-5)
    assert np.isnan(found.fields["cellar_use"].sel(x=WEST + 52, y=SOUTH + 24, method="nearest"))
    assert found.fields["cellar_use"].attrs["units"] == "1"


def test_nobody_walks_so_nobody_loads(city: City) -> None:
    shut = f"  - {{id: works, type: closure, at: {{polygon: {corners(70, 20, 75, 28)}}}}}\n"
    found = impact(twin.compare(of_city("{}", shut), city=city, progress=False))
    assert "use_crowd" not in found.features["cellars"]
    assert (found.features["cellars"]["use_factor"] == 0).all()
    assert (found.features["cellars"]["screening"] == "within").all()
    assert found.figure("cellars_worst").value == 0
    # of cellars of which nothing is asked no confidence is told
    assert np.isnan(found.figure("cellars_low").value)
    away = EVENT.replace(str(corners(38, 21, 43, 27)), str(corners(86, 21, 92, 27)))
    elsewhere = impact(twin.compare(asked("{crowd: false}", changes=away), city=city, seeds=1, progress=False))
    assert "use_crowd" not in elsewhere.features["cellars"]
    crowd = CROWD.replace(str(corners(61, 22, 63, 27)), str(corners(95, 22, 97, 27)))
    alone = twin.run(asked(changes=away, crowd=crowd), city=city, progress=False)
    assert alone.impacts["cellars"].figure("cellars_crowd").value == 0
    assert (alone.impacts["cellars"].features["cellars"]["use_crowd"] == 0).all()


def test_one_run_and_an_ensemble_have_it_too(city: City) -> None:
    many = twin.ensemble(asked(), city=city, progress=False)
    one = twin.run(asked(), city=city, progress=False)
    assert many.figures["cellars_crowd"].nunique() == 1
    most = many.first.impacts["cellars"].figure("cellars_crowd").value
    assert most >= one.impacts["cellars"].figure("cellars_crowd").value - 1e-9


def test_a_continuum_is_read_from_its_density(city: City) -> None:
    crowd = CROWD.replace("seeds: 2", "seeds: 1\n  model: continuum\n  field_interval_s: 2")
    changes = EVENT.replace("present: 50", "present: 60")
    found = twin.run(asked(changes=changes, crowd=crowd), city=city, progress=False).impacts["cellars"]
    assert any("density field" in one and "every 2 s" in one for one in found.assumptions)
    assert found.features["cellars"]["use_crowd"].max() > 0


def test_cranes_load_the_cellar_that_they_stand_on(city: City) -> None:
    text = f"{{cranes: [{{id: mobile, outriggers: [{at(41, 24)}, {at(52, 24)}], outrigger_kn: 150}}]}}"
    found = impact(twin.compare(of_city(text), city=city, progress=False)).features["cellars"]
    assert found.loc["a", "use_crane"] > 0
    assert found.loc["b", "use_crane"] == 0
    by_hand = cellar_capacity(city.layers["cellars"], cranes={"name": "mobile", "outrigger_kn": 150, "at": at(41, 24)})
    assert found.loc["a", "use_crane"] == pytest.approx(by_hand.loc["a", "use_crane"])

    told = impact(twin.compare(of_city(text), city=city, progress=False))
    row = told.features["cranes"].loc["mobile"]
    assert (row["cellars"], row["cellar"], row["nearest_m"]) == (1, "a", 0.0)
    assert row["use_factor"] == told.figure("cellars_crane_mobile").value == pytest.approx(by_hand.loc["a", "use_crane"])
    assert told.figure("cellars_crane_mobile").limit == 1.0


def test_a_crane_beside_all_cellars_is_told_with_how_far_the_nearest_is(city: City) -> None:
    """Its feet are 4 m and 7 m east of cellar a, whose eastern side is at 45 m, and 11 m and 8 m west of b."""
    text = f"{{cranes: [{{id: mobile, outriggers: [{at(49, 24)}, {at(52, 24)}], outrigger_kn: 150, in_baseline: false}}]}}"
    made = twin.compare(of_city(text), city=city, progress=False)
    found = impact(made)
    row, figure = found.features["cranes"].loc["mobile"], found.figure("cellars_crane_mobile")
    assert (row["cellars"], row["feet"], row["cellar"], row["screening"]) == (0, 2, "a", "")
    assert row["nearest_m"] == pytest.approx(4.0)
    assert "no cellar lies below its outriggers; the nearest, a, is 4.0 m from a foot" in figure.told
    assert (figure.value, figure.limit, figure.headline) == (0.0, None, True)
    assert "Cranes and their feet" in cellar_tables(found, ENGLISH)
    assert "is 4.0 m from a foot" in cellar_tables(found, ENGLISH)
    assert not len(made.impacts["cellars"][0].features["cranes"])
    whole = f"{{cranes: [{{id: mobile, outriggers: [{at(41, 24)}], outrigger_kn: 150}}]}}"
    unknown = impact(twin.compare(of_city(whole), city=quay(cover_m=float("nan")), progress=False))
    assert np.isnan(unknown.figure("cellars_crane_mobile").value)
    assert unknown.features["cranes"].loc["mobile", "screening"] == "not judged"


@pytest.mark.parametrize(("text", "where"), [
    (f"{{cranes: [{{id: c, outriggers: [{at(41, 24)}, {at(1100, 24)}], outrigger_kn: 9}}]}}", "cranes[0].outriggers[1]"),
    (f"{{vehicles: [{{id: v, vehicle: van, line: [{at(1100, 24)}, {at(1200, 24)}]}}]}}", "vehicles[0].line"),
])  # fmt: skip
def test_a_crane_or_a_line_outside_the_city_is_refused_before_anything_runs(city: City, text: str, where: str) -> None:
    with pytest.raises(ScenarioError, match="outside the city") as error:
        see_possible(of_city(text), city)
    assert error.value.where == f"analyses.cellars.{where}"


PIT = """\
  - id: pit
    type: excavation
    outline: {{polygon: {outline}}}
    bottom_m: -2
    wall: {{kind: sheet-pile, toe_m: -9, settlement_mm: {mm}}}
"""


def test_a_pit_moves_the_wharf_wall_and_the_feet_of_vaults(city: City) -> None:
    def with_pit(mm: float, outline: list[list[float]]) -> ImpactResult:
        return impact(twin.compare(of_city("{}", PIT.format(mm=mm, outline=outline)), city=city, progress=False))

    beside = corners(46.5, 18, 58, 44)
    small, large = (with_pit(mm, beside) for mm in (5.0, 200.0))
    for one in (small, large):
        assert len(one.features["walls"]) == 2  # the fronts lie further apart than those of one wall
        assert one.features["cellars"].loc["a", "settlement_mm"] > 0
        assert "of its design" in " ".join(one.assumptions)
    assert large.features["walls"]["category"].max() > small.features["walls"]["category"].max()
    assert (large.features["walls"]["category_low"] <= large.features["walls"]["category_high"]).all()
    assert large.figure("cellars_wall").limit == 2
    assert large.figure("cellars_wall").verdict == "exceeds"  # water comes on top
    assert small.figure("cellars_wall").value <= 2
    assert small.figure("cellars_wall").verdict != "meets"  # water is not in it
    assert "by the walls of pits alone" in small.figure("cellars_wall").label
    assert "by the walls of pits alone, lowered water is not in it" in cellar_tables(small, ENGLISH)
    apart = [one.features["cellars"]["feet_apart_mm"] for one in (small, large)]
    assert apart[1].to_numpy() == pytest.approx(40.0 * apart[0].to_numpy(), rel=1e-6)
    assert apart[0].max() > 0
    far = with_pit(20.0, corners(80, 60, 100, 70))
    assert not len(far.features["walls"])
    assert (far.features["cellars"]["settlement_mm"] == 0).all()
    through = with_pit(20.0, corners(43, 22, 58, 44))
    assert np.isnan(through.features["cellars"].loc["a", "settlement_mm"])
    assert through.figure("cellars_in_pit").value == 1
    assert "wall-1" in cellar_tables(large, ENGLISH)


def test_lowered_water_counts_for_the_wharf_wall_where_the_pit_is_asked_for_too(city: City) -> None:
    beside = PIT.format(mm=5.0, outline=corners(46.5, 18, 58, 44))
    layers = "[{soil: sand, top_m: 2, bottom_m: 0.5}, {soil: clay, bottom_m: -6, cr: 0.1, rr: 0.02}, {soil: sand, bottom_m: -20}]"
    wet = f"{{}}\n  pit: {{layers: {layers}, water_m: 1, head_m: 1, canal: false, foundation: shallow}}"
    alone, together = (impact(twin.compare(of_city(one, beside), city=city, progress=False)) for one in ("{}", wet))
    walled = twin.compare(asked(wet, beside), city=city, seeds=1, progress=False)
    for one in (together, impact(walled)):
        walls = one.features["walls"]
        by_water = walls["settlement_water_mm"]
        assert (by_water > 1.0).all()
        assert (walls["settlement_mm"] <= alone.features["walls"]["settlement_mm"] + by_water + 1e-9).all()
        assert (walls["settlement_mm"] > alone.features["walls"]["settlement_mm"]).all()
        assert one.figure("cellars_wall").limit == 2
        assert "lowered water together" in one.figure("cellars_wall").note
        assert "by its walls and lowered water together" in cellar_tables(one, ENGLISH)
    assert alone.features["walls"]["settlement_water_mm"].isna().all()
    # as on the map of the pit
    field = walled.variant.impacts["pit"].fields["settlement_mm"]
    a = walled.variant.impacts["cellars"].features["cellars"].loc["a"]
    near = field.sel(x=slice(WEST + 39, WEST + 46), y=slice(SOUTH + 30, SOUTH + 19)).to_numpy()
    assert np.nanmin(near) - 0.5 <= a["settlement_mm"] <= np.nanmax(near) + 0.5
    # of water of which nothing is known the wall is not judged
    ends = wet.replace(", {soil: sand, bottom_m: -20}", "").replace("bottom_m: -6", "bottom_m: -20")
    sunk = beside + "    stages: [{id: only, floor_m: -2, head_m: -5}]\n"
    blind = impact(twin.compare(of_city(ends, sunk), city=city, progress=False))
    assert blind.features["walls"]["settlement_mm"].isna().all()
    assert blind.figure("cellars_pit_not_judged").verdict == "exceeds"


@pytest.mark.parametrize("held", ["", "    slope_1_in: 0.5\n", "    wall: {kind: secant-pile, toe_m: -9}\n"])
def test_what_a_pit_takes_away_is_told_whatever_holds_its_sides(city: City, held: str) -> None:
    pit = PIT.format(mm=5, outline=corners(43, 22, 58, 44))
    text = pit[: pit.index("    wall:")] + held
    through = impact(twin.compare(of_city("{}", text), city=city, progress=False))
    assert np.isnan(through.features["cellars"].loc["a", "settlement_mm"])
    figure = through.figure("cellars_in_pit")
    assert (figure.value, figure.verdict) == (1.0, "exceeds")


def test_the_limit_of_the_scenario_decides(city: City) -> None:
    van = f"[{{id: v, vehicle: van, line: [{at(30, 24)}, {at(50, 24)}]}}]"
    strict = f"{{use_limit: 0.001, use_limit_source: ours, vehicles: {van}}}"
    found = impact(twin.compare(of_city(strict), city=city, progress=False))
    assert found.features["cellars"].loc["a", "screening"] == "beyond"
    assert found.figure("cellars_worst").limit == 0.001
    assert found.classes[0].borders[2] == 0.001
    assert found.figure("cellars_worst").limit_source == "ours"


def test_the_page_has_the_tables_and_escapes_what_is_in_them(both: Comparison) -> None:
    found = impact(both)
    page = cellar_tables(found, ENGLISH)
    for key in ("cellars_label", "cellars_worst", "cellars_ways", "cellars_places", "cellars_streets"):
        assert ENGLISH[key] in page
    assert "<svg" in page
    assert "exempt" in page
    evil = found.features["cellars"].rename(index={"a": "<script>x</script>"})
    assert "<script>" not in cellar_tables(dataclasses.replace(found, features={**found.features, "cellars": evil}), ENGLISH)


def test_each_picture_stands_once_and_the_section_as_wide_as_the_page(both: Comparison) -> None:
    pictures = {"cellars": b"a", "cellars change": b"b", "cellars section": b"c", "after": b"d"}
    page = impact_section(impact(both), pictures, ENGLISH)
    assert page.count("<img") == 3
    assert page.count('class="wide"') == 1
    assert ENGLISH["cellars_section"] in page


def test_it_is_saved_and_opened_again(both: Comparison, tmp_path: Path) -> None:
    both.save(tmp_path)
    again = twin.open_result(tmp_path / "variant").impacts["cellars"]
    assert again.features["cellars"]["use_factor"].to_numpy() == pytest.approx(
        impact(both).features["cellars"]["use_factor"].to_numpy()
    )
    assert set(again.features) == set(impact(both).features)
    assert ENGLISH["cellars_worst"] in cellar_tables(again, ENGLISH)


def test_a_map_names_what_is_beyond_and_draws_ways(both: Comparison, city: City) -> None:
    axes = impact(both).plot_map(city=city)
    drawn = {artist.get_gid() for artist in axes.get_children()}
    assert {"field", "cellar:a", "cellar:b", "way_beyond"} <= drawn
    section = impact(both).kept.section
    assert section is not None
    assert section.name in ("a", "b")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{vehicles: [{id: v, vehicle: tank}]}", "`tank` is no vehicle"),
        ("{vehicles: [{id: v}]}", "give either `vehicle` or `axles_t`"),
        ("{vehicles: [{id: v, vehicle: pedestrian}]}", "no axle load"),
        ("{vehicles: [{id: v, axles_t: [2, 3], distances_m: [0]}]}", "2 axles and 1 distances"),
        ("{vehicles: [{id: v, axles_t: [2, 3], distances_m: [3, 0]}]}", "rise"),
        ("{vehicles: [{id: v, axles_t: [-2]}]}", "a list of loads of axles, above 0"),
        ("{vehicles: [{id: v, vehicle: lorry, start: [0, 0]}]}", "both `start` and `end`"),
        ("{vehicles: [{id: v, vehicle: lorry}, {id: v, vehicle: van}]}", "two with the id `v`"),
        ("{vehicles: [{id: v, vehicle: lorry, via: [[0, 0]]}]}", "`via` lies between"),
        ("{use_limit: 0}", "above 0"),
        ("{cranes: [{id: c, outriggers: [[0, 0]], outrigger_kn: 0}]}", "above 0"),
    ],
)
def test_what_cannot_be_is_refused_in_plain_words(text: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        asked(text)


def test_a_city_without_usable_cellars_is_told_so_before_anything_runs(city: City) -> None:
    with pytest.raises(ScenarioError, match="the city has no cellars"):
        twin.compare(asked(), city=plain(120), progress=False)
    with pytest.raises(ParameterError, match="not between 0 and 2 m thick") as error:
        possible(quay(vault_m=-0.2), CellarsAnalysis())
    assert "cellar a" in error.value.where
    with pytest.raises(ScenarioError, match="no cellar lies in the area"):
        analyse(Site(city, (WEST + 80, SOUTH + 60, WEST + 100, SOUTH + 90)), CellarsAnalysis())
    with pytest.raises(ScenarioError, match="outside the city"):
        twin.compare(asked("{vehicles: [{id: v, vehicle: lorry, start: [0, 0], end: [1, 1]}]}"), city=city, progress=False)


def test_what_governs_has_the_name_of_the_scenario() -> None:
    given = ("vehicle: stage lorry", "crane: crane: big", "stage stage", "crowd", "own weight")
    assert [by_name(one) for one in given] == ["stage lorry", "crane: big", "stage", "crowd", "own weight"]


def test_vehicles_of_a_route_by_name(city: City) -> None:
    cellars = city.layers["cellars"]
    way = shapely.LineString([at(30, 24), at(50, 24)])
    found = cellar_capacity(cellars, vehicles=["lorry", "van"], route={"lorry": way})
    assert found.loc["a", "governing"] == "vehicle: lorry"
    assert found.loc["b", "governing"] == "vehicle: van"
    assert VEHICLES["van"].axle_load_t == 2.0
