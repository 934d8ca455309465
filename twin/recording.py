"""The trajectories of a run: a table in memory when they are few, a Parquet file that is read as far as asked when many."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from twin.errors import ParameterError, ResultError, did_you_mean
from twin.spool import ScratchFile, place_file

_ATTRS = b"PANDAS_ATTRS"  # where pandas keeps the attrs of a table in a Parquet file


class Recording:
    """Trajectories, in memory or in a file.

    Parameters
    ----------
    source : DataFrame, path or ScratchFile
        ``id, frame, x, y`` [m] and perhaps ``z`` [m] and ``level``, ordered by frame in a file; ``attrs["frame_rate"]`` [1/s].

    Raises
    ------
    ResultError
        When a file cannot be read.
    """

    def __init__(self, source: pd.DataFrame | Path | ScratchFile) -> None:
        self._table: pd.DataFrame | None = None
        self._path: Path | None = None
        self._scratch: ScratchFile | None = None
        if isinstance(source, pd.DataFrame):
            self._table = source
            self._rows, self._attrs, self._columns = len(source), source.attrs, [str(name) for name in source.columns]
            return
        if isinstance(source, ScratchFile):
            self._scratch = source
        self._path = source.path if isinstance(source, ScratchFile) else source
        with self._open() as file:
            schema = file.schema_arrow
            self._rows, self._columns = file.metadata.num_rows, [n for n in schema.names if not n.startswith("__index_level_")]
            self._attrs = json.loads((schema.metadata or {}).get(_ATTRS, b"{}"))

    def __len__(self) -> int:
        return self._rows

    def __reduce__(self) -> tuple[Any, ...]:
        # a scratch file goes with this object: what travels elsewhere takes the rows along
        return (Recording, (self.table() if self._path is None or self._scratch is not None else self._path,))

    @property
    def in_memory(self) -> bool:
        """Whether the whole table is in memory."""
        return self._table is not None

    def size(self) -> int:
        """Bytes it takes: of the file, or in memory."""
        return self._file().stat().st_size if self._table is None else int(self._table.memory_usage().sum())

    @property
    def attrs(self) -> dict[str, Any]:
        """``frame_rate`` [1/s] and ``crs``."""
        return {str(key): value for key, value in self._attrs.items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._columns)

    @property
    def frame_rate(self) -> float:
        """Frames a second [1/s].

        Raises
        ------
        ResultError
            When the table does not tell.
        """
        rate = self._attrs.get("frame_rate")
        if not isinstance(rate, int | float) or not rate > 0:
            raise ResultError("the frame rate of the trajectories is not known", hint="set `attrs['frame_rate']` of the table")
        return float(rate)

    def people(self) -> int:
        """How many people are in it; all ids are read."""
        return len(np.unique(np.concatenate([np.unique(part["id"]) for part in self.chunks(["id"])]))) if self._rows else 0

    def levels(self) -> tuple[str, ...]:
        """Names of the levels, in the order of the run; empty where the table has none."""
        if "level" not in self._columns:
            return ()
        for part in self.chunks(["level"]):
            level = part["level"]
            if isinstance(level.dtype, pd.CategoricalDtype):
                return tuple(str(name) for name in level.cat.categories)
            break
        names = [part["level"].astype(str).unique() for part in self.chunks(["level"])]
        return tuple(dict.fromkeys(np.concatenate(names))) if names else ()

    def table(self) -> pd.DataFrame:
        """All of it. From a file it is read at the first call and kept.

        Raises
        ------
        ResultError
            When the file is not there any more or cannot be read.
        """
        if self._table is None:
            self._table = self.read()
        return self._table

    def read(
        self, *, frames: tuple[int, int] | None = None, level: str | None = None, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """A part of it.

        Parameters
        ----------
        frames : (int, int), optional
            First frame and the one after the last.
        level : str, optional
        columns : sequence of str, optional

        Raises
        ------
        ParameterError
            When there is no such level or column.
        ResultError
            When the file is not there any more or cannot be read.
        """
        self._check(level, columns)
        if self._table is not None:
            return self._part_of(self._table, frames, level, columns)
        filters: list[tuple[str, str, Any]] = []
        if frames is not None:
            filters += [("frame", ">=", int(frames[0])), ("frame", "<", int(frames[1]))]
        if level is not None:
            filters.append(("level", "==", level))

        def whole() -> pd.DataFrame:
            asked = None if columns is None else list(columns)
            return pd.read_parquet(self._file(), columns=asked, filters=filters or None)

        return self._tried(whole)

    def chunks(self, columns: Sequence[str] | None = None, *, level: str | None = None) -> Iterator[pd.DataFrame]:
        """Part after part, each with whole frames, in bounded memory; the table itself when it is in memory.

        Raises
        ------
        ParameterError, ResultError
            As `read`.
        """
        self._check(level, columns)
        if self._table is not None:
            yield self._part_of(self._table, None, level, columns)
            return
        asked = None if columns is None else [*columns, *(["level"] if level is not None and "level" not in columns else [])]
        with self._open() as file:
            for group in range(file.num_row_groups):
                part = self._tried(partial(file.read_row_group, group, columns=asked)).to_pandas()
                part.attrs.update(self._attrs)
                yield self._part_of(part, None, level, columns)

    def save(self, path: Path) -> None:
        """Write it to a Parquet file that is not there yet.

        Raises
        ------
        OSError
            When it cannot be written.
        ResultError
            When the file it is in is not there any more.
        """
        if self._path is None:
            self.table().to_parquet(path)
        else:
            place_file(self._file(), path)

    def moved(self, path: Path) -> None:
        """From now on the file is here: it has been saved, and a scratch file is no longer needed."""
        if self._path is not None:
            self._path = path
            if self._scratch is not None:
                self._scratch.remove()
                self._scratch = None

    def _part_of(
        self, table: pd.DataFrame, frames: tuple[int, int] | None, level: str | None, columns: Sequence[str] | None
    ) -> pd.DataFrame:
        keep = np.ones(len(table), np.bool_)
        if frames is not None:
            keep &= ((table["frame"] >= frames[0]) & (table["frame"] < frames[1])).to_numpy()
        if level is not None:
            keep &= (table["level"] == level).to_numpy()
        part = table if keep.all() else table[keep].reset_index(drop=True)
        return part if columns is None else part[list(columns)]

    def _check(self, level: str | None, columns: Sequence[str] | None) -> None:
        for name in columns or ():
            if name not in self._columns:
                raise ParameterError(
                    f"the trajectories have no column `{name}`{did_you_mean(name, self._columns)}",
                    hint=f"they have: {', '.join(self._columns)}",
                )
        if level is not None and level not in (known := self.levels()):
            has = ", ".join(known) or "none"
            raise ParameterError(f"the trajectories have no level `{level}`{did_you_mean(level, known)}", hint=f"they have: {has}")

    def _file(self) -> Path:
        assert self._path is not None
        if not self._path.is_file():
            what = "the trajectories of this result are not there any more"
            raise ResultError(what, where=str(self._path), hint="open the result where it is now")
        return self._path

    def _open(self) -> pq.ParquetFile:
        return self._tried(lambda: pq.ParquetFile(self._file()))

    def _tried(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except (OSError, pa.ArrowInvalid) as error:
            raise ResultError(f"the trajectories cannot be read: {error}", where=str(self._path), hint="run it again") from error
