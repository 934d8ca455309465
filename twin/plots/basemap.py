"""The city as a map: what lies on the ground, what runs below, and the buildings over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin import palette
from twin.errors import ParameterError, did_you_mean
from twin.plots.canvas import INK, axes_of, foot, given_window, head, key, map_frame, north_arrow, rgb, scale_bar, size_for
from twin.plots.words import words

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

    from twin.geo.city import City

Box = tuple[float, float, float, float]

BACKGROUND = ("landuse", "green", "water", "roads", "bridges", "stairs")
"""Layers that lie on the ground, the lowest first."""

FOREGROUND = ("tunnels", "buildings", "trees")
"""Layers over what a result is drawn on."""

SHOWN = (*BACKGROUND, *FOREGROUND)
"""What a map of a city shows unless other layers are asked for."""

EXTRA = ("streets", "cellars", "pits", "utilities", "furniture", "stops", "sensors", "soundings", "wells", "other")
"""Layers that are drawn when asked for."""

LIGHT = 0.2
"""Share of the way to white of the colours of a map of a city alone."""

BUILDING = (196, 170, 148)
_POINTS = {
    "furniture": (palette.TRUNK, "s", 5.0), "stops": ((58, 110, 170), "s", 22.0), "sensors": ((140, 60, 130), "^", 24.0),
    "soundings": ((150, 74, 38), "v", 30.0), "wells": ((44, 128, 140), "v", 30.0),
}  # fmt: skip


def draw_city(ax: Axes, city: City, layers: Iterable[str] = SHOWN, *, bounds: Box | None = None, light: float = LIGHT) -> list[str]:
    """Draw layers of a city into axes, in the order of a map.

    Parameters
    ----------
    ax : Axes
    city : City
    layers : iterable of str
    bounds : (west, south, east, north), optional
        Only what touches this [m].
    light : float
        Share of the way to white; a map under a result is lighter.

    Returns
    -------
    list of str
        Layers of which something was drawn.
    """
    drawn = []
    order = [
        *BACKGROUND,
        "streets",
        "cellars",
        "pits",
        "utilities",
        *FOREGROUND,
        "furniture",
        "stops",
        "sensors",
        "soundings",
        "wells",
        "other",
    ]
    wanted = set(layers)
    for rank, name in enumerate(order):
        frame = city.layers[name] if name in wanted else None
        if frame is None or not len(frame):
            continue
        frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
        if bounds is not None and len(frame):
            frame = frame.iloc[frame.sindex.query(shapely.box(*bounds))]
        if len(frame):
            z = (2.0 if name in BACKGROUND else 4.0) + 0.02 * rank
            _draw_layer(ax, name, frame, light, z)
            drawn.append(name)
    return drawn


def _draw_layer(ax: Axes, name: str, frame: gpd.GeoDataFrame, light: float, zorder: float) -> None:
    kinds = shapely.get_type_id(frame.geometry.to_numpy())
    areas, lines, points = (frame[np.isin(kinds, group)] for group in ((3, 6), (1, 2, 5), (0, 4)))
    if len(areas):
        fill, edge, width = _area_style(name, areas, light)
        areas.plot(ax=ax, aspect=None, color=fill, edgecolor=edge, linewidth=width, zorder=zorder, gid=name)
    if len(lines):
        lines.plot(ax=ax, aspect=None, color=_line_colours(name, lines), linewidth=1.1, zorder=zorder, gid=name)
    if len(points):
        _draw_points(ax, name, points, light, zorder)


def _area_style(name: str, frame: gpd.GeoDataFrame, light: float) -> tuple[Any, Any, float]:
    """Fill, edge and width of edge of the polygons of a layer."""
    if name == "buildings":
        return rgb(BUILDING, 0.5 * light), rgb((122, 98, 82), 0.4 * light), 0.35
    if name in ("cellars", "pits"):
        return (*rgb(palette.CELLAR if name == "cellars" else palette.PIT), 0.35), rgb((96, 66, 50)), 0.7
    if name == "water":
        return rgb((150, 190, 206), light), rgb(palette.WATER, 0.3), 0.4
    if name in ("roads", "streets", "bridges", "stairs"):
        column = frame["surface"].astype(str) if "surface" in frame else None
        default = {"bridges": "bridge", "stairs": "stairs"}.get(name, "street")
        kinds = [default] * len(frame) if column is None or name in ("bridges", "stairs") else [kind.lower() for kind in column]
        # a pale street: on paper the street is the ground that results are drawn on
        fill = [rgb(palette.SURFACES.get(kind, palette.SURFACES["street"]), 0.25 + 0.75 * light) for kind in kinds]
        return fill, rgb((140, 128, 116), 0.2), 0.5 if name in ("bridges", "stairs") else 0.15
    green = rgb(palette.SURFACES["green"], 0.25 + light)
    return (green if name == "green" else rgb((226, 222, 212), light)), "none", 0.0


def _line_colours(name: str, frame: gpd.GeoDataFrame) -> Any:
    if name == "utilities" and "kind" in frame:
        return [rgb(palette.MAINS.get(str(kind).lower(), (90, 90, 90))) for kind in frame["kind"]]
    return rgb((120, 112, 104))


def _draw_points(ax: Axes, name: str, frame: gpd.GeoDataFrame, light: float, zorder: float) -> None:
    """Trees as crowns at their size, other points as marks."""
    if name == "trees":
        from matplotlib.collections import EllipseCollection

        at = shapely.get_coordinates(shapely.centroid(frame.geometry.to_numpy()))
        wide = frame["crown_diameter_m"].fillna(5.0).to_numpy(float) if "crown_diameter_m" in frame else np.full(len(frame), 5.0)
        crowns = EllipseCollection(
            wide,
            wide,
            np.zeros(len(at)),
            offsets=at,
            units="xy",
            transOffset=ax.transData,
            facecolor=rgb(palette.TREE_CROWNS[1], light),
            edgecolor=rgb(palette.TREE_CROWNS[2], 0.5 * light),
            linewidth=0.3,
            alpha=0.6,
            zorder=zorder,
            gid=name,
        )
        ax.add_collection(crowns, autolim=True)
        return
    colour, marker, size = _POINTS.get(name, ((90, 90, 90), "o", 10.0))
    frame.plot(ax=ax, aspect=None, color=rgb(colour), marker=marker, markersize=size, zorder=zorder, gid=name)


def name_of(city: City) -> str:
    """What stands over a map: the name of the city, else of its first file."""
    files = [source.name.split("!")[0].replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] for source in city.sources]
    return city.name or next((name for name in files if name), "City")


def credits_of(city: City) -> list[str]:
    """Who the data of a city are from, with their licences, and whether it was made up."""
    lines = [f"{s.credit or s.name.split('!')[0]} ({s.licence})" if s.licence else s.credit for s in city.sources]
    return [line for line in dict.fromkeys(lines) if line]


def layers_asked(city: City, layers: Sequence[str] | str | None) -> list[str]:
    """Names of layers that a map can show.

    Raises
    ------
    ParameterError
        When a name is none.
    """
    known = [*SHOWN, *EXTRA]
    asked = list(SHOWN) if layers is None else [layers] if isinstance(layers, str) else list(layers)
    for name in asked:
        if name not in known:
            raise ParameterError(
                f"a map has no layer `{name}`{did_you_mean(str(name), known)}", hint=f"there are: {', '.join(known)}"
            )
    return asked


def plot_city(
    city: City,
    *,
    ax: Axes | None = None,
    layers: Sequence[str] | str | None = None,
    bounds: Box | None = None,
    language: str = "en",
) -> Axes:
    """Draw a map of a city; see `City.plot`."""
    told = words(language)
    asked = layers_asked(city, layers)
    if not any(len(city.layers[name]) for name in asked):
        raise ParameterError("there is nothing to draw in these layers", hint=f"the city has: {_there(city)}")
    window = _extent(city, asked) if bounds is None else given_window(bounds)
    ax = axes_of(ax, size_for(window, beside=1.6))
    map_frame(ax, window, margin=0.0 if bounds is not None else 0.02)
    drawn = draw_city(ax, city, asked, bounds=window)
    if not drawn:
        raise ParameterError("there is nothing of the city in this window", hint=f"the city reaches {_extent(city, asked)}")
    map_frame(ax, window, margin=0.0 if bounds is not None else 0.02)
    counts = ", ".join(f"{len(city.layers[name])} {told[name]}" for name in ("buildings", "trees") if len(city.layers[name]))
    head(ax, name_of(city), " · ".join(part for part in (counts, city.date) if part))
    handles = _handles(city, drawn, told)
    if handles:
        key(ax, handles, "")
    scale_bar(ax)
    north_arrow(ax)
    foot(ax, [*credits_of(city), told["synthetic"] if city.synthetic else ""])
    return ax


def _there(city: City) -> str:
    return ", ".join(name for name, frame in city.layers.items() if len(frame)) or "nothing"


LEAST_M = 20.0
"""A map of a city shows at least so much of it in both directions [m]."""


def _extent(city: City, layers: Iterable[str]) -> Box:
    boxes = np.array([city.layers[name].total_bounds for name in layers if len(city.layers[name])])
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        raise ParameterError("nothing in these layers has a place", hint="their shapes are empty")
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    more = np.maximum(0.0, (LEAST_M - (high - low)) / 2)  # a single tree needs some map around it
    low, high = low - more, high + more
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _handles(city: City, drawn: Sequence[str], told: Any) -> list[Any]:
    """What the colours of the map mean: streets by surface, then the other layers."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    made: list[Any] = []
    for name in drawn:
        frame = city.layers[name]
        label = told.get(name, name)
        if name in ("roads", "streets") and "surface" in frame and len(frame):
            for kind in frame["surface"].astype(str).value_counts().index[:7]:
                colour = rgb(palette.SURFACES.get(kind.lower(), palette.SURFACES["street"]), 0.25 + 0.75 * LIGHT)
                surface = told.get(f"surface_{kind.lower()}", kind)
                same = next((one for one in made if tuple(one.get_facecolor()[:3]) == colour), None)
                if same is not None:
                    same.set_label(f"{same.get_label()}, {surface}")
                elif surface != told["bridges"] or "bridges" not in drawn:
                    made.append(Patch(facecolor=colour, edgecolor="#9a9184", linewidth=0.4, label=surface))
        elif name == "utilities" and "kind" in frame:
            for kind in frame["kind"].astype(str).value_counts().index[:6]:
                known = palette.MAINS.get(kind.lower(), (90, 90, 90))
                made.append(Line2D([], [], color=rgb(known), label=told.get(f"mains_{kind.lower()}", kind)))
        elif name in _POINTS:
            colour, marker, _ = _POINTS[name]
            made.append(Line2D([], [], color=rgb(colour), marker=marker, linestyle="none", markersize=5, label=label))
        elif name == "trees":
            made.append(
                Line2D(
                    [], [], marker="o", linestyle="none", markersize=7, alpha=0.7, color=rgb(palette.TREE_CROWNS[1]), label=label
                )
            )
        elif name != "landuse":
            fill, edge, _ = _area_style(name, frame.iloc[:1], LIGHT)
            fill = fill[0] if isinstance(fill, list) else fill
            made.append(Patch(facecolor=fill, edgecolor=edge if edge != "none" else INK, linewidth=0.4, label=label))
    return made
