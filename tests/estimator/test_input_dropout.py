"""Variational dropout in a model: its penalty, its names, and nothing where it is not asked for."""

from __future__ import annotations

from typing import Dict

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import Group
from easy_esmm.estimator.input_dropout import InputDropout
from easy_esmm.protos.model_pb2 import ModelConfig

GROUPS = """
  feature_groups { group_name: "user" feature_names: ["age", "city"] }
  feature_groups { group_name: "item" feature_names: "item" }
"""
WIDTHS = {"user": {"age": 1, "city": 3}, "item": {"item": 2}}
ROWS = 4


def groups() -> Dict[str, Group]:
    """Matrices of ones."""
    return {
        name: Group(tf.ones([ROWS, sum(widths.values())]), widths)
        for name, widths in WIDTHS.items()
    }


@pytest.mark.parametrize(("by_column", "rates"), [("false", 3), ("true", 6)])
@pytest.mark.parametrize("reduction", ["MEAN", "SUM"])
def test_penalty_is_lambda_times_the_expected_number_kept(
    by_column: str, rates: int, reduction: str
) -> None:
    text = f"""{GROUPS} loss_reduction: {reduction} variational_dropout {{
      regularization_lambda: 0.8 embedding_wise_variational_dropout: {by_column} }}"""
    with tf.Graph().as_default(), v1.Session() as session:
        dropout = InputDropout(text_format.Parse(text, ModelConfig()))
        applied = {n: group.matrix for n, group in dropout.apply(groups(), training=False).items()}
        variables = v1.trainable_variables()
        penalty = dropout.penalty(tf.zeros([ROWS]))
        gradients = tf.gradients(penalty, variables)
        session.run(v1.global_variables_initializer())
        result = session.run([applied, penalty, gradients, dropout.keep_probabilities()])
    applied, penalty, gradients, keep = result
    assert sorted(v.op.name for v in variables) == [
        "variational_dropout_item/drop_logit",
        "variational_dropout_user/drop_logit",
    ]
    assert penalty == pytest.approx(0.8 * rates * 0.5 / ROWS)
    # d keep / d drop_logit = -1/4 at a rate of one half: the penalty pushes towards dropping.
    for gradient in gradients:
        np.testing.assert_allclose(gradient, np.full(gradient.shape, -0.2 / ROWS), rtol=1e-6)
    np.testing.assert_array_equal(applied["user"], np.full([ROWS, 4], 0.5))
    assert keep == {"user/age": 0.5, "user/city": 0.5, "item/item": 0.5}


def test_without_it_inputs_stay_the_same_tensors() -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        given = groups()
        dropout = InputDropout(text_format.Parse(GROUPS, ModelConfig()))
        assert dropout.apply(given, training=True) is given
        assert session.run(dropout.penalty(tf.zeros([ROWS]))) == 0.0
        assert not dropout.keep_probabilities()
        assert not v1.global_variables()
