"""The impact "noise": how loud an event is over the city and before facades, by what the municipality allows at that hour.

A screening: `twin.sim.impact.noise` has the way from each source to each place by CNOSSOS-EU, over what stands between and not
round it, and `twin.sim.impact.reflect` what walls send back. What is kept are shares of energy (`SoundField`), so other levels or
hours of the sources need no new way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean
from twin.grid import GridSpec
from twin.impact_result import ImpactResult
from twin.impacts.facades import Facades
from twin.impacts.noise_report import (
    assumptions_of,
    before_facades,
    by_building,
    classes_of,
    figures_of,
    lost_of,
    relieved_of,
    traffic_before_facades,
)
from twin.impacts.site import Site, Window, windows, with_surface
from twin.impacts.sound_lines import of_pieces, pieces_of
from twin.impacts.sound_paths import Paths, air_of
from twin.impacts.sound_sources import energy_of
from twin.impacts.traffic import TrafficField, as_closed, covered_by, field_of, line_of, roads_of, within
from twin.scenario.apply import locate
from twin.scenario.noise import NoiseAnalysis, SoundLimit, SoundSource, minutes, sound_together
from twin.sim.impact import noise
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

WEIGHTINGS = ("A", "C")
WHOLE_DAY = SoundLimit(hours=("00:00", "24:00"), dba=160, dbc=160)
"""All hours, for the map, which is of the loudest moment whether it has a limit or not."""


@dataclass(frozen=True, eq=False)
class SoundField:
    """What comes of some sources to the cells of a site and to places before facades, whatever their power.

    Parameters
    ----------
    settings : NoiseAnalysis
    grid : GridSpec
    windows : tuple of Window
        One a source, then one a line: the cells of the grid that it reaches.
    shares : tuple of (R, C, 8) float32
        Likewise: share of the energy of each octave band, see `twin.sim.impact.noise`; with the directions that it sounds to.
    facades : Facades
        Points on facades.
    facade_shares : (S, N, 8) float64
        Shares before them.
    """

    settings: NoiseAnalysis
    grid: GridSpec
    windows: tuple[Window, ...]
    shares: tuple[NDArray[np.float32], ...]
    facades: Facades
    facade_shares: NDArray[np.float64]

    def with_levels(self, levels_db: Mapping[str, float]) -> SoundField:
        """The same with other levels of sources, or powers of lines, by their id [dB]: nothing is walked anew.

        Raises
        ------
        ParameterError
            When there is no such source.
        """
        names = [source.id for source in self.settings.sounding]
        for name in levels_db:
            if name not in names:
                raise ParameterError(f"there is no source `{name}`{did_you_mean(name, names)}")
        sources = tuple(
            source.model_copy(update={"level_db": float(levels_db.get(source.id, source.level_db))})
            for source in self.settings.sources
        )
        lines = tuple(
            line.model_copy(update={"power_db_m": float(levels_db.get(line.id, line.power_db_m))}) for line in self.settings.lines
        )
        return replace(self, settings=self.settings.model_copy(update={"sources": sources, "lines": lines}))

    def level(self, weighting: str = "A", sources: Sequence[str] | None = None) -> xr.DataArray:
        """Level over the site of some sources together, by default all, dims (y, x) float32 [dB]; NaN out of reach."""
        levels = np.full(self.grid.shape, np.nan, np.float32)
        chosen = self._chosen(sources)
        for window in windows(self.grid):
            if any(window.cut(self.windows[number]) for number in chosen):
                levels[window.cells] = self._level_in(window, chosen, weighting)
        name = f"sound_level_{weighting.lower()}"
        about = {"crs": self.grid.crs or "", "cell_m": float(self.grid.cell)}
        made = xr.DataArray(variable(name).array(levels), coords={"y": self.grid.y, "x": self.grid.x}, name=name)
        return made.assign_attrs(about)

    def _level_in(self, window: Window, chosen: Sequence[int], weighting: str) -> NDArray[np.float32]:
        """`level` in a part of the grid."""
        energy = np.zeros(window.shape)
        for number in chosen:
            of = self.windows[number]
            both = of.cut(window)
            if both is None:
                continue
            share = self.shares[number][both.inside(of).cells]
            made = np.zeros(both.size)
            noise.powers(share.reshape(-1, share.shape[2]), energy_of(self.settings.sounding[number], weighting), made)
            # what is not known is of no level
            energy[both.inside(window).cells] += np.where(np.isfinite(made), made, 0.0).reshape(both.shape)
        with np.errstate(divide="ignore"):
            return np.where(energy > 0.0, 10.0 * np.log10(energy), np.nan).astype(np.float32)

    def facade_level(self, weighting: str = "A", sources: Sequence[str] | None = None) -> NDArray[np.float64]:
        """Level before each facade point of some sources together, (N,) [dB]; -inf where nothing comes."""
        energy = np.zeros(len(self.facades))
        for number in self._chosen(sources):
            noise.powers(self.facade_shares[number], energy_of(self.settings.sounding[number], weighting), energy)
        with np.errstate(divide="ignore"):
            return np.asarray(10.0 * np.log10(energy))

    def _chosen(self, sources: Sequence[str] | None) -> list[int]:
        names = [source.id for source in self.settings.sounding]
        for name in () if sources is None else sources:
            if name not in names:
                raise ParameterError(f"there is no source `{name}`{did_you_mean(name, names)}")
        return [number for number, name in enumerate(names) if sources is None or name in sources]


class Kept(NamedTuple):
    """The ways of sound of one side, which the other side goes on from where nothing but traffic or closures differs."""

    city: City
    area: tuple[float, float, float, float] | None
    given: NoiseAnalysis
    paths: Paths
    event: SoundField | None
    roads: TrafficField | None


def sound_field(
    city: City,
    sources: Sequence[SoundSource | Mapping[str, Any]],
    *,
    cell: float = 1.0,
    area: tuple[float, float, float, float] | None = None,
    **settings: Any,
) -> SoundField:
    """What comes of sources of sound to each place of a city.

    Parameters
    ----------
    city : City
    sources : sequence of SoundSource, or of mapping
        ``{"id": "stage", "at": {"point": (x, y)}, "level_db": 103}``; see `twin.scenario.noise.SoundSource`.
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
        When a source is at no place of the city.
    """
    from twin.scenario.analyses import settings_of

    given = [dict(one) if isinstance(one, Mapping) else one.model_dump() for one in sources]
    return _field(Paths.of(Site(city, area), settings_of(NoiseAnalysis, sources=tuple(given), cell_m=cell, **settings)))


def possible(city: City, settings: NoiseAnalysis) -> None:
    """See that the sources and roads are somewhere in a city.

    Raises
    ------
    ScenarioError
        When one is not.
    """
    for number, source in enumerate(settings.sources):
        locate(source.at, city, f"analyses.noise.sources[{number}].at")
    for number, line in enumerate(settings.lines):
        within(shapely.LineString(line.along), city, f"analyses.noise.lines[{number}].along")
    for number, road in enumerate(settings.roads):
        line_of(road, city, f"analyses.noise.roads[{number}]")


def analyse(site: Site, settings: NoiseAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Sound on a site. Where the city is the same on both sides nothing is walked anew; else all of it is.

    Parameters
    ----------
    site : Site
    settings : NoiseAnalysis
    before : (Site, ImpactResult), optional
        The same without a change: then it is told whose facades come above the limit by it.
    """
    given = settings
    settings, closed = as_closed(site, settings)
    known = None if before is None else before[1].kept
    if isinstance(known, Kept) and (known.city is site.city and known.area == site.area and known.given == given):
        kept = known
    else:
        kept = _walked(site, given)
    paths = kept.paths
    arrays: list[xr.DataArray] = []
    points = paths.facades.frame(site.city)
    features, covered = {}, {}
    if kept.event is not None:
        field = kept.event
        groups = moments(settings)
        together = _all(moments(settings, (WHOLE_DAY,)))
        arrays += [_loudest([field.level(weighting, group) for group in together]) for weighting in WEIGHTINGS]
        points = before_facades(points, field, groups)
        features["sources"] = _sources(site.city, settings)
    if kept.roads is not None:
        driven = replace(kept.roads, settings=settings)
        arrays += [driven.level("den"), driven.level("night")]
        points = traffic_before_facades(points, driven)
        features["roads"] = roads_of(site.city, driven, closed)
        covered = covered_by(site.city, driven)
    fields, _ = with_surface(site, xr.Dataset({array.name: array for array in arrays}), settings.cell_m)
    about = {"crs": paths.grid.crs or "", "cell_m": float(paths.grid.cell)}
    buildings = by_building(site.city, points, settings)
    old = None if before is None else before[1].features["buildings"]
    lost = lost_of(buildings, old, settings)
    if kept.roads is not None:
        features["relieved"] = relieved_of(buildings, old, settings)
    return ImpactResult(
        "noise", "Sound", fields.assign_attrs(about), {"facades": points, "buildings": buildings, "lost": lost, **features},
        figures_of(buildings, old, lost, settings), classes_of(settings), assumptions_of(settings, closed, covered),
        dict(given.model_dump(mode="json")), kept,
    )  # fmt: skip


def _walked(site: Site, settings: NoiseAnalysis) -> Kept:
    """All ways of sound on a site."""
    paths = Paths.of(site, settings)
    event = _field(paths) if settings.sounding else None
    return Kept(site.city, site.area, settings, paths, event, field_of(paths) if settings.roads else None)


def moments(
    settings: NoiseAnalysis, rows: Sequence[SoundLimit] | None = None
) -> tuple[tuple[SoundLimit, tuple[tuple[str, ...], ...]], ...]:
    """For each row of the limits, which sources sound together at its moments: each set once, none of them where it is quiet."""
    rows = settings.rows if rows is None else rows
    edges = {0, 1440}
    for hours in (*(source.hours for source in settings.sounding), *(row.hours for row in rows)):
        edges |= {minutes(clock) for clock in hours}
    stops = sorted(edges)
    found = []
    for row in rows:
        sets: dict[tuple[str, ...], None] = {}
        for first, last in pairwise(stops):
            stretch = (_clock(first), _clock(last))
            if sound_together(stretch, row.hours):
                active = tuple(source.id for source in settings.sounding if sound_together(stretch, source.hours))
                if active:
                    sets[active] = None
        found.append((row, tuple(sets)))
    return tuple(found)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _all(groups: Sequence[tuple[SoundLimit, tuple[tuple[str, ...], ...]]]) -> list[tuple[str, ...]]:
    """Every set of sources that sound together, once; nothing else is louder, so sets within others are left out."""
    every = list(dict.fromkeys(names for _, sets in groups for names in sets)) or [()]
    return [one for one in every if not any(set(one) < set(other) for other in every)]


def _loudest(levels: list[xr.DataArray]) -> xr.DataArray:
    loudest = levels[0]
    return loudest.copy(data=np.fmax.reduce([one.to_numpy() for one in levels])) if len(levels) > 1 else loudest


def _field(paths: Paths) -> SoundField:
    settings, heard = paths.settings, []
    for number, source in enumerate(settings.sources):
        x, y = _middle(source, paths.site.city, number)
        heard.append(paths.of_point(x, y, source.height_m, source))
    for line in settings.lines:
        pieces = pieces_of(shapely.LineString(line.along), paths.places[:, :2], settings.line_piece_m)
        heard.append(of_pieces(paths, pieces, line.height_m, air_of(settings), settings.road_reach_m))
    return SoundField(
        settings, paths.grid, tuple(one.window for one in heard), tuple(one.share for one in heard), paths.facades,
        np.stack([one.before for one in heard]),
    )  # fmt: skip


def _middle(source: SoundSource, city: City, number: int) -> tuple[float, float]:
    if source.at.point is not None:
        locate(source.at, city, f"analyses.noise.sources[{number}].at")
        return source.at.point
    shape = locate(source.at, city, f"analyses.noise.sources[{number}].at").shape
    middle = shape.centroid if shape.contains(shape.centroid) else shape.representative_point()
    return float(middle.x), float(middle.y)


def _sources(city: City, settings: NoiseAnalysis) -> gpd.GeoDataFrame:
    rows: list[dict[str, Any]] = []
    shapes: list[shapely.Geometry] = []
    for number, source in enumerate(settings.sources):
        rows.append({"id": source.id, "level_db": source.level_db, "weighting": source.weighting, "hours": "–".join(source.hours)})
        shapes.append(shapely.Point(*_middle(source, city, number)))
    for line in settings.lines:
        rows.append({"id": line.id, "level_db": line.power_db_m, "weighting": line.weighting, "hours": "–".join(line.hours)})
        shapes.append(shapely.LineString(line.along))
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=city.crs).set_index("id")
