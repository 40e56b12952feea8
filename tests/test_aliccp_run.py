"""Raw files to the paper's table, in one command, on simulated files of the same grammar."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from easy_esmm import aliccp_run, flags
from easy_esmm.aliccp import simulate
from easy_esmm.errors import UserError

CLONE = Path(__file__).resolve().parents[1]


def call(*arguments: str) -> None:
    aliccp_run.main(flags.parse(aliccp_run.FLAGS, ["aliccp_run", *arguments]))


@pytest.mark.slow
def test_every_count_is_the_generators_and_nothing_is_done_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, output = tmp_path / "raw", tmp_path / "run"
    rates = ["--click_rate=.2", "--conv_rate=.2", "--quirks=all"]
    arguments = [f"--output={raw}", "--rows=8000", "--format=raw", *rates]
    simulate.main(flags.parse(simulate.FLAGS, ["simulate", *arguments]))
    run = [
        f"--data={raw}/raw",
        f"--output_dir={output}",
        f"--pipeline_config={CLONE}/samples/esmm_aliccp.config",
        "--max_bad_rows=10000",
        "--min_count=3",
        "--train_config.num_steps=3",
    ]
    capsys.readouterr()
    call(*run)
    printed = capsys.readouterr().out
    metrics = json.loads((output / "esmm" / "eval_result.txt").read_text())
    truth = json.loads((raw / "simulation.json").read_text())["raw"]["parts"]["test"]["counts"]
    written = json.loads((output / "data" / "test" / "conversion.json").read_text())["counts"]
    for ours, theirs in (
        ("count/impressions", "impressions"),
        ("count/clicks", "clicks"),
        ("count/conversions", "conversions"),
    ):
        assert metrics[ours] == written[theirs] == truth[theirs], theirs
    # Tables have the sizes of the vocabulary, not those of the sample.
    sizes = json.loads((output / "data/train/vocabulary/vocabulary.json").read_text())["fields"]
    config = (output / "esmm" / "pipeline.config").read_text()
    assert f"num_buckets: {sizes['205']['num_buckets']}\n" in config
    assert "num_buckets: 467299" not in config
    # The common pCTR is another model's: trained without the CVR loss.
    assert metrics["auc_ctcvr_common_pctr"] != metrics["auc_ctcvr"]
    assert "weight: 0" in (output / "ctr" / "pipeline.config").read_text()
    for line in [line for line in printed.splitlines() if line.startswith("simulation: ")]:
        assert line.endswith("of the generator; vocabularies, of --min_count 12, apart")
    assert printed.count("simulation: all ") == 2
    assert "ESMM paper, ESMM " in printed
    assert "not comparable" in printed
    call(*run)
    again = capsys.readouterr().out
    assert again.count("converted before") == 2
    assert again.count("trained before") == 2
    with pytest.raises(UserError, match="esmm: was trained with another config; name another"):
        call(*run[:-1], "--train_config.num_steps=4")
    with pytest.raises(UserError, match="model_dir: is a folder of --output_dir here, got 'mine'"):
        call(*run, '--edit_config_json={"model_dir": "mine"}')


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds none of sample_skeleton_train\.csv, "):
        call(f"--data={tmp_path}")
    with pytest.raises(UserError, match="--data: must name the folder"):
        call()


def test_rows_that_were_converted_with_another_cut_are_not_taken(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "train"
    folder.mkdir(parents=True)
    (folder / "conversion.json").write_text('{"min_count": 12}')
    with pytest.raises(UserError) as caught:
        call("--data=none", f"--output_dir={tmp_path}", "--min_count=5")
    assert str(caught.value) == (
        f"--min_count: {folder} was converted with 12, got 5; name another --output_dir, or remove "
        "this one"
    )
