"""What a pass over rows is to count, checked before anything is read. No TensorFlow."""

from __future__ import annotations

import dataclasses
import os
from typing import Dict, List, Optional, Sequence

from easy_esmm.config import ConfigError, Pipeline
from easy_esmm.config.escaped_names import escaped
from easy_esmm.config.feature_types import type_of
from easy_esmm.config.hints import did_you_mean
from easy_esmm.data import FilesOrFrame, check_files
from easy_esmm.errors import UserError
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def features_by_file(
    config: PipelineConfig, names: Sequence[str] = ()
) -> Dict[str, List[FeatureConfig]]:
    """Name of the vocabulary file -> the features that will read it.

    Args:
      config: the config.
      names: features; empty: all that have a `vocab_file` or a `vocab_list`.

    Raises:
      UserError: a feature has no ids, or shares its table with one that is not named.
    """
    features = {feature.feature_name: feature for feature in config.feature_config.features}
    chosen = list(dict.fromkeys(names)) or [
        name for name, feature in features.items() if _has_vocabulary(feature)
    ]
    if not chosen:
        raise UserError(
            "--features: must name features, with commas, since none has a vocab_file yet"
        )
    found: Dict[str, List[FeatureConfig]] = {}
    for name in chosen:
        if name not in features:
            hint = did_you_mean(name, features)
            raise UserError(
                f"--features: must be names of features, got {name}" + (f"; {hint}" if hint else "")
            )
        feature = features[name]
        if "vocab_file" not in type_of(feature).sources:
            raise UserError(
                f"--features: {name}: a {type_of(feature).name} looks nothing up in a vocabulary"
            )
        file = f"{escaped(feature.embedding_name or name)}.txt"
        found.setdefault(file, []).append(feature)
    for name, feature in features.items():
        table = feature.embedding_name
        if table and f"{escaped(table)}.txt" in found and name not in chosen:
            raise UserError(
                f"--features: {name} reads the table of embedding_name {table} too; name it as well"
            )
    return found


def reading_only(config: PipelineConfig, features: Sequence[FeatureConfig]) -> PipelineConfig:
    """A config that reads the columns of these features and no others."""
    few = PipelineConfig()
    few.CopyFrom(config)
    del few.feature_config.features[:]
    few.feature_config.features.extend(features)
    del few.model_config.feature_groups[:]
    names = [feature.feature_name for feature in features]
    few.model_config.feature_groups.add(group_name="counted", feature_names=names)
    return few


def require_countable(
    pipeline: Pipeline,
    rows: Optional[FilesOrFrame] = None,
    features: Sequence[str] = (),
    base: str = "",
) -> None:
    """The checks with which `build` begins, whose arguments these are.

    Raises:
      UserError: features that cannot be counted together, a folder `base` that is absent, or files
        that are missing, empty or lack a column.
    """
    shared = features_by_file(pipeline.config, features)
    if base and not os.path.isdir(base):
        raise UserError(f"--base: must be a folder of vocabularies, got {base}")
    few = reading_only(pipeline.config, [one for of_file in shared.values() for one in of_file])
    if rows is None and not few.train_input_path:
        raise UserError("--input_path: must name rows, since train_input_path does not")
    split = "train" if rows is None else "predict"
    problems = check_files(
        dataclasses.replace(pipeline, config=few), split, rows, with_labels=False
    )
    if problems:
        raise ConfigError(problems)


def _has_vocabulary(feature: FeatureConfig) -> bool:
    source = next((s for s in type_of(feature).sources if getattr(feature, s)), "")
    return source in ("vocab_file", "vocab_list")
