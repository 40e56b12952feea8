"""Models of one task in float64 numpy: answers, losses, penalties."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import config as configs
from easy_esmm import models
from easy_esmm.compat import v1
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Group, Labels, TaskLabels
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.layers import in_numpy

ROWS = 9
RANDOM = np.random.default_rng(8)
GROUPS = {
    name: RANDOM.normal(size=[ROWS, width]).astype(np.float32)
    for name, width in (("user", 6), ("item", 4))
}
FEATURES, WIDE_COLUMNS, COLUMNS = 3, 2, 4
"""Of the groups `wide` and `deep`, and columns of each feature there."""
PARTS = {
    name: RANDOM.normal(size=[ROWS, FEATURES * width]).astype(np.float32)
    for name, width in (("wide", WIDE_COLUMNS), ("deep", COLUMNS), ("fm", COLUMNS))
}
LABEL = (RANDOM.random(ROWS) < 0.4).astype(np.float64)
WEIGHT = RANDOM.choice([0.0, 0.5, 2.0], ROWS)
_NAMES = 'task { label_name: "click" }'
MULTI_TOWER = """
  model_class: "MultiTower"
  feature_groups { group_name: "user" } feature_groups { group_name: "item" }
  multi_tower {
    towers { input: "user" dnn { hidden_units: [5, 3] use_bn: false } }
    towers { input: "item" dnn { hidden_units: [4] use_bn: false } }
    final_dnn { hidden_units: [6, 2] use_bn: false }
    l2_regularization: 0.5
  }
"""


class Result(NamedTuple):
    served: Dict[str, Any]
    terms: Dict[str, Any]
    slope: Any
    """Of the sum of the terms by the head's score."""
    regularization: float
    variables: Dict[str, Any]


def run(
    config: ModelConfig,
    label: np.ndarray = LABEL,
    sessions: Any = None,
) -> Result:
    """The model at random weights, moving averages included, outside training."""
    with tf.Graph().as_default(), v1.Session() as session:
        tasks = task_specs(config)
        (task,) = tasks
        model = models.build(config, tasks, tf.float32)
        groups = {name: Group(tf.constant(matrix)) for name, matrix in GROUPS.items()}
        for name, matrix in PARTS.items():
            widths = {f"f{n}": matrix.shape[1] // FEATURES for n in range(FEATURES)}
            # (TensorFlow adds a constant to the bias first, which is of another shape.)
            fed = v1.placeholder_with_default(matrix, matrix.shape)
            groups[name] = Group(fed, widths)
        outputs = model.outputs(groups, training=False)
        ones = tf.ones([ROWS])
        rows = TaskLabels(
            tf.constant(label, tf.float32),
            ones,
            tf.constant(WEIGHT, tf.float32),
            tf.zeros([ROWS], tf.bool),
            0 * ones,
        )
        of_sessions = {} if sessions is None else {"user": tf.constant(sessions, tf.int64)}
        terms = model.loss_terms(outputs, Labels({task.name: rows}, ones, of_sessions))
        total = tf.add_n([term.weight * term.value for term in terms])
        score = outputs.heads[task.name].score
        (slope,) = tf.gradients(total, [score]) if sessions is None else [tf.constant(0.0)]
        regularization = model.regularization()
        in_numpy.randomize(session)
        for variable in v1.global_variables():
            if "moving_variance" in variable.name:
                session.run(variable.assign(tf.abs(variable) + 0.5))
        variables = {v.name: v for v in v1.global_variables()}
        of_terms = {term.name: term.weight * term.value for term in terms}
        return Result(
            *session.run((dict(outputs.served), of_terms, slope, regularization, variables))
        )


def answered(text: str, **more: Any) -> Result:
    return run(text_format.Parse(text, ModelConfig()), **more)


def normalized(x: np.ndarray, variables: Dict[str, Any], name: str) -> np.ndarray:
    """By the moving averages, epsilon 1e-3."""
    mean, variance, gamma, beta = (
        np.asarray(variables[f"{name}/{part}:0"], np.float64)
        for part in ("moving_mean", "moving_variance", "gamma", "beta")
    )
    return gamma * (x.astype(np.float64) - mean) / np.sqrt(variance + 1e-3) + beta


def answer(result: Result, is_normalized: bool = True) -> np.ndarray:
    """float64 [rows, outputs] of MultiTower."""
    v = result.variables
    towers = []
    for name, x in GROUPS.items():
        inputs = normalized(x, v, f"group_{name}/input_norm") if is_normalized else x
        towers.append(in_numpy.network(inputs, v, f"group_{name}/dnn"))
    hidden = in_numpy.network(np.concatenate(towers, axis=1), v, "final/dnn")
    return in_numpy.dense(hidden, v, "final/output")


def sigmoid(x: Any) -> Any:
    return np.exp(-np.logaddexp(0.0, -x))


def cross_entropy(logit: np.ndarray, label: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, logit) - label * logit


@pytest.mark.parametrize("is_normalized", [True, False])
def test_multi_tower_joins_the_towers_of_normalised_groups(is_normalized: bool) -> None:
    text = MULTI_TOWER.replace("l2_", f"use_input_bn: {str(is_normalized).lower()} l2_")
    result = answered(text + _NAMES)
    logit = answer(result, is_normalized)[:, 0]
    assert set(result.served) == {"logits", "probs"}
    np.testing.assert_allclose(result.served["logits"], logit, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(result.served["probs"], sigmoid(logit), rtol=2e-5, atol=2e-6)


def test_in_training_groups_are_normalised_by_the_rows_of_the_batch() -> None:
    config = text_format.Parse(MULTI_TOWER + _NAMES, ModelConfig())
    with tf.Graph().as_default(), v1.Session() as session:
        model = models.build(config, task_specs(config), tf.float32)
        groups = {name: Group(tf.constant(matrix)) for name, matrix in GROUPS.items()}
        served = dict(model.outputs(groups, training=True).served)
        in_numpy.randomize(session)
        variables = {v.name: v for v in v1.global_variables()}
        found, v = session.run((served, variables))
    for name, x in GROUPS.items():
        # In place of the moving averages.
        v[f"group_{name}/input_norm/moving_mean:0"] = x.mean(axis=0)
        v[f"group_{name}/input_norm/moving_variance:0"] = x.var(axis=0)
    logit = answer(Result(found, {}, None, 0.0, v))[:, 0]
    np.testing.assert_allclose(found["logits"], logit, rtol=2e-4, atol=2e-5)


def test_the_loss_is_the_weighted_mean_cross_entropy_of_the_only_task() -> None:
    result = answered(MULTI_TOWER + _NAMES)
    logit = answer(result)[:, 0]
    assert list(result.terms) == ["cross_entropy_loss"]
    expected = (WEIGHT * cross_entropy(logit, LABEL)).sum() / ROWS
    assert result.terms["cross_entropy_loss"] == pytest.approx(expected, rel=2e-5)
    slope = WEIGHT * (sigmoid(logit) - LABEL) / ROWS
    np.testing.assert_allclose(result.slope, slope, rtol=2e-4, atol=1e-6)


def test_several_losses_have_easyrecs_names_and_the_weights_of_the_config() -> None:
    task = """task { label_name: "click"
      losses { loss_type: PAIR_WISE_LOSS weight: 0.5 } losses { loss_type: CLASSIFICATION } }"""
    result = answered(MULTI_TOWER + task)
    assert list(result.terms) == ["pair_wise_loss", "cross_entropy_loss"]
    logit = answer(result)[:, 0]
    is_positive = (LABEL > 0) & (WEIGHT > 0)
    is_negative = (LABEL == 0) & (WEIGHT > 0)
    ahead = logit[is_positive][:, None] - logit[is_negative][None, :]
    pairs = np.outer(WEIGHT[is_positive], WEIGHT[is_negative])
    ranking = (pairs * np.logaddexp(0.0, -ahead)).sum()
    expected = 0.5 * ranking / pairs.size
    assert result.terms["pair_wise_loss"] == pytest.approx(expected, rel=2e-4)


def test_a_value_is_served_as_y() -> None:
    task = 'task { label_name: "price" loss_type: L2_LOSS }'
    price = RANDOM.uniform(-2, 9, ROWS)
    result = answered(MULTI_TOWER + task, label=price)
    value = answer(result)[:, 0]
    assert set(result.served) == {"y"}
    np.testing.assert_allclose(result.served["y"], value, rtol=2e-5, atol=2e-6)
    expected = (WEIGHT * (value - price) ** 2).sum() / ROWS
    assert result.terms == {"l2_loss": pytest.approx(expected, rel=2e-5)}


def test_joint_ranking_serves_the_logit_of_the_positive_class() -> None:
    task = """task { label_name: "click" num_class: 2
      losses { loss_type: JRC_LOSS jrc_loss { session_name: "user" } } }"""
    result = answered(MULTI_TOWER + task, sessions=np.arange(ROWS) // 3)
    logits = answer(result)
    assert set(result.served) == {"pos_logits", "probs"}
    assert list(result.terms) == ["jrc_loss"]
    np.testing.assert_allclose(result.served["pos_logits"], logits[:, 1], rtol=2e-5, atol=2e-6)
    expected = sigmoid(logits[:, 1] - logits[:, 0])
    np.testing.assert_allclose(result.served["probs"], expected, rtol=2e-5, atol=2e-6)


def test_a_named_task_has_the_names_of_a_tower() -> None:
    result = answered(MULTI_TOWER + 'task { label_name: "click" tower_name: "ctr" }')
    assert set(result.served) == {"logits_ctr", "probs_ctr"}
    assert list(result.terms) == ["cross_entropy_loss_ctr"]


def test_the_penalty_is_half_the_squares_of_all_kernels() -> None:
    result = answered(MULTI_TOWER + _NAMES)
    kernels = [v for name, v in result.variables.items() if name.endswith("/kernel:0")]
    assert len(kernels) == 2 + 1 + 2 + 1
    expected = 0.25 * sum((kernel.astype(np.float64) ** 2).sum() for kernel in kernels)
    assert result.regularization == pytest.approx(expected, rel=1e-5)


def parts(model_class: str, member: str, *, fm: bool = False, final: bool = True) -> str:
    last = "final_dnn { hidden_units: [3] use_bn: false }" if final else ""
    return f"""
      model_class: "{model_class}" {_NAMES}
      feature_groups {{ group_name: "wide" wide_deep: WIDE }}
      feature_groups {{ group_name: "deep" }}
      {'feature_groups { group_name: "fm" }' if fm else ""}
      {member} {{ dnn {{ hidden_units: [5] use_bn: false }} {last}
        wide_output_dim: {WIDE_COLUMNS if final or member == "deepfm" else 1} }}
    """


def machine(matrix: np.ndarray) -> np.ndarray:
    """Sum over pairs of features of the products of their vectors, pair by pair."""
    vectors = matrix.astype(np.float64).reshape(ROWS, FEATURES, COLUMNS)
    pairs = [(i, j) for i in range(FEATURES) for j in range(i)]
    return sum(vectors[:, i] * vectors[:, j] for i, j in pairs)


def final(result: Result, *sides: np.ndarray) -> np.ndarray:
    """The logit of the final tower over the parts and the deep layers."""
    deep = in_numpy.network(PARTS["deep"], result.variables, "deep")
    hidden = np.concatenate([*sides, deep], axis=1)
    hidden = in_numpy.network(hidden, result.variables, "final/dnn")
    return in_numpy.dense(hidden, result.variables, "final/output")[:, 0]


def deep_output(result: Result) -> np.ndarray:
    hidden = in_numpy.network(PARTS["deep"], result.variables, "deep/dnn")
    return in_numpy.dense(hidden, result.variables, "deep/output")


@pytest.mark.parametrize("fm", [True, False])
def test_deepfm_joins_weights_products_and_layers(fm: bool) -> None:
    result = answered(parts("DeepFM", "deepfm", fm=fm))
    wide = PARTS["wide"].astype(np.float64).sum(axis=1, keepdims=True)
    logit = final(result, wide, machine(PARTS["fm" if fm else "deep"]))
    np.testing.assert_allclose(result.served["logits"], logit, rtol=2e-5, atol=2e-5)


def test_deepfm_without_final_layers_is_the_sum_of_its_parts() -> None:
    result = answered(parts("DeepFM", "deepfm", final=False))
    wide = PARTS["wide"].astype(np.float64).sum(axis=1)
    logit = wide + machine(PARTS["deep"]).sum(axis=1) + deep_output(result)[:, 0]
    np.testing.assert_allclose(result.served["logits"], logit, rtol=2e-5, atol=2e-5)


def test_deepfm_of_two_classes_weighs_the_products_for_each() -> None:
    jrc = 'num_class: 2 losses { loss_type: JRC_LOSS jrc_loss { session_name: "user" } } }'
    text = parts("DeepFM", "deepfm", final=False).replace("}", jrc, 1)
    result = answered(text, sessions=np.arange(ROWS) // 3)
    wide = PARTS["wide"].astype(np.float64).sum(axis=1, keepdims=True)
    of_machine = in_numpy.dense(machine(PARTS["deep"]), result.variables, "fm_logits")
    logits = wide + of_machine + deep_output(result)
    np.testing.assert_allclose(result.served["pos_logits"], logits[:, 1], rtol=2e-5, atol=2e-5)
    expected = sigmoid(logits[:, 1] - logits[:, 0])
    np.testing.assert_allclose(result.served["probs"], expected, rtol=2e-5, atol=2e-5)


def test_wide_and_deep_joins_the_sums_of_the_weights_by_column_and_layers() -> None:
    result = answered(parts("WideAndDeep", "wide_and_deep"))
    wide = PARTS["wide"].astype(np.float64).reshape(ROWS, FEATURES, WIDE_COLUMNS).sum(axis=1)
    np.testing.assert_allclose(result.served["logits"], final(result, wide), rtol=2e-5, atol=2e-5)


def test_wide_and_deep_without_final_layers_is_the_sum_of_its_parts() -> None:
    text = parts("WideAndDeep", "wide_and_deep", final=False)
    one_column = PARTS["wide"][:, :FEATURES]
    before, PARTS["wide"] = PARTS["wide"], one_column
    try:
        result = answered(text)
    finally:
        PARTS["wide"] = before
    logit = one_column.astype(np.float64).sum(axis=1) + deep_output(result)[:, 0]
    np.testing.assert_allclose(result.served["logits"], logit, rtol=2e-5, atol=2e-5)


def test_the_loss_of_the_model_is_that_of_its_task(tmp_path: Any) -> None:
    """Losses that EasyRec has in `model_config` and label and metrics of other messages meet."""
    text = """
      data_config { label_fields: "buy" label_fields: "click"
        input_fields { input_name: "click" input_type: INT32 }
        input_fields { input_name: "buy" input_type: INT32 } input_fields { input_name: "user" } }
      train_config { optimizer_config { adam_optimizer { learning_rate {
        constant_learning_rate { learning_rate: 0.001 } } } } num_steps: 1 }
      feature_config { features { input_names: "user" embedding_dim: 4 hash_bucket_size: 10 } }
      eval_config { metrics_set { auc {} } metrics_set { gauc { uid_field: "user" } } }
      model_config { model_class: "MultiTower"
        feature_groups { group_name: "user" feature_names: "user" }
        losses { loss_type: F1_REWEIGHTED_LOSS } losses { loss_type: BINARY_FOCAL_LOSS weight: 2 }
        multi_tower { towers { input: "user" dnn { hidden_units: [4] } }
          final_dnn { hidden_units: [4] } } }
    """
    path = tmp_path / "x.config"
    path.write_text(text)
    (task,) = configs.load(str(path)).tasks
    assert (task.name, task.label, task.metric_name) == ("", "buy", "")
    assert [loss.loss_name for loss in task.losses] == ["f1_reweighted_loss", "binary_focal_loss"]
    assert [loss.weight for loss in task.losses] == [1.0, 2.0]
    assert [metric.WhichOneof("metric") for metric in task.metrics] == ["auc", "gauc"]
