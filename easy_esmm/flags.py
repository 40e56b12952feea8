"""The command line: shared flags, overrides of config fields, and how a program ends.

A program names the flags that it reads, so that a flag without effect is refused:

    flags.define("model_dir", "continue_train")

    def main(arguments: Arguments) -> None:
        pipeline = arguments.load("train")

    if __name__ == "__main__":
        flags.run(main, __doc__)

Every program has --pipeline_config (or --pipeline_config_path), --edit_config_json, and overrides
such as `--train_config.num_steps=100`.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, NoReturn, Optional, Sequence, Tuple

from absl import flags as absl_flags

from easy_esmm.config import Edit, Pipeline, edits_from_json, load
from easy_esmm.errors import UserError

FLAGS = absl_flags.FLAGS

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130
_SECTIONS = "data_config|train_config|feature_config|model_config|export_config|eval_config"
_PATH = r"(?:[^=\[]|\[[^\]]*\])*"  # an equals sign inside brackets belongs to the path
_OVERRIDE = re.compile(rf"--?((?:{_SECTIONS})\.{_PATH})(?:=(.*))?", re.DOTALL)
_HELP = ("-h", "-help", "--help", "--helpfull")


@dataclass(frozen=True)
class Flag:
    """A flag that several programs share."""

    help: str
    define: Callable[..., Any] = absl_flags.DEFINE_string
    default: Any = None
    edits: str = ""
    """Path of the config field that the flag sets; empty if it sets none."""


SHARED: Dict[str, Flag] = {
    "pipeline_config": Flag("the pipeline config, text or .json"),
    "edit_config_json": Flag("""changes, such as '{"train_config.num_steps": 100}'"""),
    "model_dir": Flag("folder of checkpoints, logs and exports", edits="model_dir"),
    "train_input_path": Flag("files to train on: globs and commas", edits="train_input_path"),
    "eval_input_path": Flag("files to evaluate on: globs and commas", edits="eval_input_path"),
    "batch_size": Flag(
        "rows in a batch", absl_flags.DEFINE_integer, edits="data_config.batch_size"
    ),
    "fine_tune_checkpoint": Flag(
        "checkpoint to start from", edits="train_config.fine_tune_checkpoint"
    ),
    "asset_files": Flag(
        "files to put beside the exported model, with commas",
        absl_flags.DEFINE_list,
        edits="export_config.asset_files",
    ),
    "continue_train": Flag(
        "continue in a model_dir that is not empty", absl_flags.DEFINE_bool, default=False
    ),
    "checkpoint_path": Flag("checkpoint to use; the newest of model_dir if not given"),
    "saved_model_dir": Flag("SavedModel to score with, or a folder of its versions"),
    "common_pctr": Flag("scores of the evaluated rows by a common CTR model, for its CTCVR AUC"),
    "truth": Flag("truth file of the simulated rows that are evaluated"),
    "eval_result_path": Flag("file for the metrics", default="eval_result.txt"),
    "export_dir": Flag("folder for the SavedModel"),
    "input_path": Flag("files to score: globs and commas"),
    "output_path": Flag("file for the scores, .csv or .parquet"),
    "reserved_cols": Flag("input columns to copy to the scores, with commas"),
    "output_cols": Flag("scores to write, with commas; all if not given"),
}
"""Flags by name; the programs say which of them they read."""

_ALIASES = {"pipeline_config": "pipeline_config_path"}


@dataclass(frozen=True)
class Arguments:
    """What the command line says beyond the flags that a program reads by itself."""

    edits: Tuple[Edit, ...]
    """Changes to the config, in the order in which they apply."""

    def load(self, command: str) -> Pipeline:
        """The checked config of --pipeline_config, edited; `command` is as for `config.load`."""
        if not FLAGS.pipeline_config:
            raise UserError("--pipeline_config: must name the pipeline config")
        return load(FLAGS.pipeline_config, self.edits, command)


def define(*names: str) -> None:
    """Registers shared flags; --pipeline_config and --edit_config_json come with them."""
    for name in ("pipeline_config", "edit_config_json", *names):
        if name in FLAGS:
            continue
        flag = SHARED[name]
        flag.define(name, flag.default, flag.help)
        if name in _ALIASES:
            absl_flags.DEFINE_alias(_ALIASES[name], name)


def run(main: Callable[[Arguments], None], usage: Optional[str] = None) -> NoReturn:
    """Parses the command line, calls `main` and ends the process.

    Status 0; or 2 with the message and no traceback for what a user can mend (a UserError, a wrong
    flag, a path that cannot be read or written); 130 after Ctrl-C; or a traceback, which means a
    defect. `usage` is what --help prints above the flags.
    """
    try:
        main(parse(sys.argv, usage))
    except (UserError, absl_flags.Error) as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe has had enough (`... | head`); Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        # A folder that cannot be written, a full disk: theirs to mend, and the path says where.
        print(f"{error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)
    sys.exit(0)


def parse(argv: Sequence[str], usage: Optional[str] = None) -> Arguments:
    """Parses `argv` (the program's name first) into FLAGS and edits.

    Edits apply in this order: --edit_config_json, overrides, then flags such as --model_dir.
    """
    overrides, rest = split_overrides(argv)
    if any(argument in _HELP for argument in rest):
        print(_help(usage))
        sys.exit(0)
    positional = FLAGS(rest)[1:]
    if positional:
        raise UserError(f"{positional[0]}: not a flag; all arguments are --flags (see --help)")
    text = FLAGS.edit_config_json
    return Arguments((*(edits_from_json(text) if text else ()), *overrides, *_flag_edits()))


def split_overrides(argv: Sequence[str]) -> Tuple[Tuple[Edit, ...], List[str]]:
    """Takes `--train_config.num_steps=100` and `--train_config.num_steps 100` out of `argv`.

    absl refuses flags that nobody defined, and nobody can define one per field.
    """
    edits: List[Edit] = []
    rest: List[str] = []
    waiting = list(argv)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            rest.extend([argument, *waiting])
            break
        match = _OVERRIDE.fullmatch(argument)
        if match is None:
            rest.append(argument)
            continue
        path, value = match.groups()
        if value is None:
            if not waiting or waiting[0].startswith("--"):
                raise UserError(f"--{path}: must have a value")
            value = waiting.pop(0)
        edits.append(Edit(f"--{path}", path, value, is_text=True))
    return tuple(edits), rest


def _flag_edits() -> Tuple[Edit, ...]:
    """Edits of the flags that stand for a field, and were given."""
    edits: List[Edit] = []
    for name, flag in SHARED.items():
        value = FLAGS[name].value if flag.edits and name in FLAGS else None
        if isinstance(value, list):
            edits.append(Edit(f"--{name}", flag.edits, value))
        elif value is not None:
            edits.append(Edit(f"--{name}", flag.edits, str(value), is_text=True))
    return tuple(edits)


def _help(usage: Optional[str]) -> str:
    ours = [name for name in FLAGS.flags_by_module_dict() if not name.startswith("absl")]
    flags = "".join(FLAGS.module_help(name) for name in sorted(ours))
    override = "  --train_config.num_steps=100: sets a field of the config; any field of a section"
    return f"{(usage or '').strip()}\n{flags}\n{override}"
