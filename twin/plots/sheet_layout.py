"""The sheet of a section: paper, scale, and where things lie on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twin.plots.parts import Part
from twin.plots.section import SOIL_KINDS, height_window, not_too_flat

if TYPE_CHECKING:
    from twin.sections.made import Section

PAPERS = {"A4": (297.0, 210.0), "A3": (420.0, 297.0)}
"""Width and height of sheets on their long side [mm]."""
SMALL_SCALE = 100.0
"""On A4 is drawn what fits on it at this scale or a larger one."""
SCALES = (20, 25, 50, 75, 100, 125, 200, 250, 300, 400, 500, 750, 1000, 1250, 1500, 2000, 2500, 5000, 10_000, 20_000, 50_000)
"""Those of scale rulers, and smaller ones for long lines."""
EDGE_MM, LEFT_MM, RIGHT_MM, HEAD_MM, AXIS_MM, BAND_MM, FOOT_MM = 8.0, 26.0, 16.0, 24.0, 14.0, 58.0, 7.0
TALL_M = 16.0
"""Of what stands higher above the ground no more is shown than there is room for at the scale that the rest asks for [m]."""
CUT_OFF_M = 8.0
"""Of what is cut off so much above the ground is seen [m]."""
LEAST_OVER_M = 2.0
"""However small the room, so much above the ground is seen [m]."""
NAMES_MM = 24.0
"""Room above the ground for the names of soundings [mm]."""
STRIP_MM, GAP_MM, PLAN_MM, BLOCK_MM = 22.0, 6.0, 54.0, 84.0
MM = 1.0 / 25.4


class Layout(NamedTuple):
    """Where things lie on a sheet: boxes are (left, low, width, height) from its lower left corner [mm].

    Parameters
    ----------
    paper : str
    size : (width, height)
    scale : float
        Metres along the line that a metre on paper is.
    low, high : float
        What is seen [m].
    section, strip : box
        The strip of the settlement, below the section; empty where there is none.
    """

    paper: str
    size: tuple[float, float]
    scale: float
    low: float
    high: float
    section: tuple[float, float, float, float]
    strip: tuple[float, float, float, float] | None


def layout_of(
    section: Section, exaggeration: float, scale: float | None, paper: str | None, depth_m: float | None, settles: bool
) -> Layout:
    """Paper, scale and what is seen: the largest scale of a ruler that fits, then as deep as soundings go where there is room."""
    low, high = height_window(section.drawn, depth_m)
    top = high
    length, seen = section.length_m, min(high, _ground(section.drawn) + TALL_M)
    for name in (paper,) if paper is not None else ("A4", "A3"):
        wide, tall = _room(str(name), settles)
        # what stands higher is cut off where it would make all else small
        needs = max(1000.0 * length / wide, 1000.0 * exaggeration * (seen - low) / tall)
        fits = next((float(one) for one in SCALES if one >= needs - 1e-6), float(np.ceil(needs / 1e4) * 1e4))
        if scale is not None:
            fits = float(scale)
            if name == "A4" and paper is None and needs > fits:
                continue
        if name == "A3" or paper is not None or fits <= SMALL_SCALE or scale is not None:
            break
    chosen, per_m = str(name), 1000.0 / fits
    most = tall / (per_m * exaggeration)
    if scale is not None:
        # of what does not fit at a scale that is asked for houses are cut off, and not the pit below them
        seen = min(seen, max(low + most, _ground(section.drawn) + LEAST_OVER_M))
    if depth_m is None:
        deepest = _deepest(section.drawn, low)
        # first some ground, then what stands higher, then all that soundings tell
        low = min(low, max(deepest, _ground(section.drawn) - TALL_M, seen - most))
        high = max(seen, min(high, low + most))
        low = min(low, max(deepest, high - most))
    high = max(seen, min(high, low + most))
    if high < top:
        # what does not fit is cut off anyway: sky is kept for what does, and the ground goes as deep as it is known
        high = min(high, _over_what_fits(section.drawn, high))
        if depth_m is None:
            low = min(low, max(_deepest(section.drawn, low), high - most))
    if any(part.kind in ("sounding", "tube") for part in section.drawn):
        high = max(high, min(_ground(section.drawn) + NAMES_MM / (per_m * exaggeration), low + most))
    low, high = _round(low, high, most, length / exaggeration)
    drawn = (length * per_m, (high - low) * per_m * exaggeration)
    size = (max(PAPERS[chosen][0], drawn[0] + LEFT_MM + RIGHT_MM), max(PAPERS[chosen][1], PAPERS[chosen][1] - tall + drawn[1]))
    free = (size[0] - LEFT_MM - RIGHT_MM - drawn[0], size[1] - _around(settles) - drawn[1])
    left, top = LEFT_MM + 0.5 * free[0], size[1] - HEAD_MM - EDGE_MM - 0.5 * max(free[1], 0.0)
    place = (left, top - drawn[1], *drawn)
    strip = (left, place[1] - GAP_MM - STRIP_MM, drawn[0], STRIP_MM) if settles else None
    longer = size != PAPERS[chosen]
    return Layout("" if longer else chosen, size, fits, low, high, place, strip)


def _around(settles: bool) -> float:
    """Height of a sheet that is not of the section [mm]."""
    return 2 * EDGE_MM + HEAD_MM + AXIS_MM + BAND_MM + FOOT_MM + ((STRIP_MM + GAP_MM) if settles else 0.0)


def _room(paper: str, settles: bool) -> tuple[float, float]:
    """Width and height that the section itself may take [mm]."""
    wide, tall = PAPERS[paper]
    return wide - LEFT_MM - RIGHT_MM, tall - _around(settles)


def _ground(parts: tuple[Part, ...]) -> float:
    """The highest ground [m]."""
    return max((part.shape.bounds[3] for part in parts if part.kind in ("ground", "street")), default=0.0)


def _over_what_fits(parts: tuple[Part, ...], high: float) -> float:
    """A little above the highest thing that can be seen whole, and enough of what cannot to be seen to go on [m]."""
    tops = [part.shape.bounds[3] for part in parts if not part.shape.is_empty and part.kind not in SOIL_KINDS]
    fits = max((one for one in tops if np.isfinite(one) and one <= high - 1.0), default=_ground(parts))
    return max(fits + 1.5, _ground(parts) + CUT_OFF_M)


def _deepest(parts: tuple[Part, ...], low: float) -> float:
    """A metre below where layers and soundings end."""
    ends = [part.shape.bounds[1] for part in parts if part.kind in ("soil", "sounding") and not part.shape.is_empty]
    return min([low, *(end - 1.0 for end in ends)])


def _round(low: float, high: float, most: float, length: float) -> tuple[float, float]:
    """Whole metres where they fit, and no strip that is too flat to be read."""
    low, high = not_too_flat(low, high, min(1.3 * length, 9.0 * most))
    whole = float(np.floor(low)), float(np.ceil(high))
    return whole if whole[1] - whole[0] <= most else (max(low, high - most), high)
