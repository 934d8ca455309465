"""Colours of OpenStreetMap: ``building:colour`` and ``roof:colour`` as red, green and blue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from twin.geo.mesh import SEMANTICS
from twin.geo.readers.model import Findings

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity."""

NONE: Colour = (0, 0, 0, 0)

WALLS = ("building:colour", "building:color", "building:facade:colour")
ROOFS = ("roof:colour", "roof:color", "building:roof:colour")
"""Tags of the colour of walls and of roofs; British spelling first, as the map has it."""

_HEX = re.compile(r"^#([0-9a-f]{3}|[0-9a-f]{6})$", re.IGNORECASE)


def colour_of(value: str) -> Colour | None:
    """A colour as mappers write it: ``#a0522d``, ``#f00``, or a name of CSS, as in ``dark_red``; of several the first.

    Returns
    -------
    (red, green, blue, 255) or None
        None for what is no colour.
    """
    text = value.partition(";")[0].strip()
    match = _HEX.match(text)
    if match is None:
        from matplotlib.colors import CSS4_COLORS

        match = _HEX.match(CSS4_COLORS.get(re.sub(r"[\s_-]", "", text).lower(), ""))
    if match is None:
        return None
    digits = match[1] if len(match[1]) == 6 else "".join(2 * one for one in match[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16), 255


def colours_of(tags: Mapping[str, str], whole: Mapping[str, str], object_id: str, findings: Findings) -> tuple[Colour, Colour]:
    """Colours of walls and roofs of a part of a building, or else those of the whole; `NONE` where neither states one."""
    walls, roofs = (_stated(names, tags, object_id, findings) or _stated(names, whole, "", None) for names in (WALLS, ROOFS))
    return walls or NONE, roofs or NONE


def _stated(names: Sequence[str], tags: Mapping[str, str], object_id: str, findings: Findings | None) -> Colour | None:
    for name in names:
        if name in tags:
            found = colour_of(tags[name])
            if found is None and findings is not None:
                findings.add("osm-colour", object_id, f"{tags[name][:60]!r} is not a colour; not used", severity="info", path=name)
            if found is not None:
                return found
    return None


def of_faces(semantics: Sequence[int], walls: Colour, roofs: Colour) -> list[Colour]:
    """Colour of each face by its meaning; the side that faces the ground has none."""
    roof, ground = SEMANTICS["RoofSurface"], SEMANTICS["GroundSurface"]
    return [roofs if one == roof else NONE if one == ground else walls for one in semantics]
