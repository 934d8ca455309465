"""The command ``twin``: the composition root, the one place that knows simulation, pictures and report."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.command_parser import CommandParser
from twin.errors import InterruptedRunError, MissingFileError, OutputError, ParameterError, RenderingError, ResultError, TwinError

if TYPE_CHECKING:
    from twin.compare import Comparison
    from twin.geo.city import City
    from twin.result import Figure, Result
    from twin.scenario import Scenario
    from viewer.scene import Scene

DONE, FAILED, USAGE = 0, 1, 2
PICTURE_SIZE = (1280, 720)
NOBODY = "nobody takes part: crowding is not judged"
NOBODY_HINT = "to judge it, give people in the scenario: `crowd.flows`, or an event with `zones` or `arrivals`"
_TOLD = ("density_max", "area_over_limit", "left", "evacuation_95", "evacuation")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 done, 1 what was asked failed, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parser = _parser()
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser.check_command(given)
    options = parser.parse_args(given)
    if not hasattr(options, "command"):
        parser.print_help()
        return USAGE
    try:
        return int(options.command(options))
    except TwinError as error:
        _complain(f"error: {error}")
        return FAILED
    except BrokenPipeError:
        return DONE
    except KeyboardInterrupt:
        _complain("interrupted")
        return FAILED


def _say(text: str = "") -> None:
    print(text, flush=True)


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> CommandParser:
    parser = CommandParser(
        prog="twin",
        description="Digital twin of a city: load it in 3D, change it, predict what the change does, show it.",
        epilog="examples:\n  twin demo\n  twin run my_event.yaml --out out/my_event\n  twin info den_haag.city.json",
    )
    from twin import __version__
    from twin.city_commands import add_reading_options, model_scale

    parser.add_argument("--version", action="version", version=f"stadstwin {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")  # of the same class, with the same manners

    def add(name: str, help_text: str, example: str, command: Any) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".", epilog=f"example:\n  {example}"
        )
        sub.set_defaults(command=command)
        return sub

    demo = add("demo", "run the main job on the embedded sample", "twin demo --out demo", _demo)
    demo.add_argument(
        "--out", type=Path, default=Path("stadstwin-demo"), metavar="DIR", help="folder to write (default: %(default)s)"
    )
    run = add(
        "run",
        "run a scenario, compare it with its baseline, write report, scene and data",
        "twin run kings_day.yaml --out out/kings_day",
        _run,
    )
    run.add_argument("scenario", type=Path, metavar="SCENARIO", help="scenario file (YAML)")
    run.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    run.add_argument(
        "--seeds", type=_count, metavar="N", help="number of runs with different random numbers (default: the scenario's)"
    )
    run.add_argument("--no-pictures", action="store_true", help="write data and report only")
    info = add("info", "tell what is in a city, a scenario or a result", "twin info den_haag.city.json", _info)
    info.add_argument("files", nargs="+", type=Path, metavar="FILE")
    validate = add("validate", "tell what is wrong with a city or a scenario, and where", "twin validate my_event.yaml", _validate)
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE")
    validate.add_argument("--all", action="store_true", help="list every finding, not the first 20")
    validate.add_argument("--out", type=Path, metavar="FILE", help="also write all findings: .csv, .json or .gpkg (map)")
    validate.add_argument("--planarity", type=float, metavar="M", help="also report faces that are thicker than this, in metres")
    convert = add(
        "convert",
        "read one or more files as one city and write it in another format",
        "twin convert den_haag.city.json den_haag.gpkg",
        _convert,
    )
    convert.add_argument("files", nargs="+", type=Path, metavar="IN", help="file(s) or a city folder; several are merged")
    convert.add_argument("out", type=Path, metavar="OUT", help="what to write; its suffix says as what, none is a city folder")
    convert.add_argument("--repair", action="store_true", help="mend shapes where that is safe, and say what was mended")
    convert.add_argument("--only", metavar="LAYER", help="for .parquet: the layer to write")
    convert.add_argument("--raster", metavar="RASTER", help="for .tif: terrain (the default), dsm or canopy")
    convert.add_argument("--scale", type=model_scale, metavar="S", help="for .stl: model per reality, as 1:1000 or 0.001")
    for sub in (info, validate, convert):
        add_reading_options(sub)
    view = add("view", "open a result (or a city) in a window", "twin view out/kings_day", _view)
    view.add_argument("result", type=Path, metavar="RESULT", help="folder of `twin run`, or a city file")
    view.add_argument("--time", type=float, metavar="S", help="moment to show, seconds from the start")
    export = add(
        "export",
        "write a result (or a city) as a scene: .html, .glb or .png",
        "twin export out/kings_day square.png --time 120",
        _export,
    )
    export.add_argument("result", type=Path, metavar="RESULT", help="folder of `twin run`, or a city file")
    export.add_argument("file", type=Path, metavar="FILE", help="what to write; its suffix says as what")
    export.add_argument("--time", type=float, metavar="S", help="moment to show, seconds from the start")
    for sub in (view, export):
        sub.add_argument("--city", type=Path, metavar="FILE", help="the city, when it has moved since the run")
        sub.add_argument("--baseline", action="store_true", help="the side without the changes")
    parser.commands = tuple(commands.choices)
    return parser


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number from 1 to 1000")
    return value


# --- run


def _demo(options: argparse.Namespace) -> int:
    from twin.geo.samples import sample_folder

    return _run_scenario(sample_folder().parent / "demo.yaml", options.out, None, pictures=True)


def _run(options: argparse.Namespace) -> int:
    return _run_scenario(options.scenario, options.out, options.seeds, pictures=not options.no_pictures)


def _run_scenario(path: Path, out: Path, seeds: int | None, *, pictures: bool) -> int:
    from twin.compare import Comparison, compare
    from twin.run import load_city, run
    from twin.scenario import read_scenario

    started = time.perf_counter()
    scenario = read_scenario(path)
    _check_out(out)
    _warn_of_compiling()
    city = load_city(scenario)
    made: dict[str, str] = {}

    def draw(before: Result | None, after: Result) -> None:
        if pictures:
            _mark(scenario, path, out)
            made.update(_draw(scenario, city, before, after, out))

    subject: Comparison | Result
    try:
        if scenario.has_variant:
            subject = compare(scenario, seeds=seeds, city=city, when_first=draw)
        else:
            subject = run(scenario, city=city)
            draw(None, subject)
    except InterruptedRunError as error:
        result: Any = error.result
        if result:
            _mark(scenario, path, out)
        kept = f"\n  what was done until then is in {result.save(out / 'baseline')}, marked as partial" if result else ""
        _complain(f"error: {error}{kept}")
        return FAILED
    _clear_leftovers(out, made.values(), ("baseline", "variant") if isinstance(subject, Comparison) else ("variant",))
    _mark(scenario, path, out)
    _save(subject, out)
    _write_report(subject, out, made)
    _tell(subject, out, made, time.perf_counter() - started)
    if subject.partial:
        _complain("interrupted: everything above is up to that moment and marked as partial")
    return FAILED if subject.partial else DONE


def _check_out(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise OutputError(f"`{out}` is a file", hint="give a folder after --out")
    ours = ("run.json", "result.json")
    if out.is_dir() and any(out.iterdir()) and not any((out / name).is_file() for name in ours):
        raise OutputError(f"`{out}` is not empty, and not from an earlier run", hint="give a new folder after --out")
    _try_folder(out)


def _try_folder(out: Path) -> None:
    """Make the folder, write in it and take it away again: what cannot be written is told now, not after the calculation."""
    made: list[Path] = []
    try:
        for folder in [one for one in (out, *out.absolute().parents) if not one.exists()][::-1]:
            folder.mkdir()
            made.append(folder)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise OutputError(
            f"the folder `{out}` {'cannot be written in' if out.is_dir() else 'cannot be made'}: {error.strerror or error}",
            hint="give another folder after --out",
        ) from None
    finally:
        with suppress(OSError):
            for folder in made[::-1]:
                folder.rmdir()


def _clear_leftovers(out: Path, made: Collection[str], sides: Collection[str]) -> None:
    """Remove what an earlier run left here and this one did not make, so that nothing old is taken for new."""
    for name in ("before.png", "after.png", "scene.html", "scene.glb", "comparison.csv"):
        if name not in made:
            (out / name).unlink(missing_ok=True)
    for name in ("baseline", "variant"):
        if name not in sides and (out / name / "result.json").is_file():
            shutil.rmtree(out / name)


def _warn_of_compiling() -> None:
    from twin.jit import cache_folder

    if not any(Path(cache_folder()).glob("**/*.nbi")):
        _complain("The first run compiles the simulation, which takes about half a minute; later ones start at once.")


def _save(subject: Comparison | Result, out: Path) -> None:
    from twin.compare import Comparison

    if isinstance(subject, Comparison):
        subject.save(out)
    else:
        subject.save(out / "variant")


def _mark(scenario: Scenario, path: Path, out: Path) -> None:
    """Say that the folder is ours, before anything else is in it: a run cut short may then be run again there."""
    from twin.result_io import write_text
    from twin.run import city_places

    places = city_places(scenario)
    city = [name if name == "sample" else str(place.resolve()) for name, place in zip(scenario.city, places, strict=True)]
    # where `twin view` and `twin export` find the city again; stays on this machine, not part of the result
    write_text(out / "run.json", json.dumps({"scenario": str(path.resolve()), "city": city}, indent=1))


def _draw(scenario: Scenario, city: City, before: Result | None, after: Result, out: Path) -> dict[str, str]:
    """Pictures and scenes; returns the file name of each, by what it is."""
    import viewer

    out.mkdir(parents=True, exist_ok=True)
    scene = _compose(scenario, city, after, baseline=False)
    sides = {"after": scene}
    if before is not None:
        sides = {"before": _compose(scenario, city, before, baseline=True, views=scene.views, moment=scene.time), "after": scene}
    made: dict[str, str] = {}
    files = ("scene.html", "scene.glb")
    # the renderer must stay on this thread; the files, which need none, are written beside it
    with ThreadPoolExecutor(1) as writer:
        written = [writer.submit(viewer.export, scene, out / name) for name in files]
        try:
            for name, side in sides.items():
                viewer.screenshot(side, out / f"{name}.png", size=PICTURE_SIZE)
                made[name] = f"{name}.png"
        except RenderingError as error:
            _complain(f"no pictures: {error}")
        for name, job in zip(files, written, strict=True):
            job.result()
            made[name] = name
    return made


def _compose(
    scenario: Scenario, city: City, result: Result | None, *, baseline: bool, views: Any = None, moment: float | None = None
) -> Scene:
    import viewer
    from twin.scenario.apply import apply_changes
    from twin.scenario.model import BuildingChange

    changes = scenario.baseline_changes() if baseline else scenario.changes
    changed = apply_changes(city, changes)
    shapes: list[viewer.ChangeShape] = []
    for obstacle in changed.obstacles:
        if obstacle.outline is not None:
            shapes.append(viewer.ChangeShape("excavation", obstacle.label, obstacle.outline, obstacle.z_m, obstacle.depth_m))
            shapes.append(viewer.ChangeShape("fence", "", obstacle.shape, obstacle.z_m, obstacle.height_m))
        else:
            shapes.append(viewer.ChangeShape(obstacle.kind, obstacle.label, obstacle.shape, obstacle.z_m, obstacle.height_m))
    return viewer.compose(
        changed.city,
        result,
        title=scenario.title,
        subtitle="Without the changes" if baseline else ("With the changes" if scenario.has_variant else ""),
        changes=shapes,
        added_buildings=[c.id for c in changes if isinstance(c, BuildingChange) and c.adds],
        view=views,
        time=moment,
        clock_start=scenario.crowd.clock_start,
    )


def _write_report(subject: Comparison | Result, out: Path, made: dict[str, str]) -> None:
    from twin import report
    from twin.result_io import write_text

    sides = [name for name in ("before", "after") if name in made]
    pictures: dict[str, bytes] = {name: (out / made[name]).read_bytes() for name in sides}
    write_text(out / "report.html", report.write(subject, pictures, made.get("scene.html")))


def _tell(subject: Comparison | Result, out: Path, made: dict[str, str], seconds: float) -> None:
    from twin.compare import Comparison

    rows: list[tuple[str, ...]] = []
    if isinstance(subject, Comparison):
        rows.append(("", "without", "with", "", "limit", ""))
        before, people = next(((d.baseline, d.variant) for d in subject.differences if d.figure.key == "people"), (1.0, 1.0))
        for d in subject.differences:
            f = d.figure
            if f.key in _TOLD or f.key.startswith("flow_"):
                verdict = d.verdict or ("within noise" if d.within_noise and d.change == d.change else "")
                with_, without = _number(d.variant, f.digits, people), _number(d.baseline, f.digits, before)
                rows.append((f.label, without, with_, f.unit, _limit(f), verdict))
    else:
        people = _people(subject.figures)
        rows = [(f.label, _number(f.value, f.digits, people), f.unit, _limit(f), f.verdict) for f in subject.figures]
    _table(rows)
    if not people:
        _say(f"\n{NOBODY}\n  {NOBODY_HINT}")
    _say(f"\nin {seconds:.1f} s; written:")
    named = (("picture", "after"), ("picture before", "before"), ("scene", "scene.html"), ("scene (GLB)", "scene.glb"))
    for what, key in named:
        if key in made:
            _say(f"  {what:15} {out / made[key]}")
    _say(f"  {'report':15} {out / 'report.html'}")
    _say(f"  {'data':15} {out / 'variant'}")


def _limit(figure: Figure) -> str:
    return "" if figure.limit is None else _number(figure.limit, figure.digits)


def _people(figures: Iterable[Figure]) -> float:
    """How many take part; one when that is not told."""
    return next((figure.value for figure in figures if figure.key == "people"), 1.0)


def _number(value: float, digits: int, people: float = 1.0) -> str:
    if value != value:
        return "not known" if people else "nobody"
    return "not reached" if value == float("inf") else f"{value:,.{digits}f}"


def _table(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as needed; the first to the left, the others to the right."""
    if not rows:
        return
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        _say("  ".join(cells).rstrip())


# --- info, validate


def _kind(path: Path) -> str:
    """``scenario``, ``result`` or ``city``."""
    if path.suffix.lower() in (".yaml", ".yml"):
        return "scenario"
    if (path / "result.json").is_file() or (path / "run.json").is_file():
        return "result"
    return "city"


def _info(options: argparse.Namespace) -> int:
    from twin.city_commands import describe, read
    from twin.scenario import read_scenario

    for path in options.files:
        _say(str(path))
        kind = _kind(path)
        if kind == "scenario":
            scenario = read_scenario(path)
            _say(f"  scenario       {scenario.title}\n  city           {', '.join(scenario.city)}")
            _say(f"  question       {scenario.question}")
            for change in scenario.changes:
                _say(f"  change         {change.id}: {change.type}{' (in the baseline too)' if change.in_baseline else ''}")
        elif kind == "result":
            _info_of_result(path)
        else:
            describe(read([path], options), path, options)
    return DONE


def _info_of_result(path: Path) -> None:
    """The figures of one run, and of which: a report has medians over several, which are other numbers."""
    result = _result_in(path, baseline=False)
    side = "without the changes" if path.name == "baseline" else "with the changes"
    several = _seeds_compared(path)
    seed = result.provenance.get("seed", "not known")
    _say(f"  result         {result.provenance.get('title', '')}{' (partial)' if result.partial else ''}")
    _say(f"  figures of     one run, seed {seed}{'' if several is None else f', {side}'}")
    if several is not None and several > 1:
        _say(f"  report         has the median over {several} seeds: its figures differ from these")
    people = _people(result.figures)
    for figure in result.figures:
        unit = f" {figure.unit}" if abs(figure.value) < float("inf") else ""
        _say(f"  {figure.label:45} {_number(figure.value, figure.digits, people)}{unit}")
    if people == 0:
        _say(f"  {NOBODY}\n  {NOBODY_HINT}")


def _seeds_compared(path: Path) -> int | None:
    """Number of seeds that the comparison beside a result has; None where there is none."""
    import csv

    for folder in (path, path.parent):
        table = folder / "comparison.csv"
        if (folder / "run.json").is_file() and table.is_file():
            with table.open(encoding="utf-8", newline="") as file:
                row = next(csv.DictReader(file), {})
            return int(row["seeds"]) if row.get("seeds", "").isdigit() else None
    return None


def _validate(options: argparse.Namespace) -> int:
    from twin.city_commands import check_validation, complain_of, refused, validate_city, write_checked

    check_validation(options)
    found = []
    bad = False
    for path in options.files:
        try:
            if _kind(path) == "scenario":
                if options.out is not None:
                    raise ParameterError("--out takes the findings of a city, not of a scenario", hint="leave out --out")
                people = _validate_scenario(path)
                _say(f"{path}: valid" if people else f"{path}: valid, but {NOBODY}\n  {NOBODY_HINT}")
            else:
                found.append(validate_city(path, options))
                bad |= found[-1].quality.errors > 0
        except TwinError as error:
            complain_of(path, error)
            bad = True
            # what is wrong with the command is not wrong with the file
            if not isinstance(error, ParameterError) and _kind(path) == "city":
                found.append(refused(path, error))
    if options.out is not None and found:
        write_checked(found, options.out)
    return FAILED if bad else DONE


def _convert(options: argparse.Namespace) -> int:
    from twin.city_commands import convert

    return convert(options)


def _validate_scenario(path: Path) -> int:
    """Everything short of walking: both sides made ready, everybody placed; returns how many take part with the changes."""
    from twin.population import populate
    from twin.run import load_city, prepare
    from twin.scenario import read_scenario
    from twin.scenario.read import told_with_lines

    scenario = read_scenario(path)
    city = load_city(scenario)
    people = 0
    for baseline in (True, False) if scenario.has_variant else (False,):
        side = prepare(scenario, baseline=baseline, city=city)
        with told_with_lines(scenario):
            placed = populate(scenario, side.changed, side.ground, seed=scenario.crowd.seed, destinations=side.destinations)
        people = len(placed.people.x)
    return people


# --- view, export


def _result_in(path: Path, *, baseline: bool) -> Result:
    from twin.result import open_result

    if (path / "result.json").is_file():
        return open_result(path)
    side = path / ("baseline" if baseline else "variant")
    if not side.is_dir():
        raise ResultError(f"`{path}` holds no {'baseline' if baseline else 'variant'}", hint="give a folder that `twin run` wrote")
    return open_result(side)


def _scene_of(options: argparse.Namespace) -> Scene:
    import viewer
    from twin.city_commands import named
    from twin.geo.city import read_city
    from twin.run import load_city
    from twin.scenario import scenario_from_text

    path: Path = options.result
    if not path.exists() and str(path) != "sample":
        raise MissingFileError(f"there is no `{path}`", hint="give a folder that `twin run` wrote, or a city file")
    if _kind(path) != "result":
        return viewer.compose(read_city(named(path)))
    result = _result_in(path, baseline=options.baseline)
    root = path if (path / "run.json").is_file() else path.parent
    known = json.loads((root / "run.json").read_text(encoding="utf-8")) if (root / "run.json").is_file() else {}
    text = str(result.provenance.get("scenario", ""))
    source = Path(known["scenario"]) if "scenario" in known else None
    scenario = scenario_from_text(text, source=source)
    if options.city is not None:
        city = read_city(options.city, lod=scenario.lod)
    elif "city" in known:
        # as it was when the scenario was run, wherever that file is now
        stated = known["city"] if isinstance(known["city"], list) else [known["city"]]
        try:
            city = load_city(scenario.model_copy(update={"city": tuple(map(str, stated))}))
        except MissingFileError as error:
            error.where, error.hint = str(root), "it has moved since the run: give it with --city FILE"
            raise
    else:
        city = load_city(scenario)
    baseline = options.baseline or path.name == "baseline"
    end = float(result.series["time_s"].iloc[-1]) if len(result.series) else 0.0
    if options.time is not None and not 0.0 <= options.time <= end:
        raise ParameterError(f"--time {options.time:g} is not within the run", hint=f"it lasts from 0 to {end:g} s")
    return _compose(scenario, city, result, baseline=baseline, moment=options.time)


def _view(options: argparse.Namespace) -> int:
    import viewer

    viewer.show(_scene_of(options))
    return DONE


def _export(options: argparse.Namespace) -> int:
    import viewer
    from twin.city_commands import check_folder_of

    check_folder_of(options.file)
    target = viewer.export(_scene_of(options), options.file)
    _say(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
