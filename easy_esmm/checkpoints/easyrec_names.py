"""Finds the variables of a model in a checkpoint, under their own names or under EasyRec's.

EasyRec's names, where `k` numbers its input layers in the order of the feature groups that the
model reads (none for the first), and `t` is a tower's name:

    embedding/<group>/<feature>     input_layer[_k]/<feature>_embedding/embedding_weights
    shared_embedding/<name>         input_layer[_k]/<name>[_embedding]/embedding_weights
    group_<group>/                  <group>/
    group_<group>/input_norm/, dnn/ <group>_fea_bn/, <group>_dnn/
    final/dnn/, final/output/       final_dnn/, output/
    bottom/                         bottom_dnn/
    mixture/experts/expert_<i>/     mmoe/expert_<i>/
    mixture/gate_<t>/scores/        mmoe/gate_<number of the tower>/dnn/
    <t>_tower/dnn/                  <t>/, <t>/dnn/
    <t>_tower/relation_dnn/         <t>/relation_dnn/
    <t>_tower/output/               <t>/dnn_output/, <t>/output/, dnn_output_<number of the tower>/
    .../dense_<i>/, .../norm_<i>/   .../dnn_<i>/, .../dnn_<i>/bn/
    variational_dropout_<group>/drop_logit      logit_p_<group>
    deep/, deep/dnn/, deep/output/  deep_feature/ (both), deep_logits/ or deep_out/

An optimizer's slot has the name of its variable with the slot's behind it, in both.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Callable, Dict, Iterable, List, Optional, Tuple

from easy_esmm.config import models
from easy_esmm.config.groups import tables_of
from easy_esmm.config.tasks import task_specs
from easy_esmm.protos.model_pb2 import ModelConfig

_LAYERS = ((r"/dense_(\d+)/", r"/dnn_\1/"), (r"/norm_(\d+)/", r"/dnn_\1/bn/"))
"""Pattern of ours -> theirs."""
_SCOPES = (
    (r"group_([^/]+)/input_norm(/.*)", r"\1_fea_bn\2"),
    (r"group_([^/]+)/dnn(/.*)", r"\1_dnn\2"),
    (r"group_([^/]+)(/.*)", r"\1\2"),
    (r"final/dnn(/.*)", r"final_dnn\1"),
    (r"final/output(/.*)", r"output\1"),
    (r"deep/(?!output/)(?:dnn/)?(.*)", r"deep_feature/\1"),
    (r"bottom(/.*)", r"bottom_dnn\1"),
    (r"mixture/experts/(expert_\d+/.*)", r"mmoe/\1"),
    (r"variational_dropout_(.+)/drop_logit(.*)", r"logit_p_\1\2"),
)
"""The same, of names that do not depend on the towers."""
_DEEP_OUTPUTS = ("deep_logits", "deep_out")
_TABLE = r"input_layer(_\d+)?"


class Sources:
    """Where a checkpoint holds the variables of a model."""

    def __init__(self, model: ModelConfig, found: Iterable[str]) -> None:
        """`model`: resolved; `found`: names of the checkpoint's variables."""
        self._found = frozenset(found)
        groups = [group.group_name for group in model.feature_groups]
        read = models.groups_read(model) or groups
        self._input_layers = {
            group: "input_layer" + (f"_{number}" if number else "")
            for number, group in enumerate(read)
        }
        all_groups = model.feature_groups
        tables = {table for group in all_groups for table in tables_of(all_groups, group)}
        self._tables_of_feature = Counter(name for _, name in tables)
        self._rules: Tuple[Tuple[str, Callable[[re.Match[str]], List[str]]], ...] = (
            (r"embedding/([^/]+)/([^/]+)(.*)", self._table),
            (r"shared_embedding/([^/]+)(.*)", self._shared_table),
            (r"deep/output(/.*)", _behind(*_DEEP_OUTPUTS)),
            *((pattern, _expanded(template)) for pattern, template in _SCOPES),
            *_tower_rules(model),
        )

    def of(self, variable: str) -> Optional[str]:
        """The variable of the checkpoint that holds `variable`; None where it holds none.

        One of the same name comes first.
        """
        if variable in self._found:
            return variable
        for pattern, candidates in self._rules:
            match = re.fullmatch(pattern, variable)
            if match is not None:
                theirs = (_with_their_layers(name) for name in candidates(match))
                return next((name for name in theirs if name in self._found), None)
        return None

    def of_all(self, variables: Iterable[str]) -> Dict[str, str]:
        """Variable -> variable of the checkpoint, of those that it holds."""
        found = ((name, self.of(name)) for name in variables)
        return {name: source for name, source in found if source is not None}

    def _table(self, match: re.Match[str]) -> List[str]:
        group, feature, slot = match.groups()
        rest = f"{feature}_embedding/embedding_weights{slot}"
        if group in self._input_layers and f"{self._input_layers[group]}/{rest}" in self._found:
            return [f"{self._input_layers[group]}/{rest}"]
        # A feature of one table has it whatever number its input layer was given.
        return self._only(rest) if self._tables_of_feature[feature] == 1 else []

    def _shared_table(self, match: re.Match[str]) -> List[str]:
        name, slot = match.groups()
        forms = (f"{name}{form}/embedding_weights{slot}" for form in ("_embedding", ""))
        return [found for form in forms for found in self._only(form)]

    def _only(self, rest: str) -> List[str]:
        """The variable of an input layer with that name behind it, if there is just one."""
        pattern = re.compile(f"{_TABLE}/{re.escape(rest)}")
        named = [name for name in self._found if pattern.fullmatch(name)]
        return named if len(named) == 1 else []


def _tower_rules(
    model: ModelConfig,
) -> List[Tuple[str, Callable[[re.Match[str]], List[str]]]]:
    rules: List[Tuple[str, Callable[[re.Match[str]], List[str]]]] = []
    family = task_specs(model).entire_space
    specs = (family.click, family.conversion) if family else task_specs(model).specs
    for number, spec in enumerate(specs):
        name, scope = spec.name, re.escape(spec.scope)
        rules += [
            (
                rf"mixture/gate_{re.escape(name)}/scores(/.*)",
                _behind(f"mmoe/gate_{number}/dnn"),
            ),
            (rf"{scope}/dnn(/.*)", _behind(name, f"{name}/dnn")),
            (rf"{scope}/relation_dnn(/.*)", _behind(f"{name}/relation_dnn")),
            (
                rf"{scope}/output(/.*)",
                _behind(f"{name}/dnn_output", f"{name}/output", f"dnn_output_{number}"),
            ),
        ]
    return rules


def _expanded(template: str) -> Callable[[re.Match[str]], List[str]]:
    return lambda match: [match.expand(template)]


def _with_their_layers(name: str) -> str:
    for ours, theirs in _LAYERS:
        name = re.sub(ours, theirs, name)
    return name


def _behind(*scopes: str) -> Callable[[re.Match[str]], List[str]]:
    """The rest of a name behind each of the scopes."""
    return lambda match: [f"{scope}{match[1]}" for scope in scopes]
