"""Doors, opening hours, queues, lifts, escalators, and what kinds of people there are."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from twin.scenario.place import (
    Name,
    NonNegativeFloat,
    Number,
    Part,
    Place,
    Point,
    PositiveFloat,
    PositiveInt,
    shorthand,
)

Where = Annotated[Place, BeforeValidator(shorthand)]
"""A place, or the id of an object of the city."""

Interval = tuple[NonNegativeFloat, NonNegativeFloat]
"""From and until, since the start [s]."""

Choice = Literal["nearest", "least-crowded"]


class OpenHours(Part):
    """When something is open, and how many people it lets through.

    Attributes
    ----------
    capacity_per_min : float, optional
        People a minute; as many as come by default.
    open_s : list of [from, until], optional
        Since the start [s]; always by default.
    """

    capacity_per_min: PositiveFloat | None = Field(default=None, le=100_000)
    open_s: tuple[Interval, ...] | None = Field(default=None, min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for opens, closes in self.open_s or ():
            if closes <= opens:
                raise ValueError(f"it closes ({closes:g} s) before it opens ({opens:g} s)")
        return self


class Door(OpenHours):
    """A door, gate or turnstile: a line on the floor that people pass only when it is open, and no faster than it lets them."""

    id: Name
    line: tuple[Point, Point]
    level: Name = "street"


class Queue(Part):
    """A line in front of a counter, in which people stand until they are served.

    Attributes
    ----------
    line : list of [x, y]
        From the counter to the end of the queue.
    servers : int
        People who are served at once.
    service_s : float
        Mean time of service [s].
    service_spread : float
        0 when it is the same for all, 1 when it varies as much as it lasts (exponential).
    spacing_m : float
        From one person in the queue to the next [m].
    """

    id: Name
    line: tuple[Point, ...] = Field(min_length=2, max_length=1000)
    level: Name = "street"
    servers: PositiveInt = Field(default=1, le=1000)
    service_s: PositiveFloat = Field(default=30.0, le=86_400)
    service_spread: Number = Field(default=1.0, ge=0, le=1)
    spacing_m: PositiveFloat = Field(default=0.6, ge=0.3, le=5)


class Escalator(Part):
    """What carries people from one place to another without pause: an escalator, a moving walk.

    Attributes
    ----------
    at, to : Place
        Where people step on and off. It runs one way only.
    ride_s : float
        From stepping on to stepping off [s].
    capacity_per_min : float
        The most people that step on in a minute; 100 is what steps of 1 m width carry at 0.5 m/s (EN 115-1, annex H).
    """

    id: Name
    at: Where
    to: Where
    ride_s: PositiveFloat = Field(default=15.0, ge=2, le=3600)
    capacity_per_min: PositiveFloat = Field(default=100.0, le=1000)


class Lift(Part):
    """What carries people together, every so often.

    Attributes
    ----------
    at, to : Place
        Where people wait for it and where it takes them.
    ride_s : float
        From stepping in to stepping out [s].
    every_s : float
        From one departure to the next [s].
    seats : int
        People that it holds.
    both_ways : bool
        Whether it takes people back as well, as often.
    """

    id: Name
    at: Where
    to: Where
    ride_s: PositiveFloat = Field(default=20.0, ge=2, le=3600)
    every_s: PositiveFloat = Field(default=60.0, ge=1, le=3600)
    seats: PositiveInt = Field(default=8, le=1000)
    both_ways: bool = True


class JamAvoidance(Part):
    """People who know of jams and go round them where that is quicker.

    Attributes
    ----------
    share : float
        Part of the people who do.
    every_s : float
        How often they look for a quicker way [s].
    """

    share: Number = Field(default=1.0, gt=0, le=1)
    every_s: PositiveFloat = Field(default=10.0, ge=1, le=3600)


class PersonType(Part):
    """A kind of people.

    Attributes
    ----------
    share : float
        Part of everybody, relative to the other types.
    speed_mean_m_s, speed_sd_m_s, radius_m : float, optional
        As in `crowd`, of which they are taken by default.
    steps_free : bool
        True for who can take neither stairs nor escalators: a wheelchair, a pram.
    """

    share: Number = Field(default=1.0, gt=0)
    speed_mean_m_s: PositiveFloat | None = Field(default=None, ge=0.2, le=2.2)
    speed_sd_m_s: NonNegativeFloat | None = Field(default=None, le=1)
    radius_m: PositiveFloat | None = Field(default=None, le=0.5)
    steps_free: bool = False


class Company(Part):
    """What arrivals and people in a zone have in common.

    Attributes
    ----------
    types : mapping of type to share, optional
        Of which types they are; by default as `crowd.types` says.
    group_size : mapping of size to share, optional
        How many walk together, by share of the groups; everybody alone by default.
    pre_movement_s : [least, most], optional
        How long each takes before it starts to walk, evenly spread [s].
    choice : {"nearest", "least-crowded"}, optional
        How they choose an exit at the moment they leave: also anew, when it closes. By default everybody's exit is fixed
        beforehand: by shares, else the nearest.
    """

    types: dict[Name, Number] | None = None
    group_size: dict[PositiveInt, Number] | None = None
    pre_movement_s: Interval | None = None
    choice: Choice | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for key, shares in (("types", self.types), ("group_size", self.group_size)):
            if shares is not None and (not shares or min(shares.values()) < 0 or sum(shares.values()) <= 0):
                raise ValueError(f"the shares of `{key}` are not positive numbers")
        if self.group_size is not None and max(self.group_size) > 20:
            raise ValueError("a group of `group_size` is of at most 20 people")
        if self.pre_movement_s is not None and self.pre_movement_s[1] < self.pre_movement_s[0]:
            raise ValueError("`pre_movement_s` is [least, most]; this one runs backwards")
        return self
