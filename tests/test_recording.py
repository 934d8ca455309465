"""Trajectories of any length: the same in memory and in a file, in bounded memory, whole after an interruption."""

from __future__ import annotations

import dataclasses
import errno
import gc
import os
import pickle
import shutil
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import twin
from tests.places import town, town_scenario
from twin.errors import OutputError, ParameterError, ResultError
from twin.progress import Quiet
from twin.recording import Recording
from twin.reporters import TrajectoryReporter
from twin.reporters.trajectories import STEPS_PER_M
from twin.result import Result
from twin.sim.model import Snapshot

LEVELS = ("street", "wharf", "tunnel")
ORIGIN = np.array([136_000.25, 455_000.5])


def snapshots(frames: int = 40, people: int = 30, seed: int = 1) -> list[Snapshot]:
    """Frames with a changing crowd, some of them empty; nobody is ever in the tunnel."""
    random = np.random.default_rng(seed)
    out = []
    for k in range(frames):
        ids = np.flatnonzero(random.random(people) < (0.0 if k % 7 == 3 else 0.8)).astype(np.int32)
        x, y, z = random.uniform(0.0, 900.0, (3, len(ids)))
        out.append(Snapshot(0.5 * k, ids, x, y, z / 100.0, random.integers(0, 2, len(ids)).astype(np.int32), np.zeros(len(ids))))
    return out


def recorded(shots: list[Snapshot], rows: int | None = None) -> Recording:
    reporter = TrajectoryReporter(10, dt=0.05, origin=ORIGIN, levels=LEVELS, crs="EPSG:28992", rows=rows)
    for shot in shots:
        reporter.report(SimpleNamespace(now=shot))
    return reporter.close()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go in a test."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.spool.ROWS_IN_MEMORY", 200)


def walk(**more: Any) -> Result:
    """Forty people through a room: about 600 rows."""
    starts = [(x, y) for x in np.arange(1.0, 9.0) for y in np.arange(1.0, 6.0)]
    return twin.simulate_crowd(
        shapely.box(0, 0, 20, 7), starts=starts, exits={"east": shapely.box(19, 2, 20, 5)}, progress=False,
        **{"duration": 40, **more},
    )  # fmt: skip


@given(st.integers(0, 2**31), st.integers(1, 400))
def test_a_file_holds_what_memory_would(seed: int, rows: int) -> None:
    shots = snapshots(seed=seed)
    small, large = recorded(shots), recorded(shots, rows)
    assert small.in_memory
    assert not large.in_memory
    assert len(small) == len(large) == sum(len(shot.id) for shot in shots)
    assert large.levels() == small.levels() == LEVELS
    assert large.people() == small.people() == small.table()["id"].nunique()
    pd.testing.assert_frame_equal(large.table(), small.table())
    assert large.attrs == large.table().attrs == small.table().attrs == {"frame_rate": 2.0, "crs": "EPSG:28992"}


def test_rows_are_what_was_seen() -> None:
    shots = snapshots()
    table = recorded(shots, 100).table()
    assert table.dtypes.astype(str).to_dict() == {
        "id": "int32", "frame": "int32", "x": "float64", "y": "float64", "z": "float32", "level": "category"
    }  # fmt: skip
    assert list(table["level"].cat.categories) == list(LEVELS)
    for k, shot in enumerate(shots):
        here = table[table["frame"] == k]
        np.testing.assert_array_equal(here["id"], shot.id)
        np.testing.assert_array_equal(here["level"].cat.codes, shot.level)
        for name, values in (("x", shot.x + ORIGIN[0]), ("y", shot.y + ORIGIN[1])):
            assert np.abs(here[name].to_numpy() - values).max(initial=0.0) <= 0.5 / STEPS_PER_M
        assert np.abs(here["z"].to_numpy() - shot.z).max(initial=0.0) < 1e-4


@given(st.integers(1, 500))
def test_memory_is_bounded(rows: int) -> None:
    """No more is held than the chunk and the newest frame, however long it goes on."""
    reporter = TrajectoryReporter(1, dt=0.05, origin=ORIGIN, levels=LEVELS, rows=rows)
    for shot in snapshots(60):
        reporter.report(SimpleNamespace(now=shot))
        assert reporter.rows_in_memory < rows
    recording = reporter.close()
    chunks = list(recording.chunks())
    assert max(len(chunk) for chunk in chunks) <= rows + 30
    frames = [set(chunk["frame"]) for chunk in chunks]
    assert all(not a & b for a, b in pairwise(frames)), "a frame lies in two chunks"


@pytest.mark.parametrize("rows", [None, 100])
def test_parts_are_read_by_frame_level_and_column(rows: int | None) -> None:
    recording = recorded(snapshots(), rows)
    whole = recorded(snapshots()).table()
    part = recording.read(frames=(5, 9), level="wharf", columns=["id", "x"])
    expected = whole[whole["frame"].between(5, 8) & (whole["level"] == "wharf")][["id", "x"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected)
    pieces = pd.concat(list(recording.chunks(["id", "frame"], level="wharf")), ignore_index=True)
    pd.testing.assert_frame_equal(pieces, whole[whole["level"] == "wharf"][["id", "frame"]].reset_index(drop=True))
    assert not len(recording.read(level="tunnel"))
    with pytest.raises(ParameterError, match="no level `warf`; did you mean `wharf`"):
        recording.read(level="warf")
    with pytest.raises(ParameterError, match="no column `speed`"):
        next(recording.chunks(["speed"]))


def test_anybody_can_open_the_file(tmp_path: Path) -> None:
    recording = recorded(snapshots(), 100)
    recording.save(tmp_path / "walk.parquet")
    again = pd.read_parquet(tmp_path / "walk.parquet")
    pd.testing.assert_frame_equal(again, recorded(snapshots()).table())
    assert again.attrs == {"frame_rate": 2.0, "crs": "EPSG:28992"}
    file = pq.ParquetFile(tmp_path / "walk.parquet")
    assert file.num_row_groups > 5
    for group, chunk in enumerate(recording.chunks(["frame"])):
        told = file.metadata.row_group(group).column(1).statistics  # by which parts are found
        assert (told.min, told.max) == (chunk["frame"].min(), chunk["frame"].max())
    assert recording.size() == (tmp_path / "walk.parquet").stat().st_size
    assert recorded(snapshots()).size() > 0


@pytest.mark.usefixtures("small_chunks")
def test_a_long_run_is_kept_in_a_file_and_is_the_same(scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = walk()
    assert not long.recording.in_memory
    assert "40 people" in repr(long)
    assert not long.recording.in_memory, "telling of it reads no more than needed"
    assert len(list(scratch.iterdir())) == 1
    long.save(tmp_path / "out")
    assert not list(scratch.iterdir()), "the file has moved"
    opened = twin.open_result(tmp_path / "out")
    assert not opened.recording.in_memory
    monkeypatch.undo()
    short = walk()
    assert short.recording.in_memory
    for result in (long, opened):
        pd.testing.assert_frame_equal(result.trajectories, short.trajectories)
        assert result.trajectories.attrs == short.trajectories.attrs
        assert result.trajectories is result.trajectories
    opened.fields.close()


@pytest.mark.usefixtures("small_chunks")
def test_a_result_may_be_saved_again_and_over_itself(scratch: Path, tmp_path: Path) -> None:
    result = walk()
    for name in ("one", "two", "one"):
        result.save(tmp_path / name)
    opened = twin.open_result(tmp_path / "two")
    opened.fields.load().close()
    opened.save(tmp_path / "two")
    shutil.rmtree(tmp_path / "one")
    pd.testing.assert_frame_equal(twin.open_result(tmp_path / "two").trajectories, opened.trajectories)
    with pytest.raises(ResultError, match="not there any more"):
        _ = result.trajectories
    assert {entry.name for entry in tmp_path.iterdir()} == {"scratch", "two"}


@pytest.mark.usefixtures("small_chunks")
def test_the_file_of_a_result_nobody_keeps_goes(scratch: Path) -> None:
    result = walk()
    copy = result.with_(partial=True)
    assert copy.recording is result.recording
    assert len(list(scratch.iterdir())) == 1
    del result
    gc.collect()
    assert len(copy.trajectories)
    del copy
    gc.collect()
    assert not list(scratch.iterdir())


@pytest.mark.usefixtures("small_chunks", "scratch")
def test_what_travels_takes_its_rows_along() -> None:
    recording = walk().recording
    again = pickle.loads(pickle.dumps(recording))
    pd.testing.assert_frame_equal(again.table(), recording.table())


@pytest.mark.usefixtures("small_chunks")
def test_a_failed_save_loses_nothing(scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = walk()
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_text", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
        with pytest.raises(OutputError, match="No space left"):
            result.save(tmp_path / "out")
    assert [entry.name for entry in tmp_path.iterdir()] == ["scratch"]
    assert len(list(scratch.iterdir())) == 1
    result.save(tmp_path / "out")
    assert len(twin.open_result(tmp_path / "out").trajectories) == len(result.recording)


@pytest.mark.usefixtures("small_chunks", "scratch")
def test_where_links_are_not_possible_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    result = walk()
    result.save(tmp_path / "out")
    assert len(twin.open_result(tmp_path / "out").trajectories) == len(result.recording)


@pytest.mark.usefixtures("small_chunks", "scratch")
def test_an_interrupted_run_keeps_what_was_written(tmp_path: Path) -> None:
    class Impatient(Quiet):
        told = 0.0

        def advance(self, seconds: float) -> None:
            self.told += seconds
            self.stopped = self.told > 9.5

    whole = walk()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twin.bare_crowd.progress_bar", lambda *_: nullcontext(Impatient()))
        part = walk()
    assert part.partial
    assert not part.recording.in_memory
    kept = part.trajectories
    assert kept["frame"].max() == 10
    pd.testing.assert_frame_equal(kept, whole.recording.read(frames=(0, 11)))
    part.save(tmp_path / "part")
    pd.testing.assert_frame_equal(twin.open_result(tmp_path / "part").trajectories, kept)


@pytest.mark.usefixtures("small_chunks", "scratch")
def test_ctrl_c_in_the_middle_of_writing_neither_loses_nor_doubles_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    write, calls = pq.ParquetWriter.write_table, []

    def interrupted(self: pq.ParquetWriter, *args: Any, **more: Any) -> None:
        write(self, *args, **more)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    whole = walk()
    monkeypatch.setattr(pq.ParquetWriter, "write_table", interrupted)
    part = walk()
    assert part.partial
    kept = part.trajectories
    pd.testing.assert_frame_equal(kept, whole.recording.read(frames=(0, int(kept["frame"].max()) + 1)))


@pytest.mark.usefixtures("small_chunks")
def test_a_full_disk_is_told_and_leaves_nothing(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(OutputError, match=r"trajectories.parquet.*No space left on device\n.*TMPDIR"):
        walk()
    gc.collect()
    assert not list(scratch.iterdir())


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    walk().save(tmp_path / "out")
    (tmp_path / "out" / "trajectories.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ResultError, match="cannot be read"):
        twin.open_result(tmp_path / "out")


def test_a_result_takes_a_table_in_the_place_of_its_own() -> None:
    result = walk(duration=5)
    moved = dataclasses.replace(result, trajectories=result.trajectories.assign(x=result.trajectories["x"] + 1.0))
    assert moved.trajectories["x"].iloc[0] == result.trajectories["x"].iloc[0] + 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.trajectories = moved.trajectories


def test_of_an_ensemble_only_the_first_run_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[TrajectoryReporter] = []
    report = TrajectoryReporter.report
    monkeypatch.setattr(TrajectoryReporter, "report", lambda self, look: (reported.append(self), report(self, look))[1])
    gathered = twin.ensemble(town_scenario(people=5), seeds=[1, 2, 3], city=town(), progress=False)
    assert len(set(map(id, reported))) == 1
    assert len(gathered.first.trajectories)
    assert gathered.figures["left"].tolist() == [5, 5, 5]
