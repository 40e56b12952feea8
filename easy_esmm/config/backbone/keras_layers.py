"""The layers that a block may hold, by their class names."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Tuple

from easy_esmm.config.support import REFUSED, Mark, field_mark
from easy_esmm.config.walk import settings
from easy_esmm.protos.backbone_pb2 import BackboneTower, KerasLayer

LAYERS: Dict[str, str] = {
    "AITMTower": "aitm",
    "Cross": "cross",
    "DIN": "din",
    "FM": "fm",
    "MLP": "mlp",
    "MMoE": "mmoe",
    "MaskBlock": "mask_block",
    "MaskNet": "masknet",
    "SENet": "senet",
}
"""Class name -> member of `KerasLayer.params` with the layer's parameters."""

_REFUSED = {
    "Attention": "attention",
    "AutoDisEmbedding": "auto_dis_embedding",
    "AuxiliaryLoss": "auxiliary_loss",
    "BST": "bst",
    "BiLinear": "bilinear",
    "Bilinear": "bilinear",
    "DotInteraction": "dot_interaction",
    "FiBiNet": "fibinet",
    "Gate": "gate",
    "GateNU": "gate_nu",
    "HighWay": "highway",
    "Highway": "highway",
    "MultiHeadAttention": "multi_head_attention",
    "NaryDisEmbedding": "nary_dis_embedding",
    "OverlapFeature": "overlap",
    "PPNet": "ppnet",
    "PeriodicEmbedding": "periodic_embedding",
    "SeqAugment": "seq_aug",
    "TextCNN": "text_cnn",
    "TextEncoder": "text_encoder",
    "TransformerBlock": "transformer_block",
    "TransformerEncoder": "transformer",
}
"""EasyRec's further layers -> the member that says why they are refused."""

_OF_KERAS = (
    *("Activation", "Add", "Average", "BatchNormalization", "Concatenate", "Dense", "Dot"),
    *("Dropout", "Embedding", "Flatten", "LayerNormalization", "Maximum", "Multiply"),
    *("Reshape", "Subtract"),
)
"""Layers of Keras itself, which EasyRec takes by their names too."""
_KERAS_HINT = (
    "a layer of Keras itself: MLP has dense layers, normalisation, activations and dropout, and "
    "several inputs of a block stand side by side"
)

NAMES: Tuple[str, ...] = (*LAYERS, *_REFUSED, *_OF_KERAS)
"""All class names that EasyRec documents."""


def refusal(class_name: str) -> str:
    """The rule that refuses one of EasyRec's further layers; empty for any other name."""
    if class_name in _OF_KERAS:
        return Mark(REFUSED, _KERAS_HINT).rule()
    if class_name not in _REFUSED:
        return ""
    mark = field_mark(KerasLayer.DESCRIPTOR.fields_by_name[_REFUSED[class_name]])
    return "" if mark is None else mark.rule()


def parameters(layer: KerasLayer) -> Any:
    """The parameters of a layer of a resolved config, defaults where the config has none."""
    return getattr(layer, LAYERS[layer.class_name])


def keras_layers(backbone: BackboneTower, at: str) -> Iterator[Tuple[str, KerasLayer]]:
    """(path, message) of all layers of a backbone that stands at the path `at`."""
    for setting in settings(backbone, at):
        if isinstance(setting.value, KerasLayer):
            yield setting.path, setting.value
