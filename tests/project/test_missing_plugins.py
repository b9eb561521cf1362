"""Plugins that a project requires and that are not installed where we look may do anything: what hangs on them is open.

So it is where testlsp has an environment of its own, as it has with pre-commit.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from testlsp.builtin import all_rules
from testlsp.project.checking import Checker
from testlsp.project.configuration import Configuration
from testlsp.project.discovery import discover

SUITE = """\
import pytest

@pytest.mark.asyncio
async def test_login(client):
    assert await client.login() == "ok"

async def test_logout(client):
    assert await client.logout() == "bye"

@pytest.mark.some_kind
def test_kind():
    assert kind() == 1

@pytest.fixture
def nobody_asks():
    return 1
"""

FOUND = ["TL421", "TL605", "TL610"]


def codes(folder: Path) -> list[str]:
    """Return the codes of what is found in the project, of the rules that plugins have to do with."""
    (folder / "test_it.py").write_text(SUITE)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow: takes long\n")
    (folder / "conftest.py").write_text("import pytest\n\n@pytest.fixture\ndef client():\n    return make()\n")
    configuration = Configuration(cwd=str(folder))
    checker = Checker(configuration, [rule for rule in all_rules() if rule.code in FOUND], jobs=1)
    discovery = discover((str(folder),), configuration.for_folder, cwd=str(folder))
    return sorted(found.code for report in checker.check(discovery) for found in report.findings)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.py", "tests_require = [\n    'pytest-of-nobody>=1',\n]\n"),
        ("pyproject.toml", "[dependency-groups]\ntest = [\"pytest-of-nobody[all] ; python_version > '3'\"]\n"),
        ("tox.ini", "[testenv]\ndeps =\n    pytest-of-nobody\n"),
        ("requirements-dev.txt", "pytest\npytest-of-nobody==3.6  # why\n"),
    ],
    ids=lambda value: value if "\n" not in value else "",
)
def test_what_a_missing_plugin_may_do_is_not_reported(tmp_path: Path, name: str, text: str) -> None:
    """It may run coroutines, register marks and request fixtures."""
    (tmp_path / name).write_text(text)
    assert codes(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    ["", "pytest-cov\npytest-xdist>=3\n", "# pytest-based things\n", "not-pytest-of-nobody\n"],
    ids=["nothing required", "known plugins", "words", "another name"],
)
def test_known_plugins_keep_nobody_silent(tmp_path: Path, text: str) -> None:
    """Of well-known plugins it is known what they do, installed or not."""
    (tmp_path / "requirements.txt").write_text(text)
    assert codes(tmp_path) == FOUND


def test_plugins_that_run_coroutines(tmp_path: Path) -> None:
    """Of these, too, and that is to run every coroutine."""
    (tmp_path / "requirements.txt").write_text("pytest-tornasync\n")
    assert codes(tmp_path) == ["TL421", "TL610"]
