"""Multi-task models outside the entire-space family in float64 numpy, with 1, 2, 3, 5 tasks."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import models
from easy_esmm.compat import v1
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Group, Labels, TaskLabels, Tasks
from easy_esmm.protos.loss_pb2 import SIGMOID_L2_LOSS
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.layers import in_numpy

ROWS, EXPERTS = 14, 3
RANDOM = np.random.default_rng(5)
FEATURES, OTHERS = (RANDOM.normal(size=[ROWS, width]).astype(np.float32) for width in (6, 4))
NAMES = ("click", "cart", "buy", "spent", "return")
VALUE = "spent"
"""The task that predicts a value."""
WEIGHTS = {"click": 1.0, "cart": 0.5, "buy": 2.0, "spent": 0.1, "return": 1.5}
MEMBERS = {
    "SimpleMultiTask": "simple_multi_task",
    "MMoE": "mmoe",
    "PLE": "ple",
    "AITM": "aitm",
    "DBMTL": "dbmtl",  # more of it in test_dbmtl.py
}
_SEVEN = "{ hidden_units: [7] use_bn: false }"
TRUNKS = {
    "MMoE": f"num_expert: {EXPERTS} expert_dnn {_SEVEN}",
    "PLE": f"""
      extraction_networks {{ expert_num_per_task: 2 share_num: 1
        task_expert_net {{ hidden_units: [6, 5] use_bn: false }}
        share_expert_net {{ hidden_units: [5] use_bn: false }} }}
      extraction_networks {{ expert_num_per_task: 1 share_num: 2
        task_expert_net {_SEVEN} share_expert_net {_SEVEN} }}""",
}
MATRICES = {"MMoE": EXPERTS + 2, "PLE": (2 * 4 + 1 + 3) + (4 + 2), "AITM": 4}
"""Of experts and gates, or of the transfer, with two tasks; PLE's first level has a shared gate."""


def config(name: str, tasks: int, extra: str = "", towers: str = "") -> ModelConfig:
    """A model of the first `tasks` of `NAMES`; one of them predicts a value."""
    described = "".join(
        f"""task_towers {{
          tower_name: "{task}" label_name: "{task}" weight: {WEIGHTS[task]}
          {"loss_type: L2_LOSS" if task == VALUE else ""} {towers}
          dnn {{ hidden_units: [5, 4] use_bn: false }}
        }}"""
        for task in NAMES[:tasks]
    )
    text = f"""
      model_class: "{name}"
      feature_groups {{ group_name: "all" }}
      {MEMBERS[name]} {{ {described} {TRUNKS.get(name, "")} {extra} }}
    """
    return text_format.Parse(text, ModelConfig())


class Observed(NamedTuple):
    value: Any
    weight: Any


def observed(tasks: Tasks) -> Dict[str, Observed]:
    random = np.random.default_rng(6)
    found = {}
    for task in tasks:
        binary = (random.random(ROWS) < 0.4).astype(np.float64)
        value = np.round(random.uniform(-3, 9, ROWS), 2) if task.name == VALUE else binary
        found[task.name] = Observed(value, random.choice([0.0, 0.5, 2.0], ROWS))
    return found


def labels_of(rows: Dict[str, Observed]) -> Labels:
    ones = tf.ones([ROWS])
    found = {
        name: TaskLabels(
            tf.constant(one.value, tf.float32),
            ones,
            tf.constant(one.weight, tf.float32),
            tf.zeros([ROWS], tf.bool),
            0 * ones,
        )
        for name, one in rows.items()
    }
    return Labels(found, ones)


class Result(NamedTuple):
    served: Dict[str, Any]
    terms: Dict[str, Any]
    """Loss -> (value, weight)."""
    slopes: Dict[str, Any]
    """Of the total by each tower's output."""
    regularization: float
    variables: Dict[str, Any]


def run(model_config: ModelConfig, rows: Dict[str, Observed]) -> Result:
    with tf.Graph().as_default(), v1.Session() as session:
        model = models.build(model_config, task_specs(model_config), tf.float32)
        groups = {"all": Group(tf.constant(FEATURES)), "other": Group(tf.constant(OTHERS))}
        outputs = model.outputs(groups, training=False)
        terms = model.loss_terms(outputs, labels_of(rows))
        total = tf.add_n([term.weight * term.value for term in terms])
        scores = [head.score for head in outputs.heads.values()]
        slopes = dict(zip(outputs.heads, tf.gradients(total, scores)))
        regularization = model.regularization()
        in_numpy.randomize(session)
        variables = {v.name: v for v in v1.global_variables()}
        of_terms = {t.name: (t.value, tf.constant(t.weight)) for t in terms}
        return Result(
            *session.run((dict(outputs.served), of_terms, slopes, regularization, variables))
        )


def inputs(name: str, result: Result, tasks: Tasks) -> Dict[str, Any]:
    """What each tower reads, by the paper's equations."""
    x, v = FEATURES.astype(np.float64), result.variables
    if name in ("SimpleMultiTask", "DBMTL", "AITM"):
        return {task.name: x for task in tasks}
    if name == "PLE":
        names = [task.name for task in tasks]
        return dict(zip(names, in_numpy.extraction(x, v, "extraction", [(2, 1), (1, 2)], names)))
    experts = in_numpy.networks(x, v, "mixture/experts", EXPERTS)
    return {t.name: in_numpy.gated(x, experts, v, f"mixture/gate_{t.name}") for t in tasks}


def outputs_of(name: str, result: Result, tasks: Tasks) -> Dict[str, Any]:
    """Logit or value of each task, from the variables."""
    v, found, previous = result.variables, {}, None
    for task, x in inputs(name, result, tasks).items():
        hidden = in_numpy.network(x, v, f"{task}_tower/dnn")
        if name == "AITM" and previous is not None:
            hidden = in_numpy.transfer(hidden, previous, v, f"{task}_tower/transfer")
        found[task] = in_numpy.dense(hidden, v, f"{task}_tower/output")[:, 0]
        previous = hidden
    return found


def sigmoid(x: Any) -> Any:
    return np.exp(-np.logaddexp(0.0, -x))


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_answers_are_those_of_the_equations(name: str, count: int) -> None:
    model_config = config(name, count)
    tasks = task_specs(model_config)
    result = run(model_config, observed(tasks))
    expected: Dict[str, Any] = {}
    for task, output in outputs_of(name, result, tasks).items():
        if task == VALUE:
            expected[f"y_{task}"] = output
        else:
            expected[f"logits_{task}"] = output
            expected[f"probs_{task}"] = sigmoid(output)
    assert set(result.served) == set(expected)
    for key, value in expected.items():
        np.testing.assert_allclose(result.served[key], value, rtol=2e-5, atol=2e-6, err_msg=key)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_losses_and_their_gradients_are_each_tasks_own(name: str, count: int) -> None:
    model_config = config(name, count)
    tasks = task_specs(model_config)
    rows = observed(tasks)
    result = run(model_config, rows)
    outputs = outputs_of(name, result, tasks)
    names: List[str] = []
    for task in tasks:
        y, w = rows[task.name]
        x = outputs[task.name]
        if task.name == VALUE:
            names.append(f"l2_loss_{task.name}")
            loss, slope = (w * (x - y) ** 2).sum() / ROWS, 2 * w * (x - y) / ROWS
        else:
            names.append(f"cross_entropy_loss_{task.name}")
            loss = (w * (np.logaddexp(0, x) - y * x)).sum() / ROWS
            slope = w * (sigmoid(x) - y) / ROWS
        value, weight = result.terms[names[-1]]
        assert value == pytest.approx(loss, rel=2e-5)
        assert weight == pytest.approx(WEIGHTS[task.name])
        expected = WEIGHTS[task.name] * slope
        np.testing.assert_allclose(result.slopes[task.name], expected, rtol=2e-4, atol=1e-6)
    assert list(result.terms) == names


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_l2_is_half_the_squares_of_all_matrices(name: str) -> None:
    model_config = config(name, 2, "l2_regularization: 0.5")
    result = run(model_config, observed(task_specs(model_config)))
    matrices = [value for value in result.variables.values() if np.ndim(value) == 2]
    # Two hidden layers and an output a tower; experts and gates besides.
    assert len(matrices) == 2 * 3 + MATRICES.get(name, 0)
    expected = 0.25 * sum((m.astype(np.float64) ** 2).sum() for m in matrices)
    assert result.regularization == pytest.approx(expected, rel=1e-5)


def test_towers_of_a_simple_model_may_each_read_a_feature_group_of_their_own() -> None:
    model_config = config("SimpleMultiTask", 2)
    first, second = model_config.simple_multi_task.task_towers
    first.input, second.input = "all", "other"
    result = run(model_config, observed(task_specs(model_config)))
    for task, x in (("click", FEATURES), ("cart", OTHERS)):
        hidden = in_numpy.network(x, result.variables, f"{task}_tower/dnn")
        logit = in_numpy.dense(hidden, result.variables, f"{task}_tower/output")[:, 0]
        np.testing.assert_allclose(result.served[f"logits_{task}"], logit, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("name", "biased", "plain"),
    [
        ("MMoE", ["mixture/gate_click/scores", "mixture/gate_cart/scores"], []),
        (
            "PLE",
            [
                f"extraction/level_{gate}/scores"
                for gate in ("0/gate_click", "0/gate_cart", "0/gate_shared", "1/gate_click")
            ],
            [],
        ),
        (
            "AITM",
            ["cart_tower/transfer/hand_over"],
            [f"cart_tower/transfer/{part}" for part in ("query", "key", "value")],
        ),
    ],
)
def test_gates_and_what_is_handed_over_have_a_bias_but_not_the_attention(
    name: str, biased: List[str], plain: List[str]
) -> None:
    model_config = config(name, 2)
    variables = run(model_config, observed(task_specs(model_config))).variables
    for layer in [*biased, *plain]:
        assert f"{layer}/kernel:0" in variables
        assert (f"{layer}/bias:0" in variables) == (layer in biased)


def test_experts_may_be_listed_with_layers_of_their_own() -> None:
    model_config = config("MMoE", 2)
    mmoe = model_config.mmoe
    mmoe.ClearField("expert_dnn")
    mmoe.ClearField("num_expert")
    for units in ([9, 7], [7], [3, 7]):
        mmoe.experts.add().dnn.hidden_units.extend(units)
        mmoe.experts[-1].dnn.use_bn = False
    tasks = task_specs(model_config)
    result = run(model_config, observed(tasks))
    assert result.variables["mixture/experts/expert_0/dense_0/kernel:0"].shape == (6, 9)
    assert result.variables["mixture/experts/expert_2/dense_1/kernel:0"].shape == (3, 7)
    for task, logit in outputs_of("MMoE", result, tasks).items():
        np.testing.assert_allclose(result.served[f"logits_{task}"], logit, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("stop", [False, True])
def test_the_gradient_goes_back_through_what_is_handed_over_unless_stopped(stop: bool) -> None:
    model_config = config("AITM", 3, f"stop_gradient: {str(stop).lower()}")
    with tf.Graph().as_default():
        model = models.build(model_config, task_specs(model_config), tf.float32)
        outputs = model.outputs({"all": Group(tf.constant(FEATURES))}, training=False)
        variables = v1.trainable_variables()
        slopes = tf.gradients(outputs.heads["buy"].logit, variables)
    moved = {v.name.split("_tower")[0] for v, slope in zip(variables, slopes) if slope is not None}
    assert moved == ({"buy"} if stop else {"click", "cart", "buy"})


def test_a_share_is_the_sigmoid_of_the_output_and_its_loss_the_squared_error() -> None:
    model_config = config("SimpleMultiTask", 2)
    model_config.simple_multi_task.task_towers[1].losses.add().loss_type = SIGMOID_L2_LOSS
    tasks = task_specs(model_config)
    rows = observed(tasks)
    rows["cart"] = rows["cart"]._replace(value=np.linspace(0, 1, ROWS))
    result = run(model_config, rows)
    p = sigmoid(outputs_of("SimpleMultiTask", result, tasks)["cart"])
    assert set(result.served) == {"logits_click", "probs_click", "y_cart"}
    np.testing.assert_allclose(result.served["y_cart"], p, rtol=2e-5)
    y, w = rows["cart"]
    value, _ = result.terms["sigmoid_l2_loss_cart"]
    assert value == pytest.approx((w * (p - y) ** 2).sum() / ROWS, rel=2e-5)
    expected = WEIGHTS["cart"] * 2 * w * (p - y) / ROWS  # by the share itself
    np.testing.assert_allclose(result.slopes["cart"], expected, rtol=2e-4, atol=1e-6)


CALIBRATED = "losses { loss_type: CLASSIFICATION } losses { loss_type: ORDER_CALIBRATE_LOSS }"


def test_a_probability_is_held_below_that_of_the_tower_before_and_raises_it() -> None:
    model_config = config("SimpleMultiTask", 3)
    tower = model_config.simple_multi_task.task_towers[2]
    text_format.Merge(f"{CALIBRATED} weight: 3.0", tower)
    tasks = task_specs(model_config)
    rows = observed(tasks)
    result = run(model_config, rows)
    x = outputs_of("SimpleMultiTask", result, tasks)
    cart, buy = sigmoid(x["cart"]), sigmoid(x["buy"])
    w = rows["buy"].weight
    value, weight = result.terms["order_calibrate_loss"]
    assert value == pytest.approx((w * np.maximum(0, buy - cart)).sum() / ROWS, rel=2e-5)
    assert weight == 3.0
    y, w_cart = rows["cart"]
    own = WEIGHTS["cart"] * w_cart * (cart - y)
    raised = 3.0 * w * (buy > cart) * cart * (1 - cart)
    np.testing.assert_allclose(result.slopes["cart"], (own - raised) / ROWS, rtol=2e-4, atol=1e-6)
    assert 0 < np.count_nonzero(raised) < ROWS


def test_a_related_tower_counts_as_the_earlier_one_and_several_penalties_bear_names() -> None:
    model_config = config("DBMTL", 3, towers=CALIBRATED)
    first, _, third = model_config.dbmtl.task_towers
    del first.losses[:]
    third.relation_tower_names.extend(["click"])
    tasks = task_specs(model_config)
    assert [task.earlier for task in tasks] == [(), ("click",), ("click",)]
    result = run(model_config, observed(tasks))
    assert [name for name in result.terms if name.startswith("order")] == [
        "order_calibrate_loss_cart",
        "order_calibrate_loss_buy",
    ]


def test_a_tower_is_held_below_each_of_the_towers_that_it_names() -> None:
    model_config = config("DBMTL", 3)
    third = model_config.dbmtl.task_towers[2]
    text_format.Merge(f'{CALIBRATED} relation_tower_names: ["click", "cart"]', third)
    rows = observed(task_specs(model_config))
    result = run(model_config, rows)
    click, cart, buy = (
        np.asarray(result.served[f"probs_{name}"], np.float64) for name in ("click", "cart", "buy")
    )
    above_click, above_cart = (np.maximum(0.0, buy - earlier) for earlier in (click, cart))
    assert above_click.any()
    assert above_cart.any()
    expected = (rows["buy"].weight * (above_click + above_cart)).sum() / ROWS
    value, _ = result.terms["order_calibrate_loss"]
    assert value == pytest.approx(expected, rel=2e-5)


def test_a_sum_is_the_mean_times_the_rows() -> None:
    model_config = config("MMoE", 3)
    rows = observed(task_specs(model_config))
    mean = run(model_config, rows)
    model_config.loss_reduction = ModelConfig.SUM
    total = run(model_config, rows)
    for name, (value, _) in mean.terms.items():
        assert total.terms[name][0] == pytest.approx(ROWS * value, rel=1e-5)
