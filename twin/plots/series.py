"""Series over time: people present, gone by exit, counted at lines; densities at the fullest places; flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import ParameterError, ResultError, did_you_mean
from twin.plots.canvas import INK, SOFT, axes_of, head, inches_of
from twin.plots.choosing import clock_of
from twin.plots.words import clock, number, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from twin.compare import Comparison
    from twin.result import Result

WHAT = ("people", "density", "exits", "lines", "areas")
"""What can be drawn over time."""

COLOURS = ("#1f4e79", "#c8553d", "#3b7a57", "#8a5a9e", "#b8860b", "#5b8aa6", "#7a4a2b", "#666666")
"""Told apart by colour-blind readers in this order, and by their names at the end of the lines."""

BASELINE, VARIANT, LIMIT = "#5b7f95", "#8a2f1d", "#a3271b"


class Course(NamedTuple):
    """Lines of a chart.

    Parameters
    ----------
    time : (N,) float64
        Since the start [s].
    lines : mapping of str to (N,) float64
        By name, the most important first.
    title, unit : str
    limit : float or None
        What the lines are judged by.
    """

    time: NDArray[np.float64]
    lines: Mapping[str, NDArray[np.float64]]
    title: str
    unit: str
    limit: float | None = None


def course(result: Result, what: str, language: str = "en") -> Course:
    """What a chart of a result shows.

    Raises
    ------
    ParameterError
        When `what` is none of `WHAT`.
    ResultError
        When the result has nothing of that kind.
    """
    told = words(language)
    if what not in WHAT:
        raise ParameterError(f"there is no series `{what}`{did_you_mean(str(what), WHAT)}", hint=f"one of {', '.join(WHAT)}")
    if what == "density":
        return _densities(result, language)
    series = result.series
    if not len(series):
        raise ResultError("the result holds no series over time", hint="the run ended before its first second")
    time = series["time_s"].to_numpy(np.float64)
    if what == "people":
        names = [name for name in ("present", "left", "waiting") if name in series]
        lines = {told[name]: series[name].to_numpy(np.float64) for name in names}
        lines = {name: values for name, values in lines.items() if name != told["waiting"] or values.any()}
        return Course(time, lines, told["people"], told["people"].lower())
    head_of, tail, title = {
        "exits": ("exit_", "", told["people_gone"]), "lines": ("line_", "_people", told["people_crossed"]),
        "areas": ("area_", "", told["people_in"]),
    }[what]  # fmt: skip
    found = [c for c in map(str, series.columns) if c.startswith(head_of) and c.endswith(tail)]
    if not found:
        raise ResultError(
            f"the result counted nobody by {what}", hint=f"give the scenario {what} under `crowd`; see docs/scenario.md"
        )
    found.sort(key=lambda column: -float(series[column].to_numpy(np.float64).max()))
    return Course(
        time, {c[len(head_of) : len(c) - len(tail)]: series[c].to_numpy(np.float64) for c in found}, title, told["people"].lower()
    )


def _densities(result: Result, language: str) -> Course:
    told = words(language)
    spots = result.features.get("hotspots")
    if "density" not in result.fields or spots is None or not len(spots):
        raise ResultError("the result has no densities over time at any place", hint="nobody came, or fields were not kept")
    density = result.fields["density"]
    levels = [str(name) for name in density["level"].to_numpy()]
    lines = {}
    for rank, place, level, shape in zip(spots["rank"], spots["place"], spots["level"], spots.geometry, strict=True):
        at = density.isel(level=levels.index(str(level))).sel(x=shape.x, y=shape.y, method="nearest")
        lines[f"{rank} {place}"] = at.to_numpy().astype(np.float64)
    limit = next((figure.limit for figure in result.figures if figure.key == "density_max"), None)
    return Course(density["time"].to_numpy().astype(np.float64), lines, told["density_at"], told["people_per_m2"], limit)


def plot_series(result: Result, what: str = "people", *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Draw a series over time; see `Result.plot_series`."""
    shown = course(result, what, language)
    ax = axes_of(ax, (9.0, 4.4))
    ends = []
    for k, (name, values) in enumerate(shown.lines.items()):
        colour = COLOURS[k % len(COLOURS)]
        style = "-" if k < len(COLOURS) else "--"
        ax.plot(shown.time, values, color=colour, linewidth=2.0, linestyle=style, label=name, gid=name)
        ends.append((float(values[-1]), name, colour))
    finish(ax, shown, ends, start=clock_of(result), language=language)
    head(ax, shown.title, about(result.provenance.get("title"), result.partial, words(language)))
    return ax


def plot_both(comparison: Comparison, what: str = "people", *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Draw a series of both sides: without the changes dashed, with them full; see `Comparison.plot_series`."""
    from matplotlib.lines import Line2D

    told = words(language)
    sides = {"baseline": course(comparison.baseline, what, language), "variant": course(comparison.variant, what, language)}
    if what == "density":
        return _highest_of_both(comparison, sides, ax, language)
    names = list(dict.fromkeys([*sides["variant"].lines, *sides["baseline"].lines]))
    ax = axes_of(ax, (9.0, 4.4))
    ends = []
    for k, name in enumerate(names):
        colour = COLOURS[k % len(COLOURS)]
        for side, shown in sides.items():
            if name in shown.lines:
                dash = (0, (4, 2)) if side == "baseline" else "-"
                ax.plot(
                    shown.time,
                    shown.lines[name],
                    color=colour,
                    linewidth=1.5 if side == "baseline" else 2.2,
                    linestyle=dash,
                    gid=f"{side}:{name}",
                )
        last = sides["variant"].lines.get(name, sides["baseline"].lines.get(name))
        if last is not None:
            ends.append((float(last[-1]), name, colour))
    finish(ax, sides["variant"], ends, start=clock_of(comparison.variant), language=language)
    ax.legend(
        handles=[
            Line2D([], [], color=INK, linestyle=(0, (4, 2)), label=told["baseline"]),
            Line2D([], [], color=INK, label=told["variant"]),
        ],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.16),
        ncols=2,
        frameon=False,
        fontsize=9,
    )
    head(ax, sides["variant"].title, _titled(comparison, told))
    return ax


def _titled(comparison: Comparison, told: Mapping[str, str]) -> str:
    first = told["of_first"].format(seed=comparison.seeds[0]) if comparison.seeds else ""
    return about(" · ".join(part for part in (comparison.title, first) if part), comparison.partial, told)


def about(title: object, partial: bool, told: Mapping[str, str]) -> str:
    """What stands below the title of a chart: of which run it is, and that it was interrupted."""
    return " · ".join(part for part in (str(title or ""), told["partial"] if partial else "") if part)


def _highest_of_both(comparison: Comparison, sides: Mapping[str, Course], ax: Axes | None, language: str) -> Axes:
    """The fullest places differ between the sides: at each moment the fullest of each is drawn."""
    told = words(language)
    ax = axes_of(ax, (9.0, 4.4))
    ends = []
    for side, result, colour in (("baseline", comparison.baseline, BASELINE), ("variant", comparison.variant, VARIANT)):
        density = result.fields["density"]
        top = np.array([float(np.nanmax(density.isel(time=k).to_numpy())) for k in range(density.sizes["time"])])
        ax.plot(sides[side].time, top, color=colour, linewidth=2.0, linestyle=(0, (4, 2)) if side == "baseline" else "-", gid=side)
        ends.append((float(top[-1]), told[side], colour))
    finish(ax, sides["variant"], ends, start=clock_of(comparison.variant), language=language)
    head(ax, f"{told['density_max']}, {told['everywhere']}", _titled(comparison, told))
    return ax


def finish(ax: Axes, shown: Course, ends: Iterable[tuple[float, str, str]], *, start: str, language: str) -> None:
    """Axes from zero, clock times, a limit where there is one, and the name of each line at its end."""
    from matplotlib.ticker import MaxNLocator

    told = words(language)
    ax.set_xlim(0.0, max(float(shown.time[-1]) if len(shown.time) else 1.0, 1.0))
    ax.set_ylim(bottom=0.0)
    if shown.limit is not None:
        top = ax.get_ylim()[1]
        ax.axhline(shown.limit, color=LIMIT, linewidth=1.2, linestyle=(0, (6, 3)), gid="limit")
        if shown.limit > 0.93 * top:
            ax.set_ylim(top=1.15 * shown.limit)
        text = told["limit"].format(value=number(shown.limit, 1 if shown.limit % 1 else 0, language))
        ax.annotate(
            text,
            (0, shown.limit),
            xycoords=("axes fraction", "data"),
            xytext=(5, 3),
            textcoords="offset points",
            color=LIMIT,
            fontsize=8.5,
        )
    ax.set_ylabel(shown.unit, fontsize=9.5, color=INK)
    time_axis(ax.xaxis, start, language)
    whole = shown.unit != told["people_per_m2"]
    if whole:
        ax.set_ylim(top=max(ax.get_ylim()[1], 1.0))
        ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.yaxis.set_major_formatter(lambda value, _: number(value, 0 if whole else 1, language))
    plain(ax)
    name_ends(ax, list(ends))


def plain(ax: Axes) -> None:
    """A quiet chart: no box, faint lines across."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color("#b9b3a7")
    ax.grid(axis="y", color="#e6e2da", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=9, colors=SOFT, labelcolor=INK)


def time_axis(axis: Any, start: str, language: str) -> None:
    """Clock times where the start is known, else minutes and seconds, at round steps."""
    from matplotlib.ticker import MultipleLocator

    low, high = axis.get_view_interval()
    span = high - low
    steps = (10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400)
    step = next((one for one in steps if span / one <= 8), 14_400 * np.ceil(span / 14_400 / 8))
    axis.set_major_locator(MultipleLocator(step))
    axis.set_major_formatter(lambda value, _: clock(value, start, exact=step < 60))
    axis.set_label_text(words(language)["clock" if start else "since_start"], fontsize=9.5, color=INK)


def name_ends(ax: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """The name of each line right of its end, moved apart where they would touch."""
    low, high = ax.get_ylim()
    points = inches_of(ax)[1] * 72.0
    room = 11.5 / max(points, 1.0) * (high - low)
    placed: list[float] = []
    for value, name, colour in sorted(ends, key=lambda end: end[0]):
        at = min(max(value, low), high)
        at = max(at, placed[-1] + room) if placed else at
        placed.append(at)
        ax.annotate(
            name, (1, at), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9,
            color=colour, annotation_clip=False, gid=f"name:{name}",
        )  # fmt: skip


def plot_flow(
    result: Result,
    places: str | Sequence[str] | None = None,
    *,
    interval_s: float = 60.0,
    ax: Axes | None = None,
    language: str = "en",
) -> Axes:
    """Draw flows at exits and counting lines as steps; see `Result.plot_flow`."""
    told = words(language)
    series = result.series
    known = [c[len(h) :] for h in ("exit_",) for c in map(str, series.columns) if c.startswith(h)]
    lines = [c[5:-7] for c in map(str, series.columns) if c.startswith("line_") and c.endswith("_people")]
    asked = [*known, *lines] if places is None else [places] if isinstance(places, str) else list(places)
    for name in asked:
        if name not in known and name not in lines:
            near = did_you_mean(str(name), [*known, *lines])
            raise ResultError(f"nobody was counted at `{name}`{near}", hint=f"there are: {', '.join([*known, *lines]) or 'none'}")
    if not interval_s > 0:
        raise ParameterError(f"an interval of {interval_s!r} s is not possible", hint="give a number of seconds above 0")
    if not asked or len(series) < 2:
        raise ResultError("there is no exit and no line to draw a flow of", hint="give the scenario exits or lines")
    ax = axes_of(ax, (9.0, 4.4))
    ends = []
    for k, name in enumerate(asked):
        edges, values = _steps(result, name, interval_s, exit_=name in known)
        colour = COLOURS[k % len(COLOURS)]
        ax.stairs(values, edges, color=colour, linewidth=2.0, label=name, gid=name, baseline=None)
        ends.append((float(values[-1]), name, colour))
    shown = Course(series["time_s"].to_numpy(np.float64), {}, "", told["per_minute"])
    finish(ax, shown, ends, start=clock_of(result), language=language)
    head(ax, told["flow"].format(interval=interval_s), about(result.provenance.get("title"), result.partial, told))
    return ax


def _steps(result: Result, name: str, interval_s: float, *, exit_: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges of intervals [s] and people a minute in each."""
    if not exit_:
        table = result.flow(name, interval_s=interval_s)
        return np.append(0.0, table["time_s"].to_numpy(np.float64)), 60.0 * table["per_s"].to_numpy(np.float64)
    time = result.series["time_s"].to_numpy(np.float64)
    gone = result.series[f"exit_{name}"].to_numpy(np.float64)
    edges = np.append(np.arange(time[0], time[-1] - 1e-6, interval_s), time[-1])
    at = gone[np.searchsorted(time, edges + 1e-9, side="right") - 1]
    return edges, 60.0 * np.diff(at) / np.diff(edges)


def band_of(
    tables: Mapping[int, pd.DataFrame], column: str, low: float, high: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times (N,) and the lower, middle and upper quantile over seeds (3, N) of a column of their series.

    A run that ends before the others keeps its last value: who has left stays away.

    Raises
    ------
    ParameterError
        When there is no such column, or the quantiles do not rise from 0 to 1.
    """
    known = [str(c) for c in next(iter(tables.values())).columns if c != "time_s"]
    if column not in known:
        raise ParameterError(
            f"there is no series `{column}`{did_you_mean(str(column), known)}", hint=f"there are: {', '.join(known)}"
        )
    if not 0.0 <= low <= high <= 1.0:
        raise ParameterError("a band goes from a lower to a higher share of the seeds", hint="for example band=(0.05, 0.95)")
    longest = max((table["time_s"].to_numpy(np.float64) for table in tables.values()), key=len)
    rows = [
        np.interp(longest, table["time_s"].to_numpy(np.float64), table[column].to_numpy(np.float64)) for table in tables.values()
    ]
    return longest, np.quantile(np.array(rows), [low, 0.5, high], axis=0)
