"""Weights between soundings: they sum to 1, are exact at a sounding, and do not depend on the order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from twin.sim.impact.soil.between import certainty, distance_weights, distances, nearest_weights

PLACES = st.lists(st.tuples(st.integers(-500, 500), st.integers(-500, 500)), min_size=1, max_size=8, unique=True)


@pytest.mark.parametrize("weigh", [nearest_weights, distance_weights])
@given(places=PLACES, turn=st.floats(0, 6))
def test_laws_of_weights(weigh: Callable[[np.ndarray], np.ndarray], places: list[tuple[int, int]], turn: float) -> None:
    there = np.array(places, dtype=float)
    points = np.concatenate([there, there + 13.7, [[0.3, 0.2]]])
    found = weigh(distances(points, there))
    assert np.all(found >= 0)
    assert_allclose(found.sum(axis=1), 1.0)
    assert_allclose(found[: len(there)], np.eye(len(there)), atol=1e-12)
    order = np.argsort(there @ [1.0, 7.3])
    assert_allclose(weigh(distances(points, there[order])), found[:, order], atol=1e-12)


@given(PLACES, st.floats(0, 6), st.floats(-1e5, 1e5))
def test_turning_and_moving_all_changes_no_weight(places: list[tuple[int, int]], turn: float, move: float) -> None:
    there = np.array(places, dtype=float)
    points = there + np.array([11.3, -7.1])
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = distance_weights(distances(points @ turned + move, there @ turned + move))
    assert_allclose(moved, distance_weights(distances(points, there)), atol=1e-7)


def test_by_hand() -> None:
    assert_allclose(distance_weights(np.array([[10.0, 20.0]])), [[0.8, 0.2]])
    assert_allclose(nearest_weights(np.array([[10.0, 10.0, 20.0]])), [[0.5, 0.5, 0.0]])
    assert certainty([0, 24.9, 25, 99, 100, 249, 250, np.nan]).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
