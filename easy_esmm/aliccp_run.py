"""Ali-CCP from the downloaded files to the ESMM paper's figures, in one command: `make aliccp`.

python -m easy_esmm.aliccp_run --data FOLDER [--output_dir runs/aliccp] [--min_count 12]
    [--max_bad_rows 0] [--train_config.num_steps=100] ...

Converts the four files; trains, evaluates and exports `--pipeline_config`, which is
samples/esmm_aliccp.config if not given; trains a CTR model on the same rows for the common pCTR of
the paper's CTCVR; prints the AUCs beside the published ones. What an earlier run has finished is
not done again.
"""

from __future__ import annotations

import os

from easy_esmm import aliccp_parts, console, flags

FLAGS = aliccp_parts.define_flags("runs/aliccp")


def main(arguments: flags.Arguments) -> None:
    """Converts, trains twice, evaluates; prints the table."""
    files = aliccp_parts.files_of(FLAGS)
    aliccp_parts.convert_files(files)
    esmm = aliccp_parts.on_rows(arguments, files.output, "esmm", "aliccp_run")
    console.start(esmm.notes)
    # Late: importing TensorFlow takes 6 s, and nothing above needs it.
    from easy_esmm import training  # noqa: PLC0415
    from easy_esmm.evaluation import result  # noqa: PLC0415
    from easy_esmm.reporting.published import beside_published  # noqa: PLC0415
    from easy_esmm.reporting.table import evaluation_table  # noqa: PLC0415

    only_clicks = aliccp_parts.ctr_only("aliccp_run")
    ctr = aliccp_parts.on_rows(arguments, files.output, "ctr", "aliccp_run", *only_clicks)
    for pipeline in (esmm, ctr):
        aliccp_parts.train_once(pipeline)
    scores = str(files.output / "common_pctr.parquet")
    training.score(ctr, esmm.config.eval_input_path, scores, output_columns=["probs_ctr"])
    metrics = training.evaluate(esmm, common_pctr_path=scores)
    path = os.path.join(esmm.config.model_dir, "eval_result.txt")
    result.write(metrics, path)
    print(f"\n{evaluation_table(esmm.tasks, metrics)}\nall metrics: {path}\n")
    official = aliccp_parts.is_official(files.output)
    print(beside_published(metrics, is_official=official))


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
