"""``twin validate``: what is wrong with a city or a scenario, and where."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twin.commands.city_findings import errors_below, place_of
from twin.commands.figures import NOBODY, NOBODY_HINT
from twin.commands.output_place import check_folder_of, check_not_its_source
from twin.commands.parser import add_command
from twin.commands.reading import add_reading_options, read
from twin.commands.run_folder import kind_of
from twin.commands.terminal import DONE, FAILED, complain, say
from twin.errors import OutputError, ParameterError, TwinError

if TYPE_CHECKING:
    from twin.commands.parser import Commands
    from twin.geo.city import Quality
    from twin.geo.writers.findings import Checked

SHOWN = 20
"""So many findings are listed unless all are asked for."""


def add_to(commands: Commands) -> None:
    """Declare ``validate``."""
    validate = add_command(
        commands,
        "validate",
        "tell what is wrong with a city or a scenario, and where",
        "twin validate my_event.yaml",
        _validate,
    )
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE")
    validate.add_argument("--all", action="store_true", help="list every finding, not the first 20")
    validate.add_argument("--out", type=Path, metavar="FILE", help="also write all findings: .csv, .json or .gpkg (map)")
    validate.add_argument("--planarity", type=float, metavar="M", help="also report faces that are thicker than this, in metres")
    add_reading_options(validate)


def _validate(options: argparse.Namespace) -> int:
    _check_validation(options)
    found = []
    bad = False
    for path in options.files:
        try:
            if kind_of(path) == "scenario":
                if options.out is not None:
                    raise ParameterError("--out takes the findings of a city, not of a scenario", hint="leave out --out")
                useful, wrong, doubts = _validate_scenario(path)
                for line in doubts:
                    complain(f"{path}: warning: {line}")
                if wrong:
                    bad = True
                    complain(f"{path}: what its analyses need is wrong in the city, and would be left out")
                    for line in wrong:
                        complain(f"  {line}")
                else:
                    say(f"{path}: valid" if useful else f"{path}: valid, but {NOBODY}\n  {NOBODY_HINT}")
            else:
                found.append(_validate_city(path, options))
                bad |= found[-1].quality.errors > 0
        except TwinError as error:
            _complain_of(path, error)
            bad = True
            # what is wrong with the command is not wrong with the file
            if not isinstance(error, ParameterError) and kind_of(path) == "city":
                found.append(_refused(path, error))
    if options.out is not None and found:
        _write_checked(found, options.out)
    return FAILED if bad else DONE


def _validate_scenario(path: Path) -> tuple[bool, list[str], list[str]]:
    """Everything short of walking: both sides made ready, everybody placed; whether there is then anything to work out, what of
    the city is wrong and left out of it, and what of the scenario is doubtful."""
    from twin.assess import asked_of, see_possible
    from twin.population import populate
    from twin.run import changed_city, load_city, prepare
    from twin.scenario import read_scenario
    from twin.scenario.excavation import ExcavationChange
    from twin.scenario.read import told_with_lines

    scenario = read_scenario(path)
    city = load_city(scenario)
    people = 0
    asked = asked_of(scenario)
    for baseline in (True, False) if scenario.has_variant else (False,):
        if asked and not scenario.has_crowd:
            changed = changed_city(scenario, city, baseline=baseline)
            with told_with_lines(scenario):
                see_possible(scenario, changed.city)
            continue
        side = prepare(scenario, baseline=baseline, city=city)
        with told_with_lines(scenario):
            see_possible(scenario, side.changed.city)
            placed = populate(scenario, side.changed, side.ground, seed=scenario.crowd.seed, destinations=side.destinations)
        people = len(placed.people.x)
    doubts = [line for one in scenario.changes if isinstance(one, ExcavationChange) for line in one.doubts()]
    if "pit" in asked:
        from twin.impacts.pit import overlaps_of

        doubts += overlaps_of(changed_city(scenario, city, baseline=False).city)
    return bool(people or asked), errors_below(scenario, city), doubts


def _check_validation(options: argparse.Namespace) -> None:
    """See that the options of ``twin validate`` can be used, before anything is read.

    Raises
    ------
    ParameterError, OutputError
        When they cannot.
    """
    from twin.geo.writers.findings import SUFFIXES

    if options.planarity is not None and not options.planarity > 0:
        raise ParameterError(f"--planarity {options.planarity:g} is not a thickness", hint="give metres, above 0")
    if options.out is not None:
        suffix = options.out.suffix.lower()
        if suffix not in SUFFIXES:
            hint = f"give a name that ends in {', '.join(SUFFIXES)}"
            what = f"findings are not written as {suffix or 'a file without suffix'}"
            raise OutputError(what, where=str(options.out), hint=hint)
        check_folder_of(options.out)
        check_not_its_source(options.out, [path for path in options.files if not path.is_dir()])


def _validate_city(path: Path, options: argparse.Namespace) -> Checked:
    """Print what is wrong with a city.

    Raises
    ------
    TwinError
        When it cannot be read.
    """
    from twin.geo.city import Quality
    from twin.geo.quality import CODES, check
    from twin.geo.writers.findings import Checked

    city = read([path], options)
    known = {(one.code, one.object_id) for one in city.quality.findings}
    more = check(city, planarity_m=options.planarity).findings
    quality = city.quality + Quality(tuple(one for one in more if (one.code, one.object_id) not in known))
    warnings = sum(one.severity == "warning" for one in quality.findings)
    remarks = len(quality) - quality.errors - warnings
    say(f"{path}: {len(city.objects)} objects, {quality.errors} errors, {warnings} warnings, {remarks} remarks")
    for code, count in quality.counts().items():
        say(f"  {count:>7,} {code:20} {CODES.get(code, '')}".rstrip())
    _list(quality, options.all)
    return Checked(str(path), quality, city)


def _refused(path: Path, error: TwinError) -> Checked:
    """A file that could not be read, as its one finding."""
    from twin.geo.city import Finding, Quality
    from twin.geo.writers.findings import Checked

    finding = Finding("refused", "", " ".join(str(error).split()), severity="error", path=path.name)
    return Checked(str(path), Quality((finding,)), None)


def _write_checked(found: Sequence[Checked], out: Path) -> None:
    """Write what was found in all files as one table."""
    from twin.geo.writers.findings import write_findings_of

    say(f"  written: {write_findings_of(found, out)}")


def _list(quality: Quality, everything: bool) -> None:
    order = {"error": 0, "warning": 1, "info": 2}
    findings = sorted(quality.findings, key=lambda one: order.get(one.severity, 3))
    shown = findings if everything else findings[:SHOWN]
    for finding in shown:
        say(f"  {finding.severity:7} {finding.code:22} {place_of(finding)}: {finding.message}")
    if len(findings) > len(shown):
        say(f"  and {len(findings) - len(shown)} more; --all lists them")


def _complain_of(path: Path, error: TwinError) -> None:
    """Print an error with the file it is about, once."""
    complain(f"{path}: {error}" if not str(error).startswith((str(path), path.name)) else str(error))
