"""CPU time, memory, and the clock that runs inside a training."""

from __future__ import annotations

import os
import resource
import time
from typing import Any, Callable, List, Tuple

from easy_esmm.compat import v1


def cpu_us(work: Callable[[], Any], count: int) -> float:
    """CPU microseconds of this process, all threads, per `count` things that `work` does."""
    start = time.process_time()
    work()
    return 1e6 * (time.process_time() - start) / count


def peak_gb() -> float:
    """Most memory that this process has held so far, in GB (1e9 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


class StepClock(v1.train.SessionRunHook):  # type: ignore[misc]
    """A training hook: CPU and wall time of the first step, and of windows of steps.

    `between` is called before the first window and after each, while the training waits; its
    time is in no window.
    """

    def __init__(self, warm_up: int, window: int, between: Callable[[], None]) -> None:
        self._warm_up, self._window, self._between = warm_up, window, between
        self._steps = 0
        self._start = (0.0, 0.0)
        self._windows: List[Tuple[float, float]] = []
        self.first_step_cpu = 0.0
        """CPU seconds of the process up to the end of the first step."""

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Notes the time at the border of windows."""
        self._steps += 1
        if self._steps == 1:
            self.first_step_cpu = time.process_time()
        past = self._steps - self._warm_up
        if past < 0 or past % self._window:
            return
        if past:
            cpu, wall = self._start
            self._windows.append((time.process_time() - cpu, time.perf_counter() - wall))
        self._between()
        self._start = time.process_time(), time.perf_counter()

    def cpu_us(self, batch: int) -> List[float]:
        """CPU microseconds per example, one figure a window."""
        return [1e6 * cpu / (self._window * batch) for cpu, _ in self._windows]

    def wall_us(self, batch: int) -> List[float]:
        """Wall microseconds per example, one figure a window."""
        return [1e6 * wall / (self._window * batch) for _, wall in self._windows]

    def utilisation(self) -> List[float]:
        """CPU time of a window over the time that all cores had for it, one figure a window."""
        cores = len(os.sched_getaffinity(0))
        return [cpu / (wall * cores) for cpu, wall in self._windows]
