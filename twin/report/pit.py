"""The tables of a pit: its stages, the buildings, trees and pipes around it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from twin.impact_result import ImpactResult

MOST_ROWS = 20


class Column(NamedTuple):
    """A column of a table: the text of its head, what stands in a row, and whether that is a number."""

    text: str
    cell: Callable[[Any], str]
    numeric: bool = True


def _number(key: str, digits: int = 0, scale: float = 1.0) -> Callable[[Any], str]:
    def cell(row: pd.Series) -> str:
        value = scale * float(row[key])
        return f"{value:,.{digits}f}" if math.isfinite(value) else "–"

    return cell


def _factor(row: pd.Series) -> str:
    value, asked = float(row["uplift_factor"]), float(row["uplift_asked"])
    if not math.isfinite(value):
        return f"–<small>{escape(str(row['held_by']))}</small>"
    return f"<b>{value:.2f}</b>" if value < asked else f"{value:.2f}"


def _relieved(row: pd.Series) -> str:
    """The factor with relief wells, where there are any."""
    return _number("uplift_factor_relieved", 2)(row) if row.get("relief_m", 0.0) > 0.0 else "–"


def _text(key: str) -> Callable[[Any], str]:
    return lambda row: escape(str(row[key]))


def _whole(text: str) -> str:
    """A text that is not broken over lines."""
    return f'<span style="white-space:nowrap">{escape(text)}</span>'


def _name(row: pd.Series) -> str:
    return _whole(str(row.name))


def _days(row: pd.Series) -> str:
    return "<br>".join(_whole(str(row[key])) for key in ("starts", "ends") if row[key]) or "–"


def _cracks(row: pd.Series) -> str:
    cracks = str(row["cracks"]).partition(";")[0]
    return escape(f"{row['damage']}: {cracks}")


def _category(row: pd.Series) -> str:
    value, low, high = (row[key] for key in ("category", "category_low", "category_high"))
    span = f"<small>({low} – {high})</small>" if low != high else ""
    return f"{value}{span}"


STAGES = (
    Column("stage", _text("stage"), False), Column("days", _days, False), Column("floor", _number("dug_m", 2)),
    Column("soil", _number("volume_m3")), Column("lorries", _number("lorries")), Column("struts", _number("supports")),
    Column("uplift", _factor), Column("lower", _number("lower_head_by_m", 2)),
    Column("relieved", _relieved),
)  # fmt: skip
WATER = (
    Column("stage", _text("stage"), False), Column("fall", _number("drawdown_beside_m", 2)),
    Column("head_fall", _number("head_drawdown_m", 2)), Column("inflow", _number("inflow_m3_d")), Column("wells", _number("wells")),
    Column("wall_mm", _number("settlement_wall_mm")), Column("water_mm", _number("settlement_water_mm")),
)  # fmt: skip
BUILDINGS = (
    Column("building", _name, False), Column("category", _category, False), Column("cracks", _cracks, False),
    Column("strain", _number("strain_percent", 2)), Column("settles", _number("settlement_mm")),
    Column("by_wall", _number("settlement_wall_mm")), Column("by_water", _number("settlement_water_mm")),
    Column("away", _number("distance_m", 1)), Column("foundation", _text("foundation"), False),
)  # fmt: skip
TREES = (
    Column("tree", _name, False), Column("fate", lambda row: row["fate"], False), Column("cut", _number("cut_share", 0, 100.0)),
    Column("tree_fall", _number("fall_m", 2)),
)  # fmt: skip
PIPES = (
    Column("pipe", _name, False), Column("kind", _text("kind"), False), Column("crossed", _number("crossed_m", 1)),
    Column("settles", _number("settlement_mm")), Column("slope", _number("slope_mm_m", 2)),
    Column("pipe_strain", _number("strain_mm_m", 2)),
)  # fmt: skip


def pit_tables(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """Tables of stages, damaged buildings, trees and pipes; nothing where no pit is, or of another impact."""
    if impact.key != "pit" or not len(impact.features["stages"]):
        return ""
    stages, buildings, trees, pipes = (impact.features[name] for name in ("stages", "buildings", "trees", "pipes"))
    several = stages["pit"].nunique() > 1
    if several:
        stages = stages.assign(stage=stages["pit"] + " " + stages["stage"])
    asked = impact.figure("pit_uplift").limit or 1.1
    parts = [f'<p class="soft">{escape(texts["pit_screening"])}</p>', uplift_chart(stages, asked, texts)]
    parts.append(_table("pit_stages", stages.assign(uplift_asked=asked), STAGES, texts))
    parts.append(_table("pit_water", stages, WATER, texts))
    worse = buildings[(buildings["category"] > 0).fillna(False)].sort_values("strain_percent", ascending=False, kind="stable")
    parts.append(_table("pit_buildings", worse, BUILDINGS, texts))
    fates = [
        texts["pit_felled" if stands else "pit_dry" if dry else "pit_cut_roots"]
        for stands, dry in zip(trees["in_pit"], trees["thirsty"], strict=True)
    ]
    parts.append(_table("pit_trees", trees.assign(fate=fates), TREES, texts))
    parts.append(_table("pit_pipes", pipes, PIPES, texts))
    return "".join(parts)


def _table(title: str, frame: gpd.GeoDataFrame, columns: tuple[Column, ...], texts: Mapping[str, str]) -> str:
    from twin.report.page import items_of, table

    if not len(frame):
        return ""
    rows = []
    for _, row in frame.head(MOST_ROWS).iterrows():
        cells = (f'<td{" class=n" if one.numeric else ""}>{one.cell(row)}</td>' for one in columns)
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = [texts[f"pit_head_{one.text}"] for one in columns]
    more = items_of([texts["and_more"].format(n=len(frame) - MOST_ROWS)]) if len(frame) > MOST_ROWS else ""
    numeric = [k for k, one in enumerate(columns) if one.numeric]
    return f"<h3>{escape(texts[title])}</h3>{table(head, rows, numeric=numeric)}{more}"


def uplift_chart(stages: gpd.GeoDataFrame, asked: float, texts: Mapping[str, str]) -> str:
    """Bars of the factor against uplift of each stage, against what is asked; nothing where no stage has one."""
    known = stages[stages["uplift_factor"].map(math.isfinite)]
    if not len(known):
        return ""
    most, left, wide, high = 2.0 * asked, 150, 360, 24
    rows = []
    for k, (_, row) in enumerate(known.iterrows()):
        value = float(row["uplift_factor"])
        bar = wide * min(value, most) / most
        colour = "#b3261e" if value < asked else "#2f6f4f"
        beyond = " →" if value > most else ""
        y = 8 + k * high
        inside = ' text-anchor="end" style="fill:#fff"' if bar > 60.0 else ""
        rows.append(
            f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{escape(str(row["stage"]))}</text>'
            f'<rect x="{left}" y="{y}" width="{bar:.1f}" height="16" fill="{colour}"/>'
            f'<text x="{left + (bar - 6 if inside else bar + 6):.1f}" y="{y + 12}"{inside}>{value:.2f}{beyond}</text>'
        )
    x, bottom = left + wide / 2.0, 12 + len(known) * high
    line = f'<line x1="{x}" x2="{x}" y1="2" y2="{bottom}" stroke="#1d1b19" stroke-dasharray="4 3"/>'
    label = f'<text x="{x}" y="{bottom + 14}" text-anchor="middle">{escape(texts["pit_asked"].format(asked=asked))}</text>'
    title = escape(texts["pit_uplift_chart"])
    return (
        f'<figure><figcaption>{title}</figcaption><svg viewBox="0 0 {left + wide + 60} {bottom + 20}" role="img" '
        f'aria-label="{title}" style="max-width:{left + wide + 60}px;width:100%;font:12px sans-serif;fill:currentColor">'
        f"{''.join(rows)}{line}{label}</svg></figure>"
    )
