"""Serves an exported model on this machine, with TensorFlow Serving's REST routes.

python -m easy_esmm.serve DIR [--port 8501] [--host localhost] [--model_name model]
    [--version_labels canary=2]

DIR is what export wrote: a version, or the folder of versions, of which the newest is served; a
newer one is taken up when it comes. For trying out, not for production: one process, no batching,
no gRPC, no access control. docs/serving.md has the commands of the server for production.
"""

from __future__ import annotations

import signal
from typing import Dict

from absl import flags as absl_flags

from easy_esmm import console, flags
from easy_esmm.errors import UserError
from easy_esmm.serving.local.models import require_versions

FLAGS = flags.define()
absl_flags.DEFINE_integer(
    "port", 8501, "port to listen on; 0: any that is free", 0, 65535, flag_values=FLAGS
)
absl_flags.DEFINE_string(
    "host", "localhost", "address to listen on; 0.0.0.0: of all networks", flag_values=FLAGS
)
absl_flags.DEFINE_string("model_name", "model", "what requests call the model", flag_values=FLAGS)
absl_flags.DEFINE_list(
    "version_labels", [], "LABEL=VERSION, with commas: kept beside the newest", flag_values=FLAGS
)


def main(arguments: flags.Arguments) -> None:
    """Serves until Ctrl-C, or until it is told to end."""
    if len(arguments.positional) != 1:
        raise UserError("give the folder that export wrote, and only that: serve DIR (see --help)")
    labels = _labels()
    console.start()
    require_versions(arguments.positional[0], labels)
    from easy_esmm.serving.local.run import serve  # noqa: PLC0415 - TensorFlow, late

    signal.signal(signal.SIGTERM, _interrupt)
    serve(arguments.positional[0], FLAGS.model_name, FLAGS.host, FLAGS.port, labels, started=_tell)
    print("ended")


def _tell(host: str, port: int) -> None:
    print("for trying out, not for production (docs/serving.md)")
    print(f"http://{host}:{port}/v1/models/{FLAGS.model_name}:predict", flush=True)


def _labels() -> Dict[str, int]:
    labels = {}
    for text in FLAGS.version_labels:
        label, _, version = text.partition("=")
        if not label.strip() or not version.strip().isdigit():
            raise UserError(f"--version_labels: must be LABEL=VERSION, got {text!r}")
        labels[label.strip()] = int(version)
    return labels


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__, positional=True)
