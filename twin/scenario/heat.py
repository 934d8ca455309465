"""What heat on a hot day is worked out with."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from twin.scenario.days import Day, day_there_is
from twin.scenario.place import FiniteFloat, NonNegativeFloat, Part, PositiveFloat, WholeNumber


class HeatAnalysis(Part):
    """How hot it feels outside on a hot day.

    Attributes
    ----------
    index : {"pet", "utci"}
        Physiologically equivalent temperature by the method of the Dutch heat stress test, or Universal Thermal Climate Index.
    day : day
        By default that of the Dutch heat stress test.
    hours : list of clock times
        Rising; the afternoon by default. Mean and greatest value are of these.
    air_c : list of float, optional
        Air temperature at each of the hours, or one for all [degrees Celsius]; by default, like what follows, of that test's day.
    humidity_percent : list of float, optional
        Relative humidity [%].
    wind_m_s : list of float, optional
        At 10 m at a weather station [m/s].
    radiation_w_m2 : list of float, optional
        Light of sun and sky on level ground [W/m2]; on another day, or at other hours, by default that of a cloudless sky.
    street_wind_share : float
        Wind between buildings, at 1.2 m, over that at the station.
    directions : int
        In which is looked for the sky.
    summer_light : float
        Part of the sky that is seen through crowns.
    coolness : bool
        Whether it is worked out how far buildings are from a cool place.
    cool_c : float, optional
        A place is cool where the mean is this or less; by default 38 of PET, 35 of UTCI [degrees Celsius].
    cool_area_m2 : float
        Size of a cool place at least [m2].
    cool_distance_m : float
        How far people may have to walk to one [m].
    by_hour : bool
        Whether the values of each hour are kept too.
    cell_m : float
        Cells of the maps [m].
    """

    index: Literal["pet", "utci"] = "pet"
    day: Day = "2015-07-01"
    hours: tuple[Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")], ...] = Field(
        default=("12:00", "13:00", "14:00", "15:00", "16:00", "17:00", "18:00"), min_length=1, max_length=24
    )
    air_c: tuple[Annotated[FiniteFloat, Field(ge=10, le=50)], ...] | None = Field(default=None, min_length=1, max_length=24)
    humidity_percent: tuple[Annotated[FiniteFloat, Field(ge=5, le=100)], ...] | None = Field(
        default=None, min_length=1, max_length=24
    )
    wind_m_s: tuple[Annotated[NonNegativeFloat, Field(le=17)], ...] | None = Field(default=None, min_length=1, max_length=24)
    radiation_w_m2: tuple[Annotated[NonNegativeFloat, Field(le=1400)], ...] | None = Field(
        default=None, min_length=1, max_length=24
    )
    street_wind_share: PositiveFloat = Field(default=0.2, le=1)
    directions: WholeNumber = Field(default=64, ge=8, le=720)
    summer_light: NonNegativeFloat = Field(default=0.03, le=1)
    coolness: bool = True
    cool_c: FiniteFloat | None = Field(default=None, ge=0, le=60)
    cool_area_m2: PositiveFloat = Field(default=200.0, le=100_000)
    cool_distance_m: PositiveFloat = Field(default=300.0, le=10_000)
    by_hour: bool = False
    cell_m: PositiveFloat = Field(default=1.0, ge=0.2, le=20)

    @field_validator("day", mode="after")
    @classmethod
    def _a_day_there_is(cls, day: str) -> str:
        return day_there_is(day)

    @field_validator("hours", mode="after")
    @classmethod
    def _rising(cls, hours: tuple[str, ...]) -> tuple[str, ...]:
        if any(late <= early for early, late in pairwise(hours)):
            raise ValueError("the hours must rise: give each once, the earliest first")
        return hours

    @model_validator(mode="after")
    def _weather_of_each_hour(self) -> Self:
        for key in ("air_c", "humidity_percent", "wind_m_s", "radiation_w_m2"):
            given = getattr(self, key)
            if given is not None and len(given) not in (1, len(self.hours)):
                count = f"there are {len(self.hours)} hours and {len(given)} of `{key}`"
                raise ValueError(f"{count}: give one for all, or one for each")
        return self
