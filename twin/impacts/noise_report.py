"""What the impact "noise" tells: levels before facades and by building, what is above a limit, and how loud a source may be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.impact_result import Classes
from twin.palette import Colour
from twin.result import Figure
from twin.scenario.noise import NoiseAnalysis, SoundLimit, spans

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.impacts.noise import SoundField

SHADES: tuple[Colour, ...] = (
    (184, 214, 209), (206, 228, 204), (226, 242, 191), (243, 198, 131), (232, 126, 77), (205, 70, 62), (161, 26, 77), (117, 8, 92),
    (67, 10, 74),
)  # fmt: skip
"""The scheme of Weninger (2015, "A Color Scheme for the Presentation of Sound Immission in Maps"), 5 dB a class, moved up by 5 dB
so that it ends at the levels of events."""

BORDERS_A = (55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 85.0, 90.0)
BORDERS_C = tuple(one + 15.0 for one in BORDERS_A)
Groups = Sequence[tuple[SoundLimit, tuple[tuple[str, ...], ...]]]


def classes_of() -> tuple[Classes, ...]:
    """Classes of levels."""
    made = []
    for name, title, unit, borders in (
        ("sound_level_a", "Sound level", "dB(A)", BORDERS_A), ("sound_level_c", "Sound level with bass", "dB(C)", BORDERS_C),
    ):  # fmt: skip
        labels = (f"< {borders[0]:g}", *(f"{low:g} – {high:g}" for low, high in pairwise(borders)), f"> {borders[-1]:g}")
        made.append(Classes(name, title, unit, borders, SHADES, labels, "loudest moment", (1.0, 3.0, 6.0), "lower"))
    return tuple(made)


def period(row: SoundLimit) -> str:
    """The hours of a limit, as part of a name: ``"0700_2300"``."""
    return "_".join(clock.replace(":", "") for clock in row.hours)


def before_facades(city: City, field: SoundField, groups: Groups) -> gpd.GeoDataFrame:
    """Points on facades with ``dba_<hours>`` and ``dbc_<hours>``, the loudest before them in the hours of each limit; NaN where
    it is quiet."""
    frame = field.facades.frame(city)
    for row, sets in groups:
        for weighting in ("A", "C"):
            levels = [field.facade_level(weighting, names) for names in sets]
            loudest = np.max(levels, axis=0) if levels else np.full(len(frame), np.nan)
            frame[f"db{weighting.lower()}_{period(row)}"] = np.where(np.isfinite(loudest), loudest, np.nan).round(2)
    return frame


def by_building(city: City, points: gpd.GeoDataFrame, settings: NoiseAnalysis) -> gpd.GeoDataFrame:
    """One row a building with a facade: the loudest of each column of its points, ``judged`` (whether its use is sensitive or not
    known), ``above_db`` (most above a limit, below 0 where all are kept) and ``meets``."""
    columns = [name for name in points if str(name).startswith(("dba_", "dbc_"))]
    grouped = points.groupby("building", sort=False)[columns].max()
    buildings = city.buildings
    table = grouped.reindex([name for name in buildings.index if name in grouped.index])
    table.index = pd.Index(table.index, name="id", dtype="str")
    above = [pd.Series(np.nan, index=table.index)]
    for row in settings.rows:
        above += [table[f"dba_{period(row)}"] - row.dba, table[f"dbc_{period(row)}"] - row.dbc]
    table["above_db"] = pd.concat(above, axis=1).max(axis=1).astype(np.float64).round(2)
    use = buildings["use"].reindex(table.index) if "use" in buildings else pd.Series(None, index=table.index, dtype=object)
    known = use.map(lambda one: isinstance(one, str) and bool(one.strip())).astype(bool)
    table["judged"] = (~known | use.isin(settings.sensitive_uses)).to_numpy(bool)
    table["meets"] = ~(table["above_db"] > 0.0)
    return gpd.GeoDataFrame(table, geometry=list(buildings.geometry.loc[table.index]) if len(table) else [], crs=city.crs)


def lost_of(after: gpd.GeoDataFrame, before: gpd.GeoDataFrame | None, settings: NoiseAnalysis) -> gpd.GeoDataFrame:
    """Judged buildings that kept to the limits and do not any more: ``before_db`` and ``after_db``, by how much they are above."""
    both = after.index[:0] if before is None else after.index.intersection(before.index)
    if before is not None:
        both = both[(after["judged"].loc[both] & before["meets"].loc[both] & ~after["meets"].loc[both]).to_numpy(bool)]
    old = after if before is None else before
    table = pd.DataFrame({"before_db": old["above_db"].loc[both], "after_db": after["above_db"].loc[both]}).astype("float64")
    table.index = pd.Index(both, name="id", dtype="str")
    made = gpd.GeoDataFrame(table, geometry=list(after.geometry.loc[both]), crs=after.crs)
    return made.sort_values("after_db", ascending=False, kind="stable")


def figures_of(buildings: gpd.GeoDataFrame, lost: gpd.GeoDataFrame, settings: NoiseAnalysis) -> tuple[Figure, ...]:
    """The loudest before judged facades in the hours of each limit, how many are above, and how much must go."""
    judged = buildings[buildings["judged"]]
    source, made = settings.source_of_limits, []
    for row in settings.rows:
        hours = " to ".join(row.hours)
        for letter, limit in (("a", row.dba), ("c", row.dbc)):
            column = judged[f"db{letter}_{period(row)}"].dropna()
            if not len(column):
                continue
            made.append(Figure(
                f"noise_db{letter}_{period(row)}", f"Loudest before a facade, {hours}", float(column.max()),
                f"dB({letter.upper()})", limit, source, "lower", 1, f"at {column.idxmax()}", exact=True,
            ))  # fmt: skip
    above = judged[judged["above_db"] > 0.0]
    most = float(judged["above_db"].max()) if judged["above_db"].notna().any() else float("nan")
    made.append(Figure(
        "noise_above", "Buildings with more sound than is allowed", float(len(above)), "buildings", 0.0, source, "lower", 0,
        f"of {len(judged):,} that are judged", exact=True,
    ))  # fmt: skip
    if np.isfinite(most):
        told = "all sources this much weaker keep to the limits" if most > 0.0 else "all sources could be this much louder"
        made.append(Figure("noise_margin", "Room below the limits", -most, "dB", digits=1, note=told, exact=True))
    made.append(Figure(
        "noise_lost", "Buildings that come above the limits by the changes", float(len(lost)), "buildings", 0.0, source, "lower", 0,
        "kept to them without the changes", exact=True,
    ))  # fmt: skip
    return tuple(made)


def _beyond(hours: tuple[str, str], rows: Sequence[tuple[str, str]]) -> bool:
    """Whether some minute of a stretch of the day is in none of others."""
    covered = {minute for row in rows for first, last in spans(row) for minute in range(first, last)}
    return any(minute not in covered for first, last in spans(hours) for minute in range(first, last))


def assumptions_of(settings: NoiseAnalysis) -> tuple[str, ...]:
    """What one has to know to read it."""
    ground = "hard" if settings.ground_factor == 0.0 else f"of ground factor {settings.ground_factor:g}"
    told = [
        "A screening, no acoustic report: the way of sound is that of CNOSSOS-EU without wind, in octave bands from 63 Hz to 8 kHz "
        "straight from source to place and over what stands between. Sound that walls send back or that comes round corners is not "
        "in it, nor wind that carries it, so in streets behind buildings, and downwind, it can be some decibels louder.",
        f"The ground is {ground}; the air is of {settings.temperature_c:g} degrees and {settings.humidity_percent:g} % humidity; "
        f"beyond {settings.reach_m:g} m nothing is worked out. A cell is a block as high as what stands on it.",
        f"Levels before facades are those of the sound that comes to them, 0.75 m above floors that are taken to be 3 m apart; the "
        f"map is {settings.receiver_m:g} m above the ground, at the loudest moment.",
    ]  # fmt: skip
    unjudged = [one.id for one in settings.sources if _beyond(one.hours, [row.hours for row in settings.rows])]
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
    return tuple(told)
