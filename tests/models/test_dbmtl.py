"""DBMTL in float64 numpy: with and without bottom, experts, hidden layers and relation layers."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Set

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import Group, Labels, TaskLabels
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.layers import in_numpy
from tests.tasks import build

ROWS, EXPERTS = 11, 3
X = np.random.default_rng(8).normal(size=[ROWS, 6]).astype(np.float32)

BOTTOM = "bottom_dnn { hidden_units: [9, 7] use_bn: false }"
MIXTURE = f"num_expert: {EXPERTS} expert_dnn {{ hidden_units: [5] use_bn: false }}"
TRUNKS = {"nothing": "", "bottom": BOTTOM, "experts": MIXTURE, "both": f"{BOTTOM} {MIXTURE}"}
RELATIONS: Dict[str, Dict[str, Any]] = {
    "click": {"dnn": True, "relation_dnn": True, "names": []},
    "cart": {"dnn": False, "relation_dnn": False, "names": ["click"]},
    "buy": {"dnn": True, "relation_dnn": True, "names": ["cart", "click"]},
    "return": {"dnn": True, "relation_dnn": False, "names": []},
    "spent": {"dnn": False, "relation_dnn": False, "names": ["return", "buy"]},
}
"""Tower -> which networks it has, and the towers that it names."""


def config(trunk: str, more: str = "") -> ModelConfig:
    towers = ""
    for number, (name, has) in enumerate(RELATIONS.items()):
        dnn = f"dnn {{ hidden_units: [{4 + number}] use_bn: false }}" if has["dnn"] else ""
        relation = "relation_dnn { hidden_units: [3] use_bn: false }" if has["relation_dnn"] else ""
        names = "".join(f' relation_tower_names: "{other}"' for other in has["names"])
        kind = "loss_type: L2_LOSS" if name == "spent" else ""
        towers += (
            f'task_towers {{ tower_name: "{name}" label_name: "{name}" {kind} {dnn} {relation} '
            f"{names} }}\n"
        )
    text = f"""
      model_class: "DBMTL"
      feature_groups {{ group_name: "all" }}
      dbmtl {{ {towers} {TRUNKS[trunk]} {more} }}
    """
    return text_format.Parse(text, ModelConfig())


class Built(NamedTuple):
    served: Dict[str, Any]
    variables: Dict[str, Any]
    moved: Dict[str, Set[str]]
    """Tower -> towers whose variables its answer moves."""


def run(trunk: str) -> Built:
    with tf.Graph().as_default(), v1.Session() as session:
        outputs = build(config(trunk)).outputs({"all": Group(tf.constant(X))}, training=False)
        variables = v1.global_variables()
        moved = {}
        for name, head in outputs.heads.items():
            slopes = tf.gradients(tf.reduce_sum(head.score), variables)
            reached = [v.name for v, slope in zip(variables, slopes) if slope is not None]
            moved[name] = {
                one for one in RELATIONS for v in reached if v.startswith(f"{one}_tower/")
            }
        in_numpy.randomize(session)
        served, values = session.run([dict(outputs.served), {v.name: v for v in variables}])
        return Built(served, values, moved)


def answers(trunk: str, v: Dict[str, Any]) -> Dict[str, Any]:
    """Logit or value of each tower, by the equations."""
    shared = X.astype(np.float64)
    if trunk in ("bottom", "both"):
        shared = in_numpy.network(shared, v, "bottom")
    features: Dict[str, Any] = {}
    found = {}
    for name, has in RELATIONS.items():
        own = shared
        if trunk in ("experts", "both"):
            experts = in_numpy.networks(shared, v, "mixture/experts", EXPERTS)
            own = in_numpy.gated(shared, experts, v, f"mixture/gate_{name}")
        if has["dnn"]:
            own = in_numpy.network(own, v, f"{name}_tower/dnn")
        feature = np.concatenate([own, *(features[other] for other in has["names"])], axis=1)
        if has["relation_dnn"]:
            feature = in_numpy.network(feature, v, f"{name}_tower/relation_dnn")
        features[name] = feature
        found[name] = in_numpy.dense(feature, v, f"{name}_tower/output")[:, 0]
    return found


@pytest.mark.parametrize("trunk", TRUNKS)
def test_answers_are_those_of_the_equations(trunk: str) -> None:
    built = run(trunk)
    for name, expected in answers(trunk, built.variables).items():
        key = f"y_{name}" if name == "spent" else f"logits_{name}"
        assert np.std(expected) > 0.02
        np.testing.assert_allclose(built.served[key], expected, rtol=1e-4, atol=1e-4, err_msg=name)


def test_gates_have_a_bias_as_easyrecs_do() -> None:
    variables = run("experts").variables
    assert variables["mixture/gate_buy/scores/bias:0"].shape == (EXPERTS,)


def test_a_tower_teaches_itself_and_the_towers_that_it_sees() -> None:
    # What `cart` shows is its input and the feature of `click`: it has no hidden layers of its own.
    assert run("both").moved == {
        "click": {"click"},
        "cart": {"click", "cart"},
        "buy": {"click", "buy"},
        "return": {"return"},
        "spent": {"return", "buy", "click", "spent"},
    }


def test_each_tower_has_its_own_loss_and_weight() -> None:
    text = config("both")
    text.dbmtl.task_towers[2].weight = 3.0
    label = np.arange(ROWS) % 2
    with tf.Graph().as_default(), v1.Session() as session:
        model = build(text)
        outputs = model.outputs({"all": Group(tf.constant(X))}, training=False)
        ones = tf.ones([ROWS])
        value = tf.constant(label, tf.float32)
        observed = TaskLabels(value, ones, ones, tf.zeros([ROWS], tf.bool), 0 * ones)
        terms = model.loss_terms(outputs, Labels(dict.fromkeys(RELATIONS, observed), ones))
        in_numpy.randomize(session)
        values, v = session.run(
            [{t.name: t.value for t in terms}, {v.name: v for v in v1.global_variables()}]
        )
    assert [term.weight for term in terms] == [1, 1, 3, 1, 1]
    logits = answers("both", v)
    for name in ("click", "cart", "buy", "return"):
        x = logits[name]
        expected = (np.logaddexp(0, x) - label * x).mean()
        assert values[f"cross_entropy_loss_{name}"] == pytest.approx(expected, rel=1e-4)
    expected = ((logits["spent"] - label) ** 2).mean()
    assert values["l2_loss_spent"] == pytest.approx(expected, rel=1e-4)
