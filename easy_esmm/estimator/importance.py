"""Evaluates rows with the values of one feature after another exchanged between them.

Permutation importance (Breiman, Machine Learning 2001, section 10; Fisher, Rudin and Dominici, JMLR
2019): what a model loses when a feature has its values, but no longer those of the row. Rows are
exchanged inside batches, so that users and items of one time stay together.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from typing import AbstractSet, Any, Dict, Iterator, List, Mapping, Sequence, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm import data
from easy_esmm.compat import estimator
from easy_esmm.config import Pipeline, groups
from easy_esmm.config.feature_types import type_of
from easy_esmm.data.exchanged import exchanged
from easy_esmm.estimator import checkpoint_fit
from easy_esmm.estimator.bad_cells import find_bad_cell, validator_of
from easy_esmm.estimator.calibrations import calibration_of, columns_of
from easy_esmm.estimator.errors import user_errors
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.evaluation.recorder import RowRecorder
from easy_esmm.protos.feature_pb2 import FeatureGroupConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_BATCH = 4096
"""Rows that are exchanged with each other, if the config has no larger batch."""
_SHOWN = 3
_NUMBER = "easy_esmm/permuted"
"""Column that says which inputs of a row are exchanged."""


@dataclass(frozen=True)
class PermutedInputs:
    """Input columns whose values are exchanged together."""

    name: str
    columns: Tuple[str, ...]
    is_group: bool = False
    """Whether these are all columns of a feature group."""


@dataclass(frozen=True, eq=False)
class Permuted:
    """The rows as they are, and once for each exchange, in the same order."""

    plain: RecordedRows
    exchanged: Sequence[Tuple[PermutedInputs, RecordedRows]]


def inputs_of(config: PipelineConfig) -> List[PermutedInputs]:
    """Of each feature that the model reads, and of each feature group if there are several.

    Features that share a column are one, for exchanging it changes them all; so are the histories
    of an attention, or of a group, which must be equally long in each row.
    """
    used = groups.features_read(config.model_config)
    features = {
        feature.feature_name: set(feature.input_names)
        for feature in config.feature_config.features
        if feature.feature_name in used
    }
    together = [*([name] for name in features), *filter(None, _histories(config))]
    merged: List[Tuple[List[str], AbstractSet[str]]] = []
    for names in together:
        columns = {column for name in names for column in features[name]}
        meeting = [one for one in merged if one[1] & columns]
        merged = [one for one in merged if one not in meeting]
        known = [name for one in meeting for name in one[0]]
        new = [name for name in names if name not in known]
        merged.append(([*known, *new], columns.union(*(one[1] for one in meeting))))
    found = [PermutedInputs(_named(names), tuple(sorted(columns))) for names, columns in merged]
    of_groups = [_group(config, group, features) for group in config.model_config.feature_groups]
    return [*found, *(of_groups if len(of_groups) > 1 else [])]


def _histories(config: PipelineConfig) -> Iterator[Sequence[str]]:
    """Features that are sequences of the same elements."""
    sequences = {
        feature.feature_name
        for feature in config.feature_config.features
        if type_of(feature).is_sequence
    }
    for group in config.model_config.feature_groups:
        yield [name for name in group.feature_names if name in sequences]
        for attention in group.sequence_features:
            yield [*groups.histories(attention), *groups.further_histories(attention)]


def _group(
    config: PipelineConfig, group: FeatureGroupConfig, features: Mapping[str, AbstractSet[str]]
) -> PermutedInputs:
    names = [name for _, name in groups.tables_of(config.model_config.feature_groups, group)]
    columns = sorted({column for name in names for column in features[name]})
    return PermutedInputs(f"group {group.group_name}", tuple(columns), is_group=True)


def evaluate_permuted(
    pipeline: Pipeline,
    checkpoint: str,
    rows: int,
    *,
    seed: int = 1,
    uncalibrated: bool = False,
) -> Permuted:
    """Scores the first `rows` rows of the evaluation input, at least a batch, with each exchange.

    Raises UserError as `training.evaluate`.
    """
    config = pipeline.config
    sources = checkpoint_fit.require_fit(config, checkpoint, estimator.ModeKeys.EVAL)
    calibration = None if uncalibrated else calibration_of(pipeline, checkpoint)
    inputs = inputs_of(config)
    recorder = RowRecorder((_NUMBER,))
    batch = min(max(_BATCH, config.data_config.batch_size), rows)
    plain = data.input_fn(
        config,
        "eval",
        batch_size=batch,
        extra_columns=columns_of(calibration),
        validator=validator_of(config),
    )

    def variants() -> tf.data.Dataset:
        batches = plain().take(-(-rows // batch))
        return exchanged(config, batches, [set(one.columns) for one in inputs], _NUMBER, seed)

    with (
        user_errors(lambda: find_bad_cell(config, config.eval_input_path), checkpoint),
        tempfile.TemporaryDirectory() as folder,
    ):
        make_estimator(
            config,
            model_dir=folder,
            recorder=recorder,
            records_only=True,
            sources=sources,
            calibration=calibration,
        ).evaluate(variants, checkpoint_path=checkpoint)
    recorded = recorder.rows()
    codes, texts = recorder.coded()[_NUMBER]
    number = np.array([-1, *map(int, texts[1:])])[codes]
    return Permuted(
        _chosen(recorded, number == len(inputs)),
        [(one, _chosen(recorded, number == place)) for place, one in enumerate(inputs)],
    )


def _chosen(rows: RecordedRows, mask: NDArray[np.bool_]) -> RecordedRows:
    def of(arrays: Mapping[str, Any]) -> Dict[str, Any]:
        return {name: array[mask] for name, array in arrays.items()}

    return replace(
        rows,
        weight=rows.weight[mask],
        labels=of(rows.labels),
        predictions=of(rows.predictions),
        logits=of(rows.logits),
        inside=of(rows.inside),
    )


def _named(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
