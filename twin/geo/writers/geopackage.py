"""GeoPackage: every layer of a city as a table of one file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd

from twin.errors import OutputError
from twin.geo.city import City
from twin.geo.crs import horizontal
from twin.geo.readers.vector_sources import as_stored
from twin.geo.writers.atomic import written_file
from twin.geo.writers.tables import layers_with_rows, storable
from twin.geo.writers.tables_readback import about, check_frame

SUFFIXES = (".gpkg",)

_CLOCK = "OGR_CURRENT_DATE"


def write_geopackage(city: City, path: str | Path) -> Path:
    """Write the layers of a city that have rows, one table each, for a GIS.

    Ids are the column ``id``; licences, credits and sources are in the metadata of the file. Triangles and rasters are not in
    it: `City.save` keeps everything, `twin.geo.writers.geotiff` writes rasters. The file is read again and compared before it
    counts; the same city gives the same bytes with the same version of GDAL.

    Parameters
    ----------
    city : City
    path : str or Path
        Ends in ``.gpkg``; replaced when it is there.

    Raises
    ------
    OutputError
        When the city has no rows, the file cannot be written, or it does not read as it was written.
    """
    path = Path(path)
    layers = {name: storable(frame) for name, frame in layers_with_rows(city).items()}
    if not layers:
        raise OutputError("no layer of the city has rows", where=str(path))
    with written_file(path) as place:
        try:
            _write(layers, place, about(city))
            _compare(layers, place, path)
        except OutputError:
            raise
        except Exception as error:
            # pyogrio, GDAL and pandas have errors of many kinds without one base: whichever it is, no file was made
            text = " ".join(str(error).split())[:200].replace(str(place), path.name)
            raise OutputError(f"cannot be written as a GeoPackage: {text}", where=str(path)) from error
    return path


def _write(layers: dict[str, gpd.GeoDataFrame], place: Path, said: dict[str, str]) -> None:
    import pyogrio

    clock = pyogrio.get_gdal_config_option(_CLOCK)
    with warnings.catch_warnings():
        # A local plane has no code that a GeoPackage knows.
        warnings.simplefilter("ignore", UserWarning)
        pyogrio.set_gdal_config_options({_CLOCK: "2000-01-01T00:00:00.000Z"})
        try:
            for number, (name, frame) in enumerate(layers.items()):
                table = frame.set_crs(stored_crs(frame), allow_override=True)
                pyogrio.write_dataframe(
                    table, place, layer=name, driver="GPKG", geometry_type=_geometry_type(frame), promote_to_multi=False,
                    append=number > 0, dataset_metadata=said,
                )  # fmt: skip
        finally:
            pyogrio.set_gdal_config_options({_CLOCK: clock})


def stored_crs(frame: gpd.GeoDataFrame) -> Any:
    """The system of a layer as far as a GeoPackage has a code for it: all of it, its plane, or none."""
    if frame.crs is None or frame.crs.to_authority() is not None:
        return frame.crs
    plane = horizontal(frame.crs)
    return plane if plane.to_authority() is not None else None


def _geometry_type(frame: gpd.GeoDataFrame) -> str:
    kinds = frame.geometry.geom_type.dropna().unique().tolist()
    if len(kinds) != 1 or frame.geometry.has_z.any():
        return "Unknown"
    return str(kinds[0])


def _compare(layers: dict[str, gpd.GeoDataFrame], place: Path, path: Path) -> None:
    import pyogrio

    there: list[Any] = [name for name, _ in pyogrio.list_layers(place).tolist()]
    if there != list(layers):
        raise OutputError(f"the layers {there} came back, not {list(layers)}", where=str(path))
    for name, frame in layers.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            again = as_stored(pyogrio.read_dataframe(place, layer=name), pyogrio.read_info(place, layer=name), place, layer=name)
        check_frame(frame, again, f"{path}:{name}")
