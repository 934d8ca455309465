"""Maps of impacts: a field over the city in the classes that it is judged by, and what a change does to it."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean
from twin.palette import DAMAGED
from twin.plots.basemap import BACKGROUND, FOREGROUND, Box, credits_of, draw_city
from twin.plots.below import draw_cellars
from twin.plots.canvas import axes_of, foot, given_window, head, key, map_frame, north_arrow, rgb, scale_bar, size_for
from twin.plots.marks import ROUTE, Mark, draw_marks, name_places, write_name
from twin.plots.words import change_range, class_range, number, unit_of, words

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from twin.geo.city import City
    from twin.impact_result import Classes, ImpactResult

LOSS = ((246, 198, 160), (214, 110, 77), (140, 20, 44), (70, 8, 20))
GAIN = ((164, 204, 227), (62, 137, 190), (5, 72, 135), (3, 36, 70))
"""Classes of a change for the worse and for the better, small first; told apart by colour-blind readers."""

UNJUDGED = "#e4e0da"
"""Buildings whose category is not known; hatched."""

LIGHT = 0.6


def change_colours(classes: Classes) -> tuple[tuple[int, int, int], ...]:
    """Colours of the classes of a difference, from much less to much more; white for hardly any."""
    count = len(classes.change_borders)
    less, more = (LOSS, GAIN) if classes.better == "higher" else (GAIN, LOSS)
    return (*less[:count][::-1], (255, 255, 255), *more[:count])


def day_name(day: str, language: str) -> str:
    """A day as people write it."""
    when = dt.date.fromisoformat(day)
    months = words(language)["months"].split(",")
    return f"{when.day} {months[when.month - 1]}"


def picked(impact: ImpactResult, variable: str | None, day: str | None) -> tuple[Classes, xr.DataArray, str]:
    """The classes of a field, its values (y, x), and the day that they are of.

    Raises
    ------
    ParameterError
        When there is no such day.
    ResultError
        When there is no such field.
    """
    classes = impact.classes[0] if variable is None else impact.classes_of(variable)
    array = impact.fields[classes.variable]
    if "day" not in array.dims:
        return classes, array, ""
    days = [str(one) for one in array["day"].to_numpy()]
    chosen = days[0] if day is None else str(day)
    if chosen not in days:
        raise ParameterError(f"there is no day `{chosen}`{did_you_mean(chosen, days)}", hint=f"there are: {', '.join(days)}")
    return classes, array.sel(day=chosen), chosen


def plot_impact(
    impact: ImpactResult,
    variable: str | None = None,
    *,
    day: str | None = None,
    before: ImpactResult | None = None,
    city: City | None = None,
    ax: Axes | None = None,
    bounds: Box | None = None,
    title: str | None = None,
    changes: Sequence[Mark] = (),
    language: str = "en",
) -> Axes:
    """Draw a field of an impact, or what changed in it; see `ImpactResult.plot_map`."""
    told = words(language)
    classes, array, of_day = picked(impact, variable, day)
    if before is not None:
        change = impact.difference(before)[f"{classes.variable}_change"]
        array = change.sel(day=of_day) if of_day else change
    values = array.to_numpy().astype(np.float64)
    x, y = array["x"].to_numpy(), array["y"].to_numpy()
    half = 0.5 * float(impact.fields.attrs.get("cell_m") or (abs(x[1] - x[0]) if len(x) > 1 else 1.0))
    extent = float(x.min() - half), float(y.min() - half), float(x.max() + half), float(y.max() + half)
    window = extent if bounds is None else given_window(bounds)
    ax = axes_of(ax, size_for(window))
    map_frame(ax, window, margin=0.01)
    if city is not None:
        draw_city(ax, city, BACKGROUND, bounds=window, light=LIGHT)
    borders, colours = _classes(classes, change=before is not None)
    if before is not None:
        # what lies on a border counts to the class further from 0, on both sides of it
        values = np.where(np.abs(values) < classes.change_borders[0], np.nan, values * (1.0 + 1e-6))
    elif classes.clear:
        values = np.where(values < classes.borders[0], np.nan, values)
    _draw(ax, values, extent, borders, colours)
    if city is not None:
        above = [name for name in FOREGROUND if name != "trees" and not (classes.roofs and name == "buildings")]
        draw_city(ax, city, above, bounds=window, light=LIGHT)
        if classes.roofs:
            _outline(ax, city)
    more = [*_points(ax, impact, window, told), *_routes(ax, impact, told), *_damage(ax, impact, told)]
    more += draw_cellars(ax, impact, classes, window, told)
    _places(ax, impact, city, window)
    map_frame(ax, window, margin=0.01)
    scale_bar(ax)
    north_arrow(ax)
    label = told.get(f"impact_{classes.variable}", classes.title)
    what = told["change_of"].format(what=label[:1].lower() + label[1:]) if before is not None else label
    under = [day_name(of_day, language)] if of_day else []
    head(ax, what if title is None else title, " · ".join([*under, *([told["difference"]] if before is not None else [])]))
    _key(ax, classes, borders, colours, more, change=before is not None, language=language)
    draw_marks(ax, changes, impact.features.get("lost"), window, told, paint=impact.key != "pit")
    foot(ax, credits_of(city) if city is not None else [])
    return ax


def _points(ax: Axes, impact: ImpactResult, window: Box, told: Mapping[str, str]) -> list[Artist]:
    """Antennas, where an impact is of some; their entry of the key."""
    frame = impact.features.get("antennas")
    if frame is None or not len(frame):
        return []
    x, y = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
    inside = (x >= window[0]) & (x <= window[2]) & (y >= window[1]) & (y <= window[3])
    (mark,) = ax.plot(
        x[inside], y[inside], linestyle="none", marker="^", markersize=7.0, markerfacecolor="#1d1b19", markeredgecolor="white",
        markeredgewidth=0.9, zorder=8, gid="antennas", label=told["antenna"],
    )  # fmt: skip
    return [mark]


def _damage(ax: Axes, impact: ImpactResult, told: Mapping[str, str]) -> list[Artist]:
    """Buildings in the colour of their category of damage, where an impact has those; entries of the key."""
    from matplotlib.patches import Patch

    frame = impact.features.get("buildings")
    if frame is None or "category" not in frame:
        return []
    handles: list[Artist] = []
    for category, colour in enumerate(DAMAGED, start=1):
        some = frame[(frame["category"] == category).fillna(False)]
        for shape in shapely.get_parts(some.geometry.to_numpy()):
            x, y = shapely.get_coordinates(shape.exterior).T
            ax.fill(x, y, facecolor=rgb(colour), edgecolor="black", linewidth=0.9, zorder=8, gid=f"damage:{category}")
        if len(some):
            label = told["damage_category"].format(category=category, n=len(some))
            handles.insert(0, Patch(facecolor=rgb(colour), edgecolor="black", linewidth=0.8, label=label))
    lost = frame[frame["category"].isna()]
    for shape in shapely.get_parts(lost.geometry.to_numpy()):
        x, y = shapely.get_coordinates(shape.exterior).T
        ax.fill(x, y, facecolor=UNJUDGED, edgecolor="black", linewidth=0.9, hatch="////", zorder=8, gid="damage:not judged")
    if len(lost):
        label = f"{told['not judged']}: {len(lost)}"
        handles.append(Patch(facecolor=UNJUDGED, edgecolor="black", linewidth=0.8, hatch="////", label=label))
    return handles


def _places(ax: Axes, impact: ImpactResult, city: City | None, window: Box) -> None:
    """Names of what an impact is about: where people go, where a vehicle comes from, what makes a sound, what is looked at."""
    for name in ("destinations", "stations"):
        name_places(ax, impact.features.get(name), window, name)
    name_places(ax, impact.features.get("sources"), window, "sources", "*")
    name_places(ax, impact.features.get("antennas"), window, "antennas")
    landmark = impact.settings.get("landmark")
    if city is not None and landmark is not None:
        name_places(ax, city.buildings[city.buildings.index == landmark][["geometry"]], window, "landmark")
    _name_routes(ax, impact, window)


def _name_routes(ax: Axes, impact: ImpactResult, window: Box) -> None:
    """Names at the ends of routes; those that end in one place share theirs."""
    routes = impact.features.get("routes")
    if routes is None:
        return
    near = 0.03 * (window[2] - window[0])
    ends: list[tuple[NDArray[np.float64], list[str]]] = []
    for name, line in routes.geometry.items():
        if line is None or line.is_empty:
            continue
        end = np.array(line.coords[-1][:2])
        same = next((names for at, names in ends if np.hypot(*(at - end)) < near), None)
        if same is None:
            ends.append((end, [str(name)]))
        else:
            same.append(str(name))
    for (x, y), names in ends:
        write_name(ax, ", ".join(names), float(x), float(y), ROUTE, gid=f"route:{','.join(names)}")


def _routes(ax: Axes, impact: ImpactResult, told: Mapping[str, str]) -> list[Artist]:
    """Ways of vehicles, where an impact is of some: dark where they get through, red where they are blocked; entries of the key."""
    from matplotlib.lines import Line2D

    steps, stations = impact.features.get("route_steps"), impact.features.get("stations")
    if steps is None:
        return []
    handles: list[Artist] = []
    for blocked, colour, style, name in ((False, ROUTE, "-", "route"), (True, "#d7191c", (0, (1.5, 0.8)), "route_blocked")):
        lines = [line for line, why in zip(steps.geometry, steps.get("blocked_by", ()), strict=False) if bool(why) == blocked]
        for line in lines:
            xy = np.array(line.coords)
            ax.plot(xy[:, 0], xy[:, 1], color="white", linewidth=4.2, zorder=7, solid_capstyle="round")
            ax.plot(xy[:, 0], xy[:, 1], color=colour, linewidth=2.4, linestyle=style, zorder=7.5, gid=name)
        if lines:
            handles.append(Line2D([], [], color=colour, linewidth=2.4, linestyle=style, label=told[name]))
    if stations is None:
        return handles
    (mark,) = ax.plot(
        stations.geometry.x, stations.geometry.y, linestyle="none", marker="s", markersize=7.0, markerfacecolor=ROUTE,
        markeredgecolor="white", zorder=8, gid="stations", label=told["station"],
    )  # fmt: skip
    return [*handles, mark]


def _classes(classes: Classes, *, change: bool) -> tuple[list[float], tuple[tuple[int, int, int], ...]]:
    if not change:
        return list(classes.borders), classes.colours
    rising = list(classes.change_borders)
    return [*(-one for one in rising[::-1]), *rising], change_colours(classes)


def _draw(
    ax: Axes, values: NDArray[np.float64], extent: Box, borders: list[float], colours: tuple[tuple[int, int, int], ...]
) -> None:
    from matplotlib.colors import BoundaryNorm, ListedColormap

    far = 1e6 * (abs(borders[0]) + abs(borders[-1]) + 1.0)
    norm = BoundaryNorm([-far, *borders, far], len(colours))
    west, south, east, north = extent
    ax.imshow(
        np.ma.array(values, mask=np.isnan(values)), extent=(west, east, south, north), origin="upper", interpolation="nearest",
        cmap=ListedColormap([rgb(colour) for colour in colours]), norm=norm, zorder=3, alpha=0.92, gid="field",
    )  # fmt: skip


def _outline(ax: Axes, city: City) -> None:
    """The edges of buildings, over what lies on their roofs."""
    if len(city.buildings):
        city.buildings.boundary.plot(ax=ax, color="#4a4038", linewidth=0.4, zorder=4, aspect=None)


def _key(
    ax: Axes, classes: Classes, borders: list[float], colours: tuple[tuple[int, int, int], ...], more: Sequence[Artist], *,
    change: bool, language: str,
) -> None:  # fmt: skip
    from matplotlib.patches import Patch

    told = words(language)
    digits = next(k for k in range(4) if k == 3 or all(abs(round(one, k) - one) < 1e-9 for one in borders))
    ends = [-np.inf, *borders, np.inf]
    handles: list[Artist] = []
    for (low, high), colour in zip(pairwise(ends), colours, strict=True):
        if change and colour == (255, 255, 255):
            continue
        text = class_range(low, high, language, digits)
        if classes.named:
            label = classes.labels[len(handles)]
            text = told.get(f"{classes.variable}_{label}", named(label, told))
        elif not change and ": " in classes.labels[len(handles)]:
            letter = classes.labels[len(handles)].partition(": ")[0]
            text = f"{told.get(f'class_{letter}'.replace(' ', '_'), letter)}: {text}"
        elif change:
            text = change_range(low, high, language, digits)
        handles.append(Patch(facecolor=rgb(colour), edgecolor="#8a8378", linewidth=0.4, label=text))
    handles = handles[1:] if classes.clear and not change else handles
    label = told.get(f"impact_{classes.variable}", classes.title)
    note = ""
    if change:
        least = number(classes.change_borders[0], digits, language)
        note = textwrap.fill(told["no_change_left_out"].format(least=least), 22)
    label = textwrap.fill(label, 22)
    unit = f"\n({unit_of(classes.change_unit if change else classes.unit, language)})" if classes.unit else ""
    key(ax, [*(handles if classes.named else handles[::-1]), *more], f"{label}{unit}" + (f"\n{note}" if note else ""))


def named(label: str, told: Mapping[str, str]) -> str:
    """The name of a class of things, in the language of the map."""
    count, _, rest = label.partition(" ")
    if rest == "others" and count.isdigit():
        return told["others"].format(n=count)
    return told["none_of_them"] if label == "none" else label
