"""One command for all programs: `easy-esmm NAME ...` is `python -m easy_esmm.NAME ...`.

No TensorFlow: a program imports what it needs.
"""

from __future__ import annotations

import importlib
import runpy
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import Dict, List, Sequence, Tuple

from easy_esmm.config.hints import did_you_mean
from easy_esmm.flags import EXIT_USER_ERROR

NAME = "easy-esmm"
_HELP = ("-h", "--help", "help")
_COMPLETION = "completion"


@dataclass(frozen=True)
class Command:
    """A program."""

    purpose: str
    module: str = ""
    """In `easy_esmm`; empty: as the command is called."""
    file_flag: str = "pipeline_config"
    """The flag that words before the first flag are values of; empty: the program takes them."""


COMMANDS: Dict[str, Dict[str, Command]] = {
    "Start": {
        "init": Command("draft a config from a sample of a log", file_flag=""),
        "check": Command("check a config, and its files, in a second"),
        "quickstart": Command("simulate, train, evaluate, export and score", file_flag=""),
    },
    "Train": {
        "train": Command("train, evaluate at each checkpoint, export"),
        "launch": Command("train on a cluster of processes on this machine"),
        "vocabulary": Command("count ids, and write vocabulary files"),
        "calibrate": Command("make the probabilities of a checkpoint rates"),
        "tune": Command("search fields of the config for better values"),
    },
    "Judge": {
        "evaluate": Command("metrics of a checkpoint"),
        "report": Command("a page about a trained model"),
        "compare": Command("models on the same rows, paired by seed", file_flag="configs"),
    },
    "Use": {
        "predict": Command("score rows"),
        "export": Command("write a SavedModel, or verify one"),
        "serve": Command("serve a SavedModel on this machine", file_flag=""),
    },
    "Data": {
        "simulate": Command("impressions with planted truth", "aliccp.simulate", ""),
        "aliccp": Command("Ali-CCP from the downloaded files to AUCs", "aliccp_run"),
        "aliccp-table": Command("the ESMM paper's table on Ali-CCP", "aliccp_table"),
        "aliccp-convert": Command("Ali-CCP's files to Parquet", "aliccp.convert", ""),
        "aliccp-describe": Command("the sizes of converted fields", "aliccp.describe", ""),
    },
}
"""By what one wants to do."""

_BASH = """\
_easy_esmm() {
  local word="${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "$(easy-esmm completion names)" -- "$word"))
  elif [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$(easy-esmm completion flags "${COMP_WORDS[1]}")" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _easy_esmm easy-esmm
"""
_SHELLS = {"bash": _BASH, "zsh": f"autoload -U +X bashcompinit && bashcompinit\n{_BASH}"}


def main() -> None:
    """Runs the program that the command line names, and ends the process as that does."""
    name, *words = sys.argv[1:] or ["help"]
    if name in _HELP:
        print(overview())
        return
    if name == "--version":
        print(f"{NAME} {metadata.version('easy_esmm')}")
        return
    if name == _COMPLETION:
        print(_completion(words), end="")
        return
    command = known().get(name)
    if command is None:
        hint = did_you_mean(name, known())
        sys.stderr.write(f"{name}: unknown command{f'; {hint}' if hint else ''} (see {NAME})\n")
        sys.exit(EXIT_USER_ERROR)
    sys.argv = [f"{NAME} {name}", *arguments(command, words)]
    runpy.run_module(f"easy_esmm.{_module(name, command)}", run_name="__main__", alter_sys=False)


def known() -> Dict[str, Command]:
    """All commands by name."""
    return {name: command for group in COMMANDS.values() for name, command in group.items()}


def arguments(command: Command, words: Sequence[str]) -> List[str]:
    """The words after the command's name, with files before the first flag as a flag's value."""
    if not command.file_flag:
        return list(words)
    files: List[str] = []
    rest = list(words)
    while rest and not rest[0].startswith("-"):
        files.append(rest.pop(0))
    return [f"--{command.file_flag}={','.join(files)}", *rest] if files else rest


def overview() -> str:
    """What there is, by what one wants to do."""
    width = max(map(len, known()))
    lines = [f"{NAME} COMMAND [CONFIG] [--flags]    (--help behind a COMMAND: its flags)"]
    for purpose, commands in COMMANDS.items():
        lines += ["", f"{purpose}:"]
        lines += [f"  {name:{width}}  {command.purpose}" for name, command in commands.items()]
    lines += ["", f"Completion of names and flags: source <({NAME} {_COMPLETION} bash), or zsh"]
    return "\n".join(lines)


def _completion(words: Sequence[str]) -> str:
    what = words[0] if words else ""
    if what in _SHELLS:
        return _SHELLS[what]
    if what == "names":
        return "\n".join(known()) + "\n"
    if what == "flags":
        return "".join(f"{flag}\n" for flag in _flags_of(tuple(words[1:])))
    sys.stderr.write(f"{NAME} {_COMPLETION}: must be bash or zsh, got '{what}'\n")
    sys.exit(EXIT_USER_ERROR)


def _flags_of(names: Tuple[str, ...]) -> List[str]:
    command = known().get(names[0]) if names else None
    if command is None:
        return []
    program = importlib.import_module(f"easy_esmm.{_module(names[0], command)}")
    return [f"--{flag}" for flag in sorted(program.FLAGS)]


def _module(name: str, command: Command) -> str:
    return command.module or name


if __name__ == "__main__":
    main()
