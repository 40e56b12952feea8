"""A training that is stopped, or whose evaluation or export is, does later what it left undone."""

from __future__ import annotations

import dataclasses
import os
import signal
from pathlib import Path
from typing import Any, Callable, List

import numpy as np
import pytest
from absl import logging

from easy_esmm import signals, training
from easy_esmm.compat import v1
from easy_esmm.config import ConfigError, Pipeline
from easy_esmm.errors import UserError
from easy_esmm.estimator import run, unfinished
from easy_esmm.estimator.kept_evaluation import KeptEvaluation
from easy_esmm.evaluation.history import Evaluations, evaluations_folder
from easy_esmm.hooks.progress import TrainProgress
from tests.conformance import table

BATCHES = table.TRAIN_ROWS // table.BATCH


class Killed(BaseException):
    """Ends a training without a word to its hooks."""


def killed(*_: Any, **__: Any) -> None:
    raise Killed


def prepared(folder: Path, *, epochs: int = 0, exporter: str = "none", **train: Any) -> Pipeline:
    settings = {"save_checkpoints_steps": 4, "write_graph": False, **train}
    pipeline = table.small("esmm_training", folder, **settings)
    config = pipeline.config
    config.data_config.num_epochs = epochs
    config.export_config.Clear()
    config.export_config.exporter_type = exporter
    return dataclasses.replace(pipeline, config=config, written=config)


def without_evaluation(pipeline: Pipeline) -> Pipeline:
    pipeline.config.eval_input_path = ""
    return pipeline


def versions(pipeline: Pipeline, kind: str) -> List[str]:
    folder = Path(pipeline.config.model_dir) / "export" / kind
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def evaluated_steps(pipeline: Pipeline) -> List[int]:
    folder = evaluations_folder(pipeline.config.model_dir)
    return [step for step, _ in Evaluations.read(folder, 1000).series("loss")]


def at_step(step: int, act: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Acts at the end of a step, once; what it asks of training takes effect after the next."""
    step_done = TrainProgress.step_done

    def acting(self: TrainProgress, done: int, *arguments: Any) -> Any:
        if done == step:
            monkeypatch.setattr(TrainProgress, "step_done", step_done)
            act()
        return step_done(self, done, *arguments)

    monkeypatch.setattr(TrainProgress, "step_done", acting)


def send(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Sends the signal to this process, and waits until it has been seen."""
    stops: List[signals.Stop] = []

    class Noted(signals.Stop):
        def __init__(self) -> None:
            super().__init__()
            stops.append(self)

    def sending() -> None:
        os.kill(os.getpid(), number)
        while stops[-1].received is None:
            pass

    monkeypatch.setattr(signals, "Stop", Noted)
    return sending


@pytest.mark.parametrize(
    ("number", "error", "name"),
    [
        (signal.SIGTERM, signals.Terminated, "SIGTERM"),
        (signal.SIGINT, KeyboardInterrupt, "Ctrl-C"),
    ],
)
def test_a_signal_ends_a_training_after_its_step_and_nothing_is_lost(
    number: signal.Signals, error: type, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = without_evaluation(prepared(tmp_path, num_steps=20))
    training.train(whole)
    stopped = without_evaluation(prepared(tmp_path, num_steps=20))
    stopped.config.model_dir = str(tmp_path / "stopped")
    at_step(7, send(number, monkeypatch), monkeypatch)
    with pytest.raises(error) as caught:
        training.train(stopped)
    text = getattr(caught.value, "message", str(caught.value))
    assert text.startswith(f"{name}: ended at step 8; the model and the input's position are saved")
    trained = training.train(stopped, continue_train=True)
    assert (trained.step, trained.examples) == (20, 12 * table.BATCH)
    assert_same_weights(whole, stopped, step=20)


def test_what_was_killed_before_its_first_checkpoint_starts_over_with_the_same_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = without_evaluation(prepared(tmp_path, num_steps=4))
    training.train(whole)
    stopped = without_evaluation(prepared(tmp_path, num_steps=4))
    stopped.config.model_dir = str(tmp_path / "stopped")
    at_step(2, killed, monkeypatch)
    with pytest.raises(Killed):
        training.train(stopped)
    assert v1.train.latest_checkpoint(stopped.config.model_dir) is None
    with pytest.raises(UserError, match="--continue_train to start over: it has no check"):
        training.train(stopped)
    with caplog.at_level("INFO", logger="absl"):
        trained = training.train(stopped, continue_train=True)
    assert f"{tmp_path}/stopped holds no checkpoint: training starts over" in caplog.messages
    assert (trained.step, trained.examples) == (4, 4 * table.BATCH)
    assert_same_weights(whole, stopped, step=4)


def assert_same_weights(one: Pipeline, other: Pipeline, step: int) -> None:
    """To the last bit, moments included."""
    expected, found = (
        v1.train.load_checkpoint(f"{pipeline.config.model_dir}/model.ckpt-{step}")
        for pipeline in (one, other)
    )
    names = expected.get_variable_to_shape_map()
    assert sorted(names) == sorted(found.get_variable_to_shape_map())
    for variable in names:
        np.testing.assert_array_equal(found.get_tensor(variable), expected.get_tensor(variable))


def test_a_signal_in_an_evaluation_ends_it_and_the_checkpoint_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = prepared(tmp_path, num_steps=8)
    evaluate = KeptEvaluation.evaluate
    sending = send(signal.SIGTERM, monkeypatch)

    def interrupted(self: Any, *arguments: Any, **options: Any) -> Any:
        sending()
        return evaluate(self, *arguments, **options)

    monkeypatch.setattr(KeptEvaluation, "evaluate", interrupted)
    with pytest.raises(signals.Terminated) as caught:
        training.train(pipeline)
    assert caught.value.message.startswith("SIGTERM: ended at step 4; ")
    assert evaluated_steps(pipeline) == []
    monkeypatch.setattr(KeptEvaluation, "evaluate", evaluate)
    assert training.train(pipeline, continue_train=True).step == 8
    assert evaluated_steps(pipeline) == [8]


@pytest.mark.parametrize("steps", [0, BATCHES])
def test_what_was_killed_in_its_last_export_is_exported_and_not_trained_on(
    steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = without_evaluation(prepared(tmp_path, epochs=1, exporter="final", num_steps=steps))
    with monkeypatch.context() as patched:
        patched.setattr(run, "export_model", killed)
        with pytest.raises(Killed):
            training.train(pipeline)
    assert unfinished.is_marked(pipeline.config.model_dir)
    trained = training.train(pipeline, continue_train=True)
    assert (trained.step, trained.examples) == (BATCHES, 0)
    assert len(versions(pipeline, "final")) == 1
    assert not unfinished.is_marked(pipeline.config.model_dir)
    # It has ended now: going on means another pass, or more steps.
    if steps:
        with pytest.raises(UserError, match="has been trained for 12 steps already"):
            training.train(pipeline, continue_train=True)
    else:
        pipeline.config.export_config.exporter_type = "none"
        assert training.train(pipeline, continue_train=True).step == 2 * BATCHES


def test_what_was_killed_behind_its_early_stop_is_not_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = prepared(tmp_path, exporter="final", num_steps=40)
    export = pipeline.config.export_config
    export.enable_early_stop = True
    export.early_stop_func = "stop_if_higher"
    export.early_stop_params = '{"metric_name": "loss", "threshold": 0, "min_steps": 8}'
    with monkeypatch.context() as patched:
        patched.setattr(run, "export_model", killed)
        with pytest.raises(Killed):
            training.train(pipeline)
    trained = training.train(pipeline, continue_train=True)
    assert (trained.step, trained.examples) == (8, 0)
    assert len(versions(pipeline, "final")) == 1


def test_what_was_killed_behind_its_dead_line_is_exported_and_not_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = without_evaluation(prepared(tmp_path, exporter="final", num_steps=4))
    with monkeypatch.context() as patched:
        patched.setattr(run, "export_model", killed)
        with pytest.raises(Killed):
            training.train(pipeline)
    pipeline.config.train_config.num_steps = 40
    pipeline.config.train_config.dead_line = "20200101 00:00:00"
    trained = training.train(pipeline, continue_train=True)
    assert (trained.step, trained.examples) == (4, 0)
    assert len(versions(pipeline, "final")) == 1
    with pytest.raises(ConfigError, match="dead_line: must lie in the future"):
        training.train(pipeline, continue_train=True)


def test_what_was_killed_in_its_last_evaluation_is_evaluated_and_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = prepared(tmp_path, epochs=1, exporter="latest", num_steps=0)
    pipeline.config.train_config.save_checkpoints_steps = 100
    with monkeypatch.context() as patched:
        patched.setattr(KeptEvaluation, "evaluate", killed)
        with pytest.raises(Killed):
            training.train(pipeline)
    trained = training.train(pipeline, continue_train=True)
    assert (trained.step, trained.examples) == (BATCHES, 0)
    assert evaluated_steps(pipeline) == [BATCHES]
    assert trained.saved_model == str(
        Path(pipeline.config.model_dir, "export", "latest", *versions(pipeline, "latest"))
    )


def test_an_evaluation_that_decides_is_made_up_for_before_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = prepared(tmp_path, exporter="best", num_steps=40)
    export = pipeline.config.export_config
    export.best_exporter_metric = "auc_ctr"
    export.enable_early_stop = True
    export.early_stop_func = "stop_if_higher"
    export.early_stop_params = '{"metric_name": "loss", "threshold": 0, "min_steps": 4}'
    with monkeypatch.context() as patched:
        patched.setattr(KeptEvaluation, "evaluate", killed)
        with pytest.raises(Killed):
            training.train(pipeline)
    trained = training.train(pipeline, continue_train=True)
    # The evaluation of step 4 ends the training, as it would have before.
    assert (trained.step, trained.examples) == (4, 0)
    assert evaluated_steps(pipeline) == [4]
    assert len(versions(pipeline, "best")) == 1


def test_a_second_pass_that_is_killed_at_its_start_is_still_a_second_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = without_evaluation(prepared(tmp_path, epochs=1, num_steps=0))
    assert training.train(pipeline).step == BATCHES
    at_step(BATCHES + 2, killed, monkeypatch)
    with pytest.raises(Killed):
        training.train(pipeline, continue_train=True)
    assert training.train(pipeline, continue_train=True).step == 2 * BATCHES


def test_an_evaluation_that_fails_is_told_and_does_not_end_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = prepared(tmp_path, exporter="latest", num_steps=8)
    rows = Path(pipeline.config.eval_input_path).read_text(encoding="utf-8").splitlines()
    # Behind the rows that are looked at before training.
    rows[140] = "no row"
    Path(pipeline.config.eval_input_path).write_text("\n".join(rows), encoding="utf-8")
    said: List[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *args: said.append(text % args))
    assert training.train(pipeline).step == 8
    told = [line for line in said if line.startswith("the evaluation of step ")]
    assert [line.split(" failed")[0][-1] for line in told] == ["4", "8"]
    assert all(f"{pipeline.config.eval_input_path}:141: " in line for line in told)
    assert "2 evaluations failed; see above" in said
    assert versions(pipeline, "latest") == []
