"""A project for the editors, which find the server on PATH."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path, suite: str) -> Path:
    """A project of one test, whose `testlsp` on PATH is that of this checkout."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'shop'\nversion = '0'\n")
    (tmp_path / "tests" / "test_shop.py").write_text(suite)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "testlsp"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m testlsp "$@"\n')
    command.chmod(0o755)
    return tmp_path
