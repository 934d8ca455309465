"""Runs that can be cut short at any moment and go on: now and then all that a run knows is written to a folder.

A run of the same scenario, side and seed that is resumed from there ends in the same result, to the bit.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from twin import __version__
from twin.errors import OutputError, ParameterError, ResultError
from twin.reporters import Reporter
from twin.scenario import Scenario

State = dict[str, NDArray[Any]]

STATE = "state.npz"
AGAIN = "give another folder, or delete this one to begin again"


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Where and how often runs are kept.

    Parameters
    ----------
    folder : Path
        Each run has a folder of its own in it, named by side and seed; it is made when it is needed.
    every_s : float
        Simulated time between two checkpoints [s]; the end of a run is one too.
    resume : bool
        Go on from what is there; a run without a checkpoint begins at its beginning.

    Raises
    ------
    ParameterError
        When the time is not a finite number above 0.
    """

    folder: Path
    every_s: float = 60.0
    resume: bool = False

    def __post_init__(self) -> None:
        every = self.every_s
        if isinstance(every, bool) or not isinstance(every, int | float) or not (math.isfinite(every) and every > 0):
            raise ParameterError(f"checkpoints every {every!r} s are not possible", hint="give a number of seconds above 0")
        object.__setattr__(self, "folder", Path(self.folder))

    def of(self, scenario: Scenario, *, baseline: bool, seed: int, dt: float) -> Keeper:
        """The keeper of one run."""
        side = "baseline" if baseline else "variant"
        key = hashlib.sha256(f"{scenario.model_dump_json()}\n{side}\n{seed}\n{__version__}".encode()).hexdigest()
        return Keeper(self.folder / f"{side}-{seed}", key, max(1, round(self.every_s / dt)), resume=self.resume)


def checked(given: Checkpoints | None) -> Checkpoints | None:
    """What was given as `checkpoints`, if it is that.

    Raises
    ------
    ParameterError
        When it is something else.
    """
    if given is not None and not isinstance(given, Checkpoints):
        hint = 'use checkpoints=twin.Checkpoints("folder", every_s=60)'
        raise ParameterError(f"checkpoints are needed, not {type(given).__name__}", hint=hint)
    return given


class Keeper:
    """Writes the checkpoints of one run and reads the last of them.

    Parameters
    ----------
    folder : Path
    key : str
        Tells the run: a checkpoint with another one is refused.
    stride : int
        Steps between two checkpoints.
    resume : bool
    """

    def __init__(self, folder: Path, key: str, stride: int, *, resume: bool) -> None:
        self.folder, self.stride = folder, stride
        self._key, self._resume = key, resume
        self._last = -1

    def begin(self, crowd: Any, reporters: Sequence[Reporter]) -> bool:
        """Put a crowd and its reporters where the last checkpoint has them; False when there is none.

        Raises
        ------
        ResultError
            When the checkpoint is broken, or of another scenario, seed or version.
        OutputError
            When the folder cannot be read.
        """
        path = self.folder / STATE
        if not self._resume or not path.exists():
            return False
        try:
            state = read_arrays(path)
            about = json.loads(state.pop("about").tobytes())
            if about["key"] != self._key:
                what = "the checkpoint is of another scenario, seed or version: something was changed since"
                raise ResultError(what, where=str(self.folder), hint=AGAIN)
            crowd.restore(_of("crowd", state))
            for reporter in reporters:
                kept = _of(type(reporter).__name__, state)
                if not kept:
                    what = f"the checkpoint was made without the {reporter.keeps} that are wanted now"
                    raise ResultError(what, where=str(self.folder), hint=f"resume with the same seeds, or {AGAIN}")
                reporter.restore(kept, self.folder)
        except OSError as error:
            raise OutputError(f"the checkpoint cannot be read: {error.strerror or error}", where=str(path)) from error
        except (KeyError, ValueError, IndexError, TypeError, EOFError, zipfile.BadZipFile) as error:
            if isinstance(error, ResultError | ParameterError):
                raise
            raise ResultError(f"the checkpoint is broken: {error}", where=str(path), hint=AGAIN) from error
        self._last = crowd.step
        return True

    def keep(self, crowd: Any, reporters: Sequence[Reporter]) -> None:
        """Write a checkpoint of the present moment; until it is whole, the one before it counts.

        Raises
        ------
        OutputError
            When it cannot be written.
        """
        if crowd.step == self._last:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            about = json.dumps({"key": self._key, "time_s": crowd.time}).encode()
            state: State = {"about": np.frombuffer(about, np.uint8)}
            state |= {f"crowd/{name}": values for name, values in crowd.state().items()}
            for reporter in reporters:
                head = type(reporter).__name__
                state |= {f"{head}/{name}": values for name, values in reporter.state(self.folder).items()}
            part = self.folder / f"{STATE}.part"
            with part.open("wb") as file:
                np.savez(file, allow_pickle=False, **state)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self.folder / STATE)
        except OSError as error:
            if isinstance(error, OutputError):
                raise
            what = f"the checkpoint cannot be written: {error.strerror or error}"
            raise OutputError(what, where=str(self.folder), hint="make room there, or give another folder") from error
        self._last = crowd.step


def _of(head: str, state: State) -> State:
    return {name.partition("/")[2]: values for name, values in state.items() if name.startswith(f"{head}/")}


def read_arrays(path: Path) -> State:
    """The arrays of an uncompressed ``.npz`` file without objects; none is larger than the file.

    Raises
    ------
    ValueError, BadZipFile
        When it is broken, or would take more memory than it has bytes.
    OSError
        When it cannot be read.
    """
    found: State = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED or not member.filename.endswith(".npy"):
                raise ValueError(f"`{member.filename[:80]}` is not an array as this library writes them")
            with archive.open(member) as stream:
                found[member.filename[:-4]] = _read_array(stream)
    return found


def _read_array(stream: IO[bytes]) -> NDArray[Any]:
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"arrays of version {version} are not known")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(stream)
    content = stream.read()  # no more than the file has, as it is not compressed
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError("an array is not as long as it says")
    values = np.frombuffer(content, dtype).reshape(shape, order="F" if by_column else "C")
    return values.copy()


def time_kept(folder: Path) -> float:
    """Simulated time of the last checkpoint of all runs in a folder, taken together [s]; 0 when there is none."""
    total = 0.0
    for path in sorted(folder.glob(f"*/{STATE}")):
        try:
            total += float(json.loads(read_arrays(path)["about"].tobytes())["time_s"])
        except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile):
            continue
    return total
