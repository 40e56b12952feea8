"""The signatures that an exported model must have, worked out from its config alone."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Set, Tuple

import tensorflow as tf

from easy_esmm.calibration.apply import UNCALIBRATED
from easy_esmm.config.serving_columns import user_columns
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Kind
from easy_esmm.data.decode import DTYPES
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.columns import serving_columns
from easy_esmm.serving.matrices import matrix_types
from easy_esmm.serving.names import DEFAULT, EXAMPLES, RANK, UNREADABLE
from easy_esmm.serving.signature import JOINED_INPUT


class Input(NamedTuple):
    """What an input takes."""

    dtype: Any
    shape: Tuple[int, ...]
    """-1: any size."""

    def __str__(self) -> str:
        return f"{self.dtype.name} {list(self.shape)}"


def differences(config: PipelineConfig, signatures: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with TensorFlow's `SignatureDef`s of an export of `config`, a line each."""
    expected = _inputs(config)
    yield from _missing_and_extra("signature", set(expected), set(signatures))
    for name in sorted(set(expected) & set(signatures)):
        what, found = f"{name}: input", signatures[name].inputs
        yield from _missing_and_extra(what, set(expected[name]), set(found))
        for key in sorted(set(expected[name]) & set(found)):
            is_there, wanted = _input_of(found[key]), expected[name][key]
            if is_there != wanted:
                yield f"{what} {key}: must be {wanted}, got {is_there}"
        outputs = {key for key in signatures[name].outputs if not key.startswith(UNCALIBRATED)}
        yield from _missing_and_extra(f"{name}: output", _outputs(config), outputs)


def _missing_and_extra(what: str, wanted: Set[str], found: Set[str]) -> Iterator[str]:
    for name in sorted(wanted - found):
        yield f"{what} {name} is missing"
    for name in sorted(found - wanted):
        yield f"{what} {name} is none of the config's"


def _input_of(info: Any) -> Input:
    shape = tuple(dim.size for dim in info.tensor_shape.dim)
    return Input(tf.as_dtype(info.dtype), shape)


def _inputs(config: PipelineConfig) -> Dict[str, Dict[str, Input]]:
    """Signature -> key -> input."""
    rows = config.export_config.batch_size if config.export_config.batch_size > 0 else -1
    if not config.export_config.multi_placeholder:
        return {DEFAULT: {JOINED_INPUT: Input(tf.string, (rows,))}}
    matrices, users = matrix_types(config), user_columns(config)
    types = {c.name: matrices.get(c.name, DTYPES[c.type]) for c in serving_columns(config)}
    values: Dict[str, List[int]] = {name: [-1] if name in matrices else [] for name in types}
    found = {
        DEFAULT: {name: Input(types[name], (rows, *values[name])) for name in types},
        EXAMPLES: {EXAMPLES: Input(tf.string, (rows,))},
    }
    if users:
        found[RANK] = {
            name: Input(types[name], (1 if name in users else -1, *values[name])) for name in types
        }
    return found


def _outputs(config: PipelineConfig) -> Set[str]:
    """Of a task the probability, and its logit unless it is a product's; or the value."""
    outputs = {UNREADABLE}
    for task in task_specs(config.model_config):
        is_product = task.condition and not task.is_masked
        kinds = ["y"] if task.kind is Kind.VALUE else ["probs"]
        if task.kind is not Kind.VALUE and not is_product:
            kinds.append("pos_logits" if task.tower.num_class > 1 else "logits")
        outputs |= {f"{kind}_{task.name}".rstrip("_") for kind in kinds}
    return outputs
