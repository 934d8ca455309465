"""What a scenario says of sound: where it comes from, how loud and when, and by what it is judged."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from twin.scenario.facilities import Where
from twin.scenario.place import FiniteFloat, Name, NonNegativeFloat, Part, PositiveFloat, WholeNumber
from twin.scenario.traffic import ROAD_RULE, Clock, Road, SoundLine

Decibels = Annotated[FiniteFloat, Field(ge=0, le=160)]


class SoundSource(Part):
    """A stage, or something else that sounds from one point.

    Attributes
    ----------
    id : str
    at : place
        Coordinates, or the id of an object of the city; its middle is taken.
    height_m : float
        Above the ground, or above the roof or deck that is there [m].
    level_db : float
        As it is measured in the open before it, at `distance_m` [dB].
    weighting : {"A", "C"}
        That the level is measured with.
    distance_m : float
        [m]
    spectrum : {"pop", "dance", "voice"}
        How loud the octave bands from 63 Hz to 8 kHz are to each other.
    bands_dba : list of 8 float, optional
        The same in figures of your own; only their differences count [dB(A)].
    facing_deg : float, optional
        That its loudspeakers look to, from north clockwise [deg]; without it all round is as loud as in front.
    rejection_db : float
        How much weaker it is behind than in front, from 500 Hz on; below it is less, down to none at 63 Hz [dB].
    hours : (clock, clock)
        From and until; past midnight where the second is the earlier.
    """

    id: Name
    at: Where
    height_m: PositiveFloat = Field(default=4.0, le=200)
    level_db: Decibels
    weighting: Literal["A", "C"] = "A"
    distance_m: PositiveFloat = Field(default=25.0, le=1000)
    spectrum: Literal["pop", "dance", "voice"] = "dance"
    bands_dba: tuple[FiniteFloat, ...] | None = Field(default=None, min_length=8, max_length=8)
    facing_deg: FiniteFloat | None = None
    rejection_db: NonNegativeFloat = Field(default=15.0, le=40)
    hours: tuple[Clock, Clock] = ("12:00", "23:00")

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.hours[0] == self.hours[1]:
            raise ValueError("it sounds from and until the same moment: give 00:00 and 24:00 for all day")
        return self


class SoundLimit(Part):
    """What may be heard before a facade between two clock times.

    Attributes
    ----------
    hours : (clock, clock)
        From and until; past midnight where the second is the earlier.
    dba, dbc : float
        Levels that may not be exceeded [dB(A), dB(C)].
    """

    hours: tuple[Clock, Clock]
    dba: Decibels
    dbc: Decibels


RULE = "Nadere regel evenementen gemeente Utrecht, artikel 2 (Gemeenteblad 2024, 320882)"

UTRECHT: dict[str, tuple[tuple[SoundLimit, ...], str]] = {
    "utrecht": (
        (SoundLimit(hours=("07:00", "23:00"), dba=80, dbc=95), SoundLimit(hours=("23:00", "07:00"), dba=70, dbc=85)),
        f"{RULE}: music at the nearest sensitive facade, until 23:00 and after",
    ),
    "utrecht-kings-day": (
        (SoundLimit(hours=("00:00", "24:00"), dba=90, dbc=105),),
        f"{RULE}: music in the inner city on King's Night and King's Day",
    ),
}
"""Limits that are known by name, with their source."""


class NoiseAnalysis(Part):
    """Sound of an event, or of road traffic, before facades and over the city.

    Attributes
    ----------
    sources : list of SoundSource
    lines : list of SoundLine
    roads : list of Road
        Their traffic is told as Lden, apart from the event.
    road_standard_db, road_limit_db : float
        Standard value and limit of Lden before facades [dB].
    road_limits_source : str
        Where these are from.
    road_reach_m : float
        How far from a piece of road, or another line, is looked [m].
    line_piece_m : float
        Pieces of lines are no longer than this, nor than the distance to the nearest facade [m].
    limits : {"utrecht", "utrecht-kings-day"}
        What it is judged by.
    table : list of SoundLimit, optional
        Limits of your own instead, by the clock.
    limits_source : str
        Where your own limits are from.
    sensitive_uses : list of str
        Buildings with another ``use`` are not judged; those whose use is not known are.
    receiver_m : float
        Height above the ground (or roof) that the map is of [m].
    reach_m : float
        How far from a source is looked [m].
    ground_factor : float
        0 for paving and water to 1 for soft ground.
    reflections : {0, 1}
        Off how many walls sound may come to a place before a facade.
    map_reflections : bool
        Whether that counts on the map too, which takes about a hundred times as long.
    reflection_near_m : float
        Walls send sound back that are so near to the source or to the place [m].
    absorption : float
        Share of the energy that a facade keeps; 0.2 is that of Dutch rules for buildings.
    absorption_by_use : mapping of str to float
        The same for buildings with a ``use``.
    temperature_c, humidity_percent : float
        Of the air, which takes high tones [degrees Celsius, %].
    facade_spacing_m : float
        Distance between the points before a facade [m].
    cell_m : float
        Cells of the map [m].
    """

    sources: tuple[SoundSource, ...] = Field(default=(), max_length=100)
    lines: tuple[SoundLine, ...] = Field(default=(), max_length=100)
    roads: tuple[Road, ...] = Field(default=(), max_length=1000)
    road_standard_db: Decibels = 53.0
    road_limit_db: Decibels = 70.0
    road_limits_source: str = Field(default=ROAD_RULE, max_length=500)
    road_reach_m: PositiveFloat = Field(default=300.0, ge=20, le=5000)
    line_piece_m: PositiveFloat = Field(default=15.0, ge=1, le=100)
    limits: Literal["utrecht", "utrecht-kings-day"] = "utrecht"
    table: tuple[SoundLimit, ...] | None = Field(default=None, min_length=1, max_length=24)
    limits_source: str = Field(default="set in the scenario", max_length=500)
    sensitive_uses: tuple[Name, ...] = (
        "dwelling", "almshouse", "residential", "house", "apartments", "woonfunctie", "school", "onderwijsfunctie", "hospital",
        "gezondheidszorgfunctie",
    )  # fmt: skip
    receiver_m: PositiveFloat = Field(default=1.5, le=100)
    reach_m: PositiveFloat = Field(default=800.0, ge=20, le=5000)
    ground_factor: NonNegativeFloat = Field(default=0.0, le=1)
    reflections: Annotated[WholeNumber, Field(ge=0, le=1)] = 1
    map_reflections: bool = False
    reflection_near_m: NonNegativeFloat = Field(default=50.0, le=1000)
    absorption: NonNegativeFloat = Field(default=0.2, le=1)
    absorption_by_use: dict[Name, Annotated[NonNegativeFloat, Field(le=1)]] = Field(default_factory=dict, max_length=100)
    temperature_c: FiniteFloat = Field(default=15.0, ge=-30, le=50)
    humidity_percent: PositiveFloat = Field(default=70.0, le=100)
    facade_spacing_m: PositiveFloat = Field(default=2.0, ge=0.5, le=50)
    cell_m: PositiveFloat = Field(default=1.0, ge=0.2, le=20)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if not (self.sources or self.lines or self.roads):
            raise ValueError("has nothing that sounds: give `sources`, `lines` or `roads`")
        names = [*(one.id for one in self.sources), *(one.id for one in self.lines), *(one.id for one in self.roads)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"the source `{twice}` is given twice")
        rows = [row.hours for row in self.rows]
        if len(set(rows)) < len(rows):
            raise ValueError("two limits have the same hours: give each stretch of the day once")
        return self

    @property
    def sounding(self) -> tuple[SoundSource | SoundLine, ...]:
        """What sounds by the clock: points and lines of the event."""
        return (*self.sources, *self.lines)

    @property
    def rows(self) -> tuple[SoundLimit, ...]:
        """The limits that count."""
        return UTRECHT[self.limits][0] if self.table is None else self.table

    @property
    def source_of_limits(self) -> str:
        """Where they are from."""
        return UTRECHT[self.limits][1] if self.table is None else self.limits_source


def minutes(clock: str) -> int:
    """Minutes since midnight of a clock time."""
    hours, rest = clock.split(":")
    return 60 * int(hours) + int(rest)


def spans(hours: tuple[str, str]) -> list[tuple[int, int]]:
    """From and until as minutes of one day: two spans where midnight lies in between."""
    first, last = minutes(hours[0]), minutes(hours[1])
    return [(first, last)] if first < last else [span for span in ((first, 1440), (0, last)) if span[0] < span[1]]


def sound_together(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two stretches of a day share a moment."""
    return any(a < d and c < b for a, b in spans(one) for c, d in spans(other))
