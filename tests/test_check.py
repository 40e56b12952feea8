"""`python -m easy_esmm.check`: what it prints, how it ends, and that it is quick."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple

CLONE = Path(__file__).resolve().parents[1]
SAMPLE = "samples/esmm_three_groups.config"


def _check(*arguments: str) -> Tuple[int, List[str], List[str]]:
    """Status, lines of stdout, lines of stderr."""
    command = [sys.executable, "-m", "easy_esmm.check", *arguments]
    done = subprocess.run(command, cwd=CLONE, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


def test_right_config_is_summed_up() -> None:
    status, printed, complaints = _check("--pipeline_config", SAMPLE)
    assert (status, complaints) == (0, [])
    # Rows of the tables: user 100,000; item 100,000 + category 10,000 + price 50; slot 10 + two of
    # 100,000. Each row has 16 numbers of 4 bytes. `gender` is in no group and has no table.
    rows = 100_000 + 110_050 + 200_010
    assert printed[:7] == [
        f"{SAMPLE}: OK",
        "  model     ESMM: towers ctr (label click), cvr (label buy)",
        "  group     user: user",
        "  group     item: item, category, price",
        "  group     combo: slot, liked_categories, liked_brands",
        "  features  8, 7 of them in groups",
        f"  tables    {rows:,} rows, {rows * 16:,} numbers ({rows * 16 * 4 / 2**20:,.1f} MB)",
    ]
    note = f'  note      {SAMPLE}:40:3: feature_config.features[4]: feature "gender" is in no '
    assert f"{note}feature group: it trains nothing and stays a serving input" in printed


def test_every_problem_is_printed_and_the_status_is_2() -> None:
    edits = '{"train_config.num_step": 3, "data_config.batch_size": 0}'
    status, printed, complaints = _check(
        "--pipeline_config_path", SAMPLE, "--edit_config_json", edits, "--model_config.esmm", "3"
    )
    assert (status, printed) == (2, [])
    assert complaints == [
        "--edit_config_json: data_config.batch_size: must be at least 1, got 0",
        "--edit_config_json: train_config.num_step: unknown field; did you mean num_steps?",
        '--model_config.esmm: must be a message: { ... }, got "3"',
    ]


def test_overrides_are_applied() -> None:
    _, printed, _ = _check(
        "--pipeline_config",
        SAMPLE,
        "--feature_config.features[:].hash_bucket_size=10",
        "--feature_config.features[input_names=price].hash_bucket_size",
        "0",
        "--model_dir=elsewhere",
    )
    # Six hashed features of 10 rows, and price with its 50.
    assert "  tables    110 rows, 1,760 numbers (0.0 MB)" in printed


def test_a_file_that_is_no_config_is_said_before_its_first_problems() -> None:
    status, _, complaints = _check("--pipeline_config", "Makefile")
    assert status == 2
    assert len(complaints) == 21
    assert complaints[0] == (
        "Makefile: nothing in it can be read as a field of a pipeline config; is it one?"
    )
    assert re.fullmatch(r"and \d+ more", complaints[-1])


def test_missing_file_is_one_line() -> None:
    status, _, complaints = _check("--pipeline_config", "no.config")
    assert status == 2
    assert complaints == ["no.config: cannot be read: No such file or directory"]


def test_missing_flag_is_one_line() -> None:
    status, _, complaints = _check()
    assert status == 2
    assert complaints == ["--pipeline_config: must name the pipeline config"]


def test_unknown_flag_is_one_line() -> None:
    status, _, complaints = _check("--modle_dir=x")
    assert status == 2
    assert complaints == ["Unknown command line flag 'modle_dir'. Did you mean: model_dir ?"]


def test_check_imports_nothing_heavy() -> None:
    program = (
        "import sys; sys.argv = ['check', '--pipeline_config', sys.argv[1]]\n"
        "import runpy\n"
        "try: runpy.run_module('easy_esmm.check', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'tensorflow', 'numpy', 'pandas', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    # That is what keeps it at .15 s; with TensorFlow it would take 6.
    subprocess.run([sys.executable, "-c", program, SAMPLE], cwd=CLONE, check=True)


def test_differences_from_easyrec_come_with_the_config_that_has_its_numbers(tmp_path: Path) -> None:
    same = tmp_path / "same.config"
    status, printed, complaints = _check("--from_easyrec", SAMPLE, "--output", str(same))
    assert (status, complaints) == (0, [])
    assert printed[0] == f"{SAMPLE}: 7 settings differ from EasyRec"
    assert printed[1].startswith(f"  {SAMPLE}:16:15: eval_config.metrics_set[0]: holds for towers ")
    (edits,) = (line for line in printed if line.startswith("EasyRec's numbers: "))
    assert '"model_config.loss_reduction": "SUM"' in edits
    assert f"{SAMPLE}: OK" in printed
    assert printed[-1] == f"written: {same}"
    written = same.read_text()
    assert "loss_reduction: SUM" in written
    assert written.count('default_val: "0"') == 1  # of the integer ids
    assert written.count("exact: false") == 3
    status, _, complaints = _check("--from_easyrec", SAMPLE, "--output", str(same))
    assert (status, complaints) == (2, [f"--output: {same} is there already; name another"])
    status, _, complaints = _check("--from_easyrec", SAMPLE, "--output", "same.json")
    rule = "--output: must not end in .json: it is written as text, got same.json"
    assert (status, complaints) == (2, [rule])
