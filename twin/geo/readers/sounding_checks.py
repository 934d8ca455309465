"""Whether what a cone penetration test says can be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.geo.readers.model import Findings

POSSIBLE_MPA = (-1.0, 200.0)
"""Cone resistances outside this are none [MPa]: below it is no drift of zero, above it no cone survives; our bounds."""
RESISTANCES = ("coneResistance", "correctedConeResistance")


def see_measured(values: dict[str, NDArray[np.float64]], name: str, file: str, findings: Findings) -> None:
    """Note resistances that cannot be, which become void; changes `values`."""
    low, high = POSSIBLE_MPA
    for key in RESISTANCES:
        if key not in values:
            continue
        odd = (values[key] < low) | (values[key] > high)
        if odd.any():
            first = values[key][odd][0]
            message = (
                f"{int(odd.sum())} records have a {key} of {first:g} MPa or the like, which cannot be ({low:g} to {high:g}): "
                "not used. Is it a void value without `#COLUMNVOID`, or another unit?"
            )
            findings.add("record", name, message, severity="error", path=file)
            values[key] = np.where(odd, np.nan, values[key])
    known = [np.isfinite(values[key]).any() for key in RESISTANCES if key in values]
    if known and not any(known):
        findings.add("record", name, "no record has a cone resistance: nothing was measured", severity="error", path=file)
