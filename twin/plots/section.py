"""A vertical section through a city: ground, water, buildings cut open, what lies below, in true heights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin import palette
from twin.errors import ParameterError
from twin.plots.basemap import credits_of, name_of
from twin.plots.canvas import INK, PAPER, SOFT, axes_of, foot, head, key, rgb
from twin.plots.cutting import Cut, crossed, cut_objects, datum_of, guessed, mains, profile, under_streets
from twin.plots.slicing import Plane, plane_through
from twin.plots.words import number, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from twin.geo.city import City

EARTH = (206, 188, 158)
WALL = (150, 96, 74)
SURFACE_ONLY = (96, 88, 78)
DEEPEST_M = 2.0
"""Ground that is drawn below the lowest thing in it [m]."""

FLATTEST = 9.0
"""A section is at most so many times as long as high."""

FILLS = {"buildings": WALL, "cellars": (232, 222, 206), "bridges": palette.SURFACES["bridge"], "other": (150, 132, 116)}
NAMES = {"buildings": "building", "cellars": "cellar", "bridges": "bridge", "other": "construction", "tunnels": "tunnel"}
ORDER = {"other": 5.0, "bridges": 5.2, "buildings": 5.4, "cellars": 5.6}


def plot_city_section(
    city: City, start: object, end: object, *, ax: Axes | None = None, exaggeration: float = 1.0, beside_m: float = 5.0,
    depth_m: float | None = None, labels: bool = True, language: str = "en",
) -> Axes:  # fmt: skip
    """Draw a section; see `City.plot_section`."""
    told = words(language)
    if not (np.isfinite(exaggeration) and exaggeration > 0):
        raise ParameterError(
            f"heights {exaggeration!r} times as large are not possible", hint="1 is true to scale, 2 doubles heights"
        )
    if not beside_m >= 0:
        raise ParameterError(f"trees within {beside_m!r} m of the line are not possible", hint="0 leaves them out")
    plane = plane_through(start, end)
    _see_within(city, plane)
    cuts = cut_objects(city, plane)
    distance, ground = under_streets(city, plane, *profile(city, plane))
    low, high = _not_too_flat(*_height_window(city, plane, cuts, ground, depth_m), plane.length / exaggeration)
    ax = axes_of(ax, _size(plane.length, high - low, exaggeration))
    ax.set_xlim(0.0, plane.length)
    ax.set_ylim(low, high)
    ax.set_aspect(exaggeration, adjustable="box", anchor="NW")
    ax.set_facecolor(PAPER)
    seen: dict[str, Any] = {}
    _draw_ground(ax, distance, ground, guessed(city, plane, distance), low, seen, told)
    _draw_water(ax, city, plane, ground, distance, seen, told)
    _draw_streets(ax, city, plane, distance, ground, seen, told)
    _draw_pits(ax, city, plane, seen, told)
    _draw_cuts(ax, cuts, seen, told)
    _draw_flat_cellars(ax, city, plane, {cut.id for cut in cuts}, seen, told)
    _draw_mains(ax, city, plane, seen, told)
    if beside_m > 0:
        _draw_trees(ax, city, plane, beside_m, seen, told)
    if labels:
        _heights_of_roofs(ax, cuts, language)
    _dress(ax, city, plane, exaggeration, seen, told)
    return ax


def _see_within(city: City, plane: Plane) -> None:
    west, south, east, north = city.bounds
    if not plane.line.intersects(shapely.box(west, south, east, north)):
        raise ParameterError(
            "the line of the section does not touch the city",
            hint=f"the city reaches from ({west:.0f}, {south:.0f}) to ({east:.0f}, {north:.0f}) m",
        )


def _size(length: float, height: float, exaggeration: float) -> tuple[float, float]:
    """Width and height of a figure for a true section [in]."""
    return 12.0, float(np.clip(9.4 * exaggeration * height / length, 2.2, 9.0)) + 1.5


def _not_too_flat(low: float, high: float, length: float) -> tuple[float, float]:
    """More sky and ground, where a strip true to scale would be too flat to be read."""
    lacking = max(0.0, length / FLATTEST - (high - low))
    return low - 0.3 * lacking, high + 0.7 * lacking


def _height_window(
    city: City, plane: Plane, cuts: list[Cut], ground: NDArray[np.float64], depth_m: float | None
) -> tuple[float, float]:
    """From below the lowest thing to above the highest [m]."""
    known = ground[np.isfinite(ground)]
    heights = [float(known.min()), float(known.max())] if len(known) else [0.0]
    for cut in cuts:
        for shape in (cut.area, cut.lines):
            if not shape.is_empty:
                heights += [shape.bounds[1], shape.bounds[3]]
    heights += [float(value) for _, row in crossed(city, "pits", plane) for value in (row.get("bottom_m"),) if value is not None]
    heights += [top for top, _, _ in mains(city, plane)]
    finite = [value for value in heights if np.isfinite(value)]
    low = min(finite) - DEEPEST_M if depth_m is None else (float(known.min()) if len(known) else min(finite)) - float(depth_m)
    high = max(finite)
    return low, high + max(2.5, 0.06 * (high - low))


def _draw_ground(
    ax: Axes, distance: NDArray[np.float64], ground: NDArray[np.float64], estimated: NDArray[np.bool_], low: float,
    seen: dict[str, Any], told: Any,
) -> None:  # fmt: skip
    """The ground; paler and below a dashed line where its height is estimated."""
    for name, rows, pale, style in (("ground", ~estimated, 0.0, "-"), ("ground_guessed", estimated, 0.55, "--")):
        known = np.isfinite(ground) & rows
        if not known.any():
            continue
        # up to the next place that is told, so that no gap is left between the two
        reach = known | np.append(False, known[:-1]) & np.isfinite(ground)
        fill = ax.fill_between(distance, low, ground, where=reach, color=rgb(EARTH, pale), linewidth=0, zorder=1, gid=name)
        line = np.where(reach, ground, np.nan)
        ax.plot(distance, line, style, color=rgb((110, 92, 66)), linewidth=1.1, zorder=4, gid=f"{name} line")
        fill.set_label(told[name])
        seen[name] = fill


def _draw_water(
    ax: Axes, city: City, plane: Plane, ground: NDArray[np.float64], distance: NDArray[np.float64], seen: dict[str, Any], told: Any
) -> None:
    """Water from its surface to the ground below; where that is not known, a metre that fades and a note."""
    for reach, row in crossed(city, "water", plane):
        surface = row.get("z_m")
        for start, end in reach:
            inside = (distance > start) & (distance < end)
            bed = ground[inside]
            level = (
                float(surface)
                if surface is not None and np.isfinite(surface)
                else float(np.nanmin(bed))
                if inside.any()
                else np.nan
            )
            if not np.isfinite(level):
                continue
            deep = inside.any() and float(np.nanmax(level - bed)) > 0.1
            at = np.concatenate([[start], distance[inside], [end]])
            bottom = np.interp(at, distance, ground) if deep else np.full(len(at), level - 1.0)
            fill = ax.fill_between(
                at,
                np.minimum(bottom, level),
                level,
                color=rgb((120, 170, 190)),
                alpha=1.0 if deep else 0.45,
                linewidth=0,
                zorder=2,
                gid="water",
            )
            fill.set_label(told["water"] if deep else f"{told['water']} ({told['water_open']})")
            seen["water"] = fill
            ax.plot([start, end], [level, level], color=rgb(palette.WATER), linewidth=1.4, zorder=3, gid="water line")
            ax.plot(0.5 * (start + end), level, marker="v", markersize=6, color=rgb(palette.WATER), zorder=3, clip_on=True)


def _draw_streets(
    ax: Axes, city: City, plane: Plane, distance: NDArray[np.float64], ground: NDArray[np.float64], seen: dict[str, Any], told: Any
) -> None:
    """Streets as a thick line at their height; bridges that are not cut out of a mesh as a slab."""
    for name in ("roads", "streets"):
        for reach, row in crossed(city, name, plane):
            if str(row.get("surface", "")) == "bridge":
                continue
            z = row.get("z_m")
            for start, end in reach:
                at = np.linspace(start, end, 24)
                level = np.full(len(at), float(z)) if z is not None and np.isfinite(z) else np.interp(at, distance, ground)
                colour = rgb(palette.SURFACES.get(str(row.get("surface", "street")).lower(), palette.SURFACES["street"]))
                (line,) = ax.plot(at, level, color=colour, linewidth=3.2, solid_capstyle="butt", zorder=4.4, gid="street")
                line.set_label(told["road"])
                seen.setdefault("street", line)
    for reach, row in crossed(city, "bridges", plane):
        top, below = row.get("z_m"), row.get("underside_z_m")
        if top is None or not np.isfinite(top):
            continue
        below = float(below) if below is not None and np.isfinite(below) else float(top) - 0.6
        for start, end in reach:
            _fill(ax, shapely.box(start, below, end, float(top)), "bridges", 5.2, seen, told["bridge"])


def _draw_pits(ax: Axes, city: City, plane: Plane, seen: dict[str, Any], told: Any) -> None:
    from matplotlib.patches import Rectangle

    for reach, row in crossed(city, "pits", plane):
        bottom, top = (_or(row.get(name), np.nan) for name in ("bottom_m", "top_m"))
        if not (np.isfinite(bottom) and np.isfinite(top)):
            continue
        for start, end in reach:
            box = Rectangle(
                (start, bottom),
                end - start,
                top - bottom,
                facecolor=PAPER,
                edgecolor=rgb((110, 70, 40)),
                linewidth=1.4,
                hatch="///",
                linestyle=(0, (4, 2)),
                zorder=4.2,
                gid="pit",
                label=told["pit"],
            )
            box.set_hatch_linewidth(0.4)
            ax.add_patch(box)
            seen["pit"] = box


def _draw_cuts(ax: Axes, cuts: list[Cut], seen: dict[str, Any], told: Any) -> None:
    """Closed objects filled, mere surfaces as lines."""
    for cut in cuts:
        if cut.layer in ("roads", "streets", "water", "green", "landuse", "utilities"):
            continue
        label = told.get(NAMES.get(cut.layer, cut.layer), cut.layer)
        if not cut.area.is_empty:
            _fill(ax, cut.area, cut.layer, ORDER.get(cut.layer, 5.0), seen, label, gid=f"{cut.layer}:{cut.id}")
        for part in shapely.get_parts(cut.lines):
            if part.geom_type == "LineString" and part.length > 0.02:
                x, y = shapely.get_coordinates(part).T
                (line,) = ax.plot(x, y, color=rgb(SURFACE_ONLY), linewidth=1.0, zorder=5.8, gid=f"surface:{cut.id}")
                line.set_label(told["surface"])
                seen.setdefault("surface", line)


def _fill(ax: Axes, shape: Any, layer: str, zorder: float, seen: dict[str, Any], label: str, gid: str = "") -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon":
            continue
        rings = [shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)]
        path = Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))
        fill = FILLS.get(layer, SURFACE_ONLY)
        patch = PathPatch(
            path,
            facecolor=rgb(fill, 0.25 if layer == "buildings" else 0.0),
            edgecolor=rgb((70, 50, 40)),
            linewidth=0.8,
            zorder=zorder,
            gid=gid or layer,
            label=label,
        )
        ax.add_patch(patch)
        seen.setdefault(layer, patch)


def _draw_flat_cellars(ax: Axes, city: City, plane: Plane, drawn: set[str], seen: dict[str, Any], told: Any) -> None:
    """Cellars of which only floor and crown are known."""
    for reach, row in crossed(city, "cellars", plane):
        floor, crown = row.get("floor_m"), row.get("crown_m")
        if str(row.name) in drawn or floor is None or crown is None or not np.isfinite([floor, crown]).all():
            continue
        for start, end in reach:
            _fill(
                ax,
                shapely.box(start, float(floor), end, float(crown)),
                "cellars",
                5.6,
                seen,
                told["cellar"],
                gid=f"cellars:{row.name}",
            )


def _draw_mains(ax: Axes, city: City, plane: Plane, seen: dict[str, Any], told: Any) -> None:
    """A mark of one size for each main, as most are too thin to be seen at their own."""
    for height, at, row in mains(city, plane):
        kind = str(row.get("kind", "")).lower()
        colour = rgb(palette.MAINS.get(kind, (90, 90, 90)))
        estimated = row.get("estimated") is True or str(row.get("estimated")) == "True"
        label = told.get(f"mains_{kind}", told["mains_other"]) + (f" {told['estimated']}" if estimated else "")
        (dot,) = ax.plot(
            at,
            height,
            "o",
            markersize=6,
            markerfacecolor="white" if estimated else colour,
            markeredgecolor=colour,
            markeredgewidth=1.8,
            zorder=7,
            gid=f"main:{row.name}",
            label=label,
        )
        seen.setdefault(f"main:{label}", dot)


def _draw_trees(ax: Axes, city: City, plane: Plane, beside_m: float, seen: dict[str, Any], told: Any) -> None:
    """Trees near the line, pale because they are not cut."""
    from matplotlib.patches import Ellipse

    frame = city.layers["trees"]
    if not len(frame) or "height_m" not in frame:
        return
    near = frame.iloc[np.sort(frame.sindex.query(plane.line.buffer(beside_m, cap_style="flat"), predicate="intersects"))]
    for shape, (_, row) in zip(near.geometry, near.iterrows(), strict=True):
        height = _or(row["height_m"], np.nan)
        if shape.geom_type != "Point" or not np.isfinite(height):
            continue
        at = float(plane.distance(np.array([shape.x, shape.y])))
        foot_z = row.get("z_m")
        if foot_z is None or not np.isfinite(foot_z):
            foot_z = float(city.ground_at(np.array([shape.x]), np.array([shape.y]))[0])
        base, wide = _or(row.get("crown_base_m"), 0.3 * height), _or(row.get("crown_diameter_m"), 0.5 * height)
        ax.plot([at, at], [foot_z, foot_z + base + 0.2 * (height - base)], color=rgb(palette.TRUNK, 0.3), linewidth=1.8, zorder=4.6)
        crown = Ellipse(
            (at, foot_z + 0.5 * (base + height)), wide, height - base, facecolor=(*rgb(palette.TREE_CROWNS[1], 0.2), 0.55),
            edgecolor=rgb(palette.TREE_CROWNS[2]), linewidth=0.6, zorder=4.7, gid="tree", label=told["tree"],
        )  # fmt: skip
        ax.add_patch(crown)
        seen.setdefault("tree", crown)


def _or(value: Any, default: float) -> float:
    return float(value) if value is not None and np.isfinite(value) else default


def _heights_of_roofs(ax: Axes, cuts: list[Cut], language: str) -> None:
    """The height of the top over each building that is wide enough for it."""
    length = ax.get_xlim()[1]
    for cut in cuts:
        if cut.layer != "buildings" or cut.area.is_empty:
            continue
        west, _, east, top = cut.area.bounds
        if east - west > 0.028 * length:
            at = 0.5 * (west + east)
            ax.annotate(
                number(top, 1, language),
                (at, top),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=7,
                color=INK,
                gid="roof height",
            )


def _dress(ax: Axes, city: City, plane: Plane, exaggeration: float, seen: Mapping[str, Any], told: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    datum = datum_of(city)
    ax.set_xlabel(told["distance"], fontsize=9.5, color=INK)
    ax.set_ylabel(told["height_in"].format(datum=datum) if datum else told["height"], fontsize=9.5, color=INK)
    ax.tick_params(labelsize=8.5, colors=SOFT, labelcolor=INK)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    for spine in ax.spines.values():
        spine.set(color="#b9b3a7", linewidth=0.8)
    for at, letter in ((0.0, "A"), (1.0, "A′")):
        ax.annotate(
            letter, (at, 1), xycoords="axes fraction", xytext=(5 if at == 0 else -5, -4), textcoords="offset points", va="top",
            ha="left" if at == 0 else "right", fontsize=11, fontweight="bold", color=INK, zorder=20,
        )  # fmt: skip
    ends = [f"({x:.0f}, {y:.0f})" for x, y in (plane.start, plane.start + plane.length * plane.along)]
    scale = "" if exaggeration == 1 else " · " + told["exaggerated"].format(times=exaggeration)
    head(ax, f"{told['section']} A–A′", f"{name_of(city)} · {ends[0]} – {ends[1]}{scale}")
    key(ax, list(seen.values()), "")
    foot(ax, [*credits_of(city), told["synthetic"] if city.synthetic else ""], below=34.0)
