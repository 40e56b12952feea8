"""What is said about configs of models with propensities: broken rules, settings without effect."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

from tests.config.other_models import model

# See conftest.py.
Problems = Any
Load = Any

# What is wrong: (model, what its message holds, all lines of the message).
CASES: Dict[str, Tuple[str, str, List[str]]] = {
    "floor_of_zero": (
        "ESCM2",
        "propensity { floor: 0 }",
        ["x.config:27:24: model_config.escm2.propensity.floor: must be in [1e-30, 1), got 0"],
    ),
    "cap_above_one": (
        "DCMT",
        "propensity { cap: 1.5 }",
        ["x.config:27:23: model_config.dcmt.propensity.cap: must be in (0, 1], got 1.5"],
    ),
    "cap_below_the_default_floor": (
        "ESCM2",
        "propensity { cap: 0.01 }",
        [
            "x.config:27:24: model_config.escm2.propensity.cap: must not be less than floor, 0.03, got 0.01"
        ],
    ),
    "negative_weights": (
        "ESCM2",
        "estimator: DR counterfactual_weight: -1 imputation_weight: -1",
        [
            "x.config:27:25: model_config.escm2.counterfactual_weight: must be at least 0, got -1",
            "x.config:27:51: model_config.escm2.imputation_weight: must be at least 0, got -1",
        ],
    ),
    "negative_weights_of_heads": (
        "DCMT",
        "factual_weight: -1 counterfactual_weight: -1 agreement_weight: -1",
        [
            "x.config:27:10: model_config.dcmt.factual_weight: must be at least 0, got -1",
            "x.config:27:29: model_config.dcmt.counterfactual_weight: must be at least 0, got -1",
            "x.config:27:55: model_config.dcmt.agreement_weight: must be at least 0, got -1",
        ],
    ),
    "value_tower_of_soft_labels": (
        "ChorusCVR",
        "cvr_tower { loss_type: L2_LOSS }",
        [
            "x.config:27:28: model_config.chorus_cvr.cvr_tower.loss_type: must not be L2_LOSS: the counterfactual risk is that of a probability, got L2_LOSS; ESMM predicts values"
        ],
    ),
    "cap_below_the_default_floor_of_pseudo_labels": (
        "DDPO",
        "propensity { cap: 0.01 }",
        [
            "x.config:27:23: model_config.ddpo.propensity.cap: must not be less than floor, 0.03, got 0.01"
        ],
    ),
    "negative_weights_of_soft_labels": (
        "ChorusCVR",
        "unconverted_weight: -1 inverse_propensity_weight: -1 alignment_weight: -1",
        [
            "x.config:27:16: model_config.chorus_cvr.unconverted_weight: must be at least 0, got -1",
            "x.config:27:39: model_config.chorus_cvr.inverse_propensity_weight: must be at least 0, got -1",
            "x.config:27:69: model_config.chorus_cvr.alignment_weight: must be at least 0, got -1",
        ],
    ),
    "negative_weights_of_pseudo_labels": (
        "DDPO",
        "conversion_propensity_weight: -1 pseudo_label_weight: -1",
        [
            "x.config:27:10: model_config.ddpo.conversion_propensity_weight: must be at least 0, got -1",
            "x.config:27:43: model_config.ddpo.pseudo_label_weight: must be at least 0, got -1",
        ],
    ),
    "value_tower": (
        "ESCM2",
        "cvr_tower { loss_type: L2_LOSS }",
        [
            "x.config:27:23: model_config.escm2.cvr_tower.loss_type: must not be L2_LOSS: the counterfactual risk is that of a probability, got L2_LOSS; ESMM predicts values"
        ],
    ),
    "value_tower_by_its_losses": (
        "DCMT",
        "cvr_tower { losses { loss_type: L2_LOSS } }",
        [
            "x.config:27:31: model_config.dcmt.cvr_tower.losses[0].loss_type: must not be L2_LOSS: the counterfactual risk is that of a probability, got L2_LOSS; ESMM predicts values"
        ],
    ),
    "unknown_estimator": (
        "ESCM2",
        "estimator: SNIPS",
        [
            "x.config:27:22: model_config.escm2.estimator: must be IPS or DR, got SNIPS; did you mean IPS?"
        ],
    ),
    "learned_weight_of_a_risk_that_may_be_negative": (
        "ESCM2",
        "estimator: DR } loss_weight_strategy: Uncertainty escm2 {",
        [
            "x.config:27:27: model_config.loss_weight_strategy: must be Fixed for estimator DR: its risk may be negative, and would drive a learned weight up without a bound, got Uncertainty"
        ],
    ),
    "layers_of_the_imputation": (
        "ESCM2",
        "estimator: DR imputation_tower { dnn { hidden_units: [8, 0] } }",
        [
            "x.config:27:68: model_config.escm2.imputation_tower.dnn.hidden_units[1]: must be at least 1; only [0] alone means no layer, got 0"
        ],
    ),
    "name_of_a_loss_of_the_models_own": (
        "DCMT",
        'cvr_tower { losses { loss_name: "factual_loss_cvr" } }',
        [
            'x.config:27:31: model_config.dcmt.cvr_tower.losses[0].loss_name: must be another name: evaluations report a loss of the model itself by it, got "factual_loss_cvr"'
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_is_named_with_its_place(case: str, problems_of: Problems) -> None:
    name, parameters, lines = CASES[case]
    assert problems_of(*model(name, parameters)) == lines


NOTES: Dict[str, Tuple[str, str, List[str]]] = {
    "imputation_that_nobody_asks_for": (
        "ESCM2",
        "imputation_tower { dnn { hidden_units: [8] } } imputation_weight: 2",
        [
            "x.config:27:11: model_config.escm2.imputation_tower: has no effect here: estimator is not DR",
            "x.config:27:58: model_config.escm2.imputation_weight: has no effect here: estimator is not DR",
        ],
    ),
    "imputation_that_is_read": (
        "ESCM2",
        "estimator: DR imputation_tower { dnn { hidden_units: [8] } } imputation_weight: 2",
        [],
    ),
    "normalisation_that_is_there_anyway": (
        "DCMT",
        "propensity { self_normalized: true }",
        [
            "x.config:27:23: model_config.dcmt.propensity.self_normalized: has no effect here: the weights of DCMT always are"
        ],
    ),
}


@pytest.mark.parametrize("case", NOTES)
def test_what_has_no_effect_is_noted(case: str, load: Load) -> None:
    name, parameters, lines = NOTES[case]
    notes = load(*model(name, parameters)).notes
    assert [note[note.index("x.config") :] for note in notes] == lines
