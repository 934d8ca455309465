"""Runs on its own, in a process of its own: takes an IFC file apart with ifcopenshell.

The library is C++ that was not made for files by strangers: one that makes it crash, swell or hang ends this process, not
that of the user. It imports nothing of `twin`, so that it starts at once. What it finds goes to two files: arrays (NumPy)
and everything else (JSON).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

MAX_VALUES = 300
"""So many property values are kept of one object."""

MAX_TEXT = 300
FIRST_SETS = ("Pset_", "Qto_", "BaseQuantities", "ePset_")
"""Property sets of the standard come before those of a vendor."""

UNNAMED = "unnamed"
"""What a property set without a name is called."""

NOT_DRAWN = ("IfcFeatureElement", "IfcVirtualElement")
BASES = ("IfcBuildingElement", "IfcBuiltElement", "IfcFurnishingElement", "IfcDistributionElement")
SPATIAL = ("IfcSpatialStructureElement", "IfcSpatialElement")
OPERATION = ("Eastings", "Northings", "OrthogonalHeight", "XAxisAbscissa", "XAxisOrdinate", "Scale", "ScaleY", "ScaleZ",
             "FactorX", "FactorY", "FactorZ", "Height")  # fmt: skip
MAPPING_SETS = ("ePSet_MapConversion", "EPset_MapConversion", "ePset_MapConversion")
CRS_SETS = ("ePSet_ProjectedCRS", "EPset_ProjectedCRS", "ePset_ProjectedCRS")


def of_class(model: Any, *names: str) -> list[Any]:
    """Entities of some classes, as far as the schema has them; each once."""
    found: dict[int, Any] = {}
    for name in names:
        try:
            entities = model.by_type(name)
        except RuntimeError:
            continue
        found.update((entity.id(), entity) for entity in entities)
    return list(found.values())


def value_of(value: Any) -> Any:
    """A value as JSON can hold it, cut short; None for what says nothing."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, str):
        return value[:MAX_TEXT] or None
    if isinstance(value, list | tuple):
        return [value_of(one) for one in value[:20]]
    return None


def stated(entity: Any, *names: str) -> dict[str, Any]:
    """Some attributes of an entity, those that it has."""
    found = {}
    for name in names:
        value = value_of(getattr(entity, name, None))
        if value is not None:
            found[name] = value
    return found


def properties(entity: Any) -> tuple[dict[str, Any], str, int]:
    """Values of its property sets, ``"Set.Property"``, those of the standard first.

    Returns
    -------
    dict
    str
        Why they cannot be read, or empty.
    int
        Number of values that were too many.
    """
    from ifcopenshell.util.element import get_psets

    try:
        sets = {str(name or UNNAMED): values for name, values in get_psets(entity).items()}
    except Exception as error:  # the library walks into what files leave out: AttributeError, TypeError, RuntimeError, ...
        return {}, f"{type(error).__name__}: {error}"[:MAX_TEXT], 0
    found: dict[str, Any] = {}
    more = 0
    for name in sorted(sets, key=lambda one: (not one.startswith(FIRST_SETS), one)):
        for key, value in sets[name].items():
            plain = value_of(value) if key != "id" else None
            if plain is None:
                continue
            if len(found) < MAX_VALUES:
                found[f"{name}.{key}"] = plain
            else:
                more += 1
    return found, "", more


def parent_of(entity: Any) -> str:
    """Id of what an entity is a part of, stands in, or fills; empty for none."""
    for relation, name in (
        ("Decomposes", "RelatingObject"), ("ContainedInStructure", "RelatingStructure"), ("FillsVoids", "RelatingOpeningElement"),
    ):  # fmt: skip
        for one in getattr(entity, relation, None) or ():
            above = getattr(one, name, None)
            if above is None or above.is_a("IfcProject"):
                continue
            if relation == "FillsVoids":
                voids = getattr(above, "VoidsElements", None) or ()
                above = voids[0].RelatingBuildingElement if voids else None
            if above is not None and above.is_a("IfcObject"):
                return str(above.GlobalId)
    return ""


def entity_row(entity: Any, *, spatial: bool) -> dict[str, Any]:
    """What is told of one entity."""
    names = ("Name", "LongName", "Description", "ObjectType", "Tag", "Elevation", "ElevationOfTerrain", "ElevationOfRefHeight")
    values, unread, more = properties(entity)
    return {
        "id": str(entity.GlobalId),
        "class": entity.is_a(),
        "bases": [name for name in BASES if safely_is(entity, name)],
        "predefined": str(getattr(entity, "PredefinedType", None) or ""),
        "parent": parent_of(entity),
        "spatial": spatial,
        "attributes": {**stated(entity, *names), **values},
        "unread": unread,
        "more": more,
    }


def safely_is(entity: Any, name: str) -> bool:
    """Whether an entity is of a class, which its schema may not have."""
    try:
        return bool(entity.is_a(name))
    except RuntimeError:
        return False


# --- where it is


def georeference(model: Any) -> dict[str, Any]:
    """Everything that a file says about where it is, as it says it."""
    from ifcopenshell.util.unit import calculate_unit_scale

    told: dict[str, Any] = {"unit_m": float(calculate_unit_scale(model)), "operations": [], "sites": [], "north": None}
    for operation in of_class(model, "IfcCoordinateOperation"):
        target = operation.TargetCRS
        row = {"class": operation.is_a(), **stated(operation, *OPERATION)}
        for name in ("FirstCoordinate", "SecondCoordinate"):
            measure = getattr(operation, name, None)
            if measure is not None:
                row[name], row["measure"] = value_of(measure.wrappedValue), measure.is_a()
        if target is not None:
            row["crs_class"] = target.is_a()
            row |= {f"crs_{key}": one for key, one in stated(target, "Name", "GeodeticDatum", "VerticalDatum", "MapZone").items()}
            row["map_unit_m"] = unit_metres(getattr(target, "MapUnit", None))
        told["operations"].append(row)
    told["operations"] += by_property_sets(model)
    for site in of_class(model, "IfcSite"):
        told["sites"].append({**stated(site, "RefLatitude", "RefLongitude", "RefElevation"), "at": placed_at(site, told["unit_m"])})
    for context in of_class(model, "IfcGeometricRepresentationContext"):
        north = getattr(context, "TrueNorth", None)
        if context.is_a() == "IfcGeometricRepresentationContext" and north is not None and told["north"] is None:
            told["north"] = value_of(north.DirectionRatios[:2])
    return told


def unit_metres(unit: Any) -> float | None:
    """Metres of a unit of length; None for none."""
    from ifcopenshell.util.unit import get_prefix_multiplier

    if unit is None:
        return None
    if unit.is_a("IfcSIUnit"):
        return float(get_prefix_multiplier(unit.Prefix))
    if unit.is_a("IfcConversionBasedUnit"):
        factor = unit.ConversionFactor
        inner = unit_metres(factor.UnitComponent)
        return float(factor.ValueComponent.wrappedValue) * (inner if inner is not None else 1.0)
    return None


def by_property_sets(model: Any) -> list[dict[str, Any]]:
    """The convention for IFC2X3: conversion and CRS as property sets of the project or a site."""
    from ifcopenshell.util.element import get_psets

    found = []
    for holder in of_class(model, "IfcProject", "IfcSite"):
        try:
            sets = get_psets(holder)
        except Exception:  # as in `properties`: a holder without sets that can be read states no place
            continue
        conversion = next((sets[name] for name in MAPPING_SETS if name in sets), None)
        crs: dict[str, Any] = next((sets[name] for name in CRS_SETS if name in sets), {})
        if conversion:
            row = {"class": "ePSet_MapConversion"}
            row |= {key: value_of(one) for key, one in conversion.items() if key != "id" and value_of(one) is not None}
            row |= {f"crs_{key}": value_of(one) for key, one in crs.items() if key != "id" and value_of(one) is not None}
            found.append(row)
    return found


def placed_at(product: Any, unit: float) -> list[float]:
    """Place of a product in the coordinates of the project [m]."""
    from ifcopenshell.util.placement import get_local_placement

    try:
        matrix = np.asarray(get_local_placement(product.ObjectPlacement), dtype=np.float64)
        return [float(one) * unit for one in matrix[:3, 3]]
    except Exception:  # as in `properties`: a product without a place stands where the project does
        return [0.0, 0.0, 0.0]


# --- faces


class Faces:
    """Triangles of all products, gathered one after the other."""

    def __init__(self) -> None:
        self.vertices: list[Any] = []
        self.triangles: list[Any] = []
        self.owner: list[Any] = []
        self.colour: list[Any] = []
        self.count = 0
        self.faces = 0

    def add(self, shape: Any, row: int) -> None:
        geometry = shape.geometry
        triangles = np.array(geometry.faces, dtype=np.int64).reshape(-1, 3)
        if not len(triangles):
            return
        vertices = np.array(geometry.verts, dtype=np.float64).reshape(-1, 3)
        palette = np.array([*(colour_of(one) for one in geometry.materials), (0, 0, 0, 0)], dtype=np.uint8)
        material = np.array(geometry.material_ids, dtype=np.int64)
        if len(material) != len(triangles):
            material = np.full(len(triangles), -1)
        material = np.where((material >= 0) & (material < len(palette) - 1), material, -1)
        self.vertices.append(vertices)
        self.triangles.append(triangles + self.count)
        self.owner.append(np.full(len(triangles), row, np.int32))
        self.colour.append(palette[material])
        self.count += len(vertices)
        self.faces += len(triangles)

    def arrays(self) -> dict[str, Any]:
        if not self.vertices:
            return {"vertices": np.empty((0, 3)), "triangles": np.empty((0, 3), np.int64), "owner": np.empty(0, np.int32),
                    "colour": np.empty((0, 4), np.uint8)}  # fmt: skip
        parts = {"vertices": self.vertices, "triangles": self.triangles, "owner": self.owner, "colour": self.colour}
        return {name: np.concatenate(some) for name, some in parts.items()}


def colour_of(material: Any) -> tuple[int, int, int, int]:
    """Colour and opacity of a style as bytes; opacity 0 where it states none."""
    try:
        parts = [float(one) for one in material.diffuse.components[:3]]
        opacity = 1.0 - float(material.transparency) if material.has_transparency() else 1.0
    except (AttributeError, TypeError, ValueError):
        return 0, 0, 0, 0
    if not np.isfinite([*parts, opacity]).all() or min(parts) < 0:
        return 0, 0, 0, 0
    red, green, blue, alpha = (int(np.rint(255 * min(max(one, 0.0), 1.0))) for one in (*parts, opacity))
    return red, green, blue, max(alpha, 1)


def gather(model: Any, products: list[Any], rows: dict[str, int], job: dict[str, Any]) -> tuple[Faces, list[str]]:
    """Faces of products, openings taken out, in metres in the coordinates of the project; and what went wrong."""
    import ifcopenshell.geom

    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    settings.set("apply-default-materials", False)
    faces, problems = Faces(), []
    done: set[str] = set()
    deadline = time.monotonic() + float(job["seconds"])
    if products:
        iterator = ifcopenshell.geom.iterator(settings, model, int(job["threads"]), include=products)
        going = iterator.initialize()
        while going:
            shape = iterator.get()
            try:
                faces.add(shape, rows[shape.guid])
                done.add(shape.guid)
            except (KeyError, ValueError, TypeError, RuntimeError) as error:
                problems.append(f"{shape.guid}: {error}")
            if time.monotonic() > deadline or faces.faces > int(job["max_faces"]):
                problems.append("!limit")
                break
            going = iterator.next()
    missing = [str(one.GlobalId) for one in products if str(one.GlobalId) not in done]
    return faces, problems + [f"{one}: " for one in missing]


def take_apart(job: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a file holds: everything but numbers of faces, and those."""
    import ifcopenshell

    model = ifcopenshell.open(job["file"])
    spatial = [one for one in of_class(model, *SPATIAL) if not one.is_a("IfcProject")]
    hidden = {one.id() for one in of_class(model, *NOT_DRAWN)}
    elements = [one for one in of_class(model, "IfcElement", "IfcProxy") if one.id() not in hidden]
    entities: dict[str, tuple[Any, bool]] = {}
    for some, is_spatial in ((spatial, True), (elements, False)):
        for one in some:
            entities.setdefault(str(one.GlobalId), (one, is_spatial))
    rows = {key: number for number, key in enumerate(entities)}
    table = [entity_row(one, spatial=is_spatial) for one, is_spatial in entities.values()]
    rooms = {one.id() for one in of_class(model, "IfcSpace", "IfcSpatialZone", "IfcExternalSpatialElement")}
    drawn = [one for one, _ in entities.values() if getattr(one, "Representation", None) is not None and one.id() not in rooms]
    faces, problems = gather(model, drawn, rows, job)
    project = of_class(model, "IfcProject")
    told = {
        "schema": str(model.schema_identifier),
        "date": str(model.header.file_name.time_stamp or "")[:10],
        "name": str((project[0].LongName or project[0].Name or "") if project else "")[:MAX_TEXT],
        "entities": table,
        "georeference": georeference(model),
        "problems": problems,
        "rooms": len(rooms),
    }
    return told, faces.arrays()


def limit_memory(size: int) -> None:
    """No more memory than this, where the system can be told so."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    except (ImportError, ValueError, OSError):
        pass


def main() -> None:
    """Read the job from standard input, write what was found beside each other in its folder."""
    job = json.load(sys.stdin)
    sys.path[:] = job["path"]
    limit_memory(int(job["memory"]))
    folder = Path(job["folder"])
    try:
        told, arrays = take_apart(job)
        np.savez(folder / "faces.npz", **arrays)
    except MemoryError:
        told = {"error": "it needs more memory than is allowed"}
    except Exception as error:  # whatever the library says goes to the user as a sentence
        told = {"error": f"{type(error).__name__}: {error}"[:300]}
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
