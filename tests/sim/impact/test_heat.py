"""Kernels of heat: known points, published equations, tables beside them, and what must hold of any weather."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.heat import pet_of_cells
from twin.sim.impact import heat
from twin.sim.impact.utci import utci, vapour_pressure

AIR, HUMIDITY, WIND = st.floats(15, 40), st.floats(10, 95), st.floats(0.5, 4)


def _weather(air: float = 33.0, humidity: float = 36.0, wind: float = 1.0, light: float = 850.0, up: float = 58.0) -> heat.Weather:
    diffuse = float(heat.diffuse_light(light, up))
    return heat.Weather(*(np.array([one]) for one in (air, humidity, wind, light, diffuse, up)), np.array([[18.0, 9.0]]))


@pytest.mark.parametrize(
    ("air", "radiant", "wind", "humidity", "known"),
    [
        (25.0, 25.0, 1.0, 50.0, 24.6121), (30.0, 60.0, 1.0, 50.0, 37.9236),  # 24.6 and 37.9
        # by ECMWF's thermofeel 2.3 with the same vapour pressure
        (-5.0, 40.0, 0.5, 60.0, 13.5177), (34.0, 66.0, 1.47, 34.0, 41.5429), (20.0, 15.0, 10.0, 80.0, 8.8486),
    ],
)  # fmt: skip
def test_utci_at_known_points(air: float, radiant: float, wind: float, humidity: float, known: float) -> None:
    assert float(utci(air, radiant, wind, humidity)) == pytest.approx(known, abs=5e-5)


def test_utci_counts_wind_within_what_it_holds_for_and_takes_arrays() -> None:
    assert utci(30.0, 40.0, 0.0, 50.0) == utci(30.0, 40.0, 0.5, 50.0)
    assert utci(30.0, 40.0, 40.0, 50.0) == utci(30.0, 40.0, 17.0, 50.0)
    many = utci(30.0, np.array([30.0, 60.0]), 1.0, 50.0)
    assert many.shape == (2,)
    assert many[1] == utci(30.0, 60.0, 1.0, 50.0)
    assert float(vapour_pressure(20.0, 100.0)) == pytest.approx(23.39, abs=0.01)  # hPa, of any table of steam


def test_wet_bulb_is_that_of_the_example_of_its_source() -> None:
    assert float(heat.wet_bulb(20.0, 50.0)) == pytest.approx(13.7, abs=0.05)


def test_the_light_of_the_sky_by_what_comes_through_the_air() -> None:
    up = np.array([30.0, 30.0, 30.0])
    light = 1367.0 * 0.5 * np.array([0.2, 0.5, 0.75])
    np.testing.assert_allclose(heat.diffuse_light(light, up) / light, [1.0, 0.6, 0.2])


@pytest.mark.parametrize("tables", [heat.pet_tables, heat.utci_tables])
def test_reading_from_tables_is_exact_to_a_twentieth_of_a_degree(tables) -> None:
    weather = _weather()
    table = tables(weather)[0]
    seen = np.linspace(0.0, 1.0, 1001, dtype=np.float32)[None]
    for lit in (0, 1):
        for ground in (heat.PAVED, heat.GREEN):
            total, most = np.zeros_like(seen), np.zeros_like(seen)
            made = heat.read(table, np.full(seen.shape, bool(lit)), seen, np.full(seen.shape, ground, np.uint8), total, most)
            if tables is heat.pet_tables:
                args = 33.0, 36.0, 1.0
                exact = (
                    heat.pet_in_sun(*args, 850.0, 58.0, seen, heat.BOWEN[ground]) if lit
                    else heat.pet_in_shade(*args, float(weather.diffuse_w_m2[0]), seen)
                )  # fmt: skip
            else:
                diffuse, warming = float(weather.diffuse_w_m2[0]), float(weather.warming_k[0, ground])
                radiant = heat.radiant_temperature(33.0, 36.0, 850.0, diffuse, 58.0, warming, seen, lit=bool(lit))
                exact = utci(33.0, radiant, heat.WIND_AT_10M, 36.0)
            assert np.abs(made - exact).max() < 0.001


def test_cells_are_as_by_the_slow_twin_and_add_up() -> None:
    rng = np.random.default_rng(3)
    shape = 13, 17
    lit, seen = rng.random(shape) < 0.5, rng.random(shape).astype(np.float32)
    ground = rng.integers(0, 3, shape).astype(np.uint8)
    total, most = np.full(shape, 1.0, np.float32), np.full(shape, 30.0, np.float32)
    weather = _weather(wind=2.0)
    made = heat.read(heat.pet_tables(weather)[0], lit, seen, ground, total, most)
    known = pet_of_cells(weather, lit, seen, ground)
    np.testing.assert_allclose(made, known, atol=1e-4)
    there = ground != heat.APART
    np.testing.assert_array_equal(total[there], np.float32(1.0) + made[there])
    np.testing.assert_array_equal(most[there], np.maximum(np.float32(30.0), made[there]))


def test_one_thread_and_two_give_the_same_bits() -> None:
    rng = np.random.default_rng(4)
    shape = 64, 50
    lit, seen = rng.random(shape) < 0.5, rng.random(shape).astype(np.float32)
    ground = rng.integers(0, 3, shape).astype(np.uint8)
    table, before, made = heat.utci_tables(_weather())[0], numba.get_num_threads(), []
    for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
        numba.set_num_threads(threads)
        try:
            made.append(heat.read(table, lit, seen, ground, np.zeros(shape, np.float32), np.zeros(shape, np.float32)))
        finally:
            numba.set_num_threads(before)
    np.testing.assert_array_equal(made[0], made[1])


@settings(max_examples=60, deadline=None)
@given(AIR, HUMIDITY, WIND, st.floats(500, 950), st.floats(30, 62), st.floats(0, 1))
def test_who_stands_in_the_sun_is_warmer_by_either_index(
    air: float, humidity: float, wind: float, light: float, up: float, seen: float
) -> None:
    weather = _weather(air, humidity, wind, light, up)
    k = round(seen * heat.STEPS)
    for tables in (heat.pet_tables, heat.utci_tables):
        shade, sun = tables(weather)[0, :, :, k]
        assert (sun > shade).all()
        assert sun[heat.GREEN] < sun[heat.PAVED]
    hotter = heat.pet_tables(_weather(air + 1.0, humidity, wind, light, up))
    assert (hotter > heat.pet_tables(weather)).all()


@settings(max_examples=60, deadline=None)
@given(AIR, HUMIDITY, st.floats(0, 1))
def test_without_light_the_sky_cools_and_walls_are_as_warm_as_the_air(air: float, humidity: float, seen: float) -> None:
    def of(sky: float) -> float:
        return float(heat.radiant_temperature(air, humidity, 0.0, 0.0, 0.0, 0.0, sky, lit=False))

    assert air - 1.5 < of(0.0) <= air
    assert of(seen) <= of(0.0) + 1e-9
    assert of(1.0) > air - 30.0


def test_a_low_sun_gives_no_more_than_there_is() -> None:
    """The light of a whole hour at its end, when the sun is all but down."""
    def radiant(light: float) -> float:
        return float(heat.radiant_temperature(25.0, 50.0, light, 0.2 * light, 3.0, 0.0, 1.0, lit=True))

    direct = heat.BEAM * heat.SOLAR_CONSTANT * 0.7 / (0.97 * heat.STEFAN_BOLTZMANN)
    assert radiant(400.0) < ((273.15 + 45.0) ** 4 + direct) ** 0.25 - 273.15


def test_ground_warms_till_its_hour_and_grass_less() -> None:
    morning, noon, most = (heat.ground_warming(60.0, hour, 4.0, heat.PAVED) for hour in (6.0, 12.0, 15.0))
    assert 0.0 < morning < noon < most == pytest.approx(0.37 * 60.0 - 3.41)
    assert heat.ground_warming(60.0, 14.0, 4.0, heat.GREEN) == pytest.approx(0.21 * 60.0 - 3.38)
    assert heat.ground_warming(60.0, 3.0, 4.0, heat.PAVED) == 0.0


def test_wind_between_buildings_by_the_profile_of_the_dutch_method() -> None:
    assert heat.street_wind_share(4.0, 0.0) == pytest.approx(0.51, abs=0.1)  # less than over open grass, 0.635
    shares = [heat.street_wind_share(10.0, density) for density in (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)]
    assert shares[0] < 0.6351
    assert shares[0] > shares[2] > shares[4] > shares[5] > 0.05
    assert heat.street_wind_share(10.0, 0.12) == pytest.approx(0.2, abs=0.02)  # a street of a Dutch town: the default
