"""The header of a GEF file: keywords with values."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_HEADER_LINES = 20_000

_LINE = re.compile(r"^\s*#\s*([A-Za-z]+)\s*=?\s*(.*?)\s*$")


class Header:
    """The keywords of a GEF file, each with the values of every line that states it."""

    def __init__(self, text: str) -> None:
        self.lines: dict[str, list[list[str]]] = {}
        for number, line in enumerate(text.splitlines()):
            if number >= MAX_HEADER_LINES:
                break
            found = _LINE.match(line)
            if found:
                self.lines.setdefault(found[1].upper(), []).append([part.strip() for part in found[2].split(",")])

    def first(self, key: str) -> list[str]:
        """Values of the first line with a keyword; none without one."""
        return self.lines.get(key, [[]])[0]

    def text(self, key: str, number: int) -> str:
        """What ``#MEASUREMENTTEXT`` says under a number (`key` names the keyword)."""
        for values in self.lines.get(key, []):
            if values and whole_of(values[0]) == number and len(values) > 1:
                return said(values)
        return ""

    def measured(self, number: int) -> float | None:
        """The value of ``#MEASUREMENTVAR`` under a number."""
        for values in self.lines.get("MEASUREMENTVAR", []):
            if len(values) > 1 and whole_of(values[0]) == number:
                return number_of(values[1])
        return None


class Column(NamedTuple):
    """One line ``#COLUMNINFO``: number (from 1), unit, name in the file, and the quantity's code."""

    number: int
    unit: str
    name: str
    quantity: int
    void: float | None


def said(values: list[str]) -> str:
    """The text of a numbered line: what stands between its number and its label, which is the last unless it is a number."""
    labelled = len(values) > 2 and number_of(values[-1]) is None
    return ", ".join(values[1:-1] if labelled else values[1:])


def number_of(text: str) -> float | None:
    """A number that a sounding can have; None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None


def whole_of(text: str) -> int | None:
    """A whole number, also one written as a fraction; None for anything else."""
    value = number_of(text)
    return int(value) if value is not None and value == int(value) else None
