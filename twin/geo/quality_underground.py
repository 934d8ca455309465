"""What is said to lie below the ground, and is drawn above it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.city import City, Finding
from twin.geo.quality_heights import numbers

BURIED = (
    ("relativeToTerrain", ("entirelyBelowTerrain", "substantiallyBelowTerrain")),
    ("relative_to_terrain", ("entirelyBelowTerrain", "substantiallyBelowTerrain")),
)
"""Attributes of CityGML that say that a building lies below the ground."""

REGISTERED = ("relatieveHoogteligging", "relatievehoogteligging", "relatieve_hoogteligging")
"""Attributes of Dutch base registers that state the level; negative below the ground."""

LEVELS = ("layer", "level")
"""Attributes that state the level, whatever their capitals; negative below the ground."""

USES = (
    "function", "class", "usage", "use", "location", "building", "gebruiksfunctie", "gebruiksdoel", "functie", "gebruik",
    "funktion", "nutzung", "ondergronds_type",
)  # fmt: skip
"""Attributes that say in words what a building is for, or where it is, whatever their capitals."""

BELOW = re.compile(
    r"\bunderground\b|\bbasements?\b|\bcellars?\b|\bondergronds|kelders?\b|\bsous?terrain\b|\btiefgarage|\bunterirdisch"
)
"""Words for what lies below the ground; Dutch writes cellars of all kinds in one word."""

ABOVE_TOO = re.compile(r"\b(?:with|met|mit|boven|above|over|access|entrance|ingang|toegang|no|not|geen|zonder|without)\b|[/+&]")
"""Words beside those that leave more than a cellar: a house with one, or the way into it."""

STATES = ("underground", "ondergronds", "is_underground")
"""Attributes that say yes or no."""

ABOVE_M = 0.5
"""What lies below the ground may stand out of it by this [m]."""

LAYERS = ("buildings", "tunnels")
"""Layers whose objects, and parts of objects, say themselves whether they lie below the ground; cellars do."""

DEEPEST = 16
"""Parts of parts are followed so many times."""


def buried(city: City) -> list[Finding]:
    """What is said to lie below the ground and is drawn above it: extruded the wrong way."""
    found: list[Finding] = []
    for name in (*LAYERS, "cellars"):
        frame = city.layers[name]
        if not len(frame):
            continue
        below = np.ones(len(frame), dtype=bool) if name == "cellars" else _said_below(frame)
        rows = np.flatnonzero(below | _hinted_below(frame))
        if not len(rows):
            continue
        low, top = (one[rows] for one in _reach(city, frame, name))
        shapes = np.asarray(frame.geometry.array, dtype=object)[rows]
        there = np.isfinite(top) & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
        at = shapely.get_coordinates(shapely.point_on_surface(shapes[there]))
        surface = np.full(len(rows), np.nan)
        surface[there] = city.ground_at(at[:, 0], at[:, 1])
        found += _above(frame.index[rows], below[rows], low, top, surface)
    return found + _buried_parts(city)


def _buried_parts(city: City) -> list[Finding]:
    """The same of the parts of buildings and tunnels, by what they state themselves."""
    if not len(city.parts) or not len(city.surfaces):
        return []
    below = _said_below(city.parts)
    rows = np.flatnonzero(below | _hinted_below(city.parts))
    objects = city.objects
    place = objects.index.get_indexer(city.parts.index[rows])
    up = _parents(objects)
    root = np.arange(len(objects))
    for _ in range(DEEPEST):
        root = np.where(up[root] >= 0, up[root], root)
    wholes = np.zeros(len(objects), dtype=bool)
    for name in LAYERS:
        wholes |= objects.index.isin(city.layers[name].index)
    known = place >= 0
    known[known] = wholes[root[place[known]]]
    rows, place = rows[known], place[known]
    if not len(rows):
        return []
    own = _bounds(city)
    low, high = _with_parts(own, up)
    sunk = np.zeros(len(objects), dtype=bool)
    sunk[place] = True
    for _ in range(DEEPEST):
        sunk |= (up >= 0) & sunk[up]
    # without a terrain the rest of the same building tells where the ground is
    foot = np.full(len(objects), np.inf)
    np.minimum.at(foot, root[~sunk], own[0][~sunk, 2])
    middle = (low[place, :2] + high[place, :2]) / 2 + city.origin[:2]
    middle[~np.isfinite(middle).all(axis=1)] = np.nan
    surface = city.ground_at(middle[:, 0], middle[:, 1])
    terrain = np.full(len(place), np.nan) if city.terrain is None else city.terrain.at(middle[:, 0], middle[:, 1])
    beside = foot[root[place]] + city.origin[2]
    surface = np.where(~np.isfinite(terrain) & np.isfinite(beside), beside, surface)
    reach = low[place, 2] + city.origin[2], high[place, 2] + city.origin[2]
    return _above(city.parts.index[rows], below[rows], *reach, surface)


def _above(
    ids: pd.Index[str], said: NDArray[np.bool_], low: NDArray[np.float64], top: NDArray[np.float64], ground: NDArray[np.float64]
) -> list[Finding]:
    """Findings of those that stand out of the ground; what only words put below it may be sunk into it at all."""
    wrong = np.isfinite(top) & (top > ground + ABOVE_M) & (said | (low > ground - ABOVE_M))
    found = []
    for row in np.flatnonzero(wrong).tolist():
        message = f"it lies below the ground but rises to {top[row]:.1f} m, where the ground is at {ground[row]:.1f} m"
        found.append(Finding("underground-above", str(ids[row]), message))
    return found


def _said_below(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows whose attributes say that they are below the ground."""
    below = np.zeros(len(frame), dtype=bool)
    for name, words in BURIED:
        if name in frame:
            below |= np.isin(frame[name].astype("str").to_numpy(dtype=object), words)
    for name in REGISTERED:
        if name in frame:
            below |= numbers(frame, name) < 0
    if "storeysBelowGround" in frame and "storeysAboveGround" in frame:
        below |= (numbers(frame, "storeysAboveGround") == 0) & (numbers(frame, "storeysBelowGround") > 0)
    return below


def _hinted_below(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows whose attributes speak of something below the ground in words, or of a level below 0."""
    below = np.zeros(len(frame), dtype=bool)
    for name in frame.columns:
        lower = str(name).lower()
        if lower in LEVELS:
            below |= numbers(frame, name) < 0
        elif lower in USES:
            text = frame[name].astype("str").str.lower().str.replace("_", " ").fillna("")
            says = text.str.contains(BELOW) & ~text.str.contains(ABOVE_TOO)
            below |= says.to_numpy(dtype=bool)
        elif lower in STATES:
            below |= frame[name].astype("str").str.lower().isin(("true", "yes", "ja", "1", "1.0")).to_numpy(dtype=bool)
    return below


def _reach(city: City, frame: pd.DataFrame, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest point of each row: of its triangles and those of its parts, else of its columns [m]."""
    if name == "cellars" and "floor_m" in frame and "crown_m" in frame:
        stated = numbers(frame, "floor_m"), numbers(frame, "floor_m") + numbers(frame, "crown_m")
    else:
        stated = numbers(frame, "ground_m"), numbers(frame, "roof_m")
    if not len(city.surfaces):
        return stated
    low, high = _with_parts(_bounds(city), _parents(city.objects))
    place = city.objects.index.get_indexer(frame.index)
    drawn = place >= 0
    drawn[drawn] = np.isfinite(high[place[drawn], 2])
    heights = (np.where(drawn, one[place, 2] + city.origin[2], other) for one, other in zip((low, high), stated, strict=True))
    lowest, highest = heights
    return lowest, highest


def _parents(objects: pd.DataFrame) -> NDArray[np.int64]:
    """Row of the parent of each object; -1 for none."""
    return np.asarray(objects.index.get_indexer(pd.Index(objects["parent"])), dtype=np.int64)


def _bounds(city: City) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and greatest x, y and z of the triangles of each object (N, 3), relative to the origin of the city [m]."""
    mesh = city.surfaces
    low, high = np.full((len(city.objects), 3), np.inf), np.full((len(city.objects), 3), -np.inf)
    corners = mesh.vertices[mesh.triangles]
    np.minimum.at(low, mesh.owner, corners.min(axis=1))
    np.maximum.at(high, mesh.owner, corners.max(axis=1))
    return low, high


def _with_parts(
    own: tuple[NDArray[np.float64], NDArray[np.float64]], up: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of each object together with its parts, and the parts of those."""
    low, high = own[0].copy(), own[1].copy()
    part = up >= 0
    for _ in range(DEEPEST):
        before = low.copy(), high.copy()
        np.minimum.at(low, up[part], before[0][part])
        np.maximum.at(high, up[part], before[1][part])
        if (low == before[0]).all() and (high == before[1]).all():
            break
    return low, high
