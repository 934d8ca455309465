"""The commands ``twin info``, ``validate`` and ``convert`` on cities; `twin.cli` has the others and prints errors."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import ParameterError, TwinError

if TYPE_CHECKING:
    from twin.geo.city import City, Quality

SHOWN = 20
"""So many findings are listed unless all are asked for."""
WIDTH = 120

OUTPUT_OPTIONS = (("scale", "scale"), ("only", "layer"), ("raster", "raster"))
"""Options of ``twin convert`` that only some formats have, and the keyword of their writers."""


def say(text: str = "") -> None:
    """Print a line."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print a line to standard error."""
    print(text, file=sys.stderr, flush=True)


def named(path: Path) -> str | Path:
    """``sample`` is the embedded district, unless a file has that name."""
    return "sample" if str(path) == "sample" and not path.exists() else path


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Options of every command that reads a city."""
    parser.add_argument("--lod", metavar="LOD", help="level of detail to take, e.g. 2.2 (default: the highest of each object)")
    parser.add_argument("--crs", metavar="CODE", help="coordinate system of the city, e.g. EPSG:7415 (default: from the files)")
    parser.add_argument(
        "--clip", nargs=4, type=float, metavar=("W", "S", "E", "N"), help="only what lies in this box, in the CRS of the city"
    )
    parser.add_argument("--height", metavar="COLUMN", help="column of footprints with the height above the ground in metres")
    help_text = "layer of the city that a GIS file (or a layer of it) is, e.g. pand=buildings (may be repeated)"
    parser.add_argument("--as", dest="layer", action="append", default=[], metavar="FILE=LAYER", help=help_text)
    help_text = "what a raster is: terrain, dsm or canopy (may be repeated)"
    parser.add_argument("--role", action="append", default=[], metavar="FILE=ROLE", help=help_text)


def reading_options(options: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments for `read_city`.

    Raises
    ------
    ParameterError
        When a role is not of the form FILE=ROLE.
    """
    roles = _pairs(options.role, "--role", "ROLE", "heights.tif=dsm")
    layer = _pairs(options.layer, "--as", "LAYER", "pand.gpkg=buildings")
    return {
        "lod": options.lod, "crs": options.crs, "clip": options.clip, "height": options.height, "roles": roles, "layer": layer
    }  # fmt: skip


def _pairs(texts: Sequence[str], option: str, what: str, example: str) -> dict[str, str]:
    """What was said of files, by the names of the files."""
    found = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        if not equals:
            raise ParameterError(f"{option} {text} is not of the form FILE={what}", hint=f"e.g. {option} {example}")
        found[Path(name).name] = value
    return found


def describe(city: City) -> None:
    """Print what is in a city."""
    told = city.summary()
    say(f"  name           {told['name'] or '-'}")
    if told["synthetic"]:
        say("  synthetic      made up: not a survey of a real place")
    datum = vertical_name(city)
    say(f"  CRS            {told['crs']} ({city.crs.name}); heights: {datum}")
    if told["bounds"] is not None:
        west, south, east, north = told["bounds"]
        size = f"{east - west:.0f} x {north - south:.0f} m"
        say(f"  extent         x {west:.2f} to {east:.2f}, y {south:.2f} to {north:.2f} ({size})")
    low, high = told["height_range_m"]
    if low == low:
        say(f"  heights        {low:.2f} to {high:.2f} m")
    for what, count in told["objects"].items():
        say(f"  objects        {count:>7,} {what}")
    for what, count in told["layers"].items():
        names = f": {', '.join(map(str, city.layers[what].index))}" if count <= 12 else ""
        say(f"  layer          {count:>7,} {what}{names}")
        columns = told["attributes"][what]
        shown = [f"{name} ({kind}{'' if known == count else f', {known} known'})" for name, (kind, known) in columns.items()]
        if shown:
            indent = " " * 17
            say(textwrap.fill(", ".join(shown), WIDTH, initial_indent="    attributes   ", subsequent_indent=indent))
    say(f"  triangles      {told['triangles']:,}")
    for what, raster in told["rasters"].items():
        rows, columns = raster["shape"]
        say(f"  {what:14} {rows} x {columns} cells of {raster['cell_m']:g} m, {100 * raster['known']:.1f} % known")
    for source in told["sources"]:
        credit = f"; {source['credit']}" if source["credit"] else ""
        of = f"; {', '.join(source['layers'])}" if len(told["sources"]) > 1 and source["layers"] else ""
        say(f"  source         {source['name']}: {source['format']}; licence {source['licence'] or 'not stated'}{credit}{of}")
    wrong = Counter(one.code for one in city.quality.findings if one.severity != "info")
    remarks = Counter(one.code for one in city.quality.findings if one.severity == "info")
    say(f"  found wrong    {', '.join(f'{count} {code}' for code, count in wrong.most_common()) or 'nothing'}")
    if remarks:
        say(f"  remarks        {', '.join(f'{count} {code}' for code, count in remarks.most_common())}; `twin validate` tells them")


def vertical_name(city: City) -> str:
    """Name of the vertical datum, or that there is none."""
    from twin.geo.crs import vertical

    part = vertical(city.crs)
    return part.name if part is not None else "vertical datum not stated"


def validate_city(path: Path, options: argparse.Namespace) -> bool:
    """Print (and write) what is wrong with a city; returns whether something had to be left out."""
    from twin.geo.city import Quality, read_city
    from twin.geo.quality import CODES, check
    from twin.geo.writers.findings import write_findings

    city = read_city(named(path), **reading_options(options))
    if options.planarity is not None and not options.planarity > 0:
        raise ParameterError(f"--planarity {options.planarity:g} is not a thickness", hint="give metres, above 0")
    known = {(one.code, one.object_id) for one in city.quality.findings}
    more = check(city, planarity_m=options.planarity).findings
    quality = city.quality + Quality(tuple(one for one in more if (one.code, one.object_id) not in known))
    warnings = sum(one.severity == "warning" for one in quality.findings)
    remarks = len(quality) - quality.errors - warnings
    say(f"{path}: {len(city.objects)} objects, {quality.errors} errors, {warnings} warnings, {remarks} remarks")
    for code, count in quality.counts().items():
        say(f"  {count:>7,} {code:20} {CODES.get(code, '')}".rstrip())
    _list(quality, options.all)
    if options.out is not None:
        say(f"  written: {write_findings(quality, city, options.out)}")
    return quality.errors > 0


def _list(quality: Quality, everything: bool) -> None:
    order = {"error": 0, "warning": 1, "info": 2}
    findings = sorted(quality.findings, key=lambda one: order.get(one.severity, 3))
    shown = findings if everything else findings[:SHOWN]
    for finding in shown:
        where = " ".join(part for part in (finding.object_id, f"({finding.path})" if finding.path else "") if part)
        say(f"  {finding.severity:7} {finding.code:22} {where}: {finding.message}")
    if len(findings) > len(shown):
        say(f"  and {len(findings) - len(shown)} more; --all lists them")


def convert(options: argparse.Namespace) -> int:
    """``twin convert IN ... OUT``; returns the exit code."""
    from twin.geo.city import read_city
    from twin.geo.writers import write, writer_for

    writer = writer_for(options.out)
    given = {key: getattr(options, name) for name, key in OUTPUT_OPTIONS if getattr(options, name) is not None}
    for name, key in OUTPUT_OPTIONS:
        if key in given and (writer is None or key not in writer.options):
            what = writer.name if writer is not None else "a city folder"
            raise ParameterError(f"--{name} is not an option of {what}", hint=f"`twin convert --help` tells what --{name} is for")
    there = options.out.exists()
    sources = [named(path) for path in options.files]
    city = read_city(sources[0] if len(sources) == 1 else [Path(one) for one in sources], **reading_options(options))
    if options.repair:
        before = len(city.quality)
        city = city.repaired()
        say(f"repaired: {len(city.quality) - before} objects")
    notes: Sequence[str] = ()
    if options.out.suffix.lower() == ".stl":
        target, notes = _print(city, options.out, given)
    else:
        target = write(city, options.out, **given)
    objects = f"{len(city.objects):,} object{'' if len(city.objects) == 1 else 's'}"
    say(f"{target}: {objects}, {len(city.surfaces):,} triangles; read back and compared")
    if there:
        say("  took the place of what was there under this name")
    for note in notes:
        say(f"  {note}")
    left = [name for name in ("terrain", "dsm", "canopy") if getattr(city, name) is not None]
    if left and writer is not None and writer.module not in ("geotiff", "stl"):
        say(f"  not written in this format: {', '.join(left)} (a city folder or .tif holds them)")
    for code, count in city.quality.counts().items():
        say(f"  {count:>7,} {code}")
    if city.quality:
        say("  `twin validate` tells more of these")
    return 0


def _print(city: City, path: Path, given: dict[str, Any]) -> tuple[Path, Sequence[str]]:
    """Write a model for a 3D printer; what to know about it."""
    from twin.geo.printable import print_model
    from twin.geo.writers import writer_for
    from twin.geo.writers.stl import write_print_model

    writer = writer_for(path)
    for name in given:
        if writer is None or name not in writer.options:
            raise ParameterError(f"a model for a 3D printer has no option `{name}`")
    model = print_model(city, **given)
    width, depth, height = model.size_mm
    solids = "one closed solid" if model.united else f"{len(model.solids)} closed solids that overlap, which slicers unite"
    size = f"{width:.0f} x {depth:.0f} x {height:.0f} mm at 1:{1 / model.scale:g}, {solids}"
    return write_print_model(model, path), (size, *model.notes)


def complain_of(path: Path, error: TwinError) -> None:
    """Print an error with the file it is about, once."""
    complain(f"{path}: {error}" if not str(error).startswith((str(path), path.name)) else str(error))
