"""Wharf cellars: how much of what their vaults can be shown to carry a crowd, stages, vehicles and cranes take.

Screening, not an assessment by NEN 8700. The kernels are those of `twin.sim.impact.cellar`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from twin.errors import ParameterError, did_you_mean
from twin.impacts.cellar_input import Taken, column_of, cranes_of, panels_of, stages_of, taken, vehicles_of
from twin.impacts.cellar_loads import Found, Route, Settings, Vaulted, cranes_on, crowd_on, stages_on, vehicles_on
from twin.result import Result
from twin.sim.impact.cellar import screen
from twin.sim.impact.cellar.loads import Vehicle, rule
from twin.sim.impact.cellar.mexe import CONDITIONS, Mexe, mexe
from twin.sim.impact.cellar.screen import NEAR, Table, screening_of
from twin.sim.impact.cellar.thrust import WEAK_KPA
from twin.sim.impact.cellar.thrust import load_factor as thrust_of

LABEL = "screening, not an assessment by NEN 8700"
LABEL_NL = "eerste toets, geen beoordeling volgens NEN 8700"


def cellar_capacity(
    cellars: gpd.GeoDataFrame, *, crowd: float | Result | pd.DataFrame | xr.DataArray | None = None,
    vehicles: Any = None,
    stages: gpd.GeoDataFrame | None = None, cranes: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None,
    route: Route = None, **options: Any,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Screen cellars: what part of what their vaults can be shown to carry is used, by what, when and where.

    The vault is an arch of voussoirs without tension and with abutments that do not move; by the safe theorem it carries what a
    thrust line can be found for. Loads spread through the ground above it. What is not known of a cellar lies between bounds, and
    so does the result. Beside it MEXE for vehicles, and the municipal rule, which is a verdict of its own: a vehicle that is not
    allowed does not become so by a low use, and one that is exempt has a use all the same.

    Parameters
    ----------
    cellars : GeoDataFrame
        Layer ``cellars`` of a city. `condition` and `backing_m` count where they are there.
    crowd : float, Result, DataFrame or DataArray, optional
        People/m2, on all and on each half and third of each vault; or a run, of which places of people are taken, once a second,
        and the density field where nobody is followed; or places of people (``x``, ``y`` and ``time_s``, or ``frame``
        with ``attrs["frame_rate"]``; a ``level`` is heeded), of which the state at each second counts; or a density field
        (time, y, x) with its own interval.
    vehicles : str, Vehicle, mapping, or several, optional
        Names of `twin.scenario.routes.VEHICLES`, or ``{"name", "axles_t", "distances_m", "track_m", "wheel_m", "width_m",
        "emergency"}``. Each drives over each vault, in steps of 1/160 of the span, across and along it.
    stages : GeoDataFrame, optional
        Outlines with ``load_kn_m2``; without a load the cellars below are not judged.
    cranes : mapping or several, optional
        ``{"name", "outrigger_kn", "pad_m", "at"}``; without a place it may stand anywhere.
    route : geometry, or mapping of str to geometry, optional
        Of the vehicles, or of each by its name; one without may come over every cellar.
    **options
        See `Settings`.

    Returns
    -------
    GeoDataFrame
        The cellars with ``use_factor`` (required over available), ``use_low``, ``use_high`` (of the strongest and the weakest vault
        within the bounds, under the loads that are worst for the vault as taken), ``governing``, ``when_s``, ``where`` (along the
        span, 0 to 1), ``method``, ``load_factor`` (largest on the governing load, its dynamic factor in it), ``mexe_t``,
        ``geometric_factor``, ``use_crowd`` and so on by kind, ``rule_verdict``, ``screening`` (within, near, beyond, not judged),
        ``confidence``, ``reasons``, ``unknowns`` and ``label``. What was used of the crowd is in ``attrs["told"]``.

    Raises
    ------
    ParameterError, GeometryError
        For input that cannot be used.
    """
    return screened(cellars, crowd, vehicles, stages, cranes, route, options).frame


class Screened(NamedTuple):
    """Cellars that were screened, and what it was done with.

    Parameters
    ----------
    frame : GeoDataFrame
        As of `cellar_capacity`.
    taken : Taken
    vaults : Table
        Of the rows that could be looked at, as taken.
    strips : (N, S) float64
        The governing load of each of these, on the vault [kPa].
    settings : Settings
    """

    frame: gpd.GeoDataFrame
    taken: Taken
    vaults: Table
    strips: NDArray[np.float64]
    settings: Settings


def screened(
    cellars: gpd.GeoDataFrame, crowd: Any, vehicles: Any, stages: Any, cranes: Any, route: Route,
    options: Mapping[str, Any],
) -> Screened:  # fmt: skip
    """What `cellar_capacity` gives, with what it is made of."""
    settings = _settings(options)
    these = taken(cellars)
    moving, lifting = vehicles_of(vehicles), cranes_of(cranes)
    standing = stages_of(stages, cellars.crs)
    made = Vaulted(these, settings)
    panels = panels_of(these, made.mean.arches.strips, settings.panel_m)
    told: list[str] = []
    found: dict[str, Found] = {}
    if crowd is not None:
        found["crowd"] = crowd_on(crowd, made, panels, settings, told)
    if standing:
        found["stage"] = stages_on(standing, made, panels, settings)
    if moving:
        found["vehicle"] = vehicles_on(moving, made, these, cellars, route, settings)
        told.extend(f"axles of the {one.name} are assumed: {_listed(one.axles_t)} t" for one in moving if one.assumed)
    if lifting:
        found["crane"] = cranes_on(lifting, made, these, settings)
    result, strips = _result(cellars, these, made, found, moving, settings)
    result.attrs.update(label=LABEL, label_nl=LABEL_NL, told=tuple(told))
    return Screened(result, these, made.mean, strips, settings)


def _listed(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _settings(options: Mapping[str, Any]) -> Settings:
    known = Settings.__dataclass_fields__
    for name in options:
        if name not in known:
            raise ParameterError(f"there is no option `{name}`{did_you_mean(name, known)}", hint=f"there are {', '.join(known)}")
    return Settings(**options)


def _result(
    cellars: gpd.GeoDataFrame, these: Taken, made: Vaulted, found: dict[str, Found], vehicles: list[Vehicle], settings: Settings
) -> tuple[gpd.GeoDataFrame, NDArray[np.float64]]:
    count, rows = len(cellars), these.rows
    columns: dict[str, Any] = {
        name: np.full(count, np.nan) for name in (
            "use_factor", "use_low", "use_high", "when_s", "where", "load_factor", "mexe_t", "geometric_factor",
            *(f"use_{kind}" for kind in found),
        )
    }  # fmt: skip
    words = {name: np.full(count, "", dtype=object) for name in ("governing", "method", "confidence", "reasons", "unknowns")}
    condition = column_of(cellars, "condition")[rows]
    state = np.array([CONDITIONS.get(str(word), CONDITIONS["unknown"]) for word in condition])
    by_mexe = mexe(these.mean.span, these.mean.rise, these.mean.ring, these.mean.cover, condition=state, limit=settings.limit_depth)
    strips = np.zeros((len(rows), settings.strips))
    for k, row in enumerate(rows):
        columns["mexe_t"][row] = by_mexe.axle_t[k]
        words["unknowns"][row] = ", ".join(these.unknowns[k])
        reasons = list(these.notes[int(row)])
        columns_of = _one(k, made, found, by_mexe, settings, reasons)
        kind = str(columns_of.pop("kind"))
        for name, value in columns_of.items():
            (columns if name in columns else words)[name][row] = value
        words["confidence"][row] = _confidence(k, columns_of, these, str(condition[k]), by_mexe, reasons)
        words["reasons"][row] = "; ".join(dict.fromkeys(reasons))
        if kind:
            source = found[kind]
            strips[k] = source.strips[k] @ made.mean.spreads[k] if source.street else source.strips[k]
    if len(rows):
        factors = screen.geometric_factors(made.mean, strips, street=False)
        columns["geometric_factor"][rows] = np.where(made.mean.stands, factors, np.minimum(factors, 1.0))
    for row in set(range(count)) - set(rows.tolist()):
        words["reasons"][row], words["confidence"][row] = "; ".join(these.notes[row]) or "a measure is not known", "low"
    verdict = "; ".join(
        f"{one.name}: {rule(float(one.axles_t.max()), one.weight_t, one.width, emergency=one.emergency)}" for one in vehicles
    )
    table_of = {**columns, **{name: pd.array(list(values), dtype="str") for name, values in words.items()}}
    told = {"rule_verdict": verdict, "screening": screening_of(columns["use_factor"]), "label": LABEL}
    return cellars.assign(**table_of, **told), strips


def _one(
    k: int, made: Vaulted, found: dict[str, Found], by_mexe: Mexe, settings: Settings, reasons: list[str]
) -> dict[str, Any]:
    """What governs one cellar."""
    gamma = settings.load_factor
    uses = {kind: gamma * one.use[k] for kind, one in found.items()}
    values: dict[str, Any] = {f"use_{kind}": use for kind, use in uses.items()} | {"kind": "", "governing": "", "method": ""}
    if not made.mean.stands[k]:
        reasons.append("not shown to stand under its own weight: shape or backing unknown")
        nothing = {f"use_{kind}": np.nan for kind in uses}
        return values | nothing | {"governing": "own weight", "method": "thrust line", "load_factor": 0.0}
    stopped = [one.not_judged[k] for one in found.values() if k in one.not_judged]
    kind = max(uses, key=lambda name: uses[name], default="")
    if not kind or not found[kind].name[k]:
        reasons.extend(stopped)
        unloaded = {"use_factor": 0.0, "use_low": 0.0, "use_high": 0.0, "governing": "own weight"}
        return values | ({} if stopped or not found else unloaded)
    one = found[kind]
    values |= {
        "kind": kind, "governing": str(one.name[k]), "method": "thrust line", "when_s": one.when[k], "where": one.where[k],
        "use_factor": uses[kind], "use_low": gamma * min(one.low[k], one.use[k]), "use_high": gamma * max(one.high[k], one.use[k]),
        "load_factor": 1.0 / one.use[k] if one.use[k] > 0 else np.inf,
    }  # fmt: skip
    if "vehicle" in found and found["vehicle"].name[k]:
        allowed = found["vehicle"].axle_t[k] / by_mexe.axle_t[k]
        if allowed > values["use_factor"] and not by_mexe.outside[k]:
            values |= {"use_factor": allowed, "method": "MEXE", "use_high": max(values["use_high"], allowed)}
    if stopped:
        reasons.extend(stopped)
        values["use_factor"] = np.nan
    elif one.use[k] > 0.01:
        load = one.strips[k] @ made.mean.spreads[k] if one.street else one.strips[k]
        if settings.strength_mpa is None:
            weak = gamma * thrust_of(made.mean.arch(k), load, strength=WEAK_KPA).use
            if weak > max(NEAR, 1.1 * uses[kind]):
                reasons.append(f"crushing may govern: with masonry of {WEAK_KPA / 1000.0:g} MPa the use is {weak:.2f}")
        if uses[kind] > NEAR and thrust_of(made.mean.arch(k), load, strength=made.strength).sliding:
            reasons.append("sliding may govern")
    return values


def _confidence(k: int, values: Mapping[str, Any], these: Taken, condition: str, by_mexe: Mexe, reasons: list[str]) -> str:
    """High: measured, state known, and both bounds on one side of 1; low: it may be either, or too little is known."""
    unknown = set(these.unknowns[k])
    guessed = {"ring", "shape (springing)"} & unknown
    low, high = values.get("use_low", np.nan), values.get("use_high", np.nan)
    bad = []
    if low <= 1.0 < high:
        bad.append("within what is not known it may be within its limit or beyond it")
    if np.isinf(high):
        bad.append("as weak as it may be it is not shown to stand")
    if guessed and condition == "unknown":
        bad.append(f"{' and '.join(sorted(guessed))} estimated, and its state is not known")
    if condition == "poor":
        bad.append("its state is poor")
    if by_mexe.outside[k]:
        bad.append("outside what MEXE is for")
    if "use_factor" not in values or np.isnan(values["use_factor"]):
        bad.append("not judged")
    if by_mexe.shallow[k]:
        reasons.append("the ground above is thicker than the ring: MEXE, a rule of thumb for bridges, may allow too much")
    reasons.extend(bad)
    if bad:
        return "low"
    measured = not unknown & {"ring", "shape (springing)", "cover", "backing", "condition"}
    return "high" if measured else "medium"
