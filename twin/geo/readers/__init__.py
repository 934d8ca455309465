"""Formats a city can be read from: told by content first and by suffix second.

A new format is one file with ``NAME``, ``SUFFIXES``, ``recognises`` and ``read``, and one line in `FORMATS`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twin.errors import FormatError
from twin.geo.city import City
from twin.geo.readers import cityjson
from twin.geo.readers.assemble import assemble
from twin.geo.readers.model import ObjectModel
from twin.geo.readers.source import Blob, blobs, existing

HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Format:
    """One format of files with objects.

    Parameters
    ----------
    name : str
        For people.
    suffixes : tuple of str
        Endings of file names, lower case.
    recognises : callable
        ``recognises(head, name)``: whether the first bytes (and, failing those, the name) are of this format.
    read : callable
        ``read(blob, lod=...)``: the objects in it.
    """

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes, str], bool]
    read: Callable[..., ObjectModel]


FORMATS: tuple[Format, ...] = (Format(cityjson.NAME, cityjson.SUFFIXES, cityjson.recognises, cityjson.read),)
"""Every format that can be read, asked in this order."""

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"<!DOCTYPE html", "a web page"),
    (b"<html", "a web page"),
    (b"<", "XML; CityGML is not readable yet"),
    (b"SQLite format 3\0", "a GeoPackage (or another SQLite file), which is not readable as a city yet"),
    (b"II*\0", "a TIFF picture or raster"),
    (b"MM\0*", "a TIFF picture or raster"),
    (b"LASF", "a point cloud (LAS)"),
    (b"ISO-10303-21", "IFC, which is not readable yet"),
    (b"glTF", "a binary glTF scene"),
    (b"fcb", "FlatCityBuf, which is not readable yet"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xfe", "text in UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16; save it as UTF-8"),
)


def format_of(blob: Blob) -> Format:
    """The format of some content.

    Raises
    ------
    FormatError
        When no reader knows it; says what it seems to be.
    """
    head = blob.content[:HEAD_BYTES]
    for known in FORMATS:
        if known.recognises(head, blob.name):
            return known
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for start, what in _OTHERS:
        if text[: len(start)].lower() == start.lower():
            raise FormatError(f"this is {what}", where=blob.name, hint=_readable())
    if not text:
        raise FormatError("the file is empty", where=blob.name)
    what = "JSON, but not CityJSON" if text[:1] in b"{[" else "of no known format"
    raise FormatError(f"this is {what}", where=blob.name, hint=_readable())


def _readable() -> str:
    return "readable are: a city folder, " + ", ".join(known.name for known in FORMATS) + " (also in .gz and .zip)"


def read(source: str | Path | Sequence[str | Path], *, lod: str | None = None) -> City:
    """Read a city from a file, several files, or a city folder.

    Parameters
    ----------
    source : str, Path or sequence of them
        Files in one CRS are merged; ``"sample"`` is the embedded district.
    lod : str, optional
        Level of detail to take; by default the highest of each object.

    Raises
    ------
    MissingFileError
        When there is nothing there; names what is like it.
    FormatError
        When no reader knows the content, or a file is broken.
    CRSError
        When coordinates are not in metres, or files do not share a CRS.
    """
    if not isinstance(source, str | Path):
        paths = [existing(Path(one)) for one in source]
        if not paths:
            raise FormatError("there are no files to read")
        for path in paths:
            if path.is_dir():
                raise FormatError("a folder cannot be merged with files", where=str(path), hint="read it alone")
    else:
        path = _sample() if source == "sample" and not Path(source).exists() else existing(Path(source))
        if path.is_dir():
            from twin.geo.readers.cityfolder import read_city_folder

            with _no_collection():
                return read_city_folder(path, lod=lod)
        paths = [path]
    with _no_collection():
        return assemble([model for path in paths for model in _models(path, lod)])


def _sample() -> Path:
    from twin.geo.samples import sample_folder

    return Path(sample_folder())


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the cycle collector, which would walk the millions of small lists of a parsed file again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _models(path: Path, lod: str | None) -> list[ObjectModel]:
    """What a file holds; of an archive every member that is readable."""
    found: list[ObjectModel] = []
    unknown: FormatError | None = None
    for blob in blobs(path):
        try:
            known = format_of(blob)
        except FormatError as error:
            if "!" not in blob.name:
                raise
            unknown = unknown or error
            continue
        found.append(known.read(blob, lod=lod))
    if not found:
        raise unknown or FormatError("the archive holds no files", where=str(path))
    return found
