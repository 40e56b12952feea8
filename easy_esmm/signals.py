"""Lets a training finish its step and save before SIGTERM or Ctrl-C ends the process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from typing import Any, Iterator, Optional

from easy_esmm import log_lines

_DEFERRED = (signal.SIGTERM, signal.SIGINT)


class Terminated(SystemExit):
    """Ends the process because of SIGTERM, as KeyboardInterrupt does because of Ctrl-C."""

    def __init__(self, message: str = "") -> None:
        """`message` is for the user."""
        super().__init__(128 + signal.SIGTERM)
        self.message = message


class Stop:
    """Whether, and by which signal, a block was asked to end."""

    def __init__(self) -> None:
        self.received: Optional[signal.Signals] = None

    @property
    def name(self) -> str:
        """SIGTERM, or Ctrl-C for SIGINT."""
        return "Ctrl-C" if self.received == signal.SIGINT else "SIGTERM"

    def error(self, message: str = "") -> BaseException:
        """What ends the process as the signal does: Terminated or KeyboardInterrupt."""
        if self.received == signal.SIGINT:
            return KeyboardInterrupt(message)
        return Terminated(message)


def raise_terminated() -> None:
    """From now on SIGTERM raises Terminated, so that unfinished files are removed."""
    signal.signal(signal.SIGTERM, _raise_terminated)


@contextlib.contextmanager
def deferred() -> Iterator[Stop]:
    """Keeps the first SIGTERM or SIGINT for the block to look at; a second one ends the process.

    Works while the main thread computes in TensorFlow, where Python's own handlers wait. Outside
    the main thread, which alone may handle signals, nothing is changed.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, _do_nothing) for number in _DEFERRED}
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    wakeup_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(reader, stop), daemon=True)
    watcher.start()
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(wakeup_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        writer.close()
        watcher.join()
        reader.close()


def _watch(reader: socket.socket, stop: Stop) -> None:
    """Reads a byte for each signal, until the other end is closed."""
    while numbers := reader.recv(1):
        number = signal.Signals(numbers[0])
        if number not in _DEFERRED:
            continue
        if stop.received is not None:
            os._exit(128 + number)
        stop.received = number
        log_lines.write(
            f"\n{stop.name}: the model is saved after this step; once more ends at once, unsaved",
            "warning",
        )


def _do_nothing(number: int, frame: Any) -> None:
    """A handler in Python is what makes the interpreter write to the wakeup descriptor."""


def _raise_terminated(number: int, frame: Any) -> None:
    raise Terminated
