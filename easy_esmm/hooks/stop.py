"""Ends trainings and evaluations when a signal asks for it."""

from __future__ import annotations

from typing import Any

from easy_esmm.compat import v1
from easy_esmm.signals import Stop


class StopTraining(v1.train.SessionRunHook):  # type: ignore[misc]
    """Requests the end of training after the step in which the signal came."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def after_create_session(self, session: Any, coord: Any) -> None:
        if self._stop.received is not None:
            raise self._stop.error()  # no step was made, nothing has to be saved

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if self._stop.received is not None:
            run_context.request_stop()


class StopEvaluation(v1.train.SessionRunHook):  # type: ignore[misc]
    """Raises the signal's error in the place of the next batch: half an evaluation is none."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def before_run(self, run_context: Any) -> None:
        if self._stop.received is not None:
            raise self._stop.error()
