"""Loads a pipeline config: parse, edit, check, resolve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Callable, List, Optional, Sequence, Tuple

from easy_esmm.config.edit import Edit, apply
from easy_esmm.config.parse import Parsed, parse, parse_text
from easy_esmm.config.problems import ConfigError, Places, Problem, in_order
from easy_esmm.config.resolve import Resolved, drop_unread_groups, resolve
from easy_esmm.config.rules.backbone import check_backbone
from easy_esmm.config.rules.baselines import check_baselines
from easy_esmm.config.rules.counterfactual import check_counterfactual
from easy_esmm.config.rules.data import (
    check_columns,
    check_labels,
    check_metrics,
    check_text,
)
from easy_esmm.config.rules.delayed_feedback import check_delayed_feedback
from easy_esmm.config.rules.feature_types import check_feature_types, check_shared_tables
from easy_esmm.config.rules.features import check_features, check_groups
from easy_esmm.config.rules.fields import check_fields
from easy_esmm.config.rules.losses import check_losses
from easy_esmm.config.rules.models import check_hidden_layers, check_inputs, check_model_class
from easy_esmm.config.rules.negative_sampling import check_negative_sampling
from easy_esmm.config.rules.optimizers import check_optimizers
from easy_esmm.config.rules.report import Report
from easy_esmm.config.rules.sequences import check_sequences
from easy_esmm.config.rules.serving import check_matrices, check_user_columns
from easy_esmm.config.rules.single_task import check_single_task, check_wide_groups
from easy_esmm.config.rules.towers import check_towers
from easy_esmm.config.rules.training import check_end, check_export, check_paths
from easy_esmm.config.rules.trunks import check_trunks
from easy_esmm.config.rules.unused import unused_notes
from easy_esmm.config.rules.user_rows import check_user_rows
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Tasks
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A checked config; nothing below changes it."""

    config: PipelineConfig
    """Resolved: see `resolve`. Read-only by convention."""
    written: PipelineConfig
    """As in the file, with the edits of the command line: what model_dir/pipeline.config holds."""
    path: str
    notes: Tuple[str, ...]
    """Lines to log: settings that have no effect here, with their places."""
    places: Places
    resolved: Resolved

    @cached_property
    def tasks(self) -> Tasks:
        """The tasks of the model."""
        return task_specs(self.config.model_config)

    def problem(
        self,
        field_path: str,
        rule: str,
        value: Optional[str] = None,
        hint: Optional[str] = None,
    ) -> Problem:
        """A problem of the field at `field_path` of `config`, at the place where it was written."""
        return self.places.problem(self.resolved.origin(field_path), rule, value, hint)


def load(path: str, edits: Sequence[Edit] = (), command: str = "check") -> Pipeline:
    """Reads, edits, checks and resolves the config at `path`; raises ConfigError with all problems.

    `command` is what the config is for (`train`, `evaluate`, `predict`, `export`, `check`): each
    needs other paths.
    """
    return _checked(parse(path), path, edits, command)


def load_text(text: str, source: str, command: str = "check") -> Pipeline:
    """As `load`, of a config that stands in no file; `source` stands in for its path."""
    return _checked(parse_text(text, source), source, (), command)


def _checked(parsed: Parsed, path: str, edits: Sequence[Edit], command: str) -> Pipeline:
    written, places = parsed.config, parsed.places
    problems: List[Problem] = list(parsed.problems)
    problems.extend(apply(edits, written, places))
    of_fields, notes = check_fields(written, places)
    if problems:
        # What could not be read may be what another field needs: no rules across fields.
        raise ConfigError([*problems, *of_fields])
    resolved = resolve(written, places)
    report = Report(resolved, places)
    for check in _CHECKS:
        check(report)
    check_paths(report, command)
    problems = [*of_fields, *resolved.problems, *report.problems]
    if problems:
        raise ConfigError(problems)
    notes = [*notes, *unused_notes(written, places), *report.notes]
    lines = tuple(str(note) for note in in_order(notes))
    drop_unread_groups(resolved.config)
    return Pipeline(resolved.config, written, path, lines, places, resolved)


_CHECKS: Tuple[Callable[[Report], None], ...] = (
    check_columns,
    check_text,
    check_labels,
    check_metrics,
    check_user_rows,
    check_features,
    check_feature_types,
    check_groups,
    check_sequences,
    check_shared_tables,
    check_model_class,
    check_inputs,
    check_single_task,
    check_wide_groups,
    check_towers,
    check_losses,
    check_counterfactual,
    check_delayed_feedback,
    check_trunks,
    check_backbone,
    check_baselines,
    check_negative_sampling,
    check_hidden_layers,
    check_optimizers,
    check_end,
    check_export,
    check_matrices,
    check_user_columns,
)
