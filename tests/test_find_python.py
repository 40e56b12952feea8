"""tools/find_python.sh on folders of stand-ins for Pythons."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Dict

import pytest

SCRIPT = Path(__file__).parents[1] / "tools" / "find_python.sh"
NEEDS = "easy_esmm needs Python 3.9 to 3.13 with venv; found"
ASK = "set PYTHON=/path/to/python3.13\n"


def find(folder: Path, *minors: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the script with `folder` as the only PATH and nothing else in the environment."""
    variables = {"PATH": str(folder), "HOME": str(folder), **environment}
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), *minors],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


def put(folder: Path, name: str, version: str, *, has_venv: bool = True) -> Path:
    """A stand-in that runs the script's own probe on this Python, posing as another version."""
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / name
    pose = f"import sys; sys.version_info = ({version.replace('.', ', ')}, 0); " + (
        "" if has_venv else "sys.modules['ensurepip'] = None; "
    )
    pose += f"sys.executable = '{python}'; exec(sys.argv[1])"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{pose}" "$2"\n')
    python.chmod(0o755)
    return python


def test_newest_supported_python_is_taken(tmp_path: Path) -> None:
    put(tmp_path / "first", "python3", "3.12")
    put(tmp_path / "first", "python3.9", "3.9")
    put(tmp_path / "first", "python3.14", "3.14")
    newest = put(tmp_path / "second", "python3.13", "3.13")
    put(tmp_path / "third", "python3.13", "3.13")
    folders = ":".join(str(tmp_path / name) for name in ("first", "second", "third"))
    done = find(tmp_path, PATH=folders)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{newest}\n", "")


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11", "3.12", "3.13"])
def test_plain_python3_is_judged_by_the_version_it_has(tmp_path: Path, version: str) -> None:
    put(tmp_path, "python", "2.7")
    python = put(tmp_path, "python3", version)
    assert find(tmp_path).stdout == f"{python}\n"


def test_pythons_that_will_not_do_are_named_in_one_line(tmp_path: Path) -> None:
    put(tmp_path, "python3.11", "3.11", has_venv=False)
    put(tmp_path, "python3", "3.14")
    put(tmp_path, "python", "3.14")
    done = find(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{NEEDS}: 3.11 without venv, 3.14; {ASK}"


def test_machine_without_python_gets_the_same_line(tmp_path: Path) -> None:
    done = find(tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"{NEEDS}: none; {ASK}"


def test_shim_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.11: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    python = put(tmp_path, "python3.10", "3.10")
    assert find(tmp_path).stdout == f"{python}\n"


def test_what_pyenv_keeps_outside_path_is_found_too(tmp_path: Path) -> None:
    kept = put(tmp_path / ".pyenv" / "versions" / "3.10.13" / "bin", "python", "3.10")
    put(tmp_path / ".pyenv" / "versions" / "3.8.18" / "bin", "python", "3.8")
    put(tmp_path, "python3.9", "3.9")
    assert find(tmp_path).stdout == f"{kept}\n"
    on_path = put(tmp_path, "python3", "3.10")
    assert find(tmp_path).stdout == f"{on_path}\n"


def test_version_that_is_asked_for_by_name_may_be_one_that_pyenv_keeps(tmp_path: Path) -> None:
    kept = put(tmp_path / ".pyenv" / "versions" / "3.10.13" / "bin", "python", "3.10")
    put(tmp_path, "python3.12", "3.12")
    assert find(tmp_path, PYTHON="python3.10").stdout == f"{kept}\n"


def test_folder_of_path_may_hold_a_space(tmp_path: Path) -> None:
    python = put(tmp_path / "my programs", "python3.11", "3.11")
    assert find(tmp_path / "my programs").stdout == f"{python}\n"


def test_choice_may_be_limited_to_some_versions(tmp_path: Path) -> None:
    put(tmp_path, "python3", "3.13")
    older = put(tmp_path, "python3.10", "3.10")
    assert find(tmp_path, "11", "10").stdout == f"{older}\n"
    done = find(tmp_path, "12", "11")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "easy_esmm needs Python 3.12 or 3.11 with venv; found: 3.13; "
        "set PYTHON=/path/to/python3.12\n"
    )


@pytest.mark.parametrize("by", ["name", "path"])
def test_python_that_is_asked_for_is_taken(tmp_path: Path, by: str) -> None:
    put(tmp_path, "python3.11", "3.11")
    asked = put(tmp_path, "python3.9", "3.9")
    value: Dict[str, str] = {"name": "python3.9", "path": str(asked)}
    assert find(tmp_path, PYTHON=value[by]).stdout == f"{asked}\n"


def test_unsuitable_python_that_is_asked_for_is_refused_not_replaced(tmp_path: Path) -> None:
    put(tmp_path, "python3.11", "3.11")
    put(tmp_path, "python3.14", "3.14")
    done = find(tmp_path, PYTHON="python3.14")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{NEEDS} at PYTHON=python3.14: 3.14; {ASK}"
