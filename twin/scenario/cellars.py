"""What a scenario says of wharf cellars: what drives and stands above them, and by what they are judged."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from twin.scenario.facilities import Where
from twin.scenario.place import Name, NonNegativeFloat, Part, Point, PositiveFloat, WholeNumber
from twin.scenario.routes import AnyVehicle

USE_SOURCE = "screening by a line of thrust (safe theorem), not an assessment by NEN 8700"
WALL_SOURCE = "up to category 2 cracks are a matter of looks (Burland, Broms and de Mello 1977); set your own for wharf walls"


class CellarVehicle(Part):
    """A vehicle that drives over cellars, and where.

    Attributes
    ----------
    id : str
    vehicle : str or Vehicle, optional
        A name (fire engine, aerial ladder, ambulance, lorry, van), or measures with its heaviest axle.
    axles_t : list of float, optional
        Or its axles, from front to back, laden [t].
    distances_m : list of float, optional
        Of each axle from the first; 3.5 m apart by default, which is told [m].
    width_m : float
        Of a vehicle given by axles [m].
    emergency : bool
        Whether a vehicle given by axles is exempt from the municipal rule.
    start, end : place, optional
        It takes the quickest way between them, by `via`. Without these and without `line` it may come over every cellar.
    via : list of places
    line : list of [x, y], optional
        Or the line that it follows.
    before_event : bool
        Whether it drives before anything of the scenario stands: to build a stage up.
    in_baseline : bool
        Whether it drives without the changes too.
    """

    id: Name
    vehicle: AnyVehicle | None = None
    axles_t: tuple[PositiveFloat, ...] | None = Field(default=None, min_length=1, max_length=20)
    distances_m: tuple[NonNegativeFloat, ...] | None = Field(default=None, max_length=20)
    width_m: PositiveFloat = Field(default=2.55, le=20)
    emergency: bool = False
    start: Where | None = None
    end: Where | None = None
    via: tuple[Where, ...] = Field(default=(), max_length=50)
    line: tuple[Point, ...] | None = Field(default=None, min_length=2, max_length=10_000)
    before_event: bool = False
    in_baseline: bool = True

    @model_validator(mode="after")
    def _one_vehicle(self) -> Self:
        if (self.vehicle is None) == (self.axles_t is None):
            raise ValueError("give either `vehicle` or `axles_t`")
        if self.vehicle is not None and not self.vehicle.axle_load_t > 0:
            raise ValueError(f"a {self.vehicle.name} has no axle load: people on foot are the crowd; give `axle_load_t`")
        if self.distances_m is not None:
            if self.axles_t is None:
                raise ValueError("`distances_m` are of `axles_t`: give these too")
            if len(self.distances_m) != len(self.axles_t):
                raise ValueError(f"there are {len(self.axles_t)} axles and {len(self.distances_m)} distances")
            if any(late <= early for early, late in pairwise(self.distances_m)):
                raise ValueError("the distances of axles rise, from the first axle")
        return self

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.start is None) != (self.end is None):
            raise ValueError("give both `start` and `end` of a way")
        if self.line is not None and self.start is not None:
            raise ValueError("give either `line`, or `start` and `end`")
        if self.via and self.start is None:
            raise ValueError("`via` lies between `start` and `end`: give these too")
        return self


class CellarCrane(Part):
    """A crane, or anything else on feet, beside or above cellars.

    Attributes
    ----------
    id : str
    outriggers : list of [x, y]
        Where its feet stand; each is taken to carry the load in its turn.
    outrigger_kn : float
        Reaction of one foot, from the table of its maker [kN].
    pad_m : float
        Side of the plate below it [m].
    in_baseline : bool
        Whether it stands there without the changes too.
    """

    id: Name
    outriggers: tuple[Point, ...] = Field(min_length=1, max_length=20)
    outrigger_kn: PositiveFloat = Field(le=10_000)
    pad_m: PositiveFloat = Field(default=1.0, le=10)
    in_baseline: bool = True


class CellarsAnalysis(Part):
    """How much of what wharf cellars can be shown to carry is used, by whom and when.

    Attributes
    ----------
    vehicles : list of CellarVehicle
    cranes : list of CellarCrane
    crowd : bool
        Whether the crowd of the scenario counts, when there is one.
    use_limit : float
        Greatest use factor: required over available [1].
    use_limit_source : str
    load_factor : float
        Required on all loads; 1.9 is an estimate [1].
    dynamic : float
        On wheels; 1.3 at walking pace is a choice and no norm [1].
    crowd_factor : float
        On crowds, for people who move in time [1].
    spread : {"2:1", "1:1", "30 deg", "boussinesq"}
        How loads spread through the ground above a vault.
    beside_m : float
        How far from the middle line of a way that is found a vehicle may drive, as far as the street is that wide [m].
    wall_category_limit : int
        Greatest category of damage of wharf walls near a pit, 0 to 4.
    wall_category_source : str
    cell_m : float
        Cells of the map [m].
    """

    vehicles: tuple[CellarVehicle, ...] = Field(default=(), max_length=50)
    cranes: tuple[CellarCrane, ...] = Field(default=(), max_length=50)
    crowd: bool = True
    use_limit: PositiveFloat = Field(default=1.0, le=10)
    use_limit_source: str = USE_SOURCE
    load_factor: PositiveFloat = Field(default=1.9, ge=1, le=10)
    dynamic: PositiveFloat = Field(default=1.8, ge=1, le=5)
    crowd_factor: PositiveFloat = Field(default=1.0, ge=1, le=5)
    spread: Literal["2:1", "1:1", "30 deg", "boussinesq"] = "2:1"
    beside_m: NonNegativeFloat = Field(default=2.0, le=20)
    wall_category_limit: WholeNumber = Field(default=2, ge=0, le=4)
    wall_category_source: str = WALL_SOURCE
    cell_m: PositiveFloat = Field(default=0.5, ge=0.1, le=5)

    @field_validator("vehicles", "cranes", mode="after")
    @classmethod
    def _each_once(cls, given: tuple[CellarVehicle | CellarCrane, ...]) -> tuple[CellarVehicle | CellarCrane, ...]:
        ids = [one.id for one in given]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f"there are two with the id `{name}`")
        return given
