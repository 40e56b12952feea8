"""Evaluates checkpoint after checkpoint in one graph and one session.

In the place of `tf.estimator.Estimator.evaluate`, which builds the graph and prepares a session for
each checkpoint: of W1 that takes 2.5 s of CPU, however few rows there are.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence

import numpy as np
import tensorflow as tf

from easy_esmm.compat import estimator, v1
from easy_esmm.data.inputs import InputFn


class KeptEvaluation:
    """The evaluation of one input; its tables are in memory while it runs, and not in between."""

    def __init__(self, trainer: Any, input_fn: InputFn, steps: Optional[int], name: str) -> None:
        """Arguments as those of an Estimator's `evaluate`; `trainer` is the Estimator."""
        self._trainer, self._input_fn = trainer, input_fn
        self._steps, self._name = steps, name
        self._graph: Optional[_EvaluationGraph] = None
        self._files: Any = None

    def evaluate(self, checkpoint: str, hooks: Sequence[Any] = ()) -> Dict[str, Any]:
        """The metrics of a checkpoint, by name, and its `global_step`; also leaves TensorBoard's.

        The graph is built anew where a file of the input has changed, and after a failure.
        """
        files = self._input_fn.stamp()
        if self._graph is None or self._files != files:
            self.close()
            self._graph, self._files = _EvaluationGraph(self._trainer, self._input_fn), files
        try:
            result = self._graph.run(checkpoint, self._steps, hooks)
        except BaseException:
            self.close()
            raise
        _write_events(self._trainer.eval_dir(self._name), result, checkpoint)
        return result

    def close(self) -> None:
        """Closes the session; the next evaluation opens another one."""
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.close()


class _EvaluationGraph:
    """The graph of an evaluation, built as the Estimator builds it, and its session."""

    def __init__(self, trainer: Any, input_fn: InputFn) -> None:
        run_config = trainer.config
        with tf.Graph().as_default() as self._graph:
            v1.set_random_seed(run_config.tf_random_seed)
            step = v1.train.get_or_create_global_step()
            with tf.device("/cpu:0"):
                self._input = v1.data.make_initializable_iterator(input_fn())
                columns, labels = self._input.get_next()
            spec = trainer.model_fn(columns, labels, estimator.ModeKeys.EVAL, run_config)
            metrics = {**spec.eval_metric_ops, "loss": v1.metrics.mean(spec.loss)}
            self._update = tf.group(*(update for _, (_, update) in sorted(metrics.items())))
            values = {name: value for name, (value, _) in sorted(metrics.items())}
            self._values = {**values, v1.GraphKeys.GLOBAL_STEP: step}
            variables = v1.global_variables()
            # (A variable comes back with the next checkpoint that is restored.)
            self._release = tf.group(
                *(tf.raw_ops.DestroyResourceOp(resource=v.handle) for v in variables)
            )
        self._hooks, self._scaffold = spec.evaluation_hooks, spec.scaffold
        self._options = run_config.session_config
        self._session: Optional[_KeptSession] = None

    def run(self, checkpoint: str, steps: Optional[int], hooks: Sequence[Any]) -> Dict[str, Any]:
        """The values of all metrics over the input, or over so many batches of it."""
        last = v1.train.FinalOpsHook(self._values)
        creator = _Restored(lambda: self._restored(checkpoint))
        done = 0
        with self._graph.as_default():
            with v1.train.MonitoredSession(creator, [*hooks, *self._hooks, last]) as session:
                while done != steps and not session.should_stop():
                    session.run(self._update)
                    done += 1
            if self._session is not None:
                self._session.run(self._release)
        result: Dict[str, Any] = last.final_ops_values
        return result

    def close(self) -> None:
        """Closes the session."""
        if self._session is not None:
            self._session.close_at_last()

    def _restored(self, checkpoint: str) -> v1.Session:
        """The session, with the variables of the checkpoint, metrics at 0 and the input ahead."""
        if self._session is None:
            self._scaffold.finalize()
            self._graph.finalize()
            self._session = _KeptSession(graph=self._graph, config=self._options)
        self._scaffold.saver.restore(self._session, checkpoint)
        self._session.run([self._scaffold.local_init_op, self._input.initializer])
        return self._session


class _Restored(v1.train.SessionCreator):  # type: ignore[misc]
    """Hands a MonitoredSession the session of `create`."""

    def __init__(self, create: Any) -> None:
        self._create = create

    def create_session(self) -> v1.Session:
        return self._create()


class _KeptSession(v1.Session):  # type: ignore[misc]
    """A session that stays open when the MonitoredSession around it is closed."""

    def close(self) -> None:
        pass

    def close_at_last(self) -> None:
        super().close()


def _write_events(folder: str, result: Dict[str, Any], checkpoint: str) -> None:
    """Leaves the events for TensorBoard that an Estimator leaves."""
    scalars = {name: value for name, value in result.items() if name != v1.GraphKeys.GLOBAL_STEP}
    summary = v1.Summary(
        value=[v1.Summary.Value(tag=name, simple_value=value) for name, value in scalars.items()]
    )
    path = tf.make_tensor_proto(checkpoint, tf.string)
    with tf.Graph().as_default():  # the writer refuses to be made in eager mode
        writer = v1.summary.FileWriterCache.get(folder)
    step = int(np.asarray(result[v1.GraphKeys.GLOBAL_STEP]))
    writer.add_summary(summary, step)
    writer.add_summary(v1.Summary(value=[{"tag": "checkpoint_path", "tensor": path}]), step)
    writer.flush()
