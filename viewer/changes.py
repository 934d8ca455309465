"""What a scenario changes, as shapes to draw: closures, fences, stages, excavations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import ParameterError, did_you_mean
from twin.geo.along import points_along
from twin.geo.pits import Pit
from viewer import props, shapes, style
from viewer.scene import Colour, LabelLayer, MeshLayer
from viewer.words import readable_label

KINDS = ("closure", "fence", "stage", "excavation", "zone", "planted", "felled")


@dataclass(frozen=True, eq=False)
class ChangeShape:
    """A change to draw.

    Parameters
    ----------
    kind : {"closure", "fence", "stage", "excavation", "zone", "planted", "felled"}
        What it is; a ``zone`` is only outlined, a tree that is planted or felled is a point.
    label : str
        What is written beside it; empty for nothing.
    polygon : shapely geometry
        In the CRS of the city; a fence may be a line.
    level_z : float
        Height of the floor it stands on in the vertical datum [m]; NaN: on the ground.
    height_m : float
        How high it stands, or how deep an excavation goes below `level_z` [m]; NaN for the usual.
    pit : Pit, optional
        How an excavation is built.

    Raises
    ------
    ParameterError
        When the kind is not known or there is no shape.
    """

    kind: str
    label: str
    polygon: BaseGeometry
    level_z: float = float("nan")
    height_m: float = float("nan")
    pit: Pit | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ParameterError(
                f"`{self.kind}` is not a kind of change that can be drawn{did_you_mean(self.kind, KINDS)}",
                hint=f"kinds: {', '.join(KINDS)}",
            )
        if self.polygon is None or self.polygon.is_empty:
            raise ParameterError(f"the {self.kind} `{self.label}` has no shape")

    @classmethod
    def of(cls, item: ChangeShape | Mapping[str, Any]) -> ChangeShape:
        """From a mapping with the same keys.

        Raises
        ------
        ParameterError
            When a key is not known or missing.
        """
        if isinstance(item, ChangeShape):
            return item
        known = [part.name for part in fields(cls)]
        for key in item:
            if key not in known:
                raise ParameterError(f"`{key}` is not a key of a change to draw{did_you_mean(key, known)}")
        if "kind" not in item or "polygon" not in item:
            raise ParameterError("a change to draw needs `kind` and `polygon`")
        return cls(**{"label": "", **item})


@dataclass(slots=True)
class PlacedChange:
    """A change in local coordinates: shape, floor height, height; of an excavation how it is built, local too."""

    kind: str
    label: str
    shape: BaseGeometry
    z: float
    height: float
    pit: Pit | None = None


_HEIGHT = {"closure": 1.0, "fence": 1.1, "stage": 4.0, "excavation": 2.5, "zone": 0.0, "planted": 6.0, "felled": 1.0}


def place(changes: Iterable[ChangeShape | Mapping[str, Any]], origin: NDArray[np.float64], height_at: Any) -> list[PlacedChange]:
    """Move changes to local coordinates; `height_at` gives the floor at points (N, 2)."""
    placed = []
    for item in changes:
        change = ChangeShape.of(item)
        shape = shapely.transform(shapely.force_2d(change.polygon), lambda xy: xy - origin[:2])
        z = float(change.level_z) - origin[2]
        if not np.isfinite(z):
            z = float(height_at(shapely.get_coordinates(shapely.point_on_surface(shape)))[0])
        height = float(change.height_m) if np.isfinite(change.height_m) else _HEIGHT[change.kind]
        pit = None if change.pit is None else change.pit.moved(-origin)
        placed.append(PlacedChange(change.kind, readable_label(change.label), shape, z, height, pit))
    dug = shapely.union_all([item.shape for item in placed if item.kind == "excavation"])
    # where a tree was felled for a pit there is no ground to mark
    return [item for item in placed if not (item.kind == "felled" and item.shape.intersects(dug))]


def _closure(builder: shapes.MeshBuilder, item: PlacedChange, row: int) -> None:
    stripes = shapes.hatch(item.shape)
    builder.add(*shapes.plate(item.shape, item.z + 0.06), style.WHITE, row)
    builder.add(*shapes.plate(stripes, item.z + 0.09), style.CLOSED, row)
    low, high = item.z + 0.45 * item.height, item.z + item.height
    _posts(builder, item.shape.boundary, item.z, high, row)
    for bottom, colour in ((low, style.WHITE), ((low + high) / 2, style.CLOSED)):
        builder.add(*shapes.wall_along(item.shape.boundary, 0.12, bottom, bottom + (high - low) / 2), colour, row)


def _posts(
    builder: shapes.MeshBuilder, line: BaseGeometry, bottom: float, top: float, row: int, colour: Colour = style.LAMP
) -> None:
    spaced, _ = points_along(line, 2.5)
    feet = np.column_stack([spaced, np.zeros(len(spaced))])
    builder.add(*props.placed(*props.tube(0.06, bottom, top, 4), feet), colour, row)


def _fence(builder: shapes.MeshBuilder, item: PlacedChange, row: int) -> None:
    top = item.z + item.height
    course = item.shape if "Line" in item.shape.geom_type else item.shape.boundary
    _posts(builder, course, item.z, top, row)
    builder.add(*shapes.wall_along(course, 0.08, item.z + 0.15, top - 0.05), style.FENCE, row)


def _stage(builder: shapes.MeshBuilder, item: PlacedChange, row: int) -> None:
    roof = item.z + max(item.height, 1.0)
    deck = min(1.2, item.height)
    builder.add(*shapes.prism(item.shape, item.z, item.z + deck), style.STAGE, row)
    if item.height <= 2.0:
        return
    box = shapely.minimum_rotated_rectangle(item.shape)
    corners = shapely.get_coordinates(shapely.buffer(box, -0.25, join_style="mitre"))[:-1]
    if len(corners):
        feet = np.column_stack([corners, np.zeros(len(corners))])
        builder.add(*props.placed(*props.tube(0.18, item.z + deck, roof, 4), feet), style.LAMP, row)
    builder.add(*shapes.prism(item.shape, roof - 0.35, roof), style.STAGE, row)


def _excavation(builder: shapes.MeshBuilder, item: PlacedChange, row: int) -> None:
    """The fence round it; the hole is `viewer.pits`'."""
    around = shapely.buffer(item.shape, 0.5, join_style="mitre").boundary
    _posts(builder, around, item.z, item.z + 1.2, row)
    builder.add(*shapes.wall_along(around, 0.08, item.z + 0.2, item.z + 1.15), style.FENCE, row)


def _zone(builder: shapes.MeshBuilder, item: PlacedChange, row: int) -> None:
    band = shapely.buffer(item.shape.boundary, 0.15, join_style="mitre")
    builder.add(*shapes.plate(band, item.z + 0.08), style.PERSON, row)


TREE_M = 2.2
"""Radius of the sign of a tree that is planted or felled [m]."""


def _planted(builder: shapes.MeshBuilder, item: PlacedChange, row: int) -> None:
    """A ring round the trunk."""
    outer, inner = (shapely.buffer(item.shape, radius, quad_segs=4) for radius in (TREE_M, 0.7 * TREE_M))
    ring = shapely.difference(outer, inner)
    builder.add(*shapes.plate(ring, item.z + 0.1), style.PERSON, row)


def _felled(builder: shapes.MeshBuilder, item: PlacedChange, row: int) -> None:
    """A cross where the trunk was."""
    place = shapely.get_coordinates(shapely.centroid(item.shape))[0]
    one, two = 0.7 * TREE_M * np.array([1.0, 1.0]), 0.7 * TREE_M * np.array([1.0, -1.0])
    strokes = shapely.multilinestrings([[place - one, place + one], [place - two, place + two]])
    builder.add(*shapes.plate(shapely.buffer(strokes, 0.3, cap_style="flat"), item.z + 0.1), style.CLOSED, row)


_DRAW = {
    "closure": _closure, "fence": _fence, "stage": _stage, "excavation": _excavation, "zone": _zone, "planted": _planted,
    "felled": _felled,
}  # fmt: skip


def change_layers(placed: list[PlacedChange]) -> list[MeshLayer | LabelLayer]:
    """A mesh of all changes and their labels."""
    if not placed:
        return []
    builder = shapes.MeshBuilder()
    for row, item in enumerate(placed):
        _DRAW[item.kind](builder, item, row)
    vertices, faces, colours, owner = builder.arrays()
    attributes: dict[str, list[Any]] = {
        "id": [item.label or item.kind for item in placed],
        "kind": [i.kind for i in placed],
    }
    layers: list[MeshLayer | LabelLayer] = [
        MeshLayer("changes", "Changes", vertices, faces, colours, owner, attributes, "change", casts_shadow=True)
    ]
    named = [item for item in placed if item.label]
    if named:
        tops = [item.z + (0.5 if item.kind == "excavation" else item.height) + 1.5 for item in named]
        spots = np.array([shapely.get_coordinates(shapely.point_on_surface(item.shape))[0] for item in named])
        texts = tuple(item.label for item in named)
        layers.append(LabelLayer("labels", "Names of changes", np.column_stack([spots, tops]), texts))
    return layers


def holes(placed: list[PlacedChange]) -> list[BaseGeometry]:
    """What the excavations take out of the floor."""
    return [item.shape for item in placed if item.kind == "excavation"]
