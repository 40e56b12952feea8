"""How large a config's tables are, beside the variables of the graph."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from easy_esmm.compat import estimator
from easy_esmm.config.table_sizes import table_sizes
from easy_esmm.estimator.dry_build import dry_build
from tests.conformance import table


@pytest.mark.parametrize("sample", ["esmm_all_features", "esmm_moving_average", "esmm_user_rows"])
def test_bytes_are_those_of_the_variables_of_the_training_graph(
    sample: str, tmp_path: Path
) -> None:
    config = table.small(sample, tmp_path).config
    variables = dry_build(config, estimator.ModeKeys.TRAIN).variables
    # Tables, their moments and averages have the table's own shape.
    of_tables = sum(
        4 * math.prod(shape)
        for name, shape in variables.items()
        if name.startswith(("embedding/", "shared_embedding/")) and len(shape) == 2
    )
    found = table_sizes(config)
    assert sum(size.bytes for size in found) == of_tables
    assert found == sorted(found, key=lambda size: -size.bytes)


@pytest.mark.parametrize(
    ("optimizer", "has_average", "copies"),
    [
        ("adam_optimizer", False, 3),
        ("adam_optimizer", True, 4),
        ("adagrad_optimizer", False, 2),
        ("momentum_optimizer", True, 3),
    ],
)
def test_moments_and_averages_count_as_tables(
    optimizer: str, has_average: bool, copies: int, tmp_path: Path
) -> None:
    config = table.small("esmm", tmp_path).config
    feature = config.feature_config.features[0]
    feature.hash_bucket_size, feature.embedding_dim = 1000, 16
    set_optimizer = config.train_config.optimizer_config[0]
    getattr(set_optimizer, optimizer).SetInParent()
    set_optimizer.use_moving_average = has_average
    (size,) = (size for size in table_sizes(config) if size.feature == feature.feature_name)
    assert (size.rows, size.dimension, size.copies) == (1000, 16, copies)
    assert size.bytes == 1000 * 16 * copies * 4
    config.train_config.freeze_gradient.append("embedding")
    assert {size.copies for size in table_sizes(config)} == {1}
