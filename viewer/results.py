"""Layers of a result: fields draped on their floors, and people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean
from viewer import style
from viewer.scene import FieldLayer, LabelLayer, Legend, PeopleLayer
from viewer.words import readable_id

if TYPE_CHECKING:
    from twin.impact_result import Classes, ImpactResult
    from twin.result import Result

OVER_LINE_M = 2.5
"""The name of a counting line hangs this far above the floor, over the heads [m]."""


def field_layers(result: Result, name: str, origin: NDArray[np.float64]) -> list[FieldLayer]:
    """One layer a level for a variable of the result.

    Raises
    ------
    ParameterError
        When the result has no such variable.
    """
    fields = result.fields
    if not fields.data_vars:
        return []
    if name not in fields:
        names = [str(key) for key in fields.data_vars]
        raise ParameterError(f"the result has no field `{name}`{did_you_mean(name, names)}", hint=f"it has: {', '.join(names)}")
    array = fields[name]
    x, y = np.asarray(fields["x"], float), np.asarray(fields["y"], float)
    cell = float(abs(x[1] - x[0])) if len(x) > 1 else float(abs(y[1] - y[0])) if len(y) > 1 else 1.0
    flip = len(y) > 1 and y[1] > y[0]
    times = np.asarray(fields["time"], float) if "time" in array.dims else np.zeros(1)
    levels = [str(level) for level in np.asarray(fields["level"])] if "level" in array.dims else [""]
    out = []
    for index, level in enumerate(levels):
        values = np.asarray(array.isel(level=index) if "level" in array.dims else array, dtype=np.float32)
        values = values if values.ndim == 3 else values[None]
        height = _heights(fields, index, values.shape[1:]) - np.float32(origin[2])
        if flip:
            values, height = values[:, ::-1], height[::-1]
        values = np.where((values >= style.EMPTY_BELOW) & np.isfinite(height), values, np.float32(np.nan))
        out.append(
            _cropped(
                name,
                level,
                float(x.min() - cell / 2 - origin[0]),
                float(y.max() + cell / 2 - origin[1]),
                cell,
                height,
                times,
                values,
            )
        )
    return [layer for layer in out if layer is not None]


def _heights(fields: Any, index: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    if "floor_height" not in fields:
        return np.zeros(shape, np.float32)
    height = fields["floor_height"]
    return np.asarray(height.isel(level=index) if "level" in height.dims else height, dtype=np.float32).copy()


def _cropped(
    name: str,
    level: str,
    west: float,
    north: float,
    cell: float,
    height: NDArray[np.float32],
    times: NDArray[np.float64],
    values: NDArray[np.float32],
) -> FieldLayer | None:
    used = np.asarray(np.isfinite(values).any(axis=0))
    if not used.any():
        return None
    rows, columns = np.flatnonzero(np.any(used, axis=1)), np.flatnonzero(np.any(used, axis=0))
    i0, i1, j0, j1 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    label = f"Density: {level}" if level else "Density"
    return FieldLayer(
        f"{name}_{level}" if level else name,
        label,
        west + j0 * cell,
        north - i0 * cell,
        cell,
        np.ascontiguousarray(height[i0:i1, j0:j1]),
        times,
        np.ascontiguousarray(values[:, i0:i1, j0:j1]),
        "density",
    )


def impact_layers(result: Result, origin: NDArray[np.float64]) -> tuple[list[FieldLayer], list[Legend]]:
    """Fields of the impacts of a result, on open ground or on roofs, and what their colours mean.

    The first field of an impact is there for each of its days, others for the first one. They are hidden, but for the very first
    one of a result without a crowd.
    """
    layers: list[FieldLayer] = []
    legends: list[Legend] = []
    for impact in result.impacts.values():
        for number, classes in enumerate(impact.classes):
            array = impact.fields[classes.variable]
            days = [str(day) for day in array["day"].to_numpy()] if "day" in array.dims else [""]
            for day in days if number == 0 else days[:1]:
                layers.append(_of_impact(impact, classes, day, origin, visible=not (layers or result.has_crowd)))
            legends += style.impact_legends(classes)
    return layers, legends


def _of_impact(
    impact: ImpactResult, classes: Classes, day: str, origin: NDArray[np.float64], *, visible: bool
) -> FieldLayer:  # fmt: skip
    fields = impact.fields
    array = fields[classes.variable].sel(day=day) if day else fields[classes.variable]
    given = array.to_numpy()
    there = ~np.isnan(given) & (classes.roofs | (fields["on_ground"].to_numpy() > 0))
    height = fields["surface_height"].to_numpy() - np.float32(origin[2])
    x, y, cell = fields["x"].to_numpy(), fields["y"].to_numpy(), float(fields.attrs["cell_m"])
    # what is never reached lies beyond every border, of values and of changes, but not so far that nothing else shows
    never = classes.borders[-1] + 2.0 * max(classes.change_borders, default=1.0)
    values = np.where(there, np.where(np.isposinf(given), never, given), np.nan).astype(np.float32)
    name, label = classes.variable, classes.title
    if day:
        from twin.impacts.sun_position import spoken

        name, label = f"{name}_{day[5:].replace('-', '')}", f"{label}, {spoken(day)}"
    west, north = float(x.min() - cell / 2 - origin[0]), float(y.max() + cell / 2 - origin[1])
    height = np.where(there, height, np.float32(np.nan))
    return FieldLayer(
        name, label, west, north, cell, np.ascontiguousarray(height), np.zeros(1), values[None], classes.variable, visible=visible,
        roofs=classes.roofs,
    )


def people_layer(result: Result, origin: NDArray[np.float64]) -> PeopleLayer | None:
    """People by frame, in local coordinates; None when nobody was recorded."""
    table = result.trajectories
    if not len(table):
        return None
    frame = table["frame"].to_numpy()
    order = np.argsort(frame, kind="stable")
    rate = float(table.attrs.get("frame_rate", 1.0)) or 1.0
    numbers = _frames(np.unique(frame), rate, result)
    start = np.searchsorted(frame[order], numbers)
    z = table["z"].to_numpy(float) if "z" in table else np.full(len(table), float(origin[2]))
    positions = np.column_stack([table["x"].to_numpy(float), table["y"].to_numpy(float), z]) - origin
    return PeopleLayer(
        "people",
        "People",
        numbers.astype(np.float64) / rate,
        np.append(start, len(table)).astype(np.int64),
        table["id"].to_numpy()[order].astype(np.int32),
        positions[order].astype(np.float32),
        style.PERSON,
    )


def _frames(there: NDArray[np.int64], rate: float, result: Result) -> NDArray[np.int64]:
    """Frames from the first with somebody in it to the end of the run, those with nobody too: who has left is not there."""
    step = int(np.diff(there).min()) if len(there) > 1 else max(1, round(rate))
    fields = result.fields
    end = float(np.max(np.asarray(fields["time"], dtype=float))) if "time" in fields.coords and fields["time"].size else 0.0
    # at the very end nothing is recorded: only what lies a frame or more before it says that everybody had left
    over = int(end * rate + 1e-6)
    last = over if over - int(there[-1]) > 1.5 * step else int(there[-1])
    whole = np.arange(int(there[0]), last + 1, step, dtype=np.int64)
    return np.union1d(whole, there).astype(np.int64)


def line_labels(result: Result, origin: NDArray[np.float64], height_at: Any) -> list[LabelLayer]:
    """Names of the lines across which people were counted: the tables speak of these places. At most one layer.

    `height_at` gives the floor at local points (N, 2), NaN where there is none.
    """
    frame = result.features.get("lines")
    if frame is None or not len(frame):
        return []
    middles = shapely.get_coordinates(shapely.line_interpolate_point(frame.geometry.to_numpy(), 0.5, normalized=True))
    places = middles - origin[:2]
    heights = np.nan_to_num(np.asarray(height_at(places), dtype=np.float64))
    fields = result.fields
    if "floor_height" in fields and fields["floor_height"].size:
        # on a bridge that is the deck, not what flows under it
        for k, ((x, y), level) in enumerate(zip(middles, frame["level"] if "level" in frame else [""] * len(frame), strict=True)):
            known = fields["floor_height"].sel(x=x, y=y, method="nearest")
            if "level" in known.dims:
                known = known.sel(level=level) if level in known["level"] else known.max("level")
            heights[k] = float(known) - origin[2] if np.isfinite(float(known)) else heights[k]
    points = np.column_stack([places, heights + OVER_LINE_M])
    return [LabelLayer("line_names", "Names of counting lines", points, tuple(readable_id(str(key)) for key in frame.index))]


def busiest(fields: list[FieldLayer]) -> tuple[float, NDArray[np.float64] | None]:
    """Time and local place of the highest value; (0, None) when there is none."""
    best, time, place = -np.inf, 0.0, None
    for layer in fields:
        if not np.isfinite(layer.values).any():
            continue
        index = np.unravel_index(int(np.nanargmax(layer.values)), layer.values.shape)
        if layer.values[index] > best:
            best = float(layer.values[index])
            time = float(layer.times[index[0]])
            row, column = index[1], index[2]
            place = np.array(
                [
                    layer.west + (column + 0.5) * layer.cell,
                    layer.north - (row + 0.5) * layer.cell,
                    float(layer.height[row, column]),
                ]
            )
    return time, place


def fullest(fields: list[FieldLayer]) -> float | None:
    """Time at which most of the floor is crowded (level of service E or worse), or the time of the highest value."""
    if not fields:
        return None
    limit = 1.0 / style.FRUIN_WALKWAY_M2[3]
    times = fields[0].times
    crowded = np.zeros(len(times))
    for layer in fields:
        if len(layer.times) == len(times):
            crowded += np.nansum(np.maximum(layer.values - limit, 0.0), axis=(1, 2)) * layer.cell**2
    return float(times[int(np.argmax(crowded))]) if crowded.max() > 0 else busiest(fields)[0]


def where_people_are(fields: list[FieldLayer], people: PeopleLayer | None, most: int = 600) -> NDArray[np.float64]:
    """Points (N, 3) of the floor where it is busy, the busier the more points; empty when nobody is there."""
    points, weights = [], []
    for layer in fields:
        peak = np.nanmax(np.where(np.isfinite(layer.values), layer.values, 0.0), axis=0)
        row, column = np.nonzero(peak > 0.15)
        if len(row):
            x, y = layer.west + (column + 0.5) * layer.cell, layer.north - (row + 0.5) * layer.cell
            points.append(np.column_stack([x, y, layer.height[row, column]]))
            weights.append(peak[row, column] * layer.cell**2)
    if points:
        everywhere, weight = np.concatenate(points), np.concatenate(weights).astype(float)
        # A low-discrepancy walk over the cumulated weight: the same points on every machine.
        steps = (np.arange(most) + 0.5) / most * weight.sum()
        chosen: NDArray[np.float64] = everywhere[np.searchsorted(np.cumsum(weight), steps).clip(0, len(weight) - 1)]
        return chosen
    if people is not None and len(people.positions):
        step = max(1, len(people.positions) // most)
        return people.positions[::step].astype(np.float64)
    return np.empty((0, 3))


def timeline(fields: list[FieldLayer], people: PeopleLayer | None) -> NDArray[np.float64]:
    """The moments of a scene: those of its people, else of its fields, (F,) [s]."""
    times = [layer.times for layer in fields if len(layer.times) > 1]
    if people is not None and len(people.times) > 1:
        later = [one[one > people.times[-1]] for one in times]
        return np.unique(np.concatenate([people.times, *later]))
    return np.unique(np.concatenate(times)) if times else np.empty(0)


def first_moment(time: float | None, fields: list[FieldLayer], people: PeopleLayer | None) -> float:
    """The moment to show first: what is asked for, else when most of the floor is crowded [s]."""
    if time is not None:
        return float(time)
    busy = fullest([layer for layer in fields if len(layer.times) > 1])
    if busy is not None:
        return busy
    return float(people.times[len(people.times) // 2]) if people is not None and len(people.times) else 0.0
