"""The impact "heat": how hot it feels on a hot day, where it is cool, and how far homes are from there, as one result."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.errors import GridError, WalkableError
from twin.geo.walkable import NOT_FOR_PEOPLE
from twin.impact_result import Classes, ImpactResult
from twin.impacts.access import burnt
from twin.impacts.coolness import FRONT_M, Coolness, cool_limit, coolness_of
from twin.impacts.green_report import walked
from twin.impacts.heat import Hours, fields_of, ground_kinds, hours_of
from twin.impacts.homes import are_homes
from twin.impacts.place_names import title_of
from twin.impacts.site import Site, with_surface
from twin.impacts.sun_position import place_of
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.heat import HeatAnalysis
from twin.sim.impact import heat

if TYPE_CHECKING:
    from twin.geo.city import City

STRESS = {
    "pet": ((23.0, 29.0, 35.0, 41.0), ("none", "slight", "moderate", "strong", "extreme")),
    "utci": ((26.0, 32.0, 38.0, 46.0), ("none", "moderate", "strong", "very_strong", "extreme")),
}
"""Where degrees of heat stress begin, and their names: of PET by Matzarakis and Mayer 1996, of UTCI by Bröde et al. 2012."""

BORDERS = {"pet": (23.0, 29.0, 32.0, 35.0, 38.0, 41.0, 44.0), "utci": (26.0, 29.0, 32.0, 35.0, 38.0, 42.0, 46.0)}
"""Of classes on maps: those of heat stress, and some between them."""

HEATS: tuple[Colour, ...] = (
    (49, 54, 149), (69, 117, 180), (116, 173, 209), (224, 243, 248), (254, 224, 144), (253, 174, 97), (215, 48, 39), (128, 0, 38),
)  # fmt: skip

TELL = {
    "pet": "PET; from 23 slight, 29 moderate, 35 strong, 41 extreme heat stress (Matzarakis and Mayer 1996)",
    "utci": "UTCI; from 26 moderate, 32 strong, 38 very strong, 46 extreme heat stress (Broede et al. 2012)",
}

EXTREME = {"pet": ("extreme", 41.0), "utci": ("very strong", 38.0)}

COOL_RULE = (
    "Kluck et al. 2020, De hittebestendige stad (Hogeschool van Amsterdam): proposed is a cool place to stay within 300 m of every "
    "home; a guideline, no law"
)

HOTTER_K, LISTED_K = 1.0, 0.5
"""Ground counts as hotter or cooler from the first on, streets and squares are listed from the second on [K]."""

LEAST_M2 = 25.0
"""Places of which less lies on open ground are not listed [m2]."""


def possible(city: City, settings: HeatAnalysis) -> None:
    """See that the sun over a city is known, and the weather at all hours.

    Raises
    ------
    ParameterError
        When the city does not say where on earth it lies, or weather is missing at an hour.
    """
    hours_of(place_of(city), settings)


def analyse(site: Site, settings: HeatAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Heat on a site; `before` as in `twin.impacts.registry.Impact`.

    Raises
    ------
    ParameterError
        As `possible`.
    """
    known = None if before is None else (before[0], before[1].fields)
    fields, _ = with_surface(site, fields_of(site, settings, before=known), settings.cell_m)
    was = None if before is None else before[1]
    places = _places(site, settings, fields)
    features: dict[str, gpd.GeoDataFrame] = {"places": places, "changed": _changed(places, was)}
    notes = [*_assumptions(settings, hours_of(place_of(site.city), settings)), *_not_known(site, settings)]
    figures = _figures(site, settings, fields, was)
    if settings.coolness:
        try:
            found = coolness_of(site, settings, fields)
        except (WalkableError, GridError) as error:
            notes.append(f"How far it is to a cool place is not known: {error}.")
        else:
            features |= {"cool_places": found.places, "homes": found.homes}
            figures += _cool_figures(settings, found)
            notes += _cool_assumptions(settings, found)
    settled = dict(settings.model_dump(mode="json"))
    classes = (classes_of(settings.index, "mean"), classes_of(settings.index, "max"))
    told = headlined(figures, "heat_streets", of_changes=("heat_hotter", "heat_cooler"))
    return ImpactResult("heat", "Heat", fields, features, told, classes, tuple(notes), settled)


def classes_of(index: str, kind: str) -> Classes:
    """Classes of an index; `kind` is ``"mean"`` or ``"max"``."""
    borders = BORDERS[index]
    ends = [f"{one:g}" for one in borders]
    labels = (f"< {ends[0]}", *(f"{a} – {b}" for a, b in pairwise(ends)), f"> {ends[-1]}")
    name = index.upper()
    title = {"mean": f"Perceived temperature ({name})", "max": f"Perceived temperature ({name}), hottest hour"}[kind]
    return Classes(f"{index}_{kind}", title, "°C", borders, HEATS, labels, TELL[index], (0.5, 1.5, 4.0, 8.0), "lower")


def _places(site: Site, settings: HeatAnalysis, fields: xr.Dataset) -> gpd.GeoDataFrame:
    """Streets, squares, parks and places: mean and greatest mean, and the share of each degree of heat stress."""
    values = fields[f"{settings.index}_mean"].to_numpy()
    known, grid = np.isfinite(values), site.grid(settings.cell_m)
    borders, names = STRESS[settings.index]
    degree = np.searchsorted(np.asarray(borders, np.float32), values, side="right")
    parts = []
    for layer in ("roads", "landuse", "green"):
        frame = site.city.layers[layer]
        if "surface" in frame and layer == "roads":
            frame = frame[~frame["surface"].isin(NOT_FOR_PEOPLE)]
        frame = frame[frame.geometry.geom_type.isin(("Polygon", "MultiPolygon"))] if len(frame) else frame
        if not len(frame):
            continue
        number = burnt(list(frame.geometry), grid)
        here = known & (number >= 0)
        of, seen = number[here], values[here].astype(np.float64)
        count = np.bincount(of, minlength=len(frame))
        enough = count * settings.cell_m**2 >= LEAST_M2
        if not enough.any():
            continue
        listed, cells = frame[enough], count[enough]
        table = pd.DataFrame({
            "name": [title_of(row) or str(row.name) for _, row in listed.iterrows()], "layer": layer,
            "area_m2": cells * settings.cell_m**2, "mean_c": np.bincount(of, seen, len(frame))[enough] / cells,
        }, index=listed.index.astype(str))  # fmt: skip
        for k, name in enumerate(names):
            table[f"{name}_share"] = np.bincount(of, degree[here] == k, len(frame))[enough] / cells
        parts.append(gpd.GeoDataFrame(table, geometry=listed.geometry.to_numpy(), crs=site.city.crs))
    columns = ["name", "layer", "area_m2", "mean_c", *(f"{name}_share" for name in names)]
    if not parts:
        return gpd.GeoDataFrame(pd.DataFrame(columns=columns), geometry=[], crs=site.city.crs)
    whole = pd.concat(parts)
    whole.index.name = "id"
    return gpd.GeoDataFrame(whole, geometry="geometry", crs=site.city.crs)


def _changed(places: gpd.GeoDataFrame, was: ImpactResult | None) -> gpd.GeoDataFrame:
    """Places that get hotter or cooler, those that get hottest first and then those that get coolest."""
    old = places if was is None else was.features["places"]
    old = old[~old.index.duplicated()]
    now = places[~places.index.duplicated()]
    table = pd.DataFrame({"before_c": old["mean_c"].reindex(now.index), "after_c": now["mean_c"]}).astype(np.float64)
    frame = gpd.GeoDataFrame(table, geometry=now.geometry.to_numpy(), crs=places.crs)
    frame.index = pd.Index(now["name"].to_numpy(), name="name", dtype="str")
    frame["change_k"] = frame["after_c"] - frame["before_c"]
    frame = frame[frame["change_k"].abs() >= LISTED_K]
    order = np.lexsort((-frame["change_k"].abs().to_numpy(), frame["change_k"].to_numpy() < 0.0))
    return frame.iloc[order]


def _figures(site: Site, settings: HeatAnalysis, fields: xr.Dataset, was: ImpactResult | None) -> list[Figure]:
    index, square = settings.index, settings.cell_m**2
    mean, most = (fields[f"{index}_{kind}"].to_numpy() for kind in ("mean", "max"))
    open_ = np.isfinite(mean)
    streets = open_ & walked(site.city, site.grid(settings.cell_m))
    if not streets.any():
        streets = open_
    called, border = EXTREME[index]
    hotter = cooler = np.zeros(mean.shape, bool)
    if was is not None:
        with np.errstate(invalid="ignore"):
            change = mean - was.fields[f"{index}_mean"].to_numpy()
            hotter, cooler = change >= HOTTER_K, change <= -HOTTER_K
    name, mean_of = index.upper(), f"{index.upper()}, mean of {_span(settings)}"
    where, warmer = "in streets and squares", f"Open ground that gets {HOTTER_K:g} degree"
    rest: list[tuple[str, str, float, str, int, str, str]] = [
        ("streets", f"Perceived temperature {where}", _mean(mean[streets]), "°C", 1, "lower", mean_of),
        ("open", "Perceived temperature on open ground", _mean(mean[open_]), "°C", 1, "lower", mean_of),
        ("peak", f"Perceived temperature {where}, at the hottest hour of each spot", _mean(most[streets]), "°C", 1, "lower", name),
        (
            "extreme", f"Share of streets and squares with {called} heat stress", _percent(mean[streets] >= border), "%", 1,
            "lower", f"{name} of {border:g} or more, mean of {_span(settings)}",
        ),
        ("hotter", f"{warmer} hotter or more", float(hotter.sum()) * square, "m2", 0, "lower", ""),
        ("cooler", f"{warmer} cooler or more", float(cooler.sum()) * square, "m2", 0, "higher", ""),
    ]  # fmt: skip
    return [
        Figure(f"heat_{key}", label, value, unit, better=better, digits=digits, note=note, exact=True)
        for key, label, value, unit, digits, better, note in rest
    ]


def _cool_figures(settings: HeatAnalysis, found: Coolness) -> list[Figure]:
    away = found.homes["cool_distance_m"].to_numpy()
    reached = away[np.isfinite(away)]
    limit: dict[str, Any] = {"limit": 100.0, "limit_source": COOL_RULE}
    far, cool = f"{settings.cool_distance_m:g} m", f"{settings.index.upper()} of {cool_limit(settings):g} or less"
    return [
        Figure(
            "heat_cool", "Cool places where people walk", float(found.places["area_m2"].sum()), "m2", better="higher", digits=0,
            note=f"{cool}, of {settings.cool_area_m2:g} m2 at least", exact=True,
        ),
        Figure(
            "heat_homes", f"Share of residential buildings within {far} of a cool place",
            _percent(away <= settings.cool_distance_m), "%", better="higher",
            note=f"of {len(away)} that have a street within {FRONT_M:g} m", exact=True, **limit,
        ),
        Figure(
            "heat_distance", "Mean way from residential buildings to a cool place", _mean(reached), "m", better="lower", digits=0,
            note="of those that reach one", exact=True,
        ),
    ]  # fmt: skip


def _mean(values: NDArray[np.floating]) -> float:
    return float(values.mean(dtype=np.float64)) if values.size else float("nan")


def _percent(which: NDArray[np.bool_]) -> float:
    return 100.0 * int(which.sum()) / which.size if which.size else float("nan")


def _span(settings: HeatAnalysis) -> str:
    return settings.hours[0] if len(settings.hours) == 1 else f"{settings.hours[0]} to {settings.hours[-1]}"


def _assumptions(settings: HeatAnalysis, hours: Hours) -> list[str]:
    weather = hours.weather
    own = [key for key in ("air_c", "humidity_percent", "wind_m_s") if getattr(settings, key) is not None]
    day = (
        "the weather is that of 1 July 2015 (KNMI, Rotterdam; humidity from Herwijnen), the day of the Dutch heat stress test: 1 "
        "in 1000 days of the summer half-year is as hot (2004-2018)" + (f"; given in the scenario: {', '.join(own)}" if own else "")
    )  # fmt: skip
    light = "is that measured on 1 July 2015" if hours.measured else "is that of a cloudless sky (Haurwitz 1945)"
    if settings.radiation_w_m2 is not None:
        light = "is given in the scenario"
    told = [
        f"Hours are {', '.join(hours.clocks)} on {settings.day}; "
        f"{'the weather is given in the scenario' if len(own) == 3 else day}. Air is {weather.air_c.min():.1f} to "
        f"{weather.air_c.max():.1f} °C; light on level ground, {weather.global_w_m2.min():.0f} to {weather.global_w_m2.max():.0f} "
        f"W/m2, {light}.",
    ]
    if settings.index == "pet":
        told.append(
            "PET is that of the standard of the Dutch heat stress test: the regression of Koopmans, Heusinkveld and Steeneveld "
            "2020 (doi:10.1016/j.buildenv.2020.106984) for sun and for shade, with Bowen ratios of 0.4 on green and 3 on other "
            "ground."
        )
    else:
        told.append(
            "UTCI is that of Broede et al. 2012, with a mean radiant temperature from six directions by formulas of SOLWEIG "
            "(Lindberg et al. 2008, 2016), simplified: every direction sees as much of the sky, half of the walls around are in "
            "the sun and are as warm as the air, and ground around is as that underfoot."
        )
    told += [
        f"Wind between buildings is everywhere {settings.street_wind_share:g} of that at 10 m at the station, "
        f"{weather.wind_m_s.min():.1f} to {weather.wind_m_s.max():.1f} m/s: the wind that buildings and trees make and take is not "
        "modelled, and in parks and on wide squares there is more of it.",
        "Air temperature and humidity are everywhere the same: the heat island of a town, heat stored in walls, exhaust "
        "heat, and what trees, water and wet ground cool the air by are not modelled. What cools here is shade, and green ground.",
        f"Crowns are in leaf, let no sun through and {100 * settings.summer_light:g} % of the sky; on roofs and water there is no "
        f"value. Cells are {settings.cell_m:g} m.",
    ]  # fmt: skip
    return told


def _not_known(site: Site, settings: HeatAnalysis) -> list[str]:
    """What the city does not say."""
    grid = site.grid(settings.cell_m)
    told = []
    if not walked(site.city, grid).any():
        told.append("The city does not say where streets and squares are, so all open ground counts as such.")
    if not (ground_kinds(site.city, grid) == heat.GREEN).any():
        told.append("The city does not say where the ground is green, so all of it counts as paved.")
    if "laid" in site.city.landuse and (site.city.landuse["laid"] == "unpaved").any():
        told.append("Where paving is taken out the ground counts as planted.")
    if settings.coolness and not are_homes(site.city)[1]:
        told.append("The city does not say which buildings people live in, so all of them count as homes.")
    return told


def _cool_assumptions(settings: HeatAnalysis, found: Coolness) -> list[str]:
    source = "as on Rotterdam's map of cool places"
    if settings.index == "utci":
        source = "the middle of strong heat stress, as 38 is of PET"
    if settings.cool_c is not None:
        source = "as set in the scenario"
    return [
        f"A place is cool where the mean is {cool_limit(settings):g} °C or less ({source}) on {settings.cool_area_m2:g} m2 or more "
        "that hang together, where people can walk. Carriageways and strips of shade along houses count too: whether it is a good "
        "place to stay is not known. Ways are walked over the floor from the street before a building, stairs count about double, "
        "and ways end at the edge of the part that is looked at.",
        *found.notes,
    ]
