"""Axes to draw in, and what is on every map: title, scale bar, north, credits."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import ParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#33302b"
SOFT = "#6f6a61"
PAPER = "#fbfaf7"
WRAP_PER_INCH = 11.5
"""Characters of small text that go into an inch."""


def given_window(bounds: Iterable[float]) -> tuple[float, float, float, float]:
    """The window of a map as it was asked for.

    Raises
    ------
    ParameterError
        When it is none.
    """
    west, south, east, north = (float(part) for part in bounds)
    if not (west < east and south < north):
        raise ParameterError(
            "a window is (west, south, east, north); this one is empty", hint="in metres, in the CRS of the city"
        )
    return west, south, east, north


def size_for(bounds: tuple[float, float, float, float], *, beside: float = 3.0) -> tuple[float, float]:
    """Width and height of a figure [in] in which a map of this window is as large as a page allows.

    Parameters
    ----------
    bounds : (west, south, east, north)
    beside : float
        Room for a legend [in].
    """
    west, south, east, north = bounds
    ratio = max(east - west, 1.0) / max(north - south, 1.0)
    height = float(np.clip(np.sqrt(48.0 / max(ratio, 1e-6)), 4.0, 8.0))
    return float(np.clip(ratio * height, 4.2, 11.0)) + beside, min(height, 11.0 / max(ratio, 1e-6)) + 0.95


def axes_of(ax: Axes | None, size: tuple[float, float] = (9.0, 6.5)) -> Axes:
    """The axes that were given, or those of a new figure, which a notebook then shows.

    Raises
    ------
    ParameterError
        When it is something else.
    """
    if ax is None:
        # pyplot, so that the figure appears in a notebook as that of any other library does
        import matplotlib.pyplot as plt

        return plt.subplots(figsize=size, layout="constrained")[1]
    if not hasattr(ax, "transAxes"):
        raise ParameterError(f"`ax` is an Axes of matplotlib, not {type(ax).__name__}", hint="leave it out for a new figure")
    return ax


def rgb(colour: Iterable[int], towards_paper: float = 0.0) -> tuple[float, float, float]:
    """A colour of 0-255 as matplotlib has it, made lighter by a share of the way to paper."""
    red, green, blue = ((1.0 - towards_paper) * part / 255.0 + towards_paper * 0.985 for part in colour)
    return red, green, blue


def inches_of(ax: Axes) -> tuple[float, float]:
    """Width and height of axes as they are placed now [in]."""
    box = ax.get_window_extent()
    return float(box.width / ax.figure.dpi), float(box.height / ax.figure.dpi)


def head(ax: Axes, title: str, subtitle: str = "") -> None:
    """A title at the left, what it is of beneath it in smaller letters; both are broken where the axes end."""
    for old in [child for child in ax.texts if child.get_gid() == "subtitle"]:
        old.remove()
    width = inches_of(ax)[0]
    # the figure may still make room for a legend: text is broken a little early
    title, subtitle = plain(title), plain(subtitle)
    told = textwrap.wrap(subtitle, max(24, int(width * WRAP_PER_INCH)))
    lines = textwrap.wrap(title, max(20, int(width * WRAP_PER_INCH * 0.72)))
    ax.set_title("\n".join(lines), loc="left", fontsize=12.5, fontweight="bold", color=INK, pad=8 + 13 * len(told))
    if told:
        ax.annotate(
            "\n".join(told), (0, 1), xytext=(0, 6), xycoords="axes fraction", textcoords="offset points", va="bottom",
            fontsize=9, color=SOFT, linespacing=1.25, gid="subtitle", annotation_clip=False,
        )  # fmt: skip


def map_frame(ax: Axes, bounds: tuple[float, float, float, float], *, margin: float = 0.0) -> None:
    """Set the window of a map: equal scales, no coordinates, paper behind."""
    west, south, east, north = bounds
    room = margin * max(east - west, north - south)
    ax.set_xlim(west - room, east + room)
    ax.set_ylim(south - room, north + room)
    ax.set_aspect("equal", adjustable="box")
    ax.set(xticks=[], yticks=[], xlabel="", ylabel="", facecolor=PAPER)
    for spine in ax.spines.values():
        spine.set(color="#b9b3a7", linewidth=0.8)


def nice_length(span: float) -> float:
    """The longest of 1, 2, 5 times a power of ten that is not above a span."""
    power = 10.0 ** np.floor(np.log10(span))
    return float(max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= span * (1 + 1e-9)))


def scale_bar(ax: Axes) -> float:
    """Draw a scale bar of a quarter of the width at most, in the lower left; gives its length [m]."""
    from matplotlib.font_manager import FontProperties
    from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

    west, east = ax.get_xlim()
    length = nice_length(0.25 * (east - west))
    told = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    bar = AnchoredSizeBar(
        ax.transData, length, told, loc="lower left", pad=0.4, borderpad=0.6, sep=4, color=INK,
        size_vertical=0.006 * (ax.get_ylim()[1] - ax.get_ylim()[0]), fontproperties=FontProperties(size=8.5),
    )  # fmt: skip
    bar.patch.set(facecolor="white", alpha=0.85, edgecolor="none")
    bar.set_gid("scale bar")
    bar.set_zorder(20)
    ax.add_artist(bar)
    return length


def north_arrow(ax: Axes) -> None:
    """An arrow to the north of the grid in the upper right."""
    from matplotlib.offsetbox import AnchoredOffsetbox, DrawingArea, TextArea, VPacker
    from matplotlib.patches import FancyArrow

    area = DrawingArea(14, 24)
    area.add_artist(
        FancyArrow(
            7, 0, 0, 23, width=2.2, head_width=10, head_length=12, length_includes_head=True, facecolor=INK, edgecolor="none"
        )
    )
    letter = TextArea("N", textprops={"color": INK, "fontsize": 9, "fontweight": "bold"})
    box = AnchoredOffsetbox(
        "upper right", child=VPacker(children=[letter, area], align="center", pad=0, sep=2), pad=0.35, borderpad=0.6
    )
    box.patch.set(facecolor="white", alpha=0.85, edgecolor="none")
    box.set_gid("north")
    box.set_zorder(20)
    ax.add_artist(box)


def plain(text: str) -> str:
    """A text of a file or a person, in which a dollar is a dollar and begins no formula."""
    return text.replace("\\$", "$").replace("$", r"\$")


def foot(ax: Axes, texts: Iterable[str], below: float = 5.0) -> None:
    """Credits and notes in small letters under the axes."""
    told = " · ".join(dict.fromkeys(plain(text) for text in texts if text))
    if told:
        width = inches_of(ax)[0]
        lines = textwrap.wrap(told, max(30, int(width * WRAP_PER_INCH * 1.2)))
        ax.annotate(
            "\n".join(lines), (0, 0), xytext=(0, -below), xycoords="axes fraction", textcoords="offset points", va="top",
            fontsize=7.5, color=SOFT, gid="credits", annotation_clip=False,
        )  # fmt: skip


def key(ax: Axes, handles: list[Any], title: str) -> None:
    """A legend right of the axes, for which a constrained layout makes room; a second one stands beneath the first."""
    from matplotlib.legend import Legend

    before = [child for child in ax.get_children() if isinstance(child, Legend)]
    legend = Legend(
        ax, handles, [handle.get_label() for handle in handles], title=title, frameon=False, fontsize=8.5, title_fontsize=9,
        alignment="left", handlelength=1.5, borderaxespad=0.0, labelspacing=0.45,
        loc="lower left" if before else "upper left", bbox_to_anchor=(1.01, 0.0) if before else (1.01, 1.0),
    )  # fmt: skip
    legend.get_title().set_color(INK)
    ax.add_artist(legend)
    # an artist beyond the axes is clipped to them unless told otherwise
    legend.set_clip_on(False)
