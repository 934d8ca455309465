"""The cross-section of a wharf cellar: ring, ground, load, and the thrust line with its hinges, true to scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.plots.canvas import INK, PAPER, SOFT, axes_of, foot, head, key, rgb, scale_bar
from twin.plots.words import number, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from twin.impacts.cellar_section import CellarSection

_EARTH, _BRICK, _ROOM, _LOAD, _THRUST = (206, 188, 158), (176, 110, 84), (243, 238, 228), (70, 110, 150), (176, 30, 40)
_TALLEST_M = 1.1
"""Height of the largest load in the picture [m]."""
_WALL_M = 0.5


def plot_cellar_section(section: CellarSection, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Draw a section; see `CellarSection.plot`."""
    told = words(language)
    ax = axes_of(ax, (11.0, 6.3))
    arch, up = section.arch, section.springing_m
    half = float(arch.strips[-1])
    side = half + _WALL_M + 0.7
    ax.set_facecolor(PAPER)
    street, low = section.street_m, section.floor_m - 0.85
    inner, outer, line = (np.asarray(points) + np.array([0.0, up]) for points in (arch.inner, arch.outer, section.thrust.line))
    seen: dict[str, Any] = {"cellar_ground": ax.fill_between([-side, side], low, street, color=rgb(_EARTH), linewidth=0, zorder=1)}
    ax.plot([-side, side], [street, street], color=INK, linewidth=1.6, zorder=5, gid="street")
    _walls(ax, section)
    seen["cellar_ring"] = _ring(ax, inner, outer)
    seen["cellar_third"] = _third(ax, inner, outer)
    if section.strips.any():
        seen["cellar_load"] = _load(ax, section, street, language)
    if section.thrust.stands:
        (seen["cellar_thrust"],) = ax.plot(line[:, 0], line[:, 1], color=rgb(_THRUST), linewidth=2.0, zorder=8, gid="thrust line")
    if section.thrust.hinges:
        at = np.array([(outer if outside else inner)[joint] for joint, outside in section.thrust.hinges])
        style: dict[str, Any] = {"markersize": 8, "markerfacecolor": "white", "markeredgecolor": rgb(_THRUST)}
        (seen["cellar_hinge"],) = ax.plot(at[:, 0], at[:, 1], "o", markeredgewidth=1.8, zorder=9, gid="hinges", **style)
    _measures(ax, section, language)
    _heights(ax, section, side, language)
    ax.set_xlim(-side, side + 1.25)
    ax.set_ylim(low, street + (_TALLEST_M + 0.6 if section.strips.any() else 0.5))
    ax.set_aspect("equal", adjustable="box")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)
    scale_bar(ax)
    for name, artist in seen.items():
        artist.set_label(told[name])
    _dress(ax, section, list(seen.values()), language)
    return ax


def _walls(ax: Axes, section: CellarSection) -> None:
    """The room below the springing, and walls whose thickness is not known, paler and hatched."""
    inside = float(section.arch.inner[-1, 0])
    across = section.arch.outer[-1] - section.arch.inner[-1]
    top = section.springing_m + float(section.arch.inner[-1, 1])
    curve = section.arch.inner + np.array([0.0, section.springing_m])
    room = np.concatenate([[(-inside, section.floor_m)], curve, [(inside, section.floor_m)]])
    for turn in (-1.0, 1.0):
        low, high, back = section.floor_m - 0.15, top + across[1], inside + max(_WALL_M, across[0])
        corners = [(inside, low), (inside, top), (inside + across[0], high), (back, high), (back, low)]
        wall = np.array(corners) * np.array([turn, 1.0])
        ax.fill(*wall.T, facecolor=rgb(_BRICK, 0.45), edgecolor=rgb(_BRICK), hatch="///", linewidth=0.6, zorder=2, gid="wall")
    ax.fill(*room.T, facecolor=rgb(_ROOM), edgecolor="none", zorder=3, gid="room")
    ax.plot([-inside, inside], [section.floor_m] * 2, color=INK, linewidth=1.4, zorder=5, gid="floor")


def _ring(ax: Axes, inner: NDArray[np.float64], outer: NDArray[np.float64]) -> object:
    outline = np.concatenate([inner, outer[::-1]])
    (made,) = ax.fill(*outline.T, facecolor=rgb(_BRICK), edgecolor=rgb((96, 56, 40)), linewidth=1.0, zorder=4, gid="ring")
    for low, high in zip(inner, outer, strict=True):
        ax.plot([low[0], high[0]], [low[1], high[1]], color=rgb((96, 56, 40), 0.35), linewidth=0.5, zorder=4.1, gid="joint")
    return made


def _third(ax: Axes, inner: NDArray[np.float64], outer: NDArray[np.float64]) -> object:
    for share in (1 / 3, 2 / 3):
        at = inner + share * (outer - inner)
        (line,) = ax.plot(at[:, 0], at[:, 1], "--", color=rgb((64, 32, 22)), linewidth=0.9, zorder=6, gid="middle third")
    return line


def _load(ax: Axes, section: CellarSection, street: float, language: str) -> object:
    """Pressure on the strips of the vault, drawn on the street above it; the largest is told."""
    edges, most = section.arch.strips, float(section.strips.max())
    tall = section.strips / most * _TALLEST_M
    bars = ax.bar(
        edges[:-1], tall, np.diff(edges), bottom=street + 0.06, align="edge", facecolor=rgb(_LOAD, 0.35), edgecolor=rgb(_LOAD),
        linewidth=0.8, zorder=5, gid="load",
    )  # fmt: skip
    at = int(section.strips.argmax())
    ax.annotate(
        f"{number(most, 1, language)} kN/m²", (0.5 * (edges[at] + edges[at + 1]), street + 0.06 + tall[at]), xytext=(0, 4),
        textcoords="offset points", ha="center", va="bottom", fontsize=9, color=rgb(_LOAD),
    )  # fmt: skip
    return bars


def _measures(ax: Axes, section: CellarSection, language: str) -> None:
    """Span, rise, ring and cover as dimension lines."""
    told = words(language)
    inside, spring = float(section.arch.inner[-1, 0]), section.springing_m + float(section.arch.inner[-1, 1])
    # the ring may spring higher than the vault does, where its haunches are solid
    middle = 0.5 * (section.floor_m + spring)
    span = told["cellar_span"].format(value=number(2.0 * inside, 2, language))
    rise = told["cellar_rise"].format(value=number(section.crown_m - spring, 2, language))
    top = section.crown_m + section.ring_m
    _dimension(ax, (-inside, middle), (inside, middle), span, (0, 3), "center")
    _dimension(ax, (0.0, spring), (0.0, section.crown_m), rise, (5, 0), "left")
    ring = told["cellar_ring_of"].format(value=number(section.ring_m, 2, language))
    cover = told["cellar_cover"].format(value=number(section.cover_m, 2, language))
    _dimension(ax, (0.0, top), (0.0, section.street_m), cover, (5, 0), "left")
    at, text = (-0.18 * inside, section.crown_m + 0.3 * section.ring_m), (-0.12 * inside, section.crown_m - 0.6)
    pointer = {"arrowstyle": "-", "color": INK, "linewidth": 0.8}
    ax.annotate(ring, at, xytext=text, fontsize=9, ha="right", color=INK, arrowprops=pointer, zorder=10)


def _dimension(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], text: str, off: tuple[float, float], ha: str
) -> None:
    arrow = {"arrowstyle": "<->", "color": INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, start, arrowprops=arrow, zorder=10)
    middle = 0.5 * (start[0] + end[0]), 0.5 * (start[1] + end[1])
    va = "bottom" if ha == "center" else "center"
    ax.annotate(text, middle, xytext=off, textcoords="offset points", ha=ha, va=va, fontsize=9, color=INK, zorder=10)


def _heights(ax: Axes, section: CellarSection, side: float, language: str) -> None:
    """Heights in the datum at the right, apart from each other."""
    told = words(language)
    spring = section.springing_m + float(section.arch.inner[-1, 1])
    levels = (
        ("street", section.street_m), ("cellar_crown", section.crown_m), ("cellar_springing", spring),
        ("cellar_floor", section.floor_m),
    )  # fmt: skip
    for name, z in levels:
        ax.plot([side - 0.15, side + 0.1], [z, z], color=SOFT, linewidth=0.8, zorder=6, clip_on=False)
        sign = "+" if z >= 0 else "−"
        text = f"{told[name]} {sign}{number(abs(z), 2, language)} m {section.datum}".rstrip()
        ax.annotate(text, (side + 0.15, z), va="center", ha="left", fontsize=8.5, color=INK, annotation_clip=False)


def _dress(ax: Axes, section: CellarSection, handles: list[object], language: str) -> None:
    told, row, state = words(language), section.row, section.thrust
    use = row["use_factor"]
    kind, colon, name = str(row["governing"]).partition(":")
    word, _, rest = kind.partition(" ")
    kind = f"{told[f'cellar_load_{word}']} {rest}".strip() if f"cellar_load_{word}" in told else kind
    parts = [told["cellar_governing"].format(what=f"{kind}{colon}{name}") if kind else ""]
    if np.isfinite(use):
        parts.append(told["cellar_use"].format(value=number(float(use), 2, language)))
    if state.stands and np.isfinite(state.factor):
        parts.append(told["cellar_factor"].format(value=number(state.factor, 2, language)))
    if state.stands:
        parts.append(told["cellar_push"].format(value=number(state.horizontal, 0, language)))
    parts.append(told["cellar_confidence"].format(value=told[f"cellar_{row['confidence']}"]))
    key(ax, handles, "")
    head(ax, told["cellar_title"].format(name=section.name), " · ".join(part for part in parts if part))
    notes = [told["cellar_label"], told["cellar_assumes"]]
    if section.guessed:
        names = ", ".join(told[f"cellar_of_{name.split()[0]}"] for name in section.guessed)
        notes.append(told["cellar_estimated"].format(what=names))
    foot(ax, notes)
