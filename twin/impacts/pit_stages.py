"""What a pit does in each of its stages: soil that is dug, whether the floor holds, water that is pumped, ground that settles."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import map_coordinates

from twin.errors import GeometryError
from twin.geo.pits import Pit, PitStage
from twin.geo.terrain import Terrain
from twin.grid import GridSpec
from twin.impacts.ground_movement import drawdown_settlement
from twin.impacts.pit_field import Surroundings
from twin.impacts.pit_relief import relief
from twin.impacts.pit_soil import PitSoil
from twin.impacts.pit_volume import pit_volume, pit_volume_of_raster
from twin.impacts.pit_walls import Behind, behind
from twin.impacts.pit_water import EMBEDDED_M, Lowered, closed, days_of, dug_m, end_of, lasts_d
from twin.impacts.pit_wells import pumped, stated_m3_d
from twin.scenario.pit import PitAnalysis
from twin.sim.impact.pit import uplift, volume

CONCRETE_KN_M3 = 23.0
"""Plain concrete under water; the lower of 23 and 24 is on the safe side."""

NO_TOE, CONCRETED = "no wall with a toe below the floor", "concrete lies in the pit"
TIGHT, BY_WELLS = "clay or peat closes the pit", "wells keep the head below the floor"
"""Why seepage at the toe of a wall is not judged in a stage."""

ENDS_TIGHT = "not known: the layers end in clay or peat"
"""What holds a floor below which nothing is known but tight ground."""

G = 9.81
NODES = 33
"""Falls of each water between which the settlement by them is read."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Dug:
    """A pit with all of its stages.

    Parameters
    ----------
    pit : Pit
    soil : PitSoil
    stages : tuple of dict
        Columns of the table of stages.
    water : tuple of Lowered
        One a stage.
    ground : Behind
        How the ground behind its walls moves.
    settled : (R, C) float64
        By lowered water, the most of all stages; 0 where none is [mm].
    worked : tuple of PitStage
        Stages with the head that wells keep.
    """

    pit: Pit
    soil: PitSoil
    stages: tuple[dict[str, Any], ...]
    water: tuple[Lowered, ...]
    ground: Behind
    settled: Array
    worked: tuple[PitStage, ...]

    @property
    def lowest(self) -> int:
        """Number of the stage with the lowest water table around the pit; of equal ones that with the lowest head, or the last."""
        falls = [(float(one.upper.max()), float(one.lower.max()), k) for k, one in enumerate(self.water)]
        return max(falls)[2]


def dig(
    pit: Pit, soil: PitSoil, grid: GridSpec, water: list[Any], settings: PitAnalysis, terrain: Terrain | None
) -> Dug:
    """A pit with all of its stages.

    Parameters
    ----------
    pit : Pit
    soil : PitSoil
    grid : GridSpec
        Of the map.
    water : list of shapely geometry
        That keeps its level.
    settings : PitAnalysis
    terrain : Terrain, optional
        Before the pit is dug.
    """
    around = Surroundings([pit], grid, water)
    volumes, by = volumes_of(pit, terrain)
    eased = [
        relief(one, soil, dug_m(pit, one), lambda other: _floor(pit, other, soil), wanted=settings.relieve) for one in pit.stages
    ]
    days = days_of(replace(pit, stages=tuple(one.stage for one in eased)), soil, settings)
    rows, every, worked = [], [], []
    settled = np.zeros(grid.shape)
    walls = behind(pit)
    above = pit.top_m
    for k, (stage, much) in enumerate(zip(pit.stages, volumes, strict=True)):
        dug = dug_m(pit, stage)
        low = pumped(pit, eased[k].stage, soil, around, settings, days[stage.id])
        found, kept = low.water, _floor(pit, low.stage, soil)
        by_water = water_settlement(soil, found, settings)
        settled = np.maximum(settled, by_water)
        row = {"pit": pit.id, "stage": stage.id, "starts": stage.starts, "ends": stage.ends, "floor_m": stage.floor_m, "dug_m": dug,
               "water_in_pit_m": stage.dry_to_m, "volume_m3": much, "volume_by": by}  # fmt: skip
        row |= _trips(soil, much, above, dug, settings) | _floor(pit, stage, soil) | _toe(pit, low.stage, soil)
        row |= {"relief": eased[k].how, "relief_m": eased[k].by_m,
                "uplift_factor_relieved": kept["uplift_factor"], "uplift_en_relieved": kept["uplift_en"],
                "needed_m3_d": low.needed_m3_d,
                "stated_m3_d": stated_m3_d(pit), "wells_do": low.how}  # fmt: skip
        row |= {
            "drawdown_m": found.upper_m, "head_drawdown_m": found.lower_m, "drawdown_beside_m": float(found.upper.max()),
            "inflow_m3_d": found.inflow_m3_d,
            "inflow_formula_m3_d": found.formula_m3_d, "wells": found.wells, "days": found.days,
            "lasts_d": lasts_d(pit, k, settings), "end_known": end_of(pit, k) is not None,
            "settlement_wall_mm": walls.stage_mm(k), "settlement_water_mm": float(by_water.max(initial=0.0)),
            "supports": len(pit.supports_in(stage.id)), "toe_told": _too_short(pit, stage, soil),
        }  # fmt: skip
        rows.append(row)
        every.append(found)
        worked.append(low.stage)
        above = min(above, dug)
    return Dug(pit, soil, tuple(rows), tuple(every), walls, settled, tuple(worked))


def volumes_of(pit: Pit, terrain: Terrain | None) -> tuple[list[float], str]:
    """What each stage takes out of the ground [m3], and whether against the terrain or level ground.

    A stage that digs no deeper than one before it takes out nothing.
    """
    levels: list[float] = []
    for stage in pit.stages:
        dug = dug_m(pit, stage)
        if dug < (levels[-1] if levels else pit.top_m) - 1e-9:
            levels.append(dug)
    if not levels:
        return [0.0] * len(pit.stages), "level ground"
    slope = None if math.isinf(pit.slope) else 1.0 / pit.slope
    floor = pit.outline_at(levels[-1]) if slope is not None else pit.outline
    found, by = None, "terrain"
    if terrain is not None:
        try:
            found = pit_volume_of_raster(
                floor, terrain.height, terrain.grid, floor_m=levels[-1], slope=slope, levels_m=levels[:-1]
            )
        except GeometryError:
            found = None
    if found is None:
        found, by = pit_volume(floor, floor_m=levels[-1], top_m=pit.top_m, slope=slope, levels_m=levels[:-1]), "level ground"
    parts = dict(zip(levels, found.volume_m3[::-1].tolist(), strict=True))
    return [float(parts.pop(dug_m(pit, stage), 0.0)) for stage in pit.stages], by


def _trips(soil: PitSoil, much: float, above: float, dug: float, settings: PitAnalysis) -> dict[str, Any]:
    """Lorries that carry the soil of a stage away, heavy ones and those that may drive above cellars."""
    dry, wet = soil.between(above, max(dug, soil.water_m)), soil.between(min(above, soil.water_m), dug)
    weight = float((dry["unit_weight_kn_m3"] * dry["thickness_m"]).sum() + (wet["saturated_kn_m3"] * wet["thickness_m"]).sum())
    density = weight / (above - dug) / G if above - dug > 1e-9 else 1.8
    heavy = volume.trips(volume_m3=much, payload_t=settings.payload_t, body_m3=settings.body_m3, density_t_m3=density)
    body = settings.body_m3 * settings.light_payload_t / settings.payload_t
    light = volume.trips(volume_m3=much, payload_t=settings.light_payload_t, body_m3=body, density_t_m3=density)
    return {"mass_t": heavy.mass_t, "loose_m3": heavy.loose_m3, "lorries": heavy.needed, "light_lorries": light.needed}


def _floor(pit: Pit, stage: PitStage, soil: PitSoil) -> dict[str, Any]:
    """Whether the floor of a stage holds against the water below: by the soil, or by the concrete where it lies. Concrete above
    deeper clay or peat has to hold the water right under it, and with the soil the head below: the worse of both is told."""
    layers, dug = soil.layers, dug_m(pit, stage)
    nothing = {"uplift_factor": math.inf, "uplift_en": 0.0, "uplift_level_m": math.nan, "highest_head_m": math.nan,
               "lower_head_by_m": 0.0, "held_by": "no tight layer below the floor"}  # fmt: skip
    head = soil.head_m if math.isnan(stage.head_m) else stage.head_m
    poured = stage.concreted and pit.concrete_m > 0
    load, piles, top = 0.0, 0.0, stage.floor_m if poured else dug
    flooded = 0.0 if math.isnan(stage.water_m) else max(stage.water_m - top, 0.0) * uplift.WATER_KN_M3
    plain = None
    if poured:
        under = stage.floor_m - pit.concrete_m
        load, piles = CONCRETE_KN_M3 * pit.concrete_m, pit.tension_kn_m2
        right_under = _right_under(soil, under, stage.head_m, head)
        if not math.isnan(right_under):
            plain = nothing | _concrete(pit, stage, right_under, flooded)
            if not soil.parted or under <= soil.aquitard[1]:
                return plain
        dug = under
    weights = uplift.weights_below(
        floor_m=dug, water_m=_stands_at(stage, soil, dug), top_m=layers["top_z_m"], bottom_m=layers["bottom_z_m"],
        unit_weight_kn_m3=layers["unit_weight_kn_m3"], saturated_kn_m3=layers["saturated_kn_m3"],
    )  # fmt: skip
    found = uplift.uplift(
        floor_m=dug, top_m=layers["top_z_m"], bottom_m=layers["bottom_z_m"], unit_weight_kn_m3=weights,
        tight=soil.tight, head_m=soil.heads(stage.head_m), load_kpa=load + flooded, resistance_kpa=piles,
    )  # fmt: skip
    if found.worst < 0:
        unknown = {"held_by": ENDS_TIGHT, "uplift_factor": math.nan, "uplift_en": math.nan, "lower_head_by_m": math.nan}
        below = nothing | (unknown if found.ends_tight else {})
    else:
        k = found.worst
        below = {
            "uplift_factor": float(found.factor[k]), "uplift_en": float(found.en_use[k]),
            "uplift_level_m": float(found.level_m[k]), "highest_head_m": float(found.highest_head_m[k]),
            "lower_head_by_m": found.lower_by_m, "held_by": "concrete and soil" if load else "soil",
        }  # fmt: skip
    return below if plain is None else _worse(plain, below)


def _right_under(soil: PitSoil, under: float, stated_m: float, head_m: float) -> float:
    """Head of the water right under concrete; NaN where clay or peat lies there [m in the vertical datum].

    Above the clay and peat that part two waters it is that of the water table: nothing pumps below the concrete, and what walls
    shut in under it stands as high as before.
    """
    if not soil.parted or under <= soil.aquitard[1]:
        return head_m
    k = int(np.argmax(soil.layers["bottom_z_m"].to_numpy(np.float64) < under - 1e-6))
    return float(soil.heads(stated_m)[k])


def _concrete(pit: Pit, stage: PitStage, head_m: float, flooded: float) -> dict[str, Any]:
    """Whether underwater concrete by itself, with piles and the water on it [kPa], holds against the head right under it [m]."""
    under, held = stage.floor_m - pit.concrete_m, CONCRETE_KN_M3 * pit.concrete_m + pit.tension_kn_m2 + flooded
    plain = uplift.underwater_concrete(
        top_m=stage.floor_m, thickness_m=pit.concrete_m, head_m=head_m, unit_weight_kn_m3=CONCRETE_KN_M3,
        pile_resistance_kn=pit.tension_kn_m2, area_per_pile_m2=1.0,
    )  # fmt: skip
    most = under + held / (uplift.OVERALL_FACTOR * uplift.WATER_KN_M3)
    return {
        "uplift_factor": plain.factor if plain.pressure_kpa == 0 else held / plain.pressure_kpa, "uplift_en": plain.en_use,
        "uplift_level_m": under, "highest_head_m": most, "lower_head_by_m": max(head_m - most, 0.0), "held_by": "concrete",
    }  # fmt: skip


def _worse(plain: dict[str, Any], below: dict[str, Any]) -> dict[str, Any]:
    """Of concrete against the water right under it, and concrete and soil against the head below, the one that holds less.

    Where the latter is not known, neither is the answer, unless the concrete by itself falls short.
    """
    if math.isnan(below["uplift_factor"]):
        return plain if plain["uplift_factor"] < uplift.OVERALL_FACTOR or plain["uplift_en"] > 1.0 else below
    worse = plain if plain["uplift_factor"] <= below["uplift_factor"] else below
    return worse | {"uplift_en": max(plain["uplift_en"], below["uplift_en"])}


def _stands_at(stage: PitStage, soil: PitSoil, dug: float) -> float:
    """Where water stands in the ground below what is dug: as high as it is kept in the pit, or just below the floor; where the
    water table is lower than that and the pit not flooded, at the water table [m in the vertical datum]."""
    kept = dug if math.isnan(stage.water_m) else stage.water_m
    return kept if kept > dug else min(kept, soil.water_m)


def _too_short(pit: Pit, stage: PitStage, soil: PitSoil) -> str:
    """That a wall reaches clay or peat, and not far enough to close the pit, and no concrete does; else nothing."""
    if pit.wall in ("", "slope", "soldier-pile") or not soil.parted or not pit.toe_m <= soil.aquitard[0] + 1e-9:
        return ""
    into = max(soil.aquitard[0] - pit.toe_m, 0.0)
    if into >= EMBEDDED_M - 1e-9 or closed(pit, stage, soil):
        return ""
    return f"the wall reaches {into:.2f} m into clay or peat: less than {EMBEDDED_M:g} m, so the pit counts as open below it"


def _toe(pit: Pit, stage: PitStage, soil: PitSoil) -> dict[str, Any]:
    """Seepage at the toe of the wall, where water flows under it and up; else why it is not judged.

    Wells change that only where they keep the head in the water at the toe below the floor, so that nothing flows up to it.
    """
    dug = dug_m(pit, stage)
    shut = closed(pit, stage, soil)
    why = ""
    if pit.wall in ("", "slope", "soldier-pile") or math.isnan(pit.toe_m) or pit.toe_m >= dug:
        why = NO_TOE
    elif stage.concreted:
        why = CONCRETED
    elif soil.parted and shut and dug > soil.aquitard[1]:
        why = TIGHT
    elif stage.head_m < dug and shut == soil.parted:
        why = BY_WELLS
    if why:
        return {"seepage_factor": math.nan, "seepage_en": math.nan, "seepage_told": why}
    part = soil.between(dug, pit.toe_m)
    outside = soil.head_m if soil.parted and shut else soil.water_m
    found = uplift.hydraulic_failure(
        head_difference_m=max(outside - stage.dry_to_m, 0.0), thickness_m=part["thickness_m"],
        submerged_weight_kn_m3=np.maximum(part["saturated_kn_m3"] - uplift.WATER_KN_M3, 0.1),
    )  # fmt: skip
    return {"seepage_factor": found.factor, "seepage_en": found.en_use, "seepage_told": ""}


def water_settlement(soil: PitSoil, water: Lowered, settings: PitAnalysis) -> Array:
    """What the ground settles by the water of a stage, in the end: read between falls of both waters (R, C) [mm]."""
    if water.upper_m <= 0.0 and water.lower_m <= 0.0:
        return np.zeros(water.upper.shape)
    return settled_by(soil, water.upper, water.lower, settings)


def settled_by(soil: PitSoil, upper: Array, lower: Array, settings: PitAnalysis) -> Array:
    """What the ground settles in the end by falls of both waters (R, C) [m]: read between some of them (R, C) [mm]."""
    deep = soil.parted and lower.max(initial=0.0) > 0.0
    ups = np.linspace(0.0, max(float(upper.max()), 1e-3), NODES)
    downs = np.linspace(0.0, float(lower.max()), NODES) if deep else np.zeros(1)
    a, b = np.meshgrid(ups, downs, indexing="ij")
    told: dict[str, Any] = {} if not deep else {"head_m": soil.head_m, "head_drawdown": b.ravel(), "aquitard": soil.aquitard}
    at = np.asarray(
        drawdown_settlement(soil.layers, a.ravel(), water_m=soil.water_m, lowest_m=settings.lowest_m, **told), np.float64
    ).reshape(a.shape)
    if not deep:
        return np.interp(upper, ups, at[:, 0])
    read = RegularGridInterpolator((ups, downs), at, bounds_error=False, fill_value=None)
    return np.asarray(read(np.column_stack([upper.ravel(), lower.ravel()]))).reshape(upper.shape)


def read(values: Array, grid: GridSpec, points: Array) -> Array:
    """Values of a field at points, between the middles of cells; beyond its edge those of the edge."""
    column, row = (points[:, 0] - grid.west) / grid.cell - 0.5, (grid.north - points[:, 1]) / grid.cell - 0.5
    return np.asarray(map_coordinates(values, [row, column], order=1, mode="nearest"), np.float64)
