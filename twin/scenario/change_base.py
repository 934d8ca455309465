"""What every change of a scenario has."""

from __future__ import annotations

from pydantic import Field

from twin.scenario.place import Name, Part


class ChangeBase(Part):
    """What every change has.

    Attributes
    ----------
    id : str
        Name in the report.
    in_baseline : bool
        True when it is there in the baseline as well: then the comparison is about the other changes.
    """

    id: Name
    label: str | None = Field(default=None, max_length=200)
    in_baseline: bool = False
