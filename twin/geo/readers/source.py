"""Bytes of a file, out of its wrapper if it has one, with limits against files that swell."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from twin.errors import FormatError, MissingFileError, did_you_mean

MAX_BYTES = 4 * 1024**3
"""More than this at once, unpacked, is refused; what is streamed may be longer."""
MAX_RATIO = 250
"""Text packs 5 to 20 times; a file that swells more than this is taken for an attack, beyond `SAFE_BYTES`."""
SAFE_BYTES = 32 * 1024**2
MAX_MEMBERS = 10_000
HEAD_BYTES = 8192
"""So much of a file is looked at to tell its format."""


class Blob:
    """Content of one file or of one member of a zip archive; nothing is read before it is asked for.

    Parameters
    ----------
    name : str
        For messages: the name of the file, with the member of an archive after ``!``.
    path : Path
        The file on disk: the archive, for a member.
    opener : callable
        Opens the content, unpacked, as a binary stream.
    plain : bool
        Whether `path` is the content itself, not a wrapper round it.
    members : tuple of str
        Names of all members of the archive that this is one of, or that this is.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        opener: Callable[[], BinaryIO],
        *,
        plain: bool = False,
        members: tuple[str, ...] = (),
        archive: Archive | None = None,
    ) -> None:
        self.name = name
        self.path = path
        self.plain = plain
        self.members = members
        self._opener = opener
        self._archive = archive

    @classmethod
    def of_bytes(cls, name: str, content: bytes, path: Path | None = None) -> Blob:
        """A blob of bytes that are there already."""
        return cls(name, path or Path(name), lambda: io.BytesIO(content))

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The content as a binary stream.

        Raises
        ------
        FormatError
            When the wrapper is broken or swells absurdly, also while reading.
        MissingFileError
            When the file cannot be read.
        """
        with _told(self.path):
            stream = self._opener()
            try:
                yield stream
            finally:
                stream.close()

    @cached_property
    def content(self) -> bytes:
        """All of it, read once.

        Raises
        ------
        FormatError
            Also when it is more than can be read at once.
        """
        if self.plain and self.path.stat().st_size > MAX_BYTES:
            size = self.path.stat().st_size
            raise FormatError(f"{size / 1e9:.1f} GB is more than can be read at once", where=self.name, hint="split it")
        with self.open() as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise FormatError("is more than can be read at once", where=self.name, hint="split it")
        return content

    def no_more_than(self, most: int, what: str) -> bytes:
        """All of it, where its kind of file is never large.

        Parameters
        ----------
        most : int
            Most bytes.
        what : str
            What it is more than, for the message.

        Raises
        ------
        FormatError
            When it is more.
        """
        if len(self.content) > most:
            raise FormatError(f"{len(self.content) / 1e6:.0f} MB is more than {what}", where=self.name)
        return self.content

    def forget(self) -> None:
        """Let go of `content`; it is read again when it is asked for again."""
        self.__dict__.pop("content", None)

    @cached_property
    def head(self) -> bytes:
        """The first bytes, `HEAD_BYTES` at most."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    @cached_property
    def sha256(self) -> str:
        """Checksum of the file on disk; empty for what is not on disk."""
        if not self.path.is_file():
            return ""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def _copy(self, content: AbstractContextManager[BinaryIO], target: Path) -> None:
        with _told(self.path), content as stream, target.open("wb") as file:
            shutil.copyfileobj(stream, file, 1024**2)

    @contextmanager
    def as_file(self) -> Iterator[Path]:
        """The content as a file of its own, for libraries that want a path; a temporary one where it is wrapped.

        Members of an archive with the same stem (a shapefile's ``.dbf``, ``.prj``, ...) lie beside it.
        """
        if self.plain:
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="stadstwin-") as folder:
            own = _base(self.name.split("!")[-1])
            if "!" not in self.name:
                own = own.removesuffix(".gz").removesuffix(".bz2")
            wanted = Path(folder) / (own or "content")
            self._copy(self.open(), wanted)
            if self._archive is not None:
                member = PurePosixPath(self.name.split("!", 1)[-1])
                for other in self.members:
                    place = PurePosixPath(other)
                    if place != member and place.parent == member.parent and _stem(other) == _stem(own):
                        self._copy(closing(self._archive.open(other)), Path(folder) / _base(other))
            yield wanted


def _base(member: str) -> str:
    """Last part of the name of a member, whatever it says of folders."""
    return PurePosixPath(member.replace("\\", "/")).name


def _stem(member: str) -> str:
    return _base(member).split(".")[0].lower()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of the operating system and of archives in our words."""
    try:
        yield
    except (FormatError, MissingFileError):
        raise
    except lzma.LZMAError as error:
        raise FormatError(f"the zip archive is broken: {error}", where=str(path)) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FormatError(f"the gzip file is broken: {error}", where=str(path)) from None
    except EOFError:
        kind = "bzip2" if path.suffix.lower() == ".bz2" else "gzip"
        raise FormatError(f"the {kind} file ends too early", where=str(path)) from None
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise FormatError(f"the zip archive is broken: {error}", where=str(path)) from None
    except OSError as error:
        if error.errno is None and "data stream" in str(error):
            raise FormatError("the bzip2 file is broken", where=str(path)) from None
        if error.errno is None or error.filename is None:
            raise
        raise MissingFileError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


class _Guarded(io.RawIOBase):
    """A stream that refuses to swell."""

    def __init__(self, stream: BinaryIO, packed: int, path: Path) -> None:
        super().__init__()
        self._stream = stream
        self._packed = packed
        self._path = path
        self._total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # RawIOBase says no more of it than that it is a buffer
        part = self._stream.read(len(view))
        self._total += len(part)
        if self._total > SAFE_BYTES and self._total > MAX_RATIO * self._packed:
            raise _bomb(self._path, self._total)
        view[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._stream.close()
        super().close()


def existing(path: Path) -> Path:
    """Return `path`, or say which name there is like it.

    Raises
    ------
    MissingFileError
        When there is nothing there.
    """
    try:
        if path.exists():
            return path
    except (OSError, ValueError):
        raise MissingFileError(f"{str(path)[:200]!r} cannot be a file name") from None
    parent = path.parent
    if not parent.is_dir():
        raise MissingFileError(f"there is no folder {parent}", where=str(path))
    try:
        near = did_you_mean(path.name, sorted(entry.name for entry in parent.iterdir()))
    except OSError:
        near = ""
    raise MissingFileError(f"there is no such file{near}", where=str(path))


def blob_of(path: Path) -> Blob:
    """A file; one in gzip or bzip2 is unpacked as it is read. A zip archive is the archive itself, see `members_of`.

    Raises
    ------
    FormatError
        When it is empty or broken.
    MissingFileError
        When it cannot be read.
    """
    with _told(path):
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(4)
    if not size:
        raise FormatError("the file is empty", where=str(path))
    if start[:2] == b"\x1f\x8b":
        return Blob(path.name, path, lambda: _guard(cast(BinaryIO, gzip.open(path, "rb")), size, path))
    if start[:3] == b"BZh":
        import bz2

        return Blob(path.name, path, lambda: _guard(cast(BinaryIO, bz2.open(path, "rb")), size, path))
    if start in (b"PK\x03\x04", b"PK\x05\x06"):
        archive = Archive(path)
        return Blob(path.name, path, lambda: path.open("rb"), plain=True, members=archive.members, archive=archive)
    return Blob(path.name, path, lambda: path.open("rb"), plain=True)


def _guard(stream: BinaryIO, packed: int, path: Path) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Guarded(stream, packed, path), 1024**2))


def members_of(blob: Blob) -> Iterator[Blob]:
    """The members of a zip archive, by name; each is unpacked in memory when it is read, none to disk."""
    archive = blob._archive
    assert archive is not None
    for member in archive.members:
        name = f"{blob.path.name}!{member}"
        yield Blob(name, blob.path, _opener(archive, member), members=archive.members, archive=archive)


def _opener(archive: Archive, member: str) -> Callable[[], BinaryIO]:
    return lambda: archive.open(member)


class Archive:
    """A zip archive within limits.

    Raises
    ------
    FormatError
        When it is broken, empty, locked, has too many members, or swells absurdly.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _told(path), zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir() and info.file_size]
        if not infos:
            raise FormatError("the zip archive is empty", where=str(path))
        if len(infos) > MAX_MEMBERS:
            raise FormatError(f"{len(infos)} files in one zip archive are too many", where=str(path))
        total = sum(info.file_size for info in infos)
        if swells(total, path.stat().st_size):
            raise _bomb(path, total)
        for info in infos:
            if info.flag_bits & 1:
                raise FormatError("the zip archive has a password", where=f"{path}!{info.filename}")
        names = sorted(info.filename for info in infos)
        self.members = tuple(
            name for name in names if not name.startswith("__MACOSX/") and not PurePosixPath(name).name.startswith(".")
        )

    def open(self, member: str) -> BinaryIO:
        """Content of a member; no more than the size that the directory of the archive states, and the CRC is checked."""
        archive = zipfile.ZipFile(self.path)
        try:
            info = archive.getinfo(member)
            stream = archive.open(info)
        except (RuntimeError, zipfile.BadZipFile, NotImplementedError) as error:
            archive.close()
            raise FormatError(f"the zip archive is broken: {error}", where=f"{self.path}!{member}") from None
        # the archive closes when its last member is closed
        archive.close()
        return cast(BinaryIO, stream)


def swells(unpacked: int, packed: int, ratio: int = MAX_RATIO) -> bool:
    """Whether a file is too large when it is unpacked, or absurdly larger than it was."""
    return unpacked > MAX_BYTES or (unpacked > SAFE_BYTES and unpacked > ratio * packed)


def _bomb(path: Path, unpacked: int) -> FormatError:
    return FormatError(
        f"unpacks from {path.stat().st_size / 1e6:.2f} MB to {unpacked / 1e6:.0f} MB or more: refused",
        where=str(path),
        hint="unpack it yourself if you trust it",
    )
