"""Where the groundwater stands: at a sounding, and as a phreatic level apart from the head under an aquitard."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from twin.errors import ParameterError
from twin.soil.classes import SOFT_CLASSES

if TYPE_CHECKING:
    from twin.geo.city import City

ASSUMED_DEPTH_M = 1.0
"""Depth of the water table where nothing tells it [m]; an estimate for the west of the Netherlands."""

NEAR_M = 250.0
"""A well farther away says nothing of a place [m]."""

LEAST_AQUITARD_M = 0.5
"""Soft layers thinner than this do not part two heads [m]; an estimate."""

TOO_HIGH_M = 1.0
"""A water level that stands so much above the ground is doubted [m]."""

Row = Mapping[str, Any] | pd.Series


class WaterTable(NamedTuple):
    """The water table at a sounding.

    Attributes
    ----------
    depth_m : float
        Below the ground [m].
    source : str
        Where it comes from, in words.
    stated : bool
        Whether anything tells it; else it is an assumption.
    doubts : tuple of str
        What was stated and is not trusted, and why.
    """

    depth_m: float
    source: str
    stated: bool
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Groundwater:
    """Levels of the groundwater at a place, in the vertical datum [m]; NaN where nothing tells them.

    Parameters
    ----------
    phreatic_m, phreatic_low_m, phreatic_high_m : float
        Level in the ground above the aquitard: median, 5th and 95th percentile of what was measured; all alike after one reading.
    head_m, head_low_m, head_high_m : float
        Head of the water under the aquitard.
    phreatic_from, head_from : str
        Id of the well or sounding; empty without one.
    phreatic_distance_m, head_distance_m : float
        How far away that is [m].
    aquitard_top_m, aquitard_bottom_m : float
        The soft layers that part the two; NaN where the layers are not known, or there are none.
    notes : tuple of str
        What was assumed and what is doubted.
    """

    phreatic_m: float
    phreatic_low_m: float
    phreatic_high_m: float
    head_m: float
    head_low_m: float
    head_high_m: float
    phreatic_from: str
    head_from: str
    phreatic_distance_m: float
    head_distance_m: float
    aquitard_top_m: float
    aquitard_bottom_m: float
    notes: tuple[str, ...] = ()


def number(value: Any) -> float:
    """A finite number, or NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return math.nan
    return float(value) if math.isfinite(value) else math.nan


def water_table(sounding: Row, *, water_m: float | None = None, water_depth_m: float | None = None) -> WaterTable:
    """The water table at a sounding.

    What is given counts; else the level that the sounding states, unless it is doubtful; else `ASSUMED_DEPTH_M`. A level of
    exactly 0.000 is what files have where nobody filled it in, so it is told and not used.

    Parameters
    ----------
    sounding : Series or mapping
        A row of ``City.soundings``.
    water_m, water_depth_m : float, optional
        Level in the vertical datum, or depth below the ground [m]; one of the two.

    Raises
    ------
    ParameterError
        When both are given or one is no number, or a level is given and the height of the ground is not known.
    """
    surface, name = number(sounding.get("surface_m")), name_of(sounding)
    if water_m is not None and water_depth_m is not None:
        raise ParameterError("`water_m` and `water_depth_m` both say where the water stands", where=name, hint="give one of them")
    for key, value in (("water_m", water_m), ("water_depth_m", water_depth_m)):
        if value is not None and math.isnan(number(value)):
            raise ParameterError(f"`{key}` {value!r} is no level", where=name, hint="a number, in metres")
    if water_depth_m is not None:
        return WaterTable(float(water_depth_m), f"given: {water_depth_m:g} m below the ground", True)
    if water_m is not None:
        if math.isnan(surface):
            message = "a water level is given, and the height of the ground is not known"
            raise ParameterError(message, where=name, hint="give `water_depth_m`, below the ground")
        return WaterTable(surface - float(water_m), f"given: {water_m:g} m in the vertical datum", True)
    doubts: list[str] = []
    for key, level in (("water_level_m", sounding.get("water_level_m")), ("water_table_m", _in_profile(sounding))):
        doubt = doubt_of(level, surface)
        if doubt:
            doubts.append(f"`{key}` {doubt}")
        elif not math.isnan(number(level)):
            return WaterTable(surface - number(level), f"`{key}` of the sounding: {number(level):g} m", True, tuple(doubts))
    told = f"assumed: {ASSUMED_DEPTH_M:g} m below the ground, as nothing tells it"
    return WaterTable(ASSUMED_DEPTH_M, told, False, tuple(doubts))


def doubt_of(level: Any, surface_m: float) -> str:
    """Why a stated water level is not trusted; empty when it is, or when there is none."""
    value = number(level)
    if math.isnan(value):
        return ""
    if value == 0.0:
        return "is 0.000, which is what stands there when it was not filled in"
    if math.isnan(surface_m):
        return f"is {value:g} m, and the height of the ground that it counts with is not known"
    return f"is {value:g} m, {value - surface_m:.1f} m above the ground" if value - surface_m > TOO_HIGH_M else ""


def name_of(sounding: Row) -> str:
    """What a sounding is called in messages."""
    return str(sounding.name) if isinstance(sounding, pd.Series) and sounding.name is not None else str(sounding.get("id") or "")


def _in_profile(sounding: Row) -> Any:
    profile = sounding.get("profile")
    if isinstance(profile, str):
        try:
            profile = json.loads(profile)
        except ValueError:
            return None
    return profile.get("water_table_m") if isinstance(profile, dict) else None


def aquitard_of(layers: pd.DataFrame, least_m: float = LEAST_AQUITARD_M) -> tuple[float, float]:
    """Top and bottom of the thickest stack of clay, loam and peat, in the vertical datum [m]; NaN where none is thick enough.

    Parameters
    ----------
    layers : DataFrame
        See `twin.soil.layers_of`.
    least_m : float
        [m]
    """
    best, start = (math.nan, math.nan), math.nan
    rows = layers[["top_z_m", "bottom_z_m", "soil_class"]].itertuples(index=False)
    for top, bottom, kind in rows:
        if kind not in SOFT_CLASSES:
            start = math.nan
            continue
        start = top if math.isnan(start) else start
        if start - bottom >= least_m and not start - bottom <= best[0] - best[1]:
            best = (float(start), float(bottom))
    return best


def groundwater(
    city: City, x: float, y: float, *, layers: pd.DataFrame | None = None, within_m: float = NEAR_M
) -> Groundwater:
    """Levels of the groundwater at a place by the nearest wells.

    A tube with its filter above the bottom of the aquitard tells the phreatic level, one with its filter below it the head. Where
    the layers are not known the shallowest tube of a well is taken for phreatic, and a deeper one of the same well for the head.
    Without such a well the phreatic level is that of the nearest sounding that states one which is not doubtful.

    Parameters
    ----------
    city : City
    x, y : float
        In the CRS of the city [m].
    layers : DataFrame, optional
        The ground there, see `SoilModel.column`.
    within_m : float
        Wells and soundings farther away are not asked [m].

    Raises
    ------
    ParameterError
        When the place is no place.
    """
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ParameterError(f"({x!r}, {y!r}) is no place", hint="two finite numbers, in the CRS of the city")
    notes: list[str] = []
    top, bottom = (math.nan, math.nan) if layers is None else aquitard_of(layers)
    if layers is None:
        notes.append("the layers are not known: the shallowest tube of a well is taken for phreatic")
    above, below = _tubes(city, x, y, bottom, within_m, layers is not None)
    free = above[0] if above else _stated_nearby(city, x, y, within_m, notes)
    held = below[0] if below else None
    if free is None:
        notes.append(f"no well or sounding within {within_m:g} m tells the phreatic level")
    if held is None and not math.isnan(bottom):
        notes.append(f"no well within {within_m:g} m has its filter under the aquitard: the head there is not known")
    first, second = (one or _Level(math.nan, "", math.nan, math.nan, math.nan) for one in (free, held))
    return Groundwater(
        first.level, first.low, first.high, second.level, second.low, second.high, first.source, second.source,
        first.distance, second.distance, top, bottom, tuple(notes),
    )  # fmt: skip


class _Level(NamedTuple):
    distance: float
    source: str
    level: float
    low: float
    high: float


def _tubes(
    city: City, x: float, y: float, bottom: float, within: float, layered: bool
) -> tuple[list[_Level], list[_Level]]:
    """Tubes above and below the bottom of the aquitard, the nearest first."""
    above: list[_Level] = []
    below: list[_Level] = []
    frame = city.wells
    if "head_m" not in frame:
        return above, below
    shallowest: dict[str, float] = {}
    rows = []
    for key, row in frame.iterrows():
        place, level = row.geometry, number(row.get("head_m"))
        if place is None or place.is_empty or math.isnan(level):
            continue
        filter_top, well = number(row.get("filter_top_m")), str(row.get("well") or key)
        if not math.isnan(filter_top):
            shallowest[well] = max(filter_top, shallowest.get(well, -math.inf))
        ends = (number(row.get(name)) for name in ("head_low_m", "head_high_m"))
        low, high = (level if math.isnan(end) else end for end in ends)
        rows.append((_Level(float(np.hypot(place.x - x, place.y - y)), str(key), level, low, high), filter_top, well))
    for one, filter_top, well in rows:
        if one.distance > within:
            continue
        if layered and not math.isnan(bottom) and not math.isnan(filter_top):
            (below if filter_top <= bottom + 0.01 else above).append(one)
        elif layered or math.isnan(filter_top) or filter_top >= shallowest[well]:
            above.append(one)
        else:
            below.append(one)
    return sorted(above), sorted(below)


def _stated_nearby(city: City, x: float, y: float, within: float, notes: list[str]) -> _Level | None:
    found = []
    for key, row in city.soundings.iterrows():
        place, surface = row.geometry, number(row.get("surface_m"))
        if place is None or place.is_empty or np.hypot(place.x - x, place.y - y) > within:
            continue
        for level in (row.get("water_level_m"), _in_profile(row)):
            doubt = doubt_of(level, surface)
            if doubt:
                notes.append(f"the water level of {key} {doubt}; not used")
            elif not math.isnan(number(level)):
                value = number(level)
                found.append(_Level(float(np.hypot(place.x - x, place.y - y)), str(key), value, value, value))
                break
    if found:
        notes.append("the phreatic level is one reading at a sounding, not a series")
    return min(found) if found else None
