"""Turns untyped parameters of layers into those of the layer's own message."""

from __future__ import annotations

from typing import Any, Dict, List

from easy_esmm.config.backbone.keras_layers import LAYERS, keras_layers
from easy_esmm.config.locate_json import tree_of
from easy_esmm.config.parse import Filler
from easy_esmm.config.problems import Places, Problem
from easy_esmm.config.tree import Body, Entry
from easy_esmm.protos.backbone_pb2 import BackboneTower
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.struct_pb2 import Struct, StructValue

_UNTYPED = "st_params"


def type_parameters(
    backbone: BackboneTower, at: str, places: Places, origins: Dict[str, str]
) -> List[Problem]:
    """Puts typed parameters in the place of `st_params`, wherever the layer's class is known.

    Unknown names and values of another type become problems. `at` is the path of `backbone`; where
    typed parameters come from is noted in `origins`.
    """
    filler = Filler(places, PipelineConfig.DESCRIPTOR)
    for path, layer in list(keras_layers(backbone, at)):
        if layer.WhichOneof("params") != _UNTYPED or layer.class_name not in LAYERS:
            continue
        written = f"{path}.{_UNTYPED}"
        body = _tree(layer.st_params, written, places)
        member = LAYERS[layer.class_name]
        typed = getattr(layer, member)
        typed.SetInParent()
        filler.fill(typed, body, written)
        origins[f"{path}.{member}"] = written
    return filler.problems


def _tree(struct: Struct, path: str, places: Places) -> Body:
    """The parameters; of several with one key the last counts, as in EasyRec's map."""
    entries = []
    last = {field.key: number for number, field in enumerate(struct.fields)}
    for number in last.values():
        field = struct.fields[number]
        place = places.find(f"{path}.fields[{number}]")
        value = _plain(field.value)
        if value is not None:
            entries.append(Entry(field.key, place, *tree_of(value, place)))
    return Body(tuple(entries), places.find(path))


def _plain(value: StructValue) -> Any:
    """As JSON would be decoded."""
    kind = value.WhichOneof("kind")
    if kind is None or kind == "null_value":
        return None
    if kind == "list_value":
        return [_plain(one) for one in value.list_value.values]
    if kind == "struct_value":
        return {field.key: _plain(field.value) for field in value.struct_value.fields}
    return getattr(value, kind)
