"""Geometry templates of CityJSON: one shape, placed many times."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.geo.mesh import Rings
from twin.geo.readers.cityjson_appearance import Appearance
from twin.geo.readers.cityjson_geometry import DEPTH, SKELETONS, Flat, FlatGeometry, Piece
from twin.geo.readers.cityjson_lods import LODS, lod_text, note_lod
from twin.geo.readers.jsonarrays import NumberArrays
from twin.geo.readers.jsonpool import Pool
from twin.geo.readers.model import Findings, ObjectModel
from twin.geo.readers.surface_links import rows_moved

MAX_VERTICES = 20_000_000
"""More vertices, or corners of faces, than this from placing templates are refused: a small file could ask for any number."""

BESIDE_M = 0.01
"""The origin of a shape that is this far outside it is not where its object stands [m]."""


class Instance(NamedTuple):
    """A template placed at a vertex.

    Parameters
    ----------
    row : int
        Object.
    template : int
    vertex : int
        Place, as a row of the vertices of the file.
    matrix : (4, 4) float64
        Applied to the vertices of the template before they are moved to the place.
    path : str
        Where in the file.
    """

    row: int
    template: int
    vertex: int
    matrix: NDArray[np.float64]
    path: str


class Templates:
    """The templates of a file, each read once.

    Parameters
    ----------
    content : object
        ``geometry-templates`` as the file has it, or None.
    arrays : NumberArrays
        Of the document.
    appearance : Appearance
    findings : Findings
    """

    def __init__(self, content: Any, arrays: NumberArrays, appearance: Appearance, findings: Findings) -> None:
        self._appearance = appearance
        self._lods: list[str] = []
        self._flat: list[Flat | None] = []
        self._kinds: list[str] = []
        self._surfaces: dict[int, list[dict[str, Any]]] = {}
        self._skeletons: dict[int, tuple[str, list[list[int]]]] = {}
        self._vertices = np.empty((0, 3))
        self._noted = False
        if content is None:
            return
        rows = content.get("templates") if isinstance(content, dict) else None
        points = content.get("vertices-templates") if isinstance(content, dict) else None
        if not isinstance(rows, list) or not isinstance(points, list):
            message = "`geometry-templates` needs a list of templates and one of vertices; ignored"
            findings.add("templates", "", message, severity="error", path="geometry-templates")
            return
        self._vertices = _points(points, findings)
        for number, template in enumerate(rows):
            root = "geometry-templates.templates"
            kind = template.get("type") if isinstance(template, dict) else None
            stated = template.get("lod") if isinstance(template, dict) else None
            self._lods.append(lod_text(stated))
            self._kinds.append(str(kind))
            if lod_text(stated) not in LODS:
                note_lod(stated, "", f"{root}[{number}]", findings)
            if isinstance(template, dict) and kind in SKELETONS:
                nest = Pool(arrays).as_lists(template.get("boundaries"))
                lines = [nest] if kind == "MultiPoint" else nest
                if _are_places(lines, len(self._vertices)):
                    self._skeletons[number] = (str(kind), lines)
                else:
                    message = "the boundaries are not numbers of vertices that are there; left out"
                    findings.add("templates", "", message, severity="error", path=f"{root}[{number}].boundaries")
                self._flat.append(None)
                continue
            if not isinstance(kind, str) or kind not in DEPTH:
                message = f"a template of type {str(kind)[:60]!r} is not a geometry; left out"
                findings.add("templates", "", message, severity="error", path=f"{root}[{number}]")
                self._flat.append(None)
                continue
            if template.get("texture"):
                message = "pictures on a shape that is placed many times are not drawn"
                findings.add("textures", "", message, severity="info", path=f"{root}[{number}].texture")
            flat = FlatGeometry(arrays, findings, appearance.themes)
            flat.add(Piece(0, "", number, kind, 0, len(self._vertices), template, root=root))
            self._flat.append(flat.finish())
            self._surfaces[number] = flat.surfaces

    def lod_of(self, number: Any) -> str:
        """Level of detail of a template; empty when there is none with that number."""
        return self._lods[number] if type(number) is int and 0 <= number < len(self._lods) else ""

    def filled(self, number: Any) -> bool:
        """Whether there is a template with that number, and something in it."""
        if type(number) is not int or not 0 <= number < len(self._flat):
            return False
        flat = self._flat[number]
        return number in self._skeletons if flat is None else bool((flat.rings.sizes >= 3).any())

    def instance(self, piece: Piece, vertex: int, findings: Findings) -> Instance | None:
        """A placed template; None, noted, when the template or the place is not there."""
        number = piece.geometry.get("template")
        if type(number) is not int or not 0 <= number < len(self._flat):
            message = f"template {str(number)[:40]} is not there: the file has {len(self._flat)}; left out"
            findings.add("template", piece.object_id, message, severity="error", path=piece.path)
            return None
        if (self._flat[number] is None and number not in self._skeletons) or vertex < 0:
            return None
        stated = piece.geometry.get("transformationMatrix")
        matrix = np.eye(4)
        if stated is not None:
            numbers = isinstance(stated, list) and len(stated) == 16 and all(type(one) in (int, float) for one in stated)
            if not numbers or not np.isfinite(np.array(stated, dtype=np.float64)).all():
                message = "the transformation matrix is not 16 finite numbers; left out"
                findings.add("template", piece.object_id, message, severity="error", path=f"{piece.path}.transformationMatrix")
                return None
            matrix = np.array(stated, dtype=np.float64).reshape(4, 4)
        return Instance(piece.row, number, vertex, matrix, piece.path)

    def _place_skeleton(self, model: ObjectModel, instance: Instance) -> None:
        """Points or lines of a template as the shape of an object that has none yet."""
        kind, lines = self._skeletons[instance.template]
        place = model.vertices[instance.vertex]
        moved = []
        for line in lines:
            shape = np.column_stack([self._vertices[line], np.ones(len(line))]) @ instance.matrix.T
            weight = np.where(shape[:, 3:] == 0, 1.0, shape[:, 3:])
            moved.append(shape[:, :3] / weight + place)
        if instance.row in model.shapes or instance.row in model.anchors or not all(np.isfinite(one).all() for one in moved):
            return
        if kind == "MultiPoint":
            if len(moved[0]) == 1:
                model.anchors[instance.row] = moved[0][0]
                model.shapes[instance.row] = shapely.Point(moved[0][0])
            else:
                model.shapes[instance.row] = shapely.MultiPoint(moved[0])
        else:
            usable = [shapely.LineString(one) for one in moved if len(one) >= 2]
            if usable:
                model.shapes[instance.row] = usable[0] if len(usable) == 1 else shapely.MultiLineString(usable)
        if model.kinds is not None:
            model.kinds[instance.row] = kind

    def placed(self, model: ObjectModel, instances: list[Instance], findings: Findings) -> ObjectModel:
        """The model with all instances as faces of their objects; where those stand become anchors."""
        for instance in instances:
            if instance.template in self._skeletons and np.isfinite(model.vertices[instance.vertex]).all():
                self._place_skeleton(model, instance)
        instances = [instance for instance in instances if instance.template not in self._skeletons]
        if not instances:
            return model
        used: dict[int, list[Instance]] = {}
        first: dict[int, Instance] = {}
        for instance in instances:
            if np.isfinite(model.vertices[instance.vertex]).all():
                used.setdefault(instance.template, []).append(instance)
                if instance.row not in model.anchors:
                    first[instance.row] = instance
                    model.anchors[instance.row] = _origin(instance.matrix) + model.vertices[instance.vertex]
        kinds = model.kinds = list(model.kinds or [""] * len(model.ids))
        nest = [_unknown(len(model.owner)) if model.nest is None else model.nest]
        # what is put together of several shapes is nested like none of them
        times = Counter(instance.row for group in used.values() for instance in group)
        alone = {row for row, count in times.items() if count == 1} - set(model.owner.tolist())
        for row in times:
            kinds[row] = ""
        vertices, rings, owner = [model.vertices], [model.rings], [model.owner]
        semantic, colour, paths = [model.semantic], [model.colour], [(0, "")]
        surface: list[NDArray[np.int32] | None] = [model.surface]
        total, faces, indices = len(model.vertices), len(model.owner), 0
        for number, group in used.items():
            flat = self._flat[number]
            assert flat is not None
            corners, inverse = np.unique(flat.rings.indices, return_inverse=True)
            indices += len(flat.rings.indices) * len(group)
            if total + len(corners) * len(group) > MAX_VERTICES or indices > MAX_VERTICES:
                message = f"template {number}, placed {len(group)} times, would have more than {MAX_VERTICES:,} vertices; not drawn"
                findings.add("template-limit", "", message, severity="error", path=f"geometry-templates.templates[{number}]")
                continue
            if not len(corners):
                continue
            own = None if flat.surface is None else np.where(flat.surface >= 0, flat.surface + len(model.surfaces), -1)
            model.surfaces += rows_moved(self._surfaces[number], len(model.surfaces)) if own is not None else []
            shape = np.column_stack([self._vertices[corners], np.ones(len(corners))])
            matrices = np.array([instance.matrix for instance in group])
            turned = np.einsum("kij,vj->kvi", matrices, shape)
            weight = np.where(turned[..., 3:] == 0, 1.0, turned[..., 3:])
            places = model.vertices[[instance.vertex for instance in group]]
            moved = turned[..., :3] / weight + places[:, None, :]
            mirrored = np.linalg.det(matrices[:, :3, :3]) < 0
            for copy, instance in enumerate(group):
                if first.get(instance.row) is instance:
                    model.anchors[instance.row] = _stand(model.anchors[instance.row], moved[copy])
                vertices.append(moved[copy])
                numbers = inverse + total
                same = Rings(numbers, flat.rings.sizes, flat.rings.counts)
                rings.append(_turned(same) if mirrored[copy] else same)
                owner.append(np.full(len(flat.piece), instance.row, dtype=np.int32))
                semantic.append(flat.semantic)
                surface.append(None if own is None else own.astype(np.int32))
                if instance.row in alone:
                    kinds[instance.row] = self._kinds[number]
                nest.append(_unknown(len(flat.piece)) if flat.nest is None or instance.row not in alone else flat.nest)
                colour.append(self._appearance.colours(flat.material, None))
                paths.append((faces, instance.path))
                total += len(corners)
                faces += len(flat.piece)
        if any(one is not None for one in surface):
            rows = [len(one) for one in owner]
            blank = [np.full(count, -1, np.int32) if one is None else one for one, count in zip(surface, rows, strict=True)]
            model.surface = np.concatenate(blank)
        model.nest = np.concatenate(nest)
        return _joined(model, vertices, rings, owner, semantic, colour, paths)


def _origin(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a matrix moves the origin of a template to, from the place that it is put at (3,) [m]."""
    return matrix[:3, 3] / (matrix[3, 3] or 1.0)


def _stand(origin: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where an object stands (3,) [m]: at the origin of its shape; in the middle of a shape that is drawn beside its origin."""
    low, high = np.fmin.reduce(drawn[:, :2]), np.fmax.reduce(drawn[:, :2])
    beside = (origin[:2] < low - BESIDE_M).any() or (origin[:2] > high + BESIDE_M).any()
    return np.append((low + high) / 2, origin[2]) if beside else origin


def _unknown(faces: int) -> NDArray[np.int32]:
    """Solid and shell (S, 2) of faces of which they are not known."""
    return np.full((faces, 2), -1, dtype=np.int32)


def _joined(
    model: ObjectModel,
    vertices: list[NDArray[np.float64]],
    rings: list[Rings],
    owner: list[NDArray[np.int32]],
    semantic: list[NDArray[np.uint8]],
    colour: list[NDArray[np.uint8] | None],
    paths: list[tuple[int, str]],
) -> ObjectModel:
    """The model with the arrays put together, and paths that know the instances."""
    own_paths, own_faces = model.path_of, len(model.owner)
    starts = np.array([start for start, _ in paths[1:]], dtype=np.int64)

    def path_of(face: int) -> str:
        if face < own_faces:
            return own_paths(face)
        return paths[1:][int(np.searchsorted(starts, face, side="right")) - 1][1]

    if any(one is not None for one in colour):
        counts = [len(one) for one in owner]
        blank = [np.zeros((count, 4), np.uint8) if one is None else one for one, count in zip(colour, counts, strict=True)]
        model.colour = np.concatenate(blank)
    if model.texture is not None and model.uv is not None:
        # the picture of a template is not drawn
        more, corners = sum(len(one) for one in owner[1:]), sum(len(one.indices) for one in rings[1:])
        model.texture = np.append(model.texture, np.full(more, -1, np.int32))
        model.uv = np.concatenate([model.uv, np.full((corners, 2), np.nan, np.float32)])
    model.vertices = np.concatenate(vertices)
    model.rings = Rings(*(np.concatenate([one[part] for one in rings]) for part in range(3)))
    model.owner = np.concatenate(owner)
    model.semantic = np.concatenate(semantic)
    model.path_of = path_of
    return model


def _turned(rings: Rings) -> Rings:
    """Rings run the other way round: a matrix that mirrors turns a shape inside out."""
    start = np.cumsum(rings.sizes) - rings.sizes
    of = np.repeat(np.arange(len(rings.sizes)), rings.sizes)
    place = np.arange(len(rings.indices)) - start[of]
    return Rings(rings.indices[start[of] + rings.sizes[of] - 1 - place], rings.sizes, rings.counts)


def _points(points: list[Any], findings: Findings) -> NDArray[np.float64]:
    """Vertices of the templates (V, 3); one that is not three numbers becomes NaN, and is noted."""
    table = np.full((len(points), 3), np.nan)
    for number, point in enumerate(points):
        if isinstance(point, list) and len(point) == 3 and all(type(one) in (int, float) for one in point):
            table[number] = point
        else:
            path = f"geometry-templates.vertices-templates[{number}]"
            findings.add("vertex", "", f"vertex {number} of the templates is not three numbers", severity="error", path=path)
    return table


def _are_places(lines: Any, vertices: int) -> bool:
    """Whether something is lists of numbers of vertices, with some in each."""
    if not isinstance(lines, list) or not lines:
        return False
    return all(
        isinstance(line, list) and line and all(type(one) is int and 0 <= one < vertices for one in line) for line in lines
    )
