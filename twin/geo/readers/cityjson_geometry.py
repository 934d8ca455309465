"""Boundaries, semantics and materials of CityJSON to flat arrays."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.geo.mesh import SEMANTICS, Rings
from twin.geo.readers.cityjson_nests import reaches_of, spread_by_surface, surfaces_of
from twin.geo.readers.cityjson_textures import Textures
from twin.geo.readers.cityjson_themes import Themes
from twin.geo.readers.jsonarrays import NumberArrays
from twin.geo.readers.jsonpool import Pool, spans
from twin.geo.readers.model import MAX_FINDINGS_A_CODE, Findings
from twin.geo.readers.surface_links import link

DEPTH = {"MultiSurface": 0, "CompositeSurface": 0, "Solid": 1, "MultiSolid": 2, "CompositeSolid": 2}
"""Levels of lists above the list of surfaces, by type of geometry."""

SKELETONS = ("MultiPoint", "MultiLineString")
"""Types of geometry without surfaces."""


_CODES = dict(SEMANTICS)
_TYPE = itemgetter("type")


class Piece(NamedTuple):
    """One geometry of one object, in the order of the flat arrays."""

    row: int
    object_id: str
    number: int
    kind: str
    first_vertex: int
    vertices: int
    geometry: dict[str, Any]
    first_material: int = 0
    materials: int = 2**31
    first_texture: tuple[int, int] = (0, 0)
    root: str = "CityObjects"
    """Where in the file its object is."""

    @property
    def path(self) -> str:
        if self.root != "CityObjects":
            return f"{self.root}[{self.number}]"
        return f"CityObjects.{self.object_id}.geometry[{self.number}]"


class Flat(NamedTuple):
    """Faces of all pieces.

    Parameters
    ----------
    rings : Rings
        A face with a vertex that is not there is emptied.
    piece : (S,) int64
        Piece of each face.
    semantic : (S,) uint8
        Code of each face.
    material : (S,) int64
        Material of each face; -1 for none.
    texture : (S,) int32, optional
        Texture of each face; -1 for none. None when no face has one.
    uv : (N, 2) float32, optional
        Place in its texture of each index of `rings`.
    surface : (S,) int32, optional
        Attributes of each face, as a row of `FlatGeometry.surfaces`; -1 for none. None when no face has any.
    nest : (S, 2) int32, optional
        Solid and shell of each face within its piece.
    """

    rings: Rings
    piece: NDArray[np.int64]
    semantic: NDArray[np.uint8]
    material: NDArray[np.int64]
    texture: NDArray[np.int32] | None = None
    uv: NDArray[np.float32] | None = None
    surface: NDArray[np.int32] | None = None
    nest: NDArray[np.int32] | None = None


@dataclass(slots=True)
class FlatGeometry:
    """Collects the faces of many geometries; `finish` makes arrays of them.

    Parameters
    ----------
    arrays : NumberArrays
        Those of the document.
    findings : Findings
    themes : Themes, optional
        Says which of several sets of materials is taken.
    textures : Textures, optional
        Pictures that faces may show.
    """

    arrays: NumberArrays
    findings: Findings
    themes: Themes = field(default_factory=lambda: Themes("material"))
    textures: Textures | None = None
    pieces: list[Piece] = field(default_factory=list)
    pool: Pool = field(init=False)
    surfaces: list[dict[str, Any]] = field(default_factory=list)
    _surface_rows: list[int] = field(default_factory=list)
    _linked: bool = False
    _bounds: list[int] = field(default_factory=list)
    _values: list[int] = field(default_factory=list)
    _codes: list[int] = field(default_factory=list)
    _code_start: list[int] = field(default_factory=list)
    _materials: list[int] = field(default_factory=list)
    _one_material: list[int] = field(default_factory=list)
    _table: NumberArrays | None = None
    _ends: NDArray[np.int64] | None = None
    _reaches: list[list[int]] | None = None

    def __post_init__(self) -> None:
        self.pool = Pool(self.arrays)

    def add(self, piece: Piece) -> bool:
        """Take the faces of one geometry, or note why they cannot be taken; returns whether there are any."""
        boundaries = piece.geometry.get("boundaries")
        depth = DEPTH[piece.kind]
        row = self.pool.row_of(boundaries, depth + 3)
        if row < 0:
            boundaries = self.pool.as_lists(boundaries)
            mended = self._mend(piece, boundaries, depth)
            row = self.pool.add(mended, depth + 3)
        self.pieces.append(piece)
        self._bounds.append(row)
        self._code_start.append(len(self._codes))
        self._values.append(self._semantics(piece, boundaries, depth))
        many, one = self._material(piece, depth)
        self._materials.append(many)
        self._one_material.append(one)
        self._table = None
        return True

    def filled(self, piece: Piece) -> bool:
        """Whether a geometry has a surface of three vertices or more, all of which are there."""
        nest, depth = piece.geometry.get("boundaries"), DEPTH[piece.kind]
        row = self.arrays.number(nest)
        if row >= 0:
            if self._reaches is None:
                self._reaches = reaches_of(self.arrays)
            levels, longest, least, most = self._reaches[row]
            if levels == depth + 3 and longest >= 3 and least >= 0 and most < piece.vertices:
                return True
        return any(
            sound_surface(surface)
            and all(0 <= number < piece.vertices for ring in surface for number in ring)
            and any(len(ring) >= 3 for ring in surface)
            for surface in surfaces_of(self.pool.as_lists(nest), depth)
        )

    def _mend(self, piece: Piece, nest: Any, depth: int, path: str = "") -> list[Any]:
        """The same nest with every surface that is not a list of rings of whole numbers emptied."""
        message = "this is not a list of rings of vertex numbers; left out"
        if not isinstance(nest, list):
            self.findings.add("boundary", piece.object_id, message, severity="error", path=f"{piece.path}.boundaries{path}")
            mended: list[Any] = [[]]
            for _ in range(depth):
                mended = [mended]
            return mended
        if depth:
            return [self._mend(piece, part, depth - 1, f"{path}[{number}]") for number, part in enumerate(nest)]
        kept: list[Any] = []
        for number, surface in enumerate(nest):
            sound = sound_surface(surface)
            if not sound:
                where = f"{piece.path}.boundaries{path}[{number}]"
                self.findings.add("boundary", piece.object_id, message, severity="error", path=where)
            kept.append(surface if sound else [])
        return kept

    def _semantics(self, piece: Piece, boundaries: Any, depth: int) -> int:
        """Row of the semantic values of one geometry, or -1; puts the codes they point to in the table."""
        semantics = piece.geometry.get("semantics")
        if not isinstance(semantics, dict) or semantics.get("values") is None:
            return -1
        where = f"{piece.path}.semantics"
        known = semantics.get("surfaces")
        if not isinstance(known, list):
            self.findings.add("semantics", piece.object_id, "semantics without a list of surfaces; ignored", path=where)
            return -1
        try:
            types = list(map(_TYPE, known))
            self._codes += [_CODES.get(one, 0) for one in types]
            # most say no more than their type
            self._surface_rows += [
                -1 if len(one) == 1 and kind in _CODES else self._surface(one) for one, kind in zip(known, types, strict=True)
            ]
        except (TypeError, KeyError):
            self._linked = False
            del self._codes[self._code_start[-1] :], self._surface_rows[self._code_start[-1] :]
            self._codes += [semantic_code(one) for one in known]
            self._surface_rows += [self._surface(one) for one in known]
        if self._linked:
            self._linked = False
            rows = self._surface_rows[self._code_start[-1] :]
            wrong = link(known, rows, self.surfaces)
            self._surface_rows[self._code_start[-1] :] = rows
            if wrong:
                message = f"{wrong} of the links from surface to surface lead to none, or to a part of itself; ignored"
                self.findings.add("semantics", piece.object_id, message, path=where)
        row = self._nullable(semantics["values"], boundaries, depth)
        if row < 0:
            message = "values point to surfaces that are not there; ignored"
            self.findings.add("semantics", piece.object_id, message, path=where)
        return row

    def _surface(self, stated: Any) -> int:
        """Row of the attributes of a semantic surface; -1 when it has none."""
        if not isinstance(stated, dict):
            return -1
        kept = stated.copy()
        kind = kept.pop("type", None)
        if "parent" in kept or "children" in kept:
            self._linked = True
            kept.pop("parent", None)
            kept.pop("children", None)
        if isinstance(kind, str) and kind not in _CODES:
            kept["type"] = kind
        if not kept:
            return -1
        self.surfaces.append(kept)
        return len(self.surfaces) - 1

    def _nullable(self, values: Any, boundaries: Any, depth: int) -> int:
        """Row of values by surface, in which null at any level stands for all surfaces under it; -1 when they are no such."""
        row = self.pool.row_of(values, depth + 1)
        if row >= 0:
            return row
        try:
            flat = spread_by_surface(self.pool.as_lists(values), self.pool.as_lists(boundaries), depth)
        except TypeError:
            return -1
        nest: Any = [-1 if value is None else value for value in flat]
        for _ in range(depth):
            nest = [nest]
        return self.pool.add(nest, depth + 1)

    def _material(self, piece: Piece, depth: int) -> tuple[int, int]:
        """Row of the materials by surface, or -1, and the one material of all surfaces, or -1."""
        if "material" not in piece.geometry:
            return -1, -1
        chosen = self.themes.of(piece.geometry)
        if not isinstance(chosen, dict):
            return -1, -1
        if type(chosen.get("value")) is int:
            return -1, int(chosen["value"]) if 0 <= chosen["value"] < 2**31 else 2**31
        if chosen.get("values") is None:
            return -1, -1
        row = self._nullable(chosen["values"], piece.geometry.get("boundaries"), depth)
        if row < 0:
            message = "the materials do not fit the surfaces; ignored"
            self.findings.add("material", piece.object_id, message, path=f"{piece.path}.material")
        return row, -1

    @property
    def table(self) -> NumberArrays:
        """All number nests of the pieces so far."""
        if self._table is None:
            self._table = self.pool.closed()
        return self._table

    def face_counts(self) -> NDArray[np.int64]:
        """Number of faces of each piece."""
        rows = self.table.table[np.array(self._bounds, dtype=np.int64)]
        return np.asarray(rows[:, 6] - rows[:, 5])

    def finish(self) -> Flat:
        """Rings, piece, semantic code and material of each face."""
        arrays = self.table
        if not self.pieces:
            none = np.empty(0, np.int64)
            return Flat(Rings(none, none, none), none, np.empty(0, np.uint8), none)
        rows = arrays.table[np.array(self._bounds, dtype=np.int64)]
        indices = arrays.numbers[spans(rows[:, 1], rows[:, 2])]
        sizes = arrays.sizes[0][spans(rows[:, 3], rows[:, 4])].astype(np.int64)
        counts = arrays.sizes[1][spans(rows[:, 5], rows[:, 6])].astype(np.int64)
        faces = rows[:, 6] - rows[:, 5]
        piece = np.repeat(np.arange(len(rows)), faces)
        self._note_empty(counts, piece)
        ring_face = np.repeat(np.arange(len(counts)), counts)
        index_ring = np.repeat(np.arange(len(sizes)), sizes)
        first = np.array([one.first_vertex for one in self.pieces], dtype=np.int64)
        there = np.array([one.vertices for one in self.pieces], dtype=np.int64)
        of = np.repeat(np.arange(len(rows)), rows[:, 2] - rows[:, 1])
        outside = (indices < 0) | (indices >= there[of])
        flat = Rings(indices + first[of], sizes, counts)
        texture, uv = self._pictures(rows)
        if outside.any():
            if uv is not None:
                gone = np.zeros(len(counts), dtype=bool)
                gone[ring_face[index_ring[outside]]] = True
                uv = uv[~gone[ring_face[index_ring]]]
            flat = self._without_outside(flat, outside, indices, ring_face, index_ring)
        place = self._looked_up(self._by_face(np.array(self._values), faces, "semantics"), piece)
        codes = np.array([*self._codes, 0], dtype=np.uint8)[place]
        surface = np.array([*self._surface_rows, -1], dtype=np.int32)[place] if self.surfaces else None
        material = self._by_face(np.array(self._materials), faces, "material")
        one = np.array(self._one_material, dtype=np.int64)[piece]
        material = np.where(one >= 0, one, material)
        first_material = np.array([one.first_material for one in self.pieces], dtype=np.int64)[piece]
        own = np.array([one.materials for one in self.pieces], dtype=np.int64)[piece]
        if (material >= own).any():
            message = f"{int((material >= own).sum())} surfaces have a material that is not there"
            self.findings.add("material", "", message, path="appearance.materials")
            material = np.where(material >= own, -1, material)
        material = np.where(material >= 0, material + first_material, -1)
        return Flat(flat, piece, codes, material, texture, uv, surface, self._nest(rows))

    def _nest(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Solid and shell of each face within its piece; of one that is a second piece of its object -1."""
        sizes = self.table.sizes
        shells = sizes[2][spans(rows[:, 7], rows[:, 8])].astype(np.int64)
        shell_count = rows[:, 8] - rows[:, 7]
        # of surfaces without shells the one list is all there is above them
        solids = sizes[3][spans(rows[:, 9], rows[:, 10])].astype(np.int64)
        solid_count = rows[:, 10] - rows[:, 9]
        flat = solid_count == 0
        per_solid = np.ones(int(np.where(flat, shell_count, solid_count).sum()), dtype=np.int64)
        first = np.cumsum(np.where(flat, shell_count, solid_count)) - np.where(flat, shell_count, solid_count)
        per_solid[spans(first[~flat], first[~flat] + solid_count[~flat])] = solids
        number = np.arange(len(per_solid)) - np.repeat(first, np.where(flat, shell_count, solid_count))
        solid = np.repeat(number, per_solid)
        shell = np.arange(len(solid)) - np.repeat(np.cumsum(per_solid) - per_solid, per_solid)
        nest = np.repeat(np.column_stack([solid, shell]), shells, axis=0).astype(np.int32)
        owner = np.array([one.row for one in self.pieces])
        again = np.isin(owner, [row for row, times in Counter(owner.tolist()).items() if times > 1])
        nest[np.repeat(again, self.face_counts())] = -1
        return nest

    def _pictures(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int32] | None, NDArray[np.float32] | None]:
        """Texture of each face and place of each index; None when no face has one."""
        if self.textures is None or not self.textures.found:
            return None, None
        texture = [np.full(int(row[6] - row[5]), -1, dtype=np.int32) for row in rows]
        uv = [np.full((int(row[2] - row[1]), 2), np.nan, dtype=np.float32) for row in rows]
        any_found = False
        for number, piece in enumerate(self.pieces):
            row = self._bounds[number]
            rings = iter(self.table.sizes_of(row, 0).tolist())
            sizes = [[next(rings) for _ in range(count)] for count in self.table.sizes_of(row, 1).tolist()]
            found = self.textures.of(piece.geometry, DEPTH[piece.kind], sizes, piece.first_texture)
            if found is not None:
                texture[number][:], uv[number][:] = found
                any_found = True
        return (np.concatenate(texture), np.concatenate(uv)) if any_found else (None, None)

    def _note_empty(self, counts: NDArray[np.int64], piece: NDArray[np.int64]) -> None:
        for face in np.flatnonzero(counts == 0)[:MAX_FINDINGS_A_CODE].tolist():
            owner = self.pieces[piece[face]]
            # what `_mend` has emptied was noted there
            if isinstance(owner.geometry.get("boundaries"), str):
                message = "the surface has no ring; left out"
                self.findings.add("too-few-points", owner.object_id, message, severity="error", path=self.path_of(face))

    def _by_face(self, value_rows: NDArray[np.int64], faces: NDArray[np.int64], what: str) -> NDArray[np.int64]:
        """Values of each face from the rows of each piece; -1 where there are none, noted where they do not fit."""
        arrays = self.table
        out = np.full(int(faces.sum()), -1, dtype=np.int64)
        start = np.cumsum(faces) - faces
        has = np.flatnonzero(value_rows >= 0)
        if not len(has):
            return out
        rows = arrays.table[value_rows[has]]
        stated = rows[:, 2] - rows[:, 1]
        for number in has[stated != faces[has]].tolist():
            owner = self.pieces[number]
            count = int(stated[has == number][0])
            message = f"{int(faces[number])} surfaces have {count} values; those without one are taken as unknown"
            self.findings.add(what, owner.object_id, message, path=f"{owner.path}.{what}")
        taken = np.minimum(stated, faces[has])
        out[spans(start[has], start[has] + taken)] = arrays.numbers[spans(rows[:, 1], rows[:, 1] + taken)]
        return out

    def _looked_up(self, values: NDArray[np.int64], piece: NDArray[np.int64]) -> NDArray[np.int64]:
        """Places in the table of codes of the surfaces that values point to; its end for none."""
        start = np.array(self._code_start, dtype=np.int64)
        known = np.diff(np.append(start, len(self._codes)))
        wrong = values >= known[piece]
        for number in np.unique(piece[wrong]).tolist():
            owner = self.pieces[number]
            message = "values point to surfaces that are not there; ignored"
            self.findings.add("semantics", owner.object_id, message, path=f"{owner.path}.semantics")
        none = (values < 0) | wrong
        return np.where(none, len(self._codes), start[piece] + values)

    def _without_outside(
        self,
        flat: Rings,
        outside: NDArray[np.bool_],
        indices: NDArray[np.int64],
        ring_face: NDArray[np.int64],
        index_ring: NDArray[np.int64],
    ) -> Rings:
        bad_index = np.flatnonzero(outside)
        faces, at = np.unique(ring_face[index_ring[bad_index]], return_index=True)
        for face, position in zip(faces.tolist(), bad_index[at].tolist(), strict=True):
            piece = self.piece_of(face)
            message = f"vertex {indices[position]} is not there: there are {piece.vertices}; the surface is left out"
            self.findings.add("vertex-index", piece.object_id, message, severity="error", path=self.path_of(face))
        gone = np.zeros(len(flat.counts), dtype=bool)
        gone[faces] = True
        keep_ring = ~gone[ring_face]
        return Rings(flat.indices[keep_ring[index_ring]], flat.sizes[keep_ring], np.where(gone, 0, flat.counts))

    def forget(self) -> None:
        """Let go of everything but what `path_of` needs; the documents of a long sequence must not stay in memory."""
        self._ends = np.cumsum(self.face_counts())
        arrays = self.table
        none = np.empty(0, np.int32)
        sizes = (none, none, *arrays.sizes[2:])
        self._table = NumberArrays(np.empty(0, np.int64), sizes, arrays.table, arrays.mark)
        self.arrays = self._table
        self.pool = Pool(self._table)
        at = Piece._fields.index("geometry")
        self.pieces = [Piece._make((*piece[:at], {}, *piece[at + 1 :])) for piece in self.pieces]

    def _place(self, face: int) -> tuple[int, int]:
        if self._ends is None or len(self._ends) != len(self.pieces):
            self._ends = np.cumsum(self.face_counts())
        number = int(np.searchsorted(self._ends, face, side="right"))
        before = int(self._ends[number - 1]) if number else 0
        return number, face - before

    def piece_of(self, face: int) -> Piece:
        """The geometry that a face is of."""
        return self.pieces[self._place(face)[0]]

    def path_of(self, face: int) -> str:
        """Path in the file of a face, such as ``CityObjects.a.geometry[0].boundaries[0][3]``."""
        number, within = self._place(face)
        piece, row = self.pieces[number], self._bounds[number]
        steps = [within]
        for level in range(2, 2 + DEPTH[piece.kind]):
            list_number, within = 0, steps[0]
            for size in self.table.sizes_of(row, level).tolist():
                if within < size:
                    break
                within -= size
                list_number += 1
            steps[:1] = [list_number, within]
        return f"{piece.path}.boundaries" + "".join(f"[{step}]" for step in steps)


def semantic_code(surface: Any) -> int:
    """Code of a semantic surface; 0 for a type that is not one of CityJSON's."""
    kind = surface.get("type") if isinstance(surface, dict) else None
    return SEMANTICS.get(kind, 0) if isinstance(kind, str) else 0


def sound_surface(surface: Any) -> bool:
    """Whether a surface is a list of lists of whole numbers that fit a machine word."""
    if not isinstance(surface, list) or not set(map(type, surface)) <= {list}:
        return False
    return all(type(number) is int and abs(number) < 2**62 for ring in surface for number in ring)
