"""What maps of wharf cellars show beside their use: outlines, what is not judged, names of the worst, ways, wharf walls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import shapely

from twin.plots.basemap import Box
from twin.plots.marks import ROUTE, write_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from twin.impact_result import Classes, ImpactResult

BEYOND = "#d7191c"
WALL = "#6a3d9a"
OUTLINE = "#4a4038"
MOST_NAMED = 4


def draw_cellars(ax: Axes, impact: ImpactResult, classes: Classes, window: Box, told: Mapping[str, str]) -> list[Artist]:
    """Draw what the impact "cellars" tells beside its raster; entries of the key."""
    if impact.key != "cellars":
        return []
    frame = impact.features["cellars"]
    frame.boundary.plot(ax=ax, color=OUTLINE, linewidth=0.7, zorder=5, aspect=None)
    made = [] if classes.named else _not_judged(ax, impact, told)  # else that is a class of its own
    made += _ways(ax, impact, told) + _walls(ax, impact, told)
    limit = float(impact.settings["use_limit"])
    worst = frame[frame["use_factor"] > limit].sort_values("use_factor", ascending=False).head(MOST_NAMED)
    view = shapely.box(*window)
    for name, shape in worst.geometry.items():
        spot = shapely.centroid(shape)
        if view.contains(spot):
            write_name(ax, str(name), float(spot.x), float(spot.y), OUTLINE, gid=f"cellar:{name}")
    return made


def _not_judged(ax: Axes, impact: ImpactResult, told: Mapping[str, str]) -> list[Artist]:
    from matplotlib.patches import Patch

    frame = impact.features["cellars"]
    unknown = frame[frame["screening"] == "not judged"]
    if not len(unknown):
        return []
    unknown.plot(ax=ax, facecolor="#d0ccc4", edgecolor=OUTLINE, hatch="////", linewidth=0.7, zorder=5.1, aspect=None)
    return [Patch(facecolor="#d0ccc4", edgecolor=OUTLINE, hatch="////", linewidth=0.4, label=told["not judged"])]


def _ways(ax: Axes, impact: ImpactResult, told: Mapping[str, str]) -> list[Artist]:
    """Ways of vehicles: those that come over what is beyond the limit in another colour, above the others."""
    from matplotlib.lines import Line2D

    frame, limit = impact.features["ways"], float(impact.settings["use_limit"])
    handles: list[Artist] = []
    for far, colour, style, name in ((False, ROUTE, "-", "way_within"), (True, BEYOND, (0, (2.0, 1.0)), "way_beyond")):
        lines = [
            part for line, use, none in zip(frame.geometry, frame["use_factor"], frame["not_judged"], strict=True)
            if bool(use > limit or none > 0) == far for part in shapely.get_parts(line) if not part.is_empty
        ]  # fmt: skip
        for line in lines:
            xy = shapely.get_coordinates(line)
            ax.plot(xy[:, 0], xy[:, 1], color=colour, linewidth=1.8, linestyle=style, zorder=7 + far, gid=name)
        if lines:
            handles.append(Line2D([], [], color=colour, linewidth=1.8, linestyle=style, label=told[name]))
    return handles


def _walls(ax: Axes, impact: ImpactResult, told: Mapping[str, str]) -> list[Artist]:
    from matplotlib.lines import Line2D

    frame = impact.features["walls"]
    for name, line in frame.geometry.items():
        xy = shapely.get_coordinates(line)
        ax.plot(xy[:, 0], xy[:, 1], color=WALL, linewidth=3.0, zorder=6.5, gid=f"wall:{name}")
        middle = np.array(line.interpolate(0.5, normalized=True).coords[0])
        write_name(ax, str(name), float(middle[0]), float(middle[1]), WALL, gid=f"wall name:{name}")
    return [Line2D([], [], color=WALL, linewidth=3.0, label=told["wharf_wall"])] if len(frame) else []
