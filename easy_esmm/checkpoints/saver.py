"""A saver that writes checkpoints in pieces, so that saving takes little memory.

Our own code, since TensorFlow's saver has no pieces smaller than all variables of a device.
"""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

import tensorflow as tf

from easy_esmm.compat import SaverBuilder, v1
from easy_esmm.protos.train_pb2 import TrainConfig

_PIECE_BYTES = 256 << 20


def add_saver(config: TrainConfig) -> None:
    """Gives the graph its saver, in place of the one that the Estimator would make.

    Reading a table that steps gather from copies it. TensorFlow's saver reads all variables at
    once: 16 million rows of 18 with Adam's moments, 3.5 GB, take as much again for each checkpoint.
    Here variables are read in pieces of 256 MB, or one larger variable, one after another. The
    checkpoint is TensorFlow's own format, in several data files.
    """
    v1.add_to_collection(
        v1.GraphKeys.SAVERS,
        v1.train.Saver(
            sharded=True,
            max_to_keep=config.keep_checkpoint_max,
            defer_build=True,
            save_relative_paths=True,
            builder=_InPieces(),
        ),
    )


class _InPieces(SaverBuilder):  # type: ignore[misc]
    def save_op(self, filename_tensor: Any, saveables: Sequence[Any]) -> Any:
        pieces = _pieces(saveables)
        if len(pieces) == 1:
            return super().save_op(filename_tensor, saveables)
        prefixes: List[Any] = []
        before: List[Any] = []
        for number, piece in enumerate(pieces):
            prefix = tf.strings.join([filename_tensor, f"_piece-{number:05d}"])
            with tf.control_dependencies(before):
                before = [_write(prefix, piece)]
            prefixes.append(prefix)
        with tf.control_dependencies(before):
            return tf.raw_ops.MergeV2Checkpoints(
                checkpoint_prefixes=prefixes,
                destination_prefix=filename_tensor,
                delete_old_dirs=False,
            )


def _write(prefix: Any, saveables: Sequence[Any]) -> Any:
    """Reads the variables and writes them, both after what comes before."""
    specs = [(saveable, spec) for saveable in saveables for spec in saveable.specs]
    return tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=[spec.name for _, spec in specs],
        shape_and_slices=[spec.slice_spec for _, spec in specs],
        tensors=[_read(saveable, spec) for saveable, spec in specs],
    )


def _read(saveable: Any, spec: Any) -> Any:
    # `spec.tensor` is a read that the variable was made with, which waits for nothing.
    if not hasattr(saveable, "handle_op"):
        return spec.tensor
    return tf.raw_ops.ReadVariableOp(resource=saveable.handle_op, dtype=spec.dtype)


def _pieces(saveables: Sequence[Any]) -> List[List[Any]]:
    """In their order, so many in a piece that it does not exceed `_PIECE_BYTES`; at least one."""
    size_of = _sizes()
    pieces: List[List[Any]] = [[]]
    size = 0
    for saveable in saveables:
        own = size_of.get(saveable.name, 0)
        if pieces[-1] and size + own > _PIECE_BYTES:
            pieces.append([])
            size = 0
        pieces[-1].append(saveable)
        size += own
    return pieces


def _sizes() -> Dict[str, int]:
    """Bytes by the name that a variable has in checkpoints."""
    return {v.op.name: v.shape.num_elements() * v.dtype.size for v in v1.global_variables()}
