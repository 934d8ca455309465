"""The parts of a scenario. Units are in the names; unknown keys are refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from twin.scenario.facilities import (
    Company,
    Door,
    Escalator,
    JamAvoidance,
    Lift,
    OpenHours,
    PersonType,
    Queue,
    Where,
)
from twin.scenario.place import (
    FiniteFloat,
    Name,
    NonNegativeFloat,
    Number,
    Part,
    Point,
    PositiveFloat,
    PositiveInt,
    WholeNumber,
    no_truth,
    stays_inside,
)

if TYPE_CHECKING:
    from twin.sim.crowd.models.interface import Model

Share = Annotated[Number, Field(gt=0, allow_inf_nan=False)]

FORMAT_VERSION = 1


def _no_control(path: Any, key: str) -> None:
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
    """A stage, stall or other obstacle of an event."""

    id: Name
    at: Where
    height_m: PositiveFloat = Field(default=4.0, le=100)


class Line(Part):
    """A line across a street through which people are counted."""

    id: Name
    line: tuple[Point, Point]
    level: Name = "street"


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
        _no_control(model, "`model`")
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
        given = self.model_fields_set & {"at", "azimuth_deg", "scale", "anchor", "up"}
        if self.model is None and given:
            raise ValueError(f"`{min(given)}` belongs to a building from a `model`")
        return self


class ExcavationChange(ChangeBase):
    """A pit: an obstacle for people and a hole in the ground."""

    type: Literal["excavation"]
    outline: Where
    bottom_m: FiniteFloat
    top_m: FiniteFloat | None = None
    fence_offset_m: NonNegativeFloat = Field(default=0.5, le=50)

    @model_validator(mode="after")
    def _downward(self) -> Self:
        if self.top_m is not None and self.bottom_m >= self.top_m:
            raise ValueError(
                f"the bottom ({self.bottom_m:g} m) is not below the top ({self.top_m:g} m): heights are in the vertical datum"
            )
        return self


Change = Annotated[
    ClosureChange | FenceChange | EventChange | BuildingChange | ExcavationChange, Field(discriminator="type")
]


class CrowdSettings(Part):
    """How people move.

    Attributes
    ----------
    model : str
        Model of walking, by name: `collision-free-speed`, `social-force`, `anticipation-velocity`, or one that was registered.
    preset : str, optional
        Parameters of the model that go together, by name; by default those it has first: `event` of `collision-free-speed`.
    model_parameters : mapping of name to float
        Parameters of the model, by the names of its class, that differ from the preset.
    duration_s, dt_s : float
        Length of the run and of a step [s]. Steps of 0.05 s cost about 5 % of the flow that steps of 0.01 s give; with
        steps over 0.1 s people who meet head-on no longer pass each other, so those are refused.
    navigation_cell_m, density_cell_m : float
        Cells on which ways are found and density is given [m].
    frame_interval_s, field_interval_s : float
        How often positions and fields are kept [s].
    fields : list of {"speed", "pressure"}
        What is kept of the movement over intervals, beside density and exposure.
    speed_mean_m_s, speed_sd_m_s : float
        Desired walking speed, normal and clipped to 0.5-2.2 m/s; Weidmann 1993: 1.34 and 0.26.
    time_gap_s : float, optional
        Headway at which people slow down, for models that have one; by default the model's own [s].
    radius_m : float, optional
        Of the body; by default that which the preset was chosen with, see `body_radius_m`.
    flows : list of Arrivals
        Ordinary pedestrians, in the baseline as well.
    exits : mapping of name to Place
        Where people leave.
    waypoints : mapping of name to Place
    lines : list of Line
        Across which people are counted.
    areas : mapping of name to Place
        In which people are counted, beside the zones of events.
    types : mapping of name to PersonType
        What kinds of people there are; one kind by default.
    doors : list of Door
    exit_hours : mapping of exit to OpenHours
        When exits are open, and how many they let out.
    queues : list of Queue
        To be passed by `via`.
    lifts : list of Lift
    escalators : list of Escalator
    avoid_jams : JamAvoidance, optional
        Who goes round jams; nobody by default.
    terrain_speeds : bool
        Whether people are slower uphill and on grass, sand and the like; on stairs they always are.
    """

    model: Name = "collision-free-speed"
    preset: Name | None = None
    model_parameters: dict[Name, FiniteFloat] = Field(default_factory=dict)
    duration_s: PositiveFloat = Field(default=600.0, le=86_400)
    dt_s: PositiveFloat = Field(default=0.05, le=0.1)
    seed: WholeNumber = Field(default=1, ge=0, le=2**31 - 1)
    seeds: PositiveInt = Field(default=3, le=1000)
    clock_start: str = Field(default="", pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$")
    navigation_cell_m: PositiveFloat = Field(default=0.5, ge=0.1, le=1.0)
    density_cell_m: PositiveFloat = Field(default=1.0, ge=0.25, le=10)
    frame_interval_s: PositiveFloat = Field(default=1.0, le=3600)
    field_interval_s: PositiveFloat = Field(default=10.0, ge=1.0, le=3600)
    fields: tuple[Literal["speed", "pressure"], ...] = ("speed", "pressure")
    speed_mean_m_s: PositiveFloat = Field(default=1.34, ge=0.5, le=2.2)
    speed_sd_m_s: NonNegativeFloat = Field(default=0.26, le=1)
    time_gap_s: PositiveFloat | None = Field(default=None, le=5)
    radius_m: PositiveFloat | None = Field(default=None, le=0.5)
    flows: tuple[Arrivals, ...] = ()
    exits: dict[Name, Where] = Field(default_factory=dict)
    waypoints: dict[Name, Where] = Field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    areas: dict[Name, Where] = Field(default_factory=dict)
    types: dict[Name, PersonType] = Field(default_factory=dict)
    doors: tuple[Door, ...] = Field(default=(), max_length=10_000)
    exit_hours: dict[Name, OpenHours] = Field(default_factory=dict)
    queues: tuple[Queue, ...] = Field(default=(), max_length=10_000)
    lifts: tuple[Lift, ...] = Field(default=(), max_length=1000)
    escalators: tuple[Escalator, ...] = Field(default=(), max_length=1000)
    avoid_jams: JamAvoidance | None = None
    terrain_speeds: bool = True

    @field_validator("model", mode="after")
    @classmethod
    def _a_model_there_is(cls, model: str) -> str:
        from twin.sim.crowd.models import model_class

        model_class(model)
        return model

    @field_validator("preset", mode="after")
    @classmethod
    def _a_preset_there_is(cls, preset: str | None, info: ValidationInfo) -> str | None:
        from twin.sim.crowd.models import preset_named

        if "model" in info.data:
            preset_named(info.data["model"], preset)
        return preset

    @field_validator("model_parameters", mode="after")
    @classmethod
    def _of_this_model(cls, parameters: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        from twin.sim.crowd.models import model_named

        if {"model", "preset"} <= info.data.keys():
            model_named(info.data["model"], info.data["preset"], **parameters)
        return parameters

    @field_validator("time_gap_s", mode="after")
    @classmethod
    def _with_a_headway(cls, time_gap: float | None, info: ValidationInfo) -> float | None:
        from twin.sim.crowd.models import has_parameter

        if time_gap is None or not {"model", "model_parameters"} <= info.data.keys():
            return time_gap
        if not has_parameter(info.data["model"], "time_gap"):
            raise ValueError(f"people slow down at no headway in the model `{info.data['model']}`: leave out `time_gap_s`")
        if "time_gap" in info.data["model_parameters"]:
            raise ValueError("give either `time_gap_s` or `time_gap` in `model_parameters`")
        return time_gap

    @property
    def body_radius_m(self) -> float:
        """Radius of bodies [m]."""
        from twin.sim.crowd.models import preset_named

        return preset_named(self.model, self.preset).radius if self.radius_m is None else self.radius_m

    def walking_model(self) -> Model:
        """The model of walking with its parameters."""
        from twin.sim.crowd.models import model_named

        headway = {} if self.time_gap_s is None else {"time_gap": self.time_gap_s}
        return model_named(self.model, self.preset, **self.model_parameters, **headway)


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


class Analyses(Part):
    """What is worked out from a run."""

    crowding: CrowdingAnalysis = Field(default_factory=CrowdingAnalysis)


class Scenario(Part):
    """A scenario: the city, the changes to it, the crowd, and what is asked.

    Attributes
    ----------
    stadstwin : int
        Version of this format, 1.
    title, question : str
    city : tuple of str
        ``sample``, or paths relative to the scenario file: several are read as one city. In the file a single one needs no list.
    lod : str, optional
    area : [west, south, east, north], optional
        Part of the city to work in [m].
    changes : tuple of Change
        In the order in which they are made.
    source : Path or None
        File it was read from (set by the reader).
    text : str
        The file's text, kept for the provenance of results.
    """

    stadstwin: Annotated[Literal[1], BeforeValidator(no_truth)] = 1
    title: Name
    question: str = Field(default="", max_length=1000)
    city: tuple[Name, ...] = Field(default=("sample",), min_length=1, max_length=100)
    lod: str | None = None
    area: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat] | None = None
    changes: tuple[Change, ...] = ()
    crowd: CrowdSettings = Field(default_factory=CrowdSettings)
    analyses: Analyses = Field(default_factory=Analyses)
    source: Path | None = Field(default=None, exclude=True, repr=False)
    text: str = Field(default="", exclude=True, repr=False)

    @field_validator("city", mode="before")
    @classmethod
    def _one_or_several(cls, city: Any) -> Any:
        if isinstance(city, dict):
            raise ValueError("`city` is a path, or a list of paths that are read as one city; other keys do not belong in it")
        for path in city if isinstance(city, list | tuple) else (city,):
            _no_control(path, "`city`")
        return (city,) if isinstance(city, str) else city

    @field_validator("changes", mode="after")
    @classmethod
    def _names(cls, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        seen: set[str] = set()
        for change in changes:
            if change.id in seen:
                raise ValueError(f"two changes have the id `{change.id}`")
            seen.add(change.id)
        return changes

    @field_validator("area", mode="after")
    @classmethod
    def _extent(cls, area: tuple[float, float, float, float] | None) -> tuple[float, float, float, float] | None:
        if area is not None and (area[0] >= area[2] or area[1] >= area[3]):
            raise ValueError("`area` is [west, south, east, north]; this one is empty")
        return area

    @property
    def has_variant(self) -> bool:
        """Whether some change is not in the baseline, so that there is something to compare."""
        return any(not change.in_baseline for change in self.changes)

    def baseline_changes(self) -> tuple[Change, ...]:
        """The changes that are there without the intervention too."""
        return tuple(change for change in self.changes if change.in_baseline)

    def with_crowd(self, **settings: object) -> Scenario:
        """The scenario with some crowd settings replaced, validated again."""
        crowd = CrowdSettings.model_validate({**self.crowd.model_dump(), **settings})
        return self.model_copy(update={"crowd": crowd})
