"""Golden variable names: a renamed variable makes every checkpoint of every user unreadable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, List

import pytest
import tensorflow as tf

from easy_esmm import config as configs
from easy_esmm.compat import estimator, v1
from easy_esmm.data.fields import needed_fields
from easy_esmm.serving.signature import serving_input_receiver_fn
from easy_esmm.training.model_fn import make_model_fn
from tests.conformance import table

GOLDEN = Path(__file__).with_name("variable_names.json")


def variables(sample: str) -> Dict[str, List[int]]:
    """Name -> shape of every variable of the sample's training, optimizer slots included."""
    config = configs.load(str(table.SAMPLES / f"{sample}.config")).config
    with tf.Graph().as_default():
        v1.train.create_global_step()
        receiver = serving_input_receiver_fn(config, "pipeline.config")()
        fields = needed_fields(config, with_labels=True)
        names = [column.name for column in fields.labels]
        names += [fields.weight.name] if fields.weight else []
        labels = {name: v1.placeholder(tf.float32, [None]) for name in names}
        make_model_fn(config)(receiver.features, labels, estimator.ModeKeys.TRAIN)
        return {v.op.name: v.shape.as_list() for v in v1.global_variables()}


@pytest.mark.parametrize("sample", table.NAMES)
def test_names_and_shapes_are_those_of_earlier_checkpoints(sample: str) -> None:
    golden = json.loads(GOLDEN.read_text())
    assert sample in golden, f"add to {GOLDEN.name}: {json.dumps({sample: variables(sample)})}"
    assert variables(sample) == golden[sample]
