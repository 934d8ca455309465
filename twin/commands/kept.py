"""The checkpoints in the folder of ``twin run``: may a run begin there, and what does it go on from."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.commands.terminal import complain
from twin.errors import OutputError, ResultError

if TYPE_CHECKING:
    from twin.checkpoints import Checkpoints

FOLDER = "checkpoints"
ABOUT = "about.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the runs of a command are kept.

    Parameters
    ----------
    folder : Path
    checkpoints : Checkpoints or None
        None when nothing is kept.
    seeds : int or None
        Number of seeds: those of the command, else those that the run which is resumed was started with.
    """

    folder: Path
    checkpoints: Checkpoints | None
    seeds: int | None

    def remember(self) -> None:
        """Write down what `--resume` needs beside the checkpoints."""
        from twin.result_io import write_text

        if self.checkpoints is not None:
            write_text(self.folder / ABOUT, json.dumps({"every_s": self.checkpoints.every_s, "seeds": self.seeds}))

    def forget(self) -> None:
        """The run is done: its checkpoints are no longer needed."""
        if self.folder.is_dir():
            shutil.rmtree(self.folder)


def kept_of(out: Path, *, every_s: float | None, resume: bool, seeds: int | None) -> Kept:
    """What a command keeps, and what it goes on from.

    Raises
    ------
    OutputError
        When the folder has checkpoints and it was not said to resume, or the other way round.
    ResultError
        When it cannot be told how the run was started.
    """
    from twin.checkpoints import Checkpoints, time_kept

    folder = out / FOLDER
    there = folder.is_dir() and any(folder.iterdir())
    if not resume:
        if there:
            hint = f"add --resume to go on, or delete `{folder}` to begin again"
            raise OutputError(f"`{out}` holds checkpoints of a run that was cut short", hint=hint)
        return Kept(folder, None if every_s is None else Checkpoints(folder, every_s), seeds)
    if not there:
        hint = "leave --resume out; --checkpoint-every 60 keeps the next run"
        raise OutputError(f"there is nothing to resume: `{out}` holds no checkpoints", hint=hint)
    about = _about(folder)
    kept = time_kept(folder)
    complain(f"Going on with what is kept in {folder}: {kept:g} s simulated, of all runs together.")
    every = every_s if every_s is not None else about["every_s"]
    return Kept(folder, Checkpoints(folder, every, resume=True), seeds if seeds is not None else about["seeds"])


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        every, seeds = about["every_s"], about["seeds"]
        if isinstance(every, int | float) and (seeds is None or (type(seeds) is int and 1 <= seeds <= 1000)):
            return {"every_s": every, "seeds": seeds}
    except (OSError, ValueError, KeyError, TypeError):
        pass
    hint = f"delete `{folder}` and begin again"
    raise ResultError("it cannot be told how the run that is to be resumed was started", where=str(folder / ABOUT), hint=hint)
