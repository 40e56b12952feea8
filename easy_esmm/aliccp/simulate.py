"""`python -m easy_esmm.aliccp.simulate`: writes simulated impressions with planted truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

from absl import flags as absl_flags

from easy_esmm import flags
from easy_esmm.errors import UserError
from easy_esmm.simulation import quirks
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.settings import DELAYS, Settings
from easy_esmm.simulation.summary import describe, format_summary
from easy_esmm.simulation.writing import FORMATS, RAW, check_output, write_simulation

DEFAULTS = Settings()


FLAGS = flags.define()
absl_flags.DEFINE_string(
    "output", None, "Folder to write to; must be empty or absent.", flag_values=FLAGS
)
absl_flags.DEFINE_integer(
    "rows", DEFAULTS.rows, "Impressions, training and test together.", flag_values=FLAGS
)
for _name, _help in (
    ("test_share", "Share of the rows in the test part."),
    ("rho", "Correlation of click and conversion logit."),
    ("kappa", "Size of an unobserved cause of clicks and conversions."),
    ("click_rate", "Clicks per impression."),
    ("conv_rate", "Conversions per click."),
    ("history_length", "Mean number of past behaviours of a user."),
    ("mean_delay", "Mean days from a click to its conversion, with --delay."),
    ("delay_spread", "Deviation of the logarithm of a category's mean delay, with --delay."),
    ("log_days", "Days of the training part, after which its log is cut, with --delay."),
):
    absl_flags.DEFINE_float(_name, getattr(DEFAULTS, _name), _help, flag_values=FLAGS)
absl_flags.DEFINE_enum(
    "delay",
    DEFAULTS.delay,
    ["none", *DELAYS],
    "How late conversions come; adds columns of times and eventual_conversion.",
    flag_values=FLAGS,
)
absl_flags.DEFINE_integer("seed", DEFAULTS.seed, "Same seed, same bytes.", flag_values=FLAGS)
absl_flags.DEFINE_enum(
    "format",
    "both",
    ["both", *FORMATS, RAW],
    "Format of the data files; raw: the four files of Ali-CCP, not joined.",
    flag_values=FLAGS,
)
absl_flags.DEFINE_string(
    "quirks",
    "none",
    "Of the raw format: all, none, or some of "
    + "; ".join(f"{name} ({what})" for name, what in quirks.QUIRKS.items()),
    flag_values=FLAGS,
)
absl_flags.DEFINE_integer("shards", 1, "Files per part and format.", flag_values=FLAGS)
absl_flags.DEFINE_bool(
    "overwrite", False, "Replace an earlier simulation in --output.", flag_values=FLAGS
)


def main(_: flags.Arguments) -> None:
    """Simulates, writes and prints what came out."""
    if not FLAGS.output:
        raise UserError("--output: must name a folder, got nothing")
    wanted: Dict[str, Any] = {name: FLAGS[name].value for name in vars(DEFAULTS)}
    settings = Settings(**wanted)
    output = Path(FLAGS.output).absolute()
    wanted_quirks = quirks.parse(FLAGS.quirks)
    if wanted_quirks and FLAGS.format != RAW:
        raise UserError(f"--quirks {FLAGS.quirks}: must be none, unless --format is raw")
    check_output(output, FLAGS.overwrite)
    simulation = simulate(settings)
    summary = describe(simulation)
    formats = FORMATS if FLAGS.format == "both" else (FLAGS.format,)
    files = write_simulation(
        simulation, summary, output, formats, FLAGS.shards, FLAGS.overwrite, wanted_quirks
    )
    print(format_summary(summary, files))


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
