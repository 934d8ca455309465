"""What is told of pits: figures with their limits, classes of the maps, and what one has to know to read them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from twin.impact_result import Classes
from twin.impacts.pit_around import NOT_JUDGED
from twin.impacts.pit_nuisance import allowed_of, is_driven, vibrated_of
from twin.impacts.pit_relief import told_of
from twin.impacts.pit_stages import ENDS_TIGHT
from twin.impacts.pit_together import FACTOR
from twin.impacts.pit_unknown import wells_of, without_unknown
from twin.impacts.pit_walls import settles_told
from twin.impacts.pit_wells import told_of as said_of
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.pit import PitAnalysis
from twin.scenario.routes import VEHICLES
from twin.sim.impact.pit import damage, noise_days, uplift
from twin.soil.classes import SOFT_CLASSES

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.impacts.pit_nuisance import Loud
    from twin.impacts.pit_soil import PitSoil
    from twin.impacts.pit_stages import Dug
    from twin.impacts.pit_together import AllWater
    from twin.impacts.pit_walls import Behind

SETTLES: tuple[Colour, ...] = (
    (243, 240, 231), (255, 247, 214), (254, 236, 176), (254, 214, 128), (244, 138, 62), (204, 44, 44), (104, 8, 56),
)  # fmt: skip
SETTLES_MM = (1.0, 5.0, 10.0, 20.0, 35.0, 50.0)
FALLS: tuple[Colour, ...] = ((243, 240, 231), (208, 231, 220), (146, 204, 196), (77, 160, 172), (38, 106, 146), (24, 50, 98))
FALLS_M = (0.05, 0.1, 0.25, 0.5, 1.0)
LEAST_FALL_M = 0.05
"""A water table that falls by less does not count for wooden piles; an estimate [m]."""

SUNK_MM = 10.0
"""From this on buildings that settle by lowered water are counted; an estimate [mm]."""

HEADS_M = (0.25, 0.5, 1.0, 2.0, 3.0)

LOST = "what stands in a pit, or on its slope, comes down; what the ground beside it does has to be known before a permit"
UPLIFT_SOURCE = "1.1 of weight over pressure, as asked where no partial factors are used (EN 1997-1, 2.4.7.4: uplift)"
MOST_FACTOR = 10.0
"""A factor against uplift is told as this at most."""

HYD_LIMIT = uplift.HYD_DESTABILISING / uplift.HYD_STABILISING
HYD_SOURCE = "1.35 / 0.9 of EN 1997-1 (table A.17)"
STABLE = (
    "Screening, no design: whether the walls stand and how far they bend is not worked out. That needs a geotechnical design, and "
    "so do struts, anchors, piles and the concrete floor."
)


def classes_of() -> tuple[Classes, ...]:
    """Classes of the three maps."""
    mm = ("< 1", "1 – 5", "5 – 10", "10 – 20", "20 – 35", "35 – 50", "> 50")
    metres = ("< 0.05", "0.05 – 0.10", "0.10 – 0.25", "0.25 – 0.50", "0.50 – 1.00", "> 1.00")
    heads = ("< 0.25", "0.25 – 0.50", "0.50 – 1.00", "1.00 – 2.00", "2.00 – 3.00", "> 3.00")
    settles = "what matters to a building is how much it differs along its walls: see the categories of damage"
    falls = "the water table beside a tree goes up and down by some 0.1 m in a day; from 0.25 m on trees may suffer (an estimate)"
    fall = (0.05, 0.25, 1.0)
    return (
        Classes("settlement_mm", "Settlement of the ground", "mm", SETTLES_MM, SETTLES, mm, settles, (1.0, 10.0, 35.0), "lower",
                clear=True),
        Classes("drawdown_m", "Fall of the water table", "m", FALLS_M, FALLS, metres, falls, fall, "lower", clear=True),
        Classes("head_drawdown_m", "Fall of the head below clay and peat", "m", HEADS_M, FALLS, heads, "", fall, "lower",
                clear=True),
    )  # fmt: skip


def figures_of(
    made: list[Dug], features: Mapping[str, gpd.GeoDataFrame], loud: Loud, settings: PitAnalysis, water: AllWater,
    *, of_changes: bool = True,
) -> tuple[Figure, ...]:  # fmt: skip
    """Figures of all pits; without one the same, of nothing. `of_changes` says whether no pit is there without the changes."""
    figures = [
        *_of_buildings(features["buildings"], settings), *_of_floors(features["stages"]),
        *_of_soil(features, settings, water), *_of_nuisance(made, features["buildings"], loud, settings),
        *_of_green(features),
    ]  # fmt: skip
    figures = without_unknown(figures, made)
    lost = features["buildings"]["category"].isna().any()
    blind = ("pit_not_judged",) if lost else ()
    headlines = ("pit_damage", "pit_damaged", *blind, "pit_sunk", "pit_uplift", "pit_uplift_relieved", "pit_seepage", "pit_inflow",
                 "pit_lorries", "pit_trees_felled")  # fmt: skip
    return headlined(figures, *headlines, of_changes=tuple(one.key for one in figures) if of_changes else ())


def _figure(
    key: str, label: str, value: float, unit: str, digits: int = 0, note: str = "", better: str = "lower",
    limit: tuple[float, str] | None = None, told: str = "", unknown: bool = False,
) -> Figure:  # fmt: skip
    most, source = limit or (None, "")
    return Figure(f"pit_{key}", label, value, unit, most, source, better, digits, note, exact=True, told=told, unknown=unknown)


def _of_buildings(buildings: gpd.GeoDataFrame, settings: PitAnalysis) -> list[Figure]:
    most = settings.allowed_category
    known = buildings["category"].dropna().to_numpy(np.int64)
    worst = int(known.max(initial=0))
    low, high = (int(buildings[f"category_{end}"].dropna().max() or 0) if len(known) else 0 for end in ("low", "high"))
    more = int((known > most).sum())
    ends = [int((buildings[f"category_{end}"].dropna() > most).sum()) for end in ("low", "high")]
    by = "by the range of the settlement behind the wall; what water may do more or less is not in that"
    span = f"{low} to {high} {by}" if low != high else ""
    some = f"{ends[0]} to {ends[1]} {by}" if ends[0] != ends[1] else ""
    name = f"{worst}: {damage.CATEGORIES[worst]}"
    blind = int((buildings["category"].isna() & ~buildings["in_pit"]).sum())
    if blind and worst <= most:
        name = f"not known: the ground beside {blind} buildings is not; of the others {name}"
    others = f" (without {blind} beside which the ground is not known)" if blind else ""
    beside = float(buildings["settlement_mm"].max()) if len(buildings) else 0.0
    told = [
        _figure("damage", "Worst category of damage to a building (0 to 4)", math.nan if blind and worst <= most else float(worst),
                "", 0, "; ".join(one for one in (name, span) if one), "lower", (float(most), settings.category_source),
                unknown=bool(blind) and worst <= most),
        _figure("damaged", f"Buildings with damage above category {most}", math.nan if blind and not more else float(more),
                "buildings", 0,
                f"{some}{others}".strip()),
        _figure("settlement", "Largest settlement at a building", math.nan if blind else beside, "mm", 0,
                "as if no building were there; walls and lowered water together"
                + (f"; not known: {blind} stand where the ground is not, of the others {beside:.0f} mm" if blind else "")),
    ]  # fmt: skip
    wet = buildings[buildings["settlement_water_mm"] >= SUNK_MM]
    far = f"up to {wet['distance_m'].max():.0f} m from a pit; " if len(wet) else ""
    told.append(_figure("sunk", f"Buildings where lowered water lets the ground settle by {SUNK_MM:g} mm or more", float(len(wet)),
                        "buildings", 0, f"{far}in the end, as if pumping went on until then; what settles alike cracks nothing, "
                        "and what does not is in the categories of damage"))  # fmt: skip
    dry = buildings["fall_m"] > LEAST_FALL_M
    wooden, unknown = (float((dry & (buildings["foundation"] == name)).sum()) for name in ("wooden piles", "unknown"))
    told.append(_figure("wooden", f"Buildings on wooden piles where the water table falls by more than {LEAST_FALL_M:g} m", wooden,
                        "buildings", 0, "heads that fall dry rot" + (f"; of {unknown:.0f} more foundations are not known" if unknown
                                                                     else "")))  # fmt: skip
    lost, reasons = float(len(buildings) - len(known)), buildings.loc[buildings["category"].isna(), "damage"]
    counts = reasons.astype(str).str.removeprefix(NOT_JUDGED).value_counts()
    why = "; ".join(f"{count} ({reason})" for reason, count in counts.items())
    label = "Buildings that could not be judged"
    said = f"{label}: {why}. There should be none" if lost else ""
    told.append(_figure("not_judged", label, lost, "buildings", 0, why, "lower", (0.0, LOST), said))
    return told


def _worst(stages: gpd.GeoDataFrame, column: str, *, most: bool) -> tuple[float, str]:
    """The least or greatest finite value of the stages, and in which it is."""
    if column not in stages or not len(stages):
        return math.nan, ""
    values = stages[column].to_numpy(np.float64)
    finite = np.flatnonzero(np.isfinite(values))
    if not len(finite):
        return math.nan, ""
    k = int(finite[np.argmax(values[finite]) if most else np.argmin(values[finite])])
    return float(values[k]), f"in stage {stages['stage'].iloc[k]} of {stages['pit'].iloc[k]}"


def _of_floors(stages: gpd.GeoDataFrame) -> list[Figure]:
    factor, where = _worst(stages, "uplift_factor", most=False)
    lower, lower_where = _worst(stages, "lower_head_by_m", most=True)
    seepage, at = _worst(stages, "seepage_factor", most=False)
    if math.isnan(seepage) and len(stages):
        at = f"not judged: {'; '.join(dict.fromkeys(one for one in stages['seepage_told'] if one))}"
    limit = (uplift.OVERALL_FACTOR, UPLIFT_SOURCE)
    blind = _not_known(stages)
    # what is known and falls short stays so; else the floor that nothing is known of may be the worst
    hidden = bool(blind) and not factor < uplift.OVERALL_FACTOR
    none = f"{where}; {blind}" if blind else where
    known = "; ".join((lower_where, *relieved_of(stages))) if lower > 0 else ""
    if blind:
        known = "; ".join(one for one in (blind, f"at least {lower:.2f} m {known}" if known else "") if one)
        lower = math.nan
    if hidden:
        factor, none = math.nan, blind
    elif len(stages) and math.isnan(factor):
        none = "no clay or peat lies below any floor"
    some = bool(len(stages) and (stages["relief_m"] > 0).any())
    with_wells, eased_where = _worst(stages, "uplift_factor_relieved", most=False)
    if some and blind:
        with_wells, eased_where = math.nan, blind
    elif some and math.isnan(with_wells):
        with_wells, eased_where = MOST_FACTOR, "or more: no water presses on any floor"
    use, _ = _worst(stages, "uplift_en_relieved", most=True)
    by_parts = (f"use {use:.2f} by the partial factors of EN 1997-1",) if some and use > 0 else ()
    told = [
        _figure("uplift", "Least factor against the floor coming up (uplift)", factor, "", 2,
                f"{none}; without relief wells" if some else none, "higher", limit, unknown=hidden),
        _figure("uplift_relieved", "Least factor against uplift with relief wells", with_wells, "", 2,
                "; ".join((eased_where, *by_parts, *relieved_of(stages))) if some else "no relief wells", "higher", limit,
                unknown=some and bool(blind)),
        _figure("lower_head", "Head to be lowered, so that no floor comes up, by",
                0.0 if math.isnan(lower) and not blind else lower, "m", 2, known),
    ]  # fmt: skip
    told.append(_figure("seepage", "Least factor against hydraulic heave at the toe of the wall", seepage, "", 2, at, "higher",
                        (HYD_LIMIT, HYD_SOURCE)))  # fmt: skip
    return told


def _not_known(stages: gpd.GeoDataFrame) -> str:
    """Of which stages it is not known whether the floor holds, and why; nothing where it is of all."""
    if not len(stages):
        return ""
    blind = stages[stages["held_by"] == ENDS_TIGHT]
    several = stages["pit"].nunique() > 1
    names = " and ".join(f"{row['stage']} of {row['pit']}" if several else str(row["stage"]) for _, row in blind.iterrows())
    return f"{ENDS_TIGHT} below stage {names}" if names else ""


def relieved_of(stages: gpd.GeoDataFrame) -> tuple[str, ...]:
    """What is said of heads that have to be lowered, once for each way of it."""
    if not len(stages):
        return ()
    several = stages["pit"].nunique() > 1
    told = (
        told_of(row["relief"], f"{row['stage']} of {row['pit']}" if several else row["stage"], row["relief_m"])
        for _, row in stages.iterrows()
    )
    return tuple(dict.fromkeys(one for one in told if one))


def wells_told(stages: gpd.GeoDataFrame, given: gpd.GeoDataFrame) -> tuple[str, ...]:
    """What is said of wells that state what they pump."""
    stated = given[given["given"]] if len(given) else given
    if not len(stated):
        return ()
    told = [f"wells of the scenario pump {stated['m3_per_day'].sum():,.0f} m3/d"]
    if len(stated) < len(given):
        told = [f"{len(stated)} of {len(given)} {told[0]}; the others are taken to pump what is left"]
    several = stages["pit"].nunique() > 1
    for _, row in stages.iterrows():
        name = f"{row['stage']} of {row['pit']}" if several else row["stage"]
        told.append(said_of(row["wells_do"], name, row["stated_m3_d"], row["needed_m3_d"]))
    return tuple(one for one in told if one)


def _capacity(stages: gpd.GeoDataFrame) -> Figure:
    """Of what a stage needs, the least that wells state to pump."""
    share = math.nan
    note = "not judged: no pit of which every well states `m3_per_day`"
    if len(stages):
        judged = stages[stages["wells_do"] != ""]
        if len(judged):
            part = judged["stated_m3_d"] / judged["needed_m3_d"]
            share, worst = float(part.min()), judged.loc[part.idxmin()]
            note = f"in stage {worst['stage']} of {worst['pit']}"
            note += ", each pit by itself" if stages["pit"].nunique() > 1 else ""
    return _figure("wells_capacity", "Least part of the water to be pumped that stated wells pump", share, "", 2, note, "higher",
                   (1.0, "wells pump all that comes in, or the pit is not dry"))  # fmt: skip


def range_of(water: AllWater, settings: PitAnalysis) -> str:
    """What is pumped where the ground lets more or less through; nothing where a transmissivity is given."""
    if water.inflow_m3_d < 0.5 or settings.transmissivity_m2_d is not None:
        return ""
    return f"{water.least_m3_d:,.0f} to {water.most_m3_d:,.0f} m3/d if the ground lets {FACTOR:g} times less or more through"


def _of_soil(features: Mapping[str, gpd.GeoDataFrame], settings: PitAnalysis, water: AllWater) -> list[Figure]:
    stages, routes, given = features["stages"], features.get("routes"), features["wells"]
    some = len(stages) > 0
    where = "; ".join(one for one in (water.where, *relieved_of(stages), range_of(water, settings)) if one)
    where = "; ".join(one for one in (where, *wells_told(stages, given)) if one)
    total, lorries, light = (float(stages[name].sum()) if some else 0.0 for name in ("volume_m3", "lorries", "light_lorries"))
    van = VEHICLES["van"]
    pumped = float((stages["inflow_m3_d"] * _lasting(stages)).sum()) if some else 0.0
    barred, leaves = "", f"{total:,.0f} m³ of soil leave in {lorries:,.0f} lorries of {settings.payload_t:g} t"
    if routes is not None and len(routes):
        lorry = routes[routes["vehicle"] == "lorry"]
        barred = "; ".join(f"way out: {told}" for told in lorry["told"])
        if not lorry["found"].all():
            ways = "; ".join(lorry.loc[~lorry["found"], "told"])
            leaves += f", for which there is no way out ({ways}), or in {light:,.0f} of {van.weight_t:g} t"
    return [
        _figure("inflow", "Water to be pumped, in the worst stage", water.inflow_m3_d, "m3/d", 0, where),
        _figure("pumped", "Water that is pumped in all", pumped, "m3", 0, "over the days of the stages"),
        _figure("wells", "Wells needed for it", float(water.wells), "wells", 0,
                "; ".join(("by the rule of Sichardt", *((f"the scenario has {len(given)}",) if len(given) else ())))),
        _capacity(stages),
        _figure("volume", "Soil to be dug, in the ground", total, "m3", 0, "against the terrain" if _terrain(stages) else ""),
        _figure("lorries", f"Lorries with {settings.payload_t:g} t of soil, each there and back", lorries, "lorries", 0, barred,
                told=leaves if lorries else ""),
        _figure("light_lorries", f"Or lorries of {van.weight_t:g} t, which by the rule may drive above wharf cellars", light,
                "lorries", 0, f"{settings.light_payload_t:g} t of soil each; the rule does not say that a cellar carries them"),
    ]  # fmt: skip


def _terrain(stages: gpd.GeoDataFrame) -> bool:
    return bool(len(stages) and (stages["volume_by"] == "terrain").all())


def _lasting(stages: gpd.GeoDataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Days that each stage lasts."""
    return np.asarray(stages["lasts_d"].to_numpy(np.float64))


def _of_nuisance(made: list[Dug], buildings: gpd.GeoDataFrame, loud: Loud, settings: PitAnalysis) -> list[Figure]:
    safe = max((vibrated_of(one.pit, settings).safe_m for one in made), default=0.0)
    allowed = allowed_of(settings)
    shaken = float(buildings["shaken"].sum()) if "shaken" in buildings else 0.0
    words = f"sheet piles that are {settings.piling}"
    limit = f"SBR-A 2017: {allowed.allowed:.1f} mm/s (building category {settings.building_category}, {settings.condition}, "
    limit += f"{settings.frequency_hz:g} Hz); some of its factors have one source: look them up"
    highest = float(loud.highest_db.max(initial=-np.inf))
    table = f"{noise_days.SOURCE}: at most 50, 30, 15, 5 and 0 days above 60, 65, 70, 75 and 80 dB(A)"
    driven = any(is_driven(one.pit) for one in made)
    note = f"{words}; more than is allowed within {safe:.0f} m" if driven else ""
    if driven and settings.piling == "pressed":
        note = "sheet piles that are pressed hardly vibrate"
    return [
        _figure("vibration", "Buildings with more vibration than is allowed", shaken, "buildings", 0, note, "lower", (0.0, limit)),
        _figure("vibration_m", "Distance within which vibration is more than is allowed", safe, "m", 0, words if driven else ""),
        _figure("noise", "Buildings with more loud days than are allowed", float(loud.too_many.sum()), "buildings", 0,
                f"{words}, {loud.days} days" if loud.days else "", "lower", (0.0, table)),
        _figure("noise_db", "Highest day value of noise before a building", highest if math.isfinite(highest) else math.nan,
                "dB(A)", 0, "in the open field: nothing stands between"),
    ]  # fmt: skip


def _of_green(features: Mapping[str, gpd.GeoDataFrame]) -> list[Figure]:
    trees, pipes = features["trees"], features["pipes"]
    felled = float(trees["in_pit"].sum())
    cut = float((~trees["in_pit"] & (trees["cut_share"] > 0)).sum())
    dry = float(trees["thirsty"].sum())
    blind = int(pipes["slope_mm_m"].isna().sum())
    return [
        _figure("trees_felled", "Trees that stand in a pit", felled, "trees"),
        _figure("trees_cut", "Trees that lose roots", cut, "trees", 0, "of a circle as wide as the crown: an estimate"),
        _figure("trees_dry", "Trees that may lack water", dry, "trees", 0,
                "the water table falls by more than 0.25 m for two weeks while they grow: an estimate"),
        _figure("pipes", "Pipes and cables that cross a pit", float((pipes["crossed_m"] > 0).sum()), "", 0,
                "to be moved" + (f"; of {blind} nothing is known of the ground beside the pit" if blind else "")),
    ]  # fmt: skip


def _of_ways(of: str, ground: Behind, soil: PitSoil) -> list[str]:
    """How far the ground settles behind a wall that is held, and before anything holds it."""
    told, ways = [], ground.ways
    for way, settles in zip(ways[:1] if len(ways) == 1 else (ways[0], ways[-1]), settles_told(ground), strict=True):
        low, _, high = way.largest
        told.append(f"{of}Behind the wall the ground settles by {settles}.")
        if not way.held and low != high and _soft(soil, ground.pit.top_m, way.depth_m):
            told.append(f"{of}Half or more of what the wall stands free in, and as far again below, is clay, loam or peat: there "
                        "the estimate is hardly one. A free wall needs a design there.")  # fmt: skip
    return told


def _soft(soil: PitSoil, top_m: float, depth_m: float) -> bool:
    """Whether half or more of the ground beside a free wall, and as deep again below what is dug, lets little through."""
    ground = soil.between(top_m, top_m - 2.0 * depth_m)
    return float(ground.loc[ground["soil_class"].isin(SOFT_CLASSES), "thickness_m"].sum()) >= depth_m


def assumptions_of(made: list[Dug], settings: PitAnalysis, foundations: Iterable[str], water: AllWater) -> tuple[str, ...]:
    """What one has to know to read it."""
    if not made:
        return (STABLE,)
    told = [STABLE, *(f"{text[:1].upper()}{text[1:]}." for text in wells_of(made))]
    for one in made:
        of = f"Pit {one.pit.label}: " if len(made) > 1 else ""
        told += [f"{of}{text}" for text in one.soil.told]
        if math.isnan(one.soil.lower_m2_d) and any(row["head_drawdown_m"] > 0.0 for row in one.stages):
            told.append(f"{of}The layers end in clay or peat: what the lowered head below that gives, and what settles by it, is "
                        "not known and not counted. Give layers that go on below it.")  # fmt: skip
        endless = [row["stage"] for row in one.stages if row["starts"] is not None and not row["end_known"]]
        if endless:
            told.append(f"{of}Stage {' and '.join(endless)} has no end: it is taken to last {settings.pumping_days:g} days "
                        "(`pumping_days`), after those before it.")  # fmt: skip
        if one.ground.ways:
            told += [f"{text[:1].upper()}{text[1:]}." for text in one.ground.told] or _of_ways(of, one.ground, one.soil)
            told += [f"{of}{text[:1].upper()}{text[1:]}." for text in {str(row["toe_told"]) for row in one.stages} if text]
            if not one.pit.wall:
                told.append(f"{of}No wall is given: the ground settles as behind sheet piles, and neither vibration nor noise of "
                            "making them is judged.")  # fmt: skip
            elif not is_driven(one.pit):
                told.append(f"{of}The wall is dug or bored: neither vibration nor noise of making it is judged.")
        elif one.pit.wall == "slope":
            told.append(f"{of}A slope has no wall: what the ground behind it settles, and whether it stands, is not worked out. "
                        f"Buildings within {one.ground.unknown_m:.0f} m of its edge (two depths: an estimate of how far it "
                        "reaches) are not judged; beyond, settlement by water alone is told.")  # fmt: skip
    wooden = {"unknown": "not known", "wooden piles": "wooden piles"}
    doubted = sorted({wooden[name] for name in foundations if name in wooden})
    if doubted:
        told.append(f"Foundations ({' and '.join(doubted)}) go with the ground here; heads of wooden piles that fall dry rot, and "
                    "ground that settles drags on piles: to be looked into, building by building.")  # fmt: skip
    told += [
        *water.told,
        "Water: both levels are worked out as they fall over the days of pumping, by cells around the pit and De Glee's formula "
        "beyond, from ground of one transmissivity; "
        + ("open water keeps its level. " if settings.canal else "open water feeds nothing. ")
        + f"What is set free (storativity {settings.storativity:g}, specific yield {settings.specific_yield:g}) is an estimate.",
        "Settlement by water is that in the end, as if pumping went on until the ground has settled (NEN-Bjerrum, without creep): "
        "an upper bound for a pit that is open for months."
        + ("" if settings.lowest_m is not None else " What the ground has carried in dry years is not known (`lowest_m`): knowing "
           "it makes it less."),
        "Damage: each building is judged along its walls as a beam that follows the ground (Burland and Wroth 1974; categories of "
        "Burland): as if it did not stiffen the ground. Masonry, unless the city tells otherwise.",
    ]  # fmt: skip
    if any(is_driven(one.pit) for one in made):
        told.append("Noise and vibration are those of making the wall, in the open field, without buildings between; not those of "
                    "digging and of lorries.")  # fmt: skip
    return tuple(told)
