"""A plan of where people walk in a case, as SVG text, and what its colours mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from html import escape
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.report.chart import nice_step
from twin.verification.case import Run, Site

_WIDTH, _MOST = 820.0, 340.0
_MARGIN, _SCALE_ROOM, _NAME_ROOM = 10.0, 40.0, 26.0
_FLOOR, _WALL, _STAIR = "#ece5d8", "#4a443c", "#d3c5ab"
EXIT, START, MEASURED, LINE, LIFT = "#1f6b4f", "#d99a2b", "#3d6a8a", "#a3271b", "#6d4c7d"
NAMED_UP_TO = 4
"""So many exits or starts are named; of more, their number is told."""

_Placing: TypeAlias = Callable[[Any], NDArray[np.float64]]


def plan(site: Site) -> str:
    """Draw a site.

    Parameters
    ----------
    site : Site
        In metres; the names of its levels are written where there are several.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    west, south, east, north = shapely.total_bounds([*site.floors.values(), *(run.polygon for run in site.stairs)])
    scale = min((_WIDTH - 2 * _MARGIN) / (east - west), (_MOST - 2 * _MARGIN) / (north - south))
    left, high = 0.5 * (_WIDTH - scale * (east - west)), scale * (north - south)
    top = _MARGIN + (_NAME_ROOM if len(site.floors) > 1 else 0.0)

    def at(points: Any) -> NDArray[np.float64]:
        return np.array([left - scale * west, top + scale * north]) + scale * np.asarray(points) * [1.0, -1.0]

    parts = [_filled(floor, at, _FLOOR, 1.0, _WALL) for floor in site.floors.values()]
    parts += [part for run in site.stairs for part in _stair(run, at)]
    parts += [_filled(shape, at, START, 0.55) for shape, _ in site.starts.values()]
    parts += [_filled(shape, at, MEASURED, 0.5) for shape in site.areas.values()]
    parts += [_filled(shape, at, EXIT, 0.9) for shape, _ in site.exits.values()]
    parts += [_filled(end[0], at, LIFT, 0.7) for lift in site.lifts for end in lift]
    parts += [_line(at(np.reshape(ends, (2, 2))), LINE, 3.0) for ends, _ in site.lines.values()]
    if len(site.floors) > 1:
        for name, floor in site.floors.items():
            x0, _, x1, y1 = floor.bounds
            x, y = at((0.5 * (x0 + x1), y1))
            parts.append(f'<text x="{x:.1f}" y="{y - 7:.1f}" text-anchor="middle" class="level">{escape(name)}</text>')
    parts += _scale_bar(scale, east - west, left, top + high + 22.0)
    names = "; ".join(site.floors) if len(site.floors) > 1 else "one floor"
    size = f'viewBox="0 0 {_WIDTH:.0f} {top + high + _SCALE_ROOM:.0f}"'
    return f'<svg {size} role="img" aria-label="{escape(f"Plan, {names}", quote=True)}">{"".join(parts)}</svg>'


def key(site: Site) -> str:
    """What the colours of a plan mean, as HTML that breaks where it must."""
    entries: list[tuple[str, str, Iterable[str]]] = [
        (START, "start", site.starts),
        (EXIT, "exit", site.exits),
        (MEASURED, "measured", site.areas),
        (LINE, "counted", site.lines),
    ]
    told = [(colour, _named(what, names)) for colour, what, names in entries if names]
    if site.stairs:
        told.append((_STAIR, "stair, the arrow points up"))
    if site.lifts:
        told.append((LIFT, "lift, in and out"))
    shown = [f'<span><i style="background:{colour}"></i>{escape(text)}</span>' for colour, text in told]
    return f'<p class="key">{"".join(shown)}</p>'


def _named(what: str, names: Iterable[str]) -> str:
    every = list(names)
    if len(every) > NAMED_UP_TO:
        return f"{what} ({len(every)} of them)"
    told = ", ".join(name for name in every if name not in (what, "measured"))
    return f"{what}: {told}" if told else what


def _filled(shape: BaseGeometry, at: _Placing, colour: str, opacity: float, edge: str = "") -> str:
    rings = shapely.get_rings(shapely.get_parts(shape))
    path = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in at(shapely.get_coordinates(ring))) + "Z" for ring in rings)
    stroke = f' stroke="{edge}" stroke-width="1.6"' if edge else ""
    return f'<path d="{path}" fill="{colour}" fill-opacity="{opacity:g}" fill-rule="evenodd"{stroke}/>'


def _line(ends: NDArray[np.float64], colour: str, width: float) -> str:
    (x0, y0), (x1, y1) = ends
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" stroke-width="{width:g}"/>'


def _stair(run: Run, at: _Placing) -> list[str]:
    """Treads across, and an arrow that points up."""
    turn = math.radians(run.up_azimuth_deg)
    up, across = np.array([math.sin(turn), math.cos(turn)]), np.array([math.cos(turn), -math.sin(turn)])
    corners = shapely.get_coordinates(run.polygon)
    along, aside = corners @ up, corners @ across
    treads = np.linspace(along.min(), along.max(), 1 + max(3, min(24, round(float(np.ptp(along)) / 0.5))))
    parts = [_filled(run.polygon, at, _STAIR, 1.0, _WALL)]
    parts += [_line(at([t * up + a * across for a in (aside.min(), aside.max())]), _WALL, 0.5) for t in treads]
    middle, tip = 0.5 * (aside.min() + aside.max()) * across, 0.2 * float(np.ptp(along))
    start, end = at((along.min() + tip) * up + middle), at((along.max() - tip) * up + middle)
    back = 7.0 * (start - end) / max(float(np.hypot(*(start - end))), 1e-9)
    side = np.array([-back[1], back[0]]) * 0.6
    parts.append(_line(np.array([start, end]), _WALL, 2.0))
    parts += [_line(np.array([end, end + back + wing]), _WALL, 2.0) for wing in (side, -side)]
    return parts


def _scale_bar(scale: float, span: float, x: float, y: float) -> list[str]:
    length = nice_step(0.9 * span, 2)
    bar = np.array([[x, y], [x + length * scale, y]])
    ends = [point + np.array([[0.0, -4.0], [0.0, 4.0]]) for point in bar]
    text = f'<text x="{x + length * scale + 8:.1f}" y="{y + 4:.1f}">{length:g} m</text>'
    return [_line(bar, _WALL, 2.0), *(_line(end, _WALL, 2.0) for end in ends), text]
