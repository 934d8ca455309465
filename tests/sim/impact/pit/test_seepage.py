"""Groundwater by finite differences: formulas, exact strips, laws of the equation, a dense solver, and what is refused."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import pit as reference
from twin.errors import ParameterError
from twin.sim.impact.pit import seepage
from twin.sim.impact.pit import wells as w
from twin.sim.impact.pit.seepage import ground, steady

NAN = math.nan


def _ring(shape: tuple[int, int], value: object = 0.0) -> np.ndarray:
    """Known heads all around."""
    value = np.broadcast_to(np.asarray(value, float), shape)
    fixed = np.full(shape, NAN)
    for at in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        fixed[at] = value[at]
    return fixed


def _random(seed: int, rows: int = 9, columns: int = 11) -> seepage.Ground:
    """Ground of all kinds: holes, walls, leaks, wells, rain, known heads."""
    rng = np.random.default_rng(seed)
    shape = rows, columns
    t = 10.0 ** rng.uniform(0, 3, shape)
    fixed = np.where(rng.random(shape) < 0.1, rng.uniform(-1, 1, shape), NAN)
    fixed[rng.integers(rows), rng.integers(columns)] = 0.3
    t[(rng.random(shape) < 0.1) & ~np.isfinite(fixed)] = 0.0
    faces = (rows, columns - 1), (rows - 1, columns)
    wall = [np.where(rng.random(s) < 0.2, rng.choice([0.5, 20.0, np.inf], s), 0.0) for s in faces]
    return ground(
        cell_m=2.0, transmissivity_m2_d=t, fixed_head_m=fixed, resistance_d=np.where(rng.random(shape) < 0.5, 300.0, 1e5),
        head_above_m=rng.uniform(-1, 2, shape), recharge_m_d=1e-3 * rng.random(shape),
        pumped_m3_d=np.where((rng.random(shape) < 0.1) & (t > 0), 5.0, 0.0), wall_east_d_m=wall[0], wall_south_d_m=wall[1],
    )  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 14), st.integers(2, 13))
def test_it_is_the_dense_solution_and_water_balances(seed, rows, columns):
    of = _random(seed, rows, columns)
    found = steady(of)
    assert found.head_m == pytest.approx(reference.steady(of), abs=1e-7, nan_ok=True)
    assert found.residual <= 1e-8
    assert abs(found.balance.error) <= 1e-8 * max(found.balance.through, 1e-6)


def test_between_two_canals_with_rain_the_parabola_is_exact():
    fixed = np.full((3, 41), NAN)
    fixed[:, 0] = fixed[:, -1] = 1.5
    found = steady(ground(cell_m=5.0, transmissivity_m2_d=80.0, shape=(3, 41), fixed_head_m=fixed, recharge_m_d=2e-3))
    x = 5.0 * np.arange(41)
    assert found.head_m[1] == pytest.approx(1.5 + 2e-3 / (2 * 80) * x * (200 - x), abs=1e-10)
    assert found.balance.recharge == pytest.approx(2e-3 * 39 * 5 * 15)
    assert found.balance.fixed_out == pytest.approx(found.balance.recharge)


def test_between_two_canals_that_leak_it_is_a_hyperbolic_cosine():
    """Second order in the size of cells."""
    errors = []
    for n in (21, 41, 81):
        dx = 200.0 / (n - 1)
        fixed = np.full((3, n), NAN)
        fixed[:, 0] = fixed[:, -1] = 1.0
        found = steady(ground(cell_m=dx, transmissivity_m2_d=50.0, shape=(3, n), fixed_head_m=fixed, resistance_d=40.0))
        length = math.sqrt(50 * 40)
        known = np.cosh((dx * np.arange(n) - 100) / length) / math.cosh(100 / length)
        errors.append(float(np.abs(found.head_m[1] - known).max()))
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.1)


def test_a_jump_of_transmissivity_and_a_sheet_pile_are_resistances_in_series():
    t = np.repeat([[10.0] * 10 + [500.0] * 10], 3, axis=0)
    fixed = np.full(t.shape, NAN)
    fixed[:, 0], fixed[:, -1] = 1.0, 0.0
    wall = np.zeros((3, 19))
    wall[:, 4] = 3.0
    found = steady(ground(cell_m=2.0, transmissivity_m2_d=t, fixed_head_m=fixed, wall_east_d_m=wall))
    series = 19.0 / 10 + 19.0 / 500 + 3.0
    assert found.balance.fixed_in == pytest.approx(6.0 / series, rel=1e-10)
    assert found.head_m[1, 4] - found.head_m[1, 5] == pytest.approx((3.0 + 2.0 / 10) / series)


def _far(n: int, dx: float, cells: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    at = dx * (np.arange(n) - n // 2)
    x, y = np.meshgrid(at, at)
    near = np.maximum(np.abs(x), np.abs(y)) <= cells * dx * 1.001
    return x, y, near


def test_thiem_and_a_canal_with_the_formula_on_the_edge():
    """The error outside a disc of given size falls by four when cells are halved."""
    errors = []
    for n in (41, 81, 161):
        dx = 400.0 / (n - 1)
        x, y, _ = _far(n, dx)
        well = w.with_images(w.wells(x_m=0.0, y_m=0.0, discharge_m3_d=1000.0), (w.Line(300.0, 0, 300.0, 1),))
        known = -w.drawdown_at(x, y, well, transmissivity_m2_d=500.0)
        pumped = np.zeros((n, n))
        pumped[n // 2, n // 2] = 1000.0
        given_ = {"cell_m": dx, "transmissivity_m2_d": 500.0, "shape": (n, n)}
        found = steady(ground(**given_, fixed_head_m=_ring((n, n), known), pumped_m3_d=pumped))
        outside = np.hypot(x, y) >= 30.0
        errors.append(float(np.abs(found.head_m - known)[outside].max()))
        # better than 0.5 % at five cells from the well and more
        far = np.hypot(x, y) >= 5 * dx
        assert (np.abs(found.head_m / np.where(known == 0, 1, known) - 1)[far & (known != 0)]).max() < 5e-3
        inside = seepage.head_in_well_m(
            head_of_cell_m=found.head_m[n // 2, n // 2], discharge_m3_d=1000, transmissivity_m2_d=500, cell_m=dx, radius_m=0.15
        )
        exact = float(w.drawdown_at(0.0, 0.0, well, transmissivity_m2_d=500.0))
        assert -float(inside) == pytest.approx(exact, rel=5e-3)
        assert found.balance.pumped == 1000.0
    assert errors[0] / errors[1] > 3.5
    assert errors[1] / errors[2] > 3.5


def test_de_glee():
    n, dx = 401, 5.0
    x, y, near = _far(n, dx)
    pumped = np.zeros((n, n))
    pumped[n // 2, n // 2] = 1000.0
    known = -w.drawdown_at(x, y, w.wells(x_m=0, y_m=0, discharge_m3_d=1000.0), transmissivity_m2_d=500.0, resistance_d=50.0)
    found = steady(ground(cell_m=dx, transmissivity_m2_d=500.0, shape=(n, n), resistance_d=50.0, pumped_m3_d=pumped))
    assert np.abs(found.head_m - known)[~near].max() < 5e-3 * np.abs(known[~near]).max()
    assert found.balance.leaked_in == pytest.approx(1000.0, rel=1e-8)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_reciprocity_superposition_and_turning(seed):
    rng = np.random.default_rng(seed)
    shape = (12, 17)
    of = ground(cell_m=2.0, transmissivity_m2_d=10.0 ** rng.uniform(0, 2, shape), fixed_head_m=_ring(shape))
    a, b = (1 + rng.integers(10), 1 + rng.integers(15)), (1 + rng.integers(10), 1 + rng.integers(15))

    def pumped(*at: tuple[int, int]) -> np.ndarray:
        q = np.zeros(shape)
        for one in at:
            q[one] += 30.0
        return steady(of._replace(pumped_m3_d=q)).head_m

    first, second = pumped(a), pumped(b)
    assert first[b] == pytest.approx(second[a], rel=1e-7)
    assert pumped(a, b) == pytest.approx(first + second, abs=1e-7)
    # nothing rises, and nothing falls as far as at the well
    assert first.max() <= 1e-9
    assert first.min() == first[a]
    q = np.zeros(shape)
    q[a] = 30.0
    turned = ground(
        cell_m=2.0,
        transmissivity_m2_d=np.rot90(of.transmissivity_m2_d),
        fixed_head_m=np.rot90(of.fixed_head_m),
        pumped_m3_d=np.rot90(q),
    )
    assert np.rot90(steady(turned).head_m, -1) == pytest.approx(first, abs=1e-8)


def test_a_water_table_is_that_of_dupuit():
    n, dx = 121, 2.0
    x, y, _ = _far(n, dx)
    four = w.wells(x_m=[10, 10, -10, -10], y_m=[10, -10, 10, -10], discharge_m3_d=100.0)
    linear = w.drawdown_at(x, y, four, transmissivity_m2_d=100.0, radius_of_influence_m=200.0)
    known = 10.0 - w.unconfined(linear, thickness_m=10.0)
    pumped = np.zeros((n, n))
    pumped[np.ix_([55, 65], [55, 65])] = 100.0
    of = ground(cell_m=dx, transmissivity_m2_d=10.0, shape=(n, n), fixed_head_m=_ring((n, n), known), pumped_m3_d=pumped)
    found = seepage.water_table(of, base_m=0.0)
    assert found.head_m[n // 2, n // 2] == pytest.approx(8.1406, abs=2e-3)
    with pytest.raises(ParameterError, match="falls below its base"):
        seepage.water_table(of._replace(pumped_m3_d=20 * of.pumped_m3_d), base_m=0.0)
    with pytest.raises(ParameterError, match="not linear"):
        seepage.water_table(of._replace(resistance_d=np.ones((n, n))), base_m=0.0)
    with pytest.raises(ParameterError, match="below the base"):
        seepage.water_table(of, base_m=20.0)


def test_a_pit_in_sheet_piles_takes_in_less():
    n = 80
    fixed = _ring((n, n))
    fixed[35:45, 35:45] = -3.0

    def inflow(resistance: float) -> float:
        east, south = np.zeros((n, n - 1)), np.zeros((n - 1, n))
        east[30:50, [29, 49]] = resistance
        south[[29, 49], 30:50] = resistance
        walls = {"wall_east_d_m": east, "wall_south_d_m": south}
        of = ground(cell_m=2.0, transmissivity_m2_d=200.0, shape=(n, n), fixed_head_m=fixed, **walls)
        return steady(of).balance.fixed_out

    free, piled, tight = inflow(0.0), inflow(1.0), inflow(np.inf)
    assert free > piled > tight
    assert tight == pytest.approx(0.0, abs=1e-6)
    # once the wall has nearly all of the resistance its inflow is head times length over resistance
    assert inflow(1e3) == pytest.approx(3.0 * 160.0 / 1e3, rel=0.01)


def test_steps_hardly_grow_with_the_grid():
    found = []
    for n in (50, 100, 200, 400):
        pumped = np.zeros((n, n))
        pumped[n // 2, n // 3] = 500.0
        of = ground(cell_m=800.0 / n, transmissivity_m2_d=300.0, fixed_head_m=_ring((n, n)), shape=(n, n), pumped_m3_d=pumped)
        found.append(steady(of).iterations)
    assert max(found) <= 30
    assert found[-1] <= found[1] + 6


def test_it_is_the_same_to_the_bit_on_any_number_of_threads():
    of, made = _random(5, 60, 71), set()
    before = numba.get_num_threads()
    try:
        for threads in range(1, numba.config.NUMBA_NUM_THREADS + 1):
            numba.set_num_threads(threads)
            made.add(steady(of).head_m.tobytes())
    finally:
        numba.set_num_threads(before)
    assert len(made) == 1


def test_heads_in_a_datum_far_away_lose_nothing():
    of = _random(7, 20, 20)
    high = of._replace(fixed_head_m=of.fixed_head_m + 1e5, head_above_m=of.head_above_m + 1e5)
    assert steady(high).head_m - 1e5 == pytest.approx(steady(of).head_m, abs=1e-8, nan_ok=True)


def test_still_water_stays_still():
    found = steady(ground(cell_m=1.0, transmissivity_m2_d=5.0, shape=(8, 9), fixed_head_m=_ring((8, 9), 2.5)))
    assert found.head_m == pytest.approx(2.5, abs=0)
    assert (found.residual, found.iterations, found.balance.through) == (0.0, 0, 0.0)
    assert "error" in found.balance.told()


def test_what_has_no_answer_is_refused():
    shape = (10, 12)
    with pytest.raises(ParameterError, match=r"nothing holds the water of 120 cells around row 0, column 0"):
        steady(ground(cell_m=1.0, transmissivity_m2_d=5.0, shape=shape, pumped_m3_d=0.0))
    # an island of ground within the dry
    t = np.full(shape, 5.0)
    t[3:8, 3:8] = 0.0
    t[5, 5] = 5.0
    with pytest.raises(ParameterError, match="of 1 cells around row 5, column 5"):
        steady(ground(cell_m=1.0, transmissivity_m2_d=t, fixed_head_m=_ring(shape)))
    t[5, 5] = 0.0
    found = steady(ground(cell_m=1.0, transmissivity_m2_d=t, fixed_head_m=_ring(shape, 1.0)))
    assert np.isnan(found.head_m[3:8, 3:8]).all()
    assert np.isfinite(found.head_m).sum() == 120 - 25
    # a pit within tight walls, without a leak
    east, south = np.zeros((10, 11)), np.zeros((9, 12))
    east[4:7, [3, 7]] = np.inf
    south[[3, 6], 4:8] = np.inf
    walls = {"wall_east_d_m": east, "wall_south_d_m": south}
    with pytest.raises(ParameterError, match="of 12 cells around row 4, column 4"):
        steady(ground(cell_m=1.0, transmissivity_m2_d=5.0, shape=shape, fixed_head_m=_ring(shape), **walls))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cell_m": 0.0}, "`cell_m` must be above 0"),
        ({"transmissivity_m2_d": -1.0}, "`transmissivity_m2_d` must not be below 0"),
        ({"transmissivity_m2_d": NAN}, "`transmissivity_m2_d` has values that are no numbers"),
        ({"resistance_d": 0.0}, "`resistance_d` must be above 0"),
        ({"resistance_d": NAN}, "`resistance_d` must be above 0"),
        ({"wall_east_d_m": np.zeros((4, 4))}, r"`wall_east_d_m` has the shape \(4, 4\), not \(4, 4\)|not \(4, 3\)"),
        ({"wall_south_d_m": -1.0}, "`wall_south_d_m` must not be below 0"),
        ({"fixed_head_m": math.inf}, "`fixed_head_m` must be finite"),
        ({"shape": None}, "give `transmissivity_m2_d` for each cell"),
        ({"transmissivity_m2_d": 0.0, "pumped_m3_d": 1.0}, "a well in row 0, column 0 has no ground"),
    ],
)
def test_bad_ground_is_refused(change, says):
    with pytest.raises(ParameterError, match=says):
        ground(**{"cell_m": 1.0, "transmissivity_m2_d": 1.0, "shape": (4, 4), **change})
