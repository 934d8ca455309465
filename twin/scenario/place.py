"""How a scenario says where: by coordinates, or by an object of the city."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from annotated_types import Ge, Gt
from pydantic import AllowInfNan, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError


def no_truth(value: Any) -> Any:
    """Refuse ``true``, which would count as 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("truth_value", "true and false are no numbers here")
    return value


def _without_point(value: Any) -> Any:
    """Refuse ``1.000`` where a whole number is wanted: to some that is a thousand, and it would count as 1."""
    if isinstance(value, float):
        raise PydanticCustomError("whole_number", "a whole number has no point")
    return no_truth(value)


WholeNumber = Annotated[int, BeforeValidator(_without_point)]
PositiveInt = Annotated[int, Gt(0), BeforeValidator(_without_point)]
Number = Annotated[float, BeforeValidator(no_truth)]
FiniteFloat = Annotated[float, AllowInfNan(False), BeforeValidator(no_truth)]
PositiveFloat = Annotated[float, Gt(0), BeforeValidator(no_truth)]
NonNegativeFloat = Annotated[float, Ge(0), BeforeValidator(no_truth)]

Point = tuple[FiniteFloat, FiniteFloat]
"""x and y in the CRS of the city [m]."""

Name = Annotated[str, Field(min_length=1, max_length=120)]


class Part(BaseModel):
    """Base of everything in a scenario: frozen, and no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Place(Part):
    """A place on one level: one of `object`, `polygon`, `line` or `point`.

    Attributes
    ----------
    object : str
        Id of an object of the city; its shape is taken.
    polygon : list of [x, y]
        At least three corners.
    line : list of [x, y]
        At least two points; widened to `width_m`.
    point : [x, y]
        Centre of a circle with `radius_m`.
    level : str, optional
        Level of the floor; by default the object's own, else ``street``.
    """

    object: Name | None = None
    polygon: tuple[Point, ...] | None = Field(default=None, min_length=3, max_length=10_000)
    line: tuple[Point, ...] | None = Field(default=None, min_length=2, max_length=10_000)
    point: Point | None = None
    width_m: PositiveFloat = Field(default=1.0, le=1000)
    radius_m: PositiveFloat = Field(default=2.0, le=5000)
    level: Name | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        given = [key for key in ("object", "polygon", "line", "point") if getattr(self, key) is not None]
        if len(given) != 1:
            told = " and ".join(f"`{key}`" for key in given) or "none of them"
            raise ValueError(f"a place is given by one of `object`, `polygon`, `line` or `point`; here is {told}")
        return self


def stays_inside(path: str) -> bool:
    """Whether a path stays in the folder that it is relative to, by what it says; links are looked at when it is opened."""
    parts = PurePosixPath(path.replace("\\", "/"))
    return bool(parts.parts) and not parts.is_absolute() and ".." not in parts.parts and ":" not in path and "\0" not in path


def shorthand(value: Any) -> Any:
    """Let a bare id stand for ``{object: id}``, and two numbers for ``{point: [x, y]}``."""
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(one, int | float) for one in value):
        return {"point": value}
    return {"object": value} if isinstance(value, str) else value


Kind = Literal["antenna", "building", "closure", "event", "excavation", "fence", "paving", "trees"]
