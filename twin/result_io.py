"""Results on disk: NetCDF for fields, Parquet for tables, GeoPackage for features, JSON for the rest.

A result is written beside its place and moved there when it is whole; reading gives back what was saved.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import xarray as xr

from twin.errors import MissingFileError, OutputError, ResultError
from twin.fields_io import write_fields
from twin.impact_result import Classes, ImpactResult
from twin.recording import Recording
from twin.result import Figure, Result

FORMAT = "stadstwin result"
FORMAT_VERSION = 1
TRAJECTORIES = "trajectories.parquet"
IMPACTS = "impacts"
"""Folder of impacts in that of a result, a folder each."""


def save_result(result: Result, folder: Path) -> Path:
    """Write a result into a folder; see `Result.save`."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / "result.json").is_file())):
        raise OutputError(f"`{folder}` is there already and holds no result", hint="choose another folder")
    write_folder(folder, lambda part: _write(result, part))
    result.recording.moved(folder / TRAJECTORIES)
    return folder


def write_folder(folder: Path, write: Callable[[Path], None]) -> Path:
    """Fill a folder beside its place, then move it there; what was there before stays until then.

    Raises
    ------
    OutputError
        When it cannot be written; nothing is left behind.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"`{folder}` cannot be written: {error.strerror or error}") from error
    try:
        os.chmod(part, 0o755)
        write(part)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            os.replace(folder, old / "old")
            os.replace(part, folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(part, folder)
    except OSError as error:
        raise OutputError(f"`{folder}` cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def write_text(path: Path, text: str) -> Path:
    """Write a text file whole or not at all.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    return write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file whole or not at all.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"`{path}` cannot be written: {error.strerror or error}") from error
    return path


def _write(result: Result, part: Path) -> None:
    write_fields(result.fields, part / "fields.nc")
    result.recording.save(part / TRAJECTORIES)
    result.series.to_parquet(part / "series.parquet")
    told = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "partial": result.partial,
        "figures": [_plain(asdict(figure)) for figure in result.figures],
        "features": _write_features(result.features, part),
        "provenance": _plain(dict(result.provenance)),
        "impacts": list(result.impacts),
    }
    for key, impact in result.impacts.items():
        write_impact(impact, part / IMPACTS / key)
    _write_told(told, part / "result.json")


def _write_features(features: Mapping[str, gpd.GeoDataFrame], part: Path) -> dict[str, Any]:
    """Write frames into one GeoPackage; what it does not keep of them."""
    frames: dict[str, Any] = {}
    for name, frame in features.items():
        kinds = {column: str(frame[column].dtype) for column in frame.columns if column != frame.geometry.name}
        frames[name] = {
            "index": frame.index.name,
            "dtypes": kinds,
            "crs": frame.crs.to_wkt() if frame.crs else None,
            "rows": len(frame),
        }
        if len(frame):
            with warnings.catch_warnings():
                # a bare plane (simulate_crowd) has no CRS to write
                warnings.filterwarnings("ignore", message="'crs' was not provided")
                frame.to_file(part / "features.gpkg", layer=name, driver="GPKG", index=frame.index.name is not None)
    return frames


def _write_told(told: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def write_impact(impact: ImpactResult, folder: Path) -> None:
    """Write an impact into a folder that is not there yet: NetCDF, GeoPackage and JSON.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    folder.mkdir(parents=True)
    write_fields(impact.fields, folder / "fields.nc")
    told = {
        "key": impact.key, "title": impact.title, "figures": [_plain(asdict(figure)) for figure in impact.figures],
        "features": _write_features(impact.features, folder), "classes": [_plain(asdict(one)) for one in impact.classes],
        "assumptions": list(impact.assumptions), "settings": _plain(dict(impact.settings)),
    }  # fmt: skip
    _write_told(told, folder / "impact.json")


def read_impact(folder: Path) -> ImpactResult:
    """Read what `write_impact` wrote; fields are opened lazily.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError
        When something is missing or broken.
    """
    told = json.loads((folder / "impact.json").read_text(encoding="utf-8"))
    return ImpactResult(
        told["key"],
        told["title"],
        xr.open_dataset(folder / "fields.nc", engine="h5netcdf"),
        {name: _read_frame(folder, name, about) for name, about in told["features"].items()},
        tuple(Figure(**_unplain(figure)) for figure in told["figures"]),
        tuple(_classes(_unplain(one)) for one in told["classes"]),
        tuple(told["assumptions"]),
        _unplain(told["settings"]),
    )


def _classes(told: dict[str, Any]) -> Classes:
    lists = {key: tuple(value) for key, value in told.items() if isinstance(value, list)}
    colours = tuple((int(r), int(g), int(b)) for r, g, b in told["colours"])
    return Classes(**{**told, **lists, "colours": colours})


def _plain(value: Any) -> Any:
    """The same with what JSON lacks spelt out: NaN as a tagged object, so that it comes back as NaN."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        return _plain(value.item())
    return value


def _unplain(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"number"} and value["number"] in ("nan", "inf", "-inf"):
            return float(value["number"])
        return {key: _unplain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unplain(item) for item in value]
    return value


def load_result(folder: Path) -> Result:
    """Read a result from a folder; see `open_result`."""
    if not folder.is_dir():
        raise MissingFileError(f"there is no folder `{folder}`", hint="give the folder that Result.save or `twin run` wrote")
    if not (folder / "result.json").is_file():
        inside = [name for name in ("variant", "baseline") if (folder / name / "result.json").is_file()]
        hint = f"open `{folder / inside[0]}`" if inside else "give the folder that Result.save or `twin run` wrote"
        raise ResultError(f"`{folder}` holds no result", hint=hint)
    try:
        told = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        if told.get("format") != FORMAT or told.get("version") != FORMAT_VERSION:
            raise ResultError(f"`{folder}` is not a result of this version", where=str(folder / "result.json"))
        fields = xr.open_dataset(folder / "fields.nc", engine="h5netcdf")
        trajectories: Any = Recording(folder / TRAJECTORIES)  # read when somebody asks
        series = pd.read_parquet(folder / "series.parquet")
        features = {name: _read_frame(folder, name, about) for name, about in told["features"].items()}
        figures = tuple(Figure(**_unplain(figure)) for figure in told["figures"])
        impacts = {key: read_impact(folder / IMPACTS / _name_of(key)) for key in told.get("impacts", [])}
    except ResultError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultError(f"`{folder}` cannot be read: {error}", hint="it may be incomplete; run the scenario again") from error
    return Result(fields, trajectories, features, series, figures, _unplain(told["provenance"]), bool(told["partial"]), impacts)


def _name_of(key: Any) -> str:
    """The name of an impact, which is that of a folder in the result and nowhere else."""
    if not (isinstance(key, str) and key.isidentifier()):
        raise ValueError(f"`{key}` is not the name of an impact")
    return key


def _read_frame(folder: Path, name: str, about: dict[str, Any]) -> gpd.GeoDataFrame:
    if about["rows"]:
        frame = gpd.read_file(folder / "features.gpkg", layer=name)
        if about["index"]:
            frame = frame.set_index(about["index"])
    else:
        frame = gpd.GeoDataFrame({column: pd.Series(dtype=kind) for column, kind in about["dtypes"].items()}, geometry=[], crs=None)
        if about["index"]:
            frame.index = pd.Index([], name=about["index"], dtype="str")
    for column, kind in about["dtypes"].items():
        if str(frame[column].dtype) != kind:
            frame[column] = frame[column].astype(kind)
    return frame.set_crs(about["crs"], allow_override=True) if about["crs"] else frame.set_crs(None, allow_override=True)
