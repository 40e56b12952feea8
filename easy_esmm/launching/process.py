"""One process of a cluster: started so that it cannot outlive the launcher, with its output."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from pathlib import Path
from typing import BinaryIO, Callable, Mapping, Optional, Sequence

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)  # found here, since little may be called between fork and exec
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 20


class Process:
    """A running program in a process group of its own, whose output is read through a pipe.

    Linux kills it when the launcher dies, however that dies.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        show: Callable[[str], None],
    ) -> None:
        """Starts it.

        Args:
          command: program and arguments.
          environment: variables beside those of the launcher.
          log: file to append the output to.
          show: called with each line of output.
        """
        launcher = os.getpid()
        self._log: BinaryIO = open(log, "ab")  # noqa: SIM115 - closed in `clear`
        self._show = show
        self._rest = b""
        self._popen = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _die_with(launcher),
        )
        if self._popen.stdout is None:
            raise ValueError("a process without its output")
        self.output = self._popen.stdout.fileno()
        os.set_blocking(self.output, False)
        self.is_silent = False
        """Whether it has closed its output."""

    @property
    def number(self) -> int:
        """Its process id."""
        return self._popen.pid

    def status(self) -> Optional[int]:
        """None while it runs; else its exit status, or 128 + the number of the signal."""
        status = self._popen.poll()
        return status if status is None or status >= 0 else 128 - status

    def killed_by(self) -> Optional[str]:
        """Name of the signal that ended it, such as `SIGKILL`."""
        status = self._popen.poll()
        return None if status is None or status >= 0 else signal.Signals(-status).name

    def send(self, number: int) -> None:
        """Sends a signal: to the process, which passes on what it likes; SIGKILL to its group."""
        if self._popen.poll() is not None:
            return
        if number == signal.SIGKILL:
            os.killpg(self._popen.pid, number)
        else:
            self._popen.send_signal(number)

    def read(self) -> bool:
        """Passes on the output that is there; False where there is none."""
        try:
            data = os.read(self.output, _CHUNK)
        except BlockingIOError:
            return False
        self.is_silent = not data
        self._log.write(data)
        self._log.flush()
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._show(line.decode(errors="replace").rstrip("\r"))
        return bool(data)

    def clear(self) -> None:
        """After its end: passes on what it wrote last, and kills what is left of its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        while self.read():
            pass
        if self._rest:
            self._show(self._rest.decode(errors="replace"))
        self._log.close()
        if self._popen.stdout is not None:
            self._popen.stdout.close()


def _die_with(launcher: int) -> None:
    """In the new process: has it killed when the launcher dies, or ends it if it is dead by now."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != launcher:
        os._exit(1)
