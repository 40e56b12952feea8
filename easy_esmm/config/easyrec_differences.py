"""Lists what a config written for EasyRec does differently here, and what reproduces EasyRec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Set, Tuple

from easy_esmm.config.cells import INTEGERS
from easy_esmm.config.feature_types import type_of
from easy_esmm.config.models import tower_paths
from easy_esmm.config.problems import Place, Places
from easy_esmm.config.ranges import BadRange, expand
from easy_esmm.config.rules.fields import is_default, matches
from easy_esmm.config.tower_losses import predicts_value
from easy_esmm.config.walk import Setting, settings
from easy_esmm.protos.loss_pb2 import ORDER_CALIBRATE_LOSS
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


@dataclass(frozen=True)
class Difference:
    """A setting that means something else here."""

    place: Place
    path: str
    text: str
    """What differs."""
    edits: Mapping[str, Any]
    """Paths and values, as --edit_config_json takes them, that reproduce EasyRec's numbers; none
    where nothing does, or where numbers are the same."""

    def __str__(self) -> str:
        return f"{self.place}: {self.path}: {self.text}"


@dataclass(frozen=True)
class _Rule:
    path: str
    """A pattern, as of `rules.fields.Rule`."""
    differs: Callable[[PipelineConfig, Setting], bool]
    text: str
    edits: Callable[[PipelineConfig, Setting], Dict[str, Any]]


def differences(written: PipelineConfig, places: Places) -> Tuple[Difference, ...]:
    """The differences of a config as written, in the order of its lines."""
    found: List[Difference] = []
    for setting in settings(written):
        for rule in _RULES:
            if matches(rule.path, setting.pattern_path) and rule.differs(written, setting):
                edits = rule.edits(written, setting)
                place = places.find(setting.path)
                found.append(Difference(place, setting.path, rule.text, edits))
    return tuple(sorted(found, key=lambda difference: difference.place))


def _always(_: PipelineConfig, __: Setting) -> bool:
    return True


def _is_esmm(config: PipelineConfig, _: Setting) -> bool:
    return config.model_config.HasField("esmm")


def _is_other(config: PipelineConfig, setting: Setting) -> bool:
    return not _is_esmm(config, setting)


def _is_set(_: PipelineConfig, setting: Setting) -> bool:
    return not is_default(setting)


def _is_set_in_esmm(config: PipelineConfig, setting: Setting) -> bool:
    return _is_esmm(config, setting) and _is_set(config, setting)


def _nothing(_: PipelineConfig, __: Setting) -> Dict[str, Any]:
    return {}


def _to(value: Any) -> Callable[[PipelineConfig, Setting], Dict[str, Any]]:
    """Sets the field itself."""
    return lambda _, setting: {setting.path: value}


def _is_auc_of_probabilities(config: PipelineConfig, setting: Setting) -> bool:
    """An exact AUC, of towers none of which predicts a value: steps are of a probability."""
    towers = tower_paths(config.model_config)
    read = [tower for path, tower in towers if setting.path.startswith(f"{path}.")]
    return setting.value.exact and not any(
        predicts_value(tower) for tower in read or (tower for _, tower in towers)
    )


def _calibrates_without_relation(config: PipelineConfig, setting: Setting) -> bool:
    if setting.value != ORDER_CALIBRATE_LOSS or _is_esmm(config, setting):
        return False
    towers = tower_paths(config.model_config)
    own = [tower for path, tower in towers if setting.path.startswith(f"{path}.")]
    return not any(getattr(tower, "relation_tower_names", ()) for tower in own)


def _without_losses(_: PipelineConfig, setting: Setting) -> Dict[str, Any]:
    tower = setting.path.partition(".losses")[0]
    return {f"{tower}.losses": [], f"{tower}.num_class": 1}


def _may_lack_an_id(config: PipelineConfig, setting: Setting) -> bool:
    field = setting.value
    is_integer = field.input_type in INTEGERS and not field.default_val
    return is_integer and field.input_name in _id_columns(config)


def _id_columns(config: PipelineConfig) -> Set[str]:
    """Input columns that features read ids from, by the features as written."""
    names: Set[str] = set()
    for feature in config.feature_configs or config.feature_config.features:
        of_feature = type_of(feature).id_columns(feature)
        names.update(of_feature)
        if of_feature:
            names.update(name for shared in feature.shared_names for name in _expanded(shared))
    return names


def _expanded(name: str) -> List[str]:
    try:
        return expand(name)
    except BadRange:  # which is refused elsewhere
        return []


_RULES: Tuple[_Rule, ...] = (
    _Rule(
        "data_config.input_fields",
        _may_lack_an_id,
        "a missing value is no id, the zero vector; EasyRec takes it for the id 0",
        lambda _, setting: {f"{setting.path}.default_val": "0"},
    ),
    _Rule(
        "model_config.esmm",
        lambda config, _: config.model_config.loss_reduction == ModelConfig.MEAN,
        "the loss is a mean over the rows of the batch where EasyRec's ESMM sums them, so that "
        "learning rates, clipping, l2_regularization and variational_dropout keep their meaning "
        "whatever the batch_size",
        lambda _, __: {"model_config.loss_reduction": "SUM"},
    ),
    _Rule(
        "model_config.esmm.cvr_tower",
        _always,
        "the loss of the product is computed from logits; EasyRec clips the product of the "
        "probabilities at 1e-7, below which its rows teach nothing",
        _nothing,
    ),
    _Rule(
        "model_config.embedding_regularization",
        lambda config, setting: _is_other(config, setting) and _is_set(config, setting),
        "the penalty is divided by the rows of the batch, as the loss is; EasyRec adds it whole "
        "to the mean of the losses",
        lambda config, setting: {
            # What a float32 holds of it: 5e-6 is 4.999999873689376e-06.
            setting.path: float(f"{setting.value * config.data_config.batch_size:.7g}")
        },
    ),
    _Rule(
        "data_config.sample_weight",
        lambda config, setting: (
            _is_esmm(config, setting)
            and any(tower.use_sample_weight for _, tower in tower_paths(config.model_config))
        ),
        "the weights count; EasyRec's ESMM ignores them",
        lambda _, __: {
            f"model_config.esmm.{tower}.use_sample_weight": False
            for tower in ("ctr_tower", "cvr_tower")
        },
    ),
    _Rule(
        "data_config.sample_weight",
        _is_other,
        "losses are divided by the rows of the batch; EasyRec divides by those whose weight is "
        "not 0",
        _nothing,
    ),
    _Rule(
        "model_config.esmm.*.in_task_space_weight",
        _is_set_in_esmm,
        "the weight counts; EasyRec's ESMM ignores it",
        _to(1.0),
    ),
    _Rule(
        "model_config.esmm.*.out_task_space_weight",
        _is_set_in_esmm,
        "the weight counts; EasyRec's ESMM ignores it",
        _to(1.0),
    ),
    _Rule(
        "model_config.**.out_task_space_weight",
        lambda _, setting: (
            setting.value == 0 and not setting.pattern_path.startswith("model_config.esmm.")
        ),
        "losses are divided by the rows of the batch; EasyRec divides by those whose weight is "
        "not 0, so that those inside the task space weigh more there",
        _nothing,
    ),
    _Rule(
        "model_config.esmm.*.weight",
        _is_set_in_esmm,
        "the weight of the tower's loss counts; EasyRec's ESMM ignores it",
        _to(1.0),
    ),
    _Rule(
        "model_config.esmm.*.losses",
        lambda config, setting: _is_esmm(config, setting) and setting.index == 0,
        "these losses are trained on; EasyRec's ESMM ignores them",
        _without_losses,
    ),
    _Rule(
        "model_config.loss_weight_strategy",
        _is_set_in_esmm,
        "the weights are learned; EasyRec's ESMM ignores it",
        _to("Fixed"),
    ),
    _Rule(
        "model_config.*.task_towers.losses.weight",
        lambda config, setting: (
            _is_other(config, setting)
            and _is_set(config, setting)
            and "losses[0]" not in setting.path
            and "losses." not in setting.path
        ),
        "the weight counts; EasyRec ignores that of a second loss",
        _to(1.0),
    ),
    _Rule(
        "model_config.**.losses.loss_type",
        _calibrates_without_relation,
        "compares with the tower before; EasyRec compares with relation_tower_names alone, and "
        "leaves the loss out where there are none",
        _nothing,
    ),
    _Rule(
        "model_config.**.losses.f1_reweighted_loss",
        _is_other,
        "expected true positives are sums over the positive rows, as in the paper; EasyRec sums "
        "over all rows",
        _nothing,
    ),
    _Rule(
        "**.metrics_set.auc",
        _is_auc_of_probabilities,
        "the AUC is that of all pairs of rows; EasyRec's is one of num_thresholds (200) steps of "
        "the probability, which is wrong at low rates",
        lambda _, setting: {f"{setting.path}.exact": False},
    ),
    _Rule(
        "eval_config.metrics_set",
        lambda config, setting: setting.index <= 0 and _has_towers(config),
        "holds for towers without a metrics_set; EasyRec's multi-task models ignore it",
        _nothing,
    ),
    _Rule(
        "model_config.esmm.cvr_tower.metrics_set.*",
        lambda _, setting: setting.field.name in ("gauc", "session_auc"),
        "users are those of the clicked rows that it is computed on; EasyRec pairs clicked rows "
        "with the users of other rows",
        _nothing,
    ),
    _Rule(
        "export_config.best_exporter_metric",
        lambda config, setting: setting.value == "auc" and _has_towers(config),
        "stands for auc_ctcvr in ESMM's family, else for the AUC of the last tower; no metric of "
        "a multi-task model has that name in EasyRec, whose best export fails",
        _nothing,
    ),
)


def _has_towers(config: PipelineConfig) -> bool:
    model = config.model_config
    name = model.WhichOneof("model")
    parameters = getattr(model, str(name), None)
    return name is not None and (hasattr(parameters, "task_towers") or name == "esmm")
