"""Hooks that show the progress of training and evaluation."""

from __future__ import annotations

import time
from typing import Any, Callable, List, Optional

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.observing import Observers, Progress
from easy_esmm.progress import ProgressLine, duration
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


class TrainProgress:
    """Shows a training: step, loss, examples a second and time left; and counts it.

    Examples a second also go to TensorBoard. Checkpoints and evaluations are left out of the rate.
    """

    def __init__(
        self,
        config: PipelineConfig,
        line: Optional[ProgressLine] = None,
        last_step: Optional[int] = None,
        trainers: int = 1,
        is_chief: bool = True,
        observers: Optional[Observers] = None,
    ) -> None:
        """Of one of several trainers if `trainers` says so, whose steps are counted together.

        `observers` are told at each line that stays.
        `last_step` is where training is expected to end; None: not known.
        """
        self.examples = 0
        """Rows trained on so far."""
        self.seconds = 0.0
        """Time spent in steps so far."""
        self.rows_skipped: Callable[[], int] = int
        """Counts the rows that `ignore_error` has skipped so far."""
        self._observers = observers or Observers()
        self._last_step = last_step
        self._every = max(1, config.train_config.log_step_count_steps)
        self._batch_size = config.data_config.batch_size
        self._model_dir = config.model_dir
        self._line = line or ProgressLine()
        self._at_event = (0, 0.0)
        self._counts_alone = trainers == 1
        self._is_chief = is_chief
        self._shown = 0

    def hook(self, loss: Tensor, rows: Tensor) -> Any:
        """A training hook that feeds this from the graph: `loss` and `rows` are scalars."""
        return _TrainProgressHook(self, loss, rows)

    def step_done(self, step: int, loss: float, rows: int, seconds: float) -> Optional[float]:
        """Counts and shows a step.

        Returns:
          Examples a second since the last line, where one was due and written; else None.
        """
        self.examples += rows
        self.seconds += seconds
        examples_before, seconds_before = self._at_event
        elapsed = self.seconds - seconds_before
        rate = (self.examples - examples_before) / elapsed if elapsed > 0 else 0.0
        text = self._text(step, loss, rate)
        shown, self._shown = self._shown, step // self._every
        if step % self._every if self._counts_alone else shown >= self._shown:
            last_step = self._last_step_from(step)
            self._line.live(text, step / last_step if last_step else None)
            return None
        told = Progress(
            step, loss, self.examples, rate, self.rows_skipped(), self._last_step_from(step)
        )
        self._line.event(text, **vars(told))
        self._observers.on_progress(told)
        self._at_event = (self.examples, self.seconds)
        return rate

    def steps_to_read(self) -> List[Any]:
        """What a step fetches to know its number; nothing where this process counts it itself."""
        return [] if self._counts_alone else [v1.train.get_global_step().read_value()]

    def open_writer(self) -> Any:
        """TensorBoard's events of the training; None where another process writes them."""
        if not self._is_chief:
            return None
        return v1.summary.FileWriterCache.get(self._model_dir)

    def _last_step_from(self, step: int) -> Optional[int]:
        # Another pass over an input that has ended before goes beyond the end of the first.
        return self._last_step if step <= (self._last_step or 0) else None

    def _text(self, step: int, loss: float, rate: float) -> str:
        text = f"step {step:,}"
        last_step = self._last_step_from(step)
        if last_step:
            text += f" / {last_step:,}"
        text += f"   loss {loss:.6f}   {rate:,.0f} examples/s"
        if last_step and rate:
            left = (last_step - step) * self._batch_size / rate
            text += f"   {duration(left)} left"
        return text


class _TrainProgressHook(v1.train.SessionRunHook):  # type: ignore[misc]
    def __init__(self, progress: TrainProgress, loss: Tensor, rows: Tensor) -> None:
        self._progress = progress
        self._loss = loss
        self._rows = rows
        self._started = 0.0
        self._step = 0

    def begin(self) -> None:
        self._writer = self._progress.open_writer()
        self._to_read = self._progress.steps_to_read()

    def after_create_session(self, session: Any, coord: Any) -> None:
        # Counted here from then on: fetched together with the update, the variable may be read
        # before or after it.
        self._step = int(session.run(v1.train.get_global_step()))

    def before_run(self, run_context: Any) -> Any:
        self._started = time.monotonic()
        return v1.train.SessionRunArgs([self._loss, self._rows, self._to_read])

    def after_run(self, run_context: Any, run_values: Any) -> None:
        seconds = time.monotonic() - self._started
        loss, rows, read = run_values.results
        self._step = max(self._step + 1, *map(int, read)) if read else self._step + 1
        rate = self._progress.step_done(self._step, float(loss), int(rows), seconds)
        if rate is not None and self._writer is not None:
            value = v1.Summary.Value(tag="examples_per_second", simple_value=rate)
            self._writer.add_summary(v1.Summary(value=[value]), self._step)


class RowProgressHook(v1.train.SessionRunHook):  # type: ignore[misc]
    """Rows and rows a second of an evaluation: live on a terminal, and in a line at its end."""

    def __init__(self, batch: Tensor, what: str, line: Optional[ProgressLine] = None) -> None:
        self._batch = batch
        self._what = what
        self._line = line or ProgressLine()
        self._rows = 0
        self._start = 0.0

    def begin(self) -> None:
        self._rows = 0
        self._start = time.monotonic()

    def before_run(self, run_context: Any) -> Any:
        return v1.train.SessionRunArgs(self._batch)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._rows += int(run_values.results)
        rate = self._rows / max(1e-9, time.monotonic() - self._start)
        self._line.live(f"{self._what}: {self._rows:,} rows   {rate:,.0f} rows/s")

    def end(self, session: Any) -> None:
        rate = self._rows / max(1e-9, time.monotonic() - self._start)
        self._line.event(f"{self._what}: {self._rows:,} rows   {rate:,.0f} rows/s")
