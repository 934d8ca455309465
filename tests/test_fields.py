"""Fields over time: laws that they keep, bounded memory, and the same whether they are full arrays, sparse or in a file."""

from __future__ import annotations

import copy
import gc
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from twin.errors import ParameterError
from twin.reporters import FieldReporter
from twin.result import Result
from twin.sim.crowd.measures import DENSE_PER_M2, TURBULENT_PRESSURE, density_grid, level_of_service
from twin.sim.model import Snapshot
from twin.sparse_fields import SparseFields

MASK = np.random.default_rng(5).random((2, 24, 30)) > 0.1
OVER_TIME = ("density", "mean_speed", "speed_variance", "crowd_pressure")


def looks(count: int, people: int = 40, seed: int = 1) -> list[Any]:
    """A crowd that jitters about on floor cells, some of it appearing and going."""
    random = np.random.default_rng(seed)
    floor = np.argwhere(MASK)[random.integers(0, MASK.sum(), 6)]  # few places: as dense as the limit, and denser
    home = floor[random.integers(0, len(floor), people)]
    out = []
    for k in range(count):
        here = np.flatnonzero(random.random(people) < 0.8).astype(np.int32)
        level, row, column = home[here].T
        x, y = 0.5 * (column + random.random(len(here))), 12.0 - 0.5 * (row + random.random(len(here)))
        shot = Snapshot(float(k), here, x, y, 0.0 * x, level.astype(np.int32), np.zeros(len(here)))
        out.append(SimpleNamespace(now=shot, time=float(k)))
    return out


def reported(seen: list[Any], rows: int | None = None, motion: Any = ("speed", "pressure"), interval: int = 5) -> Any:
    grid = density_grid(MASK, 0.0, 12.0, 0.5, 2)
    reporter = FieldReporter(grid, 40, stride=20, interval=interval, dt=0.05, motion=motion, rows=rows)
    reporter.begin(seen[0])
    most = 0
    for look in seen[1:]:
        reporter.report(look)
        most = max(most, reporter.rows_in_memory)
    return reporter, reporter.close(seen[-1].time), most


def dense(fields: SparseFields, name: str, empty: float = 0.0) -> np.ndarray:
    _, rows, columns = fields.shape
    return np.asarray(fields.variable(name, slice(0, rows), slice(0, columns), empty=empty))


@given(st.integers(0, 2**31), st.sampled_from([None, 50]))
def test_fields_keep_people_and_their_time(seed: int, rows: int | None) -> None:
    seen = looks(18, seed=seed)
    reporter, fields, _ = reported(seen, rows)
    area = reporter.grid.area
    assert not ((reporter.grid.reach < 0.1 * reporter.grid.cell**2) & (area > 0)).any()
    present = np.array([len(look.now.id) for look in seen[1:]])
    density = dense(fields, "density")
    intervals = [present[k : k + 5].mean() for k in range(0, 17, 5)]  # the last has two looks
    np.testing.assert_allclose((density * area).sum(axis=(1, 2, 3)), intervals, rtol=1e-5)
    assert reporter.times == [5.0, 10.0, 15.0, 17.0]
    assert (reporter.exposure * area).sum() == pytest.approx(present.sum() * 1.0, rel=1e-9)
    np.testing.assert_array_equal(reporter.density_max, density.max(axis=0))
    when = np.array(reporter.times)[density.argmax(axis=0)]
    np.testing.assert_array_equal(reporter.density_max_time, np.where(density.max(axis=0) > 0, when, np.nan).astype(np.float32))
    seconds = np.array([5.0, 5.0, 5.0, 2.0])[:, None, None, None]
    np.testing.assert_allclose(reporter.exposure, (density * seconds).sum(axis=0), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(reporter.time_dense, ((density > DENSE_PER_M2) * seconds).sum(axis=0))


def test_a_place_is_dense_as_long_as_it_is() -> None:
    """Fifteen people in one spot for seven of twelve seconds, then a few less: intervals of one look tell the time exactly."""
    count = 15
    here = np.arange(count, dtype=np.int32)
    seen = []
    for k in range(13):
        x = np.full(count, 7.6) if 3 <= k < 10 else np.linspace(0.6, 14.0, count)
        if k >= 10:
            x[:9] = 7.6
        shot = Snapshot(float(k), here, x, np.full(count, 6.2), 0.0 * x, np.zeros(count, np.int32), np.zeros(count))
        seen.append(SimpleNamespace(now=shot, time=float(k)))
    reporter, fields, _ = reported(seen, interval=1)
    assert reporter.time_dense.max() == 7.0
    level, row, column = np.unravel_index(int(reporter.time_dense.argmax()), reporter.time_dense.shape)
    assert (level, row, column) == (0, 5, 7)
    density = dense(fields, "density")[:, 0, 5, 7]
    assert (density > DENSE_PER_M2).sum() == 7
    assert ((density > 3.0) & (density < DENSE_PER_M2)).sum() == 3, "near the limit, and not above it"


@given(st.integers(0, 2**31), st.integers(1, 300))
def test_a_file_holds_what_memory_would(seed: int, rows: int) -> None:
    seen = looks(30, seed=seed)
    (one, in_memory, _), (two, spooled, most) = reported(seen), reported(seen, rows)
    assert in_memory.in_memory
    assert not spooled.in_memory
    assert most < rows, "no more is held than the newest piece"
    for name in OVER_TIME:
        np.testing.assert_array_equal(dense(spooled, name, np.nan), dense(in_memory, name, np.nan))
    np.testing.assert_array_equal(two.pressure_max, one.pressure_max)
    np.testing.assert_array_equal(one.pressure_max, dense(in_memory, "crowd_pressure").max(axis=0))


@settings(max_examples=40)
@given(st.data(), st.sampled_from([None, 60]))
def test_a_part_is_that_part_of_the_whole(data: st.DataObject, rows: int | None) -> None:
    _, fields, _ = reported(looks(30), rows)
    _, height, width = fields.shape
    top, left = data.draw(st.integers(0, height - 2)), data.draw(st.integers(0, width - 2))
    window = slice(top, data.draw(st.integers(top + 1, height))), slice(left, data.draw(st.integers(left + 1, width)))
    whole = dense(fields, "density", -1.0)[:, :, window[0], window[1]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twin.sparse_fields.FULL_BYTES", 0)
        lazy = fields.variable("density", *window, empty=-1.0)
    assert not isinstance(lazy, np.ndarray)
    array = xr.DataArray(xr.Variable(("time", "level", "y", "x"), lazy))
    key: dict[str, Any] = {}
    for dim, size in zip(array.dims, whole.shape, strict=True):
        whole_numbers = st.integers(-size, size - 1)
        forward = st.builds(slice, st.none() | whole_numbers, st.none() | whole_numbers, st.none() | st.integers(1, 3))
        # of no array that is read when asked does xarray take an empty slice that runs backward: only whole ones here
        slices = forward | st.builds(slice, st.none(), st.none(), st.integers(-3, -1))
        key[str(dim)] = data.draw(whole_numbers | slices | st.lists(whole_numbers, min_size=1, max_size=4))
    expected = xr.DataArray(whole, dims=array.dims).isel(key)
    np.testing.assert_array_equal(array.isel(key).to_numpy(), expected.to_numpy())


# --- of a whole run


def walk(**more: Any) -> Result:
    starts = [(x, y) for x in np.arange(1.0, 12.0, 0.5) for y in np.arange(1.0, 9.0, 0.5)]
    return twin.simulate_crowd(
        shapely.box(0, 0, 30, 10), starts=starts, exits={"east": shapely.box(29, 4, 30, 6)}, progress=False,
        **{"duration": 40, "field_interval_s": 2.0, **more},
    )  # fmt: skip


@pytest.fixture(scope="module")
def walked() -> Result:
    return walk()


def test_a_result_has_all_fields_with_units(walked: Result) -> None:
    fields = walked.fields
    for name in OVER_TIME:
        assert fields[name].dims == ("time", "level", "y", "x")
        assert fields[name].attrs["units"]
    for name in ("density_max", "crowd_pressure_max", "crowd_pressure_max_time", "exposure", "time_dense", "level_of_service"):
        assert fields[name].dims == ("level", "y", "x")
    assert fields["crowd_pressure"].attrs["turbulent_above_per_s2"] == TURBULENT_PRESSURE == 0.02
    assert fields["time_dense"].attrs["above_per_m2"] == DENSE_PER_M2 == 4.0
    xr.testing.assert_equal(fields["crowd_pressure"].max("time"), fields["crowd_pressure_max"])
    np.testing.assert_allclose(fields["exposure"], fields["density"].sum("time") * 2.0, rtol=1e-4, atol=1e-5)
    empty = fields["density"] == 0
    assert fields["mean_speed"].where(empty).isnull().all()
    assert (fields["crowd_pressure"].where(empty, 0.0) == 0).all()
    assert 0.1 < float(fields["mean_speed"].max()) < 2.3
    assert float(fields["speed_variance"].min()) >= 0.0


def test_what_is_not_asked_for_is_not_there(walked: Result) -> None:
    bare, some = walk(fields=()), walk(fields=("speed", "speed"))
    assert set(walked.fields) - set(bare.fields) == {*OVER_TIME[1:], "crowd_pressure_max", "crowd_pressure_max_time"}
    assert set(some.fields) - set(bare.fields) == {"mean_speed", "speed_variance"}
    for other in (bare, some):
        xr.testing.assert_identical(other.fields, walked.fields[list(other.fields)])
    with pytest.raises(ParameterError, match="`fields"):
        walk(fields=("temperature",))


def test_level_of_service_follows_the_density(walked: Result) -> None:
    for scheme in ("walkway", "queueing"):
        found = walked.level_of_service(scheme)
        assert found.dims == walked.fields["density"].dims
        assert found.attrs["scheme"] == scheme
        np.testing.assert_array_equal(found, level_of_service(walked.fields["density"].to_numpy(), scheme))
    with pytest.raises(ParameterError, match="no scheme `ramp`"):
        walked.level_of_service("ramp")


def test_fields_of_any_length_are_the_same(walked: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells in a file, arrays made when asked, NetCDF written moment by moment."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setattr("twin.spool.ROWS_IN_MEMORY", 500)
    monkeypatch.setattr("twin.sparse_fields.FULL_BYTES", 0)
    monkeypatch.setattr("twin.fields_io.WHOLE_BYTES", 0)
    long = walk()
    assert not long.fields["density"].variable._in_memory
    assert long.figures == walked.figures or [f.key for f in long.figures if not _same(f, walked.figure(f.key))] == []
    long.save(tmp_path / "out")
    assert not long.fields["density"].variable._in_memory, "saving has read it moment by moment"
    opened = twin.open_result(tmp_path / "out")
    monkeypatch.undo()
    walked.save(tmp_path / "short")
    usual = twin.open_result(tmp_path / "short")
    for fields in (long.fields, opened.fields, usual.fields, copy.deepcopy(long.fields), pickle.loads(pickle.dumps(long.fields))):
        xr.testing.assert_identical(fields, walked.fields)
    for name, array in walked.fields.variables.items():
        assert opened.fields[name].dtype == array.dtype
    changed = long.fields.copy(deep=True)
    changed["density"][0, 0, 0, 0] = 9.0
    assert float(long.fields["density"][0, 0, 0, 0]) != 9.0
    again = tmp_path / "again"
    opened.save(again)
    xr.testing.assert_identical(twin.open_result(again).fields.load(), walked.fields)
    opened.fields.close()
    usual.fields.close()
    del long, fields, changed
    gc.collect()
    assert not list(scratch.iterdir())


def _same(one: Any, other: Any) -> bool:
    return one.value == other.value or (one.value != one.value and other.value != other.value)


def test_a_run_cut_short_has_its_last_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted in the middle of an interval: what was seen of it counts."""
    from contextlib import nullcontext

    from twin.progress import Quiet

    class Impatient(Quiet):
        told = 0.0

        def advance(self, seconds: float) -> None:
            self.told += seconds
            self.stopped = self.told > 6.5

    monkeypatch.setattr("twin.bare_crowd.progress_bar", lambda *_: nullcontext(Impatient()))
    part = walk(field_interval_s=3.0)
    assert part.partial
    assert part.fields["time"].to_numpy().tolist() == [3.0, 6.0, 7.0]
    present = part.series["present"].to_numpy()
    people = (part.fields["density"].sum(("level", "y", "x")) * part.fields.attrs["cell_m"] ** 2).to_numpy()
    np.testing.assert_allclose(people, [present[1:4].mean(), present[4:7].mean(), present[7]], rtol=0.1)
