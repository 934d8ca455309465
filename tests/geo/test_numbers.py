"""Numbers from text: the same to the bit as Python's own, one at a time."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import numbers as slow
from twin.geo.kernels.numbers import numbers_of, quotient


def bits(values: np.ndarray) -> list[bytes]:
    return [struct.pack("<d", value) if not math.isnan(value) else b"nan" for value in values.tolist()]


def same(text: bytes, texts: int) -> None:
    found, expected = numbers_of(text, texts), slow.numbers_of(text, texts)
    assert bits(found[0]) == bits(expected[0])
    assert found[1].tolist() == expected[1].tolist()
    assert found[2].tolist() == expected[2].tolist()


@pytest.mark.parametrize(
    "word",
    [
        "0", "-0", "00", "0.0", "1", "+1", "-.5", "5.", ".", "-", "+", "1e5", "1E-5", "1e", "1e+", "e5", "NaN", "INF", "-INF",
        "+INF", "nan", "inf", "infinity", "0x1F", "1_000", "1,5", "9007199254740993", "9007199254740992", "9007199254740991",
        "18446744073709551616", "18446744073709551615", "99999999999999999999", "0.1", "139.71765053158802", "35.67894842882243",
        "0.000000000000000000000000000001", "1e308", "1e309", "1e-400", "123456789012345678", "4503599627370496.5",
        "4503599627370497.5", "9007199254740992.9", "1" + "0" * 400, "0." + "0" * 300 + "1", "1" * 5000, "--1", "1-", "1.2.3", "é",
    ],
)  # fmt: skip
def test_each_word_is_the_number_that_python_reads(word: str) -> None:
    if len(word) < 1000:
        same(f"{word}\0".encode(), 1)
    else:
        assert numbers_of(f"{word}\0".encode(), 1)[2].tolist() == [0]


@given(st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5), min_size=1, max_size=5))
def test_what_is_written_is_read_back(rows: list[list[float]]) -> None:
    text = "".join(" ".join(map(repr, row)) + "\0" for row in rows).encode()
    values, ends, bad = numbers_of(text, len(rows))
    assert bits(values) == bits(np.array([value for row in rows for value in row]))
    assert ends.tolist() == np.cumsum([len(row) for row in rows]).tolist()
    assert not len(bad)


@given(st.integers(0, 10**19 - 1), st.integers(0, 25), st.booleans())
def test_digits_with_a_point_anywhere_are_rounded_right(whole: int, places: int, negative: bool) -> None:
    digits = str(whole).rjust(places + 1, "0")
    word = ("-" if negative else "") + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
    assert bits(numbers_of(f"{word}\0".encode(), 1)[0]) == bits(np.array([float(word)]))


@given(st.integers(0, 2**64 - 1), st.integers(0, 18))
def test_division_is_rounded_to_the_nearest_even(whole: int, places: int) -> None:
    """The law: whatever is divided in binary is the correctly rounded quotient; what is not is told."""
    found = quotient(np.uint64(whole), places)
    assert found in (-1.0, whole / 10**places)
    assert found == -1.0 or whole // 10**places < 2**54


@given(st.text(alphabet="0123456789.eE+- \t\n\0NaINFx_", max_size=60))
def test_any_text_gives_the_same_as_the_slow_way(text: str) -> None:
    same((text + "\0").encode(), text.count("\0") + 1)


@given(st.binary(max_size=60))
def test_any_bytes_give_the_same_as_the_slow_way(text: bytes) -> None:
    same(text + b"\0", text.count(b"\0") + 1)


def test_many_words_that_the_kernel_leaves_are_all_read() -> None:
    text = " ".join(["1e-300", "x"] * 10_000).encode() + b"\0"
    values, ends, bad = numbers_of(text, 1)
    assert len(values) == 20_000
    assert ends.tolist() == [20_000]
    assert bad.tolist() == list(range(1, 20_000, 2))
    assert (values[::2] == 1e-300).all()
