"""Follows what flows through a backbone: matrices and their widths, lists, features of a group.

The layers do the same with tensors (`easy_esmm.layers.backbone`); what fits no layer is refused
here, before a graph is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from easy_esmm.config import models
from easy_esmm.config.backbone import graph
from easy_esmm.config.backbone.input_slice import BadSlice, Index, parse_slice
from easy_esmm.config.backbone.keras_layers import parameters
from easy_esmm.config.feature_types import type_of
from easy_esmm.config.groups import further_histories, histories, keys
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.backbone_pb2 import Block, Input, InputLayer, KerasLayer
from easy_esmm.protos.feature_pb2 import FeatureConfig, FeatureGroupConfig

_AT = models.BACKBONE
_WHOLE = slice(None, None, None)
_WITH_SEVERAL_OUTPUTS = "MultiTaskModel"
_OF_LIST = "input_slice takes one of a list"
_OF_HISTORIES = "DIN makes a matrix of it; or name the sequences in sequence_features of the group"
_AS_LIST = "merge_inputs_into_list: true makes a list of the block's inputs"


@dataclass(frozen=True)
class Matrix:
    """float32 [batch, width]."""

    width: int
    fields: Tuple[int, ...] = ()
    """Widths of the features that it holds, where it is a feature group."""

    def __str__(self) -> str:
        return f"a matrix of width {self.width}"


@dataclass(frozen=True)
class Stack:
    """float32 [batch, fields, width]."""

    fields: int
    width: int

    def __str__(self) -> str:
        return f"{self.fields} features of width {self.width} in 3 dimensions"


@dataclass(frozen=True)
class Histories:
    """A feature group that lists SequenceFeatures: they, and its other features."""

    history: int
    """Width of the sequences side by side."""
    target: int
    """Width of the others."""

    def __str__(self) -> str:
        return "a feature group with SequenceFeatures"


@dataclass(frozen=True)
class Many:
    """A list."""

    items: Tuple[Value, ...]

    def __str__(self) -> str:
        return f"a list of {len(self.items)}"


Value = Union[Matrix, Stack, Histories, Many]


class _Unfit(Exception):
    """A value that fits no layer; its arguments are those of `Report.refuse`."""


def check_values(report: Report) -> None:
    """Every layer reads what it can, and the towers as many outputs as they need."""
    model = report.config.model_config
    features = {f.feature_name: f for f in report.config.feature_config.features}
    groups = {group.group_name: _group(group, features) for group in model.feature_groups}
    for number, group in enumerate(model.feature_groups):
        if group.sequence_features and isinstance(groups[group.group_name], Histories):
            at = f"model_config.feature_groups[{number}].sequence_features"
            report.refuse(at, "must not stand beside a SequenceFeature in feature_names")
            return
    numbers = {block.name: number for number, block in enumerate(model.backbone.blocks)}
    values: Dict[str, Value] = {}
    try:
        for block in graph.blocks_in_order(model.backbone):
            at = f"{_AT}.blocks[{numbers[block.name]}]"
            values[block.name] = _block(block, at, groups, values)
        _check_outputs(report, values)
    except _Unfit as unfit:  # what the blocks behind it would read is not known
        report.refuse(*unfit.args)


def _group(group: FeatureGroupConfig, features: Dict[str, FeatureConfig]) -> Value:
    """A feature group, with what its attentions append; features are those that exist."""

    def width(*names: str) -> int:
        known = [features[name] for name in names if name in features]
        return sum(type_of(feature).width(feature) for feature in known)

    lists = [name for name in group.feature_names if _is_sequence(features.get(name))]
    plain = [name for name in group.feature_names if name not in lists]
    if lists:
        return Histories(width(*lists), width(*plain))
    fields = [width(name) for name in plain]
    for attention in group.sequence_features:
        read = [*histories(attention), *further_histories(attention)]
        if attention.need_key_feature:
            read += keys(attention)
        fields.append(width(*read))
    return Matrix(sum(fields), tuple(fields))


def _is_sequence(feature: Optional[FeatureConfig]) -> bool:
    return feature is not None and feature.feature_type == FeatureConfig.SequenceFeature


def _block(block: Block, at: str, groups: Dict[str, Value], values: Dict[str, Value]) -> Value:
    inputs = []
    for number, one in enumerate(block.inputs):
        if not one.ignore_input:
            inputs.append(_input(one, f"{at}.inputs[{number}]", groups, values))
    if block.WhichOneof("layer") == "input_layer":
        return _form(block, f"{at}.input_layer", inputs)
    value: Value
    if block.merge_inputs_into_list:
        value = Many(tuple(inputs))
    else:
        value = _joined(inputs, block.input_concat_axis, f"{at}.input_concat_axis")
    for path, layer in _layers(block, at):
        value = _apply(layer, path, value)
    return value


def _layers(block: Block, at: str) -> List[Tuple[str, Any]]:
    """(path, message) of each layer: keras_layer, recurrent or repeat."""
    if not block.layers:
        member = block.WhichOneof("layer")
        return [(f"{at}.{member}", getattr(block, member))] if member else []
    members = [str(layer.WhichOneof("layer")) for layer in block.layers]
    return [
        (f"{at}.layers[{number}].{member}", getattr(layer, member))
        for number, (member, layer) in enumerate(zip(members, block.layers))
    ]


def _input(one: Input, at: str, groups: Dict[str, Value], values: Dict[str, Value]) -> Value:
    value = values[one.block_name] if one.block_name else groups[one.feature_group_name]
    if not one.input_slice:
        return value
    path, shown = f"{at}.input_slice", quoted(one.input_slice)
    try:
        index = parse_slice(one.input_slice)
    except BadSlice as bad:
        raise _Unfit(path, str(bad), shown) from None
    if isinstance(value, Histories):
        raise _Unfit(path, f"cannot take a part of {value}, which DIN reads whole", shown)
    try:
        return _part_of_list(value, index) if isinstance(value, Many) else _part(value, index)
    except BadSlice as bad:
        raise _Unfit(path, str(bad), shown) from None


def _part_of_list(value: Many, index: Index) -> Value:
    if len(index) != 1:
        raise BadSlice(f"must have one index: the input is {value}")
    (chosen,) = index
    if isinstance(chosen, slice):
        if not value.items[chosen]:
            raise BadSlice(f"must leave something of {value}")
        return Many(value.items[chosen])
    if not -len(value.items) <= chosen < len(value.items):
        raise BadSlice(f"must be inside the input, {value}")
    return value.items[chosen]


def _part(value: Union[Matrix, Stack], index: Index) -> Value:
    """Some columns of a matrix; some features or columns of a stack, or one feature."""
    rank = 3 if isinstance(value, Stack) else 2
    if index[0] != _WHOLE:
        raise BadSlice(f"must begin with [:, to keep all rows of {value}")
    if len(index) > rank:
        raise BadSlice(f"must have at most {rank} indices: the input is {value}")
    of_axes = (*index[1:], _WHOLE, _WHOLE)[: rank - 1]
    if isinstance(of_axes[-1], int):
        raise BadSlice("must leave a matrix: write [:, 3:4] for a single column")
    width = len(range(value.width)[of_axes[-1]])
    fields = _some_of(value.fields, of_axes[0], value) if isinstance(value, Stack) else 0
    if not width:
        raise BadSlice(f"must leave something of {value}")
    return Stack(fields, width) if fields else Matrix(width)


def _some_of(fields: int, index: Union[int, slice], value: Stack) -> int:
    """How many features are left; 0 where one is taken out of the stack."""
    if isinstance(index, int):
        if not -fields <= index < fields:
            raise BadSlice(f"must be inside the input, {value}")
        return 0
    left = len(range(fields)[index])
    if not left:
        raise BadSlice(f"must leave something of {value}")
    return left


def _joined(inputs: List[Value], axis: int, path: str) -> Value:
    """As EasyRec joins inputs: one as it is; with a list among them, a list; else side by side."""
    if len(inputs) == 1:
        return inputs[0]
    if any(isinstance(value, Many) for value in inputs):
        return Many(tuple(_flattened(inputs)))
    if any(isinstance(value, Histories) for value in inputs):
        raise _Unfit(path, "cannot put a feature group with SequenceFeatures beside other inputs")
    matrices = [value for value in inputs if isinstance(value, Matrix)]
    stacks = [value for value in inputs if isinstance(value, Stack)]
    if not stacks:
        if axis not in (-1, 1):
            raise _Unfit(path, "must be -1 or 1", str(axis))
        return Matrix(sum(value.width for value in matrices))
    if matrices:
        raise _Unfit(path, f"cannot put {stacks[0]} and {matrices[0]} together")
    if axis not in (-1, 1, 2):
        raise _Unfit(path, "must be -1, 1 or 2", str(axis))
    widths, fields = [value.width for value in stacks], [value.fields for value in stacks]
    same, what = (widths, "width") if axis == 1 else (fields, "number")
    if len(set(same)) > 1:
        shown = ", ".join(map(str, same))
        raise _Unfit(path, f"needs features of one {what} in all inputs, got {shown}")
    return Stack(sum(fields), widths[0]) if axis == 1 else Stack(fields[0], sum(widths))


def _flattened(values: List[Value]) -> List[Value]:
    items: List[Value] = []
    for value in values:
        items.extend(value.items if isinstance(value, Many) else [value])
    return items


def _form(block: Block, path: str, inputs: List[Value]) -> Value:
    """The feature group in the form of an `input_layer`."""
    read = [one for one in block.inputs if not one.ignore_input]
    if len(read) != 1 or not read[0].feature_group_name or read[0].input_slice:
        raise _Unfit(path, "needs one feature group, whole, as the only input")
    if block.merge_inputs_into_list:
        raise _Unfit(path, "must not stand beside merge_inputs_into_list: it reads no list")
    forms = [name for name in _FORMS if getattr(block.input_layer, name)]
    if len(forms) > 1:
        raise _Unfit(f"{path}.{forms[1]}", f"must not stand beside {forms[0]}", "true")
    if block.input_layer.output_seq_and_normal_feature:
        return _as_histories(block.input_layer, path, inputs[0], forms)
    group = _matrix("input_layer", path, inputs[0])
    return _FORMS[forms[0]](group, f"{path}.{forms[0]}") if forms else group


def _as_histories(written: InputLayer, path: str, group: Value, forms: List[str]) -> Value:
    at = f"{path}.output_seq_and_normal_feature"
    others = [name for name in ("do_batch_norm", "dropout_rate") if getattr(written, name)]
    for other in (*forms, *others):
        raise _Unfit(f"{path}.{other}", "must not stand beside output_seq_and_normal_feature")
    if not isinstance(group, Histories):
        raise _Unfit(at, "needs a feature group that lists a SequenceFeature", "true")
    return group


def _as_list(group: Matrix, path: str) -> Many:
    return Many(tuple(Matrix(width) for width in group.fields))


def _as_stack(group: Matrix, path: str) -> Stack:
    return Stack(len(group.fields), _common(group.fields, path, "features"))


def _as_both(group: Matrix, path: str) -> Many:
    return Many((group, _as_list(group, path)))


_FORMS: Dict[str, Callable[[Matrix, str], Value]] = {
    "only_output_feature_list": _as_list,
    "only_output_3d_tensor": _as_stack,
    "output_2d_tensor_and_feature_list": _as_both,
}


def _apply(layer: Any, path: str, value: Value) -> Value:
    if isinstance(layer, KerasLayer):
        return _keras(layer, path, value)
    inside = f"{path}.keras_layer"
    if hasattr(layer, "num_repeat"):
        outputs = [_keras(layer.keras_layer, inside, value)] * layer.num_repeat
        if not layer.HasField("output_concat_axis"):
            return Many(tuple(outputs))
        at = f"{path}.output_concat_axis"
        if isinstance(outputs[0], Many):
            raise _Unfit(at, f"must not be set: {layer.keras_layer.class_name} gives a list")
        return _joined(outputs, layer.output_concat_axis, at)
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
        raise _Unfit(at, f"needs a list of two inputs, got {value}", None, _AS_LIST)
    if fixed > 1:
        raise _Unfit(at, "must be 0 or 1", str(fixed))
    first, second = pair
    for _ in range(layer.num_steps):
        output = _keras(layer.keras_layer, f"{path}.keras_layer", Many((first, second)))
        first, second = (first, output) if fixed == 0 else (output, second)
    return second if fixed == 0 else first


def _keras(layer: KerasLayer, path: str, value: Value) -> Value:
    return _LAYERS[layer.class_name](parameters(layer), path, value)


def _matrix(name: str, path: str, value: Value) -> Matrix:
    if isinstance(value, Matrix):
        return value
    hint = _OF_LIST if isinstance(value, Many) else None
    hint = _OF_HISTORIES if isinstance(value, Histories) else hint
    raise _Unfit(path, f"{name} reads a matrix, got {value}", None, hint)


def _din(written: Any, path: str, value: Value) -> Value:
    if not isinstance(value, Histories):
        rule = f"DIN reads a feature group that lists a SequenceFeature, got {value}"
        raise _Unfit(path, rule)
    if not value.target:
        raise _Unfit(path, "DIN needs a feature beside the SequenceFeatures, as the target")
    if value.target > value.history:
        rule = "DIN needs a target that is no wider than the history"
        raise _Unfit(path, rule, f"{value.target} against {value.history}")
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
        raise _Unfit(path, f"{name} reads the features of a group, got {value}", None, hint)
    return tuple(widths)


def _pair(name: str, path: str, value: Value) -> Tuple[Matrix, Matrix]:
    """The two of a list, or a matrix for both."""
    if isinstance(value, Matrix):
        return value, value
    both = _matrices(value)
    if len(both) != 2:
        raise _Unfit(path, f"{name} reads a matrix, or a list of two, got {value}")
    return both[0], both[1]


def _common(widths: Tuple[int, ...], path: str, what: str) -> int:
    """The width that all have."""
    if len(set(widths)) > 1:
        shown = ", ".join(map(str, sorted(set(widths))))
        hint = "give the features the same embedding_dim" if what == "features" else None
        raise _Unfit(path, f"needs {what} of one width, got {shown}", None, hint)
    return widths[0]


def _mlp(written: Any, path: str, value: Value) -> Value:
    _matrix("MLP", path, value)
    return Matrix(written.hidden_units[-1])


def _mmoe(written: Any, path: str, value: Value) -> Value:
    _matrix("MMoE", path, value)
    return Many((Matrix(written.expert_mlp.hidden_units[-1]),) * written.num_task)


def _senet(written: Any, path: str, value: Value) -> Value:
    widths, parts = _fields("SENet", path, value), written.num_squeeze_group
    uneven = next((width for width in widths if width % parts), None)
    if uneven is not None:
        rule = f"must divide the width of every feature, and one has width {uneven}"
        raise _Unfit(f"{path}.senet.num_squeeze_group", rule, str(parts))
    return Matrix(sum(widths))


def _aitm(written: Any, path: str, value: Value) -> Value:
    matrices = _matrices(value)
    if len(matrices) <= 1:
        rule = "AITMTower reads a list of matrices, the task's own and those of tasks before it"
        raise _Unfit(path, f"{rule}, got {value}", None, _AS_LIST)
    if written.HasField("transfer_mlp"):
        widths = tuple(matrix.width for matrix in matrices[1:])
        _common(widths, f"{path}.aitm.transfer_mlp", "inputs behind the first")
    return Matrix(written.project_dim or matrices[0].width)


def _mask_block(written: Any, path: str, value: Value) -> Value:
    _pair("MaskBlock", path, value)
    return Matrix(written.output_size)


def _mask_net(written: Any, path: str, value: Value) -> Value:
    _matrix("MaskNet", path, value)
    if written.HasField("mlp"):
        return Matrix(written.mlp.hidden_units[-1])
    sizes = [block.output_size for block in written.mask_blocks]
    return Matrix(sum(sizes) if written.use_parallel else sizes[-1])


def _fm(written: Any, path: str, value: Value) -> Value:
    width = _common(_fields("FM", path, value), path, "features")
    return Matrix(width if written.use_variant else 1)


def _cross(written: Any, path: str, value: Value) -> Value:
    start, hidden = _pair("Cross", path, value)
    return Matrix(_common((start.width, hidden.width), path, "inputs"))


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


def _check_outputs(report: Report, values: Dict[str, Value]) -> None:
    model = report.config.model_config
    backbone = model.backbone
    outputs = _flattened([values[name] for name in backbone.output_blocks])
    path = f"{_AT}.output_blocks"
    if not outputs:
        path = f"{_AT}.concat_blocks" if backbone.concat_blocks else _AT
        joined = _joined([values[name] for name in graph.outputs(backbone)], -1, path)
        outputs = _flattened([joined])
    for value in outputs:
        _matrix("a tower", path, value)
    if len(outputs) == 1:
        return
    if backbone.HasField("top_mlp"):
        rule = "must not be set where there is an output for each tower"
        raise _Unfit(f"{_AT}.top_mlp", rule, None, "write an MLP block below each output")
    if model.model_class != _WITH_SEVERAL_OUTPUTS:
        rule = f"must have one output for {model.model_class}, which all towers read"
        raise _Unfit(path, rule, str(len(outputs)))
    towers = len(model.model_params.task_towers)
    if len(outputs) != towers:
        rule = f"must have one output, or one for each of the {towers} towers"
        raise _Unfit(path, rule, str(len(outputs)))
