"""How a section draws a pit: what is dug, what holds it, what is pumped."""

from __future__ import annotations

from typing import Any

import shapely

from twin import palette
from twin.plots.canvas import INK, PAPER, rgb
from twin.plots.parts import Part
from twin.plots.sketch import Sketch
from twin.plots.words import number

STEEL, CONCRETE, STRUT, TIMBER = (64, 76, 90), (150, 150, 146), (226, 166, 40), (150, 112, 76)
PIT_LINE = (120, 40, 30)
WELL = (44, 112, 190)
WALLS = {"sheet-pile": STEEL, "diaphragm": CONCRETE, "secant-pile": CONCRETE, "soldier-pile": TIMBER}


def draw_pits(sketch: Sketch, parts: list[Part]) -> None:
    """Pits: the stage that is drawn as it is, the others by dashed floors; then walls, concrete, struts, anchors, wells."""
    for part in parts:
        if part.kind == "pit":
            _draw_dug(sketch, part)
        elif part.kind == "pit stage":
            _draw_stage(sketch, part)
    named: set[str] = set()
    for part in parts:
        _draw_built(sketch, part, named)
    _name_wells(sketch, parts)
    for part in parts:
        if part.kind in ("pit", "pit stage"):
            _name_floor(sketch, part)
    toes = [part.shape.bounds[:2] for part in parts if part.kind == "wall"]
    for part in parts:
        if part.kind == "pit" and part.values.get("dug"):
            _measure(sketch, part, toes, [one.shape.bounds[0] for one in parts if one.kind == "well"])
    for part in parts:
        if part.kind == "pit" and part.values.get("dug"):
            sketch.letters.block(part.shape.bounds)


def _draw_dug(sketch: Sketch, part: Part) -> None:
    dug = bool(part.values.get("dug", False))
    stage = str(part.values.get("stage", ""))
    style: dict[str, Any] = {"facecolor": PAPER if dug else "none", "linewidth": 1.8 if dug else 1.4, "edgecolor": rgb(PIT_LINE)}
    if not dug:
        style |= {"linestyle": (0, (5, 2)), "hatch": "///", "hatch_linewidth": 0.3}
    patch = sketch.fill(part.shape, gid="pit", zorder=4.2, **(style | {"linewidth": 0} if dug else style))
    if patch is None:
        return
    if dug:
        # open at the top: no line of the ground or a street goes over it
        west, _, east, top = part.shape.bounds
        over = shapely.box(west, top - 0.01, east, top + sketch.paper(1.2))
        sketch.fill(over, gid="pit open", facecolor=PAPER, linewidth=0, zorder=4.2)
        sketch.line(_open_above(part), gid="pit outline", color=rgb(PIT_LINE), linewidth=1.8, zorder=4.45)
        from matplotlib.patches import Patch

        patch = Patch(facecolor=PAPER, edgecolor=rgb(PIT_LINE), linewidth=1.6)
    label = sketch.told["pit_planned"] if not dug else sketch.told["pit_now"].format(stage=stage)
    sketch.note("pit_title", patch, sketch.told["pit"] if dug and int(part.values.get("of_stages", 1)) < 2 else label)


def _open_above(part: Part) -> Any:
    """Floor and faces of what is dug, without its upper side."""
    west, _, east, top = part.shape.bounds
    return shapely.difference(shapely.boundary(part.shape), shapely.box(west - 1.0, top - 1e-3, east + 1.0, top + 1.0))


def _draw_stage(sketch: Sketch, part: Part) -> None:
    """Its outline, in dashes: below the stage that is drawn it is still ground."""
    line = sketch.line(
        _open_above(part), gid=f"stage:{part.values['stage']}", color=rgb(PIT_LINE), linewidth=1.1,
        linestyle=(0, (6, 3)), zorder=4.4,
    )  # fmt: skip
    if line is not None:
        sketch.note("pit_title", line, sketch.told["pit_other"])


MEASURE_MM, APART_MM = 9.0, 5.0
"""No measure is drawn that is shorter on paper, and how far below the floor the length is drawn [mm]."""


def _measure(sketch: Sketch, part: Part, toes: list[tuple[float, float]], wells: list[float]) -> None:
    """Length and depth of what is dug, and how far the wall beside it goes on below the floor."""
    west, floor, east, top = part.shape.bounds
    up, under = sketch.letters.up, floor - APART_MM / sketch.letters.up
    if (east - west) * sketch.letters.across >= 3.0 * MEASURE_MM and under > sketch.low:
        _dimension(sketch, (west, under), (east, under))
    tries = [east - share * (east - west) for share in (0.07, 0.11, 0.15, 0.2)]
    at = next((x for x in tries if all(abs(x - well) * sketch.letters.across > 4.0 for well in wells)), tries[0])
    if (top - floor) * up >= MEASURE_MM:
        _dimension(sketch, (at, floor), (at, top))
    toe = min((low for x, low in toes if abs(x - east) < 1.5), default=floor)
    if (floor - toe) * up >= MEASURE_MM and toe > sketch.low:
        _dimension(sketch, (at, toe), (at, floor))


def _dimension(sketch: Sketch, one: tuple[float, float], two: tuple[float, float]) -> None:
    """A line with a slash at both ends, as drawings of buildings have it, and its length where there is room."""
    flat = one[1] == two[1]
    size = abs(two[0] - one[0]) + abs(two[1] - one[1])
    style: dict[str, Any] = {"linewidth": 0.7, "marker": (2, 0, -45), "markersize": 6, "markeredgewidth": 1.0, "zorder": 6.6}
    sketch.ax.plot([one[0], two[0]], [one[1], two[1]], color=INK, gid="measure", **style)
    spots = [(one[0] + share * (two[0] - one[0]), one[1] + share * (two[1] - one[1])) for share in (0.5, 0.36, 0.64, 0.2, 0.8)]
    told = f"{number(size, 1, sketch.language)} m"
    halo = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    sketch.letters.write(told, spots, points=7.5, rotation=0 if flat else 90, bbox=halo, gid="measure length")


def _name_floor(sketch: Sketch, part: Part) -> None:
    """Number, name and level of a stage, on its floor."""
    west, low, east, _ = part.shape.bounds
    number_, of = int(part.values.get("number", 1)), int(part.values.get("of_stages", 1))
    name = f"{number_}. {part.values.get('stage', '')} " if of > 1 else ""
    told = f"{name}{sketch.level(low)}"
    starts = str(part.values.get("starts", ""))
    spots = [(west + share * (east - west), low) for share in (0.5, 0.25, 0.75, 0.12, 0.88)]
    style: dict[str, Any] = {"points": 8.0, "color": rgb(PIT_LINE), "gid": "pit level", "within": (west, -1e4, east, 1e4)}
    for text in ((f"{told} {sketch.told['pit_from'].format(day=starts)}", told) if starts else (told,)):
        if sketch.letters.write(text, spots, va="bottom", offset=(0.0, 0.8), **style):
            return
        if part.kind == "pit stage" and sketch.letters.write(text, spots, va="top", offset=(0.0, -0.8), **style):
            return


def _draw_built(sketch: Sketch, part: Part, named: set[str]) -> None:
    told, fill, line = sketch.told, sketch.fill, sketch.line
    if part.kind == "pit water":
        patch = fill(part.shape, gid="pit water", facecolor=rgb((120, 170, 190)), edgecolor="none", alpha=0.75, zorder=4.3)
        sketch.note("pit_title", patch, told["pit_water"])
        west, _, east, top = part.shape.bounds
        sketch.line(shapely.LineString([(west, top), (east, top)]), gid="pit water level", color=rgb(palette.WATER), linewidth=1.2,
                    zorder=4.35)  # fmt: skip
        spots = [(west + share * (east - west), top) for share in (0.2, 0.5, 0.8)]
        sketch.letters.write(sketch.level(top), spots, points=7.5, va="bottom", offset=(0.0, 0.5), color=rgb(palette.WATER),
                             gid="pit water height")  # fmt: skip
    elif part.kind == "concrete":
        patch = fill(
            part.shape, gid="concrete", facecolor=rgb(CONCRETE, 0.2), hatch="...", hatch_linewidth=0.4, linewidth=1.0, zorder=4.6
        )
        if patch is not None:
            thick = number(float(part.values["thickness_m"]), 2, sketch.language)
            sketch.note("pit_title", patch, told["concrete"].format(value=thick))
    elif part.kind == "wall":
        _draw_wall(sketch, part)
    elif part.kind == "strut":
        patch = fill(
            part.shape, gid=f"strut:{part.id}", facecolor=rgb(STRUT), edgecolor=rgb((110, 74, 10)), linewidth=0.9, zorder=6.0
        )
        if patch is not None:
            sketch.note("pit_title", patch, told["strut"])
            west, _, east, top = part.shape.bounds
            spots = [(west + share * (east - west), top) for share in (0.5, 0.2, 0.8)]
            if part.id not in named:
                named.add(part.id)
                sketch.letters.write(f"{part.id} {sketch.level(float(part.values['level_m']))}", spots, points=7.5, va="bottom",
                                     offset=(0.0, 0.5), gid="strut level")  # fmt: skip
    elif part.kind == "anchor":
        made = line(part.shape, gid=f"anchor:{part.id}", color=rgb(STEEL), linewidth=1.3, zorder=4.9)
        if made is not None:
            first, last = shapely.get_coordinates(part.shape)
            grout = shapely.LineString([first + 0.6 * (last - first), last])
            line(grout, gid="grout", color=rgb(CONCRETE), linewidth=4.0, solid_capstyle="butt", zorder=4.85)
            sketch.note("pit_title", made, told["anchor"])
    elif part.kind in ("well", "well filter"):
        style: dict[str, Any] = {"linewidth": 1.4} if part.kind == "well" else {"linewidth": 4.5, "linestyle": (0, (0.4, 0.4))}
        made = line(part.shape, gid=f"{part.kind}:{part.id}", zorder=6.2, color=rgb(WELL), **style)
        if made is not None and part.kind == "well":
            sketch.note("pit_title", made, told["well_of_pit"])


def _name_wells(sketch: Sketch, parts: list[Part]) -> None:
    """Names of wells over them; those at one place along the line, or with no room for a name of their own, are named together."""
    groups: list[tuple[float, list[str]]] = []
    wells = sorted((part.shape.coords[0][0], part.id, part.shape.coords[0][1]) for part in parts if part.kind == "well")
    for x, name, _ in wells:
        wide = sketch.letters.size_of(", ".join([*groups[-1][1], name]), 7.5)[0] if groups else 0.0
        if groups and (x - groups[-1][0]) * sketch.letters.across < 0.5 * wide:
            groups[-1][1].append(name)
        else:
            groups.append((x, [name]))
    tops = {x: top for x, _, top in wells}
    for x, names in groups:
        spots = [(x, tops[x] + up / sketch.letters.up) for up in (0.0, 4.0, 8.0)]
        sketch.letters.write(", ".join(names), spots, points=7.5, va="bottom", offset=(0.0, 0.6), color=rgb(WELL), gid="well name")


def _draw_wall(sketch: Sketch, part: Part) -> None:
    kind = str(part.values["wall"])
    west, toe, east, top = part.shape.bounds
    # a sheet pile is thinner than a pen at small scales
    wide = max(east - west, sketch.paper(0.7))
    drawn = shapely.box(0.5 * (west + east - wide), toe, 0.5 * (west + east + wide), top)
    patch = sketch.fill(
        drawn, gid=f"wall:{kind}", facecolor=rgb(WALLS[kind]), edgecolor=rgb((40, 46, 54)), linewidth=0.6, zorder=5.9
    )
    if patch is not None:
        sketch.note("pit_title", patch, sketch.told[f"wall_{kind}"])
    sketch.letters.block((west, toe, east, top))
    told = sketch.told["toe"].format(level=sketch.level(toe))
    sketch.letters.write(told, [(0.5 * (west + east), toe)], points=7.5, va="top", offset=(0.0, -1.8), color=INK, gid="toe",
                         bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.7})  # fmt: skip
