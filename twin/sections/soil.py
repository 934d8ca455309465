"""What a section shows of the ground: layers with how well they are known, soundings beside the line, levels of groundwater."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import GeometryError
from twin.geo.subsurface import sounding_profile
from twin.plots.course import Course
from twin.plots.parts import GUESSED, INFERRED, KNOWN, Part, Profile, between, finite, split_at
from twin.soil import SoilModel, groundwater

if TYPE_CHECKING:
    from twin.geo.city import City

SURE = (KNOWN, INFERRED, GUESSED)
"""By the number of `SoilModel.boundaries_at`; what is less certain is not drawn."""
MOST_PLACES = 400
WATER_PLACES = 24
KNOWN_M, INFERRED_M = 25.0, 100.0
"""A level of groundwater from nearer than this is known, or inferred, as boundaries of soil are [m]."""


def known_by_city(city: City) -> bool:
    """Whether a terrain or the feet of buildings tell the height of the ground."""
    return city.terrain is not None or ("ground_m" in city.buildings and bool(city.buildings["ground_m"].notna().any()))


def ground_by_soundings(model: SoilModel, course: Course, ground: Profile) -> Profile:
    """The ground between soundings as these tell it, where nothing else does."""
    if model.given:
        return ground
    height = model.boundaries_at(course.at(ground.distance))["z_m"].to_numpy()[0]
    return Profile(ground.distance, height, np.ones(len(height), bool))


def soil_parts(model: SoilModel, course: Course, ground: Profile) -> list[Part]:
    """Layers below the ground, and the boundaries between them.

    Each layer counts up to the ground as it is, and ends at it where a canal is dug through. How well it is known is told by the
    distance to the nearest sounding that saw its lower boundary; beyond what `SoilModel` guesses nothing is drawn.
    """
    distance = _steps(course, ground)
    found = model.boundaries_at(course.at(distance))
    surface = np.interp(distance, ground.distance, ground.height)
    surface = np.where(np.isfinite(surface), surface, found["z_m"].to_numpy()[0])
    heights = np.minimum(found["z_m"].to_numpy(), surface)
    present = np.diff(found["z_m"].to_numpy(), axis=0) < -1e-3
    # up to the ground where that is higher than soundings say: the uppermost unit that is there takes it
    first = np.where(present.any(axis=0), present.argmax(axis=0), 0)
    for k in range(len(model.units)):
        heights[k] = np.where(first == k, surface, heights[k])
    sure: NDArray[np.int64] = found["certainty"].to_numpy()
    seen = [bool(one.any()) for one in model.seen.T]
    made = []
    for k, kind in enumerate(model.units):
        # nobody saw the bottom of the last unit: soundings end in it
        counts = sure[k + 1] if seen[k + 1] or k == 0 else sure[k]
        for start, end, value in split_at(counts):
            if value >= len(SURE):
                continue
            rows = slice(start, end + 1)
            shapes = between(
                heights[k + 1][rows], np.where(present[k][rows], heights[k][rows], heights[k + 1][rows]), distance[rows]
            )
            told = {"soil_class": kind, "unit": k, "bottom_seen": seen[k + 1]}
            made += [Part("soil", f"unit {k}", shape, kind, SURE[value], told) for shape in shapes]
            if seen[k + 1]:
                made += _boundary(distance[rows], heights[k + 1][rows], surface[rows], k, kind, SURE[value])
    return made


def _steps(course: Course, ground: Profile) -> NDArray[np.float64]:
    """Places along the line at which the ground is asked, with both ends, bends, and both sides of upright walls among them."""
    count = int(np.clip(math.ceil(course.length / 0.5), 2, MOST_PLACES))
    near = np.flatnonzero(np.diff(ground.distance) < 0.01)
    walls = ground.distance[np.union1d(near, near + 1)]
    return np.unique(np.concatenate([np.linspace(0.0, course.length, count + 1), course.offsets, walls]))


def _boundary(
    distance: NDArray[np.float64], height: NDArray[np.float64], surface: NDArray[np.float64], unit: int, above: str, sure: str
) -> list[Part]:
    made = []
    for start, end, below in split_at(height < surface - 1e-6):
        if below and end > start:
            line = shapely.LineString(np.column_stack([distance[start : end + 1], height[start : end + 1]]))
            made.append(Part("boundary", f"bottom of unit {unit}", line, above, sure, {"unit": unit}))
    return made


def sounding_parts(city: City, model: SoilModel | None, course: Course, near_m: float) -> list[Part]:
    """Soundings near the line, each at the place on the line that is nearest, from the ground to where it ends."""
    frame = city.soundings
    made: list[Part] = []
    rows = frame.iloc[np.sort(frame.sindex.query(course.line.buffer(near_m), predicate="intersects"))] if len(frame) else frame
    for key, row in rows.iterrows():
        if row.geometry.geom_type != "Point" or str(key) not in (model.ids if model is not None else ()):
            continue
        at, aside = course.nearest(shapely.get_coordinates(row.geometry)[0])
        mine = model.layers[model.layers["id"] == str(key)] if model is not None else frame.iloc[:0]
        name = str(key)
        told = {"aside_m": aside, "kind": str(row.get("kind")), "layer": "soundings"}
        top, bottom = finite(row.get("surface_m")), float(mine["bottom_z_m"].min())
        line = shapely.LineString([(at, top), (at, bottom)])
        made.append(Part("sounding", name, line, name, KNOWN, {**told, "surface_m": top, "bottom_m": bottom}))
        for layer in mine.itertuples():
            piece = shapely.LineString([(at, layer.top_z_m), (at, layer.bottom_z_m)])
            made.append(Part("sounding layer", name, piece, str(layer.soil_class), KNOWN, {**told, "soil_class": layer.soil_class}))
        trace = _resistance(row, top, bottom)
        if trace is not None:
            made.append(Part("cone", name, shapely.LineString([(at, top), (at, bottom)]), name, KNOWN, {**told, "trace": trace}))
    return made


def _resistance(row: Any, top: float, bottom: float) -> NDArray[np.float64] | None:
    """Cone resistance [MPa] and height [m] of the records of a sounding, (N, 2)."""
    try:
        table = sounding_profile(row)
    except GeometryError:
        return None
    if "qc_MPa" not in table:
        return None
    depth, cone = (table[name].to_numpy(np.float64) for name in ("depth_m", "qc_MPa"))
    good = np.isfinite(depth) & np.isfinite(cone) & (cone >= 0.0) & (top - depth >= bottom - 0.01)
    return np.column_stack([cone[good], top - depth[good]]) if good.sum() > 1 else None


def water_parts(city: City, model: SoilModel | None, course: Course) -> tuple[list[Part], tuple[str, ...]]:
    """Levels of groundwater along the line, phreatic and under the aquitard, by the nearest wells, and what is doubted of them.

    Wells near the line stand in it with their filters: see `well_parts`.
    """
    if not (len(city.wells) or len(city.soundings)):
        return [], ()
    distance = np.linspace(0.0, course.length, WATER_PLACES + 1)
    places = course.at(distance)
    spots = [(float(x), float(y)) for x, y in places]
    found = [groundwater(city, *spot, layers=None if model is None else model.column(*spot)) for spot in spots]
    made: list[Part] = []
    for kind, name in (("phreatic", "phreatic"), ("head", "head")):
        level, source, away = (
            np.array([getattr(one, f"{name}_{what}") for one in found]) for what in ("m", "from", "distance_m")
        )
        sure = np.where(away < KNOWN_M, 0, np.where(away < INFERRED_M, 1, 2))
        same = np.array([f"{who} {how}" if math.isfinite(z) else "" for who, how, z in zip(source, sure, level, strict=True)])
        for start, end, key in split_at(same):
            if key and end > start:
                line = shapely.LineString(np.column_stack([distance[start : end + 1], np.full(end + 1 - start, level[start])]))
                told = {"level_m": float(level[start]), "from": str(source[start]), "distance_m": float(away[start])}
                made.append(Part(kind, str(source[start]), line, "", SURE[int(sure[start])], told))
    return made, tuple(dict.fromkeys(note for one in found for note in one.notes))


def well_parts(city: City, course: Course, near_m: float) -> list[Part]:
    """Tubes near the line in which the groundwater is measured, with their filters."""
    frame = city.wells
    if not len(frame):
        return []
    made = []
    for key, row in frame.iloc[np.sort(frame.sindex.query(course.line.buffer(near_m), predicate="intersects"))].iterrows():
        if row.geometry.geom_type != "Point":
            continue
        at, aside = course.nearest(shapely.get_coordinates(row.geometry)[0])
        top, bottom = finite(row.get("filter_top_m")), finite(row.get("filter_bottom_m"))
        surface = finite(row.get("surface_m"), float(city.ground_at(np.array([row.geometry.x]), np.array([row.geometry.y]))[0]))
        if not (math.isfinite(top) and math.isfinite(bottom) and surface > bottom):
            continue
        told = {"aside_m": aside, "layer": "wells", "head_m": finite(row.get("head_m"))}
        made.append(Part("tube", str(key), shapely.LineString([(at, surface), (at, bottom)]), str(key), KNOWN, told))
        made.append(Part("filter", str(key), shapely.LineString([(at, top), (at, bottom)]), str(key), KNOWN, told))
    return made
