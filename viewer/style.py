"""Colours, legends and what a surface looks like: one place, so that every back-end agrees.

Colours are sRGB, 0-255. Those that maps and sections on paper share with scenes are in `twin.palette`, the classes of the
crowd in `twin.fruin`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin import palette
from twin.fruin import FRUIN_M2, LAJOLLA, LETTERS
from twin.impact_result import Classes
from twin.palette import CELLAR as CELLAR
from twin.palette import GROUND as GROUND
from twin.palette import GROUNDWATER as GROUNDWATER
from twin.palette import MAINS as MAINS
from twin.palette import PIT as PIT
from twin.palette import QUAY_WALL as QUAY_WALL
from twin.palette import SURFACES as SURFACES
from twin.palette import TREE_CROWNS as TREE_CROWNS
from twin.palette import TRUNK as TRUNK
from twin.palette import WATER as WATER
from viewer.scene import Colour, Legend, LegendClass

FRUIN_WALKWAY_M2 = FRUIN_M2["walkway"]
"""Floor a person has at the borders of Fruin's classes A to F on a walkway [m2] (Fruin 1971)."""

GROUNDWATER_BEFORE: Colour = (118, 172, 232)
"""Where groundwater stood before it was lowered."""
HEAD_OF_WATER: Colour = (120, 60, 160)
HEAD_BEFORE: Colour = (176, 138, 204)
"""The head below clay and peat, as drawings of sections have it, and where it was before it was lowered."""

WET_GROUND: Colour = (96, 84, 68)
"""What the floor of a pit is darker by than its faces: it is wet and trodden, and struts are seen over it."""

PIT_WATER: Colour = (66, 128, 190)
"""Water in a pit: bluer than a canal, so that it is told from the ground that is seen through it."""

EMPTY_BELOW = 0.02
"""Density that is drawn as nothing [1/m2]."""

PERSON: Colour = (24, 52, 124)

WALLS: tuple[Colour, ...] = (
    (202, 172, 140),
    (178, 128, 100),
    (216, 200, 172),
    (168, 116, 92),
    (206, 186, 156),
    (188, 148, 118),
    (226, 216, 198),
    (194, 160, 130),
)
ROOFS_PITCHED: tuple[Colour, ...] = (
    (164, 96, 70),
    (146, 86, 66),
    (104, 104, 110),
    (172, 108, 80),
    (126, 112, 106),
)
ROOFS_FLAT: tuple[Colour, ...] = ((176, 172, 164), (164, 162, 156), (188, 180, 168))

SOIL: Colour = (148, 122, 94)
CONCRETE: Colour = (176, 176, 172)
LAMP: Colour = (58, 62, 66)
CLOSED: Colour = (198, 44, 40)
WHITE: Colour = (244, 240, 234)
STAGE: Colour = (70, 66, 92)
FENCE: Colour = (206, 120, 36)
CHANGED_BUILDING: Colour = (214, 142, 62)
NO_HEIGHT: Colour = (236, 232, 226)
NO_HEIGHT_STRIPE: Colour = (122, 108, 140)
"""Plate and stripes of a building whose height is not known: like nothing that is built."""
LAND: tuple[Colour, ...] = (
    (206, 176, 150),
    (176, 196, 146),
    (222, 212, 176),
    (160, 178, 196),
    (196, 168, 188),
    (178, 172, 164),
    (230, 196, 140),
    (150, 184, 172),
)
"""Kinds of land use, in the order in which most of the land has them."""
SOUNDING: Colour = (150, 74, 38)
SOILS: dict[str, Colour] = {
    **{name.capitalize(): colour for name, colour in palette.SOILS.items()},
    "Not described": palette.NOT_DESCRIBED,
    "Tube": (150, 168, 188),
    "Filter": (44, 128, 140),
}
"""Classes of soil, and the parts of a well."""
SECTION: Colour = (226, 216, 200)
TABLE: Colour = (222, 224, 222)
GRID: Colour = (126, 122, 112)
"""A block of ground cut open, what it stands on, and the lines along it."""
HEIGHTS: tuple[Colour, ...] = ((152, 172, 136), (176, 190, 148), (200, 204, 160), (216, 204, 160), (206, 182, 142), (190, 160, 130))
"""Heights of bare ground from low to high."""


def seeds(ids: Iterable[Any]) -> NDArray[np.uint32]:
    """A number for each id that does not depend on the order or the machine, (N,) uint32."""
    return np.array([zlib.crc32(str(key).encode("utf-8", "surrogatepass")) for key in ids], dtype=np.uint32)


def varied(base: NDArray[np.uint8], seed: NDArray[np.uint32], amount: float = 0.06) -> NDArray[np.uint8]:
    """Lighten or darken colours a little, the same way for the same seed.

    Parameters
    ----------
    base : (N, 3) uint8
    seed : (N,) uint32
    amount : float
        Largest relative change.
    """
    factor = 1.0 + amount * (((seed >> 8) % 1024).astype(np.float64) / 511.5 - 1.0)
    return np.clip(np.rint(base * factor[:, None]), 0, 255).astype(np.uint8)


def pick(palette: Sequence[Colour], seed: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """A colour of the palette for each seed, varied by 6 %, (N, 3) uint8."""
    table = np.array(palette, dtype=np.uint8)
    return varied(table[seed % len(table)], seed)


def surface_colour(kind: str) -> Colour:
    """Colour of a street surface; the street's when the kind is not known."""
    return SURFACES.get(kind.lower(), SURFACES["street"])


def land_colours(kinds: Sequence[str], area: NDArray[np.float64]) -> list[Colour]:
    """A colour for each area of land use: one a kind, the kinds with most land first; those that are left share the last."""
    total: dict[str, float] = {}
    for kind, size in zip(kinds, area, strict=True):
        total[kind] = total.get(kind, 0.0) + float(size)
    order = sorted(total, key=lambda kind: (-total[kind], kind))
    colour = {kind: LAND[min(rank, len(LAND) - 1)] for rank, kind in enumerate(order)}
    return [colour[kind] for kind in kinds]


def fruin_legend() -> Legend:
    """Fruin's level of service on a walkway as classes of density."""
    limits = [0.0, *(1.0 / area for area in FRUIN_WALKWAY_M2), float("inf")]
    classes = tuple(
        LegendClass(low, high, colour, letter)
        for low, high, colour, letter in zip(limits[:-1], limits[1:], LAJOLLA, LETTERS, strict=True)
    )
    return Legend(
        "density",
        "Crowd density",
        "people/m²",
        classes,
        note="Level of service A-F: Fruin 1971, walkways",
    )


NIGHT: tuple[Colour, ...] = ((84, 44, 128), (140, 46, 132), (194, 62, 108), (236, 104, 66), (250, 166, 50), (254, 238, 150))
"""Classes from few to many people in the dark: there much has to be bright to be seen."""


def legend_in(legend: Legend, look: str) -> Legend:
    """A legend with the colours that it has in a house style."""
    if legend.name != "density" or len(legend.classes) != len(LAJOLLA):
        return legend
    colours = NIGHT if look == "night" else LAJOLLA
    return replace(legend, classes=tuple(replace(one, colour=tint) for one, tint in zip(legend.classes, colours, strict=True)))


SAME_BELOW = 0.15
"""A change of density that is smaller is drawn as none [1/m2]."""

DIFFERENCES: tuple[Colour, ...] = ((5, 72, 135), (62, 137, 190), (164, 204, 227), (246, 198, 160), (214, 110, 77), (140, 20, 44))
"""Less, from much to little, then more; told apart by colour-blind readers."""


def difference_legend() -> Legend:
    """Classes of the change of density, less and more."""
    steps = (1.0, 0.5, SAME_BELOW)
    limits = [float("-inf"), *(-s for s in steps), *reversed(steps), float("inf")]
    pairs = [(low, high) for low, high in pairwise(limits) if (low, high) != (-SAME_BELOW, SAME_BELOW)]
    marks = ("−−−", "−−", "−", "+", "++", "+++")
    classes = tuple(LegendClass(*pair, colour, mark) for pair, colour, mark in zip(pairs, DIFFERENCES, marks, strict=True))
    return Legend("difference", "Change of crowd density", "people/m²", classes, note="Variant minus baseline")


def impact_legends(classes: Classes) -> tuple[Legend, ...]:
    """What the colours of a field of an impact mean, and those of a change of it."""
    from twin.plots.impact import change_colours

    if classes.named:
        ends, parts = pairwise([-np.inf, *classes.borders, np.inf]), zip(classes.colours, classes.labels, strict=True)
        things = tuple(LegendClass(*pair, colour, label) for pair, (colour, label) in zip(ends, parts, strict=True))
        return (Legend(classes.variable, classes.title, classes.unit, things, classes.note, named=True),)

    def made(
        name: str, title: str, borders: Sequence[float], colours: Sequence[Colour], note: str, skip: int, *, change: bool
    ) -> Legend:  # fmt: skip
        pairs = list(pairwise([-np.inf, *borders, np.inf]))
        letters = [] if change else [label[:1] if label[1:3] == ": " else "" for label in classes.labels]
        kept = [
            LegendClass(*pair, colour, letters[k] if letters else "")
            for k, (pair, colour) in enumerate(zip(pairs, colours, strict=True)) if k != skip
        ]  # fmt: skip
        return Legend(name, title, classes.change_unit if change else classes.unit, tuple(kept), note)

    name = classes.variable
    none = 0 if classes.clear else -1
    legends = [made(name, classes.title, classes.borders, classes.colours, "", none, change=False)]
    rising = classes.change_borders
    if rising:
        borders = [*(-one for one in rising[::-1]), *rising]
        title = f"Change: {classes.title.lower()}"
        note, none = "Variant minus baseline", len(rising)
        legends.append(made(f"{name}_change", title, borders, change_colours(classes), note, none, change=True))
    return tuple(legends)


def class_texts(legend: Legend) -> tuple[tuple[str, str], ...]:
    """What is written beside the colour of each class: its letter, then its range; of things nothing and their names."""
    if legend.named:
        return tuple(("", item.label) for item in legend.classes)
    return tuple((item.label, class_range(item, first=k == 0)) for k, item in enumerate(legend.classes))


def class_range(item: LegendClass, *, first: bool = False) -> str:
    """The range of a class in words: ``"< 0.31"``, ``"0.31 - 0.43"``, ``"> 2.17"``; without a letter no longer than need be."""
    if not item.label:
        return _short_range(item)
    if not np.isfinite(item.high):
        return f"> {item.low:.2f}"
    if np.isfinite(item.low) and item.low < 0 and item.high <= 0:
        return f"{item.low:.2f} – {item.high:.2f}".replace("-", "−")
    if not np.isfinite(item.low):
        return f"< {item.high:.2f}".replace("-", "−")
    if first or item.low <= 0:
        return f"< {item.high:.2f}"
    return f"{item.low:.2f} – {item.high:.2f}"


def covers_all(legend: Legend) -> bool:
    """Whether every value has a class, 0 too: of hours of sun 0 is a figure, of densities it is nobody."""
    ends = [(item.low, item.high) for item in legend.classes]
    return ends[0][0] == -np.inf and ends[-1][1] == np.inf and all(one[1] == two[0] for one, two in pairwise(ends))


def drawn_of(values: NDArray[np.float32], legend: Legend) -> NDArray[np.float32]:
    """Values, NaN where they lie below classes that begin above 0: there is nothing to be seen of them."""
    least = legend.classes[0].low
    return np.where(values < least, np.float32(np.nan), values) if 0.0 < least < np.inf else values


def _short_range(item: LegendClass) -> str:
    low, high = (f"{abs(end):g}" for end in (item.low, item.high))
    if item.high <= 0:
        return f"< −{high}" if not np.isfinite(item.low) else f"−{low} – −{high}"
    if not np.isfinite(item.high):
        return f"> {'−' * (item.low < 0)}{low}"
    return f"< {high}" if not np.isfinite(item.low) else f"{low} – {high}"


def classify(values: NDArray[np.float32], legend: Legend) -> NDArray[np.int8]:
    """Index of the class of each value, -1 where there is nothing to draw; any shape."""
    limits = np.array([item.low for item in legend.classes[1:]], dtype=np.float64)
    classes = np.searchsorted(limits, np.nan_to_num(values, nan=-np.inf), side="right").astype(np.int8)
    below = values >= np.array([item.high for item in legend.classes])[classes]  # between two classes that do not meet
    return np.where(np.isfinite(values) & (values >= legend.classes[0].low) & ~below, classes, -1).astype(np.int8)


def class_colours(legend: Legend) -> NDArray[np.uint8]:
    """Colours of the classes, (C, 3) uint8."""
    return np.array([item.colour for item in legend.classes], dtype=np.uint8)


def cut_colour(colours: NDArray[np.uint8], *, hollow: bool = False) -> NDArray[np.uint8]:
    """What a thing of these colours (T, 3) is filled with where it is cut, (3,) uint8: a dark shade, or a light one for a room."""
    share, toward = (0.45, (250.0, 226.0, 196.0)) if hollow else (0.42, (58.0, 44.0, 42.0))
    shade = share * np.median(np.asarray(colours, dtype=np.float64), axis=0) + (1.0 - share) * np.array(toward)
    return np.rint(shade).astype(np.uint8)


def blended(one: Colour, two: Colour, share: float) -> Colour:
    """A colour with a share of another in it."""
    red, green, blue = (round((1.0 - share) * a + share * b) for a, b in zip(one, two, strict=True))
    return red, green, blue


def main_of(colours: NDArray[np.uint8]) -> Colour:
    """The colour that most of the rows (T, 3) have."""
    values, counts = np.unique(colours, axis=0, return_counts=True)
    red, green, blue = (int(v) for v in values[int(counts.argmax())])
    return red, green, blue
