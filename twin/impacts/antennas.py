"""Where antennas stand, and on which posts they may be hung: of a scenario and of the street furniture of a city."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from twin.decimals import told_place
from twin.errors import GeometryError, ParameterError, did_you_mean
from twin.geo.given import frame_of, in_system
from twin.geo.layer_names import is_lamp
from twin.geo.rasterize import Relief
from twin.scenario.analyses import Antenna, SignalAnalysis, settings_of
from twin.scenario.apply import ANTENNA
from twin.sim.impact import signal

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.geo.city import City

POST_M, LOWEST_POST_M = 6.0, 2.0
"""Height of a post of which none is known, and below which what is known is none [m]."""

LAMP = "lamp"
"""In `posts` of the settings: every kind of lamp, by whatever name."""

COLUMNS = ("x", "y", "foot_m", "height_m", "power_dbm", "source", "assumed")


def standing(city: City, settings: SignalAnalysis) -> pd.DataFrame:
    """Antennas that stand anyway: those of the settings, then those of the city.

    Returns
    -------
    DataFrame
        By id: ``x``, ``y``, ``foot_m`` (NaN: on the ground), ``height_m`` (above its foot), ``power_dbm``, ``source``
        (``"scenario"``, ``"city"``), ``assumed`` (whether the height is).

    Raises
    ------
    GeometryError
        When one of the settings lies outside the city, or has the id of one of the city.
    """
    rows = {}
    west, south, east, north = city.bounds
    for one in settings.antennas:
        x, y = one.at
        if not (west <= x <= east and south <= y <= north):
            hint = f"the city reaches from ({west:.0f}, {south:.0f}) to ({east:.0f}, {north:.0f})"
            raise GeometryError(f"antenna `{one.id}` at {told_place(x, y)} lies outside the city", hint=hint)
        power = settings.power_dbm if one.power_dbm is None else one.power_dbm
        rows[one.id] = (x, y, math.nan, one.height_m, power, "scenario", False)
    frame = _kinds(city)
    for name, row in frame[frame["kind"] == ANTENNA].iterrows():
        if name in rows:
            raise GeometryError(f"antenna `{name}` is in the city already", hint="give the one of `analyses.signal` another id")
        power, (height, assumed) = _number(row, "power_dbm"), _height(row, None)
        power = power if math.isfinite(power) else settings.power_dbm
        rows[str(name)] = (row.geometry.x, row.geometry.y, _number(row, "z_m"), height, power, "city", assumed)
    return _table(rows)


def posts_of(city: City, settings: SignalAnalysis) -> pd.DataFrame:
    """Posts on which antennas may be hung, as `standing` has antennas; ``source`` is ``"post"``.

    Raises
    ------
    GeometryError
        When the city has none of a kind or id that the settings name.
    """
    named = ((LAMP,) if not settings.antennas else ()) if settings.posts is None else settings.posts
    frame = _kinds(city)
    chosen = np.zeros(len(frame), bool)
    lamps = np.array([is_lamp(kind) for kind in frame["kind"]], bool)
    for name in named:
        mine = (frame["kind"] == name.lower()).to_numpy() | (frame.index.astype(str) == name)
        mine = mine | lamps if name.lower() == LAMP else mine
        if not mine.any():
            kinds = sorted({kind for kind in frame["kind"] if kind})
            told = f"its kinds are {', '.join(kinds)}" if kinds else "it has no points with a kind"
            raise GeometryError(f"the city has no street furniture `{name}`{did_you_mean(name, kinds)}", hint=told)
        chosen |= mine
    rows = {}
    for name, row in frame[chosen & (frame["kind"] != ANTENNA).to_numpy()].iterrows():
        height, assumed = _height(row, settings.post_height_m)
        rows[str(name)] = (row.geometry.x, row.geometry.y, _number(row, "z_m"), height, settings.power_dbm, "post", assumed)
    return _table(rows)


def put(table: pd.DataFrame, relief: Relief, lost_db: float) -> list[signal.Antenna | None]:
    """Antennas on a relief; None for one that lies beyond it, or inside what is built there.

    An antenna whose cell is built on hangs on a facade: it is looked from the nearest of the eight cells around it that is lower.

    Parameters
    ----------
    table : DataFrame
        As `standing` makes it.
    relief : Relief
    lost_db : float
        Taken off what each sends [dB].
    """
    grid, cell = relief.grid, relief.grid.cell
    open_ = relief.building < 0
    made: list[signal.Antenna | None] = []
    for x, y, stated, height, power in table[list(COLUMNS[:5])].to_numpy(np.float64).tolist():
        r, c = (grid.north - y) / cell - 0.5, (x - grid.west) / cell - 0.5
        i, j = math.floor(r + 0.5), math.floor(c + 0.5)
        if not (0 <= i < grid.rows and 0 <= j < grid.columns):
            made.append(None)
            continue
        foot = stated if math.isfinite(stated) else float(relief.surface[i, j] if open_[i, j] else relief.ground[i, j])
        z = foot + height
        near = sorted(
            (math.hypot(a - r, b - c), a, b)
            for a in range(max(0, i - 1), min(grid.rows, i + 2))
            for b in range(max(0, j - 1), min(grid.columns, j + 2))
            if relief.surface[a, b] < z
        )
        if (i, j) in [one[1:] for one in near]:
            near = [(0.0, i, j)]
        made.append(signal.Antenna(r, c, near[0][1:], z, height, power - lost_db) if near else None)
    return made


def given(antennas: gpd.GeoDataFrame | Sequence[Any], city: City) -> tuple[Antenna, ...]:
    """Antennas that were given by hand.

    Raises
    ------
    ParameterError
        When they cannot be used; says which.
    """
    rows: list[dict[str, Any]] = []
    if hasattr(antennas, "geometry"):
        frame = in_system(frame_of(antennas, "antennas"), city.crs, "antennas")
        if "height_m" not in frame:
            raise ParameterError("antennas have no column `height_m`", hint="say how high above the ground each hangs [m]")
        _points(frame, "antennas")
        for name, row in frame.iterrows():
            sent = _number(row, "power_dbm")
            told = sent if math.isfinite(sent) else None
            at = row.geometry.x, row.geometry.y
            rows.append({"id": str(name), "at": at, "height_m": _number(row, "height_m"), "power_dbm": told})
    else:
        for number, one in enumerate(antennas):
            try:
                x, y, height, *power = (float(value) for value in one)
            except (TypeError, ValueError):
                hint = "give (x, y, height_m), or a GeoDataFrame of points with `height_m`"
                raise ParameterError(f"{one!r} is not an antenna", hint=hint) from None
            rows.append({"id": f"antenna-{number + 1}", "at": (x, y), "height_m": height, "power_dbm": power[0] if power else None})
    return tuple(settings_of(Antenna, **row) for row in rows)


def candidates_of(frame: gpd.GeoDataFrame, city: City, settings: SignalAnalysis) -> pd.DataFrame:
    """Posts that were given by hand, as `posts_of`.

    Raises
    ------
    ParameterError
        When they cannot be used.
    """
    frame = in_system(frame_of(frame, "candidates"), city.crs, "candidates")
    _points(frame, "candidates")
    rows = {}
    for name, row in frame.iterrows():
        height, assumed = _height(row, settings.post_height_m)
        rows[str(name)] = (row.geometry.x, row.geometry.y, _number(row, "z_m"), height, settings.power_dbm, "post", assumed)
    return _table(rows)


def _points(frame: gpd.GeoDataFrame, what: str) -> None:
    wrong = np.asarray((frame.geometry.geom_type != "Point") | frame.geometry.is_empty)
    if wrong.any():
        raise ParameterError(f"{what} are points; `{frame.index[int(wrong.argmax())]}` is none")
    if not frame.index.is_unique:
        raise ParameterError(f"{what} have an id twice: `{frame.index[frame.index.duplicated()][0]}`")


def _kinds(city: City) -> gpd.GeoDataFrame:
    """Points of the street furniture, with kinds in small letters."""
    frame = city.furniture
    frame = frame[(frame.geometry.geom_type == "Point") & ~frame.geometry.is_empty] if len(frame) else frame
    told = frame["kind"].fillna("").astype(str).str.lower() if "kind" in frame else pd.Series("", index=frame.index, dtype=str)
    flat = frame.set_geometry(shapely.force_2d(frame.geometry.to_numpy()), crs=frame.crs) if len(frame) else frame
    return flat.assign(kind=told)


def _height(row: Any, stated: float | None) -> tuple[float, bool]:
    """At which an antenna hangs, and whether that is assumed."""
    known = _number(row, "height_m") if stated is None else stated
    return (known, False) if known >= LOWEST_POST_M else (POST_M, True)


def _number(row: Any, key: str) -> float:
    """A value of a row; NaN where there is none."""
    return float(pd.to_numeric(row.get(key, math.nan), errors="coerce"))


def _table(rows: dict[str, tuple[Any, ...]]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), dtype=object, name="id"), columns=list(COLUMNS))
    kinds = dict.fromkeys(COLUMNS[:5], "float64")
    return table.astype({**kinds, "source": object, "assumed": bool})
