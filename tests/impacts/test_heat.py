"""Heat in a city: shade, green ground and the sky that is seen, before and after a change; cool places and the way to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr

import twin
from tests.impacts.places import CRS, SOUTH, WEST, block, plain, planted
from twin import report
from twin.errors import ParameterError, ScenarioError
from twin.geo.city import City
from twin.geo.crs import local_plane
from twin.geo.on_earth import OnEarth
from twin.impacts.coolness import coolness_of
from twin.impacts.heat import HOT_DAY, fields_of, ground_kinds, hours_of, perceived_temperature
from twin.impacts.heat_report import analyse, possible
from twin.impacts.site import Site
from twin.impacts.sun import shadow_at
from twin.impacts.sun_position import place_of
from twin.scenario import scenario_from_text
from twin.scenario.apply import apply_changes
from twin.scenario.heat import HeatAnalysis
from twin.sim.impact import heat, shadow

QUICK = HeatAnalysis(directions=16, hours=("13:00", "16:00"))
ROW = [{"x": 20.0 + 10 * k, "y": 60.0, "height_m": 9.0, "crown_diameter_m": 7.0, "crown_base_m": 3.0} for k in range(6)]


def _box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def _layer(city: City, name: str, rows: dict[str, dict[str, Any]]) -> City:
    frame = gpd.GeoDataFrame(list(rows.values()), index=list(rows), geometry="geometry", crs=CRS)
    frame.index.name = "id"
    return city.with_layer(name, frame)


@pytest.fixture(scope="module")
def city() -> City:
    """A house south of a row of six trees, a road between, a lawn in the north-east and a pond in the south-west."""
    made = planted(block(plain(120), "house", 40, 30, 80, 44, 12.0), ROW)
    made = _layer(made, "roads", {
        "road": {"surface": "street", "level": "street", "geometry": _box(0, 46, 120, 70)},
        "path": {"surface": "grass", "level": "street", "geometry": _box(0, 80, 20, 100)},
    })  # fmt: skip
    made = _layer(made, "green", {"lawn": {"kind": "lawn", "geometry": _box(80, 80, 120, 120)}})
    return _layer(made, "water", {"pond": {"geometry": _box(0, 0, 20, 20)}})


@pytest.fixture(scope="module")
def field(city: City) -> xr.Dataset:
    return perceived_temperature(city, hours=["13:00", "16:00"])


def _value(field: xr.DataArray, x: float, y: float) -> float:
    return float(field.sel(x=WEST + x, y=SOUTH + y, method="nearest"))


def test_shade_and_green_ground_are_as_the_equations_have_them(city: City, field: xr.Dataset) -> None:
    hours = hours_of(place_of(city), QUICK)
    weather = hours.weather
    at = 0
    args = weather.air_c[at], weather.humidity_percent[at], weather.wind_m_s[at]
    paved = heat.pet_in_sun(*args, weather.global_w_m2[at], weather.altitude_deg[at], 1.0, 3.0)
    now = field["pet"].isel(hour=at)
    assert _value(now, 10.5, 110.5) == pytest.approx(float(paved), abs=0.1)  # the open plain sees nearly all of the sky
    assert _value(now, 110.5, 110.5) == pytest.approx(float(paved) - 0.546 * 2.6, abs=0.1)
    assert _value(now, 10.5, 90.5) == pytest.approx(float(paved) - 0.546 * 2.6, abs=0.1)
    assert paved - _value(now, 60.5, 46.5) > 8.0  # right behind the house
    assert _value(now, 60.5, 60.5) < paved - 8.0  # beneath a tree
    assert np.isnan(_value(now, 60.5, 36.5))
    assert np.isnan(_value(now, 10.5, 10.5))
    lit = shadow_at(city, f"{HOT_DAY}T13:00").to_numpy() == shadow.LIT
    values = now.to_numpy()
    there = np.isfinite(values)
    assert values[there & lit].min() > values[there & ~lit].max() + 5.0


@pytest.mark.parametrize(
    ("kind", "green"),
    [
        ("park", True), ("Stedelijk groen", True), ("village_park", True), ("parking", False), ("parkeervlak", False),
        ("place", False),
    ],
)  # fmt: skip
def test_what_land_is_used_for_says_whether_it_is_green(kind: str, green: bool) -> None:
    made = _layer(plain(20), "landuse", {"a": {"kind": kind, "geometry": _box(0, 0, 10, 20)}})
    found = ground_kinds(made, Site(made).grid(1.0))
    assert (found[:, 10:] == heat.PAVED).all()
    assert (found[:, :10] == (heat.GREEN if green else heat.PAVED)).all()


def test_paving_that_comes_or_goes_is_felt(city: City) -> None:
    corners = ", ".join(f"[{WEST + x}, {SOUTH + y}]" for x, y in ((0, 0), (0, 70), (30, 70), (30, 0)))
    lawn = ", ".join(f"[{WEST + x}, {SOUTH + y}]" for x, y in ((100, 100), (120, 100), (120, 120), (100, 120)))
    text = (
        "title: T\nquestion: Q\ncity: sample\nchanges:\n"
        f"  - {{id: greener, type: paving, surface: unpaved, at: {{polygon: [{corners}]}}}}\n"
        f"  - {{id: harder, type: paving, surface: paved, at: {{polygon: [{lawn}]}}}}\n"
        "analyses:\n  heat: {directions: 16, hours: ['13:00'], coolness: false}\n"
    )
    both = twin.compare(scenario_from_text(text), city=city, progress=False)
    before, after = (side.impacts["heat"] for side in (both.baseline, both.variant))
    change = after.difference(before)["pet_mean_change"]
    green = heat.BOWEN[heat.PAVED] - heat.BOWEN[heat.GREEN]
    assert _value(change, 5.5, 48.5) == pytest.approx(-0.546 * green, abs=0.01)
    assert _value(change, 110.5, 110.5) == pytest.approx(0.546 * green, abs=0.01)
    assert np.isnan(_value(after.fields["pet_mean"], 10.5, 10.5)), "a pond stays one"
    assert "counts as planted" in " ".join(after.assumptions)
    assert {"greener", "harder"} <= set(after.features["places"].index)
    settings = HeatAnalysis(directions=16, hours=("13:00",), coolness=False)
    side = apply_changes(city, scenario_from_text(text).changes).city
    np.testing.assert_array_equal(after.fields["pet_mean"], fields_of(Site(side), settings)["pet_mean"])


def test_light_that_was_measured_in_the_netherlands_is_theirs(city: City) -> None:
    for where, measured in ((place_of(city), True), (OnEarth(151.2, -33.87), False)):
        hours = hours_of(where, HeatAnalysis())
        assert hours.measured is measured
        clear = 1098.0 * np.sin(np.radians(np.maximum(hours.altitude_deg, 0.0)))
        assert (hours.weather.global_w_m2 <= clear).all()


def test_mean_and_greatest_are_those_of_the_hours(field: xr.Dataset) -> None:
    np.testing.assert_allclose(field["pet_mean"], field["pet"].mean("hour", skipna=False), rtol=1e-6)
    np.testing.assert_array_equal(field["pet_max"], field["pet"].max("hour", skipna=False))
    assert list(field["hour"].to_numpy()) == ["13:00", "16:00"]
    assert field["pet"].attrs["units"] == "degC"


def test_the_weather_is_that_of_the_day_of_the_test_or_as_given(city: City) -> None:
    place = place_of(city)
    usual = hours_of(place, HeatAnalysis())
    assert usual.measured
    assert usual.weather.air_c[-1] == 34.0
    assert usual.weather.global_w_m2[2] == 886.0
    assert 54.0 < usual.altitude_deg[0] < 56.0
    assert 60.0 < usual.altitude_deg.max() < 62.0
    assert 30.0 < usual.weather.humidity_percent.min() < usual.weather.humidity_percent.max() < 50.0
    np.testing.assert_allclose(usual.weather.wind_m_s[1], 0.2 * 7.0)
    other = hours_of(place, HeatAnalysis(day="2026-08-10"))
    assert not other.measured
    assert 700.0 < other.weather.global_w_m2.max() < 900.0
    own = hours_of(place, HeatAnalysis(
        hours=("09:30", "20:00"), air_c=(25.0, 28.0), humidity_percent=(50.0,), wind_m_s=(1.0,), radiation_w_m2=(500.0, 100.0)
    ))  # fmt: skip
    assert own.weather.air_c.tolist() == [25.0, 28.0]
    assert own.weather.humidity_percent.tolist() == [50.0, 50.0]
    assert own.weather.wind_m_s.tolist() == [0.5, 0.5]  # never less in the method
    # measured light lies near that of a cloudless sky
    clear = hours_of(place, HeatAnalysis(day="2015-07-02")).weather.global_w_m2
    np.testing.assert_allclose(clear, usual.weather.global_w_m2, rtol=0.09)
    half = hours_of(place, HeatAnalysis(hours=("12:30",)))
    assert half.weather.air_c[0] == pytest.approx(29.65)


def test_at_night_all_is_shade(city: City) -> None:
    late = perceived_temperature(city, hours=["23:30"], air_c=[25], humidity_percent=[60], wind_m_s=[3], radiation_w_m2=[0])
    values = late["pet_mean"].to_numpy()
    assert np.nanmax(values) - np.nanmin(values) < 3.0
    assert np.nanmin(values) > 18.0


def test_utci_rises_less_in_the_sun(city: City) -> None:
    made = perceived_temperature(city, index="utci", hours=["13:00"])["utci"].isel(hour=0)
    sun, shade = _value(made, 10.5, 110.5), _value(made, 60.5, 46.5)
    assert 36.0 < sun < 42.0
    assert 4.0 < sun - shade < 10.0
    assert _value(made, 110.5, 110.5) < sun


@pytest.mark.parametrize("index", ["pet", "utci"])
def test_what_a_change_cannot_reach_is_kept_to_the_bit(city: City, index: str) -> None:
    settings = HeatAnalysis(index=index, directions=16, hours=("13:00", "18:00"), by_hour=True)
    was = fields_of(Site(city), settings)
    trees = city.trees.drop(index=["tree-1", "tree-2"])
    tower = block(city.with_layer("trees", trees), "tower", 90, 20, 98, 28, 11.0)
    greener = _layer(tower, "green", {"lawn": {"kind": "lawn", "geometry": _box(84, 84, 120, 120)}})
    whole = fields_of(Site(greener), settings)
    part = fields_of(Site(greener), settings, before=(Site(city), was))
    for name in whole:
        np.testing.assert_array_equal(part[name], whole[name])
        assert not np.array_equal(whole[name].to_numpy(), was[name].to_numpy(), equal_nan=True)


def test_a_part_of_a_city_is_as_that_part_of_the_whole(city: City) -> None:
    area = (WEST + 30, SOUTH + 40, WEST + 90, SOUTH + 80)
    whole = perceived_temperature(city, hours=["16:00"])
    part = perceived_temperature(city, hours=["16:00"], area=area)
    np.testing.assert_array_equal(part["pet"], whole["pet"].sel(x=part["x"], y=part["y"]))


def test_the_result_counts_lists_and_tells(city: City) -> None:
    base = analyse(Site(city), QUICK)
    felled = city.with_layer("trees", city.trees.iloc[:0])
    after = analyse(Site(felled), QUICK, (Site(city), base))
    hotter = after.figure("heat_hotter").value
    mean = [side.fields["pet_mean"].to_numpy() for side in (base, after)]
    with np.errstate(invalid="ignore"):
        assert hotter == (mean[1] - mean[0] >= 1.0).sum() > 150
    assert base.figure("heat_hotter").value == after.figure("heat_cooler").value == 0
    assert after.figure("heat_streets").value > base.figure("heat_streets").value + 1.0
    assert after.features["changed"].index.tolist() == ["road"]
    row = after.features["changed"].iloc[0]
    assert row["after_c"] - row["before_c"] == pytest.approx(row["change_k"])
    assert not len(base.features["changed"])
    back = analyse(Site(city), QUICK, (Site(felled), after)).features["changed"]
    assert back["change_k"].tolist() == [pytest.approx(-row["change_k"])]
    places = base.features["places"]
    assert {"road", "path", "lawn"} <= set(places.index)
    shares = places[[name for name in places if str(name).endswith("_share")]].sum(axis=1)
    np.testing.assert_allclose(shares, 1.0)
    told = " ".join(base.assumptions)
    for word in ("Koopmans", "1 July 2015", "not modelled", "heat island", "Rotterdam's map of cool places"):
        assert word in told
    change = after.difference(base)["pet_mean_change"].to_numpy()
    assert np.nanmax(change) > 4.0
    assert np.nanmin(change) > -0.3
    assert after.classes[0].variable == "pet_mean"
    assert len(after.classes) == 2


def test_cool_places_are_large_enough_and_ways_lead_to_them(city: City) -> None:
    settings = HeatAnalysis(directions=16, hours=("13:00", "16:00"), cool_area_m2=60.0)
    fields = fields_of(Site(city), settings)
    found = coolness_of(Site(city), settings, fields)
    assert len(found.places)
    assert (found.places["area_m2"] >= 60.0).all()
    assert found.homes.index.tolist() == ["house"]
    assert float(found.homes["cool_distance_m"].iloc[0]) < 30.0
    none = coolness_of(Site(city), settings.model_copy(update={"cool_area_m2": 5000.0}), fields)
    assert not len(none.places)
    assert np.isinf(none.homes["cool_distance_m"]).all()
    result = analyse(Site(city), settings.model_copy(update={"cool_area_m2": 5000.0}))
    assert result.figure("heat_homes").value == 0.0
    assert result.figure("heat_homes").verdict == "falls short"
    assert result.figure("heat_cool").value == 0.0


def test_a_way_to_coolness_is_as_long_as_it_is() -> None:
    """One cool place at the end of a road, and a house 100 m along it."""
    made = block(plain(160), "house", 20, 60, 30, 70, 3.0)
    made = _layer(made, "roads", {"road": {"surface": "street", "level": "street", "geometry": _box(0, 70, 160, 80)}})
    settings = HeatAnalysis(directions=16, cool_area_m2=80.0)
    fields = fields_of(Site(made), settings)
    values = np.full(fields["pet_mean"].shape, 45.0, np.float32)
    values[80:90, 130:140] = 33.0  # rows from the north: y from 70 to 80
    found = coolness_of(Site(made), settings, fields.assign(pet_mean=(("y", "x"), values)))
    assert found.places["area_m2"].tolist() == [100.0]
    assert float(found.homes["cool_distance_m"].iloc[0]) == pytest.approx(100.0, abs=2.5)


def test_a_city_without_streets_has_no_way_to_coolness() -> None:
    made = _layer(block(plain(60), "house", 20, 20, 30, 30, 6.0), "roads", {
        "rails": {"surface": "railway", "level": "street", "geometry": _box(0, 0, 60, 10)}
    })  # fmt: skip
    result = analyse(Site(made), QUICK)
    assert "How far it is to a cool place is not known" in " ".join(result.assumptions)
    assert "all open ground counts as such" in result.assumptions[5]
    assert "counts as paved" in result.assumptions[6]
    assert not any(figure.key == "heat_homes" for figure in result.figures)
    assert np.isfinite(result.figure("heat_streets").value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"index": "wbgt"}, "`index`"), ({"day": "2026-02-30"}, "2026-02-30"), ({"hours": ["25:00"]}, "`hours`"),
        ({"hours": ["14:00", "13:00"]}, "the hours must rise"), ({"hours": ["11:00"]}, "weather is not known"),
        ({"air_c": [30, 31]}, "give one for all, or one for each"), ({"air_c": 90}, "`air_c`"),
        ({"hours": "noon"}, "`hours`"),
        ({"street_wind_share": 0}, "`street_wind_share`"), ({"cell": 0}, "`cell_m`"), ({"wind_m_s": [-1]}, "`wind_m_s`"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(city: City, given: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterError) as caught:
        perceived_temperature(city, **given)
    assert told in str(caught.value)


def test_more_light_than_the_sun_gives_is_refused(city: City) -> None:
    early = {"hours": ["06:30"], "air_c": [20], "humidity_percent": [70], "wind_m_s": [3]}
    assert np.isfinite(perceived_temperature(city, radiation_w_m2=[200], **early)["pet_mean"]).any()
    with pytest.raises(ParameterError, match=r"radiation_w_m2: 800 W/m2 at 06:30 is more than the sun gives at 8 degrees"):
        perceived_temperature(city, radiation_w_m2=[800], **early)


def test_one_hour_may_be_given_as_text(city: City) -> None:
    area = (WEST, SOUTH, WEST + 30, SOUTH + 30)
    assert list(perceived_temperature(city, hours="13:00", area=area)["hour"].to_numpy()) == ["13:00"]


def test_a_city_that_lies_nowhere_is_refused(city: City) -> None:
    with pytest.raises(ParameterError, match="where on earth"):
        possible(City(local_plane(), np.zeros(3), terrain=plain(30).terrain), QUICK)
    assert perceived_temperature(city, day=dt.date(2026, 8, 1), hours=["15:00"]).attrs["day"] == "2026-08-01"


def test_a_scenario_asks_for_it_and_the_report_tells(city: City) -> None:
    text = (
        "title: T\nquestion: Q\ncity: sample\nchanges:\n  - {id: gone, type: trees, remove: [tree-1, tree-2, tree-3]}\n"
        "analyses:\n  heat: {directions: 16, hours: ['13:00', '16:00']}\n"
    )
    both = twin.compare(scenario_from_text(text), city=city, progress=False)
    assert both.table().loc["heat_hotter", "change"] > 50
    assert "heat_homes" in both.table().index
    page = report.write(both)
    for word in ("Heat on a hot day", "Streets, squares and gardens that get half a degree", ">road<", "with the changes (°C)"):
        assert word in page
    ax = both.variant.impacts["heat"].plot_map(before=both.baseline.impacts["heat"], city=city, language="nl")
    texts = [one.get_text() for one in ax.figure.findobj(match=lambda one: hasattr(one, "get_text"))]
    assert "gevoelstemperatuur" in " ".join(texts)
    with pytest.raises(ScenarioError, match="give one for all"):
        scenario_from_text("title: T\nanalyses:\n  heat: {air_c: [30, 31]}\n")
