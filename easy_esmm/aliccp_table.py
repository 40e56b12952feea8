"""The ESMM paper's table on Ali-CCP, from the downloaded files: `make aliccp-table`.

python -m easy_esmm.aliccp_table --data FOLDER [--runs 10] [--models BASE,ESMM]
    [--output_dir runs/aliccp_table] [--min_count 12] [--max_bad_rows 0]
    [--train_config.num_steps=100] ...

Converts the four files; trains one CTR model for the common pCTR; trains BASE, AMAN, OVERSAMPLING,
UNBIAS, DIVISION, ESMM-NS and ESMM of the paper with the seeds 0, 1, ..., all with the rest of
`--pipeline_config`, which is samples/esmm_aliccp.config if not given; prints the AUCs beside the
published ones and writes table.json. What an earlier run has finished is not done again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from absl import flags as absl_flags

from easy_esmm import aliccp_parts, console, flags
from easy_esmm.comparing import paper_table
from easy_esmm.comparing.schedule import run_all
from easy_esmm.config.paper_models import NAMES
from easy_esmm.errors import UserError

SOURCE = "aliccp_table"

FLAGS = aliccp_parts.define_flags("runs/aliccp_table")
absl_flags.DEFINE_integer("runs", 10, "trainings of each model", 1, flag_values=FLAGS)
absl_flags.DEFINE_list("models", list(NAMES), "models of the table, with commas", flag_values=FLAGS)


def main(arguments: flags.Arguments) -> None:
    """Converts, trains, evaluates; prints and writes the table."""
    files = aliccp_parts.files_of(FLAGS)
    unknown = [name for name in FLAGS.models if name not in NAMES]
    if unknown:
        raise UserError(f"--models: must be of {', '.join(NAMES)}, got '{unknown[0]}'")
    names = [name for name in NAMES if name in FLAGS.models]
    if not arguments.pipeline_config:
        arguments = replace(arguments, pipeline_config=aliccp_parts.SAMPLE)
    path = str(arguments.pipeline_config)
    aliccp_parts.convert_files(files)
    edits = [*aliccp_parts.rows_edits(files.output, SOURCE), *arguments.edits]
    models = paper_table.variants_of(path, edits, names)
    console.start(models[-1].pipeline.notes)
    common_pctr = _common_pctr(arguments, files.output)
    seeds = range(FLAGS.runs)
    runs = paper_table.batches(
        models, seeds, aliccp_parts.conversions(files.output), files.output, common_pctr
    )
    outcomes = run_all(runs, len(names) * len(seeds), jobs=1)
    table = paper_table.figures(outcomes.results, names)
    official = aliccp_parts.is_official(files.output)
    facts = {"config": path, "runs": FLAGS.runs, "is_official": official}
    written = str(files.output / "table.json")
    paper_table.write(table, facts, written)
    print(f"\n{paper_table.text(table, official)}\nall figures: {written}")
    if outcomes.failures:
        raise UserError("\n".join(outcomes.failures))


def _common_pctr(arguments: flags.Arguments, output: Path) -> str:
    """Scores of the test rows by one CTR model, trained for nothing else."""
    # Late: importing TensorFlow takes 6 s, and nothing above needs it.
    from easy_esmm import training  # noqa: PLC0415

    only_clicks = aliccp_parts.ctr_only(SOURCE)
    ctr = aliccp_parts.on_rows(arguments, output, "ctr", SOURCE, *only_clicks)
    aliccp_parts.train_once(ctr)
    scores = output / "common_pctr.parquet"
    if not scores.exists():
        name = ctr.config.model_config.esmm.ctr_tower.tower_name
        rows = ctr.config.eval_input_path
        training.score(ctr, rows, str(scores), output_columns=[f"probs_{name}"])
    return str(scores)


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
