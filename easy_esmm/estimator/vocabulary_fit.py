"""Compares the vocabularies of a config with those that a checkpoint was trained with."""

from __future__ import annotations

import os
from typing import Dict, List, Mapping

from absl import logging

from easy_esmm.checkpoints import vocabularies
from easy_esmm.checkpoints.growth import Growth, difference, growths
from easy_esmm.checkpoints.shapes import Shapes, read_shapes
from easy_esmm.checkpoints.vocabularies import Vocabulary
from easy_esmm.config import load
from easy_esmm.config.scalars import quoted
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_SHOWN = 3


def require_same(config: PipelineConfig, checkpoint: str) -> None:
    """Of a config that is to evaluate, predict or export, and of a training's own checkpoint.

    Raises:
      UserError: a vocabulary is not the one of the training, with the first difference.
    """
    kept = vocabularies.of_checkpoint(checkpoint)
    now = vocabularies.of_config(config)
    if kept is None:
        if now:
            logging.info("%s: made before checkpoints kept their vocabularies", checkpoint)
        return
    other = [t for t, one in now.items() if t in kept and kept[t].digest != one.digest]
    if other:
        shown = [f"feature {now[t].feature}: {difference(kept[t], now[t])}" for t in other[:_SHOWN]]
        more = f"; and {len(other) - _SHOWN} more tables" if len(other) > _SHOWN else ""
        raise UserError(
            f"the vocabularies do not fit {checkpoint}: {'; '.join(shown)}{more}.\n"
            f"Use those of its training: {', '.join(kept[t].file for t in other[:_SHOWN])}; or "
            "train on with these by --continue_train"
        )


def require_growth(config: PipelineConfig, checkpoint: str, accept_changes: bool) -> bool:
    """Of a training that goes on: says how the vocabularies have changed, and whether any has.

    New ids, and ids that have moved, are taken as they are. An id that is gone would lose what was
    learned of it, and another id in row 0, which unknown values read, would change the predictions
    for all of these: both are more often an accident, such as half a file, than wanted.

    Raises:
      UserError: ids are gone or row 0 is of another id, without `accept_changes`; or the ids that
        the checkpoint was trained with are in no file any more.
    """
    now = vocabularies.of_config(config)
    if vocabularies.of_checkpoint(checkpoint) is None and now:
        _assume(now, checkpoint)
    kept = vocabularies.of_checkpoint(checkpoint) or {}
    for table, one in now.items():
        if table in kept and kept[table].digest != one.digest and kept[table].entries() is None:
            raise UserError(
                f"feature {one.feature}: must have a vocabulary that can be compared with the one "
                f"of {checkpoint}, whose ids are not in {kept[table].file} any more; copy the "
                "folder vocabularies with the checkpoint"
            )
    found = growths(checkpoint, now)
    for growth in found.values():
        _require_kept(growth, checkpoint, accept_changes)
        _tell(growth, now[growth.table])
    return bool(found)


def _require_kept(growth: Growth, checkpoint: str, accept_changes: bool) -> None:
    count, first = growth.removed
    if count and not accept_changes:
        raise UserError(
            f"feature {growth.feature}: the vocabulary must hold every id that {checkpoint} was "
            f"trained with, and lacks {count:,} of {growth.rows_before:,}, first "
            f"{quoted(first.decode(errors='replace'))}; write new ids behind the old ones (python "
            "-m easy_esmm.vocabulary --base), or forget what was learned of these by "
            "--accept_changes"
        )
    if not growth.keeps_row_0 and not accept_changes:
        raise UserError(
            f"feature {growth.feature}: the vocabulary must begin with the id that it began with "
            f"when {checkpoint} was trained: unknown values read its row, too; keep the first "
            "line, or take another row for them by --accept_changes"
        )


def _tell(growth: Growth, now: Vocabulary) -> None:
    kept = growth.rows - growth.added
    logging.info(
        "vocabulary: %s (feature %s): %s rows kept, %s added%s",
        growth.table,
        growth.feature,
        f"{kept:,}",
        f"{growth.added:,}",
        _moved_in_words(growth, now),
    )
    if growth.removed[0]:
        logging.warning(
            "vocabulary: %s: %s ids are gone, with what was learned of them; first %s",
            growth.table,
            f"{growth.removed[0]:,}",
            quoted(growth.removed[1].decode(errors="replace")),
        )


def _moved_in_words(growth: Growth, now: Vocabulary) -> str:
    if growth.first_moved is None:
        return ""
    row = growth.first_moved
    text = quoted(now.entries[row].decode(errors="replace"))
    return f"; rows moved with their ids, first {text} to line {row + 1:,}"


def _assume(now: Mapping[str, Vocabulary], checkpoint: str) -> None:
    """Keeps what is known of a checkpoint that does not say its vocabularies, and says it."""
    shapes = read_shapes(checkpoint)
    earlier = _earlier(os.path.dirname(checkpoint))
    known: Dict[str, Vocabulary] = {}
    for table, one in now.items():
        rows = _rows(shapes, table)
        then = earlier[table].entries if table in earlier else []
        entries: List[bytes] = then if len(then) == rows else one.entries[:rows]
        if rows and len(entries) == rows:
            known[table] = Vocabulary(one.feature, entries)
            logging.warning(
                "vocabulary: %s does not say which ids its tables are of; of %s it is taken that "
                "they are the %s of %s",
                checkpoint,
                table,
                f"{rows:,}",
                "the config in model_dir" if then is entries else "the first lines now",
            )
    vocabularies.assume(known, checkpoint)


def _rows(shapes: Shapes, table: str) -> int:
    return shapes[table][0] if table in shapes else 0


def _earlier(model_dir: str) -> Dict[str, Vocabulary]:
    """The vocabularies of the config in the folder, if it can still be read."""
    try:
        return vocabularies.of_config(load(os.path.join(model_dir, "pipeline.config")).config)
    except (UserError, OSError):
        return {}
