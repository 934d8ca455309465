"""Layers of a scene: what is drawn, as data.

Coordinates are local metres relative to `viewer.scene.Scene.origin`, x east, y north, z up. Colours are sRGB, 0-255.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class MeshLayer:
    """Triangles with a colour each.

    Parameters
    ----------
    name : str
        Key, unique in the scene.
    label : str
        Name for people.
    vertices : (V, 3) float64
    triangles : (T, 3) int32
    colours : (T, 3) uint8
    owner : (T,) int32, optional
        Row of `attributes`.
    attributes : mapping of str to list
        One value an object, by column; must contain ``"id"`` when `owner` is given.
    group : str
        ``ground``, ``buildings``, ``water``, ``green``, ``street``, ``underground``, ``change``, ...
    edges : bool
        Draw creases.
    opacity : float
    casts_shadow : bool
    visible : bool
    side : str
        Of a comparison: ``"before"``, ``"after"`` or ``"difference"``; empty where it is on all of them. So in every layer.
    stages : tuple of str
        Names of the stages of work in which it is there (`viewer.stages.SceneStage`); empty where it is in all of them. So in every
        layer.
    """

    name: str
    label: str
    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    colours: NDArray[np.uint8]
    owner: NDArray[np.int32] | None = None
    attributes: dict[str, list[Any]] = field(default_factory=dict)
    group: str = ""
    edges: bool = False
    opacity: float = 1.0
    casts_shadow: bool = False
    visible: bool = True
    side: str = ""
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class VolumeLayer(MeshLayer):
    """Closed solids, one an owner: a cellar, a layer of soil, the water in the ground.

    As a `MeshLayer`; where a section goes through it, it is filled with its colour.
    """


@dataclass(frozen=True, eq=False)
class PointLayer:
    """Places that are drawn as dots of one size in the picture, however far away.

    Parameters
    ----------
    points : (K, 3) float64
    colours : (K, 3) uint8
    size_px : float
        Diameter [px].
    attributes : mapping of str to list
        One value a point, by column.
    """

    name: str
    label: str
    points: NDArray[np.float64]
    colours: NDArray[np.uint8]
    size_px: float = 6.0
    attributes: dict[str, list[Any]] = field(default_factory=dict)
    group: str = "points"
    visible: bool = True
    side: str = ""
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PeopleLayer:
    """People over time.

    Parameters
    ----------
    times : (F,) float64
        Time of each frame [s].
    start : (F + 1,) int64
        First row of `positions` of each frame.
    ids : (K,) int32
    positions : (K, 3) float32
    colour : tuple of int
    """

    name: str
    label: str
    times: NDArray[np.float64]
    start: NDArray[np.int64]
    ids: NDArray[np.int32]
    positions: NDArray[np.float32]
    colour: Colour
    group: str = "people"
    visible: bool = True
    side: str = ""
    stages: tuple[str, ...] = ()

    def frame(self, time: float) -> NDArray[np.float32]:
        """Positions at the last frame not later than `time`, (M, 3)."""
        if not len(self.times):
            return np.empty((0, 3), np.float32)
        index = int(np.clip(np.searchsorted(self.times, time + 1e-9, side="right") - 1, 0, len(self.times) - 1))
        return self.positions[self.start[index] : self.start[index + 1]]

    def between(self, time: float) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Who is there at a moment, and where on the straight way from one frame to the next.

        Who is not in the next frame stays where the last one has them.

        Returns
        -------
        ids : (M,) int32
        positions : (M, 3) float32
        """
        if not len(self.times):
            return np.empty(0, np.int32), np.empty((0, 3), np.float32)
        index = int(np.clip(np.searchsorted(self.times, time + 1e-9, side="right") - 1, 0, len(self.times) - 1))
        here = slice(int(self.start[index]), int(self.start[index + 1]))
        ids, at = self.ids[here], self.positions[here]
        if index + 1 == len(self.times) or time <= self.times[index]:
            return ids, at
        share = np.float32((time - self.times[index]) / (self.times[index + 1] - self.times[index]))
        following = slice(int(self.start[index + 1]), int(self.start[index + 2]))
        order = np.argsort(self.ids[following], kind="stable")
        sorted_ids = self.ids[following][order]
        place = np.searchsorted(sorted_ids, ids)
        there = place < len(sorted_ids)
        there[there] = sorted_ids[place[there]] == ids[there]
        moved = at.copy()
        moved[there] += share * (self.positions[following][order[place[there]]] - at[there])
        return ids, moved


@dataclass(frozen=True, eq=False)
class FieldLayer:
    """A raster over time, draped on its own floor heights.

    Parameters
    ----------
    west, north : float
        Outer corner of cell (0, 0), local [m].
    cell : float
        [m]
    height : (H, W) float32
        Floor height of each cell, local; NaN where there is no floor.
    times : (F,) float64
        [s]; a field that does not change has one.
    values : (F, H, W) float32
        NaN where there is nothing to draw.
    legend : str
        Name of the `Legend` whose classes colour it.
    roofs : bool
        Whether it lies on roofs.
    """

    name: str
    label: str
    west: float
    north: float
    cell: float
    height: NDArray[np.float32]
    times: NDArray[np.float64]
    values: NDArray[np.float32]
    legend: str
    group: str = "results"
    opacity: float = 0.85
    visible: bool = True
    side: str = ""
    roofs: bool = False
    stages: tuple[str, ...] = ()

    def frame(self, time: float) -> NDArray[np.float32]:
        """Values of the first interval that ends at or after `time`, (H, W)."""
        index = int(np.clip(np.searchsorted(self.times, time - 1e-9, side="left"), 0, len(self.times) - 1))
        return self.values[index]


@dataclass(frozen=True, eq=False)
class LineLayer:
    """Polylines: `paths` is a sequence of (K, 3) float64 arrays."""

    name: str
    label: str
    paths: tuple[NDArray[np.float64], ...]
    colour: Colour
    width: float = 2.0
    group: str = "annotations"
    visible: bool = True
    side: str = ""
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class LabelLayer:
    """Texts at places: `points` (K, 3) float64."""

    name: str
    label: str
    points: NDArray[np.float64]
    texts: tuple[str, ...]
    group: str = "annotations"
    visible: bool = True
    side: str = ""
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class AnnotationLayer:
    """What somebody wrote beside things: a text at the end of a line, or a measure between two places.

    Parameters
    ----------
    starts, ends : (K, 3) float64
        Of a remark the thing, and where the text stands; of a dimension both its ends.
    texts : tuple of str
    colour : tuple of int
    dimension : bool
        A measured length: ticks at both ends, the text at its middle.
    """

    name: str
    label: str
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    texts: tuple[str, ...]
    colour: Colour = (40, 44, 52)
    dimension: bool = False
    group: str = "annotations"
    visible: bool = True
    side: str = ""
    stages: tuple[str, ...] = ()


Layer = MeshLayer | PointLayer | PeopleLayer | FieldLayer | LineLayer | LabelLayer | AnnotationLayer
"""What a scene is made of (a `VolumeLayer` is a `MeshLayer`)."""
