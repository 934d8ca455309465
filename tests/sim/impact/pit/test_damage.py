"""Facades as deep beams: published strains, a slow twin, and what must give no strain."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import ground as reference
from twin.sim.impact.pit.damage import (
    CATEGORIES,
    CRACKS,
    FOUNDATIONS,
    MODES,
    Lines,
    category,
    deep_beam,
    strained,
)

X = np.linspace(0.0, 20.0, 33)
BOW = 4.0 * 20.0 * (X / 20.0) * (1.0 - X / 20.0)
"""A parabola of which the deflection ratio over 20 m is 0.001 [mm]."""


def _lines(*curves, stretch=0.0, height=10.0, e_over_g=2.6, along=X):
    count, points = len(curves), len(along)
    return Lines(
        np.arange(count + 1) * points, np.tile(along, count), np.concatenate(curves),
        np.tile(np.broadcast_to(stretch, points), count), np.full(count, height), np.full(count, e_over_g),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hogging", "e_over_g", "known"),
    [(True, 2.6, (0.12245, 0.07959, 0.17245, 0.10347)), (False, 2.6, (0.15190, 0.04937, 0.20190, 0.07660)),
     (True, 12.5, (0.03038, 0.09494, 0.08038, 0.11785))],
)  # fmt: skip
def test_strains_of_a_deep_beam(hogging, e_over_g, known):
    found = deep_beam(1e-3, 20.0, 10.0, e_over_g, 5e-4, hogging=hogging)
    assert 100.0 * np.array(found) == pytest.approx(known, abs=6e-6)


def test_strains_without_horizontal_ones():
    found = deep_beam(5e-4, 10.0, 10.0)
    assert 100.0 * np.array(found) == pytest.approx([0.03614, 0.04699, 0.03614, 0.04699], abs=6e-6)


def test_horizontal_strain_alone_is_all_there_is():
    found = deep_beam(0.0, 20.0, 10.0, 2.6, 7e-4)
    assert found.bending_total == pytest.approx(7e-4)
    assert found.diagonal_total == pytest.approx(7e-4)
    squeezed = deep_beam(1e-4, 20.0, 10.0, 2.6, -7e-4)
    assert squeezed.bending_total == 0.0


@pytest.mark.parametrize("hogging", [True, False])
@pytest.mark.parametrize("slender", [0.3, 1.0, 2.0, 5.0])
def test_they_are_the_general_formulas(hogging, slender):
    """Burland and Wroth's, with the neutral axis at the foot and at the middle."""
    height, e = 8.0, 2.6
    length, t, inertia = slender * height, height if hogging else height / 2, height**3 / (3 if hogging else 12)
    found = deep_beam(1e-3, length, height, e, hogging=hogging)
    assert 1e-3 / found.bending == pytest.approx(length / (12 * t) + 3 * inertia * e / (2 * t * length * height))
    assert 1e-3 / found.diagonal == pytest.approx(1 + height * length**2 / (18 * inertia * e))


def test_categories_begin_at_their_limits():
    just_below = np.nextafter([0.0005, 0.00075, 0.0015, 0.003], 0.0)
    assert category(np.array([0.0, *just_below, 1.0])).tolist() == [0, 0, 1, 2, 3, 4]
    assert category(np.array([0.0005, 0.00075, 0.0015, 0.003])).tolist() == [1, 2, 3, 4]
    assert len(CATEGORIES) == len(CRACKS) == 5


def test_a_facade_that_hogs_and_one_that_sags():
    found = strained(_lines(60.0 - BOW, 60.0 + BOW, stretch=0.5 * X))
    assert 100.0 * found.bending == pytest.approx([0.17245, 0.20190], abs=6e-5)
    assert 100.0 * found.diagonal == pytest.approx([0.10347, 0.07660], abs=6e-5)
    assert category(found.strain).tolist() == [3, 3]
    assert [MODES[k] for k in found.mode] == ["hogging, bending", "sagging, bending"]
    assert found.settlement == pytest.approx([60, 80])
    assert found.horizontal == pytest.approx([5e-4, 5e-4])
    assert found.deflection_ratio == pytest.approx([1e-3, 1e-3])


def test_annex_h_is_twice_as_strict_on_hogging():
    found = strained(_lines(60.0 - BOW, 60.0 + BOW))
    assert found.rotation[0] == pytest.approx(2.0 * found.rotation[1])
    # slope at an end of the parabola over the mean of the last step, against 1/500
    assert found.rotation[1] == pytest.approx(4e-3 * (1.0 - 1.0 / 32.0) / 0.002)


def test_a_facade_is_split_where_the_curve_turns():
    wave = strained(_lines(30.0 + 20.0 * np.sin(np.pi * X / 10.0)))
    assert wave.length[0] == pytest.approx(10.0)
    assert wave.deflection_ratio[0] == pytest.approx(2e-3)


@settings(max_examples=60, deadline=None)
@given(level=st.floats(0, 100), tilt=st.floats(-5, 5), height=st.floats(3, 30))
def test_settling_evenly_and_tilting_strain_nothing(level, tilt, height):
    found = strained(_lines(level + tilt * X, height=height))
    assert found.strain[0] == pytest.approx(0.0, abs=1e-12)
    assert found.distorted[0] == pytest.approx(0.0, abs=1e-12)
    assert found.tilt[0] == pytest.approx(tilt / 1000.0)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.floats(0.1, 5), height=st.floats(3, 30), e=st.floats(1, 20))
def test_it_is_as_the_slow_twin_says(seed, cut, height, e):
    rng = np.random.default_rng(seed)
    along = np.sort(rng.uniform(0, 30, 20))
    along = along[np.r_[True, np.diff(along) > 0.01]]
    curves = [20.0 * rng.random() * np.exp(-((along - rng.uniform(0, 30)) ** 2) / rng.uniform(10, 200)) for _ in range(4)]
    curves.append(10.0 * rng.random(len(along)))
    lines = _lines(*curves, stretch=rng.normal(0, 1, len(along)).cumsum(), height=height, e_over_g=e, along=along)
    np.testing.assert_allclose(strained(lines, cut).strain, reference.strains(lines, cut), atol=1e-12)
    lines = lines._replace(ground=lines.settlement[::-1].copy())
    np.testing.assert_allclose(strained(lines, cut).strain, reference.strains(lines, cut), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), more=st.floats(1.1, 5))
def test_laws_of_strain(seed, more):
    """Looked at from the other end it is the same, and further bending strains more."""
    rng = np.random.default_rng(seed)
    curve = 5.0 + 15.0 * np.exp(-((X - rng.uniform(0, 20)) ** 2) / rng.uniform(20, 200))
    plain = strained(_lines(curve), 0.0)
    back = strained(_lines(curve[::-1]), 0.0)
    np.testing.assert_allclose(back.strain, plain.strain, rtol=1e-9)
    np.testing.assert_allclose(strained(_lines(more * curve), 0.0).strain, more * plain.strain, rtol=1e-9)
    assert (plain.strain == np.maximum(plain.bending, plain.diagonal)).all()
    assert (strained(_lines(curve, stretch=X), 0.0).strain >= plain.strain).all()


def test_what_settles_less_than_a_millimetre_is_left_out():
    assert strained(_lines(0.9 * BOW / BOW.max())).strain[0] == 0.0
    long = np.where(X < 10.0, 0.0, (X - 10.0) ** 2)
    assert strained(_lines(long)).length[0] == pytest.approx(9.0, abs=0.1)


def test_a_building_that_stays_is_still_pulled_by_ground_that_moves():
    lines = _lines(0.0 * X, stretch=0.5 * X)
    assert strained(lines).strain[0] == 0.0
    assert strained(lines._replace(ground=20.0 + X)).strain[0] == pytest.approx(5e-4)


def test_noise_of_a_grid_does_not_cut_a_facade_in_pieces():
    rough = 60.0 + BOW + 0.001 * np.random.default_rng(4).standard_normal(len(X))
    assert strained(_lines(rough)).length[0] == pytest.approx(20.0)


def test_any_number_of_threads_gives_the_same_to_the_bit():
    rng = np.random.default_rng(9)
    curves = [20.0 * rng.random() * np.exp(-((X - rng.uniform(0, 20)) ** 2) / 50.0) for _ in range(3000)]
    most, found = numba.get_num_threads(), []
    try:
        for threads in sorted({1, min(2, most)}):
            numba.set_num_threads(threads)
            found.append(strained(_lines(*curves)))
    finally:
        numba.set_num_threads(most)
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_no_facades_are_no_strains():
    assert len(strained(Lines(np.zeros(1, np.int64), *[np.zeros(0)] * 5)).strain) == 0


def test_every_foundation_says_what_was_assumed():
    for one in FOUNDATIONS.values():
        assert one.told
        assert 0.0 <= one.settlement <= 1.0
        assert 0.0 <= one.horizontal <= 1.0
