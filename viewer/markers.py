"""Layers of what is only points and lines: stops, wells, soundings, street centre lines. Shown where a city has little else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.along import points_along
from viewer import props, shapes
from viewer.ground import Ground, local
from viewer.scene import LabelLayer, Layer, MeshLayer
from viewer.tables import attributes_of

if TYPE_CHECKING:
    from twin.geo.city import City

POINTS = {
    "stops": ("Stops", (38, 84, 142)),
    "wells": ("Wells", (44, 128, 140)),
    "soundings": ("Soundings", (150, 74, 38)),
    "sensors": ("Sensors", (96, 74, 130)),
    "other": ("Other points", (90, 90, 90)),
}
"""Label and colour of each layer of points."""

LINES = {"streets": ("Street centre lines", (120, 104, 98)), "other": ("Other lines", (90, 90, 90))}
"""Label and colour of each layer of lines."""

MIN_HEIGHT_M = 2.0
POSTS_UP_TO_M = 2_000.0
"""In a wider area, and where there are many, points are discs: a post that could be seen there would be a kilometre tall."""


def marker_layers(city: City, ground: Ground) -> list[MeshLayer]:
    """Posts at points and bands along lines, large enough to be seen in the whole city.

    Parameters
    ----------
    city : City
    ground : Ground

    Returns
    -------
    list of MeshLayer
        Visible only where the city has neither triangles nor buildings; there to be switched on elsewhere.
    """
    west, south, east, north = city.bounds
    reach = max(east - west, north - south)
    alone = not len(city.surfaces) and not len(city.buildings)
    made = [_points(city, ground, name, reach, visible=alone) for name in POINTS]
    made += [_lines(city, ground, name, reach, visible=alone or (name == "streets" and not len(city.roads))) for name in LINES]
    return [layer for layer in made if layer is not None]


DISC_SHARE = 260.0
"""The radius of a disc is the reach of the city over this: some five pixels in a picture of all of it."""
LARGEST_NAMED = 5
NAMED_APART = 0.1
"""Of many stops so many are named, this share of the city apart."""
SIZES = ("departures_day_total", "departures_day")
"""Columns that tell how large a stop is."""
MOST_NAMED = 12
"""So many points of a layer are named in a picture; more names would hide each other."""


def marker_labels(layers: Sequence[Layer], city: City) -> list[LabelLayer]:
    """Names over the posts of layers with few points.

    Parameters
    ----------
    layers : sequence of Layer
        With the layers of `marker_layers` among them.
    city : City

    Returns
    -------
    list of LabelLayer
        At most one; of soundings with the depth that they reach. Of many stops only the busiest are named.
    """
    points, texts = [], []
    for layer in layers:
        name = layer.name.removesuffix("_points")
        if not (isinstance(layer, MeshLayer) and layer.visible and name in POINTS and layer.name.endswith("_points")):
            continue
        assert layer.owner is not None
        frame = _of_kind(city.layers[name], ("Point", "MultiPoint"))
        rows = np.unique(layer.owner).astype(np.int64)
        if len(rows) > MOST_NAMED:
            rows = _largest(frame)
        for row in rows.tolist():
            corners = layer.vertices[np.unique(layer.triangles[layer.owner == row])]
            points.append([*corners[:, :2].mean(axis=0), corners[:, 2].max()])
            texts.append(name_of(frame.iloc[row]))
    if not points:
        return []
    return [LabelLayer("point_names", "Names of points", np.array(points), tuple(texts))]


def _largest(frame: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Rows of the few stops with most departures that are well apart and named differently; none where that is not known."""
    column = next((name for name in SIZES if name in frame and np.nan_to_num(frame[name].to_numpy(dtype=float)).max() > 0), None)
    if column is None:
        return np.empty(0, np.int64)
    xy = np.column_stack([frame.geometry.x, frame.geometry.y])
    apart = NAMED_APART * float(np.ptp(xy, axis=0).max())
    names = [name_of(row) for _, row in frame.iterrows()]
    chosen: list[int] = []
    for row in np.argsort(-np.nan_to_num(frame[column].to_numpy(dtype=float)), kind="stable").tolist():
        far = all(np.hypot(*(xy[row] - xy[other])) >= apart and names[row] != names[other] for other in chosen)
        if far and len(chosen) < LARGEST_NAMED:
            chosen.append(row)
    return np.array(chosen, dtype=np.int64)


def name_of(row: pd.Series) -> str:
    """The name of a point, else its id; of a sounding with how deep it goes."""
    name = row.get("name")
    words = name if isinstance(name, str) and name else str(row.name)
    depth = row.get("depth_m")
    return f"{words}, {depth:g} m deep" if isinstance(depth, float) and np.isfinite(depth) else words


def _points(city: City, ground: Ground, name: str, reach: float, *, visible: bool) -> MeshLayer | None:
    frame = _of_kind(city.layers[name], ("Point", "MultiPoint"))
    if not len(frame):
        return None
    label, colour = POINTS[name]
    shapes_there = local(frame.geometry.values, city)
    rows = np.repeat(np.arange(len(frame), dtype=np.int32), shapely.get_num_geometries(shapes_there))
    xy = shapely.get_coordinates(shapely.get_parts(shapes_there))
    if len(xy) > MOST_NAMED or reach > POSTS_UP_TO_M:
        post = props.tube(max(MIN_HEIGHT_M / 2, reach / DISC_SHARE), 0.0, max(MIN_HEIGHT_M / 2, reach / DISC_SHARE / 3), 14)
    else:
        height = max(MIN_HEIGHT_M, reach / 40)
        post = props.tube(height / 12, 0.0, height, 10)
    builder = shapes.MeshBuilder()
    builder.add(*props.placed(*post, np.column_stack([xy, ground.at(xy)])), colour, np.repeat(rows, len(post[1])))
    vertices, faces, colours, owner = builder.arrays()
    attributes = attributes_of(frame)
    return MeshLayer(
        f"{name}_points", label, vertices, faces, colours, owner, attributes, "furniture", casts_shadow=True, visible=visible
    )


def _lines(city: City, ground: Ground, name: str, reach: float, *, visible: bool) -> MeshLayer | None:
    frame = _of_kind(city.layers[name], ("LineString", "MultiLineString"))
    if not len(frame):
        return None
    label, colour = LINES[name]
    width = max(1.5, reach / 400)
    builder = shapes.MeshBuilder()
    for row, shape in enumerate(local(frame.geometry.values, city)):
        for line in shapely.get_parts(shapely.force_2d(shape)):
            course = _draped(line, ground, reach)
            if len(course) > 1:
                builder.add(*shapes.beams(course[:-1], course[1:], width), colour, row)
    if not len(builder):
        return None
    vertices, faces, colours, owner = builder.arrays()
    return MeshLayer(f"{name}_lines", label, vertices, faces, colours, owner, attributes_of(frame), "street", visible=visible)


def _of_kind(frame: gpd.GeoDataFrame, kinds: tuple[str, ...]) -> gpd.GeoDataFrame:
    if not len(frame):
        return frame
    return frame[frame.geometry.geom_type.isin(kinds) & ~frame.geometry.is_empty]


def _draped(line: shapely.LineString, ground: Ground, reach: float) -> NDArray[np.float64]:
    """Points along a line on the ground, close enough to follow it."""
    xy, _ = points_along(line, max(5.0, reach / 200))
    return np.column_stack([xy, ground.at(xy)])
