"""Which rules a set of selectors enables."""

from __future__ import annotations

import pytest
from testlsp.config.selectors import RuleKey, by_rule, enabled, named, unknown_selectors

A = RuleKey("TL101", "environ-assignment", "environ", True)
B = RuleKey("TL112", "environ-style", "environ", False)
C = RuleKey("TL201", "sys-path", "process_state", True)
D = RuleKey("TL301", "status-accepts-success-and-failure", "assertions", True)
RULES = (A, B, C, D)


@pytest.mark.parametrize(
    ("select", "extend", "ignore", "codes"),
    [
        (["DEFAULT"], [], [], "TL101 TL201 TL301"),
        (["ALL"], [], [], "TL101 TL112 TL201 TL301"),
        (["TL"], [], [], "TL101 TL112 TL201 TL301"),
        (["TL1"], [], [], "TL101 TL112"),
        (["environ"], [], [], "TL101 TL112"),
        (["process-state"], [], [], "TL201"),
        (["process_state"], [], [], "TL201"),
        (["environ-assignment"], [], [], "TL101"),
        (["environ_assignment"], [], [], "TL101"),
        (["TL101"], ["TL201"], [], "TL101 TL201"),
        (["DEFAULT"], ["environ-style"], ["environ"], "TL112 TL201 TL301"),
        (["ALL"], [], ["TL1"], "TL201 TL301"),
        (["TL101"], [], ["TL1"], "TL101"),
        (["TL1"], [], ["TL101"], "TL112"),
        (["TL101"], [], ["TL101"], ""),
        (["TL101"], [], ["ALL"], "TL101"),
        (["DEFAULT"], [], ["ALL"], "TL101 TL201 TL301"),
        ([], [], [], ""),
    ],
)
def test_more_specific_selector_wins(select: list[str], extend: list[str], ignore: list[str], codes: str) -> None:
    """Code and name beat prefix and family, these beat DEFAULT and ALL; of equals, ignore wins."""
    assert sorted(enabled(RULES, select, extend, ignore)) == codes.split()


def test_named_collects_every_rule_mentioned() -> None:
    """For per-file-ignores and fixable it only matters whether a rule is named."""
    assert named(RULES, ["environ", "TL301"]) == {"TL101", "TL112", "TL301"}


def test_severity_goes_by_the_most_specific_selector() -> None:
    """The order in the table does not matter, except among equals."""
    table = [("TL101", "error"), ("ALL", "hint"), ("TL1", "warning")]
    assert by_rule(RULES, table) == {"TL101": "error", "TL112": "warning", "TL201": "hint", "TL301": "hint"}


def test_unknown_selector_is_reported_with_the_nearest() -> None:
    """A misspelt rule is a problem that names the key, the place and what was probably meant."""
    uses = [("select", ["environ-asignment", "TL1", "ALL", "flakiness"]), ("ignore", ["TL999", "TL10l"])]
    problems = unknown_selectors(uses, RULES, lambda key: ("pyproject.toml", 3))
    assert [problem.key for problem in problems] == ["select", "ignore", "ignore"]
    assert problems[0].message == "`select`: unknown rule `environ-asignment`; did you mean `environ-assignment`?"
    assert problems[0].line == 3
    assert "did you mean `TL101`" in problems[2].message
