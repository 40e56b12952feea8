"""Computes a calibration in the graph: from a model's outputs to calibrated outputs.

In float64, so that neither a logit of 80 nor a rate of 1e-6 loses a digit on the way through a
difference of two logits; what comes out is float32 again. All operations are TensorFlow's own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Mapping

import numpy as np
import tensorflow as tf

from easy_esmm.calibration.calibration import Calibration, TaskCalibration, calibrated_tasks
from easy_esmm.calibration.curve import Curve
from easy_esmm.cell_tensors import mark_of
from easy_esmm.contract import (
    EntireSpaceTasks,
    Head,
    Outputs,
    RowMean,
    Tasks,
    Tensor,
    served_outputs,
)
from easy_esmm.losses import quotient
from easy_esmm.losses.entire_space import product_logit

UNCALIBRATED = "uncalibrated_"
"""Prefix of the served outputs as they are without the calibration."""


def calibrated(
    outputs: Outputs, tasks: Tasks, calibration: Calibration, columns: Mapping[str, Tensor]
) -> Outputs:
    """The outputs with calibrated heads; served, beside the uncalibrated ones under other names.

    Of an entire-space model the CTR and the CTCVR logit go through their curves, and pCVR is the
    quotient; pCTCVR is at most pCTR. A tower of two classes keeps the logit of its class 0: the
    other one moves. A predicted value stays as it is, and its expectation follows pCTR.

    Args:
      outputs: of a batch of rows.
      tasks: of the model.
      calibration: of these tasks.
      columns: input columns [batch], the calibration's field among them.
    """
    heads = _heads(outputs, tasks, calibration, columns)
    answers = served_outputs(heads)
    changed = {name: answers[name] for name in outputs.served if name in answers}
    before = {f"{UNCALIBRATED}{name}": outputs.served[name] for name in changed}
    return replace(outputs, heads=heads, served={**outputs.served, **changed, **before})


def capped_share(outputs: Outputs, tasks: Tasks, weight: Tensor) -> Dict[str, RowMean]:
    """`calibration/capped_share`: of all impressions, those whose curves contradict each other.

    There the calibrated pCTCVR would not be below pCTR. Of entire-space models only.
    """
    family = tasks.entire_space
    if family is None or outputs.heads[family.conversion.name].logit is None:
        return {}
    is_capped = quotient.is_capped(outputs.heads[family.conversion.name].logit)
    return {"calibration/capped_share": RowMean(is_capped, weight)}


def _heads(
    outputs: Outputs, tasks: Tasks, calibration: Calibration, columns: Mapping[str, Tensor]
) -> Dict[str, Head]:
    heads = dict(outputs.heads)
    changed = [name for name in calibrated_tasks(tasks) if not calibration.tasks[name].is_identity]
    if not changed:
        return heads
    shifts = _shifts(calibration, columns)
    logits = {
        name: _calibrated_logit(calibration.tasks[name], heads[name].logit, shifts.get(name))
        for name in calibrated_tasks(tasks)
    }
    if tasks.entire_space is not None:
        return _family_heads(tasks.entire_space, heads, logits)
    return {**heads, **{name: _head(heads[name], logits[name]) for name in changed}}


def _family_heads(
    family: EntireSpaceTasks, heads: Dict[str, Head], logits: Mapping[str, Tensor]
) -> Dict[str, Head]:
    click, conversion, product = family.click.name, family.conversion.name, family.product.name
    ctr = logits[click]
    found = {**heads, click: _head(heads[click], ctr)}
    if product not in logits:
        expected = found[click].prediction * heads[conversion].prediction
        return {**found, product: Head(expected)}
    limit = product_logit(ctr, tf.fill(tf.shape(ctr), tf.constant(_LIMIT, tf.float64)))
    ctcvr = tf.minimum(logits[product], limit)
    cvr = quotient.quotient_logit(logits[product], ctr)
    return {
        **found,
        conversion: _head(heads[conversion], cvr),
        product: _head(heads[product], ctcvr),
    }


_LIMIT = quotient.LARGEST_LOGIT


def _head(before: Head, logit: Tensor) -> Head:
    """The answer of a calibrated logit, float64 [batch]."""
    answer = tf.cast(logit, tf.float32)
    classes = before.class_logits
    if classes is not None:
        classes = tf.stack([classes[:, 0], classes[:, 0] + answer], axis=1)
    return Head(tf.sigmoid(answer), answer, classes)


def _calibrated_logit(task: TaskCalibration, logit: Tensor, shift: Tensor) -> Tensor:
    """float64 [batch]."""
    found = curve_logit(task.curve, tf.cast(logit, tf.float64))
    return found if shift is None else found + shift


def curve_logit(curve: Curve, logit: Tensor) -> Tensor:
    """`curve` of logits, float64 [batch]."""
    pieces = curve.pieces()
    if len(curve.knots) == 1:
        start, value, slope = pieces[0, :3]
        return value + (logit - start) * slope
    number = tf.searchsorted(tf.constant(curve.knots, tf.float64), logit, side="right")
    of_rows = tf.gather(tf.constant(pieces, tf.float64), number)
    start, value, first, second, third = tf.unstack(of_rows, axis=1)
    step = logit - start
    return value + step * (first + step * (second + step * third))


def _shifts(calibration: Calibration, columns: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """By task, float64 [batch]: what the value of the field adds to the curve."""
    texts = sorted({text for task in calibration.tasks.values() for text in task.shifts})
    if not texts:
        return {}
    column = columns[calibration.field]
    if column.dtype != tf.string:
        column = tf.cast(column, tf.int64)
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            tf.constant(
                [_key(text, columns[calibration.field].dtype) for text in texts], column.dtype
            ),
            tf.range(1, len(texts) + 1, dtype=tf.int64),
        ),
        default_value=0,
    )
    number = table.lookup(column)
    found = {}
    for name, task in calibration.tasks.items():
        of_values = np.array([0.0, *(task.shifts.get(text, 0.0) for text in texts)])
        found[name] = tf.gather(tf.constant(of_values, tf.float64), number)
    return found


def _key(text: str, dtype: tf.DType) -> object:
    """What a column of this dtype holds where its value has this text; '' is a missing one."""
    if dtype == tf.string:
        return text.encode()
    return int(text) if text else int(mark_of(dtype))
