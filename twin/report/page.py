"""The page itself: sections in the order in which a planner asks."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np

from twin.compare import Comparison, Difference
from twin.impacts.crowding import NOT_VERIFIED_FOR
from twin.report.answer import answer
from twin.report.chart import line_chart
from twin.report.figures import clock, limit_with_unit, number, plain, with_unit
from twin.report.impacts import impact_section
from twin.report.texts import FIGURE_LABELS
from twin.result import Figure, Result

_BEFORE, _AFTER = "#5b7f95", "#8a2f1d"


class Page:
    """A report in the making.

    Parameters
    ----------
    subject : Comparison or Result
    pictures : mapping of str to bytes
    scene_href : str or None
    texts : mapping of str to str
    """

    def __init__(
        self, subject: Comparison | Result, pictures: Mapping[str, bytes], scene_href: str | None, texts: Mapping[str, str]
    ) -> None:
        self.texts, self.pictures, self.scene_href = texts, pictures, scene_href
        self.comparison = subject if isinstance(subject, Comparison) else None
        self.result = subject.variant if isinstance(subject, Comparison) else subject
        self.baseline = subject.baseline if isinstance(subject, Comparison) else None
        self.provenance: Mapping[str, Any] = self.result.provenance

    def html(self) -> str:
        """The whole page."""
        title = str(self.provenance.get("title") or "Stadstwin")
        sections = (
            self._head(title), self._pictures(), self._figures(), self._impacts(), self._crowd(), self._changes(),
            self._assumptions(), self._data(), self._made(),
        )  # fmt: skip
        return whole_page(title, "".join(sections), self.texts["lang"])

    # --- sections

    def _head(self, title: str) -> str:
        t = self.texts
        parts = [f"<h1>{escape(title)}</h1>"]
        question = str(self.provenance.get("question") or "")
        if question:
            parts.append(f'<p class="soft">{t["question"]}</p><p>{escape(question)}</p>')
        parts.append(answer(self))
        if (self.comparison and self.comparison.partial) or self.result.partial:
            until = clock(float(self.provenance.get("time_s", 0.0)))
            parts.append(f'<p class="note">{t["partial"].format(time=until, n=self._seeds())}</p>')
        parts += [f'<p class="note">{escape(str(remark))}</p>' for remark in self.provenance.get("remarks", [])]
        if self.provenance.get("city", {}).get("synthetic"):
            parts.append(f'<p class="note">{t["synthetic"]}</p>')
        return "".join(parts)

    def left_behind(self) -> tuple[float, float]:
        """People still there at the end, and who had not entered."""
        value = {d.figure.key: d.variant for d in self.rows()}
        return value["remaining"], value["not_entered"]

    def _pictures(self) -> str:
        t = self.texts
        views = {name: content for name, content in self.pictures.items() if name.split(" ")[0] not in self.result.impacts}
        if not views and not self.scene_href:
            return ""
        names = {"before": t["before"], "after": t["after"] if self.comparison else t["now"]}
        shown = []
        for name, content in views.items():
            caption = escape(names.get(name, name))
            source = "data:image/png;base64," + base64.b64encode(content).decode()
            alt = t["picture_alt" if self.result.has_crowd else "picture_alt_city"].format(side=caption)
            shown.append(f'<figure><figcaption>{caption}</figcaption><img src="{source}" alt="{alt}"></figure>')
        link = ""
        if self.scene_href:
            button = f'<a class="button" href="{escape(self.scene_href, quote=True)}">{t["scene"]}</a>'
            link = f'<p>{button} <span class="soft">{t["scene_hint"]}</span></p>'
        heading = t["pictures"] if self.comparison else t["picture"]
        return f'<h2>{heading}</h2><div class="pictures">{"".join(shown)}</div>{link}'

    def rows(self) -> tuple[Difference, ...]:
        if self.comparison:
            return self.comparison.differences
        nan = float("nan")
        return tuple(Difference(f, nan, f.value, (nan, nan), (nan, nan), nan, (nan, nan), False) for f in self.result.figures)

    def _figures(self) -> str:
        t = self.texts
        rows = []
        before, after = self.people()
        for d in self.rows():
            figure = d.figure
            notes = [one.figure(figure.key).note for _, one in self._sides()]
            apart = len(set(notes)) > 1  # a place of one side is not that of the other
            cells = [f"<td>{escape(self.label(figure))}{'' if apart else _small(notes[-1])}</td>"]
            if self.comparison:
                was = _small(notes[0]) if apart else ""
                cells.append(f'<td class="n">{self._value(d.baseline, d.baseline_range, figure, before)}{was}</td>')
            now = _small(notes[-1]) if apart else ""
            cells.append(f'<td class="n">{self._value(d.variant, d.variant_range, figure, after)}{now}</td>')
            if self.comparison:
                change = number(d.change, figure) if math.isfinite(d.change) and math.isfinite(d.variant) else ""
                change = f"+{change}" if d.change > 0 and change != number(0.0, figure) else change
                noise = f"<small>{t['within_noise']}</small>" if d.within_noise and change else ""
                cells.append(f'<td class="n">{change}{noise}</td>')
            limit = (
                ""
                if figure.limit is None
                else f"{limit_with_unit(figure)}<small>{escape(plain(figure.limit_source))}</small>"
            )
            chip = f'<span class="chip{"" if d.verdict == "meets" else " bad"}">{t[d.verdict]}</span>' if d.verdict else ""
            cells += [f"<td>{limit}</td>", f"<td>{chip}</td>"]
            rows.append(f"<tr>{''.join(cells)}</tr>")
        sides = [t["before"], t["after"], t["change"]] if self.comparison else [t["now"]]
        head = [t["figure"], *sides, t["limit"], t["verdict"]]
        seeds = self._seeds()
        lead = t["median_of"].format(n=seeds) if seeds > 1 else t["one_run"] if self.result.has_crowd else ""
        lead = f'<p class="soft">{lead}</p>' if lead else ""
        return f'<h2>{t["figures"]}</h2>{lead}{table(head, rows, numeric=range(1, 1 + len(sides)))}'

    def people(self) -> tuple[float, float]:
        """How many take part without and with the changes."""
        row = next((d for d in self.rows() if d.figure.key == "people"), None)
        return (1.0, 1.0) if row is None else (row.baseline, row.variant)

    def _value(self, value: float, between: tuple[float, float], figure: Figure, people: float) -> str:
        if not math.isfinite(value):
            unknown = "not_known" if people else "nobody_there"
            return f'<span class="soft">{self.texts["not_reached" if value > 0 else unknown]}</span>'
        text = with_unit(value, figure)
        low, high = between
        if math.isfinite(low) and math.isfinite(high) and number(low, figure) != number(high, figure):
            text += f"<small>({number(low, figure)} to {number(high, figure)})</small>"
        return text

    def _impacts(self) -> str:
        return "".join(impact_section(one, self.pictures, self.texts) for one in self.result.impacts.values())

    def _crowd(self) -> str:
        """What a crowd does; nothing where nobody walks."""
        if not self.result.has_crowd:
            return ""
        return self._densest() + self._course() + self._exits() + self._lines()

    def _densest(self) -> str:
        t = self.texts
        rows = []
        for side, result in self._sides():
            for _, spot in result.features["hotspots"].head(3).iterrows():
                cells = [side] if self.comparison else []
                cells += [str(spot["rank"]), str(spot["place"]), str(spot["level"]), clock(spot["time_s"])]
                rows.append(
                    "<tr>"
                    + "".join(f"<td>{escape(c)}</td>" for c in cells)
                    + f'<td class="n">{spot["density_per_m2"]:.1f}</td></tr>'
                )
        head = [*([t["side"]] if self.comparison else []), t["rank"], t["place"], t["level"], t["time"], t["density"]]
        body = table(head, rows, numeric=[len(head) - 1]) if rows else f"<p>{t['nobody']}</p>"
        return f"<h2>{t['densest']}</h2>{self._of_first()}{body}"

    def _course(self) -> str:
        t = self.texts
        colours = (_BEFORE, _AFTER) if self.comparison else (_AFTER,)
        lines = []
        for (side, result), colour in zip(self._sides(), colours, strict=True):
            series = result.series
            keep = np.unique(np.linspace(0, max(len(series) - 1, 0), 400).astype(int)) if len(series) else np.empty(0, int)
            lines.append((side, colour, series["time_s"].to_numpy(float)[keep] / 60.0, series["present"].to_numpy(float)[keep]))
        return f"<h2>{t['course']}</h2>" + line_chart(lines, x_label=t["course_x"], y_label=t["course_y"])

    def _exits(self) -> str:
        t = self.texts
        return self._by_place(t["exits"], t["exit"], "exits", [(t["people"], "people", 0), (t["peak"], "peak_per_min", 0)])

    def _lines(self) -> str:
        t = self.texts
        if not len(self.result.features["lines"]):
            return ""
        return self._by_place(
            t["lines"], t["line"], "lines", [(t["peak"], "peak_per_min", 0), (t["per_width"], "peak_per_m_min", 0)]
        )

    def _by_place(self, heading: str, first: str, name: str, columns: list[tuple[str, str, int]]) -> str:
        t = self.texts
        frames: list[tuple[str, gpd.GeoDataFrame]] = [(side, result.features[name]) for side, result in self._sides()]
        ids = list(dict.fromkeys(str(i) for _, frame in frames for i in frame.index))
        if not ids:
            return ""
        rows = []
        for i in ids:
            cells = [f"<td>{escape(i)}</td>"]
            for _, key, digits in columns:
                for _, frame in frames:
                    cells.append(f'<td class="n">{frame.loc[i, key]:,.{digits}f}</td>' if i in frame.index else "<td></td>")
            rows.append(f"<tr>{''.join(cells)}</tr>")
        several = len(frames) > 1
        short = (t["before_short"], t["after_short"]) if several else ("",)
        head = [first, *(f"{label}, {side}" if several else label for label, _, _ in columns for side in short)]
        return f"<h2>{heading}</h2>{self._of_first()}{table(head, rows, numeric=range(1, len(head)))}"

    def _changes(self) -> str:
        t = self.texts
        both = {change["id"] for change in self.baseline.provenance.get("changes", [])} if self.baseline else set()
        items = []
        for change in self.provenance.get("changes", []):
            told = f"{change['id']} ({change['type']})" + (f" {t['in_both']}" if self.comparison and change["id"] in both else "")
            items.append(f"<li>{escape(str(change['label']))}<small>{escape(told)}</small></li>")
        return f"<h2>{t['changes']}</h2><ul>{''.join(items)}</ul>" if items else ""

    def _assumptions(self) -> str:
        t = self.texts
        told = [*self.provenance.get("assumptions", []), *(a for one in self.result.impacts.values() for a in one.assumptions)]
        assumed = items_of(plain(str(one)) for one in told)
        if not self.result.has_crowd:
            return f"<h2>{t['assumptions']}</h2>{assumed}"
        unverified = items_of(NOT_VERIFIED_FOR)
        return f"<h2>{t['assumptions']}</h2>{assumed}<h2>{t['not_verified']}</h2><p>{t['not_verified_lead']}</p>{unverified}"

    def _data(self) -> str:
        t = self.texts
        rows = []
        for source in self.provenance.get("sources", []):
            credit = f"<small>{escape(str(source.get('credit', '')))}</small>" if source.get("credit") else ""
            name, kind, licence = (escape(str(source.get(key) or "-")) for key in ("name", "format", "licence"))
            cells = [name + credit, kind, licence, f"<small>{escape(str(source.get('sha256', ''))[:16])}</small>"]
            rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        found = self.provenance.get("quality", {})
        told = items_of(f"{code}: {count}" for code, count in found.items()) if found else f"<p>{t['quality_none']}</p>"
        listed = table([t["source"], t["format"], t["licence"], t["checksum"]], rows, numeric=[]) if rows else ""
        return f"<h2>{t['data']}</h2>{listed}<h3>{t['quality']}</h3>{told}"

    def _made(self) -> str:
        t = self.texts
        p = self.provenance
        seeds = ", ".join(str(s) for s in self.comparison.seeds) if self.comparison else str(p.get("seed", ""))
        versions = ", ".join(f"{name} {version}" for name, version in p.get("versions", {}).items())
        items = [(t["made"], str(p.get("created", ""))), *[(t["seeds"], seeds)] * self.result.has_crowd, (t["versions"], versions)]
        listed = "".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in items)
        text = str(p.get("scenario", ""))
        summary = f"{t['scenario']} {escape(str(p.get('scenario_file', '')))}"
        scenario = f"<details><summary>{summary}</summary><pre>{escape(text)}</pre></details>"
        return f"<h2>{t['provenance']}</h2><dl>{listed}</dl>{scenario if text else ''}"

    # --- words

    def _seeds(self) -> int:
        return len(self.comparison.seeds) if self.comparison else 1

    def _of_first(self) -> str:
        if self.comparison is None or len(self.comparison.seeds) < 2:
            return ""
        return f'<p class="soft">{self.texts["of_first"].format(seed=self.comparison.seeds[0])}</p>'

    def _sides(self) -> list[tuple[str, Result]]:
        t = self.texts
        if self.comparison and self.baseline is not None:
            return [(t["before"], self.baseline), (t["after"], self.result)]
        return [(t["now"], self.result)]

    @staticmethod
    def label(figure: Figure) -> str:
        return plain(FIGURE_LABELS.get(figure.key, figure.label))


def _small(note: str) -> str:
    return f"<small>{escape(plain(note))}</small>" if note else ""


def whole_page(title: str, body: str, language: str) -> str:
    """A page that loads nothing from anywhere, from the HTML of its body."""
    style = files("twin.report").joinpath("style.css").read_text(encoding="utf-8")
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{style}</style></head><body><main>{body}</main></body></html>\n"
    )


def table(head: Iterable[str], rows: Iterable[str], *, numeric: Iterable[int]) -> str:
    """A table that scrolls sideways on a phone."""
    right = set(numeric)
    cells = "".join(f"<th{' class=n' if k in right else ''}>{escape(text)}</th>" for k, text in enumerate(head))
    return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def items_of(texts: Iterable[object]) -> str:
    """A list, escaped."""
    return "<ul>" + "".join(f"<li>{escape(str(text))}</li>" for text in texts) + "</ul>"
