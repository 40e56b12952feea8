"""Models over a graph of blocks in float64 numpy: which tower reads what, and their losses."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import Group, Labels, TaskLabels
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.layers import in_numpy
from tests.tasks import build

ROWS = 13
RANDOM = np.random.default_rng(4)
X = RANDOM.normal(size=[ROWS, 6]).astype(np.float32)
LABELS = {name: (RANDOM.random(ROWS) < 0.5).astype(np.float64) for name in ("click", "buy")}
ALL = 'inputs { feature_group_name: "all" }'
SETTINGS = "use_bn: false use_final_bn: false use_final_bias: true"
BOTTOM = f"""blocks {{ name: "bottom" {ALL}
  keras_layer {{ class_name: "MLP" mlp {{ hidden_units: 5 {SETTINGS} }} }} }}"""
MIXED = f"""blocks {{ name: "mixed" inputs {{ block_name: "bottom" }} keras_layer {{
  class_name: "MMoE" mmoe {{ num_task: 2 num_expert: 3
    expert_mlp {{ hidden_units: 4 {SETTINGS} }} }} }} }}"""
RELATION = 'relation_tower_names: "click" relation_dnn { hidden_units: 4 use_bn: false }'
TOWERS = f"""
  task_towers {{ tower_name: "click" label_name: "click" weight: 0.5
    dnn {{ hidden_units: 3 use_bn: false }} }}
  task_towers {{ tower_name: "buy" label_name: "buy" weight: 2 {RELATION}
    dnn {{ hidden_units: 3 use_bn: false }} }}"""


class Built(NamedTuple):
    served: Dict[str, Any]
    terms: Dict[str, Any]
    """Loss -> (value, weight)."""
    variables: Dict[str, Any]


def run(text: str) -> Built:
    config = text_format.Parse(f'feature_groups {{ group_name: "all" }} {text}', ModelConfig())
    ones = tf.ones([ROWS])
    with tf.Graph().as_default(), v1.Session() as session:
        model = build(config)
        outputs = model.outputs({"all": Group(tf.constant(X))}, training=False)
        ones = tf.ones([ROWS])
        labels = {
            task.name: TaskLabels(
                tf.constant(LABELS[task.label], tf.float32),
                ones,
                ones,
                tf.zeros([ROWS], tf.bool),
                0 * ones,
            )
            for task in model.tasks
        }
        terms = {
            term.name: (term.value, tf.constant(term.weight))
            for term in model.loss_terms(outputs, Labels(labels, ones))
        }
        in_numpy.randomize(session)
        variables = {v.name: v for v in v1.global_variables()}
        return Built(*session.run((dict(outputs.served), terms, variables)))


def relu_of(x: Any, v: Dict[str, Any], name: str) -> Any:
    return np.maximum(0.0, in_numpy.dense(x, v, f"backbone/{name}/dense_0"))


def answers(inputs: Dict[str, Any], v: Dict[str, Any]) -> Dict[str, Any]:
    """Logits of both towers, of which the second sees the first."""
    click = in_numpy.network(inputs["click"], v, "click_tower/dnn")
    buy = in_numpy.network(inputs["buy"], v, "buy_tower/dnn")
    buy = in_numpy.network(np.concatenate([buy, click], 1), v, "buy_tower/relation_dnn")
    return {
        name: in_numpy.dense(x, v, f"{name}_tower/output")[:, 0]
        for name, x in (("click", click), ("buy", buy))
    }


def tower_inputs(kind: str, v: Dict[str, Any]) -> Dict[str, Any]:
    bottom = relu_of(X, v, "bottom/mlp")
    if kind == "one_output":
        return {"click": bottom, "buy": bottom}
    if kind == "output_blocks":
        return {"click": X, "buy": bottom}
    experts = [relu_of(bottom, v, f"mixed/mmoe/expert_{i}") for i in range(3)]
    return {
        name: in_numpy.gated(bottom, experts, v, f"backbone/mixed/mmoe/gate_{k}")
        for k, name in enumerate(("click", "buy"))
    }


BACKBONES = {
    "one_output": BOTTOM,
    "output_blocks": f'{BOTTOM} blocks {{ name: "raw" {ALL} }} output_blocks: ["raw", "bottom"]',
    "a_list": BOTTOM + MIXED,
}


@pytest.mark.parametrize("kind", BACKBONES)
def test_towers_read_what_the_backbone_gives_them(kind: str) -> None:
    built = run(f"""model_class: "MultiTaskModel" backbone {{ {BACKBONES[kind]} }}
      model_params {{ {TOWERS} }}""")
    expected = answers(tower_inputs(kind, built.variables), built.variables)
    for name, logit in expected.items():
        assert np.std(logit) > 0.02
        np.testing.assert_allclose(built.served[f"logits_{name}"], logit, rtol=1e-4, atol=1e-4)
        sigmoid = 1 / (1 + np.exp(-logit))
        np.testing.assert_allclose(built.served[f"probs_{name}"], sigmoid, rtol=1e-4, atol=1e-5)
    assert set(built.served) == {"logits_click", "logits_buy", "probs_click", "probs_buy"}
    for name, weight in (("click", 0.5), ("buy", 2.0)):
        y, x = LABELS[name], expected[name]
        value, given = built.terms[f"cross_entropy_loss_{name}"]
        assert value == pytest.approx((np.logaddexp(0, x) - y * x).mean(), rel=1e-4)
        assert given == pytest.approx(weight)


def test_without_a_penalty_in_the_config_there_is_none() -> None:
    assert ModelConfig().model_params.l2_regularization == 0


def test_both_towers_of_esmm_read_the_backbone() -> None:
    built = run(f"""model_class: "ESMM" backbone {{ {BOTTOM} }} esmm {{
      ctr_tower {{ tower_name: "ctr" label_name: "click" }}
      cvr_tower {{ tower_name: "cvr" label_name: "buy" }} }}""")
    bottom = relu_of(X, built.variables, "bottom/mlp")
    logits = {
        name: in_numpy.dense(bottom, built.variables, f"{name}_tower/output")[:, 0]
        for name in ("ctr", "cvr")
    }
    for name, logit in logits.items():
        np.testing.assert_allclose(built.served[f"logits_{name}"], logit, rtol=1e-4, atol=1e-4)
    both = np.prod([1 / (1 + np.exp(-logit)) for logit in logits.values()], axis=0)
    np.testing.assert_allclose(built.served["probs_ctcvr"], both, rtol=1e-4)


def test_experts_of_mmoe_and_layers_of_dbmtl_are_above_the_backbone() -> None:
    experts = "num_expert: 2 expert_dnn { hidden_units: 4 use_bn: false }"
    built = run(f"""model_class: "MMoE" backbone {{ {BOTTOM} }} mmoe {{ {experts}
      task_towers {{ tower_name: "click" label_name: "click" }} }}""")
    bottom = relu_of(X, built.variables, "bottom/mlp")
    networks = in_numpy.networks(bottom, built.variables, "mixture/experts", 2)
    mixed = in_numpy.gated(bottom, networks, built.variables, "mixture/gate_click")
    logit = in_numpy.dense(mixed, built.variables, "click_tower/output")[:, 0]
    np.testing.assert_allclose(built.served["logits_click"], logit, rtol=1e-4, atol=1e-4)
    built = run(f"""model_class: "DBMTL" backbone {{ {BOTTOM} }} dbmtl {{
      bottom_dnn {{ hidden_units: 4 use_bn: false }}
      task_towers {{ tower_name: "click" label_name: "click" }} }}""")
    hidden = in_numpy.network(relu_of(X, built.variables, "bottom/mlp"), built.variables, "bottom")
    logit = in_numpy.dense(hidden, built.variables, "click_tower/output")[:, 0]
    np.testing.assert_allclose(built.served["logits_click"], logit, rtol=1e-4, atol=1e-4)
