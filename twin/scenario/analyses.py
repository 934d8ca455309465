"""What is worked out of a scenario, and by what it is judged."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError, field_validator

from twin.errors import ParameterError
from twin.scenario.cellars import CellarsAnalysis
from twin.scenario.days import Day, day_there_is
from twin.scenario.facilities import Where
from twin.scenario.green import GreenAnalysis
from twin.scenario.heat import HeatAnalysis
from twin.scenario.noise import NoiseAnalysis
from twin.scenario.pit import PitAnalysis
from twin.scenario.place import FiniteFloat, Name, NonNegativeFloat, Part, Point, PositiveFloat, WholeNumber
from twin.scenario.rain import RainAnalysis
from twin.scenario.routes import RoutesAnalysis
from twin.scenario.wind import WindAnalysis

_Settings = TypeVar("_Settings", bound=Part)

DE_BILT_KWH_M2 = (20.8, 33.1, 71.9, 115.6, 146.6, 150.7, 142.1, 131.8, 89.2, 54.5, 24.7, 15.6)
"""Global irradiation on level ground by month in De Bilt [kWh/m2], 997 a year: the Dutch reference climate of NTA 8800:2025, which
has it of NEN 5060: the means in W/m2 of its table 17.2 (tilt 0 degrees) times the hours of table 17.1, rounded to 0.1. It is a
reference year; who needs a station, other years or another place gives months, or hours."""


class CrowdingAnalysis(Part):
    """What crowding is judged by.

    Attributes
    ----------
    density_limit_per_m2 : float
        Limit on the density of a moving crowd [1/m2].
    density_limit_source : str
    evacuation_limit_s : float, optional
        Time within which everybody must be out [s].
    """

    density_limit_per_m2: PositiveFloat = 4.0
    density_limit_source: str = "usual planning limit for a moving crowd (Still 2014; Fruin 1993)"
    evacuation_limit_s: PositiveFloat | None = None
    evacuation_limit_source: str = "set in the scenario"


class SunAnalysis(Part):
    """Sun and shadow on the ground and on facades.

    Attributes
    ----------
    days : list of day
        Whose hours of sun are worked out, ``"2026-02-19"``; the first one is drawn. By default the shortest day on which the light
        norm of TNO asks for sun, the equinox and the longest day.
    norm : {"tno-light", "tno-strict"}
        By which facades are judged.
    facades : bool
        Whether facades are looked at.
    facade_spacing_m : float
        Distance between the points that are looked at along a facade [m].
    cell_m : float
        Cells of the maps [m].
    step_min : float
        How far apart the places of the sun are in time [min].
    lowest_deg : float
        A sun lower than this does not count on the maps [deg]; on facades the norm says it.
    trees : bool
        Whether hours behind leaves are worked out, beside those as they would be without trees.
    summer_light, winter_light : float
        Part of the light that crowns let through with leaves, and without.
    year : bool
        Whether hours of sun of the whole year (that of the first day) are worked out too.
    """

    days: tuple[Day, ...] = Field(default=("2026-02-19", "2026-03-21", "2026-06-21"), min_length=1, max_length=31)
    norm: Literal["tno-light", "tno-strict"] = "tno-light"
    facades: bool = True
    facade_spacing_m: PositiveFloat = Field(default=2.0, ge=0.5, le=50)
    cell_m: PositiveFloat = Field(default=1.0, ge=0.2, le=20)
    step_min: PositiveFloat = Field(default=5.0, ge=1, le=60)
    lowest_deg: PositiveFloat = Field(default=3.0, ge=1, le=30)
    trees: bool = True
    summer_light: NonNegativeFloat = Field(default=0.03, le=1)
    winter_light: NonNegativeFloat = Field(default=0.45, le=1)
    year: bool = False

    @field_validator("days", mode="after")
    @classmethod
    def _days_there_are(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        for day in days:
            day_there_is(day)
        if len(set(days)) < len(days):
            raise ValueError("a day is given twice")
        return days


class SkyAnalysis(Part):
    """How much of the sky open ground sees.

    Attributes
    ----------
    directions : int
        In which is looked.
    cell_m : float
        Cells of the map [m].
    trees : bool
        Whether it is worked out with trees, beside what is seen without them.
    summer_light : float
        Part of the sky that is seen through crowns.
    """

    directions: WholeNumber = Field(default=64, ge=8, le=720)
    cell_m: PositiveFloat = Field(default=1.0, ge=0.2, le=20)
    trees: bool = True
    summer_light: NonNegativeFloat = Field(default=0.03, le=1)


class SolarAnalysis(Part):
    """What falls on roofs in a year: for solar panels.

    Attributes
    ----------
    months_kwh_m2 : list of float
        Light on level ground from January to December [kWh/m2]; by default in De Bilt.
    enough_kwh_m2 : float
        Roofs that get this or more in a year are counted as good [kWh/m2]. No norm: it is for you to say.
    loss_percent : float
        Buildings whose roofs lose this part or more by the changes are listed [%].
    efficiency : float
        Part of the light that modules turn into electricity.
    performance_ratio : float
        Part of that which remains after heat, dirt, cables and inverter.
    albedo : float
        Part of the light that the surroundings send back.
    cell_m : float
        Cells of the map [m].
    trees : bool
        Whether crowns count.
    summer_light, winter_light : float
        Part of the light that crowns let through with leaves, and without.
    """

    months_kwh_m2: tuple[NonNegativeFloat, ...] = Field(default=DE_BILT_KWH_M2, min_length=12, max_length=12)
    enough_kwh_m2: PositiveFloat = Field(default=850.0, le=4000)
    loss_percent: PositiveFloat = Field(default=5.0, le=100)
    efficiency: PositiveFloat = Field(default=0.21, le=1)
    performance_ratio: PositiveFloat = Field(default=0.85, le=1)
    albedo: NonNegativeFloat = Field(default=0.2, le=1)
    cell_m: PositiveFloat = Field(default=1.0, ge=0.2, le=20)
    trees: bool = True
    summer_light: NonNegativeFloat = Field(default=0.03, le=1)
    winter_light: NonNegativeFloat = Field(default=0.45, le=1)


class SightAnalysis(Part):
    """From where a landmark, or a building that is planned, is seen.

    Attributes
    ----------
    landmark : str
        Id of a building of the city, or of the change that adds or removes it.
    eye_m : float
        Height of the eyes of who looks [m].
    points : int
        Along the height of the landmark at which it is looked.
    cell_m : float
        Cells of the map [m].
    """

    landmark: Name
    eye_m: PositiveFloat = Field(default=1.6, le=100)
    points: WholeNumber = Field(default=16, ge=1, le=200)
    cell_m: PositiveFloat = Field(default=1.0, ge=0.2, le=20)


class Antenna(Part):
    """An antenna that stands whatever else is chosen.

    Attributes
    ----------
    id : str
    at : [x, y]
        In the CRS of the city [m].
    height_m : float
        Above the ground there [m].
    power_dbm : float, optional
        By default that of the analysis [dBm].
    """

    id: Name
    at: Point
    height_m: PositiveFloat = Field(ge=2, le=300)
    power_dbm: FiniteFloat | None = Field(default=None, ge=-50, le=100)


class SignalAnalysis(Part):
    """Radio signal of antennas on open ground, and how many posts are needed for it.

    Attributes
    ----------
    model : {"umi", "uma"}
        Of 3GPP TR 38.901: small cells in streets, or masts over roofs.
    frequency_ghz : float
    power_dbm : float
        What an antenna sends, with its gain (EIRP), over all subcarriers together [dBm].
    subcarriers : int
        Over which that is spread evenly; by default those of 100 MHz at 30 kHz (TS 38.104: 273 blocks of 12). 1 to have the whole
        channel in the signal.
    threshold_dbm : float
        Signal of one subcarrier from which on there is coverage [dBm].
    margin_db : float
        Taken off every signal, for fading [dB].
    receiver_m : float
        Height of who receives above the ground [m].
    antennas : list of Antenna
    posts : list of str, optional
        Kinds (or ids) of street furniture on which antennas may be hung; from these as few as possible are chosen. By default
        lamps where there are no `antennas`; an empty list for none.
    post_height_m : float, optional
        At which antennas hang on posts; by default that of each post [m].
    wanted_share : float
        Of the ground that is to be covered, by antennas and posts together.
    most_posts : int
        How many posts may be chosen.
    least_share : float
        Of that ground: a post that would add less is not chosen.
    ground : {"open", "streets"}
        What counts: all open ground, or what of it is in the layers of streets, bridges and stairs.
    cell_m : float
        Cells of the maps [m].
    """

    model: Literal["umi", "uma"] = "umi"
    frequency_ghz: PositiveFloat = Field(default=3.5, ge=0.5, le=100)
    power_dbm: FiniteFloat = Field(default=40.0, ge=-50, le=100)
    subcarriers: WholeNumber = Field(default=3276, ge=1, le=100_000)
    threshold_dbm: FiniteFloat = Field(default=-100.0, ge=-180, le=50)
    margin_db: NonNegativeFloat = Field(default=0.0, le=60)
    receiver_m: PositiveFloat = Field(default=1.5, ge=1.5, le=13)
    antennas: tuple[Antenna, ...] = Field(default=(), max_length=1000)
    posts: tuple[Name, ...] | None = None
    post_height_m: PositiveFloat | None = Field(default=None, ge=2, le=100)
    wanted_share: PositiveFloat = Field(default=0.95, le=1)
    most_posts: WholeNumber = Field(default=50, ge=1, le=10_000)
    least_share: NonNegativeFloat = Field(default=0.005, le=1)
    ground: Literal["open", "streets"] = "open"
    cell_m: PositiveFloat = Field(default=1.0, ge=0.2, le=20)

    @field_validator("antennas", mode="after")
    @classmethod
    def _each_once(cls, antennas: tuple[Antenna, ...]) -> tuple[Antenna, ...]:
        ids = [one.id for one in antennas]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f"there are two antennas `{name}`")
        return antennas


class AccessAnalysis(Part):
    """How long people walk to the nearest of some places, and what closures and pits do to that.

    Attributes
    ----------
    to : list of places
        Where they go: exits, stops, a building.
    speed_m_s : float
        Of who walks, on the flat [m/s].
    steps_free : bool
        Whether they take no stairs; then it is told whom that costs how much.
    slope_limit : float, optional
        Steeper floor is not taken, stairs apart, rise over run (wheelchairs: 1 in 12 is 0.083) [1].
    terrain_speeds : bool
        Whether they are slower uphill and on soft ground; on stairs they always are.
    limits_min : list of float
        Rising: isochrones, and figures of who arrives within each [min].
    detour_limit_min : float, optional
        No building may be cut off or get a detour longer than this [min]; judged only where it is given.
    detour_limit_source : str
    front_m : float
        Buildings further than this from where people walk are not judged [m].
    cell_m : float
        Cells of the map and of the ways [m].
    """

    to: tuple[Where, ...] = Field(min_length=1, max_length=200)
    speed_m_s: PositiveFloat = Field(default=1.34, ge=0.1, le=5)
    steps_free: bool = False
    slope_limit: PositiveFloat | None = Field(default=None, le=1)
    terrain_speeds: bool = True
    limits_min: tuple[PositiveFloat, ...] = Field(default=(5.0, 10.0, 15.0), min_length=1, max_length=6)
    detour_limit_min: NonNegativeFloat | None = Field(default=None, le=600)
    detour_limit_source: str = "set in the scenario"
    front_m: PositiveFloat = Field(default=10.0, ge=1, le=100)
    cell_m: PositiveFloat = Field(default=0.5, ge=0.2, le=5)

    @field_validator("limits_min", mode="after")
    @classmethod
    def _rising(cls, limits: tuple[float, ...]) -> tuple[float, ...]:
        if any(late <= early for early, late in pairwise(limits)):
            raise ValueError("the times must rise")
        return limits


def settings_of(kind: type[_Settings], **given: Any) -> _Settings:
    """Settings of an analysis that was called by hand, not asked for in a file.

    Raises
    ------
    ParameterError
        When a value cannot be used; names it.
    """
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0]) if first["loc"] else kind.__name__
        told = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        raise ParameterError(f"{first['input']!r} cannot be used for `{key}`: it {told}") from None


class Analyses(Part):
    """What is worked out of the city and from a run.

    Attributes
    ----------
    crowding : CrowdingAnalysis
        Of the crowd, when there is one.
    sun : SunAnalysis, optional
        Only where it is asked for: ``sun: {}`` takes everything as it stands.
    sky : SkyAnalysis, optional
        Likewise.
    solar : SolarAnalysis, optional
        Likewise.
    noise : NoiseAnalysis, optional
        Of some sources of sound.
    sight : SightAnalysis, optional
        Of one landmark.
    green : GreenAnalysis, optional
        As `sun`.
    signal : SignalAnalysis, optional
        Likewise: ``signal: {}`` chooses among the lamp posts.
    access : AccessAnalysis, optional
        Of some destinations.
    wind : WindAnalysis, optional
        Of factors in a file.
    heat : HeatAnalysis, optional
        As `sun`.
    rain : RainAnalysis, optional
        As `sun`: ``rain: {}`` is a cloudburst of 70 mm in an hour.
    routes : RoutesAnalysis, optional
        Of a vehicle that comes from some stations.
    pit : PitAnalysis, optional
        Of the excavations among the changes.
    cellars : CellarsAnalysis, optional
        As `sun`: ``cellars: {}`` is what the crowd, stages and pits of the scenario do to wharf cellars.
    """

    crowding: CrowdingAnalysis = Field(default_factory=CrowdingAnalysis)
    sun: SunAnalysis | None = None
    sky: SkyAnalysis | None = None
    solar: SolarAnalysis | None = None
    noise: NoiseAnalysis | None = None
    sight: SightAnalysis | None = None
    green: GreenAnalysis | None = None
    signal: SignalAnalysis | None = None
    access: AccessAnalysis | None = None
    wind: WindAnalysis | None = None
    heat: HeatAnalysis | None = None
    rain: RainAnalysis | None = None
    routes: RoutesAnalysis | None = None
    pit: PitAnalysis | None = None
    cellars: CellarsAnalysis | None = None
