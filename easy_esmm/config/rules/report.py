"""Collects the problems and notes that the rules across fields find."""

from __future__ import annotations

from typing import Collection, Dict, List, Optional, Sequence, Set

from easy_esmm.config.groups import features_of, features_read, is_wide
from easy_esmm.config.hints import did_you_mean
from easy_esmm.config.problems import Place, Places, Problem
from easy_esmm.config.resolve import Resolved
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


class Report:
    """Problems and notes about a resolved config, at the places where things were written."""

    def __init__(self, resolved: Resolved, places: Places) -> None:
        self.config: PipelineConfig = resolved.config
        self.problems: List[Problem] = []
        self.notes: List[Problem] = []
        self._resolved = resolved
        self._places = places

    def place(self, path: str) -> Place:
        """Where the field at `path` of the resolved config was written."""
        return self._places.find(self._resolved.origin(path))

    def is_written(self, path: str) -> bool:
        """Whether the user wrote the field at `path` of the resolved config."""
        return self._resolved.origin(path) in self._places

    def is_moved(self, path: str) -> bool:
        """Whether what stands at `path` of the resolved config was written at another path."""
        return self._resolved.origin(path) != path

    def column_types(self) -> Dict[str, int]:
        """Type of each declared column, a value of `DatasetConfig.FieldType`."""
        return {c.input_name: c.input_type for c in self.config.data_config.input_fields}

    def features_in_groups(self) -> Set[str]:
        """Names of the features that a feature group reads."""
        return features_read(self.config.model_config)

    def features_in_deep_groups(self) -> Set[str]:
        """Names of the features whose tables have `embedding_dim` columns; see `config.wide`."""
        groups = self.config.model_config.feature_groups
        return {name for group in groups if not is_wide(group) for name in features_of(group)}

    def refuse(
        self, path: str, rule: str, value: Optional[str] = None, hint: Optional[str] = None
    ) -> None:
        """Reports a problem of the field at `path` of the resolved config."""
        self.problems.append(self._problem(path, rule, value, hint))

    def note(self, path: str, text: str) -> None:
        """Reports something that is legal, and perhaps not meant."""
        self.notes.append(self._problem(path, text))

    def require_member(self, path: str, name: str, names: Collection[str], kind: str) -> bool:
        """Whether `name`, written at `path`, is one of `names`; refuses it if not."""
        if name in names:
            return True
        self.refuse(path, f"must be {kind}", quoted(name), did_you_mean(name, names))
        return False

    def require_unique(self, named: Sequence[str], paths: Sequence[str], what: str) -> None:
        """Refuses every name that is there for a second time; `what` has it already."""
        first: Dict[str, str] = {}
        for name, path in zip(named, paths):
            if name and name in first:
                before = self.place(first[name])
                where = f"line {before.line}" if before.line else str(before)
                self.refuse(path, f"must be unique: {what} has this name at {where}", quoted(name))
            first.setdefault(name, path)

    def _problem(
        self, path: str, rule: str, value: Optional[str] = None, hint: Optional[str] = None
    ) -> Problem:
        return self._places.problem(self._resolved.origin(path), rule, value, hint)
