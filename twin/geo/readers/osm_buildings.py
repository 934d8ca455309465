"""Buildings of OpenStreetMap: outlines, parts and roofs to closed solids, or footprints where no height is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.mesh import SEMANTICS, Rings
from twin.geo.readers.model import Findings, ObjectModel
from twin.geo.readers.osm_colours import NONE, Colour, colours_of, of_faces
from twin.geo.readers.osm_elements import BuildingRelation, Element, Extract
from twin.geo.readers.osm_measures import Measures, measures
from twin.geo.readers.osm_tags import layer_of, truth
from twin.geo.roof_faces import GRID_M, Solid
from twin.geo.roofs import solid

NOT_BUILT = frozenset({"no", "proposed", "planned", "demolished", "razed", "destroyed"})
"""Values of ``building`` for what does not stand there."""

CANOPIES = frozenset({"roof", "carport", "canopy"})
"""Values of ``building`` for roofs without walls: people walk below them, so they are not in the layer ``buildings``."""

CANOPY_TYPE = "GenericCityObject"
INSIDE = 0.5
"""A part belongs to the outline that holds more than this share of it."""
REST_PART, REST_M2 = 0.02, 1.0
"""Of an outline less than this share, or less than this area [m2], that parts leave over is a slip of the pen."""
TOUCH_M = 0.006
"""Gap that is made where rings of one building touch in a point [m]."""
SLIVER_M = 0.2
"""What is narrower than this between an outline and its parts is not drawn [m]."""


@dataclass(slots=True)
class Whole:
    """One building: its outline with the parts in it."""

    id: str
    tags: dict[str, str]
    outline: BaseGeometry | None
    parts: list[Element] = field(default_factory=list)


class SolidModel:
    """Collects objects and their faces for an `ObjectModel`."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.types: list[str] = []
        self.parents: list[str] = []
        self.lods: list[str] = []
        self.attributes: list[dict[str, Any]] = []
        self.vertices: list[NDArray[np.float64]] = []
        self.indices: list[int] = []
        self.sizes: list[int] = []
        self.counts: list[int] = []
        self.owner: list[int] = []
        self.semantic: list[int] = []
        self.colour: list[Colour] = []
        self._start = 0

    def __len__(self) -> int:
        return len(self.ids)

    def add(
        self,
        object_id: str,
        kind: str,
        parent: str,
        lod: str,
        attributes: dict[str, Any],
        solids: Iterable[Solid],
        colours: tuple[Colour, Colour] = (NONE, NONE),
    ) -> None:
        """Add one object with its solids, and the colours of their walls and roofs."""
        row = len(self.ids)
        self.ids.append(object_id)
        self.types.append(kind)
        self.parents.append(parent)
        self.lods.append(lod)
        self.attributes.append(attributes)
        for one in solids:
            self.vertices.append(one.vertices)
            for face in one.faces:
                for ring in face:
                    self.indices += [index + self._start for index in ring]
                    self.sizes.append(len(ring))
                self.counts.append(len(face))
            self.owner += [row] * len(one.faces)
            self.semantic += one.semantics
            self.colour += of_faces(one.semantics, *colours)
            self._start += len(one.vertices)

    def model(self) -> ObjectModel:
        """All objects, their heights above the ground."""
        points = np.concatenate(self.vertices) if self.vertices else np.empty((0, 3))
        shift = np.array([*np.floor(points[:, :2].min(axis=0)), 0.0]) if len(points) else np.zeros(3)
        owner = np.array(self.owner, dtype=np.int32)
        colour = np.array(self.colour, dtype=np.uint8).reshape(-1, 4)
        return ObjectModel(
            ids=self.ids,
            types=self.types,
            parents=self.parents,
            lods=self.lods,
            attributes=self.attributes,
            vertices=points - shift,
            shift=shift,
            rings=Rings(*(np.array(one, dtype=np.int64) for one in (self.indices, self.sizes, self.counts))),
            owner=owner,
            semantic=np.array(self.semantic, dtype=np.uint8),
            path_of=lambda face: self.ids[int(owner[face])],
            colour=colour if colour[:, 3].any() else None,
            relative=True,
        )


@dataclass(slots=True)
class Buildings:
    """Buildings of one file.

    Parameters
    ----------
    objects : SolidModel
        Those with a height.
    footprints : dict of str to (geometry, tags)
        Those without.
    below : dict of str to (geometry, tags)
        Those under the ground.
    used : set of str
        Elements that these were made of.
    """

    objects: SolidModel
    footprints: dict[str, tuple[BaseGeometry, dict[str, str]]] = field(default_factory=dict)
    below: dict[str, tuple[BaseGeometry, dict[str, str]]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


def is_outline(tags: dict[str, str]) -> bool:
    """Whether an element is a building that stands there."""
    return tags.get("building", "no") not in NOT_BUILT


def is_part(tags: dict[str, str]) -> bool:
    """Whether an element is a part of a building and not a building itself."""
    return tags.get("building:part", "no") not in NOT_BUILT and not is_outline(tags)


def underground(tags: dict[str, str]) -> bool:
    """Whether a building lies wholly below the ground."""
    if tags.get("location") == "underground":
        return True
    return (layer_of(tags) or 0) < 0 and not truth(tags.get("bridge"))


def buildings_of(extract: Extract, findings: Findings) -> Buildings:
    """Make the buildings of a file.

    Parameters
    ----------
    extract : Extract
        With areas in metres.
    findings : Findings
    """
    made = Buildings(SolidModel())
    outlines = {one.id: one for one in extract.elements.values() if is_outline(one.tags) and one.area is not None}
    parts = {one.id: one for one in extract.elements.values() if is_part(one.tags) and one.area is not None}
    drawn = {one.id: one.area for one in outlines.values()}
    _snap([*outlines.values(), *parts.values()])
    wholes = {one.id: Whole(one.id, one.tags, one.area) for one in outlines.values()}
    placed = _by_relation(extract, wholes, parts, findings)
    _by_place(wholes, [part for part in parts.values() if part.id not in placed], findings)
    for whole in wholes.values():
        made.used.add(whole.id)
        made.used.update(part.id for part in whole.parts)
        _add_whole(whole, made, findings)
    for rows in (made.footprints, made.below):
        for key, (area, tags) in rows.items():
            rows[key] = drawn.get(key) or area, tags
    return made


def _snap(elements: list[Element]) -> None:
    """Put areas on whole millimetres, all at once; one that vanishes on that grid stays as it is, and makes no solid."""
    areas = np.array([one.area for one in elements], dtype=object)
    snapped = shapely.set_precision(areas, GRID_M)
    for one, area in zip(elements, snapped, strict=True):
        one.area = area if not area.is_empty else one.area


def _by_relation(
    extract: Extract, wholes: dict[str, Whole], parts: dict[str, Element], findings: Findings
) -> set[str]:
    """Give parts to the outlines that relations name; return those that are placed."""
    placed: set[str] = set()
    for relation in extract.buildings:
        members = [one for one in relation.parts if one in parts and one not in placed]
        missing = [one for one in (*relation.outlines, *relation.parts) if one not in extract.elements]
        if missing:
            message = f"{len(missing)} members of the building are not in the file"
            findings.add("osm-relation", relation.id, message)
        whole = _whole_of(relation, extract, wholes)
        if whole is None or not members:
            continue
        placed.update(members)
        whole.parts += [parts[one] for one in members]
        whole.tags = {**{key: value for key, value in relation.tags.items() if key != "type"}, **whole.tags}
    return placed


def _whole_of(relation: BuildingRelation, extract: Extract, wholes: dict[str, Whole]) -> Whole | None:
    """The building that a relation is about: its outline, which may have no tags of its own."""
    found = [wholes[one] for one in relation.outlines if one in wholes]
    if len(found) == 1:
        return found[0]
    if not found:
        shapes = [extract.elements[one].area for one in relation.outlines if one in extract.elements]
        outline = shapely.union_all([shape for shape in shapes if shape is not None]) if shapes else None
        if not is_outline(relation.tags) and outline is None:
            return None
        whole = Whole(relation.id, relation.tags, outline if outline is not None and not outline.is_empty else None)
        wholes[relation.id] = whole
        return whole
    # several outlines: each keeps the parts that lie in it
    return None


def _by_place(wholes: dict[str, Whole], parts: list[Element], findings: Findings) -> None:
    """Give parts to the outlines they lie in; one that lies in none is a building of its own."""
    holders = [one for one in wholes.values() if one.outline is not None]
    tree = shapely.STRtree([one.outline for one in holders])
    shapes = np.array([part.area for part in parts], dtype=object)
    pairs = tree.query(shapes, predicate="intersects") if len(parts) and holders else np.empty((2, 0), np.int64)
    outlines = np.array([one.outline for one in holders], dtype=object)
    shared = shapely.area(shapely.intersection(shapes[pairs[0]], outlines[pairs[1]])) if pairs.size else np.empty(0)
    best: dict[int, tuple[float, float, int]] = {}
    for part, holder, area in zip(*pairs.tolist(), shared.tolist(), strict=True):
        # of two outlines that hold it whole, the smaller one
        rank = round(area / shapes[part].area, 6), -outlines[holder].area, holder
        best[part] = max(best.get(part, rank), rank)
    for number, part in enumerate(parts):
        share, _, holder = best.get(number, (0.0, 0.0, -1))
        if share > INSIDE:
            holders[holder].parts.append(part)
        else:
            message = "the part of a building lies in no outline of one; taken as a building of its own"
            findings.add("osm-part", part.id, message, severity="info")
            wholes[part.id] = Whole(part.id, part.tags, part.area)


def _add_whole(whole: Whole, made: Buildings, findings: Findings) -> None:
    """One building with its parts."""
    kind = CANOPY_TYPE if whole.tags.get("building") in CANOPIES and not whole.parts else "Building"
    if underground(whole.tags):
        if whole.outline is not None:
            made.below[whole.id] = whole.outline, whole.tags
        return
    drawn: list[tuple[Element, list[tuple[Solid, Measures]]]] = []
    flat: list[BaseGeometry] = []
    for part in whole.parts:
        assert part.area is not None
        if underground(part.tags):
            continue
        solids = _solids(part.area, part.tags, part.id, findings)
        if solids:
            drawn.append((part, solids))
            flat.append(part.area)
        else:
            message = "neither height nor storeys of the part are known; the outline's are taken where it has some"
            findings.add("osm-part-height", part.id, message)
    rest = _rest(whole, flat, findings)
    own = [] if rest is None else _solids(rest, _plain(whole.tags) if flat else whole.tags, whole.id, findings)
    if not own and not drawn:
        if whole.outline is not None:
            made.footprints[whole.id] = whole.outline, whole.tags
        return
    colours = colours_of(whole.tags, {}, whole.id, findings)
    made.objects.add(whole.id, kind, "", _lod(own), _attributes(whole.tags, own), (one for one, _ in own), colours)
    for part, solids in drawn:
        attributes = _attributes(part.tags, solids)
        colours = colours_of(part.tags, whole.tags, part.id, findings)
        made.objects.add(part.id, "BuildingPart", whole.id, _lod(solids), attributes, (one for one, _ in solids), colours)


def _plain(tags: dict[str, str]) -> dict[str, str]:
    """Tags of an outline for what its parts leave over: the roof belongs to the building as a whole."""
    return {key: value for key, value in tags.items() if not key.startswith("roof:")}


def _rest(whole: Whole, parts: list[BaseGeometry], findings: Findings) -> BaseGeometry | None:
    """What of the outline no part covers; all of it without parts, None when that is as good as nothing."""
    if whole.outline is None or not parts:
        return whole.outline
    left = whole.outline.difference(shapely.union_all(parts))
    left = left.buffer(-SLIVER_M / 2, join_style="mitre").buffer(SLIVER_M / 2, join_style="mitre").intersection(whole.outline)
    pieces = [one for one in shapely.get_parts(left) if one.geom_type == "Polygon" and one.area > REST_M2]
    rest = shapely.MultiPolygon(pieces)
    share = rest.area / whole.outline.area
    if share < REST_PART:
        return None
    message = f"its parts leave {100 * share:.0f} % of its outline; that is drawn by the tags of the outline, with a flat roof"
    findings.add("osm-part-cover", whole.id, message, severity="info")
    return rest


def _solids(area: BaseGeometry, tags: dict[str, str], object_id: str, findings: Findings) -> list[tuple[Solid, Measures]]:
    """Closed bodies on the polygons of an area; none where the height is not known."""
    found: list[tuple[Solid, Measures]] = []
    snapped = area if shapely.get_precision(area) == GRID_M else shapely.set_precision(area, GRID_M)
    for polygon in shapely.get_parts(_apart(snapped)):
        if polygon.geom_type != "Polygon" or polygon.is_empty:
            continue
        size = measures(tags, polygon, object_id, findings)
        if size is None:
            return []
        body = solid(polygon, size.base, size.eaves, size.top, size.shape, frame=size.frame, direction_deg=size.direction_deg)
        if body is None and size.shape != "flat":
            message = f"a {size.shape} roof cannot stand on this footprint; drawn flat"
            findings.add("roof-shape", object_id, message, path="roof:shape")
            size = size._replace(shape="flat", eaves=size.top)
            body = solid(polygon, size.base, size.top, size.top)
        if body is not None:
            found.append((_semantics(body, size), size))
    return found


def _apart(area: BaseGeometry) -> BaseGeometry:
    """The area with a gap of a few millimetres where its rings touch in a point: walls there would share an edge by four."""
    rings = [shapely.get_coordinates(ring)[:-1] for ring in shapely.get_rings(shapely.get_parts(area))]
    corners = np.concatenate(rings) if rings else np.empty((0, 2))
    if len(np.unique(corners, axis=0)) == len(corners):
        return area
    return shapely.set_precision(shapely.buffer(area, -TOUCH_M / 2, join_style="mitre"), GRID_M)


def _semantics(body: Solid, size: Measures) -> Solid:
    """The underside of what hangs above the ground is a ceiling outdoors, not the ground."""
    if size.base <= 0:
        return body
    ground, ceiling = SEMANTICS["GroundSurface"], SEMANTICS["OuterCeilingSurface"]
    return body._replace(semantics=[ceiling if one == ground else one for one in body.semantics])


def _lod(solids: list[tuple[Solid, Measures]]) -> str:
    if not solids:
        return ""
    return "2" if any(size.shape != "flat" for _, size in solids) else "1"


def _attributes(tags: dict[str, str], solids: list[tuple[Solid, Measures]]) -> dict[str, Any]:
    """Tags as they are, with what the heights were taken from."""
    made: dict[str, Any] = dict(tags)
    if solids:
        size = solids[0][1]
        made["height_from"] = size.height_from
        if size.roof_from:
            made["roof_from"] = size.roof_from
    return made
