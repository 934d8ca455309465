"""Soil behaviour type of a cone penetration test: corrected and normalised resistance, the index Ic, zones of the chart.

Resistances and pore pressures are in MPa as tests have them, stresses in kPa. What was not measured is NaN and stays so.
Sources: Robertson (2009, Can. Geotech. J. 46:1337), Robertson (2010, CPT'10: update of the SBT chart), zones of Robertson (1990).
The normalisation is that of the tests of groundhog (two published rows), the lines round zones 1, 8 and 9 those of `soilmech`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

ATMOSPHERE_KPA = 100.0
"""Reference pressure of the normalisation [kPa]."""

ZONE_LIMITS = (1.31, 2.05, 2.60, 2.95, 3.60)
"""Limits of Ic between zones 7, 6, 5, 4, 3 and 2 (Robertson 1990, 2010)."""

ZONES: tuple[str, ...] = (
    "not measured",
    "sensitive fine-grained",
    "organic soils, peat",
    "clays: silty clay to clay",
    "silt mixtures: clayey silt to silty clay",
    "sand mixtures: silty sand to sandy silt",
    "sands: clean sand to silty sand",
    "gravelly sand to dense sand",
    "very stiff sand to clayey sand",
    "very stiff fine-grained",
)
"""Names of the zones by number; 0 is where nothing was measured."""

CHART_QTN, CHART_FR = (1.0, 1000.0), (0.1, 10.0)
"""Area of the chart: zones 1, 8 and 9 are looked up within it, Ic is not cut off."""

_STEPS = 60


class Normalised(NamedTuple):
    """A test normalised by stress.

    Attributes
    ----------
    qn : (N,) float64
        Net cone resistance, qt less the total stress [MPa].
    qtn : (N,) float64
        Normalised cone resistance with the exponent `n`.
    qt1 : (N,) float64
        Normalised cone resistance with an exponent of 1.
    fr : (N,) float64
        Normalised friction ratio [%].
    ic : (N,) float64
        Index of the soil behaviour type.
    n : (N,) float64
        Exponent of the stress.
    bq : (N,) float64
        Ratio of pore pressures; NaN without u2.
    """

    qn: Values
    qtn: Values
    qt1: Values
    fr: Values
    ic: Values
    n: Values
    bq: Values


def corrected(qc: ArrayLike, u2: ArrayLike, area_ratio: float) -> Values:
    """Cone resistance corrected for the water on the back of the cone, qt = qc + u2 (1 - a).

    Parameters
    ----------
    qc, u2 : (N,) array_like
        Cone resistance and pore pressure behind the cone [MPa]; where u2 is NaN, qt is qc.
    area_ratio : float
        Net area ratio a of the cone.
    """
    water = np.asarray(u2, dtype=np.float64) * (1.0 - area_ratio)
    return np.asarray(np.asarray(qc, dtype=np.float64) + np.where(np.isnan(water), 0.0, water))


def friction_ratio(qt: ArrayLike, fs: ArrayLike) -> Values:
    """Friction ratio 100 fs / qt [%]; NaN where one of the two is not above 0, and so has no place on a logarithmic chart."""
    cone, sleeve = np.asarray(qt, dtype=np.float64), np.asarray(fs, dtype=np.float64)
    good = (cone > 0) & (sleeve > 0)
    return np.where(good, 100.0 * sleeve / np.where(good, cone, 1.0), np.nan)


def _index(log_q: Values, log_f: Values) -> Values:
    return np.hypot(3.47 - log_q, log_f + 1.22)


def behaviour_index(qt: ArrayLike, rf: ArrayLike) -> Values:
    """Index of the soil behaviour type without stresses, I_SBT (Robertson 2010).

    It has the same limits as Ic, and is near to it where the effective stress is 50 to 150 kPa.

    Parameters
    ----------
    qt : (N,) array_like
        Corrected cone resistance [MPa].
    rf : (N,) array_like
        Friction ratio [%].
    """
    cone, ratio = np.asarray(qt, dtype=np.float64), np.asarray(rf, dtype=np.float64)
    good = (cone > 0) & (ratio > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = _index(np.log10(1000.0 * cone / ATMOSPHERE_KPA), np.log10(ratio))
    return np.where(good, found, np.nan)


def normalise(
    qt: ArrayLike, fs: ArrayLike, total: ArrayLike, effective: ArrayLike, u0: ArrayLike = 0.0, u2: ArrayLike = np.nan
) -> Normalised:
    """Normalise a test by the stresses in the ground.

    Qtn = (qn / pa) (pa / sigma'v0)^n with n = 0.381 Ic + 0.05 sigma'v0 / pa - 0.15, at most 1 (Robertson 2009), and
    Ic = sqrt((3.47 - log Qtn)^2 + (log Fr + 1.22)^2). As n depends on Ic, it is looked for by halving the interval from -0.2 to 1,
    which always holds it. There is no lower limit to n, and neither Qtn nor Fr is cut off.

    Parameters
    ----------
    qt, fs : (N,) array_like
        Corrected cone resistance and sleeve friction [MPa].
    total, effective : (N,) array_like
        Vertical stress, and that on the grains [kPa].
    u0 : (N,) array_like
        Pore pressure at rest [kPa].
    u2 : (N,) array_like
        Pore pressure behind the cone [MPa].

    Returns
    -------
    Normalised
        NaN where qn, fs or the effective stress is not above 0.
    """
    cone, sleeve, whole, grains = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (qt, fs, total, effective)))
    net = 1000.0 * cone - whole
    good = (net > 0) & (sleeve > 0) & (grains > 0)
    net, grains = np.where(good, net, np.nan), np.where(good, grains, np.nan)
    fr = 1e5 * np.where(good, sleeve, np.nan) / net
    log_f, log_q, log_s = np.log10(fr), np.log10(net / ATMOSPHERE_KPA), np.log10(ATMOSPHERE_KPA / grains)
    low, high = np.full(net.shape, -0.2), np.ones(net.shape)
    for _ in range(_STEPS):
        n = 0.5 * (low + high)
        wanted = np.minimum(1.0, 0.381 * _index(log_q + n * log_s, log_f) + 0.05 * grains / ATMOSPHERE_KPA - 0.15)
        above = n > wanted
        high, low = np.where(above, n, high), np.where(above, low, n)
    n = np.where(good, high, np.nan)
    with np.errstate(invalid="ignore"):
        bq = (1000.0 * np.asarray(u2, dtype=np.float64) - np.asarray(u0, dtype=np.float64)) / net
    ic = _index(log_q + n * log_s, log_f)
    return Normalised(net / 1000.0, 10.0 ** (log_q + n * log_s), net / grains, fr, ic, n, np.broadcast_to(bq, net.shape).copy())


def zones_by_index(ic: ArrayLike) -> NDArray[np.uint8]:
    """Zones 2 to 7 by the index alone; 0 where it is NaN."""
    index = np.asarray(ic, dtype=np.float64)
    found = 7 - np.digitize(np.nan_to_num(index), ZONE_LIMITS)
    return np.where(np.isnan(index), 0, found).astype(np.uint8)


def zones(qtn: ArrayLike, fr: ArrayLike, ic: ArrayLike) -> NDArray[np.uint8]:
    """Zones 1 to 9 of the normalised chart.

    Zone 1 where Qtn <= 12 exp(-1.4 Fr); then 8 (Fr up to 4.5 %) and 9 where
    Qtn > 1 / (0.005 (Fr - 1) - 0.0003 (Fr - 1)^2 - 0.002); then by Ic.

    Parameters
    ----------
    qtn, fr, ic : (N,) array_like
        See `normalise`.

    Returns
    -------
    (N,) uint8
        0 where something is NaN; see `ZONES`.
    """
    index = np.asarray(ic, dtype=np.float64)
    cone = np.clip(np.asarray(qtn, dtype=np.float64), *CHART_QTN)
    ratio = np.clip(np.asarray(fr, dtype=np.float64), *CHART_FR)
    found = zones_by_index(index)
    line = 0.005 * (ratio - 1.0) - 0.0003 * (ratio - 1.0) ** 2 - 0.002
    stiff = (line > 0) & (cone * line > 1.0)
    found = np.where(stiff, np.where(ratio <= 4.5, 8, 9), found)
    found = np.where(cone <= 12.0 * np.exp(-1.4 * ratio), 1, found)
    return np.where(np.isnan(index), 0, found).astype(np.uint8)
