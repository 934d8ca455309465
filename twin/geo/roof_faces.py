"""Faces of roofs: closed bodies over pieces of a footprint, or in rings up to a point."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.mesh import SEMANTICS

GRID_M = 0.001
"""Corners of solids lie on whole millimetres, so that faces that meet share their corners [m]."""


class Solid(NamedTuple):
    """Faces of one closed body.

    Parameters
    ----------
    vertices : (V, 3) float64
        In the coordinates of the footprint, z as given [m].
    faces : list of list of list of int
        Rings of each face, seen from outside counter-clockwise, holes clockwise.
    semantics : list of int
        Of each face, see `twin.geo.mesh.SEMANTICS`.
    """

    vertices: NDArray[np.float64]
    faces: list[list[list[int]]]
    semantics: list[int]


def raised(cells: list[BaseGeometry], height: Callable[[NDArray[np.float64]], NDArray[np.float64]], base: float) -> Solid:
    """Body between a level underside and a roof over pieces that share their corners.

    Parameters
    ----------
    cells : list of shapely Polygon
        [m].
    height : callable
        Height of the roof at points (N, 2), above `base` everywhere [m].
    base : float
        Of the underside [m].
    """
    number: dict[tuple[int, int], int] = {}
    corners: list[tuple[float, float]] = []
    rings = [[_numbered(ring, number, corners) for ring in _oriented(cell)] for cell in cells]
    xy = np.array(corners)
    edges = {pair for cell in rings for ring in cell for pair in zip(ring, [*ring[1:], *ring[:1]], strict=True)}
    rim = [(a, b) for a, b in edges if (b, a) not in edges]
    z = height(xy)
    count = len(xy)
    low = np.column_stack([xy, np.full(count, base)])
    vertices = np.vstack([low, np.column_stack([xy, z])])
    faces: list[list[list[int]]] = []
    semantics: list[int] = []
    for cell in rings:
        faces.append([[one + count for one in ring] for ring in cell])
        semantics.append(SEMANTICS["RoofSurface"])
    for a, b in sorted(rim):
        faces.append([[a, b, b + count, a + count]])
        semantics.append(SEMANTICS["WallSurface"])
    for under in _underside(rim, rings, xy):
        faces.append(under)
        semantics.append(SEMANTICS["GroundSurface"])
    return Solid(vertices, faces, semantics)


def _oriented(cell: BaseGeometry) -> list[NDArray[np.float64]]:
    """Open rings of a polygon: the outer one counter-clockwise, holes clockwise."""
    found = []
    for place, ring in enumerate((cell.exterior, *cell.interiors)):
        points = shapely.get_coordinates(ring)[:-1]
        found.append(points if shapely.is_ccw(ring) == (place == 0) else points[::-1])
    return found


def _numbered(
    ring: NDArray[np.float64], number: dict[tuple[int, int], int], corners: list[tuple[float, float]]
) -> list[int]:
    found: list[int] = []
    for x, y in ring.tolist():
        key = round(x / GRID_M), round(y / GRID_M)
        if key not in number:
            number[key] = len(corners)
            corners.append((x, y))
        found.append(number[key])
    return found


def _underside(rim: list[tuple[int, int]], rings: list[list[list[int]]], xy: NDArray[np.float64]) -> list[list[list[int]]]:
    """The level faces below, seen from there: one, or one a piece where the outline touches itself."""
    following = dict(rim)
    # With courtyards the pieces, which have no holes, are better: see `_cells`.
    if len(following) < len(rim) or (len(rings) > 1 and len(_loops(rim)) > 1):
        return [[ring[::-1] for ring in cell] for cell in rings]
    loops = _loops(rim)
    area = [_area(xy[loop]) for loop in loops]
    if sum(one > 0 for one in area) != 1:
        return [[ring[::-1] for ring in cell] for cell in rings]
    order = sorted(range(len(loops)), key=lambda one: -area[one])
    return [[loops[one][::-1] for one in order]]


def _loops(rim: list[tuple[int, int]]) -> list[list[int]]:
    """Closed rings that directed edges make, each corner having one way on."""
    following = dict(rim)
    loops: list[list[int]] = []
    while following:
        loop = [next(iter(following))]
        while (after := following.pop(loop[-1])) != loop[0]:
            loop.append(after)
        loops.append(loop)
    return loops


def _area(ring: NDArray[np.float64]) -> float:
    x, y = (ring - ring[0]).T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def star_centre(footprint: BaseGeometry) -> NDArray[np.float64] | None:
    """The middle of a footprint (2,) when its whole outline can be seen from there; None else."""
    if footprint.interiors:
        return None
    centre = shapely.get_coordinates(footprint.centroid)[0]
    ring = shapely.get_coordinates(footprint.exterior)[:-1]
    if not shapely.is_ccw(footprint.exterior):
        ring = ring[::-1]
    here, there = ring - centre, np.roll(ring, -1, axis=0) - centre
    turn = here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]
    side = np.hypot(*(there - here).T)
    # an edge nearly in line with the middle would give a sliver that folds over
    return centre if (turn > 0.01 * side).all() else None


def loft(
    footprint: BaseGeometry, base: float, eaves: float, top: float, profile: list[tuple[float, float]]
) -> Solid | None:
    """Body whose roof rises in rings like the footprint to one point over its middle; None where that is not seen.

    Parameters
    ----------
    footprint : shapely Polygon
        [m].
    base, eaves, top : float
        [m].
    profile : list of (float, float)
        Rings from the eaves up: part of the footprint's radius, part of the height of the roof; the last is the top.
    """
    centre = star_centre(footprint)
    if centre is None:
        return None
    ring = _oriented(footprint)[0]
    count = len(ring)
    layers = [np.column_stack([ring, np.full(count, base)])] if eaves - base >= GRID_M else []
    start = eaves if layers else base
    for part, rise in profile[:-1]:
        layers.append(np.column_stack([centre + part * (ring - centre), np.full(count, start + rise * (top - start))]))
    vertices = np.vstack([*layers, [[*centre, top]]])
    faces: list[list[list[int]]] = []
    semantics: list[int] = []
    walls = 1 if eaves - base >= GRID_M else 0
    for level in range(len(layers) - 1):
        for here in range(count):
            there = (here + 1) % count
            low, high = level * count, (level + 1) * count
            faces.append([[low + here, low + there, high + there, high + here]])
            semantics.append(SEMANTICS["WallSurface" if level < walls else "RoofSurface"])
    last, peak = (len(layers) - 1) * count, len(layers) * count
    for here in range(count):
        faces.append([[last + here, last + (here + 1) % count, peak]])
        semantics.append(SEMANTICS["RoofSurface"])
    faces.append([list(range(count))[::-1]])
    semantics.append(SEMANTICS["GroundSurface"])
    return Solid(vertices, faces, semantics)
