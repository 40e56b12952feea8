"""Experts, gates and transfers between towers against float64 numpy, from their own variables."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.layers.extraction import LayeredExtraction
from easy_esmm.layers.mixture import Gate, MixtureOfExperts
from easy_esmm.layers.transfer import SourceTower, TransferAttention, TransferTower
from easy_esmm.protos.dnn_pb2 import DNN
from easy_esmm.protos.multi_task_pb2 import ExtractionNetwork
from easy_esmm.protos.tower_pb2 import TaskTower
from tests.layers import in_numpy

TASKS = ("ctr", "cvr")
X = np.random.default_rng(0).normal(size=[16, 5]).astype(np.float32)
PREVIOUS = np.random.default_rng(1).normal(size=[16, 3]).astype(np.float32)
LEVELS = (
    "expert_num_per_task: 2 share_num: 1 "
    "task_expert_net { hidden_units: [6, 4] use_bn: false } "
    "share_expert_net { hidden_units: [4] use_bn: false }",
    "expert_num_per_task: 1 share_num: 2 "
    "task_expert_net { hidden_units: [3] use_bn: false } "
    "share_expert_net { hidden_units: [3] use_bn: false }",
)


def mixture(experts: int, dtype: tf.DType = tf.float32, dnn: str = "use_bn: false") -> Any:
    expert = text_format.Parse(f"hidden_units: [6, 4] {dnn}", DNN())
    return MixtureOfExperts([expert] * experts, TASKS, "trunk", dtype)


def extraction(levels: Sequence[str], dtype: tf.DType = tf.float32) -> Any:
    parsed = [text_format.Parse(level, ExtractionNetwork()) for level in levels]
    return LayeredExtraction(parsed, TASKS, "trunk", dtype)


def run(
    make: Callable[[], Any], inputs: Sequence[np.ndarray] = (X,)
) -> Tuple[List[np.ndarray], Dict[str, np.ndarray]]:
    """Outputs of a layer, and all its variables, which are random: biases too."""
    with tf.Graph().as_default(), v1.Session() as session:
        outputs = make()(*map(tf.constant, inputs))
        in_numpy.randomize(session)
        variables = {v.name: v for v in v1.global_variables()}
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        return session.run([list(outputs), variables])


def reached(make: Callable[[], Any], outputs: Callable[[Any], Tensor]) -> Dict[str, bool]:
    """Variable -> whether the gradient of a weighted sum of `outputs` moves it."""
    with tf.Graph().as_default(), v1.Session() as session:
        layer = make()
        chosen = outputs(layer(tf.constant(X)))
        weight = np.random.default_rng(3).normal(size=chosen.shape.as_list())
        variables = v1.trainable_variables()
        total = tf.reduce_sum(chosen * weight)
        unconnected = tf.UnconnectedGradients.ZERO
        gradients = tf.gradients(total, variables, unconnected_gradients=unconnected)
        in_numpy.randomize(session)
        sizes = session.run([tf.reduce_max(tf.abs(gradient)) for gradient in gradients])
        return {variable.name: size > 0 for variable, size in zip(variables, sizes)}


@pytest.mark.parametrize("experts", [1, 2, 5])
def test_a_task_reads_the_gated_mean_of_the_experts(experts: int) -> None:
    outputs, variables = run(lambda: mixture(experts))
    expected = in_numpy.mixture(X, variables, "trunk", experts)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
    assert len(variables) == 4 * experts + 2


@pytest.mark.parametrize("levels", [1, 2])
def test_a_task_reads_its_own_and_the_shared_experts_level_by_level(levels: int) -> None:
    outputs, variables = run(lambda: extraction(LEVELS[:levels]))
    expected = in_numpy.extraction(X, variables, "trunk", [(2, 1), (1, 2)][:levels])
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
    # Level 0: 2 x 2 own experts of two layers, a shared one of one; two gates, and between levels
    # a shared one. Level 1: 2 + 2 experts of one layer; two gates.
    assert len(variables) == [16 + 2 + 2, 16 + 2 + 3 + 8 + 2][levels - 1]


def test_a_shared_gate_between_levels_reads_the_shared_part() -> None:
    # Of three levels: what the first one's gate reads is the input of all tasks too.
    outputs, variables = run(lambda: extraction([LEVELS[0], LEVELS[1], LEVELS[0]]))
    expected = in_numpy.extraction(X, variables, "trunk", [(2, 1), (1, 2), (2, 1)])
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)


def test_the_weights_of_a_gate_are_a_softmax_without_bias_and_sum_to_one() -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        gate = Gate(3, "gate")
        weights = gate.weights_of(tf.constant(30 * X))
        in_numpy.randomize(session)
        (kernel,) = gate.weights
        assert v1.global_variables() == [kernel]
        value, kernel_value = session.run([weights, kernel])
    np.testing.assert_allclose(value.sum(axis=1), 1.0, rtol=1e-6)
    expected = in_numpy.softmax(30 * X.astype(np.float64) @ kernel_value)
    np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-7)


def test_a_hidden_layer_attends_to_itself_and_to_what_is_handed_over() -> None:
    (output,), variables = run(lambda: TransferAttention("transfer", tf.float32), [X, PREVIOUS])
    expected = in_numpy.transfer(X, PREVIOUS, variables, "transfer")
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-4)
    shapes = {name: value.shape for name, value in variables.items()}
    assert shapes == {
        "transfer/hand_over/kernel:0": (3, 5),
        "transfer/hand_over/bias:0": (5,),
        "transfer/query/kernel:0": (5, 5),
        "transfer/key/kernel:0": (5, 5),
        "transfer/value/kernel:0": (5, 5),
    }


def task(units: str) -> TaskTower:
    return text_format.Parse(f"dnn {{ hidden_units: {units} use_bn: false }}", TaskTower())


def test_the_transfer_lies_between_the_hidden_layers_and_the_output() -> None:
    (logit, attended), v = run(
        lambda: TransferTower(task("[4, 3]"), "cvr", tf.float32), [X, PREVIOUS]
    )
    hidden = in_numpy.transfer(in_numpy.network(X, v, "cvr/dnn"), PREVIOUS, v, "cvr/transfer")
    np.testing.assert_allclose(attended, hidden, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(logit, in_numpy.dense(hidden, v, "cvr/output")[:, 0], rtol=1e-4)
    (logit, hidden), v = run(lambda: SourceTower(task("[4, 3]"), "ctr", tf.float32))
    np.testing.assert_allclose(hidden, in_numpy.network(X, v, "ctr/dnn"), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(logit, in_numpy.dense(hidden, v, "ctr/output")[:, 0], rtol=1e-4)


def test_each_task_moves_every_expert_and_its_own_gate_only() -> None:
    moved = reached(lambda: mixture(3), lambda outputs: outputs[1])
    assert {name for name, moves in moved.items() if not moves} == {
        "trunk/gate_ctr/scores/kernel:0"
    }


def test_one_level_of_extraction_keeps_each_tasks_experts_to_itself() -> None:
    still = {
        name
        for name, moves in reached(lambda: extraction(LEVELS[:1]), lambda o: o[0]).items()
        if not moves
    }
    assert len(still) == 9  # two experts of two layers, a matrix and a bias each; the gate
    assert all("/experts_cvr/" in name or "/gate_cvr/" in name for name in still)


def test_two_levels_of_extraction_bring_each_task_to_every_expert_below_the_last_level() -> None:
    moved = reached(lambda: extraction(LEVELS), lambda outputs: outputs[0])
    still = {name for name, moves in moved.items() if not moves}
    assert still == {
        "trunk/level_0/gate_cvr/scores/kernel:0",
        "trunk/level_1/experts_cvr/expert_0/dense_0/kernel:0",
        "trunk/level_1/experts_cvr/expert_0/dense_0/bias:0",
        "trunk/level_1/gate_cvr/scores/kernel:0",
    }


LAYERS: Dict[str, Tuple[Callable[..., Any], Sequence[np.ndarray]]] = {
    "mixture": (lambda dtype=tf.float32: mixture(3, dtype), [X]),
    "extraction": (lambda dtype=tf.float32: extraction(LEVELS, dtype), [X]),
    "transfer": (lambda dtype=tf.float32: TransferTower(task("[4]"), "cvr", dtype), [X, PREVIOUS]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_bf16_rounds_the_hidden_products_and_keeps_variables_and_outputs_in_float32(
    name: str,
) -> None:
    make, inputs = LAYERS[name]
    exact, variables = run(make, inputs)
    rounded, same = run(lambda: make(tf.bfloat16), inputs)
    for a, b in zip(exact, rounded):
        assert b.dtype == np.float32
        assert 1e-4 < np.abs(a - b).max() / np.abs(a).max() < 0.1
    for variable, value in variables.items():
        np.testing.assert_array_equal(value, same[variable], err_msg=variable)


@pytest.mark.parametrize("name", LAYERS)
def test_penalties_see_every_matrix_once(name: str) -> None:
    make, inputs = LAYERS[name]
    with tf.Graph().as_default():
        layer = make()
        layer(*map(tf.constant, inputs))
        kernels = [v.name for v in layer.weights if v.name.endswith("/kernel:0")]
        matrices = [v.name for v in v1.global_variables() if v.name.endswith("/kernel:0")]
    assert sorted(kernels) == sorted(matrices)


def test_the_moving_averages_of_every_expert_are_updates() -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        layer = mixture(2, dnn="use_bn: true")
        layer(tf.constant(X), training=True)
        in_numpy.randomize(session)
        moving = [v for v in v1.global_variables() if "/moving_" in v.name]
        before = session.run(moving)
        session.run(layer.updates)
        after = session.run(moving)
    assert len(moving) == 2 * 2 * 2  # experts x layers x (mean, variance)
    assert all((a != b).all() for a, b in zip(before, after))
