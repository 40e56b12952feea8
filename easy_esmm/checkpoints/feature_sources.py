"""Finds the tables of a checkpoint by the features that read them, whatever their names."""

from __future__ import annotations

import os
import re
from typing import Dict, List, Optional, Sequence, Set

from google.protobuf import text_format

from easy_esmm.checkpoints.shapes import Shapes
from easy_esmm.config.escaped_names import escaped
from easy_esmm.config.groups import tables_of
from easy_esmm.config.wide import feature_in_group
from easy_esmm.features.tables import table_name
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_OF_ONE_FEATURE = re.compile(r"(embedding/[^/]+/([^/]+))(/.*)?")


class FeatureSources:
    """Which table of a checkpoint a table of a config is, by their features."""

    def __init__(
        self, model: ModelConfig, features: Sequence[FeatureConfig], path: str, found: Shapes
    ) -> None:
        """`found`: shapes of the checkpoint's variables; the config beside it tells its features.

        Without that config, or where it cannot be read, the names of tables that are of one feature
        tell them.
        """
        self._found = found
        self._here = _features_of_tables(model, features)
        there = _config_beside(path)
        if there is not None:
            self._there = _features_of_tables(there.model_config, there.feature_config.features)
        else:
            matches = (_OF_ONE_FEATURE.fullmatch(name) for name in found)
            self._there = {m[1]: {m[2]} for m in matches if m is not None}

    def of(self, variable: str, shape: Sequence[int]) -> Optional[str]:
        """The checkpoint's variable; None where none, or more than one, would do.

        A table's number of columns must be the same; its rows may be others.
        """
        parts = variable.split("/")
        prefixes = ("/".join(parts[:count]) for count in range(2, len(parts) + 1))
        table = next((prefix for prefix in prefixes if prefix in self._here), None)
        if table is None:
            return None
        slot = variable[len(table) :]
        fitting = [
            f"{one}{slot}"
            for one, features in sorted(self._there.items())
            if features & self._here[table]
            and f"{one}{slot}" in self._found
            and list(self._found[f"{one}{slot}"][1:]) == list(shape[1:])
        ]
        return fitting[0] if len(fitting) == 1 else None


def _features_of_tables(
    model: ModelConfig, features: Sequence[FeatureConfig]
) -> Dict[str, Set[str]]:
    """Names of the features that read it, by table."""
    by_name = {_name(feature): feature for feature in features}
    found: Dict[str, Set[str]] = {}
    for group in model.feature_groups:
        for home, name in tables_of(model.feature_groups, group):
            if name in by_name:
                named = FeatureConfig()
                named.CopyFrom(feature_in_group(model, home, by_name[name]))
                named.feature_name = name
                table = table_name(home, named)
                if table is not None:
                    found.setdefault(table, set()).add(escaped(name))
    return found


def _name(feature: FeatureConfig) -> str:
    inputs: List[str] = list(feature.input_names)
    return feature.feature_name or (inputs[0] if inputs else "")


def _config_beside(checkpoint: str) -> Optional[PipelineConfig]:
    path = os.path.join(os.path.dirname(checkpoint), "pipeline.config")
    try:
        with open(path, encoding="utf-8") as file:
            return text_format.Parse(file.read(), PipelineConfig(), allow_unknown_field=True)
    except (OSError, UnicodeDecodeError, text_format.ParseError):
        return None
