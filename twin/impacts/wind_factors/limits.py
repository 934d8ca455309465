"""How much a file of factors may hold."""

from __future__ import annotations

from pathlib import Path

from twin.errors import FormatError

MOST_FACTOR = 4.0
"""Factors above this are no factors: speeds, or percents."""
MOST_VALUES = 60_000_000
"""More factors than this in one file are refused."""
MOST_BYTES = 1_000_000_000
"""Files of points larger than this are refused: so much text is some `MOST_VALUES` numbers."""


def not_too_large(path: Path) -> None:
    """See that a file can be read at once.

    Raises
    ------
    FormatError
        When it has more than `MOST_BYTES`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise FormatError(f"has more than {MOST_BYTES / 1e9:g} GB", where=path.name, hint="cut it to the area that matters")


def not_too_many(count: int, name: str) -> None:
    """See that as many values can be kept.

    Raises
    ------
    FormatError
        When they are more than `MOST_VALUES`.
    """
    if count > MOST_VALUES:
        raise FormatError(f"has more than {MOST_VALUES:,} values", where=name, hint="cut it to the area that matters")
