"""The tables and the chart of the impact "cellars"."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.impacts.cellar_walls import IN_PIT
from twin.impacts.cellars_report import by_name
from twin.report.chart import line_chart
from twin.sim.impact.cellar.loads import REFERENCE_KN_M2

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.impact_result import ImpactResult

MOST_ROWS = 12
"""More cellars than this are counted instead of listed."""

Cell = tuple[str, bool | None]
"""What stands in a field, and whether it is a number; None for a name, which is not broken."""

_LINE, _SPOT, _REFERENCE = "#8a2f1d", "#c98a5a", "#4a5560"


def cellar_tables(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """Cellars, ways, streets, stage places and walls, as far as there are any; nothing of another impact."""
    if impact.key != "cellars":
        return ""
    label = f'<p class="note">{escape(texts["cellars_label"])}</p>'
    every = (_worst, _crowd_load, _course, _ways, _places, _cranes, _streets, _walls)
    return label + "".join(made(impact, texts) for made in every)


def _use(value: Any) -> str:
    if value is None or math.isnan(value):
        return "-"
    return "99+" if value >= 99 else "< 0.01" if 0 < value < 0.005 else f"{value:.2f}"


def _between(row: pd.Series[Any]) -> str:
    high = row["use_high"]
    most = "no end" if math.isinf(high) else _use(high)
    return "" if math.isnan(row["use_low"]) else f"{_use(row['use_low'])} to {most}"


def _table(
    title: str, head: Sequence[str], rows: Sequence[Sequence[Cell]], texts: Mapping[str, str], *, lead: str = "", more: int = 0
) -> str:
    """A table under a title; cells are escaped here."""
    from twin.report.page import items_of, table

    if not rows:
        return ""
    kinds = {True: " class=n", False: "", None: ' style="white-space:nowrap"'}
    made = ["<tr>" + "".join(f"<td{kinds[kind]}>{escape(text)}</td>" for text, kind in row) + "</tr>" for row in rows]
    numeric = [k for k, (_, number) in enumerate(rows[0]) if number]
    rest = items_of([texts["and_more"].format(n=more)]) if more > 0 else ""
    told = f'<p class="soft">{escape(lead)}</p>' if lead else ""
    return f"<h3>{escape(title)}</h3>{told}{table(head, made, numeric=numeric)}{rest}"


def _worst(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """Cellars by use, those that are not judged behind the ones that anything stands on."""
    frame = impact.features["cellars"]
    used = frame[(frame["use_factor"] > 0) | frame["use_factor"].isna()]
    order = used.sort_values("use_factor", ascending=False, na_position="first", kind="stable").head(MOST_ROWS)
    common = set.intersection(*(set(_reasons(row)) for _, row in order.iterrows())) if len(order) > 1 else set()
    rows: list[list[Cell]] = []
    for name, row in order.iterrows():
        own = "; ".join(one for one in _reasons(row) if one not in common)
        known = not math.isnan(row["use_factor"])
        rows.append([
            (str(name), None), (texts[f"cellars_{row['screening'].replace(' ', '_')}"], False), (_use(row["use_factor"]), True),
            (_between(row) if known else "", True), (by_name(str(row["governing"])) if known else "", False),
            (str(row["when"]) if known else "", True), (str(row["confidence"]), False), (own, False),
        ])  # fmt: skip
    head = [
        texts[f"cellars_{key}"]
        for key in ("cellar", "screening", "use", "between", "governing", "when", "confidence", "reasons")
    ]
    lead = texts["cellars_lead"].format(limit=f"{impact.settings['use_limit']:g}")
    lead += texts["cellars_common"].format(told="; ".join(sorted(common))) if common else ""
    return _table(texts["cellars_worst"], head, rows, texts, lead=lead, more=len(used) - MOST_ROWS)


def _reasons(row: pd.Series[Any]) -> list[str]:
    """What to know of a cellar."""
    return [one for one in str(row["reasons"]).split("; ") if one and one != "not judged"]


def _course(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """What the crowd takes of the cellar of which it takes most, over time."""
    frame = impact.features["course"]
    if len(frame) < 2:
        return ""
    minutes, use = frame["time_s"].to_numpy(float) / 60.0, frame["use_crowd"].to_numpy(float)
    name = str(frame["cellar"].iloc[0])
    title = texts["cellars_course"].format(cellar=name, seed=frame["seed"].iloc[0], first=frame["when"].iloc[0])
    chart = line_chart([(name, _LINE, minutes, use)], x_label=texts["course_x"], y_label=texts["cellars_use"])
    lead = texts["cellars_course_lead"].format(most=_use(float(use.max())), limit=f"{impact.settings['use_limit']:g}")
    return f'<h3>{escape(title)}</h3><p class="soft">{escape(lead)}</p>{chart}'


def _crowd_load(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """How heavy the crowd is: over time on the cellar where that is most, and the highest on each."""
    frame = impact.features["cellars"]
    if "crowd_kn_m2" not in frame or not (frame["crowd_kn_m2"].fillna(0.0) > 0).any():
        return ""
    order = frame[frame["crowd_kn_m2"] > 0].sort_values("crowd_kn_m2", ascending=False, kind="stable")
    rows: list[list[Cell]] = [
        [
            (str(name), None), (f"{row['crowd_kn_m2']:.2f}", True), (f"{row['crowd_spot_kn_m2']:.2f}", True),
            (str(row["crowd_when"]), True), (f"{row['crowd_seed']}", True), (_use(row["use_crowd"]), True),
        ]
        for name, row in order.head(MOST_ROWS).iterrows()
    ]  # fmt: skip
    keys = ("cellar", "mean_load", "spot_load", "when", "seed", "use_crowd")
    head = [texts[f"cellars_{key}"] for key in keys]
    return _load_chart(impact, order, texts) + _table(texts["cellars_loads"], head, rows, texts, more=len(order) - MOST_ROWS)


def _load_chart(impact: ImpactResult, order: gpd.GeoDataFrame, texts: Mapping[str, str]) -> str:
    name, row, fields = str(order.index[0]), order.iloc[0], impact.fields
    if "cellar_crowd_load" not in fields or name not in fields["cellar"]:
        return ""
    seed, when = int(row["crowd_seed"]), float(row["crowd_when_s"]) / 60.0
    both = fields[["cellar_crowd_load", "cellar_crowd_spot"]].sel(cellar=name, seed=seed)
    minutes = both["time"].to_numpy().astype(float) / 60.0
    if len(minutes) < 2:
        return ""
    ends = np.array([0.0, minutes[-1]])
    lines = [
        (texts["cellars_line_spot"], _SPOT, minutes, both["cellar_crowd_spot"].to_numpy().astype(float)),
        (texts["cellars_line_mean"], _LINE, minutes, both["cellar_crowd_load"].to_numpy().astype(float)),
        (texts["cellars_line_reference"], _REFERENCE, ends, np.full(2, REFERENCE_KN_M2)),
    ]
    label = texts["cellars_load"]
    chart = line_chart(lines, x_label=texts["course_x"], y_label=label, marks=[(when, str(row["crowd_when"]))])
    title = texts["cellars_load_course"].format(cellar=name, seed=seed)
    told = texts["cellars_load_lead"].format(
        most=f"{row['crowd_kn_m2']:.2f}", when=row["crowd_when"], spot=f"{row['crowd_spot_kn_m2']:.2f}"
    )
    return f'<h3>{escape(title)}</h3><p class="soft">{escape(told)}</p>{chart}'


def _ways(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    frame = impact.features["ways"]
    rows: list[list[Cell]] = []
    for name, row in frame.iterrows():
        kind = str(row["vehicle"])
        title = str(name) if kind == name else f"{name} ({kind})"
        rows.append([
            (title, False), (f"{row['axle_t']:g}", True), (texts[f"cellars_rule_{str(row['rule']).replace(' ', '_')}"], False),
            (_use(row["use_factor"]), True), (str(row["cellar"]), None),
            ("" if math.isnan(row["length_m"]) else f"{row['length_m']:.0f}", True), (str(row["told"]), False),
        ])  # fmt: skip
    head = [texts[f"cellars_{key}"] for key in ("vehicle", "axle", "rule", "use", "cellar", "length", "told")]
    return _table(texts["cellars_ways"], head, rows, texts)


def _places(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    frame = impact.features["places"]
    rows: list[list[Cell]] = []
    for name, row in frame.iterrows():
        none = row["cellars"] == 0
        load = texts["cellars_no_load"] if math.isnan(row["load_kn_m2"]) else f"{row['load_kn_m2']:g}"
        rows.append([
            (str(name), None), (load, True), (texts["cellars_no_cellar"] if none else str(row["cellar"]), None),
            (texts[f"cellars_{row['screening'].replace(' ', '_')}"], False), (_use(row["use_factor"]), True), (_between(row), True),
            (_load(row["largest_kn_m2"]), True), (_load(row["largest_low_kn_m2"]), True),
        ])  # fmt: skip
    keys = ("place", "load", "cellar", "screening", "use", "between", "largest", "largest_low")
    head = [texts[f"cellars_{key}"] for key in keys]
    return _table(texts["cellars_places"], head, rows, texts, lead=texts["cellars_places_lead"])


def _cranes(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """Every crane, those beside all cellars too."""
    rows: list[list[Cell]] = []
    frame = impact.features.get("cranes")
    for name, row in () if frame is None else frame.iterrows():
        none = row["cellars"] == 0
        rows.append([
            (str(name), None), (f"{row['outrigger_kn']:g}", True),
            (texts["cellars_no_cellar"] if none else str(row["cellar"]), None),
            ("" if none else texts[f"cellars_{row['screening'].replace(' ', '_')}"], False),
            ("" if none else _use(row["use_factor"]), True), ("" if none else _between(row), True), (str(row["told"]), False),
        ])  # fmt: skip
    head = [texts[f"cellars_{key}"] for key in ("crane", "foot", "cellar", "screening", "use", "between", "told")]
    return _table(texts["cellars_cranes"], head, rows, texts)


def _load(value: float) -> str:
    return "" if math.isnan(value) else "50 +" if value >= 50 else f"{value:.1f}"


def _streets(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """Street by street what each vehicle takes at most, and of how much of it that is beyond the limit."""
    frame, limit = impact.features["streets"], float(impact.settings["use_limit"])
    ids = [str(name) for name in impact.features["ways"].index]
    rows: list[list[Cell]] = []
    for street, part in _by_name(frame):
        for name in ids:
            use = part[f"use_{name}"]
            if not (part[f"rule_{name}"] != "").any():
                continue
            there = use.notna()
            worst = str(part.loc[use.idxmax(), f"cellar_{name}"]) if there.any() else ""
            far = float(part.loc[use > limit, "length_m"].sum())
            rule = "not allowed" if (part[f"rule_{name}"] == "not allowed").any() else str(part[f"rule_{name}"].iloc[0])
            rows.append([
                (street, None), (name, False), (texts[f"cellars_rule_{rule.replace(' ', '_')}"], False),
                (_use(float(use.max()) if there.any() else float("nan")), True), (worst, None), (f"{far:.0f}", True),
                (f"{float(part['length_m'].sum()):.0f}", True),
            ])  # fmt: skip
    keys = ("street", "vehicle", "rule", "use", "cellar", "length_beyond", "length_above")
    return _table(texts["cellars_streets"], [texts[f"cellars_{key}"] for key in keys], rows[:24], texts, more=len(rows) - 24)


def _by_name(frame: gpd.GeoDataFrame) -> list[tuple[str, gpd.GeoDataFrame]]:
    """Streets with a name, those that have most above cellars first."""
    if not len(frame):
        return []
    groups = {str(name): part for name, part in frame.groupby("name") if name}
    above = {name: float(part["above_cellar_m"].sum()) for name, part in groups.items()}
    return [(name, groups[name]) for name in sorted(groups, key=lambda name: -above[name])]


def _walls(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    frame = impact.features["walls"]
    rows: list[list[Cell]] = []
    for name, row in frame.iterrows():
        known = row["category"] >= 0
        rows.append([
            (str(name), False), (f"{row['length_m']:.0f}", True),
            (f"{row['category']:.0f} ({row['category_low']:.0f} to {row['category_high']:.0f})" if known else "-", True),
            ("" if math.isnan(row["settlement_mm"]) else f"{row['settlement_mm']:.1f}", True), (str(row["damage"]), False),
            (str(row["cracks"]), False),
        ])  # fmt: skip
    keys = ("wall", "length", "category", "settlement", "damage", "cracks")
    head = [texts[f"cellars_{key}"] for key in keys]
    return _table(texts[f"cellars_walls{_alone(frame)}"], head, rows, texts) + _feet(impact, texts)


def _alone(frame: gpd.GeoDataFrame) -> str:
    """Whether lowered water is left out: the end of the key of a heading."""
    return "" if frame["settlement_water_mm"].notna().any() else "_alone"


def _feet(impact: ImpactResult, texts: Mapping[str, str]) -> str:
    """Cellars whose feet a pit moves, those that it draws apart most first."""
    frame = impact.features["cellars"]
    moved = frame[(frame["settlement_mm"] >= 1.0) | frame["settlement_mm"].isna()]
    order = moved.sort_values("feet_apart_mm", ascending=False, na_position="first", kind="stable")
    rows: list[list[Cell]] = []
    for name, row in order.head(MOST_ROWS).iterrows():
        inside = math.isnan(row["settlement_mm"])
        keys = ("settlement_mm", "feet_apart_mm", "feet_uneven_mm")
        why = texts["cellars_in_pit" if row["beside_pit"] == IN_PIT else "cellars_by_pit"]
        told = [why, "", ""] if inside else [f"{row[key]:.1f}" for key in keys]
        rows.append([(str(name), None), *((one, True) for one in told)])
    head = [texts[f"cellars_{key}"] for key in ("cellar", "settlement", "feet_apart", "feet_uneven")]
    return _table(texts[f"cellars_feet{_alone(frame)}"], head, rows, texts, more=len(order) - MOST_ROWS)
