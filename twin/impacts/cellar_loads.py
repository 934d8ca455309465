"""What crowds, stages, vehicles and cranes take of each cellar: the worst of each, and its bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean
from twin.impacts.cellar_input import Crane, Stage, Taken, panels_of, polygons_of, taken
from twin.impacts.walked import seen_of
from twin.result import Result
from twin.sim.impact.cellar import loads as on_street
from twin.sim.impact.cellar import screen
from twin.sim.impact.cellar.loads import DYNAMIC, PERSON_KG, STEPS, Panels, Vehicle
from twin.sim.impact.cellar.screen import LOAD_FACTOR, Table, corners, table
from twin.sim.impact.cellar.spread import METHODS

Source = Callable[[], Iterator[NDArray[np.float32]]]
"""Gives the loads: (P, T, S) a part of the time [kPa]."""
Route: TypeAlias = shapely.Geometry | Mapping[str, shapely.Geometry] | None
"""Where vehicles drive: all of them, or each by its name; None is everywhere."""
CHUNK_S = 300
"""Seconds whose loads are held at once."""


@dataclass(frozen=True)
class Settings:
    """How cellars are screened.

    Parameters
    ----------
    spread : str
        How loads spread through the ground: ``2:1``, ``1:1``, ``30 deg`` or ``boussinesq``.
    strips : int
        Across the span, 8 to 16.
    panel_m : float
        Length of vault over which the crowd is averaged along the barrel [m].
    load_factor : float
        Required on live loads; see `twin.sim.impact.cellar.screen.LOAD_FACTOR`.
    dynamic : float
        On wheels; see `twin.sim.impact.cellar.loads.DYNAMIC`; 1.3 at walking pace is a choice and no norm.
    crowd_factor : float
        On crowds, for people who move in time [1].
    person_kg : float
    strength_mpa : float, optional
        Of the masonry in compression [MPa]; without one it does not crush, which is flagged where it may be untrue.
    level : str
        Of the crowd that stands on the street.
    limit_depth : bool
        Take h + d as no more than 2 d in MEXE.
    """

    spread: str = "2:1"
    strips: int = 12
    panel_m: float = 5.0
    load_factor: float = LOAD_FACTOR
    dynamic: float = DYNAMIC
    crowd_factor: float = 1.0
    person_kg: float = PERSON_KG
    strength_mpa: float | None = None
    level: str = "street"
    limit_depth: bool = True

    def __post_init__(self) -> None:
        if self.spread not in METHODS:
            raise ParameterError(f"`{self.spread}` is no way to spread{did_you_mean(self.spread, METHODS)}", where="spread")
        if not 8 <= self.strips <= 16:
            raise ParameterError(f"{self.strips!r} strips across the span; 8 to 16 are possible", where="strips")
        for name in ("panel_m", "load_factor", "dynamic", "crowd_factor", "person_kg"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ParameterError(f"{value!r} is no number above 0", where=name)
        if self.strength_mpa is not None and not (np.isfinite(self.strength_mpa) and self.strength_mpa > 0):
            raise ParameterError(f"{self.strength_mpa!r} is no strength", where="strength_mpa", hint="in MPa, above 0")


@dataclass
class Found:
    """What a kind of load takes of each cellar, worst first of all: all (N,) but the strips (N, S); ``axle_t`` is the
    heaviest axle that comes over it [t]."""

    use: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    name: NDArray[np.object_]
    when: NDArray[np.float64]
    where: NDArray[np.float64]
    strips: NDArray[np.float64]
    street: bool
    axle_t: NDArray[np.float64]
    not_judged: dict[int, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, count: int, strips: int, *, street: bool) -> Found:
        nothing = np.full(count, np.nan)
        return cls(
            np.zeros(count), np.zeros(count), np.zeros(count), np.full(count, "", dtype=object), nothing.copy(), nothing.copy(),
            np.zeros((count, strips)), street, np.zeros(count),
        )  # fmt: skip

    def put(self, k: int, use: float, low: float, high: float, name: str, when: float, strips: NDArray[np.float64]) -> None:
        """Keep a load of cellar `k` if it is worse than what is known."""
        self.low[k], self.high[k] = max(self.low[k], low), max(self.high[k], high)
        if use > self.use[k] or not self.name[k]:
            self.use[k], self.name[k], self.when[k], self.strips[k] = use, name, when, strips
            place = (np.arange(len(strips)) + 0.5) / len(strips)
            self.where[k] = float((strips * place).sum() / strips.sum()) if strips.sum() > 0 else np.nan


class Vaulted:
    """Vaults as taken and their weak and strong corners, made ready."""

    def __init__(self, these: Taken, settings: Settings) -> None:
        strength = math.inf if settings.strength_mpa is None else 1000.0 * settings.strength_mpa
        weak, strong = corners(these.low, these.high)
        self.strength = strength
        every = (these.mean, *weak, *strong)
        self.mean, *others = (table(one, method=settings.spread, strips=settings.strips, strength=strength) for one in every)
        self.weak, self.strong = others[: len(weak)], others[len(weak) :]
        self.covers = [one.cover for one in (these.mean, *weak, *strong)]

    @property
    def all(self) -> tuple[Table, ...]:
        """As taken, weak, strong."""
        return (self.mean, *self.weak, *self.strong)


def _bounds(
    made: Vaulted, loads: NDArray[np.float32], owner: NDArray[np.int64] | None = None, *, street: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Uses of the strongest and the weakest vaults under the same loads (P, T, S): (P, T) each; inf for one that does not stand."""
    uses = [np.nan_to_num(screen.use_of(one, loads, owner, street=street), nan=np.inf) for one in (*made.strong, *made.weak)]
    count = len(made.strong)
    return np.min(uses[:count], axis=0), np.max(uses[count:], axis=0)


def crowd_on(crowd: Any, made: Vaulted, panels: Panels, settings: Settings, told: list[str]) -> Found:
    """What a crowd takes in its worst second; says in `told` what was used of it."""
    kn = settings.person_kg * on_street.GRAVITY / 1000.0 * settings.crowd_factor
    outside = np.zeros(len(panels.x), dtype=bool)
    if isinstance(crowd, Result):
        crowd = of_result(crowd, panels, settings.level)
    if isinstance(crowd, int | float) and not isinstance(crowd, bool):
        if not (np.isfinite(crowd) and crowd >= 0):
            raise ParameterError(f"{crowd!r} people/m2 are not possible", where="crowd")
        told.append(f"a crowd of {crowd:g} people/m2 on all, on each half and on each third of each vault")
        one = np.broadcast_to(np.float32(kn * crowd) * screen.patterns(settings.strips), (len(panels.x), 6, settings.strips))
        times, source = np.full(6, np.nan), lambda: iter([np.ascontiguousarray(one)])
    elif isinstance(crowd, pd.DataFrame):
        times, source = _of_places(crowd, panels, settings, kn, told)
    elif isinstance(crowd, xr.DataArray):
        times, source, outside = _of_field(crowd, panels, settings, kn, told)
    else:
        raise ParameterError(
            f"a crowd is not {type(crowd).__name__}",
            hint="people/m2, a result, a table of places (x, y, time_s), or a density field",
        )
    owner = np.where(outside, -1, panels.cellar)
    worst = screen.worst(made.mean, owner, source())
    return _worst_panels(worst, times, made, panels, outside, settings)


def course(
    cellar: gpd.GeoDataFrame, crowd: pd.DataFrame | xr.DataArray, **options: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a crowd takes of one cellar at every moment at which it is known: times [s] and use factors.

    Parameters
    ----------
    cellar : GeoDataFrame
        One row.
    crowd : DataFrame or DataArray
        As in `twin.impacts.cellar_capacity.cellar_capacity`.
    **options
        See `Settings`.
    """
    settings = Settings(**options)
    these = taken(cellar)
    made = Vaulted(these, settings)
    panels = panels_of(these, made.mean.arches.strips, settings.panel_m)
    kn = settings.person_kg * on_street.GRAVITY / 1000.0 * settings.crowd_factor
    if isinstance(crowd, pd.DataFrame):
        times, source = _of_places(crowd, panels, settings, kn, [])
    else:
        times, source, _ = _of_field(crowd, panels, settings, kn, [])
    parts = [screen.use_of(made.mean, loads, panels.cellar).max(axis=0) for loads in source()]
    return times, settings.load_factor * np.concatenate(parts)


def pressures(
    cellars: gpd.GeoDataFrame, crowd: pd.DataFrame | xr.DataArray, **options: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The pressure of a crowd on cellars at every moment at which it is known, as the check has it.

    Parameters
    ----------
    cellars : GeoDataFrame
        N rows.
    crowd : DataFrame or DataArray
        As in `twin.impacts.cellar_capacity.cellar_capacity`.
    **options
        See `Settings`.

    Returns
    -------
    times : (T,) float64
        [s]
    mean, spot : (N, T) float64
        On the plan of each vault (its back, which is wider than the span by the ring, by its length), and on the worst strip of
        it (a twelfth of that by at most `panel_m` along the barrel); NaN for cellars that cannot be looked at, or that lie partly
        outside a field [kN/m2].
    """
    settings = Settings(**options)
    these = taken(cellars)
    panels = panels_of(these, table(these.mean, strips=settings.strips).arches.strips, settings.panel_m)
    kn = settings.person_kg * on_street.GRAVITY / 1000.0 * settings.crowd_factor
    outside = np.zeros(len(panels.x), dtype=bool)
    if isinstance(crowd, pd.DataFrame):
        times, source = _of_places(crowd, panels, settings, kn, [])
    else:
        times, source, outside = _of_field(crowd, panels, settings, kn, [])
    mean, spot = np.full((2, len(cellars), len(times)), np.nan)
    if not len(these.rows):
        return times, mean, spot
    areas = on_street.strip_areas(panels)
    first = np.searchsorted(panels.cellar, np.arange(len(these.rows)))
    whole = np.add.reduceat(areas.sum(axis=1), first)
    unknown = np.logical_or.reduceat(outside, first)
    at = 0
    for loads in source():
        many = loads.shape[1]
        force = np.add.reduceat(np.einsum("pts,ps->pt", loads, areas), first, axis=0)
        mean[these.rows, at : at + many] = np.where(unknown[:, None], np.nan, force / whole[:, None])
        highest = np.maximum.reduceat(loads.max(axis=2).astype(np.float64), first, axis=0)
        spot[these.rows, at : at + many] = np.where(unknown[:, None], np.nan, highest)
        at += many
    return times, mean, spot


def over_panels(panels: Panels) -> shapely.Geometry:
    """The ground on which people load some vaults."""
    return shapely.union_all(shapely.buffer(polygons_of(panels).ravel(), 0.05))


def of_result(result: Result, panels: Panels, level: str) -> pd.DataFrame | xr.DataArray:
    """The crowd of a run: places of people, or the density where nobody is followed.

    Raises
    ------
    ParameterError
        When nobody walked in it.
    """
    seen = seen_of(result, over_panels(panels), level)
    found = seen.density if seen.places is None else seen.places
    if found is None:
        raise ParameterError("nobody walks in this result", where="crowd", hint="leave `crowd` out")
    return found


def _worst_panels(
    worst: screen.Worst, times: NDArray[np.float64], made: Vaulted, panels: Panels, outside: NDArray[np.bool_], settings: Settings,
) -> Found:  # fmt: skip
    """The worst panel of each cellar, with the bounds under its hardest loads."""
    count = made.mean.size
    found = Found.empty(count, settings.strips, street=True)
    order = np.lexsort((-np.nan_to_num(worst.use, nan=-1.0), panels.cellar))
    chosen = order[np.searchsorted(panels.cellar[order], np.arange(count))]
    low, high = _bounds(made, worst.hard[chosen])
    for k, panel in enumerate(chosen):
        when = worst.when[panel]
        if outside[panels.cellar == k].any():
            found.not_judged[k] = "a part of it lies outside the field of the crowd"
        use = float(worst.use[panel])
        if when >= 0 or np.isnan(use):
            moment = float(times[when]) if when >= 0 else np.nan
            strips = worst.strips[panel]
            found.put(k, 0.0 if np.isnan(use) else use, float(low[k].max()), float(high[k].max()), "crowd", moment, strips)
    return found


def _of_places(
    crowd: pd.DataFrame, panels: Panels, settings: Settings, kn: float, told: list[str]
) -> tuple[NDArray[np.float64], Source]:
    if not {"x", "y"} <= set(crowd.columns) or not {"time_s", "frame"} & set(crowd.columns):
        raise ParameterError("places of people are columns x, y and time_s (or frame)", where="crowd")
    if "level" in crowd and settings.level in set(crowd["level"].astype(str)):
        crowd = crowd[crowd["level"].astype(str) == settings.level]
    rate = 1.0 if "time_s" in crowd else float(crowd.attrs.get("frame_rate", 1.0))
    time = crowd["time_s" if "time_s" in crowd else "frame"].to_numpy(np.float64) / rate
    x, y = crowd["x"].to_numpy(np.float64), crowd["y"].to_numpy(np.float64)
    if len(time) and not np.isfinite(time).all():
        raise ParameterError("a time of the crowd is no number", where="crowd")
    moments, number = np.unique(time, return_inverse=True)
    # one moment of each second: people who are seen ten times in a second weigh once
    _, kept = np.unique(np.floor(moments + 1e-9), return_index=True)
    place = np.full(len(moments), -1, np.int64)
    place[kept] = np.arange(len(kept))
    times = moments[kept]
    interval = float(np.median(np.diff(times))) if len(times) > 1 else float("nan")
    told.append(f"the crowd is that of places of people, {len(times)} moments, {interval:g} s apart")
    weight, second = (kn / on_street.strip_areas(panels)[:, None, :]).astype(np.float32), place[number]
    near = on_street.nearby(panels)

    def chunks() -> Iterator[NDArray[np.float32]]:
        for first in range(0, len(times), CHUNK_S):
            many = min(CHUNK_S, len(times) - first)
            mine = (second >= first) & (second < first + many)
            people = on_street.people_on_strips(second[mine] - first, x[mine], y[mine], panels, many, near)
            people *= weight
            yield people

    return times, chunks


def _of_field(
    crowd: xr.DataArray, panels: Panels, settings: Settings, kn: float, told: list[str]
) -> tuple[NDArray[np.float64], Source, NDArray[np.bool_]]:
    if "level" in crowd.dims:
        levels = [str(one) for one in crowd["level"].values]
        if settings.level not in levels:
            raise ParameterError(f"the crowd has no level `{settings.level}`", hint=f"there are {', '.join(levels)}")
        crowd = crowd.isel(level=levels.index(settings.level))
    if set(crowd.dims) != {"time", "y", "x"}:
        raise ParameterError(f"a density field has dims time, y, x; this one {', '.join(map(str, crowd.dims))}", where="crowd")
    crowd = crowd.transpose("time", "y", "x")
    x, y, times = (crowd[name].to_numpy().astype(np.float64) for name in ("x", "y", "time"))
    if len(x) < 2 or len(y) < 2:
        raise ParameterError("a density field has two rows and columns at least", where="crowd")
    values = crowd.to_numpy().astype(np.float64)
    if y[0] < y[-1]:
        y, values = y[::-1], values[:, ::-1]
    cell = float(x[1] - x[0])
    if np.nanmin(values, initial=0.0) < 0:
        raise ParameterError("a density below 0 is not possible", where="crowd")
    density, inside = on_street.field_on_strips(values, x[0] - cell / 2, y[0] + cell / 2, cell, panels)
    interval = float(np.median(np.diff(times))) if len(times) > 1 else float("nan")
    told.append(f"the crowd is that of a density field every {interval:g} s in cells of {cell:g} m: what is between is not seen")
    loads = (density * np.float32(kn)).astype(np.float32)
    return times, lambda: iter([loads[:, first : first + CHUNK_S] for first in range(0, max(1, len(times)), CHUNK_S)]), ~inside


def stages_on(stages: list[Stage], made: Vaulted, panels: Panels, settings: Settings) -> Found:
    """What stages and stalls take where they stand."""
    found = Found.empty(made.mean.size, settings.strips, street=True)
    strips = polygons_of(panels)
    tree, areas = shapely.STRtree(strips.ravel()), shapely.area(strips)
    for name, shape, load in stages:
        touched = np.unique(tree.query(shape, predicate="intersects") // settings.strips)
        part = shapely.area(shapely.intersection(strips[touched], shape)) / areas[touched]
        for panel, share in zip(touched, part, strict=True):
            k = int(panels.cellar[panel])
            if share.max() <= 1e-6:
                continue
            if np.isnan(load):
                found.not_judged[k] = f"no load is stated of stage {name}"
                continue
            _put(found, made, k, np.asarray(share * load)[None, :], f"stage {name}")
    return found


def _put(found: Found, made: Vaulted, k: int, loads: NDArray[np.float64], name: str) -> None:
    """Loads (T, S) on one cellar, the same on all its bounds."""
    row, many = np.array([k]), np.ascontiguousarray(loads[None], dtype=np.float32)
    use = screen.use_of(made.mean, many, row, street=found.street)[0]
    strong, weak = _bounds(made, many, row, street=found.street)
    at = int(np.nan_to_num(use).argmax())
    found.put(k, float(np.nan_to_num(use[at])), float(strong.max()), float(weak.max()), name, np.nan, loads[at])


def vehicles_on(
    vehicles: list[Vehicle], made: Vaulted, these: Taken, cellars: gpd.GeoDataFrame, route: Route, settings: Settings,
) -> Found:  # fmt: skip
    """What vehicles take at their worst places; of each bound at its own worst."""
    found = Found.empty(made.mean.size, settings.strips, street=False)
    shapes = np.asarray(cellars.geometry.array, dtype=object)[these.rows]
    for one in vehicles:
        rows = np.arange(len(shapes))
        way = route.get(one.name) if isinstance(route, Mapping) else route
        if way is not None:
            rows = np.flatnonzero(shapely.intersects(shapes, shapely.buffer(way, max(one.width, 0.5) / 2)))
        if not len(rows):
            continue
        found.axle_t[rows] = np.maximum(found.axle_t[rows], float(one.axles_t.max()))
        every = [
            _driven(one, each, covers, rows, these.length, settings) for each, covers in zip(made.all, made.covers, strict=True)
        ]
        use, loads = every[0]
        others = [np.nan_to_num(each, nan=np.inf).max(axis=1) for each, _ in every[1:]]
        weak, strong = np.max(others[: len(made.weak)], axis=0), np.min(others[len(made.weak) :], axis=0)
        for n, k in enumerate(rows):
            at = int(np.nan_to_num(use[n]).argmax())
            most = float(np.nan_to_num(use[n, at]))
            strips = loads[n, at].astype(np.float64)
            found.put(int(k), most, float(strong[n]), float(weak[n]), f"vehicle: {one.name}", np.nan, strips)
    return found


def _driven(
    vehicle: Vehicle, made: Table, covers: NDArray[np.float64], rows: NDArray[np.int64], length: NDArray[np.float64],
    settings: Settings,
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:  # fmt: skip
    """Uses (P, T) and loads (P, T, S) of a vehicle on some vaults, across and along them."""
    loads = [
        on_street.vehicle_loads(
            vehicle, made.arches.strips[rows], covers[rows], method=settings.spread, dynamic=settings.dynamic, length=length[rows],
            along=along,
        )[0]
        for along in (False, True)
    ]  # fmt: skip
    together = np.concatenate(loads, axis=1).astype(np.float32)
    return screen.use_of(made, together, rows, street=False), together


def cranes_on(cranes: list[Crane], made: Vaulted, these: Taken, settings: Settings) -> Found:
    """What outriggers take where they stand, or anywhere across the span."""
    found = Found.empty(made.mean.size, settings.strips, street=False)
    for one in cranes:
        for k in range(made.mean.size):
            edges = made.mean.arches.strips[k]
            places = np.linspace(edges[0], edges[-1], STEPS + 1)
            if one.place is not None:
                turn = np.radians(these.azimuth[k])
                off = np.array(one.place) - these.centre[k]
                across, along = off @ [np.sin(turn), np.cos(turn)], off @ [-np.cos(turn), np.sin(turn)]
                reach = float(these.mean.cover[k]) + 0.5 * max(one.pad)
                if abs(along) > these.length[k] / 2 + reach or abs(across) > edges[-1] + reach:
                    continue
                places = np.array([across])
            cover, length = float(these.mean.cover[k]), float(these.length[k])
            loads = on_street.pad_loads(one.load_kn, one.pad, edges, places, cover, method=settings.spread, length=length)
            _put(found, made, k, loads, f"crane: {one.name}")
    return found
