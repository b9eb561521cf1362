"""The progress bar."""

from __future__ import annotations

import io

import pytest
from testlsp.cli import progress


class Screen(io.StringIO):
    """Standard error that a person watches."""

    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Put a terminal in place of standard error, and let the clock stand still.

    Not a fixture: pytest puts its own standard error back between the set-up and the test.
    """
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("testlsp.cli.progress.monotonic", lambda: 0.0)
    return screen


def test_short_run_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is over within a second draws nothing."""
    screen = watched(monkeypatch)
    bar = progress.Progress()
    bar(1, 3)
    bar(3, 3)
    bar.close()

    assert screen.getvalue() == ""


def test_long_run_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a second the numbers are shown, and taken away at the end."""
    screen = watched(monkeypatch)
    bar = progress.Progress()
    bar(1, 3)
    monkeypatch.setattr("testlsp.cli.progress.monotonic", lambda: 1.5)
    bar(2, 3)
    shown = screen.getvalue()
    bar.close()

    assert "Checking" in shown
    assert "2/3" in shown
    assert screen.getvalue().endswith("\x1b[2K")


def test_nobody_watches(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal nothing is drawn however long it takes."""
    bar = progress.Progress()
    monkeypatch.setattr("testlsp.cli.progress.monotonic", lambda: float("inf"))
    bar(2, 3)
    bar.close()

    assert capfd.readouterr().err == ""
