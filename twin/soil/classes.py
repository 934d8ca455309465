"""What a class of soil is taken to be where only its name is known: a table of estimates, each column with its source.

Nothing here is a design value. It is what a screening starts from until there is a test of the ground itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from twin.geo.soil import CLASSES

NOT_MEASURED = ""
"""Class of a stretch in which nothing was measured or described."""

ZONE_CLASSES: Mapping[int, str] = MappingProxyType(
    {0: "", 1: "clay", 2: "peat", 3: "clay", 4: "loam", 5: "sand", 6: "sand", 7: "sand", 8: "sand", 9: "clay"}
)
"""Class of `twin.geo.soil.CLASSES` by zone of the chart. Zone 7 is dense sand in Dutch ground more often than gravel."""

SOFT_CLASSES = ("clay", "peat", "loam")
"""Classes that hold water up: what lies between a phreatic level and the head below it."""


class Range(NamedTuple):
    """A lower value, the one that is taken, and a higher value."""

    low: float
    value: float
    high: float


class ClassValues(NamedTuple):
    """What a class is taken to be.

    Attributes
    ----------
    moist, saturated : Range
        Unit weight above and below the water [kN/m3].
    modulus : Range
        Constrained modulus at a stress of about 100 kPa [MPa].
    cr : Range
        Compression ratio Cc / (1 + e0).
    k : Range
        Horizontal permeability [m/d].
    creep : float
        Ratio of secondary to primary compression, C_alpha / Cc.
    """

    moist: Range
    saturated: Range
    modulus: Range
    cr: Range
    k: Range
    creep: float


VALUES: Mapping[str, ClassValues] = MappingProxyType({
    "gravel": ClassValues(Range(17, 18, 19), Range(19, 20, 21), Range(30, 75, 110), Range(0.0003, 0.0005, 0.001),
                          Range(80, 1000, 10_000), 0.02),
    "sand": ClassValues(Range(17, 18, 19), Range(19, 20, 21), Range(15, 45, 110), Range(0.0005, 0.001, 0.002),
                        Range(1, 10, 80), 0.02),
    "loam": ClassValues(Range(19, 20, 21), Range(19, 20, 21), Range(2, 3, 7), Range(0.01, 0.03, 0.05),
                        Range(0.005, 0.05, 0.3), 0.04),
    "clay": ClassValues(Range(14, 17, 19), Range(14, 17, 19), Range(1, 2, 10), Range(0.05, 0.075, 0.10),
                        Range(0.0001, 0.002, 0.05), 0.04),
    "peat": ClassValues(Range(10, 11, 13), Range(10, 11, 13), Range(0.2, 0.5, 1.0), Range(0.15, 0.20, 0.25),
                        Range(0.001, 0.01, 0.1), 0.06),
    "made ground": ClassValues(Range(15, 17, 19), Range(17, 19, 21), Range(5, 15, 45), Range(0.001, 0.005, 0.05),
                               Range(0.1, 5, 30), 0.02),
})  # fmt: skip
"""By class.

- Unit weights: the order of NEN 9997-1, table 2.b; not read, estimates.
- Moduli: E of NEN 9997-1, table 2.b (soft or loose, moderate, stiff or dense), taken for the constrained modulus, which is higher.
- CR of peat, clay and sand: presets of a Dutch tool for settlements after table 2.b, indicative; of the others an estimate.
- Permeability: Bot (2011, Grondwaterzakboekje, table 2.1); of made ground an estimate.
- C_alpha / Cc: Mesri et al. (1990, 1997), 0.02 for granular soil; 0.04 and 0.06 for clay and peat are estimates.
"""

RECOMPRESSION = 0.2
"""RR / CR; that of the Delft-Schiedam case (Cr 0.04, Cc 0.2)."""

ANISOTROPY = 3.0
"""Horizontal over vertical permeability within a layer; an estimate."""

SOURCE = "class of soil (NEN 9997-1 table 2.b, Bot 2011, Mesri 1990; estimates)"

assert tuple(sorted(VALUES)) == tuple(sorted(CLASSES))


def values_of(soil_class: str) -> ClassValues | None:
    """What a class is taken to be; nothing for what was not measured or described."""
    return VALUES.get(soil_class)
