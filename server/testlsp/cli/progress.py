"""A progress bar for a person who has waited a second."""

from __future__ import annotations

import sys
from time import monotonic
from typing import Any

from testlsp.cli.terminal import is_terminal

PATIENCE = 1.0
"""Seconds before anything is drawn."""
_EVERY = 0.1


class Progress:
    """Called with the number of files done and to do; draws on standard error if that is a terminal."""

    def __init__(self) -> None:
        """Start the clock."""
        self._wanted = is_terminal(sys.stderr)
        self._next = monotonic() + PATIENCE
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Show that *done* of *total* files are done."""
        if not self._wanted or monotonic() < self._next:
            return
        self._next = monotonic() + _EVERY
        if self._bar is None:
            if done >= total:
                return
            self._open()
        self._bar.update(self._task, completed=done, total=total)
        self._bar.refresh()

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        # Without a thread of its own: processes may be forked from this one.
        self._bar = Progress(
            TextColumn("Checking"),
            BarColumn(),
            MofNCompleteColumn(),
            console=Console(stderr=True),
            transient=True,
            auto_refresh=False,
        )
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
