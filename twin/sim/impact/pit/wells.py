"""Drawdown by pumped wells in an aquifer of one transmissivity: Theis, Hantush, De Glee, Thiem and Dupuit, and their sums.

Metres and days; water that is pumped counts as positive, and so does a water level that goes down. The equations are linear: wells
add up, times add up (a pump that stops is a second one that starts, the other way round), and a straight canal or a wall is an
image of each well on its other side. For a water table (Dupuit) they hold for the square of its height: see `unconfined`.

- Theis 1935: s = Q / (4 pi T) W(u), u = r2 S / (4 T t), W the exponential integral. Cooper and Jacob 1946 for small u.
- Thiem 1906: s = Q / (2 pi T) ln(R / r).
- De Glee 1930: s = Q / (2 pi T) K0(r / lambda), lambda = sqrt(T c).
- Hantush and Jacob 1955: s = Q / (4 pi T) W(u, r / lambda).

Equations as in Kruseman and de Ridder, Analysis and Evaluation of Pumping Test Data (1994), chapters 3 and 4.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from twin.errors import GeometryError, ParameterError
from twin.sim.impact.pit.checked import finite, positive

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(80)
_FAR = 16


class Wells(NamedTuple):
    """Wells; see `wells`, which looks at what is given.

    Attributes
    ----------
    x_m, y_m : (N,) float64
        [m]
    discharge_m3_d : (N,) float64
        Pumped; below 0 where water is put in [m3/d].
    radius_m : (N,) float64
        Of the hole: nothing is told of what is nearer [m].
    start_d, stop_d : (N,) float64
        When pumps go on and off [d].
    """

    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    discharge_m3_d: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    start_d: NDArray[np.float64]
    stop_d: NDArray[np.float64]


def wells(
    *,
    x_m: ArrayLike,
    y_m: ArrayLike,
    discharge_m3_d: ArrayLike,
    radius_m: ArrayLike = 0.15,
    start_d: ArrayLike = 0.0,
    stop_d: ArrayLike = math.inf,
) -> Wells:
    """Wells, from one value for all or one for each.

    Raises
    ------
    ParameterError
        For places or discharges that are no numbers, a radius that is not positive, and pumps that stop before they start.
    """
    given = [np.atleast_1d(np.asarray(v, np.float64)) for v in (x_m, y_m, discharge_m3_d, radius_m, start_d, stop_d)]
    try:
        every = [np.array(part, order="C") for part in np.broadcast_arrays(*given)]
    except ValueError:
        counts = ", ".join(str(len(part)) for part in given)
        raise ParameterError(f"wells are given as {counts} values: one each, or one for all") from None
    made = Wells(*every)
    finite(x_m=made.x_m, y_m=made.y_m, discharge_m3_d=made.discharge_m3_d, start_d=made.start_d)
    positive(radius_m=made.radius_m)
    late = np.flatnonzero(~(made.stop_d > made.start_d))
    if len(late):
        k = int(late[0])
        raise ParameterError(f"well {k + 1} stops at day {made.stop_d[k]:g}, which is not after it starts, day {made.start_d[k]:g}")
    return made


def well_function(u: ArrayLike) -> NDArray[np.float64]:
    """W(u) of Theis: the exponential integral."""
    return np.asarray(special.exp1(np.asarray(u, np.float64)))


def leaky_well_function(u: ArrayLike, rho: ArrayLike) -> NDArray[np.float64]:
    """W(u, rho) of Hantush and Jacob, rho = r / lambda.

    With y = rho / 2 exp(x) the integral of exp(-y - rho2 / (4 y)) / y from u on is that of exp(-rho cosh x) from
    ln(2 u / rho) on, which is smooth; all of it is 2 K0(rho).
    """
    both = np.broadcast_arrays(np.asarray(u, np.float64), np.asarray(rho, np.float64))
    low_u, ratio = both[0], np.maximum(both[1], 1e-7)
    small = both[1] < 1e-6
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        begin = np.log(2.0 * low_u / ratio)
        low = np.abs(np.where(np.isfinite(begin), begin, 0.0))
        # beyond this the rest is less than 1e-18
        high = np.arccosh(np.cosh(np.minimum(low, 700.0)) + 42.0 / ratio)
    high = np.maximum(high, low)
    half = 0.5 * (high - low)
    at = (low + half)[..., None] + half[..., None] * _NODES
    tail = half * (np.exp(-ratio[..., None] * np.cosh(np.minimum(at, 700.0))) * _WEIGHTS).sum(axis=-1)
    leaky = np.where(begin >= 0, tail, 2.0 * special.k0(ratio) - tail)
    found = np.where(small, special.exp1(low_u), leaky)
    return np.asarray(np.where(low_u <= 0, 2.0 * special.k0(ratio), np.maximum(found, 0.0)))


def theis(
    *, distance_m: ArrayLike, time_d: ArrayLike, discharge_m3_d: float, transmissivity_m2_d: float, storativity: float
) -> NDArray[np.float64]:
    """Drawdown by one well in a confined aquifer, some time after it began [m]; 0 before that.

    Parameters
    ----------
    distance_m, time_d : array_like
        [m] [d]
    discharge_m3_d, transmissivity_m2_d, storativity : float
        [m3/d] [m2/d] [-]

    Raises
    ------
    ParameterError
        For a transmissivity or distance that is not positive, and a storativity outside 1e-7 to 0.4.
    """
    positive(distance_m=distance_m, transmissivity_m2_d=transmissivity_m2_d)
    _storage(storativity)
    time = np.asarray(time_d, np.float64)
    with np.errstate(divide="ignore"):
        u = np.asarray(distance_m) ** 2 * storativity / (4.0 * transmissivity_m2_d * np.maximum(time, 0.0))
    return np.asarray(discharge_m3_d / (4.0 * math.pi * transmissivity_m2_d) * well_function(u))


def cooper_jacob(
    *, distance_m: ArrayLike, time_d: ArrayLike, discharge_m3_d: float, transmissivity_m2_d: float, storativity: float
) -> NDArray[np.float64]:
    """Theis by its logarithm, within 0.25 % for u up to 0.01: Q / (4 pi T) ln(2.25 T t / (r2 S)) [m]; 0 where that is below 0.

    Raises
    ------
    ParameterError
        As `theis`, and for a time that is not positive.
    """
    positive(distance_m=distance_m, transmissivity_m2_d=transmissivity_m2_d, time_d=time_d)
    _storage(storativity)
    inside = 2.25 * transmissivity_m2_d * np.asarray(time_d) / (np.asarray(distance_m) ** 2 * storativity)
    return np.asarray(discharge_m3_d / (4.0 * math.pi * transmissivity_m2_d) * np.maximum(np.log(inside), 0.0))


def thiem(
    *, distance_m: ArrayLike, discharge_m3_d: float, transmissivity_m2_d: float, radius_of_influence_m: float
) -> NDArray[np.float64]:
    """Steady drawdown by one well, nothing beyond a radius: Q / (2 pi T) ln(R / r) [m].

    Raises
    ------
    ParameterError
        For values that are not positive.
    """
    positive(distance_m=distance_m, transmissivity_m2_d=transmissivity_m2_d, radius_of_influence_m=radius_of_influence_m)
    ratio = np.maximum(radius_of_influence_m / np.asarray(distance_m, np.float64), 1.0)
    return np.asarray(discharge_m3_d / (2.0 * math.pi * transmissivity_m2_d) * np.log(ratio))


def leakage_length_m(*, transmissivity_m2_d: float, resistance_d: float) -> float:
    """lambda = sqrt(T c) [m].

    Raises
    ------
    ParameterError
        For values that are not positive.
    """
    positive(transmissivity_m2_d=transmissivity_m2_d, resistance_d=resistance_d)
    return math.sqrt(transmissivity_m2_d * resistance_d)


def de_glee(
    *, distance_m: ArrayLike, discharge_m3_d: float, transmissivity_m2_d: float, resistance_d: float
) -> NDArray[np.float64]:
    """Steady drawdown by one well below a layer that leaks: Q / (2 pi T) K0(r / lambda) [m].

    Raises
    ------
    ParameterError
        For values that are not positive.
    """
    positive(distance_m=distance_m)
    length = leakage_length_m(transmissivity_m2_d=transmissivity_m2_d, resistance_d=resistance_d)
    return np.asarray(discharge_m3_d / (2.0 * math.pi * transmissivity_m2_d) * special.k0(np.asarray(distance_m) / length))


def hantush(
    *, distance_m: ArrayLike, time_d: ArrayLike, discharge_m3_d: float, transmissivity_m2_d: float, storativity: float,
    resistance_d: float,
) -> NDArray[np.float64]:  # fmt: skip
    """Drawdown by one well below a layer that leaks and stores nothing, some time after it began [m].

    Raises
    ------
    ParameterError
        As `theis`, and for a resistance that is not positive.
    """
    positive(distance_m=distance_m)
    _storage(storativity)
    length = leakage_length_m(transmissivity_m2_d=transmissivity_m2_d, resistance_d=resistance_d)
    distance, time = np.asarray(distance_m, np.float64), np.asarray(time_d, np.float64)
    with np.errstate(divide="ignore"):
        u = distance**2 * storativity / (4.0 * transmissivity_m2_d * np.maximum(time, 0.0))
    value = leaky_well_function(np.where(time > 0, u, 1.0), distance / length)
    return np.where(time > 0, discharge_m3_d / (4.0 * math.pi * transmissivity_m2_d) * value, 0.0)


def _storage(storativity: float | None) -> float:
    if storativity is None or not 1e-7 <= storativity <= 0.4:
        raise ParameterError(
            f"`storativity` must be from 1e-7 to 0.4, not {storativity}", hint="confined about 1e-4; a water table 0.05 to 0.35"
        )
    return float(storativity)


def unconfined(drawdown_m: ArrayLike, *, thickness_m: float) -> NDArray[np.float64]:
    """Drawdown of a water table from that of an aquifer of constant transmissivity k H: H - sqrt(H2 - 2 H s).

    With it the sums of Thiem are those of Dupuit, H2 - h2 = sum of Q / (pi k) ln(R / r).

    Parameters
    ----------
    drawdown_m : array_like
        With T = k H, all wells together [m].
    thickness_m : float
        H: water above the base of the aquifer before pumping [m].

    Returns
    -------
    array of float64
        [m]; H where more is pumped than the aquifer can give.

    Raises
    ------
    ParameterError
        For a thickness that is not positive.
    """
    positive(thickness_m=thickness_m)
    squared = thickness_m**2 - 2.0 * thickness_m * np.asarray(drawdown_m, np.float64)
    return np.asarray(thickness_m - np.sqrt(np.maximum(squared, 0.0)))


class Response(NamedTuple):
    """What one cubic metre a day does at a distance; see `responses`.

    Attributes
    ----------
    transmissivity_m2_d : float
        [m2/d]
    radius_m : float
        Where Thiem's drawdown ends; inf for wells that balance, NaN when it is not by Thiem [m].
    length_m : float
        Leakage length; inf without leakage [m].
    storativity : float
        NaN for steady flow.
    ages_d : (K, 2) float64
        Of each history of pumping: for how long the pump has been on, and how long ago it stopped; not above 0 for never [d].
    """

    transmissivity_m2_d: float
    radius_m: float
    length_m: float
    storativity: float
    ages_d: NDArray[np.float64]

    def at(self, squared: ArrayLike, history: int = 0) -> NDArray[np.float64]:
        """Drawdown for each m3/d, from the square of the distance [m]."""
        r2 = np.asarray(squared, np.float64)
        part = 1.0 / (4.0 * math.pi * self.transmissivity_m2_d)
        if not math.isnan(self.radius_m):
            reach = self.radius_m**2
            return np.asarray(-part * np.log(r2) if math.isinf(reach) else -part * np.log(np.minimum(r2 / reach, 1.0)))
        if math.isnan(self.storativity):
            return np.asarray(2.0 * part * special.k0(np.sqrt(r2) / self.length_m))
        found = np.zeros(r2.shape)
        for sign, age in zip((1.0, -1.0), self.ages_d[history], strict=True):
            if age > 0:
                u = r2 * self.storativity / (4.0 * self.transmissivity_m2_d * age)
                leaks = math.isfinite(self.length_m)
                found += sign * (leaky_well_function(u, np.sqrt(r2) / self.length_m) if leaks else well_function(u))
        return np.asarray(part * found)


def responses(
    pumped: Wells,
    *,
    transmissivity_m2_d: float,
    radius_of_influence_m: float | None = None,
    resistance_d: float | None = None,
    storativity: float | None = None,
    time_d: float | None = None,
) -> tuple[Response, NDArray[np.int64]]:
    """Which equation holds, by what is given, and the history of each well.

    A time asks for Theis, or Hantush where there is a resistance as well; without one flow is steady: De Glee by a resistance,
    Thiem by a radius. Wells that put in as much as is pumped, as with the images at a canal, need neither.

    Raises
    ------
    ParameterError
        When what is given makes no problem that has an answer.
    """
    positive(transmissivity_m2_d=transmissivity_m2_d)
    length = math.inf
    if resistance_d is not None:
        length = leakage_length_m(transmissivity_m2_d=transmissivity_m2_d, resistance_d=resistance_d)
    none = np.zeros((1, 2))
    which = np.zeros(len(pumped.x_m), np.int64)
    if time_d is not None:
        if radius_of_influence_m is not None:
            raise ParameterError("a radius of influence is for steady flow; leave it or `time_d` out")
        finite(time_d=time_d)
        ages, back = np.unique(
            np.column_stack([time_d - pumped.start_d, np.maximum(time_d - pumped.stop_d, 0.0)]), axis=0, return_inverse=True
        )
        return Response(transmissivity_m2_d, math.nan, length, _storage(storativity), ages), back.ravel().astype(np.int64)
    if resistance_d is not None:
        if radius_of_influence_m is not None:
            raise ParameterError("with `resistance_d` the drawdown ends by itself; leave `radius_of_influence_m` out")
        return Response(transmissivity_m2_d, math.nan, length, math.nan, none), which
    if radius_of_influence_m is not None:
        positive(radius_of_influence_m=radius_of_influence_m)
        return Response(transmissivity_m2_d, float(radius_of_influence_m), math.inf, math.nan, none), which
    total, size = float(pumped.discharge_m3_d.sum()), float(np.abs(pumped.discharge_m3_d).sum())
    if abs(total) > 1e-9 * size:
        raise ParameterError(
            "steady flow to wells that take more than they give has no end",
            hint="give `radius_of_influence_m`, `resistance_d`, or `time_d` with `storativity`; or a canal that feeds them",
        )
    return Response(transmissivity_m2_d, math.inf, math.inf, math.nan, none), which


def drawdown_at(
    x_m: ArrayLike,
    y_m: ArrayLike,
    pumped: Wells,
    *,
    transmissivity_m2_d: float,
    radius_of_influence_m: float | None = None,
    resistance_d: float | None = None,
    storativity: float | None = None,
    time_d: float | None = None,
) -> NDArray[np.float64]:
    """Drawdown by all wells together, at places.

    Parameters
    ----------
    x_m, y_m : array_like
        [m]
    pumped : Wells
    transmissivity_m2_d, radius_of_influence_m, resistance_d, storativity, time_d
        As in `responses`, which says what each stands for.

    Returns
    -------
    array of float64
        [m]; within the hole of a well that at its wall.

    Raises
    ------
    ParameterError
        As `responses`.
    """
    finite(x_m=x_m, y_m=y_m)
    given = {"radius_of_influence_m": radius_of_influence_m, "resistance_d": resistance_d, "storativity": storativity}
    answer, history = responses(pumped, transmissivity_m2_d=transmissivity_m2_d, time_d=time_d, **given)
    x, y = np.broadcast_arrays(np.asarray(x_m, np.float64), np.asarray(y_m, np.float64))
    found = np.zeros(x.shape)
    for wx, wy, q, radius, which in zip(*pumped[:4], history, strict=True):
        found += q * answer.at(np.maximum((x - wx) ** 2 + (y - wy) ** 2, radius**2), int(which))
    return found


class Line(NamedTuple):
    """A straight boundary of the aquifer.

    Attributes
    ----------
    x0_m, y0_m, x1_m, y1_m : float
        Two places on it [m].
    canal : bool
        Open water that keeps its level; else a wall or fault that nothing passes.
    """

    x0_m: float
    y0_m: float
    x1_m: float
    y1_m: float
    canal: bool = True

    def side(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Distance from the line, on the left of its direction above 0 [m]."""
        dx, dy = self.x1_m - self.x0_m, self.y1_m - self.y0_m
        return np.asarray((dx * (np.asarray(y) - self.y0_m) - dy * (np.asarray(x) - self.x0_m)) / math.hypot(dx, dy))

    def mirrored(self, pumped: Wells) -> Wells:
        """Images of wells."""
        dx, dy = self.x1_m - self.x0_m, self.y1_m - self.y0_m
        size = math.hypot(dx, dy)
        off = 2.0 * self.side(pumped.x_m, pumped.y_m)
        q = -pumped.discharge_m3_d if self.canal else pumped.discharge_m3_d
        return pumped._replace(x_m=pumped.x_m + off * dy / size, y_m=pumped.y_m - off * dx / size, discharge_m3_d=q)


def with_images(pumped: Wells, lines: tuple[Line, ...], *, cells: int = 8) -> Wells:
    """Wells and their images at one straight boundary, at two that are parallel, or at two at a right angle.

    Parameters
    ----------
    pumped : Wells
        All on the same side of each line.
    lines : tuple of Line
    cells : int
        How many periods of images on either side between parallel lines. Beside a canal all others are taken together; between two
        walls they are left out.

    Returns
    -------
    Wells
        What they give holds on the side where the wells are.

    Raises
    ------
    GeometryError
        For a line without length, wells on both sides of it or on it, or lines at another angle.
    """
    for line in lines:
        if not (np.isfinite(line[:4]).all() and math.hypot(line.x1_m - line.x0_m, line.y1_m - line.y0_m) > 0):
            raise GeometryError("a straight boundary needs two places on it")
        side = line.side(pumped.x_m, pumped.y_m)
        if not ((side > 0).all() or (side < 0).all()):
            raise GeometryError("wells lie on both sides of a boundary, or on it", hint="its images hold for one side only")
    if not lines:
        return pumped
    if len(lines) == 1:
        return _together([pumped, lines[0].mirrored(pumped)])
    if len(lines) > 2:
        raise GeometryError(f"images are made at one or two boundaries, not {len(lines)}")
    one, two = lines
    ways = [np.array([line.x1_m - line.x0_m, line.y1_m - line.y0_m]) for line in lines]
    sizes = [float(np.hypot(*way)) for way in ways]
    cosine = float(ways[0] @ ways[1]) / (sizes[0] * sizes[1])
    if abs(cosine) < 1e-6:
        first = _together([pumped, one.mirrored(pumped)])
        return _together([first, two.mirrored(first)])
    if abs(cosine) < 1.0 - 1e-9:
        raise GeometryError("two boundaries must be parallel or at a right angle", hint="solve others by finite differences")
    return _between(pumped, one, two, cells)


def _between(pumped: Wells, one: Line, two: Line, cells: int) -> Wells:
    """Images of images at two parallel lines: the same few again and again, each period on both sides."""
    width = abs(float(one.side(two.x0_m, two.y0_m)))
    off = one.side(pumped.x_m, pumped.y_m)
    across = float(np.sign(off[0])) * np.array([-(one.y1_m - one.y0_m), one.x1_m - one.x0_m])
    across /= float(np.hypot(*across))
    at, away = np.abs(off), float(one.side(two.x0_m, two.y0_m)) * float(off[0])
    if not (away > 0 and (at < width).all()):
        raise GeometryError("wells do not lie between the two boundaries")
    first, second = (-1.0 if line.canal else 1.0 for line in (one, two))
    every = [(at, 1.0), (-at, first)]
    period = 2.0 * width
    if one.canal != two.canal:
        every += [(2.0 * width - at, second), (2.0 * width + at, first * second)]
        period = 4.0 * width
    number, weight = np.arange(-cells, cells + 1, dtype=np.float64), np.ones(2 * cells + 1)
    if one.canal or two.canal:
        # the rest of the sum as an integral over 1 / n, by the rule of Euler and Maclaurin: what is further away is put together
        nodes, parts = np.polynomial.legendre.leggauss(_FAR)
        part = 0.5 * (nodes + 1.0) / (cells + 0.5)
        far, share = 1.0 / part, 0.5 * parts / (cells + 0.5) / part**2
        number, weight = np.concatenate([number, far, -far]), np.concatenate([weight, share, share])
    made = []
    for place, sign in every:
        for n, much in zip(number, weight, strict=True):
            move = place + n * period - at
            q = pumped.discharge_m3_d * (sign * much)
            made.append(pumped._replace(x_m=pumped.x_m + move * across[0], y_m=pumped.y_m + move * across[1], discharge_m3_d=q))
    return _together(made)


def _together(parts: list[Wells]) -> Wells:
    return Wells(*(np.concatenate(column) for column in zip(*parts, strict=True)))
