"""Pits of a scenario: figures against the kernels called by hand, and laws that hold for all."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.impacts.places import SOUTH, WEST, block, plain, planted
from twin.errors import GeometryError, ParameterError, ScenarioError
from twin.geo.city import City
from twin.geo.pits import NAN, Pit, PitStage, PitSupport, PitWell
from twin.impact_result import ImpactResult
from twin.impacts.ground_movement import damage_of, drawdown_settlement, ground_around
from twin.impacts.pit import analyse, possible
from twin.impacts.pit_soil import soil_model, soil_of
from twin.impacts.pit_stages import volumes_of
from twin.impacts.pit_volume import stage_volumes
from twin.impacts.site import Site
from twin.scenario.pit import PitAnalysis
from twin.sim.impact.pit import uplift, vibration, volume
from twin.soil.given import layers_from

LAYERS = [
    {"soil": "sand", "top_m": 5.0, "bottom_m": 0.0, "unit_weight_kn_m3": 18.0, "saturated_kn_m3": 20.0, "k_m_d": 5.0},
    {"soil": "clay", "bottom_m": -3.0, "saturated_kn_m3": 16.0, "cr": 0.1, "rr": 0.02, "k_m_d": 0.001},
    {"soil": "sand", "bottom_m": -20.0, "k_m_d": 10.0},
]
OPEN = {"layers": LAYERS, "water_m": 3.0, "head_m": 3.0, "foundation": "shallow"}
SIDE = 160


def _settings(**given: Any) -> PitAnalysis:
    return PitAnalysis.model_validate({**OPEN, **given})


def _pit(*floors: float, **given: Any) -> Pit:
    shape = shapely.box(WEST + 60, SOUTH + 60, WEST + 90, SOUTH + 80)
    stages = tuple(PitStage(f"stage-{k}", floor) for k, floor in enumerate(floors))
    values: dict[str, Any] = {
        "wall": "sheet-pile", "toe_m": -8.0, "supports": (PitSupport("upper", "strut", 4.0),), "stages": stages, **given
    }  # fmt: skip
    return Pit("garage", "Garage", shape, min(floors), 5.0, **values)


def _town() -> City:
    """Houses 3, 20 and 60 m from a pit, two trees, and a pipe."""
    city = plain(SIDE, 5.0)
    for name, west in (("near", 93.0), ("further", 110.0), ("far", 150.0)):
        city = block(city, name, west, 62.0, west + 8.0, 76.0, 12.0)
    city = planted(city, [{"x": 75.0, "y": 70.0, "height_m": 9.0, "z_m": 5.0}, {"x": 91.0, "y": 70.0, "height_m": 9.0, "z_m": 5.0},
                          {"x": 20.0, "y": 20.0, "height_m": 9.0, "z_m": 5.0}])  # fmt: skip
    line = shapely.LineString([(WEST + 10, SOUTH + 70), (WEST + 140, SOUTH + 70)])
    frame = gpd.GeoDataFrame({"kind": ["water"]}, index=pd.Index(["main"], name="id"), geometry=[line], crs=city.crs)
    return city.with_layer("utilities", frame)


def _impact(pit: Pit | None, city: City | None = None, **given: Any) -> ImpactResult:
    town = _town() if city is None else city
    return analyse(Site(town, pits=() if pit is None else (pit,)), _settings(**given))


def test_without_a_pit_nothing_moves_and_the_water_stays() -> None:
    found = _impact(None)
    for name in ("settlement_mm", "drawdown_m", "head_drawdown_m"):
        assert not found.fields[name].to_numpy().any(), name
    assert (found.fields["groundwater_m"].to_numpy() == 3.0).all()
    assert (found.features["buildings"]["category"] == 0).all()
    assert not len(found.features["stages"])
    assert found.figure("pit_damaged").value == found.figure("pit_volume").value == found.figure("pit_noise").value == 0


def test_both_sides_have_one_grid_and_the_same_figures() -> None:
    before, after = _impact(None), _impact(_pit(2.0, -1.0))
    assert [one.key for one in before.figures] == [one.key for one in after.figures]
    change = after.difference(before)
    assert float(change["drawdown_m_change"].max()) > 0


def test_stages_tell_what_the_kernels_tell() -> None:
    found = _impact(_pit(2.0, -1.0))
    stages = found.features["stages"]
    last = stages.iloc[1]
    # 2 m of clay of 16 kN/m3 below the floor, against 6 m of water
    assert last["uplift_factor"] == pytest.approx(2.0 * 16.0 / 60.0)
    assert last["lower_head_by_m"] == pytest.approx(3.0 - (-3.0 + 32.0 / 11.0))
    by_hand = uplift.uplift(
        floor_m=2.0, top_m=[5.0, 0.0, -3.0], bottom_m=[0.0, -3.0, -20.0], unit_weight_kn_m3=[20.0, 16.0, 20.0],
        tight=[False, True, False], head_m=[3.0, NAN, 3.0],
    )  # fmt: skip
    assert stages.iloc[0]["uplift_factor"] == pytest.approx(by_hand.lowest_factor)
    assert found.figure("pit_uplift").value == pytest.approx(32.0 / 60.0)
    assert found.figure("pit_uplift").verdict == "falls short"
    known = stage_volumes(_pit(2.0, -1.0).outline, [2.0, -1.0], top_m=5.0)
    assert volumes_of(_pit(2.0, -1.0), None)[0] == pytest.approx(known)
    density = (2.0 * 18.0 + 1.0 * 20.0) / 3.0 / 9.81
    trips = volume.trips(volume_m3=1800.0, payload_t=18.0, body_m3=12.0, density_t_m3=density)
    level = _impact(_pit(2.0, -1.0), replace(_town(), terrain=None)).features["stages"]
    assert level["volume_m3"].tolist() == pytest.approx([1800.0, 1800.0])
    assert level.iloc[0]["lorries"] == trips.needed


def test_volume_of_stages_adds_up_to_that_of_the_whole() -> None:
    parts = _impact(_pit(3.5, 2.0, 0.5, -1.0)).features["stages"]["volume_m3"]
    whole = _impact(_pit(-1.0)).features["stages"]["volume_m3"]
    assert parts.sum() == pytest.approx(whole.sum())
    refilled, _ = volumes_of(_pit(2.0, -1.0, 1.0), None)
    assert refilled == pytest.approx([1800.0, 1800.0, 0.0])


def test_ground_settles_as_the_wall_and_the_water_say() -> None:
    pit = _pit(2.0, -4.0)
    found = _impact(pit)
    stages = found.features["stages"]
    field = found.fields["settlement_mm"]
    ground = ground_around(pit.outline, 9.0, wall="sheet-pile", shape="concave")
    x, y = WEST + 99.0, SOUTH + 71.0
    wall = float(ground.at(np.array([[x, y]])).settlement[0])
    fall, head = (float(found.fields[name].sel(x=x, y=y)) for name in ("drawdown_m", "head_drawdown_m"))
    water = drawdown_settlement(
        layers_from(LAYERS), np.array([fall]), water_m=3.0, head_m=3.0, head_drawdown=np.array([head]), aquitard=(0.0, -3.0)
    )
    assert float(field.sel(x=x, y=y)) == pytest.approx(wall + float(water[0]), abs=0.3)
    assert stages["settlement_wall_mm"].tolist() == pytest.approx([3.0 / 9.0 * ground.largest.middle, ground.largest.middle])
    given = _impact(_pit(2.0, -4.0, settlement_mm=12.0))
    assert given.features["stages"]["settlement_wall_mm"].iloc[1] == pytest.approx(12.0)
    assert not math.isnan(given.figure("pit_damage").value)


def test_buildings_that_lowered_water_lets_settle_are_counted() -> None:
    soft = [LAYERS[0], {**LAYERS[1], "cr": 0.3, "rr": 0.1}, LAYERS[2]]
    found = _impact(_pit(2.0, -4.0), layers=soft)
    table = found.features["buildings"]
    deep = table[table["settlement_water_mm"] >= 10.0]
    assert 0 < len(deep) == found.figure("pit_sunk").value
    assert f"up to {deep['distance_m'].max():.0f} m from a pit" in found.figure("pit_sunk").note
    assert _impact(None).figure("pit_sunk").value == 0


def test_damage_is_that_of_the_same_ground() -> None:
    pit = _pit(2.0, -4.0, settlement_mm=80.0)
    found = _impact(pit)
    buildings = found.features["buildings"]
    ground = ground_around(pit.outline, 9.0, largest_mm=80.0, shape="concave")
    alone = damage_of(_town().buildings, ground, foundation="shallow")
    # water adds hardly any strain, as it makes all of a house settle alike
    assert buildings.loc["near", "strain_percent"] == pytest.approx(alone.loc["near", "strain_percent"], rel=0.1)
    assert buildings.loc["near", "category"] == alone.loc["near", "category"] > 1
    assert buildings.loc["far", "category"] == 0
    assert found.features["lost"].index.tolist()[0] == "near"
    assert found.figure("pit_damage").verdict == "exceeds"
    piles = _impact(pit, foundation="piles below").features["buildings"]
    assert piles.loc["near", "settlement_mm"] == 0


def test_a_deeper_stage_settles_no_less() -> None:
    shallow, deep = (_impact(_pit(*floors)).fields["settlement_mm"].to_numpy() for floors in ((2.0, 0.5), (2.0, 0.5, -4.0)))
    there = np.isfinite(shallow)
    assert (deep[there] >= shallow[there] - 1e-4).all()


def test_a_pit_in_the_deep_sand_draws_as_much_as_de_glee_says() -> None:
    stages = _impact(_pit(-4.0), canal=False).features["stages"]
    assert stages["head_drawdown_m"].iloc[0] == pytest.approx(7.0)
    assert stages["inflow_m3_d"].iloc[0] == pytest.approx(stages["inflow_formula_m3_d"].iloc[0], rel=0.1)


def test_walls_that_reach_clay_keep_the_water_table_and_others_do_not() -> None:
    shut, short = (_impact(_pit(1.0, toe_m=toe)).features["stages"].iloc[0] for toe in (-2.0, 0.5))
    assert short["inflow_m3_d"] > 5.0 * shut["inflow_m3_d"]
    assert short["drawdown_beside_m"] > shut["drawdown_beside_m"]


def test_open_water_feeds_the_pit_and_keeps_its_level() -> None:
    canal = gpd.GeoDataFrame({"z_m": [3.0]}, index=pd.Index(["canal"], name="id"), crs=_town().crs,
                             geometry=[shapely.box(WEST, SOUTH + 84, WEST + SIDE, SOUTH + 96)])  # fmt: skip
    city = _town().with_layer("water", canal)
    pit = _pit(1.0, wall="", toe_m=NAN, supports=())
    fed, dry = _impact(pit, city), _impact(pit, city, canal=False)
    assert fed.figure("pit_inflow").value > dry.figure("pit_inflow").value
    assert float(fed.fields["drawdown_m"].sel(y=SOUTH + 91.0, x=WEST + 75.0)) == 0.0
    assert (fed.fields["drawdown_m"] <= dry.fields["drawdown_m"] + 1e-5).all()


def test_wells_that_keep_the_head_low_hold_the_floor_and_lower_the_head() -> None:
    pit = _pit(-1.0)
    held = replace(pit, stages=(PitStage("deep", -1.0, head_m=-1.0),), wells=(PitWell("well-1", WEST + 70.0, SOUTH + 70.0),))
    before, after = (_impact(one) for one in (pit, held))
    assert before.figure("pit_uplift").value < 1.1 < after.figure("pit_uplift").value
    assert after.features["stages"]["head_drawdown_m"].iloc[0] == pytest.approx(4.0)
    wells = after.features["wells"]
    assert wells["m3_per_day"].sum() == pytest.approx(after.figure("pit_inflow").value)


def test_concrete_under_water_holds_by_its_weight_and_leaves_the_water() -> None:
    stages = (PitStage("wet", -4.0, water_m=3.0), PitStage("poured", -4.0, concreted=True))
    pit = replace(_pit(-4.0), stages=stages, concrete_m=1.5, tension_kn_m2=30.0)
    found = _impact(pit)
    table = found.features["stages"]
    assert table["dug_m"].tolist() == [-5.5, -5.5]
    assert table["inflow_m3_d"].iloc[0] == 0.0
    assert table["head_drawdown_m"].tolist() == [0.0, 0.0]
    by_hand = uplift.underwater_concrete(top_m=-4.0, thickness_m=1.5, head_m=3.0, pile_resistance_kn=30.0, area_per_pile_m2=1.0)
    assert table["uplift_factor"].iloc[1] == pytest.approx(by_hand.factor)
    assert table["volume_m3"].iloc[0] == pytest.approx(_impact(_pit(-5.5)).features["stages"]["volume_m3"].iloc[0])


def test_seepage_at_the_toe_is_judged_where_nothing_closes_the_pit() -> None:
    sand = {"layers": [{"soil": "sand", "top_m": 5.0, "bottom_m": -30.0}]}
    stage = _impact(_pit(0.0), **sand).features["stages"].iloc[0]
    by_hand = uplift.hydraulic_failure(head_difference_m=3.0, thickness_m=[8.0], submerged_weight_kn_m3=[10.0])
    assert stage["seepage_factor"] == pytest.approx(by_hand.factor)
    assert math.isnan(_impact(_pit(0.0)).features["stages"]["seepage_factor"].iloc[0])


def test_trees_pipes_vibration_and_noise_are_told() -> None:
    found = _impact(_pit(2.0, -4.0))
    trees = found.features["trees"]
    assert trees["in_pit"].sum() == found.figure("pit_trees_felled").value == 1
    assert 0.0 < trees["cut_share"].iloc[1] < 0.5
    assert len(trees) == 2
    pipe = found.features["pipes"].loc["main"]
    assert pipe["crossed_m"] == pytest.approx(30.0)
    assert pipe["slope_mm_m"] > 0.2
    buildings = found.features["buildings"]
    assert buildings.loc["near", "distance_m"] == pytest.approx(3.0)
    assert buildings.loc["near", "velocity_mm_s"] == pytest.approx(float(vibration.of_vibrated(np.array([3.0]))[0]))
    limit = vibration.limit(2, 30.0)
    assert found.figure("pit_vibration_m").value == pytest.approx(vibration.safe_from_vibrated(limit.allowed))
    assert buildings["shaken"].sum() == found.figure("pit_vibration").value
    assert buildings.loc["near", "noise_db"] > buildings.loc["far", "noise_db"]
    quiet = _impact(_pit(2.0, -4.0), piling="pressed")
    assert quiet.figure("pit_vibration").value == quiet.figure("pit_noise").value == 0


def test_a_slope_has_no_wall_and_more_soil() -> None:
    slope = _pit(0.0, wall="slope", toe_m=NAN, supports=(), slope=1.0 / 1.5)
    found, upright = _impact(slope), _impact(_pit(0.0))
    assert found.figure("pit_volume").value > upright.figure("pit_volume").value
    assert not found.features["stages"]["settlement_wall_mm"].any()
    assert any("slope has no wall" in text for text in found.assumptions)


def test_two_pits_draw_no_less_than_each_and_no_more_than_both() -> None:
    one = _pit(-4.0, settlement_mm=10.0)
    other = replace(one, id="second", outline=shapely.box(WEST + 20, SOUTH + 110, WEST + 40, SOUTH + 130))
    each = [_impact(pit).fields["head_drawdown_m"].to_numpy() for pit in (one, other)]
    both = analyse(Site(_town(), pits=(one, other)), _settings())
    # each holds its level 7 m down: added up, the head would be some 10 m down in both pits and between them
    fallen = both.fields["head_drawdown_m"].to_numpy()
    assert (fallen >= np.maximum(*each) - 1e-5).all()
    assert (fallen <= np.minimum(each[0] + each[1], 7.0) + 1e-5).all()
    assert float((each[0] + each[1]).max()) > 9.0
    assert both.features["stages"]["pit"].tolist() == ["garage", "second"]


@pytest.mark.parametrize(
    ("given", "where", "told"),
    [
        ({"water_m": None}, "water_m", "tells where the groundwater stands"),
        ({"head_m": None}, "head_m", "the head of the water is not known"),
        ({"water_m": 6.0}, "water_m", "above the ground at pit `garage`"),
        ({"layers": LAYERS[:1]}, "layers", "known down to 0.00 m only"),
        ({"layers": [LAYERS[0], {"soil": "clay", "top_m": -0.5, "bottom_m": -3.0}]}, "layers", "leave a gap of 0.50 m"),
        ({"layers": [LAYERS[0], {"soil": "clay", "top_m": 0.5, "bottom_m": -3.0}]}, "layers", "overlap by 0.50 m"),
        ({"layers": [{"soil": "sand", "top_m": 0.0, "bottom_m": 5.0}]}, "layers", "lies above its top"),
        ({"layers": []}, "layers", "no sounding tells of the soil"),
    ],
)  # fmt: skip
def test_what_cannot_be_worked_out_is_told(given: dict[str, Any], where: str, told: str) -> None:
    with pytest.raises((GeometryError, ParameterError), match=told) as caught:
        _impact(_pit(-4.0), **given)
    assert caught.value.where == where
    assert caught.value.hint


def test_a_city_without_soundings_is_refused_beforehand() -> None:
    possible(plain(SIDE), _settings())
    with pytest.raises(GeometryError, match="no sounding tells of the soil"):
        possible(plain(SIDE), PitAnalysis())
    with pytest.raises(ScenarioError, match="nowhere"):
        possible(plain(SIDE), _settings(to={"object": "nowhere"}))


def test_resistance_of_what_is_left_of_the_clay() -> None:
    settings = _settings()
    soil = soil_of(_pit(-1.0), _town(), soil_model(_town(), settings), settings)
    assert soil.resistance_d == pytest.approx(3000.0)
    assert soil.resistance_below(-1.0) == pytest.approx(2000.0)
    assert soil.resistance_below(-3.5) == 0.0
    assert soil.lower_m2_d == pytest.approx(170.0)
    own = soil_of(_pit(-1.0), _town(), soil_model(_town(), settings), _settings(resistance_d=600.0))
    assert own.resistance_below(-1.0) == pytest.approx(400.0)


def test_the_terrain_counts_where_it_is_not_dug_yet() -> None:
    pit, hilly = _pit(2.0), plain(SIDE, 6.0)
    before = Site(hilly), analyse(Site(hilly), _settings())
    stage = analyse(Site(hilly, pits=(pit,)), _settings(), before).features["stages"].iloc[0]
    assert (stage["volume_by"], stage["volume_m3"]) == ("terrain", pytest.approx(4.0 * 600.0))
    there = Site(hilly, pits=(pit,)), analyse(Site(hilly, pits=(pit,)), _settings())
    stage = analyse(Site(hilly, pits=(pit,)), _settings(), there).features["stages"].iloc[0]
    assert (stage["volume_by"], stage["volume_m3"]) == ("level ground", pytest.approx(3.0 * 600.0))


def test_wooden_piles_are_counted_where_the_water_table_falls() -> None:
    deep = _pit(1.0, wall="", toe_m=NAN, supports=())
    found = _impact(deep, foundation="wooden piles", canal=False)
    assert found.figure("pit_wooden").value == (found.features["buildings"]["fall_m"] > 0.05).sum() >= 1
    assert any("No wall is given" in text for text in found.assumptions)
    assert _impact(deep, foundation="shallow").figure("pit_wooden").value == 0
    unknown = _impact(deep, foundation="unknown", canal=False).figure("pit_wooden")
    assert unknown.value == 0
    assert "more foundations are not known" in unknown.note


def test_wells_that_are_given_are_held_against_what_is_needed() -> None:
    wells = (PitWell("well-1", WEST + 70.0, SOUTH + 70.0, 40.0),)
    found = _impact(_pit(-4.0, wells=wells))
    assert found.features["wells"]["m3_per_day"].tolist() == [40.0]
    assert "wells of the scenario pump 40 m3/d" in found.figure("pit_inflow").note


def test_walls_that_are_dug_make_no_noise_that_is_judged() -> None:
    found = _impact(_pit(-1.0, wall="diaphragm"))
    assert found.figure("pit_noise").value == found.figure("pit_vibration").value == 0
    assert any("dug or bored" in text for text in found.assumptions)
    assert not any("Noise and vibration are those" in text for text in found.assumptions)


@settings(max_examples=12, deadline=None)
@given(
    floor=st.floats(-6.0, 4.0), deeper=st.floats(0.2, 4.0), head=st.floats(-2.0, 4.0), water=st.floats(0.5, 4.5),
    wall=st.sampled_from(["", "sheet-pile", "diaphragm"]), held=st.booleans(),
)  # fmt: skip
def test_digging_deeper_never_helps(floor: float, deeper: float, head: float, water: float, wall: str, held: bool) -> None:
    own = {"wall": wall, "toe_m": NAN if not wall else -14.0, "supports": (PitSupport("upper", "strut", 4.5),) if held else ()}
    levels = {"water_m": water, "head_m": head}
    found = _impact(_pit(floor, floor - deeper, **own), **levels)
    first, second = (row for _, row in found.features["stages"].iterrows())
    assert second["uplift_factor"] <= first["uplift_factor"] or math.isinf(second["uplift_factor"])
    known = np.isfinite([first["settlement_wall_mm"], second["settlement_wall_mm"]])
    assert second["settlement_wall_mm"] >= first["settlement_wall_mm"] or not known[1]
    assert known.all() or not held
    assert second["head_drawdown_m"] >= first["head_drawdown_m"] >= 0
    assert second["inflow_m3_d"] >= 0.999 * first["inflow_m3_d"]
    for name in ("drawdown_m", "head_drawdown_m"):
        field = found.fields[name].to_numpy()
        assert np.isfinite(field).all()
        assert (field >= 0).all()
    settled = found.fields["settlement_mm"].to_numpy()
    assert (settled[np.isfinite(settled)] >= 0).all()
    if known[1]:
        assert np.isnan(settled).sum() == 150  # the pit, and nothing else
    else:
        assert np.isnan(settled).sum() > 150  # and what lies beside a wall that stands free too high


def test_a_house_on_the_slope_of_a_pit_is_not_called_sound() -> None:
    found = _impact(_pit(0.0, wall="slope", toe_m=NAN, slope=1 / 1.5, supports=()))
    near = found.features["buildings"].loc["near"]
    assert near["in_pit"]
    assert pd.isna(near["category"])
    assert near["distance_m"] == 0.0
    figure = found.figure("pit_not_judged")
    assert (figure.value, figure.limit) == (1.0, 0.0)
    assert figure.verdict == "exceeds"
    assert not found.features["buildings"].loc["far", "in_pit"]


def test_concrete_closes_a_pit_from_when_it_lies_there_and_only_between_walls() -> None:
    sand = {"layers": [{**LAYERS[0], "bottom_m": -20.0}]}
    stages = (PitStage("dry", 1.0), PitStage("wet", -1.0, water_m=3.0), PitStage("poured", -1.0, concreted=True))
    made = replace(_pit(1.0, -1.0, -1.0), stages=stages, bottom_m=-1.0, concrete_m=1.0)
    rows = _impact(made, **sand).features["stages"].set_index("stage")
    without = _impact(replace(made, concrete_m=0.0, stages=stages[:2]), **sand).features["stages"].set_index("stage")
    assert rows.loc["dry", "inflow_m3_d"] == pytest.approx(without.loc["dry", "inflow_m3_d"])
    assert rows.loc["dry", "inflow_m3_d"] > 2 * rows.loc["poured", "inflow_m3_d"]
    bare = _impact(replace(made, wall="", toe_m=NAN, supports=()), **sand).features["stages"].set_index("stage")
    assert bare.loc["poured", "inflow_m3_d"] > 100.0  # no wall: water comes in by the sides


def test_what_is_not_known_of_uplift_is_said_and_is_no_zero() -> None:
    found = _impact(_pit(2.0), layers=[LAYERS[0], LAYERS[1]])
    assert math.isnan(found.figure("pit_uplift").value)
    assert math.isnan(found.figure("pit_lower_head").value)
    assert found.figure("pit_uplift").note == "not known: the layers end in clay or peat below stage stage-0"


def test_a_wall_that_hangs_above_the_clay_is_judged_for_seepage() -> None:
    deep = [{**LAYERS[0], "bottom_m": -9.0}, {**LAYERS[1], "bottom_m": -12.0}, {**LAYERS[2], "bottom_m": -30.0}]
    hangs = _impact(_pit(0.0, toe_m=-2.0), layers=deep).figure("pit_seepage").value
    sand = _impact(_pit(0.0, toe_m=-2.0), layers=[{**LAYERS[0], "bottom_m": -30.0}])
    assert hangs == pytest.approx(sand.figure("pit_seepage").value)
    assert math.isnan(_impact(_pit(0.0, toe_m=-9.5), layers=deep).figure("pit_seepage").value)


def test_head_that_would_have_to_be_lowered_is_said_not_to_be_in_the_water() -> None:
    found = _impact(_pit(1.0), head_m=6.0, relieve=False)
    assert found.figure("pit_lower_head").value > 0
    assert "state `head_m`" in found.figure("pit_inflow").note


def test_a_floor_of_which_nothing_is_known_is_not_hidden_by_one_that_holds() -> None:
    clay = {"soil": "clay", "saturated_kn_m3": 16.0}
    layers = [LAYERS[0], {**clay, "bottom_m": -3.0}, {"soil": "sand", "bottom_m": -8.0}, {**clay, "bottom_m": -20.0}]
    found = _impact(_pit(1.5, -4.0), layers=layers)
    assert np.isnan(found.features["stages"]["uplift_factor"].to_numpy()).tolist() == [False, True]
    for key in ("pit_uplift", "pit_lower_head"):
        assert math.isnan(found.figure(key).value), key
        assert "stage-1" in found.figure(key).note
    assert found.figure("pit_uplift").verdict == "not known"
    # what is known to come up does, whatever else is not
    worse = _impact(_pit(0.2, -4.0), layers=layers, head_m=4.0, relieve=False)
    assert worse.figure("pit_uplift").value < 1.1
    assert worse.figure("pit_uplift").verdict == "falls short"
    assert math.isnan(worse.figure("pit_lower_head").value)


def test_a_house_that_is_not_judged_is_not_told_to_settle_by_nothing() -> None:
    slope = _pit(2.0, wall="slope", toe_m=NAN, slope=1.0, supports=())
    found = _impact(slope)
    assert found.features["buildings"]["category"].isna().any()
    assert math.isnan(found.figure("pit_settlement").value)
    assert "not known" in found.figure("pit_settlement").note
