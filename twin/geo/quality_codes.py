"""What each code of a finding means, by what it is about.

A test walks the sources and holds this list against what they can tell: a new code needs a line here, and one in
``docs/quality.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COORDINATES = {
    "no-crs": "the file does not say in which coordinate system it is; taken as the one asked for or a local plane, or left out",
    "crs": "how coordinates were brought into the system of the city, and how exact that is",
    "crs-assumed": "the system that the file states is not known; the one that its coordinates fit was taken",
    "axis-order": "which of the two coordinates was taken for north, where file and standard disagree",
    "coordinates": "coordinates that are no numbers, or lie where they cannot be: swapped, or of another system?",
    "not-finite": "a point or a row has coordinates that are not finite numbers",
    "vertex": "a vertex is not three numbers, or lies further off than any place on Earth",
    "far-away": "a file lies far outside the area that the coordinate system of the city is made for",
}
"""Where things are."""

SHAPES = {
    "ring-not-closed": "a ring does not end where it starts; closed when read",
    "repeated-point": "a ring repeats a point; the repetition is ignored",
    "too-few-points": "a surface has fewer than three different points",
    "no-area": "a surface has no area",
    "vertex-index": "a surface names a vertex that is not there",
    "boundary": "boundaries are not nested as their type of geometry asks for",
    "hole-dropped": "a hole has fewer than three different points; the hole is ignored",
    "non-planar": "a surface is bent by more than the tolerance: 1 cm, or that of `--planarity`",
    "self-crossing": "the outline of a surface crosses itself; left out where its parts cancel to no area",
    "not-cut": "a surface cannot be cut into triangles",
    "too-many-holes": "a surface has more holes than can be cut in time",
    "geometry": "a geometry is of a kind that is not read, or cannot be made",
    "template-limit": "a shape that is placed many times has more geometry than is safe to read; not drawn",
}
"""Surfaces and their outlines."""

SOLIDS = {
    "open-solid": "not watertight: an edge has one face only",
    "non-manifold": "an edge has more than two faces",
    "turned-face": "neighbouring faces look opposite ways",
    "inside-out": "all faces look inward; those of a mesh file are turned when read",
    "self-intersection": "faces of one object go through each other by more than 1 mm, or overlap looking the same way",
    "degenerate-face": "two corners of a triangle are on the same millimetre",
    "duplicate-face": "a triangle stands twice in one object",
    "not-checked": "too much in one place to look at all of it",
}
"""Closed shapes."""

OBJECTS = {
    "refused": "the file could not be read at all; the message says why",
    "duplicate-id": "two objects have the same id: the first is kept (of one CityJSON document the last), or the newer version",
    "duplicate-object": "two objects have the same faces",
    "no-id": "something has no id in the file: it is called by its kind and number, or left out if it is a stop",
    "object-id": "an object without an id; left out",
    "footprint-invalid": "a footprint is not a valid polygon",
    "footprint-overlap": "footprints of two buildings overlap",
    "no-footprint": "a building has no footprint",
    "no-geometry": "a building has no geometry, nor have its parts; or a row of a file has none and is left out",
    "attributes": "the attributes of an object, or a part of them, cannot be read; left out",
    "attribute-digits": "an attribute has numbers that are too long for 64 bits and are rounded",
    "attribute-kinds": "an attribute has values of several kinds, or whole numbers that are too long; all are kept as text",
    "attribute-skipped": "attributes with too much in them, or too many of them, are left out",
    "textures": "pictures on surfaces that are not drawn (CityGML, templates of CityJSON), or whose places are no numbers",
    "not-read": "the file also holds things of a kind that is not read; the message names them",
    "option-unused": "an option was given that nothing in the files answers to",
}
"""Whole objects, and what of a file becomes none."""

HEIGHTS = {
    "height": "a height that cannot be (not positive, over 1,000 m), or a ground 25 m off those around, or where none is",
    "height-unknown": "nothing states the height of a building",
    "height-absurd": "a column states heights that no building has; not used",
    "height-column": "the column asked for is not there, or holds no heights",
    "height-unit": "the map is in feet and no unit of heights is stated; taken as metres",
    "unit": "numbers in another unit than ours: brought to ours, or the unit is not known",
    "unit-assumed": "the source does not state a unit, or not the one its numbers fit; the message says which was taken",
    "ground-off-terrain": "the ground of a building is more than 3 m off the terrain",
    "ground-assumed": "nothing states the height of the ground here, so one was assumed; the message says which",
    "underground-above": "what is said to lie below the ground (a garage, a cellar) is drawn above it",
}
"""Heights of buildings and of the ground."""

LEVELS_OF_DETAIL = {
    "lod": "a geometry states no level of detail, or not one of the standard",
    "lod-absent": "an object has nothing in the level of detail that was asked for",
    "lod-empty": "an object has nothing to draw in a level of detail; the best of the others is taken",
    "lod-left": "geometries of another level of detail than the one taken were left",
    "lod-repeated": "an object has several geometries of one level of detail; all of them are taken",
}
"""Which geometry was taken."""

CITYJSON = {
    "appearance": "`appearance` is not what the standard says; ignored",
    "byte-order-mark": "the file starts with a byte order mark; ignored",
    "child": "an object names a child that is not in the file, or itself",
    "parent": "an object is part of one that is not in the file, or of itself; it stands for itself",
    "feature-id": "the id of a feature is not that of one of its objects",
    "material": "materials (colours) do not fit the surfaces, or are not there; ignored",
    "metadata": "the metadata are nested too deep to be kept",
    "no-header": "a sequence without its header line; coordinates are taken as they are",
    "no-transform": "the file does not say how its whole numbers become metres; taken as they are",
    "zero-scale": "the scale of a file is zero, which would let all places fall together; no coordinates use it",
    "object-type": "an object without a type; left out",
    "semantics": "what surfaces are (wall, roof, ...) does not fit the surfaces; taken as not known",
    "template": "a shape to be placed is not there, or its place is none; left out",
    "templates": "the table of shapes to be placed is not readable, or holds one that is no surface; ignored",
    "theme": "of several sets of materials or pictures (themes) one is shown; the message names all",
    "texture-missing": "pictures are not in the folder of the file; their surfaces are drawn plain",
    "version": "a version of CityJSON that is not known; read as the nearest one",
}
"""Of CityJSON."""

CITYGML = {
    "curve": "a curved edge is taken as straight; a ring of links or turned curves is left out",
    "dynamizer": "time series are not read",
    "ended": "objects that have ended, or are not in the last version, are left out; if all have, all stay",
    "geometry-aside": "geometries in no level of detail (of addresses, groups, extensions) are not read",
    "implicit": "a shape that is placed many times (a tree, a lamp) cannot be placed",
    "library-object": "a shape stands in another file, which is not opened; the object is a point",
    "line": "a line that is not points of three numbers (CityGML), or has more values than columns (GTFS)",
    "point": "a point that is not three numbers; left out",
    "not-read-multicurve": "lines of objects that have surfaces are not drawn",
    "not-read-pointcloud": "point clouds inside objects are not read",
    "not-read-relief": "terrain as loose points, break lines or a raster is not read",
    "terrain-intersection": "curves where objects meet the terrain are not read",
    "tin-lines": "break lines of a terrain of points are not heeded",
    "two-dimensional": "rings state no heights; they are drawn at height 0",
    "xlink-dangling": "a link to a geometry that is not in the file; left out",
    "xlink-external": "a link to another file, which is not followed; left out",
    "xlink-limit": "surfaces are used again too often to be safe; this use is left out",
}
"""Of CityGML."""

OSM = {
    "osm-abutment": "a bridge or tunnel is too short to be joined to the street",
    "osm-area": "an area that is none, is too large to look at, or crosses itself",
    "osm-colour": "a colour of a building that is none; not used",
    "osm-deleted": "objects that are marked as deleted; left out",
    "osm-element": "an element that is no node, way or relation, or lacks its nodes or place; left out",
    "osm-empty": "the file holds no tagged objects",
    "osm-height": "a height or number of storeys that cannot be read, or cannot be",
    "osm-incomplete": "nodes of a way are not in the file: it is read in part, or left out",
    "osm-location": "something lies nowhere on Earth, or where the system of the city has no place; left out",
    "osm-multipolygon": "the ways of an area are missing, do not close or cross; left out",
    "osm-not-read": "objects of kinds that are not read",
    "osm-part": "a part of a building lies in no outline of one; taken as a building of its own",
    "osm-part-cover": "parts leave some of the outline of their building; that is drawn by the tags of the outline",
    "osm-part-height": "a part states neither height nor storeys; those of the outline are taken",
    "osm-relation": "members of a building are not in the file",
    "osm-steps": "steps that join no two levels; they are floor",
    "osm-steps-height": "how far steps rise was taken from their layers, not from the map",
    "osm-width": "a width that no street has; not used",
    "roof-direction": "no direction is stated for a roof; it falls across the longer side",
    "roof-shape": "a shape of roof that is not built, or cannot stand on this footprint; drawn flat",
}
"""Of OpenStreetMap."""

BGT = {
    "bgt-empty": "the file holds no objects of the map that are read",
    "bgt-geometry": "a geometry that is not valid: mended, or left out",
    "bgt-id": "an object without lokaalID; left out",
    "bgt-level": "relatieveHoogteligging (the level) is not a whole number; taken as 0",
    "bgt-not-current": "objects that ended, or do not stand there now by their status; left out",
    "bgt-not-read": "objects of types that are not read",
    "bgt-type": "neither file nor attributes say what an object is; left out",
    "bgt-version": "two versions of an object; the newer one is taken",
}
"""Of the BGT."""

VECTORS = {
    "column-refused": "the values of a column cannot be what its name says in any unit; not used",
    "column-taken": "what a column was taken for",
    "feature": "an entry of the file is not a feature; left out",
    "invalid": "a polygon is not valid and cannot be repaired without a guess; kept as it is",
    "repaired": "a polygon was not valid and was repaired when read",
    "layer-geometry": "rows have a shape that their layer does not have; they are in `other`",
    "layer-told": "what the features of a file were taken for; `--as` says otherwise",
    "layer-unknown": "nothing tells what the features of a file are: say it with `--as`",
    "no-features": "the file is sound and holds no features: it adds nothing to the city",
    "no-geometry-column": "a table without geometry; not read",
    "sibling-missing": "a file that belongs to another (`.prj`, `.dbf`) is not beside it",
}
"""Of files for a GIS."""

RASTERS = {
    "bands": "the raster has several bands; the message says which was read",
    "holes-filled": "small gaps of a raster were filled between the heights around them",
    "holes-left": "a raster has larger gaps, which were not filled",
    "mask-beside": "a mask in a file beside the raster is not read; what it hides counts as known",
    "not-heights": "a raster that is not of heights; left out",
    "not-known": "cells hold a number that is no height; taken as not known",
    "outside": "nothing of the raster or point cloud lies in the clip",
    "resampled": "the raster was brought to other cells",
    "role-assumed": "nothing says what the heights are of; taken for the terrain",
}
"""Of rasters."""

POINT_CLOUDS = {
    "beyond": "points lie beyond the bounds that the file states; left out",
    "gridded": "how points became a raster",
    "no-ground-class": "no point is classified as ground; the ground was estimated from the lowest points",
    "no-points": "no point of the cloud can be used",
    "noise": "points are marked as noise or withheld; left out",
    "outliers": "lone points far above all around (a bird, a fault); taken as not known",
}
"""Of point clouds."""

MODELS = {
    "external-buffer": "part of the model lies in another file, which is not opened",
    "face": "a face that is none; left out",
    "georeference": "what the model says of its place on the map cannot be used",
    "georeference-approximate": "a model placed by latitude and longitude of its site: to some metres at best",
    "georeference-scale": "the scale that the model states is not what its units ask for",
    "limit": "the file holds more, or takes longer, than is allowed; the rest is left out",
    "no-materials": "the file with the colours is not in the folder; read without colours",
    "node": "a node of the model is not there, is there twice, or cannot be turned as it says",
    "orphan": "elements stand in no building; taken as parts of the only one",
    "parts": "whether the parts of a mesh are buildings of their own, or parts of one",
    "primitive": "a piece of the model without positions; left out",
    "rooms-not-drawn": "rooms are kept without faces",
    "trailing-bytes": "bytes after the end of the model; ignored",
    "unit-doubtful": "the model would be so large that its unit is perhaps the millimetre",
    "up-assumed": "the file does not say which axis points upward; taken as z",
}
"""Of meshes and IFC."""

SUBSURFACE = {
    "cellar-above-ground": "by what is stated a cellar reaches above the ground; no volume is made",
    "cellar-estimated": "a measure of a cellar is not stated; estimated",
    "cellar-measure": "a measure of a cellar cannot be (no thickness, no number, levels upside down); not judged, not drawn",
    "cellar-outline": "the outline of a cellar is not a valid polygon; no volume is made",
    "cellar-overlap": "the outlines of two cellars overlap; loads above count on both",
    "cellar-sum": "the cover that is stated of a cellar is not what floor, crown and vault leave of the ground above",
    "cellar-word": "what is said of the state, foundation, owner or use of a cellar is not understood; taken as unknown",
    "described-twice": "a borehole is described several times; the first is taken",
    "level-dossier": "groundwater levels without a place of their own; they go with their well, if it is read too",
    "level-left-out": "groundwater levels that were rejected, are checks, or have no value; they do not count",
    "no-layers": "a borehole without layers",
    "no-length": "the line of a pipe has no length: no volume is made",
    "no-place": "a sounding or well that does not say where it is",
    "no-tube": "a well without a tube",
    "not-used": "a document that nothing here computes with; named, not used",
    "pipe-above-ground": "the top of a pipe is above the ground",
    "pipe-estimated": "a measure of a pipe is not stated; estimated by what is usual for its kind",
    "pipes-as-lines": "so many pipes are kept as lines, without volumes",
    "place-disagrees": "the place as delivered is not the one in the register; the first is taken",
    "record": "measurements that lack a value or a date, are no numbers, or cannot be; they do not count",
    "record-count": "a sounding holds more or fewer records, columns or values than its file promises: fewer when it was cut off",
    "record-order": "the records of a sounding do not go down; sorted by depth",
    "soil-layer": "a layer of soil whose bottom is not below its top; left out",
    "stated-twice": "two files say different things of one tube; the first is kept",
    "surface-unknown": "the height of the ground at a sounding or well is not stated",
    "vertical-datum": "the ground at a sounding or well does not count from NAP: its height is not used",
}
"""Of what lies below the ground."""

GTFS = {
    "calendar": "days of service that cannot be read, or are too many; they do not count",
    "column": "a table lacks a column that is needed; not used",
    "frequency": "a row of frequencies without trip, period or headway; left out",
    "no-calendar": "no service runs on any day: departures are not known",
    "no-routes": "there are no routes: the way of transport is not known",
    "no-service": "there are no trips or stop times: how often stops are served is not known",
    "route-type": "a way of transport that is not known; taken as other",
    "service-day": "the day that departures are counted on",
    "unknown-parent": "the station of a stop is not in the file",
    "unknown-stop": "calls at stops that are not in the file; left out",
    "unknown-trip": "calls of trips that are not in the file; left out",
}
"""Of timetables."""

OUTPUT = {
    "clip-whole": "a shape could not be cut along the edge of a clip; kept whole",
    "raster-left": "two files have a raster of the same kind; the one named first is kept",
    "repaired-closed": "gaps with a flat rim were closed",
    "repaired-degenerate": "triangles whose corners fall together were taken out",
    "repaired-duplicate": "triangles that were there twice were taken out",
    "repaired-orientation": "triangles were turned to look outward",
}
"""Of what is made of a city: clipped, joined, repaired."""

GROUPS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Coordinates": COORDINATES,
        "Shapes": SHAPES,
        "Solids": SOLIDS,
        "Objects": OBJECTS,
        "Heights": HEIGHTS,
        "Levels of detail": LEVELS_OF_DETAIL,
        "CityJSON": CITYJSON,
        "CityGML": CITYGML,
        "OpenStreetMap": OSM,
        "BGT": BGT,
        "Files for a GIS": VECTORS,
        "Rasters": RASTERS,
        "Point clouds": POINT_CLOUDS,
        "Meshes and IFC": MODELS,
        "Below the ground": SUBSURFACE,
        "GTFS": GTFS,
        "Clipped, joined and repaired": OUTPUT,
    }
)
"""Codes and what they mean, by what they are about."""

CODES: Mapping[str, str] = MappingProxyType({code: text for group in GROUPS.values() for code, text in group.items()})
"""What every code of a finding means."""

MENDED: Mapping[str, str] = MappingProxyType(
    {
        "open-solid": "repaired-closed",
        "turned-face": "repaired-orientation",
        "inside-out": "repaired-orientation",
        "degenerate-face": "repaired-degenerate",
        "duplicate-face": "repaired-duplicate",
    }
)
"""What `City.repaired` mends where that is safe, and the code that it leaves."""
