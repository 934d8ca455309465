"""Names of directions in files, and their order."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.errors import FormatError

DIRECTION = ("direction", "direction_deg", "wind_direction", "wind_from", "windrichting", "richting")
"""Names of the column or axis that holds them."""
BY_DIRECTION = re.compile(r"^(?:[a-z]{1,15}_?)?_?(\d{1,3}(?:[.]\d+)?)_?(?:deg|°)?$")
"""Columns and bands of one direction: ``30``, ``d030``, ``factor_30``, ``30deg``."""


def in_order(angles: Sequence[float], name: str) -> tuple[NDArray[np.float64], list[int]]:
    """Directions rising from 0, and which of those that were given each is."""
    for angle in angles:
        if not 0.0 <= angle <= 360.0:
            raise FormatError(f"{angle:g} is no direction: they are 0 to 360 degrees from north clockwise", where=name)
    turned = [round(angle % 360.0, 3) for angle in angles]
    for angle in turned:
        if turned.count(angle) > 1:
            raise FormatError(f"has direction {angle:g} twice" + (" (0 and 360 are the same)" if angle == 0.0 else ""), where=name)
    order = sorted(range(len(turned)), key=turned.__getitem__)
    return np.array([turned[k] for k in order]), order
