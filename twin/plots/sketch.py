"""What a drawing of a section is made with: axes, words, scale, letters, and what its legend has to tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.plots.canvas import rgb
from twin.plots.lettering import Lettering
from twin.plots.parts import Part
from twin.plots.words import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

EDGE = (70, 50, 40)


@dataclass
class Sketch:
    """A drawing that is being made.

    Parameters
    ----------
    ax : Axes
    told : mapping of str to str
    language : str
    letters : Lettering
    low, high, length : float
        What is seen [m].
    datum : str
    seen : dict of str to (group, handle)
        What the legend tells.
    """

    ax: Axes
    told: Mapping[str, str]
    language: str
    letters: Lettering
    low: float
    high: float
    length: float
    datum: str = ""
    seen: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def note(self, group: str, handle: Any, label: str) -> None:
        """Tell of a thing in the legend, once."""
        handle.set_label(label)
        self.seen.setdefault(f"{group}:{label}", (group, handle))

    def level(self, z_m: float, digits: int = 2) -> str:
        """A height as drawings write it: with its sign."""
        sign = "±" if round(z_m, digits) == 0 else "+" if z_m > 0 else "−"
        return f"{sign}{number(abs(z_m), digits, self.language)}"

    def fill(self, shape: Any, *, gid: str, **style: Any) -> Any:
        """Polygons with their holes; the last patch, or None where there is none."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        made = None
        hatch_width = style.pop("hatch_linewidth", 0.35)
        for part in shapely.get_parts(shape):
            if part.geom_type != "Polygon" or part.area < 1e-9:
                continue
            rings = [shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)]
            path = Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))
            made = PathPatch(path, gid=gid, **{"edgecolor": rgb(EDGE), "linewidth": 0.8, **style})
            made.set_hatch_linewidth(hatch_width)
            self.ax.add_patch(made)
        return made

    def line(self, shape: Any, *, gid: str, **style: Any) -> Any:
        """Lines; the last one, or None."""
        made = None
        for part in shapely.get_parts(shape):
            if part.geom_type == "LineString" and part.length > 1e-9:
                x, y = shapely.get_coordinates(part).T
                (made,) = self.ax.plot(x, y, gid=gid, **style)
        return made

    def paper(self, mm: float) -> float:
        """Metres along the line that so many millimetres on paper are."""
        return mm / self.letters.across

    def seen_part(self, part: Part) -> bool:
        """Whether any of it lies in what is seen."""
        west, low, east, high = part.shape.bounds
        return bool(np.isfinite(west)) and high >= self.low and low <= self.high and east >= 0.0 and west <= self.length
