"""`python -m easy_esmm.tune` as a user runs it, on a model of three features."""

from __future__ import annotations

import csv
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Callable, List

import pytest

from easy_esmm import config as configs
from easy_esmm import flags, tune
from easy_esmm.comparing import schedule
from easy_esmm.tuning import study
from tests.test_compare import CONFIG, ROWS

RATE = (
    "train_config.optimizer_config.lazy_adam_optimizer.learning_rate.constant_learning_rate"
    ".learning_rate"
)


class Here:
    """Stands for worker processes, each of which imports TensorFlow: it runs at once."""

    def __init__(self, *_: Any) -> None:
        pass

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def submit(self, function: Callable[[Any], Any], run: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(run))
        return future


def call(folder: Path, *more: str) -> None:
    given = [
        *("--pipeline_config", str(folder / "x.config"), "--output_dir", str(folder / "tune")),
        *("--simulate", ROWS, "--seeds", "1", "--search", f"{RATE}=log(1e-3,1e-1)"),
    ]
    tune.main(flags.parse(tune.FLAGS, ["tune", *given, *more]))


def test_a_search_on_simulated_rows_writes_the_best_config_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trained: List[str] = []
    here = schedule._attempt

    def attempt(run: Any) -> Any:
        trained.append(run.model_dir)
        return here(run, True)

    monkeypatch.setattr(study, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(study, "attempt_in_worker", attempt)
    (tmp_path / "x.config").write_text(CONFIG)
    call(tmp_path, "--trials", "2")
    call(tmp_path, "--trials", "3")
    assert len(trained) == len(set(trained)) == 3
    rows = list(csv.DictReader((tmp_path / "tune" / "trials.csv").open()))
    losses = [float(row["log_loss_ctcvr"]) for row in rows]
    assert len(losses) == 3
    best = configs.load(str(tmp_path / "tune" / "best.config")).config
    (optimizer,) = best.train_config.optimizer_config
    rate = optimizer.lazy_adam_optimizer.learning_rate.constant_learning_rate.learning_rate
    expected = float(rows[losses.index(min(losses))][RATE] or 0.01)
    assert rate == pytest.approx(expected, rel=1e-5)
    assert f"{min(losses):.6f}" in capsys.readouterr().out
    assert (tmp_path / "tune" / "tune.html").stat().st_size > 2000
