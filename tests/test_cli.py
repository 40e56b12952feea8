"""The command `easy-esmm`: what it lists, runs, completes and refuses."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

import easy_esmm
from easy_esmm import cli

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = str(ROOT / "samples" / "esmm.config")


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["easy-esmm", *words])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_every_program_is_a_command_and_every_command_a_program() -> None:
    modules = set()
    for path in (ROOT / "easy_esmm").glob("**/*.py"):
        if re.search(r"^    flags\.run\(main", path.read_text(), re.M):
            modules.add(".".join(path.relative_to(ROOT / "easy_esmm").with_suffix("").parts))
    commands = cli.known()
    assert {command.module or name for name, command in commands.items()} == modules


def test_words_become_values_of_a_flag_that_the_program_has() -> None:
    for name, command in cli.known().items():
        program = importlib.import_module(f"easy_esmm.{command.module or name}")
        if command.file_flag:
            assert command.file_flag in program.FLAGS, name
        else:
            assert "pipeline_config" not in program.FLAGS, name


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("train", ["a.config", "--keep"], ["--pipeline_config=a.config", "--keep"]),
        ("train", ["--model_dir", "m"], ["--model_dir", "m"]),
        ("train", [], []),
        ("compare", ["a", "b=c", "--jobs=2"], ["--configs=a,b=c", "--jobs=2"]),
        ("serve", ["folder", "--port=1"], ["folder", "--port=1"]),
    ],
)
def test_files_before_the_first_flag(name: str, words: List[str], expected: List[str]) -> None:
    assert cli.arguments(cli.known()[name], words) == expected


def test_a_program_runs_with_the_config_in_front(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "check", SAMPLE) == 0
    assert f"{SAMPLE}: OK" in capsys.readouterr().out
    assert call(monkeypatch, "check", SAMPLE, "--train_config.num_stepz=3") == 2
    assert "did you mean num_steps?" in capsys.readouterr().err


@pytest.mark.parametrize("words", [(), ("help",), ("--help",), ("-h",)])
def test_alone_it_lists_all_commands_on_a_screen(
    words: List[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, *words) == 0
    shown = capsys.readouterr().out
    for name in cli.known():
        assert re.search(rf"^  {name} +\w", shown, re.M)
    assert len(shown.splitlines()) < 40
    assert max(map(len, shown.splitlines())) <= 80


def test_a_typing_error_names_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "trian") == 2
    assert (
        capsys.readouterr().err == "trian: unknown command; did you mean train? (see easy-esmm)\n"
    )
    assert call(monkeypatch, "zzz") == 2
    assert capsys.readouterr().err == "zzz: unknown command (see easy-esmm)\n"


def test_the_version_is_that_of_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"easy-esmm {easy_esmm.__version__}\n"
    with pytest.raises(AttributeError, match="has no attribute 'version'"):
        easy_esmm.version  # noqa: B018


def test_completion_knows_names_and_flags(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "completion", "flags", "evaluate") == 0
    flags = capsys.readouterr().out.split()
    assert {"--pipeline_config", "--truth", "--report"} <= set(flags)
    assert call(monkeypatch, "completion", "flags", "nothing") == 0
    assert capsys.readouterr().out == ""
    assert call(monkeypatch, "completion", "fish") == 2
    assert "must be bash or zsh" in capsys.readouterr().err


def test_bash_completes_what_the_script_says() -> None:
    script = f"""
      easy-esmm() {{ "{sys.executable}" -m easy_esmm "$@"; }}
      source <(easy-esmm completion bash)
      COMP_WORDS=(easy-esmm rep) COMP_CWORD=1 && _easy_esmm && echo "${{COMPREPLY[@]}}"
      COMP_WORDS=(easy-esmm check --from) COMP_CWORD=2 && _easy_esmm && echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["report", "--from_easyrec"], done.stderr
