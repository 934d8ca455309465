"""Where there is room for a text in a drawing on paper: none is written over another, or over what it would hide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twin.plots.canvas import INK, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MM_PER_POINT = 25.4 / 72.0
WIDE, HIGH = 0.58, 1.25
"""Of a letter as a share of its size, on the safe side."""

MARK_APART_MM = 4.0
"""A mark stands so far behind a text, or it is read as part of that."""


@dataclass
class Lettering:
    """Texts of one drawing.

    Parameters
    ----------
    ax : Axes
    across, up : float
        Millimetres on paper of a metre along the line, and of a metre of height.
    frame : (west, low, east, high)
        What texts stay within [m].
    """

    ax: Axes
    across: float
    up: float
    frame: tuple[float, float, float, float]
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def block(self, box: tuple[float, float, float, float]) -> None:
        """Keep texts out of a box in data coordinates [m]."""
        west, low, east, high = box
        self.taken.append((west * self.across, low * self.up, east * self.across, high * self.up))

    def size_of(self, text: str, points: float) -> tuple[float, float]:
        """Width and height of a text on paper [mm]."""
        lines = text.split("\n")
        return max(map(len, lines)) * WIDE * points * MM_PER_POINT, len(lines) * HIGH * points * MM_PER_POINT

    def write(
        self, text: str, spots: Iterable[tuple[float, float]], *, points: float = 8.0, ha: str = "center", va: str = "center",
        within: tuple[float, float, float, float] | None = None, gid: str = "label", offset: Sequence[float] = (0.0, 0.0),
        mark: float = 0.0, **style: Any,
    ) -> bool:  # fmt: skip
        """Write a text at the first of some spots [m] where there is room, `offset` [mm] beside it; tells whether there was one.

        `mark` is half the width of a mark at the spot itself [mm], which is kept free too, and clear of what is written before it.
        """
        wide, high = self.size_of(text, points)
        if style.get("rotation") == 90:
            wide, high = high, wide
        for x, y in spots:
            left = x * self.across + offset[0] - {"center": 0.5, "left": 0.0, "right": 1.0}[ha] * wide
            low = y * self.up + offset[1] - {"center": 0.5, "bottom": 0.0, "top": 1.0}[va] * high
            more = 0.9 if style.get("bbox") else 0.0
            box = (left - more, low - more, left + wide + more, low + high + more)
            if not (self._inside(box, self.frame) and (within is None or self._inside(box, within)) and self._free(box)):
                continue
            if mark:
                at = x * self.across, y * self.up
                own = (at[0] - mark, at[1], at[0] + mark, at[1] + 2.0 * mark)
                if not self._free((own[0] - MARK_APART_MM, *own[1:])):
                    continue
                self.taken.append(own)
            self.taken.append(box)
            self.ax.annotate(
                plain(text), (x, y), xytext=(offset[0] / MM_PER_POINT, offset[1] / MM_PER_POINT), textcoords="offset points",
                ha=ha, va=va, fontsize=points, gid=gid, **{"color": INK, "zorder": 12, "linespacing": 1.1, **style},
            )  # fmt: skip
            return True
        return False

    def _inside(self, box: tuple[float, float, float, float], frame: tuple[float, float, float, float]) -> bool:
        west, low, east, high = frame
        return (
            box[0] >= west * self.across - 0.1 and box[2] <= east * self.across + 0.1
            and box[1] >= low * self.up - 0.2 and box[3] <= high * self.up + 0.2
        )  # fmt: skip

    def _free(self, box: tuple[float, float, float, float]) -> bool:
        return not any(box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in self.taken)
