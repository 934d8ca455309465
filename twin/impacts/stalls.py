"""Who could not get on in a run, and where people were pressed together: as a table, and in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import shapely

from twin.discretize import Ground
from twin.geo.city import City
from twin.impacts.place_names import name_of_place
from twin.sim.crowd.watch import CRUSH_PER_M2, STALLED_S, Stall, Watch

REASONS = {
    "no way": "from where they stand no way leads to where they want to go",
    "end of journey": "their journey ends on the floor, not at an exit",
    "door": "waiting at a door that is shut or full",
    "exit": "waiting at an exit that is shut or full",
    "ride": "waiting for a lift or an escalator that is full or does not run",
    "choice": "none of the exits or places they may choose from is open",
    "narrow": "standing where it is too narrow for them",
    "jam": "in a jam",
    "blocked": "held up by others or by a wall",
}
"""Why somebody cannot get on, by the word of `Stall.why`."""

COLUMNS = ("person", "level", "since_s", "why", "at", "density_per_m2")


def stalled_frame(
    watch: Watch, ground: Ground, *, doors: Sequence[str] = (), goals: Sequence[str] = (), rides: Sequence[str] = ()
) -> gpd.GeoDataFrame:  # fmt: skip
    """Everybody who did not come half a metre further in a minute although it wanted to.

    Parameters
    ----------
    watch : Watch
    ground : Ground
    doors, goals, rides : sequence of str
        Their names, in the order of the crowd.

    Returns
    -------
    GeoDataFrame
        Points with ``person`` (``id`` of the trajectories), ``level``, ``since_s`` [s], ``why`` (a key of `REASONS`), ``at`` (the
        door, exit or ride, else empty), ``density_per_m2`` within a metre [1/m2]; where it stood when it was first seen.
    """
    stalls = sorted(watch.stalled.values(), key=lambda stall: (stall.since, stall.person))
    names = {"door": doors, "exit": goals, "ride": rides}
    rows = [
        (
            stall.person, ground.levels[stall.level], stall.since, stall.why, _name(stall, names.get(stall.why, ())), stall.density,
            shapely.Point(stall.x + ground.origin[0], stall.y + ground.origin[1]),
        )
        for stall in stalls
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "geometry"])
    kinds = {"person": "int64", "level": "str", "since_s": "float64", "why": "str", "at": "str", "density_per_m2": "float64"}
    return gpd.GeoDataFrame(frame.astype(kinds), geometry="geometry", crs=ground.grid.crs)


def _name(stall: Stall, names: Sequence[str]) -> str:
    return names[stall.number] if 0 <= stall.number < len(names) else ""


def stall_remarks(stalled: gpd.GeoDataFrame, city: City | None) -> list[str]:
    """What to tell of them: for each reason how many, and where and since when the first."""
    if not len(stalled):
        return []
    told = []
    for (why, at), count in Counter(zip(stalled["why"], stalled["at"], strict=True)).most_common():
        first = stalled[(stalled["why"] == why) & (stalled["at"] == at)].iloc[0]
        name = f" (`{at}`)" if at else ""
        place = name_of_place(city, first.geometry, str(first["level"]))
        told.append(f"{count} {REASONS[why]}{name}, the first since {first['since_s']:.0f} s at {place}")
    one = len(stalled) == 1
    head = f"{len(stalled)} {'person' if one else 'people'} could not get on for {STALLED_S:g} s or longer"
    return [f"{head}: {'; '.join(told)}."]


def crush_remarks(watch: Watch, ground: Ground, city: City | None) -> list[str]:
    """A sentence when people were pressed together beyond `CRUSH_PER_M2`."""
    crush = watch.crush
    if crush is None:
        return []
    place = name_of_place(city, shapely.Point(crush.x + ground.origin[0], crush.y + ground.origin[1]), ground.levels[crush.level])
    return [
        f"Crush: after {crush.time:.0f} s there were {crush.density:.1f} people per m2 within a metre at {place}. Beyond "
        f"{CRUSH_PER_M2:g} per m2 people are injured, and what a model of walking says of that place no longer counts."
    ]
