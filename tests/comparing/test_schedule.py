"""What is printed about runs, and what Ctrl-C leaves; results come from a stand-in for training."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from easy_esmm.comparing import execute
from easy_esmm.comparing.runs import Result, Run, write_result
from easy_esmm.comparing.schedule import Batch, Log, attempt_in_worker, run_all

SUFFIXES = {"ctr": "ctr", "cvr_clicked": "cvr_masked", "ctcvr": "ctcvr"}

AUCS = {"auc_ctr": 0.6, "auc_cvr_masked": 0.7, "auc_ctcvr": 0.8}


def batch(folder: Path, seed: int, keep_model: bool = False) -> Batch:
    run = Run(
        name="m",
        seed=seed,
        path="m.config",
        edits=(),
        model_dir=str(folder / "models" / str(seed)),
        result=str(folder / f"{seed}.json"),
        fingerprint=str(seed),
        keep_model=keep_model,
    )
    return _prepare, [run]


def _prepare(_: Log) -> None:
    """The rows are there."""


@pytest.fixture
def _interrupted_at_seed_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_it(run: Run, is_quiet: bool) -> Result:
        assert is_quiet
        Path(run.model_dir).mkdir(parents=True)
        if run.seed == 2:
            raise KeyboardInterrupt
        result = Result(run.name, run.seed, SUFFIXES, AUCS, 7.0, 10, 1.0)
        write_result(run, result)
        shutil.rmtree(run.model_dir)
        return result

    monkeypatch.setattr(execute, "execute", run_it)


@pytest.mark.usefixtures("_interrupted_at_seed_2")
def test_interruption_prints_what_is_done_and_leaves_no_half_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_all([batch(tmp_path, 0)], 1, jobs=1)
    capsys.readouterr()
    with pytest.raises(KeyboardInterrupt):
        run_all([batch(tmp_path, seed) for seed in range(4)], 4, jobs=1)
    assert capsys.readouterr().err.splitlines() == [
        "1 of 4 runs were done before",
        "[1/4] m, seed 0: done before",
        "m, seed 1: started",
        "[2/4] m, seed 1: CTR 0.6000  CVR clicked 0.7000  CTCVR 0.8000  in 7 s, 00:14 left",
        "m, seed 2: started",
        "interrupted: 2 of 4 runs are done; the same command goes on",
    ]
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.usefixtures("_interrupted_at_seed_2")
def test_interruption_leaves_the_model_where_models_are_kept(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_all([batch(tmp_path, 2, keep_model=True)], 1, jobs=1)
    assert (tmp_path / "models" / "2").is_dir()


@pytest.mark.usefixtures("_interrupted_at_seed_2")
def test_a_worker_prints_what_it_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, (run,) = batch(tmp_path, 0)
    attempt_in_worker(run)
    assert capsys.readouterr().err == "m, seed 0: started\n"
