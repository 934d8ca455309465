"""Excavation pits as they are designed: what a row of the layer ``pits`` says of floor, walls, stages, struts, concrete and wells.

A pit of which only an outline and a bottom are known has one stage, upright faces and nothing else.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import GeometryError

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

WALLS = ("sheet-pile", "diaphragm", "secant-pile", "soldier-pile", "slope")
"""Kinds of wall that hold a pit; a slope is none, and stands by itself."""

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class PitStage:
    """What is done from one day to another.

    Parameters
    ----------
    id : str
    floor_m : float
        Of the pit when the stage is done [m in the vertical datum].
    starts, ends : date or None
        First and last day.
    water_m : float
        Level at which water is kept in the pit; NaN where it is kept just below the floor [m in the vertical datum].
    head_m : float
        Head under the pit, in the aquifer below what closes it, where wells keep it lower; NaN where they do not
        [m in the vertical datum].
    concreted : bool
        Whether the underwater concrete lies in it.
    """

    id: str
    floor_m: float
    starts: dt.date | None = None
    ends: dt.date | None = None
    water_m: float = NAN
    head_m: float = NAN
    concreted: bool = False

    @property
    def dry_to_m(self) -> float:
        """Level of the water in the pit: where it is kept, or else the floor [m in the vertical datum]."""
        return self.floor_m if math.isnan(self.water_m) else self.water_m


@dataclass(frozen=True, slots=True)
class PitSupport:
    """A layer of struts or anchors.

    Parameters
    ----------
    id : str
    kind : {"strut", "anchor"}
    level_m : float
        [m in the vertical datum]
    spacing_m : float
        From one to the next along the wall [m].
    first, last : str
        Stages in which it is put in, and after which it is taken out; empty: the first that is dug below it, and never.
    length_m, angle_deg : float
        Of an anchor: how long, and how far below level it goes [m, deg].
    """

    id: str
    kind: str
    level_m: float
    spacing_m: float = 5.0
    first: str = ""
    last: str = ""
    length_m: float = 15.0
    angle_deg: float = 30.0


@dataclass(frozen=True, slots=True)
class PitWell:
    """A well from which water is pumped.

    Parameters
    ----------
    id : str
    x, y : float
        [m, CRS of the city]
    m3_per_day : float
        NaN where it is as much as the level in the pit asks for.
    """

    id: str
    x: float
    y: float
    m3_per_day: float = NAN


@dataclass(frozen=True, slots=True)
class Pit:
    """A pit as it is designed.

    Parameters
    ----------
    id, label : str
    outline : shapely geometry
        Of the floor; of a pit with upright faces it is that of its top too. CRS of the city.
    bottom_m, top_m : float
        Deepest floor, and the ground around [m in the vertical datum].
    wall : {"", "sheet-pile", "diaphragm", "secant-pile", "soldier-pile", "slope"}
        Empty where it is not known.
    toe_m : float
        How far down the wall goes [m in the vertical datum]; NaN where it is not known.
    slope : float
        Vertical over horizontal, of a pit without walls; infinite where faces are upright.
    settlement_mm : float
        Largest settlement behind the wall, of a design; NaN where it is not known [mm].
    concrete_m : float
        Thickness of underwater concrete, below the deepest floor; 0 for none [m].
    tension_kn_m2 : float
        What tension piles under it hold down [kN/m2].
    stages : tuple of PitStage
        At least one.
    supports : tuple of PitSupport
    wells : tuple of PitWell
    """

    id: str
    label: str
    outline: BaseGeometry
    bottom_m: float
    top_m: float
    wall: str = ""
    toe_m: float = NAN
    slope: float = math.inf
    settlement_mm: float = NAN
    concrete_m: float = 0.0
    tension_kn_m2: float = 0.0
    stages: tuple[PitStage, ...] = ()
    supports: tuple[PitSupport, ...] = ()
    wells: tuple[PitWell, ...] = ()

    @property
    def depth_m(self) -> float:
        """[m]"""
        return self.top_m - self.bottom_m

    @property
    def outline_at_top(self) -> BaseGeometry:
        """The edge of the pit at the ground: wider than its floor where faces slope."""
        return self.outline_at(self.top_m)

    def outline_at(self, z_m: float) -> BaseGeometry:
        """The edge of the pit at a height [m in the vertical datum]."""
        return self.outline if math.isinf(self.slope) else _wider(self.outline, (z_m - self.bottom_m) / self.slope)

    def aside(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far sloping faces lie from the floor where they pass places, 0 on the floor; at corners to a 64th of the whole.

        Parameters
        ----------
        points : (N, 2) float64
            [m, CRS of the city]

        Returns
        -------
        (N,) float64
            [m]; infinite outside the pit.
        """
        at = shapely.points(points)
        away = shapely.distance(self.outline, at)
        if math.isinf(self.slope):
            return np.where(away > 0.0, np.inf, 0.0)
        # beside a corner the faces meet further out than the corner is near
        steps = np.linspace(0.0, self.depth_m / self.slope, 65)
        first = np.full(len(at), len(steps))
        for k in range(len(steps) - 1, -1, -1):
            there = shapely.intersects(_wider(self.outline, float(steps[k])), at)
            first[there] = k
        inside = first < len(steps)
        within = np.clip(away, steps[np.maximum(first - 1, 0) * inside], steps[first * inside])
        return np.where(inside, within, np.inf)

    def stage_on(self, day: dt.date) -> PitStage | None:
        """The stage of a day; None before the first one, after the last one, and where no dates are known."""
        found = None
        for stage in self.stages:
            if stage.starts is not None and stage.starts <= day:
                found = stage if stage.ends is None or day <= stage.ends else None
        return found

    def supports_in(self, stage: str) -> tuple[PitSupport, ...]:
        """Struts and anchors that are there when a stage is done.

        Raises
        ------
        GeometryError
            When there is no such stage.
        """
        order = {one.id: k for k, one in enumerate(self.stages)}
        if stage not in order:
            raise GeometryError(f"there is no stage `{stage}`", where=f"pit {self.id}", hint=f"there are: {', '.join(order)}")
        there = []
        for support in self.supports:
            below = (k for k, one in enumerate(self.stages) if one.floor_m < support.level_m)
            first = order[support.first] if support.first else next(below, len(order))
            if first <= order[stage] <= (order[support.last] if support.last else len(order)):
                there.append(support)
        return tuple(there)

    def moved(self, by: NDArray[np.float64]) -> Pit:
        """The same pit elsewhere.

        Parameters
        ----------
        by : (3,) float64
            [m]
        """
        x, y, z = (float(one) for one in by)
        return replace(
            self, outline=shapely.transform(shapely.force_2d(self.outline), lambda xy: xy + np.array([x, y])),
            bottom_m=self.bottom_m + z, top_m=self.top_m + z, toe_m=self.toe_m + z,
            stages=tuple(
                replace(one, floor_m=one.floor_m + z, water_m=one.water_m + z, head_m=one.head_m + z) for one in self.stages
            ),
            supports=tuple(replace(one, level_m=one.level_m + z) for one in self.supports),
            wells=tuple(replace(one, x=one.x + x, y=one.y + y) for one in self.wells),
        )  # fmt: skip

    def columns(self) -> dict[str, Any]:
        """As a row of the layer ``pits`` has it; lists are JSON."""
        return {
            "label": self.label, "bottom_m": self.bottom_m, "top_m": self.top_m, "wall": self.wall, "toe_m": self.toe_m,
            "slope": NAN if math.isinf(self.slope) else self.slope, "settlement_mm": self.settlement_mm,
            "concrete_m": self.concrete_m, "tension_kn_m2": self.tension_kn_m2,
            "stages": json.dumps([_plain(one) for one in self.stages]),
            "supports": json.dumps([_plain(one) for one in self.supports]),
            "wells": json.dumps([_plain(one) for one in self.wells]), "geometry": self.outline,
        }  # fmt: skip


def pit_of(row: Mapping[str, Any] | pd.Series[Any], id: str = "") -> Pit:
    """The pit that a row of the layer ``pits`` tells of.

    Parameters
    ----------
    row : Series or mapping
        With ``geometry``, ``bottom_m``, ``top_m``; other columns as `Pit.columns` has them, where they are there.
    id : str
        By default the name of the row.

    Raises
    ------
    GeometryError
        When what it says cannot be of a pit.
    """
    name = id or str(getattr(row, "name", "") or row.get("id", "") or "")
    where = f"pit {name}"
    bottom, top = _number(row.get("bottom_m")), _number(row.get("top_m"))
    if not (math.isfinite(bottom) and math.isfinite(top)):
        raise GeometryError("its bottom or its top is not known", where=where, hint="give `bottom_m` and `top_m`")
    if bottom >= top:
        raise GeometryError(f"its bottom ({bottom:g} m) is not below its top ({top:g} m)", where=where)
    wall, slope = str(_given(row.get("wall")) or ""), _number(row.get("slope"))
    try:
        dated = {"starts": _date, "ends": _date}
        stages = tuple(PitStage(**_made(one, dated)) for one in _listed(row.get("stages")))
        supports = tuple(PitSupport(**one) for one in _listed(row.get("supports")))
        wells = tuple(PitWell(**one) for one in _listed(row.get("wells")))
    except (TypeError, ValueError) as error:
        raise GeometryError("its stages, supports or wells cannot be read", where=where, hint=str(error)) from error
    concrete, tension = _number(row.get("concrete_m")), _number(row.get("tension_kn_m2"))
    return Pit(
        name, str(_given(row.get("label")) or name), row["geometry"], bottom, top, wall, _number(row.get("toe_m")),
        slope if slope > 0 else math.inf, _number(row.get("settlement_mm")), 0.0 if math.isnan(concrete) else concrete,
        0.0 if math.isnan(tension) else tension, stages or (PitStage("open", bottom),), supports, wells,
    )  # fmt: skip


def _wider(outline: BaseGeometry, by_m: float) -> BaseGeometry:
    return outline.buffer(by_m, join_style="mitre", mitre_limit=10.0) if by_m > 0.0 else outline


def _plain(one: PitStage | PitSupport | PitWell) -> dict[str, Any]:
    """What is known of it, as JSON has it."""
    told: dict[str, Any] = {}
    for name in one.__dataclass_fields__:
        value = getattr(one, name)
        if isinstance(value, dt.date):
            value = value.isoformat()
        if value is not None and not (isinstance(value, float) and not math.isfinite(value)):
            told[name] = value
    return told


def _listed(value: Any) -> list[dict[str, Any]]:
    given = _given(value)
    found = [] if given is None else json.loads(given) if isinstance(given, str) else list(given)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("what should be a list of things with names is none")
    return found


def _made(one: dict[str, Any], kinds: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    return {name: kinds[name](value) if name in kinds else value for name, value in one.items()}


def _given(value: Any) -> Any:
    """None for what a table has in an empty field."""
    return None if value is None or value == "" or (isinstance(value, float) and math.isnan(value)) else value


def _number(value: Any) -> float:
    try:
        return float(value) if value is not None else NAN
    except (TypeError, ValueError):
        return NAN


def _date(value: Any) -> dt.date | None:
    return dt.date.fromisoformat(value) if isinstance(value, str) and value else None
