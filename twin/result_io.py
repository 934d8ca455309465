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
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import xarray as xr

from twin.errors import MissingFileError, OutputError, ResultError
from twin.fields_io import write_fields
from twin.recording import Recording
from twin.result import Figure, Result

FORMAT = "stadstwin result"
FORMAT_VERSION = 1
TRAJECTORIES = "trajectories.parquet"


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
    frames: dict[str, Any] = {}
    for name, frame in result.features.items():
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
    told = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "partial": result.partial,
        "figures": [_plain(asdict(figure)) for figure in result.figures],
        "features": frames,
        "provenance": _plain(dict(result.provenance)),
    }
    (part / "result.json").write_text(json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")


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
    except ResultError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultError(f"`{folder}` cannot be read: {error}", hint="it may be incomplete; run the scenario again") from error
    return Result(fields, trajectories, features, series, figures, _unplain(told["provenance"]), bool(told["partial"]))


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
