"""What canopy, green in view and shade are worked out with."""

from __future__ import annotations

from pydantic import Field, field_validator

from twin.scenario.days import Day, day_there_is
from twin.scenario.place import NonNegativeFloat, Part, PositiveFloat, WholeNumber


class GreenAnalysis(Part):
    """Canopy cover, green in view, trees in sight of homes, and shade.

    Attributes
    ----------
    cover_radius_m : float
        How far round each place canopy cover is counted [m].
    reach_m : float
        How far off trees are looked for [m].
    directions : int
        In which is looked for green.
    eye_m : float
        Height of the eyes of who looks, in the street and from the ground floor of homes [m].
    field_deg : float
        Height of the view, half of it below the horizon [deg].
    established_m : float
        Trees lower than this do not count as seen from a home [m].
    shade : bool
        Whether shade is worked out.
    day : day
        Of the shade, ``"2026-07-15"``.
    time : str
        ``"noon"``, when the sun stands highest, or a clock time ``"15:00"``.
    cell_m : float
        Cells of the maps [m].
    """

    cover_radius_m: PositiveFloat = Field(default=100.0, ge=5, le=1000)
    reach_m: PositiveFloat = Field(default=100.0, ge=10, le=300)
    directions: WholeNumber = Field(default=64, ge=8, le=720)
    eye_m: PositiveFloat = Field(default=1.6, le=100)
    field_deg: PositiveFloat = Field(default=60.0, ge=10, le=170)
    established_m: NonNegativeFloat = Field(default=5.0, le=40)
    shade: bool = True
    day: Day = "2026-07-15"
    time: str = Field(default="noon", pattern=r"^noon$|^([01]\d|2[0-3]):[0-5]\d$")
    cell_m: PositiveFloat = Field(default=1.0, ge=0.2, le=20)

    @field_validator("day", mode="after")
    @classmethod
    def _a_day_there_is(cls, day: str) -> str:
        return day_there_is(day)
