"""Which numbers of a result a map shows: a variable, at a moment or over time, of a level or of all."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean
from twin.plots.words import clock, words

if TYPE_CHECKING:
    import xarray as xr

    from twin.result import Result

When = float | Literal["max", "mean"] | None

AS_MEAN = ("mean_speed", "speed_variance")
"""Variables of which the mean over time says more than the highest value."""


class Chosen(NamedTuple):
    """One picture's worth of a field.

    Parameters
    ----------
    values : (Y, X) float64
        NaN off the floor and where nothing is known; row 0 is north.
    x, y : (X,), (Y,) float64
        Middles of the cells [m].
    name : str
        Variable in `twin.variables`.
    units, long_name : str
    when, where : str
        Moment and level in words.
    """

    values: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    name: str
    units: str
    long_name: str
    when: str
    where: str

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, east, south, north of the outer edges of the cells [m]."""
        half = 0.5 * self.cell
        return float(self.x[0]) - half, float(self.x[-1]) + half, float(self.y[-1]) - half, float(self.y[0]) + half

    @property
    def cell(self) -> float:
        """Side of a cell [m]."""
        return float(abs(self.x[1] - self.x[0])) if len(self.x) > 1 else 1.0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north [m]."""
        west, east, south, north = self.extent
        return west, south, east, north


def clock_of(result: Result) -> str:
    """The clock time at which a run starts; empty when it is not known."""
    return str(result.provenance.get("clock_start") or "")


def field_of(result: Result, variable: str, scheme: str = "walkway") -> xr.DataArray:
    """A variable of a result that can be drawn on a map; levels of service by a scheme of Fruin's.

    Raises
    ------
    ParameterError
        When the result has no such variable on the floor.
    """
    if not isinstance(variable, str):
        raise ParameterError(f"a variable is named by text, not by {type(variable).__name__}", hint='for example "density"')
    drawable = [str(name) for name, array in result.fields.data_vars.items() if {"y", "x"} <= set(array.dims)]
    if variable == "level_of_service_interval" and "density" in drawable:
        return result.level_of_service(scheme)
    if variable == "level_of_service" and variable in drawable and scheme != result.fields[variable].attrs.get("scheme", "walkway"):
        raise ParameterError(
            f"the level of service of this result is of the scheme {result.fields[variable].attrs.get('scheme', 'walkway')}",
            hint='draw "level_of_service_interval" or "density_max", which know every scheme',
        )
    if variable not in drawable:
        raise ParameterError(
            f"the result has no variable `{variable}` to draw{did_you_mean(variable, drawable)}",
            hint=f"there are: {', '.join(drawable) or 'none'}",
        )
    return result.fields[variable]


def choose(
    result: Result, variable: str, time: When, level: str | None, language: str = "en", scheme: str = "walkway"
) -> Chosen:
    """Take what a map shows out of a result.

    Parameters
    ----------
    result : Result
    variable : str
    time : float or {"max", "mean"} or None
        Moment [s], or what is made of all; None is the highest over time, of speeds the mean.
    level : str or None
        None takes in each cell the level on which it is densest.
    language : {"en", "nl"}
    scheme : {"walkway", "stairs", "queueing"}
        Of levels of service.

    Raises
    ------
    ParameterError
        When there is no such variable, moment or level.
    """
    told = words(language)
    array = field_of(result, variable, scheme)
    when = ""
    if "time" in array.dims:
        variable, array, when = _at_time(result, variable, array, time, language)
    elif isinstance(time, int | float) and not isinstance(time, bool):
        raise ParameterError(
            f"`{variable}` is of the whole run and has no moments",
            hint="leave out `time`, or take a variable over time such as `density`",
        )
    else:
        _see_time(time)
    units, long_name = str(array.attrs.get("units", "1")), str(array.attrs.get("long_name", variable))
    array, where = at_level(result, array, level, language)
    values = np.asarray(array.to_numpy(), dtype=np.float64)
    return Chosen(values, array["x"].to_numpy(), array["y"].to_numpy(), variable, units, told.get(variable, long_name), when, where)


def _see_time(time: object) -> None:
    if time is not None and time not in ("max", "mean") and (isinstance(time, bool) or not isinstance(time, int | float)):
        raise ParameterError(f'`time` is a number of seconds, "max" or "mean", not {time!r}', hint="for example time=120")


def _at_time(result: Result, variable: str, array: xr.DataArray, time: When, language: str) -> tuple[str, xr.DataArray, str]:
    """The variable, without time, and which moment it is of."""
    told = words(language)
    _see_time(time)
    if time is None:
        time = "mean" if variable in AS_MEAN else "max"
    if not isinstance(time, str):
        index = moment(array["time"].to_numpy(), float(time))
        at = clock(float(array["time"].to_numpy()[index]), clock_of(result))
        return variable, array.isel(time=index), f"{told['at']} {at}"
    if time == "max":
        ready = f"{variable}_max"
        if ready in result.fields:
            return ready, result.fields[ready], _span(result, array)
        return variable, _over_time(array, largest=True), f"{told['highest']}, {_span(result, array)}"
    return variable, _over_time(array, largest=False), f"{told['mean_of']}, {_span(result, array)}"


def _span(result: Result, array: xr.DataArray) -> str:
    end = float(array["time"].to_numpy()[-1]) if array.sizes["time"] else 0.0
    start = clock_of(result)
    return f"{clock(0.0, start)}–{clock(end, start)}"


def _over_time(array: xr.DataArray, *, largest: bool) -> xr.DataArray:
    """Largest or mean value over time, NaN left out; moment after moment, as a long field need not fit in memory."""
    if not array.sizes["time"]:
        return array.max("time")
    total = np.full(array.shape[1:], -np.inf if largest else 0.0)
    count = np.zeros(array.shape[1:])
    for k in range(array.sizes["time"]):
        now = np.asarray(array.isel(time=k).to_numpy(), np.float64)
        known = np.isfinite(now)
        count += known
        total = np.fmax(total, now) if largest else total + np.where(known, now, 0.0)
    made = np.where(count > 0, total if largest else total / np.maximum(count, 1), np.nan)
    return array.isel(time=0, drop=True).copy(data=made)


def moment(times: NDArray[np.float64], seconds: float) -> int:
    """Index of the interval that a moment lies in: fields are means over the interval that ends at their time.

    Raises
    ------
    ParameterError
        When it lies outside the run.
    """
    last = float(times[-1]) if len(times) else 0.0
    if not len(times) or not math.isfinite(seconds) or seconds < 0 or seconds > last + 1e-6:
        raise ParameterError(f"the run has nothing at {seconds:g} s", hint=f'give a time from 0 to {last:g} s, or "max"')
    return min(int(np.searchsorted(times, seconds - 1e-6)), len(times) - 1)


def level_named(level: object, levels: Iterable[object]) -> str:
    """A level that there is.

    Raises
    ------
    ParameterError
        When there is none of that name.
    """
    known = [str(name) for name in levels]
    if str(level) not in known:
        raise ParameterError(f"there is no level `{level}`{did_you_mean(str(level), known)}", hint=f"there are: {', '.join(known)}")
    return str(level)


def at_level(result: Result, array: xr.DataArray, level: str | None, language: str = "en") -> tuple[xr.DataArray, str]:
    """A field (level, y, x) without its level, and which that is in words; NaN off the floor."""
    told = words(language)
    levels = [str(name) for name in array["level"].to_numpy()]
    if "walkable" in result.fields and array.name != "walkable":
        array = array.where(result.fields["walkable"])
    if level is not None:
        name = level_named(level, levels)
        return array.isel(level=levels.index(name), drop=True), told["level"].format(level=told.get(name, name))
    if len(levels) == 1:
        return array.isel(level=0, drop=True), ""
    crowded = result.fields["density_max"] if "density_max" in result.fields and str(array.name) not in ("density",) else array
    by = np.where(np.isfinite(array.to_numpy()), np.nan_to_num(crowded.to_numpy(), nan=-1.0), -np.inf)
    best = np.argmax(by, axis=0)
    flat = array.isel(level=0, drop=True)
    return flat.copy(data=np.take_along_axis(array.to_numpy(), best[None], axis=0)[0]), told["all_levels"]
