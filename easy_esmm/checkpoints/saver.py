"""A saver that writes checkpoints in pieces, so that saving takes little memory.

Our own code, since TensorFlow's saver has no pieces smaller than all variables of a device.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

import tensorflow as tf

from easy_esmm.checkpoints import vocabularies
from easy_esmm.checkpoints.growth import NEW, Growth, growths, table_of
from easy_esmm.checkpoints.shapes import VOCABULARIES
from easy_esmm.checkpoints.vocabularies import Vocabulary
from easy_esmm.compat import SaverBuilder, v1
from easy_esmm.errors import UserError
from easy_esmm.protos.train_pb2 import TrainConfig

_PIECE_BYTES = 256 << 20


def add_saver(config: TrainConfig, of_tables: Mapping[str, Vocabulary]) -> None:
    """Gives the graph its saver, in place of the one that the Estimator would make.

    Args:
      config: for the number of checkpoints.
      of_tables: vocabularies by table; where a checkpoint was trained with others, its rows are
        restored by their ids.

    Reading a table that steps gather from copies it. TensorFlow's saver reads all variables at
    once: 16 million rows of 18 with Adam's moments, 3.5 GB, take as much again for each checkpoint.
    Here variables are read in pieces of 256 MB, or one larger variable, one after another. The
    checkpoint is TensorFlow's own format, in several data files.
    """
    if v1.get_collection(v1.GraphKeys.SAVERS):  # of another copy of the model; see `mirrored`
        return
    v1.add_to_collection(
        v1.GraphKeys.SAVERS,
        _GrowingSaver(
            of_tables,
            sharded=True,
            max_to_keep=config.keep_checkpoint_max,
            defer_build=True,
            save_relative_paths=True,
            builder=_InPieces(vocabularies.mark(of_tables) if of_tables else ""),
        ),
    )


class _GrowingSaver(v1.train.Saver):  # type: ignore[misc]
    """Restores tables whose vocabulary has changed since the checkpoint row by row."""

    def __init__(self, of_tables: Mapping[str, Vocabulary], **settings: Any) -> None:
        super().__init__(**settings)
        self._of_tables = of_tables
        self._variables = v1.global_variables()

    def restore(self, sess: Any, save_path: str) -> None:
        grown = growths(save_path, self._of_tables) if self._of_tables else {}
        if grown:
            _restore(sess, save_path, self._variables, grown)
        else:
            super().restore(sess, save_path)


def _restore(session: Any, path: str, variables: Sequence[Any], grown: Dict[str, Growth]) -> None:
    """Loads the variables, one after another.

    Raises:
      UserError: a variable has a copy on each of several devices.
    """
    if any(hasattr(variable, "values") for variable in variables):
        raise UserError(
            "train_config.train_distribute: vocabularies grow in a training on one device: train "
            "without it until the first checkpoint, and then on with it"
        )
    checkpoint = v1.train.NewCheckpointReader(path)
    of_table: Dict[str, List[Any]] = {}
    for variable in variables:
        table = table_of(_name(variable), grown)
        if table is None:
            before = checkpoint.get_tensor(_name(variable))
            variable.load(before[_rows(variable)] if before.ndim else before, session)
        else:
            of_table.setdefault(table, []).append(variable)
    for table, family in of_table.items():
        # Together: an average begins at the very numbers that were drawn for the table.
        session.run([variable.initializer for variable in family])
        for variable in family:
            before = checkpoint.get_tensor(_name(variable))
            if len(before) == grown[table].rows_before:
                sources = grown[table].sources[_rows(variable)]
                variable.load(_moved(session.run(variable), before, sources), session)
            else:  # of the table and of no row
                variable.load(before, session)


def _moved(first: Any, before: Any, sources: Any) -> Any:
    """The checkpoint's numbers in the rows of their ids, and `first` in those of new ones."""
    is_kept = sources != NEW
    first[is_kept] = before[sources[is_kept]]
    return first


def _name(variable: Any) -> str:
    """As it stands in checkpoints: a partition of a table has the table's."""
    part = variable._get_save_slice_info()
    return str(part.full_name if part is not None else variable.op.name)


def _rows(variable: Any) -> slice:
    """Which rows of the checkpoint's variable it holds."""
    part = variable._get_save_slice_info()
    if part is None:
        return slice(None)
    start = part.var_offset[0]
    return slice(start, start + part.var_shape[0])


class _InPieces(SaverBuilder):  # type: ignore[misc]
    def __init__(self, mark: str = "") -> None:
        """`mark`: of the tables' vocabularies, which stands in the checkpoint; empty: none."""
        super().__init__()
        self._extra = {VOCABULARIES: mark} if mark else {}

    def save_op(self, filename_tensor: Any, saveables: Sequence[Any]) -> Any:
        extra, self._extra = self._extra, {}  # with the first device's variables
        pieces = _pieces(saveables)
        if len(pieces) == 1:
            return _write(filename_tensor, saveables, extra)
        prefixes: List[Any] = []
        before: List[Any] = []
        for number, piece in enumerate(pieces):
            prefix = tf.strings.join([filename_tensor, f"_piece-{number:05d}"])
            with tf.control_dependencies(before):
                before = [_write(prefix, piece, extra if number == 0 else {})]
            prefixes.append(prefix)
        with tf.control_dependencies(before):
            return tf.raw_ops.MergeV2Checkpoints(
                checkpoint_prefixes=prefixes,
                destination_prefix=filename_tensor,
                delete_old_dirs=False,
            )


def _write(prefix: Any, saveables: Sequence[Any], extra: Mapping[str, str]) -> Any:
    """Reads the variables and writes them, with `extra` texts, both after what comes before."""
    specs = [(saveable, spec) for saveable in saveables for spec in saveable.specs]
    return tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=[*(spec.name for _, spec in specs), *extra],
        shape_and_slices=[*(spec.slice_spec for _, spec in specs), *("" for _ in extra)],
        tensors=[*(_read(saveable, spec) for saveable, spec in specs), *extra.values()],
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
