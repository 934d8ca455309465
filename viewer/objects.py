"""Layers of small things that stand on the floor: trees, lamps, benches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.layer_names import is_lamp
from twin.geo.trees import trees_of
from viewer import props, shapes, style
from viewer.ground import Ground, local
from viewer.scene import MeshLayer
from viewer.tables import attributes_of

if TYPE_CHECKING:
    from twin.geo.city import City


def trees_layer(city: City, drawn: set[str], ground: Ground) -> MeshLayer | None:
    """Trees as a trunk and a crown of few faces."""
    trees = trees_of(city, without=drawn)
    if not len(trees):
        return None
    frame, xy = trees.frame, trees.xy - city.origin[:2]
    foot = trees.foot_m - city.origin[2]
    foot = np.where(np.isfinite(foot), foot, ground.at(xy))
    seed = style.seeds(frame.index)
    trunks, crowns = props.tree_shapes(
        np.column_stack([xy, foot]), trees.height_m, trees.base_m, trees.diameter_m, seed
    )
    builder = shapes.MeshBuilder()
    rows = np.arange(len(frame), dtype=np.int32)
    builder.add(*trunks, style.TRUNK, np.repeat(rows, len(trunks[1]) // len(rows)))
    per_crown = len(crowns[1]) // len(rows)
    builder.add(*crowns, np.repeat(style.pick(style.TREE_CROWNS, seed), per_crown, axis=0), np.repeat(rows, per_crown))
    vertices, faces, colours, owner = builder.arrays()
    return MeshLayer("trees", "Trees", vertices, faces, colours, owner, attributes_of(frame), "green", casts_shadow=True)


def furniture_layer(city: City, drawn: set[str], ground: Ground) -> MeshLayer | None:
    """Street lamps as poles, benches as low blocks, anything else as a bollard."""
    frame = city.furniture[~city.furniture.index.astype(str).isin(drawn)]
    frame = frame[frame.geometry.geom_type == "Point"] if len(frame) else frame
    if not len(frame):
        return None
    xy = shapely.get_coordinates(local(frame.geometry.values, city))
    foot = _column(frame, "z_m", np.nan) - city.origin[2]
    foot = np.where(np.isfinite(foot), foot, ground.at(xy))
    kinds = frame["kind"].astype(str).str.lower().to_numpy() if "kind" in frame else np.full(len(frame), "lamp")
    lamp = np.array([is_lamp(kind) for kind in kinds])
    bench = kinds == "bench"
    height = _column(frame, "height_m", np.nan)
    height = np.where(np.isfinite(height), height, np.where(lamp, 4.5, np.where(bench, 0.5, 1.0)))
    width = np.where(lamp, 1.0, np.where(bench, 3.0, 1.0))
    builder = shapes.MeshBuilder()
    for mine, shape in ((lamp, props.lamp_shape()), (~lamp, props.tube(0.25, 0.0, 1.0, 8))):
        if mine.any():
            scale = np.column_stack([width[mine], width[mine], height[mine]])
            rows = np.flatnonzero(mine).astype(np.int32)
            builder.add(
                *props.placed(*shape, np.column_stack([xy, foot])[mine], scale),
                style.LAMP,
                np.repeat(rows, len(shape[1])),
            )
    vertices, faces, colours, owner = builder.arrays()
    return MeshLayer(
        "furniture",
        "Street furniture",
        vertices,
        faces,
        colours,
        owner,
        attributes_of(frame),
        "furniture",
        casts_shadow=True,
    )


def _column(frame: object, name: str, default: float) -> NDArray[np.float64]:
    if name not in frame:  # type: ignore[operator]
        return np.full(len(frame), default)  # type: ignore[arg-type]
    values = np.asarray(frame[name], dtype=np.float64)  # type: ignore[index]
    return np.where(np.isfinite(values), values, default)
