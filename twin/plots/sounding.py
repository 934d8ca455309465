"""A sounding as engineers draw it: resistance, friction, behaviour type and layers beside each other, over one height."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from twin import palette
from twin.errors import ParameterError
from twin.plots.canvas import INK, PAPER, SOFT, plain, rgb
from twin.plots.words import number, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE, THIN = (38, 66, 112), (170, 92, 60)
IC_RANGE = (1.0, 4.2)
BANDS = (
    ("zone_7", "sand", 0.0, 1.31), ("zone_6", "sand", 1.31, 2.05), ("zone_5", "sand", 2.05, 2.60), ("zone_4", "loam", 2.60, 2.95),
    ("zone_3", "clay", 2.95, 3.60), ("zone_2", "peat", 3.60, 9.9),
)  # fmt: skip
"""Bands of Ic: word, class of soil, limits (Robertson 1990, 2010)."""
PALER = {"zone_7": 0.35, "zone_6": 0.55, "zone_5": 0.72, "zone_4": 0.6, "zone_3": 0.6, "zone_2": 0.6}
SILTY = 5
"""Zone of silty sand, which is drawn paler than sand."""
LABEL_SHARE = 0.018
"""A layer thinner than this share of the picture has no room for its name."""


def plot_profile(
    table: Any, layers: Any, *, title: str, datum: str = "", surface_m: float = math.nan, water_depth_m: float = math.nan,
    water_stated: bool = True, notes: tuple[str, ...] = (), language: str = "en", figure: Figure | None = None,
) -> Figure:  # fmt: skip
    """Draw a sounding.

    Parameters
    ----------
    table : DataFrame or None
        Records of a cone; see `twin.soil.interpret`. None of a borehole, of which the layers are drawn.
    layers : DataFrame
        See `twin.soil.layers_of`.
    title : str
    datum : str
        What heights count from.
    surface_m, water_depth_m : float
        Height of the ground, and depth of the water table below it; NaN where they are not known [m].
    water_stated : bool
        Whether anything tells the water table.
    notes : tuple of str
        Keys of words that stand below in small letters.
    language : {"en", "nl"}
    figure : Figure, optional
        An empty one to draw in.

    Raises
    ------
    ParameterError
        For a language that is not there, or a figure that is none.
    """
    told = words(language)
    cone = table is not None
    panels = _panels(figure, 4 if cone else 1)
    known = math.isfinite(surface_m)

    def height(depth: Any) -> Any:
        return surface_m - np.asarray(depth, dtype=np.float64) if known else np.asarray(depth, dtype=np.float64)

    deepest = float(layers["bottom_m"].max())
    if cone:
        _resistance(panels[0], table, height, told)
        _friction(panels[1], table, height, told)
        _behaviour(panels[2], table, height, told)
    _column(panels[-1], layers, height, deepest, told, wide=not cone)
    ends = (height(deepest * 1.02), height(-0.03 * deepest))
    _frame(panels, ends, told, datum, known)
    _lines(panels, layers, height, deepest)
    if math.isfinite(water_depth_m):
        _water(panels, float(height(water_depth_m)), told["groundwater" if water_stated else "groundwater_assumed"])
    level = told["ground_at"].format(value=number(surface_m, 2, language), datum=datum) if known else told["ground_unknown"]
    found: Any = panels[0].figure
    found.suptitle(plain(title), x=0.01, ha="left", fontsize=12.5, fontweight="bold", color=INK)
    panels[0].annotate(
        plain(level), (0, 1), xycoords="axes fraction", xytext=(0, 46 if cone else 8), textcoords="offset points", fontsize=9,
        color=SOFT, annotation_clip=False,
    )  # fmt: skip
    told_below = [*(told[note] for note in notes), *([told["soil_note"]] if cone else [])]
    if told_below:
        found.supxlabel(plain(" · ".join(told_below)), x=0.01, ha="left", fontsize=8, color=SOFT)
    return cast("Figure", found)


def _panels(figure: Figure | None, count: int) -> list[Axes]:
    ratios = {"width_ratios": [1.5, 0.9, 1.4, 0.9]} if count == 4 else None
    if figure is None:
        # pyplot, so that the figure appears in a notebook as that of any other library does
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=(11.0, 9.5) if count == 4 else (5.5, 8.0), layout="constrained")
    elif not hasattr(figure, "subplots"):
        raise ParameterError(f"`figure` is a Figure of matplotlib, not {type(figure).__name__}", hint="leave it out for a new one")
    made = figure.subplots(1, count, sharey=True, gridspec_kw=ratios, squeeze=False)
    return list(made[0])


def _resistance(ax: Axes, table: Any, height: Any, told: Any) -> None:
    """Cone resistance, with the friction on an axis of its own at the top."""
    z = height(table["depth_m"])
    ax.plot(table["qc_MPa"], z, color=rgb(LINE), linewidth=0.9, gid="qc")
    most = float(np.nanmax(table["qc_MPa"].to_numpy())) if table["qc_MPa"].notna().any() else 10.0
    ax.set_xlim(0.0, max(5.0, 5.0 * math.ceil(1.02 * most / 5.0)))
    ax.set_xlabel(told["cone_resistance"], fontsize=9, color=rgb(LINE))
    above = ax.twiny()
    above.plot(1000.0 * table["fs_MPa"], z, color=rgb(THIN), linewidth=0.7, gid="fs")
    fastest = float(np.nanmax(table["fs_MPa"].to_numpy())) if table["fs_MPa"].notna().any() else 0.1
    above.set_xlim(0.0, max(100.0, 100.0 * math.ceil(10.0 * fastest * 1.9)))
    above.set_xlabel(told["sleeve_friction"], fontsize=9, color=rgb(THIN))
    above.tick_params(labelsize=8, colors=SOFT)
    for spine in above.spines.values():
        spine.set(color="#b9b3a7", linewidth=0.8)


def _friction(ax: Axes, table: Any, height: Any, told: Any) -> None:
    ax.plot(table["rf_percent"], height(table["depth_m"]), color=rgb((74, 122, 92)), linewidth=0.8, gid="rf")
    ax.set_xlim(0.0, 10.0)
    ax.set_xlabel(told["friction_ratio"], fontsize=9, color=INK)


def _behaviour(ax: Axes, table: Any, height: Any, told: Any) -> None:
    """Ic over the bands of the zones; I_SBT where the stress is assumed."""
    z = height(table["depth_m"])
    for word, soil, low, high in BANDS:
        low, high = max(low, IC_RANGE[0]), min(high, IC_RANGE[1])
        ax.axvspan(low, high, color=rgb(palette.SOILS[soil], PALER[word]), linewidth=0, zorder=0, gid=word)
        ax.annotate(
            told[word], (0.5 * (low + high), 1.0), xycoords=("data", "axes fraction"), xytext=(0, 4), textcoords="offset points",
            rotation=60, fontsize=8, color=INK, ha="left", va="bottom", annotation_clip=False,
        )  # fmt: skip
    plain_zone = table["zone_from"].to_numpy() == "SBT"
    ax.plot(np.where(plain_zone, np.nan, table["ic"]), z, color=INK, linewidth=0.8, gid="ic")
    label = told["behaviour_index"]
    if (plain_zone & np.isfinite(table["isbt"].to_numpy())).any():
        ax.plot(np.where(plain_zone, table["isbt"], np.nan), z, color=INK, linewidth=0.9, linestyle=":", gid="isbt")
        label += f"\n{told['behaviour_plain']}"
    ax.set_xlim(*IC_RANGE)
    ax.set_xlabel(label, fontsize=9, color=INK)


def _column(ax: Axes, layers: Any, height: Any, deepest: float, told: Any, *, wide: bool) -> None:
    """Layers as a column in the colours of their soil."""
    from matplotlib.patches import Rectangle

    right = 0.35 if wide else 1.0
    columns = layers[["top_m", "bottom_m", "soil_class", "description", "zone"]]
    for top, bottom, kind, text, zone in columns.itertuples(index=False):
        ends = sorted((float(height(top)), float(height(bottom))))
        fill = palette.SOILS.get(kind, palette.NOT_DESCRIBED)
        pale = (0.35 if zone == SILTY else 0.0) if kind else 0.6
        box = Rectangle(
            (0.0, ends[0]), right, ends[1] - ends[0], facecolor=rgb(fill, pale), edgecolor=INK, linewidth=0.6,
            hatch=None if kind else "////", gid=f"layer:{kind or 'none'}",
        )  # fmt: skip
        box.set_hatch_linewidth(0.3)
        ax.add_patch(box)
        if bottom - top < LABEL_SHARE * deepest:
            continue
        name = told.get(f"soil_{kind}", told["not_described" if wide else "not_measured"])
        name = told["soil_silty"] if zone == SILTY else name
        dark = kind in ("peat", "clay", "made ground")
        middle = 0.5 * sum(ends)
        if kind or not wide:
            colour = "white" if dark else INK
            ax.text(0.5 * right, middle, name, ha="center", va="center", fontsize=8.5, color=colour, zorder=6)
        if wide:
            ax.text(right + 0.04, middle, plain(text or name), ha="left", va="center", fontsize=8.5, color=INK)
    ax.set_xlim(0.0, 1.0)
    ax.set_xticks([])
    ax.set_xlabel(told["soil_layers"], fontsize=9, color=INK)


def _frame(panels: list[Axes], ends: tuple[Any, Any], told: Any, datum: str, known: bool) -> None:
    label = (told["height_in"].format(datum=datum) if datum else told["height"]) if known else told["depth_below"]
    for ax in panels:
        ax.set_facecolor(PAPER)
        ax.tick_params(labelsize=8.5, colors=SOFT, labelcolor=INK)
        for spine in ax.spines.values():
            spine.set(color="#b9b3a7", linewidth=0.8)
        ax.grid(axis="y", color="#dcd7cc", linewidth=0.5, zorder=0)
        ax.set_axisbelow(True)
    panels[0].set_ylim(float(ends[0]), float(ends[1]))
    panels[0].set_ylabel(label, fontsize=9.5, color=INK)
    panels[0].yaxis.set_major_locator(_by_two())
    if known and len(panels) > 1:
        surface = float(ends[1]) - 0.03 / 1.05 * (float(ends[1]) - float(ends[0]))

        def turned(values: Any) -> Any:
            return surface - np.asarray(values, dtype=np.float64)

        beside = panels[-1].secondary_yaxis("right", functions=(turned, turned))
        beside.set_ylabel(told["depth_below"], fontsize=9.5, color=INK)
        beside.tick_params(labelsize=8.5, colors=SOFT, labelcolor=INK)
        beside.yaxis.set_major_locator(_by_two())


def _by_two() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=16, steps=[1, 2, 5, 10])


def _lines(panels: list[Axes], layers: Any, height: Any, deepest: float) -> None:
    """Boundaries of layers through all panels, and the ground."""
    for ax in panels[:-1]:
        for top in layers["top_m"].to_numpy()[1:]:
            ax.axhline(float(height(top)), color=SOFT, linewidth=0.5, linestyle=(0, (6, 3)), zorder=1, gid="boundary")
    for ax in panels:
        ax.axhline(float(height(0.0)), color=rgb((110, 92, 66)), linewidth=1.4, zorder=3, gid="ground")


def _water(panels: list[Axes], level: float, label: str) -> None:
    colour = rgb(palette.GROUNDWATER)
    for ax in panels:
        ax.axhline(level, color=colour, linewidth=1.1, linestyle=(0, (5, 2)), zorder=4, gid="water")
    panels[0].plot(
        [0.93], [level], marker="v", markersize=7, color=colour, transform=panels[0].get_yaxis_transform(), zorder=5, clip_on=False
    )
    panels[0].annotate(
        label, (0.9, level), xycoords=("axes fraction", "data"), xytext=(0, -3), textcoords="offset points", ha="right", va="top",
        fontsize=8.5, color=colour, zorder=5,
    )  # fmt: skip
