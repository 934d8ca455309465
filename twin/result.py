"""What a run gives back: fields, trajectories, features, a summary, and where it all came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from twin.errors import ResultError, did_you_mean

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import pedpy
    import xarray as xr
    from matplotlib.axes import Axes

    from twin.geo.city import City
    from twin.impact_result import ImpactResult
    from twin.recording import Recording


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that a report prints.

    Parameters
    ----------
    key : str
        Name in code, e.g. ``"density_max"``.
    label : str
        Name for people.
    value : float
        NaN when it does not apply or was not reached.
    unit : str
        SI.
    limit : float, optional
        What it is judged by.
    limit_source : str
        Where the limit stands.
    better : {"lower", "higher", ""}
        Which way is better; decides the verdict against the limit.
    digits : int
        Decimals to print.
    note : str
        What one has to know to read it.
    exact : bool
        Whether chance plays no part in it, so that every seed gives the same.
    headline : bool
        Whether a report answers with it, be there a limit or not.
    of_changes : bool
        Whether it counts what the changes do, so that there is nothing to tell of the side without them.
    told : str
        A sentence that says it better than label and value, e.g. ``"All sources must be 3.0 dB weaker"``.
    unknown : bool
        Whether a value of NaN is one that has to be known and is not, which is no better than one beyond the limit; the note says
        why. Else it does not apply.
    """

    key: str
    label: str
    value: float
    unit: str
    limit: float | None = None
    limit_source: str = ""
    better: str = ""
    digits: int = 1
    note: str = ""
    exact: bool = False
    headline: bool = False
    of_changes: bool = False
    told: str = ""
    unknown: bool = False

    @property
    def limit_digits(self) -> int:
        """Decimals to print of the limit: more than of the value where it has more."""
        limit = self.limit or 0.0
        return next((n for n in range(self.digits, 7) if abs(round(limit, n) - limit) < 1e-9), self.digits)

    @property
    def verdict(self) -> str:
        """``"meets"``, ``"exceeds"``, ``"falls short"``, ``"not known"``, or an empty string: there is no limit, or it does not
        apply."""
        if self.limit is None:
            return ""
        if self.value != self.value:
            return "not known" if self.unknown else ""
        if self.better == "higher":
            return "meets" if self.value >= self.limit else "falls short"
        return "meets" if self.value <= self.limit else "exceeds"


def headlined(figures: Iterable[Figure], *keys: str, of_changes: Sequence[str] = ()) -> tuple[Figure, ...]:
    """Figures, those of some keys as headlines.

    Parameters
    ----------
    figures : iterable of Figure
    *keys : str
        Of headlines; what is not among the figures is left out.
    of_changes : sequence of str
        Keys of figures that count what the changes do.

    Returns
    -------
    tuple of Figure
    """
    return tuple(replace(one, headline=one.key in keys, of_changes=one.key in of_changes) for one in figures)


class _Trajectories:
    """`Result.trajectories`: given as a table or as a recording, had as a table."""

    def __get__(self, result: Result | None, owner: type[Result] | None = None) -> pd.DataFrame:
        if result is None:
            raise AttributeError("trajectories")
        return result.recording.table()

    def __set__(self, result: Result, given: pd.DataFrame | Recording) -> None:
        from twin.recording import Recording

        result.__dict__["_recording"] = given if isinstance(given, Recording) else Recording(given)


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """The outcome of one run.

    Parameters
    ----------
    fields : xarray.Dataset
        Variables of `twin.variables`, dims (time, level, y, x); coordinates in the CRS of the city. ``attrs`` hold
        ``crs`` (authority code or WKT).
    trajectories : DataFrame or Recording
        Long table ``id, frame, x, y, level`` and ``z`` (floor height) [m], in PedPy's terms; ``attrs["frame_rate"]`` [1/s].
        Had as a DataFrame: those of a long run lie in a file, which is then read whole; `recording` has them by parts.
    features : mapping of str to GeoDataFrame
        ``exits``, ``lines``, ``areas``, ``hotspots``, ``floor`` (what people can walk on, by level) in the CRS of the city.
    series : DataFrame
        One row a second of the run: ``time_s``, ``present``, ``waiting``, ``left``; ``exit_<name>`` (people gone through); of
        lines ``line_<name>_right``, ``_left`` (crossings so far) and ``_people`` (who have crossed); ``area_<name>``
        (people in it).
    figures : tuple of Figure
        What the report prints.
    provenance : mapping
        Scenario text, seed, versions, input checksums, assumptions, warnings.
    partial : bool
        True when the run was interrupted; everything up to then is valid.
    impacts : mapping of str to ImpactResult
        What else was worked out of the city: ``result.impacts["sun"].fields["sun_hours"]``. Their figures are among `figures`.
    """

    fields: xr.Dataset
    trajectories: pd.DataFrame
    features: Mapping[str, gpd.GeoDataFrame]
    series: pd.DataFrame
    figures: tuple[Figure, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    partial: bool = False
    impacts: Mapping[str, ImpactResult] = field(default_factory=dict)

    @property
    def has_crowd(self) -> bool:
        """Whether anybody was simulated: a scenario without people has impacts only."""
        return bool(self.fields.data_vars)

    @property
    def recording(self) -> Recording:
        """The trajectories, to be read as far as needed."""
        recording: Recording = self.__dict__["_recording"]
        return recording

    def flow(self, line: str, *, interval_s: float = 60.0) -> pd.DataFrame:
        """Flow over a counting line by intervals.

        Parameters
        ----------
        line : str
        interval_s : float
            The last interval ends with the run and may be shorter [s].

        Returns
        -------
        DataFrame
            ``time_s`` (end of the interval), ``to_right`` and ``to_left`` (crossings), ``per_s`` [1/s] and ``per_m_s``: a metre of
            the line on the floor [1/(m s)].

        Raises
        ------
        ResultError
            When there is no such line.
        ParameterError
            When the interval is not above 0.
        """
        from twin.counted import flow

        frame = self.features.get("lines")
        width = float(frame.loc[line, "width_m"]) if frame is not None and line in frame.index else 0.0
        return flow(self.series, line, interval_s=interval_s, width_m=width)

    def n_t(self, line: str) -> pd.DataFrame:
        """How many people have crossed a counting line by each moment; everybody counts once, in either direction.

        Returns
        -------
        DataFrame
            ``time`` [s] and ``cumulative_pedestrians``, as `twin.measures.n_t` names them.

        Raises
        ------
        ResultError
            When there is no such line.
        """
        from twin.counted import n_t

        return n_t(self.series, line)

    def occupancy(self) -> pd.DataFrame:
        """People in each area at each moment: index ``time_s``, one column an area (zones of events, areas of the scenario)."""
        from twin.counted import occupancy

        return occupancy(self.series)

    def level_of_service(self, scheme: str = "walkway") -> xr.DataArray:
        """Fruin's level of service over time, 1 to 6 for A to F and 0 where nobody is; dims (time, level, y, x).

        Parameters
        ----------
        scheme : {"walkway", "stairs", "queueing"}

        Raises
        ------
        ParameterError
            When there is no such scheme.
        """
        import numpy as np
        import xarray as xr

        from twin.sim.crowd.measures import level_of_service
        from twin.sparse_fields import slabs
        from twin.variables import variable

        density = self.fields["density"]
        classes = np.zeros(density.shape, np.uint8)
        for k, now in enumerate(slabs(density)):
            classes[k] = level_of_service(now, scheme)
        declared = variable("level_of_service_interval").array(classes, scheme=scheme)
        return xr.DataArray(declared, coords=density.coords, name="level_of_service_interval")

    def with_(self, **changes: Any) -> Result:
        """The same with other parts. Unlike `dataclasses.replace` it does not read trajectories that lie in a file."""
        return replace(self, **{"trajectories": self.recording, **changes})

    @property
    def summary(self) -> dict[str, Any]:
        """The figures by key: value, unit and limit."""
        return {figure.key: asdict(figure) for figure in self.figures}

    def figure(self, key: str) -> Figure:
        """One figure by key.

        Raises
        ------
        ResultError
            When there is none of that name.
        """
        for figure in self.figures:
            if figure.key == key:
                return figure
        raise ResultError(f"there is no figure `{key}`{did_you_mean(key, (f.key for f in self.figures))}")

    def to_pedpy(self, *, level: str | None = None) -> pedpy.TrajectoryData:
        """The trajectories of one level as PedPy's `TrajectoryData`, in the coordinates of the city.

        The floor for it is ``pedpy.WalkableArea(result.features["floor"].geometry[level])``.

        Parameters
        ----------
        level : str, optional
            May be left out where people walk on one level only.

        Raises
        ------
        ParameterError
            When there are several levels, or none of that name.
        MissingExtraError
            When PedPy is not installed.
        """
        from twin.exchange import to_pedpy

        return to_pedpy(self.recording, level=level)

    def to_jupedsim(self, path: str | Path, *, level: str | None = None) -> Path:
        """Write the trajectories of one level as a SQLite file of JuPedSim, which its `Recording` and PedPy open.

        The heading of each person is that of its movement; the geometry is the parts of the floor on which anybody was.

        Parameters
        ----------
        path : path
        level : str, optional
            May be left out where people walk on one level only.

        Raises
        ------
        ParameterError
            When there are several levels, or none of that name.
        ResultError
            When the result does not hold its floor.
        OutputError
            When the file cannot be written; nothing half-written is left.
        """
        from twin.exchange import level_of, to_jupedsim

        level = level_of(self.recording, level)
        floor = self.features.get("floor")
        if floor is None or level not in floor.index:
            raise ResultError("the result does not hold the floor people walk on", hint="run the scenario again")
        return to_jupedsim(self.recording, Path(path), floor=floor.geometry[level], level=level)

    def save(self, folder: str | Path) -> Path:
        """Write NetCDF, Parquet, GeoPackage and JSON into a folder; `open_result` reads it back.

        Raises
        ------
        OutputError
            When the folder cannot be written; nothing half-written is left under its final name.
        """
        from twin.result_io import save_result

        return save_result(self, Path(folder))

    def plot_map(
        self,
        variable: str = "density",
        *,
        time: float | Literal["max", "mean"] | None = None,
        level: str | None = None,
        city: City | None = None,
        ax: Axes | None = None,
        cmap: Any = None,
        classes: Sequence[float] | Literal["fruin"] | None = "fruin",
        scheme: Literal["walkway", "stairs", "queueing"] = "walkway",
        vmax: float | None = None,
        bounds: tuple[float, float, float, float] | None = None,
        labels: bool = True,
        title: str | None = None,
        language: Literal["en", "nl"] = "en",
    ) -> Axes:
        """A map of a variable, with exits, counting lines, the densest places, scale bar, north, key and credits.

        Parameters
        ----------
        variable : str
            Of `fields`, or ``"level_of_service_interval"``.
        time : float or {"max", "mean"}, optional
            The interval that this moment lies in [s], or what is made of all; by default the highest, of speeds the mean.
        level : str, optional
            By default, in each cell the level on which it is densest.
        city : City, optional
            To draw beneath; without it the floor is drawn.
        ax : matplotlib.axes.Axes, optional
            To draw in; by default those of a new figure.
        cmap : str or Colormap, optional
            By default `lajolla`, which keeps its order for colour-blind readers.
        classes : "fruin", sequence of float, or None
            Classes of level of service with their letters (of densities), rising borders of one's own, or a continuous scale.
        scheme : {"walkway", "stairs", "queueing"}
            Of Fruin's classes.
        vmax : float, optional
            Upper end of a continuous scale.
        bounds : (west, south, east, north), optional
            Part to show, in the CRS of the city [m].
        labels : bool
            Whether exits, lines and places are named.
        title : str, optional
        language : {"en", "nl"}

        Raises
        ------
        ParameterError
            When there is no such variable, moment, level or scheme, or nothing of the result lies in the window.
        """
        from twin.plots.map import plot_result

        return plot_result(
            self, variable, time=time, level=level, city=city, ax=ax, cmap=cmap, classes=classes, scheme=scheme, vmax=vmax,
            bounds=bounds, labels=labels, title=title, language=language,
        )  # fmt: skip

    def plot_series(
        self,
        what: Literal["people", "density", "exits", "lines", "areas"] = "people",
        *,
        ax: Axes | None = None,
        language: Literal["en", "nl"] = "en",
    ) -> Axes:
        """A chart over time, with the limit where one is known.

        Parameters
        ----------
        what : {"people", "density", "exits", "lines", "areas"}
            People present, gone and waiting; density at the densest places; people who have left by exit; who have crossed a line
            (N-t); who are in an area.
        ax : matplotlib.axes.Axes, optional
        language : {"en", "nl"}

        Raises
        ------
        ParameterError
            When there is no such series.
        ResultError
            When the result has nothing of that kind.
        """
        from twin.plots.series import plot_series

        return plot_series(self, what, ax=ax, language=language)

    def plot_flow(
        self,
        places: str | Sequence[str] | None = None,
        *,
        interval_s: float = 60.0,
        ax: Axes | None = None,
        language: Literal["en", "nl"] = "en",
    ) -> Axes:
        """Flow at exits and counting lines by intervals [people a minute].

        Parameters
        ----------
        places : str or sequence of str, optional
            Exits and lines; by default all.
        interval_s : float
            [s].
        ax : matplotlib.axes.Axes, optional
        language : {"en", "nl"}

        Raises
        ------
        ResultError
            When nobody was counted there.
        ParameterError
            When the interval is not above 0.
        """
        from twin.plots.series import plot_flow

        return plot_flow(self, places, interval_s=interval_s, ax=ax, language=language)

    def plot_section(
        self,
        variable: str,
        start: Sequence[float],
        end: Sequence[float],
        *,
        level: str | None = None,
        ax: Axes | None = None,
        cmap: Any = None,
        classes: Sequence[float] | Literal["fruin"] | None = "fruin",
        scheme: Literal["walkway", "stairs", "queueing"] = "walkway",
        vmax: float | None = None,
        language: Literal["en", "nl"] = "en",
    ) -> Axes:
        """A variable along a line over time: distance to the right, time upwards. It shows where a jam begins and how it grows.

        Parameters
        ----------
        variable : str
            One over time, such as ``"density"``.
        start, end : (x, y) or shapely Point
            Ends of the line in the CRS of the city [m].
        level, ax, cmap, classes, scheme, vmax, language
            As in `plot_map`.

        Raises
        ------
        ParameterError
            When the variable does not change over time, or the line lies where nobody came.
        """
        from twin.plots.spacetime import plot_space_time

        return plot_space_time(
            self, variable, start, end, level=level, ax=ax, cmap=cmap, classes=classes, scheme=scheme, vmax=vmax, language=language
        )

    def _repr_html_(self) -> str:
        from twin.plots.cards import result_card

        return result_card(self)

    def __repr__(self) -> str:
        state = ", partial" if self.partial else ""
        told = [f"{self.recording.people()} people, {dict(self.fields.sizes)}"] if self.has_crowd else []
        return f"<Result: {'; '.join([*told, *self.impacts])}{state}>"


setattr(Result, "trajectories", _Trajectories())  # noqa: B010 (a default, for dataclasses and mypy, if it stood in the class)


def open_result(folder: str | Path) -> Result:
    """Read what `Result.save` wrote; fields and trajectories are opened lazily.

    Raises
    ------
    MissingFileError
        When the folder is not there.
    ResultError
        When it does not hold a result.
    """
    from twin.result_io import load_result

    return load_result(Path(folder))
