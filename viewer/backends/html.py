"""One page that opens anywhere: no server and no network; three.js and the modules of `viewer/page` over the scene's bytes."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from twin.errors import OutputError, RenderingError
from viewer.backends.image import write_bytes
from viewer.backends.payload import describe
from viewer.scene import Scene
from viewer.words import check_language


def _asset(name: str) -> str:
    return files("viewer").joinpath("page", name).read_text(encoding="utf-8")


def _script() -> str:
    """The script of the page, which is made when the package is installed.

    Raises
    ------
    RenderingError
        When it is not there.
    """
    try:
        return _asset("dist/scene.js")
    except FileNotFoundError as error:
        raise RenderingError(
            "the page cannot be written: its script was not made when the package was installed",
            hint="run `pip install .` (or `pip install -e .`) again in the source of Stadstwin, with a network: npm fetches "
            "three.js and esbuild then; pictures (.png) and .glb need no script",
        ) from error


def _embedded(document: dict[str, Any]) -> str:
    """JSON that cannot end the element it stands in, nor start a comment or another script."""
    text = _dumped(document).decode("utf-8")
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _dumped(document: dict[str, Any]) -> bytes:
    """The document as JSON; an attribute that JSON has no word for is a text, as in a scene that is saved."""
    try:
        return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY, default=str)
    except TypeError:  # an integer of more than 64 bits, or half of a pair of surrogates
        import json

        plain = json.loads(json.dumps(document, default=lambda one: one.tolist() if hasattr(one, "tolist") else str(one)))
        return orjson.dumps(_readable(plain))


def _readable(part: Any) -> Any:
    if isinstance(part, dict):
        return {_readable(str(key)): _readable(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_readable(one) for one in part]
    if isinstance(part, str):
        return part.encode("utf-8", "replace").decode("utf-8")
    if isinstance(part, int) and not isinstance(part, bool) and abs(part) > 2**53:
        return str(part)
    return part


def _allowed(content: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii") + "'"


def encode_html(scene: Scene, language: str = "en") -> bytes:
    """A scene as one self-contained page.

    The page asks nothing of the network and its policy forbids it to; texts of the scene are shown as text. People
    and fields move with a slider; of long runs frames are left out until the page is small enough to send, and a note
    in the page says so.

    Parameters
    ----------
    scene : Scene
    language : {"en", "nl"}
        In which the page opens; the reader can change it.

    Raises
    ------
    RenderingError
        When the script of the page was not made at the install.
    OutputError
        When the page that was made does not hold what it should.
    """
    check_language(language)
    script = _script()
    document, blob = describe(scene, language)
    style = _asset("scene.css")
    rules = (
        "default-src 'none'",
        f"script-src {_allowed(script)}",
        f"style-src {_allowed(style)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    parts = {
        "POLICY": "; ".join(rules),
        "TITLE": html.escape(scene.title or "Scene"),
        "STYLE": style,
        "DATA": _embedded(document),
        "BYTES": blob,
        "SCRIPT": script,
    }
    # One pass, so that a text of the scene that looks like a placeholder stays what it is.
    page = re.sub(r"@([A-Z]+)@", lambda match: parts[match.group(1)], _asset("scene.html"))
    _read_back(page, document)
    return page.encode("utf-8")


def _read_back(page: str, document: dict[str, Any]) -> None:
    match = re.search(r'<script id="scene-data" type="application/json">(.*?)</script>', page, re.DOTALL)
    if match is None or orjson.loads(match.group(1)) != orjson.loads(_dumped(document)):
        raise OutputError("the page that was made does not hold its scene")
    if page.count("<script") != 3:
        raise OutputError("the page that was made holds a script that is not ours")


def write_html(scene: Scene, path: str | Path, *, language: str = "en") -> Path:
    """Write a scene as one self-contained page.

    Parameters
    ----------
    scene : Scene
    path : str or Path
    language : {"en", "nl"}
        In which the page opens.

    Raises
    ------
    OutputError
        When it cannot be written or read back.
    RenderingError
        When the script of the page was not made at the install.
    """
    return write_bytes(Path(path), encode_html(scene, language))
