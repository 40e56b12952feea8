"""The widths that come out of a backbone's layers, by those that go in."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

from easy_esmm.config.backbone.keras_layers import parameters
from easy_esmm.config.rules.block_value_types import (
    AS_LIST,
    Histories,
    Many,
    Matrix,
    Stack,
    Unfit,
    Value,
    common_width,
    joined,
    matrix_of,
)
from easy_esmm.protos.backbone_pb2 import KerasLayer


def apply(layer: Any, path: str, value: Value) -> Value:
    if isinstance(layer, KerasLayer):
        return _keras(layer, path, value)
    inside = f"{path}.keras_layer"
    if hasattr(layer, "num_repeat"):
        outputs = [_keras(layer.keras_layer, inside, value)] * layer.num_repeat
        if not layer.HasField("output_concat_axis"):
            return Many(tuple(outputs))
        at = f"{path}.output_concat_axis"
        if isinstance(outputs[0], Many):
            raise Unfit(at, f"must not be set: {layer.keras_layer.class_name} gives a list")
        return joined(outputs, layer.output_concat_axis, at)
    if not layer.HasField("fixed_input_index"):
        for _ in range(layer.num_steps):
            value = _keras(layer.keras_layer, inside, value)
        return value
    return _with_fixed(layer, path, value)


def _with_fixed(layer: Any, path: str, value: Value) -> Value:
    """A recurrent layer over a list of two, one of which is the same in all steps."""
    at, fixed = f"{path}.fixed_input_index", layer.fixed_input_index
    pair = value.items if isinstance(value, Many) else ()
    if len(pair) != 2:
        raise Unfit(at, f"needs a list of two inputs, got {value}", None, AS_LIST)
    if fixed > 1:
        raise Unfit(at, "must be 0 or 1", str(fixed))
    first, second = pair
    for _ in range(layer.num_steps):
        output = _keras(layer.keras_layer, f"{path}.keras_layer", Many((first, second)))
        first, second = (first, output) if fixed == 0 else (output, second)
    return second if fixed == 0 else first


def _keras(layer: KerasLayer, path: str, value: Value) -> Value:
    return _LAYERS[layer.class_name](parameters(layer), path, value)


def _din(written: Any, path: str, value: Value) -> Value:
    if not isinstance(value, Histories):
        rule = f"DIN reads a feature group that lists a SequenceFeature, got {value}"
        raise Unfit(path, rule)
    if not value.target:
        raise Unfit(path, "DIN needs a feature beside the SequenceFeatures, as the target")
    if value.target > value.history:
        rule = "DIN needs a target that is no wider than the history"
        raise Unfit(path, rule, f"{value.target} against {value.history}")
    return Matrix(value.history + (value.target if written.need_target_feature else 0))


def _matrices(value: Value) -> List[Matrix]:
    """Those of a list; none where it is something else."""
    items = value.items if isinstance(value, Many) else ()
    matrices = [item for item in items if isinstance(item, Matrix)]
    return matrices if len(matrices) == len(items) else []


def _fields(name: str, path: str, value: Value) -> Tuple[int, ...]:
    """Widths of the features."""
    if isinstance(value, Stack):
        return (value.width,) * value.fields
    widths = value.fields if isinstance(value, Matrix) else [m.width for m in _matrices(value)]
    if not widths:
        hint = "input_layer { only_output_feature_list: true } gives the list of a group's features"
        raise Unfit(path, f"{name} reads the features of a group, got {value}", None, hint)
    return tuple(widths)


def _pair(name: str, path: str, value: Value) -> Tuple[Matrix, Matrix]:
    """The two of a list, or a matrix for both."""
    if isinstance(value, Matrix):
        return value, value
    both = _matrices(value)
    if len(both) != 2:
        raise Unfit(path, f"{name} reads a matrix, or a list of two, got {value}")
    return both[0], both[1]


def _mlp(written: Any, path: str, value: Value) -> Value:
    matrix_of("MLP", path, value)
    return Matrix(written.hidden_units[-1])


def _mmoe(written: Any, path: str, value: Value) -> Value:
    matrix_of("MMoE", path, value)
    return Many((Matrix(written.expert_mlp.hidden_units[-1]),) * written.num_task)


def _senet(written: Any, path: str, value: Value) -> Value:
    widths, parts = _fields("SENet", path, value), written.num_squeeze_group
    uneven = next((width for width in widths if width % parts), None)
    if uneven is not None:
        rule = f"must divide the width of every feature, and one has width {uneven}"
        raise Unfit(f"{path}.senet.num_squeeze_group", rule, str(parts))
    return Matrix(sum(widths))


def _aitm(written: Any, path: str, value: Value) -> Value:
    matrices = _matrices(value)
    if len(matrices) <= 1:
        rule = "AITMTower reads a list of matrices, the task's own and those of tasks before it"
        raise Unfit(path, f"{rule}, got {value}", None, AS_LIST)
    if written.HasField("transfer_mlp"):
        widths = tuple(matrix.width for matrix in matrices[1:])
        common_width(widths, f"{path}.aitm.transfer_mlp", "inputs behind the first")
    return Matrix(written.project_dim or matrices[0].width)


def _mask_block(written: Any, path: str, value: Value) -> Value:
    _pair("MaskBlock", path, value)
    return Matrix(written.output_size)


def _mask_net(written: Any, path: str, value: Value) -> Value:
    matrix_of("MaskNet", path, value)
    if written.HasField("mlp"):
        return Matrix(written.mlp.hidden_units[-1])
    sizes = [block.output_size for block in written.mask_blocks]
    return Matrix(sum(sizes) if written.use_parallel else sizes[-1])


def _fm(written: Any, path: str, value: Value) -> Value:
    width = common_width(_fields("FM", path, value), path, "features")
    return Matrix(width if written.use_variant else 1)


def _cross(written: Any, path: str, value: Value) -> Value:
    start, hidden = _pair("Cross", path, value)
    return Matrix(common_width((start.width, hidden.width), path, "inputs"))


_LAYERS: Dict[str, Callable[[Any, str, Value], Value]] = {
    "AITMTower": _aitm,
    "Cross": _cross,
    "DIN": _din,
    "FM": _fm,
    "MLP": _mlp,
    "MMoE": _mmoe,
    "MaskBlock": _mask_block,
    "MaskNet": _mask_net,
    "SENet": _senet,
}
"""Class name -> what the layer gives: of its parameters, its path and what it reads."""
