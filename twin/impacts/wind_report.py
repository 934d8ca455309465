"""What the impact "wind" tells: which places fall short of NEN 8100 for what people do there, and where it becomes worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.impact_result import Classes, ImpactResult
from twin.impacts.nen8100 import (
    BORDERS_PERCENT,
    BY_ACTIVITY,
    CLASSES,
    DANGER_PERCENT,
    DANGERS,
    RATINGS,
    SOURCE,
    comfort_class,
    danger_class,
    rating,
)
from twin.impacts.place_names import name_of_place, title_of
from twin.impacts.site import Site
from twin.palette import Colour
from twin.result import Figure, headlined
from twin.scenario.apply import locate
from twin.scenario.wind import WindAnalysis, WindPlace

if TYPE_CHECKING:
    from twin.impacts.wind_factors import Factors

SHADES: tuple[Colour, ...] = ((237, 248, 251), (179, 205, 227), (140, 150, 198), (136, 86, 167), (103, 0, 80))
"""The scheme BuPu of ColorBrewer (Brewer 2013), which keeps its order for colour-blind readers; the last one darker."""

DANGER_SHADES: tuple[Colour, ...] = ((237, 248, 251), (253, 174, 97), (165, 0, 38))
MOST_NAMED = 400
"""No more places than this are named, the worst first: looking for what people call a place takes a while."""

DOING: Mapping[str, str] = {"traversing": "passing through", "strolling": "strolling", "sitting": "sitting for long"}


def classes_of() -> tuple[Classes, ...]:
    """Classes of nuisance and of danger."""
    ends = [f"{one:g}" for one in BORDERS_PERCENT]
    middle = (f"{letter}: {a} – {b}" for letter, (a, b) in zip("BCD", pairwise(ends), strict=True))
    labels = (f"A: < {ends[0]}", *middle, f"E: > {ends[3]}")
    low, high = DANGER_PERCENT
    return (
        Classes(
            "wind_p5", "Hours with wind above 5 m/s", "%", BORDERS_PERCENT, SHADES, labels,
            "classes A to E of NEN 8100:2006; empty where nothing was computed", (1.0, 2.5, 5.0), "lower",
        ),
        Classes(
            "wind_p15", "Hours with wind above 15 m/s", "%", DANGER_PERCENT, DANGER_SHADES,
            (f"safe: < {low:g}", f"limited risk: {low:g} – {high:g}", f"dangerous: > {high:g}"), "danger by NEN 8100:2006",
            (0.02, 0.05, 0.15), "lower",
        ),
    )  # fmt: skip


def falls_short(p5: NDArray[np.float64], activity: str, wanted: str) -> NDArray[np.bool_]:
    """Whether the wind is worse than wanted for an activity."""
    return np.asarray(rating(comfort_class(p5), activity) > RATINGS.index(wanted))


def _dangerous(points: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    return np.asarray(danger_class(points["p15_percent"].to_numpy(np.float64)) == len(DANGERS) - 1)


def places_of(site: Site, settings: WindAnalysis, points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One row a place of the scenario, judged by its windiest point: ``activity``, ``points``, ``p5_percent``, ``p15_percent``,
    ``class``, ``rating``, ``danger``, ``short_percent`` (of its points that do not do) and ``meets``; NaN where it has no point.
    Where it is dangerous a place does for nothing."""
    rows, names = [], []
    for k, place in enumerate(settings.places):
        at = locate(place.at, site.city, f"analyses.wind.places[{k}].at")
        here = points[points.intersects(at.shape) & (points["level"] == at.level)]
        p5 = here["p5_percent"].to_numpy(np.float64)
        worst = float(p5.max()) if len(p5) else float("nan")
        made = comfort_class(np.array([worst]))
        short = falls_short(p5, place.activity, settings.wanted) | _dangerous(here)
        names.append(_label(place, site, at.shape, k))
        rows.append({
            "activity": place.activity, "points": len(here), "p5_percent": worst,
            "p15_percent": float(here["p15_percent"].max()) if len(here) else float("nan"),
            "class": CLASSES[made[0]] if len(here) else "",
            "rating": RATINGS[rating(made, place.activity)[0]] if len(here) else "",
            "danger": DANGERS[danger_class(here["p15_percent"].to_numpy()).max()] if len(here) else "",
            "short_percent": 100.0 * float(short.mean()) if len(here) else float("nan"),
            "meets": bool(len(here)) and not short.any(), "geometry": at.shape,
        })  # fmt: skip
    columns = (
        "activity", "points", "p5_percent", "p15_percent", "class", "rating", "danger", "short_percent", "meets", "geometry"
    )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(columns), index=pd.Index(names, name="id", dtype="str"))
    kinds = {"points": "int64", "p5_percent": "float64", "p15_percent": "float64", "short_percent": "float64", "meets": "bool"}
    return gpd.GeoDataFrame(frame.astype(kinds), geometry="geometry", crs=site.city.crs)


def _label(place: WindPlace, site: Site, shape: shapely.Geometry, number: int) -> str:
    if place.label:
        return place.label
    if place.at.object is not None:
        layer, row = site.city.find(place.at.object)
        return title_of(site.city.layers[layer].loc[row] if not isinstance(row, pd.Series) else row) or place.at.object
    return f"place {number + 1}"


def short_of(site: Site, points: gpd.GeoDataFrame, settings: WindAnalysis) -> gpd.GeoDataFrame:
    """Where open ground falls short of what is wanted or is dangerous, by the names that people have for it, the worst first: a row
    a name with ``points``, ``p5_percent``, ``class`` and ``rating`` of the windiest, and the greatest ``p15_percent`` with its
    ``danger``."""
    bad = falls_short(points["p5_percent"].to_numpy(np.float64), settings.activity, settings.wanted)
    bad |= _dangerous(points)
    made = _by_name(site, points[bad].sort_values("p5_percent", ascending=False, kind="stable"))
    classes = comfort_class(made["p5_percent"].to_numpy(np.float64))
    made.insert(2, "class", np.array([*CLASSES, ""], dtype=object)[classes])
    made.insert(3, "rating", np.array([*RATINGS, ""], dtype=object)[rating(classes, settings.activity)])
    made["danger"] = np.array([*DANGERS, ""], dtype=object)[danger_class(made["p15_percent"].to_numpy(np.float64))]
    return made


def worse_of(site: Site, points: gpd.GeoDataFrame, old: NDArray[np.float64] | None) -> gpd.GeoDataFrame:
    """Where the class becomes worse by the changes, by name, the worst first: ``points``, and of the one that worsens most
    ``before_percent``, ``after_percent``, ``before_class`` and ``after_class``; `old` from `old_shares`."""
    old = np.full(len(points), np.nan) if old is None else old
    new = points["p5_percent"].to_numpy(np.float64)
    bad = (comfort_class(new) > comfort_class(old)) & ~np.isnan(old)
    table = points.assign(before_percent=old, more=new - old)[bad].sort_values("more", ascending=False, kind="stable")
    made = _by_name(site, table).rename(columns={"p5_percent": "after_percent"})
    letters = np.array([*CLASSES, ""], dtype=object)
    for side in ("before", "after"):
        made[f"{side}_class"] = letters[comfort_class(made[f"{side}_percent"].to_numpy(np.float64))]
    return made[["points", "before_percent", "after_percent", "before_class", "after_class", "geometry"]]


def old_shares(points: gpd.GeoDataFrame, before: ImpactResult, spacing: float) -> NDArray[np.float64]:
    """Hours above 5 m/s without the changes at points, (N,) [%]: of the same point, else of the map; NaN where nothing is known."""
    from scipy.spatial import cKDTree

    x, y = points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
    made = np.full(len(points), np.nan)
    old = before.features.get("points")
    if old is not None and len(old):
        for level in points["level"].unique():
            was, now = old[old["level"] == level], (points["level"] == level).to_numpy()
            if len(was) and now.any():
                tree = cKDTree(np.column_stack([was.geometry.x, was.geometry.y]))
                away, of = tree.query(np.column_stack([x[now], y[now]]), distance_upper_bound=max(0.1, 0.05 * spacing))
                known = np.append(was["p5_percent"].to_numpy(np.float64), np.nan)
                made[now] = np.where(np.isfinite(away), known[of], np.nan)
    field = before.fields["wind_p5"]
    cell = float(before.fields.attrs["cell_m"])
    column = np.floor((x - (float(field["x"][0]) - 0.5 * cell)) / cell).astype(np.int64)
    row = np.floor((float(field["y"][0]) + 0.5 * cell - y) / cell).astype(np.int64)
    inside = np.isnan(made) & (row >= 0) & (row < field.shape[0]) & (column >= 0) & (column < field.shape[1])
    inside &= (points["level"] == "street").to_numpy()
    made[inside] = field.to_numpy()[row[inside], column[inside]]
    return made


def _by_name(site: Site, points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Points that are in order, gathered by what people call their place: how many, the values of the first, and the greatest share
    above 15 m/s."""
    named = points.head(MOST_NAMED)
    names = [
        str(row["name"]).strip() or name_of_place(site.city, row.geometry, str(row["level"])) for _, row in named.iterrows()
    ]
    columns = [one for one in ("p5_percent", "p15_percent", "before_percent") if one in points]
    keys = pd.Index(names, name="id", dtype="str")
    counts = pd.Series(1, index=keys).groupby(level=0, sort=False).sum() if len(keys) else pd.Series(dtype="int64")
    first = ~keys.duplicated()
    table = named[first][columns].set_axis(keys[first], axis=0)
    greatest = named["p15_percent"].set_axis(keys, axis=0).groupby(level=0).max()
    table["p15_percent"] = greatest.reindex(keys[first]).to_numpy(np.float64)
    table.insert(0, "points", counts.reindex(keys[first]).to_numpy(dtype="int64") if len(keys) else [])
    made = gpd.GeoDataFrame(table.astype({"points": "int64"}), geometry=list(named.geometry[first]), crs=points.crs)
    made.index.name = "id"
    return made


def figures_of(
    points: gpd.GeoDataFrame, old: NDArray[np.float64] | None, places: gpd.GeoDataFrame, settings: WindAnalysis
) -> tuple[Figure, ...]:
    """How many points fall short, are dangerous, or become worse; and the same of places."""
    p5, p15 = points["p5_percent"].to_numpy(np.float64), points["p15_percent"].to_numpy(np.float64)
    classes, danger = comfort_class(p5), danger_class(p15)
    doing, wanted = DOING[settings.activity], settings.wanted
    short = int(falls_short(p5, settings.activity, wanted).sum())
    among = f"of {len(points):,} that were computed"
    enough = "good" if wanted == "good" else "good or moderate"
    source = f"{enough} for {doing}: class {_worst(settings.activity, wanted)} or better; {SOURCE}"
    made = [
        Figure(
            "wind_short", f"Points too windy for {doing}", float(short), "points", 0.0, source, "lower", 0,
            f"{among}; {100.0 * short / max(len(points), 1):.1f} %", exact=True,
        ),
        Figure(
            "wind_dangerous", "Points with dangerous wind", float((danger == 2).sum()), "points", 0.0,
            f"less than {DANGER_PERCENT[1]:g} % of the hours above 15 m/s; {SOURCE}", "lower", 0, among, exact=True,
        ),
        Figure(
            "wind_limited_risk", "Points with a limited risk of danger", float((danger == 1).sum()), "points", better="lower",
            digits=0, note=f"{DANGER_PERCENT[0]:g} to {DANGER_PERCENT[1]:g} % of the hours above 15 m/s", exact=True,
        ),
    ]  # fmt: skip
    if len(places):
        there = places[places["points"] > 0]
        made.append(Figure(
            "wind_places_short", "Places too windy for what people do there",
            float((~there["meets"]).sum()) if len(there) else float("nan"), "places", 0.0,
            f"{enough} for what is done there, and not dangerous; {SOURCE}", "lower", 0,
            f"of {len(there)} with points in them; by the windiest of these", exact=True,
        ))  # fmt: skip
    was = classes if old is None else np.where(np.isnan(old), classes, comfort_class(old))
    for key, label, count in (
        ("worse", "Points whose class becomes worse", int((classes > was).sum())),
        ("better", "Points whose class becomes better", int((classes < was).sum())),
    ):  # fmt: skip
        known = len(points) if old is None else int((~np.isnan(old)).sum())
        note = f"of {known:,} that were computed without the changes too"
        better = "lower" if key == "worse" else "higher"
        made.append(Figure(f"wind_{key}", label, float(count), "points", better=better, digits=0, note=note, exact=True))
    mean = float(p5.mean()) if len(p5) else float("nan")
    worst = float(p5.max()) if len(p5) else float("nan")
    made += [
        Figure("wind_mean", "Hours above 5 m/s, mean of the points", mean, "%", better="lower", digits=1, exact=True),
        Figure("wind_worst", "Hours above 5 m/s at the windiest point", worst, "%", better="lower", digits=1, exact=True),
    ]
    return headlined(made, "wind_places_short", "wind_worse", of_changes=("wind_worse", "wind_better"))


def not_judged(figures: tuple[Figure, ...]) -> tuple[Figure, ...]:
    """Figures of a changed city for which only factors without the changes are there: nothing is said of what the changes do."""
    note = "the wind without the changes: `variant` is not given"
    unknown = ("wind_better", "wind_worse")
    return tuple(
        replace(one, limit=None, limit_source="", note=note, value=float("nan") if one.key in unknown else one.value)
        # a report that finds no limit tells the last one
        for one in sorted(figures, key=lambda one: unknown.index(one.key) if one.key in unknown else -1)
    )


def _worst(activity: str, wanted: str) -> str:
    """The worst class that will do."""
    allowed = [letter for letter, rate in zip(CLASSES, BY_ACTIVITY[activity], strict=True) if rate <= RATINGS.index(wanted)]
    return allowed[-1]


def assumptions_of(
    site: Site, settings: WindAnalysis, found: Factors, climate: pd.DataFrame, spacing: float, left_out: int,
    places: gpd.GeoDataFrame,
) -> list[str]:  # fmt: skip
    """What one has to know to read it."""
    side = "with the changes" if site.changed else "as it is"
    file = settings.variant if site.changed and settings.variant is not None else settings.factors
    kind = f"cells of {found.raster.width:g} m" if found.raster is not None else f"points some {spacing:g} m apart"
    told = [
        f"No flow was worked out here: the factors for the city {side} are those of `{file}`, for {len(found.directions_deg)} "
        f"directions at {kind}, over the speed at {settings.reference_m:g} m. They are as good as the wind tunnel or CFD that they "
        "come from.",
        f"Climate: {settings.climate.source}, {len(climate)} sectors at {settings.climate.height_m:g} m, "
        f"{float(climate['frequency_percent'].sum()):.1f} % of the hours; the rest is calm.",
    ]  # fmt: skip
    if settings.transfer is not None:
        told.append(
            f"The wind at {settings.reference_m:g} m at the place is taken to be {settings.transfer:g} times that of the climate."
        )
    if found.raster is None:
        told.append(
            f"On the map it is interpolated between points no more than {1.5 * spacing:g} m apart, not through buildings and never "
            "beyond the points: what is empty was not computed. Judged are the points themselves."
        )
    else:
        told.append("What is empty on the map was not computed.")
    without = int((places["points"] == 0).sum())
    if without:
        told.append(f"{without:,} of {len(places):,} places have no point with factors in them, and are not judged.")
    if left_out:
        told.append(f"{left_out:,} points lie in a building or outside the part that is looked at, and do not count.")
    if site.changed and settings.variant is None:
        told.append("No factors with the changes were given (`variant`): the wind is that without them, what they do is not known.")
    return [*told, *found.notes]
