"""Small models that stand in many places: trees, lamps, people, as vertices and triangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def tube(radius: float, bottom: float, top: float, sides_n: int = 6) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """An upright prism round the z axis, open below."""
    angle = 2 * np.pi * np.arange(sides_n) / sides_n
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    vertices = np.vstack(
        [
            np.column_stack([ring, np.full(sides_n, bottom)]),
            np.column_stack([ring, np.full(sides_n, top)]),
            [[0, 0, top]],
        ]
    )
    i = np.arange(sides_n)
    j = (i + 1) % sides_n
    faces = np.vstack(
        [
            np.column_stack([i, j, j + sides_n]),
            np.column_stack([i, j + sides_n, i + sides_n]),
            np.column_stack([i + sides_n, j + sides_n, np.full(sides_n, 2 * sides_n)]),
        ]
    )
    return vertices, faces.astype(np.int32)


def sphere(rings: int = 4, segments: int = 8) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A unit sphere of few faces: (V, 3) and (T, 3)."""
    vertices = [(0.0, 0.0, 1.0)]
    for r in range(1, rings):
        polar = np.pi * r / rings
        for s in range(segments):
            turn = 2 * np.pi * (s + 0.5 * (r % 2)) / segments
            vertices.append((np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)))
    vertices.append((0.0, 0.0, -1.0))
    faces = []
    last = len(vertices) - 1
    for s in range(segments):
        n = (s + 1) % segments
        faces.append((0, 1 + s, 1 + n))
        for r in range(rings - 2):
            a, b = 1 + r * segments, 1 + (r + 1) * segments
            faces += [(a + s, b + s, b + n), (a + s, b + n, a + n)]
        base = 1 + (rings - 2) * segments
        faces.append((base + s, last, base + n))
    return np.array(vertices), np.array(faces, dtype=np.int32)


def capsule(radius: float = 0.25, height: float = 1.75, segments: int = 6) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A standing person: a tapering body and a round top; foot at z = 0."""
    return _turned(np.array([[0.62, 0.0], [1.0, 0.62], [0.92, 0.80], [0.52, 0.95]]) * [radius, height], height, segments)


def _turned(profile: NDArray[np.float64], top_z: float, segments: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A profile (R, 2) of radius and height turned round the z axis, closed by a point at the top."""
    angle = 2 * np.pi * np.arange(segments) / segments
    rings = [np.column_stack([r * np.cos(angle), r * np.sin(angle), np.full(segments, z)]) for r, z in profile]
    vertices = np.vstack([*rings, [[0, 0, top_z]]])
    faces = []
    i = np.arange(segments)
    j = (i + 1) % segments
    for k in range(len(profile) - 1):
        a, b = k * segments, (k + 1) * segments
        faces += [np.column_stack([i + a, j + a, j + b]), np.column_stack([i + a, j + b, i + b])]
    top = (len(profile) - 1) * segments
    faces.append(np.column_stack([i + top, j + top, np.full(segments, len(vertices) - 1)]))
    return vertices, np.concatenate(faces).astype(np.int32)


FIGURE = (
    (0.50, 0.0), (0.55, 0.30), (0.72, 0.47), (0.80, 0.56), (1.0, 0.77), (0.82, 0.815), (0.26, 0.845), (0.42, 0.885), (0.46, 0.93),
    (0.32, 0.98),
)  # fmt: skip
"""Half width and height, as shares of those of a person: legs, hips, shoulders, neck and head."""


def figure(radius: float = 0.25, height: float = 1.75, segments: int = 8) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A standing person with shoulders and a head, for who is near; foot at z = 0."""
    return _turned(np.array(FIGURE) * [radius, height], height, segments)


def placed(
    vertices: NDArray[np.float64],
    triangles: NDArray[np.int32],
    at: NDArray[np.float64],
    scale: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Copies of a shape at points (N, 3), each with a scale (N, 3)."""
    n, size = len(at), len(vertices)
    scaled = np.broadcast_to(vertices, (n, size, 3)) if scale is None else vertices[None] * scale[:, None, :]
    faces = triangles[None] + (np.arange(n) * size)[:, None, None]
    return (scaled + at[:, None, :]).reshape(-1, 3), faces.reshape(-1, 3).astype(np.int32)


def tree_shapes(
    feet: NDArray[np.float64],
    height: NDArray[np.float64],
    crown_base: NDArray[np.float64],
    diameter: NDArray[np.float64],
    seed: NDArray[np.uint32],
) -> tuple[tuple[NDArray[np.float64], NDArray[np.int32]], tuple[NDArray[np.float64], NDArray[np.int32]]]:
    """Trunks and crowns of trees.

    Parameters
    ----------
    feet : (N, 3) float64
        Foot of the trunk [m].
    height, crown_base, diameter : (N,) float64
        Top and lower edge of the crown above the foot, width of the crown [m].
    seed : (N,) uint32
        Makes each crown a little different.

    Returns
    -------
    trunks, crowns : pairs of (V, 3) float64 and (T, 3) int32
    """
    n = len(feet)
    body, faces = tube(1.0, 0.0, 1.0, 5)
    thick = np.clip(0.02 * height, 0.1, 0.45)
    trunks = placed(body, faces, feet, np.column_stack([thick, thick, crown_base + 0.25 * (height - crown_base)]))
    ball, skin = sphere(5, 9)
    half = (height - crown_base) / 2
    wobble = (
        np.stack([np.random.default_rng(int(s)).uniform(0.82, 1.14, len(ball)) for s in seed]) if n else np.empty((0, len(ball)))
    )
    crowns = ball[None] * wobble[:, :, None] * np.column_stack([diameter / 2, diameter / 2, half])[:, None, :]
    crowns = crowns + (feet + np.column_stack([np.zeros((n, 2)), crown_base + half]))[:, None, :]
    indices = skin[None] + (np.arange(n) * len(ball))[:, None, None]
    return trunks, (crowns.reshape(-1, 3), indices.reshape(-1, 3).astype(np.int32))


def lamp_shape() -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A street lamp of height 1: pole and head."""
    pole, faces = tube(0.07, 0.0, 0.92, 5)
    head, skin = tube(0.24, 0.92, 1.0, 6)
    return np.vstack([pole, head]), np.vstack([faces, skin + len(pole)]).astype(np.int32)
