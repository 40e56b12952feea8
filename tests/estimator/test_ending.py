"""How a training ends before its last step, and what decides: metrics, steps, the clock."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
import tensorflow as tf
from absl import logging

from easy_esmm import training
from easy_esmm.compat import v1
from easy_esmm.config import ConfigError, Pipeline
from easy_esmm.config.early_stop import EarlyStop
from easy_esmm.config.timestamp import parse_time
from easy_esmm.estimator import exporters
from easy_esmm.estimator.decisive_metrics import decisive_metrics, resolve_name
from easy_esmm.estimator.exporters import BestExporter
from easy_esmm.evaluation.history import Evaluations
from easy_esmm.hooks.dead_line import DeadLineHook
from easy_esmm.hooks.early_stop import EarlyStopHook, reason_to_stop
from easy_esmm.protos.export_pb2 import ExportConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.publish import drop_old_versions
from tests.conformance import table

NAN = float("nan")


def evaluations(values: Dict[int, float]) -> Evaluations:
    found = Evaluations()
    for step, value in values.items():
        found.add(step, {"auc_ctr": value, "loss": 1.0})
    return found


@pytest.mark.parametrize(
    ("function", "limit", "values", "reason"),
    [
        ("stop_if_no_increase", 200, {100: 0.5, 200: 0.6, 300: 0.6}, None),
        (
            "stop_if_no_increase",
            200,
            {100: 0.5, 200: 0.6, 300: 0.6, 400: 0.55},
            "auc_ctr has not been above 0.600000 since step 200",
        ),
        ("stop_if_no_increase", 200, {100: 0.5, 200: 0.6, 400: 0.61}, None),
        (
            "stop_if_no_decrease",
            100,
            {100: 0.5, 200: 0.5},
            "auc_ctr has not been below 0.500000 since step 100",
        ),
        ("stop_if_no_decrease", 100, {100: 0.5, 200: 0.4}, None),
        ("stop_if_higher", 0.6, {100: 0.9, 200: 0.6}, None),
        ("stop_if_higher", 0.5, {200: 0.6}, "auc_ctr is 0.600000 at step 200, above 0.5"),
        ("stop_if_lower", 0.6, {200: 0.6}, None),
        ("stop_if_lower", 0.7, {200: 0.6}, "auc_ctr is 0.600000 at step 200, below 0.7"),
        # An evaluation without a valid row says nothing.
        ("stop_if_no_increase", 100, {100: 0.5, 150: NAN, 200: NAN}, None),
        ("stop_if_higher", 0.5, {100: NAN}, None),
    ],
)
def test_training_stops_where_the_function_says_so(
    function: str, limit: float, values: Dict[int, float], reason: Optional[str]
) -> None:
    stop = EarlyStop(function, "auc_ctr", limit)
    assert reason_to_stop(stop, evaluations(values)) == reason
    if reason:
        later = dataclasses.replace(stop, min_steps=max(values) + 1)
        assert reason_to_stop(later, evaluations(values)) is None


def test_stop_hook_asks_once_for_each_new_evaluation() -> None:
    found = evaluations({100: 0.9})
    hook = EarlyStopHook(EarlyStop("stop_if_higher", "auc_ctr", 0.5), found)
    context = v1.train.SessionRunContext(None, None)
    hook.after_run(context, None)
    assert not context.stop_requested  # of an earlier run, which went on
    found.add(200, {"auc_ctr": 0.8})
    hook.after_run(context, None)
    assert context.stop_requested


NAMES = ["loss", "auc_ctr", "auc_cvr_masked", "auc_ctcvr", "auc_ctcvr_se", "gauc_ctr"]


@pytest.mark.parametrize(
    ("wanted", "names", "expected"),
    [
        ("auc", NAMES, "auc_ctcvr"),
        ("auc", ["auc", *NAMES], "auc"),
        ("auc", ["auc_a", "auc_b", "auc_b_se", "loss"], "auc_b"),
        ("auc", ["loss"], None),
        ("auc_ctr", NAMES, "auc_ctr"),
        ("auc_cvr", NAMES, None),
    ],
)
def test_auc_stands_for_that_of_ctcvr_or_of_the_last_tower(
    wanted: str, names: List[str], expected: Optional[str]
) -> None:
    assert resolve_name(wanted, names) == expected


def changed(pipeline: Pipeline, **export: Any) -> Pipeline:
    config = PipelineConfig()
    config.CopyFrom(pipeline.config)
    config.export_config.MergeFrom(ExportConfig(**export))
    return dataclasses.replace(pipeline, config=config, written=config)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return table.small("esmm_training", tmp_path_factory.mktemp("rows"))


def test_unknown_metric_is_refused_with_the_known_ones(sample: Pipeline) -> None:
    with pytest.raises(ConfigError) as caught:
        decisive_metrics(changed(sample, best_exporter_metric="auc_cvcvr"))
    (problem,) = caught.value.problems
    assert problem.field_path == "export_config.best_exporter_metric"
    assert problem.place.line > 0
    assert problem.rule.startswith("must be a metric of the evaluation (")
    for name in ("auc_ctcvr", "auc_ctr", "auc_cvr_masked", "loss"):
        assert name in problem.rule
    assert problem.value == '"auc_cvcvr"'
    assert problem.hint == "did you mean auc_ctcvr?"


def test_unknown_metric_of_the_early_stop_is_refused_at_its_parameters(sample: Pipeline) -> None:
    with pytest.raises(ConfigError) as caught:
        decisive_metrics(changed(sample, early_stop_params='{"metric_name": "auc_ct"}'))
    (problem,) = caught.value.problems
    assert problem.field_path == "export_config.early_stop_params"


def test_what_a_metric_stands_for_is_logged(
    sample: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: List[str] = []
    monkeypatch.setattr(logging, "info", lambda text, *args: said.append(text % args))
    found = decisive_metrics(sample)
    assert found.best == "auc_ctcvr"
    assert found.stop == EarlyStop("stop_if_no_increase", "auc_ctr", 8000, 5000)
    line = "export_config.best_exporter_metric: auc stands for auc_ctcvr here"
    assert said[-1] == line


@pytest.mark.parametrize(
    ("bigger", "values", "exported"),
    [
        (True, [0.5, 0.6, 0.6, 0.55, 0.61], [0, 1, 4]),
        (False, [0.5, 0.6, 0.4, 0.4, 0.3], [0, 2, 4]),
        (True, [NAN, 0.5, NAN, 0.6, 0.7], [1, 3, 4]),
    ],
)
def test_best_exporter_exports_what_is_better_than_all_before_and_keeps_the_newest(
    bigger: bool,
    values: List[float],
    exported: List[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = PipelineConfig()
    config.export_config.metric_bigger = bigger
    config.export_config.exports_to_keep = 2
    found = Evaluations()
    best = BestExporter(config, "none.csv", found, "auc_ctr")
    made: List[int] = []

    def export_model(_: Any, checkpoint: str, folder: str, *, keep: int, **__: Any) -> str:
        made.append(int(checkpoint))
        (tmp_path / str(1000 + made[-1])).mkdir()
        drop_old_versions(folder, keep)
        return f"{folder}/{1000 + made[-1]}"

    monkeypatch.setattr(exporters, "export_model", export_model)
    for number, value in enumerate(values):
        result = {"global_step": 10 * (number + 1), "auc_ctr": value}
        found.add(result["global_step"], result)
        best.export(None, str(tmp_path), str(number), result, False)
    assert made == exported
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == [str(1000 + number) for number in exported[-2:]]


def test_evaluations_are_read_back_up_to_the_step_that_training_goes_on_from(
    tmp_path: Path,
) -> None:
    with tf.Graph().as_default():
        writer = v1.summary.FileWriter(str(tmp_path))
        for step, value in ((10, 0.5), (20, 0.6), (30, 0.7)):
            one = v1.Summary.Value(tag="auc_ctr", simple_value=value)
            writer.add_summary(v1.Summary(value=[one]), step)
        writer.close()
    series = Evaluations.read(str(tmp_path), 20).series("auc_ctr")
    assert [step for step, _ in series] == [10, 20]
    assert [value for _, value in series] == pytest.approx([0.5, 0.6])
    assert len(Evaluations.read(str(tmp_path / "none"), 20)) == 0


def test_an_evaluation_that_was_cut_off_is_left_out_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: List[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *args: said.append(text % args))
    with tf.Graph().as_default():
        writer = v1.summary.FileWriter(str(tmp_path))
        for step in (10, 20):
            one = v1.Summary.Value(tag="auc_ctr", simple_value=0.5)
            writer.add_summary(v1.Summary(value=[one]), step)
        writer.close()
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-3])
    assert Evaluations.read(str(tmp_path), 20).series("auc_ctr") == [(10, 0.5)]
    assert said == [f"{file} ends in the middle of an evaluation: it is left out"]


def test_early_stop_ends_at_the_evaluated_checkpoint_and_the_best_is_exported(
    sample: Pipeline, tmp_path: Path
) -> None:
    pipeline = changed(
        sample,
        early_stop_func="stop_if_higher",
        early_stop_params='{"metric_name": "auc_ctr", "threshold": 0.01, "min_steps": 10}',
    )
    train = pipeline.config.train_config
    train.ClearField("save_checkpoints_secs")
    train.save_checkpoints_steps = 5
    pipeline.config.model_dir = str(tmp_path / "model")
    trained = training.train(pipeline)
    # Evaluations at 5, too early, and 10.
    assert trained.step == 10
    assert trained.examples == 10 * table.BATCH
    of_run = Evaluations.read(f"{pipeline.config.model_dir}/eval_val", 10)
    assert [step for step, _ in of_run.series("auc_ctcvr")] == [5, 10]
    (_, first), (_, second) = of_run.series("auc_ctcvr")
    versions = sorted((tmp_path / "model" / "export" / "best").iterdir())
    assert len(versions) == (2 if second > first else 1)
    assert trained.saved_model == str(versions[-1])


def test_dead_line_ends_training_after_the_step_that_reaches_it() -> None:
    now = [parse_time("20220508 23:59:58")]
    hook = DeadLineHook("20220508 23:59:59", clock=lambda: now[0])
    context = v1.train.SessionRunContext(None, None)
    hook.after_run(context, None)
    assert not context.stop_requested
    now[0] += 1
    hook.after_run(context, None)
    assert context.stop_requested


def test_moment_is_local_time_or_seconds() -> None:
    assert parse_time("1652054399") == 1652054399
    one, other = parse_time("20220508 23:59:59"), parse_time("20220509 00:00:09")
    assert other - one == 10


def test_passed_dead_line_is_refused_before_anything_is_written(
    sample: Pipeline, tmp_path: Path
) -> None:
    pipeline = changed(sample)
    pipeline.config.train_config.dead_line = "20220508 23:59:59"
    pipeline.config.model_dir = str(tmp_path / "model")
    expected = r'train_config.dead_line: must lie in the future, got "20220508 23:59:59"$'
    with pytest.raises(ConfigError, match=expected):
        training.train(pipeline)
    assert not (tmp_path / "model").exists()
