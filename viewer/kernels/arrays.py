"""What the kernels of pictures take: camera, surfaces, heights, fields, as tuples of arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FLOOR, WATER, BUILDING, FOLIAGE, PERSON, SOLID, BEYOND, DRAWN, EARTH = range(9)


Rgb = tuple[float, float, float]


class Look(NamedTuple):
    """What the light is like: linear colours, 1 being white.

    `sun`, `ambient` and `bounce` fall on things from the sun, the sky and the ground; `lamps` of `lamp` from lamps, `windows` of it
    out of windows. `line` is how strong edges are, `legend` how much fields shine by themselves.
    """

    sun: Rgb
    ambient: Rgb
    bounce: Rgb
    horizon: Rgb
    zenith: Rgb
    mirror: Rgb
    lamp: Rgb
    line: float
    glint: float
    lamps: float
    windows: float
    legend: float


class Eye(NamedTuple):
    """Camera for the kernel."""

    eye: NDArray[np.float64]
    forward: NDArray[np.float64]
    right: NDArray[np.float64]
    up: NDArray[np.float64]
    tan_half: float
    distance: float
    parallel: bool
    sun: NDArray[np.float64]
    haze_from: float
    haze_length: float
    samples: int
    look: Look


class Surfaces(NamedTuple):
    """Triangles by their number in the picture (0 is sky)."""

    normal: NDArray[np.float64]
    offset: NDArray[np.float64]
    albedo: NDArray[np.float32]
    kind: NDArray[np.uint8]
    thing: NDArray[np.int32]


BLOCK = 8
"""Cells a side of the blocks that a shadow ray may jump over."""


class Heights(NamedTuple):
    """Rasters of what casts shadow, and of what hides the sky (no leaves, no people).

    `solid` holds rasters from fine to coarse end to end; `levels` (L, 3) where each starts, its rows and columns. `lamps` is the
    light that falls on the ground from lamps, `ground` its height; both of one cell where there is none.
    """

    z: NDArray[np.float32]
    block_top: NDArray[np.float32]
    solid: NDArray[np.float32]
    levels: NDArray[np.int64]
    west: float
    north: float
    cell: float
    top: float
    lamps: NDArray[np.float32]
    ground: NDArray[np.float32]


class Drape(NamedTuple):
    """Fields on the floor, one level after another on one grid.

    Values below `faint` fade away, from `strong` on they hide the floor as far as `opacity` lets them. Where `whole` a place has
    the value of its cell, elsewhere one between those of the cells around it.
    """

    value: NDArray[np.float32]
    height: NDArray[np.float32]
    limits: NDArray[np.float64]
    colours: NDArray[np.float32]
    west: float
    north: float
    cell: float
    opacity: float
    faint: float
    strong: float
    whole: bool
