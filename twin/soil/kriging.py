"""Ordinary kriging of boundaries, by pykrige of the extra ``stadstwin[soil]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import MissingExtraError, ParameterError

Values = NDArray[np.float64]

LEAST_SOUNDINGS = 8
"""With fewer soundings a variogram cannot be fitted."""

MODELS = ("linear", "power", "gaussian", "spherical", "exponential")


def see_variogram(variogram: Mapping[str, Any] | None, soundings: int) -> None:
    """Refuse kriging that cannot be done.

    Raises
    ------
    MissingExtraError
        When pykrige is not installed.
    ParameterError
        When the soundings are too few to fit a variogram, or the variogram is none.
    """
    _library()
    if variogram is None:
        if soundings < LEAST_SOUNDINGS:
            raise ParameterError(
                f"{soundings} soundings are too few to fit a variogram",
                hint=f"kriging needs {LEAST_SOUNDINGS}, or a `variogram` that you know, such as "
                '{"model": "spherical", "psill": 0.5, "range": 80.0, "nugget": 0.0}; "idw" needs none',
            )  # fmt: skip
        return
    if variogram.get("model", "spherical") not in MODELS:
        raise ParameterError(f"there is no variogram `{variogram.get('model')}`", hint=", ".join(MODELS))


def krige(places: Values, values: Values, points: Values, variogram: Mapping[str, Any] | None) -> tuple[Values, Values]:
    """Values and their standard deviations at points.

    Parameters
    ----------
    places : (N, 2) float64
        [m]
    values : (N,) float64
    points : (P, 2) float64
        [m]
    variogram : mapping, optional
        ``model`` (spherical by default) with the parameters of pykrige; without, a linear one is fitted.

    Returns
    -------
    values, deviation : (P,) float64
    """
    if np.ptp(values) < 1e-9:
        return np.full(len(points), values[0]), np.zeros(len(points))
    middle = places.mean(axis=0)
    near, here = places - middle, points - middle
    stated = dict(variogram or {})
    # with few soundings a range cannot be fitted, and a straight line can
    model = stated.pop("model", "spherical" if variogram else "linear")
    kriging = _library()(
        near[:, 0], near[:, 1], values, variogram_model=model, variogram_parameters=stated or None, exact_values=True,
        pseudo_inv=True,
    )  # fmt: skip
    found, variance = kriging.execute("points", here[:, 0].copy(), here[:, 1].copy())
    return np.asarray(found, dtype=np.float64), np.sqrt(np.maximum(np.asarray(variance, dtype=np.float64), 0.0))


def _library() -> Any:
    try:
        from pykrige.ok import OrdinaryKriging
    except ImportError:
        raise MissingExtraError("kriging needs pykrige, which is not installed", hint="pip install 'stadstwin[soil]'") from None
    return OrdinaryKriging
