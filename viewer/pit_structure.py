"""What a pit is held and kept dry by: walls, walings, struts, anchors, underwater concrete and wells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.along import points_along
from twin.geo.pit_supports import anchors, struts
from twin.geo.pits import Pit, PitStage
from viewer import props, shapes, style
from viewer.changes import PlacedChange
from viewer.pit_stages import NOT_BEGUN, has_concrete, stage_in
from viewer.pits import UNDERWATER
from viewer.scene import Colour, MeshLayer
from viewer.sheet_piles import SHEET_M, WAVE_DEEP_M, rings_of, waved
from viewer.stages import SceneStage

RISES_M = 0.5
"""How far a wall stands above the ground [m]."""
THICK_M = {"diaphragm": 0.8, "secant-pile": 0.9, "soldier-pile": 0.3}
"""Usual thickness of walls [m]."""
STRUT_M, WALING_M, GROUT_M, ROD_M = 0.61, 0.5, 0.25, 0.1
"""Tube of a strut, height of a waling, the grouted part of an anchor and its rod [m]."""
STEEL: Colour = (92, 104, 116)
STRUT: Colour = (226, 166, 40)
PUMP: Colour = (44, 112, 190)
NOT_IN_WAY_M = 0.03


def structure_layers(pits: Sequence[PlacedChange], stage: SceneStage | None = None) -> list[MeshLayer]:
    """Walls, supports, concrete and wells of pits, as far as they are designed.

    Parameters
    ----------
    pits : sequence of PlacedChange
        Of kind ``"excavation"``.
    stage : SceneStage, optional
        Only what is there when this stage is done; by default all that is there in the deepest one.
    """
    parts = {
        "pit_wall": _Part("Walls of the pit"), "pit_supports": _Part("Struts and anchors"),
        "pit_concrete": _Part(UNDERWATER), "pit_wells": _Part("Pumped wells"),
    }  # fmt: skip
    for item in pits:
        pit = item.pit
        if pit is None:
            continue
        now = stage_in(pit, stage)
        if now.id == NOT_BEGUN:
            continue
        _walls(pit, parts["pit_wall"])
        _supports(pit, now, parts["pit_supports"])
        if has_concrete(pit, now):
            part = parts["pit_concrete"]
            row = part.row(pit, UNDERWATER, f"{pit.concrete_m:g} m thick")
            under = shapely.buffer(pit.outline, -NOT_IN_WAY_M, join_style="mitre")
            part.builder.add(*shapes.prism(under, pit.bottom_m - pit.concrete_m, pit.bottom_m - 0.02), style.CONCRETE, row)
        _wells(pit, parts["pit_wells"])
    return [part.layer(name) for name, part in parts.items() if len(part.builder)]


class _Part:
    """Triangles of one layer, and what is said of each thing in it."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.builder = shapes.MeshBuilder()
        self.table: dict[str, list[Any]] = {"id": [], "pit": [], "what": []}

    def row(self, pit: Pit, name: str, what: str) -> int:
        for key, value in zip(self.table, (name, pit.label, what), strict=True):
            self.table[key].append(value)
        return len(self.table["id"]) - 1

    def layer(self, name: str) -> MeshLayer:
        vertices, triangles, colours, owner = self.builder.arrays()
        return MeshLayer(name, self.label, vertices, triangles, colours, owner, self.table, "change", edges=True, casts_shadow=True)


def _walls(pit: Pit, part: _Part) -> None:
    if pit.wall in ("", "slope"):
        return
    toe = pit.toe_m if math.isfinite(pit.toe_m) else pit.bottom_m
    row = part.row(pit, f"{pit.wall.replace('-', ' ').capitalize()} wall", f"{pit.top_m - toe:.1f} m deep")
    course = shapely.buffer(pit.outline, NOT_IN_WAY_M, join_style="mitre")
    top = pit.top_m + RISES_M
    if pit.wall == "sheet-pile":
        part.builder.add(*shapes.prism(_sheets(course), toe, top), STEEL, row)
        cap = shapely.buffer(course, WAVE_DEEP_M, join_style="mitre").difference(course)
        part.builder.add(*shapes.prism(cap, top, top + 0.12), STEEL, row)
        return
    thick = THICK_M[pit.wall]
    ring = shapely.buffer(course, thick, join_style="mitre").difference(course)
    if pit.wall == "diaphragm":
        part.builder.add(*shapes.prism(ring, toe, top - 0.2), style.CONCRETE, row)
        return
    middle = shapely.buffer(course, thick / 2, join_style="mitre").boundary
    spaced, _ = points_along(middle, 0.75 * thick if pit.wall == "secant-pile" else 2.0)
    piles = props.placed(*props.tube(thick / 2, toe, top, 10), np.column_stack([spaced, np.zeros(len(spaced))]))
    part.builder.add(*piles, style.CONCRETE if pit.wall == "secant-pile" else STEEL, row)
    if pit.wall == "soldier-pile":
        planks = shapely.buffer(course, 0.12, join_style="mitre").difference(course)
        part.builder.add(*shapes.prism(planks, pit.bottom_m, top - 0.2), (150, 112, 76), row)


def _sheets(outline: BaseGeometry) -> BaseGeometry:
    """The plan of a sheet pile wall round an outline: a thin band that goes out and in."""
    paths = (waved(ring, 0.06, WAVE_DEEP_M - 0.06) for polygon in shapes.polygons(outline) for ring in rings_of(polygon))
    return shapely.union_all([shapely.buffer(shapely.LinearRing(path), SHEET_M / 2, join_style="mitre") for path in paths])


def _supports(pit: Pit, now: PitStage, part: _Part) -> None:
    for support in pit.supports_in(now.id):
        inside = shapely.buffer(pit.outline, -WALING_M / 2 - 0.05, join_style="mitre")
        row = part.row(pit, f"{support.kind.capitalize()}s `{support.id}`", f"every {support.spacing_m:g} m")
        low, high = support.level_m - WALING_M / 2, support.level_m + WALING_M / 2
        for polygon in shapes.polygons(inside):
            part.builder.add(*shapes.wall_along(polygon, WALING_M, low, high), STRUT, row)
        if support.kind == "strut":
            ends = struts(pit, support)
            for first, second in ends:
                part.builder.add(*_rod(first, second, STRUT_M), STRUT, row)
        else:
            ends = anchors(pit, support)
            for first, second in ends:
                grout = first + 0.6 * (second - first)
                part.builder.add(*_rod(first, second, ROD_M), STEEL, row)
                part.builder.add(*_rod(grout, second, GROUT_M), style.CONCRETE, row)


def _rod(first: NDArray[np.float64], second: NDArray[np.float64], width: float) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A round rod from one point to another, closed at both ends."""
    along = second - first
    length = float(np.linalg.norm(along))
    vertices, faces = props.tube(width / 2, 0.0, length, 10)
    vertices = np.vstack([vertices, [[0.0, 0.0, 0.0]]])
    ring = np.arange(10)
    foot = np.column_stack([(ring + 1) % 10, ring, np.full(10, len(vertices) - 1)])
    unit = along / max(length, 1e-9)
    aside = np.cross(unit, [0.0, 0.0, 1.0])
    aside = aside / np.linalg.norm(aside) if np.linalg.norm(aside) > 1e-6 else np.array([1.0, 0.0, 0.0])
    turned = vertices @ np.stack([aside, np.cross(unit, aside), unit])
    return turned + first, np.concatenate([faces, foot]).astype(np.int32)


def _wells(pit: Pit, part: _Part) -> None:
    low = pit.toe_m if math.isfinite(pit.toe_m) else pit.bottom_m - 5.0
    for well in pit.wells:
        pumped = f"{well.m3_per_day:,.0f} m³ a day" if math.isfinite(well.m3_per_day) else "as much as the levels ask for"
        row = part.row(pit, f"Well `{well.id}`", pumped)
        foot = np.array([[well.x, well.y, 0.0]])
        part.builder.add(*props.placed(*props.tube(0.2, low, pit.top_m + 1.0, 10), foot), PUMP, row)
        part.builder.add(*props.placed(*props.tube(0.45, pit.top_m, pit.top_m + 0.35, 12), foot), style.LAMP, row)

