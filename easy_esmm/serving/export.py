"""Exports a checkpoint as a SavedModel for TensorFlow Serving."""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Dict, List, Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm.calibration.calibration import Calibration
from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving import warmup
from easy_esmm.serving.graph import ServingGraph, Signature, for_few_calls
from easy_esmm.serving.model_card import CARD_ASSET, model_card
from easy_esmm.serving.publish import publish
from easy_esmm.serving.request_forms import Arrays
from easy_esmm.serving.saved_model import SavedModel
from easy_esmm.serving.transform import transformed
from easy_esmm.serving.verify import verify
from easy_esmm.serving.versions import CONFIG_ASSET
from easy_esmm.serving.warmup import Answered


def export_model(
    config: PipelineConfig,
    checkpoint: str,
    export_dir: str,
    *,
    pipeline_file: str,
    sources: Optional[Mapping[str, str]] = None,
    warmup_rows: Optional[Arrays] = None,
    calibration: Optional[Calibration] = None,
    keep: int = 0,
    data_revision: str = "",
) -> str:
    """Exports a checkpoint to a new version under `export_dir`, and verifies it before it appears.

    The folder gets its numeric name when it is whole, so that a server that watches `export_dir`
    never loads half a model.

    Args:
      config: resolved.
      checkpoint: path of the checkpoint, which fits the config.
      export_dir: parent of the versions, local or remote; see `publish`.
      pipeline_file: the config as run, exported as `assets/pipeline.config`.
      sources: variable -> variable of the checkpoint, of those that have another name there.
      warmup_rows: a request to `serving_default`, for the warm-up file; None: there is none.
      calibration: of the checkpoint, to be part of the graph; None: its own probabilities.
      keep: newest versions to keep; 0: all.
      data_revision: for the model card.

    Returns:
      The folder of the SavedModel.

    Raises:
      UserError: a file of `asset_files` is absent or clashes with another, `export_dir` cannot be
        written to, or what was written does not answer as the checkpoint does.
    """
    serving = ServingGraph(config, sources, calibration)

    def write(folder: str) -> None:
        plain = serving.restored(checkpoint)
        requests: List[Answered] = []
        if warmup_rows is not None:
            # Answered before the graph is changed, so that the change is verified.
            answer = partial(serving.answer, plain)
            requests += warmup.requests(config, warmup_rows, serving.signatures, answer)
        # (Closed before the model is verified, which holds the tables in memory, too.)
        session, signatures = transformed_graph(serving, plain)
        with session:
            _write(session, signatures, folder)
        warmup.write(folder, requests)
        _add_assets(config, pipeline_file, folder)
        card = model_card(
            config,
            checkpoint,
            serving.signatures,
            calibration=calibration,
            data_revision=data_revision,
        )
        with open(os.path.join(folder, CARD_ASSET), "w", encoding="utf-8") as file:
            file.write(card)
        with SavedModel(folder, settings=for_few_calls()) as model:
            verify(folder, config, model)

    return publish(export_dir, write, keep=keep)


def transformed_graph(serving: ServingGraph, plain: Any) -> Tuple[Any, Dict[str, Signature]]:
    """A session of the graph that is exported, and its signatures; `plain` is closed.

    See `serving.transform`.
    """
    keys = [
        (name, half, key, tensor)
        for name, signature in serving.signatures.items()
        for half, tensors in (("inputs", signature.inputs), ("outputs", signature.outputs))
        for key, tensor in tensors.items()
    ]
    session, moved = transformed(plain, [tensor for *_, tensor in keys], serving.user_of_item)
    halves: Dict[str, Dict[str, Dict[str, Tensor]]] = {}
    for (name, half, key, _), tensor in zip(keys, moved):
        halves.setdefault(name, {}).setdefault(half, {})[key] = tensor
    return session, {name: Signature(**found) for name, found in halves.items()}


def _write(session: Any, signatures: Mapping[str, Signature], folder: str) -> None:
    """Graph, variables, and the vocabularies that the graph reads at its start."""
    definitions = {
        name: v1.saved_model.predict_signature_def(dict(signature.inputs), dict(signature.outputs))
        for name, signature in signatures.items()
    }
    with session.graph.as_default():
        builder = v1.saved_model.Builder(folder)
        builder.add_meta_graph_and_variables(
            session,
            [v1.saved_model.tag_constants.SERVING],
            signature_def_map=definitions,
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
            main_op=v1.tables_initializer(),
            strip_default_attrs=True,
        )
        builder.save()


def _add_assets(config: PipelineConfig, pipeline_file: str, folder: str) -> None:
    """Copies the config and `asset_files` beside the vocabularies."""
    tf.io.gfile.makedirs(os.path.join(folder, os.path.dirname(CONFIG_ASSET)))
    tf.io.gfile.copy(pipeline_file, os.path.join(folder, CONFIG_ASSET))
    for path in config.export_config.asset_files:
        target = os.path.join(folder, os.path.dirname(CONFIG_ASSET), os.path.basename(path))
        if tf.io.gfile.exists(target):
            raise UserError(
                f"export_config.asset_files: {path}: another asset is named "
                f"{os.path.basename(path)}; rename the file"
            )
        try:
            tf.io.gfile.copy(path, target)
        except tf.errors.OpError as error:
            raise UserError(
                f"export_config.asset_files: {path} cannot be copied: {error.message}"
            ) from error
