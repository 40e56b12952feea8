"""EasyRec's ways to name columns of a prediction."""

from __future__ import annotations

import pytest

from easy_esmm import config, predict
from tests.conformance import table


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("ALL_COLUMNS", ()),
        ("probs double", ("probs",)),
        ("probs_ctr double, probs_cvr  float,y", ("probs_ctr", "probs_cvr", "y")),
        ("double", ("double",)),  # a score of that name
    ],
)
def test_scores_are_named_with_or_without_a_type(text: str, names: object) -> None:
    assert predict._outputs(text) == names


def test_all_columns_are_those_of_input_fields() -> None:
    pipeline = config.load(str(table.SAMPLES / "multi_tower.config"))
    reserved = predict._reserved(pipeline, "ALL_COLUMNS")
    assert reserved[:3] == ("click", "conversion", "101")
    assert len(reserved) == len(pipeline.config.data_config.input_fields)
    assert predict._reserved(pipeline, "101, 205") == ("101", "205")
