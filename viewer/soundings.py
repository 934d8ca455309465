"""Soundings and wells by themselves: columns in a block of ground that is cut open, with a grid to read sizes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import TwinError
from twin.geo.subsurface import sounding_profile
from viewer import props, shapes, style
from viewer.ground import local
from viewer.markers import name_of
from viewer.scene import Colour, LabelLayer, Layer, MeshLayer
from viewer.tables import number

if TYPE_CHECKING:
    import pandas as pd

    from twin.geo.city import City

LEAST_SHARE = 1 / 12
"""Soundings that reach less deep than this share of the area would be lines without a width: they are marked instead."""
TOGETHER = 0.25
"""Soundings are at one place when they are less than this share of their depth apart."""
UNKNOWN = "Not described"
Part = tuple[float, float, str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """A sounding, or a tube of a well.

    Parameters
    ----------
    id, name, kind : str
        An empty name is not written.
    x, y, z : float
        Place on the ground, local [m].
    depth : float
        [m]
    layers : tuple
        Top, bottom (depths) [m], what it is, and a description.
    of : {"soundings", "wells"}
    beside : int
        How many tubes of the same well stand before it.
    """

    id: str
    name: str
    kind: str
    x: float
    y: float
    z: float
    depth: float
    layers: tuple[Part, ...]
    of: str = "soundings"
    beside: int = 0


def columns_of(city: City) -> list[Column]:
    """Soundings of which the depth is known."""
    frame = city.soundings
    frame = frame[frame.geometry.geom_type.isin(["Point"]) & ~frame.geometry.is_empty] if len(frame) else frame
    places = shapely.get_coordinates(local(frame.geometry.values, city)) if len(frame) else np.empty((0, 2))
    found = []
    few = len(frame) <= MOST_INTERPRETED
    for (x, y), (key, row) in zip(places.tolist(), frame.iterrows(), strict=True):
        layers = _layers(row, interpreted=few)
        depth = number(row, "depth_m")
        depth = depth if depth > 0 else max((bottom for _, bottom, _, _ in layers), default=0.0)
        z = number(row, "surface_m") - city.origin[2]
        if depth > 0:
            kind = str(row.get("kind") or "")
            found.append(Column(str(key), name_of(row), kind, x, y, z, depth, _whole(layers, depth)))
    found += _tubes(city)
    # where the height of the ground is not told it is taken to be that of the others
    heights = np.array([column.z for column in found])
    usual = float(np.nanmedian(heights)) if np.isfinite(heights).any() else 0.0
    return [column if np.isfinite(column.z) else replace(column, z=usual) for column in found]


def _tubes(city: City) -> list[Column]:
    """Tubes of wells of which the filter is known: the tube down to it, and the filter."""
    frame = city.wells
    frame = frame[frame.geometry.geom_type.isin(["Point"]) & ~frame.geometry.is_empty] if len(frame) else frame
    places = shapely.get_coordinates(local(frame.geometry.values, city)) if len(frame) else np.empty((0, 2))
    found: list[Column] = []
    count: dict[tuple[float, float], int] = {}
    for (x, y), (key, row) in zip(places.tolist(), frame.iterrows(), strict=True):
        surface, high, low = (number(row, name) for name in ("surface_m", "filter_top_m", "filter_bottom_m"))
        if not (np.isfinite(surface) and low < high <= surface):
            continue
        beside = count.get((x, y), 0)
        count[x, y] = beside + 1
        parts = ((0.0, surface - high, "Tube", ""), (surface - high, surface - low, "Filter", ""))
        name = "" if beside else f"{row.get('well') or key}"
        found.append(Column(str(key), name, "well", x, y, surface - city.origin[2], surface - low, parts, "wells", beside))
    return found


def soil_columns(city: City) -> list[Layer]:
    """Soundings below the street as columns in the colours of their soil, with their names; hidden until the ground is opened."""
    few = 0 < len(city.soundings) <= MOST_COLUMNS
    columns = [column for column in columns_of(city) if column.of == "soundings" and column.layers] if few else []
    if not columns:
        return []
    tops = np.array([[column.x, column.y, column.z + 0.5] for column in columns])
    texts = tuple(f"{column.name} ({_KINDS[column.kind]})" if column.kind in _KINDS else column.name for column in columns)
    mesh = _columns_layer(columns, COLUMN_M, "soundings_soil", "Soil columns at soundings")
    names = LabelLayer("soundings_names", "Names of soundings", tops, texts, "underground", visible=False)
    return [replace(mesh, group="underground", visible=False, casts_shadow=False), names]


_KINDS = {"cpt": "CPT, interpreted", "borehole": "borehole"}
COLUMN_M = 0.5
"""Radius of a column of soil below a street [m]."""
MOST_COLUMNS = 200
"""Where there are more soundings than this none is drawn below the street: reading them all would take longer than the rest."""
MOST_INTERPRETED = 40
"""Of more cone penetration tests than this none is interpreted for a picture: nobody could tell them apart."""


def _layers(row: pd.Series, *, interpreted: bool = True) -> list[Part]:
    if interpreted and str(row.get("kind")) == "cpt":
        from twin.soil import layers_of

        try:
            table = layers_of(row)
        except TwinError:  # too little was measured
            return []
        rows = table[["top_m", "bottom_m", "soil_class", "description"]].itertuples(index=False)
        return sorted((float(top), float(low), str(kind).capitalize() or UNKNOWN, str(said)) for top, low, kind, said in rows)
    try:
        profile = sounding_profile(row)
    except TwinError:  # the reader has told already
        return []
    if "bottom_m" not in profile:
        return []
    found = []
    for top, bottom, kind, said in profile[["top_m", "bottom_m", "soil_class", "description"]].itertuples(index=False):
        if np.isfinite(top) and bottom > top:
            found.append((float(top), float(bottom), str(kind).capitalize() or UNKNOWN, str(said)))
    return sorted(found)


def _whole(layers: list[Part], depth: float) -> tuple[Part, ...]:
    """Layers from the ground down to the end, with what is not described between them."""
    if not layers:
        return ()
    full: list[Part] = []
    end = 0.0
    for top, bottom, kind, said in layers:
        if top > end + 1e-6:
            full.append((end, top, UNKNOWN, ""))
        if bottom > end:
            full.append((max(top, end), bottom, kind, said))
            end = bottom
    return (*full, (end, depth, UNKNOWN, "")) if depth > end + 1e-6 else tuple(full)


def only_soundings(city: City) -> bool:
    """Whether there is nothing to see in a city but soundings and wells, deep enough for their area to be seen as columns."""
    others = [frame for name, frame in city.layers.items() if name not in ("soundings", "wells") and len(frame)]
    if others or len(city.surfaces) or city.terrain is not None or city.dsm is not None:
        return False
    west, south, east, north = city.bounds
    columns = columns_of(city)
    if len(columns) < len(city.soundings) + len(city.wells):
        return False  # none may be missing in a picture
    deepest = max((column.depth for column in columns), default=0.0)
    return deepest > LEAST_SHARE * max(east - west, north - south)


def block_layers(city: City) -> list[Layer]:
    """The columns, the block of ground that they are in, its grid, and names and depths."""
    columns = columns_of(city)
    deepest = max(column.depth for column in columns)
    level = float(np.median([column.z for column in columns]))
    x, y = np.array([column.x for column in columns]), np.array([column.y for column in columns])
    reach = float(max(np.ptp(x), np.ptp(y)))
    # Open towards the south-west, where the camera of a whole city stands. Where there are several, only the far sides are left.
    one = reach < TOGETHER * deepest
    open_by, wall = (0.8 * deepest, 0.56 * deepest) if one else (0.1 * reach + 0.2 * deepest, 0.02 * reach)
    near = (0.16 if one else 0.3) * deepest
    extent = shapely.box(x.min() - open_by, y.min() - open_by, x.max() + near + wall, y.max() + near + wall)
    west, south, east, north = extent.bounds
    hole = shapely.box(west, south, east - wall, north - wall)
    solid, bottom = shapely.difference(extent, hole), level - 1.04 * deepest
    size = max(deepest, (east - west) / 4, (north - south) / 4)
    step = _step(size)
    unit = f"{step:g} m"
    floor = shapely.intersection(extent, hole)
    grid = _grid((solid, level) if one else (floor, bottom), solid, (level, bottom), step, size)
    top = shapes.plate(solid, level)
    table = shapes.plate(shapely.buffer(extent, 40 * deepest + 6 * reach, join_style="mitre"), bottom - 0.02 * deepest)
    layers: list[Layer] = [
        _plain("ground", "Ground", top, style.GROUND, "ground"),
        _plain("section", "Section through the ground", shapes.sides(solid, bottom, level), style.SECTION, "section"),
        _plain("section_floor", "Foot of the section", shapes.plate(floor, bottom), style.SECTION, "ground"),
        _plain("surroundings", "Beyond the model", table, style.TABLE, "surroundings"),
        _plain("grid", f"Grid, lines {unit} apart", grid, style.GRID, "ground"),
    ]
    for of, label in (("soundings", "Soundings"), ("wells", "Wells")):
        there = [column for column in columns if column.of == of]
        if there:
            layers.append(_columns_layer(there, max(0.07 * deepest, reach / 120), f"{of}_points", label))
    named = [column for column in columns if column.name]
    tops = np.array([[column.x, column.y, max(column.z, level) + 0.02 * deepest] for column in named])
    layers.append(LabelLayer("point_names", "Names of points", tops, tuple(column.name for column in named)))
    depths = step * np.arange(0, int(deepest / step + 1e-9) + 1)
    scale = np.column_stack([np.full(len(depths), west), np.full(len(depths), north - wall), level - depths])
    texts = ("0 m", *(f"{-depth:g} m".replace("-", "−") for depth in depths[1:]))
    return [*layers, LabelLayer("depths", "Depths below the ground", scale, texts, group="scale")]


def _step(deepest: float) -> float:
    """A round distance between lines, four to ten of them down to the deepest."""
    power = 10.0 ** np.floor(np.log10(deepest))
    return float(max(s * power for s in (0.1, 0.2, 0.5, 1.0, 2.0) if s * power <= deepest / 3.9))


def _plain(name: str, label: str, mesh: tuple[NDArray[np.float64], NDArray[np.int32]], colour: Colour, group: str) -> MeshLayer:
    vertices, faces = mesh
    return MeshLayer(name, label, vertices, faces, np.tile(np.array(colour, np.uint8), (len(faces), 1)), group=group)


def _grid(
    squares: tuple[BaseGeometry, float], solid: BaseGeometry, heights: tuple[float, float], step: float, size: float
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Squares over an area at a height, and lines at each depth along the sides of a block, from its top to its foot."""
    (area, z), (level, bottom) = squares, heights
    west, south, east, north = area.bounds
    width, lift = 0.006 * size, 0.002 * size
    xs = np.arange(np.ceil(west / step) * step, east, step)
    ys = np.arange(np.ceil(south / step) * step, north, step)
    lines = [shapely.box(x - width / 2, south, x + width / 2, north) for x in xs]
    lines += [shapely.box(west, y - width / 2, east, y + width / 2) for y in ys]
    flat = shapes.plate(shapely.intersection(shapely.union_all(lines), area), z + lift)
    bands: list[tuple[NDArray[np.float64], NDArray[np.int32]]] = [flat]
    around = shapely.buffer(solid, lift, join_style="mitre")
    bands += [shapes.sides(around, z - width / 2, z + width / 2) for z in np.arange(level - step, bottom, -step)]
    return shapes.join(bands)


def _columns_layer(columns: list[Column], radius: float, name: str, label: str) -> MeshLayer:
    builder = shapes.MeshBuilder()
    names = ("id", "kind", "soil" if name.startswith("soundings") else "part", "description", "top_m", "bottom_m")
    table: dict[str, list[object]] = {key: [] for key in names}
    for column in columns:
        place = np.array([[column.x + 2.4 * radius * column.beside, column.y, 0.0]])
        parts = column.layers or ((0.0, column.depth, "", ""),)
        for top, bottom, kind, said in parts:
            colour = style.SOILS.get(kind, style.SOUNDING) if kind else style.SOUNDING
            piece = props.tube(radius, column.z - bottom, column.z - top, 24)
            row = len(table["id"])
            if bottom < column.depth:
                # what is alike above and below a boundary is still two layers
                edge = props.tube(1.01 * radius, column.z - bottom - 0.008 * column.depth, column.z - bottom, 24)
                builder.add(*props.placed(*edge, place), style.GRID, row)
            builder.add(*props.placed(*piece, place), colour, row)
            values = (column.id, column.kind, kind or None, said or None, round(top, 3), round(bottom, 3))
            for key, value in zip(table, values, strict=True):
                table[key].append(value)
    vertices, faces, colours, owner = builder.arrays()
    return MeshLayer(name, label, vertices, faces, colours, owner, table, "furniture", casts_shadow=True)
