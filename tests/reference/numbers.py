"""Slow twin of the kernel that reads numbers from text: Python's own ``float``, a word at a time."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_DOUBLE = re.compile(rb"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?INF$|^NaN$")


def numbers_of(text: bytes, texts: int) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """As `twin.geo.kernels.numbers.numbers_of`."""
    values: list[float] = []
    ends: list[int] = []
    bad: list[int] = []
    for part in text.split(b"\0")[:texts]:
        for word in re.split(rb"[ \t\r\n]+", part):
            if not word:
                continue
            if _DOUBLE.match(word):
                values.append(float(word.replace(b"INF", b"inf")))
            else:
                bad.append(len(values))
                values.append(np.nan)
        ends.append(len(values))
    return np.array(values), np.array(ends, dtype=np.int64), np.array(bad, dtype=np.int64)
