"""Modules of the page that only reckon, run by Node.js: the sun, and what fills a cut."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.validator import node
from viewer.sky import solar_position

DATA = Path(__file__).parents[2] / "viewer" / "page" / "src" / "data"
AREAS = """
const area = (caps, rank) => {
  let sum = 0;
  for (let i = 0; i < caps.position.length; i += 9) {
    if (rank !== undefined && caps.paint[4 * i / 3 + 3] !== rank) continue;
    const [ax, ay, az, bx, by, bz] = [3, 4, 5, 6, 7, 8].map((k) => caps.position[i + k] - caps.position[i + (k - 3) % 3]);
    sum += Math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx) / 2;
  }
  return sum;
};
const box = (x, y, z, w, d, h, skip = []) => {
  const c = (i) => [x + (i & 1 ? w : 0), y + (i & 2 ? d : 0), z + (i & 4 ? h : 0)];
  const faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
  const used = faces.filter((_, k) => !skip.includes(k));
  return used.flatMap(([a, b, e, f]) => [...c(a), ...c(b), ...c(e), ...c(a), ...c(e), ...c(f)]);
};
const plane = (point, normal) => ({point, normal, axes: axesOf(normal), level: normal[2] > 0.97});
const grey = () => [9, 9, 9];
const cut = (position, owner, at, standing = false, sheets = []) => {
  const caps = new Caps(at);
  caps.solids({position, owner}, grey, 3, standing, sheets);
  return area(caps);
};
"""


def run(module: str, imports: str, script: str) -> Any:
    """What a script on the page's modules prints."""
    code = f"import {{{imports}}} from {json.dumps((DATA / module).as_uri())};{script}"
    command = [str(node()), "--input-type=module", "-e", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_sun_stands_where_python_has_it() -> None:
    """Two sets of formulas, both good to 0.01 degrees."""
    rng = np.random.default_rng(4)
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    cases = [
        ((start + dt.timedelta(hours=float(h))).timestamp() * 1000, float(lat), float(lon))
        for h, lat, lon in zip(rng.uniform(0, 150_000, 300), rng.uniform(-65, 65, 300), rng.uniform(-180, 180, 300), strict=True)
    ]
    found = run("sun.js", "sunAt, instantOf", f"console.log(JSON.stringify({json.dumps(cases)}.map((c) => sunAt(...c))));")
    for (instant, lat, lon), sun in zip(cases, found, strict=True):
        azimuth, altitude = solar_position(dt.datetime.fromtimestamp(instant / 1000, dt.UTC), lon, lat)
        assert sun["altitude"] == pytest.approx(altitude, abs=0.03)
        turn = (sun["azimuth"] - azimuth + 180) % 360 - 180
        assert abs(turn) * np.cos(np.radians(altitude)) < 0.03


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "UTC"])
def test_clock_time_is_that_of_the_place(zone: str) -> None:
    times = [(day, hour) for day in ("2026-01-15", "2026-03-29", "2026-06-21", "2026-10-25") for hour in (0.5, 6.0, 14.25, 23.75)]
    script = f"console.log(JSON.stringify({json.dumps(times)}.map((c) => instantOf(...c, {json.dumps(zone)}))));"
    found = run("sun.js", "sunAt, instantOf", script)
    for (day, hour), instant in zip(times, found, strict=True):
        local = dt.datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)) + dt.timedelta(hours=hour)
        assert instant == pytest.approx(local.timestamp() * 1000)


def test_a_zone_that_is_not_known_is_utc() -> None:
    script = 'console.log(JSON.stringify(["Nowhere/Land", ""].map((zone) => instantOf("2026-06-21", 12, zone))));'
    found = run("sun.js", "sunAt, instantOf", script)
    noon = dt.datetime(2026, 6, 21, 12, tzinfo=dt.UTC).timestamp() * 1000
    assert found == [noon, noon]


def test_solids_are_filled_whichever_way_they_are_cut() -> None:
    out = run(
        "caps.js",
        "Caps, axesOf",
        AREAS
        + """
        const x = plane([1, 0, 0], [1, 0, 0]), level = plane([0, 0, 1], [0, 0, 1]);
        const leaning = plane([1, 1.5, 2], [1, 0, 1].map((v) => v / Math.SQRT2));
        const solid = box(0, 0, 0, 2, 3, 4), inward = [];
        for (let i = 0; i < solid.length; i += 9) {
          inward.push(...solid.slice(i, i + 3), ...solid.slice(i + 6, i + 9), ...solid.slice(i + 3, i + 6));
        }
        const two = [...solid, ...box(0.5, 1, 1, 1, 1, 6)];
        const owners = [...Array(12).fill(0), ...Array(12).fill(1)];
        console.log(JSON.stringify({
          across: cut(solid, null, x), level: cut(solid, null, level), leaning: cut(solid, null, leaning),
          inward: cut(inward, null, x), missed: cut(solid, null, plane([5, 0, 0], [1, 0, 0])),
          two: cut(two, owners, x), apart: cut([...solid, ...box(0, 0, 6, 2, 3, 1)], null, x),
          standing: cut(box(0, 0, 0, 2, 3, 4, [0]), null, x, true), bottomless: cut(box(0, 0, 0, 2, 3, 4, [0]), null, x),
          bottomlessLevel: cut(box(0, 0, 0, 2, 3, 4, [0]), null, level, true),
          sheet: cut(solid, owners.slice(0, 12), x, false, [0]),
        }));
        """,
    )
    assert out["across"] == pytest.approx(12)
    assert out["level"] == pytest.approx(6)
    assert out["leaning"] == pytest.approx(3 * 2 * 2**0.5)
    assert out["inward"] == pytest.approx(12)
    assert out["missed"] == 0
    assert out["two"] == pytest.approx(12 + 6)
    assert out["apart"] == pytest.approx(12 + 3)
    assert out["standing"] == pytest.approx(12)
    assert out["bottomless"] == 0
    assert out["bottomlessLevel"] == pytest.approx(6)
    assert out["sheet"] == 0


def test_the_ground_is_filled_below_its_surface_and_over_holes() -> None:
    out = run(
        "caps.js",
        "Caps, axesOf",
        AREAS
        + """
        const flat = (x, y, z, w, d) => [x, y, z, x + w, y, z, x + w, y + d, z, x, y, z, x + w, y + d, z, x, y + d, z];
        const at = plane([1, 0, 0], [1, 0, 0]), caps = new Caps(at), level = new Caps(plane([0, 0, 2.5], [0, 0, 1]));
        caps.ground({position: [...flat(0, 0, 3, 2, 4), ...flat(0, 6, 3, 2, 4)]}, [1, 1, 1], 0, {base: 1});
        const parts = area(caps);
        caps.gaps([1, 1, 1], 1);
        caps.ground({position: flat(0, 20, 2, 2, 5)}, [1, 1, 1], 1, {depth: 1.6});
        level.ground({position: [...flat(0, 0, 3, 2, 4), ...flat(0, 6, 2, 2, 4)]}, [1, 1, 1], 0, {base: 1});
        console.log(JSON.stringify({parts, whole: area(caps, 0), water: area(caps, 1), level: area(level)}));
        """,
    )
    assert out["parts"] == pytest.approx(8 * 2)
    assert out["whole"] == pytest.approx(10 * 2)
    assert out["water"] == pytest.approx(5 * 1.6)
    assert out["level"] == pytest.approx(2 * 4)
