"""Random numbers by coordinates: known answers, a slow twin, and what makes them random enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import random_numbers as slow
from twin.rng import _mix, bits, normal, normals, stream, uniform, uniforms

whole = st.integers(0, 2**62)
small = st.integers(0, 2**31 - 1)


def test_the_mixer_gives_splitmix64s_first_numbers():
    """The first three numbers of SplitMix64 with seed 0, as published with its reference code."""
    golden = 0x9E3779B97F4A7C15
    found = [int(_mix(np.uint64(k * golden % 2**64))) for k in (1, 2, 3)]
    assert found == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


@given(whole, small, small, small)
def test_bits_are_those_of_whole_number_arithmetic(seed, stream_id, a, b):
    assert int(bits(seed, stream_id, a, b)) == slow.bits(seed, stream_id, a, b)


@given(small, small, small, st.integers(0, 1000))
def test_numbers_are_those_of_the_slow_twin(seed, stream_id, a, b):
    assert uniform(seed, stream_id, a, b) == slow.uniform(seed, stream_id, a, b)
    assert normal(seed, stream_id, a, b) == pytest.approx(slow.normal(seed, stream_id, a, b), rel=1e-12, abs=1e-12)
    assert 0.0 <= uniform(seed, stream_id, a, b) < 1.0


def test_a_stream_is_the_same_for_ever():
    assert stream("speed") == 3233402043
    assert stream("speed") != stream("spots")
    assert uniforms(7, "speed", 3).tolist() == [slow.uniform(7, stream("speed"), i, 0) for i in range(3)]


def test_more_people_do_not_shift_the_others():
    np.testing.assert_array_equal(uniforms(1, "a", 1000)[:10], uniforms(1, "a", 10))
    np.testing.assert_array_equal(normals(1, "a", 1000, draw=3)[:10], normals(1, "a", 10, draw=3))


@pytest.mark.parametrize("other", [{"seed": 2}, {"name": "b"}, {"draw": 1}])
def test_every_coordinate_matters(other):
    given_ = {"seed": 1, "name": "a", "draw": 0} | other
    one, two = uniforms(1, "a", 5000), uniforms(given_["seed"], given_["name"], 5000, draw=given_["draw"])
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.05


def test_uniforms_are_uniform_and_normals_normal():
    u, n = uniforms(3, "u", 100_000), normals(3, "n", 100_000)
    counts = np.histogram(u, bins=20, range=(0, 1))[0]
    assert ((counts - 5000) ** 2 / 5000).sum() < 43.8  # chi-squared, 19 degrees of freedom, 0.1 %
    assert abs(n.mean()) < 0.015
    assert n.std() == pytest.approx(1.0, abs=0.01)
    assert (np.abs(n) > 1.96).mean() == pytest.approx(0.05, abs=0.004)
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.015
