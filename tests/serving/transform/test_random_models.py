"""Models drawn at random answer the same before and after, and to `rank` as to whole rows."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import config as configs
from easy_esmm.compat import v1
from easy_esmm.config.serving_columns import serving_names, user_columns
from easy_esmm.protos.dnn_pb2 import DNN
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.train_pb2 import BF16
from easy_esmm.serving.export import export_model, transformed_graph
from easy_esmm.serving.saved_model import SavedModel
from tests.conformance import table
from tests.serving.serving_graphs import (
    answers,
    largest_difference,
    of_first_user,
    rows_of,
    serving_graph,
    session_of,
    user_once,
)

ITEMS = 9
QUICK = ("esmm_derived_features", "dbmtl_sequences", "esmm_ple", "escm2_dr")
"""Features of both kinds of columns; histories; groups, experts and gates; three towers."""


def drawn(sample: str, seed: int) -> PipelineConfig:
    """The sample's model, with columns of the user and settings of its layers drawn."""
    draw = random.Random(f"{sample} {seed}")
    config = PipelineConfig()
    config.CopyFrom(configs.load(str(table.SAMPLES / f"{sample}.config")).config)
    for feature in config.feature_config.features:
        feature.num_buckets = min(feature.num_buckets, 100)
        feature.hash_bucket_size = min(feature.hash_bucket_size, 1000)
    if table.has_borrowed_features(sample):
        table.keep_few_features(config)
    served = list(serving_names(config))
    del config.export_config.user_columns[:]
    users = draw.sample(served, draw.randint(1, len(served) - 1))
    if config.data_config.HasField("user_rows"):
        users = []  # those of the files
    config.export_config.user_columns.extend(users)
    for network in table.networks(config):
        if isinstance(network, DNN):
            network.use_bn = draw.random() < 0.7
            network.activation = draw.choice(["relu", "tanh", "dice", "gelu"])
    if draw.random() < 0.2:
        config.train_config.compute_dtype = BF16
    return config


def difference(config: PipelineConfig, folder: Path) -> Tuple[float, float, float]:
    """Largest differences of logits and probabilities: of `rank` before, of both after."""
    rows = rows_of(config, folder, ITEMS)
    serving = serving_graph(config)
    session = session_of(serving)
    repeated, once = of_first_user(config, rows), user_once(config, rows)
    expected = answers(session, serving.signatures["serving_default"], repeated)
    logits = [v for k, v in expected.items() if "logits" in k]
    # (A quotient of random nets may be held at its largest value in all rows.)
    assert any(np.ptp(values) > 0 for values in logits) or not logits
    plain = answers(session, serving.signatures["rank"], once)
    new, signatures = transformed_graph(serving, session)
    with new:
        default = answers(new, signatures["serving_default"], repeated)
        rank = answers(new, signatures["rank"], once)
        with new.graph.as_default():
            stored = {variable.op.name for variable in v1.global_variables()}
    outputs = [t.op.name for s in signatures.values() for t in s.outputs.values()]
    needed = v1.graph_util.extract_sub_graph(new.graph.as_graph_def(), outputs)
    assert stored == {node.name for node in needed.node if node.op == "VarHandleOp"}
    scale = max(1.0, *(float(np.abs(values).max()) for values in logits)) if logits else 1.0
    return tuple(largest_difference(expected, found) / scale  # type: ignore[return-value]
                 for found in (plain, default, rank))  # fmt: skip


def tolerance(config: PipelineConfig) -> float:
    """Of logits, relative to the largest; products of bfloat16 are rounded to 8 bits.

    A float32 sum of some hundred products in another order differs by a few of its last bits, each
    6e-8 of the largest summand.
    """
    return 0.05 if config.train_config.compute_dtype == BF16 else 2e-6


def check(sample: str, seed: int, folder: Path) -> None:
    config = drawn(sample, seed)
    found = difference(config, folder)
    assert max(found) <= tolerance(config), found


@pytest.mark.parametrize("sample", QUICK)
def test_some_models_answer_the_same(sample: str, tmp_path: Path) -> None:
    check(sample, 1, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("sample", table.NAMES)
def test_all_models_answer_the_same(sample: str, tmp_path: Path) -> None:
    # (As it stands each sample is verified when it is exported.)
    config = drawn(sample, 2)
    if not user_columns(config):
        pytest.skip("has no user, or requests of one text")
    check(sample, 2, tmp_path)


def test_an_export_needs_no_file_but_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vocabularies are its assets: it answers in another folder as it did in this one."""
    config = drawn("esmm_derived_features", 0)
    rows = rows_of(config, tmp_path, ITEMS)
    serving = serving_graph(config)
    with session_of(serving) as session:
        expected = answers(session, serving.signatures["serving_default"], rows)
        with serving.graph.as_default():
            v1.train.Saver().save(session, str(tmp_path / "model.ckpt"), write_meta_graph=False)
    (tmp_path / "pipeline.config").write_text("")
    folder = export_model(
        config,
        str(tmp_path / "model.ckpt"),
        str(tmp_path / "export"),
        pipeline_file=str(tmp_path / "pipeline.config"),
    )
    monkeypatch.chdir(os.path.dirname(folder))
    with SavedModel(folder) as model:
        found = model.score(rows)
    assert largest_difference(expected, found) < 2e-6
    assert tf.io.gfile.exists(os.path.join(folder, "assets", "esmm_derived_features.devices.txt"))
