"""How loud a fixed name is depends on the configuration of pytest, which examples do not have."""

from __future__ import annotations

import pytest
from rule_harness import ROOT, everything, lint_files
from testlsp.config.settings import PytestSettings, Settings
from testlsp.lint import Severity

TEST = """import pytest

@pytest.fixture(scope="{scope}")
def rows():
    open("rows.csv", "w").close()
"""
RULE = tuple(rule for rule in everything() if rule.name == "xdist-unsafe")


@pytest.mark.parametrize(
    ("scope", "configured", "expected"),
    [
        ("session", PytestSettings(), [Severity.INFORMATION]),
        ("session", PytestSettings(xdist=True), [Severity.WARNING]),
        ("session", PytestSettings(xdist=True, dist="loadfile"), [Severity.WARNING]),
        ("module", PytestSettings(xdist=True, dist="load"), [Severity.WARNING]),
        ("module", PytestSettings(xdist=True, dist="loadscope"), []),
        ("session", PytestSettings(xdist=True, dist="no"), []),
        ("session", PytestSettings(disabled_plugins=("xdist",)), []),
    ],
)
def test_severity_follows_the_configuration(scope: str, configured: PytestSettings, expected: list[Severity]) -> None:
    """It is a warning where tests run in parallel, and nothing where tests that share the name stay together."""
    linted = lint_files(
        {"tests/test_a.py": TEST.format(scope=scope)}, "tests/test_a.py", RULE, Settings(root=ROOT, pytest=configured)
    )
    assert [found.severity for found in linted.findings.diagnostics] == expected
