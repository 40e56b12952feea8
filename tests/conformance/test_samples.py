"""Every sample config through the whole path. A sample joins by standing in samples/."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import data, training
from easy_esmm.compat import v1
from easy_esmm.config import Pipeline, models
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import EntireSpaceTasks, Kind, Tasks
from easy_esmm.errors import UserError
from easy_esmm.evaluation.events import series_by_tag
from easy_esmm.evaluation.history import evaluations_folder
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving import allowed_ops
from easy_esmm.serving.names import UNREADABLE
from easy_esmm.serving.requests import request
from easy_esmm.serving.saved_graph import read_graphs
from easy_esmm.serving.saved_model import SavedModel
from tests.conformance import table


@dataclass(frozen=True)
class Run:
    """A sample that was trained."""

    pipeline: Pipeline
    trained: training.Trained
    losses: List[float]

    @property
    def config(self) -> PipelineConfig:
        return self.pipeline.config


@pytest.fixture(scope="module", params=table.NAMES)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Each sample, trained and exported once for all tests of this file."""
    folder = tmp_path_factory.mktemp(request.param)
    pipeline = table.small(request.param, folder)
    trained = training.train(pipeline)
    return Run(pipeline, trained, training_losses(pipeline))


def training_losses(pipeline: Pipeline) -> List[float]:
    """Loss at each step of a training, from its TensorBoard events."""
    return [loss for _, loss in series_by_tag(pipeline.config.model_dir)["loss"]]


def evaluated(run: Run, step: int) -> Dict[str, float]:
    """Metrics of the evaluation at a step of the training."""
    series = series_by_tag(evaluations_folder(run.config.model_dir))
    return {name: dict(values)[step] for name, values in series.items()}


def exported_step(run: Run) -> int:
    """The step whose variables the newest SavedModel holds."""
    export = run.config.export_config
    if export.exporter_type != "best":
        return table.STEPS
    assert (export.best_exporter_metric, export.metric_bigger) == ("auc", True)
    of_one_task = models.is_single_task(run.config.model_config)
    name = "auc" if of_one_task else "auc_ctcvr"
    return max(table.STEPS // 2, table.STEPS, key=lambda step: evaluated(run, step)[name])


def checkpoint_variables(pipeline: Pipeline, step: int) -> Dict[str, np.ndarray]:
    reader = v1.train.load_checkpoint(f"{pipeline.config.model_dir}/model.ckpt-{step}")
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def batches_of(pipeline: Pipeline) -> List[Dict[str, Any]]:
    """The evaluation rows, as `predict` reads them, eagerly."""
    config = pipeline.config
    return list(data.input_fn(config, "predict", config.eval_input_path).batches())


def predicted(pipeline: Pipeline, step: int) -> Dict[str, np.ndarray]:
    checkpoint = f"{pipeline.config.model_dir}/model.ckpt-{step}"
    batches = list(
        training.predict(pipeline, pipeline.config.eval_input_path, checkpoint_path=checkpoint)
    )
    return {name: np.concatenate([b[name] for b in batches]) for name in batches[0]}


def test_training_lowers_the_loss(run: Run) -> None:
    first, last = np.mean(run.losses[:5]), np.mean(run.losses[-5:])
    assert last < first, run.losses


def test_model_dir_holds_what_the_contract_lists(run: Run) -> None:
    folder = Path(run.config.model_dir)
    names = {path.name for path in folder.iterdir()}
    assert {"pipeline.config", "checkpoint", "eval_val", "export"} <= names
    assert {f"model.ckpt-{table.STEPS // 2}.index", f"model.ckpt-{table.STEPS}.index"} <= names
    with_graph = {"graph.pbtxt", f"model.ckpt-{table.STEPS}.meta"}
    assert names & with_graph == (with_graph if run.config.train_config.write_graph else set())
    kept = text_format.Parse((folder / "pipeline.config").read_text(), PipelineConfig())
    assert kept == run.pipeline.written
    saved_model = Path(run.trained.saved_model or "")
    assert saved_model.parent == folder / "export" / run.config.export_config.exporter_type
    assert saved_model.name.isdigit()
    assert (saved_model / "assets" / "pipeline.config").read_text() == (
        folder / "pipeline.config"
    ).read_text()


def test_exported_equals_predicted_equals_evaluated(run: Run) -> None:
    step = exported_step(run)
    from_checkpoint = predicted(run.pipeline, step)
    with SavedModel(run.trained.saved_model or "") as model:
        answers = [model.score(request(run.config, batch)) for batch in batches_of(run.pipeline)]
    exported = {name: np.concatenate([a[name] for a in answers]) for name in answers[0]}
    assert not exported.pop(UNREADABLE).any()
    assert sorted(exported) == sorted(from_checkpoint)
    for name, values in exported.items():
        assert values.shape == (table.EVAL_ROWS,)
        np.testing.assert_allclose(values, from_checkpoint[name], rtol=1e-6, atol=1e-6)
    metrics = evaluated(run, step)
    columns, weight = observed(run.pipeline)
    tasks = task_specs(run.config.model_config)
    first = from_checkpoint[named("probs", tasks.specs[0].name)]
    mean = "mean_pctr" if tasks.entire_space else named("mean_prediction", tasks.specs[0].name)
    assert metrics[mean] == pytest.approx(np.average(first, weights=weight), abs=1e-6)
    expected = expected_aucs(run.config, tasks, from_checkpoint, columns, weight)
    assert expected or tasks.specs[-1].kind is Kind.VALUE
    for name, (least, most) in expected.items():
        assert least - 1e-6 <= metrics[name] <= most + 1e-6, name


def named(what: str, task: str) -> str:
    """Public name of what belongs to a task; the only task of a model may have no name."""
    return f"{what}_{task}".rstrip("_")


def observed(pipeline: Pipeline) -> Tuple[Dict[str, np.ndarray], np.ndarray]:
    """Label columns and sample weight of the evaluation rows."""
    config = pipeline.config
    batches = [labels for _, labels in data.input_fn(config, "eval")()]
    columns = {
        name: np.concatenate([getattr(b[name], "value", b[name]).numpy() for b in batches])
        for name in batches[0]
    }
    ones = np.ones_like(next(iter(columns.values())))
    return columns, columns.get(config.data_config.sample_weight, ones)


def rank_auc(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> Tuple[float, float]:
    """Share of weighted pairs in which the positive is ahead: at least, and at most.

    A pair closer than float32 tells apart may count either way: after a few steps scores are close,
    the product's logit is computed anew here, and rows of the same few features have one score.
    """
    ahead = score[:, None] - score[None, :]
    close = 1e-6 * np.maximum(1, np.abs(score))[:, None]
    pairs = np.outer(weight * label, weight * (1 - label))
    least, most = ((pairs * mask).sum() for mask in (ahead > close, ahead >= -close))
    assert most - least <= 0.03 * pairs.sum()  # so that the bounds say something
    return least / pairs.sum(), most / pairs.sum()


def log_odds(scores: Dict[str, np.ndarray], tower: str) -> np.ndarray:
    """The logits where they are served: probabilities near 1 are tied where their logits are not.

    A tower of two classes serves the logit of one of them only.
    """
    if named("logits", tower) in scores:
        return scores[named("logits", tower)]
    probability = scores[named("probs", tower)].astype(np.float64)
    return np.log(probability) - np.log1p(-probability)


Bounds = Dict[str, Tuple[float, float]]


def expected_aucs(
    config: PipelineConfig,
    tasks: Tasks,
    scores: Dict[str, np.ndarray],
    columns: Dict[str, np.ndarray],
    weight: np.ndarray,
) -> Bounds:
    """Bounds of each task's AUC; none for an entire-space model with a value tower."""
    if tasks.entire_space is not None:
        family = tasks.entire_space
        if family.conversion.kind is Kind.VALUE:
            return {}
        return _aucs_of_family(config, family, scores, columns, weight)
    expected: Bounds = {}
    for task in tasks:
        is_value = task.kind is Kind.VALUE
        score = scores[named("y", task.name)] if is_value else log_odds(scores, task.name)
        label = (columns[task.label] > 0).astype(np.float64)
        expected[named("auc", task.name)] = rank_auc(score, label, weight)
        if task.task_space is not None and task.task_space.outside == 0:
            inside = weight * (columns[task.task_space.indicator] > 0)
            expected[f"auc_{task.name}_masked"] = rank_auc(score, label, inside)
    return expected


def _aucs_of_family(
    config: PipelineConfig,
    family: EntireSpaceTasks,
    scores: Dict[str, np.ndarray],
    columns: Dict[str, np.ndarray],
    weight: np.ndarray,
) -> Bounds:
    ctr, cvr = family.click.name, family.conversion.name
    click = columns[family.click.label]
    conversion = click * columns[family.conversion.label]
    a, b = log_odds(scores, ctr), log_odds(scores, cvr)
    product = -np.logaddexp(np.logaddexp(-a, -b), -a - b)
    if config.model_config.HasField("division"):
        # Its pCTCVR is no product: where it is above pCTR, pCVR is capped.
        product = log_odds(scores, "ctcvr")
    return {
        f"auc_{ctr}": rank_auc(a, click, weight),
        "auc_ctcvr": rank_auc(product, conversion, weight),
        f"auc_{cvr}_masked": rank_auc(b, conversion, weight * click),
    }


def test_signature_has_the_names_and_dtypes_that_are_documented(run: Run) -> None:
    config = run.config
    with tf.Graph().as_default(), v1.Session() as session:
        meta = v1.saved_model.load(session, ["serve"], run.trained.saved_model)
        signature = meta.signature_def["serving_default"]
    assert signature.method_name == "tensorflow/serving/predict"
    tasks = task_specs(config.model_config)
    outputs = {UNREADABLE}
    for task in tasks:
        is_value, is_product = task.kind is Kind.VALUE, task.condition and not task.is_masked
        outputs.add(named("y" if is_value else "probs", task.name))
        if not is_value and not is_product:
            logits = "pos_logits" if task.tower.num_class > 1 else "logits"
            outputs.add(named(logits, task.name))
    assert set(signature.outputs) == outputs
    assert {len(o.tensor_shape.dim) for o in signature.outputs.values()} == {1}
    inputs = set(signature.inputs)
    if not config.export_config.multi_placeholder:
        assert inputs == {"features"}
        return
    used = {name for f in config.feature_config.features for name in f.input_names}
    assert inputs == used
    assert not inputs & set(config.data_config.label_fields)
    assert {i.tensor_shape.dim[0].size for i in signature.inputs.values()} == {-1}


def test_the_export_holds_no_operation_that_answers_do_not_need(run: Run) -> None:
    saved_model = run.trained.saved_model or ""
    assert allowed_ops.problems(saved_model, as_exported=True) == []
    (graph,) = read_graphs(saved_model)
    variables = {node.name for node in graph.nodes.values() if node.op == "VarHandleOp"}
    assert variables
    assert variables <= graph.answering


def test_a_training_that_goes_on_equals_the_one_that_did_not_stop_to_the_last_bit(
    run: Run, tmp_path: Path
) -> None:
    half = table.STEPS // 2
    goes_on = continued(run, half, tmp_path)
    trained = training.train(goes_on, continue_train=True)
    assert trained.step == table.STEPS
    assert trained.examples == half * table.BATCH
    assert training_losses(goes_on) == run.losses[half:]
    first = checkpoint_variables(run.pipeline, table.STEPS)
    second = checkpoint_variables(goes_on, table.STEPS)
    assert sorted(first) == sorted(second)
    for key, value in first.items():
        np.testing.assert_array_equal(value, second[key], err_msg=key)
    with pytest.raises(UserError, match=r"has been trained for 40 steps already, got 40"):
        training.train(goes_on, continue_train=True)


def continued(run: Run, step: int, folder: Path) -> Pipeline:
    """The run's training as a process that died after the checkpoint of `step` leaves it.

    It goes on without evaluation and export, which take longer than the steps.
    """
    config = PipelineConfig()
    config.CopyFrom(run.config)
    config.model_dir = str(folder)
    config.eval_input_path = ""
    config.export_config.exporter_type = "none"
    for path in Path(run.config.model_dir).glob(f"*.ckpt-{step}.*"):
        shutil.copy(path, folder)
    v1.train.update_checkpoint_state(str(folder), f"{folder}/model.ckpt-{step}")
    return replace(run.pipeline, config=config, written=config)
