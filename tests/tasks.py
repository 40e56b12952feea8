"""Models, and labels and outputs of tasks from plain arrays or tensors, for tests of the core."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, Mapping, Optional

import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import models
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import (
    Head,
    Kind,
    Labels,
    Outputs,
    TaskLabels,
    Tasks,
    TaskSpec,
    served_outputs,
)
from easy_esmm.losses import entire_space
from easy_esmm.losses.negative_sampling import sampling_of
from easy_esmm.models.multi_task import MultiTask
from easy_esmm.protos.model_pb2 import ModelConfig


def family(ctr: str = "ctr", cvr: str = "cvr", cvr_tower: str = "") -> Tasks:
    """The tasks of an ESMM with labels `click` and `buy`."""
    text = f"""esmm {{
      ctr_tower {{ tower_name: "{ctr}" label_name: "click" }}
      cvr_tower {{ tower_name: "{cvr}" label_name: "buy" {cvr_tower} }}
    }}"""
    return task_specs(text_format.Parse(text, ModelConfig()))


def build(config: ModelConfig) -> Any:
    """The model of a config, with float32 matrix products."""
    return models.build(config, task_specs(config), tf.float32)


def outputs_of(model: MultiTask, towers: Mapping[str, Any], **auxiliary: Any) -> Outputs:
    """What a model makes of given outputs of its towers, by task."""
    heads = model.heads(towers)
    return Outputs(heads, model.served(heads), auxiliary)


def independent(*names: str, kind: Kind = Kind.BINARY) -> Tasks:
    """Tasks that are independent questions about all rows, each with a label of its own name."""
    specs = (
        TaskSpec(
            name=name,
            label=name,
            kind=kind,
            losses=(),
            weight=1.0,
            metrics=(),
            metric_name=name,
            tower=None,
            path="",
            scope=f"{name}_tower",
        )
        for name in names
    )
    return Tasks(tuple(specs))


def family_labels(
    click: Any,
    conversion: Any,
    weight: Optional[Any] = None,
    *,
    ctr_loss_weight: Optional[Any] = None,
    cvr_loss_weight: Optional[Any] = None,
    orphan: Optional[Any] = None,
    share: float = 1.0,
    **sessions: Any,
) -> Labels:
    """Of tasks `ctr`, `cvr` and `ctcvr`; weights are ones where they are not given.

    `share`: of the unclicked rows, which are there; the weights of metrics do not know of it.
    """
    click, conversion = (tf.convert_to_tensor(x, tf.float32) for x in (click, conversion))
    ones, nothing = tf.ones_like(click), tf.zeros_like(click)

    def or_ones(values: Optional[Any]) -> Any:
        return ones if values is None else tf.convert_to_tensor(values, tf.float32)

    everywhere, is_missing = or_ones(weight), tf.zeros_like(click, tf.bool)
    of_click = TaskLabels(click, everywhere, or_ones(ctr_loss_weight), is_missing, nothing)
    violates = nothing if orphan is None else orphan
    product = TaskLabels(conversion, everywhere, or_ones(cvr_loss_weight), is_missing, violates)
    masked = dataclasses.replace(product, weight=click * everywhere)
    sampling = sampling_of(click, share) if share < 1 else None
    tasks = {"ctr": of_click, "cvr": masked, "ctcvr": product}
    return Labels(tasks, everywhere, sessions, sampling=sampling)


def family_outputs(
    ctr_logit: Any, cvr_output: Any, is_value: bool = False, **auxiliary: Any
) -> Outputs:
    """ESMM's heads from both towers' logits [batch], or from a logit and a value."""
    ctr = Head(tf.sigmoid(ctr_logit), ctr_logit)
    if is_value:
        cvr, product = Head(cvr_output), Head(ctr.prediction * cvr_output)
    else:
        cvr = Head(tf.sigmoid(cvr_output), cvr_output)
        logit = entire_space.product_logit(ctr_logit, cvr_output)
        product = Head(tf.sigmoid(logit), logit)
    heads: Dict[str, Head] = {"ctr": ctr, "cvr": cvr, "ctcvr": product}
    return Outputs(heads, served_outputs(heads), auxiliary)
