"""Loads above cellars: what spreads is all that was put, people stand on one strip, vehicles weigh what they weigh."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.sim.impact.cellar import loads, spread

few = settings(max_examples=40, deadline=None)
methods = st.sampled_from(spread.METHODS)
depths, sizes = st.floats(0.05, 1.5), st.floats(0.2, 2.0)


@few
@given(methods, sizes, depths, st.floats(-1.0, 1.0))
def test_all_of_a_load_arrives_and_none_of_it_twice(method: str, size: float, depth: float, place: float) -> None:
    edges = np.linspace(-400.0, 400.0, 4001)
    parts = spread.strip_parts(edges, [place], size, depth, method)[0]
    assert parts.min() >= -1e-12
    assert parts.sum() == pytest.approx(1.0, abs=2e-3)
    assert parts.max() / np.diff(edges)[0] <= 1.0 / size * (1 + 1e-9)


@few
@given(methods, depths)
def test_a_patch_spreads_to_what_it_weighs(method: str, depth: float) -> None:
    at = np.linspace(-12.0, 12.0, 961)
    x, y = np.meshgrid(at, at)
    under = spread.patch_stress(x, y, 10.0, (0.4, 0.6), depth, method)
    assert under.sum() * 0.025**2 == pytest.approx(10.0, rel=0.15)
    assert under.max() <= 10.0 / (0.4 * 0.6) * (1 + 1e-9)


def test_a_strip_is_what_its_share_says() -> None:
    edges = np.linspace(-3, 3, 6001)
    share = spread.strip_parts(edges, [0.2], 1.5, 0.7, "boussinesq")[0] / np.diff(edges)
    middle = 0.5 * (edges[1:] + edges[:-1])
    assert share == pytest.approx(spread.strip_stress(1 / 1.5, 1.5, 0.7, middle - 0.2), rel=1e-4)


def test_a_rectangle_is_four_corners() -> None:
    assert spread.patch_stress(0.5, 0.5, 1.0, (1.0, 1.0), 1.0, "boussinesq") == pytest.approx(0.17522, rel=1e-4)
    assert spread.patch_stress(0.0, 0.0, 100.0, (0.01, 0.01), 2.0, "boussinesq") == pytest.approx(11.937, rel=1e-3)


def test_a_load_does_not_spread_beyond_the_end_of_a_cellar() -> None:
    assert spread.width_along(0.4, 0.6, "2:1") == pytest.approx(1.0)
    assert spread.width_along(0.4, 0.6, "2:1", room=0.7) == pytest.approx(0.7)
    assert spread.width_along(0.4, 0.6, "2:1", pair=0.8) == pytest.approx(0.9)
    assert spread.width_along(0.4, 0.6, "2:1", pair=1.8) == pytest.approx(1.0)
    edges = np.linspace(-1, 1, 9)
    assert spread.strip_parts(edges, [1.0], 0.5, 0.5)[0].sum() == pytest.approx(0.5)


@few
@given(methods, st.floats(0.0, 1.0))
def test_a_crowd_that_is_the_same_everywhere_stays_so(method: str, depth: float) -> None:
    made = spread.smoothing(np.linspace(-2, 2, 13), depth, method)
    assert made.sum(axis=1) == pytest.approx(np.ones(12), abs=0.05)
    assert made.sum(axis=0) == pytest.approx(np.ones(12), abs=0.05)


@given(st.floats(0.5, 12.0), st.floats(0.0, 30.0))
def test_axles_that_are_assumed_make_the_weight(axle: float, more: float) -> None:
    axles, places = loads.axles_of(axle, axle + more)
    assert axles.sum() == pytest.approx(axle + more)
    assert axles.max() <= axle * (1 + 1e-8)
    assert (np.diff(places) > 0).all()


def test_a_vehicle_weighs_what_it_weighs_in_both_directions() -> None:
    lorry = loads.Vehicle("lorry", np.array([6.5, 11.5]), np.array([0.0, 1.2]))
    edges = np.linspace(-4.0, 4.0, 13)
    push, at = loads.vehicle_loads(lorry, edges, 0.5, dynamic=1.0)
    wide = float(spread.width_along(lorry.wheel, 0.5, pair=lorry.track))
    whole = push @ np.diff(edges) * wide * 2.0
    inside = np.abs(at) < 2.0
    assert whole[inside] == pytest.approx(18.0 * 9.81, rel=1e-9)
    assert whole.max() <= 18.0 * 9.81 * (1 + 1e-9)
    assert np.sort(push.max(axis=1)) == pytest.approx(np.sort(push[:, ::-1].max(axis=1)))
    half = len(push) // 2
    assert push[:half] == pytest.approx(push[half:][::-1, ::-1])
    step = np.diff(at[:half])
    assert step.max() <= 8.0 / 20 + 1e-9
    along, _ = loads.vehicle_loads(lorry, edges, 0.5, dynamic=1.0, along=True)
    single = float(spread.width_along(lorry.wheel, 0.5))
    assert (along @ np.diff(edges) * single).max() == pytest.approx(11.5 * 9.81)


def _panels(strips: int = 8) -> loads.Panels:
    edges = np.array([np.linspace(-2, 2, strips + 1)] * 2)
    x, y = np.array([10.0, 10.0]), np.array([10.0, 14.0])
    return loads.Panels(np.array([0, 0]), x, y, np.ones(2), np.zeros(2), edges, np.full(2, 2.0))


@few
@given(st.integers(0, 10_000))
def test_everybody_in_a_cellar_is_on_one_strip_of_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, second = rng.uniform(4, 16, 200), rng.uniform(4, 20, 200), rng.integers(-1, 4, 200)
    found = loads.people_on_strips(second, x, y, _panels(), 3)
    inside = (x >= 8) & (x < 12) & (y >= 8) & (y < 16) & (second >= 0) & (second < 3)
    assert found.sum() == inside.sum()
    for t in range(3):
        now = inside & (second == t)
        assert found[0, t] == pytest.approx(np.histogram(x[now & (y < 12)], np.linspace(8, 12, 9))[0])
        assert found[1, t] == pytest.approx(np.histogram(x[now & (y >= 12)], np.linspace(8, 12, 9))[0])


def test_nobody_is_where_nothing_is_known_and_outside_is_not_judged() -> None:
    density = np.full((2, 40, 40), 3.0)
    density[1, :, :20] = np.nan
    found, inside = loads.field_on_strips(density, 0.0, 20.0, 0.5, _panels())
    assert inside.tolist() == [True, True]
    assert (found[:, 0] == 3.0).all()
    assert (found[:, 1, :4] == 0.0).all()
    assert (found[:, 1, 4:] == 3.0).all()
    assert loads.field_on_strips(density[:, :20], 0.0, 20.0, 0.5, _panels())[1].tolist() == [False, True]


@pytest.mark.parametrize(("axle", "weight", "width", "emergency", "verdict"), [
    (2.0, 3.5, 2.30, False, "allowed"), (2.01, 3.5, 2.3, False, "not allowed"), (2.0, 3.51, 2.3, False, "not allowed"),
    (2.0, 3.5, 2.31, False, "not allowed"), (11.5, 18.0, 2.55, True, "exempt"),
])  # fmt: skip
def test_the_rule(axle: float, weight: float, width: float, emergency: bool, verdict: str) -> None:
    assert loads.rule(axle, weight, width, emergency=emergency) == verdict
