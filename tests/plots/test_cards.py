"""What notebooks show: a table that escapes what files say, a small picture, and never an error."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from PIL import Image

import twin
from tests.places import CRS, NORTH_CLOSED, town_scenario
from twin.compare import Comparison
from twin.ensemble import Ensemble
from twin.geo.city import City
from twin.plots import card, thumbnail
from twin.result import Result

EVIL = '<script>alert("x")</script>'


def picture_of(html: str) -> Image.Image:
    found = re.search(r'src="data:image/png;base64,([^"]+)"', html)
    assert found, "there is no picture"
    data = base64.b64decode(found[1])
    assert len(data) <= 40_000
    return Image.open(io.BytesIO(data))


def test_the_card_of_a_city(sample: City) -> None:
    sample._repr_html_()  # imports
    before = time.perf_counter()
    html = sample._repr_html_()
    assert time.perf_counter() - before < 2.0
    assert "1,364 buildings" in html
    assert "Amersfoort / RD New" in html
    assert "CC0-1.0" in html
    assert len(picture_of(html).convert("RGB").getcolors(10_000)) > 10


def test_the_cards_of_runs(both: Comparison, many: Ensemble) -> None:
    for thing, words in (
        (both.variant, ("Result", "Highest density", "meets")),
        (both, ("Comparison", "within noise" if any(d.within_noise for d in both.differences) else "Town", "change")),
        (many, ("Ensemble", "median", "0 of 3")),
        (town_scenario(NORTH_CLOSED), ("Scenario", "closure", "Do they get round the house?")),
    ):
        html = thing._repr_html_()
        picture_of(html)
        for word in words:
            assert word in html
        assert "color:" not in html.replace("background-color:", ""), "text has the colour of the notebook's theme"


def test_short_texts_say_what_a_thing_is(both: Comparison, many: Ensemble) -> None:
    assert repr(both) == f"<Comparison 'Town': {len(both.differences)} figures, 2 seeds>"
    assert repr(many).startswith("<Ensemble: 3 seeds")
    assert repr(town_scenario(NORTH_CLOSED)) == "<Scenario 'Town': party, works; 150 s, 2 seeds>"


def test_texts_of_files_are_escaped_and_cut(result: Result, place: City) -> None:
    from dataclasses import replace

    told = replace(place, name=EVIL)._repr_html_()
    told += result.with_(provenance={"title": EVIL * 50})._repr_html_()
    assert "<script" not in told
    assert "&lt;script&gt;" in told
    assert len(card.short("x" * 10_000)) == card.LONGEST


def test_an_empty_city_has_a_card_without_picture() -> None:
    html = City(CRS, np.zeros(3))._repr_html_()
    assert "nothing" in html
    assert "<img" not in html


@pytest.mark.parametrize("layer", ["trees", "terrain"])
def test_a_city_without_areas_has_a_picture(place: City, layer: str) -> None:
    from dataclasses import replace

    points = gpd.GeoDataFrame(geometry=[shapely.Point(x, x) for x in range(9)], crs=CRS, index=[f"t{k}" for k in range(9)])
    city = City(CRS, np.zeros(3), layers={"trees": points}) if layer == "trees" else replace(place, layers={})
    picture_of(city._repr_html_())


def test_a_picture_that_fails_leaves_the_table_and_says_why(sample: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(city: City) -> bytes:
        raise RuntimeError("no <b>ink</b>")

    monkeypatch.setattr(thumbnail, "city_picture", broken)
    html = sample._repr_html_()
    assert "1,364 buildings" in html
    assert "no picture: RuntimeError: no &lt;b&gt;ink&lt;/b&gt;" in html


def test_a_card_that_fails_says_why(result: Result) -> None:
    html = result.with_(provenance=None)._repr_html_()
    assert html.startswith("<pre>")
    assert "no table: AttributeError" in html


def test_a_big_city_is_drawn_of_few_shapes() -> None:
    at = np.arange(60_000)
    boxes = shapely.box(at % 300 * 10.0, at // 300 * 10.0, at % 300 * 10.0 + 6, at // 300 * 10.0 + 6)
    frame = gpd.GeoDataFrame(geometry=boxes, crs=CRS, index=[str(k) for k in at])
    city = City(CRS, np.zeros(3), layers={"buildings": frame})
    city._repr_html_()
    before = time.perf_counter()
    picture_of(city._repr_html_())
    assert time.perf_counter() - before < 3.0
    assert len(thumbnail._outlines(frame, 1.0)) == thumbnail.MOST_SHAPES


def test_cards_need_no_pyplot() -> None:
    code = "import sys, twin; c = twin.read_city('sample'); c._repr_html_(); print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(twin.__file__).parents[1], check=True
    )
    assert done.stdout.strip() == "False"
