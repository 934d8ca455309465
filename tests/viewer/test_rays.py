"""What a line of sight meets first, beside a slow search."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from viewer.rays import first_person, first_triangle


def slow_first(origin: np.ndarray, along: np.ndarray, corners: np.ndarray) -> float:
    best = math.inf
    for a, b, c in corners.astype(float):
        system = np.column_stack([b - a, c - a, -along])
        if abs(np.linalg.det(system)) > 1e-12:
            u, v, t = np.linalg.solve(system, origin - a)
            if u >= 0 and v >= 0 and u + v <= 1 and t > 1e-6:
                best = min(best, t)
    return best


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_it_finds_what_a_slow_search_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.normal(0, 3, (30, 3, 3)).astype(np.float32)
    origin, along = rng.normal(0, 8, 3), rng.normal(0, 1, 3)
    along /= np.linalg.norm(along)
    found, far = first_triangle(origin, along, corners, np.ones(30, bool))
    expected = slow_first(origin, along, corners)
    assert (found < 0) == math.isinf(expected)
    if found >= 0:
        assert abs(far - expected) < 1e-3


def test_what_is_hidden_or_cut_away_is_not_met() -> None:
    square = np.array([[[0, 0, z], [4, 0, z], [0, 4, z]] for z in (1.0, 2.0, 3.0)], np.float32)
    origin, down = np.array([1.0, 1.0, 9.0]), np.array([0.0, 0.0, -1.0])
    keep = np.ones(3, bool)
    assert first_triangle(origin, down, square, keep) == (2, 6.0)
    assert first_triangle(origin, down, square, keep & (np.arange(3) != 2)) == (1, 7.0)
    assert first_triangle(origin, down, square, keep, (0.0, 0.0, 1.0, 1.5)) == (0, 8.0)
    assert first_triangle(origin, -down, square, keep) == (-1, math.inf)


def test_the_nearest_person_on_the_line_is_met() -> None:
    feet = np.array([[10, 0, 0], [5, 0.1, 0], [5, 3, 0], [-4, 0, 0]], np.float32)
    origin, east = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])
    assert first_person(origin, east, feet)[0] == 1
    assert first_person(origin, east, feet[2:]) == (-1, math.inf)
    assert first_person(origin, east, np.empty((0, 3), np.float32)) == (-1, math.inf)
