"""Movement of the ground around a pit, settlement by lowered water, and damage of buildings, for any polygons and tables."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

import twin
from twin.errors import CRSError, GeometryError, ParameterError
from twin.impacts.ground_movement import damage_of, drawdown_settlement, facade_lines, ground_around, settlement_field
from twin.sim.impact.pit.behind_wall import profile

PIT = shapely.box(0, 0, 80, 30)
SOIL = pd.DataFrame({
    "top_z_m": [2.0, 0.0, -3.0], "bottom_z_m": [0.0, -3.0, -8.0], "soil": ["sand", "peat", "clay"],
    "unit_weight_kn_m3": [17.0, 11.0, 15.0], "saturated_kn_m3": [19.0, 11.0, 15.0], "cr": [np.nan, 0.2, 0.075],
    "rr": [np.nan, 0.04, 0.02], "ca": [np.nan, 0.02, 0.005], "m_mpa": [20.0, np.nan, np.nan],
})  # fmt: skip


def _houses(*boxes, **columns):
    made = gpd.GeoDataFrame(geometry=[shapely.box(*box) for box in boxes], crs=28992)
    return made.assign(height_m=8.0, **columns)


def test_the_field_is_the_curve_across_a_long_wall_and_nothing_in_the_pit():
    field = settlement_field(PIT, 10.0, largest_mm=30.0, crs="EPSG:28992")
    assert field["settlement"].dims == ("y", "x")
    assert field["settlement"].attrs["units"] == "mm"
    assert field.attrs["crs"] == "EPSG:28992"
    across = field["settlement"].sel(x=39.5)
    away = -across["y"].to_numpy()
    outside = away > 0
    np.testing.assert_allclose(across.to_numpy()[outside], 30.0 * profile("concave", away[outside] / 10.0), atol=0.05)
    assert np.isnan(across.to_numpy()[(away < 0) & (away > -30)]).all()
    assert float(field["shift_north"].sel(x=39.5, y=-5.5)) > 0.0
    edges = field["settlement"].isel(x=[0, -1]), field["settlement"].isel(y=[0, -1])
    assert all(float(edge.max()) < 0.1 for edge in edges)


def test_without_a_settlement_an_estimate_is_taken_and_told():
    ground = ground_around(PIT, 5.0, wall="diaphragm")
    assert ground.largest == pytest.approx((3.75, 8.5, 15.0))
    assert any("estimate" in text for text in ground.told)
    assert any("geotechnical design" in text for text in ground.told)
    assert np.isnan(ground.at(np.array([[40.0, 15.0]])).settlement).all()
    points = np.array([[40.0, -3.0]])
    ratio = ground.of("high").at(points).settlement / ground.at(points).settlement
    assert ratio == pytest.approx(15.0 / 8.5)
    given = ground_around(PIT, 5.0, largest_mm=(5.0, 10.0, 20.0))
    assert given.largest == (5.0, 10.0, 20.0)


@pytest.mark.parametrize(
    ("pit", "options", "error", "words"),
    [
        (PIT.difference(shapely.box(3, 3, 5, 5)), {"depth_m": 3.0}, GeometryError, "without holes"),
        (shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)]), {"depth_m": 3.0}, GeometryError, "Self-intersection"),
        (shapely.Point(0, 0), {"depth_m": 3.0}, GeometryError, "one polygon"),
        (PIT, {"depth_m": -1.0}, ParameterError, "depth_m"),
        (PIT, {"depth_m": np.nan}, ParameterError, "depth_m"),
        (PIT, {"depth_m": 3.0, "wall": "sheetpile"}, ParameterError, "sheet-pile"),
        (PIT, {"depth_m": 3.0, "shape": "peck"}, ParameterError, "concave"),
        (PIT, {"depth_m": 3.0, "largest_mm": (3.0, 2.0, 1.0)}, ParameterError, "low, middle and high"),
    ],
)
def test_what_cannot_be_a_pit_is_refused(pit, options, error, words):
    with pytest.raises(error, match=words):
        ground_around(pit, **options)


def test_lines_are_the_longest_sides_and_those_across():
    bent = shapely.Polygon([(0, 0), (6, 0), (12, 0.1), (12, 5), (8, 5), (8, 8), (0, 8)])
    houses = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 5, 10), bent, shapely.Point(0, 0), None], index=list("abcd"), crs=28992)
    lines = facade_lines(houses)
    first = lines[lines["building"] == "a"]
    assert first["line_kind"].tolist() == ["long side"] * 2 + ["cross side"] * 2
    assert first["length_m"].tolist() == pytest.approx([10, 10, 5, 5])
    second = lines[lines["building"] == "b"]
    assert second["length_m"].tolist() == pytest.approx([12, 8, 8, 4.9], abs=0.05)
    assert set(lines["building"]) == {"a", "b"}


def test_a_house_beside_the_pit_is_damaged_and_one_far_off_is_not():
    found = damage_of(_houses((30, -12, 36, -1), (30, -100, 36, -90)), ground_around(PIT, 10.0, largest_mm=80.0))
    assert found["category"].tolist()[0] >= 2
    assert found["category"].tolist()[1] == 0
    assert found["damage"].tolist()[1] == "negligible"
    assert found["settlement_mm"].iloc[0] == pytest.approx(80.0, rel=0.05)
    assert found["line_kind"].iloc[0] == "long side"
    assert found["strain_percent"].iloc[1] == 0.0
    assert "to be looked into" in found["assumed"].iloc[0]


def test_a_house_that_goes_down_as_a_whole_is_not_damaged():
    found = damage_of(_houses((0, 0, 10, 8)), lambda points: np.full(len(points), 40.0))
    assert found["strain_percent"].iloc[0] == 0.0
    assert found["settlement_mm"].iloc[0] == 40.0
    tilted = damage_of(_houses((0, 0, 10, 8)), lambda points: 5.0 * points[:, 0])
    assert tilted["strain_percent"].iloc[0] == pytest.approx(0.0, abs=1e-9)
    assert tilted["tilt_mm_m"].iloc[0] == pytest.approx(5.0)


def test_foundations_and_structures_of_their_own():
    places = [(30, -12, 36, -1)] * 4
    kinds = ["shallow", "piles below", None, "wooden piles"]
    houses = _houses(*places, foundation=kinds, structure=["masonry", None, "frame", "masonry"])
    found = damage_of(houses, ground_around(PIT, 10.0, largest_mm=80.0), foundation="shallow")
    assert found["foundation"].tolist() == ["shallow", "piles below", "shallow", "wooden piles"]
    assert found["settlement_mm"].iloc[1] == 0.0
    assert 0.0 < found["strain_percent"].iloc[1] < found["strain_percent"].iloc[0]
    assert found["strain_percent"].iloc[2] != found["strain_percent"].iloc[0]
    assert "fall dry" in found["assumed"].iloc[3]
    with pytest.raises(ParameterError, match="wooden piles"):
        damage_of(_houses(places[0], foundation="wooden pile"), ground_around(PIT, 10.0))


def test_a_range_of_the_settlement_is_a_range_of_categories():
    found = damage_of(_houses((30, -12, 36, -1)), ground_around(PIT, 8.0))
    assert (found["category_low"] <= found["category"]).all()
    assert (found["category"] <= found["category_high"]).all()
    assert found["category_low"].iloc[0] < found["category_high"].iloc[0]
    assert "category_low" not in damage_of(_houses((30, -12, 36, -1)), ground_around(PIT, 8.0, largest_mm=10.0))


def test_parts_are_added_up_and_told_apart():
    wall = ground_around(PIT, 10.0, largest_mm=30.0)
    both = damage_of(_houses((30, -12, 36, -1)), {"wall": wall, "water": lambda points: np.full(len(points), 7.0)})
    assert both["settlement_water_mm"].iloc[0] == 7.0
    assert both["settlement_mm"].iloc[0] == pytest.approx(both["settlement_wall_mm"].iloc[0] + 7.0)


def test_a_field_gives_nearly_what_the_formulas_give():
    rng = np.random.default_rng(5)
    corners = rng.uniform((-50, -50), (120, 70), (300, 2))
    houses = _houses(*[(x, y, x + 7, y + 10) for x, y in corners])
    houses = houses[~houses.intersects(PIT.buffer(1.5))]
    ground = ground_around(PIT, 10.0, largest_mm=40.0)
    exact, read = damage_of(houses, ground), damage_of(houses, ground.field((-60, -60, 140, 90), 0.5))
    assert exact["category"].notna().all()
    assert read["category"].notna().all()
    assert np.abs(exact["strain_percent"] - read["strain_percent"]).max() < 0.02
    assert (exact["category"] == read["category"]).mean() > 0.95


def test_what_stands_in_the_pit_or_beyond_the_field_is_not_judged():
    houses = _houses((10, 10, 20, 18), (-6, 5, 4, 12), (300, 300, 310, 308))
    part = settlement_field(PIT, 5.0, largest_mm=10.0, bounds=(-10, -10, 90, 40))
    assert part.attrs["still_beyond"] == 0
    found = damage_of(houses, part)
    assert found["category"].isna().all()
    assert found.attrs["not_judged"] == 3
    whole = settlement_field(PIT, 5.0, largest_mm=10.0)
    assert damage_of(houses, whole)["category"].isna().tolist() == [True, True, False]
    assert damage_of(houses, ground_around(PIT, 5.0, largest_mm=10.0))["category"].isna().tolist() == [True, True, False]
    assert damage_of(houses.iloc[:0], ground_around(PIT, 5.0)).empty


def test_what_cannot_be_judged_is_refused():
    ground = settlement_field(PIT, 5.0, largest_mm=10.0, crs="EPSG:28992")
    with pytest.raises(CRSError, match="EPSG:4326"):
        damage_of(_houses((0, 0, 5, 5)).set_crs(4326, allow_override=True), ground)
    bare = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 5, 5)], crs=28992)
    with pytest.raises(ParameterError, match="height"):
        damage_of(bare, ground)
    assert len(damage_of(bare, ground, height_m=6.0)) == 1
    with pytest.raises(ParameterError, match="2 points"):
        damage_of(bare, ground, height_m=6.0, points=2)
    with pytest.raises(ParameterError, match="settlement"):
        damage_of(bare, xr.Dataset({"other": ("x", [1.0])}), height_m=6.0)
    with pytest.raises(ParameterError, match="one number a point"):
        damage_of(bare, lambda points: np.zeros(3), height_m=6.0)


def test_settlement_by_lowered_water():
    falls = np.array([-0.5, 0.0, 0.5, 1.0, 2.0])
    found = drawdown_settlement(SOIL, falls, water_m=1.0)
    assert found[1] == 0.0
    assert (np.diff(found) > 0.0).all()
    known = drawdown_settlement(SOIL, falls, water_m=1.0, lowest_m=0.0)
    assert (known[2:] < found[2:]).all()
    assert drawdown_settlement(SOIL, 0.5, water_m=1.0) == pytest.approx(found[2])
    named = SOIL.rename(columns={"m_mpa": "modulus_MPa", "ca": "c_alpha"})
    days = [drawdown_settlement(soil, 0.5, water_m=1.0, days=400.0) for soil in (SOIL, named)]
    assert days[0] == days[1]
    by_head = drawdown_settlement(SOIL, 0.0, water_m=1.0, head_m=1.0, head_drawdown=1.0, aquitard=(-3.0, -8.0))
    assert 0.0 < by_head < found[3]


def test_many_places_are_read_from_a_table():
    falls = np.random.default_rng(6).uniform(0, 3, 20_500)
    table = drawdown_settlement(SOIL, falls, water_m=1.0)
    each = np.array([drawdown_settlement(SOIL, fall, water_m=1.0) for fall in falls[:50]])
    np.testing.assert_allclose(table[:50], each, atol=0.01)


def test_each_place_has_the_nearest_column_and_what_is_not_known_stays_so():
    soft = SOIL.assign(cr=SOIL["cr"] * 2)
    fall = xr.DataArray([[1.0, 1.0], [np.nan, 1.0]], dims=("y", "x"), coords={"y": [1.0, 0.0], "x": [0.0, 100.0]})
    found = drawdown_settlement({(0, 0): SOIL, (100, 0): soft}, fall, water_m=1.0)
    assert found.dims == ("y", "x")
    assert found.attrs["units"] == "mm"
    assert np.isnan(found[1, 0])
    one = drawdown_settlement(SOIL, 1.0, water_m=1.0)
    assert float(found[0, 0]) == pytest.approx(one)
    assert float(found[0, 1]) > 1.3 * one
    with pytest.raises(ParameterError, match="y and x"):
        drawdown_settlement({(0, 0): SOIL, (100, 0): soft}, np.ones(3), water_m=1.0)


def test_houses_settle_with_a_field_of_lowered_water():
    x, y = np.arange(0.0, 60.0, 2.0), np.arange(40.0, -1.0, -2.0)
    away = np.hypot(x[None] - 10.0, y[:, None] - 20.0)
    fall = xr.DataArray(2.0 * np.exp(-((away / 20.0) ** 2)), dims=("y", "x"), coords={"y": y, "x": x})
    lowered = drawdown_settlement(SOIL, fall, water_m=1.0).rename("drawdown_settlement").to_dataset()
    found = damage_of(_houses((12, 15, 24, 25)), lowered)
    assert found["settlement_mm"].iloc[0] > 50.0
    assert found["strain_percent"].iloc[0] > 0.0


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (SOIL.assign(top_z_m=[2.0, 0.5, -3.0]), {}, "layers 1 and 2 overlap or leave a gap"),
        (SOIL.assign(bottom_z_m=[0.0, 0.0, -8.0]), {}, "layer 2 has its top"),
        (SOIL.drop(columns="m_mpa"), {}, "layer 1 has neither"),
        (SOIL, {"method": "koppejan"}, "layer 2 has neither"),
        (SOIL.assign(cr=-0.2), {}, "layer 1: `cr`"),
        (SOIL.drop(columns="top_z_m"), {}, "top_z_m"),
        (SOIL.iloc[:0], {}, "no layers"),
        (SOIL, {"water_m": 3.0}, "above the ground"),
        (SOIL, {"method": "isotache"}, "no method"),
        (SOIL, {"head_m": 1.0, "aquitard": (-3.0, -8.0)}, "all three"),
        (SOIL, {"head_m": 1.0, "head_drawdown": 1.0, "aquitard": (-8.0, -3.0)}, "upside down"),
        (SOIL, {"days": 0.0}, "days"),
        ({}, {}, "no column"),
    ],
)
def test_soil_that_cannot_be_is_refused(frame, options, words):
    with pytest.raises(ParameterError, match=words):
        drawdown_settlement(frame, 1.0, **{"water_m": 1.0, **options})


def test_soil_with_koppejan_values_settles():
    soil = SOIL.assign(cp1=[np.nan, 10.0, 15.0], cs1=[np.nan, 60.0, 120.0])
    found = [drawdown_settlement(soil, 1.0, water_m=1.0, method="koppejan", days=days) for days in (1.0, 1000.0)]
    assert 0.0 < found[0] < found[1]


def test_the_example_of_the_documentation_runs(capsys):
    told = (Path(twin.__file__).parents[1] / "docs" / "below.md").read_text(encoding="utf-8")
    block = next(block for block in re.findall(r"```python\n(.*?)```", told, re.S) if "ground_around" in block)
    exec(compile(block, "below.md", "exec"), {})
    assert "category" in capsys.readouterr().out
