"""What a scenario says of sound along lines: roads with their traffic, and other things that sound per metre."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from twin.scenario.place import FiniteFloat, Name, NonNegativeFloat, Part, Point, PositiveFloat

Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
"""``"23:00"``."""

Vehicles = Literal["light", "medium", "heavy", "moped", "motorcycle"]
Counts = tuple[NonNegativeFloat, NonNegativeFloat, NonNegativeFloat]
"""Vehicles an hour by day, in the evening and by night."""

Surface = Literal["reference", "sma-nl5", "sma-nl8", "bricks-herringbone", "bricks", "quiet-bricks", "thin-layer-a", "thin-layer-b"]


class SoundLine(Part):
    """Something that sounds along a line, as loud on each metre: a parade, a row of stalls, a pipe.

    Attributes
    ----------
    id : str
    along : list of [x, y]
        At least two points.
    height_m : float
        Above the ground, or the roof or deck that is there [m].
    power_db_m : float
        Sound power of a metre, weighted [dB re 1 pW].
    weighting : {"A", "C"}
        That it is given with.
    spectrum : {"pop", "dance", "voice"}
        How loud the octave bands from 63 Hz to 8 kHz are to each other.
    bands_dba : list of 8 float, optional
        The same in figures of your own; only their differences count [dB(A)].
    hours : (clock, clock)
        From and until; past midnight where the second is the earlier.
    """

    id: Name
    along: tuple[Point, ...] = Field(min_length=2, max_length=10_000)
    height_m: PositiveFloat = Field(default=1.5, le=200)
    power_db_m: Annotated[FiniteFloat, Field(ge=0, le=160)]
    weighting: Literal["A", "C"] = "A"
    spectrum: Literal["pop", "dance", "voice"] = "voice"
    bands_dba: tuple[FiniteFloat, ...] | None = Field(default=None, min_length=8, max_length=8)
    hours: tuple[Clock, Clock] = ("12:00", "23:00")

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if len(set(self.along)) < 2:
            raise ValueError("the line has no length: give two points that differ")
        if self.hours[0] == self.hours[1]:
            raise ValueError("it sounds from and until the same moment: give 00:00 and 24:00 for all day")
        return self


class Road(Part):
    """A road and the traffic on it, both directions together.

    Attributes
    ----------
    id : str
    at : str, optional
        Id of a road of the city; the middle line of an area is taken.
    along : list of [x, y], optional
        The line itself instead.
    per_hour : mapping of vehicles to (float, float, float)
        ``light``, ``medium``, ``heavy``, ``moped``, ``motorcycle``: how many an hour from 7 to 19, 19 to 23 and 23 to 7 o'clock.
    speed_km_h : float
        [km/h]
    speeds_km_h : mapping of vehicles to float
        Of some vehicles, where it differs [km/h].
    surface : str
        By table F-4 of CNOSSOS-EU, e.g. ``"bricks-herringbone"``.
    gradient_percent : float
        Slope; half of the traffic goes up [%].
    crossings, roundabouts : list of [x, y]
        Junctions with lights, and roundabouts: within 100 m vehicles slow down and speed up.
    stops_when_closed : bool
        Whether there is no traffic when something that the scenario closes on its level lies on the line.
    """

    id: Name
    at: Name | None = None
    along: tuple[Point, ...] | None = Field(default=None, min_length=2, max_length=10_000)
    per_hour: dict[Vehicles, Counts] = Field(min_length=1)
    speed_km_h: PositiveFloat = Field(default=50.0, le=200)
    speeds_km_h: dict[Vehicles, Annotated[PositiveFloat, Field(le=200)]] = Field(default_factory=dict)
    surface: Surface = "reference"
    gradient_percent: FiniteFloat = Field(default=0.0, ge=-30, le=30)
    crossings: tuple[Point, ...] = Field(default=(), max_length=1000)
    roundabouts: tuple[Point, ...] = Field(default=(), max_length=1000)
    stops_when_closed: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.at is None) == (self.along is None):
            raise ValueError("give either the road of the city that it is (`at`) or its line (`along`)")
        if self.along is not None and len(set(self.along)) < 2:
            raise ValueError("the line has no length: give two points that differ")
        return self


ROAD_RULE = "Besluit kwaliteit leefomgeving, tables 5.78t and 5.78u: municipal roads, Lden on buildings that are sensitive to noise"
