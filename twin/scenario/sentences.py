"""What to tell of a key that cannot be used: what is wanted there, what is there, and an example."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from twin.errors import did_you_mean
from twin.scenario.analyses import Analyses
from twin.scenario.changes import (
    AntennaChange,
    BuildingChange,
    ClosureChange,
    EventChange,
    FenceChange,
    PavingChange,
    TreesChange,
)
from twin.scenario.excavation import ExcavationChange
from twin.scenario.model import Scenario
from twin.scenario.pit import PitAnalysis
from twin.scenario.place import Place, Point

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

CHANGES: Mapping[str, type[BaseModel]] = MappingProxyType({
    "antenna": AntennaChange, "building": BuildingChange, "closure": ClosureChange, "event": EventChange,
    "excavation": ExcavationChange, "fence": FenceChange, "paving": PavingChange,
    "trees": TreesChange,
})  # fmt: skip

_UNITS = (
    ("_per_m2", "people per square metre"), ("_m_s", "metres per second"), ("_deg", "degrees"), ("_m", "metres"), ("_s", "seconds"),
    ("_db", "decibels"), ("_mm_h", "millimetres an hour"), ("_mm", "millimetres"),
)  # fmt: skip

EXAMPLES: Mapping[str, str] = MappingProxyType({
    "title": '"Concert on the square"', "question": '"May the bridge be closed?"', "city": "town.city.json",
    "lod": '"2.2"', "area": "[136700, 455700, 136900, 455900]", "changes": "[{id: closed, type: closure, at: bridge-2}]",
    "crowd": "{duration_s: 300, exits: {north: exit-north}}", "analyses": "{crowding: {density_limit_per_m2: 4}}",
    "sky": "{directions: 64}", "sight": "{landmark: tower}", "landmark": "tower",
    "noise": "{sources: [{id: stage, at: place-stage, level_db: 100}]}",
    "sources": "[{id: stage, at: place-stage, level_db: 100}]", "level_db": "100", "facing_deg": "270",
    "bands_dba": "[-13, -8, -8, -7, -7, -9, -10, -20]", "hours": '["12:00", "23:00"]', "dba": "80", "dbc": "95",
    "table": '[{hours: ["07:00", "23:00"], dba: 80, dbc: 95}]', "sensitive_uses": "[dwelling, school]",
    "limits_source": '"permit of 2026"',
    "use": "dwelling",
    "solar": "{cell_m: 0.5}", "year": "true",
    "months_kwh_m2": "[21, 33, 72, 116, 147, 151, 142, 132, 89, 54, 25, 16]",
    "cellars": "{vehicles: [{id: delivery, vehicle: lorry}]}",
    "vehicles": "[{id: delivery, vehicle: lorry, start: exit-east, end: place-square}]", "cellar vehicle.vehicle": "lorry",
    "axles_t": "[6.5, 11.5]", "distances_m": "[0, 4.8]", "cellar vehicle.width_m": "2.55", "cellar vehicle.via": "[place-square]",
    "cellar vehicle.line": "[[136768, 455930], [136768, 455946]]", "before_event": "true",
    "cranes": "[{id: crane, outriggers: [[136816, 455848]], outrigger_kn: 180}]",
    "outriggers": "[[136816, 455848], [136822, 455850]]", "outrigger_kn": "180", "pad_m": "1.2", "use_limit": "1",
    "use_limit_source": '"report of the engineer"', "load_factor": "1.9",
    "dynamic": "1.3", "crowd_factor": "1.5", "beside_m": "2", "wall_category_limit": "1",
    "wall_category_source": '"permit of 2024"', "load_kn_m2": "7.5", "cellars.crowd": "false",
    "routes": "{stations: [exit-east]}", "stations": "[exit-east, exit-north]", "reach_m": "40",
    "reach_source": '"permit of 2024"', "road_width_m": "3.5", "time_limit_min": "6", "time_limit_source": '"permit of 2024"',
    "ways.routes": "[{id: hall, start: exit-east, end: exit-west}]", "start": "exit-east", "end": "exit-west",
    "vehicle": "fire engine", "way.vehicle": "lorry", "vehicle.name": "crane", "vehicle.width_m": "3", "vehicle.height_m": "4",
    "axle_load_t": "12", "weight_t": "48", "emergency": "true", "on_foot": "true", "steps": "true", "slope_limit": "0.05",
    "speed_km_h": "30",
    "access": "{to: [exit-north, exit-south]}", "access.to": "[exit-north, exit-south]", "limits_min": "[5, 10, 15]",
    "wind": "{factors: wind/now.csv, variant: wind/tower.csv, reference_m: 60, climate: {file: wind/climate.csv, height_m: 60, "
    'source: "report of the consultant"}}',
    "factors": "wind/now.csv", "variant": "wind/tower.csv", "reference_m": "60", "transfer": "1.31", "reference_m_s": "10",
    "climate": '{file: wind/climate.csv, height_m: 60, source: "report of the consultant"}', "crs": '"EPSG:28992"',
    "wind.directions": "[0, 90, 180, 270]", "places": "[{at: place-square, activity: sitting}]", "spacing_m": "5",
    "climate.file": "wind/climate.csv", "climate.hours": "wind/uurgeg_260.txt", "climate.height_m": "10",
    "source": '"KNMI, De Bilt, 2001 to 2020"',
    "sectors": "[" + ", ".join(f"{{direction_deg: {at}, frequency_percent: 25, k: 2, a_m_s: 5}}" for at in (0, 90, 180, 270)) + "]",
    "direction_deg": "240", "frequency_percent": "13.5", "k": "2.1", "a_m_s": "6.4",
    "heat": "{index: pet}", "index": "utci", "air_c": "[33]", "heat.humidity_percent": "[40]", "wind_m_s": "[5]",
    "radiation_w_m2": "[850]",
    "cool_c": "35", "coolness": "false", "by_hour": "true",
    "detour_limit_min": "2", "detour_limit_source": '"permit of 2024"',
    "green": "{cover_radius_m: 100}", "day": '"2026-07-15"', "time": '"15:00"', "shade": "false",
    "signal": "{posts: [lamp], wanted_share: 0.9}", "antennas": "[{id: roof, at: [136848.8, 455841.0], height_m: 30}]",
    "posts": "[lamp]", "post_height_m": "6", "antenna.at": "[136848.8, 455841.0]", "antenna.height_m": "8", "power_dbm": "40",
    "rain": "{rain_mm: 70}", "rain_mm": "70", "duration_min": "60", "after_min": "60", "method": "fill", "sewer_mm_h": "20",
    "elsewhere": "unpaved", "surface": "unpaved", "edges": "closed", "sill_m": "0.15", "sill_source": '"survey of 2024"',
    "impassable_source": '"fire service"',
    "sun": '{days: ["2026-02-19"]}', "days": '["2026-02-19", "2026-06-21"]', "facades": "false", "trees": "false",
    "crowding": "{density_limit_per_m2: 4}", "density_limit_source": '"permit of 2024"',
    "evacuation_limit_source": '"permit of 2024"',
    "id": "concert", "label": '"Concert on the square"', "in_baseline": "true", "at": "place-square",
    "line": "[[136768, 455930], [136768, 455946]]", "level": "wharf", "zones": "[{id: square, at: place-square, present: 500}]",
    "stages": "[{id: stage, at: place-stage}]", "arrivals": "[{id: guests, at: exit-west, people: 500}]",
    "exits": "{west: 45, north: 20}", "crowd.exits": "{north: exit-north}", "waypoints": "{gate: place-square}",
    "areas": "{square: place-square}",
    "fields": "[speed, pressure]",
    "flows": "[{id: shoppers, at: exit-west, people: 200}]", "lines": "[{id: bridge, line: [[136768, 455930], [136768, 455946]]}]",
    "remove": "house-0001", "trees.remove": "[tree-square-066, tree-square-067]", "remove_in": "place-square",
    "plant": "[[136815, 455900], [136822, 455900]]", "trees.height_m": "6", "crown_diameter_m": "3", "crown_base_m": "2",
    "footprint": "[[136800, 455900], [136810, 455900], [136810, 455910]]", "model": "models/tower.glb",
    "crowd.model": "social-force", "preset": "jupedsim", "model_parameters": "{time_gap: 0.6}", "time_gap_s": "0.6",
    "building.at": "[136848.8, 455841.0]", "outline": "place-square", "people": "500",
    "profile": "[[0, 0], [600, 40]]", "via": "[gate]", "to": "{west: 45, north: 20}", "present": "500", "object": "place-square",
    "polygon": "[[136800, 455900], [136810, 455900], [136810, 455910]]", "point": "[136848.8, 455841.0]", "seed": "1",
    "seeds": "5", "clock_start": '"22:30"', "scale": "0.001", "azimuth_deg": "30", "duration_s": "600", "dt_s": "0.05",
    "ground_m": "2.5", "bottom_m": "-3.5", "top_m": "2.5", "from_s": "0", "until_s": "600", "density_limit_per_m2": "4",
    "evacuation_limit_s": "480", "building.height_m": "30", "stay_until_s": "600", "types": "{adult: 80, wheelchair: 2}",
    "crowd.types": "{adult: {share: 80}, old: {share: 20, speed_mean_m_s: 0.9}}",
    "doors": "[{id: gate, line: [[136768, 455930], [136768, 455946]], capacity_per_min: 60}]",
    "exit_hours": "{north: {capacity_per_min: 80}}", "queues": "[{id: bar, line: [[136768, 455930], [136768, 455946]]}]",
    "lifts": "[{id: lift, at: {point: [136779, 455930], level: wharf}, to: {point: [136787, 455930]}}]",
    "escalators": "[{id: up, at: {point: [136779, 455930], level: wharf}, to: {point: [136787, 455930]}}]",
    "ride.to": "{point: [136787, 455930], level: street}", "avoid_jams": "{share: 0.3, every_s: 10}", "both_ways": "false",
    "steps_free": "true", "terrain_speeds": "false",
    "group_size": "{1: 40, 2: 40, 4: 20}", "pre_movement_s": "[10, 100]", "capacity_per_min": "60", "open_s": "[[0, 1800]]",
    "noise.lines": "[{id: parade, along: [[136768, 455930], [136768, 455946]], power_db_m: 90}]",
    "roads": "[{id: quay, at: canal-street-east, per_hour: {light: [240, 120, 25]}}]", "road.at": "canal-street-east",
    "along": "[[136768, 455930], [136768, 455946]]", "per_hour": "{light: [240, 120, 25], heavy: [2, 0.5, 0]}",
    "speeds_km_h": "{heavy: 25}", "crossings": "[[136768, 455930]]", "roundabouts": "[[136768, 455930]]",
    "absorption_by_use": "{barrier: 0.6}", "power_db_m": "90", "stops_when_closed": "true",
    "wall": "{kind: sheet-pile, toe_m: -9}", "toe_m": "-9", "settlement_mm": "30", "slope_1_in": "1.5",
    "supports": "[{id: upper, level_m: 2, installed: first}]", "level_m": "2", "installed": "first", "removed": "second",
    "concrete": "{thickness_m: 1}", "thickness_m": "1", "tension_kn_m2": "40",
    "wells": "[{id: well-1, at: [136905, 455930]}]", "well.at": "[136905, 455930]", "m3_per_day": "240",
    "excavation.stages": '[{id: first, floor_m: 1, starts: "2026-03-02"}, {id: second, floor_m: -3.5, starts: "2026-03-16"}]',
    "floor_m": "-1.5", "starts": '"2026-03-02"', "ends": '"2026-03-13"', "water_m": "0.5", "head_m": "-2", "concreted": "true",
    "speed_mean_m_s": "1.34", "speed_sd_m_s": "0.26", "radius_m": "0.2",
    "pit": "{water_m: 0.6, head_m: 0.4}", "layers": "[{soil: sand, top_m: 2, bottom_m: -1}, {soil: clay, bottom_m: -3}]",
    "soil": "sand", "lowest_m": "0.2", "transmissivity_m2_d": "300", "resistance_d": "500", "storativity": "0.001",
    "specific_yield": "0.1", "pumping_days": "90", "joint_m_s": "0.0000001", "canal": "false", "foundation": "shallow",
    "allowed_category": "1", "category_source": '"permit of 2026"', "payload_t": "18", "body_m3": "12", "light_payload_t": "1.3",
    "pit.to": "exit-east", "piling": "pressed", "energy_kj": "30", "frequency_hz": "30", "building_category": "2",
    "condition": "sensitive", "relieve": "false", "piling_power_db": "116", "piling_hours": "6", "piling_m_per_day": "15",
    "unit_weight_kn_m3": "17", "saturated_kn_m3": "19", "cr": "0.1", "rr": "0.02", "c_alpha": "0.004", "k_m_d": "5",
    "k_h_m_d": "5", "k_v_m_d": "2",
})  # fmt: skip
"""What to write after a key, by its name; with the name of its owner in front where keys share one."""


_OWNERS: Mapping[str, str] = MappingProxyType({
    "CrowdSettings": "crowd", "BuildingChange": "building", "TreesChange": "trees", "Lift": "ride", "Escalator": "ride",
    "AntennaChange": "antenna", "Antenna": "antenna", "ExcavationChange": "excavation", "DewateringWell": "well",
    "AccessAnalysis": "access", "WindClimate": "climate", "WindAnalysis": "wind", "HeatAnalysis": "heat",
    "NoiseAnalysis": "noise", "Road": "road", "SoundLine": "sound line",
    "RoutesAnalysis": "ways", "Way": "way", "Vehicle": "vehicle", "PitAnalysis": "pit",
    "CellarVehicle": "cellar vehicle", "CellarsAnalysis": "cellars",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a complaint points.

    Parameters
    ----------
    owner : str
        What has the key, for people.
    model : type of BaseModel
        The part of a scenario that has it.
    key : str
        Innermost key on the way; a complaint may be of an entry of its list.
    field : FieldInfo or None
        None for a key that there is not.
    path : tuple of str or int
        The way there in the file.
    """

    owner: str
    model: type[BaseModel]
    key: str
    field: FieldInfo | None
    path: tuple[str | int, ...]


def spot(location: Sequence[str | int]) -> Spot:
    """Find what a location of pydantic names; besides keys and numbers it has types, which are not in the file."""
    model: type[BaseModel] = Scenario
    owner, left = "a scenario", list(location)
    path: list[str | int] = []
    while left:
        key = str(left.pop(0))
        path.append(key)
        field = model.model_fields.get(key)
        if field is None:
            return Spot(owner, model, key, None, tuple(path))
        kind, name = bare(field.annotation)[0], f"`{key}`"
        while left and not _is_part(kind):
            step = left.pop(0)
            if get_origin(kind) in (Union, UnionType) and step in CHANGES:
                kind, name = CHANGES[str(step)], f"`{step}`"
            elif isinstance(step, str) and (step.startswith("tuple[") or step == "[key]"):
                continue
            else:
                path.append(step)
                kind = _entry_of(kind, step)
        if not left or not _is_part(kind):
            return Spot(owner, model, key, field, tuple(path))
        model, owner = kind, name
    return Spot(owner, model, "", None, tuple(path))


def bare(annotation: Any) -> tuple[Any, list[Any]]:
    """A type without what is said about it, and what is said: limits, mostly. ``None`` as an alternative counts for nothing."""
    said: list[Any] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            said += [one for part in more for one in (getattr(part, "metadata", None) or [part])]
            continue
        if get_origin(annotation) in (Union, UnionType):
            kinds = [one for one in get_args(annotation) if one is not NoneType]
            if len(kinds) == 1:
                annotation = kinds[0]
                continue
        return annotation, said


def _is_part(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _entry_of(kind: Any, step: str | int) -> Any:
    """Type of an entry of a list or a mapping."""
    inner = get_args(kind)
    if get_origin(kind) is dict:
        return bare(inner[1])[0]
    if get_origin(kind) is tuple and inner:
        number = step if isinstance(step, int) and step < len(inner) and inner[-1] is not Ellipsis else 0
        return bare(inner[number])[0]
    return None


# --- what is wanted


def wanted(model: type[BaseModel], key: str) -> str:
    """What a key of a part of a scenario takes, in words."""
    field = model.model_fields[key]
    kind, said = bare(field.annotation)
    said = [*field.metadata, *said]
    limits = {name: value for one in said for name in ("gt", "ge", "le", "min_length", "max_length")
              if (value := getattr(one, name, None)) is not None}  # fmt: skip
    special = _SPECIAL.get(f"{model.__name__}.{key}")
    if special is not None:
        return special
    if kind is bool:
        return "`true` or `false`"
    if get_origin(kind) is Literal:
        choices = [f"`{one}`" for one in get_args(kind)]
        return f"one of {', '.join(choices)}" if len(choices) > 1 else choices[0]
    if kind is int:
        return f"a whole number{_range(limits, whole=True)}"
    if kind is float:
        unit = next((f" of {unit}" for ending, unit in _UNITS if key.endswith(ending)), "")
        return f"a number{unit}{_range(limits, whole=False)}"
    if kind is str:
        return "a text" + (f" of at most {limits['max_length']} characters" if "max_length" in limits else "")
    if kind is Place:
        return _PLACE
    if _is_part(kind):
        return "a group of keys of its own"
    return _wanted_of_several(key, kind, limits)


def _wanted_of_several(key: str, kind: Any, limits: Mapping[str, Any]) -> str:
    inner = get_args(kind)
    if not inner:
        return "another value"
    if get_origin(kind) is dict:
        entry = bare(inner[1])[0]
        each = "a place" if entry is Place else "keys of its own" if _is_part(entry) else "a share (a number above 0)"
        what = "sizes (whole numbers)" if bare(inner[0])[0] is int else "names"
        return f"a group of {what} with {each} each"
    if inner and inner[-1] is not Ellipsis:
        return "two points [x, y]" if inner == (Point, Point) else "[x, y]"
    if bare(inner[0])[0] is str:
        return "a list of names"
    if get_origin(bare(inner[0])[0]) is Literal:
        return f"a list of any of {', '.join(f'`{one}`' for one in get_args(bare(inner[0])[0]))}, perhaps of none"
    if bare(inner[0])[0] == Point:
        return f"a list of at least {limits.get('min_length', 1)} points [x, y]"
    return f"a list of {key}, each begun with `-`"


_PLACE = "a place: the id of an object of the city, `[x, y]`, or one of `point`, `line` or `polygon`"
_VEHICLE = "the name of a vehicle, such as `fire engine` or `lorry`, or a group with its measures"
_SPECIAL: Mapping[str, str] = MappingProxyType({
    "Scenario.city": "the path of a file or folder, or a list of paths",
    "Scenario.area": "four numbers, [west, south, east, north]",
    "Arrivals.profile": "a list of at least two pairs of numbers [time_s, people_per_min]",
    "BuildingChange.at": "the place of the model, [x, y] or [x, y, z]",
    "BuildingChange.remove": "the id of a building, which is a text",
    **{f"{part}.pre_movement_s": "two numbers of seconds, [least, most]" for part in ("Zone", "Arrivals")},
    **{f"{part}.open_s": "a list of pairs of seconds, [opens, closes]" for part in ("Door", "OpenHours")},
    "CrowdSettings.model_parameters": "a group of names of parameters with a number each",
    "TreesChange.remove": "a list of ids of trees",
    "AccessAnalysis.to": "a list of places: ids of objects of the city, or groups with one of `point`, `line` or `polygon`",
    "WindAnalysis.directions": "a list of 4 to 72 directions, in degrees",
    "RoutesAnalysis.stations": "a list of places: ids of objects of the city, or groups with one of `point`, `line` or `polygon`",
    "RoutesAnalysis.vehicle": _VEHICLE, "Way.vehicle": _VEHICLE, "CellarVehicle.vehicle": _VEHICLE,
    "CellarVehicle.axles_t": "a list of loads of axles, above 0 [t]",
    "CellarVehicle.distances_m": "a list of distances of axles from the first one, which rise [m]",
    "CellarVehicle.via": "a list of places: ids of objects of the city, or groups with one of `point`, `line` or `polygon`",
    "AccessAnalysis.limits_min": "a list of numbers of minutes that rise",
    "HeatAnalysis.day": "a day, \"2015-07-01\" in quotes",
    "HeatAnalysis.hours": "a list of clock times that rise, \"hh:mm\" in quotes",
    **{
        f"HeatAnalysis.{key}": f"a list of numbers of {what}, one for each hour or one for all"
        for key, what in (
            ("air_c", "degrees Celsius, 10 to 50"), ("humidity_percent", "percents, 5 to 100"),
            ("wind_m_s", "metres per second, 0 to 17"), ("radiation_w_m2", "watts per square metre, 0 to 1400"),
        )
    },
    "GreenAnalysis.day": "a day, \"2026-07-15\" in quotes",
    "GreenAnalysis.time": "`noon`, or a clock time, \"hh:mm\" in quotes",
    **{f"{part}.hours": "two clock times, [\"12:00\", \"23:00\"] in quotes" for part in ("SoundSource", "SoundLimit")},
    "SoundSource.bands_dba": "a list of 8 numbers of dB(A), from 63 Hz to 8 kHz",
    "Road.per_hour": "vehicles an hour by day, evening and night, [240, 120, 25], by kind: light, medium, heavy, moped, motorcycle",
    **{f"ConstructionStage.{key}": "a day, \"2026-03-02\" in quotes" for key in ("starts", "ends")},
    "SunAnalysis.days": "a list of days, \"2026-02-19\" in quotes",
    "CrowdSettings.clock_start": "a clock time, \"hh:mm\" in quotes",
})  # fmt: skip


def _range(limits: Mapping[str, float], *, whole: bool) -> str:
    above, low, high = limits.get("gt"), limits.get("ge"), limits.get("le")
    if whole and above is not None:
        low = above + 1
    if low is not None and high is not None:
        return f" from {_plain(low)} to {_plain(high)}"
    parts = [f"above {_plain(above)}"] if above is not None and low is None else []
    parts += [f"{_plain(low)} or more"] if low is not None else []
    parts += [f"at most {_plain(high)}"] if high is not None else []
    return f", {' and '.join(parts)}" if parts else ""


def _plain(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def example(model: type[BaseModel], key: str) -> str:
    """A key with a value that can be used."""
    owner = _OWNERS.get(model.__name__, "")
    value = EXAMPLES.get(f"{owner}.{key}") or EXAMPLES.get(key)
    kind = bare(model.model_fields[key].annotation)[0]
    if get_origin(kind) is Literal:
        value = str(get_args(kind)[-1])
    if value is None:
        default = model.model_fields[key].default
        value = f"{default:g}" if isinstance(default, int | float) else "..."
    return f"{key}: {value}"


def given(value: Any) -> str:
    """What stands in the file, in words."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    text = str(value)
    if not text:
        return "an empty text"
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"


# --- sentences


def sentence(detail: ErrorDetails) -> tuple[str, str | None]:
    """What is wrong, and what to do about it.

    Parameters
    ----------
    detail : ErrorDetails
        One complaint of pydantic about a scenario.
    """
    at, kind, value = spot(detail["loc"]), detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _no_such_key(at, value)
    if kind == "missing" and isinstance(detail["loc"][-1], str):
        return f"{at.owner} lacks `{at.key}`", f"for example `{example(at.model, at.key)}`; {_EVERY_KEY}"
    if kind == "union_tag_not_found" or (kind == "union_tag_invalid" and isinstance(value, dict) and value.get("type") is None):
        return f"a change lacks `type`: one of {', '.join(CHANGES)}", _EVERY_KEY
    if kind == "union_tag_invalid":
        tag = value.get("type") if isinstance(value, dict) else context.get("tag")
        near = did_you_mean(tag, CHANGES) if isinstance(tag, str) else ""
        return f"{given(tag)} is not a type of change{near}", f"there are {', '.join(CHANGES)}; {_EVERY_KEY}"
    if kind == "value_error":
        message = detail["msg"].removeprefix("Value error, ")
        return f"{message[0].lower()}{message[1:]}", None
    if at.field is None:
        return f"{given(value)} is not what belongs here", _EVERY_KEY
    if value is None or kind == "string_too_short":
        or_not = "" if at.field.is_required() else ", or leave it out"
        return f"`{at.key}` is empty: fill it in{or_not}", f"for example `{example(at.model, at.key)}`"
    if at.key == "hours" and isinstance(value, int) and not isinstance(value, bool):
        hint = f'write "{value:02d}:00"' if 0 <= value < 24 else f"for example `{example(at.model, at.key)}`"
        return f"`hours` are clock times in quotes, not the number {value}", hint
    if kind == "string_type" and not isinstance(value, dict | list | tuple):
        said = str(value).lower() if isinstance(value, bool) else str(value)
        return f"`{at.key}` is a text: write it in quotes, \"{said[:40]}\"", f"for example `{example(at.model, at.key)}`"
    if kind == "string_type" and bare(at.field.annotation)[0] is str:
        what = "group of keys" if isinstance(value, dict) else "list"
        return f"`{at.key}` is one text here, not a {what}", f"for example `{example(at.model, at.key)}`"
    told = f"one of {len(value)}" if kind == "string_too_long" else given(value)
    return f"`{at.key}` is {wanted(at.model, at.key)}, not {told}", _how_to_write(at, value)


_ANALYSES: Mapping[str, str] = MappingProxyType({
    "shadow": "sun", "shade": "sun", "daylight": "sun", "svf": "sky", "view": "sight", "viewshed": "sight", "visibility": "sight",
    "sound": "noise", "traffic": "noise", "crowd": "crowding", "density": "crowding", "evacuation": "crowding", "flood": "rain",
    "excavation": "pit", "excavations": "pit", "pits": "pit", "settlement": "pit", "dewatering": "pit", "groundwater": "pit",
    "water": "rain", "cloudburst": "rain", "antennas": "signal", "radio": "signal", "isochrones": "access", "walking": "access",
    "trees": "green", "canopy": "green", "panels": "solar", "roofs": "solar", "temperature": "heat", "vehicles": "routes",
    "cellar": "cellars", "vaults": "cellars", "werfkelders": "cellars",
})  # fmt: skip
"""What people call analyses that have another name."""

_GROUND = ("soil", "soils", "ground", "grond", "bodem", "lagen")
"""What people call the layers of the ground of the analysis of a pit."""

_EVERY_KEY = "see docs/scenario.md for every key"


def _no_such_key(at: Spot, value: Any) -> tuple[str, str]:
    if value is None and re.fullmatch(r"\d+", at.key):
        return f"`{at.key}` is not a key of {at.owner}, but what follows a comma", "decimals are written with a point, as in 10.5"
    if value is None and re.search(r"[\w]+[: ]", at.key):
        return f"`{at.key}` is not a key of {at.owner}", "write `key: value`, with a colon and a space after it"
    if at.model is Analyses and at.key.lower() in _ANALYSES:
        known = _ANALYSES[at.key.lower()]
        return f"`{at.key}` is not a key of {at.owner}: that is in `{known}`", f"write `{known}:`; {_EVERY_KEY}"
    if at.model is PitAnalysis and at.key.lower() in _GROUND:
        told = f"`{at.key}` is not a key of {at.owner}: the ground is in `layers`"
        return told, f"write `layers:`, from the top down; {_EVERY_KEY}"
    return f"`{at.key}` is not a key of {at.owner}{did_you_mean(at.key, at.model.model_fields)}", _EVERY_KEY


def _how_to_write(at: Spot, value: Any) -> str:
    shown = f"for example `{example(at.model, at.key)}`"
    if isinstance(value, str) and re.fullmatch(r"-?\d+,\d+", value.strip()) and "number" in wanted(at.model, at.key):
        return f"decimals are written with a point, and thousands without any sign; {shown}"
    if isinstance(value, float) and at.field is not None and bare(at.field.annotation)[0] is int:
        return f"write whole numbers without a point, thousands too; {shown}"
    return shown
