"""The golden runs: what is trained, on which rows, and what is compared.

    python -m tests.golden.runs

records them anew in golden.json, which only a change of the mathematics should need.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict

from google.protobuf import text_format

from easy_esmm import config as configs
from easy_esmm import training
from easy_esmm.config import Pipeline, models
from easy_esmm.evaluation.events import series_by_tag
from easy_esmm.evaluation.history import evaluations_folder
from easy_esmm.protos.esmm_pb2 import ESMM
from easy_esmm.protos.feature_pb2 import WideOrDeep
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.optimizer_pb2 import Optimizer
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.summary import describe
from easy_esmm.simulation.writing import write_simulation

FOLDER = Path(__file__).parent
GOLDEN = FOLDER / "golden.json"
CONFIGS = tuple(sorted(path.stem for path in FOLDER.glob("*.config")))
OPTIMIZERS = ("adam_optimizer", "lazy_adam_optimizer")
_EXPERTS = "{ hidden_units: [16] use_bn: false }"
OTHER_MODELS = {
    "AITM": "aitm { }",
    "ChorusCVR": "chorus_cvr { }",
    "ClickSpace": "click_space { }",
    "DBMTL": f"dbmtl {{ bottom_dnn {_EXPERTS} num_expert: 2 expert_dnn {_EXPERTS} }}",
    "DCMT": "dcmt { }",
    "DDPO": "ddpo { }",
    "Division": "division { }",
    "ESCM2": "escm2 { estimator: DR }",
    "ESMM_AITM": "esmm_aitm { }",
    "ESMM_MMoE": f"esmm_mmoe {{ num_expert: 2 expert_dnn {_EXPERTS} }}",
    "ESMM_PLE": "esmm_ple { extraction_networks { expert_num_per_task: 1 share_num: 1 "
    f"task_expert_net {_EXPERTS} share_expert_net {_EXPERTS} }} }}",
    "MMoE": f"mmoe {{ num_expert: 2 expert_dnn {_EXPERTS} }}",
    "NISE": "nise { }",
    "DeepFM": "deepfm { wide_output_dim: 2 }",
    "MultiTower": "multi_tower { }",
    "MultiTowerDIN": "multi_tower { }",
    "PLE": "ple { extraction_networks { expert_num_per_task: 1 share_num: 1 "
    f"task_expert_net {_EXPERTS} share_expert_net {_EXPERTS} }} }}",
    "MultiTaskModel": """model_params { } backbone {
      blocks { name: "masked" inputs { feature_group_name: "all" } keras_layer {
        class_name: "MaskNet" masknet {
          mask_blocks { aggregation_size: 16 output_size: 8 }
          mlp { hidden_units: 16 use_final_bn: false } } } }
      blocks { name: "mixed" inputs { block_name: "masked" } keras_layer {
        class_name: "MMoE" mmoe { num_task: 2 num_expert: 2
          expert_mlp { hidden_units: 16 use_final_bn: false } } } } }""",
    "SimpleMultiTask": "simple_multi_task { }",
    "WideAndDeep": "wide_and_deep { wide_output_dim: 3 }",
}
"""Model class -> its parameters beside ESMM's towers. They run once, from CSV with lazy Adam: what
they share with ESMM is its to show."""
NAMES = (
    *(f"{config}/{optimizer}" for config in CONFIGS for optimizer in OPTIMIZERS),
    *(f"esmm_csv/lazy_adam_optimizer/{model}" for model in OTHER_MODELS),
)
ROWS = Settings(rows=4000, click_rate=0.3, conv_rate=0.3, history_length=4.0, seed=20)


def write_rows(folder: Path) -> str:
    """Simulates the rows in both formats, in `folder/data`; returns a digest of the CSV files."""
    simulation = simulate(ROWS)
    files = write_simulation(simulation, describe(simulation), folder / "data")
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.suffix == ".csv"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def pipeline(name: str, folder: Path, model_dir: Path) -> Pipeline:
    """The run of that name on the rows in `folder`."""
    config_name, optimizer, *other = name.split("/")
    loaded = configs.load(str(FOLDER / f"{config_name}.config"))
    config = type(loaded.config)()
    config.CopyFrom(loaded.config)
    config.train_input_path = str(folder / config.train_input_path)
    config.eval_input_path = str(folder / config.eval_input_path)
    config.model_dir = str(model_dir)
    (written,) = config.train_config.optimizer_config
    settings = getattr(written, written.WhichOneof("optimizer"))
    chosen = Optimizer()
    getattr(chosen, optimizer).learning_rate.CopyFrom(settings.learning_rate)
    written.CopyFrom(chosen)
    for model_class in other:
        _exchange_model(config.model_config, model_class)
    return dataclasses.replace(loaded, config=config, written=config)


def _exchange_model(model: ModelConfig, model_class: str) -> None:
    """Puts another model over the towers of ESMM."""
    esmm = ESMM()
    esmm.CopyFrom(model.esmm)
    text_format.Merge(OTHER_MODELS[model_class], model)
    model.model_class = model_class
    parameters = models.parameters(model)
    if models.is_entire_space(model):
        parameters.ctr_tower.CopyFrom(esmm.ctr_tower)
        parameters.cvr_tower.CopyFrom(esmm.cvr_tower)
    elif models.is_single_task(model):
        model.task.CopyFrom(esmm.ctr_tower)
        _OF_SINGLE_TASK[model_class](model, esmm)
        model.task.ClearField("dnn")
    else:
        for tower in (esmm.ctr_tower, esmm.cvr_tower):
            # By bytes: the numbers of the fields that these towers set are those of TaskTower.
            text_format.Merge(text_format.MessageToString(tower), parameters.task_towers.add())
        if model_class == "DBMTL":
            click, buy = parameters.task_towers
            buy.relation_tower_names.append(click.tower_name)
            buy.relation_dnn.CopyFrom(parameters.bottom_dnn)
    parameters.l2_regularization = esmm.l2_regularization


def _tower_of_each_group(model: ModelConfig, esmm: ESMM) -> None:
    for group in model.feature_groups:
        model.multi_tower.towers.add(input=group.group_name, dnn=esmm.ctr_tower.dnn)
    model.multi_tower.final_dnn.CopyFrom(esmm.ctr_tower.dnn)


def _wide_and_deep(model: ModelConfig, esmm: ESMM) -> None:
    (deep,) = model.feature_groups
    deep.group_name = "deep"
    model.feature_groups.add(
        group_name="wide", feature_names=deep.feature_names[:3], wide_deep=WideOrDeep.WIDE
    )
    parameters = models.parameters(model)
    parameters.dnn.CopyFrom(esmm.ctr_tower.dnn)
    parameters.final_dnn.CopyFrom(esmm.ctr_tower.dnn)


_OF_SINGLE_TASK = {
    "DeepFM": _wide_and_deep,
    "MultiTower": _tower_of_each_group,
    "MultiTowerDIN": _tower_of_each_group,
    "WideAndDeep": _wide_and_deep,
}
"""Model class -> what gives its networks the layers of ESMM's CTR tower."""


def run(name: str, folder: Path, model_dir: Path) -> Dict[str, Any]:
    """Trains: `losses` of all steps, and the `aucs` of the evaluation after the last."""
    training.train(pipeline(name, folder, model_dir))
    losses = [loss for _, loss in series_by_tag(str(model_dir))["loss"]]
    metrics = series_by_tag(evaluations_folder(str(model_dir)))
    aucs = {name: series[-1][1] for name, series in metrics.items() if name.startswith("auc")}
    return {"losses": losses, "aucs": aucs}


def main() -> None:
    """Runs all; writes golden.json, or the file that is named as the only argument."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        record: Dict[str, Any] = {"rows": write_rows(folder)}
        for name in NAMES:
            record[name] = run(name, folder, folder / name.replace("/", "_"))
    target = Path(sys.argv[1]) if sys.argv[1:] else GOLDEN
    target.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
