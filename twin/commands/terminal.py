"""What a command says, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

DONE, FAILED, USAGE = 0, 1, 2
"""Exit codes: done; what was asked failed; wrong usage."""
WIDTH = 120
"""Lines of running text are broken here."""


def say(text: str = "") -> None:
    """Print a line."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print a line to standard error."""
    print(text, file=sys.stderr, flush=True)


def table(rows: Sequence[Sequence[str]], *, left: int = 1) -> None:
    """Columns as wide as needed; so many to the left, the others to the right."""
    if not rows:
        return
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        sides = [str.ljust] * left + [str.rjust] * (len(row) - left)
        cells = [side(text, width) for side, text, width in zip(sides, row, widths, strict=True)]
        say("  ".join(cells).rstrip())


def warn_of_compiling() -> None:
    """Say that a first run takes longer, where the simulation has not been compiled yet."""
    from twin.jit import cache_folder

    if not any(Path(cache_folder()).glob("**/*.nbi")):
        complain("The first run compiles the simulation, which takes about half a minute; later ones start at once.")
