"""The two output streams: what is written to them never fails, whatever is in it and whoever stops reading."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from testlsp.report.styles import PLAIN, Style


class Terminal:
    """Standard output and error. Set *style* (and *error_style*) by `use_colours`."""

    def __init__(self) -> None:
        """Take over the streams of the process: what their encodings lack is written as an escape."""
        self.style = PLAIN
        self.error_style = PLAIN
        self._file: TextIO | None = None
        self._to_error = False
        for stream in (sys.stdout, sys.stderr):
            _tolerate(stream)
        self.use_colours("auto")

    def use_colours(self, when: str) -> None:
        """Paint "always", "never" or, for "auto", where a terminal shows it and the environment does not object."""
        self.style = Style(_wants_colours(when, sys.stdout))
        self.error_style = Style(_wants_colours(when, sys.stderr))
        if os.name == "nt" and (self.style.colours or self.error_style.colours):
            os.system("")  # makes a Windows console obey escape sequences

    def send_to(self, path: str, colours: str) -> None:
        """Write what is meant for standard output to the file *path* from now on; raises OSError."""
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        self._file = open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n")  # noqa: SIM115
        self.style = Style(colours == "always")

    def swap(self) -> None:
        """Write reports to standard error from now on, because standard output holds something else."""
        if self._file is None:
            self._to_error = True
            self.style = self.error_style

    def write(self, text: str) -> None:
        """Write *text* to standard output, or to where it is sent. A reader that has left is no error."""
        stream = self._file if self._file is not None else sys.stderr if self._to_error else sys.stdout
        if stream is None:
            return
        try:
            stream.write(text)
        except BrokenPipeError:
            _abandon(stream)

    def write_bytes(self, data: bytes) -> None:
        """Write *data* to standard output as they are."""
        buffer = getattr(sys.stdout, "buffer", None)
        if buffer is None:
            self.write(data.decode("utf-8", "replace"))
            return
        try:
            sys.stdout.flush()
            buffer.write(data)
        except BrokenPipeError:
            _abandon(sys.stdout)

    def error(self, message: str) -> None:
        """Say that something is wrong, so that the run cannot succeed."""
        self.note(f"{self.error_style.paint('error', 'red')}: {message}")

    def warning(self, message: str) -> None:
        """Say that something is wrong that does not stop the run."""
        self.note(f"{self.error_style.paint('warning', 'yellow')}: {message}")

    def note(self, message: str) -> None:
        """Write a line to standard error."""
        if sys.stderr is None:
            return
        try:
            sys.stderr.write(message + "\n")
        except BrokenPipeError:
            _abandon(sys.stderr)

    def close(self) -> None:
        """Finish the file that output was sent to; raises OSError when it cannot hold it."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def flush(self) -> None:
        """Send what is buffered on its way."""
        for stream in (sys.stdout, sys.stderr):
            try:
                if stream is not None:
                    stream.flush()
            except (BrokenPipeError, ValueError):
                _abandon(stream)


def _tolerate(stream: object) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace", newline="\n")


def _abandon(stream: TextIO) -> None:
    """Let nothing be said about *stream* any more: its reader has gone, and Python would complain on leaving."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def _wants_colours(when: str, stream: TextIO | None) -> bool:
    """Whether to paint; https://no-color.org and https://force-color.org, the former winning as in Python itself."""
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    force = os.environ.get("FORCE_COLOR")
    if force:
        return force != "0"
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person watches *stream*."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
