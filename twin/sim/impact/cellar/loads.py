"""Loads above cellars: crowds, stages and stalls, vehicles, outriggers of cranes, as pressures on strips; the rule."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.jit import njit, prange
from twin.sim.impact.cellar.spread import strip_parts, width_along

GRAVITY = 9.81
PERSON_KG = 80.0
REFERENCE_KN_M2 = 5.0
"""Of large crowds: EN 1991-1-1 category C5, EN 1991-2 load model 4 [kN/m2]."""
RULE_AXLE_T, RULE_WEIGHT_T, RULE_WIDTH_M = 2.0, 3.5, 2.30
"""What may go over wharf cellars (municipality of Utrecht); emergency services are exempt [t], [t], [m]."""
DYNAMIC, DYNAMIC_SLOW, SLOW_KM_H = 1.8, 1.3, 15.0
"""Dynamic factor of wheels: 1.8 as BD 21 has it on the critical axle (from memory; measured wheels reach twice their static load,
Prat and Jacob), 1.3 at walking pace, which is a choice and no norm."""
TRACK_M, WHEEL_M, WHEELBASE_M = 1.8, 0.4, 3.5
"""Distance of wheels, side of their patch (EN 1991-2 load model 1), and of axles where a vehicle does not say; estimates [m]."""
STEPS = 160
"""Places of a vehicle in a span. On vaults of the sample twenty missed up to 4 % of the worst of 320, these 0.1 %."""


class Vehicle(NamedTuple):
    """A vehicle as it loads a vault.

    Parameters
    ----------
    name : str
    axles_t : (A,) float64
        From front to back [t].
    places : (A,) float64
        Distance of each from the first, rising [m].
    track, wheel : float
        Between the wheels of an axle; side of the patch of one [m].
    width : float
        Of the vehicle [m].
    emergency : bool
    assumed : bool
        Whether axles are made of the heaviest one and the weight.
    """

    name: str
    axles_t: NDArray[np.float64]
    places: NDArray[np.float64]
    track: float = TRACK_M
    wheel: float = WHEEL_M
    width: float = 0.0
    emergency: bool = False
    assumed: bool = False

    @property
    def weight_t(self) -> float:
        """In all [t]."""
        return float(self.axles_t.sum())


def crowd_pressure(density: ArrayLike, person_kg: float = PERSON_KG) -> NDArray[np.float64]:
    """Pressure of people who stand [kN/m2]; density in people/m2."""
    return np.asarray(density, np.float64) * (person_kg * GRAVITY / 1000.0)


def axles_of(axle_t: float, weight_t: float, wheelbase: float = WHEELBASE_M) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Axles of a vehicle of which only the heaviest and the weight are known: the rest stands on axles before it, none heavier.

    Returns
    -------
    axles_t, places : (A,) float64
        [t], [m]
    """
    rest = max(0.0, weight_t - axle_t)
    more = math.ceil(rest / axle_t - 1e-9) if axle_t > 0.0 else 0
    loads = np.array([*([rest / more] * more if more else []), axle_t])
    return loads, wheelbase * np.arange(len(loads), dtype=np.float64)


def rule(axle_t: float, weight_t: float, width_m: float, *, emergency: bool = False) -> str:
    """What the municipal rule says of a vehicle above cellars: ``"exempt"``, ``"allowed"`` or ``"not allowed"``."""
    if emergency:
        return "exempt"
    fits = axle_t <= RULE_AXLE_T and weight_t <= RULE_WEIGHT_T and width_m <= RULE_WIDTH_M
    return "allowed" if fits else "not allowed"


def vehicle_loads(
    vehicle: Vehicle, edges: NDArray[np.float64], depth: ArrayLike, *, method: str = "2:1", dynamic: float = DYNAMIC,
    length: ArrayLike = math.inf, along: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """A vehicle that drives over vaults in steps of 1/`STEPS` of the span or less, in both directions.

    Steps are those of each vault by itself, so that one is loaded alike alone and among others.

    Parameters
    ----------
    vehicle : Vehicle
    edges : (..., S + 1) float64
        Of the strips [m].
    depth, length : (...) float64
        Of the crown of the vault below the street; of the cellar along the barrel [m].
    method : str
        How loads spread: one of `twin.sim.impact.cellar.spread.METHODS`.
    dynamic : float
        On all wheels [1].
    along : bool
        Drive along the barrel instead of across the span: the two wheels of the heaviest axle stand beside each other in the
        span, at any place.

    Returns
    -------
    loads : (..., T, S) float64
        [kPa]
    places : (..., T) float64
        Of the heaviest axle (or of the middle of it) from the middle of the span [m].
    """
    edges = np.asarray(edges, np.float64)
    half = 0.5 * (edges[..., -1] - edges[..., 0])
    heaviest = int(vehicle.axles_t.argmax())
    kn = vehicle.axles_t * (0.5 * GRAVITY * dynamic)
    if along:
        reach = np.array([vehicle.track, vehicle.track])
        lines = [(np.full(2, kn[heaviest]), np.array([-0.5, 0.5]) * vehicle.track)]
    else:
        offset = vehicle.places - vehicle.places[heaviest]
        # from where its last axle comes onto the vault to where its first leaves it
        reach = np.array([offset[-1], -offset[0]])
        lines = [(kn, offset), (kn, -offset)]
    wide = width_along(vehicle.wheel, depth, method, pair=0.0 if along else vehicle.track, room=length)
    found, places = [], []
    for (wheel_kn, offsets), (before, after) in zip(lines, (reach, reach[::-1]), strict=False):
        first, last = -half - before, half + after
        steps = np.ceil((last - first) / (2.0 * half / STEPS))
        # where a vault takes fewer steps than others its last place is repeated
        share = np.minimum(np.arange(int(np.max(steps)) + 1) / steps[..., None], 1.0)
        at = first[..., None] + (last - first)[..., None] * share
        total = np.zeros((*at.shape, edges.shape[-1] - 1))
        for load, off in zip(wheel_kn, offsets, strict=True):
            parts = strip_parts(edges, at + off, vehicle.wheel, depth, method)
            total += (load / wide)[..., None, None] * parts / np.diff(edges, axis=-1)[..., None, :]
        found.append(total)
        places.append(at)
    return np.concatenate(found, axis=-2), np.concatenate(places, axis=-1)


def pad_loads(
    load_kn: float, pad: tuple[float, float], edges: NDArray[np.float64], places: ArrayLike, depth: float, *,
    method: str = "2:1", length: float = math.inf,
) -> NDArray[np.float64]:  # fmt: skip
    """An outrigger on its pad, at places across the span, (T, S) [kPa].

    Parameters
    ----------
    load_kn : float
        Of the outrigger, from the table of the maker [kN].
    pad : (float, float)
        Across the span and along the barrel [m].
    edges : (S + 1,) float64
    places : (T,) float64
        [m]
    depth, length : float
        Of the crown below the street; of the cellar [m].
    """
    wide = width_along(pad[1], depth, method, room=length)
    return np.asarray((load_kn / wide) * strip_parts(edges, places, pad[0], depth, method) / np.diff(edges))


NEAR_M = 4.0
"""Cell of the grid in which panels are looked up [m]."""
Nearby: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64], tuple[float, float, int, int]]


class Panels(NamedTuple):
    """Parts of cellars along their barrels, in which the load is taken as the same along the barrel.

    Parameters
    ----------
    cellar : (P,) int64
        That a panel is of; panels of a cellar follow each other.
    x, y : (P,) float64
        Middle of the panel [m].
    east, north : (P,) float64
        Direction of the span, of length 1.
    edges : (P, S + 1) float64
        Of its strips across the span, from the middle [m].
    half : (P,) float64
        Half its length along the barrel [m].
    """

    cellar: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    east: NDArray[np.float64]
    north: NDArray[np.float64]
    edges: NDArray[np.float64]
    half: NDArray[np.float64]


def nearby(panels: Panels, cell: float = NEAR_M) -> Nearby:
    """Which panels each cell of a coarse grid touches.

    Returns
    -------
    start, panel : (cells + 1,), (K,) int64
        Panels of cell c are ``panel[start[c]:start[c + 1]]``.
    grid : (west, south, columns, rows)
    """
    reach = np.hypot(np.abs(panels.edges).max(axis=1), panels.half)
    west, south = float((panels.x - reach).min()), float((panels.y - reach).min())
    columns = int(((panels.x + reach).max() - west) / cell) + 1
    rows = int(((panels.y + reach).max() - south) / cell) + 1
    cells, which = [], []
    for p in range(len(panels.x)):
        c0, c1 = (int((panels.x[p] + side * reach[p] - west) / cell) for side in (-1, 1))
        r0, r1 = (int((panels.y[p] + side * reach[p] - south) / cell) for side in (-1, 1))
        near = (np.arange(r0, r1 + 1)[:, None] * columns + np.arange(c0, c1 + 1)[None, :]).ravel()
        cells.append(near)
        which.append(np.full(len(near), p, np.int64))
    at, panel = np.concatenate(cells), np.concatenate(which)
    order = np.argsort(at, kind="stable")
    start = np.searchsorted(at[order], np.arange(columns * rows + 1)).astype(np.int64)
    return start, panel[order], (west, south, columns, rows)


@njit(parallel=True)
def _stand(first, x, y, start, near, west, south, columns, rows, cell, panels, people):
    strips = panels.edges.shape[1] - 1
    for one in prange(len(first) - 1):
        t = np.int64(one)
        for i in range(first[t], first[t + 1]):
            if not (np.isfinite(x[i]) and np.isfinite(y[i])):
                continue
            column, row = int(np.floor((x[i] - west) / cell)), int(np.floor((y[i] - south) / cell))
            if column < 0 or row < 0 or column >= columns or row >= rows:
                continue
            at = row * columns + column
            for k in range(start[at], start[at + 1]):
                p = near[k]
                dx, dy = x[i] - panels.x[p], y[i] - panels.y[p]
                across = dx * panels.east[p] + dy * panels.north[p]
                along = dy * panels.east[p] - dx * panels.north[p]
                low, high = panels.edges[p, 0], panels.edges[p, strips]
                # a panel has its lower end, so that nobody is counted on two
                if along < -panels.half[p] or along >= panels.half[p] or across < low or across >= high:
                    continue
                people[p, t, min(strips - 1, int((across - low) / (high - low) * strips))] += np.float32(1.0)


def people_on_strips(
    second: ArrayLike, x: ArrayLike, y: ArrayLike, panels: Panels, seconds: int, near: Nearby | None = None
) -> NDArray[np.float32]:
    """How many people stand on each strip of each panel in each second.

    Parameters
    ----------
    second : (N,) int64
        0 to `seconds` - 1; others are left out.
    x, y : (N,) float64
        Of one person in one second [m].
    panels : Panels
        With strips of equal width.
    seconds : int
    near : Nearby, optional
        Of `nearby`, to be made once.

    Returns
    -------
    (P, T, S) float32
    """
    second = np.asarray(second, np.int64)
    inside = (second >= 0) & (second < seconds)
    order = np.flatnonzero(inside)[np.argsort(second[inside], kind="stable")]
    first = np.searchsorted(second[order], np.arange(seconds + 1)).astype(np.int64)
    start, which, (west, south, columns, rows) = nearby(panels) if near is None else near
    people = np.zeros((len(panels.x), seconds, panels.edges.shape[1] - 1), np.float32)
    if len(order):
        places = [np.asarray(one, np.float64)[order] for one in (x, y)]
        _stand(first, places[0], places[1], start, which, west, south, columns, rows, NEAR_M, panels, people)
    return people


def strip_areas(panels: Panels) -> NDArray[np.float64]:
    """Of each strip of each panel, (P, S) [m2]."""
    return np.diff(panels.edges, axis=1) * (2.0 * panels.half)[:, None]


def field_on_strips(
    density: NDArray[np.float64], west: float, north: float, cell: float, panels: Panels, *, across: int = 2, along: int = 8
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Mean density on each strip of each panel, from a field.

    Parameters
    ----------
    density : (T, R, C) float64
        Row 0 is north; NaN where nobody can be, which counts as nobody [people/m2].
    west, north : float
        Of the field's corner [m].
    cell : float
        [m]
    panels : Panels
    across, along : int
        Points of each strip that are looked at.

    Returns
    -------
    (P, T, S) float32
        [people/m2]
    (P,) bool
        Panels that lie in the field as a whole; the others cannot be judged.
    """
    strips = panels.edges.shape[1] - 1
    share = (np.arange(strips * across) + 0.5) / (strips * across)
    u = panels.edges[:, :1] + (panels.edges[:, -1:] - panels.edges[:, :1]) * share
    v = panels.half[:, None] * (2.0 * (np.arange(along) + 0.5) / along - 1.0)
    x = panels.x[:, None, None] + u[:, :, None] * panels.east[:, None, None] - v[:, None, :] * panels.north[:, None, None]
    y = panels.y[:, None, None] + u[:, :, None] * panels.north[:, None, None] + v[:, None, :] * panels.east[:, None, None]
    column, row = np.floor((x - west) / cell).astype(np.int64), np.floor((north - y) / cell).astype(np.int64)
    inside = (column >= 0) & (row >= 0) & (column < density.shape[2]) & (row < density.shape[1])
    column, row = np.where(inside, column, 0), np.where(inside, row, 0)
    out = np.empty((len(panels.x), len(density), strips), np.float32)
    for t, moment in enumerate(density):
        there = np.where(inside, np.nan_to_num(moment[row, column]), 0.0)
        out[:, t] = there.reshape(len(panels.x), strips, across * along).mean(axis=2)
    return out, inside.all(axis=(1, 2))
