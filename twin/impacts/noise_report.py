"""What the impact "noise" tells: levels before facades and by building, what is above a limit, and how loud a source may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.impact_result import Classes
from twin.impacts.sound_paths import LINE_REFLECTIONS
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.noise import NoiseAnalysis, SoundLimit, spans
from twin.sim.impact.traffic import SURFACES

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.impacts.noise import SoundField
    from twin.impacts.traffic import TrafficField

SHADES: tuple[Colour, ...] = (
    (184, 214, 209), (206, 228, 204), (226, 242, 191), (243, 198, 131), (232, 126, 77), (205, 70, 62), (161, 26, 77), (117, 8, 92),
    (67, 10, 74),
)  # fmt: skip
"""The scheme of Weninger (2015, "A Color Scheme for the Presentation of Sound Immission in Maps"), 5 dB a class, moved up by 5 dB
so that it ends at the levels of events."""

BORDERS_A = (55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 85.0, 90.0)
BORDERS_DEN = (38.0, 43.0, 48.0, 53.0, 58.0, 63.0, 68.0, 73.0)
"""One of them is the standard value of Lden [dB]."""

BORDERS_NIGHT = (35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0)
BORDERS_C = tuple(one + 15.0 for one in BORDERS_A)
TRAFFIC = ("lden", "lday", "levening", "lnight")
Groups = Sequence[tuple[SoundLimit, tuple[tuple[str, ...], ...]]]


def classes_of(settings: NoiseAnalysis) -> tuple[Classes, ...]:
    """Classes of levels."""
    made, kinds = [], []
    if settings.sounding:
        kinds += [
            ("sound_level_a", "Sound level", "dB(A)", BORDERS_A, "loudest moment"),
            ("sound_level_c", "Sound level with bass", "dB(C)", BORDERS_C, "loudest moment"),
        ]  # fmt: skip
    if settings.roads:
        kinds += [
            ("sound_level_den", "Road traffic, Lden", "dB", BORDERS_DEN, "Lden"),
            ("sound_level_night", "Road traffic, Lnight", "dB", BORDERS_NIGHT, "Lnight"),
        ]  # fmt: skip
    for name, title, unit, borders, told in kinds:
        labels = (f"< {borders[0]:g}", *(f"{low:g} – {high:g}" for low, high in pairwise(borders)), f"> {borders[-1]:g}")
        made.append(Classes(name, title, unit, borders, SHADES, labels, told, (1.0, 3.0, 6.0), "lower"))
    return tuple(made)


def period(row: SoundLimit) -> str:
    """The hours of a limit, as part of a name: ``"0700_2300"``."""
    return "_".join(clock.replace(":", "") for clock in row.hours)


def before_facades(points: gpd.GeoDataFrame, field: SoundField, groups: Groups) -> gpd.GeoDataFrame:
    """Points on facades with ``dba_<hours>`` and ``dbc_<hours>``, the loudest before them in the hours of each limit; NaN where
    it is quiet."""
    frame = points.copy()
    for row, sets in groups:
        for weighting in ("A", "C"):
            levels = [field.facade_level(weighting, names) for names in sets]
            loudest = np.max(levels, axis=0) if levels else np.full(len(frame), np.nan)
            frame[f"db{weighting.lower()}_{period(row)}"] = np.where(np.isfinite(loudest), loudest, np.nan).round(2)
    return frame


def traffic_before_facades(points: gpd.GeoDataFrame, field: TrafficField) -> gpd.GeoDataFrame:
    """Points on facades with ``lden``, ``lday``, ``levening`` and ``lnight`` of road traffic; NaN where nothing comes."""
    frame = points.copy()
    for period in ("den", "day", "evening", "night"):
        level = field.facade_level(period)
        frame[f"l{period}"] = np.where(np.isfinite(level), level, np.nan).round(2)
    return frame


def by_building(city: City, points: gpd.GeoDataFrame, settings: NoiseAnalysis) -> gpd.GeoDataFrame:
    """One row a building with a facade: the loudest of each column of its points, ``judged`` (whether its use is sensitive or not
    known), ``above_db`` (most above a limit of the event, below 0 where all are kept) and ``meets`` (these and the limit of
    Lden)."""
    columns = [name for name in points if str(name).startswith(("dba_", "dbc_")) or name in TRAFFIC]
    grouped = points.groupby("building", sort=False)[columns].max()
    buildings = city.buildings
    table = grouped.reindex([name for name in buildings.index if name in grouped.index])
    table.index = pd.Index(table.index, name="id", dtype="str")
    above = [pd.Series(np.nan, index=table.index)]
    for row in settings.rows if settings.sounding else ():
        above += [table[f"dba_{period(row)}"] - row.dba, table[f"dbc_{period(row)}"] - row.dbc]
    table["above_db"] = pd.concat(above, axis=1).max(axis=1).astype(np.float64).round(2)
    use = buildings["use"].reindex(table.index) if "use" in buildings else pd.Series(None, index=table.index, dtype=object)
    known = use.map(lambda one: isinstance(one, str) and bool(one.strip())).astype(bool)
    table["judged"] = (~known | use.isin(settings.sensitive_uses)).to_numpy(bool)
    loud = table["lden"] > settings.road_limit_db if settings.roads else False
    table["meets"] = ~((table["above_db"] > 0.0) | loud)
    return gpd.GeoDataFrame(table, geometry=list(buildings.geometry.loc[table.index]) if len(table) else [], crs=city.crs)


def lost_of(after: gpd.GeoDataFrame, before: gpd.GeoDataFrame | None, settings: NoiseAnalysis) -> gpd.GeoDataFrame:
    """Judged buildings that kept to the limits, or to the standard value of Lden, and do not any more: ``before_db`` and
    ``after_db``, by how much they are above."""
    tables = []
    for column, limit in _judged_by(settings):
        over = after[column] - limit
        if before is None:
            tables.append(pd.DataFrame({"before_db": over, "after_db": over}).iloc[:0])
            continue
        both = after.index.intersection(before.index)
        was, now = (before[column] - limit).loc[both], over.loc[both]
        came = after["judged"].loc[both] & ~(was > 0.0) & (now > 0.0)
        tables.append(pd.DataFrame({"before_db": was[came], "after_db": now[came]}))
    table = pd.concat(tables).sort_values("after_db", ascending=False, kind="stable").astype("float64").round(2)
    table = table[~table.index.duplicated()]
    table.index = pd.Index(table.index, name="id", dtype="str")
    return gpd.GeoDataFrame(table, geometry=list(after.geometry.loc[table.index]), crs=after.crs)


def _judged_by(settings: NoiseAnalysis) -> list[tuple[str, float]]:
    """Columns of buildings that a change is told of, and what each is held against."""
    event, roads = ("above_db", 0.0), ("lden", settings.road_standard_db)
    return [event] * bool(settings.sounding) + [roads] * bool(settings.roads)


def figures_of(
    buildings: gpd.GeoDataFrame, before: gpd.GeoDataFrame | None, lost: gpd.GeoDataFrame, settings: NoiseAnalysis
) -> tuple[Figure, ...]:
    """What the event and the traffic are told by; `before` are the buildings without the change."""
    made: list[Figure] = []
    if settings.sounding:
        made += _event_figures(buildings, settings)
    if settings.roads:
        made += _traffic_figures(buildings, before, settings)
    sources = [settings.source_of_limits] * bool(settings.sounding) + [settings.road_limits_source] * bool(settings.roads)
    counts = f"; of road traffic the standard value counts, {settings.road_standard_db:g} dB Lden" if settings.roads else ""
    made.append(Figure(
        "noise_lost", "Buildings that come above the limits by the changes", float(len(lost)), "buildings", 0.0, "; ".join(sources),
        "lower", 0, f"kept to them without the changes{counts}", exact=True,
    ))  # fmt: skip
    return headlined(made, "noise_margin", "noise_lden_relieved", of_changes=("noise_lost", "noise_lden_relieved"))


def relieved_of(after: gpd.GeoDataFrame, before: gpd.GeoDataFrame | None, settings: NoiseAnalysis) -> gpd.GeoDataFrame:
    """Judged buildings that come below the standard value of Lden: ``before_db`` and ``after_db``, those that gain most first."""
    judged = after[after["judged"]]
    was = judged["lden"] if before is None else before["lden"].reindex(judged.index)
    came = (was > settings.road_standard_db) & ~(judged["lden"] > settings.road_standard_db)
    table = pd.DataFrame({"before_db": was[came], "after_db": judged["lden"][came]}).astype("float64").round(2)
    gain = (table["before_db"] - table["after_db"].fillna(0.0)).to_numpy()
    table = table.iloc[np.argsort(-gain, kind="stable")]
    return gpd.GeoDataFrame(table, geometry=list(after.geometry.loc[table.index]), crs=after.crs)


def _traffic_figures(buildings: gpd.GeoDataFrame, before: gpd.GeoDataFrame | None, settings: NoiseAnalysis) -> list[Figure]:
    """The loudest Lden and Lnight before judged facades, how many are above limit and standard, and what changes."""
    judged = buildings[buildings["judged"]]
    source, standard, limit = settings.road_limits_source, settings.road_standard_db, settings.road_limit_db
    made: list[Figure] = []
    if judged["lden"].notna().any():
        made += [
            Figure("noise_lden", "Road traffic, loudest Lden before a facade", float(judged["lden"].max()), "dB", limit, source,
                   "lower", 1, f"at {judged['lden'].idxmax()}", exact=True),
            Figure("noise_lnight", "Road traffic, loudest Lnight before a facade", float(judged["lnight"].max()), "dB", digits=1,
                   note=f"at {judged['lnight'].idxmax()}", exact=True),
        ]  # fmt: skip
    over = judged["lden"] > standard
    made.append(Figure(
        "noise_lden_above", "Buildings with more traffic noise than the limit", float((judged["lden"] > limit).sum()), "buildings",
        0.0, source, "lower", 0, f"more than {limit:g} dB Lden, of {len(judged):,} that are judged", exact=True,
    ))  # fmt: skip
    made.append(Figure(
        "noise_lden_standard", "Buildings above the standard value of traffic noise", float(over.sum()), "buildings", digits=0,
        note=f"more than {standard:g} dB Lden: new homes there take a decision with reasons", exact=True,
    ))  # fmt: skip
    was = judged["lden"] if before is None else before["lden"].reindex(judged.index)
    quieter = (was - judged["lden"]).dropna()
    told = f"the most that a building gains is {max(float(quieter.max()), 0.0):.1f} dB" if len(quieter) else ""
    fewer = float(((was > standard) & ~over).sum())
    made.append(Figure(
        "noise_lden_relieved", "Buildings that come below the standard value by the changes", fewer, "buildings", digits=0,
        note=told, exact=True,
    ))  # fmt: skip
    return made


def _event_figures(buildings: gpd.GeoDataFrame, settings: NoiseAnalysis) -> list[Figure]:
    """The loudest before judged facades in the hours of each limit, how many are above, and how much must go."""
    judged = buildings[buildings["judged"]]
    source, made = settings.source_of_limits, []
    for row in settings.rows:
        hours = " to ".join(row.hours)
        for letter, what, limit in (("a", "sound", row.dba), ("c", "bass", row.dbc)):
            column = judged[f"db{letter}_{period(row)}"].dropna()
            if not len(column):
                continue
            made.append(Figure(
                f"noise_db{letter}_{period(row)}", f"Loudest {what} before a facade from {hours}", float(column.max()),
                f"dB({letter.upper()})", limit, source, "lower", 1, f"at {column.idxmax()}", exact=True,
            ))  # fmt: skip
    above = judged[judged["above_db"] > 0.0]
    most = float(judged["above_db"].max()) if judged["above_db"].notna().any() else float("nan")
    made.append(Figure(
        "noise_above", "Buildings with more sound than is allowed", float(len(above)), "buildings", 0.0, source, "lower", 0,
        f"of {len(judged):,} that are judged", exact=True,
    ))  # fmt: skip
    if np.isfinite(most):
        told = f"all sources {'must' if most > 0.0 else 'could'} be {abs(most):.1f} dB {'weaker' if most > 0.0 else 'louder'}"
        said = f"A{told[1:]} {'to keep to' if most > 0.0 else 'within'} the limits"
        made.append(Figure("noise_margin", "Room below the limits", -most, "dB", digits=1, note=told, exact=True, told=said))
    return made


def _beyond(hours: tuple[str, str], rows: Sequence[tuple[str, str]]) -> bool:
    """Whether some minute of a stretch of the day is in none of others."""
    covered = {minute for row in rows for first, last in spans(row) for minute in range(first, last)}
    return any(minute not in covered for first, last in spans(hours) for minute in range(first, last))


def _walls(settings: NoiseAnalysis) -> str:
    """What is told of what walls send back."""
    if not settings.reflections:
        return "; what walls send back is not in it"
    others = "".join(f", {100.0 * kept:g} % those for {use}" for use, kept in settings.absorption_by_use.items())
    where = "" if settings.map_reflections else ", which is before facades only and not on the map"
    kept = f"{100.0 * settings.absorption:g} % of the energy{others}"
    near, far = settings.reflection_near_m, LINE_REFLECTIONS * settings.reflection_near_m
    parts = [f"{near:g} m of source or place"] * bool(settings.sources)
    parts += [f"{far:g} m of lines and roads or {near:g} m of the place"] * bool(settings.lines or settings.roads)
    return f", and off one wall within {', '.join(parts)}{where} (walls keep {kept}; they are plane and upright)"


def assumptions_of(
    settings: NoiseAnalysis, closed: Sequence[str] = (), covered: Mapping[str, float] | None = None
) -> tuple[str, ...]:
    """What one has to know to read it."""
    ground = "hard" if settings.ground_factor == 0.0 else f"of ground factor {settings.ground_factor:g}"
    told = [
        "A screening, no acoustic report: the way of sound is that of CNOSSOS-EU without wind, in octave bands from 63 Hz to 8 kHz "
        f"straight from source to place and over what stands between{_walls(settings)}. Sound that comes round corners is not in "
        "it, nor wind that carries it, so in streets behind buildings, and downwind, it can be some decibels louder.",
        f"The ground is {ground}; the air is of {settings.temperature_c:g} degrees and {settings.humidity_percent:g} % humidity; "
        f"beyond {_reaches(settings)} nothing is worked out, and maps have no colour there. A cell is a block as high as what "
        "stands on it.",
        f"Levels before facades are those of the sound that comes to them, 0.75 m above floors that are taken to be 3 m apart; the "
        f"map is {settings.receiver_m:g} m above the ground{', at the loudest moment' if settings.sounding else ''}.",
    ]  # fmt: skip
    unjudged = [one.id for one in settings.sounding if _beyond(one.hours, [row.hours for row in settings.rows])]
    if unjudged:
        told.append(f"At some hours of {', '.join(unjudged)} there is no limit in the table: then it is on the map and not judged.")
    for one in settings.sources:
        kind = f"as {one.spectrum}" if one.bands_dba is None else "in bands of its own"
        side = "the same all round"
        if one.facing_deg is not None and one.rejection_db:
            side = f"to {one.facing_deg:g} degrees, up to {one.rejection_db:g} dB weaker behind"
        told.append(
            f"{one.id}: {one.level_db:g} dB({one.weighting}) in the open at {one.distance_m:g} m, {kind}, {side}, "
            f"{one.hours[0]} to {one.hours[1]}."
        )
    for line in settings.lines:
        kind = f"as {line.spectrum}" if line.bands_dba is None else "in bands of its own"
        power = f"{line.power_db_m:g} dB({line.weighting})"
        told.append(f"{line.id}: {power} of power a metre, {kind}, {line.hours[0]} to {line.hours[1]}.")
    if settings.roads:
        told += _traffic_told(settings, closed, covered or {})
    return tuple(told)


def _reaches(settings: NoiseAnalysis) -> str:
    near = f"{settings.road_reach_m:g} m of lines and roads" if settings.lines or settings.roads else ""
    return " and ".join(part for part in (f"{settings.reach_m:g} m of sources" if settings.sources else "", near) if part)


def _traffic_told(settings: NoiseAnalysis, closed: Sequence[str], covered: Mapping[str, float]) -> list[str]:
    """What one has to know of the traffic."""
    told = [
        "Road traffic sounds as in CNOSSOS-EU (Directives (EU) 2015/996 and 2021/1226), 5 cm above the middle of the road, with "
        "steady speeds but near the junctions that are given; studded tyres and other traffic are not in it. As wind that carries "
        "sound is left out, Lden far from a road is told too low.",
        f"The standard value ({settings.road_standard_db:g} dB) and the limit ({settings.road_limit_db:g} dB) are for new "
        "buildings and new roads, of all municipal roads together: only roads of this scenario are in it.",
    ]  # fmt: skip
    for road in settings.roads:
        day = sum(12.0 * one[0] + 4.0 * one[1] + 8.0 * one[2] for one in road.per_hour.values())
        if road.id in closed:
            told.append(
                f"{road.id}: closed by the scenario, so nothing drives there instead of {day:,.0f} vehicles a day at "
                f"{road.speed_km_h:g} km/h; where they go is not in it."
            )
            continue
        about = SURFACES[road.surface]
        fits = about.speeds_km_h[0] <= road.speed_km_h <= about.speeds_km_h[1]
        beyond = "" if fits else ", a speed that its figures are not made for"
        below = f"; {covered[road.id]:.0f} m of it lie below buildings and are not heard" if road.id in covered else ""
        told.append(f"{road.id}: {day:,.0f} vehicles a day at {road.speed_km_h:g} km/h on {about.title}{beyond}{below}.")
    return told
