"""Rules across fields: the end of training, the export, paths."""

from __future__ import annotations

from typing import Dict, Tuple

from easy_esmm.config.early_stop import LIMITS, early_stop
from easy_esmm.config.rules.assets import check_assets
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted

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
            report.refuse(name, "must be set", None, f"or give --{name}")
    if command == "check":
        for name in _NEEDED["train"]:
            if not getattr(report.config, name):
                report.note(name, f"is not set: training needs --{name}")
    if command in ("check", "train") and not report.config.eval_input_path:
        report.note("eval_input_path", "is not set: training goes without evaluation")


def check_end(report: Report) -> None:
    """Training ends at some step, after some epoch or at some time."""
    train = report.config.train_config
    if not (train.num_steps or report.config.data_config.num_epochs or train.dead_line):
        rule = "must be greater than 0, or data_config.num_epochs must be: training would not end"
        report.refuse("train_config.num_steps", rule, "0")


def check_export(report: Report) -> None:
    """What is compared is evaluated; requests hold rows; assets are files of different names."""
    export = report.config.export_config
    if export.batch_size != -1 and export.batch_size < 1:
        rule = "must be -1 or at least 1"
        report.refuse("export_config.batch_size", rule, str(export.batch_size))
    _check_early_stop(report)
    check_assets(report)


def _check_early_stop(report: Report) -> None:
    export = report.config.export_config
    wants = (
        ("exporter_type", export.exporter_type == "best", '"best"'),
        ("enable_early_stop", export.enable_early_stop, "true"),
    )
    for name, is_wanted, value in wants:
        if is_wanted and not report.config.eval_input_path:
            rule = "must have an eval_input_path: it compares evaluations"
            report.refuse(f"export_config.{name}", rule, value)
    is_compared = any(is_wanted for _, is_wanted, _ in wants)
    if is_compared and export.metric_bigger and "loss" in export.best_exporter_metric:
        text = "a larger loss is taken for a better one: is metric_bigger: false meant?"
        report.note("export_config.best_exporter_metric", text)
    if export.early_stop_func and export.early_stop_func not in LIMITS:
        return  # a problem of its own
    try:
        early_stop(export)
    except ValueError as error:
        report.refuse(
            "export_config.early_stop_params", str(error), quoted(export.early_stop_params)
        )
