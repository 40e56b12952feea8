"""Rules across fields on late conversions: `conversion_delay` and `delayed_feedback`."""

from __future__ import annotations

from easy_esmm.config import models
from easy_esmm.config.cells import INTEGERS
from easy_esmm.config.conversion_delay import time_columns
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.config.tower_losses import CROSS_ENTROPIES
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.loss_pb2 import LossType
from easy_esmm.protos.model_pb2 import ModelConfig

_MODELS = ("esmm", "esmm_mmoe", "esmm_ple", "esmm_aitm")
_STREAMS = ("fake_negative_weighted", "elapsed_time_sampling")
_TYPES = (*INTEGERS, DatasetConfig.DOUBLE)
_DATA, _MODEL = "data_config.conversion_delay", "model_config.delayed_feedback"


def check_delayed_feedback(report: Report) -> None:
    """Times are columns of their own, and the model has a product that the loss is of."""
    if report.config.data_config.HasField("conversion_delay"):
        _check_columns(report)
        _check_times(report)
    if report.config.model_config.HasField("delayed_feedback"):
        _check_model(report)
        _check_loss(report)


def _check_columns(report: Report) -> None:
    data = report.config.data_config
    delay = data.conversion_delay
    columns = {column.input_name: column for column in data.input_fields}
    taken = (*data.label_fields, data.sample_weight)
    for field in ("click_time", "conversion_time", "observed_until"):
        name, path = getattr(delay, field), f"{_DATA}.{field}"
        if not name:
            if field != "observed_until":
                report.refuse(path, "must name the column of the time")
            continue
        if not report.require_member(path, name, columns, "a column of data_config.input_fields"):
            continue
        column = columns[name]
        if name in taken:
            report.refuse(path, "must not be a label or the sample weight", quoted(name))
        if name in data.user_rows.columns:
            rule = "must not be in user_rows.columns: each impression has its own time"
            report.refuse(path, rule, quoted(name))
        if column.input_type not in _TYPES:
            kind = DatasetConfig.FieldType.Name(column.input_type)
            hint = "a FLOAT tells times of today 128 s apart" if kind == "FLOAT" else None
            rule = "must be a column of input_type INT64, INT32 or DOUBLE"
            report.refuse(path, rule, f"{quoted(name)} of {kind}", hint)
        if column.default_val:
            rule = "must be a column without default_val: an empty cell says that there is no time"
            report.refuse(path, rule, quoted(name))
    names = time_columns(data)
    if len(set(names)) < len(names):
        report.refuse(_DATA, "must name a different column for each time", ", ".join(names))


def _check_times(report: Report) -> None:
    delay = report.config.data_config.conversion_delay
    has_constant = delay.HasField("observed_until_time")
    if has_constant == bool(delay.observed_until):
        rule = "must be set" if not has_constant else "must not be set beside observed_until_time"
        hint = "one of observed_until and observed_until_time says when the log was cut"
        report.refuse(f"{_DATA}.observed_until", rule, quoted(delay.observed_until), hint)
    elif has_constant and delay.HasField("observed_from_time"):
        start, end = delay.observed_from_time, delay.observed_until_time
        if start >= end:
            rule = f"must be before observed_until_time, {end:.17g}"
            report.refuse(f"{_DATA}.observed_from_time", rule, f"{start:.17g}")
    kind = report.config.model_config.delayed_feedback.WhichOneof("loss")
    if delay.HasField("observed_from_time") and kind not in (None, *_STREAMS):
        rule = f"must not be set for {kind}, which reads each impression once, as of the cut"
        report.refuse(f"{_DATA}.observed_from_time", rule, f"{delay.observed_from_time:.17g}")


def _check_model(report: Report) -> None:
    model = report.config.model_config
    if not report.config.data_config.HasField("conversion_delay"):
        rule = "needs data_config.conversion_delay, which names the columns of times"
        report.refuse(_MODEL, rule)
    if model.WhichOneof("model") not in _MODELS:
        rule = "must not be set for this model"
        hint = "ESMM, ESMM_MMoE, ESMM_PLE and ESMM_AITM have a product that it is the loss of"
        report.refuse(_MODEL, rule, model.model_class, hint)
        return
    parameters, at = models.parameters(model), models.path(model)
    tower = parameters.cvr_tower
    kinds = [loss.loss_type for loss in tower.losses] or [tower.loss_type]
    if len(kinds) > 1 or kinds[0] not in CROSS_ENTROPIES:
        field = "loss_type" if report.is_written(f"{at}.cvr_tower.loss_type") else "losses"
        rule = "must be CLASSIFICATION alone: delayed_feedback takes the place of it"
        names = ", ".join(LossType.Name(kind) for kind in kinds)
        report.refuse(f"{at}.cvr_tower.{field}", rule, names)
    if tower.num_class > 1:
        rule = "must be 1: delayed_feedback is a loss of one logit"
        report.refuse(f"{at}.cvr_tower.num_class", rule, str(tower.num_class))
    weight = getattr(parameters, "click_masked_cvr_weight", 0)
    if weight:
        rule = "must be 0 beside delayed_feedback: it takes conversions to come for none"
        report.refuse(f"{at}.click_masked_cvr_weight", rule, f"{weight:g}")


def _check_loss(report: Report) -> None:
    model = report.config.model_config
    late = model.delayed_feedback
    kind = late.WhichOneof("loss")
    if kind is None:
        names = ", ".join(field.name for field in late.DESCRIPTOR.fields)
        report.refuse(_MODEL, f"must name a loss: {names}")
    if kind == "elapsed_time_sampling":
        sampling = late.elapsed_time_sampling
        if sampling.mature_days <= sampling.window_days:
            rule = f"must be greater than window_days, {sampling.window_days:g}"
            report.refuse(f"{_MODEL}.{kind}.mature_days", rule, f"{sampling.mature_days:g}")
    if kind != "delay_model" or model.WhichOneof("model") not in _MODELS:
        return
    why = "for delay_model: the likelihood of a delay is a density, and its loss may be negative"
    if model.loss_weight_strategy == ModelConfig.Uncertainty:
        report.refuse("model_config.loss_weight_strategy", f"must be Fixed {why}", "Uncertainty")
    at = f"{models.path(model)}.cvr_tower"
    for number, loss in enumerate(models.parameters(model).cvr_tower.losses):
        if loss.learn_loss_weight:
            path = f"{at}.losses[{number}].learn_loss_weight"
            report.refuse(path, f"must be false {why}", "true")
