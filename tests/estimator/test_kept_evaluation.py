"""Evaluations of one training share a graph and a session, and are right all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
import tensorflow as tf

from easy_esmm import data, training
from easy_esmm.compat import v1
from easy_esmm.config import Pipeline
from easy_esmm.estimator import kept_evaluation
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.estimator.kept_evaluation import KeptEvaluation
from easy_esmm.evaluation.events import read_scalars
from easy_esmm.observing import Observer
from tests.conformance import table


class Told(Observer):
    """The evaluations of a training."""

    def __init__(self) -> None:
        self.results: Dict[int, Any] = {}

    def on_evaluation(self, step: int, metrics: Any) -> None:
        self.results[step] = dict(metrics)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Tuple[Pipeline, Dict[int, Any], int]:
    """A training with three evaluations: their results by step, and how many graphs they built."""
    pipeline = table.small(
        "esmm", tmp_path_factory.mktemp("kept"), num_steps=6, save_checkpoints_steps=2
    )
    told, built = Told(), [0]
    build = kept_evaluation._EvaluationGraph.__init__

    def count(self: Any, *arguments: Any) -> None:
        built[0] += 1
        build(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_evaluation._EvaluationGraph, "__init__", count)
        training.train(pipeline, observers=[told])
    return pipeline, told.results, built[0]


def checkpoint(pipeline: Pipeline, step: int) -> str:
    return str(Path(pipeline.config.model_dir) / f"model.ckpt-{step}")


def kept(pipeline: Pipeline, name: str) -> KeptEvaluation:
    input_fn = data.input_fn(pipeline.config, "eval")
    return KeptEvaluation(make_estimator(pipeline.config), input_fn, None, name)


def test_evaluations_of_a_training_build_one_graph(trained: Any) -> None:
    _, results, built = trained
    assert sorted(results) == [2, 4, 6]
    assert built == 1


def test_each_evaluation_is_to_the_last_digit_that_of_the_command(trained: Any) -> None:
    pipeline, results, _ = trained
    for step, result in results.items():
        alone = training.evaluate(pipeline, checkpoint_path=checkpoint(pipeline, step))
        alone.pop("global_step")
        assert result == pytest.approx(alone, abs=0, rel=0, nan_ok=True)
    assert results[2]["loss"] != results[4]["loss"] != results[6]["loss"]


def test_tables_are_in_memory_during_an_evaluation_only(trained: Any) -> None:
    pipeline, _, _ = trained
    evaluation = kept(pipeline, "again")
    first = evaluation.evaluate(checkpoint(pipeline, 6))
    graph = evaluation._graph
    assert graph is not None
    assert graph._session is not None
    for variable in graph._graph.get_collection(v1.GraphKeys.GLOBAL_VARIABLES):
        with pytest.raises(tf.errors.FailedPreconditionError):
            graph._session.run(variable)
    again = evaluation.evaluate(checkpoint(pipeline, 6))
    evaluation.close()
    assert again == pytest.approx(first, abs=0, rel=0, nan_ok=True)


def test_events_are_those_of_the_estimator(trained: Any) -> None:
    pipeline, _, _ = trained
    evaluation = kept(pipeline, "kept")
    evaluation.evaluate(checkpoint(pipeline, 4))
    evaluation.close()
    trainer = make_estimator(pipeline.config)
    path = checkpoint(pipeline, 4)
    trainer.evaluate(data.input_fn(pipeline.config, "eval"), checkpoint_path=path, name="estimator")
    found, expected = (
        list(read_scalars(str(Path(pipeline.config.model_dir) / name)))
        for name in ("eval_kept", "eval_estimator")
    )
    assert [step for step, _ in found] == [step for step, _ in expected] == [4]
    assert found[0][1] == pytest.approx(expected[0][1], abs=0, rel=0, nan_ok=True)


def test_files_that_have_changed_and_failures_are_no_end(trained: Any, tmp_path: Path) -> None:
    pipeline, results, _ = trained
    lines = Path(pipeline.config.eval_input_path).read_text().splitlines(keepends=True)
    path = tmp_path / "eval.csv"
    path.write_text("".join(lines))
    input_fn = data.input_fn(pipeline.config, "eval", str(path))
    evaluation = KeptEvaluation(make_estimator(pipeline.config), input_fn, None, "changed")
    rows: List[int] = []
    for text in (lines, lines[:-3], [*lines, "broken\n"], lines):
        path.write_text("".join(text))
        try:
            result = evaluation.evaluate(checkpoint(pipeline, 2))
        except tf.errors.OpError:
            rows.append(-1)
        else:
            rows.append(int(result["count/impressions"]))
    evaluation.close()
    whole = int(results[2]["count/impressions"])
    assert rows == [whole, whole - 3, -1, whole]
