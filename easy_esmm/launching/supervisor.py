"""Watches the processes of a cluster: restarts, signals, the order in which they end."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

from easy_esmm.launching.plan import EVALUATOR, PS, WORKER, Launch
from easy_esmm.launching.process import Process

EXIT_LOST_PEER = 75
_SIGNALLED = 128
_STOPPED_BY = {signal.SIGTERM: 143, signal.SIGINT: 130}
_LONGEST_DELAY = 30.0


@dataclass(frozen=True)
class Limits:
    """How patient the supervisor is."""

    max_restarts: int = 3
    """Of one process."""
    stop_seconds: float = 60.0
    """For a process that was asked to end, or a server whose trainers have ended; then SIGKILL."""
    restart_seconds: float = 1.0
    """Before the first restart of a process; doubled at each one."""


@dataclass
class _Member:
    launch: Launch
    process: Optional[Process] = None
    starts: int = 0
    status: Optional[int] = None
    """Of the last process, once it is not started again."""
    due: Optional[float] = None
    """When it is started again."""
    asked: Optional[float] = None
    """When it was asked to end."""
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return self.launch.task.name


class Supervisor:
    """Runs the processes of a plan to their end; see `run`."""

    def __init__(
        self,
        launches: Sequence[Launch],
        logs: Path,
        limits: Limits,
        show: Callable[[str], None],
        checkpoint: Callable[[], str],
    ) -> None:
        """Starts nothing yet.

        Args:
          launches: what to start, in this order.
          logs: folder of `<task>.log`, to which the output is appended.
          limits: of restarts and waiting.
          show: called with each line, of processes behind the name of their task.
          checkpoint: names the newest checkpoint, for the lines about restarts.
        """
        self._members = [_Member(launch) for launch in launches]
        self._logs, self._limits, self._show, self._checkpoint = logs, limits, show, checkpoint
        self._width = max(len(member.name) for member in self._members)
        self._selector = selectors.DefaultSelector()
        self._failed: Optional[int] = None
        self._stopped_by: Optional[int] = None
        self._is_stopping = False

    def run(self) -> int:
        """Starts everything, waits until all have ended, and returns the exit status.

        A process that a signal ended, or that lost another one (status 75), is started again, so
        many times; any other failure of a trainer or server ends all. 0 where all ended well; 143
        and 130 after SIGTERM and SIGINT; else that of the process that failed first.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        with _signals() as signals, contextlib.ExitStack() as leaving:
            leaving.callback(self._kill_all)
            leaving.callback(self._selector.close)
            self._selector.register(signals, selectors.EVENT_READ)
            for member in self._members:
                self._start(member)
            while any(member.status is None for member in self._members):
                self._wait(signals)
                for member in self._members:
                    self._look_at(member)
                self._end_in_order()
        for member in self._members:
            self._tell(
                f"{member.name:<{self._width}}  status {member.status}, "
                f"{_times(member.starts - 1)}, {member.seconds:,.0f} s"
            )
        return self._worst()

    def _worst(self) -> int:
        if self._failed is not None:
            return self._failed
        if self._stopped_by is not None:
            return _STOPPED_BY[signal.Signals(self._stopped_by)]
        # A server has nothing left to do once its trainers have ended, however it ends itself.
        return max(m.status or 0 for m in self._members if m.launch.task.kind != PS)

    def _start(self, member: _Member) -> None:
        launch = member.launch
        prefix = f"{member.name:<{self._width}} | "
        member.process = Process(
            launch.restart_command if member.starts else launch.command,
            launch.environment,
            self._logs / f"{member.name}.log",
            lambda line: self._show(prefix + line),
        )
        member.starts += 1
        member.due = None
        self._tell(f"{member.name}: process {member.process.number}")
        self._selector.register(member.process.output, selectors.EVENT_READ, member)

    def _wait(self, signals: int) -> None:
        """Until something was written, has ended, was signalled, or is due."""
        for key, _ in self._selector.select(self._patience()):
            if key.data is None:
                for number in os.read(signals, 64):
                    if number in _STOPPED_BY:
                        self._on_signal(number)
            elif key.data.process is not None:
                key.data.process.read()
                if key.data.process.is_silent:
                    self._selector.unregister(key.fd)

    def _patience(self) -> Optional[float]:
        """Seconds to the next time at which something is due; None where nothing is."""
        now = time.monotonic()
        limit = self._limits.stop_seconds
        times = [m.due for m in self._members if m.due is not None]
        times += [m.asked + limit for m in self._members if m.asked is not None and m.process]
        return max(0.0, min(times) - now) if times else None

    def _on_signal(self, number: int) -> None:
        name = signal.Signals(number).name
        if self._stopped_by is not None:
            self._tell(f"{name} again: all are killed; the last checkpoint stays")
            self._kill_all()
            return
        self._stopped_by = number
        self._tell(f"{name}: trainers finish their step and save, then the servers end")
        self._is_stopping = True

    def _look_at(self, member: _Member) -> None:
        now = time.monotonic()
        if member.process is None:
            if member.due is not None and self._is_stopping:
                member.due, member.status = None, member.status or EXIT_LOST_PEER
            elif member.due is not None and now >= member.due:
                self._start(member)
            return
        status = member.process.status()
        if status is None:
            late = member.asked is not None and now >= member.asked + self._limits.stop_seconds
            if late:
                self._tell(f"{member.name}: does not end: killed")
                member.process.send(signal.SIGKILL)
                member.asked = None
            return
        how = member.process.killed_by() or f"status {status}"
        if not member.process.is_silent:
            self._selector.unregister(member.process.output)
        member.process.clear()
        member.process = None
        member.seconds = now - member.began
        self._ended(member, status, how)

    def _ended(self, member: _Member, status: int, how: str) -> None:
        if status == 0 or self._is_stopping or self._are_trainers_done():
            member.status = status
            return
        restarts = member.starts - 1
        is_fault = status == EXIT_LOST_PEER or status > _SIGNALLED
        if is_fault and restarts < self._limits.max_restarts:
            delay = min(_LONGEST_DELAY, self._limits.restart_seconds * 2**restarts)
            member.due = time.monotonic() + delay
            self._tell(
                f"{member.name}: ended ({how}): starts again, restart {restarts + 1} of "
                f"{self._limits.max_restarts}{self._loss(member)}"
            )
            return
        member.status = status
        why = f"; no restart is left of {self._limits.max_restarts}" if is_fault else ""
        if member.launch.task.kind == EVALUATOR:
            self._tell(f"{member.name}: ended ({how}){why}: training goes on without evaluation")
            return
        self._tell(f"{member.name}: ended ({how}){why}: the others are ended, see its lines above")
        self._failed, self._is_stopping = status, True

    def _loss(self, member: _Member) -> str:
        """What a restart costs."""
        kind = member.launch.task.kind
        if kind == EVALUATOR:
            return "; training is not concerned"
        if kind == WORKER:
            return "; the others train on meanwhile"
        return f"; all go back to the last checkpoint, {self._checkpoint()}"

    def _are_trainers_done(self) -> bool:
        return all(m.status is not None for m in self._members if m.launch.task.is_trainer)

    def _end_in_order(self) -> None:
        """Asks trainers and evaluator to end, and the servers when the trainers have ended."""
        if self._is_stopping:
            for member in self._members:
                if member.launch.task.kind != PS:
                    self._ask(member)
        if self._are_trainers_done():
            # Without a signal they end by themselves, by the chief's mark; these are their seconds.
            for member in self._members:
                if member.launch.task.kind == PS:
                    self._ask(member) if self._is_stopping else self._expect(member)

    def _ask(self, member: _Member) -> None:
        if member.process is not None and member.asked is None:
            member.asked = time.monotonic()
            member.process.send(signal.SIGTERM)

    def _expect(self, member: _Member) -> None:
        if member.process is not None and member.asked is None:
            member.asked = time.monotonic()

    def _kill_all(self) -> None:
        for member in self._members:
            if member.process is not None:
                member.process.send(signal.SIGKILL)

    def _tell(self, text: str) -> None:
        self._show(f"{'launch':<{self._width}} | {text}")


def _times(restarts: int) -> str:
    return "no restart" if restarts == 0 else f"{restarts} restart{'s' if restarts > 1 else ''}"


@contextlib.contextmanager
def _signals() -> Iterator[int]:
    """A file descriptor from which the numbers of signals can be read while this is open."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before: Dict[int, Any] = {}
    numbers: List[int] = [signal.SIGTERM, signal.SIGINT, signal.SIGCHLD]
    previous = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        for number in numbers:
            before[number] = signal.signal(number, lambda *_: None)
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(previous)
        os.close(reading)
        os.close(writing)
