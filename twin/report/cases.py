"""The page of the published cases: what was built, what must come of it, and what did."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from twin.report.chart import line_chart
from twin.report.page import table, whole_page
from twin.report.plan import key, plan
from twin.verification import Chart, Measure, Outcome

_COLOURS = ("#8a2f1d", "#3d6a8a", "#b07a16", "#1f6b4f", "#6d4c7d", "#4a443c", "#0f7c86")
_CHIP = {"pass": "", "fail": " bad", "known failure": " known", "not applicable": " none"}


def write_cases(outcomes: Sequence[Outcome], *, made: str = "") -> str:
    """Write the page.

    Parameters
    ----------
    outcomes : sequence of Outcome
    made : str
        When and with what, a sentence.

    Returns
    -------
    str
        The page. It loads nothing from anywhere and has no script; every text is escaped.
    """
    title = "Stadstwin: verification"
    body = [f"<h1>{title}</h1>", _summary(outcomes, made), _overview(outcomes), *(_section(one) for one in outcomes)]
    return whole_page(title, "".join(body), "en")


def counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many have each verdict, all four named."""
    return {verdict: sum(one.verdict == verdict for one in outcomes) for verdict in _CHIP}


def in_words(outcomes: Sequence[Outcome]) -> str:
    """How many passed, in a sentence."""
    found = counts(outcomes)
    run = len(outcomes) - found["not applicable"]
    said = f"{found['pass']} of {run} cases pass"
    if found["fail"]:
        said += f", {found['fail']} fail"
    if found["known failure"]:
        said += f", {found['known failure']} fail as is known and said"
    return f"{said}; {found['not applicable']} do not apply." if found["not applicable"] else f"{said}."


def _summary(outcomes: Sequence[Outcome], made: str) -> str:
    found = counts(outcomes)
    state = " bad" if found["fail"] else " open" if found["known failure"] else ""
    presets = sorted({one.trial.preset for one in outcomes})
    with_ = f"Model: {', '.join(presets)}. " if presets else ""
    return (
        f'<section class="answer{state}" aria-label="Summary"><p>{escape(in_words(outcomes))}</p>'
        f'<p class="soft">{escape(with_)}The same seed gives the same figures to the bit, on any number of cores. '
        f"A criterion is that of its source; where a number is ours, it says so.</p>"
        f"{f'<p class=soft>{escape(made)}</p>' if made else ''}</section>"
    )


def _overview(outcomes: Sequence[Outcome]) -> str:
    rows = [
        f'<tr><td><a href="#{escape(one.case.id, quote=True)}">{escape(one.case.name)}</a></td><td>{escape(one.case.title)}</td>'
        f"<td>{_chip(one)}</td></tr>"
        for one in outcomes
    ]
    return f"<h2>Overview</h2>{table(['Case', 'What it is about', 'Verdict'], rows, numeric=())}"


def _section(one: Outcome) -> str:
    case = one.case
    parts = [
        f'<h2 id="{escape(case.id, quote=True)}">{escape(case.name)}: {escape(case.title)} {_chip(one)}</h2>',
    ]
    if case.run is None:
        parts.append(f"<dl><dt>Why not</dt><dd>{escape(case.not_applicable)}</dd>{_term('Source', case.source)}</dl>")
        return f'<section class="case">{"".join(parts)}</section>'
    known = case.known_failure if one.verdict == "known failure" else ""
    parts.append(
        f"<dl>{_term('Set-up', case.setup)}{_term('Criterion', case.criterion)}{_term('Why it fails', known)}"
        f"{_term('Source', case.source)}{_term('Seed', str(one.trial.seed))}"
        f"{_term('Name', case.id)}</dl>"
    )
    if one.error:
        parts.append(f'<p class="note">{escape(one.error)}</p>')
    if case.site is not None:
        parts.append(f"<figure>{plan(case.site)}</figure>{key(case.site)}")
    if one.found is not None:
        rows = [_row(measure) for measure in one.found.measures]
        parts.append(table(["Measured", "Value", "Must be", ""], rows, numeric=(1, 2)))
        if one.found.chart is not None:
            parts.append(_chart(one.found.chart))
    return f'<section class="case">{"".join(parts)}</section>'


def _term(name: str, text: str) -> str:
    return f"<dt>{name}</dt><dd>{escape(text)}</dd>" if text else ""


def _chip(one: Outcome) -> str:
    return f'<span class="chip{_CHIP[one.verdict]}">{one.verdict}</span>'


def _row(measure: Measure) -> str:
    holds = "" if not measure.judged else "holds" if measure.holds else '<b class="off">does not hold</b>'
    cells = [escape(measure.name), escape(measure.text()), escape(measure.bounds()), holds]
    return f'<tr><td>{cells[0]}</td><td class="n">{cells[1]}</td><td class="n">{cells[2]}</td><td>{cells[3]}</td></tr>'


def _chart(chart: Chart) -> str:
    curves = []
    for k, curve in enumerate(chart.curves):
        known = np.isfinite(curve.x) & np.isfinite(curve.y)
        curves.append((curve.name, _COLOURS[k % len(_COLOURS)], curve.x[known], curve.y[known]))
    return f"<figure>{line_chart(curves, x_label=chart.x_label, y_label=chart.y_label, dots_up_to=12)}</figure>"
