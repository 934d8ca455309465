"""Days of construction noise: table 7.17 of the Dutch Besluit bouwwerken leefomgeving (Bbl), as table 8.3 of the Bouwbesluit 2012
before it.

Work is done from Monday to Saturday, 7 to 19 h (article 7.17). The day value at the facade of a home, school, day-care centre or
hospital is the mean level over those twelve hours, with what is added for impulses. A day above 70 dB is also one above 65 and
above 60: budgets lie in one another. That reading, and 5 dB for impulses (Handleiding meten en rekenen industrielawaai 1999), are
not in the article itself. A municipality may have rules of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVELS_DB = (60.0, 65.0, 70.0, 75.0, 80.0)
DAYS = (50, 30, 15, 5, 0)
"""Days that may be above each of `LEVELS_DB` (Bbl table 7.17)."""

DAY_H = 12.0
"""From 7 to 19 h [h]."""

IMPULSE_DB = 5.0
"""Added for noise of impulses, as of piles that are hit [dB]."""

SOURCE = "Bbl article 7.17, table 7.17 (Bouwbesluit 2012 table 8.3)"


class Budget(NamedTuple):
    """Days above each of `LEVELS_DB`, each (5,) int64.

    Attributes
    ----------
    allowed, used, left : (5,) int64
        Days; `left` is below 0 where there are too many.
    """

    allowed: NDArray[np.int64]
    used: NDArray[np.int64]
    left: NDArray[np.int64]

    @property
    def exceeded(self) -> bool:
        """Whether there are too many days above any level."""
        return bool((self.left < 0).any())


def day_level(
    levels_db: NDArray[np.float64], hours: NDArray[np.float64], impulsive: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Day value of what goes on in a day: ``10 lg(sum t 10^((L + K) / 10) / 12)``.

    Parameters
    ----------
    levels_db : (..., S) float64
        Of each source while it works, before the facade [dB].
    hours : (S,) float64
        How long each works between 7 and 19 h [h].
    impulsive : (S,) bool, optional
        Which have impulses.

    Returns
    -------
    (...) float64
        [dB]; -inf on a day without work.
    """
    added = 0.0 if impulsive is None else np.where(impulsive, IMPULSE_DB, 0.0)
    energy = (10.0 ** ((np.asarray(levels_db, np.float64) + added) / 10.0) * hours).sum(axis=-1) / DAY_H
    with np.errstate(divide="ignore"):
        return 10.0 * np.log10(energy)


def allowed_days(level_db: float) -> float:
    """How many days of a day value there may be: inf up to 60 dB, 0 above 80 dB."""
    above = [days for level, days in zip(LEVELS_DB, DAYS, strict=True) if level_db > level]
    return float(above[-1]) if above else float("inf")


def budget(day_values_db: NDArray[np.float64]) -> Budget:
    """Days above each level, over a whole work.

    Parameters
    ----------
    day_values_db : (D,) float64
        Day value of each day [dB].

    Returns
    -------
    Budget
    """
    values = np.asarray(day_values_db, np.float64)
    used = np.array([(values > level).sum() for level in LEVELS_DB], np.int64)
    allowed = np.array(DAYS, np.int64)
    return Budget(allowed, used, allowed - used)
