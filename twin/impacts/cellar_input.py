"""Cellars and loads as they come, made into arrays: what is known, between which bounds the rest lies, and what stands where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import GeometryError, ParameterError, did_you_mean
from twin.geo.cellar_faults import faults_in
from twin.scenario.routes import VEHICLES
from twin.scenario.routes import Vehicle as StreetVehicle
from twin.sim.impact.cellar.arch import BRICKWORK_KN_M3, FILL_KN_M3
from twin.sim.impact.cellar.loads import TRACK_M, WHEEL_M, WHEELBASE_M, Panels, Vehicle, axles_of
from twin.sim.impact.cellar.screen import Vaults

if TYPE_CHECKING:
    from collections.abc import Iterable

RINGS_M = (0.22, 0.33)
"""Thickness of Utrecht's vaults where it is not known: estimates [m]."""
SPRINGING_SHARES = (0.3, 0.45, 0.6)
"""Height of the springing over that of the crown where it is not known, least, as taken and most: estimates [1]."""
COVER_OFF_M = 0.2
"""By how much cover may be off where floor or crown are estimated: an estimate [m]."""
LEAST_COVER_M = 0.1
BACKING_SHARE = 0.5
"""Most of the rise that haunches may be solid where that is not known; none is taken [1]."""
FILLS = (16.0, FILL_KN_M3, 20.0)
OVERLAP_M2 = 0.5
NEEDED = ("floor_m", "crown_m", "vault_m", "cover_m")


@dataclass(frozen=True)
class Taken:
    """Cellars as they are taken.

    Parameters
    ----------
    rows : (N,) int64
        Rows of the frame that can be looked at.
    low, mean, high : Vaults
        Weakest, taken, strongest, of these rows.
    length : (N,) float64
        Along the barrel [m].
    azimuth : (N,) float64
        Of the span [deg].
    centre : (N, 2) float64
        [m]
    unknowns : tuple of tuple of str
        Of each row: what is not known of it.
    notes : dict of int to list of str
        Of every row of the frame: what is odd, or why it is not looked at (measures that cannot be, see `twin.geo.cellar_faults`).
    """

    rows: NDArray[np.int64]
    low: Vaults
    mean: Vaults
    high: Vaults
    length: NDArray[np.float64]
    azimuth: NDArray[np.float64]
    centre: NDArray[np.float64]
    unknowns: tuple[tuple[str, ...], ...]
    notes: dict[int, list[str]]


def _numbers(frame: gpd.GeoDataFrame, name: str) -> NDArray[np.float64]:
    if name not in frame:
        return np.full(len(frame), np.nan)
    values = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(values) & (np.abs(values) < 900.0), values, np.nan)


def _see(bad: NDArray[np.bool_], frame: gpd.GeoDataFrame, what: str, hint: str) -> None:
    if bad.any():
        ids = [str(one) for one in frame.index[bad]]
        more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
        raise ParameterError(what, where=f"cellar {', '.join(ids[:3])}{more}", hint=hint)


def taken(cellars: gpd.GeoDataFrame) -> Taken:
    """Measures of cellars with their bounds.

    Raises
    ------
    ParameterError
        For a layer that is none, the same id twice, a vault without thickness or of more than 2 m, cover below 0, a crown at or
        below the springing.
    """
    if not isinstance(cellars, gpd.GeoDataFrame):
        raise ParameterError(f"cellars are a GeoDataFrame, not {type(cellars).__name__}", hint='city.layers["cellars"], as a rule')
    lacking = [name for name in NEEDED if name not in cellars]
    if lacking:
        raise ParameterError(
            f"cellars lack {', '.join(lacking)}", hint="`read_city` gives them to cellars of any source, estimated where need be"
        )
    if not cellars.index.is_unique:
        twice = str(cellars.index[cellars.index.duplicated()][0])
        raise ParameterError(f"two cellars have the id `{twice}`", hint="give each its own index")
    wrong = faults_in(cellars)
    sound = wrong == ""
    crown, ring, cover, springing = (
        np.where(sound, _numbers(cellars, name), np.nan) for name in ("crown_m", "vault_m", "cover_m", "springing_m")
    )
    _see((ring <= 0) | (ring > 2), cellars, "the vault is not between 0 and 2 m thick", "`vault_m` is the thickness of the ring")
    _see(cover < 0, cellars, "the cover is below 0: the vault is above the ground", "`cover_m` is the ground above the crown")
    _see(crown <= 0, cellars, "the crown is not above the floor", "`crown_m` is the height of the crown above the floor")
    _see(springing >= crown, cellars, "the springing is not below the crown", "both are heights above the floor")
    _see(springing < 0, cellars, "the springing is below the floor", "`springing_m` is its height above the floor")
    shapes = np.asarray(cellars.geometry.array, dtype=object)
    usable = np.isin(shapely.get_type_id(shapes), (3, 6)) & shapely.is_valid(shapes) & ~shapely.is_empty(shapes)
    notes: dict[int, list[str]] = {row: [] for row in range(len(cellars))}
    for row in np.flatnonzero(~usable):
        notes[int(row)].append("the outline is not a valid polygon")
    for row in np.flatnonzero(~sound):
        notes[int(row)].append(str(wrong[row]))
    for row in np.flatnonzero(usable & sound & np.isnan(cover)):
        notes[int(row)].append("the cover is not known: the height of the ground is not")
    azimuth = _numbers(cellars, "span_azimuth_deg")
    rows = np.flatnonzero(usable & sound & np.isfinite(cover) & np.isfinite(crown) & np.isfinite(ring) & np.isfinite(azimuth))
    for row in np.flatnonzero(usable & np.isnan(azimuth)):
        notes[int(row)].append("the direction of the span is not known")
    _overlaps(shapes, rows, cellars, notes)
    span, length, centre = _sizes(shapes[rows], azimuth[rows])
    for row, wide, long in zip(rows, span, length, strict=True):
        if wide > 1.05 * long:
            notes[int(row)].append(f"the span ({wide:.1f} m) is more than the length ({long:.1f} m): is its direction right?")
    measures = crown[rows], ring[rows], cover[rows], springing[rows], span
    low, mean, high, unknowns = _bounds(cellars.iloc[rows], *measures, notes, rows)
    return Taken(rows, low, mean, high, length, azimuth[rows], centre, unknowns, notes)


def _overlaps(
    shapes: NDArray[np.object_], rows: NDArray[np.int64], cellars: gpd.GeoDataFrame, notes: dict[int, list[str]]
) -> None:
    """Note cellars that lie over or through each other: there are such, but loads then count on both."""
    first, second = shapely.STRtree(shapes[rows]).query(shapes[rows], predicate="intersects")
    apart = first < second
    first, second = rows[first[apart]], rows[second[apart]]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    for one, other in zip(first[shared > OVERLAP_M2], second[shared > OVERLAP_M2], strict=True):
        notes[int(one)].append(f"overlaps cellar {cellars.index[other]}")
        notes[int(other)].append(f"overlaps cellar {cellars.index[one]}")


def _sizes(
    shapes: NDArray[np.object_], azimuth: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Width across and length along the barrel, and the middle of both, of outlines."""
    span, length, centre = np.empty(len(shapes)), np.empty(len(shapes)), np.empty((len(shapes), 2))
    for k, (shape, degrees) in enumerate(zip(shapes, azimuth, strict=True)):
        turn = np.radians(degrees)
        basis = np.array([[np.sin(turn), np.cos(turn)], [-np.cos(turn), np.sin(turn)]])
        local = shapely.get_coordinates(shape) @ basis.T
        low, high = local.min(axis=0), local.max(axis=0)
        span[k], length[k] = high - low
        centre[k] = (0.5 * (low + high)) @ basis
    return span, length, centre


def _bounds(
    frame: gpd.GeoDataFrame, crown: NDArray[np.float64], ring: NDArray[np.float64], cover: NDArray[np.float64],
    springing: NDArray[np.float64], span: NDArray[np.float64], notes: dict[int, list[str]], rows: NDArray[np.int64],
) -> tuple[Vaults, Vaults, Vaults, tuple[tuple[str, ...], ...]]:  # fmt: skip
    if "estimated_columns" in frame:
        guesses = frame["estimated_columns"].fillna("").astype(str).tolist()
    else:
        estimated = frame["estimated"].to_numpy(bool) if "estimated" in frame else np.zeros(len(frame), bool)
        guesses = [" ".join(NEEDED) if one else "" for one in estimated]
    guessed = np.array([[name in text for name in NEEDED] for text in guesses], dtype=bool).reshape(len(frame), 4)
    no_springing = np.isnan(springing)
    shares = [np.where(no_springing, share * crown, springing) for share in SPRINGING_SHARES]
    # a rise of half the span is a semicircle: more of it is wall
    rises = [np.minimum(crown - one, span / 2.0) for one in shares]
    for k in np.flatnonzero((crown - springing > 1.001 * span / 2.0) & ~no_springing):
        notes[int(rows[k])].append("the rise is more than half the span: taken as a semicircle on walls")
    no_ring = guessed[:, 2]
    rings = (np.where(no_ring, RINGS_M[0], ring), ring, np.where(no_ring, RINGS_M[1], ring))
    off = np.where(guessed[:, [0, 1, 3]].any(axis=1), COVER_OFF_M, 0.0)
    covers = (np.maximum(cover - off, np.minimum(cover, LEAST_COVER_M)), cover, cover + off)
    backing = _numbers(frame, "backing_m")
    no_backing = np.isnan(backing)
    most = np.where(no_backing, BACKING_SHARE * rises[1], backing)
    least = np.where(no_backing, 0.0, backing)
    bricks = np.full(len(frame), BRICKWORK_KN_M3)
    made = [
        Vaults(span, rise, ring_m, cover_m, back, bricks, np.full(len(frame), fill))
        for rise, ring_m, cover_m, back, fill in zip(
            (rises[2], rises[1], rises[0]), rings, covers, (least, least, most), FILLS, strict=True
        )
    ]
    words = (("ring", no_ring), ("shape (springing)", no_springing), ("cover", off > 0), ("backing", no_backing))
    always = ("unit weight of the ground", "strength of the masonry", "abutments (taken as immovable)")
    states = [(name, column_of(frame, name) == "unknown") for name in ("condition", "foundation")]
    unknowns = tuple(
        (*(word for word, rows_of in (*words, *states) if rows_of[k]), *always) for k in range(len(frame))
    )
    return made[0], made[1], made[2], unknowns


def column_of(frame: pd.DataFrame, name: str) -> NDArray[np.object_]:
    """A column of words; ``unknown`` where it is not there or says nothing."""
    if name not in frame:
        return np.full(len(frame), "unknown", dtype=object)
    return np.array([value.strip().lower() or "unknown" if isinstance(value, str) else "unknown" for value in frame[name]], object)


def panels_of(these: Taken, edges: NDArray[np.float64], panel_m: float) -> Panels:
    """Parts of cellars along their barrels, of at most so many metres."""
    parts: dict[str, list[Any]] = {name: [] for name in Panels._fields}
    for k, long in enumerate(these.length):
        count = max(1, int(np.ceil(long / panel_m - 1e-9)))
        turn = np.radians(these.azimuth[k])
        east, north = float(np.sin(turn)), float(np.cos(turn))
        for j in range(count):
            along = long * ((j + 0.5) / count - 0.5)
            x, y = these.centre[k, 0] - along * north, these.centre[k, 1] + along * east
            row = (k, x, y, east, north, edges[k], long / count / 2.0)
            for name, value in zip(Panels._fields, row, strict=True):
                parts[name].append(value)
    cellar = np.array(parts.pop("cellar"), dtype=np.int64)
    return Panels(cellar, *(np.array(values, dtype=np.float64) for values in parts.values()))


def polygons_of(panels: Panels) -> NDArray[np.object_]:
    """Outlines of strips, (P, S) polygons."""
    count, strips = panels.edges.shape[0], panels.edges.shape[1] - 1
    u = np.stack([panels.edges[:, :-1], panels.edges[:, 1:], panels.edges[:, 1:], panels.edges[:, :-1]], axis=-1)
    v = np.array([-1.0, -1.0, 1.0, 1.0]) * panels.half[:, None, None]
    x = panels.x[:, None, None] + u * panels.east[:, None, None] - v * panels.north[:, None, None]
    y = panels.y[:, None, None] + u * panels.north[:, None, None] + v * panels.east[:, None, None]
    return np.asarray(shapely.polygons(np.stack([x, y], axis=-1).reshape(-1, 4, 2))).reshape(count, strips)


def vehicles_of(vehicles: Iterable[Any] | str | None) -> list[Vehicle]:
    """Vehicles by name, as a `twin.scenario.routes.Vehicle`, or as a mapping with ``axles_t`` and ``distances_m``.

    Raises
    ------
    ParameterError
    """
    if vehicles is None:
        return []
    return [_vehicle(one) for one in ([vehicles] if isinstance(vehicles, str | Mapping | StreetVehicle | Vehicle) else vehicles)]


def _vehicle(one: Any) -> Vehicle:
    if isinstance(one, Vehicle):
        return one
    if isinstance(one, str):
        known = VEHICLES.get(one.strip().lower())
        if known is None:
            raise ParameterError(f"`{one}` is no vehicle{did_you_mean(one, VEHICLES)}", hint=f"there are {', '.join(VEHICLES)}")
        one = known
    if isinstance(one, StreetVehicle):
        if one.axle_load_t <= 0:
            raise ParameterError(f"the {one.name} has no axle load", hint="people on foot are a crowd")
        loads, places = axles_of(one.axle_load_t, max(one.weight_t, one.axle_load_t))
        track = max(1.0, min(TRACK_M, one.width_m - 0.3))
        return Vehicle(one.name, loads, places, track, WHEEL_M, one.width_m, one.emergency, True)
    if not isinstance(one, Mapping):
        raise ParameterError(f"{one!r} is no vehicle", hint='a name, or {"name": ..., "axles_t": [...], "distances_m": [...]}')
    return _stated(one)


def _stated(one: Mapping[str, Any]) -> Vehicle:
    name, where = str(one.get("name", "vehicle")), f"vehicle `{one.get('name', 'vehicle')}`"
    keys = ("name", "axles_t", "distances_m", "track_m", "wheel_m", "width_m", "weight_t", "emergency")
    for key in one:
        if key not in keys:
            near = did_you_mean(str(key), keys)
            raise ParameterError(f"there is no `{key}`{near}", where=where, hint=f"there are {', '.join(keys)}")
    axles = np.atleast_1d(np.asarray(one.get("axles_t", ()), dtype=np.float64))
    if not len(axles) or not (np.isfinite(axles) & (axles > 0)).all():
        raise ParameterError("its axles are loads above 0, one at least", where=where, hint='"axles_t": [6.5, 11.5]')
    places = np.asarray(one.get("distances_m", WHEELBASE_M * np.arange(len(axles))), dtype=np.float64)
    if places.shape != axles.shape or not np.isfinite(places).all() or (np.diff(places) <= 0).any():
        raise ParameterError(
            "its distances are one for each axle, from the first, rising", where=where, hint='"distances_m": [0.0, 3.5]'
        )
    if "weight_t" in one and abs(float(one["weight_t"]) - axles.sum()) > 0.01 * axles.sum():
        raise ParameterError(f"its axles make {axles.sum():g} t, not {float(one['weight_t']):g} t", where=where, hint="mend either")
    sizes = [float(one.get(key, default)) for key, default in (("track_m", TRACK_M), ("wheel_m", WHEEL_M), ("width_m", 2.3))]
    if not all(np.isfinite(size) and size > 0 for size in sizes):
        raise ParameterError("track, wheel and width are above 0", where=where)
    assumed = "distances_m" not in one and len(axles) > 1
    return Vehicle(name, axles, places - places[0], sizes[0], sizes[1], sizes[2], bool(one.get("emergency", False)), assumed)


@dataclass(frozen=True)
class Crane:
    """An outrigger: its load [kN], its pad [m], its place [m] or None for any."""

    name: str
    load_kn: float
    pad: tuple[float, float]
    place: tuple[float, float] | None


def cranes_of(cranes: Sequence[Any] | Mapping[str, Any] | None) -> list[Crane]:
    """Outriggers of cranes.

    Raises
    ------
    ParameterError
    """
    made = []
    for n, one in enumerate([cranes] if isinstance(cranes, Mapping) else cranes or ()):
        name = str(one.get("name", f"crane {n + 1}"))
        if "outrigger_kn" not in one:
            raise ParameterError(
                "there is no `outrigger_kn`", where=name, hint="the reaction of one outrigger, from the table of the crane's maker"
            )
        load = float(one["outrigger_kn"])
        pad = np.broadcast_to(np.asarray(one.get("pad_m", 1.0), dtype=np.float64), 2)
        if not (np.isfinite(load) and load > 0):
            raise ParameterError("the load of an outrigger is above 0", where=name)
        if not (np.isfinite(pad).all() and (pad > 0).all()):
            raise ParameterError("a pad has a size above 0", where=name, hint='"pad_m": 1.0, or [1.0, 2.0]')
        at = one.get("at")
        place = None
        if at is not None:
            stated = shapely.get_coordinates(at) if isinstance(at, shapely.Geometry) else np.asarray(at, dtype=np.float64)
            point = stated.reshape(-1, 2)
            if len(point) != 1 or not np.isfinite(point).all():
                raise ParameterError("an outrigger stands at one point", where=name, hint='"at": (x, y)')
            place = (float(point[0, 0]), float(point[0, 1]))
        made.append(Crane(name, load, (float(pad[0]), float(pad[1])), place))
    return made


class Stage(NamedTuple):
    """A stage or stall: its outline, and its load, NaN where none is stated [kN/m2]."""

    name: str
    shape: shapely.Geometry
    load: float


def stages_of(stages: gpd.GeoDataFrame | None, crs: Any) -> list[Stage]:
    """Stages and stalls.

    Raises
    ------
    ParameterError, GeometryError
    """
    if stages is None:
        return []
    if not isinstance(stages, gpd.GeoDataFrame):
        raise ParameterError(f"stages are a GeoDataFrame, not {type(stages).__name__}", hint="outlines with a column `load_kn_m2`")
    if stages.crs is not None and crs is not None and stages.crs != crs:
        stages = stages.to_crs(crs)
    loads = _numbers(stages, "load_kn_m2")
    if (loads < 0).any():
        raise ParameterError("the load of a stage is below 0", where="load_kn_m2")
    made = []
    for key, shape, load in zip(stages.index, stages.geometry, loads, strict=True):
        if shape is None or shape.is_empty or not shape.is_valid or shapely.get_type_id(shape) not in (3, 6):
            raise GeometryError("a stage is a valid polygon", where=f"stage {key}")
        made.append(Stage(str(key), shape, float(load)))
    return made
