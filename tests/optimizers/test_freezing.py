"""Which variables `freeze_gradient` keeps as they are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, List

import numpy as np
import pytest

from easy_esmm.errors import UserError
from easy_esmm.optimizers.freezing import frozen_names
from tests.optimizers.test_optimizers import BATCHES, WIDTH, Trained, adam, gradients, one
from tests.optimizers.test_optimizers import train_config as parse

NAMES = ["embedding/all/user", "embedding/all/item", "ctr_tower/output/kernel"]


def variables(names: List[str] = NAMES) -> Any:
    return [SimpleNamespace(op=SimpleNamespace(name=name)) for name in names]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ([], set()),
        (["embedding/"], set(NAMES[:2])),
        (["user$", "kernel"], {NAMES[0], NAMES[2]}),
        (["^embedding/.*:0$"], set(NAMES[:2])),
    ],
)
def test_a_pattern_is_found_anywhere_in_a_name(patterns: List[str], expected: Any) -> None:
    assert frozen_names(patterns, variables()) == expected


def test_pattern_without_a_variable_is_refused_with_names() -> None:
    with pytest.raises(UserError) as caught:
        frozen_names(["user", "ctr_tower/outputs/kernel"], variables())
    assert str(caught.value) == (
        "train_config.freeze_gradient[1]: must match the name of a variable, got "
        '"ctr_tower/outputs/kernel"; did you mean ctr_tower/output/kernel? variables: '
        "ctr_tower/output/kernel, embedding/all/item, embedding/all/user"
    )


def test_freezing_everything_is_refused() -> None:
    with pytest.raises(UserError, match="matches every variable: nothing would train"):
        frozen_names(["."], variables())


@pytest.mark.parametrize("kind", ["adam_optimizer", "lazy_adam_optimizer"])
@pytest.mark.parametrize("pattern", ["embedding/", "^dense$"])
def test_frozen_variables_stand_still_and_the_others_train(kind: str, pattern: str) -> None:
    trained = Trained(parse(one(kind) + f"freeze_gradient: '{pattern}'"), BATCHES)
    of_table, of_dense = zip(*gradients(BATCHES))
    if pattern == "embedding/":
        np.testing.assert_array_equal(trained.table, trained.before)
        np.testing.assert_allclose(trained.dense, adam(np.ones(WIDTH), of_dense, False), rtol=2e-5)
        norms = [np.linalg.norm(g) for g in of_dense]
    else:
        np.testing.assert_array_equal(trained.dense, np.ones(WIDTH))
        norms = [np.linalg.norm(g) for g in of_table]
    # What stands still has no part in the norm, and no slots.
    np.testing.assert_allclose(trained.norms, norms, rtol=1e-5)
    assert ("dense/Adam" in trained.names) == (pattern == "embedding/")
