"""SIGTERM and Ctrl-C wait for the end of a block, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import List

import pytest

from easy_esmm import signals


def wait_for(stop: signals.Stop) -> None:
    """Until the watching thread has seen the signal."""
    for _ in range(10_000):
        if stop.received is not None:
            return
        threading.Event().wait(0.001)
    raise AssertionError("the signal did not arrive")


@pytest.mark.parametrize(
    ("number", "name", "error"),
    [
        (signal.SIGTERM, "SIGTERM", signals.Terminated),
        (signal.SIGINT, "Ctrl-C", KeyboardInterrupt),
    ],
)
def test_the_first_signal_is_kept_and_the_handlers_come_back(
    number: signal.Signals, name: str, error: type, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with signals.deferred() as stop:
        assert stop.received is None
        os.kill(os.getpid(), number)
        wait_for(stop)
    assert stop.received == number
    assert signal.getsignal(number) is before
    assert isinstance(stop.error("why"), error)
    assert capfd.readouterr().err.startswith(f"\n{name}: the model is saved after this step")
    assert signals.Terminated().code == 143


SECOND = """
import os, signal, threading
from easy_esmm import signals
with signals.deferred() as stop:
    os.kill(os.getpid(), signal.SIGTERM)
    while stop.received is None:
        pass
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait()  # for ever, in C, as a step that hangs
"""
OUTSIDE = """
import os, signal
from easy_esmm import signals
signals.raise_terminated()
try:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
finally:
    print("tidied up")
"""


def test_a_second_signal_ends_the_process_at_once() -> None:
    ended = subprocess.run([sys.executable, "-c", SECOND], timeout=60, check=False)
    assert ended.returncode == 130


def test_outside_of_a_block_sigterm_lets_the_program_tidy_up() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", OUTSIDE], timeout=60, check=False, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (143, "tidied up\n")


def test_other_threads_than_the_main_one_leave_handlers_alone() -> None:
    found: List[object] = []

    def block() -> None:
        with signals.deferred() as stop:
            found.extend([signal.getsignal(signal.SIGTERM), stop.received])

    thread = threading.Thread(target=block)
    before = signal.getsignal(signal.SIGTERM)
    thread.start()
    thread.join()
    assert found == [before, None]
