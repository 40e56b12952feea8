"""A pool of worker processes whose results come in the order of their tasks."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Callable, Deque, Iterable, Iterator, Optional, TypeVar

from easy_esmm.aliccp.conversion.memory import keep_freed_memory
from easy_esmm.errors import UserError

Task = TypeVar("Task")
Result = TypeVar("Result")


class Pool:
    """Worker processes; with one worker, this process does the work."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._executor: Optional[ProcessPoolExecutor] = None

    def __enter__(self) -> Pool:
        if self._workers > 1:
            # spawn: Arrow's threads do not survive a fork
            self._executor = ProcessPoolExecutor(
                self._workers, get_context("spawn"), initializer=keep_freed_memory
            )
        else:
            keep_freed_memory()
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def run(self, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """The results in the order of the tasks; few more tasks than workers are in memory."""
        if self._executor is None:
            yield from map(work, tasks)
            return
        waiting: Deque[Future[Result]] = deque()
        try:
            for task in tasks:
                waiting.append(self._executor.submit(work, task))
                if len(waiting) > self._workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise UserError(
                "a worker process was killed (short of memory?); "
                "the same command goes on where this run stopped, --workers 1 takes less memory"
            ) from error
