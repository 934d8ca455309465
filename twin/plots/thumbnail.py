"""Small pictures for notebooks: drawn without pyplot, of a bounded number of shapes, as PNG files of a few kilobytes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin import palette
from twin.plots.canvas import INK, PAPER, SOFT, rgb

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from twin.geo.city import City
    from twin.result import Result

WIDTH_PX, HEIGHT_PX = 340, 250
MOST_SHAPES = 2500
"""Shapes of a layer that are drawn, the largest first: more are not told apart at this size."""

MOST_BYTES = 40_000


def _figure() -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_PX / 100, HEIGHT_PX / 100), dpi=100, facecolor=PAPER)
    return figure, figure.add_axes((0.0, 0.0, 1.0, 1.0))


def png(figure: Figure) -> bytes:
    """A figure as a PNG file of at most 40 kB: of as many colours as fit, which at this size is not seen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    out = b""
    for colours in (128, 48, 16):
        file = io.BytesIO()
        picture.quantize(colours).save(file, "PNG", optimize=True)
        out = file.getvalue()
        if len(out) <= MOST_BYTES:
            break
    return out


def _outlines(frame: gpd.GeoDataFrame, pixel: float) -> list[NDArray[np.float64]]:
    """Outer rings of the largest polygons, as coarse as a pixel."""
    shapes = shapely.get_parts(frame.geometry.dropna().to_numpy())
    shapes = shapes[shapely.get_type_id(shapes) == 3]
    if len(shapes) > MOST_SHAPES:
        shapes = shapes[np.argsort(shapely.area(shapes))[::-1][:MOST_SHAPES]]
    rings = shapely.get_exterior_ring(shapely.simplify(shapes, 0.4 * pixel, preserve_topology=False))
    rings = rings[shapely.get_num_points(rings) >= 4]
    points, ring = shapely.get_coordinates(rings, return_index=True)
    return np.split(points, np.flatnonzero(np.diff(ring)) + 1) if len(points) else []


def _fill(ax: Axes, frame: gpd.GeoDataFrame, pixel: float, colour: Any) -> None:
    from matplotlib.collections import PolyCollection

    outlines = _outlines(frame, pixel)
    if outlines:
        ax.add_collection(PolyCollection(outlines, facecolor=colour, edgecolor="none", antialiased=True), autolim=False)


def _window(ax: Axes, bounds: tuple[float, float, float, float]) -> float:
    """Show a box, filled up to the form of the picture; gives the size of a pixel [m]."""
    west, south, east, north = bounds
    pixel = 1.04 * max((east - west) / WIDTH_PX, (north - south) / HEIGHT_PX, 1e-6)
    x, y = 0.5 * (west + east), 0.5 * (south + north)
    ax.set_xlim(x - 0.5 * pixel * WIDTH_PX, x + 0.5 * pixel * WIDTH_PX)
    ax.set_ylim(y - 0.5 * pixel * HEIGHT_PX, y + 0.5 * pixel * HEIGHT_PX)
    ax.axis("off")
    return pixel


def city_picture(city: City) -> bytes:
    """The city from above: green, water, streets, buildings. Where there are no areas, the heights of the ground or points."""
    figure, ax = _figure()
    pixel = _window(ax, city.bounds)
    drawn = 0
    for name, colour in (
        ("green", rgb(palette.SURFACES["green"], 0.4)), ("water", rgb((150, 190, 206))), ("roads", rgb((206, 200, 192))),
        ("bridges", rgb((206, 200, 192))), ("buildings", rgb((170, 128, 106))),
    ):  # fmt: skip
        if len(city.layers[name]):
            _fill(ax, city.layers[name], pixel, colour)
            drawn += len(ax.collections)
    if not drawn and city.terrain is not None:
        step = max(1, max(city.terrain.grid.shape) // 400)
        west, south, east, north = city.terrain.grid.bounds
        ax.imshow(city.terrain.height[::step, ::step], extent=(west, east, south, north), cmap="gist_earth", aspect="auto")
        _window(ax, city.bounds)
    elif not drawn:
        for frame in city.layers.values():
            if len(frame):
                at = shapely.get_coordinates(shapely.centroid(frame.geometry.dropna().to_numpy()))[:20_000]
                ax.plot(*at.T, ".", markersize=2, color=INK)
    return png(figure)


def _extent(array: xr.DataArray) -> tuple[float, float, float, float]:
    x, y = array["x"].to_numpy(), array["y"].to_numpy()
    half = 0.5 * float(abs(x[1] - x[0])) if len(x) > 1 else 0.5
    return float(x.min()) - half, float(y.min()) - half, float(x.max()) + half, float(y.max()) + half


def field_picture(
    values: NDArray[np.float64], like: xr.DataArray, floor: gpd.GeoDataFrame | None, *, cmap: Any, norm: Any
) -> bytes:
    """A field (Y, X) over the floor; `like` has its coordinates."""
    figure, ax = _figure()
    bounds = _extent(like)
    pixel = _window(ax, bounds)
    if floor is not None and len(floor):
        shapes = floor.geometry.clip_by_rect(*bounds)
        _fill_with_holes(ax, shapes.to_numpy(), pixel)
    west, south, east, north = bounds
    ax.imshow(
        np.ma.masked_invalid(values),
        extent=(west, east, south, north),
        origin="upper",
        interpolation="nearest",
        cmap=cmap,
        norm=norm,
        aspect="auto",
        zorder=3,
    )
    _window(ax, bounds)
    return png(figure)


def _fill_with_holes(ax: Axes, shapes: NDArray[Any], pixel: float) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for shape in shapely.get_parts(shapely.simplify(shapes[~shapely.is_empty(shapes)], 0.4 * pixel))[:200]:
        if shape.geom_type == "Polygon" and not shape.is_empty:
            rings = [shapely.get_coordinates(ring) for ring in (shape.exterior, *shape.interiors)]
            path = Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))
            ax.add_patch(PathPatch(path, facecolor="#e2ddd3", edgecolor="none", zorder=1))


def density_picture(result: Result) -> bytes | None:
    """The highest density of each place, in Fruin's classes; None when there is none."""
    from twin.plots.colouring import colouring, drawable

    if "density_max" not in result.fields or not result.fields["density_max"].size:
        return None
    array = result.fields["density_max"].max("level")
    values = drawable(array.to_numpy().astype(np.float64), "density_max")
    used = colouring(values, "density_max", classes="fruin", scheme="walkway", cmap=None, vmax=None)
    return field_picture(values, array, result.features.get("floor"), cmap=used.cmap, norm=used.norm)


def change_picture(change: xr.DataArray, floor: gpd.GeoDataFrame | None) -> bytes:
    """What changed (level, y, x): red is more, blue less."""
    from twin.plots.colouring import diverging

    raw = np.nan_to_num(change.to_numpy().astype(np.float64))
    at = np.argmax(np.abs(raw), axis=0)
    values = np.take_along_axis(raw, at[None], axis=0)[0]
    norm, top = diverging(values, None)
    return field_picture(
        np.where(np.abs(values) > 0.03 * top, values, np.nan), change.isel(level=0), floor, cmap="RdBu_r", norm=norm
    )


def chart_picture(
    lines: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    band: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None = None,
    marks: Iterable[float] = (),
) -> bytes:
    """A small chart of lines over minutes, with a band from one line to another and upright marks."""
    figure, ax = _figure()
    ax.set_position((0.13, 0.15, 0.83, 0.78))
    ax.set_facecolor(PAPER)
    for colour, (name, (time, values)) in zip(("#1f4e79", "#c8553d", "#3b7a57"), lines.items(), strict=False):
        ax.plot(time / 60.0, values, color=colour, linewidth=1.8, label=name)
    if band is not None:
        ax.fill_between(band[0] / 60.0, band[1], band[2], color="#1f4e79", alpha=0.22, linewidth=0)
    for at in marks:
        ax.axvline(at / 60.0, color=SOFT, linewidth=1.0, linestyle=(0, (4, 3)))
    ax.set_xlim(left=0.0)
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("min", fontsize=8, color=INK, labelpad=1)
    ax.tick_params(labelsize=7.5, colors=SOFT, labelcolor=INK)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.legend(fontsize=7.5, frameon=False, loc="best")
    return png(figure)
