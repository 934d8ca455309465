"""What a section shows of a pit: its stages, walls, struts and anchors, concrete, water and wells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import GeometryError, ParameterError, did_you_mean
from twin.geo.pit_supports import anchors, struts
from twin.geo.pits import Pit, PitStage, PitSupport, pit_of
from twin.plots.course import Course
from twin.plots.parts import GUESSED, KNOWN, Part, Profile

if TYPE_CHECKING:
    from twin.geo.city import City

WALL_M = {"sheet-pile": 0.4, "diaphragm": 0.8, "secant-pile": 0.9, "soldier-pile": 0.3}
"""Usual thickness of walls [m]."""
RISES_M = 0.5
"""How far a wall stands above the ground [m]."""
STRUT_M, GROUT_M, ROD_M = 0.61, 0.25, 0.1
"""Tube of a strut, the grouted part of an anchor and its rod [m]."""
FILTER_M = 3.0
"""Of a well of which no filter is known: its lowest metres, as an estimate [m]."""
SLICES = 33


def pits_of(city: City) -> list[Pit]:
    """The pits of a city of which bottom and top are known."""
    found = []
    for key, row in city.pits.iterrows():
        try:
            found.append(pit_of(row, str(key)))
        except GeometryError:
            continue
    return found


def pit_named(city: City, name: str | None) -> Pit:
    """A pit of a city; without a name its only one, or the only one that is designed.

    Raises
    ------
    ParameterError
        When there is none of that name, or no pit at all, or several and no name.
    """
    pits = pits_of(city)
    known = [pit.id for pit in pits]
    if not pits:
        raise ParameterError("there is no pit to draw a section of", hint="give the line of the section")
    if not name:
        designed = [pit for pit in pits if pit.wall or len(pit.stages) > 1] or pits
        if len(designed) > 1:
            raise ParameterError("there are several pits", hint=f"say which: {', '.join(known)}")
        return designed[0]
    for pit in pits:
        if name in (pit.id, pit.label):
            return pit
    raise ParameterError(f"there is no pit `{name}`{did_you_mean(name, known)}", hint=f"there are: {', '.join(known)}")


def pit_line(pit: Pit, way: str, margin_m: float | None = None) -> shapely.LineString:
    """The line across or along a pit through its middle.

    Parameters
    ----------
    pit : Pit
    way : {"across", "along"}
        Across its longer side, or along it.
    margin_m : float, optional
        How far it goes on beside the pit; by default as far as the ground settles behind a wall, four times the depth, but from
        20 to 60 m [m].

    Raises
    ------
    ParameterError
        For another way, or a margin below 0.
    """
    if way not in ("across", "along"):
        raise ParameterError(f"a section goes across or along a pit, not `{way}`{did_you_mean(way, ('across', 'along'))}")
    margin = float(np.clip(4.0 * pit.depth_m, 20.0, 60.0)) if margin_m is None else float(margin_m)
    if not margin >= 0.0:
        raise ParameterError(f"a margin of {margin_m!r} m is not possible", hint="0 or more, in metres")
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(pit.outline_at_top))
    sides = np.diff(corners, axis=0)[:2]
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    long = int(lengths[1] > lengths[0])
    side = long if way == "along" else 1 - long
    unit = sides[side] / lengths[side]
    # from west to east, or from north to south where it runs that way
    unit = unit if unit[0] > 1e-9 or (abs(unit[0]) <= 1e-9 and unit[1] < 0) else -unit
    middle = corners[:4].mean(axis=0)
    reach = (0.5 * lengths[side] + margin) * unit
    return shapely.LineString([middle - reach, middle + reach])


def without_pits(city: City, course: Course, ground: Profile) -> Profile:
    """The ground as it is beside pits, taken through them: a raster has slopes where a pit has walls."""
    height, cell = ground.height.copy(), city.terrain.grid.cell if city.terrain is not None else 0.5
    for pit in pits_of(city):
        for start, end in course.intervals(pit.outline_at_top.buffer(1.5 * cell, join_style="mitre")):
            inside = (ground.distance >= start) & (ground.distance <= end)
            outside = np.isfinite(height) & ~inside
            if not inside.any():
                continue
            edge = [np.interp(at, ground.distance[outside], height[outside]) if outside.any() else pit.top_m for at in (start, end)]
            level = np.interp(ground.distance[inside], [start, end], edge)
            # a street or quay that is higher than the pit's top stays; what was dug is filled
            height[inside] = np.where(height[inside] < level, level, height[inside])
    return Profile(ground.distance, height, ground.estimated)


def pit_parts(city: City, course: Course, stage: str | None, near_m: float) -> list[Part]:
    """Every pit that the line crosses.

    Parameters
    ----------
    city : City
    course : Course
    stage : str, optional
        Which is drawn as it is then; by default the last of the deepest ones.
    near_m : float
        Wells so near to the line are shown [m].

    Raises
    ------
    ParameterError
        When no pit has a stage of that name.
    """
    pits = pits_of(city)
    names = list(dict.fromkeys(one.id for pit in pits for one in pit.stages))
    if stage is not None and stage not in names:
        raise ParameterError(f"there is no stage `{stage}`{did_you_mean(stage, names)}", hint=f"there are: {', '.join(names)}")
    made: list[Part] = []
    for pit in _without_outlines(pits):
        edges = course.intervals(pit.outline_at_top)
        if edges:
            made += _one(city, pit, course, edges, stage_of(pit, stage), near_m)
    return made


def _without_outlines(pits: list[Pit]) -> list[Pit]:
    """Pits, but for mere outlines in whose place a pit is designed."""
    designed = [pit for pit in pits if pit.wall or len(pit.stages) > 1]
    kept = []
    for pit in pits:
        shares = (pit.outline.intersection(other.outline_at_top).area / max(pit.outline.area, 1e-9) for other in designed)
        if pit in designed or not any(share > 0.5 for share in shares):
            kept.append(pit)
    return kept


def in_place_of(pits: list[Pit], city: City, parts: list[Part]) -> list[Part]:
    """Parts of a section, with trees that stand where a pit is dug told apart (``in_pit``)."""
    dug = shapely.union_all([pit.outline_at_top for pit in pits if _is_dug(city, pit)])
    made = []
    for part in parts:
        if part.kind in ("tree", "trunk"):
            goes = bool(dug.intersects(city.trees.geometry[part.id]))
            part = part._replace(values={**part.values, "in_pit": goes})
        made.append(part)
    return made


def stage_of(pit: Pit, stage: str | None) -> PitStage:
    """The stage that is shown: the one that is asked for, or else the last of the deepest ones."""
    asked = next((one for one in pit.stages if one.id == stage), None)
    if asked is not None:
        return asked
    lowest = min(one.floor_m for one in pit.stages)
    return [one for one in pit.stages if one.floor_m <= lowest + 1e-9][-1]


def _one(city: City, pit: Pit, course: Course, edges: list[tuple[float, float]], now: PitStage, near_m: float) -> list[Part]:
    dug, told = _is_dug(city, pit), {"pit": pit.id, "layer": "pits"}
    whole = _whole(pit, course)
    made = []
    seen = {now.floor_m}
    for k, one in enumerate(pit.stages):
        shown = one.id == now.id
        if one.floor_m in seen and not shown:
            continue
        seen.add(one.floor_m)
        shape = shapely.intersection(whole, shapely.box(-1e6, one.floor_m, 1e6, 1e6))
        kind = "pit" if shown else "pit stage"
        values = {**told, "stage": one.id, "floor_m": one.floor_m, "number": k + 1, "dug": dug, "top_m": pit.top_m}
        values["of_stages"], values["starts"] = len(pit.stages), "" if one.starts is None else one.starts.isoformat()
        made.append(Part(kind, f"{pit.id}: {one.id}", shape, pit.label, KNOWN, values))
    if math.isfinite(now.water_m) and now.water_m > now.floor_m:
        water = shapely.intersection(whole, shapely.box(-1e6, now.floor_m, 1e6, now.water_m))
        made.append(Part("pit water", pit.id, water, pit.label, KNOWN, {**told, "level_m": now.water_m}))
    floors = course.intervals(pit.outline)
    concreted = now.concreted or not any(one.concreted for one in pit.stages)
    if pit.concrete_m > 0 and concreted and now.floor_m <= pit.bottom_m + 1e-9:
        slabs = shapely.union_all([shapely.box(a, pit.bottom_m - pit.concrete_m, b, pit.bottom_m) for a, b in floors])
        made.append(Part("concrete", pit.id, slabs, pit.label, KNOWN, {**told, "thickness_m": pit.concrete_m}))
    made += _walls(pit, course, floors, told)
    for support in pit.supports_in(now.id):
        made += _supports(pit, support, course, told)
    return made + _wells(pit, course, near_m, told)


def _is_dug(city: City, pit: Pit) -> bool:
    """Whether the ground of the city has the pit in it; without a terrain a pit that is designed counts as dug."""
    if city.terrain is None:
        return bool(pit.wall) or len(pit.stages) > 1
    spot = pit.outline.representative_point()
    there = float(city.terrain.at(np.array([spot.x]), np.array([spot.y]))[0])
    return math.isfinite(there) and there < pit.top_m - 0.5 * pit.depth_m


def _whole(pit: Pit, course: Course) -> Any:
    """All that is dug in the end, with faces as they slope."""
    if math.isinf(pit.slope):
        return shapely.union_all([shapely.box(a, pit.bottom_m, b, pit.top_m) for a, b in course.intervals(pit.outline)])
    levels = np.linspace(pit.bottom_m, pit.top_m, SLICES)
    reach = [course.intervals(pit.outline_at(float(z))) for z in levels]
    made = []
    for (low, below), (high, above) in pairwise(zip(levels, reach, strict=True)):
        below = below if len(below) == len(above) else above
        made += [shapely.Polygon([(a, low), (b, low), (d, high), (c, high)]) for (a, b), (c, d) in zip(below, above, strict=True)]
    return shapely.union_all(made, grid_size=1e-6)


def _walls(pit: Pit, course: Course, floors: Sequence[tuple[float, float]], told: dict[str, Any]) -> list[Part]:
    if pit.wall in ("", "slope"):
        return []
    toe = pit.toe_m if math.isfinite(pit.toe_m) else pit.bottom_m
    thick, values = WALL_M[pit.wall], {**told, "wall": pit.wall, "toe_m": toe}
    made = []
    for start, end in floors:
        for at, outward in ((start, -1.0), (end, 1.0)):
            if 1e-6 < at < course.length - 1e-6:
                shape = shapely.box(min(at, at + outward * thick), toe, max(at, at + outward * thick), pit.top_m + RISES_M)
                made.append(Part("wall", pit.id, shape, pit.label, KNOWN if math.isfinite(pit.toe_m) else GUESSED, values))
    return made


def _supports(pit: Pit, support: PitSupport, course: Course, told: dict[str, Any]) -> list[Part]:
    """Struts or anchors of a layer, of those within a spacing of the line the nearest to each place on it."""
    ends: NDArray[np.float64] = (struts if support.kind == "strut" else anchors)(pit, support)
    found: dict[tuple[int, int], tuple[float, Part]] = {}
    values = {**told, "level_m": support.level_m, "spacing_m": support.spacing_m}
    for one in ends:
        plan = shapely.LineString(one[:, :2])
        away = float(plan.distance(course.line))
        if away > support.spacing_m:
            continue
        (first, _), (last, _) = (course.nearest(one[k, :2]) for k in (0, 1))
        long = float(np.hypot(last - first, one[1, 2] - one[0, 2]))
        seen_from_its_end = abs(last - first) < 0.3 * plan.length
        if seen_from_its_end and support.kind == "anchor":
            continue
        if seen_from_its_end:
            shape = shapely.Point(0.5 * (first + last), support.level_m).buffer(STRUT_M / 2)
        elif support.kind == "strut":
            shape = shapely.box(min(first, last), support.level_m - STRUT_M / 2, max(first, last), support.level_m + STRUT_M / 2)
        else:
            shape = shapely.LineString([(first, one[0, 2]), (last, one[1, 2])])
        part = Part(support.kind, support.id, shape, pit.label, KNOWN, {**values, "aside_m": away, "length_m": long})
        place = (round(first), round(last))
        if place not in found or away < found[place][0]:
            found[place] = (away, part)
    return _nearest_only([one for _, one in sorted(found.items())])


def _nearest_only(found: list[tuple[float, Part]]) -> list[Part]:
    """Of what lies over each other only the nearest."""
    kept: list[Part] = []
    for _, part in sorted(found, key=lambda one: one[0]):
        if not any(part.shape.buffer(0.05).intersects(other.shape) for other in kept):
            kept.append(part)
    return kept


def _wells(pit: Pit, course: Course, near_m: float, told: dict[str, Any]) -> list[Part]:
    made = []
    low = pit.toe_m if math.isfinite(pit.toe_m) else pit.bottom_m - 5.0
    for well in pit.wells:
        at, aside = course.nearest(np.array([well.x, well.y]))
        if abs(aside) > near_m:
            continue
        values = {**told, "aside_m": aside, "m3_per_day": well.m3_per_day}
        made.append(Part("well", well.id, shapely.LineString([(at, pit.top_m + RISES_M), (at, low)]), well.id, GUESSED, values))
        made.append(Part("well filter", well.id, shapely.LineString([(at, low + FILTER_M), (at, low)]), well.id, GUESSED, values))
    return made
