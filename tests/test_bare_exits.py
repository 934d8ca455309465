"""Which exit people of a crowd without a city take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import twin
from tests.sim.scenes import scattered
from twin.bare_exits import choose_exits
from twin.errors import ParameterError, UnreachableError
from twin.sim.model import STAGE_CHOOSE

HALL = shapely.box(0, 0, 20, 10)
EXITS = {"west": shapely.box(0, 4.4, 0.6, 5.6), "east": shapely.box(19.4, 4.4, 20, 5.6)}
NEAR_WEST = scattered(shapely.box(1, 1, 8, 9), 60, 4)
NAMES = ("west", "east", "north")


def left_by(points: NDArray[np.float64] = NEAR_WEST, **more: Any) -> tuple[int, int]:
    """How many leave by the western and by the eastern exit within a minute and a half."""
    result = twin.simulate_crowd(HALL, starts=points, exits=EXITS, duration=90, progress=False, **more)
    left = result.features["exits"]["people"]
    return int(left["west"]), int(left["east"])


def test_people_go_where_they_are_sent() -> None:
    assert left_by() == (60, 0)
    assert left_by(to="east") == (0, 60)
    assert left_by(to=["east", "west", "west"] * 20) == (40, 20)
    assert left_by(to={"east": 1}) == (0, 60)
    west, east = left_by(to={"west": 25, "east": 75}, seed=3)
    assert west + east == 60
    assert 36 <= east <= 54


def test_those_who_come_later_keep_their_exit() -> None:
    where = np.array(["west", "east"])[np.arange(60) % 2]
    times = np.where(np.arange(60) % 3 == 0, 5.0, 0.0)
    result = twin.simulate_crowd(
        HALL, starts=NEAR_WEST, exits=EXITS, duration=90, to=where.tolist(), start_times=times, frame_interval_s=0.5, progress=False
    )
    last = result.trajectories.sort_values("frame").groupby("id")["x"].last()
    order = np.argsort(times, kind="stable")
    np.testing.assert_array_equal(last.to_numpy() < 10.0, where[order] == "west")


def test_people_share_exits_out_when_they_take_the_least_crowded() -> None:
    assert left_by(choice="nearest") == (60, 0)
    west, east = left_by(choice="least-crowded")
    assert west + east == 60
    assert abs(west - east) <= 2
    west, east = left_by(choice="least-crowded", to={"west": 3, "east": 1})
    assert (west, east) == pytest.approx((45, 15), abs=2)


@given(
    st.lists(st.floats(0.0, 5.0), min_size=3, max_size=3).filter(lambda shares: sum(shares) > 0.1), st.integers(0, 2**31),
    st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=12),
)  # fmt: skip
def test_lots_fall_on_exits_that_have_a_share_and_that_the_person_can_reach(
    shares: list[float], seed: int, ways: list[list[bool]]
) -> None:
    seconds = np.where(np.array(ways).T, 10.0, np.inf).astype(np.float32)
    can = np.isfinite(seconds) & (np.array(shares) > 0.0)[:, None]
    to = dict(zip(NAMES, shares, strict=True))
    if not can.any(axis=0).all():
        with pytest.raises(UnreachableError, match="cannot reach the exit they are sent to, the first being person"):
            choose_exits(to, None, NAMES, seconds, seed)
        return
    picked = choose_exits(to, None, NAMES, seconds, seed)
    assert picked.choices is None
    assert can[picked.journey, np.arange(len(ways))].all()
    chosen = choose_exits(to, "nearest", NAMES, seconds, seed)
    assert (chosen.journeys.kind[chosen.journey, 0] == STAGE_CHOOSE).all()


def test_shares_are_kept_over_many() -> None:
    seconds = np.ones((3, 20_000), np.float32)
    picked = choose_exits({"north": 1, "west": 3}, None, NAMES, seconds, 7).journey
    np.testing.assert_allclose(np.bincount(picked, minlength=3) / 20_000, [0.75, 0.0, 0.25], atol=0.01)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"to": "wets"}, "there is no exit `wets`, did you mean `west`"),
        ({"to": {"south": 1}}, "there is no exit `south`"),
        ({"to": {"west": -1}}, "the share of exit `west` is -1"),
        ({"to": {"west": float("nan")}}, "the share of exit `west` is nan"),
        ({"to": {"west": 0}}, "nobody goes to any exit"),
        ({"to": {}}, "nobody goes to any exit"),
        ({"to": ["west", "east"]}, "`to` names 2 exits for 60 people"),
        ({"to": 3}, "`to` names no exits"),
        ({"choice": "least crowded"}, "`choice` is 'least crowded'"),
        ({"choice": "nearest", "to": ["west"] * 60}, "`to` names the exit of each person, and `choice` lets them choose"),
    ],
)
def test_what_cannot_be_is_said(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError) as error:
        left_by(**given)
    assert said.split(", did you")[0] in str(error.value)


def test_nobody_is_sent_where_there_is_no_way() -> None:
    apart = shapely.MultiPolygon([shapely.box(0, 0, 9, 10), shapely.box(11, 0, 20, 10)])
    with pytest.raises(UnreachableError, match="60 people cannot reach the exit they are sent to"):
        twin.simulate_crowd(apart, starts=NEAR_WEST, exits=EXITS, to="east", duration=5, progress=False)
