"""What is told of radio signal: figures, classes and assumptions."""

from __future__ import annotations

import math
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.impact_result import Classes
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.analyses import SignalAnalysis
from twin.sim.impact import signal

STEPS_DB = (-10.0, 0.0, 10.0, 20.0)
"""Borders of the classes around the threshold [dB]."""

SHADES: tuple[Colour, ...] = ((222, 216, 206), (244, 190, 120), (190, 212, 142), (92, 168, 140), (28, 96, 124))
CHANGES_DB = (3.0, 10.0, 20.0)

NOBODY: Colour = (226, 221, 211)
OTHERS: Colour = (150, 144, 138)
SERVERS: tuple[Colour, ...] = (
    (86, 120, 190), (228, 148, 68), (98, 168, 92), (206, 92, 92), (146, 118, 188), (150, 106, 84), (222, 142, 190), (196, 184, 66),
    (82, 178, 190), (44, 78, 110), (120, 130, 40), (240, 196, 150),
)  # fmt: skip
"""Colours of antennas on the map of who serves; where there are more, the last ones share a colour."""


def classes_of(settings: SignalAnalysis, served: gpd.GeoDataFrame) -> tuple[Classes, ...]:
    """Classes of the signal and of who serves."""
    borders = tuple(settings.threshold_dbm + step for step in STEPS_DB)
    ends = [f"{border:g}".replace("-", "−") for border in borders]
    labels = (f"< {ends[0]}", *(f"{a} – {b}" for a, b in pairwise(ends)), f"> {ends[-1]}")
    note = f"coverage from {settings.threshold_dbm:g} dBm, as the scenario sets it; no law sets a limit"
    strength = Classes("signal_dbm", "Radio signal", "dBm", borders, SHADES, labels, note, CHANGES_DB, "higher")
    names = [str(name) for name in served.index]
    most = len(SERVERS)
    shown = names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} others"]
    colours = SERVERS[: len(shown)] if len(names) <= most else (*SERVERS[: most - 1], OTHERS)
    between = tuple(k - 0.5 for k in range(len(shown)))
    server = Classes(
        "best_server", "Strongest antenna", "", between, (NOBODY, *colours), ("none", *shown), "the one that is received best",
        named=True,
    )  # fmt: skip
    return (strength, server) if names else (strength,)


def figures_of(
    settings: SignalAnalysis,
    fields: xr.Dataset,
    wanted: NDArray[np.bool_],
    chosen: gpd.GeoDataFrame,
    candidates: int,
    before: xr.Dataset | None,
) -> tuple[Figure, ...]:
    """Figures, the one that answers last."""
    power = fields["signal_dbm"].to_numpy()
    limit = np.float32(settings.threshold_dbm)
    total, what = int(wanted.sum()), "Streets" if settings.ground == "streets" else "Open ground"
    enough = wanted & (power >= limit)
    lost = np.zeros_like(enough)
    if before is not None:
        lost = wanted & (before["signal_dbm"].to_numpy() >= limit) & ~enough
    seen = wanted & (fields["line_of_sight"].to_numpy() > 0)

    def share(cells: NDArray[np.bool_]) -> float:
        return 100.0 * int(cells.sum()) / total if total else math.nan

    made = [Figure("signal_in_sight", f"{what} in sight of the strongest antenna", share(seen), "%", digits=1, exact=True)]
    if candidates:
        asked = 100.0 * settings.wanted_share
        reached = bool(len(chosen)) and float(chosen["covered_share"].iloc[-1]) * total >= settings.wanted_share * total - 1e-6
        stays = int(chosen["kept"].sum()) if len(chosen) else 0
        note = f"of {candidates}, chosen one after the other by what each adds"
        note += f"; {stays} stay and {len(chosen) - stays} come" if stays else ""
        rest = f"others add less than {100 * settings.least_share:g} %"
        rest = f"no more than {settings.most_posts} may be chosen" if len(chosen) >= settings.most_posts else rest
        note += "" if reached or not total else f"; {rest}, so that share is not reached"
        last = 100.0 * float(chosen["gained_share"].sum()) if len(chosen) else 0.0
        made += [
            Figure("signal_gained", f"Share of {what.lower()} that the posts cover", last, "%", digits=1, exact=True),
            Figure("signal_posts", f"Posts needed for {asked:g} %", float(len(chosen)), "", digits=0, note=note, exact=True),
        ]
    made.append(Figure(
        "signal_lost", f"{what} where signal is lost", float(lost.sum()) * settings.cell_m**2, "m2", digits=0,
        note="had it without the changes, of the same antennas", exact=True,
    ))  # fmt: skip
    label = f"{what} with a signal of {settings.threshold_dbm:g} dBm or more"
    if candidates:
        made.append(Figure(
            "signal_covered", label, share(enough), "%", 100.0 * settings.wanted_share,
            "wanted by the scenario; no law sets a limit", "higher", 1, exact=True,
        ))  # fmt: skip
    else:
        made.append(Figure("signal_covered", label, share(enough), "%", digits=1, note="no law sets a limit", exact=True))
    return headlined(made, "signal_posts", "signal_covered", of_changes=("signal_lost",))


def told_of(settings: SignalAnalysis, served: gpd.GeoDataFrame, every: pd.DataFrame) -> tuple[str, ...]:
    """What one has to know to read it."""
    name = {"umi": "urban micro cells in street canyons", "uma": "urban macro cells"}[settings.model]
    made_for = signal.HEIGHTS[settings.model]
    heights = every["height_m"]
    theirs = ""
    if len(every):
        low, high = f"{heights.min():.3g}", f"{heights.max():.3g}"
        theirs = f", made for antennas at {made_for:g} m; here they hang at {low if low == high else f'{low} to {high}'} m"
    each = settings.power_dbm - 10.0 * math.log10(settings.subcarriers)
    sight, hidden = signal.SHADOW_FADING[settings.model]
    margin = f"a margin of {settings.margin_db:g} dB is taken off" if settings.margin_db else "no margin is taken off"
    told = [
        f"Path loss is that of 3GPP TR 38.901 for {name} at {settings.frequency_ghz:g} GHz{theirs}. Whether there is a line of "
        f"sight to {settings.receiver_m:g} m above the ground is what the city shows, on cells of {settings.cell_m:g} m; trees, "
        "people and vehicles hide nothing.",
        f"An antenna sends {settings.power_dbm:g} dBm (EIRP) where nothing else is said, alike to all sides, and spreads it evenly "
        f"over {settings.subcarriers} subcarriers: {each:.1f} dBm each. The signal is that of one subcarrier of the strongest "
        f"antenna; {settings.threshold_dbm:g} dBm is what the scenario takes for coverage.",
        f"Real signals spread around these by {sight:g} dB in sight and {hidden:g} dB out of it (standard deviation, TR 38.901); "
        f"{margin} for that. Nothing is said of signal indoors and on roofs, of interference and capacity, or of exposure to "
        "fields.",
    ]  # fmt: skip
    if settings.posts is None or settings.posts:
        told.append(
            "Posts are chosen one after the other, always the one that adds most. The best choice of as many would add at most 1.6 "
            "times as much (Nemhauser and others 1978). With changes, posts that were chosen without them stay, and more come on "
            "top."
        )  # fmt: skip
    assumed = int(every["assumed"].sum())
    if assumed:
        told.append(f"Of {assumed} of {len(every)} posts the height is not known; 6 m is assumed.")
    silent = [str(one) for one in served.index[~served["sends"]]]
    if silent:
        told.append(f"Built over, so that they send nothing: {', '.join(silent)}.")
    return tuple(told)
