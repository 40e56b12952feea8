"""Which rows of which table a batch reads, and how often."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, Mapping

import numpy as np
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.features import embed, table_ids
from tests.features.looking_up import config_of, tensors

TEXT = """
features { input_names: "user" feature_type: IdFeature embedding_dim: 4 num_buckets: 6 }
features { input_names: "past" feature_type: TagFeature embedding_dim: 4 num_buckets: 9
           embedding_name: "item" separator: "|" }
features { input_names: "item" feature_type: IdFeature embedding_dim: 4 num_buckets: 9
           embedding_name: "item" }
features { input_names: "price" feature_type: RawFeature embedding_dim: 4 }
"""
FLAT = {
    "user": np.array([2, 2, 2, 5]),
    "past": np.array(["1|1|3", "1|1|3", "1|1|3", ""]),
    "item": np.array([3, 0, 0, -1]),
    "price": np.array([0.5, 1, 2, 3], np.float32),
}


def counts(columns: Mapping[str, Any], of_users: bool = False) -> Dict[str, Counter]:
    with tf.Graph().as_default(), v1.Session() as session:
        config = config_of(TEXT)
        if of_users:
            config.data_config.user_rows.columns.extend(["user", "past"])
        found = table_ids(embed(config, tensors(columns)))
        assert {name: one.vocabulary for name, one in found.items()} == {
            "embedding/all/user": 6,
            "shared_embedding/item": 9,
        }
        result = session.run({name: (one.ids, one.times) for name, one in found.items()})
    return {name: _summed(*of_table) for name, of_table in result.items()}


def _summed(ids: Any, times: Any) -> Counter:
    total: Counter = Counter()
    for one, time in zip(ids.tolist(), times.tolist()):
        total[one] += time
    return total


def test_each_row_that_looks_an_id_up_counts_and_shared_tables_add_their_readers() -> None:
    assert counts(FLAT) == {
        "embedding/all/user": {2: 3, 5: 1},
        # 1 stands twice in three histories; 3 in three and once as the item; -1 is missing
        "shared_embedding/item": {1: 6, 3: 3 + 1, 0: 2, -1: 1},
    }


def test_a_users_history_counts_in_each_of_its_rows() -> None:
    of_users_columns = {
        **FLAT,
        "user": np.array([5, 2]),
        "past": np.array(["", "1|1|3"]),
        "user_row": np.array([1, 1, 1, 0], np.int32),
    }
    assert counts(of_users_columns, of_users=True) == counts(FLAT)
