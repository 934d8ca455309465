"""The parts of a scenario. Units are in the names; unknown keys are refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from twin.scenario.analyses import Analyses as Analyses
from twin.scenario.analyses import CrowdingAnalysis as CrowdingAnalysis
from twin.scenario.changes import Arrivals, Change, EventChange, Line, no_control
from twin.scenario.facilities import (
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
    Part,
    PositiveFloat,
    PositiveInt,
    WholeNumber,
    no_truth,
)

if TYPE_CHECKING:
    from twin.sim.crowd.models.interface import Model

FORMAT_VERSION = 1


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
            no_control(path, "`city`")
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

    @model_validator(mode="after")
    def _something_to_dig(self) -> Self:
        if self.analyses.pit is not None and not any(change.type == "excavation" for change in self.changes):
            raise ValueError("`analyses` asks for `pit`, and nothing is dug: give a change of type excavation, or leave `pit` out")
        return self

    @property
    def has_crowd(self) -> bool:
        """Whether somebody comes: flows, or an event."""
        return bool(self.crowd.flows) or any(isinstance(change, EventChange) for change in self.changes)

    @property
    def has_variant(self) -> bool:
        """Whether some change is not in the baseline, so that there is something to compare."""
        return any(not change.in_baseline for change in self.changes)

    def baseline_changes(self) -> tuple[Change, ...]:
        """The changes that are there without the intervention too."""
        return tuple(change for change in self.changes if change.in_baseline)

    def __repr__(self) -> str:
        changes = ", ".join(change.id for change in self.changes) or "no changes"
        return f"<Scenario {self.title!r}: {changes}; {self.crowd.duration_s:g} s, {self.crowd.seeds} seeds>"

    def _repr_html_(self) -> str:
        from twin.plots.cards import scenario_card

        return scenario_card(self)

    def with_crowd(self, **settings: object) -> Scenario:
        """The scenario with some crowd settings replaced, validated again."""
        crowd = CrowdSettings.model_validate({**self.crowd.model_dump(), **settings})
        return self.model_copy(update={"crowd": crowd})
