"""Colours of surfaces from the materials of CityGML (X3DMaterial); textures are counted, not read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.geo.readers.citygml_attributes import number, text_of
from twin.geo.readers.citygml_names import split

if TYPE_CHECKING:
    from lxml.etree import _Element

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, 0 to 255."""


class Appearances:
    """Collects which material each surface has.

    Attributes
    ----------
    textures : int
        How many textures there are.
    materials : dict of str to Colour
        Colour by id of a surface; of several themes the first that speaks of a surface.
    """

    def __init__(self) -> None:
        self.textures = 0
        self.materials: dict[str, Colour] = {}

    def add_all(self, holder: _Element) -> None:
        """Take the appearances that a property holds."""
        for appearance in holder:
            self.add(appearance)

    def add(self, appearance: _Element) -> None:
        """Take the materials of one appearance."""
        for member in appearance:
            for surface in member:
                local = split(surface.tag)[1]
                if local == "X3DMaterial":
                    self._material(surface)
                elif local in ("ParameterizedTexture", "GeoreferencedTexture"):
                    self.textures += 1

    def _material(self, element: _Element) -> None:
        rgb: list[float] = [0.8, 0.8, 0.8]
        opacity = 1.0
        targets: list[str] = []
        for child in element:
            local = split(child.tag)[1]
            if local == "diffuseColor":
                stated = [number(part) for part in text_of(child).split()[:4]]
                if len(stated) == 3 and all(part is not None for part in stated):
                    rgb = [part for part in stated if part is not None]
            elif local == "transparency":
                opacity = 1.0 - (number(text_of(child)) or 0.0)
            elif local == "isFront" and text_of(child) in ("false", "0"):
                return
            elif local == "target":
                # in CityGML 3.0 a target may be wrapped in an association
                targets += [text for text in (one.strip() for one in child.itertext()) if text[:1] == "#"]
        red, green, blue, alpha = (round(255 * min(max(part, 0.0), 1.0)) for part in (*rgb, opacity))
        for target in targets:
            self.materials.setdefault(target[1:], (red, green, blue, alpha))

    def colours(self, faces: Mapping[str, tuple[int, int]], count: int) -> NDArray[np.uint8] | None:
        """Colour of each face (S, 4); None when no surface has a material.

        Parameters
        ----------
        faces : mapping of str to (first, last)
            Faces by id of the surface that they are or are part of; what is part of another comes before it is itself.
        count : int
            Number of faces.

        Returns
        -------
        (S, 4) uint8
            Red, green, blue, opacity; all 0 for a face without a material.
        """
        ranges = [(last - first, first, last, self.materials[key]) for key, (first, last) in faces.items() if key in self.materials]
        if not ranges:
            return None
        colours = np.zeros((count, 4), dtype=np.uint8)
        # the material of the smallest surface that a face is part of is its own
        for _, first, last, colour in sorted(ranges, key=lambda one: -one[0]):
            colours[first:last] = colour
        return colours
