"""Whether a file may be written where it is asked for, before anything is worked out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twin.errors import OutputError


def check_folder_of(out: Path) -> None:
    """See that there is a folder to write in, before anything is worked out.

    Raises
    ------
    OutputError
        When there is not.
    """
    if not out.parent.is_dir():
        what = f"there is no folder {out.parent} to write it in"
        raise OutputError(what, where=str(out), hint="make the folder first, or correct its name")


def check_not_its_source(out: Path, sources: Sequence[Path]) -> None:
    """See that what is written does not take the place of what is read."""
    place = out.resolve()
    for source in sources:
        if not source.exists():
            continue
        origin = source.resolve()
        if place == origin or (out.exists() and out.samefile(source)) or origin.is_relative_to(place):
            what = f"`{out}` would take the place of its own source `{source}`"
            raise OutputError(what, hint=f"give another name, for example {_other_name(out)}")
        if origin.is_dir() and place.is_relative_to(origin):
            what = f"`{out}` lies in `{source}`, which is read: it would take the place of its own source, or be read with it"
            raise OutputError(what, hint="give a name outside that folder")


def _other_name(out: Path) -> Path:
    stem, dot, suffix = out.resolve().name.partition(".")
    return out.parent / f"{stem}-new{dot}{suffix}"
