"""The sections of impacts: a map or two of each, and what the change takes."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from twin.report.cellars import cellar_tables
from twin.report.pit import pit_tables

if TYPE_CHECKING:
    from twin.impact_result import ImpactResult

MOST_ROWS = 20
"""More things than this are counted instead of listed."""


DRAWINGS = ("pit across", "pit along", "cellars section")
"""Pictures that are as wide as the page, as they have small letters."""


def impact_section(impact: ImpactResult, pictures: Mapping[str, bytes], texts: Mapping[str, str]) -> str:
    """The section of one impact.

    Parameters
    ----------
    impact : ImpactResult
        Of the variant, or of the only side.
    pictures : mapping of str to bytes
        PNG files of maps: ``"<key>"``, ``"<key> change"``, and of further fields and sections ``"<key> <field>"``, as far as they
        are there.
    texts : mapping of str to str
        The sentences of the report.
    """
    parts = [f"<h2>{escape(texts.get(f'impact_{impact.key}', impact.title))}</h2>"]
    shown = []
    own = [(name, texts[f"{impact.key}_{name.split(' ')[1]}"]) for name in pictures
           if name.startswith(f"{impact.key} ") and name != f"{impact.key} change"]  # fmt: skip
    now = texts.get(f"{impact.key}_map", texts["map_now"])
    for name, caption in ((impact.key, now), (f"{impact.key} change", texts["map_change"]), *own):
        if name in pictures:
            source = "data:image/png;base64," + base64.b64encode(pictures[name]).decode()
            alt = escape(f"{impact.title}: {caption}", quote=True)
            wide = ' class="wide"' if name.startswith(DRAWINGS) else ""
            shown.append(f'<figure{wide}><figcaption>{escape(caption)}</figcaption><img src="{source}" alt="{alt}"></figure>')
    if shown:
        parts.append(f'<div class="pictures">{"".join(shown)}</div>')
    parts += [made(impact, texts) for made in (_lost, _relieved, _windows, _posts, _wind, pit_tables, _ways, cellar_tables)]
    return "".join(parts)


def _listed(title: str, head: list[str], rows: list[str], numeric: list[int], count: int, texts: Mapping[str, str]) -> str:
    """A table under a title, and how many more rows there are than it shows."""
    from twin.report.page import items_of, table

    rest = items_of([texts["and_more"].format(n=count - MOST_ROWS)]) if count > MOST_ROWS else ""
    return f"<h3>{title}</h3>{table(head, rows, numeric=numeric)}{rest}"


def _lost(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """What met a norm and does not any more, or changes much, worst first: columns that begin with ``before_`` and ``after_``."""
    frame = impact.features.get("lost", impact.features.get("changed"))
    if frame is None or not len(frame) or impact.key == "pit":
        return ""
    before, after = (next(name for name in frame if str(name).startswith(side)) for side in ("before_", "after_"))
    digits = 1 if before.endswith(("_h", "_db", "_min", "_c")) else 0
    never = texts.get(f"{impact.key}_never", "")

    def cells(row: Mapping[str, float]) -> str:
        told = (f"{row[side]:.{digits}f}" if math.isfinite(row[side]) or not never else escape(never) for side in (before, after))
        return "".join(f'<td class="n">{one}</td>' for one in told)

    rows = [f"<tr><td>{escape(str(name))}</td>{cells(row)}</tr>" for name, row in frame.head(MOST_ROWS).iterrows()]
    head = [texts.get(f"{impact.key}_thing", texts["building"]), texts[f"{impact.key}_before"], texts[f"{impact.key}_after"]]
    return _listed(texts[f"{impact.key}_lost"], head, rows, [1, 2], len(frame), texts)


def _level(level: float) -> str:
    return f"{level:.1f}" if math.isfinite(level) else "-"  # nothing is heard there any more


def _relieved(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """What a change brings below a standard value, what gains most first."""
    frame = impact.features.get("relieved")
    if frame is None or not len(frame):
        return ""
    rows = []
    for name, row in frame.head(MOST_ROWS).iterrows():
        cells = "".join(f'<td class="n">{_level(row[side])}</td>' for side in ("before_db", "after_db"))
        rows.append(f"<tr><td>{escape(str(name))}</td>{cells}</tr>")
    title = f"{impact.key}_relieved"
    head = [texts["building"], texts[f"{title}_before"], texts[f"{title}_after"]]
    return _listed(texts[title], head, rows, [1, 2], len(frame), texts)


def _windows(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """Windows that met a norm and do not any more, worst first."""
    frame = impact.features.get("lost_windows")
    if frame is None or not len(frame):
        return ""
    rows = [
        f'<tr><td>{escape(str(name))}</td><td class="n">{row["before_h"]:.1f}</td><td class="n">{row["after_h"]:.1f}</td></tr>'
        for name, row in frame.head(MOST_ROWS).iterrows()
    ]
    head = [texts["window"], texts["window_before"], texts["window_after"]]
    return _listed(texts["windows_lost"], head, rows, [1, 2], len(frame), texts)


def _posts(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """Posts on which antennas are hung, in the order in which they were chosen."""
    frame = impact.features.get("posts")
    if frame is None or not len(frame):
        return ""
    rows = []
    for name, row in frame.head(MOST_ROWS).iterrows():
        new = "" if row["kept"] or not frame["kept"].any() else f'<small>{texts["signal_comes"]}</small>'
        cells = "".join(f'<td class="n">{100.0 * row[key]:.1f}</td>' for key in ("gained_share", "covered_share"))
        rows.append(f"<tr><td>{escape(str(name))}{new}</td>{cells}</tr>")
    head = [texts["signal_post"], texts["signal_gained"], texts["signal_so_far"]]
    return _listed(texts["signal_posts"], head, rows, [1, 2], len(frame), texts)


def _wind(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """Places by what people do there, where it is too windy, and where the class becomes worse."""
    if impact.key != "wind":
        return ""
    columns = {
        "places": (("activity", "wind_activity"), ("p5_percent", "wind_share"), ("class", "wind_class"), ("rating", "wind_rating"),
                   ("danger", "wind_danger")),
        "worse": (("points", "wind_points"), ("before_percent", "wind_before"), ("before_class", "wind_class"),
                  ("after_percent", "wind_after"), ("after_class", "wind_class")),
        "short": (("points", "wind_points"), ("p5_percent", "wind_share"), ("class", "wind_class"), ("rating", "wind_rating"),
                  ("danger", "wind_danger")),
    }  # fmt: skip
    return "".join(_rows_of(impact, name, shown, texts) for name, shown in columns.items())


def _rows_of(impact: ImpactResult, name: str, shown: tuple[tuple[str, str], ...], texts: Mapping[str, str]) -> str:
    """A table of features: these columns of each."""
    frame = impact.features.get(name)
    if frame is None or not len(frame):
        return ""
    rows = []
    for label, row in frame.head(MOST_ROWS).iterrows():
        cells = []
        for key, _ in shown:
            value = row[key]
            if not isinstance(value, str):
                told = texts["wind_no_points"] if math.isnan(value) else f"{value:.0f}" if key == "points" else f"{value:.1f}"
                cells.append(f'<td class="n">{escape(told)}</td>')
            else:
                cells.append(f"<td>{escape(value)}</td>")
        rows.append(f"<tr><td>{escape(str(label))}</td>{''.join(cells)}</tr>")
    head = [texts["wind_place"], *(texts[key] for _, key in shown)]
    numeric = [k + 1 for k, (key, _) in enumerate(shown) if key.endswith("percent") or key == "points"]
    return _listed(texts[f"wind_{name}"], head, rows, numeric, len(frame), texts)


def _ways(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """Routes of vehicles: how long they take without and with the changes, and what is in the way."""
    frame = impact.features.get("routes")
    if frame is None or not len(frame):
        return ""
    both = frame["before_min"].notna().any()
    rows = []
    for name, row in frame.head(MOST_ROWS).iterrows():
        times = [row["before_min"], row["time_min"]] if both else [row["time_min"]]
        told = (f"{one:.1f}" if math.isfinite(one) else escape(texts["routes_never"]) for one in times)
        cells = "".join(f'<td class="n">{one}</td>' for one in told)
        rows.append(f"<tr><td>{escape(str(name))}<small>{escape(row['vehicle'])}</small></td>{cells}<td>{escape(row['told'])}</td></tr>")
    head = [texts["routes_way"], *([texts["routes_time_before"]] if both else []), texts["routes_time_after"], texts["routes_told"]]
    return _listed(texts.get(f"{impact.key}_ways", texts["routes_ways"]), head, rows, [1, 2] if both else [1], len(frame), texts)
