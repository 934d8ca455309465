"""Doors, opening hours, queues, and what kinds of people there are."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from twin.scenario.place import Name, NonNegativeFloat, Number, Part, Point, PositiveFloat, PositiveInt

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


class PersonType(Part):
    """A kind of people.

    Attributes
    ----------
    share : float
        Part of everybody, relative to the other types.
    speed_mean_m_s, speed_sd_m_s, radius_m : float, optional
        As in `crowd`, of which they are taken by default.
    """

    share: Number = Field(default=1.0, gt=0)
    speed_mean_m_s: PositiveFloat | None = Field(default=None, ge=0.2, le=2.2)
    speed_sd_m_s: NonNegativeFloat | None = Field(default=None, le=1)
    radius_m: PositiveFloat | None = Field(default=None, le=0.5)


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
