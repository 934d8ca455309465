"""House styles: what the light is like, and how colours are told apart from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.kernels.arrays import BEYOND, BUILDING, DRAWN, FLOOR, FOLIAGE, PERSON, WATER, Look
from viewer.layers import Colour

LIGHTS: dict[str, Look] = {
    # warm sun, cool sky: a horizontal surface in full sun keeps its own colour
    "presentation": Look(
        sun=(0.655, 0.630, 0.585), ambient=(0.300, 0.325, 0.375), bounce=(1.10, 1.0, 0.85), horizon=(0.76, 0.82, 0.86),
        zenith=(0.20, 0.42, 0.76), mirror=(0.54, 0.574, 0.615), lamp=(1.0, 0.72, 0.42), line=1.0, glint=1.0, lamps=0.0, windows=0.0,
        legend=0.0,
    ),
    # white light, paper for a sky, lines: for what is drawn over it
    "plain": Look(
        sun=(0.42, 0.42, 0.42), ambient=(0.56, 0.56, 0.56), bounce=(1.0, 1.0, 1.0), horizon=(0.93, 0.94, 0.95),
        zenith=(0.86, 0.88, 0.91), mirror=(0.70, 0.76, 0.82), lamp=(1.0, 1.0, 1.0), line=1.5, glint=0.0, lamps=0.0, windows=0.0,
        legend=0.0,
    ),
    # moonlight from where the sun would stand, lamps along the streets, some windows lit; fields shine
    "night": Look(
        sun=(0.030, 0.040, 0.070), ambient=(0.035, 0.045, 0.080), bounce=(0.06, 0.06, 0.09), horizon=(0.055, 0.065, 0.115),
        zenith=(0.008, 0.012, 0.035), mirror=(0.035, 0.045, 0.085), lamp=(1.0, 0.66, 0.34), line=0.7, glint=0.15, lamps=0.85,
        windows=0.55, legend=0.62,
    ),
}  # fmt: skip

PAPER: dict[int, tuple[float, float, float]] = {
    BUILDING: (0.80, 0.79, 0.77), FLOOR: (0.88, 0.88, 0.87), FOLIAGE: (0.62, 0.70, 0.60), WATER: (0.60, 0.69, 0.76),
    BEYOND: (0.90, 0.91, 0.90),
}  # fmt: skip
"""What surfaces are in the plain style, linear; what is changed, drawn or walks keeps its colour."""

KEPT = 0.16
"""Share of its own colour that a surface keeps in the plain style, so that streets are told from pavements."""


def key_colour(look: str, colour: Colour, kind: int) -> Colour:
    """A colour of the key as the surfaces of a kind that it stands for are drawn in a house style."""
    if look != "plain" or kind not in PAPER:
        return colour
    linear = (np.array(colour) / 255.0) ** 2.2
    mixed = (1 - KEPT) * np.array(PAPER[kind]) + KEPT * linear
    red, green, blue = (int(v) for v in np.rint(255.0 * mixed ** (1 / 2.2)))
    return red, green, blue


def albedo_in(look: str, albedo: NDArray[np.float32], kind: NDArray[np.uint8], changed: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Linear colours (T, 3) of surfaces of a kind (T,) in a house style; those that are `changed` (T,) keep their own."""
    if look == "plain":
        out = albedo.copy()
        for one, paper in PAPER.items():
            rows = (kind == one) & ~changed
            grey = albedo[rows] @ np.array([0.2126, 0.7152, 0.0722], np.float32)
            tone = grey / max(float(grey.mean()), 1e-6) if len(grey) else grey
            flat = np.array(paper, np.float32) * np.clip(0.75 + 0.25 * tone, 0.6, 1.15)[:, None]
            out[rows] = (1 - KEPT) * flat + KEPT * albedo[rows]
        return out
    if look == "night":
        # people wear something light, else they would not be seen in the dark
        out = albedo.copy()
        people = kind == PERSON
        out[people] = 0.35 * out[people] + 0.65 * np.array([0.95, 0.80, 0.62], np.float32)
        out[kind == DRAWN] *= 0.8
        return out
    return albedo
