"""What a scenario says of an excavation: its floor, walls or slopes, stages, struts, concrete and wells."""

from __future__ import annotations

import datetime as dt
import math
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from shapely.geometry.base import BaseGeometry

from twin.geo.pits import Pit, PitStage, PitSupport, PitWell
from twin.scenario.change_base import ChangeBase
from twin.scenario.facilities import Where
from twin.scenario.place import FiniteFloat, Name, NonNegativeFloat, Part, Point, PositiveFloat


def _day_there_is(day: str) -> str:
    try:
        dt.date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"`{day}` is not a day: write year, month and day, such as 2026-03-02") from None
    return day


Day = Annotated[str, AfterValidator(_day_there_is)]

LEAST_EMBEDMENT_M = 1.0
"""Of a wall that goes less far below what is dug `twin validate` warns [m]; an estimate to find slips: deeper is no proof."""


class RetainingWall(Part):
    """What holds the faces of a pit.

    Attributes
    ----------
    kind : {"sheet-pile", "diaphragm", "secant-pile", "soldier-pile"}
    toe_m : float
        How far down it goes [m in the vertical datum].
    settlement_mm : float, optional
        Largest settlement of the ground behind it, from a geotechnical design [mm]; without it a share of the depth by the kind of
        wall is taken, as an estimate.
    """

    kind: Literal["sheet-pile", "diaphragm", "secant-pile", "soldier-pile"] = "sheet-pile"
    toe_m: FiniteFloat
    settlement_mm: PositiveFloat | None = Field(default=None, le=1000)


class Support(Part):
    """A layer of struts across the pit, or of anchors behind its wall.

    Attributes
    ----------
    id : str
    kind : {"strut", "anchor"}
    level_m : float
        [m in the vertical datum]
    spacing_m : float
        From one to the next along the wall [m].
    installed, removed : str
        ConstructionStage in which it is put in (by default the first that is dug below it), and the last one that it is there in.
    length_m, angle_deg : float
        Of an anchor: its length, and how far it points down [m, deg].
    """

    id: Name
    kind: Literal["strut", "anchor"] = "strut"
    level_m: FiniteFloat
    spacing_m: PositiveFloat = Field(default=5.0, le=50)
    installed: Name | None = None
    removed: Name | None = None
    length_m: PositiveFloat = Field(default=15.0, le=100)
    angle_deg: NonNegativeFloat = Field(default=30.0, le=80)


class DewateringWell(Part):
    """A well from which water is pumped.

    Attributes
    ----------
    id : str
    at : [x, y]
    m3_per_day : float, optional
        By default what the levels of the stages ask for, shared among the wells [m3/d].
    """

    id: Name
    at: Point
    m3_per_day: PositiveFloat | None = Field(default=None, le=1e6)


class UnderwaterConcrete(Part):
    """A floor of concrete that is poured under water, below the deepest floor.

    Attributes
    ----------
    thickness_m : float
        [m]
    tension_kn_m2 : float
        What tension piles hold down, spread over the floor [kN/m2].
    """

    thickness_m: PositiveFloat = Field(le=20)
    tension_kn_m2: NonNegativeFloat = Field(default=0.0, le=1000)


class ConstructionStage(Part):
    """What is done from one day to another; each begins where the one before ends.

    Attributes
    ----------
    id : str
    floor_m : float
        Of the pit when the stage is done [m in the vertical datum].
    starts, ends : date, optional
        First and last day; without `ends` it lasts until the next one starts.
    water_m : float, optional
        Level at which water is kept in the pit, above the floor where it is dug or poured under water; by default the floor
        [m in the vertical datum].
    head_m : float, optional
        Head that wells keep under the pit [m in the vertical datum].
    concreted : bool
        Whether the underwater concrete lies in it.
    """

    id: Name
    floor_m: FiniteFloat
    starts: Day | None = None
    ends: Day | None = None
    water_m: FiniteFloat | None = None
    head_m: FiniteFloat | None = None
    concreted: bool = False

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.starts is not None and self.ends is not None and self.ends < self.starts:
            raise ValueError(f"it ends ({self.ends}) before it starts ({self.starts})")
        return self


class ExcavationChange(ChangeBase):
    """A pit: an obstacle for people and a hole in the ground.

    Attributes
    ----------
    outline : place
        Of the deepest floor; with `slope_1_in` the pit is wider at the ground.
    bottom_m : float
        Deepest floor [m in the vertical datum].
    top_m : float, optional
        The ground around, by default that of the city [m in the vertical datum].
    fence_offset_m : float
        From the edge of the pit to its fence [m].
    wall : RetainingWall, optional
    slope_1_in : float, optional
        Of faces without a wall: metres sideways for each metre down, 1.5 for a slope of 1:1.5.
    supports : list of Support
    concrete : UnderwaterConcrete, optional
    wells : list of DewateringWell
    stages : list of ConstructionStage
        In the order in which they are done.
    """

    type: Literal["excavation"]
    outline: Where
    bottom_m: FiniteFloat
    top_m: FiniteFloat | None = None
    fence_offset_m: NonNegativeFloat = Field(default=0.5, le=50)
    wall: RetainingWall | None = None
    slope_1_in: PositiveFloat | None = Field(default=None, le=20)
    supports: tuple[Support, ...] = Field(default=(), max_length=50)
    concrete: UnderwaterConcrete | None = None
    wells: tuple[DewateringWell, ...] = Field(default=(), max_length=500)
    stages: tuple[ConstructionStage, ...] = Field(default=(), max_length=100)

    def doubts(self) -> list[str]:
        """What may be, but is seldom meant: a wall whose toe is hardly below what is dug."""
        if self.wall is None:
            return []
        deepest = self.bottom_m - (self.concrete.thickness_m if self.concrete is not None else 0.0)
        below = deepest - self.wall.toe_m
        if below >= LEAST_EMBEDMENT_M:
            return []
        told = f"the toe of the wall of `{self.id}` ({self.wall.toe_m:g} m) is only {below:.2g} m below what is dug ({deepest:g} m)"
        return [f"{told}: a wall is held by the ground below the floor, and a geotechnical design must say how deep it goes"]

    @model_validator(mode="after")
    def _downward(self) -> Self:
        if self.top_m is not None and self.bottom_m >= self.top_m:
            raise ValueError(
                f"the bottom ({self.bottom_m:g} m) is not below the top ({self.top_m:g} m): heights are in the vertical datum"
            )
        if self.wall is not None and self.slope_1_in is not None:
            raise ValueError("give either a `wall`, or `slope_1_in` for faces that slope")
        if self.supports and self.wall is None:
            raise ValueError("struts and anchors hold a wall: give `wall` too")
        deepest = self.bottom_m - (self.concrete.thickness_m if self.concrete is not None else 0.0)
        if self.wall is not None and self.wall.toe_m >= deepest:
            under = "the floor" if self.concrete is None else "the concrete"
            raise ValueError(f"the toe of the wall ({self.wall.toe_m:g} m) is not below {under} ({deepest:g} m)")
        for name, parts in (("stages", self.stages), ("supports", self.supports), ("wells", self.wells)):
            ids = [one.id for one in parts]
            twice = next((one for one in ids if ids.count(one) > 1), None)
            if twice is not None:
                raise ValueError(f"two of `{name}` are called `{twice}`")
        return self

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        for early, late in pairwise(self.stages):
            end = early.ends or early.starts
            if end is not None and late.starts is not None and late.starts < end:
                raise ValueError(f"stage `{late.id}` starts on {late.starts}, before stage `{early.id}` is over ({end})")
        if not self.stages:
            return self
        lowest = min(self.stages, key=lambda one: one.floor_m)
        if not math.isclose(lowest.floor_m, self.bottom_m, abs_tol=1e-6):
            depths = f"the deepest stage `{lowest.id}` digs to {lowest.floor_m:g} m, and `bottom_m` is {self.bottom_m:g}"
            raise ValueError(f"{depths}: give one depth")
        dug = [one.floor_m for one in self.stages[: self.stages.index(lowest) + 1]]
        for k, (above, below) in enumerate(pairwise(dug)):
            if below > above:
                names = f"`{self.stages[k + 1].id}` ({below:g} m) is higher than that of `{self.stages[k].id}` ({above:g} m)"
                raise ValueError(f"stages go down until the deepest one, but the floor of {names}")
        if self.top_m is not None and max(one.floor_m for one in self.stages) > self.top_m:
            raise ValueError(f"a stage has its floor above the top of the pit ({self.top_m:g} m)")
        if self.concrete is None and any(one.concreted for one in self.stages):
            raise ValueError("a stage is `concreted`: give `concrete` too")
        return self

    @model_validator(mode="after")
    def _held(self) -> Self:
        floors = {one.id: one.floor_m for one in self.stages}
        for support in self.supports:
            for key in ("installed", "removed"):
                stage = getattr(support, key)
                if stage is not None and stage not in floors:
                    known = ", ".join(f"`{one}`" for one in floors) or "`stages`, which are missing"
                    raise ValueError(f"`{key}` of `{support.id}` is `{stage}`, which is no stage: give one of {known}")
            if support.level_m <= self.bottom_m or (self.top_m is not None and support.level_m > self.top_m):
                raise ValueError(f"`{support.id}` lies at {support.level_m:g} m, which is not between the floor and the ground")
            if support.installed is not None and floors[support.installed] > support.level_m:
                raise ValueError(
                    f"`{support.id}` at {support.level_m:g} m is put in in stage `{support.installed}`, "
                    f"whose floor is still above it ({floors[support.installed]:g} m)"
                )
        return self

    def pit(self, label: str, outline: BaseGeometry, top_m: float) -> Pit:
        """The pit as the city has it, on an outline and under ground that are known."""
        stages = tuple(
            PitStage(
                one.id, one.floor_m, _date(one.starts), _date(one.ends) or _before_next(self.stages, k),
                math.nan if one.water_m is None else one.water_m, math.nan if one.head_m is None else one.head_m, one.concreted,
            )
            for k, one in enumerate(self.stages)
        )  # fmt: skip
        supports = tuple(
            PitSupport(
                one.id, one.kind, one.level_m, one.spacing_m, one.installed or "", one.removed or "", one.length_m, one.angle_deg
            )
            for one in self.supports
        )
        wells = tuple(PitWell(one.id, *one.at, math.nan if one.m3_per_day is None else one.m3_per_day) for one in self.wells)
        wall, concrete = self.wall, self.concrete
        return Pit(
            self.id, label, outline, self.bottom_m, top_m,
            "slope" if self.slope_1_in is not None else "" if wall is None else wall.kind,
            math.nan if wall is None else wall.toe_m, math.inf if self.slope_1_in is None else 1.0 / self.slope_1_in,
            math.nan if wall is None or wall.settlement_mm is None else wall.settlement_mm,
            0.0 if concrete is None else concrete.thickness_m, 0.0 if concrete is None else concrete.tension_kn_m2,
            stages or (PitStage("open", self.bottom_m),), supports, wells,
        )  # fmt: skip


def _date(day: str | None) -> dt.date | None:
    return None if day is None else dt.date.fromisoformat(day)


def _before_next(stages: tuple[ConstructionStage, ...], k: int) -> dt.date | None:
    """The last day before the next stage starts."""
    after = next((_date(one.starts) for one in stages[k + 1 :] if one.starts is not None), None)
    mine = _date(stages[k].starts)
    return None if after is None or mine is None else max(mine, after - dt.timedelta(days=1))
