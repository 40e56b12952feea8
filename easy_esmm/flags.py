"""The command line: shared flags, overrides of config fields, and how a program ends.

A program has flags of its own and names those that it reads, so that one without effect is refused:

    FLAGS = flags.define(*flags.CONFIG, "model_dir", "continue_train")

    def main(arguments: Arguments) -> None:
        pipeline = arguments.load("train")

    if __name__ == "__main__":
        flags.run(main, FLAGS, __doc__)

With `CONFIG` come --pipeline_config (or --pipeline_config_path), --edit_config_json, and overrides
such as `--train_config.num_steps=100`; the overrides come with --edit_config_json alone, too.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, NoReturn, Optional, Sequence, Tuple

from absl import flags as absl_flags
from absl.flags import FlagValues

from easy_esmm import log_lines, signals
from easy_esmm.config import Edit, Pipeline, edits_from_json, load
from easy_esmm.errors import LostPeer, UserError

CONFIG = ("pipeline_config", "edit_config_json")
"""The flags of a program that reads a pipeline config."""

EXIT_USER_ERROR = 2
EXIT_LOST_PEER = 75
"""EX_TEMPFAIL of sysexits.h: started again, the process goes on."""
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
_SECTIONS = "data_config|train_config|feature_config|model_config|export_config|eval_config"
_PATH = r"(?:[^=\[]|\[[^\]]*\])*"  # an equals sign inside brackets belongs to the path
_OVERRIDE = re.compile(rf"--?((?:{_SECTIONS})\.{_PATH})(?:=(.*))?", re.DOTALL)
_HELP = ("-h", "-help", "--help", "--helpfull")


def _define_log_format(name: str, default: str, text: str, **where: Any) -> Any:
    return absl_flags.DEFINE_enum(name, default, ["text", "json"], text, **where)


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
    "report": Flag("file for an HTML page about the evaluation"),
    "user_column": Flag("column that names the user; that of the gauc metric if not given"),
    "eval_result_path": Flag("file for the metrics", default="eval_result.txt"),
    "export_dir": Flag("folder for the versions of the SavedModel, local or remote"),
    "warmup_path": Flag(
        "files whose first rows go into the warm-up file, or `none`; eval_input_path if not given"
    ),
    "keep": Flag(
        "newest versions to keep in export_dir; 0: all", absl_flags.DEFINE_integer, default=0
    ),
    "verify": Flag("SavedModel to verify instead of an export, or a folder of its versions"),
    "data_revision": Flag("state of the data, such as a git revision, for the model card"),
    "input_path": Flag("files of rows: globs and commas"),
    "output_path": Flag("file for the scores, .csv or .parquet"),
    "reserved_cols": Flag("input columns to copy to the scores, with commas"),
    "uncalibrated": Flag(
        "leave the calibration of the checkpoint out", absl_flags.DEFINE_bool, default=False
    ),
    "log_format": Flag(
        "form of the lines on stderr: text, or json for one object a line",
        _define_log_format,
        "text",
    ),
    "output_cols": Flag("scores to write, with commas; all if not given"),
}
"""Flags by name; the programs say which of them they read."""

_ALIASES = {"pipeline_config": "pipeline_config_path"}

_REDIS = "the tables are in the SavedModel, and none are written to Redis or OSS: leave it out"
_SEARCH = "parameters are searched for by python -m easy_esmm.tune"
_EASYREC = {
    "check_mode": "python -m easy_esmm.check checks a config",
    "clear_export": "an export never meets an older one, it has a version of its own: leave it out",
    "distribute_eval": "an evaluation runs in one process: leave it out",
    "export_done_file": "a version appears when it is complete: leave it out",
    "fg_json_path": "RTP's feature generator is not read: leave it out",
    "hpo_metric_save_path": _SEARCH,
    "hpo_param_path": _SEARCH,
    "ignore_finetune_ckpt_error": "without the checkpoint nothing would be fine-tuned: leave out "
    "both it and --fine_tune_checkpoint",
    "input_sep": "data_config.separator is what separates the columns of files",
    "is_on_ds": "there is one machine: leave it out",
    "odps_config": "MaxCompute tables are not read; export them to Parquet",
    "oss_path": _REDIS,
    "output_sep": "a .csv file has commas; leave it out, or write a .parquet file",
    "redis_batch_size": _REDIS,
    "redis_expire": _REDIS,
    "redis_passwd": _REDIS,
    "redis_threads": _REDIS,
    "redis_timeout": _REDIS,
    "redis_url": _REDIS,
}
"""Flags of EasyRec's programs that ours do not have, and what to do instead."""


@dataclass(frozen=True)
class Arguments:
    """What the command line holds besides the flags that a program reads by itself."""

    pipeline_config: Optional[str] = None
    """--pipeline_config."""
    edits: Tuple[Edit, ...] = ()
    """Changes to the config, in the order in which they apply."""
    positional: Tuple[str, ...] = ()
    """What is no flag."""

    def load(self, command: str) -> Pipeline:
        """The checked config of --pipeline_config, edited; `command` is as for `config.load`."""
        if not self.pipeline_config:
            raise UserError("--pipeline_config: must name the pipeline config")
        return load(self.pipeline_config, self.edits, command)


def define(*names: str) -> FlagValues:
    """A program's flags: the shared ones of these names. absl's DEFINE_* add more to them."""
    values = FlagValues()  # type: ignore[no-untyped-call]
    for name in names:
        flag = SHARED[name]
        flag.define(name, flag.default, flag.help, flag_values=values)
        if name in _ALIASES:
            absl_flags.DEFINE_alias(_ALIASES[name], name, flag_values=values)
    return values


def run(
    main: Callable[[Arguments], None],
    values: FlagValues,
    usage: Optional[str] = None,
    positional: bool = False,
) -> NoReturn:
    """Parses the command line, calls `main` and ends the process.

    Status 0; or 2 with the message and no traceback for what a user can fix (a UserError, a wrong
    flag, a path that cannot be read or written); 75 where another process of a cluster is gone and
    this one may be started again; 130 after Ctrl-C; 143 after SIGTERM; or a traceback, which means
    a defect. `usage` is what --help prints above the flags; arguments that are no flags are
    refused, unless `positional`.
    """
    signals.raise_terminated()
    log_lines.use_json(_asks_for_json(values, sys.argv))
    try:
        main(parse(values, sys.argv, usage, positional))
    except (UserError, absl_flags.Error) as error:
        log_lines.write(str(error), "error")
        sys.exit(EXIT_USER_ERROR)
    except LostPeer as error:
        log_lines.write(str(error), "error")
        sys.exit(EXIT_LOST_PEER)
    except KeyboardInterrupt as error:
        log_lines.write(f"\n{error or 'interrupted'}", "warning")
        sys.exit(EXIT_INTERRUPTED)
    except signals.Terminated as error:
        log_lines.write(error.message or "terminated", "warning")
        sys.exit(EXIT_TERMINATED)
    except BrokenPipeError:
        # The reader of a pipe has had enough (`... | head`); Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        # A folder that cannot be written, a full disk: theirs to fix, and the path shows where.
        log_lines.write(f"{error.filename or 'the system'}: {error.strerror or error}", "error")
        sys.exit(EXIT_USER_ERROR)
    sys.exit(0)


def parse(
    values: FlagValues,
    argv: Sequence[str],
    usage: Optional[str] = None,
    positional: bool = False,
) -> Arguments:
    """Parses `argv` (the program's name first) into `values`, and returns the rest.

    What an earlier call left in `values` is forgotten. Edits apply in this order:
    --edit_config_json, overrides, then flags such as --model_dir.
    """
    has_edits = "edit_config_json" in values
    overrides, rest = split_overrides(argv) if has_edits else ((), list(argv))
    if any(argument in _HELP for argument in rest):
        print(_help(values, usage))
        sys.exit(0)
    values.unparse_flags()
    try:
        no_flags = tuple(values(rest)[1:])
    except absl_flags.IllegalFlagValueError as error:
        raise _no_number(error) or error from None
    except absl_flags.UnrecognizedFlagError as error:
        reason = _EASYREC.get(error.flagname)
        if reason is None and error.flagname == "config" and "pipeline_config" in values:
            raise UserError("--config: unknown flag; did you mean --pipeline_config?") from None
        if reason is None:
            raise
        message = f"--{error.flagname}: known to EasyRec, refused here: {reason}"
        raise UserError(message) from None
    if no_flags and not positional:
        joined = ", and configs are joined by commas" if "configs" in values else ""
        raise UserError(
            f"{no_flags[0]}: not a flag; all arguments are --flags{joined} (see --help)"
        )
    if not has_edits:
        return Arguments(positional=no_flags)
    text = values.edit_config_json
    from_json = edits_from_json(text) if text else ()
    edits = (*from_json, *overrides, *_flag_edits(values))
    config = values.pipeline_config if "pipeline_config" in values else None
    return Arguments(config, edits, no_flags)


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


def _asks_for_json(values: FlagValues, argv: Sequence[str]) -> bool:
    """Whether --log_format is json; looked for before parsing, whose errors are lines, too."""
    if "log_format" not in values:
        return False
    words = [word.replace("--", "-", 1) for word in argv]
    pairs = zip(words, words[1:])
    return "-log_format=json" in words or ("-log_format", "json") in pairs


def _flag_edits(values: FlagValues) -> Tuple[Edit, ...]:
    """Edits of the flags that stand for a field, and were given."""
    edits: List[Edit] = []
    for name, flag in SHARED.items():
        value = values[name].value if flag.edits and name in values else None
        if isinstance(value, list):
            edits.append(Edit(f"--{name}", flag.edits, value))
        elif value is not None:
            edits.append(Edit(f"--{name}", flag.edits, str(value), is_text=True))
    return tuple(edits)


def _no_number(error: absl_flags.IllegalFlagValueError) -> Optional[UserError]:
    """What `int()` says of other text, in our words; None if something else is wrong."""
    match = re.fullmatch(r"flag --(\w+)=(.*): invalid literal for int\(\).*", str(error), re.DOTALL)
    if match is None:
        return None
    return UserError(f"--{match.group(1)}: must be a whole number, got '{match.group(2)}'")


def _help(values: FlagValues, usage: Optional[str]) -> str:
    # Flags that were taken over from another program have no module, and would not be indented.
    indent = "" if values.flags_by_module_dict() else "  "
    text = values.get_help(indent, include_special_flags=False)
    # Under headings by module, which are of no use to whoever calls the program.
    listed = [line for line in text.splitlines() if line.startswith("  ")]
    lines = [(usage or "").strip(), "", *listed]
    if "edit_config_json" in values:
        lines.append(
            "  --train_config.num_steps=100: sets a field of the config; any field of a section"
        )
    return "\n".join(lines)
