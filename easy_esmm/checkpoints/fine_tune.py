"""Warm start: first values of variables from the checkpoint of another training.

Built on `init_from_checkpoint`: tf.estimator's WarmStartSettings fails at a variable that is
missing or has another shape, which a new feature or tower always has, and reports nothing.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Collection, Dict, List, Mapping, Optional, Sequence, Set, Tuple

import numpy as np
import tensorflow as tf
from absl import logging

from easy_esmm.checkpoints.easyrec_names import Sources
from easy_esmm.checkpoints.feature_sources import FeatureSources
from easy_esmm.checkpoints.growth import Growth, compare, table_of
from easy_esmm.checkpoints.moved_rows import begin_with_rows
from easy_esmm.checkpoints.shapes import Shapes, read_shapes
from easy_esmm.checkpoints.vocabularies import Vocabulary, of_checkpoint
from easy_esmm.compat import v1
from easy_esmm.config.hints import did_you_mean
from easy_esmm.errors import UserError
from easy_esmm.optimizers import averages
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.train_pb2 import TrainConfig

_CHECKPOINT = "train_config.fine_tune_checkpoint"
_MAP = "train_config.fine_tune_ckpt_var_map"
_SHOWN = 20
_LITTLE = 0.5
"""Share of the weights below which a start from a checkpoint is warned of."""


@dataclass(frozen=True)
class Plan:
    """What of a graph comes from the checkpoint."""

    restored: Mapping[str, str]
    """Variable of the graph -> variable of the checkpoint, of the same shape and the same ids."""
    moved: Mapping[str, str]
    """The same of tables, and what belongs to them, of which rows are taken by their ids."""
    missing: Tuple[str, ...]
    """Variables of the graph that the checkpoint does not hold: they start anew."""
    mismatched: Tuple[str, ...]
    """The same of those that it holds in another shape, or of ids that are not known, in words."""
    by_id: Tuple[str, ...]
    """Of each table in `moved`, how many rows are taken, in words."""
    unread: Tuple[str, ...]
    """Variables of the checkpoint that the graph does not read."""
    share: float
    """Of the numbers in the model's weights, those that come from the checkpoint."""


class FineTune:
    """Variables of a checkpoint, as first values of the variables of a training graph.

    The step, and moving averages of weights, start anew, the latter at the restored weights.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: ModelConfig,
        features: Sequence[FeatureConfig] = (),
        of_tables: Optional[Mapping[str, Vocabulary]] = None,
    ) -> None:
        """Reads the names and shapes; without a map, EasyRec's names are known.

        `features`: of the config; `of_tables`: vocabularies by table. Where the checkpoint was
        trained with others, rows are taken by their ids.

        Raises:
          UserError: there is no checkpoint, or no map, at the path.
        """
        self.path = _find(config.fine_tune_checkpoint)
        self._shapes: Shapes = read_shapes(self.path)
        self._names = _read_map(config.fine_tune_ckpt_var_map)
        self._sources = Sources(model, self._shapes)
        self._of_features = (
            FeatureSources(model, features, self.path, self._shapes)
            if config.fine_tune_by_feature
            else None
        )
        self._of_tables = of_tables or {}
        self._kept = of_checkpoint(self.path) or {} if self._of_tables else {}
        self._growths: Dict[Tuple[str, str], Optional[Growth]] = {}
        self._done: Set[str] = set()

    def plan(self, variables: Shapes, weights: Optional[Collection[str]] = None) -> Plan:
        """What of `variables`, which are all of a graph's, would be restored.

        Args:
          variables: with the optimizer's.
          weights: names of those that are the model's own; None: all.

        Raises:
          UserError: a variable of the map does not exist, or has another shape; or no weight of the
            model is in the checkpoint.
        """
        weights = set(variables) if weights is None else weights
        if self._names is not None:
            self._check_map(variables)
        restored, moved, missing, mismatched = {}, {}, [], []
        for name, here in sorted(variables.items()):
            source = self._source(name, here)
            if source is None:
                missing.append(name)
            elif misfit := self._misfit(name, here, source):
                mismatched.append(misfit)
            elif self._has_other_ids(name, source):
                moved[name] = source
            else:
                restored[name] = source
        missing = [name for name in missing if _may_be_restored(name)]
        taken = {**restored, **moved}
        if not taken:
            raise UserError(f"{_CHECKPOINT}: {self.path} holds no variable of this model")
        if not any(name in weights for name in taken):
            raise UserError(
                f"{_CHECKPOINT}: {self.path} holds no weight of this model, only "
                f"{_listed(tuple(taken))}; is it of another model, or of another program? "
                "fine_tune_ckpt_var_map pairs variables of different names"
            )
        unread = sorted(set(filter(_may_be_restored, self._shapes)) - set(taken.values()))
        numbers = {n: int(np.prod(variables[n])) for n in weights if _may_be_restored(n)}
        share = sum(numbers.get(name, 0) for name in taken) / sum(numbers.values())
        return Plan(
            restored,
            moved,
            tuple(missing),
            tuple(mismatched),
            self._by_id(moved),
            tuple(unread),
            share,
        )

    def restore(self) -> None:
        """Makes values of the checkpoint the first ones of variables made since the last call."""
        sources: Dict[str, Any] = {}
        for variable in v1.global_variables():
            name = variable.op.name
            here = variable.shape.as_list()
            source = self._source(name, here)
            is_new = name not in self._done
            self._done.add(name)
            if not is_new or source is None:
                continue
            if self._misfit(name, here, source):
                continue
            growth = self._growth(name, source) if self._has_other_ids(name, source) else None
            if growth is None:
                sources[source] = variable
            else:
                begin_with_rows(variable, self.path, source, growth.sources)
        if sources:
            v1.train.init_from_checkpoint(self.path, sources)

    def _source(self, name: str, shape: List[int]) -> Optional[str]:
        """The checkpoint's variable for a variable of the graph."""
        if not _may_be_restored(name):
            return None
        if self._names is not None:
            return self._names.get(name)
        source = self._sources.of(name)
        if source is None and self._of_features is not None:
            return self._of_features.of(name, shape)
        return source

    def _has_other_ids(self, name: str, source: str) -> bool:
        """Whether both are of tables with vocabularies, which differ."""
        here, there = table_of(name, self._of_tables), table_of(source, self._kept)
        if here is None or there is None:
            return False
        return self._of_tables[here].digest != self._kept[there].digest

    def _growth(self, name: str, source: str) -> Optional[Growth]:
        """From the ids there to those here; None where those there are not known."""
        here = table_of(name, self._of_tables) or ""
        there = table_of(source, self._kept) or ""
        if (here, there) not in self._growths:
            now, before = self._of_tables[here], self._kept[there].entries()
            self._growths[here, there] = (
                None if before is None else compare(here, now.feature, before, now.entries)
            )
        return self._growths[here, there]

    def _misfit(self, name: str, here: List[int], source: str) -> str:
        """Why the variable cannot begin with the checkpoint's, in words; empty if it can."""
        there = self._shapes[source]
        if self._has_other_ids(name, source):
            growth = self._growth(name, source)
            if growth is None:
                return f"{name}: the ids of {source} are not kept beside it"
            if [growth.rows, *there[1:]] == here and growth.rows_before == there[0]:
                return ""
        elif here == there:
            return ""
        return f"{name} is {here} here, {there} there"

    def _by_id(self, moved: Mapping[str, str]) -> Tuple[str, ...]:
        found = []
        for name, source in moved.items():
            growth = self._growth(name, source)
            if growth is not None and name == growth.table:
                kept = growth.rows - growth.added
                found.append(f"{name}: {kept:,} of {growth.rows:,} rows from {source}")
        return tuple(found)

    def _check_map(self, variables: Shapes) -> None:
        for name, source in (self._names or {}).items():
            for one, known, where in (
                (name, variables, "the model"),
                (source, self._shapes, self.path),
            ):
                if one not in known or not _may_be_restored(one):
                    hint = did_you_mean(one, known)
                    raise UserError(
                        f"{_MAP}: must name variables of {where}, got {one}"
                        + (f"; {hint}" if hint else "")
                    )
            if variables[name] != self._shapes[source]:
                raise UserError(
                    f"{_MAP}: must pair variables of one shape, got {name} {variables[name]} and "
                    f"{source} {self._shapes[source]}"
                )


def log(plan: Plan, path: str, variables: Shapes) -> None:
    """Reports what was restored from `path`, and what was not."""
    taken = {**plan.restored, **plan.moved}
    numbers = sum(int(np.prod(variables[name])) for name in taken)
    logging.info(
        "fine_tune_checkpoint: %d of %d variables (%s numbers) start from %s",
        len(taken),
        len(taken) + len(plan.missing) + len(plan.mismatched),
        f"{numbers:,}",
        path,
    )
    if plan.by_id:
        text = "fine_tune_checkpoint: rows taken by their ids, the others start anew: %s"
        logging.info(text, _listed(plan.by_id, "; "))
    if plan.share < _LITTLE:
        logging.warning(
            "fine_tune_checkpoint: only %.1f%% of the model's weights start from %s, "
            "the others anew",
            100 * plan.share,
            path,
        )
    if plan.mismatched:
        text = (
            "fine_tune_checkpoint: of another shape, or of unknown ids, so that they start anew: %s"
        )
        logging.warning(text, _listed(plan.mismatched, "; "))
    if plan.missing:
        text = "fine_tune_checkpoint: not restored, so that they start anew: %s"
        logging.info(text, _listed(plan.missing))
    if plan.unread:
        text = "fine_tune_checkpoint: in the checkpoint and not read: %s"
        logging.info(text, _listed(plan.unread))


def _listed(names: Tuple[str, ...], separator: str = ", ") -> str:
    more = f"{separator}and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return separator.join(names[:_SHOWN]) + more


def _may_be_restored(name: str) -> bool:
    last = name.rsplit("/", 1)[-1]
    return name != "global_step" and last not in (averages.AVERAGE, averages.STEP)


def _find(path: str) -> str:
    """The checkpoint: `path`, or the newest in the folder `path`."""
    if tf.io.gfile.isdir(path):
        newest: Optional[str] = v1.train.latest_checkpoint(path)
        if newest is None:
            raise UserError(f"{_CHECKPOINT}: must hold a checkpoint, got the folder {path}")
        return newest
    # TensorFlow takes any existing file for a checkpoint of its first format.
    prefix = re.sub(r"\.(index|meta|data-\d+-of-\d+)$", "", path)
    if prefix == path and v1.train.checkpoint_exists(path):
        return path
    hint = f"; did you mean {prefix}?" if prefix != path else "; give .../model.ckpt-STEP"
    raise UserError(f"{_CHECKPOINT}: must be a checkpoint or a folder of them, got {path}{hint}")


def _read_map(path: str) -> Optional[Dict[str, str]]:
    """Variable here -> variable there; None without a file: the same names."""
    if not path:
        return None
    if not os.path.isfile(path):
        raise UserError(f"{_MAP}: must be an existing file, got {path}")
    names: Dict[str, str] = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            words: List[str] = line.split()
            if not words:
                continue
            if len(words) != 2 or words[0] in names:
                rule = "must hold two names, of a variable here and one there, each first name once"
                raise UserError(f"{path}:{number}: {rule}, got {line.strip()}")
            names[words[0]] = words[1]
    if not names:
        raise UserError(f"{_MAP}: must hold names of variables, got the empty file {path}")
    return names
