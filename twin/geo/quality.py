"""What is wrong with a city that reads well."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.geo.city import City, Finding, Quality
from twin.geo.given import city_of, number_of
from twin.geo.quality_codes import CODES as CODES
from twin.geo.quality_heights import grounds, heights
from twin.geo.quality_solids import Welded, bent_faces, degenerate_faces, drawn, duplicate_faces, duplicate_objects, solids
from twin.geo.quality_underground import buried

OVERLAP_M2 = 0.5
OVERLAP_PART = 0.01
"""Footprints overlap when they share more than this area, and this part of the smaller one."""

CORNERS_EACH = 16
LEAST_CORNERS = 200_000
"""Pairs of footprints are looked at until they have so many corners for each corner of the city, or this many: those of a real
city have two or three."""

BOXES_EACH = 100
LEAST_BOXES = 20_000_000
"""Boxes that touch are looked at until there are so many for each footprint, or this many."""

PAIRS_AT_ONCE = 2_000_000
ROWS_AT_ONCE = 64


THICKNESS = "give metres, above 0"


def check(city: City, *, planarity_m: float | None = None) -> Quality:
    """Look for faults in a city; ``twin validate`` prints them after those of reading.

    Parameters
    ----------
    city : City
    planarity_m : float, optional
        Also report faces that are thicker than this [m]; reading does so at 1 cm.

    Returns
    -------
    Quality
        Findings by object with a code of `CODES`. Nothing is left out of the city, so none is an error. Empty layers are
        fine.

    Raises
    ------
    ParameterError
        When it is not a city, or the thickness not a number above 0.

    Notes
    -----
    Solids are judged by how their triangles share edges after vertices on the same millimetre are welded, as in
    ISO 19107: each edge has two faces that run along it in opposite directions, and no face goes through another.
    """
    city_of(city)
    if planarity_m is not None and number_of(planarity_m, "planarity_m", "a thickness", THICKNESS) <= 0:
        raise ParameterError(f"{planarity_m!r} is not a thickness", where="planarity_m", hint=THICKNESS)
    found = _missing(city)
    if len(city.surfaces):
        mesh = Welded.of(city.surfaces)
        found += solids(city, mesh)
        found += degenerate_faces(city, mesh)
        found += duplicate_faces(city, mesh)
        found += duplicate_objects(city, mesh)
        if planarity_m is not None:
            found += bent_faces(city, planarity_m)
    return Quality((*found, *_footprints(city), *_cellars(city), *heights(city), *grounds(city), *buried(city)))


def _missing(city: City) -> list[Finding]:
    """Buildings without triangles of their own or of a part."""
    parent = {str(one): str(up) for one, up in city.objects["parent"].items()}
    seen: set[str] = set()
    for one in city.objects.index[drawn(city)]:
        while one and one not in seen:
            seen.add(one)
            one = parent.get(one, "")
    message = "the building has no geometry, nor have its parts"
    return [Finding("no-geometry", str(one), message) for one in city.buildings.index if one not in seen]


def _footprints(city: City) -> list[Finding]:
    frame = city.buildings
    shapes = np.asarray(frame.geometry.array, dtype=object)
    ids = [str(one) for one in frame.index]
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    valid = shapely.is_valid(shapes)
    found = [Finding("no-footprint", ids[row], "the building has no footprint") for row in np.flatnonzero(empty)]
    for row in np.flatnonzero(~valid & ~empty):
        reason = shapely.is_valid_reason(shapes[row])
        found.append(Finding("footprint-invalid", ids[row], f"the footprint is not a valid polygon: {reason}"))
    return found + overlaps(shapes, np.flatnonzero(valid & ~empty), ids)


def _cellars(city: City) -> list[Finding]:
    """Cellars that lie over each other: there are such, one above the other, but more often an outline is wrong."""
    shapes = np.asarray(city.cellars.geometry.array, dtype=object)
    usable = np.flatnonzero(shapely.is_valid(shapes) & ~shapely.is_empty(shapes) & (shapely.get_dimensions(shapes) == 2))
    ids = [str(one) for one in city.cellars.index]
    first, second = shapely.STRtree(shapes[usable]).query(shapes[usable], predicate="intersects")
    first, second = usable[first[first < second]], usable[second[first < second]]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    return [
        Finding("cellar-overlap", ids[one], f"its outline overlaps that of cellar {ids[other]} by {area:.1f} m2")
        for one, other, area in zip(first, second, shared, strict=True)
        if area > OVERLAP_M2
    ]


def overlaps(shapes: NDArray[np.object_], usable: NDArray[np.int64], ids: list[str]) -> list[Finding]:
    """Footprints that lie over each other.

    Parameters
    ----------
    shapes : (N,) object
        Footprints.
    usable : (U,) int64
        Those that are valid and not empty.
    ids : list of str
        Their names (N,).
    """
    found: list[Finding] = []
    area = shapely.area(shapes)
    usable, same = _distinct(shapes, usable)
    for one, other in same:
        if area[one] > OVERLAP_M2:
            message = f"its footprint overlaps that of {ids[other]} by {area[other]:.1f} m2"
            found.append(Finding("footprint-overlap", ids[one], message))
    first, second, all_seen = _candidates(shapes, usable, area)
    shapely.prepare(shapes[np.unique(first)])
    meet = shapely.intersects(shapes[first], shapes[second])
    first, second = first[meet], second[meet]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    smaller = np.minimum(area[first], area[second])
    over = np.flatnonzero((shared > OVERLAP_M2) & (shared > OVERLAP_PART * smaller))
    for pair in over.tolist():
        message = f"its footprint overlaps that of {ids[second[pair]]} by {shared[pair]:.1f} m2"
        found.append(Finding("footprint-overlap", ids[first[pair]], message))
    if not all_seen:
        message = f"too many footprints lie over each other, of {len(over)} it is told: the rest was not looked at"
        found.append(Finding("not-checked", "", message, "info"))
    return found


def _distinct(shapes: NDArray[np.object_], usable: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
    """Footprints without those that are the same as an earlier one, and pairs of an earlier one and one that is the same."""
    seen: dict[bytes, int] = {}
    same: list[tuple[int, int]] = []
    keep = np.ones(len(usable), dtype=bool)
    for number, (row, key) in enumerate(zip(usable.tolist(), shapely.to_wkb(shapely.normalize(shapes[usable])), strict=True)):
        first = seen.setdefault(key, row)
        if first != row:
            same.append((first, row))
            keep[number] = False
    return usable[keep], same


def _candidates(
    shapes: NDArray[np.object_], usable: NDArray[np.int64], area: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Pairs of footprints whose boxes overlap by enough, and whether these are all: no more than the size of the city bears."""
    boxes, corners = shapely.bounds(shapes), shapely.get_num_coordinates(shapes)
    left = max(LEAST_CORNERS, CORNERS_EACH * int(corners[usable].sum()))
    tree = shapely.STRtree(shapes[usable])
    pairs: list[NDArray[np.int64]] = []
    # a question has at most so many answers, so that they fit in memory wherever the footprints lie
    at_once = max(ROWS_AT_ONCE, PAIRS_AT_ONCE // max(1, len(usable)))
    boxes_left = max(LEAST_BOXES, BOXES_EACH * len(usable))
    for start in range(0, len(usable), at_once):
        mine, other = tree.query(shapes[usable[start : start + at_once]])
        boxes_left -= len(mine)
        mine += start
        first, second = usable[mine[mine < other]], usable[other[mine < other]]
        sides = np.minimum(boxes[first, 2:], boxes[second, 2:]) - np.maximum(boxes[first, :2], boxes[second, :2])
        most = np.prod(np.maximum(sides, 0.0), axis=1)
        enough = (most > OVERLAP_M2) & (most > OVERLAP_PART * np.minimum(area[first], area[second]))
        first, second = first[enough], second[enough]
        spent = np.cumsum(corners[first] + corners[second])
        within = int(np.searchsorted(spent, left, side="right"))
        pairs.append(np.stack([first[:within], second[:within]]))
        if within < len(first) or boxes_left < 0:
            return (*np.concatenate(pairs, axis=1), False)
        left -= int(spent[-1]) if len(spent) else 0
    return (*np.concatenate([np.empty((2, 0), np.int64), *pairs], axis=1), True)
