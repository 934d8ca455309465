"""The page of the cases, in text and in a real browser, and the command that writes it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from tests.browser import open_page
from twin.cli import main
from twin.report.cases import in_words, write_cases
from twin.report.plan import key, plan
from twin.verification import Case, Chart, Curve, Found, Measure, Outcome, Run, Site, check, chosen

EVIL = "</svg><script>alert(1)</script><img src=x onerror=alert(1)>"
HALL = Site(
    {"below": shapely.box(0, 0, 10, 10), EVIL: shapely.box(14, 0, 24, 10)},
    {EVIL: (shapely.box(23, 4, 24, 6), EVIL)}, {f"room {k}": (shapely.box(k, 1, k + 0.5, 2), "below") for k in range(6)},
    (Run(shapely.box(10, 4, 14, 6), "below", EVIL, 90.0),), lines={EVIL: ((9, 6, 9, 4), "below")},
    areas={EVIL: shapely.box(7, 4, 9, 6)},
)  # fmt: skip


def found(value: float) -> Found:
    chart = Chart((Curve(EVIL, np.array([0.0, 1.0, 2.0]), np.array([0.0, np.nan, 3.0])),), f"x {EVIL}", f"y {EVIL}")
    return Found((Measure(f"value {EVIL}", value, f"m {EVIL}", 0.0, 1.0), Measure("told", 7.0)), chart)


def case(number: str, value: float | None, **more: str) -> Case:
    run = None if value is None else lambda trial: found(value)
    text = {name: f"{name} {EVIL}" for name in ("title", "setup", "criterion", "source")}
    return Case(f"x-{number}", "Standard", f"test {number}", **text, run=run, site=HALL, **more)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    made = (
        case("1", 0.5),
        case("2", 1.5),
        case("3", float("nan"), known_failure=f"known {EVIL}"),
        case("4", None, not_applicable=f"no {EVIL}"),
    )
    return [check(one, seed=41) for one in made]


def test_it_says_what_came_of_each_case(outcomes: list[Outcome]) -> None:
    page = write_cases(outcomes, made="Made yesterday.")
    text = re.sub(r"<[^>]+>", " ", page)
    assert "1 of 3 cases pass, 1 fail, 1 fail as is known and said; 1 do not apply." in text
    assert 'class="answer bad"' in page
    for told in ("setup", "criterion", "source", "known", "no"):
        assert f"{told} &lt;/svg&gt;" in page, told
    for told in ("Standard test 2", "<dd>41</dd>", "Made yesterday.", "1.50 m"):
        assert told in page, told
    assert page.count("<svg") == 3 + 3
    assert page.count("does not hold") == 2
    assert page.count('class="chip known"') == 2


def test_nothing_in_it_becomes_html_or_needs_anything(outcomes: list[Outcome]) -> None:
    page = write_cases(outcomes)
    assert "<script" not in page
    assert "<img" not in page
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert not re.search(r"\bnan\b", page)


def test_words_for_how_many_passed(outcomes: list[Outcome]) -> None:
    assert in_words(outcomes[:1]) == "1 of 1 cases pass."
    assert in_words([outcomes[0], outcomes[3]]) == "1 of 1 cases pass; 1 do not apply."


def test_a_plan_shows_all_there_is() -> None:
    drawn = plan(HALL)
    assert drawn.count("<path") == 2 + 1 + 1 + 6 + 1
    assert ">below</text>" in drawn
    west, south, east, north = 0.0, 0.0, *map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn).groups())
    for x, y in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", drawn):
        assert west <= float(x) <= east
        assert south <= float(y) <= north
    assert "start (6 of them)" in key(HALL)
    assert "stair" in key(HALL)


def test_a_browser_shows_it(outcomes: list[Outcome], tmp_path: Path) -> None:
    page = tmp_path / "cases.html"
    page.write_text(write_cases(outcomes), encoding="utf-8")
    done = open_page(page, tmp_path, "--dump-dom")
    assert done.stdout.count("<svg") == 6, done.stderr[-2000:]
    assert "<script" not in done.stdout
    for width in (400, 1200):
        shot = tmp_path / f"{width}.png"
        open_page(page, tmp_path, f"--screenshot={shot}", f"--window-size={width},2600", "--hide-scrollbars")
        with Image.open(shot) as picture:
            pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
        for colour in ((0xEC, 0xE5, 0xD8), (0xD3, 0xC5, 0xAB), (0xA3, 0x27, 0x1B)):  # floor, stair, a failure
            assert (np.abs(pixels.astype(int) - colour).max(axis=1) < 6).sum() > 200, (width, colour)


def test_the_command_tells_in_a_table_in_json_and_on_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "cases.html"
    assert main(["verify", "--only", "rimea-1", "nist-2.5", "stairs-up", "--html", str(page)]) == 0
    told = capsys.readouterr().out
    assert re.search(r"rimea-1 +walking time: 26.0 to 34.0 +30.1 s +pass", told)
    assert "nist-2.5: smoke and its gases" in told
    assert "2 of 2 cases pass; 1 do not apply." in told
    assert "RiMEA 4.1.1 test 1" in page.read_text(encoding="utf-8")
    assert main(["verify", "--only", "rimea-1", "--seed", "7", "--preset", "jupedsim", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert (record["id"], record["seed"], record["preset"], record["verdict"]) == ("rimea-1", 7, "jupedsim", "pass")
    assert record["measures"][0]["value"] == pytest.approx(30.1, abs=0.11)
    assert main(["verify", "--list", "--only", "iso"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 19


def test_a_case_that_fails_is_the_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("twin.verification.chosen", lambda ids: (case("2", 1.5),))
    assert main(["verify", "--only", "x"]) == 1
    assert "0 of 1 cases pass, 1 fail." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--only", "rimea1"], 1, "there is no case `rimea1`; did you mean `rimea-1"),
        (["--only", "fire"], 1, "families: rimea, iso, nist, stairs, eikonal"),
        (["--only", "rimea-1", "--html", "nowhere/page.html"], 1, "make the folder first"),
        (["--only", "rimea-1", "--preset", "evnt"], 1, "there is no preset `evnt`"),
        (["--seed", "x"], 2, "is not a whole number"),
    ],
)
def test_mistakes_are_told_before_anything_runs(
    arguments: list[str], code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("twin.verification.check", lambda *args, **more: pytest.fail("it ran"))
    try:
        ended = main(["verify", *arguments])
    except SystemExit as stop:
        ended = int(stop.code or 0)
    assert ended == code
    assert told in capsys.readouterr().err


def test_cases_of_the_real_list_are_drawn() -> None:
    page = write_cases([check(one) for one in chosen(["rimea-2", "iso-9", "nist-3.1"])])
    assert page.count("<svg") == 3
