"""The drawing of a section: to scale, with its words, the same to the byte, as SVG, PDF and PNG."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest

import twin
from tests.places import SOUTH, WEST, town
from tests.sections.test_parts import ACROSS, PIT, WALLED, worked_out
from twin.errors import OutputError, ParameterError
from twin.geo.city import City
from twin.geo.samples import sample_folder
from twin.impact_result import ImpactResult
from twin.plots.lettering import Lettering
from twin.plots.sheet_layout import PAPERS, layout_of
from twin.scenario import scenario_from_text
from twin.sections import Section, section

SVG = "{http://www.w3.org/2000/svg}"
__all__ = ["worked_out"]


@pytest.fixture(scope="module")
def canal(sample: City) -> Section:
    return section(sample, [(136740, 455830), (136790, 455842), (136840, 455850)])


@pytest.fixture(scope="module")
def walled(sample: City) -> Section:
    return section(scenario_from_text(PIT + WALLED), ACROSS, city=sample)


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> object:
    yield
    plt.close("all")


def texts(path: Path) -> list[str]:
    root = ElementTree.parse(path).getroot()
    return ["".join(one.itertext()).strip() for one in root.iter(f"{SVG}text")]


def test_an_svg_is_well_formed_and_says_what_is_drawn(canal: Section, tmp_path: Path) -> None:
    told = texts(canal.save(tmp_path / "canal.svg"))
    assert {"Section A–A′", "1:300 on A3", "height (m NAP)", "water", "clay", "+0.60", "canal-street-west", "N ↑"} <= set(told)
    assert "bend 4°" in told
    assert any("synthetic" in text for text in told)
    assert any(text.startswith("A (136740.0, 455830.0)") for text in told)


def test_a_pit_says_its_stages_and_levels_in_dutch(walled: Section, tmp_path: Path) -> None:
    told = texts(walled.save(tmp_path / "pit.svg", language="nl"))
    assert {"1. first +2,00", "3. dry −1,00", "teen −9,00", "diepwand", "stempel", "anker", "onderwaterbeton 1,20 m"} <= set(told)
    assert any("met de ingreep" in text for text in told)
    assert any("of wanden staan" in text for text in told)


def test_a_metre_is_as_long_on_paper_as_the_scale_says(walled: Section, tmp_path: Path) -> None:
    path = walled.save(tmp_path / "pit.svg", scale=200, paper="A3")
    root = ElementTree.parse(path).getroot()
    assert float(root.get("width", "0")[:-2]) == pytest.approx(420 / 25.4 * 72, abs=0.01)
    concrete = next(one for one in root.iter(f"{SVG}g") if one.get("id") == "concrete")
    shape = next(one for one in concrete.iter(f"{SVG}path") if one.get("d", "").startswith("M"))
    points = np.array([[float(x), float(y)] for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", shape.get("d", ""))])
    size = np.ptp(points, axis=0) / 72 * 25.4 * 200 / 1000
    np.testing.assert_allclose(size, [10.0, 1.2], atol=0.005)


def test_what_is_written_twice_is_the_same(walled: Section, tmp_path: Path) -> None:
    for suffix in ("svg", "pdf", "png"):
        first, second = (walled.save(tmp_path / f"{k}.{suffix}").read_bytes() for k in (1, 2))
        assert first == second
        assert b"CreationDate" not in first
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(f"{k}.{s}" for k in (1, 2) for s in ("svg", "pdf", "png"))


def test_a_pdf_is_whole_and_has_its_fonts(walled: Section, tmp_path: Path) -> None:
    document = walled.save(tmp_path / "pit.pdf").read_bytes()
    assert document.startswith(b"%PDF-1.")
    assert document.rstrip().endswith(b"%%EOF")
    start = int(re.findall(rb"startxref\s+(\d+)", document)[-1])
    assert document[start : start + 4] == b"xref"
    assert b"/FontFile2" in document
    assert b"/Type3" not in document
    box = re.search(rb"/MediaBox \[ *0 0 ([\d.]+) ([\d.]+)", document)
    assert box is not None
    sheets = ([pytest.approx(mm / 25.4 * 72, abs=0.1) for mm in size] for size in PAPERS.values())
    assert [float(one) for one in box.groups()] in sheets


def test_the_scale_is_the_largest_of_a_ruler_that_fits(walled: Section, canal: Section) -> None:
    chosen = layout_of(canal, 1.0, None, None, None, False)
    assert (chosen.scale, chosen.paper) == (300.0, "A3")
    assert chosen.section[2] == pytest.approx(1000 * canal.length_m / 300)
    assert chosen.section[3] == pytest.approx(1000 * (chosen.high - chosen.low) / 300)
    small = layout_of(walled, 1.0, None, "A4", None, False)
    assert (small.scale, small.paper) == (400.0, "A4") or small.scale in (200.0, 250.0, 300.0)
    asked = layout_of(canal, 1.0, 100.0, None, None, False)
    assert asked.scale == 100.0
    assert asked.size[0] > 420.0
    assert asked.paper == ""
    higher = layout_of(canal, 2.0, None, None, None, False)
    assert higher.section[3] == pytest.approx(2 * 1000 * (higher.high - higher.low) / higher.scale)


def test_a_tower_at_the_end_does_not_make_all_else_small(sample: City, tmp_path: Path) -> None:
    tower = sample.buildings.loc[sample.buildings["height_m"].idxmax()].geometry.centroid
    made = section(sample, [(tower.x - 30, tower.y), (tower.x + 30, tower.y)])
    chosen = layout_of(made, 1.0, None, None, None, False)
    assert chosen.scale <= 200.0
    assert any(text.startswith("↑ 9") for text in texts(made.save(tmp_path / "tower.svg")))


def test_settlement_groundwater_and_damage_are_drawn(sample: City, worked_out: ImpactResult, tmp_path: Path) -> None:
    made = section(sample, [(136860, 455925), (136940, 455925)], result=worked_out)
    told = texts(made.save(tmp_path / "after.svg"))
    assert {"settlement (mm)", "groundwater before", "groundwater, lowest stage", "cat. 2", "−1.50"} <= set(told)
    assert any(text.endswith("times larger than heights") for text in told)
    assert "10 mm" in told


def test_soundings_near_the_line_have_their_names(sample: City, tmp_path: Path) -> None:
    at = sample.soundings.geometry["cpt-1"]
    told = texts(section(sample, [(at.x - 15, at.y + 1), (at.x + 45, at.y + 1)]).save(tmp_path / "names.svg"))
    assert {"cpt-1", "borehole-1", "1.0 m to the right"} <= set(told)


def test_a_category_has_its_range(sample: City, worked_out: ImpactResult, tmp_path: Path) -> None:
    table = worked_out.features["buildings"].assign(category_low=1, category_high=3)
    made = section(sample, [(136860, 455925), (136940, 455925)], result=replace(worked_out, features={"buildings": table}))
    assert "cat. 2 (1–3)" in texts(made.save(tmp_path / "range.svg"))


def test_on_axes_of_somebody_else(canal: Section) -> None:
    _, ax = plt.subplots(figsize=(12, 5), layout="constrained")
    assert canal.plot(ax, exaggeration=2, language="nl") is ax
    assert ax.get_aspect() == 2.0
    assert ax.get_xlim() == (0.0, pytest.approx(canal.length_m))
    assert ax.get_xlabel() == "afstand langs de doorsnede (m)"
    gids = {child.get_gid() for child in ax.get_children()}
    assert {"ground", "water", "soil:clay", "bend"} <= gids


def test_a_notebook_gets_a_figure_of_the_size_of_the_paper(walled: Section) -> None:
    figure = walled.plot(paper="A4").figure
    np.testing.assert_allclose(figure.get_size_inches() * 25.4, PAPERS["A4"])


def test_a_city_without_soil_or_datum_says_so(tmp_path: Path) -> None:
    made = section(town(), [(WEST + 1, SOUTH + 30), (WEST + 59, SOUTH + 30)])
    told = " ".join(texts(made.save(tmp_path / "town.svg")))
    assert "The source states no vertical datum" in told
    assert "No sounding within 250 m" in told


def test_no_text_is_written_over_another() -> None:
    _, ax = plt.subplots()
    letters = Lettering(ax, 5.0, 5.0, (0.0, 0.0, 20.0, 20.0))
    assert letters.write("one", [(10.0, 10.0)])
    assert not letters.write("two", [(10.2, 10.0)])
    assert letters.write("two", [(10.2, 10.0), (10.2, 12.0)])
    assert not letters.write("beyond the edge", [(19.5, 5.0)])


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"paper": "A5"}, "no paper"), ({"scale": 0}, "scale"), ({"exaggeration": 0}, "as large"), ({"depth_m": -2}, "depth"),
        ({"language": "fr"}, "no plots in"),
    ],
)  # fmt: skip
def test_what_is_not_possible_is_refused(walled: Section, asked: dict, told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        walled.plot(**asked)


def test_a_file_that_cannot_be_written(walled: Section, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"did you mean `\.svg`"):
        walled.save(tmp_path / "pit.svq")
    with pytest.raises(OutputError, match="no folder"):
        walled.save(tmp_path / "nowhere" / "pit.svg")


def test_sky_is_not_kept_for_what_is_cut_off_anyway(sample: City) -> None:
    tower = sample.buildings.loc[sample.buildings["height_m"].idxmax()].geometry.centroid
    made = section(sample, [(tower.x - 90, tower.y), (tower.x + 5, tower.y)])
    shown = layout_of(made, 1.0, None, None, None, False)
    ground = max(part.shape.bounds[3] for part in made.drawn if part.kind in ("ground", "street"))
    tops = [part.shape.bounds[3] for part in made.drawn if part.kind == "building"]
    fits = [top for top in tops if top <= shown.high]
    assert max(tops) > shown.high
    assert shown.high <= max([ground + 8.0, *(top + 1.5 for top in fits)]) + 1.0
    # the room goes to the ground, down to the end of the soundings
    assert shown.low <= min(part.shape.bounds[1] for part in made.drawn if part.kind == "soil") + 1e-6


def test_at_a_scale_that_is_asked_the_pit_stays_and_the_roofs_go(walled: Section) -> None:
    shown = layout_of(walled, 1.0, 100.0, "A3", None, False)
    lowest = min(part.shape.bounds[1] for part in walled.drawn if part.kind == "wall")
    assert shown.low <= lowest
    assert shown.high < max(part.shape.bounds[3] for part in walled.drawn if part.kind == "building")
    assert shown.size == PAPERS["A3"]


def test_the_mark_of_a_level_is_kept_free_too() -> None:
    _, ax = plt.subplots()
    letters = Lettering(ax, 5.0, 5.0, (0.0, 0.0, 20.0, 20.0))
    assert letters.write("+0.64", [(10.0, 10.0)], ha="left", va="bottom", offset=(2.2, 0.5), mark=1.3)
    # without the mark there would be room right up to the text
    assert not letters.write("+0.60", [(10.0, 10.0)], ha="right", va="bottom", offset=(0.5, 0.5))
    assert letters.write("+0.60", [(9.0, 10.0)], ha="right", va="bottom", offset=(0.5, 0.5))


def test_a_mark_of_a_level_stands_clear_of_the_text_before_it() -> None:
    _, ax = plt.subplots()
    letters = Lettering(ax, 5.0, 5.0, (0.0, 0.0, 30.0, 30.0))
    assert letters.write("+0.60", [(10.0, 10.0)], ha="left", va="bottom", offset=(2.2, 0.5), mark=1.3)
    end = 10.0 + (2.2 + letters.size_of("+0.60", 8.0)[0]) / 5.0
    assert not letters.write("+0.61", [(end + (1.3 + 1.0) / 5.0, 10.0)], ha="left", va="bottom", offset=(2.2, 0.5), mark=1.3)
    assert letters.write("+0.61", [(end + (1.3 + 4.1) / 5.0, 10.0)], ha="left", va="bottom", offset=(2.2, 0.5), mark=1.3)


def test_every_well_is_named_and_the_edge_of_a_guess_is_told(sample: City, tmp_path: Path) -> None:
    garage = sample_folder().parent / "wharf_garage.yaml"
    drawn = section(twin.read_scenario(garage), [(136800.8, 455848.0), (136893.2, 455848.0)], city=sample)
    told = texts(drawn.save(tmp_path / "across.svg", language="nl"))
    named = [name for text in told for name in text.split(", ") if name.startswith("well-")]
    wells = {part.id for part in drawn.drawn if part.kind == "well"}
    assert sorted(named) == sorted(wells)
    assert {"well-2", "well-3"} <= wells
    assert "well-2, well-3" in told
    edges = [part for part in drawn.drawn if part.kind == "soil" and part.certainty == "guessed"]
    assert edges
    assert told.count("vanaf hier geschat") >= 1
    assert "+0,60" in told


def test_a_pit_has_its_measures(walled: Section, tmp_path: Path) -> None:
    path = walled.save(tmp_path / "pit.svg", scale=100, paper="A3")
    pit = next(part for part in walled.drawn if part.kind == "pit")
    wall = min(part.shape.bounds[1] for part in walled.drawn if part.kind == "wall")
    west, floor, east, top = pit.shape.bounds
    wanted = {f"{size:.1f} m" for size in (east - west, top - floor, floor - wall)}
    root = ElementTree.parse(path).getroot()
    found = {"".join(text.itertext()).strip() for one in root.iter(f"{SVG}g") if (one.get("id") or "").startswith("measure length")
             for text in one.iter(f"{SVG}text")}  # fmt: skip
    assert found == wanted


def test_paler_soil_is_in_the_legend_where_there_is_some(sample: City, tmp_path: Path) -> None:
    at = sample.soundings.geometry["cpt-1"]
    near = texts(section(sample, [(at.x - 10, at.y), (at.x + 10, at.y)]).save(tmp_path / "near.svg"))
    far = texts(section(sample, [(136740, 455830), (136840, 455850)]).save(tmp_path / "far.svg", language="nl"))
    assert not any(text.startswith("paler") for text in near)
    assert "lichter: een laag die geschat is" in far
