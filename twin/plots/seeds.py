"""Plots of ensembles: a band over time, and maps of what many seeds say of each place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from twin.errors import ParameterError, ResultError, did_you_mean
from twin.plots.canvas import axes_of, head
from twin.plots.choosing import clock_of
from twin.plots.map import plot_result
from twin.plots.series import COLOURS, Course, about, band_of, finish
from twin.plots.words import number, words

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from twin.ensemble import Ensemble

STATISTICS = ("mean", "median", "p95", "exceedance")


def plot_band(
    ensemble: Ensemble,
    column: str = "present",
    *,
    band: tuple[float, float] = (0.05, 0.95),
    ax: Axes | None = None,
    language: str = "en",
) -> Axes:
    """Draw the median of a series and its band over the seeds; see `Ensemble.plot_series`."""
    told = words(language)
    if not ensemble.series:
        raise ResultError("the ensemble holds no series by seed", hint="run it again with twin.ensemble")
    try:
        low_share, high_share = (float(part) for part in band)
    except (TypeError, ValueError):
        raise ParameterError(f"a band is two shares of the seeds, not {band!r}", hint="for example band=(0.05, 0.95)") from None
    time, (low, middle, high) = band_of(ensemble.series, column, low_share, high_share)
    count = len(ensemble.series)
    ax = axes_of(ax, (9.0, 4.4))
    share = told["band"].format(low=100 * low_share, high=100 * high_share, count=count)
    ax.fill_between(time, low, high, color=COLOURS[0], alpha=0.22, linewidth=0, label=share, gid="band")
    ax.plot(time, middle, color=COLOURS[0], linewidth=2.2, label=told["median"].format(count=count), gid="median")
    finish(ax, Course(time, {}, "", told["people"].lower()), [], start=clock_of(ensemble.first), language=language)
    ax.legend(frameon=False, fontsize=9, loc="best")
    kind, _, place = column.partition("_")
    name = f"{told[kind]} {place}" if place and kind in ("exit", "line", "area") else told.get(column, column)
    head(ax, f"{told['people']}: {name}", about(ensemble.first.provenance.get("title"), ensemble.partial, told))
    return ax


def plot_statistic(
    ensemble: Ensemble,
    statistic: Literal["mean", "median", "p95", "exceedance"] = "mean",
    *,
    limit: float | None = None,
    language: str = "en",
    title: str | None = None,
    **options: Any,
) -> Axes:
    """Draw what many seeds say of each place; see `Ensemble.plot_map`."""
    told = words(language)
    if statistic not in STATISTICS:
        near = did_you_mean(str(statistic), STATISTICS)
        raise ParameterError(f"there is no statistic `{statistic}`{near}", hint=f"one of {', '.join(STATISTICS)}")
    count = len(ensemble.seeds)
    if statistic == "exceedance":
        by = ensemble.exceedance(limit)
        over = float(by.attrs["limit_per_m2"])
        array = 100.0 * by
        name = told["ensemble_exceedance"].format(limit=number(over, 1 if over % 1 else 0, language))
        attrs = {"units": "%", "long_name": told["share_of_seeds"].format(count=count)}
        options = {"classes": [20, 40, 60, 80], **options}
        array = array.where(array > 0)
    else:
        if limit is not None:
            raise ParameterError(f"a limit belongs to `exceedance`, not to `{statistic}`", hint='statistic="exceedance"')
        array = ensemble.density(statistic)
        name = told[f"ensemble_{statistic}"].format(count=count)
        attrs = dict(array.attrs)
    return plot_result(
        ensemble.first.with_(fields=_as_fields(ensemble, array, attrs, statistic), partial=ensemble.partial),
        "density_max" if statistic != "exceedance" else "exceedance",
        title=name if title is None else title,
        language=language,
        **{"spots": False, **options},
    )


def _as_fields(ensemble: Ensemble, array: xr.DataArray, attrs: dict[str, Any], statistic: str) -> xr.Dataset:
    """The statistic in place of the first seed's field, on the cells that any seed covers."""
    import xarray as xr

    name = "exceedance" if statistic == "exceedance" else "density_max"
    walkable = ensemble.walkable
    return xr.Dataset({name: array.assign_attrs(attrs), "walkable": walkable}, attrs=dict(ensemble.first.fields.attrs))
