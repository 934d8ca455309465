"""Decimal numbers in text to float64, without a Python object a number."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit

_POWERS = np.array([10.0**power for power in range(23)], dtype=np.float64)
"""Powers of ten that a float64 holds exactly."""


@njit()
def quotient(whole: np.uint64, places: int) -> float:
    """The float64 nearest to ``whole / 10**places``, by long division in binary; -1 where that is not done.

    Parameters
    ----------
    whole : uint64
        Digits as a whole number.
    places : int
        Digits behind the point, at most 18 (twice the divisor fits 64 bits).
    """
    divisor = np.uint64(1)
    for _ in range(places):
        divisor *= np.uint64(10)
    one = np.uint64(1)
    bits, rest = whole // divisor, whole % divisor
    if whole == 0 or bits >= one << np.uint64(54):
        return 0.0 if whole == 0 else -1.0
    power = 0
    # 53 bits and one more to round by; to the even one where all that follows is 0
    while bits < one << np.uint64(53):
        rest <<= one
        bits <<= one
        if rest >= divisor:
            rest -= divisor
            bits |= one
        power -= 1
    last = bits & one
    bits >>= one
    if last and (rest or bits & one):
        bits += one
    return math.ldexp(float(bits), power + 1)


@njit()
def read_numbers(
    text: NDArray[np.uint8],
    powers: NDArray[np.float64],
    values: NDArray[np.float64],
    ends: NDArray[np.int64],
    slow: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Numbers in texts that are each closed by a byte 0.

    A number of up to 19 digits whose digits, as a whole number, and whose power of ten both are exact in float64 (at most
    2**53, and 10**22) is the rounded quotient or product of the two, hence the nearest float64 (Clinger 1990, the fast
    path); one of more digits is divided in binary. Any other token is left to the caller.

    Parameters
    ----------
    text : (B,) uint8
        Bytes; white space is a space, tab, line feed or carriage return.
    powers : (23,) float64
        Exact powers of ten.
    values : (N,) float64
        Out: the numbers; room for one a token.
    ends : (T,) int64
        Out: how many numbers there are up to the end of each text.
    slow : (3 K,) int64
        Out: for each token that is left to the caller: which number it is, and its first and last byte + 1.

    Returns
    -------
    tuple of int
        Numbers; texts; tokens left to the caller, of which only those were written for which there is room.
    """
    count, texts, left = 0, 0, 0
    at, size = 0, len(text)
    while at < size:
        byte = text[at]
        if byte == 0:
            ends[texts] = count
            texts += 1
            at += 1
            continue
        if byte == 32 or byte == 10 or byte == 9 or byte == 13:
            at += 1
            continue
        start = at
        negative = byte == 45
        if negative or byte == 43:
            at += 1
        whole = np.uint64(0)
        digits, power, point, any_digit = 0, 0, False, False
        while at < size:
            byte = text[at]
            if 48 <= byte <= 57:
                whole = whole * np.uint64(10) + np.uint64(byte - 48)
                any_digit = True
                # zeros in front count for nothing
                if whole > 0 or digits:
                    digits += 1
                if point:
                    power -= 1
            elif byte == 46 and not point:
                point = True
            else:
                break
            at += 1
        if any_digit and at < size and (text[at] == 101 or text[at] == 69):
            mark = at
            at += 1
            down = at < size and text[at] == 45
            if at < size and (text[at] == 45 or text[at] == 43):
                at += 1
            exponent, wide = 0, 0
            while at < size and 48 <= text[at] <= 57:
                exponent = min(exponent * 10 + int(text[at] - 48), 100000)
                wide += 1
                at += 1
            if wide == 0:
                at = mark
            power += -exponent if down else exponent
        plain = at == size or text[at] == 0 or text[at] == 32 or text[at] == 10 or text[at] == 9 or text[at] == 13
        value = -1.0
        if plain and any_digit and digits <= 19:
            if whole <= np.uint64(9007199254740992) and -22 <= power <= 22:
                value = float(whole)
                value = value / powers[-power] if power < 0 else value * powers[power]
            elif -18 <= power < 0:
                value = quotient(whole, -power)
        if value >= 0.0:
            values[count] = -value if negative else value
        else:
            while at < size and not (text[at] == 0 or text[at] == 32 or text[at] == 10 or text[at] == 9 or text[at] == 13):
                at += 1
            values[count] = np.nan
            if 3 * left + 2 < len(slow):
                slow[3 * left], slow[3 * left + 1], slow[3 * left + 2] = count, start, at
            left += 1
        count += 1
    return count, texts, left


def numbers_of(text: bytes, texts: int) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Numbers in texts that are each closed by a byte 0.

    Parameters
    ----------
    text : bytes
        The texts, one after the other.
    texts : int
        How many there are.

    Returns
    -------
    (N,) float64
        The numbers, each the float64 nearest to what is written; NaN for what is not a number.
    (T,) int64
        How many of them there are up to the end of each text.
    (K,) int64
        Which of them are words that are not numbers in XML Schema (``xs:double``), ascending.
    """
    array = np.frombuffer(text, dtype=np.uint8)
    # A number takes two bytes at least: a digit and what parts it from the next.
    values = np.empty(len(array) // 2 + 1)
    ends = np.zeros(texts, dtype=np.int64)
    slow = np.empty(3 * 4096, dtype=np.int64)
    count, _, left = read_numbers(array, _POWERS, values, ends, slow)
    if 3 * left > len(slow):
        slow = np.empty(3 * left, dtype=np.int64)
        read_numbers(array, _POWERS, values, ends, slow)
    bad = []
    for which, start, stop in slow[: 3 * left].reshape(-1, 3).tolist():
        found = _number(text[start:stop])
        if found is None:
            bad.append(which)
        else:
            values[which] = found
    return values[:count].copy(), ends, np.array(bad, dtype=np.int64)


_LONGEST = 1000
_SPECIAL = {b"NaN": np.nan, b"INF": np.inf, b"+INF": np.inf, b"-INF": -np.inf}
_LETTERS = frozenset(b"0123456789+-.eE")


def _number(token: bytes) -> float | None:
    if token in _SPECIAL:
        return _SPECIAL[token]
    if len(token) > _LONGEST or not _LETTERS.issuperset(token):
        return None
    try:
        return float(token)
    except ValueError:
        return None
