"""The progress line, on a terminal and elsewhere."""

from __future__ import annotations

import io
import os
import pty
import sys
from typing import List

import pytest

from easy_esmm.progress import ProgressLine, duration


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


def on_screen(written: str) -> List[str]:
    """The lines that a terminal shows: a carriage return overwrites, a newline stays."""
    lines = []
    for line in written.split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return lines


def test_a_terminal_line_is_overwritten_and_erased_to_its_end() -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    line.live("step 1   a long loss")
    assert on_screen(stream.getvalue()) == ["step 1   a long loss"]
    line.event("step 2")
    assert on_screen(stream.getvalue()) == ["step 2", ""]


def test_a_line_of_another_display_takes_the_place_of_the_live_one() -> None:
    stream = Terminal()
    training = ProgressLine(stream)
    training.live("step 1   a long loss", 0.25)
    ProgressLine(stream).event("run 1 done")
    assert on_screen(stream.getvalue())[0] == "run 1 done"


def test_a_known_share_is_shown_as_a_bar() -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    line.live("step 1", 0.25)
    (shown,) = on_screen(stream.getvalue())
    assert shown.startswith("step 1 |")
    assert shown.endswith("|  25%")
    assert shown.count("\u2588") + shown.count("#") == 6  # a quarter of 24


def test_a_terminal_is_not_flooded() -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    for step in range(100):
        line.live(f"step {step}")
    assert stream.getvalue().count("\r") < 5


def test_durations_are_rounded_to_seconds() -> None:
    assert duration(0.4) == "00:00"
    assert duration(59.6) == "01:00"
    assert duration(3723) == "1:02:03"


def test_a_terminal_without_a_size_shows_the_live_line_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    control, terminal = pty.openpty()  # of no columns and no rows
    with open(terminal, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)  # whose size tqdm asks for
        line = ProgressLine()
        line.live("step 1", 0.25)
        assert b"step 1 |" in os.read(control, 4096)
        line.event("step 2")
    os.close(control)
