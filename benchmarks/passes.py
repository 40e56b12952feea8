"""Passes over files without training: reading alone, evaluation, scores, and scores to a file.

A pass has a fixed cost, the graph and the checkpoint, of seconds that vary by one; so a pass over
one file is taken off one over all files and copies of them, and the rest divided by the rows
between.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Callable, Dict

import tensorflow as tf

from benchmarks.clock import cpu_us
from benchmarks.simulated_files import FILES
from easy_esmm import config as configs
from easy_esmm import data, training
from easy_esmm.compat import v1
from easy_esmm.config import Edit, Pipeline

_COPIES = 5
"""Of each file, in the long pass: 1 M rows of the usual 200,000."""


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
    one = f"{folder}/impressions-eval-0.parquet"
    many = f"{_copied(folder)}/impressions-*.parquet"
    rows = _COPIES * eval_rows - eval_rows // FILES["eval"]

    def evaluate(files: str) -> None:
        training.evaluate(configs.load(path, [Edit("eval", "eval_input_path", files, True)]))

    def predict(files: str) -> None:
        for _ in training.predict(configs.load(path), files):
            pass

    def write(files: str) -> None:
        training.score(configs.load(path), files, str(folder / "scores.parquet"))

    return {
        name: (_cpu_us(run, many) - _cpu_us(run, one)) / rows
        for name, run in (("evaluation", evaluate), ("scores", predict), ("scores_to_file", write))
    }


def _copied(folder: Path) -> Path:
    """A folder with each evaluation file, and its users' file, under several names."""
    copies = folder / "copies"
    copies.mkdir(exist_ok=True)
    for path in folder.glob("*-eval-*.parquet"):
        for number in range(_COPIES):
            copy = copies / f"{path.stem}{number}.parquet"
            if not copy.exists():
                shutil.copyfile(path, copy)
    return copies


def _cpu_us(run: Callable[[str], None], files: str) -> float:
    return cpu_us(lambda: run(files), 1)
