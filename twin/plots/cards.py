"""The cards that notebooks show of a city, a scenario, a result, a comparison and an ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.plots import thumbnail
from twin.plots.basemap import name_of
from twin.plots.card import card, figure_text, grid, pairs, safe

if TYPE_CHECKING:
    from twin.compare import Comparison
    from twin.ensemble import Ensemble
    from twin.geo.city import City
    from twin.result import Figure, Result
    from twin.scenario import Scenario

MOST_ROWS = 14
"""Rows of a table; more are counted."""


def city_card(city: City) -> str:
    """What is in a city, where it is, whose data it is, and what was found wrong."""

    def made() -> str:
        filled = {name: len(frame) for name, frame in city.layers.items() if len(frame)}
        counts = ", ".join(f"{count:,} {name}" for name, count in filled.items())
        rasters = [name for name in ("terrain", "dsm", "canopy") if getattr(city, name) is not None]
        licences = ", ".join(dict.fromkeys(source.licence for source in city.sources if source.licence))
        low, high = city.height_range
        wrong = ", ".join(f"{count:,} {code}" for code, count in list(city.quality.counts().items())[:6])
        rows: list[tuple[str, object]] = [
            ("in it", counts or "nothing"), ("system", city.crs.name), ("extent", _extent(city)),
            ("heights", f"{low:.1f} to {high:.1f} m" if low == low else ""),
            ("triangles", f"{len(city.surfaces):,}" if len(city.surfaces) else ""), ("rasters", ", ".join(rasters)),
            ("date", city.date), ("sources", f"{len(city.sources)}" if city.sources else ""), ("licence", licences),
            ("found", wrong), ("note", "synthetic: made up, not a survey" if city.synthetic else ""),
        ]  # fmt: skip
        picture = (lambda: thumbnail.city_picture(city)) if filled or rasters else None
        return card("City", name_of(city), [pairs(rows)], picture, alt="Map of the city")

    return safe(made, lambda: repr(city))


def _extent(city: City) -> str:
    if not any(len(frame) for frame in city.layers.values()) and not len(city.surfaces):
        return ""
    west, south, east, north = city.bounds
    return f"{east - west:,.0f} × {north - south:,.0f} m, from ({west:.0f}, {south:.0f}) to ({east:.0f}, {north:.0f})"


def scenario_card(scenario: Scenario) -> str:
    """What a scenario changes, who walks, and what it is judged by; a chart of the people who come."""

    def made() -> str:
        crowd, crowding = scenario.crowd, scenario.analyses.crowding
        limits = [f"{crowding.density_limit_per_m2:g} people/m²"]
        if crowding.evacuation_limit_s is not None:
            limits.append(f"everybody out in {crowding.evacuation_limit_s:g} s")
        rows: list[tuple[str, object]] = [
            ("question", scenario.question), ("city", ", ".join(scenario.city)),
            ("crowd", f"{crowd.model}{', preset ' + crowd.preset if crowd.preset else ''}"),
            ("time", f"{crowd.duration_s:g} s{' from ' + crowd.clock_start if crowd.clock_start else ''}"),
            ("seeds", f"{crowd.seeds} from {crowd.seed}"), ("exits", ", ".join(crowd.exits)),
            ("lines", ", ".join(line.id for line in crowd.lines)), ("limits", ", ".join(limits)),
        ]  # fmt: skip
        changes: list[tuple[str, str, str]] = [
            (change.label or change.id, change.type, "both" if change.in_baseline else "variant")
            for change in scenario.changes[:MOST_ROWS]
        ]
        if len(scenario.changes) > MOST_ROWS:
            changes.append((f"and {len(scenario.changes) - MOST_ROWS} more", "", ""))
        tables = [pairs(rows), *([grid(("change", "type", "side"), changes)] if changes else [])]
        return card("Scenario", scenario.title, tables, lambda: _people_due(scenario), alt="People who have come, over time")

    return safe(made, lambda: repr(scenario))


def _people_due(scenario: Scenario) -> bytes | None:
    """People who have come by each moment, as the scenario has them; None where it has nobody."""
    crowd = scenario.crowd
    time = np.linspace(0.0, crowd.duration_s, 240)
    total, ends = np.zeros(len(time)), []
    arrivals: list[Any] = list(crowd.flows)
    for change in scenario.changes:
        if change.type == "event":
            total += sum(zone.present for zone in change.zones)
            arrivals += change.arrivals
            ends.append(change.end_s)
    for one in arrivals:
        total += _arrived(one, time, crowd.duration_s)
    if not total.any():
        return None
    return thumbnail.chart_picture({"people who come": (time, total)}, marks=[end for end in ends if 0 < end <= crowd.duration_s])


def _arrived(one: Any, time: NDArray[np.float64], duration_s: float) -> NDArray[np.float64]:
    if one.profile is not None:
        at, rate = np.array(one.profile, dtype=np.float64).T
        now = np.interp(time, at, rate, left=0.0, right=0.0) / 60.0
        return np.concatenate([[0.0], np.cumsum(0.5 * (now[1:] + now[:-1]) * np.diff(time))])
    until = duration_s if one.until_s is None else one.until_s
    return float(one.people) * np.clip((time - one.from_s) / max(until - one.from_s, 1e-9), 0.0, 1.0)


def result_card(result: Result) -> str:
    """The figures of a run and what they are judged by; a map of the highest density."""

    def made() -> str:
        rows = [
            (figure.label, figure_text(figure.value, figure.digits), _unit(figure.unit), _limit(figure), figure.verdict)
            for figure in result.figures[:MOST_ROWS]
        ]
        tables = [pairs([("run", _about(result))])]
        if rows:
            tables.append(grid(("figure", "value", "unit", "limit", "verdict"), rows))
        title = result.provenance.get("title") or ""
        return card("Result", title, tables, lambda: thumbnail.density_picture(result), alt="Map of the highest crowd density")

    return safe(made, lambda: repr(result))


def _about(result: Result) -> str:
    people = result.recording.people()
    span = float(result.series["time_s"].iloc[-1]) if len(result.series) else 0.0
    seed = result.provenance.get("seed")
    parts = [
        f"{people:,} people",
        f"{span:g} s",
        f"seed {seed}" if seed is not None else "",
        "interrupted" if result.partial else "",
    ]
    return ", ".join(part for part in parts if part)


def _unit(unit: str) -> str:
    return unit.replace("m2", "m²")


def _limit(figure: Figure) -> str:
    return "" if figure.limit is None else figure_text(figure.limit, figure.limit_digits)


def comparison_card(comparison: Comparison) -> str:
    """The figures of both sides, the change and whether it is within noise; a map of what changed."""

    def made() -> str:
        rows = []
        for one in comparison.differences[:MOST_ROWS]:
            digits = one.figure.digits
            noise = {True: "within noise", False: "", None: ""}[one.within_noise]
            change = figure_text(one.change, digits)
            shown = f"+{change}" if one.change > 0 and np.isfinite(one.change) else change
            rows.append(
                (
                    f"{one.figure.label} ({_unit(one.figure.unit)})",
                    figure_text(one.baseline, digits),
                    figure_text(one.variant, digits),
                    shown,
                    noise,
                    _limit(one.figure),
                    one.verdict,
                )
            )
        seeds = comparison.seeds
        about = [
            ("question", comparison.question),
            ("seeds", f"{len(seeds)}" + (" (nothing is known of chance)" if len(seeds) < 2 else "")),
        ]
        about += [("note", "interrupted")] if comparison.partial else []
        tables = [pairs(about), grid(("figure", "without", "with", "change", "", "limit", "verdict"), rows)]
        change_of = "density_max_change"
        return card(
            "Comparison", comparison.title, tables,
            lambda: thumbnail.change_picture(comparison.difference[change_of], comparison.variant.features.get("floor")),
            alt="Map of the change of the highest crowd density: red is more, blue less",
        )  # fmt: skip

    return safe(made, lambda: repr(comparison))


def ensemble_card(ensemble: Ensemble) -> str:
    """The figures over the seeds; a chart of the people present, with its band."""

    def made() -> str:
        known = {figure.key: figure for figure in ensemble.first.figures}
        rows = []
        for key, row in ensemble.summary().iterrows():
            figure = known.get(str(key))
            digits = figure.digits if figure is not None else 1
            label = f"{figure.label} ({_unit(figure.unit)})" if figure is not None else str(key)
            limit = _limit(figure) if figure is not None else ""
            over = ""
            if figure is not None and figure.limit is not None:
                values = ensemble.figures[str(key)].to_numpy(np.float64)
                wrong = values < figure.limit if figure.better == "higher" else values > figure.limit
                over = f"{int(wrong.sum())} of {len(values)}"
            rows.append((label, *(figure_text(float(row[name]), digits) for name in ("median", "p5", "p95")), limit, over))
        about = [("seeds", f"{len(ensemble.seeds)}" + (", interrupted" if ensemble.partial else ""))]
        tables = [pairs(about), grid(("figure", "median", "5 %", "95 %", "limit", "beyond it"), rows[:MOST_ROWS])]
        title = ensemble.first.provenance.get("title") or ""
        return card("Ensemble", title, tables, lambda: _band(ensemble), alt="People present over time, median and band")

    return safe(made, lambda: repr(ensemble))


def _band(ensemble: Ensemble) -> bytes | None:
    from twin.plots.series import band_of

    if not ensemble.series:
        return None
    time, (low, middle, high) = band_of(ensemble.series, "present", 0.05, 0.95)
    return thumbnail.chart_picture({"people present": (time, middle)}, band=(time, low, high))
