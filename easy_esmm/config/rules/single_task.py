"""Rules across fields: single-task models, and where their losses stand."""

from __future__ import annotations

from easy_esmm.config import models
from easy_esmm.config.resolve import OF_SINGLE_TASK
from easy_esmm.config.rules.models import check_networks, note_unread_groups
from easy_esmm.config.rules.report import Report
from easy_esmm.protos.multi_tower_pb2 import MultiTower


def check_single_task(report: Report) -> None:
    """Losses and the task stand where the model reads them, and its networks are complete."""
    model = report.config.model_config
    if not models.is_supported(model):
        return
    if not models.is_single_task(model):
        _refuse_single_task(report)
        return
    for name in ("dnn", "input"):
        if model.task.HasField(name):
            rule = f"must not be set: layers and feature groups are those of {models.path(model)}"
            report.refuse(f"{models.SINGLE_TASK}.{name}", rule)
    if isinstance(models.parameters(model), MultiTower):
        _check_multi_tower(report)
    note_unread_groups(report)


def _refuse_single_task(report: Report) -> None:
    model = report.config.model_config
    towers = "its towers" if models.tower_paths(model) else "task_towers"
    written = {field.name for field, _ in model.ListFields()}
    for name in OF_SINGLE_TASK:
        if name in written:
            path = f"model_config.{name}{'[0]' if name == 'losses' else ''}"
            rule = f"known to EasyRec, refused here for a model with towers: set {name} in {towers}"
            report.refuse(path, rule)
    if model.HasField("task"):
        rule = f"must not be set for a model with towers, which say the same: write it in {towers}"
        report.refuse(models.SINGLE_TASK, rule)


def _check_multi_tower(report: Report) -> None:
    model = report.config.model_config
    at = models.path(model)
    if not model.multi_tower.towers:
        hint = "write towers { input: ... dnn { ... } } for each feature group"
        report.refuse(f"{at}.towers", "must have at least one tower", None, hint)
    check_networks(report, "towers")
    if not model.multi_tower.HasField("final_dnn"):
        hint = "write final_dnn { hidden_units: [64, 32] }; [0] is the identity"
        report.refuse(f"{at}.final_dnn", "must be set", None, hint)
