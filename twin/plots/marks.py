"""Marks on maps of impacts: what a scenario changes, places by name, and buildings that are worse off."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.plots.canvas import inches_of, key, plain

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

Box = tuple[float, float, float, float]

CHANGED = "#a3007d"
"""Colour of what is changed: that of no class of an impact."""
WORSE = "#ffd400"
"""Colour of a building that is worse off."""
PLACE = "#12351f"
ROUTE = "#1f3a93"

AREAS: Mapping[str, tuple[Any, str]] = {
    "closure": ("-", "////"), "fence": ("-", ""), "stage": ("-", "xx"), "excavation": ((0, (3, 1)), ""), "building": ("-", ""),
    "removed": ((0, (2, 1.5)), "xx"), "paving": ((0, (1, 1)), "."),
}  # fmt: skip
"""Line and hatching of changes that have an area."""
POINTS: Mapping[str, tuple[str, float]] = {"felled": ("x", 5.0), "planted": ("o", 5.0), "antenna": ("^", 7.0)}
"""Sign and size of changes that are points: a cross for a tree that goes, a ring for one that comes."""

SIGNS: Mapping[str, str] = {"felled": "(×)", "planted": "(○)", "antenna": "(▲)"}
"""How the signs look in the key."""

MOST_NUMBERED = 12
MOST_LETTERED = 8
_APART_PT = 15.0


@dataclass(frozen=True)
class Mark:
    """A change to draw on a map.

    Parameters
    ----------
    kind : {"closure", "fence", "stage", "excavation", "building", "removed", "paving", "felled", "planted", "antenna"}
    label : str
        What stands in the key; changes with the same label have one number.
    shape : shapely geometry
        In the CRS of the city; of trees all of them.
    """

    kind: str
    label: str
    shape: BaseGeometry


class _Tag(NamedTuple):
    text: str
    x: float
    y: float
    colour: str
    fill: str


def draw_marks(
    ax: Axes, marks: Sequence[Mark], worse: gpd.GeoDataFrame | None, window: Box, told: Mapping[str, str], *, paint: bool = True
) -> None:
    """Outline and number changes, paint and letter the buildings that are worse off, and say in a key what is what.

    Parameters
    ----------
    ax : Axes
    marks : sequence of Mark
    worse : GeoDataFrame, optional
        Buildings that are worse off, the worst first, with their ids as index.
    window : (west, south, east, north)
        What the map shows.
    told : mapping
        Words of the language.
    paint : bool
        Whether buildings that are worse off are painted; else they are lettered only.
    """
    inside = shapely.box(*window)
    tags, handles = _numbered([mark for mark in marks if mark.shape.intersects(inside)], inside, ax)
    more, letters = _lettered(ax, worse, inside, told, paint)
    _draw_tags(ax, [*tags, *more], window)
    if handles or letters:
        key(ax, [*handles, *letters], told["changes_marked"] if handles else "")


def _numbered(marks: Sequence[Mark], inside: BaseGeometry, ax: Axes) -> tuple[list[_Tag], list[Artist]]:
    labels = list(dict.fromkeys(mark.label for mark in marks))
    tags: list[_Tag] = []
    handles: list[Artist] = []
    for number, label in enumerate(labels, start=1):
        of_label = [mark for mark in marks if mark.label == label]
        for mark in of_label:
            _draw_mark(ax, mark, number)
        if number > MOST_NUMBERED:
            continue
        near = 0.05 * max(inside.bounds[2] - inside.bounds[0], inside.bounds[3] - inside.bounds[1])
        spots: list[tuple[float, float]] = []
        for mark in of_label:
            x, y = _spot(mark.shape.intersection(inside))
            if all(np.hypot(x - a, y - b) > near for a, b in spots):
                spots.append((x, y))
        tags += [_Tag(str(number), x, y, CHANGED, "white") for x, y in spots]
        signs = {SIGNS[mark.kind] for mark in of_label if mark.kind in SIGNS}
        handles.append(_entry(str(number), " ".join([label, *sorted(signs)]), CHANGED))
    if len(labels) > MOST_NUMBERED:
        handles.append(_entry("+", f"{len(labels) - MOST_NUMBERED}", CHANGED))
    return tags, handles


def _draw_mark(ax: Axes, mark: Mark, number: int) -> None:
    from matplotlib.patheffects import withStroke

    gid, halo = f"change:{number}", [withStroke(linewidth=3.6, foreground="white")]
    if mark.kind in POINTS:
        sign, size = POINTS[mark.kind]
        x, y = shapely.get_coordinates(mark.shape).T
        ax.plot(
            x, y, linestyle="none", marker=sign, markersize=size, markerfacecolor="white" if sign == "o" else CHANGED,
            markeredgecolor=CHANGED, markeredgewidth=1.6, zorder=9, gid=gid, path_effects=halo if sign == "x" else None,
        )  # fmt: skip
        return
    line, hatch = AREAS.get(mark.kind, ("-", ""))
    for part in shapely.get_parts(mark.shape):
        for ring in shapely.get_parts(part.boundary if part.geom_type == "Polygon" else part):
            x, y = shapely.get_coordinates(ring).T
            ax.plot(x, y, color=CHANGED, linewidth=1.8, linestyle=line, zorder=9, gid=gid, path_effects=halo)
        if hatch and part.geom_type == "Polygon":
            x, y = shapely.get_coordinates(part.exterior).T
            ax.fill(x, y, facecolor="none", edgecolor=CHANGED, hatch=hatch, linewidth=0.0, zorder=8.9, gid=gid)


def _lettered(
    ax: Axes, worse: gpd.GeoDataFrame | None, inside: BaseGeometry, told: Mapping[str, str], paint: bool
) -> tuple[list[_Tag], list[Artist]]:
    from matplotlib.patches import Patch

    if worse is None or not len(worse):
        return [], []
    shown = [(str(name), shape) for name, shape in worse.geometry.items() if shape is not None and shape.intersects(inside)]
    shown = [(name, shape) for name, shape in shown if shape.geom_type.endswith("Polygon")]
    if not shown:
        return [], []
    tags: list[_Tag] = []
    handles: list[Artist] = [
        Patch(facecolor=WORSE, edgecolor="black", linewidth=0.8, label=told["worse_off"].format(n=len(shown)))
    ]
    handles = handles if paint else []
    for k, (name, shape) in enumerate(shown):
        for part in shapely.get_parts(shape) if paint else ():
            x, y = shapely.get_coordinates(part.exterior).T
            ax.fill(x, y, facecolor=WORSE, edgecolor="black", linewidth=0.9, zorder=8, gid=f"worse:{name}")
        if k < MOST_LETTERED:
            letter = chr(ord("A") + k)
            x, y = _spot(shape.intersection(inside))
            tags.append(_Tag(letter, float(x), float(y), "black", WORSE))
            handles.append(_entry(letter, name, "black"))
    return tags, handles


def name_places(ax: Axes, frame: gpd.GeoDataFrame | None, window: Box, gid: str, sign: str = "") -> None:
    """Outline places (or set a sign on points) and write their names beside them.

    Parameters
    ----------
    ax : Axes
    frame : GeoDataFrame, optional
        With a column ``name``; else they are called by their index.
    window : (west, south, east, north)
    gid : str
        What they are, for those who look for them in the figure.
    sign : str
        Of a point; empty for none.
    """
    if frame is None:
        return
    inside = shapely.box(*window)
    names = frame["name"].astype(str) if "name" in frame else frame.index.astype(str)
    for name, shape in zip(names, frame.geometry, strict=True):
        if shape is None or not shape.intersects(inside):
            continue
        if shape.geom_type.endswith("Polygon"):
            for ring in shapely.get_parts(shape.boundary):
                x, y = shapely.get_coordinates(ring).T
                ax.plot(x, y, color=PLACE, linewidth=1.8, zorder=8, gid=f"{gid}:{name}")
        elif sign:
            x, y = shapely.get_coordinates(shape).T
            ax.plot(
                x, y, linestyle="none", marker=sign, markersize=13.0, markerfacecolor=PLACE, markeredgecolor="white", zorder=8.2,
                gid=f"{gid}:{name}",
            )  # fmt: skip
        write_name(ax, name, *_spot(shape.intersection(inside)), PLACE, gid=f"name:{name}")


def write_name(ax: Axes, text: str, x: float, y: float, colour: str, *, gid: str = "") -> None:
    """A name beside its place with a halo, on the side where the map has more room."""
    from matplotlib.patheffects import withStroke

    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    right, top = x > 0.5 * (west + east), y > 0.5 * (south + north)
    ax.annotate(
        plain(text), (x, y), xytext=(-7 if right else 7, -7 if top else 7), textcoords="offset points",
        ha="right" if right else "left", va="top" if top else "bottom", fontsize=8.5, fontweight="bold", color=colour, zorder=14,
        annotation_clip=True, path_effects=[withStroke(linewidth=2.8, foreground="white")], gid=gid,
    )  # fmt: skip


def _spot(shape: BaseGeometry) -> tuple[float, float]:
    """A point of a shape to hang a name on: of many points the one nearest to their middle."""
    if shape.geom_type in ("MultiPoint", "GeometryCollection"):
        xy = shapely.get_coordinates(shape)
        x, y = xy[np.argmin(np.hypot(*(xy - np.median(xy, axis=0)).T))]
    else:
        x, y = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
    return float(x), float(y)


def _draw_tags(ax: Axes, tags: Iterable[_Tag], window: Box) -> None:
    """Numbers and letters in circles, beside what they are of and clear of each other, each with a line to its place."""
    across = max(inches_of(ax)[0], 1.0) * 72.0
    step = 1.25 * (window[2] - window[0]) / across  # metres a point, on the safe side: a legend takes from the width
    taken: list[NDArray[np.float64]] = []
    tags = list(tags)
    places = np.array([[tag.x, tag.y] for tag in tags]).reshape(-1, 2)
    low, high = np.array(window[:2]), np.array(window[2:])
    written = _written(ax, step)
    for tag, place in zip(tags, places, strict=True):
        turns = np.radians(np.arange(45, 405, 30))
        toward = [step * np.array([np.cos(turn), np.sin(turn)]) for turn in turns]
        tries = [place + away * one for away in (14.0, 26.0, 38.0, 52.0) for one in toward]
        room = [spot for spot in tries if (spot > low + 9 * step).all() and (spot < high - 9 * step).all()]
        others = [*taken, *written, *places]
        free = [s for s in room if all(np.hypot(*(s - o)) >= _APART_PT * step * (0.99 if o is not place else 0.8) for o in others)]
        spot = (free or room or tries)[0]
        taken.append(spot)
        line = ([place[0], spot[0]], [place[1], spot[1]])
        ax.plot(*line, color=tag.colour, linewidth=0.9, zorder=11, gid=f"leader:{tag.text}")
        ax.plot(
            *spot, "o", markersize=12.5, markerfacecolor=tag.fill, markeredgecolor=tag.colour, markeredgewidth=1.3, zorder=12,
            gid=f"tag:{tag.text}",
        )  # fmt: skip
        ax.annotate(
            tag.text, tuple(spot), ha="center", va="center_baseline", fontsize=7.5, fontweight="bold", color=tag.colour, zorder=13,
        )  # fmt: skip


def _written(ax: Axes, step: float) -> list[NDArray[np.float64]]:
    """Points along the names that stand on the map already, one every few letters."""
    from matplotlib.text import Annotation

    found: list[NDArray[np.float64]] = []
    for text in ax.texts:
        if isinstance(text, Annotation) and str(text.get_gid()).startswith(("name:", "route:")):
            dx, dy = text.xyann
            at = np.array(text.xy) + step * np.array([dx, dy + (5.0 if dy > 0 else -5.0)])
            toward = -1.0 if text.get_horizontalalignment() == "right" else 1.0
            length = 5.6 * len(text.get_text())
            found += [at + np.array([toward * along * step, 0.0]) for along in np.arange(0.0, length + 8.0, 8.0)]
    return found


def _entry(text: str, label: str, colour: str) -> Any:
    from matplotlib.lines import Line2D

    told = "\n".join(textwrap.wrap(plain(label), 26)[:3])
    sign = rf"$\mathrm{{{text}}}$"
    return Line2D([], [], linestyle="none", marker=sign, color=colour, markersize=4 + 3 * len(text), label=told)
