"""The loop over days: run as a user runs it, killed, and run again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pyarrow.parquet as pq
import pytest

from easy_esmm.simulation.truth import read_truth

CLONE = Path(__file__).resolve().parents[2]


def call(*arguments: str) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(CLONE), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command: List[str] = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, cwd=CLONE, capture_output=True, text=True)


def simulate(folder: Path, days: int, rows: int = 2000) -> None:
    program = str(CLONE / "samples/daily/simulate.py")
    done = call(program, f"--output_dir={folder}", f"--days={days}", f"--rows={rows}")
    assert done.returncode == 0, done.stderr


def test_a_day_is_the_same_however_many_are_simulated(tmp_path: Path) -> None:
    simulate(tmp_path / "two", 2)
    simulate(tmp_path / "four", 4)
    for name in ("day_000", "day_001"):
        for part in ("train", "holdout"):
            file = f"{name}/{part}.parquet"
            two, four = (pq.read_table(tmp_path / days / file) for days in ("two", "four"))
            assert two.equals(four)
    rows = pq.read_table(tmp_path / "two/day_001")  # holdout, then train
    truth = read_truth(tmp_path / "two/truth/day_001.truth.parquet")
    assert rows["sample_id"].to_pylist() == truth.sample_id.tolist()
    assert rows["conversion"].to_pylist() == truth.conversion.tolist()


@pytest.mark.slow
def test_days_are_trained_once_each_and_a_killed_one_is_resumed(tmp_path: Path) -> None:
    data, work = tmp_path / "data", tmp_path / "work"
    simulate(data, 2, 20_000)  # of which 2,000 are held out: enough conversions to calibrate by
    loop = [str(CLONE / "samples/daily/run.py"), f"--data={data}", f"--work={work}"]

    def plan(day: str) -> Dict[str, Any]:
        found: Dict[str, Any] = json.loads((work / f"days/{day}.json").read_text())
        return found

    # Killed behind the training of the second day, before its calibration: 18,000 rows in batches
    # of 256 are 71 steps a day.
    done = call(*loop)
    assert done.returncode == 0, done.stderr
    assert (plan("day_000")["last_step"], plan("day_001")["last_step"]) == (71, 142)
    (work / "days/day_001.json").write_text(json.dumps({**plan("day_001"), "done": False}))
    again = call(*loop)
    assert again.returncode == 0, again.stderr
    assert "-- train" not in again.stdout
    assert "-- evaluate" not in again.stdout
    assert "-- calibrate" in again.stdout
    checkpoints = {path.stem for path in (work / "model").glob("model.ckpt-*.index")}
    assert checkpoints >= {"model.ckpt-71", "model.ckpt-142"}
    assert not any(int(stem.rsplit("-", 1)[1]) > 142 for stem in checkpoints)
    metrics = json.loads((work / "days/day_001.metrics.json").read_text())
    assert metrics["global_step"] == 71  # before the day was trained on
    first, second = ((work / f"vocabulary/day_00{n}/item.txt").read_bytes() for n in (0, 1))
    assert second.startswith(first)
    third = call(*loop)
    assert third.stdout == ""
