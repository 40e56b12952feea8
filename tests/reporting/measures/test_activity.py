"""AUC inside users by their activity."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.rank_statistics import weighted_auc
from easy_esmm.reporting.measures.activity import bucket_name, by_activity, overall
from easy_esmm.reporting.measures.task_rows import task_rows
from tests.reporting.measures.making import rows


def test_buckets_agree_with_a_loop_over_users() -> None:
    random = np.random.default_rng(3)
    data = rows(600, user=random.integers(0, 90, 600) ** 2 // 90)
    clicked = task_rows(data)[1]
    found = by_activity(data, clicked)
    sizes = {u: int((data.user == u).sum()) for u in np.unique(data.user)}
    every = []
    for one in found:
        users = [u for u, n in sizes.items() if one.first <= n <= one.last]
        assert one.users == len(users)
        assert one.impressions == sum(sizes[u] for u in users)
        areas = []
        for u in users:
            inside = (data.user == u) & (data.click > 0)
            label = data.conversion[inside]
            areas.append(weighted_auc(data.cvr_logit[inside], label, 1 - label))
        areas = [a for a in areas if not np.isnan(a)]
        assert one.with_both == len(areas)
        if len(areas) > 1:
            assert one.mean == pytest.approx(np.mean(areas))
            assert one.error == pytest.approx(np.std(areas, ddof=1) / np.sqrt(len(areas)))
        every += areas
    assert sum(one.users for one in found) == len(sizes)
    assert overall(data, clicked) == pytest.approx(np.mean(every))


def test_rows_that_name_no_user_or_weigh_nothing_count_nowhere() -> None:
    data = rows(8, user=[1, 1, 1, 1, 1, 2, 2, 2], weight=[1, 1, 1, 0, 0, 1, 1, 1])
    data.has_user[5:] = False
    found = by_activity(data, task_rows(data)[0])
    assert [(bucket_name(one), one.users, one.impressions) for one in found] == [("2-3", 1, 3)]


def test_without_a_user_column_there_is_nothing() -> None:
    data = rows(8)
    assert by_activity(data, task_rows(data)[0]) == []
    assert overall(data, task_rows(data)[0]) is None
