"""What a scenario says of vehicles: how wide and heavy they are, where they come from and where they have to go."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from twin.errors import did_you_mean
from twin.scenario.facilities import Where
from twin.scenario.place import Name, NonNegativeFloat, Part, PositiveFloat


class Vehicle(Part):
    """What moves over streets: its measures, and the rules that hold for it.

    Attributes
    ----------
    name : str
        What people call it.
    width_m : float
        Streets narrower than this it does not pass [m].
    height_m : float
        [m]
    axle_load_t : float
        Of its heaviest axle, laden [t].
    weight_t : float
        In all, laden [t].
    emergency : bool
        Whether limits that are rules (above cellars, one-way streets, footways) do not hold for it.
    on_foot : bool
        Whether it is a person, for whom limits on vehicles do not hold either.
    steps : bool
        Whether it takes stairs.
    slope_limit : float, optional
        Steepest that it goes up or down, rise over run [1].
    speed_km_h : float
        Its own greatest speed; streets have theirs [km/h].
    """

    name: Name = "vehicle"
    width_m: PositiveFloat = Field(le=20)
    height_m: NonNegativeFloat = Field(default=0.0, le=20)
    axle_load_t: NonNegativeFloat = Field(default=0.0, le=200)
    weight_t: NonNegativeFloat = Field(default=0.0, le=1000)
    emergency: bool = False
    on_foot: bool = False
    steps: bool = False
    slope_limit: PositiveFloat | None = Field(default=None, le=1)
    speed_km_h: PositiveFloat = Field(default=50.0, le=200)

    @property
    def with_article(self) -> str:
        """Its name in a sentence."""
        return with_article(self.name)


def with_article(name: str) -> str:
    """``"an ambulance"``, ``"a lorry"``."""
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


VEHICLES: Mapping[str, Vehicle] = MappingProxyType({
    one.name: one for one in (
        Vehicle(name="fire engine", width_m=2.55, height_m=3.3, axle_load_t=10.0, weight_t=16.0, emergency=True),
        Vehicle(name="aerial ladder", width_m=2.55, height_m=3.5, axle_load_t=11.5, weight_t=18.0, emergency=True),
        Vehicle(name="ambulance", width_m=2.2, height_m=2.9, axle_load_t=3.2, weight_t=5.0, emergency=True),
        Vehicle(name="lorry", width_m=2.55, height_m=4.0, axle_load_t=11.5, weight_t=18.0),
        Vehicle(name="van", width_m=2.1, height_m=2.7, axle_load_t=2.0, weight_t=3.5),
        Vehicle(name="wheelchair", width_m=0.9, on_foot=True, slope_limit=1.0 / 12.0, speed_km_h=3.6),
        Vehicle(name="pedestrian", width_m=0.6, on_foot=True, steps=True, speed_km_h=4.824),
    )
})  # fmt: skip
"""Vehicles by name. 2.55 m, 4.0 m, 11.5 t on the driven axle and 18 t on two axles are the greatest that EU Directive 96/53/EC
allows; measures of fire engines and ambulances are usual ones (estimates). A wheelchair takes 0.9 m and 1 in 12, people 1.34 m/s
(Weidmann 1993)."""


def _vehicle(value: Any) -> Any:
    """Let a name stand for the vehicle."""
    if not isinstance(value, str):
        return value
    found = VEHICLES.get(value.strip().lower())
    if found is None:
        known = ", ".join(VEHICLES)
        raise ValueError(f"`{value}` is no vehicle{did_you_mean(value, VEHICLES)}; there are {known}, or give its measures")
    return found


AnyVehicle = Annotated[Vehicle, BeforeValidator(_vehicle)]


class Way(Part):
    """From where to where something has to go.

    Attributes
    ----------
    id : str
    start, end : place
        Coordinates, or the id of an object of the city.
    vehicle : str or Vehicle, optional
        That of the analysis by default.
    """

    id: Name
    start: Where
    end: Where
    vehicle: AnyVehicle | None = None


class RoutesAnalysis(Part):
    """Ways of vehicles over streets, and which buildings they reach.

    Attributes
    ----------
    vehicle : str or Vehicle
        A name (fire engine, aerial ladder, ambulance, lorry, van, wheelchair, pedestrian), or its measures.
    stations : list of places
        From where it comes: a station, or the streets by which it enters the area.
    routes : list of Way
    reach_m : float
        From where it can stand to a building over the floor, at most [m].
    reach_source : str
    road_width_m : float
        A road for it should be so wide; what is narrower on its way is told [m].
    time_limit_min : float, optional
        No building may take it longer to reach; judged only where it is given.
    time_limit_source : str
    front_m : float
        Buildings further than this from the floor are not judged [m].
    cell_m : float
        Cells of the map [m].
    """

    vehicle: AnyVehicle = VEHICLES["fire engine"]
    stations: tuple[Where, ...] = Field(min_length=1, max_length=50)
    routes: tuple[Way, ...] = Field(default=(), max_length=200)
    reach_m: PositiveFloat = Field(default=40.0, le=1000)
    reach_source: str = "Bouwbesluit 2012, art. 6.38: 40 m from where it stands to the entrance"
    road_width_m: PositiveFloat = Field(default=3.5, le=20)
    time_limit_min: PositiveFloat | None = Field(default=None, le=600)
    time_limit_source: str = "set in the scenario"
    front_m: PositiveFloat = Field(default=10.0, ge=1, le=100)
    cell_m: PositiveFloat = Field(default=0.5, ge=0.2, le=5)

    @field_validator("routes", mode="after")
    @classmethod
    def _each_once(cls, routes: tuple[Way, ...]) -> tuple[Way, ...]:
        ids = [one.id for one in routes]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f"there are two routes `{name}`")
        return routes
