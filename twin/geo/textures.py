"""Pictures on surfaces: where they are on disk, and which part of them each triangle shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MAX_BYTES = 64 * 1024**2
"""A picture larger than this is not used."""

_STARTS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


@dataclass(frozen=True, slots=True)
class Texture:
    """A picture that surfaces show.

    Parameters
    ----------
    name : str
        As the source names it.
    path : Path
        The file.
    media_type : {"image/png", "image/jpeg"}
    """

    name: str
    path: Path
    media_type: str

    def read(self) -> bytes:
        """The picture as it is in the file."""
        return self.path.read_bytes()


def find_texture(name: str, folder: Path) -> Texture | None:
    """A picture that lies in or below a folder; None when it is not there, is elsewhere, or is no picture.

    Parameters
    ----------
    name : str
        Relative to the folder, as the source states it; an address on the network is never opened.
    folder : Path
    """
    place = PurePosixPath(name.replace("\\", "/"))
    if "://" in name or "\0" in name or place.is_absolute() or ".." in place.parts or (place.parts and ":" in place.parts[0]):
        return None
    path = folder.joinpath(*place.parts)
    try:
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        with path.open("rb") as file:
            start = file.read(16)
    except (OSError, ValueError):
        return None
    for magic, media_type in _STARTS:
        if start.startswith(magic):
            return Texture(name, path, media_type)
    return None
