"""The sheet of a section: a section to scale with its legend, key plan and title block, as a drawing in a permit file has them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import OutputError, ParameterError, did_you_mean
from twin.plots.canvas import INK, PAPER, SOFT, axes_of, key, plain
from twin.plots.section import axis_texts, draw_parts, height_window, not_too_flat, see_exaggeration
from twin.plots.section_words import section_words
from twin.plots.sheet_band import axes_in, draw_band, draw_key_plan
from twin.plots.sheet_layout import BAND_MM, EDGE_MM, FOOT_MM, MM, PAPERS, STRIP_MM, Layout, layout_of
from twin.plots.sketch import Sketch
from twin.plots.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from twin.sections.made import Section

SUFFIXES = (".svg", ".pdf", ".png")


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
    draw_key_plan(figure, layout, section, told)
    ax = axes_in(figure, layout, layout.section)
    sketch = draw_parts(
        ax, section.drawn, told, language, (layout.low, layout.high, section.length_m), exaggeration, section.datum,
        along=section.along, damage=section.damage, bends=section.bends, labels=labels,
    )  # fmt: skip
    axis_texts(ax, sketch)
    ax.set_anchor("C")
    if layout.strip is not None:
        ax.set_xlabel("")
        ax.tick_params(labelbottom=False)
        _settlement(axes_in(figure, layout, layout.strip), section, sketch, told, layout, exaggeration)
    _frame(figure, layout)
    _title(figure, layout, section, told)
    draw_band(figure, layout, section, sketch, told, exaggeration)
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
