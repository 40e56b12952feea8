"""`python -m easy_esmm.aliccp.describe DIR`: one HTML page about converted files.

DIR is the --output of a conversion, or a folder with several of them (train, test). The page goes
to DIR/description.html, or to --output; it needs no network.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Tuple

from absl import flags as absl_flags

from easy_esmm import flags
from easy_esmm.aliccp.conversion.job import RESULT
from easy_esmm.aliccp.conversion.page import page
from easy_esmm.aliccp.conversion.vocabulary import Vocabulary, read_vocabulary
from easy_esmm.atomic_file import atomic_write
from easy_esmm.errors import UserError

PAGE = "description.html"

FLAGS = flags.define()
absl_flags.DEFINE_string(
    "output", None, f"File for the page; DIR/{PAGE} if not given.", flag_values=FLAGS
)


def describe(folder: Path) -> str:
    """The page about the conversions in a folder. Raises UserError if there is no finished one."""
    found = [folder] if (folder / RESULT).is_file() else []
    found = found or sorted((p.parent for p in folder.glob(f"*/{RESULT}")), key=_train_first)
    if not found:
        raise UserError(
            f"{folder}: holds no {RESULT}, which a conversion writes when it is finished; "
            "name the --output of easy_esmm.aliccp.convert, or the folder above it"
        )
    return page(f"Ali-CCP in {folder.name}", [_read(own) for own in found])


def _train_first(folder: Path) -> Tuple[bool, str]:
    return folder.name != "train", folder.name


def _read(folder: Path) -> Tuple[str, Dict[str, Any], Vocabulary]:
    result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    elsewhere = result["settings"]["vocabulary"]
    return folder.name, result, read_vocabulary(Path(elsewhere) if elsewhere else folder)


def main(arguments: flags.Arguments) -> None:
    """Writes the page and prints its path."""
    if len(arguments.positional) != 1:
        raise UserError(f"must be given one folder, got {len(arguments.positional)} (see --help)")
    folder = Path(arguments.positional[0]).absolute()
    text = describe(folder)
    output = Path(FLAGS.output) if FLAGS.output else folder / PAGE
    try:
        with atomic_write(output) as unfinished:
            Path(unfinished).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"--output {output}: cannot be written: {error.strerror}") from error
    print(output)


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__, positional=True)
