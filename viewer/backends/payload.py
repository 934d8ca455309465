"""A scene as one block of bytes and a description of what lies where, for the HTML page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from viewer import looks, style
from viewer.backends import light, pack
from viewer.backends.baked import Light, baking, sky_map
from viewer.backends.blob import Blob
from viewer.backends.payload_layers import STEP_M, field_entry, mesh_entry, people_entry, plain_entry, points_entry
from viewer.cut import FLOORS
from viewer.cut_soil import FADED, PAPER, PAPER_SHARE
from viewer.scene import FieldLayer, Layer, MeshLayer, PeopleLayer, PointLayer, Scene
from viewer.soil_block import ABOVE_M
from viewer.words import translate_note, translate_parts, translate_thing

MOST_FIELDS, MOST_CLASSES = 24, 16
"""So many fields, and so many classes of a legend, fit into what the page hands to the graphics card."""


def describe(scene: Scene, language: str = "en") -> tuple[dict[str, Any], str]:
    """The description of a scene for the page, and its bytes (gzip, base64).

    Parameters
    ----------
    scene : Scene
    language : {"en", "nl"}
        In which the page opens.
    """
    blob = Blob()
    lamps = _lamps(scene)
    layers: list[dict[str, Any]] = []
    notes = list(scene.notes)
    for layer in _few_fields(scene.layers, notes):
        entry, note = _entry(layer, blob, lamps.get(layer.side, lamps[""]), scene)
        if entry is not None:
            layers.append(entry)
        if note and note not in notes:
            notes.append(note)
    many = [legend.title for legend in scene.legends if len(legend.classes) > MOST_CLASSES]
    notes += [f"{title}: classes after the first {MOST_CLASSES} are drawn in the colour of that one" for title in many]
    document = {
        "title": scene.title,
        "subtitle": scene.subtitle,
        "notes": notes,
        "credits": list(scene.credits),
        "crs": scene.crs,
        "origin": list(scene.origin),
        "look": scene.look,
        "lights": {name: look._asdict() for name, look in looks.LIGHTS.items()},
        "language": language,
        "sides": list(scene.sides),
        "stages": [asdict(stage) for stage in scene.stages],
        "stage": scene.stage,
        "soil": _soil(scene, blob),
        "step": STEP_M,
        "bounds": _bounds(scene),
        **_moments(scene),
        **_cameras(scene),
        **_colours(scene),
        "layers": layers,
        "maps": {side: sky_map(lamp, blob) for side, lamp in lamps.items()},
    }
    document["words"] = {**_words(_texts(document)), **_notes(document), **_things(document)}
    document["size"] = blob.size
    return document, blob.encoded()


def _few_fields(layers: Iterable[Layer], notes: list[str]) -> list[Layer]:
    """The layers without the fields that are more than the page can show, which is noted."""
    kept: list[Layer] = []
    fields = 0
    for layer in layers:
        fields += isinstance(layer, FieldLayer)
        if not isinstance(layer, FieldLayer) or fields <= MOST_FIELDS:
            kept.append(layer)
    if fields > MOST_FIELDS:
        notes.append(f"This page shows {MOST_FIELDS} of {fields} fields")
    return kept


def _lamps(scene: Scene) -> dict[str, Light]:
    """Light of the sky; of a comparison also of what was there before."""
    scene = scene.at_stage(scene.stage) if scene.stages else scene
    sides = scene.sides
    if not sides:
        return {"": baking(scene)}
    now = baking(scene.on("after" if "after" in sides else sides[0]))
    return {"": now, **({"before": baking(scene.on("before"))} if "before" in sides and "after" in sides else {})}


def _entry(layer: Layer, blob: Blob, lamp: Light, scene: Scene) -> tuple[dict[str, Any] | None, str]:
    """What the page is told of a layer, None where there is nothing in it; and a note where something was left out."""
    if isinstance(layer, MeshLayer):
        return (mesh_entry(layer, blob, lamp, scene.look, roofs=_on_roofs(scene)), "") if len(layer.triangles) else (None, "")
    if isinstance(layer, PeopleLayer):
        return people_entry(layer, blob) if len(layer.positions) else (None, "")
    if isinstance(layer, FieldLayer):
        legend = next((one for one in scene.legends if one.name == layer.legend), None)
        if legend is None:
            return field_entry(layer, blob)
        return field_entry(replace(layer, values=style.drawn_of(layer.values, legend)), blob, whole=style.covers_all(legend))
    if isinstance(layer, PointLayer):
        return points_entry(layer, blob) if len(layer.points) else None, ""
    return plain_entry(layer), ""


def _on_roofs(scene: Scene) -> bool:
    """Whether a field lies on roofs."""
    return any(isinstance(layer, FieldLayer) and layer.roofs for layer in scene.layers)


def _bounds(scene: Scene) -> dict[str, Any]:
    """The box round what is near, and the usual height of its floor."""
    near = [one for one in scene.layers if isinstance(one, MeshLayer) and len(one.triangles) and pack.kind_of(one) != light.BEYOND]
    spots = np.concatenate([one.vertices[one.triangles.ravel()] for one in near]) if near else np.zeros((1, 3))
    floors = [one.vertices[one.triangles.ravel()] for one in near if one.group in FLOORS and one.visible]
    ground = float(np.median(np.concatenate(floors)[:, 2])) if floors else float(spots[:, 2].min())
    return {"low": spots.min(axis=0).round(2).tolist(), "high": spots.max(axis=0).round(2).tolist(), "ground": round(ground, 2)}


def _moments(scene: Scene) -> dict[str, Any]:
    """The time line, and what is known of where the sun stands."""
    place = None
    if scene.longitude_deg is not None and scene.latitude_deg is not None:
        place = {"longitude": scene.longitude_deg, "latitude": scene.latitude_deg, "timezone": scene.timezone}
    return {
        "clock_start": scene.clock_start,
        "time": scene.time,
        "end": float(max((scene.times[-1] if len(scene.times) else 0.0), scene.time)),
        "start": float(scene.times[0]) if len(scene.times) else 0.0,
        "moving": len(scene.times) > 1,
        "sun": {"azimuth": scene.sun_azimuth_deg, "altitude": scene.sun_altitude_deg},
        "place": place,
        "date": scene.date,
    }


def _cameras(scene: Scene) -> dict[str, Any]:
    views = [
        {
            "name": view.name,
            "label": view.label,
            "eye": [float(value) for value in view.eye],
            "target": [float(value) for value in view.target],
            "angle": view.angle_deg,
            "section": view.section,
        }
        for view in scene.views
    ]
    sections = [
        {
            "name": section.name,
            "label": section.label,
            "point": [float(value) for value in section.point],
            "normal": [float(value) for value in section.normal],
            "width": section.width_m if np.isfinite(section.width_m) else None,
        }
        for section in scene.sections
    ]
    return {"views": views, "sections": sections}


def _colours(scene: Scene) -> dict[str, Any]:
    key = [
        {"layer": e.layer, "label": e.label, "colour": list(e.colour), "stripe": None if e.stripe is None else list(e.stripe)}
        for e in scene.key
    ]
    legends = [
        {
            "name": legend.name,
            "title": legend.title,
            "unit": legend.unit,
            "note": legend.note,
            "classes": [
                {
                    "label": letter, "range": words, "low": one.low, "colour": list(one.colour),
                    "thing": legend.named and translate_thing(words, "nl") == words,
                }
                for one, (letter, words) in zip(legend.classes, style.class_texts(legend), strict=True)
            ],
            "named": legend.named,
        }
        for legend in scene.legends
    ]
    return {"key": key, "legends": legends}


def _texts(document: dict[str, Any]) -> Iterable[str]:
    """Texts of the scene that may be the viewer's own; names, titles and what a source says are never translated."""
    yield from document["notes"]
    for part in ("layers", "views", "sections", "key"):
        yield from (one["label"] for one in document[part])
    for legend in document["legends"]:
        yield from (legend["title"], legend["unit"], legend["note"], *(one["label"] for one in legend["classes"]))


def _notes(document: dict[str, Any]) -> dict[str, str]:
    """The Dutch of what the viewer itself writes beside a pit."""
    notes = [text for one in document["layers"] if one.get("own") for text in one["texts"]]
    return {text: translate_note(text, "nl") for text in notes}


def _soil(scene: Scene, blob: Blob) -> dict[str, Any] | None:
    """Layers of the ground, so that the page fills what it cuts with them."""
    soil = scene.soil
    if soil is None:
        return None
    heights = np.rint(soil.heights / STEP_M).astype(np.int64)
    return {
        "west": soil.west, "north": soil.north, "cell": soil.cell, "rows": heights.shape[1], "columns": heights.shape[2],
        "above": ABOVE_M, "fade": list(FADED), "ground": list(style.SOIL), "paper": [*PAPER, PAPER_SHARE],
        "units": [{"name": kind, "colour": list(style.SOILS.get(kind, style.PIT))} for kind in soil.units],
        "heights": blob.deltas(heights.reshape(-1, 1)), "certainty": blob.raw(soil.certainty.ravel()),
    }  # fmt: skip


def _things(document: dict[str, Any]) -> dict[str, str]:
    """The Dutch of what the viewer itself says of things."""
    classes = [one for legend in document["legends"] if legend["named"] for one in legend["classes"] if not one["thing"]]
    return {one["range"]: translate_thing(one["range"], "nl") for one in classes}


def _words(texts: Iterable[str]) -> dict[str, str]:
    """The Dutch of each text that has one."""
    dutch = {text: translate_parts(text, "nl") for text in texts}
    return {text: word for text, word in sorted(dutch.items()) if word != text}
