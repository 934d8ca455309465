"""Themes of CityJSON: several sets of materials, or of pictures, for the same surfaces, of which one can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.geo.readers.model import Findings

KEPT = 100
"""So many names are kept of the themes of a file."""

LISTED = 5
"""So many names stand in a message."""


class Themes:
    """Which theme is taken, for all geometries of a file alike.

    The default theme of the file where a geometry has it; else, of those that it has, the one that the file names first.

    Parameters
    ----------
    what : str
        ``"material"`` or ``"texture"``, as CityJSON calls it.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._default: str | None = None
        self._place: dict[str, int] = {}
        self._taken: dict[str, None] = {}
        self._told = 1

    def add(self, appearance: Mapping[str, Any]) -> None:
        """Heed the default theme of one more document; that of the first counts."""
        default = appearance.get(f"default-theme-{self.what}")
        if self._default is None and isinstance(default, str):
            self._default = default

    def of(self, geometry: Mapping[str, Any]) -> Any:
        """What a geometry has in the theme that is taken; None when it has no theme."""
        stated = geometry.get(self.what)
        if not isinstance(stated, dict) or not stated:
            return None
        for name in stated:
            if name not in self._place:
                self._place[name] = len(self._place)
        if len(stated) > 1:
            name = min(stated, key=lambda one: (one != self._default, self._place[one]))
        self._taken[name] = None
        return stated[name]

    def names(self) -> dict[str, list[str]]:
        """Names of the themes that were taken, and of the others; empty when none has a name."""
        left = [name for name in self._place if name not in self._taken]
        return {"taken": list(self._taken)[:KEPT], "left": left[:KEPT]} if any(self._place) else {}

    def note(self, findings: Findings) -> None:
        """Note that there are several, once for those there are."""
        if len(self._place) <= self._told:
            return
        self._told = len(self._place)
        taken, left = list(self._taken), [name for name in self._place if name not in self._taken]
        why = ", the default of the file" if taken[0] == self._default else ""
        said = f"{self._told} themes of {self.what}s: shown is {taken[0][:40]!r}{why}"
        if len(taken) > 1:
            said += f", and where a shape has not that one {_listed(taken[1:])}"
        if left:
            said += f"; not shown is {_listed(left)}"
        findings.add("theme", "", said, severity="info", path="appearance")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(repr(name[:40]) for name in names[:LISTED]) + more
