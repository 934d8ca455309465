"""Walls of pits that are held late or never, and slopes: what the ground does behind them, and who is not judged."""

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
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from tests.impacts.places import SOUTH, WEST, block, plain
from tests.impacts.test_pit import LAYERS, SIDE, _impact, _pit, _settings
from twin import read_scenario, sample_folder
from twin.errors import ParameterError
from twin.geo.city import City
from twin.geo.pits import NAN, Pit, PitStage, PitSupport
from twin.impacts.cellar_walls import ground_of, moved
from twin.impacts.ground_movement import damage_of, ground_around
from twin.impacts.pit import analyse
from twin.impacts.pit_walls import MOST_WAYS, Behind, behind, combinations, free_m, reached, settles_told
from twin.impacts.site import Site
from twin.report.texts import ENGLISH
from twin.sim.impact.pit.behind_wall import FREE_WALLS, HIGHEST_FREE_M, WALLS, expected_settlement

TOP = 5.0


def _designed(floors: list[float], supports: tuple[PitSupport, ...] = (), **values: Any) -> Pit:
    stages = tuple(PitStage(f"stage-{k}", floor) for k, floor in enumerate(floors))
    outline = values.pop("outline", shapely.box(0.0, 0.0, 30.0, 20.0))
    return Pit("p", "Pit", outline, min(floors), TOP, **{"wall": "sheet-pile", "stages": stages, "supports": supports, **values})


@pytest.mark.parametrize("wall", list(WALLS))
def test_more_is_estimated_behind_a_free_wall_and_nothing_behind_a_high_one(wall: str) -> None:
    assert all(free > held for free, held in zip(FREE_WALLS[wall], WALLS[wall], strict=True))
    highest = HIGHEST_FREE_M[wall]
    held, free = (expected_settlement(wall, highest, held=one) for one in (True, False))
    assert free == pytest.approx([10.0 * part * highest for part in FREE_WALLS[wall]])
    assert all(a > b for a, b in zip(free, held, strict=True))
    assert all(math.isnan(one) for one in expected_settlement(wall, highest + 0.1, held=False))
    assert math.isfinite(expected_settlement(wall, highest + 10.0).middle)
    pit = shapely.box(0, 0, 20, 20)
    with pytest.raises(ParameterError, match="stands free for 6 m") as caught:
        ground_around(pit, 6.0, wall=wall, held=False)
    assert "needs a design" in str(caught.value.hint)
    assert ground_around(pit, 6.0, wall=wall, held=False, largest_mm=20.0).largest.middle == 20.0
    assert ground_around(pit, 2.0, wall=wall, held=False).largest == expected_settlement(wall, 2.0, held=False)


@pytest.mark.parametrize(
    ("supports", "free"),
    [
        ((), [2.0, 4.0, 7.0]),
        ((PitSupport("a", "strut", 4.0),), [1.5, 1.5, 1.5]),  # dug to half a metre below it
        ((PitSupport("a", "strut", 4.0, first="stage-1"),), [2.0, 2.0, 2.0]),  # put in after the first stage
        ((PitSupport("a", "strut", 2.0),), [2.0, 3.5, 3.5]),
        ((PitSupport("a", "strut", 4.0, first="stage-2"),), [2.0, 4.0, 4.0]),
        ((PitSupport("a", "strut", 4.0, last="stage-1"),), [1.5, 1.5, 7.0]),  # taken out again
        ((PitSupport("a", "strut", 4.0), PitSupport("b", "anchor", 1.5)), [1.5, 1.5, 1.5]),
        ((PitSupport("a", "strut", 6.0),), [0.0, 0.0, 0.0]),  # above the ground
    ],
)
def test_how_deep_walls_stand_free(supports: tuple[PitSupport, ...], free: list[float]) -> None:
    assert free_m(_designed([3.0, 1.0, -2.0], supports)) == pytest.approx(free)


def test_a_stage_settles_no_less_than_a_free_wall_of_its_depth() -> None:
    late = behind(_designed([3.0, 1.5, -2.0], (PitSupport("a", "strut", 4.0, first="stage-2"),)))
    # free: 1 % of the depth, up to 3.5 m; held: 0.5 %, of 7 m
    assert [late.stage_mm(k) for k in range(3)] == pytest.approx([20.0, 35.0, 35.0])
    assert not late.why
    assert (late.ways[0].held, late.ways[-1].depth_m, late.largest.high) == (True, 3.5, 70.0)
    never = behind(_designed([3.0, 1.5, -2.0]))
    assert [never.stage_mm(k) for k in range(2)] == pytest.approx([20.0, 35.0])
    assert math.isnan(never.stage_mm(2))
    assert never.unknown_m == pytest.approx(4.0 * 7.0)
    assert "stands free for 7.0 m" in never.told[0]
    design = behind(_designed([3.0, 1.5, -2.0], settlement_mm=21.0))
    assert [design.stage_mm(k) for k in range(3)] == pytest.approx([6.0, 10.5, 21.0])


def _worst(houses: gpd.GeoDataFrame, ground: Behind) -> np.ndarray[Any, Any]:
    """Category of each house, 9 where it cannot be told."""
    every = []
    for ways in combinations([ground]):
        parts = {f"wall{k}": one for k, one in enumerate(one for way in ways for one in way.moves)}
        every.append(damage_of(houses, parts, foundation="shallow")["category"].fillna(9).to_numpy(np.int64))
    lost = ground.unknown(houses.geometry.to_numpy())
    return np.where(lost, 9, np.max(every, axis=0))


def _strain(houses: gpd.GeoDataFrame, ground: Behind) -> np.ndarray[Any, Any]:
    """Strain of each house in the worst way, infinite where it cannot be told [%]."""
    every = []
    for ways in combinations([ground]):
        parts = {f"wall{k}": one for k, one in enumerate(one for way in ways for one in way.moves)}
        every.append(damage_of(houses, parts, foundation="shallow")["strain_percent"].fillna(np.inf).to_numpy(np.float64))
    return np.where(ground.unknown(houses.geometry.to_numpy()), np.inf, np.max(every, axis=0))


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_to_leave_supports_out_never_makes_it_better(data: st.DataObject) -> None:
    def draw(low: float, high: float) -> float:
        return data.draw(st.floats(low, high))

    design = data.draw(st.booleans())
    depth = draw(1.0, 12.0 if design else 6.0)
    cuts = sorted(data.draw(st.lists(st.floats(0.1, 0.9), max_size=2)))
    floors = [TOP - part * depth for part in [*cuts, 1.0]]
    level = draw(TOP - depth, TOP)
    later = data.draw(st.integers(0, len(floors) - 1))
    support = PitSupport("a", "strut", level, first=f"stage-{later}" if floors[later] < level else "")
    given_mm = draw(2.0, 90.0) if design else NAN
    values = {"settlement_mm": given_mm, "wall": data.draw(st.sampled_from(["sheet-pile", "diaphragm", "soldier-pile", ""])),
              "outline": shapely.box(0.0, 0.0, draw(5.0, 60.0), draw(5.0, 60.0))}  # fmt: skip
    bare, held = (behind(_designed(floors, one, **values)) for one in ((), (support,)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    west, south = rng.uniform(-3 * depth, 40 + 3 * depth, 25), rng.uniform(-3 * depth - 25, -0.1, 25)
    wide, deep = rng.uniform(3, 25, (2, 25))
    houses = gpd.GeoDataFrame(
        {"height_m": rng.uniform(3, 15, 25)}, geometry=shapely.box(west, np.minimum(south, -0.1 - deep), west + wide,
                                                                     np.minimum(south + deep, -0.1)),
    )  # fmt: skip
    assert (_worst(houses, bare) >= _worst(houses, held)).all()
    points = rng.uniform(-5 * depth, 60 + 5 * depth, (300, 2))
    without, with_them = bare.at(points).settlement, held.at(points).settlement
    known = np.isfinite(without)
    assert (without[known] >= with_them[known] - 1e-9).all()
    for k in range(len(floors)):
        assert not bare.stage_mm(k) < held.stage_mm(k)


def test_houses_beside_a_free_wall_are_judged_worse_or_not_at_all() -> None:
    strut = (PitSupport("upper", "strut", 4.0),)
    held, free = (_impact(_pit(2.0, 1.5, supports=one)).features["buildings"].loc["near"] for one in (strut, ()))
    assert free["settlement_wall_mm"] >= held["settlement_wall_mm"]
    assert free["category"] >= held["category"]
    assert free["category_high"] >= held["category_high"]
    found = _impact(_pit(2.0, -1.0, supports=()))
    near = found.features["buildings"].loc["near"]
    assert pd.isna(near["category"])
    assert math.isnan(near["settlement_mm"])
    assert "stands free too high for an estimate: it needs a design" in near["damage"]
    figure = found.figure("pit_not_judged")
    assert (figure.value, figure.verdict) == (2.0, "exceeds")  # 3 and 20 m away, within 4 x 6 m
    assert figure.told.startswith("Buildings that could not be judged: 2 (a wall stands free too high")
    assert found.features["buildings"].loc["far", "category"] == 0
    assert math.isnan(found.figure("pit_damage").value)
    assert "not known" in found.figure("pit_damage").note
    assert math.isnan(found.figure("pit_damaged").value)  # no "0 buildings" of those that are known
    assert "2 beside which the ground is not known" in found.figure("pit_damaged").note
    assert math.isnan(found.features["stages"]["settlement_wall_mm"].iloc[1])
    field = found.fields["settlement_mm"]
    assert math.isnan(float(field.sel(x=WEST + 100.0, y=SOUTH + 71.0, method="nearest")))
    assert any("stands free for 6.0 m" in text for text in found.assumptions)
    pipe = found.features["pipes"].loc["main"]
    assert math.isnan(pipe["slope_mm_m"])
    assert "nothing is known" in found.figure("pit_pipes").note


def test_of_a_free_wall_in_soft_ground_it_is_told_that_it_needs_a_design() -> None:
    soft = [{**LAYERS[0], "bottom_m": 3.5}, {**LAYERS[1], "bottom_m": -6.0}, LAYERS[2]]
    free = _pit(2.0, supports=())
    told = [" ".join(_impact(free, layers=layers).assumptions) for layers in (soft, LAYERS)]
    assert ["A free wall needs a design there" in text for text in told] == [True, False]
    held = _impact(_pit(2.0, supports=(PitSupport("upper", "strut", 4.9),)), layers=soft).assumptions
    assert "needs a design there" not in " ".join(held)  # free to 1 m, in sand


def test_the_map_shows_who_is_not_judged() -> None:
    found = _impact(_pit(2.0, -1.0, supports=()))
    ax = Figure().subplots()
    found.plot_map(ax=ax)
    drawn = [patch for patch in ax.patches if str(patch.get_gid()).startswith("damage:")]
    assert [patch.get_gid() for patch in drawn] == ["damage:not judged"] * 2
    texts = [text.get_text() for legend in ax.findobj(Legend) for text in legend.get_texts()]
    assert "not judged: 2" in texts


def test_a_design_tells_what_no_estimate_does() -> None:
    found = _impact(_pit(2.0, -1.0, supports=(), settlement_mm=15.0))
    assert found.figure("pit_not_judged").value == 0
    assert found.features["stages"]["settlement_wall_mm"].tolist() == pytest.approx([7.5, 15.0])


def test_beside_a_slope_nothing_is_called_sound() -> None:
    found = _impact(_pit(1.0, wall="slope", toe_m=NAN, slope=4.0, supports=()))
    buildings = found.features["buildings"]
    assert not buildings.loc["near", "in_pit"]  # 2 m from the edge
    assert pd.isna(buildings.loc["near", "category"])
    assert "a slope is near" in buildings.loc["near", "damage"]
    assert buildings.loc["further", "category"] == 0  # beyond two depths, by water alone
    figure = found.figure("pit_not_judged")
    assert (figure.value, figure.verdict) == (1.0, "exceeds")
    assert "a slope is near" in figure.note
    assert math.isnan(found.figure("pit_damage").value)


def test_cellars_and_pit_take_the_same_ground() -> None:
    points = np.array([[35.0, 10.0], [40.0, 12.0], [15.0, -6.0], [15.0, 26.0], [55.0, 10.0]])
    pits = [
        _designed([3.0, -1.0], (PitSupport("a", "strut", 4.0),), concrete_m=1.0),
        _designed([2.0], wall="secant-pile"), _designed([3.0], wall=""),
        _designed([3.0, -1.0], wall="soldier-pile", settlement_mm=30.0), _designed([-1.0]),
        _designed([1.0], wall="slope", slope=1.0),
    ]  # fmt: skip
    for pit in pits:
        for which in ("low", "middle", "high"):
            mine = behind(pit).at(points, which).settlement
            theirs = np.max([one.settlement for one in moved(ground_of([pit]), points, which)], axis=0)
            assert theirs == pytest.approx(mine, nan_ok=True, abs=0.0)
    deep = ground_of(pits[:1]).moves[0]
    assert deep.ways[0].depth_m == pytest.approx(7.0)  # with the concrete


def _house(west: float, south: float, east: float, north: float) -> City:
    return block(plain(SIDE, 5.0), "house", west, south, east, north, 9.0)


def _sand(*pits: Pit, house: City) -> pd.DataFrame:
    """Buildings beside pits in sand without water in it."""
    sand = [{**LAYERS[0], "bottom_m": -30.0}]
    return analyse(Site(house, pits=pits), _settings(layers=sand, water_m=-20.0, head_m=-20.0)).features["buildings"]


def test_pits_far_away_change_nothing() -> None:
    house, free = _house(90.5, 64.0, 102.5, 72.0), _pit(1.0, supports=(), toe_m=-4.0)
    far = [replace(free, id=f"far{k}", label=f"Far {k}", outline=shapely.affinity.translate(free.outline, 380.0, 60.0 * k))
           for k in range(2)]  # fmt: skip
    assert math.prod(len(behind(one).every) for one in (free, *far)) > MOST_WAYS
    alone, among = _sand(free, house=house), _sand(free, *far, house=house)
    assert alone["strain_percent"].iloc[0] > 0.2
    pd.testing.assert_frame_equal(alone, among)


def test_of_many_ways_each_of_one_pit_is_kept_beside_all_others_at_their_most() -> None:
    grounds = [behind(_designed([1.0], outline=shapely.box(40.0 * k, 0.0, 40.0 * k + 30.0, 20.0))) for k in range(3)]
    found = combinations(grounds)
    assert len(found) == len(set(found))
    for end in (0, -1):
        assert tuple(one.ways[end] for one in grounds) in found
    for k, ground in enumerate(grounds):
        assert {ways[k] for ways in found} == set(ground.every)
    assert len(combinations(grounds[:1])) == len(grounds[0].every)
    # lines within four depths, and no others
    lines = shapely.linestrings([[(-15.9, 5.0), (-15.9, 9.0)], [(-16.1, 5.0), (-16.1, 9.0)], [(35.0, 5.0), (35.0, 9.0)]])
    assert reached(grounds, lines, np.array([0, 1, 2]), 3).tolist() == [[True, False, False], [False] * 3, [True, True, False]]


def test_a_shed_that_no_wall_reaches_is_judged_by_water_alone() -> None:
    # the least side that is judged is 2 m long
    city = block(_house(95.0, 64.0, 105.0, 72.0), "shed", 110.0, 64.0, 111.0, 65.0, 3.0)
    found = _impact(_pit(2.0), city).features["buildings"]
    assert found.loc["house", "settlement_wall_mm"] > 0.0
    assert pd.isna(found.loc["shed", "category"])


def test_a_deeper_held_pit_does_no_less_damage_than_on_the_way_there() -> None:
    house = _house(93.0, 64.0, 101.0, 72.0)
    depths = ((1.0,), (1.0, -9.0), (-9.0,))
    rows = [_sand(_pit(*floors, toe_m=-15.0), house=house).iloc[0] for floors in depths]
    assert rows[0]["category"] == 3
    for deeper in rows[1:]:
        assert deeper["category"] >= rows[0]["category"]
        assert deeper["strain_percent"] >= rows[0]["strain_percent"] - 1e-9
        assert deeper["settlement_wall_mm"] >= rows[0]["settlement_wall_mm"] - 1e-9


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_to_dig_a_further_stage_never_makes_it_better(data: st.DataObject) -> None:
    def draw(low: float, high: float) -> float:
        return data.draw(st.floats(low, high))

    deep = draw(0.7, 9.0)
    cuts = sorted(data.draw(st.lists(st.floats(0.1, 0.9), max_size=1)))
    floors = [TOP - part * deep for part in [*cuts, 1.0]]
    further = min(floors) - draw(0.2, 8.0)
    supports = (PitSupport("a", "strut", TOP - draw(0.0, deep)),) if data.draw(st.booleans()) else ()
    values = {"wall": data.draw(st.sampled_from(["sheet-pile", "diaphragm", ""])),
              "outline": shapely.box(0.0, 0.0, draw(5.0, 60.0), draw(5.0, 60.0))}  # fmt: skip
    less, more = (behind(_designed(one, supports, **values)) for one in (floors, [*floors, further]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    west, south = rng.uniform(-15, 40, 12), rng.uniform(-35, -0.1, 12)
    wide, tall = rng.uniform(3, 25, (2, 12))
    houses = gpd.GeoDataFrame(
        {"height_m": rng.uniform(3, 15, 12)},
        geometry=shapely.box(west, np.minimum(south, -0.1 - tall), west + wide, np.minimum(south + tall, -0.1)),
    )
    assert (_strain(houses, more) >= _strain(houses, less) - 1e-9).all()  # and with it the category
    points = rng.uniform(-30, 90, (300, 2))
    shallow, further_down = less.at(points).settlement, more.at(points).settlement
    known = np.isfinite(further_down)
    assert (further_down[known] >= shallow[known] - 1e-9).all()
    assert not np.isfinite(further_down[np.isnan(shallow)]).any()


def test_of_a_wall_that_stands_free_each_settlement_is_told_with_its_depth() -> None:
    """Sheet piles held over 7 m settle 0.5 % of it (35 mm), free over 2 m 1 % of that (20 mm): never the depth of one, with the mm
    of the other."""
    pit = _designed([3.0, 1.0, -2.0], (PitSupport("a", "strut", 4.0, first="stage-1"),))
    ground = behind(pit)
    free = ground.ways[-1]
    texts = settles_told(ground)
    assert len(texts) == 2
    assert texts[0].startswith(f"{ground.ways[0].largest.middle:.0f} mm")
    assert "where it is held" in texts[0]
    assert texts[1].startswith(f"{free.largest.middle:.0f} mm")
    assert f"free to a depth of {free.depth_m:.1f} m" in texts[1]
    assert free.largest.middle < ground.ways[0].largest.middle
    said = ground_of([pit]).told[-1]
    assert all(text in said for text in texts)


def test_that_light_lorries_may_drive_above_cellars_is_said_to_be_by_the_rule_and_the_sample_screens_them() -> None:
    figure = _impact(_pit(2.0)).figure("pit_light_lorries")
    assert "which by the rule may drive above wharf cellars" in figure.label
    assert "does not say that a cellar carries them" in figure.note
    asked = read_scenario(sample_folder().parent / "wharf_garage.yaml").analyses.cellars
    assert asked is not None
    assert [one.vehicle.weight_t for one in asked.vehicles if one.vehicle is not None and one.id == "soil-van"] == [3.5]
    assert "if it drove along the whole street" in ENGLISH["cellars_streets"]
