"""Path loss of TR 38.901 beside a slow twin and known answers, what is received over blocks, and greedy covers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.radio import greedy_slowly, loss_38901, most_covered
from tests.sim.impact.test_shadow import town
from twin.sim.impact import cover, shadow, sight, signal

MODEL, GHZ, ANTENNA, RECEIVER = st.sampled_from(signal.MODELS), st.floats(0.5, 100), st.floats(2, 150), st.floats(1.5, 13)


@settings(max_examples=200, deadline=None)
@given(MODEL, GHZ, ANTENNA, RECEIVER, st.floats(0, 5000), st.booleans(), st.none() | st.floats(-50, 200))
def test_loss_is_that_of_the_report(
    model: str, ghz: float, antenna: float, receiver: float, flat: float, seen: bool, rise: float | None
) -> None:
    link = signal.Link(model, ghz, receiver)
    found = float(signal.path_loss(link, flat, antenna, seen, rise))
    assert found == pytest.approx(loss_38901(model, ghz, flat, antenna, receiver, seen, rise), abs=1e-9)


def test_loss_at_known_places() -> None:
    """100 m on the map, 10 m to 1.5 m (UMi) and 25 m to 1.5 m (UMa)."""
    assert signal.breakpoint_m(3.5, 10.0) == pytest.approx(210.0)
    assert signal.path_loss(signal.Link("umi", 3.5), 100.0, 10.0, [True, False]) == pytest.approx([85.31, 104.64], abs=0.005)
    assert signal.path_loss(signal.Link("umi", 28.0), 100.0, 10.0, [True, False]) == pytest.approx([103.38, 123.88], abs=0.005)
    assert signal.path_loss(signal.Link("uma", 3.5), 100.0, 25.0, [True, False]) == pytest.approx([83.1382, 103.0375], abs=1e-4)
    assert signal.los_probability("umi", 100.0) == pytest.approx(0.231, abs=5e-4)
    assert signal.los_probability("umi", [0.0, 18.0]) == pytest.approx([1.0, 1.0])
    assert signal.los_probability("uma", [10.0, 100.0], 20.0)[0] == 1.0
    assert np.isinf(signal.path_loss(signal.Link(), 5000.1, 10.0, True))
    near = signal.path_loss(signal.Link(), [0.0, 3.0, 10.0], 5.0, True)
    assert (near == near[2]).all()


@settings(max_examples=100, deadline=None)
@given(MODEL, GHZ, ANTENNA, RECEIVER, st.booleans(), st.lists(st.floats(10, 5000), min_size=2, max_size=20))
def test_further_is_weaker_and_hidden_no_stronger_than_seen(
    model: str, ghz: float, antenna: float, receiver: float, seen: bool, ways: list[float]
) -> None:
    link = signal.Link(model, ghz, receiver)
    loss = signal.path_loss(link, np.sort(ways), antenna, seen)
    assert (np.diff(loss) >= -1e-9).all()
    both = [signal.path_loss(link, ways, antenna, how) for how in (True, False)]
    assert (both[1] >= both[0]).all()


@settings(max_examples=100, deadline=None)
@given(MODEL, GHZ, ANTENNA, st.floats(10, 5000), st.booleans())
def test_nothing_is_received_better_than_in_free_space(model: str, ghz: float, antenna: float, flat: float, seen: bool) -> None:
    """Of urban macro cells the report has up to 2.5 dB less than that, nearer than 170 m."""
    free = float(signal.free_space(ghz, np.hypot(flat, antenna - 1.5)))
    loss = float(signal.path_loss(signal.Link(model, ghz), flat, antenna, seen))
    assert loss >= free - (2.5 if model == "uma" and np.hypot(flat, antenna - 1.5) < 170 else 0.0)


@settings(max_examples=50, deadline=None)
@given(MODEL, GHZ, ANTENNA, RECEIVER)
def test_the_two_slopes_meet_at_the_breakpoint(model: str, ghz: float, antenna: float, receiver: float) -> None:
    turn = signal.breakpoint_m(ghz, antenna, receiver)
    if 10.1 < turn < 4999:
        link = signal.Link(model, ghz, receiver)
        before, after = signal.path_loss(link, [turn - 1e-6, turn + 1e-6], antenna, True)
        assert after == pytest.approx(before, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(MODEL, st.floats(0.5, 60), st.floats(2, 60), st.floats(40, 160))
def test_how_far_an_antenna_reaches(model: str, ghz: float, antenna: float, most: float) -> None:
    link = signal.Link(model, ghz)
    far = signal.reach_m(link, antenna, most)
    assert 10.0 <= far <= 5000.0
    assert far == 5000.0 or float(signal.path_loss(link, far, antenna, True)) >= most
    assert far < 10.2 or float(signal.path_loss(link, far - 0.2, antenna, True)) <= most


def test_received_is_the_loss_to_each_cell_with_what_is_seen() -> None:
    z = town(60, 70, 4, houses=12)
    of, link = shadow.surface(z, 2.0), signal.Link("umi", 28.0)
    antenna = signal.Antenna(30.3, 34.8, (30, 35), float(z[30, 35]) + 6.0, 6.0, 5.0)
    cells, power, visible = signal.received(of, antenna, link, 20)
    assert cells == (slice(10, 51), slice(15, 56))
    assert np.array_equal(visible, sight.viewshed(of, 30, 35, antenna.z_m, 1.5, reach=20)[cells])
    for i in range(0, 41, 3):
        for j in range(0, 41, 3):
            flat = 2.0 * np.hypot(10 + i - 30.3, 15 + j - 34.8)
            rise = antenna.z_m - float(z[10 + i, 15 + j]) - 1.5
            known = 5.0 - loss_38901("umi", 28.0, flat, 6.0, 1.5, bool(visible[i, j]), rise)
            assert power[i, j] == pytest.approx(known if flat <= 40.0 else -200.0, abs=2e-5)
    z[31, 36] = np.nan
    assert signal.received(shadow.surface(z, 2.0), antenna, link, 20)[1][21, 21] == signal.NO_SIGNAL


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 500), st.integers(5, 30), st.integers(0, 25), st.integers(0, 25))
def test_what_is_received_does_not_depend_on_how_much_is_shown(seed: int, reach: int, top: int, left: int) -> None:
    z = town(90, 100, seed)
    link = signal.Link()
    one = signal.Antenna(45.0, 50.0, (45, 50), float(z[45, 50]) + 5.0, 5.0, 5.0)
    _, whole, seen = signal.received(shadow.surface(z, 1.0), one, link, reach)
    top, left = min(top, 45 - reach), min(left, 50 - reach)
    part = shadow.surface(z[top:, left:], 1.0)
    moved = one._replace(row=45.0 - top, column=50.0 - left, cell=(45 - top, 50 - left))
    _, again, seen_again = signal.received(part, moved, link, reach)
    assert np.array_equal(whole, again)
    assert np.array_equal(seen, seen_again)


SETS = st.lists(st.sets(st.integers(0, 29), max_size=12), min_size=1, max_size=9)


@settings(max_examples=100, deadline=None)
@given(SETS, st.sets(st.integers(0, 29), max_size=6), st.integers(0, 30), st.integers(1, 9), st.integers(1, 4))
def test_greedy_is_what_looking_at_all_sets_finds(
    sets: list[set[int]], covered: set[int], wanted: int, most: int, least: int
) -> None:
    start = np.isin(np.arange(30), list(covered))
    arrays = [np.array(sorted(one), np.int32) for one in sets]
    chosen, gains = cover.greedy(arrays, start, wanted, most, least)
    assert list(zip(chosen.tolist(), gains.tolist(), strict=True)) == greedy_slowly(sets, covered, wanted, most, least)
    assert (np.diff(gains) <= 0).all(), "what a set adds never grows"
    assert start.sum() == len(covered), "what was given is left as it is"


@settings(max_examples=60, deadline=None)
@given(SETS, st.integers(1, 4))
def test_greedy_covers_almost_two_thirds_of_the_best(sets: list[set[int]], most: int) -> None:
    _, gains = cover.greedy([np.array(sorted(one), np.int32) for one in sets], np.zeros(30, bool), 30, most)
    assert gains.sum() >= (1.0 - 1.0 / np.e) * most_covered(sets, most) - 1e-9
    _, fewer = cover.greedy([np.array(sorted(one), np.int32) for one in sets], np.zeros(30, bool), 30, max(1, most - 1))
    assert gains.sum() >= fewer.sum()
