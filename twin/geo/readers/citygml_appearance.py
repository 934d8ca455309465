"""Colours of surfaces from the materials of CityGML (X3DMaterial); textures are counted, not read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.geo.readers.citygml_attributes import number, text_of
from twin.geo.readers.citygml_names import Memo, local_of

if TYPE_CHECKING:
    from lxml.etree import _Element

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, 0 to 255."""


@lru_cache(maxsize=4096)
def colour_of(diffuse: str, transparency: str) -> Colour:
    """Colour of a material from what X3D states: shares of red, green and blue, and of what shines through.

    Where they are missing or not numbers the defaults of X3D hold: light grey (0.8), opaque.
    """
    stated = [number(part) for part in diffuse.split()[:4]]
    rgb = [part for part in stated if part is not None]
    if len(stated) != 3 or len(rgb) != 3:
        rgb = [0.8, 0.8, 0.8]
    # what is stated as invisible stays visible: opacity 0 means that no colour is stated
    opacity = max(1.0 - (number(transparency) or 0.0), 0.02)
    red, green, blue, alpha = (round(255 * min(max(part, 0.0), 1.0)) for part in (*rgb, opacity))
    return red, green, blue, alpha


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
        self._locals = Memo(local_of)

    def add_all(self, holder: _Element) -> None:
        """Take the appearances that a property holds."""
        for appearance in holder:
            self.add(appearance)

    def add(self, appearance: _Element) -> None:
        """Take the materials of one appearance."""
        locals_ = self._locals
        for member in appearance:
            for surface in member:
                local = locals_[surface.tag]
                if local == "X3DMaterial":
                    self._material(surface)
                elif local in ("ParameterizedTexture", "GeoreferencedTexture"):
                    self.textures += 1

    def _material(self, element: _Element) -> None:
        diffuse = transparency = ""
        targets: list[str] = []
        for child in element:
            local = self._locals[child.tag]
            if local == "target":
                text = (child.text or "").strip()
                if text[:1] == "#":
                    targets.append(text[1:])
                elif not text:
                    # in CityGML 3.0 a target may be wrapped in an association
                    targets += [one.strip()[1:] for one in child.itertext() if one.strip()[:1] == "#"]
            elif local == "diffuseColor":
                diffuse = child.text or ""
            elif local == "transparency":
                transparency = child.text or ""
            elif local == "isFront" and text_of(child) in ("false", "0"):
                return
        colour = colour_of(diffuse, transparency)
        for target in targets:
            self.materials.setdefault(target, colour)

    def colours(self, faces: Mapping[str, tuple[int, int, bool]], count: int) -> NDArray[np.uint8] | None:
        """Colour of each face (S, 4); None when no surface has a material.

        Parameters
        ----------
        faces : mapping of str to (first, last, turned)
            Faces by id of the surface that they are or are part of.
        count : int
            Number of faces.

        Returns
        -------
        (S, 4) uint8
            Red, green, blue, opacity; all 0 for a face without a material.
        """
        ranges = [
            (last - first, first, last, self.materials[key]) for key, (first, last, _) in faces.items() if key in self.materials
        ]
        if not ranges:
            return None
        colours = np.zeros((count, 4), dtype=np.uint8)
        # the material of the smallest surface that a face is part of is its own
        for _, first, last, colour in sorted(ranges, key=lambda one: -one[0]):
            colours[first:last] = colour
        return colours
