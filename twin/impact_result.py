"""What one impact gives: rasters, features, figures, and the classes by which it is judged and drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from twin.errors import ParameterError, ResultError, did_you_mean
from twin.palette import Colour

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from matplotlib.axes import Axes

    from twin.geo.city import City
    from twin.plots.marks import Mark
    from twin.result import Figure


@dataclass(frozen=True, slots=True)
class Classes:
    """How the values of a field are told apart, in maps, scenes and reports alike.

    Parameters
    ----------
    variable : str
        Of the fields of the impact.
    title, unit : str
        For people.
    borders : tuple of float
        Rising; between two of them is a class, below the first and from the last on are two more.
    colours : tuple of (int, int, int)
        One more than there are borders, sRGB.
    labels : tuple of str
        One a class.
    note : str
        What the classes are judged by, with its source.
    change_borders : tuple of float
        Rising and above 0: borders of classes of a difference, taken with both signs. Empty where no difference is drawn.
    better : {"higher", "lower", ""}
        Which way is better, so that a difference is drawn as gain or loss.
    roofs : bool
        Whether the values are of roofs, and so lie above buildings instead of beneath them.
    named : bool
        Whether classes are told by their labels instead of their borders: values are numbers of things. They have no difference.
    clear : bool
        Whether the first class is nothing to be seen, as dry ground is among depths of water: it is drawn nowhere.
    """

    variable: str
    title: str
    unit: str
    borders: tuple[float, ...]
    colours: tuple[Colour, ...]
    labels: tuple[str, ...]
    note: str = ""
    change_borders: tuple[float, ...] = ()
    better: str = ""
    roofs: bool = False
    named: bool = False
    clear: bool = False

    @property
    def change_unit(self) -> str:
        """Unit of a difference: two levels above the same thing, weighted alike, differ by decibels."""
        return "dB" if self.unit.startswith("dB") else self.unit

    def __post_init__(self) -> None:
        if len(self.colours) != len(self.borders) + 1 or len(self.labels) != len(self.colours):
            raise ParameterError(f"`{self.variable}` has {len(self.borders)} borders, so it needs {len(self.borders) + 1} classes")


@dataclass(frozen=True, eq=False, repr=False)
class ImpactResult:
    """The outcome of one impact on one side of a scenario.

    Parameters
    ----------
    key : str
        ``"sun"``, ``"sky"``, ...
    title : str
        For people.
    fields : xarray.Dataset
        Declared variables (`twin.variables`) with dims (y, x), on a grid of their own in the CRS of the city; and what is told over
        time of things (time, seed, cellar).
    features : mapping of str to GeoDataFrame
    figures : tuple of Figure
    classes : tuple of Classes
        Of the fields that are drawn, the first one first.
    assumptions : tuple of str
        What one has to know to read it, for people.
    settings : mapping
        What it was worked out with, as plain values.
    kept : object
        What the other side of a scenario can go on from; it is not saved.
    """

    key: str
    title: str
    fields: xr.Dataset
    features: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    classes: tuple[Classes, ...] = ()
    assumptions: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    kept: Any = None

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

    def classes_of(self, variable: str) -> Classes:
        """The classes of a field.

        Raises
        ------
        ResultError
            When it has none.
        """
        for one in self.classes:
            if one.variable == variable:
                return one
        raise ResultError(f"`{variable}` has no classes{did_you_mean(variable, (c.variable for c in self.classes))}")

    def difference(self, before: ImpactResult) -> xr.Dataset:
        """This minus what was before, of each field with classes of change, where the surface is the same.

        Where something was built or taken away, ground and roof would be compared: there it is NaN.

        Parameters
        ----------
        before : ImpactResult
            On the same grid.

        Raises
        ------
        ParameterError
            When it is another impact, or on another grid.
        """
        import numpy as np
        import xarray as xr

        if before.key != self.key:
            raise ParameterError(f"`{self.key}` cannot be compared with `{before.key}`")
        drawn = {str(dim) for one in self.classes for dim in self.fields[one.variable].dims}
        if any(self.fields.sizes[dim] != before.fields.sizes.get(dim) for dim in drawn) or any(
            not self.fields[name].equals(before.fields[name]) for name in ("x", "y") if name in self.fields
        ):
            raise ParameterError(f"the two sides of `{self.key}` lie on different grids")
        same = xr.DataArray(True)
        if "surface_height" in self.fields:
            heights = [side.fields["surface_height"].to_numpy() for side in (before, self)]
            same = xr.DataArray((heights[0] == heights[1]) | np.isnan(heights).all(axis=0), dims=("y", "x"))
        made = {}
        for one in self.classes:
            if one.change_borders:
                new, old = self.fields[one.variable], before.fields[one.variable]
                with np.errstate(invalid="ignore"):  # what is inf on both sides has not changed: NaN
                    change = (new.astype("float32") - old.astype("float32")).where(same)
                label = new.attrs.get("long_name", one.title)
                units = one.change_unit if one.change_unit != one.unit else new.attrs.get("units", "")
                change.attrs = {"units": units, "long_name": f"change of {label}"}
                made[f"{one.variable}_change"] = change
        return xr.Dataset(made, attrs=dict(self.fields.attrs))

    def plot_map(
        self,
        variable: str | None = None,
        *,
        day: str | None = None,
        before: ImpactResult | None = None,
        city: City | None = None,
        ax: Axes | None = None,
        bounds: tuple[float, float, float, float] | None = None,
        title: str | None = None,
        changes: Sequence[Mark] = (),
        language: Literal["en", "nl"] = "en",
    ) -> Axes:
        """A map of a field in the classes that it is judged by, with scale bar, north, key and credits.

        Parameters
        ----------
        variable : str, optional
            One with classes; by default the first.
        day : str, optional
            Of a field by days, ``"2026-03-21"``; by default the first.
        before : ImpactResult, optional
            The same without the changes: then what they do is drawn, gain and loss.
        city : City, optional
            To draw beneath and above.
        ax : matplotlib.axes.Axes, optional
        bounds : (west, south, east, north), optional
            Part to show, in the CRS of the city [m].
        title : str, optional
        changes : sequence of Mark
            What the scenario changes, to outline and number; `twin.scenario.marks.marks_of` tells it.
        language : {"en", "nl"}

        Raises
        ------
        ResultError
            When the field has no classes.
        ParameterError
            When there is no such day.
        """
        from twin.plots.impact import plot_impact

        return plot_impact(
            self, variable, day=day, before=before, city=city, ax=ax, bounds=bounds, title=title, changes=changes,
            language=language,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<ImpactResult {self.key}: {', '.join(map(str, self.fields.data_vars))}; {', '.join(self.features)}>"
