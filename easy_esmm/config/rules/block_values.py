"""Follows what flows through a backbone: matrices and their widths, lists, features of a group.

The layers do the same with tensors (`easy_esmm.layers.backbone`); what fits no layer is refused
here, before a graph is built.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from easy_esmm.config import models
from easy_esmm.config.backbone import graph
from easy_esmm.config.backbone.input_slice import BadSlice, Index, parse_slice
from easy_esmm.config.feature_types import type_of
from easy_esmm.config.groups import further_histories, histories, keys
from easy_esmm.config.rules.block_layers import apply
from easy_esmm.config.rules.block_value_types import (
    Histories,
    Many,
    Matrix,
    Stack,
    Unfit,
    Value,
    common_width,
    flattened,
    joined,
    matrix_of,
)
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.backbone_pb2 import Block, Input, InputLayer
from easy_esmm.protos.feature_pb2 import FeatureConfig, FeatureGroupConfig

_AT = models.BACKBONE
_WHOLE = slice(None, None, None)
_WITH_SEVERAL_OUTPUTS = "MultiTaskModel"


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
    except Unfit as unfit:  # what the blocks behind it would read is not known
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
        value = joined(inputs, block.input_concat_axis, f"{at}.input_concat_axis")
    for path, layer in _layers(block, at):
        value = apply(layer, path, value)
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
        raise Unfit(path, str(bad), shown) from None
    if isinstance(value, Histories):
        raise Unfit(path, f"cannot take a part of {value}, which DIN reads whole", shown)
    try:
        return _part_of_list(value, index) if isinstance(value, Many) else _part(value, index)
    except BadSlice as bad:
        raise Unfit(path, str(bad), shown) from None


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


def _form(block: Block, path: str, inputs: List[Value]) -> Value:
    """The feature group in the form of an `input_layer`."""
    read = [one for one in block.inputs if not one.ignore_input]
    if len(read) != 1 or not read[0].feature_group_name or read[0].input_slice:
        raise Unfit(path, "needs one feature group, whole, as the only input")
    if block.merge_inputs_into_list:
        raise Unfit(path, "must not stand beside merge_inputs_into_list: it reads no list")
    forms = [name for name in _FORMS if getattr(block.input_layer, name)]
    if len(forms) > 1:
        raise Unfit(f"{path}.{forms[1]}", f"must not stand beside {forms[0]}", "true")
    if block.input_layer.output_seq_and_normal_feature:
        return _as_histories(block.input_layer, path, inputs[0], forms)
    group = matrix_of("input_layer", path, inputs[0])
    return _FORMS[forms[0]](group, f"{path}.{forms[0]}") if forms else group


def _as_histories(written: InputLayer, path: str, group: Value, forms: List[str]) -> Value:
    at = f"{path}.output_seq_and_normal_feature"
    others = [name for name in ("do_batch_norm", "dropout_rate") if getattr(written, name)]
    for other in (*forms, *others):
        raise Unfit(f"{path}.{other}", "must not stand beside output_seq_and_normal_feature")
    if not isinstance(group, Histories):
        raise Unfit(at, "needs a feature group that lists a SequenceFeature", "true")
    return group


def _as_list(group: Matrix, path: str) -> Many:
    return Many(tuple(Matrix(width) for width in group.fields))


def _as_stack(group: Matrix, path: str) -> Stack:
    return Stack(len(group.fields), common_width(group.fields, path, "features"))


def _as_both(group: Matrix, path: str) -> Many:
    return Many((group, _as_list(group, path)))


_FORMS: Dict[str, Callable[[Matrix, str], Value]] = {
    "only_output_feature_list": _as_list,
    "only_output_3d_tensor": _as_stack,
    "output_2d_tensor_and_feature_list": _as_both,
}


def _check_outputs(report: Report, values: Dict[str, Value]) -> None:
    model = report.config.model_config
    backbone = model.backbone
    outputs = flattened([values[name] for name in backbone.output_blocks])
    path = f"{_AT}.output_blocks"
    if not outputs:
        path = f"{_AT}.concat_blocks" if backbone.concat_blocks else _AT
        outputs = [values[name] for name in graph.outputs(backbone)]
        outputs = flattened([joined(outputs, -1, path)])
    for value in outputs:
        matrix_of("a tower", path, value)
    if len(outputs) == 1:
        return
    if backbone.HasField("top_mlp"):
        rule = "must not be set where there is an output for each tower"
        raise Unfit(f"{_AT}.top_mlp", rule, None, "write an MLP block below each output")
    if model.model_class != _WITH_SEVERAL_OUTPUTS:
        rule = f"must have one output for {model.model_class}, which all towers read"
        raise Unfit(path, rule, str(len(outputs)))
    towers = len(model.model_params.task_towers)
    if len(outputs) != towers:
        rule = f"must have one output, or one for each of the {towers} towers"
        raise Unfit(path, rule, str(len(outputs)))
