"""What is written in a section: heights of roofs, names, damage, levels of water, measures of vaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from twin import palette
from twin.plots.canvas import INK, SOFT, rgb
from twin.plots.parts import Part
from twin.plots.sketch import Sketch
from twin.plots.words import number


def letter_parts(sketch: Sketch, parts: list[Part], damage: Mapping[str, Mapping[str, Any]]) -> None:
    """Heights of roofs, names, damage, levels of water, measures of vaults."""
    for part in parts:
        if part.kind == "building":
            _letter_roof(sketch, part, damage.get(part.id) or damage.get(part.id.rsplit("-", 1)[0]) or {})
    for part in parts:
        west, _, east, high = part.shape.bounds
        if part.kind == "water":
            spots = [(west + share * (east - west), high) for share in (0.5, 0.2, 0.75)]
            sketch.letters.write(sketch.level(high), spots, points=7.5, ha="left", va="bottom", offset=(1.8, 0.4), mark=1.2,
                                 color=rgb(palette.WATER), gid="water level",
                                 bbox={"boxstyle": "round,pad=0.05", "facecolor": "white", "edgecolor": "none",
                                       "alpha": 0.75})  # fmt: skip
        elif part.kind == "vault":
            _letter_vault(sketch, part)
    for part in parts:
        if part.kind == "street" and part.label:
            (x0, z0), (x1, _) = part.shape.coords[0], part.shape.coords[-1]
            spots = [(x0 + share * (x1 - x0), z0) for share in (0.5, 0.3, 0.7)]
            free = (x0, sketch.low, x1, sketch.high)
            sketch.letters.write(
                part.label, spots, points=7.5, va="bottom", offset=(0.0, 1.4), within=free, color=SOFT, gid="street name"
            )


def _letter_roof(sketch: Sketch, part: Part, found: Mapping[str, Any]) -> None:
    """The height of the top over a building that is wide enough for it; its name and damage in it."""
    west, _, east, top = part.shape.bounds
    told = number(top, 1, sketch.language)
    at = 0.5 * (west + east)
    if top > sketch.high:
        spots = [(at, sketch.high - down / sketch.letters.up) for down in (0.0, 6.0, 12.0)]
        halo = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
        sketch.letters.write(f"↑ {told}", spots, points=7.5, va="top", offset=(0.0, -1.6), gid="roof height", bbox=halo)
    elif (east - west) * sketch.letters.across > 0.8 * sketch.letters.size_of(told, 7.5)[0]:
        sketch.letters.write(told, [(at, top)], points=7.5, va="bottom", offset=(0.0, 0.6), gid="roof height")
    inside = shapely.intersection(part.shape, shapely.box(west, part.shape.bounds[1], east, sketch.high)).representative_point()
    category = found.get("category")
    lines = [part.label] if part.label and not any(map(str.isdigit, part.label.split()[0][-4:])) else []
    if category is not None and np.isfinite(float(category)):
        lines.append(_category(sketch, found))
    for text in lines:
        style: dict[str, Any] = {"color": "white", "fontweight": "bold"} if text != part.label else {"color": INK}
        up = 1.6 / sketch.letters.up
        spots = [(at, inside.y), (at, inside.y - 2 * up), (at, inside.y + 2 * up)]
        if text != part.label:
            worst = min(int(float(category or 0)), 4)
            style["bbox"] = {"boxstyle": "round,pad=0.2", "facecolor": rgb(_DAMAGE[worst]), "edgecolor": INK, "linewidth": 0.5}
            style["color"] = INK if worst < 3 else "white"
        sketch.letters.write(text, spots, points=8.0, gid="damage" if text != part.label else "building name", **style)


def _category(sketch: Sketch, found: Mapping[str, Any]) -> str:
    """The category of damage, with its range where that is more than one."""
    value, low, high = (str(found.get(name, found["category"])) for name in ("category", "category_low", "category_high"))
    if low == high:
        return sketch.told["category"].format(value=value)
    return sketch.told["category_range"].format(value=value, low=low, high=high)


_DAMAGE = ((230, 239, 226), *palette.DAMAGED)


def _letter_vault(sketch: Sketch, part: Part) -> None:
    west, _, east, top = part.shape.bounds
    ring, cover = (float(part.values.get(name, np.nan)) for name in ("ring_m", "cover_m"))
    short = number(ring, 2, sketch.language)
    if np.isfinite(cover):
        told = sketch.told["ring_at"].format(ring=short, cover=number(cover, 2, sketch.language))
    else:
        told = sketch.told["ring_only"].format(ring=short)
    floor = float(part.values["floor_m"])
    at = 0.5 * (west + east)
    inside = (west, floor, east, top - 1.2 * ring)
    wide = sketch.letters.size_of(told, 7.0)[0] < (east - west) * sketch.letters.across
    text = f"{told if wide else told.replace(', ', f',{chr(10)}')}\n{sketch.level(floor)}"
    spots = [(at, floor + share * (top - floor)) for share in (0.45, 0.35)]
    if sketch.letters.write(text, spots, points=7.0, within=inside, gid="vault measures"):
        return
    halo = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.75}
    below = (west - 1.0, -1e4, east + 1.0, floor)
    sketch.letters.write(
        text, [(at, floor)], points=7.0, va="top", offset=(0.0, -1.6), within=below, bbox=halo, gid="vault measures"
    )
