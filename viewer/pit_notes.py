"""What is written beside a pit that is cut open, and from where it is seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from viewer.changes import PlacedChange
from viewer.clip import Plane
from viewer.groundwater import BEFORE, HEAD, HEAD_BEFORE, NOW, Level
from viewer.pit_stages import NOT_BEGUN, has_concrete, stage_in
from viewer.pit_structure import RISES_M
from viewer.planes import PIT
from viewer.scene import AnnotationLayer, LineLayer, Section, View
from viewer.soil_block import SoilBlock
from viewer.stages import SceneStage
from viewer.views import fit

NOTES = "pit_notes"
"""Name of the layer of what is written; of the viewer's own words, so they are translated."""
WATER_AT_M, WATER_AT = 2.5, 0.045
"""Levels of groundwater, and layers, are told so far from the wall at most [m], and as a share of the length of the pit; all in one
line, so that no leader crosses another."""
INK, WALL = (36, 40, 48), (52, 62, 74)
BESIDE, LEFT, RIGHT = 0.09, 0.38, 0.52
"""How far beside a pit texts begin, and how far the picture goes on, as shares of its length [1]."""
APART = 0.036
"""Texts are so far from each other, as a share of how high the picture is [1]."""
ALTITUDE_DEG, TURN_DEG, ANGLE_DEG = 20.0, 19.0, 22.0
"""The camera looks down, and aside, on the cut; its angle is small, so that what is level does not seem to slope much."""


class Span(NamedTuple):
    """Where the plane of a section goes through a pit, in the plane's axes, and how high and low what belongs to it is."""

    left: float
    right: float
    top: float
    low: float


def span_of(item: PlacedChange, plane: Plane) -> Span | None:
    """None where the plane misses the pit."""
    middle = plane.flat(np.append(shapely.get_coordinates(item.shape.centroid)[0], item.z)[None])[0, 0]
    reach = 2.0 * float(np.hypot(*np.diff(np.reshape(item.shape.bounds, (2, 2)), axis=0)[0]))
    ends = plane.placed(np.array([[middle - reach, 0.0], [middle + reach, 0.0]]))[:, :2]
    part = shapely.intersection(shapely.LineString(ends), item.shape)
    if part.is_empty:
        return None
    at = shapely.get_coordinates(part) @ plane.right[:2]
    floor = item.z - item.height
    low = floor if item.pit is None or not math.isfinite(item.pit.toe_m) else min(item.pit.toe_m, floor)
    return Span(float(at.min()), float(at.max()), item.z, low)


def pit_view(item: PlacedChange, section: Section, cellars: Sequence[shapely.Geometry] = ()) -> View | None:
    """A camera that looks at a slant on a pit that is cut open: all of it, its walls to their toe, and what stands behind it."""
    plane = Plane.of(section.point, section.normal)
    span = span_of(item, plane)
    if span is None:
        return None
    wide, deep = span.right - span.left, span.top - span.low
    size = wide + 6.0
    sides = (span.left - LEFT * size, span.right + RIGHT * size)
    corners = [(u, span.top) for u in sides] + [(sides[0], span.low), (span.right, span.low), (span.right, span.low - 0.2 * deep)]
    points = plane.placed(np.array(corners))
    behind = points[:2] - 0.5 * (wide + 10.0) * plane.normal + np.array([0.0, 0.0, 0.7 * deep])
    # cellars lie on the side from which they are seen
    spots = [float(shapely.get_coordinates(one.centroid)[0] @ plane.right[:2]) - (span.left + span.right) / 2 for one in cellars]
    turn = -TURN_DEG if spots and np.mean(spots) > 0 else TURN_DEG
    azimuth = math.degrees(math.atan2(plane.normal[0], plane.normal[1])) + turn
    flat = math.cos(math.radians(ALTITUDE_DEG))
    east, north = math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))
    toward = np.array([flat * east, flat * north, math.sin(math.radians(ALTITUDE_DEG))])
    made = fit(np.vstack([points, behind]), toward, ANGLE_DEG, 1.6, 1.03, 0.06)
    return View(PIT, section.label, made.eye, made.target, made.angle_deg, section.name)


def pit_notes(
    item: PlacedChange, section: Section, stage: SceneStage | None, soil: SoilBlock | None, levels: Sequence[Level], datum: float,
    system: str,
) -> AnnotationLayer | None:  # fmt: skip
    """Levels beside a pit in a stage, and the names of the layers on its other side.

    Parameters
    ----------
    datum : float
        Height of z = 0 in the vertical datum [m].
    system : str
        Name of that datum, written before a level; may be empty.
    """
    plane = Plane.of(section.point, section.normal)
    span = span_of(item, plane)
    if span is None:
        return None
    left = _levels(item, span, stage)
    right = [*_waters(span, levels, plane), *_soils(item, span, soil, plane)]
    size = span.right - span.left + 6.0
    aside, gap = BESIDE * size, APART * (1.0 + LEFT + RIGHT) * size / 1.6 * 1.1
    starts: list[NDArray[np.float64]] = []
    ends: list[NDArray[np.float64]] = []
    texts: list[str] = []
    for marks, at, out in ((left, span.left, -1.0), (right, span.right, 1.0)):
        heights = spread(np.array([mark[0] for mark in marks]), gap)
        for (z, words, reach, level), height in zip(marks, heights.tolist(), strict=True):
            written = f"{words}: {told(z + datum, system)}" if level else words
            starts.append(np.array([at + out * reach, z]))
            ends.append(np.array([at + out * aside, height]))
            texts.append(written)
    if not texts:
        return None
    one, two = plane.placed(np.array(starts), 0.04), plane.placed(np.array(ends), 0.04)
    return AnnotationLayer(NOTES, "Levels and layers", one, two, tuple(texts), INK, group=f"section-{PIT}", visible=False)


MEASURES = "pit_measures"
"""Name of the layer of measures of a pit."""
LEAST_M = 0.3
"""Shorter measures are not drawn [m]."""


def pit_measures(item: PlacedChange, section: Section, stage: SceneStage | None) -> AnnotationLayer | None:
    """How long a pit is in its section, how deep in a stage, and how far its wall goes on below the floor."""
    plane, pit = Plane.of(section.point, section.normal), item.pit
    span = span_of(item, plane)
    if span is None or pit is None:
        return None
    now = stage_in(pit, stage)
    wide, floor = span.right - span.left, now.floor_m
    if now.id == NOT_BEGUN or span.top - floor < LEAST_M:
        return None
    at, under = span.right - 0.05 * wide, 0.03 * wide
    lengths = [((span.left, floor - under), (span.right, floor - under)), ((at, floor), (at, span.top))]
    if pit.wall not in ("", "slope") and math.isfinite(pit.toe_m) and floor - pit.toe_m >= LEAST_M:
        lengths.append(((at, pit.toe_m), (at, floor)))
    ends = np.array(lengths)
    texts = tuple(f"{size:.1f} m" for size in np.hypot(*(ends[:, 1] - ends[:, 0]).T))
    one, two = plane.placed(ends[:, 0], 0.04), plane.placed(ends[:, 1], 0.04)
    return AnnotationLayer(MEASURES, "Measures", one, two, texts, INK, dimension=True, group=f"section-{PIT}", visible=False)


def wall_lines(item: PlacedChange, section: Section, stage: SceneStage | None) -> LineLayer | None:
    """The walls of a pit where the section goes through them, from top to toe, so that they are seen at any scale."""
    plane, pit = Plane.of(section.point, section.normal), item.pit
    span = span_of(item, plane)
    if span is None or pit is None or pit.wall in ("", "slope") or not math.isfinite(pit.toe_m):
        return None
    if stage_in(pit, stage).id == NOT_BEGUN:
        return None
    ends = (span.left - 0.1, span.right + 0.1)
    paths = tuple(plane.placed(np.array([[u, pit.toe_m], [u, span.top + RISES_M]]), 0.05) for u in ends)
    return LineLayer("pit_wall_lines", "Walls of the pit, cut", paths, WALL, 4.5, f"section-{PIT}", visible=False)


def told(level: float, system: str) -> str:
    """A level in words: ``NAP −1.55 m``."""
    sign = "+" if level >= 0 else "−"
    return f"{system} {sign}{abs(level):.2f} m".strip()


def spread(heights: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Heights moved as little as it takes to be a gap apart, in their order."""
    order = np.argsort(-heights, kind="stable")
    groups: list[tuple[float, int]] = []  # middle and number of texts that stand against each other
    for value in heights[order]:
        groups.append((float(value), 1))
        while len(groups) > 1 and groups[-2][0] - groups[-1][0] < gap * (groups[-2][1] + groups[-1][1]) / 2 - 1e-12:
            (one, n), (two, m) = groups[-2], groups[-1]
            groups[-2:] = [((n * one + m * two) / (n + m), n + m)]
    out = np.empty(len(heights))
    placed = [middle + gap * ((count - 1) / 2 - k) for middle, count in groups for k in range(count)]
    out[order] = placed
    return out


Mark = tuple[float, str, float, bool]
"""Height, words, how far beside the pit the thing is, and whether its level is written."""


def _levels(item: PlacedChange, span: Span, stage: SceneStage | None) -> list[Mark]:
    """What is dug and what holds it."""
    found: list[Mark] = [(span.top, "Ground level", 0.4, True)]
    pit = item.pit
    floor = item.z - item.height
    if pit is not None:
        now = stage_in(pit, stage)
        floor = now.floor_m
        if now.id == NOT_BEGUN:
            return found
        if pit.wall not in ("", "slope"):
            found = [(span.top + RISES_M, "Top of the wall", 0.1, True), (span.top, "Ground level", 0.7, True)]
            if math.isfinite(pit.toe_m):
                found.append((pit.toe_m, "Toe of the wall", 0.1, True))
        for support in pit.supports_in(now.id):
            found.append((support.level_m, f"{support.kind.capitalize()}s, {support.id}", -0.5, True))
        if now.water_m > floor + 0.01:
            found.append((now.water_m, "Water in the pit", -1.0, True))
        if has_concrete(pit, now):
            found.append((floor - pit.concrete_m, "Concrete, underside", -0.6, True))
    found.append((floor, "Floor of the pit", -0.6, True))
    return found


WATERS = {NOW: "Groundwater", BEFORE: "Groundwater, before", HEAD: "Head under clay", HEAD_BEFORE: "Head under clay, before"}
"""What is written of each level of water."""


def _beside(span: Span) -> float:
    """How far from the wall levels of groundwater and layers are told [m]."""
    return min(WATER_AT_M, WATER_AT * (span.right - span.left + 6.0))


def _waters(span: Span, levels: Sequence[Level], plane: Plane) -> list[Mark]:
    """Levels of groundwater right of the pit, a little away from its wall."""
    found: list[Mark] = []
    for level in levels:
        beside = plane.placed(np.array([[span.right + _beside(span), 0.0]]))[:, :2]
        z = float(level.at(beside)[0])
        if math.isfinite(z) and span.low < z < span.top:
            found.append((z, WATERS[level.label], _beside(span), True))
    return found


def _soils(item: PlacedChange, span: Span, soil: SoilBlock | None, plane: Plane) -> list[Mark]:
    """Names of layers in the middle of each, right of the pit."""
    if soil is None:
        return []
    beside = plane.placed(np.array([[span.right + _beside(span), 0.0]]))[:, :2]
    heights = soil.reaching(soil.heights_at(beside), np.array([item.z]))[0]
    if not np.isfinite(heights).all():
        return []
    found: list[Mark] = []
    for unit, kind in enumerate(soil.units):
        top, low = heights[unit], max(heights[unit + 1], span.low - 1.0)
        if kind and top - low > 0.1:
            found.append((float((top + low) / 2), kind, _beside(span), False))
    return found
