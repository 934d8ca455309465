"""Pipes and cables from lines with whatever depths and diameters a source states."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.along import points_along
from twin.geo.measures import measure, told, words_of
from twin.geo.mesh import TriangleMesh
from twin.geo.vaults import has_length, tube

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.geo.readers.model import Findings

KINDS = {
    "sewer": ("riool", "riolering", "sewer", "vrijverval", "afvalwater", "hemelwater", "dwa", "hwa", "persleiding", "duiker",
              "drain", "storm", "waste"),
    "heat": ("warmte", "stadsverwarming", "heat", "thermisch", "koude"),
    "gas": ("gas",),
    "electricity": ("elektr", "electr", "laagspanning", "middenspanning", "hoogspanning", "spanning", "power", "stroom"),
    "telecom": ("data", "telecom", "glasvezel", "fiber", "fibre", "catv", "koper", "telefoon"),
    "water": ("water",),
}  # fmt: skip
"""Kinds of mains, and words in Dutch and English that tell them; the first kind that fits counts."""

DIAMETER_M = {"sewer": 0.3, "heat": 0.2, "gas": 0.11, "electricity": 0.05, "telecom": 0.05, "water": 0.11, "pipe": 0.11}
"""Outer diameter of mains where it is not stated [m].

- water: 0.11, the size of about half of the distribution networks that are laid in the Netherlands (100 and 110 mm were 55 % of
  the length of new networks, 45 % since they are laid out for self-cleaning: Vreeburg et al. 2009, Water Supply 9(6), 635).
- all others: estimates; no published figure of what is usual was found. The size of a main follows from what it carries.

Whatever is taken from here is marked in ``estimated_columns`` and told as ``pipe-estimated``.
"""

COVER_OF = {"sewer": 1.2, "heat": 1.0, "gas": 0.8, "electricity": 0.6, "telecom": 0.6, "water": 1.0, "pipe": 0.8}
"""Ground above mains where no depth is stated [m].

- water: 1.0, distribution mains (transport mains 1.2, service pipes 0.8: KWR 2011.022, "Diepteligging van leidingen"; a water
  company gives 0.7 to 1.0 against frost: Dunea, newsletter of December 2023).
- telecom: 0.6, the depth of NEN 7171-1 as overalsnelinternet.nl, "Graafdiepte", gives it (there is no legal depth,
  municipalities choose).
- electricity: 0.6, the least cover of low voltage (klic-app.nl, "Minimale diepte kabels en leidingen", 2023);
  `COVER_HIGHER_VOLTAGE_M` where the source says that it is more.
- gas: 0.8, the lower end of 0.8 to 1.0 for mains (klic-app.nl, as above); services lie at about 0.6 (controleplannen.nl).
- sewer, heat and whatever is not told: estimates; no published figure was found. A sewer falls along its way, so no single depth is
  right; a heat network is designed street by street.

Where these give a depth below the ground, it is taken as that of the top. They are what is asked for when a main is laid: an old
one may lie elsewhere, and nothing but a trial pit tells. Whatever is taken from here is marked in ``estimated_columns`` and told
as ``pipe-estimated``.
"""

COVER_HIGHER_VOLTAGE_M = 0.8
"""Ground above electricity cables of medium and high voltage where no depth is stated (klic-app.nl, as in `COVER_OF`) [m]."""

_HIGHER_VOLTAGE = ("middenspanning", "hoogspanning", "medium voltage", "high voltage", "mediumvoltage", "highvoltage")

DIAMETERS = (
    "diameter_m", "diameter", "buitendiameter", "uitwendige_diameter", "diam", "doorsnede", "breedte_leiding", "pipe_diameter",
    "nominal_diameter", "dn", "breedte", "width",
)  # fmt: skip
COVERS = (
    "cover_m", "cover", "dekking", "gronddekking", "diepte_bovenkant", "diepte_tov_maaiveld", "diepteligging", "ligging_diepte",
    "depth_m", "depth", "diepte", "burial_depth",
)  # fmt: skip
TOPS = ("top_m", "bovenkant_nap", "bovenkant", "bovenkant_buis", "bkb", "bok", "top_level", "top_of_pipe")
AXES = ("z_m", "hartlijn", "hoogte_hart", "axis_level", "hoogte_nap", "z")
INVERTS = (
    "invert_m", "bob", "bob_begin", "bob_beginpunt", "bob_begin_leiding", "bob1", "bobbegin", "invert", "invert_level",
    "upstream_invert", "inlet_invert", "bob_van",
)  # fmt: skip
LAST_INVERTS = (
    "invert_end_m", "bob_eind", "bob_eindpunt", "bob_eind_leiding", "bob2", "bobeind", "downstream_invert", "outlet_invert",
    "bob_naar",
)  # fmt: skip
_TEXTS = ("kind", "soort", "soort_leiding", "type", "type_leiding", "thema", "theme", "medium", "stelsel", "stelseltype", "utility",
          "leidingtype", "omschrijving")  # fmt: skip
_LEVELS = (0.0, 400.0)
_STEP_M = 10.0
MAX_TUBE_VERTICES = 6_000_000
"""More than this is not made into volumes: a whole country's mains are lines."""
_NUMBERS = ("diameter_m", "cover_m", "top_m", "z_m", "invert_m", "invert_end_m")


def kind_of(text: str) -> str:
    """What kind of main a name or description tells; ``"pipe"`` when none."""
    words = text.lower()
    for kind, marks in KINDS.items():
        if any(mark in words for mark in marks):
            return kind
    return "pipe"


def usual_cover(kind: str, text: str = "") -> float:
    """Ground above a main of a kind where no depth is stated, after `COVER_OF` [m].

    Parameters
    ----------
    kind : str
        Of `KINDS`.
    text : str
        What the source says of it, which may tell the voltage of a cable.
    """
    if kind == "electricity" and any(mark in text.lower() for mark in _HIGHER_VOLTAGE):
        return COVER_HIGHER_VOLTAGE_M
    return COVER_OF.get(kind, COVER_OF["pipe"])


def utilities_frame(frame: gpd.GeoDataFrame, *, name: str = "", findings: Findings | None = None) -> gpd.GeoDataFrame:
    """Lines of pipes and cables with columns of their own as rows of the layer ``utilities``.

    Parameters
    ----------
    frame : GeoDataFrame
        Lines with the columns of the source, indexed by id; a z in the lines is the height of the axis.
    name : str
        Of the layer in the source, which may tell the kind.
    findings : Findings, optional
        Where to note what was taken for what.

    Returns
    -------
    GeoDataFrame
        The columns of `frame` and, before them: ``kind`` (see `KINDS`); float64 [m], NaN where the source does not state it:
        ``diameter_m``, ``cover_m`` (ground above the pipe; a depth counts to its top), ``top_m``, ``z_m`` (heights of its top
        and its axis), ``invert_m`` and ``invert_end_m`` (of the bottom of its inside, first and last point). A column of the
        source that has one of these names becomes ``NAME_attribute``. `settled_utilities` then decides them.
    """
    stated = {
        "diameter_m": measure(frame, DIAMETERS, (0.005, 6.0), ("mm",)),
        "cover_m": measure(frame, COVERS, (0.1, 12.0)),
        "top_m": measure(frame, TOPS, _LEVELS),
        "z_m": measure(frame, AXES, _LEVELS),
        "invert_m": measure(frame, INVERTS, _LEVELS),
        "invert_end_m": measure(frame, LAST_INVERTS, _LEVELS),
    }
    for ours, found in stated.items():
        told(found, ours, name, findings)
    columns = {ours: found.values for ours, found in stated.items()}
    columns["cover_m"] = np.abs(columns["cover_m"])
    columns["diameter_m"] = np.where(columns["diameter_m"] > 0, columns["diameter_m"], np.nan)
    kinds = [kind_of(word) if kind_of(word) != "pipe" else kind_of(name) for word in words_of(frame, _TEXTS)]
    rest = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    rest = rest.rename(columns={one: f"{one}_attribute" for one in rest.columns if one in (*columns, "kind", "estimated")})
    ours_first = pd.DataFrame({"kind": pd.array(kinds, dtype="str"), **columns}, index=frame.index)
    table = pd.concat([ours_first, rest], axis=1)
    shapes = gpd.GeoSeries(np.asarray(frame.geometry.array, dtype=object), index=frame.index, crs=frame.crs)
    return gpd.GeoDataFrame(table, geometry=shapes, crs=frame.crs)


class Laid(NamedTuple):
    """Pipes with every measure decided.

    Parameters
    ----------
    frame : GeoDataFrame
        With the columns that `twin.geo.city.LAYERS` names.
    courses : list of (row, (P, 3) float64)
        Axis of each part of a line, in the CRS and the vertical datum [m].
    """

    frame: gpd.GeoDataFrame
    courses: list[tuple[int, NDArray[np.float64]]]


def settled_utilities(frame: gpd.GeoDataFrame, city: City, where: str, findings: Findings) -> Laid:
    """Decide the diameter and the heights of pipes below the ground of a city.

    The axis is the z of the line, else half a diameter above the inverts (straight between the two), else ``z_m``, else half a
    diameter below ``top_m``, else below the ground by ``cover_m``, else by the usual cover of its kind, which is an estimate.

    Parameters
    ----------
    frame : GeoDataFrame
        From `utilities_frame`, in the CRS of the city.
    city : City
        Its ground counts.
    where : str
        For messages.
    findings : Findings
        ``pipe-estimated`` (info) for each row with an estimate, ``pipe-above-ground`` (warning), ``no-length`` (warning) for a
        line that goes nowhere: the row stays, without a volume.
    """
    count = len(frame)
    value = {name: frame[name].to_numpy(dtype=np.float64).copy() if name in frame else np.full(count, np.nan) for name in _NUMBERS}
    kinds = frame["kind"].astype("str").tolist() if "kind" in frame else ["pipe"] * count
    texts = words_of(frame, [name for name in _TEXTS if name != "kind"])
    shapes = np.asarray(frame.geometry.array, dtype=object)
    thin = np.isnan(value["diameter_m"])
    diameter = np.where(thin, [DIAMETER_M.get(kind, DIAMETER_M["pipe"]) for kind in kinds], value["diameter_m"])
    courses: list[tuple[int, NDArray[np.float64]]] = []
    cover, axis, guessed = value["cover_m"].copy(), np.full(count, np.nan), np.zeros(count, dtype=bool)
    known = _ground_known(shapes, city)
    for row, shape in enumerate(shapes):
        if shape is None or shape.is_empty or shape.geom_type not in ("LineString", "MultiLineString"):
            continue
        mine = {name: float(values[row]) for name, values in value.items()} | {"diameter_m": float(diameter[row])}
        usual = usual_cover(kinds[row], texts[row])
        parts = [_course(part, mine, usual, city) for part in shapely.get_parts(shape)]
        long = [(row, part) for part, _ in parts if has_length(part)]
        courses += long
        if not long:
            message = "the line of the pipe has no length; no volume is made"
            findings.add("no-length", str(frame.index[row]), message, path=where)
        guessed[row] = any(one for _, one in parts)
        points = np.concatenate([part for part, _ in parts])
        axis[row] = float(points[:, 2].mean())
        if known[row]:
            depth = city.ground_at(points[:, 0], points[:, 1]) - points[:, 2] - diameter[row] / 2.0
            cover[row] = float(np.median(depth))
        elif guessed[row]:
            cover[row] = usual
    _note(frame, thin, guessed, known, cover, where, findings)
    guesses = [
        ", ".join(name for name, one in (("diameter_m", thin[row]), ("cover_m", guessed[row])) if one) for row in range(count)
    ]
    settled = frame.drop(columns=[name for name in ("top_m",) if name in frame]).assign(
        diameter_m=diameter,
        cover_m=cover.round(3),
        z_m=axis.round(3),
        estimated=thin | guessed,
        estimated_columns=pd.array(guesses, dtype="str"),
    )
    return Laid(settled, courses)


def _ground_known(shapes: NDArray[np.object_], city: City) -> NDArray[np.bool_]:
    """Whether the height of the ground is known somewhere along each line (N,)."""
    if "ground_m" in city.buildings and city.buildings["ground_m"].notna().any():
        return np.ones(len(shapes), dtype=bool)
    if city.terrain is None:
        return np.zeros(len(shapes), dtype=bool)
    points, row = shapely.get_coordinates(shapes, return_index=True)
    found = np.isfinite(city.terrain.at(points[:, 0], points[:, 1]))
    return np.asarray(np.bincount(row[found], minlength=len(shapes)) > 0)


def _course(line: shapely.LineString, stated: dict[str, float], usual: float, city: City) -> tuple[NDArray[np.float64], bool]:
    """Axis of a line, and whether its depth is an estimate."""
    half = stated["diameter_m"] / 2.0
    if line.has_z:
        points = shapely.get_coordinates(line, include_z=True)
        if np.isfinite(points).all() and points[:, 2].any():
            return points, False
        line = shapely.force_2d(line)
    flat = shapely.get_coordinates(line)
    first, last = stated["invert_m"], stated["invert_end_m"]
    if np.isfinite(first) or np.isfinite(last):
        first, last = (last if np.isnan(first) else first), (first if np.isnan(last) else last)
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(flat, axis=0), axis=1))])
        share = along / along[-1] if along[-1] > 0 else along
        return np.column_stack([flat, first + share * (last - first) + half]), False
    for level in (stated["z_m"], stated["top_m"] - half):
        if np.isfinite(level):
            return np.column_stack([flat, np.full(len(flat), level)]), False
    # Below the ground it goes up and down with it.
    flat = points_along(line, _STEP_M)[0] if 0 < line.length < 1e6 else flat
    cover = stated["cover_m"] if np.isfinite(stated["cover_m"]) else usual
    return np.column_stack([flat, city.ground_at(flat[:, 0], flat[:, 1]) - cover - half]), not np.isfinite(stated["cover_m"])


def _note(
    frame: gpd.GeoDataFrame, thin: NDArray[np.bool_], guessed: NDArray[np.bool_], known: NDArray[np.bool_],
    cover: NDArray[np.float64], where: str, findings: Findings,
) -> None:  # fmt: skip
    for row, key in enumerate(frame.index):
        missing = [name for name, one in (("the diameter", thin[row]), ("the depth", guessed[row])) if one]
        if missing:
            message = f"{' and '.join(missing)} is not stated; estimated by what is usual for its kind"
            findings.add("pipe-estimated", str(key), message, severity="info", path=where)
        if known[row] and cover[row] < 0:
            findings.add("pipe-above-ground", str(key), f"its top is {-cover[row]:.2f} m above the ground", path=where)
    if (~known).any() and (guessed | np.isfinite(cover))[~known].any():
        message = f"the ground above {int((~known).sum())} pipes is not known; taken as 0 m"
        findings.add("ground-assumed", "", message, path=where)


def pipe_volumes(laid: Laid, origin: NDArray[np.float64], owners: NDArray[np.int32]) -> TriangleMesh:
    """Closed tubes along the axes of pipes.

    Parameters
    ----------
    laid : Laid
    origin : (3,) float64
        Origin of the mesh [m].
    owners : (N,) int32
        Row of `City.objects` of each row of the frame.

    Returns
    -------
    TriangleMesh
        Outer surfaces, normals outward, without semantics.
    """
    diameter = laid.frame["diameter_m"].to_numpy(dtype=np.float64)
    meshes = []
    for row, course in laid.courses:
        mesh = tube(course - origin, float(diameter[row]))
        meshes.append(mesh.with_owner(np.full(len(mesh), owners[row], dtype=np.int32)))
    return TriangleMesh.concatenate(meshes)
