"""Executes one run: trains, evaluates and writes the result."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import sys
import time
from typing import Dict, Iterator

from easy_esmm import training
from easy_esmm.comparing.configs import load_run
from easy_esmm.comparing.measures import metric_suffixes
from easy_esmm.comparing.runs import Result, Run, write_result
from easy_esmm.compat import keras, v1
from easy_esmm.estimator.evaluate import gradient_cosine


def execute(run: Run, is_quiet: bool = True) -> Result:
    """Trains, evaluates and writes the result; what an interrupted run left is removed first.

    Args:
      run: what to do.
      is_quiet: whether to hide the progress of training and evaluation.

    Raises:
      UserError: as `training.train` and `training.evaluate`.
    """
    start = time.monotonic()
    unevaluated, pipeline = load_run(run.path, run.edits)
    shutil.rmtree(run.model_dir, ignore_errors=True)
    with _screen(is_quiet), _clean_process():
        trained = training.train(unevaluated)
        metrics: Dict[str, float] = training.evaluate(
            pipeline, truth_path=run.truth, common_pctr_path=run.common_pctr
        )
        if run.gradient_batches:
            metrics["gradient_cosine"] = gradient_cosine(pipeline, run.gradient_batches)
    result = Result(
        name=run.name,
        seed=run.seed,
        suffixes=metric_suffixes(pipeline.tasks),
        metrics=metrics,
        seconds=time.monotonic() - start,
        examples=trained.examples,
        training_seconds=trained.seconds,
    )
    write_result(run, result)
    if not run.keep_model:
        shutil.rmtree(run.model_dir)
    return result


@contextlib.contextmanager
def _clean_process() -> Iterator[None]:
    """Leaves nothing of a run behind for the next: graphs, names of layers, open event files."""
    try:
        yield
    finally:
        v1.summary.FileWriterCache.clear()
        keras.backend.clear_session()
        # Graphs and what they hold refer to each other: only the collector frees them.
        gc.collect()


@contextlib.contextmanager
def _screen(is_quiet: bool) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        if is_quiet:
            nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
            stack.enter_context(contextlib.redirect_stderr(nowhere))
        yield
        sys.stderr.flush()
