"""The impact "green": trees, crowns, green in view, trees in sight of homes, and shade, as one result with figures and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.geo.trees import Trees, trees_of
from twin.geo.walkable import NOT_FOR_PEOPLE
from twin.grid import GridSpec
from twin.impact_result import Classes, ImpactResult
from twin.impacts.green import NOON, fields_of, sun_of
from twin.impacts.homes import are_homes, homes_of
from twin.impacts.site import Site, with_surface
from twin.impacts.sun_position import spoken
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.green import GreenAnalysis
from twin.sim.impact import shadow

if TYPE_CHECKING:
    from twin.geo.city import City

TREES_IN_SIGHT, COVER_PERCENT = 3, 30.0
RULE = (
    "3-30-300 rule (Konijnendijk 2023, doi:10.1007/s11676-022-01523-z): at least 3 well-established trees in view of every "
    "home, 30 % canopy cover in every neighbourhood; a rule of thumb, no law"
)
"""Its last part, 300 m to a public green space, is not judged: a city does not tell which green is public, and good."""

SHADE_PERCENT = 30.0
SHADE_RULE = (
    "Kluck et al. 2020, De hittebestendige stad (Hogeschool van Amsterdam): proposed is at least 30 % of where people walk in "
    "a neighbourhood in the shade when the day is hottest; a guideline, no law"
)
"""For main walking routes 40 % is proposed, which is not judged: which routes those are is not known."""

VIEW_SHADES: tuple[Colour, ...] = ((236, 231, 219), (204, 219, 176), (152, 194, 127), (90, 160, 88), (38, 116, 62), (9, 66, 38))
COVER_SHADES: tuple[Colour, ...] = ((240, 235, 222), (214, 224, 184), (166, 200, 135), (100, 163, 96), (35, 105, 58))
SUN_AND_SHADE: tuple[Colour, ...] = ((250, 236, 190), (76, 92, 120))

VIEW = Classes(
    "green_view", "Green in view", "share", (0.02, 0.05, 0.1, 0.2, 0.35), VIEW_SHADES,
    ("< 2 %", "2 – 5 %", "5 – 10 %", "10 – 20 %", "20 – 35 %", "> 35 %"), "share of the view at eye height that crowns fill",
    (0.01, 0.03, 0.1), "higher",
)  # fmt: skip
COVER = Classes(
    "canopy_cover", "Canopy cover around", "share", (0.05, 0.1, 0.2, 0.3), COVER_SHADES,
    ("< 5 %", "5 – 10 %", "10 – 20 %", "20 – 30 %", "> 30 %"), "30 %: " + RULE, (0.002, 0.005, 0.02), "higher",
)  # fmt: skip
SHADE = Classes("shade", "Shade", "0 sun, 1 shade", (0.5,), SUN_AND_SHADE, ("sun", "shade"), "", (0.5,), "higher")


def possible(city: City, settings: GreenAnalysis) -> None:
    """See that the sun over a city is known, where shade is asked for.

    Raises
    ------
    ParameterError
        When the city does not say where on earth it lies, or the sun stands too low then.
    """
    if settings.shade:
        sun_of(city, settings)


def analyse(site: Site, settings: GreenAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Green on a site; `before` as in `twin.impacts.registry.Impact`.

    Raises
    ------
    ParameterError
        As `possible`.
    """
    grid = site.grid(settings.cell_m)
    fields = fields_of(site, settings, before=None if before is None else (before[0], before[1].fields))
    fields, ground = with_surface(site, fields, settings.cell_m)
    features = _features(site, settings, fields, grid, before)
    trees = trees_of(site.city)
    counted = len(trees) > 0 or site.city.canopy is None
    number = float(_inside(trees.xy, grid).sum()) if counted else float("nan")
    figures = [
        Figure("green_trees", "Trees", number, "", digits=0, note="in the part that is looked at", exact=True),
        *_cover_figures(fields, ground, settings),
        *_home_figures(features["homes"], settings, counted=counted),
        *(_shade_figures(site.city, fields, ground, grid, settings) if settings.shade else ()),
    ]  # fmt: skip
    classes = (VIEW, COVER, SHADE) if settings.shade else (VIEW, COVER)
    notes = _assumptions(site.city, settings, trees)
    settled = dict(settings.model_dump(mode="json"))
    told = headlined(figures, "green_trees", "green_crowns")
    return ImpactResult("green", "Green and shade", fields, features, told, classes, tuple(notes), settled)


def _cover_figures(fields: xr.Dataset, ground: NDArray[np.bool_], settings: GreenAnalysis) -> list[Figure]:
    crowns = fields["canopy"].to_numpy() > 0
    known = np.isfinite(fields["surface_height"].to_numpy())
    view = fields["green_view"].to_numpy()[ground]
    return [
        Figure(
            "green_crowns", "Crowns, seen from above", float(crowns.sum()) * settings.cell_m**2, "m2", digits=0, better="higher",
            exact=True,
        ),
        Figure(
            "green_cover", "Canopy cover", _percent(crowns, known), "%", limit=COVER_PERCENT, limit_source=RULE, better="higher",
            digits=2, note="of everything, roofs and water included", exact=True,
        ),
        Figure(
            "green_cover_open", "Share of open ground under crowns", _percent(crowns, ground), "%", better="higher", digits=2,
            exact=True,
        ),
        Figure(
            "green_view", "Green in view", 100.0 * float(view.mean(dtype=np.float64)) if view.size else float("nan"), "%",
            digits=2, better="higher", note="mean over open ground, at eye height", exact=True,
        ),
    ]  # fmt: skip


def _home_figures(homes: gpd.GeoDataFrame, settings: GreenAnalysis, *, counted: bool) -> list[Figure]:
    judged = (homes["viewpoints"].to_numpy() > 0) & counted
    see = homes["trees_seen"].to_numpy() >= TREES_IN_SIGHT
    covered = homes["canopy_cover"].to_numpy() >= COVER_PERCENT / 100.0
    among = f"of {int(judged.sum())} with open ground before a wall"
    return [
        Figure(
            "green_homes", f"Share of residential buildings that see {TREES_IN_SIGHT} trees", _percent(see, judged), "%",
            limit=100.0, limit_source=RULE, better="higher", note=among, exact=True,
        ),
        Figure(
            "green_homes_cover", f"Share of residential buildings with {COVER_PERCENT:g} % canopy cover around",
            _percent(covered, np.isfinite(homes["canopy_cover"].to_numpy())), "%", better="higher",
            note=f"within {settings.cover_radius_m:g} m", exact=True,
        ),
    ]  # fmt: skip


def _shade_figures(
    city: City, fields: xr.Dataset, ground: NDArray[np.bool_], grid: GridSpec, settings: GreenAnalysis
) -> list[Figure]:
    cast = fields["shadow"].to_numpy()
    dark, leafy = cast != shadow.LIT, cast == shadow.LEAVES
    judged = settings.time == NOON
    limit: dict[str, Any] = {"limit": SHADE_PERCENT, "limit_source": SHADE_RULE} if judged else {}
    day = spoken(settings.day)
    when = f"{day}, when the sun stands highest" if judged else f"{day}, {settings.time}"
    shares: list[tuple[str, str, float, dict[str, Any]]] = [
        ("green_shade", "streets and squares in the shade", _percent(dark, ground & walked(city, grid)), limit),
        ("green_shade_open", "open ground in the shade", _percent(dark, ground), {}),
        ("green_shade_trees", "open ground in the shade of trees alone", _percent(leafy, ground), {}),
    ]
    return [
        Figure(key, f"Share of {label}", value, "%", better="higher", note=when, exact=True, **judge)
        for key, label, value, judge in shares
    ]


def _percent(what: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    count = int(among.sum())
    return 100.0 * int((what & among).sum()) / count if count else float("nan")


def walked(city: City, grid: GridSpec) -> NDArray[np.bool_]:
    """Cells of streets and squares: of the layer of roads without what nobody walks on."""
    from rasterio.features import geometry_mask
    from rasterio.transform import Affine

    roads = city.roads
    if "surface" in roads:
        roads = roads[~roads["surface"].isin(NOT_FOR_PEOPLE)]
    areas = roads.geometry[roads.geometry.geom_type.isin(("Polygon", "MultiPolygon"))] if len(roads) else roads.geometry
    if not len(areas):
        return np.zeros(grid.shape, bool)
    return np.asarray(geometry_mask(areas, grid.shape, Affine(*grid.gdal_transform()), invert=True), dtype=bool)


def _inside(xy: NDArray[np.float64], grid: GridSpec) -> NDArray[np.bool_]:
    west, south, east, north = grid.bounds
    inside = (xy[:, 0] >= west) & (xy[:, 0] <= east) & (xy[:, 1] >= south) & (xy[:, 1] <= north)
    return np.asarray(inside, dtype=bool)


def _features(
    site: Site, settings: GreenAnalysis, fields: xr.Dataset, grid: GridSpec, before: tuple[Site, ImpactResult] | None
) -> dict[str, gpd.GeoDataFrame]:
    """Homes with the trees that they see; which saw three and do not any more; trees that went and that came."""
    was = None if before is None else before[1].features["homes"]
    homes = homes_of(site, settings, before=None if before is None or was is None else (before[0], was))
    middle = shapely.get_coordinates(shapely.centroid(homes.geometry.to_numpy())) if len(homes) else np.empty((0, 2))
    row, column = (np.asarray(one) for one in grid.index(middle[:, 0], middle[:, 1]))
    homes.insert(2, "canopy_cover", fields["canopy_cover"].to_numpy()[row, column].astype(np.float64))
    made = {"homes": homes, "lost": _lost(homes, was)}
    if before is not None:
        old, new = before[0].city.trees, site.city.trees
        made["felled"] = old[~old.index.isin(new.index)][["geometry"]]
        made["planted"] = new[~new.index.isin(old.index)][["geometry"]]
    return made


def _lost(homes: gpd.GeoDataFrame, was: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Homes that saw three trees and do not any more, those with the fewest first."""
    old = homes["trees_seen"] if was is None else was["trees_seen"].reindex(homes.index)
    table = pd.DataFrame({"before_trees": old.fillna(0).astype(np.int32), "after_trees": homes["trees_seen"].astype(np.int32)})
    frame = gpd.GeoDataFrame(table, geometry=homes.geometry.to_numpy(), crs=homes.crs)
    lost = frame[(frame["before_trees"] >= TREES_IN_SIGHT) & (frame["after_trees"] < TREES_IN_SIGHT)]
    return lost.sort_values(["after_trees", "before_trees"], kind="stable")


def _assumptions(city: City, settings: GreenAnalysis, trees: Trees) -> list[str]:
    told = [
        f"Green is crowns of trees: grass, hedges and green facades do not count. Canopy cover is on cells of "
        f"{settings.cell_m:g} m, and around each place that within {settings.cover_radius_m:g} m.",
        f"Green in view is the share of a panorama from {settings.eye_m:g} m above the ground, {settings.field_deg / 2:g} degrees "
        f"up and down, in {settings.directions} directions, within {settings.reach_m:g} m, that crowns fill; walls hide them, and "
        "crowns are full. Yang et al. 2009 (doi:10.1016/j.landurbplan.2008.12.004) measure it on photographs.",
        f"Trees in sight of a building are looked for from all the open ground right before its walls, {settings.eye_m:g} m above "
        f"it, within {settings.reach_m:g} m; where windows and the homes within a building are is not known. The middle of the "
        f"crown must be seen, crowns hide nothing, and trees of at least {settings.established_m:g} m count as well-established.",
        "Of the 3-30-300 rule the distance of 300 m to a public green space is not judged; the neighbourhood is the part of the "
        "city that is looked at.",
    ]  # fmt: skip
    if not are_homes(city)[1]:
        told.append("The city does not say which buildings people live in, so all of them count.")
    if not len(trees) and city.canopy is not None:
        told.append("Crowns are known as a raster only: trees are not counted, and not looked for from homes.")
    if settings.shade:
        sun = sun_of(city, settings)
        when = f"when the sun stands highest ({sun.clock})" if settings.time == NOON else f"at {settings.time}"
        told.append(
            f"Shade is that of {spoken(settings.day)} {when}, "
            f"with the sun {sun.altitude_deg:.0f} degrees high; crowns count as in leaf. "
            "Streets and squares are those of the city's roads, carriageways included; for main walking routes 40 % shade is "
            "proposed, which is not judged."
        )
    return told
