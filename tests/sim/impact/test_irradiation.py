"""Energy on planes: against a slow sum over exact rays, and laws of planes in the open."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from twin.sim.impact import shadow, traverse
from twin.sim.impact.irradiation import Lights, irradiation


def _lights(count: int, seed: int = 3) -> Lights:
    rng = np.random.default_rng(seed)
    return Lights(
        rng.uniform(0, 360, count), rng.uniform(5, 85, count), rng.uniform(0, 100, count), rng.uniform(0, 1, count),
        rng.random(count) < 0.5,
    )  # fmt: skip


def _upward(seed: int, count: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    normals = np.column_stack([rng.normal(size=count), rng.normal(size=count), rng.uniform(0.3, 3, count)])
    made: NDArray[np.float64] = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return made


def test_it_is_the_sum_over_places_that_are_seen() -> None:
    rng = np.random.default_rng(5)
    z = np.where(rng.random((40, 50)) < 0.05, rng.uniform(3, 20, (40, 50)), 0.0)
    of, lights = shadow.surface(z, 1.0), _lights(12)
    rows, columns = (one.ravel() for one in np.mgrid[0:40, 0:50])
    normals = _upward(1, rows.size)
    found = irradiation(of, rows, columns, normals, lights)
    for cast, within in ((shadow.cast, 1e-12), (traverse.cast_exactly, 0.04)):
        slow = np.zeros_like(found)
        for p, way in enumerate(lights.directions):
            seen = cast(of, float(lights.azimuth_deg[p]), float(lights.altitude_deg[p]))[rows, columns]
            slow[:, int(lights.diffuse[p])] += np.maximum(normals @ way, 0.0) * lights.energy[p] * (seen == shadow.LIT)
        # cells on the edge of a shadow are other than by exact rays
        assert np.abs(found - slow).sum() < within * slow.sum() + 1e-6


def test_leaves_let_their_part_through() -> None:
    z = np.zeros((41, 41))
    base, top = np.full(z.shape, np.nan, np.float32), np.full(z.shape, np.nan, np.float32)
    base[15:26, 15:26], top[15:26, 15:26] = 5.0, 8.0
    of = shadow.surface(z, 1.0, shadow.Crowns(base, top))
    straight = Lights(np.array([180.0]), np.array([89.0]), np.array([100.0]), np.array([0.3]), np.array([False]))
    at = np.array([20, 2])
    under, beside = irradiation(of, at, at, np.array([[0.0, 0.0, 1.0]] * 2), straight)[:, 0]
    assert under == pytest.approx(0.3 * beside)


@settings(max_examples=25, deadline=None)
@given(
    slope=st.floats(0.0, 65.0), facing=st.floats(0.0, 360.0), seed=st.integers(0, 100),
)  # fmt: skip
def test_a_plane_in_the_open_does_not_shade_itself(slope: float, facing: float, seed: int) -> None:
    """Whatever way a plane slopes, its middle sees all light that it faces: the steps of the raster are not in the way."""
    lean, turn = np.radians(slope), np.radians(facing)
    normal = np.array([np.sin(lean) * np.sin(turn), np.sin(lean) * np.cos(turn), np.cos(lean)])
    y, x = np.mgrid[0:41, 0:41]
    z = -(normal[0] * x - normal[1] * y) / normal[2]
    lift = np.full(z.shape, 0.5 * (abs(normal[0]) + abs(normal[1])) / normal[2])
    of, lights = shadow.surface(z, 1.0, lift_m=lift), _lights(20, seed)
    found = irradiation(of, np.array([20]), np.array([20]), normal[None], lights)[0]
    facing_it = np.maximum(lights.directions @ normal, 0.0) * lights.energy
    # light along the plane is on the edge: it gives hardly anything
    assert found.sum() == pytest.approx(facing_it.sum(), rel=1e-3, abs=0.02 * lights.energy.sum())
    assert found[1] <= facing_it[lights.diffuse].sum() + 1e-9


def test_it_is_the_same_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(2)
    of, lights = shadow.surface(rng.uniform(0, 10, (60, 60)), 1.0), _lights(40)
    rows, columns = (one.ravel() for one in np.mgrid[0:60, 0:60])
    normals, most = _upward(4, rows.size), numba.get_num_threads()
    several = irradiation(of, rows, columns, normals, lights)
    numba.set_num_threads(1)
    try:
        assert np.array_equal(irradiation(of, rows, columns, normals, lights), several)
    finally:
        numba.set_num_threads(most)


def test_a_sun_that_has_set_gives_nothing() -> None:
    set_ = Lights(np.array([180.0]), np.array([-5.0]), np.array([100.0]), np.array([0.0]), np.array([False]))
    of = shadow.surface(np.zeros((5, 5)), 1.0)
    assert not irradiation(of, np.array([2]), np.array([2]), np.array([[0.0, 0.0, 1.0]]), set_).any()
