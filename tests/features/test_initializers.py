from __future__ import annotations

from typing import Any, Dict, Optional

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from scipy import stats

from easy_esmm.compat import v1
from easy_esmm.features.initializers import initializer
from easy_esmm.features.tables import Slot, create
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.initializer_pb2 import Initializer

ROWS, DIMENSION = 30_000, 18


def first_values(
    text: str = "", name: str = "t", seed: Optional[int] = 1, rows: int = ROWS, columns: int = 18
) -> Any:
    """What a table of the config's `text` starts with."""
    config = text_format.Parse(text, Initializer())
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(seed)
        table = v1.get_variable("t", [rows, columns], initializer=initializer(config, name))
        session.run(table.initializer)
        return session.run(table)


def test_tables_start_with_a_truncated_normal_of_deviation_001_over_the_root_of_the_dimension():
    values = first_values()
    stddev = 0.01 / np.sqrt(DIMENSION)
    expected = stats.truncnorm(-2, 2, scale=stddev)
    assert stats.kstest(values.ravel(), expected.cdf).pvalue > 0.01
    assert values.dtype == np.float32
    assert 1.999 * stddev < values.max() <= 2 * stddev
    assert -1.999 * stddev > values.min() >= -2 * stddev
    # Five standard errors of n values.
    n = values.size
    assert abs(values.mean()) < 5 * expected.std() / np.sqrt(n)
    assert values.var() == pytest.approx(expected.var(), rel=5 * np.sqrt(2 / n))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "truncated_normal_initializer { mean: -0.5 stddev: 0.2 }",
            stats.truncnorm(-2, 2, -0.5, 0.2),
        ),
        (
            "glorot_normal_initializer { }",  # whose deviation is that after the cut, 0.8796 of 1
            stats.truncnorm(-2, 2, scale=np.sqrt(2 / (ROWS + DIMENSION)) / 0.8796256610342398),
        ),
        ("random_normal_initializer { mean: 3 stddev: 0.1 }", stats.norm(3, 0.1)),
    ],
)
def test_values_are_of_the_distribution_that_the_config_names(text, expected):
    values = first_values(text)
    assert stats.kstest(values.ravel(), expected.cdf).pvalue > 0.01
    assert values.std() == pytest.approx(expected.std(), rel=5 / np.sqrt(2 * values.size))


def test_all_values_of_the_distribution_are_equally_likely():
    levels, counts = np.unique(first_values(rows=400_000, columns=9), return_counts=True)
    assert len(levels) == 65536
    assert stats.chisquare(counts).pvalue > 0.01
    middles = stats.truncnorm(-2, 2, scale=0.01 / 3).ppf((np.arange(65536) + 0.5) / 65536)
    np.testing.assert_allclose(levels, middles, rtol=1e-5, atol=1e-9)


def test_a_small_table_has_the_values_that_begin_a_large_one():
    # They are worked out one by one there, and looked up here.
    np.testing.assert_array_equal(first_values(rows=500), first_values(rows=ROWS)[:500])


@pytest.mark.parametrize("columns", [1, 2, 3, 18])
def test_columns_rows_and_neighbours_are_independent(columns):
    values = first_values(rows=40_000, columns=columns).astype(np.float64)
    below = values[:-1].ravel(), values[1:].ravel()
    beside = values[:, :-1].ravel(), values[:, 1:].ravel()
    for one, other in (below, beside) if columns > 1 else (below,):
        bound = 5 / np.sqrt(len(one))
        assert abs(np.corrcoef(one, other)[0, 1]) < bound
        assert abs(np.corrcoef(one**2, other**2)[0, 1]) < bound
        # Pairs over a 16 x 16 grid of equal probability.
        ranks = [np.argsort(np.argsort(x)) * 16 // len(x) for x in (one, other)]
        counts = np.bincount(ranks[0] * 16 + ranks[1], minlength=256)
        assert stats.chisquare(counts).pvalue > 0.001
    assert len(np.unique(values, axis=0)) > (39_000 if columns > 1 else 29_000)


def test_the_seed_and_the_name_of_the_table_decide_on_its_values():
    values = first_values(name="embedding/all/user", seed=1)
    np.testing.assert_array_equal(values, first_values(name="embedding/all/user", seed=1))
    for other in (
        first_values(name="embedding/all/item", seed=1),
        first_values(name="embedding/all/user", seed=2),
    ):
        assert np.mean(values == other) < 1e-3
        assert abs(np.corrcoef(values.ravel(), other.ravel())[0, 1]) < 5 / np.sqrt(values.size)


def test_an_initializer_that_runs_again_gives_the_same_values():
    with tf.Graph().as_default(), v1.Session() as session:
        table = v1.get_variable("t", [4, 3], initializer=initializer(Initializer(), "t"))
        runs = []
        for _ in range(2):
            session.run(table.initializer)
            runs.append(session.run(table))
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize(
    ("text", "stddev"),
    [("", 0.005), ("glorot_normal_initializer { }", np.sqrt(2 / 1004) / 0.8796256610342398)],
)
def test_partitions_start_with_values_of_their_own_of_the_whole_table_s_distribution(text, stddev):
    class Encoded:
        table_rows = 1000

    feature = FeatureConfig(embedding_dim=4, max_partitions=4)
    text_format.Parse(text, feature.initializer)
    slot: Any = Slot(feature, Encoded(), "t")
    with tf.Graph().as_default(), v1.Session() as session:
        parts = create("embedding/t", slot, servers=9)
        session.run(v1.global_variables_initializer())
        found: Dict[int, Any] = dict(enumerate(session.run(parts)))
    assert [part.shape for part in found.values()] == [(250, 4)] * 4
    assert not any(np.array_equal(found[0], found[other]) for other in (1, 2, 3))
    values = np.concatenate(list(found.values())).ravel()
    assert stats.kstest(values, stats.truncnorm(-2, 2, scale=stddev).cdf).pvalue > 0.01


def test_a_seed_gives_these_numbers_on_every_version_of_tensorflow():
    # Mirrored, or of other bits, they are as good, but a training is no longer the same.
    found = first_values("truncated_normal_initializer { mean: 1 stddev: 2 }", rows=2, columns=3)
    expected = [[-0.5457332, -1.8170724, 0.9253972], [4.4640846, 1.3972833, 2.2241893]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
