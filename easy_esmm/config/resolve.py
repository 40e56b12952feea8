"""Resolves a config as written to the one that the rest of the package reads, all explicit.

Afterwards features stand in `feature_config.features` only, each with its name; shared names and
ranges are written out; towers have labels, metrics and, but for a single-task model's, names; every
label is in `label_fields`; the losses of a single-task model stand in `model_config.task`. The
`loss_type` of a tower says what it predicts, L2_LOSS a value and CLASSIFICATION a probability; any
other loss stands in `losses`. Untyped parameters of a block's layer stand in its own message.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Optional, Tuple

from easy_esmm.config import models
from easy_esmm.config.backbone.untyped import type_parameters
from easy_esmm.config.feature_types import type_of
from easy_esmm.config.problems import Places, Problem
from easy_esmm.config.ranges import BadRange, expand
from easy_esmm.config.scalars import quoted
from easy_esmm.config.tower_losses import OF_VALUES, predicts_value
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig, FeatureConfigs
from easy_esmm.protos.loss_pb2 import CLASSIFICATION, L2_LOSS
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.tower_pb2 import TaskTower

OF_SINGLE_TASK = ("loss_type", "num_class", "losses")
"""Fields of `model_config` that are about the task of a single-task model."""
_FAMILY_NAMES = {"cvr_tower": "cvr", "ctr_tower": "ctr"}
"""Default names of the towers of an entire-space model, in the order of `label_fields`."""

_SCORING_UNITS = (128, 64, 32, 1)
"""Of an attention without `seq_dnn`."""


@dataclass(eq=False)
class Resolved:
    """A resolved config and the way back to what was written."""

    config: PipelineConfig
    origins: Dict[str, str] = field(default_factory=dict)
    """Path in `config` -> path as written, where they differ."""
    problems: List[Problem] = field(default_factory=list)

    def origin(self, path: str) -> str:
        """Path, in the written config, of what stands at `path` in the resolved one."""
        known = path
        while known:
            if known in self.origins:
                return self.origins[known] + path[len(known) :]
            known = known[: max(known.rfind("."), known.rfind("["), 0)]
        return path


def resolve(written: PipelineConfig, places: Places) -> Resolved:
    """Resolves a copy of `written`; ranges that cannot be written out become problems."""
    config = PipelineConfig()
    config.CopyFrom(written)
    resolved = Resolved(config)
    names = _Names(places, resolved.problems)
    _features(written, resolved, names)
    if config.data_config.auto_expand_input_fields:
        _input_fields(written.data_config, resolved, names)
    for number, group in enumerate(written.model_config.feature_groups):
        path = f"model_config.feature_groups[{number}].feature_names"
        expanded = names.expand_all(group.feature_names, path)
        inside = config.model_config.feature_groups[number]
        del inside.feature_names[:]
        for index, (name, origin) in enumerate(expanded):
            inside.feature_names.append(name)
            if origin != f"{path}[{index}]":
                resolved.origins[f"{path}[{index}]"] = origin
    _attention_groups(config.model_config, resolved.origins)
    _attentions(config)
    if config.data_config.input_type in (DatasetConfig.CSVInputV2, DatasetConfig.CSVInputEx):
        config.data_config.input_type = DatasetConfig.CSVInput
    resolved.problems += type_parameters(
        config.model_config.backbone, models.BACKBONE, places, resolved.origins
    )
    if models.is_supported(config.model_config):
        if models.is_single_task(config.model_config):
            _single_task(config.model_config, resolved.origins, names)
        _towers(config, resolved.origins)
    return resolved


def drop_unread_groups(config: PipelineConfig) -> None:
    """Leaves out feature groups that no network reads.

    Their tables would take memory, and their vectors would count in `embedding_regularization` and
    in the norm that gradients are clipped by. Comes last: rules speak of groups as written.
    """
    model = config.model_config
    read = models.groups_read(model)
    if not read:
        return
    kept = [group for group in model.feature_groups if group.group_name in read]
    del model.feature_groups[:]
    model.feature_groups.extend(kept)


def feature_name(feature: FeatureConfig) -> str:
    """A feature's name: `feature_name`, or its first input; empty if it has neither."""
    return feature.feature_name or (feature.input_names[0] if feature.input_names else "")


class _Names:
    """Expands names and notes the ranges that fail."""

    def __init__(self, places: Places, problems: List[Problem]) -> None:
        self._places = places
        self._problems = problems

    def expand_all(self, names: Iterable[str], path: str) -> List[Tuple[str, str]]:
        """(name, path as written) of every name that `names`, a list at `path`, stand for."""
        expanded: List[Tuple[str, str]] = []
        for index, name in enumerate(names):
            at = f"{path}[{index}]"
            expanded.extend((one, at) for one in self.expand(name, at))
        return expanded

    def expand(self, name: str, path: str) -> List[str]:
        try:
            return expand(name)
        except BadRange as error:
            self.add_problem(path, str(error), quoted(name))
            return []

    def add_problem(self, path: str, rule: str, value: Optional[str] = None) -> None:
        self._problems.append(self._places.problem(path, rule, value))


def _features(written: PipelineConfig, resolved: Resolved, names: _Names) -> None:
    """Gathers the features of either form, clones by shared names, gives each its name."""
    flat = len(written.feature_configs) > 0
    features = written.feature_configs if flat else written.feature_config.features
    prefix = "feature_configs" if flat else "feature_config.features"
    gathered = FeatureConfigs()
    for number, feature in enumerate(features):
        path = f"{prefix}[{number}]"
        shared = names.expand_all(feature.shared_names, f"{path}.shared_names")
        if shared and len(feature.input_names) > 1:
            names.add_problem(f"{path}.shared_names", "must not stand beside two input_names")
        _add(gathered, feature, feature_name(feature), resolved.origins, path)
        for name, origin in shared:
            clone = _add(gathered, feature, name, resolved.origins, path)
            del clone.input_names[:]
            clone.input_names.append(name)
            at = f"feature_config.features[{len(gathered.features) - 1}]"
            resolved.origins[f"{at}.feature_name"] = origin
            resolved.origins[f"{at}.input_names[0]"] = origin
    resolved.config.ClearField("feature_configs")
    resolved.config.feature_config.CopyFrom(gathered)


def _add(
    gathered: FeatureConfigs,
    feature: FeatureConfig,
    name: str,
    origins: Dict[str, str],
    path: str,
) -> FeatureConfig:
    added = gathered.features.add()
    added.CopyFrom(feature)
    added.ClearField("shared_names")
    if "embedding_dim" not in type_of(feature).fields:
        added.ClearField("embedding_dim")  # no table, whatever the config says
    added.feature_name = name
    at = f"feature_config.features[{len(gathered.features) - 1}]"
    if at != path:
        origins[at] = path
    return added


def _input_fields(written: DatasetConfig, resolved: Resolved, names: _Names) -> None:
    data = resolved.config.data_config
    del data.input_fields[:]
    for number, column in enumerate(written.input_fields):
        path = f"data_config.input_fields[{number}]"
        for name in names.expand(column.input_name, f"{path}.input_name"):
            added = data.input_fields.add()
            added.CopyFrom(column)
            added.input_name = name
            resolved.origins[f"data_config.input_fields[{len(data.input_fields) - 1}]"] = path


def _single_task(model: ModelConfig, origins: Dict[str, str], names: _Names) -> None:
    """Moves the losses of a single-task model, which EasyRec has in `model_config`, to its task."""
    moved = ModelConfig()
    written, of_task = (
        {descriptor.name for descriptor, _ in message.ListFields()}
        for message in (model, model.task)
    )
    for name in OF_SINGLE_TASK:
        if name not in written:
            continue
        path, at = f"model_config.{name}", f"{models.SINGLE_TASK}.{name}"
        if name in of_task:
            names.add_problem(at, f"must not stand beside {path}, which says the same")
        elif name == "losses":
            moved.task.losses.extend(model.losses)
        else:
            setattr(moved.task, name, getattr(model, name))
        origins[at] = path
    for name in OF_SINGLE_TASK:
        model.ClearField(name)
    model.MergeFrom(moved)


def _attention_groups(model: ModelConfig, origins: Dict[str, str]) -> None:
    """Makes a feature group of each of `seq_att_groups`; its tower says how elements are scored."""
    scoring = {tower.input: number for number, tower in enumerate(model.multi_tower.din_towers)}
    for number, attention in enumerate(model.seq_att_groups):
        at = f"model_config.feature_groups[{len(model.feature_groups)}]"
        path = f"model_config.seq_att_groups[{number}]"
        group = model.feature_groups.add(group_name=attention.group_name)
        inside = group.sequence_features.add()
        inside.CopyFrom(attention)
        origins[at] = path
        origins[f"{at}.sequence_features[0]"] = path
        if attention.group_name in scoring:
            tower = scoring[attention.group_name]
            inside.seq_dnn.CopyFrom(model.multi_tower.din_towers[tower].dnn)
            origins[f"{at}.sequence_features[0].seq_dnn"] = (
                f"model_config.multi_tower.din_towers[{tower}].dnn"
            )


def _attentions(config: PipelineConfig) -> None:
    """Names and networks of the attentions that are written without."""
    for group in config.model_config.feature_groups:
        for number, attention in enumerate(group.sequence_features):
            attention.group_name = attention.group_name or f"seq_{number}"
            if not attention.HasField("seq_dnn"):
                attention.seq_dnn.hidden_units.extend(_SCORING_UNITS)


def _towers(config: PipelineConfig, origins: Dict[str, str]) -> None:
    """Names, labels and metrics of the towers.

    A tower without `label_name` has the label of its place in `label_fields`; of an entire-space
    model the CVR tower comes first.
    """
    model, data = config.model_config, config.data_config
    labels = list(data.label_fields)
    places = list(enumerate(models.tower_paths(model)))
    if models.is_entire_space(model):
        by_member = {path.rpartition(".")[2]: (path, tower) for _, (path, tower) in places}
        places = [(n, by_member[m]) for n, m in enumerate(_FAMILY_NAMES) if m in by_member]
        for member, (_, tower) in by_member.items():
            tower.tower_name = tower.tower_name or _FAMILY_NAMES[member]
    for place, (path, tower) in places:
        if not tower.label_name and place < len(labels):
            tower.label_name = labels[place]
        _settle_losses(tower, path, origins)
        _complete_labels(data, tower, path, origins)
        _complete_metrics(config, tower, path, origins)


def _settle_losses(tower: TaskTower, path: str, origins: Dict[str, str]) -> None:
    """Moves a loss that is more than a kind of prediction to `losses`; sets `loss_type` by them."""
    written = {name: f"{path}.{name}" for name in ("loss_type", "losses")}
    written = {name: origins.get(at, at) for name, at in written.items()}
    if not tower.losses and tower.loss_type not in (CLASSIFICATION, L2_LOSS):
        tower.losses.add().loss_type = tower.loss_type
        origins[f"{path}.losses[0]"] = written["loss_type"]
        origins[f"{path}.losses[0].loss_type"] = written["loss_type"]
    tower.loss_type = L2_LOSS if predicts_value(tower) else CLASSIFICATION
    for number, loss in enumerate(tower.losses):
        if loss.loss_type in OF_VALUES:
            origins[f"{path}.loss_type"] = f"{written['losses']}[{number}].loss_type"


def _complete_labels(
    data: DatasetConfig, tower: TaskTower, path: str, origins: Dict[str, str]
) -> None:
    """Adds the labels that only the tower names."""
    for name in ("label_name", "task_space_indicator_label"):
        label = getattr(tower, name)
        if label and label not in data.label_fields:
            origins[f"data_config.label_fields[{len(data.label_fields)}]"] = f"{path}.{name}"
            data.label_fields.append(label)


def _complete_metrics(
    config: PipelineConfig, tower: TaskTower, path: str, origins: Dict[str, str]
) -> None:
    """Metrics of `eval_config` where the tower names none, and an AUC where nobody does."""
    if tower.metrics_set:
        return
    common: Any = config.eval_config.metrics_set
    tower.metrics_set.extend(common)
    if common:
        origins[f"{path}.metrics_set"] = "eval_config.metrics_set"
    else:
        tower.metrics_set.add().auc.SetInParent()
