"""GDAL kept on a lead: plain files on disk only, its errors in our words.

GDAL follows what a file says: names such as ``/vsicurl/http://...``, virtual formats, side-car files of any format. A path
goes to it only after its content was told from its first bytes, as an absolute path that is not one of its virtual ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twin.errors import FormatError, TwinError

RASTER_ENVIRONMENT = {
    # No overviews, masks and statistics beside the file: each could be a file of any format that points elsewhere.
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "VRT_SHARED_SOURCE": "0",
}
"""Settings under which rasters are opened."""


def disk_path(path: Path) -> str:
    """The absolute path of a file, for GDAL.

    Raises
    ------
    FormatError
        When GDAL would take the path for one of its virtual file systems.
    """
    name = str(path.absolute())
    if name.startswith("/vsi"):
        raise FormatError("GDAL reads folders whose name starts with /vsi as something else", where=name, hint="move the file")
    return name


@contextmanager
def told(name: str, what: str) -> Iterator[None]:
    """Errors of GDAL, Arrow and their wrappers as a `FormatError` that names the file.

    Parameters
    ----------
    name : str
        Of the file.
    what : str
        Format, for the message.
    """
    try:
        with warnings.catch_warnings():
            # GDAL warns of what it mends; what matters is looked at here.
            warnings.simplefilter("ignore")
            yield
    except TwinError:
        raise
    except BaseException as error:
        # The decoder of LAZ panics, which is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise FormatError(f"the {what} file is broken: {one_line(error)}", where=name) from None


def one_line(error: BaseException) -> str:
    """What an error says, in one line without the path of a temporary file."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:200]
