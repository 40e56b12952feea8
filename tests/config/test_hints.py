"""What a misspelt name should have been: never what is refused, never what means something else."""

from __future__ import annotations

import pytest

from easy_esmm.config.hints import misplaced, nearest
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.loss_pb2 import Loss
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from tests.config.conftest import Problems

ROOT = PipelineConfig.DESCRIPTOR


@pytest.mark.parametrize(
    ("name", "message", "expected"),
    [
        ("embed_dim", FeatureConfig, "did you mean embedding_dim?"),
        ("hash_bucket_sizes", FeatureConfig, "did you mean hash_bucket_size?"),
        ("pair_wise_loss", Loss, "did you mean pairwise_loss?"),
        ("triplet_loss", Loss, None),  # jrc_loss is another loss, circle_loss is refused
        ("circel_loss", Loss, None),
        ("use_embedding_variables", FeatureConfig, None),  # the field is refused
    ],
)
def test_a_field_is_hinted_at_where_it_is_meant_and_works(
    name: str, message: object, expected: object
) -> None:
    assert misplaced(name, message.DESCRIPTOR, (), ROOT) == expected  # type: ignore[attr-defined]


def test_names_that_differ_in_a_word_are_different_things() -> None:
    assert nearest("task_space_indicator_name", ["task_space_indicator_label"]) is None
    assert nearest("task_space_indicator_lable", ["task_space_indicator_label"]) is not None
    assert nearest("Clic", ["click", "clicks", "buy"]) == "click"


def test_a_refused_value_is_no_hint(problems_of: Problems) -> None:
    (problem,) = problems_of('"click" dnn', '"click" loss_type: CIRCEL_LOSS dnn')
    assert "CIRCLE_LOSS" not in problem.partition("; did you mean")[2]


def test_a_refused_model_class_is_no_hint(problems_of: Problems) -> None:
    (problem,) = problems_of('"ESMM"', '"DSM"')
    assert "did you mean DSSM" not in problem
