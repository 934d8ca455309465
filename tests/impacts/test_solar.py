"""What falls on roofs in a year: climate, bins of the sky, roofs of a city, before and after a change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.impacts.places import block, plain, planted
from twin.errors import GeometryError, ParameterError
from twin.geo.city import read_city
from twin.geo.on_earth import OnEarth
from twin.geo.roof_planes import roofs_of
from twin.geo.samples import sample_folder
from twin.impacts.climate import circumsolar, hours_of_year, measured_hours
from twin.impacts.site import Site, Window
from twin.impacts.solar import analyse, lights_of, roof_irradiation
from twin.impacts.sun import sun_hours
from twin.impacts.sun_year import binned, sun_of_year
from twin.scenario.analyses import DE_BILT_KWH_M2, SolarAnalysis
from twin.sim.impact import irradiation, shadow

UTRECHT = OnEarth(5.12, 52.09, "Europe/Amsterdam")
LEVEL = sum(DE_BILT_KWH_M2)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(1.0, 300.0), min_size=12, max_size=12), st.floats(-55.0, 60.0))
def test_the_hours_of_a_year_have_the_sums_of_its_months(months: list[float], latitude: float) -> None:
    light = hours_of_year(OnEarth(5.0, latitude, "Europe/Amsterdam"), months, step_min=60.0)
    hours = light["seconds"] / 3600.0
    sums = (light["ghi"] * hours).groupby(light.index.month).sum() / 1000.0
    assert sums.to_numpy() == pytest.approx(months, rel=1e-9)
    assert (light[["ghi", "dni", "dhi"]] >= 0.0).all().all()
    assert (light["dhi"] <= light["ghi"] + 1e-9).all()
    assert (light["dni"] <= 1430.0).all()


def test_a_year_in_utrecht_is_half_diffuse() -> None:
    light = hours_of_year(UTRECHT, DE_BILT_KWH_M2)
    hours = light["seconds"] / 3600.0
    diffuse = (light["dhi"] * hours).groupby(light.index.month).sum() / (light["ghi"] * hours).groupby(light.index.month).sum()
    assert 0.45 < (light["dhi"] * hours).sum() / (light["ghi"] * hours).sum() < 0.6
    assert diffuse[12] > diffuse[6]


@pytest.mark.parametrize(("facing", "w_m2"), [
    (0, (11.1, 19.5, 34.8, 49.4, 61.9, 73.0, 66.7, 55.9, 41.4, 26.4, 13.6, 8.9)),
    (90, (20.2, 36.5, 70.7, 112.2, 114.6, 114.8, 104.9, 89.0, 73.7, 49.8, 23.9, 15.9)),
    (180, (60.1, 66.7, 101.8, 135.1, 124.9, 112.7, 109.7, 128.5, 122.3, 96.2, 59.5, 46.2)),
    (270, (23.4, 32.8, 57.3, 96.2, 107.3, 125.7, 112.7, 120.0, 83.9, 46.7, 22.7, 15.2)),
])  # fmt: skip
def test_hours_made_of_months_give_the_facades_of_the_reference_climate(facing: float, w_m2: tuple[float, ...]) -> None:
    """NTA 8800:2025, table 17.2, tilt 90 degrees: within 5 % over the year, though only level ground went in."""
    light = hours_of_year(UTRECHT, DE_BILT_KWH_M2)
    outside = pvlib.irradiance.get_extra_radiation(light.index.day_of_year.to_numpy(), solar_constant=1361.0)
    found = pvlib.irradiance.get_total_irradiance(
        90.0, facing, 90.0 - light["altitude_deg"], light["azimuth_deg"], light["dni"], light["ghi"], light["dhi"],
        dni_extra=outside, model="haydavies", albedo=0.2,
    )["poa_global"]  # fmt: skip
    hours = 24.0 * np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    assert float((found * light["seconds"]).sum()) / 3.6e6 == pytest.approx(float((w_m2 * hours).sum()) / 1000.0, rel=0.05)


@pytest.mark.parametrize("months", [(1.0,) * 11, (-1.0, *[50.0] * 11), (float("nan"), *[50.0] * 11), (400.0,) * 12])
def test_months_that_cannot_be_are_told(months: tuple[float, ...]) -> None:
    with pytest.raises(ParameterError, match="twelve months of 0 to 350"):
        hours_of_year(UTRECHT, months)


@pytest.mark.parametrize(("tilt", "facing"), [(0.0, 180.0), (36.0, 180.0), (36.0, 90.0), (45.0, 270.0), (36.0, 0.0), (60.0, 200.0)])
def test_planes_in_the_open_get_what_pvlib_says(tilt: float, facing: float) -> None:
    """Bins and patches against pvlib's sum over every hour, by the same model of the sky (Hay and Davies)."""
    light = hours_of_year(UTRECHT, DE_BILT_KWH_M2)
    lean, turn = np.radians(tilt), np.radians(facing)
    normal = np.array([[np.sin(lean) * np.sin(turn), np.sin(lean) * np.cos(turn), np.cos(lean)]])
    lights = lights_of(light, SolarAnalysis())
    # so high above everything that nothing is in the way
    of = shadow.surface(np.zeros((3, 3)), 1.0, lift_m=np.full((3, 3), 50.0))
    found = irradiation.irradiation(of, np.array([1]), np.array([1]), normal, lights).sum()
    outside = pvlib.irradiance.get_extra_radiation(light.index.day_of_year.to_numpy(), solar_constant=1361.0)
    known = pvlib.irradiance.get_total_irradiance(
        tilt, facing, 90.0 - light["altitude_deg"], light["azimuth_deg"], light["dni"], light["ghi"], light["dhi"],
        dni_extra=outside, model="haydavies", albedo=0.0,
    )["poa_global"]  # fmt: skip
    assert found == pytest.approx(float((known * light["seconds"]).sum()) / 3600.0, rel=0.01)
    assert (circumsolar(light) <= 1.0).all()


def test_bins_of_a_year_give_the_hours_of_every_tenth_minute() -> None:
    city = block(block(plain(60), "north", 10, 38, 50, 48, 12.0), "south", 10, 12, 50, 22, 9.0)
    found = sun_hours(city, "2025-06-21", year=True, trees=False)["sun_hours_year"].to_numpy()
    sun = sun_of_year(UTRECHT, 2025)
    sun = sun[sun["altitude_deg"] >= 3.0]
    site = Site(city)
    relief = site.relief(site.grid(1.0), _whole(site))
    of = shadow.surface(relief.surface, 1.0)
    names = ("azimuth_deg", "altitude_deg", "seconds")
    every = shadow.sunlight(of, *(sun[name].to_numpy() for name in names))[0] / 3600.0
    assert np.abs(found - every).mean() < 0.01 * every.mean()
    assert np.abs(found - every).max() < 0.1 * every.max()
    assert every.max() == pytest.approx(sun["seconds"].sum() / 3600.0)


def _whole(site: Site) -> Window:
    rows, columns = site.grid(1.0).shape
    return Window(0, rows, 0, columns)


def test_bins_keep_what_they_are_given() -> None:
    rng = np.random.default_rng(1)
    azimuth, altitude, weight = rng.uniform(0, 360, 500), rng.uniform(0, 90, 500), rng.uniform(0, 2, 500)
    weight[::7] = 0.0
    made = binned(azimuth, altitude, weight, np.full(500, 0.3))
    assert made["weight"].sum() == pytest.approx(weight.sum())
    assert made["leaves"].to_numpy() == pytest.approx(0.3)
    assert len(binned(azimuth, altitude, weight, weight, bin_deg=90.0)) < 10
    assert not len(binned(np.empty(0), np.empty(0), np.empty(0), np.empty(0)))


def test_a_flat_roof_in_the_open_gets_what_falls_on_level_ground() -> None:
    city = block(plain(60), "hall", 20, 20, 40, 40, 10.0)
    found = roof_irradiation(city)
    roof = found["roof_irradiation"].to_numpy()
    assert np.isfinite(roof).sum() == 400
    assert np.nanmean(roof) == pytest.approx(LEVEL, rel=0.005)
    assert 0.35 * LEVEL < np.nanmean(found["roof_irradiation_diffuse"]) < 0.5 * LEVEL
    assert found["roof_irradiation"].attrs["units"] == "kWh m-2"
    half = roof_irradiation(city, months_kwh_m2=[one / 2 for one in DE_BILT_KWH_M2])["roof_irradiation"].to_numpy()
    assert np.nanmean(half) == pytest.approx(LEVEL / 2, rel=0.01)


def test_measured_hours_are_taken_as_they_are() -> None:
    times = pd.date_range("2025-01-01 00:30", "2025-12-31 23:30", freq="1h", tz="Europe/Amsterdam")
    sun = pvlib.solarposition.get_solarposition(times, 52.09, 5.12)
    up = np.maximum(np.sin(np.radians(sun["elevation"].to_numpy())), 0.0)
    dhi = np.where(up > 0, 60.0, 0.0)
    weather = pd.DataFrame({"ghi": 400.0 * up + dhi, "dni": np.where(up > 0, 400.0, 0.0), "dhi": dhi}, index=times)
    city = block(plain(60), "hall", 20, 20, 40, 40, 10.0)
    found = np.nanmean(roof_irradiation(city, weather=weather)["roof_irradiation"])
    assert found == pytest.approx(weather["ghi"].sum() / 1000.0, rel=0.02)
    with pytest.raises(ParameterError, match="no column `dni`"):
        roof_irradiation(city, weather=weather.drop(columns="dni"))
    with pytest.raises(ParameterError, match="index of times with a time zone"):
        roof_irradiation(city, weather=weather.tz_localize(None))
    with pytest.raises(ParameterError, match="rise evenly"):
        roof_irradiation(city, weather=weather.drop(weather.index[5]))
    with pytest.raises(ParameterError, match=r"2025-01-01 00:30.*unknown, below 0"):
        measured_hours(UTRECHT, weather.assign(ghi=-1.0))


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(GeometryError, match="no roofs: no building has a shape in 3D"):
        roof_irradiation(plain(30))
    with pytest.raises(ParameterError, match="cannot be used for `months_kwh_m2`"):
        roof_irradiation(block(plain(30), "hall", 10, 10, 20, 20, 5.0), months_kwh_m2=[1.0])


def test_a_tower_takes_light_from_the_roof_behind_it() -> None:
    chosen = SolarAnalysis(loss_percent=10)
    tree = {"x": 20.0, "y": 20.0, "height_m": 9.0, "crown_diameter_m": 6.0}
    city = planted(block(plain(120), "hall", 50, 60, 70, 80, 8.0), [tree])
    before = Site(city)
    old = analyse(before, chosen)
    after = Site(block(city, "tower", 50, 35, 70, 55, 40.0))
    part, whole = analyse(after, chosen, (before, old)), analyse(after, chosen)
    assert part.fields.identical(whole.fields)
    assert list(part.features["lost"].index) == ["hall"]
    row = part.features["lost"].loc["hall"]
    assert row["after_kwh_m2"] < 0.8 * row["before_kwh_m2"]
    assert row["loss_percent"] == pytest.approx(100 * (1 - row["after_kwh_m2"] / row["before_kwh_m2"]))
    assert not len(whole.features["lost"])  # nothing to compare with
    assert part.figure("solar_lost").value == 1.0
    change = part.difference(old)["roof_irradiation_change"]
    assert float(change.min()) < -200.0
    assert not (change > 1e-3).any()
    hall = part.features["buildings"].loc["hall"]
    assert hall["roof_m2"] == pytest.approx(400.0)
    assert hall["kwh"] == pytest.approx(hall["kwh_m2"] * 400.0, rel=1e-4)
    assert hall["yield_kwh"] <= hall["kwh"] * 0.21 * 0.85 + 1e-6


def test_a_tree_takes_light_and_in_winter_less() -> None:
    city = block(plain(60), "hall", 20, 30, 40, 45, 4.0)
    leafy = planted(city, [{"x": 30.0, "y": 25.0, "height_m": 14.0, "crown_diameter_m": 8.0}])
    bare, shaded = (roof_irradiation(one)["roof_irradiation"].to_numpy() for one in (city, leafy))
    assert np.nanmin(shaded - bare) < -50.0
    assert np.nanmax(shaded - bare) < 1e-3
    assert np.array_equal(roof_irradiation(leafy, trees=False)["roof_irradiation"].to_numpy(), bare, equal_nan=True)


def test_roofs_of_the_sample_have_slopes_and_owners() -> None:
    city = read_city(sample_folder())
    site = Site(city, (136780, 455780, 136880, 455880))
    grid = site.grid(1.0)
    relief = site.relief(grid, _whole(site), trees=False)
    roofs = roofs_of(city, relief)
    assert len(roofs) > 500
    assert np.array_equal(relief.building[roofs.rows, roofs.columns], roofs.building)
    assert np.linalg.norm(roofs.normals, axis=1) == pytest.approx(1.0)
    assert (roofs.normals[:, 2] > 0.0).all()
    # a plane through the middle of a cell and its slope tell the height of the next cell of the same plane
    steep = roofs.slope_deg
    assert steep.max() < 75.0
    assert (steep > 20.0).any()
    assert (roofs.azimuth_deg >= 0.0).all()
    rise = -roofs.normals[:, 0] / roofs.normals[:, 2]
    east = relief.surface[roofs.rows[:-1], np.minimum(roofs.columns[:-1] + 1, grid.columns - 1)]
    here = relief.surface[roofs.rows[:-1], roofs.columns[:-1]]
    beside = (np.diff(roofs.columns) == 1) & (np.abs(np.diff(roofs.normals, axis=0)).max(axis=1) < 1e-9)
    assert np.median(np.abs(east - here - rise[:-1])[beside]) < 1e-3
