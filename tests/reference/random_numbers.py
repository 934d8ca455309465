"""SplitMix64's finaliser with Python's integers."""

from __future__ import annotations

import math

WORD = 2**64
GOLDEN = 0x9E3779B97F4A7C15
MIX_1 = 0xBF58476D1CE4E5B9
MIX_2 = 0x94D049BB133111EB


def mix(state: int) -> int:
    """Steele, Lea and Flood (2014), figure 16: mix64 of variant 13."""
    state %= WORD
    state = ((state ^ (state >> 30)) * MIX_1) % WORD
    state = ((state ^ (state >> 27)) * MIX_2) % WORD
    return state ^ (state >> 31)


def bits(seed: int, stream: int, a: int, b: int) -> int:
    """64 bits for (seed, stream, a, b)."""
    state = mix(seed + GOLDEN)
    state = mix(state ^ ((stream + GOLDEN) % WORD))
    state = mix(state + a * GOLDEN)
    return mix(state + b * MIX_1 + GOLDEN)


def uniform(seed: int, stream: int, a: int, b: int) -> float:
    """The upper 53 bits as a fraction."""
    return (bits(seed, stream, a, b) >> 11) / 2**53


def normal(seed: int, stream: int, a: int, b: int) -> float:
    """Box and Muller's transform."""
    u, v = 1.0 - uniform(seed, stream, a, 2 * b), uniform(seed, stream, a, 2 * b + 1)
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)
