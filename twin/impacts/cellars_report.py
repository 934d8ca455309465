"""What the impact "cellars" tells: its figures, and what was taken for granted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.impacts.cellar_capacity import LABEL
from twin.impacts.cellar_crowd import Crowd
from twin.impacts.cellar_crowd_load import REFERENCE_SOURCE
from twin.impacts.cellar_places import MOST_KN_M2
from twin.impacts.cellar_walls import IN_PIT, NOT_KNOWN, Ground
from twin.impacts.cellar_ways import Drive
from twin.result import Figure, headlined
from twin.scenario.cellars import CellarsAnalysis
from twin.sim.impact.cellar.loads import PERSON_KG, REFERENCE_KN_M2

MOST_TOLD = 4
"""Of more ways or stage places than this the worst ones are figures with a limit."""

ALONE = "by the walls of pits alone, without lowered water"
"""Said of what pits do where the impact ``pit``, which has what water does, is not asked for too."""

TOGETHER = "by the walls of pits and lowered water together"

LOOKED_AT = "what is not judged has to be looked at before anything goes above it"
NONE_JUDGED = "none of them could be judged"

LEAST_MM = 1.0
"""Cellars that settle less than this are not told [mm]."""


def _figure(
    key: str, label: str, value: float, unit: str = "", *, limit: float | None = None, source: str = "", digits: int = 0,
    note: str = "", told: str = "", unknown: bool = False,
) -> Figure:  # fmt: skip
    """A figure of which less is better and in which chance plays no part."""
    return Figure(
        f"cellars_{key}", label, value, unit, limit, source, "lower", digits, note, exact=True, told=told, unknown=unknown
    )


def figures(
    features: Mapping[str, gpd.GeoDataFrame], settings: CellarsAnalysis, known: gpd.GeoDataFrame | None, *, changed: bool
) -> tuple[Figure, ...]:
    """The figures of one side; `known` are the cellars of the side without the changes, `changed` whether it is that with them."""
    found, limit, source = features["cellars"], settings.use_limit, settings.use_limit_source
    use = found["use_factor"].to_numpy(np.float64)
    beyond, unknown = use > limit, int(np.isnan(use).sum())
    far, of = int(beyond.sum()), f"of {len(found)}"
    told = f"More is asked of {far or 'none'} {of} cellars than can be shown that they carry"
    not_told = f"{unknown} {of} cellars {'is' if unknown == 1 else 'are'} not judged: {_why_not(found)}" if unknown else ""
    label = "Cellars of which more is asked than they can be shown to carry"
    blind = len(found) > 0 and unknown == len(found)
    made = [_figure("beyond", label, math.nan if blind else float(far), "cellars", limit=0.0, source=source,
                    note=f"{NONE_JUDGED if blind else of}; {LABEL}", told="" if blind else told, unknown=blind)]  # fmt: skip
    label, note = "Cellars that the changes bring beyond their limit", "within without the changes, or not judged"
    added = _added(found, known, limit, changed=changed)
    made.append(_figure("added", label, added, "cellars", limit=0.0, source=source, note=note))
    made.append(_figure(
        "worst", "Largest use of a cellar", _most(use), limit=limit, source=source, digits=2, note=_of_worst(found),
        told=_told_worst(found),
    ))  # fmt: skip
    if "use_crowd" in found:
        made.append(_crowd_figure(found, features["course"], limit, source))
    if "crowd_kn_m2" in found:
        made.append(_crowd_load_figure(found))
    made += [*_ways(features["ways"], limit, source), *_places(features["places"], limit, source)]
    made += _cranes(features["cranes"], limit, source)
    made += _walls(features["walls"], found, settings)
    maybe = float(((found["use_high"] > limit) & ~beyond).sum())
    loaded = found[(found["governing"] != "own weight") | (found["use_factor"] != 0.0)]
    low = float((loaded["confidence"] == "low").sum()) if len(loaded) else math.nan
    label = "Cellars within their limit that may be beyond it, as weak as they may be"
    made.append(_figure("maybe", label, maybe, "cellars", note="what is not known of them decides"))
    label, why = "Cellars that are not judged", _why_not(found)
    made.append(_figure("not_judged", label, float(unknown), "cellars", limit=0.0, source=LOOKED_AT, note=why, told=not_told))
    of_loaded = f"of {len(loaded)} of which something is asked" if len(loaded) else "nothing is asked of any cellar"
    made.append(_figure("low", "Cellars of which confidence is low", low, "cellars", note=of_loaded))
    ways = (one.key for one in made if one.key.startswith(("cellars_way_", "cellars_place_")) and one.limit is not None)
    cranes = (one.key for one in made if one.key.startswith("cellars_crane_"))
    doubt = ("cellars_not_judged",) if unknown else ()
    first = ("cellars_beyond", "cellars_worst", "cellars_crowd", "cellars_crowd_load", *ways, *islice(cranes, MOST_TOLD), *doubt)
    return headlined(made, *first, of_changes=("cellars_added",))


def _added(found: gpd.GeoDataFrame, known: gpd.GeoDataFrame | None, limit: float, *, changed: bool) -> float:
    """How many come beyond the limit by the changes; not known where the other side was not looked at."""
    if known is None:
        return float("nan") if changed else 0.0
    old = known["use_factor"].reindex(found.index)
    return float(((found["use_factor"] > limit) & ~(old > limit)).sum())


def _most(use: NDArray[np.float64]) -> float:
    there = use[~np.isnan(use)]
    return float(there.max()) if len(there) else float("nan")


def _worst(found: gpd.GeoDataFrame) -> tuple[str, pd.Series[Any]] | None:
    """The cellar of which most is asked; none where nothing is above any."""
    use = found["use_factor"]
    if not use.notna().any() or not use.max() > 0:
        return None
    return str(use.idxmax()), found.loc[use.idxmax()]


def _of_worst(found: gpd.GeoDataFrame) -> str:
    worst = _worst(found)
    if worst is None:
        return "nothing is above any cellar"
    name, row = worst
    when = f", at {row['when']}" if row["when"] else ""
    ends = f"between {_number(row['use_low'])} and {_number(row['use_high'])}, as strong and as weak as it may be"
    return f"{name}, by {by_name(str(row['governing']))}{when}; {ends}; confidence {row['confidence']}"


def _told_worst(found: gpd.GeoDataFrame) -> str:
    worst = _worst(found)
    if worst is None:
        return ""
    name, row = worst
    ends = f"between {_number(row['use_low'])} and {_number(row['use_high'])} times, by what is not known of it"
    by, most = by_name(str(row["governing"])), _number(row["use_factor"])
    return f"Most is asked of {name}: {most} times what it can be shown to carry, by {by}; {ends}"


def by_name(governing: str) -> str:
    """What governs a cellar, by the name that the scenario has for it."""
    kind = next((one for one in ("vehicle: ", "crane: ", "stage ") if governing.startswith(one)), "")
    return governing.removeprefix(kind)


def _small(use: float) -> str:
    return "below 0.01" if 0.0 < use < 0.005 else f"{use:.2f}"


def _number(value: float) -> str:
    return "endlessly many" if np.isinf(value) else f"{value:.2f}"


def _crowd_figure(found: gpd.GeoDataFrame, course: gpd.GeoDataFrame, limit: float, source: str) -> Figure:
    use, label = found["use_crowd"], "Largest use of a cellar by the crowd alone"
    if not (use.fillna(0.0) > 0).any():
        told = "Nobody stands above a cellar"
        return _figure("crowd", label, 0.0, limit=limit, source=source, digits=2, note="nobody stood above a cellar", told=told)
    name, most = str(use.idxmax()), float(use.max())
    when = f" at {course.loc[course['use_crowd'].idxmax(), 'when']}" if len(course) else ""
    note = f"{name}{when}: people on a part of a vault are worse than people everywhere"
    told = f"The crowd alone: use up to {most:.2f}, {name}{when}; from {limit:g} on a cellar is not shown to carry it"
    return _figure("crowd", label, most, limit=limit, source=source, digits=2, note=note, told=told)


def _crowd_load_figure(found: gpd.GeoDataFrame) -> Figure:
    """The heaviest crowd, beside what a code has for crowds."""
    load, label = found["crowd_kn_m2"], "Heaviest crowd on a cellar"
    beside = f"beside {REFERENCE_KN_M2:g} kN/m2 for large crowds (EN 1991-1-1, category C5)"
    if load.notna().any() and load.max() > 0:
        name, most = str(load.idxmax()), float(load.max())
        spot, when, seed = (found.loc[name, key] for key in ("crowd_spot_kn_m2", "crowd_when", "crowd_seed"))
        where = f"{name} at {when}"
        note = f"{where}, seed {seed}: mean over its plan; {spot:.2f} kN/m2 at most on a spot of it"
        told = f"The heaviest crowd on a cellar is {most:.2f} kN/m2 ({where}, mean over its plan), {beside}"
    else:
        most = float("nan") if load.isna().all() else 0.0
        note = "nobody stood above a cellar" if most == 0.0 else "no cellar whose measures are known lies in the field of the crowd"
        told = ""
    return _figure(
        "crowd_load", label, most, "kN/m2", limit=REFERENCE_KN_M2, source=REFERENCE_SOURCE, digits=2, note=note, told=told
    )


def _judged(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows that have a cellar below, with whether each is among the worst, which are held against the limit."""
    rows = frame[frame["cellars"] > 0]
    worst = rows["use_factor"].dropna().sort_values(ascending=False, kind="stable").index[:MOST_TOLD]
    return rows.assign(among_worst=rows.index.isin(worst))


def _ways(ways: gpd.GeoDataFrame, limit: float, source: str) -> list[Figure]:
    """The largest use on the way of each vehicle."""
    made = []
    for name, row in _judged(ways).iterrows():
        title, use, first = _titled(str(name), str(row["vehicle"])), float(row["use_factor"]), bool(row["among_worst"])
        label = f"{title}: largest use of a cellar below its way"
        told = "" if np.isnan(use) else f"{title}: use up to {use:.2f}, {row['told']}"
        made.append(_figure(
            f"way_{name}", label, use, limit=limit if first else None, source=source if first else "", digits=2,
            note=f"{row['cellar']}; {row['told']}", told=told,
        ))  # fmt: skip
    return made


def _titled(name: str, kind: str) -> str:
    told = name if kind == name else f"{name} ({kind})"
    return told[:1].upper() + told[1:]


def _places(places: gpd.GeoDataFrame, limit: float, source: str) -> list[Figure]:
    """The use below each stage and stall."""
    made = []
    for name, row in _judged(places).iterrows():
        use, first, load, largest = float(row["use_factor"]), bool(row["among_worst"]), float(row["load_kn_m2"]), _largest(row)
        stated = "no load is stated of it: not judged" if np.isnan(load) else f"use {_small(use)} at {load:g} kN/m2"
        if not np.isnan(load) and np.isnan(use):
            stated = f"{load:g} kN/m2"
        told = "" if np.isnan(use) else f"Place of {name}: use {_small(use)} at {load:g} kN/m2{largest}"
        made.append(_figure(
            f"place_{name}", f"Place of {name}: largest use of a cellar below", use, limit=limit if first else None,
            source=source if first else "", digits=2, note=f"{row['cellar']}, {stated}{largest}", told=told,
        ))  # fmt: skip
    return made


def _ends(row: pd.Series[Any]) -> str:
    """Between which uses it may be, by what is not known of the vault."""
    if np.isnan(row["use_low"]):
        return "use not known"
    return f"between {_number(row['use_low'])} and {_number(row['use_high'])}, by what is not known of it"


def _cranes(cranes: gpd.GeoDataFrame, limit: float, source: str) -> list[Figure]:
    """The use below the feet of each crane; those that stand beside all cellars have no limit to meet."""
    made = []
    for name, row in cranes.iterrows():
        use, below, title = float(row["use_factor"]), bool(row["cellars"]), f"Crane {name}"
        said, note = str(row["told"]), str(row["told"])
        if below:
            note = f"{row['cellar']}; {_ends(row)}; {note}"
            said = said if np.isnan(use) else f"use up to {_small(use)} at {row['outrigger_kn']:g} kN a foot, {_ends(row)}; {said}"
        made.append(_figure(
            f"crane_{name}", f"{title}: largest use of a cellar below its outriggers", use, limit=limit if below else None,
            source=source if below else "", digits=2, note=note, told=f"{title}: {said}",
        ))  # fmt: skip
    return made


def _largest(row: pd.Series[Any]) -> str:
    """Up to which load a place is within the limit."""
    most, weak = float(row["largest_kn_m2"]), float(row["largest_low_kn_m2"])
    if np.isnan(most):
        return ""
    told = f"; within the limit up to {_load(most)}"
    if weak >= MOST_KN_M2:
        return f"{told}, however weak it may be"
    return f"{told}, and up to {_load(weak)} were its vault as weak as it may be"


def _load(value: float) -> str:
    """A largest load in words."""
    return f"{MOST_KN_M2:g} kN/m2 at least" if value >= MOST_KN_M2 else f"{value:.1f} kN/m2"


def _walls(walls: gpd.GeoDataFrame, found: gpd.GeoDataFrame, settings: CellarsAnalysis) -> list[Figure]:
    """Settlement of wharf walls and feet of vaults; nothing where no pit is near."""
    made = []
    if len(walls):
        in_pit = bool((walls["damage"] == IN_PIT).any())
        row = walls.sort_values(["category", "strain_percent"], ascending=False).iloc[0]
        blind = not in_pit and row["category"] < 0
        ends = f"category {row['category_low']} to {row['category_high']} within the range of the settlement"
        note = "a wall stands in the pit" if in_pit else f"{row.name}: {row['damage']}, {row['cracks']}; {ends}"
        by = TOGETHER if row["settlement_water_mm"] == row["settlement_water_mm"] else ALONE
        note = NOT_KNOWN if blind else f"{note}; {by}"
        worst = 4.0 if in_pit else np.nan if blind else float(walls["category"].max())
        label = f"Category of damage of a wharf wall by {'pits' if by == TOGETHER or blind else 'the walls of pits alone'}"
        limit, source = float(settings.wall_category_limit), settings.wall_category_source
        told = "A wharf wall stands in the pit"
        if blind:
            told = ""
        elif not in_pit:
            told = f"{str(row.name).capitalize()} of the wharf settles by {row['settlement_mm']:.0f} mm at most beside the pit, "
            told += f"{by}: "
            told += f"category {worst:.0f} of damage ({row['damage']}), of a limit of {limit:.0f}"
        if worst <= limit and by == ALONE:
            # lowered water comes on top: that it is within without it is no verdict
            note += f"; of a limit of {limit:.0f}, which is not judged without lowered water"
            made.append(_figure("wall", label, worst, note=note, told=told))
        else:
            made.append(_figure("wall", label, worst, limit=limit, source=source, note=note, told=told))
    moved, inside = found[found["settlement_mm"].fillna(0.0) >= LEAST_MM], found["beside_pit"] == IN_PIT
    lost = float((found["beside_pit"] == NOT_KNOWN).sum() + (walls["damage"] == NOT_KNOWN).sum())
    if len(moved):
        feet = moved["feet_apart_mm"]
        note = f"{feet.idxmax()}; of {len(moved)} cellars that settle by {LEAST_MM:g} mm or more; feet that part weaken a vault"
        note += f"; {TOGETHER if moved['settlement_water_mm'].notna().any() else ALONE}"
        label = "Most that a pit draws the feet of a vault apart"
        made.append(_figure("feet", label, float(feet.max()), "mm", digits=1, note=note))
    if inside.any():
        names, source = ", ".join(str(one) for one in found.index[inside][:5]), "a cellar that is dug away is a cellar no more"
        label, count = "Cellars that a pit cuts", float(inside.sum())
        made.append(_figure("in_pit", label, count, "cellars", limit=0.0, source=source, note=names))
    if lost:
        label = "Cellars and wharf walls beside a pit that could not be judged for it"
        source = "what the ground beside a pit does has to be known"
        made.append(_figure("pit_not_judged", label, lost, "", limit=0.0, source=source, note=NOT_KNOWN.partition(": ")[2]))
    return made


def _why_not(found: gpd.GeoDataFrame) -> str:
    """Of the first cellars that are not judged, why not."""
    rows = found[found["use_factor"].isna()]
    told = pd.Series([str(one).split(";")[0] for one in rows["reasons"]], dtype="str").value_counts().head(2)
    return "; ".join(str(why) if len(told) == 1 else f"{count} of them: {why}" for why, count in told.items())


def assumptions(
    found: gpd.GeoDataFrame, settings: CellarsAnalysis, drives: Sequence[Drive], crowd: Crowd, pits: Ground, stages: int
) -> list[str]:
    """What one has to know to read it."""
    low = int((found["confidence"] == "low").sum())
    told = [
        f"Wharf cellars: {LABEL}. A vault is an arch without tension on feet that do not move; it carries what a line of thrust "
        f"within the ring can be found for. The use is {settings.load_factor:g} (required, an estimate) over the largest factor on "
        "the load.",
        f"What is not stated of ring, shape, cover, haunches and ground is estimated; confidence is low for {low} of {len(found)} "
        "cellars. The class follows from the vault as it is taken; between which values it may lie stands beside it.",
        "Loads are looked at one by one, each where it is worst, and not on top of each other: a vehicle in a crowd, or a crowd "
        "beside a stage on the same vault, is not worked out.",
        crowd.told,
    ]
    if crowd.given is not None:
        told[-1] += f" A person is {PERSON_KG:g} kg and stands; dancing in time is in it only as far as `crowd_factor` says so."
    if drives:
        told.append(
            f"Wheels count {settings.dynamic:g} times what they weigh. Above wharf cellars vehicles are at most 2 t on an axle, "
            "3.5 t in all and 2.30 m wide, but for emergency services (municipality of Utrecht, Werfkelders beschermen tegen zwaar "
            "verkeer): that is a verdict of its own. Along a way that was found a vehicle may drive up to "
            f"{settings.beside_m:g} m beside its middle line."
        )
        told += [
            f"Axles of {one.settings.id} are assumed: {', '.join(f'{load:g}' for load in one.axles.axles_t)} t, 3.5 m apart."
            for one in drives
            if one.axles.assumed
        ]
    if stages:
        told.append("A stage without `load_kn_m2` is not judged, and neither are the cellars below it.")
    if pits.told:
        told.append(
            f"Pits: {'; '.join(pits.told)}; the ground is that of the impact `pit`. "
            "Wharf walls go with the ground as masonry beams; lowered groundwater and the stability of the walls of the pit are "
            "not looked at here, and what feet that part cost a vault of its strength is not worked out."
        )
    return told
