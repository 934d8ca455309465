"""From files to a City: tell the format of each, read it, put them together."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from twin.errors import CRSError, FormatError, GeometryError, ParameterError, did_you_mean
from twin.geo.city import City
from twin.geo.crs import horizontal, is_plane, same, short_name
from twin.geo.given import told
from twin.geo.readers import cityjson
from twin.geo.readers.assemble import assemble
from twin.geo.readers.formats import archive_format, format_of
from twin.geo.readers.join import join
from twin.geo.readers.model import Findings, Reading, ReadOptions
from twin.geo.readers.source import Blob, blob_of, existing, members_of
from twin.geo.readers.stack import within

COMPANIONS = (".dbf", ".shx", ".prj", ".cpg", ".qpj", ".sbn", ".sbx", ".qix", ".aux.xml", ".ovr", ".tfw")
"""Files that go with another one and are not read for themselves."""


NO_REASONS = frozenset({"no-crs", "sibling-missing", "no-geometry-column", "no-header", "no-transform", "version"})
"""Codes of findings that do not say why a file holds nothing."""


def read(source: str | Path | Sequence[str | Path], options: ReadOptions) -> City:
    """Read a city from a file, several files, or a city folder; `twin.geo.city.read_city` has the parameters.

    Raises
    ------
    MissingFileError
        When there is nothing there; names what is like it.
    FormatError
        When no reader knows the content, or a file is broken.
    CRSError
        When coordinates cannot be brought into one system in metres.
    """
    several = source if isinstance(source, Sequence) else [source]
    if not all(isinstance(one, str | Path) for one in several):
        raise ParameterError(f"{told(source)} is not a file", hint="give a path, or a list of paths")
    if not isinstance(source, str | Path):
        paths = [existing(Path(one)) for one in source]
        if not paths:
            raise ParameterError("there are no files to read", hint="give a path, or a list of paths")
    else:
        path = _sample() if source == "sample" and not Path(source).exists() else existing(Path(source))
        paths = [path]
    if any(path.is_dir() for path in paths):
        city = _with_folders(paths, options)
    else:
        with no_collection():
            found = [reading for path in paths for reading in readings(path, options)]
            _check_clip(found, options)
            _note_unused(found, options)
            city = assemble(found, options)
    return city if options.clip is None else city.clip(options.clip)


def _with_folders(paths: Sequence[Path], options: ReadOptions) -> City:
    """A city folder, or several in one system, and what files add to it."""
    from twin.geo.readers.cityfolder import read_city_folder

    places = [path for path in paths if path.is_dir()]
    with no_collection():
        cities = [read_city_folder(path, lod=options.lod) for path in places]
        crs = cities[0].crs
        if options.crs is not None and not same(options.crs, crs):
            raise CRSError(
                f"the city folder is in {short_name(crs)}, not in {short_name(options.crs)}",
                where=str(places[0]),
                hint="read its sources again with crs=..., and save the city",
            )
        options = replace(options, crs=crs)
        read = {path: readings(path, options) for path in paths if not path.is_dir()}
        # of two objects with one id that of the file or folder named first is kept
        before: set[str] = set()
        for path in paths:
            if path.is_dir():
                number = places.index(path)
                taken = before & _ids_of(cities[number])
                cities[number] = cities[number].without(taken) if taken else cities[number]
            else:
                before |= {one for reading in read[path] for one in reading.ids}
        city, names = cities[0], places[0].name
        for more, path in zip(cities[1:], places[1:], strict=True):
            city = join(city, more, (names, path.name))
        found = [reading for some in read.values() for reading in some]
        if found:
            _note_unused(found, options)
            city = assemble(found, options, onto=city, name=names)
    return city


def _ids_of(city: City) -> set[str]:
    """Ids of all objects and rows of a city."""
    return {*city.objects.index, *(one for frame in city.layers.values() for one in frame.index)}


def stream(source: str | Path, options: ReadOptions) -> Iterator[City]:
    """Read a long sequence of features piece by piece; `twin.geo.city.stream_city` has the parameters.

    Raises
    ------
    MissingFileError, FormatError, CRSError
        As `read`.
    """
    path = existing(Path(source))
    if path.is_dir():
        yield read(path, options)
        return
    blob = blob_of(path)
    for one in members_of(blob) if blob.members else [blob]:
        known = format_of(one)
        if known.module != "cityjson":
            raise FormatError(f"{known.name} cannot be read in pieces", where=one.name, hint="use read_city")
        findings = Findings()
        pieces = cityjson.parts(one, options, findings, apart=True)
        while True:
            with no_collection():
                piece = next(pieces, None)
            if piece is None:
                break
            header, model = piece
            if options.clip is not None:
                model = within(model, options.window(header.crs))
            if options.clip is not None and not model.ids:
                continue
            reading = cityjson.reading_of(header, model, one, findings.drained())
            with no_collection():
                city = assemble([reading], options)
            del header, model, piece, reading
            if options.clip is not None:
                try:
                    city = city.clip(options.clip)
                except GeometryError:
                    continue
            yield city


def _note_unused(found: Sequence[Reading], options: ReadOptions) -> None:
    """Note what was said of files that are not there, or are no rasters: most often a slip of the pen."""
    names = {reading.source.name.rpartition("!")[2].rpartition("/")[2]: bool(reading.rasters) for reading in found}
    names |= {reading.source.name: bool(reading.rasters) for reading in found}
    for name in options.roles:
        if name not in names:
            message = f"`{name}` was said to be a raster of some kind, but no file has this name{did_you_mean(name, names)}"
        elif not names[name]:
            message = f"`{name}` was said to be a raster, and is none"
        else:
            continue
        found[0].findings.add("option-unused", "", message)
    for name in options.layer:
        file = name.partition(":")[0]
        if "." in file and file not in names:
            message = f"`{name}` was said to be a layer, but no file has this name{did_you_mean(file, names)}"
            found[0].findings.add("option-unused", "", message)


def _check_clip(found: Sequence[Reading], options: ReadOptions) -> None:
    """A clip is in the system of the city: with files of several systems that one has to be named."""
    stated = [reading for reading in found if reading.crs is not None]
    if options.clip is None or options.crs is not None or not stated:
        return
    first = stated[0].crs
    assert first is not None
    for reading in stated[1:]:
        assert reading.crs is not None
        if not same(horizontal(first), horizontal(reading.crs)):
            raise CRSError(
                f"the files are in several systems ({short_name(first)}, {short_name(reading.crs)}), so it is not clear in which "
                "the clip is",
                where=reading.source.name,
                hint='name the system of the city too, e.g. crs="EPSG:7415"',
            )
    if not is_plane(first):
        raise CRSError(
            f"the file is in {short_name(first)}, which is not a plane, so it is not clear in which system the clip is",
            where=stated[0].source.name,
            hint='name the system of the city too, e.g. crs="EPSG:7415"',
        )


def _sample() -> Path:
    from twin.geo.samples import sample_folder

    return Path(sample_folder())


@contextmanager
def no_collection() -> Iterator[None]:
    """Without the cycle collector, which would walk the millions of small lists of a parsed file again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _told_when_empty(reading: Reading, options: ReadOptions) -> Reading:
    """A reading of a file that is sound and holds nothing, with a finding that says so.

    Where a clip leaves nothing, or the reader found a reason for it, that is told already.
    """
    objects = reading.objects is not None and len(reading.objects.ids) > 0
    holds = objects or bool(reading.rasters) or any(len(frame) for frame in reading.layers.values())
    reasons = {finding.code for finding in reading.findings.collected()} - NO_REASONS
    if not holds and not reasons and options.clip is None:
        message = "the file is sound and holds no features"
        reading.findings.add("no-features", "", message, path=reading.source.name)
    return reading


def readings(path: Path, options: ReadOptions) -> list[Reading]:
    """What a file holds; of an archive every member that is readable.

    Raises
    ------
    FormatError
        When nothing in it can be read.
    """
    blob = blob_of(path)
    if not blob.members:
        return [_told_when_empty(format_of(blob).read(blob, options), options)]
    whole = archive_format(blob.members)
    if whole is not None:
        return [whole.read(blob, options)]
    found: list[Reading] = []
    skipped: list[str] = []
    unknown: FormatError | None = None
    for member in members_of(blob):
        if member.name.lower().endswith(COMPANIONS):
            continue
        try:
            known = format_of(member)
        except FormatError as error:
            unknown = unknown or error
            skipped.append(member.name.split("!", 1)[1])
            continue
        found.append(_told_when_empty(known.read(member, options), options))
    if not found:
        raise unknown or FormatError("the archive holds no files that can be read for themselves", where=str(path))
    if skipped:
        message = f"{len(skipped)} files of the archive are of no known format and were not read: {', '.join(skipped[:5])}"
        found[0].findings.add("not-read", "", message, severity="info", path=path.name)
    return found


__all__ = ["COMPANIONS", "Blob", "no_collection", "read", "readings", "stream"]
