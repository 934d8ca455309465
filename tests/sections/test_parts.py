"""What a section holds is what lies there: heights, areas, layers, pits."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

import twin
from tests.places import SOUTH, WEST, frame, town
from twin.errors import ParameterError
from twin.geo.city import City
from twin.impact_result import ImpactResult
from twin.scenario import scenario_from_text
from twin.sections import Section, pit_sections, section
from twin.sections.pits import pit_line, pit_named
from twin.soil import SoilModel

PIT = """\
stadstwin: 1
title: A pit
question: What is dug?
city: sample
changes:
  - id: dig
    type: excavation
    outline: {polygon: [[136890, 455931], [136914, 455931], [136914, 455941], [136890, 455941]]}
    bottom_m: -1.0
    top_m: 5.0
"""
WALLED = """\
    wall: {kind: diaphragm, toe_m: -9}
    concrete: {thickness_m: 1.2}
    supports:
      - {id: high, level_m: 4.0, spacing_m: 3}
      - {id: tie, kind: anchor, level_m: 3.0, spacing_m: 3, length_m: 10, angle_deg: 30}
    wells: [{id: pump, at: [136902, 455943]}]
    stages:
      - {id: first, floor_m: 2.0}
      - {id: deep, floor_m: -1.0, water_m: 0.5}
      - {id: dry, floor_m: -1.0, concreted: true}
"""
ACROSS = [(136902, 455920), (136902, 455952)]


@pytest.fixture(scope="module")
def over_the_canal(sample: City) -> Section:
    return twin.section(sample, [(136740, 455830), (136840, 455850)])


@pytest.fixture(scope="module")
def walled(sample: City) -> Section:
    return section(scenario_from_text(PIT + WALLED), ACROSS, city=sample)


def of(made: Section, kind: str) -> gpd.GeoDataFrame:
    return made.parts[made.parts["kind"] == kind]


def test_buildings_have_their_heights(over_the_canal: Section, sample: City) -> None:
    for row in of(over_the_canal, "building").itertuples():
        house = sample.buildings.loc[row.id]
        assert row.high_m <= house["roof_m"] + 0.01
        assert row.low_m == pytest.approx(house["ground_m"], abs=0.3)
    assert of(over_the_canal, "building")["high_m"].max() == pytest.approx(15.1, abs=0.05)


def test_water_has_its_level_and_bed(over_the_canal: Section) -> None:
    water = of(over_the_canal, "water").iloc[0]
    assert water["level_m"] == water["high_m"] == pytest.approx(0.6)
    assert water["low_m"] == pytest.approx(-1.4, abs=0.05)
    assert water["area_m2"] == pytest.approx(2.0 * (water["to_m"] - water["from_m"]), rel=0.01)


def test_a_cellar_across_its_span_is_a_room_under_a_ring(sample: City) -> None:
    cellar = sample.cellars.iloc[1]
    turn = math.radians(cellar["span_azimuth_deg"])
    across, middle = np.array([math.sin(turn), math.cos(turn)]), np.array(cellar.geometry.centroid.coords[0])
    made = section(sample, [middle - 8 * across, middle + 8 * across], soil=False)
    room = of(made, "cellar").set_index("id").loc[cellar.name]
    ring = of(made, "vault").set_index("id").loc[cellar.name]
    span, spring = room["to_m"] - room["from_m"], 0.45 * cellar["crown_m"]
    # those of the sample are half an ellipse, of eight strips
    angle = np.linspace(-np.pi / 2, np.pi / 2, 9)
    vault = np.trapezoid((cellar["crown_m"] - spring) * np.cos(angle), span / 2 * np.sin(angle))
    assert room["area_m2"] == pytest.approx(span * spring + vault, rel=0.01)
    assert room["high_m"] == pytest.approx(cellar["floor_m"] + cellar["crown_m"], abs=0.01)
    assert ring["high_m"] == pytest.approx(room["high_m"] + cellar["vault_m"], abs=1e-3)
    assert (ring["from_m"], ring["to_m"]) == (pytest.approx(room["from_m"]), pytest.approx(room["to_m"]))
    away = shapely.distance(shapely.points(shapely.get_coordinates(ring["geometry"])), room["geometry"])
    assert away.max() == pytest.approx(cellar["vault_m"], abs=1e-3)
    assert ring["geometry"].intersection(room["geometry"]).area < 1e-6
    assert ring["cover_m"] == cellar["cover_m"]


def test_along_its_barrel_a_ring_is_as_thick_as_at_its_crown(sample: City) -> None:
    cellar = sample.cellars.iloc[1]
    turn = math.radians(cellar["span_azimuth_deg"])
    along, middle = np.array([math.cos(turn), -math.sin(turn)]), np.array(cellar.geometry.centroid.coords[0])
    made = section(sample, [middle - 8 * along, middle + 8 * along], soil=False)
    ring = of(made, "vault").set_index("id").loc[cellar.name]
    assert ring["area_m2"] == pytest.approx(cellar["vault_m"] * (ring["to_m"] - ring["from_m"]), rel=0.03)


def test_a_cellar_without_a_shape_counts_its_crown_from_its_floor() -> None:
    city = replace(town(), layers={**town().layers, "cellars": frame({
        "hole": {"floor_m": 0.2, "crown_m": 1.5, "geometry": shapely.box(5, 5, 12, 12)},
    })})  # fmt: skip
    made = section(city, [(WEST + 1, SOUTH + 8), (WEST + 18, SOUTH + 8)])
    assert of(made, "cellar")[["low_m", "high_m"]].to_numpy().tolist() == [[0.2, pytest.approx(1.7)]]


def test_a_building_without_triangles_is_a_box() -> None:
    made = section(town(), [(WEST + 1, SOUTH + 30), (WEST + 59, SOUTH + 30)])
    box = of(made, "building").iloc[0]
    assert (box["low_m"], box["high_m"], box["to_m"] - box["from_m"]) == (2.0, 11.0, pytest.approx(16.0))
    assert box["certainty"] == "inferred"


def test_boundaries_at_a_sounding_are_those_that_it_saw(sample: City) -> None:
    model = SoilModel.from_city(sample)
    at = sample.soundings.geometry["cpt-1"]
    made = section(sample, [(at.x - 20, at.y), (at.x + 20, at.y)])
    tops = model.layers[model.layers["id"] == "cpt-1"]["top_z_m"].to_numpy()[1:]
    there = [
        float(shapely.get_coordinates(shapely.intersection(line, shapely.LineString([(20.0, -99), (20.0, 99)])))[0, 1])
        for line in of(made, "boundary").geometry if line.bounds[0] <= 20.0 <= line.bounds[2]
    ]  # fmt: skip
    np.testing.assert_allclose(sorted(there), sorted(tops), atol=1e-6)
    known = of(made, "soil")
    assert set(known["certainty"]) == {"known"}
    seen = of(made, "sounding").set_index("id").loc["cpt-1"]
    assert (seen["from_m"], seen["aside_m"]) == (pytest.approx(20.0), pytest.approx(0.0, abs=1e-9))


def test_certainty_is_told_by_the_distance_to_a_sounding(sample: City) -> None:
    at = sample.soundings.geometry["cpt-1"]
    made = section(sample, [(at.x - 290, at.y), (at.x, at.y)])
    sand = of(made, "soil")[of(made, "soil")["soil_class"] == "sand"].set_index("certainty")
    # the bottom of peat is the last boundary that was seen
    assert sand.loc["guessed", "from_m"] == pytest.approx(40.0, abs=1.0)
    assert sand.loc["guessed", "to_m"] == pytest.approx(190.0, abs=1.0)
    assert sand.loc["inferred", "to_m"] == pytest.approx(265.0, abs=1.0)
    assert of(made, "soil")["from_m"].min() == pytest.approx(40.0, abs=1.0)


def test_soil_ends_at_the_ground_and_does_not_overlap(over_the_canal: Section) -> None:
    soil = of(over_the_canal, "soil")
    assert shapely.union_all(soil.geometry).area == pytest.approx(soil["area_m2"].sum(), rel=1e-6)
    ground = over_the_canal.along
    water = of(over_the_canal, "water").geometry.iloc[0]
    assert soil.geometry.intersection(water.buffer(-0.02)).area.sum() < 0.05
    middle = 0.5 * (water.bounds[0] + water.bounds[2])
    bed = float(np.interp(middle, ground["distance_m"], ground["ground_m"]))
    cut = shapely.intersection(shapely.union_all(soil.geometry), shapely.LineString([(middle, -90), (middle, 90)]))
    assert cut.bounds[3] == pytest.approx(bed, abs=0.01)


def test_mains_lie_at_their_depth_below_the_street(walled: Section, sample: City) -> None:
    mains = of(walled, "main").set_index("id")
    assert len(mains) == 3
    for name, row in mains.iterrows():
        pipe = sample.utilities.loc[name]
        ground = float(np.interp(row["from_m"], walled.along["distance_m"], walled.along["ground_m"]))
        assert row["high_m"] == pytest.approx(ground - pipe["cover_m"], abs=0.05)
        assert row["to_m"] - row["from_m"] == pytest.approx(pipe["diameter_m"])


def test_a_walled_pit_has_its_depth_stages_walls_and_concrete(walled: Section) -> None:
    pit = of(walled, "pit").iloc[0]
    assert (pit["low_m"], pit["high_m"], pit["stage"]) == (-1.0, 5.0, "dry")
    assert (pit["from_m"], pit["to_m"]) == (pytest.approx(11.0), pytest.approx(21.0))
    assert pit["area_m2"] == pytest.approx(60.0)
    # `deep` has the floor of `dry`
    assert of(walled, "pit stage")["stage"].tolist() == ["first"]
    assert of(walled, "pit stage")["area_m2"].tolist() == [pytest.approx(30.0)]
    walls = of(walled, "wall")
    assert walls["low_m"].tolist() == [-9.0, -9.0]
    assert walls["from_m"].tolist() == [pytest.approx(10.2), pytest.approx(21.0)]
    assert of(walled, "concrete").geometry.iloc[0].equals(shapely.box(11, -2.2, 21, -1))
    assert of(walled, "strut")[["from_m", "to_m"]].to_numpy().tolist() == [[pytest.approx(11.0), pytest.approx(21.0)]]
    anchors = of(walled, "anchor").sort_values("from_m")
    assert anchors["high_m"].tolist() == [3.0, 3.0]
    assert anchors["low_m"].tolist() == [pytest.approx(-2.0)] * 2
    assert anchors["to_m"].max() == pytest.approx(21.0 + 10 * math.cos(math.radians(30)))
    assert of(walled, "well")["aside_m"].tolist() == [pytest.approx(0.0, abs=1e-6)]


def test_a_stage_is_drawn_as_it_is_then(sample: City) -> None:
    scenario = scenario_from_text(PIT + WALLED)
    early = section(scenario, ACROSS, city=sample, stage="first")
    assert of(early, "pit")["low_m"].tolist() == [2.0]
    assert not len(of(early, "concrete"))
    assert of(early, "pit stage")["low_m"].tolist() == [-1.0]
    wet = section(scenario, ACROSS, city=sample, stage="deep")
    assert of(wet, "pit water")["high_m"].tolist() == [0.5]
    with pytest.raises(ParameterError, match="did you mean `first`"):
        section(scenario, ACROSS, city=sample, stage="frist")


def test_sloping_faces(sample: City) -> None:
    made = section(scenario_from_text(PIT + "    slope_1_in: 0.5\n"), ACROSS, city=sample)
    pit = of(made, "pit").iloc[0]
    assert (pit["from_m"], pit["to_m"]) == (pytest.approx(8.0), pytest.approx(24.0))
    assert pit["area_m2"] == pytest.approx(6.0 * (10.0 + 16.0) / 2)
    assert not len(of(made, "wall"))


def test_the_side_without_the_pit_has_its_line(sample: City) -> None:
    scenario = scenario_from_text(PIT + WALLED)
    before, after = (section(scenario, across="dig", city=sample, baseline=side) for side in (True, False))
    assert before.line.equals(after.line)
    assert (before.side, after.side) == ("baseline", "variant")
    assert not len(of(before, "wall"))
    np.testing.assert_allclose(before.along["ground_m"], after.along["ground_m"], atol=0.15)


def test_lines_across_and_along_a_pit(sample: City) -> None:
    pit = pit_named(sample, "pit-garage")
    along, across = pit_line(pit, "along", 10.0), pit_line(pit, "across", 10.0)
    assert along.length > across.length
    assert along.centroid.distance(pit.outline.centroid) < 0.5
    assert abs(np.dot(*(np.diff(shapely.get_coordinates(one), axis=0)[0] for one in (along, across)))) < 1e-3
    with pytest.raises(ParameterError, match="did you mean `along`"):
        pit_line(pit, "alng")
    with pytest.raises(ParameterError, match="did you mean `pit-garage`"):
        pit_named(sample, "pit-garge")
    with pytest.raises(ParameterError, match="no pit"):
        section(town())


@pytest.fixture
def worked_out(sample: City) -> ImpactResult:
    """Fields that are plain: settlement 10 mm to x = 136880 and 1 mm a metre less to the east; water 0.5 lowered by 2."""
    x, y = np.arange(136850.5, 136950.0), np.arange(455960.5, 455900.0, -1.0)
    settled = np.clip(10.0 - (x - 136880.0), 0.0, 10.0) + np.zeros((len(y), 1))
    flat = np.zeros((len(y), len(x)))
    data = {"settlement_mm": settled, "groundwater_m": flat - 1.5, "drawdown_m": flat + 2.0}
    fields = xr.Dataset({name: (("y", "x"), values) for name, values in data.items()}, {"x": x, "y": y})
    houses = sample.buildings.iloc[:0]
    line = shapely.LineString([(136860, 455925), (136940, 455925)])
    near = sample.buildings[sample.buildings.intersects(line)].index
    table = gpd.GeoDataFrame(
        {"category": pd.array([2] * len(near), dtype="Int64"), "settlement_mm": 3.0}, index=near,
        geometry=sample.buildings.geometry[near],
    )  # fmt: skip
    assert len(near) > len(houses)
    return ImpactResult("pit", "Excavations", fields, {"buildings": table}, settings={"head_m": 0.3, "layers": None})


def test_what_was_worked_out_is_taken_along_the_line(sample: City, worked_out: ImpactResult) -> None:
    made = section(sample, [(136860, 455925), (136940, 455925)], result=worked_out)
    at = made.along.set_index("distance_m")
    near = at.index[np.abs(at.index.to_numpy() - 25.0).argmin()]
    assert at.loc[near, "settlement_mm"] == pytest.approx(10.0 - (near - 20.0), abs=0.01)
    assert at["groundwater_m"].dropna().unique().tolist() == [-1.5]
    assert at["groundwater_before_m"].dropna().unique().tolist() == [0.5]
    assert set(of(made, "building")["category"]) == {2}
    assert of(made, "head")["level_m"].tolist() == [0.3]
    assert not len(of(made, "phreatic"))


def test_the_head_is_lowered_as_it_was_worked_out(sample: City, worked_out: ImpactResult) -> None:
    fields = worked_out.fields.assign(head_drawdown_m=worked_out.fields["drawdown_m"] * 1.5)
    made = section(sample, [(136860, 455925), (136940, 455925)], result=replace(worked_out, fields=fields))
    assert made.along["head_before_m"].dropna().unique().tolist() == [0.3]
    np.testing.assert_allclose(made.along["head_after_m"].dropna(), 0.3 - 3.0)
    assert not len(of(made, "head"))


def test_layers_by_hand_of_the_impact_are_drawn(sample: City, worked_out: ImpactResult) -> None:
    layers = [{"soil": "sand", "top_m": 5.0, "bottom_m": 0.0}, {"soil": "clay", "bottom_m": -9.0, "cr": None}]
    given = replace(worked_out, settings={"layers": layers})
    made = section(sample, [(136860, 455925), (136940, 455925)], result=given)
    assert set(of(made, "soil")["soil_class"]) == {"sand", "clay"}
    assert set(of(made, "soil")["certainty"]) == {"known"}


def test_sections_for_the_report_of_a_pit(sample: City) -> None:
    from twin.run import changed_city

    changed = changed_city(scenario_from_text(PIT + WALLED), sample).city
    made = pit_sections(changed)
    assert list(made) == ["dig across", "dig along"]
    assert made["dig across"].length_m < made["dig along"].length_m
    assert pit_sections(town()) == {}


@pytest.mark.realdata
def test_where_nothing_else_tells_the_ground_soundings_do(real_data: Path) -> None:
    city = twin.read_city(real_data / "subsurface" / "example.gef")
    at = city.soundings.geometry.iloc[0]
    made = section(city, [(at.x - 20, at.y), (at.x + 20, at.y)])
    np.testing.assert_allclose(made.along["ground_m"], 3.056)
    assert made.along["estimated"].all()
    assert of(made, "sounding")["from_m"].tolist() == [pytest.approx(20.0)]


@pytest.mark.realdata
def test_real_houses_without_a_floor_are_closed_at_their_feet(real_data: Path) -> None:
    city = twin.read_city(real_data / "cityjson" / "delft.json")
    made = section(city, [(84859.7, 447521.5), (84939.7, 447541.5)])
    houses = of(made, "building")
    assert len(houses) >= 8
    assert houses["area_m2"].min() > 0.1
    assert (houses["high_m"] - houses["low_m"]).between(1.0, 30.0).all()


def test_errors_say_what_to_do(sample: City) -> None:
    with pytest.raises(ParameterError, match="does not touch the city") as caught:
        section(sample, [(0, 0), (10, 0)])
    assert "136500" in str(caught.value.hint)
    with pytest.raises(ParameterError, match="one line"):
        section(sample, ACROSS, across="pit-garage")
    with pytest.raises(ParameterError, match="near_m"):
        section(sample, ACROSS, near_m=-1)
