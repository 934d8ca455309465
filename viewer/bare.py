"""A result without its city: the floor that people stood on, its walls, exits, people and fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import ParameterError
from viewer import results, shapes, style, views
from viewer.key import key_of
from viewer.scene import FieldLayer, LabelLayer, Layer, MeshLayer, Scene, View
from viewer.words import readable_id

if TYPE_CHECKING:
    from twin.result import Result

WALL_M = 1.1
"""Walls are drawn this high, so that one looks over them [m]."""

THICK_M = 0.15
EXIT = (70, 150, 96)
WALL = (150, 146, 140)
MARGIN_M = 6.0


def compose_bare(
    result: Result,
    *,
    title: str = "",
    subtitle: str = "",
    time: float | None = None,
    field: str = "density",
    clock_start: str = "",
    beside: Scene | None = None,
) -> Scene:
    """Make a scene of a result alone, such as that of `twin.simulate_crowd`.

    Parameters
    ----------
    result : Result
    title, subtitle : str
    time : float, optional
        Moment to show first [s]; by default when most of the floor is crowded.
    field : str
        Variable of the result to drape.
    clock_start : str
        Clock time at t = 0, ``"14:30"``.
    beside : Scene, optional
        That of the other side of a comparison: both have its origin and its views.

    Raises
    ------
    ParameterError
        When the result does not hold its floor, or has no field of that name.
    """
    floors = result.features.get("floor")
    if floors is None or not len(floors):
        hint = "compose it with its city: viewer.compose(city, result)"
        raise ParameterError("the result does not hold the floor that it was walked on", hint=hint)
    west, south, east, north = (float(v) for v in floors.total_bounds)
    origin = np.array([np.floor(west), np.floor(south), 0.0]) if beside is None else np.array(beside.origin)
    heights = {str(row["level"]): _height_of(result, str(row["level"])) for _, row in floors.iterrows()}
    layers: list[Layer] = [
        *_floor_layers(floors, heights, origin),
        *_exit_layers(result, heights, origin),
        *results.line_labels(result, origin, lambda xy: np.zeros(len(xy))),
    ]
    key = key_of([layer for layer in layers if layer.name != "surroundings"])
    fields = results.field_layers(result, field, origin)
    people = results.people_layer(result, origin)
    layers += [*fields, *([people] if people is not None else [])]
    bounds = (west - origin[0], south - origin[1], east - origin[0], north - origin[1])
    cameras = beside.views if beside is not None else _cameras(fields, bounds, min(heights.values()), layers)
    times = results.timeline(fields, people)
    return Scene(
        title=title or "Crowd", subtitle=subtitle, layers=tuple(layers), views=cameras,
        legends=(style.fruin_legend(),) if fields else (), origin=(float(origin[0]), float(origin[1]), 0.0),
        crs=str(result.fields.attrs.get("crs", "") or ""), times=times,
        clock_start=clock_start, time=results.first_moment(time, fields, people), key=key,
        notes=("Partial result: the run was interrupted",) if result.partial else (),
    )  # fmt: skip


def _cameras(
    fields: list[FieldLayer], bounds: tuple[float, float, float, float], floor: float, layers: list[Layer]
) -> tuple[View, ...]:
    meshes = [layer for layer in layers if isinstance(layer, MeshLayer)]
    # the whole floor, not just where most people are: rooms are small
    return views.standard_views(np.empty((0, 3)), results.busiest(fields)[1], bounds, floor, meshes, 215.0)


def _height_of(result: Result, level: str) -> float:
    """The height of a level, the median of its cells; 0 where it is not told."""
    fields = result.fields
    if "floor_height" not in fields:
        return 0.0
    height = fields["floor_height"]
    if "level" in height.dims and level in [str(one) for one in np.asarray(height["level"])]:
        height = height.sel(level=level)
    values = np.asarray(height, dtype=float)
    return float(np.median(values[np.isfinite(values)])) if np.isfinite(values).any() else 0.0


def _floor_layers(floors: Any, heights: dict[str, float], origin: NDArray[np.float64]) -> list[MeshLayer]:
    ground, walls = shapes.MeshBuilder(), shapes.MeshBuilder()
    lowest = min(heights.values())
    for row, (_, item) in enumerate(floors.iterrows()):
        z = heights[str(item["level"])] - origin[2]
        outline = shapely.transform(shapely.force_2d(item.geometry), lambda xy: xy - origin[:2])
        ground.add(*shapes.plate(outline, z), style.SURFACES["square"], row)
        walls.add(*shapes.wall_along(outline.boundary, THICK_M, z, z + WALL_M), WALL, row)
    names: list[Any] = [str(level) for level in floors["level"]]
    table = {"id": names, "area_m2": [round(float(area), 1) for area in floors.geometry.area]}
    around = shapely.transform(floors.union_all().envelope, lambda xy: xy - origin[:2])
    reach = 8.0 * max(*np.ptp(np.reshape(around.bounds, (2, 2)), axis=0).tolist(), MARGIN_M)
    plain = shapes.plate(shapely.buffer(around, reach, join_style="mitre"), lowest - origin[2] - 0.3)
    plain_colours = np.broadcast_to(np.array(style.GROUND, np.uint8), plain[1].shape).copy()
    made = [MeshLayer("surroundings", "Beyond the model", *plain, plain_colours, group="surroundings")]
    for name, label, builder, group in (("ground", "Floor", ground, "ground"), ("walls", "Walls", walls, "structures")):
        vertices, faces, colours, owner = builder.arrays()
        made.append(MeshLayer(name, label, vertices, faces, colours, owner, table, group, casts_shadow=name == "walls"))
    return made


def _exit_layers(result: Result, heights: dict[str, float], origin: NDArray[np.float64]) -> list[Layer]:
    """Exits as plates on the floor, with their names."""
    frame = result.features.get("exits")
    if frame is None or not len(frame):
        return []
    builder = shapes.MeshBuilder()
    spots, names = [], []
    for row, (key, item) in enumerate(frame.iterrows()):
        if item.geometry is None or item.geometry.is_empty:
            continue
        z = heights.get(str(item.get("level", "")), min(heights.values())) - origin[2]
        shape = shapely.transform(shapely.force_2d(item.geometry), lambda xy: xy - origin[:2])
        area = shape if shape.area > 0 else shapely.buffer(shape, 0.4, cap_style="flat")
        builder.add(*shapes.plate(area, z + 0.03), EXIT, row)
        spots.append([*shapely.get_coordinates(area.centroid)[0], z + 1.6])
        names.append(readable_id(str(key)))
    if not len(builder):
        return []
    vertices, faces, colours, owner = builder.arrays()
    mesh = MeshLayer("exits", "Exits", vertices, faces, colours, owner, {"id": [str(key) for key in frame.index]}, "street")
    return [mesh, LabelLayer("exit_names", "Names of exits", np.array(spots), tuple(names))]


