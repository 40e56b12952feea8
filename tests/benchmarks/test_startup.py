from __future__ import annotations

import sys

import pytest

from benchmarks import startup


def test_processor_time_is_read_behind_a_name_with_blanks_and_brackets() -> None:
    # proc(5): utime and stime are fields 14 and 15.
    stat = "7 (a b) c) S " + " ".join(str(field) for field in range(4, 40))
    assert startup._ticks(stat) == (14, 15)


def test_the_first_step_is_the_first_line_about_one(monkeypatch: pytest.MonkeyPatch) -> None:
    read = iter([0.25])  # once
    monkeypatch.setattr(startup, "_cpu", lambda process: next(read))
    lines = ["no step yet", "step 1 / 2", "step 2 / 2"]
    code = f"import sys; [print(line, file=sys.stderr) for line in {lines}]"
    figures = startup._run([sys.executable, "-c", code])
    assert figures["first_step_cpu_s"] == 0.25
    assert 0 < figures["first_step_wall_s"] <= figures["wall_s"]


def test_a_command_that_ends_otherwise_than_expected_is_no_figure() -> None:
    refused = [sys.executable, "-c", "import sys; print('why', file=sys.stderr); sys.exit(2)"]
    assert set(startup._run(refused, status=2)) == {"cpu_s", "wall_s"}
    with pytest.raises(RuntimeError, match=r"status 2\nwhy"):
        startup._run(refused)
