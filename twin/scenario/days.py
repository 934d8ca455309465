"""How a scenario says a day."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

Day = Annotated[str, Field(min_length=1, max_length=10)]
"""Year, month and day: ``"2026-02-19"``."""


def day_there_is(day: str) -> str:
    """The day, when the calendar has it.

    Raises
    ------
    ValueError
        When it has not.
    """
    try:
        dt.date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"`{day}` is not a day: write year, month and day, such as 2026-02-19") from None
    return day
