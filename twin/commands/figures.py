"""The figures of a run as lines of text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from twin.commands.terminal import say, table
from twin.decimals import decimals

if TYPE_CHECKING:
    from twin.compare import Comparison
    from twin.result import Figure, Result

NOBODY = "nobody takes part: crowding is not judged"
NOBODY_HINT = "to judge it, give people in the scenario: `crowd.flows`, or an event with `zones` or `arrivals`"
_TOLD = ("density_max", "area_over_limit", "left", "evacuation_95", "evacuation")


def tell(subject: Comparison | Result, out: Path, made: dict[str, str], seconds: float) -> None:
    """Print the figures of what was run, and what was written.

    Parameters
    ----------
    subject : Comparison or Result
    out : Path
    made : dict of str to str
        File names of pictures and scenes, by what they are.
    seconds : float
        How long it took [s].
    """
    from twin.compare import Comparison

    rows: list[tuple[str, ...]] = []
    if isinstance(subject, Comparison):
        rows.append(("", "without", "with", "", "limit", ""))
        before, people = next(((d.baseline, d.variant) for d in subject.differences if d.figure.key == "people"), (1.0, 1.0))
        for d in subject.differences:
            f = d.figure
            if f.key in _TOLD or f.key.startswith("flow_") or f.exact:
                verdict = d.verdict or ("within noise" if d.within_noise and d.change == d.change else "")
                with_, without = number(d.variant, f.digits, people), number(d.baseline, f.digits, before)
                rows.append((f.label, without, with_, f.unit, _limit(f), verdict))
    else:
        people = people_of(subject.figures)
        rows = [(f.label, number(f.value, f.digits, people), f.unit, _limit(f), f.verdict) for f in subject.figures]
    table(rows)
    if not people and subject_of(subject).has_crowd:
        say(f"\n{NOBODY}\n  {NOBODY_HINT}")
    run = subject_of(subject)
    for remark in run.provenance.get("remarks", ()):
        say(f"\nnote: {remark}")
    say(f"\nin {seconds:.1f} s; written:")
    named = (
        ("picture", "after"), ("picture before", "before"), ("scene", "scene.html"), ("scene (GLB)", "scene.glb"),
        ("section across", "section pit across"), ("section along", "section pit along"),
    )  # fmt: skip
    for what, key in named:
        if key in made:
            say(f"  {what:15} {out / made[key]}")
    say(f"  {'report':15} {out / 'report.html'}")
    say(f"  {'data':15} {out / 'variant'}")


def subject_of(subject: Comparison | Result) -> Result:
    """The side with the changes, or the only one."""
    from twin.result import Result

    return subject if isinstance(subject, Result) else subject.variant


def _limit(figure: Figure) -> str:
    return "" if figure.limit is None else number(figure.limit, figure.limit_digits)


def people_of(figures: Iterable[Figure]) -> float:
    """How many take part; one when that is not told."""
    return next((figure.value for figure in figures if figure.key == "people"), 1.0)


def number(value: float, digits: int, people: float = 1.0) -> str:
    """A figure as text; of one that is not known, or never reached, it is said which."""
    if value != value:
        return "not known" if people else "nobody"
    return "not reached" if value == float("inf") else decimals(value, digits)
