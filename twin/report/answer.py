"""The box that answers: headlines first, then what has a limit, then what is left."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from twin.report.figures import clock, limit_with_unit, number, with_unit

if TYPE_CHECKING:
    from twin.compare import Difference
    from twin.impact_result import ImpactResult
    from twin.report.page import Page

MOST_NAMES = 5
"""More things than this are counted instead of named in the answer."""

MOST_POSTS = 20
"""Which posts are needed is a question of its own."""

NAMED = ("lost", "changed", "posts", "relieved")
"""Features whose first rows are named, by `<impact>_<feature>` of the texts."""


def answer(page: Page) -> str:
    """The box, as HTML.

    Parameters
    ----------
    page : Page
    """
    t = page.texts
    after, crowd = page.people()[1], page.result.has_crowd
    rows = [d for d in page.rows() if not d.figure.key.startswith("flow_")]
    sentences = [] if after else [t["answer_nobody"]]
    of_impacts = {figure.key for impact in page.result.impacts.values() for figure in impact.figures}
    first = [d for d in rows if d.figure.headline and (after or d.figure.key in of_impacts)]
    if page.comparison is None:
        first = [d for d in first if d.verdict or not d.figure.of_changes]
    # an answer begins with what is not as it should be
    first.sort(key=lambda d: d.verdict in ("", "meets"))
    sentences += [_judged(page, d) if d.verdict else _plain(page, d) for d in first if d.verdict or not math.isnan(d.variant)]
    sentences += _names(page)
    judged = [d for d in rows if d.verdict]
    sentences += [_judged(page, d) for d in judged if d not in first]
    sentences += _unjudged(page, {d.figure.key for d in first})
    still, waiting = page.left_behind() if crowd else (0.0, 0.0)
    sentences += _not_worked_out(page)
    sentences += _of_the_crowd(page, still, waiting) if crowd else [t["not_known_crowd"]]
    bad = waiting > 0 or any(d.verdict != "meets" for d in judged)
    body = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    state = " bad" if bad else " open" if still > 0 or not after else ""
    return f'<section class="answer{state}" aria-label="{t["answer"]}">{body}</section>'


def _judged(page: Page, difference: Difference) -> str:
    """A figure with a limit, how it stands to that, and what it is without the changes."""
    t, figure, verdict = page.texts, difference.figure, difference.verdict
    if verdict == "not known":
        why = f" ({figure.note.removeprefix('not known: ')})" if figure.note else ""
        than = t["answer_least" if figure.better == "higher" else "answer_most"].format(limit=limit_with_unit(figure))
        return t["answer_not_known"].format(label=page.label(figure), why=why, than=than)
    if figure.told:
        same = difference.baseline == difference.variant
        known = page.comparison and math.isfinite(difference.baseline) and not figure.of_changes
        was = t["answer_told_same"] if same else _before(page, difference, "answer_without")
        return f"{figure.told}. {was}" if known else f"{figure.told}."
    label, limit = page.label(figure), figure.limit or 0.0
    if limit == 0.0 and figure.better == "lower":  # what there should be none of
        said = t["answer_zero_met" if verdict == "meets" else "answer_zero"].format(
            label=label, value=with_unit(difference.variant, figure)
        )
        known = page.comparison and math.isfinite(difference.baseline) and not figure.of_changes
        if verdict == "meets" or not known:
            return said
        return f"{said} {_before(page, difference, 'answer_without')}"
    if not math.isfinite(difference.variant):
        return t["answer_never"].format(label=label, limit=number(limit, figure))
    kind = {"meets": "enough" if figure.better == "higher" else "meets", "falls short": "short"}.get(verdict, "exceeds")
    key = f"answer_{kind}" if page.comparison else f"answer_single_{kind}"
    said = t[key].format(label=label, value=with_unit(difference.variant, figure), limit=limit_with_unit(figure))
    if page.comparison and math.isfinite(difference.baseline):
        was = difference.verdict_before
        return f"{said} {_before(page, difference, f'answer_{kind}_too' if was == verdict != 'meets' else 'answer_without')}"
    if page.comparison and not page.people()[0]:
        return f"{said} {t['answer_nobody_before']}"
    return said


def _before(page: Page, difference: Difference, key: str) -> str:
    """What it is without the changes."""
    return page.texts[key].format(value=with_unit(difference.baseline, difference.figure), noise=_noise(page, difference))


def _noise(page: Page, difference: Difference) -> str:
    return page.texts["answer_noise"] if difference.within_noise else ""


def _plain(page: Page, difference: Difference) -> str:
    """A figure without a limit, on both sides."""
    t, figure = page.texts, difference.figure
    if figure.told:
        before = page.baseline.figure(figure.key).told if page.baseline and not figure.of_changes else ""
        if before == figure.told:
            return f"{figure.told}. {t['answer_told_same']}"
        return f"{figure.told}." + (f" {t['answer_told_before'].format(told=before)}" if before else "")
    label, value = page.label(figure), _value(page, difference.variant, difference)
    if page.comparison is None or figure.of_changes or math.isnan(difference.baseline):
        return t["answer_single_plain"].format(label=label, value=value)
    was = _value(page, difference.baseline, difference)
    key = "answer_plain_same" if was == value else "answer_plain"
    return t[key].format(label=label, value=value, was=was, noise=_noise(page, difference))


def _value(page: Page, value: float, difference: Difference) -> str:
    return with_unit(value, difference.figure) if math.isfinite(value) else page.texts["answer_not_reached"]


def _names(page: Page) -> list[str]:
    """The first of what is gained, lost or chosen, by name."""
    return [
        _named(page, impact, name)
        for impact in page.result.impacts.values()
        for name in NAMED
        if name in impact.features and len(impact.features[name])
    ]


def _named(page: Page, impact: ImpactResult, name: str) -> str:
    t, frame = page.texts, impact.features[name]
    most = MOST_POSTS if name == "posts" else MOST_NAMES
    names: Iterable[object] = frame.index[:most]
    if name == "changed":
        rows = frame.head(most).iterrows()
        names = (t["answer_change"].format(name=one, before=row["before_c"], after=row["after_c"]) for one, row in rows)
    told = ", ".join(str(one) for one in names)
    if len(frame) > most:
        told = t["answer_names_more"].format(names=told, n=len(frame) - most)
    title = f"{impact.key}_{'lost' if name == 'changed' else name}"
    return t["answer_names"].format(title=t.get(title, impact.title), names=told)


def _unjudged(page: Page, told: set[str]) -> list[str]:
    """The last figure of impacts that have neither a headline nor a limit."""
    rows = {d.figure.key: d for d in page.rows()}
    return [
        _plain(page, rows[impact.figures[-1].key])
        for impact in page.result.impacts.values()
        if impact.figures
        and not any(figure.limit is not None or figure.key in told for figure in impact.figures)
        and impact.figures[-1].key in rows
    ]


def _not_worked_out(page: Page) -> list[str]:
    """That whether walls stand is not known, wherever an excavation is judged: nobody may take the answer for more than it is."""
    pit = page.result.impacts.get("pit")
    stages = None if pit is None else pit.features.get("stages")
    return [page.texts["answer_no_design"]] if stages is not None and len(stages) else []


def _of_the_crowd(page: Page, still: float, waiting: float) -> list[str]:
    """Where it is densest, who is still there and who did not come in."""
    t, sentences = page.texts, []
    spots = page.result.features["hotspots"]
    if len(spots):
        first = spots.iloc[0]
        sentences.append(t["answer_where"].format(place=first["place"], level=first["level"], time=clock(first["time_s"])))
    if still > 0:
        end = clock(float(page.provenance.get("time_s", 0.0)))
        said = t["answer_not_out"].format(remaining=f"{still:,.0f}", time=end)
        if page.comparison:
            before = next(d.baseline for d in page.rows() if d.figure.key == "remaining")
            said += t["answer_not_out_before"].format(remaining=f"{before:,.0f}")
        sentences.append(f"{said}.")
    if waiting > 0:
        sentences.append(t["answer_not_in"].format(waiting=f"{waiting:,.0f}"))
    return sentences
