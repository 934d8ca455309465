"""A scene is data: everything to draw, without City or Result, so every back-end draws the same.

Its layers are in `viewer.layers`.

Coordinates are local metres relative to `Scene.origin`, x east, y north, z up (vertical datum of the CRS,
minus ``origin[2]``). Colours are sRGB, 0-255.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean
from viewer.layers import (
    AnnotationLayer,
    Colour,
    FieldLayer,
    LabelLayer,
    Layer,
    LineLayer,
    MeshLayer,
    PeopleLayer,
    PointLayer,
    VolumeLayer,
)
from viewer.soil_block import SoilBlock
from viewer.stages import SceneStage

__all__ = [
    "LOOKS",
    "SIDES",
    "SIDE_LABELS",
    "AnnotationLayer",
    "Colour",
    "FieldLayer",
    "KeyEntry",
    "LabelLayer",
    "Layer",
    "Legend",
    "LegendClass",
    "LineLayer",
    "MeshLayer",
    "PeopleLayer",
    "PointLayer",
    "Scene",
    "SceneStage",
    "Section",
    "SoilBlock",
    "View",
    "VolumeLayer",
]

SIDES = ("before", "after", "difference")
"""Sides of a comparison, in the order in which they are shown."""

GROUNDS = ("ground", "street", "green", "surroundings")
"""Groups of layers that lie on the ground or are it; but for the trees in them."""

SIDE_LABELS = {"before": "Without the changes", "after": "With the changes", "difference": "Difference"}

LOOKS = ("presentation", "plain", "night")
"""House styles: warm and lit; light grey with lines, for what is drawn over it; an event in the evening."""


@dataclass(frozen=True)
class LegendClass:
    """One class of a legend: from `low` up to `high` (exclusive)."""

    low: float
    high: float
    colour: Colour
    label: str


@dataclass(frozen=True)
class Legend:
    """What the colours of a field mean.

    Parameters
    ----------
    name, title, unit : str
    classes : tuple of LegendClass
    note : str
    named : bool
        Whether values are numbers of things that the labels name, and not amounts: between two of them there is nothing, so a
        place has the value of its cell, and two sides have no difference.
    """

    name: str
    title: str
    unit: str
    classes: tuple[LegendClass, ...]
    note: str = ""
    named: bool = False


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
    """A named camera: looks from `eye` at `target`, local metres.

    Parameters
    ----------
    section : str
        Name of the section of the scene that is to be cut open for it; empty where it is of the whole.
    """

    name: str
    label: str
    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    angle_deg: float = 30.0
    section: str = ""


@dataclass(frozen=True)
class Section:
    """A named plane that cuts the scene open.

    Parameters
    ----------
    point : tuple of float
        A place on it, local metres.
    normal : tuple of float
        What lies on the side that it points to is taken away; need not be of length 1.
    width_m : float
        How much of it, round `point`, the view of the cut shows; infinite for all [m].
    """

    name: str
    label: str
    point: tuple[float, float, float]
    normal: tuple[float, float, float]
    width_m: float = float("inf")


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
    sections : tuple of Section
        Planes to cut it by.
    look : str
        House style, one of `LOOKS`.
    longitude_deg, latitude_deg : float, optional
        Where on earth the middle of it lies (WGS 84); None where that is not known.
    timezone : str
        IANA name, for the sun by clock time; empty where it is not known.
    date : str
        Day of t = 0, ``"2026-04-27"``, or empty.
    stages : tuple of SceneStage
        Of the work that it shows, in their order; empty where there are none.
    stage : str
        Name of the one to show first; of a scene of one stage (`at_stage`) that one.
    soil : SoilBlock, optional
        Layers of the ground, seen where it is cut.
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
    sections: tuple[Section, ...] = ()
    look: str = "presentation"
    longitude_deg: float | None = None
    latitude_deg: float | None = None
    timezone: str = ""
    date: str = ""
    stages: tuple[SceneStage, ...] = ()
    stage: str = ""
    soil: SoilBlock | None = None

    def layer(self, name: str) -> Layer:
        """A layer by name.

        Raises
        ------
        ParameterError
            When the scene has none of that name.
        """
        return _named("layer", self.layers, name)

    def legend(self, name: str) -> Legend:
        """A legend by name.

        Raises
        ------
        ParameterError
            When the scene has none of that name.
        """
        return _named("legend", self.legends, name)

    def view(self, name: str | None = None) -> View:
        """A view by name, or the first.

        Raises
        ------
        ParameterError
            When the scene has none of that name, or no view at all.
        """
        return self.views[0] if name is None and self.views else _named("view", self.views, name or "")

    def section(self, name: str) -> Section:
        """A section by name.

        Raises
        ------
        ParameterError
            When the scene has none of that name.
        """
        return _named("section", self.sections, name)

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides of the comparison that it shows, in the order of `SIDES`; empty where nothing tells two of them apart."""
        there = {layer.side for layer in self.layers if layer.side}
        return tuple(side for side in SIDES if side in there or (there and side != "difference"))

    def on(self, side: str) -> Scene:
        """What is on one side of a comparison, and what is the same on all; the difference is drawn on the city with the changes.

        Raises
        ------
        ParameterError
            When it has no such side.
        """
        if side not in self.sides:
            hint = f"it has: {', '.join(self.sides)}" if self.sides else "it is not of a comparison"
            raise ParameterError(f"the scene has no side `{side}`{did_you_mean(side, self.sides)}", hint=hint)
        from viewer.stages import without_a_pit

        layers = tuple(replace(layer, side="") for layer in self.layers if _is_on(layer, side))
        one = without_a_pit(replace(self, layers=layers, subtitle=self.subtitle or SIDE_LABELS[side]))
        used = {layer.legend for layer in one.layers if isinstance(layer, FieldLayer)}
        return replace(one, legends=tuple(legend for legend in self.legends if legend.name in used))

    def at_stage(self, name: str) -> Scene:
        """The scene as it is when a stage of the work is done.

        Parameters
        ----------
        name : str
            One of `stages`.

        Raises
        ------
        ParameterError
            When it has no such stage.
        """
        from viewer.stages import scene_at

        return scene_at(self, name)

    def shown(self) -> Scene:
        """The scene with one side and one stage: where none was chosen with `on` the variant, with `at_stage` the deepest."""
        sides = [side for side in self.sides if side != "difference"]
        one = self.on(sides[-1]) if sides else self
        return one.at_stage(one.stage) if one.stages else one

    def for_view(self, name: str | None = None) -> Scene:
        """The scene with what a view of it asks for: cut open, where it is a view of a cut.

        Raises
        ------
        ParameterError
            When there is no view of that name.
        """
        section = self.view(name).section if self.views or name else ""
        if section not in {one.name for one in self.sections}:
            return self
        cut = self.cut(section)
        return replace(cut, views=(self.view(name), *cut.views), sections=tuple(s for s in cut.sections if s.name != section))

    def cut(self, section: Section | str) -> Scene:
        """The scene without what lies before a plane; solids and the ground are filled where they are cut.

        Parameters
        ----------
        section : Section or str
            A plane, or the name of one of the scene's. A scene with stages is cut as `shown` has it.

        Raises
        ------
        ParameterError
            When there is no section of that name, its normal has no length, or the scene has several sides.
        """
        if self.sides:
            raise ParameterError("a scene with several sides cannot be cut", hint="choose one first: scene.on('after').cut(...)")
        from viewer.cut import cut_scene

        if self.stages:
            return self.shown().cut(section)
        return cut_scene(self, self.section(section) if isinstance(section, str) else section)

    def see_through(self, *names: str, opacity: float = 0.3) -> Scene:
        """The scene with some layers or groups half transparent, and what lies below the ground visible.

        Parameters
        ----------
        *names : str
            Layers or groups; by default the ground and all that lies on it.
        opacity : float
            Of them, 0 to 1.

        Raises
        ------
        ParameterError
            When there is no layer or group of that name, or the opacity is not possible.
        """
        if not 0.0 <= opacity <= 1.0:
            raise ParameterError(f"an opacity of {opacity:g} is not possible", hint="give 0 (not seen) to 1")
        faded = self.show_only(*names) if names else self.show_only(*[one for one in GROUNDS if one in self._known()])
        below = ("underground",)
        layers: list[Layer] = []
        for mine, one in zip(self.layers, faded.layers, strict=True):
            shown: Layer = replace(mine, visible=mine.visible or mine.group in below)
            if isinstance(shown, MeshLayer) and one.visible and (names or not one.name.startswith("trees")):
                shown = replace(shown, opacity=opacity)
            layers.append(shown)
        return replace(self, layers=tuple(layers))

    def styled(self, look: str) -> Scene:
        """The scene in another house style; at night the classes of density have colours that are seen in the dark.

        Raises
        ------
        ParameterError
            When there is none of that name.
        """
        if look not in LOOKS:
            raise ParameterError(f"there is no style `{look}`{did_you_mean(look, LOOKS)}", hint=f"there are: {', '.join(LOOKS)}")
        from viewer.style import legend_in

        return replace(self, look=look, legends=tuple(legend_in(legend, look) for legend in self.legends))

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
        known = self._known()
        for name in names:
            if name not in known:
                what = f"the scene has no layer `{name}`{did_you_mean(name, known)}"
                raise ParameterError(what, hint=f"it has: {', '.join(known)}")
        layers = [replace(one, visible=rule(one, bool(_called(one) & set(names)))) for one in self.layers]
        return replace(self, layers=tuple(layers))

    def _known(self) -> list[str]:
        """What layers may be called: names without their side, groups, whole names."""
        names = [*(one.name.split("@")[0] for one in self.layers), *(one.group for one in self.layers)]
        return list(dict.fromkeys([*filter(None, names), *(one.name for one in self.layers)]))

    def at(self, time: float) -> Scene:
        """The scene at another moment [s]."""
        return replace(self, time=float(time))


def _is_on(layer: Layer, side: str) -> bool:
    """Whether a layer is seen on a side; how they differ is drawn on the city with the changes, without people and densities."""
    if side != "difference":
        return layer.side in ("", side)
    return layer.side == side or (layer.side in ("", "after") and not isinstance(layer, FieldLayer | PeopleLayer))


def _called(layer: Layer) -> set[str]:
    return {layer.name, layer.name.split("@")[0].removesuffix("_cut"), layer.name.split("@")[0], layer.group}


class _HasName(Protocol):
    @property
    def name(self) -> str: ...


_Named = TypeVar("_Named", bound=_HasName)


def _named(kind: str, there: Sequence[_Named], name: str) -> _Named:
    """The one of some parts of a scene that has a name."""
    for one in there:
        if one.name == name:
            return one
    names = [one.name for one in there]
    hint = f"it has: {', '.join(names)}" if names else f"it has no {kind}s at all"
    raise ParameterError(f"the scene has no {kind} `{name}`{did_you_mean(name, names)}", hint=hint)
