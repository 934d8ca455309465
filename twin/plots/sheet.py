"""The sheet of a section: paper, scale, title block, legend, key plan, as a drawing in a permit file has them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from twin.errors import OutputError, ParameterError, did_you_mean
from twin.plots.basemap import SHOWN, draw_city
from twin.plots.canvas import INK, PAPER, SOFT, axes_of, key, nice_length, plain
from twin.plots.parts import Part
from twin.plots.section import axis_texts, draw_parts, height_window, not_too_flat, see_exaggeration
from twin.plots.section_words import section_words
from twin.plots.sketch import Sketch
from twin.plots.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from twin.sections.made import Section

PAPERS = {"A4": (297.0, 210.0), "A3": (420.0, 297.0)}
"""Width and height of sheets on their long side [mm]."""
SMALL_SCALE = 100.0
"""On A4 is drawn what fits on it at this scale or a larger one."""
SCALES = (20, 25, 50, 75, 100, 125, 200, 250, 300, 400, 500, 750, 1000, 1250, 1500, 2000, 2500, 5000, 10_000, 20_000, 50_000)
"""Those of scale rulers, and smaller ones for long lines."""
SUFFIXES = (".svg", ".pdf", ".png")
EDGE_MM, LEFT_MM, RIGHT_MM, HEAD_MM, AXIS_MM, BAND_MM, FOOT_MM = 8.0, 26.0, 16.0, 24.0, 14.0, 58.0, 7.0
TALL_M = 16.0
"""Of what stands higher above the ground no more is shown than there is room for at the scale that the rest asks for [m]."""
STRIP_MM, GAP_MM, PLAN_MM, BLOCK_MM = 22.0, 6.0, 54.0, 84.0
MM = 1.0 / 25.4


class Layout(NamedTuple):
    """Where things lie on a sheet: boxes are (left, low, width, height) from its lower left corner [mm].

    Parameters
    ----------
    paper : str
    size : (width, height)
    scale : float
        Metres along the line that a metre on paper is.
    low, high : float
        What is seen [m].
    section, strip : box
        The strip of the settlement, below the section; empty where there is none.
    """

    paper: str
    size: tuple[float, float]
    scale: float
    low: float
    high: float
    section: tuple[float, float, float, float]
    strip: tuple[float, float, float, float] | None


def draw_sheet(
    section: Section, *, ax: Axes | None = None, language: str = "en", exaggeration: float = 1.0, scale: float | None = None,
    paper: str | None = None, depth_m: float | None = None, labels: bool = True, figure: Figure | None = None,
) -> Axes:  # fmt: skip
    """Draw a section; see `Section.plot`."""
    told = section_words(language)
    see_exaggeration(exaggeration)
    _see(scale, paper, depth_m)
    if ax is not None:
        return _on_axes(section, axes_of(ax), told, language, exaggeration, depth_m, labels)
    settles = _settles(section)
    layout = layout_of(section, exaggeration, scale, paper, depth_m, settles)
    if figure is None:
        # pyplot, so that the figure appears in a notebook as that of any other library does
        import matplotlib.pyplot as plt

        figure = plt.figure()
    figure.set_size_inches(layout.size[0] * MM, layout.size[1] * MM)
    figure.set_facecolor("white")
    # first, while there is little to be drawn: maps of geopandas draw the whole figure again for each layer
    _key_plan(figure, layout, section, told)
    ax = _axes(figure, layout, layout.section)
    sketch = draw_parts(
        ax, section.drawn, told, language, (layout.low, layout.high, section.length_m), exaggeration, section.datum,
        along=section.along, damage=section.damage, bends=section.bends, labels=labels,
    )  # fmt: skip
    axis_texts(ax, sketch)
    ax.set_anchor("C")
    if layout.strip is not None:
        ax.set_xlabel("")
        ax.tick_params(labelbottom=False)
        _settlement(_axes(figure, layout, layout.strip), section, sketch, told, layout, exaggeration)
    _frame(figure, layout)
    _title(figure, layout, section, told)
    _band(figure, layout, section, sketch, told, exaggeration)
    return ax


def save_sheet(section: Section, path: Path, *, dpi: float = 200.0, **how: Any) -> Path:
    """Write a sheet; see `Section.save`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        near = did_you_mean(suffix, SUFFIXES)
        raise OutputError(
            f"a section is not written as `{suffix or path.name}`{near}", where=str(path), hint="give .svg, .pdf or .png"
        )
    if not (isinstance(dpi, int | float) and 20.0 <= dpi <= 1200.0):
        raise ParameterError(f"{dpi!r} pixels an inch are not possible", hint="20 to 1200")
    if not path.parent.is_dir():
        raise OutputError(f"there is no folder {path.parent} to write it in", where=str(path), hint="make the folder first")
    # no date, no random ids: what is drawn twice is the same file
    settings = {"svg.fonttype": "none", "svg.hashsalt": "stadstwin", "pdf.fonttype": 42, "font.family": "DejaVu Sans"}
    dates: dict[str, dict[str, Any]] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}
    with mpl.rc_context(settings):
        figure = Figure()
        draw_sheet(section, figure=figure, **how)
        partial = path.with_name(f".{path.name}.part")
        try:
            figure.savefig(partial, format=suffix[1:], dpi=dpi, metadata=dates[suffix])
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path


def _see(scale: float | None, paper: str | None, depth_m: float | None) -> None:
    if paper is not None and paper not in PAPERS:
        raise ParameterError(f"there is no paper `{paper}`{did_you_mean(str(paper), PAPERS)}", hint=", ".join(PAPERS))
    if scale is not None and not (isinstance(scale, int | float) and 1.0 <= scale <= 1e6):
        raise ParameterError(f"a scale of 1:{scale!r} is not possible", hint="200 is 1:200")
    if depth_m is not None and not 0.0 < depth_m < 1e4:
        raise ParameterError(f"a depth of {depth_m!r} m is not possible", hint="metres below the lowest ground, above 0")


def _settles(section: Section) -> bool:
    values = section.along.get("settlement_mm")
    return values is not None and bool(np.isfinite(values).any())


def layout_of(
    section: Section, exaggeration: float, scale: float | None, paper: str | None, depth_m: float | None, settles: bool
) -> Layout:
    """Paper, scale and what is seen: the largest scale of a ruler that fits, then as deep as soundings go where there is room."""
    low, high = height_window(section.drawn, depth_m)
    length, seen = section.length_m, min(high, _ground(section.drawn) + TALL_M)
    for name in (paper,) if paper is not None else ("A4", "A3"):
        wide, tall = _room(str(name), settles)
        # what stands higher is cut off where it would make all else small
        needs = max(1000.0 * length / wide, 1000.0 * exaggeration * (seen - low) / tall)
        fits = next((float(one) for one in SCALES if one >= needs - 1e-6), float(np.ceil(needs / 1e4) * 1e4))
        if scale is not None:
            fits = float(scale)
            if name == "A4" and paper is None and needs > fits:
                continue
        if name == "A3" or paper is not None or fits <= SMALL_SCALE or scale is not None:
            break
    chosen, per_m = str(name), 1000.0 / fits
    most = tall / (per_m * exaggeration)
    if depth_m is None:
        deepest = _deepest(section.drawn, low)
        # first some ground, then what stands higher, then all that soundings tell
        low = min(low, max(deepest, _ground(section.drawn) - TALL_M, seen - most))
        high = max(seen, min(high, low + most))
        low = min(low, max(deepest, high - most))
    high = max(seen, min(high, low + most))
    low, high = _round(low, high, most, length / exaggeration)
    drawn = (length * per_m, (high - low) * per_m * exaggeration)
    size = (max(PAPERS[chosen][0], drawn[0] + LEFT_MM + RIGHT_MM), max(PAPERS[chosen][1], PAPERS[chosen][1] - tall + drawn[1]))
    free = (size[0] - LEFT_MM - RIGHT_MM - drawn[0], size[1] - _around(settles) - drawn[1])
    left, top = LEFT_MM + 0.5 * free[0], size[1] - HEAD_MM - EDGE_MM - 0.5 * max(free[1], 0.0)
    place = (left, top - drawn[1], *drawn)
    strip = (left, place[1] - GAP_MM - STRIP_MM, drawn[0], STRIP_MM) if settles else None
    longer = size != PAPERS[chosen]
    return Layout("" if longer else chosen, size, fits, low, high, place, strip)


def _around(settles: bool) -> float:
    """Height of a sheet that is not of the section [mm]."""
    return 2 * EDGE_MM + HEAD_MM + AXIS_MM + BAND_MM + FOOT_MM + ((STRIP_MM + GAP_MM) if settles else 0.0)


def _room(paper: str, settles: bool) -> tuple[float, float]:
    """Width and height that the section itself may take [mm]."""
    wide, tall = PAPERS[paper]
    return wide - LEFT_MM - RIGHT_MM, tall - _around(settles)


def _ground(parts: tuple[Part, ...]) -> float:
    """The highest ground [m]."""
    return max((part.shape.bounds[3] for part in parts if part.kind in ("ground", "street")), default=0.0)


def _deepest(parts: tuple[Part, ...], low: float) -> float:
    """A metre below where layers and soundings end."""
    ends = [part.shape.bounds[1] for part in parts if part.kind in ("soil", "sounding") and not part.shape.is_empty]
    return min([low, *(end - 1.0 for end in ends)])


def _round(low: float, high: float, most: float, length: float) -> tuple[float, float]:
    """Whole metres where they fit, and no strip that is too flat to be read."""
    low, high = not_too_flat(low, high, min(1.3 * length, 9.0 * most))
    whole = float(np.floor(low)), float(np.ceil(high))
    return whole if whole[1] - whole[0] <= most else (max(low, high - most), high)


def _axes(figure: Figure, layout: Layout, box: tuple[float, float, float, float]) -> Axes:
    wide, tall = layout.size
    left, low, width, height = box
    return figure.add_axes((left / wide, low / tall, width / wide, height / tall))


def _on_axes(
    section: Section, ax: Axes, told: Mapping[str, str], language: str, exaggeration: float, depth_m: float | None, labels: bool
) -> Axes:
    """The section alone, in axes of somebody else."""
    low, high = not_too_flat(*height_window(section.drawn, depth_m), section.length_m / exaggeration)
    sketch = draw_parts(
        ax, section.drawn, told, language, (low, high, section.length_m), exaggeration, section.datum, along=section.along,
        damage=section.damage, bends=section.bends, labels=labels,
    )  # fmt: skip
    axis_texts(ax, sketch)
    key(ax, [handle for _, handle in sketch.seen.values()], "")
    return ax


def _settlement(
    ax: Axes, section: Section, sketch: Sketch, told: Mapping[str, str], layout: Layout, exaggeration: float
) -> None:
    """How far the ground settles along the line, downward, on a scale of its own that is told."""
    x, values = section.along["distance_m"].to_numpy(), section.along["settlement_mm"].to_numpy()
    most = max(1.0, float(np.nanmax(values)))
    ax.set_xlim(0.0, section.length_m)
    ax.set_ylim(1.25 * most, -0.12 * most)
    ax.fill_between(x, 0.0, values, color="#c9713f", alpha=0.35, linewidth=0, gid="settlement")
    ax.plot(x, values, color="#a04a1e", linewidth=1.4, gid="settlement line")
    ax.axhline(0.0, color=SOFT, linewidth=0.7)
    for side in (slice(None), slice(None, None, -1)):
        at = int(np.nanargmax(values[side]))
        place, value = float(x[side][at]), float(values[side][at])
        ax.annotate(f"{number(value, 0 if value >= 10 else 1, sketch.language)} mm", (place, value), xytext=(3, -2), color=INK,
                    textcoords="offset points", fontsize=7.5, va="top", gid="settlement most")  # fmt: skip
        if np.isclose(values[at], values[::-1][at], atol=0.05 * most):
            break
    ax.set_ylabel(told["settlement"], fontsize=8.5, color=INK)
    ax.set_xlabel(told["distance"], fontsize=9.5, color=INK)
    ax.tick_params(labelsize=8, colors=SOFT, labelcolor=INK)
    ax.set_facecolor(PAPER)
    times = (STRIP_MM / (1.37 * most / 1000.0)) / (1000.0 / layout.scale * exaggeration)
    larger = number(float(f"{times:.2g}"), 0, sketch.language)
    ax.annotate(told["settlement_scale"].format(times=larger), (1, 0), xycoords="axes fraction", xytext=(-4, 4), ha="right",
                textcoords="offset points", fontsize=7.5, color=SOFT, gid="settlement scale")  # fmt: skip
    for spine in ax.spines.values():
        spine.set(color="#b9b3a7", linewidth=0.8)


def _frame(figure: Figure, layout: Layout) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    wide, tall = layout.size
    edge = Rectangle(
        (EDGE_MM / wide, EDGE_MM / tall), 1 - 2 * EDGE_MM / wide, 1 - 2 * EDGE_MM / tall, transform=figure.transFigure, fill=False,
        edgecolor=INK, linewidth=1.0, gid="frame",
    )  # fmt: skip
    figure.add_artist(edge)
    over = (EDGE_MM + FOOT_MM + BAND_MM) / tall
    line = Line2D([EDGE_MM / wide, 1 - EDGE_MM / wide], [over, over], transform=figure.transFigure, color=INK, linewidth=0.7)
    figure.add_artist(line)


def _title(figure: Figure, layout: Layout, section: Section, told: Mapping[str, str]) -> None:
    wide, tall = layout.size
    way, name = section.way
    plain_name = told[way].format(name=name) if way else ""
    first = f"{told['section']} A–A′" + (f" {plain_name}" if plain_name else "")
    side = {"baseline": told["without_changes"], "variant": told["with_changes"]}.get(section.side, "")
    rest = " · ".join(part for part in (section.title, section.name, side) if part)
    left, top = (EDGE_MM + 5.0) / wide, 1 - (EDGE_MM + 4.0) / tall
    most = int((wide - 2 * EDGE_MM - 10.0) / 2.9)
    first = plain(textwrap.shorten(first, most, placeholder=" …"))
    figure.text(left, top, first, fontsize=16, fontweight="bold", color=INK, va="top", gid="title")
    shortened = textwrap.shorten(rest, int(1.45 * most), placeholder=" …")
    figure.text(left, top - 8.5 / tall, plain(shortened), fontsize=10.5, color=SOFT, va="top", gid="subtitle")


def _band(
    figure: Figure, layout: Layout, section: Section, sketch: Sketch, told: Mapping[str, str], exaggeration: float
) -> None:
    """Legend, key plan, title block and credits below the section."""
    wide, tall = layout.size
    low, right = EDGE_MM + FOOT_MM, wide - EDGE_MM
    plan, block = _plan_and_block(layout)
    _legend(figure, layout, sketch, told, (EDGE_MM + 4.0, low, right - plan - block - EDGE_MM - 8.0, BAND_MM))
    _block(figure, layout, section, sketch, told, exaggeration, (right - block, low, block, BAND_MM))
    credits = " · ".join([*dict.fromkeys(section.credits), told["synthetic"] if section.city.synthetic else ""]).strip(" ·")
    shown = textwrap.shorten(credits, int((wide - 2 * EDGE_MM - 8.0) / 1.45), placeholder=" …")
    figure.text(
        (EDGE_MM + 4.0) / wide, (EDGE_MM + 0.5 * FOOT_MM) / tall, plain(shown), fontsize=7, color=SOFT, va="center", gid="credits"
    )


def _plan_and_block(layout: Layout) -> tuple[float, float]:
    """Widths of the key plan and the title block [mm]."""
    return (40.0, 62.0) if layout.size[0] < 350.0 else (PLAN_MM, BLOCK_MM)


GROUPS = ("drawn_title", "soil_title", "sure_title", "water_title", "pit_title")


def _legend(
    figure: Figure, layout: Layout, sketch: Sketch, told: Mapping[str, str], box: tuple[float, float, float, float]
) -> None:
    """What is drawn, in columns, in groups under their heads."""
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

    left, low, width, height = box
    points, row_mm = (6.6, 3.6) if layout.size[0] < 350.0 else (7.6, 4.15)
    order = [("sure_title", f"sure_title:{told[f'sure_{one}']}") for one in ("known", "inferred", "guessed")]
    names = [name for _, name in order if name in sketch.seen]
    rows: list[tuple[Any, str]] = []
    for group in GROUPS:
        mine = [one for name, one in sketch.seen.items() if one[0] == group and name not in names]
        mine = [sketch.seen[name] for name in names] + mine if group == "sure_title" else mine
        if mine:
            rows.append((Line2D([], [], linestyle="none"), f"$\\bf{{{told[group].replace(' ', chr(92) + ' ')}}}$"))
            rows += [(handle, plain(str(handle.get_label()))) for _, handle in mine]
    per = max(1, int((height - 3.0) / row_mm))
    columns = max(1, -(-len(rows) // per))
    per = min(per, -(-len(rows) // columns) + 1)
    for k in range(columns):
        part = rows[k * per : (k + 1) * per]
        if k + 1 < columns and part and part[-1][1].startswith("$\\bf"):
            # a head stays with what is under it
            rows.insert(k * per + len(part) - 1, (Line2D([], [], linestyle="none"), " "))
            part = rows[k * per : (k + 1) * per]
        legend = Legend(
            figure, [handle for handle, _ in part], [label for _, label in part], loc="upper left", frameon=False, fontsize=points,
            bbox_to_anchor=((left + k * width / columns) / layout.size[0], (low + height - 1.0) / layout.size[1]), alignment="left",
            bbox_transform=figure.transFigure, borderaxespad=0.0, borderpad=0.2, handlelength=2.2, labelspacing=0.36,
            handletextpad=0.6,
        )  # fmt: skip
        legend.set_gid("legend")
        figure.add_artist(legend)


def _key_plan(figure: Figure, layout: Layout, section: Section, told: Mapping[str, str]) -> None:
    """A small map with the line, its ends and its bends."""
    plan, block = _plan_and_block(layout)
    right, low = layout.size[0] - EDGE_MM, EDGE_MM + FOOT_MM
    box = (right - block - plan - 2.0, low + 0.5 * (BAND_MM - plan) - 1.5, plan, plan - 3.0)
    ax = _axes(figure, layout, box)
    west, south, east, north = section.line.bounds
    half = 0.75 * max(east - west, north - south, 40.0)
    x, y = 0.5 * (west + east), 0.5 * (south + north)
    tall = half * box[3] / box[2]
    window = (x - half, y - tall, x + half, y + tall)
    draw_city(ax, section.city, (*SHOWN, "pits"), bounds=window, light=0.35)
    at = shapely.get_coordinates(section.line)
    ax.plot(*at.T, color="white", linewidth=3.4, zorder=19)
    ax.plot(*at.T, color="#b3261e", linewidth=1.7, zorder=20, gid="line of the section")
    for place, letter, ahead in ((at[0], "A", at[0] - at[1]), (at[-1], "A′", at[-1] - at[-2])):
        step = ahead / np.hypot(*ahead)
        ax.annotate(letter, place, xytext=7.0 * step, textcoords="offset points", ha="center", va="center", fontsize=8.5,
                    fontweight="bold", color="#b3261e", zorder=21,
                    bbox={"boxstyle": "circle,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85})  # fmt: skip
    _window_of(ax, window)
    length = nice_length(0.7 * half)
    bar_x, bar_y = window[0] + 0.08 * half, window[1] + 0.08 * tall
    ax.plot([bar_x, bar_x + length], [bar_y, bar_y], color=INK, linewidth=2.2, zorder=22, solid_capstyle="butt")
    ax.annotate(f"{length:g} m", (bar_x, bar_y), xytext=(0, 3), textcoords="offset points", fontsize=6.5, color=INK, zorder=22)
    ax.set_title(told["key_plan"], fontsize=7.5, color=INK, loc="left", pad=2.0)
    ax.set_title("N ↑", fontsize=8.0, fontweight="bold", color=INK, loc="right", pad=2.0)


def _window_of(ax: Axes, window: tuple[float, float, float, float]) -> None:
    ax.set_xlim(window[0], window[2])
    ax.set_ylim(window[1], window[3])
    ax.set(xticks=[], yticks=[], xlabel="", ylabel="", facecolor=PAPER, aspect="auto")
    for spine in ax.spines.values():
        spine.set(color="#b9b3a7", linewidth=0.8)


def _block(
    figure: Figure, layout: Layout, section: Section, sketch: Sketch, told: Mapping[str, str], exaggeration: float,
    box: tuple[float, float, float, float],
) -> None:  # fmt: skip
    """Scale with a bar, heights, coordinates, line, what is drawn, and what it is not."""
    from matplotlib.lines import Line2D

    wide, tall = layout.size
    left, low, width, height = box
    figure.add_artist(
        Line2D([left / wide] * 2, [low / tall, (low + height) / tall], transform=figure.transFigure, color=INK, linewidth=0.7)
    )
    points, row = (6.4, 3.5) if wide < 350.0 else (7.6, 4.3)
    y = low + height - 4.5
    for name, text in _block_rows(layout, section, told, exaggeration, sketch.language):
        lines = textwrap.wrap(plain(text), int((width - 24.0) / (0.2 * points)))
        figure.text((left + 2.5) / wide, y / tall, name, fontsize=points, color=SOFT, va="center")
        for part in lines or [""]:
            figure.text((left + 22.0) / wide, y / tall, part, fontsize=points, color=INK, va="center", gid="block")
            y -= row
    _scale_bar(figure, layout, (left + 22.0, y - 0.5, width - 26.0), sketch.language)
    y -= row + 4.5
    notes = [told["screening"], told["of_soil"] if section.soil_known else told["no_soil"]]
    if section.damage:
        notes.append(told["category_note"])
    if not section.datum:
        notes.insert(0, told["no_datum"])
    small = points - 1.2
    for text in textwrap.wrap(" ".join(notes), int((width - 5.0) / (0.205 * small))):
        if y < low + 1.5:
            break
        figure.text((left + 2.5) / wide, y / tall, text, fontsize=small, color=SOFT, va="center", gid="note")
        y -= 0.44 * small


def _block_rows(
    layout: Layout, section: Section, told: Mapping[str, str], exaggeration: float, language: str
) -> list[tuple[str, str]]:
    scale = f"{layout.scale:g}"
    other = number(layout.scale / exaggeration, 0 if layout.scale / exaggeration >= 10 else 1, language)
    text = told["scale_true"].format(scale=scale) if exaggeration == 1 else told["scale_two"].format(scale=scale, other=other)
    on = told["on_paper"].format(paper=layout.paper or f"{layout.size[0]:.0f} × {layout.size[1]:.0f} mm")
    (x0, y0), (x1, y1) = shapely.get_coordinates(section.line)[[0, -1]]
    length = number(section.length_m, 1, language)
    rows = [
        (told["block_scale"], f"{text} {on}"),
        (told["block_heights"], told["heights_in"].format(datum=section.datum) if section.datum else told["heights_unknown"]),
        (told["block_plan"], _system(section)),
        (told["block_line"], f"A ({x0:.1f}, {y0:.1f}) – A′ ({x1:.1f}, {y1:.1f}), {length} m"),
    ]
    stages = [part.values["stage"] for part in section.drawn if part.kind == "pit" and int(part.values.get("of_stages", 1)) > 1]
    if stages:
        rows.append((told["block_stage"], ", ".join(dict.fromkeys(map(str, stages)))))
    return rows


def _system(section: Section) -> str:
    crs = section.city.crs
    flat = next((one for one in crs.sub_crs_list if one.is_projected), crs)
    code = flat.to_epsg()
    return flat.name + (f" (EPSG:{code})" if code else "")


def _scale_bar(figure: Figure, layout: Layout, box: tuple[float, float, float], language: str) -> None:
    """A bar in black and white, in metres along the line."""
    from matplotlib.patches import Rectangle

    left, y, width = box
    wide, tall = layout.size
    length = nice_length(0.8 * width * layout.scale / 1000.0)
    step = length / 4.0 * 1000.0 / layout.scale
    for k in range(4):
        figure.add_artist(Rectangle(
            ((left + k * step) / wide, y / tall), step / wide, 1.3 / tall, transform=figure.transFigure, edgecolor=INK,
            linewidth=0.5,
            facecolor=INK if k % 2 == 0 else "white", gid="scale bar",
        ))  # fmt: skip
    for k in (0, 2, 4):
        value = length * k / 4.0
        text = number(value, 0 if value == round(value) else 1, language) + (" m" if k == 4 else "")
        figure.text(
            (left + k * step) / wide, (y - 2.0) / tall, text, fontsize=6.2, color=INK, ha="center", va="center",
            gid="scale bar text"
        )  # fmt: skip
