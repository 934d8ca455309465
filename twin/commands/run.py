"""``twin run`` and ``twin demo``: a scenario from its file to report, scene and data."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.commands.city_findings import errors_below
from twin.commands.figures import tell
from twin.commands.kept import Kept, kept_of
from twin.commands.parser import add_command
from twin.commands.pictures import draw_all, draw_impacts
from twin.commands.pit_pictures import draw_pit_sections
from twin.commands.run_folder import check_out, clear_leftovers, mark
from twin.commands.terminal import DONE, FAILED, complain, warn_of_compiling
from twin.errors import InterruptedRunError

if TYPE_CHECKING:
    from twin.commands.parser import Commands
    from twin.compare import Comparison
    from twin.result import Result


def add_to(commands: Commands) -> None:
    """Declare ``demo`` and ``run``."""
    demo = add_command(commands, "demo", "run the main job on the embedded sample", "twin demo --out demo", _demo)
    demo.add_argument(
        "--out", type=Path, default=Path("stadstwin-demo"), metavar="DIR", help="folder to write (default: %(default)s)"
    )
    run = add_command(
        commands,
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
    run.add_argument(
        "--checkpoint-every", type=_seconds, metavar="S", help="keep the run in the folder every S simulated seconds, for --resume"
    )
    run.add_argument("--resume", action="store_true", help="go on with a run that was cut short, from what the folder has of it")


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number from 1 to 1000")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"`{text}` is not a number of seconds above 0")
    return value


def _demo(options: argparse.Namespace) -> int:
    from twin.geo.samples import sample_folder

    return _run_scenario(sample_folder().parent / "demo.yaml", options.out, None, pictures=True, kept=None)


def _run(options: argparse.Namespace) -> int:
    kept = kept_of(options.out, every_s=options.checkpoint_every, resume=options.resume, seeds=options.seeds)
    return _run_scenario(options.scenario, options.out, kept.seeds, pictures=not options.no_pictures, kept=kept)


def _run_scenario(path: Path, out: Path, seeds: int | None, *, pictures: bool, kept: Kept | None) -> int:
    from twin.compare import Comparison, compare
    from twin.run import load_city, run
    from twin.scenario import read_scenario

    started = time.perf_counter()
    scenario = read_scenario(path)
    check_out(out)
    warn_of_compiling()
    city = load_city(scenario)
    for line in errors_below(scenario, city):
        complain(line)
    checkpoints = None
    if kept is not None and kept.checkpoints is not None:
        mark(scenario, path, out)
        checkpoints = kept.checkpoints
        kept.remember()
    made: dict[str, str] = {}

    def draw(before: Result | None, after: Result) -> None:
        if pictures:
            mark(scenario, path, out)
            made.update(draw_all(scenario, city, before, after, out))
            made.update(draw_impacts(scenario, city, before, after, out))
            made.update(draw_pit_sections(scenario, city, after, out))

    subject: Comparison | Result
    try:
        if scenario.has_variant:
            subject = compare(scenario, seeds=seeds, city=city, when_first=draw, checkpoints=checkpoints)
        else:
            subject = run(scenario, city=city, checkpoints=checkpoints)
            draw(None, subject)
    except InterruptedRunError as error:
        result: Any = error.result
        if result:
            mark(scenario, path, out)
        said = f"\n  what was done until then is in {result.save(out / 'baseline')}, marked as partial" if result else ""
        complain(f"error: {error}{said}")
        return FAILED
    clear_leftovers(out, made.values(), ("baseline", "variant") if isinstance(subject, Comparison) else ("variant",))
    mark(scenario, path, out)
    _save(subject, out)
    _write_report(subject, out, made)
    tell(subject, out, made, time.perf_counter() - started)
    if subject.partial:
        more = "; --resume goes on from the last checkpoint" if checkpoints is not None else ""
        complain(f"interrupted: everything above is up to that moment and marked as partial{more}")
    elif kept is not None:
        kept.forget()
    return FAILED if subject.partial else DONE


def _save(subject: Comparison | Result, out: Path) -> None:
    from twin.compare import Comparison

    if isinstance(subject, Comparison):
        subject.save(out)
    else:
        subject.save(out / "variant")


def _write_report(subject: Comparison | Result, out: Path, made: dict[str, str]) -> None:
    from twin import report
    from twin.result_io import write_text

    sides = [name for name in made if made[name].endswith(".png")]
    pictures: dict[str, bytes] = {name: (out / made[name]).read_bytes() for name in sides}
    write_text(out / "report.html", report.write(subject, pictures, made.get("scene.html")))
