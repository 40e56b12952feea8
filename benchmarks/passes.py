"""Passes over files without training: reading alone, evaluation, scores, and scores to a file.

A pass has a fixed cost, the graph and the checkpoint; so a pass over one file is taken off one over
all files, and the rest divided by the rows between.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable, Dict

import tensorflow as tf

from benchmarks.simulated_files import FILES
from easy_esmm import config as configs
from easy_esmm import data, training
from easy_esmm.compat import v1
from easy_esmm.config import Edit, Pipeline

_ONE = "eval-0"
_ALL = "eval-*"


def reading_us(pipeline: Pipeline, steps: int) -> float:
    """CPU microseconds a row of the training input alone, after a warm-up as long."""
    batch = pipeline.config.data_config.batch_size
    with tf.Graph().as_default(), v1.Session() as session:
        iterator = v1.data.make_initializable_iterator(data.input_fn(pipeline.config, "train")())
        step = tf.group(*tf.nest.flatten(iterator.get_next(), expand_composites=True))
        session.run(iterator.initializer)
        start = 0.0
        for number in range(2 * steps):
            if number == steps:
                start = time.process_time()
            session.run(step)
        return 1e6 * (time.process_time() - start) / (steps * batch)


def measure(path: str, folder: Path, eval_rows: int) -> Dict[str, float]:
    """CPU microseconds a row of each pass over the newest checkpoint, by the pass's name."""

    def evaluate(files: str) -> None:
        training.evaluate(configs.load(path, [Edit("eval", "eval_input_path", files, True)]))

    def predict(files: str) -> None:
        for _ in training.predict(configs.load(path), files):
            pass

    def write(files: str) -> None:
        training.score(configs.load(path), files, str(folder / "scores.parquet"))

    return {
        "evaluation": _per_row(evaluate, folder, eval_rows),
        "scores": _per_row(predict, folder, eval_rows),
        "scores_to_file": _per_row(write, folder, eval_rows),
    }


def _per_row(run: Callable[[str], None], folder: Path, eval_rows: int) -> float:
    seconds = []
    for files in (_ONE, _ALL):
        start = time.process_time()
        run(f"{folder}/impressions-{files}.parquet")
        seconds.append(time.process_time() - start)
    rows = eval_rows - eval_rows // FILES["eval"]
    return 1e6 * (seconds[1] - seconds[0]) / rows
