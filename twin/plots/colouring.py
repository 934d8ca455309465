"""How numbers become colours on a map: Fruin's classes with their letters, classes of one's own, or a scale."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.fruin import LAJOLLA, LETTERS, borders
from twin.plots.canvas import key, rgb
from twin.plots.words import class_range, clock, number, unit_of, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize

EMPTY_BELOW = 0.02
"""Density that is drawn as nothing [1/m2]."""

DENSITIES = ("density", "density_max")
LEVELS = ("level_of_service", "level_of_service_interval")
CLASSED = (*DENSITIES, *LEVELS)
ZERO_IS_NOTHING = (*CLASSED, "exposure", "time_dense", "crowd_pressure", "crowd_pressure_max")
"""Variables of which 0 is not drawn."""

TIMES = ("density_max_time", "crowd_pressure_max_time")


class Colouring(NamedTuple):
    """Colours of values and what stands in the legend.

    Parameters
    ----------
    cmap : Colormap
    norm : Normalize
    borders : (C - 1,) float64 or None
        Between the classes; None for a continuous scale.
    letters : str
        Of the classes; empty without.
    """

    cmap: Colormap
    norm: Normalize
    borders: NDArray[np.float64] | None = None
    letters: str = ""


def lajolla() -> Colormap:
    """The scale between the six colours, light for low."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("lajolla", [rgb(colour) for colour in LAJOLLA])


def drawable(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Values with NaN where nothing is to be drawn."""
    low = EMPTY_BELOW if name in DENSITIES else 0.5 if name in LEVELS else 0.0
    if name in ZERO_IS_NOTHING:
        return np.where(values > low, values, np.nan)
    return values


def colouring(
    values: NDArray[np.float64],
    name: str,
    *,
    classes: Sequence[float] | str | None,
    scheme: str,
    cmap: Any,
    vmax: float | None,
) -> Colouring:
    """Choose colours.

    Parameters
    ----------
    values : array
        What is drawn, NaN for nothing.
    name : str
        Variable.
    classes : "fruin", sequence of float, or None
        Rising borders between classes; None for a continuous scale. Fruin's count for densities and levels of service only.
    scheme : {"walkway", "stairs", "queueing"}
    cmap : str or Colormap or None
    vmax : float or None
        Upper end of a continuous scale.

    Raises
    ------
    ParameterError
        When borders do not rise, or there is no such scheme.
    """
    import matplotlib
    from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize

    if isinstance(classes, str) and classes != "fruin":
        raise ParameterError(f"there are no classes `{classes}`", hint='"fruin", borders such as [1, 2, 4], or None for a scale')
    # where people are slow it is dark
    scale = (lajolla().reversed() if name == "mean_speed" else lajolla()) if cmap is None else matplotlib.colormaps.get_cmap(cmap)
    if name in CLASSED and classes == "fruin":
        at = np.array(borders(scheme)) if name in DENSITIES else np.arange(1.5, 6.0)
        colours = [rgb(colour) for colour in LAJOLLA] if cmap is None else list(scale(np.linspace(0.05, 1.0, 6)))
        edges = [min(0.0, at[0]), *at, max(at[-1] * 10.0, 100.0)]
        return Colouring(ListedColormap(colours), BoundaryNorm(edges, 6), at, LETTERS)
    if classes is not None and not isinstance(classes, str):
        at = np.asarray(classes, dtype=np.float64)
        if at.ndim != 1 or not len(at) or not np.isfinite(at).all() or (np.diff(at) <= 0).any():
            raise ParameterError("borders of classes are rising numbers", hint="for example classes=[0.5, 1, 2, 4]")
        span = float(at[-1] - at[0]) + 1.0
        edges = [at[0] - 1e6 * span, *at, at[-1] + 1e6 * span]
        return Colouring(ListedColormap(list(scale(np.linspace(0.0, 1.0, len(at) + 1)))), BoundaryNorm(edges, len(at) + 1), at)
    known = values[np.isfinite(values)]
    low = 0.0 if name in (*ZERO_IS_NOTHING, "mean_speed", "speed_variance") or not len(known) else float(known.min())
    high = float(vmax) if vmax is not None else float(np.quantile(known, 0.999)) if len(known) else 1.0
    return Colouring(scale, Normalize(min(low, high), high if high > low else low + 1.0))


def explain(
    ax: Axes, image: Any, used: Colouring, name: str, units: str, label: str, *, scheme: str, language: str, start: str
) -> None:
    """Say what the colours mean: a legend of classes, or a bar."""
    from matplotlib.patches import Patch

    told, unit = words(language), unit_of(units, language)
    if used.borders is None:
        bar = ax.figure.colorbar(image, ax=ax, shrink=0.6, pad=0.02, aspect=24, extend="max")
        bar.set_label(label if name in TIMES or not unit else f"{label} ({unit})", fontsize=9)
        bar.ax.tick_params(labelsize=8.5)
        bar.outline.set_visible(False)
        low, high = float(used.norm.vmin or 0.0), float(used.norm.vmax or 1.0)
        digits = 0 if high >= 10 else 1 if high >= 1 else 2
        bar.ax.yaxis.set_major_formatter(
            lambda value, _: clock(value, start, exact=high - low < 900) if name in TIMES else number(value, digits, language)
        )
        return
    at = used.borders if name not in LEVELS else np.array(borders(scheme))
    ends = [-np.inf, *at, np.inf]
    digits = 2 if name in DENSITIES or name in LEVELS else 0 if all(float(one).is_integer() for one in at) else 1
    handles = []
    for k, (low, high) in enumerate(pairwise(ends)):
        letter = f"{used.letters[k]}   " if used.letters else ""
        text = class_range(low if k else 0.0, high, language, digits) if k else f"< {number(high, digits, language)}"
        handles.append(Patch(facecolor=used.cmap(k), edgecolor="#8a8378", linewidth=0.4, label=letter + text))
    unit = told["people_per_m2"] if name in CLASSED else unit
    note = told["los_note"].format(scheme=told[scheme]) if used.letters else ""
    if name in LEVELS and note:
        key(ax, handles[::-1], f"{note}\n({unit})")
        return
    note = "\n" + note if note else ""
    # the fullest on top, as in a thermometer
    key(ax, handles[::-1], f"{label}\n({unit}){note}" if unit else f"{label}{note}")


def diverging(values: NDArray[np.float64], vmax: float | None) -> tuple[Any, float]:
    """A scale whose middle is 0: white there, blue below, red above; and its end, rounded up."""
    from matplotlib.colors import Normalize

    known = np.abs(values[np.isfinite(values)])
    top = float(vmax) if vmax is not None else float(np.quantile(known, 0.998)) if len(known) else 1.0
    if vmax is None:
        top = max(top, 1e-9)
        step = 10.0 ** np.floor(np.log10(top)) / 2.0
        top = float(np.ceil(top / step) * step)
    elif not top > 0 or not np.isfinite(top):
        raise ParameterError(f"a scale that ends at {vmax!r} shows nothing", hint="give a vmax above 0")
    return Normalize(-top, top), top
