"""How a section draws what lies below the ground: soil, soundings, groundwater."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin import palette
from twin.plots.canvas import INK, rgb
from twin.plots.parts import GUESSED, INFERRED, KNOWN, Part
from twin.plots.sketch import EDGE, Sketch
from twin.plots.words import number

EARTH = (206, 188, 158)
PALER = {KNOWN: 0.42, INFERRED: 0.62, GUESSED: 0.8}
DASHES: dict[str, Any] = {KNOWN: "-", INFERRED: (0, (7, 3)), GUESSED: (0, (1.2, 2.6))}
"""How lines are drawn by how well they are known."""
HATCHES = {"sand": "...", "gravel": "ooo", "clay": "///", "loam": "\\\\\\", "peat": "---", "made ground": "xx", "": "////"}
"""So that soils are told apart without colour."""
HEAD = (120, 60, 160)
MARK_MM = 1.3
"""Half the width of the mark of a level of water on paper [mm]."""
Values = NDArray[np.float64]
COLUMN_MM, CONE_MM, CONE_MPA = 4.0, 13.0, 30.0
"""On paper: width of the column of a sounding, and of the line of its cone resistance, which ends at so many MPa."""


def draw_soil(sketch: Sketch, parts: list[Part]) -> None:
    """Layers by class, paler where they are less well known; then their boundaries."""
    for part in parts:
        if part.kind != "soil" or not sketch.seen_part(part):
            continue
        kind, fill = part.label, palette.SOILS.get(part.label, palette.NOT_DESCRIBED)
        dark = 0.55 if part.certainty != GUESSED else 0.3
        style = {"facecolor": rgb(fill, PALER[part.certainty]), "edgecolor": (*rgb(fill, 0.0), dark)}
        patch = sketch.fill(
            part.shape, gid=f"soil:{kind or 'none'}", hatch=HATCHES.get(kind, ""), zorder=1.2, **{**style, "linewidth": 0}
        )
        if patch is not None:
            from matplotlib.patches import Patch

            known = Patch(facecolor=rgb(fill, PALER[KNOWN]), edgecolor=rgb(fill, 0.0), hatch=HATCHES.get(kind, ""), linewidth=0.4)
            known.set_hatch_linewidth(0.35)
            if part.certainty == GUESSED:
                pale = Patch(facecolor=rgb(fill, PALER[GUESSED]), edgecolor=(*rgb(fill, 0.0), 0.3), hatch=HATCHES.get(kind, ""))
                pale.set_hatch_linewidth(0.35)
                pale.set_linewidth(0.4)
                sketch.note("sure_title", pale, sketch.told["pale_guessed"])
            sketch.note("soil_title", known, sketch.told.get(f"soil_{kind}", sketch.told["soil_not_measured"]))
        if part.kind == "soil" and not part.values["bottom_seen"]:
            _end(sketch, part)
    for part in parts:
        if part.kind == "boundary":
            line = sketch.line(
                part.shape, gid="boundary", color=rgb((80, 66, 52)), linewidth=0.9, linestyle=DASHES[part.certainty], zorder=1.6
            )
            if line is not None:
                sketch.note("sure_title", line, sketch.told[f"sure_{part.certainty}"])


def _end(sketch: Sketch, part: Part) -> None:
    """Where soundings end is no boundary: a layer whose lower side nobody saw fades out there."""
    for one in shapely.get_parts(part.shape):
        ring = shapely.get_coordinates(one.exterior)
        # the lower side of what `between` makes comes first, from left to right
        lower = ring[: int(ring[:, 0].argmax()) + 1]
        for k in range(4):
            band = np.concatenate([lower + np.array([0.0, 0.25 * k]), lower[::-1] + np.array([0.0, 0.25 * (k + 1)])])
            sketch.fill(
                shapely.Polygon(band), gid="end of soundings", facecolor=rgb(EARTH, 0.55), alpha=0.8 - 0.2 * k, linewidth=0,
                zorder=1.25
            )  # fmt: skip
        (line,) = sketch.ax.plot(*lower.T, color=rgb((110, 100, 88)), linewidth=0.8, linestyle=(0, (1, 3)), zorder=1.5, gid="end")
        sketch.note("sure_title", line, sketch.told["soundings_end"])


def draw_edges_of_guesses(sketch: Sketch, parts: list[Part]) -> None:
    """Where a layer goes on as a guess: a thin dashed line that says so, or it is taken for another soil."""
    soils = [part for part in parts if part.kind == "soil" and sketch.seen_part(part)]
    told: set[float] = set()
    for part in soils:
        for other in soils if part.certainty == GUESSED else ():
            if other.certainty == GUESSED or other.label != part.label:
                continue
            for edge in shapely.get_parts(shapely.intersection(part.shape, other.shape, grid_size=1e-6)):
                west, low, east, top = edge.bounds
                if edge.is_empty or east - west > 1e-3 or top - low < 1e-3:
                    continue
                line = shapely.LineString([(west, low), (west, top)])
                sketch.line(line, gid="edge of guess", color=rgb((90, 80, 70)), linewidth=0.6, linestyle=(0, (5, 4)), zorder=1.55)
                if round(west, 1) in told:
                    continue
                aside = 1.0 if part.shape.centroid.x > other.shape.centroid.x else -1.0
                spots = [(west, low + share * (top - low)) for share in (0.2, 0.1, 0.85, 0.5, 0.35, 0.65)]
                halo = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.7}
                if sketch.letters.write(
                    sketch.told["guessed_from"], spots, points=7.5, ha="left" if aside > 0 else "right", bbox=halo,
                    offset=(1.5 * aside, 0.0), color=rgb((90, 80, 70)), gid="guessed from",
                ):  # fmt: skip
                    told.add(round(west, 1))


def name_soil(sketch: Sketch, parts: list[Part]) -> None:
    """The class of each layer, where it is thick enough."""
    for part in parts:
        if part.kind != "soil":
            continue
        told = sketch.told.get(f"soil_{part.label}", sketch.told["soil_not_measured"])
        high = sketch.letters.size_of(told, 8.0)[1] / sketch.letters.up
        seen = shapely.intersection(part.shape, shapely.box(0.0, sketch.low, sketch.length, sketch.high))
        west, _, east, _ = seen.bounds if not seen.is_empty else (0.0, 0.0, -1.0, 0.0)
        for share in (0.5, 0.12, 0.88, 0.3, 0.7):
            at = west + share * (east - west)
            cut = shapely.intersection(seen, shapely.LineString([(at, -1e4), (at, 1e4)]))
            if cut.is_empty or cut.length < high:
                continue
            _, bottom, _, top = max(shapely.get_parts(cut), key=shapely.length).bounds
            halo = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.72}
            if top - bottom >= high and sketch.letters.write(told, [(at, 0.5 * (bottom + top))], bbox=halo, gid="soil name"):
                break


def draw_soundings(sketch: Sketch, parts: list[Part]) -> None:
    """Soundings as columns of their layers, with the cone resistance beside them and their name over them."""
    from matplotlib.patches import Rectangle

    half = 0.5 * sketch.paper(COLUMN_MM)
    for part in parts:
        if part.kind == "sounding layer":
            (x, top), (_, bottom) = shapely.get_coordinates(part.shape)
            fill = palette.SOILS.get(part.label, palette.NOT_DESCRIBED)
            box = Rectangle(
                (x - half, bottom), 2 * half, top - bottom, facecolor=rgb(fill, 0.05), edgecolor=INK, linewidth=0.7, zorder=3.8,
                gid=f"sounding layer:{part.id}", hatch=None if part.label else "////",
            )  # fmt: skip
            sketch.ax.add_patch(box)
            column = Rectangle((0, 0), 1, 1, facecolor="white", edgecolor=INK, linewidth=0.9)
            sketch.note("soil_title", column, sketch.told["sounding"])
        elif part.kind == "cone":
            _draw_cone(sketch, part, half)
    for part in parts:
        if part.kind == "sounding":
            (x, top), (_, bottom) = shapely.get_coordinates(part.shape)
            sketch.line(part.shape, gid=f"sounding:{part.id}", color=INK, linewidth=1.0, zorder=3.75)
            _name_beside(sketch, part, x, top)
            sketch.letters.block((x - half, max(bottom, sketch.low), x + half, top))


def _draw_cone(sketch: Sketch, part: Part, half: float) -> None:
    """Cone resistance as a line that begins at the right edge of the column."""
    trace = part.values["trace"]
    x = part.shape.coords[0][0] + half
    wide = sketch.paper(CONE_MM)
    sketch.ax.plot(
        [x + wide, x + wide], [trace[-1, 1], trace[0, 1]], color=INK, linewidth=0.3, alpha=0.5, zorder=3.7, gid="cone end"
    )
    at = x + wide * np.clip(trace[:, 0] / CONE_MPA, 0.0, 1.0)
    (line,) = sketch.ax.plot(at, trace[:, 1], color=(0.12, 0.16, 0.3), linewidth=0.8, zorder=3.9, gid=f"cone:{part.id}")
    sketch.note("soil_title", line, sketch.told["cone_scale"].format(most=f"{CONE_MPA:g}"))


def _name_beside(sketch: Sketch, part: Part, x: float, top: float) -> None:
    aside = float(part.values["aside_m"])
    side = "aside_on" if abs(aside) < 0.5 else "aside_left" if aside > 0 else "aside_right"
    told = f"{part.label}\n{sketch.told[side].format(value=number(abs(aside), 1, sketch.language))}"
    halo = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": INK, "linewidth": 0.5, "alpha": 0.9}
    up = sketch.letters.up
    for more, shift in ((more, shift) for more in (2.0, 6.0, 10.0, 14.0, 20.0, 26.0) for shift in (0.0, -7.0, 7.0)):
        spot = (x + sketch.paper(shift), top + more / up)
        if sketch.letters.write(told, [spot], points=7.5, va="bottom", bbox=halo, gid=f"name:{part.id}", zorder=13):
            sketch.ax.plot([x, x], [top, top + more / up], color=INK, linewidth=0.5, zorder=6.4)
            return


def draw_groundwater(sketch: Sketch, parts: list[Part]) -> None:
    """Phreatic level and head, with the mark of a water table."""
    parts = sorted(parts, key=lambda part: -part.shape.length)
    styles = {"phreatic": (palette.GROUNDWATER, 1.5), "head": (HEAD, 1.5)}
    written: set[tuple[str, float]] = set()
    for part in parts:
        if part.kind in styles:
            colour, width = styles[part.kind]
            dashes: Any = DASHES[part.certainty] if part.certainty != KNOWN else (0, (12, 2, 2, 2))
            line = sketch.line(part.shape, gid=part.kind, color=rgb(colour), linewidth=width, linestyle=dashes, zorder=3.4)
            if line is None:
                continue
            sketch.note("water_title", line, sketch.told[part.kind])
            x0, z = part.shape.coords[0]
            if (part.kind, z) in written:
                continue
            written.add((part.kind, z))
            write_level(
                sketch, [x0 + share * part.shape.length for share in (0.08, 0.3, 0.6, 0.02, 0.85)], z, rgb(colour), part.kind
            )
        elif part.kind in ("tube", "filter"):
            wide, ink = (1.2, rgb(palette.GROUNDWATER)) if part.kind == "tube" else (4.0, rgb(EDGE))
            line = sketch.line(
                part.shape, gid=f"{part.kind}:{part.id}", zorder=6.4, solid_capstyle="butt", linewidth=wide, color=ink
            )
            if part.kind == "tube" and line is not None:
                sketch.note("water_title", line, sketch.told["tube"])
                _name_beside(sketch, part, *part.shape.coords[0])


def write_level(sketch: Sketch, spots: list[float], z: float, colour: Any, gid: str) -> None:
    """The mark of a water table at the first place where its height can be written."""
    for x in spots:
        if sketch.letters.write(sketch.level(z), [(x, z)], ha="left", va="bottom", points=7.5, color=colour, gid=f"{gid} level",
                                offset=(2.2, 0.5), mark=MARK_MM):  # fmt: skip
            sketch.ax.plot(x, z, marker=7, markersize=6, color=colour, zorder=4.5, gid=f"{gid} mark")
            return


def draw_profiles(sketch: Sketch, along: Any) -> None:
    """Groundwater and head before and after, of the impact that was worked out, and what is lowered between them."""
    for before, after, name, colour in (
        ("head_before_m", "head_after_m", "head", HEAD),
        ("groundwater_before_m", "groundwater_m", "groundwater", palette.GROUNDWATER),
    ):
        if after in along:
            old = along[before].to_numpy() if before in along else None
            _draw_lowered(sketch, along["distance_m"].to_numpy(), old, along[after].to_numpy(), name, rgb(colour))


def _draw_lowered(sketch: Sketch, x: Values, before: Values | None, after: Values, name: str, colour: Any) -> None:
    if before is not None:
        lowered = np.isfinite(before) & np.isfinite(after) & (before - after > 0.01)
        if lowered.any() and name == "groundwater":
            style: dict[str, Any] = {"color": colour, "alpha": 0.16, "linewidth": 0, "zorder": 3.3, "gid": "drawdown"}
            fill = sketch.ax.fill_between(x, after, before, where=lowered, **style)
            sketch.note("water_title", fill, sketch.told["drawdown_between"])
        (line,) = sketch.ax.plot(x, before, color=colour, linewidth=1.1, linestyle=(0, (7, 3)), zorder=3.4, gid=f"{name} before")
        sketch.note("water_title", line, sketch.told[f"{name}_before"])
    (line,) = sketch.ax.plot(x, after, color=colour, linewidth=1.8, zorder=3.5, gid=f"{name} after")
    sketch.note("water_title", line, sketch.told[f"{name}_after"])
    known = np.flatnonzero(np.isfinite(after))
    for share in (0.25, 0.75, 0.04, 0.9) if len(known) else ():
        place = float(x[known[int(share * (len(known) - 1))]])
        z = float(np.interp(place, x[known], after[known]))
        style = {"points": 7.5, "color": colour, "gid": f"{name} level", "offset": (2.2, 0.5), "mark": MARK_MM}
        if sketch.letters.write(sketch.level(z), [(place, z)], ha="left", va="bottom", **style):
            sketch.ax.plot(place, z, marker=7, markersize=6, color=colour, zorder=4.5, gid=f"{name} mark")
            return
