"""Scenes on disk: a zip with a JSON text that says what there is, and the arrays of the layers as NumPy files.

A file that is read is not trusted: nothing in it is run, every array has to have the shape and type that its layer says, rows that
point at other rows have to point at some, and no more memory is taken than the file and a limit account for.
"""

from __future__ import annotations

import io
import json
import math
import re
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from twin.errors import FormatError, MissingFileError, ParameterError
from viewer.scene import (
    LOOKS,
    SIDES,
    AnnotationLayer,
    FieldLayer,
    KeyEntry,
    LabelLayer,
    Layer,
    Legend,
    LegendClass,
    LineLayer,
    MeshLayer,
    PeopleLayer,
    PointLayer,
    Scene,
    Section,
    View,
    VolumeLayer,
)
from viewer.soil_block import SoilBlock
from viewer.stages import SceneStage

FORMAT = "stadstwin scene"
FORMAT_VERSION = 3
MOST_BYTES = 8 * 1024**3
"""All arrays of a scene together [bytes]."""

MOST_TEXT = 256 * 1024**2
"""The JSON text [bytes]."""

PACKED = 100
"""A file that becomes more than this times as large when unpacked is refused beyond `SMALL_BYTES`: no scene does that."""

SMALL_BYTES = 64 * 1024**2
_ARRAY = "array"
_DATED = (1980, 1, 1, 0, 0, 0)


class _Array(NamedTuple):
    """What an array of a layer must be: its type, and its shape, by letters that stand for the same number throughout a layer."""

    dtype: str
    shape: tuple[str | int, ...]


_ARRAYS: Mapping[type, Mapping[str, _Array]] = {
    MeshLayer: {
        "vertices": _Array("f8", ("V", 3)), "triangles": _Array("i4", ("T", 3)), "colours": _Array("u1", ("T", 3)),
        "owner": _Array("i4", ("T",)),
    },
    PointLayer: {"points": _Array("f8", ("K", 3)), "colours": _Array("u1", ("K", 3))},
    PeopleLayer: {
        "times": _Array("f8", ("F",)), "start": _Array("i8", ("S",)), "ids": _Array("i4", ("K",)),
        "positions": _Array("f4", ("K", 3)),
    },
    FieldLayer: {"height": _Array("f4", ("H", "W")), "times": _Array("f8", ("F",)), "values": _Array("f4", ("F", "H", "W"))},
    LineLayer: {},
    LabelLayer: {"points": _Array("f8", ("K", 3))},
    AnnotationLayer: {"starts": _Array("f8", ("K", 3)), "ends": _Array("f8", ("K", 3))},
}  # fmt: skip
_ARRAYS = {**_ARRAYS, VolumeLayer: _ARRAYS[MeshLayer]}
_KINDS: Mapping[str, type] = {
    "volumes": VolumeLayer, "mesh": MeshLayer, "points": PointLayer, "people": PeopleLayer, "field": FieldLayer, "lines": LineLayer,
    "labels": LabelLayer, "annotations": AnnotationLayer,
}  # fmt: skip
"""Kinds of layers; a volume is a mesh too, so it comes first."""


def save_scene(scene: Scene, path: str | Path) -> Path:
    """Write a scene to a file; see `Scene.save`."""
    from viewer.backends.image import write_bytes

    arrays: dict[str, NDArray[Any]] = {}

    def kept(array: NDArray[Any], dtype: str) -> dict[str, str]:
        name = f"{len(arrays)}.npy"
        arrays[name] = np.ascontiguousarray(array, dtype=np.dtype(dtype).newbyteorder("<"))
        return {_ARRAY: name}

    text = {"format": FORMAT, "version": FORMAT_VERSION, "scene": _plain_scene(scene, kept)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as packed:
        packed.writestr(zipfile.ZipInfo("scene.json", _DATED), json.dumps(text, default=_plain), zipfile.ZIP_DEFLATED)
        for name, array in arrays.items():
            part = io.BytesIO()
            npy.write_array(part, array, allow_pickle=False)
            packed.writestr(zipfile.ZipInfo(name, _DATED), part.getbuffer(), zipfile.ZIP_DEFLATED)
    content = buffer.getvalue()
    _read(io.BytesIO(content), str(path))  # a file counts when it can be read
    return write_bytes(Path(path), content)


def load_scene(path: str | Path) -> Scene:
    """Read a scene from a file; see `Scene.load`."""
    where = str(path)
    try:
        with Path(path).open("rb") as file:
            return _read(file, where)
    except FileNotFoundError:
        raise MissingFileError("there is no such file", where=where) from None
    except OSError as error:
        raise MissingFileError(f"cannot be read: {error.strerror or error}", where=where) from None


# --- out


def _plain_scene(scene: Scene, kept: Callable[[NDArray[Any], str], dict[str, str]]) -> dict[str, Any]:
    out: dict[str, Any] = {field.name: getattr(scene, field.name) for field in fields(scene)}
    out["layers"] = [_plain_layer(layer, kept) for layer in scene.layers]
    out["views"] = [_members(view) for view in scene.views]
    out["key"] = [_members(entry) for entry in scene.key]
    out["sections"] = [
        {**_members(one), "width_m": one.width_m if math.isfinite(one.width_m) else None} for one in scene.sections
    ]
    out["legends"] = [{**_members(legend), "classes": [_members(one) for one in legend.classes]} for legend in scene.legends]
    out["times"] = kept(scene.times, "f8")
    out["stages"] = [_members(one) for one in scene.stages]
    if scene.soil is not None:
        soil = scene.soil
        out["soil"] = {**_members(soil), "heights": kept(soil.heights, "f4"), "certainty": kept(soil.certainty, "u1")}
    return out


def _members(one: Any) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(one)}


def _plain_layer(layer: Layer, kept: Callable[[NDArray[Any], str], dict[str, str]]) -> dict[str, Any]:
    kind = next(name for name, made in _KINDS.items() if isinstance(layer, made))
    out = {"kind": kind, **_members(layer)}
    for name, array in _ARRAYS[type(layer)].items():
        out[name] = None if out[name] is None else kept(out[name], array.dtype)
    if isinstance(layer, LineLayer):
        out["paths"] = [kept(path, "f8") for path in layer.paths]
    if isinstance(layer, MeshLayer | PointLayer):
        out["attributes"] = {str(name): [_plain(value) for value in values] for name, values in layer.attributes.items()}
    return out


def _plain(value: Any) -> Any:
    """An attribute as JSON has it; what JSON has no word for as text."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


# --- in


def _read(file: Any, where: str) -> Scene:
    try:
        packed = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError):
        raise FormatError("this is not a scene: it is no zip", where=where) from None
    with packed:
        parts = {info.filename: info for info in packed.infolist()}
        size, kept = (sum(getattr(info, name) for info in parts.values()) for name in ("file_size", "compress_size"))
        if size > MOST_BYTES + MOST_TEXT or size > max(SMALL_BYTES, PACKED * kept):
            raise FormatError(f"it would take {size} bytes in memory, from {kept}", where=where, hint="no scene is so large")
        content = _unpacked(packed, parts, "scene.json", where, MOST_TEXT)
        try:
            text = json.loads(content)
        except (ValueError, RecursionError):
            raise FormatError("its scene.json is not JSON", where=where) from None
        if not isinstance(text, dict) or text.get("format") != FORMAT:
            raise FormatError("this is not a scene", where=where, hint="scenes are written by `scene.save`")
        if text.get("version") != FORMAT_VERSION:
            hint = f"this version reads {FORMAT_VERSION}; write it again from the result"
            raise FormatError(f"the scene is of version {text.get('version')!r}", where=where, hint=hint)

        used: set[str] = set()

        def array_of(given: Any, what: str, wanted: _Array) -> NDArray[Any]:
            if not isinstance(given, dict) or not isinstance(given.get(_ARRAY), str):
                raise FormatError(f"{what} is no array", where=where)
            name = given[_ARRAY]
            if name in used:  # else a small file fills the memory with one array, named many times
                raise FormatError(f"{what} is `{name}`, which belongs to something else", where=where)
            used.add(name)
            return _array(_unpacked(packed, parts, name, where, MOST_BYTES), f"{where} {what}", wanted)

        try:
            return _scene_of(text["scene"], array_of, where)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"a part of the scene is not as it should be: {error}", where=where) from None


def _unpacked(packed: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo], name: str, where: str, most: int) -> bytes:
    info = parts.get(name)
    if info is None:
        raise FormatError(f"it lacks `{name}`", where=where, hint="the file is not whole, or no scene")
    if info.file_size > most or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FormatError(f"`{name}` is too large, or packed in a way that scenes are not", where=where)
    try:
        with packed.open(info) as part:
            content = part.read(info.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise FormatError(f"`{name}` cannot be unpacked: {error}", where=where) from None
    if len(content) != info.file_size:
        raise FormatError(f"`{name}` is not of the size that the zip says", where=where)
    return content


def _array(content: bytes, where: str, wanted: _Array) -> NDArray[Any]:
    stream = io.BytesIO(content)
    try:
        if npy.read_magic(stream) != (1, 0):
            raise ValueError("its version is not 1.0")
        shape, fortran, dtype = npy.read_array_header_1_0(stream)
    except (ValueError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError) as error:
        raise FormatError(f"not an array that NumPy wrote: {error}", where=where) from None
    if dtype != np.dtype(wanted.dtype) or fortran or len(shape) != len(wanted.shape):
        raise FormatError(f"an array of {dtype} and shape {shape}", where=where, hint=f"it is {wanted.dtype}, {wanted.shape}")
    if math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise FormatError(f"{len(content) - stream.tell()} bytes do not make the shape {shape}", where=where)
    return np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape).copy()


def _scene_of(given: dict[str, Any], array_of: Callable[[Any, str, _Array], NDArray[Any]], where: str) -> Scene:
    legends = tuple(
        Legend(
            _text(one["name"]), _text(one["title"]), _text(one["unit"]), _classes(one["classes"]), _text(one["note"]),
            _truth(one.get("named", False)),
        )
        for one in given["legends"]
    )
    key = tuple(
        KeyEntry(_text(k["layer"]), _text(k["label"]), _colour(k["colour"]), None if k["stripe"] is None else _colour(k["stripe"]))
        for k in given["key"]
    )
    views = tuple(
        View(
            _text(v["name"]), _text(v["label"]), _place(v["eye"]), _place(v["target"]), _finite(v["angle_deg"]),
            _text(v.get("section", "")),
        )
        for v in given["views"]
    )
    for view in views:
        if not (0.0 < view.angle_deg < 180.0 and math.dist(view.eye, view.target) > 1e-6):
            raise FormatError(f"the view `{view.name}` looks nowhere", where=where)
    if any(not legend.classes for legend in legends):
        raise FormatError("a legend has no classes", where=where)
    if not re.fullmatch(r"|([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?", str(given["clock_start"])):
        raise FormatError(f"`{given['clock_start']}` is no clock time", where=where)
    layers = tuple(_layer_of(one, array_of, where) for one in given["layers"])
    names = [layer.name for layer in layers]
    if len(set(names)) < len(names):
        raise FormatError("two layers have the same name", where=where)
    known = {legend.name for legend in legends}
    for layer in layers:
        if isinstance(layer, FieldLayer) and layer.legend not in known:
            raise FormatError(f"the layer `{layer.name}` has the legend `{layer.legend}`, which there is not", where=where)
    return Scene(
        title=_text(given["title"]), layers=layers, views=views, subtitle=_text(given["subtitle"]), legends=legends,
        origin=_place(given["origin"]), crs=_text(given["crs"]), times=array_of(given["times"], "times", _Array("f8", ("F",))),
        clock_start=_text(given["clock_start"]), time=_finite(given["time"]), sun_azimuth_deg=_finite(given["sun_azimuth_deg"]),
        sun_altitude_deg=_finite(given["sun_altitude_deg"]), credits=tuple(map(_text, given["credits"])),
        notes=tuple(map(_text, given["notes"])), key=key, sections=tuple(map(_section, given["sections"])),
        look=_one_of(given["look"], LOOKS), longitude_deg=_or_none(given["longitude_deg"]),
        latitude_deg=_or_none(given["latitude_deg"]), timezone=_text(given["timezone"]), date=_text(given["date"]),
        stages=_stages(given["stages"], layers), stage=_text(given["stage"]),
        soil=None if given["soil"] is None else _soil(given["soil"], array_of),
    )  # fmt: skip


def _layer_of(given: dict[str, Any], array_of: Callable[[Any, str, _Array], NDArray[Any]], where: str) -> Layer:
    made, name = _KINDS.get(given["kind"]), _text(given["name"])
    where = f"{where} layer `{name}`"
    if made is None:
        raise FormatError(f"there is no layer of the kind `{given['kind']}`", where=where, hint=f"there are: {', '.join(_KINDS)}")
    values: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    for field in fields(made):
        value, wanted = given[field.name], _ARRAYS[made].get(field.name)
        if wanted is not None:
            if value is None and field.name != "owner":
                raise FormatError(f"it has no `{field.name}`", where=where)
            values[field.name] = None if value is None else array_of(value, f"layer `{name}` {field.name}", wanted)
            for letter, size in zip(wanted.shape, () if value is None else values[field.name].shape, strict=False):
                if size != (letter if isinstance(letter, int) else sizes.setdefault(letter, size)):
                    raise FormatError(f"`{field.name}` has the shape {values[field.name].shape}, which does not fit", where=where)
        elif field.name == "paths":
            values["paths"] = tuple(array_of(one, f"layer `{name}` path", _Array("f8", ("K", 3))) for one in value)
            if any(path.shape[1] != 3 for path in values["paths"]):
                raise FormatError("a path is not of points with three coordinates", where=where)
        else:
            values[field.name] = _MEMBERS[field.name](value)
    layer: Layer = made(**values)
    _check(layer, where)
    return layer


def _check(layer: Layer, where: str) -> None:
    """See that what points at rows points at some, and that places are places."""
    for name, array in vars(layer).items():
        parts = array if name == "paths" else (array,)
        for part in parts:
            bad = isinstance(part, np.ndarray) and part.dtype.kind == "f"
            if bad and not (np.isfinite(part) | (np.isnan(part) if name in ("values", "height") else False)).all():
                raise FormatError(f"its `{name}` are not all numbers", where=where)
    if not 0.0 <= getattr(layer, "opacity", 1.0) <= 1.0:
        raise FormatError("its opacity is not from 0 to 1", where=where)
    if isinstance(layer, MeshLayer):
        rows = {len(column) for column in layer.attributes.values()}
        if len(rows) > 1 or (layer.owner is not None and "id" not in layer.attributes):
            raise FormatError("its attributes are not columns of one length with an `id`", where=where)
        for what, array, most in (
            ("triangles", layer.triangles, len(layer.vertices)),
            ("owners", layer.owner if layer.owner is not None else np.empty(0, np.int32), max(rows, default=0)),
        ):
            if array.size and not (array.min() >= 0 and array.max() < most):
                raise FormatError(f"one of its {what} points past the {most} rows there are", where=where)
    if isinstance(layer, PeopleLayer):
        start = layer.start
        whole = len(start) == len(layer.times) + 1 and start[0] == 0 and start[-1] == len(layer.ids)
        if not whole or (np.diff(start) < 0).any():
            raise FormatError("`start` does not divide its rows into frames", where=where)
    if isinstance(layer, FieldLayer) and not (layer.cell > 0 and len(layer.times)):
        raise FormatError("its cells have no size, or it has no moment", where=where)
    if isinstance(layer, LabelLayer | AnnotationLayer):
        places = len(layer.points if isinstance(layer, LabelLayer) else layer.starts)
        if len(layer.texts) != places:
            raise FormatError(f"{len(layer.texts)} texts for {places} places", where=where)
    if isinstance(layer, PointLayer) and any(len(column) != len(layer.points) for column in layer.attributes.values()):
        raise FormatError("its attributes are not columns of one value a point", where=where)
    if isinstance(layer, PeopleLayer | FieldLayer) and not (np.diff(layer.times) > 0).all():
        raise FormatError("its times do not rise", where=where)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _finite(value: Any) -> float:
    if math.isinf(_number(value)):
        raise TypeError("infinite")
    return float(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _place(value: Any) -> tuple[float, float, float]:
    x, y, z = value
    return _finite(x), _finite(y), _finite(z)


def _colour(value: Any) -> tuple[int, int, int]:
    red, green, blue = value
    for part in (red, green, blue):
        if isinstance(part, bool) or not isinstance(part, int) or not 0 <= part <= 255:
            raise TypeError(f"{value!r} is no colour")
    return red, green, blue


def _classes(given: list[dict[str, Any]]) -> tuple[LegendClass, ...]:
    return tuple(LegendClass(_number(c["low"]), _number(c["high"]), _colour(c["colour"]), _text(c["label"])) for c in given)


def _section(given: dict[str, Any]) -> Section:
    width_m = math.inf if given["width_m"] is None else _finite(given["width_m"])
    section = Section(_text(given["name"]), _text(given["label"]), _place(given["point"]), _place(given["normal"]), width_m)
    if not any(section.normal):
        raise ValueError(f"the section `{section.name}` has no direction")
    return section


def _stages(given: list[dict[str, Any]], layers: tuple[Layer, ...]) -> tuple[SceneStage, ...]:
    stages = tuple(SceneStage(*(_text(one[field.name]) for field in fields(SceneStage))) for one in given)
    names = [stage.name for stage in stages]
    if len(set(names)) < len(names):
        raise ValueError("two stages have the same name")
    for layer in layers:
        if not set(layer.stages) <= set(names):
            raise ValueError(f"the layer `{layer.name}` is of a stage that there is not")
    return stages


def _soil(given: dict[str, Any], array_of: Callable[[Any, str, _Array], NDArray[Any]]) -> SoilBlock:
    units = tuple(map(_text, given["units"]))
    heights = array_of(given["heights"], "soil heights", _Array("f4", ("U", "H", "W")))
    certainty = array_of(given["certainty"], "soil certainty", _Array("u1", ("U", "H", "W")))
    cell = _finite(given["cell"])
    fit = heights.shape == (len(units) + 1, *certainty.shape[1:]) and len(certainty) == len(units) and min(heights.shape) > 1
    if not fit or cell <= 0.0 or not np.isfinite(heights).all():
        raise ValueError("the soil is not of layers on cells")
    return SoilBlock(_finite(given["west"]), _finite(given["north"]), cell, units, heights, certainty)


def _or_none(value: Any) -> float | None:
    return None if value is None else _finite(value)


def _one_of(value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return str(value)


def _columns(value: Any) -> dict[str, list[Any]]:
    if not isinstance(value, dict) or not all(isinstance(column, list) for column in value.values()):
        raise TypeError("attributes are no columns")
    for column in value.values():
        if any(isinstance(one, list | dict) for one in column):
            raise TypeError("an attribute is not a single value")
    return value


_MEMBERS: Mapping[str, Callable[[Any], Any]] = {
    "name": _text, "label": _text, "group": _text, "legend": _text, "colour": _colour, "attributes": _columns, "edges": _truth,
    "opacity": _finite, "casts_shadow": _truth, "visible": _truth, "west": _finite, "north": _finite, "cell": _finite,
    "width": _finite, "size_px": _finite, "dimension": _truth, "roofs": _truth, "side": lambda value: _one_of(value, ("", *SIDES)),
    "texts": lambda value: tuple(map(_text, value)), "stages": lambda value: tuple(map(_text, value)),
}  # fmt: skip


def check_name(path: str | Path) -> Path:
    """The path, if a scene may be kept under it.

    Raises
    ------
    ParameterError
        When its suffix says that it is something else.
    """
    target = Path(path)
    if target.suffix.lower() != ".scene":
        raise ParameterError(f"a scene is kept as `.scene`, not as `{target.suffix or target.name}`", hint="viewer.export draws it")
    return target
