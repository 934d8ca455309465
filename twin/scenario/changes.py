"""What a scenario changes in the city, and who comes to it. Units are in the names; unknown keys are refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from twin.scenario.change_base import ChangeBase
from twin.scenario.excavation import ExcavationChange
from twin.scenario.facilities import Company, Where
from twin.scenario.place import (
    FiniteFloat,
    Name,
    NonNegativeFloat,
    Number,
    Part,
    Point,
    PositiveFloat,
    WholeNumber,
    stays_inside,
)

Share = Annotated[Number, Field(gt=0, allow_inf_nan=False)]

def no_control(path: Any, key: str) -> None:
    """Refuse a path in which YAML read ``\\t`` or ``\\n`` of a Windows path in double quotes as a tab or a line break."""
    if isinstance(path, str) and any(ord(one) < 32 for one in path):
        raise ValueError(f"in {key} a `\\` in double quotes was not taken as it stands: write `/` or use single quotes")


class Arrivals(Company):
    """People who come in from somewhere, at a rate that changes over time.

    Attributes
    ----------
    id : str
    at : Place
        Where they appear.
    people : int
        How many in all; spread evenly over `from_s` to `until_s`, or by `profile`.
    from_s, until_s : float
        Time since the start [s]; equal when all are there at once.
    profile : list of [time_s, people_per_min], optional
        A rate that is linear between the points; replaces `people`.
    to : mapping of exit or zone to share, optional
        Where they go; by default all zones of the event, or all exits.
    """

    id: Name
    at: Where
    people: WholeNumber | None = Field(default=None, gt=0, le=2_000_000)
    from_s: NonNegativeFloat = 0.0
    until_s: NonNegativeFloat | None = None
    profile: tuple[tuple[NonNegativeFloat, NonNegativeFloat], ...] | None = Field(default=None, min_length=2)
    via: tuple[Name, ...] = ()
    to: dict[Name, Share] | None = None

    @model_validator(mode="after")
    def _how_many(self) -> Self:
        if (self.people is None) == (self.profile is None):
            raise ValueError("give either `people` or `profile`")
        if self.until_s is not None and self.until_s < self.from_s:
            raise ValueError(f"`until_s` ({self.until_s:g}) is before `from_s` ({self.from_s:g})")
        if self.profile is not None:
            times = [time for time, _ in self.profile]
            if any(late <= early for early, late in pairwise(times)):
                raise ValueError("the times of `profile` must rise")
            if not any(rate > 0 for _, rate in self.profile):
                raise ValueError("`profile` brings nobody: all its rates are 0")
        return self


class Zone(Company):
    """A part of the event where people stay: a square in front of a stage, a terrace.

    Attributes
    ----------
    present : int
        People who are there at the start.
    stay_until_s : float
        Time at which everybody goes [s]; by default the event's `end_s`.
    exits : mapping of exit to share, optional
        How people leave; by default by the exits of the event.
    """

    id: Name
    at: Where
    present: WholeNumber = Field(default=0, ge=0, le=2_000_000)
    stay_until_s: NonNegativeFloat | None = None
    exits: dict[Name, Share] | None = None


class Stage(Part):
    """A stage, stall or other obstacle of an event.

    Attributes
    ----------
    id : str
    at : Place
    height_m : float
        [m]
    load_kn_m2 : float, optional
        What it puts on the street, with all that stands on it, over its whole outline [kN/m2]. Without it cellars below are not
        judged.
    """

    id: Name
    at: Where
    height_m: PositiveFloat = Field(default=4.0, le=100)
    load_kn_m2: NonNegativeFloat | None = Field(default=None, le=200)


class Line(Part):
    """A line across a street through which people are counted."""

    id: Name
    line: tuple[Point, Point]
    level: Name = "street"


class ClosureChange(ChangeBase):
    """A part of the floor that is closed for people."""

    type: Literal["closure"]
    at: Where


class FenceChange(ChangeBase):
    """A fence along a line: nobody passes."""

    type: Literal["fence"]
    line: tuple[Point, ...] = Field(min_length=2, max_length=10_000)
    level: Name = "street"
    height_m: PositiveFloat = Field(default=1.1, le=20)


class EventChange(ChangeBase):
    """An event: zones where people stay, stages, arrivals, exits and a timetable."""

    type: Literal["event"]
    zones: tuple[Zone, ...] = ()
    stages: tuple[Stage, ...] = ()
    arrivals: tuple[Arrivals, ...] = ()
    exits: dict[Name, Share] | None = None
    end_s: NonNegativeFloat = 0.0

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.arrivals and not any(zone.present for zone in self.zones):
            raise ValueError("nobody comes: give `arrivals`, or people `present` in a zone")
        return self


class BuildingChange(ChangeBase):
    """A building that is added (footprint and height, or a model and its place) or removed (id).

    Attributes
    ----------
    remove : str
        Id of a building of the city.
    footprint : list of [x, y]
    height_m, ground_m : float
        Above the ground, and the ground in the vertical datum [m].
    use : str
        What a block is used for, such as ``dwelling`` or ``barrier``.
    model : str
        A mesh file (OBJ, STL, PLY, GLB, IFC), relative to the scenario file and not outside its folder.
    at : [x, y] or [x, y, z]
        Where the model stands [m]; without z on the ground.
    azimuth_deg : float
        Direction that the model's own +y points to, from north clockwise [deg].
    scale : float
        Metres a unit of the model.
    anchor : {"base-centre", "origin"}
        Point of the model that comes to lie at `at`.
    up : {"y", "z"}, optional
        Axis of the model that points upward; by default as the format has it.
    """

    type: Literal["building"]
    remove: Name | None = None
    footprint: tuple[Point, ...] | None = Field(default=None, min_length=3, max_length=10_000)
    height_m: PositiveFloat | None = Field(default=None, le=1000)
    ground_m: FiniteFloat | None = None
    use: Name | None = None
    model: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    at: tuple[FiniteFloat, FiniteFloat] | tuple[FiniteFloat, FiniteFloat, FiniteFloat] | None = Field(
        default=None, union_mode="left_to_right"
    )
    azimuth_deg: Annotated[Number, Field(ge=-360, le=360)] = 0.0
    scale: PositiveFloat = Field(default=1.0, ge=1e-6, le=1e6)
    anchor: Literal["base-centre", "origin"] = "base-centre"
    up: Literal["y", "z"] | None = None
    _folder: Path = PrivateAttr(default_factory=Path)

    @property
    def folder(self) -> Path:
        """Where the model lies: the folder of the scenario file, or the current one."""
        return self._folder

    def beside(self, folder: Path) -> BuildingChange:
        """The change with its model looked for in a folder."""
        made = self.model_copy()
        made._folder = folder
        return made

    @property
    def adds(self) -> bool:
        """Whether a building comes, rather than goes."""
        return self.remove is None

    @field_validator("at", mode="before")
    @classmethod
    def _place(cls, at: Any) -> Any:
        if at is not None and not (isinstance(at, list | tuple) and len(at) in (2, 3)):
            raise ValueError("the place of a model is [x, y] or [x, y, z]")
        return at

    @field_validator("model", mode="after")
    @classmethod
    def _beside(cls, model: str | None) -> str | None:
        no_control(model, "`model`")
        if model is not None and not stays_inside(model):
            raise ValueError("a model lies in the folder of the scenario file or below: no `..`, and no `/` in front")
        return model

    @model_validator(mode="after")
    def _add_or_remove(self) -> Self:
        if sum(one is not None for one in (self.remove, self.footprint, self.model)) != 1:
            raise ValueError(
                "a building is added by `footprint` and `height_m`, or by `model` and `at`, or removed by `remove: <id>`"
            )
        if self.footprint is not None and self.height_m is None:
            raise ValueError("a building that is added needs `height_m`")
        if self.model is not None and self.at is None:
            raise ValueError("a building from a `model` needs `at`: where it stands")
        if self.model is not None and self.height_m is not None:
            raise ValueError("a building from a `model` has the height of the model: leave out `height_m`, or use `scale`")
        if self.footprint is None and self.use is not None:
            raise ValueError("`use` belongs to a building that is added by `footprint`")
        given = self.model_fields_set & {"at", "azimuth_deg", "scale", "anchor", "up"}
        if self.model is None and given:
            raise ValueError(f"`{min(given)}` belongs to a building from a `model`")
        return self


class TreesChange(ChangeBase):
    """Trees that are planted (places and height) or felled (ids, or all that stand somewhere).

    Attributes
    ----------
    remove : list of str
        Ids of trees of the city.
    remove_in : Place
        Where every tree goes.
    plant : list of [x, y]
        Where one comes; their ids are that of the change with a number.
    height_m, crown_diameter_m, crown_base_m : float
        Of those that are planted: their height, how wide the crown is, and how far above the ground it begins [m]; the last two are
        by default parts of the height (`twin.geo.trees`).
    """

    type: Literal["trees"]
    remove: tuple[Name, ...] | None = Field(default=None, min_length=1, max_length=100_000)
    remove_in: Where | None = None
    plant: tuple[Point, ...] | None = Field(default=None, min_length=1, max_length=100_000)
    height_m: PositiveFloat | None = Field(default=None, le=120)
    crown_diameter_m: PositiveFloat | None = Field(default=None, le=60)
    crown_base_m: PositiveFloat | None = Field(default=None, le=60)

    @model_validator(mode="after")
    def _plant_or_fell(self) -> Self:
        if sum(one is not None for one in (self.remove, self.remove_in, self.plant)) != 1:
            raise ValueError("give one of `plant` (places, with `height_m`), `remove` (ids) or `remove_in` (a place)")
        if self.plant is not None and self.height_m is None:
            raise ValueError("trees that are planted need `height_m`")
        given = self.model_fields_set & {"height_m", "crown_diameter_m", "crown_base_m"}
        if self.plant is None and given:
            raise ValueError(f"`{min(given)}` belongs to trees that are planted")
        if self.height_m is not None and self.crown_base_m is not None and self.crown_base_m >= self.height_m:
            raise ValueError(f"a crown that begins at {self.crown_base_m:g} m is not on a tree of {self.height_m:g} m")
        return self


class AntennaChange(ChangeBase):
    """An antenna that is put up; it stands in nobody's way.

    Attributes
    ----------
    at : [x, y]
    height_m : float
        Above the ground there [m].
    power_dbm : float, optional
        What it sends, with its gain (EIRP); by default as `analyses.signal` says [dBm].
    """

    type: Literal["antenna"]
    at: Point
    height_m: PositiveFloat = Field(ge=2, le=300)
    power_dbm: FiniteFloat | None = Field(default=None, ge=-50, le=100)


class PavingChange(ChangeBase):
    """Ground that is paved, or from which paving is taken out: what rain does there (`analyses.rain`), and how hot it is
    (`analyses.heat`).

    Attributes
    ----------
    at : Place
    surface : {"paved", "unpaved"}
        A paved street with sewers, or planted ground that water soaks into.
    """

    type: Literal["paving"]
    at: Where
    surface: Literal["paved", "unpaved"]


Change = Annotated[
    AntennaChange | ClosureChange | FenceChange | EventChange | BuildingChange | ExcavationChange | PavingChange | TreesChange,
    Field(discriminator="type"),
]
