"""What is told of a training while it runs, and to whom."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, Iterator, Mapping, Optional, Sequence, Set, Tuple

from absl import logging

FINISHED, STOPPED, FAILED = "finished", "stopped", "failed"


@dataclass(frozen=True)
class Progress:
    """A training at one of its log lines (each `log_step_count_steps`)."""

    step: int
    loss: float
    """Of the batch of this step."""
    examples: int
    """Rows trained on so far in this run."""
    examples_per_second: float
    """Since the line before."""
    rows_skipped: int = 0
    """By `ignore_error`, so far in this run."""
    last_step: Optional[int] = None
    """Where the training is expected to end; None: not known."""


@dataclass(frozen=True)
class End:
    """How a training ended."""

    status: str
    """`finished`; `stopped` by a signal; or `failed`."""
    error: str
    """The message of what it failed with, or was stopped by; else empty."""
    step: int = 0
    """Of the last checkpoint."""
    examples: int = 0
    """Rows trained on in this run."""
    seconds: float = 0.0
    """Wall time of this run's steps."""
    rows_skipped: int = 0
    """By `ignore_error`, in this run."""


class Observer:
    """Is told of a training; to be derived from. Called in the training's thread, between steps.

    What it raises is logged once, and training goes on.
    """

    def on_start(self, step: int, manifest: str) -> None:
        """The training starts after `step`, 0 for a new one; `manifest` is the path of its own."""

    def on_progress(self, progress: Progress) -> None:
        """A log line was written."""

    def on_checkpoint(self, step: int) -> None:
        """A checkpoint was saved."""

    def on_evaluation(self, step: int, metrics: Mapping[str, float]) -> None:
        """A checkpoint was evaluated; a metric without valid rows is NaN."""

    def on_end(self, end: End) -> None:
        """The training ended, its last export included; or was refused, without an `on_start`."""


class Observers(Observer):
    """Tells several, in their order. One that fails is named once and the others are told."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self._observers = observers
        self._failed: Set[int] = set()
        self._has_started = False

    def on_start(self, step: int, manifest: str) -> None:
        self._has_started = True
        self._tell(lambda observer: observer.on_start(step, manifest))

    def on_progress(self, progress: Progress) -> None:
        self._tell(lambda observer: observer.on_progress(progress))

    def on_checkpoint(self, step: int) -> None:
        self._tell(lambda observer: observer.on_checkpoint(step))

    def on_evaluation(self, step: int, metrics: Mapping[str, float]) -> None:
        self._tell(lambda observer: observer.on_evaluation(step, metrics))

    def on_end(self, end: End) -> None:
        self._tell(lambda observer: observer.on_end(end))

    @contextmanager
    def told(
        self, step: int, manifest: str, describe_end: Callable[[str, str], End]
    ) -> Iterator[None]:
        """Tells of the start of the block, and of its end, however it ends.

        `describe_end` is called with status and error message.
        """
        try:
            self.on_start(step, manifest)
            yield
        except BaseException as error:
            ended = _status_and_message(error)
            self._tell(lambda observer: observer.on_end(describe_end(*ended)))
            raise
        self._tell(lambda observer: observer.on_end(describe_end(FINISHED, "")))

    @contextmanager
    def told_of_refusal(self) -> Iterator[None]:
        """Tells of the end where the block raises before it has told of a start."""
        try:
            yield
        except BaseException as error:
            if not self._has_started:
                self.on_end(End(*_status_and_message(error)))
            raise

    def _tell(self, call: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                call(observer)
            except Exception as error:  # noqa: BLE001 - whatever it is, training is worth more
                if id(observer) not in self._failed:
                    self._failed.add(id(observer))
                    name = type(observer).__name__
                    logging.warning(
                        "%s failed, and training goes on (told once): %s: %s",
                        name,
                        type(error).__name__,
                        error,
                    )


def _status_and_message(error: BaseException) -> Tuple[str, str]:
    is_stopped = isinstance(error, (KeyboardInterrupt, SystemExit))
    message = getattr(error, "message", "") or str(error)  # that of Terminated is its status
    return STOPPED if is_stopped else FAILED, message
