"""What TensorBoard shows of attentions."""

from __future__ import annotations

import re
from typing import List

import pytest
import tensorflow as tf

from easy_esmm import config as configs
from easy_esmm.compat import estimator, v1
from easy_esmm.config import Edit
from easy_esmm.contract import LabelColumn
from easy_esmm.estimator.model_fn import make_model_fn
from easy_esmm.serving.signature import receive_columns
from tests.conformance.table import SAMPLES


def tags(value: str) -> List[str]:
    """Tags of the summaries of attentions in the training graph of the sample."""
    path = "model_config.feature_groups[0].sequence_features[0].tf_summary"
    edit = Edit("test", path, value, is_text=True)
    config = configs.load(str(SAMPLES / "esmm_sequences.config"), [edit]).config
    with tf.Graph().as_default() as graph:
        v1.train.create_global_step()
        label = LabelColumn(tf.zeros([4]), tf.zeros([4], tf.bool))
        labels = {"click": label, "buy": label}
        make_model_fn(config)(receive_columns(config), labels, estimator.ModeKeys.TRAIN)
        names = [op.name for op in graph.get_operations() if op.type == "HistogramSummary"]
    return [name for name in names if re.match("attention_weights/", name)]


@pytest.mark.parametrize(
    ("value", "shown"), [("true", ["attention_weights/all/clicks"]), ("false", [])]
)
def test_weights_of_an_attention_are_shown_if_tf_summary_is_set(
    value: str, shown: List[str]
) -> None:
    assert tags(value) == shown
