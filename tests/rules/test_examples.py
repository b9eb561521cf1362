"""Every example of every rule is a test."""

from __future__ import annotations

import ast

import pytest
from rule_harness import everything, fixed_by, fixed_by_first, lint_example
from testlsp.lint import Bad, Good, Rule

CASES = [
    pytest.param(rule, number, id=f"{rule.name}-{number}-{type(example).__name__.lower()}")
    for rule in everything()
    for number, example in enumerate(rule.examples)
]


def drawn(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a range cut at the end of its first line, which is all that carets can draw."""
    stop = text.find("\n", start)
    return start, min(end, stop if stop >= 0 else end)


@pytest.mark.parametrize(("rule", "number"), CASES)
def test_findings_are_those_drawn(rule: type[Rule], number: int) -> None:
    """The rule finds what the carets show, with that message, and nothing else."""
    example = rule.examples[number]
    linted = lint_example(example, (rule,))
    text = example.code
    assert not linted.findings.crashes
    found = [(drawn(text, *diagnostic.range), diagnostic.message) for diagnostic in linted.findings.diagnostics]
    wanted = [(tuple(expected.range), expected.message or rule.message) for expected in example.expected]
    assert found == wanted
    if isinstance(example, Bad):
        assert wanted, "an example of the bad shows what is found"


@pytest.mark.parametrize(("rule", "number"), [case for case in CASES if "-bad" in str(case.id)])
def test_fixes_do_what_is_shown(rule: type[Rule], number: int) -> None:
    """Fixes give the text shown, it parses, and the rule is content with it."""
    example = rule.examples[number]
    assert isinstance(example, Bad)
    first = lint_example(example, (rule,))
    text = fixed_by_first(example, (rule,))
    fixable = any(diagnostic.fixes for diagnostic in first.findings.diagnostics)
    assert (text if fixable and text != example.code else None) == example.fixed
    ast.parse(text)
    if example.fixed is not None:
        again = lint_example(example, (rule,), text)
        assert [found.message for found in again.findings.diagnostics if found.fixes] == []
    for title, wanted in example.alternatives.items():
        diagnostic = first.findings.diagnostics[0]
        fix = next(fix for fix in diagnostic.fixes if fix.title == title)
        assert fixed_by(first, diagnostic, fix, example.files) == wanted


@pytest.mark.parametrize(("rule", "number"), CASES)
def test_all_rules_together_survive(rule: type[Rule], number: int) -> None:
    """With all rules on, no rule raises, and each drawn finding is still there or given to a more specific rule."""
    example = rule.examples[number]
    linted = lint_example(example, everything())
    assert not linted.findings.crashes
    for diagnostic in linted.findings.diagnostics:
        assert 0 <= diagnostic.range.start <= diagnostic.range.end <= len(example.code)
    if isinstance(example, Good):
        assert rule.code not in {diagnostic.code for diagnostic in linted.findings.diagnostics}
