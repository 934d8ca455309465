"""What a scenario says of wind: the factors that were computed or measured, how the wind blows there, and what people do where."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from twin.scenario.changes import no_control
from twin.scenario.facilities import Where
from twin.scenario.place import NonNegativeFloat, Number, Part, PositiveFloat, stays_inside

File = Annotated[str, Field(min_length=1, max_length=400)]
Direction = Annotated[Number, Field(ge=0, le=360)]
Activity = Literal["traversing", "strolling", "sitting"]


def _inside(file: str | None, key: str) -> str | None:
    no_control(file, f"`{key}`")
    if file is not None and not stays_inside(file):
        raise ValueError(f"the file of `{key}` lies in the folder of the scenario file or below: no `..`, and no `/` in front")
    return file


class WindSector(Part):
    """How often the wind comes from a sector, and the Weibull distribution of its speed.

    Attributes
    ----------
    direction_deg : float
        That the wind comes from, the middle of the sector, from north clockwise [deg].
    frequency_percent : float
        Of all hours [%].
    k : float
        Shape.
    a_m_s : float
        Scale [m/s].
    """

    direction_deg: Direction
    frequency_percent: NonNegativeFloat = Field(le=100)
    k: PositiveFloat = Field(ge=0.5, le=10)
    a_m_s: PositiveFloat = Field(le=60)


class WindClimate(Part):
    """How the wind blows at the place: sectors in the scenario or in a file, or hours of a station.

    Attributes
    ----------
    file : str
        CSV with the columns `direction_deg`, `frequency_percent`, `k` and `a_m_s`, a row a sector.
    sectors : list of WindSector
        The same in the scenario.
    hours : str
        Hourly wind of a station as KNMI gives it; a distribution is fitted to each sector.
    height_m : float
        Above the ground, at which these speeds are [m].
    source : str
        Where they come from.
    """

    file: File | None = None
    sectors: tuple[WindSector, ...] | None = Field(default=None, min_length=4, max_length=72)
    hours: File | None = None
    height_m: PositiveFloat = Field(le=500)
    source: Annotated[str, Field(min_length=1, max_length=300)]

    @field_validator("file", mode="after")
    @classmethod
    def _file_beside(cls, file: str | None) -> str | None:
        return _inside(file, "file")

    @field_validator("hours", mode="after")
    @classmethod
    def _hours_beside(cls, file: str | None) -> str | None:
        return _inside(file, "hours")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(one is not None for one in (self.file, self.sectors, self.hours)) != 1:
            raise ValueError("give the climate by one of `file`, `sectors` or `hours`")
        return self


class WindPlace(Part):
    """A place with something that people do there, so that it is judged by that.

    Attributes
    ----------
    at : place
    activity : {"traversing", "strolling", "sitting"}
    label : str
        For people.
    """

    at: Where
    activity: Activity
    label: Annotated[str, Field(max_length=120)] = ""


class WindAnalysis(Part):
    """Nuisance and danger of wind by NEN 8100, from factors that a wind tunnel or CFD gave: no flow is worked out.

    Attributes
    ----------
    factors : str
        File of the factors as it is without the changes.
    variant : str
        File of the factors with the changes.
    reference_m : float
        Height above the ground of the speed that the factors are over [m].
    climate : WindClimate
    transfer : float
        Speed at the height of the reference over that of the climate; needed where these heights differ.
    unit : {"ratio", "percent", "m_s"}
        Of the factors; `m_s` for local speeds.
    reference_m_s : float
        Speed of the reference, where the factors are speeds [m/s].
    crs : str
        Of the files, where they do not say it; by default that of the city.
    directions : list of float
        That the bands of a GeoTIFF are of, where it does not say it [deg].
    activity : {"traversing", "strolling", "sitting"}
        By which open ground is judged.
    wanted : {"good", "moderate"}
        What the wind must be for that, at least.
    places : list of WindPlace
    spacing_m : float
        Points no further apart than this are interpolated between; by default that of the points [m].
    cell_m : float
        Cells of the map [m].
    """

    factors: File
    variant: File | None = None
    reference_m: PositiveFloat = Field(le=500)
    climate: WindClimate
    transfer: PositiveFloat | None = Field(default=None, ge=0.1, le=5)
    unit: Literal["ratio", "percent", "m_s"] = "ratio"
    reference_m_s: PositiveFloat | None = Field(default=None, le=100)
    crs: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    directions: tuple[Direction, ...] | None = Field(default=None, min_length=4, max_length=72)
    activity: Activity = "strolling"
    wanted: Literal["good", "moderate"] = "moderate"
    places: tuple[WindPlace, ...] = Field(default=(), max_length=200)
    spacing_m: PositiveFloat | None = Field(default=None, le=1000)
    cell_m: PositiveFloat = Field(default=1.0, ge=0.2, le=20)
    _folder: Path = PrivateAttr(default_factory=Path)

    @property
    def folder(self) -> Path:
        """Where the files lie: the folder of the scenario file, or the current one."""
        return self._folder

    def beside(self, folder: Path) -> WindAnalysis:
        """The analysis with its files looked for in a folder."""
        made = self.model_copy()
        made._folder = folder
        return made

    @property
    def files(self) -> dict[str, str]:
        """The files that it names, by their keys."""
        climate = {"climate.file": self.climate.file, "climate.hours": self.climate.hours}
        named = {"factors": self.factors, "variant": self.variant, **climate}
        return {key: name for key, name in named.items() if name is not None}

    @field_validator("factors", mode="after")
    @classmethod
    def _factors_beside(cls, file: str) -> str:
        _inside(file, "factors")
        return file

    @field_validator("variant", mode="after")
    @classmethod
    def _variant_beside(cls, file: str | None) -> str | None:
        return _inside(file, "variant")

    @model_validator(mode="after")
    def _heights_agree(self) -> Self:
        if self.transfer is None and abs(self.reference_m - self.climate.height_m) > 0.01:
            raise ValueError(
                f"the factors are over the speed at {self.reference_m:g} m and the climate is that at {self.climate.height_m:g} m: "
                "give `transfer`, the speed at the first over that at the second (`twin.impacts.wind_climate.speed_ratio` helps)"
            )
        if (self.unit == "m_s") != (self.reference_m_s is not None):
            raise ValueError("give `reference_m_s`, the speed of the reference, where `unit` is `m_s`, and only there")
        return self
