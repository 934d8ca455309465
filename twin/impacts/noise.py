"""The impact "noise": how loud an event is over the city and before facades, by what the municipality allows at that hour.

A screening: `twin.sim.impact.noise` has the way from each source to each place by CNOSSOS-EU, over what stands between and not
round it. What is kept are shares of energy (`SoundField`), so other levels or hours of the sources need no new way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean
from twin.grid import GridSpec
from twin.impact_result import ImpactResult
from twin.impacts.facades import Facades, facades_of, obstacles_of
from twin.impacts.noise_report import assumptions_of, before_facades, by_building, classes_of, figures_of, lost_of
from twin.impacts.site import Site, Window, part_of, windows, with_surface
from twin.impacts.sound_sources import direction, energy_of
from twin.scenario.apply import locate
from twin.scenario.noise import NoiseAnalysis, SoundLimit, SoundSource, minutes, sound_together
from twin.sim.impact import noise, rays
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

BEFORE_M = 1.5
"""How far a place before a facade lies from the wall, or half as far as what stands opposite [m]: levels are those of the sound
that comes to the facade, without what the facade itself sends back."""

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
        One a source: the cells of the grid that it reaches.
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
        """The same with other levels of sources, by their id [dB]: nothing is walked anew.

        Raises
        ------
        ParameterError
            When there is no such source.
        """
        names = [source.id for source in self.settings.sources]
        for name in levels_db:
            if name not in names:
                raise ParameterError(f"there is no source `{name}`{did_you_mean(name, names)}")
        louder = tuple(
            source.model_copy(update={"level_db": float(levels_db.get(source.id, source.level_db))})
            for source in self.settings.sources
        )
        return replace(self, settings=self.settings.model_copy(update={"sources": louder}))

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
            noise.powers(share.reshape(-1, share.shape[2]), energy_of(self.settings.sources[number], weighting), made)
            # what is not known is of no level
            energy[both.inside(window).cells] += np.where(np.isfinite(made), made, 0.0).reshape(both.shape)
        with np.errstate(divide="ignore"):
            return np.where(energy > 0.0, 10.0 * np.log10(energy), np.nan).astype(np.float32)

    def facade_level(self, weighting: str = "A", sources: Sequence[str] | None = None) -> NDArray[np.float64]:
        """Level before each facade point of some sources together, (N,) [dB]; -inf where nothing comes."""
        energy = np.zeros(len(self.facades))
        for number in self._chosen(sources):
            noise.powers(self.facade_shares[number], energy_of(self.settings.sources[number], weighting), energy)
        with np.errstate(divide="ignore"):
            return np.asarray(10.0 * np.log10(energy))

    def _chosen(self, sources: Sequence[str] | None) -> list[int]:
        names = [source.id for source in self.settings.sources]
        for name in () if sources is None else sources:
            if name not in names:
                raise ParameterError(f"there is no source `{name}`{did_you_mean(name, names)}")
        return [number for number, name in enumerate(names) if sources is None or name in sources]


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
    return _field(Site(city, area), settings_of(NoiseAnalysis, sources=tuple(given), cell_m=cell, **settings))


def possible(city: City, settings: NoiseAnalysis) -> None:
    """See that the sources are somewhere in a city.

    Raises
    ------
    ScenarioError
        When one is not.
    """
    for number, source in enumerate(settings.sources):
        locate(source.at, city, f"analyses.noise.sources[{number}].at")


def analyse(site: Site, settings: NoiseAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Sound on a site. All of it is worked out anew after a change: a source is walked round in a part of a second.

    Parameters
    ----------
    site : Site
    settings : NoiseAnalysis
    before : (Site, ImpactResult), optional
        The same without a change: then it is told whose facades come above the limit by it.
    """
    field = _field(site, settings)
    groups = moments(settings)
    together = _all(moments(settings, (WHOLE_DAY,)))
    loudest = {weighting: _loudest([field.level(weighting, group) for group in together]) for weighting in WEIGHTINGS}
    fields, _ = with_surface(site, xr.Dataset({array.name: array for array in loudest.values()}), settings.cell_m)
    about = {"crs": field.grid.crs or "", "cell_m": float(field.grid.cell)}
    points = before_facades(site.city, field, groups)
    buildings = by_building(site.city, points, settings)
    lost = lost_of(buildings, None if before is None else before[1].features["buildings"], settings)
    features = {"facades": points, "buildings": buildings, "lost": lost, "sources": _sources(site.city, settings)}
    return ImpactResult(
        "noise", "Sound", fields.assign_attrs(about), features, figures_of(buildings, lost, settings), classes_of(),
        assumptions_of(settings), dict(settings.model_dump(mode="json")),
    )  # fmt: skip


def moments(
    settings: NoiseAnalysis, rows: Sequence[SoundLimit] | None = None
) -> tuple[tuple[SoundLimit, tuple[tuple[str, ...], ...]], ...]:
    """For each row of the limits, which sources sound together at its moments: each set once, none of them where it is quiet."""
    rows = settings.rows if rows is None else rows
    edges = {0, 1440}
    for hours in (*(source.hours for source in settings.sources), *(row.hours for row in rows)):
        edges |= {minutes(clock) for clock in hours}
    stops = sorted(edges)
    found = []
    for row in rows:
        sets: dict[tuple[str, ...], None] = {}
        for first, last in pairwise(stops):
            stretch = (_clock(first), _clock(last))
            if sound_together(stretch, row.hours):
                active = tuple(source.id for source in settings.sources if sound_together(stretch, source.hours))
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


def _field(site: Site, settings: NoiseAnalysis) -> SoundField:
    city, grid = site.city, site.grid(settings.cell_m)
    through = noise.air(settings.temperature_c, settings.humidity_percent, settings.ground_factor)
    among = obstacles_of(city)
    facades = facades_of(city, among, settings.facade_spacing_m, site.area)
    places = _before(facades, among)
    whole = Window(0, grid.rows, 0, grid.columns)
    reached, shares, facade_shares = [], [], []
    for number, source in enumerate(settings.sources):
        x, y = _middle(source, city, number)
        column, row = (x - grid.west) / grid.cell - 0.5, (grid.north - y) / grid.cell - 0.5
        reach = int(np.ceil(settings.reach_m / grid.cell))
        at = Window(round(row), round(row) + 1, round(column), round(column) + 1)
        around = at.grown(reach).cut(site.all_of(grid)) or at
        relief = site.relief(grid, around, trees=False)
        place = noise.Place(relief.surface, relief.ground, float(grid.cell))
        own = min(max(at.top - around.top, 0), around.shape[0] - 1), min(max(at.left - around.left, 0), around.shape[1] - 1)
        height = _top(relief.surface, own) + source.height_m
        share = noise.transfer_map(place, *own, height, settings.receiver_m, through)
        inside = around.cut(whole)
        if inside is None:
            reached.append(Window(0, 0, 0, 0))
            shares.append(np.empty((0, 0, share.shape[2]), np.float32))
        else:
            top, left = inside.top - around.top, inside.left - around.left
            part = share[top : top + inside.shape[0], left : left + inside.shape[1]]
            _turn(part, part_of(grid, inside), source, (x, y))
            reached.append(inside)
            shares.append(part if part.size == share.size else part.copy())
        facade_shares.append(_to_facades(city, place, around, grid, source, (x, y, height), places, settings.reach_m, through))
    return SoundField(settings, grid, tuple(reached), tuple(shares), facades, np.stack(facade_shares))


def _turn(share: NDArray[np.float32], lattice: GridSpec, source: SoundSource, at: tuple[float, float]) -> None:
    """Take from shares what a source does not send that way."""
    for window in windows(lattice, most_cells=1_000_000):
        rows, columns = window.cells
        sent = direction(source, np.degrees(np.arctan2(lattice.x[None, columns] - at[0], lattice.y[rows, None] - at[1])))
        if sent is not None:
            part = share[rows, columns]
            np.multiply(part, sent, out=part, casting="same_kind")


def _top(surface: NDArray[np.float32], own: tuple[int, int]) -> float:
    top = float(surface[own])
    return top if np.isfinite(top) else 0.0


def _middle(source: SoundSource, city: City, number: int) -> tuple[float, float]:
    if source.at.point is not None:
        locate(source.at, city, f"analyses.noise.sources[{number}].at")
        return source.at.point
    shape = locate(source.at, city, f"analyses.noise.sources[{number}].at").shape
    middle = shape.centroid if shape.contains(shape.centroid) else shape.representative_point()
    return float(middle.x), float(middle.y)


def _before(facades: Facades, among: rays.Triangles) -> NDArray[np.float64]:
    """Places before facades, (N, 3), relative to the origin of the city [m]."""
    if not len(facades):
        return np.empty((0, 3))
    flat = facades.normals.copy()
    flat[:, 2] = 0.0
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    opposite, _ = rays.first_hits(among, facades.points, flat, 2.0 * BEFORE_M)
    return np.asarray(facades.points + np.minimum(BEFORE_M, 0.5 * np.where(np.isfinite(opposite), opposite, 1e9))[:, None] * flat)


def _to_facades(
    city: City, place: noise.Place, around: Window, grid: GridSpec, source: SoundSource, at: tuple[float, float, float],
    places: NDArray[np.float64], reach_m: float, through: noise.Air,
) -> NDArray[np.float64]:  # fmt: skip
    """Shares of a source before facades, (N, 8); 0 out of reach."""
    lattice = part_of(grid, around)
    spots = places + city.origin
    out = np.zeros((len(spots), len(through.wavelength_m)))
    near = np.hypot(spots[:, 0] - at[0], spots[:, 1] - at[1]) <= reach_m
    asked = spots[near]

    def cells(x: Any, y: Any) -> tuple[Any, Any]:
        return (x - lattice.west) / lattice.cell - 0.5, (lattice.north - y) / lattice.cell - 0.5

    column, row = cells(asked[:, 0], asked[:, 1])
    here = *cells(at[0], at[1]), at[2]
    found = noise.transfer_to(place, here, np.column_stack([column, row, asked[:, 2]]), through)
    sent = direction(source, np.degrees(np.arctan2(asked[:, 0] - at[0], asked[:, 1] - at[1])))
    out[near] = found if sent is None else found * sent
    return out


def _sources(city: City, settings: NoiseAnalysis) -> gpd.GeoDataFrame:
    rows = [
        {"id": source.id, "level_db": source.level_db, "weighting": source.weighting, "hours": "–".join(source.hours)}
        for source in settings.sources
    ]
    x, y = np.array([_middle(source, city, number) for number, source in enumerate(settings.sources)]).T
    frame = gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(x, y), crs=city.crs)
    return frame.set_index("id")
