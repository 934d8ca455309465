"""Textures of CityJSON: for each corner of each face its place in a picture."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.geo.readers.cityjson_themes import Themes
from twin.geo.readers.model import Findings
from twin.geo.textures import Texture, find_texture

MAX_TEXTURES = 100_000


class Textures:
    """Pictures of a file that are there, and the places in them.

    Parameters
    ----------
    content : object
        ``appearance`` as the file has it, or None.
    folder : Path or None
        Where the file lies; None for a file that is not on disk for itself.
    findings : Findings
        Pictures that are not there are counted.
    """

    def __init__(self, content: Any, folder: Path | None, findings: Findings) -> None:
        self.found: list[Texture] = []
        self.themes = Themes("texture")
        self._number: dict[int, int] = {}
        self._places = np.empty((0, 2), dtype=np.float32)
        self._folder = folder
        self._rows = 0
        self.add(content, findings)

    def add(self, content: Any, findings: Findings) -> tuple[int, int]:
        """Take the appearance of one more document; the numbers of its first texture and of its first place."""
        first = self._rows, len(self._places)
        rows = content.get("textures") if isinstance(content, dict) else None
        if not isinstance(rows, list) or not rows or self._rows > MAX_TEXTURES:
            return first
        self.themes.add(content)
        before = len(self.found)
        for number, row in enumerate(rows[:MAX_TEXTURES], start=self._rows):
            image = row.get("image") if isinstance(row, dict) else None
            texture = find_texture(image, self._folder) if isinstance(image, str) and self._folder is not None else None
            if texture is not None:
                self._number[number] = len(self.found)
                self.found.append(texture)
        self._rows += len(rows)
        missing = len(rows) - (len(self.found) - before)
        if missing:
            message = f"{missing} of {len(rows)} pictures are not in the folder of the file; their surfaces are drawn plain"
            findings.add("texture-missing", "", message, severity="info", path="appearance.textures")
        if len(self.found) > before:
            self._places = np.concatenate([self._places, _places(content.get("vertices-texture"), findings)])
        return first

    def of(
        self, geometry: dict[str, Any], depth: int, sizes: list[list[int]], first: tuple[int, int] = (0, 0)
    ) -> tuple[list[int], NDArray[np.float32]] | None:
        """Texture of each face and place of each corner of one geometry.

        Parameters
        ----------
        geometry : dict
        depth : int
            Levels of lists above the list of surfaces.
        sizes : list of list of int
            Sizes of the rings of each face.
        first : (int, int)
            Numbers of the first texture and of the first place of its document.

        Returns
        -------
        None
            When the geometry shows no picture that is there.
        list of int, (N, 2) float32
            Number in `found` or -1 by face; places by corner, ring after ring, NaN without one.
        """
        if not self.found:
            return None
        chosen = self.themes.of(geometry)
        values: Any = chosen.get("values") if isinstance(chosen, dict) else None
        try:
            for _ in range(depth):
                values = list(chain.from_iterable(part if part is not None else [None] for part in values))
        except TypeError:
            return None
        if not isinstance(values, list) or len(values) != len(sizes):
            return None
        faces, corners = [], []
        for surface, rings in zip(values, sizes, strict=True):
            number, places = self._face(surface, rings, first)
            faces.append(number)
            corners.append(places)
        if all(number < 0 for number in faces):
            return None
        return faces, np.concatenate(corners)

    def _face(self, surface: Any, sizes: list[int], first: tuple[int, int]) -> tuple[int, NDArray[np.float32]]:
        """Texture and places of one face; -1 and NaN where it has none, or what it states does not fit."""
        blank = np.full((sum(sizes), 2), np.nan, dtype=np.float32)
        if not isinstance(surface, list) or len(surface) != len(sizes):
            return -1, blank
        picture = -1
        start = 0
        for ring, size in zip(surface, sizes, strict=True):
            whole = isinstance(ring, list) and len(ring) == size + 1 and all(type(one) is int for one in ring)
            reach = len(self._places) - first[1]
            if not whole or ring[0] < 0 or ring[0] + first[0] not in self._number or not all(0 <= one < reach for one in ring[1:]):
                return -1, np.full_like(blank, np.nan)
            picture = self._number[ring[0] + first[0]]
            blank[start : start + size] = self._places[np.array(ring[1:]) + first[1]]
            start += size
        return picture, blank


def _places(rows: Any, findings: Findings) -> NDArray[np.float32]:
    """Places (U, 2) in pictures; NaN for one that is not two numbers."""
    if not isinstance(rows, list):
        return np.empty((0, 2), dtype=np.float32)
    table = np.full((len(rows), 2), np.nan, dtype=np.float32)
    wrong = 0
    for number, row in enumerate(rows):
        if isinstance(row, list) and len(row) == 2 and all(type(one) in (int, float) and abs(one) < 1e6 for one in row):
            table[number] = row
        else:
            wrong += 1
    if wrong:
        message = f"{wrong} places in pictures are not two numbers"
        findings.add("textures", "", message, path="appearance.vertices-texture")
    return table
