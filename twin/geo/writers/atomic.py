"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twin.errors import OutputError


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file through a temporary sibling.

    Raises
    ------
    OutputError
        When it cannot be written; nothing half-written is left.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    except OSError as error:
        raise _refused(error, path) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise _refused(error, path) from None
    finally:
        temporary.unlink(missing_ok=True)
    return path


@contextmanager
def written_file(path: Path) -> Iterator[Path]:
    """A temporary sibling with the same suffix that takes the place of `path` when the block ends well.

    For libraries that write files themselves. What they leave beside it (a journal) goes with it.

    Raises
    ------
    OutputError
        When it cannot be written or put in place; nothing half-written is left.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    except OSError as error:
        raise _refused(error, path) from None
    try:
        place = folder / path.name
        yield place
        place.replace(path)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise _refused(error, path) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refused(error: OSError, path: Path) -> OutputError:
    """What to tell of a file that cannot be written."""
    hint = None
    if not path.parent.is_dir():
        message = f"there is no folder {path.parent} to write it in"
        return OutputError(message, where=str(path), hint="make the folder first, or correct its name")
    if isinstance(error, PermissionError):
        hint = "is it open in another program, or may you not write in this folder?"
    return OutputError(f"cannot be written: {error.strerror or error}", where=str(path), hint=hint)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A temporary sibling that takes the place of `folder` when the block ends well.

    The caller has made sure that what is there may go.

    Raises
    ------
    OutputError
        When the folder cannot be made or put in place.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
        temporary.chmod(0o777 & ~_umask())
    except OSError as error:
        raise OutputError(f"cannot be made: {error.strerror or error}", where=str(folder)) from None
    try:
        yield temporary
        _swap(temporary, folder)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise _refused(error, folder) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _swap(temporary: Path, folder: Path) -> None:
    if not folder.exists():
        temporary.replace(folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".old", dir=folder.parent))
    old = aside / folder.name
    folder.replace(old)
    try:
        temporary.replace(folder)
    except OSError:
        old.replace(folder)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
