"""Early stopping: the functions of `early_stop_func`, and the hook that applies them."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Optional

from absl import logging

from easy_esmm.compat import v1
from easy_esmm.config.early_stop import EarlyStop
from easy_esmm.evaluation.events import Series, read_scalars
from easy_esmm.evaluation.history import Evaluations

_LOOK_SECONDS = 5.0


class EarlyStopHook(v1.train.SessionRunHook):  # type: ignore[misc]
    """Requests the end of training as soon as an evaluation meets the condition.

    Runs after the hook that saves and evaluates: the checkpoint that was evaluated is the last.
    """

    def __init__(self, stop: EarlyStop, evaluations: Evaluations) -> None:
        self._stop = stop
        self._evaluations = evaluations
        self._seen = len(evaluations)

    def __repr__(self) -> str:
        return f"EarlyStopHook({self._stop!r})"

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if len(self._evaluations) == self._seen:
            return
        self._seen = len(self._evaluations)
        reason = reason_to_stop(self._stop, self._evaluations)
        if reason:
            logging.info("early stop: %s", reason)
            run_context.request_stop()


class EvaluationsOnRecord(v1.train.SessionRunHook):  # type: ignore[misc]
    """Adds to the evaluations what another process, the evaluator, has recorded since."""

    def __init__(self, evaluations: Evaluations, folder: str) -> None:
        self._evaluations, self._folder = evaluations, folder
        self._looked = time.monotonic()

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        for step, values in read_scalars(self._folder):
            self._evaluations.add(step, values)


def asked_to_stop(stop: Optional[EarlyStop], evaluations: Evaluations, step: int) -> bool:
    """Whether the evaluation of this step, the last of `evaluations`, meets the condition.

    A training that was killed between its early stop and its end has nothing left to train.
    """
    if stop is None or not evaluations.at(step):
        return False
    return reason_to_stop(stop, evaluations) is not None


def reason_to_stop(stop: EarlyStop, evaluations: Evaluations) -> Optional[str]:
    """Why training should stop now, in words; None where it should go on."""
    series = [(s, v) for s, v in evaluations.series(stop.metric) if v == v]
    if not series or series[-1][0] < stop.min_steps:
        return None
    found = _FUNCTIONS[stop.function](series, stop.limit)
    return f"{stop.metric} {found}" if found else None


def _no_increase(series: Series, steps: float) -> Optional[str]:
    best_step, best = max(series, key=lambda at: (at[1], -at[0]))
    if series[-1][0] - best_step < steps:
        return None
    return f"has not been above {best:.6f} since step {best_step:,}"


def _no_decrease(series: Series, steps: float) -> Optional[str]:
    best_step, best = min(series, key=lambda at: (at[1], at[0]))
    if series[-1][0] - best_step < steps:
        return None
    return f"has not been below {best:.6f} since step {best_step:,}"


def _higher(series: Series, threshold: float) -> Optional[str]:
    step, value = series[-1]
    return f"is {value:.6f} at step {step:,}, above {threshold:g}" if value > threshold else None


def _lower(series: Series, threshold: float) -> Optional[str]:
    step, value = series[-1]
    return f"is {value:.6f} at step {step:,}, below {threshold:g}" if value < threshold else None


_FUNCTIONS: Dict[str, Callable[[Series, float], Optional[str]]] = {
    "stop_if_no_increase": _no_increase,
    "stop_if_no_decrease": _no_decrease,
    "stop_if_higher": _higher,
    "stop_if_lower": _lower,
}
