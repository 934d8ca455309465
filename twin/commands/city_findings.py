"""What was found wrong while reading a city, as lines of text."""

from __future__ import annotations

import argparse
import subprocess
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twin.commands.terminal import WIDTH, say

if TYPE_CHECKING:
    from twin.geo.city import City, Finding, Quality
    from twin.scenario import Scenario

TOLD_WHOLE = frozenset({"height-column", "option-unused", "far-away"})
"""Findings that say that an option had no effect, or that coordinates mean little: a count would hide that."""
MOST_ERRORS = 10
"""Of more errors below the street so many are told with a scenario."""
FEW = 3
"""Findings of a code that are this few are printed with their whole message."""


ASKED = {
    "pit": frozenset({
        "surface-unknown", "vertical-datum", "coordinates", "no-place", "record", "record-count", "soil-layer", "no-layers",
        "duplicate-id",
    }),
    "cellars": frozenset({"cellar-measure", "cellar-above-ground", "cellar-outline", "duplicate-id"}),
}  # fmt: skip
"""Codes of errors in a city that an analysis below the street goes without, by its key."""


def errors_below(scenario: Scenario, city: City) -> list[str]:
    """What of the city is wrong and left out of the analyses below the street that a scenario asks for, as lines of text.

    Parameters
    ----------
    scenario : Scenario
    city : City
        As it was read.
    """
    from twin.assess import asked_of

    codes = frozenset().union(*(ASKED[key] for key in asked_of(scenario) if key in ASKED))
    found = [one for one in city.quality.findings if one.severity == "error" and one.code in codes]
    lines = [f"error in the city: {one.code} {place_of(one)}: {one.message}" for one in found[:MOST_ERRORS]]
    more = len(found) - len(lines)
    return [*lines, f"and {more} more errors; `twin validate` of the city lists them"] if more > 0 else lines


def place_of(finding: Finding) -> str:
    """Object and file of a finding, as far as it has them."""
    return " ".join(part for part in (finding.object_id, f"({finding.path})" if finding.path else "") if part)


def tell_findings(city: City, sources: Sequence[Path], options: argparse.Namespace) -> None:
    """Print what was found while reading: whole where it is little or says that an option did nothing, else as a count."""
    quality = _with_unused_height(city, options.height)
    wrong = [one for one in quality.findings if one.severity != "info"]
    counts = Counter(one.code for one in wrong)
    remarks = Counter(one.code for one in quality.findings if one.severity == "info")
    if not counts:
        say("  found wrong    nothing")
    for code, count in counts.most_common():
        if code not in TOLD_WHOLE and count > FEW:
            say(f"  found wrong    {count:,} {code}")
            continue
        for one in (finding for finding in wrong if finding.code == code):
            where = place_of(one)
            text = f"{one.severity}: {code}{f' {where}' if where else ''}: {one.message}"
            say(textwrap.fill(text, WIDTH, initial_indent="  found wrong    ", subsequent_indent=" " * 17))
    if remarks:
        say(f"  remarks        {', '.join(f'{count:,} {code}' for code, count in remarks.most_common())}")
    if quality:
        say(f"  more of these  {_asked_again(sources, options)}")


def _asked_again(sources: Sequence[Path], options: argparse.Namespace) -> str:
    """The command that tells all findings of these files, read in the same way."""
    words = ["twin", "validate", *map(str, sources)]
    for name, value in (("--lod", options.lod), ("--crs", options.crs), ("--height", options.height)):
        words += [] if value is None else [name, value]
    words += [] if options.clip is None else ["--clip", *(f"{value:.12g}" for value in options.clip)]
    words += [word for pair in options.layer for word in ("--as", pair)]
    words += [word for pair in options.role for word in ("--role", pair)]
    return subprocess.list2cmdline(words)  # double quotes, which every shell takes


def _with_unused_height(city: City, column: str | None) -> Quality:
    """What was found, and that ``--height`` had no effect when no height came from it: files in 3D have no use for it."""
    from twin.geo.records import Finding, Quality

    source = city.buildings.get("height_source")
    used = source is not None and source.astype("str").eq(f"attribute:{column}").any()
    if column is None or used or any(one.code == "height-column" for one in city.quality.findings):
        return city.quality
    message = f"--height {column} had no effect: no building has its height from that column"
    return city.quality + Quality((Finding("option-unused", "", message),))
