"""A project in a temporary folder, and the command run in it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from testlsp.cli import main

LEAK = 'import os\n\n\ndef test_token():\n    os.environ["TOKEN"] = "abc"\n    assert os.environ["TOKEN"] == "abc"\n'


class Ran(NamedTuple):
    """What a command came to."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one, with an environment that asks for nothing."""
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("TESTLSP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def leaky(project: Path) -> Path:
    """A test file with one finding, TL101, that a safe fix mends."""
    path = project / "test_token.py"
    path.write_text(LEAK, "utf-8")
    return path


@pytest.fixture
def run(project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `testlsp` in the project, in this process."""

    def run(*arguments: str, stdin: bytes | None = None) -> Ran:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        capfd.readouterr()
        status = main(arguments)
        out, err = capfd.readouterr()
        return Ran(status, out, err)

    return run


def run_process(
    *arguments: str, cwd: Path, stdin: bytes | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `testlsp` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "testlsp", *arguments],
        cwd=cwd,
        input=stdin,
        env={**os.environ, **(env or {})},
        capture_output=True,
        timeout=120,
        check=False,
    )
