"""What a config of EasyRec does differently here: each difference at its line, with its edits."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from easy_esmm import config as configs
from easy_esmm.config.easyrec_differences import differences
from easy_esmm.config.edit import Edit
from easy_esmm.config.parse import parse
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.conformance.table import SAMPLES

NAMES = tuple(sorted(path.stem for path in SAMPLES.glob("*.config")))
ESMM = """
model_config {
  esmm {
    ctr_tower { weight: 2 losses { loss_type: JRC_LOSS } losses { } num_class: 2
      metrics_set { auc { num_thresholds: 500 } } }
    cvr_tower { out_task_space_weight: 0.5 metrics_set { gauc { uid_field: "u" } } }
  }
  loss_weight_strategy: Uncertainty
}
data_config { sample_weight: "w" }
"""
MMOE = """
data_config { batch_size: 64 sample_weight: "w" }
model_config {
  mmoe {
    task_towers { losses { weight: 3 } losses { weight: 0.5 loss_type: F1_REWEIGHTED_LOSS f1_reweighted_loss { } } }
    task_towers { out_task_space_weight: 0 losses { weight: 3 } weight: 2 }
  }
  embedding_regularization: 5e-6
}
eval_config { metrics_set { auc { exact: false } } metrics_set { auc { exact: false } } }
export_config { best_exporter_metric: "auc" }
"""


def found(text: str, folder: Path) -> List[Tuple[int, str, Dict[str, Any]]]:
    """(line, path, edits) of each difference."""
    (folder / "x.config").write_text(text.strip())
    parsed = parse(str(folder / "x.config"))
    assert not parsed.problems
    listed = differences(parsed.config, parsed.places)
    return [(one.place.line, one.path, dict(one.edits)) for one in listed]


def test_esmm_sums_and_ignores_much_in_easyrec(tmp_path: Path) -> None:
    at = "model_config.esmm"
    assert found(ESMM, tmp_path) == [
        (2, at, {"model_config.loss_reduction": "SUM"}),
        (3, f"{at}.ctr_tower.weight", {f"{at}.ctr_tower.weight": 1.0}),
        (
            3,
            f"{at}.ctr_tower.losses[0]",
            {f"{at}.ctr_tower.losses": [], f"{at}.ctr_tower.num_class": 1},
        ),
        (
            4,
            f"{at}.ctr_tower.metrics_set[0].auc",
            {f"{at}.ctr_tower.metrics_set[0].auc.exact": False},
        ),
        (5, f"{at}.cvr_tower", {}),
        (
            5,
            f"{at}.cvr_tower.out_task_space_weight",
            {f"{at}.cvr_tower.out_task_space_weight": 1.0},
        ),
        (5, f"{at}.cvr_tower.metrics_set[0].gauc", {}),
        (7, "model_config.loss_weight_strategy", {"model_config.loss_weight_strategy": "Fixed"}),
        (
            9,
            "data_config.sample_weight",
            {
                f"{at}.ctr_tower.use_sample_weight": False,
                f"{at}.cvr_tower.use_sample_weight": False,
            },
        ),
    ]


def test_other_models_differ_in_divisors_and_second_losses(tmp_path: Path) -> None:
    tower = "model_config.mmoe.task_towers[0].losses[1]"
    assert found(MMOE, tmp_path) == [
        (1, "data_config.sample_weight", {}),
        (4, f"{tower}.weight", {f"{tower}.weight": 1.0}),
        (4, f"{tower}.f1_reweighted_loss", {}),
        (5, "model_config.mmoe.task_towers[1].out_task_space_weight", {}),
        (
            7,
            "model_config.embedding_regularization",
            {"model_config.embedding_regularization": 0.00032},
        ),
        (9, "eval_config.metrics_set[0]", {}),
        (10, "export_config.best_exporter_metric", {}),
    ]


def test_a_calibrator_without_a_relation_is_left_out_by_easyrec(tmp_path: Path) -> None:
    losses = "losses { } losses { loss_type: ORDER_CALIBRATE_LOSS }"
    text = f"""model_config {{ dbmtl {{
      task_towers {{ tower_name: "a" }}
      task_towers {{ tower_name: "b" {losses} }}
      task_towers {{ tower_name: "c" {losses} relation_tower_names: "a" }}
    }} }}"""
    assert found(text, tmp_path) == [
        (3, "model_config.dbmtl.task_towers[1].losses[1].loss_type", {})
    ]


@pytest.mark.parametrize("name", NAMES)
def test_the_edits_are_legal_and_leave_nothing_that_an_edit_reproduces(name: str) -> None:
    path = str(SAMPLES / f"{name}.config")
    pipeline = configs.load(path)
    edits = {
        at: value
        for one in differences(pipeline.written, pipeline.places)
        for at, value in one.edits.items()
    }
    edited = configs.load(path, [Edit("--edit", at, value) for at, value in edits.items()])
    left = {at for one in differences(edited.written, edited.places) for at in one.edits}
    # Which holds the number of EasyRec's penalty now, and is said to differ all the same.
    assert left <= {"model_config.embedding_regularization"}
    if pipeline.config.model_config.HasField("esmm"):
        assert edited.config.model_config.loss_reduction == ModelConfig.SUM


INTEGER_IDS = """
data_config {
  input_fields { input_name: "item" input_type: INT64 }
  input_fields { input_name: "shop" input_type: INT32 default_val: "7" }
  input_fields { input_name: "f1" input_type: INT32 }
  input_fields { input_name: "f2" input_type: INT32 }
  input_fields { input_name: "word" }
  input_fields { input_name: "price" input_type: INT64 }
  input_fields { input_name: "hour" input_type: INT64 default_val: "" }
}
%s { input_names: "item" hash_bucket_size: 10 }
%s { input_names: "shop" hash_bucket_size: 10 }
%s { input_names: "f0" shared_names: "f[1-2]" num_buckets: 10 }
%s { input_names: "price" feature_type: RawFeature }
%s { input_names: ["word", "hour"] feature_type: ComboFeature hash_bucket_size: 10 }
"""


@pytest.mark.parametrize("form", ["feature_configs", "feature_config { features"])
def test_a_missing_integer_is_the_id_0_in_easyrec(form: str, tmp_path: Path) -> None:
    text = INTEGER_IDS.replace("%s", form)
    if "{" in form:
        text = text.replace("}\nfeature_config", "} }\nfeature_config").strip() + " }"
        text = text.replace("} }\nfeature_config", "}\nfeature_config", 1)
    at = "data_config.input_fields"
    assert found(text, tmp_path) == [
        (line, f"{at}[{index}]", {f"{at}[{index}].default_val": "0"})
        for line, index in ((2, 0), (4, 2), (5, 3), (8, 6))
    ]
