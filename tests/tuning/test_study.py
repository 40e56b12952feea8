"""The search itself, with trainings whose results are a formula of the values."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest
from google.protobuf import text_format

from easy_esmm import config as configs
from easy_esmm.comparing.configs import read_variant
from easy_esmm.comparing.job import Options
from easy_esmm.comparing.runs import Result, Run, write_result
from easy_esmm.errors import UserError
from easy_esmm.tuning import study
from easy_esmm.tuning.files import write_files
from easy_esmm.tuning.search import FLAG, parse_search
from easy_esmm.tuning.study import COMPLETE, FAILED, PRUNED, Found, Search, measure_of, tune
from easy_esmm.tuning.text import difference_to_start, found_text

SAMPLE = str(Path(__file__).resolve().parents[2] / "samples" / "esmm.config")
L2, BATCH = "model_config.esmm.l2_regularization", "data_config.batch_size"
SPACE = [f"{L2}=uniform(0,1)", f"{BATCH}=choice(512,1024)"]
SEEDS = (1, 2, 3)

Formula = Callable[[Dict[str, Any], int], float]


def loss(values: Dict[str, Any], seed: int) -> float:
    """Least at .7; the start has 1."""
    if not values:
        return 1.0 + seed / 100
    return 0.5 + (values[L2] - 0.7) ** 2 + seed / 100 + (values[BATCH] == 512) / 10


class Threads(ThreadPoolExecutor):
    """Stands for processes: the formula is here."""

    def __init__(self, jobs: int, *_: Any) -> None:
        super().__init__(jobs)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> List[Tuple[Dict[str, Any], int]]:
    """What has been trained, in order."""
    return train_by(monkeypatch, loss)


def train_by(monkeypatch: pytest.MonkeyPatch, formula: Formula) -> List[Tuple[Dict[str, Any], int]]:
    done: List[Tuple[Dict[str, Any], int]] = []

    def attempt(run: Run) -> Tuple[Run, Optional[Result], str]:
        values = {edit.path: edit.value for edit in run.edits if edit.source == FLAG}
        done.append((values, run.seed))
        value = formula(values, run.seed)
        if value < 0:
            return run, None, "the loss is NaN"
        metrics = {"log_loss_ctcvr": value, "auc_ctcvr": 1 - value / 10}
        suffixes = {"ctr": "ctr", "cvr_clicked": "cvr_masked", "ctcvr": "ctcvr"}
        result = Result(run.name, run.seed, suffixes, metrics, 1.0, 1, 1.0)
        write_result(run, result)
        return run, result, ""

    monkeypatch.setattr(study, "ProcessPoolExecutor", Threads)
    monkeypatch.setattr(study, "attempt_in_worker", attempt)
    return done


def search(
    folder: Path, metric: str = "", space: Any = SPACE, seeds: Any = SEEDS, jobs: int = 1
) -> Search:
    (folder / "rows.csv").write_text("x\n")
    files = {"train_input_path": str(folder / "rows.csv"), "eval_input_path": "none.csv"}
    variant = read_variant("start", SAMPLE, [configs.Edit("t", p, v) for p, v in files.items()])
    options = Options(",".join(map(str, seeds)), None, None, folder, jobs=jobs)
    return Search(
        *(variant, parse_search(space), measure_of(variant, metric), tuple(seeds), None, options),
        study.storage_of(folder),
    )


def quiet(_: str) -> None:
    """In the place of lines on the screen."""


@pytest.fixture(autouse=True)
def files_that_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("easy_esmm.comparing.job._files", lambda _: [])


def test_the_start_comes_first_and_the_search_comes_near_the_least_loss(
    tmp_path: Path, trained: List[Any]
) -> None:
    found = tune(search(tmp_path), 30, quiet)
    assert trained[:3] == [({}, 1), ({}, 2), ({}, 3)]
    assert len(found.trials) == 30
    assert found.start.values == {}
    assert found.start.mean == pytest.approx(1.02)
    assert found.best is not None
    assert abs(float(found.best.values[L2]) - 0.7) < 0.15
    assert found.best.values[BATCH] == "1024"
    difference = difference_to_start(found, found.best)
    assert difference is not None
    assert difference.mean == pytest.approx(found.best.mean - 1.02)
    assert difference.half_width == pytest.approx(0, abs=1e-9)  # seeds shift all alike
    assert found.importance[L2] > 0
    assert sum(found.importance.values()) == pytest.approx(1)


def test_what_is_behind_after_a_seed_is_given_up(tmp_path: Path, trained: List[Any]) -> None:
    found = tune(search(tmp_path), 30, quiet)
    pruned = [trial for trial in found.trials if trial.state == PRUNED]
    assert pruned
    assert all(len(trial.by_seed) < len(SEEDS) for trial in pruned)
    complete = [trial for trial in found.trials if trial.state == COMPLETE]
    assert all(len(trial.by_seed) == len(SEEDS) for trial in complete)
    assert len(trained) == sum(len(trial.by_seed) for trial in found.trials)
    first = sorted(trial.by_seed[1] for trial in found.trials if trial.values)
    assert all(trial.by_seed[1] > first[2] for trial in pruned)


def test_the_same_command_goes_on_and_repeats_nothing(tmp_path: Path, trained: List[Any]) -> None:
    first = tune(search(tmp_path), 4, quiet)
    runs = len(trained)
    assert tune(search(tmp_path), 4, quiet).trials == first.trials
    assert len(trained) == runs
    more = tune(search(tmp_path), 7, quiet)
    assert more.trials[:4] == first.trials
    assert len(more.trials) == 7


def test_a_trial_that_a_kill_has_left_is_tried_again_without_its_finished_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(values: Dict[str, Any], seed: int) -> float:
        if values and seed == 2:
            raise KeyboardInterrupt
        return loss(values, seed)

    done = train_by(monkeypatch, killed)
    with pytest.raises(KeyboardInterrupt):
        tune(search(tmp_path), 3, quiet)
    interrupted = done[-1][0]
    done = train_by(monkeypatch, loss)
    found = tune(search(tmp_path), 3, quiet)
    assert done[:2] == [(interrupted, 2), (interrupted, 3)]
    assert len(found.trials) == 3
    assert all(trial.state == COMPLETE for trial in found.trials)


def test_a_trial_that_fails_is_told_and_the_search_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_by(monkeypatch, lambda v, s: -1 if v and v[BATCH] == 512 else loss(v, s))
    found = tune(search(tmp_path), 12, quiet)
    failed = [trial for trial in found.trials if trial.state == FAILED]
    assert failed
    assert {trial.error for trial in failed} == {"the loss is NaN"}
    assert len(found.trials) == 12
    assert found.best is not None
    assert found.best.values[BATCH] == "1024"


def test_a_config_that_cannot_be_trained_ends_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_by(monkeypatch, lambda v, s: -1)
    with pytest.raises(UserError, match="the config itself cannot be trained: the loss is NaN"):
        tune(search(tmp_path), 12, quiet)


def test_a_metric_of_which_more_is_better_is_made_larger(
    tmp_path: Path, trained: List[Any]
) -> None:
    found = tune(search(tmp_path, "auc_ctcvr"), 12, quiet)
    complete = [trial.mean for trial in found.trials if trial.state == COMPLETE]
    assert found.best is not None
    assert found.best.mean == max(complete) > found.start.mean
    with pytest.raises(UserError, match=r"^--metric: must be one of auc_ctcvr, .*, got 'auc'$"):
        search(tmp_path, "auc")


def test_another_search_in_the_same_storage_is_refused(tmp_path: Path, trained: List[Any]) -> None:
    tune(search(tmp_path), 1, quiet)
    for other in (search(tmp_path, seeds=(1, 2)), search(tmp_path, space=SPACE[:1])):
        with pytest.raises(UserError, match="holds a search of another config, space, metric"):
            tune(other, 2, quiet)


def test_several_trials_at_once_end_with_as_many(tmp_path: Path, trained: List[Any]) -> None:
    found = tune(search(tmp_path, jobs=3), 11, quiet)
    assert sorted(trial.number for trial in found.trials) == list(range(11))
    assert found.start.values == {}


def written(tmp_path: Path) -> Tuple[Found, Dict[str, str]]:
    found = tune(search(tmp_path), 14, quiet)
    paths = write_files(found, tmp_path)
    return found, {path.name: path.read_text() for path in paths}


def test_the_best_config_can_be_loaded_and_all_trials_are_in_the_table(
    tmp_path: Path, trained: List[Any]
) -> None:
    found, files = written(tmp_path)
    best = found.best
    assert best is not None
    loaded = configs.load(str(tmp_path / "best.config")).config
    assert loaded.model_config.esmm.l2_regularization == pytest.approx(best.values[L2])
    assert loaded.data_config.batch_size == 1024
    assert text_format.MessageToString(loaded)
    rows = list(csv.DictReader(files["trials.csv"].splitlines()))
    assert [row["trial"] for row in rows] == [str(trial.number) for trial in found.trials]
    assert float(rows[0]["log_loss_ctcvr"]) == found.start.mean
    assert float(rows[0]["seed 3"]) == found.start.by_seed[3]


def test_the_page_and_the_text_name_the_best_and_what_not_to_believe(
    tmp_path: Path, trained: List[Any]
) -> None:
    found, files = written(tmp_path)
    assert found.best is not None
    page, text = files["tune.html"], found_text(found)
    for content in (page, text):
        assert f"{found.best.mean:.6f}" in content
        assert "judge best.config on rows and seeds that chose nothing" in content
    assert page.count("<svg class") + page.count('role="img"') >= 2
    assert "nan" not in text
