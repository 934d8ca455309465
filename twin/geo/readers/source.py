"""Bytes of a file, out of its wrapper if it has one, with limits against files that swell."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from twin.errors import FormatError, MissingFileError, did_you_mean

MAX_BYTES = 4 * 1024**3
"""More than this in one file, unpacked, is refused."""
MAX_RATIO = 250
"""Text packs 5 to 20 times; a file that swells more than this is taken for an attack, beyond `SAFE_BYTES`."""
SAFE_BYTES = 32 * 1024**2
MAX_MEMBERS = 10_000


@dataclass(frozen=True, slots=True)
class Blob:
    """Content of one file.

    Parameters
    ----------
    name : str
        For messages: the path, with the member of an archive after ``!``.
    content : bytes
        Unpacked.
    sha256 : str
        Checksum of the file on disk.
    """

    name: str
    content: bytes
    sha256: str


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


def blobs(path: Path) -> Iterator[Blob]:
    """Content of a file, or of each member of a zip archive; nothing is unpacked to disk.

    Raises
    ------
    FormatError
        When it is empty, too large, broken as an archive, or swells absurdly.
    MissingFileError
        When it cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FormatError(f"{size / 1e9:.1f} GB is more than can be read at once", where=str(path), hint="split it")
        raw = path.read_bytes()
    except OSError as error:
        raise MissingFileError(f"cannot be read: {error.strerror or error}", where=str(path)) from None
    if not raw:
        raise FormatError("the file is empty", where=str(path))
    digest = hashlib.sha256(raw).hexdigest()
    if raw[:2] == b"\x1f\x8b":
        yield Blob(path.name, _gunzip(raw, path), digest)
    elif raw[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        yield from _members(path, digest)
    else:
        yield Blob(path.name, raw, digest)


def swells(unpacked: int, packed: int, ratio: int = MAX_RATIO) -> bool:
    """Whether a file is too large when it is unpacked, or absurdly larger than it was."""
    return unpacked > MAX_BYTES or (unpacked > SAFE_BYTES and unpacked > ratio * packed)


def _bomb(path: Path, unpacked: int) -> FormatError:
    return FormatError(
        f"unpacks from {path.stat().st_size / 1e6:.2f} MB to {unpacked / 1e6:.0f} MB or more: refused",
        where=str(path),
        hint="unpack it yourself if you trust it",
    )


def _gunzip(raw: bytes, path: Path) -> bytes:
    parts: list[bytes] = []
    total = 0
    rest = raw
    try:
        while rest[:2] == b"\x1f\x8b":
            stream = zlib.decompressobj(wbits=31)
            while not stream.eof:
                part = stream.decompress(rest, 16 * 1024**2)
                rest = stream.unconsumed_tail
                total += len(part)
                if swells(total, len(raw)):
                    raise _bomb(path, total)
                if not part and not rest and not stream.eof:
                    raise FormatError("the gzip file ends too early", where=str(path))
                parts.append(part)
            rest = stream.unused_data
    except zlib.error as error:
        raise FormatError(f"the gzip file is broken: {error}", where=str(path)) from None
    return b"".join(parts)


def _members(path: Path, digest: str) -> Iterator[Blob]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir() and info.file_size]
            if not members:
                raise FormatError("the zip archive is empty", where=str(path))
            if len(members) > MAX_MEMBERS:
                raise FormatError(f"{len(members)} files in one zip archive are too many", where=str(path))
            total = sum(info.file_size for info in members)
            if swells(total, path.stat().st_size):
                raise _bomb(path, total)
            for info in sorted(members, key=lambda info: info.filename):
                if info.filename.startswith("__MACOSX/") or Path(info.filename).name.startswith("."):
                    continue
                if info.flag_bits & 1:
                    raise FormatError("the zip archive has a password", where=f"{path}!{info.filename}")
                # Reads no more than the size that the directory of the archive states, and checks the CRC.
                yield Blob(f"{path.name}!{info.filename}", archive.read(info), digest)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        if isinstance(error, FormatError | MissingFileError):
            raise
        raise FormatError(f"the zip archive is broken: {error}", where=str(path)) from None
