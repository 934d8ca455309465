"""Fruin's levels of service: borders, letters and colours, in one place for kernels, maps, reports and scenes.

The six colours are steps of `lajolla` (Crameri 2018, doi:10.5281/zenodo.1243862), which keeps its order for colour-blind readers;
the letter of the class is always printed beside the colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from twin.errors import ParameterError, did_you_mean

LETTERS = "ABCDEF"
"""Names of the classes, the roomiest first."""

WALKWAY_M2 = (3.25, 2.32, 1.39, 0.93, 0.46)
"""Fruin's walkway classes: smallest area a person for A, B, C, D and E; below is F [m2] (Fruin 1971)."""

STAIRWAY_M2 = (1.86, 1.39, 0.93, 0.65, 0.37)
QUEUEING_M2 = (1.21, 0.93, 0.65, 0.28, 0.19)

FRUIN_M2: Mapping[str, tuple[float, ...]] = MappingProxyType({
    "walkway": WALKWAY_M2, "stairs": STAIRWAY_M2, "queueing": QUEUEING_M2,
})  # fmt: skip
"""Floor a person has at the borders of the classes, by scheme [m2]."""

LAJOLLA: tuple[tuple[int, int, int], ...] = (
    (253, 243, 171),
    (238, 180, 85),
    (227, 125, 80),
    (183, 74, 72),
    (92, 48, 36),
    (36, 29, 6),
)
"""Colours of the classes A to F, sRGB 0-255."""


def borders(scheme: str = "walkway") -> tuple[float, ...]:
    """Densities at which one class passes into the next, rising, (5,) [1/m2].

    Raises
    ------
    ParameterError
        When there is no such scheme.
    """
    if scheme not in FRUIN_M2:
        near = did_you_mean(scheme, FRUIN_M2)
        message = f"there is no scheme `{scheme}` of levels of service{near}"
        raise ParameterError(message, hint=f"there are: {', '.join(FRUIN_M2)}")
    return tuple(1.0 / area for area in FRUIN_M2[scheme])
