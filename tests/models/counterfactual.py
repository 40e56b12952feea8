"""What the tests of the counterfactual models have in common: rows, and a model on logits."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Tuple

import numpy as np
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.config.models import MODELS
from easy_esmm.contract import Group, Labels
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.tasks import build, family_labels, outputs_of

TOWERS = """
  ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [4] use_bn: false } }
  cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [3] use_bn: false } }
"""


class Rows(NamedTuple):
    """float64 arrays, [rows] each."""

    click: Any
    conversion: Any
    weight: Any
    a: Any
    """CTR logit."""
    b: Any
    """CVR logit."""
    other: Any
    """Logit of the model's own head."""


class Result(NamedTuple):
    values: Dict[str, float]
    weights: Dict[str, float]
    total: float
    gradients: Tuple[Any, Any, Any]
    """Of the total, by the logits a, b and of the own head."""


def config(model_class: str, parameters: str = "", model: str = "") -> ModelConfig:
    text = f"""
      model_class: "{model_class}"
      feature_groups {{ group_name: "user" }}
      feature_groups {{ group_name: "item" }}
      {MODELS[model_class]} {{ {TOWERS} {parameters} }}
      {model}
    """
    return text_format.Merge(text, ModelConfig())


def rows(seed: int = 1, size: int = 40, reach: float = 3.0) -> Rows:
    random = np.random.default_rng(seed)
    click = (random.random(size) < 0.5).astype(np.float64)
    logits = random.uniform(-reach, reach, [3, size]).astype(np.float32).astype(np.float64)
    conversion = click * (random.random(size) < 0.4)
    return Rows(click, conversion, random.choice([0.5, 1.0, 2.0], size), *logits)


def softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def sigmoid(x: Any) -> Any:
    return np.exp(-softplus(-x))


def entropy(label: Any, logit: Any) -> Any:
    return label * softplus(-logit) + (1 - label) * softplus(logit)


def slope(label: Any, logit: Any) -> Any:
    """Derivative of `entropy` by the logit."""
    return sigmoid(logit) * (1 - label) - sigmoid(-logit) * label


def labels_of(r: Rows) -> Labels:
    return family_labels(r.click, r.conversion, ctr_loss_weight=r.weight, cvr_loss_weight=r.weight)


Auxiliary = Callable[[Any], Dict[str, Any]]
"""Of the logit of the model's own head: the auxiliary outputs."""


def losses_of(model_config: ModelConfig, r: Rows, auxiliary: Auxiliary) -> Result:
    """The model's loss terms on given logits, in graph mode."""
    none = tf.UnconnectedGradients.ZERO
    with tf.Graph().as_default(), v1.Session() as session:
        a, b, other = (tf.constant(x, tf.float32) for x in r[3:])
        model = build(model_config)
        outputs = outputs_of(model, {"ctr": a, "cvr": b}, **auxiliary(other))
        terms = model.loss_terms(outputs, labels_of(r))
        total = tf.add_n([term.weight * term.value for term in terms])
        gradients = tf.gradients(total, [a, b, other], unconnected_gradients=none)
        values = {term.name: term.value for term in terms}
        weights = {term.name: tf.constant(1.0) * term.weight for term in terms}
        return Result(*session.run((values, weights, total, tuple(gradients))))


def plain(_: Any) -> Dict[str, Any]:
    """ESMM's: none."""
    return {}


class Built(NamedTuple):
    served: Dict[str, Any]
    variables: Dict[str, Any]
    regularization: float
    moved: Dict[str, Dict[str, Any]]
    """Loss term -> variable -> its gradient; variables that it does not reach are left out."""


def built(model_config: ModelConfig, r: Rows, groups: Dict[str, Any]) -> Built:
    """The model with its first weights on features [rows, width] of each group."""
    with tf.Graph().as_default(), v1.Session() as session:
        model = build(model_config)
        tensors = {name: Group(tf.constant(value, tf.float32)) for name, value in groups.items()}
        outputs = model.outputs(tensors, training=False)
        terms = model.loss_terms(outputs, labels_of(r))
        variables = v1.trainable_variables()
        moved = {}
        for term in terms:
            slopes = tf.gradients(term.value, variables)
            moved[term.name] = {v.op.name: s for v, s in zip(variables, slopes) if s is not None}
        session.run(v1.global_variables_initializer())
        by_name = {variable.op.name: variable for variable in variables}
        parts = (outputs.served, by_name, model.regularization(), moved)
        return Built(*session.run(parts))
