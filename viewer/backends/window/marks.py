"""Lines over what was picked and measured, and the words beside them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viewer.backends.window.packing import Packing
from viewer.backends.window.picking import outline
from viewer.backends.window.state import State

PICKED = (255, 196, 0)
MEASURED = (214, 30, 90)


class Word(NamedTuple):
    """A text at a place."""

    place: tuple[float, float, float]
    text: str


def mark_lines(
    state: State, packing: Packing, feet: NDArray[np.float32], ids: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Lines (N, 2, 3) and their colours (N, 3)."""
    parts: list[tuple[NDArray[np.float64], tuple[int, int, int]]] = []
    picked = state.picked
    if picked is not None and picked.person >= 0:
        there = np.flatnonzero(ids == picked.person)
        if len(there):
            parts.append((_ring(feet[there[0]].astype(float)), PICKED))
    elif picked is not None:
        lines = outline(packing, picked)
        parts.append((lines if len(lines) else _cross(picked.point, 0.4), PICKED))
    if state.points:
        points = np.array(state.points, dtype=np.float64)
        parts += [(_cross(point, 0.012 * max(math.dist(point, state.pose.eye), 5.0)), MEASURED) for point in state.points]
        parts.append((_stretches(points, state.tool), MEASURED))
    if not parts:
        return np.empty((0, 2, 3)), np.empty((0, 3), np.uint8)
    colours = [np.broadcast_to(np.array(colour, np.uint8), (len(lines), 3)) for lines, colour in parts]
    return np.concatenate([lines for lines, _ in parts]), np.concatenate(colours)


def _stretches(points: NDArray[np.float64], tool: str) -> NDArray[np.float64]:
    lines = np.stack([points[:-1], points[1:]], axis=1)
    if tool == "area" and len(points) > 2:
        lines = np.concatenate([lines, [[points[-1], points[0]]]])
    if tool == "height" and len(points) > 1:
        first, last = points[0], points[-1]
        corner = np.array([last[0], last[1], first[2]])
        lines = np.array([[first, corner], [corner, last]])
    return lines


def words(state: State) -> list[Word]:
    """Measures beside their lines."""
    points = state.points
    if len(points) < 2:
        return []
    m = state.measures
    if state.tool == "height":
        x, y, z = points[-1]
        return [Word((x, y, (z + points[0][2]) / 2), length_text(abs(m.rise)))]
    if state.tool == "area" and len(points) > 2:
        x, y, z = (float(v) for v in np.mean(points, axis=0))
        return [Word((x, y, z), f"{m.plan_area:,.1f} m²")]
    middles = [tuple((a + b) / 2 for a, b in zip(p, q, strict=True)) for p, q in pairwise(points)]
    return [Word((x, y, z), length_text(math.dist(p, q))) for (x, y, z), p, q in zip(middles, points[:-1], points[1:], strict=True)]


def length_text(metres: float) -> str:
    """A length as people write it."""
    return f"{metres:.2f} m" if metres < 1000 else f"{metres / 1000:.3f} km"


def _cross(point: tuple[float, float, float], half: float) -> NDArray[np.float64]:
    axes = half * np.eye(3)
    return np.stack([np.array(point) - axes, np.array(point) + axes], axis=1)


def _ring(foot: NDArray[np.float64], radius: float = 0.55) -> NDArray[np.float64]:
    angle = np.linspace(0.0, 2 * np.pi, 17)
    rings = []
    for height in (0.1, 1.9):
        ring = foot + np.column_stack([radius * np.cos(angle), radius * np.sin(angle), np.full(17, height)])
        rings.append(np.stack([ring[:-1], ring[1:]], axis=1))
    return np.concatenate(rings)
