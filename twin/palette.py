"""Colours of what a city is made of, shared by maps, sections and scenes so that a thing has one colour everywhere.

sRGB, 0-255. Colours that only scenes need are in `viewer.style`.
"""

from __future__ import annotations

from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]

SURFACES: dict[str, Colour] = {
    "street": (166, 160, 154),
    "carriageway": (146, 144, 142),
    "road": (152, 150, 146),
    "square": (206, 194, 176),
    "wharf": (170, 150, 130),
    "quay": (170, 150, 130),
    "motorway": (132, 132, 134),
    "runway": (132, 132, 134),
    "railway": (140, 128, 118),
    "busway": (158, 140, 132),
    "parking": (168, 176, 188),
    "driveway": (190, 178, 160),
    "footway": (214, 208, 198),
    "pavement": (214, 208, 198),
    "pedestrian": (206, 194, 176),
    "cycleway": (186, 134, 116),
    "green": (150, 172, 114),
    "park": (150, 172, 114),
    "verge": (150, 172, 114),
    "courtyard": (176, 182, 146),
    "bridge": (184, 170, 152),
    "stairs": (156, 138, 122),
}
GROUND: Colour = (196, 200, 172)
WATER: Colour = (92, 134, 148)
QUAY_WALL: Colour = (136, 108, 92)
PIT: Colour = (134, 110, 84)
CELLAR: Colour = (150, 110, 88)
DAMAGED: tuple[Colour, ...] = ((224, 214, 248), (184, 160, 234), (123, 79, 201), (45, 15, 107))
"""Buildings by category of damage, from 1 on: none of the colours of settlement, of sand or of roofs."""
MAINS: dict[str, Colour] = {"sewer": (140, 120, 104), "water": (58, 110, 170), "gas": (206, 172, 60), "heat": (186, 74, 60)}
"""Mains by what runs in them."""
SOILS: dict[str, Colour] = {
    "gravel": (214, 128, 62),
    "sand": (244, 208, 96),
    "loam": (188, 160, 190),
    "clay": (92, 142, 92),
    "peat": (110, 70, 50),
    "made ground": (128, 84, 96),
}
"""Classes of soil, near to what Dutch drawings of boreholes use."""
NOT_DESCRIBED: Colour = (168, 172, 176)
GROUNDWATER: Colour = (40, 110, 200)
TREE_CROWNS: tuple[Colour, ...] = ((104, 138, 74), (122, 150, 82), (90, 126, 72), (134, 154, 88))
TRUNK: Colour = (104, 84, 66)
