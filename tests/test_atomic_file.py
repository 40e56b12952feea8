"""A file is there whole or not at all, and what stood there stays until then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from easy_esmm.atomic_file import atomic_write, is_left_over, is_unfinished


def test_the_file_is_replaced_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with atomic_write(path) as unfinished:
        Path(unfinished).write_text("new")
        assert path.read_text() == "old"
        assert Path(unfinished).parent == tmp_path
        assert list(tmp_path.glob("*.json")) == [path]
        assert is_unfinished(Path(unfinished).name)
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
    assert not is_unfinished(path.name)


def test_a_file_is_left_over_when_its_writer_is_gone(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a.json") as unfinished:
        Path(unfinished).touch()
        assert not is_left_over(unfinished)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        name = f"a.json.unfinished-{other.pid}"
        assert not is_left_over(name)
    assert is_left_over(name)
    assert not is_left_over("a.json")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(error):
        _write_half(path, error)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _write_half(path: Path, error: type) -> None:
    with atomic_write(str(path)) as unfinished:
        Path(unfinished).write_text("half")
        raise error
