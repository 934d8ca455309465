"""Wind: a known share of a distribution, the sum over sectors beside random hours, the classes of NEN 8100, and the fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.impacts.nen8100 import BY_ACTIVITY, CLASSES, RATINGS, comfort_class, danger_class, rating
from twin.impacts.wind_climate import wind_climate
from twin.sim.impact import wind
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

_SQUARE = Site({"square": shapely.box(0, 0, 60, 40)}, areas={"tower": shapely.box(22, 12, 38, 28)})
_TWELVE = np.arange(0.0, 360.0, 30.0)
_CLIMATE = wind.Climate(
    np.array([5.5, 6.5, 8.0, 7.5, 5.5, 6.0, 9.0, 14.0, 14.0, 10.0, 7.0, 6.0]) / 100.0,
    np.array([6.0, 6.2, 6.8, 6.4, 5.6, 5.8, 7.0, 8.2, 8.4, 7.6, 6.6, 6.0]),
    np.array([2.0, 2.1, 2.2, 2.2, 2.0, 1.9, 2.0, 2.1, 2.1, 2.0, 1.9, 1.9]),
)
_HOURS = 20 * 8766


def _drawn(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Twenty years of hours of the climate: direction, NaN when calm, and speed."""
    rng = np.random.default_rng(seed)
    calm = 1.0 - float(_CLIMATE.share.sum())
    of = rng.choice(13, _HOURS, p=[*_CLIMATE.share, calm])
    speed = np.append(_CLIMATE.scale, 0.0)[of] * rng.weibull(np.append(_CLIMATE.shape, 1.0)[of])
    return np.append(_TWELVE, np.nan)[of], speed


def _share(trial: Trial) -> Found:
    one = wind.Climate(np.array([1.0]), np.array([4.6]), np.array([1.9]))
    found = 100.0 * float(wind.exceedance(np.ones((1, 1)), np.ones((1, 1)), one, 5.0)[0])
    factors = np.linspace(0.1, 2.0, 39)
    course = 100.0 * wind.exceedance(factors[:, None], np.ones((1, 1)), one, 5.0)
    chart = Chart((Curve("hours above 5 m/s", factors, course),), "factor", "% of hours")
    return Found((Measure("hours above 5 m/s", found, "%", 30.98, 31.0, 3),), chart)


def _sectors(trial: Trial) -> Found:
    factors = np.random.default_rng(trial.seed).uniform(0.2, 1.4, (50, 12))
    direction, speed = _drawn(trial.seed)
    measures = []
    for threshold in (5.0, 15.0):
        exact = wind.exceedance(factors, np.eye(12), _CLIMATE, threshold)
        counted = wind.hours_above(factors, _TWELVE, direction, speed, threshold)
        spread = np.sqrt(exact * (1.0 - exact) / _HOURS)
        off = float((np.abs(counted - exact) / spread).max())
        name = f"above {threshold:g} m/s: largest difference, in standard deviations of chance"
        measures.append(Measure(name, off, "", 0.0, 4.5))
    return Found(tuple(measures))


def _classes(trial: Trial) -> Found:
    """Shares on either side of each border, and the rating of each class."""
    p5 = np.array([2.49, 2.5, 4.99, 5.0, 9.99, 10.0, 19.99, 20.0])
    wanted = "ABBCCDDE"
    right = sum(CLASSES[made] == letter for made, letter in zip(comfort_class(p5), wanted, strict=True))
    danger = danger_class(np.array([0.049, 0.051, 0.299, 0.301])).tolist() == [0, 1, 1, 2]
    table = {"traversing": "good good good moderate poor", "strolling": "good good moderate poor poor",
             "sitting": "good moderate poor poor poor"}  # fmt: skip
    rated = sum(
        [RATINGS[k] for k in rating(np.arange(5, dtype=np.int8), activity)] == table[activity].split() for activity in BY_ACTIVITY
    )
    return Found((
        Measure("shares in the right class", float(right), "of 8", 8.0, 8.0, 0),
        Measure("activities with the right ratings", float(rated), "of 3", 3.0, 3.0, 0),
        Measure("danger by its two borders", float(danger), "", 1.0, 1.0, 0),
    ))  # fmt: skip


def _fit(trial: Trial) -> Found:
    """The climate that comes of twenty years of hours, rounded to whole metres a second as those of KNMI are."""
    direction, speed = _drawn(trial.seed)
    made = wind_climate(pd.DataFrame({"direction_deg": direction, "speed_m_s": speed.round()}))
    scale = float(np.abs(made["a_m_s"] / _CLIMATE.scale - 1.0).max())
    often = float(np.abs(made["frequency_percent"] - 100.0 * _CLIMATE.share).max())
    exact = 100.0 * float(wind.exceedance(np.ones((1, 12)), np.eye(12), _CLIMATE, 5.0)[0])
    measures = (
        Measure("largest error of A", 100.0 * scale, "%", 0.0, 3.0),
        Measure("largest error of a frequency", often, "% of hours", 0.0, 0.3),
        Measure("hours above 5 m/s, of which they were drawn", exact, "%"),
        Measure("by the fit: error", abs(made.attrs["above_5_fitted_percent"] - exact), "% of hours", 0.0, 0.5),
    )
    curves = (
        Curve("drawn from", _TWELVE, _CLIMATE.scale.copy()), Curve("fitted", _TWELVE, made["a_m_s"].to_numpy(np.float64)),
    )  # fmt: skip
    return Found(measures, Chart(curves, "direction (degrees)", "A (m/s)"))


def cases() -> tuple[Case, ...]:
    """A single distribution, twelve sectors, the classes, and the fit."""
    return (
        Case("wind-share", "Wind", "Weibull", "Hours above 5 m/s of one distribution",
             "Weibull with k 1.9 and A 4.6 m/s, factor 1.",
             "exp(-(5 / 4.6)^1.9) = 30.99 %.", "Known answer: the distribution", _share, _SQUARE),
        Case("wind-sectors", "Wind", "sectors", "The sum over twelve sectors beside hours that are counted",
             "Fifty places with factors from 0.2 to 1.4, twenty years of random hours of a climate of twelve sectors.",
             "Differences that chance makes: at most 4.5 standard deviations at the worst of the places.",
             "Known answer: Monte Carlo", _sectors, _SQUARE),
        Case("wind-classes", "Wind", "NEN 8100", "Classes, danger and what they are worth",
             "Shares of hours on either side of each border, and each class for each activity.",
             "A < 2.5, B < 5, C < 10, D < 20, E above; danger from 0.05 and 0.3 %; good, moderate or poor as in the table.",
             "NEN 8100:2006", _classes, _SQUARE),
        Case("wind-fit", "Wind", "climate", "A climate fitted to hours",
             "Twenty years of random hours of a known climate, speeds rounded to 1 m/s.",
             "A within 3 % in every sector, hours above 5 m/s within 0.5 % of all hours (the bounds are ours).",
             "Known answer; fit by Wieringa and Rijkoort 1983", _fit, _SQUARE),
    )  # fmt: skip
