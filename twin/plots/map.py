"""Maps of results: a variable over the city, what changed between two sides, and what many seeds say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean
from twin.plots.basemap import BACKGROUND, FOREGROUND, Box, credits_of, draw_city
from twin.plots.canvas import INK, SOFT, axes_of, foot, given_window, head, map_frame, north_arrow, plain, scale_bar, size_for
from twin.plots.choosing import Chosen, When, choose, clock_of
from twin.plots.colouring import colouring, diverging, drawable, explain
from twin.plots.words import number, unit_of, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from twin.compare import Comparison
    from twin.geo.city import City
    from twin.result import Result

LIGHT = 0.55
"""Share of the way to white of a city under a result."""

SAME_BELOW = 0.15
"""A change of density that is smaller is drawn as none, as in scenes [1/m2]."""

EXIT, LINE, SPOT = "#1f6b4f", "#7a2d8f", "#10243f"
SIDES = ("baseline", "variant", "difference", "all")


def plot_result(
    result: Result,
    variable: str = "density",
    *,
    time: When = None,
    level: str | None = None,
    city: City | None = None,
    ax: Axes | None = None,
    cmap: Any = None,
    classes: Sequence[float] | str | None = "fruin",
    scheme: str = "walkway",
    vmax: float | None = None,
    bounds: Box | None = None,
    labels: bool = True,
    title: str | None = None,
    subtitle: str | None = None,
    spots: bool = True,
    language: str = "en",
) -> Axes:
    """Draw a variable as a map; see `Result.plot_map`."""
    told = words(language)
    chosen = choose(result, variable, time, level, language, scheme)
    values = drawable(chosen.values, chosen.name)
    used = colouring(values, chosen.name, classes=classes, scheme=scheme, cmap=cmap, vmax=vmax)
    window = _window(chosen, result, bounds)
    ax = axes_of(ax, size_for(window))
    image = _field_on_map(
        ax, chosen, values, city, window, cmap=used.cmap, norm=used.norm, floor=_floor(result, level), language=language
    )
    head(ax, chosen.long_name if title is None else title, _subtitle(result, chosen, told) if subtitle is None else subtitle)
    explain(ax, image, used, chosen.name, chosen.units, chosen.long_name, scheme=scheme, language=language, start=clock_of(result))
    if labels:
        label_places(ax, result, window, language, spots=spots and chosen.name == "density_max", level=level)
    foot(ax, _small_print(result, city, told))
    return ax


def plot_comparison(
    comparison: Comparison, variable: str = "density", *, side: str = "difference", time: When = None, level: str | None = None,
    city: City | None = None, ax: Any = None, vmax: float | None = None, bounds: Box | None = None, labels: bool = True,
    language: str = "en", **options: Any,
) -> Any:  # fmt: skip
    """Draw one side of a comparison, the difference, or all three; see `Comparison.plot_map`."""
    told = words(language)
    if side not in SIDES:
        raise ParameterError(f"there is no side `{side}`{did_you_mean(str(side), SIDES)}", hint=f"one of {', '.join(SIDES)}")
    shared: dict[str, Any] = {"time": time, "level": level, "city": city, "labels": labels, "language": language}
    if side == "all":
        return _three(comparison, variable, ax, vmax=vmax, bounds=bounds, shared=shared, options=options)
    if side != "difference":
        result = comparison.baseline if side == "baseline" else comparison.variant
        ax = plot_result(result, variable, ax=ax, vmax=vmax, bounds=bounds, **shared, **options)
        return ax
    one, two = (choose(result, variable, time, level, language) for result in (comparison.baseline, comparison.variant))
    change = difference_of(one, two)
    small = SAME_BELOW if change.name in ("density", "density_max") else 0.0
    norm, _ = diverging(change.values, vmax)
    values = np.where(np.abs(change.values) > max(small, 0.03 * float(norm.vmax)), change.values, np.nan)
    window = _window(change, comparison.variant, bounds)
    ax = axes_of(ax, size_for(window, beside=1.3))
    image = _field_on_map(
        ax, change, values, city, window, cmap=options.get("cmap") or "RdBu_r", norm=norm,
        floor=_floor(comparison.variant, level), language=language,
    )  # fmt: skip
    what = told["change_of"].format(what=change.long_name[:1].lower() + change.long_name[1:])
    head(ax, what, " · ".join([told["difference"], *_subtitle(comparison.variant, change, told).split(" · ")]))
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.6, pad=0.02, aspect=24)
    bar.set_label(f"← {told['emptier']}    {unit_of(change.units, language)}    {told['fuller']} →", fontsize=9)
    bar.ax.tick_params(labelsize=8.5)
    bar.outline.set_visible(False)
    digits = 0 if norm.vmax >= 10 else 1 if norm.vmax >= 1 else 2
    bar.ax.yaxis.set_major_formatter(lambda value, _: ("+" if value > 1e-12 else "") + number(value, digits, language))
    if labels:
        label_places(ax, comparison.variant, window, language, spots=False)
    seeds = comparison.seeds
    first = told["of_first"].format(seed=seeds[0]) if seeds else ""
    foot(ax, [first, *_small_print(comparison.variant, city, told)])
    return ax


def _three(
    comparison: Comparison, variable: str, axes: Any, *, vmax: float | None, bounds: Box | None, shared: dict[str, Any],
    options: dict[str, Any],
) -> NDArray[Any]:  # fmt: skip
    """Baseline, variant and difference beside each other, with one window and one scale for the first two."""
    told = words(shared["language"])
    asked = (variable, shared["time"], shared["level"], shared["language"])
    pair = [choose(result, *asked) for result in (comparison.baseline, comparison.variant)]
    if bounds is None:
        boxes = np.array([_window(c, r, None) for c, r in zip(pair, (comparison.baseline, comparison.variant), strict=True)])
        bounds = (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
    ours = axes is None
    if ours:
        import matplotlib.pyplot as plt

        axes = plt.subplots(1, 3, figsize=_size_of_three(bounds), layout="constrained")[1]
    axes = np.asarray(axes, dtype=object).ravel()
    if len(axes) != 3:
        raise ParameterError(f"three maps need three axes, not {len(axes)}", hint="plt.subplots(1, 3), or leave `ax` out")
    high = vmax
    if high is None:
        known = np.concatenate([one.values[np.isfinite(one.values)] for one in pair])
        high = float(np.quantile(known, 0.999)) if len(known) else 1.0
    for k, side in enumerate(("baseline", "variant")):
        result = comparison.baseline if side == "baseline" else comparison.variant
        plot_result(
            result,
            variable,
            ax=axes[k],
            vmax=high,
            bounds=bounds,
            title=told[side][:1].upper() + told[side][1:],
            subtitle=pair[k].when,
            spots=False,
            **shared,
            **options,
        )
        if k == 0:
            _drop_keys(axes[k])
    plot_comparison(comparison, variable, side="difference", ax=axes[2], bounds=bounds, **shared)
    head(axes[2], axes[2].get_title(loc="left"), told["difference"])
    name = str(comparison.variant.provenance.get("title") or "")
    if ours and name:
        axes[0].figure.suptitle(name, x=0.01, ha="left", fontsize=14, fontweight="bold", color=INK)
    return axes


def _size_of_three(bounds: Box) -> tuple[float, float]:
    wide, high = size_for(bounds, beside=0.0)
    by = min(1.0, 4.4 / wide)
    return 3 * wide * by + 3.6, by * (high - 0.95) + 1.6


def _drop_keys(ax: Axes) -> None:
    """One legend for two maps is enough."""
    from matplotlib.legend import Legend

    for child in list(ax.get_children()):
        if isinstance(child, Legend):
            child.remove()


def difference_of(one: Chosen, two: Chosen) -> Chosen:
    """The second minus the first on the cells that either covers; where a side has nobody it counts as 0."""
    import xarray as xr

    arrays = [xr.DataArray(c.values, coords={"y": c.y, "x": c.x}, dims=("y", "x")) for c in (one, two)]
    first, second = (array.sortby("y", ascending=False) for array in xr.align(*arrays, join="outer"))
    a, b = first.to_numpy(), second.to_numpy()
    empty = (
        0.0 if one.name in ("density", "density_max", "exposure", "time_dense", "crowd_pressure", "crowd_pressure_max") else np.nan
    )
    known = np.isfinite(a) | np.isfinite(b)
    delta = np.where(np.isfinite(b), b, empty) - np.where(np.isfinite(a), a, empty)
    return two._replace(values=np.where(known, delta, np.nan), x=first["x"].to_numpy(), y=first["y"].to_numpy())


def _window(chosen: Chosen, result: Result, bounds: Box | None) -> Box:
    """What a map shows: the box that was asked for, else the fields and the exits."""
    if bounds is not None:
        west, south, east, north = given_window(bounds)
        if east <= chosen.bounds[0] or west >= chosen.bounds[2] or north <= chosen.bounds[1] or south >= chosen.bounds[3]:
            told = ", ".join(f"{part:.0f}" for part in chosen.bounds)
            raise ParameterError("nothing of the result lies in this window", hint=f"it reaches {told}")
        return west, south, east, north
    box = np.array(chosen.bounds)
    exits = result.features.get("exits")
    if exits is not None and len(exits):
        other = exits.total_bounds
        if np.isfinite(other).all():
            box = np.array([*np.minimum(box[:2], other[:2]), *np.maximum(box[2:], other[2:])])
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])


def _floor(result: Result, level: str | None) -> list[Any]:
    """Shapes of the floor, for a map without a city."""
    frame = result.features.get("floor")
    if frame is None:
        return []
    return [shape for name, shape in frame.geometry.items() if level is None or name == level]


def _field_on_map(
    ax: Axes,
    chosen: Chosen,
    values: NDArray[np.float64],
    city: City | None,
    window: Box,
    *,
    cmap: Any,
    norm: Any,
    floor: list[Any],
    language: str,
) -> Any:
    """City below, the field, buildings above; or the floor where there is no city."""
    import geopandas as gpd

    map_frame(ax, window, margin=0.01)
    if city is not None:
        draw_city(ax, city, BACKGROUND, bounds=window, light=LIGHT)
    elif floor:
        inside = [part for part in (shapely.intersection(shape, shapely.box(*window)) for shape in floor) if not part.is_empty]
        if inside:
            gpd.GeoSeries(inside).plot(
                ax=ax, aspect=None, color="#eeebe4", edgecolor="#b3aca0", linewidth=0.4, zorder=2, gid="floor"
            )
    image = ax.imshow(
        np.ma.masked_invalid(values), extent=chosen.extent, origin="upper", interpolation="nearest", cmap=cmap, norm=norm, zorder=3,
        gid="field",
    )  # fmt: skip
    if city is not None:
        draw_city(ax, city, [name for name in FOREGROUND if name != "trees"], bounds=window, light=LIGHT)
    if not np.isfinite(values).any():
        ax.annotate(
            words(language)["nothing_here"],
            (0.5, 0.5),
            xycoords="axes fraction",
            ha="center",
            fontsize=11,
            color=SOFT,
            zorder=15,
            gid="nothing",
        )
    map_frame(ax, window, margin=0.01)
    scale_bar(ax)
    north_arrow(ax)
    return image


def label_places(ax: Axes, result: Result, window: Box, language: str, *, spots: bool, level: str | None = None) -> None:
    """Exits and counting lines by name, and the densest places (of one level) by number; told in the legend."""
    from matplotlib.lines import Line2D

    from twin.plots.canvas import key

    told = words(language)
    inside = shapely.box(*window)
    for name, colour in (("exits", EXIT), ("lines", LINE)):
        frame = result.features.get(name)
        for place, shape in frame.geometry.items() if frame is not None else ():
            if shape is None or shape.is_empty or not shape.intersects(inside):
                continue
            _outline(ax, shape, colour, gid=f"{name}:{place}")
            x, y = shapely.get_coordinates(shape.intersection(inside).centroid)[0]
            _named(ax, str(place), x, y, colour)
    found = result.features.get("hotspots") if spots else None
    if found is None or not len(found):
        return
    if level is not None and "level" in found:
        found = found[found["level"] == level]
    handles = []
    for rank, density, place, shape in zip(found["rank"], found["density_per_m2"], found["place"], found.geometry, strict=True):
        if not shape.intersects(inside):
            continue
        ax.plot(
            shape.x,
            shape.y,
            "o",
            markersize=11,
            markerfacecolor="white",
            markeredgecolor=SPOT,
            markeredgewidth=1.3,
            zorder=12,
            gid=f"hotspot:{rank}",
        )
        ax.annotate(
            str(rank), (shape.x, shape.y), ha="center", va="center_baseline", fontsize=7.5, fontweight="bold", color=SPOT, zorder=13
        )
        text = f"{plain(str(place))}: {number(density, 1, language)}"
        handles.append(Line2D([], [], linestyle="none", marker=f"${rank}$", color=SPOT, markersize=6, label=_short(text)))
    if handles:
        key(ax, handles, f"{told['hotspots']}\n({told['people_per_m2']})")


def _short(text: str, most: int = 34) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, most)[:3])


def _outline(ax: Axes, shape: Any, colour: str, *, gid: str) -> None:
    parts = shapely.get_parts(shape.boundary if shape.geom_type.endswith("Polygon") else shape)
    for part in parts:
        x, y = shapely.get_coordinates(part).T
        ax.plot(x, y, color=colour, linewidth=2.0, solid_capstyle="butt", zorder=10, gid=gid)


def _named(ax: Axes, text: str, x: float, y: float, colour: str) -> None:
    """A name beside its place with a halo, kept within the map."""
    from matplotlib.patheffects import withStroke

    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    right, top = x > 0.5 * (west + east), y > 0.5 * (south + north)
    ax.annotate(
        text, (x, y), xytext=(-6 if right else 6, -6 if top else 6), textcoords="offset points", ha="right" if right else "left",
        va="top" if top else "bottom", fontsize=8.5, fontweight="bold", color=colour, zorder=14, annotation_clip=True,
        path_effects=[withStroke(linewidth=2.6, foreground="white")],
    )  # fmt: skip


def _subtitle(result: Result, chosen: Chosen, told: Any) -> str:
    title = str(result.provenance.get("title") or "")
    return " · ".join(part for part in (title, chosen.when, chosen.where) if part)


def _small_print(result: Result, city: City | None, told: Any) -> list[str]:
    lines = [told["partial"]] if result.partial else []
    about = result.provenance.get("city")
    made_up = city.synthetic if city is not None else isinstance(about, dict) and bool(about.get("synthetic"))
    return [*lines, *(credits_of(city) if city is not None else []), told["synthetic"] if made_up else ""]
