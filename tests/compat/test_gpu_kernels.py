"""Which operations of a step a GPU could run, by the kernels that TensorFlow has registered.

No GPU is needed for that: the builds for CUDA list their kernels without one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Set

import pytest
import tensorflow as tf
from tensorflow.python.framework import kernels

from easy_esmm import data
from easy_esmm.compat import estimator, v1
from easy_esmm.estimator.model_fn import make_model_fn
from tests.conformance import table

ON_THE_CPU = {
    "rows of tables under momentum_optimizer": {"ResourceSparseApplyMomentum"},
    "vocabularies": {"HashTableV2", "LookupTableFindV2", "LookupTableImportV2"},
    "text": {"AsString", "ReduceJoin", "StaticRegexFullMatch", "StringLength", "StringSplit",
             "StringSplitV2", "StringToHashBucketFast"},
    "TensorBoard": {"HistogramSummary", "ScalarSummary"},
    "lists of the input": {"RaggedRange", "RaggedTensorFromVariant", "RaggedTensorToTensor"},
    "exact AUCs, which keep rows in numpy": {"EnsureShape", "PyFunc"},
}  # fmt: skip
"""By reason, what has no kernel for a GPU."""


@cache
def devices_of(kind: str) -> Set[str]:
    found = {kernel.device_type for kernel in kernels.get_registered_kernels_for_op(kind).kernel}
    return {"CPU", "GPU"} if "DEFAULT" in found else found


pytestmark = pytest.mark.skipif(
    "GPU" not in devices_of("MatMul"), reason="this build of TensorFlow has no kernels for GPUs"
)


def graph_of(sample: str, folder: Path, mode: str) -> Any:
    config = table.small(sample, folder).config
    with tf.Graph().as_default() as graph:
        v1.train.create_global_step()
        rows = v1.data.make_initializable_iterator(data.input_fn(config, mode)())
        make_model_fn(config)(*rows.get_next(), mode)
    return graph


@pytest.mark.parametrize("mode", [estimator.ModeKeys.TRAIN, estimator.ModeKeys.EVAL])
@pytest.mark.parametrize("sample", ["esmm_user_rows", "dbmtl_sequences"])
def test_all_but_text_lists_summaries_and_exact_aucs_has_a_kernel_for_gpus(
    sample: str, mode: str, tmp_path: Path
) -> None:
    kinds = {op.type for op in graph_of(sample, tmp_path, mode).get_operations()}
    without = {kind for kind in kinds if "GPU" not in devices_of(kind) and "Dataset" not in kind}
    # (Branches hold the reading of text.)
    assert without <= set().union(*ON_THE_CPU.values()) | {"If", "StatelessIf"}


@pytest.mark.parametrize("mode", [estimator.ModeKeys.TRAIN, estimator.ModeKeys.EVAL])
def test_nothing_is_pinned_to_a_device_on_one_machine(mode: str, tmp_path: Path) -> None:
    graph = graph_of("esmm_user_rows", tmp_path, mode)
    assert {op.device for op in graph.get_operations()} == {""}


def test_what_a_step_costs_most_has_kernels_for_gpus() -> None:
    kinds = ("MatMul", "BiasAddGrad", "ReluGrad", "ResourceGather", "ResourceScatterUpdate",
             "ResourceScatterSub", "Unique", "SparseSegmentSumGrad", "ResourceApplyAdam",
             "SplitV", "ConcatV2")  # fmt: skip
    assert [kind for kind in kinds if "GPU" not in devices_of(kind)] == []
