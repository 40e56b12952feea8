"""Models with another trunk below ESMM's towers: forward passes in float64 numpy, gradients, terms.

All variables are random, biases too, so that a swapped gate or a wrong order of experts shows.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Set, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import Group, Tensor
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.layers import in_numpy
from tests.tasks import build, family_labels

ROWS = 12
RANDOM = np.random.default_rng(0)
USER, ITEM = (RANDOM.normal(size=[ROWS, width]).astype(np.float32) for width in (8, 3))

TRUNKS = {
    "ESMM_MMoE": "num_expert: 3 expert_dnn { hidden_units: [9, 8] use_bn: false }",
    "ESMM_PLE": """
      extraction_networks {
        expert_num_per_task: 2 share_num: 1
        task_expert_net { hidden_units: [9, 8] use_bn: false }
        share_expert_net { hidden_units: [8] use_bn: false }
      }
      extraction_networks {
        expert_num_per_task: 1 share_num: 2
        task_expert_net { hidden_units: [7] use_bn: false }
        share_expert_net { hidden_units: [7] use_bn: false }
      }
    """,
    "ESMM_AITM": "",
}
CTR_DNN, CVR_DNN = "hidden_units: [9, 8] use_bn: false", "hidden_units: [7] use_bn: false"
GROUPS = """
  groups { input: "user" dnn { hidden_units: [8] use_bn: false } }
  groups { input: "item" dnn { hidden_units: [0] } }
"""


def config(name: str, parameters: str = "", with_groups: bool = False) -> ModelConfig:
    """A small model; of two feature groups with a network for the first, or of one."""
    items = 'feature_groups { group_name: "item" }' if with_groups else ""
    text = f"""
      model_class: "{name}"
      feature_groups {{ group_name: "user" }}
      {items}
      {name.lower()} {{
        ctr_tower {{ tower_name: "ctr" label_name: "click" dnn {{ {CTR_DNN} }} }}
        cvr_tower {{ tower_name: "cvr" label_name: "buy" dnn {{ {CVR_DNN} }} }}
        {GROUPS if with_groups else ""} {TRUNKS[name]} {parameters}
      }}
    """
    return text_format.Merge(text, ModelConfig())


class Built:
    """A model in a graph and a session, with random variables."""

    def __init__(self, model_config: ModelConfig) -> None:
        with tf.Graph().as_default() as self.graph:
            self.model = build(model_config)
            groups = {"user": Group(tf.constant(USER))}
            if len(model_config.feature_groups) > 1:
                groups["item"] = Group(tf.constant(ITEM))
            self.outputs = self.model.outputs(groups, training=False)
            self.variables = v1.global_variables()
            self._session = v1.Session()
            in_numpy.randomize(self._session)

    def run(self, fetches: Callable[[], Any]) -> Any:
        with self.graph.as_default():
            return self._session.run(fetches())

    def values(self) -> Dict[str, np.ndarray]:
        names = {variable.name: variable for variable in self.variables}
        return self.run(lambda: names)

    def moved_by(self, output: Callable[[], Tensor]) -> Set[str]:
        """Variables with a gradient of a weighted sum of `output`."""
        weight = np.random.default_rng(2).normal(size=ROWS)
        zero = tf.UnconnectedGradients.ZERO
        sizes = self.run(
            lambda: [
                tf.reduce_max(tf.abs(gradient))
                for gradient in tf.gradients(
                    tf.reduce_sum(output() * weight), self.variables, unconnected_gradients=zero
                )
            ]
        )
        return {v.name for v, size in zip(self.variables, sizes) if size > 0}


def logits(name: str, x: np.ndarray, v: Dict[str, Any]) -> Tuple[np.ndarray, np.ndarray]:
    """Logits of CTR and CVR, in float64, from what is below the trunk."""
    ctr_input, cvr_input = x, x
    if name == "ESMM_MMoE":
        ctr_input, cvr_input = in_numpy.mixture(x, v, "mixture", 3)
    if name == "ESMM_PLE":
        ctr_input, cvr_input = in_numpy.extraction(x, v, "extraction", [(2, 1), (1, 2)])
    ctr = in_numpy.network(ctr_input, v, "ctr_tower/dnn")
    cvr = in_numpy.network(cvr_input, v, "cvr_tower/dnn")
    if name == "ESMM_AITM":
        cvr = in_numpy.transfer(cvr, ctr, v, "cvr_tower/transfer")
    a, b = in_numpy.dense(ctr, v, "ctr_tower/output"), in_numpy.dense(cvr, v, "cvr_tower/output")
    return a[:, 0], b[:, 0]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("with_groups", [False, True])
@pytest.mark.parametrize("name", TRUNKS)
def test_predictions_are_those_of_the_papers_equations(name: str, with_groups: bool) -> None:
    built = Built(config(name, with_groups=with_groups))
    v, x = built.values(), USER
    if with_groups:
        x = np.concatenate([in_numpy.network(USER, v, "group_user"), ITEM], axis=1)
    a, b = logits(name, x, v)
    ctr, cvr, product = (built.outputs.heads[task] for task in ("ctr", "cvr", "ctcvr"))
    actual = built.run(
        lambda: [ctr.logit, cvr.logit, ctr.prediction, cvr.prediction, product.prediction]
    )
    expected = [a, b, sigmoid(a), sigmoid(b), sigmoid(a) * sigmoid(b)]
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)
    assert np.std(a) > 0.1
    assert np.std(b) > 0.1


@pytest.mark.parametrize("name", TRUNKS)
def test_a_value_tower_stands_on_the_trunk_too(name: str) -> None:
    built = Built(config(name, "cvr_tower { loss_type: L2_LOSS }"))
    a, b = logits(name, USER, built.values())
    ctr, cvr, product = (built.outputs.heads[task] for task in ("ctr", "cvr", "ctcvr"))
    actual = built.run(lambda: [ctr.logit, cvr.prediction, product.prediction])
    np.testing.assert_allclose(actual, [a, b, sigmoid(a) * b], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", TRUNKS)
def test_the_penalty_is_half_the_squares_of_every_matrix_of_trunk_and_towers(name: str) -> None:
    built = Built(config(name, "l2_regularization: 0.5", with_groups=True))
    squares = [
        np.sum(value.astype(np.float64) ** 2)
        for variable, value in built.values().items()
        if variable.endswith("/kernel:0")
    ]
    assert built.run(built.model.regularization) == pytest.approx(0.25 * sum(squares), rel=1e-5)


@pytest.mark.parametrize("name", TRUNKS)
def test_the_losses_are_esmms_and_the_click_masked_one(name: str) -> None:
    built = Built(config(name, "click_masked_cvr_weight: 0.5"))
    y = np.array([1, 0] * (ROWS // 2))
    z = y * ([1] * 6 + [0] * 6)
    with built.graph.as_default():
        terms = built.model.loss_terms(built.outputs, family_labels(y, z))
    values = built.run(lambda: [term.value for term in terms])
    a, b = logits(name, USER, built.values())
    p, r = sigmoid(a), sigmoid(b)
    expected = {
        "weighted_cross_entropy_loss_ctr": (1, entropy(y, p).mean()),
        "weighted_cross_entropy_loss_cvr": (1, entropy(z, p * r).mean()),
        "click_masked_cross_entropy_loss_cvr": (0.5, entropy(z, r)[y > 0].mean()),
    }
    assert [term.name for term in terms] == list(expected)
    for term, value in zip(terms, values):
        weight, loss = expected[term.name]
        assert term.weight == weight
        assert value == pytest.approx(loss, rel=1e-4)


def entropy(label: np.ndarray, q: np.ndarray) -> np.ndarray:
    return -np.where(label > 0, np.log(q), np.log(1 - q))


def of_cvr(built: Built) -> Set[str]:
    return built.moved_by(lambda: built.outputs.heads["cvr"].logit)


def test_the_cvr_logit_teaches_the_ctr_tower_through_what_is_handed_over_unless_stopped() -> None:
    hidden = {f"ctr_tower/dnn/dense_{i}/{part}:0" for i in (0, 1) for part in ("kernel", "bias")}
    moved, stopped = (
        of_cvr(Built(config("ESMM_AITM"))),
        Built(config("ESMM_AITM", "stop_gradient: true")),
    )
    assert {name for name in moved if name.startswith("ctr_tower/")} == hidden
    assert of_cvr(stopped) == moved - hidden
    # What is handed over is the same; only the gradient is not.
    _, b = logits("ESMM_AITM", USER, stopped.values())
    actual = stopped.run(lambda: stopped.outputs.heads["cvr"].logit)
    np.testing.assert_allclose(actual, b, rtol=1e-4, atol=1e-4)


UNSEEN = {
    "ESMM_MMoE": {"mixture/gate_ctr/scores/kernel:0"},
    "ESMM_PLE": {
        "extraction/level_0/gate_ctr/scores/kernel:0",
        "extraction/level_1/experts_ctr/expert_0/dense_0/bias:0",
        "extraction/level_1/experts_ctr/expert_0/dense_0/kernel:0",
        "extraction/level_1/gate_ctr/scores/kernel:0",
    },
}
"""What the CVR tower does not see of the trunk. PLE's shared gate brings in the CTR's experts."""


@pytest.mark.parametrize("name", UNSEEN)
def test_the_cvr_logit_moves_every_expert_that_it_can_see(name: str) -> None:
    built = Built(config(name))
    below = {v.name for v in built.variables if not v.name.startswith("ctr_tower/")}
    assert below - of_cvr(built) == UNSEEN[name]
