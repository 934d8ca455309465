"""What comes of runs: ensembles, what is left of an interrupted one, results saved and opened again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from geopandas.testing import assert_geodataframe_equal

import twin
from tests.places import NORTH_CLOSED, box_of, town, town_scenario
from twin.errors import InterruptedRunError, MissingFileError, OutputError, ResultError
from twin.progress import Quiet
from twin.result import Result
from twin.scenario import scenario_from_text


def test_ensemble_gives_median_and_range() -> None:
    gathered = twin.ensemble(town_scenario(people=40), seeds=[3, 4, 5], city=town(), progress=False)
    assert gathered.seeds == (3, 4, 5)
    summary = gathered.summary()
    assert summary.loc["people", "median"] == 40
    row = summary.loc["evacuation"]
    assert row["p5"] <= row["median"] <= row["p95"]
    single = twin.run(town_scenario(people=40), city=town(), seed=3, progress=False)
    assert single.figure("evacuation").value == gathered.figures.loc[3, "evacuation"]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as on a terminal: a shell starts what it runs in the background with that signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent differently on Windows")
@pytest.mark.parametrize("what", ["run", "compare"])
@pytest.mark.usefixtures("interruptible")
def test_interruption_leaves_a_valid_partial_result(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = f"{{id: endless, at: {{polygon: {box_of(2, 20, 16, 40)}}}, people: 300, until_s: 3600}}"
    scenario = scenario_from_text(f"""\
title: Long
changes:
{NORTH_CLOSED}
crowd:
  duration_s: 3600
  seeds: 2
  flows: [{flow}]
  exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}
""")
    sides = 1 if what == "run" else 2
    reports: Counter[int] = Counter()

    def interrupt_when_under_way(bar: Quiet, seconds: float) -> None:
        """Ctrl-C once every side has told ten times of its progress, at which each of them waits for what comes of it."""
        me = threading.get_ident()
        reports[me] += 1
        if reports[me] == 10 and sum(count >= 10 for count in reports.values()) == sides:
            os.kill(os.getpid(), signal.SIGINT)
        patience = time.monotonic() + 30.0
        while reports[me] >= 10 and not bar.stopped:
            assert time.monotonic() < patience, "the signal did not come through"
            time.sleep(0.01)

    monkeypatch.setattr(Quiet, "advance", interrupt_when_under_way)
    monkeypatch.setattr("os.cpu_count", lambda: 2)  # both sides at once, whatever the machine
    if what == "run":
        result: Result = twin.run(scenario, city=town(), progress=False)
    else:
        both = twin.compare(scenario, city=town(), progress=False)
        assert both.partial
        result = both.variant
    assert result.partial
    assert 0 < result.series["time_s"].iloc[-1] < 3600
    result.save(tmp_path / "part")
    again = twin.open_result(tmp_path / "part")
    assert again.partial
    pd.testing.assert_frame_equal(again.series, result.series)


def test_save_and_open_are_exact_inverses(tmp_path: Path) -> None:
    result = twin.run(town_scenario(), city=town(), progress=False)
    assert result.save(tmp_path / "deep" / "result") == tmp_path / "deep" / "result"
    again = twin.open_result(tmp_path / "deep" / "result")
    xr.testing.assert_identical(again.fields, result.fields)
    for name, array in result.fields.variables.items():
        assert again.fields[name].dtype == array.dtype
    pd.testing.assert_frame_equal(again.trajectories, result.trajectories)
    assert again.trajectories.attrs == result.trajectories.attrs
    pd.testing.assert_frame_equal(again.series, result.series)
    assert again.features.keys() == result.features.keys()
    for name, layer in result.features.items():
        assert_geodataframe_equal(again.features[name], layer)
    assert again.provenance == result.provenance
    for mine, theirs in zip(result.figures, again.figures, strict=True):
        np.testing.assert_equal(mine.value, theirs.value)
        assert (mine.key, mine.label, mine.limit, mine.note) == (theirs.key, theirs.label, theirs.limit, theirs.note)
    again.fields.close()
    # and it may be written again over itself
    result.save(tmp_path / "deep" / "result")
    assert not [p for p in (tmp_path / "deep").iterdir() if p.name.startswith(".")]


def test_result_is_not_written_over_something_else(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    result = twin.run(town_scenario(people=5), city=town(), progress=False)
    with pytest.raises(OutputError, match="holds no result"):
        result.save(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep"
    with pytest.raises(OutputError):
        result.save(tmp_path / "mine.txt" / "below")


def test_opening_what_is_no_result_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        twin.open_result(tmp_path / "nothing")
    with pytest.raises(ResultError, match="no result"):
        twin.open_result(tmp_path)
    (tmp_path / "result.json").write_text("{not json")
    with pytest.raises(ResultError, match="cannot be read"):
        twin.open_result(tmp_path)


def test_interrupted_before_anything_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    assert callable(twin.compare)
    monkeypatch.setattr(sys.modules["twin.compare"], "run_tasks", lambda tasks, bar, **told: [None] * len(tasks))
    with pytest.raises(InterruptedRunError, match="before the variant"):
        twin.compare(town_scenario(NORTH_CLOSED), city=town(), progress=False)
