"""Numbers of a training for Prometheus: a file for its textfile collector, or a port."""

from __future__ import annotations

import time
from typing import Any, List, Mapping, Optional

from easy_esmm.errors import UserError
from easy_esmm.observing.observer import FAILED, FINISHED, STOPPED, End, Observer, Progress

_RUNNING = "running"
_STATES = ("starting", _RUNNING, FINISHED, STOPPED, FAILED)


class Prometheus(Observer):
    """Keeps gauges and counters of a training; needs the package prometheus_client.

    The file is written anew, whole, at each event. The port answers on all interfaces until the
    training ends.
    """

    def __init__(self, file: str = "", port: int = 0) -> None:
        """Writes the file, or opens the port, at once, so that a place that is not there shows.

        Args:
          file: to write, ending in `.prom`; empty: none.
          port: to answer at; 0: none.

        Raises:
          UserError: the package is not there, the file cannot be written, or the port is taken.
        """
        self._client = _client()
        self.registry = self._client.CollectorRegistry()
        self._step = self._gauge("step", "Global step of the last log line")
        self._loss = self._gauge("loss", "Loss of the batch at the last log line")
        self._rate = self._gauge("examples_per_second", "Rows trained on a second")
        self._examples = self._client.Counter(
            "easy_esmm_examples", "Rows trained on in this run", registry=self.registry
        )
        self._skipped = self._gauge("rows_skipped", "Rows that ignore_error skipped in this run")
        self._checkpoint = self._gauge("checkpoint_step", "Global step of the newest checkpoint")
        self._saved = self._gauge(
            "checkpoint_time_seconds", "When the newest checkpoint was saved, in Unix time"
        )
        self._evaluated = self._gauge("evaluation_step", "Global step of the last evaluation")
        self._metric = self._gauge("evaluation", "Metrics of the last evaluation", ["metric"])
        self._status = self._client.Enum(
            "easy_esmm_status", "Of the training", states=_STATES, registry=self.registry
        )
        self._file = file
        if file:
            self._require_file(file)
        self._server = self._open(port) if port else None

    def on_start(self, step: int, manifest: str) -> None:
        self._step.set(step)
        self._status.state(_RUNNING)
        self._write()

    def on_progress(self, progress: Progress) -> None:
        self._step.set(progress.step)
        self._loss.set(progress.loss)
        self._rate.set(progress.examples_per_second)
        self._count(progress.examples, progress.rows_skipped)
        self._write()

    def on_checkpoint(self, step: int) -> None:
        self._checkpoint.set(step)
        self._saved.set(time.time())
        self._write()

    def on_evaluation(self, step: int, metrics: Mapping[str, float]) -> None:
        self._evaluated.set(step)
        for name, value in metrics.items():
            self._metric.labels(name).set(value)
        self._write()

    def on_end(self, end: End) -> None:
        if end.status == FINISHED:
            self._step.set(end.step)
        self._count(end.examples, end.rows_skipped)
        self._status.state(end.status)
        try:
            self._write()
        finally:
            self.close()

    def close(self) -> None:
        """Closes the port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _gauge(self, name: str, text: str, labels: Optional[List[str]] = None) -> Any:
        return self._client.Gauge(f"easy_esmm_{name}", text, labels or (), registry=self.registry)

    def _count(self, examples: int, rows_skipped: int) -> None:
        counted = self.registry.get_sample_value("easy_esmm_examples_total") or 0
        self._examples.inc(examples - counted)
        self._skipped.set(rows_skipped)

    def _write(self) -> None:
        if self._file:
            self._client.write_to_textfile(self._file, self.registry)

    def _require_file(self, file: str) -> None:
        if not file.endswith(".prom"):
            raise UserError(
                f"--prometheus_file: must end in .prom, which the textfile collector reads, got "
                f"{file}"
            )
        try:
            self._write()
        except OSError as error:
            raise UserError(
                f"--prometheus_file: {file} cannot be written: {error.strerror}"
            ) from error

    def _open(self, port: int) -> Any:
        try:
            return self._client.start_http_server(port, registry=self.registry)[0]
        except (OSError, OverflowError) as error:
            raise UserError(
                f"--prometheus_port: {port} cannot be opened: {error}; give another"
            ) from error


def _client() -> Any:
    try:
        import prometheus_client  # noqa: PLC0415 - an extra
    except ImportError:
        raise UserError(
            "--prometheus_file and --prometheus_port need the package prometheus_client: "
            "pip install 'easy_esmm[prometheus]'"
        ) from None
    return prometheus_client
