"""A section of a city, of one side of a scenario, or of what was worked out of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import pandas as pd
import shapely

from twin.errors import GeometryError, ParameterError
from twin.geo.city import City, read_city
from twin.plots.basemap import credits_of, name_of
from twin.plots.course import Course, course_along
from twin.plots.cutting import datum_of
from twin.plots.parts import Part, city_parts, ground_along
from twin.plots.section import see_within
from twin.run import as_scenario, changed_city, load_city
from twin.scenario import Scenario
from twin.sections.pits import in_place_of, pit_line, pit_named, pit_parts, pits_of, without_pits
from twin.sections.soil import ground_by_soundings, known_by_city, soil_parts, sounding_parts, water_parts, well_parts
from twin.sections.worked_out import damage, given_layers, levels_of, pit_impact, profiles
from twin.soil import SoilModel, layers_from

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from twin.impact_result import ImpactResult
    from twin.result import Result

COLUMNS = ("kind", "id", "label", "certainty", "low_m", "high_m", "from_m", "to_m", "area_m2")


@dataclass(frozen=True, eq=False, repr=False)
class Section:
    """A vertical section along a line, as data; `plot` and `save` draw it.

    Parameters
    ----------
    city : City
        What was cut.
    course : Course
        The line, unrolled.
    drawn : tuple of Part
        What it meets.
    along : DataFrame
        Every so many decimetres: ``distance_m``, ``x``, ``y``, ``ground_m``, ``estimated`` (whether the ground is); where the
        impact ``pit`` was worked out ``settlement_mm``, ``groundwater_m``, ``groundwater_before_m``, ``drawdown_m`` and what
        else `twin.sections.worked_out.profiles` has.
    damage : mapping
        Of buildings by id, where the impact ``pit`` was worked out.
    title : str
        Of the drawing; empty for a plain one.
    way : (str, str)
        ``("across", name)`` or ``("along", name)`` of a pit; empty otherwise.
    side : {"", "baseline", "variant"}
        Of a scenario.
    notes : tuple of str
        What was assumed and what is doubted.
    soil_known : bool
        Whether any sounding tells of the soil along the line.
    """

    city: City
    course: Course
    drawn: tuple[Part, ...]
    along: pd.DataFrame
    damage: Mapping[str, Mapping[str, Any]]
    title: str = ""
    way: tuple[str, str] = ("", "")
    side: str = ""
    notes: tuple[str, ...] = ()
    soil_known: bool = False

    @property
    def line(self) -> shapely.LineString:
        """The line in plan, in the CRS of the city."""
        return self.course.line

    @property
    def length_m(self) -> float:
        """[m]"""
        return self.course.length

    @property
    def datum(self) -> str:
        """What heights count from; empty where the system does not say."""
        return datum_of(self.city)

    @property
    def bends(self) -> list[tuple[float, float]]:
        """Distance along the line [m] and turn to the left [deg] of each bend."""
        return self.course.bends

    @property
    def name(self) -> str:
        """Of the city."""
        return name_of(self.city)

    @property
    def credits(self) -> list[str]:
        """Who the data are from."""
        return credits_of(self.city)

    @property
    def parts(self) -> gpd.GeoDataFrame:
        """What the line meets, a row a thing.

        Returns
        -------
        GeoDataFrame
            Without a CRS: x is the distance along the line and y the height in the vertical datum [m]. Columns ``kind``
            (``ground``, ``water``, ``street``, ``building``, ``bridge``, ``cellar``, ``vault``, ``main``, ``tree``, ``soil``,
            ``boundary``, ``sounding``, ``phreatic``, ``head``, ``pit``, ``pit stage``, ``wall``, ``strut``, ``anchor``,
            ``concrete``, ...), ``id``, ``label``, ``certainty``, ``from_m``, ``to_m``, ``low_m``, ``high_m`` [m], ``area_m2``, and
            what is known of that kind: ``soil_class``, ``level_m``, ``aside_m``, ``stage``, ``floor_m``, ``ring_m``, ``category``.
        """
        rows = []
        for part in self.drawn:
            west, low, east, high = part.shape.bounds
            told = {key: value for key, value in part.values.items() if key != "trace"}
            if part.kind == "building":
                told |= self.damage.get(part.id, {})
            own = (part.kind, part.id, part.label, part.certainty, low, high, west, east, part.shape.area)
            rows.append({**told, **dict(zip(COLUMNS, own, strict=True))})
        table = pd.DataFrame(rows, columns=list(dict.fromkeys([*COLUMNS, *(key for row in rows for key in row)])))
        return gpd.GeoDataFrame(table, geometry=[part.shape for part in self.drawn])

    def plot(
        self, ax: Axes | None = None, *, language: Literal["en", "nl"] = "en", exaggeration: float = 1.0,
        scale: float | None = None,
        paper: str | None = None, depth_m: float | None = None, labels: bool = True,
    ) -> Axes:  # fmt: skip
        """Draw it: a sheet to scale with legend, key plan and title block, or only the section on axes that are given.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        language : {"en", "nl"}
        exaggeration : float
            How many times larger heights are drawn than distances; 1 is true to scale.
        scale : float, optional
            200 for 1:200; by default the largest of those on a scale ruler that fits the paper.
        paper : {"A4", "A3"}, optional
            By default A4 where 1:100 or larger fits on it, else A3. A sheet becomes longer where a scale that is asked for needs
            it.
        depth_m : float, optional
            How far below the lowest ground the drawing goes [m].
        labels : bool

        Raises
        ------
        ParameterError
            For a language, paper, scale or exaggeration that there is not.
        """
        from twin.plots.sheet import draw_sheet

        return draw_sheet(
            self, ax=ax, language=language, exaggeration=exaggeration, scale=scale, paper=paper, depth_m=depth_m, labels=labels
        )

    def save(self, path: str | Path, **how: Any) -> Path:
        """Write the sheet as ``.svg`` (text as text), ``.pdf`` (fonts embedded) or ``.png``, the same to the byte each time.

        Parameters
        ----------
        path : str or Path
        **how
            As `plot` has them, without `ax`; ``dpi`` of a PNG, 200 by default.

        Raises
        ------
        OutputError
            When the suffix is another one, or the folder is not there.
        """
        from twin.plots.sheet import save_sheet

        return save_sheet(self, Path(path), **how)

    def __repr__(self) -> str:
        kinds = pd.Series([part.kind for part in self.drawn], dtype="str").value_counts()
        return f"<Section of {self.name!r}, {self.length_m:.1f} m: {', '.join(f'{n} {kind}' for kind, n in kinds.items())}>"


def section(
    where: City | Scenario | str | Path, line: shapely.LineString | Sequence[Sequence[float]] | None = None, *,
    across: str | None = None, along: str | None = None, city: City | None = None, result: Result | ImpactResult | None = None,
    baseline: bool = False,
    soil: SoilModel | bool = True, stage: str | None = None, beside_m: float = 5.0, near_m: float = 25.0,
    margin_m: float | None = None, title: str | None = None,
) -> Section:  # fmt: skip
    """A section along a line, or across or along a pit.

    Parameters
    ----------
    where : City, Scenario or path
        A city (also its file, or ``"sample"``), or a scenario (also its file), of which a side is cut.
    line : LineString or sequence of (x, y), optional
        In the CRS of the city [m]; it may bend and cross itself. Without it, and without `across` and `along`, it goes across
        the pit, if there is one.
    across, along : str, optional
        Instead of a line: the id of a pit, through whose middle it goes; ``""`` is the only one that is designed.
    city : City, optional
        Of a scenario, where it has been read before.
    result : Result or ImpactResult, optional
        With the impact ``pit``, of which groundwater before and after, settlement and damage are drawn.
    baseline : bool
        Of a scenario the side without its changes.
    soil : SoilModel or bool
        By default that of the soundings of the city, where it has any.
    stage : str, optional
        Of a pit, drawn as it is then; by default the last of the deepest ones.
    beside_m : float
        Trees so near to the line are shown [m].
    near_m : float
        Soundings and wells so near to the line are turned into it [m].
    margin_m : float, optional
        Of `across` and `along`: how far the line goes on beside the pit [m].
    title : str, optional
        By default that of the scenario.

    Raises
    ------
    ParameterError
        When the line is none, shorter than a metre or does not touch the city, or there is no such pit or stage.
    TwinError
        As `read_city`, `read_scenario` and the changes of a scenario.

    Examples
    --------
    >>> import twin
    >>> drawn = twin.section("sample", along="pit-garage", soil=True)
    >>> round(drawn.length_m, 1)
    76.8
    """
    if isinstance(where, str | Path) and Path(where).suffix.lower() in (".yaml", ".yml"):
        where = as_scenario(where)
    city, side, told, dug = _city(where, city, baseline)
    if (line is not None) + (across is not None) + (along is not None) > 1:
        raise ParameterError("a section goes along one line", hint="give a line, or `across` a pit, or `along` a pit")
    for name, value in (("beside_m", beside_m), ("near_m", near_m)):
        if not (isinstance(value, int | float) and 0.0 <= value < math.inf):
            raise ParameterError(f"`{name}` {value!r} is no distance", hint="0 or more, in metres")
    way = ("", "")
    if line is None:
        which = "along" if along is not None else "across"
        pit = pit_named(dug, along if along is not None else across)
        line, way = pit_line(pit, which, margin_m), (which, pit.label or pit.id)
        line = _within(line, city)
    course = course_along(line)
    see_within(city, course)
    impact = pit_impact(result)
    model, notes = _model(city, soil, given_layers(impact, where))
    ground = without_pits(city, course, ground_along(city, course))
    ground = ground if model is None or known_by_city(city) else ground_by_soundings(model, course, ground)
    parts = [part for part in city_parts(city, course, ground, beside_m) if part.kind != "pit"]
    layers = soil_parts(model, course, ground) if model is not None else []
    levels, more = water_parts(city, model, course) if soil is not False else ([], ())
    levels, more = levels_of(impact, course, levels), more if impact is None else ()
    soundings = sounding_parts(city, model, course, near_m) + well_parts(city, course, near_m) if soil is not False else []
    pits = pit_parts(city, course, stage, near_m)
    streets = _outside([part for part in parts if part.kind == "street"], pits)
    parts = in_place_of(pits_of(city) if pits else [], city, [*streets, *(part for part in parts if part.kind != "street")])
    parts = [*layers, *_outside(levels, [*parts, *pits]), *soundings, *parts, *pits]
    columns = {"distance_m": ground.distance, **dict(zip("xy", course.at(ground.distance).T, strict=True))}
    table = pd.DataFrame({**columns, "ground_m": ground.height, "estimated": ground.estimated})
    table = table.assign(**profiles(impact, table[["x", "y"]].to_numpy()))
    return Section(
        city, course, tuple(parts), table, damage(impact), told if title is None else title, way, side, (*notes, *more),
        bool(layers),
    )


def _city(where: Any, read: City | None, baseline: bool) -> tuple[City, str, str, City]:
    """The city that is cut, of which side of a scenario it is, the title of that, and the city with its pits."""
    if isinstance(where, City):
        return where, "", "", where
    if isinstance(where, Scenario):
        city = load_city(where) if read is None else read
        changed = changed_city(where, city).city
        if baseline:
            return changed_city(where, city, baseline=True).city, "baseline", where.title, changed
        return changed, "variant", where.title, changed
    city = read_city(where)
    return city, "", "", city


def _outside(lines: list[Part], others: list[Part]) -> list[Part]:
    """Lines where there is ground: not in open water, nor in a pit."""
    open_to = [part.shape for part in others if part.kind == "water" or (part.kind == "pit" and part.values["dug"])]
    gaps = shapely.union_all([shapely.box(one.bounds[0], -1e4, one.bounds[2], 1e4) for one in open_to if not one.is_empty])
    made = []
    for part in lines:
        left = shapely.difference(part.shape, gaps)
        made += [part._replace(shape=one) for one in shapely.get_parts(left) if one.length > 1e-6]
    return made


def _within(line: shapely.LineString, city: City) -> shapely.LineString:
    """A line by a pit ends where the city does."""
    inside = shapely.intersection(line, shapely.box(*city.bounds))
    return inside if inside.geom_type == "LineString" and inside.length >= 1.0 else line


def _model(
    city: City, soil: SoilModel | bool, layers: list[dict[str, Any]]
) -> tuple[SoilModel | None, tuple[str, ...]]:
    """The soil that is drawn: as given, or the layers by hand that the pit was worked out with, or that of the soundings."""
    if isinstance(soil, SoilModel):
        return soil, tuple(f"{key}: {why}" for key, why in soil.left_out.items())
    if soil is False:
        return None, ()
    if layers:
        return SoilModel.from_table(layers_from(layers, where="layers")), ()
    if not len(city.soundings):
        return None, ()
    try:
        model = SoilModel.from_city(city)
    except GeometryError as error:
        return None, (error.what,)
    return model, tuple(f"{key}: {why}" for key, why in model.left_out.items())
