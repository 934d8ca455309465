"""Volumes on arrays: sections of rings, Simpson's rule with breaks, cells and triangles, lorries; slow twins beside the kernels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import pit as reference
from twin.errors import GeometryError, ParameterError
from twin.sim.impact.pit import volume

BASE = np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 25.0], [0.0, 25.0]])
ELL = np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 10.0], [15.0, 10.0], [15.0, 25.0], [0.0, 25.0]])


def test_the_prismoid():
    assert volume.prismoid(1000.0, 1666.0, 2494.0, 6.0) == 10_158.0
    grows = volume.section(BASE)
    assert (grows.at(0), grows.at(4.5), grows.at(9.0)) == pytest.approx((1000, 1666, 2494))
    assert grows.until_m == math.inf
    assert volume.integrate(lambda z: grows.at(1.5 * z), 0.0, 6.0) == pytest.approx(10_158.0, rel=1e-14)


def test_the_first_edge_that_vanishes():
    notch = np.array([[0.0, 0], [30, 0], [30, 20], [18, 20], [18, 10], [12, 10], [12, 20], [0, 20]])
    assert volume.section(notch).until_m == pytest.approx(3.0)


@pytest.mark.parametrize(
    "ring", [BASE[:2], BASE[::-1], np.array([[0.0, 0], [0, 0], [1, 1]]), np.array([[0.0, 0], [np.nan, 0], [1, 1]])]
)
def test_rings_that_are_none_are_refused(ring):
    with pytest.raises(GeometryError):
        volume.section(ring)


def test_a_break_in_the_area_is_found():
    def area(z: float) -> float:
        return 3.0 + z if z < 0.3 else 3.3 + 5.0 * (z - 0.3) ** 2

    exact = 3.0 * 0.3 + 0.045 + 3.3 * 0.7 + 5.0 / 3.0 * 0.7**3
    assert volume.integrate(area, 0.0, 1.0) == pytest.approx(exact, rel=1e-10)
    with pytest.raises(ParameterError, match="upside down"):
        volume.integrate(area, 1.0, 0.0)


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([0, 1]), st.floats(0.3, 3.0), st.integers(0, 2**32 - 1))
def test_the_surface_of_a_pit_is_that_of_the_slow_twin(which, rise, seed):
    rng = np.random.default_rng(seed)
    ring = (BASE, ELL)[which]
    turn = rng.uniform(0, 2 * math.pi)
    ring = ring @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    x, y = np.sort(rng.uniform(-60, 60, 3)), np.sort(rng.uniform(-60, 60, 3))[::-1].copy()
    made = volume.pit_surface(x, y, volume.edges([ring]), -3.0, rise)
    assert made == pytest.approx(reference.pit_surface(x, y, ring, -3.0, rise), abs=3e-4)


def test_corners_are_mitred_and_lie_in_a_face():
    z = volume.pit_surface(np.array([-3.0, 20.0, 43.0]), np.array([28.0, 12.0, -3.0]), volume.edges([BASE]), 0.0, 2.0)
    assert z == pytest.approx(np.array([[6.0, 6.0, 6.0], [6.0, 0.0, 6.0], [6.0, 6.0, 6.0]]))


def test_layers_of_cells_add_up():
    rng = np.random.default_rng(1)
    ground, pit = rng.uniform(0, 5, (20, 30)), rng.uniform(-4, 3, (20, 30))
    ground[3, 4] = np.nan
    found = volume.between_surfaces(ground, pit, np.array([-2.0, 0.0, 1.5]), 0.5)
    assert found.sum() == pytest.approx(0.25 * np.nansum(np.maximum(ground - pit, 0)))
    assert (found >= 0).all()
    expected = [0.25 * np.nansum(np.clip(np.minimum(ground, b) - np.maximum(pit, a), 0, None)) for a, b in ((-9, -2), (-2, 0))]
    assert found[:2] == pytest.approx(expected)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_triangles_are_cut_as_in_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    ground, pit = rng.uniform(0, 4, (1, 3, 3)), rng.uniform(0, 4, (1, 3, 3))
    levels = np.array([1.0, 2.5])
    made = volume.between_triangles(ground, pit, levels)
    known = reference.between_triangles(ground[0], pit[0], levels)
    assert made == pytest.approx(known, abs=0.05)
    assert (made >= -1e-12).all()


def test_lorries_are_counted_by_mass_and_by_room():
    found = volume.trips(volume_m3=10_158, payload_t=20, body_m3=12, density_t_m3=1.8)
    assert (found.by_mass, found.by_volume, found.needed, found.movements) == (915, 962, 962, 1924)
    assert found.governed_by == "volume"
    assert found.loose_m3 == pytest.approx(11_543, abs=0.5)
    assert volume.trips(volume_m3=10_158, payload_t=20, body_m3=18).governed_by == "mass"
    assert volume.trips(volume_m3=0, payload_t=20, body_m3=18).needed == 0
    # a load that is full but for rounding is one load
    assert volume.trips(volume_m3=0.1 * 3, payload_t=0.3, body_m3=99, density_t_m3=1.0).needed == 1


def test_a_bulking_that_is_turned_over_is_refused():
    with pytest.raises(ParameterError, match=r"has a bulking of 0\.833"):
        volume.trips(volume_m3=1, payload_t=1, body_m3=1, bulking=1.2)
    with pytest.raises(ParameterError, match="`volume_m3`"):
        volume.trips(volume_m3=-1, payload_t=1, body_m3=1)
    with pytest.raises(ParameterError, match="`payload_t` must be above 0"):
        volume.trips(volume_m3=1, payload_t=0, body_m3=1)
