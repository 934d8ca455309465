"""Numbers as text, alike in reports, in notebooks and on the terminal."""

from __future__ import annotations


def decimals(value: float, digits: int) -> str:
    """A number with so many decimals; a negative one that is nearly 0 has no minus.

    Parameters
    ----------
    value : float
    digits : int

    Returns
    -------
    str
    """
    return f"{round(value, digits) + 0.0:,.{digits}f}"  # -0.0 + 0.0 is 0.0


def told_place(x: float, y: float) -> str:
    """A place as text, ``"(136840.0, 455848.5)"``; of what is nearly 0 there is no minus.

    Parameters
    ----------
    x, y : float
        [m]

    Returns
    -------
    str
    """
    return f"({round(x, 1) + 0.0:.1f}, {round(y, 1) + 0.0:.1f})"
