"""What a conversion prints while it runs."""

from __future__ import annotations

import io

import pytest

from easy_esmm.aliccp.conversion import progress
from easy_esmm.aliccp.conversion.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass by themselves: none."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_shows_a_bar_with_rate_and_time_left(clock):
    stream = Terminal()
    line = Progress(2, stream)
    line.start("reading common", 400)
    clock[0] += 10
    line.advance(100, 5000)
    shown = stream.getvalue().split("\r")[-1]
    # a quarter in 10 s: 30 s are left
    assert shown.startswith("1/2 reading common")
    assert "5,000 rows  500 rows/s  00:30 left |" in shown
    assert shown.rstrip().endswith("|  25%")


def test_elsewhere_a_step_is_one_line(clock):
    stream = io.StringIO()
    line = Progress(1, stream)
    line.start("writing shards", 4)
    for _ in range(4):
        clock[0] += 1
        line.advance(1, 50)
    line.end()
    assert stream.getvalue() == "1/1 writing shards         200 rows in 00:04, 50 rows/s\n"
