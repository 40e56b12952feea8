"""A process that trains again and again, as a search for settings does, does not grow."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Dict

import tensorflow as tf

from easy_esmm import training
from easy_esmm.compat import keras
from tests.conformance import table


def live_graphs() -> Dict[int, int]:
    """The number of operations of each graph that something holds."""
    keras.backend.clear_session()  # makes two graphs anew, of 0 and 2 operations
    gc.collect()
    graphs = [found for found in gc.get_objects() if isinstance(found, tf.Graph)]
    return {id(graph): len(graph.get_operations()) for graph in graphs}


def test_training_evaluation_export_and_prediction_leave_no_graph(tmp_path: Path) -> None:
    pipeline = table.small("esmm", tmp_path, num_steps=2, save_checkpoints_steps=2)
    before = live_graphs()
    assert training.train(pipeline).saved_model is not None
    assert len(list(training.predict(pipeline, pipeline.config.eval_input_path))) > 0
    left = {key: size for key, size in live_graphs().items() if key not in before and size > 2}
    assert left == {}
