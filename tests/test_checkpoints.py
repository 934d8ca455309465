"""A run that is cut short, even by force, goes on from its last checkpoint and ends as if nothing had happened."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import twin
from tests.places import box_of, town, two_levels
from twin.checkpoints import Keeper, read_arrays
from twin.cli import main
from twin.errors import OutputError, ParameterError, ResultError
from twin.result import Result

SCENARIO = f"""\
title: A square
city: town
changes:
  - id: party
    type: event
    in_baseline: true
    zones: [{{id: west, at: {{polygon: {box_of(2, 20, 16, 40)}}}, present: 60}}]
  - {{id: works, type: closure, at: {{polygon: {box_of(20, 37, 40, 60)}}}}}
crowd:
  duration_s: 40
  seeds: 2
  fields: [speed, pressure]
  field_interval_s: 6
  frame_interval_s: 0.5
  exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}
  flows:
    - {{id: more, at: {{polygon: {box_of(2, 45, 16, 58)}}}, people: 30, from_s: 0, until_s: 25, to: {{east: 1}}}}
  lines: [{{id: gate, line: [[136050.0, 455000.0], [136050.0, 455060.0]]}}]
  areas: {{middle: {{polygon: {box_of(20, 0, 40, 60)}}}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small town on disk with a scenario beside it."""
    root = tmp_path_factory.mktemp("town")
    town().save(root / "town")
    (root / "square.yaml").write_text(SCENARIO, encoding="utf-8")
    return root


def assert_same(one: Result, two: Result) -> None:
    """Two results that differ in nothing but the clock on the wall."""
    pd.testing.assert_frame_equal(one.trajectories, two.trajectories, check_exact=True)
    pd.testing.assert_frame_equal(one.series, two.series, check_exact=True)
    xr.testing.assert_identical(one.fields.load(), two.fields.load())
    assert [figure.value for figure in one.figures] == [figure.value for figure in two.figures]
    assert one.features.keys() == two.features.keys()
    for name, frame in one.features.items():
        pd.testing.assert_frame_equal(frame, two.features[name])


@pytest.fixture(params=[1 << 18, 500], ids=["in memory", "in files"])
def few_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("twin.spool.ROWS_IN_MEMORY", request.param)
    return int(request.param)


def run_and_copy(path: Path, out: Path, *, every_s: float) -> tuple[Result, list[Path]]:
    """Run a scenario; the result, and a copy of each checkpoint as it was when it had been written."""
    copies: list[Path] = []
    keep = Keeper.keep

    def copied(self: Keeper, *arguments: object) -> None:
        keep(self, *arguments)
        copies.append(shutil.copytree(self.folder.parent, out / f"at{len(copies)}"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keeper, "keep", copied)
        return twin.run(path, checkpoints=twin.Checkpoints(out / "kept", every_s=every_s)), copies


def test_from_every_checkpoint_a_run_ends_the_same(folder: Path, tmp_path: Path, few_rows: int) -> None:
    plain = twin.run(folder / "square.yaml")
    whole, copies = run_and_copy(folder / "square.yaml", tmp_path, every_s=7)
    assert_same(plain, whole)
    assert len(copies) == 6  # after 7, 14, ... 35 s, and at the end
    assert len(list(copies[-1].rglob("trajectories-*.parquet"))) == (0 if few_rows > 500 else 6)
    for copy in copies:
        assert_same(plain, twin.run(folder / "square.yaml", checkpoints=twin.Checkpoints(copy, every_s=11, resume=True)))


def test_a_run_goes_on_in_the_middle_of_a_ride(tmp_path: Path) -> None:
    """A lift under way, a door that was shut, and people who know of jams."""
    two_levels().save(tmp_path / "levels")
    (tmp_path / "ride.yaml").write_text(f"""\
title: Up
city: levels
crowd:
  duration_s: 90
  field_interval_s: 5
  exits: {{street: {{polygon: {box_of(1, 17, 6, 23)}}}}}
  flows: [{{id: all, at: {{polygon: {box_of(1, 1, 18, 9)}, level: wharf}}, people: 40, from_s: 0, until_s: 20}}]
  types: {{walker: {{share: 1}}, wheelchair: {{share: 1, steps_free: true}}}}
  lifts: [{{id: lift, at: {{polygon: {box_of(20, 4, 22, 6)}, level: wharf}}, to: {{polygon: {box_of(20, 20, 22, 22)}}}, ride_s: 13,
    every_s: 10, seats: 6}}]
  doors: [{{id: gate, line: [[136008.0, 455016.0], [136008.0, 455024.0]], open_s: [[40, 900]]}}]
  avoid_jams: {{share: 0.5, every_s: 3}}
""", encoding="utf-8")
    whole, copies = run_and_copy(tmp_path / "ride.yaml", tmp_path, every_s=17)
    riding = whole.series.set_index("time_s")["riding"]
    assert riding[[17, 34, 51]].max() > 0
    assert whole.series["ride_lift"].iloc[-1] > 6
    for copy in copies:
        assert_same(whole, twin.run(tmp_path / "ride.yaml", checkpoints=twin.Checkpoints(copy, resume=True)))


def test_an_ensemble_takes_runs_that_are_done(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = twin.Checkpoints(tmp_path, every_s=20)
    whole = twin.ensemble(folder / "square.yaml", seeds=2, checkpoints=kept)
    monkeypatch.setattr("twin.sim.crowd.engine.Crowd.advance", lambda *_: pytest.fail("it was walked again"))
    again = twin.ensemble(folder / "square.yaml", seeds=2, checkpoints=twin.Checkpoints(tmp_path, resume=True))
    pd.testing.assert_frame_equal(whole.figures, again.figures, check_exact=True)
    assert_same(whole.first, again.first)


@pytest.mark.slow
def test_a_run_killed_by_force_is_resumed_by_the_command(folder: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "long.yaml"
    text = SCENARIO.replace("city: town", f"city: {json.dumps(str(folder / 'town'))}").replace("duration_s: 40", "duration_s: 90")
    scenario.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "twin.cli", "run", str(scenario), "--no-pictures", "--seeds", "1", "--out"]
    environment = {**os.environ, "NUMBA_NUM_THREADS": "1"}
    out = tmp_path / "out"
    run = subprocess.Popen(
        [*command, str(out), "--checkpoint-every", "0.5"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 300
    while not list(out.glob("checkpoints/*/state.npz")) and run.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL, "it was done before it could be killed"
    assert not (out / "variant").exists()
    refused = subprocess.run([*command, str(out)], env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "holds checkpoints of a run that was cut short" in refused.stderr
    assert "--resume" in refused.stderr
    for where, more in ((out, ["--resume"]), (tmp_path / "plain", [])):
        done = subprocess.run([*command, str(where), *more], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    for side in ("baseline", "variant"):
        assert_same(twin.open_result(out / side), twin.open_result(tmp_path / "plain" / side))
    assert (out / "comparison.csv").read_text() == (tmp_path / "plain" / "comparison.csv").read_text()
    assert not (out / "checkpoints").exists()


def test_there_must_be_something_to_resume(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(folder / "square.yaml"), "--out", str(tmp_path / "new"), "--resume"]) == 1
    assert "there is nothing to resume" in capsys.readouterr().err


def test_how_it_was_started_must_be_known(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "about.json").write_text('{"every_s": "now"}')
    assert main(["run", str(folder / "square.yaml"), "--out", str(tmp_path), "--resume"]) == 1
    assert "how the run that is to be resumed was started" in capsys.readouterr().err


@pytest.fixture(scope="module")
def kept(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of a whole run."""
    root = tmp_path_factory.mktemp("kept")
    twin.run(folder / "square.yaml", checkpoints=twin.Checkpoints(root, every_s=20))
    return root


def state_in(kept: Path, tmp_path: Path) -> Path:
    return next(shutil.copytree(kept, tmp_path / "copy").glob("*/state.npz"))


def resumed(folder: Path, path: Path, **settings: int) -> Result:
    return twin.run(folder / "square.yaml", checkpoints=twin.Checkpoints(path.parent.parent, resume=True), **settings)


def test_a_changed_scenario_does_not_go_on(folder: Path, kept: Path, tmp_path: Path) -> None:
    path = state_in(kept, tmp_path)
    changed = twin.read_scenario(folder / "square.yaml")
    changed = changed.model_copy(update={"title": "Another square"})
    with pytest.raises(ResultError, match=r"(?s)of another scenario, seed or version.*delete this one to begin again"):
        twin.run(changed, city=twin.read_city(folder / "town"), checkpoints=twin.Checkpoints(path.parent.parent, resume=True))


def test_a_cut_file_is_told(folder: Path, kept: Path, tmp_path: Path) -> None:
    path = state_in(kept, tmp_path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ResultError, match="the checkpoint is broken"):
        resumed(folder, path)


@pytest.mark.parametrize("name", ["crowd/step", "FieldReporter/times", "FieldReporter/exposure", "NumbersReporter/rows", "about"])
@pytest.mark.parametrize("values", [None, np.zeros((3, 3, 3))], ids=["missing", "of another shape"])
def test_a_file_with_other_arrays_is_told(folder: Path, kept: Path, tmp_path: Path, name: str, values: np.ndarray | None) -> None:
    path = state_in(kept, tmp_path)
    state = read_arrays(path)
    state.pop(name)
    if values is not None:
        state[name] = values
    np.savez(path, **state)
    with pytest.raises((ResultError, ParameterError), match="the checkpoint"):
        resumed(folder, path)


def test_a_small_file_does_not_take_the_memory(tmp_path: Path) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(tmp_path / "s.npz", "w") as archive:
        archive.writestr("a.npy", head.getvalue())
    with pytest.raises(ValueError, match="not as long as it says"):
        read_arrays(tmp_path / "s.npz")
    with zipfile.ZipFile(tmp_path / "s.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(10**7))
    with pytest.raises(ValueError, match="not an array as this library writes them"):
        read_arrays(tmp_path / "s.npz")
    with zipfile.ZipFile(tmp_path / "s.npz", "w") as archive:
        buffer = io.BytesIO()
        np.save(buffer, np.array([{"an": "object"}], object), allow_pickle=True)
        archive.writestr("a.npy", buffer.getvalue())
    with pytest.raises(ValueError, match="not as long as it says"):
        read_arrays(tmp_path / "s.npz")


def test_a_folder_that_cannot_be_written_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="the checkpoint cannot be written"):
        twin.run(folder / "square.yaml", checkpoints=twin.Checkpoints(tmp_path / "file", every_s=5))


@pytest.mark.parametrize("every", [0, -1, float("nan"), float("inf"), "5", True])
def test_a_time_that_cannot_be(every: object, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="checkpoints every"):
        twin.Checkpoints(tmp_path, every_s=every)


def test_a_path_is_no_checkpoints(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"use checkpoints=twin.Checkpoints"):
        twin.run(folder / "square.yaml", checkpoints=tmp_path)
