"""Road traffic of the impact "noise": Lden before facades and over the city, from counts.

The sound that vehicles make is that of `twin.sim.impact.traffic` (CNOSSOS-EU), 5 cm above the road; the way to each place is that
of `twin.impacts.sound_lines`. What is kept are shares of energy (`TrafficField`), so other counts, speeds or surfaces need no new
way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError, ScenarioError, did_you_mean
from twin.geo.walkable import STREET
from twin.grid import GridSpec
from twin.impacts.facades import Facades
from twin.impacts.site import Site, Window
from twin.impacts.sound_lines import Piece, cells_heard, centre_line, of_pieces, pieces_of
from twin.impacts.sound_paths import Paths, air_of, energy_on
from twin.scenario.noise import NoiseAnalysis
from twin.scenario.traffic import Road
from twin.sim.impact import noise, traffic
from twin.sim.impact.acoustics import weights
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

HEIGHT_M = 0.05
"""Height of all vehicles as a source above the road (CNOSSOS-EU 2.2.1) [m]."""

MOST_BYTES = 8_000_000_000
"""What is kept of all roads together may take so much memory."""

PERIODS = ("day", "evening", "night")
_STEP_M = 20.0


@dataclass(frozen=True)
class Stretch:
    """Pieces of a road that sound alike: the number of the road, and what junction they are how far from."""

    road: int
    junction: tuple[str, float] | None


@dataclass(frozen=True, eq=False)
class TrafficField:
    """What comes of roads to the cells of a site and to places before facades, whatever drives on them.

    Parameters
    ----------
    settings : NoiseAnalysis
    grid : GridSpec
    lines : tuple of LineString
        Of each road.
    stretches : tuple of Stretch
    windows : tuple of Window
        One a stretch: the cells of the grid that it reaches.
    shares : tuple of (R, C, 8) float32
        Likewise: share of the energy of each octave band that sounds on each metre.
    facades : Facades
    facade_shares : (S, N, 8) float64
    """

    settings: NoiseAnalysis
    grid: GridSpec
    lines: tuple[shapely.LineString, ...]
    stretches: tuple[Stretch, ...]
    windows: tuple[Window, ...]
    shares: tuple[NDArray[np.float32], ...]
    facades: Facades
    facade_shares: NDArray[np.float64]

    def with_roads(self, changes: Mapping[str, Mapping[str, Any]]) -> TrafficField:
        """The same with other traffic: by the id of a road, what differs of ``per_hour``, ``speed_km_h``, ``speeds_km_h``,
        ``surface`` or ``gradient_percent``. Nothing is walked anew.

        Raises
        ------
        ParameterError
            When there is no such road, or it cannot be changed so.
        """
        names = [road.id for road in self.settings.roads]
        able = ("per_hour", "speed_km_h", "speeds_km_h", "surface", "gradient_percent")
        for name, change in changes.items():
            if name not in names:
                raise ParameterError(f"there is no road `{name}`{did_you_mean(name, names)}")
            for key in change:
                if key not in able:
                    hint = f"what may differ is {', '.join(able)}"
                    raise ParameterError(f"`{key}` of a road needs a new way of the sound", hint=hint)
        from twin.scenario.analyses import settings_of

        roads = tuple(
            settings_of(Road, **{**road.model_dump(), **changes[road.id]}) if road.id in changes else road
            for road in self.settings.roads
        )
        return replace(self, settings=self.settings.model_copy(update={"roads": roads}))

    def level(self, period: str = "den") -> xr.DataArray:
        """Level over the site, dims (y, x) float32 [dB]: ``"den"``, ``"day"``, ``"evening"`` or ``"night"``; NaN out of reach, and
        0 where nothing drives."""
        energy, known = energy_on(self.grid, self.windows, self.shares, self._energies(period))
        with np.errstate(divide="ignore"):
            levels = np.where(known, np.maximum(10.0 * np.log10(energy), 0.0), np.nan).astype(np.float32)
        told = variable("sound_level_night" if period == "night" else "sound_level_den")
        made = xr.DataArray(told.array(levels), coords={"y": self.grid.y, "x": self.grid.x}, name=f"sound_level_{period}")
        return made.assign_attrs({"crs": self.grid.crs or "", "cell_m": float(self.grid.cell)})

    def facade_level(self, period: str = "den") -> NDArray[np.float64]:
        """Level before each facade point, (N,) [dB]; -inf where nothing comes."""
        energy = np.zeros(len(self.facades))
        for share, sent in zip(self.facade_shares, self._energies(period), strict=True):
            noise.powers(share, sent, energy)
        with np.errstate(divide="ignore"):
            return np.asarray(10.0 * np.log10(energy))

    def _energies(self, period: str) -> list[NDArray[np.float64]]:
        if period not in (*PERIODS, "den"):
            raise ParameterError(f"there is no period `{period}`: den, {', '.join(PERIODS)}")
        each = [emission(self.settings.roads[one.road], self.settings.temperature_c, one.junction) for one in self.stretches]
        if period == "den":
            return [traffic.day_evening_night(*one) for one in each]
        return [one[PERIODS.index(period)] for one in each]


def emission(road: Road, temperature_c: float = 15.0, junction: tuple[str, float] | None = None) -> NDArray[np.float64]:
    """A-weighted energy of a metre of road by day, in the evening and by night, (3, 8): 10 lg of it is in dB(A) re 1 pW.

    Parameters
    ----------
    road : Road
    temperature_c : float
        Of the air [degrees Celsius].
    junction : (str, float), optional
        ``"crossing"`` or ``"roundabout"``, and how far off it is [m].
    """
    speeds = {str(kind): one for kind, one in road.speeds_km_h.items()}
    vehicles = {str(kind): one for kind, one in road.per_hour.items()}
    speed = np.array([speeds.get(kind, road.speed_km_h) for kind in traffic.CLASSES])
    counts = np.array([vehicles.get(kind, (0.0, 0.0, 0.0)) for kind in traffic.CLASSES]).T
    surface = traffic.SURFACES[road.surface]
    weighed = 10.0 ** (0.1 * weights("A"))
    return np.array([
        weighed * traffic.line_energy(each, speed, surface, temperature_c, road.gradient_percent, junction) for each in counts
    ])  # fmt: skip


def traffic_field(
    city: City, roads: Sequence[Road | Mapping[str, Any]], *, cell: float = 1.0,
    area: tuple[float, float, float, float] | None = None, **settings: Any,
) -> TrafficField:  # fmt: skip
    """What comes of road traffic to each place of a city.

    Parameters
    ----------
    city : City
    roads : sequence of Road, or of mapping
        ``{"id": "quay", "at": "canal-street-west", "per_hour": {"light": (300, 150, 40)}, "speed_km_h": 30}``; see
        `twin.scenario.traffic.Road`.
    cell : float
        [m]
    area : (west, south, east, north), optional
        By default the whole city [m].
    **settings
        As `twin.scenario.noise.NoiseAnalysis`.

    Raises
    ------
    ParameterError
        When a value cannot be used.
    ScenarioError
        When a road is not in the city, or all of them take too much memory.
    """
    from twin.scenario.analyses import settings_of

    given = [dict(one) if isinstance(one, Mapping) else one.model_dump() for one in roads]
    chosen = settings_of(NoiseAnalysis, roads=tuple(given), cell_m=cell, **settings)
    return field_of(Paths.of(Site(city, area), chosen))


def field_of(paths: Paths) -> TrafficField:
    """What comes of the roads of an analysis.

    Raises
    ------
    ScenarioError
        When a road is not in the city, or all of them take too much memory.
    """
    settings, city = paths.settings, paths.site.city
    through = air_of(settings, 0.0)  # a road is hard, whatever lies beside it (CNOSSOS-EU 2.5.4)
    lines, stretches, parts = [], [], []
    for number, road in enumerate(settings.roads):
        line = line_of(road, city, f"analyses.noise.roads[{number}]")
        lines.append(line)
        pieces = _in_the_open(pieces_of(line, paths.places[:, :2], settings.line_piece_m), city)
        for junction, alike in _alike(road, pieces).items():
            stretches.append(Stretch(number, junction))
            parts.append(alike)
    size = 4 * 8 * sum(cells_heard(paths, alike, settings.road_reach_m) for alike in parts)
    if size > MOST_BYTES:
        told = f"what comes of {len(settings.roads)} roads to each cell takes {size / 1e9:.0f} GB of memory"
        hint = "give an `area`, a larger `cell_m`, a shorter `road_reach_m`, or fewer roads"
        raise ScenarioError(told, where="analyses.noise.roads", hint=hint)
    heard = [of_pieces(paths, alike, HEIGHT_M, through, settings.road_reach_m) for alike in parts]
    before = np.array([one.before for one in heard]).reshape(len(heard), len(paths.places), 8)
    return TrafficField(
        settings, paths.grid, tuple(lines), tuple(stretches), tuple(one.window for one in heard),
        tuple(one.share for one in heard), paths.facades, before,
    )  # fmt: skip


def _alike(road: Road, pieces: Sequence[Piece]) -> dict[tuple[str, float] | None, list[Piece]]:
    """Pieces by the junction that they are near to, in steps of `_STEP_M`."""
    made: dict[tuple[str, float] | None, list[Piece]] = {}
    for piece in pieces:
        near: list[tuple[float, str]] = []
        for kind, points in (("crossing", road.crossings), ("roundabout", road.roundabouts)):
            near += [(float(np.hypot(x - piece.middle[0], y - piece.middle[1])), kind) for x, y in points]
        far, kind = min(near, default=(traffic.JUNCTION_M, ""))
        key = (kind, (far // _STEP_M + 0.5) * _STEP_M) if far < traffic.JUNCTION_M else None
        made.setdefault(key, []).append(piece)
    return made


def _in_the_open(pieces: Sequence[Piece], city: City) -> list[Piece]:
    """Pieces that no building stands over: what drives below one is not heard, least of all on its roof."""
    if not len(city.buildings) or not pieces:
        return list(pieces)
    tree = shapely.STRtree(shapely.force_2d(city.buildings.geometry.to_numpy()))
    below = set(tree.query(shapely.points([one.middle for one in pieces]), predicate="within")[0].tolist())
    return [one for k, one in enumerate(pieces) if k not in below]


def covered_by(city: City, field: TrafficField) -> dict[str, float]:
    """How much of each road lies below buildings, by its id; those of which none does are left out [m]."""
    tree, shapes = city.buildings.sindex, city.buildings.geometry
    found = {}
    for road, line in zip(field.settings.roads, field.lines, strict=True):
        over = shapely.union_all(shapely.force_2d(shapes.iloc[tree.query(line)].to_numpy()))
        long = float(line.intersection(over).length)
        if long >= 1.0:
            found[road.id] = long
    return found


def line_of(road: Road, city: City, where: str) -> shapely.LineString:
    """The line of a road.

    Raises
    ------
    ScenarioError
        When the city has no such road.
    """
    if road.along is not None:
        line = shapely.LineString(road.along)
    else:
        if road.at not in city.roads.index:
            names = [str(name) for name in city.roads.index]
            raise ScenarioError(f"the city has no road `{road.at}`{did_you_mean(str(road.at), names)}", where=f"{where}.at")
        line = _middle_of(city.roads.geometry.loc[road.at], f"{where}.at")
    within(line, city, f"{where}.along")
    return line


def _middle_of(shape: shapely.Geometry | None, where: str) -> shapely.LineString:
    """The middle line of a road, where its shape has one."""
    hint = "give the line itself: `along: [[x, y], [x, y], ...]`"
    if shape is None or shape.is_empty or shapely.get_dimensions(shape) == 0:
        raise ScenarioError("this road has no shape that anything drives along", where=where, hint=hint)
    line = centre_line(shape)
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    longest = float(np.hypot(*np.diff(box, axis=0).T).max(initial=0.0))
    if shapely.get_type_id(shapely.get_parts(shape)[0]) == 3 and line.length < 0.5 * longest:
        told = f"this road is no strip: {line.length:.0f} m of a middle line were found in an area of {longest:.0f} m"
        raise ScenarioError(told, where=where, hint=hint)
    return line


def within(line: shapely.LineString, city: City, where: str) -> None:
    """See that a line lies in the city, or a part of it: what is beyond does not sound.

    Raises
    ------
    ScenarioError
        When it does not.
    """
    if not shapely.box(*city.bounds).intersects(line):
        raise ScenarioError("the line lies outside the city", where=where, hint="give it in the CRS of the city")


def as_closed(site: Site, settings: NoiseAnalysis) -> tuple[NoiseAnalysis, tuple[str, ...]]:
    """The analysis without the traffic of roads that the scenario closes, where they say so; and which these are.

    What it closes on another level, such as a wharf below the street, does not stop them.
    """
    closed = []
    for number, road in enumerate(settings.roads):
        line = line_of(road, site.city, f"analyses.noise.roads[{number}]")
        level = None if road.at is None else site.city.roads.loc[road.at].get("level")
        shape = site.obstacles.get(level if isinstance(level, str) else STREET)
        if road.stops_when_closed and shape is not None and shape.intersects(line):
            closed.append(road.id)
    nothing = (0.0, 0.0, 0.0)
    roads = tuple(
        road.model_copy(update={"per_hour": dict.fromkeys(road.per_hour, nothing)}) if road.id in closed else road
        for road in settings.roads
    )
    return settings.model_copy(update={"roads": roads}), tuple(closed)


def roads_of(city: City, field: TrafficField, closed: Sequence[str]) -> gpd.GeoDataFrame:
    """The roads as lines: vehicles a day, speed, surface, ``power_den_db_m`` (A-weighted, of a metre), and whether it is closed."""
    rows = []
    for road in field.settings.roads:
        day = sum(12.0 * one[0] + 4.0 * one[1] + 8.0 * one[2] for one in road.per_hour.values())
        power = traffic.day_evening_night(*emission(road, field.settings.temperature_c)).sum()
        rows.append({
            "id": road.id, "vehicles_a_day": float(day), "speed_km_h": road.speed_km_h, "surface": road.surface,
            "power_den_db_m": round(10.0 * float(np.log10(power)), 2) if power > 0.0 else float("nan"), "closed": road.id in closed,
        })  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry=list(field.lines), crs=city.crs).set_index("id")
