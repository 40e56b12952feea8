"""Rules across the fields of a backbone: names, layers and their parameters."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping

from easy_esmm.config import models
from easy_esmm.config.backbone import graph
from easy_esmm.config.backbone.keras_layers import (
    LAYERS,
    NAMES,
    keras_layers,
    parameters,
    refusal,
)
from easy_esmm.config.hints import nearest
from easy_esmm.config.rules.block_values import check_values
from easy_esmm.config.rules.fields import rule_broken_by
from easy_esmm.config.rules.report import Report
from easy_esmm.config.scalars import quoted
from easy_esmm.config.walk import settings
from easy_esmm.protos.dnn_pb2 import MLP

_AT = models.BACKBONE
_CLASS = "MultiTaskModel"


def check_backbone(report: Report) -> None:
    """Blocks that exist, in an order that exists, with layers that can be built."""
    model = report.config.model_config
    if not model.HasField("backbone"):
        if model.model_class == _CLASS:
            hint = "write backbone { blocks { ... } }, or use SimpleMultiTask"
            report.refuse("model_config", f"must hold backbone for {_CLASS}", None, hint)
        return
    _check_towers(report)
    count = len(report.problems)
    _check_blocks(report)
    for path, layer in keras_layers(model.backbone, _AT):
        _check_layer(report, layer, path)
    for setting in settings(model.backbone, _AT, _AT):
        if isinstance(setting.value, MLP):
            _check_mlp(report, setting.value, setting.path)
    is_refused = _check_fields(report)
    if len(report.problems) == count and not is_refused:
        check_values(report)


def _check_towers(report: Report) -> None:
    """Nothing else that says what towers read."""
    model = report.config.model_config
    if getattr(models.parameters(model), "groups", ()):
        rule = "must not stand beside groups: towers read one or the other"
        report.refuse(_AT, rule, None, "write a block for each of the groups")
    for path, tower in models.tower_paths(model):
        if models.own_input(tower):
            rule = "must not be set: towers read the backbone, which reads the feature groups"
            report.refuse(f"{path}.input", rule, quoted(tower.input))


def _check_blocks(report: Report) -> None:
    model = report.config.model_config
    backbone = model.backbone
    names = [block.name for block in backbone.blocks]
    paths = [f"{_AT}.blocks[{number}].name" for number in range(len(names))]
    if not names:
        report.refuse(f"{_AT}.blocks", "must have at least one block")
    for name, path in zip(names, paths):
        if not name:
            report.refuse(path, "must be set: other blocks read it, and variables bear it")
    # Names that differ in case alone would be one folder of TensorBoard's, and one scope.
    report.require_unique([name.lower() for name in names], paths, "another block")
    groups = [group.group_name for group in model.feature_groups]
    for number, block in enumerate(backbone.blocks):
        at = f"{_AT}.blocks[{number}]"
        _check_inputs(report, block, at, {"feature_group_name": groups, "block_name": names})
        _check_form(report, block, at)
    _check_outputs(report, names)
    try:
        graph.blocks_in_order(backbone)
    except graph.Cycle as cycle:
        first = names.index(cycle.names[0])
        rule = f"must not wait for itself: {' <- '.join(cycle.names)}"
        report.refuse(f"{_AT}.blocks[{first}]", rule)


def _check_outputs(report: Report, names: List[str]) -> None:
    backbone = report.config.model_config.backbone
    for member in ("concat_blocks", "output_blocks"):
        chosen = getattr(backbone, member)
        paths = [f"{_AT}.{member}[{number}]" for number in range(len(chosen))]
        for name, path in zip(chosen, paths):
            report.require_member(path, name, names, "a block")
        report.require_unique(chosen, paths, "another output")
    if backbone.concat_blocks and backbone.output_blocks:
        rule = "must not stand beside output_blocks, which are one for each tower"
        report.refuse(f"{_AT}.concat_blocks", rule)


def _check_inputs(report: Report, block: Any, at: str, known: Mapping[str, List[str]]) -> None:
    if not [one for one in block.inputs if not one.ignore_input]:
        hint = "write inputs { feature_group_name: ... } or inputs { block_name: ... }"
        report.refuse(f"{at}.inputs", "must name what the block reads", None, hint)
    for number, one in enumerate(block.inputs):
        path, member = f"{at}.inputs[{number}]", one.WhichOneof("name")
        if member is None:
            report.refuse(path, f"must have {' or '.join(known)}")
        elif member in known:  # others are refused by their marks in the schema
            kind = f"a {member[: -len('_name')].replace('_', ' ')}"
            report.require_member(f"{path}.{member}", getattr(one, member), known[member], kind)


def _check_form(report: Report, block: Any, at: str) -> None:
    """One layer, or a sequence of them, each complete."""
    if block.layers and block.WhichOneof("layer"):
        rule = "must not stand beside layers: a block has one layer, or a sequence of them"
        report.refuse(f"{at}.{block.WhichOneof('layer')}", rule)
    for number, layer in enumerate(block.layers):
        if layer.WhichOneof("layer") is None:
            report.refuse(f"{at}.layers[{number}]", "must hold keras_layer { ... }")
    for path, layer in _repeated(block, at):
        count = "num_steps" if hasattr(layer, "num_steps") else "num_repeat"
        _require(report, layer, path, count, "keras_layer")


def _repeated(block: Any, at: str) -> List[Any]:
    """(path, message) of layers that are applied several times."""
    holders = [(at, block), *((f"{at}.layers[{n}]", layer) for n, layer in enumerate(block.layers))]
    return [
        (f"{path}.{member}", getattr(holder, member))
        for path, holder in holders
        for member in ("recurrent", "repeat")
        if holder.WhichOneof("layer") == member
    ]


def _check_layer(report: Report, layer: Any, at: str) -> None:
    name, path = layer.class_name, f"{at}.class_name"
    if not name:
        report.refuse(path, "must be set", None, 'write class_name: "MLP"')
    elif name not in LAYERS:
        rule = refusal(name) or f"must be one of {', '.join(LAYERS)}"
        close = None if refusal(name) else nearest(name, NAMES)
        hint = f"did you mean {close}?" if close in LAYERS else None
        report.refuse(path, rule, quoted(name), hint)
    else:
        member, wanted = layer.WhichOneof("params"), LAYERS[name]
        if member not in (None, wanted):
            rule = f"must be {wanted} {{ ... }} for class_name {name}"
            report.refuse(f"{at}.{member}", rule, member)
        else:
            _PARAMETERS.get(name, _nothing)(report, parameters(layer), f"{at}.{wanted}")


def _nothing(report: Report, written: Any, at: str) -> None:
    """A layer without required parameters."""


def _require_units(report: Report, written: Any, at: str) -> None:
    if not written.hidden_units:
        hint = "write hidden_units: [64, 32]"
        report.refuse(f"{at}.hidden_units", "must have at least one layer", None, hint)


def _require(report: Report, written: Any, at: str, *fields: str) -> None:
    for field in fields:
        if not written.HasField(field):
            report.refuse(f"{at}.{field}", "must be set")


def _check_mmoe(report: Report, written: Any, at: str) -> None:
    _require(report, written, at, "num_task", "num_expert", "expert_mlp")


def _check_mask_block(report: Report, written: Any, at: str) -> None:
    _require(report, written, at, "output_size")
    if not written.HasField("reduction_factor") and not written.HasField("aggregation_size"):
        report.refuse(at, "must have reduction_factor or aggregation_size")


def _check_mask_net(report: Report, written: Any, at: str) -> None:
    if not written.mask_blocks:
        hint = "write mask_blocks { ... } for each"
        report.refuse(f"{at}.mask_blocks", "must have at least one block", None, hint)
    for number, block in enumerate(written.mask_blocks):
        _check_mask_block(report, block, f"{at}.mask_blocks[{number}]")


def _check_din(report: Report, written: Any, at: str) -> None:
    _require(report, written, at, "attention_dnn")
    units = written.attention_dnn.hidden_units
    if units and units[-1] != 1:
        rule = "must be 1 in the last layer, which gives an element its score"
        hint = f"write [{', '.join(map(str, [*units, 1]))}]"
        path = f"{at}.attention_dnn.hidden_units[{len(units) - 1}]"
        report.refuse(path, rule, str(units[-1]), hint)


_PARAMETERS: Dict[str, Callable[[Report, Any, str], None]] = {
    "DIN": _check_din,
    "MLP": _require_units,
    "MMoE": _check_mmoe,
    "MaskBlock": _check_mask_block,
    "MaskNet": _check_mask_net,
}
"""Class name -> its rules: (report, parameters, their path)."""


def _check_mlp(report: Report, written: MLP, at: str) -> None:
    if not at.endswith("keras_layer.mlp"):  # which `_check_layer` has looked at, set or not
        _require_units(report, written, at)
    units, rates = len(written.hidden_units), len(written.dropout_ratio)
    if units and rates > units:
        rule = f"must have at most one value for each of the {units} layers"
        report.refuse(f"{at}.dropout_ratio", rule, str(rates))


def _check_fields(report: Report) -> bool:
    """Whether a field breaks a rule by itself; says so where it was written without types."""
    is_broken = False
    for setting in settings(report.config.model_config.backbone, _AT, _AT):
        broken = rule_broken_by(setting)
        is_broken = is_broken or broken is not None
        if broken is not None and report.is_moved(setting.path):
            report.refuse(setting.path, *broken)
    return is_broken
