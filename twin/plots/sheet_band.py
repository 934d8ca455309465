"""The sheet of a section: legend, key plan, title block and credits below the drawing."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.decimals import told_place
from twin.plots.basemap import SHOWN, draw_city
from twin.plots.canvas import INK, PAPER, SOFT, nice_length, plain
from twin.plots.sheet_layout import BAND_MM, BLOCK_MM, EDGE_MM, FOOT_MM, PLAN_MM, Layout
from twin.plots.sketch import Sketch
from twin.plots.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from twin.sections.made import Section


def axes_in(figure: Figure, layout: Layout, box: tuple[float, float, float, float]) -> Axes:
    """Axes in a box of a sheet [mm]."""
    wide, tall = layout.size
    left, low, width, height = box
    return figure.add_axes((left / wide, low / tall, width / wide, height / tall))


def draw_band(
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


def draw_key_plan(figure: Figure, layout: Layout, section: Section, told: Mapping[str, str]) -> None:
    """A small map with the line, its ends and its bends."""
    plan, block = _plan_and_block(layout)
    right, low = layout.size[0] - EDGE_MM, EDGE_MM + FOOT_MM
    box = (right - block - plan - 2.0, low + 0.5 * (BAND_MM - plan) - 1.5, plan, plan - 3.0)
    ax = axes_in(figure, layout, box)
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
        (told["block_line"], f"A {told_place(x0, y0)} – A′ {told_place(x1, y1)}, {length} m"),
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
