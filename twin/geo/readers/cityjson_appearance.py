"""Materials of CityJSON as colours of faces."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.geo.readers.cityjson_themes import Themes
from twin.geo.readers.model import Findings

MAX_MATERIALS = 1_000_000


class Appearance:
    """Materials of a file.

    Parameters
    ----------
    content : object
        ``appearance`` as the file has it, or None.
    findings : Findings
    """

    def __init__(self, content: Any, findings: Findings) -> None:
        self.themes = Themes("material")
        self._tables: list[NDArray[np.uint8]] = []
        self._count = 0
        self.add(content, findings)

    @property
    def count(self) -> int:
        """Number of materials so far."""
        return self._count

    def add(self, content: Any, findings: Findings) -> int:
        """Take the appearance of one more document (a feature may have its own); the number of its first material."""
        first = self._count
        if content is None:
            return first
        if not isinstance(content, dict):
            findings.add("appearance", "", "`appearance` is not an object; ignored", path="appearance")
            return first
        self.themes.add(content)
        materials = content.get("materials")
        if isinstance(materials, list):
            self._tables.append(_colours(materials[: max(0, MAX_MATERIALS - self._count)], findings))
            self._count += len(self._tables[-1])
        return first

    def colours(self, material: NDArray[np.int64], findings: Findings | None) -> NDArray[np.uint8] | None:
        """Red, green, blue and opacity of faces (S, 4) by their materials (S,); None when no face has a colour."""
        if not len(material) or not self._count or (material < 0).all():
            return None
        outside = material >= self._count
        if outside.any() and findings is not None:
            message = f"{int(outside.sum())} surfaces have a material that is not there: the file has {self._count}"
            findings.add("material", "", message, path="appearance.materials")
        blank = np.zeros((1, 4), dtype=np.uint8)
        table = np.concatenate([*self._tables, blank])
        found = table[np.where((material < 0) | outside, self._count, material)]
        return found if found[:, 3].any() else None


def _colours(materials: list[Any], findings: Findings) -> NDArray[np.uint8]:
    """Diffuse colour and opacity of each material; opacity 0 for one without a colour."""
    quick = _plain_colours(materials)
    if quick is not None:
        return quick
    rows: list[tuple[Any, ...]] = []
    for number, material in enumerate(materials):
        colour = material.get("diffuseColor") if isinstance(material, dict) else None
        if colour is None:
            rows.append(_NO_COLOUR)
            continue
        if not (isinstance(colour, list) and len(colour) == 3 and all(map(_is_part, colour))):
            message = "the diffuse colour is not three numbers from 0 to 1; ignored"
            findings.add("material", "", message, path=f"appearance.materials[{number}]")
            rows.append(_NO_COLOUR)
            continue
        clear = material.get("transparency", 0)
        # what is stated as invisible stays visible: opacity 0 means that no colour is stated
        rows.append((*colour, max(1.0 - clear, 0.02) if _is_part(clear) else 1.0))
    return np.rint(np.array(rows, dtype=np.float64).reshape(-1, 4) * 255).astype(np.uint8)


def _plain_colours(materials: list[Any]) -> NDArray[np.uint8] | None:
    """The same, all at once, where every material states a sound colour; None where one does not."""
    try:
        stated = [material["diffuseColor"] for material in materials]
        clear = [material.get("transparency", 0.0) for material in materials]
    except (TypeError, KeyError, AttributeError):
        return None
    if set(map(type, stated)) != {list} or set(map(len, stated)) != {3}:
        return None
    if not set(map(type, chain.from_iterable(stated))) <= {int, float} or not set(map(type, clear)) <= {int, float}:
        return None
    parts = np.empty((len(materials), 4))
    parts[:, :3], parts[:, 3] = stated, clear
    if not ((parts >= 0) & (parts <= 1)).all():
        return None
    parts[:, 3] = np.maximum(1.0 - parts[:, 3], 0.02)
    return np.rint(parts * 255).astype(np.uint8)


_NO_COLOUR = (0.0, 0.0, 0.0, 0.0)


def _is_part(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1
