"""CPU time, memory, and the clock that runs inside a training."""

from __future__ import annotations

import resource
import time
from typing import Any, Callable, List

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
    """A training hook: CPU and wall time after the first step, and of windows of steps."""

    def __init__(self, warm_up: int, window: int) -> None:
        self._warm_up, self._window = warm_up, window
        self._steps = 0
        self._cpu: List[float] = []
        self._wall: List[float] = []
        self.first_step_cpu = 0.0
        """CPU seconds of the process up to the end of the first step."""

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Notes the time at the border of windows."""
        self._steps += 1
        if self._steps == 1:
            self.first_step_cpu = time.process_time()
        past = self._steps - self._warm_up
        if past >= 0 and past % self._window == 0:
            self._cpu.append(time.process_time())
            self._wall.append(time.perf_counter())

    def cpu_us(self, batch: int) -> List[float]:
        """CPU microseconds per example, one figure a window."""
        return self._per_example(self._cpu, batch)

    def wall_us(self, batch: int) -> List[float]:
        """Wall microseconds per example, one figure a window."""
        return self._per_example(self._wall, batch)

    def _per_example(self, times: List[float], batch: int) -> List[float]:
        examples = self._window * batch
        return [1e6 * (end - start) / examples for start, end in zip(times, times[1:])]
