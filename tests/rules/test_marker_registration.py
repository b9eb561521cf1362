"""A mark can be added to the configuration of pytest, a file that examples do not have."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from rule_harness import ROOT, everything, lint_files
from testlsp.config.pytest_ini import pytest_settings, read_pytest_config
from testlsp.config.settings import Settings
from testlsp.lint import Applicability
from testlsp.text import apply_edits

TEST = "import pytest\n\n@pytest.mark.database\ndef test_a(db):\n    assert db.a == 1\n"


@dataclass
class Project:
    """A configuration file by base name and text."""

    name: str
    text: str

    def settings(self) -> Settings:
        path = f"{ROOT}/{self.name}"
        found = read_pytest_config(path, self.name, self.text)
        pytest_part, problems = pytest_settings(found.table, rootdir=ROOT, inifile=path, text=self.text)
        assert not problems
        return Settings(root=ROOT, pytest=pytest_part)


RULE = tuple(rule for rule in everything() if rule.name == "marker-unregistered")


@pytest.mark.parametrize(
    "project",
    [
        Project("pyproject.toml", '[tool.pytest.ini_options]\nmarkers = [\n    "slow: takes long",\n]\n'),
        Project("pytest.ini", "[pytest]\nmarkers =\n    slow: takes long\n"),
    ],
    ids=lambda project: project.name,
)
def test_the_mark_is_added_to_the_configuration(project: Project) -> None:
    """The fix edits the file that pytest reads, for a person to confirm, and nothing is found after it."""
    [found] = lint_files({"tests/test_a.py": TEST}, "tests/test_a.py", RULE, project.settings()).findings.diagnostics
    [fix] = found.fixes
    assert fix.title == f"Register `database` in {project.name}"
    assert fix.applicability is Applicability.MANUAL

    [edit] = fix.build().elsewhere
    assert edit.path == f"{ROOT}/{project.name}"
    after = Project(project.name, apply_edits(project.text, [edit._replace(path=None)]))

    assert after.settings().pytest.markers in {("slow", "database"), ("database", "slow")}
    linted = lint_files({"tests/test_a.py": TEST}, "tests/test_a.py", RULE, after.settings())
    assert linted.findings.diagnostics == ()


@pytest.mark.parametrize("option", ["strict_markers = true", "addopts = '--strict-markers'"])
def test_strict_projects_get_an_error(option: str) -> None:
    """Where pytest refuses an unknown mark, the finding is an error, registered marks or not."""
    project = Project("pyproject.toml", f"[tool.pytest.ini_options]\n{option}\n")
    [found] = lint_files({"tests/test_a.py": TEST}, "tests/test_a.py", RULE, project.settings()).findings.diagnostics
    assert found.severity.value == "error"
    assert found.fixes == ()
