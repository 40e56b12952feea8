"""What makes an exported model fail its proof."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
from google.protobuf import text_format

from easy_esmm import export as export_command
from easy_esmm import flags, training
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving import warmup
from easy_esmm.serving.expected_signatures import differences
from easy_esmm.serving.latency import measure
from easy_esmm.serving.saved_graph import read_graphs
from easy_esmm.serving.verify import require_equal, tolerance
from tests.conformance import table

STRING, INT64 = 7, 9
PROBS = np.array([0.5, 1e-6, 0.25], np.float32)


def test_scores_that_differ_by_the_order_of_sums_are_equal() -> None:
    nearly = PROBS * np.float32(1 + 9e-6)
    assert require_equal("model", {"probs_a": nearly}, {"probs_a": PROBS}, 1e-5) == pytest.approx(
        0.5 * 9e-6, rel=0.02
    )
    assert require_equal("model", {"probs_a": PROBS}, {"probs_a": PROBS}, 1e-5) == 0.0


@pytest.mark.parametrize(
    ("key", "found", "text"),
    [
        ("probs_a", [0.5, 1e-6, 0.25001], r"probs_a of row 3 must be 0.25, got 0.25001.* \(1 of 3"),
        ("probs_a", [0.5, 1.2e-6, 0.25], r"probs_a of row 2 must be .*e-07, got 1.2.*e-06"),
        ("probs_a", [np.nan, 1e-6, 0.25], r"probs_a of row 1 must be 0.5, got nan"),
        ("probs_a", [0.5, 1e-6], r"probs_a must have the shape \(3,\), got \(2,\)"),
        ("logits_a", [0.5, 1e-6, 0.25], r"gives \['logits_a'\], expected \['probs_a'\]"),
    ],
)
def test_another_answer_is_told_with_its_row(key: str, found: Any, text: str) -> None:
    with pytest.raises(UserError, match=f"model:? ?.*{text}"):
        require_equal("model", {key: np.array(found, np.float32)}, {"probs_a": PROBS}, 1e-5)


def test_a_logit_near_zero_may_differ_as_much_as_one_near_one() -> None:
    found, expected = np.array([1e-5, 1.0]), np.array([2e-6, 1.0])
    assert require_equal("model", {"logits_a": found}, {"logits_a": expected}, 1e-5) > 0
    with pytest.raises(UserError, match="logits_a of row 1"):
        require_equal("model", {"logits_a": found + 1e-5}, {"logits_a": expected}, 1e-5)


def test_latency_is_of_the_calls_after_the_first() -> None:
    calls: List[int] = []
    found = measure(lambda: calls.append(1), 0)
    assert (found.calls, len(calls)) == (20, 20)
    assert 0 <= found.p50 <= found.p99


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Any]:
    """A model of few features, trained for two steps and exported."""
    pipeline = table.small(
        "esmm_three_groups", tmp_path_factory.mktemp("model"), num_steps=2,
        save_checkpoints_steps=1,
    )  # fmt: skip
    pipeline.config.export_config.exporter_type = "final"
    done = training.train(pipeline)
    checkpoint = f"{pipeline.config.model_dir}/model.ckpt-2"
    return {"pipeline": pipeline, "folder": done.saved_model, "checkpoint": checkpoint}


@pytest.fixture
def copied(trained: Dict[str, Any], tmp_path: Path) -> Path:
    """A copy of the export, to be changed."""
    return Path(shutil.copytree(trained["folder"], tmp_path / "models" / "7"))


def signatures(folder: Any) -> Any:
    (graph,) = read_graphs(str(folder))
    return dict(graph.signatures)


def found_differences(config: PipelineConfig, served: Any) -> List[str]:
    return list(differences(config, served))


def test_the_signatures_of_an_export_are_those_of_its_config(trained: Dict[str, Any]) -> None:
    config: PipelineConfig = trained["pipeline"].config
    served = signatures(trained["folder"])
    assert found_differences(config, served) == []
    inputs = served["serving_default"].inputs
    name = next(name for name in inputs if inputs[name].dtype == STRING)
    inputs["extra"].CopyFrom(inputs[name])
    inputs[name].dtype = INT64
    del served["serving_default"].outputs["probs_ctr"]
    served["other"] = served.pop("examples")
    assert found_differences(config, served) == [
        "signature examples is missing",
        "signature other is none of the config's",
        "serving_default: input extra is none of the config's",
        f"serving_default: input {name}: must be string [-1], got int64 [-1]",
        "serving_default: output probs_ctr is missing",
    ]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> List[str]:
    """Lines that `python -m easy_esmm.export` prints."""
    export_command.main(flags.parse(export_command.FLAGS, ["export", *arguments]))
    return capsys.readouterr().out.splitlines()


def test_an_export_is_verified_against_its_warm_up_file_and_its_checkpoint(
    trained: Dict[str, Any], copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, checkpoint = str(copied.parent), trained["checkpoint"]
    lines = run(capsys, "--verify", folder, "--checkpoint_path", checkpoint)
    assert lines[0] == f"verified: {folder}/7"
    assert lines[2] == f"{checkpoint}: the same scores, largest difference 0.0e+00"
    rows = [line.split() for line in lines[5:]]
    asked = [(name, size) for name in signatures(copied) for size in (1, 100, 500)]
    assert sorted((row[0], int(row[1])) for row in rows) == sorted(asked)
    for row in rows:
        assert float(row[2]) <= 1e-5
        p50, p99 = float(row[4]), float(row[5])
        assert 0 < p50 <= p99


def test_a_model_with_other_variables_fails(trained: Dict[str, Any], copied: Path) -> None:
    request = warmup.read(str(copied))[0]
    wrong = {**request.answers, "probs_ctr": request.answers["probs_ctr"] + np.float32(1e-3)}
    warmup.write(str(copied), [warmup.Answered(request.signature, request.inputs, wrong)])
    text = r"7: serving_default, a warm-up request of 1 rows: probs_ctr of row 1 must be 0\."
    with pytest.raises(UserError, match=text):
        training.verify(trained["pipeline"], str(copied))


def test_a_request_that_fails_is_told(trained: Dict[str, Any], copied: Path) -> None:
    request = warmup.read(str(copied))[0]
    inputs = dict(request.inputs)
    name, _ = inputs.popitem()
    warmup.write(str(copied), [warmup.Answered(request.signature, inputs, request.answers)])
    with pytest.raises(UserError, match=f"the SavedModel also asks for {name}"):
        training.verify(trained["pipeline"], str(copied))


def test_another_checkpoint_than_the_exported_one_fails(
    trained: Dict[str, Any], copied: Path
) -> None:
    first = f"{trained['pipeline'].config.model_dir}/model.ckpt-1"
    with pytest.raises(UserError, match=r"beside .*model.ckpt-1: \w+ of row"):
        training.verify(trained["pipeline"], str(copied), checkpoint_path=first)


def test_without_a_warm_up_file_no_answer_is_said_to_be_right(
    trained: Dict[str, Any], copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(copied / "assets.extra")
    lines = run(capsys, "--verify", str(copied))
    assert lines[-1] == "no warm-up file: no answer was compared, and none was timed"
    with pytest.raises(UserError, match="has no warm-up file, whose rows would be compared"):
        run(capsys, "--verify", str(copied), "--checkpoint_path", trained["checkpoint"])


def test_flags_of_an_export_are_refused_beside_verify(
    trained: Dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        UserError, match="--export_dir: has no effect beside --verify; leave it out"
    ):
        run(capsys, "--verify", trained["folder"], "--export_dir", "x")
    with pytest.raises(UserError, match=r"--verify: nowhere: no SavedModel, and no numbered"):
        run(capsys, "--verify", "nowhere")


def test_an_export_whose_answers_are_wrong_does_not_appear(
    trained: Dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = warmup.requests

    def shifted(*arguments: Any) -> Any:
        for one in real(*arguments):
            wrong = {name: values + np.float32(0.01) for name, values in one.answers.items()}
            yield warmup.Answered(one.signature, one.inputs, wrong)

    monkeypatch.setattr(warmup, "requests", shifted)
    with pytest.raises(
        UserError, match=r"serving_default, a warm-up request of 1 rows: \w+ of row"
    ):
        training.export(
            trained["pipeline"], str(tmp_path / "models"), checkpoint_path=trained["checkpoint"]
        )
    assert list((tmp_path / "models").iterdir()) == []


def test_bfloat16_may_round_otherwise() -> None:
    config = PipelineConfig()
    assert tolerance(config) == 1e-5
    text_format.Parse("train_config { compute_dtype: BF16 }", config)
    assert tolerance(config) == 3e-2
