"""A vertical section through a city: ground, water, buildings cut open, what lies below, in true heights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin import palette
from twin.errors import ParameterError
from twin.plots.basemap import credits_of, name_of
from twin.plots.canvas import INK, PAPER, SOFT, axes_of, foot, head, inches_of, key, rgb
from twin.plots.course import Course, straight
from twin.plots.cutting import datum_of
from twin.plots.lettering import Lettering
from twin.plots.parts import GUESSED, Part, city_parts, ground_along
from twin.plots.section_ground import (
    EARTH,
    draw_edges_of_guesses,
    draw_groundwater,
    draw_profiles,
    draw_soil,
    draw_soundings,
    name_soil,
)  # fmt: skip
from twin.plots.section_letters import letter_parts
from twin.plots.section_pit import draw_pits
from twin.plots.section_words import section_words
from twin.plots.sketch import EDGE, Sketch
from twin.plots.slicing import plane_through
from twin.plots.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from twin.geo.city import City

WALL = (150, 96, 74)
BRICK = (176, 110, 84)
SURFACE_ONLY = (96, 88, 78)
DEEPEST_M = 2.0
"""Ground that is drawn below the lowest thing in it [m]."""
FLATTEST = 9.0
"""A section is at most so many times as long as high."""
FILLS = {
    "building": WALL, "cellar": (232, 222, 206), "bridge": palette.SURFACES["bridge"], "construction": (150, 132, 116),
    "stairs": palette.SURFACES["stairs"], "vault": BRICK,
}  # fmt: skip
ORDER = {"construction": 5.0, "stairs": 5.1, "bridge": 5.2, "building": 5.4, "vault": 5.5, "cellar": 5.6}
LAYERS = {"building": "buildings", "cellar": "cellars", "bridge": "bridges", "construction": "other", "tunnel": "tunnels"}
WORDS = {"cellar": "cellar_room", "vault": "vault_ring", "stairs": "stairs_cut"}
BESIDE_M = 0.5
"""A line that passes a city at no more than this still touches it: a single sounding has no width [m]."""
LEAST_BEND_DEG = 1.0
"""A smaller bend is not marked [deg]."""
BESIDE_SOIL = 0.55
"""How much paler ground of which nothing is known is drawn where soil is drawn beside it."""


def plot_city_section(
    city: City, start: object, end: object, *, ax: Axes | None = None, exaggeration: float = 1.0, beside_m: float = 5.0,
    depth_m: float | None = None, labels: bool = True, language: str = "en",
) -> Axes:  # fmt: skip
    """Draw a section; see `City.plot_section`."""
    told = section_words(language)
    see_exaggeration(exaggeration)
    if not beside_m >= 0:
        raise ParameterError(f"trees within {beside_m!r} m of the line are not possible", hint="0 leaves them out")
    course = straight(plane_through(start, end))
    see_within(city, course)
    ground = ground_along(city, course)
    parts = city_parts(city, course, ground, beside_m)
    low, high = not_too_flat(*height_window(parts, depth_m), course.length / exaggeration)
    ax = axes_of(ax, _size(course.length, high - low, exaggeration))
    sketch = draw_parts(ax, parts, told, language, (low, high, course.length), exaggeration, datum_of(city), labels=labels)
    _dress(ax, city, course, exaggeration, sketch)
    return ax


def see_exaggeration(exaggeration: float) -> None:
    """Refuse what is no factor for heights."""
    if not (isinstance(exaggeration, int | float) and np.isfinite(exaggeration) and exaggeration > 0):
        raise ParameterError(
            f"heights {exaggeration!r} times as large are not possible", hint="1 is true to scale, 2 doubles heights"
        )


def see_within(city: City, course: Course) -> None:
    """Refuse a line that does not touch the city."""
    west, south, east, north = city.bounds
    if course.line.distance(shapely.box(west, south, east, north)) > BESIDE_M:
        raise ParameterError(
            "the line of the section does not touch the city",
            hint=f"the city reaches from ({west:.0f}, {south:.0f}) to ({east:.0f}, {north:.0f}) m",
        )


def _size(length: float, height: float, exaggeration: float) -> tuple[float, float]:
    """Width and height of a figure for a true section [in]."""
    return 12.0, float(np.clip(9.4 * exaggeration * height / length, 2.2, 9.0)) + 1.5


def not_too_flat(low: float, high: float, length: float) -> tuple[float, float]:
    """More sky and ground, where a strip true to scale would be too flat to be read."""
    lacking = max(0.0, length / FLATTEST - (high - low))
    return low - 0.3 * lacking, high + 0.7 * lacking


SOIL_KINDS = ("soil", "boundary", "sounding", "sounding layer", "cone", "phreatic", "head", "tube", "filter", "tree", "trunk")
"""What does not say how far a drawing goes down or up."""


def height_window(parts: Sequence[Part], depth_m: float | None) -> tuple[float, float]:
    """From below the lowest thing to above the highest [m]."""
    spans = [part.shape.bounds[1::2] for part in parts if part.kind not in SOIL_KINDS and not part.shape.is_empty]
    heights = [float(z) for span in spans for z in span if np.isfinite(z)] or [0.0]
    grounds = [part.shape.bounds[1] for part in parts if part.kind == "ground"] or [min(heights)]
    low = min(heights) - DEEPEST_M if depth_m is None else min(grounds) - float(depth_m)
    high = max(heights)
    return low, high + max(2.5, 0.06 * (high - low))


def draw_parts(
    ax: Axes, parts: Sequence[Part], told: Mapping[str, str], language: str, window: tuple[float, float, float],
    exaggeration: float, datum: str, *, along: Any = None, damage: Mapping[str, Mapping[str, Any]] | None = None,
    bends: Sequence[tuple[float, float]] = (), labels: bool = True,
) -> Sketch:  # fmt: skip
    """Draw a section on axes.

    Parameters
    ----------
    ax : Axes
    parts : sequence of Part
    told : mapping of str to str
        See `section_words`.
    language : str
    window : (low, high, length)
        What is seen [m].
    exaggeration : float
    datum : str
    along : DataFrame, optional
        With ``distance_m`` and what was worked out along the line.
    damage : mapping, optional
        Of buildings by id.
    bends : sequence of (distance, turn)
        [m, deg]
    labels : bool

    Returns
    -------
    Sketch
        With what the legend has to tell.
    """
    low, high, length = window
    ax.set_xlim(0.0, length)
    ax.set_ylim(low, high)
    ax.set_aspect(exaggeration, adjustable="box", anchor="NW")
    ax.set_facecolor(PAPER)
    wide = max(25.4 * inches_of(ax)[0] / length, 1e-6)
    sketch = Sketch(
        ax, told, language, Lettering(ax, wide, wide * exaggeration, (0.0, low, length, high)), low, high, length, datum
    )
    parts = [part for part in parts if not part.shape.is_empty and sketch.seen_part(part)]
    soil = any(part.kind == "soil" for part in parts)
    _draw_ground(sketch, parts, soil)
    draw_soil(sketch, parts)
    for part in parts:
        if part.kind in FILLS or part.kind == "surface":
            _draw_cut(sketch, part)
        elif part.kind in _DRAWN:
            _DRAWN[part.kind](sketch, part)
    _draw_bends(sketch, bends)
    across, down = sketch.paper(7.0), 7.0 / sketch.letters.up
    for start in (0.0, length - across):
        sketch.letters.block((start, high - down, start + across, high))
    _keep_free(sketch, parts, "main", "wall", "strut")
    draw_pits(sketch, parts)
    draw_soundings(sketch, parts)
    draw_groundwater(sketch, parts)
    if along is not None:
        draw_profiles(sketch, along)
    if labels:
        letter_parts(sketch, parts, damage or {})
        _keep_free(sketch, parts, "cellar", "vault", "construction", "water")
        name_soil(sketch, parts)
        draw_edges_of_guesses(sketch, parts)
    return sketch


def _keep_free(sketch: Sketch, parts: list[Part], *kinds: str) -> None:
    for part in parts:
        if part.kind in kinds:
            sketch.letters.block(part.shape.bounds)


def _draw_ground(sketch: Sketch, parts: list[Part], soil: bool) -> None:
    """The ground; paler and below a dashed line where its height is estimated."""
    for part in parts:
        if part.kind != "ground":
            continue
        name = "ground" if part.certainty != GUESSED else "ground_guessed"
        pale = (0.55 if part.certainty == GUESSED else 0.0) if not soil else BESIDE_SOIL
        for line in shapely.get_parts(part.shape):
            x, z = shapely.get_coordinates(line).T
            fill = sketch.ax.fill_between(x, sketch.low, z, color=rgb(EARTH, pale), linewidth=0, zorder=1, gid=name)
            style = "-" if part.certainty != GUESSED else "--"
            (edge,) = sketch.ax.plot(x, z, style, color=rgb((110, 92, 66)), linewidth=1.3, zorder=4, gid=f"{name} line")
            if soil:
                sketch.note("soil_title", fill, sketch.told["ground_not_explored"])
                sketch.note("drawn_title", edge, sketch.told[name])
            else:
                sketch.note("drawn_title", fill, sketch.told[name])


def _draw_water(sketch: Sketch, part: Part) -> None:
    """Water to its bed; where that is not known, a metre that fades and a note."""
    from matplotlib.collections import PolyCollection

    deep = part.certainty != GUESSED
    rings = [shapely.get_coordinates(one.exterior) for one in shapely.get_parts(part.shape) if one.geom_type == "Polygon"]
    fill = PolyCollection(
        rings, facecolor=rgb((120, 170, 190)), alpha=1.0 if deep else 0.45, linewidth=0, zorder=2, gid="water"
    )  # fmt: skip
    sketch.ax.add_collection(fill, autolim=False)
    sketch.note("drawn_title", fill, sketch.told["water"] + ("" if deep else f" ({sketch.told['water_open']})"))
    start, _, end, level = part.shape.bounds
    sketch.ax.plot([start, end], [level, level], color=rgb(palette.WATER), linewidth=1.4, zorder=3, gid="water line")
    sketch.ax.plot(0.5 * (start + end), level, marker=7, markersize=7, color=rgb(palette.WATER), zorder=4.5, gid="water mark")


def _draw_street(sketch: Sketch, part: Part) -> None:
    colour = rgb(palette.SURFACES.get(str(part.values["surface"]), palette.SURFACES["street"]))
    line = sketch.line(part.shape, gid="street", color=colour, linewidth=3.2, solid_capstyle="butt", zorder=4.1)
    if line is not None:
        sketch.note("drawn_title", line, sketch.told["road"])


def _draw_cut(sketch: Sketch, part: Part) -> None:
    """Closed objects filled, mere surfaces as lines."""
    if part.kind == "surface":
        line = sketch.line(part.shape, gid=f"surface:{part.id}", color=rgb(SURFACE_ONLY), linewidth=1.0, zorder=5.8)
        if line is not None:
            sketch.note("drawn_title", line, sketch.told["surface"])
        return
    box = part.values.get("from") == "box"
    style: dict[str, Any] = {"facecolor": rgb(FILLS[part.kind], 0.25 if part.kind == "building" else 0.0), "edgecolor": rgb(EDGE)}
    if part.certainty == GUESSED:
        style |= {"linestyle": (0, (5, 2))}
    if box and part.kind == "building":
        style |= {"facecolor": rgb(FILLS[part.kind], 0.5), "hatch": "//", "hatch_linewidth": 0.25}
    patch = sketch.fill(part.shape, gid=f"{LAYERS.get(part.kind, part.kind)}:{part.id}", zorder=ORDER[part.kind], **style)
    if patch is not None:
        label = sketch.told[WORDS.get(part.kind, part.kind)]
        label = sketch.told["building_box"] if box and part.kind == "building" else label
        sketch.note("drawn_title", patch, sketch.told["of_guess"].format(what=label) if part.certainty == GUESSED else label)


def _draw_main(sketch: Sketch, part: Part) -> None:
    """A circle at its depth, of its own size or of the smallest that is seen."""
    from matplotlib.patches import Ellipse

    kind, estimated = str(part.values.get("runs", "")), part.certainty == GUESSED
    colour = rgb(palette.MAINS.get(kind, (90, 90, 90)))
    label = sketch.told.get(f"mains_{kind}", sketch.told["mains_other"]) + (f" {sketch.told['estimated']}" if estimated else "")
    west, low, east, high = part.shape.bounds
    x, z = 0.5 * (west + east), 0.5 * (low + high)
    (dot,) = sketch.ax.plot(
        x, z, "o", markersize=5, markerfacecolor="white" if estimated else colour, markeredgecolor=colour, markeredgewidth=1.6,
        zorder=7, gid=f"main:{part.id}",
    )  # fmt: skip
    if (east - west) * sketch.letters.across > 2.0:
        dot.set_markersize(2.5)
        own = Ellipse(
            (x, z), east - west, high - low, facecolor="white", edgecolor=colour, linewidth=1.6, zorder=6.9, gid="main size"
        )
        sketch.ax.add_patch(own)
    sketch.note("drawn_title", dot, label)


def _draw_trunk(sketch: Sketch, part: Part) -> None:
    sketch.line(part.shape, gid="trunk", color=rgb(palette.TRUNK, 0.3), linewidth=1.8, zorder=4.6)


def _draw_tree(sketch: Sketch, part: Part) -> None:
    """A tree near the line, pale because it is not cut; in dashes where a pit is dug in its place."""
    goes = bool(part.values.get("in_pit", False))
    style: dict[str, Any] = {"facecolor": (*rgb(palette.TREE_CROWNS[1], 0.2), 0.55), "linewidth": 0.6}
    if goes:
        style = {"facecolor": "none", "linewidth": 0.9, "linestyle": (0, (4, 2))}
    crown = sketch.fill(part.shape, gid="tree", edgecolor=rgb(palette.TREE_CROWNS[2]), zorder=4.7, **style)
    if crown is not None:
        sketch.note("drawn_title", crown, sketch.told["tree_in_pit" if goes else "tree"])


def _draw_tunnel(sketch: Sketch, part: Part) -> None:
    patch = sketch.fill(part.shape, gid=f"tunnels:{part.id}", facecolor=rgb(SURFACE_ONLY), zorder=5.0)
    if patch is not None:
        sketch.note("drawn_title", patch, sketch.told["tunnel"])


_DRAWN = {
    "water": _draw_water, "street": _draw_street, "main": _draw_main, "trunk": _draw_trunk, "tree": _draw_tree,
    "tunnel": _draw_tunnel,
}  # fmt: skip


def _draw_bends(sketch: Sketch, bends: Sequence[tuple[float, float]]) -> None:
    for at, turn in bends:
        if abs(turn) < LEAST_BEND_DEG:
            continue
        sketch.ax.axvline(at, color=SOFT, linewidth=0.8, linestyle=(0, (12, 3, 2, 3)), zorder=3.9, gid="bend")
        told = sketch.told["bend"].format(value=number(abs(turn), 0, sketch.language))
        top = sketch.high - 1.0 / sketch.letters.up
        sketch.letters.write(told, [(at, top)], points=7.5, ha="left", va="top", offset=(0.8, 0.0), color=SOFT, gid="bend name")


def axis_texts(ax: Axes, sketch: Sketch) -> None:
    """What both axes count, and the letters at both ends."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    told, datum = sketch.told, sketch.datum
    ax.set_xlabel(told["distance"], fontsize=9.5, color=INK)
    ax.set_ylabel(told["height_in"].format(datum=datum) if datum else told["height"], fontsize=9.5, color=INK)
    ax.tick_params(labelsize=8.5, colors=SOFT, labelcolor=INK)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, sketch.language)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, sketch.language, signed=True)))
    for spine in ax.spines.values():
        spine.set(color="#b9b3a7", linewidth=0.8)
    for at, letter in ((0.0, "A"), (1.0, "A′")):
        ax.annotate(
            letter, (at, 1), xycoords="axes fraction", xytext=(5 if at == 0 else -5, -4), textcoords="offset points", va="top",
            ha="left" if at == 0 else "right", fontsize=11, fontweight="bold", color=INK, zorder=20,
        )  # fmt: skip


def _tick(value: float, language: str, *, signed: bool = False) -> str:
    text = f"{value:+g}" if signed and round(value, 6) else f"{value:g}"
    text = text.replace("-", "−")
    return text.replace(".", ",") if language == "nl" else text


def _dress(ax: Axes, city: City, course: Course, exaggeration: float, sketch: Sketch) -> None:
    told = sketch.told
    axis_texts(ax, sketch)
    ends = [f"({x:.0f}, {y:.0f})" for x, y in shapely.get_coordinates(course.line)[[0, -1]]]
    scale = "" if exaggeration == 1 else " · " + told["exaggerated"].format(times=exaggeration)
    head(ax, f"{told['section']} A–A′", f"{name_of(city)} · {ends[0]} – {ends[1]}{scale}")
    key(ax, [handle for _, handle in sketch.seen.values()], "")
    foot(ax, [*credits_of(city), told["synthetic"] if city.synthetic else ""], below=34.0)
