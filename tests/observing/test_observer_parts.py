"""Hashes of files, lines in JSON, and what observers refuse."""

from __future__ import annotations

import hashlib
import json
import logging
import signal
import socket
import sys
from pathlib import Path

import pytest

from easy_esmm import console, flags, log_lines
from easy_esmm.errors import UserError
from easy_esmm.observing import End, Observer, Observers, input_files
from easy_esmm.observing.mlflow_run import MlflowRun, flattened, valid_name
from easy_esmm.observing.prometheus import Prometheus


def test_large_file_is_hashed_by_its_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_files, "WHOLE_BYTES", 8)
    monkeypatch.setattr(input_files, "END_BYTES", 4)
    for name, content in (("small", b"12345678"), ("large", b"123456789")):
        (tmp_path / name).write_bytes(content)
    small, large = input_files.describe_files([str(tmp_path / "small"), str(tmp_path / "large")])
    assert small["sha256"] == hashlib.sha256(b"12345678").hexdigest()
    assert large["sha256_of_ends"] == hashlib.sha256(b"12346789").hexdigest()
    assert (large["size"], "sha256" in large) == (9, False)


def test_files_beyond_the_total_are_not_hashed(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"123")
    first, second = input_files.describe_files([str(tmp_path / n) for n in "ab"], total_bytes=5)
    assert "sha256" in first
    assert sorted(second) == ["mtime", "path", "size"]


def test_missing_and_remote_files_are_told(tmp_path: Path) -> None:
    missing, remote = input_files.describe_files([str(tmp_path / "no"), "gs://x/y"])
    assert missing["error"] == "No such file or directory"
    assert remote == {"path": "gs://x/y"}


def test_line_is_one_json_object_whatever_it_says() -> None:
    line = log_lines.json_line("info", "a\nb\0\u2028 \ud800", {"x": float("nan"), "y": [1, -1e999]})
    assert "\n" not in line
    assert line.isascii()
    found = json.loads(line)
    assert found["message"] == "a\nb\0\u2028 \ud800"
    assert (found["x"], found["y"]) == (None, [1, None])
    assert found["time"].endswith("Z")
    assert len(found["time"]) == len("2026-01-01T00:00:00.000Z")


def test_errors_and_warnings_are_json_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = flags.define("log_format")
    handler = signal.getsignal(signal.SIGTERM)

    def fail(arguments: flags.Arguments) -> None:
        log_lines.write("\nfirst", "warning")
        sys.excepthook(ZeroDivisionError, ZeroDivisionError("a\nb"), None)
        raise UserError("x.csv:3: one\ntwo")

    monkeypatch.setattr(sys, "argv", ["x", "--log_format", "json"])
    try:
        with pytest.raises(SystemExit):
            flags.run(fail, values)
        record = logging.LogRecord("a", logging.WARNING, "", 0, "row %d\n", (3,), None)
        print(console._Json().format(record), file=sys.stderr)
    finally:
        log_lines.use_json(False)
        signal.signal(signal.SIGTERM, handler)
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["level"], line["message"]) for line in found] == [
        ("warning", "first"),
        ("critical", "ZeroDivisionError: a\nb"),
        ("error", "x.csv:3: one\ntwo"),
        ("warning", "row 3\n"),
    ]
    assert "ZeroDivisionError" in found[1]["traceback"]


def test_interrupt_while_files_are_hashed_is_told_as_an_end() -> None:
    ends = []

    class Interrupted(Observer):
        def on_start(self, step: int, manifest: str) -> None:
            raise KeyboardInterrupt("early")

        def on_end(self, end: End) -> None:
            ends.append(end)

    observers = Observers([Interrupted()])
    told = observers.told(3, "", lambda status, error: End(status, error, 3))
    with pytest.raises(KeyboardInterrupt), told:
        raise AssertionError
    assert ends == [End("stopped", "early", 3)]


def test_port_that_is_taken_is_refused() -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(
            UserError, match=rf"--prometheus_port: {port} cannot be opened: .*in use"
        ):
            Prometheus(port=port)


def test_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--prometheus_file: .*No such file or directory"):
        Prometheus(str(tmp_path / "none" / "x.prom"))
    with pytest.raises(UserError, match=r"must end in \.prom"):
        Prometheus(str(tmp_path / "x.txt"))


def test_absent_packages_are_named_with_their_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(UserError, match=r"pip install 'easy_esmm\[prometheus\]'"):
        Prometheus("x.prom")
    with pytest.raises(UserError, match=r"pip install 'easy_esmm\[mlflow\]'"):
        MlflowRun("model", {})


def test_parameters_are_flattened_and_cut() -> None:
    found = flattened({"a": {"b": [1, {"c": True}]}, "long": "x" * 501})
    assert found == {"a.b.0": "1", "a.b.1.c": "True", "long": "x" * 497 + "..."}
    assert valid_name("eval/auc:x[1]") == "eval/auc_x_1_"
