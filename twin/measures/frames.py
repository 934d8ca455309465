"""Trajectories and areas as callers give them, looked at before anything is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import ParameterError

PEOPLE_AT_ONCE = 200_000
"""People in as many frames are taken at a time, which bounds the memory."""


def checked(trajectories: pd.DataFrame) -> pd.DataFrame:
    """Trajectories with finite places, ordered by frame and id."""
    if not isinstance(trajectories, pd.DataFrame):
        raise ParameterError("the trajectories are not a DataFrame", hint="with the columns id, frame, x, y")
    lacking = [name for name in ("id", "frame", "x", "y") if name not in trajectories]
    if lacking:
        raise ParameterError(f"the trajectories lack the column `{lacking[0]}`", hint="they have id, frame, x, y")
    if not np.isfinite(trajectories[["x", "y"]].to_numpy(np.float64)).all():
        raise ParameterError("some x or y of the trajectories is not a finite number", hint="leave those rows out")
    ordered = trajectories.sort_values(["frame", "id"], kind="stable")
    if ordered.duplicated(["frame", "id"]).any():
        first = int(np.flatnonzero(ordered.duplicated(["frame", "id"]))[0])
        who, when = ordered["id"].iloc[first], ordered["frame"].iloc[first]
        raise ParameterError(f"person {who} is in frame {when} twice", hint="a person has one place a frame")
    return ordered


def area_of(area: object) -> shapely.Polygon:
    """One valid polygon on the map, its outer ring counter-clockwise; ParameterError for anything else."""
    if not isinstance(area, shapely.Polygon) or area.is_empty or not area.is_valid:
        raise ParameterError("an area is one valid shapely Polygon", hint="for example shapely.box(0, 0, 10, 4)")
    return shapely.geometry.polygon.orient(shapely.force_2d(area))


def rate_of(trajectories: pd.DataFrame, frame_rate: float | None) -> float:
    """Frames a second, as said or as the trajectories state; ParameterError when neither does."""
    rate = trajectories.attrs.get("frame_rate") if frame_rate is None else frame_rate
    if not isinstance(rate, int | float) or not rate > 0:
        raise ParameterError("the frame rate is not known", hint="give frame_rate=..., in frames a second")
    return float(rate)


def starts_of(frames: NDArray[Any]) -> NDArray[np.int64]:
    """First row of each frame of an ordered column, and the number of rows."""
    if not len(frames):
        return np.zeros(1, np.int64)
    return np.append(np.flatnonzero(np.append(True, frames[1:] != frames[:-1])), len(frames)).astype(np.int64)


def batches(starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of frames with about `PEOPLE_AT_ONCE` people."""
    found, first = [], 0
    while first < len(starts) - 1:
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + PEOPLE_AT_ONCE, side="right")) - 1)
        found.append((first, last))
        first = last
    return found


def squares(low: float, high: float, side: float) -> int:
    """Squares along an axis: as many as begin within it."""
    return max(1, int(np.ceil((high - low) / side - 1e-9)))


def joined_speed(table: pd.DataFrame, speed: pd.DataFrame, *, missing: float = 0.0) -> NDArray[np.float64]:
    """Speed of each row of a table; `missing` where none is known."""
    lacking = [name for name in ("id", "frame", "speed") if name not in speed]
    if lacking:
        raise ParameterError(f"the speeds lack the column `{lacking[0]}`", hint="give what `individual_speed` returns")
    found = table.merge(speed[["id", "frame", "speed"]], on=["id", "frame"], how="left")["speed"]
    return found.fillna(missing).to_numpy(np.float64)
