"""What a command says, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence

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


def table(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as needed; the first to the left, the others to the right."""
    if not rows:
        return
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        say("  ".join(cells).rstrip())
