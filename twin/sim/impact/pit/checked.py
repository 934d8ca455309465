"""Numbers of a pit are looked at before they are used: what is wrong, and with which one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import ParameterError


def positive(**values: ArrayLike) -> None:
    """Refuse what is not finite and above 0.

    Raises
    ------
    ParameterError
        With the name of the first that is not.
    """
    for name, value in values.items():
        if not (np.isfinite(value).all() and (np.asarray(value) > 0).all()):
            raise ParameterError(f"`{name}` must be above 0, not {_told(value)}")


def not_negative(**values: ArrayLike) -> None:
    """Refuse what is not finite, or below 0.

    Raises
    ------
    ParameterError
        With the name of the first that is.
    """
    for name, value in values.items():
        if not (np.isfinite(value).all() and (np.asarray(value) >= 0).all()):
            raise ParameterError(f"`{name}` must not be below 0, not {_told(value)}")


def finite(**values: ArrayLike) -> None:
    """Refuse what is not finite.

    Raises
    ------
    ParameterError
        With the name of the first that is not.
    """
    for name, value in values.items():
        if not np.isfinite(value).all():
            raise ParameterError(f"`{name}` must be a finite number, not {_told(value)}")


def _told(value: ArrayLike) -> str:
    """The first of the values that may be meant."""
    every = np.atleast_1d(np.asarray(value, dtype=np.float64)).ravel()
    wrong = every[~np.isfinite(every) | (every <= 0)]
    return f"{float(wrong[0]):g}" if len(wrong) else "this"
