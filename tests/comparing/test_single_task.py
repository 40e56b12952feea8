"""Which models measure the seesaw, and the seesaw by hand."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from easy_esmm.comparing.single_task import find_single_tasks, seesaw, tasks_of
from easy_esmm.config import load, models
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def config(
    model_class: str, ctr_input: str = "", cvr_input: str = "", **settings: float
) -> PipelineConfig:
    made = PipelineConfig()
    model = made.model_config
    model.model_class = model_class
    written = getattr(model, models.MODELS[model_class])
    for name, value in settings.items():
        setattr(written, name, value)
    for tower, name in ((written.ctr_tower, ctr_input), (written.cvr_tower, cvr_input)):
        tower.input = name
        tower.dnn.hidden_units.extend([64, 32])
    made.data_config.batch_size = 1024
    return made


ESMM = config("ESMM")
BASE = config("ClickSpace", "for_ctr", "for_cvr")
DIVISION = config("Division", "for_ctr", "for_cvr")


@pytest.mark.parametrize(
    ("made", "tasks"),
    [
        (BASE, ("ctr", "cvr_clicked")),
        (DIVISION, ("ctcvr",)),
        # BASE still, with its defaults written out
        (config("ClickSpace", "a", "b", unclicked_rate=0.0), ("ctr", "cvr_clicked")),
        (config("ClickSpace", "a", "b", positive_copies=1), ("ctr", "cvr_clicked")),
        (config("ClickSpace"), ()),  # the click-masked baseline: shared tables
        (config("Division", "all", "all"), ()),
        (config("ClickSpace", "a", "b", unclicked_rate=0.1), ()),  # AMAN
        (config("ClickSpace", "a", "b", positive_copies=3), ()),  # OVERSAMPLING
        (config("ClickSpace", "a", "b", rejection_floor=0.02), ()),  # UNBIAS
        (config("ESMM", "for_ctr", "for_cvr"), ()),  # ESMM-NS: the product ties its towers
        (ESMM, ()),
    ],
)
def test_single_task_models_have_towers_that_learn_apart(
    made: PipelineConfig, tasks: object
) -> None:
    assert tasks_of(made.model_config) == tasks


def test_what_is_missing_for_the_seesaw_is_named() -> None:
    found = find_single_tasks({"esmm": ESMM, "base": BASE})
    assert found.by_task == {"ctr": "base", "cvr_clicked": "base"}
    assert found.notes == (
        "seesaw: for all three tasks add DIVISION (model_class Division, towers with separate "
        "inputs) to --configs",
    )
    assert find_single_tasks({"e": ESMM, "b": BASE, "d": DIVISION}).notes == ()


def test_another_budget_is_noted() -> None:
    longer = PipelineConfig()
    longer.CopyFrom(ESMM)
    longer.data_config.num_epochs = 3
    longer.model_config.esmm.cvr_tower.dnn.hidden_units.append(16)
    notes = find_single_tasks({"long": longer, "base": BASE, "division": DIVISION}).notes
    differing = "hidden_units of cvr_tower.dnn, num_epochs"
    assert notes == (
        f"seesaw: long and base differ in {differing}: no equal budget",
        f"seesaw: long and division differ in {differing}: no equal budget",
    )


@pytest.mark.parametrize(
    ("sample", "layers"),
    [
        ("esmm_quickstart", []),
        ("esmm_mmoe", ["hidden_units of expert_dnn"]),
        (
            "esmm_ple",
            [
                f"hidden_units of extraction_networks[{level}].{experts}"
                for level in (0, 1)
                for experts in ("task_expert_net", "share_expert_net")
            ],
        ),
        ("escm2_ips", []),
        ("escm2_dr", ["hidden_units of imputation_tower.dnn"]),
        ("dcmt", ["hidden_units of counterfactual_tower.dnn"]),
        ("nise", []),
        ("chorus_cvr", ["hidden_units of unconverted_tower.dnn"]),
        (
            "ddpo",
            [
                "hidden_units of conversion_propensity_tower.dnn",
                "the layers that transfer",
            ],
        ),
        ("esmm_aitm", ["the layers that transfer"]),
    ],
)
def test_layers_that_the_single_task_model_lacks_are_noted(sample: str, layers: List[str]) -> None:
    single = load(str(SAMPLES / "base.config")).config
    other = load(str(SAMPLES / f"{sample}.config")).config
    _, *notes = find_single_tasks({"other": other, "base": single}).notes
    text = ", ".join(layers)
    expected = [f"seesaw: other and base differ in {text}: no equal budget"] if layers else []
    assert notes == expected


def test_seesaw_is_paired_by_seed_and_no_model_is_compared_with_itself() -> None:
    values = {
        "esmm": {0: {"auc_ctr": 0.70, "auc_ctcvr": 0.9}, 1: {"auc_ctr": 0.80, "auc_ctcvr": 0.9}},
        "base": {0: {"auc_ctr": 0.71, "auc_ctcvr": 0.8}},  # its seed 1 failed
    }
    found = seesaw(values, {"ctr": "base"})
    assert set(found) == {"esmm"}
    assert set(found["esmm"]) == {0}
    assert found["esmm"][0] == {"seesaw_ctr": pytest.approx(-0.01)}
