"""Sixteen numbers at a time do what NumPy does with them one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.jit import njit
from twin.sim.lanes import (
    LANES,
    as_bits,
    before,
    copy_four,
    first_of_four,
    fused,
    high_apart,
    larger,
    last_of_four,
    least,
    load,
    low_apart,
    lowest,
    magnitude,
    ones,
    root,
    second_of_four,
    smaller,
    spread,
    store,
    third_of_four,
    total,
    totals,
    where,
)

numbers = st.floats(-1e6, 1e6, width=32)
sixteen = arrays(np.float32, LANES, elements=numbers)


@njit()
def _operations(a, b, number, out):
    x, y = load(a, 0), load(b, 0)
    for k, value in enumerate((x + y, x - y, x * y, x / y, number * x, x - number, smaller(x, y), larger(x, y))):
        store(out, LANES * k, value)
    store(out, LANES * 8, magnitude(x))
    store(out, LANES * 9, root(magnitude(x)))
    store(out, LANES * 10, where((x < y) & (y <= number), x, spread(number)))
    store(out, LANES * 11, where(x >= y, x, where(y > number, y, spread(number))))
    store(out, LANES * 12, where((x < y) | (y <= number), x, spread(number)))


@given(sixteen, sixteen, numbers)
def test_operations_are_elementwise(a, b, number):
    out = np.empty(13 * LANES, np.float32)
    number = np.float32(number)
    with np.errstate(all="ignore"):
        _operations(a, b, number, out)
        expected = (
            a + b, a - b, a * b, a / b, number * a, a - number, np.minimum(a, b), np.maximum(a, b), np.abs(a), np.sqrt(np.abs(a)),
            np.where((a < b) & (b <= number), a, number), np.where(a >= b, a, np.where(b > number, b, number)),
            np.where((a < b) | (b <= number), a, number),
        )  # fmt: skip
    for k, values in enumerate(expected):
        np.testing.assert_array_equal(out[LANES * k : LANES * (k + 1)], values)


@njit()
def _reduced(a, at):
    return total(load(a, at)), least(load(a, at))


@given(arrays(np.float32, 3 * LANES, elements=numbers), st.integers(0, 2 * LANES))
def test_sums_are_taken_in_one_order(a, at):
    part = a[at : at + LANES]
    halves = part.copy()
    while len(halves) > 1:
        halves = halves[: len(halves) // 2] + halves[len(halves) // 2 :]
    assert _reduced(a, at) == (halves[0], part.min())


@njit()
def _multiplied(a, b, c, out):
    store(out, 0, fused(load(a, 0), load(b, 0), load(c, 0)))


@given(sixteen, sixteen, sixteen)
def test_a_fused_product_is_rounded_once(a, b, c):
    out = np.empty(LANES, np.float32)
    _multiplied(a, b, c, out)
    # products of two float32 are exact in float64, and so is the sum up to its own rounding
    exact = a.astype(np.float64) * b + c
    np.testing.assert_allclose(out, exact, rtol=1.0e-7, atol=1e-38)


@njit()
def _apart(packed, at, x, y, out):
    store(out, 0, low_apart(packed, at, x))
    store(out, LANES, high_apart(packed, at, y))


@given(
    arrays(np.int32, (2 * LANES, 2), elements=st.integers(-(2**31), 2**31 - 1)), st.integers(0, LANES),
    st.integers(-(2**31), 2**31 - 1),
)  # fmt: skip
def test_halves_of_an_integer_wrap_around(places, at, origin):
    packed = (places[:, 1].astype(np.int64) << 32) | (places[:, 0].astype(np.int64) & 0xFFFFFFFF)
    out = np.empty(2 * LANES, np.float32)
    _apart(packed, at, np.int32(origin), np.int32(~origin), out)
    for k, o in enumerate((origin, ~origin)):
        wrapped = (places[at : at + LANES, k].astype(np.int64) - o).astype(np.int32)
        np.testing.assert_array_equal(out[LANES * k : LANES * (k + 1)], wrapped.astype(np.float32))


@njit()
def _first(count, out):
    store(out, 0, where(before(count), spread(1.0), spread(0.0)))


@pytest.mark.parametrize("count", [-3, 0, 1, 7, 16, 40])
def test_the_first_some(count):
    out = np.empty(LANES, np.float32)
    _first(count, out)
    assert out.tolist() == [float(k < count) for k in range(LANES)]


@njit()
def _records(records, order, taken, out):
    for k in range(LANES):
        copy_four(records, 4 * order[k], taken, 4 * (LANES + k))
    at = 4 * LANES
    store(out, 0, first_of_four(taken, at))
    store(out, LANES, second_of_four(taken, at))
    store(out, 2 * LANES, third_of_four(taken, at))
    store(out, 3 * LANES, last_of_four(taken, at))


@given(arrays(np.float32, (9, 4), elements=numbers), arrays(np.int64, LANES, elements=st.integers(0, 8)))
def test_records_of_four_are_copied_and_taken_apart(records, order):
    taken, out = np.zeros(8 * LANES, np.float32), np.empty(4 * LANES, np.float32)
    _records(records, order, taken, out)
    np.testing.assert_array_equal(out.reshape(4, LANES), records[order].T)
    assert not taken[: 4 * LANES].any()


@njit()
def both_sums(a, b):
    return totals(load(a, 0), load(b, 0)), total(load(a, 0)), total(load(b, 0))


_SIXTEEN = arrays(np.float32, LANES, elements=st.floats(-1e6, 1e6, width=32))


@given(_SIXTEEN, _SIXTEEN)
def test_two_sums_at_once_are_those_one_after_the_other_to_the_bit(a, b):
    together, first, second = both_sums(a, b)
    assert together == (first, second)


@njit()
def _bits(a, number):
    bits = as_bits((load(a, 0) < number) & before(12))
    return bits, ones(bits), lowest(bits)


@given(sixteen, numbers)
def test_truth_values_become_bits(a, number):
    bits, count, first = _bits(a, np.float32(number))
    expected = [k for k in range(12) if a[k] < np.float32(number)]
    assert [k for k in range(64) if int(bits) >> k & 1] == expected
    assert count == len(expected)
    assert first == (expected[0] if expected else 64)
