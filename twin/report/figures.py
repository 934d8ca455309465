"""Figures as people write them: with their decimals, their unit, and no minus before a zero."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from twin.decimals import decimals
from twin.report.texts import ONE_OF
from twin.result import Figure

_UNITS = {"s": "min:s", "1/m2": "per m²", "m2": "m²", "m3": "m³", "mm3": "mm³", "m3/d": "m³/d"}


def number(value: float, figure: Figure) -> str:
    """A figure's value with its decimals; seconds as minutes and seconds."""
    if not math.isfinite(value):
        return "-"
    if figure.unit == "s":
        return ("-" if round(value) < 0 else "") + clock(abs(value))
    return decimals(value, figure.digits)


def unit(figure: Figure, value: float) -> str:
    """The unit of a value as people write it."""
    if figure.unit in ONE_OF and number(value, figure) == "1":
        return ONE_OF[figure.unit]
    return _UNITS.get(figure.unit, figure.unit)


def with_unit(value: float, figure: Figure) -> str:
    """A value with its unit, if it has one."""
    return f"{number(value, figure)} {unit(figure, value)}".rstrip()


def limit_with_unit(figure: Figure) -> str:
    """The limit of a figure, with more decimals than its value where it has more."""
    return with_unit(figure.limit or 0.0, replace(figure, digits=figure.limit_digits))


def plain(text: str) -> str:
    """A sentence as people write it: powers raised, and no marks of code."""
    return re.sub(r"(?<![A-Za-z])m([23])\b", lambda found: f"m{'²³'[int(found[1]) - 2]}", text.replace("`", ""))


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    if not math.isfinite(seconds):
        return "-"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
