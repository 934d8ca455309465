"""A scene is data: everything to draw, without City or Result, so every back-end draws the same.

Coordinates are local metres relative to `Scene.origin`, x east, y north, z up (vertical datum of the CRS,
minus ``origin[2]``). Colours are sRGB, 0-255.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean

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

    def frame(self, time: float) -> NDArray[np.float32]:
        """Positions at the last frame not later than `time`, (M, 3)."""
        if not len(self.times):
            return np.empty((0, 3), np.float32)
        index = int(np.clip(np.searchsorted(self.times, time + 1e-9, side="right") - 1, 0, len(self.times) - 1))
        return self.positions[self.start[index] : self.start[index + 1]]


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


@dataclass(frozen=True, eq=False)
class LabelLayer:
    """Texts at places: `points` (K, 3) float64."""

    name: str
    label: str
    points: NDArray[np.float64]
    texts: tuple[str, ...]
    group: str = "annotations"
    visible: bool = True


Layer = MeshLayer | PeopleLayer | FieldLayer | LineLayer | LabelLayer


@dataclass(frozen=True)
class LegendClass:
    """One class of a legend: from `low` up to `high` (exclusive)."""

    low: float
    high: float
    colour: Colour
    label: str


@dataclass(frozen=True)
class Legend:
    """What the colours of a field mean."""

    name: str
    title: str
    unit: str
    classes: tuple[LegendClass, ...]
    note: str = ""


@dataclass(frozen=True)
class KeyEntry:
    """What a colour in the picture stands for.

    Parameters
    ----------
    layer : str
        Name of the layer that it is of; written only while that is visible.
    label : str
    colour : tuple of int
    stripe : tuple of int, optional
        Colour of the stripes over it. A striped thing is not what it seems, so its entry is always written.
    """

    layer: str
    label: str
    colour: Colour
    stripe: Colour | None = None


@dataclass(frozen=True)
class View:
    """A named camera: looks from `eye` at `target`, local metres."""

    name: str
    label: str
    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    angle_deg: float = 30.0


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything to draw.

    Parameters
    ----------
    title, subtitle : str
    layers : tuple of Layer
    legends : tuple of Legend
        Of fields.
    key : tuple of KeyEntry
        Of everything else.
    views : tuple of View
        The first is the default.
    origin : tuple of float
        Local origin in `crs` [m].
    crs : str
        Authority code or a name.
    times : (F,) float64
        Steps of the timeline [s]; empty when nothing moves.
    clock_start : str
        Clock time at t = 0, ``"14:30:00"``, or empty.
    time : float
        Moment to show first [s].
    sun_azimuth_deg, sun_altitude_deg : float
        Where the light comes from, from north clockwise and above the horizon.
    credits : tuple of str
    notes : tuple of str
        What one has to know to read the scene (synthetic, partial, ...).
    """

    title: str
    layers: tuple[Layer, ...]
    views: tuple[View, ...]
    subtitle: str = ""
    legends: tuple[Legend, ...] = ()
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    crs: str = ""
    times: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    clock_start: str = ""
    time: float = 0.0
    sun_azimuth_deg: float = 215.0
    sun_altitude_deg: float = 38.0
    credits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    key: tuple[KeyEntry, ...] = ()

    def layer(self, name: str) -> Layer:
        """A layer by name.

        Raises
        ------
        ParameterError
            When the scene has none of that name.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        raise ParameterError(f"the scene has no layer `{name}`{did_you_mean(name, names)}", hint=f"it has: {', '.join(names)}")

    def legend(self, name: str) -> Legend:
        """A legend by name.

        Raises
        ------
        ParameterError
            When the scene has none of that name.
        """
        for legend in self.legends:
            if legend.name == name:
                return legend
        raise ParameterError(f"the scene has no legend `{name}`")

    def view(self, name: str | None = None) -> View:
        """A view by name, or the first.

        Raises
        ------
        ParameterError
            When the scene has none of that name, or no view at all.
        """
        if name is None and self.views:
            return self.views[0]
        for view in self.views:
            if view.name == name:
                return view
        names = [view.name for view in self.views]
        raise ParameterError(f"the scene has no view `{name}`{did_you_mean(name or '', names)}", hint=f"it has: {', '.join(names)}")

    def save(self, path: str | Path) -> Path:
        """Keep the scene as data, in one file; `load` gives it back the same to the bit.

        Attributes that are neither numbers, truths nor texts are kept as texts.

        Parameters
        ----------
        path : str or Path
            A file that ends in ``.scene``.

        Raises
        ------
        ParameterError
            When it does not.
        OutputError
            When it cannot be written; nothing is left behind.
        """
        from viewer.scene_io import check_name, save_scene

        return save_scene(self, check_name(path))

    @classmethod
    def load(cls, path: str | Path) -> Scene:
        """Read a scene that `save` wrote.

        Raises
        ------
        MissingFileError
            When there is no such file.
        FormatError
            When it is no scene, or a broken one: with what is wrong, and where.
        """
        from viewer.scene_io import load_scene

        return load_scene(path)

    def show_only(self, *names: str) -> Scene:
        """The scene with just these layers visible, by name or by group (``"buildings"``).

        Raises
        ------
        ParameterError
            When there is no layer or group of that name.
        """
        return self._with_visible(names, lambda _layer, named: named)

    def hide(self, *names: str) -> Scene:
        """The scene without these layers, by name or by group.

        Raises
        ------
        ParameterError
            When there is no layer or group of that name.
        """
        return self._with_visible(names, lambda layer, named: layer.visible and not named)

    def _with_visible(self, names: tuple[str, ...], rule: Callable[[Layer, bool], bool]) -> Scene:
        known = list(dict.fromkeys([*(one.name for one in self.layers), *(one.group for one in self.layers if one.group)]))
        for name in names:
            if name not in known:
                what = f"the scene has no layer `{name}`{did_you_mean(name, known)}"
                raise ParameterError(what, hint=f"it has: {', '.join(known)}")
        layers = [replace(one, visible=rule(one, one.name in names or one.group in names)) for one in self.layers]
        return replace(self, layers=tuple(layers))

    def at(self, time: float) -> Scene:
        """The scene at another moment [s]."""
        return replace(self, time=float(time))
