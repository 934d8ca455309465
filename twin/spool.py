"""Tables that grow by pieces: the newest piece is in memory, the older ones lie in a Parquet file.

A Parquet file can be read only once its end is written, so it grows in a scratch folder of its own and gets its name when it
is whole. The folder goes when nobody needs it any more.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from twin.errors import OutputError

ROWS_IN_MEMORY = 1 << 18
"""Rows that are kept until they are written as one row group: a table that stays below has no file at all."""


class ScratchFile:
    """A file in a folder of its own under the system's place for temporary files (``TMPDIR``); it goes with this object.

    Parameters
    ----------
    name : str

    Raises
    ------
    OutputError
        When no folder can be made.
    """

    def __init__(self, name: str) -> None:
        try:
            folder = tempfile.mkdtemp(prefix="stadstwin-")
        except OSError as error:
            raise OutputError(f"there is no room for temporary files: {error.strerror or error}", hint=_HINT) from error
        self.path = Path(folder) / name
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def place(self, path: Path) -> None:
        """Have the same file under another name: a link where the disk is the same, else a copy. `path` is not there yet.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        place_file(self.path, path)

    def take(self, path: Path) -> None:
        """Be a link to another file that nobody changes any more, or a copy of it.

        Raises
        ------
        OSError
            When it is not there, or cannot be copied.
        """
        place_file(path, self.path)

    def remove(self) -> None:
        """Give the folder up now."""
        self._remove()


def place_file(source: Path, target: Path) -> None:
    """Link a file that nobody changes any more, or copy it where that cannot be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


class Spool:
    """A table that grows.

    Parameters
    ----------
    schema : pyarrow.Schema
        Columns; numbers, or dictionaries whose words are given in `words`.
    name : str
        Of the file, if it comes to one.
    words : mapping of str to sequence of str, optional
        For each dictionary column what its codes stand for.
    split : sequence of str
        Columns of floats whose bytes are stored apart, which packs them better.
    rising : sequence of str
        Columns of whole numbers that rise mostly.
    found_by : str
        Column by which parts of the file are asked for.
    rows : int, optional
        Rows in memory; by default `ROWS_IN_MEMORY`.
    """

    def __init__(
        self, schema: pa.Schema, name: str, *, words: Mapping[str, Sequence[str]] | None = None, split: Sequence[str] = (),
        rising: Sequence[str] = (), found_by: str = "frame", rows: int | None = None,
    ) -> None:  # fmt: skip
        self._found_by = found_by
        self.schema, self._name, self._most = schema, name, ROWS_IN_MEMORY if rows is None else rows
        self._words = {column: pa.array(list(known), pa.string()) for column, known in (words or {}).items()}
        self._encoding = {**dict.fromkeys(split, "BYTE_STREAM_SPLIT"), **dict.fromkeys(rising, "DELTA_BINARY_PACKED")}
        self._pending: list[dict[str, NDArray[Any]]] = []
        self._file: ScratchFile | None = None
        self._writer: pq.ParquetWriter | None = None
        self._parts: list[ScratchFile] = []

    @property
    def rows_in_memory(self) -> int:
        """Rows that are not in the file yet."""
        first = self.schema.names[0]
        return sum(len(piece[first]) for piece in self._pending)

    def add(self, piece: dict[str, NDArray[Any]]) -> None:
        """Add rows: an array a column, codes for a dictionary column. A piece is never cut.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        self._pending.append(piece)
        if self.rows_in_memory >= self._most:
            self._flush()

    def close(self) -> tuple[pa.Table, None] | tuple[None, ScratchFile]:
        """The table when it is small, or the whole file; nothing can be added any more.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        if self._writer is None and not self._parts:
            return self._table(self._pending), None
        if self._pending:
            self._flush()
        try:
            self._end_part()
            return None, self._parts[0] if len(self._parts) == 1 else self._joined()
        except OSError as error:
            raise self._refused(error) from error

    def state(self, folder: Path) -> dict[str, NDArray[Any]]:
        """All rows: those in files go to a folder as numbered files (those that are there already stay), the others are given.

        Raises
        ------
        OutputError
            When the folder cannot be written.
        """
        try:
            self._end_part()
            for number, part in enumerate(self._parts):
                target = self._part(folder, number)
                if not (target.exists() and target.samefile(part.path)):
                    target.unlink(missing_ok=True)
                    part.place(target)
                    with target.open("rb") as file:
                        os.fsync(file.fileno())
        except OSError as error:
            raise self._refused(error) from error
        pending = self._pending
        rows = {f"rows_{name}": np.concatenate([piece[name] for piece in pending]) for name in self.schema.names if pending}
        return {"parts": np.array(len(self._parts)), **rows}

    def restore(self, state: dict[str, NDArray[Any]], folder: Path) -> None:
        """Be as when `state` was asked for; the files of the folder stay as they are.

        Raises
        ------
        KeyError, ValueError
            When it is not of such a table.
        OSError
            When a file is not there.
        """
        parts: list[ScratchFile] = []
        for number in range(int(state["parts"])):
            source = self._part(folder, number)
            with pq.ParquetFile(source) as file:
                if not file.schema_arrow.equals(self.schema):
                    raise ValueError(f"`{source.name}` has other columns")
            parts.append(ScratchFile(self._name))
            parts[-1].take(source)
        rows = {name: state[f"rows_{name}"] for name in self.schema.names if f"rows_{name}" in state}
        if rows and (len(rows) < len(self.schema.names) or len({values.shape for values in rows.values()}) > 1):
            raise ValueError(f"rows of `{self._name}` are missing")
        self._parts, self._pending = parts, [rows] if rows else []

    def _part(self, folder: Path, number: int) -> Path:
        stem, _, ending = self._name.rpartition(".")
        return folder / f"{stem}-{number:04d}.{ending}"

    def _end_part(self) -> None:
        """End the file that is open, so that it can be read."""
        if self._writer is not None and self._file is not None:
            self._writer.close()
            self._parts.append(self._file)
            self._writer = self._file = None

    def _joined(self) -> ScratchFile:
        """All parts in one file, row group by row group."""
        whole = ScratchFile(self._name)
        with self._open(whole) as writer:
            for part in self._parts:
                with pq.ParquetFile(part.path) as file:
                    for group in range(file.num_row_groups):
                        table = file.read_row_group(group)
                        writer.write_table(table, row_group_size=max(1, len(table)))
        for part in self._parts:
            part.remove()
        return whole

    def _table(self, pieces: list[dict[str, NDArray[Any]]]) -> pa.Table:
        arrays = []
        for field in self.schema:
            parts = [piece[field.name] for piece in pieces]
            if field.name in self._words:
                codes = np.concatenate(parts).astype(np.int8, copy=False) if parts else np.empty(0, np.int8)
                arrays.append(pa.DictionaryArray.from_arrays(pa.array(codes), self._words[field.name]))
            else:
                dtype = field.type.to_pandas_dtype()
                arrays.append(pa.array(np.concatenate(parts).astype(dtype, copy=False) if parts else np.empty(0, dtype)))
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _flush(self) -> None:
        table = self._table(self._pending)
        try:
            if self._writer is None:
                self._file = ScratchFile(self._name)
                self._writer = self._open(self._file)
            # Ctrl-C may come between any two lines: rows are forgotten just before they are written, never written twice
            self._pending = []
            self._writer.write_table(table, row_group_size=max(1, len(table)))
        except OSError as error:
            raise self._refused(error) from error

    def _open(self, file: ScratchFile) -> pq.ParquetWriter:
        plain = [column for column in self.schema.names if column not in self._encoding]
        return pq.ParquetWriter(
            file.path, self.schema, compression="zstd", compression_level=1, use_dictionary=plain,
            column_encoding=self._encoding, write_statistics=[self._found_by],
        )  # fmt: skip

    def _refused(self, error: OSError) -> OutputError:
        return OutputError(f"`{self._name}` cannot be written while the run goes: {error.strerror or error}", hint=_HINT)


_HINT = "make room there, or name another folder for temporary files in the environment variable TMPDIR"
