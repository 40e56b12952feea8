"""The models of the paper's table, made of its ESMM."""

from __future__ import annotations

from typing import Tuple

import pytest

from easy_esmm import config as configs
from easy_esmm.config.paper_models import NAMES, is_of_the_paper, paper_models
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.reporting.published import PUBLISHED
from tests.conformance.table import SAMPLES


def esmm_of(sample: str) -> ModelConfig:
    return configs.load(str(SAMPLES / f"{sample}.config")).written.model_config


def test_names_are_those_of_the_published_table() -> None:
    assert [f"ESMM paper, {name}" for name in NAMES] == [row[0] for row in PUBLISHED[:7]]


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("BASE", "base"),
        ("AMAN", "aman"),
        ("OVERSAMPLING", "oversampling"),
        ("DIVISION", "division"),
        ("ESMM-NS", "esmm_ns"),
    ],
)
def test_models_made_of_the_quickstart_are_those_of_the_samples(name: str, sample: str) -> None:
    # UNBIAS apart, whose floor is that of another click rate.
    assert paper_models(esmm_of("esmm_quickstart"))[name] == esmm_of(sample)


def test_rejection_is_for_the_click_rate_of_aliccp() -> None:
    made = paper_models(esmm_of("esmm_aliccp"))["UNBIAS"]
    assert made.click_space.rejection_floor == pytest.approx(0.02)
    made.click_space.ClearField("rejection_floor")
    assert made == paper_models(esmm_of("esmm_aliccp"))["BASE"]


def test_esmm_stays_as_it_is_and_is_not_changed_by_the_others() -> None:
    esmm = esmm_of("esmm_aliccp")
    before = esmm.SerializeToString(deterministic=True)
    assert paper_models(esmm)["ESMM"] == esmm
    assert esmm.SerializeToString(deterministic=True) == before


def test_all_have_the_towers_and_penalties_of_esmm() -> None:
    esmm = esmm_of("esmm_aliccp").esmm

    def parts(model: ModelConfig) -> Tuple[object, ...]:
        of_model = getattr(model, str(model.WhichOneof("model")))
        towers = [of_model.ctr_tower, of_model.cvr_tower]
        for tower in towers:
            tower.ClearField("input")
        return (*towers, of_model.l2_regularization)

    for name, model in paper_models(esmm_of("esmm_aliccp")).items():
        assert parts(model) == (esmm.ctr_tower, esmm.cvr_tower, esmm.l2_regularization), name


@pytest.mark.parametrize(
    "sample", ["esmm_three_groups", "esmm_ns", "base", "esmm_click_masked", "esmm_recommended"]
)
def test_other_models_are_not_the_papers_esmm(sample: str) -> None:
    assert is_of_the_paper(esmm_of("esmm_aliccp"))
    assert not is_of_the_paper(esmm_of(sample))
