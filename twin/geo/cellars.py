"""Cellars from outlines with whatever heights or depths a source states; what is missing is estimated, and marked so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.geo.cellar_faults import FAULTS, OFF_M, faults_in, faults_of, note_fault, note_faults, note_twins, signed_depths
from twin.geo.cellar_state import NotUnderstood, is_of_an_owner, state_of
from twin.geo.extrude import blocks
from twin.geo.measures import key_of, measure, told, words_of
from twin.geo.mesh import SEMANTICS, TriangleMesh
from twin.geo.vaults import vault

if TYPE_CHECKING:
    from twin.geo.city import City
    from twin.geo.readers.model import Findings

CROWN_M, LOWEST_CROWN_M, HIGHEST_CROWN_M = 2.6, 2.2, 3.0
"""Height of the crown above the floor: middle and range of Utrecht's wharf cellars [m]."""
VAULT_M = 0.275
"""Thickness of the vault: middle of 0.22 to 0.33 (one to one and a half bricks) [m]."""
COVER_M, LEAST_COVER_M = 0.65, 0.3
"""Ground above the vault: middle of 0.3 to 1.0, and the least [m]."""
WHARF_M = 1.2
"""Height of Utrecht's wharf, on which its cellars open [m above NAP]."""
STREET_M = (3.0, 7.0)
"""Heights of the street between which a wharf cellar's floor is taken to be the wharf [m above NAP]."""
USUAL_CROWN_M = 1.5
"""A crown that is estimated is not made lower than this to fit under the ground [m]."""

FLOOR_LEVELS = (
    "floor_m", "floor_level", "level_floor", "vloerpeil", "peil_vloer", "vloer_nap", "vloerhoogte_nap", "vloerhoogte",
    "hoogte_vloer", "bodem_nap", "onderkant_nap", "onderkant", "z_floor", "bottom_z", "bottom_m", "bok", "bob",
)  # fmt: skip
FLOOR_DEPTHS = (
    "floor_depth_m", "floor_depth", "vloerdiepte", "diepte_vloer", "kelderdiepte", "diepte_kelder", "diepte_onderkant",
    "diepte", "depth", "depth_below_ground", "diepte_mv", "diepte_tov_maaiveld", "diepte_maaiveld",
)  # fmt: skip
CROWNS = (
    "crown_m", "crown", "kruinhoogte", "vrije_hoogte", "inwendige_hoogte", "binnenhoogte", "stahoogte", "kelderhoogte",
    "hoogte_kelder", "headroom", "clear_height", "hoogte", "height", "height_m",
)  # fmt: skip
TOPS = ("top_m", "top_level", "bovenkant_nap", "bovenkant", "bovenkant_gewelf", "kruin_nap", "z_top", "top_z", "crown_level")
VAULTS = ("vault_m", "vault_thickness", "gewelfdikte", "dikte_gewelf", "gewelf_dikte", "dikte", "thickness")
TOP_DEPTH = "diepte_bovenkant"
COVERS = ("cover_m", "cover", "dekking", "gronddekking", "grond_dekking", "dekking_gewelf", TOP_DEPTH)
SPRINGINGS = ("springing_m", "springing", "aanzethoogte", "aanzet", "geboortehoogte")
SPANS = ("span_azimuth_deg", "span_azimuth", "overspanningsrichting")
_KINDS = ("kind", "type", "soort", "naam", "name", "omschrijving", "description", "categorie")

_LEVELS = (0.0, 400.0)
_STATED = ("floor_m", "floor_depth_m", "crown_m", "top_m", "vault_m", "cover_m", "springing_m")
SEMANTIC_OF_BOX = {"GroundSurface": "FloorSurface", "WallSurface": "InteriorWallSurface", "RoofSurface": "CeilingSurface"}


def cellars_frame(frame: gpd.GeoDataFrame, *, name: str = "", findings: Findings | None = None) -> gpd.GeoDataFrame:
    """Outlines of cellars with columns of their own as rows of the layer ``cellars``.

    Parameters
    ----------
    frame : GeoDataFrame
        Polygons with the columns of the source, indexed by id.
    name : str
        Of the layer in the source: ``werfkelders`` says that the floor is the wharf.
    findings : Findings, optional
        Where to note what was taken for what.

    Returns
    -------
    GeoDataFrame
        The columns of `frame` and, before them, float64 [m], NaN where the source does not state it: ``floor_m`` and ``top_m``
        (heights of the floor and of the top of the vault), ``floor_depth_m`` and ``cover_m`` (depths of the two below the
        ground), ``crown_m`` (of the vault above the floor), ``springing_m``, ``vault_m``; ``span_azimuth_deg`` [deg] (across
        the longer side of the outline where it is not stated); ``wharf`` (bool). A column of the source that has one of these
        names becomes ``NAME_attribute``. `settled_cellars` then decides them, when the ground is known. What the source says of
        kind, condition, rings, backing, foundation, class of owner, use, material and inspection comes with it in our words
        (`twin.geo.cellar_state`); columns that may name an owner are not kept. Measures that cannot be (a vault of no thickness,
        a floor above the crown, a word where a number belongs) are told in ``measure_faults``, a column that is there when there
        are any; they are not taken for unknown ones.
    """
    stated = {
        "floor_m": measure(frame, FLOOR_LEVELS, _LEVELS),
        "floor_depth_m": measure(frame, FLOOR_DEPTHS, (1.0, 8.0)),
        "crown_m": measure(frame, CROWNS, (1.0, 8.0)),
        "top_m": measure(frame, TOPS, _LEVELS),
        "vault_m": measure(frame, VAULTS, (0.1, 2.0)),
        "cover_m": measure(frame, COVERS, (0.1, 6.0)),
        "springing_m": measure(frame, SPRINGINGS, (0.05, 6.0)),
    }
    for ours, found in stated.items():
        told(found, ours, name, findings)
    columns = {ours: found.values for ours, found in stated.items()}
    # Depths below the ground: which sign they have differs from source to source; a thickness has none.
    columns["floor_depth_m"] = signed_depths(stated["floor_depth_m"])
    if key_of(stated["cover_m"].column) == TOP_DEPTH:
        columns["cover_m"] = signed_depths(stated["cover_m"])
    shapes = np.asarray(frame.geometry.array, dtype=object)
    stated["span_azimuth_deg"] = measure(frame, SPANS, (0.0, np.inf))
    faults = faults_of(stated, columns, len(frame))
    for ours in ("crown_m", "vault_m", "cover_m", "floor_depth_m"):
        columns[ours] = np.where(columns[ours] > 0, columns[ours], np.nan)
    span = stated["span_azimuth_deg"].values
    columns["span_azimuth_deg"] = np.where(np.isnan(span), [across(shape) for shape in shapes], span % 180.0)
    words = words_of(frame, _KINDS)
    wharf = np.array(["werf" in f"{name} {word}".lower() or "wharf" in f"{name} {word}".lower() for word in words], dtype=bool)
    rest = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    missed: list[NotUnderstood] = []
    state = state_of(rest, missed)
    wrong = note_faults(frame, faults, missed, name, findings)
    note_twins(frame, name, findings)
    rest = rest.drop(columns=[one for one in rest.columns if is_of_an_owner(str(one))])
    if (wrong != "").any():
        state[FAULTS] = pd.Series(pd.array(list(wrong), dtype="str"), index=frame.index)
    rest = rest.drop(columns=[one for one in state if one in rest and rest[one].astype(str).equals(state[one].astype(str))])
    ours_too = (*columns, *state, "wharf", "estimated", "estimated_columns")
    rest = rest.rename(columns={one: f"{one}_attribute" for one in rest.columns if one in ours_too and one != "owner_class"})
    rest = rest.drop(columns=[one for one in rest if one == "owner_class"])
    table = pd.concat([pd.DataFrame({**columns, **state, "wharf": wharf}, index=frame.index), rest], axis=1)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs), crs=frame.crs)


def across(shape: shapely.Geometry | None) -> float:
    """Direction across the longer side of an outline, from north clockwise, 0 to 180 [deg]; NaN for none."""
    if shape is None or shape.is_empty or shape.area <= 0:
        return float("nan")
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    edges = np.diff(corners[:3], axis=0)
    x, y = edges[np.linalg.norm(edges, axis=1).argmin()]
    return float(np.degrees(np.arctan2(x, y)) % 180.0)


class Settled(NamedTuple):
    """Cellars with every measure decided.

    Parameters
    ----------
    frame : GeoDataFrame
        With the columns that `twin.geo.city.LAYERS` names.
    drawable : (N,) bool
        Rows that can be a volume.
    """

    frame: gpd.GeoDataFrame
    drawable: NDArray[np.bool_]


def settled_cellars(frame: gpd.GeoDataFrame, city: City, where: str, findings: Findings) -> Settled:
    """Decide floor, crown, vault and cover of each cellar below the ground of a city.

    ``ground = floor + crown + vault + cover``. What the source states is kept; what it does not is estimated by the measures of
    Utrecht's wharf cellars (`CROWN_M`, `VAULT_M`, `COVER_M`; the floor of a wharf cellar is the wharf, `WHARF_M`, where the
    street is as high as there) so that the sum holds with a cover of `LEAST_COVER_M` or more.

    Parameters
    ----------
    frame : GeoDataFrame
        From `cellars_frame`, or rows that have some of its columns, in the CRS of the city.
    city : City
        Its ground counts.
    where : str
        For messages.
    findings : Findings
        ``cellar-estimated`` (info) for each row with an estimate, ``cellar-above-ground`` (error) where what is stated does not
        fit below the ground: the row stays, without a volume. So does one of which a measure cannot be (``measure_faults``);
        nothing is estimated of it. ``cellar-sum`` (warning) where a stated cover is not what is left above the vault.
    """
    count = len(frame)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    usable = np.isin(shapely.get_type_id(shapes), (3, 6)) & shapely.is_valid(shapes) & ~shapely.is_empty(shapes)
    for key in frame.index[~usable]:
        message = "the outline of the cellar is not a valid polygon; no volume is made"
        findings.add("cellar-outline", str(key), message, severity="error", path=where)
    value = {name: frame[name].to_numpy(dtype=np.float64).copy() if name in frame else np.full(count, np.nan) for name in _STATED}
    ground, known = ground_over(shapes, city)
    wharf = frame["wharf"].to_numpy(dtype=bool) if "wharf" in frame else np.zeros(count, dtype=bool)
    floor = np.where(np.isnan(value["floor_m"]), ground - value["floor_depth_m"], value["floor_m"])
    top = np.where(np.isnan(value["top_m"]), ground - value["cover_m"], value["top_m"])
    thick = np.where(np.isnan(value["vault_m"]), VAULT_M, value["vault_m"])
    crown = np.where(np.isnan(value["crown_m"]), top - floor - thick, value["crown_m"])
    wrong = faults_in(frame)
    for row in np.flatnonzero(np.isnan(value["crown_m"]) & (crown <= 0) & (wrong == "")):
        wrong[row] = f"its floor ({floor[row]:.2f} m) leaves no room below the vault, whose top is at {top[row]:.2f} m"
        note_fault(findings, frame.index[row], str(wrong[row]), where)
    at_fault = wrong != ""
    crown = np.where(np.isnan(value["crown_m"]) & ~(crown > 0), np.nan, crown)
    missing = {"floor_m": np.isnan(floor) & np.isnan(top), "crown_m": np.isnan(crown), "vault_m": np.isnan(value["vault_m"])}
    unknown = {**missing, "floor_m": np.isnan(floor)}
    at_wharf = missing["floor_m"] & wharf & (ground > STREET_M[0]) & (ground < STREET_M[1])
    floor = np.where(at_wharf, WHARF_M, floor)
    room = ground - floor - thick
    fitting = np.minimum(CROWN_M, room - LEAST_COVER_M)
    fitting = np.where(at_wharf, np.clip(room - COVER_M, LOWEST_CROWN_M, HIGHEST_CROWN_M), fitting)
    fitting = np.where(np.isnan(fitting), CROWN_M, np.maximum(fitting, USUAL_CROWN_M))
    crown = np.where(np.isnan(crown), fitting, crown)
    floor = np.where(np.isnan(floor) & ~np.isnan(top), top - thick - crown, floor)
    floor = np.where(np.isnan(floor), ground - COVER_M - thick - crown, floor)
    # The floor of a wharf cellar below a low street: no room for the least cover, so the floor gives way.
    floor = np.where(at_wharf & (ground - floor - thick - crown < LEAST_COVER_M), ground - LEAST_COVER_M - thick - crown, floor)
    cover = ground - floor - thick - crown
    # of a cellar with a measure that cannot be nothing is made up
    missing = {name: rows & ~at_fault for name, rows in missing.items()}
    floor, crown, thick = (
        np.where(at_fault & unknown[name], np.nan, made)
        for name, made in (("floor_m", floor), ("crown_m", crown), ("vault_m", thick))
    )
    cover = np.where(at_fault, np.nan, cover)
    names = list(missing)
    estimated = np.logical_or.reduce([missing[name] for name in names])
    guesses = [", ".join(name for name in names if missing[name][row]) for row in range(count)]
    needs_ground = ~known & (np.isnan(value["floor_m"]) | missing["crown_m"])
    above = known & usable & (cover < 0)
    _note(frame, guesses, needs_ground & ~at_fault, above, cover, where, findings)
    for row in np.flatnonzero(known & (np.abs(value["cover_m"] - cover) > OFF_M)):
        stated = f"{value['cover_m'][row]:.2f} m of cover are stated"
        sums = f"floor, crown and vault leave {cover[row]:.2f} m below the ground, where {stated}"
        findings.add("cellar-sum", str(frame.index[row]), f"{sums}; the first is taken: which of them is wrong?", path=where)
    settled = frame.drop(columns=[name for name in ("top_m", "floor_depth_m", "wharf") if name in frame])
    settled = settled.assign(
        floor_m=floor.round(3),
        crown_m=crown.round(3),
        vault_m=thick.round(3),
        cover_m=np.where(known, cover.round(3), np.nan),
        estimated=estimated,
        estimated_columns=pd.array(guesses, dtype="str"),
        **({FAULTS: pd.array(list(wrong), dtype="str")} if at_fault.any() else {}),
    )
    return Settled(settled, usable & ~above & ~at_fault & np.isfinite(floor) & (crown > 0))


def _note(
    frame: gpd.GeoDataFrame, guesses: list[str], needs_ground: NDArray[np.bool_], above: NDArray[np.bool_],
    cover: NDArray[np.float64], where: str, findings: Findings,
) -> None:  # fmt: skip
    for row, key in enumerate(frame.index):
        if guesses[row]:
            message = f"{guesses[row]} is not stated; estimated by the measures of Utrecht's wharf cellars"
            findings.add("cellar-estimated", str(key), message, severity="info", path=where)
        if above[row]:
            message = f"by what is stated the vault reaches {-cover[row]:.2f} m above the ground; no volume is made"
            findings.add("cellar-above-ground", str(key), message, severity="error", path=where)
    if needs_ground.any():
        message = f"the ground above {int(needs_ground.sum())} cellars is not known; taken as 0 m"
        findings.add("ground-assumed", "", message, path=where)


def ground_over(shapes: NDArray[np.object_], city: City) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Height of the ground over shapes: the median of points in them, so that a front on a lower wharf does not count.

    Returns
    -------
    ground : (N,) float64
        0 where it is not known [m].
    known : (N,) bool
    """
    whole = np.zeros(len(shapes), dtype=np.float64)
    known = np.zeros(len(shapes), dtype=bool)
    feet = "ground_m" in city.buildings and city.buildings["ground_m"].notna().any()
    if feet:
        ground = city.ground_at
    elif city.terrain is not None:
        ground = city.terrain.at
    else:
        return whole, known
    for row, shape in enumerate(shapes):
        if shape is None or shape.is_empty:
            continue
        points = _inside(shape)
        found = ground(points[:, 0], points[:, 1])
        found = found[np.isfinite(found)]
        if len(found):
            whole[row], known[row] = float(np.median(found)), True
    return whole, known


def _inside(shape: shapely.Geometry) -> NDArray[np.float64]:
    """About 25 points in a shape, one at least."""
    west, south, east, north = shape.bounds
    x, y = np.meshgrid(west + (east - west) * (np.arange(5) + 0.5) / 5, south + (north - south) * (np.arange(5) + 0.5) / 5)
    within = shapely.contains_xy(shape, x.ravel(), y.ravel())
    points = np.column_stack([x.ravel(), y.ravel()])[within]
    return points if len(points) else shapely.get_coordinates(shapely.point_on_surface(shape))


def cellar_volumes(frame: gpd.GeoDataFrame, origin: NDArray[np.float64], first_owner: int = 0) -> TriangleMesh:
    """Rooms of cellars: below a barrel vault across ``span_azimuth_deg``, or boxes where that is not known or does not close.

    Parameters
    ----------
    frame : GeoDataFrame
        Of `settled_cellars`, with valid polygons.
    origin : (3,) float64
        Origin of the mesh [m].
    first_owner : int
        Owner of the first row; the next ones count on.

    Returns
    -------
    TriangleMesh
        Closed, normals outward; ``FloorSurface``, ``InteriorWallSurface`` and ``CeilingSurface``. The room is what is drawn and
        measured: the vault's bricks and the ground are around it.
    """
    meshes = []
    azimuth = frame["span_azimuth_deg"].to_numpy(dtype=np.float64) if "span_azimuth_deg" in frame else np.full(len(frame), np.nan)
    springing = frame["springing_m"].to_numpy(dtype=np.float64) if "springing_m" in frame else np.full(len(frame), np.nan)
    floors, crowns = frame["floor_m"].to_numpy(dtype=np.float64), frame["crown_m"].to_numpy(dtype=np.float64)
    for row, shape in enumerate(np.asarray(frame.geometry.array, dtype=object)):
        for part in shapely.get_parts(shape):
            local = shapely.transform(part, lambda points: points - origin[:2])
            floor, crown = floors[row] - origin[2], crowns[row]
            stated = float(springing[row]) if np.isfinite(springing[row]) else None
            room = vault(local, floor, crown, float(azimuth[row]), stated) if np.isfinite(azimuth[row]) else None
            room = room if room is not None else box(part, floors[row], crown, origin)
            meshes.append(room.with_owner(np.full(len(room), first_owner + row, dtype=np.int32)))
    return TriangleMesh.concatenate(meshes)


def box(outline: shapely.Polygon, floor: float, crown: float, origin: NDArray[np.float64]) -> TriangleMesh:
    """A room with upright walls and a flat ceiling, owner 0; heights of the floor in the datum and of the crown above it [m]."""
    mesh = blocks(np.array([outline], dtype=object), np.array([floor]), np.array([floor + crown]), origin)
    inner = np.arange(256, dtype=np.uint8)
    for outer, meaning in SEMANTIC_OF_BOX.items():
        inner[SEMANTICS[outer]] = SEMANTICS[meaning]
    return TriangleMesh(mesh.vertices, mesh.triangles, mesh.owner, inner[mesh.semantic])
