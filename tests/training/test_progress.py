"""The progress line, on a terminal and elsewhere."""

from __future__ import annotations

import io

from easy_esmm.training import progress
from easy_esmm.training.progress import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_only_events_are_written_one_a_line() -> None:
    stream = io.StringIO()
    line = ProgressLine(stream)
    line.live("step 1")
    line.event("step 2")
    line.event("step 4")
    assert stream.getvalue() == "step 2\nstep 4\n"


def test_a_terminal_line_is_overwritten_and_erased_to_its_end() -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    line.live("step 1   a long loss")
    line.event("step 2")
    erase = "\x1b[K"
    assert stream.getvalue() == f"\rstep 1   a long loss{erase}\rstep 2{erase}\n"


def test_a_terminal_is_not_flooded() -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    for step in range(100):
        line.live(f"step {step}")
    assert stream.getvalue().count("\r") < 5


def test_durations_are_rounded_to_seconds() -> None:
    assert progress.duration(0.4) == "00:00"
    assert progress.duration(59.6) == "01:00"
    assert progress.duration(3723) == "1:02:03"
