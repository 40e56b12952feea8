"""Rules across fields: optimizers, the end of training, paths."""

from __future__ import annotations

import os
from typing import Any, Dict, Tuple

from easy_esmm.config.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.config.support import is_closed_off

_OPTIMIZERS = "train_config.optimizer_config"
_NEEDED: Dict[str, Tuple[str, ...]] = {
    "train": ("train_input_path", "model_dir"),
    "evaluate": ("eval_input_path", "model_dir"),
    "predict": (),
    "export": (),
    "check": (),
}
"""What a command reads from the config; predict and export may start from a folder by flag."""


def check_paths(report: Report, command: str) -> None:
    """The paths that `command` needs are set; `check` only notes what training would need."""
    for name in _NEEDED[command]:
        if not getattr(report.config, name):
            report.complain(name, "must be set", None, f"or give --{name}")
    if command == "check":
        for name in _NEEDED["train"]:
            if not getattr(report.config, name):
                report.note(name, f"is not set: training needs --{name}")
    if command in ("check", "train") and not report.config.eval_input_path:
        report.note("eval_input_path", "is not set: training goes without evaluation")


def check_optimizers(report: Report) -> None:
    """One optimizer for everything or two, each with its learning rate."""
    optimizers = report.config.train_config.optimizer_config
    if not optimizers:
        hint = (
            "optimizer_config { lazy_adam_optimizer { learning_rate "
            "{ constant_learning_rate { learning_rate: 0.001 } } } } is a good start"
        )
        report.complain(_OPTIMIZERS, "must be set", None, hint)
    if len(optimizers) > 2:
        rule = (
            "must be one optimizer, or two: the first for embedding tables, the second for the rest"
        )
        report.complain(f"{_OPTIMIZERS}[2]", rule, str(len(optimizers)))
    for number, optimizer in enumerate(optimizers):
        path = f"{_OPTIMIZERS}[{number}]"
        member = optimizer.WhichOneof("optimizer")
        if member is None:
            rule = "must hold lazy_adam_optimizer, adam_optimizer or adagrad_optimizer"
            report.complain(path, rule)
        elif not is_closed_off(optimizer.DESCRIPTOR.fields_by_name[member]):
            _check_rate(report, getattr(optimizer, member), f"{path}.{member}")


def check_end(report: Report) -> None:
    """Training ends at some step or after some epoch."""
    if not report.config.train_config.num_steps and not report.config.data_config.num_epochs:
        rule = "must be greater than 0, or data_config.num_epochs must be: training would not end"
        report.complain("train_config.num_steps", rule, "0")


def check_export(report: Report) -> None:
    """A request holds any number of rows, or at least one; assets are files of different names."""
    export = report.config.export_config
    if export.batch_size != -1 and export.batch_size < 1:
        rule = "must be -1 or at least 1"
        report.complain("export_config.batch_size", rule, str(export.batch_size))
    names = {"pipeline.config"}
    for number, path in enumerate(export.asset_files):
        where, name = f"export_config.asset_files[{number}]", os.path.basename(path)
        if not os.path.isfile(path):
            report.complain(where, "must be an existing file", quoted(path))
        elif name in names:
            report.complain(where, "must have a name of its own among the assets", quoted(path))
        names.add(name)


def _check_rate(report: Report, parameters: Any, path: str) -> None:
    rate = parameters.learning_rate
    member = rate.WhichOneof("learning_rate")
    if member is None:
        rule = "must hold constant_learning_rate or exponential_decay_learning_rate"
        report.complain(f"{path}.learning_rate", rule)
    elif member == "exponential_decay_learning_rate":
        decay = rate.exponential_decay_learning_rate
        if decay.min_learning_rate > decay.initial_learning_rate > 0:
            rule = (
                f"must not be greater than initial_learning_rate, {decay.initial_learning_rate:g}"
            )
            at = f"{path}.learning_rate.{member}.min_learning_rate"
            report.complain(at, rule, f"{decay.min_learning_rate:g}")
