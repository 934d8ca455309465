"""Trajectories that other tools or cameras recorded, as our own table."""

from __future__ import annotations

import gzip
import re
import sqlite3
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from twin.errors import FormatError, MissingFileError, ParameterError, ResultError
from twin.recording import Recording

SQLITE = b"SQLite format 3\x00"
GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
T = TypeVar("T")
METRES = {"m": 1.0, "cm": 0.01}


def read_trajectories(
    path: str | Path, *, frame_rate: float | None = None, unit: Literal["m", "cm"] | None = None, level: str = "floor"
) -> pd.DataFrame:
    """Read trajectories that were recorded elsewhere, to be measured with `twin.measures` as those of a run.

    Parameters
    ----------
    path : path
        A SQLite file of JuPedSim (layout 1 or 2), a text file of the Pedestrian Dynamics Data Archive as PedPy reads it
        (``id frame x y`` and whatever follows; also packed with gzip), or ``trajectories.parquet`` of a result.
    frame_rate : float, optional
        Frames a second, where a text file does not tell [1/s].
    unit : {"m", "cm"}, optional
        Of x and y, where a text file does not tell.
    level : str
        Name of the one level there is.

    Returns
    -------
    DataFrame
        ``id, frame, x, y, z, level`` as `Result.trajectories`, ordered by frame and id; ``attrs["frame_rate"]``. The floor is
        at z 0: the third coordinate of such text files is the height of the head.

    Raises
    ------
    MissingFileError
        When there is no such file.
    FormatError
        When it is none of these.
    ParameterError
        When frame rate or unit are not known, or contradict the file.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no file `{path}`")
    with path.open("rb") as file:
        head = file.read(16)
    if head[:4] == PARQUET:
        return _from_parquet(path)
    if head == SQLITE:
        rows, rate = _from_sqlite(path)
        _agree(path, "frame_rate", frame_rate, rate)
    else:
        rows, rate = _from_text(path, head[:2] == GZIP, frame_rate, unit)
    if not np.isfinite(rows.to_numpy(np.float64)).all():
        raise FormatError("some number in it is not finite", where=str(path))
    for name in ("id", "frame"):
        whole = rows[name].astype(np.int64)
        if not (whole == rows[name]).all():
            raise FormatError(f"some {name} is not a whole number", where=str(path))
        small = whole.between(-(2**31), 2**31 - 1).all()
        rows[name] = whole.astype(np.int32) if small else whole
    rows = rows.sort_values(["frame", "id"], kind="stable", ignore_index=True)
    rows["z"] = np.float32(0.0)
    rows["level"] = pd.Categorical.from_codes(np.zeros(len(rows), np.int8), categories=pd.Index([level]))
    rows.attrs.update(frame_rate=rate, crs="")
    return rows


def _from_parquet(path: Path) -> pd.DataFrame:
    try:
        recording = Recording(path)
        if not {"id", "frame", "x", "y"} <= set(recording.columns):
            raise FormatError("it holds no trajectories", where=str(path), hint="they have the columns id, frame, x, y")
        return recording.table()
    except ResultError as error:
        raise FormatError(error.what, where=str(path)) from error


def _from_sqlite(path: Path) -> tuple[pd.DataFrame, float]:
    base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        rows = pd.read_sql_query("SELECT id, frame, pos_x AS x, pos_y AS y FROM trajectory_data", base)
        rate = base.execute("SELECT value FROM metadata WHERE key = 'fps'").fetchone()
    except (sqlite3.Error, pd.errors.DatabaseError) as error:
        raise FormatError("it is no trajectory file of JuPedSim", where=str(path), hint=str(error)) from error
    finally:
        base.close()
    try:
        return rows.astype({"x": np.float64, "y": np.float64}), _positive(float(rate[0]))
    except (TypeError, ValueError) as error:
        raise FormatError("it tells no frame rate, or its positions are no numbers", where=str(path)) from error


def _from_text(path: Path, packed: bool, frame_rate: float | None, unit: str | None) -> tuple[pd.DataFrame, float]:
    try:
        told_rate, told_unit = _header(path, packed)
        rows = pd.read_csv(
            path, sep=r"\s+", comment="#", header=None, names=["id", "frame", "x", "y"], usecols=[0, 1, 2, 3], dtype=np.float64,
            compression="gzip" if packed else None, encoding="utf-8-sig",
        )  # fmt: skip
    except (ValueError, OSError, EOFError, pd.errors.ParserError) as error:
        hint = "a line has a person, a frame, x and y, apart by spaces; lines of words begin with #"
        raise FormatError(f"it holds no trajectories: {error}", where=str(path), hint=hint) from error
    if rows.empty:
        raise FormatError("it holds no trajectories: there is no line with numbers", where=str(path))
    rate = _agree(path, "frame_rate", frame_rate, told_rate)
    known = _agree(path, "unit", unit, told_unit)
    if known not in METRES:
        raise ParameterError(f"{known!r} is not a unit of trajectories", hint="it is 'm' or 'cm'")
    rows[["x", "y"]] *= METRES[str(known)]
    return rows, _positive(float(rate))


def _header(path: Path, packed: bool) -> tuple[float | None, str | None]:
    """Frame rate and unit, as far as the lines before the numbers tell."""
    rate, unit = None, None
    with gzip.open(path, "rt", encoding="utf-8-sig") if packed else path.open(encoding="utf-8-sig") as lines:
        for line in lines:
            if not line.startswith("#"):
                break
            found = re.search(r"framerate\D*?(\d+(?:\.\d+)?)", line, re.IGNORECASE)
            if found and rate is None:
                rate = float(found.group(1))
            where = re.search(r"(?:x/|\bin )(cm|m)\b", line, re.IGNORECASE)
            if where:
                unit = where.group(1).lower()
    return rate, unit


def _agree(path: Path, name: str, given: T | None, told: T | None) -> T:
    """What is given or what the file tells; both must be the same."""
    if given is not None and told is not None and given != told:
        raise ParameterError(f"`{name}` is {told} in the file, not {given}", where=str(path), hint=f"leave out `{name}`")
    value = told if given is None else given
    if value is None:
        raise ParameterError(f"the file does not tell the {name.replace('_', ' ')}", where=str(path), hint=f"give {name}=...")
    return value


def _positive(rate: float) -> float:
    if not (rate > 0 and np.isfinite(rate)):
        raise ParameterError(f"a frame rate of {rate!r} is not possible", hint="give frames a second")
    return rate
