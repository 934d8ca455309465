"""``twin verify``: the published cases, as a table, as JSON, or as a page."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.commands.output_place import check_folder_of
from twin.commands.parser import add_command
from twin.commands.terminal import DONE, FAILED, complain, say, table, warn_of_compiling

if TYPE_CHECKING:
    from twin.commands.parser import Commands
    from twin.verification import Case, Outcome


def add_to(commands: Commands) -> None:
    """Declare ``verify``."""
    verify = add_command(
        commands,
        "verify",
        "run the published cases that the simulations are held against",
        "twin verify --only rimea eikonal-1024 --html cases.html",
        _verify,
    )
    verify.add_argument("--only", nargs="+", metavar="ID", help="these cases; `rimea` is every rimea-...")
    verify.add_argument("--seed", type=_seed, metavar="N", help="seed of every case (default: that of each)")
    verify.add_argument(
        "--preset", default="default", metavar="NAME", help="parameters of the model, or another model (default: the library's)"
    )
    verify.add_argument("--html", type=Path, metavar="PAGE", help="also write a page with every set-up drawn")
    verify.add_argument("--json", action="store_true", help="print JSON instead of a table")
    verify.add_argument("--list", action="store_true", help="list the cases, run none")


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**31):
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number from 0 to {2**31 - 1}")
    return int(text)


def _verify(options: argparse.Namespace) -> int:
    from twin.verification import cases, chosen, presets

    selected = chosen(options.only) if options.only else cases()
    if options.list:
        table([(case.id, case.name, case.title) for case in selected], left=3)
        return DONE
    presets.model_of(options.preset)
    if options.html is not None:
        check_folder_of(options.html)
    warn_of_compiling()
    outcomes = _run(selected, options)
    if options.html is not None:
        _write(outcomes, options.html)
    if options.json:
        say(json.dumps([_record(one) for one in outcomes], indent=1, allow_nan=False))
    else:
        _tell(outcomes)
    if options.html is not None:
        (complain if options.json else say)(f"written: {options.html}")
    return FAILED if any(one.verdict == "fail" for one in outcomes) else DONE


def _run(selected: Sequence[Case], options: argparse.Namespace) -> list[Outcome]:
    from twin.progress import progress_bar
    from twin.verification import check

    outcomes = []
    with progress_bar(len(selected), "cases", None, unit="run") as bar:
        for case in selected:
            outcomes.append(check(case, preset=options.preset, seed=options.seed))
            bar.advance(1)
    return outcomes


def _tell(outcomes: Sequence[Outcome]) -> None:
    from twin.report.cases import in_words

    rows = [("case", "what must be", "measured", "verdict")]
    for one in outcomes:
        judged = [m for m in one.found.measures if m.judged] if one.found else []
        if not judged:
            rows.append((one.case.id, "", "", one.verdict))
        for k, measure in enumerate(judged):
            bounds = f"{measure.name}: {measure.bounds()}"
            rows.append((one.case.id if k == 0 else "", bounds, measure.text(), one.verdict if k == 0 else ""))
    table(rows, left=4)
    say()
    for one in outcomes:
        if one.why:
            say(f"{one.case.id}: {one.why}")
    say(in_words(outcomes))


def _record(one: Outcome) -> dict[str, Any]:
    def plain(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    measures = [
        {"name": m.name, "value": plain(m.value), "unit": m.unit, "low": plain(m.low), "high": plain(m.high), "holds": m.holds}
        for m in (one.found.measures if one.found else ())
    ]
    case = one.case
    return {
        "id": case.id, "standard": case.standard, "number": case.number, "title": case.title, "setup": case.setup,
        "criterion": case.criterion, "source": case.source, "preset": one.trial.preset, "seed": one.trial.seed,
        "verdict": one.verdict, "why": one.why, "measures": measures, "took_s": round(one.took_s, 3),
    }  # fmt: skip


def _write(outcomes: Sequence[Outcome], page: Path) -> None:
    from twin.provenance import versions
    from twin.report.cases import write_cases
    from twin.result_io import write_text

    known = versions()
    told = ", ".join(f"{name} {version}" for name, version in known["versions"].items())
    write_text(page, write_cases(outcomes, made=f"Made {known['created']} with {told}."))
