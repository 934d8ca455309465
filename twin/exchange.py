"""Trajectories for other tools and from them: JuPedSim's SQLite files, PedPy's data and the text files of experiments.

Both tools know one level: of a run with several, one has to be named. Who goes to another level is missing from then on.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import MissingExtraError, ParameterError
from twin.geo.writers.atomic import written_file
from twin.recording import Recording

if TYPE_CHECKING:
    import pedpy

JUPEDSIM_VERSION = 2
"""Version of JuPedSim's SQLite layout that is written (JuPedSim 1.0 to 1.4)."""

MOVED_M = 1e-3
"""Who has moved less than this between two frames keeps its heading [m]."""


def to_pedpy(recording: Recording, *, level: str | None = None) -> pedpy.TrajectoryData:
    """Trajectories of one level as PedPy has them; see `Result.to_pedpy`."""
    try:
        import pedpy
    except ImportError as error:
        raise MissingExtraError("PedPy is not installed", hint="pip install pedpy") from error
    level = level_of(recording, level)
    data = recording.read(level=level, columns=["id", "frame", "x", "y"])
    data.attrs = {}
    return pedpy.TrajectoryData(data=data, frame_rate=recording.frame_rate)


def to_jupedsim(recording: Recording, path: Path, *, floor: BaseGeometry, level: str | None = None) -> Path:
    """Write trajectories of one level in JuPedSim's SQLite layout; see `Result.to_jupedsim`."""
    level = level_of(recording, level)
    rate = recording.frame_rate
    with written_file(path) as part:
        base = sqlite3.connect(part, isolation_level=None)
        try:
            _fill(base, recording, level, rate, floor)
        except sqlite3.Error as error:
            raise OSError(0, str(error)) from error
        finally:
            base.close()
    return path


def level_of(recording: Recording, level: str | None) -> str | None:
    """The level that is meant: the named one, or the only one on which there is anybody; None where the table knows none.

    Raises
    ------
    ParameterError
        When there are several, or there is none of that name.
    """
    if "level" not in recording.columns:
        if level is not None:
            raise ParameterError("the trajectories tell no levels", hint="leave out `level`")
        return None
    known = recording.levels()
    if level is not None:
        recording.read(frames=(0, 0), level=level)  # tells when there is none of that name
        return level
    used = {str(name) for part in recording.chunks(["level"]) for name in part["level"].unique()}
    if len(used) > 1:
        names = ", ".join(name for name in known if name in used)
        raise ParameterError(f"people walk on several levels: {names}", hint="name one of them: level=...")
    return next(iter(used)) if used else known[0] if known else None


def visited(floor: BaseGeometry, recording: Recording, level: str | None) -> BaseGeometry:
    """The parts of a floor on which somebody is; all of it when that is nowhere."""
    parts = shapely.get_parts(floor)
    if len(parts) < 2:
        return floor
    tree = shapely.STRtree(parts)
    seen = np.zeros(len(parts), np.bool_)
    for chunk in recording.chunks(["x", "y"], level=level):
        points = shapely.points(chunk["x"].to_numpy(), chunk["y"].to_numpy())
        seen[np.unique(tree.query(points, predicate="intersects")[1])] = True
        if seen.all():
            break
    return shapely.union_all(parts[seen]) if seen.any() else floor


def _fill(base: sqlite3.Connection, recording: Recording, level: str | None, rate: float, floor: BaseGeometry) -> None:
    shape = visited(floor, recording, level)
    text = shapely.to_wkt(shape, rounding_precision=-1)
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
    west, south, east, north = shape.bounds
    told = {"version": JUPEDSIM_VERSION, "fps": rate, "xmin": west, "ymin": south, "xmax": east, "ymax": north}
    base.execute("PRAGMA journal_mode=OFF")  # a file that is not whole does not get its name
    base.execute("PRAGMA synchronous=OFF")
    base.execute("BEGIN")
    base.execute(
        "CREATE TABLE trajectory_data (frame INTEGER NOT NULL, id INTEGER NOT NULL, pos_x REAL NOT NULL, pos_y REAL NOT NULL, "
        "ori_x REAL NOT NULL, ori_y REAL NOT NULL)"
    )
    base.execute("CREATE TABLE metadata (key TEXT NOT NULL UNIQUE PRIMARY KEY, value TEXT NOT NULL)")
    base.execute("CREATE TABLE geometry (hash INTEGER NOT NULL, wkt TEXT NOT NULL)")
    base.execute("CREATE TABLE frame_data (frame INTEGER NOT NULL, geometry_hash INTEGER NOT NULL)")
    base.executemany("INSERT INTO metadata VALUES (?, ?)", [(key, str(value)) for key, value in told.items()])
    base.execute("INSERT INTO geometry VALUES (?, ?)", (number, text))
    last = -1
    for chunk in recording.chunks(["frame"]):
        last = max(last, int(chunk["frame"].max()) if len(chunk) else -1)
    for columns in _with_headings(recording, level):
        base.executemany("INSERT INTO trajectory_data VALUES (?, ?, ?, ?, ?, ?)", zip(*columns, strict=True))
    base.executemany("INSERT INTO frame_data VALUES (?, ?)", ((frame, number) for frame in range(last + 1)))
    base.execute("CREATE UNIQUE INDEX geometry_hash ON geometry (hash)")
    base.execute("CREATE INDEX frame_id_idx ON trajectory_data (frame, id)")
    base.execute("COMMIT")


def _with_headings(recording: Recording, level: str | None) -> Iterator[list[list[Any]]]:
    """Columns frame, id, x, y and heading, part after part."""
    before = pd.DataFrame({name: pd.Series(dtype="float64") for name in ("id", "frame", "x", "y", "ori_x", "ori_y")})
    for chunk in recording.chunks(["id", "frame", "x", "y"], level=level):
        rows = chunk.sort_values(["frame", "id"], kind="stable", ignore_index=True)
        rows = rows.assign(ori_x=np.nan, ori_y=np.nan)
        joined = pd.concat([before, rows], ignore_index=True) if len(before) else rows
        ori = headings(joined)
        joined = joined.assign(ori_x=ori[:, 0], ori_y=ori[:, 1])
        fresh = joined.iloc[len(before) :]
        before = joined.groupby("id", sort=False).tail(1).reset_index(drop=True)
        yield [
            fresh["frame"].astype(np.int64).tolist(), fresh["id"].astype(np.int64).tolist(),
            *(fresh[name].tolist() for name in ("x", "y", "ori_x", "ori_y")),
        ]  # fmt: skip


def headings(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Unit vector in which each row has moved since the one before of the same person, (N, 2).

    Who stands keeps its heading; who has not moved yet looks east, (1, 0). ``ori_x, ori_y`` of a row are taken as known where
    they are finite.
    """
    order = np.argsort(rows["id"].to_numpy(), kind="stable")
    who, xy = rows["id"].to_numpy()[order], rows[["x", "y"]].to_numpy(np.float64)[order]
    out = rows[["ori_x", "ori_y"]].to_numpy(np.float64)[order]
    if not len(who):
        return out
    step = np.diff(xy, axis=0, prepend=xy[:1])
    first = np.append(True, who[1:] != who[:-1])
    length = np.hypot(step[:, 0], step[:, 1])
    moved = ~first & (length >= MOVED_M) & ~np.isfinite(out[:, 0])
    out[moved] = step[moved] / length[moved, None]
    out[first & ~np.isfinite(out[:, 0])] = (1.0, 0.0)
    # the first row of each person is known, so the last known row is never somebody else's
    source = np.maximum.accumulate(np.where(np.isfinite(out[:, 0]), np.arange(len(who)), 0))
    back = np.empty_like(out)
    back[order] = out[source]
    return back
