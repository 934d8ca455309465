"""A variable along a line over time: where a jam begins, and how it grows back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.plots.canvas import INK, SOFT, axes_of, foot, head
from twin.plots.choosing import clock_of, field_of, level_named
from twin.plots.colouring import colouring, drawable, explain
from twin.plots.series import time_axis
from twin.plots.slicing import Plane, plane_through
from twin.plots.words import words

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from twin.result import Result


def along(
    result: Result, variable: str, plane: Plane, level: str | None, scheme: str = "walkway"
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], xr.DataArray]:
    """A variable over time at places along a line.

    Returns
    -------
    time : (T,) float64
        Ends of the intervals [s].
    distance : (N,) float64
        At least two places to a cell [m].
    values : (T, N) float64
        Of the nearest cell; NaN off the floor.
    walked : (N,) bool
        Where there is floor.
    array : DataArray
        The field itself.

    Raises
    ------
    ParameterError
        When the variable is not one over time, the level is not there, or the line lies outside the fields.
    """
    array = field_of(result, variable, scheme)
    if "time" not in array.dims:
        over_time = [str(name) for name, one in result.fields.data_vars.items() if "time" in one.dims]
        raise ParameterError(f"`{variable}` does not change over time", hint=f"one of {', '.join(over_time) or 'none'}")
    x, y = array["x"].to_numpy(), array["y"].to_numpy()
    cell = float(abs(x[1] - x[0])) if len(x) > 1 else 1.0
    half = 0.5 * cell
    box = shapely.box(x.min() - half, y.min() - half, x.max() + half, y.max() + half)
    if not plane.line.intersects(box):
        west, south, east, north = box.bounds
        raise ParameterError(
            "the line lies where nobody came",
            hint=f"the fields reach from ({west:.0f}, {south:.0f}) to ({east:.0f}, {north:.0f}) m",
        )
    distance = np.linspace(0.0, plane.length, int(np.clip(np.ceil(2.0 * plane.length / cell), 2, 20_000)) + 1)
    at = plane.at(distance)
    column, row = np.rint((at[:, 0] - x[0]) / cell).astype(int), np.rint((y[0] - at[:, 1]) / cell).astype(int)
    inside = (column >= 0) & (column < len(x)) & (row >= 0) & (row < len(y))
    r, c = np.clip(row, 0, len(y) - 1), np.clip(column, 0, len(x) - 1)
    levels = [str(name) for name in array["level"].to_numpy()]
    taken = range(len(levels)) if level is None else [levels.index(level_named(level, levels))]
    floor = result.fields["walkable"].to_numpy() if "walkable" in result.fields else np.ones(array.shape[1:], bool)
    values = np.full((array.sizes["time"], len(distance)), np.nan)
    for k in range(array.sizes["time"]):
        now = np.asarray(array.isel(time=k).to_numpy(), np.float64)
        for index in taken:
            values[k] = np.fmax(values[k], np.where(inside & floor[index, r, c], now[index, r, c], np.nan))
    walked = inside & floor[list(taken)][:, r, c].any(axis=0)
    return array["time"].to_numpy().astype(np.float64), distance, values, walked, array


def plot_space_time(
    result: Result,
    variable: str,
    start: object,
    end: object,
    *,
    level: str | None = None,
    ax: Axes | None = None,
    cmap: Any = None,
    classes: Sequence[float] | str | None = "fruin",
    scheme: str = "walkway",
    vmax: float | None = None,
    language: str = "en",
) -> Axes:
    """Draw a variable along a line over time; see `Result.plot_section`."""
    told = words(language)
    plane = plane_through(start, end)
    time, distance, raw, walked, array = along(result, variable, plane, level, scheme)
    values = drawable(raw, variable)
    used = colouring(values, variable, classes=classes, scheme=scheme, cmap=cmap, vmax=vmax)
    ax = axes_of(ax, (9.5, 5.0))
    half = 0.5 * float(distance[1] - distance[0])
    edges = np.clip(np.append(distance - half, plane.length), 0.0, plane.length)
    first = 2.0 * time[0] - time[1] if len(time) > 1 else 0.0
    ax.set_facecolor("#efece5")
    ax.pcolormesh(
        edges, np.append(max(first, 0.0), time), np.where(walked, 0.0, np.full(raw.shape, np.nan)), cmap=_paper(), rasterized=True
    )
    image = ax.pcolormesh(
        edges, np.append(max(first, 0.0), time), np.ma.masked_invalid(values), cmap=used.cmap, norm=used.norm, rasterized=True
    )
    image.set_gid("field")
    ax.set_xlim(0.0, plane.length)
    ax.set_ylim(max(first, 0.0), float(time[-1]))
    start_clock = clock_of(result)
    ax.set_xlabel(told["distance"], fontsize=9.5, color=INK)
    time_axis(ax.yaxis, start_clock, language)
    ax.tick_params(labelsize=9, colors=SOFT, labelcolor=INK)
    label = told.get(variable, str(array.attrs.get("long_name", variable)))
    head(
        ax,
        f"{label}: {told['space_time'].lower()}",
        " · ".join(part for part in (str(result.provenance.get("title") or ""), _ends(plane)) if part),
    )
    explain(
        ax, image, used, variable, str(array.attrs.get("units", "1")), label, scheme=scheme, language=language, start=start_clock
    )
    foot(ax, [told["grey_is_no_floor"], told["partial"] if result.partial else ""], below=34.0)
    return ax


def _paper() -> Any:
    from matplotlib.colors import ListedColormap

    return ListedColormap(["#ffffff"])


def _ends(plane: Plane) -> str:
    ends = (plane.start, plane.start + plane.length * plane.along)
    return " – ".join(f"({x:.0f}, {y:.0f})" for x, y in ends)
