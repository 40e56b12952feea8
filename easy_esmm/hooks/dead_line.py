"""Ends training at a point in time (`train_config.dead_line`)."""

from __future__ import annotations

import time
from typing import Any, Callable

from absl import logging

from easy_esmm.compat import v1
from easy_esmm.config.timestamp import parse_time


class DeadLineHook(v1.train.SessionRunHook):  # type: ignore[misc]
    """Requests the end of training after the first step that ends at or after the deadline."""

    def __init__(self, dead_line: str, clock: Callable[[], float] = time.time) -> None:
        """`dead_line` is as for `parse_time`; `clock` gives seconds since 1970."""
        self._dead_line = dead_line
        self._deadline = parse_time(dead_line)
        self._clock = clock

    def __repr__(self) -> str:
        return f"DeadLineHook({self._dead_line!r})"

    def is_past(self) -> bool:
        """Whether it is too late already."""
        return self._clock() >= self._deadline

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if self.is_past() and not run_context.stop_requested:
            logging.info("train_config.dead_line: it is %s: training ends", self._dead_line)
            run_context.request_stop()
