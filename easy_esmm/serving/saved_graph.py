"""A SavedModel as the message that it is: read, and looked into, without running any of it."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Set, Tuple

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.meta_graph_pb2 import AssetFileDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from easy_esmm.errors import UserError

_MOST_BYTES = 2**28
"""Of `saved_model.pb`, which holds no variables: ours take less than 1 MB."""

_OTHER_FILES = ("saved_model.pbtxt", "saved_model.cpb")
"""What loaders also take for a model, the second of them before `saved_model.pb`."""

_START_SIGNATURES = ("__saved_model_init_op", "__saved_model_train_op")
_START_COLLECTIONS = ("saved_model_main_op", "legacy_init_op", "saved_model_train_op")
_ASSETS = "saved_model_assets"


def read_graphs(folder: str) -> List[SavedGraph]:
    """The graphs of the SavedModel in `folder`, which may be remote; a server loads one of them.

    Raises UserError where there is no model, or more than `saved_model.pb` that a loader might take
    for one, or the file is too large or damaged.
    """
    for name in _OTHER_FILES:
        if tf.io.gfile.exists(os.path.join(folder, name)):
            raise UserError(
                f"{folder}: holds {name}, which TensorFlow would load, and only saved_model.pb is "
                "checked for what it may do; remove it, or write the model as saved_model.pb"
            )
    path = os.path.join(folder, "saved_model.pb")
    if not tf.io.gfile.exists(path):
        raise UserError(f"{folder} holds no saved_model.pb")
    try:
        size = tf.io.gfile.stat(path).length
        if size > _MOST_BYTES:
            raise UserError(
                f"{path}: must take at most {_MOST_BYTES:,} bytes, got {size:,}; a graph with its "
                "variables in the folder variables/ is far smaller"
            )
        with tf.io.gfile.GFile(path, "rb") as file:
            message = SavedModel.FromString(file.read())
        return [SavedGraph(meta_graph) for meta_graph in message.meta_graphs]
    except (DecodeError, tf.errors.OpError) as error:
        raise UserError(f"{path}: is no SavedModel that can be read: {error}") from error


def node_name(tensor: str) -> str:
    """The node of `name`, `name:0` or `^name`."""
    return tensor.lstrip("^").partition(":")[0]


def tensor_name(tensor: str) -> str:
    """The full name of a node's output: `name:0` for `name`, too."""
    return tensor if ":" in tensor else f"{tensor}:0"


class SavedGraph:
    """A graph of a SavedModel, and which of its nodes are run when."""

    def __init__(self, meta_graph: Any) -> None:
        """Reads what TensorFlow calls a MetaGraphDef."""
        self.tags: Tuple[str, ...] = tuple(meta_graph.meta_info_def.tags)
        self.nodes: Dict[str, Any] = {node.name: node for node in meta_graph.graph_def.node}
        self.functions: Tuple[Any, ...] = tuple(meta_graph.graph_def.library.function)
        self.signatures: Mapping[str, Any] = {
            name: signature
            for name, signature in meta_graph.signature_def.items()
            if name not in _START_SIGNATURES
        }
        self.variables_file: str = tensor_name(meta_graph.saver_def.filename_tensor_name)
        self.asset_files: Sequence[Tuple[str, str]] = list(_asset_files(meta_graph))
        self.answering = self._needed_for(
            info.name for one in self.signatures.values() for info in one.outputs.values()
        )
        self.starting = self._needed_for(_start_tensors(meta_graph))
        self.restoring = self._needed_for([meta_graph.saver_def.restore_op_name])

    answering: Set[str]
    """Names of the nodes that are run for the outputs of a signature."""
    starting: Set[str]
    """Names of the nodes that a loader runs when the variables are there."""
    restoring: Set[str]
    """Names of the nodes that a loader runs for the variables."""
    variables_file: str
    """The tensor in whose place a loader gives the path of the variables."""
    asset_files: Sequence[Tuple[str, str]]
    """Tensors in whose place a loader gives a path, each with the name of the file in `assets`."""

    def _needed_for(self, tensors: Iterable[str]) -> Set[str]:
        needed: Set[str] = set()
        waiting = [node_name(tensor) for tensor in tensors]
        while waiting:
            name = waiting.pop()
            if name in self.nodes and name not in needed:
                needed.add(name)
                waiting += [node_name(tensor) for tensor in self.nodes[name].input]
        return needed


def _start_tensors(meta_graph: Any) -> Iterator[str]:
    for name in _START_SIGNATURES:
        if name in meta_graph.signature_def:
            for info in meta_graph.signature_def[name].outputs.values():
                yield info.name
    for name in _START_COLLECTIONS:
        if name in meta_graph.collection_def:
            yield from meta_graph.collection_def[name].node_list.value


def _asset_files(meta_graph: Any) -> Iterator[Tuple[str, str]]:
    assets = list(meta_graph.asset_file_def)
    # Where TensorFlow 1 put them; loaders look there only if there are none in their own place.
    if not assets and _ASSETS in meta_graph.collection_def:
        for packed in meta_graph.collection_def[_ASSETS].any_list.value:
            assets.append(AssetFileDef.FromString(packed.value))
    for asset in assets:
        yield tensor_name(asset.tensor_info.name), asset.filename
