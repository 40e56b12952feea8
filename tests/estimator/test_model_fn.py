"""The graphs that the model_fn builds, on a config small enough to compute by hand."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import estimator, v1
from easy_esmm.contract import LabelColumn
from easy_esmm.estimator.model_fn import make_model_fn
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

CONFIG = """
train_config {
  optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate {} } } }
}
data_config {
  batch_size: 4
  label_fields: ["buy", "click"]
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "item" input_type: INT64 }
}
feature_config {
  features {
    feature_name: "item" input_names: "item" feature_type: IdFeature embedding_dim: 3 num_buckets: 5
    initializer { constant_initializer { consts: [0.5, -1, 2] } }
  }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: "item" }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" metrics_set { auc {} } dnn {} }
    cvr_tower { tower_name: "cvr" label_name: "buy" metrics_set { auc {} } dnn {} }
    l2_regularization: 0.25
  }
}
"""
ITEMS = [0, 1, 1, -1]  # the last is missing: the zero vector
CLICK, BUY = [1, 0, 1, 0], [1, 0, 0, 1]  # the last conversion is impossible


def build(mode: str, extra: str = "") -> Tuple[Any, Any, Dict[str, Any]]:
    """Spec, an initialised session, and the tensors by variable name."""
    config = text_format.Merge(extra, text_format.Parse(CONFIG, PipelineConfig()))
    columns = {"item": tf.constant(ITEMS, tf.int64)}
    labels = {
        name: LabelColumn(tf.constant(values, tf.float32), tf.zeros([4], tf.bool))
        for name, values in (("click", CLICK), ("buy", BUY))
    }
    v1.train.create_global_step()
    spec = make_model_fn(config)(columns, labels, mode)
    session = v1.Session()
    session.run([v1.global_variables_initializer(), v1.local_variables_initializer()])
    return spec, session, {v.op.name: v for v in v1.trainable_variables()}


@pytest.fixture(autouse=True)
def _graph() -> Any:
    with tf.Graph().as_default():
        yield


def entropy(label: np.ndarray, logit: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, logit) - label * logit


def losses(session: Any, variables: Dict[str, Any]) -> Tuple[np.ndarray, np.ndarray, float]:
    """Row losses of CTR and CTCVR, and half the squared kernels, in float64 from the variables."""
    ctr, cvr = (
        session.run(variables[f"{tower}_tower/output/kernel"]).astype(np.float64)[:, 0]
        for tower in ("ctr", "cvr")
    )
    vector = np.array([0.5, -1, 2])
    embedded = np.array([vector, vector, vector, 0 * vector])
    a, b = embedded @ ctr, embedded @ cvr
    product = -np.logaddexp(np.logaddexp(-a, -b), -a - b)
    click, buy = np.array(CLICK), np.array([1, 0, 0, 0])
    return entropy(click, a), entropy(buy, product), (ctr @ ctr + cvr @ cvr) / 2


def test_training_loss_is_the_mean_over_rows_plus_kernel_penalty() -> None:
    spec, session, variables = build(estimator.ModeKeys.TRAIN)
    ctr, ctcvr, kernels = losses(session, variables)
    expected = ctr.mean() + ctcvr.mean() + 0.25 * kernels
    assert session.run(spec.loss) == pytest.approx(expected, rel=1e-5)


def test_evaluation_loss_holds_no_penalty_and_its_terms_have_easyrecs_names() -> None:
    extra = "model_config { embedding_regularization: 0.5 }"
    spec, session, variables = build(estimator.ModeKeys.EVAL, extra)
    ctr, ctcvr, _ = losses(session, variables)
    assert session.run(spec.loss) == pytest.approx(ctr.mean() + ctcvr.mean(), rel=1e-5)
    session.run([update for _, update in spec.eval_metric_ops.values()])
    values = session.run({name: value for name, (value, _) in spec.eval_metric_ops.items()})
    assert values["loss/loss/weighted_cross_entropy_loss_ctr"] == pytest.approx(
        ctr.mean(), rel=1e-5
    )
    assert values["loss/loss/weighted_cross_entropy_loss_cvr"] == pytest.approx(
        ctcvr.mean(), rel=1e-5
    )
    assert values["loss/loss/total_loss"] == pytest.approx(ctr.mean() + ctcvr.mean(), rel=1e-5)
    assert values["count/orphan_conversions"] == 1
    assert {"auc_ctr", "auc_ctcvr", "auc_cvr_masked"} <= set(values)


@pytest.mark.parametrize(("reduction", "rows"), [("MEAN", 4), ("SUM", 1)])
def test_embedding_penalty_is_per_row_under_mean_and_whole_under_sum(
    reduction: str, rows: int
) -> None:
    extra = f"model_config {{ embedding_regularization: 0.5 loss_reduction: {reduction} }}"
    spec, session, variables = build(estimator.ModeKeys.TRAIN, extra)
    ctr, ctcvr, kernels = losses(session, variables)
    # Three rows look up the same vector, of squared norm .25 + 1 + 4; a missing id has none.
    penalty = 0.5 * (3 * 5.25) / 2 / rows
    total = (ctr.sum() + ctcvr.sum()) / rows + 0.25 * kernels + penalty
    assert session.run(spec.loss) == pytest.approx(total, rel=1e-5)


def test_a_step_moves_the_rows_of_the_batch_and_no_others() -> None:
    spec, session, variables = build(estimator.ModeKeys.TRAIN)
    table = variables["embedding/all/item"]
    before = session.run(table)
    session.run(spec.train_op)
    moved = np.any(session.run(table) != before, axis=1)
    np.testing.assert_array_equal(moved, [True, True, False, False, False])
    assert session.run(v1.train.get_global_step()) == 1


def test_a_step_moves_batch_norms_averages() -> None:
    dnn = "dnn { hidden_units: 2 use_bn: true }"
    extra = f"model_config {{ esmm {{ ctr_tower {{ {dnn} }} cvr_tower {{ {dnn} }} }} }}"
    spec, session, _ = build(estimator.ModeKeys.TRAIN, extra)
    averages = [v for v in v1.global_variables() if "moving_variance" in v.name]
    assert len(averages) == 2
    session.run(spec.train_op)
    # The batch holds two distinct rows, so its variance is not 1, where the averages start.
    for value in session.run(averages):
        assert (np.abs(value - 1) > 1e-4).all()


def test_predictions_say_which_rows_they_are_of() -> None:
    config = text_format.Parse(CONFIG, PipelineConfig())
    columns = {"item": tf.constant(ITEMS, tf.int64), "row": tf.constant([7, 8, 9, 10], tf.int64)}
    columns["seen"] = tf.ragged.constant([[1, 2], [], [3], []], dtype=tf.int64)
    spec = make_model_fn(config, row_names=["row"])(columns, None, estimator.ModeKeys.PREDICT)
    with v1.Session() as session:
        session.run([v1.global_variables_initializer(), v1.local_variables_initializer()])
        values = session.run(spec.predictions)
    assert list(values["row"]) == [7, 8, 9, 10]
    assert set(values) - {"row"} == set(spec.export_outputs["serving_default"].outputs)


@pytest.mark.parametrize("mode", [estimator.ModeKeys.TRAIN, estimator.ModeKeys.EVAL])
def test_tower_weights_weigh_the_loss_that_is_trained_and_reported(mode: str) -> None:
    extra = """model_config { esmm {
      ctr_tower { weight: 2 } cvr_tower { weight: 3 } l2_regularization: 0
    } }"""
    spec, session, variables = build(mode, extra)
    ctr, ctcvr, _ = losses(session, variables)
    expected = 2 * ctr.mean() + 3 * ctcvr.mean()
    assert session.run(spec.loss) == pytest.approx(expected, rel=1e-5)
    if mode == estimator.ModeKeys.EVAL:
        session.run([update for _, update in spec.eval_metric_ops.values()])
        total = session.run(spec.eval_metric_ops["loss/loss/total_loss"][0])
        assert total == pytest.approx(expected, rel=1e-5)
        product = session.run(spec.eval_metric_ops["loss/loss/weighted_cross_entropy_loss_cvr"][0])
        assert product == pytest.approx(3 * ctcvr.mean(), rel=1e-5)
