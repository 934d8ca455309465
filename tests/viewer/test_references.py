"""A few pictures against those that were looked at and found good: the same renderer, so they hardly differ.

After a change that is meant to be seen, `STADSTWIN_NEW_PICTURES=1 pytest tests/viewer/test_references.py` draws them anew; look at
each before it is committed.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from viewer.backends.image import screenshot
from viewer.scene import Scene

FOLDER = Path(__file__).parent / "pictures"
SIZE = (480, 300)
PICTURES = {
    "overview": {},
    "plan-nl": {"view": "top", "language": "nl"},
    "plain-close": {"view": "close", "look": "plain"},
    "night": {"look": "night"},
    "cut": {"section": "across"},
    "see-through": {"see_through": True, "view": "changes"},
}


@pytest.mark.usefixtures("opengl")
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_it_was(scene: Scene, name: str) -> None:
    options = dict(PICTURES[name])
    shown = scene.see_through() if options.pop("see_through", False) else scene
    section = options.pop("section", None)
    shown = shown.cut(section) if section else shown
    reference = FOLDER / f"{name}.png"
    if os.environ.get("STADSTWIN_NEW_PICTURES"):
        FOLDER.mkdir(exist_ok=True)
        screenshot(shown, reference, size=SIZE, **options)
    png = screenshot(shown, size=SIZE, **options)
    assert isinstance(png, bytes)
    picture, known = (np.asarray(Image.open(file).convert("RGB"), dtype=int) for file in (io.BytesIO(png), reference))
    apart = np.abs(picture - known).max(axis=2)
    assert apart.mean() < 2.0, f"{name}: {apart.mean():.2f} of 255 apart in the mean"
    assert (apart > 40).mean() < 0.01, f"{name}: {100 * (apart > 40).mean():.1f} % of the picture changed"
