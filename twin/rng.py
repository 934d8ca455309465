"""Counter-based random numbers: a value is a function of its coordinates, not of what was drawn before.

``uniform(seed, stream, a, b)`` gives the same number whenever and on whichever thread it is asked for,
so adding a stream never shifts another and a resumed run equals an uninterrupted one. The mixer is the
finaliser of SplitMix64 (Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195), applied once a coordinate.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from twin.jit import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


def stream(name: str) -> int:
    """Number of a named stream; the same on every machine and in every version."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")


@njit()
def _mix(state: np.uint64) -> np.uint64:
    state = (state ^ (state >> _S30)) * _MIX_1
    state = (state ^ (state >> _S27)) * _MIX_2
    return state ^ (state >> _S31)


@njit()
def bits(seed: int, stream_id: int, a: int, b: int) -> np.uint64:
    """64 random bits for the coordinates (seed, stream, a, b)."""
    state = _mix(np.uint64(seed) + _GOLDEN)
    state = _mix(state ^ (np.uint64(stream_id) + _GOLDEN))
    state = _mix(state + np.uint64(a) * _GOLDEN)
    return _mix(state + np.uint64(b) * _MIX_1 + _GOLDEN)


@njit()
def uniform(seed: int, stream_id: int, a: int, b: int) -> float:
    """A uniform number in [0, 1) for the coordinates (seed, stream, a, b)."""
    return float(bits(seed, stream_id, a, b) >> _S11) * (1.0 / 9007199254740992.0)


@njit()
def normal(seed: int, stream_id: int, a: int, b: int) -> float:
    """A standard normal number for the coordinates (Box and Muller's transform of two uniforms)."""
    u = 1.0 - uniform(seed, stream_id, a, 2 * b)
    v = uniform(seed, stream_id, a, 2 * b + 1)
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)


@njit()
def _fill_uniform(seed: int, stream_id: int, b: int, out: NDArray[np.float64]) -> None:
    for i in range(out.shape[0]):
        out[i] = uniform(seed, stream_id, i, b)


@njit()
def _fill_normal(seed: int, stream_id: int, b: int, out: NDArray[np.float64]) -> None:
    for i in range(out.shape[0]):
        out[i] = normal(seed, stream_id, i, b)


def uniforms(seed: int, name: str, count: int, *, draw: int = 0) -> NDArray[np.float64]:
    """``(count,)`` uniform numbers of a named stream; element i belongs to coordinate a = i."""
    out = np.empty(count)
    _fill_uniform(seed, stream(name), draw, out)
    return out


def normals(seed: int, name: str, count: int, *, draw: int = 0) -> NDArray[np.float64]:
    """``(count,)`` standard normal numbers of a named stream."""
    out = np.empty(count)
    _fill_normal(seed, stream(name), draw, out)
    return out
